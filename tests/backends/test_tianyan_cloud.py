"""Tianyan's service, against a server of its wire format; and its SDK, against the same server and on this machine."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, two_register_circuit, uneven_circuit
from cloud_contract import CloudContract, canary
from stubs.server import running
from stubs.tianyan import CONFIGURATION, KEY, USABLE

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStatus, get_backend
from qtoolkit.backends.cloud import BitMap, CannotTell, Payload
from qtoolkit.backends.registry import providers
from qtoolkit.backends.tianyan import TianyanSerializer, from_qcis, to_qcis
from qtoolkit.backends.tianyan.backend import most_circuits
from qtoolkit.backends.tianyan.job import joint_state, state_of
from qtoolkit.backends.tianyan.machine import Machine
from qtoolkit.circuit import StandardGate
from qtoolkit.errors import BackendError, ConversionError, CredentialsError, InputError, JobError, PartialFailureError


class TestTianyan(CloudContract):
    stub = "tianyan"
    backend_name = "tianyan:tianyan_sw"
    submits = "POST /qccp-quantum/sdk/experiment/temporary/save"
    polls = fetches = "POST /qccp-quantum/sdk/experiment/result/find"
    token = KEY
    can_find = False
    max_circuits = 600

    def environment(self, address):
        return {"TIANYAN_LOGIN_KEY": KEY}

    def options(self, address):
        return {"address": address}


@pytest.fixture(scope="module")
def shared():
    with running("tianyan") as server:
        yield server


@pytest.fixture
def server(shared):
    shared.faults()
    return shared


@pytest.fixture(autouse=True)
def _key(monkeypatch, tmp_path):
    monkeypatch.setenv("TIANYAN_LOGIN_KEY", KEY)
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))


@pytest.fixture
def platform(server, monkeypatch):
    """The SDK's platform, led to the server."""
    cqlib = pytest.importorskip("cqlib")
    monkeypatch.setattr(cqlib.TianYanPlatform, "SCHEME", "http")
    monkeypatch.setattr(cqlib.TianYanPlatform, "DOMAIN", server.address.removeprefix("http://"))
    return lambda machine: cqlib.TianYanPlatform(KEY, machine_name=machine)


@pytest.mark.parametrize("number", [1, 3])
def test_the_sdk_sends_what_is_sent_here(server, platform, number) -> None:
    circuits = [Circuit(3).x(k).cx(0, 1).rx(0.25, 2).measure_all() for k in range(number)]
    backend = get_backend("tianyan:tianyan_sw", address=server.address)
    (payload,) = backend.payloads(circuits, 50)
    key = json.loads(payload.body)["name"]
    sdk = platform("tianyan_sw")
    before = len(server.jobs())
    ids = sdk.submit_job(json.loads(payload.body)["inputCode"], exp_name=key, num_shots=50)
    (sent,) = server.jobs()[before:]
    assert sent["body"].encode() == payload.body
    found = sdk.query_experiment(ids, max_wait_time=10)
    assert [len(item["resultStatus"]) for item in found] == [51] * number


def test_the_sdk_reads_the_dialect_the_same_way(server) -> None:
    circuits = pytest.importorskip("cqlib.circuits")
    simulators = pytest.importorskip("cqlib.simulator")
    for seed in range(3):
        circuit = random_circuit(seed)
        probabilities = simulators.StatevectorSimulator(
            circuits.Circuit.load("\n".join(f"I Q{q} 0" for q in range(4)) + "\n" + to_qcis(circuit))
        ).probs()
        expected = StatevectorSimulator().probabilities(circuit)
        assert [probabilities[format(k, "04b")] for k in range(16)] == pytest.approx(expected, abs=1e-9)


