"""Whole plans: they are kept, name every gate, and are the same whoever runs the passes."""

import dataclasses

import numpy as np
import pytest
from node_states import SMALL, run_gates, small_gates_circuit
from planner_passes import interpreted
from random_circuits import random_gate_circuit, transpiled_circuit

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import STANDARD_GATES, StandardGate
from qtoolkit.compiler import GatePart, Layout, SweepPart, compile_circuit, plan_sweeps, planner
from qtoolkit.compiler.program import PLANNER_CONSTANTS
from qtoolkit.simulators.engine import Engine
from qtoolkit_kernels import _jit
from qtoolkit_kernels.vector import isa

WHOLE = Layout(num_bits=7, lane_bits=2, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16)


def program_of(circuit):
    return compile_circuit(circuit).unitary_program()


def opcodes(circuit, layout=WHOLE, **options):
    (part,) = plan_sweeps(program_of(circuit), layout, True, **options)
    return [isa.INSTRUCTIONS[code].name for code in part.operations[:, isa.OPCODE]]


@pytest.mark.parametrize("fresh", [False, True])
def test_plans_are_kept_and_name_every_gate(fresh):
    program = program_of(small_gates_circuit(7, 60, seed=4))
    parts = plan_sweeps(program, SMALL, fresh)
    assert plan_sweeps(program, SMALL, fresh) is parts
    assert plan_sweeps(program, SMALL, not fresh) is not parts
    assert plan_sweeps(program, SMALL, fresh, False) is not parts
    assert all(isinstance(part, SweepPart) for part in parts)
    assert all((part.gates >= 0).all() and part.gates.size == part.num_sweeps for part in parts)


def contents(part):
    """What a part holds by name, formulas one by one."""
    found = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    return found | (found.pop("formulas")._asdict() if isinstance(part, SweepPart) else {})


@pytest.mark.parametrize("layout", [SMALL, WHOLE], ids=["small", "whole"])
@pytest.mark.parametrize("seed", range(4))
def test_interpreted_plans_are_the_same(layout, seed, monkeypatch):
    """Cartan's forms aside, whose numbers are compared where they are made."""
    make = [small_gates_circuit, random_gate_circuit, transpiled_circuit][seed % 3]
    circuit = make(7, 60, seed)
    plans = [plan_sweeps(program_of(circuit), layout, bool(seed % 2), seed < 3)]
    monkeypatch.setattr(planner, "runner", lambda _: interpreted)
    plans.append(plan_sweeps(program_of(circuit), layout, bool(seed % 2), seed < 3))
    for one, other in zip(*plans, strict=True):
        assert type(one) is type(other)
        others = contents(other)
        for name, first in contents(one).items():
            second = others[name]
            if isinstance(first, np.ndarray) and first.dtype.kind == "i":
                np.testing.assert_array_equal(first, second, err_msg=name)
            elif isinstance(first, np.ndarray):
                assert first.shape == second.shape
            else:
                assert first == second


def test_gates_that_no_block_holds_stand_between_sweeps():
    circuit = Circuit(7).h(0).unitary(np.roll(np.eye(64), 1, axis=0), range(6)).cx(0, 1)
    circuit.unitary(np.roll(np.eye(64), 3, axis=0), range(6))
    parts = plan_sweeps(program_of(circuit), WHOLE, False)
    assert [type(part) for part in parts] == [SweepPart, GatePart, SweepPart, GatePart]
    assert [part.operation for part in parts[1::2]] == [1, 3]
    first = plan_sweeps(program_of(Circuit(7).unitary(np.roll(np.eye(64), 1, axis=0), range(6)).h(1)), WHOLE, True)
    assert [type(part) for part in first] == [SweepPart, GatePart, SweepPart]
    assert first[0].num_sweeps == 0


