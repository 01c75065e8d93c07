"""What a report is made of: rows of numbers beside their exact values, figures, and sections of both."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qtoolkit.errors import InputError

__all__ = ["Figure", "Report", "Row", "Section", "Unit"]

MINUS = "\N{MINUS SIGN}"

_POWER = re.compile(r"e-?\d+%?")


@dataclass(frozen=True)
class Unit:
    """How numbers are shown.

    Attributes:
        symbol: printed after the number, such as ``"mHa"``; empty for a pure number, a power of ten as ``"e-3"`` or
            ``"e-3%"``.
        factor: shown number per stored number: 1000 for hartree shown in millihartree.
        digits: decimals shown.
    """

    symbol: str
    factor: float = 1.0
    digits: int = 6

    def text(self, value: float, *, signed: bool = False, with_symbol: bool = True) -> str:
        """`value` with this unit's decimals; a number that rounds to zero has no sign."""
        number = f"{abs(value * self.factor):.{self.digits}f}"
        is_zero = math.isfinite(value) and float(number) == 0.0
        sign = "" if is_zero else MINUS if value < 0 else "+" if signed else ""
        return f"{sign}{number}{self.suffix if with_symbol else ''}"

    @property
    def suffix(self) -> str:
        """The symbol as it follows a number: after a space that no line breaks at, but for "%" and powers of ten."""
        is_attached = self.symbol in ("", "%") or _POWER.fullmatch(self.symbol) is not None
        return self.symbol if is_attached else f"\N{NO-BREAK SPACE}{self.symbol}"


@dataclass(frozen=True)
class Row:
    """One number of ours beside the exact one.

    Attributes:
        quantity: what it is, in a few words.
        value: our number, in base units (hartree, probability, ...).
        exact: the exact number in the same units; None where none can be computed.
        unit: how `value` and `exact` are shown.
        gap_unit: how their difference is shown.
        evidence: what stands behind the number, in a few words: shots, seed, optimiser, ...
        interval: low and high ends of the 95 % confidence interval of a sampled number.
        data: further evidence for machines: JSON types only.
    """

    quantity: str
    value: float
    exact: float | None
    unit: Unit
    gap_unit: Unit
    evidence: str
    interval: tuple[float, float] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers = (self.value, *(() if self.exact is None else (self.exact,)), *(self.interval or ()))
        if not all(map(math.isfinite, numbers)):
            raise InputError(f"the numbers of a row must be finite, got {numbers} for {self.quantity!r}")

    @property
    def gap(self) -> float | None:
        """``value - exact``, None where there is no exact value."""
        return None if self.exact is None else self.value - self.exact

    @property
    def value_text(self) -> str:
        """Our number with its unit."""
        return self.unit.text(self.value)

    @property
    def exact_text(self) -> str:
        """The exact number with its unit, or a dash."""
        return "–" if self.exact is None else self.unit.text(self.exact)

    @property
    def gap_text(self) -> str:
        """The signed gap with its unit, or a dash."""
        return "–" if self.gap is None else self.gap_unit.text(self.gap, signed=True)

    @property
    def evidence_text(self) -> str:
        """The evidence, confidence interval first."""
        return self.evidence if self.interval is None else f"95%: {self._interval_text}; {self.evidence}"

    @property
    def _interval_text(self) -> str:
        low, high = (self.unit.text(end, with_symbol=False) for end in self.interval or ())
        return f"{low}–{high}{self.unit.suffix}"


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        svg: an SVG document.
        caption: what it shows and how to read it.
        alt: what a reader who cannot see it should know.
    """

    svg: str = field(repr=False)
    caption: str
    alt: str


@dataclass(frozen=True)
class Section:
    """One application's part of a report.

    Attributes:
        name: short name, as on the command line.
        title: heading.
        units: what the numbers are in where their symbols do not say it; may be empty.
        question: what was asked, one or two sentences in plain words.
        rows: the numbers.
        findings: what the numbers mean, one paragraph each, in plain words.
        limits: what they do not show, one sentence or two each.
        figures: pictures.
        evidence: label to text: inputs, seeds, shots, software.
        wall_time: seconds it took to compute.
    """

    name: str
    title: str
    question: str
    rows: tuple[Row, ...]
    findings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    units: str = ""
    wall_time: float = 0.0

    @property
    def heading(self) -> str:
        """The title with its units, for a line of a table."""
        return f"{self.title} ({self.units})" if self.units else self.title


@dataclass(frozen=True)
class Report:
    """Everything that goes on one page.

    Attributes:
        title: heading of the page.
        summary: one paragraph below it.
        sections: in the order of the page.
        seed: root seed of all sections; None where nothing is random.
        environment: label to text: versions, machine.
        missing: names of the sections that were asked for and not finished.
    """

    title: str
    summary: str
    sections: tuple[Section, ...]
    seed: int | None
    environment: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def wall_time(self) -> float:
        """Seconds of all sections together."""
        return sum(section.wall_time for section in self.sections)
