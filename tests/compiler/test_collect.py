"""What taking sweeps back collects is the same whether it is found by compiled code or by the interpreter.

That it makes the right derivatives is the matter of `simulators/test_gradient_sweeps.py`.
"""

from dataclasses import replace

import numpy as np
import pytest
from planner_passes import both
from random_circuits import random_parametrised_circuit

from qtoolkit import Circuit, ParameterVector
from qtoolkit.compiler import Layout, SweepPart, compile_circuit, plan_sweeps
from qtoolkit.simulators.gradients.adjoint_plan import Generators, adjoint_part
from qtoolkit_kernels.planner import collect
from qtoolkit_kernels.vector.adjoint.block import NOTHING, PROBE_PLACE

SMALL_BLOCKS = Layout(9, 2, 7, 4, 4, 16)


def collected(circuit, layout):
    """What is collected for each stretch of sweeps."""
    program = compile_circuit(circuit).unitary_program()
    parts = []
    for part in plan_sweeps(program, layout, True, forward_only=False):
        if isinstance(part, SweepPart):
            kernels = []

            def call(kernel, *arguments, kernels=kernels):
                kernels.append(kernel)
                return both(kernel, *arguments)

            parts.append(adjoint_part(part, Generators(program), call))
            assert kernels == [collect.count_sums, collect.collect_sums]
    return parts


@pytest.mark.parametrize("layout", [Layout.of(9, 16, 32), SMALL_BLOCKS], ids=["one block", "small blocks"])
def test_both_ways_find_the_same(layout):
    for seed in range(6):
        for item in collected(random_parametrised_circuit(9, 60, np.random.default_rng(seed)), layout):
            found, entries = item.backward.sought, item.backward.derivatives.entries
            assert np.all(np.diff(found.probe_start) >= 0)
            assert found.probe_start[-1] == len(found.probes)
            assert found.wanted_start[-1] == len(found.wanted)
            places = found.collect[:, 1:][found.collect[:, 1:] >= 0].tolist() + found.wanted[:, 2].tolist()
            places += [place + k for place in found.probes[:, PROBE_PLACE].tolist() for k in range(2)]
            assert len(set(places)) == len(places)
            assert max(places) < item.backward.num_places
            assert set(entries[:, 1].tolist()) <= set(range(item.backward.num_places))


def test_many_strings_of_z():
    theta, rng = ParameterVector("theta", 40), np.random.default_rng(3)
    circuit = Circuit(9).h(range(9))
    for angle in theta:
        circuit.pauli_rotation("".join(rng.permutation(list("IIIIIZZZZ"))), angle)
    (found,) = collected(circuit, replace(SMALL_BLOCKS, block_bits=9, chunk_bits=9))
    assert sorted(found.backward.derivatives.entries[:, 0].tolist()) == list(range(1, 1 + circuit.num_parameters))


def test_nothing_is_collected_without_parameters():
    (found,) = collected(Circuit(9).h(range(9)).cx(0, 1).rz(0.3, 2), Layout.of(9, 16, 32))
    assert found.backward.first_row == len(found.part.operations)
    assert not len(found.backward.sought.probes)
    assert not len(found.backward.derivatives.entries)
    assert np.all(found.backward.sought.collect[:, 0] == NOTHING)


def test_rows_before_the_first_angle_are_left_out():
    (theta,) = ParameterVector("theta", 1)
    (found,) = collected(Circuit(9).h(range(9)).cx(0, 1).cx(1, 2).ry(theta, 1), Layout.of(9, 16, 32))
    assert 0 < found.backward.first_row < len(found.part.operations)
