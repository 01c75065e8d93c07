"""Google's simulated processors through the protocol: bits, registers, noise, seeds, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, names, two_register_circuit, uneven_circuit
from cloud_contract import canary
from scipy.stats import chi2

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.backends import BackendSampler, SamplingEstimator, device_noise, get_backend
from qtoolkit.errors import BackendError, InputError

pytest.importorskip("cirq_google")

PROCESSORS = ("rainbow", "weber", "willow_pink")
SOME = ("rainbow", pytest.param("weber", marks=pytest.mark.slow), "willow_pink")
"""Weber has the gates of rainbow, and takes longer."""


@pytest.fixture(scope="module", params=SOME)
def quiet(request):
    return get_backend(f"google:{request.param}", noisy=False)


@pytest.fixture(scope="module")
def noisy():
    return get_backend("google:willow_pink")


def test_the_canary(quiet) -> None:
    circuit, outcome = canary()
    result = quiet.run(circuit, 20, seed=1).result()
    assert dict(result.counts) == {outcome: 20}
    assert result.memory is not None
    assert result.memory.shape == (20, circuit.num_clbits)
    assert result.backend_name == quiet.name
    assert result.metadata["sdk"].startswith("cirq-google 1.")
    assert result.metadata["two_qubit_gates"] >= 2


def test_registers_keep_their_names_and_order(quiet) -> None:
    result = quiet.run(two_register_circuit(), 10).result()
    assert dict(result.counts) == {"010": 10}
    assert names(result.registers) == ["low", "high"]
    assert dict(result.register("low").counts) == {"10": 10}


def test_bits_measured_twice_never_or_over_each_other(quiet) -> None:
    circuit = Circuit(3, 4).x(1).measure([1, 0, 1], [0, 2, 3]).measure([1, 0], [2, 3])
    assert dict(quiet.run(circuit, 5).result().counts) == {"0101": 5}


def test_distribution(quiet) -> None:
    circuit = uneven_circuit(4)
    assert chi_squared_p_value(quiet.run(circuit, 20_000, seed=3).result().counts, circuit) > 1e-4


def test_more_pairs_than_the_grid_joins(quiet) -> None:
    """Every pair of five qubits interacts, so swaps move them before they are measured."""
    circuit = Circuit(5)
    for q in range(5):
        circuit.ry(0.4 + 0.3 * q, q)
        for other in range(q):
            circuit.cx(other, q).rz(0.2 * (q + 1), q)
    circuit.measure_all()
    assert chi_squared_p_value(quiet.run(circuit, 20_000, seed=5).result().counts, circuit) > 1e-4


def test_a_seed_reproduces(noisy) -> None:
    circuit = uneven_circuit(3)
    first, again, other = (noisy.run(circuit, 300, seed=seed).result() for seed in (1 << 40, 1 << 40, 2))
    assert np.array_equal(first.memory, again.memory)
    assert not np.array_equal(first.memory, other.memory)
    assert first.seed == 1 << 40
    batch, same = (noisy.run([circuit, circuit], 300, seed=5).result() for _ in range(2))
    assert [np.array_equal(a.memory, b.memory) for a, b in zip(batch, same, strict=True)] == [True, True]
    assert not np.array_equal(batch[0].memory, batch[1].memory)


@pytest.mark.parametrize("processor", SOME)
def test_noise_is_that_of_the_processor(processor) -> None:
    """Against this toolkit's own simulation of the noise that the processor's medians give its compiled circuit."""
    shots = 20_000
    circuit = Circuit(3).h(0).cx(0, 1).cx(1, 2).x(2).measure_all()
    counts = get_backend(f"google:{processor}").run(circuit, shots, seed=3).result().counts
    prediction = device_noise(f"google:{processor}").apply(circuit)
    expected = StatevectorSimulator().run(prediction, 20 * shots, seed=4).counts
    outcomes = sorted(set(counts) | set(expected))
    found = np.array([[counts.get(key, 0), expected.get(key, 0)] for key in outcomes], dtype=float)
    rare = found.sum(axis=1) < 400
    table = np.vstack([found[~rare], found[rare].sum(axis=0)]) if rare.any() else found
    fair = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    assert chi2.sf(((table - fair) ** 2 / fair)[fair[:, 0] > 0].sum(), len(table) - 1) > 1e-4
    assert 0.001 < 1 - (counts["100"] + counts["011"]) / shots < 0.4


@pytest.mark.parametrize("processor", PROCESSORS)
def test_medians_tell_of_the_gates_on_pairs(processor) -> None:
    """They tell of some alone, so circuits are compiled for one of those."""
    import cirq_google

    known = cirq_google.engine.load_device_noise_properties(processor).gate_pauli_errors
    theirs, _ = device_noise(f"google:{processor}").compiled(Circuit(2).h(0).cx(0, 1).measure_all())
    kinds = {type(op.gate) for op in theirs.all_operations() if len(op.qubits) == 2 and "physical_gate" in op.tags}
    assert kinds
    assert kinds <= {identifier.gate_type for identifier in known}


def test_measurements_on_the_way_and_resets(noisy) -> None:
    quiet = get_backend("google:willow_pink", noisy=False)
    circuit = Circuit(2, 4).x(0).measure(0, 0).reset(0).measure(0, 1).h(1).measure(1, 2).cx(1, 0).measure(0, 3)
    counts = quiet.run(circuit, 1000, seed=2).result().counts
    assert set(counts) == {"0001", "1101"}
    assert abs(counts["0001"] - 500) < 5 * np.sqrt(250)
    again = noisy.run(circuit, 12, seed=2).result().counts
    assert sum(again.get(key, 0) for key in ("0001", "1101")) > 6


def test_qubits_that_nothing_touches_do_not_count(quiet) -> None:
    circuit = Circuit(200, 2).barrier().x(177).cx(177, 3).barrier(5, 6).measure([3, 177], [1, 0])
    assert dict(quiet.run(circuit, 5).result().counts) == {"11": 5}


def test_every_qubit_of_a_processor() -> None:
    circuit = Circuit(23)
    circuit.x([k for k in range(23) if k % 3 == 0]).measure_all()
    counts = get_backend("google:rainbow", noisy=False).run(circuit, 3).result().counts
    assert dict(counts) == {"".join("1" if k % 3 == 0 else "0" for k in reversed(range(23))): 3}


def test_nothing_but_measurements(quiet) -> None:
    assert dict(quiet.run(Circuit(3).measure_all(), 4).result().counts) == {"000": 4}


def test_batch_and_parameters(quiet) -> None:
    circuit = Circuit(2).rx(Parameter("a"), 1).measure_all()
    results = quiet.run([circuit, circuit], 9, parameters=[[0.0], {"a": np.pi}]).result()
    assert [dict(result.counts) for result in results] == [{"00": 9}, {"10": 9}]


def test_estimator(quiet) -> None:
    observable = PauliSum.from_list([("ZZI", 1.0), ("XIY", 0.5), ("IYX", -0.3)])
    circuit = uneven_circuit()
    estimate = SamplingEstimator(BackendSampler(quiet), shots=4000, seed=1).estimate(circuit, observable)
    exact = StatevectorSimulator().expectation_value(circuit.without_final_measurements(), observable)
    assert abs(estimate.value - exact) < 5 * estimate.standard_error


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (Circuit(1, 1).h(0).measure(0, 0).x(0), "google:rainbow measures only at the end"),
        (Circuit(1).h(0).reset(0).measure_all(), "google:rainbow cannot reset qubits"),
        (Circuit(2, 1).measure(0, 0).if_(0, lambda body: body.x(1)), "google:rainbow runs no operations under a cond"),
        (Circuit(24).measure_all(), "google:rainbow has 23 qubits, got a circuit of 24"),
        (Circuit(4).unitary(np.eye(16)[::-1], range(4)).measure_all(), "build it from smaller gates"),
    ],
)
def test_refused_before_it_runs(circuit, message) -> None:
    with pytest.raises(BackendError, match=message):
        get_backend("google:rainbow").run(circuit, 10)


def test_what_the_engine_would_not_take() -> None:
    import cirq

    from qtoolkit.backends.google.facts import check_limits

    moment = cirq.Moment(cirq.X(cirq.GridQubit(0, 0)))
    measured = cirq.Moment(cirq.measure(cirq.GridQubit(0, 0)))
    check_limits(cirq.Circuit([moment] * 100 + [measured]), 10, "it")
    with pytest.raises(BackendError, match=r"it does not take .* exceeds the limit of 10000 moments"):
        check_limits(cirq.Circuit([moment] * 10_000 + [measured]), 10, "it")


def test_capabilities_are_the_devices() -> None:
    found = [get_backend(f"google:{name}").capabilities for name in PROCESSORS]
    assert [capabilities.num_qubits for capabilities in found] == [23, 53, 105]
    assert [capabilities.supports_reset for capabilities in found] == [False, False, True]
    for capabilities in found:
        assert capabilities.is_local
        assert capabilities.is_simulator
        assert capabilities.supports_seed
        assert {"cz", "rz", "h"} <= capabilities.native_gates
        assert "cx" not in capabilities.native_gates
        assert all(0 <= low < high < capabilities.num_qubits for low, high in capabilities.connectivity)
    assert len(found[0].connectivity) == 32


def test_entries_tell_the_size() -> None:
    from qtoolkit.backends.registry import providers

    for entry in providers()["google"].entries:
        assert entry.num_qubits == get_backend(entry.name).capabilities.num_qubits


def test_options_are_checked() -> None:
    with pytest.raises(InputError, match="noisy is True or False"):
        get_backend("google:rainbow", noisy="yes")
    from qtoolkit.backends.google.local import VirtualGoogleBackend

    with pytest.raises(InputError, match="cirq-google simulates rainbow, weber, willow_pink, got 'sycamore'"):
        VirtualGoogleBackend("sycamore")
