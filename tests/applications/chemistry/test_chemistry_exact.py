import dataclasses

import numpy as np
import openfermion
import pytest
from scipy.sparse.linalg import eigsh

from qtoolkit.applications.chemistry import Molecule, compute_integrals, diatomic, fci_energy, qubit_hamiltonian
from qtoolkit.applications.chemistry import fci as fci_module
from qtoolkit.errors import ConvergenceError, InputError

HYDROGEN_CHAIN = Molecule([("H", (0.0, 0.0, 0.9 * k)) for k in range(4)])
BERYLLIUM_DIHYDRIDE = Molecule([("Be", (0, 0, 0)), ("H", (0, 0, 1.33)), ("H", (0, 0, -1.33))])


def sector_energy(hamiltonian, nelec):
    """Lowest eigenvalue among the basis states with given numbers of alpha and beta electrons."""
    norb = hamiltonian.num_qubits // 2
    states = np.arange(2**hamiltonian.num_qubits)
    alpha, beta = np.bitwise_count(states % 2**norb), np.bitwise_count(states >> norb)
    sector = np.flatnonzero((alpha == nelec[0]) & (beta == nelec[1]))
    block = hamiltonian.to_sparse()[sector][:, sector]
    if len(sector) < 50:
        return np.linalg.eigvalsh(block.toarray())[0]
    return eigsh(block, k=1, which="SA", v0=np.ones(len(sector)))[0][0]


def openfermion_terms(integrals):
    """The Hamiltonian by OpenFermion, as a mapping from our labels to coefficients."""
    norb = integrals.norb
    # OpenFermion orders ⟨pq|sr⟩ in a†_p a†_q a_r a_s and alternates spins.
    one_body, two_body = openfermion.chem.molecular_data.spinorb_from_spatial(
        integrals.one_body_tensor, integrals.two_body_tensor.transpose(0, 2, 3, 1)
    )
    interaction = openfermion.InteractionOperator(integrals.core_energy, one_body, 0.5 * two_body)
    terms = {}
    for factors, coefficient in openfermion.jordan_wigner(
        openfermion.reorder(openfermion.get_fermion_operator(interaction), openfermion.up_then_down)
    ).terms.items():
        letters = dict(factors)
        terms["".join(letters.get(q, "I") for q in reversed(range(2 * norb)))] = coefficient
    return {label: value for label, value in terms.items() if abs(value) > 1e-12}


@pytest.mark.parametrize(("name", "num_terms"), [("hydrogen", 15), ("lithium_hydride", 631)])
def test_hamiltonians_agree_with_openfermion_term_by_term(name, num_terms, request):
    integrals = request.getfixturevalue(name)
    hamiltonian = qubit_hamiltonian(integrals)
    expected = openfermion_terms(integrals)
    assert len(hamiltonian) == num_terms
    found = dict(hamiltonian.to_list())
    assert found.keys() == expected.keys()
    for label, value in expected.items():
        assert found[label] == pytest.approx(value, abs=1e-12)


def test_known_energies(hydrogen, lithium_hydride):
    assert fci_energy(hydrogen) == pytest.approx(-1.137306, abs=5e-7)
    assert fci_energy(lithium_hydride) == pytest.approx(-7.882402, abs=5e-7)


@pytest.mark.parametrize(
    ("molecule", "active_space"),
    [
        (diatomic("H", "H", 0.735), None),
        (diatomic("Li", "H", 1.595), None),
        (HYDROGEN_CHAIN, None),
        (dataclasses.replace(HYDROGEN_CHAIN, charge=1, spin=1), None),
        (BERYLLIUM_DIHYDRIDE, "frozen_core"),
        (BERYLLIUM_DIHYDRIDE, None),
    ],
)
def test_full_configuration_interaction_is_the_lowest_level_of_the_sector(molecule, active_space):
    integrals = compute_integrals(molecule, active_space)
    lowest = sector_energy(qubit_hamiltonian(integrals), integrals.nelec)
    assert fci_energy(integrals) == pytest.approx(lowest, abs=1e-9)


def test_too_many_determinants_are_refused(monkeypatch, lithium_hydride):
    monkeypatch.setattr(fci_module, "_MAX_DETERMINANTS", 200)
    with pytest.raises(InputError, match="225"):
        fci_energy(lithium_hydride)


def test_an_unconverged_reference_is_an_error(monkeypatch):
    from pyscf.fci import direct_spin1

    integrals = compute_integrals(BERYLLIUM_DIHYDRIDE)

    class Stalling(direct_spin1.FCISolver):
        def kernel(self, *args, **kwargs):
            self.max_cycle = 1
            return super().kernel(*args, **kwargs)

    monkeypatch.setattr(direct_spin1, "FCI", Stalling)
    with pytest.raises(ConvergenceError, match="1225 determinants"):
        fci_energy(integrals)
