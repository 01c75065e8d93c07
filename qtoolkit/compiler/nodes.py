"""Nodes: what the passes of the planner rearrange, each a gate or several merged into one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

__all__ = ["CartanForm", "Factor", "Form", "Kind", "Node", "TangentForm"]


class Form(IntEnum):
    """How the coefficients of a gate make a small matrix; the numbers are those of the kernel that multiplies them.

    `detail` of a factor says for PHASE_* and CONTROLLED_* which values of its qubits the gate acts on (bit j for
    qubit j, of CONTROLLED_* the last qubit's alone), for PAULI_* the letters (bit 2j: x, bit 2j + 1: z of qubit j).
    *_ROTATION are phases of merged one-qubit gates; their `place` is the number of the product.
    """

    MATRIX_1Q = 0
    DIAGONAL_1Q = 1
    PHASE_1Q = 2
    PAULI_1Q = 3
    MATRIX_2Q = 4
    DIAGONAL_2Q = 5
    PHASE_2Q = 6
    PAULI_2Q = 7
    CONTROLLED_MATRIX = 8
    CONTROLLED_DIAGONAL = 9
    BEFORE_ROTATION = 10
    AFTER_ROTATION = 11


class Factor(NamedTuple):
    """One gate within a merged node.

    Attributes:
        form: what its coefficients mean.
        place: where they begin in the program's coefficients, or past their end in the planner's constants.
        qubits: the one or two qubits of the small matrix, lowest bit first.
        detail: see `Form`.
    """

    form: Form
    place: int
    qubits: tuple[int, ...]
    detail: int = 0


class CartanForm(NamedTuple):
    """A matrix that mixes |00> with |11> and |01> with |10>, then [[1, -a], [b, 1]] on each of the two qubits.

    Attributes:
        own, cross: entries on the diagonal and on the other diagonal, by row; ``own[0]`` is real.
        rotations: a and b of the low bit, then of the high one.
    """

    own: tuple[complex, ...]
    cross: tuple[complex, ...]
    rotations: tuple[float, float, float, float]

    @property
    def numbers(self) -> list[float]:
        """As the kernel reads them."""
        entries = [x for own, cross in zip(self.own, self.cross, strict=True) for x in (own, cross)]
        return [part for x in entries for part in (x.real, x.imag)] + list(self.rotations)


class TangentForm(NamedTuple):
    """Like `CartanForm`, as steps of one fused multiply-add for each real number.

    Attributes:
        flips: 1 if the low bit's values are taken the other way round in all that follows, 2 for the high bit, or both.
        before: t by which rows 1, 2 and 3 are multiplied by 1 + i t.
        mixed: a and b of [[1, -a], [b, 1]] on rows 0 and 3, then of that on rows 1 and 2.
        after: t of the same for row 2.
        factor: of row 3.
        rotations: as in `CartanForm`.
    """

    flips: int
    before: tuple[float, float, float]
    mixed: tuple[float, float, float, float]
    after: float
    factor: complex
    rotations: tuple[float, float, float, float]

    @property
    def numbers(self) -> list[float]:
        """As the kernel reads them."""
        return [*self.before, *self.mixed, self.after, self.factor.real, self.factor.imag, *self.rotations]


class Kind(IntEnum):
    """What a node does."""

    LOCAL = 0
    """A product of one-qubit gates on one qubit."""
    DENSE = 1
    """A product of gates on two qubits, as a complex 4x4 matrix."""
    PHASES = 2
    """A diagonal gate on one or two qubits: a term of a phase polynomial."""
    PHASE = 3
    """One phase where three or more qubits have given values."""
    EXCHANGE = 4
    """X, with any controls."""
    SWAP = 5
    """Two qubits exchanged."""
    PAULI = 6
    """A rotation by a Pauli string, with any controls."""
    WHOLE = 7
    """A gate outside the vector kernels' set, run on the whole state."""
    ROTATION = 8
    """The real rotation within a product of one-qubit gates; `operation` is the number of the product."""
    MATRIX = 9
    """A complex matrix on a few qubits, with any controls."""
    TABLE = 10
    """A diagonal gate on three or more qubits, with any controls."""
    PERMUTE = 11
    """The values of some qubits permuted, with any controls."""
    CARTAN = 12
    """A complex 4x4 matrix whose one-qubit gates are in part with its neighbours."""


@dataclass(slots=True)
class Node:
    """A gate, or several merged.

    Attributes:
        kind: what it does.
        targets: qubits that it is not diagonal in; a sweep that runs it holds all of them in its blocks.
        diagonal: qubits that it is diagonal in: controls, the Z of a Pauli string, the qubits of a phase.
        factors: its gates in time order; the qubits of MATRIX, TABLE and PERMUTE, lowest bit first, are those of the
            only factor.
        zeros: the qubits among the controls, of PHASE among `diagonal`, that must be 0, as a bit mask.
        controls: those of `diagonal` that are controls; of PHASE, where all are, and of PHASES empty.
        y: PAULI: targets whose letter is Y.
        table: PERMUTE: the value that each value becomes.
        form: CARTAN: its numbers, low bit first.
        operation: WHOLE: index in the program.
        operations: how many gates of the program it stands for.
    """

    kind: Kind
    targets: tuple[int, ...] = ()
    diagonal: tuple[int, ...] = ()
    factors: list[Factor] = field(default_factory=list)
    zeros: int = 0
    controls: tuple[int, ...] = ()
    y: tuple[int, ...] = ()
    table: tuple[int, ...] = ()
    form: CartanForm | TangentForm | None = None
    operation: int = -1
    operations: int = 1

    @property
    def qubits(self) -> tuple[int, ...]:
        """All qubits that it touches."""
        return self.targets + self.diagonal
