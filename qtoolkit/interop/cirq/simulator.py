"""A simulator with Cirq's interface and our engine."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cirq
import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit import _needs
from qtoolkit._memory import check_memory, reserved
from qtoolkit.compiler import ExecutionPlan
from qtoolkit.errors import ConversionError, InputError, UnboundParameterError
from qtoolkit.interop.cirq.from_circuit import convert, ordered_qubits
from qtoolkit.interop.operators import pauli_sum_from_cirq
from qtoolkit.operators import PauliSum
from qtoolkit.simulators import StatevectorSimulator

__all__ = ["Simulator"]

_PRECISIONS = {np.dtype(np.complex64): "single", np.dtype(np.complex128): "double"}


@dataclass(frozen=True)
class _Prepared:
    """A compiled program, and the classical bits of each measurement under each key."""

    plan: ExecutionPlan
    parameter_names: tuple[str, ...]
    records: Mapping[str, Sequence[tuple[int, ...]]]


class Simulator(
    cirq.SimulatesSamples,  # type: ignore[misc]  # Cirq's classes are Any to the type checker
    cirq.SimulatesAmplitudes,  # type: ignore[misc]
    cirq.SimulatesFinalState,  # type: ignore[misc]
    cirq.SimulatesExpectationValues,  # type: ignore[misc]
):
    """Simulates Cirq circuits on `qtoolkit.simulators.StatevectorSimulator`, in place of `cirq.Simulator`.

    Arguments and results are Cirq's, in Cirq's order of qubits: the first one is the highest bit of an index.
    What circuits may hold is what `from_cirq` takes; noise is drawn anew in each run, as there. A program is
    converted and compiled once for all points of a sweep, and again only after it changed.

    Unlike `cirq.Simulator`, it computes in double precision unless told otherwise, and does not step through moments.

    Args:
        dtype: `numpy.complex128` or `numpy.complex64`.
        seed: an integer, a NumPy `Generator` or `RandomState`, or None for a random one. Runs of one simulator
            go on drawing from it, as in Cirq.
        num_threads: as for `StatevectorSimulator`.

    Raises:
        InputError: for another dtype.
    """

    def __init__(self, *, dtype: DTypeLike = np.complex128, seed: Any = None, num_threads: int | None = None) -> None:
        self._dtype = np.dtype(dtype)
        if self._dtype not in _PRECISIONS:
            raise InputError(f"dtype must be complex64 or complex128, got {self._dtype}")
        self._simulator = StatevectorSimulator(precision=_PRECISIONS[self._dtype], num_threads=num_threads)
        self._rng = _generator(seed)
        self._cached: tuple[Any, tuple[Any, ...], _Prepared] | None = None

    def __repr__(self) -> str:
        return f"qtoolkit.interop.cirq.Simulator(dtype=np.{self._dtype.name})"

    def simulate_sweep_iter(
        self,
        program: cirq.AbstractCircuit,
        params: Any,
        qubit_order: Any = cirq.QubitOrder.DEFAULT,
        initial_state: Any = None,
    ) -> Iterator[cirq.StateVectorTrialResult]:
        """Simulate one random run of the program for every point of a sweep.

        Args:
            program: the circuit.
            params: Cirq's sweeps, resolvers or dictionaries.
            qubit_order: which qubit is which axis; the first one is the highest bit of an index.
            initial_state: a basis state's number, amplitudes of shape ``(2**n,)`` or ``(2,) * n``, or the digits
                of a basis state; ``|0…0⟩`` by default.

        Yields:
            Results with ``final_state_vector`` and the last ``measurements`` under each key.

        Raises:
            ConversionError: if the circuit has something that `from_cirq` does not take.
            UnboundParameterError: if a symbol has no value.
            InputError: if the initial state does not fit.
        """
        qubits = ordered_qubits(program, qubit_order)
        for resolver in cirq.to_resolvers(params):
            prepared, values = self._prepared(program, qubits, resolver)
            # Cirq copies the state.
            needed = _needs.copied_state(self._dtype.itemsize, len(qubits))
            what = f"a state of {len(qubits)} qubits and Cirq's copy of it"
            with reserved(needed, what, "use fewer qubits", kept=needed // 2):
                start = _initial_vector(initial_state, len(qubits))
                run = self._simulator.trajectory(prepared.plan, values, start, self._rng)
                digits = {
                    key: [tuple(run.clbits[list(clbits)].tolist()) for clbits in instances]
                    for key, instances in prepared.records.items()
                }
                state = cirq.StateVectorSimulationState(
                    initial_state=run.state_vector.reshape((2,) * len(qubits)),
                    qubits=qubits,
                    dtype=self._dtype.type,
                    prng=np.random.RandomState(int(self._rng.integers(1 << 32))),  # Cirq takes no Generator
                    classical_data=cirq.ClassicalDataDictionaryStore(
                        _records={cirq.MeasurementKey.parse_serialized(key): rows for key, rows in digits.items()}
                    ),
                )
                del start, run
            measurements = {key: np.array(rows[-1], dtype=np.uint8) for key, rows in digits.items()}
            yield cirq.StateVectorTrialResult(resolver, measurements, state)

    def simulate_expectation_values_sweep_iter(
        self,
        program: cirq.AbstractCircuit,
        observables: Any,
        params: Any,
        qubit_order: Any = cirq.QubitOrder.DEFAULT,
        initial_state: Any = None,
        permit_terminal_measurements: bool = False,
    ) -> Iterator[list[float]]:
        """Compute exact expectation values at the end of the program for every point of a sweep.

        Args:
            program: the circuit.
            observables: a Pauli string or sum of Cirq, or a list of them.
            params: as for `simulate_sweep_iter`.
            qubit_order: as for `simulate_sweep_iter`.
            initial_state: as for `simulate_sweep_iter`.
            permit_terminal_measurements: allow measurements at the end, which collapse the state.

        Yields:
            One value for each observable.

        Raises:
            InputError: if measurements end the program and are not permitted, or as for `simulate_sweep_iter`.
            OperatorError: if an observable is not Hermitian.
        """
        if not permit_terminal_measurements and program.are_any_measurements_terminal():
            raise InputError(
                "expectation values of a circuit that ends in measurements are those of a collapsed state; "
                "take the measurements out, or set permit_terminal_measurements=True"
            )
        qubits = ordered_qubits(program, qubit_order)
        wanted = observables if isinstance(observables, list) else [observables]
        sums: dict[tuple[int, ...], list[PauliSum]] = {}
        for resolver in cirq.to_resolvers(params):
            prepared, values = self._prepared(program, qubits, resolver)
            start = _initial_vector(initial_state, len(qubits))
            plan = prepared.plan if start is not None else prepared.plan.active
            kept = prepared.plan.active_qubits if start is None else tuple(range(len(qubits)))
            if kept not in sums:
                sums[kept] = [
                    _beside_zeros(cirq.PauliSum.wrap(observable), qubits[::-1], kept) for observable in wanted
                ]
            state = self._simulator.trajectory(plan, values, start, self._rng).state_vector
            yield [total.expectation_value(state) for total in sums[kept]]

    def compute_amplitudes_sweep_iter(
        self,
        program: cirq.AbstractCircuit,
        bitstrings: Sequence[int],
        params: Any,
        qubit_order: Any = cirq.QubitOrder.DEFAULT,
    ) -> Iterator[Sequence[complex]]:
        """Compute amplitudes of the final state for every point of a sweep.

        Args:
            program: the circuit.
            bitstrings: numbers of basis states, the first qubit the highest bit.
            params: as for `simulate_sweep_iter`.
            qubit_order: as for `simulate_sweep_iter`.

        Yields:
            One amplitude for each number.

        Raises:
            InputError: if the numbers are not a sequence of integers that the qubits can hold.
        """
        indices = np.asarray(bitstrings)
        size = 1 << len(ordered_qubits(program, qubit_order))
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            raise InputError(f"bitstrings must be a sequence of integers, got {bitstrings!r}")
        if indices.size and not (indices.min() >= 0 and indices.max() < size):
            raise InputError(f"bitstrings must be numbers from 0 to {size - 1}, got {indices.tolist()}")
        qubits = ordered_qubits(program, qubit_order)
        for resolver in cirq.to_resolvers(params):
            prepared, values = self._prepared(program, qubits, resolver)
            state = self._simulator.trajectory(prepared.plan, values, None, self._rng).state_vector
            yield state[indices.astype(np.int64)].tolist()

    def _run(
        self, circuit: cirq.AbstractCircuit, param_resolver: cirq.ParamResolver, repetitions: int
    ) -> dict[str, NDArray[np.uint8]]:
        qubits = tuple(sorted(circuit.all_qubits()))
        prepared, values = self._prepared(circuit, qubits, cirq.ParamResolver(param_resolver))
        num_clbits = prepared.plan.num_clbits
        needed = _needs.converted_bits(repetitions, num_clbits)
        check_memory(needed, f"{repetitions} repetitions of {num_clbits} bits", "take fewer at a time")
        memory = self._simulator.run(prepared.plan, repetitions, seed=self._rng, parameters=values).memory
        assert memory is not None
        return {key: memory[:, np.array(instances, dtype=np.int64)] for key, instances in prepared.records.items()}

    def _prepared(
        self, program: cirq.AbstractCircuit, qubits: tuple[Any, ...], resolver: cirq.ParamResolver
    ) -> tuple[_Prepared, dict[str, float]]:
        """The program with its symbols open, and their values; or resolved first where an angle is not linear."""
        frozen = program.freeze()  # Cirq hands out the same object until the program changes
        if self._cached is None or self._cached[0] is not frozen or self._cached[1] != qubits:
            try:
                self._cached = (frozen, qubits, self._compiled(frozen, qubits))
            except ConversionError:
                if not cirq.is_parameterized(frozen):
                    raise
                resolved = cirq.resolve_parameters(frozen, resolver)
                return self._compiled(resolved, qubits), _values(cirq.parameter_names(resolved), resolver)
        prepared = self._cached[2]
        return prepared, _values(prepared.parameter_names, resolver)

    def _compiled(self, program: cirq.AbstractCircuit, qubits: tuple[Any, ...]) -> _Prepared:
        # With the qubits reversed, our index of a basis state is Cirq's, and no state needs to be permuted.
        conversion = convert(program, qubits[::-1])
        names = tuple(parameter.name for parameter in conversion.circuit.parameters)
        return _Prepared(self._simulator.compile(conversion.circuit), names, conversion.records)


def _beside_zeros(op: cirq.PauliSum, qubits: tuple[Any, ...], kept: tuple[int, ...]) -> PauliSum:
    """What an operator is on some of the qubits, by their numbers, while the others are in ``|0⟩``: Z is 1 there.

    Strings with X or Y there are left out, having the mean 0.
    """
    active = [qubits[k] for k in kept]
    zeros = set(qubits).difference(active)
    strings = [
        cirq.PauliString({q: pauli for q, pauli in term.items() if q not in zeros}, term.coefficient)
        for term in op
        if all(q not in zeros or pauli == cirq.Z for q, pauli in term.items())
    ]
    return pauli_sum_from_cirq(cirq.PauliSum.from_pauli_strings(strings), active)


def _values(names: Any, resolver: cirq.ParamResolver) -> dict[str, float]:
    values: dict[str, float] = {}
    for name in names:
        value = resolver.value_of(name)
        if cirq.is_parameterized(value) or not isinstance(value, numbers.Real):
            raise UnboundParameterError(
                f"every symbol needs a real value, got {value} for {name}; add it to the resolver"
            )
        values[name] = float(value)
    return values


def _generator(seed: Any) -> np.random.Generator:
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    try:
        if isinstance(seed, numbers.Integral):
            return np.random.default_rng(int(seed))
        return np.random.default_rng(cirq.value.parse_random_state(seed).randint(0, 1 << 31, size=4))
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"seed must be an integer of at least 0, a Generator, a RandomState or None, got {seed!r}"
        ) from error


def _initial_vector(initial_state: Any, num_qubits: int) -> NDArray[np.complex128] | None:
    if initial_state is None or (isinstance(initial_state, numbers.Integral) and initial_state == 0):
        return None
    if isinstance(initial_state, cirq.SimulationStateBase):
        raise InputError("initial_state must be a number or amplitudes; pass result.final_state_vector instead")
    try:
        vector = cirq.to_valid_state_vector(initial_state, num_qubits=num_qubits, dtype=np.complex128, atol=1e-6)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"initial_state must be a state of {num_qubits} qubits: {reason}") from error
    return np.asarray(vector, dtype=np.complex128).reshape(-1)
