"""Controlled X gates as controlled signs, where the Hadamard gates around them become part of other gates.

A CX is diagonal in its control alone, a CZ in both qubits: phases pass it on either side, no sweep has to hold its
qubits, and it costs less. Transpilers write CX where a circuit had CZ and leave the Hadamard gates, ``CX = H CZ H`` on
the target, in the one-qubit gates beside it; this takes them back out. Between two CX onto one target they cancel.

Exchanges that follow one another share a pass over the block, so those beside one that stays do so too.
"""

import numpy as np

from qtoolkit_kernels._bits import lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    DENSE,
    DIAGONAL,
    EXCHANGE,
    FIRST,
    GATES,
    KIND,
    LAST,
    LOCAL,
    NEXT,
    PHASES,
    TARGETS,
    ZEROS,
    set_factor,
    set_node,
)
from qtoolkit_kernels.vector.numbers import MATRIX_1Q, PHASE_2Q

__all__ = ["SIGN_FACTORS", "exchanges_to_signs"]

SIGN_FACTORS = 3
"""That an exchange may add."""

RUN_COLUMNS = 3
OPENER, CLOSER, TARGET = range(RUN_COLUMNS)
"""Of CX onto one target with nothing on it between them: the nodes before and behind that can take in one-qubit gates,
-1 where there is none or the run must stay, and the qubit."""


@njit
def _find_runs(nodes: Integers, run_of: Integers, runs: Integers) -> int:
    """Write the run that each CX belongs to, -1 for other nodes, and the runs; returns their number."""
    # Of each qubit: the small matrix that was there last, if only CX onto the qubit followed, and the run of these.
    opener, run = np.full(64, -1, np.int64), np.full(64, -1, np.int64)
    count = 0
    for k in range(nodes.shape[0]):
        targets, rest = nodes[k, TARGETS], nodes[k, DIAGONAL]
        is_small = nodes[k, KIND] == LOCAL or nodes[k, KIND] == DENSE
        is_single = nodes[k, KIND] == EXCHANGE and rest != 0 and rest & (rest - 1) == 0
        run_of[k] = -1
        while rest:
            qubit = lowest_index(rest)
            rest &= rest - 1
            opener[qubit] = run[qubit] = -1
        while targets:
            qubit = lowest_index(targets)
            targets &= targets - 1
            if is_single and opener[qubit] >= 0:
                if run[qubit] < 0:
                    run[qubit] = count
                    runs[count, OPENER], runs[count, CLOSER], runs[count, TARGET] = opener[qubit], -1, qubit
                    count += 1
                run_of[k] = run[qubit]
                continue
            if is_small and run[qubit] >= 0:
                runs[run[qubit], CLOSER] = k
            opener[qubit], run[qubit] = k if is_small else -1, -1
    return count


@njit
def _can_turn(k: int, run_of: Integers, runs: Integers) -> bool:
    can_turn: bool = run_of[k] >= 0 and runs[run_of[k], CLOSER] >= 0
    return can_turn


@njit
def _keep_joined(nodes: Integers, run_of: Integers, runs: Integers, stays: Integers) -> None:
    """Mark runs beside an exchange that stays."""
    before = np.full(64, -1, np.int64)
    for k in range(nodes.shape[0]):
        rest = nodes[k, TARGETS] | nodes[k, DIAGONAL]
        while rest:
            qubit = lowest_index(rest)
            rest &= rest - 1
            other = before[qubit]
            before[qubit] = k
            if nodes[k, KIND] != EXCHANGE or other < 0 or nodes[other, KIND] != EXCHANGE:
                continue
            if run_of[k] >= 0 and not _can_turn(other, run_of, runs):
                stays[run_of[k]] = 1
            if run_of[other] >= 0 and not _can_turn(k, run_of, runs):
                stays[run_of[other]] = 1


@njit
def _add_hadamard(node: Integers, factors: Integers, place: int, h_place: int, qubit: int, is_first: bool) -> None:
    """Add H to the factors of a node."""
    set_factor(factors, place, MATRIX_1Q, h_place, qubit)
    if is_first:
        factors[place, NEXT] = node[FIRST]
        node[FIRST] = place
    else:
        factors[node[LAST], NEXT] = place
        node[LAST] = place


@njit
def exchanges_to_signs(
    nodes: Integers, factors: Integers, num_factors: int, h_place: int, minus_place: int
) -> tuple[int, int]:
    """Turn CX into CZ between gates that can take in Hadamard gates on the target.

    Args:
        nodes: int64[:, 10], in time order, merged; changed.
        factors: int64[:, 6], changed, with room for `SIGN_FACTORS` more for each exchange.
        num_factors: how many there are.
        h_place, minus_place: where the matrix of H and the number -1 stand among the coefficients.

    Returns:
        How many exchanges were turned, and how many factors there are.
    """
    size = nodes.shape[0]
    run_of, runs = np.empty(size, np.int64), np.empty((size, RUN_COLUMNS), np.int64)
    count = _find_runs(nodes, run_of, runs)
    stays = np.zeros(count, np.int64)
    _keep_joined(nodes, run_of, runs, stays)
    turned = 0
    for k in range(size):
        number = run_of[k]
        if number < 0 or stays[number] or runs[number, CLOSER] < 0:
            continue
        target, control = nodes[k, TARGETS], nodes[k, CONTROLS]
        on = 1 if nodes[k, ZEROS] else 3
        set_factor(factors, num_factors, PHASE_2Q, minus_place, lowest_index(target), lowest_index(control), on)
        set_node(nodes, k, PHASES, 0, target | control, num_factors, nodes[k, GATES])
        num_factors, turned = num_factors + 1, turned + 1
    for number in range(count):
        if not stays[number] and runs[number, CLOSER] >= 0:
            qubit = runs[number, TARGET]
            _add_hadamard(nodes[runs[number, OPENER]], factors, num_factors, h_place, qubit, False)
            _add_hadamard(nodes[runs[number, CLOSER]], factors, num_factors + 1, h_place, qubit, True)
            num_factors += 2
    return turned, num_factors
