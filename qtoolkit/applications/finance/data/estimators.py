"""Means and covariances of a history, by the estimators of scikit-learn and skfolio."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import items_of, shown
from qtoolkit._checks import require_choice
from qtoolkit._optional import require
from qtoolkit.applications.finance.data.history import PriceHistory, ReturnHistory
from qtoolkit.applications.finance.data.moments import Moments
from qtoolkit.applications.finance.data.repair import Repair, counted
from qtoolkit.errors import InputError

__all__ = ["estimate_moments"]

Estimator: TypeAlias = Any
"""An object of scikit-learn or skfolio with `fit`, or the name of one."""

_PRIORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "factor": ("skfolio.prior", "TimeSeriesFactorModel", {}),
    "black-litterman": ("skfolio.prior", "BlackLitterman", {}),
}

# A covariance is repaired here or not at all, so not by theirs.
_NAMED: dict[str, dict[str, tuple[str, str, dict[str, Any]]]] = {
    "means": {
        "shrunk": ("skfolio.moments", "ShrunkMu", {}),
        "ewma": ("skfolio.moments", "EWMu", {}),
        "equilibrium": ("skfolio.moments", "EquilibriumMu", {}),
        **_PRIORS,
    },
    "covariance": {
        "ledoit-wolf": ("sklearn.covariance", "LedoitWolf", {}),
        "oas": ("sklearn.covariance", "OAS", {}),
        "ewma": ("skfolio.moments", "EWCovariance", {"nearest": False}),
        **_PRIORS,
    },
}
# of a return: what rounding leaves of a constant one
_ROUNDING = 1e-14


def estimate_moments(
    history: ReturnHistory | ArrayLike,
    *,
    means: Estimator = "sample",
    covariance: Estimator = "sample",
    factors: ReturnHistory | ArrayLike | None = None,
    views: Iterable[str] | None = None,
    periods_per_year: float | None = None,
    constant: Literal["drop", "keep"] | None = None,
    repair: Literal["clip"] | None = None,
) -> Moments:
    """Expected returns and covariance of a history of returns.

    Names stand for the estimators of scikit-learn and skfolio as they come; of an object of theirs a copy is fitted. A
    name of a prior, or an object, that is given for both is fitted once.

    Args:
        history: returns, or a pandas DataFrame of them that `ReturnHistory` can read.
        means: ``"sample"``; ``"shrunk"`` (James and Stein, skfolio's ShrunkMu); ``"ewma"`` (EWMu); ``"equilibrium"``
            (EquilibriumMu); ``"factor"`` or ``"black-litterman"``, see below; or an object that sets ``mu_`` or
            ``return_distribution_``.
        covariance: ``"sample"``, divisor num_periods - 1; ``"ledoit-wolf"`` and ``"oas"`` (scikit-learn); ``"ewma"``
            (skfolio's EWCovariance, half-life 40 periods, without its own repair); ``"factor"`` or
            ``"black-litterman"``; or an object that sets ``covariance_`` or ``return_distribution_``.
        factors: returns of the factors of ``"factor"`` (skfolio's TimeSeriesFactorModel), or of an object whose fit
            takes them. They have a row for each date of the history, by which they are aligned.
        views: of ``"black-litterman"`` (skfolio's BlackLitterman), such as ``"AAPL - BBY == 0.0003"``, per period.
        periods_per_year: 252 for daily returns: makes the moments per year, see `Moments.annualised`; None keeps
            those of one period.
        constant: what becomes of assets whose return never changes: ``"drop"`` leaves them out, ``"keep"`` takes
            them for riskless.
        repair: ``"clip"`` for a covariance that is not positive semidefinite, see `Moments`.

    Raises:
        InputError: if an argument breaks its rule, an asset is constant and nothing is said about it, labels do not
            fit, the estimator refuses, or the covariance is not positive semidefinite and no repair was asked for.
        MissingExtraError: if a package is not installed that the estimator comes from.
    """
    returns, repairs = _without_constant(_read("history", history), constant)
    models = _models(means, covariance, views)
    frames = _frames(returns, factors, models.values())
    distinct = {id(model): model for model in models.values() if model is not None}
    fitted = {key: _fitted(model, *frames) for key, model in distinct.items()}
    found = {what: _moment(what, fitted.get(id(model)), returns) for what, model in models.items()}
    moments = Moments(
        found["means"],
        found["covariance"],
        returns.asset_names,
        num_periods=returns.dates.size,
        return_kind=returns.kind,
        mean_estimator=_told(models["means"]),
        covariance_estimator=_told(models["covariance"]),
        span=(returns.dates[0].item(), returns.dates[-1].item()),
        repairs=(*returns.repairs, *repairs),
        repair=repair,
    )
    return moments if periods_per_year is None else moments.annualised(periods_per_year)


def _read(name: str, history: Any) -> ReturnHistory:
    if isinstance(history, PriceHistory):
        raise InputError(f"{name} must be of returns, got prices; pass their simple_returns()")
    return history if isinstance(history, ReturnHistory) else ReturnHistory(history)


def _without_constant(returns: ReturnHistory, constant: str | None) -> tuple[ReturnHistory, tuple[Repair, ...]]:
    if constant is not None:
        require_choice("constant", constant, ("drop", "keep"))
    table = returns.returns
    with np.errstate(over="ignore"):  # a range beyond float64 is no constant
        is_constant = np.ptp(table, axis=0) <= _ROUNDING * np.maximum(1.0, np.abs(table).max(axis=0))
    if constant == "keep" or not is_constant.any():
        return returns, ()
    names = [returns.asset_names[k] for k in np.flatnonzero(is_constant)]
    if constant is None:
        value = float(table[0, int(np.argmax(is_constant))])
        raise InputError(
            f"assets must have returns that vary, got {value:g} for {names[0]} in all {len(table)} periods"
            f"{' (its price never changes)' if value == 0.0 else ''}, {counted(len(names), 'such asset')}; "
            'constant="drop" leaves them out, constant="keep" takes them for riskless'
        )
    if is_constant.all():
        raise InputError(f'constant="drop" must leave an asset, got only constant ones: {", ".join(names[:6])}')
    change = f"{counted(len(names), 'asset')} left out whose return never changes, first {names[0]}"
    kept = returns.subset(np.flatnonzero(~is_constant).tolist())
    return kept, (Repair('constant="drop"', change, len(names), tuple(names)),)


def _models(means: Estimator, covariance: Estimator, views: Iterable[str] | None) -> dict[str, Any]:
    """The estimators of both, None for a sample's, and one object where one serves both."""
    names = [spec for spec in (means, covariance) if isinstance(spec, str)]
    options: dict[str, Any] = {}
    if "black-litterman" in names:
        options["views"] = list(items_of(views, "views must be a sequence of texts")) if views is not None else []
        if not all(isinstance(view, str) for view in options["views"]) or not options["views"]:
            raise InputError(f'"black-litterman" needs views such as "A - B == 0.0003", got {shown(views)}')
    elif views is not None:
        raise InputError('views are for "black-litterman" only, got another estimator; give them to your object')
    first = _model("means", means, options)
    is_shared = means == covariance and means in _PRIORS if len(names) == 2 else means is covariance
    return {"means": first, "covariance": first if is_shared else _model("covariance", covariance, options)}


def _model(what: str, spec: Estimator, options: dict[str, Any]) -> Any:
    if isinstance(spec, str) and spec == "sample":
        return None
    if isinstance(spec, str) and spec in _NAMED[what]:
        module, name, settings = _NAMED[what][spec]
        chosen = settings | (options if spec == "black-litterman" else {})
        return getattr(require(module, extra="finance"), name)(**chosen)
    if isinstance(spec, type) or not (hasattr(spec, "fit") and hasattr(spec, "get_params")):
        words = ", ".join(["sample", *_NAMED[what]])
        raise InputError(
            f"{what} must be one of {words}, or an estimator of scikit-learn or skfolio, got {shown(spec)}"
        )
    return spec


def _frames(returns: ReturnHistory, factors: Any, models: Iterable[Any]) -> tuple[Any, Any]:
    """Returns and factors as frames with the same dates; None where no estimator reads them."""
    takers = [model for model in models if _takes_factors(model)]
    if factors is None:
        if takers:
            raise InputError(f"{_told(takers[0])} needs the returns of factors, got none; pass factors=")
        return (None if all(model is None for model in models) else returns.to_frame()), None
    read = _read("factors", factors)
    if not takers:
        raise InputError('factors are for "factor" or an estimator whose fit takes them, got another')
    if read.kind != returns.kind:
        raise InputError(f"factors must have {returns.kind} returns, as the assets, got {read.kind} ones")
    absent = ~np.isin(returns.dates, read.dates)
    if absent.any():
        raise InputError(
            f"factors must have a row for each date of the returns, got none for {returns.dates[absent][0]}, one of "
            f"{np.count_nonzero(absent)}; cut the returns by between({read.dates[0]!s}, {read.dates[-1]!s})"
        )
    return returns.to_frame(), read.to_frame().iloc[np.searchsorted(read.dates, returns.dates)]


def _takes_factors(model: Any) -> bool:
    return model is not None and "factors" in inspect.signature(model.fit).parameters


def _fitted(model: Any, returns: Any, factors: Any) -> Any:
    """A copy of an estimator, fitted."""
    options = {"factors": factors} if _takes_factors(model) else {}
    try:
        return require("sklearn.base", extra="finance").clone(model).fit(returns, **options)
    except Exception as error:  # whatever their estimator raises
        raise InputError(f"{_told(model)} cannot be estimated from these returns: {error}") from error


def _moment(what: str, fitted: Any, returns: ReturnHistory) -> Any:
    if fitted is None:
        return returns.expected_returns if what == "means" else returns.covariance
    own, of_prior = {"means": ("mu_", "mu"), "covariance": ("covariance_", "covariance")}[what]
    found = getattr(fitted, own, getattr(getattr(fitted, "return_distribution_", None), of_prior, None))
    if found is None:
        raise InputError(f"{what} need an estimator that sets {own} or return_distribution_, got {_told(fitted)}")
    return found


def _told(model: Any) -> str:
    return "sample" if model is None else " ".join(repr(model).split())
