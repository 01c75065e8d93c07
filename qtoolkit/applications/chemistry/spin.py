"""Total spin, where alpha and beta electrons have orbitals of their own too."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit.applications.chemistry.molecular_integrals import MolecularIntegrals
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionOperator, PauliSum, jordan_wigner

__all__ = ["common_orbitals", "spin_squared_fermions", "spin_squared_operator"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

_SAME = 1e-7
"""Tensors of alpha and of beta orbitals that differ by no more than this are the same operator."""


def spin_squared_operator(integrals: MolecularIntegrals) -> PauliSum:
    """`spin_squared_fermions` by the Jordan–Wigner mapping, on ``2 * norb`` qubits, alpha before beta.

    Raises:
        InputError: if the orbitals differ by spin and their overlap is unknown.
    """
    return jordan_wigner(spin_squared_fermions(integrals), integrals.num_qubits)


def spin_squared_fermions(integrals: MolecularIntegrals) -> FermionOperator:
    """S² of the active electrons.

    S² = S₋S₊ + M(M + 1) on states with the electrons of `integrals`, where M is half of n_alpha − n_beta (Helgaker,
    Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 2.4); with beta in the majority, S₊S₋ and |M|.
    Where orbitals differ by spin, S₊ turns beta orbitals into the alpha orbitals that they overlap with.

    Raises:
        InputError: if the orbitals differ by spin and their overlap is unknown.
    """
    norb = integrals.norb
    overlap = np.eye(norb) if not integrals.is_unrestricted else integrals.orbital_overlap
    if overlap is None:
        raise InputError("S² needs the overlap of alpha and beta orbitals, got integrals without; give orbital_overlap")
    raising = FermionOperator(
        {
            ((p, True), (norb + q, False)): float(overlap[p, q])
            for p in range(norb)
            for q in range(norb)
            if overlap[p, q]
        }
    )
    if integrals.nelec[0] < integrals.nelec[1]:
        raising = raising.adjoint()
    return raising.adjoint() @ raising + integrals.spin * (integrals.spin + 1.0) * FermionOperator.identity()


def common_orbitals(integrals: MolecularIntegrals) -> tuple[FloatArray, FloatArray] | None:
    """h and (pq|rs) in orbitals that both spins share; None where S is no quantum number.

    Where alpha and beta orbitals span one space, the Hamiltonian is the spin-free one of the alpha orbitals.
    """
    if not integrals.is_unrestricted:
        return integrals.one_body_tensor, integrals.two_body_tensor
    turn = integrals.orbital_overlap
    if turn is None:
        return None
    one_body, two_body = integrals.one_body_tensor, integrals.two_body_tensor
    mixed = np.einsum("pr,qs,abrs->abpq", turn, turn, two_body[1], optimize=True)
    equal = np.einsum("ap,bq,pqrs,cr,ds->abcd", turn, turn, two_body[2], turn, turn, optimize=True)
    pairs = [(turn @ turn.T, np.eye(integrals.norb)), (turn @ one_body[1] @ turn.T, one_body[0])]
    pairs += [(mixed, two_body[0]), (equal, two_body[0])]
    if any(np.abs(found - wanted).max() > _SAME for found, wanted in pairs):
        return None
    return one_body[0], two_body[0]
