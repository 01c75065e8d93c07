"""Estimates of what a job costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation, localcontext
from typing import Any

from qtoolkit._arguments import check_instance, check_integer, items_of, shown
from qtoolkit.backends.money.charges import MODELS
from qtoolkit.backends.money.prices import LOCATION, Price, PriceTable, canonical_currency, price_table
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["CostEstimate", "check_max_cost", "estimate_cost", "read_amount", "rounded_up", "total_cost"]

_DIGITS = 200
"""Of intermediate results: figures and shots have far fewer, so that nothing is rounded but the end."""

_MOST_SHOTS = 10**18
_MOST_EXPONENT = 40


@dataclass(frozen=True)
class CostEstimate:
    """What a job would cost.

    Attributes:
        amount: in the currency, rounded up to its smallest unit; the upper end, where it is a range. This is what
            counts against caps. None where no price is known.
        currency: ``"USD"``, ``"EUR"``, ``"CNY"``, or a provider's own credits such as ``"HQC"``; empty where unknown
            or free.
        reason: how the amount is made up, or why there is none.
        source: where the price is published.
        as_of: the day on which it was read there, ISO 8601; empty without one.
        least: the lower end of the range; the amount, where it is none.
        is_bound: whether no more is charged by the price list; otherwise the amount depends on assumptions that
            `reason` gives, and the provider may charge more.
    """

    amount: Decimal | None
    currency: str
    reason: str
    source: str = ""
    as_of: str = ""
    least: Decimal | None = None
    is_bound: bool = False

    @property
    def text(self) -> str:
        """In a few words: ``"at most 1.75 USD"``, ``"about 3.76 to 7.52 USD"``, ``"free"``, ``"unknown"``."""
        if self.amount is None:
            return "unknown"
        if not self.amount:
            return "free"
        if self.is_bound:
            return f"at most {self.amount} {self.currency}"
        if self.least is None or self.least == self.amount:
            return f"about {self.amount} {self.currency}"
        return f"about {self.least} to {self.amount} {self.currency}"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "amount": None if self.amount is None else str(self.amount),
            "currency": self.currency,
            "reason": self.reason,
            "source": self.source,
            "as_of": self.as_of,
            "least": None if self.least is None else str(self.least),
            "is_bound": self.is_bound,
        }


def estimate_cost(backend: str, circuits: Sequence[Circuit], shots: int) -> CostEstimate:
    """What one submission would cost on a backend, by the table of prices.

    Gates are counted in the circuits given; what a device's compiler makes of them may have more or fewer.

    Args:
        backend: its name, as in `get_backend`.
        circuits: at least one.
        shots: of each circuit, at least 1.

    Raises:
        InputError: for another kind of name, no circuit, or shots below 1; or if the user's own prices cannot be read.
    """
    check_instance(backend, str, "a backend is given by its name")
    rule = "a cost is estimated of a sequence of circuits, at least one"
    chosen = items_of(circuits, rule)
    for circuit in chosen:
        check_instance(circuit, Circuit, rule)
    if not chosen:
        raise InputError(f"{rule}, got none")
    shots = check_integer(shots, "shots", 1, _MOST_SHOTS)
    table = price_table()
    price = table.price_of(backend)
    if price is not None and price.is_own:
        return _estimated(price, table, chosen, shots)
    if _runs_here(backend):
        return CostEstimate(Decimal(0), "", "it runs on this machine", least=Decimal(0), is_bound=True)
    if price is None:
        return CostEstimate(None, "", f"no price of {backend} is at hand; a file that {LOCATION} names can give one")
    return _estimated(price, table, chosen, shots)


def total_cost(estimates: Sequence[CostEstimate]) -> CostEstimate:
    """The cost of several submissions to one backend; unknown if that of one is.

    Raises:
        InputError: for no estimates, or estimates in several currencies.
    """
    chosen = items_of(estimates, "costs are added up of a sequence of estimates, at least one")
    for estimate in chosen:
        check_instance(estimate, CostEstimate, "costs are added up of a sequence of estimates, at least one")
    if not chosen:
        raise InputError("costs are added up of a sequence of estimates, at least one; got none")
    first = chosen[0]
    if len(chosen) == 1:
        return first
    missing = next((estimate for estimate in chosen if estimate.amount is None), None)
    if missing is not None:
        return missing
    currencies = sorted({estimate.currency for estimate in chosen if estimate.amount})
    if len(currencies) > 1:
        raise InputError(f"costs are added up in one currency, got {' and '.join(currencies)}")
    with localcontext(prec=_DIGITS):
        amount = sum((estimate.amount or Decimal(0) for estimate in chosen), Decimal(0))
        least = sum((_least(estimate) for estimate in chosen), Decimal(0))
    reasons = dict.fromkeys(estimate.reason for estimate in chosen)
    reason = f"{len(chosen)} submissions: {'; '.join(list(reasons)[:2])}" + ("; …" if len(reasons) > 2 else "")
    is_bound = all(estimate.is_bound for estimate in chosen)
    return CostEstimate(amount, first.currency, reason, first.source, first.as_of, least, is_bound)


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
        if not amount.is_finite() or amount < 0 or abs(amount.adjusted()) > _MOST_EXPONENT:
            raise InvalidOperation
    except (InvalidOperation, ValueError):
        raise InputError(
            f'a cap is an amount of at least 0, as a Decimal, an integer or text such as "5.50 USD"; got {shown(given)}'
        ) from None
    return amount, canonical_currency(words[1]) if len(words) == 2 else ""


def read_amount(given: object) -> Decimal | None:
    """What a service calls an amount of money, a number or text; None unless it is one of at least 0."""
    if isinstance(given, bool) or not isinstance(given, Decimal | int | float | str):
        return None
    try:
        amount = Decimal(str(given))
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() and amount >= 0 and abs(amount.adjusted()) <= _MOST_EXPONENT else None


def rounded_up(amount: Decimal, currency: str) -> Decimal:
    """An amount in whole smallest units of its currency, no less than it is."""
    unit = price_table().unit(currency)
    with localcontext(prec=_DIGITS):
        return _rounded_up(amount, unit)


def _estimated(price: Price, table: PriceTable, circuits: Sequence[Circuit], shots: int) -> CostEstimate:
    note = "; ".join(text for text in (price.note, price.plan and f"plan {price.plan}") if text)
    if price.model == "unknown":
        return CostEstimate(None, "", note or "its price is unknown", price.source, price.as_of)
    with localcontext(prec=_DIGITS):
        charge = MODELS[price.model].charge(circuits, shots, price.rates, price.currency)
        unit = table.unit(price.currency)
        least, most = (_rounded_up(amount, unit) for amount in (charge.least, charge.most))
    reason = charge.how + (f" ({note})" if note else "")
    currency = "" if price.model == "free" else price.currency
    return CostEstimate(most, currency, reason, price.source, price.as_of, least, charge.is_bound)


def _rounded_up(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).quantize(Decimal(1), ROUND_CEILING) * unit


def _least(estimate: CostEstimate) -> Decimal:
    return estimate.least if estimate.least is not None else estimate.amount or Decimal(0)


def _runs_here(backend: str) -> bool:
    """Whether a backend runs in this process, as those do that need no service."""
    from qtoolkit.backends.registry import providers

    return any(entry.name == backend for provider in providers().values() for entry in provider.entries)
