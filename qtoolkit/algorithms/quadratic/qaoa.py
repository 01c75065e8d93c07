"""`QaoaSolver`: binary quadratic problems by QAOA, constraints kept by the mixer where it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, seeded, shown
from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit.algorithms.quadratic.ansatz import CircuitLandscape, layered_circuit
from qtoolkit.algorithms.quadratic.circuit_size import two_qubit_gates
from qtoolkit.algorithms.quadratic.encoding import Encoding, encode, kept_groups
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, num_candidates
from qtoolkit.algorithms.quadratic.evidence import Run, Solution, judge
from qtoolkit.algorithms.quadratic.listed import ListedLandscape
from qtoolkit.algorithms.quadratic.measured import judged_by_probabilities, read_share
from qtoolkit.algorithms.quadratic.penalties import Penalty, can_be_penalty, feasible_shares
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.published import fixed_schedule
from qtoolkit.algorithms.quadratic.relaxed import relaxed_solution
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.algorithms.quadratic.training import (
    MOST_EVALUATIONS,
    MOST_LAYERS,
    MOST_STEPS,
    Clock,
    Trained,
    best_ramp,
    trained,
    trained_by_layers,
)
from qtoolkit.algorithms.schedules import Schedule
from qtoolkit.backends.sampler import SomeSampler, sampler_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators.binary_program import LinearRow

__all__ = ["QaoaSolver"]

FloatArray = NDArray[np.float64]

MixerName: TypeAlias = Literal["auto", "complete", "ring", "transverse", "grover"]
ScheduleName: TypeAlias = Literal["interpolated", "trained", "ramp", "fixed"]
Start: TypeAlias = Literal["auto", "uniform", "biased", "warm"]

_STEPS = tuple((gamma, beta) for gamma in (0.4, 0.8, 1.3, 2.0) for beta in (0.4, 0.7, 1.1))
_GROVER_STEPS = tuple((gamma, beta) for gamma in (1.0, 2.0, 3.5) for beta in (2.0, 4.0, 6.0))
"""Where the ramps of the grid end and begin: γ is in units of the objective's spread, and β of what turns one qubit."""

_REGULARISATION = 0.25
"""How near to 0 and 1 the chances of a warm start come; Egger, Mareček and Woerner take the same."""

_MOST_LISTED, _MOST_QUBITS_BY_DEFAULT = 1 << 22, 18
"""What Grover's mixer lists, and what other states take, if the caller leaves the choice: seconds."""

_LEAST_SHARE = 0.02
"""A bit that hardly ever varies may still flip."""

_CIRCUIT = (
    "depth and gates are those of one Trotter step in place of the complete mixer, probabilities of the exact one"
)

_NAMES = {"complete": "complete XY", "ring": "ring XY", "transverse": "transverse", "grover": "Grover"}


