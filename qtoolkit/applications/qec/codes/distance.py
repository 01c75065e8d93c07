"""The distance of a code: the lightest logical operator, and a proof that there is no lighter one.

Three searches share the work. Operators drawn from random information sets bound the distance from above. Where every
single-qubit error flips at most two checks, the lightest logical operator is a shortest path. Elsewhere operators grow
error by error, each chosen to flip the first check that is still violated: a lightest logical operator is connected,
so that growth from each of its errors reaches it, and what violates too many checks to be mended is dropped.

Source: Dumer, Kovalev and Pryadko, IEEE Trans. Inf. Theory 63, 4675 (2017), section V; for the upper bound, Pryadko,
Shabashov and Kozin, J. Open Source Softw. 7, 4120 (2022); for paths, Dennis et al., J. Math. Phys. 43, 4452 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_choice, require_integer
from qtoolkit._memory import reserved
from qtoolkit.applications.qec.codes._binary import Bits, kernel, row_reduced, symplectic_product
from qtoolkit.applications.qec.codes._growth import grown
from qtoolkit.applications.qec.codes._input import string_of_bits
from qtoolkit.applications.qec.codes._paths import shortest
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliString

__all__ = ["DistanceResult", "Moves", "find_distance"]

_TRIALS = 60
_BYTES_PER_STATE = 300


@dataclass(frozen=True)
class DistanceResult:
    """What is known about the distance of a code.

    Attributes:
        distance: weight of `operator`, the lightest logical operator found.
        at_least: no logical operator is lighter than this.
        operator: a logical operator of weight `distance`.
        method: which search ended it: ``"paths"``, ``"growth"`` or ``"information sets"``.
    """

    distance: int
    at_least: int
    operator: PauliString
    method: str

    @property
    def proven(self) -> bool:
        """Whether `distance` is the distance, and not only a bound from above."""
        return self.distance == self.at_least

    def __repr__(self) -> str:
        if self.proven:
            return f"<distance {self.distance}, proven by {self.method}>"
        return f"<distance from {self.at_least} to {self.distance}, by {self.method}>"


@dataclass(frozen=True)
class Moves:
    """Single-qubit errors as columns: which checks and which logical operators each flips.

    Attributes:
        checks: uint8, shape (moves, r).
        logicals: uint8, shape (moves, 2k or k).
        errors: uint8, shape (moves, 2n), the errors as rows [x | z].
        qubits: int64, shape (moves,), ascending.
    """

    checks: Bits
    logicals: Bits
    errors: Bits
    qubits: NDArray[np.int64]

    @property
    def num_qubits(self) -> int:
        """Physical qubits."""
        return int(self.errors.shape[1]) // 2

    def weight(self, operator: Bits) -> int:
        """Qubits that an operator [x | z] touches."""
        size = self.num_qubits
        return int(np.count_nonzero(operator[:size] | operator[size:]))


def find_distance(
    code: StabilizerCode, *, basis: str | None = None, max_states: int = 500_000, seed: int = 0
) -> DistanceResult:
    """The least weight of an operator that commutes with all stabilizers and changes what is stored.

    Args:
        code: a stabilizer or subsystem code; the operators of the latter may act on gauge qubits.
        basis: ``"x"`` or ``"z"`` for operators of that letter alone, of a CSS code.
        max_states: partial operators to hold at once, some 300 bytes each. Where they do not suffice, the result is an
            interval: `DistanceResult.proven` says so.
        seed: of the random search for the upper bound.

    Raises:
        InputError: if the code stores no qubit, or an argument is out of range.
        InsufficientMemoryError: if there is no memory for so many states.
    """
    states = require_integer("max_states", max_states, minimum=1)
    start = require_integer("seed", seed, minimum=0)
    if code.num_logical == 0:
        raise InputError(f"a code without stored qubits has no distance, got {code!r}")
    letters = ("x", "z") if basis is None else (require_choice("basis", basis, ("x", "z")),)
    problems = _problems(code, letters)
    # There are no more partial operators than values of checks and logical operators.
    most = max(min(states, 2 ** (moves.checks.shape[1] + moves.logicals.shape[1])) for moves in problems)
    with reserved(_BYTES_PER_STATE * most, f"{shown(most)} partial operators", "take fewer max_states"):
        found = [_of_moves(moves, states, np.random.default_rng(start)) for moves in problems]
    best = min(found, key=lambda result: result.distance)
    return DistanceResult(best.distance, min(result.at_least for result in found), best.operator, best.method)


def _problems(code: StabilizerCode, letters: tuple[str, ...]) -> list[Moves]:
    """Separate ones for two kinds of errors where no stabilizer sees both, else one for all."""
    size = code.num_qubits
    flips = _frame(code.stabilizers)
    if flips is None:
        if len(letters) == 1:
            raise InputError("a distance for X or for Z alone needs a CSS code, got one that mixes them")
        return [_moves(code, "xzy", np.zeros(size, dtype=bool))]
    if len(letters) == 1 and flips.any():
        raise InputError("a distance for X or for Z alone needs a CSS code, got one that mixes them")
    return [_moves(code, letter, flips) for letter in letters]


def _moves(code: StabilizerCode, letters: str, flips: NDArray[np.bool_]) -> Moves:
    """Errors of some letters on each qubit, X and Z exchanged where `flips` says so."""
    size = code.num_qubits
    parts = {"x": (1, 0), "z": (0, 1), "y": (1, 1)}
    errors = np.zeros((len(letters) * size, 2 * size), dtype=np.uint8)
    for place, (qubit, letter) in enumerate((q, letter) for q in range(size) for letter in letters):
        x, z = parts[letter][::-1] if flips[qubit] else parts[letter]
        errors[place, [qubit, size + qubit]] = x, z
    logicals = np.vstack([code.logical_x, code.logical_z])
    checks = symplectic_product(errors, code.stabilizers)
    flipped = symplectic_product(errors, logicals)
    return Moves(
        checks[:, checks.any(axis=0)],
        flipped[:, flipped.any(axis=0)],
        errors,
        np.repeat(np.arange(size), len(letters)),
    )


def _frame(stabilizers: Bits) -> NDArray[np.bool_] | None:
    """Qubits whose X and Z to exchange so that each stabilizer is of one letter; None where no choice does it."""
    size = stabilizers.shape[1] // 2
    x, z = stabilizers[:, :size].astype(bool), stabilizers[:, size:].astype(bool)
    if (x & z).any():
        return None
    flips = np.full(size, -1)
    kind = np.full(len(stabilizers), -1)
    for first in range(len(stabilizers)):
        if kind[first] != -1:
            continue
        # A stabilizer of X alone is of kind 0; one without a letter in common with those before may be chosen freely.
        kind[first] = int(not x[first].any())
        waiting = [first]
        while waiting:
            row = waiting.pop()
            for qubit in np.flatnonzero(x[row] | z[row]):
                flip = int(z[row, qubit]) ^ kind[row]
                if flips[qubit] == -1:
                    flips[qubit] = flip
                    for other in np.flatnonzero(x[:, qubit] | z[:, qubit]):
                        wanted = int(z[other, qubit]) ^ flip
                        if kind[other] == -1:
                            kind[other] = wanted
                            waiting.append(int(other))
                        elif kind[other] != wanted:
                            return None
                elif flips[qubit] != flip:
                    return None
    exchanged: NDArray[np.bool_] = flips == 1
    return exchanged


def _of_moves(moves: Moves, max_states: int, rng: np.random.Generator) -> DistanceResult:
    path = shortest(moves.checks, moves.logicals)
    if path is not None:
        operator = np.bitwise_xor.reduce(moves.errors[path], axis=0)
        weight = moves.weight(operator)
        return DistanceResult(weight, weight, string_of_bits(operator), "paths")
    operator = _light(moves, rng)
    best, method = moves.weight(operator), "information sets"
    chosen, at_least = grown(moves.checks, moves.logicals, moves.qubits, best - 1, max_states)
    if chosen is not None:
        operator = np.bitwise_xor.reduce(moves.errors[chosen], axis=0)
        best, method = moves.weight(operator), "growth"
    if at_least >= best:
        at_least, method = best, "growth"
    return DistanceResult(best, at_least, string_of_bits(operator), method)


def _light(moves: Moves, rng: np.random.Generator) -> Bits:
    """A light logical operator, from the rows of generators in random echelon forms."""
    size = moves.num_qubits
    # Errors of Y are products of those of X and Z, so that rows of those alone generate everything.
    single = np.flatnonzero(moves.errors.sum(axis=1) == 1)
    generators = kernel(moves.checks[single].T)
    operators = (generators.astype(np.int64) @ moves.errors[single] % 2).astype(np.uint8)
    flipped = (generators.astype(np.int64) @ moves.logicals[single] % 2).astype(np.uint8)
    table = np.hstack([operators, flipped])
    best, lightest = table[0, : 2 * size], size + 1
    for trial in range(_TRIALS):
        order = rng.permutation(size) if trial else np.arange(size)
        columns = np.column_stack([order, order + size]).ravel()
        table = row_reduced(table, columns)[0]
        weights = np.count_nonzero(table[:, :size] | table[:, size : 2 * size], axis=1)
        weights[~table[:, 2 * size :].any(axis=1)] = size + 1
        if weights.min() < lightest:
            lightest, best = int(weights.min()), table[weights.argmin(), : 2 * size].copy()
    return best
