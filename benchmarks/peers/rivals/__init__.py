"""The simulators, one module each with a `RIVAL` in it; a module is imported in the simulator's own process only."""

from __future__ import annotations

from importlib import import_module

from peers.rivals.base import Prepared, Rival

__all__ = ["OURS", "RIVALS", "Prepared", "Rival", "load_rival"]

OURS = "qtoolkit"

RIVALS = (
    OURS,
    "prism_q",
    "qsim",
    "qulacs",
    "lightning",
    "aer",
    "qibojit",
    "mindquantum",
    "quest",
    "qokit",
    "qiskit",
    "cirq",
)
"""Names of the modules, and of the rivals in results."""


def load_rival(name: str) -> Rival:
    """The rival of a module.

    Raises:
        ImportError: if its packages are not installed in this Python.
    """
    rival = import_module(f"peers.rivals.{name}").RIVAL
    assert isinstance(rival, Rival)
    return rival
