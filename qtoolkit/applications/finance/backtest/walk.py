"""`backtest`: decide from a window of the past, hold, pay for trades, and move on."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_callable, check_instance, shown
from qtoolkit._checks import require_integer
from qtoolkit._optional import require
from qtoolkit._version import __version__
from qtoolkit.applications.finance.backtest.strategies import Strategy
from qtoolkit.applications.finance.data import PriceHistory, ReturnHistory
from qtoolkit.applications.finance.data.dates import Dates
from qtoolkit.applications.finance.portfolio._numbers import EachAsset, number_of_each
from qtoolkit.errors import InputError

__all__ = ["Backtest", "BacktestRun", "backtest"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class BacktestRun:
    """What one strategy did.

    Attributes:
        name: of the strategy.
        returns: of each period after the first window, costs paid, shape ``(num_periods,)``.
        weights: after each decision, shape ``(num_decisions, n)``.
        turnovers: what was bought and sold at each decision, as a share of the wealth, shape ``(num_decisions,)``.
        costs: that share of the wealth lost, shape ``(num_decisions,)``.
        wall_time: seconds of decisions.
    """

    name: str
    returns: FloatArray
    weights: FloatArray
    turnovers: FloatArray
    costs: FloatArray
    wall_time: float = field(compare=False)

    @property
    def wealth(self) -> FloatArray:
        """Of 1 at the start, after each period, shape ``(num_periods,)``."""
        return np.asarray(np.cumprod(1.0 + self.returns))

    @property
    def mean_return(self) -> float:
        """Per period."""
        return float(self.returns.mean())

    @property
    def volatility(self) -> float:
        """Standard deviation of the returns per period, divisor ``num_periods − 1``."""
        return float(self.returns.std(ddof=1)) if len(self.returns) > 1 else 0.0

    @property
    def sharpe_ratio(self) -> float | None:
        """Mean return over volatility, per period; None where nothing varies."""
        return self.mean_return / self.volatility if self.volatility > 0.0 else None

    @property
    def max_drawdown(self) -> float:
        """The greatest loss from a peak, as a share of it."""
        wealth = np.concatenate([[1.0], self.wealth])
        return float((1.0 - wealth / np.maximum.accumulate(wealth)).max())

    def __repr__(self) -> str:
        ratio = "" if self.sharpe_ratio is None else f", Sharpe ratio {self.sharpe_ratio:.4f} per period"
        return (
            f"BacktestRun({self.name}: wealth {self.wealth[-1]:.4f} of 1{ratio}, turnover "
            f"{self.turnovers.mean():.3f} a decision, costs {self.costs.sum():.4f})"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Backtest:
    """What several strategies did with the same past.

    Attributes:
        runs: by name of the strategy.
        dates: of the periods that were held, datetime64[D], shape ``(num_periods,)``.
        decisions: the first date that each decision was held for, shape ``(num_decisions,)``.
        asset_names: of the columns of weights.
        window: periods that each decision saw.
        rebalance_every: periods between decisions.
        history_fingerprint: 16 hexadecimal digits that other returns do not share.
        version: of the toolkit.
    """

    runs: Mapping[str, BacktestRun]
    dates: Dates
    decisions: Dates
    asset_names: tuple[str, ...]
    window: int
    rebalance_every: int
    history_fingerprint: str
    version: str = __version__

    def __getitem__(self, name: str) -> BacktestRun:
        """The run of a strategy.

        Raises:
            InputError: if there is none of this name.
        """
        if name not in self.runs:
            raise InputError(f"the strategies are {', '.join(self.runs)}; got {shown(name)}")
        return self.runs[name]

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each strategy.

        Raises:
            MissingExtraError: if pandas is not installed.
        """
        rows = {
            name: {
                "wealth": float(run.wealth[-1]),
                "mean return": run.mean_return,
                "volatility": run.volatility,
                "Sharpe ratio": run.sharpe_ratio,
                "max drawdown": run.max_drawdown,
                "mean turnover": float(run.turnovers.mean()),
                "costs": float(run.costs.sum()),
            }
            for name, run in self.runs.items()
        }
        return require("pandas", extra="finance").DataFrame.from_dict(rows, orient="index")

    def __repr__(self) -> str:
        listed = ", ".join(f"{name} {run.wealth[-1]:.4f}" for name, run in self.runs.items())
        return (
            f"Backtest({len(self.dates)} periods from {self.dates[0]} to {self.dates[-1]}, {len(self.decisions)} "
            f"decisions; wealth of 1: {listed})"
        )


