"""Stages of Fourier transforms, two by two, as one operation.

A stage is a rotation of one qubit and then a polynomial that is 1 wherever the qubit is 0; merging brings transforms
and their inverses to this form. Two in a row need one pass over a block instead of three. Rotations whose sine may be
larger than their cosine are left alone, which leaves those with parameters alone.
"""

from qtoolkit_kernels._bits import lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner import pack_room as room
from qtoolkit_kernels.planner.merge import ACTION, END, POLYNOMIAL, ROTATIONS, START
from qtoolkit_kernels.planner.nodes import DETAIL, EXTRA, FIRST, FORM, NEXT, OTHER, QUBIT, TARGETS
from qtoolkit_kernels.planner.pack_room import position_of
from qtoolkit_kernels.planner.split import IS_GENTLE
from qtoolkit_kernels.vector.numbers import AFTER_ROTATION, BEFORE_ROTATION, PHASE_1Q, PHASE_2Q

__all__ = ["STAGES", "are_two_stages", "vanish_without"]

STAGES = 2
"""That are one operation; each is two actions."""


@njit
def vanish_without(nodes: Integers, factors: Integers, members: Integers, start: int, end: int, qubit: int) -> bool:
    """Whether all terms of a polynomial are 1 wherever a qubit is 0.

    Args:
        nodes, factors: see `nodes`.
        members: the numbers of the polynomial's nodes, from `start` to `end`.
        start, end: see above.
        qubit: its number.
    """
    for m in range(start, end):
        place = nodes[members[m], FIRST]
        while place >= 0:
            factor = factors[place]
            form, first, second = factor[FORM], factor[QUBIT], factor[OTHER]
            # What a phase must act on: all qubits 1, of the phases at a rotation the 1 of its only qubit anyhow.
            ones = factor[DETAIL]
            if form in (PHASE_1Q, PHASE_2Q):
                ones = 1 if second < 0 else 3
            elif form not in (BEFORE_ROTATION, AFTER_ROTATION):
                return False
            if factor[DETAIL] != ones or (first != qubit and second != qubit):
                return False
            place = factor[NEXT]
    return True


@njit
def are_two_stages(
    heap: Integers,
    nodes: Integers,
    factors: Integers,
    products: Integers,
    actions: Integers,
    members: Integers,
    k: int,
) -> bool:
    """Whether the four actions from number k on are two stages on tile bits.

    Args:
        heap: where sweeps are packed.
        nodes, factors: see `nodes`.
        products: see `split`.
        actions, members: see `merge`.
        k: a number of an action.
    """
    before = 0
    for first in range(k, k + 2 * STAGES, 2):
        rotation, polynomial = actions[first], actions[first + 1]
        if rotation[ACTION] != ROTATIONS or polynomial[ACTION] != POLYNOMIAL or rotation[END] - rotation[START] > 1:
            return False
        node = nodes[members[rotation[START]]]
        target = node[TARGETS]
        if target == before or not products[node[EXTRA], IS_GENTLE]:
            return False
        if position_of(heap, target) < heap[room.LANE_BITS]:
            return False
        if not vanish_without(nodes, factors, members, polynomial[START], polynomial[END], lowest_index(target)):
            return False
        before = target
    return True
