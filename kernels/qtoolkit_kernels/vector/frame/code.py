"""What the kernels of near-Clifford circuits run: one row of numbers for each operation.

A *row bit* is a bit that each shot has: the sign of an operation, or something that is wanted at the end. A *symbol* is
a random or computed bit; its *column* are the row bits that it flips. States of some qubits, *components*, lie in one
room: a component of k qubits at place p has its amplitudes at the places p to p + 2^k - 1.

| opcode | what |
|---|---|
| OPEN | a qubit in \\|0⟩ turned by X (PHASE 0) or Y (PHASE 1) becomes a component at PLACE |
| ZERO | a qubit in \\|0⟩ becomes a component at PLACE |
| TURN | rotation of a component by the string X, Z |
| MERGE | components of SIZE qubits at PLACE and of Z qubits at X become one at PIVOT, the first one's qubits lowest |
| MEASURE | the string X, Z is measured into SYMBOL, and the qubit PIVOT leaves the component |
| INSTRUMENT | one of several Kraus operators, see `Instrument` columns in `lists` |
| AND | SYMBOL becomes 1 where all row bits listed are |
| READOUT | draws which bits are read wrongly, by their values |

Columns of a row:

PLACE, SIZE: first place and number of qubits.
X, Z: bits of a string on the component's own qubits.
PHASE: number of letters Y of the string, modulo 4.
NUMBER: the first of its numbers in `numbers`: cosine and sine of half an angle, coefficients, probabilities.
SIGN, CONDITION: row bits; -1 for none. Where the condition is 0 nothing happens.
SYMBOL: the first symbol it writes.
DRAW: number of its random draw, which no other one has.
PIVOT: see above.
LIST, COUNT: where in `lists` its further integers are, and how many.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._types import Floats, Integers

__all__ = [
    "AND", "BLOCK", "CONDITION", "COUNT", "DRAW", "INSTRUMENT", "LIST", "MEASURE", "MERGE", "NUMBER", "OPCODE", "OPEN",
    "PHASE", "PIVOT", "PLACE", "READOUT", "ROW", "SIGN", "SIZE", "SYMBOL", "TURN", "WORD", "WORDS", "X", "Z", "ZERO",
    "Code", "Noise", "Words",
]  # fmt: skip

Words = NDArray[np.uint64]
"""Bits of 64 shots each."""

BLOCK = 256
"""Shots with random numbers of their own, whatever the threads and the vector width. Of some hundred row bits, those of
a block stay in the first-level cache."""

WORD = 64
"""Shots whose row bits share a word."""

WORDS = BLOCK // WORD

OPEN, ZERO, TURN, MERGE, MEASURE, INSTRUMENT, AND, READOUT = range(8)

ROW = 14
OPCODE, PLACE, SIZE, X, Z, PHASE, NUMBER, SIGN, CONDITION, SYMBOL, DRAW, PIVOT, LIST, COUNT = range(ROW)


class Code(NamedTuple):
    """A program.

    Attributes:
        operations: int64, shape ``(num_operations, ROW)``.
        numbers: float64.
        lists: int64. Of AND and READOUT: the row bits they read. Of INSTRUMENT with m qubits: m, the number of
            operators, the number of outcomes to record, 2m row bits (signs of X and Z of each qubit), then for each of
            the 4^m strings the bits x, z and a power of i. Its numbers: for each operator real and imaginary
            coefficients of all strings, and then the coefficients of K†K. Its scratch is at place PIVOT.
        column_start, column_bits: int64; symbol s flips ``column_bits[column_start[s] : column_start[s + 1]]``.
        constant: int64, shape ``(num_row_bits,)``: 1 for row bits that are 1 where nothing flips them.
    """

    operations: Integers
    numbers: Floats
    lists: Integers
    column_start: Integers
    column_bits: Integers
    constant: Integers


class Noise(NamedTuple):
    """Random symbols that need no state.

    Attributes:
        coins: int64; symbols that are 1 in half of the shots, each with its draw's number beside it, shape ``(n, 2)``.
        group_start: int64; group g are the mechanisms from ``group_start[g]`` to ``group_start[g + 1] - 1``, all of one
            probability.
        rates: float64, by group: ``1 / log(1 - probability)``, 0 if that is 1.
        alternative_start: int64; alternatives of a mechanism, cut likewise.
        thresholds: float64: probabilities of the alternatives up to this one, if any; the last of each mechanism is 1.
        symbols: int64: their symbols.
    """

    coins: Integers
    group_start: Integers
    rates: Floats
    alternative_start: Integers
    thresholds: Floats
    symbols: Integers
