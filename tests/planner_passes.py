"""The passes of the planner from lists of nodes to lists of nodes, each by its kernels.

`call` runs a kernel with arguments: `compiled`, `interpreted`, or `both`, which runs it both ways and compares.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import planner_tables
from one_qubit_angles import Parts, Product
from planner_tables import Action, Kind, MergedSweep, Node, Polynomial, Rotations, Strings, Sweep, mask_of

from qtoolkit.compiler import Layout, Program, SweepPart, packing, planner, with_constants
from qtoolkit_kernels import _jit
from qtoolkit_kernels.planner import (
    cancel,
    cartan,
    gather,
    merge,
    narrow,
    nodes,
    pairs,
    reach,
    relabel,
    signs,
    split,
    transpose,
)
from qtoolkit_kernels.planner import fuse as fuse_kernels
from qtoolkit_kernels.planner import lower as lower_kernels
from qtoolkit_kernels.planner import schedule as schedule_kernels

Call = Callable[..., Any]

UNSET = -7
"""What arrays hold that a kernel is to write."""


def compiled(kernel: Any, *arguments: Any) -> Any:
    return kernel(*arguments)


def interpreted(kernel: Any, *arguments: Any) -> Any:
    return _jit.interpreted(kernel)(*arguments)


def both(kernel: Any, *arguments: Any) -> Any:
    """Run a kernel compiled and interpreted: what they return and write is the same, up to rounding."""
    copies = [_copied(argument) for argument in arguments]
    expected, found = interpreted(kernel, *copies), kernel(*arguments)
    assert found == expected, kernel
    for copy, argument in zip(_arrays(copies), _arrays(arguments), strict=True):
        if argument.dtype.kind == "i":
            np.testing.assert_array_equal(argument, copy, err_msg=str(kernel))
        else:
            np.testing.assert_allclose(argument, copy, rtol=1e-9, atol=1e-12, equal_nan=True, err_msg=str(kernel))
    return found


def _copied(argument: Any) -> Any:
    """An argument, its arrays copied."""
    if isinstance(argument, tuple):
        return type(argument)._make(map(_copied, argument))
    return argument.copy() if isinstance(argument, np.ndarray) else argument


def _arrays(arguments: Iterable[Any]) -> Iterator[np.ndarray]:
    """All arrays of arguments, those of named tuples one by one."""
    for argument in arguments:
        if isinstance(argument, tuple):
            yield from _arrays(argument)
        elif isinstance(argument, np.ndarray):
            yield argument


class _Tables(NamedTuple):
    """Nodes as arrays with room for more."""

    rows: np.ndarray
    factors: np.ndarray
    num_factors: int
    operands: np.ndarray
    tables: np.ndarray


def _tables_of(given: Sequence[Node], more_factors: int = 0) -> _Tables:
    rows, factors, operands, _, tables = planner_tables.tables_of(given)
    room = np.full((more_factors, nodes.FACTOR_COLUMNS), UNSET, np.int64)
    return _Tables(rows, np.concatenate([factors, room]), len(factors), operands, tables)


def _nodes_of(rows: np.ndarray, tables: _Tables, forms: np.ndarray | None = None) -> list[Node]:
    if forms is None:
        forms = np.zeros((0, nodes.FORM_COLUMNS))
    return planner_tables.nodes_of(rows, tables.factors, tables.operands, forms, tables.tables)


def _empty(rows: int, columns: int = nodes.NODE_COLUMNS) -> np.ndarray:
    return np.full((rows, columns), UNSET, np.int64)


def lower(
    program: Program, probes: Sequence[np.ndarray] = (), most_targets: int = 62, call: Call = compiled
) -> list[Node]:
    """Every gate as one node or a few."""
    probes = np.array(probes or [with_constants(program.constant_coefficients)])
    most = lower_kernels.MOST_NODES * program.num_operations
    rows, factors, operands = _empty(most), _empty(2 * most, nodes.FACTOR_COLUMNS), np.empty(program.qubits.size, int)
    count, num_factors, kinds = call(
        lower_kernels.lower, program.opcodes, program.qubits, program.qubit_start, program.control_masks,
        program.control_values, program.coefficient_start, program.table, program.table_start, probes, most_targets,
        rows, factors, operands,
    )  # fmt: skip
    lowered = _nodes_of(rows[:count], _Tables(rows, factors, num_factors, operands, program.table))
    assert kinds == mask_of({node.kind for node in lowered})
    return lowered


def relabel_swaps(given: Sequence[Node], num_bits: int, call: Call = compiled) -> tuple[list[Node], list[int]]:
    """Nodes without swaps, and the name under which each bit of the input must be found."""
    tables = _tables_of(given)
    names = np.full(num_bits, UNSET)
    first = call(relabel.relabel_swaps, tables.rows, tables.factors, tables.operands, names)
    return _nodes_of(tables.rows[first:], tables), names.tolist()


def initial_swaps(names: Sequence[int], call: Call = compiled) -> list[Node]:
    """Swaps that carry every bit to its name."""
    rows = _empty(len(names))
    count = call(relabel.add_swaps, np.array(names, np.int64), rows)
    return _nodes_of(rows[:count], _tables_of([]))


def cancel_inverses(given: Sequence[Node], call: Call = compiled) -> list[Node]:
    tables = _tables_of(given)
    count = call(cancel.cancel_inverses, tables.rows, tables.factors, tables.operands, tables.tables)
    return _nodes_of(tables.rows[:count], tables)


def exchanges_to_signs(given: Sequence[Node], first_constant: int, call: Call = compiled) -> tuple[list[Node], int]:
    """With CX turned into CZ between gates that take in the Hadamard gates, and how many were turned."""
    tables = _tables_of(given, signs.SIGN_FACTORS * len(given))
    turned, num_factors = call(
        signs.exchanges_to_signs, tables.rows, tables.factors, tables.num_factors,
        first_constant + lower_kernels.H_PLACE, first_constant + lower_kernels.MINUS_PLACE,
    )  # fmt: skip
    assert np.all(tables.factors[num_factors:] == UNSET)
    return _nodes_of(tables.rows, tables), turned


def gather_phases(
    given: Sequence[Node], probes: Sequence[np.ndarray], call: Call = compiled
) -> tuple[list[Node], np.ndarray]:
    """With diagonal one-qubit gates moved to the next gate that isn't, and the constants behind the probes."""
    tables, out, constants = _tables_of(given, len(given)), _empty(len(given)), np.full(2 * len(given) + 2, np.nan + 0j)
    count, num_factors, used = call(
        gather.gather_phases, tables.rows, tables.factors, tables.num_factors, np.array(probes), out, constants
    )
    assert np.all(tables.factors[num_factors:] == UNSET)
    return _nodes_of(out[:count], tables), constants[:used]


