"""Bivariate bicycle codes, by their polynomials, with the schedule of seven layers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import is_integer, items_of, shown
from qtoolkit._checks import require_integer
from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import MOST_ROUND_A_LATTICE, require_count
from qtoolkit.applications.qec.codes.css import CSSCode
from qtoolkit.errors import InputError

__all__ = ["bivariate_bicycle_code", "bivariate_bicycle_named"]

Polynomial = Iterable[tuple[int, int]]
"""Exponents (a, b) of the terms x^a y^b."""

NAMED = {
    72: (6, 6, ((3, 0), (0, 1), (0, 2)), ((0, 3), (1, 0), (2, 0)), 6),
    90: (15, 3, ((9, 0), (0, 1), (0, 2)), ((0, 0), (2, 0), (7, 0)), 10),
    108: (9, 6, ((3, 0), (0, 1), (0, 2)), ((0, 3), (1, 0), (2, 0)), 10),
    144: (12, 6, ((3, 0), (0, 1), (0, 2)), ((0, 3), (1, 0), (2, 0)), 12),
}
"""By the number of qubits: l, m, A, B and the distance; Bravyi et al. (2024), Table 1."""

_X_LAYERS = (None, 1, 4, 3, 5, 0, 2)
_Z_LAYERS = (3, 5, 0, 1, 2, 4, None)
"""For each layer the term through which a check meets its qubit, 0–2 of the left half and 3–5 of the right."""


def bivariate_bicycle_code(
    l: int, m: int, a: Polynomial, b: Polynomial, *, name: str = "bivariate bicycle", distance: int | None = None
) -> CSSCode:
    """The bivariate bicycle code with checks [A | B] of X and [Bᵀ | Aᵀ] of Z, on n = 2 l m qubits.

    x and y shift a torus of l × m cells by one cell; A and B are sums of products of their powers. Qubit ``m·i + j`` is
    the left one of cell (i, j), and l m further on comes its right one. Each check meets its qubits in seven layers
    where A and B have three terms.

    Source: Bravyi et al., Nature 627, 778 (2024), "Quasi-cyclic codes" in Methods; the layers are those of its Table 5.

    Args:
        l: cells in the direction of x.
        m: cells in the direction of y.
        a: exponents (a, b) of the terms x^a y^b of A.
        b: exponents of the terms of B.
        name: of the code.
        distance: as the literature states it.

    Raises:
        InputError: if l or m is no integer of at least 1, or a term is no pair of integers or comes twice.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    size = (require_count("l", l, 1, MOST_ROUND_A_LATTICE), require_count("m", m, 1, MOST_ROUND_A_LATTICE))
    terms_a, terms_b = _terms("a", a, size), _terms("b", b, size)
    cells = size[0] * size[1]
    check_memory(256 * cells * cells, f"a code of {2 * cells} qubits", "take fewer cells")
    # Row `cell` of each: the cells that its terms lead to.
    left, right = (np.array([_shifted(size, term) for term in terms]).T for terms in (terms_a, terms_b))
    back_left, back_right = (np.array([_shifted(size, (-i, -j)) for i, j in terms]).T for terms in (terms_b, terms_a))
    halves = [np.hstack([left, cells + right]), np.hstack([back_left, cells + back_right])]
    checks = [np.zeros((cells, 2 * cells), dtype=np.uint8) for _ in halves]
    for matrix, visited in zip(checks, halves, strict=True):
        np.put_along_axis(matrix, visited, 1, axis=1)
    schedule = None
    if len(terms_a) == len(terms_b) == 3:
        schedule = [
            [
                (kind * cells + cell, int(halves[kind][cell, term]))
                for kind, term in ((0, x_term), (1, z_term))
                if term is not None
                for cell in range(cells)
            ]
            for x_term, z_term in zip(_X_LAYERS, _Z_LAYERS, strict=True)
        ]
    i, j = np.divmod(np.arange(cells), size[1])
    corner = np.column_stack([2 * i, 2 * j]).astype(np.float64)
    return CSSCode(
        checks[0],
        checks[1],
        name=name,
        distance=distance,
        coordinates=np.vstack([corner + np.array([1, 0]), corner + np.array([0, 1])]),
        check_coordinates=np.vstack([corner, corner + 1]),
        period=(2.0 * size[0], 2.0 * size[1]),
        schedule=schedule,
    )


def bivariate_bicycle_named(num_qubits: int) -> CSSCode:
    """One of the codes of Bravyi et al. (2024), Table 1: [[72, 12, 6]], [[90, 8, 10]], [[108, 8, 10]], [[144, 12, 12]].

    Raises:
        InputError: for another number of qubits.
    """
    if require_integer("num_qubits", num_qubits) not in NAMED:
        raise InputError(f"bivariate bicycle codes have {', '.join(map(str, NAMED))} qubits, got {shown(num_qubits)}")
    l, m, a, b, distance = NAMED[num_qubits]
    return bivariate_bicycle_code(l, m, a, b, name=f"bivariate bicycle {num_qubits}", distance=distance)


def _terms(name: str, polynomial: Polynomial, size: tuple[int, int]) -> list[tuple[int, int]]:
    terms = []
    for term in items_of(polynomial, f"{name} must be pairs of exponents"):
        if not isinstance(term, tuple | list) or len(term) != 2 or not all(map(is_integer, term)):
            raise InputError(f"{name} must be pairs of exponents (of x, of y), got {shown(term)}")
        terms.append((int(term[0]) % size[0], int(term[1]) % size[1]))
    if not terms or len(set(terms)) < len(terms):
        raise InputError(f"{name} must have one term or more, each once, got {shown(terms)}")
    return terms


def _shifted(size: tuple[int, int], term: tuple[int, int]) -> NDArray[np.int64]:
    """The cell that a term leads to from each cell."""
    i, j = np.divmod(np.arange(size[0] * size[1]), size[1])
    cells: NDArray[np.int64] = (i + term[0]) % size[0] * size[1] + (j + term[1]) % size[1]
    return cells
