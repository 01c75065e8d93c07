"""Distributions on grids, as registers hold them: normal, log-normal, correlated, or from data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_callable, items_of, shown
from qtoolkit._checks import require_array, require_integer, require_number
from qtoolkit._memory import check_memory
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.library import load_probabilities
from qtoolkit.errors import InputError

__all__ = ["GridDistribution", "empirical_distribution", "lognormal_distribution", "normal_distribution"]

FloatArray = NDArray[np.float64]

_MOST_QUBITS = 20
_MOST_REACH = 30.0
_SUM_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False, repr=False)
class GridDistribution:
    """Probabilities of the points of a grid.

    Attributes:
        axes: values along each axis, each of shape ``(2**n,)``; register k holds the place on axis k.
        probabilities: of sum 1, one axis for each of `axes`.
        outside: probability of what the grid cuts off, or a bound on it; 0 where nothing is.

    Raises:
        InputError: if shapes do not fit, a length is no power of 2, or probabilities are negative or do not sum to 1.
    """

    axes: tuple[FloatArray, ...]
    probabilities: FloatArray
    outside: float = 0.0

    def __post_init__(self) -> None:
        rule = "axes must be a sequence of rows of 2**n values"
        axes = tuple(require_array("an axis", axis, (None,)) for axis in items_of(self.axes, rule))
        sizes = [axis.size for axis in axes]
        if not axes or any(size < 2 or size & (size - 1) for size in sizes) or math.prod(sizes) > 1 << _MOST_QUBITS:
            raise InputError(f"{rule}, at most {_MOST_QUBITS} qubits together, got lengths {shown(sizes)}")
        probabilities = require_array("probabilities", self.probabilities, sizes)
        if probabilities.min() < 0.0 or not abs(probabilities.sum() - 1.0) <= _SUM_TOLERANCE:
            raise InputError(
                f"probabilities must be at least 0 and sum to 1, got a least of {probabilities.min():g} and a sum of "
                f"{probabilities.sum():g}"
            )
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "outside", require_number("outside", self.outside, 0.0, 1.0))

    @property
    def num_qubits(self) -> int:
        """Of all registers together."""
        return int(self.probabilities.size).bit_length() - 1

    def circuit(self) -> Circuit:
        """What loads it: register 0 lies on the first qubits, its lowest bit first; see `load_probabilities`."""
        return load_probabilities(self.probabilities.reshape(-1, order="F"))

    def expectation(self, function: Callable[..., ArrayLike]) -> float:
        """The mean of a function over the grid.

        Args:
            function: takes one array for each axis, of the shape of `probabilities`, and gives one of that shape.

        Raises:
            InputError: if it is no function, or what it gives is no such array.
        """
        check_callable(function, "function")
        values = require_array(
            "the function's values", function(*np.meshgrid(*self.axes, indexing="ij")), self.probabilities.shape
        )
        return float(np.sum(values * self.probabilities))

    def __repr__(self) -> str:
        shape = " x ".join(str(axis.size) for axis in self.axes)
        return f"GridDistribution({shape} points, {self.num_qubits} qubits, {self.outside:.3g} outside)"


def normal_distribution(
    num_qubits: int | Sequence[int],
    mean: ArrayLike = 0.0,
    covariance: ArrayLike = 1.0,
    *,
    reach: float = 3.0,
) -> GridDistribution:
    """A normal distribution on equidistant points within `reach` standard deviations of the mean, ends included.

    Probabilities are the density at the points over its sum there. What lies outside is cut off: a probability of
    ``2Φ(-reach)`` in one dimension, and at most that for each axis in several.

    Args:
        num_qubits: of each axis.
        mean: a number, or one for each axis.
        covariance: a variance, or a positive definite matrix.
        reach: in standard deviations of each axis, from above 0 to 30.

    Raises:
        InputError: if shapes do not fit, the covariance is not positive definite, or there are more than 20 qubits.
    """
    centre, matrix, sizes, width = _settings(num_qubits, mean, covariance, reach)
    deviations = np.sqrt(np.diag(matrix))
    axes = [
        np.linspace(m - width * s, m + width * s, 1 << n) for m, s, n in zip(centre, deviations, sizes, strict=True)
    ]
    return _by_density(axes, axes, centre, matrix, width)


def lognormal_distribution(
    num_qubits: int | Sequence[int],
    mean: ArrayLike = 0.0,
    covariance: ArrayLike = 1.0,
    *,
    reach: float = 3.0,
) -> GridDistribution:
    """The distribution of ``e^x`` for a normal x, on equidistant points of ``e^x``; see `normal_distribution`.

    Args:
        num_qubits: of each axis.
        mean: of x, a number or one for each axis.
        covariance: of x.
        reach: of x, in standard deviations of each axis, from above 0 to 30.

    Raises:
        InputError: if shapes do not fit, the covariance is not positive definite, there are more than 20 qubits, or
            values are too large for floating-point numbers.
    """
    centre, matrix, sizes, width = _settings(num_qubits, mean, covariance, reach)
    deviations = np.sqrt(np.diag(matrix))
    with np.errstate(over="ignore"):
        lows, highs = np.exp(centre - width * deviations), np.exp(centre + width * deviations)
    if not np.isfinite(highs).all() or lows.min() <= 0.0:
        raise InputError(f"values must be positive and finite, got {lows.min():g} to {highs.max():g}; reach less far")
    axes = [np.linspace(low, high, 1 << n) for low, high, n in zip(lows, highs, sizes, strict=True)]
    return _by_density(axes, [np.log(axis) for axis in axes], centre, matrix, width, log=True)


def empirical_distribution(samples: ArrayLike, num_qubits: int) -> GridDistribution:
    """Data in 2^n bins of equal width: each point is the mean of a bin's data, so that the mean of all is exact.

    Args:
        samples: shape ``(num_samples,)``.
        num_qubits: n, to 20. A bin without data stands at its middle, with probability 0.

    Raises:
        InputError: if there are no samples, or they are no finite numbers.
    """
    data = require_array("samples", samples, (None,))
    size = 1 << require_integer("num_qubits", num_qubits, 1, _MOST_QUBITS)
    if not data.size:
        raise InputError("samples must be at least one, got none")
    low, high = float(data.min()), float(data.max())
    if not math.isfinite(high - low):
        raise InputError(f"samples must span a finite range, got {low:g} to {high:g}")
    step = (high - low) / size
    places = np.minimum((data - low) / step, size - 1).astype(np.int64) if step > 0 else np.zeros(data.size, np.int64)
    counts = np.bincount(places, minlength=size)
    sums = np.bincount(places, weights=data - low, minlength=size)
    middles = (np.arange(size) + 0.5) * step
    points = low + np.where(counts > 0, sums / np.maximum(counts, 1), middles)
    return GridDistribution((points,), counts / data.size)


def _settings(
    num_qubits: object, mean: object, covariance: object, reach: object
) -> tuple[FloatArray, FloatArray, list[int], float]:
    """The mean, the covariance, the qubits of each axis and the reach."""
    centre = np.atleast_1d(require_array("mean", mean))
    if centre.ndim != 1:
        raise InputError(f"mean must be a number or a row of numbers, got shape {centre.shape}")
    count = centre.size
    matrix = require_array("covariance", covariance)
    matrix = matrix.reshape(1, 1) if matrix.ndim == 0 and count == 1 else matrix
    if matrix.shape != (count, count) or not np.allclose(matrix, matrix.T, rtol=1e-9, atol=0.0):
        raise InputError(f"covariance must be a symmetric matrix of {count} rows, got shape {matrix.shape}")
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise InputError("covariance must be positive definite, got a least eigenvalue that is not positive") from None
    given = items_of(num_qubits, "num_qubits must be integers") if isinstance(num_qubits, list | tuple) else None
    sizes = [require_integer("num_qubits", n, 1, _MOST_QUBITS) for n in given or [num_qubits] * count]
    if len(sizes) != count or sum(sizes) > _MOST_QUBITS:
        raise InputError(f"num_qubits must be {count} numbers of sum {_MOST_QUBITS} at most, got {shown(sizes)}")
    width = require_number("reach", reach, 0.0, _MOST_REACH)
    if width == 0.0:
        raise InputError("reach must be above 0, got 0")
    return centre, matrix, sizes, width


def _by_density(
    axes: Sequence[FloatArray],
    logs: Sequence[FloatArray],
    centre: FloatArray,
    matrix: FloatArray,
    reach: float,
    log: bool = False,
) -> GridDistribution:
    """Normal density of some coordinates at the points; that of ``e^x`` has the factor ``e^{-x}`` on each axis."""
    from scipy.special import ndtr

    size = math.prod(axis.size for axis in axes)
    check_memory(size * 8 * (6 + 2 * len(axes)), f"a grid of {size} points", "take fewer qubits")
    points = np.stack(np.meshgrid(*logs, indexing="ij"), axis=-1).reshape(-1, len(axes))
    offsets = points - centre
    exponents = -0.5 * np.sum(offsets * np.linalg.solve(matrix, offsets.T).T, axis=1)
    exponents -= points.sum(axis=1) if log else 0.0
    weights = np.exp(exponents - exponents.max()).reshape([axis.size for axis in axes])
    outside = min(1.0, len(axes) * 2.0 * float(ndtr(-reach)))
    return GridDistribution(tuple(axes), weights / weights.sum(), outside)
