"""Chains of two-qubit matrices in Cartan's form.

Where the gates before a two-qubit gate are matrices on both its qubits, they take in the one-qubit gates that
`two_qubit.split` finds in front of it, and the gates behind take in the Z rotations behind it. What remains, rotations
about Y after a matrix that keeps the parity, costs 11.5 fused multiply-adds an amplitude instead of 16.

That matrix is phases, a real rotation of |00> and |11>, one of |01> and |10>, and phases again. Without their cosines,
as ``1 + i t`` and ``[[1, -t], [t, 1]]``, the steps cost 9 in all. What is left out is handed to the gates behind: for
each qubit one number if it is 0 and one if it is 1, together with the Z rotation. A matrix that cannot hand it on, or
would hand on too much for the range of the amplitudes, makes up for it instead.
"""

import numpy as np

from qtoolkit_kernels._bits import lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.planner.matrices import ROW, dense_product, square, turn
from qtoolkit_kernels.planner.nodes import (
    CARTAN,
    DENSE,
    DIAGONAL,
    EXTRA,
    FIRST,
    KIND,
    LAST,
    LOCAL,
    NEXT,
    PHASES,
    TARGETS,
    copy_node,
    set_factor,
    set_node,
)
from qtoolkit_kernels.planner.two_qubit import (
    ANGLE_COLUMNS,
    BEHIND,
    GATE_COLUMNS,
    OUTER,
    WORK_ROWS,
    general_form,
    split,
    tangent_form,
)
from qtoolkit_kernels.vector.numbers import DIAGONAL_1Q, MATRIX_1Q

__all__ = [
    "CONSTANTS", "COUNTS", "FACTORS", "FORMS", "FORM_CONSTANTS", "FORM_FACTORS", "FORM_NODES", "NODES", "cartan_forms",
    "count_chains",
]  # fmt: skip

COUNTS = 4
NODES, FACTORS, FORMS, CONSTANTS = range(COUNTS)
"""What is counted."""

FORM_NODES, FORM_FACTORS, FORM_CONSTANTS = 2, 4, 12
"""How many of each a form may add."""

CHAIN_COLUMNS = 4
NODE, BEFORE, STATE = 0, 1, 3
"""Of a matrix in a chain: its node, the nodes before it on its low and its high qubit, and what is known of it."""

CONSTANT, SPLIT, FOLLOWED = range(3)
"""It has no parameters; it has a form; behind that, matrices on both qubits can take in any diagonal."""

LINK_COLUMNS = 3
CHAIN, GIVERS = 0, 1
"""Of a node: its number among the chains' matrices, and which of these hand something to its low and its high qubit,
2 number + side, side being 1 if that is their own high qubit. Each is -1 if there is none.
"""


@njit
def count_chains(nodes: Integers) -> int:
    """How many nodes are matrices that follow matrices on both qubits.

    Args:
        nodes: int64[:, 10], in time order, merged.
    """
    ready = count = 0
    for k in range(nodes.shape[0]):
        targets = nodes[k, TARGETS]
        if nodes[k, KIND] == DENSE:
            count += targets & ~ready == 0
            ready |= targets
        else:
            ready &= ~(targets | nodes[k, DIAGONAL])
    return count


@njit
def _qubit(nodes: Integers, k: int, side: int) -> int:
    """The low or the high qubit of a matrix."""
    targets = nodes[k, TARGETS]
    return lowest_index(targets & (targets - 1) if side else targets)