def replace_runs(
    given: Sequence[Node],
    probes: Sequence[np.ndarray],
    matrix_cost: int = pairs.PLAIN_COST,
    call: Call = compiled,
    joins_parameters: bool = True,
) -> tuple[list[Node], np.ndarray]:
    """With runs of gates on one pair of qubits replaced, and the constants that this adds behind the probes."""
    before = _tables_of(given)
    run_of, runs = np.full(len(given), UNSET), _empty(len(given), pairs.RUN_COLUMNS)
    num_runs, num_candidates = call(pairs.find_runs, before.rows, before.factors, run_of, runs)
    assert 0 <= num_candidates <= num_runs
    tables = _tables_of(given, len(given) + pairs.RUN_FACTORS * num_runs)
    out = _empty(len(given) + pairs.RUN_NODES * num_runs)
    constants, counts = np.full(pairs.RUN_CONSTANTS * num_runs, np.nan + 0j), np.full(3, UNSET)
    x_place = probes[0].size - lower_kernels.NUM_CONSTANTS + lower_kernels.X_PLACE
    replaced = call(
        pairs.replace_runs, tables.rows, tables.factors, tables.num_factors, np.array(probes), x_place, matrix_cost,
        joins_parameters, run_of, runs[:num_runs], out, constants, counts,
    )  # fmt: skip
    if not replaced:
        unchanged = _nodes_of(tables.rows, tables)
        # An exchange may have been given its matrix.
        return [replace(n, factors=[]) if n.kind is Kind.EXCHANGE else n for n in unchanged], np.zeros(0, complex)
    assert counts[1] <= len(tables.factors)
    return _nodes_of(out[: counts[0]], tables), constants[: counts[2]]


