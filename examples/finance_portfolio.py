"""Choose 5 of 20 stocks by QAOA, weigh them, and compare with the exact optimum and with luck.

python examples/finance_portfolio.py
python examples/finance_portfolio.py --fast
"""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qtoolkit.algorithms.quadratic import Enumeration, QaoaSolver, enumerate_choices
from qtoolkit.applications.finance import (
    PortfolioProblem,
    PortfolioResult,
    efficient_frontier,
    load_sp500_returns,
    solve_portfolio,
    weigh,
)

MIXERS = {"ring": "ring XY", "complete": "complete XY", "transverse": "penalty"}


def ranking(exact: Enumeration) -> Table:
    table = Table(title=f"Best of all {exact.num_choices:,} choices")
    table.add_column("", justify="right")
    table.add_column("assets")
    table.add_column("objective", justify="right")
    for place, choice in enumerate(exact.ranking, start=1):
        table.add_row(str(place), " ".join(choice.names), f"{choice.value:.5e}")
    return table


def comparison(results: dict[str, PortfolioResult], exact: Enumeration, num_layers: int) -> Table:
    solutions = [result.selection for result in results.values()]
    table = Table(title=f"QAOA with {num_layers} layers and {solutions[0].shots:,} samples")
    table.add_column("")
    for heading in (*(MIXERS[mixer] for mixer in results), "random"):
        table.add_column(heading, justify="right")

    def row(name: str, values: list[str], luck: str = "") -> None:
        table.add_row(name, *values, luck)

    def text(value: float | None, style: str) -> str:
        return "" if value is None else format(value, style)

    luck = solutions[0].luck
    random_ratio = (exact.worst_value - exact.mean_value) / (exact.worst_value - exact.value)
    row("best sample", ["\n".join(s.names) or "none feasible" for s in solutions])
    row("objective", [text(s.value, ".5e") for s in solutions])
    row("gap to the optimum", [text(s.gap, ".1e") for s in solutions])
    row("right number of stocks", [text(s.feasible_probability, ".1%") for s in solutions], "100.0%")
    row("approximation ratio", [text(s.approximation_ratio, ".3f") for s in solutions], f"{random_ratio:.3f}")
    row(
        "optimum in a sample",
        [text(s.probability_of_optimum, ".2e") for s in solutions],
        text(luck and luck.probability_of_optimum, ".2e"),
    )
    row(
        "optimum in the samples",
        [text(s.chance_of_optimum, ".1%") for s in solutions],
        text(luck and luck.chance_of_optimum, ".1%"),
    )
    row("gates on two qubits", [f"{s.two_qubit_count:,}" for s in solutions])
    row("with the best sizes", [text(r.objective, ".5e") for r in results.values()])
    row("gap to the best of all", [text(r.gap, ".1e") for r in results.values()])
    row("seconds", [f"{r.wall_time:.1f}" for r in results.values()])
    return table


def frontier(problem: PortfolioProblem, num_points: int) -> Table:
    number = problem.cardinality[1]
    free = problem.replace(objective="weights", cardinality=None)
    table = Table(title="Least variance by expected return, per day")
    for heading in ("return", "any number", f"at most {number}", "held"):
        table.add_column(heading, justify="right")
    few = efficient_frontier(free.replace(cardinality=(1, number)), num_points)
    for point in few.points:
        alone = weigh(free.program.least_risk(point.expected_return)).risk
        table.add_row(f"{point.expected_return:.3e}", f"{alone:.3e}", f"{point.risk:.3e}", str(len(point.weights)))
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
    number = 3 if options.fast else 5
    problem = PortfolioProblem.from_returns(
        returns, risk_aversion=options.risk_aversion, cardinality=number, objective="positions"
    )
    exact = enumerate_choices(problem.selection(), top=3)
    console.print(
        f"Choose {number} of {problem.num_assets} stocks by their daily returns from {returns.dates[0]} to "
        f"{returns.dates[-1]}: minimise {problem.risk_aversion:g}·xᵀΣx − μᵀx."
    )
    console.print(ranking(exact))

    num_layers = 3
    results = {}
    with Progress(console=console, transient=True) as bars:
        for mixer, title in MIXERS.items():
            bar = bars.add_task(title)
            results[mixer] = solve_portfolio(
                problem,
                QaoaSolver(num_layers, mixer=mixer, shots=64 if options.fast else 4096),
                seed=options.seed,
                enumeration=exact,
                progress=lambda done, total, bar=bar: bars.update(bar, completed=done, total=total),
            )
    console.print(comparison(results, exact, num_layers))
    console.print(
        "The XY mixers start in the Dicke state of all choices and never leave it; the penalty starts anywhere. "
        "'random' draws as many choices uniformly: a form is worth what it does better than that."
    )
    console.print(frontier(problem, 3 if options.fast else 6))


if __name__ == "__main__":
    main()
