"""The molecular Hamiltonian on qubits."""

from __future__ import annotations

from qtoolkit.applications.chemistry.integrals import MolecularIntegrals, require_integrals
from qtoolkit.operators import PauliSum, jordan_wigner

__all__ = ["qubit_hamiltonian"]


def qubit_hamiltonian(integrals: MolecularIntegrals) -> PauliSum:
    """The Hamiltonian by the Jordan–Wigner mapping, in hartree, on ``2 * norb`` qubits.

    Qubit p is orbital p with spin alpha, qubit ``norb + p`` the same orbital with spin beta.

    Raises:
        InputError: if `integrals` are none.
    """
    require_integrals(integrals)
    return jordan_wigner(integrals.hamiltonian)
