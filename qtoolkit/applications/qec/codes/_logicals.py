"""Logical operators: found by symplectic Gram–Schmidt, and checked where they are given."""

from __future__ import annotations

import numpy as np

from qtoolkit.applications.qec.codes._binary import (
    Bits,
    inverse,
    kernel,
    rank,
    row_reduced,
    symplectic_product,
)
from qtoolkit.errors import InputError

__all__ = ["css_logicals", "logical_pairs", "refuse_wrong_logicals"]


def logical_pairs(fixed: Bits) -> tuple[Bits, Bits]:
    """Pairs of operators that commute with all rows of `fixed` and anticommute pair by pair, each (k, 2n).

    The operators that commute with `fixed` are gone through one by one: one that commutes with all others left is no
    logical operator; two that anticommute are a pair, and all others are made to commute with them.

    Source: Wilde, Phys. Rev. A 79, 062322 (2009), symplectic Gram–Schmidt.

    Args:
        fixed: stabilizers, and gauge operators if any, shape (r, 2n).
    """
    half = fixed.shape[1] // 2
    swapped = np.hstack([fixed[:, half:], fixed[:, :half]])
    left = kernel(swapped)
    xs: list[Bits] = []
    zs: list[Bits] = []
    while len(left):
        one, left = left[0], left[1:]
        clashes = np.flatnonzero(symplectic_product(one[None], left)[0])
        if clashes.size == 0:
            continue
        two = left[clashes[0]]
        left = np.delete(left, clashes[0], axis=0)
        with_one = symplectic_product(left, one[None])[:, 0].astype(bool)
        with_two = symplectic_product(left, two[None])[:, 0].astype(bool)
        left[with_one] ^= two
        left[with_two] ^= one
        xs.append(one)
        zs.append(two)
    empty = fixed[:0].copy()
    return (np.array(xs), np.array(zs)) if xs else (empty, empty.copy())


def css_logicals(x_checks: Bits, z_checks: Bits) -> tuple[Bits, Bits]:
    """Supports of logical X and Z operators that anticommute pair by pair, each (k, n).

    Args:
        x_checks: supports of X stabilizers, shape (r_x, n).
        z_checks: supports of Z stabilizers, shape (r_z, n).
    """
    logical_x, logical_z = _cosets(z_checks, x_checks), _cosets(x_checks, z_checks)
    overlaps = (logical_x.astype(np.int64) @ logical_z.T % 2).astype(np.uint8)
    if not len(overlaps):
        return logical_x, logical_z
    return logical_x, (inverse(overlaps).T.astype(np.int64) @ logical_z % 2).astype(np.uint8)


def _cosets(orthogonal: Bits, trivial: Bits) -> Bits:
    """Representatives of what commutes with `orthogonal`, up to the rows of `trivial`."""
    candidates = kernel(orthogonal)
    candidates = candidates[np.argsort(candidates.sum(axis=1), kind="stable")]
    independent = row_reduced(np.vstack([trivial, candidates]).T)[1]
    return candidates[[index - len(trivial) for index in independent if index >= len(trivial)]]


def refuse_wrong_logicals(fixed: Bits, logical_x: Bits, logical_z: Bits) -> None:
    """Refuse logical operators that do not fit.

    Raises:
        InputError: if their number is not k, one anticommutes with a row of `fixed`, or they do not anticommute pair
            by pair.
    """
    half = fixed.shape[1] // 2
    independent = rank(fixed)
    centre = independent - rank(symplectic_product(fixed, fixed))
    expected = half - centre - (independent - centre) // 2
    for name, rows in (("logical_x", logical_x), ("logical_z", logical_z)):
        if len(rows) != expected:
            raise InputError(f"this code stores {expected} qubits, got {len(rows)} rows in {name}")
        clashes = np.argwhere(symplectic_product(rows, fixed))
        if clashes.size:
            row, other = map(int, clashes[0])
            raise InputError(
                f"logical operators commute with what is measured, got row {row} of {name} and row {other}"
            )
    both = np.vstack([logical_x, logical_z])
    wanted = np.kron(np.array([[0, 1], [1, 0]], dtype=np.uint8), np.eye(expected, dtype=np.uint8))
    wrong = np.argwhere(symplectic_product(both, both) != wanted)
    if wrong.size:
        names = [f"{'logical_x' if index < expected else 'logical_z'}[{index % expected}]" for index in wrong[0]]
        found = "commute" if wanted[tuple(wrong[0])] else "anticommute"
        raise InputError(
            f"logical X and Z of one qubit anticommute and all others commute, got {names[0]} and {names[1]} that "
            f"{found}"
        )
