"""Backtests: in a terminal, as data, and as a page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtoolkit._version import __version__
from qtoolkit.applications.finance import Backtest, BacktestRun
from qtoolkit.report.environment import environment
from qtoolkit.report.model import Figure, Report, Row, Section, Unit
from qtoolkit.report.portfolios import figures
from qtoolkit.report.portfolios.entries import NO_ADVICE
from qtoolkit.report.portfolios.numbers import GAP_DASH, period_between
from qtoolkit.report.tables import number_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["BacktestAnswer", "backtest_data", "backtest_facts", "backtest_page", "backtest_tables"]

_WEALTH = Unit("", 1.0, 4)
_PERCENT = Unit("%", 100.0, 2)
_YEAR = {"day": 252, "week": 52, "month": 12, "quarter": 4, "year": 1}
"""Periods of a year."""


@dataclass(frozen=True, eq=False)
class BacktestAnswer:
    """A backtest and what it comes from.

    Attributes:
        found: what was walked.
        source: of the prices.
        solver: whose portfolio is tested, a name among the runs.
        risk_aversion: of each decision.
        cost: share of what is traded that is lost.
        seed: of the solver at each decision.
    """

    found: Backtest
    source: str
    solver: str
    risk_aversion: float
    cost: float
    seed: int

    @property
    def period(self) -> str:
        """``"day"`` for daily returns, and so on."""
        dates = self.found.dates
        return period_between(dates[0].item(), dates[-1].item(), len(dates))

    @property
    def periods_per_year(self) -> int:
        """By which means are multiplied; 1 where periods are of no usual length."""
        return _YEAR.get(self.period, 1)

    @property
    def year(self) -> str:
        """What means and volatilities are shown for."""
        return "year" if self.period in _YEAR else "period"

    def mean_return(self, run: BacktestRun) -> float:
        """Per year."""
        return self.periods_per_year * run.mean_return

    def volatility(self, run: BacktestRun) -> float:
        """Per year, as if returns were independent."""
        return math.sqrt(self.periods_per_year) * run.volatility

    def sharpe_ratio(self, run: BacktestRun) -> float | None:
        """Per year, likewise, without a riskless return."""
        return None if run.sharpe_ratio is None else math.sqrt(self.periods_per_year) * run.sharpe_ratio

    @property
    def distance(self) -> float | None:
        """Mean over decisions of the sum of absolute differences between the solver's weights and the exact ones."""
        runs = self.found.runs
        if "exact" not in runs or self.solver not in runs:
            return None
        return float(np.abs(runs[self.solver].weights - runs["exact"].weights).sum(axis=1).mean())