def test_a_machine_gets_its_own_qubits_and_couplers(server) -> None:
    backend = get_backend("tianyan:tianyan176", address=server.address)
    assert backend.capabilities.num_qubits == len(USABLE)
    assert set(np.ravel(backend.capabilities.connectivity)) == USABLE
    circuit = Circuit(5).x(0).cx(0, 4).cx(4, 1).swap(1, 3).ccx(0, 3, 2).measure_all()
    job = backend.run([circuit, uneven_circuit(4)], 4000)
    first, second = job.result(60)
    assert dict(first.counts) == {"11101": 4000}
    assert chi_squared_p_value(second.counts, uneven_circuit(4)) > 1e-4
    (payload,) = backend.payloads(circuit, 10)
    (back,) = TianyanSerializer().circuits(payload)
    assert dict(StatevectorSimulator().run(back, 10).counts) == {"11101": 10}
    with pytest.raises(BackendError, match=r"tianyan:tianyan176 has 7 qubits, got a circuit of 8"):
        backend.run(Circuit(8).h(range(8)).measure_all(), 10)
    with pytest.raises(BackendError, match=r"no such machine \(code 404\); nothing was submitted"):
        get_backend("tianyan:tianyan999", address=server.address).run(uneven_circuit(), 10)


def test_every_shot_is_there(server) -> None:
    result = get_backend("tianyan:tianyan_sw", address=server.address).run(canary()[0], 7).result(60)
    assert result.memory.shape == (7, 6)


def test_the_login_is_renewed_and_nothing_sent_twice(server) -> None:
    backend = get_backend("tianyan:tianyan_sw", address=server.address)
    backend.run(uneven_circuit(), 5).result(60)
    before = len(server.jobs())
    server.faults({"kind": "forgotten_login", "times": 1})
    assert backend.run(uneven_circuit(), 5).result(60).shots == 5
    assert len(server.jobs()) == before + 1


def test_a_key_that_is_not_taken(server, monkeypatch) -> None:
    monkeypatch.setenv("TIANYAN_LOGIN_KEY", "tianyan-wrong-key")
    with pytest.raises(CredentialsError, match=r"does not take the login key: unknown key \(code 401\)"):
        get_backend("tianyan:tianyan_sw", address=server.address).run(uneven_circuit(), 5)


def test_a_login_without_answer_sends_nothing(server) -> None:
    server.faults({"match": "POST /qccp-auth", "kind": "error_after"})
    before = len(server.jobs())
    with pytest.raises(BackendError, match=r"cannot be reached, nothing was submitted: no login: "):
        get_backend("tianyan:tianyan_sw", address=server.address).run(uneven_circuit(), 5)
    assert len(server.jobs()) == before


def test_circuits_that_fail_leave_the_others(server) -> None:
    job = get_backend("tianyan:tianyan_sw", address=server.address).run([uneven_circuit()] * 3, 5)
    server.faults({"kind": "failed_job", "times": 1, "one": True})
    with pytest.raises(PartialFailureError, match=r"1 of 3 circuits failed; .* a cable is loose") as caught:
        job.result(60)
    assert [result is None for result in caught.value.results] == [True, False, False]


def test_what_cannot_be_asked(server) -> None:
    client = get_backend("tianyan:tianyan_sw", address=server.address).client
    with pytest.raises(CannotTell):
        client.find(PAYLOAD, "key")


def test_devices_are_listed(server, monkeypatch) -> None:
    monkeypatch.setattr("qtoolkit.backends.tianyan.client.TianyanClient.__init__.__defaults__", (server.address, 60.0))
    found = {device.name: (device.kind, device.status) for device in providers()["tianyan"].devices()}
    assert found == {
        "tianyan:tianyan_sw": ("simulator", "online"),
        "tianyan:tianyan176": ("device", "maintenance"),
    }


def test_levels_of_the_compiler(server) -> None:
    with pytest.raises(InputError, match="optimization_level"):
        get_backend("tianyan:tianyan176", address=server.address, optimization_level=4)


# --- batches ---


@pytest.mark.parametrize(
    ("shots", "bits", "most"),
    [
        (10_000, 60, 600),
        (10_001, 30, 100),
        (50_000, 31, 1),
        (50_001, 15, 50),
        (100_000, 16, 1),
    ],
)
def test_limits(shots, bits, most) -> None:
    assert most_circuits(shots, bits) == most


