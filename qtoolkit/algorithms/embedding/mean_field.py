"""Restricted Hartree–Fock of a Hamiltonian in orthonormal orbitals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_integer, real_numbers_of
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian

__all__ = ["LatticeMeanField", "field_of", "integrals_of", "restricted_mean_field"]

FloatArray = NDArray[np.float64]

_TOLERANCE = 1e-9
_MAX_CYCLES = 300
_HISTORY = 8
_SYMMETRY = 1e-8
_EXCITED = 1e-6


@dataclass(frozen=True, eq=False)
class LatticeMeanField:
    """A closed-shell determinant of lowest energy near its start.

    Attributes:
        energy: with the Hamiltonian's constant.
        density: spin-summed one-particle density matrix, shape (norb, norb), eigenvalues 0 and 2.
        orbital_energies: ascending, shape (norb,).
        num_iterations: of the self-consistent field.
        gap: of the highest occupied and the lowest empty orbital; None where one is missing.
    """

    energy: float
    density: FloatArray = field(repr=False)
    orbital_energies: FloatArray = field(repr=False)
    num_iterations: int
    gap: float | None


def restricted_mean_field(
    hamiltonian: ElectronicHamiltonian, num_electrons: int, density: ArrayLike | None = None
) -> LatticeMeanField:
    """Iterate the Fock matrix, with DIIS (P. Pulay, J. Comput. Chem. 3, 556 (1982)), from a start density.

    Args:
        hamiltonian: the same for both spins.
        num_electrons: even.
        density: spin-summed start, shape (norb, norb), symmetric, whose most occupied natural orbitals are filled; that
            of the one-body part by default.

    Raises:
        InputError: if the number of electrons is odd or does not fit, the spins have integrals of their own, or the
            density has another shape, no symmetry, or an entry that is not finite.
        ConvergenceError: if the iteration does not converge.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    count = check_integer(num_electrons, "num_electrons", 0, 2 * hamiltonian.norb)
    if count % 2:
        raise InputError(f"a closed-shell mean field has an even number of electrons, got {count}")
    one_body, two_body = integrals_of(hamiltonian)
    if density is None:
        current = _filled(one_body, count)[0]
    else:
        current = real_numbers_of(density, "density")
        if current.shape != one_body.shape:
            raise InputError(f"density must have shape {one_body.shape}, got {current.shape}")
        if not np.allclose(current, current.T, rtol=0.0, atol=_SYMMETRY):
            raise InputError("density must be finite and symmetric; symmetrise it first")
        current = _filled(-current, count)[0]
    focks: list[FloatArray] = []
    errors: list[FloatArray] = []
    for iteration in range(1, _MAX_CYCLES + 1):
        fock = one_body + field_of(two_body, current)
        error = fock @ current - current @ fock
        levels = np.asarray(np.linalg.eigvalsh(fock), np.float64)
        # a start may be stationary with electrons above empty orbitals
        excess = float(np.sum(fock * current)) - 2.0 * float(levels[: count // 2].sum())
        if np.abs(error).max() < _TOLERANCE and (iteration > 1 or excess < _EXCITED):
            energy = hamiltonian.constant + 0.5 * float(np.sum(current * (one_body + fock)))
            pairs = count // 2
            gap = float(levels[pairs] - levels[pairs - 1]) if 0 < pairs < len(levels) else None
            return LatticeMeanField(energy, current, levels, iteration, gap)
        focks, errors = [*focks, fock][-_HISTORY:], [*errors, error][-_HISTORY:]
        current = _filled(_extrapolated(focks, errors), count)[0]
    raise ConvergenceError(
        f"the mean field did not converge in {_MAX_CYCLES} iterations, with a commutator of {np.abs(error).max():.2g}; "
        "give a start density"
    )


def integrals_of(hamiltonian: ElectronicHamiltonian) -> tuple[FloatArray, FloatArray]:
    """One- and two-body tensors that are the same for both spins.

    Raises:
        InputError: if they are not.
    """
    if hamiltonian.is_spin_dependent:
        raise InputError("embedding needs integrals that are the same for both spins")
    two_body = hamiltonian.two_body_tensor
    return hamiltonian.one_body_tensor, np.zeros((hamiltonian.norb,) * 4) if two_body is None else two_body


def field_of(two_body: FloatArray, density: FloatArray) -> FloatArray:
    """Coulomb and exchange of a spin-summed density, J − K/2, shape (norb, norb)."""
    coulomb: FloatArray = np.einsum("pqrs,rs->pq", two_body, density, optimize=True)
    exchange: FloatArray = np.einsum("prsq,rs->pq", two_body, density, optimize=True)
    return coulomb - 0.5 * exchange


def _filled(fock: FloatArray, num_electrons: int) -> tuple[FloatArray, FloatArray]:
    levels, orbitals = np.linalg.eigh(fock)
    occupied = orbitals[:, : num_electrons // 2]
    density: FloatArray = 2.0 * occupied @ occupied.T
    return density, levels


def _extrapolated(focks: list[FloatArray], errors: list[FloatArray]) -> FloatArray:
    count = len(focks)
    matrix = np.zeros((count + 1, count + 1))
    matrix[:count, :count] = [[np.sum(a * b) for b in errors] for a in errors]
    matrix[count, :count] = matrix[:count, count] = 1.0
    weights = np.linalg.lstsq(matrix, np.eye(count + 1)[count], rcond=None)[0][:count]
    found: FloatArray = np.tensordot(weights, np.array(focks), axes=1)
    return found
