"""The molecular Hamiltonian on qubits."""

from __future__ import annotations

from qtoolkit.applications.chemistry.integrals import MolecularIntegrals, require_integrals
from qtoolkit.operators import PauliSum, jordan_wigner, molecular_hamiltonian

__all__ = ["qubit_hamiltonian"]


def qubit_hamiltonian(integrals: MolecularIntegrals) -> PauliSum:
    """The Hamiltonian by the Jordan–Wigner mapping, in hartree, on ``2 * norb`` qubits.

    Qubit p is orbital p with spin alpha, qubit ``norb + p`` the same orbital with spin beta.

    Raises:
        InputError: if `integrals` are none.
    """
    require_integrals(integrals)
    fermions = molecular_hamiltonian(integrals.one_body_tensor, integrals.two_body_tensor, integrals.core_energy)
    return jordan_wigner(fermions, integrals.num_qubits)
