"""Random rows of the block program, with the registers, polynomials and strings that they refer to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector import isa, sweep
from qtoolkit_kernels.vector.adjoint import sweep as adjoint_sweep
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.plan import Numbers


def aligned(values, dtype):
    """A copy that begins at a register."""
    values = np.asarray(values)
    copy = aligned_empty(values.size, dtype).reshape(values.shape)
    copy[...] = values
    return copy


@dataclass(frozen=True)
class Shape:
    """How a state is cut.

    Attributes:
        dtype: float64 or float32.
        vector_bytes: of a register.
        tile_bits: of a block.
        outer_bits: index bits outside a block.
        chunk_bits, low_bits: beyond the bits inside a register.
    """

    dtype: Any
    vector_bytes: int
    tile_bits: int = 5
    outer_bits: int = 2
    chunk_bits: int = 1
    low_bits: int = 2

    @property
    def lanes(self):
        return self.vector_bytes // np.dtype(self.dtype).itemsize

    @property
    def lane_bits(self):
        return self.lanes.bit_length() - 1

    @property
    def block_bits(self):
        return self.lane_bits + self.tile_bits

    @property
    def num_bits(self):
        return self.block_bits + self.outer_bits

    @property
    def cuts(self):
        """Block bits, chunk bits and low bits, which take no more than 4 KiB."""
        most = (2048 // np.dtype(self.dtype).itemsize).bit_length() - 1
        return self.block_bits, self.lane_bits + self.chunk_bits, min(self.lane_bits + self.low_bits, most)


class RandomRows:
    """Draws rows for sweeps, and runs them through the kernels or their twins.

    Args:
        shape: of the state.
        seed: of everything.
        num_sweeps: each with other bits in its blocks.
    """

    def __init__(self, shape: Shape, seed: int | list[int], num_sweeps: int = 1):
        self.shape, self.rng = shape, np.random.default_rng(seed)
        chunk = shape.cuts[1]
        self.bits = np.array(
            [[*range(chunk), *(chunk + self.rng.permutation(shape.num_bits - chunk))] for _ in range(num_sweeps)]
        )
        self.sweep_rows = [[] for _ in range(num_sweeps)]
        self.registers, self.polynomials, self.strings = [], [], []

    def state(self):
        """Interleaved real and imaginary parts, of norm 1."""
        numbers = self.rng.normal(size=2 << self.shape.num_bits)
        return aligned(numbers / np.linalg.norm(numbers), self.shape.dtype)

    def place(self, *registers):
        """Store registers, or single numbers filled up to a whole register; return where they begin."""
        start = sum(r.size for r in self.registers)
        numbers = np.ravel(registers)
        self.registers.append(np.append(numbers, np.full(-numbers.size % self.shape.lanes, np.nan)))
        return start

    def register(self, low=-1.0, high=1.0):
        return self.rng.uniform(low, high, self.shape.lanes)

    def lane_choice(self, partner=0):
        """Ones and zeros by random lane controls that don't touch a bit."""
        mask = int(self.rng.integers(self.shape.lanes)) & ~partner
        value = int(self.rng.integers(self.shape.lanes)) & mask
        return (np.arange(self.shape.lanes) & mask == value).astype(float)

    def tile_position(self, count=1):
        """Distinct positions among the tiles."""
        return [int(p) for p in self.shape.lane_bits + self.rng.permutation(self.shape.tile_bits)[:count]]

    def tile_controls(self, *positions):
        """Up to three controls among tiles, none of them at these positions."""
        free = [p for p in range(self.shape.tile_bits) if p + self.shape.lane_bits not in positions]
        chosen = self.rng.permutation(free)[: self.rng.integers(min(4, len(free) + 1))]
        mask = sum(1 << int(p) for p in chosen)
        return {isa.TILE_MASK: mask, isa.TILE_VALUE: int(self.rng.integers(1 << self.shape.tile_bits)) & mask}

    def outer_index_bits(self, s):
        return [int(bit) for bit in self.bits[s, self.shape.block_bits :]]

    def outer_mask(self, s):
        return sum(1 << bit for bit in self.outer_index_bits(s) if self.rng.random() < 0.5)

    def outer_controls(self, s):
        """Controls outside the block in half of all cases, not more than one, so that half of the blocks take part."""
        if not self.shape.outer_bits or self.rng.random() < 0.5:
            return {}
        bit = 1 << int(self.rng.choice(self.outer_index_bits(s)))
        return {isa.OUTER_MASK: bit, isa.OUTER_VALUE: bit * int(self.rng.integers(2))}

    def row(self, s, opcode, positions=(), columns=None, outer=True):
        """Append a row to a sweep."""
        row = np.zeros(isa.ROW, np.int64)
        row[isa.OPCODE] = opcode
        row[isa.POSITIONS : isa.POSITIONS + len(positions)] = positions
        for column, value in ((columns or {}) | (self.outer_controls(s) if outer else {})).items():
            row[column] = value
        self.sweep_rows[s].append(row)

    @property
    def operations(self):
        rows = [row for rows in self.sweep_rows for row in rows]
        return np.array(rows, np.int64).reshape(-1, isa.ROW)

    @property
    def operation_start(self):
        return np.cumsum([0, *(len(rows) for rows in self.sweep_rows)])

    @property
    def coefficients(self):
        return aligned(np.concatenate([np.zeros(0), *self.registers]), self.shape.dtype)

    @property
    def phases(self):
        """Constants, linear factors, pairs and controls."""
        n, count = self.shape.num_bits, len(self.polynomials)
        constants, linear, pairs, controls = zip(*self.polynomials, strict=True) if count else ((), (), (), ())
        return (
            np.array(constants, complex),
            np.array(linear, complex).reshape(count, n),
            np.array(pairs, complex).reshape(count, n, n),
            np.array(controls, np.int64),
        )

    @property
    def string_arrays(self):
        masks = np.array([s[:2] for s in self.strings], np.int64).reshape(-1, 2)
        return masks, np.array([s[2] for s in self.strings], np.float64)

    @property
    def cut(self):
        return Cut(Lanes(self.shape.vector_bytes), *self.shape.cuts)

    def numbers(self, factor=1.0):
        arrays = self.operations, self.coefficients, *self.phases, *self.string_arrays
        return Numbers(*arrays, complex(factor))

    def run(self, state, source, factor=1.0, num_threads=1):
        """Run the kernel on a state of real numbers, in place; a thread that runs alone needs no counters."""
        shape = self.shape
        itemsize = np.dtype(shape.dtype).itemsize
        block_bits, _, low_bits = shape.cuts
        size = sweep.scratch_size(block_bits, low_bits, len(self.polynomials), shape.vector_bytes, itemsize)
        spare = sweep.spare_size(shape.vector_bytes, itemsize)
        scratch = aligned(np.full((num_threads, size + spare), np.nan), shape.dtype)
        given = state.view(np.complex128 if itemsize == 8 else np.complex64)
        program = self.cut, self.bits, self.operation_start, self.numbers(factor)
        arguments = (*program, source, True, spare, scratch, given)
        if num_threads == 1:
            sweep.run_sweeps(*arguments, counters(0), 0)
        else:
            Team(num_threads).run(sweep.run_sweeps, *arguments, counters(2 * len(self.bits)))

    def turn_back(self, ket, bra, sought, keep, factor, num_groups, first_row=0, num_threads=1):
        """Run the kernel of the way back on two states, in place; return the sums."""
        shape = self.shape
        itemsize = np.dtype(shape.dtype).itemsize
        block_bits, _, low_bits = shape.cuts
        size = adjoint_sweep.adjoint_scratch_size(
            block_bits, low_bits, len(self.polynomials), bool(self.strings), shape.vector_bytes, itemsize
        )
        scratch = aligned(np.zeros((num_threads, size)), shape.dtype)
        sums = np.zeros((num_groups, sought.num_places))
        arguments = (
            ket, bra, self.cut, self.bits, self.operation_start, first_row, self.numbers(factor), sought.arrays,
            scratch, keep, sums, counters(2 * len(self.bits)),
        )  # fmt: skip
        Team(num_threads).run(adjoint_sweep.turn_back_sweeps, *arguments)
        return sums


