import pickle

import numpy as np
import openfermion
import pytest
from fermion_models import random_hamiltonian
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit.errors import OperatorError
from qtoolkit.operators import (
    ElectronicHamiltonian,
    FermionMapping,
    FermionOperator,
    LinearEncoding,
    PauliString,
    PauliSum,
    Tapering,
    bravyi_kitaev,
    fermion_mapping,
    jordan_wigner,
    number_operator,
    parity,
    ternary_tree,
)
from qtoolkit.operators.mappings import _products, bravyi_kitaev_encoding, jordan_wigner_encoding, parity_encoding

F = FermionOperator.from_string
MAPPINGS = {
    "jordan_wigner": (jordan_wigner, jordan_wigner_encoding, lambda op, n: openfermion.jordan_wigner(op)),
    "parity": (
        parity,
        parity_encoding,
        lambda op, n: openfermion.binary_code_transform(op, openfermion.parity_code(n)),
    ),
    "bravyi_kitaev": (bravyi_kitaev, bravyi_kitaev_encoding, openfermion.bravyi_kitaev),
}
NAMES = [*MAPPINGS, "ternary_tree"]
each_name = pytest.mark.parametrize("name", NAMES)
each_mapping = pytest.mark.parametrize(("mapping", "encoding", "reference"), MAPPINGS.values(), ids=MAPPINGS.keys())


def to_pauli_sum(op: openfermion.QubitOperator, num_qubits: int) -> PauliSum:
    return PauliSum.from_strings(
        [PauliString.from_sparse(dict(letters), num_qubits) for letters in op.terms], op.terms.values(), num_qubits
    )


@each_mapping
@pytest.mark.parametrize("num_modes", [2, 3, 4, 6, 8, 13])
def test_mappings_agree_with_openfermion(random_fermions, mapping, encoding, reference, num_modes):
    fermions = random_fermions(num_modes, 15)
    theirs = reference(
        sum((openfermion.FermionOperator(p, c) for p, c in fermions), openfermion.FermionOperator()), num_modes
    )
    assert mapping(fermions, num_modes).allclose(to_pauli_sum(theirs, num_modes), 1e-12)
    assert encoding(num_modes).map(fermions) == mapping(fermions, num_modes)


def test_jordan_wigner_is_known():
    annihilate = PauliSum.from_list([("XZZ", 0.5), ("YZZ", 0.5j)])
    assert jordan_wigner(F("2")) == annihilate
    assert jordan_wigner(F("2^")) == annihilate.adjoint()
    assert jordan_wigner(F("1^ 1"), 3) == PauliSum.from_list([("III", 0.5), ("IZI", -0.5)])
    assert jordan_wigner(FermionOperator.identity(), 2) == PauliSum.identity(2)
    assert jordan_wigner(FermionOperator.zero(), 2) == PauliSum.zero(2)


def test_bravyi_kitaev_strings_are_short():
    weights = [string.weight for string, _ in bravyi_kitaev(F("40"), 62)]
    assert max(weights) <= 1 + 6
    assert max(string.weight for string, _ in jordan_wigner(F("40"), 62)) == 41


@each_mapping
def test_mappings_are_homomorphisms(random_fermions, mapping, encoding, reference):
    a, b = random_fermions(5, 6), random_fermions(5, 6)
    assert (mapping(a, 5) @ mapping(b, 5)).allclose(mapping(a @ b, 5))
    assert mapping(a.adjoint(), 5).allclose(mapping(a, 5).adjoint())
    assert mapping(a.normal_ordered(), 5).allclose(mapping(a, 5))


@each_mapping
@pytest.mark.parametrize("num_modes", [1, 5, 62])
def test_encoded_occupations_have_the_right_numbers(rng, mapping, encoding, reference, num_modes):
    code = encoding(num_modes)
    for _ in range(5):
        occupation = int(rng.integers(1 << num_modes))
        state = code.occupation_bits([mode for mode in range(num_modes) if occupation >> mode & 1])
        for mode in range(min(num_modes, 6)):
            number = mapping(F(f"{mode}^ {mode}"), num_modes)
            signs = [(-1) ** (int(z) & state).bit_count() for z in number.z_masks]
            assert number.is_diagonal()
            assert np.dot(number.coefficients, signs) == occupation >> mode & 1


