"""Fusing keeps the unitary and merges what it promises."""

import numpy as np
import pytest
from node_states import matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, fuse
from random_circuits import random_gate_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS

RNG = np.random.default_rng(5)


def fused(circuit):
    nodes, coefficients = nodes_of(circuit)
    return nodes, fuse(nodes, coefficients.size - NUM_CONSTANTS, both), coefficients


def counts(circuit):
    _, merged, _ = fused(circuit)
    return [node.kind.name for node in merged], [node.operations for node in merged]


@pytest.mark.parametrize("seed", range(6))
def test_fusing_keeps_the_unitary_and_counts_gates(seed):
    nodes, merged, coefficients = fused((random_gate_circuit if seed % 2 else small_gates_circuit)(4, 70, seed))
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
