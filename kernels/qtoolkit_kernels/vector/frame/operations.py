"""Runs a program's operations for some shots of a word: as many as `Group` says, in its lanes.

In double precision, for each amplitude and shot, in fused multiply-adds: TURN 4, MERGE 4, MEASURE 4 to weigh and 4 to
project half of them, INSTRUMENT 6 for each string it weighs and 4 for each it applies. Signs, conditions and random
draws cost some nanoseconds for each shot, whatever the component's size.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector.frame import tiles
from qtoolkit_kernels.vector.frame.code import (
    AND,
    BLOCK,
    CONDITION,
    COUNT,
    DRAW,
    INSTRUMENT,
    LIST,
    MEASURE,
    MERGE,
    NUMBER,
    OPCODE,
    OPEN,
    PHASE,
    PIVOT,
    PLACE,
    SIGN,
    SIZE,
    SYMBOL,
    TURN,
    WORD,
    ZERO,
    Code,
    Words,
    X,
    Z,
)
from qtoolkit_kernels.vector.frame.draws import LANES, key_of, uniform
from qtoolkit_kernels.vector.frame.symbols import flip_column
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.tiles import lanes_of

__all__ = ["FACTORS", "IMPOSSIBLE", "Group", "run_operations"]

FACTORS = 12 * WORD
"""Numbers of working memory beside a group's amplitudes, and 2 for each string of the largest instrument and lane."""

IMPOSSIBLE = 1e-13
"""An outcome less probable than this, relative to all, is rounding and never comes."""

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Group(NamedTuple):
    """Some shots that run together.

    Attributes:
        room: float64; the amplitudes of the first register's shots, tile after tile, then those of the next one.
        factors: float64, aligned: `FACTORS` numbers, and then those of strings.
        registers: of shots; times lanes it is 64 at most, and divides that.
    """

    room: Floats
    factors: Floats
    registers: int


@njit
def _spread_sign(bits: np.uint64, shift: int, count: int, value: float, out: Floats, at: int) -> None:
    """Write a value for each shot, negative where its bit is 1."""
    for lane in range(count):
        sign = np.float64((bits >> np.uint64(shift + lane)) & np.uint64(1))
        out[as_index(at + lane)] = value - 2.0 * value * sign


@njit
def _bits_at(bits: Words, row: int, otherwise: np.uint64) -> np.uint64:
    return bits[as_index(row)] if row >= 0 else otherwise


@njit
def _angle(code: Code, row: Integers, bits: Words, shift: int, count: int, negative: bool, out: Floats) -> None:
    """Write a rotation's cosine and signed sine for each shot: the identity where its condition is 0."""
    numbers = code.numbers
    cosine, sine = numbers[row[NUMBER]], numbers[row[NUMBER] + 1]
    if negative:
        sine = -sine
    condition = _bits_at(bits, row[CONDITION], _ALL)
    _spread_sign(_bits_at(bits, row[SIGN], np.uint64(0)), shift, count, sine, out, WORD)
    if row[CONDITION] < 0:
        for lane in range(count):
            out[as_index(lane)] = cosine
        return
    for lane in range(count):
        on = np.float64((condition >> np.uint64(shift + lane)) & np.uint64(1))
        out[as_index(lane)] = 1.0 + on * (cosine - 1.0)
        out[as_index(WORD + lane)] *= on


@njit
def _open(group: Group, lanes: Lanes, row: Integers, width: int) -> None:
    room, factors = group.room, group.factors
    stride = room.size // group.registers
    for v in range(group.registers):
        base = v * stride + 2 * width * row[PLACE]
        for lane in range(width):
            room[base + lane] = 1.0 if row[OPCODE] == ZERO else factors[v * width + lane]
            room[base + width + lane] = 0.0
            sine = 0.0 if row[OPCODE] == ZERO else factors[WORD + v * width + lane]
            room[base + 2 * width + lane] = sine if row[PHASE] else 0.0
            room[base + 3 * width + lane] = 0.0 if row[PHASE] else -sine


@njit
def _turn(group: Group, lanes: Lanes, row: Integers, width: int) -> None:
    room, factors = group.room, group.factors
    stride = room.size // group.registers
    size, x, z = 1 << row[SIZE], row[X], row[Z]
    pivot = _highest(x)
    for v in range(group.registers):
        base, c, s = v * stride + 2 * width * row[PLACE], v * width, WORD + v * width
        if x == 0:
            tiles.turn_diagonal(room, lanes, base, size, z, factors, c, s)
        elif row[PHASE] & 1:
            tiles.turn_odd(room, lanes, base, size >> 1, pivot, x, z, factors, c, s)
        else:
            tiles.turn_even(room, lanes, base, size >> 1, pivot, x, z, factors, c, s)


