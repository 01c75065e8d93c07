"""Diagonal one-qubit gates, moved to what is not diagonal in their qubit.

They commute with controls, phases and Z, so all that stand on a qubit between two gates that are not diagonal in it
join, and become part of the second one if that is a small matrix. Those that come to the identity vanish: so what
transpilers write for a controlled phase is one, and nothing beside it. Products of other gates may be diagonal as well.
"""

import numpy as np

from qtoolkit_kernels._bits import lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.planner.fuse import append_node, prepend_node
from qtoolkit_kernels.planner.nodes import (
    DENSE,
    DIAGONAL,
    FIRST,
    KIND,
    LAST,
    LOCAL,
    PHASES,
    TARGETS,
    copy_node,
    set_factor,
)
from qtoolkit_kernels.planner.split import multiply_factors
from qtoolkit_kernels.vector.numbers import DIAGONAL_1Q

__all__ = ["gather_phases"]

NEGLIGIBLE = 2e-15
"""Entries of one-qubit gates below this are rounding."""


@njit
def _release(nodes: Integers, waiting: Integers, qubit: int, out: Integers, count: int) -> int:
    """Write what waits on a qubit: several factors are a product."""
    number = waiting[qubit]
    waiting[qubit] = -1
    row = out[count]
    copy_node(nodes[number], row)
    if row[FIRST] != row[LAST]:
        row[KIND], row[TARGETS], row[DIAGONAL] = LOCAL, 1 << qubit, 0
    return count + 1


@njit
def _write_diagonal(
    row: Integers, factors: Integers, num_factors: int, probes: Complex, constants: Complex, used: int, work: Complex
) -> bool:
    """Write a product that no parameter changes as one factor, if it is diagonal."""
    for probe in range(probes.shape[0]):
        multiply_factors(factors, row[FIRST], probes[probe], work[:4], work[4:])
        if abs(work[5]) > NEGLIGIBLE or abs(work[6]) > NEGLIGIBLE:
            return False
        a, d = work[4], work[7]
        if probe and (abs(a - constants[used]) > NEGLIGIBLE or abs(d - constants[used + 1]) > NEGLIGIBLE):
            return False
        constants[used], constants[used + 1] = a / abs(a), d / abs(d)
    set_factor(factors, num_factors, DIAGONAL_1Q, probes.shape[1] + used, lowest_index(row[TARGETS]))
    row[KIND], row[TARGETS], row[DIAGONAL] = PHASES, 0, row[TARGETS]
    row[FIRST] = row[LAST] = num_factors
    return True


@njit
def gather_phases(
    nodes: Integers, factors: Integers, num_factors: int, probes: Complex, out: Integers, constants: Complex
) -> tuple[int, int, int]:
    """Move diagonal one-qubit gates.

    Args:
        nodes: int64[n, 10], in time order; changed.
        factors: int64[:, 6], changed, with room for one more for each node.
        num_factors: how many there are.
        probes: complex128[:, coefficients], at generic parameter values.
        out: int64[n, 10], receives the nodes.
        constants: complex128[2 n + 2], receives coefficients that stand behind those of `probes`.

    Returns:
        How many nodes, factors and constants there are.
    """
    waiting = np.full(64, -1, np.int64)
    work = np.empty(8, np.complex128)
    count = held = used = 0
    for k in range(nodes.shape[0]):
        row = nodes[k]
        is_product = row[KIND] == LOCAL and row[FIRST] != row[LAST]
        if is_product and _write_diagonal(row, factors, num_factors, probes, constants, used, work):
            num_factors, used = num_factors + 1, used + 2
        qubits = row[DIAGONAL]
        if row[KIND] == PHASES and qubits & (qubits - 1) == 0:
            qubit = lowest_index(qubits)
            if waiting[qubit] >= 0:
                append_node(nodes[waiting[qubit]], row, factors)
            else:
                waiting[qubit] = k
                held |= qubits
            continue
        stopped = held & row[TARGETS]
        held ^= stopped
        while stopped:
            qubit = lowest_index(stopped)
            stopped &= stopped - 1
            if row[KIND] == LOCAL or row[KIND] == DENSE:
                prepend_node(row, nodes[waiting[qubit]], factors)
                waiting[qubit] = -1
            else:
                count = _release(nodes, waiting, qubit, out, count)
        copy_node(row, out[count])
        count += 1
    while held:
        qubit = lowest_index(held)
        held &= held - 1
        count = _release(nodes, waiting, qubit, out, count)
    return count, num_factors, used
