"""Circuits at many parameter values: small ones side by side in the lanes of registers, large ones one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._memory import reserved
from qtoolkit.circuit import ParameterValues
from qtoolkit.compiler import ExecutionPlan, UnitaryStep
from qtoolkit.compiler.program import ParameterGroup
from qtoolkit.errors import ParameterError
from qtoolkit.simulators import measure
from qtoolkit.simulators.batch.observables import weights_of
from qtoolkit.simulators.batch.plan import BatchPlan, batch_plan
from qtoolkit.simulators.bind import binding_of
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.memory import ThreadArrays, aligned_empty
from qtoolkit.simulators.observables import Observable, expectation_values
from qtoolkit.simulators.plan_memory import beside_state
from qtoolkit.simulators.walk import Walker
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.batch import numbers as number_kernels
from qtoolkit_kernels.vector.batch import run as kernels
from qtoolkit_kernels.vector.batch.plan import Members, Results, Weights
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["ParameterBatch", "batch_expectation_values", "batch_probabilities", "batch_states", "parameters_of"]

FloatArray: TypeAlias = NDArray[np.float64]

ParameterBatch: TypeAlias = NDArray[np.float64] | Sequence[Sequence[float]] | Sequence[NDArray[np.float64]]
"""Vectors of parameter values, shape ``(batch, num_parameters)``."""

BLOCK_BYTES = 1 << 19
"""States of all lanes together fill half of a second-level cache of 1 MiB at most: 12 qubits in widest registers."""

ALONE_WORK = 1 << 16
"""Below so many amplitudes and coefficients to be computed, threads take longer to wake than they save."""

LONG_WORK = 1 << 26
"""The same for each thread, from which a batch takes so long that a signal must be able to end it."""


def parameters_of(plan: ExecutionPlan, parameters: ParameterValues | ParameterBatch | None) -> FloatArray:
    """Parameter values in order, float64 of shape ``(num_parameters,)`` or, of a batch, ``(batch, num_parameters)``.

    A batch is an array of two dimensions, or a list or tuple of vectors.

    Raises:
        UnboundParameterError: if a parameter has no value.
        ParameterError: for rows of another length than the number of parameters, and as for one vector.
    """
    if parameters is None or (isinstance(parameters, np.ndarray) and parameters.ndim == 1):
        return plan.parameter_vector(parameters)
    if isinstance(parameters, np.ndarray):
        is_batch = parameters.ndim > 1
    else:
        is_batch = isinstance(parameters, list | tuple) and len(parameters) > 0 and _is_vector(parameters[0])
    if not is_batch:
        return plan.parameter_vector(cast("ParameterValues | None", parameters))
    num_parameters = len(plan.parameters)
    rule = f"a batch of parameters has shape (batch, {num_parameters}), one row of real numbers for each run"
    try:
        given = np.asarray(parameters)
    except (ValueError, TypeError, MemoryError) as error:
        raise ParameterError(f"{rule}; got rows of different lengths") from error
    if given.ndim != 2 or given.shape[1] != num_parameters:
        raise ParameterError(f"{rule}; got shape {given.shape}")
    if given.dtype.kind not in "fiu":
        raise ParameterError(f"{rule}; got entries of type {given.dtype}")
    values = np.array(given, np.float64, order="C")  # writable, because compiled code knows the difference
    if not np.isfinite(values).all():
        row, column = (int(k) for k in np.argwhere(~np.isfinite(values))[0])
        name = plan.parameters[column].name
        raise ParameterError(f"parameter {name} must be finite, got {values[row, column]} in row {row} of the batch")
    return values


def _is_vector(item: object) -> bool:
    return isinstance(item, list | tuple) or (isinstance(item, np.ndarray) and item.ndim > 0)


def batch_states(
    engine: Engine, plan: ExecutionPlan, values: FloatArray, initial_state: StateArray | None = None
) -> StateArray:
    """The states at all parameter values, shape ``(batch, 2**num_qubits)``.

    Args:
        engine: runs the gates.
        plan: the circuit.
        values: shape ``(batch, num_parameters)``.
        initial_state: where all begin; ``|0…0⟩`` by default.

    Raises:
        CircuitError: as for one state.
        InsufficientMemoryError: if the states do not fit into free memory.
    """
    num_qubits, batch, amplitude = plan.num_qubits, len(values), engine.dtype.itemsize
    needed = _needs.state_rows(amplitude, num_qubits, batch, beside_state(plan, amplitude))
    with engine.reserved(num_qubits, needed, states=batch, kept=batch * (amplitude << num_qubits)):
        states = cast(StateArray, aligned_empty(batch << num_qubits, engine.dtype).reshape(batch, 1 << num_qubits))
        run = _Run.of(engine, plan) if initial_state is None else None
        if run is not None:
            run(values, states=states)
            return states
        for row, state in zip(values, states, strict=True):
            walker = Walker(engine, plan, row)
            if initial_state is None:
                walker.final_state(None, out=state)
            else:
                state[:] = initial_state
                walker.final_state(state)
        return states


def batch_probabilities(engine: Engine, plan: ExecutionPlan, values: FloatArray, qubits: Sequence[int]) -> FloatArray:
    """Distributions of the outcomes of some qubits, shape ``(batch, 2**len(qubits))``.

    Raises:
        CircuitError: as for one state.
        InsufficientMemoryError: if they do not fit into free memory.
    """
    num_qubits, batch = plan.num_qubits, len(values)
    run = _Run.of(engine, plan)
    if run is None:
        amplitude = engine.dtype.itemsize
        parts = measure.num_parts(num_qubits, qubits)
        beside = beside_state(plan, amplitude)
        needed = _needs.distribution_rows(amplitude, num_qubits, 1 << len(qubits), parts, batch, beside)
        with engine.reserved(num_qubits, needed, beside=" with its probabilities", kept=8 * batch << len(qubits)):
            found = np.empty((batch, 1 << len(qubits)))
            state = engine.empty_state(num_qubits)
            for row, out in zip(values, found, strict=True):
                Walker(engine, plan, row).final_state(None, state)
                out[:] = measure.probabilities(state, qubits, engine.team)
            return found
    needed = _needs.small_distribution_rows(num_qubits, 1 << len(qubits), batch)
    what = f"probabilities of {batch} states of {num_qubits} qubits"
    with reserved(needed, what, "take fewer rows", kept=8 * batch << len(qubits)):
        every = np.empty((batch, 1 << num_qubits))
        run(values, probabilities=every)
        others = [q for q in range(num_qubits) if q not in qubits]
        axes = [1 + num_qubits - 1 - q for q in (*others, *reversed(qubits))]
        tensor = every.reshape(batch, *(2,) * num_qubits).transpose(0, *axes)
        if not others:
            return tensor.reshape(batch, -1)
        summed: FloatArray = tensor.reshape(batch, 1 << len(others), 1 << len(qubits)).sum(axis=1)
        return summed


def batch_expectation_values(
    engine: Engine, plan: ExecutionPlan, values: FloatArray, observables: Sequence[Observable]
) -> FloatArray:
    """Expectation values of observables that were checked, shape ``(batch, len(observables))``.

    Raises:
        CircuitError: as for one state.
        InsufficientMemoryError: if a state does not fit into free memory.
    """
    run = _Run.of(engine, plan)
    weights = None if run is None else weights_of(observables, plan.num_qubits)
    if run is None or weights is None:
        found = np.empty((len(values), len(observables)))
        amplitude = engine.dtype.itemsize
        needed = _needs.state(amplitude, plan.num_qubits, beside_state(plan, amplitude))
        with engine.reserved(plan.num_qubits, needed):
            state = engine.empty_state(plan.num_qubits)
            for row, out in zip(values, found, strict=True):
                Walker(engine, plan, row).final_state(None, state)
                out[:] = expectation_values(observables, state, engine.team)
        return found
    by_observable = np.zeros((len(observables), len(values)))
    run(values, weights=weights, sums=by_observable)
    return by_observable.T


class _Run:
    """Runs batches of one small circuit."""

    def __init__(self, engine: Engine, plan: ExecutionPlan, batch: BatchPlan) -> None:
        self._engine = engine
        self._program = plan.unitary_program()
        self._num_qubits = plan.num_qubits
        self._batch = batch
        self._real = engine.real
        self._lanes = engine.vector_bytes // self._real.itemsize

    @classmethod
    def of(cls, engine: Engine, plan: ExecutionPlan) -> _Run | None:
        """None for circuits that are too large, too deep or more than gates, or have gates that batches don't know."""
        if plan.num_qubits < 1 or 2 * engine.vector_bytes << plan.num_qubits > BLOCK_BYTES:
            return None
        if len(plan.steps) != 1 or not isinstance(plan.steps[0], UnitaryStep):
            return None
        batch = batch_plan(plan.steps[0].program, plan.num_qubits, engine.dtype.itemsize)
        return None if batch is None or engine.drifts(len(batch.rows.operations)) else cls(engine, plan, batch)

    def __call__(
        self,
        values: FloatArray,
        states: StateArray | None = None,
        probabilities: FloatArray | None = None,
        weights: Weights | None = None,
        sums: FloatArray | None = None,
    ) -> None:
        """Fill in what is wanted: states, probabilities, or the sums of weights, zeros of [observables, batch]."""
        engine, rows, program = self._engine, self._batch.rows, self._program
        binding = binding_of(program)
        coefficients = np.concatenate([binding.coefficients, self._batch.constants])
        num_groups = -(-len(values) // self._lanes)
        num_parts = 0 if weights is None else len(weights.parts)
        work = len(values) * coefficients.size + (num_groups * (len(rows.operations) + num_parts) << self._num_qubits)
        num_threads = max(1, min(engine.num_threads, num_groups)) if work > ALONE_WORK else 1
        long = work >= LONG_WORK * num_threads
        results = Results(
            np.empty((0, 1), self._real) if states is None else states.view(self._real),
            np.empty((0, 1)) if probabilities is None else probabilities,
            np.empty((0, 1)) if sums is None else sums,
            np.array([1], np.int64),
        )
        engine.team.run(
            kernels.run_batch,
            Lanes(engine.vector_bytes),
            rows,
            self._batch.has_matrices or None,
            binding.slots,
            binding.gates,
            program.phase_slot,
            Members(values, coefficients, *self._others(binding.others, values)),
            _NO_WEIGHTS if weights is None else weights,
            results,
            self._number_scratch(num_threads, coefficients.size, long),
            engine.scratch(
                num_threads,
                kernels.batch_scratch_size(
                    self._num_qubits, rows.num_registers, engine.vector_bytes, self._real.itemsize
                ),
                self._real.type,
                long,
            ),
            counters(2),
            num_threads=num_threads,
            long=long,
        )
        if not results.finite[0]:
            for row in values:
                program.slots.angles(row)

    def _others(
        self, groups: Sequence[ParameterGroup], values: FloatArray
    ) -> tuple[NDArray[np.complex128], NDArray[np.int64]]:
        """Coefficients that the kernel cannot compute, of every member, and their places."""
        places = np.concatenate([np.zeros(0, np.int64), *(group.positions.ravel() for group in groups)])
        found = np.empty((len(values), places.size), np.complex128)
        if groups:
            for row, out in zip(values, found, strict=True):
                angles = self._program.slots.angles(row)
                parts = [group.coefficients(*angles[group.slots].T).ravel() for group in groups]
                out[:] = np.concatenate(parts)
        return found, places

    def _number_scratch(self, num_threads: int, num_coefficients: int, long: bool) -> FloatArray:
        """Memory for numbers, kept for the next call from this Python thread unless this one is `long`."""
        size = number_kernels.numbers_size(
            num_coefficients,
            self._batch.rows.product_start.size - 1,
            self._program.slots.constant.size,
            self._batch.rows.num_registers,
            self._engine.vector_bytes,
        )
        return (ThreadArrays() if long else _own).rows(num_threads, size, np.float64)


_own = ThreadArrays()

_NO_WEIGHTS = Weights(np.zeros((0, 4), np.int64), np.zeros(0))
