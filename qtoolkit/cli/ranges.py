"""Lists as they are typed: ``3,5,7``, ``3,5,...,11``, ``1e-3,...,1e-2``, ``1e-3:1e-2:5``."""

from __future__ import annotations

import math

from qtoolkit.cli.numbers import parse_number
from qtoolkit.errors import InputError

__all__ = ["parse_integers", "parse_rates"]

_DOTS = ("...", "…")
_RATES_BETWEEN = 7
_MOST = 1000
_CLOSE = 1e-6
_WIDE = 3.0
_DIGITS = 4
"""Of rates within a range, so that they can be written down."""


def parse_rates(option: str, text: str) -> list[float]:
    """Rates, ascending; a range by dots or colons may stand for several of them.

    - ``a,...,c`` is seven rates from a to c with equal ratios;
    - ``a,b,...,c`` goes on by the step from a to b or by their ratio, whichever leads to c; where both do, by the ratio
      if that is 3 or more, as of decades, else by the step;
    - ``a:c:n`` is n rates from a to c with equal ratios, ``a:c:n:linear`` with equal steps.

    Rates within a range are rounded to four digits.

    Raises:
        InputError: naming the option, if the text is none of these.
    """
    parts = _parts(option, text)
    rates: list[float] = []
    for k, part in enumerate(parts):
        if ":" in part:
            rates += _by_colons(option, part)
        elif part in _DOTS:
            before, after = _around(option, text, parts, k)
            last = parse_number(option, after)
            numbers = [parse_number(option, one) for one in before]
            if len(numbers) == 1:
                rates += _spaced(option, numbers[0], last, _RATES_BETWEEN)
            else:
                rates += _continued(option, numbers[0], numbers[1], last)
        else:
            rates.append(parse_number(option, part))
    return sorted(dict.fromkeys(rates))


def parse_integers(option: str, text: str) -> list[int]:
    """Integers, ascending; ``a,b,...,c`` goes on by the step from a to b, ``a,...,c`` by steps of two.

    Raises:
        InputError: naming the option, if the text is none of these.
    """
    parts = _parts(option, text)
    found: list[int] = []
    for k, part in enumerate(parts):
        if part in _DOTS:
            before, after = _around(option, text, parts, k)
            first, last = _integer(option, before[-1]), _integer(option, after)
            step = first - _integer(option, before[0]) if len(before) == 2 else 2
            if step <= 0 or (last - first) % step or not 0 < (last - first) // step <= _MOST:
                raise InputError(f"{option} must go on in steps of {step} to its last number, got {text!r}")
            found += range(first, last, step)
        else:
            found.append(_integer(option, part))
    return sorted(dict.fromkeys(found))


def _parts(option: str, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"{option} must be numbers with commas between, got {text!r}")
    return parts


def _around(option: str, text: str, parts: list[str], k: int) -> tuple[list[str], str]:
    """The one or two numbers before dots, and the one after."""
    before = parts[max(0, k - 2) : k]
    if not before or k + 1 >= len(parts) or any(part in _DOTS or ":" in part for part in (before[-1], parts[k + 1])):
        raise InputError(f"dots in {option} must stand between numbers, got {text!r}")
    # of 1,2,...,5 both count, of 9:12:3,2,...,5 and 1,...,2,...,5 only the last
    return [part for part in before if part not in _DOTS and ":" not in part], parts[k + 1]


def _integer(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{option} must be integers with commas between, got {text!r}") from None


def _by_colons(option: str, text: str) -> list[float]:
    words = text.split(":")
    if len(words) == 4 and words[3] == "linear":
        first, last, number = parse_number(option, words[0]), parse_number(option, words[1]), _integer(option, words[2])
        _check_number(option, number)
        return [_round(first + (last - first) * k / (number - 1)) for k in range(number)]
    if len(words) != 3:
        raise InputError(f"a range in {option} must be first:last:number, with :linear for equal steps, got {text!r}")
    return _spaced(option, parse_number(option, words[0]), parse_number(option, words[1]), _integer(option, words[2]))


def _spaced(option: str, first: float, last: float, number: int) -> list[float]:
    """With equal ratios."""
    _check_number(option, number)
    if not 0.0 < first < last:
        raise InputError(f"a range in {option} must go up from above 0, got {first:g} to {last:g}")
    inner = [_round(first * (last / first) ** (k / (number - 1))) for k in range(1, number - 1)]
    return [first, *inner, last]


def _continued(option: str, first: float, second: float, last: float) -> list[float]:
    """By the step or the ratio of the first two, whichever leads to the last; a ratio of 3 or more before a step."""
    if not first < second < last:
        raise InputError(f"a range in {option} must go up, got {first:g}, {second:g}, ..., {last:g}")
    steps = _whole((last - first) / (second - first))
    ratios = _whole(math.log(last / first) / math.log(second / first)) if first > 0.0 else None
    if ratios is not None and (steps is None or second >= _WIDE * first):
        return [_round(first * (second / first) ** k) for k in range(ratios + 1)]
    if steps is not None:
        _check_number(option, steps + 1)
        return [_round(first + k * (second - first)) for k in range(steps + 1)]
    raise InputError(
        f"neither the step nor the ratio of {first:g} and {second:g} leads to {last:g} in {option}: "
        f"write {first:g}:{last:g}:5 for five rates with equal ratios"
    )


def _whole(number: float) -> int | None:
    return round(number) if abs(number - round(number)) < _CLOSE * number else None


def _check_number(option: str, number: int) -> None:
    if not 2 <= number <= _MOST:
        raise InputError(f"a range in {option} must have 2 to {_MOST} numbers, got {number}")


def _round(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
