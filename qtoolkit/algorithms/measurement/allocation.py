"""How many shots each group of terms gets."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.errors import InputError

__all__ = ["ALLOCATIONS", "LEAST_SHOTS", "MOST_SHOTS", "Allocation", "allocated_shots", "shares_of"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Allocation: TypeAlias = Literal["uniform", "weighted", "variance"]
"""The same for all groups; by the absolute coefficients of each; or by the standard deviation of a shot of each, which
a pilot finds out and which is optimal."""

ALLOCATIONS = ("uniform", "weighted", "variance")

MOST_SHOTS = 1 << 52
"""Of one estimate: more would not be whole numbers in double precision."""

LEAST_SHOTS = 2
"""Of each group, so that it has a standard error."""


def shares_of(allocation: str, scales: FloatArray, variances: FloatArray) -> FloatArray:
    """What part of the shots each group should get, shape ``(num_groups,)``, of sum 1.

    By ``"variance"`` the parts are proportional to standard deviations, which makes the variance of a sum of group
    means least (Neyman, J. R. Stat. Soc. 97, 558 (1934)).

    Args:
        allocation: one of `ALLOCATIONS`.
        scales: sum of the absolute coefficients of each group.
        variances: of one shot of each group, shape ``(num_groups, num_observables)``; those of observables are summed.
    """
    weights = {
        "uniform": np.ones(len(scales)),
        "weighted": scales,
        "variance": np.sqrt(variances.sum(axis=1)),
    }[allocation]
    total = float(weights.sum())
    return weights / total if total > 0.0 else np.full(len(scales), 1.0 / max(len(scales), 1))


def allocated_shots(shares: FloatArray, shots: int, least: int = LEAST_SHOTS) -> IntArray:
    """Whole numbers of shots that add up to `shots`, int64 of shape ``(num_groups,)``.

    Args:
        shares: parts of the whole, of sum 1.
        shots: how many there are.
        least: that every group gets; what is left goes by the shares, by largest remainders.

    Raises:
        InputError: if there are too few.
    """
    needed = least * len(shares)
    if shots < needed:
        raise InputError(
            f"{len(shares)} groups need at least {needed} shots, {least} each, got {shots}; give more, or take "
            'grouping="commuting", which makes fewer groups'
        )
    # Groups whose part is below the least take no more, and leave the less to the others.
    rich = np.ones(len(shares), dtype=bool)
    while True:
        rest = shots - least * int((~rich).sum())
        part = shares * rich
        total = float(part.sum())
        if total <= 0.0:
            wanted = np.where(rich, rest / max(int(rich.sum()), 1), 0.0)
            break
        wanted = part / total * rest
        poor = rich & (wanted < least)
        if not poor.any():
            break
        rich &= ~poor
    floors = np.floor(wanted).astype(np.int64)
    counts = np.where(rich, floors, least)
    missing = shots - int(counts.sum())
    order = np.argsort(-np.where(rich, wanted - floors, -1.0), kind="stable")
    counts[order[:missing]] += 1
    return counts
