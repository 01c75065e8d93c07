"""Exchanges and permutations that undo each other vanish, and nothing else does."""

import numpy as np
import pytest
from node_states import equal_up_to_phase, matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, cancel_inverses
from planner_tables import Kind, Node

from qtoolkit import Circuit
from qtoolkit.circuit import StandardGate


@pytest.mark.parametrize("seed", range(4))
def test_cancelling_keeps_the_unitary(seed):
    circuit = small_gates_circuit(4, 30, seed)
    circuit.extend(circuit.inverse())
    nodes, coefficients = nodes_of(circuit)
    kept = cancel_inverses(nodes, both)
    assert equal_up_to_phase(matrix_of(kept, 4, coefficients), matrix_of(nodes, 4, coefficients))


@pytest.mark.parametrize("seed", range(4))
def test_of_exchanges_alone_many_cancel(seed):
    rng = np.random.default_rng(seed)
    circuit = Circuit(5)
    for _ in range(150):
        a, b, c = (int(q) for q in rng.permutation(5)[:3])
        if rng.random() < 0.2:
            circuit.permutation([0, 2, 3, 1] if rng.random() < 0.5 else [0, 3, 1, 2], [a, b])
        elif rng.random() < 0.3:
            circuit.append(StandardGate("x").controlled(2, int(rng.integers(4))), [a, b, c])
        else:
            circuit.cx(min(a, b), max(a, b))
    nodes, coefficients = nodes_of(circuit)
    kept = cancel_inverses(nodes, both)
    assert len(kept) < len(nodes)
    assert np.array_equal(matrix_of(kept, 5, coefficients), matrix_of(nodes, 5, coefficients))


def test_equal_exchanges_cancel():
    def left(circuit):
        return len(cancel_inverses(nodes_of(circuit)[0], both))

    ladder = Circuit(5).cx(0, 1).cx(1, 2).cx(2, 3).cx(3, 4)
    assert left(ladder.compose(ladder.inverse())) == 0
    assert left(Circuit(3).ccx(0, 1, 2).ccx(1, 0, 2)) == 0
    assert left(Circuit(3).cx(0, 1).h(2).cx(0, 1)) == 1
    assert left(Circuit(3).cx(0, 1).cx(0, 1).cx(0, 1)) == 1
    assert left(Circuit(2).cx(0, 1).h(1).cx(0, 1)) == 3
    assert left(Circuit(2).cx(0, 1).t(0).cx(0, 1)) == 3
    assert left(Circuit(2).cx(0, 1).cx(1, 0)) == 2
    assert left(Circuit(3).ccx(0, 1, 2).cx(0, 2)) == 2
    assert left(Circuit(3).cswap(0, 1, 2).cswap(0, 1, 2)) == 0
    cycle = Circuit(3).permutation([1, 2, 3, 0], [0, 2])
    assert left(cycle.compose(cycle.inverse())) == 0
    assert left(cycle.compose(cycle)) == 2
    zero_control = StandardGate("x").controlled(1, 0)
    assert left(Circuit(2).cx(0, 1).append(zero_control, [0, 1])) == 2


def test_nodes_that_are_not_exchanges_stay():
    nodes = [Node(Kind.SWAP, (0, 1)), Node(Kind.SWAP, (0, 1))]
    assert cancel_inverses(nodes) == nodes
    assert cancel_inverses([]) == []