@njit
def _find_chains(
    nodes: Integers,
    factors: Integers,
    probes: Complex,
    chains: Integers,
    links: Integers,
    last: Integers,
    gates: Complex,
    work: Complex,
) -> int:
    """Write the chains' matrices without parameters, and which nodes they are; returns their number."""
    ready = count = 0
    for k in range(nodes.shape[0]):
        for column in range(LINK_COLUMNS):
            links[k, column] = -1
        targets = nodes[k, TARGETS]
        if nodes[k, KIND] != DENSE:
            ready &= ~(targets | nodes[k, DIAGONAL])
            continue
        is_chain = targets & ~ready == 0
        for probe in range(probes.shape[0] if is_chain else 0):
            product = work[2] if probe else gates[count]
            dense_product(probes[probe], factors, nodes[k, FIRST], lowest_index(targets), product, work)
            for i in range(16):
                is_chain &= product[i] == gates[count, i]
        for side in range(2):
            qubit = _qubit(nodes, k, side)
            if is_chain:
                chains[count, BEFORE + side] = last[qubit]
            last[qubit] = k
        if is_chain:
            chains[count, NODE], chains[count, STATE] = k, CONSTANT
            links[k, CHAIN] = count
            count += 1
        ready |= targets
    return count


@njit
def _add_factor(
    factors: Integers, constants: Complex, counts: Integers, first_place: int, qubit: int, entries: Complex
) -> int:
    """Add a factor, a diagonal of two entries or a matrix of four, to the constants too; returns its row."""
    row: int = counts[FACTORS]
    set_factor(factors, row, DIAGONAL_1Q if entries.size == 2 else MATRIX_1Q, first_place + counts[CONSTANTS], qubit)
    for k in range(entries.size):
        constants[counts[CONSTANTS] + k] = entries[k]
    counts[CONSTANTS] += entries.size
    counts[FACTORS] += 1
    return row


@njit
def _append(node: Integers, factors: Integers, row: int) -> None:
    """Add a factor behind those of a node, which has some."""
    factors[node[LAST], NEXT] = row
    node[LAST] = row


@njit
def _split_chains(
    nodes: Integers,
    factors: Integers,
    chains: Integers,
    links: Integers,
    gates: Complex,
    angles: Floats,
    constants: Complex,
    counts: Integers,
    first_place: int,
    work: Complex,
) -> bool:
    """From the last gate to the first: hand inner one-qubit gates to the gates before.

    Args:
        nodes: changed where they take in gates and stay what they are.
        factors: those are added.
        chains, links: what `_find_chains` writes.
        gates, angles: rows of `split`.
        constants, counts, first_place: see `_add_factor`.
        work: see `split`.

    Returns:
        Whether any is split.
    """
    is_any = False
    for k in range(nodes.shape[0] - 1, -1, -1):
        number, is_split = links[k, CHAIN], False
        if number >= 0:
            for side in range(2):
                giver = links[k, GIVERS + side]
                if giver >= 0:
                    gate = gates[giver >> 1, BEHIND + 4 * (giver & 1) :]
                    turn(gates[number], ROW + side, gate[0], gate[1], gate[2], gate[3])
            is_split = split(gates[number], angles[number], work)
        if is_split:
            is_any = True
            chains[number, STATE] = SPLIT
            _use_real_rotations(links, chains[number], gates[number])
            for side in range(2):
                before = chains[number, BEFORE + side]
                there = 0 if nodes[before, TARGETS] & ((1 << _qubit(nodes, k, side)) - 1) == 0 else 1
                links[before, GIVERS + there] = 2 * number + side
            continue
        # What a later gate hands on is there first.
        first = 1 if links[k, GIVERS + 1] >> 1 > links[k, GIVERS] >> 1 else 0
        for turned in range(2):
            side = first ^ turned
            giver = links[k, GIVERS + side]
            if giver >= 0:
                place = BEHIND + 4 * (giver & 1)
                gate = gates[giver >> 1, place : place + 4]
                row = _add_factor(factors, constants, counts, first_place, _qubit(nodes, k, side), gate)
                _append(nodes[k], factors, row)
    return is_any


@njit
def _use_real_rotations(links: Integers, chain: Integers, gate: Complex) -> None:
    """Put one phase gate more in front, if one of the gates before takes in anything.

    Without Z rotations before it, exp(i(x XX + y YY)) rotates about X; this makes it phases after real rotations.
    """
    for side in range(2):
        if links[chain[BEFORE + side], CHAIN] < 0:
            turn(gate, side, 1.0 + 0.0j, 0.0j, 0.0j, -1j)
            for k in range(2):
                gate[BEHIND + 4 * side + 2 + k] *= 1j
            return


