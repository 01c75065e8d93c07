import pickle

import numpy as np
import openfermion
import pytest

from qtoolkit.errors import OperatorError
from qtoolkit.operators import FermionOperator, _ladder_arrays, number_operator
from qtoolkit.operators._types import FEW

F = FermionOperator.from_string


def to_openfermion(op: FermionOperator) -> openfermion.FermionOperator:
    return sum((openfermion.FermionOperator(p, c) for p, c in op), openfermion.FermionOperator())


def matrix(op: FermionOperator, num_modes: int) -> np.ndarray:
    return openfermion.get_sparse_operator(to_openfermion(op), num_modes).toarray()


def test_strings_and_mappings_agree():
    expected = FermionOperator({((0, True), (1, False)): 0.5})
    assert F("0^ 1", 0.5) == 0.5 * F("0^ 1") == expected
    assert FermionOperator({((0, 1), (1, 0)): 0.5}) == expected
    assert F("") == FermionOperator.identity() == FermionOperator({(): 1})
    assert FermionOperator() == FermionOperator.zero() == FermionOperator({((0, True),): 0})
    assert dict(expected.terms) == dict(expected) == {((0, True), (1, False)): 0.5}


def test_anticommutation_relations_are_exact():
    for p in range(3):
        for q in range(3):
            delta = FermionOperator.identity() if p == q else FermionOperator.zero()
            assert (F(f"{p}") @ F(f"{q}^") + F(f"{q}^") @ F(f"{p}")).normal_ordered() == delta
            assert (F(f"{p}") @ F(f"{q}") + F(f"{q}") @ F(f"{p}")).normal_ordered() == FermionOperator.zero()


def test_known_normal_order():
    assert F("0 0^").normal_ordered() == FermionOperator.identity() - F("0^ 0")
    assert F("0^ 1^").normal_ordered() == -F("1^ 0^")
    assert F("0 1 1^ 0^").normal_ordered() == FermionOperator.identity() - F("0^ 0") - F("1^ 1") - F("1^ 0^ 1 0")
    assert F("2^ 0 2^").normal_ordered() == FermionOperator.zero()


@pytest.mark.parametrize("num_modes", [1, 2, 4])
def test_normal_order_agrees_with_openfermion(random_fermions, num_modes):
    op = random_fermions(num_modes, 25)
    ours = op.normal_ordered().simplify()
    theirs = FermionOperator(openfermion.normal_ordered(to_openfermion(op)).terms).simplify()
    assert ours.terms.keys() == theirs.terms.keys()
    assert all(ours.terms[key] == pytest.approx(value, abs=1e-12) for key, value in theirs)


@pytest.mark.parametrize(("num_modes", "shift"), [(3, 0), (6, 0), (6, 1 << 19)])
def test_many_terms_are_ordered_as_few_are(rng, num_modes, shift):
    """Beyond some number of terms arrays take over; modes far up have keys of more than 64 bits."""
    terms = {}
    for _ in range(400):
        modes = rng.integers(num_modes, size=int(rng.integers(7))) + shift * (rng.integers(3) > 0)
        terms[tuple((int(mode), bool(rng.integers(2))) for mode in modes)] = complex(rng.normal(), rng.normal())
    op = FermionOperator(terms)
    assert len(op) > 2 * FEW
    ordered = op.normal_ordered()
    parts = [FermionOperator({product: value}).normal_ordered() for product, value in op]
    assert all(abs(value) < 1e-12 for value in (ordered - sum(parts)).terms.values())
    assert ordered.terms.keys() == ordered.normal_ordered().terms.keys()
    assert all(type(mode) is int and type(creates) is bool for product in ordered.terms for mode, creates in product)
    assert op.num_modes == 1 + max(mode for product in terms for mode, _ in product)


@pytest.mark.parametrize("odd", [False, True])
def test_commutators_of_many_terms_are_those_of_the_products(rng, monkeypatch, odd):
    monkeypatch.setattr(_ladder_arrays, "_PAIRS_PER_CHUNK", 100)

    def make(num_modes: int) -> FermionOperator:
        degrees = rng.integers(5, size=30) if odd else 2 * rng.integers(3, size=30)
        return FermionOperator(
            {
                tuple((int(mode), bool(rng.integers(2))) for mode in rng.integers(num_modes, size=degree)): rng.normal()
                for degree in degrees
            }
        )

    a, b = make(8), make(8)
    found, expected = a.commutator(b), (a @ b - b @ a).normal_ordered()
    assert (found - expected).simplify(1e-11) == FermionOperator.zero()
    assert len(a) * len(b) > FEW
    assert len(found) > 40


