"""Runs of gates on one pair of qubits, as transpilers write them, as what they come to.

A run begins and ends with gates on both qubits, and nothing else touches either in between. If no parameter enters, its
4x4 matrix is known, and may be that of two one-qubit gates, or of those around one controlled phase: so CX, RZ, CX and
all else that turns by a product of Paulis becomes a phase again, CX three times a swap, CRX a phase between rotations.
Where it is neither, one matrix takes the place of the run if that costs less.

Costs are hundredths of a nanosecond for 64 bytes of a block in the cache, as `explain` predicts them.
"""

import numpy as np

from qtoolkit_kernels._bits import count_bits, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.planner.fuse import give_factors, has_factors, prepend_node
from qtoolkit_kernels.planner.matrices import multiply_factors
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    DENSE,
    DIAGONAL,
    EXCHANGE,
    FIRST,
    GATES,
    KIND,
    LOCAL,
    PHASES,
    SWAP,
    TARGETS,
    ZEROS,
    Y,
    copy_node,
    set_factor,
    set_node,
)
from qtoolkit_kernels.planner.zz_rotation import locals_and_phase
from qtoolkit_kernels.vector.numbers import DIAGONAL_1Q, MATRIX_1Q, PHASE_2Q

__all__ = [
    "CONSTANTS", "COUNTS", "FACTORS", "NODES", "RUN_COLUMNS", "RUN_CONSTANTS", "RUN_FACTORS", "RUN_NODES", "find_runs",
    "replace_runs",
]  # fmt: skip

RUN_COLUMNS = 8
PAIR, END, COUNT, COST, OUTER, IS_MATRIX, DECISION, JOINED = range(RUN_COLUMNS)
"""Of a run: its qubits, its last node, how many nodes on both qubits it has, what its nodes cost, what one-qubit gates
before it cost that a matrix would take in, whether there is a matrix, what becomes of it, and the node that holds what
has been joined so far.
"""

COUNTS = 3
NODES, FACTORS, CONSTANTS = range(COUNTS)
"""What is counted."""

RUN_NODES, RUN_FACTORS, RUN_CONSTANTS = 6, 5, 17
"""What the place of a run takes at most."""

KEEP, JOIN, REPLACE, REPLACE_SWAPPED = range(4)
"""Leave a run as it is; make it a matrix; write what it comes to, or that behind a swap."""

EXCHANGE_COST, LOCAL_COST, PHASE_COST, STRING_COST, MATRIX_COST = 30, 30, 25, 110, 120
"""Of nodes of these kinds; rotations and phases share passes over the block with others."""

JOINING_COST = 10
"""Of a one-qubit gate beside what a run comes to: it mostly becomes part of another one."""

PLAIN_COST, CARTAN_COST = MATRIX_COST, 90
"""Of a matrix instead of a run: of any, and of one among others that take Cartan's form."""

NEGLIGIBLE = 1e-15
"""Entries of one-qubit gates below this are rounding."""


@njit
def _cost_of(row: Integers) -> int:
    """What a node of a run costs by itself."""
    if row[KIND] == EXCHANGE:
        return EXCHANGE_COST
    if row[KIND] == LOCAL:
        return LOCAL_COST
    if row[KIND] == PHASES:
        return PHASE_COST if count_bits(row[DIAGONAL]) == 2 else 0
    return MATRIX_COST if row[KIND] == DENSE else STRING_COST


@njit
def find_runs(nodes: Integers, factors: Integers, run_of: Integers, runs: Integers) -> tuple[int, int]:
    """Find the runs of a list of nodes.

    Args:
        nodes: int64[n, 10], in time order.
        factors: int64[:, 6].
        run_of: int64[n], receives the run that each node belongs to if it stands no later than that run's end, else -1.
        runs: int64[n, 8], receives the runs.

    Returns:
        How many there are, and how many of them may be replaced.
    """
    is_open = np.full(64, -1, np.int64)
    before = np.zeros(64, np.int64)
    count = 0
    for k in range(nodes.shape[0]):
        row = nodes[k]
        qubits = row[TARGETS] | row[DIAGONAL]
        number = count_bits(qubits)
        low = lowest_index(qubits)
        high = lowest_index(qubits & (qubits - 1)) if number == 2 else low
        run = is_open[low] if number else -1
        run_of[k] = -1
        is_small = number <= 2 and number > 0 and has_factors(row, factors)
        if number == 2 and is_small:
            if run < 0 or run != is_open[high]:
                run = is_open[low] = is_open[high] = count
                runs[run, PAIR], runs[run, COUNT], runs[run, IS_MATRIX] = qubits, 0, 0
                runs[run, COST], runs[run, OUTER] = 0, before[low] + before[high]
                count += 1
            else:
                runs[run, COST] += before[low] + before[high]
            before[low] = before[high] = 0
            runs[run, COST] += _cost_of(row)
            runs[run, COUNT] += 1
            runs[run, END] = k
            runs[run, IS_MATRIX] |= row[KIND] == DENSE
            run_of[k] = run
        elif number == 1 and is_small:
            before[low] += _cost_of(row)
            run_of[k] = run
        else:
            while qubits:
                low = lowest_index(qubits)
                is_open[low], before[low] = -1, 0
                qubits &= qubits - 1
    for k in range(nodes.shape[0]):
        if run_of[k] >= 0 and k > runs[run_of[k], END]:
            run_of[k] = -1
    candidates = 0
    for run in range(count):
        is_long = runs[run, COUNT] > 1 or runs[run, IS_MATRIX]
        runs[run, DECISION], runs[run, JOINED] = JOIN if is_long else KEEP, -1
        candidates += is_long
    return count, candidates


