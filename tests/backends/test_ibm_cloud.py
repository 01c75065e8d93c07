"""IBM Quantum's service, driven through IBM's own package against a server that runs what comes with Aer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from backend_checks import uneven_circuit
from cloud_contract import CloudContract, canary
from stubs.ibm import INSTANCE, TOKEN
from stubs.server import running

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStatus, get_backend, reconcile
from qtoolkit.backends.calibration import Calibration
from qtoolkit.backends.ibm import IBMBackend, IBMServiceBackend
from qtoolkit.backends.ibm.account import IBMAccount
from qtoolkit.backends.ibm.catalog import PROVIDER
from qtoolkit.backends.ibm.circuits import device_circuit, without_layout
from qtoolkit.backends.ibm.client import IBMClient
from qtoolkit.backends.ibm.serializer import IBMSerializer
from qtoolkit.backends.verification import verify
from qtoolkit.errors import (
    BackendError,
    CredentialsError,
    InputError,
    JobError,
    UnknownSubmissionError,
)

runtime = pytest.importorskip("qiskit_ibm_runtime")


class TestIBM(CloudContract):
    stub = "ibm"
    stub_arguments = ("2", "manila")
    backend_name = "ibm:ibm_manila"
    submits = "POST /api/v1/jobs"
    polls = r"^GET /api/v1/jobs/[^/]+$"
    fetches = r"^GET /api/v1/jobs/[^/]+/results$"
    token = TOKEN
    max_circuits = 2

    def environment(self, address):
        return {
            "QISKIT_IBM_TOKEN": TOKEN,
            "QISKIT_IBM_INSTANCE": INSTANCE,
            "QISKIT_IBM_URL": address,
            "IAM_URL": address,
        }

    def test_the_calibration_is_on_record_and_predicts(self, cloud, monkeypatch):
        backend = self.open()
        here = backend.run(canary()[0], 2000)
        found = verify(here, timeout=60)
        assert Calibration.from_json(here.record.calibration).gate("cx", [0, 1]).error > 0.0
        (circuit,) = found.circuits
        assert circuit.reason == ""
        assert circuit.ideal.total_variation == 0.0
        assert not circuit.noisy.agrees  # the stub has no noise
        assert circuit.predicted > 0.05
        monkeypatch.setattr(type(backend), "properties", lambda self: {"qubits": []})
        assert backend.calibration() is None


@pytest.fixture(scope="module")
def server():
    with running("ibm", "300", "manila", "fez") as found:
        yield found


@pytest.fixture
def service(server, tmp_path, monkeypatch):
    """The server without faults, the variables that lead there, a job store and a home of the test's own."""
    server.faults()
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in TestIBM().environment(server.address).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
    return server


@pytest.fixture
def backend(service) -> IBMServiceBackend:
    return get_backend("ibm:ibm_manila")


# --- what leaves is what IBM's package sends, what comes is what it reads ---


def test_the_body_and_the_answer_are_those_of_the_sdk(service, backend, monkeypatch) -> None:
    from qiskit_ibm_runtime.executor_sampler import Sampler

    monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")  # spares it the search for instances
    theirs = runtime.QiskitRuntimeService(
        channel="ibm_quantum_platform",
        token=TOKEN,
        instance=INSTANCE,
        url=service.address,
        url_resolver=lambda *_: f"{service.address}/api/v1",
    )
    device = theirs.backend("ibm_manila")
    (payload,) = backend.payloads([uneven_circuit(), canary()[0]], 64)
    body = json.loads(payload.body)
    sampler = Sampler(mode=device)
    sampler.options.environment.job_tags = body["tags"]
    isa = [without_layout(device_circuit(circuit, device, 1, 0)) for circuit in (uneven_circuit(), canary()[0])]
    their_job = sampler.run(isa, shots=64)
    (seen,) = [job for job in service.jobs() if job["id"] == their_job.job_id()]
    assert seen["body"].encode() == payload.body

    ours = backend.run([uneven_circuit(), canary()[0]], 64)
    answer = theirs.job(ours.vendor_ids[0]).result()
    for one, other, registers in zip(ours.result(60), answer, (["meas"], ["low", "high"]), strict=True):
        bits = [other.data[name].to_bool_array(order="little") for name in registers]
        assert np.array_equal(one.memory, np.concatenate(bits, axis=1))


