"""Fermionic operators that have a name: particle number and the molecular Hamiltonian."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qtoolkit import _needs
from qtoolkit._arguments import MOST_ITEMS, numbers_of, shown
from qtoolkit._memory import reserved
from qtoolkit.errors import OperatorError
from qtoolkit.operators._ladder_arrays import as_terms, joined
from qtoolkit.operators._types import (
    DEFAULT_ATOL,
    ComplexArray,
    IntArray,
    Scalar,
    as_int,
    check_atol,
    check_finite,
    checked_coefficient,
)
from qtoolkit.operators.fermion_operator import FermionOperator

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
        InsufficientMemoryError: if the terms do not fit.
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

    Raises:
        InsufficientMemoryError: if the terms do not fit.
    """
    norb = len(one_body[0])
    what, remedy = "the terms of an electronic Hamiltonian", "use fewer orbitals, or map its tensors directly"
    parts = [_hopping(block, tensor, atol) for block, tensor in zip((0, norb), one_body, strict=True)]
    ladders = {0: (np.zeros((1, 0), np.int64), np.array([constant], np.complex128)), 2: joined(parts)}
    if two_body is not None:
        alpha, alpha_beta, beta_alpha, beta = two_body
        with reserved(_needs.ladder_values(norb, alpha.itemsize), what, remedy):
            # a†_P a†_R a_S a_Q with P > R and S > Q gathers the four orders of equal operators: nothing counts twice
            parts = [_of_equal_spin(block, tensor, atol) for block, tensor in ((0, alpha), (norb, beta))]
            ladders[4] = joined([*parts, _of_opposite_spins(alpha_beta, beta_alpha, atol)])
    needed = _needs.ladder_terms(sum(len(values) for _, values in ladders.values()))
    with reserved(needed, what, remedy, kept=needed):
        return FermionOperator._of(as_terms(ladders))


def _hopping(block: int, tensor: npt.NDArray[Any], atol: float) -> tuple[IntArray, ComplexArray]:
    p, q = np.nonzero(np.abs(tensor) > atol)
    return _products((p + block,), (q + block,), tensor[p, q])


def _of_equal_spin(block: int, tensor: npt.NDArray[Any], atol: float) -> tuple[IntArray, ComplexArray]:
    high, low = np.tril_indices(len(tensor), -1)
    p, r, s, q = high[:, None], low[:, None], high[None, :], low[None, :]
    values = 0.5 * (tensor[p, q, r, s] - tensor[p, s, r, q] - tensor[r, q, p, s] + tensor[r, s, p, q])
    created, removed = np.nonzero(np.abs(values) > atol)
    modes = (high[created] + block, low[created] + block), (high[removed] + block, low[removed] + block)
    return _products(*modes, values[created, removed])


def _of_opposite_spins(
    alpha_beta: npt.NDArray[Any], beta_alpha: npt.NDArray[Any], atol: float
) -> tuple[IntArray, ComplexArray]:
    norb = len(alpha_beta)
    values = -0.5 * (beta_alpha.transpose(0, 2, 1, 3) + alpha_beta.transpose(2, 0, 3, 1))
    p, r, s, q = np.nonzero(np.abs(values) > atol)
    return _products((p + norb, r), (s + norb, q), values[p, r, s, q])


def _products(
    created: Sequence[IntArray], removed: Sequence[IntArray], values: npt.NDArray[Any]
) -> tuple[IntArray, ComplexArray]:
    factors = np.stack([*(2 * modes + 1 for modes in created), *(2 * modes for modes in removed)], axis=1)
    return factors, values.astype(np.complex128)


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
