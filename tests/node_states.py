"""What the planner's nodes do, on plain arrays by textbook matrices: the oracle of its passes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from one_qubit_angles import Euler, Product, decompose, product_of
from planner_passes import fuse, lower, narrow_strings, split_locals
from planner_tables import Action, Factor, Form, Kind, Node, Polynomial, Rotations, Strings, TangentForm
from scipy.stats import unitary_group

from qtoolkit import Circuit
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import Layout, Program, compile_circuit, with_constants
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS, S_PLACE
from qtoolkit_kernels.reference import program as twins

PAULIS = {0: np.eye(2), 1: np.array([[0, 1], [1, 0]]), 2: np.diag([1, -1]), 3: np.array([[0, -1j], [1j, 0]])}


def factor_matrix(factor: Factor, coefficients: np.ndarray, products: Sequence[Product] = ()) -> np.ndarray:
    """The matrix of a factor on its qubits, the first one lowest."""
    c = coefficients[factor.place : factor.place + 16]
    match factor.form:
        case Form.MATRIX_1Q:
            return c[:4].reshape(2, 2)
        case Form.MATRIX_2Q:
            return c[:16].reshape(4, 4)
        case Form.DIAGONAL_1Q:
            return np.diag(c[:2])
        case Form.DIAGONAL_2Q:
            return np.diag(c[:4])
        case Form.PHASE_1Q | Form.PHASE_2Q:
            entries = np.ones(2 if factor.form is Form.PHASE_1Q else 4, complex)
            entries[factor.detail] = c[0]
            return np.diag(entries)
        case Form.PAULI_1Q | Form.PAULI_2Q:
            string = PAULIS[factor.detail & 3]
            if factor.form is Form.PAULI_2Q:
                string = np.kron(PAULIS[factor.detail >> 2], string)
            return c[0].real * np.eye(len(string)) - 1j * c[1].real * string
        case Form.CONTROLLED_MATRIX | Form.CONTROLLED_DIAGONAL:
            matrix = np.eye(4, dtype=complex)
            on = slice(2 * factor.detail, 2 * factor.detail + 2)
            matrix[on, on] = c[:4].reshape(2, 2) if factor.form is Form.CONTROLLED_MATRIX else np.diag(c[:2])
            return matrix
    angles = _angles(products[factor.place], coefficients)
    return np.diag([1, np.exp(1j * (angles.gamma if factor.form is Form.BEFORE_ROTATION else angles.beta))])


def run_gates(program: Program, coefficients: np.ndarray, state: np.ndarray, first: int = 0, last: int = -1) -> None:
    """Some gates of a program, all of them by default, on a state in place, by twins of the gates' kernels."""
    twins.run_program(
        state, program.opcodes, program.qubits, program.qubit_start, program.control_masks, program.control_values,
        coefficients, program.coefficient_start, program.table, program.table_start, first,
        program.num_operations if last < 0 else last,
    )  # fmt: skip


def apply_matrix(state: np.ndarray, matrix: np.ndarray, qubits: Sequence[int]) -> np.ndarray:
    """A matrix on some qubits of states, shape ``(2**n, columns)``."""
    index = np.arange(len(state))
    row = sum((index >> q & 1) << k for k, q in enumerate(qubits))
    result = np.zeros_like(state)
    for column in range(len(matrix)):
        source = index & ~sum(1 << q for q in qubits) | sum((column >> k & 1) << q for k, q in enumerate(qubits))
        result += matrix[row, column][:, None] * state[source]
    return result


def apply_node(
    node: Node | Action, state: np.ndarray, coefficients: np.ndarray, products: Sequence[Product] = ()
) -> np.ndarray:
    """The states after a node, or after what `merge_sweep` makes of some."""
    if isinstance(node, Rotations):
        for qubit, product in zip(node.qubits, node.products, strict=True):
            state = apply_matrix(state, _rotation(products[product], coefficients), (qubit,))
        return state
    if isinstance(node, Strings):
        for string in node.nodes:
            state = apply_node(string, state, coefficients, products)
        return state
    if isinstance(node, Polynomial):
        factors = node.terms
    elif node.kind in (Kind.LOCAL, Kind.DENSE, Kind.PHASES):
        factors = tuple(node.factors)
    else:
        return _apply_other(node, state, coefficients, products)
    for factor in factors:
        state = apply_matrix(state, factor_matrix(factor, coefficients, products), factor.qubits)
    return state


def _angles(product: Product, coefficients: np.ndarray) -> Euler:
    return decompose(product_of(product.factors, coefficients), product.parts)


def _rotation(product: Product, coefficients: np.ndarray) -> np.ndarray:
    theta = _angles(product, coefficients).theta
    return np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]], complex)


