"""The determinants of given numbers of alpha and beta electrons, as a matrix of alpha and beta strings."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_integer, is_integer, items_of, numbers_of, shown
from qtoolkit._memory import reserved
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion.links import StringLinks, string_links
from qtoolkit.simulators.sector.basis import patterns_of_weight

__all__ = ["FermionSector"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MAX_ORBITALS = 62
"""Strings are the bits of an int64."""


class FermionSector:
    """All determinants of `nelec` electrons in `norb` orbitals.

    A state is a matrix: entry (i, j) is the amplitude of alpha string i with beta string j. The determinant stands for
    ``Π a†_pα Π a†_pβ |vacuum⟩``, lowest orbitals leftmost: the basis state of the Jordan–Wigner mapping with the alpha
    string in its lower `norb` qubits and the beta string above, without a sign.

    Args:
        norb: number of spatial orbitals, 1 to 62.
        nelec: alpha and beta electrons.

    Attributes:
        norb, nelec: as given.
        alpha_strings, beta_strings: occupied orbitals as bits, ascending, int64.

    Raises:
        InputError: if the electrons do not fit the orbitals.
        InsufficientMemoryError: if the strings do not fit into free memory.
    """

    def __init__(self, norb: int, nelec: tuple[int, int]) -> None:
        self.norb = check_integer(norb, "norb", 1, MAX_ORBITALS)
        given = items_of(nelec, "nelec is a pair of integers, alpha and beta electrons")
        if len(given) != 2:
            raise InputError(f"nelec is a pair of integers, alpha and beta electrons, got {shown(nelec)}")
        n_alpha, n_beta = (check_integer(count, "each of nelec", 0, self.norb) for count in given)
        self.nelec = (n_alpha, n_beta)
        lengths = [math.comb(self.norb, count) for count in self.nelec]
        with reserved(24 * sum(lengths), f"the strings of {self.nelec} electrons in {self.norb} orbitals", "use fewer"):
            self.alpha_strings = patterns_of_weight(self.norb, n_alpha)
            self.beta_strings = self.alpha_strings if n_alpha == n_beta else patterns_of_weight(self.norb, n_beta)

    def __repr__(self) -> str:
        return f"FermionSector(norb={self.norb}, nelec={self.nelec})"

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of alpha and of beta strings."""
        return len(self.alpha_strings), len(self.beta_strings)

    @property
    def size(self) -> int:
        """Number of determinants."""
        return math.prod(self.shape)

    @property
    def spin_z(self) -> float:
        """S_z, half of n_alpha − n_beta."""
        return (self.nelec[0] - self.nelec[1]) / 2

    @cached_property
    def alpha_occupations(self) -> FloatArray:
        """1 where an orbital is occupied, float64 of shape (alpha strings, norb)."""
        return _occupations(self.alpha_strings, self.norb)

    @cached_property
    def beta_occupations(self) -> FloatArray:
        """1 where an orbital is occupied, float64 of shape (beta strings, norb)."""
        return _occupations(self.beta_strings, self.norb)

    @cached_property
    def alpha_links(self) -> StringLinks:
        """Tables of alpha strings that differ by one electron."""
        return string_links(self.norb, self.nelec[0])

    @cached_property
    def beta_links(self) -> StringLinks:
        """Tables of beta strings that differ by one electron."""
        return string_links(self.norb, self.nelec[1])

    def position(self, alpha: int, beta: int) -> tuple[int, int]:
        """Row and column of a determinant, given by the bits of its strings.

        Raises:
            InputError: if it has other numbers of electrons, or orbitals that are not there.
        """
        for name, bits, count in zip(("alpha", "beta"), (alpha, beta), self.nelec, strict=True):
            if not is_integer(bits) or not 0 <= bits < 1 << self.norb or int(bits).bit_count() != count:
                raise InputError(f"{name} must have {count} of {self.norb} bits set, got {shown(bits)}")
        row = int(np.searchsorted(self.alpha_strings, alpha))
        return row, int(np.searchsorted(self.beta_strings, beta))

    def bit_patterns(self) -> IntArray:
        """Index of each determinant in the state vector of Jordan–Wigner qubits, int64 of the sector's shape.

        Raises:
            InputError: if there are more than 31 orbitals, whose qubits are no bits of an int64.
            InsufficientMemoryError: if the indices do not fit into free memory.
        """
        if 2 * self.norb > MAX_ORBITALS:
            raise InputError(f"indices of more than {MAX_ORBITALS} qubits are no int64, got {2 * self.norb}")
        needed = 8 * self.size
        with reserved(needed, f"the indices of {self.size} determinants", "use fewer orbitals", needed):
            patterns: IntArray = self.alpha_strings[:, None] | self.beta_strings[None, :] << self.norb
        return patterns

    def embed(self, state: ArrayLike) -> NDArray[Any]:
        """The state on ``2 * norb`` qubits by the Jordan–Wigner mapping, shape ``(4**norb,)``, dtype of `state`.

        Raises:
            InputError: if the state has another shape.
            InsufficientMemoryError: if it does not fit into free memory.
        """
        given = self.checked(state)
        needed, what = given.itemsize << 2 * self.norb, f"a state of {2 * self.norb} qubits"
        with reserved(needed + 8 * self.size, what, "use fewer orbitals", needed):
            vector = np.zeros(1 << 2 * self.norb, given.dtype)
            vector[self.bit_patterns()] = given
        return vector

    def project(self, vector: ArrayLike) -> NDArray[Any]:
        """The part of a state vector of ``2 * norb`` qubits that lies in the sector, shape `shape`, not renormalised.

        Raises:
            InputError: if the vector has another shape.
            InsufficientMemoryError: if the part does not fit into free memory.
        """
        given = numbers_of(vector, "vector")
        if given.shape != (1 << 2 * self.norb,):
            raise InputError(f"vector must have shape ({1 << 2 * self.norb},), got {given.shape}")
        needed = given.itemsize * self.size
        with reserved(8 * self.size + needed, f"a state of {self.size} determinants", "use fewer orbitals", needed):
            found: NDArray[Any] = given[self.bit_patterns()]
        return found

    def checked(self, state: ArrayLike, name: str = "state") -> NDArray[Any]:
        """A state as float64 or complex128, in C order.

        Raises:
            InputError: if it has another shape than the sector, or an amplitude is not finite.
        """
        given = numbers_of(state, check_instance(name, str, "the name of a state must be a text"))
        if given.shape != self.shape:
            raise InputError(
                f"{name} of {self.nelec} electrons in {self.norb} orbitals has shape {self.shape}, got {given.shape}"
            )
        found: NDArray[Any] = np.ascontiguousarray(given, np.complex128 if np.iscomplexobj(given) else np.float64)
        # a sum needs no memory, and is finite unless squares overflow
        with np.errstate(over="ignore", invalid="ignore"):
            seems_finite = np.isfinite(np.vdot(found, found))
        if not seems_finite and not np.isfinite(found).all():
            raise InputError(f"{name} must have finite amplitudes, got one that is not")
        return found


def _occupations(strings: IntArray, norb: int) -> FloatArray:
    needed = 8 * norb * len(strings)
    with reserved(2 * needed, f"the occupations of {len(strings)} strings", "use fewer orbitals", needed):
        found: FloatArray = (strings[:, None] >> np.arange(norb) & 1).astype(np.float64)
    return found
