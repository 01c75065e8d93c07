"""What `explain` counts is what the plan holds."""

import numpy as np
import pytest
from random_circuits import random_dynamic_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter, StatevectorSimulator
from qtoolkit.compiler import Layout, StepReport, compile_circuit, plan_sweeps
from qtoolkit.errors import InputError


def layered(num_qubits, layers):
    circuit = Circuit(num_qubits)
    for _ in range(layers):
        circuit.ry(0.3, range(num_qubits))
        for q in range(num_qubits - 1):
            circuit.cz(q, q + 1)
    return circuit


@pytest.mark.parametrize("precision", ["double", "single"])
def test_rows_are_the_sweeps_of_the_plan(precision):
    plan = compile_circuit(layered(20, 6))
    report = plan.explain(precision)
    amplitude_bytes = {"double": 16, "single": 8}[precision]
    (part,) = plan_sweeps(plan.unitary_program(), Layout.of(20, amplitude_bytes, 64), True)
    assert len(report.sweeps) == part.num_sweeps
    assert [row.gates for row in report.sweeps] == part.gates.tolist()
    assert report.gates == 6 * 39
    assert all(len(row.bits) == part.layout.block_bits for row in report.sweeps)
    assert [row.bytes for row in report.sweeps[2:]] == [2 * amplitude_bytes] * (part.num_sweeps - 2)
    outside = 20 - part.layout.block_bits
    assert report.sweeps[0].bytes == amplitude_bytes / 2**outside
    assert report.sweeps[1].bytes == amplitude_bytes * (1 + 1 / 2**outside)
    for total in ("flops", "bytes", "passes", "seconds"):
        assert getattr(report, total) == pytest.approx(sum(getattr(row, total) for row in report.sweeps))


@pytest.mark.parametrize(
    ("circuit", "operations", "flops"),
    [
        (Circuit(8).ry(0.3, 7), {"ROTATE": 1}, 4),
        (Circuit(8).ry(0.3, [4, 5, 6, 7]), {"ROTATE": 2}, 16),
        (Circuit(9).ry(0.3, range(3, 9)), {"ROTATE": 2}, 24),
        (Circuit(8).ry(0.3, 0), {"ROTATE_LANES": 1}, 6),
        (Circuit(8).ry(0.3, [0, 2]), {"ROTATE_LANES": 1}, 18),
        (Circuit(10).ry(0.3, [0, 2]), {"ROTATE_LANES": 1}, 18 / 4),
        (Circuit(8).unitary(unitary_group.rvs(4, random_state=1), [3, 7]), {"DENSE": 1}, 30),
        (Circuit(8).unitary(np.kron([[0.6, 0.8], [-0.8, 0.6]], np.eye(2)), [3, 7]), {"ROTATE": 1}, 4),
        (Circuit(10).cx(8, 9), {"EXCHANGE": 1}, 0),
        (Circuit(10).cx(8, 9).cx(7, 8).cx(3, 7).cx(9, 3).cx(5, 4).cx(6, 5), {"REORDER": 1}, 0),
        (
            Circuit(11).h(9).cp(0.1, 9, 8).cp(0.2, 9, 0).h(8).cp(0.3, 8, 0).cp(0.4, 8, 1),
            {"BUTTERFLIES": 1},
            22 / 2,
        ),
        (Circuit(8).ccz(4, 5, 6), {"PHASE": 1}, 1.5),
        (Circuit(10).ry(0.3, 9).cp(0.3, 8, 9).cp(0.3, 7, 8), {"ROTATE": 1, "DIAGONAL": 1}, 4 + 6),
        (Circuit(8).rzz(0.3, 0, 1).rzz(0.4, 1, 2), {"DIAGONAL": 1}, 12),
        (Circuit(8).pauli_rotation("XYZIIIII", 0.3), {"PAULI": 1}, 6),
    ],
)
def test_operations_and_flops(circuit, operations, flops):
    """Amplitudes that are zero still are left out, from 9 qubits on."""
    (row,) = compile_circuit(circuit).explain().sweeps
    assert row.operations == operations
    assert row.flops == pytest.approx(flops)
    assert row.bytes == 16
    assert row.seconds > 0


def test_the_first_sweep_works_on_one_block():
    """All blocks but one stay zero until a sweep has spread the state; in a block the bits come one after the other."""
    first, second = compile_circuit(Circuit(20).ry(0.3, range(20))).explain(num_threads=1).sweeps
    assert first.flops == ((6 * 3 + 4 * 5) / 128 + 4 / 64 + 4 / 32 + 4 / 16 + 4 * 4) / 32
    assert second.flops == 4 / 16 + 4 * 4


def test_what_no_sweep_has_reached_is_not_moved():
    """Two qubits of a large state: one block is worked on, the zeros around it are written once."""
    (row,) = compile_circuit(Circuit(20).h(0).h(19)).explain().sweeps
    assert row.bytes == 16
    assert row.passes < 0.1


