"""Models of prices and rates, all of them Gaussian in logarithms of prices or in rates."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array, require_number, require_positive
from qtoolkit._labels import aligned, labels_of
from qtoolkit.applications.finance.data.assets import read_names
from qtoolkit.applications.finance.pricing._claim import FloatArray
from qtoolkit.errors import InputError

__all__ = ["BlackScholes", "CorrelatedBlackScholes", "GaussianRates", "Vasicek"]

_LARGEST = 1e6
"""Of rates, volatilities and times: far beyond use, and small enough for products of them to be numbers."""

_PSD_TOLERANCE = 1e-9


def _set(model: object, name: str, value: object) -> None:
    object.__setattr__(model, name, value)


@dataclass(frozen=True)
class BlackScholes:
    """One price that follows geometric Brownian motion, under the risk-neutral measure.

    Source: Black and Scholes, J. Political Econ. 81, 637 (1973); Merton, Bell J. Econ. 4, 141 (1973) for dividends.

    Attributes:
        spot: price today, positive.
        rate: riskless, continuously compounded, per year.
        volatility: of the logarithm, per root of a year, at least 0.
        dividend_yield: continuous, per year.

    Raises:
        InputError: if one is none of these.
    """

    spot: float
    rate: float
    volatility: float
    dividend_yield: float = 0.0

    def __post_init__(self) -> None:
        _set(self, "spot", require_positive("spot", self.spot))
        _set(self, "rate", require_number("rate", self.rate, -_LARGEST, _LARGEST))
        _set(self, "volatility", require_number("volatility", self.volatility, 0.0, _LARGEST))
        _set(self, "dividend_yield", require_number("dividend_yield", self.dividend_yield, -_LARGEST, _LARGEST))

    def _log_prices(self, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log-prices at ascending times as ``offsets + loadings · z``: shapes ``(1, T)`` and ``(1, T, T)``."""
        drift = self.rate - self.dividend_yield - 0.5 * self.volatility**2
        return (math.log(self.spot) + drift * times)[None, :], self.volatility * _brownian(times)[None, :, :]


