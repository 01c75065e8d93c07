"""Coefficients of gates as trigonometric polynomials in half their angles.

Which ones is read off their values on a grid, by a discrete Fourier transform, so that no gate needs to be known here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels.vector import trigonometry as kernels

__all__ = ["polynomials_of"]

ComplexArray = NDArray[np.complex128]

GRID = 2 * kernels.HIGHEST + 2
"""Points for each angle, over its period of 4π."""

DIGITS = 40
"""Amplitudes are multiples of 2^-40 apart from rounding: halves and quarters, mostly."""

PRECISE = 1e-14
"""Polynomials that miss a gate by more are not used."""

_known: dict[tuple[Any, ...], tuple[NDArray[np.int64], ComplexArray] | None] = {}
"""Polynomials of gates of the library."""


def polynomials_of(
    function: Callable[..., ComplexArray], num_angles: int
) -> tuple[NDArray[np.int64], ComplexArray] | None:
    """Terms and amplitudes of a group's coefficients; None if they are no such polynomials.

    Args:
        function: angles in radians, each of shape ``(group,)``, to coefficients of shape ``(group, length)``.
        num_angles: that it takes.

    Returns:
        int64 of shape ``(terms, 1 + MAX_ANGLES)``, which coefficient a term belongs to and the multiples of half of
        each angle, and complex128 of shape ``(terms,)``.
    """
    key = (function.func, function.args) if isinstance(function, partial) else (function,)
    if key not in _known:
        _known[key] = _analysed(function, num_angles)
    return _known[key]


def _analysed(function: Callable[..., ComplexArray], num_angles: int) -> tuple[NDArray[np.int64], ComplexArray] | None:
    if num_angles > kernels.MAX_ANGLES:
        return None
    grid = np.meshgrid(*[4 * np.pi * np.arange(GRID) / GRID] * num_angles, indexing="ij")
    values = function(*(axis.ravel() for axis in grid)).reshape(*(GRID,) * num_angles, -1)
    spectrum = np.fft.fftn(values, axes=range(num_angles)) / GRID**num_angles
    rounded = np.round(spectrum * 2.0**DIGITS) / 2.0**DIGITS
    terms, amplitudes = [], []
    for place in itertools.product(*map(range, spectrum.shape)):
        if rounded[place] != 0:
            frequencies = [m - GRID if m > kernels.HIGHEST else m for m in place[:-1]]
            terms.append([place[-1], *frequencies, *[0] * (kernels.MAX_ANGLES - num_angles)])
            amplitudes.append(rounded[place])
    rows, factors = np.array(terms, np.int64), np.array(amplitudes, np.complex128)
    if not terms or np.abs(rows).max(initial=0, where=np.arange(rows.shape[1]) > 0) > kernels.HIGHEST:
        return None
    angles = np.random.default_rng(20).uniform(-4, 4, (num_angles, 4))
    expected = function(*angles)
    found = np.zeros_like(expected)
    for row, factor in zip(rows, factors, strict=True):
        found[:, row[0]] += factor * np.exp(0.5j * (row[1 : 1 + num_angles] @ angles))
    return (rows, factors) if np.abs(found - expected).max() < PRECISE else None
