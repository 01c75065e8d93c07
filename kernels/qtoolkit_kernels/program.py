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
| COMPLETE_XY | any k >= 2 | cos(θ/2), sin(θ/2) | |

Sweeps run all that is small; what is too wide for them is run here, which no PAULI_ROTATION is.
Every `*_start` array has n_ops + 1 entries. Operations `first <= i < last` are run.
"""

import numpy as np

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.dense import TILE, apply_kq
from qtoolkit_kernels.diagonal import apply_diagonal
from qtoolkit_kernels.exchange import apply_complete_xy
from qtoolkit_kernels.permutation import apply_permutation
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks

__all__ = [
    "DENSE_1Q",
    "DENSE_2Q",
    "DENSE_KQ",
    "DIAGONAL",
    "PERMUTATION",
    "PAULI_ROTATION",
    "COMPLETE_XY",
    "run_operation",
    "run_program",
]

DENSE_1Q, DENSE_2Q, DENSE_KQ, DIAGONAL, PERMUTATION, PAULI_ROTATION, COMPLETE_XY = range(7)

PORTION = 1 << 13
"""Work items that a thread claims at a time."""

PORTION_PRODUCTS = 1 << 24
"""Products of complex numbers that it claims at most, if that leaves whole tiles."""


@njit
def _count_items(size: int, opcode: int, num_targets: int, control_mask: int) -> int:
    """Return how many work items an operation has on a state of `size` amplitudes."""
    return size >> count_bits(control_mask) + (0 if opcode == DIAGONAL else num_targets)


@njit
def _apply_operation(
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
    start: int,
    stop: int,
) -> None:
    """Run operation `i` for the work items `start <= item < stop`."""
    targets = qubits[qubit_start[i] : qubit_start[i + 1]]
    entries = coefficients[coefficient_start[i] : coefficient_start[i + 1]]
    mask, value = control_masks[i], control_values[i]
    if opcodes[i] == DIAGONAL:
        apply_diagonal(state, targets, entries, mask, value, start, stop)
    elif opcodes[i] == PERMUTATION:
        apply_permutation(state, targets, table[table_start[i] : table_start[i + 1]], mask, value, start, stop)
    elif opcodes[i] == COMPLETE_XY:
        apply_complete_xy(state, targets, entries[0].real, entries[1].real, mask, value, start, stop)
    else:
        apply_kq(state, entries, targets, mask, value, start, stop)


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
        items = _count_items(state.size, opcodes[i], qubit_start[i + 1] - qubit_start[i], control_masks[i])
        _apply_operation(
            state, opcodes, qubits, qubit_start, control_masks, control_values, coefficients, coefficient_start, table,
            table_start, i, start, items,
        )  # fmt: skip


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
    num_targets = qubit_start[i + 1] - qubit_start[i]
    items = _count_items(state.size, opcodes[i], num_targets, control_masks[i])
    portion_items = PORTION
    if opcodes[i] <= DENSE_KQ:
        portion_items = max(TILE, min(PORTION, PORTION_PRODUCTS >> 2 * num_targets))
    portions = (items + portion_items - 1) // portion_items
    while True:
        portion = claim_block(turns)
        if portion >= portions:
            break
        start = portion * portion_items
        _apply_operation(
            state, opcodes, qubits, qubit_start, control_masks, control_values, coefficients, coefficient_start, table,
            table_start, i, start, min(start + portion_items, items),
        )  # fmt: skip
        finish_block(turns)
    wait_for_blocks(turns, portions)
