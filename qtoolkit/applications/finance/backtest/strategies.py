"""Strategies: weights from the returns of a window, and the weights held before."""

from __future__ import annotations

from typing import Any, Protocol, Unpack, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_seed, shown
from qtoolkit._checks import require_number
from qtoolkit.algorithms.quadratic import Solver
from qtoolkit.algorithms.quadratic.solver import require_solver
from qtoolkit.applications.finance.data import ReturnHistory
from qtoolkit.applications.finance.portfolio import PortfolioProblem, solve_portfolio, weigh
from qtoolkit.applications.finance.portfolio.problem import Limits, PortfolioOptions
from qtoolkit.applications.finance.portfolio.weights import choose_in_part
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["EqualWeight", "ExactPortfolio", "MinimumVariance", "SolvedPortfolio", "Strategy", "standard_strategies"]

FloatArray = NDArray[np.float64]

_SECONDS = 60.0


@runtime_checkable
class Strategy(Protocol):
    """Decides on weights; a function will do."""

    def __call__(self, window: ReturnHistory, current: FloatArray, /) -> Any:
        """New weights.

        Args:
            window: the returns before the decision, and no others.
            current: weights that were held until now, in the order of the window's assets, shape ``(n,)``.

        Returns:
            Weights in that order, or by name as a mapping or Series; the rest to 1 is cash.
        """
        ...


class EqualWeight:
    """The same weight for each asset."""

    def __call__(self, window: ReturnHistory, current: FloatArray, /) -> FloatArray:
        """See `Strategy`."""
        size = len(window.asset_names)
        return np.full(size, 1.0 / size)


class MinimumVariance:
    """The least variance, long only unless limits say otherwise.

    Args:
        limits: of weights, as for `PortfolioProblem`.
    """

    def __init__(self, **limits: Unpack[Limits]) -> None:
        self._limits = limits

    def __call__(self, window: ReturnHistory, current: FloatArray, /) -> FloatArray:
        """See `Strategy`."""
        none = np.zeros(len(window.asset_names))
        problem = PortfolioProblem(
            none, window.covariance, risk_aversion=1.0, asset_names=window.asset_names, **self._limits
        )
        is_convex = problem.program.is_convex
        found = weigh(problem.program) if is_convex else choose_in_part(problem.program, time_limit=_SECONDS)
        return found.weights


class ExactPortfolio:
    """The best choice and weights of a `PortfolioProblem` of the window, by SCIP.

    Args:
        time_limit: seconds for each decision, after which the best so far is taken.
        options: as for `PortfolioProblem`; current weights are those held, and the most turnover does not bind the
            first decision.
    """

    def __init__(self, *, time_limit: float = _SECONDS, **options: Unpack[PortfolioOptions]) -> None:
        self._limit = require_number("time_limit", time_limit, 0)
        self._options = _checked(options)

    def __call__(self, window: ReturnHistory, current: FloatArray, /) -> FloatArray:
        """See `Strategy`."""
        program = _problem(window, current, self._options).program
        return (weigh(program) if program.is_convex else choose_in_part(program, time_limit=self._limit)).weights


class SolvedPortfolio:
    """A `PortfolioProblem` of the window whose assets a solver selects and a convex programme weighs.

    Args:
        solver: see `solve_portfolio`.
        seed: of the solver, at each decision.
        time_limit: seconds for each part of a decision.
        options: as for `PortfolioProblem`; current weights are those held, and the most turnover does not bind the
            first decision.
    """

    def __init__(
        self,
        solver: str | Solver = "qaoa",
        *,
        seed: int | None = 0,
        time_limit: float = _SECONDS,
        **options: Unpack[PortfolioOptions],
    ) -> None:
        self._solver = require_solver(solver)
        check_seed(seed)
        self._seed = seed
        self._limit = require_number("time_limit", time_limit, 0)
        self._options = _checked(options)

    def __call__(self, window: ReturnHistory, current: FloatArray, /) -> FloatArray:
        """See `Strategy`."""
        problem = _problem(window, current, self._options)
        chosen = solve_portfolio(problem, self._solver, seed=self._seed, time_limit=self._limit, compare=False)
        if chosen.assets is None:
            raise ConvergenceError(f"{chosen.solver} found no feasible choice ({chosen.selection.message})")
        return np.array([chosen.weights.get(name, 0.0) for name in problem.asset_names])


def standard_strategies(
    solver: str | Solver = "qaoa", *, seed: int | None = 0, **options: Unpack[PortfolioOptions]
) -> dict[str, Strategy]:
    """A solver's portfolio beside those it has to beat: the exact one, the least variance, and equal weights.

    Args:
        solver, seed: see `SolvedPortfolio`.
        options: as for `PortfolioProblem`.

    Raises:
        InputError: if an option breaks its rule.
    """
    solved = SolvedPortfolio(solver, seed=seed, **options)
    name = solver.name if isinstance(solver, Solver) else str(solver)
    return {
        name: solved,
        "exact": ExactPortfolio(**options),
        "minimum variance": MinimumVariance(),
        "equal weight": EqualWeight(),
    }


def _checked(options: PortfolioOptions) -> PortfolioOptions:
    objective: object = options.get("objective", "weights")
    if not isinstance(objective, str) or objective != "weights":
        raise InputError(f"a backtest trades weights, got objective={shown(objective)}")
    if options.get("current") is not None:
        raise InputError("current weights are those that the backtest holds, got others; leave current out")
    return options


def _problem(window: ReturnHistory, current: FloatArray, options: PortfolioOptions) -> PortfolioProblem:
    held: PortfolioOptions = {**options, "current": current}
    if not current.any():
        held["max_turnover"] = None  # out of cash everything is bought
    return PortfolioProblem(window.expected_returns, window.covariance, asset_names=window.asset_names, **held)
