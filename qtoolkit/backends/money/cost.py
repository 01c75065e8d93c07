"""Estimates of what a job costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from qtoolkit._arguments import shown
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["CostEstimate", "check_max_cost", "estimate_cost"]


@dataclass(frozen=True)
class CostEstimate:
    """What a job would cost.

    Attributes:
        amount: in the currency; None where no price is known.
        currency: ``"USD"``, ``"EUR"``, ``"CNY"``, or a provider's own credits such as ``"HQC"``; empty where unknown.
        reason: how the amount is made up, or why there is none.
        source: where the price is published.
        as_of: the day on which it was read there, ISO 8601; empty without one.
    """

    amount: Decimal | None
    currency: str
    reason: str
    source: str = ""
    as_of: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        amount = None if self.amount is None else str(self.amount)
        return {
            "amount": amount,
            "currency": self.currency,
            "reason": self.reason,
            "source": self.source,
            "as_of": self.as_of,
        }


def estimate_cost(backend: str, circuits: Sequence[Circuit], shots: int) -> CostEstimate:
    """What circuits would cost on a backend, by the table of prices.

    Args:
        backend: its name, as in `get_backend`.
        circuits: at least one.
        shots: of each circuit.
    """
    return CostEstimate(None, "", f"no price of {backend} is at hand")


def check_max_cost(given: object) -> tuple[Decimal, str] | None:
    """A cap as amount and currency, which is empty for that of the price; None for none.

    Raises:
        InputError: if it is no amount of at least 0.
    """
    if given is None:
        return None
    words: list[Any] = given.split() if isinstance(given, str) else [given]
    try:
        if not 1 <= len(words) <= 2 or isinstance(given, bool) or not isinstance(given, Decimal | int | str):
            raise InvalidOperation
        amount = Decimal(words[0])
        if not amount.is_finite() or amount < 0:
            raise InvalidOperation
    except InvalidOperation:
        raise InputError(
            f'a cap is an amount of at least 0, as a Decimal, an integer or text such as "5.50 USD"; got {shown(given)}'
        ) from None
    return amount, words[1] if len(words) == 2 else ""
