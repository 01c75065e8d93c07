"""Gradients through sweeps equal those of the adjoint method gate by gate, with matrices of NumPy."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from random_circuits import random_parametrised_circuit, transpiled_with_parameters
from reference_gradients import reference_gradient

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import STANDARD_GATES, PauliRotationGate, StandardGate
from qtoolkit.compiler import Layout, SweepPart, compile_circuit, is_planned, plan_sweeps
from qtoolkit.errors import ParameterError
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.gradients.adjoint import Gradients
from qtoolkit.simulators.gradients.adjoint_plan import Generators, adjoint_part
from qtoolkit_kernels._jit import run_now
from qtoolkit_kernels.vector import isa

TOLERANCES = {"double": 1e-12, "single": 2e-4}


def random_observable(n, rng):
    return PauliSum.from_list([("".join(rng.choice(list("IXYZ"), n)), float(rng.normal())) for _ in range(6)])


def simulator(precision="double", num_threads=1, vector_bytes=None, small_blocks=False):
    """A simulator; with small blocks, few qubits already make several blocks and sweeps."""
    made = StatevectorSimulator(precision)
    engine = Engine(precision, num_threads, vector_bytes)
    if small_blocks:
        own = engine.layout

        def layout(num_qubits):
            found = own(num_qubits)
            low = found.lane_bits + 1
            return replace(found, block_bits=min(found.num_bits, low + 2), chunk_bits=low, low_bits=low)

        engine.layout = layout
    made._use(engine)
    return made


def check(circuit, rng, sim, values=None):
    observable = random_observable(circuit.num_qubits, rng)
    if values is None:
        values = rng.uniform(-2, 2, circuit.num_parameters)
    expected_value, expected = reference_gradient(circuit, observable.to_matrix(), values)
    value, gradient = sim.gradient(circuit, observable, values)
    tolerance = TOLERANCES[sim.precision] * max(1.0, np.abs(expected).max(initial=0.0))
    assert value == pytest.approx(expected_value, abs=tolerance)
    assert np.abs(gradient - expected).max(initial=0.0) < tolerance


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5])
def test_random_circuits(num_qubits, precision):
    for seed in range(3):
        rng = np.random.default_rng([num_qubits, seed])
        check(random_parametrised_circuit(num_qubits, 40, rng), rng, simulator(precision))


@pytest.mark.parametrize("precision", ["double", "single"])
def test_several_sweeps_of_small_blocks(precision):
    for seed in range(4):
        rng = np.random.default_rng([8, seed])
        check(random_parametrised_circuit(8, 40, rng), rng, simulator(precision, num_threads=1, small_blocks=True))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("vector_bytes", [64, 32, 16])
def test_every_vector_width(vector_bytes, precision):
    for small_blocks in (False, True):
        rng = np.random.default_rng(vector_bytes)
        check(random_parametrised_circuit(7, 50, rng), rng, simulator(precision, 1, vector_bytes, small_blocks))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["double", "single"])
def test_wide_registers_after_large_circuits_with_narrow_ones(precision):
    """What a narrow width leaves of working memory, kept by thread, need not begin where a wide one needs it to."""

    def gradients(seed):
        for num_qubits, num_gates, vector_bytes in ((9, 50, 16), (7, 50, 64), (6, 40, 32)):
            rng = np.random.default_rng([seed, vector_bytes])
            check(random_parametrised_circuit(num_qubits, num_gates, rng), rng, simulator(precision, 1, vector_bytes))

    for seed in range(10):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(gradients, seed).result()


def test_threads_leave_no_trace():
    rng = np.random.default_rng(3)
    circuit, observable = random_parametrised_circuit(9, 60, rng), random_observable(9, rng)
    values = rng.uniform(-2, 2, circuit.num_parameters)
    found = [
        simulator(num_threads=threads, small_blocks=True).gradient(circuit, observable, values)[1]
        for threads in (1, StatevectorSimulator().num_threads)
    ]
    assert np.array_equal(*found)


@pytest.mark.parametrize("values", [0.0, np.pi, np.pi / 2, 1e-9])
def test_angles_where_products_of_gates_degenerate(values):
    theta = ParameterVector("theta", 12)
    circuit = Circuit(3)
    for q, gates in enumerate([("rx", "ry", "rz", "rx"), ("h", "rz", "h", "ry"), ("ry", "rx", "s", "rz")]):
        circuit.cx(q, (q + 1) % 3)
        for k, name in enumerate(gates):
            record = STANDARD_GATES[name]
            circuit.append(StandardGate(record, [theta[4 * q + k]] if record.num_params else []), [q])
    circuit.cx(0, 1).rx(theta[0], 1).rz(theta[1], 1).cx(1, 2).rx(theta[5], 2)
    rng = np.random.default_rng(4)
    check(circuit, rng, simulator(), np.full(circuit.num_parameters, values))


def test_more_rotations_than_a_scale_holds():
    theta = ParameterVector("theta", 5)
    rng = np.random.default_rng(5)
    circuit = Circuit(5)
    for layer in range(60):
        for q in range(5):
            circuit.ry(theta[q] + 0.1 * layer, q)
        circuit.cz(layer % 5, (layer + 1) % 5).cx(layer % 4, 4)
    for precision in TOLERANCES:
        check(circuit, rng, simulator(precision), rng.uniform(1.2, 2.0, 5))


@pytest.mark.parametrize("small_blocks", [False, True])
def test_dense_cost_layers(small_blocks):
    """Pairs within the low bits of a block, across its parts, and outside; one angle for all of them."""
    gamma, beta = ParameterVector("gamma", 2), ParameterVector("beta", 2)
    rng = np.random.default_rng(6)
    circuit = Circuit(8).h(range(8))
    for layer in range(2):
        for i in range(8):
            for j in range(i):
                circuit.rzz(float(rng.normal()) * gamma[layer], i, j)
        for q in range(8):
            circuit.rx(2 * beta[layer], q)
    check(circuit, rng, simulator(small_blocks=small_blocks))


@pytest.mark.parametrize("small_blocks", [False, True])
def test_phases_under_one_control(small_blocks):
    theta = ParameterVector("theta", 9)
    rng = np.random.default_rng(7)
    for control in (0, 4, 8):
        circuit = Circuit(9).h(range(9))
        for q in set(range(9)) - {control}:
            circuit.cp(theta[q], control, q)
        circuit.rx(theta[control], control).h(range(9))
        check(circuit, rng, simulator(small_blocks=small_blocks))


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("small_blocks", [False, True])
def test_many_strings_of_z(small_blocks, precision):
    theta = ParameterVector("theta", 20)
    rng = np.random.default_rng(8)
    circuit = Circuit(8).h(range(8))
    for k in range(20):
        qubits = rng.permutation(8)[: int(rng.integers(3, 6))].tolist()
        circuit.append(PauliRotationGate("Z" * len(qubits), theta[k]), qubits)
    circuit.h(range(8))
    check(circuit, rng, simulator(precision, small_blocks=small_blocks))


@pytest.mark.parametrize("small_blocks", [False, True])
def test_runs_as_transpilers_write_them(small_blocks):
    rng = np.random.default_rng(14)
    sim = simulator(small_blocks=small_blocks)
    circuit = transpiled_with_parameters(8, rng)
    plan = compile_circuit(circuit)
    (part,) = plan_sweeps(plan.unitary_program(), sim._engine.layout(8), True, forward_only=False)
    assert part.constants.size > 0
    values, observable = rng.uniform(-2, 2, circuit.num_parameters), random_observable(8, rng)
    expected_level, expected = reference_gradient(circuit, observable.to_matrix(), values)
    levels, slopes = Gradients(sim._engine, plan)(values, [observable, observable])
    assert np.allclose(levels, expected_level, rtol=0, atol=1e-12)
    assert np.allclose(slopes, expected, rtol=0, atol=1e-12)


def test_several_observables_at_once():
    rng = np.random.default_rng(9)
    circuit = random_parametrised_circuit(6, 40, rng)
    observables = [random_observable(6, rng), rng.normal(size=64), random_observable(6, rng)]
    values = rng.uniform(-2, 2, (2, circuit.num_parameters))
    for sim in (simulator(), simulator(small_blocks=True)):
        levels, slopes = sim.gradient(circuit, observables, values)
        assert levels.shape == (2, 3)
        assert slopes.shape == (2, 3, circuit.num_parameters)
        for row, level, slope in zip(values, levels, slopes, strict=True):
            found = [sim.gradient(circuit, item, row) for item in observables]
            assert np.allclose(level, [value for value, _ in found], rtol=0, atol=1e-14)
            assert np.allclose(slope, [gradient for _, gradient in found], rtol=0, atol=1e-14)


def test_after_initialize():
    rng = np.random.default_rng(10)
    start = rng.normal(size=16) + 1j * rng.normal(size=16)
    start /= np.linalg.norm(start)
    theta = ParameterVector("theta", 4)
    circuit = Circuit(4).initialize(start)
    for q in range(4):
        circuit.swap(q, (q + 1) % 4).ry(theta[q], q).rz(theta[3 - q], q).cx(q, (q + 1) % 4)
    observable, values = random_observable(4, rng), rng.uniform(-2, 2, 4)
    _, gradient = simulator().gradient(circuit, observable, values)
    for j in range(4):
        shift = 1e-5 * np.eye(4)[j]
        above, below = (simulator().expectation_value(circuit, observable, values + s) for s in (shift, -shift))
        assert gradient[j] == pytest.approx((above - below) / 2e-5, abs=1e-8)


def test_the_instruction_set_says_what_is_taken_back_and_derived():
    """Derivatives come from sums of the rows' own, or from probes."""
    found, derived = set(), set()
    rng = np.random.default_rng(11)
    circuits = [random_parametrised_circuit(9, 80, rng) for _ in range(12)]
    theta = ParameterVector("theta", 60)
    circuits.append(Circuit(9).h(range(9)))
    for k in range(60):
        circuits[-1].pauli_rotation("".join(rng.choice(list("IZ"), 9)), theta[k])
    for circuit in circuits:
        program = compile_circuit(circuit).unitary_program()
        for part in plan_sweeps(program, Layout(9, 2, 7, 4, 4, 16), True, forward_only=False):
            assert isinstance(part, SweepPart)
            sought = adjoint_part(part, Generators(program), run_now).backward.sought
            opcodes = part.operations[:, isa.OPCODE]
            is_summed = (sought.collect[:, 1:] >= 0).any(axis=1) | (np.diff(sought.wanted_start) > 0)
            found |= set(opcodes.tolist())
            derived |= set(opcodes[is_summed | (np.diff(sought.probe_start) > 0)].tolist())
    assert found <= {number for number, known in enumerate(isa.INSTRUCTIONS) if known.is_undone}
    assert derived == {number for number, known in enumerate(isa.INSTRUCTIONS) if known.is_derived}


