"""Subsystem codes: gauge operators are measured, and stabilizers follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np

from qtoolkit.applications.qec.codes._binary import Bits, coset_combination, kernel, symplectic_product
from qtoolkit.applications.qec.codes._input import PauliRows, symplectic_rows
from qtoolkit.applications.qec.codes.stabilizer import CodeOptions, StabilizerCode
from qtoolkit.errors import InputError

__all__ = ["SubsystemCode"]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class SubsystemCode(StabilizerCode):
    """A code whose measured operators need not commute: [[n, k, g, d]] with g gauge qubits that store nothing.

    Stabilizers are the products of gauge operators that commute with all of them. Logical operators are bare: they
    commute with every gauge operator. The distance is that of dressed ones, which may act on gauge qubits too.

    Source: Poulin, Phys. Rev. Lett. 95, 230504 (2005).

    Args:
        gauge_operators: rows [x | z], shape (m, 2n), or labels, which are what experiments measure.
        logical_x: bare logical X operators; found if not given.
        logical_z: bare logical Z operators, given together with `logical_x`.
        options: see `StabilizerCode`.

    Attributes:
        gauge_operators: uint8, shape (m, 2n), read-only.
        products: uint8, shape (r, m), read-only: which gauge operators multiply to each stabilizer.

    Raises:
        InputError: as `StabilizerCode` does, or if a stabilizer is no product of gauge operators that commute with
            each other.
    """

    gauge_operators: Bits
    products: Bits

    def __init__(
        self,
        gauge_operators: PauliRows,
        logical_x: PauliRows | None = None,
        logical_z: PauliRows | None = None,
        **options: Unpack[CodeOptions],
    ) -> None:
        gauge = symplectic_rows("gauge_operators", gauge_operators)
        rows, products = _centre(gauge)
        object.__setattr__(self, "gauge_operators", gauge)
        object.__setattr__(self, "products", products)
        products.setflags(write=False)
        self._fill(rows, gauge, logical_x, logical_z, options)

    @property
    def measured_operators(self) -> Bits:
        """The gauge operators, rows [x | z]."""
        return self.gauge_operators

    @property
    def num_gauge(self) -> int:
        """Gauge qubits g, which store nothing."""
        return self.num_qubits - self.num_logical - self.rank


def _centre(gauge: Bits) -> tuple[Bits, Bits]:
    """Independent products of gauge operators of one kind that commute with all of them, and of which they are.

    Operators of one kind are those that are X alone, or Z alone; all of one kind are measured at the same time.

    Raises:
        InputError: if an operator mixes X and Z.
    """
    half = gauge.shape[1] // 2
    has_x, has_z = gauge[:, :half].any(axis=1), gauge[:, half:].any(axis=1)
    mixed = np.flatnonzero(has_x & has_z)
    if mixed.size:
        raise InputError(f"gauge operators must be of X alone or of Z alone, got row {int(mixed[0])} with both")
    rows, products = [], []
    for kind in (has_x, ~has_x):
        members = np.flatnonzero(kind)
        combinations = kernel(symplectic_product(gauge, gauge[members]))
        found: Bits = gauge[:0]
        for combination in combinations:
            row = (combination.astype(np.int64) @ gauge[members] % 2).astype(np.uint8)
            if row.any() and coset_combination(found, row) is None:
                found = np.vstack([found, row])
                chosen = np.zeros(len(gauge), dtype=np.uint8)
                chosen[members] = combination
                products.append(chosen)
        rows.append(found)
    return np.vstack(rows), np.array(products, dtype=np.uint8).reshape(-1, len(gauge))
