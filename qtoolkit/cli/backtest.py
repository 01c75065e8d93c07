"""``qtoolkit backtest``: what portfolios would have earned, decided from the past only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.cli.options import with_groups
from qtoolkit.cli.portfolio_options import LimitOptions
from qtoolkit.cli.price_options import FileOptions
from qtoolkit.cli.solver_options import SolverOptions

if TYPE_CHECKING:
    from qtoolkit.algorithms.quadratic import Solver
    from qtoolkit.applications.finance import Backtest, PortfolioOptions, PriceHistory, Strategy

__all__ = ["backtest"]

_PART = "backtest"


@dataclass(frozen=True)
class WalkOptions(LimitOptions):
    """How risk is weighed, how far back a decision looks, and how long it holds, too."""

    risk_aversion: Annotated[
        float, typer.Option(metavar="Q", help="Minimise Q × variance − expected return.", rich_help_panel="Problem")
    ] = 1.0
    window: Annotated[int, typer.Option(min=2, help="Returns that a decision sees.", rich_help_panel="Walk")] = 252
    every: Annotated[int, typer.Option(min=1, help="Returns until the next decision.", rich_help_panel="Walk")] = 21

    def check(self) -> None:
        """See `LimitOptions.check`.

        Raises:
            InputError: as there.
        """
        from qtoolkit._checks import require_number

        super().check()
        require_number("--risk-aversion", self.risk_aversion, 0)


@with_groups
def backtest(
    data: FileOptions,
    stated: WalkOptions,
    search: SolverOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML page with figures too, such as out.html.")
    ] = None,
) -> None:
    """Walk through the past with a solver's portfolio, and with those that it has to beat.

    Each decision sees the returns of a window before it, by their means and covariance, and holds until the next; the
    cost of a trade is weighed against the returns until then. Beside the solver's portfolio stand the exact one, the
    least variance, and equal weights. PRICES has a date and tickers in its first line, and a line of prices for each
    day.
    """
    from qtoolkit._arguments import settled_seed
    from qtoolkit._files import check_output
    from qtoolkit.cli.packages import check_packages
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.report.portfolios import (
        BacktestAnswer,
        backtest_data,
        backtest_facts,
        backtest_page,
        backtest_tables,
    )

    data.check()
    stated.check()
    if report is not None:
        check_output(report, "--report")
    needed = {"pyscipopt": "finance", "highspy": "finance"} | ({} if report is None else {"matplotlib": "plot"})
    check_packages("this command", data.packages() | needed)
    solver = search.build()
    files = stated.read_files()
    prices = data.read_prices()
    options = stated.options(prices.simple_returns(), files)
    options["risk_aversion"] = stated.risk_aversion
    seed = settled_seed(search.seed)
    assert isinstance(seed, int)
    found = _walked(prices, solver, options, stated, search.time_limit, seed)
    answer = BacktestAnswer(found, data.source, solver.name, options["risk_aversion"], stated.cost, seed)
    publish(
        Publication(
            data=backtest_data(answer),
            tables=lambda width: backtest_tables(answer, width),
            evidence=backtest_facts(answer),
            page=lambda: backtest_page(answer),
        ),
        report,
        as_json,
    )


def _walked(
    prices: PriceHistory, solver: Solver, options: PortfolioOptions, walk: WalkOptions, time_limit: float, seed: int
) -> Backtest:
    """All strategies, one after the other."""
    from qtoolkit.applications import finance
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.report.studies.progress import share_of

    # a cost is paid once, and returns are earned each day until the next decision
    options = {**options, "cost": walk.cost / walk.every}
    strategies: dict[str, Strategy] = {
        solver.name: finance.SolvedPortfolio(solver, seed=seed, time_limit=time_limit, **options),
        "exact": finance.ExactPortfolio(time_limit=time_limit, **options),
        "minimum variance": finance.MinimumVariance(),
        "equal weight": finance.EqualWeight(),
    }
    with DemoProgress([_PART]) as progress:
        found = finance.backtest(
            prices,
            strategies,
            window=walk.window,
            rebalance_every=walk.every,
            cost=walk.cost,
            progress=share_of(progress.of(_PART), "decisions", 0.0, 1.0),
        )
        progress.finish(_PART, sum(run.wall_time for run in found.runs.values()))
    return found
