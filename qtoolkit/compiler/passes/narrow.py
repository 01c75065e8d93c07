"""Pauli strings with more X and Y than a block holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Factor, Form, Kind, Node

__all__ = ["narrow_strings"]


def narrow_strings(nodes: Iterable[Node], layout: Layout, s_place: int) -> list[Node]:
    """Shorten strings by ``X⊗X = CX (X⊗1) CX`` until the qubits they flip fit into a block.

    Args:
        nodes: in time order.
        layout: the blocks.
        s_place: where the diagonals of S and of its inverse stand among the coefficients.
    """
    narrow: list[Node] = []
    room = layout.block_bits - layout.chunk_bits
    for node in nodes:
        high = [q for q in node.targets if q >= layout.chunk_bits]
        if node.kind is Kind.PAULI and len(high) > room:
            narrow += _shortened(node, high[room:], s_place)
        else:
            narrow.append(node)
    return narrow


def _shortened(node: Node, excess: list[int], s_place: int) -> list[Node]:
    kept = tuple(q for q in node.targets if q not in excess)
    ladder = [Node(Kind.EXCHANGE, (q,), (kept[0],), controls=(kept[0],), operations=0) for q in excess]
    turned = [q for q in node.y if q in excess]
    shorter = replace(
        node,
        targets=kept,
        factors=[node.factors[0]._replace(form=Form.PAULI_1Q, qubits=())],
        y=tuple(q for q in node.y if q in kept),
    )
    return [*_phases(turned, s_place + 2), *ladder, shorter, *ladder, *_phases(turned, s_place)]


def _phases(qubits: list[int], place: int) -> list[Node]:
    factor = Factor(Form.DIAGONAL_1Q, place, ())
    return [Node(Kind.PHASES, diagonal=(q,), factors=[factor._replace(qubits=(q,))], operations=0) for q in qubits]
