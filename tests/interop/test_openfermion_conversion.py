import numpy as np
import openfermion
import pytest
import sympy
from fermion_models import random_hamiltonian
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit import _optional, from_openfermion, from_qiskit_nature, to_openfermion, to_qiskit_nature
from qtoolkit.errors import ConversionError, MissingExtraError
from qtoolkit.operators import ElectronicHamiltonian, FermionOperator, PauliString, PauliSum, jordan_wigner

F = FermionOperator.from_string

FACTORS = st.lists(st.tuples(st.integers(0, 7), st.booleans()), max_size=4).map(tuple)
NUMBERS = st.complex_numbers(max_magnitude=10.0, allow_nan=False)
OPERATORS = st.dictionaries(FACTORS, NUMBERS, max_size=6).map(FermionOperator)


@settings(deadline=None, max_examples=50)
@given(OPERATORS)
def test_fermions_come_back_in_either_order(op):
    assert from_openfermion(to_openfermion(op)) == op
    theirs = to_openfermion(op, interleaved=True, norb=4)
    assert from_openfermion(theirs, interleaved=True, norb=4) == op
    assert all(type(number) is int for product in theirs.terms for factor in product for number in factor)


def test_blocks_become_alternating_spins_and_back():
    theirs = openfermion.FermionOperator("0^ 3", 2.0) + openfermion.FermionOperator("5^ 4")
    ours = F("0^ 4", 2.0) + F("5^ 2")
    assert from_openfermion(theirs, interleaved=True, norb=3) == ours
    assert to_openfermion(ours, interleaved=True, norb=3) == theirs
    assert from_openfermion(theirs) == F("0^ 3", 2.0) + F("5^ 4")


@pytest.mark.parametrize("norb", [1, 3])
def test_their_molecular_hamiltonian_is_ours(rng, norb):
    """An `InteractionOperator` from spatial integrals as OpenFermion builds it, in its order of indices and modes."""
    ours = random_hamiltonian(norb, rng, False)
    one_body, two_body = openfermion.chem.molecular_data.spinorb_from_spatial(
        ours.one_body_tensor, ours.two_body_tensor.transpose(0, 2, 3, 1)
    )
    theirs = openfermion.InteractionOperator(ours.constant, one_body, 0.5 * two_body)
    assert from_openfermion(theirs, interleaved=True).allclose(ours.to_fermion_operator(), 1e-10)
    back = to_openfermion(ours, interleaved=True)
    difference = openfermion.normal_ordered(back - openfermion.get_fermion_operator(theirs))
    assert max(map(abs, difference.terms.values()), default=0.0) < 1e-10


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_their_mapped_operator_is_ours(rng):
    ours = random_hamiltonian(2, rng, True)
    theirs = openfermion.jordan_wigner(to_openfermion(ours))
    assert from_openfermion(theirs, 4).allclose(jordan_wigner(ours), 1e-10)
    assert openfermion.QubitOperator.isclose(theirs, to_openfermion(jordan_wigner(ours)), atol=1e-10)


@pytest.mark.parametrize(("num_qubits", "num_terms"), [(1, 2), (4, 30), (62, 5)])
def test_pauli_sums_come_back(rng, num_qubits, num_terms):
    masks = rng.integers(1 << num_qubits, size=(2, num_terms))
    op = PauliSum(masks[0], masks[1], rng.normal(size=num_terms) + 1j * rng.normal(size=num_terms), num_qubits)
    assert from_openfermion(to_openfermion(op), num_qubits) == op


def test_letters_are_read_as_they_are():
    theirs = openfermion.QubitOperator("X0 Y2 Z3", 0.5) + openfermion.QubitOperator("", 2.0)
    assert from_openfermion(theirs) == PauliSum.from_list([("ZYIX", 0.5), ("IIII", 2.0)])
    assert to_openfermion(PauliString("ZYIX")) == openfermion.QubitOperator("X0 Y2 Z3")
    assert from_openfermion(openfermion.QubitOperator("", 2.0), 2) == 2 * PauliSum.identity(2)
    assert from_openfermion(openfermion.QubitOperator(), 2) == PauliSum.zero(2)
    assert from_openfermion(openfermion.FermionOperator()) == FermionOperator.zero()


QUBITS, FERMIONS = openfermion.QubitOperator("X5"), openfermion.FermionOperator("5^ 0")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: from_openfermion("X0"),
            "must be a QubitOperator, a FermionOperator or what get_fermion_operator takes",
        ),
        (lambda: from_openfermion(FERMIONS, 6), "num_qubits is for a QubitOperator, got 6 and a FermionOperator"),
        (lambda: from_openfermion(QUBITS, 5), "acts on 6 qubits, more than num_qubits=5"),
        (lambda: from_openfermion(QUBITS, 63), "num_qubits must be an integer of at most 62"),
        (lambda: from_openfermion(openfermion.QubitOperator("")), "no register of its own: give num_qubits"),
        (lambda: from_openfermion(QUBITS, interleaved=True), "reorder the fermionic operator with interleaved=True"),
        (lambda: to_openfermion(PauliString("X"), interleaved=True), "cannot be changed afterwards"),
        (lambda: from_openfermion(FERMIONS, interleaved=True), "alternating spins: give norb, their half"),
        (lambda: to_openfermion(F("0^ 1"), interleaved=True), "alternating spins: give norb, their half"),
        (lambda: from_openfermion(FERMIONS, interleaved=True, norb=2), "2 spatial orbitals have 4 modes, but .* on 6"),
        (lambda: to_openfermion(F("4"), interleaved=True, norb=2), "2 spatial orbitals have 4 modes, but .* on 5"),
        (lambda: to_openfermion("0^ 1"), "must be a fermionic operator or a Pauli sum, got '0"),
        (lambda: from_openfermion(FERMIONS * sympy.Symbol("t")), "must be numbers, got .*t: substitute symbols"),
    ],
)
def test_what_cannot_be_converted_is_named(call, message):
    with pytest.raises(ConversionError, match=message):
        call()


def test_largest_register():
    with pytest.raises(ConversionError, match="at most 62"):
        from_openfermion(openfermion.QubitOperator("X70"))
    assert to_openfermion(ElectronicHamiltonian(np.zeros((1, 1)))) == openfermion.FermionOperator()


def test_without_the_package_the_extra_is_named(monkeypatch):
    def missing(module):
        raise ModuleNotFoundError(module, name=module)

    monkeypatch.setattr(_optional.importlib, "import_module", missing)
    for convert in (from_openfermion, to_openfermion, from_qiskit_nature, to_qiskit_nature):
        with pytest.raises(MissingExtraError, match=r'pip install "qtoolkit-quantum\[interop\]"'):
            convert(F("0"))
