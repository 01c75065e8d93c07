"""Origin's cloud, against a server of its wire format; and its SDK, against the same server and on this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, two_register_circuit, uneven_circuit
from cloud_contract import CloudContract, canary
from stubs.origin import CHIP, KEY
from stubs.server import running

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import get_backend
from qtoolkit.backends.cloud import BitMap, Payload
from qtoolkit.backends.origin import OriginSerializer, from_originir, to_originir
from qtoolkit.backends.registry import providers
from qtoolkit.circuit import StandardGate
from qtoolkit.errors import BackendError, ConversionError, InputError, JobError

SDK = """
import sys
from pyqpanda3.intermediate_compiler import convert_originir_string_to_qprog
from pyqpanda3.qcloud import DataBase, QCloudOptions, QCloudService
address, key, *texts = sys.argv[1:]
service = QCloudService(key, address)
programs = [convert_originir_string_to_qprog(text) for text in texts]
options = QCloudOptions()
options.set_amend(False)
assert service.backends()["WK_C180"]
chip = service.backend("WK_C180")
what = programs[0] if len(programs) == 1 else programs
job = chip.run(what, 100, options, batch_id="origin-0123456789abcdef-0")
print([dict(table) for table in job.result().get_counts_list(DataBase.Hex)])
if len(programs) == 1:
    simulator = service.backend("full_amplitude")
    print(simulator.run(programs[0], 100, batch_id="origin-0123456789abcdef-0").job_id())
    info = chip.chip_info()
    print(info.qubits_num(), info.available_qubits() == list(range(11)), len(info.single_qubit_info()))