def fuse(given: Sequence[Node], x_place: int, call: Call = compiled) -> list[Node]:
    tables = _tables_of(given, len(given))
    count, num_factors = call(fuse_kernels.fuse, tables.rows, tables.factors, tables.num_factors, x_place)
    assert np.all(tables.factors[num_factors:] == UNSET)
    return _nodes_of(tables.rows[:count], tables)


def narrow_strings(given: Sequence[Node], layout: Layout, s_place: int, call: Call = compiled) -> list[Node]:
    most = len(given)
    while True:
        tables, out = _tables_of(given, most), _empty(most)
        count, num_factors = call(
            narrow.narrow_strings, tables.rows, tables.factors, tables.num_factors, layout.chunk_bits,
            layout.block_bits, s_place, out,
        )  # fmt: skip
        if count <= most:
            assert np.all(tables.factors[num_factors:] == UNSET)
            return _nodes_of(out[:count], tables)
        most = count


def cartan_forms(
    given: Sequence[Node],
    probes: Sequence[np.ndarray],
    layout: Layout,
    exponents: tuple[int, int] | None = None,
    call: Call = compiled,
) -> tuple[list[Node], np.ndarray]:
    """With matrices that follow matrices on both qubits in Cartan's form, and the constants behind the probes."""
    none = np.zeros(0, complex)
    tables = _tables_of(given)
    num_chains = call(cartan.count_chains, tables.rows)
    if not num_chains:
        return list(given), none
    small, large = planner.EXPONENTS[layout.amplitude_bytes] if exponents is None else exponents
    bounds = 2.0 ** -(large / layout.num_bits), 2.0 ** (small / layout.num_bits)
    tables = _tables_of(given, cartan.FORM_FACTORS * num_chains + 1)
    out, forms = _empty(len(given) + cartan.FORM_NODES * num_chains), np.zeros((num_chains, nodes.FORM_COLUMNS))
    constants = np.full(cartan.FORM_CONSTANTS * num_chains + 2, np.nan + 0j)
    counts = np.full(cartan.COUNTS, UNSET)
    before = tables.rows.copy(), tables.factors.copy()
    found = call(
        cartan.cartan_forms, tables.rows, tables.factors, tables.num_factors, np.array(probes), layout.lane_bits,
        *bounds, num_chains, out, forms, constants, counts,
    )  # fmt: skip
    if not found:
        assert np.array_equal(tables.rows, before[0])
        assert np.array_equal(tables.factors, before[1])
        return list(given), none
    num_nodes, num_factors, num_forms, num_constants = counts.tolist()
    assert num_forms == found <= num_chains
    assert np.all(out[num_nodes:] == UNSET)
    assert np.all(tables.factors[num_factors:] == UNSET)
    assert np.isnan(constants[num_constants:]).all()
    return _nodes_of(out[:num_nodes], tables, forms), constants[:num_constants]


def split_locals(
    given: Sequence[Node], probes: Sequence[np.ndarray], call: Call = compiled
) -> tuple[list[Node], list[Product]]:
    """Products of one-qubit gates as rotations and phases, which name them by number."""
    most = sum(node.kind is Kind.LOCAL for node in given)
    tables, out = _tables_of(given, 2 * most), _empty(len(given) + 2 * most)
    rows = _empty(most, split.PRODUCT_COLUMNS)
    count, num_factors, number = call(
        split.split_locals, tables.rows, tables.factors, tables.num_factors, np.array(probes), out, rows
    )
    assert number == most
    assert num_factors <= len(tables.factors)
    own = [node.factors for node in given if node.kind is Kind.LOCAL]
    products = [
        Product(tuple(factors), Parts(parts), bool(is_gentle))
        for factors, (_, parts, is_gentle) in zip(own, rows.tolist(), strict=True)
    ]
    return _nodes_of(out[:count], tables), products


