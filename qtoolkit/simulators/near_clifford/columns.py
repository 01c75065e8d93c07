"""Pauli operators of all operations at once, as columns of bits that Clifford gates change in few big-integer steps.

Bit s of a column belongs to slot s, one Pauli operator of one operation. The layout is that of a stabilizer tableau by
columns (Aaronson and Gottesman, Phys. Rev. A 70, 052328, 2004), with operations in the place of stabilizers.
"""

from __future__ import annotations

from collections.abc import Sequence

from qtoolkit.simulators.near_clifford.pauli import Pauli, is_negative, set_bits

__all__ = ["Columns"]


class Columns:
    """Slots with Hermitian Pauli operators on qubits, each times a sign.

    Args:
        paulis: one for each slot.
        num_qubits: that they are on.

    Attributes:
        x, z: for each qubit, the slots whose operator has X, or Z, there.
        sign: the slots whose operator is negative.
    """

    def __init__(self, paulis: Sequence[Pauli], num_qubits: int) -> None:
        self.x = [0] * num_qubits
        self.z = [0] * num_qubits
        self.sign = 0
        for slot, pauli in enumerate(paulis):
            bit = 1 << slot
            for qubit in set_bits(pauli[0]):
                self.x[qubit] |= bit
            for qubit in set_bits(pauli[1]):
                self.z[qubit] |= bit
            if is_negative(pauli):
                self.sign |= bit
        self._touched = [qubit for qubit in range(num_qubits) if self.x[qubit] | self.z[qubit]]
        self._rows = [(pauli[0], pauli[1]) for pauli in paulis]
        self._changed = 0  # slots whose row is to be read anew

    def slot(self, slot: int) -> tuple[int, int]:
        """The bits x and z of a slot's operator."""
        if self._changed >> slot & 1:
            x = z = 0
            for qubit in self._touched:
                if self.x[qubit] >> slot & 1:
                    x |= 1 << qubit
                if self.z[qubit] >> slot & 1:
                    z |= 1 << qubit
            self._rows[slot] = x, z
            self._changed ^= 1 << slot
        return self._rows[slot]

    def is_negative(self, slot: int) -> bool:
        """Whether a slot's operator is the negative of its letters."""
        return bool(self.sign >> slot & 1)

    def anticommuting(self, x: int, z: int) -> int:
        """The slots whose operators anticommute with a Pauli operator."""
        found = 0
        for qubit in set_bits(x):
            found ^= self.z[qubit]
        for qubit in set_bits(z):
            found ^= self.x[qubit]
        return found

    def hadamard(self, qubit: int) -> None:
        """Exchange X and Z."""
        self._changed |= self.x[qubit] ^ self.z[qubit]
        self.sign ^= self.x[qubit] & self.z[qubit]
        self.x[qubit], self.z[qubit] = self.z[qubit], self.x[qubit]

    def phase(self, qubit: int) -> None:
        """Turn Y into X, and X into -Y: ``P`` becomes ``S† P S``."""
        self._changed |= self.x[qubit]
        self.sign ^= self.x[qubit] & ~self.z[qubit]
        self.z[qubit] ^= self.x[qubit]

    def controlled_x(self, control: int, target: int) -> None:
        """Conjugate by a controlled X."""
        x, z = self.x, self.z
        self._changed |= x[control] | z[target]
        self.sign ^= x[control] & z[target] & ~(x[target] ^ z[control])
        x[target] ^= x[control]
        z[control] ^= z[target]

    def controlled_pauli(self, control: int, x: int, z: int) -> None:
        """Conjugate by the product of letters that the bits name, controlled by a qubit that it leaves alone."""
        for qubit in set_bits(x | z):
            if not x >> qubit & 1:
                self.hadamard(qubit)
                self.controlled_x(control, qubit)
                self.hadamard(qubit)
            elif z >> qubit & 1:
                self.phase(qubit)
                self.controlled_x(control, qubit)
                self._phase_back(qubit)
            else:
                self.controlled_x(control, qubit)

    def _phase_back(self, qubit: int) -> None:
        self._changed |= self.x[qubit]
        self.sign ^= self.x[qubit] & self.z[qubit]
        self.z[qubit] ^= self.x[qubit]
