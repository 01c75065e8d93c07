"""Pauli sums that keep their programs, one for each precision and use, between evaluations."""

from collections.abc import Sequence

import numpy as np

from qtoolkit_kernels._types import Complex
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes
from qtoolkit_kernels.vector.pauli_program import PauliProgram, Strings, pack_pauli_sums

__all__ = ["PreparedSums"]

_LARGEST_COPY = 1 << 20


class PreparedSums:
    """Pauli sums on one number of qubits, with their programs for states in double and in single precision.

    Args:
        sums: (x masks, z masks, coefficients) of each: int64, int64 and complex128 arrays of one length.
        num_qubits: of the states.
        vector_bytes: bytes of a register: 64, 32 or 16; the machine's by default.
    """

    def __init__(self, sums: Sequence[Strings], num_qubits: int, vector_bytes: int | None = None) -> None:
        self.sums = tuple(sums)
        self.num_qubits = num_qubits
        self.vector_bytes = native_vector_bytes() if vector_bytes is None else vector_bytes
        self.lanes = Lanes(self.vector_bytes)
        self._programs: dict[tuple[np.dtype[np.complexfloating], bool], PauliProgram] = {}

    def program(self, dtype: np.dtype[np.complexfloating], hermitian: bool) -> PauliProgram:
        """The program for all expectation values (`hermitian`, of real coefficients) or for H|ψ⟩ of the first sum."""
        program = self._programs.get((dtype, hermitian))
        if program is None:
            sums = [(x, z, c.real + 0j) for x, z, c in self.sums] if hermitian else self.sums[:1]
            qubits = max(self.num_qubits, (self.vector_bytes // dtype.itemsize).bit_length() - 1)
            program = pack_pauli_sums(sums, qubits, dtype.itemsize, self.vector_bytes, hermitian)
            self._programs[dtype, hermitian] = program
        return program

    def whole_registers(self, state: Complex) -> Complex:
        """The state as the kernels need it: writable, because numba takes read-only arrays for another type, and with
        amplitudes of zero up to one register.
        """
        missing = self.vector_bytes // state.itemsize - state.size
        if missing > 0:
            return np.concatenate([state, np.zeros(missing, state.dtype)])
        if not state.flags.writeable and state.size <= _LARGEST_COPY:
            return state.copy()
        return state
