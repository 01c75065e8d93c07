"""Distillation of magic states by triorthogonal codes, exact from the weight enumerators of their Z operators.

Faulty T gates leave Z errors on the qubits of a code. An error passes when it commutes with all X checks; it does harm
when it is not a product of Z stabilisers. How many operators of each weight do either is counted once; rates follow for
every error of the gates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from qtoolkit._arguments import numbers_of
from qtoolkit.applications.qec._validation import require_bits, require_finite, require_rate
from qtoolkit.applications.qec.exact.frame import Echelon, pack_rows
from qtoolkit.errors import InputError

__all__ = ["DistillationOutput", "DistillationProtocol", "fifteen_to_one"]

MAX_FREE_BITS = 24
"""Bits of the errors that pass, all of which are counted."""


@dataclass(frozen=True)
class DistillationOutput:
    """What one round makes of noisy magic states.

    Attributes:
        error: probability that the state that comes out has a Z error.
        acceptance: probability that all X checks are right, so that a state comes out.
    """

    error: float
    acceptance: float


@dataclass(frozen=True, eq=False)
class DistillationProtocol:
    """One logical T state from n noisy ones, through a triorthogonal code with a transversal T gate.

    Attributes:
        num_inputs: n.
        harmless: Z operators of each weight that pass and leave the logical qubit alone, int64, shape (n + 1,).
        harmful: those that pass and flip it.
    """

    num_inputs: int
    harmless: NDArray[np.int64]
    harmful: NDArray[np.int64]

    @classmethod
    def from_code(cls, x_checks: object, logical_x: object) -> DistillationProtocol:
        """The protocol of a code with one logical qubit.

        Source: Bravyi and Haah, Phys. Rev. A 86, 052329 (2012).

        Args:
            x_checks: bits of the X checks, shape (m, n).
            logical_x: bits of the logical X operator, shape (n,) or (1, n).

        Raises:
            InputError: if the rows are not triorthogonal, a check has odd weight or the logical operator even weight,
                or more than 2^24 errors pass.
        """
        checks = _bits("x_checks", x_checks)
        logical = _bits("logical_x", np.atleast_2d(numbers_of(logical_x, "logical_x")))
        n = checks.shape[1]
        if logical.shape != (1, n):
            raise InputError(f"logical_x must be one row of {n} bits, got shape {logical.shape}")
        _check_triorthogonal(np.concatenate([logical, checks]))
        return cls(n, *_enumerators(pack_rows(checks), pack_rows(logical)[0], n))

    def distilled(self, error: float) -> DistillationOutput:
        """For T gates that each leave a Z error with some probability.

        Raises:
            InputError: if that is no probability.
        """
        p = require_rate("error", error)
        weights = np.arange(self.num_inputs + 1)
        terms = p**weights * (1.0 - p) ** (self.num_inputs - weights)
        wrong, right = float(self.harmful @ terms), float(self.harmless @ terms)
        return DistillationOutput(wrong / (right + wrong), right + wrong)

    def distilled_coherent(self, angle: float) -> DistillationOutput:
        """For T gates that each turn too far, by ``exp(-i angle/2 Z)``: amplitudes add where probabilities did not.

        Raises:
            InputError: if the angle is not finite.
        """
        half = require_finite("angle", angle) / 2.0
        weights = np.arange(self.num_inputs + 1)
        terms = (-1j * np.sin(half)) ** weights * np.cos(half) ** (self.num_inputs - weights)
        wrong, right = abs(self.harmful @ terms) ** 2, abs(self.harmless @ terms) ** 2
        return DistillationOutput(float(wrong / (right + wrong)), float(right + wrong))

    def threshold(self) -> float:
        """The error below which a round improves the state: where the output has the error of the inputs."""
        return float(brentq(lambda p: self.distilled(p).error - p, 1e-3, 0.4999, xtol=1e-15))


def fifteen_to_one() -> DistillationProtocol:
    """The protocol of the [[15, 1, 3]] Reed–Muller code.

    Source: Bravyi and Kitaev, Phys. Rev. A 71, 022316 (2005).
    """
    columns = np.arange(1, 16)
    return DistillationProtocol.from_code(columns >> np.arange(4)[:, None] & 1, np.ones(15, dtype=np.int64))


def _bits(name: str, rows: object) -> NDArray[np.bool_]:
    array = numbers_of(rows, name)
    if array.ndim != 2 or array.size == 0:
        raise InputError(f"{name} must be rows of bits, shape (m, n), got shape {array.shape}")
    return require_bits(name, array, array.shape[1], "qubits")


def _check_triorthogonal(rows: NDArray[np.bool_]) -> None:
    """Refuse rows, the logical operator first, whose pairs or triples share an odd number of qubits."""
    numbers = rows.astype(np.int64)
    names = ["logical_x", *(f"x_checks row {index}" for index in range(len(rows) - 1))]
    parities = np.einsum("aq,bq,cq->abc", numbers, numbers, numbers) % 2
    for a, b, c in zip(*np.nonzero(parities), strict=True):
        if (a, b, c) != (0, 0, 0):
            which = sorted({int(a), int(b), int(c)})
            raise InputError(
                "x_checks and logical_x must be triorthogonal, each check of even weight and each two or three sharing "
                f"an even number of qubits, got an odd one for {' and '.join(names[index] for index in which)}"
            )
    if not parities[0, 0, 0]:
        raise InputError(f"logical_x must have odd weight, got {int(numbers[0].sum())}")


def _enumerators(checks: list[int], logical: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Z operators by weight that commute with all checks: those that commute with logical X, and the others."""
    if n > 62:
        raise InputError(f"distillation codes have at most 62 qubits, got {n}")
    echelon = Echelon(range(n))
    for row in checks:
        echelon.add(row)
    free = [bit for bit in range(n) if bit not in echelon.rows]
    if len(free) > MAX_FREE_BITS:
        raise InputError(f"at most 2^{MAX_FREE_BITS} errors that pass are counted, got 2^{len(free)}")
    passing = np.zeros(1, dtype=np.int64)
    for bit in free:
        row = 1 << bit | sum(1 << pivot for pivot, known in echelon.rows.items() if known >> bit & 1)
        passing = np.append(passing, passing ^ row)
    weights = np.bitwise_count(passing)
    flips = (np.bitwise_count(passing & logical) & 1).astype(np.bool_)
    harmless, harmful = (np.bincount(weights[chosen], minlength=n + 1) for chosen in (~flips, flips))
    return harmless, harmful
