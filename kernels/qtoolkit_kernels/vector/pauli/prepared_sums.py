"""Pauli sums that keep their programs, one for each precision and use, between evaluations."""

from collections.abc import Callable, Sequence

import numpy as np

from qtoolkit_kernels._types import Complex
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes
from qtoolkit_kernels.vector.pauli.pack import pack_pauli_sums
from qtoolkit_kernels.vector.pauli.program import PauliProgram, Strings

__all__ = ["PreparedSums"]

_LARGEST_COPY = 1 << 20
_MANY_READS, _MANY_VISITS = 8, 4096


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
        self.ready: dict[int, Callable[[Complex], float] | None] = {}
        """By bytes of an amplitude, the value of a single sum on one thread, once it was asked for twice: a kernel
        given all but a state, C-contiguous and writable; for states of another kind it returns no float."""
        self._programs: dict[tuple[int, bool], PauliProgram] = {}

    def program(self, itemsize: int, hermitian: bool) -> PauliProgram:
        """The program for states of `itemsize` bytes an amplitude: for all expectation values (`hermitian`, of real
        coefficients) or for H|ψ⟩ of the first sum.
        """
        program = self._programs.get((itemsize, hermitian))
        if program is None:
            sums = self.sums if hermitian else self.sums[:1]
            qubits = max(self.num_qubits, (self.vector_bytes // itemsize).bit_length() - 1)
            program = pack_pauli_sums(sums, qubits, itemsize, self.vector_bytes, hermitian)
            self._programs[itemsize, hermitian] = program
        return program

    def whole_registers(self, state: Complex, program: PauliProgram) -> Complex:
        """The state as the kernels need it, a copy if it must be.

        It has at least one register, filled up with zeros, and is writable, because numba takes read-only arrays for
        another type. Where registers are visited often, they are aligned too: one across two cache lines takes twice
        the time.
        """
        missing = self.vector_bytes // state.itemsize - state.size
        if missing > 0:
            return np.concatenate([state, np.zeros(missing, state.dtype)])
        if state.size > _LARGEST_COPY:
            return state
        often = program.visits * self.vector_bytes >= _MANY_READS * state.nbytes and program.visits >= _MANY_VISITS
        if often and state.ctypes.data % self.vector_bytes:
            memory = np.empty(state.nbytes + self.vector_bytes, np.uint8)
            first = -memory.ctypes.data % self.vector_bytes
            aligned = memory[first : first + state.nbytes].view(state.dtype)
            aligned[:] = state
            return aligned
        return state if state.flags.writeable else state.copy()