def test_all_mappings_share_the_spectrum(random_fermions):
    fermions = random_fermions(4, 10)
    hermitian = fermions + fermions.adjoint()
    expected = jordan_wigner(hermitian, 4).eigenvalues()
    for mapping in (parity, bravyi_kitaev, ternary_tree):
        np.testing.assert_allclose(mapping(hermitian, 4).eigenvalues(), expected, atol=1e-10)


def test_any_invertible_matrix_is_an_encoding(random_fermions):
    code = LinearEncoding([0b0110, 0b0101, 0b1111, 0b0100])
    fermions = random_fermions(4, 10)
    hermitian = fermions + fermions.adjoint()
    np.testing.assert_allclose(code.map(hermitian).eigenvalues(), jordan_wigner(hermitian, 4).eigenvalues(), atol=1e-10)
    assert code.occupation_bits([0, 1, 2]) == 0b1100


def test_chunks_change_nothing(random_fermions, monkeypatch):
    fermions = random_fermions(5, 40)
    whole = jordan_wigner(fermions, 5)
    monkeypatch.setattr(_products, "_STRINGS_PER_CHUNK", 20)
    assert jordan_wigner(fermions, 5).allclose(whole, 1e-13)


def test_small_coefficients_are_dropped_on_request():
    op = F("0^ 0") + F("1^ 1", 1e-9)
    assert len(jordan_wigner(op)) == 3
    assert jordan_wigner(op, atol=1e-8).to_list() == [("II", 0.5 + 0.5e-9), ("IZ", -0.5)]


def test_largest_register():
    total = jordan_wigner(number_operator(62))
    assert (len(total), total.num_qubits, total.constant) == (63, 62, 31)


@each_mapping
def test_bad_sizes_are_refused(mapping, encoding, reference):
    with pytest.raises(OperatorError, match=r"acts on 3 modes but the mapping has 2: give a num_modes"):
        mapping(F("2"), 2)
    with pytest.raises(OperatorError, match="has no modes of its own: give num_modes"):
        mapping(FermionOperator.identity())
    with pytest.raises(OperatorError, match="at most 62 qubits"):
        mapping(F("62"))
    with pytest.raises(OperatorError, match="at least one qubit"):
        encoding(0)
    for modes in ([2], [-1], [0, 0]):
        with pytest.raises(OperatorError, match=r"modes must be distinct and in \[0, 2\)"):
            encoding(2).occupation_bits(modes)
    with pytest.raises(OperatorError, match=r"a state index must be in \[0, 2\^2\)"):
        encoding(2).occupied_modes(4)


@pytest.mark.parametrize(
    ("rows", "message"),
    [([1, 1], "must be invertible modulo 2"), ([1, 4], r"must be in \[0, 2\^2\)"), ([], "at least one")],
)
def test_bad_encodings_are_refused(rows, message):
    with pytest.raises(OperatorError, match=message):
        LinearEncoding(rows)


@each_name
@pytest.mark.parametrize("num_modes", [1, 2, 5, 13, 62])
def test_majorana_strings_anticommute_and_make_the_mapping(name, num_modes):
    mapping = fermion_mapping(name, num_modes)
    strings = mapping.majoranas
    for place, string in enumerate(strings):
        assert not any(string.commutes_with(other) for other in strings[:place])
        mode = FermionOperator.from_string(f"{place // 2}")
        factor = -1j if place % 2 else 1
        majorana = mapping.map(factor * mode + (factor * mode).adjoint())
        assert majorana.allclose(string) or majorana.allclose(-string.to_sum())
    again = FermionMapping(strings, mapping.name)
    state = mapping.occupation_bits(range(0, num_modes, 2))
    assert again.occupied_modes(state) == tuple(range(0, num_modes, 2))


@each_name
@pytest.mark.parametrize("num_modes", [1, 4, 7])
def test_any_mapping_keeps_the_algebra(rng, name, num_modes):
    mapping = fermion_mapping(name, num_modes)
    ladders = [mapping.map(F(f"{mode}")) for mode in range(num_modes)]
    identity = PauliSum.identity(num_modes)
    for i, lower in enumerate(ladders):
        for j, other in enumerate(ladders):
            assert lower.anticommutator(other).allclose(PauliSum.zero(num_modes))
            assert lower.anticommutator(other.adjoint()).allclose((i == j) * identity)


