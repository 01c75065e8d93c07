"""Quafu, against a server of its wire format."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
from backend_checks import chi_squared_p_value, uneven_circuit
from cloud_contract import CloudContract, canary
from stubs.quafu import TOKEN
from stubs.server import running

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStatus, get_backend
from qtoolkit.backends.cloud import BitMap, Payload
from qtoolkit.backends.quafu import QuafuSerializer
from qtoolkit.backends.registry import providers
from qtoolkit.errors import BackendError, ConversionError, InputError, JobError, UnknownSubmissionError


class TestQuafu(CloudContract):
    stub = "quafu"
    backend_name = "quafu:ScQ-P18"
    submits = "POST /qbackend/scq_kit_asyc/"
    polls = fetches = "POST /qbackend/scq_task_recall/"
    token = TOKEN
    can_find = False
    unknown_word = "9"

    def environment(self, address):
        return {"QUAFU_API_TOKEN": TOKEN}

    def options(self, address):
        return {"address": address}


@pytest.fixture(scope="module")
def shared():
    with running("quafu") as server:
        yield server


@pytest.fixture
def server(shared, monkeypatch, tmp_path):
    monkeypatch.setenv("QUAFU_API_TOKEN", TOKEN)
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    shared.faults()
    return shared


def test_the_form_that_leaves(server) -> None:
    circuit = Circuit(3, 2).h(0).barrier(0, 1).cx(0, 1).rx(0.1, 2).measure([2, 0], [0, 1])
    (payload,) = get_backend("quafu:ScQ-P136", address=server.address, compile_there=False).payloads(circuit, 70)
    form = dict(parse_qsl(payload.body.decode(), keep_blank_values=True))
    text = (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg meas[2];\nh q[0];\nbarrier q[0],q[1];\ncx q[0],q[1];\n'
        "rx(0.1) q[2];\nmeasure q[0] -> meas[0];\nmeasure q[2] -> meas[1];\n"
    )
    assert form == {
        "qtasm": text,
        "shots": "70",
        "qubits": "3",
        "scan": "0",
        "tomo": "0",
        "selected_server": "2",
        "compile": "0",
        "priority": "2",
        "task_name": form["task_name"],
        "pyquafu_version": "0.4.5",
        "runtime_job_id": "",
    }
    assert payload.media_type == "application/x-www-form-urlencoded;charset=UTF-8"


def test_the_simulator_and_gates_that_the_service_lacks(server) -> None:
    backend = get_backend("quafu:ScQ-Sim10", address=server.address)
    assert backend.capabilities.is_simulator
    circuit = Circuit(3).ry(0.5, 0).ry(0.9, 1).ry(1.3, 2).ccx(0, 1, 2).t(1).h(1).swap(0, 2).measure_all()
    assert chi_squared_p_value(backend.run(circuit, 4000).result(60).counts, circuit) > 1e-4
    (back,) = QuafuSerializer().circuits(backend.payloads(canary()[0], 10)[0])
    assert dict(StatevectorSimulator().run(back, 10).counts) == {canary()[1]: 10}


def test_what_the_service_refuses_is_no_job(server) -> None:
    backend = get_backend("quafu:ScQ-P18", address=server.address)
    circuit = Circuit(1)
    for _ in range(2001):
        circuit.x(0)
    with pytest.raises(BackendError, match=r"refused the job: the circuit is too long \(status 5001\)"):
        backend.run(circuit.measure_all(), 10)


def test_a_failure_of_the_service_leaves_it_open(server) -> None:
    server.faults({"kind": "server_error", "times": 1})
    with pytest.raises(UnknownSubmissionError, match=r"the queue is broken \(status 5003\)"):
        get_backend("quafu:ScQ-P18", address=server.address).run(uneven_circuit(), 10)


def test_a_task_that_the_service_does_not_know(server) -> None:
    job = get_backend("quafu:ScQ-P18", address=server.address).run(uneven_circuit(), 10)
    server.faults({"match": "POST /qbackend/scq_task_recall/", "kind": "replaced", "body": '{"status": 201}'})
    with pytest.raises(JobError, match=r"cannot be asked: ValueError: the service gives no reason \(status 201\)"):
        job.status()
    server.faults()
    assert job.status() is JobStatus.DONE


def test_a_chip_that_is_not_there(server) -> None:
    with pytest.raises(BackendError, match="Quafu has no chip 'ScQ-P1'; it has ScQ-P136, ScQ-P18, ScQ-Sim10"):
        get_backend("quafu:ScQ-P1", address=server.address).run(uneven_circuit(), 10)
    server.faults({"match": "POST /qbackend/get_backends/", "kind": "error_before"})
    with pytest.raises(BackendError, match=r"cannot be asked what it is: .*503.*; nothing was submitted"):
        get_backend("quafu:ScQ-P18", address=server.address).run(uneven_circuit(), 10)


@pytest.mark.parametrize("body", ['{"data": 3}', "[]", '{"data": [{"system_name": "ScQ-P18", "system_id": "1"}]}'])
def test_descriptions_of_another_shape(server, body) -> None:
    server.faults({"match": "POST /qbackend/get_backends/", "kind": "replaced", "body": body})
    with pytest.raises(BackendError, match=r"cannot be asked|does not say the system_id"):
        get_backend("quafu:ScQ-P18", address=server.address).run(uneven_circuit(), 10)


def test_devices_are_listed(server, monkeypatch) -> None:
    monkeypatch.setattr("qtoolkit.backends.quafu.client.QuafuClient.__init__.__defaults__", (server.address, 60.0))
    found = {d.name: (d.kind, d.num_qubits, d.status, d.queue) for d in providers()["quafu"].devices()}
    assert found == {
        "quafu:ScQ-P18": ("device", 10, "Online", 3),
        "quafu:ScQ-P136": ("device", 136, "Offline", 0),
        "quafu:ScQ-Sim10": ("simulator", 10, "Online", None),
    }


# --- answers that do not fit ---

PAYLOAD = Payload(b"x=1", "quafu.openqasm2", 9, (BitMap(2, (), (("meas", 0), ("meas", 1))),), facts={"width": 2})


def answer(res):
    return json.dumps({"task_id": "A", "status": 2, "res": res}).encode()


@pytest.mark.parametrize(
    "res", ["{'01': 4, '11': 5}", '{"01": 4,"11": 5,}', {"01": 4, "11": 5}, "  { '01' : 4 ,\n'11':5 } "]
)
def test_counts_as_text_or_object(res) -> None:
    (found,) = QuafuSerializer().outcomes(PAYLOAD, answer(res))
    assert found.column("meas", 0).tolist() == [0, 1]
    assert found.column("meas", 1).tolist() == [1, 1]
    assert found.counts.tolist() == [4, 5]


@pytest.mark.parametrize(
    "res",
    [
        None,
        "",
        "{}",
        "__import__('os').system('false')",
        "{'01': __import__('os').getpid()}",
        "{'01': 4} or {}",
        "{'01': 4, '01': 5}",
        "{'01': -4}",
        "{'01': 4.5}",
        "{'011': 9}",
        {"01": "9"},
        {"0x1": 9},
    ],
)
def test_nothing_else_is_taken_for_counts(res) -> None:
    with pytest.raises(JobError):
        QuafuSerializer().outcomes(PAYLOAD, answer(res))


def test_a_body_that_is_none() -> None:
    with pytest.raises(ConversionError, match="no task of Quafu"):
        QuafuSerializer().circuits(PAYLOAD)


@pytest.mark.parametrize("name", ["compile_there"])
def test_options_are_true_or_false(server, name) -> None:
    for given in ("no", "false", 0, None):
        with pytest.raises(InputError, match=f"{name} must be true or false"):
            get_backend("quafu:ScQ-P18", address=server.address, **{name: given})


def test_a_store_is_no_path(server) -> None:
    with pytest.raises(InputError, match="store must be a JobStore"):
        get_backend("quafu:ScQ-P18", address=server.address, store="jobs.sqlite3")
