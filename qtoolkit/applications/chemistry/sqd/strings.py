"""What one spin's part of a Hamiltonian does between chosen strings of occupied orbitals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.operators import ElectronicHamiltonian

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["one_spin_matrix", "pair_table"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_PAIRS = 1 << 21
"""Pairs of strings that are compared at once."""


class _Moves(NamedTuple):
    """Pairs of strings: which orbitals become occupied and empty from source to target, and the sign of that."""

    target: IntArray
    source: IntArray
    created: IntArray
    annihilated: IntArray
    sign: FloatArray


def one_spin_matrix(hamiltonian: ElectronicHamiltonian, spin: str, strings: IntArray) -> csr_array[Any, Any]:
    """The one-body part and the repulsion between electrons of one spin, by the Slater–Condon rules, symmetric.

    Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 1.4.
    """
    from scipy.sparse import csr_array

    norb, count = hamiltonian.norb, len(strings)
    one_body = hamiltonian.one_body(spin)
    repulsion = hamiltonian.two_body(spin, spin)
    tensor = np.zeros((norb,) * 4) if repulsion is None else repulsion
    coulomb, exchange = np.einsum("ppqq->pq", tensor), np.einsum("pqqp->pq", tensor)
    occupied = (strings[:, None] >> np.arange(norb) & 1).astype(np.float64)
    diagonal = occupied @ np.diag(one_body) + 0.5 * np.sum((occupied @ (coulomb - exchange)) * occupied, axis=1)
    rows, columns, values = [np.arange(count)], [np.arange(count)], [diagonal]
    # V_pqkk − V_pkkq, by p, q, k
    screened = np.einsum("pqkk->pqk", tensor) - np.einsum("pkkq->pqk", tensor)
    for moves in _moves(strings, 1):
        p, q = moves.created[:, 0], moves.annihilated[:, 0]
        # an electron in q itself has V_pqqq − V_pqqq = 0
        element = one_body[p, q] + np.sum(screened[p, q] * occupied[moves.source], axis=1)
        rows.append(moves.target)
        columns.append(moves.source)
        values.append(moves.sign * element)
    for moves in _moves(strings, 2):
        (p, r), (q, s) = moves.created.T, moves.annihilated.T
        element = tensor[p, q, r, s] - tensor[p, s, r, q]
        rows.append(moves.target)
        columns.append(moves.source)
        values.append(moves.sign * element)
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return csr_array(entries, shape=(count, count))


def pair_table(strings: IntArray, norb: int) -> csr_array[Any, Any]:
    """``E_pq + E_qp`` for p > q and ``E_pp``: rows (target, pair), columns source; pairs as in `numpy.tril_indices`."""
    from scipy.sparse import csr_array

    num_pairs, count = norb * (norb + 1) // 2, len(strings)
    string, orbital = np.nonzero(strings[:, None] >> np.arange(norb) & 1)
    rows = [string * num_pairs + orbital * (orbital + 1) // 2 + orbital]
    columns, values = [string], [np.ones(len(string))]
    for moves in _moves(strings, 1):
        high = np.maximum(moves.created[:, 0], moves.annihilated[:, 0])
        low = np.minimum(moves.created[:, 0], moves.annihilated[:, 0])
        rows.append(moves.target * num_pairs + high * (high + 1) // 2 + low)
        columns.append(moves.source)
        values.append(moves.sign)
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return csr_array(entries, shape=(count * num_pairs, count))


def _moves(strings: IntArray, rank: int) -> Iterator[_Moves]:
    """All pairs of strings that differ by so many electrons, in parts."""
    block = max(1, _PAIRS // max(1, len(strings)))
    for start in range(0, len(strings), block):
        difference = strings[start : start + block, None] ^ strings
        target, source = np.nonzero(np.bitwise_count(difference) == 2 * rank)
        target += start
        bits = strings[source]
        changed = strings[target] ^ bits
        annihilated = _lowest_bits(changed & bits, rank)
        created = _lowest_bits(changed & strings[target], rank)
        sign = np.ones(len(bits))
        # a†_p a†_r a_s a_q for created p < r and annihilated q < s: the rightmost first
        for orbitals in (*annihilated.T, *reversed(created.T)):
            below = (np.int64(1) << orbitals) - 1
            sign *= 1.0 - 2.0 * (np.bitwise_count(bits & below) & 1)
            bits = bits ^ (below + 1)
        yield _Moves(target, source, created, annihilated, sign)


def _lowest_bits(masks: IntArray, count: int) -> IntArray:
    """Positions of the `count` lowest set bits, shape (masks, count)."""
    found = np.empty((len(masks), count), np.int64)
    for k in range(count):
        lowest = masks & -masks
        found[:, k] = np.bitwise_count(lowest - 1)
        masks = masks ^ lowest
    return found
