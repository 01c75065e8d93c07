"""The order in which the terms of a Hamiltonian enter a product formula."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_choice
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import PauliSum

__all__ = ["Fragments", "Ordering", "check_hamiltonian", "fragments_of", "fragments_of_sums"]

Ordering: TypeAlias = Literal["given", "commuting", "lexicographic"]

_ORDERINGS = ("given", "commuting", "lexicographic")


class Fragments(NamedTuple):
    """Terms in the order in which they act, without the identity; those of one fragment commute.

    Attributes:
        x_masks, z_masks: of the strings, int64 of shape (terms,).
        weights: their real coefficients.
        starts: where fragments begin, and the number of terms at the end, int64 of shape (fragments + 1,).
        constant: coefficient of the identity.
    """

    x_masks: NDArray[np.int64]
    z_masks: NDArray[np.int64]
    weights: NDArray[np.float64]
    starts: NDArray[np.int64]
    constant: float

    @property
    def one_norm(self) -> float:
        """Sum of the magnitudes of the weights, which bounds the norm."""
        return float(np.abs(self.weights).sum())


def check_hamiltonian(hamiltonian: object) -> PauliSum:
    """A Hermitian Pauli sum.

    Raises:
        OperatorError: for anything else.
    """
    found: PauliSum = check_instance(hamiltonian, PauliSum, "a Hamiltonian must be a PauliSum", OperatorError)
    if not found.is_hermitian():
        raise OperatorError("a Hamiltonian must be Hermitian, but a coefficient has an imaginary part")
    return found


def fragments_of(hamiltonian: PauliSum, ordering: Ordering) -> Fragments:
    """The terms in order, cut into fragments of commuting terms.

    Args:
        hamiltonian: Hermitian.
        ordering: ``"given"`` takes each term by itself, as they stand; ``"lexicographic"`` sorts them by label, I
            before X, Y and Z; ``"commuting"`` takes groups of commuting terms, by sorted insertion.

    Raises:
        InputError: for another ordering.
    """
    require_choice("ordering", ordering, _ORDERINGS)
    if ordering == "commuting":
        groups = _without_identity(hamiltonian).group_commuting(qubit_wise=False)
        lengths = [len(group) for group in groups]
    else:
        terms = _without_identity(hamiltonian)
        groups = [_by_label(terms) if ordering == "lexicographic" else terms]
        lengths = [1] * len(terms)
    starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    empty = [np.zeros(0, np.int64)]
    return Fragments(
        np.concatenate(empty + [group.x_masks for group in groups]),
        np.concatenate(empty + [group.z_masks for group in groups]),
        np.concatenate([np.zeros(0), *(group.coefficients.real for group in groups)]),
        starts.astype(np.int64),
        hamiltonian.constant.real,
    )


def fragments_of_sums(sums: list[PauliSum]) -> Fragments:
    """Given sums as fragments, each of which is exponentiated exactly, whether its terms commute or not.

    Raises:
        InputError: if there is none, or their numbers of qubits differ.
        OperatorError: if one is not a Hermitian sum.
    """
    if not sums:
        raise InputError("a product formula needs at least one fragment, got none")
    checked = [check_hamiltonian(part) for part in sums]
    sizes = sorted({part.num_qubits for part in checked})
    if len(sizes) > 1:
        raise InputError(f"fragments must have the same number of qubits, got {sizes[0]} and {sizes[-1]}")
    parts = [_without_identity(part.simplify()) for part in checked]
    return Fragments(
        np.concatenate([part.x_masks for part in parts]),
        np.concatenate([part.z_masks for part in parts]),
        np.concatenate([part.coefficients.real for part in parts]),
        np.concatenate(([0], np.cumsum([len(part) for part in parts]))).astype(np.int64),
        sum(part.constant.real for part in checked),
    )


def _without_identity(hamiltonian: PauliSum) -> PauliSum:
    kept = ((hamiltonian.x_masks | hamiltonian.z_masks) != 0) & (hamiltonian.coefficients.real != 0)
    return PauliSum(
        hamiltonian.x_masks[kept], hamiltonian.z_masks[kept], hamiltonian.coefficients[kept], hamiltonian.num_qubits
    )


def _by_label(hamiltonian: PauliSum) -> PauliSum:
    labels = [string.label for string, _ in hamiltonian]
    order = sorted(range(len(labels)), key=labels.__getitem__)
    x_masks, z_masks, weights = hamiltonian.x_masks, hamiltonian.z_masks, hamiltonian.coefficients
    return PauliSum(x_masks[order], z_masks[order], weights[order], hamiltonian.num_qubits)
