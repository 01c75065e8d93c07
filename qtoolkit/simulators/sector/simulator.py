"""The sector simulator: exact simulation among the basis states of one Hamming weight."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs, _packed_bits
from qtoolkit._arguments import check_instance, check_integer, seeded, shown
from qtoolkit._memory import ALWAYS_THERE, check_memory, reserved, unreserved
from qtoolkit._version import __version__
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit._checks import check_indices, numeric_array
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Result
from qtoolkit.simulators.options import check_norm, check_shots, dtype_of, threads_of
from qtoolkit.simulators.sector.basis import MAX_SECTOR_QUBITS, SectorLayout, check_sector
from qtoolkit.simulators.sector.operator import SectorOperator, sector_diagonal
from qtoolkit.simulators.sector.plan import SectorPlan
from qtoolkit.simulators.sector.runner import SectorRunner

__all__ = ["SectorSimulator"]

StateArray: TypeAlias = NDArray[np.complexfloating[Any, Any]]
SectorObservable: TypeAlias = PauliSum | NDArray[np.float64]

_KEPT = 4
"""Observables whose matrices are kept."""

_PIECE = 1 << 14


class SectorSimulator:
    """Exact simulation of circuits that conserve the Hamming weight, on ``C(num_qubits, hamming_weight)`` amplitudes.

    It takes the circuits, observables and parameters that `StatevectorSimulator` takes, as long as the circuit starts
    from one weight (X gates on ``|0…0⟩``, `initialize`, a Dicke circuit) and conserves it; observables count by the
    part that does. 20 qubits with 5 ones take 15,504 amplitudes instead of 1,048,576.

    Args:
        hamming_weight: number of ones in every basis state.
        precision: ``"double"`` (complex128) or ``"single"`` (complex64).
        num_threads: 1 to the number of cores; None for all of them. Results do not depend on it.

    Raises:
        InputError: for a weight below 0 or above 62, another precision or number of threads.
    """

    def __init__(self, hamming_weight: int, precision: str = "double", num_threads: int | None = None) -> None:
        self._weight = check_integer(hamming_weight, "hamming_weight", 0, MAX_SECTOR_QUBITS)
        self._precision = precision
        self._dtype = dtype_of(precision)
        self._runner = SectorRunner(threads_of(num_threads))
        self._layouts: dict[int, SectorLayout] = {}
        self._operators: OrderedDict[int, tuple[PauliSum, SectorOperator]] = OrderedDict()

    @property
    def hamming_weight(self) -> int:
        """Number of ones in every basis state."""
        return self._weight

    @property
    def precision(self) -> str:
        """``"double"`` or ``"single"``."""
        return self._precision

    @property
    def num_threads(self) -> int:
        """Threads used for large sectors."""
        return self._runner.num_threads

    def __repr__(self) -> str:
        return f"SectorSimulator(hamming_weight={self._weight}, precision={self._precision!r})"

    def basis(self, num_qubits: int) -> NDArray[np.int64]:
        """The basis states: bit patterns of the weight, ascending, int64 of shape ``(C(num_qubits, weight),)``.

        Raises:
            InputError: if there are not 1 to 62 qubits, or fewer than ones.
            InsufficientMemoryError: if the patterns do not fit into free memory.
        """
        return self._layout(num_qubits).low_patterns(self._weight).copy()

    def embed(self, state: ArrayLike, num_qubits: int) -> NDArray[Any]:
        """A vector over the sector (amplitudes, probabilities) as one over all ``2**num_qubits`` basis states.

        Raises:
            InputError: if it has another shape than the basis.
            InsufficientMemoryError: if the large vector does not fit into free memory.
        """
        layout = self._layout(num_qubits)
        given = numeric_array(state, "a vector over a sector")
        if given.shape != (layout.size,):
            raise InputError(f"a vector over this sector has shape ({layout.size},), got {given.shape}")
        needed = given.dtype.itemsize << num_qubits
        with reserved(needed, f"a vector of {num_qubits} qubits", "stay in the sector", kept=needed):
            full = np.zeros(1 << num_qubits, given.dtype)
            full[layout.low_patterns(self._weight)] = given
            return full

    def diagonal(self, observable: PauliSum) -> NDArray[np.float64]:
        """Values of a diagonal observable on the basis states, float64 of shape ``(C(n, k),)``.

        Raises:
            OperatorError: if it is not diagonal and real.
        """
        check_instance(observable, PauliSum, "a diagonal is that of a PauliSum", OperatorError)
        if not observable.is_diagonal() or not observable.is_hermitian():
            raise OperatorError("a diagonal needs strings of I and Z with real coefficients, got others")
        return sector_diagonal(observable, self._layout(observable.num_qubits))

    def compile(self, circuit: Circuit | SectorPlan) -> SectorPlan:
        """Compile a circuit once, to run it many times.

        Raises:
            CircuitError: if it does not conserve the Hamming weight (the message names the gate), or does more than
                gates and measurements at its end.
            InputError: if it has fewer qubits than ones, or more than 62.
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        if isinstance(circuit, SectorPlan):
            if circuit.hamming_weight != self._weight:
                raise InputError(
                    f"this simulator holds Hamming weight {self._weight}, got a plan for {circuit.hamming_weight}"
                )
            return circuit
        if not isinstance(circuit, Circuit):
            raise InputError(f"a simulator takes a Circuit or what compile made of one, got {shown(circuit)}")
        layout = self._layout(circuit.num_qubits)
        with self._reserved(layout.size, _needs.sector_plan(layout.size)):
            return SectorPlan(circuit, layout)

    def state_vector(
        self,
        circuit: Circuit | SectorPlan,
        parameters: ParameterValues | None = None,
        initial_state: ArrayLike | None = None,
    ) -> StateArray:
        """The amplitudes at the end of a circuit, before its final measurements.

        Args:
            circuit: as for `compile`.
            parameters: values of the free parameters.
            initial_state: amplitudes in the sector, for a circuit that prepares none; norm 1 to 1e-6 (1e-4 in single
                precision).

        Returns:
            complex128 or complex64 of shape ``(C(n, k),)``, in the order of `basis`; `embed` makes it a full vector.

        Raises:
            CircuitError: if the circuit starts from another weight.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        plan = self.compile(circuit)
        values = plan.parameter_vector(parameters)
        size, amplitude = plan.program.size, self._dtype.itemsize
        with self._reserved(size, _needs.sector_state(amplitude, size), kept=amplitude * size):
            state: StateArray = np.empty(size, self._dtype)
            self._simulate(plan, values, initial_state, state)
            phase = plan.global_phase(values)
            if phase != 1.0:
                np.multiply(state, phase, out=state, casting="same_kind")
            return state

    def probabilities(
        self,
        circuit: Circuit | SectorPlan,
        qubits: int | Sequence[int] | None = None,
        parameters: ParameterValues | None = None,
    ) -> NDArray[np.float64]:
        """Exact probabilities of the basis states of the sector, or of the outcomes of some qubits.

        Args:
            circuit: as for `compile`.
            qubits: bit j of an outcome is ``qubits[j]``; without them, the whole basis.
            parameters: values of the free parameters.

        Returns:
            float64 of shape ``(C(n, k),)`` in the order of `basis`, or ``(2**len(qubits),)``.

        Raises:
            QubitIndexError: if an index lies outside the circuit.
            CircuitError: if a qubit comes twice, or as for `state_vector`.
        """
        plan = self.compile(circuit)
        values, size = plan.parameter_vector(parameters), plan.program.size
        chosen = () if qubits is None else check_indices(qubits, plan.num_qubits, "qubit")
        num_outcomes = 0 if qubits is None else 1 << len(chosen)
        needed = _needs.sector_distribution(self._dtype.itemsize, size, num_outcomes)
        with self._reserved(size, needed, kept=8 * (num_outcomes or size)):
            weights = self._weights(plan, values, None)
            if qubits is None:
                return weights
            outcomes = np.zeros(weights.size, np.int64)
            for place, qubit in enumerate(chosen):
                outcomes |= (self._layout(plan.num_qubits).low_patterns(self._weight) >> qubit & 1) << place
            return np.bincount(outcomes, weights=weights, minlength=num_outcomes).astype(np.float64, copy=False)

    def run(
        self,
        circuit: Circuit | SectorPlan,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        initial_state: ArrayLike | None = None,
    ) -> Result:
        """Measured bits of `shots` independent runs.

        Args:
            circuit: measures at its end; bits never measured are 0.
            shots: at least 1.
            seed: makes the result reproducible; without one, the result carries the seed that was drawn.
            parameters: values of the free parameters.
            initial_state: as for `state_vector`.

        Raises:
            CircuitError: if the circuit measures nothing, or as for `state_vector`.
            InputError: if `shots` is below 1 or `seed` is no integer of at least 0.
            InsufficientMemoryError: if the state or the shots do not fit into free memory.
        """
        started = time.perf_counter()
        plan = self.compile(circuit)
        check_shots(shots, plan.measures)
        words = _packed_bits.num_words(plan.num_clbits)
        what = f"{shown(shots)} shots of {plan.num_clbits} bits"
        check_memory(_needs.sector_shots(int(shots), words), what, "take fewer at a time and add the counts")
        number, rng = seeded(seed)
        values, size = plan.parameter_vector(parameters), plan.program.size
        needed = _needs.sector_samples(self._dtype.itemsize, size, int(shots), words)
        with self._reserved(size, needed, f" with {what}", kept=8 * int(shots) * words):
            packed = self._sampled(plan, self._weights(plan, values, initial_state), int(shots), rng)
        return Result.from_packed(
            packed,
            plan.num_clbits,
            registers=plan.clbit_registers,
            seed=number,
            backend_name="sector",
            metadata={
                "precision": self.precision,
                "hamming_weight": self._weight,
                "num_threads": self.num_threads,
                "wall_time": time.perf_counter() - started,
                "version": __version__,
            },
        )

    @overload
    def expectation_value(
        self, circuit: Circuit | SectorPlan, observable: SectorObservable, parameters: ParameterValues | None = None
    ) -> float: ...

    @overload
    def expectation_value(
        self,
        circuit: Circuit | SectorPlan,
        observable: Sequence[SectorObservable],
        parameters: ParameterValues | None = None,
    ) -> NDArray[np.float64]: ...

    def expectation_value(
        self,
        circuit: Circuit | SectorPlan,
        observable: SectorObservable | Sequence[SectorObservable],
        parameters: ParameterValues | None = None,
    ) -> float | NDArray[np.float64]:
        """``⟨ψ|observable|ψ⟩``, exact.

        Args:
            circuit: as for `compile`.
            observable: a Pauli sum, or a diagonal as a real vector over the basis, see `diagonal`; or several that
                share the one simulation. Terms that change the Hamming weight contribute nothing.
            parameters: values of the free parameters.

        Raises:
            OperatorError: if an observable is not Hermitian or has another number of qubits.
        """
        plan = self.compile(circuit)
        several = isinstance(observable, Sequence)
        observables: Sequence[Any] = observable if isinstance(observable, Sequence) else [observable]
        measured = [self._measured(item, plan.num_qubits) for item in observables]
        values, size = plan.parameter_vector(parameters), plan.program.size
        needed = _needs.sector_expectation(self._dtype.itemsize, size, max(map(_num_entries, measured), default=0))
        with self._reserved(size, needed), self._borrowed_state(plan, values, None) as state:
            found = [_expectation(item, state) for item in measured]
        return np.array(found) if several else found[0]

    def gradient(
        self, circuit: Circuit | SectorPlan, observable: SectorObservable, parameters: ParameterValues
    ) -> tuple[float, NDArray[np.float64]]:
        """The expectation value and its derivatives by every parameter, by the adjoint method.

        Args:
            circuit: as for `compile`.
            observable: as for `expectation_value`.
            parameters: values of the free parameters.

        Returns:
            The value, and float64 of shape ``(num_parameters,)`` in the order of ``circuit.parameters``.

        Raises:
            OperatorError: if the observable is not Hermitian or has another number of qubits.
        """
        plan = self.compile(circuit)
        measured = self._measured(observable, plan.num_qubits)
        values = plan.parameter_vector(parameters)
        size = plan.program.size
        with self._reserved(size, _needs.sector_gradient(self._dtype.itemsize, size, _num_entries(measured))):
            rows = self._runner.borrow(size, 4, self._dtype.type(0).real.dtype)
            both = rows.view(self._dtype)
            with self._borrowed_state(plan, values, None) as ket:
                both[:, 0] = ket
                if isinstance(measured, SectorOperator):
                    both[:, 1] = measured.apply(ket)
                else:
                    np.multiply(ket, measured, out=both[:, 1], casting="same_kind")
                value = _real_overlap(ket, both[:, 1])
            found = self._runner.adjoint(plan.program, values, rows)
            self._runner.give_back(rows)
            return value, found

    def _layout(self, num_qubits: int) -> SectorLayout:
        if type(num_qubits) is not int:
            num_qubits = check_integer(num_qubits, "num_qubits")
        if num_qubits not in self._layouts:
            check_sector(num_qubits, self._weight)
            size = math.comb(num_qubits, self._weight)
            with self._reserved(size, _needs.sector_basis(size), " with its bit patterns", kept=8 * size):
                layout = SectorLayout(num_qubits, self._weight)
                layout.low_patterns(self._weight)  # which it lists when they are first asked for
                self._layouts = {num_qubits: layout}
        return self._layouts[num_qubits]

    def _reserved(self, size: int, needed: int, beside: str = "", kept: int = 0) -> AbstractContextManager[None]:
        """Keep memory for work on a sector while it lasts."""
        if needed <= ALWAYS_THERE:
            return unreserved
        return reserved(needed, f"a sector of {size:,} amplitudes{beside}", "use fewer qubits or another weight", kept)

    def _sampled(
        self, plan: SectorPlan, weights: NDArray[np.float64], shots: int, rng: np.random.Generator
    ) -> NDArray[np.uint64]:
        """Packed bits of shots."""
        cumulative = np.cumsum(weights)
        places = np.searchsorted(cumulative, rng.random(shots) * cumulative[-1], side="right")
        # Rounding cannot give an outcome of probability zero: what falls off the end takes the last possible one.
        last = int(np.searchsorted(cumulative, cumulative[-1], side="left"))
        np.minimum(places, last, out=places)
        patterns = self._layout(plan.num_qubits).low_patterns(self._weight)[places]
        packed = np.zeros((shots, _packed_bits.num_words(plan.num_clbits)), np.uint64)
        qubit_of = {clbit: qubit for qubit, clbit in plan.final_measurements}
        _packed_bits.select(patterns.view(np.uint64)[:, None], list(qubit_of.values()), packed, list(qubit_of))
        return packed

    def _simulate(
        self, plan: SectorPlan, values: NDArray[np.float64], initial_state: ArrayLike | None, state: StateArray
    ) -> None:
        """Write the state at the end, without its global phase."""
        first = 0
        if initial_state is None:
            first = plan.program.first_wanted
            state[:] = plan.prepared_state
        else:
            state[:] = self._given(plan, initial_state)
        self._runner.forward(plan.program, values, state, first)

    @contextmanager
    def _borrowed_state(
        self, plan: SectorPlan, values: NDArray[np.float64], initial_state: ArrayLike | None
    ) -> Iterator[StateArray]:
        """The state at the end in memory that the next call uses again."""
        rows = self._runner.borrow(plan.program.size, 2, self._dtype.type(0).real.dtype)
        state: StateArray = rows.view(self._dtype)[:, 0]
        self._simulate(plan, values, initial_state, state)
        yield state
        self._runner.give_back(rows)

    def _weights(
        self, plan: SectorPlan, values: NDArray[np.float64], initial_state: ArrayLike | None
    ) -> NDArray[np.float64]:
        """Probabilities of the basis states."""
        with self._borrowed_state(plan, values, initial_state) as state:
            return _squared(state)

    def _given(self, plan: SectorPlan, initial_state: ArrayLike) -> StateArray:
        given = numeric_array(initial_state, "initial_state")
        plan.check_given(given.size if given.ndim == 1 else -1)
        state: StateArray = np.array(given, dtype=self._dtype, order="C")
        state *= check_norm(float(np.linalg.norm(given)), given, self._dtype)
        return state

    def _measured(self, observable: object, num_qubits: int) -> SectorOperator | NDArray[np.float64]:
        layout = self._layout(num_qubits)
        if isinstance(observable, PauliSum):
            if observable.num_qubits != num_qubits:
                raise OperatorError(
                    f"the observable must have the circuit's {num_qubits} qubits, got {observable.num_qubits}"
                )
            if not observable.is_hermitian():
                raise OperatorError("an observable must be Hermitian (real coefficients), got a complex coefficient")
            return self._operator(observable, layout)
        if not isinstance(observable, np.ndarray):
            raise OperatorError(
                f"an observable is a PauliSum or a real numpy vector, got {shown(observable)}; see PauliSum.from_list"
            )
        if observable.shape != (layout.size,) or observable.dtype.kind not in "biuf":
            raise OperatorError(
                f"a diagonal observable is a real vector over the basis, shape ({layout.size},), got "
                f"{observable.dtype} of shape {observable.shape}; see SectorSimulator.diagonal"
            )
        return observable.astype(np.float64, copy=False)

    def _operator(self, observable: PauliSum, layout: SectorLayout) -> SectorOperator:
        """The matrix of an observable, kept because it is measured many times."""
        key = id(observable)
        if key not in self._operators:
            self._operators[key] = (observable, SectorOperator(observable, layout))
            if len(self._operators) > _KEPT:
                self._operators.popitem(last=False)
        self._operators.move_to_end(key)
        return self._operators[key][1]


def _num_entries(measured: SectorOperator | NDArray[np.float64]) -> int:
    return measured.num_entries if isinstance(measured, SectorOperator) else 0


def _expectation(measured: SectorOperator | NDArray[np.float64], state: StateArray) -> float:
    if isinstance(measured, SectorOperator):
        return _real_overlap(state, measured.apply(state))
    return math.fsum(float((_squared(state[piece]) * measured[piece]).sum()) for piece in _pieces(state.size))


def _real_overlap(ket: StateArray, image: StateArray) -> float:
    """Real part of ``⟨ket|image⟩``."""
    total = []
    for piece in _pieces(ket.size):
        a, b = ket[piece].astype(np.complex128), image[piece].astype(np.complex128)
        total.append(float((a.real * b.real + a.imag * b.imag).sum()))
    return math.fsum(total)


def _pieces(size: int) -> Iterator[slice]:
    """Pieces of a vector that stay in the cache; BLAS would wake threads for the whole."""
    return (slice(start, start + _PIECE) for start in range(0, size, _PIECE))


def _squared(state: StateArray) -> NDArray[np.float64]:
    """Squared moduli in double precision."""
    squared = np.empty(state.size)
    for piece in _pieces(state.size):
        real, imaginary = state.real[piece].astype(np.float64), state.imag[piece].astype(np.float64)
        squared[piece] = real * real + imaginary * imaginary
    return squared
