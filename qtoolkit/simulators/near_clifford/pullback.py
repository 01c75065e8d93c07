"""Forwards through the items: operations of a shot as Pauli operators at the beginning of the circuit.

All Clifford gates are moved behind all other operations. A rotation or measurement by P behind a Clifford gate C is one
by ``C† P C`` in front of it. A reset leaves the qubit behind and takes a new one, so that nothing that was measured is
ever needed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtoolkit.simulators.near_clifford.items import (
    CliffordItem,
    InstrumentItem,
    Item,
    MeasureItem,
    PauliItem,
    ResetItem,
    RotationItem,
)
from qtoolkit.simulators.near_clifford.pauli import Pauli, hermitian, product, set_bits
from qtoolkit.simulators.near_clifford.sensitivity import Effect

__all__ = ["PulledBack", "pull_back"]


@dataclass(frozen=True, slots=True)
class PulledBack:
    """Operations with their Pauli operators at the beginning.

    Attributes:
        num_qubits: the circuit's, and one more for every reset.
        effects: of the operations, in time order; measurements that are certain to repeat the one before without being
            read are left out.
        paulis: of each of them: one of a rotation or a measurement, X and Z for each qubit of an instrument, none of a
            classical step. All are Hermitian.
    """

    num_qubits: int
    effects: tuple[Effect, ...]
    paulis: tuple[tuple[Pauli, ...], ...]


def pull_back(items: Sequence[Item], effects: Sequence[Effect], num_qubits: int) -> PulledBack:
    """Follow X and Z of every qubit through the Clifford gates."""
    x: list[Pauli] = [(1 << q, 0, 0) for q in range(num_qubits)]
    z: list[Pauli] = [(0, 1 << q, 0) for q in range(num_qubits)]
    known = [True] * num_qubits  # whether a measurement of the qubit would find what is known
    used = num_qubits
    kept: list[Effect] = []
    paulis: list[tuple[Pauli, ...]] = []
    waiting = iter([*effects, Effect(len(items))])
    effect = next(waiting)
    for place, item in enumerate(items):
        found: tuple[Pauli, ...] | None = ()
        if isinstance(item, CliffordItem):
            _turn(item, x, z)
            for qubit in item.qubits:
                known[qubit] = False
        elif isinstance(item, ResetItem):
            x[item.qubit], z[item.qubit] = (1 << used, 0, 0), (0, 1 << used, 0)
            known[item.qubit] = True
            used += 1
        elif isinstance(item, RotationItem):
            found = (_pulled(item.x, item.z, x, z),)
            for qubit in set_bits(item.x | item.z):
                known[qubit] = False
        elif isinstance(item, MeasureItem):
            found = None if known[item.qubit] and not effect.columns[0] else (z[item.qubit],)
            known[item.qubit] = True
        elif isinstance(item, InstrumentItem):
            found = tuple(pauli for qubit in item.qubits for pauli in (x[qubit], z[qubit]))
            for qubit in item.qubits:
                known[qubit] = False
        elif isinstance(item, PauliItem):
            continue
        if effect.place == place:
            if found is not None:
                kept.append(effect)
                paulis.append(found)
            effect = next(waiting)
    return PulledBack(used, tuple(kept), tuple(paulis))


def _pulled(x_bits: int, z_bits: int, x: list[Pauli], z: list[Pauli]) -> Pauli:
    """The image of a Hermitian product of letters."""
    result: Pauli = (0, 0, hermitian(x_bits, z_bits)[2])
    for qubit in set_bits(x_bits):
        result = product(result, x[qubit])
    for qubit in set_bits(z_bits):
        result = product(result, z[qubit])
    return result


def _turn(item: CliffordItem, x: list[Pauli], z: list[Pauli]) -> None:
    images = []
    for x_bits, z_bits, power in item.table.back:
        image: Pauli = (0, 0, power)
        for k in set_bits(x_bits):
            image = product(image, x[item.qubits[k]])
        for k in set_bits(z_bits):
            image = product(image, z[item.qubits[k]])
        images.append(image)
    for k, qubit in enumerate(item.qubits):
        x[qubit], z[qubit] = images[2 * k], images[2 * k + 1]