@njit
def _highest(mask: int) -> int:
    """The number of the highest set bit; 0 where there is none."""
    place = 0
    while mask > 1:
        mask >>= 1
        place += 1
    return place


@njit
def _merge(group: Group, lanes: Lanes, row: Integers, width: int) -> None:
    stride = group.room.size // group.registers
    for v in range(group.registers):
        base = v * stride
        first, second, target = row[PLACE], row[X], row[PIVOT]
        tiles.merge_tiles(
            group.room,
            lanes,
            base + 2 * width * first,
            1 << row[SIZE],
            base + 2 * width * second,
            1 << row[Z],
            base + 2 * width * target,
        )


@njit
def _weigh(group: Group, lanes: Lanes, row: Integers, width: int) -> None:
    """Write the weights of both outcomes."""
    room, factors = group.room, group.factors
    stride = room.size // group.registers
    half, x, z, pivot, negative = 1 << row[SIZE] - 1, row[X], row[Z], row[PIVOT], row[PHASE] >> 1
    for v in range(group.registers):
        base, at = v * stride + 2 * width * row[PLACE], v * width
        if x == 0:
            tiles.weigh_parity(room, lanes, base, half, pivot, z, factors, at, WORD)
        elif row[PHASE] & 1:
            tiles.weigh_odd(room, lanes, base, half, pivot, x, z, negative, factors, at, WORD)
        else:
            tiles.weigh_even(room, lanes, base, half, pivot, x, z, negative, factors, at, WORD)


@njit
def _project(group: Group, lanes: Lanes, row: Integers, width: int) -> None:
    room, factors = group.room, group.factors
    stride = room.size // group.registers
    half, x, z, pivot, negative = 1 << row[SIZE] - 1, row[X], row[Z], row[PIVOT], row[PHASE] >> 1
    for v in range(group.registers):
        base, g, h = v * stride + 2 * width * row[PLACE], v * width, WORD + v * width
        if x == 0:
            tiles.project_parity(room, lanes, base, half, pivot, z, factors, g, h)
        elif row[PHASE] & 1:
            tiles.project_odd(room, lanes, base, half, pivot, x, z, negative, factors, g, h)
        else:
            tiles.project_even(room, lanes, base, half, pivot, x, z, negative, factors, g, h)


@njit
def _measure(group: Group, lanes: Lanes, row: Integers, width: int, key: np.uint64, first_shot: int) -> np.uint64:
    """Project, and return the outcomes of the group's shots, those of the first one lowest."""
    factors, count = group.factors, group.registers * width
    _weigh(group, lanes, row, width)
    outcomes = np.uint64(0)
    number = row[DRAW] * BLOCK + first_shot
    for lane in range(count):
        factors[as_index(2 * WORD + lane)] = uniform(key, np.uint64(number + lane))
    for lane in range(count):
        zero, one = factors[as_index(lane)], factors[as_index(WORD + lane)]
        total = zero + one
        zero = zero if zero > IMPOSSIBLE * total else 0.0
        zero = zero if one > IMPOSSIBLE * total else total
        is_one = factors[as_index(2 * WORD + lane)] * total >= zero
        weight = one if is_one else zero
        factors[as_index(3 * WORD + lane)] = 1.0 if is_one else 0.0
        factors[as_index(lane)] = 1.0 / np.sqrt(weight)
        outcomes |= np.uint64(is_one) << np.uint64(lane)
    if row[SIZE] == 1:
        return outcomes
    for lane in range(count):
        scale, is_one = factors[as_index(lane)], factors[as_index(3 * WORD + lane)]
        if row[X] == 0:
            factors[as_index(lane)] = scale * (1.0 - is_one)
            factors[as_index(WORD + lane)] = scale * is_one
        else:
            scale *= np.sqrt(0.5)
            factors[as_index(lane)] = scale
            factors[as_index(WORD + lane)] = scale - 2.0 * scale * is_one
    _project(group, lanes, row, width)
    return outcomes


