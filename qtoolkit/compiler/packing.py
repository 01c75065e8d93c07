"""Merged sweeps as the arrays of a `SweepPart`, of the right sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.sweep_plan import SweepPart
from qtoolkit_kernels.planner import pack
from qtoolkit_kernels.planner import pack_room as room
from qtoolkit_kernels.planner.pack_rare import add_rare_nodes
from qtoolkit_kernels.vector.plan import Formulas

__all__ = ["Merged", "packed"]

IntArray = NDArray[np.int64]

LEAST_REGISTERS = 1024
"""More than any operation needs whose registers hold constants."""

MOST_SPARE = 1 << 12
"""Numbers that arrays may keep in memory beside their own."""


class Merged(NamedTuple):
    """Sweeps of actions, as `reach.merge_sweeps` writes them, apart from how many actions there are."""

    actions: IntArray
    action_start: IntArray
    members: IntArray
    bits: IntArray
    unreached: IntArray
    gates: IntArray


def packed(
    nodes: IntArray,
    factors: IntArray,
    operands: IntArray,
    forms: NDArray[np.float64],
    tables: IntArray,
    merged: Merged,
    products: IntArray,
    constants: NDArray[np.complex128],
    *,
    layout: Layout,
    forward_only: bool,
    call: Callable[..., Any],
) -> SweepPart:
    """Encode sweeps; all arrays are parts of one, but for the registers.

    Args:
        nodes, factors, operands, forms, tables: see `qtoolkit_kernels.planner.nodes`.
        merged: the sweeps.
        products: see `qtoolkit_kernels.planner.split`.
        constants: of the part.
        layout: of the part.
        forward_only: whether there may be operations that cannot be taken back: stages of Fourier transforms two by
            two, exchanges together.
        call: runs a kernel with arguments.
    """
    actions, action_start, members, bits, unreached, gates = merged
    num_sweeps, num_bits = bits.shape
    counts = np.empty(room.NUM_TABLES, np.int64)
    sizes = num_sweeps, num_bits, len(actions), len(members), len(factors), len(products)
    size = call(room.choose_rooms, *sizes, pack.MOST_ROWS, counts)
    num_registers = LEAST_REGISTERS + (len(actions) << max(5, layout.lane_bits + 2))
    lane_bits, butterflies = layout.lane_bits, layout.has_room_for_butterflies
    own = lane_bits, layout.block_bits, layout.low_bits, butterflies, forward_only
    given = nodes, factors, forms, actions, action_start, members, bits, unreached, gates, products
    has_room = False
    while not has_room:
        heap, registers = np.empty(size, np.int64), np.zeros(max(num_registers, LEAST_REGISTERS))
        call(room.begin_tables, heap, counts, num_bits, *own, registers.size)
        while call(pack.pack_sweeps, *given, heap, registers) == pack.IS_RARE:
            last = int(action_start[int(heap[room.SWEEP]) + 1])
            most_rows = int(heap[room.SWEEP_START]) + pack.MOST_ROWS
            rare = heap, registers, nodes, factors, operands, tables, actions, members, last, most_rows
            call(add_rare_nodes, *rare)
        size, has_room, num_registers, most_diagonals = call(room.close_tables, heap, counts)
    data, registers = heap[room.HEADER : size], registers[: max(num_registers, 1 << lane_bits)]
    if heap.size - data.size > MOST_SPARE:
        data, registers = data.copy(), registers.copy()
    found, start = [], 0
    for count, width in zip(counts.tolist(), (num_bits, *room.WIDTHS[1:]), strict=True):
        end = start + count * width
        found.append(data[start:end] if width == 1 else data[start:end].reshape(count, width))
        start = end
    return SweepPart(
        layout=layout,
        bits=found[room.BITS],
        operation_start=found[room.OPERATION_START],
        operations=found[room.OPERATIONS],
        registers=registers,
        formulas=Formulas(
            product_start=found[room.PRODUCT_START],
            product_factors=found[room.PRODUCT_FACTORS],
            dense_start=found[room.DENSE_START],
            dense_factors=found[room.DENSE_FACTORS],
            terms=found[room.TERMS],
            sets=found[room.SETS],
            members=found[room.MEMBERS],
            writes=found[room.WRITES],
            string_places=found[room.STRING_PLACES],
        ),
        controls=found[room.CONTROLS],
        strings=found[room.STRINGS],
        constants=constants,
        most_diagonals=most_diagonals,
        gates=found[room.GATES],
    )