def test_the_same_work_gives_the_same_bytes_in_every_process(service, backend) -> None:
    script = (
        "from backend_checks import uneven_circuit; from qtoolkit.backends import get_backend; import re\n"
        "(p,) = get_backend('ibm:ibm_manila').payloads(uneven_circuit(), 10)\n"
        "print(p.content_hash(re.search(rb'ibm-[0-9a-f]{16}-0', p.body)[0].decode()))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": os.path.dirname(__file__)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    for _ in range(8):
        (payload,) = backend.payloads(uneven_circuit(), 10)
        assert payload.content_hash(json.loads(payload.body)["tags"][0]) == done.stdout.strip()


def test_threads_do_not_mix_their_circuits(backend) -> None:
    assert backend.capabilities.num_qubits == 5
    with ThreadPoolExecutor(4) as pool:
        payloads = list(pool.map(lambda k: backend.payloads(Circuit(3).x(k % 3).measure_all(), 10)[0], range(12)))
    for k, payload in enumerate(payloads):
        (parsed,) = IBMSerializer().circuits(payload)
        counts = StatevectorSimulator().run(parsed, 5, seed=1).counts
        assert dict(counts) == {format(1 << k % 3, "03b"): 5}


def test_what_the_sampler_does_not_take(backend, monkeypatch) -> None:
    from qiskit_ibm_runtime.executor_sampler import Sampler

    def refused(*args, **options):
        raise ValueError("boxes")

    monkeypatch.setattr(Sampler, "run", refused)
    with pytest.raises(BackendError, match="IBM's sampler does not take the circuits: ValueError: boxes"):
        backend.run(uneven_circuit(), 10)


def test_a_circuit_in_motion(backend) -> None:
    circuit = Circuit(3, 3).x(0).measure([0], [0])
    then = Circuit(3, 3).x(1)
    circuit.if_(0, then).reset(0).x(2).measure([0], [1]).measure([1], [2])
    assert dict(backend.run(circuit, 25).result(60).counts) == {"101": 25}
    (payload,) = backend.payloads(circuit, 25)
    (parsed,) = IBMSerializer().circuits(payload)
    assert dict(StatevectorSimulator().run(parsed, 25, seed=1).counts) == {"101": 25}


def test_registers_that_ibm_cannot_hold(backend) -> None:
    circuit = Circuit(3)
    circuit.num_clbits = 3
    circuit.name_clbits("for", [2, 0])
    circuit.x(0).measure([0, 1, 2], [2, 1, 0])
    result = backend.run(circuit, 20).result(60)
    assert dict(result.counts) == {"100": 20}
    assert [(register.name, register.clbits) for register in result.registers] == [("for", (2, 0))]
    (payload,) = backend.payloads(circuit, 20)
    (parsed,) = IBMSerializer().circuits(payload)
    assert [(register.name, register.clbits) for register in parsed.clbit_registers] == [("for", (2, 0))]


def test_a_device_of_156_qubits(service) -> None:
    backend = get_backend("ibm:ibm_fez", optimization_level=0)
    assert backend.capabilities.num_qubits == 156
    circuit = Circuit(156, 2).x(155).cx(155, 154).measure([154, 0], [0, 1])
    assert dict(backend.run(circuit, 20).result(60).counts) == {"01": 20}
    (payload,) = backend.payloads(circuit, 20)
    (parsed,) = IBMSerializer().circuits(payload)
    assert parsed.num_qubits == 156
    assert {155, 154} <= {qubit for operation in parsed.operations for qubit in operation.qubits}
    assert dict(StatevectorSimulator().run(parsed, 5, seed=1).counts) == {"01": 5}


def test_evidence(backend) -> None:
    metadata = backend.run(uneven_circuit(4), 30).result(60).metadata
    assert metadata["device"] == "ibm_manila"
    assert metadata["sdk"] == f"qiskit-ibm-runtime {runtime.__version__}"
    assert metadata["two_qubit_gates"] >= 3
    assert metadata["depth"] > 3


def test_capabilities_are_the_devices(backend) -> None:
    found = backend.capabilities
    assert (found.num_qubits, found.max_circuits, found.max_shots) == (5, 300, 10_000_000)
    assert found.connectivity == ((0, 1), (1, 2), (2, 3), (3, 4))
    assert {"cx", "rz", "sx", "x"} <= set(found.native_gates or ())
    assert found.supports_conditionals
    assert found.supports_reset
    assert not found.supports_seed
    assert not found.is_simulator
    assert not found.is_local


def test_a_job_holds_ten_million_executions(backend) -> None:
    circuits = [Circuit(1).measure_all()] * 7
    assert [len(part) for part in backend._parts(circuits, 4_000_000)] == [2, 2, 2, 1]
    assert [len(part) for part in backend._parts(circuits, 10_000_000)] == [1] * 7
    assert [len(part) for part in backend._parts(circuits, 10)] == [7]
    with pytest.raises(BackendError, match="takes at most 10000000 shots"):
        backend.run(circuits[0], 10_000_001)


def test_a_limit_of_the_execution_time_goes_along(service) -> None:
    (payload,) = get_backend("ibm:ibm_manila", max_execution_time=17).payloads(uneven_circuit(), 10)
    assert json.loads(payload.body)["cost"] == 17
    with pytest.raises(InputError, match="max_execution_time"):
        get_backend("ibm:ibm_manila", max_execution_time=0)
    with pytest.raises(InputError, match="optimization_level is 0, 1, 2 or 3, got 4"):
        get_backend("ibm:ibm_manila", optimization_level=4)


def test_nothing_is_written_to_disk(service, backend, tmp_path) -> None:
    backend.run(uneven_circuit(), 10).result(60)
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {"jobs"}


def test_the_properties_are_the_services(backend) -> None:
    properties = backend.properties()
    assert properties["backend_name"] == "ibm_manila"
    assert len(properties["qubits"]) == 5
    properties["qubits"].clear()
    assert len(backend.properties()["qubits"]) == 5


def test_devices(service) -> None:
    found = {device.name: device for device in PROVIDER.devices()}
    assert set(found) == {"ibm:ibm_manila", "ibm:ibm_fez"}
    fez = found["ibm:ibm_fez"]
    assert (fez.num_qubits, fez.kind, fez.status, fez.description) == (156, "device", "online", "Heron r2")
    assert fez.queue == len(service.jobs())


# --- sessions ---


def test_a_session_and_a_batch(service, backend) -> None:
    with backend.session(max_time=600) as inside:
        first, second = inside.run(uneven_circuit(), 10), inside.run(canary()[0], 10)
        with pytest.raises(BackendError, match="in the session session-0 already"), inside.batch():
            pass
    ids = set(first.vendor_ids + second.vendor_ids)
    assert {job["session"] for job in service.jobs() if job["id"] in ids} == {"session-0"}
    assert first.record.parts[0].payload.facts["session_id"] == "session-0"
    assert second.result(60).metadata["session_id"] == "session-0"
    opened = [json.loads(line["body"]) for line in service.log() if line["path"] == "/api/v1/sessions"]
    assert opened == [{"mode": "dedicated", "backend": "ibm_manila", "instance": INSTANCE, "max_ttl": 600}]
    with pytest.raises(BackendError, match="The session takes no jobs"):
        inside.run(uneven_circuit(), 11)
    assert backend.run(uneven_circuit(), 12).record.parts[0].payload.facts.get("session_id") is None
    with backend.batch() as inside:
        assert inside.run(uneven_circuit(), 13).result(60).shots == 13
    closed = [line["path"] for line in service.log() if line["method"] == "PATCH"]
    assert closed == ["/api/v1/sessions/session-0", "/api/v1/sessions/session-1"]


def test_a_session_is_closed_after_an_error(service, backend) -> None:
    before = len([line for line in service.log() if line["method"] == "PATCH"])
    with pytest.raises(ZeroDivisionError), backend.session():
        raise ZeroDivisionError
    assert len([line for line in service.log() if line["method"] == "PATCH"]) == before + 1
    service.faults({"match": "PATCH", "kind": "error_before"})
    with pytest.raises(ZeroDivisionError) as caught, backend.session():
        raise ZeroDivisionError
    assert any("could not be closed" in note for note in caught.value.__notes__)
    with pytest.raises(BackendError, match=r"could not be closed: .*close it among the workloads"), backend.batch():
        pass


def test_a_session_that_has_ended_by_itself(service, backend) -> None:
    service.faults({"match": "PATCH", "kind": "replaced", "status": 404, "body": "{}"})
    with backend.session() as inside:
        job = inside.run(uneven_circuit(), 14)
    service.faults()
    assert job.result(60).shots == 14


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"kind": "error_after"}, "a session on ibm_manila may be open or not"),
        ({"kind": "replaced", "body": "{}"}, "may be open or not: the answer of IBM Quantum has no id"),
        ({"kind": "replaced", "status": 400, "body": "{}"}, "opens no session on ibm_manila"),
    ],
)
def test_a_session_that_does_not_open(service, backend, fault, message) -> None:
    service.faults({"match": "POST /api/v1/sessions", **fault})
    with pytest.raises(BackendError, match=message), backend.session():
        raise AssertionError
    with pytest.raises(InputError, match="max_time"), backend.session(max_time=0):
        raise AssertionError


