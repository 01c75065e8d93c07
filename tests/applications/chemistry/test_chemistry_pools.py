import itertools

import numpy as np
import pytest
from fermion_models import random_hamiltonian

from qtoolkit import StatevectorSimulator, get_backend
from qtoolkit.algorithms import VQE
from qtoolkit.applications.chemistry import (
    UCCSD,
    AdaptAnsatz,
    Excitation,
    HardwareEfficient,
    KUpCCGSD,
    PairUCCD,
    PoolOperator,
    fermionic_pool,
    pair_hamiltonian,
    qubit_hamiltonian,
    qubit_pool,
)
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel, depolarizing
from qtoolkit.operators import ElectronicHamiltonian, fermion_mapping
from qtoolkit.simulators.fermion import FermionSimulator, spin_squared


def randomised(ansatz, seed=3):
    return np.random.default_rng(seed).normal(scale=0.4, size=ansatz.num_parameters)


@pytest.mark.parametrize(("norb", "nelec"), [(4, (2, 2)), (3, (2, 1))])
def test_pools_are_the_excitations_of_uccsd(norb, nelec):
    excitations = UCCSD(norb, nelec).excitations
    for pool, fermionic in ((fermionic_pool(norb, nelec), True), (qubit_pool(norb, nelec), False)):
        assert tuple(operator.excitations[0] for operator in pool) == excitations
        assert {operator.fermionic for operator in pool} == {fermionic}


