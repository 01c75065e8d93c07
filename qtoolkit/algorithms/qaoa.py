"""QAOA: a bitstring of low cost, from alternating layers of the cost's phases and a mixer."""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._arguments import (
    check_callable,
    check_flag,
    check_instance,
    check_integer,
    check_number,
    items_of,
    seeded,
    shown,
)
from qtoolkit._memory import reserved
from qtoolkit.algorithms.descent import Descent, descend, estimated_anew
from qtoolkit.algorithms.dicke import dicke_circuit
from qtoolkit.algorithms.mixers import GroverMixer, Mixer, TransverseMixer
from qtoolkit.algorithms.objective import CircuitObjective
from qtoolkit.algorithms.optimizers import COBYLA, LBFGSB, Callback, Evaluation, Optimizer
from qtoolkit.algorithms.outcomes import OutcomeStatistics
from qtoolkit.algorithms.qaoa_circuit import qaoa_circuit
from qtoolkit.algorithms.qaoa_result import CostLandscape, QAOAResult
from qtoolkit.algorithms.schedules import Schedule
from qtoolkit.circuit import Circuit, Parameter
from qtoolkit.errors import CircuitError, InputError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Estimator, ExactEstimator, Result, Sampler, SectorEstimator

__all__ = ["QAOA"]

FloatArray = NDArray[np.float64]

MAX_ENUMERATED = 1 << 26
"""Up to so many feasible bitstrings, their costs, 8 bytes each, are computed for the exact optimum."""

_RANDOM_STEPS = (0.3, 1.5)


