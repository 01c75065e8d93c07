"""What rows of a plan from |0…0⟩ leave out is zero, and leaving it out changes nothing; the twins look at every row."""

import numpy as np
import pytest
from node_states import small_gates_circuit
from random_circuits import transpiled_circuit
from scipy.stats import unitary_group
from small_blocks import SmallBlocks

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.circuit import DiagonalGate, PermutationGate, UnitaryGate
from qtoolkit.compiler import compile_circuit, plan_sweeps, planner
from qtoolkit.simulators.bind import bind
from qtoolkit.simulators.numbers import numbers_of
from qtoolkit_kernels.reference.vector.block import Rows, run_block
from qtoolkit_kernels.reference.vector.sweep import blocks_of
from qtoolkit_kernels.vector import isa

QUBITS = 11


@pytest.fixture(autouse=True)
def _small_circuits_like_large_ones(monkeypatch):
    monkeypatch.setattr(planner, "CARTAN_QUBITS", 0)


def ladders():
    """Exchanges that carry one turned bit up and down, some with controls that are 0 still."""
    gate = Circuit(1).x(0).operations[0].gate
    circuit = Circuit(QUBITS).ry(0.4, 3)
    for q in range(3, QUBITS - 1):
        circuit.cx(q, q + 1).cx(q + 1, q).ccx(q, q + 1, 0)
    circuit.append(gate.controlled(2, 0b10), [2, 5, 8])
    for q in reversed(range(3, QUBITS - 1)):
        circuit.cx(q + 1, q).swap(q - 1, q + 1)
    return circuit


def transforms():
    """Fourier transforms of more and more bits, lowest first."""
    circuit = Circuit(QUBITS).ry(0.3, range(4))
    for size in (5, 8, QUBITS):
        for q in range(size):
            circuit.h(q)
            for other in range(q + 1, size):
                circuit.cp(np.pi / (1 << other - q), other, q)
    return circuit


def rotations():
    """So many on few bits that they must be normalised before the others come into reach."""
    circuit = Circuit(QUBITS)
    for k in range(60):
        circuit.ry(0.2 + k, range(5)).cx(k % 5, (k + 1) % 5).rxx(0.3 * k, k % 5, (k + 2) % 5)
    for q in range(5, QUBITS):
        circuit.ry(1.4, q).rxx(0.3, q, q - 4).cry(0.7, q, q - 1)
    return circuit


def wide_gates(seed):
    """Matrices, diagonals and permutations of several qubits, with controls, from |0…0⟩ on."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(QUBITS)
    for size in (1, 2, 3):
        for limit in (5, 8, QUBITS):
            matrix = unitary_group.rvs(1 << size, random_state=rng)
            gates = [
                UnitaryGate(matrix),
                UnitaryGate(matrix).controlled(1, int(rng.integers(2))),
                DiagonalGate(np.exp(1j * rng.uniform(-3, 3, 2 << size))),
                PermutationGate(rng.permutation(2 << size)),
            ]
            for gate in gates:
                circuit.append(gate, [int(q) for q in rng.permutation(limit)[: gate.num_qubits]])
    return circuit


def matrices():
    """Chains of matrices on two qubits, first of few bits."""
    rng = np.random.default_rng(5)
    circuit = Circuit(QUBITS)
    for limit in (4, 6, 9, QUBITS):
        for _ in range(8):
            circuit.unitary(unitary_group.rvs(4, random_state=rng), [int(q) for q in rng.permutation(limit)[:2]])
    return circuit


def transpiled():
    """Gates of devices, first on few bits."""
    circuit = Circuit(QUBITS)
    for limit in (4, 7, QUBITS):
        circuit.extend(transpiled_circuit(limit, 60, limit, "cx")).extend(transpiled_circuit(limit, 30, limit, "cz"))
    return circuit


CIRCUITS = {
    "matrices": matrices(),
    "ladders": ladders(),
    "transforms": transforms(),
    "rotations": rotations(),
    "transpiled": transpiled(),
    **{f"wide gates {seed}": wide_gates(seed) for seed in range(4)},
    **{f"small gates {seed}": small_gates_circuit(QUBITS, 80, seed) for seed in range(6)},
}
ENGINES = pytest.mark.parametrize(
    "engine",
    [SmallBlocks("double", 16, free_bits=4), SmallBlocks("double", 32, free_bits=5), StatevectorSimulator()._engine],
    ids=["blocks of 7 bits", "blocks of 8 bits", "whole"],
)


def rows_with_zeros(engine, circuit):
    """Run a plan row by row on the twins; return the opcodes of rows that leave something out, and the state."""
    program = compile_circuit(circuit).unitary_program()
    layout = engine.layout(QUBITS)
    parts = plan_sweeps(program, layout, from_zero_state=True)
    part = parts[0]
    assert len(parts) == 1
    coefficients, _ = bind(program, np.zeros(0))
    numbers = numbers_of(part, coefficients, np.float64, 1.0)
    state = np.eye(1, 1 << QUBITS, dtype=complex)[0]
    opcodes = set()
    for sweep, bits in enumerate(part.bits):
        rows = numbers.operations[part.operation_start[sweep] : part.operation_start[sweep + 1]]
        for outer, chosen in blocks_of(state.size, layout.block_bits, bits):
            block = state[chosen]
            program_of_block = Rows(1 << layout.lane_bits, numbers, bits, outer)
            for row in rows:
                assert not block[block.size >> row[isa.UNREACHED] :].any()
                run_block(block, row[None], program_of_block)
                if row[isa.UNREACHED]:
                    opcodes.add(int(row[isa.OPCODE]))
            state[chosen] = block
    return opcodes, state * numbers.factor


@ENGINES
@pytest.mark.parametrize("name", CIRCUITS)
def test_rows_leave_out_nothing_but_zeros(name, engine):
    opcodes, state = rows_with_zeros(engine, CIRCUITS[name])
    assert opcodes or name.startswith("small gates")
    found = engine.empty_state(QUBITS)
    engine.run(compile_circuit(CIRCUITS[name]).unitary_program(), np.zeros(0), found, fresh=True)
    assert abs(abs(np.vdot(state, found)) - 1) < 1e-12


def test_all_operations_leave_out_zeros():
    """Strings never do, and swaps are gone before that."""
    engines = SmallBlocks("double", 16, free_bits=4), StatevectorSimulator()._engine
    found = set().union(*(rows_with_zeros(engine, circuit)[0] for circuit in CIRCUITS.values() for engine in engines))
    assert found >= set(range(len(isa.INSTRUCTIONS))) - {isa.STRINGS, isa.SWAP}
