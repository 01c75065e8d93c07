"""Repairs of data that were asked for: what was changed is stated in the result, and nothing is changed unasked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_choice
from qtoolkit.errors import InputError

__all__ = ["Repair", "checked_covariance", "counted"]

# relative to the largest variance: what rounding leaves in a sample covariance
_TOLERANCE = 1e-9


@dataclass(frozen=True, repr=False)
class Repair:
    """One kind of change that was made to data because it was asked for.

    Attributes:
        option: that asked for it, such as ``missing="fill"``.
        change: what was done, in words.
        count: how many dates, prices, assets or eigenvalues were changed or left out.
        assets: those concerned; empty where that is all.
        dates: the days concerned, ascending; empty where that is all.
    """

    option: str
    change: str
    count: int
    assets: tuple[str, ...] = ()
    dates: tuple[datetime.date, ...] = ()

    def __repr__(self) -> str:
        return f"Repair({self.option}: {self.change})"


def counted(number: int, noun: str) -> str:
    """``1 gap`` or ``2 gaps``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def checked_covariance(
    covariance: NDArray[np.float64], repair: str | None = None
) -> tuple[NDArray[np.float64], tuple[Repair, ...]]:
    """A symmetric matrix that is positive semidefinite to 1e-9 of its largest variance, and what was done to it.

    Args:
        covariance: square matrix of finite numbers.
        repair: ``"clip"`` sets negative eigenvalues to 0, the nearest such matrix in the Frobenius norm; variances grow
            by it. Source: Higham, Linear Algebra Appl. 103, 103 (1988), theorem 2.1.

    Raises:
        InputError: if it is not symmetric, or has a negative eigenvalue and no repair was asked for.
    """
    if repair is not None:
        require_choice("repair", repair, ("clip",))
    tolerance = _TOLERANCE * float(np.abs(np.diag(covariance)).max())
    asymmetry = float(np.abs(covariance - covariance.T).max())
    if asymmetry > tolerance:
        raise InputError(f"a covariance must be symmetric, got entries that differ by {asymmetry:.3g}")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] >= -tolerance:
        return covariance, ()
    num_negative = int(np.count_nonzero(values < 0.0))
    clipped = (vectors * np.maximum(values, 0.0)) @ vectors.T
    clipped = (clipped + clipped.T) / 2.0
    change = float(np.abs(clipped - covariance).max())
    if repair is None:
        found = (
            f"the eigenvalue {values[0]:.3g}"
            if num_negative == 1
            else f"{num_negative} eigenvalues down to {values[0]:.3g}"
        )
        raise InputError(
            f'a covariance must be positive semidefinite, got {found}; repair="clip" sets negative ones to 0 (largest '
            f"change {change:.3g}), or shrink it, or estimate it from complete data"
        )
    clipped.setflags(write=False)
    told = f"negative eigenvalues, down to {values[0]:.3g}, set to 0; largest change {change:.3g}"
    return clipped, (Repair('repair="clip"', told, num_negative),)
