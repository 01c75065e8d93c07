"""Qiskit's transpiler: how hard it tries, its seed, and what is said where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
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
        found = generate_preset_pass_manager(level, seed_transpiler=seed, **device).run(circuit)
        places = None if "backend" in device else _settled_places(found)
        if places is None:
            return found
        return generate_preset_pass_manager(level, seed_transpiler=seed, initial_layout=places, **device).run(circuit)
    except QiskitError as error:
        raise BackendError(f"the circuit cannot be compiled for {name}: {error.message}") from error


def _settled_places(compiled: QuantumCircuit) -> list[int] | None:
    """Where each qubit of a circuit goes on a device; None where Qiskit has settled that.

    Qubits that no gate joins with others go to the best ones that are left. Where no errors of the device are known,
    all are as good, and Qiskit takes another one in each run; here they go to the lowest numbers.
    """
    if compiled.layout is None:
        return None
    joined = set(_joined(compiled))
    places = list(compiled.layout.initial_index_layout(filter_ancillas=True))
    alone = [qubit for qubit, place in enumerate(places) if place not in joined]
    free = (place for place in range(compiled.num_qubits) if place not in joined)
    for qubit, place in zip(alone, free, strict=False):
        places[qubit] = place
    return places if alone else None


def _joined(circuit: QuantumCircuit) -> Iterator[int]:
    """The qubits on which gates of several qubits stand."""
    for item in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
        blocks = getattr(item.operation, "blocks", ())
        for block in blocks:
            yield from (qubits[place] for place in _joined(block))
        if len(qubits) > 1 and not blocks and item.name != "barrier":
            yield from qubits
