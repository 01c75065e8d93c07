import numpy as np
import pytest

from qtoolkit.errors import OperatorError
from qtoolkit.operators import FermionOperator, PauliSum, jordan_wigner, molecular_hamiltonian, number_operator


def term_by_term(one_body: np.ndarray, two_body: np.ndarray, core_energy: float) -> FermionOperator:
    """The defining sum, one term after the other."""
    norb = len(one_body)
    total = FermionOperator({(): core_energy})
    for (p, q), value in np.ndenumerate(one_body):
        for spin in (0, norb):
            total += FermionOperator.from_string(f"{p + spin}^ {q + spin}", value)
    for (p, q, r, s), value in np.ndenumerate(two_body):
        for a in (0, norb):
            for b in (0, norb):
                total += FermionOperator.from_string(f"{p + a}^ {r + b}^ {s + b} {q + a}", value / 2)
    return total


def random_integrals(rng: np.random.Generator, norb: int) -> tuple[np.ndarray, np.ndarray]:
    """Complex integrals with Hermiticity and no other symmetry."""
    one_body = rng.normal(size=(norb,) * 2) + 1j * rng.normal(size=(norb,) * 2)
    two_body = rng.normal(size=(norb,) * 4) + 1j * rng.normal(size=(norb,) * 4)
    return one_body + one_body.conj().T, two_body + two_body.conj().transpose(1, 0, 3, 2)


@pytest.mark.parametrize("norb", [1, 2, 3])
def test_agrees_with_the_defining_sum(rng, norb):
    one_body, two_body = random_integrals(rng, norb)
    hamiltonian = molecular_hamiltonian(one_body, two_body, -1.5)
    assert hamiltonian.allclose(term_by_term(one_body, two_body, -1.5), 1e-12)
    assert hamiltonian.terms.keys() == hamiltonian.normal_ordered().terms.keys()
    assert hamiltonian.is_hermitian()
    assert hamiltonian.conserves_particle_number()


def test_hubbard_dimer_has_its_exact_energy():
    """Two sites at half filling: U/2 − √(U²/4 + 4t²), made the overall ground state by μ = U/2."""
    hopping, repulsion = 1.3, 4.0
    two_body = np.zeros((2, 2, 2, 2))
    two_body[0, 0, 0, 0] = two_body[1, 1, 1, 1] = repulsion
    hubbard = molecular_hamiltonian([[0, -hopping], [-hopping, 0]], two_body)
    energy, _ = jordan_wigner(hubbard - repulsion / 2 * number_operator(4)).ground_state()
    exact = repulsion / 2 - np.sqrt(repulsion**2 / 4 + 4 * hopping**2)
    assert energy + repulsion / 2 * 2 == pytest.approx(exact, abs=1e-12)


def test_hydrogen_has_its_full_configuration_interaction_energy():
    pyscf = pytest.importorskip("pyscf")
    molecule = pyscf.gto.M(atom="H 0 0 0; H 0 0 0.735", basis="sto-3g", verbose=0)
    mean_field = pyscf.scf.RHF(molecule).run()
    orbitals = mean_field.mo_coeff
    one_body = orbitals.T @ mean_field.get_hcore() @ orbitals
    two_body = pyscf.ao2mo.restore(1, pyscf.ao2mo.kernel(molecule, orbitals), 2)
    hamiltonian = jordan_wigner(molecular_hamiltonian(one_body, two_body, molecule.energy_nuc()))
    assert (len(hamiltonian), hamiltonian.num_qubits) == (15, 4)
    assert hamiltonian.ground_state()[0] == pytest.approx(-1.137306, abs=5e-7)
    hartree_fock = np.zeros(16)
    hartree_fock[0b0101] = 1
    assert hamiltonian.expectation_value(hartree_fock) == pytest.approx(mean_field.e_tot, abs=1e-10)


def test_twenty_modes_stay_small(rng):
    """The integrals' eightfold symmetry makes of 10 orbitals as many strings as normal-ordered terms can give."""
    one_body = rng.normal(size=(10, 10))
    two_body = rng.normal(size=(10, 10, 10, 10))
    two_body = two_body + two_body.transpose(1, 0, 2, 3)
    two_body = two_body + two_body.transpose(0, 1, 3, 2)
    two_body = two_body + two_body.transpose(2, 3, 0, 1)
    hamiltonian = jordan_wigner(molecular_hamiltonian(one_body + one_body.T, two_body, 3.0))
    assert hamiltonian.num_qubits == 20
    assert len(hamiltonian) == 14251
    assert not hamiltonian.coefficients.imag.any()


def test_negligible_integrals_are_left_out():
    one_body = np.array([[1.0, 1e-13], [1e-13, 2.0]])
    empty = np.zeros((2, 2, 2, 2))
    assert len(molecular_hamiltonian(one_body, empty)) == 4
    assert len(molecular_hamiltonian(one_body, empty, atol=0)) == 8
    zero = molecular_hamiltonian(np.zeros((2, 2)), empty)
    assert jordan_wigner(zero, 4) == PauliSum.zero(4)


@pytest.mark.parametrize(
    ("one_body", "two_body", "message"),
    [
        (np.zeros(4), np.zeros((2,) * 4), r"one_body_tensor must have shape \(norb, norb\), got \(4,\)"),
        (np.zeros((0, 0)), np.zeros((0,) * 4), "one_body_tensor must have shape"),
        (np.zeros((2, 2)), np.zeros((3,) * 4), r"two_body_tensor must have shape \(2, 2, 2, 2\) for norb=2"),
        (np.full((2, 2), np.nan), np.zeros((2,) * 4), "one_body_tensor must be finite"),
        (np.zeros((2, 2)), np.full((2,) * 4, np.inf), "two_body_tensor must be finite"),
        ([[0, 1], [0, 0]], np.zeros((2,) * 4), "one_body_tensor must be Hermitian"),
        (np.zeros((2, 2)), np.eye(16)[1].reshape((2,) * 4), "two_body_tensor must be Hermitian"),
    ],
)
def test_bad_integrals_are_refused(one_body, two_body, message):
    with pytest.raises(OperatorError, match=message):
        molecular_hamiltonian(one_body, two_body)
