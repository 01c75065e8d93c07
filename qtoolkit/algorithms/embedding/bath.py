"""Fragment and bath: the orbitals of an impurity, and its Hamiltonian in the field of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_number
from qtoolkit.algorithms.embedding.mean_field import field_of
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian

__all__ = ["Impurity", "impurity_of"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Impurity:
    """A fragment with the bath that it is entangled with.

    Attributes:
        fragment: its orbitals, as numbers of the whole system's.
        orbitals: fragment first, then bath, as columns, shape (norb, size).
        nelec: alpha and beta electrons.
        hamiltonian: in the field of the frozen electrons.
        projected_one_body: that enters the fragment's energy, with half of that field, shape (size, size).
        entanglement: occupations of the bath orbitals in the mean field, strictly between 0 and 2.
    """

    fragment: tuple[int, ...]
    orbitals: FloatArray = field(repr=False)
    nelec: tuple[int, int]
    hamiltonian: ElectronicHamiltonian = field(repr=False)
    projected_one_body: FloatArray = field(repr=False)
    entanglement: FloatArray = field(repr=False)

    @property
    def size(self) -> int:
        """Number of orbitals."""
        return int(self.orbitals.shape[1])

    def with_potential(self, potential: float) -> ElectronicHamiltonian:
        """The Hamiltonian with a chemical potential on the fragment's orbitals.

        Raises:
            InputError: if it is no finite number.
        """
        potential = check_number(potential, "potential")
        one_body = self.hamiltonian.one_body_tensor.copy()
        places = np.arange(len(self.fragment))
        one_body[places, places] -= potential
        return ElectronicHamiltonian(one_body, self.hamiltonian.two_body_tensor)


def impurity_of(
    one_body: FloatArray, two_body: FloatArray, density: FloatArray, fragment: tuple[int, ...], threshold: float
) -> Impurity:
    """Orbitals of the rest that are neither full nor empty become the bath (Knizia and Chan 2012, 2013).

    Args:
        one_body, two_body: of the whole system.
        density: spin-summed, of a determinant.
        fragment: numbers of orbitals.
        threshold: distance of an occupation from 0 or 2 up to which it counts as that.

    Raises:
        InputError: if the electrons of fragment and bath come to no even number, as those of no determinant do.
    """
    norb = len(one_body)
    rest = [orbital for orbital in range(norb) if orbital not in fragment]
    occupations, vectors = np.linalg.eigh(density[np.ix_(rest, rest)])
    is_full, is_bath = occupations > 2.0 - threshold, (occupations >= threshold) & (occupations <= 2.0 - threshold)
    orbitals = np.zeros((norb, len(fragment) + int(is_bath.sum())))
    orbitals[list(fragment), np.arange(len(fragment))] = 1.0
    orbitals[rest, len(fragment) :] = vectors[:, is_bath]
    core = np.zeros((norb, int(is_full.sum())))
    core[rest] = vectors[:, is_full]
    total = float(np.trace(density)) - 2.0 * core.shape[1]
    pairs = round(total / 2.0)
    if abs(total - 2.0 * pairs) > 1e-4:
        raise InputError(
            f"the density must be that of a closed-shell determinant, got {total:.6f} electrons in fragment and bath"
        )
    repulsion = field_of(two_body, 2.0 * core @ core.T)
    inside = np.einsum("pqrs,pa,qb,rc,sd->abcd", two_body, *(orbitals,) * 4, optimize=True)
    inside = 0.25 * (
        inside + inside.transpose(1, 0, 2, 3) + inside.transpose(0, 1, 3, 2) + inside.transpose(1, 0, 3, 2)
    )
    return Impurity(
        fragment=fragment,
        orbitals=orbitals,
        nelec=(pairs, pairs),
        hamiltonian=ElectronicHamiltonian(_symmetric(orbitals.T @ (one_body + repulsion) @ orbitals), inside),
        projected_one_body=_symmetric(orbitals.T @ (one_body + 0.5 * repulsion) @ orbitals),
        entanglement=occupations[is_bath],
    )


def _symmetric(matrix: FloatArray) -> FloatArray:
    return 0.5 * (matrix + matrix.T)