# --- refusals, and what nobody knows ---


def test_a_refusal_of_the_service(service, backend) -> None:
    body = json.dumps({"errors": [{"code": 1233, "message": "The plan has no time left."}]})
    service.faults({"match": "POST /api/v1/jobs", "kind": "replaced", "status": 403, "body": body})
    with pytest.raises(CredentialsError, match="The plan has no time left"):
        backend.run(uneven_circuit(), 10)
    service.faults({"match": "POST /api/v1/jobs", "kind": "replaced", "status": 422, "body": body})
    with pytest.raises(BackendError, match=r"refused the job: .*The plan has no time left"):
        backend.run(uneven_circuit(), 10)
    assert [record.status for record in backend.store.jobs()] == [JobStatus.FAILED, JobStatus.FAILED]


def test_a_device_that_is_not_there(service) -> None:
    with pytest.raises(BackendError, match=r"does not describe the device ibm_nowhere: .*404"):
        get_backend("ibm:ibm_nowhere").run(uneven_circuit(), 10)
    service.faults({"match": r"^GET /api/v1/backends/[^/]+/configuration", "kind": "replaced", "body": '{"n": 1}'})
    with pytest.raises(BackendError, match="IBM's description of ibm_manila cannot be read"):
        get_backend("ibm:ibm_manila").run(uneven_circuit(), 10)
    service.faults({"match": "GET /api/v1/backends", "kind": "replaced", "body": "[]"})
    with pytest.raises(BackendError, match="does not describe its devices"):
        PROVIDER.devices()


