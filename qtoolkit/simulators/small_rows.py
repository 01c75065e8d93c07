"""Products and strings of a small circuit as the rows that kernels read, for registers of some width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.small_plan import Product, SmallPlan, String
from qtoolkit_kernels.vector import small_block as kernels

__all__ = ["SmallRows"]

FloatArray = NDArray[np.float64]


class SmallRows:
    """Operations as rows for registers of some number of lanes.

    Attributes:
        operations, factors: see `qtoolkit_kernels.vector.small_block`.
        patterns: float64, those of all strings.
        num_products: how many products there are.
    """

    def __init__(self, plan: SmallPlan, lanes: int, num_angles: int) -> None:
        self._lanes = lanes
        self._lane_bits = lanes.bit_length() - 1
        self._num_angles = num_angles
        self._places: dict[tuple[int, ...], int] = {}
        self._patterns: list[FloatArray] = [np.zeros(0)]
        self._factors: list[list[int]] = []
        self.num_products = 0
        rows = [self._product(item) if isinstance(item, Product) else self._string(item) for item in plan.operations]
        self.operations = np.zeros((len(rows), kernels.ROW), np.int64)
        for row, found in zip(self.operations, rows, strict=True):
            for column, entry in found.items():
                row[column] = entry
        self.factors = np.array(self._factors, np.int64).reshape(-1, kernels.FACTOR_COLUMNS)
        self.patterns = np.concatenate(self._patterns)

    def _number(self, turn: int) -> int:
        return turn if turn >= 0 else self._num_angles - 1 - turn

    def _product(self, product: Product) -> dict[int, int]:
        first = len(self._factors)
        for axis, number in product.factors:
            self._factors.append([axis, self._number(number) if axis else number, bool(axis) and number >= 0])
        self.num_products += 1
        return {
            kernels.KIND: kernels.PRODUCT,
            kernels.WANTED: any(needed for _, _, needed in self._factors[first:]),
            kernels.BIT: product.qubit,
            kernels.FIRST: first,
            kernels.LAST: len(self._factors),
            kernels.PLACE: self.num_products - 1,
        }

    def _string(self, string: String) -> dict[int, int]:
        x_tile, low = string.x_mask >> self._lane_bits, self._lanes - 1
        return {
            kernels.KIND: kernels.STRING,
            kernels.WANTED: string.turn >= 0,
            kernels.TURN: self._number(string.turn),
            kernels.INVERSE: string.inverse,
            kernels.IMAGINARY: string.imaginary,
            kernels.PATTERN: self._pattern(string),
            kernels.X_TILE: x_tile,
            kernels.X_LANES: string.x_mask & low,
            kernels.Z_TILE: string.z_mask >> self._lane_bits,
            kernels.FIXED: string.controls >> self._lane_bits | (1 << x_tile.bit_length() >> 1),
            kernels.VALUE: string.values >> self._lane_bits,
        }

    def _pattern(self, string: String) -> int:
        """Where the register of a string's signs stands, 0 in lanes that controls rule out."""
        low = self._lanes - 1
        key = (string.z_mask & low, string.controls & low, string.values & low, string.sign)
        if key not in self._places:
            self._places[key] = self._lanes * len(self._places)
            lanes = np.arange(self._lanes)
            signs = string.sign * (1.0 - 2.0 * (np.bitwise_count(lanes & key[0]) & 1))
            self._patterns.append(np.where(lanes & key[1] == key[2], signs, 0.0))
        return self._places[key]
