"""Choose 5 of 20 stocks by QAOA: with the budget built into the circuit, with a penalty, and beside the exact optimum.

python examples/finance_portfolio.py
python examples/finance_portfolio.py --fast
"""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qtoolkit.applications.finance import (
    ConstraintForm,
    ExactSelection,
    PortfolioProblem,
    PortfolioResult,
    exact_selection,
    load_sp500_returns,
    select_assets,
)

TITLES: dict[ConstraintForm, str] = {
    "ring": "ring XY",
    "complete": "complete XY",
    "penalty": "penalty",
}


def ranking(exact: ExactSelection) -> Table:
    table = Table(title=f"Best of all {exact.num_choices:,} choices")
    table.add_column("", justify="right")
    table.add_column("assets")
    table.add_column("objective", justify="right")
    for place, choice in enumerate(exact.ranking, start=1):
        table.add_row(str(place), " ".join(choice.assets), f"{choice.value:.5e}")
    return table


def comparison(results: list[PortfolioResult]) -> Table:
    first = results[0]
    table = Table(title=f"QAOA with {first.num_layers} layers and {first.shots:,} samples")
    table.add_column("")
    for heading in (*(TITLES[result.form] for result in results), "random"):
        table.add_column(heading, justify="right")

    def row(name: str, values: list[str], luck: str = "") -> None:
        table.add_row(name, *values, luck)

    row("best sample", ["none feasible" if r.assets is None else "\n".join(r.assets) for r in results])
    row("objective", ["" if r.value is None else f"{r.value:.5e}" for r in results])
    row("gap to the optimum", ["" if r.gap is None else f"{r.gap:.1e}" for r in results])
    row("within the budget", [f"{r.feasible_probability:.1%}" for r in results], "100.0%")
    row(
        "approximation ratio",
        ["" if r.approximation_ratio is None else f"{r.approximation_ratio:.3f}" for r in results],
        f"{first.random_approximation_ratio:.3f}",
    )
    row(
        "optimum in a sample",
        [f"{r.probability_of_optimum:.2e}" for r in results],
        f"{first.random_probability_of_optimum:.2e}",
    )
    row(
        "optimum in the samples",
        [f"{r.chance_of_optimum:.1%}" for r in results],
        f"{first.random_chance_of_optimum:.1%}",
    )
    row("circuit evaluations", [str(r.num_evaluations) for r in results])
    row("seconds", [f"{r.wall_time:.1f}" for r in results])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="3 of the first 10 stocks, in seconds")
    parser.add_argument("--risk-aversion", type=float, default=0.5, help="weight of risk against return")
    parser.add_argument("--seed", type=int, default=7, help="reproduces the samples")
    options = parser.parse_args()
    console = Console()

    returns = load_sp500_returns()
    if options.fast:
        returns = returns.subset(range(10))
    problem = PortfolioProblem.from_returns(
        returns, risk_aversion=options.risk_aversion, budget=3 if options.fast else 5
    )
    exact = exact_selection(problem, top=3)
    console.print(
        f"Choose {problem.budget} of {problem.num_assets} stocks by their daily returns from {returns.dates[0]} to "
        f"{returns.dates[-1]}: minimise {problem.risk_aversion:g}·xᵀΣx − μᵀx."
    )
    console.print(ranking(exact))

    forms: list[ConstraintForm] = ["ring", "complete", "penalty"] if options.fast else ["ring", "penalty"]
    results = []
    with Progress(console=console, transient=True) as bars:
        for form in forms:
            bar = bars.add_task(TITLES[form])
            results.append(
                select_assets(
                    problem,
                    form=form,
                    shots=64 if options.fast else 4096,
                    seed=options.seed,
                    exact=exact,
                    progress=lambda done, total, bar=bar: bars.update(bar, completed=done, total=total),
                )
            )
    console.print(comparison(results))
    console.print(
        "The XY mixers start in the Dicke state of all choices and never leave it; the penalty starts anywhere. "
        "'random' draws as many choices uniformly: a form is worth what it does better than that."
    )


if __name__ == "__main__":
    main()
