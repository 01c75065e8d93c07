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
"""Numbers of working memory beside a group's amplitudes; `STRING` follow for each string of the largest instrument."""

STRING, SIGNS = 3 * WORD, 2 * WORD
"""Numbers for each string, and where among them the signs are; before these, real and imaginary parts."""

IMPOSSIBLE = 1e-13
"""An outcome less probable than this, relative to all, is rounding and never comes."""

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_POWER_REAL, _POWER_IMAG = (1.0, 0.0, -1.0, 0.0), (0.0, 1.0, 0.0, -1.0)


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
def _string_signs(group: Group, code: Code, row: Integers, shift: int, count: int, bits: Words) -> None:
    """Write the signs that the shots' frames give all strings of an instrument."""
    factors, lists, start = group.factors, code.lists, row[LIST]
    num_rows = 2 * lists[start]
    for string in range(1 << num_rows):
        flips = np.uint64(0)
        for k in range(num_rows):
            if string >> k & 1:
                flips ^= bits[as_index(lists[start + 3 + k])]
        _spread_sign(flips, shift, count, 1.0, factors, FACTORS + STRING * string + SIGNS)


@njit
def _string_sums(group: Group, lanes: Lanes, code: Code, row: Integers, width: int) -> None:
    """Write the signed expectation values of the strings that an instrument weighs."""
    room, factors, lists = group.room, group.factors, code.lists
    stride, size = room.size // group.registers, 1 << row[SIZE]
    num_strings, first = 1 << 2 * lists[row[LIST]], row[LIST] + 3 + 2 * lists[row[LIST]]
    for string in range(num_strings):
        x, z, power = lists[first + 3 * string], lists[first + 3 * string + 1], lists[first + 3 * string + 2]
        at = FACTORS + STRING * string
        if not _is_used(code, row, string, True):
            continue
        for v in range(group.registers):
            base, place = v * stride + 2 * width * row[PLACE], at + v * width
            tiles.add_string_sum(room, lanes, base, size, x, z, factors, place, place + WORD)
        real, imag = _POWER_REAL[power], _POWER_IMAG[power]
        for lane in range(group.registers * width):
            value = real * factors[as_index(at + lane)] - imag * factors[as_index(at + WORD + lane)]
            factors[as_index(at + lane)] = value * factors[as_index(at + SIGNS + lane)]


@njit
def _is_used(code: Code, row: Integers, string: int, by_weight: bool) -> bool:
    """Whether a string has a coefficient in any operator K, or in any K†K."""
    lists, numbers = code.lists, code.numbers
    num_strings, num_operators = 1 << 2 * lists[row[LIST]], lists[row[LIST] + 1]
    for k in range(num_operators):
        if by_weight:
            if numbers[row[NUMBER] + (2 * num_operators + k) * num_strings + string] != 0.0:
                return True
        else:
            at = row[NUMBER] + 2 * (k * num_strings + string)
            if numbers[at] != 0.0 or numbers[at + 1] != 0.0:
                return True
    return False


@njit
def _choose(group: Group, code: Code, row: Integers, count: int, key: np.uint64, first_shot: int) -> None:
    """Write the number of the operator that acts on each shot."""
    factors, lists, numbers = group.factors, code.lists, code.numbers
    num_strings, num_operators = 1 << 2 * lists[row[LIST]], lists[row[LIST] + 1]
    number = row[DRAW] * BLOCK + first_shot
    chosen, target, total, last, weight = 0, WORD, 2 * WORD, 3 * WORD, 4 * WORD
    for lane in range(count):
        factors[as_index(chosen + lane)] = -1.0
        factors[as_index(target + lane)] = uniform(key, np.uint64(number + lane))
        factors[as_index(total + lane)] = 0.0
        factors[as_index(last + lane)] = 0.0
    for k in range(num_operators):
        for lane in range(count):
            factors[as_index(weight + lane)] = 0.0
        for string in range(num_strings):
            coefficient = numbers[row[NUMBER] + (2 * num_operators + k) * num_strings + string]
            if coefficient != 0.0:
                at = FACTORS + STRING * string
                for lane in range(count):
                    factors[as_index(weight + lane)] += coefficient * factors[as_index(at + lane)]
        for lane in range(count):
            value = factors[as_index(weight + lane)]
            if value > IMPOSSIBLE:
                factors[as_index(last + lane)] = k
                factors[as_index(total + lane)] += value
                passed = factors[as_index(total + lane)] > factors[as_index(target + lane)]
                if passed and factors[as_index(chosen + lane)] < 0.0:
                    factors[as_index(chosen + lane)] = k
    for lane in range(count):
        if factors[as_index(chosen + lane)] < 0.0:
            factors[as_index(chosen + lane)] = factors[as_index(last + lane)]


