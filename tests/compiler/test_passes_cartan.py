"""Chains of two-qubit matrices keep their unitary, and those inside become what costs less."""

import numpy as np
import pytest
from node_states import apply_node, matrix_of, nodes_of, small_gates_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import compile_circuit, planner, with_constants
from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import CartanForm, Kind, TangentForm
from qtoolkit.compiler.passes import cartan
from qtoolkit.compiler.passes.fuse import fuse
from qtoolkit.compiler.passes.lower import PLANNER_CONSTANTS, lower
from qtoolkit.compiler.sweep_plan import BlockOpcode, Column

LAYOUT = Layout.of(16, 16, 16)
"""A register holds one bit only, so that most pairs of a few qubits take the form by tangents."""
RNG = np.random.default_rng(12)


def random_matrix(size=4):
    return unitary_group.rvs(size, random_state=RNG)


def special_matrices():
    locals_alone = np.kron(random_matrix(2), random_matrix(2))
    near = np.linalg.qr(np.eye(4) + 1e-7 * random_matrix())[0]
    names = ("cx", "cz", "swap", "iswap", "ecr")
    named = {name: StandardGate(name).matrix() for name in names}
    root = np.linalg.matrix_power(random_matrix() @ np.diag([1, 1, 1, -1]), 3)
    return named | {"identity": np.eye(4), "product": locals_alone, "near identity": near, "power": root}


def product_of_split(split):
    turns = [cartan._z_rotation(a) @ cartan._y_rotation(b) for a, b in zip(split.outer, split.middle, strict=True)]
    return np.kron(turns[1], turns[0]) @ split.kept @ np.kron(split.inner[1], split.inner[0])


@pytest.mark.parametrize(
    "matrix", [*special_matrices().values(), *(random_matrix() for _ in range(40))], ids=lambda _: ""
)
def test_a_split_multiplies_to_the_matrix(matrix):
    split = cartan._split(matrix.astype(complex))
    assert np.abs(product_of_split(split) - matrix).max() < 2e-14
    assert np.all(split.kept[np.add.outer([0, 1, 1, 0], [0, 1, 1, 0]) % 2 == 1] == 0)
    assert all(abs(np.tan(angle / 2)) <= 1 + 1e-12 for angle in split.middle)
    for gate in split.inner:
        assert np.abs(gate @ gate.conj().T - np.eye(2)).max() < 1e-13


def in_chains(circuit, coefficients=None):
    nodes, coefficients = nodes_of(circuit)
    merged = fuse(nodes, coefficients.size - PLANNER_CONSTANTS.size)
    found, constants = cartan.cartan_forms(merged, [coefficients], LAYOUT)
    return merged, found, coefficients, np.concatenate([coefficients, constants])


def chain(num_qubits, num_gates, seed=4):
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for _ in range(num_gates):
        pair = [int(q) for q in rng.permutation(num_qubits)[:2]]
        circuit.unitary(unitary_group.rvs(4, random_state=rng), pair)
    return circuit


def forms_of(nodes, kind):
    return [node for node in nodes if isinstance(node.form, kind)]


def kinds(nodes):
    return [node.kind.name for node in nodes]


@pytest.mark.parametrize("seed", range(12))
def test_the_unitary_stays_with_its_phase(seed):
    circuit = small_gates_circuit(4, 30, seed)
    for k in range(12):
        pair = [int(q) for q in RNG.permutation(4)[:2]]
        circuit.unitary(random_matrix(), pair)
        if k % 6 == 5:
            circuit.extend(small_gates_circuit(4, 2, 100 * seed + k))
    merged, found, before, after = in_chains(circuit)
    assert "CARTAN" in kinds(found)
    assert sum(node.operations for node in found) == sum(node.operations for node in merged)
    assert np.abs(matrix_of(found, 4, after) - matrix_of(merged, 4, before)).max() < 1e-12


def test_only_what_follows_matrices_on_both_qubits_changes():
    circuit = Circuit(4)
    for pair in ([0, 1], [2, 3], [1, 2], [0, 3], [3, 2]):
        circuit.unitary(random_matrix(), pair)
    _, found, _, _ = in_chains(circuit)
    assert kinds(found) == ["DENSE", "DENSE", "CARTAN", "CARTAN", "CARTAN", *["PHASES"] * 4]
    circuit = Circuit(3).unitary(random_matrix(), [0, 1]).unitary(random_matrix(), [1, 2]).cx(0, 1)
    merged, found, before, after = in_chains(circuit)
    assert found == merged
    assert np.array_equal(before, after)


def test_z_rotations_pass_what_is_diagonal_and_join_what_takes_them_in():
    circuit = Circuit(3).unitary(random_matrix(), [0, 1]).unitary(random_matrix(), [1, 2])
    circuit.unitary(random_matrix(), [0, 2]).unitary(random_matrix(), [0, 1])
    circuit.rzz(0.3, 0, 2).ccz(0, 1, 2).unitary(random_matrix(), [2, 0]).ccx(2, 1, 0)
    merged, found, before, after = in_chains(circuit)
    assert kinds(found) == [
        "DENSE", "DENSE", "CARTAN", "CARTAN", "PHASES", "PHASE", "DENSE", "EXCHANGE", "PHASES",
    ]  # fmt: skip
    assert found[-1].diagonal == (1,)
    assert np.abs(matrix_of(found, 3, after) - matrix_of(merged, 3, before)).max() < 1e-12


