"""The options that commands on portfolios share, and what they come to: prices, a problem, a solver."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit._arguments import shown
from qtoolkit._checks import require_number
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.algorithms.quadratic import Solver
    from qtoolkit.applications.finance import Moments, PriceHistory, ReturnHistory
    from qtoolkit.applications.finance.portfolio import PortfolioOptions, PortfolioProblem

__all__ = ["Input", "PriceOptions", "ProblemOptions", "SolverOptions"]

BUNDLED = "sp500"
"""The word in place of a file."""

_PRICES, _PROBLEM, _SOLVER = "Prices", "Problem", "Solver"
_COUNTS = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


class Returns(StrEnum):
    """Between two days."""

    SIMPLE = "simple"
    LOG = "log"


class Means(StrEnum):
    """How expected returns are estimated."""

    SAMPLE = "sample"
    SHRUNK = "shrunk"
    EWMA = "ewma"
    EQUILIBRIUM = "equilibrium"


class Covariance(StrEnum):
    """How covariances are estimated."""

    SAMPLE = "sample"
    LEDOIT_WOLF = "ledoit-wolf"
    OAS = "oas"
    EWMA = "ewma"


class Missing(StrEnum):
    """What becomes of missing prices."""

    DROP = "drop"
    FILL = "fill"


class Duplicates(StrEnum):
    """Which of several lines of a date is kept."""

    FIRST = "first"
    LAST = "last"


class Decimal(StrEnum):
    """The point in numbers."""

    POINT = "."
    COMMA = ","


class Constant(StrEnum):
    """What becomes of assets whose price never changes."""

    DROP = "drop"
    KEEP = "keep"


class Objective(StrEnum):
    """What the risk aversion acts on."""

    WEIGHTS = "weights"
    POSITIONS = "positions"


@dataclass(frozen=True)
class Input:
    """What the prices came to.

    Attributes:
        source: the file, or where else they come from.
        prices, returns: in the span that was asked for.
        moments: estimated from the returns.
    """

    source: str
    prices: PriceHistory
    returns: ReturnHistory
    moments: Moments


@dataclass(frozen=True)
class PriceOptions:
    """Which prices, and what is estimated from them."""

    prices: Annotated[
        str,
        typer.Argument(
            metavar="PRICES", help=f"CSV file of prices, or {BUNDLED} for the 20 stocks that skfolio carries."
        ),
    ]
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="First day of the prices used.", rich_help_panel=_PRICES)
    ] = None
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Last day.", rich_help_panel=_PRICES)] = None
    returns: Annotated[Returns, typer.Option(help="Kind of return.", rich_help_panel=_PRICES)] = Returns.SIMPLE
    means: Annotated[Means, typer.Option(help="Estimator of expected returns.", rich_help_panel=_PRICES)] = Means.SAMPLE
    covariance: Annotated[Covariance, typer.Option(help="Estimator of covariances.", rich_help_panel=_PRICES)] = (
        Covariance.SAMPLE
    )
    missing: Annotated[
        Missing | None,
        typer.Option(help="Drop days with a missing price, or fill in the one before.", rich_help_panel=_PRICES),
    ] = None
    duplicates: Annotated[
        Duplicates | None, typer.Option(help="Which line of a date is kept.", rich_help_panel=_PRICES)
    ] = None
    constant: Annotated[
        Constant | None,
        typer.Option(help="Drop assets whose price never changes, or keep them as riskless.", rich_help_panel=_PRICES),
    ] = None
    decimal: Annotated[Decimal, typer.Option(help="Point in numbers.", rich_help_panel=_PRICES)] = Decimal.POINT
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Where dates with a time zone are told.", rich_help_panel=_PRICES),
    ] = None

    @property
    def is_bundled(self) -> bool:
        """Whether they come from no file."""
        return self.prices == BUNDLED

    def packages(self) -> dict[str, str]:
        """What is needed to read and estimate, by package."""
        return {"skfolio": "finance"} if self.is_bundled or (self.means, self.covariance) != ("sample",) * 2 else {}

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            InputError: if an option is about a file, and there is none.
        """
        about_files = {
            "--missing": self.missing,
            "--duplicates": self.duplicates,
            "--decimal": None if self.decimal is Decimal.POINT else self.decimal,
            "--time-zone": self.time_zone,
        }
        if self.is_bundled and (given := [name for name, value in about_files.items() if value is not None]):
            raise InputError(f"{given[0]} is about a file of prices, got {BUNDLED}; leave it out")

    def read(self) -> Input:
        """Read the prices and estimate.

        Raises:
            InputError: if they are no prices, or the estimator refuses them.
        """
        from qtoolkit.applications.finance import estimate_moments, load_sp500_prices, read_prices

        if self.is_bundled:
            prices = load_sp500_prices()
        else:
            prices = read_prices(
                self.prices,
                **_given(
                    decimal=self.decimal,
                    missing=self.missing,
                    duplicates=self.duplicates,
                    time_zone=self.time_zone,
                ),
            )
        if self.start is not None or self.end is not None:
            prices = prices.between(self.start, self.end)
        returns = prices.simple_returns() if self.returns is Returns.SIMPLE else prices.log_returns()
        moments = estimate_moments(
            returns, **_given(means=self.means, covariance=self.covariance, constant=self.constant)
        )
        if moments.asset_names != returns.asset_names:  # constant ones are left out
            prices, returns = prices.subset(moments.asset_names), returns.subset(moments.asset_names)
        return Input("skfolio's S&P 500 set" if self.is_bundled else self.prices, prices, returns, moments)