@njit
def _string_sums(group: Group, lanes: Lanes, code: Code, row: Integers, width: int, first: int, num: int) -> None:
    """Write the expectation values of all strings of an instrument behind the factors."""
    room, factors, lists = group.room, group.factors, code.lists
    stride, size = room.size // group.registers, 1 << row[SIZE]
    for string in range(num):
        x, z, power = lists[first + 3 * string], lists[first + 3 * string + 1], lists[first + 3 * string + 2]
        at = FACTORS + 2 * WORD * string
        for v in range(group.registers):
            base, place = v * stride + 2 * width * row[PLACE], at + v * width
            tiles.add_string_sum(room, lanes, base, size, x, z, factors, place, place + WORD)
        for lane in range(group.registers * width):
            real, imag = factors[as_index(at + lane)], factors[as_index(at + WORD + lane)]
            if power == 1:
                real = -imag
            elif power == 2:
                real = -real
            elif power == 3:
                real = imag
            factors[as_index(at + lane)] = real


@njit
def _frame_sign(lists: Integers, rows: int, num_rows: int, string: int, bits: Words, shot: int) -> float:
    """The sign that a shot's frame gives a string."""
    flip = np.uint64(0)
    for k in range(num_rows):
        if string >> k & 1:
            flip ^= bits[as_index(lists[rows + k])] >> np.uint64(shot) & np.uint64(1)
    return 1.0 - 2.0 * np.float64(flip)


@njit
def _instrument(
    group: Group, lanes: Lanes, code: Code, row: Integers, width: int, key: np.uint64, first_shot: int, bits: Words
) -> np.uint64:
    """Apply one of the operators to each shot, and return which one as a bit, as `_measure` does."""
    room, factors, lists, numbers = group.room, group.factors, code.lists, code.numbers
    stride, size, count = room.size // group.registers, 1 << row[SIZE], group.registers * width
    start, shift = row[LIST], first_shot % WORD
    num_qubits, num_operators = lists[start], lists[start + 1]
    num_strings, rows = 1 << 2 * num_qubits, start + 3
    first = rows + 2 * num_qubits
    condition = _bits_at(bits, row[CONDITION], _ALL)
    if num_operators > 1:
        _string_sums(group, lanes, code, row, width, first, num_strings)
    outcomes = np.uint64(0)
    weights = row[NUMBER] + 2 * num_operators * num_strings
    for lane in range(count):
        chosen = 0
        if num_operators > 1:
            target, total, last = uniform(key, np.uint64(row[DRAW] * BLOCK + first_shot + lane)), 0.0, 0
            for k in range(num_operators):
                weight = 0.0
                for string in range(num_strings):
                    value = factors[FACTORS + 2 * WORD * string + lane]
                    sign = _frame_sign(lists, rows, 2 * num_qubits, string, bits, shift + lane)
                    weight += numbers[weights + k * num_strings + string] * sign * value
                if weight > IMPOSSIBLE:
                    last = k
                    total += weight
                    if total <= target:
                        chosen = k + 1
            chosen = min(chosen, last)
            # Rounding may leave an impossible operator in between.
            while chosen < last and not _is_possible(factors, code, row, num_strings, chosen, lane, bits, shift):
                chosen += 1
        is_on = condition >> np.uint64(shift + lane) & np.uint64(1)
        if is_on and lists[start + 2]:
            outcomes |= np.uint64(chosen) << np.uint64(lane)
        factors[as_index(lane)] = chosen if is_on else -1.0
    for string in range(num_strings):
        power = lists[first + 3 * string + 2]
        for lane in range(count):
            chosen = int(factors[as_index(lane)])
            real, imag = 1.0 if string == 0 else 0.0, 0.0
            if chosen >= 0:
                at = row[NUMBER] + 2 * (chosen * num_strings + string)
                sign = _frame_sign(lists, rows, 2 * num_qubits, string, bits, shift + lane)
                real, imag = sign * numbers[at], sign * numbers[at + 1]
            if power & 1:
                real, imag = -imag, real
            if power & 2:
                real, imag = -real, -imag
            factors[as_index(FACTORS + 2 * WORD * string + lane)] = real
            factors[as_index(FACTORS + 2 * WORD * string + WORD + lane)] = imag
    for v in range(group.registers):
        base, scratch = v * stride + 2 * width * row[PLACE], v * stride + 2 * width * row[PIVOT]
        tiles.clear_tiles(room, lanes, scratch, size)
        for string in range(num_strings):
            x, z = lists[first + 3 * string], lists[first + 3 * string + 1]
            at = FACTORS + 2 * WORD * string + v * width
            tiles.add_string(room, lanes, base, scratch, size, x, z, factors, at, at + WORD)
        tiles.add_norm(room, lanes, scratch, size, factors, WORD + v * width)
    for lane in range(count):
        factors[as_index(WORD + lane)] = 1.0 / np.sqrt(factors[as_index(WORD + lane)])
    for v in range(group.registers):
        base, scratch = v * stride + 2 * width * row[PLACE], v * stride + 2 * width * row[PIVOT]
        tiles.scale_tiles(room, lanes, scratch, base, size, factors, WORD + v * width)
    return outcomes


