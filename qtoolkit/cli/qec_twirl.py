"""``qtoolkit qec twirl``: by how much a Pauli model of coherent noise misleads."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from qtoolkit.cli.options import with_groups
from qtoolkit.cli.output_options import OutputOptions
from qtoolkit.cli.qec_options import PACKAGES, code_at

__all__ = ["Axis", "twirl"]

_PART = "twirl"
_DISTANCE = 3


class Axis(StrEnum):
    """About which qubits turn."""

    X = "x"
    Y = "y"
    Z = "z"


@with_groups
def twirl(
    output: OutputOptions,
    code: Annotated[str, typer.Option(help="Name of the code: qtoolkit qec draw --list.")] = "rotated-surface",
    distance: Annotated[int | None, typer.Option(min=2, help="Of a family of codes; 3 by default.")] = None,
    rate: Annotated[
        str, typer.Option(metavar="LIST", help="Error rates of the twirl: qubits turn by θ with sin²(θ/2) = p.")
    ] = "1e-4,1e-3,1e-2",
    axis: Annotated[Axis, typer.Option(help="About which they turn.")] = Axis.Z,
    rounds: Annotated[int, typer.Option(min=1, help="Of noise and recovery.")] = 10,
    frames: Annotated[int, typer.Option(min=1, help="Of randomised compiling.")] = 16,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the frames; drawn if left out.")] = None,
) -> None:
    """Compare what coherent noise does to a code with what its twirl predicts.

    Every qubit turns by the same angle in each round, syndromes are perfect,
    and all numbers but those of randomised compiling are exact.
    """
    import math

    from qtoolkit._arguments import settled_seed
    from qtoolkit.applications.qec import CODES, HoneycombCode
    from qtoolkit.applications.qec.exact import TwirlComparison, twirl_comparison
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.cli.ranges import parse_rates
    from qtoolkit.errors import InputError
    from qtoolkit.noise import over_rotation
    from qtoolkit.report.experiments.twirl import (
        TwirlAnswer,
        twirl_data,
        twirl_facts,
        twirl_page,
        twirl_picture,
        twirl_tables,
    )

    output.check(PACKAGES)
    rates = parse_rates("--rate", rate)
    if not 0.0 < rates[0] <= rates[-1] <= 1.0:
        raise InputError(f"--rate must lie in (0, 1], got {rate!r}")
    made = code_at(code, distance, _DISTANCE)
    if isinstance(made, HoneycombCode):
        raise InputError("the honeycomb code's checks follow each other in time: a comparison needs a stabilizer code")
    drawn = settled_seed(seed)
    assert isinstance(drawn, int)
    found: dict[float, TwirlComparison] = {}
    with DemoProgress([_PART]) as progress:
        tell = progress.of(_PART)
        for k, p in enumerate(rates):
            angle = 2.0 * math.asin(math.sqrt(p))

            def report(share: float, k: int = k, p: float = p) -> None:
                tell(f"p={p:g}", (k + share) / len(rates))

            found[p] = twirl_comparison(
                made,
                over_rotation(axis.value.upper(), angle),
                rounds=rounds,
                frames=frames,
                seed=drawn,
                progress=report,
            )
        progress.finish(_PART, sum(one.wall_time for one in found.values()))
    size = f" d = {_DISTANCE if distance is None else distance}" if CODES[code].takes_distance else ""
    answer = TwirlAnswer(found, f"{code}{size}, turns about {axis.value.upper()}", drawn)
    publish(
        Publication(
            data=twirl_data(answer),
            tables=lambda width: twirl_tables(answer, width),
            evidence=twirl_facts(answer),
            page=lambda: twirl_page(answer),
            plot=lambda: twirl_picture(answer, output.theme.value),
        ),
        output.report,
        output.as_json,
        output.plot,
    )
