"""Runs gates and channels on the Pauli coefficients of density matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserve_more, return_some
from qtoolkit.compiler import InitializeStep, Opcode
from qtoolkit.simulators.density import convert
from qtoolkit.simulators.density.fusing import fused
from qtoolkit.simulators.density.lowering import Item, Wide
from qtoolkit.simulators.density.stages import Call, Stretch
from qtoolkit.simulators.density.sweeping import Sweeps, sweeps_of
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.memory import ThreadArrays
from qtoolkit.simulators.recycling import recycled_empty
from qtoolkit_kernels.density import sweep as kernels
from qtoolkit_kernels.team import Team, check_stop
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["Coefficients", "DensityEngine"]

Coefficients: TypeAlias = NDArray[np.float64] | NDArray[np.float32]
"""Of Pauli strings, shape ``(4**num_digits,)``, at least two digits."""

FloatArray: TypeAlias = NDArray[np.float64]

LEAST_DIGITS = 2
"""Of a state: those of a cell."""

SHARED_COST = 1 << 21
"""Multiplications from which it is worth waking threads."""

LONG_COST = 1 << 32
"""Multiplications for each thread, from which a signal must be able to end a run."""

IMPOSSIBLE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-6}
"""An outcome less probable than this, by precision, is rounding."""

ZERO = np.array([1.0, 0.0, 1.0, 0.0])
"""The coefficients of ``|0⟩⟨0|``."""

_own = ThreadArrays()
_NO_VECTORS = np.zeros((0, 4))


class DensityEngine:
    """Allocates states and runs matrices on them.

    Args:
        vectors: runs gates on more than two qubits, on state vectors of twice as many.
    """

    def __init__(self, vectors: Engine) -> None:
        self.vectors = vectors
        self.dtype = vectors.real

    @property
    def team(self) -> Team:
        """The threads of this engine."""
        return self.vectors.team

    def empty(self, num_qubits: int) -> Coefficients:
        """Memory for a state."""
        return cast(Coefficients, recycled_empty(1 << 2 * digits_of(num_qubits), self.dtype))

    def copy(self, state: Coefficients) -> Coefficients:
        """Another state like one, for which memory is reserved.

        Raises:
            InsufficientMemoryError: with the bytes needed and the bytes free.
        """
        reserve_more(state.nbytes, "another density matrix, for another outcome of a measurement", "measure less")
        copied = cast(Coefficients, recycled_empty(state.size, self.dtype))
        copied[:] = state
        return copied

    def release(self, state: Coefficients) -> None:
        """Give the memory of a copy back."""
        return_some(state.nbytes)

    def run(
        self, stretch: Stretch, values: FloatArray, num_qubits: int, state: Coefficients, is_fresh: bool = False
    ) -> None:
        """Run gates and channels in place.

        Args:
            stretch: what to run.
            values: of the parameters.
            num_qubits: of the circuit.
            state: the coefficients.
            is_fresh: whether the state counts as ``|0…0⟩``, whatever it holds.
        """
        key = self.dtype, num_qubits, is_fresh
        known = stretch.kept.get(key)
        if known is None:
            known = self.calls(stretch.items(values), num_qubits, is_fresh)
            if stretch.is_constant:
                stretch.kept[key] = known
        calls, vectors = known
        for call in calls:
            check_stop()
            if isinstance(call, Sweeps):
                self._run_sweeps(call, state, vectors)
            elif isinstance(call, Wide):
                self._run_wide(call, num_qubits, state)
            else:
                _multiply(call, state)
            vectors = None

    def multiply(self, item: Item, num_qubits: int, state: Coefficients) -> None:
        """Run one matrix on one qubit or two, in place."""
        for call in self.calls([item], num_qubits, False)[0]:
            self._run_sweeps(cast(Sweeps, call), state, None)

    def calls(
        self, items: Sequence[Item | Wide], num_qubits: int, is_fresh: bool
    ) -> tuple[list[Call], FloatArray | None]:
        """What runs items in time order; and the vectors that the first of it starts from, if the state is fresh."""
        num_digits = digits_of(num_qubits)
        start = np.tile(ZERO, (num_digits, 1)) if is_fresh else None
        vectors, narrow = start, list[Item]()
        calls: list[Call] = []
        for item in [*items, None]:
            if isinstance(item, Item) and len(item.qubits) <= 2:
                narrow.append(item)
                continue
            if narrow or vectors is not None:
                nodes = fused(narrow, num_digits, vectors)
                calls.append(sweeps_of(nodes, num_digits, self.dtype, vectors is not None))
                narrow, vectors = [], None
            if item is not None:
                calls.append(item)
        return calls, start

    def _run_sweeps(self, sweeps: Sweeps, state: Coefficients, vectors: FloatArray | None) -> None:
        cost = sweeps.cost * state.size
        num_blocks = 1 << 2 * (sweeps.digits.shape[1] - sweeps.block_digits)
        num_threads = min(self.vectors.num_threads, num_blocks) if cost >= SHARED_COST else 1
        long = cost >= LONG_COST * num_threads
        given = np.ascontiguousarray(_NO_VECTORS if vectors is None else vectors, self.dtype)
        size = kernels.block_size(sweeps.block_digits) + (1 << 2 * sweeps.chunk_digits)
        scratch = (ThreadArrays() if long else _own).rows(num_threads, size, self.dtype)
        lanes = Lanes(self.vectors.vector_bytes)
        cut = lanes, sweeps.chunk_digits, sweeps.block_digits
        arrays = sweeps.digits, sweeps.row_start, sweeps.rows, sweeps.weights, given, scratch, state
        turns = counters(2 * len(sweeps.digits))
        self.team.run(kernels.run_sweeps, *cut, *arrays, turns, num_threads=num_threads, long=long)

    def _run_wide(self, item: Wide, num_qubits: int, state: Coefficients) -> None:
        """Run a gate on more than two qubits as U on the columns of the matrix, and its conjugate on the rows."""
        program, operation = item.program, item.operation
        matrix = self.matrix(state, num_qubits)
        if program.opcodes[operation] == Opcode.PAULI_ROTATION:
            convert.rotate(program, item.coefficients, operation, matrix)
        else:
            moved, conjugate = convert.on_rows_and_columns(program, item.coefficients, operation, num_qubits)
            for its_program, coefficients in ((program, conjugate), (moved, item.coefficients)):
                self.vectors.run_gates(its_program, coefficients, matrix.reshape(-1), operation, operation + 1)
        convert.coefficients_of(matrix, state, self.team)

    def matrix(self, state: Coefficients, num_qubits: int) -> NDArray[np.complexfloating]:
        """The density matrix, complex128 or complex64 of shape ``(2**n, 2**n)``."""
        return convert.matrix_of(state, num_qubits, self.vectors.dtype, self.team)

    def initialize(self, step: InitializeStep, state: Coefficients) -> None:
        """Put qubits into a pure state, in place, whatever they were."""
        count, amplitudes = len(step.qubits), step.state_vector
        own = np.empty(1 << 2 * digits_of(count))
        convert.coefficients_of(np.outer(amplitudes, amplitudes.conj()), own, self.team)
        tensor = _in_front(state, step.qubits)
        rest = tensor[(0,) * count].copy()
        own = own[: 1 << 2 * count].reshape((4,) * count + (1,) * rest.ndim)
        np.multiply(own, rest, out=tensor, casting="same_kind")

    def outcome_weights(self, state: Coefficients, qubit: int, num_qubits: int) -> FloatArray:
        """Weights of the outcomes 0 and 1, shape ``(2,)``; exactly 0 for one that only rounding makes possible.

        Args:
            state: whose trace the weights add up to.
            qubit: that is measured; one of number `num_qubits` is always 0.
            num_qubits: of the circuit.
        """
        trace = float(state[0])
        mean = trace if qubit == num_qubits else float(state[2 << 2 * qubit])
        weights = np.array([trace + mean, trace - mean]) / 2
        weights[weights < IMPOSSIBLE[self.dtype] * trace] = 0.0
        return weights


def digits_of(num_qubits: int) -> int:
    """Digits of the state of so many qubits."""
    return max(num_qubits, LEAST_DIGITS)


def _in_front(state: Coefficients, qubits: Sequence[int]) -> NDArray[np.floating]:
    """A view, one axis for each digit, with those of some qubits first, of which the last is the lowest."""
    num_digits = (state.size.bit_length() - 1) // 2
    axes = [num_digits - 1 - qubit for qubit in reversed(qubits)]
    return np.moveaxis(state.reshape((4,) * num_digits), axes, range(len(qubits)))


def _multiply(item: Item, state: Coefficients) -> None:
    """A matrix on more than two qubits."""
    tensor = _in_front(state, item.qubits)
    matrix: NDArray[Any] = item.matrix.astype(state.dtype)
    product = matrix @ tensor.reshape(len(matrix), -1)
    tensor[...] = product.reshape(tensor.shape)