def test_a_redirection_is_not_followed(service, backend) -> None:
    job = backend.run(uneven_circuit(), 10)
    service.faults({"match": "GET /api/v1/jobs", "kind": "replaced", "status": 307, "body": "{}"})
    with pytest.raises(JobError, match="redirected, which is not followed"):
        job.status()


def test_an_answer_that_drips_ends(service) -> None:
    client = IBMClient(IBMAccount(), seconds=0.5)
    service.faults({"match": "GET /api/v1/backends", "kind": "slow", "seconds": 120.0})
    started = time.monotonic()
    with pytest.raises(BackendError, match="has not ended after"):
        client.devices()
    assert time.monotonic() - started < 100  # the whole answer would have taken longer


def test_a_job_without_an_id_is_found_by_its_tag(service, backend) -> None:
    replaced = {"match": "POST /api/v1/jobs", "kind": "replaced", "body": "{}", "times": 1}
    service.faults(replaced)
    assert backend.run(uneven_circuit(), 21).result(60).shots == 21
    service.faults(replaced, {"match": "GET /api/v1/jobs", "kind": "replaced", "body": '{"count": 0}', "times": 1})
    with pytest.raises(UnknownSubmissionError, match="ValueError: the answer of IBM Quantum has no id"):
        backend.run(uneven_circuit(), 22)


def test_another_instance_does_not_call_a_job_lost(service, backend, monkeypatch) -> None:
    assert backend.capabilities.num_qubits == 5
    service.faults({"match": "POST /api/v1/jobs", "kind": "error_after"}, {"match": "GET", "kind": "error_before"})
    with pytest.raises(UnknownSubmissionError):
        backend.run(uneven_circuit(), 23)
    service.faults()
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", INSTANCE.replace("5b7e", "0000"))
    (verdict,) = reconcile(settling=timedelta(0))
    assert verdict.verdict == "unknown"
    assert "QISKIT_IBM_INSTANCE" in verdict.reason
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", INSTANCE)
    (verdict,) = reconcile(settling=timedelta(0))
    assert verdict.verdict == "accepted"


