"""Chains of two-qubit matrices keep their unitary, and those inside become what costs less."""

from dataclasses import replace

import numpy as np
import pytest
from node_states import apply_node, factor_matrix, matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, cartan_forms, compiled, fuse, interpreted, lower
from planner_tables import CartanForm, Kind, TangentForm, tables_of
from random_circuits import random_gate_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import compile_circuit, plan_sweeps, planner, with_constants
from qtoolkit.compiler.layout import Layout
from qtoolkit_kernels.planner import cartan, matrices, nodes, two_qubit
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS
from qtoolkit_kernels.vector import isa

LAYOUT = Layout.of(16, 16, 16)
"""A register holds one bit only, so that most pairs of a few qubits take the form by tangents."""
LAYOUTS = (LAYOUT, Layout.of(16, 8, 64), Layout.of(4, 16, 32))
"""With one, four and two bits in a register, and other ranges of amplitudes."""
BELL = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / np.sqrt(2)
RNG = np.random.default_rng(12)
CALLS = pytest.mark.parametrize("call", [compiled, interpreted])


def random_matrix(size=4):
    return unitary_group.rvs(size, random_state=RNG)


def z_rotation(angle):
    return np.diag(np.exp([-0.5j * angle, 0.5j * angle]))


def y_rotation(angle):
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    return np.array([[cosine, -sine], [sine, cosine]])


def merged_nodes(circuit):
    nodes, coefficients = nodes_of(circuit)
    return fuse(nodes, coefficients.size - NUM_CONSTANTS), coefficients


def in_chains(circuit, layout=LAYOUT, call=compiled, exponents=None):
    merged, coefficients = merged_nodes(circuit)
    found, constants = cartan_forms(merged, [coefficients], layout, exponents, call)
    return merged, found, coefficients, np.concatenate([coefficients, constants])


def chain(num_qubits, num_gates, seed=4):
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for _ in range(num_gates):
        pair = [int(q) for q in rng.permutation(num_qubits)[:2]]
        circuit.unitary(unitary_group.rvs(4, random_state=rng), pair)
    return circuit


def mixed_chain(num_qubits, seed):
    circuit = Circuit(num_qubits)
    for k in range(4):
        circuit.extend(chain(num_qubits, 6, 10 * seed + k))
        circuit.extend(small_gates_circuit(num_qubits, 2, 100 * seed + k))
    return circuit


def forms_of(nodes, kind):
    return [node for node in nodes if isinstance(node.form, kind)]


def kinds(nodes):
    return [node.kind.name for node in nodes]


CIRCUITS = {
    "chains": lambda seed: chain(4, 25, seed),
    "mixed": lambda seed: mixed_chain(4, seed),
    "small gates": lambda seed: small_gates_circuit(4, 100, seed),
    "all gates": lambda seed: random_gate_circuit(4, 80, seed),
}


@CALLS
@pytest.mark.parametrize("kind", CIRCUITS)
def test_the_unitary_stays_with_its_phase(kind, call):
    with_forms = 0
    for seed in range(2, 5):
        for layout in LAYOUTS:
            merged, found, before, after = in_chains(CIRCUITS[kind](seed), layout, call)
            with_forms += "CARTAN" in kinds(found)
            assert sum(node.operations for node in found) == sum(node.operations for node in merged)
            assert np.abs(matrix_of(found, 4, after) - matrix_of(merged, 4, before)).max() < 1e-12
    assert with_forms


def eigenvalues_coincide(matrix):
    """Whether any basis would do for some eigenvectors of a gate in Bell's basis, up to rounding."""
    bell = BELL.conj().T @ matrix @ BELL
    values = np.linalg.eigvals(bell.T @ bell)
    return np.abs(values[:, None] - values + np.eye(4)).min() < 1e-6


def structure(nodes):
    """All but the numbers of forms, and but signs of one-qubit gates, which any two of a matrix may share."""
    return [replace(node, form=getattr(node.form, "flips", node.form is not None)) for node in nodes]


@pytest.mark.parametrize(("num_qubits", "num_gates"), [(3, 20), (5, 120)])
def test_compiled_or_interpreted_forms_are_the_same(num_qubits, num_gates):
    circuit = chain(num_qubits, num_gates)
    assert not any(eigenvalues_coincide(operation.gate.matrix()) for operation in circuit.operations)
    for layout in LAYOUTS:
        found, expected = (in_chains(circuit, layout, call)[1] for call in (compiled, interpreted))
        assert structure(found) == structure(expected)
        for one, other in zip(found, expected, strict=True):
            if one.form:
                numbers = np.array(other.form.numbers)
                assert np.allclose(one.form.numbers, numbers, rtol=0, atol=1e-9 * np.abs(numbers).max())


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