@dataclass(frozen=True, eq=False)
class CorrelatedBlackScholes:
    """Prices of several assets that follow correlated geometric Brownian motions, under the risk-neutral measure.

    pandas objects are brought into one order by their labels, which become the names; arrays are taken in the order of
    `asset_names`.

    Attributes:
        spots: prices today, positive, shape ``(num_assets,)``.
        rate: riskless, continuously compounded, per year.
        volatilities: of the logarithms, per root of a year, at least 0, shape ``(num_assets,)``.
        correlation: of the logarithms, shape ``(num_assets, num_assets)``: symmetric, 1 on the diagonal, positive
            semidefinite to 1e-9.
        dividend_yields: continuous, per year, shape ``(num_assets,)``; 0 by default.
        asset_names: distinct; by default the labels of the spots, or ``asset 0``, ``asset 1``, …

    Raises:
        InputError: if one of these breaks its rule, or labels do not fit.
    """

    spots: FloatArray
    rate: float
    volatilities: FloatArray
    correlation: FloatArray
    _: KW_ONLY
    dividend_yields: FloatArray | None = None
    asset_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = read_names(self.asset_names) or labels_of(self.spots) or labels_of(self.volatilities)
        names = names or labels_of(self.correlation)
        plain = require_array("spots", self.spots if names is None else aligned("spots", self.spots, names), (None,))
        names = names or tuple(f"asset {k}" for k in range(plain.size))
        count = len(names)
        if not count or len(set(names)) != count or plain.size != count:
            raise InputError(f"spots must be one for each of some distinct assets, got {plain.size} for {shown(names)}")
        if plain.min() <= 0.0:
            raise InputError(f"spots must be positive, got {plain.min():g}")
        volatilities = require_array("volatilities", aligned("volatilities", self.volatilities, names), (count,))
        if volatilities.min() < 0.0 or volatilities.max() > _LARGEST:
            raise InputError(f"volatilities must be from 0 to {_LARGEST:g}, got {shown(volatilities.tolist())}")
        correlation = require_array(
            "correlation", aligned("correlation", self.correlation, names, names), (count, count)
        )
        yields = np.zeros(count)
        if self.dividend_yields is not None:
            yields = require_array("dividend_yields", aligned("dividend_yields", self.dividend_yields, names), (count,))
            if np.abs(yields).max() > _LARGEST:
                raise InputError(f"dividend_yields must be at most {_LARGEST:g}, got {np.abs(yields).max():g}")
        _set(self, "spots", plain)
        _set(self, "rate", require_number("rate", self.rate, -_LARGEST, _LARGEST))
        _set(self, "volatilities", volatilities)
        _set(self, "correlation", _checked_correlation(correlation))
        _set(self, "dividend_yields", yields)
        _set(self, "asset_names", names)

    @property
    def num_assets(self) -> int:
        """How many assets there are."""
        return len(self.asset_names)

    def _log_prices(self, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log-prices at ascending times as ``offsets + loadings · z``.

        Shapes ``(num_assets, T)`` and ``(num_assets, T, T * num_assets)``.
        """
        assert self.dividend_yields is not None
        drifts = self.rate - self.dividend_yields - 0.5 * self.volatilities**2
        offsets = np.log(self.spots)[:, None] + drifts[:, None] * times
        root = self.volatilities[:, None] * _square_root(self.correlation)
        loadings = np.einsum("ts,af->atsf", _brownian(times), root)
        return offsets, loadings.reshape(self.num_assets, times.size, -1)

    def __repr__(self) -> str:
        return f"CorrelatedBlackScholes({self.num_assets} assets, rate {self.rate:g})"


@dataclass(frozen=True)
class Vasicek:
    """A short rate that reverts to a mean: ``dr = mean_reversion (mean_level - r) dt + volatility dW``.

    Source: Vasicek, J. Financial Econ. 5, 177 (1977).

    Attributes:
        rate: today, per year.
        mean_reversion: per year, positive.
        mean_level: per year, under the risk-neutral measure.
        volatility: of the rate, per year and root of a year, at least 0.

    Raises:
        InputError: if one is none of these.
    """

    rate: float
    mean_reversion: float
    mean_level: float
    volatility: float

    def __post_init__(self) -> None:
        _set(self, "rate", require_number("rate", self.rate, -_LARGEST, _LARGEST))
        _set(self, "mean_reversion", require_positive("mean_reversion", self.mean_reversion, _LARGEST))
        _set(self, "mean_level", require_number("mean_level", self.mean_level, -_LARGEST, _LARGEST))
        _set(self, "volatility", require_number("volatility", self.volatility, 0.0, _LARGEST))

    def _integrated_rates(self, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and covariance of the rate integrated from today to some times, shapes ``(T,)`` and ``(T, T)``."""
        k, s = self.mean_reversion, self.volatility
        shares = -np.expm1(-k * times) / k
        means = self.mean_level * times + (self.rate - self.mean_level) * shares
        early, late = np.minimum.outer(times, times), np.maximum.outer(times, times)
        # ∫ over the early time of the product of the two kernels (1 - e^{-k(t - u)})/k
        first = -np.expm1(-k * early) / k
        gap = late - early
        both = np.exp(-k * gap) * -np.expm1(-2.0 * k * early) / (2.0 * k)
        return means, s**2 / k**2 * (early - first - np.exp(-k * gap) * first + both)


@dataclass(frozen=True, eq=False)
class GaussianRates:
    """Continuously compounded zero rates that are normal at the time of valuation, one for each payment of a bond.

    Source: the fixed-income example of Woerner and Egger, npj Quantum Inf. 5, 15 (2019), arXiv:1806.06893, with
    continuous compounding, under which the mean of the value exists.

    Attributes:
        rates: means, per year, shape ``(num_rates,)``.
        covariance: of the rates, shape ``(num_rates, num_rates)``, symmetric and positive semidefinite.

    Raises:
        InputError: if shapes do not fit, or the covariance is no covariance.
    """

    rates: FloatArray
    covariance: FloatArray

    def __post_init__(self) -> None:
        rates = np.atleast_1d(require_array("rates", self.rates))
        if rates.ndim != 1 or not rates.size or np.abs(rates).max() > _LARGEST:
            raise InputError(f"rates must be a row of numbers up to {_LARGEST:g}, got {shown(rates.tolist())}")
        matrix = np.atleast_2d(require_array("covariance", self.covariance))
        if matrix.shape != (rates.size, rates.size):
            raise InputError(f"covariance must be of shape {(rates.size,) * 2}, got {matrix.shape}")
        _check_semidefinite("covariance", matrix)
        _set(self, "rates", rates)
        _set(self, "covariance", matrix)

    def __repr__(self) -> str:
        return f"GaussianRates({self.rates.size} rates)"


def _brownian(times: FloatArray) -> FloatArray:
    """Brownian motion at ascending times by its independent increments, shape ``(T, T)``."""
    steps = np.sqrt(np.diff(times, prepend=0.0))
    return np.tril(np.broadcast_to(steps, (times.size, times.size))).copy()


def _square_root(matrix: FloatArray) -> FloatArray:
    """A root R with ``R Rᵀ`` the matrix: that of Cholesky where it is definite, else by its eigenvectors."""
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), dtype=np.float64)


def _check_semidefinite(name: str, matrix: FloatArray) -> None:
    scale = max(float(np.abs(matrix).max()), math.ulp(0.0))
    if scale > _LARGEST or np.abs(matrix - matrix.T).max() > _PSD_TOLERANCE * scale:
        raise InputError(f"{name} must be symmetric, of entries up to {_LARGEST:g}, got {shown(matrix.tolist())}")
    least = float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[0])
    if least < -_PSD_TOLERANCE * scale:
        raise InputError(f"{name} must be positive semidefinite, got the eigenvalue {least:.3g}")


def _checked_correlation(matrix: FloatArray) -> FloatArray:
    if np.abs(np.diag(matrix) - 1.0).max() > _PSD_TOLERANCE or np.abs(matrix).max() > 1.0 + _PSD_TOLERANCE:
        raise InputError(
            f"correlation must be 1 on its diagonal and at most 1 elsewhere, got {shown(matrix.tolist())}; a "
            "covariance is no correlation"
        )
    _check_semidefinite("correlation", matrix)
    return matrix