def test_matrices_with_parameters_stay_and_take_in_their_share():
    angle = Parameter("angle")
    circuit = Circuit(3).crx(angle, 0, 1).unitary(random_matrix(), [1, 2]).unitary(random_matrix(), [0, 1])
    circuit.cry(angle, 1, 2).unitary(random_matrix(), [0, 2]).rx(angle, 0).cx(0, 1)
    program = compile_circuit(circuit).unitary_program()
    probes = [with_constants(program.bind(np.array([value]))[0]) for value in (0.3, -1.2)]
    merged = fuse(lower(program, probes), probes[0].size - PLANNER_CONSTANTS.size)
    found, constants = cartan.cartan_forms(merged, probes, LAYOUT)
    assert kinds(found).count("CARTAN") == 1
    for value in (0.3, -1.2, 2.5):
        coefficients = with_constants(program.bind(np.array([value]))[0])
        expected = matrix_of(merged, 3, coefficients)
        assert np.abs(matrix_of(found, 3, np.concatenate([coefficients, constants])) - expected).max() < 1e-12


def test_most_matrices_within_a_chain_are_taken_by_tangents():
    _, found, _, _ = in_chains(chain(5, 120))
    general, tangents = forms_of(found, CartanForm), forms_of(found, TangentForm)
    assert len(tangents) > 5 * len(general)
    assert {node.form.flips for node in tangents} == {0, 1, 2, 3}
    for node in tangents:
        assert np.abs([*node.form.before, node.form.after]).max() <= cartan.STEEPEST
    # The last on a qubit has nothing behind it that would take in what it leaves out.
    last = {q: node for node in found if node.form for q in node.targets}
    assert all(isinstance(node.form, CartanForm) for node in last.values())


def test_two_bits_of_a_register_take_the_general_form():
    nodes, coefficients = nodes_of(chain(5, 120))
    merged = fuse(nodes, coefficients.size - PLANNER_CONSTANTS.size)
    found, _ = cartan.cartan_forms(merged, [coefficients], Layout.of(16, 8, 64))
    assert forms_of(found, TangentForm)
    assert all(max(node.targets) >= 4 for node in forms_of(found, TangentForm))
    assert all(list(node.targets) == sorted(node.targets) for node in found if node.form)


@pytest.mark.parametrize("exponents", [(0, 8), (4, 12), (90, 64)])
def test_amplitudes_stay_within_the_range_they_are_given(exponents, monkeypatch):
    """After every gate; a chain of any length needs no more."""
    monkeypatch.setattr(cartan, "EXPONENTS", {16: exponents})
    layout = Layout.of(4, 16, 16)
    circuit = chain(4, 150)
    nodes, coefficients = nodes_of(circuit)
    merged = fuse(nodes, coefficients.size - PLANNER_CONSTANTS.size)
    found, constants = cartan.cartan_forms(merged, [coefficients], layout)
    assert forms_of(found, TangentForm)
    coefficients = np.concatenate([coefficients, constants])
    state = np.eye(16)[:, :1].astype(complex)
    largest = []
    for node in found:
        state = apply_node(node, state, coefficients)
        largest.append(np.log2(np.linalg.norm(state)))
    assert min(largest) > -exponents[0] - 1e-9
    assert max(largest) < exponents[1] + 1e-9
    assert largest[-1] == pytest.approx(0, abs=1e-12)


def test_gates_behind_full_matrices_begin_with_real_rotations():
    """Matrices take in any phase, so the first of a chain needs none before its rotations."""
    circuit = Circuit(4)
    for pair in ([0, 2], [1, 3], [2, 3], [0, 2], [1, 3]):
        circuit.unitary(random_matrix(), pair)
    _, found, _, _ = in_chains(circuit)
    (node,) = [node for node in forms_of(found, TangentForm) if node.targets == (2, 3)]
    assert node.form.before[2] == pytest.approx(0, abs=1e-12)
    assert node.form.before[0] == pytest.approx(node.form.before[1], abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_products_of_all_factors(seed):
    nodes, coefficients = nodes_of(small_gates_circuit(4, 120, seed))
    for node in fuse(nodes, coefficients.size - PLANNER_CONSTANTS.size):
        if node.kind is Kind.DENSE:
            first, second = node.targets
            expected = matrix_of([node], 4, coefficients)
            rows = [0, 1 << first, 1 << second, 1 << first | 1 << second]
            found = cartan.dense_product(node.factors, node.targets, coefficients)
            assert np.abs(found - expected[np.ix_(rows, rows)]).max() < 1e-13


def test_the_planner_uses_it_where_it_pays():
    circuit = Circuit(cartan.LEAST_QUBITS)
    for k in range(40):
        circuit.unitary(random_matrix(), [k % circuit.num_qubits, (3 * k + 1) % circuit.num_qubits])
    small = Circuit(cartan.LEAST_QUBITS - 1)
    for k in range(40):
        small.unitary(random_matrix(), [k % small.num_qubits, (k + 1 + k // small.num_qubits) % small.num_qubits])
    for forward_only, made in ((True, circuit), (False, circuit), (True, small)):
        program = compile_circuit(made).unitary_program()
        (part,) = planner.plan_sweeps(program, Layout.of(made.num_qubits, 16, 64), True, forward_only)
        used = BlockOpcode.CARTAN in part.operations[:, Column.OPCODE]
        assert used == (forward_only and made is circuit)
        assert bool(part.constants.size) == used
