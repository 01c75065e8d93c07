"""Gates of a program as nodes of the few kinds that the vector kernels know; nothing is merged yet."""

from qtoolkit_kernels import program
from qtoolkit_kernels._bits import count_bits, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    DENSE,
    DIAGONAL,
    EXCHANGE,
    EXTRA,
    KIND,
    LOCAL,
    MATRIX,
    PAULI,
    PERMUTE,
    PHASE,
    PHASES,
    SWAP,
    TABLE,
    TARGETS,
    WHOLE,
    ZEROS,
    Y,
    set_factor,
    set_node,
)
from qtoolkit_kernels.vector.numbers import (
    CONTROLLED_DIAGONAL,
    CONTROLLED_MATRIX,
    DIAGONAL_1Q,
    DIAGONAL_2Q,
    MATRIX_1Q,
    MATRIX_2Q,
    PAULI_1Q,
    PAULI_2Q,
    PHASE_1Q,
    PHASE_2Q,
)

__all__ = ["H_PLACE", "MINUS_PLACE", "MOST_NODES", "NUM_CONSTANTS", "S_PLACE", "X_PLACE", "lower"]

NUM_CONSTANTS = 13
"""Coefficients behind those of the program."""

X_PLACE, S_PLACE, H_PLACE, MINUS_PLACE = 0, 4, 8, 12
"""Where among them stand the matrix of X, the diagonals of S and of its inverse, the matrix of H, and -1."""

MOST_NODES = 4
"""That a gate becomes."""

MOST_MATRIX_TARGETS, MOST_TABLE_TARGETS, MOST_PERMUTED = 5, 14, 10
"""Gates on more qubits run on the whole state."""


@njit
def _mask_of(qubits: Integers) -> int:
    mask = 0
    for k in range(qubits.size):
        mask |= 1 << qubits[k]
    return mask


@njit
def _is_one(probes: Complex, place: int) -> bool:
    """Whether a coefficient is 1 at all parameter values, as far as two tell."""
    others = 0
    for k in range(probes.shape[0]):
        others += probes[k, place] != 1.0
    return others == 0


@njit
def _add_list(
    nodes: Integers, count: int, kind: int, factors: Integers, num_factors: int, operands: Integers, used: int,
    form: int, place: int, qubits: Integers, mask: int, value: int,
) -> None:  # fmt: skip
    """Write a node whose factor acts on a list of qubits, controls beside it; its own are its targets."""
    for k in range(qubits.size):
        operands[used + k] = qubits[k]
    set_factor(factors, num_factors, form, place, used, qubits.size)
    set_node(nodes, count, kind, _mask_of(qubits), mask, num_factors)
    nodes[count, ZEROS], nodes[count, CONTROLS] = mask & ~value, mask


@njit
def _add_exchange(nodes: Integers, count: int, target: int, controls: int, zeros: int, gates: int) -> None:
    set_node(nodes, count, EXCHANGE, 1 << target, controls, -1, gates)
    nodes[count, ZEROS], nodes[count, CONTROLS] = zeros & controls, controls


@njit
def _add_phase(
    nodes: Integers, count: int, factors: Integers, num_factors: int, place: int, qubits: Integers, mask: int,
    values: int, gates: int,
) -> None:  # fmt: skip
    """Write one phase where the targets and controls have the bits of `values`, a mask of qubits."""
    every = _mask_of(qubits) | mask
    number = count_bits(every)
    if number > 2:
        set_factor(factors, num_factors, PHASE_1Q, place, -1)
        set_node(nodes, count, PHASE, 0, every, num_factors, gates)
        nodes[count, ZEROS] = every & ~values
        return
    first = qubits[0] if qubits.size else lowest_index(every)
    if number < 2:
        set_factor(factors, num_factors, PHASE_1Q, place, first, -1, values >> first & 1)
    else:
        second = lowest_index(every & ~(1 << first))
        if qubits.size == 2:
            second = qubits[1]
        detail = (values >> first & 1) | (values >> second & 1) << 1
        set_factor(factors, num_factors, PHASE_2Q, place, first, second, detail)
    set_node(nodes, count, PHASES, 0, every, num_factors, gates)


