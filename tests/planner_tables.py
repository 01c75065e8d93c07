"""Nodes of the planner as objects, which tests read, and as the arrays that the passes work on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from qtoolkit_kernels.planner import nodes as columns
from qtoolkit_kernels.vector import numbers

Form = IntEnum("Form", list(numbers.FORMS), start=0)
"""How the coefficients of a gate make a small matrix, see `qtoolkit_kernels.planner.nodes`."""

Kind = IntEnum("Kind", list(columns.KINDS), start=0)
"""What a node does."""


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


@dataclass(frozen=True)
class Rotations:
    """Real rotations on different qubits, and the numbers of the one-qubit products that they belong to."""

    qubits: tuple[int, ...]
    products: tuple[int, ...]


@dataclass(frozen=True)
class Polynomial:
    """Factors of a phase that is quadratic in the bits of the index."""

    terms: tuple[Factor, ...]


@dataclass(frozen=True)
class Strings:
    """Rotations by strings of Z that run together."""

    nodes: tuple[Node, ...]


Action = Rotations | Polynomial | Strings | Node


@dataclass(frozen=True)
class Sweep:
    """Nodes that one pass over memory runs.

    Attributes:
        bits: index bits by position: first those of the block, lowest position first, then the others.
        nodes: in time order.
    """

    bits: tuple[int, ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class MergedSweep:
    """The same with nodes merged to actions.

    Attributes:
        bits: as of `Sweep`.
        actions: in time order.
        gates: how many gates of the program they stand for.
        unreached: how many of the block's highest bits are out of reach before the sweep: where one is 1 all is zero.
    """

    bits: tuple[int, ...]
    actions: tuple[Action, ...]
    gates: int
    unreached: int = 0


def targets_of(action: Action) -> tuple[int, ...]:
    """The qubits that an action is not diagonal in."""
    if isinstance(action, Rotations):
        return action.qubits
    return action.targets if isinstance(action, Node) else ()


LISTS = (Kind.MATRIX, Kind.TABLE, Kind.PERMUTE)


def mask_of(qubits: Iterable[int]) -> int:
    return sum(1 << q for q in qubits)


def tables_of(
    nodes: Sequence[Node],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Nodes as arrays.

    Args:
        nodes: in time order.

    Returns:
        nodes int64[:, 10], factors int64[:, 6], operands int64[:], forms float64[:, 22] and tables int64[:].
    """
    rows, factors, operands, forms, table = [], [], [], [], []
    for node in nodes:
        first, extra = -1, node.operation
        for factor in node.factors:
            qubit, other = (*factor.qubits, -1, -1)[:2]
            place = factor.place
            if node.kind in LISTS:
                qubit, other = len(operands), len(factor.qubits)
                operands += factor.qubits
            if node.kind is Kind.PERMUTE:
                place = len(table)
                table += node.table
            if first < 0:
                first = len(factors)
            else:
                factors[-1][columns.NEXT] = len(factors)
            factors.append([int(factor.form), place, qubit, other, factor.detail, -1])
        if node.kind is Kind.CARTAN:
            extra = len(forms)
            tangent = isinstance(node.form, TangentForm)
            numbers = [float(tangent), float(node.form.flips if tangent else 0), *node.form.numbers]
            forms.append(numbers + [0.0] * (columns.FORM_COLUMNS - len(numbers)))
        rows.append([
            int(node.kind), mask_of(node.targets), mask_of(node.diagonal), node.zeros, mask_of(node.controls),
            mask_of(node.y), first, len(factors) - 1 if first >= 0 else -1, extra, node.operations,
        ])  # fmt: skip
    return (
        np.array(rows, np.int64).reshape(-1, columns.NODE_COLUMNS),
        np.array(factors, np.int64).reshape(-1, columns.FACTOR_COLUMNS),
        np.array(operands, np.int64),
        np.array(forms, np.float64).reshape(-1, columns.FORM_COLUMNS),
        np.array(table, np.int64),
    )


def nodes_of(
    rows: np.ndarray,
    factors: np.ndarray,
    operands: np.ndarray,
    forms: np.ndarray,
    table: np.ndarray,
) -> list[Node]:
    """Arrays as nodes; qubits are in ascending order."""

    def bits(mask: int) -> tuple[int, ...]:
        return tuple(q for q in range(63) if mask >> q & 1)

    nodes = []
    for row in rows.tolist():
        kind = Kind(row[columns.KIND])
        found, values = [], ()
        place = row[columns.FIRST]
        while place >= 0:
            form, start, qubit, other, detail, following = factors[place].tolist()
            qubits = tuple(q for q in (qubit, other) if q >= 0)
            if kind in LISTS:
                qubits = tuple(operands[qubit : qubit + other].tolist())
            if kind is Kind.PERMUTE:
                values, start = tuple(table[start : start + (1 << other)].tolist()), -1
            found.append(Factor(Form(form), start, qubits, detail))
            if following < 0:
                assert row[columns.LAST] == place
            place = following
        form = None
        if kind is Kind.CARTAN:
            numbers = forms[row[columns.EXTRA]].tolist()
            form = _form(numbers)
        nodes.append(
            Node(
                kind, bits(row[columns.TARGETS]), bits(row[columns.DIAGONAL]), found, row[columns.ZEROS],
                bits(row[columns.CONTROLS]), bits(row[columns.Y]), values, form,
                row[columns.EXTRA] if kind in (Kind.WHOLE, Kind.ROTATION) else -1, row[columns.GATES],
            )
        )  # fmt: skip
    return nodes


def _form(numbers: list[float]) -> CartanForm | TangentForm:
    n = numbers[columns.FORM_NUMBERS :]
    if numbers[columns.IS_TANGENT]:
        return TangentForm(
            int(numbers[columns.FLIPS]), (n[0], n[1], n[2]), (n[3], n[4], n[5], n[6]), n[7], complex(n[8], n[9]),
            (n[10], n[11], n[12], n[13]),
        )  # fmt: skip
    entries = [complex(n[2 * k], n[2 * k + 1]) for k in range(8)]
    return CartanForm(tuple(entries[::2]), tuple(entries[1::2]), (n[16], n[17], n[18], n[19]))
