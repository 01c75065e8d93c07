"""Prices as data: the table of this distribution, and one of the user's own that goes before it.

A file of prices has any number of ``[[price]]``, of which the first that fits a backend counts:

=====================  ===============================================================================================
backends               patterns of names, ``"braket:*garnet*"``; case does not matter
model                  a way to charge of `qtoolkit.backends.money.charges`, or ``"unknown"``
currency               ``"USD"``, or a provider's credits
plan                   counts only where ``[plans]`` names it for the provider
note                   what else is to be known
source, as_of          where the price is published, and the day on which it was read
price, per_shot, …     the figures of the model: text, an integer or a decimal; a pair is the least and the most
=====================  ===============================================================================================

``[plans]`` names the plan of a provider's account, ``[units]`` the smallest unit of a currency, to which costs are
rounded up.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from qtoolkit._arguments import check_instance, shown
from qtoolkit._files import read_text
from qtoolkit.backends.money.charges import MODELS, Rates
from qtoolkit.errors import InputError

__all__ = ["Price", "PriceTable", "canonical_currency", "price_table"]

LOCATION = "QTOOLKIT_PRICES"
"""The variable that names the user's own file of prices."""

_WORDS = ("model", "currency", "plan", "note", "source")
_KEYS = ("backends", "as_of", *_WORDS)
_DIVISORS = ("per_seconds", "updates_per_second")
_CENT = Decimal("0.01")
_LEAST, _MOST = -30, 18
"""Powers of ten between which amounts lie that are not 0."""


@dataclass(frozen=True)
class Price:
    """What a provider charges for some backends.

    Attributes:
        backends: patterns of their names, in lower case.
        model: how it charges; ``"unknown"`` where it does not say.
        currency: of its figures; empty where there are none.
        plan: of the account; empty where there is one for all.
        rates: the figures of the model, least and most of each.
        note: what else is to be known.
        source: where it is published.
        as_of: the day on which it was read there, ISO 8601.
        is_own: whether it comes from the user's own file.
    """

    backends: tuple[str, ...]
    model: str
    currency: str = ""
    plan: str = ""
    rates: Rates = field(default_factory=dict)
    note: str = ""
    source: str = ""
    as_of: str = ""
    is_own: bool = False

    def fits(self, backend: str) -> bool:
        """Whether this is a price of a backend.

        Raises:
            InputError: if the backend is not given by its name.
        """
        check_instance(backend, str, "a backend is given by its name")
        return any(fnmatchcase(backend.lower(), pattern) for pattern in self.backends)

    @property
    def text(self) -> str:
        """In a few words, without its note."""
        model = MODELS.get(self.model)
        if model is None:
            return "unknown"
        figures = {
            name: str(most) if least == most else f"{least} to {most}" for name, (least, most) in self.rates.items()
        }
        return model.words.format_map({**figures, "currency": self.currency})

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        figures = {
            name: str(most) if least == most else [str(least), str(most)] for name, (least, most) in self.rates.items()
        }
        return {
            "backends": list(self.backends),
            "model": self.model,
            "currency": self.currency,
            "plan": self.plan,
            "rates": figures,
            "note": self.note,
            "source": self.source,
            "as_of": self.as_of,
            "is_own": self.is_own,
        }


@dataclass(frozen=True)
class PriceTable:
    """Prices in the order in which they are looked up.

    Attributes:
        prices: the user's own first.
        plans: the plan of a provider's account, by the provider's name.
        units: the smallest unit of a currency.
    """

    prices: tuple[Price, ...]
    plans: Mapping[str, str]
    units: Mapping[str, Decimal]

    def price_of(self, backend: str) -> Price | None:
        """The price that counts for a backend; None where the table has none.

        Raises:
            InputError: if the backend is not given by its name.
        """
        check_instance(backend, str, "a backend is given by its name")
        plan = self.plans.get(backend.lower().partition(":")[0], "")
        return next((price for price in self.prices if price.plan in ("", plan) and price.fits(backend)), None)

    def unit(self, currency: str) -> Decimal:
        """The smallest unit of a currency; a hundredth where the table has none.

        Raises:
            InputError: if the currency is not given by its name.
        """
        check_instance(currency, str, "a currency is given by its name")
        return self.units.get(currency, _CENT)


def price_table() -> PriceTable:
    """The prices that count now: those of the file that ``QTOOLKIT_PRICES`` names, then those of this distribution.

    Raises:
        InputError: if the user's file cannot be read, or has what no such file has.
    """
    ours = _shipped()
    location = os.environ.get(LOCATION)
    if not location:
        return ours
    own = _parsed(read_text(location, f"the file of prices that {LOCATION} names,"), location, is_own=True)
    return PriceTable((*own.prices, *ours.prices), {**ours.plans, **own.plans}, {**ours.units, **own.units})


