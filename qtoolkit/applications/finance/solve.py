"""Choose assets by QAOA, and report the choice beside the exact optimum and beside plain luck."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit._memory import check_memory
from qtoolkit._version import __version__
from qtoolkit.algorithms import (
    COBYLA,
    QAOA,
    CompleteXYMixer,
    Evaluation,
    Mixer,
    Optimizer,
    QAOAResult,
    RingXYMixer,
    Schedule,
    approximation_ratio,
)
from qtoolkit.applications.finance.exact import ExactSelection, exact_selection
from qtoolkit.applications.finance.problem import PortfolioProblem, require_problem
from qtoolkit.errors import InputError
from qtoolkit.primitives import Estimator, ExactEstimator, Sampler, SectorEstimator

__all__ = ["ConstraintForm", "PortfolioResult", "select_assets"]

FloatArray = NDArray[np.float64]

ConstraintForm: TypeAlias = Literal["ring", "complete", "penalty"]
"""How the budget is kept: by an XY mixer on a ring or on all pairs, from the Dicke state, or by a penalty."""

# As measured at the peak: beside each amplitude of a state of all bitstrings, its probability and the cost's phases;
# for each choice where only choices are kept, the exchanges of the complete mixer and the samples as well.
_BYTES_BESIDE_AMPLITUDE = 24
_BYTES_FOR_CHOICE = 224


@dataclass(frozen=True, eq=False)
class PortfolioResult:
    """The choice that QAOA found, and the evidence.

    Attributes:
        assets: names of the chosen assets: the best feasible sample; None if no sample was feasible.
        value: its objective; None likewise.
        exact: the best choices by enumeration, and the spread of all.
        form: how the budget was kept.
        penalty: its strength in the penalty form, None in the others.
        num_layers: p.
        schedule: best angles found.
        expected_value: mean objective of a measured choice, given that it is feasible; None if none was seen.
        approximation_ratio: of `expected_value` over feasible choices: 1 where only optima are measured, 0 where
            only the worst choices are, see `qtoolkit.algorithms.approximation_ratio`; None likewise.
        random_approximation_ratio: the same for a choice drawn uniformly.
        probability_of_optimum: to measure the optimum in one shot.
        random_probability_of_optimum: to draw it uniformly from the feasible choices.
        feasible_probability: to measure a choice that keeps the budget.
        shots: samples drawn.
        num_feasible_shots: those that keep the budget.
        counts: how often each feasible choice was sampled, by names, most frequent first.
        num_evaluations: evaluations of the circuit's cost, those of the starting grid included.
        history: the optimiser's values in order, penalty included.
        converged: whether the optimiser met its tolerance within its budget of evaluations.
        optimizer: its class name.
        evidence: ``"state vector"`` where probabilities are exact, ``"samples"`` where they are frequencies.
        seed: reproduces the run.
        backend_name: what drew the samples.
        problem_fingerprint: of the problem, see `PortfolioProblem.fingerprint`.
        version: of the toolkit.
        wall_time: seconds, the enumeration left out.
    """

    assets: tuple[str, ...] | None
    value: float | None
    exact: ExactSelection
    form: ConstraintForm
    penalty: float | None
    num_layers: int
    schedule: Schedule
    expected_value: float | None
    approximation_ratio: float | None
    random_approximation_ratio: float
    probability_of_optimum: float
    random_probability_of_optimum: float
    feasible_probability: float
    shots: int
    num_feasible_shots: int
    counts: dict[tuple[str, ...], int]
    num_evaluations: int
    history: FloatArray
    converged: bool
    optimizer: str
    evidence: Literal["state vector", "samples"]
    seed: int | None
    backend_name: str
    problem_fingerprint: str
    version: str
    wall_time: float

    @property
    def gap(self) -> float | None:
        """``value`` less the exact optimum; None if no sample was feasible."""
        return None if self.value is None else self.value - self.exact.value

    @property
    def chance_of_optimum(self) -> float:
        """Probability that this many shots hold the optimum at least once."""
        return _chance(self.probability_of_optimum, self.shots)

    @property
    def random_chance_of_optimum(self) -> float:
        """The same for as many feasible choices drawn uniformly: what luck alone achieves."""
        return _chance(self.random_probability_of_optimum, self.shots)


def select_assets(
    problem: PortfolioProblem,
    *,
    form: ConstraintForm = "ring",
    num_layers: int = 3,
    penalty: float | None = None,
    shots: int = 4096,
    seed: int | np.random.Generator | None = None,
    optimizer: Optimizer | None = None,
    estimator: Estimator | None = None,
    sampler: Sampler | None = None,
    exact: ExactSelection | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PortfolioResult:
    """Choose assets by QAOA: the best ramp of a small grid, a short search from there, and the best sample.

    Args:
        problem: one qubit for each asset.
        form: ``"ring"`` and ``"complete"`` start in the Dicke state of all choices and never leave them;
            ``"penalty"`` starts in the uniform superposition and adds ``penalty · (Σx − K)²`` to the cost.
        num_layers: p.
        penalty: for that form; `PortfolioProblem.sufficient_penalty` by default.
        shots: samples drawn at the end.
        seed: for the samples.
        optimizer: COBYLA with 40 evaluations by default.
        estimator: by default a local simulator: of the choices alone for ``"ring"`` and ``"complete"``, of all
            bitstrings for ``"penalty"``, in single precision: probabilities are then good to some 1e-6, which neither
            angles nor samples notice.
        sampler: the estimator where it samples too, else the local simulator.
        exact: the enumeration of this problem, if it is at hand; computed otherwise.
        progress: called with the evaluations done and the most there can be.

    Raises:
        InputError: for an unknown form, a penalty in another form, a count below 1, too many choices to enumerate, or
            the enumeration of another problem.
        InsufficientMemoryError: if there is no memory for the state; this is said before the enumeration.
    """
    require_problem(problem)
    require_choice("form", form, get_args(ConstraintForm))
    num_layers = require_integer("num_layers", num_layers, 1)
    shots = require_integer("shots", shots, 1)
    if progress is not None and not callable(progress):
        raise InputError(f"progress must be a function, got {shown(progress)}")
    if exact is not None and getattr(exact, "problem_fingerprint", None) != problem.fingerprint:
        raise InputError(
            f"exact must be the enumeration of this problem ({problem.fingerprint}), got "
            f"{getattr(exact, 'problem_fingerprint', None) or shown(exact)}; call exact_selection(problem), or leave "
            "it out"
        )
    if penalty is not None and form != "penalty":
        raise InputError(f'a penalty belongs to form="penalty", got one with form={form!r}; leave it out')
    from qtoolkit.simulators import StatevectorSimulator

    cost = problem.cost_hamiltonian()
    strength: float | None = None
    if form == "penalty":
        strength = problem.sufficient_penalty() if penalty is None else require_number("penalty", penalty)
        cost = cost + problem.penalty_hamiltonian(strength)
    _check_room(problem, form, estimator)
    reference = exact_selection(problem) if exact is None else exact
    started = time.perf_counter()
    search = COBYLA(max_evaluations=40, initial_step=0.15, tolerance=1e-3) if optimizer is None else optimizer
    mixer: Mixer | None = None
    scale = strength
    if form != "penalty":
        mixer = (RingXYMixer if form == "ring" else CompleteXYMixer)(problem.num_assets)
        # choices that differ by rounding alone leave nothing to scale by
        scale = reference.standard_deviation if reference.standard_deviation > 1e-12 * abs(reference.value) else None
    qaoa = QAOA(
        cost,
        num_layers,
        mixer=mixer,
        hamming_weight=problem.budget,
        cost_scale=scale,
        estimator=StatevectorSimulator("single") if estimator is None and form == "penalty" else estimator,
        sampler=sampler,
        optimizer=search,
    )
    gamma_steps, beta_steps = _grid(form, problem.num_assets)
    grid_size = len(gamma_steps) * len(beta_steps)
    total = grid_size + getattr(search, "max_evaluations", 0)

    def report(done: int) -> None:
        if progress is not None:
            progress(min(done, total), total)

    def after_evaluation(evaluation: Evaluation) -> None:
        report(grid_size + evaluation.number)

    start = qaoa.best_ramp(gamma_steps, beta_steps, progress=lambda done, _: report(done))
    outcome = qaoa.run(start, shots=shots, seed=seed, callback=after_evaluation)
    report(total)
    return _result(problem, reference, form, strength, outcome, grid_size, time.perf_counter() - started)


def _check_room(problem: PortfolioProblem, form: ConstraintForm, estimator: Estimator | None) -> None:
    """Say before the enumeration, which may take minutes, that there is no memory for what comes after it."""
    remedy = "take fewer assets"
    precision = "single" if estimator is None and form == "penalty" else None
    if isinstance(estimator, ExactEstimator) and not isinstance(estimator, SectorEstimator):
        precision = estimator.precision
    if precision is not None:
        if form == "penalty":
            remedy += ', or form="ring", which keeps feasible choices alone'
        amplitude = 16 if precision == "double" else 8
        needed = (amplitude + _BYTES_BESIDE_AMPLITUDE) << problem.num_assets
        check_memory(needed, f"QAOA on all bitstrings of {problem.num_assets} assets", remedy)
    elif estimator is None:
        needed = _BYTES_FOR_CHOICE * problem.num_feasible
        check_memory(needed, f"QAOA on {problem.num_feasible:,} choices", remedy)


def _grid(form: ConstraintForm, num_assets: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Steps of the ramps to start from.

    With γ in units of the choices' standard deviation, or of the penalty, they hardly depend on the problem; on all
    pairs every qubit is in n - 1 exchanges, and β shrinks accordingly.
    """
    if form == "penalty":
        return (0.3, 0.5), (0.3, 0.6)
    if form == "complete":
        return (1.5, 2.2), (2.0 / num_assets, 3.5 / num_assets)
    return (1.5, 2.2), (0.6, 0.9)