def test_swaps_vanish_from_the_zero_state_only():
    circuit = Circuit(7).ry(0.3, [4, 5]).swap(4, 5).cx(5, 6)
    assert "SWAP" not in opcodes(circuit)
    (part,) = plan_sweeps(program_of(circuit), WHOLE, False)
    assert isa.SWAP in part.operations[:, isa.OPCODE]
    swap = Circuit(7).ry(0.3, [0, 5]).cx(0, 5).cx(5, 0).cx(0, 5).ry(0.2, 5)
    assert "EXCHANGE" not in opcodes(swap)


def test_what_transpilers_write_is_one_phase():
    written = Circuit(7).ry(0.3, range(7))
    short = written.copy()
    for a, b in ((0, 1), (5, 2), (3, 6)):
        written.rz(0.2, a).cx(a, b).rz(-0.2, b).cx(a, b).rz(0.2, b)
        short.cp(0.4, a, b)
    written.ry(0.5, range(7))
    short.ry(0.5, range(7))
    assert opcodes(written) == opcodes(short)


def test_plans_that_are_taken_back_keep_runs_with_parameters():
    for angle, exchanges in ((0.3, 0), (Parameter("a"), 6)):
        circuit = Circuit(7).ry(0.3, range(7))
        for _ in range(3):
            circuit.cx(0, 1).rx(angle, 0).rz(angle, 1).cx(0, 1).ry(0.2, 1)
        assert opcodes(circuit).count("EXCHANGE") == 0
        assert opcodes(circuit, forward_only=False).count("EXCHANGE") == exchanges


def test_probes_are_generic():
    """No angle is small in both, whatever stands in the circuit."""
    a = Parameter("a")
    circuit = Circuit(2).rx(1e-5 * a, 0).rx(a, 1).rx(3 - a, 0)
    program = program_of(circuit)
    probes = planner.probes_of(program)
    assert probes.shape == (2, program.constant_coefficients.size + PLANNER_CONSTANTS.size)
    assert np.abs(probes[:, 1]).min() > 1e-3
    assert planner.probes_of(program_of(Circuit(2).h(0))).shape[0] == 1


def test_long_programs_wait_for_the_compiler(monkeypatch):
    def refuse(*_arguments):
        raise AssertionError

    monkeypatch.setattr(_jit, "run_soon", refuse)
    monkeypatch.setattr(_jit, "MOST_INTERPRETED", 50)
    assert plan_sweeps(program_of(small_gates_circuit(7, 100, 1)), SMALL, True)
    with pytest.raises(AssertionError):
        plan_sweeps(program_of(Circuit(7).h(0)), SMALL, True)


def _right(circuit):
    """Whether sweeps make the state that gates one by one make, from |0…0⟩ and from a given one."""
    plan = compile_circuit(circuit)
    program, engine, rng = plan.unitary_program(), Engine("double", 1), np.random.default_rng(3)
    coefficients, angles = program.bind(np.zeros(0))
    for fresh in (True, False):
        state = np.zeros(1 << plan.num_qubits, np.complex128)
        state[0] = 1
        if not fresh:
            state = rng.normal(size=state.size) + 1j * rng.normal(size=state.size)
        expected = state.copy()
        run_gates(program, coefficients, expected)
        engine.run(program, np.zeros(0), state, fresh=fresh)
        np.testing.assert_allclose(state, expected * np.exp(1j * angles[program.phase_slot]), atol=1e-12)


@pytest.mark.parametrize("name", STANDARD_GATES)
def test_circuits_of_one_or_two_kinds_of_gates(name):
    """What one pass makes of them, the next ones must know of."""
    rng = np.random.default_rng(len(name))
    for _ in range(12):
        circuit = Circuit(4)
        for kind in rng.permutation([name, rng.choice(list(STANDARD_GATES))] * int(rng.integers(1, 4))):
            record = STANDARD_GATES[str(kind)]
            angles = rng.choice([np.pi, np.pi / 2, rng.normal()], record.num_params)
            circuit.append(StandardGate(record, angles), rng.permutation(4)[: record.num_qubits])
        _right(circuit)
