"""What a packed Pauli sum is: a program for `pauli.sweep`, which `pauli.pack` makes.

Strings of one x mask act through the same pairs of amplitudes: (H_x ψ)_i = d(i) ψ[i ^ x] with
d(i) = Σ_t w_t (-1)^{|i & z_t|} and w_t = c_t (-i)^{|x & z_t|}. A group of strings becomes *passes*. Each visits the
registers of an affine subspace of the indices, those where some masks have given parities, and holds d there as

- signed: one register of weights times the sign of a mask,
- table: a weight for every amplitude, made once,
- transform: weights made for each block by a Walsh-Hadamard transform.

Where d vanishes nothing is visited. If d is the same or the opposite when a mask is added to all z_t, it vanishes for
one parity of |i & mask|; and if the z_t differ by few independent masks, d depends on their parities alone and is
tested for each combination. So conservation of particle number, say, halves the pairs of a single excitation and
leaves a quarter to a double one; nothing has to know about it. A Hermitian sum needs only one of the indices i and
i ^ x, which is one more parity: the highest bit of x. The cheapest form is chosen by counting visits of registers.
"""

from typing import NamedTuple, TypeAlias

from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = [
    "BLOCK_BYTES",
    "COEFFICIENTS",
    "CONSTRAINT",
    "CONSTRAINTS",
    "EXCHANGE",
    "FIRST",
    "FORM",
    "HEADER",
    "MAX_TABLE_ENTRIES",
    "OWNER",
    "PARTNER",
    "SECTION",
    "SIGN",
    "SIGNED",
    "STEPS",
    "SUPERBLOCK_BYTES",
    "TABLE",
    "TABLE_BITS",
    "TABLE_MASK",
    "TABLE_PLACE",
    "TERMS",
    "TRANSFORM",
    "WEIGHTS",
    "PauliProgram",
    "Strings",
]

Strings: TypeAlias = tuple[Integers, Integers, Complex]
"""x masks, z masks and coefficients of a sum, one each for every string, in any order."""

SIGNED, TABLE, TRANSFORM = 0, 1, 2

FIRST, SECTION, HEADER, CONSTRAINT = 5, 2, 13, 3
(
    PARTNER, EXCHANGE, FORM, OWNER, WEIGHTS, CONSTRAINTS, TERMS, COEFFICIENTS, STEPS, SIGN, TABLE_PLACE, TABLE_MASK,
) = range(1, HEADER)  # fmt: skip
"""Places in the packed integers: the first section; lengths of the heads of a section and a pass, and of a constraint.

Start: amplitudes of a block and of a superblock, end of the program, number of observables, whether any transforms.
Section: its end, the bits of a superblock's first index that rule it out.
Pass: its length, partner (places of real numbers to exchange), exchange of lanes, form, observable, place of the
weights, number of constraints, number of terms, place of the coefficients, steps of the walk, sign of its first
direction, place of the table, mask of the table's index. Then the constraints, the terms' z masks, the directions.
Constraint: a mask outside the block, its parity, the bit inside that makes up for the other parity (0: no visit then).
"""

BLOCK_BYTES = 1 << 14
"""A block and its partner lie in a first-level cache of 48 or 32 KiB."""

SUPERBLOCK_BYTES = 1 << 18
"""A superblock and its partner lie in a second-level cache of 1 MiB."""

TABLE_BITS = 14
MAX_TABLE_ENTRIES = 1 << 20
"""Tables span the whole index up to this many qubits and entries, then one block."""


class PauliProgram(NamedTuple):
    """A packed program and what its caller must know.

    Attributes:
        ints: int64, the passes.
        floats: float64, weights, coefficients and tables.
        num_observables: how many sums it holds.
        num_superblocks: how many there are in a state.
        visits: registers it visits in a state, the measure of its work.
    """

    ints: Integers
    floats: Floats
    num_observables: int
    num_superblocks: int
    visits: int
