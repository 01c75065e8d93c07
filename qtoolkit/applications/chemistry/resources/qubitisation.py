"""Toffoli gates and logical qubits of phase estimation on a qubitised walk, item by item as published.

J. Lee, D. W. Berry, C. Gidney, W. J. Huggins, J. R. McClean, N. Wiebe and R. Babbush, PRX Quantum 2, 030305 (2021):
double factorisation in appendix C (after V. von Burg et al., Phys. Rev. Research 3, 033055 (2021)), tensor
hypercontraction in sections II and III. Equations and steps named below are those of that paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_integer, require_positive
from qtoolkit.applications.chemistry.resources.factorisation import DoubleFactorisation
from qtoolkit.errors import InputError

__all__ = ["QubitisationCost", "double_factorised_cost", "hypercontraction_cost"]

_Items: TypeAlias = Callable[[int], dict[str, int]]
_Best: TypeAlias = Callable[[int], int]
_Cost: TypeAlias = Callable[[int], float]

_MOST = 1 << 40
"""Orbitals, leaves or eigenvectors, far beyond what anybody costs."""
_FIRST_GUESS = 20_000
"""Steps with which the precision of the rotations in preparations is first chosen; their number is known only after."""
_ROTATION_BITS_TRIED = 20
_SECOND_ROTATION_BITS = 7
"""Bits of the rotation that prepares the second register, for which the paper takes its typical value."""


@dataclass(frozen=True)
class QubitisationCost:
    """What one estimate of an energy takes.

    Attributes:
        method: ``"double factorisation"`` or ``"tensor hypercontraction"``.
        num_spin_orbitals: qubits of the system itself.
        one_norm: λ in hartree.
        error: of the energy by phase estimation, in hartree; that of the factorised integrals comes on top.
        num_steps: of the walk, π λ / (2 error).
        toffolis_per_step: Toffoli gates of one step.
        num_logical_qubits: all together.
        step_items: Toffoli gates of a step by what they are for.
        qubit_items: logical qubits by what they hold.
    """

    method: str
    num_spin_orbitals: int
    one_norm: float
    error: float
    num_steps: int
    toffolis_per_step: int
    num_logical_qubits: int
    step_items: Mapping[str, int] = field(repr=False)
    qubit_items: Mapping[str, int] = field(repr=False)

    @property
    def num_toffolis(self) -> int:
        """Toffoli gates of all steps."""
        return self.num_steps * self.toffolis_per_step


def double_factorised_cost(
    factorisation: DoubleFactorisation | None = None,
    error: float = 1e-3,
    *,
    num_spin_orbitals: int | None = None,
    one_norm: float | None = None,
    rank: int | None = None,
    num_eigenvectors: int | None = None,
    coefficient_bits: int = 10,
    rotation_bits: int = 16,
) -> QubitisationCost:
    """The cost by double factorisation.

    Args:
        factorisation: of a molecule; or give the four numbers that it has, as papers state them.
        error: of the energy in hartree, positive.
        num_spin_orbitals: N.
        one_norm: λ in hartree.
        rank: L, leaves of the first factorisation.
        num_eigenvectors: Ξ L, eigenvectors of all leaves together.
        coefficient_bits: ℵ, bits of the coefficients in state preparations.
        rotation_bits: ℶ, bits of the angles of orbital rotations.

    Raises:
        InputError: if neither a factorisation nor all four numbers are given, or a number breaks its rule.
    """
    if factorisation is not None:
        check_instance(factorisation, DoubleFactorisation, "factorisation must be a DoubleFactorisation or None")
        if not factorisation.rank:
            raise InputError("a factorisation that keeps nothing has no cost; lower its threshold")
        given = (2 * factorisation.norb, factorisation.one_norm, factorisation.rank, factorisation.num_eigenvectors)
    else:
        numbers = (num_spin_orbitals, one_norm, rank, num_eigenvectors)
        if num_spin_orbitals is None or one_norm is None or rank is None or num_eigenvectors is None:
            raise InputError(
                "the cost needs a factorisation, or num_spin_orbitals, one_norm, rank and num_eigenvectors, got "
                f"{numbers}"
            )
        given = (num_spin_orbitals, one_norm, rank, num_eigenvectors)
    n = _even("num_spin_orbitals", given[0])
    one_norm, leaves = require_positive("one_norm", given[1]), require_integer("rank", given[2], 1, _MOST)
    eigenvectors = require_integer("num_eigenvectors", given[3], 1, _MOST)
    chi, beta = _bits(coefficient_bits, rotation_bits)
    steps = _num_steps(one_norm, error)
    step_items, qubit_items = _double_factorised(n, leaves, eigenvectors, chi, beta, steps)
    return _cost("double factorisation", n, one_norm, error, steps, step_items, qubit_items)


def hypercontraction_cost(
    num_spin_orbitals: int,
    one_norm: float,
    rank: int,
    error: float = 1e-3,
    *,
    coefficient_bits: int = 10,
    rotation_bits: int = 16,
) -> QubitisationCost:
    """The cost by tensor hypercontraction, for a rank and a λ that somebody has found.

    Args:
        num_spin_orbitals: N.
        one_norm: λ in hartree.
        rank: M of the hypercontraction, at least the number of orbitals.
        error: of the energy in hartree, positive.
        coefficient_bits: ℵ, bits of the coefficients in state preparations.
        rotation_bits: ℶ, bits of the angles of orbital rotations.

    Raises:
        InputError: if a number breaks its rule.
    """
    n = _even("num_spin_orbitals", num_spin_orbitals)
    one_norm, rank = require_positive("one_norm", one_norm), require_integer("rank", rank, 2, _MOST)
    if rank < n // 2:
        raise InputError(f"rank must be the number of orbitals at least, {n // 2}, got {rank}")
    chi, beta = _bits(coefficient_bits, rotation_bits)
    steps = _num_steps(one_norm, error)
    step_items, qubit_items = _hypercontraction(n, rank, chi, beta, steps)
    return _cost("tensor hypercontraction", n, one_norm, error, steps, step_items, qubit_items)


def _double_factorised(
    n: int, leaves: int, eigenvectors: int, chi: int, beta: int, steps: int
) -> tuple[dict[str, int], dict[str, int]]:
    second = _ceil_log2(n // 2)
    contiguous, first = _ceil_log2(eigenvectors + n // 2), _ceil_log2(leaves + 1)
    everything, twos = eigenvectors + n // 2, _twos(leaves + 1)
    row = first + chi
    offsets = second + contiguous + _SECOND_ROTATION_BITS + 1
    amplitudes, angles = second + chi + 2, n * beta // 2

    def items(first_bits: int) -> dict[str, int]:
        return {
            "first register: equal superposition": 2 * (3 * first + 2 * first_bits - 3 * twos - 9),
            "first register: lookup": _lookup(leaves + 1, row)[1] + _unlookup(leaves + 1)[1],
            "first register: inequality test and swap": 2 * (chi + first),
            "second register: data of its superposition": _lookup(leaves + 1, offsets)[1] + _unlookup(leaves + 1)[1],
            "second register: equal superpositions": 4 * (7 * second + 2 * _SECOND_ROTATION_BITS - 6),
            "second register: offsets": 4 * (contiguous - 1),
            "second register: lookups": _lookup(everything, amplitudes)[1]
            + _unlookup(everything)[1]
            + _lookup(eigenvectors, amplitudes)[1]
            + _unlookup(eigenvectors)[1],
            "second register: inequality tests": 4 * (second + chi),
            "rotations: offsets": 4 * (contiguous - 1),
            "rotations: lookups of angles": _lookup(everything, angles)[1]
            + _unlookup(everything)[1]
            + _lookup(eigenvectors, angles)[1]
            + _unlookup(eigenvectors)[1],
            "rotations: swaps by spin": 2 * n,
            "rotations: controlled": 4 * n * (beta - 2),
            "rotations: controlled Z": 3,
            "reflection of the second register": second + chi + 2,
            "reflection of the walk": first + second + chi + 1,
            "unary iteration and control": 2,
        }

    chosen = _converged(items, lambda stated: _best_bits((leaves + 1) / 2.0**first, stated))
    qubits = {
        "phase estimation": 2 * _ceil_log2(steps + 1) - 1,
        "system": n,
        "first register": first + 2,
        "first register: lookup and inequality test": first + 2 * chi + 1,
        "second register: data of its superposition": offsets,
        "second register": second + 2,
        "second register: lookup": amplitudes,
        "second register: inequality test": chi + 1,
        "angles": 2 ** _lookup(everything, angles)[0] * angles,
        "phase gradient": beta,
        "spin": 1,
        "T state": 1,
    }
    return chosen, qubits


def _hypercontraction(n: int, rank: int, chi: int, beta: int, steps: int) -> tuple[dict[str, int], dict[str, int]]:
    register = _ceil_log2(rank + 1)
    data = rank * (rank + 1) // 2 + n // 2
    width = 2 * register + 2 + chi
    spread = 2 ** _unlookup(rank + n // 2)[0]

    def items(bits: int) -> dict[str, int]:
        return {
            "preparation: equal superposition": 2 * (10 * register + 2 * bits - 9),
            "preparation: contiguous register": 2 * (register**2 + register - 1),
            "preparation: lookup": _lookup(data, width)[1] + _unlookup(data)[1],
            "preparation: inequality test": 2 * chi,
            "preparation: controlled swaps": 4 * register,
            "preparation: swap of the registers": 2 * register + 2,
            "rotations: swaps by spin": 2 * n,
            "rotations: lookup of angles": (rank + n // 2 - 2) + (rank - 2),
            "rotations: controlled": 4 * n * (beta - 2),
            "rotations: controlled Z and swap of spins": 2,
            "rotations: erasure of angles": math.ceil(rank / spread)
            + math.ceil(n / 2 / spread)
            + spread
            + _unlookup(rank)[1],
            "reflections": 2 * register + chi + 4,
        }

    chosen = _converged(items, lambda stated: _best_bits(data / 4.0**register, stated))
    outputs = 2 ** _lookup(data, width)[0]
    lookup = width * outputs + _ceil_log2(data / outputs)
    angles = beta * n // 2
    kept = {
        "phase estimation": 2 * _ceil_log2(steps + 1) - 1,
        "system": n,
        "registers": 2 * register,
        "equal superposition": chi,
        "flags and rotated qubits": 7,
        "phase gradient": beta,
        "contiguous register": _ceil_log2(data),
    }
    during = {"angles": angles, "adding into the phase gradient": beta - 2, "lookup, kept": width}
    return chosen, kept | (during if sum(during.values()) > lookup else {"lookup": lookup})


def _converged(items: _Items, best: _Best) -> dict[str, int]:
    """Items with rotations of the precision that suits the number of Toffolis, which depends on it again."""
    bits = best(_FIRST_GUESS)
    return items(best(sum(items(bits).values())))


def _best_bits(share: float, steps: int) -> int:
    """Bits of the rotation in the preparation of a share of all basis states that cost least all in all.

    One step of amplitude amplification, with the amplitude turned to ½ before. It misses by the rounding of that
    rotation's angle, and a miss costs all the steps again.
    """
    costs = []
    for bits in range(1, _ROTATION_BITS_TRIED + 1):
        turn = 2.0 * math.pi / 2.0**bits
        angle = turn * round(math.acos(min(0.5 / math.sqrt(share), 1.0)) / turn)
        success = math.sin(3.0 * math.asin(abs(math.cos(angle)) * math.sqrt(share))) ** 2
        costs.append(steps * (1.0 / success - 1.0) + 4 * bits if success > 0 else math.inf)
    return int(np.argmin(costs)) + 1


def _lookup(entries: int, width: int) -> tuple[int, int]:
    """log2 of the outputs at a time, and Toffolis, of reading `width` bits of one of so many entries."""
    return _least(lambda k: entries / 2.0**k + width * (2.0**k - 1.0), 0.5 * math.log2(entries / width))


def _unlookup(entries: int) -> tuple[int, int]:
    """The same of erasing what was read."""
    return _least(lambda k: entries / 2.0**k + 2.0**k, 0.5 * math.log2(entries))


def _least(cost: _Cost, k: float) -> tuple[int, int]:
    candidates = [max(math.floor(k), 0), max(math.ceil(k), 0)]
    best = min(candidates, key=cost)
    return best, math.ceil(cost(best))


def _cost(
    method: str,
    n: int,
    one_norm: float,
    error: float,
    steps: int,
    step_items: dict[str, int],
    qubit_items: dict[str, int],
) -> QubitisationCost:
    return QubitisationCost(
        method=method,
        num_spin_orbitals=n,
        one_norm=one_norm,
        error=float(error),
        num_steps=steps,
        toffolis_per_step=sum(step_items.values()),
        num_logical_qubits=sum(qubit_items.values()),
        step_items=step_items,
        qubit_items=qubit_items,
    )


def _num_steps(one_norm: float, error: float) -> int:
    return math.ceil(math.pi * one_norm / (2.0 * require_positive("error", error)))


def _ceil_log2(value: float) -> int:
    return math.ceil(math.log2(value))


def _twos(number: int) -> int:
    """How often 2 divides it."""
    return (number & -number).bit_length() - 1


def _even(name: str, value: int) -> int:
    number = require_integer(name, value, 4, _MOST)
    if number % 2:
        raise InputError(f"{name} must be even, two for each orbital, got {number}")
    return number


def _bits(coefficient_bits: int, rotation_bits: int) -> tuple[int, int]:
    return (
        require_integer("coefficient_bits", coefficient_bits, 2, 64),
        require_integer("rotation_bits", rotation_bits, 3, 64),
    )