@njit
def _multiply_runs(
    nodes: Integers,
    factors: Integers,
    probe: Complex,
    run_of: Integers,
    runs: Integers,
    matrices: Complex,
    work: Complex,
) -> None:
    """Multiply the nodes of every run that may be replaced into its matrix."""
    for run in range(matrices.shape[0]):
        for j in range(16):
            matrices[run, j] = 1.0 if j % 5 == 0 else 0.0
    for k in range(nodes.shape[0]):
        run = run_of[k]
        if run >= 0 and runs[run, DECISION] != KEEP:
            low = lowest_index(runs[run, PAIR])
            multiply_factors(probe, factors, nodes[k, FIRST], low, matrices[run], work)


@njit
def _is_diagonal(parts: Complex, place: int) -> bool:
    is_diagonal: bool = abs(parts[place + 1]) <= NEGLIGIBLE and abs(parts[place + 2]) <= NEGLIGIBLE
    return is_diagonal


@njit
def _locals_cost(parts: Complex) -> int:
    cost = PHASE_COST
    for number in range(4):
        cost += 0 if _is_diagonal(parts, 4 * number) else JOINING_COST
    return cost


@njit
def _is_dear(run: Integers, matrix_cost: int) -> bool:
    """Whether a matrix, which would take in the gates before, costs less than a run that has none."""
    is_dear: bool = run[COST] + run[OUTER] > matrix_cost and run[IS_MATRIX] == 0
    return is_dear


@njit
def _decide(run: Integers, matrix: Complex, parts: Complex, work: Complex, matrix_cost: int) -> int:
    """What becomes of a run with a known matrix, and if it is replaced, by which gates."""
    swapped = work[3]
    for j in range(16):
        swapped[j] = matrix[(j & 12) | (j & 1) << 1 | (j & 2) >> 1]
    if locals_and_phase(matrix, parts):
        return REPLACE if _locals_cost(parts) < run[COST] else KEEP
    if locals_and_phase(swapped, parts):
        return REPLACE_SWAPPED if _locals_cost(parts) + EXCHANGE_COST < run[COST] else KEEP
    return JOIN if _is_dear(run, matrix_cost) else KEEP


@njit
def _add_local(
    out: Integers, factors: Integers, constants: Complex, counts: Integers, first_place: int, qubit: int,
    parts: Complex, place: int,
) -> None:  # fmt: skip
    """Write a one-qubit gate, as a phase where it is diagonal, unless it is the identity."""
    a, d = parts[place], parts[place + 3]
    is_diagonal = _is_diagonal(parts, place)
    if is_diagonal and abs(a - 1.0) <= NEGLIGIBLE and abs(d - 1.0) <= NEGLIGIBLE:
        return
    count, row, used = counts[NODES], counts[FACTORS], counts[CONSTANTS]
    if is_diagonal:
        constants[used], constants[used + 1] = a, d
        set_factor(factors, row, DIAGONAL_1Q, first_place + used, qubit)
        set_node(out, count, PHASES, 0, 1 << qubit, row, 0)
        counts[CONSTANTS] += 2
    else:
        for j in range(4):
            constants[used + j] = parts[place + j]
        set_factor(factors, row, MATRIX_1Q, first_place + used, qubit)
        set_node(out, count, LOCAL, 1 << qubit, 0, row, 0)
        counts[CONSTANTS] += 4
    counts[NODES] += 1
    counts[FACTORS] += 1


