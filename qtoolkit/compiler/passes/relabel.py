"""Swaps cost nothing where the qubits before them can take other names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qtoolkit.compiler.nodes import Kind, Node

__all__ = ["initial_swaps", "relabel_swaps"]


def relabel_swaps(nodes: Sequence[Node], num_qubits: int) -> tuple[list[Node], list[int]]:
    """Move all swaps to the beginning, where ``|0…0⟩`` does not feel them.

    Returns:
        The other nodes, those before a swap under new names, and for each qubit the name under which its input
        state must be found: input bit q belongs at ``names[q]``.
    """
    names = list(range(num_qubits))
    kept: list[Node] = []
    for node in reversed(nodes):
        if node.kind is Kind.SWAP:
            first, second = node.targets
            names[first], names[second] = names[second], names[first]
        else:
            kept.append(_renamed(node, names))
    return kept[::-1], names


def initial_swaps(names: Sequence[int]) -> list[Node]:
    """Swaps that carry every input bit q to ``names[q]``."""
    place = list(names)
    nodes = []
    for qubit in range(len(place)):
        while place[qubit] != qubit:
            other = place[qubit]
            nodes.append(Node(Kind.SWAP, (qubit, other)))
            place[qubit], place[other] = place[other], place[qubit]
    return nodes


def _renamed(node: Node, names: Sequence[int]) -> Node:
    if all(names[q] == q for q in node.qubits):
        return node
    return replace(
        node,
        targets=tuple(names[q] for q in node.targets),
        diagonal=tuple(names[q] for q in node.diagonal),
        factors=[f._replace(qubits=tuple(names[q] for q in f.qubits)) for f in node.factors],
        zeros=sum(1 << names[q] for q in node.diagonal if node.zeros >> q & 1),
        controls=tuple(names[q] for q in node.controls),
        y=tuple(names[q] for q in node.y),
    )
