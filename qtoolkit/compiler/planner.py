"""From a program to sweeps: the passes in their order.

The passes are kernels (`qtoolkit_kernels.planner`); what is here gives them room, and calls those that have something
to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import CARTAN_TILE_BITS, Layout
from qtoolkit.compiler.packing import Merged, packed
from qtoolkit.compiler.plan_report import PassReport
from qtoolkit.compiler.program import Program, with_constants
from qtoolkit.compiler.sweep_plan import GatePart, Part, SweepPart
from qtoolkit_kernels._jit import compile_ordered, runner
from qtoolkit_kernels.planner import (
    cancel,
    cartan,
    fuse,
    gather,
    lower,
    merge,
    narrow,
    nodes,
    pairs,
    reach,
    relabel,
    schedule,
    signs,
)
from qtoolkit_kernels.planner import split as splitting
from qtoolkit_kernels.vector import isa

__all__ = ["planned", "traced_passes"]

IntArray = NDArray[np.int64]
ComplexArray = NDArray[np.complex128]

PROBE_SEED = 20
"""Parameter values that the passes look at are generic; any would do."""

LEAST_TURN = 1e-2
"""Angles that a probe turns by less, in radians, are turned further: what is small there need not always be."""

CARTAN_QUBITS = 16
"""Below, matrices in Cartan's form save less than they take to plan."""

SEARCH_QUBITS = 20
"""From this size on a sweep is worth the search for a way without it, some milliseconds for each that there is."""

SEARCH_SWEEPS = range(3, 11)
"""How many there are where the search is tried."""

EFFORT_QUBITS, MORE_EFFORT = 22, 3
"""From this size on a sweep is worth a search of some milliseconds, and by how much that is wider."""

EXPONENTS = {8: (90, 64), 16: (90, 900)}
"""Powers of two by which amplitudes may be too small and too large for a while, by their bytes.

Single precision holds 2^127: rotations may leave out another 2^50 before it is made up for, steps within a gate 2^12.
"""

_WHOLE, _SWAP, _PAULI, _DENSE, _LOCAL = (
    1 << kind for kind in (nodes.WHOLE, nodes.SWAP, nodes.PAULI, nodes.DENSE, nodes.LOCAL)
)
_EXCHANGE = 1 << nodes.EXCHANGE
_INVERSES = _EXCHANGE | 1 << nodes.PERMUTE
_DIAGONALS = 1 << nodes.PHASES | _LOCAL
_ON_PAIRS = _EXCHANGE | _DENSE | _PAULI | 1 << nodes.PHASES
"""Kinds of nodes that passes are for, one bit a kind."""


def planned(program: Program, layout: Layout, from_zero_state: bool, forward_only: bool) -> tuple[Part, ...]:
    """Plan a program's sweeps; arguments as of `plan_sweeps`."""
    parts = _Planner(program, layout, from_zero_state, forward_only).parts()
    compile_ordered()
    return parts


def traced_passes(program: Program, layout: Layout, from_zero_state: bool) -> tuple[PassReport, ...]:
    """What each pass makes of a program; arguments as of `plan_sweeps`."""
    planner = _Planner(program, layout, from_zero_state, forward_only=True)
    planner.trace = []
    planner.parts()
    return tuple(planner.trace)


def probes_of(program: Program) -> ComplexArray:
    """Coefficients at generic angles, a row for each: a parameter that is hardly felt there may be at other values."""
    if not program.groups:
        return with_constants(program.constant_coefficients)[None]
    slots, rng = program.slots, np.random.default_rng(PROBE_SEED)
    num_parameters = int(slots.parameter.max(initial=-1)) + 1
    moves = np.bincount(slots.slot, minlength=slots.constant.size) > 0
    angles = np.empty((2, slots.constant.size))
    for row in angles:
        row[:] = slots.angles(rng.uniform(-3, 3, num_parameters))
        still = moves & (np.abs(row - slots.constant) < LEAST_TURN)
        row[still] += rng.uniform(1, 3, np.count_nonzero(still))
    probes = np.tile(with_constants(program.constant_coefficients), (2, 1))
    for group in program.groups:
        probes[:, group.positions] = group.coefficients(*np.moveaxis(angles[:, group.slots], -1, 0))
    return probes


