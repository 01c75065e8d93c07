"""The density-matrix simulator."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, overload
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs
from qtoolkit._arguments import seeded, shown
from qtoolkit._memory import ALWAYS_THERE, reserved, unreserved
from qtoolkit._packed_bits import num_words
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit._checks import check_indices, numeric_array
from qtoolkit.compiler import ExecutionPlan, InitializeStep, PaddedPlan
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel
from qtoolkit.primitives import Result
from qtoolkit.simulators.density import convert
from qtoolkit.simulators.density.engine import Coefficients, DensityEngine, digits_of
from qtoolkit.simulators.density.members import Members
from qtoolkit.simulators.density.observables import mean_of, variance_of
from qtoolkit.simulators.density.shots import draw_shots
from qtoolkit.simulators.density.stages import Stage, Stretch, all_stages, bits_read, stages_of
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.evidence import result_of_words
from qtoolkit.simulators.idle import active_observables, padded_probabilities
from qtoolkit.simulators.noisy import with_noise
from qtoolkit.simulators.observables import (
    Observable,
    check_observable,
    checked_observables,
    finite,
    finite_number,
)
from qtoolkit.simulators.options import check_shots
from qtoolkit.simulators.planning import plan_of

if TYPE_CHECKING:
    from qtoolkit.simulators.density.report import DensityReport

__all__ = ["DensityMatrixSimulator"]

FloatArray = NDArray[np.float64]

TRACE_TOLERANCE = {"double": 1e-6, "single": 1e-4}
"""How far the trace of a given density matrix may be from 1, and its entries from Hermitian."""


class DensityMatrixSimulator:
    """Exact simulation of circuits with noise, by their density matrix.

    It holds the ``4**n`` Pauli coefficients ``tr(P ρ)``, real numbers, on which a gate is a real matrix and so is a
    channel: half of a complex matrix's memory and a quarter of its multiplications, the trace is kept to the last bit
    and the matrix Hermitian. A gate is merged with the noise behind it, and both with what stands beside them.

    Measurements whose outcome nothing depends on, resets and noise take no random numbers; conditions on measured bits
    and decoders are followed for all outcomes, each with its weight. Where a circuit is taken, so is its plan from
    `compile`, and a `NoiseModel` that adds its noise to the circuit.

    Args:
        precision: ``"double"`` (8 bytes a coefficient) or ``"single"`` (4).
        num_threads: 1 to the number of cores; None for all of them. Results do not depend on it.

    Raises:
        InputError: for another precision or number of threads.
    """

    def __init__(self, precision: str = "double", num_threads: int | None = None) -> None:
        self._vectors = Engine(precision, num_threads)
        self._engine = DensityEngine(self._vectors)
        self._stages: WeakKeyDictionary[ExecutionPlan, dict[bool, tuple[Stage, ...]]] = WeakKeyDictionary()

    @property
    def precision(self) -> str:
        """``"double"`` or ``"single"``."""
        return self._vectors.precision

    @property
    def num_threads(self) -> int:
        """Threads used for large states."""
        return self._vectors.num_threads

    def __repr__(self) -> str:
        return f"DensityMatrixSimulator(precision={self.precision!r}, num_threads={self.num_threads})"

    def __reduce__(self) -> tuple[type[DensityMatrixSimulator], tuple[str, int]]:
        return DensityMatrixSimulator, (self.precision, self.num_threads)

    def compile(self, circuit: Circuit | ExecutionPlan, noise: NoiseModel | None = None) -> ExecutionPlan:
        """Compile a circuit once, to run it many times.

        Args:
            circuit: any circuit.
            noise: is added to the circuit.

        Raises:
            InputError: for what is neither a circuit nor a plan, or noise for a plan.
        """
        return plan_of(self._vectors, circuit if noise is None else with_noise(circuit, noise))

    def explain(self, circuit: Circuit | ExecutionPlan, noise: NoiseModel | None = None) -> DensityReport:
        """Tell how a circuit is simulated, what that takes, and why; nothing is run.

        Print the report to read it.

        Args:
            circuit: as for `run`.
            noise: as for `run`.

        Raises:
            InputError: for what is neither a circuit nor a plan.
        """
        from qtoolkit.simulators.density.report import report_of

        plan = self.compile(circuit, noise)
        return report_of(self._engine, plan, self._stages_of(plan.active, all_bits=False))

    def density_matrix(
        self,
        circuit: Circuit | ExecutionPlan,
        parameters: ParameterValues | None = None,
        initial_state: ArrayLike | None = None,
        noise: NoiseModel | None = None,
    ) -> NDArray[np.complexfloating]:
        """The density matrix at the end of a circuit, before its final measurements, whatever was read on the way.

        Args:
            circuit: any circuit.
            parameters: values of the free parameters.
            initial_state: a state vector of shape ``(2**num_qubits,)`` and norm 1, or a density matrix of shape
                ``(2**num_qubits, 2**num_qubits)`` and trace 1, to 1e-6 (1e-4 in single precision); ``|0…0⟩`` by
                default.
            noise: is added to the circuit.

        Returns:
            complex128 or complex64 of shape ``(2**num_qubits, 2**num_qubits)``; qubit k is bit k of both indices.

        Raises:
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the matrix does not fit into free memory.
        """
        plan = self._whole(self.compile(circuit, noise))
        values = plan.parameter_vector(parameters)
        with self._reserved(plan, with_matrix=True):
            state = self._final(plan, values, self._start(plan.num_qubits, initial_state))
            return self._engine.matrix(state, plan.num_qubits)

    def run(
        self,
        circuit: Circuit | ExecutionPlan,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        initial_state: ArrayLike | None = None,
        noise: NoiseModel | None = None,
    ) -> Result:
        """Measured bits of `shots` independent runs.

        Args:
            circuit: with a measurement at least; bits never measured are 0.
            shots: at least 1.
            seed: makes the result reproducible; without one, the result carries the seed that was drawn.
            parameters: values of the free parameters.
            initial_state: as for `density_matrix`.
            noise: is added to the circuit.

        Raises:
            CircuitError: if the circuit measures nothing.
            InputError: if `shots` is below 1 or `seed` is no integer of at least 0.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state or the shots do not fit into free memory.
        """
        started = time.perf_counter()
        plan = self.compile(circuit, noise)
        check_shots(shots, plan.active.measures)
        plan = plan.active if initial_state is None else self._whole(plan)
        values = plan.parameter_vector(parameters)
        number, rng = seeded(seed)
        beside = _needs.shots(int(shots), num_words(plan.num_clbits)), f"{shown(shots)} shots of {plan.num_clbits} bits"
        with self._reserved(plan, beside=beside):
            start = self._start(plan.num_qubits, initial_state)
            stages = self._stages_of(plan, all_bits=True)
            packed = draw_shots(self._engine, plan, stages, values, start, int(shots), rng)
        return result_of_words(packed, plan, number, self._vectors, "density_matrix", started)

    def probabilities(
        self,
        circuit: Circuit | ExecutionPlan,
        qubits: int | Sequence[int] | None = None,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> FloatArray:
        """Probabilities of the outcomes of some qubits at the end, exact; readout errors are not among them.

        Args:
            circuit: any circuit.
            qubits: bit j of an outcome is ``qubits[j]``; all qubits by default.
            parameters: values of the free parameters.
            noise: is added to the circuit.

        Returns:
            float64 of shape ``(2**len(qubits),)``.

        Raises:
            QubitIndexError: if an index lies outside the circuit.
            CircuitError: if a qubit comes twice.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        plan = self.compile(circuit, noise)
        measured = check_indices(range(plan.num_qubits) if qubits is None else qubits, plan.num_qubits, "qubit")
        place = {qubit: k for k, qubit in enumerate(plan.active_qubits)}
        values = plan.parameter_vector(parameters)
        beside = 2 * _needs.REAL << len(measured), f"probabilities of {len(measured)} qubits"
        with self._reserved(plan.active, beside=beside):
            state = self._final(plan.active, values, None)
            found = convert.outcomes_of(state, [place[qubit] for qubit in measured if qubit in place])
        np.maximum(found, 0.0, out=found)
        return padded_probabilities(plan, measured, found) if isinstance(plan, PaddedPlan) else found

    @overload
    def expectation_value(
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
    ) -> FloatArray: ...

    def expectation_value(
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Observable | Sequence[Observable],
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> float | FloatArray:
        """``tr(observable ρ)``, exact.

        Args:
            circuit: any circuit.
            observable: one, or several that share the one simulation.
            parameters: values of the free parameters.
            noise: is added to the circuit.

        Returns:
            A number, or an array of shape ``(num_observables,)``.

        Raises:
            OperatorError: if an observable is not Hermitian or has another number of qubits.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        plan = self.compile(circuit, noise)
        observables, several = checked_observables(observable, plan.num_qubits)
        if isinstance(plan, PaddedPlan):
            observables = active_observables(plan, observables, several=True)  # type: ignore[assignment]
        values = plan.parameter_vector(parameters)
        with self._reserved(plan.active), np.errstate(all="ignore"):
            state = self._final(plan.active, values, None)
            found = [mean_of(item, state, plan.active.num_qubits) for item in observables]
        return finite(np.array(found)) if several else finite_number(found[0])

    def variance(
        self,
        circuit: Circuit | ExecutionPlan,
        observable: Observable,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> float:
        """``tr(observable² ρ) - tr(observable ρ)²``, exact.

        Args:
            circuit: any circuit.
            observable: a Pauli sum or a diagonal; of k strings it takes k² products.
            parameters: values of the free parameters.
            noise: is added to the circuit.

        Raises:
            OperatorError: if the observable is not Hermitian or has another number of qubits.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        plan = self._whole(self.compile(circuit, noise))
        check_observable(observable, plan.num_qubits)
        values = plan.parameter_vector(parameters)
        with self._reserved(plan), np.errstate(all="ignore"):
            state = self._final(plan, values, None)
            return finite_number(variance_of(observable, state, plan.num_qubits))

    def _stages_of(self, plan: ExecutionPlan, all_bits: bool) -> tuple[Stage, ...]:
        """The stages of a plan, kept as long as it is."""
        kept = self._stages.setdefault(plan, {})
        if all_bits not in kept:
            kept[all_bits] = stages_of(plan.steps, plan.num_qubits, None if all_bits else bits_read(plan.steps))
        return kept[all_bits]

    def _final(self, plan: ExecutionPlan, values: FloatArray, start: Coefficients | None) -> Coefficients:
        members = Members(self._engine, plan.num_qubits, values)
        return members.final_state(self._stages_of(plan, all_bits=False), plan.num_clbits, start)

    def _whole(self, plan: ExecutionPlan) -> ExecutionPlan:
        return plan.whole if isinstance(plan, PaddedPlan) else plan

    def _start(self, num_qubits: int, initial_state: ArrayLike | None) -> Coefficients | None:
        """The coefficients of a given state; None for ``|0…0⟩``.

        Raises:
            InputError: for another shape, or what is no state.
        """
        if initial_state is None:
            return None
        given = numeric_array(initial_state, "initial_state")
        size, tolerance = 1 << num_qubits, TRACE_TOLERANCE[self.precision]
        if given.shape not in ((size,), (size, size)):
            raise InputError(
                f"initial_state of {num_qubits} qubits has shape ({size},), a state vector, or ({size}, {size}), a "
                f"density matrix, got {given.shape}"
            )
        with np.errstate(all="ignore"):  # what is not finite has no trace of 1
            matrix = np.outer(given, given.conj()) if given.ndim == 1 else given.astype(np.complex128)
            trace = np.trace(matrix)
        if not abs(trace - 1.0) <= tolerance:
            raise InputError(
                f"initial_state must have trace 1 to {tolerance:g}, got {trace:.8g}; divide it by its trace"
            )
        if given.ndim == 2 and np.abs(matrix - matrix.conj().T).max() > tolerance:
            raise InputError(f"initial_state must be Hermitian to {tolerance:g}, got a matrix that is not")
        state = self._engine.empty(num_qubits)
        convert.coefficients_of(matrix, state, self._engine.team)
        return state

    def _reserved(
        self, plan: ExecutionPlan, with_matrix: bool = False, beside: tuple[int, str] = (0, "")
    ) -> AbstractContextManager[None]:
        """Keep memory for a run.

        Args:
            plan: what is run.
            with_matrix: whether its matrix is made.
            beside: bytes that are needed beside, and what for.

        Raises:
            InsufficientMemoryError: with the bytes needed and the bytes free.
        """
        state = _needs.pauli_coefficients(self._engine.dtype.itemsize, digits_of(plan.num_qubits))
        if state <= ALWAYS_THERE >> 3 and beside[0] <= ALWAYS_THERE >> 3:
            return unreserved
        matrix = _needs.density_matrix(self._vectors.dtype.itemsize, plan.num_qubits)
        most = matrix if with_matrix else 0
        for stage in all_stages(self._stages_of(plan, all_bits=False)):
            if isinstance(stage, InitializeStep) or (isinstance(stage, Stretch) and stage.has_wide_channels):
                most = max(most, 2 * state)
            if isinstance(stage, Stretch) and stage.has_wide_gates:
                most = max(most, matrix)
        what = f"a {self.precision}-precision density matrix of {plan.num_qubits} qubits"
        remedy = "use fewer qubits, or trajectories: StatevectorSimulator.run"
        return reserved(state + most + beside[0], f"{what} with {beside[1]}" if beside[1] else what, remedy)
