"""Which methods run a circuit, what they cost, why, and what others would have cost; nothing is run."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass

from qtoolkit.compiler.plan_report import WIDTH, duration
from qtoolkit.simulators.automatic.choice import Piece
from qtoolkit.simulators.automatic.costs import Estimate

__all__ = ["MethodReport"]

INDENT = 16
OUT_OF_REACH = 1e8
"""Seconds, three years, beyond which no number says more."""

MOST_KINDS = 8
"""Of pieces, that are written out."""


@dataclass(frozen=True)
class MethodReport:
    """How shots of a circuit are drawn; `str` makes a text of it.

    Attributes:
        shots: how many.
        wanted: ``"classical bits"`` or ``"detectors and observables"``.
        pieces: parts of the circuit that nothing joins, each with the estimates of all methods, the chosen one first.
    """

    shots: int
    wanted: str
    pieces: tuple[Piece, ...]

    @property
    def method(self) -> str:
        """What runs; names joined by + where pieces run by different methods."""
        return "+".join(dict.fromkeys(piece.chosen.method for piece in self.pieces))

    @property
    def reason(self) -> str:
        """Why, of the largest piece."""
        return max(self.pieces, key=lambda piece: piece.num_qubits).chosen.reason

    @property
    def seconds(self) -> float:
        """Predicted for all pieces, on one thread."""
        return sum(piece.chosen.seconds for piece in self.pieces)

    @property
    def memory(self) -> int:
        """Bytes at the peak, predicted."""
        return max(piece.chosen.memory for piece in self.pieces)

    def __str__(self) -> str:
        cost = f"about {duration(self.seconds)} and {self.memory:,} bytes for {self.shots:,} shots"
        rows = [("method", self.method), ("wanted", self.wanted), ("cost", cost), ("why", self.reason)]
        if len(self.pieces) > 1:
            rows.append(("pieces", f"{len(self.pieces)} that nothing joins, each simulated by itself"))
        kinds = Counter(self.pieces).most_common()
        for piece, count in kinds[:MOST_KINDS]:
            rows.append(("", ""))
            if len(self.pieces) > 1:
                times = f"{count:,} alike, each of " if count > 1 else ""
                rows.append(("piece", f"{times}{piece.num_qubits:,} qubits, {piece.num_operations:,} operations"))
            rows += [(estimate.method, _line(estimate)) for estimate in piece.estimates]
        if len(kinds) > MOST_KINDS:
            rows += [("", ""), ("", f"and {sum(count for _, count in kinds[MOST_KINDS:]):,} pieces more")]
        lines: list[str] = []
        for name, text in rows:
            lines += textwrap.wrap(text, WIDTH, initial_indent=f"{name:<{INDENT}}", subsequent_indent=" " * INDENT) or [
                ""
            ]
        return "\n".join(lines)


def _line(estimate: Estimate) -> str:
    if not estimate.is_possible:
        return f"no: {estimate.reason}"
    if estimate.seconds > OUT_OF_REACH:
        return f"out of reach: {estimate.reason}"
    return f"{duration(estimate.seconds)}, {estimate.memory:,} bytes: {estimate.reason}"
