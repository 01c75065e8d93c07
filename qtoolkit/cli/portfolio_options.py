"""The options that say what a portfolio minimises and obeys."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.applications.finance import PortfolioOptions, ReturnHistory

__all__ = ["Files", "LimitOptions", "ProblemOptions", "RiskOptions"]

_PANEL = "Problem"
_COUNTS = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")


class Objective(StrEnum):
    """What the risk aversion acts on."""

    WEIGHTS = "weights"
    POSITIONS = "positions"


@dataclass(frozen=True)
class LimitOptions:
    """What a portfolio obeys."""

    assets: Annotated[
        str | None,
        typer.Option(
            metavar="K|FEWEST-MOST", help="How many assets are held; any number if left out.", rich_help_panel=_PANEL
        ),
    ] = None
    min_weight: Annotated[
        float | None, typer.Option(metavar="W", help="Least weight of an asset that is held.", rich_help_panel=_PANEL)
    ] = None
    max_weight: Annotated[
        float | None, typer.Option(metavar="W", help="Greatest weight of an asset.", rich_help_panel=_PANEL)
    ] = None
    sectors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file: ticker,sector.", rich_help_panel=_PANEL)
    ] = None
    max_sector: Annotated[
        float | None, typer.Option(metavar="W", help="Greatest weight of a sector.", rich_help_panel=_PANEL)
    ] = None
    cost: Annotated[
        float, typer.Option(metavar="C", help="Share lost of what is bought or sold.", rich_help_panel=_PANEL)
    ] = 0.0
    max_turnover: Annotated[
        float | None,
        typer.Option(metavar="T", help="Most of what is bought and sold together.", rich_help_panel=_PANEL),
    ] = None

    def check(self) -> None:
        """Refuse numbers out of range, and options that need another.

        Raises:
            InputError: saying which.
        """
        from qtoolkit._checks import require_number

        _counts(self.assets)
        require_number("--cost", self.cost, 0)
        for name, value in (
            ("--min-weight", self.min_weight),
            ("--max-weight", self.max_weight),
            ("--max-sector", self.max_sector),
            ("--max-turnover", self.max_turnover),
        ):
            if value is not None:
                require_number(name, value, 0)
        if self.max_sector is not None and self.sectors is None:
            raise InputError("--max-sector needs the sectors of the assets; give --sectors FILE")
        if None not in (self.min_weight, self.max_weight) and self.min_weight > self.max_weight:  # type: ignore[operator]
            raise InputError(f"--min-weight must be at most --max-weight, got {self.min_weight} > {self.max_weight}")

    def read_files(self) -> Files:
        """What the files beside the prices say.

        Raises:
            InputError: if they cannot be read, or are no such table.
        """
        from qtoolkit.cli.asset_files import read_columns

        return Files(None if self.sectors is None else read_columns(self.sectors, "--sectors", "sector"), None)

    @property
    def has_limits(self) -> bool:
        """Whether anything is asked of portfolios but to be long only and fully invested."""
        given = (self.assets, self.min_weight, self.max_weight, self.max_sector, self.max_turnover)
        return bool(self.cost) or any(value is not None for value in given)

    def options(self, returns: ReturnHistory, files: Files) -> PortfolioOptions:
        """Those of a `PortfolioProblem`.

        Raises:
            InputError: if a limit breaks its rule, or a file does not fit the prices.
        """
        from qtoolkit.applications.finance import sector_groups

        sectors = files.sectors_of(returns.asset_names)
        return {
            "risk_aversion": 1.0,
            "cardinality": _counts(self.assets),
            "minimum_if_held": self.min_weight or 0.0,
            "upper": self.max_weight,
            "max_turnover": self.max_turnover,
            "cost": self.cost,
            "groups": None if self.max_sector is None else sector_groups(sectors, upper=self.max_sector),
        }


@dataclass(frozen=True)
class RiskOptions(LimitOptions):
    """How risk is measured, and what is held now, too."""

    cvar: Annotated[
        float | None,
        typer.Option(
            metavar="LEVEL",
            help="Risk is the conditional value at risk at this level, such as 0.95; the variance if left out.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    current: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV file: ticker,weight, of what is held now.", rich_help_panel=_PANEL),
    ] = None

    def check(self) -> None:
        """See `LimitOptions.check`.

        Raises:
            InputError: as there.
        """
        super().check()
        if self.cvar is not None and not 0 <= self.cvar < 1:
            raise InputError(f"--cvar takes a level of at least 0 and below 1, got {self.cvar:g}")

    def read_files(self) -> Files:
        """See `LimitOptions.read_files`.

        Raises:
            InputError: as there.
        """
        from qtoolkit.cli.asset_files import read_numbers

        found = super().read_files()
        return (
            found if self.current is None else replace(found, current=read_numbers(self.current, "--current", "weight"))
        )

    @property
    def has_limits(self) -> bool:
        """See `LimitOptions.has_limits`."""
        return super().has_limits or self.current is not None

    def options(self, returns: ReturnHistory, files: Files) -> PortfolioOptions:
        """See `LimitOptions.options`.

        Raises:
            InputError: as there.
        """
        from qtoolkit.applications.finance import Tail

        found = super().options(returns, files)
        found["tail"] = None if self.cvar is None else Tail(returns.returns, self.cvar)
        found["current"] = None if files.current is None else _known(files.current, returns.asset_names)
        return found


@dataclass(frozen=True)
class ProblemOptions(RiskOptions):
    """What a portfolio minimises, too."""

    risk_aversion: Annotated[
        float, typer.Option(metavar="Q", help="Minimise Q × risk − expected return.", rich_help_panel=_PANEL)
    ] = 1.0
    objective: Annotated[
        Objective,
        typer.Option(help="Of weights that add up to 1, or of positions of 1 each.", rich_help_panel=_PANEL),
    ] = Objective.WEIGHTS

    def check(self) -> None:
        """See `LimitOptions.check`.

        Raises:
            InputError: as there.
        """
        from qtoolkit._checks import require_number

        super().check()
        require_number("--risk-aversion", self.risk_aversion, 0)

    def options(self, returns: ReturnHistory, files: Files) -> PortfolioOptions:
        """See `LimitOptions.options`.

        Raises:
            InputError: as there.
        """
        found = super().options(returns, files)
        found["risk_aversion"] = self.risk_aversion
        found["objective"] = "positions" if self.objective is Objective.POSITIONS else "weights"
        return found


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


def _counts(text: str | None) -> int | tuple[int, int] | None:
    """``5`` or ``3-8`` as a number, or the fewest and most."""
    from qtoolkit._arguments import shown

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
