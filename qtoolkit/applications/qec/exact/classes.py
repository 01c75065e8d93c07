"""Tables over (logical operator, syndrome): probabilities under Pauli noise, amplitudes under unitary noise.

Only classes that the noise can reach have entries. They form a linear space, with a basis of logical operators and one
of what has a syndrome; qubit after qubit moves entries along it. Phase flips on the rotated surface code of distance 5
reach 2^13 classes of 2^26, for example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable
from qtoolkit.applications.qec.exact.frame import Echelon, PauliFrame
from qtoolkit.applications.qec.exact.noise import QubitNoise
from qtoolkit.simulators.cosets import mix_classes

__all__ = [
    "ClassSpace",
    "Progress",
    "class_space",
    "fill_table",
    "hermitian_phases",
    "least_weights",
    "require_progress",
]

_BLOCK = 1 << 20
"""Syndromes whose logical operators are listed at a time."""

Progress = Callable[[float], None]
"""Told what fraction of the work is done."""


def require_progress(progress: Progress | None) -> None:
    """Refuse what cannot be told how far work has come."""
    if progress is not None:
        check_callable(progress, "progress")


@dataclass(frozen=True, eq=False)
class ClassSpace:
    """The classes that noise can reach: index ``(l << s) | j`` is member l of the coset of the j-th syndrome.

    Attributes:
        frame: the code.
        logical: basis of the logical operators among the classes, l bits.
        syndromes: basis of the rest by syndromes, s bits; each has its lowest syndrome bit alone.
    """

    frame: PauliFrame
    logical: tuple[int, ...]
    syndromes: tuple[int, ...]

    @property
    def num_bits(self) -> int:
        """Of an index."""
        return len(self.logical) + len(self.syndromes)

    @property
    def shape(self) -> tuple[int, int]:
        """Members of a coset, syndromes."""
        return 1 << len(self.logical), 1 << len(self.syndromes)

    @property
    def basis(self) -> tuple[int, ...]:
        """Classes by bit of the index."""
        return (*self.syndromes, *self.logical)

    def coordinates(self, label: int) -> int:
        """The index of a class that can be reached."""
        index = 0
        for bit, known in enumerate(self.basis):
            if label & self._pivot(known):
                index |= 1 << bit
                label ^= known
        assert label == 0
        return index

    def mask(self, mask: int) -> int:
        """The mask of indices whose parities are those of a mask of classes."""
        return sum((mask & known).bit_count() % 2 << bit for bit, known in enumerate(self.basis))

    def classes(self, start: int, stop: int) -> NDArray[np.int64]:
        """The classes of the first member of each coset, for syndromes from `start` to `stop`."""
        numbers = np.arange(start, stop)
        found = np.zeros(len(numbers), dtype=np.int64)
        for bit, known in enumerate(self.syndromes):
            found ^= (numbers >> bit & 1) * known
        return found

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """What each member adds to the logical operator of the first one, bits of X parts then of Z parts."""
        found = np.zeros(1, dtype=np.int64)
        for known in self.logical:
            found = np.append(found, found ^ known >> self.frame.num_checks)
        return found

    def logicals(self, start: int, stop: int) -> NDArray[np.int64]:
        """Logical operators, bits of X parts then of Z parts, of all members: int64, shape (members, stop - start)."""
        return (self.classes(start, stop) >> self.frame.num_checks) ^ self.offsets[:, None]

    def _pivot(self, known: int) -> int:
        syndrome = known & (1 << self.frame.num_checks) - 1
        return syndrome & -syndrome if syndrome else known & -known


def class_space(frame: PauliFrame, noise: QubitNoise) -> ClassSpace:
    """The classes of all products of the letters that noise puts on each qubit."""
    r = frame.num_checks
    echelon = Echelon(range(r + 2 * frame.num_logical))
    for qubit, letters in enumerate(noise.letters):
        for letter in (1, 2, 3):
            if letters[letter]:
                echelon.add(frame.class_of(frame.letter(qubit, letter)))
    rows = [echelon.rows[pivot] for pivot in sorted(echelon.rows)]
    low = (1 << r) - 1
    return ClassSpace(frame, tuple(row for row in rows if not row & low), tuple(row for row in rows if row & low))


def fill_table(
    space: ClassSpace, noise: QubitNoise, amplitudes: NDArray[np.complex128] | None, progress: Progress | None = None
) -> NDArray[Any]:
    """Weights of all classes, shape ``space.shape``: amplitudes complex128 where given, else probabilities float64.

    Class (a, b) of the logical operator stands for ``X̄^a Z̄^b`` times a power of i that makes it Hermitian.
    """
    frame = space.frame
    table = np.zeros(1 << space.num_bits, dtype=np.float64 if amplitudes is None else np.complex128)
    table[0] = 1.0
    for qubit in range(frame.num_qubits):
        given = noise.probabilities[qubit] if amplitudes is None else amplitudes[qubit]
        letters = [letter for letter in (1, 2, 3) if noise.letters[qubit, letter]]
        shifts, signs, weights = [0, 0, 0], [0, 0, 0], [given[0], 0.0, 0.0, 0.0]
        # Two letters span the third; one alone takes the first place.
        for place, letter in enumerate((1, 2, 3) if len(letters) > 1 else letters):
            operator = frame.letter(qubit, letter)
            phase, sign = frame.representative(operator)
            shifts[place] = space.coordinates(frame.class_of(operator))
            if amplitudes is None:
                weights[place + 1] = given[letter]
            else:
                weights[place + 1], signs[place] = given[letter] * phase, space.mask(sign)
        mix_classes(table, shifts[:2], weights, signs[:2])
        if progress is not None:
            progress((qubit + 1) / frame.num_qubits)
    found: NDArray[Any] = table.reshape(space.shape)
    if amplitudes is not None:
        _make_hermitian(space, found)
    return found


def hermitian_phases(k: int) -> NDArray[np.complex128]:
    """``X̄^a Z̄^b`` as multiples of Hermitian operators, by a + 2^k b: powers of -i, complex128, shape (4^k,)."""
    labels = np.arange(4**k)
    ys = np.bitwise_count(labels & labels >> k & (1 << k) - 1)
    return np.asarray(np.array([1, -1j, -1, 1j])[ys % 4], dtype=np.complex128)


def _make_hermitian(space: ClassSpace, table: NDArray[np.complex128]) -> None:
    """Multiply amplitudes of ``X̄^a Z̄^b`` so that they become those of Hermitian operators."""
    phases = hermitian_phases(space.frame.num_logical)
    for start in range(0, space.shape[1], _BLOCK):
        stop = min(start + _BLOCK, space.shape[1])
        table[:, start:stop] *= phases[space.logicals(start, stop)]


def least_weights(space: ClassSpace, noise: QubitNoise) -> NDArray[np.uint8]:
    """How many qubits the lightest error of each class acts on, uint8, shape ``space.shape``."""
    frame = space.frame
    weights = np.full(1 << space.num_bits, 255, dtype=np.uint8)
    weights[0] = 0
    indices = np.arange(weights.size)
    for qubit, letters in enumerate(noise.letters):
        lightest = weights.copy()
        for letter in (1, 2, 3):
            if letters[letter]:
                shift = space.coordinates(frame.class_of(frame.letter(qubit, letter)))
                moved = weights[indices ^ shift]
                np.minimum(lightest, moved + (moved < 255), out=lightest)
        weights = lightest
    return weights.reshape(space.shape)