def test_a_first_gradient_plans_once_and_later_ones_run_forward_on_a_plan_of_its_own():
    rng, sim = np.random.default_rng(12), simulator()
    circuit, observable = random_parametrised_circuit(11, 60, rng), random_observable(11, rng)
    values = rng.uniform(-2, 2, circuit.num_parameters)
    plan = compile_circuit(circuit)
    program, layout = plan.unitary_program(), sim._engine.layout(11)
    first = sim.gradient(plan, observable, values)
    assert [is_planned(program, layout, True, forward_only) for forward_only in (True, False)] == [False, True]
    for _ in range(100):
        later = sim.gradient(plan, observable, values)
    assert is_planned(program, layout, True)
    assert later[0] == pytest.approx(first[0], abs=1e-12)
    assert np.abs(later[1] - first[1]).max() < 1e-12


def test_threads_share_the_rows_of_a_batch_on_more_qubits():
    rng = np.random.default_rng(13)
    circuit = random_parametrised_circuit(11, 40, rng)
    observables = [random_observable(11, rng), rng.normal(size=1 << 11)]
    values = rng.uniform(-2, 2, (5, circuit.num_parameters))
    levels, slopes = simulator(num_threads=1).gradient(circuit, observables, values)
    shared = simulator(num_threads=StatevectorSimulator().num_threads).gradient(circuit, observables, values)
    assert np.array_equal(shared[0], levels)
    assert np.array_equal(shared[1], slopes)
    level, slope = simulator().gradient(circuit, observables, values[3])
    assert np.allclose(level, levels[3], rtol=0, atol=1e-12)
    assert np.allclose(slope, slopes[3], rtol=0, atol=1e-12)


def test_what_fails_on_one_thread_ends_the_batch():
    theta = ParameterVector("theta", 1)
    circuit = Circuit(11).h(range(11)).ry(1e200 * theta[0], 3)
    values = np.ones((20, 1))
    values[7] = 1e150
    for num_threads in (1, StatevectorSimulator().num_threads):
        with pytest.raises(ParameterError, match="angles must be finite"):
            simulator(num_threads=num_threads).gradient(circuit, np.arange(1 << 11), values)