def rotate(count, steep):
    def draw(r, s):
        start = r.place(r.rng.uniform(-1, 1, count))
        columns = {isa.ROTATE_COUNT: count, isa.ROTATE_STEEP: steep, isa.START: start}
        r.row(s, isa.ROTATE, r.tile_position(count), columns)

    return draw


def rotate_lanes(r, s):
    registers = [r.register() for _ in range(2 * r.shape.lane_bits)]
    r.row(s, isa.ROTATE_LANES, columns={isa.START: r.place(*registers)})


def on_two(opcode, kind, sizes):
    """On two tile bits (the lowest one or not), on one and a lane bit, or on two lane bits.

    `sizes` are how many numbers it takes, or how many registers on a lane and a tile bit, and on lane bits.
    """

    def draw(r, s):
        lane_bits = r.shape.lane_bits
        if kind == "tiles":
            positions = sorted(r.tile_position(2))
            start = r.place(r.rng.uniform(-1, 1, sizes[0]))
        elif kind == "lowest tile":
            positions = [lane_bits, int(r.rng.integers(lane_bits + 1, r.shape.block_bits))]
            start = r.place(r.rng.uniform(-1, 1, sizes[0]))
        elif kind == "lane and tile":
            positions = [int(r.rng.integers(lane_bits)), *r.tile_position()]
            start = r.place(*(r.register() for _ in range(sizes[1])))
        else:
            positions = sorted(int(p) for p in r.rng.permutation(lane_bits)[:2])
            start = r.place(*(r.register() for _ in range(sizes[2])))
        r.row(s, opcode, positions, {isa.START: start})

    return draw