@dataclass(frozen=True)
class ProblemOptions:
    """What a portfolio minimises and obeys."""

    assets: Annotated[
        str | None,
        typer.Option(
            metavar="K|FEWEST-MOST", help="How many assets are held; any number if left out.", rich_help_panel=_PROBLEM
        ),
    ] = None
    risk_aversion: Annotated[
        float, typer.Option(metavar="Q", help="Minimise Q × risk − expected return.", rich_help_panel=_PROBLEM)
    ] = 1.0
    objective: Annotated[
        Objective,
        typer.Option(help="Of weights that add up to 1, or of positions of 1 each.", rich_help_panel=_PROBLEM),
    ] = Objective.WEIGHTS
    cvar: Annotated[
        float | None,
        typer.Option(
            metavar="LEVEL",
            help="Risk is the conditional value at risk at this level, such as 0.95; the variance if left out.",
            rich_help_panel=_PROBLEM,
        ),
    ] = None
    min_weight: Annotated[
        float | None, typer.Option(metavar="W", help="Least weight of an asset that is held.", rich_help_panel=_PROBLEM)
    ] = None
    max_weight: Annotated[
        float | None, typer.Option(metavar="W", help="Greatest weight of an asset.", rich_help_panel=_PROBLEM)
    ] = None
    sectors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file: ticker,sector.", rich_help_panel=_PROBLEM)
    ] = None
    max_sector: Annotated[
        float | None, typer.Option(metavar="W", help="Greatest weight of a sector.", rich_help_panel=_PROBLEM)
    ] = None
    current: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV file: ticker,weight, of what is held now.", rich_help_panel=_PROBLEM),
    ] = None
    cost: Annotated[
        float, typer.Option(metavar="C", help="Share lost of what is bought or sold.", rich_help_panel=_PROBLEM)
    ] = 0.0
    max_turnover: Annotated[
        float | None,
        typer.Option(metavar="T", help="Most of what is bought and sold together.", rich_help_panel=_PROBLEM),
    ] = None

    def check(self) -> None:
        """Refuse numbers out of range, and options that need another.

        Raises:
            InputError: saying which.
        """
        _counts(self.assets)
        require_number("--risk-aversion", self.risk_aversion, 0)
        require_number("--cost", self.cost, 0)
        for name, value in (
            ("--min-weight", self.min_weight),
            ("--max-weight", self.max_weight),
            ("--max-sector", self.max_sector),
            ("--max-turnover", self.max_turnover),
        ):
            if value is not None:
                require_number(name, value, 0)
        if self.cvar is not None and not 0 <= self.cvar < 1:
            raise InputError(f"--cvar takes a level of at least 0 and below 1, got {self.cvar:g}")
        if self.max_sector is not None and self.sectors is None:
            raise InputError("--max-sector needs the sectors of the assets; give --sectors FILE")
        if None not in (self.min_weight, self.max_weight) and self.min_weight > self.max_weight:  # type: ignore[operator]
            raise InputError(f"--min-weight must be at most --max-weight, got {self.min_weight} > {self.max_weight}")

    def read_files(self) -> Files:
        """What the files of sectors and of current weights say.

        Raises:
            InputError: if they cannot be read, or are no such table.
        """
        from qtoolkit.cli.asset_files import read_columns, read_numbers

        return Files(
            None if self.sectors is None else read_columns(self.sectors, "--sectors", "sector"),
            None if self.current is None else read_numbers(self.current, "--current", "weight"),
        )

    def state(self, given: Input, files: Files) -> PortfolioProblem:
        """The problem.

        Raises:
            InputError: if a limit breaks its rule, or a file does not fit the prices.
        """
        from qtoolkit.applications.finance.portfolio import PortfolioProblem, Tail

        names = given.moments.asset_names
        options: PortfolioOptions = {
            "risk_aversion": self.risk_aversion,
            "cardinality": _counts(self.assets),
            "objective": "positions" if self.objective is Objective.POSITIONS else "weights",
            "minimum_if_held": self.min_weight or 0.0,
            "upper": self.max_weight,
            "max_turnover": self.max_turnover,
            "cost": self.cost,
            "tail": None if self.cvar is None else Tail(given.returns.returns, self.cvar),
            "current": None if files.current is None else _known(files.current, names),
            "groups": self._groups(files.sectors_of(names)),
        }
        return PortfolioProblem.from_moments(given.moments, **options)

    def _groups(self, sectors: Mapping[str, str]) -> dict[str, Any] | None:
        from qtoolkit.applications.finance.portfolio import WeightGroup

        if self.max_sector is None:
            return None
        members: dict[str, list[str]] = {}
        for asset, sector in sectors.items():
            members.setdefault(sector, []).append(asset)
        return {sector: WeightGroup(tuple(inside), upper=self.max_sector) for sector, inside in members.items()}