@each_name
def test_determinants_are_basis_states(rng, name):
    """Filling modes from ``|0...0⟩``, the highest first, ends in the state that the mapping names, up to a phase."""
    mapping = fermion_mapping(name, 6)
    for occupation in range(64):
        modes = [mode for mode in range(6) if occupation >> mode & 1]
        state = np.eye(64)[0].astype(complex)
        for mode in reversed(modes):
            state = mapping.map(F(f"{mode}^")).apply(state)
        place = mapping.occupation_bits(modes)
        amplitude = state[place]
        assert abs(amplitude) == pytest.approx(1.0, abs=1e-14)
        assert amplitude == 1.0 or not isinstance(mapping, LinearEncoding)
        assert mapping.occupied_modes(place) == tuple(modes)


@each_name
@pytest.mark.parametrize(("norb", "spin_dependent"), [(1, False), (2, True), (3, True), (4, False)])
def test_hamiltonians_map_as_their_ladder_products_do(rng, name, norb, spin_dependent):
    hamiltonian = random_hamiltonian(norb, rng, spin_dependent)
    mapping = fermion_mapping(name, 2 * norb)
    mapped = mapping.map(hamiltonian)
    assert mapped.allclose(mapping.map(hamiltonian.to_fermion_operator(atol=0)), 1e-12)
    assert mapped.is_hermitian(0)
    assert (np.diff(mapped.x_masks) >= 0).all()


def test_hamiltonians_leave_idle_modes_and_negligible_terms_out():
    one_body = ElectronicHamiltonian(np.diag([1.0, 1e-13]), constant=0.5)
    mapped = jordan_wigner(one_body, 5)
    assert [string for string, _ in mapped.to_list()] == ["IIIII", "IIIIZ", "IIZII"]
    np.testing.assert_allclose(mapped.coefficients, [1.5, -0.5, -0.5], atol=1e-12)
    assert len(jordan_wigner(one_body, atol=0)) == 5
    assert jordan_wigner(ElectronicHamiltonian(np.zeros((1, 1)))) == PauliSum.zero(2)
    with pytest.raises(OperatorError, match="acts on 4 modes but the mapping has 3"):
        jordan_wigner(one_body, 3)


def test_public_functions_take_hamiltonians(rng):
    hamiltonian = random_hamiltonian(2, rng, True)
    for name, function in zip(NAMES, (jordan_wigner, parity, bravyi_kitaev, ternary_tree), strict=True):
        assert function(hamiltonian) == fermion_mapping(name, 4).map(hamiltonian)


def test_ternary_tree_strings_have_the_least_weight():
    for num_modes in (1, 2, 4, 13, 20, 40, 62):
        deepest = next(depth for depth in range(9) if 3**depth >= 2 * num_modes + 1)
        weights = [string.weight for string in fermion_mapping("ternary_tree", num_modes).majoranas]
        assert max(weights) == deepest
    assert [str(string) for string in fermion_mapping("ternary_tree", 1).majoranas] == ["X", "Y"]


FACTORS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=5).map(tuple)
NUMBERS = st.complex_numbers(max_magnitude=10.0, allow_nan=False)
OPERATORS = st.dictionaries(FACTORS, NUMBERS, max_size=6).map(FermionOperator)


@settings(deadline=None, max_examples=40)
@given(OPERATORS, OPERATORS)
def test_products_adjoints_and_orders_commute_with_every_mapping(a, b):
    for name in NAMES:
        mapping = fermion_mapping(name, 5)
        assert (mapping.map(a) @ mapping.map(b)).allclose(mapping.map(a @ b), 1e-9)
        assert mapping.map(a.adjoint()).allclose(mapping.map(a).adjoint(), 1e-10)
        assert mapping.map((a @ b).normal_ordered()).allclose(mapping.map(a @ b), 1e-9)


