"""Between passes, tables are what the next pass takes them for."""

import numpy as np
import pytest
from node_states import SMALL, small_gates_circuit
from planner_grammar import Checker, checking
from random_circuits import random_gate_circuit, transpiled_circuit

from qtoolkit import Circuit
from qtoolkit.compiler import Layout, compile_circuit, plan_sweeps, planner
from qtoolkit_kernels.planner import nodes

WHOLE = Layout(num_bits=7, lane_bits=2, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16)

CIRCUITS = {
    "gates": lambda seed: random_gate_circuit(7, 80, seed, arrays=False),
    "arrays": lambda seed: random_gate_circuit(7, 60, seed),
    "transpiled": lambda seed: transpiled_circuit(7, 60, seed),
    "few kinds": lambda seed: small_gates_circuit(7, 60, seed),
}


@pytest.mark.parametrize("layout", [SMALL, WHOLE], ids=["small", "whole"])
@pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS)
def test_random_circuits(make, layout):
    passes = set()
    for seed in range(12):
        program = compile_circuit(make(seed)).unitary_program()
        with checking() as checked:
            for from_zero_state in (True, False):
                for forward_only in (True, False):
                    plan_sweeps(program, layout, from_zero_state, forward_only)
        passes |= set(checked)
    assert passes >= {"lower", "pairs", "relabel", "fuse", "signs", "gather", "narrow", "split", "merge", "pack"}


@pytest.mark.parametrize("num_qubits", [16, 20])
def test_chains_of_matrices(num_qubits):
    rng = np.random.default_rng(num_qubits)
    circuit = Circuit(num_qubits)
    for layer in range(6):
        for qubit in range(layer % 2, num_qubits - 1, 2):
            circuit.ry(rng.normal(), qubit).rxx(rng.normal(), qubit, qubit + 1).fsim(0.3, 0.4, qubit, qubit + 1)
            circuit.ry(rng.normal(), qubit + 1).ryy(rng.normal(), qubit, qubit + 1)
    program = compile_circuit(circuit).unitary_program()
    with checking() as checked:
        plan_sweeps(program, Layout.of(num_qubits, 16, 32), True)
    assert "cartan" in checked


def test_what_explain_traces_is_what_was_checked():
    program = compile_circuit(random_gate_circuit(7, 80, 3)).unitary_program()
    with checking() as checked:
        traced = [report.name for report in planner.traced_passes(program, SMALL, True)]
    assert [name for name in traced if name != "schedule"] == checked


def broken(column, value):
    def breaks(rows):
        rows[len(rows) // 2, column] = value

    return breaks


@pytest.mark.parametrize(
    "breaks",
    [
        broken(nodes.KIND, len(nodes.KINDS)),
        broken(nodes.TARGETS, 1 << 7),
        broken(nodes.DIAGONAL, 127),
        broken(nodes.CONTROLS, 127),
        broken(nodes.FIRST, 1 << 20),
        broken(nodes.GATES, -1),
        lambda rows: rows[1].__setitem__(slice(None), rows[0]),
    ],
    ids=["kind", "targets", "diagonal", "controls", "factor", "gates", "twice"],
)
def test_a_broken_table_is_seen(breaks, monkeypatch):
    """The checker checks: of each rule, a table that breaks it."""
    fused = Checker._fused

    def damaged(self, rows):
        rows = fused(self, rows)
        breaks(rows)
        return rows

    monkeypatch.setattr(Checker, "_fused", damaged)
    program = compile_circuit(random_gate_circuit(7, 80, 3, arrays=False)).unitary_program()
    with checking(), pytest.raises(AssertionError):
        plan_sweeps(program, SMALL, True, forward_only=False)
