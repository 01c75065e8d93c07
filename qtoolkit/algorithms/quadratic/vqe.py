"""`VqeSolver`: the lower tail of a trained circuit's outcomes; the circuit suits hardware and the constraints."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, seeded
from qtoolkit._checks import require_integer, require_number
from qtoolkit.algorithms.mixers import RingXYMixer
from qtoolkit.algorithms.quadratic.ansatz import CircuitLandscape, start_circuit
from qtoolkit.algorithms.quadratic.circuit_size import two_qubit_gates
from qtoolkit.algorithms.quadratic.encoding import Encoding, encode
from qtoolkit.algorithms.quadratic.enumerate import Enumeration
from qtoolkit.algorithms.quadratic.evidence import Run, Solution
from qtoolkit.algorithms.quadratic.measured import judged_by_probabilities, read_share
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.algorithms.quadratic.training import MOST_EVALUATIONS, MOST_LAYERS, MOST_STEPS, Clock, Trained, trained
from qtoolkit.circuit import Circuit, Parameter

__all__ = ["VqeSolver", "real_circuit"]

FloatArray = NDArray[np.float64]

_DEVIATIONS = 3.0

_SPREAD = 0.3
"""Standard deviation of random starting angles, in radians."""


class VqeSolver:
    """A circuit of real rotations, trained by exact gradients of the lower tail of its outcomes.

    From all choices that the kept groups allow, each layer turns free qubits about Y and entangles neighbours by CZ;
    within groups with a fixed number of ones it turns neighbours into each other by exchanges, which keep the number.
    The value of an outcome is computed from its bits, so that other constraints need no slack bits: what breaks them
    costs three standard deviations of the objective and as much for each step that it is away.

    Sources: Peruzzo et al., Nat. Commun. 5, 4213 (2014); Kandala et al., Nature 549, 242 (2017) for the circuit;
    Barkoutsos et al., Quantum 4, 256 (2020) for the tail.

    Args:
        num_layers: of the circuit.
        cvar: the share of the lowest outcomes whose mean is minimised; 1 for the mean of all.
        num_starts: searches, the first from the uniform superposition and the others from random angles near it.
        shots: samples drawn at the end.

    Raises:
        InputError: if an argument breaks its rule.
    """

    name = "vqe"

    def __init__(
        self,
        num_layers: int = 2,
        *,
        cvar: float = 0.2,
        num_starts: int = 3,
        shots: int = 4096,
    ) -> None:
        self.num_layers = require_integer("num_layers", num_layers, 1, MOST_LAYERS)
        self.cvar = read_share(cvar)
        self.num_starts = require_integer("num_starts", num_starts, 1, MOST_STEPS)
        self.shots = require_integer("shots", shots, 1, MOST_STEPS)

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; progress counts evaluations of the circuit. The seed is of starts and samples.

        Raises:
            InputError: if no choice is feasible, or there are more than 62 bits.
            InsufficientMemoryError: if the states do not fit.
        """
        require_problem(problem).constraints.require_feasible()
        if progress is not None:
            check_callable(progress, "progress")
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        number, generator = seeded(seed)
        clock = Clock(limit, progress, self.num_starts * MOST_EVALUATIONS)
        encoding = encode(problem, keep=True, penalty=None)
        circuit = real_circuit(encoding, self.num_layers)
        landscape = CircuitLandscape(encoding, circuit, self.cvar, _cost_of_breaking(problem))
        best = Trained(np.zeros(0), 0.0, 0, True, "there is nothing to optimise")
        evaluations = 0
        if circuit.num_parameters:
            for start in range(self.num_starts):
                angles = generator.normal(scale=_SPREAD if start else 1e-3, size=circuit.num_parameters)
                found = trained(landscape, angles, clock, generator)
                evaluations += found.num_evaluations
                if not start or found.value < best.value:
                    best = found
                if clock.is_over:
                    break
        run = Run(
            solver=self.name,
            evidence="state vector",
            shots=self.shots,
            seed=number,
            depth=circuit.depth(),
            two_qubit_count=two_qubit_gates(circuit),
            num_evaluations=evaluations,
            converged=best.converged,
            message=best.message,
            setting=f"real rotations, {self.num_layers} layers, {circuit.num_parameters} angles, CVaR {self.cvar:g}",
        )
        probabilities = landscape.probabilities(best.parameters)
        return judged_by_probabilities(problem, run, landscape.outcomes(probabilities), generator, clock, enumeration)


def _cost_of_breaking(problem: QuadraticProblem) -> Callable[[NDArray[np.int8]], FloatArray] | None:
    """What choices cost that break constraints; None where none can."""
    rows = problem.constraints.rows
    if not rows:
        return None
    unit = _DEVIATIONS * problem.objective.moments().standard_deviation or 1.0

    def cost(bits: NDArray[np.int8]) -> FloatArray:
        steps = np.zeros(len(bits))
        for row in rows:
            lower, upper = row.limits()
            sums = bits @ row.coefficients
            excess = np.maximum(lower - sums, 0.0) + np.maximum(sums - upper, 0.0)
            steps += excess / (np.abs(row.coefficients)[row.coefficients != 0.0].min(initial=np.inf))
        return np.asarray(unit * (steps + (steps > 0.0)))

    return cost


def real_circuit(encoding: Encoding, num_layers: int) -> Circuit:
    """The circuit of real amplitudes, with parameters ``θ0``, ``θ1``, …; at zeros CZ gates alone change the start."""
    circuit = start_circuit(encoding)
    free = encoding.free_qubits
    count = 0
    for layer in range(num_layers):
        for group in encoding.groups:
            for pairs in RingXYMixer(len(group.qubits)).rounds():
                for first, second in pairs:
                    # at this phase the exchange is a real rotation
                    angle = Parameter(f"θ{count}")
                    circuit.xx_plus_yy(angle, np.pi / 2.0, group.qubits[first], group.qubits[second])
                    count += 1
        if layer:
            for first, second in itertools.pairwise(free):
                circuit.cz(first, second)
        for qubit in free:
            circuit.ry(Parameter(f"θ{count}"), qubit)
            count += 1
    return circuit
