"""Total spin as an operator on qubits."""

from __future__ import annotations

from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.operators import FermionOperator, PauliSum, jordan_wigner

__all__ = ["spin_squared_operator"]


def spin_squared_operator(integrals: MolecularIntegrals) -> PauliSum:
    """S² by the Jordan–Wigner mapping, on ``2 * norb`` qubits, alpha before beta.

    S² = S₋S₊ + M(M + 1) on states with the electrons of `integrals`, where M is half of n_alpha − n_beta (Helgaker,
    Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 2.4); with beta in the majority, S₊S₋ and |M|.
    """
    norb = integrals.norb
    raising = FermionOperator({((p, True), (norb + p, False)): 1.0 for p in range(norb)})
    if integrals.nelec[0] < integrals.nelec[1]:
        raising = raising.adjoint()
    square = raising.adjoint() @ raising + integrals.spin * (integrals.spin + 1.0) * FermionOperator.identity()
    return jordan_wigner(square, integrals.num_qubits)
