"""Products of one-qubit gates as phases and real rotations."""

import cmath

import numpy as np
import pytest
from node_states import equal_up_to_phase, factor_matrix, matrix_of, nodes_of, small_gates_circuit
from one_qubit_angles import Parts, decompose, product_of
from planner_passes import both, fuse, lower, split_locals
from planner_tables import Factor, Form, Kind, Node
from random_circuits import random_gate_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.compiler import compile_circuit, with_constants
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS
from qtoolkit_kernels.vector import numbers

RNG = np.random.default_rng(5)


def fused(circuit):
    nodes, coefficients = nodes_of(circuit)
    return fuse(nodes, coefficients.size - NUM_CONSTANTS), coefficients


def rebuilt(alpha, beta, gamma, theta):
    rotation = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    after, before = np.diag([1, cmath.exp(1j * beta)]), np.diag([1, cmath.exp(1j * gamma)])
    return cmath.exp(1j * alpha) * after @ rotation @ before


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
    """Of the oracle, and of the kernel."""
    for matrix in [*special_matrices(), *(unitary_group.rvs(2, random_state=RNG) for _ in range(200))]:
        entries = [complex(entry) for entry in np.ravel(matrix)]
        angles = decompose(entries, Parts(small_gamma))
        cosine, sine, *phases = numbers.split_unitary(*entries, int(small_gamma))
        assert np.abs(rebuilt(*angles) - matrix).max() < 1e-14
        assert np.abs(rebuilt(*np.angle(phases), np.arctan2(sine, cosine)) - matrix).max() < 1e-14
        assert abs(angles.theta) <= np.pi / 2
        if 0 < abs(angles.theta) < np.pi / 2:
            assert -np.pi / 2 < (angles.gamma if small_gamma else angles.beta) <= np.pi / 2


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


@pytest.mark.parametrize("seed", range(6))
def test_splitting_keeps_the_unitary(seed):
    merged, coefficients = fused((random_gate_circuit if seed % 2 else small_gates_circuit)(4, 60, seed))
    split, products = split_locals(merged, [coefficients], both)
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
    split, _ = split_locals(merged, [coefficients], both)
    assert [node.kind.name for node in split] == parts


def test_a_sign_goes_to_the_side_of_controlled_phases():
    """That of H before its rotation, or behind it where two controlled phases of its qubit follow."""

    def kinds(circuit):
        nodes, coefficients = nodes_of(circuit)
        return [node.kind.name for node in split_locals(nodes, [coefficients], both)[0]][:2]

    assert kinds(Circuit(3).h(0).cp(0.3, 0, 1).cp(0.2, 0, 2)) == ["ROTATION", "PHASES"]
    assert kinds(Circuit(3).h(0).cp(0.3, 0, 1).cp(0.2, 1, 2)) == ["PHASES", "ROTATION"]
    assert kinds(Circuit(3).h(0).cp(0.3, 0, 1)) == ["ROTATION", "PHASES"]


@pytest.mark.parametrize(("angle", "is_gentle"), [(0.3, True), (np.pi / 4, True), (0.8, False), (3.0, True)])
def test_gentle_products_turn_by_half_a_right_angle_at_most(angle, is_gentle):
    merged, coefficients = fused(Circuit(1).ry(2 * angle, 0))
    assert split_locals(merged, [coefficients])[1][0].is_gentle is is_gentle


def test_parts_do_not_depend_on_special_values():
    """A rotation that vanishes at some value is kept; one that vanishes at all values is not."""
    a = Parameter("a")

    def parts(circuit):
        program = compile_circuit(circuit).unitary_program()
        probes = [with_constants(program.bind(np.array([value]))[0]) for value in (0.7, -1.9)]
        nodes = fuse(lower(program, probes), program.constant_coefficients.size)
        return [node.kind.name for node in split_locals(nodes, probes, both)[0]]

    assert parts(Circuit(1).ry(a, 0)) == ["ROTATION"]
    assert parts(Circuit(1).rz(a, 0).ry(0.3, 0)) == ["PHASES", "ROTATION"]
    assert parts(Circuit(1).ry(a, 0).ry(-a, 0)) == []


def test_other_nodes_pass_through_the_split():
    nodes = [Node(Kind.SWAP, (0, 1)), Node(Kind.EXCHANGE, (0,), (1,), controls=(1,))]
    assert split_locals(nodes, [np.zeros(0, complex)]) == (nodes, [])
