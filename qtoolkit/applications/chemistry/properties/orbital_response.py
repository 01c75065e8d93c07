"""The derivative of an energy by the positions of nuclei, with the response of Hartree–Fock orbitals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qtoolkit._memory import reserved
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.applications.chemistry.properties.state_properties import StateProperties
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["analytic_gradient", "has_analytic_gradient"]

_CANONICAL = 1e-4
"""In hartree: elements of the Fock matrix that canonical orbitals may have off its diagonal."""
_DEGENERATE = 1e-5
_NO_ROTATION = 1e-6
"""Rotations of two degenerate orbitals whose derivative is no larger leave the energy as it is."""


def has_analytic_gradient(integrals: MolecularIntegrals) -> bool:
    """Whether orbitals are the canonical ones of a closed shell, whose response is known."""
    return (
        integrals.scf_method == "RHF"
        and integrals.molecule is not None
        and integrals.orbital_coefficients is not None
        and not integrals.selection
    )


def analytic_gradient(properties: StateProperties) -> FloatArray:
    """dE/dR in hartree per bohr, shape (num_atoms, 3), for an energy that is stationary by its own parameters.

    The energy is a function of parameters, which stay, and of canonical orbitals, which follow the nuclei. Their
    response, occupied with empty orbitals and each kind among itself, is replaced by one linear equation for all
    nuclei (N. C. Handy and H. F. Schaefer, J. Chem. Phys. 81, 5031 (1984)), whose solution Z adds to the density of
    the state a relaxation of the mean field: E' = Σ h' (D + Z) + Σ (μν|λσ)' (½ Γ + Z ⊗ D_HF) − Σ S' W.

    Raises:
        ConvergenceError: if orbitals are not canonical, or degenerate ones are not interchangeable.
        InsufficientMemoryError: if the two-electron integrals do not fit into free memory.
        MissingExtraError: if PySCF is not installed.
    """
    integrals = properties.integrals
    if integrals.molecule is None or integrals.orbital_coefficients is None:
        raise InputError("forces need integrals of a molecule, got some from elsewhere")
    structure = build_structure(integrals.molecule, symmetric=False)
    orbitals = np.asarray(integrals.orbital_coefficients)
    num_functions = len(orbitals)
    size = 8 * 6 * num_functions**4
    with reserved(size, f"integrals of {num_functions} basis functions and their derivatives", "use a smaller basis"):
        mean_field = _MeanField.of(structure, orbitals)
        one, two = _densities(properties, orbitals.shape[1])
        response, weighted = _response(mean_field, one, two)
        return _contracted(structure, mean_field, orbitals, one, two, response, weighted)


@dataclass(frozen=True, eq=False)
class _MeanField:
    """Closed-shell Hartree–Fock in its own orbitals: h, (pq|rs), ε, and the number of occupied ones."""

    gradients: Any
    one_body: FloatArray
    two_body: FloatArray
    energies: FloatArray
    num_occupied: int

    @classmethod
    def of(cls, structure: Any, orbitals: FloatArray) -> _MeanField:
        solver = require("pyscf.scf", extra="chemistry").RHF(structure)
        num_orbitals, num_occupied = orbitals.shape[1], int(structure.nelec[0])
        one_body = orbitals.T @ solver.get_hcore() @ orbitals
        ao2mo = require("pyscf.ao2mo", extra="chemistry")
        packed = ao2mo.kernel(structure, np.ascontiguousarray(orbitals))
        two_body = ao2mo.restore(1, packed, num_orbitals).reshape((num_orbitals,) * 4)
        solver.mo_coeff = orbitals
        solver.mo_occ = np.repeat([2.0, 0.0], [num_occupied, num_orbitals - num_occupied])
        fock = one_body + _repulsion(two_body, np.diag(solver.mo_occ))
        energies = np.diag(fock).copy()
        off = np.abs(fock - np.diag(energies)).max()
        if off > _CANONICAL:
            raise ConvergenceError(
                f"analytic forces need canonical Hartree–Fock orbitals, but their Fock matrix has {off:.1e} off its "
                'diagonal; use method="numerical"'
            )
        solver.mo_energy = energies
        return cls(solver.nuc_grad_method(), one_body, two_body, energies, num_occupied)


def _repulsion(two_body: FloatArray, density: FloatArray) -> FloatArray:
    """G[D]_pq = Σ_rs D_rs ((pq|rs) − ½ (pr|qs)) of a symmetric D."""
    found: FloatArray = np.tensordot(two_body, density, 2) - 0.5 * np.einsum("prqs,rs->pq", two_body, density)
    return found


def _densities(properties: StateProperties, num_orbitals: int) -> tuple[FloatArray, FloatArray]:
    """D and Γ of all electrons over all orbitals; a filled core has no cumulant with what is active."""
    integrals = properties.integrals
    active, core = list(integrals.active_space), list(integrals.core_orbitals)
    same, mixed, other = properties.two_rdm
    pairs = same + other + mixed + mixed.transpose(2, 3, 0, 1)
    density = properties.one_rdm.sum(axis=0)
    density = (density + density.T) / 2.0
    one = np.zeros((num_orbitals, num_orbitals))
    one[np.ix_(active, active)] = density
    one[core, core] = 2.0
    two = _disconnected(one)
    cumulant = pairs - _disconnected(density)
    two[np.ix_(active, active, active, active)] += (
        cumulant + cumulant.transpose(1, 0, 2, 3) + cumulant.transpose(0, 1, 3, 2) + cumulant.transpose(1, 0, 3, 2)
    ) / 4.0
    # of what integrals see only their own symmetry counts
    two = (two + two.transpose(1, 0, 2, 3)) / 2.0
    return one, (two + two.transpose(0, 1, 3, 2)) / 2.0


def _disconnected(density: FloatArray) -> FloatArray:
    found: FloatArray = np.multiply.outer(density, density)
    found -= 0.5 * np.einsum("ps,rq->pqrs", density, density)
    return found


def _response(mean_field: _MeanField, one: FloatArray, two: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Z and W over orbitals."""
    energies, count = mean_field.energies, mean_field.num_occupied
    occupied, empty = slice(None, count), slice(count, None)
    # 2 slope[r, p] is the derivative of the energy where orbital p takes up some of orbital r
    slope = mean_field.one_body @ one + np.tensordot(mean_field.two_body, two, ((1, 2, 3), (1, 2, 3)))
    turning = slope - slope.T
    relaxation = np.zeros_like(slope)
    for block in (occupied, empty):
        gaps = energies[None, block] - energies[block, None]
        apart = np.abs(gaps) > _DEGENERATE
        part = turning[block, block]
        if np.abs(part[~apart]).max(initial=0.0) > _NO_ROTATION:
            raise ConvergenceError(
                "degenerate orbitals are told apart by this ansatz, so that its energy has no derivative there; use an "
                'ansatz that does not, or method="numerical"'
            )
        relaxation[block, block] = np.where(apart, part / np.where(apart, gaps, 1.0), 0.0)
    if count < len(energies):
        right = turning[empty, occupied] + 2.0 * _repulsion(mean_field.two_body, relaxation)[empty, occupied]
        solved = -np.linalg.solve(_orbital_hessian(mean_field), right.ravel()).reshape(right.shape)
        relaxation[empty, occupied] = solved
        relaxation[occupied, empty] = solved.T
    weighted = (slope + slope.T) / 2.0
    weighted[empty, occupied] = slope[occupied, empty].T
    weighted[occupied, empty] = slope[occupied, empty]
    lower = np.where(np.arange(len(energies)) < count, energies, np.inf)
    weights = (energies[:, None] + energies) / 2.0
    weights[empty, occupied], weights[occupied, empty] = lower[None, occupied], lower[occupied, None]
    weighted += relaxation * weights
    weighted[occupied, occupied] += 2.0 * _repulsion(mean_field.two_body, relaxation)[occupied, occupied]
    return relaxation, weighted