class QAOA:
    """Quantum approximate optimisation: configured once, run from as many schedules as wanted. It minimises.

    Sources: Farhi, Goldstone and Gutmann, arXiv:1411.4028; Hadfield et al., Algorithms 12, 34 (2019) for mixers
    that keep constraints.

    Args:
        cost: diagonal and real; bit k of a bitstring is ``x_k`` with ``Z_k = 1 - 2 x_k``.
        num_layers: p.
        mixer: the transverse field by default.
        initial_state: circuit of gates; by default the Dicke state of `hamming_weight` for a mixer that conserves
            it, the mixer's own state for `GroverMixer`, the uniform superposition for the transverse field.
        hamming_weight: weight of the feasible bitstrings, for the statistics and the initial state; all are
            feasible by default.
        cost_scale: γ multiplies ``cost / cost_scale``. By default the standard deviation of the cost over all
            bitstrings, which makes good angles of order one whatever the cost's units.
        estimator: a local simulator by default: `SectorSimulator` where mixer and default initial state keep the
            Hamming weight, else `StatevectorSimulator`.
        sampler: the estimator where it samples too, else the local simulator.
        optimizer: L-BFGS-B where the estimator has gradients, COBYLA elsewhere.

    Raises:
        InputError: if numbers of qubits or layers do not fit, the weight is impossible, the scale is not positive,
            or a weight-conserving mixer has neither `initial_state` nor `hamming_weight`.
        OperatorError: if the cost is not diagonal and real, or constant.
    """

    def __init__(
        self,
        cost: PauliSum,
        num_layers: int,
        *,
        mixer: Mixer | None = None,
        initial_state: Circuit | None = None,
        hamming_weight: int | None = None,
        cost_scale: float | None = None,
        estimator: Estimator | None = None,
        sampler: Sampler | None = None,
        optimizer: Optimizer | None = None,
    ) -> None:
        from qtoolkit.simulators import StatevectorSimulator

        check_instance(cost, PauliSum, "a QAOA cost must be a PauliSum")
        if hamming_weight is not None and not 0 <= check_integer(hamming_weight, "hamming_weight") <= cost.num_qubits:
            raise InputError(f"hamming_weight must be in [0, {cost.num_qubits}], got {shown(hamming_weight)}")
        for given, kind, name in (
            (mixer, Mixer, "mixer"),
            (initial_state, Circuit, "initial_state"),
            (estimator, Estimator, "estimator"),
            (sampler, Sampler, "sampler"),
            (optimizer, Optimizer, "optimizer"),
        ):
            if given is not None:
                check_instance(given, kind, f"{name} must be {'an' if name[0] in 'aeiou' else 'a'} {kind.__name__}")
        self._mixer = TransverseMixer(cost.num_qubits) if mixer is None else mixer
        self._initial_state = (
            _default_initial_state(self._mixer, hamming_weight) if initial_state is None else initial_state
        )
        self._cost = cost.simplify(0.0)
        scale = _standard_deviation(self._cost) if cost_scale is None else cost_scale
        rule = "a positive number"
        self._scale = check_number(scale, "cost_scale", kind=rule, accept=lambda x: 0.0 < x < math.inf)
        self._weight = hamming_weight
        self._circuit = qaoa_circuit(self._cost, self._mixer, self._initial_state, num_layers, cost_scale=self._scale)
        in_sector = self._sector_objective() if estimator is None and initial_state is None else None
        self._estimator: Estimator = in_sector.estimator if in_sector else estimator or StatevectorSimulator()
        self._sampler = sampler or (self._estimator if isinstance(self._estimator, Sampler) else StatevectorSimulator())
        self._optimizer = optimizer
        self._objective = in_sector or CircuitObjective(self._circuit, self._cost / self._scale, self._estimator)
        num_feasible = 1 << cost.num_qubits if hamming_weight is None else math.comb(cost.num_qubits, hamming_weight)
        is_small = num_feasible <= MAX_ENUMERATED
        needed = _needs.cost_landscape(num_feasible, hamming_weight is not None) if is_small else 0
        with reserved(needed, f"the costs of {num_feasible} bitstrings", "use fewer qubits"):
            self._landscape = CostLandscape(self._cost, hamming_weight, enumerate_all=is_small)

    def _sector_objective(self) -> CircuitObjective | None:
        """On the simulator of one Hamming weight, where mixer and initial state keep it."""
        from qtoolkit.simulators import SectorSimulator

        if self._weight is None or not self._mixer.conserves_hamming_weight:
            return None
        simulator = SectorSimulator(self._weight)
        # a mixer may say of itself that it conserves the weight and do it by gates whose product alone shows that
        with contextlib.suppress(CircuitError):
            simulator.state_vector(self._initial_state)
            return CircuitObjective(self._circuit, self._cost / self._scale, simulator)
        return None

    @property
    def circuit(self) -> Circuit:
        """The circuit, with parameters ``γ[0], β[0], γ[1], …`` and no measurement."""
        return self._circuit

    @property
    def num_layers(self) -> int:
        """Number of layers p."""
        return self._circuit.num_parameters // 2

    @property
    def cost_scale(self) -> float:
        """What the cost is divided by where γ multiplies it."""
        return self._scale

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the cost, its scale, the feasible weight and the mixer's gates.

        The schedules found here carry them.
        """
        layer = Circuit(self._cost.num_qubits)
        self._mixer.append_layer(layer, Parameter("β"))
        gates = [(operation.gate.name, *map(str, operation.gate.params), operation.qubits) for operation in layer]
        parts = [self._cost.z_masks.tobytes(), self._cost.coefficients.tobytes()]
        parts += [repr((self._cost.num_qubits, self._scale, self._weight, gates)).encode()]
        return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()

    def with_layers(self, num_layers: int) -> QAOA:
        """The same problem and settings with another number of layers."""
        return QAOA(
            self._cost,
            num_layers,
            mixer=self._mixer,
            initial_state=self._initial_state,
            hamming_weight=self._weight,
            cost_scale=self._scale,
            estimator=self._estimator,
            sampler=self._sampler,
            optimizer=self._optimizer,
        )

    def value(self, schedule: Schedule) -> float:
        """Expectation value of the cost at a schedule.

        Raises:
            InputError: if it has another number of layers.
        """
        return self._objective.value(self._parameters(schedule)) * self._scale

    def value_and_gradient(self, schedule: Schedule) -> tuple[float, FloatArray]:
        """The value and its derivatives by γ_0, β_0, γ_1, …, shape ``(2 * num_layers,)``."""
        value, gradient = self._objective.value_and_gradient(self._parameters(schedule))
        return value * self._scale, gradient * self._scale

    def best_ramp(
        self,
        gamma_steps: Sequence[float] = (0.4, 0.7, 1.1, 1.6),
        beta_steps: Sequence[float] = (0.3, 0.5, 0.8),
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> Schedule:
        """The ramp of lowest value on a grid of steps: a start for `run` that costs a handful of evaluations.

        Args:
            gamma_steps: where γ may end, see `Schedule.ramp`.
            beta_steps: where β may begin.
            progress: called after each evaluation with how many are done and how many there are.

        Raises:
            InputError: if the grid is empty.
        """
        gammas = items_of(gamma_steps, "gamma_steps must be a sequence of numbers")
        betas = items_of(beta_steps, "beta_steps must be a sequence of numbers")
        if progress is not None:
            check_callable(progress, "progress")
        grid = [(gamma, beta) for gamma in gammas for beta in betas]
        if not grid:
            raise InputError("a grid of ramps needs at least one gamma step and one beta step, got none")
        lowest, chosen = np.inf, grid[0]
        for done, (gamma, beta) in enumerate(grid, start=1):
            value = self.value(Schedule.ramp(self.num_layers, gamma, beta))
            if value < lowest:
                lowest, chosen = value, (gamma, beta)
            if progress is not None:
                progress(done, len(grid))
        return replace(Schedule.ramp(self.num_layers, *chosen), problem=self.fingerprint)

    def run(
        self,
        initial_schedule: Schedule | None = None,
        *,
        num_starts: int = 1,
        layerwise: bool = False,
        shots: int = 4096,
        seed: int | np.random.Generator | None = None,
        callback: Callback | None = None,
    ) -> QAOAResult:
        """Optimise the angles, then sample.

        Where the optimiser ends at a maximum or saddle point, as it does from angles of zero, the search goes on; see
        `VQE.run`.

        Args:
            initial_schedule: the first start; a ramp by default.
            num_starts: further starts are ramps with random steps, and the lowest end wins; where values are noisy, its
                own is estimated once more then.
            layerwise: optimise one layer first and add layers one by one, each from the interpolated angles of the
                one before; a given `initial_schedule` must then have one layer.
            shots: samples drawn at the end.
            seed: for the random starts, the samples, and the directions in which a way down is looked for.
            callback: called after every evaluation with values of the cost; returning True ends the current
                start or layer.

        Raises:
            InputError: for a schedule of another number of layers, or a count below 1.
        """
        started = time.perf_counter()
        if check_integer(num_starts, "num_starts") < 1:
            raise InputError(f"num_starts must be at least 1, got {shown(num_starts)}")
        if check_integer(shots, "shots") < 1:
            raise InputError(f"shots must be at least 1, got {shown(shots)}")
        check_flag(layerwise, "layerwise")
        if callback is not None:
            check_callable(callback, "callback")
        if initial_schedule is not None:
            check_instance(initial_schedule, Schedule, "initial_schedule must be a Schedule")
        number, rng = seeded(seed)
        stages = [*(self.with_layers(count) for count in range(1, self.num_layers)), self] if layerwise else [self]
        history: list[float] = []
        best: Descent | None = None
        for start in range(num_starts):
            depth = stages[0].num_layers
            schedule = _random_ramp(depth, rng) if start else initial_schedule or Schedule.ramp(depth)
            found = stages[0]._optimized(schedule, history, callback, number or 0)
            for stage in stages[1:]:
                schedule = self._schedule(found.parameters).interpolated()
                found = stage._optimized(schedule, history, callback, number or 0)
            if best is None or found.value < best.value:
                best = found
        assert best is not None
        if num_starts > 1:
            best = estimated_anew(self._objective, best)
        return self._judged(best, history, shots, rng, number, started)

    def _schedule(self, parameters: FloatArray) -> Schedule:
        return replace(Schedule.from_parameters(parameters), problem=self.fingerprint)

    def _parameters(self, schedule: Schedule) -> FloatArray:
        check_instance(schedule, Schedule, "the schedule must be a Schedule")
        if schedule.num_layers != self.num_layers:
            raise InputError(f"the schedule must have {self.num_layers} layers, got {schedule.num_layers}")
        if schedule.problem not in (None, self.fingerprint):
            raise InputError(
                f"the schedule must be one of this problem ({self.fingerprint}), got one of {schedule.problem}, whose "
                "angles mean something else here; to start from them all the same, pass schedule.detached()"
            )
        return schedule.to_parameters()

    def _optimized(self, schedule: Schedule, history: list[float], callback: Callback | None, seed: int) -> Descent:
        """Optimise from one schedule; appends every value, in the cost's units, to `history`."""
        earlier = len(history)

        def record(evaluation: Evaluation) -> bool | None:
            scaled = replace(
                evaluation,
                number=earlier + evaluation.number,
                value=evaluation.value * self._scale,
                best_value=evaluation.best_value * self._scale,
                gradient_norm=None if evaluation.gradient_norm is None else evaluation.gradient_norm * self._scale,
            )
            return None if callback is None else callback(scaled)

        found = descend(
            self._objective,
            self._chosen_optimizer,
            self._parameters(schedule),
            callback=record,
            rng=np.random.default_rng(seed),
        )
        history.extend((found.history * self._scale).tolist())
        return found

    @property
    def _chosen_optimizer(self) -> Optimizer:
        if self._optimizer is not None:
            return self._optimizer
        if self._objective.is_differentiable:
            # the last digits of an angle change no sample that anybody draws
            return LBFGSB(max_evaluations=200, gradient_tolerance=1e-4, value_tolerance=1e-8)
        return COBYLA(max_evaluations=200, initial_step=0.2, tolerance=1e-3)

    def _judged(
        self,
        best: Descent,
        history: list[float],
        shots: int,
        rng: np.random.Generator,
        seed: int | None,
        started: float,
    ) -> QAOAResult:
        samples = self._sampled(best.parameters, shots, rng)
        bitstrings = np.array([int(key, 2) for key in samples.counts], dtype=np.int64)
        statistics = self._exact_statistics(best.parameters)
        evidence: Literal["state vector", "samples"] = "state vector"
        if statistics is None:
            evidence = "samples"
            frequencies = np.array(list(samples.counts.values()), dtype=np.float64) / samples.shots
            statistics = self._landscape.statistics(bitstrings, frequencies)
        sampled = self._landscape.best(bitstrings)
        values = np.array(history, dtype=np.float64)
        values.setflags(write=False)
        return QAOAResult(
            value=best.value * self._scale,
            schedule=self._schedule(best.parameters),
            best_bitstring=None if sampled is None else format(sampled[0], f"0{self._cost.num_qubits}b"),
            best_value=None if sampled is None else sampled[1],
            optimal_value=self._landscape.optimal_value,
            worst_value=self._landscape.worst_value,
            probability_of_optimum=statistics.probability_of_optimum,
            random_probability_of_optimum=self._landscape.random_probability_of_optimum,
            feasible_probability=statistics.feasible_probability,
            feasible_value=statistics.feasible_value,
            approximation_ratio=self._landscape.ratio(statistics.feasible_value),
            evidence=evidence,
            samples=samples,
            num_evaluations=len(history),
            history=values,
            converged=best.converged,
            message=best.message,
            optimizer=type(self._chosen_optimizer).__name__,
            mixer=self._mixer_name,
            seed=seed,
            wall_time=time.perf_counter() - started,
            standard_error=None if best.standard_error is None else best.standard_error * self._scale,
            num_escapes=best.num_escapes,
        )

    @property
    def _mixer_name(self) -> str:
        """That of the mixer as it was run."""
        name = getattr(self._mixer, "name", type(self._mixer).__name__)
        return name if isinstance(self._estimator, ExactEstimator) else getattr(self._mixer, "name_on_machines", name)

    def _sampled(self, parameters: FloatArray, shots: int, rng: np.random.Generator) -> Result:
        circuit = self._circuit.copy().measure_all()
        # an integer, because a sampler elsewhere may hand the seed on to a provider
        return self._sampler.run(circuit, shots, seed=int(rng.integers(1 << 31)), parameters=parameters)

    def _exact_statistics(self, parameters: FloatArray) -> OutcomeStatistics | None:
        num_qubits, estimator = self._cost.num_qubits, self._estimator
        if not isinstance(estimator, ExactEstimator):
            return None
        sector = estimator if isinstance(estimator, SectorEstimator) else None
        num_outcomes = 1 << num_qubits if sector is None else math.comb(num_qubits, sector.hamming_weight)
        if sector is None and num_outcomes > MAX_ENUMERATED:
            return None
        needed = _needs.outcome_statistics(num_outcomes)
        with reserved(needed, f"the distribution of {num_outcomes} bitstrings", "use fewer qubits"):
            probabilities = estimator.probabilities(self._circuit, parameters=parameters)
            probabilities = probabilities / probabilities.sum()  # in single precision the norm is off by some 1e-7
            bitstrings = np.arange(num_outcomes) if sector is None else sector.basis(num_qubits)
            return self._landscape.statistics(bitstrings, probabilities)


def _default_initial_state(mixer: Mixer, hamming_weight: int | None) -> Circuit:
    if isinstance(mixer, GroverMixer):
        return mixer.preparation
    if not mixer.conserves_hamming_weight:
        return Circuit(mixer.num_qubits).h(range(mixer.num_qubits))
    if hamming_weight is None:
        raise InputError("a mixer that conserves the Hamming weight needs initial_state or hamming_weight, got neither")
    return dicke_circuit(mixer.num_qubits, hamming_weight)


def _standard_deviation(cost: PauliSum) -> float:
    """Of the cost over all bitstrings: distinct Z strings are orthonormal functions of a random bitstring."""
    varying = cost.coefficients[(cost.x_masks | cost.z_masks) != 0]
    return float(np.linalg.norm(varying)) or 1.0


def _random_ramp(num_layers: int, rng: np.random.Generator) -> Schedule:
    gamma_step, beta_step = rng.uniform(*_RANDOM_STEPS, size=2).tolist()
    return Schedule.ramp(num_layers, gamma_step, beta_step)
