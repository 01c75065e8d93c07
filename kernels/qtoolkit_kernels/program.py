"""The boundary to the layers above: a plan of arrays in, a state changed in place.

A program is a list of operations held as flat arrays, entry i for operation i:

- `opcodes` int64[n_ops], one of the constants below;
- `qubits` int64[:], targets of operation i in `qubits[qubit_start[i]:qubit_start[i + 1]]`;
- `control_masks`, `control_values` int64[n_ops]: only amplitudes with `index & mask == value` are touched;
- `coefficients` (the state's dtype) and `table` int64, cut by `coefficient_start` and `table_start` in the same way.

| opcode | targets | coefficients | table |
|---|---|---|---|
| DENSE_1Q, DENSE_2Q, DENSE_KQ | 1, 2, any k >= 1 | matrix, row-major, 4^k | |
| DIAGONAL | any k >= 0 | 2^k entries | |
| PERMUTATION | any k >= 1 | | 2^k images |
| PAULI_ROTATION | | cos(θ/2), sin(θ/2) | x mask, z mask |

Every `*_start` array has n_ops + 1 entries. Operations `first <= i < last` are run.
"""

import numpy as np

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.dense import TILE, apply_1q, apply_2q, apply_kq
from qtoolkit_kernels.diagonal import apply_diagonal
from qtoolkit_kernels.pauli import apply_pauli_rotation
from qtoolkit_kernels.permutation import apply_permutation
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks

__all__ = [
    "DENSE_1Q",
    "DENSE_2Q",
    "DENSE_KQ",
    "DIAGONAL",
    "PERMUTATION",
    "PAULI_ROTATION",
    "run_operation",
    "run_program",
]

DENSE_1Q, DENSE_2Q, DENSE_KQ, DIAGONAL, PERMUTATION, PAULI_ROTATION = range(6)

PORTION = 1 << 13
"""Work items that a thread claims at a time."""

PORTION_PRODUCTS = 1 << 24
"""Products of complex numbers that it claims at most, if that leaves whole tiles."""


@njit
def _count_items(size: int, opcode: int, num_targets: int, x_mask: int, control_mask: int) -> int:
    """Return how many work items an operation has on a state of `size` amplitudes."""
    fixed = count_bits(control_mask)
    if opcode == PAULI_ROTATION:
        fixed += x_mask != 0
    elif opcode != DIAGONAL:
        fixed += num_targets
    return size >> fixed


@njit
def _apply_operation(
    state: Complex,
    opcode: int,
    targets: Integers,
    control_mask: int,
    control_value: int,
    coefficients: Complex,
    table: Integers,
    start: int,
    stop: int,
) -> None:
    """Run one operation for the work items `start <= item < stop`."""
    if opcode == DENSE_1Q:
        apply_1q(state, coefficients, targets[0], control_mask, control_value, start, stop)
    elif opcode == DENSE_2Q:
        apply_2q(state, coefficients, targets[0], targets[1], control_mask, control_value, start, stop)
    elif opcode == DIAGONAL:
        apply_diagonal(state, targets, coefficients, control_mask, control_value, start, stop)
    elif opcode == PERMUTATION:
        apply_permutation(state, targets, table, control_mask, control_value, start, stop)
    elif opcode == PAULI_ROTATION:
        apply_pauli_rotation(
            state,
            table[0],
            table[1],
            coefficients[0].real,
            coefficients[1].real,
            control_mask,
            control_value,
            start,
            stop,
        )
    else:
        apply_kq(state, coefficients, targets, control_mask, control_value, start, stop)


@njit
def run_program(
    state: Complex,
    opcodes: Integers,
    qubits: Integers,
    qubit_start: Integers,
    control_masks: Integers,
    control_values: Integers,
    coefficients: Complex,
    coefficient_start: Integers,
    table: Integers,
    table_start: Integers,
    first: int,
    last: int,
) -> None:
    """Run operations `first <= i < last` on `state` (2^n complex amplitudes) in place, on the calling thread."""
    # A literal zero has a type of its own, for which numba would compile every kernel a second time.
    start = int(np.int64(0))
    for i in range(first, last):
        targets = qubits[qubit_start[i] : qubit_start[i + 1]]
        images = table[table_start[i] : table_start[i + 1]]
        x_mask = images[0] if opcodes[i] == PAULI_ROTATION else 0
        items = _count_items(state.size, opcodes[i], targets.size, x_mask, control_masks[i])
        _apply_operation(
            state,
            opcodes[i],
            targets,
            control_masks[i],
            control_values[i],
            coefficients[coefficient_start[i] : coefficient_start[i + 1]],
            images,
            start,
            items,
        )


@njit
def run_operation(
    state: Complex,
    opcodes: Integers,
    qubits: Integers,
    qubit_start: Integers,
    control_masks: Integers,
    control_values: Integers,
    coefficients: Complex,
    coefficient_start: Integers,
    table: Integers,
    table_start: Integers,
    i: int,
    turns: Integers,
    _thread: int,
) -> None:
    """Run operation `i` as one of several threads, which claim its work items in portions; `turns` are two zeros."""
    targets = qubits[qubit_start[i] : qubit_start[i + 1]]
    images = table[table_start[i] : table_start[i + 1]]
    x_mask = images[0] if opcodes[i] == PAULI_ROTATION else 0
    items = _count_items(state.size, opcodes[i], targets.size, x_mask, control_masks[i])
    portion_items = PORTION
    if opcodes[i] == DENSE_KQ:
        portion_items = max(TILE, min(PORTION, PORTION_PRODUCTS >> 2 * targets.size))
    portions = (items + portion_items - 1) // portion_items
    while True:
        portion = claim_block(turns)
        if portion >= portions:
            break
        _apply_operation(
            state,
            opcodes[i],
            targets,
            control_masks[i],
            control_values[i],
            coefficients[coefficient_start[i] : coefficient_start[i + 1]],
            images,
            portion * portion_items,
            min((portion + 1) * portion_items, items),
        )
        finish_block(turns)
    wait_for_blocks(turns, portions)