def test_generalised_pools_have_every_excitation_once():
    norb = 4
    pool = fermionic_pool(norb, (2, 2), generalised=True)
    found = [(operator.excitations[0].annihilated, operator.excitations[0].created) for operator in pool]
    assert len({frozenset(pair) for pair in found}) == len(found)
    pairs = list(itertools.combinations(range(2 * norb), 2))
    spin = {mode: mode // norb for mode in range(2 * norb)}
    expected = {
        frozenset({first, second})
        for first, second in itertools.combinations(pairs, 2)
        if not set(first) & set(second) and sum(map(spin.get, first)) == sum(map(spin.get, second))
    }
    expected |= {frozenset({(p,), (q,)}) for p, q in pairs if spin[p] == spin[q]}
    assert {frozenset(pair) for pair in found} == expected


@pytest.mark.parametrize("generalised", [False, True])
def test_spin_adapted_pools_pair_mirror_images(generalised):
    norb = 3
    plain = fermionic_pool(norb, (1, 1), generalised=generalised)
    paired = fermionic_pool(norb, (1, 1), generalised=generalised, spin_adapted=True)
    members = [excitation for operator in paired for excitation in operator.excitations]
    canonical = [frozenset({e.annihilated, e.created}) for e in members]
    assert len(set(canonical)) == len(canonical)
    every = {frozenset({o.excitations[0].annihilated, o.excitations[0].created}) for o in plain}
    exchanges = {frozenset({(p, norb + q), (q, norb + p)}) for p, q in itertools.combinations(range(norb), 2)}
    assert set(canonical) == every - exchanges
    assert bool(every & exchanges) == generalised
    mirror = {mode: (mode + norb) % (2 * norb) for mode in range(2 * norb)}
    for operator in paired:
        first, last = operator.excitations[0], operator.excitations[-1]
        assert {mirror[mode] for mode in first.created} == set(last.created)
        assert {mirror[mode] for mode in first.annihilated} == set(last.annihilated)


def test_derivatives_of_a_pool_are_commutators(lithium_hydride):
    pool = fermionic_pool(6, (2, 2), spin_adapted=True)
    grown = AdaptAnsatz(6, (2, 2)).extended(pool[3], pool[10])
    values = np.array([0.2, -0.3])
    candidates = grown.extended(*pool)
    simulator = FermionSimulator()
    at_zeros = np.concatenate([values, np.zeros(len(pool))])
    _, gradient = simulator.gradient(candidates.program, lithium_hydride.hamiltonian, at_zeros)
    step = 1e-4
    for index in (0, 7, len(pool) - 1):
        extended = grown.extended(pool[index])
        energies = [
            simulator.expectation_value(extended.program, lithium_hydride.hamiltonian, [*values, shift])
            for shift in (step, -step)
        ]
        assert gradient[2 + index] == pytest.approx((energies[0] - energies[1]) / (2 * step), abs=1e-7)


def test_an_ansatz_without_operators_is_the_reference(lithium_hydride):
    ansatz = AdaptAnsatz(6, (2, 2))
    energy = FermionSimulator().expectation_value(ansatz.program, lithium_hydride.hamiltonian, ())
    assert energy == pytest.approx(lithium_hydride.hartree_fock_energy, abs=1e-10)
    assert ansatz.num_parameters == ansatz.circuit.num_parameters == 0
    assert ansatz.extended().operators == ()


@pytest.mark.parametrize("ansatz", [KUpCCGSD(4, (2, 2), 2), KUpCCGSD(4, (3, 1), 1)])
def test_tied_singles_and_pairs_keep_the_spin(ansatz):
    state = FermionSimulator().state(ansatz.program, randomised(ansatz))
    spin = abs(ansatz.nelec[0] - ansatz.nelec[1]) / 2
    assert spin_squared(ansatz.program.sector, state) == pytest.approx(spin * (spin + 1), abs=1e-12)


def test_pairs_have_the_same_energy_on_half_the_qubits():
    ansatz = PairUCCD(4, (2, 2))
    parameters = randomised(ansatz)
    for spin_dependent in (False, True):
        hamiltonian = random_hamiltonian(4, np.random.default_rng(5), spin_dependent)
        expected = FermionSimulator().expectation_value(ansatz.program, hamiltonian, parameters)
        circuit = ansatz.to_circuit("pair", parameters=parameters)
        found = StatevectorSimulator().expectation_value(circuit, pair_hamiltonian(hamiltonian))
        assert found == pytest.approx(expected, abs=1e-10)


def test_pairs_of_two_electrons_are_exact_in_hydrogen(hydrogen):
    ansatz = PairUCCD(2, (1, 1))
    operator = pair_hamiltonian(hydrogen.hamiltonian)
    assert operator.num_qubits == 2
    found = VQE(ansatz.to_circuit("pair"), operator).run(ansatz.initial_parameters(hydrogen))
    assert found.energy == pytest.approx(-1.137306036, abs=1e-8)


def test_pairs_of_electrons_that_do_not_repel_have_diagonal_energies():
    operator = pair_hamiltonian(ElectronicHamiltonian(np.diag([1.0, 2.0]), None, 0.5))
    np.testing.assert_allclose(operator.diagonal(), [0.5, 2.5, 4.5, 6.5], atol=1e-14)


@pytest.mark.parametrize("ansatz", [KUpCCGSD(6, (2, 2), 2), PairUCCD(6, (2, 2))])
def test_perturbative_pairs_are_a_good_start(lithium_hydride, ansatz):
    parameters = ansatz.initial_parameters(lithium_hydride)
    energy = FermionSimulator().expectation_value(ansatz.program, lithium_hydride.hamiltonian, parameters)
    assert -7.882401932 < energy < lithium_hydride.hartree_fock_energy - 5e-3


def test_numbers_of_parameters():
    assert KUpCCGSD(5, (2, 2), 3).num_parameters == 3 * (10 + 10)
    assert KUpCCGSD(5, (2, 1), 2, spin_adapted=False).num_parameters == 2 * (10 + 20)
    assert PairUCCD(5, (2, 2)).num_parameters == 6
    assert HardwareEfficient(3, (1, 1), 2).num_parameters == 3 * 2 * 6


def test_hardware_efficient_circuits_start_at_the_reference(hydrogen):
    ansatz = HardwareEfficient(2, (1, 1), 3)
    operator = qubit_hamiltonian(hydrogen)
    simulator = StatevectorSimulator()
    for mapping in ("jordan_wigner", "parity"):
        circuit = ansatz.to_circuit(mapping, parameters=np.zeros(ansatz.num_parameters))
        bits = {"jordan_wigner": 0b0101, "parity": 0b0011}[mapping]
        assert abs(simulator.state_vector(circuit)[bits]) == pytest.approx(1.0, abs=1e-14)
    reference = simulator.expectation_value(ansatz.circuit, operator, np.zeros(ansatz.num_parameters))
    assert reference == pytest.approx(hydrogen.hartree_fock_energy, abs=1e-10)
    found = VQE(ansatz.circuit, operator).run(ansatz.initial_parameters(hydrogen, seed=1))
    assert found.energy == pytest.approx(-1.137306036, abs=1e-6)
    np.testing.assert_array_equal(ansatz.initial_parameters(hydrogen), ansatz.initial_parameters(hydrogen, 0))
    with pytest.raises(InputError, match="keeps no numbers of electrons"):
        _ = ansatz.program


def test_tapered_hardware_efficient_circuits_leave_the_highest_qubits_out():
    ansatz = HardwareEfficient(2, (1, 1), 1)
    mapping = fermion_mapping("parity", 4, (1, 1))
    circuit = ansatz.to_circuit(mapping)
    assert circuit.num_qubits == 2
    assert tuple(parameter.name for parameter in circuit.parameters) == ansatz.parameter_names
    used = {name for operation in circuit for e in operation.gate.expressions for name in e.terms}
    assert used == {f"{gate}_{layer}_{qubit}" for gate in ("ry", "rz") for layer in (0, 1) for qubit in (0, 1)}


def test_reprs_are_short():
    ansatz = AdaptAnsatz(4, (2, 2), fermionic_pool(4, (2, 2)))
    assert repr(ansatz) == "AdaptAnsatz(norb=4, nelec=(2, 2), 26 operators)"


def test_bound_circuits_run_with_shots_and_with_noise():
    ansatz = UCCSD(2, (1, 1))
    circuit = ansatz.to_circuit(parameters=[0.3, 0.0, 0.0], compact=True)
    ideal = get_backend("local").run(circuit.copy().measure_all(), shots=400, seed=1).result().counts
    assert set(ideal) == {"0101", "1010"}
    noise = NoiseModel().add(depolarizing(0.2, 2), gates=["cx", "cz"])
    noisy = get_backend("local", noise=noise).run(circuit.copy().measure_all(), shots=400, seed=1).result().counts
    assert len(noisy) > 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PoolOperator(()), "has excitations"),
        (lambda: PoolOperator((Excitation((0,), (1,)),), (1.0, 2.0)), "a coefficient for each"),
        (lambda: PoolOperator((1,)), "class Excitation"),
        (lambda: AdaptAnsatz(2, (1, 1), (Excitation((0,), (1,)),)), "class PoolOperator"),
        (lambda: fermionic_pool(3, (2, 1), spin_adapted=True), "generalised=True"),
        (lambda: PairUCCD(3, (2, 1)), "as many alpha as beta"),
        (lambda: KUpCCGSD(3, (2, 1), 0), "repetitions"),
        (lambda: HardwareEfficient(3, (2, 1), -1), "layers"),
        (lambda: pair_hamiltonian(None), "ElectronicHamiltonian"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_integrals_of_other_electrons_are_refused(lithium_hydride):
    for ansatz in (KUpCCGSD(6, (1, 1)), PairUCCD(6, (1, 1)), AdaptAnsatz(6, (1, 1)), HardwareEfficient(6, (1, 1))):
        with pytest.raises(InputError, match="got integrals of"):
            ansatz.initial_parameters(lithium_hydride)
