"""Google's Quantum Engine, through cirq-google's own client, against a server that speaks gRPC."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import urllib.request
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from backend_checks import two_register_circuit, uneven_circuit
from cloud_contract import CloudContract, canary
from stubs.server import running

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStatus, JobStore, get_backend, registry
from qtoolkit.backends.calibration import Calibration
from qtoolkit.backends.registry import serializer_of
from qtoolkit.errors import (
    BackendError,
    ConversionError,
    CredentialsError,
    InputError,
    JobError,
    UnknownSubmissionError,
)

pytest.importorskip("cirq_google")

PROJECT = "a-project"


@cache
def service_of(control: str) -> str:
    return told_by(control)["address"]


def told_by(control: str) -> dict:
    with urllib.request.urlopen(f"{control}/grpc", timeout=30) as answer:
        return json.loads(answer.read())


class TestGoogle(CloudContract):
    stub = "google"
    backend_name = "google:pink_twin"
    submits = "CreateQuantumJob"
    polls = "GetQuantumJob"
    fetches = "GetQuantumResult"
    unknown_word = "99"
    closest = 1e-6  # angles are written in single precision
    shows_body = False  # it is that of two requests: see test_the_payload_is_what_leaves

    def environment(self, address):
        return {"GOOGLE_CLOUD_PROJECT": PROJECT}

    def options(self, address):
        return {"address": service_of(address)}

    @pytest.mark.slow
    def test_any_process_finds_the_job(self, cloud):
        super().test_any_process_finds_the_job(cloud)

    @pytest.mark.slow
    def test_a_server_that_is_gone(self, cloud, tmp_path):
        super().test_a_server_that_is_gone(cloud, tmp_path)

    def test_a_missing_credential_is_named(self, cloud, monkeypatch):
        monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
        with pytest.raises(CredentialsError, match="set GOOGLE_CLOUD_PROJECT"):
            self.open()

    # --- what leaves ---

    def test_the_payload_is_what_leaves(self, cloud):
        here = self.open().run(uneven_circuit(), 25)
        (part,) = here.record.parts
        (seen,) = self.new_jobs(cloud)
        assert seen["body"].encode("latin-1") == part.payload.body
        assert here.vendor_ids == (f"projects/{PROJECT}/programs/{part.key}/jobs/{part.key}",)
        assert part.payload.format == "google.program.v2"

    def test_the_payload_tells_which_qubits_of_the_grid_its_circuit_has(self, cloud):
        from qtoolkit.backends.google.requests import native_of

        (payload,) = self.open().payloads(uneven_circuit(5), 25)
        (parsed,) = serializer_of(payload.format).circuits(payload)
        places = [tuple(map(int, label.split("_"))) for label in payload.facts["device_qubits"]]
        pairs = {frozenset(places[q] for q in op.qubits) for op in parsed if len(op.qubits) == 2}
        theirs = {
            frozenset((q.row, q.col) for q in op.qubits)
            for op in native_of(payload.body).all_operations()
            if len(op.qubits) == 2
        }
        assert pairs == theirs
        assert len(pairs) >= 4
        assert parsed.num_qubits == len(places)

    def test_a_job_runs_in_the_default_configuration_or_in_the_one_that_is_named(self, cloud):
        from qtoolkit.backends.google.requests import requests_of

        def config(**options):
            (payload,) = self.open(**options).payloads(uneven_circuit(), 25)
            selector = requests_of(payload.body)[1].quantum_job.scheduling_config.processor_selector
            assert selector.processor == f"projects/{PROJECT}/processors/pink_twin"
            found = selector.device_config_selector
            return found.run_name, found.snapshot_id, found.config_alias

        assert config() == ("night", "", "both")
        assert config(run_name="day", device_config_name="one") == ("day", "", "one")
        assert config(snapshot_id="s-1", device_config_name="one") == ("", "s-1", "one")
        with pytest.raises(InputError, match="named by device_config_name and one of"):
            self.open(run_name="day")
        with pytest.raises(InputError, match="run_name has letters"):
            self.open(run_name="day/../night", device_config_name="one")

    @pytest.mark.slow
    def test_the_same_circuit_is_the_same_bytes_in_any_process(self, cloud):
        (here,) = self.open().payloads(uneven_circuit(5), 25)
        script = f"""
