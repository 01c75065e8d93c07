"""Neighbouring nodes that undo each other."""

from __future__ import annotations

from collections.abc import Iterable

from qtoolkit.compiler.nodes import Kind, Node

__all__ = ["cancel_inverses"]


def cancel_inverses(nodes: Iterable[Node]) -> list[Node]:
    """Drop pairs of equal exchanges (CX, CCX, ...), and of a permutation and its inverse, between which nothing
    touches their qubits."""
    kept: list[Node | None] = []
    last: dict[int, list[int]] = {}
    for node in nodes:
        history = [last.setdefault(q, []) for q in node.qubits]
        previous = {h[-1] if h else -1 for h in history}
        if node.kind in (Kind.EXCHANGE, Kind.PERMUTE) and len(previous) == 1:
            place = previous.pop()
            twin = kept[place] if place >= 0 else None
            if twin is not None and _cancel(twin, node):
                kept[place] = None
                for h in history:
                    h.pop()
                continue
        for h in history:
            h.append(len(kept))
        kept.append(node)
    return [node for node in kept if node is not None]


def _cancel(first: Node, second: Node) -> bool:
    return (
        first.kind is second.kind
        and first.targets == second.targets
        and sorted(first.controls) == sorted(second.controls)
        and first.zeros == second.zeros
        and (first.kind is Kind.EXCHANGE or _inverse(first, second))
    )


def _inverse(first: Node, second: Node) -> bool:
    alike = first.factors[0].qubits == second.factors[0].qubits
    return alike and all(second.table[after] == before for before, after in enumerate(first.table))
