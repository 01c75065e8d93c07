"""Strings of an electronic Hamiltonian straight from its tensors, each of them once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtoolkit.operators._term_algebra import Terms, merge_terms
from qtoolkit.operators._types import FloatArray, IntArray
from qtoolkit.operators.electronic_hamiltonian import ElectronicHamiltonian
from qtoolkit.operators.mappings._products import LadderTables

__all__ = ["strings_of_hamiltonian"]

_SPINS = ("alpha", "beta")


class _Pairs(NamedTuple):
    """The strings i γ_p γ'_q of one spin as i^power X^x Z^z, each array of shape (norb, norb)."""

    x: IntArray
    z: IntArray
    power: IntArray


def strings_of_hamiltonian(hamiltonian: ElectronicHamiltonian, tables: LadderTables, atol: float) -> Terms:
    """The strings of a Hamiltonian by Majorana operators, a_p = (γ_p + i γ'_p) / 2.

    With Q_pq = (i/2) γ_p γ'_q the symmetric sum Σ h_pq a†_p a_q is Σ h_pq (δ_pq/2 + Q_pq). In the two-body part this
    leaves, for equal spins, ½ Σ (pq|rs) Q_pq Q_rs over p ≠ r and q ≠ s, where four orders are one string; what has
    p = r or q = s adds to the constant or cancels. The products of Majorana operators that remain are distinct, so
    are their strings, and nothing has to be collected (as in Koridon et al., Phys. Rev. Research 3, 033127 (2021)).

    Args:
        hamiltonian: on at most as many spin orbitals as the tables have modes.
        tables: of the mapping.
        atol: strings whose coefficient has at most this magnitude are left out.

    Returns:
        Sorted by x mask, then z mask.
    """
    norb = hamiltonian.norb
    pairs = [_pairs(tables, slice(block, block + norb)) for block in (0, norb)]
    constant = hamiltonian.constant
    parts: list[tuple[IntArray, IntArray, FloatArray]] = []
    for spin, strings in zip(_SPINS, pairs, strict=True):
        one_body, shift = _effective_one_body(hamiltonian, spin)
        constant += shift
        p, q = np.nonzero(np.abs(one_body) > 2 * atol)
        parts.append(_lettered(strings.x[p, q], strings.z[p, q], strings.power[p, q], 0.5 * one_body[p, q]))
        same = hamiltonian.two_body(spin, spin)
        if same is not None:
            parts.append(_same_spin(same, strings, atol))
    mixed = hamiltonian.two_body(*_SPINS)
    if mixed is not None:
        values = 0.25 * mixed.reshape(norb**2, norb**2)
        first, second = np.nonzero(np.abs(values) > atol)
        left, right = (_Pairs(*(array.ravel() for array in strings)) for strings in pairs)
        parts.append(_products(left, first, right, second, values[first, second]))
    if abs(constant) > atol:
        parts.append((np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([constant])))
    x_masks, z_masks, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return merge_terms(x_masks, z_masks, values.astype(np.complex128))


def _effective_one_body(hamiltonian: ElectronicHamiltonian, spin: str) -> tuple[FloatArray, float]:
    """The coefficients of Q_pq of one spin, and what this spin adds to the constant."""
    one_body = hamiltonian.one_body(spin)
    constant = 0.5 * float(np.trace(one_body))
    for other in _SPINS:
        two_body = hamiltonian.two_body(spin, other)
        if two_body is None:
            continue
        coulomb = np.einsum("pqrr->pq", two_body)
        one_body = one_body + 0.5 * coulomb
        constant += 0.125 * float(np.trace(coulomb))
        if spin == other:
            exchange = np.einsum("pqqs->ps", two_body)
            one_body = one_body - 0.5 * exchange
            constant -= 0.125 * float(np.trace(exchange))
    return one_body, constant


def _same_spin(two_body: FloatArray, strings: _Pairs, atol: float) -> tuple[IntArray, IntArray, FloatArray]:
    """¼ [(pq|rs) − (ps|rq)] of the strings i γ_p γ'_q · i γ_r γ'_s with p > r and q > s."""
    high, low = np.tril_indices(len(two_body), -1)
    p, r, q, s = high[:, None], low[:, None], high[None, :], low[None, :]
    values = 0.25 * (two_body[p, q, r, s] - two_body[p, s, r, q])
    created, removed = np.nonzero(np.abs(values) > atol)
    first, second = (high[created], high[removed]), (low[created], low[removed])
    return _products(strings, first, strings, second, values[created, removed])


def _products(
    left: _Pairs,
    first: IntArray | tuple[IntArray, IntArray],
    right: _Pairs,
    second: IntArray | tuple[IntArray, IntArray],
    values: FloatArray,
) -> tuple[IntArray, IntArray, FloatArray]:
    z_left, x_right = left.z[first], right.x[second]
    power = left.power[first] + right.power[second] + 2 * np.bitwise_count(z_left & x_right)
    return _lettered(left.x[first] ^ x_right, z_left ^ right.z[second], power, values)


def _lettered(x: IntArray, z: IntArray, power: IntArray, values: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Strings i^power X^x Z^z, Hermitian as they are, as letters with a sign."""
    is_negative = (power - np.bitwise_count(x & z)) & 2
    return x, z, np.where(is_negative, -values, values)


def _pairs(tables: LadderTables, modes: slice) -> _Pairs:
    update, parity, flip, power = (table[modes] for table in tables)
    # γ' = i γ Z_F, hence i γ_p γ'_q = −γ_p γ_q Z_F(q)
    crossed = np.bitwise_count(parity[:, None] & update[None, :]).astype(np.int64)
    return _Pairs(
        update[:, None] ^ update[None, :],
        parity[:, None] ^ (parity ^ flip)[None, :],
        power[:, None] + power[None, :] + 2 + 2 * crossed,
    )
