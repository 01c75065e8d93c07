"""Portfolios of assets: losses by a normal model, or by what returns have been."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_array, require_integer
from qtoolkit._labels import aligned
from qtoolkit.applications.finance.data import Moments, ReturnHistory
from qtoolkit.applications.finance.risk._law import FloatArray, LossLaw
from qtoolkit.circuit.library import load_probabilities
from qtoolkit.errors import InputError

__all__ = ["PortfolioLoss"]

_USUAL_QUBITS = 6
_MOST_QUBITS = 14


@dataclass(frozen=True, eq=False, init=False)
class PortfolioLoss:
    """The loss of a portfolio over one period: less its return, in units of what its weights are in.

    Made by `PortfolioLoss.normal` or `PortfolioLoss.from_returns`.

    Attributes:
        model: ``"normal"`` or ``"scenarios"``.
        fingerprint: of the weights and the returns.
    """

    model: str
    fingerprint: str
    _exact: NormalLosses | ScenarioLosses

    def __init__(self, exact: NormalLosses | ScenarioLosses) -> None:
        check_instance(exact, NormalLosses | ScenarioLosses, "use PortfolioLoss.normal or from_returns")  # type: ignore[arg-type]
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "model", "normal" if isinstance(exact, NormalLosses) else "scenarios")
        object.__setattr__(self, "fingerprint", exact.fingerprint)

    @classmethod
    def normal(cls, weights: ArrayLike, moments: Moments) -> PortfolioLoss:
        """Losses of normal returns.

        Args:
            weights: one for each asset; a pandas Series is matched with the names of the assets.
            moments: of the returns of one period.

        Raises:
            InputError: if they do not fit, or the portfolio has no risk.
        """
        check_instance(moments, Moments, "moments must be Moments, as estimate_moments gives them")
        given = _weights(weights, moments.asset_names)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused by name
            variance = float(given @ moments.covariance @ given)
            mean = -float(given @ moments.expected_returns)
        if not variance > 0.0 or not math.isfinite(variance + mean):
            raise InputError(f"the portfolio must have a finite positive variance, got {variance:g}")
        return cls(NormalLosses(mean, math.sqrt(variance), _fingerprint(given, moments.fingerprint.encode())))

    @classmethod
    def from_returns(cls, weights: ArrayLike, returns: ReturnHistory) -> PortfolioLoss:
        """Losses that are any of those of the past with equal probability.

        Args:
            weights: one for each asset; a pandas Series is matched with the names of the assets.
            returns: the scenarios. Simple ones add up over assets, log ones only nearly.

        Raises:
            InputError: if they do not fit, or the loss is the same in all scenarios.
        """
        check_instance(returns, ReturnHistory, "returns must be a ReturnHistory")
        given = _weights(weights, returns.asset_names)
        with np.errstate(over="ignore", invalid="ignore"):
            losses = np.sort(-(returns.returns @ given))
        if not losses[-1] > losses[0] or not np.isfinite(losses).all():
            raise InputError(f"losses must differ and be finite, got {losses[0]:g} to {losses[-1]:g}")
        return cls(ScenarioLosses(losses, _fingerprint(given, returns.returns.tobytes())))

    def _law(self, grid: int | None = None) -> LossLaw:
        """Losses in a register: cells of losses, each with its exact probability and mean.

        Args:
            grid: qubits of the register, 1 to 14; 6 by default.

        Raises:
            InputError: if it is none.
        """
        count = 1 << (_USUAL_QUBITS if grid is None else require_integer("grid", grid, 1, _MOST_QUBITS))
        edges = self._exact.edges(count)
        probabilities, points = self._exact.cells(edges)
        register = tuple(range(count.bit_length() - 1))
        return LossLaw(
            circuit=load_probabilities(probabilities),
            register=register,
            points=points,
            lows=edges[:-1],
            highs=edges[1:],
            probabilities=probabilities,
            chance_errors=np.zeros(count),
            rounding=0.0,
            exact=self._exact,
            fingerprint=self.fingerprint,
        )

    def __repr__(self) -> str:
        return f"PortfolioLoss({self.model}, {self._exact.mean():.4g} expected, {self.fingerprint})"


@dataclass(frozen=True, eq=False)
class NormalLosses:
    """Normal losses, by formulas.

    Attributes:
        centre, deviation: mean and standard deviation.
        fingerprint: of what they come from.
    """

    centre: float
    deviation: float
    fingerprint: str

    @property
    def method(self) -> str:
        """How its numbers are found."""
        return "formulas of the normal distribution"

    def mean(self) -> float:
        """Expected loss."""
        return self.centre

    def value_at_risk(self, level: float) -> float:
        """The least loss that is not exceeded with at least the probability `level`."""
        from scipy.special import ndtri

        return self.centre + self.deviation * float(ndtri(level))

    def excess(self, threshold: float) -> float:
        """``E[(L - threshold)⁺]``."""
        from scipy.special import ndtr

        d = (self.centre - threshold) / self.deviation
        return self.deviation * (d * float(ndtr(d)) + math.exp(-0.5 * d * d) / math.sqrt(2.0 * math.pi))

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Independent losses."""
        return np.asarray(rng.normal(self.centre, self.deviation, count), dtype=np.float64)

    def edges(self, count: int) -> FloatArray:
        """Of cells, at the quantiles of a normal distribution of three times the variance, the ends without limit."""
        from scipy.special import ndtri

        spread = math.sqrt(3.0) * self.deviation
        return np.asarray(self.centre + spread * ndtri(np.arange(count + 1) / count), dtype=np.float64)

    def cells(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probability and mean of each cell."""
        from scipy.special import ndtr

        z = (edges - self.centre) / self.deviation
        is_above = z[:-1] + z[1:] > 0.0
        probabilities = np.where(is_above, -np.diff(ndtr(-z)), np.diff(ndtr(z)))
        density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
        return probabilities, self.centre - self.deviation * np.diff(density) / probabilities


@dataclass(frozen=True, eq=False)
class ScenarioLosses:
    """Losses of which each is as likely as any other.

    Attributes:
        losses: ascending.
        fingerprint: of what they come from.
    """

    losses: FloatArray
    fingerprint: str

    @property
    def method(self) -> str:
        """How its numbers are found."""
        return f"order statistics of {self.losses.size} scenarios"

    def mean(self) -> float:
        """Expected loss."""
        return float(self.losses.mean())

    def value_at_risk(self, level: float) -> float:
        """The least loss that is not exceeded with at least the probability `level`."""
        # in whole numbers of scenarios; a product that rounding has put above one is that one
        place = math.ceil(level * self.losses.size - 1e-9)
        return float(self.losses[max(place, 1) - 1])

    def excess(self, threshold: float) -> float:
        """``E[(L - threshold)⁺]``."""
        return float(np.maximum(self.losses - threshold, 0.0).mean())

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Independent losses."""
        return np.asarray(rng.choice(self.losses, count), dtype=np.float64)

    def edges(self, count: int) -> FloatArray:
        """Of cells of equal width."""
        return np.linspace(self.losses[0], self.losses[-1], count + 1)

    def cells(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Probability and mean of each cell, which its upper end belongs to; the middle where it has no loss."""
        count = edges.size - 1
        places = np.clip(np.searchsorted(edges, self.losses, side="left") - 1, 0, count - 1)
        numbers = np.bincount(places, minlength=count)
        sums = np.bincount(places, weights=self.losses, minlength=count)
        middles = (edges[:-1] + edges[1:]) / 2
        return numbers / self.losses.size, np.where(numbers > 0, sums / np.maximum(numbers, 1), middles)


def _weights(weights: ArrayLike, names: tuple[str, ...]) -> FloatArray:
    return require_array("weights", aligned("weights", weights, names), (len(names),))


def _fingerprint(weights: FloatArray, source: bytes) -> str:
    return hashlib.blake2b(weights.tobytes() + source, digest_size=8).hexdigest()