@njit
def _write_coefficients(group: Group, code: Code, row: Integers, count: int) -> None:
    """Write each shot's coefficients of all strings; where no operator is chosen, those of the identity."""
    factors, lists, numbers = group.factors, code.lists, code.numbers
    num_strings, first = 1 << 2 * lists[row[LIST]], row[LIST] + 3 + 2 * lists[row[LIST]]
    for string in range(num_strings):
        at, power = FACTORS + STRING * string, lists[first + 3 * string + 2]
        turn_real, turn_imag = _POWER_REAL[power], _POWER_IMAG[power]
        for lane in range(count):
            chosen = int(factors[as_index(lane)])
            real, imag = 1.0 if string == 0 else 0.0, 0.0
            if chosen >= 0:
                place = row[NUMBER] + 2 * (chosen * num_strings + string)
                sign = factors[as_index(at + SIGNS + lane)]
                real, imag = sign * numbers[as_index(place)], sign * numbers[as_index(place + 1)]
            factors[as_index(at + lane)] = turn_real * real - turn_imag * imag
            factors[as_index(at + WORD + lane)] = turn_real * imag + turn_imag * real


@njit
def _apply_strings(group: Group, lanes: Lanes, code: Code, row: Integers, width: int) -> None:
    """Replace a component by the sum of its strings' images, normalised."""
    room, factors, lists = group.room, group.factors, code.lists
    stride, size = room.size // group.registers, 1 << row[SIZE]
    num_strings, first = 1 << 2 * lists[row[LIST]], row[LIST] + 3 + 2 * lists[row[LIST]]
    for v in range(group.registers):
        base, scratch = v * stride + 2 * width * row[PLACE], v * stride + 2 * width * row[PIVOT]
        tiles.clear_tiles(room, lanes, scratch, size)
        for string in range(num_strings):
            if string == 0 or _is_used(code, row, string, False):
                x, z = lists[first + 3 * string], lists[first + 3 * string + 1]
                at = FACTORS + STRING * string + v * width
                tiles.add_string(room, lanes, base, scratch, size, x, z, factors, at, at + WORD)
        tiles.add_norm(room, lanes, scratch, size, factors, WORD + v * width)
    for lane in range(group.registers * width):
        factors[as_index(WORD + lane)] = 1.0 / np.sqrt(factors[as_index(WORD + lane)])
    for v in range(group.registers):
        base, scratch = v * stride + 2 * width * row[PLACE], v * stride + 2 * width * row[PIVOT]
        tiles.scale_tiles(room, lanes, scratch, base, size, factors, WORD + v * width)


@njit
def _instrument(
    group: Group, lanes: Lanes, code: Code, row: Integers, width: int, key: np.uint64, first_shot: int, bits: Words
) -> np.uint64:
    """Apply one of the operators to each shot, and return which one as a bit, as `_measure` does."""
    factors, lists, count = group.factors, code.lists, group.registers * width
    shift, outcomes = first_shot % WORD, np.uint64(0)
    _string_signs(group, code, row, shift, count, bits)
    if lists[row[LIST] + 1] > 1:
        _string_sums(group, lanes, code, row, width)
        _choose(group, code, row, count, key, first_shot)
    else:
        for lane in range(count):
            factors[as_index(lane)] = 0.0
    condition = _bits_at(bits, row[CONDITION], _ALL)
    for lane in range(count):
        if not condition >> np.uint64(shift + lane) & np.uint64(1):
            factors[as_index(lane)] = -1.0
        elif lists[row[LIST] + 2]:
            outcomes |= np.uint64(factors[as_index(lane)]) << np.uint64(lane)
    _write_coefficients(group, code, row, count)
    _apply_strings(group, lanes, code, row, width)
    return outcomes


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
