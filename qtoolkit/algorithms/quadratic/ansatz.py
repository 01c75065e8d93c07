"""The circuits of QAOA on binary quadratic problems, and the simulators that run them exactly."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._memory import check_memory
from qtoolkit.algorithms.dicke import dicke_circuit
from qtoolkit.algorithms.mixers import CompleteXYMixer, GroverMixer, Mixer, RingXYMixer, TransverseMixer
from qtoolkit.algorithms.qaoa_circuit import qaoa_circuit
from qtoolkit.algorithms.quadratic.encoding import Encoding
from qtoolkit.algorithms.quadratic.measured import lower_tail, tail_observable
from qtoolkit.circuit import Circuit, ParameterValue
from qtoolkit.circuit.dicke import dicke_operations

__all__ = ["CircuitLandscape", "TiltedMixer", "layered_circuit", "layered_mixer", "start_circuit"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROWS = 1 << 14

_COMPLETE_STEP = 4.0
"""On all pairs of m qubits each is in m - 1 exchanges: β is this much larger than what they turn by, times m."""


@dataclass(frozen=True)
class TiltedMixer:
    """``H_M = -Σ (sin θ_i X_i + cos θ_i Z_i)``, whose ground state has a 1 in place i with probability ``sin²(θ_i/2)``.

    Source: Egger, Mareček and Woerner, Quantum 5, 479 (2021), eq. (5).

    Attributes:
        angles: θ, one for each qubit.
    """

    angles: tuple[float, ...]

    @classmethod
    def of(cls, chances: FloatArray) -> TiltedMixer:
        """With these probabilities of a 1."""
        return cls(tuple((2.0 * np.arcsin(np.sqrt(chances))).tolist()))

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        return len(self.angles)

    @property
    def conserves_hamming_weight(self) -> bool:
        """False."""
        return False

    def append_layer(self, circuit: Circuit, beta: ParameterValue) -> None:
        """Add ``exp(-iβ H_M)``."""
        for qubit, angle in enumerate(self.angles):
            circuit.ry(-angle, qubit).rz(-2.0 * beta, qubit).ry(angle, qubit)


@dataclass(frozen=True)
class _SideBySide:
    """Mixers on qubits of their own, each with a factor for its angle."""

    num_qubits: int
    parts: tuple[tuple[Mixer, tuple[int, ...], float], ...]

    @property
    def conserves_hamming_weight(self) -> bool:
        return all(mixer.conserves_hamming_weight for mixer, _, _ in self.parts)

    def append_layer(self, circuit: Circuit, beta: ParameterValue) -> None:
        for mixer, qubits, factor in self.parts:
            layer = Circuit(mixer.num_qubits)
            mixer.append_layer(layer, factor * beta)
            circuit.extend(layer, qubits)


def start_circuit(encoding: Encoding, chances: FloatArray | None = None) -> Circuit:
    """Dicke states of the kept groups beside ``|+⟩`` on the other qubits: all choices that the groups allow, alike.

    Args:
        encoding: of the problem.
        chances: of each qubit to be 1 before it is known what the groups allow, between 0 and 1; alike by default.
    """
    circuit = Circuit(encoding.num_qubits)
    for group in encoding.groups:
        size = len(group.qubits)
        if chances is None:
            circuit.extend(dicke_circuit(size, group.ones), group.qubits)
            continue
        tilted = Circuit(size)
        for operation in dicke_operations(size, group.ones, _chances_in_order(chances[list(group.qubits)], group.ones)):
            tilted.append(operation.gate, operation.qubits)
        circuit.extend(tilted, group.qubits)
    for qubit in encoding.free_qubits:
        if chances is None:
            circuit.h(qubit)
        else:
            circuit.ry(2.0 * math.asin(math.sqrt(chances[qubit])), qubit)
    return circuit


def _chances_in_order(chances: FloatArray, ones: int) -> Callable[[int, int], float]:
    """What `dicke_operations` asks for, of independent bits that are known to hold so many ones together."""
    # sums[n, l]: of all choices of l among the first n bits, the products of their odds
    sums = np.zeros((len(chances) + 1, ones + 1))
    sums[0, 0] = 1.0
    odds = chances / (1.0 - chances)
    for length, own in enumerate(odds.tolist()):
        sums[length + 1] = sums[length]
        sums[length + 1, 1:] += own * sums[length, :-1]

    def chance(length: int, number: int) -> float:
        return float(min(odds[length - 1] * sums[length - 1, number - 1] / sums[length, number], 1.0))

    return chance


def layered_mixer(encoding: Encoding, kind: str, chances: FloatArray | None, *, exact: bool = True) -> Mixer:
    """The mixer of a name, see `QaoaSolver`.

    Args:
        encoding: of the problem.
        kind: ``"transverse"``, ``"ring"``, ``"complete"`` or ``"grover"``.
        chances: of each qubit to be 1 in the start, between 0 and 1; alike by default.
        exact: whether the complete mixer is exact, as simulators have it.
    """
    if kind == "grover":
        return GroverMixer(start_circuit(encoding, chances), encoding.weight is not None)
    parts: list[tuple[Mixer, tuple[int, ...], float]] = []
    for group in encoding.groups:
        size = len(group.qubits)
        if kind == "ring":
            parts.append((RingXYMixer(size), group.qubits, 1.0))
        else:
            parts.append((CompleteXYMixer(size, exact), group.qubits, _COMPLETE_STEP / size))
    free = encoding.free_qubits
    if free:
        tilted = TransverseMixer(len(free)) if chances is None else TiltedMixer.of(chances[list(free)])
        parts.append((tilted, free, 1.0))
    return _SideBySide(encoding.num_qubits, tuple(parts))


def layered_circuit(
    encoding: Encoding,
    kind: str,
    num_layers: int,
    chances: FloatArray | None = None,
    *,
    exact: bool = True,
    scale: float | None = None,
) -> Circuit:
    """The circuit of so many layers, see `qaoa_circuit`; the start alone where no qubit matters.

    Args:
        encoding, kind, chances, exact: see `layered_mixer`.
        num_layers: p.
        scale: that γ is in inverse units of; the encoding's by default.
    """
    start = start_circuit(encoding, chances)
    if not encoding.form.matrix.any():
        return start
    mixer = layered_mixer(encoding, kind, chances, exact=exact)
    return qaoa_circuit(encoding.form.ising(), mixer, start, num_layers, cost_scale=scale or encoding.scale)


class CircuitLandscape:
    """The states of a circuit, measured against the form of an encoding in units of its scale; a `Landscape`.

    Args:
        encoding: of the problem.
        circuit: with the free parameters.
        share: of the outcomes whose mean is minimised, see `lower_tail`.
        added: what is added to the form on choices, given as bits of shape ``(m, n)``; nothing by default.
    """

    is_differentiable = True
    is_exact = True
    precision = "double"
    scale = 1.0

    def __init__(
        self,
        encoding: Encoding,
        circuit: Circuit,
        share: float = 1.0,
        added: Callable[[NDArray[np.int8]], FloatArray] | None = None,
    ) -> None:
        from qtoolkit.simulators import SectorSimulator, StatevectorSimulator

        self.encoding = encoding
        self.circuit = circuit
        self._share = share
        weight = encoding.weight
        size = 1 << encoding.num_qubits if weight is None else math.comb(encoding.num_qubits, weight)
        remedy = "take the solver decomposition, a classical solver, or fewer variables"
        check_memory(_needs.landscape(size), f"a state of {encoding.num_qubits} qubits and its costs", remedy)
        self._simulator: Any = StatevectorSimulator() if weight is None else SectorSimulator(weight)
        self._plan = self._simulator.compile(circuit)
        cost = encoding.form.ising()
        self.values: FloatArray = self._simulator.diagonal(cost)
        """What is minimised on the simulated basis states, shape ``(m,)``."""
        if added is not None:
            for first in range(0, len(self.values), _ROWS):
                part = slice(first, first + _ROWS)
                self.values[part] += added(encoding.choices(self.patterns[part]))
        self._scaled = self.values / encoding.scale

    @property
    def num_parameters(self) -> int:
        """Number of the circuit's parameters."""
        return self.circuit.num_parameters

    @cached_property
    def patterns(self) -> IntArray:
        """The simulated basis states as patterns of the qubits, shape ``(m,)``."""
        if self.encoding.weight is None:
            return np.arange(len(self.values), dtype=np.int64)
        found: IntArray = self._simulator.basis(self.encoding.num_qubits)
        return found

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the problem, its encoding and the gates of one layer; schedules carry them."""
        gates = [(gate.gate.name, *map(str, gate.gate.params), gate.qubits) for gate in self.circuit]
        parts = [self.encoding.problem.fingerprint, self.encoding.form.fingerprint, self.encoding.scale, gates]
        return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()

    def probabilities(self, parameters: FloatArray) -> FloatArray:
        """Of the simulated basis states, shape ``(m,)``; they add up to 1."""
        found: FloatArray = self._simulator.probabilities(self._plan, parameters=parameters)
        return np.asarray(found / found.sum())

    def value(self, parameters: FloatArray) -> float:
        """What is minimised: the mean, or that of the lower tail."""
        if self._share == 1.0:
            return float(self._simulator.expectation_value(self._plan, self._scaled, parameters))
        return lower_tail(self._scaled, self.probabilities(parameters), self._share)[0]

    def value_and_gradient(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """The same and its derivatives, by the adjoint method."""
        observable = self._scaled
        if self._share < 1.0:
            _, bar = lower_tail(self._scaled, self.probabilities(parameters), self._share)
            observable = tail_observable(self._scaled, bar, self._share)
        value, gradient = self._simulator.gradient(self._plan, observable, parameters)
        return float(value), gradient

    def estimate(self, parameters: FloatArray) -> tuple[float, float] | None:
        """None."""
        return None

    def outcomes(self, probabilities: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
        """The problem's bits, and the probability of each, whatever the slack bits are."""
        encoding = self.encoding
        if encoding.num_slack_bits and encoding.weight is None:
            kept = 1 << len(encoding.variables)
            probabilities = probabilities.reshape(-1, kept).sum(axis=0)
            return encoding.choices(np.arange(kept, dtype=np.int64)), probabilities
        return encoding.choices(self.patterns), probabilities
