"""The nodes of one sweep as operations: rotations together, diagonals as phase polynomials.

All diagonal gates on one or two qubits commute, so they wait in one polynomial until something touches a qubit of
theirs that it is not diagonal in. Rotations that are possible at the same time become one operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtoolkit.compiler.nodes import Factor, Kind, Node

__all__ = ["Action", "Polynomial", "Rotations", "merge_sweep"]


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


Action = Rotations | Polynomial | Node


def merge_sweep(nodes: Sequence[Node]) -> list[Action]:
    """Order the nodes of a sweep so that few polynomials are needed, and merge them."""
    return _Merger(nodes).run()


class _Merger:
    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._followers: list[list[int]] = [[] for _ in nodes]
        self._waits = [0] * len(nodes)
        self._find_order()
        self._ready = [k for k, count in enumerate(self._waits) if count == 0]
        self._terms: list[Factor] = []
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
        while self._ready or self._terms:
            self._collect_phases()
            rotations, others = self._possible()
            if rotations:
                actions.append(
                    Rotations(
                        tuple(self._nodes[k].targets[0] for k in rotations),
                        tuple(self._nodes[k].operation for k in rotations),
                    )
                )
            actions.extend(self._nodes[k] for k in others)
            if not rotations and not others:
                actions.append(Polynomial(tuple(self._terms)))
                self._terms = []
                self._pending = set()
        return actions

    def _collect_phases(self) -> None:
        """Move diagonal gates whose turn has come into the polynomial that waits."""
        while True:
            phases = [k for k in self._ready if self._nodes[k].kind is Kind.PHASES]
            if not phases:
                return
            for k in phases:
                self._terms.extend(self._nodes[k].factors)
                self._pending.update(self._nodes[k].diagonal)
            self._finish(phases)

    def _possible(self) -> tuple[list[int], list[int]]:
        """Nodes whose turn has come and that don't touch the waiting polynomial, rotations apart."""
        possible = [k for k in self._ready if self._pending.isdisjoint(self._nodes[k].targets)]
        self._finish(possible)
        rotations = [k for k in possible if self._nodes[k].kind is Kind.ROTATION]
        return rotations, [k for k in possible if self._nodes[k].kind is not Kind.ROTATION]

    def _finish(self, done: Sequence[int]) -> None:
        gone = set(done)
        self._ready = [k for k in self._ready if k not in gone]
        for k in done:
            for follower in self._followers[k]:
                self._waits[follower] -= 1
                if self._waits[follower] == 0:
                    self._ready.append(follower)
