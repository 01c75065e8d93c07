import itertools

import numpy as np
import openfermion
import pytest
from pyscf import gto, mp, scf
from scipy.linalg import expm

from qtoolkit.applications.chemistry import (
    UCCSD,
    Excitation,
    append_excitation,
    fci_energy,
    hartree_fock_circuit,
    qubit_hamiltonian,
    single_and_double_excitations,
)
from qtoolkit.circuit import Circuit, Parameter
from qtoolkit.errors import InputError


def generator_matrix(excitation, num_qubits):
    """T − T† by OpenFermion, in our order of bits."""
    term = tuple((mode, 1) for mode in excitation.created) + tuple((m, 0) for m in reversed(excitation.annihilated))
    operator = openfermion.FermionOperator(term)
    operator -= openfermion.hermitian_conjugated(operator)
    dense = openfermion.get_sparse_operator(operator, num_qubits).toarray()
    reversed_bits = [int(f"{k:0{num_qubits}b}"[::-1], 2) for k in range(2**num_qubits)]
    return dense[np.ix_(reversed_bits, reversed_bits)]


@pytest.mark.parametrize(
    "excitation",
    [
        Excitation((0,), (1,)),
        Excitation((1,), (5,)),
        Excitation((4,), (0,)),
        Excitation((0, 3), (2, 5)),
        Excitation((0, 1), (2, 3)),
        Excitation((1, 4), (0, 5)),
    ],
)
def test_each_excitation_is_its_exponential(excitation):
    theta = 0.731
    matrix = append_excitation(Circuit(6), excitation, theta).to_matrix()
    np.testing.assert_allclose(matrix, expm(theta * generator_matrix(excitation, 6)), atol=1e-13)


def test_pauli_strings_of_an_excitation_commute_and_share_a_parameter():
    circuit = append_excitation(Circuit(6), Excitation((0, 3), (2, 5)), Parameter("t"))
    assert circuit.num_parameters == 1
    assert circuit.count_ops() == {"pauli_rotation": 8}
    reordered = Circuit(6)
    for operation in reversed(circuit.operations):
        reordered.append(operation.gate, operation.qubits)
    np.testing.assert_allclose(reordered.bind([0.4]).to_matrix(), circuit.bind([0.4]).to_matrix(), atol=1e-14)


def test_the_hartree_fock_circuit_fills_the_lowest_orbitals():
    assert hartree_fock_circuit(3, (2, 1)).to_matrix()[0b001_011, 0] == 1.0


@pytest.mark.parametrize(
    ("norb", "nelec", "num_doubles", "num_singles"),
    [(2, (1, 1), 1, 2), (6, (2, 2), 76, 16), (4, (3, 1), 9, 6), (2, (2, 2), 0, 0), (3, (0, 0), 0, 0)],
)
def test_excitations_are_counted(norb, nelec, num_doubles, num_singles):
    excitations = single_and_double_excitations(norb, nelec)
    ranks = [excitation.rank for excitation in excitations]
    assert ranks == [2] * num_doubles + [1] * num_singles
    assert len(set(excitations)) == len(excitations)
    occupied = {*range(nelec[0]), *range(norb, norb + nelec[1])}
    for excitation in excitations:
        assert set(excitation.annihilated) <= occupied
        assert not set(excitation.created) & occupied
        moved = [sum(mode < norb for mode in modes) for modes in (excitation.annihilated, excitation.created)]
        assert moved[0] == moved[1]


@pytest.mark.parametrize(
    ("spin_adapted", "use_symmetry", "num_parameters", "num_excitations"),
    [(False, False, 92, 92), (False, True, 34, 34), (True, False, 44, 92), (True, True, 20, 34)],
)
def test_lithium_hydride_has_the_known_number_of_amplitudes(
    lithium_hydride, spin_adapted, use_symmetry, num_parameters, num_excitations
):
    symmetries = lithium_hydride.orbital_symmetries if use_symmetry else None
    ansatz = UCCSD(6, (2, 2), spin_adapted, symmetries)
    assert (ansatz.num_qubits, ansatz.num_parameters, len(ansatz.excitations)) == (12, num_parameters, num_excitations)
    assert len(ansatz.perturbative_parameters(lithium_hydride)) == num_parameters