def test_cancelling_what_has_ended(service, backend) -> None:
    job = backend.run(uneven_circuit(), 10)
    job.result(60)
    backend.client.cancel(job.vendor_ids[0])  # answered by a conflict
    assert not job.cancel()
    service.faults({"kind": "ran_too_long", "times": 1})
    long = backend.run(uneven_circuit(), 11)
    with pytest.raises(JobError, match=r"failed: Ran too long. \(code 1305\)"):
        long.result(60)


# --- the account ---


def test_a_token_that_is_not_taken(service, monkeypatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "another-key-1f2e3d")
    before = len(service.log())
    with pytest.raises(CredentialsError, match="does not take QISKIT_IBM_TOKEN: 400") as caught:
        get_backend("ibm:ibm_manila").run(uneven_circuit(), 10)
    assert "another-key" not in "".join(traceback.format_exception(caught.value))
    # The key has gone to the server of tokens alone.
    assert {line["path"] for line in service.log()[before:]} == {"/identity/token"}


@pytest.mark.parametrize(
    "fault", [{"kind": "error_before"}, {"kind": "replaced", "body": '{"access_token": "x"}'}, {"kind": "truncated"}]
)
def test_a_server_of_tokens_in_trouble(service, fault) -> None:
    service.faults({"match": "POST /identity/token", **fault})
    started = time.monotonic()
    backend = get_backend("ibm:ibm_manila")
    for _ in range(2):
        with pytest.raises(BackendError, match="IBM's server for tokens"):
            backend.run(uneven_circuit(), 10)
    assert time.monotonic() - started < 60


def test_the_bearer_is_as_secret_as_the_key(service, backend) -> None:
    job = backend.run(uneven_circuit(), 10)
    bearer = backend.client.account._auth.tm.access_token
    service.faults({"match": "GET /api/v1/jobs", "kind": "replaced", "status": 500, "body": f"no: {bearer}"})
    with pytest.raises(JobError) as caught:
        job.status()
    assert bearer not in "".join(traceback.format_exception(caught.value))
    assert bearer.encode() not in backend.store.path.read_bytes()


@pytest.mark.parametrize(
    ("asked_for", "known", "expected"),
    [
        ("", {"crn:a": "one"}, "crn:a"),
        ("two", {"crn:a": "one", "crn:b": "two"}, "crn:b"),
        ("crn:c", {}, "crn:c"),
        ("", {"crn:a": "one", "crn:b": "two"}, "2 instances at all belong to the account, which has one, two"),
        ("six", {"crn:a": "one"}, "0 instances named 'six' belong to the account, which has one; set QISKIT_IBM"),
        ("", None, "the instances of the account cannot be listed: InvalidAccountError"),
    ],
)
def test_the_instance(service, monkeypatch, asked_for, known, expected) -> None:
    from qiskit_ibm_runtime.accounts import Account, InvalidAccountError

    def listed(self):
        if known is None:
            raise InvalidAccountError("no")
        return [{"crn": crn, "name": name} for crn, name in known.items()]

    monkeypatch.setattr(Account, "list_instances", listed)
    monkeypatch.delenv("QISKIT_IBM_INSTANCE")
    account = IBMAccount(asked_for or None)
    if expected.startswith("crn:"):
        assert account.instance == expected
        return
    with pytest.raises(CredentialsError, match=expected):
        account.instance  # noqa: B018


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("QISKIT_IBM_CHANNEL", "local", "QISKIT_IBM_CHANNEL is ibm_quantum_platform, got 'local'"),
        ("QISKIT_IBM_URL", "http://example.org", "over https alone"),
        ("IAM_URL", "http://example.org", "over https alone"),
    ],
)
def test_an_environment_that_is_refused(service, monkeypatch, name, value, message) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=message):
        get_backend("ibm:ibm_manila")


def test_where_the_service_listens(service, monkeypatch) -> None:
    monkeypatch.delenv("QISKIT_IBM_URL")
    assert IBMAccount().service_address == "https://quantum.cloud.ibm.com/api/v1"
    europe = IBMAccount(INSTANCE.replace("us-east", "eu-de"))
    assert europe.service_address == "https://eu-de.quantum.cloud.ibm.com/api/v1"
    with pytest.raises(InputError, match="an instance is given by its name or its CRN, got 3"):
        IBMAccount(3)


def test_a_device_of_the_service_is_opened_by_its_name(backend) -> None:
    with pytest.raises(InputError, match=r"is opened by its name, .*get_backend\('ibm:ibm_manila'\)"):
        IBMBackend(backend._present_device())