def exchange(on_lane):
    def draw(r, s):
        target = int(r.rng.integers(r.shape.lane_bits)) if on_lane else r.tile_position()[0]
        lanes = r.lane_choice(1 << target if on_lane else 0)
        r.row(s, isa.EXCHANGE, [target], {isa.START: r.place(lanes)} | r.tile_controls(target))

    return draw


def swap(r, s):
    r.row(s, isa.SWAP, r.tile_position(2), {isa.START: r.place(r.lane_choice())})


def phase(r, s):
    r.row(s, isa.PHASE, columns={isa.START: r.place(r.register(), r.register())} | r.tile_controls())


def pauli(x, real):
    """A string with X or Y on these kinds of bits, and Z or Y on any."""

    def draw(r, s):
        tile_bits, lane_bits = r.shape.tile_bits, r.shape.lane_bits
        x_tile = int(r.rng.integers(1, 1 << tile_bits)) if "tiles" in x else 0
        flipped = [p + lane_bits for p in range(tile_bits) if x_tile >> p & 1]
        columns = {
            isa.PAULI_REAL: int(real),
            isa.START: r.place(r.register(), r.register()),
            isa.PAULI_X_TILE: x_tile,
            isa.PAULI_X_LANES: int(r.rng.integers(1, 1 << lane_bits)) if "lanes" in x else 0,
            isa.PAULI_Z_TILE: int(r.rng.integers(1 << tile_bits)),
            isa.PAULI_Z_OUTER: r.outer_mask(s),
        }
        r.row(s, isa.PAULI, columns=columns | r.tile_controls(*flipped))

    return draw


def diagonal(control, density):
    """A polynomial, with a control at some kind of place, and with this share of all pairs."""

    def draw(r, s):
        n = r.shape.num_bits
        block_bits, _, low_bits = r.shape.cuts
        pairs = np.where(np.triu(r.rng.random((n, n)) < density, 1), np.exp(1j * r.rng.uniform(-3, 3, (n, n))), 1)
        linear = np.exp(1j * r.rng.uniform(-3, 3, n))
        places = {"block": r.bits[s, low_bits:block_bits], "outside": r.bits[s, block_bits:]}.get(control, [])
        chosen = int(r.rng.choice(places)) if len(places) else -1
        if chosen >= 0:
            pairs[chosen], pairs[:, chosen] = 1, 1  # they belong to the linear factors
        columns = {isa.DIAGONAL_POLYNOMIAL: len(r.polynomials)}
        r.polynomials.append((np.exp(0.7j), linear, pairs * pairs.T, chosen))
        r.row(s, isa.DIAGONAL, columns=columns, outer=False)

    return draw


def strings(count):
    def draw(r, s):
        first = len(r.strings)
        for _ in range(count):
            inside = int(r.rng.integers(1 << r.shape.block_bits))
            r.strings.append((inside, r.outer_mask(s), float(r.rng.uniform(-3, 3))))
        r.row(s, isa.STRINGS, [first, first + count], outer=False)

    return draw


