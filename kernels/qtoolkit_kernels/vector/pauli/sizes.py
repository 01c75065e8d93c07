"""Where the packer of Pauli sums keeps sizes, counts and scratch.

Modules name these places as attributes of this one: numba compiles a function anew for every constant that it is
called with, but not for those.
"""

__all__ = [
    "BIT", "BLOCK_BITS", "HALVED", "HEAD", "INT_ROWS", "KEYS", "LANES", "MASK", "MAX_TABLE_ENTRIES", "MOST_ROWS",
    "NEEDED_FLOATS", "NEEDED_INTS", "NEXT", "NUMBERS", "NUM_FLOATS", "NUM_INTS", "NUM_PASSES", "NUM_QUBITS", "NUM_ROWS",
    "NUM_TERMS", "ORDER", "PASS_WEIGHTS", "PASS_Z_MASKS", "REAL_ROWS", "ROW_COLUMNS", "SORTED_HEADS", "SORTED_VALUES",
    "SORTED_X", "SORTED_Z", "SPARE", "SUPER_BITS", "TABLE_BITS", "TABLE_ENTRIES", "TRANSFORMS", "VALUE", "VALUES",
    "VISITS", "WEIGHTS", "X_MASK", "Z_MASKS",
]  # fmt: skip

NUMBERS = 20
(
    NUM_QUBITS, LANES, BLOCK_BITS, SUPER_BITS, HALVED, TABLE_BITS, MAX_TABLE_ENTRIES, NUM_TERMS, NEXT, NUM_INTS,
    NUM_FLOATS, NUM_PASSES, TABLE_ENTRIES, VISITS, TRANSFORMS, NEEDED_INTS, NEEDED_FLOATS, HEAD, X_MASK, NUM_ROWS,
) = range(NUMBERS)  # fmt: skip
"""Places in `sizes`, int64[NUMBERS].

Given: qubits of the state, amplitudes of a register, bits of a block and of a superblock, whether one index of each
pair is enough, bits and entries of tables that span the whole index.
Found: sorted terms, the first of the next group, numbers and passes packed, entries of tables, visits of registers,
whether any pass transforms, and how long the arrays must be where one is too short.
Of the group at hand: its sum and whether its weights are imaginary, 2 · sum + imaginary; its x mask; its parities.
"""

INT_ROWS = 10
KEYS, ORDER, SPARE, SORTED_HEADS, SORTED_X, SORTED_Z, Z_MASKS, PASS_Z_MASKS = 0, 3, 4, 5, 6, 7, 8, 9
"""Rows of `ints`, int64[INT_ROWS, terms]: three keys to sort by, the order, room to sort; the sorted terms'
heads, x masks and z masks; the z masks of the group at hand, and of its passes.
"""

REAL_ROWS = 4
VALUES, SORTED_VALUES, WEIGHTS, PASS_WEIGHTS = range(REAL_ROWS)
"""Rows of `reals`, float64[REAL_ROWS, terms]: weights as they come, sorted, of the group at hand and of its
passes.
"""

MASK, VALUE, BIT, ROW_COLUMNS = 0, 1, 2, 3
"""Columns of parities: |i & mask| is even (0) or odd (1), solved for a bit inside the block that no other one has;
0 if there is none.
"""

MOST_ROWS = 72
"""Parities that a pass may have: one for each of 62 qubits, the one that halves pairs, and a few of a pattern."""
