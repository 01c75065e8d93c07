"""Gaussian conditional independence: defaults given the common factor, and the law of their sum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtoolkit._memory import check_memory
from qtoolkit.applications.finance.risk._law import FloatArray

__all__ = ["ConditionalDefaults", "CreditLosses", "latent_nodes"]

_REACH = 8.3
"""Beyond so many standard deviations there is less probability than rounding."""

_PANELS, _NODES = 64, 16
"""Of the composite Gauss–Legendre rule; sensitivities up to 0.99 make steps about a third of a panel wide."""

_CHUNK = 1 << 21


@dataclass(frozen=True, eq=False)
class ConditionalDefaults:
    """Defaults of obligors that are independent given a normal variable z, and their losses in whole units.

    Attributes:
        thresholds: the normal quantiles of the default probabilities, shape ``(num_obligors,)``.
        sensitivities: shares of the variance that are due to z.
        units: losses given default, in units.
    """

    thresholds: FloatArray
    sensitivities: FloatArray
    units: tuple[int, ...]

    def probabilities(self, z: FloatArray) -> FloatArray:
        """Of default given z, shape ``(num_obligors, len(z))``.

        Source: Rutkowski and Tarca, Int. J. Theor. Appl. Finance 18, 1550034 (2015), arXiv:1412.1183, equation 2;
        Egger, Gutiérrez, Mestre and Woerner, IEEE Trans. Comput. 70, 2136 (2021), arXiv:1907.03044, equation 6.
        """
        from scipy.special import ndtr

        common = np.sqrt(self.sensitivities)[:, None] * z
        own = np.sqrt(1.0 - self.sensitivities)[:, None]
        return np.asarray(ndtr((self.thresholds[:, None] - common) / own), dtype=np.float64)

    def law_on(self, z: FloatArray, weights: FloatArray) -> FloatArray:
        """Probabilities of the sum of units, for z on some points, shape ``(sum of units + 1,)``.

        Source: the recursion of Andersen, Sidenius and Basu, Risk 16 (11), 67 (2003): one obligor after the other.
        """
        size = sum(self.units) + 1
        step = min(max(1, _CHUNK // size), len(z))
        check_memory(8 * 4 * step * size, f"the law of {size} losses", "take a larger loss_unit")
        law = np.zeros(size)
        for start in range(0, len(z), step):
            chances = self.probabilities(z[start : start + step])
            parts = np.zeros((chances.shape[1], size))
            parts[:, 0] = 1.0
            top = 0
            for chance, unit in zip(chances, self.units, strict=True):
                after = parts[:, : top + unit + 1] * (1.0 - chance)[:, None]
                after[:, unit:] += parts[:, : top + 1] * chance[:, None]
                top += unit
                parts[:, : top + 1] = after
            law += weights[start : start + step] @ parts
        return law


@dataclass(frozen=True, eq=False)
class CreditLosses:
    """The continuous model of a credit book: z is integrated over numerically, losses are added up exactly.

    Attributes:
        defaults: of the obligors.
        unit: of the losses.
        expected: the expected loss, ``Σ p_k λ_k`` whatever the sensitivities.
        losses: given default, as they are before they were rounded to units.
    """

    defaults: ConditionalDefaults
    unit: float
    expected: float
    losses: FloatArray

    @property
    def method(self) -> str:
        """How its numbers are found."""
        return f"recursion over obligors, Gauss–Legendre quadrature with {_PANELS * _NODES} nodes"

    @cached_property
    def law(self) -> FloatArray:
        """Probabilities of losses of 0, 1, 2, … units."""
        z, weights = _quadrature()
        return self.defaults.law_on(z, weights)

    def mean(self) -> float:
        """Expected loss."""
        return self.expected

    def value_at_risk(self, level: float) -> float:
        """The least loss that is not exceeded with at least the probability `level`."""
        below = np.cumsum(self.law)
        return self.unit * float(min(int(np.searchsorted(below, level)), below.size - 1))

    def excess(self, threshold: float) -> float:
        """``E[(L - threshold)⁺]``."""
        losses = self.unit * np.arange(self.law.size)
        return float(self.law @ np.maximum(losses - threshold, 0.0))

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Independent losses, not rounded to units."""
        total = np.zeros(count)
        chances = rng.standard_normal(count)
        roots = np.sqrt(self.defaults.sensitivities), np.sqrt(1.0 - self.defaults.sensitivities)
        for threshold, loss, common, own in zip(self.defaults.thresholds, self.losses, *roots, strict=True):
            total += loss * (common * chances + own * rng.standard_normal(count) <= threshold)
        return total


def latent_nodes(num_qubits: int, rule: str, reach: float) -> tuple[FloatArray, FloatArray]:
    """Points of z for a register, and their probabilities."""
    count = 1 << num_qubits
    if rule == "gauss":
        z, weights = np.polynomial.hermite_e.hermegauss(count)
    else:
        z = np.linspace(-reach, reach, count)
        weights = np.exp(-0.5 * z**2)
    return np.asarray(z, dtype=np.float64), np.asarray(weights / weights.sum(), dtype=np.float64)


def _quadrature() -> tuple[FloatArray, FloatArray]:
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    half = _REACH / _PANELS
    centres = -_REACH + half * (2.0 * np.arange(_PANELS) + 1.0)
    z = (centres[:, None] + half * points).reshape(-1)
    density = np.exp(-0.5 * z**2) * np.tile(weights, _PANELS)
    return z, density / density.sum()