@njit
def _add_diagonal(
    probes: Complex, nodes: Integers, count: int, factors: Integers, num_factors: int, operands: Integers, used: int,
    place: int, qubits: Integers, mask: int, value: int,
) -> int:  # fmt: skip
    """Write a diagonal gate as phases, a polynomial's term or a table; the nodes it takes, 0 if it is too large."""
    size = qubits.size
    if size > MOST_TABLE_TARGETS:
        return -1
    entries = 0
    for k in range(1 << size):
        if not _is_one(probes, place + k):
            entries += 1
    if size > 2 and entries > 1:
        _add_list(nodes, count, TABLE, factors, num_factors, operands, used, DIAGONAL_2Q, place, qubits, mask, value)
        nodes[count, DIAGONAL] |= nodes[count, TARGETS]
        nodes[count, TARGETS] = 0
        return 1
    number = size + count_bits(mask)
    if number > 2 or entries <= 1 or number == 0:
        added = 0
        for k in range(1 << size):
            if _is_one(probes, place + k):
                continue
            values = value
            for j in range(size):
                values |= (k >> j & 1) << qubits[j]
            gates = 0 if added else 1
            row = num_factors + added
            _add_phase(nodes, count + added, factors, row, place + k, qubits, mask, values, gates)
            added += 1
        return added
    if size == 2:
        set_factor(factors, num_factors, DIAGONAL_2Q, place, qubits[0], qubits[1])
    elif mask:
        control = lowest_index(mask)
        set_factor(factors, num_factors, CONTROLLED_DIAGONAL, place, qubits[0], control, value >> control & 1)
    else:
        set_factor(factors, num_factors, DIAGONAL_1Q, place, qubits[0])
    set_node(nodes, count, PHASES, 0, _mask_of(qubits) | mask, num_factors)
    return 1


@njit
def _add_rotation(
    nodes: Integers, count: int, factors: Integers, num_factors: int, place: int, x: int, z: int, mask: int, value: int
) -> None:
    """Write a rotation by a Pauli string."""
    qubits = x | z
    number = count_bits(qubits)
    if mask or number > 2 or number == 0:
        set_factor(factors, num_factors, PAULI_1Q, place, -1)
    else:
        first = lowest_index(qubits)
        detail = (x >> first & 1) | (z >> first & 1) << 1
        form, second = PAULI_1Q, -1
        if number == 2:
            form, second = PAULI_2Q, lowest_index(qubits & ~(1 << first))
            detail |= (x >> second & 1) << 2 | (z >> second & 1) << 3
        set_factor(factors, num_factors, form, place, first, second, detail)
        if not x:
            set_node(nodes, count, PHASES, 0, z, num_factors)
            return
        if number == 1:
            set_node(nodes, count, LOCAL, x, 0, num_factors)
            return
    set_node(nodes, count, PAULI, x, z & ~x | mask, num_factors)
    nodes[count, ZEROS], nodes[count, CONTROLS], nodes[count, Y] = mask & ~value, mask, x & z


@njit
def _add_permutation(
    nodes: Integers, count: int, factors: Integers, num_factors: int, operands: Integers, used: int, x_place: int,
    table: Integers, place: int, qubits: Integers, mask: int, value: int, most_targets: int,
) -> int:  # fmt: skip
    """Write a permutation as exchanges, a swap or one of many values; the nodes it takes, -1 if it is too large."""
    size = qubits.size
    if size == 1 and table[place] == 1:
        if mask:
            _add_exchange(nodes, count, qubits[0], mask, mask & ~value, 1)
        else:
            set_factor(factors, num_factors, MATRIX_1Q, x_place, qubits[0])
            set_node(nodes, count, LOCAL, 1 << qubits[0], 0, num_factors)
        return 1
    if size == 2 and table[place] == 0 and table[place + 1] == 2 and table[place + 2] == 1:
        first, second = qubits[0], qubits[1]
        if not mask:
            set_node(nodes, count, SWAP, 1 << first | 1 << second, 0)
            return 1
        _add_exchange(nodes, count, first, 1 << second, 0, 0)
        _add_exchange(nodes, count + 1, second, mask | 1 << first, mask & ~value, 1)
        _add_exchange(nodes, count + 2, first, 1 << second, 0, 0)
        return 3
    if size > MOST_PERMUTED:
        return -1
    changed = moved = 0
    for before in range(1 << size):
        changed |= before ^ table[place + before]
    for k in range(size):
        if changed >> k & 1:
            moved |= 1 << qubits[k]
    if count_bits(moved) > most_targets:
        return -1
    _add_list(nodes, count, PERMUTE, factors, num_factors, operands, used, MATRIX_2Q, place, qubits, mask, value)
    nodes[count, DIAGONAL] |= nodes[count, TARGETS] & ~moved
    nodes[count, TARGETS] = moved
    return 1