"""


class TestOrigin(CloudContract):
    stub = "origin"
    backend_name = "origin:WK_C180"
    submits = "POST /oqcs/task/origin/submit.json"
    polls = fetches = "POST /oqcs/task/origin/taskDetail.json"
    token = KEY
    can_find = False
    max_circuits = 200
    unknown_word = "13"

    def environment(self, address):
        return {"QPANDA3_API_KEY": KEY}

    def options(self, address):
        return {"address": address}


@pytest.fixture(scope="module")
def server():
    with running("origin") as server:
        yield server


@pytest.fixture(autouse=True)
def _key(monkeypatch, tmp_path):
    monkeypatch.setenv("QPANDA3_API_KEY", KEY)
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))


def from_the_sdk(server, tmp_path, *texts):
    """What the SDK sends and reads, in a process of its own: it holds the interpreter while it waits."""
    pytest.importorskip("pyqpanda3")
    before = len(server.jobs())
    done = subprocess.run(
        [sys.executable, "-c", SDK, server.address, KEY, *texts],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, [_plain(json.loads(job["body"])) for job in server.jobs()[before:]]


def _plain(data):
    """Angles without the zeros that the SDK fills them up with."""
    return data | {"QProg": [re.sub(r"(\d\.\d+?)0*\b", r"\1", text) for text in data["QProg"]]}


def ours(device, server, circuits, **options):
    (payload,) = get_backend(f"origin:{device}", address=server.address, **options).payloads(circuits, 100)
    data = json.loads(payload.body)
    return {**data, "batchNo": "origin-0123456789abcdef-0"}


def test_the_sdk_sends_what_is_sent_here(server, tmp_path) -> None:
    circuit = Circuit(3, 2).h(0).cx(0, 1).rx(0.5, 2).swap(1, 2).barrier().measure([2, 0], [0, 1])
    shown, (chip, simulator) = from_the_sdk(server, tmp_path, to_originir(circuit))
    assert chip == ours("WK_C180", server, [circuit])
    assert simulator == ours("full_amplitude", server, [circuit])
    assert "12 True 12" in shown


def test_the_sdk_sends_batches_as_they_are_sent_here(server, tmp_path) -> None:
    circuits = [Circuit(2).x(0).measure_all(), Circuit(3).x(2).measure_all()]
    shown, (sent,) = from_the_sdk(server, tmp_path, *map(to_originir, circuits))
    assert sent == ours("WK_C180", server, circuits)
    assert "[{'0x1': 100}, {'0x4': 100}]" in shown


def test_the_simulator_of_the_cloud_takes_one_circuit_at_a_time(server) -> None:
    backend = get_backend("origin:full_amplitude", address=server.address)
    job = backend.run([canary()[0], uneven_circuit()], 2000)
    first, second = job.result(60)
    assert dict(first.counts) == {canary()[1]: 2000}
    assert chi_squared_p_value(second.counts, uneven_circuit()) > 1e-4
    assert len(job.vendor_ids) == 2
    sparse = Circuit(200, 2).x(177).cx(177, 3).measure([3, 177], [1, 0])
    (payload,) = backend.payloads(sparse, 10)
    assert json.loads(payload.body)["qubitNum"] == 2
    assert dict(backend.run(sparse, 10).result(60).counts) == {"11": 10}


def test_probabilities_become_counts_and_say_so() -> None:
    with running("origin", "probabilities") as server:
        result = get_backend("origin:WK_C180", address=server.address).run(canary()[0], 77).result(60)
        assert dict(result.counts) == {canary()[1]: 77}
        assert result.metadata["counts_from"] == "probabilities"
        job = get_backend("origin:WK_C180", address=server.address).run(uneven_circuit(), 3001)
        assert job.result(60).shots == 3001


def test_corrected_readout_is_asked_for(server) -> None:
    backend = get_backend("origin:WK_C180", address=server.address, amend=True, mapping=False)
    (payload,) = backend.payloads(uneven_circuit(), 10)
    settings = json.loads(payload.body)["Configuration"]
    assert (settings["amendFlag"], settings["mappingFlag"], settings["circuitOptimization"]) == (1, False, True)
    assert backend.run(uneven_circuit(), 10).result(60).metadata["counts_from"] == "probabilities"


def test_the_chip_says_what_it_is(server) -> None:
    capabilities = get_backend("origin:WK_C180", address=server.address).capabilities
    assert capabilities.num_qubits == len(CHIP["AvailableQubits"])
    assert capabilities.connectivity == tuple((q, q + 1) for q in range(10))
    assert not capabilities.is_simulator
    with pytest.raises(BackendError, match=r"cannot be asked what it is: no such chip .* nothing was submitted"):
        get_backend("origin:WK_X", address=server.address).run(uneven_circuit(), 10)


def test_devices_are_listed(server, monkeypatch) -> None:
    monkeypatch.setattr("qtoolkit.backends.origin.client.OriginClient.__init__.__defaults__", (server.address, 60.0))
    found = {device.name: (device.kind, device.status) for device in providers()["origin"].devices()}
    assert found == {
        "origin:full_amplitude": ("simulator", "online"),
        "origin:WK_C180": ("device", "online"),
        "origin:72": ("device", "offline"),
    }


def test_what_the_service_refuses_is_no_job(server) -> None:
    backend = get_backend("origin:WK_C180", address=server.address)
    backend.device = "WK_Y"
    before = len(server.jobs())
    backend.__dict__["capabilities"] = get_backend("origin:WK_C180", address=server.address).capabilities
    backend.calibration = lambda: None
    with pytest.raises(BackendError, match=r"refused the job: no such chip \(code 40001\)"):
        backend.run(uneven_circuit(), 10)
    assert len(server.jobs()) == before


# --- the dialect ---


def random_circuit(seed: int, num_qubits: int = 4) -> Circuit:
    from qtoolkit.backends.origin.originir import GATES

    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for name in rng.permutation(list(GATES)):
        gate = next(g for count in range(4) if (g := _made(str(name), rng.uniform(-4, 4, count))) is not None)
        circuit.append(gate, rng.permutation(num_qubits)[: gate.num_qubits].tolist())
        circuit.ry(float(rng.uniform(-3, 3)), int(rng.integers(num_qubits)))
    return circuit


def _made(name, angles):
    try:
        return StandardGate(name, tuple(map(float, angles)))
    except Exception:
        return None


@pytest.mark.parametrize("seed", range(5))
def test_the_dialect_there_and_back(seed) -> None:
    circuit = random_circuit(seed)
    text = to_originir(circuit.copy().measure_all())
    back, measured = from_originir(text).split_final_measurements()
    assert measured == ((0, 0), (1, 1), (2, 2), (3, 3))
    simulator = StatevectorSimulator()
    overlap = np.vdot(simulator.state_vector(circuit), simulator.state_vector(back))
    assert abs(overlap) == pytest.approx(1.0, abs=1e-12)
    assert "e-" not in text


def test_the_sdk_reads_the_dialect_the_same_way() -> None:
    core = pytest.importorskip("pyqpanda3.core")
    compiler = pytest.importorskip("pyqpanda3.intermediate_compiler")
    for seed in range(5):
        circuit = random_circuit(seed)
        machine = core.CPUQVM()
        text = "".join(
            line for line in to_originir(circuit.copy().measure_all()).splitlines(True) if "MEAS" not in line
        )
        machine.run(compiler.convert_originir_string_to_qprog(text), 1)
        overlap = np.vdot(StatevectorSimulator().state_vector(circuit), machine.result().get_state_vector())
        assert abs(overlap) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.slow
def test_gates_that_the_dialect_lacks_are_compiled() -> None:
    circuit = Circuit(3).initialize([0.6, 0, 0, 0.8j], [2, 0]).ecr(0, 1).mcx([0, 1], 2).gphase(0.3)
    back = from_originir(to_originir(circuit.copy().measure_all()))
    counts = [StatevectorSimulator().run(c, 4000, seed=3).counts for c in (circuit.copy().measure_all(), back)]
    assert set(counts[0]) == set(counts[1])
    assert all(abs(counts[0][key] - counts[1][key]) < 250 for key in counts[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 of OriginIR is QINIT"),
        ("QINIT 2\nCREG x", "line 2 of OriginIR is CREG"),
        ("QINIT 9999\nCREG 1", "up to 4096"),
        ("QINIT 1\nCREG 1\nQIF c[0]", "it is no gate"),
        ("QINIT 1\nCREG 1\nFOO q[0]", "gate FOO is not known"),
        ("QINIT 1\nCREG 1\nH q[7]", "cannot read line 3"),
        ("QINIT 1\nCREG 1\nRX q[0],(__import__)", "cannot read line 3"),
        ("QINIT 1\nCREG 1\nRX q[0],(nan)", "angles are finite"),
        ("QINIT 1\nCREG 1\nRX q[0]", "cannot read line 3"),
    ],
)
def test_text_that_is_none(text, message) -> None:
    with pytest.raises(ConversionError, match=message):
        from_originir(text)


def test_what_no_text_can_hold() -> None:
    with pytest.raises(ConversionError, match="gates, barriers and measurements at the end, got 'reset'"):
        to_originir(Circuit(1, 1).h(0).reset(0).h(0).measure(0, 0))


# --- answers that do not fit ---


def answer(**task):
    return json.dumps({"success": True, "code": 10000, "obj": task}).encode()


def table(**values):
    return json.dumps({"key": list(values), "value": list(values.values())})


PAYLOAD = Payload(b'{"QProg":[]}', "origin.originir", 10, (BitMap(2, (), (("c", 0), ("c", 1))),), facts={"widths": [2]})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"success": true, "obj": null}', "no task"),
        (answer(taskId="A"), "neither probCount nor taskResult"),
        (answer(probCount=[table(**{"0x4": 10})]), "lies between 0 and 3"),
        (answer(probCount=[table(**{"0x1": 9.5})]), "no counts"),
        (answer(probCount=[table(**{"0x1": -1})]), "no counts"),
        (answer(probCount=[table(**{"2": 10})]), "hexadecimal from 0x, or 2 letters"),
        (answer(probCount=[table(a=10)] * 2), "results of 2 circuits, 1 were sent"),
        (answer(probCount=['{"key": ["0x1", "0x1"], "value": [5, 5]}']), "a key twice"),
        (answer(probCount=['{"key": ["0x1"], "value": [5, 5]}']), "as many numbers"),
        (answer(probCount=['{"key": ["0x1"], "value": [true]}']), "as many numbers"),
        (answer(taskResult=[table(**{"0x1": 0.7})]), "sum to 0.7"),
    ],
)
def test_answers_that_do_not_fit(raw, message) -> None:
    with pytest.raises(JobError, match=message):
        OriginSerializer().outcomes(PAYLOAD, raw)


def test_keys_may_be_binary_and_values_whole_floats() -> None:
    (found,) = OriginSerializer().outcomes(PAYLOAD, answer(probCount=table(**{"01": 7.0, "10": 3}), totalTime=5))
    assert found.column("c", 0).tolist() == [1, 0]
    assert found.counts.tolist() == [7, 3]
    assert found.metadata == {"totalTime": 5}


# --- on this machine ---


class TestLocal:
    @pytest.fixture
    def backend(self):
        pytest.importorskip("pyqpanda3")
        return get_backend("origin:cpu")

    def test_bits(self, backend) -> None:
        circuit, outcome = canary()
        result = backend.run(circuit, 30).result(60)
        assert dict(result.counts) == {outcome: 30}
        assert result.metadata["sdk"].startswith("pyqpanda3 ")
        assert dict(backend.run(two_register_circuit(), 10).result(60).counts) == {"010": 10}

    def test_distribution(self, backend) -> None:
        counts = backend.run(uneven_circuit(4), 20_000).result(60).counts
        assert chi_squared_p_value(counts, uneven_circuit(4)) > 1e-9

    def test_no_seed_is_pretended(self, backend) -> None:
        assert backend.run([uneven_circuit()], 10, seed=1).result(60)[0].seed is None

    def test_what_it_cannot_do(self, backend) -> None:
        with pytest.raises(BackendError, match="origin:cpu measures only at the end"):
            backend.run(Circuit(1, 1).h(0).measure(0, 0).x(0), 5)

    @pytest.mark.slow
    def test_warnings_are_left_as_they_were(self) -> None:
        pytest.importorskip("pyqpanda3")
        code = "import warnings; from qtoolkit.backends import get_backend; import numba\n"
        code += "before = list(warnings.filters); get_backend('origin:cpu'); assert warnings.filters == before"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("name", ["amend", "mapping", "optimization"])
def test_options_are_true_or_false(server, name) -> None:
    for given in ("no", "false", 0, None):
        with pytest.raises(InputError, match=f"{name} must be true or false"):
            get_backend("origin:WK_C180", address=server.address, **{name: given})
