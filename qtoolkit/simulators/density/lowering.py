"""Gates of a program as matrices on the Pauli coefficients of one qubit or two, at given parameter values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Key, Opcode, Program
from qtoolkit.simulators.bind import bind
from qtoolkit.simulators.density.transfer import transfer_matrices

__all__ = ["Item", "Wide", "has_wide_gates", "items_of"]

FloatArray: TypeAlias = NDArray[np.float64]
ComplexArray: TypeAlias = NDArray[np.complex128]

_NO_MATRICES = np.zeros((0, 4, 4))

MOST_STRING = 16
"""Letters of a Pauli string whose rotation is written as gates on two qubits."""


@dataclass(frozen=True, eq=False)
class Wide:
    """A gate on more than two qubits.

    Attributes:
        program: that it belongs to.
        coefficients: of all gates of the program.
        operation: which one it is.
    """

    program: Program
    coefficients: ComplexArray
    operation: int


class Item(NamedTuple):
    """A real matrix of shape ``(4, 4)`` or ``(16, 16)`` on one qubit or two, the first the lower digit of its index."""

    qubits: tuple[int, ...]
    matrix: FloatArray


class _Table(NamedTuple):
    """Matrices of one size: each entry is a sum of two products of a coefficient and a factor.

    Attributes:
        places: int64 of shape ``(2, count, size, size)``.
        factors: complex128 of that shape.
    """

    places: NDArray[np.int64]
    factors: ComplexArray

    def matrices(self, coefficients: ComplexArray) -> ComplexArray:
        """All of them, shape ``(count, size, size)``."""
        products = coefficients[self.places] * self.factors
        matrices: ComplexArray = products[0] + products[1]
        return matrices


class _Recipe(NamedTuple):
    """How the matrices of a program follow from its coefficients.

    Attributes:
        tables: matrices on one qubit, and on two.
        order: in time order, the qubits of a matrix and its number in its table; of a wide gate no qubits, and its
            operation.
    """

    tables: tuple[_Table, _Table]
    order: tuple[tuple[tuple[int, ...], int], ...]


_RECIPE: Key[_Recipe] = Key(__name__, "_RECIPE")


def items_of(program: Program, values: FloatArray) -> list[Item | Wide]:
    """The gates of a program in time order; the global phase leaves no trace.

    Args:
        program: the gates.
        values: of the parameters.
    """
    recipe = _recipe_of(program)
    # A global phase may have parameters too, and leaves no trace.
    coefficients = bind(program, values)[0] if program.groups else program.constant_coefficients
    extended = np.append(coefficients, 1.0)
    matrices = [
        transfer_matrices(table.matrices(extended)) if table.places.size else _NO_MATRICES for table in recipe.tables
    ]
    return [
        Item(qubits, matrices[len(qubits) - 1][number]) if qubits else Wide(program, coefficients, number)
        for qubits, number in recipe.order
    ]


def has_wide_gates(program: Program) -> bool:
    """Whether a program has gates on more than two qubits, but for rotations by Pauli strings."""
    return not all(qubits for qubits, _ in _recipe_of(program).order)


def _recipe_of(program: Program) -> _Recipe:
    recipe = program.kept.get(_RECIPE)
    if recipe is None:
        recipe = program.kept[_RECIPE] = _Writer(program).recipe()
    return recipe


_NONE = -1
"""The place of the coefficient 1, behind all others."""

_S, _H = np.diag([1, 1j]), np.array([[1, 1], [1, -1]]) * np.sqrt(0.5)
_TO_Z = {"X": _H, "Y": _H @ _S.conj()}
"""What turns a letter into Z."""


class _Writer:
    """Writes the recipe of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._places: tuple[list[NDArray[np.int64]], ...] = ([], [])
        self._factors: tuple[list[ComplexArray], ...] = ([], [])
        self._order: list[tuple[tuple[int, ...], int]] = []

    def recipe(self) -> _Recipe:
        """Go through all operations."""
        for operation in range(self._program.num_operations):
            self._add(operation)
        tables = []
        for k, (places, factors) in enumerate(zip(self._places, self._factors, strict=True)):
            size = 2 << k
            shape = -1, 2, size, size
            all_places = np.array(places, np.int64).reshape(shape).swapaxes(0, 1)
            all_factors = np.array(factors, np.complex128).reshape(shape).swapaxes(0, 1)
            tables.append(_Table(np.ascontiguousarray(all_places), np.ascontiguousarray(all_factors)))
        return _Recipe((tables[0], tables[1]), tuple(self._order))

    def _add(self, operation: int) -> None:
        program = self._program
        opcode = program.opcodes[operation]
        targets = program.qubits[program.qubit_start[operation] : program.qubit_start[operation + 1]].tolist()
        mask, value = int(program.control_masks[operation]), int(program.control_values[operation])
        controls = [q for q in range(mask.bit_length()) if mask >> q & 1]
        start = int(program.coefficient_start[operation])
        table = program.table[program.table_start[operation] : program.table_start[operation + 1]]
        if opcode == Opcode.PAULI_ROTATION:
            self._add_rotation(operation, int(table[0]), int(table[1]), controls, value, start)
            return
        if not 0 < len(targets) + len(controls) <= 2 or opcode == Opcode.COMPLETE_XY:
            if targets or controls:
                self._order.append(((), operation))
            return
        size = 1 << len(targets)
        places = np.full((size, size), _NONE)
        factors = np.zeros((size, size), np.complex128)
        if opcode == Opcode.PERMUTATION:
            factors[table, np.arange(size)] = 1.0
        elif opcode == Opcode.DIAGONAL:
            np.fill_diagonal(places, start + np.arange(size))
            np.fill_diagonal(factors, 1.0)
        else:
            places[:] = start + np.arange(size * size).reshape(size, size)
            factors[:] = 1.0
        self._append(targets, controls, value, places, factors)

    def _append(
        self,
        targets: list[int],
        controls: list[int],
        value: int,
        places: NDArray[np.int64],
        factors: ComplexArray,
        more: tuple[NDArray[np.int64], NDArray[Any]] | None = None,
    ) -> None:
        """Add a matrix on one qubit or two: on targets, where the controls have their values."""
        qubits = (*targets, *controls)
        size = 1 << len(qubits)
        on = sum((value >> q & 1) << len(targets) + k for k, q in enumerate(controls))
        inner = slice(on, on + (1 << len(targets)))
        all_places = np.full((2, size, size), _NONE)
        all_factors = np.zeros((2, size, size), np.complex128)
        np.fill_diagonal(all_factors[0], 1.0)
        for k, (its_places, its_factors) in enumerate([(places, factors)] + ([more] if more else [])):
            all_places[k, inner, inner], all_factors[k, inner, inner] = its_places, its_factors
        k = len(qubits) - 1
        self._order.append((qubits, len(self._places[k])))
        self._places[k].append(all_places)
        self._factors[k].append(all_factors)

    def _constant(self, matrix: NDArray[np.generic], *qubits: int) -> None:
        self._append(list(qubits), [], 0, np.full(matrix.shape, _NONE), matrix.astype(np.complex128))

    def _add_rotation(self, operation: int, x: int, z: int, controls: list[int], value: int, start: int) -> None:
        """``cos - i sin P`` for a string P; of more than two letters as a Z between ladders of CX."""
        letters = {q: "IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in range((x | z).bit_length()) if (x | z) >> q & 1}
        qubits = list(letters)
        if len(qubits) + len(controls) <= 2:
            string = np.ones((1, 1))
            for letter in letters.values():
                string = np.kron(_MATRICES[letter], string)
            cosine = np.full(string.shape, start), np.eye(len(string), dtype=np.complex128)
            sine = np.full(string.shape, start + 1), -1j * string
            if qubits or controls:
                self._append(qubits, controls, value, *cosine, sine)
            return
        if controls or len(qubits) > MOST_STRING:
            self._order.append(((), operation))
            return
        turned = [(q, _TO_Z[letter]) for q, letter in letters.items() if letter != "Z"]
        ladder = list(pairwise(qubits))
        for q, matrix in turned:
            self._constant(matrix, q)
        for control, target in ladder:
            self._constant(_CX, control, target)
        places = np.array([[start, _NONE], [_NONE, start]])
        sine = np.array([[start + 1, _NONE], [_NONE, start + 1]]), np.diag([-1j, 1j])
        self._append([qubits[-1]], [], 0, places, np.eye(2, dtype=np.complex128), sine)
        for control, target in reversed(ladder):
            self._constant(_CX, control, target)
        for q, matrix in turned:
            self._constant(matrix.conj().T, q)


_MATRICES = {
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.array([[1, 0], [0, -1]]),
}
_CX = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]])
"""The first qubit, the lowest bit, controls."""
