"""The statements of a program as data, for both versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from qtoolkit.interop.openqasm.reading.budget import Place
from qtoolkit.interop.openqasm.reading.expressions import Code

__all__ = [
    "Alias",
    "BarrierStatement",
    "Branch",
    "Call",
    "Definition",
    "Declaration",
    "Delay",
    "Include",
    "Input",
    "Loop",
    "Measurement",
    "Modifier",
    "Opaque",
    "Operand",
    "Range",
    "ResetStatement",
    "Selector",
    "Statement",
    "Test",
    "Values",
]


@dataclass(slots=True)
class Range:
    """``start : step : end`` with both ends inside; a part left out is None."""

    start: Code | None
    step: Code | None
    end: Code | None


Values: TypeAlias = Range | tuple[Code, ...]
"""A range or a set of integers."""

Selector: TypeAlias = Code | Range | list[Code]
"""What stands in brackets behind a name: an index, a range, or a set as a list."""


@dataclass(slots=True)
class Operand:
    """Bits: a name, what selects among them, and further ones that follow."""

    name: str
    place: Place
    selectors: list[Selector] = field(default_factory=list)
    followers: list[Operand] = field(default_factory=list)


@dataclass(slots=True)
class Modifier:
    """``inv``, ``pow``, ``ctrl`` or ``negctrl`` with what stands in its brackets."""

    kind: str
    argument: Code | None


@dataclass(slots=True)
class Statement:
    """Anything that can be run."""

    place: Place


@dataclass(slots=True)
class Call(Statement):
    """A gate on operands."""

    name: str
    modifiers: list[Modifier]
    arguments: list[Code]
    operands: list[Operand]


@dataclass(slots=True)
class Measurement(Statement):
    """``target = measure source``."""

    source: Operand
    target: Operand


@dataclass(slots=True)
class ResetStatement(Statement):
    """``reset``."""

    operand: Operand


@dataclass(slots=True)
class BarrierStatement(Statement):
    """``barrier``, on everything where there are no operands."""

    operands: list[Operand]


@dataclass(slots=True)
class Delay(Statement):
    """``delay``, which does nothing but to have operands that exist."""

    operands: list[Operand]


@dataclass(slots=True)
class Test:
    """``left == right``, one of them bits and the other a number; without a right side, one bit that is true."""

    left: Operand | Code
    right: Operand | Code | None = None
    negated: bool = False


@dataclass(slots=True)
class Branch(Statement):
    """``if``."""

    test: Test
    body: list[Statement]
    else_body: list[Statement] | None = None


@dataclass(slots=True)
class Loop(Statement):
    """``for``, or a box, which runs once and has no variable."""

    variable: str | None
    values: Values
    body: list[Statement]


@dataclass(slots=True)
class Declaration(Statement):
    """Qubits or bits; without a size a single one. Bits may be measured from qubits at once."""

    quantum: bool
    name: str
    size: Code | None
    measured: Operand | None = None


@dataclass(slots=True)
class Alias(Statement):
    """``let name = operand``."""

    name: str
    operand: Operand


@dataclass(slots=True)
class Input(Statement):
    """A parameter that stays free."""

    name: str


@dataclass(slots=True)
class Include(Statement):
    """``include``."""

    file: str


@dataclass(slots=True)
class Definition(Statement):
    """``gate name(angles) qubits { body }``."""

    name: str
    angles: list[str]
    qubits: list[str]
    body: list[Statement]


@dataclass(slots=True)
class Opaque(Statement):
    """A gate that has no definition."""

    name: str
