"""Sweeps as arrays: rows of operations, and recipes for the numbers in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import CARTAN_TILE_BITS, Layout
from qtoolkit.compiler.nodes import Factor, Form, Kind, Node, TangentForm
from qtoolkit.compiler.passes.butterfly import Butterflies, pair_stages, vanishes_without
from qtoolkit.compiler.passes.merge import Action, MergedSweep, Polynomial, Rotations, Strings, targets_of
from qtoolkit.compiler.passes.reorder import Reorder, join_exchanges
from qtoolkit.compiler.passes.split import Product
from qtoolkit.compiler.passes.transpose import reordered, transpositions
from qtoolkit.compiler.sweep_plan import ROW, BlockOpcode, Column, SweepPart, Write

__all__ = ["pack_sweeps"]

MOST_ROWS = 1 << 11
"""A sweep with more is cut: a thread stays with a block for a tenth of a second at most, and can then be stopped."""

RENORMALISE = 100
"""After this many rotations the left-out cosines, up to 2^50 in all, are made up for."""

IMAGE_COLUMNS, IMAGES_TOGETHER, IMAGE_BITS = 4, 4, 16
"""How `qtoolkit_kernels.vector.reorder` takes the images of bits."""


def pack_sweeps(
    sweeps: Sequence[MergedSweep],
    products: Sequence[Product],
    layout: Layout,
    constants: NDArray[np.complex128],
    forward_only: bool = False,
) -> SweepPart:
    """Encode sweeps.

    Args:
        sweeps: merged.
        products: the one-qubit products, by number.
        layout: the sizes the sweeps were made for.
        constants: what factors use behind the coefficients and the planner's constants.
        forward_only: whether there may be operations that cannot be taken back: stages of Fourier transforms two by
            two, exchanges together.
    """
    packer = _Packer(layout, products, constants, forward_only)
    for sweep in sweeps:
        packer.add_sweep(sweep)
    return packer.build()


class _Packer:
    def __init__(
        self, layout: Layout, products: Sequence[Product], constants: NDArray[np.complex128], forward_only: bool
    ) -> None:
        self._layout = layout
        self._products = products
        self._own_constants = constants
        self._forward_only = forward_only
        self._lanes = 1 << layout.lane_bits
        self._rows: list[list[int]] = []
        self._starts = [0]
        self._bits: list[tuple[int, ...]] = []
        self._gates: list[int] = []
        self._size = 0
        self._constants: list[tuple[int, NDArray[np.float64]]] = []
        self._dense: list[list[list[int]]] = []
        self._terms: list[list[int]] = []
        self._controls: list[int] = []
        self._sets: list[list[int]] = []
        self._members: list[tuple[int, int]] = []
        self._writes: list[list[int]] = []
        self._strings: list[tuple[int, int]] = []
        self._string_places: list[int] = []
        self._diagonals = 0
        self._most_diagonals = 0
        self._position: dict[int, int] = {}
        self._rotated = 0
        self._unreached = 0

    def add_sweep(self, sweep: MergedSweep) -> None:
        self._position = {q: p for p, q in enumerate(sweep.bits)}
        self._unreached = sweep.unreached
        for action in self._actions(sweep):
            if len(self._rows) - self._starts[-1] >= MOST_ROWS:
                self._end_sweep(sweep.bits, 0)
            self._reach(action)
            if isinstance(action, Butterflies):
                self._two_stages(action)
            elif isinstance(action, Reorder):
                self._reorder(action)
            elif isinstance(action, Rotations):
                self._rotations(action)
            elif isinstance(action, Polynomial):
                self._polynomial(action.terms)
            elif isinstance(action, Strings):
                self._many_strings(action.nodes)
            else:
                _NODES[action.kind](self, action)
        self._end_sweep(sweep.bits, sweep.gates)

    def _end_sweep(self, bits: tuple[int, ...], gates: int) -> None:
        self._bits.append(bits)
        self._starts.append(len(self._rows))
        self._gates.append(gates)
        self._most_diagonals = max(self._most_diagonals, self._diagonals)
        self._diagonals = 0

    def _actions(self, sweep: MergedSweep) -> Sequence[Action | Butterflies | Reorder]:
        if not self._forward_only:
            return sweep.actions
        paired = pair_stages(sweep.actions, self._products, self._position, self._layout)
        return join_exchanges(paired, self._position, self._layout)

    def _reach(self, action: Action | Butterflies | Reorder) -> None:
        """Reckon with amplitudes that an action may be the first to make other than zero."""
        if isinstance(action, Reorder):
            reached = self._layout.lane_bits + action.moved_bits
        elif isinstance(action, Butterflies):
            reached = 1 + max(self._position[q] for q in action.qubits)
        else:
            reached = 1 + max((self._position[q] for q in targets_of(action)), default=0)
        self._unreached = min(self._unreached, self._layout.block_bits - reached)

    @property
    def _tiles_in_reach(self) -> int:
        """The bits of a tile's number that may be 1 where an amplitude is not zero."""
        return (1 << self._layout.block_bits - self._unreached - self._layout.lane_bits) - 1

    def build(self) -> SweepPart:
        registers = np.zeros(max(self._size, self._lanes))
        for start, values in self._constants:
            registers[start : start + values.size] = values
        one_qubit = [[[f.form, f.place, f.detail, p.parts] for f in p.factors] for p in self._products]
        return SweepPart(
            layout=self._layout,
            bits=np.array(self._bits, np.int64).reshape(-1, self._layout.num_bits),
            operation_start=np.array(self._starts, np.int64),
            operations=np.array(self._rows, np.int64).reshape(-1, ROW),
            registers=registers,
            product_start=_starts(one_qubit),
            product_factors=_rows([row for factors in one_qubit for row in factors], 4),
            dense_start=_starts(self._dense),
            dense_factors=_rows([row for factors in self._dense for row in factors], 4),
            terms=_rows(self._terms, 6),
            controls=np.array(self._controls, np.int64),
            sets=_rows(self._sets, 7),
            members=_rows(self._members, 2),
            writes=_rows(self._writes, 7),
            strings=_rows(self._strings, 2),
            string_places=np.array(self._string_places, np.int64),
            constants=self._own_constants,
            most_diagonals=self._most_diagonals,
            gates=np.array(self._gates, np.int64),
        )

    def _rotations(self, action: Rotations) -> None:
        members = sorted(
            (self._position[q], product) for q, product in zip(action.qubits, action.products, strict=True)
        )
        lanes = [m for m in members if m[0] < self._layout.lane_bits]
        tiles = [m for m in members if m[0] >= self._layout.lane_bits]
        if lanes:
            start = self._reserve(2 * self._lanes * self._layout.lane_bits)
            identity = np.tile(np.repeat([1.0, 0.0], self._lanes), self._layout.lane_bits)
            self._constants.append((start, identity))
            for position, product in lanes:
                self._writes.append([Write.LANES, start + 2 * self._lanes * position, product, position, 0, 0, 0])
            alone = [lanes[0][0]] if len(lanes) == 1 else []
            self._row(BlockOpcode.ROTATE_LANES, alone, start=start, COUNT=len(alone))
        if tiles:
            # Rotations with a small sine and those with a small cosine go into rows of their own, up to four in each.
            rows = (len(tiles) + 3) // 4 + (len(tiles) > 1)
            step = max(4, self._lanes)
            first = len(self._members)
            self._members += tiles
            self._sets.append([len(self._rows), rows, first, len(self._members), self._reserve(rows * step), step, -1])
            for _ in range(rows):
                self._row(BlockOpcode.ROTATE)
            self._count_rotations(len(tiles))

    def _count_rotations(self, count: int) -> None:
        """Make up for what rotations leave out, from time to time."""
        self._rotated += count
        if self._rotated > RENORMALISE:
            self._rotated = 0
            start = self._sets[-1][6] = self._reserve(2 * self._lanes)
            self._row(BlockOpcode.PHASE, start=start)

    def _two_stages(self, action: Butterflies) -> None:
        positions = [self._position[q] for q in action.qubits]
        number, first = len(self._controls), len(self._members)
        for qubit, terms in zip(action.qubits, action.terms, strict=True):
            self._add_terms(terms, control=qubit)
        self._members += list(zip(positions, action.products, strict=True))
        step = max(4, self._lanes)
        start = self._reserve(step)
        self._sets.append([len(self._rows), 1, first, first + 2, start, step, -1])
        self._row(BlockOpcode.BUTTERFLIES, positions, start=start, X_TILE=number)
        self._count_rotations(2)

    def _reorder(self, action: Reorder) -> None:
        images = [0] * IMAGE_COLUMNS
        for bit, image in enumerate(action.images):
            images[bit // IMAGES_TOGETHER] |= image << IMAGE_BITS * (bit % IMAGES_TOGETHER)
        columns = dict(zip(("X_TILE", "X_LANES", "Z_TILE", "Z_OUTER"), images, strict=True))
        self._row(BlockOpcode.REORDER, start=action.offset, **columns)

    def _polynomial(self, terms: Sequence[Factor]) -> None:
        if len(terms) == 1 and self._single_phase(terms[0]):
            return
        self._row(BlockOpcode.DIAGONAL, start=len(self._controls))
        self._add_terms(terms, self._common_control(terms))
        self._diagonals += 1

    def _add_terms(self, terms: Sequence[Factor], control: int) -> None:
        for term in terms:
            i, j = (*term.qubits, -1)[:2]
            self._terms.append([term.form, len(self._controls), i, j, term.place, term.detail])
        self._controls.append(control)

    def _single_phase(self, term: Factor) -> bool:
        """One phase alone is cheaper where it acts than everywhere."""
        ones = (1 << len(term.qubits)) - 1
        source = {Form.PHASE_1Q: 0, Form.PHASE_2Q: 0, Form.BEFORE_ROTATION: 1, Form.AFTER_ROTATION: 2}.get(term.form)
        if source is None:
            return False
        zeros = 0 if source else ones & ~term.detail
        self._phase(source, term.place, term.qubits, sum(1 << q for k, q in enumerate(term.qubits) if zeros >> k & 1))
        return True

    def _common_control(self, terms: Sequence[Factor]) -> int:
        """A qubit that must be 1 for any of the phases to differ from 1, if it lies where blocks can be halved."""
        pairs = [term.qubits for term in terms if len(term.qubits) == 2]
        if not pairs:
            return -1
        for qubit in pairs[0]:
            if self._position[qubit] >= self._layout.low_bits and all(vanishes_without(t, qubit) for t in terms):
                return qubit
        return -1

    def _dense_matrix(self, node: Node) -> None:
        low, high = sorted(node.targets, key=self._position.__getitem__)
        slots = {(low,): 0, (high,): 1, (low, high): 2, (high, low): 3}
        self._dense.append([[f.form, f.place, f.detail, slots[f.qubits]] for f in node.factors])
        positions = (self._position[low], self._position[high])
        size = 32
        if positions[0] < self._layout.lane_bits:
            size = self._lanes * (16 if positions[1] >= self._layout.lane_bits else 8)
        start = self._reserve(size)
        number = len(self._dense) - 1
        self._writes.append([Write.DENSE, start, number, *positions, self._layout.lane_bits, 0])
        self._row(BlockOpcode.DENSE, positions, start=start)

    def _cartan(self, node: Node) -> None:
        form = node.form
        assert form is not None
        values = np.array(form.numbers)
        start = self._reserve(values.size)
        self._constants.append((start, values))
        columns = {"STEEP": 1, "X_TILE": form.flips} if isinstance(form, TangentForm) else {}
        unreached = min(self._unreached, self._layout.tile_bits - CARTAN_TILE_BITS)
        positions = [self._position[q] for q in node.targets]
        self._row(BlockOpcode.CARTAN, positions, start=start, UNREACHED=unreached, **columns)

    def _exchange(self, node: Node) -> None:
        lanes, controls = self._conditions(node.controls, node.zeros)
        start = self._reserve(self._lanes)
        self._constants.append((start, self._chosen(lanes)))
        self._row(BlockOpcode.EXCHANGE, (self._position[node.targets[0]],), start=start, **controls)

    def _swap(self, node: Node) -> None:
        low, high = sorted(node.targets, key=self._position.__getitem__)
        if self._position[low] >= self._layout.lane_bits:
            start = self._reserve(self._lanes)
            self._constants.append((start, np.ones(self._lanes)))
            self._row(BlockOpcode.SWAP, (self._position[low], self._position[high]), start=start)
            return
        for control, target in ((low, high), (high, low), (low, high)):
            self._exchange(Node(Kind.EXCHANGE, (target,), (control,), controls=(control,)))

    def _many_phase(self, node: Node) -> None:
        self._phase(0, node.factors[0].place, node.diagonal, node.zeros)

    def _phase(self, source: int, place: int, qubits: Sequence[int], zeros: int) -> None:
        (mask, value), controls = self._conditions(qubits, zeros)
        start = self._reserve(2 * self._lanes)
        self._writes.append([Write.PHASE, start, place, source, mask, value, 0])
        self._row(BlockOpcode.PHASE, start=start, **controls)

    def _pauli(self, node: Node) -> None:
        lane_bits, block_bits = self._layout.lane_bits, self._layout.block_bits
        (mask, value), controls = self._conditions(node.controls, node.zeros)
        letters_z = [q for q in node.diagonal if q not in node.controls] + list(node.y)
        x = sum(1 << self._position[q] for q in node.targets)
        z = sum(1 << self._position[q] for q in letters_z if self._position[q] < block_bits)
        sign, is_real = ((-1, 0), (-1, 1), (1, 0), (1, 1))[len(node.y) % 4]
        lane_mask = self._lanes - 1
        start = self._reserve(2 * self._lanes)
        place = node.factors[0].place
        self._writes.append([Write.PAULI, start, place, sign, z & lane_mask, mask, value])
        self._row(
            BlockOpcode.PAULI,
            start=start,
            STEEP=is_real,
            X_TILE=x >> lane_bits,
            X_LANES=x & lane_mask,
            Z_TILE=z >> lane_bits,
            Z_OUTER=sum(1 << q for q in letters_z if self._position[q] >= block_bits),
            **controls,
        )

    def _many_strings(self, nodes: Sequence[Node]) -> None:
        first = len(self._strings)
        for node in nodes:
            inside = [q for q in node.diagonal if self._position[q] < self._layout.block_bits]
            outside = [q for q in node.diagonal if self._position[q] >= self._layout.block_bits]
            masks = sum(1 << self._position[q] for q in inside), sum(1 << q for q in outside)
            self._strings.append(masks)
            self._string_places.append(node.factors[0].place)
        self._row(BlockOpcode.STRINGS, (first, len(self._strings)), UNREACHED=0)

    def _matrix(self, node: Node) -> None:
        targets = node.factors[0].qubits
        ordered = sorted(range(len(targets)), key=lambda k: self._position[targets[k]])
        order = len(targets) << 32 | sum(k << 4 * place for place, k in enumerate(ordered))
        tile, lane = self._masks(targets)
        (mask, value), controls = self._conditions(node.controls, node.zeros)
        by_lane = lane | mask != 0
        size = 2 << 2 * len(targets)
        start = self._reserve((size >> lane.bit_count()) * self._lanes if by_lane else size)
        self._writes.append([Write.MATRIX, start, node.factors[0].place, order, lane, mask, value])
        self._row(BlockOpcode.MATRIX, start=start, STEEP=by_lane, X_TILE=tile, X_LANES=lane, **controls)

    def _table(self, node: Node) -> None:
        bits = {self._position[q]: k for k, q in enumerate(node.factors[0].qubits)}
        lane_bits, block_bits = self._layout.lane_bits, self._layout.block_bits
        strides = sum(1 << k + 16 * p for p, k in bits.items() if p < lane_bits)
        # Bits out of reach are 0.
        chosen = [bits[p] for p in sorted(bits) if lane_bits <= p < block_bits - self._unreached or p >= block_bits]
        tile, _ = self._masks(node.factors[0].qubits)
        (mask, value), controls = self._conditions(node.controls, node.zeros)
        place = node.factors[0].place
        start = self._reserve((2 << len(chosen)) * self._lanes)
        choice = np.arange(1 << len(chosen))
        entries = sum(((choice >> j & 1) << k for j, k in enumerate(chosen)), np.full_like(choice, place))
        for i, entry in enumerate(entries.tolist()):
            self._writes.append([Write.TABLE, start + 2 * i * self._lanes, entry, strides, mask, value, 0])
        outer = sum(1 << q for q in node.factors[0].qubits if self._position[q] >= block_bits)
        self._row(BlockOpcode.TABLE, start=start, X_TILE=tile & self._tiles_in_reach, Z_OUTER=outer, **controls)

    def _permute(self, node: Node) -> None:
        qubits = sorted(node.factors[0].qubits, key=self._position.__getitem__)
        for step in transpositions(reordered(node.table, [node.factors[0].qubits.index(q) for q in qubits])):
            fixed = [(q, step.value >> k & 1) for k, q in enumerate(qubits) if step.mask >> k & 1]
            zeros = node.zeros | sum(1 << q for q, value in fixed if not value)
            tile, lane = self._masks([q for k, q in enumerate(qubits) if step.flips >> k & 1])
            condition, controls = self._conditions([q for q, _ in fixed] + list(node.controls), zeros)
            here = self._chosen(condition)
            there = here[np.arange(self._lanes) ^ lane]
            chosen = np.concatenate([here, there]) if tile else here + there
            start = self._reserve(chosen.size)
            self._constants.append((start, chosen))
            self._row(BlockOpcode.TRANSPOSE, start=start, X_TILE=tile, X_LANES=lane, **controls)

    def _masks(self, qubits: Sequence[int]) -> tuple[int, int]:
        """The qubits of a block as masks of tiles and of lanes."""
        lane_bits, block_bits = self._layout.lane_bits, self._layout.block_bits
        mask = sum(1 << self._position[q] for q in qubits if self._position[q] < block_bits)
        return mask >> lane_bits, mask & (self._lanes - 1)

    def _conditions(self, qubits: Sequence[int], zeros: int) -> tuple[tuple[int, int], dict[str, int]]:
        """Mask and value of the controls inside a register, and the columns for those among tiles and outside."""
        masks = {"LANE": [0, 0], "TILE": [0, 0], "OUTER": [0, 0]}
        for q in qubits:
            position = self._position[q]
            if position < self._layout.lane_bits:
                place, bit = "LANE", position
            elif position < self._layout.block_bits:
                place, bit = "TILE", position - self._layout.lane_bits
            else:
                place, bit = "OUTER", q
            masks[place][0] |= 1 << bit
            masks[place][1] |= (1 - (zeros >> q & 1)) << bit
        columns = {
            "TILE_MASK": masks["TILE"][0],
            "TILE_VALUE": masks["TILE"][1],
            "OUTER_MASK": masks["OUTER"][0],
            "OUTER_VALUE": masks["OUTER"][1],
        }
        return (masks["LANE"][0], masks["LANE"][1]), columns

    def _chosen(self, condition: tuple[int, int]) -> NDArray[np.float64]:
        chosen: NDArray[np.bool_] = np.arange(self._lanes) & condition[0] == condition[1]
        return chosen.astype(np.float64)

    def _reserve(self, size: int) -> int:
        start = self._size
        self._size += size + -size % self._lanes
        return start

    def _row(self, opcode: BlockOpcode, positions: Sequence[int] = (), /, *, start: int = 0, **columns: int) -> None:
        if columns.get("TILE_VALUE", 0) & ~self._tiles_in_reach:
            return  # Where such controls are 1 everything is zero still.
        if "TILE_MASK" in columns:
            columns["TILE_MASK"] &= self._tiles_in_reach
        row = [0] * ROW
        row[Column.OPCODE] = opcode
        row[Column.POSITIONS : Column.POSITIONS + len(positions)] = positions
        row[Column.START] = start
        row[Column.UNREACHED] = self._unreached
        for name, value in columns.items():
            row[Column[name]] = value
        self._rows.append(row)


_NODES = {
    Kind.DENSE: _Packer._dense_matrix,
    Kind.EXCHANGE: _Packer._exchange,
    Kind.SWAP: _Packer._swap,
    Kind.PHASE: _Packer._many_phase,
    Kind.PAULI: _Packer._pauli,
    Kind.MATRIX: _Packer._matrix,
    Kind.TABLE: _Packer._table,
    Kind.PERMUTE: _Packer._permute,
    Kind.CARTAN: _Packer._cartan,
}


def _starts(groups: Sequence[Sequence[object]]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(g) for g in groups])]).astype(np.int64)


def _rows(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.int64]:
    return np.array(rows, np.int64).reshape(-1, width)