@njit
def lower(
    opcodes: Integers,
    qubits: Integers,
    qubit_start: Integers,
    control_masks: Integers,
    control_values: Integers,
    coefficient_start: Integers,
    table: Integers,
    table_start: Integers,
    probes: Complex,
    most_targets: int,
    nodes: Integers,
    factors: Integers,
    operands: Integers,
) -> tuple[int, int, int]:
    """Turn every gate into one node or a few.

    Args:
        opcodes, qubits, qubit_start, control_masks, control_values, coefficient_start, table, table_start: as of
            `qtoolkit_kernels.program`.
        probes: complex128[:, coefficients], those of the gates and `NUM_CONSTANTS` more at generic parameter values;
            entries that are 1 in all rows are taken to be always.
        most_targets: qubits that a matrix or a permutation may act on, lest they don't fit into a block.
        nodes, factors: int64[4 * gates, :], see `nodes`; receive them.
        operands: int64 of the size of `qubits`, receives the qubits of rare gates.

    Returns:
        How many nodes there are, how many factors, and a mask of the nodes' kinds.
    """
    count = num_factors = used = kinds = 0
    x_place = probes.shape[1] - NUM_CONSTANTS + X_PLACE
    for i in range(opcodes.size):
        opcode, mask, value = opcodes[i], control_masks[i], control_values[i]
        targets = qubits[qubit_start[i] : qubit_start[i + 1]]
        place, size = coefficient_start[i], targets.size
        added, is_small = 1, True
        if opcode == program.DENSE_1Q and not mask:
            set_factor(factors, num_factors, MATRIX_1Q, place, targets[0])
            set_node(nodes, count, LOCAL, 1 << targets[0], 0, num_factors)
        elif opcode == program.DENSE_1Q and mask & (mask - 1) == 0:
            control = lowest_index(mask)
            set_factor(factors, num_factors, CONTROLLED_MATRIX, place, targets[0], control, value >> control & 1)
            set_node(nodes, count, DENSE, 1 << targets[0] | mask, 0, num_factors)
        elif opcode == program.DENSE_2Q and not mask:
            set_factor(factors, num_factors, MATRIX_2Q, place, targets[0], targets[1])
            set_node(nodes, count, DENSE, 1 << targets[0] | 1 << targets[1], 0, num_factors)
        elif opcode in (program.DENSE_1Q, program.DENSE_2Q, program.DENSE_KQ):
            is_small = size <= min(most_targets, MOST_MATRIX_TARGETS)
            if is_small:
                form = MATRIX_1Q if size == 1 else MATRIX_2Q
                _add_list(nodes, count, MATRIX, factors, num_factors, operands, used, form, place, targets, mask, value)
                used += size
        elif opcode == program.DIAGONAL:
            added = _add_diagonal(
                probes, nodes, count, factors, num_factors, operands, used, place, targets, mask, value
            )
            is_small = added >= 0
            used += size if size > 2 else 0
        elif opcode == program.PERMUTATION:
            added = _add_permutation(
                nodes, count, factors, num_factors, operands, used, x_place, table, table_start[i], targets, mask,
                value, most_targets,
            )  # fmt: skip
            is_small = added >= 0
            used += size
        elif opcode == program.COMPLETE_XY:
            is_small = False
        else:
            x, z = table[table_start[i]], table[table_start[i] + 1]
            _add_rotation(nodes, count, factors, num_factors, place, x, z, mask, value)
        if not is_small:
            set_node(nodes, count, WHOLE, _mask_of(targets) | mask, 0)
            nodes[count, EXTRA] = i
            added = 1
        for k in range(count, count + added):
            kinds |= 1 << nodes[k, KIND]
        count += added
        num_factors += added
    return count, num_factors, kinds