class _Planner:
    """Plans one program.

    Args:
        program, layout, from_zero_state, forward_only: see `plan_sweeps`.
    """

    def __init__(self, program: Program, layout: Layout, from_zero_state: bool, forward_only: bool) -> None:
        self._program = program
        self._layout = layout
        self._from_zero_state = from_zero_state
        self._forward_only = forward_only
        self._call = runner(program.num_operations)
        self._probes = probes_of(program)
        self._x_place = program.constant_coefficients.size + lower.X_PLACE
        self._h_place = program.constant_coefficients.size + lower.H_PLACE
        self._minus_place = program.constant_coefficients.size + lower.MINUS_PLACE
        self._s_place = program.constant_coefficients.size + lower.S_PLACE
        self._factors: IntArray
        self._num_factors = 0
        self._kinds = 0
        """Which kinds of nodes there may be, one bit a kind."""
        self._operands = _list(program.qubits.size)
        self.trace: list[PassReport] | None = None
        """Receives what each pass makes of the program, if it is a list."""

    def parts(self) -> tuple[Part, ...]:
        """The plan."""
        parts: list[Part] = []
        lowered = self._lowered()
        for number, rows in enumerate(_segments(lowered) if self._kinds & _WHOLE else [lowered]):
            if len(rows) and rows[0, nodes.KIND] == nodes.WHOLE:
                parts.append(GatePart(int(rows[0, nodes.EXTRA])))
            else:
                parts.append(self._sweeps(rows, is_first=self._from_zero_state and number == 0))
        return tuple(parts)

    def _lowered(self) -> IntArray:
        program, layout = self._program, self._layout
        most = lower.MOST_NODES * program.num_operations
        rows, self._factors = _table(most, nodes.NODE_COLUMNS), _table(2 * most, nodes.FACTOR_COLUMNS)
        has_one_block = layout.block_bits == layout.num_bits
        count, self._num_factors, self._kinds = self._call(
            lower.lower,
            program.opcodes,
            program.qubits,
            program.qubit_start,
            program.control_masks,
            program.control_values,
            program.coefficient_start,
            program.table,
            program.table_start,
            self._probes,
            layout.num_bits if has_one_block else layout.block_bits - layout.chunk_bits,
            rows,
            self._factors,
            self._operands,
        )
        self._note("lower", rows[:count])
        return rows[:count]

    def _sweeps(self, rows: IntArray, is_first: bool) -> SweepPart:
        layout = self._layout
        probes, forms = self._probes, np.zeros((0, nodes.FORM_COLUMNS))
        rows, probes = self._without_runs(rows)
        self._note("pairs", rows)
        rows = self._without_swaps(rows, is_first)
        self._note("relabel", rows)
        if self._kinds & _INVERSES:
            count = self._call(cancel.cancel_inverses, rows, self._factors, self._operands, self._program.table)
            rows = rows[:count]
            self._note("cancel", rows)
        rows = self._fused(rows)
        self._note("fuse", rows)
        is_transpiled = probes is not self._probes
        if (self._forward_only or is_transpiled) and self._kinds & _EXCHANGE:
            self._turn_exchanges(rows)
            self._note("signs", rows)
        if (self._forward_only or is_transpiled) and self._kinds & _DIAGONALS:
            rows, probes = self._gathered(rows, probes)
            rows = self._fused(rows)
            self._note("gather", rows)
        self._kinds |= _DENSE
        rows = self._narrowed(rows)
        self._note("narrow", rows)
        is_turned = self._forward_only and self._program.is_unitary
        if is_turned and layout.num_bits >= CARTAN_QUBITS and layout.tile_bits >= CARTAN_TILE_BITS:
            rows, probes, forms = self._cartan_forms(rows, probes)
            self._note("cartan", rows)
        rows, products = self._split(rows, probes)
        self._note("split", rows)
        merged = self._merged(rows, self._forward_only and is_first)
        return self._packed(rows, merged, products, forms, probes[0, self._probes.shape[1] :].copy())

    def _without_swaps(self, rows: IntArray, is_first: bool) -> IntArray:
        if not self._kinds & _SWAP:
            return rows
        names = _list(self._layout.num_bits)
        rows = rows[self._call(relabel.relabel_swaps, rows, self._factors, self._operands, names) :]
        if is_first:
            return rows
        swaps = _table(names.size, nodes.NODE_COLUMNS)
        count = self._call(relabel.add_swaps, names, swaps)
        return np.concatenate([swaps[:count], rows])

    def _fused(self, rows: IntArray) -> IntArray:
        self._make_room(len(rows))
        count, self._num_factors = self._call(fuse.fuse, rows, self._factors, self._num_factors, self._x_place)
        return rows[:count]

    def _turn_exchanges(self, rows: IntArray) -> None:
        """Turn exchanges into signs where that costs nothing."""
        self._make_room(signs.SIGN_FACTORS * len(rows))
        turned, self._num_factors = self._call(
            signs.exchanges_to_signs, rows, self._factors, self._num_factors, self._h_place, self._minus_place
        )
        if turned:
            self._kinds |= _DIAGONALS

    def _gathered(self, rows: IntArray, probes: ComplexArray) -> tuple[IntArray, ComplexArray]:
        """With diagonal one-qubit gates gathered, and the coefficients with those that this adds."""
        self._make_room(len(rows))
        out, constants = _table(len(rows), nodes.NODE_COLUMNS), np.empty(2 * len(rows) + 2, np.complex128)
        count, self._num_factors, used = self._call(
            gather.gather_phases, rows, self._factors, self._num_factors, probes, out, constants
        )
        self._kinds |= _DIAGONALS
        return out[:count], _joined(probes, constants[:used])

    def _narrowed(self, rows: IntArray) -> IntArray:
        layout = self._layout
        if layout.block_bits == layout.num_bits or not self._kinds & _PAULI:
            return rows
        most = len(rows)
        while True:
            out = _table(most, nodes.NODE_COLUMNS)
            self._make_room(most)
            count, num_factors = self._call(
                narrow.narrow_strings,
                rows,
                self._factors,
                self._num_factors,
                layout.chunk_bits,
                layout.block_bits,
                self._s_place,
                out,
            )
            if count <= most:
                self._num_factors = num_factors
                return out[:count]
            most = count

    def _without_runs(self, rows: IntArray) -> tuple[IntArray, ComplexArray]:
        """With runs of gates on one pair of qubits replaced, and the coefficients with those that this adds."""
        if not (self._program.is_unitary and self._kinds & _ON_PAIRS):
            return rows, self._probes
        run_of, runs = _list(len(rows)), _table(len(rows), pairs.RUN_COLUMNS)
        num_runs, num_candidates = self._call(pairs.find_runs, rows, self._factors, run_of, runs)
        if not num_candidates:
            return rows, self._probes
        out = _table(len(rows) + pairs.RUN_NODES * num_runs, nodes.NODE_COLUMNS)
        constants = np.empty(pairs.RUN_CONSTANTS * num_runs, np.complex128)
        counts = np.zeros(pairs.COUNTS, np.int64)
        self._make_room(len(rows) + pairs.RUN_FACTORS * num_runs)
        replaced = self._call(
            pairs.replace_runs,
            rows,
            self._factors,
            self._num_factors,
            self._probes,
            self._x_place,
            pairs.CARTAN_COST if self._forward_only and self._layout.num_bits >= CARTAN_QUBITS else pairs.PLAIN_COST,
            self._forward_only,
            run_of,
            runs[:num_runs],
            out,
            constants,
            counts,
        )
        self._num_factors = int(counts[pairs.FACTORS])
        if not replaced:
            return rows, self._probes
        self._kinds |= _SWAP | _DIAGONALS | _DENSE
        return out[: counts[pairs.NODES]], _joined(self._probes, constants[: counts[pairs.CONSTANTS]])

    def _cartan_forms(self, rows: IntArray, probes: ComplexArray) -> tuple[IntArray, ComplexArray, NDArray[np.float64]]:
        """With matrices in Cartan's form, the coefficients with those that this adds, and the forms."""
        layout = self._layout
        num_chains = self._call(cartan.count_chains, rows) if self._kinds & _DENSE else 0
        if not num_chains:
            return rows, probes, np.zeros((0, nodes.FORM_COLUMNS))
        self._make_room(cartan.FORM_FACTORS * num_chains + 1)
        out = _table(len(rows) + cartan.FORM_NODES * num_chains, nodes.NODE_COLUMNS)
        forms = np.zeros((num_chains, nodes.FORM_COLUMNS))
        constants = np.empty(cartan.FORM_CONSTANTS * num_chains + 2, np.complex128)
        counts = np.zeros(cartan.COUNTS, np.int64)
        # Each qubit has its share of the range: in whatever order a sweep runs nodes, those of one qubit keep theirs.
        small, large = EXPONENTS[layout.amplitude_bytes]
        found = self._call(
            cartan.cartan_forms,
            rows,
            self._factors,
            self._num_factors,
            probes,
            layout.lane_bits,
            2.0 ** -(large / layout.num_bits),
            2.0 ** (small / layout.num_bits),
            num_chains,
            out,
            forms,
            constants,
            counts,
        )
        if not found:
            return rows, probes, forms[:0]
        self._num_factors = int(counts[cartan.FACTORS])
        return out[: counts[cartan.NODES]], _joined(probes, constants[: counts[cartan.CONSTANTS]]), forms[:found]

    def _split(self, rows: IntArray, probes: ComplexArray) -> tuple[IntArray, IntArray]:
        if not self._kinds & _LOCAL:
            return rows, _table(0, splitting.PRODUCT_COLUMNS)
        most = len(rows)
        self._make_room(2 * most)
        out, products = _table(len(rows) + 2 * most, nodes.NODE_COLUMNS), _table(most, splitting.PRODUCT_COLUMNS)
        count, self._num_factors, num_products = self._call(
            splitting.split_locals, rows, self._factors, self._num_factors, probes, out, products
        )
        return out[:count], products[:num_products]

    def _merged(self, rows: IntArray, from_zero_state: bool) -> Merged:
        layout = self._layout
        sizes = layout.num_bits, layout.block_bits, layout.chunk_bits
        if layout.block_bits == layout.num_bits:
            count = min(len(rows), 1)
            blocks, order = np.full(count, (1 << layout.num_bits) - 1, np.int64), np.arange(len(rows))
            sweep_start = np.array([0, len(rows)][: count + 1], np.int64)
        else:
            blocks = self._blocks(rows)
            count = blocks.size
            order, sweep_start = _list(len(rows)), _list(count + 1)
            self._call(schedule.distribute, rows, *sizes, blocks, count, order, sweep_start)
        actions, members = _table(len(rows), merge.ACTION_COLUMNS), _list(len(rows))
        action_start, bits = _list(count + 1), _table(count, layout.num_bits)
        unreached, gates = _list(count), _list(count)
        num_actions = self._call(
            reach.merge_sweeps,
            rows,
            order,
            sweep_start,
            blocks,
            *sizes,
            layout.low_bits,
            from_zero_state,
            actions,
            members,
            action_start,
            bits,
            unreached,
            gates,
        )
        if self.trace is not None:
            names = Counter(merge.ACTIONS[action] for action in actions[:num_actions, merge.ACTION].tolist())
            self.trace.append(PassReport("schedule", {"SWEEP": int(count)}))
            self.trace.append(PassReport("merge", dict(names)))
        return Merged(actions[:num_actions], action_start, members, bits, unreached, gates)

    def _blocks(self, rows: IntArray) -> IntArray:
        """The masks of the blocks' bits, sweep by sweep."""
        layout = self._layout
        sizes = layout.num_bits, layout.block_bits, layout.chunk_bits
        blocks = _list(len(rows) + 1)
        count = self._call(schedule.choose_blocks, rows, *sizes, blocks)
        effort = MORE_EFFORT if layout.num_bits >= EFFORT_QUBITS else 1
        while layout.num_bits >= SEARCH_QUBITS and count in SEARCH_SWEEPS:
            fewer = _list(count)
            found = self._call(schedule.search_blocks, rows, *sizes, count - 1, effort, fewer)
            if not found:
                break
            blocks, count = fewer, found
        return blocks[:count]

    def _packed(
        self,
        rows: IntArray,
        merged: Merged,
        products: IntArray,
        forms: NDArray[np.float64],
        constants: ComplexArray,
    ) -> SweepPart:
        part = packed(
            rows,
            self._factors[: self._num_factors],
            self._operands,
            forms,
            self._program.table,
            merged,
            products,
            constants,
            layout=self._layout,
            forward_only=self._forward_only,
            call=self._call,
        )
        if self.trace is not None:
            opcodes = part.operations[:, isa.OPCODE].tolist()
            self.trace.append(PassReport("pack", dict(Counter(isa.INSTRUCTIONS[opcode].name for opcode in opcodes))))
        return part

    def _note(self, name: str, rows: IntArray) -> None:
        """Say what nodes there are after a pass."""
        if self.trace is not None:
            kinds = Counter(nodes.KINDS[kind] for kind in rows[:, nodes.KIND].tolist())
            self.trace.append(PassReport(name, dict(kinds)))

    def _make_room(self, more: int) -> None:
        """See to it that so many factors can be added."""
        if self._num_factors + more > len(self._factors):
            grown = _table(self._num_factors + more + len(self._factors), nodes.FACTOR_COLUMNS)
            grown[: self._num_factors] = self._factors[: self._num_factors]
            self._factors = grown


_INT64 = np.dtype(np.int64)
"""From a class, NumPy would look for it each time."""


def _list(size: int) -> IntArray:
    return np.empty(size, _INT64)


def _table(rows: int, columns: int) -> IntArray:
    return np.empty((rows, columns), _INT64)


def _joined(probes: ComplexArray, constants: ComplexArray) -> ComplexArray:
    """Coefficients with others behind them that no parameter changes."""
    return np.concatenate([probes, np.tile(constants, (len(probes), 1))], axis=1) if constants.size else probes


def _segments(rows: IntArray) -> Iterator[IntArray]:
    """Nodes for sweeps, and between them those that run on the whole state, one each."""
    begin = 0
    for place in np.flatnonzero(rows[:, nodes.KIND] == nodes.WHOLE).tolist():
        if place > begin or begin == 0:
            yield rows[begin:place]
        yield rows[place : place + 1]
        begin = place + 1
    if begin < len(rows) or begin == 0:
        yield rows[begin:]
