"""What readers of providers' data share: shapes are demanded, nonsense is left out and said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from qtoolkit._arguments import is_integer, shown
from qtoolkit.errors import BackendError

__all__ = ["FRAMES", "MICROSECOND", "NANOSECOND", "SYMMETRIC", "Reader"]

NANOSECOND, MICROSECOND = 1e-9, 1e-6

_UNITS = {"s": 1.0, "ms": 1e-3, "us": MICROSECOND, "µs": MICROSECOND, "μs": MICROSECOND, "ns": NANOSECOND, "ps": 1e-12}

FRAMES = frozenset({"id", "z", "s", "sdg", "t", "tdg", "p", "rz"})
"""Gates that devices do by changing the frame of the pulses that follow, or by waiting: no error of their own."""

SYMMETRIC = frozenset({"cz", "cp", "swap", "iswap", "rxx", "ryy", "rzz", "fsim", "xx_plus_yy", "xx_minus_yy"})
"""Gates of which the order of the qubits makes no difference to the device."""

_MOST_REMARKS = 100


class Reader:
    """Reads a provider's data.

    Args:
        whose: what messages call the data, such as ``"IBM's properties"``.
    """

    def __init__(self, whose: str) -> None:
        self.whose = whose
        self._remarks: list[str] = []

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out."""
        more = len(self._remarks) - _MOST_REMARKS
        return tuple(self._remarks[:_MOST_REMARKS]) + ((f"and {more} more",) if more > 0 else ())

    def remark(self, text: str) -> None:
        """Something that was left out."""
        self._remarks.append(text)

    def refuse(self, rule: str, value: object) -> BackendError:
        """The error of data of another shape."""
        return BackendError(f"{self.whose} cannot be read as a calibration: {rule}, got {shown(value)}")

    def mapping(self, value: object, what: str) -> Mapping[str, Any]:
        """A mapping.

        Raises:
            BackendError: if it is none.
        """
        if not isinstance(value, Mapping):
            raise self.refuse(f"{what} must be an object", value)
        return value

    def optional(self, value: object, what: str) -> Mapping[str, Any]:
        """A mapping; an empty one for None.

        Raises:
            BackendError: if it is something else.
        """
        return {} if value is None else self.mapping(value, what)

    def items(self, value: object, what: str) -> Sequence[Any]:
        """A list; an empty one for None.

        Raises:
            BackendError: if it is something else.
        """
        if value is None:
            return ()
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise self.refuse(f"{what} must be a list", value)
        return value

    def number(self, value: object, what: str) -> float | None:
        """A number; None for None, and, with a remark, for what is not finite.

        Raises:
            BackendError: if it is something else.
        """
        if value is None:
            return None
        if isinstance(value, bool) or not (is_integer(value) or isinstance(value, float)):
            raise self.refuse(f"{what} must be a number", value)
        number = float(value)
        if not math.isfinite(number):
            self.remark(f"{what} is {number}")
            return None
        return number

    def probability(self, value: object, what: str) -> float | None:
        """A probability; None for None, and, with a remark, for what is none."""
        number = self.number(value, what)
        if number is None or 0.0 <= number <= 1.0:
            return number
        self.remark(f"{what} is {number:g}, no probability")
        return None

    def infidelity(self, value: object, what: str) -> float | None:
        """1 minus a fidelity; None for None, and, with a remark, for a fidelity outside of 0 to 1."""
        fidelity = self.probability(value, what)
        return None if fidelity is None else 1.0 - fidelity

    def time(self, value: object, unit: object, what: str, *, least: bool = False) -> float | None:
        """A time in seconds; None for None, and, with a remark, for one that is not positive.

        Args:
            value: the number.
            unit: its unit's name, or how many seconds it is; an empty name is seconds.
            what: what it is the time of.
            least: whether 0 is such a time, as it is of gates that only change frames.
        """
        number = self.number(value, what)
        if number is None:
            return None
        if not (number >= 0.0 if least else number > 0.0):
            self.remark(f"{what} is {number:g}, no time")
            return None
        if isinstance(unit, float):
            return number * unit
        scale = _UNITS.get(unit.strip() or "s") if isinstance(unit, str) else None
        if scale is None and isinstance(unit, str):
            scale = _UNITS.get(unit.strip().lower())
        if scale is None:
            raise self.refuse(f"the unit of {what} must be one of {', '.join(_UNITS)}", unit)
        return number * scale

    def qubit(self, value: object, what: str) -> int:
        """The number of a qubit, which may be written as a string.

        Raises:
            BackendError: if it is none.
        """
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 7:
            return int(value)
        if is_integer(value) and value >= 0:
            return int(value)
        raise self.refuse(f"{what} must be the number of a qubit", value)

    def moment(self, value: object, what: str) -> datetime | None:
        """A time of day, of milliseconds since 1970, ISO text or a datetime; UTC where no zone is said."""
        if value is None or value == "":
            return None
        try:
            if isinstance(value, datetime):
                found = value
            elif isinstance(value, str):
                found = datetime.fromisoformat(value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                found = datetime.fromtimestamp(value / 1000.0, UTC)
            else:
                raise self.refuse(f"{what} must be a date", value)
        except (ValueError, OverflowError, OSError):
            self.remark(f"{what} is {shown(value)}, no date")
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found
