"""Quantinuum's local emulators, and circuits written for TKET and read back."""

import sys
import threading

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, names, two_register_circuit, uneven_circuit
from cloud_contract import canary
from scipy.stats import chi2_contingency

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStatus, get_backend
from qtoolkit.backends.quantinuum.compiling import compiled
from qtoolkit.backends.quantinuum.reading import from_tket
from qtoolkit.backends.quantinuum.sdk import sdk
from qtoolkit.backends.quantinuum.writing import bit_of, to_tket
from qtoolkit.circuit import STANDARD_GATES, Condition, StandardGate, UnitaryGate, parity
from qtoolkit.circuit.operation import Reset
from qtoolkit.errors import (
    BackendError,
    ConversionError,
    InputError,
    InsufficientMemoryError,
    OutputError,
    UnboundParameterError,
)
from qtoolkit.primitives import Result

pytest.importorskip("pytket_pecos")

DEVICE = "quantinuum:H1-1LE"


@pytest.fixture(scope="module")
def backend():
    return get_backend(DEVICE)


def p_value(one: Result, other: Result) -> float:
    """How likely two samples of one distribution differ at least so."""
    keys = sorted({*one.counts, *other.counts})
    if len(keys) == 1:
        return 1.0
    table = [[result.counts.get(key, 0) for key in keys] for result in (one, other)]
    return float(chi2_contingency(np.array(table)).pvalue)


def read_back(circuit, backend):
    program = compiled(circuit, backend.device, 2)
    return from_tket(program, {bit_of(clbit): clbit for clbit in range(circuit.num_clbits)}, circuit.num_clbits)


def test_the_canary_comes_back_bit_by_bit(backend):
    circuit, outcome = canary()
    result = backend.run(circuit, 30).result(60)
    assert dict(result.counts) == {outcome: 30}
    assert names(result.registers) == ["low", "high"]
    assert dict(backend.run(two_register_circuit(), 9).result(60).counts) == {"010": 9}


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_counts_follow_the_state(level):
    here = get_backend(DEVICE, optimization_level=level)
    result = here.run(uneven_circuit(4), 2000, seed=11).result(60)
    assert chi_squared_p_value(result.counts, uneven_circuit(4)) > 1e-4
    assert result.metadata["two_qubit_gates"] == 3
    assert result.metadata["sdk"].startswith("pytket-quantinuum ")


def test_a_seed_reproduces_every_shot(backend):
    first, other = (backend.run(uneven_circuit(), 60, seed=seed).result(60) for seed in (5, 6))
    # The SDK alone gives one of several answers to a seed, by chance.
    for _ in range(10):
        assert np.array_equal(first.memory, backend.run(uneven_circuit(), 60, seed=5).result(60).memory)
    assert not np.array_equal(first.memory, other.memory)
    assert (first.seed, other.seed) == (5, 6)
    batch = backend.run([uneven_circuit()] * 2, 60, seed=5).result(60)
    again = backend.run([uneven_circuit()] * 2, 60, seed=5).result(60)
    assert [np.array_equal(a.memory, b.memory) for a, b in zip(batch, again, strict=True)] == [True, True]
    assert not np.array_equal(batch[0].memory, batch[1].memory)


def test_seeds_hold_among_threads():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as executor:
        here = get_backend(DEVICE, executor=executor)
        together = here.run([uneven_circuit()] * 8, 40, seed=3).result(60)
    alone = get_backend(DEVICE).run([uneven_circuit()] * 8, 40, seed=3).result(60)
    assert all(np.array_equal(a.memory, b.memory) for a, b in zip(together, alone, strict=True))


def test_other_generators_are_left_alone(backend):
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.default_rng(0).random()
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    backend.run(uneven_circuit(), 10, seed=1).result(60)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    assert np.random.default_rng(0).random() == expected


