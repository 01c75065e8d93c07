"""``qtoolkit frontier``: the least risk for each return."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.cli.options import with_groups
from qtoolkit.cli.portfolio_options import RiskOptions
from qtoolkit.cli.price_options import PriceOptions

if TYPE_CHECKING:
    from qtoolkit.applications.finance import EfficientFrontier, PortfolioProblem

__all__ = ["frontier"]

_PART = "frontier"
_FREE_SHARE = 0.1
"""Of the time, for the frontier without limits: a convex programme for each point."""


@with_groups
def frontier(
    data: PriceOptions,
    stated: RiskOptions,
    points: Annotated[int, typer.Option(min=2, help="Points of each frontier.")] = 12,
    time_limit: Annotated[float, typer.Option(metavar="S", help="Seconds for each point.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML page with figures too, such as out.html.")
    ] = None,
) -> None:
    """Trace the efficient frontier, under the limits that are given and without them.

    PRICES has a date and tickers in its first line, and a line of prices for each day.
    """
    from qtoolkit._checks import require_number
    from qtoolkit._files import check_output
    from qtoolkit.applications.finance import PortfolioProblem
    from qtoolkit.cli.packages import check_packages
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.report.portfolios import (
        Evidence,
        FrontierAnswer,
        frontier_data,
        frontier_facts,
        frontier_page,
        frontier_tables,
    )

    data.check()
    stated.check()
    require_number("--time-limit", time_limit, 0)
    if report is not None:
        check_output(report, "--report")
    needed = {"pyscipopt": "finance", "highspy": "finance"} | ({} if report is None else {"matplotlib": "plot"})
    check_packages("this command", data.packages() | needed)
    files = stated.read_files()
    given = data.read()
    options = stated.options(given.returns, files)
    problem = PortfolioProblem.from_moments(given.moments, **options)
    free = PortfolioProblem.from_moments(given.moments, risk_aversion=1.0, tail=options["tail"])
    limited, unlimited = _traced(problem, free, stated.has_limits, points, time_limit)
    evidence = Evidence(given.source, given.moments, files.sectors_of(given.moments.asset_names))
    answer = FrontierAnswer(problem, limited, unlimited, evidence)
    publish(
        Publication(
            data=frontier_data(answer),
            tables=lambda width: frontier_tables(answer, width),
            evidence=frontier_facts(answer),
            page=lambda: frontier_page(answer),
        ),
        report,
        as_json,
    )


def _traced(
    problem: PortfolioProblem, free: PortfolioProblem, has_limits: bool, points: int, time_limit: float
) -> tuple[EfficientFrontier | None, EfficientFrontier]:
    """The frontier under limits, if there are any, and without."""
    from qtoolkit.applications.finance import efficient_frontier
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.report.studies.progress import share_of

    limited = None
    with DemoProgress([_PART]) as progress:
        tell = progress.of(_PART)
        end = _FREE_SHARE if has_limits else 1.0
        watch = share_of(tell, "without limits", 0.0, end)
        unlimited = efficient_frontier(free, points, time_limit=time_limit, progress=watch)
        if has_limits:
            watch = share_of(tell, "with limits", end, 1.0)
            limited = efficient_frontier(problem, points, time_limit=time_limit, progress=watch)
        progress.finish(_PART, unlimited.wall_time + (0.0 if limited is None else limited.wall_time))
    return limited, unlimited
