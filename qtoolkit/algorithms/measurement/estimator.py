"""`ShotEstimator`: expectation values from a budget of shots, with grouping, allocation and error mitigation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_integer, check_number, items_of, shown
from qtoolkit._checks import require_choice
from qtoolkit.algorithms.measurement.allocation import ALLOCATIONS, MOST_SHOTS, Allocation, allocated_shots, shares_of
from qtoolkit.algorithms.measurement.evaluation import GroupData, Moments, evaluated, shot_variances
from qtoolkit.algorithms.measurement.extrapolation import Extrapolation, ZeroNoiseExtrapolation
from qtoolkit.algorithms.measurement.folding import folded_circuit
from qtoolkit.algorithms.measurement.groups import GROUPINGS, Grouping, MeasurementGroups, measurement_groups
from qtoolkit.algorithms.measurement.readout import ReadoutMitigation, deviations, read_together
from qtoolkit.algorithms.measurement.symmetries import (
    PostSelection,
    SymmetryVerification,
    projected_observables,
    verified_moments,
)
from qtoolkit.backends.estimator import Estimate, MeasuringEstimator, check_observables
from qtoolkit.backends.sampler import SomeSampler, sampler_of
from qtoolkit.backends.sampling import prepared_state, sampled
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum
from qtoolkit.simulators.noisy import checked_noise

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["Mitigation", "ShotEstimate", "ShotEstimator"]

FloatArray = NDArray[np.float64]

Mitigation: TypeAlias = ReadoutMitigation | PostSelection | SymmetryVerification | ZeroNoiseExtrapolation

_PILOT = 0.1
"""Part of a budget that finds out the variances."""
_PILOT_SHOTS = 8
"""Least shots of a group in a pilot."""
_FIRST_SHOTS = 64
"""Mean shots of a group in a pilot that looks for the size of a budget."""
_LEAST_FIRST_SHOTS = 1000
"""Of such a pilot, so that it knows standard deviations to a few per cent."""


@dataclass(frozen=True)
class ShotEstimate(Estimate):
    """An expectation value from shots, and what it comes from.

    Attributes:
        value: the estimate; without bias where there is no noise, whatever was asked for.
        standard_error: its standard deviation by the shots, and by those of a calibration; what mitigation leaves of a
            device's bias is not in it.
        shots: all of them, of pilots and noise factors too; 0 for a constant. Those of a calibration count there.
        num_settings: bases measured.
        seed: what `ShotEstimator.estimate` takes to get the same again; None where the sampler honours none.
        shots_per_group: all shots of each group, over all noise factors.
        kept: share of the shots that passed the post-selection; 1 without.
        calibration_error: the part of `standard_error` that a readout calibration brings about.
        extrapolation: to zero noise, where that was asked for.
    """

    shots_per_group: tuple[int, ...] = ()
    kept: float = 1.0
    calibration_error: float = 0.0
    extrapolation: Extrapolation | None = None


@dataclass(frozen=True, eq=False)
class _Prepared:
    """For each group a circuit that it is read behind, the values of their parameters, and where they begin."""

    circuits: Sequence[Circuit]
    parameters: ParameterValues | None
    state: NDArray[np.complex128] | None


@dataclass(frozen=True, eq=False)
class _Run:
    """All outcomes of an estimate: for each noise factor, the stages of each group."""

    groups: MeasurementGroups
    factors: tuple[float, ...]
    data: list[list[list[GroupData]]]
    is_reproducible: bool

    @property
    def shots_per_group(self) -> tuple[int, ...]:
        counts = np.zeros(len(self.groups))
        for stages_of_groups in self.data:
            counts += [sum(stage.counts.sum() for stage in stages) for stages in stages_of_groups]
        return tuple(int(count) for count in counts)


class ShotEstimator(MeasuringEstimator[ShotEstimate]):
    """Expectation values from a budget of shots through any sampler; satisfies `qtoolkit.primitives.Estimator`.

    `SamplingEstimator` gives each basis the same shots; this one spends a budget where it counts, measures terms that
    commute in fewer bases, and undoes what it knows of a device's errors.

    >>> from qtoolkit import Circuit, PauliSum, StatevectorSimulator
    >>> energy = PauliSum.from_list([("XX", 1.0), ("ZZ", 0.5), ("IZ", 0.25)])
    >>> estimator = ShotEstimator(StatevectorSimulator(), shots=1000, seed=7)
    >>> estimate = estimator.estimate(Circuit(2).h(0).cx(0, 1), energy)
    >>> abs(estimate.value - 1.5) < 4 * estimate.standard_error
    True

    Args:
        sampler: measures: a backend, its name, a `BackendSampler` or a local simulator.
        shots: budget of each estimate, all groups, pilots and noise factors together.
        standard_error: spends no more of the budget than this error takes, as far as a pilot can tell; all of it where
            it is too small. The estimate says what was reached.
        grouping: ``"commuting"``, fewer groups that need entangling gates to be measured, or ``"qubit-wise"``.
        allocation: ``"variance"``, by standard deviations that a pilot of a tenth of the shots finds out;
            ``"weighted"``, by the absolute coefficients; ``"uniform"``.
        mitigation: at most one each of `ReadoutMitigation`, `PostSelection`, `SymmetryVerification` and
            `ZeroNoiseExtrapolation`. Whatever their order here, readout errors are undone first, then symmetries
            kept, and noise extrapolated last.
        noise: is put into every circuit, folded ones and changes of basis too; the sampler must run channels then.
        seed: makes a sequence of estimates reproducible; each draws one of its own from it.

    Raises:
        InputError: if an option is none; from `estimate`, if there are too few shots for the groups, a symmetry
            does not fit the observables, or the circuit has something that cannot be folded.
        ConvergenceError: from `estimate`, if no exponential fits.
    """

    def __init__(
        self,
        sampler: SomeSampler,
        shots: int,
        *,
        standard_error: float | None = None,
        grouping: Grouping = "commuting",
        allocation: Allocation = "variance",
        mitigation: Sequence[Mitigation] = (),
        noise: NoiseModel | None = None,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        self.sampler = sampler_of(sampler)
        self.shots = check_integer(shots, "shots", 2, MOST_SHOTS)
        self.standard_error = standard_error
        if standard_error is not None:
            rule = "a positive number"
            self.standard_error = check_number(standard_error, "standard_error", kind=rule, accept=_is_positive)
        require_choice("grouping", grouping, GROUPINGS)
        self.grouping = grouping
        require_choice("allocation", allocation, ALLOCATIONS)
        self.allocation = allocation
        self.noise = checked_noise(noise)
        self.readout: ReadoutMitigation | None = None
        self.selection: PostSelection | None = None
        self.verification: SymmetryVerification | None = None
        self.extrapolation: ZeroNoiseExtrapolation | None = None
        rule = "mitigation is a sequence of ReadoutMitigation, PostSelection, SymmetryVerification, "
        rule += "ZeroNoiseExtrapolation, one of each at most"
        names = {
            ReadoutMitigation: "readout",
            PostSelection: "selection",
            SymmetryVerification: "verification",
            ZeroNoiseExtrapolation: "extrapolation",
        }
        for item in items_of(mitigation, rule):
            name = names.get(type(item))
            if name is None or getattr(self, name) is not None:
                raise InputError(f"{rule}, got {shown(item)}")
            setattr(self, name, item)
        super().__init__(seed)
        self._grouped: tuple[tuple[PauliSum, ...], MeasurementGroups] | None = None

    def groups(self, observable: PauliSum | Sequence[PauliSum]) -> MeasurementGroups:
        """The groups that an estimate measures, with what it measures besides for symmetries.

        Raises:
            OperatorError, InputError: as for `estimate`.
        """
        rule = "an observable is a PauliSum or a sequence of them"
        given = (observable,) if isinstance(observable, PauliSum) else tuple(items_of(observable, rule))
        if not given:
            raise InputError("groups are those of at least one observable, got none")
        check_observables(given, getattr(given[0], "num_qubits", 0))
        return self._groups(given)

    def _groups(self, observables: tuple[PauliSum, ...]) -> MeasurementGroups:
        # an optimiser asks for the same observables many times
        if self._grouped is None or not _are_same(self._grouped[0], observables):
            extra = None if self.selection is None else self.selection.strings
            if extra is not None and extra.num_qubits != observables[0].num_qubits:
                raise InputError(
                    f"symmetries must have the observables' {observables[0].num_qubits} qubits, got {extra.num_qubits}"
                )
            asked = observables if self.verification is None else projected_observables(self.verification, observables)
            self._grouped = observables, measurement_groups(asked, self.grouping, extra)
        return self._grouped[1]

    def _measured(
        self, circuit: Circuit, groups: MeasurementGroups, parameters: ParameterValues | None, seed: int
    ) -> _Run:
        """Measure all groups at all noise factors."""
        asked = (1.0,) if self.extrapolation is None or not len(groups) else self.extrapolation.factors
        state = None
        if self.noise is None and self.extrapolation is None and len(groups) > 1:
            state = prepared_state(self.sampler, circuit, parameters)
        if state is not None:
            circuit, parameters = Circuit(circuit.num_qubits), None
        prepared = [group.setting.prepared(circuit) for group in groups.groups]
        numbers = np.random.SeedSequence(seed).generate_state(2 * len(asked), np.uint32).tolist()
        factors, data, reproducible = [], [], []
        for index, factor in enumerate(asked):
            circuits, reached = prepared, [factor]
            if self.extrapolation is not None and factor != 1.0:
                folded = [folded_circuit(item, factor, self.extrapolation.folding) for item in prepared]
                circuits, reached = [item for item, _ in folded], [real for _, real in folded]
            factors.append(float(np.mean(reached)))
            budget = self.shots // len(asked) + (index < self.shots % len(asked))
            pair = numbers[2 * index], numbers[2 * index + 1]
            stages, is_reproducible = self._staged(_Prepared(circuits, parameters, state), groups, budget, pair)
            data.append(stages)
            reproducible.append(is_reproducible)
        return _Run(groups, tuple(factors), data, all(reproducible))

    def _staged(
        self,
        prepared: _Prepared,
        groups: MeasurementGroups,
        budget: int,
        seeds: tuple[int, int],
    ) -> tuple[list[list[GroupData]], bool]:
        """Measure each group: at once, or by a pilot and what it says is to follow.

        The weights of both stages are fixed before anything is measured. Were shots pooled, a group whose pilot found
        little variance would count that pilot for more, and the value would be biased.
        """
        if not len(groups):
            return [], True
        target = self.standard_error
        if target is not None and self.extrapolation is not None:
            target /= self.extrapolation.amplification
        if self.allocation != "variance" and target is None:
            shares = shares_of(self.allocation, groups.scales, groups.variances())
            return self._stage(prepared, groups, allocated_shots(shares, budget), seeds[0], 1.0)
        first_shots = min(max(_FIRST_SHOTS * len(groups), _LEAST_FIRST_SHOTS), budget // 2)
        size = round(_PILOT * budget) if target is None else first_shots
        size = max(size, _PILOT_SHOTS * len(groups))
        first_shares = shares_of("variance", groups.scales, groups.variances())
        # checks the whole budget before a shot is spent
        allocated_shots(first_shares, budget, _PILOT_SHOTS + 2)
        weight = size / budget if target is None else 0.0
        counts = allocated_shots(first_shares, size, _PILOT_SHOTS)
        pilot, first = self._stage(prepared, groups, counts, seeds[0], weight)
        variances = shot_variances(groups, [stages[0] for stages in pilot], self.readout, self.selection)
        shares = shares_of(self.allocation, groups.scales, variances)
        rest = budget - size
        if target is not None:
            needed = (variances / np.maximum(shares, 1e-300)[:, None]).sum(axis=0).max() / target**2
            rest = max(int(min(np.ceil(needed), rest)), 2 * len(groups))
        main, second = self._stage(prepared, groups, allocated_shots(shares, rest), seeds[1], 1.0 - weight)
        return [[*before, *after] for before, after in zip(pilot, main, strict=True)], first and second

    def _stage(
        self,
        prepared: _Prepared,
        groups: MeasurementGroups,
        counts: NDArray[np.int64],
        seed: int,
        weight: float,
    ) -> tuple[list[list[GroupData]], bool]:
        """Measure every group so many times."""
        measured = []
        for group, circuit in zip(groups.groups, prepared.circuits, strict=True):
            setting = group.setting
            if self.readout is not None:
                setting = replace(setting, qubits=read_together(self.readout, setting.qubits))
                if setting.qubits and setting.qubits[-1] >= circuit.num_qubits:
                    raise InputError(
                        f"a correlated readout error needs all of its qubits, got {setting.qubits[-1]} in a circuit of "
                        f"{circuit.num_qubits}; calibrate the circuit's qubits alone"
                    )
            measured.append((setting, *setting.read(circuit.copy())))
        found = sampled(
            self.sampler,
            [item for _, item, _ in measured],
            counts.tolist(),
            seed,
            prepared.parameters,
            self.noise,
            prepared.state,
        )
        data = []
        for (setting, _, register), result in zip(measured, found, strict=True):
            data.append([GroupData(*setting.outcomes(result.register(register)), weight)])
        return data, all(result.seed is not None for result in found)

    def _estimates(
        self, circuit: Circuit, observables: tuple[PauliSum, ...], parameters: ParameterValues | None, seed: int
    ) -> list[ShotEstimate]:
        run = self._measured(circuit, self._groups(observables), parameters, seed)
        moments = [self._moments(run, data, self.readout) for data in run.data]
        values, errors, fits = self._final(run, moments, observables, seed)
        calibration = np.zeros(len(values))
        for shifted in deviations(self.readout) if self.readout is not None and len(run.groups) else ():
            again = [self._moments(run, data, shifted) for data in run.data]
            calibration += (self._final(run, again, observables, seed)[0] - values) ** 2
        shots = run.shots_per_group
        return [
            ShotEstimate(
                value=float(values[index]),
                standard_error=float(np.sqrt(errors[index] ** 2 + calibration[index])),
                shots=sum(shots),
                num_settings=len(run.groups),
                seed=seed if run.is_reproducible else None,
                shots_per_group=shots,
                kept=float(np.mean([item.kept for item in moments])),
                calibration_error=float(np.sqrt(calibration[index])),
                extrapolation=fits[index],
            )
            for index in range(len(observables))
        ]

    def _moments(self, run: _Run, data: list[list[GroupData]], readout: ReadoutMitigation | None) -> Moments:
        """What one noise factor gives."""
        found = evaluated(run.groups, data, readout, self.selection)
        if self.verification is None:
            return found
        values, covariance = verified_moments(found.values, found.covariance)
        return Moments(values, covariance, found.kept)

    def _final(
        self, run: _Run, moments: Sequence[Moments], observables: Sequence[PauliSum], seed: int
    ) -> tuple[FloatArray, FloatArray, list[Extrapolation | None]]:
        """Values, their standard errors by shots, and the fits."""
        values = np.array([item.values for item in moments])
        errors = np.sqrt(np.array([item.covariance.diagonal() for item in moments]))
        if self.extrapolation is None or not len(run.groups):
            return values[0], errors[0], [None] * len(observables)
        fits = [
            self.extrapolation.extrapolated(
                values[:, column],
                errors[:, column],
                factors=run.factors,
                asymptote=float(observable.constant.real),
                seed=seed,
            )
            for column, observable in enumerate(observables)
        ]
        return np.array([fit.value for fit in fits]), np.array([fit.standard_error for fit in fits]), list(fits)


def _is_positive(number: float) -> bool:
    return 0.0 < number < np.inf


def _are_same(known: Sequence[PauliSum], asked: Sequence[PauliSum]) -> bool:
    return len(known) == len(asked) and all(one is other for one, other in zip(known, asked, strict=True))
