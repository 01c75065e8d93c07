"""The state-vector simulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_flag, check_instance, seeded
from qtoolkit._memory import check_memory
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit._checks import check_indices
from qtoolkit.compiler import ExecutionPlan, PaddedPlan
from qtoolkit.errors import CircuitError, OperatorError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Result
from qtoolkit.simulators import measure
from qtoolkit.simulators.batch.runs import (
    ParameterBatch,
    batch_expectation_values,
    batch_probabilities,
    batch_states,
    parameters_of,
)
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.idle import active_observables, common_part, padded_probabilities, padded_variance, whole_plan
from qtoolkit.simulators.memory import idle_remedy
from qtoolkit.simulators.noisy import with_noise
from qtoolkit.simulators.observables import (
    Observable,
    check_observable,
    checked_observables,
    expectation_values,
    finite,
    finite_number,
    variance,
)
from qtoolkit.simulators.plan_memory import reserved_run
from qtoolkit.simulators.planning import (
    FirstRuns,
    gradient_unplanned,
    measurements_of,
    plan_of,
    state_unplanned,
    value_unplanned,
)
from qtoolkit.simulators.shots import result_of_shots
from qtoolkit.simulators.small.quick import quick_gradient, quick_state, quick_value
from qtoolkit.simulators.start import start_of
from qtoolkit.simulators.trajectory import Trajectory
from qtoolkit.simulators.walk import Walker
from qtoolkit_kernels import inner as inner_kernels

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from qtoolkit.noise import NoiseModel
    from qtoolkit.simulators.run_report import RunReport

__all__ = ["Observable", "StatevectorSimulator", "Trajectory"]


class StatevectorSimulator:
    """Exact simulation of circuits by their state vector.

    Wherever a circuit is taken, a plan from `compile` is too; that saves the compiling when one circuit is run
    many times with different parameter values. Where `ParameterBatch` is taken for `parameters`, an array of shape
    ``(batch, num_parameters)`` or a sequence of vectors gives the results of all rows, in an array with one more axis
    in front; up to 12 qubits that is several times faster than one call for each.

    Args:
        precision: ``"double"`` (complex128, 16 bytes an amplitude) or ``"single"`` (complex64, 8 bytes).
        num_threads: 1 to the number of cores; None for all of them. Results do not depend on it.

    Raises:
        InputError: for another precision or number of threads.
    """

    def __init__(self, precision: str = "double", num_threads: int | None = None) -> None:
        self._use(Engine(precision, num_threads))

    def _use(self, engine: Engine) -> None:
        """Run everything on an engine from now on."""
        self._engine = engine
        self._ready_key = engine.ready_key
        self._value_key = engine.value_key
        self._first_runs = FirstRuns(engine)

    @property
    def precision(self) -> str:
        """``"double"`` or ``"single"``."""
        return self._engine.precision

    @property
    def num_threads(self) -> int:
        """Threads used for large states."""
        return self._engine.num_threads

    def __repr__(self) -> str:
        return f"StatevectorSimulator(precision={self.precision!r}, num_threads={self.num_threads})"

    def compile(self, circuit: Circuit | ExecutionPlan) -> ExecutionPlan:
        """Compile a circuit once, to run it many times.

        Raises:
            InsufficientMemoryError: if the state of the qubits that it uses does not fit into free memory.
        """
        return plan_of(self._engine, circuit)

    def explain(self, circuit: Circuit | ExecutionPlan, passes: bool = False) -> RunReport:
        """Tell which way runs of a circuit go, the first and later ones, and what its plan does; nothing is run.

        Print the report to read it.

        Args:
            circuit: as for `run`; its parameters will be given as one mapping or array.
            passes: whether to tell what each pass of the planner does.

        Raises:
            InputError: for what is neither a circuit nor a plan.
        """
        from qtoolkit.simulators.run_report import explain_runs

        return explain_runs(self._engine, circuit, check_flag(passes, "passes"))

    def diagonal(self, observable: PauliSum) -> NDArray[np.float64]:
        """Values of a diagonal observable on all basis states, float64 of shape ``(2**num_qubits,)``.

        Raises:
            OperatorError: if it is not diagonal and real.
            InsufficientMemoryError: if the values do not fit into free memory.
        """
        return check_instance(observable, PauliSum, "a diagonal is that of a PauliSum", OperatorError).diagonal()

    def state_vector(
        self,
        circuit: Circuit | ExecutionPlan,
        parameters: ParameterValues | ParameterBatch | None = None,
        initial_state: ArrayLike | None = None,
    ) -> StateArray:
        """The state at the end of a circuit, before its final measurements.

        Args:
            circuit: gates, `initialize`, and resets whose outcome is certain.
            parameters: values of the free parameters, or a batch of them.
            initial_state: shape ``(2**num_qubits,)``, norm 1 to 1e-6 (1e-4 in single precision); ``|0…0⟩`` by
                default. It is not changed.

        Returns:
            complex128 or complex64 of shape ``(2**num_qubits,)``, or ``(batch, 2**num_qubits)``; qubit k is bit k of
            the index.

        Raises:
            CircuitError: if the circuit measures, resets at random or branches before its end.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        if parameters is None and initial_state is None:
            # A small circuit is done in less time than the rest of this function takes.
            if type(circuit) is Circuit:
                tape = circuit.operations
                if not (tape.others or tape.symbols or circuit.declared):
                    state = self._first_runs[circuit.num_qubits](tape)
                    if state is not None:
                        return state
            elif type(circuit) is ExecutionPlan:
                program = circuit.only_program
                ready = None if program is None else program.kept.get(self._ready_key)
                if ready is not None:
                    return ready()
        if initial_state is None and parameters is not None:
            quick = quick_state()(self._engine, circuit, parameters)
            if quick is not None:
                return quick
        unplanned = None if initial_state is not None else state_unplanned(self._engine, circuit, parameters)
        if unplanned is not None:
            return unplanned
        plan = circuit if isinstance(circuit, ExecutionPlan) else self.compile(circuit)
        if isinstance(plan, PaddedPlan):
            return self.state_vector(whole_plan(self._engine, plan), parameters, initial_state)
        values = parameters_of(plan, parameters)
        if values.ndim == 2:
            return batch_states(self._engine, plan, values, start_of(self._engine, plan, initial_state))
        if initial_state is None and plan.only_program is not None:
            quick = quick_state()(self._engine, plan, values) if values.size else None
            if quick is not None:
                return quick
            with reserved_run(self._engine, plan, _needs.state, kept=self._engine.dtype.itemsize << plan.num_qubits):
                return self._engine.final_state(plan.only_program, values, plan.num_qubits)
        with reserved_run(self._engine, plan, _needs.state, kept=self._engine.dtype.itemsize << plan.num_qubits):
            return Walker(self._engine, plan, values).final_state(start_of(self._engine, plan, initial_state))

    def trajectory(
        self,
        circuit: Circuit | ExecutionPlan,
        parameters: ParameterValues | None = None,
        initial_state: ArrayLike | None = None,
        seed: int | np.random.Generator | None = None,
    ) -> Trajectory:
        """One random run through measurements, resets and branches.

        Args:
            circuit: any circuit.
            parameters: values of the free parameters.
            initial_state: as for `state_vector`.
            seed: makes the run reproducible; without one, the trajectory carries the seed that was drawn.

        Raises:
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        plan = whole_plan(self._engine, self.compile(circuit))
        values = plan.parameter_vector(parameters)
        number, rng = seeded(seed)
        with reserved_run(self._engine, plan, _needs.state, kept=self._engine.dtype.itemsize << plan.num_qubits):
            state, clbits = Walker(self._engine, plan, values).one_run(start_of(self._engine, plan, initial_state), rng)
        return Trajectory(state, clbits, number)

    def run(
        self,
        circuit: Circuit | ExecutionPlan,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        initial_state: ArrayLike | None = None,
        noise: NoiseModel | None = None,
        executor: Executor | None = None,
    ) -> Result:
        """Measured bits of `shots` independent runs, each of which draws its noise anew; those alike share the work.

        Args:
            circuit: with a measurement at least; bits never measured are 0.
            shots: at least 1.
            seed: makes the result reproducible; without one, the result carries the seed that was drawn.
            parameters: values of the free parameters.
            initial_state: as for `state_vector`.
            noise: is put into the circuit, which must not be compiled then, before it runs.
            executor: runs parts of a noisy circuit's shots, each on one thread; results do not depend on its workers.

        Raises:
            CircuitError: if the circuit measures nothing.
            InputError: if `shots` is below 1 or `seed` is no integer of at least 0.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state or the shots do not fit into free memory.
        """
        return result_of_shots(self._engine, circuit, shots, seed, parameters, initial_state, noise, executor)

    def probabilities(
        self,
        circuit: Circuit | ExecutionPlan,
        qubits: int | Sequence[int] | None = None,
        parameters: ParameterValues | ParameterBatch | None = None,
    ) -> NDArray[np.float64]:
        """Probabilities of the outcomes of some qubits, exact.

        Args:
            circuit: as for `state_vector`.
            qubits: bit j of an outcome is ``qubits[j]``; all qubits by default.
            parameters: values of the free parameters, or a batch of them.

        Returns:
            float64 of shape ``(2**len(qubits),)``, or ``(batch, 2**len(qubits))``.

        Raises:
            QubitIndexError: if an index lies outside the circuit.
            CircuitError: if a qubit comes twice, or as for `state_vector`.
            InsufficientMemoryError: if the state and the probabilities do not fit into free memory.
        """
        unplanned = state_unplanned(self._engine, circuit, parameters)
        plan = self.compile(circuit) if unplanned is None else measurements_of(circuit)
        measured = check_indices(range(plan.num_qubits) if qubits is None else qubits, plan.num_qubits, "qubit")
        if unplanned is not None:
            return measure.probabilities(unplanned, measured, self._engine.team)
        values = parameters_of(plan, parameters)
        if isinstance(plan, PaddedPlan):
            place = {qubit: k for k, qubit in enumerate(plan.active_qubits)}
            active = [place[qubit] for qubit in measured if qubit in place]
            if len(active) == len(measured):
                return self.probabilities(plan.active, active, values)
            needed = (8 * len(values) if values.ndim == 2 else 8) << len(measured)
            check_memory(needed, f"probabilities of {len(measured)} qubits", idle_remedy(len(measured) - len(active)))
            return padded_probabilities(plan, measured, self.probabilities(plan.active, active, values))
        if values.ndim == 2:
            return batch_probabilities(self._engine, plan, values, measured)
        sizes = 1 << len(measured), measure.num_parts(plan.num_qubits, measured)
        with reserved_run(
            self._engine, plan, _needs.distribution, sizes, " with its probabilities", kept=8 << len(measured)
        ):
            state = self.state_vector(plan, values)
            return measure.probabilities(state, measured, self._engine.team)

    @overload
    def expectation_value(  # type: ignore[overload-overlap]
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Observable,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> float: ...

    @overload
    def expectation_value(
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Sequence[Observable],
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> NDArray[np.float64]: ...

    @overload
    def expectation_value(
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Observable | Sequence[Observable],
        parameters: ParameterBatch,
        noise: NoiseModel | None = None,
    ) -> NDArray[np.float64]: ...

    def expectation_value(
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Observable | Sequence[Observable],
        parameters: ParameterValues | ParameterBatch | None = None,
        noise: NoiseModel | None = None,
    ) -> float | NDArray[np.float64]:
        """``⟨ψ|observable|ψ⟩``, exact.

        Args:
            circuit: as for `state_vector`.
            observable: one, or several that share the one simulation.
            parameters: values of the free parameters, or a batch of them.
            noise: is put into the circuit before; coherent noise alone, since of other noise there is no state.

        Returns:
            A number, or an array of shape ``(num_observables,)``; of a batch, ``(batch,)`` or
            ``(batch, num_observables)``.

        Raises:
            CircuitError: as for `state_vector`; random noise is for `DensityMatrixSimulator` or `SamplingEstimator`.
            OperatorError: if an observable is not Hermitian or has another number of qubits.
        """
        if noise is not None:
            circuit = with_noise(circuit, noise)
        # What a loop repeats, a plan and one Pauli sum, is found with one look.
        if type(circuit) is ExecutionPlan:
            step = circuit.only_step
            repeated = None if step is None else step.kept.get(self._value_key)
            if repeated is not None and repeated[0] is observable:
                value = repeated[1](parameters)
                if value is not None:
                    return value
        # A plan, one observable, and values as an array or none are taken as they are.
        is_usual = isinstance(circuit, ExecutionPlan) and (parameters is None or isinstance(parameters, np.ndarray))
        if is_usual:
            quick = quick_value()(self._engine, circuit, observable, parameters)
            if quick is not None:
                return quick
        elif type(circuit) is Circuit:
            quick = value_unplanned(self._engine, circuit, observable, parameters)
            if quick is not None:
                return quick
        unplanned = state_unplanned(self._engine, circuit, parameters)
        if unplanned is not None:
            observables, several = checked_observables(observable, circuit.num_qubits)
            found = expectation_values(observables, unplanned, self._engine.team)
            return finite(np.array(found)) if several else finite_number(found[0])
        plan = self.compile(circuit)
        observables, several = checked_observables(observable, plan.num_qubits)
        if isinstance(plan, PaddedPlan):
            return self.expectation_value(plan.active, active_observables(plan, observable, several), parameters)
        values = parameters_of(plan, parameters)
        if values.ndim == 2:
            by_row = finite(batch_expectation_values(self._engine, plan, values, observables))
            return by_row if several else by_row[:, 0]
        if not several and not is_usual:
            quick = quick_value()(self._engine, plan, observables[0], values)
            if quick is not None:
                return quick
        with reserved_run(self._engine, plan, _needs.state):
            state = self._passing_state(plan, values)
            found = expectation_values(observables, state, self._engine.team)
        return finite(np.array(found)) if several else finite_number(found[0])

    def variance(
        self, circuit: Circuit | ExecutionPlan, observable: Observable, parameters: ParameterValues | None = None
    ) -> float:
        """``⟨ψ|observable²|ψ⟩ - ⟨ψ|observable|ψ⟩²``, exact.

        Args:
            circuit: as for `state_vector`.
            observable: a Pauli sum or a diagonal.
            parameters: values of the free parameters.

        Raises:
            OperatorError: if the observable is not Hermitian or has another number of qubits.
        """
        plan = self.compile(circuit)
        check_observable(observable, plan.num_qubits)
        values = plan.parameter_vector(parameters)
        with reserved_run(
            self._engine, plan.active, _needs.variance if isinstance(observable, PauliSum) else _needs.state
        ):
            state = self._passing_state(plan.active, values)
            if isinstance(plan, PaddedPlan):
                return finite_number(padded_variance(plan, observable, state, self._engine.team))
            return finite_number(variance(observable, state, self._engine.team))

    def overlap(
        self,
        bra: Circuit | ExecutionPlan,
        ket: Circuit | ExecutionPlan,
        bra_parameters: ParameterValues | None = None,
        ket_parameters: ParameterValues | None = None,
    ) -> complex:
        """``⟨bra|ket⟩`` of the states that two circuits prepare from ``|0…0⟩``.

        Raises:
            CircuitError: if the circuits differ in their number of qubits, or as for `state_vector`.
            InsufficientMemoryError: if the two states do not fit into free memory.
        """
        left, right = self.compile(bra), self.compile(ket)
        if left.num_qubits != right.num_qubits:
            raise CircuitError(
                f"an overlap needs circuits of equal size, got {left.num_qubits} and {right.num_qubits} qubits"
            )
        bra_plan, ket_plan, qubits = left.active, right.active, (left.active_qubits, right.active_qubits)
        bras, kets = left.parameter_vector(bra_parameters), right.parameter_vector(ket_parameters)
        with reserved_run(self._engine, bra_plan, _needs.overlap), reserved_run(self._engine, ket_plan, _needs.overlap):
            first, second = self.state_vector(bra_plan, bras), self.state_vector(ket_plan, kets)
            if qubits[0] != qubits[1]:
                first, second = common_part(first, *qubits), common_part(second, *reversed(qubits))
            return complex(inner_kernels.vdot(first, second, self._engine.team))

    @overload
    def gradient(  # type: ignore[overload-overlap]
        self, circuit: Circuit | ExecutionPlan, observable: Observable, parameters: ParameterValues
    ) -> tuple[float, NDArray[np.float64]]: ...

    @overload
    def gradient(
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Observable | Sequence[Observable],
        parameters: ParameterValues | ParameterBatch,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...

    def gradient(
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Observable | Sequence[Observable],
        parameters: ParameterValues | ParameterBatch,
    ) -> tuple[float | NDArray[np.float64], NDArray[np.float64]]:
        """The expectation value and its derivatives by every parameter, by the adjoint method.

        Args:
            circuit: gates, after `initialize` if any; every parametrised gate must come after the last reset.
            observable: a Pauli sum or a diagonal, or several.
            parameters: values of the free parameters, or a batch of them.

        Returns:
            The value, and float64 of shape ``(num_parameters,)`` in the order of ``circuit.parameters``; of k
            observables, arrays of shapes ``(k,)`` and ``(k, num_parameters)``; of a batch, such arrays with one more
            dimension in front, that of the batch.

        Raises:
            CircuitError: if the circuit measures or branches before its end.
            OperatorError: if an observable is not Hermitian or has another number of qubits.
        """
        if type(circuit) is Circuit:
            quick = gradient_unplanned(self._engine, circuit, observable, parameters)
        else:
            quick = quick_gradient()(self._engine, circuit, observable, parameters)
        if quick is not None:
            return quick
        from qtoolkit.simulators.gradients.adjoint import Gradients  # what only runs circuits starts sooner without
        from qtoolkit.simulators.gradients.rows import gradients_of_rows

        plan = self.compile(circuit)
        observables, several = checked_observables(observable, plan.num_qubits)
        if isinstance(plan, PaddedPlan):
            return self.gradient(plan.active, active_observables(plan, observable, several), parameters)
        values = parameters_of(plan, parameters)
        if values.ndim == 1 and not several:
            quick = quick_gradient()(self._engine, plan, observables[0], values)
            if quick is not None:
                return quick
            levels, slopes = Gradients(self._engine, plan)(values, observables)
            return finite_number(float(levels[0])), slopes[0]
        levels, slopes = gradients_of_rows(self._engine, plan, np.atleast_2d(values), observables)
        shape = values.shape[: values.ndim - 1] + (len(observables),) * several
        return finite(levels.reshape(shape)), slopes.reshape(*shape, values.shape[-1])

    def _passing_state(self, plan: ExecutionPlan, values: NDArray[np.float64]) -> StateArray:
        """The state at the end of a plan, in memory that the next call may use again."""
        if plan.only_program is None:
            return self.state_vector(plan, values)
        return self._engine.final_state(plan.only_program, values, plan.num_qubits, passing=True)