def test_parts_keep_the_order_and_the_limits(server) -> None:
    backend = get_backend("tianyan:tianyan_sw", address=server.address)
    small, wide = Circuit(2).measure_all(), Circuit(16).measure_all()
    parts = backend._parts([small] * 60 + [wide] * 2 + [small] * 3, 60_000)
    assert [len(part) for part in parts] == [50, 10, 1, 1, 3]
    assert parts[2] == parts[3] == [wide]
    parts = backend._parts([small] * 700, 1000)
    assert [len(part) for part in parts] == [600, 100]
    assert backend.capabilities.max_shots == 100_000


# --- the dialect ---


def random_circuit(seed: int, num_qubits: int = 4) -> Circuit:
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    names = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "cz", "cx"]
    names += ["rx", "ry", "rz", "p", "u"]
    for name in rng.permutation(names):
        count = {"rx": 1, "ry": 1, "rz": 1, "p": 1, "u": 3}.get(str(name), 0)
        gate = StandardGate(str(name), tuple(map(float, rng.uniform(-7, 7, count))))
        circuit.append(gate, rng.permutation(num_qubits)[: gate.num_qubits].tolist())
        circuit.ry(float(rng.uniform(-3, 3)), int(rng.integers(num_qubits)))
    return circuit


@pytest.mark.parametrize("seed", range(5))
def test_the_dialect_there_and_back(seed) -> None:
    circuit = random_circuit(seed)
    text = to_qcis(circuit.copy().barrier().measure_all())
    back, measured = from_qcis(text).split_final_measurements()
    assert measured == ((0, 0), (1, 1), (2, 2), (3, 3))
    simulator = StatevectorSimulator()
    overlap = np.vdot(simulator.state_vector(circuit), simulator.state_vector(back))
    assert abs(overlap) == pytest.approx(1.0, abs=1e-12)


def test_angles_have_no_exponent_and_lie_within_a_turn() -> None:
    text = to_qcis(Circuit(1).rz(1.5e-10, 0).rz(7.0, 0).measure_all())
    assert text.splitlines() == ["RZ Q0 0.00000000015", "RZ Q0 0.7168146928204138", "M Q0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("H", "it is no instruction"),
        ("RZ Q0 nan", "it is no instruction"),
        ("RZ Q0", "RZ is not known, or has another number of angles"),
        ("X2P Q0 1.0", "another number of angles"),
        ("FSIM Q0 Q1", "FSIM is not known"),
        ("CZ Q0", "cannot read line 1"),
        ("CZ Q0 Q0", "cannot read line 1"),
        ("M Q99999", "there are 4096 qubits"),
    ],
)
def test_text_that_is_none(text, message) -> None:
    with pytest.raises(ConversionError, match=message):
        from_qcis(text)


# --- answers that do not fit ---


def packed(*entries, ids=("7",)):
    reply = {"code": 0, "data": {"experimentResultModelList": list(entries)}}
    return json.dumps({"query_ids": list(ids), "replies": [reply]}).encode()


def entry(status, number="7"):
    return {"experimentTaskId": number, "resultStatus": status}


PAYLOAD = Payload(b"{}", "tianyan.qcis", 2, (BitMap(2, (), (("M", 0), ("M", 1))),), facts={"measured": [[5, 3]]})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (packed(), "lacks experiment 7"),
        (b'{"query_ids": ["7"], "replies": [{"code": 0}]}', "no list of experiments"),
        (packed(entry([[3, 4], [0, 1]])), r"of qubits \[3, 4\], measured were \[5, 3\]"),
        (packed(entry([[3, 5], [0]])), r"must be bits of shape \(shots, 2\)"),
        (packed(entry([[3, 5], [0, 2]])), "must be bits"),
        (packed(entry([[3, 5], [0, 0.5]])), "must be bits"),
        (packed(entry([[3, 5], ["0", "x"]])), "must be bits"),
        (packed(entry([[3, 5], [0, None]])), "must be bits"),
        (packed({"experimentTaskId": 7, "probability": {"0": 1.0}}), "no shots"),
    ],
)
def test_answers_that_do_not_fit(raw, message) -> None:
    with pytest.raises(JobError, match=message):
        TianyanSerializer().outcomes(PAYLOAD, raw)


