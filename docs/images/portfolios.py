"""Draws the pictures of `docs/tutorials/portfolios.md`, from its problem; run with the extras finance and plot."""

from __future__ import annotations

import math
from pathlib import Path

from qtoolkit.algorithms.quadratic import QaoaSolver
from qtoolkit.applications.finance import (
    EfficientFrontier,
    PortfolioProblem,
    backtest,
    efficient_frontier,
    estimate_moments,
    load_sp500_prices,
    solve_portfolio,
    standard_strategies,
)
from qtoolkit.report.portfolios.figures import chances, courses, risks_and_returns

AXES = ("standard deviation (% per day)", "expected return (% per day)")
FOLDER = Path(__file__).parent


def per_cent(problem: PortfolioProblem, weights: dict[str, float]) -> tuple[float, float]:
    """Standard deviation and expected return of a portfolio."""
    held = [weights.get(name, 0.0) for name in problem.asset_names]
    return 100 * math.sqrt(held @ problem.covariance @ held), 100 * float(problem.expected_returns @ held)


def curve(frontier: EfficientFrontier) -> tuple[list[float], list[float]]:
    """Standard deviations and expected returns of its points."""
    points = frontier.points
    return [100 * math.sqrt(point.risk) for point in points], [100 * point.expected_return for point in points]


def main() -> None:
    """Writes the pictures beside this file."""
    prices = load_sp500_prices().between("2013-01-01")
    moments = estimate_moments(prices.simple_returns(), covariance="ledoit-wolf")
    problem = PortfolioProblem.from_moments(moments, risk_aversion=5.0, cardinality=5, upper=0.35)
    result = solve_portfolio(problem, "qaoa", seed=7)
    names = problem.asset_names
    assets = (names, 100 * problem.covariance.diagonal() ** 0.5, 100 * problem.expected_returns)
    portfolios = {
        "this portfolio": per_cent(problem, dict(result.weights)),
        "its assets alike": per_cent(problem, dict.fromkeys(result.assets, 0.2)),
        "optimum": per_cent(problem, dict(zip(names, result.exact.weights.tolist(), strict=True))),
        "all assets alike": per_cent(problem, dict.fromkeys(names, 1 / len(names))),
    }
    free = PortfolioProblem.from_moments(moments, risk_aversion=5.0)
    frontiers = {
        "five, each 35 % at most": curve(efficient_frontier(problem, 16)),
        "any number, any weight": curve(efficient_frontier(free, 24)),
    }
    both = {"qaoa": result.probability_of_optimum, "drawn blindly": result.luck.probability_of_optimum}
    strategies = standard_strategies(
        QaoaSolver(num_layers=1), risk_aversion=5.0, cardinality=5, upper=0.35, cost=0.001 / 126
    )
    walk = backtest(prices.between("2018-01-01"), strategies, window=504, rebalance_every=126, cost=0.001)
    wealth = {name: run.wealth[::5] for name, run in walk.runs.items()}
    pictures = {
        "plane": risks_and_returns(assets, {}, portfolios, AXES, ringed="optimum"),
        "luck": chances(both, result.shots),
        "frontier": risks_and_returns(assets, frontiers, {}, AXES),
        "backtest": courses(walk.dates[::5], wealth, "wealth of 1, costs paid", is_logarithmic=True),
    }
    for name, picture in pictures.items():
        (FOLDER / f"portfolio-{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
