"""Fusion and splitting keep the unitary and merge what they promise."""

import cmath

import numpy as np
import pytest
from node_states import equal_up_to_phase, factor_matrix, matrix_of, nodes_of, small_gates_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.compiler import compile_circuit, with_constants
from qtoolkit.compiler.nodes import Factor, Form, Kind, Node
from qtoolkit.compiler.passes.fuse import fuse
from qtoolkit.compiler.passes.lower import PLANNER_CONSTANTS, lower
from qtoolkit.compiler.passes.split import Parts, decompose, product_of, split_locals

RNG = np.random.default_rng(5)


def fused(circuit):
    nodes, coefficients = nodes_of(circuit)
    return fuse(nodes, coefficients.size - PLANNER_CONSTANTS.size), coefficients


def counts(circuit):
    nodes, _ = fused(circuit)
    return [node.kind.name for node in nodes], [node.operations for node in nodes]


@pytest.mark.parametrize("seed", range(8))
def test_fusing_keeps_the_unitary_and_counts_gates(seed):
    nodes, coefficients = nodes_of(small_gates_circuit(4, 70, seed))
    merged, _ = fused(small_gates_circuit(4, 70, seed))
    assert sum(node.operations for node in merged) == sum(node.operations for node in nodes)
    assert len(merged) < len(nodes)
    assert np.abs(matrix_of(merged, 4, coefficients) - matrix_of(nodes, 4, coefficients)).max() < 1e-12


def test_what_merges():
    two = unitary_group.rvs(4, random_state=RNG)
    assert counts(Circuit(1).h(0).rx(0.2, 0).t(0).rz(0.3, 0)) == (["LOCAL"], [4])
    assert counts(Circuit(2).h(0).x(1).unitary(two, [0, 1]).cx(0, 1).cz(0, 1).ry(0.1, 1)) == (["DENSE"], [6])
    assert counts(Circuit(3).unitary(two, [0, 1]).unitary(two, [1, 2]).unitary(two, [2, 1])) == (["DENSE"] * 2, [1, 2])
    assert counts(Circuit(2).rxx(0.1, 0, 1).unitary(two, [1, 0])) == (["DENSE"], [2])
    assert counts(Circuit(1).t(0).h(0)) == (["LOCAL"], [2])


def test_cheap_gates_stay_apart():
    assert counts(Circuit(2).h(0).h(1).cx(0, 1)) == (["LOCAL", "LOCAL", "EXCHANGE"], [1, 1, 1])
    assert counts(Circuit(2).cz(0, 1).cp(0.3, 0, 1)) == (["PHASES", "PHASES"], [1, 1])
    assert counts(Circuit(3).ccx(0, 1, 2).ry(0.3, 2)) == (["EXCHANGE", "LOCAL"], [1, 1])


def test_fusing_leaves_its_input_alone():
    nodes, coefficients = nodes_of(small_gates_circuit(4, 40, seed=3))
    before = [list(node.factors) for node in nodes]
    fuse(nodes, coefficients.size - PLANNER_CONSTANTS.size)
    assert [list(node.factors) for node in nodes] == before


def rebuilt(matrix, small_gamma):
    e = decompose(tuple(complex(entry) for entry in np.ravel(matrix)), Parts(small_gamma))
    assert e.theta == pytest.approx(np.clip(e.theta, -np.pi / 2, np.pi / 2), abs=0)
    if 0 < abs(e.theta) < np.pi / 2:
        assert -np.pi / 2 < (e.gamma if small_gamma else e.beta) <= np.pi / 2
    rotation = np.array([[np.cos(e.theta), -np.sin(e.theta)], [np.sin(e.theta), np.cos(e.theta)]])
    after, before = np.diag([1, cmath.exp(1j * e.beta)]), np.diag([1, cmath.exp(1j * e.gamma)])
    return cmath.exp(1j * e.alpha) * after @ rotation @ before


