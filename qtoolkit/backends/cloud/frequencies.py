"""Counts made of the probabilities that a provider answers with in their place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit.errors import JobError

__all__ = ["counts_of_frequencies", "nearest_counts"]

_MISSED = 0.01
"""Shots by which a frequency times the number of shots may miss an integer: frequencies come in few digits."""

_CUT = 1e-9
"""Shots by which rounding may bring an integer below itself."""


def counts_of_frequencies(frequencies: ArrayLike, shots: int) -> NDArray[np.int64]:
    """The counts of outcomes whose frequencies are given, in as many digits as tell single shots apart.

    Raises:
        JobError: naming one that is no frequency of so many shots.
    """
    exact = np.asarray(frequencies, dtype=np.float64) * shots
    counts = np.rint(exact)
    wrong = np.flatnonzero(~(np.isfinite(exact) & np.isclose(exact, counts, rtol=0.0, atol=_MISSED)))
    if len(wrong):
        raise JobError(
            f"the provider's frequencies are none of {shots} shots: number {wrong[0]} would be {exact[wrong[0]]:g} of "
            "them; its answer is kept"
        )
    return counts.astype(np.int64)


def nearest_counts(probabilities: ArrayLike, shots: int, slack: float) -> NDArray[np.int64]:
    """Counts that sum to the shots, each by less than one above or below its share: the largest remainders are up.

    Args:
        probabilities: of each outcome, at least 0; of equal remainders the first are up.
        shots: to be shared out.
        slack: how far from 1 the probabilities may sum to; they are scaled.

    Raises:
        JobError: if they are no probabilities.
    """
    weights = np.asarray(probabilities, dtype=np.float64)
    total = weights.sum()
    if not (weights >= 0.0).all() or not abs(total - 1.0) <= slack:
        raise JobError(f"a provider's probabilities are at least 0 and sum to 1, these sum to {total:g}; they are kept")
    shares = weights / total * shots
    counts: NDArray[np.int64] = np.floor(shares + _CUT).astype(np.int64)
    left = max(0, shots - int(counts.sum()))
    counts[np.argsort(counts - shares, kind="stable")[:left]] += 1
    return counts
