"""A Hamiltonian in the space of chosen alpha strings times chosen beta strings, and its lowest state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.applications.chemistry.sqd.strings import one_spin_matrix, pair_table
from qtoolkit.errors import ConvergenceError, MissingExtraError
from qtoolkit.operators import ElectronicHamiltonian

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Selected", "SelectedHamiltonian", "lowest_selected", "own_lowest"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_DENSE = 100
_TOLERANCE = 1e-11
_BLOCK = 1 << 22
"""Numbers of the intermediate that are held at once."""


@dataclass(frozen=True, eq=False)
class Selected:
    """The lowest state of a subspace.

    Attributes:
        energy: its energy.
        amplitudes: float64 of shape (alpha strings, beta strings), of norm 1.
        alpha, beta: the strings, ascending.
    """

    energy: float
    amplitudes: FloatArray
    alpha: IntArray
    beta: IntArray

    def occupancies(self, norb: int) -> FloatArray:
        """Mean occupation of each orbital, alpha and beta, shape (2, norb)."""
        weights = self.amplitudes**2
        bits = [(strings[:, None] >> np.arange(norb) & 1).astype(float) for strings in (self.alpha, self.beta)]
        return np.stack([weights.sum(axis=1) @ bits[0], weights.sum(axis=0) @ bits[1]])


class SelectedHamiltonian:
    """σ = Hψ where ψ lives on all pairs of some alpha and some beta strings; what leads out is left out.

    Args:
        hamiltonian: its integrals.
        alpha, beta: strings, ascending, distinct.
    """

    def __init__(self, hamiltonian: ElectronicHamiltonian, alpha: IntArray, beta: IntArray) -> None:
        self.shape = (len(alpha), len(beta))
        self._constant = hamiltonian.constant
        self._alpha = one_spin_matrix(hamiltonian, "alpha", alpha)
        self._beta = one_spin_matrix(hamiltonian, "beta", beta)
        mixed = hamiltonian.two_body("alpha", "beta")
        self._mixed: tuple[csr_array[Any, Any], csr_array[Any, Any], FloatArray] | None = None
        if mixed is not None:
            rows, columns = np.tril_indices(hamiltonian.norb)
            coupling = mixed[rows[:, None], columns[:, None], rows, columns].T.copy()
            tables = pair_table(alpha, hamiltonian.norb), pair_table(beta, hamiltonian.norb)
            self._mixed = (tables[0], _transposed(tables[1], len(beta), len(rows)), coupling)

    def apply(self, state: FloatArray) -> FloatArray:
        """σ, of the state's shape."""
        result: FloatArray = self._constant * state + self._alpha @ state + (self._beta @ state.T).T
        if self._mixed is None:
            return result
        by_alpha, by_beta, coupling = self._mixed
        num_pairs, (num_alpha, num_beta) = len(coupling), self.shape
        block = max(1, _BLOCK // (num_pairs * num_beta))
        for start in range(0, num_alpha, block):
            stop = min(num_alpha, start + block)
            excited = (by_alpha[start * num_pairs : stop * num_pairs] @ state).reshape(-1, num_pairs, num_beta)
            coupled = np.matmul(coupling, excited).reshape(stop - start, num_pairs * num_beta)
            result[start:stop] += coupled @ by_beta
        return result


def lowest_selected(
    hamiltonian: ElectronicHamiltonian, alpha: IntArray, beta: IntArray, nelec: tuple[int, int]
) -> Selected:
    """The lowest state on all pairs of strings: by PySCF where it is installed and takes the Hamiltonian, else by ours.

    Raises:
        ConvergenceError: if the iteration does not converge.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    size = len(alpha) * len(beta)
    needed = 8 * (size * 24 + 2 * _BLOCK) if size > _DENSE else 24 * size**2
    what = f"the lowest state of {len(alpha)} × {len(beta)} strings"
    with reserved(needed, what, "take fewer samples for each batch"):
        if size > _DENSE and min(nelec) >= 2 and not hamiltonian.is_spin_dependent:
            try:
                return _by_pyscf(hamiltonian, alpha, beta, nelec)
            except MissingExtraError:
                pass
        return own_lowest(hamiltonian, alpha, beta)


def own_lowest(hamiltonian: ElectronicHamiltonian, alpha: IntArray, beta: IntArray) -> Selected:
    """The lowest state by our own σ; see `lowest_selected`."""
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    action = SelectedHamiltonian(hamiltonian, alpha, beta)
    size = len(alpha) * len(beta)

    def apply(vector: FloatArray) -> FloatArray:
        return action.apply(vector.reshape(action.shape)).ravel()

    if size <= _DENSE:
        energies, vectors = np.linalg.eigh(np.stack([apply(row) for row in np.eye(size)]))
    else:
        operator = LinearOperator((size, size), matvec=apply, dtype=np.float64)
        start = np.random.default_rng(0).normal(size=size)  # of no symmetry that would hide a state
        try:
            energies, vectors = eigsh(operator, k=1, which="SA", tol=_TOLERANCE, v0=start)
        except ArpackNoConvergence as error:
            raise ConvergenceError(f"the lowest state of {size} determinants did not converge") from error
    return Selected(float(energies[0]), vectors[:, 0].reshape(action.shape), alpha, beta)


def _by_pyscf(hamiltonian: ElectronicHamiltonian, alpha: IntArray, beta: IntArray, nelec: tuple[int, int]) -> Selected:
    from qtoolkit._optional import require

    selected_ci = require("pyscf.fci.selected_ci", extra="chemistry")
    solver = selected_ci.SelectedCI()
    solver.verbose, solver.conv_tol, solver.max_cycle = 0, _TOLERANCE, 200
    repulsion = hamiltonian.two_body("alpha", "beta")
    norb = hamiltonian.norb
    tensor = np.zeros((norb,) * 4) if repulsion is None else repulsion
    strings = np.ascontiguousarray(alpha), np.ascontiguousarray(beta)  # which PySCF reads as bare memory
    energy, amplitudes = selected_ci.kernel_fixed_space(
        solver, hamiltonian.one_body("alpha"), tensor, norb, nelec, strings, ecore=hamiltonian.constant
    )
    found = np.array(amplitudes, dtype=np.float64).reshape(len(alpha), len(beta))
    return Selected(float(energy), found, alpha, beta)


def _transposed(table: csr_array[Any, Any], num_strings: int, num_pairs: int) -> csr_array[Any, Any]:
    """Rows (pair, source) and columns target, from rows (target, pair) and columns source."""
    from scipy.sparse import coo_array, csr_array

    entries = coo_array(table)
    target, pair = np.divmod(entries.coords[0], num_pairs)
    rows = pair * num_strings + entries.coords[1]
    return csr_array((entries.data, (rows, target)), shape=(num_pairs * num_strings, num_strings))