from backend_checks import uneven_circuit
from qtoolkit.backends import get_backend
(payload,) = get_backend("google:pink_twin", address={service_of(cloud.address)!r}).payloads(uneven_circuit(5), 25)
import re
(key,) = set(re.findall(rb"google-[0-9a-f]{{16}}-0", payload.body))
print(payload.content_hash(key.decode()))
"""
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{script}"],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert done.stdout.strip() == self.hash_without_key(here)

    def test_processors_of_two_gate_sets(self, cloud):
        circuit, outcome = canary()
        for processor, gate in (("pink_twin", "cz"), ("bow_twin", "cz")):
            backend = get_backend(f"google:{processor}", **self.options(cloud.address))
            (payload,) = backend.payloads(circuit, 10)
            (parsed,) = serializer_of(payload.format).circuits(payload)
            assert {op.gate.name for op in parsed if len(op.qubits) == 2} == {gate}
            assert dict(backend.run(circuit, 10).result(60).counts) == {outcome: 10}

    def test_measurements_on_the_way(self, cloud):
        """Where a qubit can be reset; bits that are written twice hold the last, which the payload tells as well."""
        circuit = Circuit(2, 4).x(0).measure(0, 0).reset(0).measure(0, 1).cx(0, 1).h(0).measure(0, 2).h(0)
        circuit.measure([1, 0], [0, 2]).x(0).measure([0, 0], [2, 3])
        backend = self.open()
        assert backend.capabilities.supports_mid_circuit_measurement
        (payload,) = backend.payloads(circuit, 10)
        (parsed,) = serializer_of(payload.format).circuits(payload)
        want = StatevectorSimulator().run(circuit, 400, seed=1).counts
        for got in (
            backend.run(circuit, 400).result(60).counts,
            StatevectorSimulator().run(parsed, 400, seed=2).counts,
        ):
            assert set(got) == set(want) == {"0000", "1100"}
            assert abs(got["0000"] - 200) < 5 * np.sqrt(100)
        lesser = get_backend("google:bow_twin", **self.options(cloud.address))
        with pytest.raises(BackendError, match="google:bow_twin measures only at the end"):
            lesser.run(circuit, 10)

    def test_prepared_states(self, cloud):
        state = np.array([0.5, 0.5j, 0.0, -np.sqrt(0.5)])
        circuit = Circuit(3).x(2).initialize(state, [2, 0]).measure_all()
        counts = self.open().run(circuit, 400).result(60).counts
        assert set(counts) == {"000", "100", "101"}
        assert abs(counts["101"] - 200) < 5 * np.sqrt(100)
        with pytest.raises(ConversionError, match="at most 3 qubits, got 4"):
            self.open().run(Circuit(4).initialize(np.eye(16)[3], [0, 1, 2, 3]).measure_all(), 10)

    @pytest.mark.parametrize(
        ("circuit", "shots", "message"),
        [
            (Circuit(2, 1).measure(0, 0).if_(0, lambda body: body.x(1)), 10, "runs no operations under a condition"),
            (Circuit(1).measure_all(), 5_000_001, "at most 5000000 shots"),
            (Circuit(4).unitary(np.eye(16)[::-1], [0, 1, 2, 3]).measure_all(), 10, "build it from smaller gates"),
        ],
    )
    def test_refused_before_anything_leaves(self, cloud, circuit, shots, message):
        with pytest.raises(BackendError, match=message):
            self.open().run(circuit, shots)
        assert not self.new_jobs(cloud)
        assert not JobStore().jobs()

    def test_no_such_processor(self, cloud):
        backend = get_backend("google:gone", **self.options(cloud.address))
        with pytest.raises(BackendError, match="project a-project has no processor gone"):
            backend.run(uneven_circuit(), 10)
        with pytest.raises(InputError, match="a processor's id has letters"):
            get_backend("google:a/b", **self.options(cloud.address))

    def test_the_calibration_of_the_day_goes_on_record(self, cloud):
        from cirq_google.engine import load_median_device_calibration

        medians = load_median_device_calibration("willow_pink")
        here = self.open().run(uneven_circuit(), 30)
        found = Calibration.from_json(here.record.calibration)
        assert (found.device, found.num_qubits) == ("pink_twin", 105)
        (metric,) = [
            value for target, value in medians["single_qubit_idle_t1_micros"].items() if "_".join(
                str(part) for part in (target[0].row, target[0].col)) == found.labels[17]
        ]  # fmt: skip
        assert found.qubits[17].t1 == pytest.approx(metric[0] * 1e-6)

    def test_a_processor_without_a_calibration(self, cloud):
        cloud.faults({"kind": "uncalibrated"})
        here = self.open().run(uneven_circuit(), 30)
        assert here.record.calibration is None
        assert here.result(60).shots == 30

    def test_a_calibration_that_cannot_be_had_keeps_everything_here(self, cloud):
        for kind, message in (("error_before", "how it is calibrated"), ("unreadable_calibration", "of a form that")):
            cloud.faults({"match": "GetQuantumCalibration", "kind": kind})
            with pytest.raises(BackendError, match=message):
                self.open().run(uneven_circuit(), 30)
        assert not self.new_jobs(cloud)
        assert not JobStore().jobs()

    def test_devices_of_the_service(self, cloud, monkeypatch):
        from qtoolkit.backends.google import catalog

        monkeypatch.setattr(catalog, "_address", lambda given: service_of(cloud.address))
        found = registry.providers()["google"].devices()
        assert [(d.name, d.num_qubits, d.status, d.queue) for d in found] == [
            ("google:pink_twin", 105, "OK", 3),
            ("google:bow_twin", 23, "OK", 3),
        ]

    # --- what becomes of a request ---

    def submissions(self, cloud):
        return [line["method"] for line in cloud.log() if line["method"].startswith("Create")]

    def test_a_program_that_is_there_already_is_run(self, cloud):
        before = len(self.submissions(cloud))
        cloud.faults({"match": "CreateQuantumProgram", "kind": "dropped_after", "times": 1})
        here = self.open().run(uneven_circuit(), 30)
        assert self.submissions(cloud)[before:] == ["CreateQuantumProgram"] * 2 + ["CreateQuantumJob"]
        assert here.result(60).shots == 30
        assert len(self.new_jobs(cloud)) == 1

    def test_a_call_is_made_once(self, cloud):
        """Neither gRPC nor the SDK repeats what failed, and what was refused is not asked for again."""
        before = len(self.submissions(cloud))
        for status, reason in ((400, "refused the job: create_quantum_program: INVALID_ARGUMENT: no"),):
            cloud.faults({"match": "CreateQuantumProgram", "kind": "replaced", "status": status, "body": "no"})
            with pytest.raises(BackendError, match=reason):
                self.open().run(uneven_circuit(), 30)
        assert self.submissions(cloud)[before:] == ["CreateQuantumProgram"]
        cloud.faults({"match": "CreateQuantumJob", "kind": "error_before"})
        with pytest.raises(UnknownSubmissionError, match="UNAVAILABLE: service unavailable"):
            self.open().run(uneven_circuit(4), 30)
        assert self.submissions(cloud)[before + 1 :] == ["CreateQuantumProgram", "CreateQuantumJob"] * 3
        assert not self.new_jobs(cloud)

    def test_a_call_ends(self, cloud):
        backend = self.open()
        backend.client.connection._seconds = 0.3
        here = backend.run(uneven_circuit(), 30)
        cloud.faults({"match": "GetQuantumJob", "kind": "slow", "seconds": 5.0})
        with pytest.raises(JobError, match="DEADLINE_EXCEEDED"):
            here.status()

    def test_a_result_cut_off_inside(self, cloud):
        here = self.open().run(uneven_circuit(), 3000)
        cloud.faults({"kind": "truncated_result", "times": 1})
        with pytest.raises(JobError, match=r"no result of the Quantum Engine|shots take"):
            here.result(60)
        assert here.result(60).shots == 3000

    def test_a_job_that_has_ended_is_not_cancelled(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"kind": "ended", "times": 1})
        assert not here.cancel()
        assert here.status() is JobStatus.DONE
        assert here.result(60).shots == 30

    def test_the_reason_of_a_failure(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"kind": "failed_job", "times": 1})
        with pytest.raises(JobError, match="SYSTEM_ERROR: the refrigerator is warm"):
            here.result(60)

    def test_a_server_that_was_never_there(self, cloud, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        backend = self.open()
        backend.capabilities  # noqa: B018
        monkeypatch.setattr(backend, "calibration", lambda: None)
        backend.client.connection = type(backend.client.connection)(address)
        with pytest.raises(BackendError, match="cannot be reached, nothing was submitted"):
            backend.run(two_register_circuit(), 30)
        (record,) = JobStore().jobs()
        assert record.status is JobStatus.FAILED

    # --- credentials ---

    def test_tokens_of_a_service_account_are_nowhere(self, cloud, tmp_path, monkeypatch, caplog, capfd):
        """The key signs tokens here; the server gets one with each call, and nobody else sees it or the key."""
        secret = service_account_file(tmp_path / "key.json", monkeypatch)
        monkeypatch.setenv("GOOGLE_SDK_PYTHON_LOGGING_SCOPE", "google")
        caplog.set_level(logging.DEBUG)
        backend = self.open()
        here = backend.run(uneven_circuit(), 30)
        token = told_by(cloud.address)["authorizations"][-1].removeprefix("Bearer ")
        assert token.count(".") == 2
        shown = [repr(backend), repr(backend.client), repr(backend.client.connection), repr(here.record)]
        shown.append(str(here.result(60).metadata))
        for rule in (
            {"match": "^", "kind": "unauthorized"},
            {"match": self.polls, "kind": "replaced", "status": 500, "body": f"no: {token}"},
            {"match": self.polls, "kind": "replaced", "status": 400, "body": f"no: {token}"},
            {"match": self.submits, "kind": "replaced", "status": 400, "body": f"no: {token}"},
        ):
            cloud.faults(rule)
            shown.append(self.complaint(lambda: backend.run(two_register_circuit(), 30).status()))
            assert shown[-1]
        store = (tmp_path / "jobs.sqlite3").read_bytes().decode("latin-1")
        logged = [str(vars(record)) for record in caplog.records]
        assert any("Sending request" in line for line in logged)
        for text in [*shown, store, caplog.text, *logged, *capfd.readouterr()]:
            assert token not in text
            assert secret not in text

    def test_credentials_that_are_none(self, cloud, tmp_path, monkeypatch):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
        with pytest.raises(CredentialsError, match="GOOGLE_APPLICATION_CREDENTIALS"):
            self.open().run(uneven_circuit(), 30)
        assert not self.new_jobs(cloud)

    def test_only_this_machine_is_spoken_to_without_tls(self, cloud):
        with pytest.raises(InputError, match="over https alone"):
            get_backend("google:pink_twin", address="http://example.org:80")


_OVER_TLS = """
import os, sys
from qtoolkit import Circuit
from qtoolkit.backends import get_backend
from qtoolkit.errors import QToolkitError
backend = get_backend("google:pink_twin", address=sys.argv[1])
try:
    print(dict(backend.run(Circuit(2).x(1).measure_all(), 9).result(60).counts))
except QToolkitError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
def test_over_tls(tmp_path, monkeypatch) -> None:
    """As to Google's own address: certificates are checked, credentials asked for, and each call has a token."""
    certificate = tmp_path / "certificate.pem"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)

    def said() -> str:
        command = [sys.executable, "-c", _OVER_TLS, service_of(server.address)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    with running("google", "0", str(certificate)) as server:
        assert "CredentialsError" in (text := said())
        assert "set GOOGLE_APPLICATION_CREDENTIALS, or say gcloud auth application-default login" in text
        service_account_file(tmp_path / "key.json", monkeypatch)
        assert "nothing was submitted" in said()
        assert server.log() == [line for line in server.log() if line["path"] == "/grpc"]
        monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(certificate))
        assert said() == "{'10': 9}\n"
        told = told_by(server.address)["authorizations"]
        assert len(told) == len([line for line in server.log() if line["path"] != "/grpc"])
        assert all(value.startswith("Bearer ey") for value in told)


def service_account_file(path, monkeypatch) -> str:
    """A key of a service account that nobody knows; returns a line of it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "0123456789abcdef",
        "private_key": text,
        "client_email": "robot@a-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "http://127.0.0.1:1/token",
    }
    path.write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return text.splitlines()[5]