def rotate_lane(r, s):
    """One bit alone; the registers of the others are not read."""
    bit = int(r.rng.integers(r.shape.lane_bits))
    registers = np.full((2 * r.shape.lane_bits, r.shape.lanes), np.nan)
    registers[2 * bit : 2 * bit + 2] = r.register(), r.register()
    r.row(s, isa.ROTATE_LANES, [bit], {isa.ROTATE_LANES_ALONE: 1, isa.START: r.place(*registers)})


def butterflies(r, s):
    n = r.shape.num_bits
    positions = r.tile_position(2)
    columns = {isa.START: r.place(r.rng.uniform(-1, 1, 2)), isa.BUTTERFLIES_POLYNOMIALS: len(r.polynomials)}
    for position in positions:
        linear = np.exp(1j * r.rng.uniform(-3, 3, n))
        linear[r.bits[s, position]] = 1
        r.polynomials.append((np.exp(0.7j), linear, np.ones((n, n)), int(r.bits[s, position])))
    r.row(s, isa.BUTTERFLIES, positions, columns, outer=False)


def cartan(kind, by_tangents):
    """On two tile bits in any order, on a lane bit and one of those, or on two lane bits."""

    def draw(r, s):
        lane_bits = r.shape.lane_bits
        on_lanes = {"tiles": 0, "lane and tile": 1, "lanes": 2}[kind]
        lanes = sorted(int(p) for p in r.rng.permutation(lane_bits)[:on_lanes])
        columns = {isa.START: r.place(r.rng.uniform(-1, 1, 14 if by_tangents else 20))}
        if by_tangents:
            columns |= {isa.CARTAN_TANGENTS: 1, isa.CARTAN_FLIPS: int(r.rng.integers(4))}
        r.row(s, isa.CARTAN, [*lanes, *r.tile_position(2 - on_lanes)], columns)

    return draw


def reorder(r, s):
    """A random number of exchanges and swaps of tile bits, in a row."""
    images = [1 << k for k in range(r.shape.tile_bits)]
    for _ in range(r.rng.integers(1, 12)):
        i, j = r.rng.permutation(len(images))[:2]
        if r.rng.random() < 0.5:
            images[i] ^= images[j]
        else:
            images[i], images[j] = images[j], images[i]
    packed = sum(image << 16 * k for k, image in enumerate(images))
    columns = {
        isa.REORDER_IMAGES + k: part
        for k, part in enumerate(np.array([packed >> 64 * k & 2**64 - 1 for k in range(4)], np.uint64).view(np.int64))
    }
    r.row(s, isa.REORDER, columns=columns | {isa.REORDER_OFFSET: int(r.rng.integers(1 << r.shape.tile_bits))})


def matrix(num_tiles, num_lanes, by_lane):
    def draw(r, s):
        tiles, lanes = r.tile_position(num_tiles), r.rng.permutation(r.shape.lane_bits)[:num_lanes]
        size = 2 << 2 * num_tiles + num_lanes
        registers = [r.rng.uniform(-0.5, 0.5, size * (r.shape.lanes if by_lane else 1))]
        columns = {
            isa.START: r.place(*registers),
            isa.MATRIX_BY_LANE: int(by_lane),
            isa.MATRIX_TILES: sum(1 << p - r.shape.lane_bits for p in tiles),
            isa.MATRIX_LANES: sum(1 << int(p) for p in lanes),
        }
        r.row(s, isa.MATRIX, columns=columns | r.tile_controls(*tiles))

    return draw


def table(num_tiles):
    def draw(r, s):
        tiles, outer = r.tile_position(num_tiles), r.outer_mask(s)
        count = 2 << num_tiles + outer.bit_count()
        columns = {
            isa.START: r.place(*(r.register() for _ in range(count))),
            isa.TABLE_TILES: sum(1 << p - r.shape.lane_bits for p in tiles),
            isa.TABLE_OUTER: outer,
        }
        r.row(s, isa.TABLE, columns=columns | r.tile_controls(*tiles))

    return draw


def transpose(kind):
    def draw(r, s):
        tile = int(r.rng.integers(1, 1 << r.shape.tile_bits)) if "tiles" in kind else 0
        lanes = int(r.rng.integers(1, r.shape.lanes)) if "lanes" in kind else 0
        highest = tile.bit_length() - 1
        choice = r.lane_choice(lanes)
        columns = {isa.START: r.place(choice, choice), isa.TRANSPOSE_TILES: tile, isa.TRANSPOSE_LANES: lanes}
        controls = r.tile_controls(*([highest + r.shape.lane_bits] if tile else []))
        if tile:
            controls[isa.TILE_MASK] |= 1 << highest
        r.row(s, isa.TRANSPOSE, columns=columns | controls)

    return draw


