"""Quantinuum's service: what all clouds share, and Nexus's own ways."""

import json
import os
import subprocess
import sys

import pytest
from backend_checks import uneven_circuit
from cloud_contract import CloudContract
from stubs.quantinuum import ACCESS, REFRESH
from stubs.server import running

from qtoolkit import Circuit
from qtoolkit.backends import JobStatus, get_backend, job, list_backends
from qtoolkit.backends.provider import DeviceInfo
from qtoolkit.backends.quantinuum.catalog import PROVIDER
from qtoolkit.backends.quantinuum.client import job_request, program_request, written
from qtoolkit.backends.quantinuum.job import status_of
from qtoolkit.backends.registry import serializer_of
from qtoolkit.circuit import Condition, parity
from qtoolkit.errors import BackendError, ConversionError, CredentialsError, InputError, JobError, PartialFailureError

pytest.importorskip("pytket.extensions.quantinuum")


def variables(address):
    protocol, _, rest = address.partition("://")
    domain, _, port = rest.partition(":")
    return {
        "NEXUS_PROTOCOL": protocol, "NEXUS_DOMAIN": domain, "NEXUS_PORT": port, "NEXUS_REFRESH_TOKEN": REFRESH
    }  # fmt: skip


class TestNexus(CloudContract):
    stub = "quantinuum"
    backend_name = "quantinuum:H2-1E"
    submits = "POST /api/jobs/v1beta3"
    polls = "^GET /api/jobs/v1beta3/[^/]+$"
    fetches = "GET /api/results/v1beta3/"
    token = REFRESH
    max_circuits = 100
    shows_body = False

    def environment(self, address):
        return variables(address)

    def test_the_programs_and_the_job_are_those_of_the_payload(self, cloud):
        here = self.open().run([uneven_circuit(), uneven_circuit(4)], 25)
        (part,) = here.record.parts
        (seen,) = self.new_jobs(cloud)
        document = json.loads(part.payload.body)
        sent = json.loads(seen["body"])["data"]
        project = sent["relationships"]["project"]["data"]["id"]
        ids = [item["program_id"] for item in sent["attributes"]["definition"]["items"]]
        assert seen["body"].encode() == written(job_request(document["job"], project, ids))
        wanted = [written(program_request(program, project)).decode() for program in document["programs"]]
        assert seen["programs"] == wanted
        assert seen["key"] == part.key

    def test_an_access_token_stays_in_memory(self, cloud, caplog, tmp_path):
        caplog.set_level(0)
        here = self.open().run(uneven_circuit(), 10)
        here.result(60)
        assert ACCESS not in caplog.text
        assert all(ACCESS.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        cloud.faults({"match": self.polls, "kind": "replaced", "status": 500, "body": f"no: {ACCESS}"})
        with pytest.raises(JobError) as caught:
            self.open().run(uneven_circuit(), 10).status()
        assert ACCESS not in str(caught.value)

    @pytest.mark.parametrize("place", ["POST /api/circuits", "POST /api/projects", "GET /api/projects"])
    @pytest.mark.parametrize("kind", ["error_after", "truncated", "dropped_after"])
    def test_what_fails_before_the_job_makes_none(self, cloud, place, kind):
        cloud.faults({"match": place, "kind": kind})
        with pytest.raises(BackendError, match="nothing was submitted"):
            self.open(project=f"{kind} {place}").run(uneven_circuit(), 10)
        assert not self.new_jobs(cloud)

    def test_a_project_is_made_once(self, cloud):
        for _ in range(2):
            self.open(project="only one").run(uneven_circuit(), 10)
        made = [line["body"] for line in cloud.log() if line["method"] == "POST" and "projects" in line["path"]]
        assert len([body for body in made if "only one" in body]) == 1

    def test_a_failed_item_leaves_the_others(self, cloud):
        cloud.faults({"kind": "failed_item", "times": 1})
        circuits = [Circuit(2).x(0).measure_all(), Circuit(2).x(1).measure_all()]
        with pytest.raises(PartialFailureError, match="an ion was lost") as caught:
            self.open().run(circuits, 10).result(60)
        assert caught.value.results[0] is None
        assert dict(caught.value.results[1].counts) == {"10": 10}

    def test_what_nexus_charges_is_on_record(self, cloud):
        here = self.open().run(uneven_circuit(), 10)
        here.result(60)
        assert str(here.record.parts[0].cost) == "5.25"

    def test_a_syntax_checker_says_what_a_circuit_costs(self, cloud):
        here = get_backend("quantinuum:H2-1SC").run(uneven_circuit(), 10)
        with pytest.raises(PartialFailureError, match="COMPLETED: it ended without a result"):
            here.result(60)
        assert here.status() is JobStatus.DONE
        assert str(here.record.parts[0].cost) == "5.25"

    def test_results_of_another_kind_are_refused(self, cloud):
        here = self.open().run(uneven_circuit(), 10)
        assert here.status() is JobStatus.DONE
        status = {"status": "COMPLETED", "message": ""}
        item = {"status": status, "result_type": "QSYS", "result_id": "1"}
        text = json.dumps({"data": {"attributes": {"status": status, "definition": {"items": [item]}}}})
        cloud.faults({"match": self.polls, "kind": "replaced", "body": text})
        with pytest.raises(JobError, match="of the kind 'QSYS' are not read here"):
            here.result(60)

    def test_measurements_in_the_middle_and_conditions(self, cloud):
        circuit = Circuit(3, 6).x(0).measure(0, 1).if_(1, lambda body: body.x(1)).measure(1, 2).reset(0).measure(0, 3)
        circuit.if_(parity([1, 2]) == 1, lambda body: body.x(0), lambda body: body.x(2)).measure([0, 2], [4, 5])
        result = self.open().run(circuit, 20).result(60)
        assert dict(result.counts) == {"100110": 20}
        (payload,) = self.open().payloads(circuit, 20)
        (parsed,) = serializer_of(payload.format).circuits(payload)
        assert dict(get_backend("local").run(parsed, 20).result().counts) == {"100110": 20}

    def test_more_bits_than_a_register_holds(self, cloud):
        circuit = Circuit(2, 70).x(0).measure(0, 69).if_(Condition((69,), 1), lambda body: body.x(1)).measure(1, 31)
        (outcome,) = self.open().run(circuit, 5).result(60).counts
        assert [69 - place for place, letter in enumerate(outcome) if letter == "1"] == [69, 31]

    def test_a_condition_that_its_body_changes_is_refused(self, cloud):
        circuit = Circuit(1, 1).h(0).measure(0, 0).if_(0, lambda body: body.x(0).measure(0, 0))
        with pytest.raises(ConversionError, match="measure into another bit"):
            self.open().run(circuit, 5)

    def test_devices_of_the_service(self, cloud):
        assert PROVIDER.devices() == [
            DeviceInfo("quantinuum:H2-1", 56, "device", "online", description="hosted by Quantinuum"),
            DeviceInfo("quantinuum:H2-1E", 32, "noisy simulator", "online", description="hosted by Quantinuum"),
            DeviceInfo("quantinuum:H2-1SC", 56, "simulator", "in maintenance", description="hosted by Quantinuum"),
            DeviceInfo("quantinuum:H2-Emulator", 26, "noisy simulator", "online", description="hosted by Nexus"),
        ]
        assert get_backend("quantinuum:H2-Emulator").capabilities.num_qubits == 26
        with pytest.raises(BackendError, match="no device H7-1; it has quantinuum:H2-1,"):
            get_backend("quantinuum:H7-1").run(uneven_circuit(), 10)

    def test_options(self, cloud):
        backend = self.open(user_group="chemists", noisy=False)
        (payload,) = backend.payloads(uneven_circuit(), 7)
        definition = json.loads(payload.body)["job"]["definition"]
        assert definition["user_group"] == "chemists"
        assert definition["backend_config"]["noisy_simulation"] is False
        for wrong in ({"optimization_level": 4}, {"project": ""}, {"user_group": 3}, {"noisy": 1}, {"colour": 1}):
            with pytest.raises(InputError):
                self.open(**wrong)
        with pytest.raises(BackendError, match="HUGR"):
            get_backend("quantinuum:Helios-1")

    def test_odd_answers_are_refused_and_kept(self, cloud):
        odd = {
            "bits": [["c0000", [0]], ["c0000", [2]]],
            "shots": {"width": 2, "array": [[192]] * 30},
        }
        for change in ({}, {"bits": [["c0000", [0]]]}, {"shots": {"width": 2, "array": [1]}}, {"shots": None}):
            here = self.open().run(uneven_circuit(2), 30)
            text = json.dumps({"data": {"attributes": odd | change}})
            cloud.faults({"match": self.fetches, "kind": "replaced", "body": text, "times": 1})
            with pytest.raises(JobError, match="cannot be"):
                here.result(60)
            assert here.result(60).shots == 30

    def test_counts_in_place_of_shots(self, cloud):
        circuit = Circuit(2).x(0).measure_all()
        outcome = {"width": 2, "array": [[128]]}
        text = {"bits": [["c0000", [0]], ["c0000", [1]]], "shots": None, "counts": [{"outcome": outcome, "count": 9}]}
        here = self.open().run(circuit, 9)
        body = json.dumps({"data": {"attributes": text}})
        cloud.faults({"match": self.fetches, "kind": "replaced", "body": body})
        assert dict(here.result(60).counts) == {"01": 9}


def test_an_access_token_that_is_spent_is_renewed(monkeypatch, tmp_path):
    with running("quantinuum", "3") as server:  # three requests for each token
        for name, value in variables(server.address).items():
            monkeypatch.setenv(name, value)
        here = get_backend("quantinuum:H2-1").run(uneven_circuit(), 10)
        assert here.result(60).shots == 10
        assert len(server.jobs()) == 1
        renewed = [line for line in server.log() if line["path"] == "/auth/tokens/refresh"]
        assert len(renewed) >= 3


SDK = """
import json, sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
import qnexus
from pytket import Circuit
from qnexus.config import CONFIG
CONFIG.store_tokens = False
qnexus.login_with_token(sys.argv[1])
document = json.loads(sys.argv[2])
project = qnexus.projects.get_or_create(document["project"])
programs = []
for program in document["programs"]:
    programs.append(qnexus.circuits.upload(Circuit.from_dict(program), project, program["name"]))
definition = document["job"]["definition"]
configuration = qnexus.QuantinuumConfig(
    device_name=definition["backend_config"]["device_name"],
    **({"noisy_simulation": False} if definition["backend_config"].get("noisy_simulation") is False else {}),
)
made = qnexus.start_execute_job(
    programs, [item["n_shots"] for item in definition["items"]], configuration, document["job"]["name"], project=project
)
assert qnexus.jobs.status(made).status == "COMPLETED"
print(json.dumps(str(made.id)))
# The job that the toolkit made, as the package sees it.
theirs = qnexus.jobs.get(name=sys.argv[3], project=project)
print(json.dumps([str(theirs.id), theirs.last_status.value]))
"""


@pytest.mark.slow
def test_requests_are_those_of_the_vendors_package(monkeypatch, tmp_path):
    """qnexus itself, in a process of its own, sends the same bytes to the same service, and finds the toolkit's job."""
    pytest.importorskip("quantinuum_schemas")
    with running("quantinuum") as server:
        for name, value in variables(server.address).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HOME", str(tmp_path))
        for device, options in (("H2-1", {}), ("H2-1E", {}), ("H2-1E", {"noisy": False}), ("H2-1SC", {})):
            before = len(server.jobs())
            backend = get_backend(f"quantinuum:{device}", **options)
            here = backend.run([uneven_circuit(), uneven_circuit(4)], 25)
            (part,) = here.record.parts
            command = [sys.executable, "-c", SDK, REFRESH, part.payload.body.decode(), part.key]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ))
            assert done.returncode == 0, done.stderr
            ours, theirs = server.jobs()[before:]
            assert theirs["id"] == json.loads(done.stdout.splitlines()[-2])
            assert [without_ids(text) for text in (ours["body"], *ours["programs"])] == [
                without_ids(text) for text in (theirs["body"], *theirs["programs"])
            ]
        written_there = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
        assert not [text for text in written_there if REFRESH in text or ACCESS in text]


