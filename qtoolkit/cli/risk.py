"""``qtoolkit risk``: expected loss, value at risk and its conditional mean of a book or a portfolio."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.cli.price_options import BUNDLED
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.applications.finance.risk import CreditBook, PortfolioLoss, RiskResult

__all__ = ["LossModel", "risk"]

_COLUMNS = ("default_probability", "sensitivity", "loss")
_MOST_LOANS = 10_000


class LossModel(StrEnum):
    """Where the losses of a portfolio come from."""

    NORMAL = "normal"
    SCENARIOS = "scenarios"


def risk(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV: a credit book with the columns default_probability, sensitivity, loss and perhaps name, or "
            "prices with dates down and assets across; or sp500 for the 20 stocks that skfolio carries.",
        ),
    ],
    level: Annotated[float, typer.Option(help="Of value at risk.")] = 0.95,
    weights: Annotated[
        list[str] | None, typer.Option("--weight", metavar="ASSET=WEIGHT", help="Of a portfolio; equal by default.")
    ] = None,
    model: Annotated[
        LossModel, typer.Option(help="Of a portfolio: normal returns, or those of the past.")
    ] = LossModel.NORMAL,
    loss_unit: Annotated[float | None, typer.Option(help="To which losses of a book are rounded.")] = None,
    qubits: Annotated[int | None, typer.Option(min=1, help="Of the grid.")] = None,
    confidence: Annotated[float, typer.Option(help="Coverage that each interval promises.")] = 0.95,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; drawn and printed if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Estimate the risk of a credit book or a portfolio, with intervals for the continuous model.

    The losses of a portfolio are those of one period, as shares of what is invested.
    """
    import numpy as np

    from qtoolkit.applications.finance import risk as measures
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.cli.progress import QueryProgress

    losses = _losses(file, weights or [], model, loss_unit)
    drawn = int(np.random.SeedSequence().generate_state(1, np.uint32)[0]) if seed is None else seed
    found: list[RiskResult] = []
    with QueryProgress("expected loss") as bar:
        settings: dict[str, Any] = {"grid": qubits, "confidence": confidence, "seed": drawn, "progress": bar.tell}
        found.append(measures.expected_loss(losses, **settings))
        bar.start("value at risk")
        found.append(measures.value_at_risk(losses, level, **settings))
        bar.start("conditional value at risk")
        found.append(measures.conditional_value_at_risk(losses, level, **settings))
    if as_json:
        print_json({"file": str(file), "losses": repr(losses), "seed": drawn, "measures": [_data(r) for r in found]})
        return
    console = stdout_console()
    console.print(_table(found))
    most = max(result.num_qubits for result in found)
    console.print(
        f"\n{losses!r}\nlevel {level:g}; intervals at {confidence:g}; {most} qubits; exact by {found[0].exact_method}; "
        f"seed {drawn}; {sum(result.wall_time for result in found):.3g} s"
    )


def _losses(
    file: Path, weights: Sequence[str], model: LossModel, loss_unit: float | None
) -> CreditBook | PortfolioLoss:
    if str(file) != BUNDLED and set(_COLUMNS) <= set(_header(file)):
        if weights:
            raise InputError("weights are of a portfolio's assets, got some for a credit book: leave them out")
        return _book(file, loss_unit)
    if loss_unit is not None:
        raise InputError("a loss unit is of a credit book, got one for prices: leave it out")
    return _portfolio(file, weights, model)


def _header(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            first = next(csv.reader(lines), [])
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise _unreadable(file, error) from None
    return [name.strip() for name in first]


def _unreadable(file: Path, error: Exception) -> InputError:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return InputError(f"the file must be a CSV that can be read, got {str(file)!r} ({why})")


def _book(file: Path, loss_unit: float | None) -> CreditBook:
    from qtoolkit.applications.finance.risk import CreditBook

    names: list[str] = []
    columns: dict[str, list[float]] = {column: [] for column in _COLUMNS}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines, skipinitialspace=True), 2):
                if number > _MOST_LOANS:
                    raise InputError(f"a credit book has at most {_MOST_LOANS:,} loans, got more in {file}")
                names.append((row.get("name") or f"loan {number - 2}").strip())
                for column in _COLUMNS:
                    columns[column].append(_number(row.get(column), column, number))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(file, error) from None
    probabilities, sensitivities, losses = columns.values()
    return CreditBook(probabilities, sensitivities, losses, loss_unit=loss_unit, names=tuple(names))  # type: ignore[arg-type]


def _number(text: object, column: str, line: int) -> float:
    try:
        return float(str(text))
    except ValueError:
        raise InputError(f"{column} must be a number, got {text!r} in line {line}") from None


def _portfolio(file: Path, entries: Sequence[str], model: LossModel) -> PortfolioLoss:
    import numpy as np

    from qtoolkit.applications.finance import estimate_moments, load_sp500_prices, read_prices
    from qtoolkit.applications.finance.risk import PortfolioLoss

    returns = (load_sp500_prices() if str(file) == BUNDLED else read_prices(file)).simple_returns()
    names = returns.asset_names
    weights = np.full(len(names), 1.0 / len(names))
    if entries:
        weights = np.zeros(len(names))
        for entry in entries:
            name, sign, text = (part.strip() for part in entry.rpartition("="))
            if not sign or name not in names:
                raise InputError(f"a weight is given as ASSET=WEIGHT for one of {', '.join(names)}, got {entry!r}")
            try:
                weights[names.index(name)] = float(text)
            except ValueError:
                raise InputError(f"the weight of {name} must be a number, got {text!r}") from None
    if model is LossModel.SCENARIOS:
        return PortfolioLoss.from_returns(weights, returns)
    return PortfolioLoss.normal(weights, estimate_moments(returns))


def _table(found: Sequence[RiskResult]) -> Any:
    """A column for each measure, which 80 characters hold."""
    from qtoolkit.report.tables import number_table

    rows = [
        ("estimate", [f"{result.estimate:.5g}" for result in found]),
        ("interval from", [f"{result.interval[0]:.5g}" for result in found]),
        ("to", [f"{result.interval[1]:.5g}" for result in found]),
        ("exact", [f"{result.exact:.5g}" for result in found]),
        ("Monte Carlo", [f"{result.monte_carlo.estimate:.5g}" for result in found]),
        ("its standard error", [f"{result.monte_carlo.standard_error:.2g}" for result in found]),
        ("queries, and samples", [f"{result.num_queries:,}" for result in found]),
    ]
    return number_table(["", *(result.measure for result in found)], [[label, *values] for label, values in rows])


def _data(result: RiskResult) -> dict[str, Any]:
    classical = result.monte_carlo
    return {
        "measure": result.measure,
        "level": result.level,
        "estimate": result.estimate,
        "interval": list(result.interval),
        "confidence": result.confidence,
        "budget": {"sampling": result.budget.sampling, "discretisation": result.budget.discretisation},
        "exact": result.exact,
        "exact_method": result.exact_method,
        "grid_value": result.grid_value,
        "monte_carlo": {
            "estimate": classical.estimate,
            "standard_error": classical.standard_error,
            "interval": list(classical.interval),
            "num_samples": classical.num_samples,
        },
        "num_queries": result.num_queries,
        "num_qubits": result.num_qubits,
        "depth": result.depth,
        "converged": result.converged,
        "losses_fingerprint": result.losses_fingerprint,
        "version": result.version,
        "wall_time": result.wall_time,
    }