def canonical_currency(text: str) -> str:
    """A currency as the tables write it, whatever its case; one that they lack in capitals."""
    known = {name.lower(): name for name in price_table().units}
    return known.get(text.lower(), text.upper())


@cache
def _shipped() -> PriceTable:
    text = files("qtoolkit.backends.money").joinpath("prices.toml").read_text(encoding="utf-8")
    return _parsed(text, "prices.toml", is_own=False)


def _parsed(text: str, where: str, *, is_own: bool) -> PriceTable:
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, InvalidOperation, RecursionError) as error:
        raise InputError(f"the prices in {where} must be TOML: {error}") from None
    if unknown := sorted(set(data) - {"price", "plans", "units"}):
        raise InputError(f"the prices in {where} have [[price]], [plans] and [units], got {', '.join(unknown)}")
    entries = data.get("price", [])
    if not isinstance(entries, list):
        raise InputError(f"a price in {where} begins with [[price]], got [price]")
    prices = tuple(_price(entry, f"price {number} in {where}", is_own) for number, entry in enumerate(entries, 1))
    units = {name: _amount(value, f"the unit of {name} in {where}") for name, value in _table(data, "units", where)}
    if nothing := [name for name, unit in units.items() if not unit]:
        raise InputError(f"the smallest unit of a currency is above 0, got 0 for {nothing[0]} in {where}")
    plans = {
        name.lower(): _word(value, f"the plan of {name} in {where}") for name, value in _table(data, "plans", where)
    }
    return PriceTable(prices, plans, units)


def _table(data: Mapping[str, Any], name: str, where: str) -> Iterable[tuple[str, Any]]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"[{name}] in {where} must be a table, got {shown(table)}")
    return table.items()


def _price(entry: Any, where: str, is_own: bool) -> Price:
    if not isinstance(entry, dict):
        raise InputError(f"{where} must be a table, got {shown(entry)}")
    patterns = entry.get("backends")
    if not isinstance(patterns, list) or not patterns or not all(isinstance(text, str) for text in patterns):
        raise InputError(f'{where} needs backends = ["provider:device"], a list of patterns; got {shown(patterns)}')
    words = {name: _word(entry.get(name, ""), f"{name} of {where}") for name in _WORDS}
    as_of = entry.get("as_of", "")
    model = MODELS.get(words["model"])
    if model is None and words["model"] != "unknown":
        known = ", ".join((*MODELS, "unknown"))
        raise InputError(f"the model of {where} is one of {known}; got {shown(words['model'])}")
    needed = () if model is None else model.needed
    optional = {} if model is None or model.optional is None else model.optional
    if wrong := sorted(set(entry) - {*_KEYS, *needed, *optional}):
        allowed = ", ".join((*needed, *optional)) or "none"
        raise InputError(f"{where} is by {words['model']}, whose figures are {allowed}; got {', '.join(wrong)}")
    if missing := [name for name in needed if name not in entry]:
        raise InputError(f"{where} is by {words['model']} and needs {', '.join(missing)}")
    if model is not None and words["model"] != "free" and not words["currency"]:
        raise InputError(f'{where} needs a currency, such as currency = "USD"')
    rates = {name: (default, default) for name, default in optional.items()}
    rates |= {name: _range(entry[name], f"{name} of {where}") for name in (*needed, *optional) if name in entry}
    if nothing := [name for name, (low, _) in rates.items() if name in _DIVISORS and not low]:
        raise InputError(f"{nothing[0]} of {where} must be above 0, got 0")
    patterns = tuple(text.lower() for text in patterns)
    return Price(patterns, rates=rates, as_of=str(as_of), is_own=is_own, **words)


def _word(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{what} must be text, got {shown(value)}")
    return value


def _range(value: object, what: str) -> tuple[Decimal, Decimal]:
    if not isinstance(value, list):
        amount = _amount(value, what)
        return amount, amount
    if len(value) != 2:
        raise InputError(f"{what} must be an amount, or the least and the most of it; got {shown(value)}")
    least, most = (_amount(item, what) for item in value)
    if least > most:
        raise InputError(f"{what} must be the least and the most, got {least} and {most}")
    return least, most


def _amount(value: object, what: str) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise InvalidOperation
        amount = Decimal(value)
        if not amount.is_finite() or amount < 0 or (amount and not _LEAST <= amount.adjusted() <= _MOST):
            raise InvalidOperation
    except InvalidOperation:
        raise InputError(f'{what} must be an amount of at least 0, such as "0.30"; got {shown(value)}') from None
    return amount
