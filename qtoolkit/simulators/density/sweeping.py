"""Merged matrices as sweeps, the arrays that `qtoolkit_kernels.density.sweep` runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.density.fusing import LOW_DIGITS, Node
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.density import sweep as kernels
from qtoolkit_kernels.density.cells import CELL

__all__ = ["Sweeps", "sweeps_of"]

BLOCK_DIGITS = 8
"""A block of 512 KiB in double precision fills half of a second-level cache of 1 MiB."""

CHUNK_DIGITS = 3
"""Memory is read in runs of 512 bytes in double precision."""

FloatArray = NDArray[np.float64]


class Sweeps(NamedTuple):
    """Sweeps over a state of some number of digits.

    Attributes:
        chunk_digits, block_digits, digits, row_start, rows, weights: as the kernel takes them.
        cost: multiplications an entry, memory's time among them.
    """

    chunk_digits: int
    block_digits: int
    digits: NDArray[np.int64]
    row_start: NDArray[np.int64]
    rows: NDArray[np.int64]
    weights: NDArray[np.floating]
    cost: int


def sweeps_of(nodes: Sequence[Node], num_digits: int, dtype: np.dtype[np.floating], is_product: bool) -> Sweeps:
    """Put nodes into sweeps and write their rows.

    Args:
        nodes: in time order.
        num_digits: of the state, at least 2.
        dtype: of the state.
        is_product: whether the state is made of vectors, so that there is a sweep even for no node.
    """
    block = min(num_digits, BLOCK_DIGITS)
    chunk = block if block == num_digits else CHUNK_DIGITS
    digits: list[list[int]] = []
    rows: list[list[int]] = []
    starts, weights = [0], _Weights()
    waiting = list(nodes)
    while waiting or (is_product and not digits):
        inside, taken, waiting = _take(waiting, block, chunk)
        inside += [digit for digit in range(num_digits) if digit not in inside][: block - len(inside)]
        inside.sort()
        position = {digit: k for k, digit in enumerate(inside)}
        rows += [_row(node, position, weights) for node in taken]
        digits.append(inside + [digit for digit in range(num_digits) if digit not in position])
        starts.append(len(rows))
    return Sweeps(
        chunk,
        block,
        np.array(digits, np.int64).reshape(-1, num_digits),
        np.array(starts, np.int64),
        np.array(rows, np.int64).reshape(-1, kernels.ROW_COLUMNS),
        weights.array(dtype),
        sum(node.cost for node in nodes) + 4 * len(digits),
    )


def _take(nodes: list[Node], block: int, chunk: int) -> tuple[list[int], list[Node], list[Node]]:
    """The digits of a block, the nodes that it runs, and those that are left for later."""
    inside = set(range(chunk))
    blocked: set[int] = set()
    taken, later = [], []
    for node in nodes:
        wanted = inside.union(node.qubits)
        if blocked.isdisjoint(node.qubits) and len(wanted) <= block:
            inside = wanted
            taken.append(node)
        else:
            blocked.update(node.qubits)
            later.append(node)
    return sorted(inside), taken, later


class _Weights:
    """Coefficients one after the other."""

    def __init__(self) -> None:
        self._parts: list[FloatArray] = []
        self._size = 0

    def add(self, coefficients: FloatArray) -> int:
        """Where they begin: at a cell."""
        start = self._size
        padding = np.zeros(-coefficients.size % CELL)
        self._parts += [coefficients.ravel(), padding]
        self._size += coefficients.size + padding.size
        return start

    def array(self, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
        """All of them."""
        array: NDArray[Any] = aligned_empty(max(self._size, CELL), dtype)
        if self._parts:
            np.concatenate(self._parts, out=array[: self._size], casting="same_kind")
        return array


def _row(node: Node, position: dict[int, int], weights: _Weights) -> list[int]:
    places = [position[qubit] for qubit in node.qubits]
    first, second = places[0], places[-1] if len(places) == 2 else -1
    matrix = node.matrix
    if matrix is None:
        on_first, on_second = (before is not None for before in node.before)
        opcode = {
            (True, True): kernels.PRODUCT_BOTH,
            (True, False): kernels.PRODUCT_FIRST,
            (False, True): kernels.PRODUCT_SECOND,
            (False, False): kernels.PRODUCT_NONE,
        }[on_first, on_second]
        parts = [np.zeros(16) if before is None else before.ravel() for before in node.before]
        start = weights.add(np.concatenate([*parts, node.factors]))
        packed = sum(int(place) << 4 * k for k, place in enumerate(node.places))
        return [opcode, first, second, start, packed - (1 << 64) if packed >> 63 else packed]
    if second < 0:
        opcode = kernels.LOW if first < LOW_DIGITS else kernels.HIGH
        return [opcode, first, second, weights.add(_by_mask(matrix, first) if first < LOW_DIGITS else matrix), 0]
    if second < LOW_DIGITS:
        entries = np.arange(CELL)
        coefficients = np.array([matrix[entries, entries ^ mask] for mask in range(CELL)])
        return [kernels.LOW_LOW, first, second, weights.add(coefficients), 0]
    if first < LOW_DIGITS:
        by_digit = matrix.reshape(4, 4, 4, 4)  # outputs of the high digit and the low one, then inputs
        blocks = [[_by_mask(by_digit[i, :, j], first) for i in range(4)] for j in range(4)]
        return [kernels.LOW_HIGH, first, second, weights.add(np.array(blocks).swapaxes(1, 2)), 0]
    return [kernels.HIGH_HIGH, first, second, weights.add(matrix), 0]


def _by_mask(matrix: FloatArray, digit: int) -> FloatArray:
    """A matrix on a digit inside a cell as cells, one for each mask, float64 of shape ``(4, 16)``."""
    own = np.arange(CELL) >> 2 * digit & 3
    cells: FloatArray = matrix[own, own ^ np.arange(4)[:, None]]
    return cells
