"""`PortfolioSelector`: `solve_portfolio` as an estimator of scikit-learn and skfolio. Importing this loads skfolio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._checks import require_number
from qtoolkit._optional import require
from qtoolkit.algorithms.quadratic import Solver
from qtoolkit.applications.finance.data import ReturnHistory, estimate_moments
from qtoolkit.applications.finance.portfolio import PortfolioProblem, Tail, solve_portfolio
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["PortfolioSelector"]

_base: Any = require("skfolio.optimization", extra="finance").BaseOptimization
_validation: Any = require("sklearn.utils.validation", extra="finance")
_utilities: Any = require("sklearn.utils", extra="finance")

_SEEDS = 1 << 31


class PortfolioSelector(_base):  # type: ignore[misc]
    """Chooses assets by a solver of quadratic problems and weighs them by a convex programme.

    ``fit(X)`` takes returns, one row for each period and one column for each asset; ``predict(X)`` gives skfolio's
    `Portfolio` of the weights on other returns. It works in skfolio's cross-validation, in pipelines and in searches.

    Of scikit-learn's ``check_estimator`` one check cannot hold: ``check_methods_sample_order_invariance`` indexes
    predictions by sample, and a `Portfolio` is one object for all of them.

    Args:
        risk_aversion: q.
        cardinality: number of assets, or fewest and most; any by default.
        budget: sum of the weights.
        limits: of weights, as a mapping of what `PortfolioProblem` takes: ``lower``, ``upper``, ``minimum_if_held``,
            ``groups``, ``max_turnover``, ``cost``, ``lots``.
        tail: level of the conditional value at risk of the returns; the variance by default.
        solver: see `solve_portfolio`.
        means, covariance: see `estimate_moments`.
        compare: whether SCIP looks for the exact optimum, for ``result_.gap``.
        random_state: of the solver: an integer, a generator of NumPy's older kind, or None.
        previous_weights: that are traded from, one for all assets, each, or some by name.
        portfolio_params, fallback, raise_on_failure: see skfolio's `BaseOptimization`.

    Attributes:
        weights_: shape ``(n,)``.
        result_: the `PortfolioResult` with its evidence.
        problem_: the `PortfolioProblem` that was solved.
        n_features_in_, feature_names_in_: as in scikit-learn.
    """

    def __init__(
        self,
        risk_aversion: float = 1.0,
        cardinality: int | tuple[int, int] | None = None,
        budget: float = 1.0,
        limits: Mapping[str, Any] | None = None,
        tail: float | None = None,
        solver: str | Solver = "qaoa",
        means: Any = "sample",
        covariance: Any = "sample",
        compare: bool = False,
        random_state: Any = None,
        previous_weights: Any = None,
        portfolio_params: dict[str, Any] | None = None,
        fallback: Any = None,
        raise_on_failure: bool = True,
    ) -> None:
        super().__init__(
            portfolio_params=portfolio_params,
            fallback=fallback,
            previous_weights=previous_weights,
            raise_on_failure=raise_on_failure,
        )
        self.risk_aversion = risk_aversion
        self.cardinality = cardinality
        self.budget = budget
        self.limits = limits
        self.tail = tail
        self.solver = solver
        self.means = means
        self.covariance = covariance
        self.compare = compare
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> PortfolioSelector:
        """Choose assets and weigh them.

        Args:
            X: returns, shape ``(periods, assets)``; the labels of a DataFrame name the assets.
            y: ignored.

        Raises:
            InputError: if a parameter breaks its rule, or no portfolio obeys the limits.
            ConvergenceError: if the solver finds no feasible choice.
            ValueError: for returns that scikit-learn refuses.
        """
        returns = _validation.validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        names = [str(name) for name in getattr(self, "feature_names_in_", [])]
        names = names or [f"asset {k}" for k in range(returns.shape[1])]
        if self.limits is not None and not isinstance(self.limits, Mapping):
            raise InputError(f"limits are a mapping of arguments of PortfolioProblem, got {shown(self.limits)}")
        days = np.datetime64("1970-01-01") + np.arange(len(returns))
        moments = estimate_moments(
            ReturnHistory(days, names, returns), means=self.means, covariance=self.covariance, constant="keep"
        )
        level = None if self.tail is None else require_number("tail", self.tail, 0)
        self.problem_ = PortfolioProblem.from_moments(
            moments,
            risk_aversion=self.risk_aversion,
            cardinality=self.cardinality,
            budget=self.budget,
            tail=None if level is None else Tail(returns, level),
            current=self.previous_weights,
            **(self.limits or {}),
        )
        seed = int(_utilities.check_random_state(self.random_state).randint(_SEEDS))
        self.result_ = solve_portfolio(self.problem_, self.solver, seed=seed, compare=self.compare)
        if self.result_.assets is None:
            raise ConvergenceError(f"{self.result_.solver} found no feasible choice; take another solver")
        self.weights_ = np.array([self.result_.weights.get(name, 0.0) for name in names])
        return self

    def predict(self, X: Any) -> Any:
        """skfolio's `Portfolio` of the weights on returns.

        Args:
            X: returns, shape ``(periods, assets)``, or skfolio's `ReturnDistribution`.

        Raises:
            ValueError: for returns that scikit-learn refuses, missing ones among them.
        """
        _validation.check_is_fitted(self, "weights_")
        if not hasattr(X, "returns"):
            _validation.validate_data(self, X, reset=False, dtype=np.float64)
        return super().predict(X)

    def fit_predict(self, X: Any, y: Any = None) -> Any:
        """The portfolio of returns on those same returns; y is ignored.

        Raises:
            InputError: as for `fit`.
        """
        return self.fit(X).predict(X)

    @property
    def needs_previous_weights(self) -> bool:
        """Whether skfolio hands the weights of one fold on to the next: where trading costs or is limited."""
        return bool(super().needs_previous_weights) or any(
            word in (self.limits or {}) for word in ("cost", "max_turnover")
        )
