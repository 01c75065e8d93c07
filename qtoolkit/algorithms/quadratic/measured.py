"""What exact probabilities are minimised by: their mean, or the mean of their lowest share, with its gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_number

__all__ = ["lower_tail", "read_share", "tail_observable"]

FloatArray = NDArray[np.float64]


def read_share(share: object) -> float:
    """The share of outcomes whose mean is minimised, above 0 and at most 1.

    Raises:
        InputError: for anything else.
    """
    return require_number("cvar", share, np.finfo(np.float64).tiny, 1.0)


def lower_tail(values: FloatArray, probabilities: FloatArray, share: float) -> tuple[float, float]:
    """The mean of the lowest outcomes that make up a share of all probability, and the highest value among them.

    Source: Barkoutsos, Nannicini, Robert, Tavernelli and Woerner, Quantum 4, 256 (2020), eq. (5).

    Args:
        values, probabilities: of outcomes, shape ``(m,)``.
        share: α, above 0; at 1 it is the mean of all.
    """
    order = np.argsort(values, kind="stable")
    seen = np.cumsum(probabilities[order])
    goal = share * seen[-1]
    last = min(int(np.searchsorted(seen, goal)), len(order) - 1)
    bar = float(values[order[last]])
    below = order[:last]
    inside = float(values[below] @ probabilities[below])
    rest = goal - (float(seen[last - 1]) if last else 0.0)
    return (inside + rest * bar) / goal, bar


def tail_observable(values: FloatArray, bar: float, share: float) -> FloatArray:
    """The diagonal observable whose mean is the lower tail's and whose derivatives are as well, where `bar` is its top.

    The tail's mean is the maximum over t of ``t − ⟨max(t − E, 0)⟩/α``, which `bar` attains; so derivatives by what the
    probabilities depend on are those at fixed t. Source: Rockafellar and Uryasev, J. Risk 2, 21 (2000), theorem 1.
    """
    return np.asarray(bar - np.maximum(bar - values, 0.0) / share)