@njit
def _add_gates(
    out: Integers, factors: Integers, constants: Complex, counts: Integers, first_place: int, pair: int, parts: Complex
) -> None:
    """Write ``(A1 ⊗ A0) exp(-iφ ZZ) (B1 ⊗ B0)`` with a controlled phase, whose other phases go into A."""
    low, high = lowest_index(pair), lowest_index(pair & (pair - 1))
    phi = parts[16].real
    if phi != 0.0:
        _add_local(out, factors, constants, counts, first_place, low, parts, 8)
        _add_local(out, factors, constants, counts, first_place, high, parts, 12)
        row, used = counts[FACTORS], counts[CONSTANTS]
        constants[used] = complex(np.cos(4 * phi), -np.sin(4 * phi))
        set_factor(factors, row, PHASE_2Q, first_place + used, low, high, 3)
        set_node(out, counts[NODES], PHASES, 0, pair, row, 0)
        counts[NODES], counts[FACTORS], counts[CONSTANTS] = counts[NODES] + 1, row + 1, used + 1
        # exp(-iφ ZZ) is exp(-iφ) times a phase of 2φ on each qubit and this one on both.
        turn, common = complex(np.cos(2 * phi), np.sin(2 * phi)), complex(np.cos(phi), -np.sin(phi))
        for place in (0, 4):
            for j in range(4):
                factor = turn if j & 1 else 1.0 + 0.0j
                parts[place + j] *= factor * (common if place else 1.0)
    _add_local(out, factors, constants, counts, first_place, low, parts, 0)
    _add_local(out, factors, constants, counts, first_place, high, parts, 4)


@njit
def replace_runs(
    nodes: Integers,
    factors: Integers,
    num_factors: int,
    probes: Complex,
    x_place: int,
    matrix_cost: int,
    joins_parameters: bool,
    run_of: Integers,
    runs: Integers,
    out: Integers,
    constants: Complex,
    counts: Integers,
) -> int:
    """Write nodes in which runs are replaced by what they come to, where that costs less.

    Args:
        nodes: int64[n, 10], in time order.
        factors: int64[:, 6], with room for one more for each node and `RUN_FACTORS` for each run.
        num_factors: how many there are.
        probes: complex128[:, coefficients], at generic parameter values.
        x_place: where the matrix of X stands among the coefficients.
        matrix_cost: of a matrix in place of a run.
        joins_parameters: whether a run that parameters enter may become a matrix.
        run_of, runs: what `find_runs` wrote, all runs.
        out: int64[:, 10], receives the nodes; it has `RUN_NODES` more rows for each run.
        constants: complex128[:], receives coefficients that stand behind those of `probes`; `RUN_CONSTANTS` for each
            run.
        counts: int64[3], receives how many nodes, factors and constants there are.

    Returns:
        How many runs were replaced; where it is 0 no node is written.
    """
    counts[NODES], counts[FACTORS], counts[CONSTANTS] = 0, num_factors, 0
    for k in range(nodes.shape[0]):
        if run_of[k] >= 0 and runs[run_of[k], DECISION] != KEEP:
            counts[FACTORS] = give_factors(nodes[k], factors, counts[FACTORS], x_place)
    work, parts = np.empty((4, 16), np.complex128), np.empty((runs.shape[0], 17), np.complex128)
    matrices = np.empty((probes.shape[0], runs.shape[0], 16), np.complex128)
    for probe in range(probes.shape[0]):
        _multiply_runs(nodes, factors, probes[probe], run_of, runs, matrices[probe], work)
    replaced = 0
    for r in range(runs.shape[0]):
        if runs[r, DECISION] == KEEP:
            continue
        is_constant = True
        for probe in range(1, probes.shape[0]):
            for j in range(16):
                is_constant = is_constant and abs(matrices[probe, r, j] - matrices[0, r, j]) <= NEGLIGIBLE
        if is_constant:
            runs[r, DECISION] = _decide(runs[r], matrices[0, r], parts[r], work, matrix_cost)
        else:
            runs[r, DECISION] = JOIN if joins_parameters and _is_dear(runs[r], matrix_cost) else KEEP
        replaced += runs[r, DECISION] != KEEP
    if replaced == 0:
        return 0
    for k in range(nodes.shape[0]):
        run = run_of[k]
        decision = runs[run, DECISION] if run >= 0 else KEEP
        if decision != KEEP:
            _join(nodes, k, factors, runs[run])
            if k < runs[run, END]:
                continue
        if decision in (KEEP, JOIN):
            copy_node(nodes[k], out[counts[NODES]])
            counts[NODES] += 1
            continue
        if decision == REPLACE_SWAPPED:
            set_node(out, counts[NODES], SWAP, runs[run, PAIR], 0, -1, 0)
            counts[NODES] += 1
        first = counts[NODES]
        _add_gates(out, factors, constants, counts, probes.shape[1], runs[run, PAIR], parts[run])
        if counts[NODES] > first:
            out[first, GATES] = nodes[k, GATES]
    return replaced


@njit
def _join(nodes: Integers, k: int, factors: Integers, run: Integers) -> None:
    """Let a node of a run be all of the run up to it, as a matrix."""
    row = nodes[k]
    if run[JOINED] >= 0:
        prepend_node(row, nodes[run[JOINED]], factors)
    row[KIND], row[TARGETS], row[DIAGONAL] = DENSE, run[PAIR], 0
    row[ZEROS] = row[CONTROLS] = row[Y] = 0
    run[JOINED] = k