def backtest(
    history: ReturnHistory | PriceHistory | ArrayLike,
    strategies: Mapping[str, Strategy],
    *,
    window: int,
    rebalance_every: int = 21,
    cost: EachAsset = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Walk through a history: decide from the last `window` returns, hold for a while, and decide again.

    A decision is made before the first period that it is held for, and sees none of it. Weights then drift with the
    returns. What is bought and sold is measured against the drifted weights, and its cost paid from the wealth; the
    first decision buys everything. What is not invested is cash without return.

    Args:
        history: simple returns, or prices, or a pandas DataFrame of returns that `ReturnHistory` can read.
        strategies: by name; see `standard_strategies`.
        window: periods that a decision sees, at least 2.
        rebalance_every: periods between decisions.
        cost: share of what is traded that is lost, for all assets, each, or some by name.
        progress: called with the decisions made and their number.

    Raises:
        InputError: if the history is too short or of log returns, weights do not fit its assets, or a strategy loses
            everything.
    """
    returns = _returns(history)
    length = len(returns.returns)
    window = require_integer("window", window, 2)
    step = require_integer("rebalance_every", rebalance_every, 1)
    if window >= length:
        raise InputError(f"a history must be longer than the window of {shown(window)}, got {length} returns")
    if not isinstance(strategies, Mapping) or not strategies:
        raise InputError(f"strategies are a mapping from names to functions, got {shown(strategies)}")
    for name, strategy in strategies.items():
        check_instance(name, str, "the name of a strategy must be text")
        check_callable(strategy, f"the strategy {name}")
    price = number_of_each("cost", cost, returns.asset_names, least=0.0)
    if progress is not None:
        check_callable(progress, "progress")
    starts = range(window, length, step)
    total = len(starts) * len(strategies)
    runs = {}
    for place, (name, strategy) in enumerate(strategies.items()):
        walk = _Walk(returns, price, name)
        for number, start in enumerate(starts):
            walk.decide(strategy, start, window)
            walk.hold(start, min(start + step, length))
            if progress is not None:
                progress(place * len(starts) + number + 1, total)
        runs[name] = walk.run()
    parts = [returns.returns.tobytes(), returns.dates.tobytes(), repr(returns.asset_names).encode()]
    return Backtest(
        runs=runs,
        dates=returns.dates[window:],
        decisions=returns.dates[list(starts)],
        asset_names=returns.asset_names,
        window=window,
        rebalance_every=step,
        history_fingerprint=hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest(),
    )


def _returns(history: ReturnHistory | PriceHistory | ArrayLike) -> ReturnHistory:
    if isinstance(history, PriceHistory):
        return history.simple_returns()
    returns = history if isinstance(history, ReturnHistory) else ReturnHistory(history)
    if returns.kind != "simple":
        raise InputError("a backtest needs simple returns, got logarithms; pass prices, or their simple_returns()")
    return returns


class _Walk:
    """One strategy on its way."""

    def __init__(self, returns: ReturnHistory, cost: FloatArray, name: str) -> None:
        self._returns, self._cost, self._name = returns, cost, name
        self._weights = np.zeros(len(returns.asset_names))
        self._paid = 0.0
        self._earned: list[float] = []
        self._decided: list[FloatArray] = []
        self._turnovers: list[float] = []
        self._costs: list[float] = []
        self._seconds = 0.0

    def decide(self, strategy: Strategy, start: int, window: int) -> None:
        rows = slice(start - window, start)
        names = self._returns.asset_names
        past = ReturnHistory(self._returns.dates[rows], names, self._returns.returns[rows])
        began = time.perf_counter()
        found = strategy(past, self._weights.copy())
        self._seconds += time.perf_counter() - began
        wanted = number_of_each(f"weights of {self._name}", found, names)
        if np.ndim(found) == 0 and not isinstance(found, Mapping):
            raise InputError(f"a strategy gives a weight for each asset, got {shown(found)} from {self._name}")
        trades = np.abs(wanted - self._weights)
        self._weights = np.array(wanted)
        self._paid = float(self._cost @ trades)
        if self._paid >= 1.0:
            raise InputError(f"{self._name} pays its whole wealth for trades on {self._returns.dates[start]}")
        self._decided.append(np.array(wanted))
        self._turnovers.append(float(trades.sum()))
        self._costs.append(self._paid)

    def hold(self, first: int, last: int) -> None:
        for place in range(first, last):
            row = self._returns.returns[place]
            growth = 1.0 + float(self._weights @ row)
            if not growth > 0.0 or not math.isfinite(growth):
                raise InputError(f"{self._name} loses everything on {self._returns.dates[place]}; limit its weights")
            self._earned.append((1.0 - self._paid) * growth - 1.0)
            self._paid = 0.0
            self._weights = self._weights * (1.0 + row) / growth

    def run(self) -> BacktestRun:
        return BacktestRun(
            name=self._name,
            returns=np.array(self._earned),
            weights=np.array(self._decided),
            turnovers=np.array(self._turnovers),
            costs=np.array(self._costs),
            wall_time=self._seconds,
        )
