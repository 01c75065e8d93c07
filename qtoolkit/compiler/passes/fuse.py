"""Gates on one and two qubits merged into small matrices.

A 4x4 matrix costs 16 fused multiply-adds an amplitude whatever it holds, so it takes in every neighbour on its two
qubits, but exists only where some gate needs it, or where it replaces two rotations by strings. One-qubit gates are
multiplied together and stay apart otherwise: as phase · real rotation · phase they cost 2 fused multiply-adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qtoolkit.compiler.nodes import Factor, Form, Kind, Node

__all__ = ["fuse"]


def fuse(nodes: Iterable[Node], x_place: int) -> list[Node]:
    """Merge nodes into their predecessors where nothing on their qubits comes between.

    Args:
        nodes: in time order; their factors are left as they are.
        x_place: where the matrix of X stands among the coefficients.
    """
    fused: list[Node | None] = []
    last: dict[int, int] = {}
    for node in nodes:
        factors = _small_factors(node, x_place)
        if factors is not None and _absorb(fused, last, node, factors, x_place):
            continue
        for q in node.qubits:
            last[q] = len(fused)
        fused.append(node)
    return [node for node in fused if node is not None]


def _small_factors(node: Node, x_place: int) -> list[Factor] | None:
    """The node as factors of a small matrix, None if it has no such form."""
    if len(node.qubits) > 2:
        return None
    if node.kind in (Kind.LOCAL, Kind.DENSE, Kind.PHASES):
        return node.factors
    if node.kind is Kind.PAULI and not node.controls and node.factors[0].form is Form.PAULI_2Q:
        return node.factors
    if node.kind is Kind.EXCHANGE:
        on = 0 if node.zeros else 1
        return [Factor(Form.CONTROLLED_MATRIX, x_place, node.targets + node.controls, on)]
    return None


def _absorb(fused: list[Node | None], last: dict[int, int], node: Node, factors: list[Factor], x_place: int) -> bool:
    """Merge a node into the one before it, or begin a 4x4 matrix that takes in what it can before it."""
    places = sorted({last.get(q, -1) for q in node.qubits})
    before = fused[places[0]] if len(places) == 1 and places[0] >= 0 else None
    if before is not None and (before.kind is Kind.DENSE or (before.kind is Kind.LOCAL and len(node.qubits) == 1)):
        fused[places[0]] = replace(
            before, factors=before.factors + factors, operations=before.operations + node.operations
        )
        return True
    if before is not None and node.kind is Kind.PAULI and before.kind is Kind.PAULI and _small_factors(before, x_place):
        node = Node(Kind.DENSE, node.targets + node.diagonal, factors=factors, operations=node.operations)
    if node.kind is not Kind.DENSE and not (node.kind is Kind.LOCAL and before is not None and _is_phase(before)):
        return False
    for place in places:
        earlier = fused[place] if place >= 0 else None
        if earlier is None or not set(earlier.qubits) <= set(node.qubits):
            continue
        more = _small_factors(earlier, x_place)
        if more is not None and (len(places) == 1 or len(earlier.qubits) == 1):
            node = replace(node, factors=more + node.factors, operations=earlier.operations + node.operations)
            fused[place] = None
    for q in node.qubits:
        last[q] = len(fused)
    fused.append(node)
    return True


def _is_phase(node: Node) -> bool:
    return node.kind is Kind.PHASES and len(node.qubits) == 1