def special_matrices():
    h = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    yield from (np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1]), h)
    yield from (
        np.diag([1j, -1]),
        np.array([[0, 1j], [-1, 0]]),
        -h,
        1j * h,
        np.array([[1, -1j], [-1j, 1]]) / np.sqrt(2),
    )
    for tiny in (1e-3, 1e-7, 1e-12, 1e-14):
        yield np.array([[np.cos(tiny), -np.sin(tiny)], [np.sin(tiny), np.cos(tiny)]])
        yield np.array([[np.sin(tiny), -1j * np.cos(tiny)], [-1j * np.cos(tiny), np.sin(tiny)]])


@pytest.mark.parametrize("small_gamma", [False, True])
def test_angles_rebuild_every_matrix(small_gamma):
    for matrix in special_matrices():
        assert np.abs(rebuilt(matrix, small_gamma) - matrix).max() < 1e-14
    for _ in range(500):
        matrix = unitary_group.rvs(2, random_state=RNG)
        assert np.abs(rebuilt(matrix, small_gamma) - matrix).max() < 1e-14


def test_products_of_all_one_qubit_forms():
    coefficients = np.concatenate([
        unitary_group.rvs(2, random_state=RNG).ravel(), np.exp([1j, 2j]), np.exp([0.3j]), [np.cos(0.4), np.sin(0.4)],
        np.zeros(16),
    ])  # fmt: skip
    factors = [
        Factor(Form.MATRIX_1Q, 0, (0,)),
        Factor(Form.DIAGONAL_1Q, 4, (0,)),
        *(Factor(Form.PHASE_1Q, 6, (0,), value) for value in (0, 1)),
        *(Factor(Form.PAULI_1Q, 7, (0,), letter) for letter in (1, 2, 3)),
    ]
    expected = np.eye(2)
    for factor in factors:
        expected = factor_matrix(factor, coefficients) @ expected
    assert np.abs(np.reshape(product_of(factors, coefficients), (2, 2)) - expected).max() < 1e-14


@pytest.mark.parametrize("seed", range(4))
def test_splitting_keeps_the_unitary(seed):
    merged, coefficients = fused(small_gates_circuit(4, 60, seed))
    split, products = split_locals(merged, [coefficients])
    assert all(node.kind is not Kind.LOCAL for node in split)
    assert sum(n.operations for n in split) <= sum(n.operations for n in merged)
    assert equal_up_to_phase(matrix_of(split, 4, coefficients, products), matrix_of(merged, 4, coefficients))


@pytest.mark.parametrize(
    ("circuit", "parts"),
    [
        (Circuit(1).ry(0.3, 0), ["ROTATION"]),
        (Circuit(1).h(0), ["PHASES", "ROTATION"]),
        (Circuit(1).rx(0.3, 0), ["PHASES", "ROTATION", "PHASES"]),
        (Circuit(1).x(0), ["PHASES", "ROTATION"]),
        (Circuit(1).h(0).h(0), []),
        (Circuit(1).h(0).t(0).h(0).h(0).tdg(0).h(0), []),
    ],
)
def test_only_needed_parts_remain(circuit, parts):
    merged, coefficients = fused(circuit)
    split, _ = split_locals(merged, [coefficients])
    assert [node.kind.name for node in split] == parts


def test_parts_do_not_depend_on_special_values():
    """A rotation that vanishes at some value is kept; one that vanishes at all values is not."""
    a = Parameter("a")

    def parts(circuit):
        program = compile_circuit(circuit).unitary_program()
        probes = [with_constants(program.bind(np.array([value]))[0]) for value in (0.7, -1.9)]
        nodes = fuse(lower(program, probes), program.constant_coefficients.size)
        return [node.kind.name for node in split_locals(nodes, probes)[0]]

    assert parts(Circuit(1).ry(a, 0)) == ["ROTATION"]
    assert parts(Circuit(1).rz(a, 0).ry(0.3, 0)) == ["PHASES", "ROTATION"]
    assert parts(Circuit(1).ry(a, 0).ry(-a, 0)) == []


def test_other_nodes_pass_through_the_split():
    nodes = [Node(Kind.SWAP, (0, 1)), Node(Kind.EXCHANGE, (0,), (1,), controls=(1,))]
    assert split_locals(nodes, []) == (nodes, [])
