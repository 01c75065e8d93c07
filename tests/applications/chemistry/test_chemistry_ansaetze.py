"""Every ansatz is the same state in the sector engine and as a circuit under every mapping."""

import numpy as np
import pytest
from fermion_models import random_hamiltonian
from qiskit.quantum_info import Statevector

from qtoolkit import StatevectorSimulator
from qtoolkit.applications.chemistry import (
    LUCJ,
    UCCSD,
    UCJ,
    AdaptAnsatz,
    KUpCCGSD,
    PairUCCD,
    fermionic_pool,
    qubit_pool,
)
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.interop.qiskit import to_qiskit
from qtoolkit.operators import LinearEncoding, Tapering, fermion_mapping
from qtoolkit.simulators.fermion import FermionSimulator

ANSAETZE = {
    "uccsd": UCCSD(4, (2, 2)),
    "uccsd of an open shell": UCCSD(4, (3, 1)),
    "spin-adapted uccsd": UCCSD(4, (2, 2), spin_adapted=True),
    "1-upccgsd": KUpCCGSD(4, (2, 2)),
    "2-upccgsd of an open shell": KUpCCGSD(4, (3, 1), 2, spin_adapted=False),
    "pair-uccd": PairUCCD(4, (2, 2)),
    "fermionic adapt": AdaptAnsatz(4, (2, 1), fermionic_pool(4, (2, 1), generalised=True)[::5]),
    "spin-adapted adapt": AdaptAnsatz(4, (2, 2), fermionic_pool(4, (2, 2), spin_adapted=True)[::2]),
    "qubit adapt": AdaptAnsatz(4, (2, 1), qubit_pool(4, (2, 1), generalised=True)[::5]),
    "ucj": UCJ(4, (2, 2), 2),
    "real ucj": UCJ(4, (3, 1), 1, real_orbitals=True, final_rotation=False, same_spin_pairs=((0, 3), (1, 1))),
    "lucj": LUCJ(4, (2, 2), 2),
    "lucj of an open shell": LUCJ(4, (3, 1), 1, lattice="heavy-hex"),
}
ROTATING = {"ucj", "real ucj", "lucj", "lucj of an open shell"}
MAPPINGS = ["jordan_wigner", "parity", "bravyi_kitaev", "ternary_tree"]


def randomised(ansatz, seed=7):
    return np.random.default_rng(seed).normal(scale=0.4, size=ansatz.num_parameters)


def energies(ansatz, parameters, seed=1):
    """A random Hamiltonian, and its energy by the sector engine."""
    hamiltonian = random_hamiltonian(ansatz.norb, np.random.default_rng(seed), spin_dependent=True)
    return hamiltonian, FermionSimulator().expectation_value(ansatz.program, hamiltonian, parameters)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("name", ANSAETZE)
def test_circuits_have_the_energy_of_the_sector_engine(name, mapping):
    ansatz = ANSAETZE[name]
    parameters = randomised(ansatz)
    hamiltonian, expected = energies(ansatz, parameters)
    operator = fermion_mapping(mapping, ansatz.num_qubits).map(hamiltonian)
    circuit = ansatz.to_circuit(mapping, parameters=parameters)
    assert StatevectorSimulator().expectation_value(circuit, operator) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("name", ANSAETZE)
def test_tapered_circuits_have_the_energy_of_the_sector_engine(name, mapping):
    ansatz = ANSAETZE[name]
    parameters = randomised(ansatz, seed=8)
    hamiltonian, expected = energies(ansatz, parameters)
    qubits = fermion_mapping(mapping, ansatz.num_qubits)
    operator = qubits.map(hamiltonian)
    occupied = [*range(ansatz.nelec[0]), *range(ansatz.norb, ansatz.norb + ansatz.nelec[1])]
    tapering = Tapering.for_state(operator, qubits.occupation_bits(occupied))
    circuit = ansatz.to_circuit(mapping, tapering, parameters=parameters)
    assert circuit.num_qubits == ansatz.num_qubits - 2
    found = StatevectorSimulator().expectation_value(circuit, tapering.taper(operator))
    assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ["uccsd", "qubit adapt", "lucj of an open shell"])
def test_parities_of_both_spins_take_no_qubit(name):
    ansatz = ANSAETZE[name]
    parameters = randomised(ansatz)
    hamiltonian, expected = energies(ansatz, parameters)
    mapping = fermion_mapping("parity", ansatz.num_qubits, ansatz.nelec)
    circuit = ansatz.to_circuit(mapping, parameters=parameters)
    assert circuit.num_qubits == ansatz.num_qubits - 2
    found = StatevectorSimulator().expectation_value(circuit, mapping.map(hamiltonian))
    assert found == pytest.approx(expected, abs=1e-10)


