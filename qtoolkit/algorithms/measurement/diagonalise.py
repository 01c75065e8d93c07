"""Clifford circuits behind which Pauli strings that commute are products of Z."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._masks import bits_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import OperatorError
from qtoolkit.operators import PauliSum

__all__ = ["diagonalised", "diagonalising_circuit"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def diagonalising_circuit(group: PauliSum) -> tuple[Circuit, PauliSum]:
    """A Clifford circuit U and the diagonal sum D = U H U† of a sum H of strings that commute.

    Qubits on which all strings have the same letter, or none, get gates of their own; the others at most r(n − r)
    CX, r(r − 1)/2 CZ and r of S† and H, for strings whose X parts have rank r there.

    >>> circuit, diagonal = diagonalising_circuit(PauliSum.from_list([("XX", 1.0), ("ZZ", 0.5), ("YY", 0.25)]))
    >>> circuit.count_ops(), diagonal.to_list()
    ({'cx': 1, 'h': 1}, [('IZ', (1+0j)), ('ZI', (0.5+0j)), ('ZZ', (-0.25+0j))])

    Sources: Gaussian elimination over GF(2), as in van den Berg and Temme, Quantum 4, 322 (2020), sections 3 and 4;
    signs by Aaronson and Gottesman, Phys. Rev. A 70, 052328 (2004).

    Args:
        group: its strings are measured together; terms keep their order.

    Raises:
        OperatorError: if two strings do not commute.
    """
    check_instance(group, PauliSum, "strings to be made diagonal must be a PauliSum", OperatorError)
    circuit, masks, signs = diagonalised(group.x_masks, group.z_masks, group.num_qubits)
    diagonal = PauliSum(np.zeros_like(masks), masks, signs * group.coefficients, group.num_qubits)
    return circuit, diagonal


def diagonalised(x_masks: IntArray, z_masks: IntArray, num_qubits: int) -> tuple[Circuit, IntArray, FloatArray]:
    """The circuit for strings as masks; the qubits whose parity is each string's value, and its sign.

    Raises:
        OperatorError: if two strings do not commute.
    """
    frame = _Frame(x_masks, z_masks, num_qubits)
    for qubit in range(num_qubits):
        frame.turn_commonest_letter(qubit)
    generators = _reduced(frame.x, frame.z)
    pivots = [pivot for pivot, _, _ in generators]
    for pivot, x, _ in generators:
        for qubit in bits_of(x & ~(1 << pivot)):
            frame.cx(pivot, qubit)
    # CX adds Z parts of its targets to those of its controls, which are the pivots
    z_parts = [z ^ _collected(z, generators) for _, _, z in generators]
    for row, (pivot, z) in enumerate(zip(pivots, z_parts, strict=True)):
        for other in pivots[row + 1 :]:
            if z >> other & 1:
                frame.cz(pivot, other)
        if z >> pivot & 1:
            frame.sdg(pivot)
    for pivot in pivots:
        frame.h(pivot)
    if frame.x.any():
        raise OperatorError(
            "strings that are measured together must commute, got two that do not; split the sum with "
            "group_commuting(qubit_wise=False)"
        )
    signs = np.where(frame.flipped, -1.0, 1.0)
    return frame.circuit, frame.z, signs


class _Frame:
    """Strings as masks, and the gates that have turned them."""

    def __init__(self, x_masks: IntArray, z_masks: IntArray, num_qubits: int) -> None:
        self.x, self.z = x_masks.copy(), z_masks.copy()
        self.flipped = np.zeros(len(x_masks), dtype=np.int64)
        self.circuit = Circuit(num_qubits)

    def turn_commonest_letter(self, qubit: int) -> None:
        """Make the letter that most strings have on a qubit Z there."""
        x, z = self.x >> qubit & 1, self.z >> qubit & 1
        counts = {"Z": int((z & ~x).sum()), "X": int((x & ~z).sum()), "Y": int((x & z).sum())}
        letter = max(counts, key=lambda key: counts[key])
        if letter == "Y":
            self.sdg(qubit)
        if letter != "Z":
            self.h(qubit)

    def h(self, qubit: int) -> None:
        x, z = self.x >> qubit & 1, self.z >> qubit & 1
        self.flipped ^= x & z
        self.x ^= (x ^ z) << qubit
        self.z ^= (x ^ z) << qubit
        self.circuit.h(qubit)

    def sdg(self, qubit: int) -> None:
        x, z = self.x >> qubit & 1, self.z >> qubit & 1
        self.flipped ^= x & ~z & 1
        self.z ^= x << qubit
        self.circuit.sdg(qubit)

    def cx(self, control: int, target: int) -> None:
        x_control, z_control = self.x >> control & 1, self.z >> control & 1
        x_target, z_target = self.x >> target & 1, self.z >> target & 1
        self.flipped ^= x_control & z_target & (x_target ^ z_control ^ 1)
        self.x ^= x_control << target
        self.z ^= z_target << control
        self.circuit.cx(control, target)

    def cz(self, one: int, other: int) -> None:
        x_one, x_other = self.x >> one & 1, self.x >> other & 1
        self.flipped ^= x_one & x_other & ((self.z >> one ^ self.z >> other) & 1)
        self.z ^= x_other << one
        self.z ^= x_one << other
        self.circuit.cz(one, other)


def _reduced(x_masks: IntArray, z_masks: IntArray) -> list[tuple[int, int, int]]:
    """Products of strings whose X parts are in reduced echelon form: pivot, x mask and z mask of each."""
    found: list[tuple[int, int, int]] = []
    acts = x_masks != 0
    for x, z in zip(x_masks[acts].tolist(), z_masks[acts].tolist(), strict=True):
        for pivot, other_x, other_z in found:
            if x >> pivot & 1:
                x, z = x ^ other_x, z ^ other_z
        if x:
            new = x.bit_length() - 1
            found = [(p, a ^ x, b ^ z) if a >> new & 1 else (p, a, b) for p, a, b in found]
            found.append((new, x, z))
    return found


def _collected(z: int, generators: list[tuple[int, int, int]]) -> int:
    """Pivots whose Z part changes when the CX of all generators have run."""
    changed = 0
    for pivot, x, _ in generators:
        if (z & x & ~(1 << pivot)).bit_count() & 1:
            changed |= 1 << pivot
    return changed
