"""Means and covariances of returns: the numbers that a portfolio problem is made of, and where they come from."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence, Sized
from dataclasses import KW_ONLY, InitVar, dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, items_of, shown
from qtoolkit._checks import require_array, require_choice, require_integer, require_number
from qtoolkit._labels import aligned, labels_of
from qtoolkit.applications.finance.data.assets import indices_of, read_names
from qtoolkit.applications.finance.data.dates import read_days
from qtoolkit.applications.finance.data.history import ReturnKind
from qtoolkit.applications.finance.data.repair import Repair, checked_covariance, counted
from qtoolkit.errors import InputError

__all__ = ["Moments"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """Expected returns and covariance of some assets, per period, or per year where `periods_per_year` is given.

    A pandas Series of expected returns and a DataFrame of covariances are brought into one order by their labels, which
    become the names of the assets; arrays are taken in the order of `asset_names`.

    Attributes:
        expected_returns: μ, shape ``(num_assets,)``, not in per cent.
        covariance: Σ, shape ``(num_assets, num_assets)``, symmetric and positive semidefinite to 1e-9 of its largest
            variance.
        asset_names: distinct; by default the labels of the expected returns, or of the covariance, or ``asset 0``,
            ``asset 1``, …
        num_periods: of the returns they were estimated from; None if unknown.
        periods_per_year: by which the moments of one period were multiplied, both; None for those of one period.
        return_kind: ``"simple"`` or ``"log"``; None if unknown.
        mean_estimator: how the expected returns were estimated.
        covariance_estimator: how the covariance was estimated.
        span: first and last day of the returns; None if unknown.
        repairs: what was changed because it was asked for, in the data and here.

    ``repair="clip"`` sets negative eigenvalues of the covariance to 0.

    Raises:
        InputError: if one of these breaks its rule, labels do not fit, or the covariance is not positive semidefinite
            and no repair was asked for.
    """

    expected_returns: FloatArray
    covariance: FloatArray
    asset_names: tuple[str, ...] = ()
    _: KW_ONLY
    num_periods: int | None = None
    periods_per_year: float | None = None
    return_kind: ReturnKind | None = None
    mean_estimator: str = "given"
    covariance_estimator: str = "given"
    span: tuple[datetime.date, datetime.date] | None = None
    repairs: tuple[Repair, ...] = ()
    repair: InitVar[Literal["clip"] | None] = None

    def __post_init__(self, repair: Literal["clip"] | None) -> None:
        names = read_names(self.asset_names) or labels_of(self.expected_returns) or labels_of(self.covariance)
        if names is None:
            has_length = isinstance(self.expected_returns, Sized) and getattr(self.expected_returns, "ndim", 1) > 0
            count = len(self.expected_returns) if has_length else 0
            names = tuple(f"asset {k}" for k in range(count))
        returns = require_array("expected_returns", aligned("expected_returns", self.expected_returns, names), (None,))
        if not returns.size or len(names) != returns.size or len(set(names)) != len(names):
            raise InputError(f"asset_names must be {returns.size or 'some'} distinct names, got {', '.join(names)}")
        covariance = require_array(
            "covariance", aligned("covariance", self.covariance, names, names), (len(names), len(names))
        )
        covariance, repairs = checked_covariance(covariance, repair)
        if self.num_periods is not None:
            object.__setattr__(self, "num_periods", require_integer("num_periods", self.num_periods, 1))
        if self.periods_per_year is not None:
            object.__setattr__(self, "periods_per_year", _require_positive(self.periods_per_year))
        if self.return_kind is not None:
            require_choice("return_kind", self.return_kind, ("simple", "log"))
        for told in ("mean_estimator", "covariance_estimator"):
            check_instance(getattr(self, told), str, f"{told} must be text")
        if self.span is not None:
            first, last = read_days(self.span) if isinstance(self.span, Sized) and len(self.span) == 2 else (None, None)
            if first is None or first > last:
                raise InputError(f"span must be a first and a last day, got {shown(self.span)}")
            object.__setattr__(self, "span", (first.item(), last.item()))
        object.__setattr__(self, "expected_returns", returns)
        object.__setattr__(self, "covariance", covariance)
        object.__setattr__(self, "asset_names", names)
        earlier = items_of(self.repairs, "repairs must be a sequence of Repair")
        for made in earlier:
            check_instance(made, Repair, "repairs must be a sequence of Repair")
        object.__setattr__(self, "repairs", (*earlier, *repairs))

    @property
    def num_assets(self) -> int:
        """How many assets there are."""
        return self.expected_returns.size

    @property
    def volatilities(self) -> FloatArray:
        """Standard deviations, shape ``(num_assets,)``; per year they are those of a period by its root."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that moments of other numbers, names or units do not share."""
        parts = [self.expected_returns.tobytes(), self.covariance.tobytes()]
        parts += [repr((self.asset_names, self.num_periods, self.periods_per_year, self.return_kind)).encode()]
        return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()

    def annualised(self, periods_per_year: float) -> Moments:
        """Moments per year: means and covariances of one period, each times `periods_per_year`.

        That is exact for log returns that are independent; simple returns are then added up, not compounded.

        Args:
            periods_per_year: 252 for trading days, 52 for weeks, 12 for months.

        Raises:
            InputError: if it is not positive, or these moments are per year already.
        """
        if self.periods_per_year is not None:
            raise InputError(f"moments must be of one period, got those of a year of {self.periods_per_year:g}")
        number = _require_positive(periods_per_year)
        with np.errstate(over="ignore"):  # infinity is refused by name
            means, covariance = self.expected_returns * number, self.covariance * number
        return replace(self, expected_returns=means, covariance=covariance, periods_per_year=number)

    def subset(self, assets: Sequence[str | int]) -> Moments:
        """The moments of some assets, by name or index, in the order given.

        Raises:
            InputError: for an asset that is not there, or one named twice.
        """
        indices = indices_of(assets, self.asset_names)
        return replace(
            self,
            expected_returns=self.expected_returns[indices],
            covariance=self.covariance[np.ix_(indices, indices)],
            asset_names=tuple(self.asset_names[k] for k in indices),
        )

    def __repr__(self) -> str:
        per = "period" if self.periods_per_year is None else f"year of {self.periods_per_year:g} periods"
        kind = f"{self.return_kind} " if self.return_kind else ""
        periods = "" if self.num_periods is None else f", {self.num_periods} {kind}returns"
        repaired = f", {counted(len(self.repairs), 'repair')}" if self.repairs else ""
        return f"Moments({self.num_assets} assets{periods}, per {per}{repaired}, {self.fingerprint})"


def _require_positive(periods_per_year: object) -> float:
    number = require_number("periods_per_year", periods_per_year)
    if number <= 0.0:
        raise InputError(f"periods_per_year must be positive, got {number:g}; pass 252 for trading days")
    return number