DYNAMIC = {
    "measured and used again": Circuit(2, 3).h(0).measure(0, 0).cx(0, 1).ry(0.7, 0).measure([0, 1], [1, 2]),
    "reset": Circuit(2, 3).ry(1.1, 0).cx(0, 1).measure(1, 0).reset(0).ry(0.4, 0).measure([0, 1], [1, 2]),
    "condition": Circuit(2, 2).ry(1.1, 0).measure(0, 0).if_(0, lambda body: body.x(1)).measure(1, 1),
    "else": Circuit(2, 2).ry(1.1, 0).measure(0, 0).if_(0, lambda b: b.ry(0.3, 1), lambda b: b.x(1)).measure(1, 1),
    "parity": Circuit(3, 3)
    .ry(1.1, 0)
    .h(1)
    .measure([0, 1], [0, 1])
    .if_(parity([0, 1]) == 1, lambda b: b.x(2), lambda b: b.h(2))
    .measure(2, 2),
    "nested": Circuit(3, 5)
    .h(0)
    .ry(0.7, 1)
    .measure([0, 1], [0, 1])
    .if_(
        Condition((0, 1), 2),
        lambda b: b.if_(0, lambda c: c.x(0), lambda c: c.rx(0.3, 2).measure(2, 4)),
        lambda b: b.ry(1.1, 2),
    )
    .measure(2, 2),
    "wide": Circuit(2, 34).h(0).measure(0, 33).if_(Condition((33, 3), 1), lambda b: b.x(1)).measure(1, 31),
    "reset under a condition": Circuit(1, 2).h(0).measure(0, 0).if_(0, lambda b: b.reset(0)).measure(0, 1),
}


@pytest.mark.parametrize("name", DYNAMIC)
def test_what_circuits_do_on_the_way(backend, name):
    """Against the toolkit's own simulator; and the compiled circuit, read back, does the same."""
    circuit = DYNAMIC[name]
    here = backend.run(circuit, 800, seed=1).result(60)
    local = get_backend("local").run(circuit, 2000, seed=2).result(60)
    assert set(here.counts) == set(local.counts)
    assert p_value(here, local) > 1e-4
    again = get_backend("local").run(read_back(circuit, backend), 2000, seed=3).result(60)
    assert set(again.counts) == set(local.counts)
    assert p_value(again, local) > 1e-4


def prepared(gate):
    """A circuit in which a gate's every column shows in the outcomes."""
    circuit = Circuit(gate.num_qubits)
    for qubit in range(gate.num_qubits):
        circuit.ry(0.4 + qubit, qubit).rz(0.3 + qubit, qubit)
    circuit.append(gate, range(gate.num_qubits))
    for qubit in range(gate.num_qubits):
        circuit.rx(0.8 - 0.3 * qubit, qubit).ry(0.2, qubit)
    return circuit.measure_all()


def random_unitary(size, seed):
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


GATES = [
    *(StandardGate(name, tuple(0.5 + 0.4 * k for k in range(len(record.parameter_names))))
      for name, record in STANDARD_GATES.items() if record.num_qubits),
    UnitaryGate(random_unitary(2, 1)),
    UnitaryGate(random_unitary(8, 2)),
    StandardGate("rx", (0.9,)).controlled(3, 0b101),
]  # fmt: skip


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: f"{gate.name}{gate.num_qubits}")
def test_every_gate_is_what_it_was(backend, gate):
    """Exactly: TKET's own state of what is written, and the toolkit's of what is compiled and read back."""
    circuit = prepared(gate)
    expected = StatevectorSimulator().probabilities(circuit)
    written = to_tket(circuit.without_final_measurements())
    # TKET's first qubit is the highest bit of an index.
    theirs = np.abs(written.get_statevector().reshape((2,) * gate.num_qubits).T.reshape(-1)) ** 2
    assert np.allclose(theirs, expected, atol=1e-12)
    body, measured = read_back(circuit, backend).split_final_measurements()
    ours = np.zeros_like(expected)
    places = dict(measured)
    for index, weight in enumerate(np.abs(StatevectorSimulator().state_vector(body)) ** 2):
        ours[sum((index >> qubit & 1) << clbit for qubit, clbit in places.items())] += weight
    assert np.allclose(ours, expected, atol=1e-9)


def test_states_are_prepared(backend):
    rng = np.random.default_rng(4)
    vector = rng.normal(size=4) + 1j * rng.normal(size=4)
    circuit = Circuit(3).h(0).h(1).cx(0, 2).initialize(vector / np.linalg.norm(vector), [2, 1]).measure_all()
    here = backend.run(circuit, 800, seed=1).result(60)
    assert p_value(here, get_backend("local").run(circuit, 2000, seed=2).result(60)) > 1e-4