def probes_of(circuit, *values):
    program = compile_circuit(circuit).unitary_program()
    return program, [with_constants(program.bind(np.array([value]))[0]) for value in values]


@CALLS
def test_matrices_with_parameters_stay_and_take_in_their_share(call):
    angle = Parameter("angle")
    circuit = Circuit(3).crx(angle, 0, 1).unitary(random_matrix(), [1, 2]).unitary(random_matrix(), [0, 1])
    circuit.cry(angle, 1, 2).unitary(random_matrix(), [0, 2]).rx(angle, 0).cx(0, 1)
    program, probes = probes_of(circuit, 0.3, -1.2)
    merged = fuse(lower(program, probes), probes[0].size - NUM_CONSTANTS)
    found, constants = cartan_forms(merged, probes, LAYOUT, call=call)
    assert kinds(found).count("CARTAN") == 1
    for value in (0.3, -1.2, 2.5):
        coefficients = with_constants(program.bind(np.array([value]))[0])
        expected = matrix_of(merged, 3, coefficients)
        assert np.abs(matrix_of(found, 3, np.concatenate([coefficients, constants])) - expected).max() < 1e-12


def test_nothing_changes_where_all_matrices_of_chains_have_parameters():
    angle = Parameter("angle")
    program, probes = probes_of(Circuit(3).crx(angle, 0, 1).crx(angle, 1, 2).crx(angle, 0, 1), 0.3, -1.2)
    merged = fuse(lower(program, probes), probes[0].size - NUM_CONSTANTS)
    assert cartan.count_chains(tables_of(merged)[0]) == 1
    found, constants = cartan_forms(merged, probes, LAYOUT, call=both)
    assert found == merged
    assert constants.size == 0


def test_circuits_without_chains_are_told_at_once():
    merged, _ = merged_nodes(Circuit(3).h(0).rxx(0.3, 0, 1).rxx(0.4, 1, 2).crx(0.3, 0, 1).ccx(0, 1, 2).crx(0.2, 0, 1))
    assert both(cartan.count_chains, tables_of(merged)[0]) == 0


@CALLS
def test_what_rounding_gets_in_the_way_of_stays_and_takes_in_gates(call):
    far = random_matrix() + 1e-11 * RNG.normal(size=(4, 4))
    circuit = chain(3, 12, 5).unitary(far, [0, 1]).extend(chain(3, 6, 6)).unitary(far, [2, 1])
    merged, found, before, after = in_chains(circuit, call=call)
    assert kinds(found[3:]).count("DENSE") == 2
    assert np.abs(matrix_of(found, 3, after) - matrix_of(merged, 3, before)).max() < 1e-12


def test_most_matrices_within_a_chain_are_taken_by_tangents():
    _, found, _, _ = in_chains(chain(5, 120))
    general, tangents = forms_of(found, CartanForm), forms_of(found, TangentForm)
    assert len(tangents) > 5 * len(general)
    assert {node.form.flips for node in tangents} == {0, 1, 2, 3}
    for node in tangents:
        assert np.abs([*node.form.before, node.form.after]).max() <= two_qubit.STEEPEST
    # The last on a qubit has nothing behind it that would take in what it leaves out.
    last = {q: node for node in found if node.form for q in node.targets}
    assert all(isinstance(node.form, CartanForm) for node in last.values())


def test_two_bits_of_a_register_take_the_general_form():
    _, found, _, _ = in_chains(chain(5, 120), Layout.of(16, 8, 64))
    assert forms_of(found, TangentForm)
    assert all(max(node.targets) >= 4 for node in forms_of(found, TangentForm))


@CALLS
@pytest.mark.parametrize("exponents", [(0, 8), (4, 12), (90, 64)])
def test_amplitudes_stay_within_the_range_they_are_given(exponents, call):
    """After every gate; a chain of any length needs no more."""
    _, found, _, coefficients = in_chains(chain(4, 150), Layout.of(4, 16, 16), call, exponents)
    assert forms_of(found, TangentForm)
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


