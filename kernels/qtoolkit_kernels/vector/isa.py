"""The instruction set of the block program: its opcodes, the columns of its rows, and what each operation costs.

A planned circuit is a table of rows, each int64[17]. Compiler, packers, kernels, twins, `explain`, the benchmarks and
the table in `docs/engine.md` take from here what they know of opcodes. `docs/how-to/add-an-opcode.md` says how to add
one. This module imports nothing, and kernels read its constants as attributes of it: as plain numbers.
"""

from collections.abc import Callable, Sequence

__all__ = ["FIRST_RARE", "INSTRUCTIONS", "ROW", "SELDOM", "Amount", "Instruction", "Load"]

ROW = 17
OPCODE, POSITIONS, COUNT, FLAG, START, TILE_MASK, TILE_VALUE, OUTER_MASK, OUTER_VALUE, MASKS, UNREACHED = (
    0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 16,
)  # fmt: skip
"""Columns of every row, COUNT, FLAG and MASKS under names of the opcode's own.

OPCODE: the number of one of the opcodes below.
POSITIONS: up to four bits of the block. The lowest bits are those inside a register; all others tell tiles apart.
START: the first coefficient. Controls inside a register are in the coefficients.
TILE_MASK, TILE_VALUE, OUTER_MASK, OUTER_VALUE: controls among tiles, whose masks count from the first bit above those
    inside a register, and among index bits outside the block.
MASKS: the first of four.
UNREACHED: how many of the block's highest bits are left out: the row works where they are 0, all else being zero. None
    of its targets, and at most the block's bits above `low_bits`.
"""

Amount = float | Callable[["Load"], float]

INSTRUCTIONS: "list[Instruction]" = []
"""By number."""


class Load:
    """A row on a block: what its costs depend on.

    Args:
        row: its columns.
        lane_bits, block_bits: bits inside a register, and of a block.
        has_control: whether it is a polynomial that is 1 wherever some qubit is 0.
        steps: of the steps in which a polynomial walks over the block's high bits, the share that turns a bit with
            pairs among the low ones.
    """

    def __init__(
        self, row: Sequence[int], lane_bits: int, block_bits: int, has_control: bool = False, steps: float = 0.0
    ) -> None:
        self.row, self.lane_bits, self.block_bits, self.steps = row, lane_bits, block_bits, steps
        self.controls = row[TILE_MASK].bit_count() + row[OUTER_MASK].bit_count() + has_control
        self.known = INSTRUCTIONS[row[OPCODE]]

    @property
    def bits(self) -> int:
        """How many bits the row turns, or how many targets it has."""
        bits = self.known.bits
        return int(bits(self) if callable(bits) else bits)

    def cost(self) -> tuple[float, float, float, float, float]:
        """Flops, passes and nanoseconds, then those for each block and those for each sweep; see `Instruction`."""
        flops, passes, ns, block_ns = (a(self) if callable(a) else a for a in self.known.amounts)
        share = 0.5**self.controls if self.known.is_controlled else 1.0
        return flops * share, passes * share, ns * share, block_ns * share, self.known.sweep_ns


class Instruction:
    """What is known of an opcode; those that are made get the numbers from 0 on.

    Args:
        name: of the opcode and, with an underscore behind it, of the columns that only its rows have.
        does: what, in a line.
        flops: real ones an amplitude, a fused multiply-add counted as two.
        passes: over the block, one that reads and writes everything.
        ns, block_ns, sweep_ns: nanoseconds for each register of 64 bytes, for each block, and for each thread and
            sweep, measured with AVX-512 at 4 to 5 GHz on blocks held in the second-level cache.
        bits: the load's `bits`.
        controlled: whether each control halves flops, passes and times, as each UNREACHED bit does those of a block.
        undone: whether `adjoint.block` takes it back; others are made for plans that only run forward.
        batched: whether batches have it.
        derived: whether its numbers may depend on parameters by which gradients are taken.
    """

    def __init__(
        self,
        name: str,
        does: str,
        *,
        flops: Amount = 0.0,
        passes: Amount = 1.0,
        ns: Amount,
        block_ns: Amount = 0.0,
        sweep_ns: float = 0.0,
        bits: Amount = 0.0,
        controlled: bool = False,
        undone: bool = True,
        batched: bool = True,
        derived: bool = False,
    ) -> None:
        self.name, self.does, self.bits = name, does, bits
        self.amounts, self.sweep_ns = (flops, passes, ns, block_ns), sweep_ns
        self.is_controlled, self.is_undone, self.is_batched, self.is_derived = controlled, undone, batched, derived
        self.number = len(INSTRUCTIONS)
        INSTRUCTIONS.append(self)

    @property
    def operands(self) -> dict[str, int]:
        """The columns that only this opcode has, by name."""
        prefix = f"{self.name}_"
        others = tuple(other.name for other in INSTRUCTIONS if other.name.startswith(prefix))
        names = [name for name in globals() if name.startswith(prefix) and not name.startswith(others)]
        return {name.removeprefix(prefix): globals()[name] for name in names}


ROTATE_COUNT, ROTATE_STEEP = COUNT, FLAG
"""How many positions; whether the sines are larger than the cosines, which are left out otherwise."""
ROTATE = Instruction(
    "ROTATE",
    "real rotations of up to four bits",
    flops=lambda load: 4.0 * load.bits,
    ns=lambda load: (0.0, 0.43, 0.54, 0.64, 0.81)[load.bits],
    bits=lambda load: load.row[ROTATE_COUNT],
    derived=True,
).number

