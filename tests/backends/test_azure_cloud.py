"""Azure Quantum: its SDK against a server that speaks the wire formats of the service and of its storage."""

from __future__ import annotations

import json
import logging
import re
from decimal import Decimal

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, two_register_circuit, uneven_circuit
from cloud_contract import CloudContract, canary
from random_circuits import random_gate_circuit
from stubs.azure import SPACE, TOKEN, connection_string

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStore, get_backend
from qtoolkit.backends.azure.job import status_of
from qtoolkit.backends.cloud import Payload
from qtoolkit.backends.registry import providers, serializer_of
from qtoolkit.errors import (
    BackendError,
    ConversionError,
    CredentialsError,
    InputError,
    JobError,
    UnknownSubmissionError,
)

pytest.importorskip("azure.quantum")


class AzureContract(CloudContract):
    stub = "azure"
    submits = f"PUT {SPACE}/jobs/"
    polls = f"GET {SPACE}/jobs/"
    fetches = "^GET /storage/[^/]+/rawOutputData"
    token = TOKEN
    max_circuits = 1
    unknown_word = "Defragmenting"
    shows_body = False

    def environment(self, address):
        return {"AZURE_QUANTUM_CONNECTION_STRING": connection_string(address)}

    def test_a_dry_run_shows_both_requests(self, cloud):
        backend = self.open()
        (dry,) = backend.payloads(uneven_circuit(), 25)
        assert not self.new_jobs(cloud)
        (part,) = backend.run(uneven_circuit(), 25).record.parts
        (seen,) = self.new_jobs(cloud)
        said, body = json.loads(seen["body"]), json.loads(part.payload.body)
        added = {name: said.pop(name) for name in ("id", "containerUri", "inputDataUri", "itemType")}
        assert said == body["job"]
        assert seen["input"] == body["input"] == json.loads(dry.body)["input"]
        assert seen["media_type"] == body["media_type"]
        assert added["itemType"] == "Job"
        assert added["id"] == part.vendor_id
        assert added["containerUri"].startswith(f"{cloud.address}/storage/job-{part.vendor_id}?")
        assert added["inputDataUri"] == f"{cloud.address}/storage/job-{part.vendor_id}/inputData"

    def test_a_refusal_is_a_plain_failure(self, cloud):
        cloud.faults({"kind": "refusal"})
        with pytest.raises(BackendError, match=r"refused the job.*too deep") as caught:
            self.open().run(uneven_circuit(), 30)
        assert not isinstance(caught.value, UnknownSubmissionError)
        assert not self.new_jobs(cloud)

    def test_a_fault_before_the_job_is_asked_for_makes_none(self, cloud):
        backend = self.open()
        for match in (f"POST {SPACE}/storage/sasUri", "PUT /storage/"):
            for kind in ("error_before", "dropped_after"):
                cloud.faults({"match": match, "kind": kind})
                with pytest.raises(BackendError, match="nothing was submitted"):
                    backend.run(uneven_circuit(), 30)
        cloud.faults()
        assert not self.new_jobs(cloud)
        assert all(record.parts[0].status == "failed" for record in JobStore().jobs())

    def test_a_job_that_is_there_already_is_taken(self, cloud):
        cloud.faults({"kind": "conflict"}, {"match": self.submits, "kind": "error_after", "times": 1})
        here = self.open().run(uneven_circuit(), 30)
        assert here.result(60).shots == 30
        assert len(self.new_jobs(cloud)) == 1

    def test_signatures_of_storage_are_nowhere(self, cloud, caplog, tmp_path):
        caplog.set_level(logging.DEBUG)
        backend = self.open()
        here = backend.run(uneven_circuit(), 30)
        here.result(60)
        shown = [caplog.text, str(here.record), str(here.result().metadata)]
        for match in ("PUT /storage/", self.fetches):
            cloud.faults({"match": match, "kind": "dropped_before"})
            shown.append(self.complaint(lambda: backend.run(canary()[0], 30).result(30)))
            cloud.faults()
        assert all(shown)
        signatures = self.new_jobs(cloud)[0]["signatures"]
        assert len(signatures) > 2
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for signature in signatures:
            assert signature.encode() not in stored
            assert all(signature not in text for text in shown)

    def test_the_sdk_repeats_nothing(self, cloud):
        backend = self.open()
        log = len(cloud.log())
        cloud.faults({"match": self.submits, "kind": "error_before"})
        with pytest.raises(UnknownSubmissionError):
            backend.run(uneven_circuit(), 30)
        # An id of ours makes repetitions safe: there are three of them, and one look-up.
        methods = [line["method"] for line in cloud.log()[log:] if "/jobs/" in line["path"]]
        assert methods == ["PUT", "PUT", "PUT", "GET"]
        cloud.faults()
        here = backend.run(canary()[0], 30)
        for match in (self.polls, "POST ", self.fetches):
            cloud.faults({"match": match, "kind": "error_before"})
            log = len(cloud.log())
            with pytest.raises(JobError):
                here.result(0)
            seen = [f"{line['method']} {line['path']}" for line in cloud.log()[log:]]
            assert len([line for line in seen if re.search(match, line)]) == 1
        cloud.faults()
        assert here.result(60).shots == 30

    def test_each_request_is_sent_once(self, cloud):
        log = len(cloud.log())
        self.open().run(uneven_circuit(), 30).result(60)
        seen = [f"{line['method']} {line['path'].partition('?')[0].rpartition('/')[2]}" for line in cloud.log()[log:]]
        job_id = self.new_jobs(cloud)[0]["id"]
        want = ["GET providerStatus", "POST sasUri", "PUT inputData", f"PUT {job_id}", f"GET {job_id}", f"GET {job_id}"]
        assert seen == [*want, "POST sasUri", "GET rawOutputData"]

    @pytest.mark.parametrize("seed", range(2))
    def test_every_gate_arrives(self, cloud, seed):
        circuit = random_gate_circuit(4, 30, seed).measure_all()
        assert chi_squared_p_value(self.open().run(circuit, 4000).result(60).counts, circuit) > 1e-6

    def test_the_cost_that_is_billed_is_written_down(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        here.result(60)
        (part,) = here.record.parts
        assert (part.cost, part.currency) == (Decimal("0.25"), "USD")


class TestAzureIonQ(AzureContract):
    backend_name = "azure:ionq.simulator"

    def test_reading_twice_draws_the_same_shots(self, cloud):
        here = self.open().run(uneven_circuit(), 1000)
        first = here.result(60)
        (part,) = here.record.parts
        (again,) = serializer_of(part.payload.format).outcomes(part.payload, part.result)
        assert part.payload.bits[0].result(again, 1000).counts == first.counts
        assert first.metadata["sampling"].startswith("shots drawn here")


class TestAzureQuantinuum(AzureContract):
    backend_name = "azure:quantinuum.sim.h2-1e"

    def test_measurements_in_the_middle_and_decisions(self, cloud):
        circuit = Circuit(3)
        flag = circuit.add_clbits(1, "flag")
        out = circuit.add_clbits(3, "out")
        circuit.h(0).measure(0, flag.clbits[0]).if_(flag == 1, lambda body: body.x(0).x(2))
        circuit.x(1).reset(1).h(1).h(1).measure([0, 1, 2], list(out.clbits))
        result = self.open().run(circuit, 60).result(60)
        assert set(result.counts) == {"0000", "1001"}
        assert min(result.counts.values()) > 5
        assert dict(result.register("out").counts).keys() == {"000", "100"}

    def test_each_shot_is_kept(self, cloud):
        result = self.open().run(two_register_circuit(), 12).result(60)
        assert result.memory.tolist() == [[0, 1, 0]] * 12

    def test_the_text_has_gates_of_the_first_qelib1_alone(self, cloud):
        circuit = random_gate_circuit(3, 40, 7).initialize([0.6, 0.8], [1]).measure_all()
        (payload,) = self.open().payloads(circuit, 5)
        text = json.loads(payload.body)["input"]
        assert "gate " not in text
        words = {line.split("(")[0].split()[0] for line in text.splitlines()[4:] if line}
        assert words <= {"x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cz", "ccx"} | {
            "measure", "reset", "barrier",
        }  # fmt: skip


@pytest.mark.slow
class TestAzureRigetti(AzureContract):
    backend_name = "azure:rigetti.sim.qvm"

    def test_each_shot_is_kept(self, cloud):
        result = self.open().run(Circuit(2).h(0).cx(0, 1).measure_all(), 50).result(60)
        assert result.memory.shape == (50, 2)
        assert (result.memory[:, 0] == result.memory[:, 1]).all()


@pytest.mark.slow
class TestAzureDevice(AzureContract):
    """A device of IonQ's: frequencies, and no variants unless they are asked for."""

    backend_name = "azure:ionq.qpu.forte-1"

    def test_error_mitigation_is_asked_for(self, cloud):
        for debiasing in (False, True):
            (payload,) = self.open(debiasing=debiasing).payloads(uneven_circuit(), 500)
            assert json.loads(payload.body)["job"]["inputParams"]["error-mitigation"] == {"debias": debiasing}


@pytest.fixture
def workspace(monkeypatch, tmp_path):
    from stubs.server import running

    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    with running("azure") as server:
        monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", connection_string(server.address))
        yield server


@pytest.mark.parametrize("target", ["rigetti.sim.qvm", "ionq.qpu.forte-1"])
def test_other_targets_bit_by_bit(workspace, target) -> None:
    backend = get_backend(f"azure:{target}")
    circuit, outcome = canary()
    assert dict(backend.run(circuit, 40).result(60).counts) == {outcome: 40}
    assert dict(backend.run(two_register_circuit(), 20).result(60).counts) == {"010": 20}
    assert chi_squared_p_value(backend.run(uneven_circuit(), 4000).result(60).counts, uneven_circuit()) > 1e-6


@pytest.mark.parametrize("output_format", ["microsoft.quantum-results.v1", "microsoft.quantum-results.v2"])
def test_microsofts_histograms(monkeypatch, tmp_path, output_format) -> None:
    from stubs.server import running

    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    with running("azure", "0", output_format) as server:
        monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", connection_string(server.address))
        backend = get_backend("azure:quantinuum.sim.h2-1e")
        circuit, outcome = canary()
        assert dict(backend.run(circuit, 40).result(60).counts) == {outcome: 40}
        result = backend.run(uneven_circuit(), 1000).result(60)
        assert chi_squared_p_value(result.counts, uneven_circuit()) > 1e-6
        assert result.metadata["format"] == output_format


def test_the_workspaces_targets(workspace) -> None:
    found = {info.name: info for info in providers()["azure"].devices()}
    assert list(found) == [
        "azure:ionq.simulator",
        "azure:ionq.qpu.forte-1",
        "azure:quantinuum.sim.h2-1e",
        "azure:rigetti.sim.qvm",
    ]
    assert found["azure:ionq.qpu.forte-1"].kind == "device"
    assert found["azure:quantinuum.sim.h2-1e"].num_qubits == 56
    assert get_backend("azure:rigetti.sim.qvm").capabilities.num_qubits is None
    with pytest.raises(BackendError, match=r"no target 'ionq\.qpu\.forte-9'; it has ionq"):
        _ = get_backend("azure:ionq.qpu.forte-9").capabilities
    workspace.kill()
    assert get_backend("azure:quantinuum.qpu.h2-2").capabilities.num_qubits == 56


def test_noise_of_ionqs_simulator(workspace) -> None:
    backend = get_backend("azure:ionq.simulator", noise_model="aria-1", noise_seed=4)
    here = backend.run(uneven_circuit(), 70)
    result = here.result(60)
    assert result.shots == 70
    assert "sampling" not in result.metadata
    parameters = json.loads(here.record.parts[0].payload.body)["job"]["inputParams"]
    assert parameters == {"shots": 70, "noise": {"model": "aria-1", "seed": 4}}


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("ionq.qpu.forte-1", {"noise_model": "aria-1"}, "noise models are for ionq.simulator"),
        ("ionq.simulator", {"noise_seed": 1}, "is one of a noise_model"),
        ("rigetti.sim.qvm", {"debiasing": True}, "debiasing is for IonQ's devices"),
        ("pasqal.sim.emu-tn", {}, "targets of Azure Quantum are those of ionq, quantinuum, rigetti"),
        ("ionq", {}, "targets of Azure Quantum are those of"),
        ("quantinuum.sim.helios-1e", {}, "takes QIR alone"),
    ],
)
def test_what_does_not_fit_a_target(workspace, target, options, message) -> None:
    with pytest.raises((InputError, BackendError), match=message):
        get_backend(f"azure:{target}", **options)