def sizes_of(layout: Layout) -> tuple[int, int, int]:
    return layout.num_bits, layout.block_bits, layout.chunk_bits


def greedy_blocks(given: Sequence[Node], layout: Layout, call: Call = compiled) -> list[int]:
    """Masks of the bits of blocks, sweep by sweep."""
    blocks = np.full(len(given), UNSET)
    count = call(schedule_kernels.choose_blocks, _tables_of(given).rows, *sizes_of(layout), blocks)
    assert np.all(blocks[count:] == UNSET)
    return blocks[:count].tolist()


def searched_blocks(given: Sequence[Node], layout: Layout, most: int, call: Call = compiled) -> list[int]:
    """The same for at most so many sweeps; none if they aren't found."""
    blocks = np.full(most, UNSET)
    count = call(schedule_kernels.search_blocks, _tables_of(given).rows, *sizes_of(layout), most, 1, blocks)
    return blocks[:count].tolist()


def distribute(given: Sequence[Node], layout: Layout, blocks: Sequence[int], call: Call = compiled) -> list[Sweep]:
    """What runs in sweeps with these blocks; the nodes are the same objects."""
    order, starts = np.full(len(given), UNSET), np.full(len(blocks) + 1, UNSET)
    masks = np.array(blocks, np.int64)
    call(schedule_kernels.distribute, _tables_of(given).rows, *sizes_of(layout), masks, len(blocks), order, starts)
    bits = range(layout.num_bits)
    return [
        Sweep(
            (*(q for q in bits if block >> q & 1), *(q for q in bits if not block >> q & 1)),
            tuple(given[k] for k in order[first:end]),
        )
        for block, (first, end) in zip(blocks, itertools.pairwise(starts), strict=True)
    ]


def schedule(given: Sequence[Node], layout: Layout, call: Call = compiled) -> list[Sweep]:
    """Distribute nodes over sweeps as the planner does."""
    blocks = greedy_blocks(given, layout, call)
    if layout.num_bits >= planner.SEARCH_QUBITS and len(blocks) in planner.SEARCH_SWEEPS:
        blocks = searched_blocks(given, layout, len(blocks) - 1, call) or blocks
    return distribute(given, layout, blocks, call)


def merge_sweep(given: Sequence[Node], call: Call = compiled) -> list[Action]:
    """The nodes of one sweep as actions."""
    tables, size = _tables_of(given), len(given)
    links = sum(len(node.targets) + 2 * len(node.diagonal) for node in given)
    actions, members = _empty(size, merge.ACTION_COLUMNS), np.full(size, UNSET)
    count = call(
        merge.merge_sweep, tables.rows, np.arange(size), _empty(size, merge.WAIT_COLUMNS),
        _empty(links, merge.LINK_COLUMNS), _empty(merge.QUEUES, size), actions, 0, members, 0,
    )  # fmt: skip
    return [_action_of(given, members[start:end], kind) for kind, start, end in actions[:count].tolist()]


def merge_sweeps(
    sweeps: Sequence[Sweep], layout: Layout, from_zero_state: bool, call: Call = compiled
) -> list[MergedSweep]:
    """Merge the nodes of sweeps, and order them and the bits of their blocks."""
    given = [node for sweep in sweeps for node in sweep.nodes]
    size, num_sweeps = len(given), len(sweeps)
    starts = np.cumsum([0, *(len(sweep.nodes) for sweep in sweeps)])
    blocks = np.array([mask_of(sweep.bits[: layout.block_bits]) for sweep in sweeps], np.int64)
    actions, members = _empty(size, merge.ACTION_COLUMNS), np.full(size, UNSET)
    action_start, bits = np.full(num_sweeps + 1, UNSET), _empty(num_sweeps, layout.num_bits)
    unreached, gates = np.full(num_sweeps, UNSET), np.full(num_sweeps, UNSET)
    count = call(
        reach.merge_sweeps, _tables_of(given).rows, np.arange(size), starts, blocks, *sizes_of(layout),
        layout.low_bits, from_zero_state, actions, members, action_start, bits, unreached, gates,
    )  # fmt: skip
    assert action_start[-1] == count
    assert sorted(members) == list(range(size))
    return [
        MergedSweep(
            tuple(bits[k].tolist()),
            tuple(_action_of(given, members[start:end], kind) for kind, start, end in actions[first:last].tolist()),
            int(gates[k]),
            int(unreached[k]),
        )
        for k, (first, last) in enumerate(itertools.pairwise(action_start))
    ]