def backtest_tables(answer: BacktestAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of a backtest.

    Args:
        answer: the backtest.
        width: columns of the terminal.
    """
    runs = answer.found.runs.values()

    def row(label: str, text: Callable[[BacktestRun], str]) -> tuple[str, ...]:
        return (label, *map(text, runs))

    year = answer.year
    rows = [
        row("wealth of 1 at the end", lambda run: _WEALTH.text(float(run.wealth[-1]))),
        row(f"return per {year}", lambda run: _PERCENT.text(answer.mean_return(run))),
        row(f"volatility per {year}", lambda run: _PERCENT.text(answer.volatility(run))),
        row("Sharpe ratio", lambda run: _ratio(answer.sharpe_ratio(run))),
        row("greatest drawdown", lambda run: _PERCENT.text(run.max_drawdown)),
        row("turnover per decision", lambda run: _PERCENT.text(float(run.turnovers.mean()))),
        row("costs in all", lambda run: _PERCENT.text(float(run.costs.sum()))),
        row("seconds of decisions", lambda run: f"{run.wall_time:.2g}"),
    ]
    return [number_table(("costs paid", *answer.found.runs), rows, width)]


def backtest_facts(answer: BacktestAnswer) -> list[str]:
    """What was walked, how, and from what."""
    found = answer.found
    facts = [
        f"{len(found.decisions):,} decisions, each from {found.window} returns, one every {found.rebalance_every}",
        f"risk aversion {answer.risk_aversion:g}",
        f"cost {answer.cost:g} of what is traded",
        f"seed {answer.seed}",
    ]
    if answer.distance is not None:
        facts.append(f"{answer.solver} and exact weights differ by {answer.distance:.2g} on average")
    facts.append(f"{len(found.dates):,} returns, {found.dates[0]} to {found.dates[-1]}")
    return [*facts, f"history {found.history_fingerprint}"]


def backtest_data(answer: BacktestAnswer) -> dict[str, Any]:
    """A backtest as JSON types, per period and in base units."""
    found = answer.found
    return {
        "data": {
            "source": answer.source,
            "asset_names": list(found.asset_names),
            "num_periods": len(found.dates),
            "period": answer.period,
            "periods_per_year": answer.periods_per_year,
            "first": str(found.dates[0]),
            "last": str(found.dates[-1]),
            "history_fingerprint": found.history_fingerprint,
        },
        "solver": answer.solver,
        "risk_aversion": answer.risk_aversion,
        "cost": answer.cost,
        "seed": answer.seed,
        "window": found.window,
        "rebalance_every": found.rebalance_every,
        "mean_distance_from_exact_weights": answer.distance,
        "dates": [str(day) for day in found.dates],
        "decisions": [str(day) for day in found.decisions],
        "runs": {name: _run(run, found.asset_names) for name, run in found.runs.items()},
        "version": found.version,
    }


def backtest_page(answer: BacktestAnswer) -> Report:
    """The page.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    found = answer.found
    year = answer.year
    rows = []
    for name, run in found.runs.items():
        told = (
            f"return {_PERCENT.text(answer.mean_return(run))} and volatility {_PERCENT.text(answer.volatility(run))} "
            f"per {year}"
        )
        turnover, cost = (_PERCENT.text(float(value)) for value in (run.turnovers.mean(), run.costs.sum()))
        traded = f"turnover {turnover} a decision, costs {cost} in all"
        ratio = answer.sharpe_ratio(run)
        rows.append(Row(f"{name}: wealth of 1 at the end", float(run.wealth[-1]), None, _WEALTH, _WEALTH, told))
        if ratio is not None:
            rows.append(Row(f"{name}: Sharpe ratio", ratio, None, _WEALTH, _WEALTH, f"per {year}, no riskless return"))
        rows.append(Row(f"{name}: greatest drawdown", run.max_drawdown, None, _PERCENT, _PERCENT, traded))
    section = Section(
        name="backtest",
        title="Backtest",
        question=(
            f"What would each portfolio have earned? Every {found.rebalance_every} returns it is decided from the "
            f"{found.window} returns before, held, and its trades paid for."
        ),
        rows=tuple(rows),
        findings=_findings(answer),
        limits=(
            "The past is walked once: differences between strategies are mostly chance, and no error bars are given.",
            "Who chose the assets knew which of them are still there today.",
            NO_ADVICE,
        ),
        figures=_figures(answer),
        evidence={
            "Walk": "; ".join(backtest_facts(answer)),
            "Input": f"{answer.source}: {len(found.asset_names)} assets",
            "Decisions": ", ".join(f"{name} {run.wall_time:.2g} s" for name, run in found.runs.items()),
            "Software": f"qtoolkit {__version__}",
        },
        wall_time=sum(run.wall_time for run in found.runs.values()),
    )
    return Report(
        title=f"Backtest of {len(found.asset_names)} assets",
        summary=(
            f"Portfolios decided from the past only, from {found.dates[0]} to {found.dates[-1]}: that of "
            f"{answer.solver} beside what it has to beat."
        ),
        sections=(section,),
        seed=answer.seed,
        environment=environment(),
    )


def _ratio(value: float | None) -> str:
    return GAP_DASH if value is None else _WEALTH.text(value)


def _run(run: BacktestRun, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "wealth": run.wealth.tolist(),
        "returns": run.returns.tolist(),
        "mean_return": run.mean_return,
        "volatility": run.volatility,
        "sharpe_ratio": run.sharpe_ratio,
        "max_drawdown": run.max_drawdown,
        "weights": [
            {name: weight for name, weight in zip(names, row, strict=True) if weight} for row in run.weights.tolist()
        ],
        "turnovers": run.turnovers.tolist(),
        "costs": run.costs.tolist(),
        "wall_time": run.wall_time,
    }


def _findings(answer: BacktestAnswer) -> tuple[str, ...]:
    runs = answer.found.runs
    order = sorted(runs.values(), key=lambda run: -float(run.wealth[-1]))
    found = "In the end there is " + ", ".join(f"{_WEALTH.text(float(run.wealth[-1]))} by {run.name}" for run in order)
    if answer.distance is None:
        return (f"{found}.",)
    return (
        f"{found}.",
        f"The weights of {answer.solver} and the exact ones differ by {answer.distance:.2g} on average, as the sum "
        "over assets: how far they are apart says more of the solver than what they earned.",
    )


def _figures(answer: BacktestAnswer) -> tuple[Figure, ...]:
    found = answer.found
    wealth = {name: run.wealth for name, run in found.runs.items()}
    losses = {}
    for name, values in wealth.items():
        peaks = np.maximum.accumulate(np.concatenate([[1.0], values]))[1:]
        losses[name] = 100.0 * (values / peaks - 1.0)
    # the last decision holds until the end
    decided = np.append(found.decisions, found.dates[-1])
    turnovers = {name: 100.0 * np.append(run.turnovers, run.turnovers[-1]) for name, run in found.runs.items()}
    return (
        Figure(
            figures.courses(found.dates, wealth, "wealth of 1 at the start", is_logarithmic=True),
            "Wealth, costs paid, on a logarithmic axis: equal slopes are equal growth.",
            "Line plot: the wealth of each strategy over time.",
        ),
        Figure(
            figures.courses(found.dates, losses, "below the last peak (%)"),
            "Drawdown: how far wealth is below its last peak.",
            "Line plot: the drawdown of each strategy over time.",
        ),
        Figure(
            figures.courses(decided, turnovers, "bought and sold (% of wealth)", has_steps=True),
            "Turnover of each decision; the first one buys everything.",
            "Steps: the turnover of each strategy at each decision.",
        ),
    )