def _result(
    problem: PortfolioProblem,
    exact: ExactSelection,
    form: ConstraintForm,
    penalty: float | None,
    outcome: QAOAResult,
    grid_size: int,
    wall_time: float,
) -> PortfolioResult:
    counts = {
        problem.names(_ones(key)): count
        for key, count in outcome.samples.counts.items()
        if key.count("1") == problem.budget
    }
    chosen = None if outcome.best_bitstring is None else _ones(outcome.best_bitstring)
    assert outcome.probability_of_optimum is not None
    assert outcome.random_probability_of_optimum is not None
    return PortfolioResult(
        assets=None if chosen is None else problem.names(chosen),
        value=None if chosen is None else problem.value(chosen),
        exact=exact,
        form=form,
        penalty=penalty,
        num_layers=outcome.num_layers,
        schedule=outcome.schedule,
        expected_value=outcome.feasible_value,
        approximation_ratio=outcome.approximation_ratio,
        random_approximation_ratio=approximation_ratio(exact.mean_value, exact.value, exact.worst_value),
        probability_of_optimum=outcome.probability_of_optimum,
        random_probability_of_optimum=outcome.random_probability_of_optimum,
        feasible_probability=outcome.feasible_probability,
        shots=outcome.samples.shots,
        num_feasible_shots=sum(counts.values()),
        counts=counts,
        num_evaluations=grid_size + outcome.num_evaluations,
        history=outcome.history,
        converged=outcome.converged,
        optimizer=outcome.optimizer,
        evidence=outcome.evidence,
        seed=outcome.seed,
        backend_name=outcome.samples.backend_name,
        problem_fingerprint=problem.fingerprint,
        version=__version__,
        wall_time=wall_time,
    )


def _ones(bitstring: str) -> list[int]:
    """Indices of the ones, ascending; the rightmost letter is index 0."""
    return [index for index, letter in enumerate(reversed(bitstring)) if letter == "1"]


def _chance(probability: float, shots: int) -> float:
    return float(-np.expm1(shots * np.log1p(-probability))) if probability < 1.0 else 1.0
