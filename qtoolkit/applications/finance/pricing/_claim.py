"""What a contract comes to under a model: one function of a few exponentials of independent normal variables.

All models here are Gaussian in the logarithms of prices, or in rates, and all payoffs are made of the positive part or
the sign of a linear combination of prices, so that one description serves for all: with z standard normal in d
dimensions, ``X_k = exp(offsets[k] + loadings[k] · z)`` and ``y = weights · X - strike``, the payoff is y, its positive
part, or 1 where y is positive; a barrier multiplies it by whether some of the X reach a level.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Barrier", "Claim", "FloatArray", "Shape"]

FloatArray: TypeAlias = NDArray[np.float64]

Shape: TypeAlias = Literal["linear", "positive part", "sign"]


@dataclass(frozen=True, eq=False)
class Barrier:
    """A level that exponentials may reach.

    Attributes:
        rows: which exponentials are watched.
        log_level: the logarithm of the level.
        is_up: whether it is reached from below.
        pays_if_reached: whether the payoff is made then, as of a knock-in, or else, as of a knock-out.
    """

    rows: tuple[int, ...]
    log_level: float
    is_up: bool
    pays_if_reached: bool


@dataclass(frozen=True, eq=False)
class Claim:
    """A payoff of exponentials of Gaussians, see the module.

    Attributes:
        offsets: shape ``(num_exponentials,)``.
        loadings: shape ``(num_exponentials, num_factors)``.
        weights: shape ``(num_exponentials,)``.
        strike: subtracted.
        shape: of the payoff as a function of y.
        scale: that multiplies it.
        discount_factor: from payment to today.
        barrier: or None.
    """

    offsets: FloatArray
    loadings: FloatArray
    weights: FloatArray
    strike: float
    shape: Shape
    scale: float
    discount_factor: float
    barrier: Barrier | None = None

    @property
    def num_factors(self) -> int:
        """d, the number of normal variables."""
        return int(self.loadings.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another claim does not share."""
        numbers = [array.tobytes() for array in (self.offsets, self.loadings, self.weights)]
        rest = (self.loadings.shape, self.strike, self.shape, self.scale, self.discount_factor, self.barrier)
        return hashlib.blake2b(b"".join([*numbers, repr(rest).encode()]), digest_size=8).hexdigest()

    def payoffs(self, normals: FloatArray) -> FloatArray:
        """Undiscounted payoffs of draws of z, shape ``(num_draws, num_factors)``."""
        logs = self.offsets + normals @ self.loadings.T
        values = np.exp(logs) @ self.weights - self.strike
        if self.shape == "positive part":
            values = np.maximum(values, 0.0)
        elif self.shape == "sign":
            values = (values > 0.0).astype(np.float64)
        if self.barrier is not None:
            watched = logs[:, list(self.barrier.rows)]
            level = self.barrier.log_level
            reached = (watched >= level).any(axis=1) if self.barrier.is_up else (watched <= level).any(axis=1)
            values = np.where(reached == self.barrier.pays_if_reached, values, 0.0)
        return np.asarray(self.scale * values, dtype=np.float64)

    @cached_property
    def turned(self) -> Claim:
        """The same claim in factors of which the first matters most: orthogonal combinations of those given.

        The first is the direction in which y grows fastest, the others those of the largest spread of what is left;
        directions that nothing depends on are dropped. With a barrier they are those of a Brownian bridge: the first
        fixes the price at maturity, the next the one halfway, and so on.

        Source of the bridge: Moskowitz and Caflisch, Math. Comput. Model. 23, 37 (1996).
        """
        if self.barrier is not None:
            return self._with_loadings(_bridge(self.loadings))
        means = np.exp(self.offsets + 0.5 * np.sum(self.loadings**2, axis=1))
        slopes = self.weights * means
        gradient = slopes @ self.loadings
        axes = []
        length = float(np.linalg.norm(gradient))
        spread = slopes[:, None] * self.loadings
        if length > 1e-12 * float(np.linalg.norm(spread)):
            axes.append(gradient / length)
            spread = spread - np.outer(spread @ axes[0], axes[0])
        _, sizes, others = np.linalg.svd(spread, full_matrices=False)
        least = 1e-12 * max(float(np.linalg.norm(slopes[:, None] * self.loadings)), math.ulp(0.0))
        axes += [other for other, size in zip(others, sizes, strict=True) if size > least]
        if not axes:
            axes = [np.eye(self.num_factors)[0]]
        # what is left may be so small that its directions are not orthogonal to the first
        return self._with_loadings(self.loadings @ np.linalg.qr(np.transpose(axes))[0])

    def _with_loadings(self, loadings: FloatArray) -> Claim:
        return replace(self, loadings=loadings)


def _bridge(loadings: FloatArray) -> FloatArray:
    """Loadings of the same Gaussian rows on factors that settle the last row first, then halve what is between."""
    count = len(loadings)
    order, gaps = [count - 1], [(-1, count - 1)]
    while gaps:
        before, after = gaps.pop(0)
        middle = (before + after) // 2
        if before < middle < after:
            order.append(middle)
            gaps += [(before, middle), (middle, after)]
    turned = np.empty((count, count))
    # the triangular factor of the rows in that order
    turned[order] = np.transpose(np.linalg.qr(loadings[order].T, mode="r"))
    return turned
