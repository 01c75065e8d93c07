"""Electron excitations out of a reference determinant, as fermionic generators."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence

from qtoolkit._checks import require_array
from qtoolkit.applications.chemistry.ansaetze.space import checked_space
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation

__all__ = ["Excitation", "single_and_double_excitations"]


def single_and_double_excitations(
    norb: int, nelec: tuple[int, int], orbital_symmetries: Sequence[int] | None = None
) -> tuple[Excitation, ...]:
    """All excitations of one and two electrons that keep the spin projection.

    Doubles of opposite spin come first, then those of equal spin, then singles: (i alpha, j beta) to
    (a alpha, b beta) in the order of i, a, j, b.

    Args:
        norb: number of spatial orbitals; spin orbital p is orbital p with spin alpha, ``norb + p`` with spin beta.
        nelec: alpha and beta electrons, which fill the lowest orbitals.
        orbital_symmetries: irreducible representations of the orbitals, whose products are exclusive ors; only
            excitations that keep the symmetry of the reference are returned. None asks for all.

    Raises:
        InputError: if the electrons do not fit the orbitals, or there is not one symmetry per orbital.
    """
    norb, nelec = checked_space(norb, nelec)
    if orbital_symmetries is not None:
        irreps = require_array("orbital_symmetries", orbital_symmetries, (None,), kind="integer").tolist() * 2
        if len(irreps) != 2 * norb:
            raise InputError(f"orbital_symmetries must have {norb} entries, got {len(irreps) // 2}")
    n_alpha, n_beta = nelec
    alpha = list(itertools.product(range(n_alpha), range(n_alpha, norb)))
    beta = list(itertools.product(range(norb, norb + n_beta), range(norb + n_beta, 2 * norb)))

    def candidates() -> Iterator[Excitation]:
        for (i, a), (j, b) in itertools.product(alpha, beta):
            yield Excitation((i, j), (a, b))
        for first, last, count in ((0, norb, n_alpha), (norb, 2 * norb, n_beta)):
            occupied = itertools.combinations(range(first, first + count), 2)
            empty = list(itertools.combinations(range(first + count, last), 2))
            for annihilated, created in itertools.product(occupied, empty):
                yield Excitation(annihilated, created)
        for i, a in (*alpha, *beta):
            yield Excitation((i,), (a,))

    if orbital_symmetries is None:
        return tuple(candidates())
    return tuple(x for x in candidates() if _product(irreps[mode] for mode in (*x.annihilated, *x.created)) == 0)


def _product(irreps: Iterable[int]) -> int:
    return functools.reduce(operator.xor, irreps, 0)
