"""Comparisons of coherent noise with its twirl: in a terminal, as data, as a figure and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtoolkit._version import __version__
from qtoolkit.applications.qec.exact import TwirlComparison
from qtoolkit.report.canvas import Theme
from qtoolkit.report.environment import environment
from qtoolkit.report.experiments import figures
from qtoolkit.report.experiments.numbers import rate_text, rate_unit
from qtoolkit.report.model import Figure, Report, Row, Section
from qtoolkit.report.tables import number_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["TwirlAnswer", "twirl_data", "twirl_facts", "twirl_page", "twirl_picture", "twirl_tables"]


@dataclass(frozen=True, eq=False)
class TwirlAnswer:
    """Predictions for one code at some strengths of its noise.

    Attributes:
        found: by physical error rate of the twirl, ascending.
        description: of the code and the noise.
        seed: of the frames of randomised compiling.
    """

    found: Mapping[float, TwirlComparison]
    description: str
    seed: int

    @property
    def wall_time(self) -> float:
        """Of all of them."""
        return sum(one.wall_time for one in self.found.values())

    @property
    def rounds(self) -> int:
        """Of noise and recovery."""
        return next(iter(self.found.values())).rounds


def twirl_tables(answer: TwirlAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows.

    Args:
        answer: the predictions.
        width: columns of the terminal.
    """
    rows: list[tuple[str, ...]] = []
    for rate, one in answer.found.items():
        rows.append((f"p = {rate:g}",))
        for prediction in one.predictions:
            infidelity = rate_text(prediction.infidelity)
            if prediction.standard_error:
                infidelity += f" ± {rate_text(prediction.standard_error, 2)}"
            rows.append((f"  {prediction.name}", infidelity, rate_text(prediction.diamond_distance)))
        rows.append(("  noise as it is, over its twirl", _times(one.infidelity_factor), _times(one.diamond_factor)))
    return [number_table((answer.description, "infidelity", "diamond distance"), rows, width)]


def twirl_facts(answer: TwirlAnswer) -> list[str]:
    """What was compared, and how."""
    first = next(iter(answer.found.values()))
    rounds = "1 round" if answer.rounds == 1 else f"{answer.rounds:,} rounds"
    return [
        f"[[{first.num_qubits}, {first.num_logical}]] code",
        f"{rounds} of perfect syndromes",
        f"{first.frames} frames of randomised compiling",
        f"seed {answer.seed}",
        f"{answer.wall_time:.3g} s",
        "all else is exact",
    ]


def twirl_data(answer: TwirlAnswer) -> dict[str, Any]:
    """All predictions as JSON types."""
    return {
        "description": answer.description,
        "rounds": answer.rounds,
        "seed": answer.seed,
        "comparisons": [
            {
                "physical_error_rate": rate,
                "infidelity_factor": one.infidelity_factor,
                "diamond_factor": one.diamond_factor,
                "predictions": [
                    {
                        "name": prediction.name,
                        "infidelity": prediction.infidelity,
                        "standard_error": prediction.standard_error,
                        "diamond_distance": prediction.diamond_distance,
                        "diamond_gap": prediction.diamond_gap,
                    }
                    for prediction in one.predictions
                ],
                "wall_time": one.wall_time,
            }
            for rate, one in answer.found.items()
        ],
        "version": __version__,
    }


def twirl_picture(answer: TwirlAnswer, theme: Theme = "light") -> str:
    """Infidelity after all rounds over the rate of the twirl.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    rates = list(answer.found)
    curves = []
    for k, prediction in enumerate(next(iter(answer.found.values())).predictions):
        here = [one.predictions[k] for one in answer.found.values()]
        values = [one.infidelity for one in here]
        errors = [1.96 * one.standard_error for one in here]
        ends = (
            [value - error for value, error in zip(values, errors, strict=True)],
            [value + error for value, error in zip(values, errors, strict=True)],
        )
        curves.append(figures.Curve(prediction.name, rates, values, ends))
    return figures.error_rates(curves, f"infidelity, {answer.rounds} rounds", theme=theme)


def twirl_page(answer: TwirlAnswer) -> Report:
    """The page.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    rows = []
    for rate, one in answer.found.items():
        for prediction in one.predictions:
            unit = rate_unit(prediction.infidelity)
            told = f"diamond distance {rate_text(prediction.diamond_distance)}"
            rows.append(
                Row(
                    f"p = {rate:g}: {prediction.name}", prediction.infidelity, one.coherent.infidelity, unit, unit, told
                )
            )
    worst = max(
        answer.found.values(), key=lambda one: max(one.infidelity_factor, 1.0 / max(one.infidelity_factor, 1e-300))
    )
    section = Section(
        name="twirl",
        title="Is twirling safe?",
        question=f"What does a Pauli model of coherent noise say about a code, and what is true? {answer.description}.",
        rows=tuple(rows),
        findings=(
            f"The infidelity is up to {_times(worst.infidelity_factor)} what the Pauli twirl predicts, and the diamond "
            f"distance {_times(worst.diamond_factor)}.",
        ),
        limits=("Syndromes are perfect here: errors of measurements are not in it.",),
        figures=(
            Figure(
                twirl_picture(answer),
                "Infidelity of the logical channel over the rate of the twirl.",
                "Line plot on logarithmic axes: a curve for each prediction.",
            ),
        ),
        evidence={"Run": "; ".join(twirl_facts(answer)), "Software": f"qtoolkit {__version__}"},
        wall_time=answer.wall_time,
    )
    return Report(
        title=f"Twirling: {answer.description}",
        summary="Exact predictions beside each other: the noise as it is, its Pauli twirl, and randomised compiling.",
        sections=(section,),
        seed=answer.seed,
        environment=environment(),
    )


def _times(factor: float) -> str:
    return f"{factor:.3g} ×"
