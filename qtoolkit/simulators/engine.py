"""Runs programs on state vectors: the one place that hands arrays to the gate kernels."""

from __future__ import annotations

import os
import threading

import numba
import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit._memory import check_memory
from qtoolkit.compiler import Program
from qtoolkit.errors import InputError
from qtoolkit_kernels import program as kernels

__all__ = ["Engine", "StateArray"]

StateArray = NDArray[np.complex128] | NDArray[np.complex64]

PARALLEL_QUBITS = 15
"""Below this size, starting the threads costs more than they save."""

CHUNKS_PER_THREAD = 4

_parallel = threading.Lock()


class Engine:
    """Allocates states and runs programs in one precision.

    Args:
        precision: ``"double"`` (complex128) or ``"single"`` (complex64).
        num_threads: 1 to the number numba may use; None for all of them.

    Raises:
        InputError: for another precision or number of threads.
    """

    def __init__(self, precision: str, num_threads: int | None) -> None:
        dtypes: dict[str, DTypeLike] = {"double": np.complex128, "single": np.complex64}
        if not isinstance(precision, str) or precision not in dtypes:
            raise InputError(f'precision is "double" or "single", got {precision!r}')
        most = _most_threads()
        if num_threads is not None and (not isinstance(num_threads, int | np.integer) or not 1 <= num_threads <= most):
            raise InputError(f"num_threads is 1 to {most} on this machine, got {num_threads!r}; None uses all")
        self.precision = precision
        self.dtype = np.dtype(dtypes[precision])
        self.num_threads = most if num_threads is None else int(num_threads)

    def zero_state(self, num_qubits: int) -> StateArray:
        """``|0…0⟩``.

        Raises:
            InsufficientMemoryError: if the machine has not enough free memory.
        """
        self.check_memory(num_qubits)
        state: StateArray = np.zeros(1 << num_qubits, dtype=self.dtype)
        state[0] = 1.0
        return state

    def check_memory(self, num_qubits: int, states: int = 1, probabilities: int = 0) -> None:
        """Refuse sizes that memory cannot hold, before anything is allocated.

        Args:
            num_qubits: size of a state.
            states: how many are needed at once.
            probabilities: how many float64 numbers are needed beside them.

        Raises:
            InsufficientMemoryError: with the bytes needed and the bytes free.
        """
        remedy = "use fewer qubits" + (' or precision="single"' if self.precision == "double" else "")
        what = f"a {self.precision}-precision state of {num_qubits} qubits"
        if states > 1:
            what = f"{states} times {what}"
        if probabilities:
            what += " with its probabilities"
        check_memory(states * (self.dtype.itemsize << num_qubits) + 8 * probabilities, what, remedy)

    def copy_of(self, state: NDArray[np.generic], num_qubits: int) -> StateArray:
        """A copy of a given state in this precision, of shape ``(2**num_qubits,)``."""
        self.check_memory(num_qubits)
        copied: StateArray = np.array(state, dtype=self.dtype, order="C")
        return copied

    def run(
        self,
        program: Program,
        coefficients: NDArray[np.complex128],
        state: StateArray,
        first: int = 0,
        last: int | None = None,
    ) -> None:
        """Run operations ``first <= i < last`` of a program on a state, in place."""
        arguments = (
            state,
            program.opcodes,
            program.qubits,
            program.qubit_start,
            program.control_masks,
            program.control_values,
            coefficients.astype(self.dtype, copy=False),
            program.coefficient_start,
            program.table,
            program.table_start,
            first,
            program.num_operations if last is None else last,
        )
        if self.num_threads == 1 or state.size < 1 << PARALLEL_QUBITS:
            kernels.run_program(*arguments)
            return
        # Some of numba's threading layers break when two Python threads enter a parallel kernel at once.
        with _parallel:
            before = numba.get_num_threads()
            numba.set_num_threads(self.num_threads)
            try:
                kernels.run_program_parallel(*arguments, self.num_threads * CHUNKS_PER_THREAD)
            finally:
                numba.set_num_threads(before)


def _most_threads() -> int:
    """The number of threads that numba may use."""
    if numba.config.NUMBA_NUM_THREADS < 1:
        # Amazon Braket's simulators write -1 into it when they are imported, and numba then refuses to start threads.
        default = numba.config.NUMBA_DEFAULT_NUM_THREADS
        numba.config.NUMBA_NUM_THREADS = int(os.environ.get("NUMBA_NUM_THREADS", default))
    return int(numba.config.NUMBA_NUM_THREADS)
