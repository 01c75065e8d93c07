"""``qtoolkit price``: a contract by amplitude estimation, beside its formula and Monte Carlo."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.applications.finance.pricing import PriceResult

__all__ = ["ContractName", "Kind", "Payoff", "price"]


class ContractName(StrEnum):
    """What is priced."""

    EUROPEAN = "european"
    DIGITAL = "digital"
    ASIAN = "asian"
    BARRIER = "barrier"
    BASKET = "basket"
    SPREAD = "spread"
    BOND = "bond"


class Kind(StrEnum):
    """Whether an option is to buy or to sell."""

    CALL = "call"
    PUT = "put"


class Payoff(StrEnum):
    """How the payoff gets into the circuit."""

    EXACT = "exact"
    LINEAR = "linear"


def price(
    contract: Annotated[ContractName, typer.Argument(help="What is priced.")],
    spot: Annotated[str, typer.Option(help="Price today; of several assets with commas.")] = "",
    strike: Annotated[str, typer.Option(help="Of an option.")] = "",
    maturity: Annotated[str, typer.Option(help="Years, such as 0.5 or 40/365.")] = "",
    times: Annotated[
        str, typer.Option(help="Years, with commas: when averages are taken, barriers watched, bonds pay.")
    ] = "",
    volatility: Annotated[str, typer.Option(help="Per root of a year; of several assets with commas.")] = "",
    rate: Annotated[str, typer.Option(help="Per year, continuously compounded.")] = "0",
    terms: Annotated[
        list[str] | None,
        typer.Option(
            "--term",
            metavar="NAME=VALUE",
            help="What else the contract or model has, may be repeated: kind (call or put), payout, average "
            "(arithmetic or geometric), barrier, direction (up or down), knock (in or out), weights, correlation (of "
            "all pairs), dividend-yield, cash-flows, mean-reversion, mean-level.",
        ),
    ] = None,
    precision: Annotated[str, typer.Option(help="Half width wanted, of the interval as sampling makes it.")] = "",
    qubits: Annotated[int, typer.Option(min=1, help="Of the grid.")] = 6,
    payoff: Annotated[Payoff, typer.Option(help="By a table, or by linear rotations.")] = Payoff.EXACT,
    confidence: Annotated[float, typer.Option(help="Coverage that the interval promises.")] = 0.95,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; drawn and printed if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Price an option or a bond by amplitude estimation, with an interval for the continuous model.

    qtoolkit price european --spot 2 --strike 1.896 --maturity 40/365 --volatility 0.4 --rate 0.05
    """
    from qtoolkit.applications.finance import pricing
    from qtoolkit.cli.numbers import parse_number
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.cli.progress import QueryProgress

    given = {"spot": spot, "strike": strike, "maturity": maturity, "times": times, "volatility": volatility}
    asked = _Terms(contract, given | {"rate": rate}, terms or [])
    made, model = asked.contract_and_model()
    asked.check_all_used()
    with QueryProgress(f"pricing the {contract}") as bar:
        found = pricing.price(
            made,
            model,
            precision=parse_number("--precision", precision) if precision else None,
            num_qubits=qubits,
            payoff=payoff.value,
            confidence=confidence,
            seed=seed,
            progress=bar.tell,
        )
    if as_json:
        print_json(_data(repr(made), found))
        return
    console = stdout_console()
    console.print(_table(found))
    console.print(f"\n{_evidence(found)}")


