"""Every ansatz is the same state in the sector engine and as a circuit under every mapping."""

import numpy as np
import pytest
from fermion_models import random_hamiltonian

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
from qtoolkit.errors import InputError
from qtoolkit.operators import LinearEncoding, bravyi_kitaev, jordan_wigner, parity
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
MAPPINGS = {"jordan_wigner": jordan_wigner, "parity": parity, "bravyi_kitaev": bravyi_kitaev}


def randomised(ansatz, seed=7):
    return np.random.default_rng(seed).normal(scale=0.4, size=ansatz.num_parameters)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("name", ANSAETZE)
def test_circuits_have_the_energy_of_the_sector_engine(name, mapping):
    ansatz = ANSAETZE[name]
    hamiltonian = random_hamiltonian(ansatz.norb, np.random.default_rng(1), spin_dependent=True)
    parameters = randomised(ansatz)
    expected = FermionSimulator().expectation_value(ansatz.program, hamiltonian, parameters)
    operator = MAPPINGS[mapping](hamiltonian.to_fermion_operator(), ansatz.num_qubits)
    circuit = ansatz.to_circuit(mapping, parameters=parameters)
    assert StatevectorSimulator().expectation_value(circuit, operator) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ANSAETZE)
def test_jordan_wigner_circuits_are_the_states_of_the_sector_engine(name):
    ansatz = ANSAETZE[name]
    parameters = randomised(ansatz)
    state = ansatz.program.sector.embed(FermionSimulator().state(ansatz.program, parameters))
    found = StatevectorSimulator().state_vector(ansatz.to_circuit(parameters=parameters))
    np.testing.assert_allclose(found, state, atol=1e-12)


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
    hamiltonian = random_hamiltonian(2, np.random.default_rng(1), spin_dependent=True)
    encoding = LinearEncoding([0b1011, 0b0110, 0b1100, 0b1000])
    parameters = randomised(ansatz)
    expected = FermionSimulator().expectation_value(ansatz.program, hamiltonian, parameters)
    operator = encoding.encode(hamiltonian.to_fermion_operator())
    circuit = ansatz.to_circuit(encoding, parameters=parameters)
    assert StatevectorSimulator().expectation_value(circuit, operator) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UCCSD(2, (1, 1)).to_circuit("fenwick"), "mapping is one of"),
        (lambda: UCCSD(2, (1, 1)).to_circuit(LinearEncoding([1, 2])), "2 modes, but there are 4"),
        (lambda: UCCSD(2, (1, 1)).to_circuit(parameters=[1.0]), "3 finite numbers"),
        (lambda: UCCSD(2, (1, 1)).to_circuit(parameters=[1.0, np.nan, 0.0]), "3 finite numbers"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
