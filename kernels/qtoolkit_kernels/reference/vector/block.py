"""Twin of the block program: every row by its definition, on a vector of 2^block_bits amplitudes.

Amplitude a of a block has bit p of a at position p, so its lane is ``a % lanes`` and its tile ``a // lanes``. Registers
are read as the kernel's rows say: one number for each lane.
"""

from collections.abc import Callable

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.reference._indices import signs
from qtoolkit_kernels.reference.vector.phases import apply_phases
from qtoolkit_kernels.reference.vector.walsh import apply_strings
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.plan import Numbers

__all__ = ["Rows", "run_block"]


class Rows:
    """Operations on one block.

    Args:
        lanes: of a register.
        numbers: what rows refer to.
        bits: int64[n], the index bit of every position: the block's first, then those outside.
        outer: the bits of the index outside the block.
    """

    def __init__(self, lanes: int, numbers: Numbers, bits: Integers, outer: int) -> None:
        self.lanes, self.numbers, self.bits, self.outer = lanes, numbers, bits, outer
        self.coefficients = numbers.registers.astype(np.float64)

    def enabled(self, row: Integers) -> bool:
        """Whether the block has the values that the row asks of the bits outside."""
        return bool(self.outer & row[isa.OUTER_MASK] == row[isa.OUTER_VALUE])

    def apply(self, row: Integers, block: Complex) -> None:
        """Run one row on a block, in place."""
        name = isa.INSTRUCTIONS[row[isa.OPCODE]].name
        getattr(self, f"_{name.lower()}")(row, block)

    def indices(self, size: int) -> Integers:
        """The index of every amplitude in the whole state."""
        places = np.arange(size, dtype=np.int64)
        indices = np.full(size, self.outer, np.int64)
        for position in range(size.bit_length() - 1):
            indices |= (places >> position & 1) << self.bits[position]
        return indices

    def _register(self, row: Integers, number: int, size: int) -> Floats:
        """The number that a register holds for each amplitude."""
        start = row[isa.START] + number * self.lanes
        return np.tile(self.coefficients[start : start + self.lanes], size // self.lanes)

    def _controlled(self, row: Integers, size: int) -> np.ndarray:
        tiles = np.arange(size) // self.lanes
        return np.asarray(tiles & row[isa.TILE_MASK] == row[isa.TILE_VALUE])

    def rotate_bit(self, row: Integers, k: int, block: Complex) -> None:
        """The k-th rotation of a ROTATE row."""
        t = self.coefficients[row[isa.START] + k]
        matrix = np.array([[t, -1], [1, t]] if row[isa.ROTATE_STEEP] else [[1, -t], [t, 1]])
        halves = block.reshape(-1, 2, 1 << row[isa.POSITIONS + k])
        halves[:] = np.einsum("ij,ajb->aib", matrix, halves)

    def _rotate(self, row: Integers, block: Complex) -> None:
        for k in range(row[isa.ROTATE_COUNT]):
            self.rotate_bit(row, k, block)

    def _rotate_lanes(self, row: Integers, block: Complex) -> None:
        places = np.arange(block.size)
        alone = [int(row[isa.POSITIONS])] if row[isa.ROTATE_LANES_ALONE] == 1 else range(self.lanes.bit_length() - 1)
        for k in alone:
            keep, cross = (self._register(row, 2 * k + part, block.size) for part in range(2))
            block[:] = keep * block + cross * block[places ^ 1 << k]

    def _dense(self, row: Integers, block: Complex) -> None:
        self._apply_two(row, block, lambda here, there: self._entries(row, here, there, block.size))

    def _apply_two(self, row: Integers, block: Complex, entries: Callable[[Integers, int], Complex]) -> None:
        """A 4x4 matrix on the row's two positions, by its elements (here, there) for all amplitudes."""
        low, high = row[isa.POSITIONS : isa.POSITIONS + 2]
        places = np.arange(block.size)
        here = (places >> high & 1) << 1 | places >> low & 1
        image = np.zeros(block.size, np.complex128)
        for there in range(4):
            source = places & ~(1 << low | 1 << high) | (there & 1) << low | (there >> 1) << high
            image += entries(here, there) * block[source]
        block[:] = image

    def _entries(self, row: Integers, here: Integers, there: int, size: int) -> Complex:
        """Element (here, there) of the matrix, for each amplitude."""
        low, high = row[isa.POSITIONS : isa.POSITIONS + 2]
        if 1 << low >= self.lanes:
            matrix = self.coefficients[row[isa.START] :][:32].view(np.complex128).reshape(4, 4)
            return np.asarray(matrix[here, there])
        differs = here ^ there
        # Both bits inside a register: by partner. One of them: by the tile bits, then whether the lane bit differs.
        number = differs if 1 << high < self.lanes else here >> 1 << 2 | (there >> 1) << 1 | differs & 1
        registers = [self._register(row, k, size) for k in range(8 if 1 << high < self.lanes else 16)]
        entries = np.array(registers[0::2]) + 1j * np.array(registers[1::2])
        return np.asarray(entries[number, np.arange(size)])

    def _exchange(self, row: Integers, block: Complex) -> None:
        target = 1 << row[isa.POSITIONS]
        chosen = self._controlled(row, block.size) & (self._register(row, 0, block.size) != 0)
        block[:] = np.where(chosen, block[np.arange(block.size) ^ target], block)

    def _swap(self, row: Integers, block: Complex) -> None:
        first, second = row[isa.POSITIONS : isa.POSITIONS + 2]
        places = np.arange(block.size)
        differs = (places >> first ^ places >> second) & 1
        chosen = self._register(row, 0, block.size) != 0
        block[:] = np.where(chosen, block[places ^ differs << first ^ differs << second], block)

    def _phase(self, row: Integers, block: Complex) -> None:
        chosen = self._controlled(row, block.size)
        factor = self._register(row, 0, block.size) + 1j * self._register(row, 1, block.size)
        block[chosen] *= factor[chosen]

    def _pauli(self, row: Integers, block: Complex) -> None:
        places = np.arange(block.size, dtype=np.int64)
        mask = row[isa.PAULI_X_TILE] * self.lanes | row[isa.PAULI_X_LANES]
        keep, cross = self._register(row, 0, block.size), self._register(row, 1, block.size)
        outside = int(self.outer & row[isa.PAULI_Z_OUTER]).bit_count()
        sign = signs(places // self.lanes, row[isa.PAULI_Z_TILE]) * (-1) ** outside
        factor = 1.0 if row[isa.PAULI_REAL] else 1j
        chosen = self._controlled(row, block.size)
        block[:] = np.where(chosen, keep * block + factor * sign * cross * block[places ^ mask], block)

    def _diagonal(self, row: Integers, block: Complex) -> None:
        d, given = row[isa.DIAGONAL_POLYNOMIAL], self.numbers
        polynomial = given.constants[d], given.linear[d], given.pairs[d], int(given.controls[d])
        apply_phases(block, self.indices(block.size), *polynomial)

    def _strings(self, row: Integers, block: Complex) -> None:
        chosen = slice(row[isa.STRINGS_FIRST], row[isa.STRINGS_END])
        apply_strings(block, self.outer, self.numbers.strings[chosen], self.numbers.string_angles[chosen])

    def _butterflies(self, row: Integers, block: Complex) -> None:
        """Two stages: each a rotation, and then phases where its bit is 1."""
        for stage in range(2):
            bit = self.bits[row[isa.POSITIONS + stage]]
            self.rotate_bit(row, stage, block)
            d = row[isa.BUTTERFLIES_POLYNOMIALS] + stage
            pairs = np.ones((self.bits.size, self.bits.size), np.complex128)
            polynomial = self.numbers.constants[d], self.numbers.linear[d], pairs, int(bit)
            apply_phases(block, self.indices(block.size), *polynomial)

    def _reorder(self, row: Integers, block: Complex) -> None:
        """Tile j becomes what tile ``offset ^ (images of the bits of j)`` was."""
        packed = [int(column) & (1 << 64) - 1 for column in row[isa.REORDER_IMAGES : isa.UNREACHED]]
        everything = sum(column << 64 * k for k, column in enumerate(packed))
        tiles = np.arange(block.size // self.lanes)
        sources = np.full(tiles.size, row[isa.REORDER_OFFSET])
        for k in range((tiles.size - 1).bit_length()):
            sources ^= (tiles >> k & 1) * (everything >> 16 * k & 0xFFFF)
        block[:] = block.reshape(-1, self.lanes)[sources].ravel()

    def _matrix(self, row: Integers, block: Complex) -> None:
        """Rows in groups of up to four; of each group all columns, of each column all rows of the group."""
        places = np.arange(block.size, dtype=np.int64)
        tiles, x_tile, x_lanes = places // self.lanes, int(row[isa.MATRIX_TILES]), int(row[isa.MATRIX_LANES])
        here, inside = gathered(tiles, x_tile), x_lanes.bit_count()
        outputs = 1 << x_tile.bit_count()
        together = min(4, outputs)
        image = np.zeros(block.size, np.complex128)
        for column in range(outputs << inside):
            there = tiles & ~x_tile | spread(column >> inside, x_tile)
            source = there * self.lanes | (places % self.lanes ^ spread(column & (1 << inside) - 1, x_lanes))
            number = (here // together * (outputs << inside) + column) * together + here % together
            first = row[isa.START] + 2 * number
            real, imag = first, first + 1
            if row[isa.MATRIX_BY_LANE]:
                real = row[isa.START] + 2 * number * self.lanes + places % self.lanes
                imag = real + self.lanes
            image += (self.coefficients[real] + 1j * self.coefficients[imag]) * block[source]
        chosen = self._controlled(row, block.size)
        block[chosen] = image[chosen]

    def _table(self, row: Integers, block: Complex) -> None:
        """A register pair for each value of the bits that choose, those among tiles lowest."""
        places = np.arange(block.size, dtype=np.int64)
        x_tile = int(row[isa.TABLE_TILES])
        outside = gathered(np.array([self.outer]), int(row[isa.TABLE_OUTER]))[0]
        number = gathered(places // self.lanes, x_tile) | outside << x_tile.bit_count()
        first = row[isa.START] + 2 * number * self.lanes + places % self.lanes
        chosen = self._controlled(row, block.size)
        block[chosen] *= (self.coefficients[first] + 1j * self.coefficients[first + self.lanes])[chosen]

    def _transpose(self, row: Integers, block: Complex) -> None:
        partners = np.arange(block.size) ^ (row[isa.TRANSPOSE_TILES] * self.lanes | row[isa.TRANSPOSE_LANES])
        chosen = self._controlled(row, block.size) & (self._register(row, 0, block.size) != 0)
        block[:] = np.where(chosen | chosen[partners], block[partners], block)

    def _cartan(self, row: Integers, block: Complex) -> None:
        numbers = self.coefficients[row[isa.START] :][:20].copy()
        if row[isa.CARTAN_TANGENTS]:
            before = np.array([1, *(1 + 1j * numbers[:3])])
            a, b, c, d = numbers[3:7]
            after = np.array([1, 1, 1 + 1j * numbers[7], numbers[8] + 1j * numbers[9]])
            matrix = after[:, None] * (np.eye(4) + np.fliplr(np.diag([-a, -c, d, b]))) * before
            rotations = numbers[10:14]
        else:
            numbers[1] = 0.0
            own, cross = numbers[:16].view(np.complex128).reshape(4, 2).T
            matrix = np.diag(own) + np.fliplr(np.diag(cross))
            rotations = numbers[16:]
        low_turn, high_turn = (np.array([[1, -a], [b, 1]]) for a, b in rotations.reshape(2, 2))
        matrix = np.kron(high_turn, low_turn) @ matrix
        flipped = np.arange(4) ^ row[isa.CARTAN_FLIPS]
        matrix = matrix[np.ix_(flipped, flipped)]
        self._apply_two(row, block, lambda here, there: matrix[here, there])


def gathered(numbers: Integers, mask: int) -> Integers:
    """The bits of numbers under a mask, side by side."""
    found = np.zeros_like(numbers)
    for k, position in enumerate(p for p in range(mask.bit_length()) if mask >> p & 1):
        found |= (numbers >> position & 1) << k
    return found


def spread(number: int, mask: int) -> int:
    """The number whose bits under a mask are those of another, lowest first."""
    positions = [p for p in range(mask.bit_length()) if mask >> p & 1]
    return sum((number >> k & 1) << position for k, position in enumerate(positions))


def run_block(block: Complex, operations: Integers, program: Rows) -> None:
    """Run rows (int64[:, 17]) on the amplitudes of one block (complex128), in place."""
    for row in operations:
        if program.enabled(row):
            program.apply(row, block[: block.size >> row[isa.UNREACHED]])
