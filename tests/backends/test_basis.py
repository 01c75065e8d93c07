"""Circuits in few gates: the same states and decisions, whatever the gates were."""

from __future__ import annotations

import numpy as np
import pytest
from random_circuits import random_gate_circuit

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends.compiling.basis import NEEDED, in_basis
from qtoolkit.circuit import STANDARD_GATES, Gate, IfElse, Reset, StandardGate
from qtoolkit.circuit.operation import everything_in
from qtoolkit.errors import ConversionError, UnboundParameterError
from qtoolkit.noise import bit_flip


def names_in(circuit: Circuit) -> set[str]:
    return {op.gate.name for op in everything_in(circuit.operations) if isinstance(op.gate, Gate)}


@pytest.mark.parametrize("name", sorted(set(STANDARD_GATES) - {"gphase"}))
@pytest.mark.parametrize("more", [(), ("x", "h", "sx", "rx", "p", "swap", "rzz", "ccx")])
def test_every_gate_up_to_a_global_phase(name, more) -> None:
    record = STANDARD_GATES[name]
    angles = np.random.default_rng(len(name)).uniform(-3, 3, record.num_params)
    circuit = Circuit(3).append(StandardGate(name, angles), [1, 2, 0][: record.num_qubits])
    lowered = in_basis(circuit, NEEDED | set(more))
    assert names_in(lowered) <= NEEDED | set(more)
    assert abs(np.vdot(lowered.to_matrix(), circuit.to_matrix())) == pytest.approx(8, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_random_circuits(seed) -> None:
    circuit = random_gate_circuit(4, 25, seed)
    lowered = in_basis(circuit, NEEDED)
    assert names_in(lowered) <= NEEDED
    assert abs(np.vdot(lowered.to_matrix(), circuit.to_matrix())) == pytest.approx(16, abs=1e-8)


def test_registers_measurements_and_conditions_stay() -> None:
    circuit = Circuit(3)
    flag = circuit.add_clbits(1, "flag")
    out = circuit.add_clbits(2, "out")
    circuit.x(0).measure(0, flag.clbits[0]).if_(flag == 1, lambda b: b.swap(0, 1), lambda b: b.h(1))
    circuit.barrier(0, 1).reset(2).iswap(1, 2).measure([1, 2], list(out.clbits))
    lowered = in_basis(circuit, NEEDED)
    assert lowered.clbit_registers == circuit.clbit_registers
    assert names_in(lowered) <= NEEDED
    (branch,) = [op.gate for op in lowered.operations if isinstance(op.gate, IfElse)]
    assert branch.condition == circuit.operations[2].gate.condition
    simulator = StatevectorSimulator()
    assert simulator.run(lowered, 50, seed=1).counts == simulator.run(circuit, 50, seed=1).counts


def test_preparations_reset_what_was_used() -> None:
    state = np.array([0.6, 0.0, 0.0, 0.8])
    fresh = in_basis(Circuit(3).initialize(state, [0, 2]), NEEDED)
    assert not any(isinstance(op.gate, Reset) for op in fresh.operations)
    used = in_basis(Circuit(3).h(2).initialize(state, [0, 2]), NEEDED)
    assert [op.qubits for op in used.operations if isinstance(op.gate, Reset)] == [(2,)]
    circuit = Circuit(3, 1).x(0).measure(1, 0).if_(0, lambda b: b, lambda b: b.initialize([0.0, 1.0], [0]))
    (branch,) = [op.gate for op in in_basis(circuit, NEEDED).operations if isinstance(op.gate, IfElse)]
    assert any(isinstance(op.gate, Reset) for op in branch.else_body.operations)


def test_what_cannot_be_written() -> None:
    with pytest.raises(ConversionError, match="needs the gates cx, ry, rz, got none named ry"):
        in_basis(Circuit(1), {"cx", "rz"})
    with pytest.raises(ConversionError, match=r"cannot write .+ at position 1"):
        in_basis(Circuit(1).x(0).channel(bit_flip(0.1), 0), NEEDED)
    with pytest.raises(ConversionError, match="at most 10 qubits"):
        in_basis(Circuit(12).append(StandardGate("x").controlled(11), range(12)), NEEDED)
    from qtoolkit import Parameter

    with pytest.raises(UnboundParameterError):
        in_basis(Circuit(1).rx(Parameter("a"), 0), NEEDED)
