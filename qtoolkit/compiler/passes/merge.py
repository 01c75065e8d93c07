"""The nodes of one sweep as operations: rotations together, diagonals as phase polynomials.

All diagonal gates on one or two qubits commute, so they wait in one polynomial until something touches a qubit of
theirs that it is not diagonal in; so do rotations by longer strings of Z. Real rotations wait until nothing else can
run and then become one operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtoolkit.compiler.nodes import Factor, Kind, Node

__all__ = ["Action", "MergedSweep", "Polynomial", "Rotations", "Strings", "is_waiting", "merge_sweep", "targets_of"]


@dataclass(frozen=True)
class Rotations:
    """Real rotations on different qubits.

    Attributes:
        qubits: where.
        products: the numbers of the one-qubit products whose rotations they are.
    """

    qubits: tuple[int, ...]
    products: tuple[int, ...]


@dataclass(frozen=True)
class Polynomial:
    """Factors of a phase that is quadratic in the bits of the index."""

    terms: tuple[Factor, ...]


@dataclass(frozen=True)
class Strings:
    """Rotations by strings of Z, so many that they are cheaper together."""

    nodes: tuple[Node, ...]


Action = Rotations | Polynomial | Strings | Node


@dataclass(frozen=True)
class MergedSweep:
    """Operations that one pass over memory runs.

    Attributes:
        bits: index bits by position: first those of the block, lowest position first, then the others.
        actions: in time order.
        gates: how many gates of the program they stand for.
        unreached: how many of the block's highest bits are out of reach before the sweep: where one is 1 all is zero.
    """

    bits: tuple[int, ...]
    actions: tuple[Action, ...]
    gates: int
    unreached: int = 0


STRINGS_TOGETHER = 12
"""From this many on, one transform of their angles costs less than one pass for each string."""


def merge_sweep(nodes: Sequence[Node]) -> list[Action]:
    """Order the nodes of a sweep so that few polynomials are needed, and merge them."""
    return _Merger(nodes).run()


def is_waiting(node: Node) -> bool:
    """Whether a node is diagonal and joins others: a phase on one or two qubits, or a string of Z."""
    return node.kind is Kind.PHASES or (node.kind is Kind.PAULI and not node.targets and not node.controls)


def targets_of(action: Action) -> tuple[int, ...]:
    """The qubits that an action is not diagonal in."""
    if isinstance(action, Rotations):
        return action.qubits
    return action.targets if isinstance(action, Node) else ()


class _Merger:
    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._followers: list[list[int]] = [[] for _ in nodes]
        self._waits = [0] * len(nodes)
        self._find_order()
        self._ready = [k for k, count in enumerate(self._waits) if count == 0]
        self._terms: list[Factor] = []
        self._strings: list[Node] = []
        self._pending: set[int] = set()

    def _find_order(self) -> None:
        """Which nodes must follow which: those that share a qubit, unless both are diagonal in it."""
        last_target: dict[int, int] = {}
        diagonals: dict[int, list[int]] = {}
        for k, node in enumerate(self._nodes):
            before: set[int] = set()
            for q in node.targets:
                if q in last_target:
                    before.add(last_target[q])
                before.update(diagonals.get(q, ()))
                last_target[q] = k
                diagonals[q] = []
            for q in node.diagonal:
                if q in last_target:
                    before.add(last_target[q])
                diagonals.setdefault(q, []).append(k)
            before.discard(k)
            self._waits[k] = len(before)
            for j in before:
                self._followers[j].append(k)

    def run(self) -> list[Action]:
        actions: list[Action] = []
        while self._ready or self._terms or self._strings:
            self._collect_phases()
            possible = [k for k in self._ready if self._pending.isdisjoint(self._nodes[k].targets)]
            rotations = [k for k in possible if self._nodes[k].kind is Kind.ROTATION]
            if len(rotations) < len(possible):
                # Rotations wait for others: four on different qubits cost little more than one.
                possible = [k for k in possible if self._nodes[k].kind is not Kind.ROTATION]
                actions.extend(self._nodes[k] for k in possible)
            elif rotations:
                qubits = tuple(self._nodes[k].targets[0] for k in rotations)
                actions.append(Rotations(qubits, tuple(self._nodes[k].operation for k in rotations)))
            else:
                actions.extend(self._waiting())
            self._finish(possible)
        return actions

    def _waiting(self) -> list[Action]:
        """The diagonal gates that wait, which then wait no longer."""
        actions: list[Action] = []
        if self._terms:
            actions.append(Polynomial(tuple(self._terms)))
        if len(self._strings) >= STRINGS_TOGETHER:
            actions.append(Strings(tuple(self._strings)))
        else:
            actions.extend(self._strings)
        self._terms, self._strings, self._pending = [], [], set()
        return actions

    def _collect_phases(self) -> None:
        """Move diagonal gates whose turn has come into the polynomial that waits."""
        while True:
            phases = [k for k in self._ready if is_waiting(self._nodes[k])]
            if not phases:
                return
            for k in phases:
                node = self._nodes[k]
                if node.kind is Kind.PHASES:
                    self._terms.extend(node.factors)
                else:
                    self._strings.append(node)
                self._pending.update(node.diagonal)
            self._finish(phases)

    def _finish(self, done: Sequence[int]) -> None:
        gone = set(done)
        self._ready = [k for k in self._ready if k not in gone]
        for k in done:
            for follower in self._followers[k]:
                self._waits[follower] -= 1
                if self._waits[follower] == 0:
                    self._ready.append(follower)
