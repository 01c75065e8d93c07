"""Tables of strings that differ by one electron, made at once for all pairs of orbitals."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.simulators.sector.basis import patterns_of_weight
from qtoolkit_kernels.fermion.tiles import Pairs

__all__ = ["StringLinks", "string_links"]

IntArray = NDArray[np.int64]
ShortArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]


class StringLinks:
    """The strings of one spin and how they hang together.

    Args:
        norb: number of orbitals.
        count: electrons.
    """

    def __init__(self, norb: int, count: int) -> None:
        self.norb, self.count = norb, count
        self.strings: IntArray = patterns_of_weight(norb, count)

    def __len__(self) -> int:
        return len(self.strings)

    @cached_property
    def occupations(self) -> FloatArray:
        """1 where an orbital is occupied, float64 of shape (strings, norb)."""
        found: FloatArray = (self.strings[:, None] >> np.arange(self.norb) & 1).astype(np.float64)
        return found

    @cached_property
    def pairs(self) -> Pairs:
        """Strings that differ by one electron's orbital, for each pair p > q of orbitals in lexical order.

        Raises:
            InsufficientMemoryError: if they do not fit into free memory.
        """
        nbytes = self._bytes_of_pairs + 64 * len(self)
        with reserved(nbytes, f"links of {len(self)} strings", "use fewer orbitals", self._bytes_of_pairs):
            return self._made_pairs()

    @property
    def num_moves(self) -> int:
        """Single excitations of a string."""
        return self.count * (self.norb - self.count)

    @property
    def _bytes_of_pairs(self) -> int:
        return 4 * len(self) * self.num_moves

    def _made_pairs(self) -> Pairs:
        norb, strings, end = self.norb, self.strings, 0
        orbital_pairs = [(p, q) for p in range(norb) for q in range(p)]
        found = np.zeros((len(self) * self.num_moves // 2, 2), np.int32)
        start = np.zeros((len(orbital_pairs), 3), np.int64)
        for number, (p, q) in enumerate(orbital_pairs):
            first, low = np.int64(1 << p), np.int64(1 << q)
            place = np.flatnonzero((strings & (first | low)) == first)
            bits = strings[place]
            between = (first - 1) & ~(2 * low - 1)
            negative = (np.bitwise_count(bits & between) & 1).astype(bool)
            other = np.searchsorted(strings, bits ^ (first | low))
            split = end + len(place) - int(negative.sum())
            for chosen, begin in ((~negative, end), (negative, split)):
                rows = found[begin : begin + int(chosen.sum())]
                rows[:, 0], rows[:, 1] = place[chosen], other[chosen]
            start[number] = end, split, end + len(place)
            end += len(place)
        return Pairs(found, start)


_known: WeakValueDictionary[tuple[int, int], StringLinks] = WeakValueDictionary()


def string_links(norb: int, count: int) -> StringLinks:
    """The tables of `count` electrons in `norb` orbitals; all who use them at a time share them."""
    found = _known.get((norb, count))
    if found is None:
        found = _known[norb, count] = StringLinks(norb, count)
    return found
