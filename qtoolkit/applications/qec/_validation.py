"""Checks of counts and rates that every experiment of this package shares."""

from __future__ import annotations

import math
import operator

import numpy as np

from qtoolkit.errors import InputError

__all__ = ["require_count", "require_finite", "require_odd_distance", "require_rate", "root_entropy"]


def require_count(name: str, value: int, minimum: int = 1) -> int:
    """The integer `value`, or an `InputError` when it is no integer or below `minimum`."""
    try:
        count = operator.index(value)
    except TypeError:
        raise InputError(f"{name} must be an integer, got {value!r}") from None
    if count < minimum:
        raise InputError(f"{name} must be at least {minimum}, got {count}")
    return count


def require_odd_distance(distance: int) -> int:
    """An odd code distance of at least 3, or an `InputError`."""
    value = require_count("distance", distance, minimum=3)
    if value % 2 == 0:
        raise InputError(f"distance must be odd, got {value}: take {value - 1} or {value + 1}")
    return value


def require_rate(name: str, value: float, maximum: float = 1.0) -> float:
    """A probability in [0, maximum], or an `InputError`; NaN is refused."""
    rate = float(value)
    if not 0.0 <= rate <= maximum:
        raise InputError(f"{name} must lie in [0, {maximum:g}], got {rate:g}")
    return rate


def require_finite(name: str, value: float) -> float:
    """A finite number, or an `InputError`."""
    number = float(value)
    if not math.isfinite(number):
        raise InputError(f"{name} must be finite, got {number:g}")
    return number


def root_entropy(seed: int | np.random.Generator | None) -> int:
    """The integer that reproduces a run: `seed` itself, a draw from a generator, or fresh entropy.

    Raises:
        InputError: if `seed` is a negative integer.
    """
    if seed is None:
        return int(np.random.default_rng().integers(2**63))
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    return require_count("seed", seed, minimum=0)