@njit
def _find_followed(nodes: Integers, links: Integers, chains: Integers) -> None:
    """Find the forms behind which there are matrices on both qubits."""
    ready = 0
    for k in range(nodes.shape[0] - 1, -1, -1):
        targets, number = nodes[k, TARGETS], links[k, CHAIN]
        if number >= 0 and chains[number, STATE] == SPLIT and targets & ~ready == 0:
            chains[number, STATE] = FOLLOWED
        ready = ready | targets if nodes[k, KIND] == DENSE else ready & ~targets


@njit
def _add_form(
    node: Integers,
    number: int,
    chains: Integers,
    lane_bits: int,
    least: float,
    most: float,
    givers: Integers,
    gates: Complex,
    angles: Floats,
    forms: Floats,
    counts: Integers,
) -> complex:
    """Make a CARTAN of a matrix, which takes in what waits on its qubits; returns the phase that it leaves out.

    Args:
        node: changed.
        number: of the chain.
        chains, lane_bits, least, most, gates, angles, forms, counts: see `cartan_forms`.
        givers: int64[64], by qubit what left behind what waits there: 2 chain + side, or -1; changed.
    """
    work = gates[gates.shape[0] - WORK_ROWS :]
    outer = work[OUTER]
    left, high = node[TARGETS], 0
    for side in range(2):
        high = lowest_index(left)
        left &= left - 1
        giver = givers[high]
        for i in range(2):
            outer[2 * side + i] = gates[giver >> 1, BEHIND + 2 * (giver & 1) + i] if giver >= 0 else 1.0
        givers[high] = 2 * number + side
    node[KIND], node[FIRST], node[LAST], node[EXTRA] = CARTAN, -1, -1, counts[FORMS]
    is_followed = chains[number, STATE] == FOLLOWED
    form = forms[counts[FORMS]]
    counts[FORMS] += 1
    if is_followed and high >= lane_bits:
        # Row 0 leaves out least, so first with that value of each bit there of which more has been left out.
        best = 0
        for side in range(2):
            if square(outer[2 * side + 1]) < square(outer[2 * side]):
                best |= 1 << side
        for change in range(4):
            phase = tangent_form(gates[number], angles[number], outer, best ^ change, form, work)
            is_within = phase != 0
            for k in range(4):
                size = square(gates[number, BEHIND + k])
                is_within &= least * least <= size and size <= most * most
            if is_within:
                return phase
    return general_form(gates[number], angles[number], outer, most if is_followed else 1.0, form)


@njit
def _add_outer(
    factors: Integers,
    constants: Complex,
    counts: Integers,
    first_place: int,
    givers: Integers,
    qubit: int,
    gates: Complex,
) -> int:
    """Add a factor of what waits on a qubit; returns its row."""
    giver = givers[qubit]
    place = BEHIND + 2 * (giver & 1)
    givers[qubit] = -1
    return _add_factor(factors, constants, counts, first_place, qubit, gates[giver >> 1, place : place + 2])


@njit
def _add_phases(out_nodes: Integers, counts: Integers, qubit: int, row: int) -> None:
    """Add a node of one factor on a qubit."""
    set_node(out_nodes, counts[NODES], PHASES, 0, 1 << qubit, row, 0)
    counts[NODES] += 1


