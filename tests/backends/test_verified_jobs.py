"""The cross-check of jobs that went to a server in another process, and came back."""

import json

import pytest
from backend_checks import two_register_circuit, uneven_circuit
from stubs.server import running
from stubs.toy import TOKEN
from toy_cloud import ToyBackend

from qtoolkit import Circuit
from qtoolkit.backends import JobStore, get_backend, job, verify
from qtoolkit.backends.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.errors import JobError

pytestmark = pytest.mark.usefixtures("toy_provider")

CALIBRATION = Calibration(
    "one", "ibm", None, 12, dict.fromkeys(range(12), QubitCalibration(p1_given_0=0.02, p0_given_1=0.04)),
    (GateCalibration(None, 1, None, 0.01), GateCalibration(None, 2, None, 0.03)),
)  # fmt: skip


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    with running("toy") as server:
        monkeypatch.setenv("TOY_URL", server.address)
        monkeypatch.setenv("TOY_TOKEN", TOKEN)
        yield server


def test_a_job_and_its_record(server):
    circuits = [uneven_circuit(), two_register_circuit(), Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1])]
    circuits.append(circuits[0])  # a second part: the toy cloud takes three at a time
    submitted = get_backend("toy:one").run(circuits, 2000)
    found = verify(submitted, circuits=circuits, timeout=60)
    assert all(circuit.ideal.p_value > 1e-5 for circuit in found.circuits), found.verdict
    assert found.payload_distance < 1e-12
    assert [circuit.index for circuit in found.circuits] == [0, 1, 2, 3]
    assert [circuit.shots for circuit in found.circuits] == [2000] * 4
    assert found.job_id == submitted.id
    again = verify(JobStore().job(submitted.id))
    assert [circuit.ideal for circuit in again.circuits] == [circuit.ideal for circuit in found.circuits]
    assert verify(job(submitted.id)).to_json()["circuits"] == again.to_json()["circuits"]


def test_a_job_with_its_calibration(server, monkeypatch):
    monkeypatch.setattr(ToyBackend, "calibration", lambda self: CALIBRATION)
    submitted = get_backend("toy:one").run(uneven_circuit(), 2000)
    (circuit,) = verify(submitted, timeout=60).circuits
    assert circuit.ideal.p_value > 1e-5
    assert circuit.noisy is not None
    assert not circuit.noisy.agrees
    assert circuit.predicted > circuit.ideal.bound
    assert json.loads(json.dumps(JobStore().job(submitted.id).calibration)) == CALIBRATION.to_json()


def test_a_job_that_is_not_done(server):
    server.faults({"kind": "endless_status"})
    submitted = get_backend("toy:one").run(uneven_circuit(), 100)
    with pytest.raises(JobError, match="after 0 s"):
        verify(submitted, timeout=0.0)
    (circuit,) = verify(submitted.record).circuits
    assert circuit.verdict == "not compared: it is running, and nothing has come"
    server.faults()
    assert verify(submitted, timeout=60).circuits[0].ideal.p_value > 1e-5
