"""Product formulas against matrix exponentials, Qiskit's synthesis, and their own bounds."""

import math

import numpy as np
import pytest
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Operator, SparsePauliOp
from qiskit.synthesis import LieTrotter, SuzukiTrotter
from scipy.linalg import expm

from qtoolkit import Circuit, PauliSum
from qtoolkit.algorithms.dynamics import ProductFormula, product_formula_bound, trotter_circuit
from qtoolkit.errors import InputError, OperatorError

ISING = PauliSum.from_list([("IZZ", -1.0), ("ZZI", -1.0), ("IIX", -0.6), ("IXI", -0.6), ("XII", -0.6)])


def random_hamiltonian(num_qubits: int, num_terms: int, seed: int) -> PauliSum:
    rng = np.random.default_rng(seed)
    masks = rng.integers(0, 1 << num_qubits, (2, num_terms))
    return PauliSum(masks[0], masks[1], rng.normal(size=num_terms), num_qubits)


def distance(circuit: Circuit, hamiltonian: PauliSum, time: float) -> float:
    return float(np.linalg.norm(circuit.to_matrix() - expm(-1j * time * hamiltonian.to_matrix()), 2))


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("ordering", ["given", "commuting", "lexicographic"])
@pytest.mark.parametrize("seed", range(3))
def test_the_error_is_within_the_bound(order, ordering, seed):
    hamiltonian = random_hamiltonian(3, 8, seed)
    formula = ProductFormula(hamiltonian, order, ordering)
    for time, steps in ((0.3, 1), (-0.7, 3), (1.5, 8)):
        bound = formula.error_bound(time, steps)
        error = distance(formula.circuit(time, steps), hamiltonian, time)
        assert error <= bound.error + 1e-12
        assert bound.method == "commutator" or (order, bound.method) == (4, "one-norm")


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("ordering", ["given", "commuting"])
def test_coarser_bounds_are_larger(order, ordering):
    formula = ProductFormula(random_hamiltonian(4, 12, 5), order, ordering)
    methods = ("commutator", "triangle", "one-norm")
    exact, triangle, one_norm = (formula.error_bound(0.01, 1, method).error for method in methods)
    assert 0 < exact <= triangle * (1 + 1e-12) <= one_norm * (1 + 1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_the_commutator_bound_is_tight_for_two_terms(order):
    hamiltonian = PauliSum.from_list([("X", 0.7), ("Z", 0.4)])
    formula = ProductFormula(hamiltonian, order)
    x, z = 0.7 * PauliSum.from_list([("X", 1.0)]), 0.4 * PauliSum.from_list([("Z", 1.0)])
    inner = z.commutator(x)
    if order == 1:
        expected = np.linalg.norm(inner.to_matrix(), 2) / 2
    else:
        parts = np.linalg.norm(z.commutator(inner).to_matrix(), 2), np.linalg.norm(x.commutator(inner).to_matrix(), 2)
        expected = parts[0] / 12 + parts[1] / 24
    assert formula.error_bound(1e-2).error == pytest.approx(expected * 1e-2 ** (order + 1), rel=1e-12)
    if order == 1:
        error = distance(formula.circuit(1e-3), hamiltonian, 1e-3)
        assert error == pytest.approx(formula.error_bound(1e-3).error, rel=1e-3)


def test_the_bound_of_order_4_is_tight_for_short_steps():
    hamiltonian = PauliSum.from_list([("X", 0.7), ("Z", 0.4)])
    formula = ProductFormula(hamiltonian, 4)
    ratio = formula.error_bound(0.02).error / distance(formula.circuit(0.02), hamiltonian, 0.02)
    # norms of sums of X, Y and Z are bounded by the sum of their weights
    assert 1.0 <= ratio < 2.0
    coarse = ProductFormula(ISING, 4, "commuting").error_bound(0.3).error
    assert distance(ProductFormula(ISING, 4, "commuting").circuit(0.3), ISING, 0.3) < coarse
    assert coarse < ProductFormula(ISING, 4).error_bound(0.3, method="one-norm").error


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_error_falls_with_the_order(order):
    formula = ProductFormula(ISING, order)
    few, many = (distance(formula.circuit(1.0, steps), ISING, 1.0) for steps in (8, 16))
    assert math.log2(few / many) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(("order", "synthesis"), [(1, LieTrotter), (2, SuzukiTrotter), (4, SuzukiTrotter)])
@pytest.mark.parametrize("steps", [1, 3])
def test_circuits_are_those_of_qiskit(order, synthesis, steps):
    hamiltonian = random_hamiltonian(3, 6, 11)
    theirs = SparsePauliOp.from_list(hamiltonian.to_list())
    method = synthesis(reps=steps) if order == 1 else synthesis(order=order, reps=steps)
    gate = PauliEvolutionGate(theirs, 0.4, synthesis=method)
    expected = Operator(method.synthesize(gate)).data
    found = trotter_circuit(hamiltonian, 0.4, steps, order).to_matrix()
    assert np.allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_controlled_circuit_acts_where_its_last_qubit_is_1(order):
    hamiltonian = random_hamiltonian(2, 5, 3) + 0.3 * PauliSum.identity(2)
    plain = trotter_circuit(hamiltonian, 0.8, 2, order).to_matrix()
    switched = trotter_circuit(hamiltonian, 0.8, 2, order, controlled=True).to_matrix()
    expected = np.kron(np.diag([1, 0]), np.eye(4)) + np.kron(np.diag([0, 1]), plain)
    assert np.allclose(switched, expected, atol=1e-12)


def test_the_steps_are_the_fewest_that_the_bound_asks_for():
    for order in (1, 2, 4):
        formula = ProductFormula(ISING, order)
        steps = formula.steps_for(2.0, 1e-3)
        assert formula.error_bound(2.0, steps).error <= 1e-3
        assert formula.error_bound(2.0, steps - 1).error > 1e-3
    assert ProductFormula(ISING, 1).steps_for(0.0, 1e-3) == 1


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_rotations_are_counted(order):
    formula = ProductFormula(ISING, order)
    for steps in (1, 2, 5):
        circuit = formula.circuit(1.0, steps)
        assert circuit.count_ops()["pauli_rotation"] == formula.num_rotations(steps)


def test_commuting_terms_evolve_exactly():
    diagonal = PauliSum.from_list([("ZZ", 0.3), ("IZ", -0.7), ("II", 0.2)])
    for order in (1, 2, 4):
        formula = ProductFormula(diagonal, order, "commuting")
        assert formula.num_fragments == 1
        assert formula.error_bound(5.0).error == 0.0
        assert distance(formula.circuit(5.0), diagonal, 5.0) < 1e-12


@pytest.mark.parametrize("terms", [[], [("II", 0.7)], [("XY", -0.4)], [("XY", -0.4), ("II", 0.7)]])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_trivial_sums_evolve_exactly(terms, order):
    hamiltonian = PauliSum.from_list(terms, num_qubits=2)
    formula = ProductFormula(hamiltonian, order)
    assert distance(formula.circuit(3.0, 4), hamiltonian, 3.0) < 1e-12
    assert len(formula.circuit(3.0, 4)) == len(terms)


@pytest.mark.parametrize("order", [1, 2])
def test_fragments_may_be_any_sums(order):
    fragments = [random_hamiltonian(3, 4, seed) for seed in range(3)]
    matrices = [part.to_matrix() for part in fragments]
    time = 0.2
    step = np.eye(8)
    shares = [1.0] * 3 if order == 1 else [0.5] * 6
    for share, matrix in zip(shares, matrices if order == 1 else [*matrices, *reversed(matrices)], strict=True):
        step = expm(-1j * share * time * matrix) @ step
    error = np.linalg.norm(step - expm(-1j * time * sum(matrices)), 2)
    bound = product_formula_bound(fragments, time, 1, order)
    assert error <= bound.error
    assert bound.error <= product_formula_bound(fragments, time, 1, order, "triangle").error * (1 + 1e-12)


def test_orderings_are_those_they_say():
    hamiltonian = PauliSum.from_list([("ZZ", 0.1), ("IX", 0.9), ("XI", 0.5), ("IZ", 0.3)])
    assert ProductFormula(hamiltonian).terms.to_list() == hamiltonian.to_list()
    lexicographic = ProductFormula(hamiltonian, ordering="lexicographic").terms
    assert [label for label, _ in lexicographic.to_list()] == ["IX", "IZ", "XI", "ZZ"]
    commuting = ProductFormula(hamiltonian, ordering="commuting")
    assert [label for label, _ in commuting.terms.to_list()] == ["IX", "XI", "IZ", "ZZ"]
    assert commuting.num_fragments == 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ProductFormula(1j * ISING), OperatorError, "must be Hermitian"),
        (lambda: ProductFormula(ISING, 3), InputError, "1, 2 or 4, got 3"),
        (lambda: ProductFormula(ISING, 2, "random"), InputError, "one of given, commuting, lexicographic"),
        (lambda: ProductFormula(ISING).circuit(math.inf), InputError, "time must be"),
        (lambda: ProductFormula(ISING).circuit(1.0, 0), InputError, "steps must be an integer of at least 1"),
        (lambda: ProductFormula(ISING).circuit(1.0, 10**8), InputError, "at most 10,000,000 operations"),
        (lambda: ProductFormula(ISING, 4).error_bound(1.0, 1, "triangle"), InputError, "order 4 has no triangle bound"),
        (
            lambda: ProductFormula(random_hamiltonian(4, 40, 1), 4).error_bound(1.0, 1, "commutator"),
            InputError,
            "for few terms in few fragments, got 40 in 40",
        ),
        (lambda: ProductFormula(ISING).steps_for(1.0, 0.0), InputError, "error must be a positive number"),
        (lambda: ProductFormula(ISING, 1).steps_for(1e15, 1e-15), InputError, "more than 2.62 steps"),
        (lambda: product_formula_bound([], 1.0, 1), InputError, "at least one fragment"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
