"""Each operation on the states of a batch equals its twin, alone and in programs, for every width and precision."""

import numpy as np
import pytest
from vector_rows import aligned
from vector_widths import WIDTHS

from qtoolkit_kernels.reference.vector.batch import block as twins
from qtoolkit_kernels.reference.vector.skew import skewed
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.batch import block as batch_block
from qtoolkit_kernels.vector.lanes import Lanes

PRECISIONS = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
EPSILONS = {np.float64: 1e-15, np.float32: 5e-7}


class BatchRows:
    """Draws rows, and runs them through the kernel or its twin."""

    def __init__(self, num_bits, dtype, vector_bytes, seed):
        self.num_bits, self.dtype, self.vector_bytes = num_bits, dtype, vector_bytes
        self.rng = np.random.default_rng(seed)
        self.lanes = vector_bytes // np.dtype(dtype).itemsize
        self.rows, self.registers, self.partners, self.permutations = [], [], [], []

    def row(self, opcode, positions=(), count=0, **columns):
        """Append a row that reads `count` random registers."""
        row = np.zeros(batch_block.ROW, np.int64)
        row[batch_block.OPCODE] = opcode
        row[batch_block.POSITIONS : batch_block.POSITIONS + len(positions)] = positions
        row[batch_block.START] = len(self.registers)
        for name, value in columns.items():
            row[getattr(batch_block, name)] = value
        self.rows.append(row)
        self.registers += list(self.rng.uniform(-1, 1, (count, self.lanes)))

    def positions(self, count):
        return [int(p) for p in self.rng.permutation(self.num_bits)[:count]]

    def controls(self, without=0):
        mask = int(self.rng.integers(1 << self.num_bits) & self.rng.integers(1 << self.num_bits)) & ~without
        return {"MASK": mask, "VALUE": int(self.rng.integers(1 << self.num_bits)) & mask}

    def tables(self):
        size = 1 << self.num_bits
        partners = np.array(self.partners, np.int64).reshape(-1, self.num_bits)
        return partners, np.array(self.permutations, np.int64).reshape(-1, size)

    def check(self, rounding):
        """Run both from the same random states."""
        lanes, size = self.lanes, 1 << self.num_bits
        skew = (4096 // (2 * self.vector_bytes)).bit_length() - 1
        places = skewed(size, skew)
        numbers = self.rng.normal(size=(size, 2, lanes)).astype(self.dtype)
        block = np.full((places[-1] + 1, 2, lanes), np.nan)
        block[places] = numbers
        operations = np.array(self.rows)
        registers = np.array(self.registers or [np.zeros(lanes)]).astype(self.dtype)
        expected = numbers[:, 0].astype(np.float64) + 1j * numbers[:, 1]
        twins.run_batch_block(expected, operations, *self.tables(), registers)
        found = batch_block.run_batch_block(
            aligned(block.ravel(), self.dtype), Lanes(self.vector_bytes), self.num_bits, 2 * lanes, skew, operations,
            *self.tables(), aligned(registers.ravel(), self.dtype), aligned(np.zeros(block.size), self.dtype),
            True,
        )  # fmt: skip
        tiles = found.reshape(-1, 2, lanes)[places]
        tolerance = rounding * EPSILONS[self.dtype] * np.abs(expected).max()
        np.testing.assert_allclose(tiles[:, 0] + 1j * tiles[:, 1], expected, rtol=0, atol=tolerance)


def rotate(count):
    return lambda b: b.row(isa.ROTATE, b.positions(count), count + 1, COUNT=count)


def pauli(flipping, real):
    def draw(b):
        x = int(b.rng.integers(1, 1 << b.num_bits)) if flipping else 0
        z = int(b.rng.integers(1 << b.num_bits))
        b.row(isa.PAULI, (), 2, X=x, Z=z, REAL=int(real), **b.controls(x))

    return draw


def exchange(b):
    (target,) = b.positions(1)
    b.row(isa.EXCHANGE, [target], **b.controls(1 << target))


def swap(b):
    first, second = b.positions(2)
    b.row(isa.SWAP, [first, second], **b.controls(1 << first | 1 << second))


def diagonal(density):
    def draw(b):
        lower = np.tril(b.rng.random((b.num_bits, b.num_bits)) < density, -1)
        b.row(isa.DIAGONAL, (), 2 * (1 + b.num_bits + int(lower.sum())), SOURCE=len(b.partners))
        b.partners.append(lower @ (1 << np.arange(b.num_bits)))

    return draw


def permute(b):
    b.row(batch_block.PERMUTE, SOURCE=len(b.permutations))
    b.permutations.append(b.rng.permutation(1 << b.num_bits))


def matrix(count):
    def draw(b):
        mask = sum(1 << p for p in b.positions(count))
        b.row(isa.MATRIX, (), 2 << 2 * count, X=mask, **b.controls(mask))

    return draw


def transpose(b):
    flips = int(b.rng.integers(1, 1 << b.num_bits))
    highest = 1 << flips.bit_length() - 1
    controls = b.controls(highest)
    b.row(isa.TRANSPOSE, X=flips, MASK=controls["MASK"] | highest, VALUE=controls["VALUE"])


CASES = {
    "ROTATE": {str(count): rotate(count) for count in range(1, 5)},
    "DENSE": {"": lambda b: b.row(isa.DENSE, b.positions(2), 32)},
    "EXCHANGE": {"": exchange},
    "SWAP": {"": swap},
    "PHASE": {"": lambda b: b.row(isa.PHASE, (), 2, **b.controls())},
    "PAULI": {"Z": pauli(False, False), "imaginary": pauli(True, False), "real": pauli(True, True)},
    "DIAGONAL": {f"density {density}": diagonal(density) for density in (0, 0.3, 1)},
    "PERMUTE": {"": permute},
    "MATRIX": {str(count): matrix(count) for count in range(1, 5)},
    "TRANSPOSE": {"": transpose},
}


def test_every_opcode_has_cases():
    batched = {known.name for known in isa.INSTRUCTIONS if known.is_batched}
    assert set(CASES) == batched - {"STRINGS", "TABLE"} | {"PERMUTE"}


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize(
    ("opcode", "kind"),
    [pytest.param(opcode, kind, id=f"{opcode} {kind}") for opcode, kinds in CASES.items() for kind in kinds],
)
def test_operation(opcode, kind, vector_bytes, dtype):
    for num_bits in (4, 5, 9):
        for seed in range(3):
            rows = BatchRows(num_bits, dtype, vector_bytes, [seed, num_bits])
            CASES[opcode][kind](rows)
            # Factors of a polynomial are multiplied one by one, up to num_bits² / 2 of them.
            rows.check(rounding=100 if opcode == "DIAGONAL" else 20)


@PRECISIONS
@WIDTHS
def test_programs(vector_bytes, dtype):
    every = [draw for kinds in CASES.values() for draw in kinds.values()]
    for num_bits in (4, 6, 11):
        rows = BatchRows(num_bits, dtype, vector_bytes, num_bits)
        for k in rows.rng.integers(len(every), size=12):
            every[k](rows)
        rows.check(rounding=1000)


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize("opcode", ["PHASE", "PAULI", "DIAGONAL", "PERMUTE"])
def test_a_single_qubit(opcode, vector_bytes, dtype):
    for kind in CASES[opcode].values():
        rows = BatchRows(1, dtype, vector_bytes, 0)
        kind(rows)
        rows.check(rounding=20)
