"""The states of one Hamming weight by total spin, where the exchange of all pairs of qubits is diagonal.

``½ Σ_{i<j} (X_i X_j + Y_i Y_j)`` is a function of the total spin of n qubits and of the weight k. Spins are added up
one qubit after another, so that a state of definite total spin is a path of steps up and down, and each addition is a
rotation of pairs of amplitudes: those of ``j ± ½`` from those of a spin j with the next qubit in ``|0⟩`` or ``|1⟩``,
by the Clebsch–Gordan coefficients. It happens in place. A bit pattern names the path: read from the lowest bit on, a
one matches the last zero before it that has no partner yet, and each match is a step down. What is left without
partners is ``1…1 0…0``, and its ones say how far the spin points down; of the two patterns of a pair, one has a further
one in place of its first zero without a partner.

With m matches in all the exchange has the value ``(k - m)(n - k - m) - m``. There and back take some ``2 k C(n, k)``
rotations, whatever the angle; nothing is lost to rounding, because all of them are orthogonal.

Sources: D. Bacon, I. Chuang and A. Harrow, Phys. Rev. Lett. 97, 170502 (2006) for the transform qubit by qubit;
C. Greene and D. Kleitman, J. Comb. Theory A 20, 41 (1976) for the matches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._memory import reserve_more
from qtoolkit.errors import CircuitError
from qtoolkit.simulators.sector.basis import SectorLayout, patterns_of_weight
from qtoolkit_kernels.sector import Turns

__all__ = ["SpinTables"]

IntArray = NDArray[np.int64]
ShortArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]

LEAF_STATES = 1 << 14
"""Amplitudes of so many qubits as stay in a cache are added up by one thread, without a break."""

BLOCK_TURNS = 4096
"""Rotations that one thread takes at a time of what adds a further qubit."""

MAX_STATES = (1 << 31) - 1
"""Amplitudes are numbered by int32."""


class SpinTables:
    """The rotations from bit patterns to total spins, as the lists that `qtoolkit_kernels.sector` runs.

    Args:
        num_qubits, weight: the sector.
    """

    def __init__(self, num_qubits: int, weight: int) -> None:
        self._n, self._k = num_qubits, weight
        self._listed = 0
        self._entries: list[ShortArray] = [np.zeros((0, 3), np.int32)]
        self._lists: list[tuple[IntArray, bool]] = []
        self._known: dict[tuple[int, ...], tuple[range, FloatArray]] = {}

    def lists_of(self, qubits: tuple[int, ...]) -> range:
        """The lists, to be run one after another, that bring some qubits, ascending, to their total spin.

        Raises:
            CircuitError: if the sector has more than 2^31 - 1 states.
            InsufficientMemoryError: if the lists do not fit into free memory.
        """
        return self._found(qubits)[0]

    def exchanges(self, qubits: tuple[int, ...]) -> FloatArray:
        """The value of the exchange of all pairs of them on each state of definite spin, of shape ``(size,)``."""
        return self._found(qubits)[1]

    def _found(self, qubits: tuple[int, ...]) -> tuple[range, FloatArray]:
        if qubits not in self._known:
            size, first = math.comb(self._n, self._k), len(self._lists)
            if size > MAX_STATES:
                raise CircuitError(
                    f"complete_xy is simulated on at most {MAX_STATES:,} states, got {size:,}; use its decomposition"
                )
            everything = len(qubits) == self._n
            pairs = _num_entries(self._n, self._k) if everything else len(qubits) * size * self._k // self._n
            needed = _needs.spin_tables(size, pairs)
            reserve_more(needed, f"the exchange of all pairs of {len(qubits)} qubits", "use fewer qubits")
            ones, matches = self._add_all() if everything else self._add_some(qubits)
            values = (ones - matches) * (len(qubits) - ones - matches) - matches
            self._known[qubits] = range(first, len(self._lists)), values.astype(np.float64)
        return self._known[qubits]

    def _add_all(self) -> tuple[int, IntArray]:
        """Lists for all qubits: by blocks of amplitudes that lie together, whose rotations are alike."""
        leaf = _leaf_qubits(self._n, self._k)
        joined: dict[int, ShortArray] = {}
        paths = _Paths(0, self._n, self._k)
        for t in range(1, self._n + 1):
            weights = _weights(self._n, self._k, t)
            added = {w: self._added(paths, t, w) for w in weights if 0 < w < t}
            if t <= leaf:
                joined = {w: _joined(joined, added, t, w) for w in weights}
                added = joined
            if t >= leaf:
                self._lists.append((self._rows(t, added), t > leaf))
            paths = paths.with_next()
        return self._k, paths.matches[self._k].astype(np.int64)

    def _added(self, paths: _Paths, t: int, w: int) -> ShortArray:
        """What adds qubit ``t - 1`` at weight w: amplitudes of a block of t qubits, and the number of the angle."""
        partners, matches = paths.partners[w - 1], paths.matches[w - 1]
        low = np.flatnonzero(partners >= 0)
        return self._listing(partners[low], math.comb(t - 1, w) + low, t, w, matches[low])

    def _listing(self, a: NDArray[Any], b: IntArray, t: int, ones: IntArray | int, matches: NDArray[Any]) -> ShortArray:
        listed = np.empty((b.size, 3), np.int32)
        listed[:, 0], listed[:, 1] = a, b
        listed[:, 2] = (t * (self._k + 1) + ones) * (self._k + 1) + matches.astype(np.int64)
        return listed

    def _rows(self, t: int, entries: dict[int, ShortArray]) -> IntArray:
        """(base, first, count) for each value of the qubits from t on."""
        layout = SectorLayout(self._n, self._k, t)
        places = np.zeros((self._k + 1, 2), np.int64)
        for w, listed in entries.items():
            places[w] = self._place(listed)
        rows = np.column_stack([layout.base, places[layout.low_weight]])
        return rows[rows[:, 2] > 0]

    def _place(self, entries: ShortArray) -> tuple[int, int]:
        first = self._listed
        self._entries.append(entries)
        self._listed += len(entries)
        return first, len(entries)

    def _add_some(self, qubits: tuple[int, ...]) -> tuple[IntArray, IntArray]:
        """Lists for some of the qubits, amplitude by amplitude."""
        bits = patterns_of_weight(self._n, self._k)
        ones, matches, zeros = (np.zeros(bits.size, np.int64) for _ in range(3))
        first = np.zeros(bits.size, np.int64)  # the first zero without a partner, as a bit
        for t, qubit in enumerate(qubits, start=1):
            one = bits >> qubit & 1
            matched = one * (zeros > 0)
            b = np.flatnonzero(matched)
            a = np.searchsorted(bits, bits[b] ^ 1 << qubit ^ first[b])
            ones += one
            entries = self._listing(a, b, t, ones[b], matches[b])
            self._lists.append((np.array([[0, *self._place(entries)]]), True))
            matches += matched
            first = np.where((one == 0) & (zeros == 0), 1 << qubit, first)
            zeros += 1 - one - matched
            first[zeros == 0] = 0
        return ones, matches

    def turns(self) -> Turns:
        """The lists found so far, in arrays."""
        list_start, block_rows, tables, total = [0], [0], [np.zeros((0, 3), np.int64)], 0
        for rows, divisible in self._lists:
            pieces = _pieces(rows) if divisible else rows
            ends = np.flatnonzero(np.diff(np.cumsum(pieces[:, 2]) // BLOCK_TURNS)) + 1
            block_rows += (total + ends).tolist()
            total += len(pieces)
            if len(pieces):
                block_rows.append(total)
            list_start.append(len(block_rows) - 1)
            tables.append(pieces)
        t, w, m = np.ogrid[: self._n + 1, : self._k + 1, : self._k + 1]
        length = np.maximum(t - 2 * m, 1)
        squares = np.stack([np.clip((t - w - m) / length, 0, 1), np.clip((w - m) / length, 0, 1)], axis=-1)
        return Turns(
            np.array(list_start, np.int64),
            np.array(block_rows, np.int64),
            np.concatenate(tables),
            np.concatenate(self._entries),
            np.sqrt(squares).reshape(-1, 2),
        )


class _Paths:
    """Matches and partners of the patterns of t bits, by their weight and in ascending order.

    Attributes:
        matches: how many ones have partners, int8.
        partners: rank, at the next weight, of the pattern with a one in place of its first zero without a partner;
            -1 where there is none; int32.
    """

    def __init__(self, t: int, num_qubits: int, weight: int) -> None:
        self._t, self._n, self._k = t, num_qubits, weight
        self.matches = {0: np.zeros(1, np.int8)}
        self.partners = {0: np.full(1, -1, np.int32)}

    def with_next(self) -> _Paths:
        """With one bit more, above the others."""
        found, t = _Paths(self._t + 1, self._n, self._k), self._t
        for w in _weights(self._n, self._k, t + 1):
            matches, partners = [], []
            above = math.comb(t, w + 1)
            if w <= t:
                old = self.partners[w]
                matches.append(self.matches[w])
                partners.append(np.where(old >= 0, old, above + np.arange(old.size, dtype=np.int32)))
            if w > 0:
                old, known = self.partners[w - 1], self.matches[w - 1]
                zeros = t - (w - 1) - known  # without partners, before the one above takes the last of them
                matches.append(known + (zeros > 0).astype(np.int8))
                partners.append(np.where(zeros > 1, above + old, np.int32(-1)))
            found.matches[w], found.partners[w] = np.concatenate(matches), np.concatenate(partners).astype(np.int32)
        return found


def _joined(lists: dict[int, ShortArray], added: dict[int, ShortArray], t: int, w: int) -> ShortArray:
    """All rotations of a block of t qubits: those of its two halves, then those that add the last qubit."""
    none = np.zeros((0, 3), np.int32)
    offset = np.array([math.comb(t - 1, w)] * 2 + [0], np.int32)
    return np.concatenate([lists.get(w, none), lists.get(w - 1, none) + offset, added.get(w, none)])


def _pieces(rows: IntArray) -> IntArray:
    """Cut rows of more than `BLOCK_TURNS` rotations."""
    pieces = -(-rows[:, 2] // BLOCK_TURNS)
    repeated = np.repeat(rows, pieces, axis=0)
    offset = (np.arange(len(repeated)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * BLOCK_TURNS
    repeated[:, 1] += offset
    repeated[:, 2] = np.minimum(repeated[:, 2] - offset, BLOCK_TURNS)
    return repeated


def _weights(num_qubits: int, weight: int, t: int) -> range:
    """Weights of t of the qubits."""
    return range(max(0, weight - num_qubits + t), min(weight, t) + 1)


def _leaf_qubits(num_qubits: int, weight: int) -> int:
    fitting = [
        t
        for t in range(1, num_qubits + 1)
        if max(math.comb(t, w) for w in _weights(num_qubits, weight, t)) <= LEAF_STATES
    ]
    return max(fitting)


def _num_entries(num_qubits: int, weight: int) -> int:
    """How many rotations the lists for all qubits hold at most."""
    leaf = _leaf_qubits(num_qubits, weight)
    within = sum(w * math.comb(leaf, w) for w in _weights(num_qubits, weight, leaf))
    above = sum(
        math.comb(t - 1, w - 1) for t in range(leaf + 1, num_qubits + 1) for w in _weights(num_qubits, weight, t) if w
    )
    return within + above
