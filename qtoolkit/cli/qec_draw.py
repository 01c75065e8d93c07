"""``qtoolkit qec draw``: a code's lattice, and one error with its correction on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.cli.output_options import Theme
from qtoolkit.cli.qec_options import code_at

if TYPE_CHECKING:
    from qtoolkit.applications.qec import Correction, HoneycombCode, StabilizerCode

__all__ = ["draw"]

_DISTANCE = 5


def draw(
    code: Annotated[str, typer.Option(help="Name of the code.")] = "rotated-surface",
    distance: Annotated[int | None, typer.Option(min=2, help="Of a family of codes; 5 by default.")] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="P", help="Depolarise every qubit at this rate, and correct it.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the error; drawn if left out.")] = None,
    plot: Annotated[Path, typer.Option(metavar="FILE", help="Where the drawing goes.")] = Path("code.svg"),
    theme: Annotated[Theme, typer.Option(help="Of the drawing.")] = Theme.LIGHT,
    codes: Annotated[bool, typer.Option("--list", help="List the codes there are, and draw none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Draw the lattice of a code, with an error and its correction if a rate is given.

    Yellow are the qubits with an error, green rings are around those that are
    corrected, and diamonds are on the checks that fired. The checks are
    measured without errors.
    """
    from qtoolkit._files import check_output, write_whole
    from qtoolkit.applications.qec import correct_once
    from qtoolkit.applications.qec.codes import HoneycombCode
    from qtoolkit.cli.output import print_json
    from qtoolkit.errors import InputError

    if codes:
        _list(as_json)
        return
    check_output(plot, "--plot")
    made = code_at(code, distance, _DISTANCE)
    shot = None
    if rate is not None:
        if isinstance(made, HoneycombCode):
            raise InputError("the honeycomb code's checks follow each other in time, got --rate: leave it out")
        shot = correct_once(made, rate, seed=seed)
    write_whole(plot, made.draw(theme.value) if shot is None else shot.draw(theme.value))
    if as_json:
        print_json({**_data(code, made, shot), "plot": str(plot)})
    else:
        _print(code, made, shot, plot)


def _data(name: str, code: StabilizerCode | HoneycombCode, shot: Correction | None) -> dict[str, Any]:
    from qtoolkit.applications.qec import StabilizerCode

    found: dict[str, Any] = {"code": name, "num_qubits": code.num_qubits}
    if isinstance(code, StabilizerCode):
        found |= {"num_logical": code.num_logical, "distance": code.distance}
        found |= {"stabilizers": [str(row) for row in code.stabilizer_strings()]}
    if shot is not None:
        found |= {
            "seed": shot.seed,
            "error": _letters(shot.error),
            "checks_that_fired": [int(k) for k in shot.syndrome.nonzero()[0]],
            "correction": _letters(shot.correction),
            "logical_error": shot.logical_error,
        }
    return found


def _letters(pauli: Any) -> dict[str, str]:
    """Letter of each qubit that has one, by its number."""
    size = len(pauli) // 2
    letters = {q: "IXZY"[pauli[q] + 2 * pauli[size + q]] for q in range(size)}
    return {str(q): letter for q, letter in letters.items() if letter != "I"}


def _print(name: str, code: StabilizerCode | HoneycombCode, shot: Correction | None, plot: Path) -> None:
    from qtoolkit.cli.output import stdout_console
    from qtoolkit.report.tables import plain_table

    rows = [("size", getattr(code, "parameters", f"{code.num_qubits} qubits"))]
    if shot is not None:
        rows += [
            ("error", _told(shot.error)),
            ("checks that fired", f"{int(shot.syndrome.sum())} of {len(shot.syndrome)}"),
            ("correction", _told(shot.correction)),
            ("outcome", "logical error" if shot.logical_error else "undone"),
            ("seed", str(shot.seed)),
        ]
    console = stdout_console()
    console.print(plain_table(("code", name), rows))
    console.print(f"Plot: {plot}", soft_wrap=True)


def _told(pauli: Any) -> str:
    return " ".join(f"{letter}{qubit}" for qubit, letter in _letters(pauli).items()) or "none"


def _list(as_json: bool) -> None:
    from qtoolkit.applications.qec import CODES
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.report.tables import plain_table

    if as_json:
        print_json([{"name": family.name, "description": family.description} for family in CODES.values()])
        return
    rows = [(family.name, family.description, ", ".join(family.parameters)) for family in CODES.values()]
    stdout_console().print(plain_table(("code", "", "takes"), rows))
