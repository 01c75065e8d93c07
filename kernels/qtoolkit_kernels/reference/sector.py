"""Twins of the sector programs: pairs by index arrays, phases by their definition."""

from typing import Any

import numpy as np

from qtoolkit_kernels._types import Floats, Integers, Reals, ShortIntegers
from qtoolkit_kernels.sector import BLOCK, PAIRS, PHASES
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["add_phase_terms", "run_sector"]


def _term(bits: Integers, term: Integers) -> Floats:
    """(-1)^{|bits & parity mask|} where the bits match, else 0."""
    mask, value, parity_mask = (int(entry) for entry in term)
    signs = 1.0 - 2.0 * (np.bitwise_count(bits & parity_mask) & 1)
    return np.asarray(np.where(bits & mask == value, signs, 0.0))


def add_phase_terms(bits: Integers, terms: Integers, coefficients: Floats, out: Floats) -> None:
    """Add Σ_t coefficients[t] f_t to `out` (float64, as long as `bits`); `terms` is int64[:, 3] as in layers."""
    for term, coefficient in zip(terms, coefficients, strict=True):
        out += coefficient * _term(bits, term)


class _Program:
    """The arrays of a program, and its operations on vectors of complex128."""

    def __init__(
        self,
        kinds: Integers,
        items: Integers,
        weights: Floats,
        pattern_start: Integers,
        block_rows: Integers,
        rows: Integers,
        low_pairs: ShortIntegers,
        layer_start: Integers,
        entry_vector: Integers,
        entry_term: Integers,
        scales: Floats,
        vectors: Floats,
        bits: Integers,
        directions: Reals,
    ) -> None:
        self.kinds, self.items = kinds, items
        self._matrices = weights.view(np.complex128)
        self._pattern_start, self._block_rows, self._rows, self._low_pairs = pattern_start, block_rows, rows, low_pairs
        self._layer_start, self._entry_vector, self._entry_term = layer_start, entry_vector, entry_term
        self._scales, self._vectors, self._bits = scales, vectors, bits
        self._directions = directions.view(np.complex128)

    def pairs(self, operation: int, block: int) -> tuple[Integers, Integers, Integers]:
        """Indices a and b of a block's pairs, and their signs."""
        first = self._pattern_start[self.items[operation]] + block
        parts = []
        for row in range(self._block_rows[first], self._block_rows[first + 1]):
            base_a, base_b, start, count, sign = self._rows[row]
            low = np.stack([np.arange(count)] * 2, axis=1) if start < 0 else self._low_pairs[start : start + count]
            parts.append((base_a + low[:, 0], base_b + low[:, 1], np.full(count, sign)))
        a, b, signs = (np.concatenate(column) for column in zip(*parts, strict=True))
        return a, b, signs

    def pair_blocks(self, operation: int) -> int:
        """Number of blocks of an exchange."""
        item = self.items[operation]
        return int(self._pattern_start[item + 1] - self._pattern_start[item])

    def entries(self, operation: int, size: int) -> Floats:
        """The functions f_e of a layer, shape (entries, size)."""
        found = np.zeros((0, size))
        for entry in range(self._layer_start[self.items[operation]], self._layer_start[self.items[operation] + 1]):
            vector = self._entry_vector[entry]
            values = _term(self._bits, self._entry_term[entry]) if vector < 0 else self._vectors[vector]
            found = np.concatenate([found, values[None]])
        return found

    def direction(self, operation: int) -> np.ndarray:
        """The state of a reflection."""
        return np.asarray(self._directions[self.items[operation]])

    def apply(self, operation: int, state: np.ndarray) -> None:
        """One operation, in place."""
        weights = self._matrices[operation]
        if self.kinds[operation] == PAIRS:
            for block in range(self.pair_blocks(operation)):
                a, b, signs = self.pairs(operation, block)
                first, second = state[a], state[b]
                state[a] = weights[0] * first + signs * weights[1] * second
                state[b] = signs * weights[2] * first + weights[3] * second
        elif self.kinds[operation] == PHASES:
            layer = slice(self._layer_start[self.items[operation]], self._layer_start[self.items[operation] + 1])
            state *= np.exp(1j * (self._scales[layer] @ self.entries(operation, state.size)))
        else:
            direction = self.direction(operation)
            state += weights[0] * np.vdot(direction, state) * direction

    def sums(self, operation: int, ket: np.ndarray, bra: np.ndarray) -> Floats:
        """What the derivative needs, by block."""
        starts = range(0, ket.size, BLOCK)
        if self.kinds[operation] == PAIRS:
            found = []
            for block in range(self.pair_blocks(operation)):
                a, b, signs = self.pairs(operation, block)
                low, high = signs * bra[b].conj() * ket[a], signs * bra[a].conj() * ket[b]
                found += [(low + high).imag.sum(), (low - high).real.sum()]
            return np.array(found)
        if self.kinds[operation] == PHASES:
            currents = (bra.conj() * ket).imag * self.entries(operation, ket.size)
            return np.concatenate([currents[:, start : start + BLOCK].sum(axis=1) for start in starts])
        direction = self.direction(operation).conj()
        blocks = [slice(start, start + BLOCK) for start in starts]
        overlaps = [direction[block] @ vector[block] for block in blocks for vector in (ket, bra)]
        return np.array(overlaps).view(np.float64)


def run_sector(state: Reals, lanes: Lanes, *arrays: Any) -> None:
    """Run operations `first_operation <= i < last_operation` on `state`, float[size, 2 or 4], in place.

    The arrays are those of the kernel; with two vectors, `sums` is written where `wanted`.
    """
    program = _Program(*arrays[:14])
    wanted, sums, sum_start, first, last, backward = arrays[14:20]
    vectors = [
        part.astype(np.float64).copy().view(np.complex128)[:, 0] for part in np.split(state, state.shape[1] // 2, 1)
    ]
    for operation in range(last - 1, first - 1, -1) if backward else range(first, last):
        if wanted[operation] and len(vectors) == 2:
            found = program.sums(operation, *vectors)
            sums[sum_start[operation] : sum_start[operation] + found.size] = found
        for vector in vectors:
            program.apply(operation, vector)
    state[:] = np.stack(vectors, axis=1).view(np.float64)