ROTATE_LANES_ALONE = COUNT
"""Whether there is only one, that of the first position."""
ROTATE_LANES = Instruction(
    "ROTATE_LANES",
    "real rotations inside a register: one, or one on every bit",
    flops=lambda load: 6.0 * load.bits,
    ns=lambda load: 0.7 if load.row[ROTATE_LANES_ALONE] else 1.5,
    bits=lambda load: 1 if load.row[ROTATE_LANES_ALONE] else load.lane_bits,
    batched=False,
    derived=True,
).number

DENSE = Instruction("DENSE", "complex 4x4 matrix on any two bits", flops=30.0, ns=1.2, derived=True).number

MOVE_NS = 0.3
EXCHANGE = Instruction("EXCHANGE", "X with controls", ns=MOVE_NS, controlled=True).number
SWAP = Instruction("SWAP", "two bits exchanged", passes=0.5, ns=0.5 * MOVE_NS).number

PHASE = Instruction(
    "PHASE", "one phase where some bits have given values", flops=12.0, ns=1.0, controlled=True, derived=True
).number

PAULI_REAL = FLAG
"""Whether what multiplies the string is real."""
PAULI_X_TILE, PAULI_X_LANES, PAULI_Z_TILE, PAULI_Z_OUTER = range(MASKS, UNREACHED)
PAULI = Instruction(
    "PAULI",
    "exp(−iθ/2 P) for a Pauli string P, any weight",
    flops=6.0,
    # A register that is its own partner takes twice the time.
    ns=lambda load: 1.1 if load.row[PAULI_X_TILE] else 2.2,
    controlled=True,
    derived=True,
).number

TABLES_NS = 400.0
DIAGONAL_POLYNOMIAL = START
DIAGONAL = Instruction(
    "DIAGONAL",
    "any phase quadratic in the bits",
    flops=lambda load: 12.0 + 6.0 * load.steps,
    ns=lambda load: 1.0 + 0.3 * load.steps,
    block_ns=TABLES_NS,
    sweep_ns=1500.0,
    controlled=True,
    derived=True,
).number

STRINGS_FIRST, STRINGS_END = POSITIONS, POSITIONS + 1
"""Numbers of the first string and of the one past the last. STRINGS leave out no bits."""
STRINGS = Instruction(
    "STRINGS",
    "any number of exp(−iθ/2 Z…Z)",
    flops=lambda load: load.block_bits + 48.0,
    passes=4.5,
    ns=5.0,
    derived=True,
).number

BUTTERFLIES_POLYNOMIALS = MASKS
"""The first of two polynomials."""
BUTTERFLIES = Instruction(
    "BUTTERFLIES",
    "twice: a rotation, and phases where its bit is 1",
    flops=22.0,
    ns=1.2,
    block_ns=TABLES_NS,
    undone=False,
    batched=False,
).number

REORDER_OFFSET, REORDER_IMAGES = START, MASKS
"""The tile that comes first, and what each bit of a tile's number adds to it, packed in all the masks."""
REORDER = Instruction(
    "REORDER", "any number of X with one control and swaps", ns=0.6, undone=False, batched=False
).number

SELDOM = (PAULI, STRINGS, BUTTERFLIES, REORDER)
"""The code of these opcodes is compiled only when a plan first needs one of them or a rare one."""

FIRST_RARE = len(INSTRUCTIONS)
"""The code of opcodes from here on is compiled only when a plan first needs it."""

MATRIX_BY_LANE = FLAG
"""Whether coefficients differ between lanes."""
MATRIX_TILES, MATRIX_LANES = MASKS, MASKS + 1
"""Targets among tiles and inside a register."""
MATRIX = Instruction(
    "MATRIX",
    "complex matrix on up to five bits, with controls",
    flops=lambda load: 8.0 * 2**load.bits - 2.0,
    ns=lambda load: (0.0, 1.0, 1.9, 3.0, 6.0, 12.0)[load.bits],
    bits=lambda load: load.row[MATRIX_TILES].bit_count() + load.row[MATRIX_LANES].bit_count(),
    controlled=True,
    derived=True,
).number

TABLE_TILES, TABLE_OUTER = MASKS, MASKS + 3
"""Bits that choose."""
TABLE = Instruction("TABLE", "diagonal gate on up to 14 bits, with controls", flops=6.0, ns=0.7, controlled=True).number

TRANSPOSE_TILES, TRANSPOSE_LANES = MASKS, MASKS + 1
"""Bits that differ between the two values; the highest among tiles is a control as well."""
TRANSPOSE = Instruction(
    "TRANSPOSE",
    "two values of some bits exchanged",
    passes=lambda load: 2.0 if load.row[TRANSPOSE_TILES] else 1.0,
    ns=lambda load: (1.4 if load.row[TRANSPOSE_LANES] else 0.4) * (2.0 if load.row[TRANSPOSE_TILES] else 1.0),
    controlled=True,
).number

CARTAN_TANGENTS, CARTAN_FLIPS = FLAG, MASKS
"""Whether it is given by tangents, and which of its two bits are taken the other way round then."""
CARTAN = Instruction(
    "CARTAN",
    "a 4x4 matrix that keeps the parity of two bits, then a real rotation of each",
    flops=lambda load: 17.5 if load.row[CARTAN_TANGENTS] else 21.0,
    ns=lambda load: 0.75 if load.row[CARTAN_TANGENTS] else 0.87,
    undone=False,
    batched=False,
).number
