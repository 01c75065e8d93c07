"""Zero-noise extrapolation: values under more and more noise, continued to none."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_integer, items_of, seeded
from qtoolkit._checks import require_array, require_choice, require_number
from qtoolkit.algorithms.measurement.folding import FOLDINGS, Folding
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["Extrapolation", "ExtrapolationModel", "ZeroNoiseExtrapolation"]

FloatArray = NDArray[np.float64]

ExtrapolationModel: TypeAlias = Literal["linear", "polynomial", "richardson", "exponential"]
_MODELS = ("linear", "polynomial", "richardson", "exponential")
_RESAMPLES = 400
_MOST_FACTORS = 20
_UNDETERMINED = 1e3
"""A value whose error is so many times what was measured is none."""


@dataclass(frozen=True, eq=False)
class Extrapolation:
    """A value without noise, and what it comes from.

    Attributes:
        value: at noise factor 0.
        standard_error: that of shots, carried through the fit; not what the model is wrong by.
        factors, values, standard_errors: what was measured, one entry each for a factor.
        model: what was fitted.
        chi_squared: sum of the squared deviations from the fit, each over its variance. Much more than
            `degrees_of_freedom` says that the model is wrong.
        degrees_of_freedom: factors less parameters; 0 where the fit goes through all points and is not tested.
    """

    value: float
    standard_error: float
    factors: tuple[float, ...]
    values: tuple[float, ...]
    standard_errors: tuple[float, ...]
    model: str
    chi_squared: float
    degrees_of_freedom: int


@dataclass(frozen=True)
class ZeroNoiseExtrapolation:
    """Measures at several noise factors, by folded circuits, and extrapolates to none.

    What folding cannot amplify stays: errors of readout (add `ReadoutMitigation`) and of preparation. The fits are by
    least squares with weights one over the variances. Sources: Temme, Bravyi and Gambetta, Phys. Rev. Lett. 119,
    180509 (2017); Endo, Benjamin and Li, Phys. Rev. X 8, 031027 (2018); Giurgica-Tiron et al., IEEE QCE 2020, 306.

    Args:
        factors: at least two different ones, from 1 on, at most 20.
        model: ``"linear"``; ``"polynomial"`` of `degree`; ``"richardson"``, the polynomial through all points, whose
            error bar grows fast with their number; ``"exponential"``, a + b exp(−c factor).
        degree: of ``"polynomial"``, less than the number of factors.
        asymptote: the a of ``"exponential"``, to which the value tends under much noise; by default that in the
            maximally mixed state, the observable's constant.
        folding: ``"global"``, ``"local"`` or ``"two-qubit"``, see `folded_circuit`.
        errors: how shots' errors go through the fit: ``"propagated"``, to first order, or ``"bootstrap"``, by 400
            refits of values redrawn with them.

    Raises:
        InputError: if factors are too few, below 1 or repeated, or the degree does not fit them.
    """

    factors: tuple[float, ...] = (1.0, 3.0, 5.0)
    model: ExtrapolationModel = "linear"
    degree: int = 2
    asymptote: float | None = None
    folding: Folding = "global"
    errors: Literal["propagated", "bootstrap"] = "propagated"

    def __post_init__(self) -> None:
        given = items_of(self.factors, "noise factors are a sequence of numbers")
        factors = tuple(require_number("a noise factor", factor, 1.0) for factor in given)
        if len(set(factors)) < len(factors) or not 2 <= len(factors) <= _MOST_FACTORS:
            raise InputError(f"an extrapolation takes 2 to {_MOST_FACTORS} different noise factors, got {factors}")
        object.__setattr__(self, "factors", factors)
        require_choice("model", self.model, _MODELS)
        require_choice("folding", self.folding, FOLDINGS)
        require_choice("errors", self.errors, ("propagated", "bootstrap"))
        if self.asymptote is not None:
            require_number("asymptote", self.asymptote)
        check_integer(self.degree, "degree", 1)
        if self.model == "polynomial" and self.degree >= len(factors):
            raise InputError(
                f"a polynomial of degree {self.degree} needs at least {self.degree + 1} noise factors, got {factors}"
            )

    @property
    def amplification(self) -> float:
        """How many times the error of values that are alike uncertain is that of the value at 0.

        Of an exponential, which amplifies by what it fits, that of the line.
        """
        degree = self._degree(len(self.factors))
        return float(np.linalg.norm(_estimator(np.array(self.factors), np.ones(len(self.factors)), degree)))

    def extrapolated(
        self,
        values: ArrayLike,
        standard_errors: ArrayLike,
        *,
        factors: Sequence[float] | None = None,
        asymptote: float = 0.0,
        seed: int | np.random.Generator | None = 0,
    ) -> Extrapolation:
        """Fit the model to values.

        Args:
            values: one for each factor.
            standard_errors: of these, at least 0.
            factors: that the circuits really had; those asked for by default.
            asymptote: where the model's own is not given.
            seed: of the bootstrap.

        Raises:
            InputError: if there are not as many values, errors and factors.
            ConvergenceError: if no exponential can be fitted.
        """
        count = len(self.factors)
        x = require_array("factors", self.factors if factors is None else factors, (count,))
        y = require_array("values", values, (count,))
        sigma = require_array("standard_errors", standard_errors, (count,))
        if (sigma < 0.0).any():
            raise InputError(f"standard errors must be at least 0, got {sigma.min()}")
        if len(set(x.tolist())) < count:
            raise InputError(f"noise factors must differ, got {tuple(x.tolist())}; take some that lie further apart")
        limit = require_number("asymptote", asymptote if self.asymptote is None else self.asymptote)
        weights = _usable(sigma)
        fit = self._fit(x, weights, limit)
        value, error, predicted, num_parameters = fit(y)
        if not sigma.any():
            error = 0.0
        elif self.errors == "bootstrap":
            error = _bootstrapped(fit, y, sigma, seeded(seed)[1])
        chi_squared = float((((y - predicted) / weights) ** 2).sum()) if sigma.any() else 0.0
        freedom = count - num_parameters
        evidence = tuple(x.tolist()), tuple(y.tolist()), tuple(sigma.tolist())
        return Extrapolation(value, error, *evidence, self.model, chi_squared if freedom else 0.0, freedom)

    def _fit(self, x: FloatArray, sigma: FloatArray, asymptote: float) -> _Fit:
        if self.model == "exponential":
            return lambda y: _exponential(x, y, sigma, asymptote)
        degree = self._degree(len(x))
        return lambda y: _polynomial(x, y, sigma, degree)

    def _degree(self, count: int) -> int:
        return {"polynomial": self.degree, "richardson": count - 1}.get(self.model, 1)


_Fit: TypeAlias = Callable[[FloatArray], tuple[float, float, FloatArray, int]]


def _usable(sigma: FloatArray) -> FloatArray:
    """Standard errors to weigh by: those that are 0 by luck count as the least of the others, all 0 as equal."""
    positive = sigma[sigma > 0.0]
    return np.where(sigma > 0.0, sigma, positive.min() if len(positive) else 1.0)


def _estimator(x: FloatArray, sigma: FloatArray, degree: int) -> FloatArray:
    """Weights of the values over their errors, of which a weighted fit makes the value at 0."""
    weights: FloatArray = np.linalg.pinv(np.vander(x, degree + 1, increasing=True) / sigma[:, None])[0]
    return weights


def _polynomial(x: FloatArray, y: FloatArray, sigma: FloatArray, degree: int) -> tuple[float, float, FloatArray, int]:
    """Value at 0, its standard error, the fitted values, and the number of parameters."""
    basis = np.vander(x, degree + 1, increasing=True)
    coefficients = np.linalg.pinv(basis / sigma[:, None]) @ (y / sigma)
    # the values over their errors have unit variance
    error = float(np.linalg.norm(_estimator(x, sigma, degree)))
    return float(coefficients[0]), error, basis @ coefficients, degree + 1


def _exponential(
    x: FloatArray, y: FloatArray, sigma: FloatArray, asymptote: float
) -> tuple[float, float, FloatArray, int]:
    """The same for a + b exp(−c x), whose value at 0 is a + b."""
    from scipy.optimize import OptimizeWarning, curve_fit

    above = y - asymptote
    sign = 1.0 if above[np.argmin(x)] >= 0.0 else -1.0
    good = sign * above > 0.0
    slope, level = 0.1, float(np.abs(above).max()) or 1.0
    if good.sum() >= 2:
        line = np.polyfit(x[good], np.log(sign * above[good]), 1)
        slope, level = -float(line[0]), float(np.exp(np.clip(line[1], -500.0, 500.0)))

    def decay(factor: FloatArray, size: float, rate: float) -> FloatArray:
        decayed: FloatArray = size * np.exp(np.clip(-rate * factor, -500.0, 500.0))
        return decayed

    error: Exception | None = None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", OptimizeWarning)
            found, covariance = curve_fit(
                decay, x, above, (sign * level, slope), sigma, absolute_sigma=True, maxfev=2000
            )
        deviation = float(np.sqrt(covariance[0, 0]))
    except (RuntimeError, ValueError) as cause:
        error, deviation = cause, np.inf
    # signs that change, for one, are met by a decay at once from a height that nothing determines
    if not deviation < _UNDETERMINED * float((np.abs(above) + sigma).max()):
        raise ConvergenceError(
            f"no exponential fits the values {tuple(y.tolist())} with asymptote {asymptote:g}; take more shots, "
            'smaller factors, or model="linear"'
        ) from error
    return asymptote + float(found[0]), deviation, asymptote + decay(x, *found), 2


def _bootstrapped(fit: _Fit, y: FloatArray, sigma: FloatArray, rng: np.random.Generator) -> float:
    """Standard deviation of the value at 0 over values redrawn with their errors.

    Raises:
        ConvergenceError: if a tenth of the redrawn values cannot be fitted.
    """
    found = []
    for _ in range(_RESAMPLES):
        try:
            found.append(fit(rng.normal(y, sigma))[0])
        except ConvergenceError:
            continue
    if len(found) < 0.9 * _RESAMPLES:
        raise ConvergenceError(
            f"values redrawn with their errors could be fitted in {len(found)} of {_RESAMPLES} cases only; take more "
            "shots, or another model"
        )
    return float(np.std(found, ddof=1))
