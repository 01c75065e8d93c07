"""Fermionic operators that have a name: particle number and the molecular Hamiltonian."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qtoolkit._arguments import MOST_ITEMS, numbers_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._types import (
    DEFAULT_ATOL,
    IntArray,
    Scalar,
    as_int,
    check_atol,
    check_finite,
    checked_coefficient,
)
from qtoolkit.operators.fermion_operator import FermionOperator, LadderProduct

__all__ = ["electronic_terms", "molecular_hamiltonian", "number_operator"]

_HERMITIAN_ATOL = 1e-8


def number_operator(num_modes: int) -> FermionOperator:
    """Return Σ_p a†_p a_p over modes 0 to `num_modes` − 1.

    Raises:
        OperatorError: if `num_modes` is negative or above 1,048,576.
    """
    num_modes = as_int("num_modes", num_modes)
    if num_modes < 0:
        raise OperatorError(f"num_modes must not be negative, got {shown(num_modes)}")
    if num_modes > MOST_ITEMS:
        raise OperatorError(f"num_modes must be at most {MOST_ITEMS}, got {shown(num_modes)}")
    return FermionOperator({((mode, True), (mode, False)): 1.0 for mode in range(num_modes)})


def molecular_hamiltonian(
    one_body_tensor: npt.ArrayLike,
    two_body_tensor: npt.ArrayLike,
    core_energy: float = 0.0,
    *,
    atol: float = DEFAULT_ATOL,
) -> FermionOperator:
    """Return the electronic Hamiltonian of a molecule in second quantisation, normal-ordered.

    H = E_core + Σ_{pqσ} h_pq a†_pσ a_qσ + ½ Σ_{pqrs,στ} (pq|rs) a†_pσ a†_rτ a_sτ a_qσ
    (Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 1.4).

    Modes come in two blocks: mode p is spatial orbital p with spin alpha, mode norb + p the same orbital with
    spin beta. Integrals in physicists' notation ⟨pr|qs⟩ become ours by `.transpose(0, 2, 1, 3)`.

    Args:
        one_body_tensor: h_pq in hartree, shape (norb, norb), Hermitian.
        two_body_tensor: (pq|rs) in hartree and chemists' notation, shape (norb, norb, norb, norb), Hermitian:
            (pq|rs) = (qp|sr)*.
        core_energy: nuclear repulsion and frozen electrons, in hartree.
        atol: terms whose coefficient has at most this magnitude are left out.

    Raises:
        OperatorError: if shapes do not match, an entry is not finite, or the integrals are not Hermitian.
    """
    one_body = numbers_of(one_body_tensor, "one_body_tensor", error=OperatorError)
    two_body = numbers_of(two_body_tensor, "two_body_tensor", error=OperatorError)
    atol = check_atol(atol)
    _check_integrals(one_body, two_body)
    return electronic_terms((one_body,) * 2, (two_body,) * 4, checked_coefficient(core_energy), atol)


def electronic_terms(
    one_body: Sequence[npt.NDArray[Any]], two_body: Sequence[npt.NDArray[Any]] | None, constant: Scalar, atol: float
) -> FermionOperator:
    """The normal-ordered operator of integrals that may differ between spins.

    Args:
        one_body: h of alpha and of beta.
        two_body: (pq|rs) alpha-alpha, alpha-beta, beta-alpha and beta-beta, or None.
        constant: without operators.
        atol: as for `molecular_hamiltonian`.
    """
    norb = len(one_body[0])
    terms: dict[LadderProduct, Scalar] = {(): constant}
    for block, tensor in zip((0, norb), one_body, strict=True):
        for p, q in np.argwhere(np.abs(tensor) > atol).tolist():
            terms[(p + block, True), (q + block, False)] = complex(tensor[p, q])
    if two_body is None:
        return FermionOperator(terms)

    # a†_P a†_R a_S a_Q with P > R and S > Q gathers the four orders of equal operators, hence no double counting
    first, second = np.tril_indices(2 * norb, -1)
    high_created, low_created = first[:, None], second[:, None]
    high_removed, low_removed = first[None, :], second[None, :]
    values = 0.5 * (
        _repulsion(two_body, high_created, low_removed, low_created, high_removed)
        - _repulsion(two_body, high_created, high_removed, low_created, low_removed)
        - _repulsion(two_body, low_created, low_removed, high_created, high_removed)
        + _repulsion(two_body, low_created, high_removed, high_created, low_removed)
    )
    created, removed = np.nonzero(np.abs(values) > atol)
    columns = (first[created], second[created], first[removed], second[removed], values[created, removed])
    for p, r, s, q, value in zip(*(column.tolist() for column in columns), strict=True):
        terms[(p, True), (r, True), (s, False), (q, False)] = value
    return FermionOperator(terms)


def _repulsion(
    two_body: Sequence[npt.NDArray[Any]], p: IntArray, q: IntArray, r: IntArray, s: IntArray
) -> npt.NDArray[Any]:
    """(pq|rs) of spin orbitals, which vanishes unless p, q and r, s pair off in spin."""
    norb = len(two_body[0])
    first, second = p // norb, r // norb
    paired = (first == q // norb) & (second == s // norb)
    places = (p % norb, q % norb, r % norb, s % norb)
    alpha, beta = (np.where(second == 0, two_body[k][places], two_body[k + 1][places]) for k in (0, 2))
    return np.where(paired, np.where(first == 0, alpha, beta), 0.0)


def _check_integrals(one_body: npt.NDArray[Any], two_body: npt.NDArray[Any]) -> None:
    if one_body.ndim != 2 or one_body.shape[0] != one_body.shape[1] or one_body.shape[0] == 0:
        raise OperatorError(f"one_body_tensor must have shape (norb, norb), got {one_body.shape}")
    norb = len(one_body)
    if two_body.shape != (norb,) * 4:
        raise OperatorError(f"two_body_tensor must have shape {(norb,) * 4} for norb={norb}, got {two_body.shape}")
    check_finite(one_body, "an entry of one_body_tensor")
    check_finite(two_body, "an entry of two_body_tensor")
    if not np.allclose(one_body, one_body.conj().T, rtol=0.0, atol=_HERMITIAN_ATOL):
        raise OperatorError("one_body_tensor must be Hermitian, h_pq = h_qp*; symmetrise it first")
    if not np.allclose(two_body, two_body.conj().transpose(1, 0, 3, 2), rtol=0.0, atol=_HERMITIAN_ATOL):
        raise OperatorError("two_body_tensor must be Hermitian in chemists' notation, (pq|rs) = (qp|sr)*")
