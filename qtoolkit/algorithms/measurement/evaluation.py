"""From outcomes of groups to values and their covariance, with readout errors undone and symmetries kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._masks import gathered, scattered
from qtoolkit._memory import reserved
from qtoolkit.algorithms.measurement.groups import MeasurementGroup, MeasurementGroups
from qtoolkit.algorithms.measurement.readout import ReadoutMitigation, function_scores, parity_scores, read_together
from qtoolkit.algorithms.measurement.symmetries import PostSelection, kept_outcomes
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["GroupData", "Moments", "evaluated", "shot_variances"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_JOINT_BITS = 26
_NUMBERS_AT_ONCE = 1 << 20
_LEAST_KEPT = 2.0


@dataclass(frozen=True, eq=False)
class GroupData:
    """What one stage of measurements of a group has found.

    Attributes:
        outcomes: distinct bits as masks of qubits, int64.
        counts: how often each came, float64.
        weight: of this stage in the value; those of all stages of a group add up to 1.
    """

    outcomes: IntArray
    counts: FloatArray
    weight: float


@dataclass(frozen=True, eq=False)
class Moments:
    """Values, shape ``(num_observables,)``, their covariance, and the share of shots that were kept."""

    values: FloatArray
    covariance: FloatArray
    kept: float


def evaluated(
    groups: MeasurementGroups,
    data: Sequence[Sequence[GroupData]],
    readout: ReadoutMitigation | None,
    selection: PostSelection | None,
) -> Moments:
    """Add up what the groups give.

    A group's value is Σ u / Σ v over shots, where u is what a shot counts as and v whether it counts; both are linear
    in the shots, stages are joined before the ratio is taken, and its variance is that of u − (Σu/Σv) v to first order
    (the delta method), which is exact where every shot counts.

    Args:
        groups: what was measured.
        data: the stages of each group.
        readout: undone, if given.
        selection: shots that break it do not count, if given.

    Raises:
        InputError: if fewer than two shots of a group count.
    """
    values = groups.constants.copy()
    covariance = np.zeros((len(values), len(values)))
    kept = total = 0.0
    for number, (group, stages) in enumerate(zip(groups.groups, data, strict=True)):
        scored = [_scores(group, stage.outcomes, readout, selection) for stage in stages]
        shares = [stage.counts / stage.counts.sum() for stage in stages]
        upper = sum(stage.weight * (share @ u) for stage, share, (u, _) in zip(stages, shares, scored, strict=True))
        lower = sum(stage.weight * (share @ v) for stage, share, (_, v) in zip(stages, shares, scored, strict=True))
        shots = sum(float(stage.counts.sum()) for stage in stages)
        if selection is not None:
            passing = sum(float(s.counts @ kept_outcomes(selection, group, s.outcomes)) for s in stages)
            kept += passing
            if min(passing, float(lower) * shots) < _LEAST_KEPT:
                raise InputError(
                    f"group {number} of {len(groups)} needs two shots at least that pass the post-selection, got "
                    f"{passing:g} of {shots:g}; take more shots, or check the values of the symmetries"
                )
        total += shots
        ratio = upper / lower
        values += ratio
        for stage, share, (u, v) in zip(stages, shares, scored, strict=True):
            rest = (u - v[:, None] * ratio) / lower
            rest = rest - share @ rest
            count = float(stage.counts.sum())
            covariance += stage.weight**2 * ((share[:, None] * rest).T @ rest) / (count - 1.0)
    return Moments(values, covariance, kept / total if selection is not None and total else 1.0)


def shot_variances(
    groups: MeasurementGroups,
    data: Sequence[GroupData],
    readout: ReadoutMitigation | None,
    selection: PostSelection | None,
) -> FloatArray:
    """Variance of one shot of each group, as far as a pilot tells; shape ``(num_groups, num_observables)``.

    The variance in the maximally mixed state counts as one shot more, so that a group whose few shots agree by chance
    is not taken for certain.
    """
    prior = groups.variances()
    found = np.empty_like(prior)
    for row, (group, stage) in enumerate(zip(groups.groups, data, strict=True)):
        u, v = _scores(group, stage.outcomes, readout, selection)
        share = stage.counts / stage.counts.sum()
        count = float(stage.counts.sum())
        lower = max(float(share @ v), 1.0 / count)
        ratio = (share @ u) / lower
        rest = (u - v[:, None] * ratio) / lower
        found[row] = (share @ rest**2 * count + prior[row]) / count
    return found


def _scores(
    group: MeasurementGroup, outcomes: IntArray, readout: ReadoutMitigation | None, selection: PostSelection | None
) -> tuple[FloatArray, FloatArray]:
    """What each outcome counts as for each observable, ``(num_outcomes, num_observables)``, and whether it counts."""
    setting = group.setting
    if readout is None:
        u = setting.values(outcomes)
        if selection is None:
            return u, np.ones(len(outcomes))
        v = kept_outcomes(selection, group, outcomes).astype(np.float64)
        return u * v[:, None], v
    if selection is None:
        u = np.empty((len(outcomes), setting.coefficients.shape[1]))
        rows = max(1, _NUMBERS_AT_ONCE // max(1, len(setting.masks)))
        for start in range(0, len(outcomes), rows):
            chunk = slice(start, start + rows)
            u[chunk] = parity_scores(readout, outcomes[chunk], setting.masks) @ setting.coefficients
        return u, np.ones(len(outcomes))
    qubits = read_together(readout, setting.qubits)
    columns = setting.coefficients.shape[1]
    if len(qubits) > _MOST_JOINT_BITS:
        raise InputError(
            f"post-selection behind readout mitigation is for at most {_MOST_JOINT_BITS} measured qubits, got "
            f"{len(qubits)}; take one of both"
        )
    needed = _needs.functions_of_bits(len(qubits), columns + 1)
    with reserved(needed, f"functions of {len(qubits)} bits", "take readout mitigation or post-selection alone"):
        true = scattered(np.arange(1 << len(qubits)), qubits)
        table = np.empty((len(true), columns + 1))
        table[:, -1] = kept_outcomes(selection, group, true)
        masks = gathered(setting.masks, qubits)
        for column in range(columns):
            part = PauliSum(np.zeros_like(masks), masks, setting.coefficients[:, column], max(len(qubits), 1))
            table[:, column] = part.diagonal()[: len(true)] * table[:, -1]
        found = function_scores(readout, table, outcomes, qubits)
    return found[:, :-1], found[:, -1]
