"""CSS codes: stabilizers of X alone and of Z alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import shown
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.applications.qec.codes._input import binary_matrix
from qtoolkit.applications.qec.codes._logicals import css_logicals
from qtoolkit.applications.qec.codes.stabilizer import CodeOptions, StabilizerCode
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.applications.qec.codes.distance import DistanceResult

__all__ = ["CSSCode"]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class CSSCode(StabilizerCode):
    """A code whose stabilizers are products of X alone or of Z alone; those of X come first.

    Source: Calderbank and Shor, Phys. Rev. A 54, 1098 (1996); Steane, Proc. R. Soc. A 452, 2551 (1996).

    Args:
        x_checks: supports of the X stabilizers, shape (r_x, n); dependent rows are kept.
        z_checks: supports of the Z stabilizers, shape (r_z, n).
        logical_x: supports of the logical X operators, shape (k, n); found if not given.
        logical_z: supports of the logical Z operators, shape (k, n), given together with `logical_x`.
        options: see `StabilizerCode`.

    Attributes:
        x_checks: uint8, shape (r_x, n), read-only.
        z_checks: uint8, shape (r_z, n), read-only.

    Raises:
        InputError: as `StabilizerCode` does.
    """

    x_checks: Bits
    z_checks: Bits

    def __init__(
        self,
        x_checks: ArrayLike,
        z_checks: ArrayLike,
        logical_x: ArrayLike | None = None,
        logical_z: ArrayLike | None = None,
        **options: Unpack[CodeOptions],
    ) -> None:
        x_rows = binary_matrix("x_checks", x_checks)
        z_rows = binary_matrix("z_checks", z_checks, x_rows.shape[1])
        clashes = np.argwhere(x_rows.astype(np.int64) @ z_rows.T % 2)
        if clashes.size:
            first, second = map(int, clashes[0])
            qubits = np.flatnonzero(x_rows[first] & z_rows[second]).tolist()
            raise InputError(
                f"stabilizers must commute, got row {first} of x_checks and row {second} of z_checks that share the "
                f"qubits {shown(qubits)}, an odd number"
            )
        object.__setattr__(self, "x_checks", x_rows)
        object.__setattr__(self, "z_checks", z_rows)
        if logical_x is None and logical_z is None:
            logical_x, logical_z = css_logicals(x_rows, z_rows)
        size = x_rows.shape[1]
        lifted_x = None if logical_x is None else _lifted(binary_matrix("logical_x", logical_x, size), "x")
        lifted_z = None if logical_z is None else _lifted(binary_matrix("logical_z", logical_z, size), "z")
        rows = np.vstack([_lifted(x_rows, "x"), _lifted(z_rows, "z")])
        self._fill(rows, rows[:0], lifted_x, lifted_z, options)

    def find_distance_of(self, basis: str, *, max_states: int = 500_000, seed: int = 0) -> DistanceResult:
        """The least weight of a logical operator of X alone or of Z alone.

        Args:
            basis: ``"x"`` or ``"z"``.
            max_states: see `find_distance`.
            seed: see `find_distance`.

        Raises:
            InputError: as `find_distance` does, or if the basis is another.
        """
        from qtoolkit.applications.qec.codes.distance import find_distance

        return find_distance(self, basis=basis, max_states=max_states, seed=seed)


def _lifted(supports: Bits, basis: str) -> Bits:
    zeros = np.zeros_like(supports)
    return np.hstack([supports, zeros] if basis == "x" else [zeros, supports])
