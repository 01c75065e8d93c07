"""Twins of the sector programs: pairs by index arrays, phases by their definition."""

import numpy as np

from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.sector import BLOCK, PAIRS, PHASES, REFLECTION, TURNS, Operations
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

    def __init__(self, operations: Operations, weights: Floats, scales: Floats) -> None:
        self.kinds, self.items = operations.kinds, operations.items
        self._pairs, self._layers, self._scales = operations.pairs, operations.layers, scales
        self._turns = operations.turns
        self._matrices = weights.view(np.complex128)
        self._directions = operations.directions.view(np.complex128)

    def pairs(self, operation: int, block: int) -> tuple[Integers, Integers, Integers]:
        """Indices a and b of a block's pairs, and their signs."""
        pattern_start, block_rows, rows, low_pairs = self._pairs
        first = pattern_start[self.items[operation]] + block
        parts = []
        for base_a, base_b, start, count, sign in rows[block_rows[first] : block_rows[first + 1]]:
            low = np.stack([np.arange(count)] * 2, axis=1) if start < 0 else low_pairs[start : start + count]
            parts.append((base_a + low[:, 0], base_b + low[:, 1], np.full(count, sign)))
        a, b, signs = (np.concatenate(column) for column in zip(*parts, strict=True))
        return a, b, signs

    def pair_blocks(self, operation: int) -> int:
        """Number of blocks of an exchange."""
        item = self.items[operation]
        return int(self._pairs.pattern_start[item + 1] - self._pairs.pattern_start[item])

    def entries(self, operation: int, size: int) -> Floats:
        """The functions f_e of a layer, shape (entries, size)."""
        _, entry_vector, entry_term, vectors, bits = self._layers
        found, layer = np.zeros((0, size)), self._layer(operation)
        for vector, term in zip(entry_vector[layer], entry_term[layer], strict=True):
            values = _term(bits, term) if vector < 0 else vectors[vector]
            found = np.concatenate([found, values[None]])
        return found

    def _layer(self, operation: int) -> slice:
        """The entries of a layer."""
        item = self.items[operation]
        return slice(self._layers.layer_start[item], self._layers.layer_start[item + 1])

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
            state *= np.exp(1j * (self._scales[self._layer(operation)] @ self.entries(operation, state.size)))
        elif self.kinds[operation] == REFLECTION:
            direction = self.direction(operation)
            state += weights[0] * np.vdot(direction, state) * direction

        else:
            back = weights[0].imag < 0.0
            listed = self.turned(operation)
            for a, b, angle in listed[::-1] if back else listed:
                cosine, sine = self._turns.angles[angle]
                turn = np.array([[cosine, sine], [-sine, cosine]])
                state[[a, b]] = (turn.T if back else turn) @ state[[a, b]]

    def turned(self, operation: int) -> Integers:
        """Pairs of amplitudes of a list, and the numbers of their angles, in order."""
        list_start, block_rows, rows, entries, _ = self._turns
        first, last = block_rows[list_start[self.items[operation] : self.items[operation] + 2]]
        moved = np.array([1, 1, 0])
        parts = [base * moved + entries[start : start + count] for base, start, count in rows[first:last]]
        return np.concatenate([np.zeros((0, 3), np.int64), *parts])

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
        if self.kinds[operation] == TURNS:
            return np.zeros(0)
        direction = self.direction(operation).conj()
        blocks = [slice(start, start + BLOCK) for start in starts]
        overlaps = [direction[block] @ vector[block] for block in blocks for vector in (ket, bra)]
        return np.array(overlaps).view(np.float64)


def run_sector(
    state: Reals,
    lanes: Lanes,
    operations: Operations,
    weights: Floats,
    scales: Floats,
    sums: Floats,
    first_operation: int,
    last_operation: int,
    backward: bool,
    progress: Integers,
    thread: int,
) -> None:
    """Run operations `first_operation <= i < last_operation` on `state`, float[size, 2 or 4], in place.

    Arguments are those of the kernel; with two vectors, `sums` is written where it is wanted.
    """
    program, wanted, sum_start = _Program(operations, weights, scales), operations.wanted, operations.sum_start
    vectors = [
        part.astype(np.float64).copy().view(np.complex128)[:, 0] for part in np.split(state, state.shape[1] // 2, 1)
    ]
    chosen = range(first_operation, last_operation)
    for operation in reversed(chosen) if backward else chosen:
        if wanted[operation] and len(vectors) == 2:
            found = program.sums(operation, *vectors)
            sums[sum_start[operation] : sum_start[operation] + found.size] = found
        for vector in vectors:
            program.apply(operation, vector)
    state[:] = np.stack(vectors, axis=1).view(np.float64)
