import numpy as np
import openfermion
import pytest

from qtoolkit.errors import OperatorError
from qtoolkit.operators import (
    FermionOperator,
    LinearEncoding,
    PauliString,
    PauliSum,
    bravyi_kitaev,
    jordan_wigner,
    number_operator,
    parity,
)
from qtoolkit.operators.mappings import bravyi_kitaev_encoding, jordan_wigner_encoding, linear_encoding, parity_encoding

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
    assert encoding(num_modes).encode(fermions) == mapping(fermions, num_modes)


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
        state = code.encode_occupation(occupation)
        for mode in range(min(num_modes, 6)):
            number = mapping(F(f"{mode}^ {mode}"), num_modes)
            signs = [(-1) ** (int(z) & state).bit_count() for z in number.z_masks]
            assert number.is_diagonal()
            assert np.dot(number.coefficients, signs) == occupation >> mode & 1


def test_all_mappings_share_the_spectrum(random_fermions):
    fermions = random_fermions(4, 10)
    hermitian = fermions + fermions.adjoint()
    expected = jordan_wigner(hermitian, 4).eigenvalues()
    for mapping in (parity, bravyi_kitaev):
        np.testing.assert_allclose(mapping(hermitian, 4).eigenvalues(), expected, atol=1e-10)


def test_any_invertible_matrix_is_an_encoding(random_fermions):
    code = LinearEncoding([0b0110, 0b0101, 0b1111, 0b0100])
    fermions = random_fermions(4, 10)
    hermitian = fermions + fermions.adjoint()
    np.testing.assert_allclose(
        code.encode(hermitian).eigenvalues(), jordan_wigner(hermitian, 4).eigenvalues(), atol=1e-10
    )
    assert code.encode_occupation(0b0111) == 0b1100


def test_chunks_change_nothing(random_fermions, monkeypatch):
    fermions = random_fermions(5, 40)
    whole = jordan_wigner(fermions, 5)
    monkeypatch.setattr(linear_encoding, "_STRINGS_PER_CHUNK", 20)
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
    with pytest.raises(OperatorError, match=r"acts on 3 modes but the encoding has 2: give a num_modes"):
        mapping(F("2"), 2)
    with pytest.raises(OperatorError, match="has no modes of its own: give num_modes"):
        mapping(FermionOperator.identity())
    with pytest.raises(OperatorError, match="at most 62 qubits"):
        mapping(F("62"))
    with pytest.raises(OperatorError, match="at least one qubit"):
        encoding(0)
    with pytest.raises(OperatorError, match=r"an occupation must be in \[0, 2\^2\)"):
        encoding(2).encode_occupation(4)


@pytest.mark.parametrize(
    ("rows", "message"),
    [([1, 1], "must be invertible modulo 2"), ([1, 4], r"must be in \[0, 2\^2\)"), ([], "at least one")],
)
def test_bad_encodings_are_refused(rows, message):
    with pytest.raises(OperatorError, match=message):
        LinearEncoding(rows)