def test_algebra_agrees_with_matrices(random_fermions):
    a, b = random_fermions(3, 8), random_fermions(3, 9)
    A, B = matrix(a, 3), matrix(b, 3)
    for result, expected in [
        (a + b, A + B),
        (a - b, A - B),
        (-a, -A),
        (np.complex128(2j) * a, 2j * A),
        (a / 4, A / 4),
        (a @ b, A @ B),
        (a.commutator(b), A @ B - B @ A),
        (a.adjoint(), A.conj().T),
        (a.normal_ordered(), A),
        (sum([a, b]), A + B),
    ]:
        np.testing.assert_allclose(matrix(result, 3), expected, atol=1e-12)


def test_hermiticity_is_that_of_the_operator(random_fermions):
    a = random_fermions(4, 10)
    assert (a + a.adjoint()).is_hermitian()
    assert (a @ a.adjoint()).is_hermitian()
    assert not (a - a.adjoint()).is_hermitian()
    assert F("0 0^").is_hermitian()
    assert not F("0^ 1").is_hermitian()


def test_equality_is_of_terms_and_allclose_of_operators():
    left, right = F("0 1"), -F("1 0")
    assert left != right
    assert left.allclose(right)
    assert not left.allclose(-right)
    assert left != "0 1"
    with pytest.raises(TypeError, match="unhashable"):
        hash(left)


def test_properties():
    op = F("3^ 1") + 2 * FermionOperator.identity() + F("0^ 1^ 2 3", 1e-14)
    assert op.num_modes == 4
    assert op.constant == 2
    assert len(op) == 3
    assert op.conserves_particle_number()
    assert len(op.simplify()) == 2
    assert not F("0^").conserves_particle_number()
    assert FermionOperator.identity().num_modes == 0
    assert F("0").constant == 0


def test_number_operator_counts():
    number = number_operator(3)
    np.testing.assert_array_equal(np.diag(matrix(number, 3)).real, [j.bit_count() for j in range(8)])
    assert number.commutator(F("0^ 1^ 2 1")).allclose(FermionOperator.zero())
    assert number.commutator(F("2^")).allclose(F("2^"))
    assert number_operator(0) == FermionOperator.zero()


def test_is_immutable_and_copies():
    terms = {((0, True),): 1.0}
    op = FermionOperator(terms)
    terms[((0, True),)] = 2.0
    assert op.terms == {((0, True),): 1.0}
    with pytest.raises(TypeError):
        op.terms[()] = 1
    assert pickle.loads(pickle.dumps(op)) == op


def test_text_forms():
    assert str(F("0^ 1", 0.5)) == "(0.5+0j)·[0^ 1]"
    assert str(FermionOperator.zero()) == "0"
    assert repr(F("0^ 1", 0.5)) == "<FermionOperator of 1 terms on 2 modes: (0.5+0j)·[0^ 1]>"
    assert repr(number_operator(20)).endswith("[7^ 7] + ...>")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: F("0^ x"), r"written as \"0\^ 1\", got 'x'"),
        (lambda: F("-1"), "got '-1'"),
        (lambda: F("0", np.nan), "must be finite"),
        (lambda: FermionOperator({((-1, True),): 1}), "must not be negative, got -1"),
        (lambda: FermionOperator({((0.5, True),): 1}), "a mode must be an integer, got 0.5"),
        (lambda: FermionOperator({((0, 2),): 1}), "is_creation must be True or False, got 2"),
        (lambda: FermionOperator({(0, 1): 1}), r"a factor is a pair \(mode, is_creation\), got 0"),
        (lambda: FermionOperator({(): "1"}), "must be a number"),
        (lambda: F("0") / 0, "non-zero"),
        (lambda: F("0") * np.inf, "must be finite"),
        (lambda: number_operator(-1), "must not be negative"),
        (lambda: number_operator(1.5), "num_modes must be an integer"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(OperatorError, match=message):
        build()


@pytest.mark.parametrize(
    "operation",
    [lambda: F("0") + 1, lambda: F("0") - 1, lambda: F("0") * F("0"), lambda: F("0") @ 2, lambda: F("0") / "2"],
)
def test_meaningless_arithmetic_is_a_type_error(operation):
    with pytest.raises(TypeError):
        operation()
