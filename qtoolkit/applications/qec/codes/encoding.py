"""Encoders: circuits of Clifford gates that put k qubits into a code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qtoolkit.applications.qec.codes._binary import Bits, row_reduced
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.circuit import Circuit

__all__ = ["Encoder", "encoder"]


@dataclass(frozen=True)
class Encoder:
    """A circuit that encodes.

    Attributes:
        circuit: on the n qubits of the code, without measurements; all but `inputs` start in |0⟩.
        inputs: the qubit that holds the state of each stored qubit before.
    """

    circuit: Circuit
    inputs: tuple[int, ...]


def encoder(code: StabilizerCode) -> Encoder:
    """A circuit that takes X and Z of its inputs to the logical operators, and Z of all other qubits to stabilizers.

    The circuit is found backwards: gates sweep each logical pair to X and Z of one qubit, then each stabilizer to Z of
    one. Gauge qubits of a subsystem code start in |0⟩.

    Source: Bravyi and Maslov, IEEE Trans. Inf. Theory 67, 4546 (2021), section III, for the sweeping.
    """
    sweep = _Sweep(code)
    inputs = tuple(sweep.pair(index) for index in range(code.num_logical))
    for row in range(2 * code.num_logical, len(sweep.signs)):
        sweep.stabilizer(row)
    return Encoder(sweep.circuit.inverse(), inputs)


class _Sweep:
    """Rows [x | z] with signs, and the gates that they have been through."""

    def __init__(self, code: StabilizerCode) -> None:
        size = code.num_qubits
        independent = row_reduced(code.stabilizers.T)[1]
        rows = np.vstack([code.logical_x, code.logical_z, code.stabilizers[independent]])
        self.x: Bits = rows[:, :size].copy()
        self.z: Bits = rows[:, size:].copy()
        self.signs: Bits = np.zeros(len(rows), dtype=np.uint8)
        self.num_logical = code.num_logical
        self.circuit = Circuit(size, name=f"encoder of {code.name}" if code.name else "encoder")
        self.done: list[int] = []

    def pair(self, index: int) -> int:
        """Sweep one logical pair to X and Z of a qubit, which is returned."""
        first, second = index, self.num_logical + index
        qubit = self.pivot(first)
        self.make_x(first)
        for other in self.others(self.x[first], qubit):
            self.cx(qubit, other)
        if self.x[second, qubit]:
            self.sx(qubit)
        for other in self.others(self.x[second] | self.z[second], qubit):
            if self.x[second, other]:
                if self.z[second, other]:
                    self.s(other)
                self.h(other)
            self.cx(other, qubit)
        if self.signs[first]:
            self.circuit.z(qubit)
            self.signs ^= self.x[:, qubit]
        if self.signs[second]:
            self.circuit.x(qubit)
            self.signs ^= self.z[:, qubit]
        return qubit

    def stabilizer(self, row: int) -> None:
        """Sweep one stabilizer to Z of a qubit."""
        self.z[row, self.done] = 0  # times those swept before: what commutes with them has Z or nothing there
        qubit = self.pivot(row)
        if self.x[row].sum() <= self.z[row].sum():
            for other in np.flatnonzero(self.x[row]).tolist():
                if self.z[row, other]:
                    self.s(other)
                self.h(other)
            for other in self.others(self.z[row], qubit):
                self.cx(other, qubit)
        else:
            self.make_x(row)
            for other in self.others(self.x[row], qubit):
                self.cx(qubit, other)
            self.h(qubit)
        if self.signs[row]:
            self.circuit.x(qubit)
            self.signs ^= self.z[:, qubit]
        self.done.append(qubit)

    def pivot(self, row: int) -> int:
        """The qubit of a row that the fewest other rows touch."""
        support = np.flatnonzero(self.x[row] | self.z[row])
        return int(support[(self.x | self.z)[:, support].sum(axis=0).argmin()])

    def make_x(self, row: int) -> None:
        """Turn all letters of a row into X."""
        for qubit in np.flatnonzero(self.z[row]).tolist():
            if self.x[row, qubit]:
                self.s(qubit)
            else:
                self.h(qubit)

    @staticmethod
    def others(support: Bits, qubit: int) -> list[int]:
        return [int(other) for other in np.flatnonzero(support) if other != qubit]

    def h(self, qubit: int) -> None:
        self.circuit.h(qubit)
        self.signs ^= self.x[:, qubit] & self.z[:, qubit]
        self.x[:, qubit], self.z[:, qubit] = self.z[:, qubit].copy(), self.x[:, qubit].copy()

    def s(self, qubit: int) -> None:
        self.circuit.s(qubit)
        self.signs ^= self.x[:, qubit] & self.z[:, qubit]
        self.z[:, qubit] ^= self.x[:, qubit]

    def sx(self, qubit: int) -> None:
        self.circuit.sx(qubit)
        self.signs ^= self.z[:, qubit] & (self.x[:, qubit] ^ 1)
        self.x[:, qubit] ^= self.z[:, qubit]

    def cx(self, control: int, target: int) -> None:
        self.circuit.cx(control, target)
        one, two = (self.x[:, control], self.z[:, control]), (self.x[:, target], self.z[:, target])
        self.signs ^= one[0] & two[1] & (two[0] ^ one[1] ^ 1)
        self.x[:, target] ^= self.x[:, control]
        self.z[:, control] ^= self.z[:, target]