def _action_of(given: Sequence[Node], members: np.ndarray, kind: int) -> Action:
    its = [given[k] for k in members]
    if kind == merge.ROTATIONS:
        return Rotations(tuple(node.targets[0] for node in its), tuple(node.operation for node in its))
    if kind == merge.POLYNOMIAL:
        return Polynomial(tuple(factor for node in its for factor in node.factors))
    if kind == merge.STRINGS:
        return Strings(tuple(its))
    assert len(its) == 1
    return its[0]


def pack_sweeps(
    sweeps: Sequence[MergedSweep],
    products: Sequence[Product],
    layout: Layout,
    forward_only: bool = True,
    call: Call = compiled,
) -> SweepPart:
    """Sweeps of actions as rows."""
    given = [Node(Kind.LOCAL, factors=list(product.factors)) for product in products]
    actions, action_start, members = [], [0], []
    for sweep in sweeps:
        for action in sweep.actions:
            start = len(given)
            kind = merge.NODE
            if isinstance(action, Rotations):
                kind = merge.ROTATIONS
                pairs_of = zip(action.qubits, action.products, strict=True)
                given += [Node(Kind.ROTATION, (qubit,), operation=product) for qubit, product in pairs_of]
            elif isinstance(action, Polynomial):
                kind = merge.POLYNOMIAL
                given += [Node(Kind.PHASES, diagonal=term.qubits, factors=[term]) for term in action.terms]
            elif isinstance(action, Strings):
                kind = merge.STRINGS
                given += action.nodes
            else:
                given.append(action)
            actions.append([kind, len(members), len(members) + len(given) - start])
            members += range(start, len(given))
        action_start.append(len(actions))
    rows, factors, operands, forms, tables = planner_tables.tables_of(given)
    first = [[rows[k, nodes.FIRST], int(p.parts), int(p.is_gentle)] for k, p in enumerate(products)]
    merged = packing.Merged(
        np.array(actions, np.int64).reshape(-1, merge.ACTION_COLUMNS),
        np.array(action_start, np.int64),
        np.array(members, np.int64),
        np.array([sweep.bits for sweep in sweeps], np.int64).reshape(-1, layout.num_bits),
        np.array([sweep.unreached for sweep in sweeps], np.int64),
        np.array([sweep.gates for sweep in sweeps], np.int64),
    )
    return packing.packed(
        rows,
        factors,
        operands,
        forms,
        tables,
        merged,
        np.array(first, np.int64).reshape(-1, split.PRODUCT_COLUMNS),
        np.zeros(0, complex),
        layout=layout,
        forward_only=forward_only,
        call=call,
    )


def transpositions(table: Sequence[int], call: Call = compiled) -> list[tuple[int, int, int]]:
    """Exchanges that carry every value to that of a table."""
    steps = _empty(len(table), transpose.STEP_COLUMNS)
    count = call(transpose.transpositions, np.array(table, np.int64), steps)
    return [tuple(step) for step in steps[:count].tolist()]


def reordered(table: Sequence[int], order: Sequence[int], call: Call = compiled) -> list[int]:
    """A permutation of values whose bits are in another order."""
    result = np.full(len(table), UNSET)
    call(transpose.reordered, np.array(table, np.int64), np.array(order, np.int64), result)
    return result.tolist()
