"""Checks of counts, rates, models and bits that every experiment of this package shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import seed_number, shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.applications.qec.decoders import CompiledDecoder

__all__ = [
    "MOST_ROUND_A_LATTICE",
    "require_bits",
    "require_count",
    "require_finite",
    "require_odd_distance",
    "require_predictions",
    "require_rate",
    "root_entropy",
]

MOST_ROUND_A_LATTICE = 1 << 20
"""Distances and sides of lattices: far beyond what fits into memory, and short enough to be written down."""


def require_count(name: str, value: int, minimum: int = 1, maximum: int | None = None) -> int:
    """The integer `value`, or an `InputError` when it is no integer, below `minimum` or above `maximum`."""
    count = require_integer(name, value, minimum)
    return count if maximum is None else require_integer(name, count, maximum=maximum)


def require_odd_distance(distance: int) -> int:
    """An odd code distance of at least 3, or an `InputError`."""
    value = require_count("distance", distance, 3, MOST_ROUND_A_LATTICE)
    if value % 2 == 0:
        raise InputError(f"distance must be odd, got {value}: take {value - 1} or {value + 1}")
    return value


def require_rate(name: str, value: float, maximum: float = 1.0) -> float:
    """A probability in [0, maximum], or an `InputError`; NaN is refused."""
    rate = float(value) if isinstance(value, float) else require_number(name, value)
    if not 0.0 <= rate <= maximum:
        raise InputError(f"{name} must lie in [0, {maximum:g}], got {rate:g}")
    return rate


def require_finite(name: str, value: float) -> float:
    """A finite number, or an `InputError`."""
    number = float(value) if isinstance(value, float) else require_number(name, value)
    if not math.isfinite(number):
        raise InputError(f"{name} must be finite, got {number:g}")
    return number


def require_bits(name: str, value: object, columns: int, what: str, rows: int | None = None) -> NDArray[np.bool_]:
    """Bits of every shot, bool of shape (shots, columns), from bools or from integers that are 0 or 1.

    Args:
        name: what they are, for the message.
        value: what somebody's code returned or passed.
        columns: how many bits a shot has.
        what: a column is, in the plural.
        rows: how many shots there must be; None for any.

    Raises:
        InputError: if the shape, the dtype or a value is another.
    """
    try:
        bits = np.asarray(value)
    except (MemoryError, TypeError, ValueError) as error:
        raise InputError(f"{name} must be an array of shape (shots, {columns}), got {shown(value)}") from error
    if bits.ndim != 2 or bits.shape[1] != columns or rows not in (None, len(bits)):
        raise InputError(
            f"{name} must have shape ({'shots' if rows is None else rows}, {columns}), a row for each shot and a "
            f"column for each of the {what}, got {bits.shape}"
        )
    if bits.dtype == np.bool_:
        return bits
    if bits.dtype.kind not in "iu":
        raise InputError(f"{name} must be bools, or integers that are 0 or 1, got dtype {bits.dtype}")
    if bits.size and (int(bits.min()) < 0 or int(bits.max()) > 1):
        raise InputError(f"{name} must be 0 or 1, got {bits[(bits < 0) | (bits > 1)][0]}: unpack bits first")
    return bits.astype(np.bool_)


def require_predictions(decoder: CompiledDecoder, events: NDArray[np.bool_], num_observables: int) -> NDArray[np.bool_]:
    """What a decoder predicts for some events, bool of shape (shots, num_observables).

    Raises:
        InputError: if it is no decoder, or returns anything else.
    """
    if not callable(getattr(decoder, "decode_batch", None)):
        raise InputError(f"a decoder must have a method decode_batch, got {shown(decoder)}")
    predictions = decoder.decode_batch(events)
    name = f"the predictions of {type(decoder).__name__}"
    return require_bits(name, predictions, num_observables, "observables", len(events))


def root_entropy(seed: int | np.random.Generator | None) -> int:
    """The integer that reproduces a run: `seed` itself, a draw from a generator, or fresh entropy.

    Raises:
        InputError: if `seed` is no integer of at least 0.
    """
    if seed is None:
        return int(np.random.default_rng().integers(2**63))
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    return seed_number(seed, "seed")