def test_parameters_are_bound(backend):
    from qtoolkit.circuit import Parameter

    angle = Parameter("a")
    circuit = Circuit(1).rx(angle, 0).measure_all()
    assert dict(backend.run(circuit, 5, parameters={angle: np.pi}).result(60).counts) == {"1": 5}
    with pytest.raises(UnboundParameterError):
        backend.run(circuit, 5)


def test_idle_qubits_cost_nothing():
    here = get_backend("quantinuum:H2-1LE")
    assert here.capabilities.num_qubits == 56
    circuit = Circuit(56, 1).x(55).measure(55, 0)
    assert dict(here.run(circuit, 5).result(60).counts) == {"1": 5}


def test_a_state_that_does_not_fit_is_refused():
    circuit = Circuit(56)
    for qubit in range(56):
        circuit.h(qubit)
    with pytest.raises(InsufficientMemoryError, match="state vector of 56 qubits in Quantinuum's emulator"):
        get_backend("quantinuum:H2-1LE").run(circuit.measure_all(), 5)


def test_limits(backend):
    wide = Circuit(21)
    for qubit in range(21):
        wide.h(qubit)
    with pytest.raises(BackendError, match="has 20 qubits"):
        backend.run(wide.measure_all(), 5)
    with pytest.raises(BackendError, match="at most 10000 shots"):
        backend.run(uneven_circuit(), 10_001)
    with pytest.raises(InputError, match="optimization_level is 0, 1, 2 or 3"):
        get_backend(DEVICE, optimization_level="2")
    with pytest.raises(InputError, match="options of the backend"):
        get_backend(DEVICE, noise=1)


def test_what_tket_cannot_hold_is_named(backend):
    with pytest.raises(ConversionError, match="classical bit 0 of the condition itself"):
        backend.run(Circuit(1, 1).h(0).measure(0, 0).if_(0, lambda body: body.measure(0, 0)), 5)
    bits = list(range(8))
    wide = Circuit(8, 8).measure(bits, bits).if_(parity(bits) == 1, lambda body: body.x(0)).measure(0, 0)
    with pytest.raises(ConversionError, match="would be written 256 times; use at most 6 bits"):
        backend.run(wide, 5)
    program = to_tket(Circuit(2, 1).h(0).measure(0, 0))
    with pytest.raises(ConversionError, match="Quantinuum's devices have no H"):
        from_tket(program, {bit_of(0): 0}, 1)
    with pytest.raises(ConversionError, match="no bit of its own"):
        from_tket(to_tket(Circuit(1, 1).measure(0, 0)), {}, 1)


def test_barriers_stay(backend):
    circuit = Circuit(2).rz(0.1, 0).barrier(0, 1).rz(0.2, 0).measure_all()
    program = to_tket(circuit)
    assert [command.op.type.name for command in program.get_commands()].count("Barrier") == 1
    assert "barrier" in [op.gate.name for op in from_tket(program, {bit_of(k): k for k in range(2)}, 2).operations]
    assert any(isinstance(op.gate, Reset) for op in read_back(DYNAMIC["reset"], backend).operations)


def test_jobs_wait_and_are_cancelled(backend):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as executor:
        gate = threading.Event()
        executor.submit(gate.wait, 30)
        here = get_backend(DEVICE, executor=executor).run(uneven_circuit(), 5)
        assert here.status() is JobStatus.QUEUED
        assert here.cancel()
        gate.set()
        assert here.status() is JobStatus.CANCELLED


def test_an_sdk_that_cannot_write_its_settings_is_named(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", "/config.json")

    monkeypatch.setattr("qtoolkit.backends.quantinuum.sdk.require", lambda *_, **__: refuse())
    with pytest.raises(OutputError, match="set XDG_CONFIG_HOME"):
        sdk()


def test_no_sdk_is_loaded_to_list():
    import subprocess

    code = (
        "import sys, qtoolkit.backends as b; b.list_backends(); print([m for m in sys.modules if 'tket' in m.lower()])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
