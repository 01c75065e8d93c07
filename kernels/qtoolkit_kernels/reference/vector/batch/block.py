"""Twin of the block program of batches: every row by its definition, on the states of L members."""

import numpy as np

from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.reference._indices import signs
from qtoolkit_kernels.reference.vector.block import gathered, spread
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.batch import block as rows

__all__ = ["run_batch_block"]


def run_batch_block(
    states: Complex, operations: Integers, partners: Integers, permutations: Integers, registers: Reals
) -> None:
    """Run rows on states (complex128[2^num_bits, L]), in place; `registers` are [:, L], the rest as for the kernel."""
    numbers = registers.astype(np.float64)
    for row in operations:
        own = numbers[row[rows.START] :]
        apply = {
            isa.ROTATE: _rotate,
            isa.DENSE: _dense,
            isa.EXCHANGE: _exchange,
            isa.SWAP: _exchange,
            isa.PHASE: _phase,
            isa.PAULI: _pauli,
            isa.MATRIX: _matrix,
            isa.TRANSPOSE: _transpose,
        }
        opcode = int(row[rows.OPCODE])
        if opcode == isa.DIAGONAL:
            states *= _polynomial(own, partners[row[rows.SOURCE]])
        elif opcode == rows.PERMUTE:
            states[:] = states[permutations[row[rows.SOURCE]]]
        else:
            states[:] = apply[opcode](row, states, own)


def _places(states: Complex) -> Integers:
    return np.arange(states.shape[0], dtype=np.int64)


def _chosen(row: Integers, states: Complex) -> np.ndarray:
    return np.asarray(_places(states) & row[rows.MASK] == row[rows.VALUE])[:, None]


def _rotate(row: Integers, states: Complex, own: Reals) -> Complex:
    """Real rotations: all but the last by 1 and a tangent, the last by two numbers."""
    count = row[rows.COUNT]
    for k in range(count):
        keep, cross = (own[k], own[k + 1]) if k == count - 1 else (np.ones_like(own[k]), own[k])
        bit = _places(states)[:, None] >> row[rows.POSITIONS + k] & 1
        partner = states[_places(states) ^ 1 << row[rows.POSITIONS + k]]
        states = keep * states + np.where(bit == 1, cross, -cross) * partner
    return states


def _dense(row: Integers, states: Complex, own: Reals) -> Complex:
    places = _places(states)
    first, second = row[rows.POSITIONS : rows.POSITIONS + 2]
    here = (places >> second & 1) << 1 | places >> first & 1
    matrix = (own[0:32:2] + 1j * own[1:32:2]).reshape(4, 4, -1)
    image = np.zeros_like(states)
    for there in range(4):
        source = places & ~(1 << first | 1 << second) | (there & 1) << first | (there >> 1) << second
        image += matrix[here, there] * states[source]
    return image


def _exchange(row: Integers, states: Complex, _own: Reals) -> Complex:
    places = _places(states)
    first = row[rows.POSITIONS]
    differs = places ^ 1 << first
    if row[rows.OPCODE] == isa.SWAP:
        second = row[rows.POSITIONS + 1]
        unequal = (places >> first ^ places >> second) & 1
        differs = places ^ unequal << first ^ unequal << second
    return np.where(_chosen(row, states), states[differs], states)


def _matrix(row: Integers, states: Complex, own: Reals) -> Complex:
    """Entries as in `block`: rows in groups of up to four, of each group column by column."""
    places, mask = _places(states), int(row[rows.X])
    here, size = gathered(places, mask), 1 << mask.bit_count()
    together = min(4, size)
    image = np.zeros_like(states)
    for column in range(size):
        number = 2 * ((here // together * size + column) * together + here % together)
        image += (own[number] + 1j * own[number + 1]) * states[places & ~mask | spread(column, mask)]
    return np.where(_chosen(row, states), image, states)


def _transpose(row: Integers, states: Complex, _own: Reals) -> Complex:
    partners = _places(states) ^ row[rows.X]
    chosen = _chosen(row, states)
    return np.where(chosen | chosen[partners], states[partners], states)


def _phase(row: Integers, states: Complex, own: Reals) -> Complex:
    return np.where(_chosen(row, states), (own[0] + 1j * own[1]) * states, states)


def _pauli(row: Integers, states: Complex, own: Reals) -> Complex:
    places = _places(states)
    sign = signs(places, row[rows.Z])[:, None]
    factor = 1.0 if row[rows.REAL] else 1j
    turned = own[0] * states + factor * sign * own[1] * states[places ^ row[rows.X]]
    return np.where(_chosen(row, states), turned, states)


def _polynomial(own: Reals, partners: Integers) -> Complex:
    """``c · Π_i l_i^{x_i} · Π_{i<j} p_ij^{x_i x_j}``: c, then all l, then for each bit the p of its lower partners."""
    factors = own[0::2] + 1j * own[1::2] if own.shape[0] % 2 == 0 else own[0:-1:2] + 1j * own[1::2]
    num_bits = partners.size
    places = np.arange(1 << num_bits)[:, None]
    values = np.repeat(factors[:1], 1 << num_bits, axis=0)
    pair = 1 + num_bits
    for i in range(num_bits):
        values = np.where(places >> i & 1, factors[1 + i], 1) * values
        for j in range(i):
            if partners[i] >> j & 1:
                values = np.where(places >> i & places >> j & 1, factors[pair], 1) * values
                pair += 1
    return values