@njit
def _is_possible(
    factors: Floats, code: Code, row: Integers, num_strings: int, k: int, lane: int, bits: Words, shift: int
) -> bool:
    """Whether an operator has a weight beyond rounding."""
    lists, start = code.lists, row[LIST]
    num_rows = 2 * lists[start]
    weights = row[NUMBER] + 2 * lists[start + 1] * num_strings + k * num_strings
    weight = 0.0
    for string in range(num_strings):
        sign = _frame_sign(lists, start + 3, num_rows, string, bits, shift + lane)
        weight += code.numbers[weights + string] * sign * factors[FACTORS + 2 * WORD * string + lane]
    return weight > IMPOSSIBLE


@njit
def _and(code: Code, row: Integers, bits: Words) -> np.uint64:
    lists, result = code.lists, _ALL
    for k in range(row[COUNT]):
        result &= bits[as_index(lists[row[LIST] + k])]
    return result


@njit
def _read(code: Code, row: Integers, bits: Words, key: np.uint64, first_shot: int, shift: int, shot: int) -> int:
    """Which of the listed bits one shot reads wrongly, as bits of a number."""
    lists, numbers = code.lists, code.numbers
    true = 0
    for k in range(row[COUNT]):
        bit = bits[as_index(lists[row[LIST] + k])] >> np.uint64(shift + shot) & np.uint64(1)
        true |= int(bit) << k
    target, total = uniform(key, np.uint64(row[DRAW] * BLOCK + first_shot + shot)), 0.0
    start, side, read = row[NUMBER] + (true << row[COUNT]), 1 << row[COUNT], true
    for value in range(side):
        if numbers[start + value] > 0.0:
            read = value
            total += numbers[start + value]
            if target < total:
                break
    return read ^ true


@njit
def run_operations(
    group: Group, lanes: Lanes, code: Code, start: int, stop: int, key: np.uint64, first_shot: int, bits: Words
) -> None:
    """Run some operations for the group's shots.

    Args:
        group: where their amplitudes are.
        lanes: marker of the vector width.
        code: the program.
        start, stop: which of its operations.
        key: of the block of shots.
        first_shot: number of the group's first shot in the block.
        bits: uint64, shape ``(num_row_bits,)``: those of the word that holds these shots.
    """
    width = lanes_of(group.room, lanes)
    count, shift = group.registers * width, first_shot % WORD
    key = key_of(key, LANES)
    operations, column_start, column_bits = code.operations, code.column_start, code.column_bits
    mine = _ALL >> np.uint64(WORD - count) << np.uint64(shift)
    for number in range(start, stop):
        row = operations[number]
        opcode = row[OPCODE]
        if opcode == OPEN:
            _angle(code, row, bits, shift, count, False, group.factors)
            _open(group, lanes, row, width)
        elif opcode == ZERO:
            _open(group, lanes, row, width)
        elif opcode == TURN:
            _angle(code, row, bits, shift, count, row[PHASE] > 1, group.factors)
            _turn(group, lanes, row, width)
        elif opcode == MERGE:
            _merge(group, lanes, row, width)
        elif opcode == MEASURE:
            found = _measure(group, lanes, row, width, key, first_shot)
            flip_column(bits, column_start, column_bits, row[SYMBOL], found << np.uint64(shift))
        elif opcode == INSTRUMENT:
            found = _instrument(group, lanes, code, row, width, key, first_shot, bits)
            flip_column(bits, column_start, column_bits, row[SYMBOL], found << np.uint64(shift))
        elif opcode == AND:
            flip_column(bits, column_start, column_bits, row[SYMBOL], _and(code, row, bits) & mine)
        else:
            for shot in range(count):
                wrong = _read(code, row, bits, key, first_shot, shift, shot)
                for k in range(row[COUNT]):
                    flipped = np.uint64(wrong >> k & 1) << np.uint64(shift + shot)
                    flip_column(bits, column_start, column_bits, row[SYMBOL] + k, flipped)
