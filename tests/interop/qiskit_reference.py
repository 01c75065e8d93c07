"""Exact evolution of small circuits with measurements, once with Qiskit's matrices and once with this toolkit's.

Both give one unnormalised density matrix for each value of the classical bits, summed over all branches.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Clbit, ControlFlowOp, IfElseOp, SwitchCaseOp
from qiskit.circuit.classical import expr
from qiskit.quantum_info import Operator, Statevector
from scipy.stats import chi2

from qtoolkit.circuit import Circuit, Gate, IfElse, Initialize, Measure, Reset

_OPERATORS: dict[str, Callable[[int, int], int]] = {
    "LOGIC_AND": lambda a, b: a and b,
    "LOGIC_OR": lambda a, b: a or b,
    "BIT_AND": operator.and_,
    "BIT_OR": operator.or_,
    "BIT_XOR": operator.xor,
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "LESS": operator.lt,
    "GREATER": operator.gt,
}

Branch = tuple[np.ndarray, int]
DensityByClbits = dict[int, np.ndarray]


def _collect(branches: Iterable[Branch]) -> DensityByClbits:
    result: DensityByClbits = {}
    for state, clbits in branches:
        result[clbits] = result.get(clbits, 0) + np.outer(state, state.conj())
    return result


def _apply(state: np.ndarray, matrix: np.ndarray, qubits: list[int]) -> np.ndarray:
    n, k = state.size.bit_length() - 1, len(qubits)
    if k == 0:
        return state * matrix[0, 0]
    axes = [n - 1 - q for q in reversed(qubits)]
    out = np.tensordot(matrix.reshape((2,) * (2 * k)), state.reshape((2,) * n), axes=(range(k, 2 * k), axes))
    return np.moveaxis(out, range(k), axes).reshape(-1)


def _split(state: np.ndarray, qubit: int) -> list[np.ndarray]:
    ones = (np.arange(state.size) >> qubit & 1).astype(bool)
    return [np.where(ones == bool(outcome), state, 0) for outcome in (0, 1)]


def _measure(branches: list[Branch], qubit: int, clbit: int) -> list[Branch]:
    return [
        (part, bits & ~(1 << clbit) | outcome << clbit)
        for state, bits in branches
        for outcome, part in enumerate(_split(state, qubit))
        if np.any(np.abs(part) > 1e-14)
    ]


def _reset(branches: list[Branch], qubit: int) -> list[Branch]:
    flip = np.array([[0, 1], [1, 0]])
    result = []
    for state, bits in branches:
        zero, one = _split(state, qubit)
        result += [(zero, bits), (_apply(one, flip, [qubit]), bits)]
    return [branch for branch in result if np.any(np.abs(branch[0]) > 1e-14)]


def _prepare(branches: list[Branch], vector: np.ndarray, qubits: list[int]) -> list[Branch]:
    for qubit in qubits:
        branches = _reset(branches, qubit)
    column = np.zeros((vector.size, vector.size), dtype=complex)
    column[:, 0] = vector
    return [(_apply(state, column, qubits), bits) for state, bits in branches]


def _start(num_qubits: int) -> list[Branch]:
    state = np.zeros(1 << num_qubits, dtype=complex)
    state[0] = 1.0
    return [(state, 0)]


def _by_condition(
    branches: list[Branch], holds: Callable[[int], bool], run: list[Callable[[list[Branch]], list[Branch]]]
) -> list[Branch]:
    yes = [branch for branch in branches if holds(branch[1])]
    no = [branch for branch in branches if not holds(branch[1])]
    return run[0](yes) + (run[1](no) if len(run) > 1 else no)


def circuit_outcomes(circuit: Circuit) -> DensityByClbits:
    """Evolution of this toolkit's circuit."""
    return _collect(_run_circuit(circuit, _start(circuit.num_qubits)))


def _run_circuit(circuit: Circuit, branches: list[Branch]) -> list[Branch]:
    for operation in circuit:
        gate, qubits = operation.gate, list(operation.qubits)
        if isinstance(gate, Gate):
            matrix = gate.matrix()
            branches = [(_apply(state, matrix, qubits), bits) for state, bits in branches]
        elif isinstance(gate, Measure):
            branches = _measure(branches, qubits[0], operation.clbits[0])
        elif isinstance(gate, Reset):
            branches = _reset(branches, qubits[0])
        elif isinstance(gate, Initialize):
            branches = _prepare(branches, gate.state_vector, qubits)
        elif isinstance(gate, IfElse):
            condition = gate.condition

            def holds(bits: int, condition: Any = condition) -> bool:
                return condition.holds([bits >> c & 1 for c in range(1 + max(condition.clbits))])

            run = [lambda part, body=body: _run_circuit(body, part) for body in gate.branches]
            branches = _by_condition(branches, holds, run)
    return branches


def qiskit_outcomes(circuit: QuantumCircuit) -> DensityByClbits:
    """Evolution of Qiskit's circuit; conditions are bits, registers and expressions of bits."""
    return _collect(qiskit_branches(circuit))


def qiskit_probabilities(circuit: QuantumCircuit) -> dict[int, float]:
    """The probability of each value of the classical bits of Qiskit's circuit."""
    result: dict[int, float] = {}
    for state, clbits in qiskit_branches(circuit):
        result[clbits] = result.get(clbits, 0.0) + float(np.vdot(state, state).real)
    return result