@njit
def _finish(
    nodes: Integers,
    chains: Integers,
    out_nodes: Integers,
    factors: Integers,
    constants: Complex,
    counts: Integers,
    first_place: int,
    givers: Integers,
    gates: Complex,
    total: complex,
) -> None:
    """Add nodes for what waits in the end, in the order in which it was left, and the phase to the first matrix."""
    for number in range(chains.shape[0]):
        for side in range(2):
            qubit = _qubit(nodes, chains[number, NODE], side)
            if givers[qubit] == 2 * number + side:
                row = _add_outer(factors, constants, counts, first_place, givers, qubit, gates)
                _add_phases(out_nodes, counts, qubit, row)
    outer = gates[gates.shape[0] - WORK_ROWS + OUTER, :2]
    outer[0] = outer[1] = total
    k = 0
    while out_nodes[k, KIND] != DENSE:
        k += 1
    row = _add_factor(factors, constants, counts, first_place, lowest_index(out_nodes[k, TARGETS]), outer)
    factors[out_nodes[k, LAST], NEXT] = row
    out_nodes[k, LAST] = row


@njit
def cartan_forms(
    nodes: Integers,
    factors: Integers,
    num_factors: int,
    probes: Complex,
    lane_bits: int,
    least: float,
    most: float,
    num_chains: int,
    out_nodes: Integers,
    forms: Floats,
    constants: Complex,
    counts: Integers,
) -> int:
    """Replace matrices that follow matrices on both qubits.

    Args:
        nodes: int64[:, 10], in time order, merged; those that become something else are changed.
        factors: int64[:, 6], with room for `FORM_FACTORS` more for each chain, and one.
        num_factors: how many there are.
        probes: complex128[:, :], coefficients at generic parameter values, planner's constants behind them.
        lane_bits: of the layout.
        least, most: what a diagonal that is handed on may come to.
        num_chains: what `count_chains` returns, at least 1.
        out_nodes: int64[:, 10], receives the nodes; `FORM_NODES` more for each chain.
        forms: float64[num_chains, 22], receives the forms.
        constants: complex128[:], receives coefficients that stand behind those of `probes`; `FORM_CONSTANTS` for each
            chain, and two.
        counts: int64[4], receives how many nodes, factors, forms and constants there are.

    Returns:
        The number of forms; where it is 0, no node and no factor is changed and none is written.
    """
    chains = np.empty((num_chains, CHAIN_COLUMNS), np.int64)
    links = np.empty((nodes.shape[0], LINK_COLUMNS), np.int64)
    marks = np.empty((1, 64), np.int64)[0]
    gates = np.empty((num_chains + WORK_ROWS, GATE_COLUMNS), np.complex128)
    angles = np.empty((num_chains, ANGLE_COLUMNS), np.float64)
    counts[NODES] = counts[FORMS] = counts[CONSTANTS] = 0
    counts[FACTORS] = num_factors
    first_place, work = probes.shape[1], gates[num_chains:]
    chains = chains[: _find_chains(nodes, factors, probes, chains, links, marks, gates, work)]
    if not _split_chains(nodes, factors, chains, links, gates, angles, constants, counts, first_place, work):
        return 0
    _find_followed(nodes, links, chains)
    for qubit in range(marks.size):
        marks[qubit] = -1
    waiting, total = 0, 1.0 + 0.0j
    for k in range(nodes.shape[0]):
        node, number = nodes[k], links[k, CHAIN]
        targets, kind = node[TARGETS], node[KIND]
        taken = waiting & targets
        if number >= 0 and chains[number, STATE] != CONSTANT:
            total *= _add_form(node, number, chains, lane_bits, least, most, marks, gates, angles, forms, counts)
            waiting |= targets
            taken = 0
        waiting &= ~taken
        added = counts[FACTORS]
        while taken:
            qubit = lowest_index(taken)
            taken &= taken - 1
            row = _add_outer(factors, constants, counts, first_place, marks, qubit, gates)
            if kind != DENSE and kind != LOCAL:
                _add_phases(out_nodes, counts, qubit, row)
                added = counts[FACTORS]
        for row in range(counts[FACTORS] - 1, added - 1, -1):
            factors[row, NEXT] = node[FIRST]
            node[FIRST] = row
        copy_node(node, out_nodes[counts[NODES]])
        counts[NODES] += 1
    _finish(nodes, chains, out_nodes, factors, constants, counts, first_place, marks, gates, total)
    num_forms: int = counts[FORMS]
    return num_forms
