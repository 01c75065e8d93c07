import numpy as np
import pytest
from fermion_models import random_hamiltonian
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit import from_qiskit_nature, to_qiskit_nature
from qtoolkit.errors import ConversionError
from qtoolkit.interop.operators import pauli_sum_from_qiskit
from qtoolkit.operators import ElectronicHamiltonian, FermionOperator, bravyi_kitaev, jordan_wigner, parity

F = FermionOperator.from_string


operators = pytest.importorskip("qiskit_nature.second_q.operators", reason="Qiskit Nature is not installed")
mappers = pytest.importorskip("qiskit_nature.second_q.mappers")
hamiltonians = pytest.importorskip("qiskit_nature.second_q.hamiltonians")

FACTORS = st.lists(st.tuples(st.integers(0, 7), st.booleans()), max_size=4).map(tuple)
NUMBERS = st.complex_numbers(max_magnitude=10.0, allow_nan=False)
OPERATORS = st.dictionaries(FACTORS, NUMBERS, max_size=6).map(FermionOperator)


@settings(deadline=None, max_examples=50)
@given(OPERATORS)
def test_operators_come_back(op):
    theirs = to_qiskit_nature(op, 8)
    assert theirs.num_spin_orbitals == 8
    assert from_qiskit_nature(theirs) == op


def test_labels_are_read_as_they_are():
    theirs = operators.FermionicOp({"+_0 -_1": 0.5, "": 2.0, "+_3 +_2 -_12 -_0": 1j}, num_spin_orbitals=13)
    ours = F("0^ 1", 0.5) + 2 * FermionOperator.identity() + F("3^ 2^ 12 0", 1j)
    assert from_qiskit_nature(theirs) == ours
    assert to_qiskit_nature(ours) == theirs


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (jordan_wigner, mappers.JordanWignerMapper()),
        (parity, mappers.ParityMapper()),
        (bravyi_kitaev, mappers.BravyiKitaevMapper()),
    ],
)
def test_their_hamiltonian_and_mappings_are_ours(ours, theirs):
    hamiltonian = random_hamiltonian(2, np.random.default_rng(5), False)
    energy = hamiltonians.ElectronicEnergy.from_raw_integrals(hamiltonian.one_body_tensor, hamiltonian.two_body_tensor)
    energy.nuclear_repulsion_energy = hamiltonian.constant
    converted = from_qiskit_nature(energy.second_q_op())
    without = ElectronicHamiltonian(hamiltonian.one_body_tensor, hamiltonian.two_body_tensor)
    assert converted.allclose(without.to_fermion_operator(), 1e-10)
    mapped = pauli_sum_from_qiskit(theirs.map(to_qiskit_nature(hamiltonian)))
    assert mapped.allclose(ours(hamiltonian), 1e-10)


def test_their_reduced_parity_is_ours():
    hamiltonian = random_hamiltonian(3, np.random.default_rng(6), False)
    for nelec in [(1, 1), (2, 1), (3, 2)]:
        mapped = mappers.ParityMapper(num_particles=nelec).map(to_qiskit_nature(hamiltonian))
        assert pauli_sum_from_qiskit(mapped).allclose(parity(hamiltonian, nelec=nelec), 1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_qiskit_nature(F("0")), "must be a FermionicOp, got FermionOperator; second_q_op"),
        (lambda: to_qiskit_nature("+_0"), "must be a fermionic operator, got"),
        (lambda: to_qiskit_nature(F("4"), 4), "num_spin_orbitals must be an integer of at least 5, got 4"),
    ],
)
def test_what_cannot_be_converted_is_named(call, message):
    with pytest.raises(ConversionError, match=message):
        call()


def test_free_parameters_are_named():
    from qiskit.circuit import Parameter

    with pytest.raises(ConversionError, match=r"must be numbers, got .*: call assign_parameters first"):
        from_qiskit_nature(operators.FermionicOp({"+_0": Parameter("a")}, num_spin_orbitals=1))
