"""A circuit compiled for the states of one Hamming weight."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit.parameter import resolve_values
from qtoolkit.errors import CircuitError, InputError, UnboundParameterError
from qtoolkit.simulators.sector.basis import SectorLayout
from qtoolkit.simulators.sector.lowering import SectorLowering
from qtoolkit.simulators.sector.program import SectorProgram
from qtoolkit.simulators.sector.reflections import with_reflections
from qtoolkit.simulators.sector.runner import SectorRunner
from qtoolkit.simulators.sector.steps import PairStep, ReflectionStep

__all__ = ["SectorPlan"]

_OUTSIDE = 1e-10
"""An initial state with more probability than this on other weights is refused; less is rounding."""


class SectorPlan:
    """A compiled circuit; accepted by a `SectorSimulator` of the same weight wherever a circuit is.

    Args:
        circuit: prepares a state of the weight and conserves it.
        layout: the basis, not cut into high and low bits.

    Attributes:
        num_qubits, num_clbits: sizes of the circuit.
        hamming_weight: ones in every basis state.
        parameters: free parameters; sequences of values follow this order.
        clbit_registers: the circuit's classical registers.
        final_measurements: qubit and classical bit of each measurement.
        program: arrays for the kernels.

    Raises:
        CircuitError: if the circuit does not conserve the weight, or does more than gates and final measurements.
    """

    def __init__(self, circuit: Circuit, layout: SectorLayout) -> None:
        body, self.final_measurements = circuit.split_final_measurements()
        self.num_qubits, self.num_clbits = circuit.num_qubits, circuit.num_clbits
        self.hamming_weight = layout.weight
        self.parameters = circuit.parameters
        self.clbit_registers = circuit.clbit_registers
        self._layout = layout
        self._names = tuple(p.name for p in self.parameters)
        self._lowering = SectorLowering(body, layout.weight)
        index = {name: i for i, name in enumerate(self._names)}
        steps = with_reflections(self._lowering.steps, self.num_qubits, self.hamming_weight)
        directions: dict[tuple[int, tuple[PairStep, ...]], NDArray[np.complex128]] = {}
        for step in steps:
            if isinstance(step, ReflectionStep) and (step.start, step.preparation) not in directions:
                directions[step.start, step.preparation] = self._prepared(step)
        self.program = SectorProgram(self.num_qubits, self.hamming_weight, steps, index, directions)

    def _prepared(self, step: ReflectionStep) -> NDArray[np.complex128]:
        program = SectorProgram(self.num_qubits, self.hamming_weight, step.preparation, {}, {})
        state = self._basis_state(step.start)
        SectorRunner(1).forward(program, np.zeros(0), state, 0)
        return state

    def _basis_state(self, bits: int) -> NDArray[np.complex128]:
        state = np.zeros(self._layout.size, np.complex128)
        state[self._layout.low_ranks(np.array([bits]), self.hamming_weight)] = 1.0
        return state

    def parameter_vector(self, values: ParameterValues | None) -> NDArray[np.float64]:
        """Parameter values in order, float64 of shape ``(num_parameters,)``.

        Raises:
            UnboundParameterError: if a parameter has no value.
            ParameterError: for an unknown name, a wrong count or a value that is not finite.
        """
        resolved = {} if values is None else resolve_values(self.parameters, values)
        missing = [name for name in self._names if name not in resolved]
        if missing:
            raise UnboundParameterError(
                f"every parameter needs a value, got none for {', '.join(missing[:8])}; pass parameters=… or bind the "
                "circuit"
            )
        return np.array([resolved[name] for name in self._names], dtype=np.float64)

    def global_phase(self, values: NDArray[np.float64]) -> complex:
        """The factor of the whole state."""
        angle = self._lowering.phase
        if not isinstance(angle, float):
            angle = float(angle.bind(dict(zip(self._names, values.tolist(), strict=True))))
        return complex(np.exp(1j * angle))

    @property
    def measures(self) -> bool:
        """Whether the circuit measures anything."""
        return bool(self.final_measurements)

    @property
    def prepares_its_state(self) -> bool:
        """Whether the circuit begins with X gates, `initialize` or a Dicke circuit, not with a state that is given."""
        lowering = self._lowering
        return bool(lowering.is_uniform or lowering.initial_bits or lowering.initializations)

    @cached_property
    def prepared_state(self) -> NDArray[np.complex128]:
        """The state before the first operation that a parameter enters, complex128 of shape ``(C(n, k),)``.

        Raises:
            CircuitError: if the circuit starts from another weight.
        """
        state = self._initial_state()
        SectorRunner(1).forward(self.program, np.zeros(len(self._names)), state, 0, self.program.first_wanted)
        return state

    def _initial_state(self) -> NDArray[np.complex128]:
        lowering = self._lowering
        if lowering.is_uniform:
            return np.full(self._layout.size, 1.0 / math.sqrt(self._layout.size), np.complex128)
        patterns, amplitudes = np.array([lowering.initial_bits]), np.ones(1, np.complex128)
        for qubits, vector in lowering.initializations:
            chosen = np.flatnonzero(vector)
            spread = sum((chosen >> place & 1) << q for place, q in enumerate(qubits))
            patterns = (patterns[:, None] | np.asarray(spread)[None, :]).ravel()
            amplitudes = np.outer(amplitudes, vector[chosen]).ravel()
        inside = np.bitwise_count(patterns) == self.hamming_weight
        if float(np.sum(np.abs(amplitudes[~inside]) ** 2)) > _OUTSIDE:
            found = sorted(set(np.bitwise_count(patterns).tolist()))
            raise CircuitError(
                f"this simulator holds states of Hamming weight {self.hamming_weight}, got a circuit that starts from "
                f"weight {', '.join(map(str, found))}; put X gates on {self.hamming_weight} qubits first, or use "
                "SectorSimulator with the other weight"
            )
        state = np.zeros(self._layout.size, np.complex128)
        state[self._layout.low_ranks(patterns[inside], self.hamming_weight)] = amplitudes[inside]
        return state

    def check_given(self, size: int) -> None:
        """Refuse a given initial state where the circuit prepares its own, or one of another size.

        Raises:
            InputError: in these two cases.
        """
        if self.prepares_its_state:
            raise InputError(
                "initial_state is for circuits that prepare none, got one with X gates or initialize at its start"
            )
        if size != self._layout.size:
            raise InputError(
                f"initial_state of {self.num_qubits} qubits with {self.hamming_weight} ones has shape "
                f"({self._layout.size},), got {size} entries"
            )