def _orbital_hessian(mean_field: _MeanField) -> FloatArray:
    """δ (ε_a − ε_i) + 4 (ai|bj) − (ab|ij) − (aj|ib), shape (rotations, rotations)."""
    count, energies, two_body = mean_field.num_occupied, mean_field.energies, mean_field.two_body
    mixed = two_body[count:, :count, count:, :count]
    hessian = 4.0 * mixed - mixed.transpose(0, 3, 2, 1)
    hessian -= two_body[count:, count:, :count, :count].transpose(0, 2, 1, 3)
    size = hessian.shape[0] * hessian.shape[1]
    gaps = (energies[count:, None] - energies[:count]).ravel()
    found: FloatArray = hessian.reshape(size, size) + np.diag(gaps)
    return found


def _contracted(
    structure: Any,
    mean_field: _MeanField,
    orbitals: FloatArray,
    one: FloatArray,
    two: FloatArray,
    response: FloatArray,
    weighted: FloatArray,
) -> FloatArray:
    """Densities with the derivatives of integrals over basis functions, and the repulsion of nuclei."""
    filled = np.zeros_like(one)
    filled[range(mean_field.num_occupied), range(mean_field.num_occupied)] = 2.0
    pairs = 0.5 * two + _symmetric_pair(response, filled)
    for _ in range(4):
        pairs = np.tensordot(pairs, orbitals, ((0,), (1,)))
    density, weights = orbitals @ (one + response) @ orbitals.T, orbitals @ weighted @ orbitals.T
    overlap = np.asarray(mean_field.gradients.get_ovlp(structure))
    derivative = structure.intor("int2e_ip1", comp=3)
    # a nucleus carries its functions along, against the electron that the operator differentiates; four places each
    repulsion = -4.0 * np.einsum("xmnls,mnls->xm", derivative, pairs)
    overlaps = 2.0 * np.einsum("xmn,mn->xm", overlap, weights)
    of_core = mean_field.gradients.hcore_generator(structure)
    found = np.array(mean_field.gradients.grad_nuc(structure), dtype=np.float64)
    for atom, (_, _, first, last) in enumerate(structure.aoslice_by_atom()):
        found[atom] += np.einsum("xmn,mn->x", of_core(atom), density)
        found[atom] += repulsion[:, first:last].sum(axis=1) - overlaps[:, first:last].sum(axis=1)
    return found


def _symmetric_pair(response: FloatArray, filled: FloatArray) -> FloatArray:
    """Z_pq D_rs ((pq|rs) − ½ (pr|qs)) as one tensor with the symmetry of integrals."""
    pairs = np.multiply.outer(response, filled)
    for indices in ("pr,qs->pqrs", "ps,qr->pqrs", "qr,ps->pqrs", "qs,pr->pqrs"):
        pairs -= 0.125 * np.einsum(indices, response, filled)
    found: FloatArray = (pairs + pairs.transpose(2, 3, 0, 1)) / 2.0
    return found