class _Terms:
    """What was typed, and what of it has been used."""

    def __init__(self, contract: ContractName, options: dict[str, str], entries: list[str]) -> None:
        self._contract = contract
        self._left = {name: text for name, text in options.items() if text and (name, text) != ("rate", "0")}
        self._usual = {"rate": "0"}
        for entry in entries:
            name, sign, text = (part.strip() for part in entry.partition("="))
            name = name.replace("_", "-")
            if not (name and sign and text):
                raise InputError(f"a term is given as name=value, such as kind=put, got {entry!r}")
            if name in self._left:
                raise InputError(f"each term is given once, got {name} twice")
            self._left[name] = text

    def text(self, name: str, usual: str | None = None) -> str:
        """A term as it was typed.

        Raises:
            InputError: if it is missing.
        """
        found = self._left.pop(name, self._usual.get(name, usual))
        if found is None:
            raise InputError(f"a {self._contract} contract needs {name}: give {self._way(name)}")
        return found

    def number(self, name: str, usual: str | None = None) -> float:
        """A term that is a number."""
        from qtoolkit.cli.numbers import parse_number

        return parse_number(name, self.text(name, usual))

    def numbers(self, name: str, usual: str | None = None) -> list[float]:
        """A term that is a row of numbers."""
        from qtoolkit.cli.numbers import parse_numbers

        return parse_numbers(name, self.text(name, usual))

    def check_all_used(self) -> None:
        """Refuse what the contract has no use for.

        Raises:
            InputError: naming the first.
        """
        if self._left:
            name = next(iter(self._left))
            raise InputError(f"a {self._contract} contract has no {name}: leave it out")

    def contract_and_model(self) -> tuple[Any, Any]:
        """The contract, and the model that it is priced under."""
        from qtoolkit.applications.finance import pricing

        name = self._contract
        if name is ContractName.BOND:
            bond = pricing.BondPortfolio(self.numbers("times"), self.numbers("cash-flows"))  # type: ignore[arg-type]
            rate, level = self.number("rate"), self.number("mean-level")
            return bond, pricing.Vasicek(rate, self.number("mean-reversion"), level, self.number("volatility"))
        kind, strike = self.text("kind", "call"), self.number("strike", "0" if name is ContractName.SPREAD else None)
        model = self._assets() if name in (ContractName.BASKET, ContractName.SPREAD) else self._asset()
        if name is ContractName.ASIAN:
            average = self.text("average", "arithmetic")
            option: Any = pricing.AsianOption(strike, self.numbers("times"), average=average, kind=kind)  # type: ignore[arg-type]
        elif name is ContractName.BARRIER:
            option = pricing.BarrierOption(
                strike,
                self.number("barrier"),
                self.numbers("times"),  # type: ignore[arg-type]
                direction=self.text("direction"),  # type: ignore[arg-type]
                knock=self.text("knock"),  # type: ignore[arg-type]
                kind=kind,  # type: ignore[arg-type]
            )
        elif name is ContractName.DIGITAL:
            option = pricing.DigitalOption(strike, self.number("maturity"), kind, self.number("payout", "1"))  # type: ignore[arg-type]
        elif name is ContractName.BASKET:
            option = pricing.BasketOption(self.numbers("weights"), strike, self.number("maturity"), kind)  # type: ignore[arg-type]
        else:
            made = pricing.SpreadOption if name is ContractName.SPREAD else pricing.EuropeanOption
            option = made(strike, self.number("maturity"), kind)  # type: ignore[arg-type]
        return option, model

    def _asset(self) -> Any:
        from qtoolkit.applications.finance.pricing import BlackScholes

        spot, rate, volatility = self.number("spot"), self.number("rate"), self.number("volatility")
        return BlackScholes(spot, rate, volatility, self.number("dividend-yield", "0"))

    def _assets(self) -> Any:
        import numpy as np

        from qtoolkit.applications.finance.pricing import CorrelatedBlackScholes

        spots = self.numbers("spot")
        correlation = np.full((len(spots), len(spots)), self.number("correlation"))
        np.fill_diagonal(correlation, 1.0)
        yields = self.numbers("dividend-yield", ",".join(["0"] * len(spots)))
        return CorrelatedBlackScholes(
            np.array(spots),
            self.number("rate"),
            np.array(self.numbers("volatility")),
            correlation,
            dividend_yields=np.array(yields),
        )

    @staticmethod
    def _way(name: str) -> str:
        is_option = name in ("spot", "strike", "maturity", "times", "volatility", "rate")
        return f"--{name}" if is_option else f"--term {name}=…"


def _table(found: PriceResult) -> Any:
    from qtoolkit.report.tables import plain_table

    classical = found.monte_carlo
    rows = [
        ["amplitude estimation", f"{found.estimate:.6g}", f"[{found.interval[0]:.6g}, {found.interval[1]:.6g}]"],
        [
            f"Monte Carlo, {classical.num_samples:,} samples",
            f"{classical.estimate:.6g}",
            f"[{classical.interval[0]:.6g}, {classical.interval[1]:.6g}]",
        ],
        [found.formula, "" if found.closed_form is None else f"{found.closed_form:.6g}", ""],
    ]
    return plain_table(["price today", "value", f"interval at {found.confidence:g}"], rows)


def _evidence(found: PriceResult) -> str:
    parts = {
        "sampling": found.budget.sampling,
        "grid": found.budget.discretisation,
        "truncation": found.budget.truncation,
        "payoff": found.budget.payoff,
    }
    budget = ", ".join(f"{name} {size:.2g}" for name, size in parts.items() if size > 0.0)
    return (
        f"error by cause: {budget}\n"
        f"{found.num_queries:,} queries; {found.num_qubits} qubits; depth {found.depth:,}\n"
        f"discount factor {found.discount_factor:.6g}; seed {found.seed}; {found.wall_time:.3g} s"
    )


def _data(contract: str, found: PriceResult) -> dict[str, Any]:
    classical = found.monte_carlo
    return {
        "contract": contract,
        "price": found.estimate,
        "interval": list(found.interval),
        "confidence": found.confidence,
        "undiscounted": found.undiscounted_estimate,
        "discount_factor": found.discount_factor,
        "closed_form": found.closed_form,
        "formula": found.formula,
        "budget": {
            "sampling": found.budget.sampling,
            "discretisation": found.budget.discretisation,
            "truncation": found.budget.truncation,
            "payoff": found.budget.payoff,
        },
        "grid_price": found.grid_price,
        "monte_carlo": {
            "price": classical.estimate,
            "standard_error": classical.standard_error,
            "interval": list(classical.interval),
            "num_samples": classical.num_samples,
        },
        "num_queries": found.num_queries,
        "num_qubits": found.num_qubits,
        "depth": found.depth,
        "converged": found.converged,
        "seed": found.seed,
        "contract_fingerprint": found.contract_fingerprint,
        "version": found.version,
        "wall_time": found.wall_time,
    }