def special_matrices():
    yield from (StandardGate(name).matrix() for name in ("cx", "cz", "swap", "iswap", "ecr"))
    yield np.eye(4)
    yield np.kron(random_matrix(2), random_matrix(2))
    yield np.linalg.qr(np.eye(4) + 1e-7 * random_matrix())[0]
    yield np.linalg.matrix_power(random_matrix() @ np.diag([1, 1, 1, -1]), 3)
    for _ in range(50):
        yield random_matrix()
        matrix = np.eye(4)
        for name in ("rxx", "ryy", "rzz"):
            angle = float(RNG.choice([0, 1e-9, 0.3, np.pi / 4, np.pi / 2]))
            matrix = matrix @ StandardGate(name, [2 * angle]).matrix()
        before, after = (np.kron(random_matrix(2), random_matrix(2)) for _ in range(2))
        yield after @ matrix @ before


def test_inverse_roots_are_principal():
    numbers = [1, 1j, -1j, 3e-20, 4e10j, complex(-2, 1e-30), complex(-2, -1e-30), complex(1e-9, 5), -3 + 4j, -3 - 4j]
    for number in map(complex, numbers):
        found = both(matrices.inverse_root, number)
        assert found == pytest.approx(number**-0.5, rel=1e-14)
    assert both(matrices.inverse_root, 0j) == 0


@CALLS
def test_a_split_multiplies_to_the_matrix(call):
    work = np.full((two_qubit.WORK_ROWS, two_qubit.GATE_COLUMNS), np.nan + 0j)
    parity_changes = np.eye(4) + np.fliplr(np.eye(4)) == 0
    for matrix in special_matrices():
        row, angles = np.full(two_qubit.GATE_COLUMNS, np.nan + 0j), np.full(two_qubit.ANGLE_COLUMNS, np.nan)
        row[:16] = matrix.ravel()
        assert call(two_qubit.split, row, angles, work)
        kept = row[:16].reshape(4, 4)
        low, high = row[16:].reshape(2, 2, 2)
        turns = [z_rotation(angles[k]) @ y_rotation(angles[2 + k]) for k in range(2)]
        assert np.abs(np.kron(turns[1], turns[0]) @ kept @ np.kron(high, low) - matrix).max() < 2e-14
        assert np.all(kept[parity_changes] == 0)
        assert np.abs(angles[2:4]).max() <= np.pi / 2 + 1e-12
        for gate in (low, high):
            assert np.abs(gate @ gate.conj().T - np.eye(2)).max() < 1e-13


def test_products_of_all_factors():
    """By the kernel on numbers alone."""
    work, count = np.zeros((2, 16), complex), 0
    for seed in range(4):
        merged, coefficients = merged_nodes(random_gate_circuit(4, 120, seed))
        dense = [node for node in merged if node.kind is Kind.DENSE]
        rows, factors, *_ = tables_of(dense)
        for node, row in zip(dense, rows, strict=True):
            expected = np.eye(4)
            for factor in node.factors:
                matrix = factor_matrix(factor, coefficients)
                if len(factor.qubits) == 1:
                    is_low = factor.qubits[0] == node.targets[0]
                    matrix = np.kron(np.eye(2), matrix) if is_low else np.kron(matrix, np.eye(2))
                elif factor.qubits != node.targets:
                    matrix = matrix[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
                expected = matrix @ expected
            product = np.full(16, np.nan + 0j)
            both(matrices.dense_product, coefficients, factors, int(row[nodes.FIRST]), node.targets[0], product, work)
            assert np.abs(product.reshape(4, 4) - expected).max() < 1e-13
            count += 1
    assert count > 50


def test_the_planner_uses_it_where_it_pays():
    circuit = Circuit(planner.CARTAN_QUBITS)
    for k in range(40):
        circuit.unitary(random_matrix(), [k % circuit.num_qubits, (3 * k + 1) % circuit.num_qubits])
    small = Circuit(planner.CARTAN_QUBITS - 1)
    for k in range(40):
        small.unitary(random_matrix(), [k % small.num_qubits, (k + 1 + k // small.num_qubits) % small.num_qubits])
    for forward_only, made in ((True, circuit), (False, circuit), (True, small)):
        program = compile_circuit(made).unitary_program()
        (part,) = plan_sweeps(program, Layout.of(made.num_qubits, 16, 64), True, forward_only)
        used = isa.CARTAN in part.operations[:, isa.OPCODE]
        assert used == (forward_only and made is circuit)
        assert bool(part.constants.size) == used
