"""Twin of `qtoolkit_kernels.density.sweep`."""

import numpy as np

from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.density import sweep as kernels
from qtoolkit_kernels.density.cells import CELL
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["run_sweeps"]

ENTRIES = np.arange(CELL)


def _matrix_of(row: Integers, given: Reals) -> Floats:
    """What a row multiplies by, on one digit or two, the first the lower one of its index."""
    opcode, first, start = row[kernels.OPCODE], int(row[kernels.FIRST]), int(row[kernels.START])
    weights: Floats = given.astype(np.float64)
    if opcode == kernels.HIGH:
        return weights[start : start + 16].reshape(4, 4)
    if opcode == kernels.HIGH_HIGH:
        return weights[start : start + 256].reshape(16, 16)
    if opcode == kernels.LOW_LOW:
        by_mask = weights[start : start + 256].reshape(16, CELL)
        return np.asarray(by_mask[ENTRIES[:, None] ^ ENTRIES, ENTRIES[:, None]])
    digits = np.arange(4)
    # Entries of a cell in which only the own digit differs from zero stand for all others.
    own, masks = digits << 2 * first, digits[:, None] ^ digits
    if opcode == kernels.LOW:
        by_mask = weights[start : start + 4 * CELL].reshape(4, CELL)
        return np.asarray(by_mask[masks, own[:, None]])
    if opcode == kernels.LOW_HIGH:
        cells = weights[start : start + 64 * CELL].reshape(4, 4, 4, CELL)
        blocks = [[cells[j, masks, i, own[:, None]] for j in range(4)] for i in range(4)]
        return np.block(blocks)
    matrices = weights[start : start + 32].reshape(2, 4, 4)
    if opcode in (kernels.PRODUCT_SECOND, kernels.PRODUCT_NONE):
        matrices[0] = np.eye(4)
    if opcode in (kernels.PRODUCT_FIRST, kernels.PRODUCT_NONE):
        matrices[1] = np.eye(4)
    places = [int(row[kernels.PLACES]) >> 4 * k & 15 for k in range(16)]
    moved = np.zeros((16, 16))
    moved[places, np.arange(16)] = weights[start + 32 : start + 48]
    return moved @ np.kron(matrices[1], matrices[0])


def run_sweeps(
    lanes: Lanes,
    chunk_digits: int,
    block_digits: int,
    digits: Integers,
    row_start: Integers,
    rows: Integers,
    weights: Reals,
    vectors: Reals,
    scratch: Reals,
    state: Reals,
    counters: Integers,
    thread: int,
) -> None:
    """Apply the matrix of each row in turn, to the product of the vectors if there are any."""
    num_digits = digits.shape[1]
    values = state.astype(np.float64)
    if len(vectors):
        values = np.ones(1)
        for vector in vectors:
            values = np.kron(vector, values)
    for sweep, places in enumerate(digits):
        for row in rows[row_start[sweep] : row_start[sweep + 1]]:
            positions = [row[kernels.FIRST], row[kernels.SECOND]][: 1 if row[kernels.SECOND] < 0 else 2]
            axes = [num_digits - 1 - int(places[position]) for position in reversed(positions)]
            tensor = np.moveaxis(values.reshape((4,) * num_digits), axes, list(range(len(axes))))
            product = _matrix_of(row, weights) @ tensor.reshape(4 ** len(axes), -1)
            values = np.moveaxis(product.reshape(tensor.shape), list(range(len(axes))), axes).ravel()
    state[:] = values
