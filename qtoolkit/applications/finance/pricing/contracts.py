"""Contracts: what is paid, when, and on which prices or rates."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from qtoolkit._arguments import check_instance, shown
from qtoolkit._checks import require_array, require_choice, require_number, require_positive
from qtoolkit._labels import aligned
from qtoolkit.applications.finance.pricing._claim import Barrier, Claim, FloatArray
from qtoolkit.applications.finance.pricing.models import BlackScholes, CorrelatedBlackScholes
from qtoolkit.errors import InputError

__all__ = [
    "AsianOption",
    "BarrierOption",
    "BasketOption",
    "Contract",
    "DigitalOption",
    "EuropeanOption",
    "OptionKind",
    "SpreadOption",
]

OptionKind: TypeAlias = Literal["call", "put"]

_MOST_TIMES = 64
_LONGEST = 1e4
"""Years."""


@runtime_checkable
class Contract(Protocol):
    """A contract that can be priced: those of this package."""

    def _claim(self, model: Any) -> Claim:
        """What the contract comes to under a model.

        Raises:
            InputError: if it cannot be priced under this model.
        """
        ...


@dataclass(frozen=True)
class EuropeanOption:
    """The right to buy (call) or sell (put) one asset at maturity: pays ``(S - strike)⁺`` or ``(strike - S)⁺``.

    Priced under `BlackScholes`.

    Attributes:
        strike: at least 0.
        maturity: years, positive.
        kind: ``"call"`` or ``"put"``.

    Raises:
        InputError: if one is none of these.
    """

    strike: float
    maturity: float
    kind: OptionKind = "call"

    def __post_init__(self) -> None:
        _check_option(self)

    def _claim(self, model: BlackScholes) -> Claim:
        offsets, loadings = _one_asset(model, self.maturity)
        return _option(self.kind, offsets, loadings, np.ones(1), self.strike, _discount(model, self.maturity))


@dataclass(frozen=True)
class DigitalOption:
    """A fixed payment at maturity if one asset is then above (call) or below (put) the strike.

    Priced under `BlackScholes`.

    Attributes:
        strike: at least 0.
        maturity: years, positive.
        kind: ``"call"`` or ``"put"``.
        payout: paid, positive.

    Raises:
        InputError: if one is none of these.
    """

    strike: float
    maturity: float
    kind: OptionKind = "call"
    payout: float = 1.0

    def __post_init__(self) -> None:
        _check_option(self)
        object.__setattr__(self, "payout", require_positive("payout", self.payout))

    def _claim(self, model: BlackScholes) -> Claim:
        offsets, loadings = _one_asset(model, self.maturity)
        sign = 1.0 if self.kind == "call" else -1.0
        discount = _discount(model, self.maturity)
        return Claim(offsets, loadings, np.array([sign]), sign * self.strike, "sign", self.payout, discount)


@dataclass(frozen=True, eq=False)
class BasketOption:
    """An option on a weighted sum of assets: a call pays ``(Σ weights[k] S_k - strike)⁺``.

    Priced under `CorrelatedBlackScholes`.

    Attributes:
        weights: shape ``(num_assets,)``, negative ones too; a pandas Series is matched with the model's names.
        strike: any number.
        maturity: years, positive.
        kind: ``"call"`` or ``"put"``.

    Raises:
        InputError: if one is none of these.
    """

    weights: FloatArray
    strike: float
    maturity: float
    kind: OptionKind = "call"

    def __post_init__(self) -> None:
        _check_option(self, any_strike=True)

    def _claim(self, model: CorrelatedBlackScholes) -> Claim:
        check_instance(model, CorrelatedBlackScholes, "a basket is priced under a CorrelatedBlackScholes")
        weights = require_array("weights", aligned("weights", self.weights, model.asset_names), (model.num_assets,))
        if not weights.any():
            raise InputError("weights must not all be 0: the basket would be worth nothing")
        offsets, loadings = model._log_prices(np.array([self.maturity]))
        discount = _discount(model, self.maturity)
        return _option(self.kind, offsets[:, 0], loadings[:, 0], weights, self.strike, discount)

    def __repr__(self) -> str:
        return f"BasketOption({self.kind}, strike {self.strike:g}, {self.maturity:g} years)"


@dataclass(frozen=True)
class SpreadOption:
    """An option on the difference of two assets: a call pays ``(S_0 - S_1 - strike)⁺``.

    With a strike of 0 it is the option to exchange one asset for the other, which has a closed form. Priced under a
    `CorrelatedBlackScholes` of two assets.

    Attributes:
        strike: any number.
        maturity: years, positive.
        kind: ``"call"`` or ``"put"``.

    Raises:
        InputError: if one is none of these.
    """

    strike: float
    maturity: float
    kind: OptionKind = "call"

    def __post_init__(self) -> None:
        _check_option(self, any_strike=True)

    def _claim(self, model: CorrelatedBlackScholes) -> Claim:
        check_instance(model, CorrelatedBlackScholes, "a spread is priced under a CorrelatedBlackScholes")
        if model.num_assets != 2:
            raise InputError(f"a spread is of two assets, got a model of {model.num_assets}")
        return BasketOption(np.array([1.0, -1.0]), self.strike, self.maturity, self.kind)._claim(model)


@dataclass(frozen=True, eq=False)
class AsianOption:
    """An option on the average of one asset over some days: a call pays ``(average - strike)⁺`` on the last.

    Priced under `BlackScholes`.

    Attributes:
        strike: at least 0.
        times: years, positive and ascending, at most 64; the last is the maturity.
        average: ``"arithmetic"`` or ``"geometric"``; the latter has a closed form.
        kind: ``"call"`` or ``"put"``.

    Raises:
        InputError: if one is none of these.
    """

    strike: float
    times: FloatArray
    _: KW_ONLY
    average: Literal["arithmetic", "geometric"] = "arithmetic"
    kind: OptionKind = "call"

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", require_times(self.times))
        object.__setattr__(self, "strike", require_number("strike", self.strike, 0.0))
        require_choice("average", self.average, ("arithmetic", "geometric"))
        require_choice("kind", self.kind, ("call", "put"))

    def _claim(self, model: BlackScholes) -> Claim:
        check_instance(model, BlackScholes, "an option on an average is priced under a BlackScholes")
        every_offset, every_loading = model._log_prices(self.times)
        offsets, loadings = every_offset[0], every_loading[0]
        weights = np.full(offsets.size, 1.0 / offsets.size)
        if self.average == "geometric":
            offsets, loadings = offsets.mean(keepdims=True), loadings.mean(axis=0, keepdims=True)
            weights = np.ones(1)
        return _option(self.kind, offsets, loadings, weights, self.strike, _discount(model, float(self.times[-1])))

    def __repr__(self) -> str:
        return f"AsianOption({self.average} {self.kind}, strike {self.strike:g}, {self.times.size} times)"


@dataclass(frozen=True, eq=False)
class BarrierOption:
    """A European option that begins (knock-in) or ends (knock-out) when the asset reaches a level on one of some days.

    The level is watched on those days alone. With a level that is watched all the time, for which there are closed
    forms, it would be another contract with another price. Priced under `BlackScholes`.

    Attributes:
        strike: at least 0.
        barrier: the level, positive.
        times: when it is watched: years, positive and ascending, at most 64; the last is the maturity.
        direction: ``"up"`` if the level is reached at or above it, ``"down"`` if at or below.
        knock: ``"in"`` or ``"out"``.
        kind: ``"call"`` or ``"put"``.

    Raises:
        InputError: if one is none of these.
    """

    strike: float
    barrier: float
    times: FloatArray
    _: KW_ONLY
    direction: Literal["up", "down"]
    knock: Literal["in", "out"]
    kind: OptionKind = "call"

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", require_times(self.times))
        object.__setattr__(self, "strike", require_number("strike", self.strike, 0.0))
        object.__setattr__(self, "barrier", require_positive("barrier", self.barrier))
        require_choice("direction", self.direction, ("up", "down"))
        require_choice("knock", self.knock, ("in", "out"))
        require_choice("kind", self.kind, ("call", "put"))

    def _claim(self, model: BlackScholes) -> Claim:
        check_instance(model, BlackScholes, "an option with a barrier is priced under a BlackScholes")
        offsets, loadings = model._log_prices(self.times)
        weights = np.zeros(self.times.size)
        weights[-1] = 1.0
        barrier = Barrier(
            tuple(range(self.times.size)), math.log(self.barrier), self.direction == "up", self.knock == "in"
        )
        discount = _discount(model, float(self.times[-1]))
        return _option(self.kind, offsets[0], loadings[0], weights, self.strike, discount, barrier)

    def __repr__(self) -> str:
        return (
            f"BarrierOption({self.direction}-and-{self.knock} {self.kind}, strike {self.strike:g}, barrier "
            f"{self.barrier:g}, {self.times.size} times)"
        )


def require_times(value: object) -> FloatArray:
    """Times in years, positive and ascending.

    Raises:
        InputError: if they are none.
    """
    times = np.atleast_1d(require_array("times", value))
    if times.ndim != 1 or not 1 <= times.size <= _MOST_TIMES:
        raise InputError(f"times must be a row of 1 to {_MOST_TIMES} numbers, got shape {times.shape}")
    if times[0] <= 0.0 or times[-1] > _LONGEST or (np.diff(times) <= 0.0).any():
        raise InputError(f"times must ascend from above 0 to at most {_LONGEST:g} years, got {shown(times.tolist())}")
    return times


def _check_option(option: Any, any_strike: bool = False) -> None:
    strike = require_number("strike", option.strike, None if any_strike else 0.0)
    object.__setattr__(option, "strike", strike)
    object.__setattr__(option, "maturity", require_positive("maturity", option.maturity, _LONGEST))
    require_choice("kind", option.kind, ("call", "put"))


def _one_asset(model: BlackScholes, maturity: float) -> tuple[FloatArray, FloatArray]:
    check_instance(
        model,
        BlackScholes,
        "an option on one asset is priced under a BlackScholes",
        remedy="several assets are a BasketOption",
    )
    offsets, loadings = model._log_prices(np.array([maturity]))
    return offsets[0], loadings[0]


def _discount(model: BlackScholes | CorrelatedBlackScholes, maturity: float) -> float:
    exponent = -model.rate * maturity
    if abs(exponent) > 500.0:
        raise InputError(f"rate times maturity must be at most 500, got {-exponent:g}")
    return math.exp(exponent)


def _option(
    kind: str,
    offsets: FloatArray,
    loadings: FloatArray,
    weights: FloatArray,
    strike: float,
    discount: float,
    barrier: Barrier | None = None,
) -> Claim:
    sign = 1.0 if kind == "call" else -1.0
    return Claim(offsets, loadings, sign * weights, sign * strike, "positive part", 1.0, discount, barrier)