class QaoaSolver:
    """Quantum approximate optimisation, simulated exactly; its answer is the best of its samples.

    Sources: Farhi, Goldstone and Gutmann, arXiv:1411.4028; Hadfield et al., Algorithms 12, 34 (2019) for mixers that
    keep constraints.

    The defaults beat luck on all of 84 problems, by the mean and by the probability of the optimum, with 1, 3 and 5
    layers, and all searches converge: functions of 10 to 16 bits from returns of stocks, of a market of factors and of
    random numbers, under seven kinds of constraints. Calibrated penalties with the transverse mixer win on all with 3
    layers and on 78 with one, by less than the exchanges do where numbers of ones are fixed, by more than Grover's
    mixer where constraints leave many choices. Penalties that are sufficient for minimisers lose to luck on 32
    of the 72 with constraints.
    ``benchmarks/quadratic_solvers.py`` prints the table.

    Depth and gates are those of the circuit that machines run, in which one Trotter step stands for the complete mixer,
    as `Solution.circuit` says: probabilities are those of the exact mixer all the same, and lower or higher on a
    machine. There are none where the superposition of feasible choices has no circuit here.

    Args:
        num_layers: p.
        mixer: ``"complete"`` and ``"ring"`` exchange ones within each group that has a fixed number of them, from
            Dicke states, and flip other bits; ``"transverse"`` flips all bits; both take the other constraints as
            penalties. ``"grover"`` reflects about the uniform superposition of all feasible choices, which are listed.
            ``"auto"`` takes ``"complete"`` where there are such groups, ``"transverse"`` where there are no constraints
            at all, and ``"grover"`` else.
        schedule: ``"interpolated"`` trains layer after layer, each from the interpolated angles of the one before.
            ``"trained"`` trains all at once from the best ramp of a grid, ``"ramp"`` takes that ramp as it is,
            ``"fixed"`` published angles (for ``"transverse"`` alone). Or angles: a `Schedule` of an earlier solution of
            the same problem and settings, or one that is meant for any problem; these are taken as they are.
        initial_state: ``"uniform"`` over all choices that the mixer reaches. ``"biased"``, for ``"transverse"``: each
            bit is 1 as often as among feasible choices, so that these are not rare from the beginning. ``"warm"``, for
            ``"transverse"`` and ``"grover"``: tilted towards the solution of the convex relaxation (Egger, Mareček and
            Woerner, Quantum 5, 479 (2021)). The last two come with the mixer that belongs to them. ``"auto"`` is biased
            where constraints are penalties of the transverse mixer, and else uniform.
        penalty: strength of penalties, see `penalised`.
        cvar: the share of the lowest outcomes whose mean is minimised; 1 for the mean of all.
        shots: samples drawn at the end.
        sampler: draws them elsewhere: a sampler, a backend or its name. The angles are then trained for the circuit
            that machines run, in which one Trotter step stands for the exact complete mixer, and probabilities become
            frequencies.

    Raises:
        InputError: if an argument breaks its rule, or two do not go together.
    """

    name = "qaoa"

    def __init__(
        self,
        num_layers: int = 3,
        *,
        mixer: MixerName = "auto",
        schedule: ScheduleName | Schedule = "interpolated",
        initial_state: Start = "auto",
        penalty: Penalty = "calibrated",
        cvar: float = 1.0,
        shots: int = 4096,
        sampler: SomeSampler | None = None,
    ) -> None:
        self.num_layers = require_integer("num_layers", num_layers, 1, MOST_LAYERS)
        self.mixer = require_choice("mixer", mixer, get_args(MixerName))
        self.initial_state = require_choice("initial_state", initial_state, get_args(Start))
        self.shots = require_integer("shots", shots, 1, MOST_STEPS)
        self.cvar = read_share(cvar)
        self.penalty: Penalty = penalty
        if not isinstance(penalty, str):
            require_number("a penalty", penalty)
        else:
            require_choice("a penalty", penalty, ("calibrated", "sufficient"))
        self.sampler = None if sampler is None else sampler_of(sampler)
        self.schedule = schedule
        if not isinstance(schedule, Schedule):
            require_choice("schedule", schedule, get_args(ScheduleName))
        elif schedule.num_layers != self.num_layers:
            raise InputError(f"the schedule must have {self.num_layers} layers, got {schedule.num_layers}")
        if schedule == "fixed" and self.mixer not in ("auto", "transverse"):
            raise InputError(f'fixed angles are known for mixer="transverse", got {shown(mixer)}')
        suited = {"warm": ("auto", "transverse", "grover"), "biased": ("auto", "transverse")}
        if self.mixer not in suited.get(self.initial_state, (self.mixer,)):
            raise InputError(
                f"initial_state={initial_state!r} has a mixer of its own, which mixer={mixer!r} is not; take "
                f"{' or '.join(suited[self.initial_state][1:])}"
            )

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; progress counts evaluations of the circuit. The seed is of the samples.

        Raises:
            InputError: if no choice is feasible, an inequality that becomes a penalty has coefficients other than
                integers, the mixer needs groups that are not there, or a schedule belongs to another problem.
            InsufficientMemoryError: if the states do not fit.
        """
        require_problem(problem).constraints.require_feasible()
        if progress is not None:
            check_callable(progress, "progress")
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        clock = Clock(limit, progress, MOST_EVALUATIONS)
        number, generator = seeded(seed)
        family = self._family(problem)
        machine = family.machine_circuit(self.num_layers)
        if self.sampler is not None and machine is None:
            raise InputError(
                "a sampler runs circuits, and the Grover mixer of these constraints has none; leave it out"
            )
        landscape = family.of(self.num_layers)
        found = self._angles(family, landscape, clock, generator)
        schedule = None
        if landscape.num_parameters:
            schedule = replace(Schedule.from_parameters(found.parameters), problem=landscape.fingerprint)
        run = Run(
            solver=self.name,
            evidence="state vector",
            shots=self.shots,
            seed=number,
            depth=None if machine is None else machine.depth(),
            two_qubit_count=None if machine is None else two_qubit_gates(machine),
            num_evaluations=found.num_evaluations,
            converged=found.converged,
            message=found.message,
            setting=f"{family.setting}, {self.num_layers} layers, {self._schedule_name} angles",
            schedule=schedule,
            circuit=_CIRCUIT if family.kind == "complete" and self.sampler is None else "",
        )
        if self.sampler is None:
            outcomes = landscape.outcomes(landscape.probabilities(found.parameters))
            return judged_by_probabilities(problem, run, outcomes, generator, clock, enumeration)
        assert machine is not None
        assert family.encoding is not None
        drawn = self.sampler.run(
            machine.copy().measure_all(),
            self.shots,
            seed=int(generator.integers(1 << 31)),
            parameters=found.parameters if machine.num_parameters else None,
        )
        patterns = np.array([int(key, 2) for key in drawn.counts], dtype=np.int64)
        clock.finish()
        run = replace(run, evidence="samples", wall_time=clock.seconds, backend_name=drawn.backend_name)
        seen = (family.encoding.choices(patterns), np.array(list(drawn.counts.values()), dtype=np.float64))
        return judge(problem, run, outcomes=seen, enumeration=enumeration)

    @property
    def _schedule_name(self) -> str:
        return "given" if isinstance(self.schedule, Schedule) else str(self.schedule)

    def _angles(self, family: _Family, landscape: Any, clock: Clock, rng: np.random.Generator) -> Trained:
        if not landscape.num_parameters:
            return Trained(np.zeros(0), 0.0, 0, True, "there is nothing to optimise")
        steps = _GROVER_STEPS if family.kind == "grover" else _STEPS
        if isinstance(self.schedule, Schedule) or self.schedule == "fixed":
            if isinstance(self.schedule, Schedule):
                schedule = _own(self.schedule, landscape.fingerprint)
            else:
                schedule = family.fixed(self.num_layers)
            clock.tick()
            return Trained(schedule.to_parameters(), 0.0, 0, True, "the angles were given")
        if self.schedule == "interpolated":
            return trained_by_layers(family.of, landscape, self.num_layers, steps, clock, rng)
        start, value, done = best_ramp(landscape, self.num_layers, steps, clock)
        if self.schedule == "ramp" or clock.is_over:
            over = clock.is_over
            message = "the time ran out" if over else f"the best of {done} ramps"
            return Trained(start.to_parameters(), value, done, not over, message)
        found = trained(landscape, start.to_parameters(), clock, rng)
        return replace(found, num_evaluations=done + found.num_evaluations)

    def _chosen_mixer(self, problem: QuadraticProblem, has_groups: bool, others: list[LinearRow]) -> str:
        if self.schedule == "fixed" or self.initial_state == "biased" or not (has_groups or others):
            return "transverse"
        is_listed = num_candidates(problem) <= _MOST_LISTED
        if has_groups and self.initial_state != "warm" and all(map(can_be_penalty, others)):
            encoding = encode(problem, keep=True, num_layers=self.num_layers)
            if encoding.weight is not None or encoding.num_qubits <= _MOST_QUBITS_BY_DEFAULT or not is_listed:
                return "complete"
        return "grover" if is_listed or not all(map(can_be_penalty, others)) else "transverse"

    def _family(self, problem: QuadraticProblem) -> _Family:
        kind = self.mixer
        groups, kept = kept_groups(problem.constraints)
        others = [row for row in problem.constraints.rows if row.name not in kept]
        if kind == "auto":
            kind = self._chosen_mixer(problem, bool(groups), others)
        if kind in ("complete", "ring") and not groups:
            raise InputError(
                f"mixer={kind!r} keeps groups with a fixed number of ones, which these constraints do not have; take "
                '"auto"'
            )
        start = self.initial_state
        if start == "auto":
            has_penalties = kind == "transverse" and bool(problem.constraints.rows) and self.schedule != "fixed"
            start = "biased" if has_penalties else "uniform"
        chances = None
        if start == "warm":
            chances = np.clip(relaxed_solution(problem), _REGULARISATION, 1.0 - _REGULARISATION)
        elif start == "biased":
            chances = np.clip(feasible_shares(problem), _LEAST_SHARE, 1.0 - _LEAST_SHARE)
        if kind == "grover":
            listed = ListedLandscape(problem, self.num_layers, self.cvar, chances)
            whole = None if others else encode(problem, keep=True)
            tilt = None if whole is None else _by_qubit(chances, whole)
            return _Family(kind, listed.with_layers, whole, f"Grover mixer, {start} start", tilt, listed.spread)
        encoding = encode(problem, keep=kind != "transverse", penalty=self.penalty, num_layers=self.num_layers)
        tilt = _by_qubit(chances, encoding)
        exact = self.sampler is None
        name = _NAMES[kind]
        if kind == "complete" and not exact:
            name += " in one Trotter step"
        setting = f"{name} mixer, {start} start"
        if encoding.penalties:
            setting += f", {self.penalty if isinstance(self.penalty, str) else 'given'} penalties"

        def landscape(num_layers: int) -> CircuitLandscape:
            return CircuitLandscape(encoding, layered_circuit(encoding, kind, num_layers, tilt, exact=exact), self.cvar)

        return _Family(kind, landscape, encoding, setting, tilt)


@dataclass(frozen=True, eq=False)
class _Family:
    """The landscapes of one problem and its settings, by number of layers."""

    kind: str
    of: Callable[[int], Any]
    encoding: Encoding | None
    setting: str
    chances: FloatArray | None = None
    scale: float | None = None

    def machine_circuit(self, num_layers: int) -> Circuit | None:
        """What machines run; None where the preparation of the feasible choices has no circuit here."""
        if self.encoding is None:
            return None
        return layered_circuit(self.encoding, self.kind, num_layers, self.chances, exact=False, scale=self.scale)

    def fixed(self, num_layers: int) -> Schedule:
        """Published angles."""
        assert self.encoding is not None
        return fixed_schedule(self.encoding.form, num_layers, self.encoding.scale)


def _by_qubit(chances: FloatArray | None, encoding: Encoding) -> FloatArray | None:
    """Chances of the problem's bits as those of qubits; slack bits are as likely 0 as 1."""
    if chances is None:
        return None
    found = np.full(encoding.num_qubits, 0.5)
    found[: len(encoding.variables)] = chances[encoding.variables]
    return found


def _own(schedule: Schedule, fingerprint: str) -> Schedule:
    if schedule.problem not in (None, fingerprint):
        raise InputError(
            f"the schedule must be one of this problem and these settings ({fingerprint}), got one of "
            f"{schedule.problem}, whose angles mean something else here; to take them all the same, pass "
            "schedule.detached()"
        )
    return schedule