def test_the_state_keeps_electrons_and_spin_projection():
    ansatz = UCCSD(3, (2, 1))
    rng = np.random.default_rng(5)
    state = ansatz.circuit.bind(rng.normal(size=ansatz.num_parameters)).to_matrix()[:, 0]
    for index in np.flatnonzero(np.abs(state) > 1e-12).tolist():
        assert ((index & 0b111).bit_count(), (index >> 3).bit_count()) == (2, 1)
    assert np.abs(state).max() < 0.99


def test_spin_adapted_amplitudes_obey_the_spin_relations():
    norb, nelec = 4, (2, 2)
    ansatz = UCCSD(norb, nelec, spin_adapted=True)
    rng = np.random.default_rng(11)
    values = {parameter.name: rng.normal() for parameter in ansatz.circuit.parameters}
    angle = {
        (excitation.annihilated, excitation.created): expression.bind(values)
        for excitation, expression in zip(ansatz.excitations, ansatz.angles, strict=True)
    }
    for i, j, a, b in itertools.product((0, 1), (0, 1), (2, 3), (2, 3)):
        opposite = angle[(i, j + norb), (a, b + norb)]
        assert opposite == angle[(j, i + norb), (b, a + norb)]
        if i < j and a < b:
            exchanged = angle[(i, j + norb), (b, a + norb)]
            assert angle[(i, j), (a, b)] == pytest.approx(opposite - exchanged)
            assert angle[(i + norb, j + norb), (a + norb, b + norb)] == pytest.approx(opposite - exchanged)
    assert angle[(0,), (3,)] == angle[(norb,), (3 + norb,)]


def test_perturbative_amplitudes_give_the_mp2_energy(lithium_hydride):
    ansatz = UCCSD(6, (2, 2))
    names = [parameter.name for parameter in ansatz.circuit.parameters]
    values = dict(zip(names, ansatz.perturbative_parameters(lithium_hydride), strict=True))
    energy = 0.0
    for excitation, angle in zip(ansatz.excitations, ansatz.angles, strict=True):
        amplitude = 0.5 * np.tan(2.0 * angle.bind(values))
        if excitation.rank == 1:
            assert amplitude == 0.0
            continue
        (i, j), (a, b) = ([mode % 6 for mode in modes] for modes in (excitation.annihilated, excitation.created))
        coupling = lithium_hydride.two_body_tensor[i, a, j, b]
        if excitation.created[0] // 6 == excitation.created[1] // 6:
            coupling -= lithium_hydride.two_body_tensor[i, b, j, a]
        energy += amplitude * coupling
    structure = gto.M(atom="Li 0 0 0; H 0 0 1.595", basis="sto-3g", verbose=0)
    reference = mp.MP2(scf.RHF(structure).run(conv_tol=1e-12)).run()
    assert energy == pytest.approx(reference.e_corr, abs=1e-8)


def test_perturbative_amplitudes_are_a_good_start(hydrogen):
    ansatz = UCCSD(2, (1, 1))
    state = ansatz.circuit.bind(ansatz.perturbative_parameters(hydrogen)).to_matrix()[:, 0]
    energy = qubit_hamiltonian(hydrogen).expectation_value(state)
    assert fci_energy(hydrogen) < energy < hydrogen.hartree_fock_energy - 0.015


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Excitation((), ()), "distinct spin orbitals"),
        (lambda: Excitation((0,), (1, 2)), "as many created"),
        (lambda: Excitation((0, 1), (1, 2)), "distinct spin orbitals"),
        (lambda: hartree_fock_circuit(2, (3, 0)), "nelec must lie in"),
        (lambda: UCCSD(2, (1, 3)), "nelec must lie in"),
        (lambda: UCCSD(0, (0, 0)), "norb must be"),
        (lambda: UCCSD(3, (2, 1), spin_adapted=True), "as many alpha as beta"),
        (lambda: UCCSD(2, (1, 1), orbital_symmetries=(0,)), "2 entries, got 1"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_integrals_of_another_size_are_refused(lithium_hydride):
    with pytest.raises(InputError, match="2 orbitals, got integrals of 6"):
        UCCSD(2, (1, 1)).perturbative_parameters(lithium_hydride)
