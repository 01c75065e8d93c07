"""``qtoolkit portfolio``: which assets to hold, and with what weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.cli.options import with_groups
from qtoolkit.cli.portfolio_options import ProblemOptions
from qtoolkit.cli.price_options import PriceOptions
from qtoolkit.cli.solver_options import SolverOptions

if TYPE_CHECKING:
    from qtoolkit.algorithms.quadratic import Solver
    from qtoolkit.applications.finance import PortfolioProblem, PortfolioResult

__all__ = ["portfolio"]

_PART = "portfolio"


@with_groups
def portfolio(
    data: PriceOptions,
    stated: ProblemOptions,
    search: SolverOptions,
    no_weigh: Annotated[
        bool, typer.Option("--no-weigh", help="Leave the chosen assets alike; look for no best weights.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML page with figures too, such as out.html.")
    ] = None,
) -> None:
    """Choose assets by a solver, weigh them by a convex programme, and compare both with the best there are.

    PRICES has a date and tickers in its first line, and a line of prices for each day.
    """
    from qtoolkit._files import check_output
    from qtoolkit.applications.finance import PortfolioProblem
    from qtoolkit.cli.entry import INTERRUPTED, UNEXPECTED
    from qtoolkit.cli.output import note
    from qtoolkit.cli.packages import check_packages
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.report.portfolios import (
        Evidence,
        PortfolioAnswer,
        evidence_facts,
        portfolio_data,
        portfolio_page,
        portfolio_tables,
    )

    data.check()
    stated.check()
    if report is not None:
        check_output(report, "--report")
    needed = {} if no_weigh else {"pyscipopt": "finance", "highspy": "finance"}
    check_packages("this command", data.packages() | needed | ({} if report is None else {"matplotlib": "plot"}))
    solver = search.build()
    files = stated.read_files()
    given = data.read()
    problem = PortfolioProblem.from_moments(given.moments, **stated.options(given.returns, files))
    result = _solved(problem, solver, search, weigh=not no_weigh)
    evidence = Evidence(given.source, given.moments, files.sectors_of(given.moments.asset_names))
    answer = PortfolioAnswer(problem, result, evidence)
    publish(
        Publication(
            data=portfolio_data(answer),
            tables=lambda width: portfolio_tables(answer, width),
            evidence=evidence_facts(answer),
            page=lambda: portfolio_page(answer),
        ),
        report,
        as_json,
    )
    if result.selection.circuit:
        note(f"{result.solver}: {result.selection.circuit}.")
    if not no_weigh and result.exact is None:
        note(f"No optimum of the weights: SCIP found no portfolio in {search.time_limit:g} s.")
    if not no_weigh and result.assets is not None and result.weighing is None:
        note(f"No best weights: HiGHS found none in {search.time_limit:g} s; they stay alike.")
    if result.assets is None:
        note(f"{result.solver} found no feasible choice; give it more shots or time, or take another solver.")
        raise typer.Exit(UNEXPECTED)
    if result.exact is not None and result.exact.status == "interrupted":
        note("Interrupted; this is the best so far.")
        raise typer.Exit(INTERRUPTED)


def _solved(problem: PortfolioProblem, solver: Solver, search: SolverOptions, *, weigh: bool) -> PortfolioResult:
    from qtoolkit.applications.finance import solve_portfolio
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.report.studies.progress import share_of

    with DemoProgress([_PART]) as progress:
        step = f"{solver.name}, then weights" if weigh else solver.name
        result = solve_portfolio(
            problem,
            solver,
            seed=search.seed,
            time_limit=search.time_limit,
            weigh=weigh,
            progress=share_of(progress.of(_PART), step, 0.0, 1.0),
        )
        progress.finish(_PART, result.wall_time)
    return result
