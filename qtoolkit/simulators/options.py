"""Checks of what users may ask of any simulator: precision, threads, shots, seeds and the norm of a given state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_integer, is_integer, shown
from qtoolkit._cores import num_cores
from qtoolkit.errors import CircuitError, InputError

__all__ = ["check_norm", "check_shots", "dtype_of", "threads_of"]

_DTYPES: dict[str, np.dtype[np.complexfloating]] = {"double": np.dtype(np.complex128), "single": np.dtype(np.complex64)}


def dtype_of(precision: str) -> np.dtype[np.complexfloating]:
    """The amplitudes' dtype.

    Raises:
        InputError: for another precision than ``"double"`` and ``"single"``.
    """
    if not isinstance(precision, str) or precision not in _DTYPES:
        raise InputError(f'precision is "double" or "single", got {shown(precision)}')
    return _DTYPES[precision]


def threads_of(num_threads: int | None) -> int:
    """How many threads to use; None stands for all cores.

    Raises:
        InputError: for fewer than 1 or more than there are cores.
    """
    most = num_cores()
    if num_threads is None:
        return most
    if not is_integer(num_threads) or not 1 <= num_threads <= most:
        raise InputError(f"num_threads is 1 to {most} on this machine, got {shown(num_threads)}; None uses all")
    return int(num_threads)


def check_shots(shots: int, measures: bool) -> None:
    """Refuse runs that could not count anything.

    Raises:
        InputError: if `shots` is no integer of at least 1.
        CircuitError: if the circuit measures nothing.
    """
    check_integer(shots, "shots", 1)
    if not measures:
        raise CircuitError("a circuit must measure something to be run, got no measurement; add measure_all()")


def check_norm(norm: float, given: NDArray[np.generic], precision: np.dtype[np.complexfloating]) -> float:
    """Refuse an initial state that is not normalised.

    Returns:
        What to multiply the state by before gates run on it. In single precision rounding moves the norm of a state
        that is gone on from again and again, always the same way; so each run begins at norm 1.

    Raises:
        InputError: if the norm is not 1 to 1e-6, or 1e-4 where single precision is involved.
    """
    is_single = np.complex64 in (given.dtype, precision)
    tolerance = 1e-4 if is_single else 1e-6
    if not abs(norm - 1.0) <= tolerance:
        raise InputError(f"initial_state must have norm 1 to {tolerance:g}, got {norm:.8g}; divide it by its norm")
    return 1.0 / norm if is_single else 1.0