def _apply_other(node: Node, state: np.ndarray, coefficients: np.ndarray, products: Sequence[Product]) -> np.ndarray:
    index = np.arange(len(state))
    conditions = node.diagonal if node.kind is Kind.PHASE else node.controls
    on = np.ones(len(state), bool)
    for q in conditions:
        on &= (index >> q & 1) == 1 - (node.zeros >> q & 1)
    match node.kind:
        case Kind.PHASE:
            changed = coefficients[node.factors[0].place] * state
        case Kind.EXCHANGE:
            changed = state[index ^ 1 << node.targets[0]]
        case Kind.SWAP:
            changed = apply_matrix(state, np.eye(4)[[0, 2, 1, 3]], node.targets)
        case Kind.ROTATION:
            changed = apply_matrix(state, _rotation(products[node.operation], coefficients), node.targets)
        case Kind.PAULI:
            string = state
            for q in set(node.targets) | set(node.diagonal) - set(node.controls):
                letter = 2 if q not in node.targets else 3 if q in node.y else 1
                string = apply_matrix(string, PAULIS[letter], (q,))
            cosine, sine = coefficients[node.factors[0].place : node.factors[0].place + 2].real
            changed = cosine * state - 1j * sine * string
        case Kind.CARTAN:
            if isinstance(node.form, TangentForm):
                a, b, c, d = node.form.mixed
                phases = np.diag([1, *(1 + 1j * np.array(node.form.before))])
                matrix = (np.eye(4) + np.fliplr(np.diag([-a, -c, d, b]))) @ phases
                matrix = np.diag([1, 1, 1 + 1j * node.form.after, node.form.factor]) @ matrix
            else:
                matrix = np.diag(node.form.own) + np.fliplr(np.diag(node.form.cross))
            turns = np.array(node.form.rotations).reshape(2, 2)
            low, high = (np.array([[1, -a], [b, 1]]) for a, b in turns)
            flipped = np.arange(4) ^ getattr(node.form, "flips", 0)
            matrix = (np.kron(high, low) @ matrix)[np.ix_(flipped, flipped)]
            changed = apply_matrix(state, matrix, node.targets)
        case Kind.MATRIX | Kind.TABLE | Kind.PERMUTE:
            qubits = node.factors[0].qubits
            changed = apply_matrix(state, _whole_matrix(node, coefficients), qubits)
        case _:
            raise AssertionError(f"no oracle for {node.kind}")
    return np.where(on[:, None], changed, state)


def _whole_matrix(node: Node, coefficients: np.ndarray) -> np.ndarray:
    """The matrix of a MATRIX, TABLE or PERMUTE node on the qubits of its factor."""
    size, place = 1 << len(node.factors[0].qubits), node.factors[0].place
    if node.kind is Kind.MATRIX:
        return coefficients[place : place + size * size].reshape(size, size)
    if node.kind is Kind.TABLE:
        return np.diag(coefficients[place : place + size])
    return np.eye(size)[:, node.table]


def matrix_of(
    nodes: Iterable[Node | Action],
    num_qubits: int,
    coefficients: np.ndarray,
    products: Sequence[Product] = (),
) -> np.ndarray:
    """The unitary of nodes in time order."""
    state = np.eye(1 << num_qubits, dtype=complex)
    for node in nodes:
        state = apply_node(node, state, coefficients, products)
    return state


def equal_up_to_phase(first: np.ndarray, second: np.ndarray, tolerance: float = 1e-12) -> bool:
    """Whether two unitaries differ by no more than a global phase."""
    overlap = np.vdot(first, second)
    return bool(np.abs(second - first * (overlap / abs(overlap))).max() < tolerance)


def nodes_of(circuit: Circuit) -> tuple[list[Node], np.ndarray]:
    """The nodes of a circuit without parameters, and the coefficients they name."""
    program = compile_circuit(circuit).unitary_program()
    coefficients = with_constants(program.constant_coefficients)
    return lower(program, [coefficients]), coefficients


def small_gates_circuit(num_qubits: int, num_gates: int, seed: int) -> Circuit:
    """Random gates of every kind of node, few of each kind of angle: what can merge or cancel often does."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for _ in range(num_gates):
        qubits = [int(q) for q in rng.permutation(num_qubits)]
        a, b, c = qubits[:3]
        angle = float(rng.choice([0.3, -1.1, np.pi / 2, np.pi, 2.2]))
        match int(rng.integers(20)):
            case 0 | 1 | 2:
                circuit.cx(a, b)
            case 3:
                circuit.ccx(a, b, c)
            case 4:
                circuit.append(StandardGate("x").controlled(3, int(rng.integers(8))), qubits[:4])
            case 5:
                circuit.swap(a, b)
            case 6:
                circuit.h(a)
            case 7:
                circuit.ry(angle, a)
            case 8:
                circuit.u(angle, 0.4, -angle, a)
            case 9:
                circuit.x(a)
            case 10:
                circuit.rz(angle, a).s(b)
            case 11:
                circuit.cp(angle, a, b).cz(b, c)
            case 12:
                circuit.rzz(angle, a, b)
            case 13:
                circuit.rxx(angle, a, b)
            case 14:
                circuit.crx(angle, a, b)
            case 15:
                circuit.unitary(unitary_group.rvs(4, random_state=rng), [a, b])
            case 16:
                circuit.mcp(angle, qubits[:2], c)
            case 17:
                label = "".join(rng.choice(list("IXYZ"), num_qubits))
                circuit.pauli_rotation(label, angle)
            case 18:
                circuit.diagonal(np.exp(1j * rng.uniform(-3, 3, 4)), [a, b])
            case _:
                circuit.crz(angle, a, b).cswap(a, b, c)
    return circuit


SMALL = Layout(num_bits=7, lane_bits=1, block_bits=4, chunk_bits=2, low_bits=3, amplitude_bytes=16)
"""Two free bits in a block of four, three outside."""


def prepared(circuit, layout=SMALL):
    """Nodes as the scheduler receives them, each an object of its own."""
    nodes, coefficients = nodes_of(circuit)
    x_place = coefficients.size - NUM_CONSTANTS
    narrow = narrow_strings(fuse(nodes, x_place), layout, x_place + S_PLACE)
    split, products = split_locals(narrow, [coefficients])
    return split, products, coefficients


def must_follow(first, second):
    """Whether two nodes may not exchange places: they share a qubit that one of them is not diagonal in."""
    return bool(set(first.targets) & set(second.qubits) or set(second.targets) & set(first.qubits))


def assert_order_is_kept(before, after):
    place = {id(node): k for k, node in enumerate(after)}
    assert sorted(place) == sorted(id(node) for node in before)
    for first, second in itertools.combinations(before, 2):
        if must_follow(first, second):
            assert place[id(first)] < place[id(second)]
