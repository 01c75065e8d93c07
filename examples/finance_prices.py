"""Price a call on ever finer grids, options without a formula, and the risk of a credit book, each with its evidence.

python examples/finance_prices.py
python examples/finance_prices.py --fast
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from qtoolkit.applications.finance.pricing import (
    AsianOption,
    BarrierOption,
    BlackScholes,
    CorrelatedBlackScholes,
    EuropeanOption,
    PriceResult,
    SpreadOption,
    price,
)
from qtoolkit.applications.finance.risk import CreditBook, conditional_value_at_risk, expected_loss, value_at_risk


def table_of(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    return table


def shown(ends: tuple[float, float]) -> str:
    return f"[{ends[0]:.6g}, {ends[1]:.6g}]"


def grids(seed: int, sizes: Sequence[int]) -> Table:
    call = EuropeanOption(strike=1.896, maturity=40 / 365)
    market = BlackScholes(spot=2.0, rate=0.05, volatility=0.4)
    rows = []
    for size in sizes:
        found = price(call, market, num_qubits=size, precision=0.001, seed=seed)
        budget = found.budget
        rows.append(
            [str(size), shown(found.undiscounted_interval), f"{budget.discretisation:.1e}", f"{budget.sampling:.1e}"]
        )
    exact = price(call, market, num_qubits=1, seed=seed).undiscounted_closed_form
    return table_of(
        f"A call: undiscounted, by Black and Scholes {exact:.6f}",
        ["qubits of the grid", "interval", "grid costs", "sampling costs"],
        rows,
    )


def precisions(seed: int, wanted: Sequence[float]) -> Table:
    call = EuropeanOption(strike=1.896, maturity=40 / 365)
    market = BlackScholes(spot=2.0, rate=0.05, volatility=0.4)
    rows = []
    for precision in wanted:
        found = price(call, market, num_qubits=8, precision=precision, seed=seed)
        classical = found.monte_carlo
        needed = found.num_queries * (classical.interval[1] - classical.interval[0]) ** 2 / (2 * precision) ** 2
        rows.append([f"{precision:g}", f"{found.num_queries:,}", f"{needed:,.0f}"])
    return table_of("As precise by Monte Carlo", ["half width", "queries", "samples that Monte Carlo takes"], rows)


def contracts(seed: int) -> Table:
    one = BlackScholes(spot=2.0, rate=0.05, volatility=0.4)
    two = CorrelatedBlackScholes([100.0, 95.0], 0.03, [0.2, 0.3], [[1.0, 0.5], [0.5, 1.0]])
    quarters = [0.25, 0.5, 0.75, 1.0]
    found: dict[str, PriceResult] = {
        "exchange of two assets": price(SpreadOption(0.0, 1.0), two, num_qubits=8, seed=seed),
        "spread with a strike": price(SpreadOption(5.0, 1.0), two, num_qubits=8, seed=seed),
        "arithmetic average": price(AsianOption(2.0, quarters), one, num_qubits=8, seed=seed),
        "up-and-out barrier": price(BarrierOption(1.9, 2.5, quarters, direction="up", knock="out"), one, seed=seed),
    }
    rows = [
        [
            name,
            shown(each.interval),
            "none" if each.closed_form is None else f"{each.closed_form:.6g}",
            f"{each.monte_carlo.estimate:.5g} ± {each.monte_carlo.standard_error:.1g}",
        ]
        for name, each in found.items()
    ]
    return table_of("Other contracts, as of today", ["contract", "interval", "formula", "Monte Carlo"], rows)


def credit(seed: int) -> Table:
    book = CreditBook([0.05, 0.1, 0.2, 0.02, 0.15], [0.3, 0.1, 0.0, 0.5, 0.2], [2, 1, 3, 5, 1])
    results = [measure(book, seed=seed) for measure in (expected_loss, value_at_risk, conditional_value_at_risk)]
    rows = [[each.measure, shown(each.interval), f"{each.exact:.6g}", f"{each.num_queries:,}"] for each in results]
    return table_of(
        f"Five loans, at level 0.95, on {results[0].num_qubits} qubits", ["", "interval", "exact", "queries"], rows
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="fewer grids and precisions, in seconds")
    parser.add_argument("--seed", type=int, default=7, help="reproduces everything")
    options = parser.parse_args()
    console = Console()
    console.print(grids(options.seed, (2, 4, 6) if options.fast else (2, 3, 4, 5, 6, 8, 10)))
    console.print(precisions(options.seed, (0.01, 0.001) if options.fast else (0.01, 0.001, 0.0001, 0.00001)))
    console.print(contracts(options.seed))
    console.print(credit(options.seed))
    console.print("Each interval is one of the continuous model, and covers it in 95 % of runs or more.")


if __name__ == "__main__":
    main()
