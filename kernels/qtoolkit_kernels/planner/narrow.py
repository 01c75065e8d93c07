"""Pauli strings with more X and Y than a block holds."""

from qtoolkit_kernels._bits import count_bits, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    EXCHANGE,
    FIRST,
    KIND,
    LAST,
    PAULI,
    PHASES,
    PLACE,
    TARGETS,
    Y,
    copy_node,
    set_factor,
    set_node,
)
from qtoolkit_kernels.vector.numbers import DIAGONAL_1Q, PAULI_1Q

__all__ = ["narrow_strings"]


@njit
def _excess(row: Integers, chunk_bits: int, room: int) -> int:
    """The flipped qubits that a block has no room for."""
    if row[KIND] != PAULI:
        return 0
    high = row[TARGETS] >> chunk_bits << chunk_bits
    for _ in range(room):
        high &= high - 1
    excess: int = high
    return excess


@njit
def _add_phases(
    out: Integers, count: int, factors: Integers, num_factors: int, qubits: int, place: int
) -> tuple[int, int]:
    while qubits:
        bit = qubits & -qubits
        set_factor(factors, num_factors, DIAGONAL_1Q, place, lowest_index(bit))
        set_node(out, count, PHASES, 0, bit, num_factors, 0)
        count += 1
        num_factors += 1
        qubits ^= bit
    return count, num_factors


@njit
def _add_ladder(out: Integers, count: int, qubits: int, control: int) -> int:
    while qubits:
        bit = qubits & -qubits
        set_node(out, count, EXCHANGE, bit, control, -1, 0)
        out[count, CONTROLS] = control
        count += 1
        qubits ^= bit
    return count


@njit
def narrow_strings(
    nodes: Integers, factors: Integers, num_factors: int, chunk_bits: int, block_bits: int, s_place: int, out: Integers
) -> tuple[int, int]:
    """Shorten strings by ``X⊗X = CX (X⊗1) CX`` until the qubits they flip fit into a block.

    Args:
        nodes: int64[:, 10], in time order.
        factors: int64[:, 6], changed, with room for one more for each node that is added.
        num_factors: how many there are.
        chunk_bits, block_bits: of the layout.
        s_place: where the diagonals of S and of its inverse stand among the coefficients.
        out: receives the nodes, as many as there is room for.

    Returns:
        How many nodes there are, and how many factors; nothing but the numbers is right if there is no room.
    """
    count, room = 0, block_bits - chunk_bits
    for k in range(nodes.shape[0]):
        row = nodes[k]
        excess = _excess(row, chunk_bits, room)
        needed = 2 * count_bits(excess) + 2 * count_bits(row[Y] & excess) + 1
        if count + needed > out.shape[0]:
            count += needed
            num_factors += needed
            continue
        turned = row[Y] & excess
        kept = row[TARGETS] & ~excess
        control = kept & -kept
        if excess:
            count, num_factors = _add_phases(out, count, factors, num_factors, turned, s_place + 2)
            count = _add_ladder(out, count, excess, control)
        copy_node(row, out[count])
        if excess:
            factor = factors[row[FIRST]]
            set_factor(factors, num_factors, PAULI_1Q, factor[PLACE], -1)
            out[count, TARGETS], out[count, Y] = kept, row[Y] & ~excess
            out[count, FIRST] = out[count, LAST] = num_factors
            num_factors += 1
            count = _add_ladder(out, count + 1, excess, control)
            count, num_factors = _add_phases(out, count, factors, num_factors, turned, s_place)
        else:
            count += 1
    return count, num_factors