@pytest.mark.parametrize("nelec", [(0, 0), (1, 1), (2, 1), (1, 0), (3, 2)])
def test_reduced_parity_has_the_spectrum_of_its_parities(rng, nelec):
    hamiltonian = random_hamiltonian(3, rng, True)
    mapping = fermion_mapping("parity", 6, nelec)
    assert (mapping.num_modes, mapping.num_qubits) == (6, 4)
    full = jordan_wigner(hamiltonian).to_matrix()
    states = [
        state
        for state in range(64)
        if all((bits.bit_count() - n) % 2 == 0 for bits, n in zip((state & 7, state >> 3), nelec, strict=True))
    ]
    expected = np.linalg.eigvalsh(full[np.ix_(states, states)])
    mapped = mapping.map(hamiltonian)
    np.testing.assert_allclose(mapped.eigenvalues(), expected, atol=1e-10)
    assert mapped == parity(hamiltonian, nelec=nelec)
    assert mapped.allclose(mapping.map(hamiltonian.to_fermion_operator()), 1e-12)
    diagonal = np.diag(mapped.to_matrix()).real
    for state in states:
        modes = tuple(mode for mode in range(6) if state >> mode & 1)
        bits = mapping.occupation_bits(modes)
        assert mapping.occupied_modes(bits) == modes
        assert diagonal[bits] == pytest.approx(full[state, state].real, abs=1e-12)


def test_reduced_parity_refuses_what_it_takes_for_granted():
    mapping = fermion_mapping("parity", 4, (1, 1))
    with pytest.raises(OperatorError, match="do not commute with the symmetries"):
        mapping.map(F("0^ 2") + F("2^ 0"))
    with pytest.raises(OperatorError, match="is in another sector"):
        mapping.occupation_bits([0, 1])
    with pytest.raises(OperatorError, match="tapered already"):
        mapping.tapered(mapping.tapering)
    with pytest.raises(OperatorError, match="must be one of 6 qubits, got one of 4"):
        fermion_mapping("parity", 6).tapered(mapping.tapering)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("jw", 4), "a mapping is one of jordan_wigner, parity, bravyi_kitaev, ternary_tree, or a FermionMapping, got"),
        ((None, 4), "a mapping is one of"),
        (("jordan_wigner", 4, (1, 1)), "off the parity mapping, not off jordan_wigner; use Tapering there"),
        (("parity", 5, (1, 1)), "an even number of modes from 4 on, got 5"),
        (("parity", 2, (1, 1)), "an even number of modes from 4 on, got 2"),
        (("parity", 4, (1, 3)), "a number of electrons must be an integer of at most 2, got 3"),
        (("parity", 4, (1,)), r"nelec is a pair \(n_alpha, n_beta\)"),
        (("parity", 63), "at most 62 qubits"),
        ((LinearEncoding([1, 2]), 4), "'linear' is one of 2 modes and stays as it is, got num_modes=4"),
    ],
)
def test_unknown_mappings_are_refused(arguments, message):
    with pytest.raises(OperatorError, match=message):
        fermion_mapping(*arguments)


def test_a_mapping_of_ones_own_is_taken_as_it_is(rng):
    mine = LinearEncoding([0b11, 0b10], "mine")
    assert fermion_mapping(mine, 2) is mine
    assert mine.name == "mine"
    tapered = mine.tapered(Tapering((PauliString("IZ"),), (-1,)), "shorter")
    assert (tapered.name, tapered.num_modes, tapered.num_qubits) == ("shorter", 2, 1)
    assert tapered.map(F("0^ 1")) == PauliSum.from_list([("X", 0.5), ("Y", 0.5j)])


def test_mappings_are_values():
    for name in NAMES:
        mapping = fermion_mapping(name, 5)
        again = pickle.loads(pickle.dumps(mapping))
        assert again == mapping == fermion_mapping(name, 5)
        assert hash(again) == hash(mapping)
        assert mapping != fermion_mapping(name, 6)
        assert repr(mapping).endswith(f"(name='{name}', num_modes=5, tapering=None)")


@pytest.mark.parametrize(
    ("strings", "message"),
    [
        (["X", "Y", "Z"], "a mapping of n modes takes 2n strings on n qubits, got 3"),
        (["XI", "YI"], r"got 2 on \[2\] qubits"),
        (["X", "X"], "must anticommute, but X and X do not"),
        (["X", "Z"], "must have X and Y on the same qubits"),
        ([], "at least one qubit"),
    ],
)
def test_strings_that_are_no_mapping_are_refused(strings, message):
    with pytest.raises(OperatorError, match=message):
        FermionMapping(strings)


def test_numbers_of_modes_are_integers() -> None:
    for odd in (np.array([]), 2.5, "4"):
        with pytest.raises(OperatorError, match="num_modes"):
            fermion_mapping(fermion_mapping("jordan_wigner", 4), odd)  # type: ignore[arg-type]