def test_columns_are_found_by_the_numbers_of_qubits() -> None:
    (found,) = TianyanSerializer().outcomes(PAYLOAD, packed(entry('[["Q3", "Q5"], [0, 1], [1, 1]]')))
    assert found.column("M", 0).tolist() == [1, 1]
    assert found.column("M", 1).tolist() == [0, 1]
    (again,) = TianyanSerializer().outcomes(PAYLOAD, packed(entry([[3, 5], ["0", "1"]])))
    assert again.column("M", 0).tolist() == [1]


def test_experiments_that_have_ended_are_not_asked_for_again(server) -> None:
    backend = get_backend("tianyan:tianyan_sw", address=server.address)
    job = backend.run([uneven_circuit()] * 60, 5)
    assert backend.client.poll(job.vendor_ids[0]).raw == "60 of 60 ended"
    before = len(server.log())
    assert backend.client.poll(job.vendor_ids[0]).status is JobStatus.DONE
    assert len(server.log()) == before


def test_states_of_several_experiments() -> None:
    def joint(*entries, count=None):
        return joint_state([state_of(entry) for entry in entries], count or len(entries))

    done, failed = entry([[0], [1]]), {"status": "Failed", "errorMsg": "why"}
    assert joint(count=2).status is JobStatus.QUEUED
    assert joint({"status": "queued"}).status is JobStatus.QUEUED
    assert joint(done, count=2).status is JobStatus.RUNNING
    assert joint({}).status is JobStatus.RUNNING
    assert joint(done, failed).status is JobStatus.DONE
    assert (joint(failed).status, joint(failed).reason) == (JobStatus.FAILED, "why")
    assert joint({"taskStatus": "CANCELED"}).status is JobStatus.CANCELLED
    assert joint(done, {"status": "thinking"}).raw == "thinking"


@pytest.mark.parametrize(
    "change",
    [{"overview": {}}, {"overview": {"qubits": ["A"], "coupler_map": {}}}, {"overview": None}],
)
def test_configurations_of_another_shape(change) -> None:
    with pytest.raises(BackendError, match=r"the configuration of m is of another shape"):
        Machine.of(CONFIGURATION | change, "m")


def test_a_machine_without_qubits() -> None:
    with pytest.raises(BackendError, match="has no qubits now"):
        Machine.of({"overview": {"qubits": ["Q0"], "coupler_map": {}}, "disabledQubits": "Q0"}, "m")


# --- on this machine ---


class TestLocal:
    @pytest.fixture
    def backend(self):
        pytest.importorskip("cqlib")
        return get_backend("tianyan:local")

    def test_bits(self, backend) -> None:
        circuit, outcome = canary()
        result = backend.run(circuit, 30).result(60)
        assert dict(result.counts) == {outcome: 30}
        assert result.metadata["sdk"].startswith("cqlib ")
        assert dict(backend.run(two_register_circuit(), 10).result(60).counts) == {"010": 10}

    def test_distribution(self, backend) -> None:
        counts = backend.run(uneven_circuit(4), 20_000, seed=3).result(60).counts
        assert chi_squared_p_value(counts, uneven_circuit(4)) > 1e-4

    def test_seeds(self, backend) -> None:
        first, second, other = (backend.run(uneven_circuit(), 500, seed=seed).result(60) for seed in (5, 5, 6))
        assert first.counts == second.counts != other.counts
        assert first.seed == 5
        unseeded = [backend.run(uneven_circuit(), 5000).result(60).counts for _ in range(2)]
        assert unseeded[0] != unseeded[1]

    def test_what_it_cannot_do(self, backend) -> None:
        with pytest.raises(BackendError, match="tianyan:local measures only at the end"):
            backend.run(Circuit(1, 1).h(0).measure(0, 0).x(0), 5)

    @pytest.mark.slow
    def test_warnings_are_left_as_they_were(self) -> None:
        pytest.importorskip("cqlib")
        code = "import warnings; from qtoolkit.backends import get_backend; import numba\n"
        code += "before = list(warnings.filters); get_backend('tianyan:local'); assert warnings.filters == before"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