def test_threads_share_the_time():
    plan = compile_circuit(layered(22, 4))
    one, two, four = (plan.explain(num_threads=k).seconds for k in (1, 2, 4))
    assert 1.5 < one / two < 2.1
    assert 1.5 < two / four < 2.1
    small = compile_circuit(layered(10, 4))
    assert small.explain(num_threads=1).seconds == small.explain(num_threads=8).seconds
    assert small.explain().num_threads >= 1


def test_parameters_need_no_values():
    a = Parameter("a")
    free = compile_circuit(Circuit(10).ry(a, range(10)).rx(2 * a, range(10))).explain()
    assert free.gates == 20
    assert free.sweeps[0].operations["ROTATE"] > 0


def test_measurements_branches_and_whole_gates_are_listed():
    wide = np.roll(np.eye(64), 1, axis=0) @ np.kron(np.eye(32), [[0.6, 0.8], [0.8, -0.6]])
    circuit = Circuit(6, 3).h(0).measure(0, 0).unitary(wide, range(6))
    circuit.if_(circuit.clbit(0) == 1, lambda body: body.x(1), lambda body: body.h(2).cx(2, 3))
    circuit.reset(4).initialize([0.6, 0.8], [4]).h(0).measure(1, 2)
    report = compile_circuit(circuit).explain()
    words = [row.description for row in report.rows if isinstance(row, StepReport)]
    assert words == [
        "measure qubit 0 into bit 0", "if bits (0) are 1", "else", "reset (4)", "reset (4)", "initialize (4)",
        "measure qubit 1 into bit 2, at the end",
    ]  # fmt: skip
    assert [row.depth for row in report.sweeps] == [0, 0, 1, 1, 0]
    assert report.sweeps[1].operations == {"WHOLE": 1}
    assert report.sweeps[1].bits == ()
    assert report.sweeps[1].flops == 510
    assert report.gates == 3
    text = str(report)
    assert "Totals leave the branches out" in text
    assert "whole state" in text
    assert all(word in text for word in words)


@pytest.mark.parametrize("seed", range(3))
def test_the_table_fits_80_columns(seed):
    circuit = random_dynamic_circuit(6, 40, seed) if seed else layered(30, 8)
    text = str(StatevectorSimulator().compile(circuit).explain("single", 2))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "AVX-512" in text
    assert "predicted" in text
    assert "total" in text


def test_matrices_tables_and_permutations_run_in_sweeps():
    rng = np.random.default_rng(3)
    circuit = Circuit(9).h(range(9)).controlled_unitary(np.array([[0.6, 0.8], [0.8, -0.6]]), [7, 8], [5])
    circuit.unitary(unitary_group.rvs(8, random_state=rng), [0, 6, 7])
    circuit.diagonal(np.exp(1j * rng.uniform(-3, 3, 16)), [1, 3, 8, 5])
    circuit.permutation([0, 1, 2, 3, 7, 5, 6, 4], [6, 7, 8])
    (sweep,) = compile_circuit(circuit).explain("double", 1).sweeps
    assert {name: sweep.operations[name] for name in ("MATRIX", "TABLE", "TRANSPOSE")} == {
        "MATRIX": 2, "TABLE": 1, "TRANSPOSE": 1,
    }  # fmt: skip
    assert sweep.gates == 13
    plain = compile_circuit(Circuit(9).h(range(9))).explain("double", 1).sweeps[0]
    assert sweep.flops - plain.flops == pytest.approx(14 / 4 + 62 + 6)
    assert sweep.passes - plain.passes == pytest.approx(1 / 4 + 1 + 1 + 1 / 4)
    assert sweep.seconds > plain.seconds


def test_chains_of_matrices():
    rng = np.random.default_rng(5)
    circuit = Circuit(16).h(range(16))
    for pair in ([0, 9], [4, 12], [4, 9]):
        circuit.unitary(unitary_group.rvs(4, random_state=rng), pair)
    general = compile_circuit(circuit).explain("single", 1).sweeps[-1]
    assert general.operations["CARTAN"] == 1
    assert "CARTAN" in str(compile_circuit(circuit).explain())
    for pair in ([4, 12], [0, 9]):
        circuit.unitary(unitary_group.rvs(4, random_state=rng), pair)
    longer = compile_circuit(circuit).explain("single", 1).sweeps[-1]
    assert longer.operations["CARTAN"] == 3
    # The first has matrices behind it now, and takes fewer steps.
    assert longer.flops == pytest.approx(general.flops - 21 + 17.5 + 2 * 21)
    assert longer.seconds > general.seconds


def test_an_empty_circuit():
    report = compile_circuit(Circuit(2)).explain()
    assert report.sweeps == ()
    assert report.seconds == 0
    assert "total" in str(report)


def test_what_cannot_be_explained():
    plan = compile_circuit(Circuit(2))
    for precision in ("half", 64, None):
        with pytest.raises(InputError, match=r'precision is "double" or "single", got'):
            plan.explain(precision)
    for num_threads in (0, -1, 1.5, "2"):
        with pytest.raises(InputError, match="num_threads is at least 1, got"):
            plan.explain(num_threads=num_threads)