def test_point_groups_take_qubits_off_an_ansatz_that_keeps_them(lithium_hydride):
    ansatz = UCCSD(6, (2, 2), orbital_symmetries=lithium_hydride.orbital_symmetries)
    parameters = randomised(ansatz)
    expected = FermionSimulator().expectation_value(ansatz.program, lithium_hydride.hamiltonian, parameters)
    mapping = fermion_mapping("jordan_wigner", 12)
    operator = mapping.map(lithium_hydride.hamiltonian)
    tapering = Tapering.for_state(operator, mapping.occupation_bits([0, 1, 6, 7]))
    circuit = ansatz.to_circuit(mapping, tapering)
    assert circuit.num_qubits == 8
    assert circuit.num_parameters == ansatz.num_parameters == 34
    found = StatevectorSimulator().expectation_value(circuit, tapering.taper(operator), parameters)
    assert found == pytest.approx(expected, abs=1e-10)
    with pytest.raises(OperatorError, match="do not commute with the symmetries"):
        UCCSD(6, (2, 2)).to_circuit(mapping, tapering)


@pytest.mark.parametrize("name", ANSAETZE)
def test_compact_circuits_are_the_states_of_the_sector_engine(name):
    ansatz = ANSAETZE[name]
    parameters = randomised(ansatz)
    state = ansatz.program.sector.embed(FermionSimulator().state(ansatz.program, parameters))
    found = StatevectorSimulator().state_vector(ansatz.to_circuit(parameters=parameters, compact=True))
    np.testing.assert_allclose(found, state, atol=1e-12)


@pytest.mark.parametrize("name", ANSAETZE)
def test_jordan_wigner_circuits_are_the_states_of_the_sector_engine(name):
    ansatz = ANSAETZE[name]
    parameters = randomised(ansatz)
    state = ansatz.program.sector.embed(FermionSimulator().state(ansatz.program, parameters))
    found = StatevectorSimulator().state_vector(ansatz.to_circuit(parameters=parameters))
    np.testing.assert_allclose(found, state, atol=1e-12)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("name", ["spin-adapted uccsd", "qubit adapt", "lucj"])
def test_qiskit_runs_the_same_circuits(name, compact):
    ansatz = ANSAETZE[name]
    parameters = randomised(ansatz)
    state = ansatz.program.sector.embed(FermionSimulator().state(ansatz.program, parameters))
    found = Statevector(to_qiskit(ansatz.to_circuit(parameters=parameters, compact=compact)))
    np.testing.assert_allclose(found.data, state, atol=1e-10)


@pytest.mark.parametrize("name", sorted(set(ANSAETZE) - ROTATING))
def test_free_parameters_keep_their_order(name):
    ansatz = ANSAETZE[name]
    circuit = ansatz.circuit
    assert tuple(parameter.name for parameter in circuit.parameters) == ansatz.parameter_names
    assert len(set(ansatz.parameter_names)) == ansatz.num_parameters == ansatz.program.num_parameters
    parameters = randomised(ansatz)
    simulator = StatevectorSimulator()
    np.testing.assert_allclose(
        simulator.state_vector(circuit.bind(parameters)),
        simulator.state_vector(ansatz.to_circuit(parameters=parameters)),
        atol=1e-13,
    )


def test_any_linear_encoding_is_a_mapping():
    ansatz = UCCSD(2, (1, 1))
    encoding = LinearEncoding([0b1011, 0b0110, 0b1100, 0b1000])
    parameters = randomised(ansatz)
    hamiltonian, expected = energies(ansatz, parameters)
    operator = encoding.map(hamiltonian)
    circuit = ansatz.to_circuit(encoding, parameters=parameters)
    assert StatevectorSimulator().expectation_value(circuit, operator) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UCCSD(2, (1, 1)).to_circuit("fenwick"), "mapping is one of"),
        (lambda: UCCSD(2, (1, 1)).to_circuit(LinearEncoding([1, 2])), "one of 2 modes"),
        (lambda: UCCSD(2, (1, 1)).to_circuit(tapering=1), "must be a Tapering"),
        (lambda: UCCSD(2, (1, 1)).to_circuit(parameters=[1.0]), "3 finite numbers"),
        (lambda: UCCSD(2, (1, 1)).to_circuit(parameters=[1.0, np.nan, 0.0]), "3 finite numbers"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises((InputError, OperatorError), match=message):
        call()