def without_ids(text):
    """A request, with the ids that the service gave to programs replaced."""
    data = json.loads(text)
    for item in data["data"]["attributes"].get("definition", {}).get("items", []):
        text = text.replace(item["program_id"], "…")
    return text


@pytest.mark.parametrize("cost", ["NaN", float("nan"), float("inf"), -1, "-Infinity", True, [], "x", 10**400])
def test_what_is_no_amount_is_no_cost(cost):
    status = {"status": "COMPLETED", "cost": cost}
    assert status_of({"status": status}).cost is None
    assert str(status_of({"status": {**status, "cost": 5.25}}).cost) == "5.25"


def test_a_service_needs_a_token(monkeypatch):
    monkeypatch.delenv("NEXUS_REFRESH_TOKEN", raising=False)
    with pytest.raises(CredentialsError, match="NEXUS_REFRESH_TOKEN"):
        get_backend("quantinuum:H2-1")


def test_without_tls_tokens_stay_on_this_machine(monkeypatch):
    for name, value in variables("http://nexus.example.org:80").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match="https alone"):
        get_backend("quantinuum:H2-1")


def test_a_result_on_record_needs_no_package(monkeypatch):
    with running("quantinuum") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in variables(server.address).items():
            patch.setenv(name, value)
        here = get_backend("quantinuum:H2-1").run(uneven_circuit(), 12)
        here.result(60)
    code = (
        "import sys; from qtoolkit.backends import job; print(job(sys.argv[1]).result().shots, 'pytket' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, here.id], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["12", "False"], done.stderr
    assert job(here.id).status() is JobStatus.DONE


def test_the_catalogue_names_the_emulators():
    names = [info.name for info in list_backends() if info.provider == "quantinuum"]
    assert names == ["quantinuum:H1-1LE", "quantinuum:H2-1LE"]
