"""Straight-line vector code for cells, as numba intrinsics.

A cell is the 16 entries that differ in the digits of the two lowest qubits, and lies in one to eight registers. Real
matrices on the digits of higher qubits mix cells, entry by entry; those on the lowest two mix the entries of a cell,
each with those whose digits differ from its own by a mask, and have one number for every entry.

Cost: a matrix on one digit takes 4 fused multiply-adds an entry, one on two takes 16.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from qtoolkit_kernels.vector.lanes import Emitter, vector_code

__all__ = [
    "CELL",
    "copy_cell",
    "matrix_high",
    "matrix_low_0",
    "matrix_low_1",
    "matrix_high_high",
    "matrix_low_high_0",
    "matrix_low_high_1",
    "matrix_low_low",
    "product_both",
    "product_first",
    "product_second",
    "product_none",
    "scale_cell",
]

CELL = 16
"""Entries of a cell."""

Values = list[ir.Value]


def _corners(e: Emitter, place: ir.Value, first: ir.Value, second: ir.Value | None = None) -> Values:
    """Where the cells stand that differ in one digit or two, the first running fastest."""
    add, mul = e.builder.add, e.builder.mul
    corners = [place] + [add(place, mul(first, first.type(k))) for k in range(1, 4)]
    if second is None:
        return corners
    return corners + [add(corner, mul(second, second.type(k))) for k in range(1, 4) for corner in corners]


def _registers(e: Emitter) -> range:
    """Where the registers of a cell begin."""
    return range(0, CELL, e.lanes)


def _exchanged(e: Emitter, cell: Values, mask: int) -> Values:
    """Entry l of a cell receives entry ``l ^ mask``."""
    across, inside = divmod(mask, e.lanes)
    return [e.exchange(cell[k ^ across], inside) for k in range(len(cell))]


def _rows(e: Emitter, values: Values, weights: Any, start: Any, first: int, rows: Sequence[int]) -> Values:
    """Some rows of a square matrix, broadcast entry by entry, times registers."""
    size = len(values)
    sums: Values = []
    for row in rows:
        sums.append(e.mul(e.broadcast(weights, start, first + size * row), values[0]))
    for column in range(1, size):
        for k, row in enumerate(rows):
            sums[k] = e.fma(e.broadcast(weights, start, first + size * row + column), values[column], sums[k])
    return sums


@vector_code
def copy_cell(e: Emitter, out: Any, place: Any, source: Any, there: Any) -> None:
    """Copy a cell from anywhere in one array to an aligned place in another."""
    for extra in _registers(e):
        e.store(e.load(source, there, extra, aligned=False), out, place, extra, aligned=False)


@vector_code
def scale_cell(e: Emitter, out: Any, place: Any, source: Any, there: Any, factor: Any) -> None:
    """The same times a number."""
    by = e.splat(factor)
    for extra in _registers(e):
        e.store(e.mul(by, e.load(source, there, extra, aligned=False)), out, place, extra, aligned=False)


@vector_code
def matrix_high(e: Emitter, data: Any, place: Any, step: Any, weights: Any, start: Any) -> None:
    """A 4x4 matrix on a digit that tells cells apart."""
    corners = _corners(e, place, step)
    for extra in _registers(e):
        values = [e.load(data, corner, extra) for corner in corners]
        for corner, value in zip(corners, _rows(e, values, weights, start, 0, range(4)), strict=True):
            e.store(value, data, corner, extra)


@vector_code
def matrix_high_high(e: Emitter, data: Any, place: Any, first: Any, second: Any, weights: Any, start: Any) -> None:
    """A 16x16 matrix on two digits that tell cells apart, the first the lower one of its index."""
    corners = _corners(e, place, first, second)
    for extra in _registers(e):
        values = [e.load(data, corner, extra) for corner in corners]
        for row in range(0, 16, 4):
            rows = range(row, row + 4)
            for k, value in zip(rows, _rows(e, values, weights, start, 0, rows), strict=True):
                e.store(value, data, corners[k], extra)


def _matrix_low(digit: int) -> Any:
    """A 4x4 matrix on a digit inside a cell.

    Coefficients: for each mask of the digit a cell, whose entry l multiplies entry ``l ^ mask``.
    """

    @vector_code
    def matrix_low(e: Emitter, data: Any, place: Any, weights: Any, start: Any) -> None:
        _mix_cell(e, data, place, weights, start, [s << 2 * digit for s in range(4)])

    return matrix_low


def _mix_cell(e: Emitter, data: Any, place: Any, weights: Any, start: Any, masks: Sequence[int]) -> None:
    cell = [e.load(data, place, extra) for extra in _registers(e)]
    sums: Values = []
    for s, mask in enumerate(masks):
        for k, value in enumerate(_exchanged(e, cell, mask)):
            weight = e.load(weights, start, s * CELL + k * e.lanes)
            if s == 0:
                sums.append(e.mul(weight, value))
            else:
                sums[k] = e.fma(weight, value, sums[k])
    for k, value in enumerate(sums):
        e.store(value, data, place, k * e.lanes)


matrix_low_0, matrix_low_1 = _matrix_low(0), _matrix_low(1)


@vector_code
def matrix_low_low(e: Emitter, data: Any, place: Any, weights: Any, start: Any) -> None:
    """A 16x16 matrix on both digits inside a cell; coefficients as of one digit, for all 16 masks."""
    _mix_cell(e, data, place, weights, start, range(16))


def _matrix_low_high(digit: int) -> Any:
    """A 16x16 matrix on a digit inside a cell, the lower one of its index, and one that tells cells apart.

    Coefficients: cells [input of the high digit][mask of the low digit][output of the high digit].
    """

    @vector_code
    def matrix_low_high(e: Emitter, data: Any, place: Any, step: Any, weights: Any, start: Any) -> None:
        corners = _corners(e, place, step)
        cells = [[e.load(data, corner, extra) for extra in _registers(e)] for corner in corners]
        sums: list[Values] = [[] for _ in corners]
        for j, cell in enumerate(cells):
            for s in range(4):
                exchanged = _exchanged(e, cell, s << 2 * digit)
                for i in range(4):
                    for k, value in enumerate(exchanged):
                        weight = e.load(weights, start, (16 * j + 4 * s + i) * CELL + k * e.lanes)
                        if j == s == 0:
                            sums[i].append(e.mul(weight, value))
                        else:
                            sums[i][k] = e.fma(weight, value, sums[i][k])
        for corner, values in zip(corners, sums, strict=True):
            for k, value in enumerate(values):
                e.store(value, data, corner, k * e.lanes)

    return matrix_low_high


matrix_low_high_0, matrix_low_high_1 = _matrix_low_high(0), _matrix_low_high(1)


def _product(on_first: bool, on_second: bool) -> Any:
    """A 4x4 matrix on each of two digits that tell cells apart, or on one, and then each of 16 cells to its place.

    Coefficients: the first digit's matrix, the second's, and a factor for each cell; `places` holds, four bits each,
    where the cells go.
    """

    @vector_code
    def product(
        e: Emitter, data: Any, place: Any, first: Any, second: Any, places: Any, weights: Any, start: Any
    ) -> None:
        corners = _corners(e, place, first, second)
        builder, kind = e.builder, place.type
        targets = []
        for k in range(16):
            digits = builder.lshr(places, kind(4 * k))
            low, high = builder.and_(digits, kind(3)), builder.and_(builder.lshr(digits, kind(2)), kind(3))
            offset = builder.add(builder.mul(low, first), builder.mul(high, second))
            targets.append(builder.add(place, offset))
        for extra in _registers(e):
            values = [e.load(data, corner, extra) for corner in corners]
            if on_first:
                for j in range(0, 16, 4):
                    values[j : j + 4] = _rows(e, values[j : j + 4], weights, start, 0, range(4))
            if on_second:
                for j in range(4):
                    values[j::4] = _rows(e, values[j::4], weights, start, 16, range(4))
            for k, value in enumerate(values):
                e.store(e.mul(e.broadcast(weights, start, 32 + k), value), data, targets[k], extra)

    return product


product_both, product_first = _product(True, True), _product(True, False)
product_second, product_none = _product(False, True), _product(False, False)
