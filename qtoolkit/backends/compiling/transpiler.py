"""Qiskit's transpiler: how hard it tries, its seed, and what is said where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtoolkit._arguments import is_integer, shown
from qtoolkit.errors import BackendError, InputError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["SEED", "check_level", "transpiled"]

SEED = 0
"""The same circuit is compiled the same way each time: a dry run shows what a run sends, a prediction is of it."""


def check_level(level: object) -> int:
    """How hard a compiler tries.

    Raises:
        InputError: if it is not 0, 1, 2 or 3.
    """
    if not is_integer(level) or level not in (0, 1, 2, 3):
        raise InputError(f"optimization_level is 0, 1, 2 or 3, got {shown(level)}")
    return int(level)


def transpiled(
    circuit: QuantumCircuit, level: int, name: str, *, seed: int | None = SEED, **device: Any
) -> QuantumCircuit:
    """A circuit of Qiskit in a device's gates and on its couplings.

    Args:
        circuit: every parameter bound.
        level: of optimization, 0 to 3.
        name: of the device, for messages.
        seed: of the transpiler.
        **device: what Qiskit takes for it: ``target``, ``backend``, or ``basis_gates`` and ``coupling_map``; and an
            ``initial_layout``.

    Raises:
        BackendError: if the circuit does not fit the device.
    """
    from qiskit.exceptions import QiskitError
    from qiskit.transpiler import generate_preset_pass_manager

    try:
        return generate_preset_pass_manager(level, seed_transpiler=seed, **device).run(circuit)
    except QiskitError as error:
        raise BackendError(f"the circuit cannot be compiled for {name}: {error.message}") from error