def test_azure_identity_opens_a_workspace(monkeypatch) -> None:
    import azure.identity
    import azure.quantum

    opened = []
    logins = []
    monkeypatch.setattr(azure.quantum, "Workspace", lambda **options: opened.append(options))
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", lambda **options: logins.append(options) or "login")
    monkeypatch.delenv("AZURE_QUANTUM_CONNECTION_STRING", raising=False)
    monkeypatch.delenv("AZURE_QUANTUM_WORKSPACE_NAME", raising=False)
    with pytest.raises(CredentialsError, match="AZURE_QUANTUM_CONNECTION_STRING, which is not set"):
        get_backend("azure:ionq.simulator")
    get_backend("azure:ionq.simulator", resource_id="/subscriptions/x", location="westus")
    monkeypatch.setenv("AZURE_QUANTUM_WORKSPACE_NAME", "space")
    get_backend("azure:ionq.simulator")
    assert opened == [
        {"resource_id": "/subscriptions/x", "location": "westus", "credential": "login"},
        {"resource_id": None, "location": None, "credential": "login"},
    ]
    assert logins == [{"exclude_interactive_browser_credential": True}] * 2

    def refuse(**options):
        raise ValueError("no such workspace")

    monkeypatch.setattr(azure.quantum, "Workspace", refuse)
    with pytest.raises(CredentialsError, match="no such workspace; log in with az login"):
        get_backend("azure:ionq.simulator")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ApiKey=secret-key-123;WorkspaceName=space", "lacks SubscriptionId, ResourceGroupName, QuantumEndpoint"),
        (connection_string("https://example.org"), "lies on azure.com"),
        (connection_string("http://example.org"), "over https alone"),
        (connection_string("https://nowhere.quantum.azure.com"), "is not taken: Location"),
        (connection_string("http://127.0.0.1:1").replace("0000-1111", "zzzz"), "is not taken: Subscription"),
    ],
)
def test_a_connection_string_that_is_none(monkeypatch, text, message) -> None:
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", text)
    with pytest.raises((CredentialsError, InputError), match=message) as caught:
        get_backend("azure:ionq.simulator")
    assert TOKEN not in str(caught.value)


