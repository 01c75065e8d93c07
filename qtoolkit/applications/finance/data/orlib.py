"""Portfolio data of the OR-Library: means, standard deviations and correlations of the assets of five indices."""

from __future__ import annotations

import os
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.applications.finance.data.csv import read_text
from qtoolkit.applications.finance.data.moments import Moments
from qtoolkit.errors import InputError

__all__ = ["read_orlib"]

FloatArray = NDArray[np.float64]

_MOST_ASSETS = 1 << 14


def read_orlib(path: str | os.PathLike[str], *, repair: Literal["clip"] | None = None) -> Moments:
    """Means and covariances of a ``portN.txt``, per week.

    The file has the number of assets, the mean and standard deviation of each, and for pairs i, j counted from 1 their
    correlation. Assets are named ``asset 1``, ``asset 2``, …, as the file counts.

    Source: Chang, Meade, Beasley and Sharaiha, Comput. Oper. Res. 27, 1271 (2000).

    Args:
        path: of the file.
        repair: ``"clip"`` for correlations that are not positive semidefinite, see `Moments`.

    Raises:
        InputError: if the file cannot be read, is no such file, lacks a pair or has a number that cannot be.
    """
    text = read_text(path)
    try:
        means, deviations, correlations = _parsed(text.split())
        covariance = correlations * np.outer(deviations, deviations)
        names = tuple(f"asset {k + 1}" for k in range(means.size))
        given = f"given by {os.path.basename(os.fspath(path))}"
        return Moments(means, covariance, names, mean_estimator=given, covariance_estimator=given, repair=repair)
    except InputError as error:
        raise InputError(f"{os.fspath(path)}: {error}") from None


def _parsed(words: list[str]) -> tuple[FloatArray, FloatArray, FloatArray]:
    try:
        numbers = np.array([float(word) for word in words])
    except ValueError as error:
        raise InputError(f"a portfolio of the OR-Library is made of numbers ({error})") from None
    size = int(numbers[0]) if numbers.size and numbers[0] in range(1, _MOST_ASSETS + 1) else 0
    if not size:
        got = shown(words[0]) if words else "nothing"
        raise InputError(f"the file begins with the number of assets, 1 to {_MOST_ASSETS}, got {got}")
    assets, pairs = numbers[1 : 1 + 2 * size], numbers[1 + 2 * size :]
    if assets.size != 2 * size or pairs.size % 3:
        raise InputError(
            f"{size} assets need {2 * size} means and deviations, then an i, j and correlation for each pair, got "
            f"{numbers.size - 1} numbers"
        )
    means, deviations = assets.reshape(size, 2).T
    for k in np.flatnonzero(~(deviations > 0.0)):
        raise InputError(f"standard deviations must be positive, got {deviations[k]} for asset {k + 1}")
    return means, deviations, _correlations(pairs.reshape(-1, 3), size)


def _correlations(rows: FloatArray, size: int) -> FloatArray:
    """The symmetric matrix of rows i, j, correlation; each pair once, or twice alike; the diagonal may be left out."""
    places, values = rows[:, :2], rows[:, 2]
    for i, j in places[~np.isin(places, np.arange(1, size + 1)).all(axis=1)]:
        raise InputError(f"pairs are of assets 1 to {size}, got {i:g} and {j:g}")
    for i, j, value in rows[~(np.abs(values) <= 1.0)]:
        raise InputError(f"correlations must lie in [-1, 1], got {value} for {i:g} and {j:g}")
    found = np.full((size, size), np.nan)
    first, second = places.T.astype(np.intp) - 1
    found[first, second] = found[second, first] = values
    np.fill_diagonal(found, 1.0)
    for i, j, value in rows[found[first, second] != values]:
        other = found[int(i) - 1, int(j) - 1]
        raise InputError(f"a pair of assets has one correlation, got {value} and {other} for {i:g} and {j:g}")
    for i, j in np.argwhere(np.isnan(found)):
        raise InputError(f"a pair of assets needs a correlation, got none for {i + 1} and {j + 1}")
    return found