@dataclass(frozen=True)
class Files:
    """What was read beside the prices.

    Attributes:
        sectors: ticker to sector; None where no file was named.
        current: ticker to weight; None likewise.
    """

    sectors: dict[str, str] | None
    current: dict[str, float] | None

    def sectors_of(self, names: tuple[str, ...]) -> dict[str, str]:
        """Of the assets, in their order; empty where no file was named.

        Raises:
            InputError: if an asset has none.
        """
        if self.sectors is None:
            return {}
        if absent := [name for name in names if name not in self.sectors]:
            raise InputError(
                f"the file of --sectors has each asset, got none of {', '.join(absent[:6])}"
                f"{' and others' if len(absent) > 6 else ''}"
            )
        return {name: self.sectors[name] for name in names}


@dataclass(frozen=True)
class SolverOptions:
    """Who selects, and how."""

    solver: Annotated[
        str, typer.Option(help="That selects: scip, qaoa, enumeration, luck, ….", rich_help_panel=_SOLVER)
    ] = "qaoa"
    backend: Annotated[
        str,
        typer.Option(
            help="Where the shots of circuits are drawn; local simulates exactly. See qtoolkit backends.",
            rich_help_panel=_SOLVER,
        ),
    ] = "local"
    layers: Annotated[int | None, typer.Option(min=1, help="Layers of the circuit.", rich_help_panel=_SOLVER)] = None
    mixer: Annotated[
        str | None,
        typer.Option(help="auto, complete, ring, transverse or grover.", rich_help_panel=_SOLVER),
    ] = None
    shots: Annotated[int | None, typer.Option(min=1, help="Samples drawn.", rich_help_panel=_SOLVER)] = None
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed; drawn and printed if left out.", rich_help_panel=_SOLVER)
    ] = None
    time_limit: Annotated[
        float, typer.Option(metavar="S", help="Seconds for each search.", rich_help_panel=_SOLVER)
    ] = 60.0

    def build(self) -> Solver:
        """The solver with these settings.

        Raises:
            InputError: if no solver has this name, it has no such setting, or a setting breaks its rule.
            UnknownBackendError: if no backend has this name.
            MissingExtraError: if it needs a package that is not installed.
        """
        from qtoolkit.algorithms.quadratic import solver_named
        from qtoolkit.backends import BackendSampler, get_backend

        require_number("--time-limit", self.time_limit, 0)
        chosen = solver_named(self.solver)
        settings: dict[str, tuple[str, Any]] = {
            "num_layers": ("--layers", self.layers),
            "mixer": ("--mixer", self.mixer),
            "shots": ("--shots", self.shots),
            "sampler": ("--backend", None if self.backend == "local" else self.backend),
        }
        given = {word: setting for word, setting in settings.items() if setting[1] is not None}
        taken = inspect.signature(type(chosen)).parameters
        for word, (option, value) in given.items():
            if word not in taken:
                raise InputError(f"the solver {self.solver} has no {option}, got {shown(value)}; leave it out")
        values = {word: value for word, (_, value) in given.items()}
        if "sampler" in values:
            values["sampler"] = BackendSampler(get_backend(self.backend))
        return type(chosen)(**values) if values else chosen


def _given(**words: str | None) -> dict[str, Any]:
    """As plain text, those that were given."""
    return {name: str(word) for name, word in words.items() if word is not None}


def _counts(text: str | None) -> int | tuple[int, int] | None:
    """``5`` or ``3-8`` as a number, or the fewest and most."""
    if text is None:
        return None
    found = _COUNTS.fullmatch(text.replace(" ", ""))
    if found is None:
        raise InputError(f"--assets takes a number or a range, such as 5 or 3-8, got {shown(text)}")
    fewest, most = int(found[1]), int(found[2] or found[1])
    if not 1 <= fewest <= most:
        raise InputError(f"--assets takes at least 1, the fewest first, got {shown(text)}")
    return fewest if fewest == most else (fewest, most)


def _known(weights: dict[str, float], names: tuple[str, ...]) -> dict[str, float]:
    """Weights of assets that have prices."""
    if unknown := [name for name in weights if name not in names]:
        raise InputError(
            f"the file of --current names assets of the prices, got others: {', '.join(unknown[:6])}; add their prices"
        )
    return weights
