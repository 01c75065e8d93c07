"""``qtoolkit cost``: what jobs cost, the caps on it, and the prices it is estimated by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends.cloud.store import Cap, Spending
    from qtoolkit.backends.money import Price

__all__ = ["cost"]


def cost(
    cap: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help='Set the most that all jobs may cost, such as "50 USD".')
    ] = None,
    no_cap: Annotated[str | None, typer.Option(metavar="CURRENCY", help="Lift the cap of a currency.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Count jobs from this day on (UTC), 2026-12-31; a new cap counts from now without it."
        ),
    ] = None,
    prices: Annotated[bool, typer.Option("--prices", help="Print the table of prices instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.")] = False,
) -> None:
    """Print what jobs cost, by backend and currency, and the caps; set or lift a cap.

    Costs are estimates, and what providers charged where they say so. A job that could pass a cap does not leave.
    """
    from qtoolkit.backends.cloud import default_store
    from qtoolkit.backends.money import price_table
    from qtoolkit.backends.money.prices import canonical_currency
    from qtoolkit.cli.output import note

    if cap is not None and no_cap is not None:
        raise InputError("a cap is set or lifted, got --cap and --no-cap; give one of them")
    if prices:
        others = {"--cap": cap, "--no-cap": no_cap, "--since": since}
        if given := [name for name, text in others.items() if text is not None]:
            raise InputError(
                f"--prices prints the table and does nothing else, got {' and '.join(given)}; leave one out"
            )
        _print_prices(price_table().prices, as_json)
        return
    start = None if since is None else _day(since)
    store = default_store()
    if cap is not None:
        amount, currency = _cap(cap)
        store.set_cap(currency, amount, start)
        table = price_table()
        if currency not in table.units and all(price.currency != currency for price in table.prices):
            note(f"No price at hand is in {currency}, and jobs in other currencies do not count against this cap.")
    if no_cap is not None:
        currency = canonical_currency(no_cap)
        if currency not in {known.currency for known in store.caps()}:
            raise InputError(f"no cap of {currency} is set; qtoolkit cost lists those that are")
        store.set_cap(currency, None)
    _print(store.spending(start), store.caps(), as_json)


def _print(spending: Sequence[Spending], caps: Sequence[Cap], as_json: bool) -> None:
    from qtoolkit.cli.output import note, print_json, stdout_console
    from qtoolkit.report.tables import number_table

    if as_json:
        print_json({"spent": [_plain(item) for item in spending], "caps": [_plain(item) for item in caps]})
        return
    console = stdout_console()
    if spending:
        rows = [(item.backend, str(item.jobs), _amount(item)) for item in spending]
        console.print(number_table(("backend", "jobs", "cost"), rows))
    else:
        note("No job that costs anything is on record.")
    if caps:
        limits = [
            (f"{cap.currency} since {cap.since:%Y-%m-%d}", str(cap.amount), str(cap.spent), str(cap.amount - cap.spent))
            for cap in caps
        ]
        if spending:
            console.print()
        console.print(number_table(("cap", "most", "spent", "left"), limits))
    else:
        note('No cap is set: qtoolkit cost --cap "50 USD" sets one.')


def _print_prices(prices: Sequence[Price], as_json: bool) -> None:
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.report.tables import plain_table

    if as_json:
        print_json([price.to_json() for price in prices])
        return
    rows = [(", ".join(price.backends), _words(price), price.as_of or "–") for price in prices]
    console = stdout_console()
    console.print(plain_table(("backends", "price", "read on"), rows))
    sources = dict.fromkeys(price.source for price in prices if price.source)
    console.print("\nPublished at:")
    for source in sources:
        console.print(f"  {source}", soft_wrap=True)


def _words(price: Price) -> str:
    """A price with its plan and note."""
    plan = f" (plan {price.plan})" if price.plan else ""
    return f"{price.text}{plan}" + (f"; {price.note}" if price.note else "")


def _amount(item: Spending) -> str:
    if item.amount is None:
        return "unknown"
    return f"{item.amount} {item.currency}" if item.amount else "free"


def _plain(item: Any) -> dict[str, Any]:
    data = asdict(item)
    return {
        name: value if value is None or isinstance(value, int | str)
        else value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in data.items()
    }  # fmt: skip


def _cap(text: str) -> tuple[Any, str]:
    from qtoolkit.backends.money import check_max_cost

    found = check_max_cost(text)
    if found is None or not found[1]:
        raise InputError(f'a cap of all jobs is an amount and its currency, such as "50 USD"; got {text!r}')
    return found


def _day(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--since is a day such as 2026-12-31, got {text!r}") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
