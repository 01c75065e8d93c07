"""Molecules in orbitals that have the symmetry of their point group: numbers of terms and of qubits, and energies."""

import math

import pytest

from qtoolkit.operators import ElectronicHamiltonian, Tapering, fermion_mapping, jordan_wigner

pyscf = pytest.importorskip("pyscf")

_HALF = math.radians(104.45 / 2)
MOLECULES = {
    "H2": ("H 0 0 0; H 0 0 0.735", 15, 1, -1.137306036),
    "H4": ("H 0 0 0; H 0 0 1; H 0 0 2; H 0 0 3", 185, 5, -2.166387449),
    "LiH": ("Li 0 0 0; H 0 0 1.595", 631, 8, -7.882401932),
    "BeH2": ("Be 0 0 0; H 0 0 1.3264; H 0 0 -1.3264", 666, 9, -15.595176869),
    "H2O": (
        f"O 0 0 0; H {0.9584 * math.sin(_HALF)} 0 {0.9584 * math.cos(_HALF)}; "
        f"H {-0.9584 * math.sin(_HALF)} 0 {0.9584 * math.cos(_HALF)}",
        1086,
        10,
        -75.012759313,
    ),
}


def integrals_of(geometry: str) -> tuple[ElectronicHamiltonian, int]:
    """The Hamiltonian in sto-3g and symmetry-adapted orbitals, and the number of electron pairs."""
    molecule = pyscf.gto.M(atom=geometry, basis="sto-3g", symmetry=True, verbose=0)
    mean_field = pyscf.scf.RHF(molecule)
    mean_field.conv_tol = 1e-13
    mean_field.run()
    orbitals = mean_field.mo_coeff
    one_body = orbitals.T @ mean_field.get_hcore() @ orbitals
    two_body = pyscf.ao2mo.restore(1, pyscf.ao2mo.kernel(molecule, orbitals), orbitals.shape[1])
    return ElectronicHamiltonian(one_body, two_body, molecule.energy_nuc()), molecule.nelectron // 2


@pytest.mark.parametrize("name", MOLECULES)
def test_terms_and_qubits_are_those_known(name):
    geometry, num_terms, num_qubits, energy = MOLECULES[name]
    hamiltonian, num_pairs = integrals_of(geometry)
    norb = hamiltonian.norb
    filled = [*range(num_pairs), *range(norb, norb + num_pairs)]
    mapped = jordan_wigner(hamiltonian)
    assert len(mapped) == num_terms
    state = fermion_mapping("jordan_wigner", 2 * norb).occupation_bits(filled)
    short = Tapering.for_state(mapped, state)
    reduced = short.taper(mapped)
    assert (short.num_qubits, reduced.num_qubits) == (num_qubits, num_qubits)
    found = reduced.ground_state(seed=1)[0] if num_qubits > 1 else reduced.eigenvalues()[0]
    assert found == pytest.approx(energy, abs=2e-9)


@pytest.mark.parametrize("mapping", ["parity", "bravyi_kitaev", "ternary_tree"])
def test_every_mapping_is_tapered_alike(mapping):
    geometry, _, num_qubits, energy = MOLECULES["H4"]
    hamiltonian, _ = integrals_of(geometry)
    encoding = fermion_mapping(mapping, 8)
    state = encoding.occupation_bits([0, 1, 4, 5])
    mapped = encoding.map(hamiltonian)
    short = Tapering.for_state(mapped, state)
    reduced = short.taper(mapped)
    assert reduced.num_qubits == num_qubits
    assert reduced.ground_state(seed=1)[0] == pytest.approx(energy, abs=2e-9)
    mean_field = mapped.to_matrix()[state, state].real
    place = short.taper_bits(state)
    assert reduced.to_matrix()[place, place].real == pytest.approx(mean_field, abs=1e-10)
    parity = fermion_mapping("parity", 8, (2, 2)).map(hamiltonian)
    assert (parity.num_qubits, parity.ground_state(seed=1)[0]) == (6, pytest.approx(energy, abs=2e-9))