Case = Callable[[RandomRows, int], None]

TWO_BITS = ("tiles", "lowest tile", "lane and tile", "lanes")

CASES: dict[str, dict[str, Case]] = {
    "ROTATE": {
        f"{count} {'steep' if steep else 'flat'}": rotate(count, steep) for count in range(1, 5) for steep in (0, 1)
    },
    "ROTATE_LANES": {"": rotate_lanes, "one bit": rotate_lane},
    "DENSE": {kind: on_two(isa.DENSE, kind, (32, 16, 8)) for kind in TWO_BITS},
    "EXCHANGE": {"lane": exchange(True), "tile": exchange(False)},
    "SWAP": {"": swap},
    "PHASE": {"": phase},
    "PAULI": {
        f"{x} {'real' if real else 'imaginary'}": pauli(x, real)
        for x in ("z only", "tiles", "lanes", "tiles lanes")
        for real in (False, True)
    },
    "DIAGONAL": {
        f"{control} control, density {density}": diagonal(control, density)
        for control in ("no", "block", "outside")
        for density in (0, 0.2, 1)
    },
    "STRINGS": {f"{count} strings": strings(count) for count in (1, 40)},
    "BUTTERFLIES": {"": butterflies},
    "REORDER": {"": reorder},
    "MATRIX": {
        f"{tiles} tile bits, {lanes} lane bits{', by lane' if by_lane else ''}": matrix(tiles, lanes, by_lane)
        for tiles, lanes, by_lane in (
            (1, 0, False),
            (1, 0, True),
            (0, 1, True),
            (2, 0, False),
            (1, 1, True),
            (3, 0, False),
            (3, 0, True),
            (2, 1, True),
            (4, 1, True),
        )
    },
    "TABLE": {f"{tiles} tile bits": table(tiles) for tiles in (0, 1, 3)},
    "TRANSPOSE": {kind: transpose(kind) for kind in ("tiles", "lanes", "tiles lanes")},
    "CARTAN": {
        f"{kind}, {form}": cartan(kind, int(form == "tangents"))
        for kind, form in (
            *((kind, form) for kind in ("tiles", "lane and tile") for form in ("general", "tangents")),
            ("lanes", "general"),
        )
    },
}
"""What draws a row, by opcode and by what tells its rows apart."""

FORWARD_ONLY = {
    ("ROTATE_LANES", "one bit"),
    *((known.name, kind) for known in isa.INSTRUCTIONS if not known.is_undone for kind in CASES[known.name]),
}
"""Rows that are never taken back."""


def fits(shape, opcode, kind):
    """Whether a block has the bits, and scratch memory the room."""
    block_bits, _, low_bits = shape.cuts
    if opcode == "BUTTERFLIES":
        return 6 << low_bits <= 1 << block_bits
    return shape.lane_bits > 1 or opcode not in ("DENSE", "CARTAN") or not kind.startswith("lanes")


def every_case(chosen=lambda opcode, kind: True):
    """Decorator: opcodes and kinds, those that are chosen."""
    cases = [(opcode, kind) for opcode, kinds in CASES.items() for kind in kinds if chosen(opcode, kind)]
    return pytest.mark.parametrize(("opcode", "kind"), cases, ids=[f"{opcode} {kind}" for opcode, kind in cases])


def fitting(shapes, opcode, kind):
    """The shapes whose blocks have the bits; without any, there is no such row to test, and the test is skipped."""
    found = [shape for shape in shapes if fits(shape, opcode, kind)]
    if not found:
        pytest.skip("two bits inside a register that has one")
    return found


def draw_program(rows, length, forward_only=True):
    """Rows of all kinds in every sweep; `forward_only` says whether there may be such that are never taken back."""
    every = [
        draw
        for opcode, cases in CASES.items()
        for kind, draw in cases.items()
        if fits(rows.shape, opcode, kind) and (forward_only or (opcode, kind) not in FORWARD_ONLY)
    ]
    for s in range(len(rows.sweep_rows)):
        for k in rows.rng.integers(len(every), size=length):
            every[k](rows, s)