def test_regions_of_both_kinds_of_workspace(monkeypatch) -> None:
    for host, location in (("westus.quantum.azure.com", "westus"), ("eastus-v2.quantum.azure.com", "eastus")):
        monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", connection_string(f"https://{host}"))
        space = get_backend("azure:ionq.simulator").client._workspace
        assert space.location == location
        assert space._connection_params.quantum_endpoint == f"https://{host}/"


# --- the formats ---


def payload_of(circuit: Circuit, target: str) -> Payload:
    from qtoolkit.backends.azure.serializer import written
    from qtoolkit.backends.azure.targets import family_of

    family = family_of(target)
    text, bits = written(circuit, family.input_format)
    job = {
        "name": "key",
        "target": target,
        "inputDataFormat": family.input_format,
        "outputDataFormat": family.output_format,
        "inputParams": {"shots": 2},
    }
    body = json.dumps({"job": job, "input": text, "media_type": family.media_type}).encode()
    return Payload(body, f"azure.{family.input_format}", 2, (bits,))


@pytest.mark.parametrize("target", ["ionq.qpu.forte-1", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"])
@pytest.mark.parametrize("seed", range(3))
def test_each_format_is_read_back(target, seed) -> None:
    circuit = random_gate_circuit(4, 40, seed).measure_all()
    (read,) = serializer_of("azure.x").circuits(payload_of(circuit, target))
    want = StatevectorSimulator().probabilities(circuit)
    np.testing.assert_allclose(StatevectorSimulator().probabilities(read), want, atol=1e-9)
    assert read.clbit_registers == circuit.clbit_registers


@pytest.mark.parametrize(
    ("target", "output", "message"),
    [
        ("quantinuum.sim.h2-1e", [], "answers with registers"),
        ("quantinuum.sim.h2-1e", {"c": ["01"]}, "lacks the register 'meas'"),
        ("quantinuum.sim.h2-1e", {"meas": ["01", "0"]}, "has 2 letters"),
        ("quantinuum.sim.h2-1e", {"meas": ["01", "0-"]}, "has 2 letters"),
        ("rigetti.sim.qvm", {"ro": [[0, 1], [0]]}, r"must be bits of shape \(shots, 2\)"),
        ("rigetti.sim.qvm", {"ro": [[0, 1], [0, 2]]}, r"must be bits of shape \(shots, 2\)"),
        ("rigetti.sim.qvm", {"so": []}, "lacks the memory 'ro'"),
        ("ionq.qpu.forte-1", {"histogram": {"0": 0.3}}, "none of 2 shots"),
        ("ionq.qpu.forte-1", {}, "answers with probabilities"),
    ],
)
def test_answers_that_do_not_fit_are_refused(target, output, message) -> None:
    payload = payload_of(Circuit(2).h(0).measure_all(), target)
    raw = json.dumps({"job": {}, "output": json.dumps(output)}).encode()
    with pytest.raises(JobError, match=message):
        serializer_of(payload.format).outcomes(payload, raw)


@pytest.mark.parametrize(
    ("output_format", "output", "message"),
    [
        ("microsoft.quantum-results.v1", {"Histogram": ["[0, 1]"]}, "odd length"),
        ("microsoft.quantum-results.v1", {"Histogram": ["[0, 1]", 0.3]}, "none of 2 shots"),
        ("microsoft.quantum-results.v1", {"Histogram": ["__import__('os')", 1.0]}, "no outcome of bits"),
        ("microsoft.quantum-results.v1", {"Histogram": ["[0, 1, 1]", 1.0]}, "have 2 bits here, got 3"),
        ("microsoft.quantum-results.v2", {"Results": []}, "the format is called None"),
        (
            "microsoft.quantum-results.v2",
            {
                "DataFormat": "microsoft.quantum-results.v2",
                "Results": [{"Histogram": [{"Outcome": [0, 2], "Count": 2}]}],
            },
            "2 is no bit",
        ),
        ("honeywell.quantum-results.v2", {}, "honeywell.quantum-results.v1 was asked for"),
    ],
)
def test_histograms_that_do_not_fit_are_refused(output_format, output, message) -> None:
    payload = payload_of(Circuit(2).h(0).measure_all(), "quantinuum.sim.h2-1e")
    raw = json.dumps({"job": {"outputDataFormat": output_format}, "output": json.dumps(output)}).encode()
    with pytest.raises(JobError, match=message):
        serializer_of(payload.format).outcomes(payload, raw)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"job": {}, "input": ""}', b'{"job": {"name": "k"}, "input": 3}']
)
def test_what_is_no_job_is_refused(body) -> None:
    with pytest.raises(ConversionError, match="no job of Azure Quantum"):
        serializer_of("azure.x").circuits(Payload(body, "azure.x", 1, ()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H 0",
        "DECLARE ro BIT[1]\nFLIP 0",
        "DECLARE ro BIT[1]\nRX 0",
        "DECLARE ro BIT[1]\nRX(pi) 0",
        "DECLARE ro BIT[1]\nH",
    ],
)
def test_what_is_no_quil_is_refused(text) -> None:
    from qtoolkit.backends.azure.quil import read_quil
    from qtoolkit.backends.cloud import BitMap

    with pytest.raises((ConversionError, ValueError)):
        read_quil(text, BitMap(0, (), ()))


def test_signatures_in_a_reason_are_left_out() -> None:
    said = 'no blob at https://x.blob.core.windows.net/c/inputData?sv=2025&sig=S3cret%3D (why?) "ask"'
    status = status_of({"status": "Failed", "errorData": {"code": "InvalidInput", "message": said}})
    assert status.reason == ('InvalidInput: no blob at https://x.blob.core.windows.net/c/inputData?••• (why?) "ask"')