def qiskit_branches(circuit: QuantumCircuit) -> list[Branch]:
    """Unnormalised state and classical bits of every branch of Qiskit's circuit."""
    clbits = {bit: k for k, bit in enumerate(circuit.clbits)}
    return _run_qiskit(circuit, _start(circuit.num_qubits), list(range(circuit.num_qubits)), clbits)


def assert_drawn_from(counts: dict[str, int], probabilities: dict[int, float]) -> None:
    """A chi-squared test at one in a million, over outcomes that come up; those of probability 0 must not."""
    observed = {int(key.replace(" ", ""), 2): count for key, count in counts.items()}
    shots = sum(observed.values())
    assert all(probabilities.get(key, 0.0) > 1e-12 for key in observed)
    expected = {key: p * shots for key, p in probabilities.items() if p > 1e-12}
    statistic = sum((observed.get(key, 0) - mean) ** 2 / mean for key, mean in expected.items())
    assert statistic <= chi2.isf(1e-6, max(len(expected) - 1, 1))


def _run_qiskit(
    circuit: QuantumCircuit, branches: list[Branch], qubits: list[int], clbits: dict[Any, int]
) -> list[Branch]:
    branches = [(state * np.exp(1j * circuit.global_phase), bits) for state, bits in branches]
    where = dict(zip(circuit.qubits, qubits, strict=True))
    for instruction in circuit.data:
        operation, name = instruction.operation, instruction.name
        placed = [where[bit] for bit in instruction.qubits]
        if name == "measure":
            branches = _measure(branches, placed[0], clbits[instruction.clbits[0]])
        elif name == "reset":
            branches = _reset(branches, placed[0])
        elif name == "initialize":
            # its definition resets and then prepares, which Statevector.evolve does on |0...0> alone
            vector = Statevector.from_int(0, 2 ** len(placed)).evolve(operation.definition.data[-1].operation).data
            branches = _prepare(branches, vector, placed)
        elif isinstance(operation, ControlFlowOp):
            inner = [clbits[bit] for bit in instruction.clbits]
            run = [_block_runner(block, placed, inner) for block in operation.blocks]
            if isinstance(operation, IfElseOp):
                branches = _by_condition(branches, lambda bits, o=operation: _holds(o.condition, bits, clbits), run)
            elif isinstance(operation, SwitchCaseOp):
                branches = _run_switch(operation, branches, clbits, run)
            else:
                raise AssertionError(name)
        elif name not in ("barrier", "delay"):
            matrix = Operator(operation).data
            branches = [(_apply(state, matrix, placed), bits) for state, bits in branches]
    return branches


def _block_runner(
    block: QuantumCircuit, qubits: list[int], clbits: list[int]
) -> Callable[[list[Branch]], list[Branch]]:
    return lambda part: _run_qiskit(block, part, qubits, dict(zip(block.clbits, clbits, strict=True)))


def _run_switch(
    operation: SwitchCaseOp, branches: list[Branch], clbits: dict[Any, int], run: list[Any]
) -> list[Branch]:
    result = []
    for branch in branches:
        value = _value(operation.target, branch[1], clbits)
        for (labels, _), body in zip(operation.cases_specifier(), run, strict=True):
            if any(not isinstance(label, int) or label == value for label in labels):
                result += body([branch])
                break
        else:
            result.append(branch)
    return result


def _holds(condition: Any, bits: int, clbits: dict[Any, int]) -> bool:
    if isinstance(condition, tuple):
        return _value(condition[0], bits, clbits) == int(condition[1])
    return bool(_value(condition, bits, clbits))


def _value(node: Any, bits: int, clbits: dict[Any, int]) -> int:
    if isinstance(node, Clbit):
        return bits >> clbits[node] & 1
    if not isinstance(node, expr.Expr):
        return sum((bits >> clbits[bit] & 1) << k for k, bit in enumerate(node))
    if isinstance(node, expr.Var):
        return _value(node.var, bits, clbits)
    if isinstance(node, expr.Value):
        return int(node.value)
    if isinstance(node, expr.Cast):
        return _value(node.operand, bits, clbits)
    if isinstance(node, expr.Index):
        return _value(node.target, bits, clbits) >> _value(node.index, bits, clbits) & 1
    if isinstance(node, expr.Unary):
        operand = _value(node.operand, bits, clbits)
        width = getattr(node.operand.type, "width", 1)
        return int(not operand) if node.op == expr.Unary.Op.LOGIC_NOT else operand ^ ((1 << width) - 1)
    left, right = _value(node.left, bits, clbits), _value(node.right, bits, clbits)
    return int(_OPERATORS[node.op.name](left, right))


def assert_same_outcomes(circuit: Circuit, reference: QuantumCircuit) -> None:
    """Both circuits give the same density matrix for each value of the classical bits, to 1e-10."""
    ours, theirs = circuit_outcomes(circuit), qiskit_outcomes(reference)
    for clbits in ours.keys() | theirs.keys():
        np.testing.assert_allclose(ours.get(clbits, 0 * theirs.get(clbits, 0)), theirs.get(clbits, 0), atol=1e-10)
