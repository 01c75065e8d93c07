"""Imports of Braket's SDK that leave the rest of the process as it was."""

from __future__ import annotations

from types import ModuleType

from qtoolkit._optional import require

__all__ = ["sdk"]

_OVERWRITTEN = ("NUMBA_NUM_THREADS", "THREADING_LAYER")


def sdk(module: str) -> ModuleType:
    """Import a module of the SDK.

    The SDK's simulators set numba's options for the whole process when they are imported: a number of threads that
    numba refuses, and a threading layer that aborts the process when two threads enter it. They are put back.

    Raises:
        MissingExtraError: if amazon-braket-sdk is not installed.
    """
    import numba

    before = {name: getattr(numba.config, name) for name in _OVERWRITTEN}
    try:
        return require(module, extra="braket")
    finally:
        for name, value in before.items():
            setattr(numba.config, name, value)
