"""Jobs of IBM's service, with the service replaced by a record of what it would say."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from backend_checks import names, two_register_circuit

from qtoolkit import Circuit
from qtoolkit.backends import JobStatus
from qtoolkit.backends.ibm import IBMBackend, IBMJob
from qtoolkit.errors import BackendError, JobError

runtime = pytest.importorskip("qiskit_ibm_runtime")


class FakeServiceJob:
    """What `RuntimeJobV2` offers, with the answer of a local run."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.state = "QUEUED"
        self.failure: Exception | None = None

    def job_id(self) -> str:
        return "d0job"

    def status(self) -> str:
        return self.state

    def result(self, timeout=None):
        if self.failure is not None:
            raise self.failure
        if self.state != "DONE":
            raise runtime.RuntimeJobTimeoutError(f"{timeout} s")
        return self.answer

    def cancel(self) -> None:
        if self.state in ("DONE", "CANCELLED"):
            raise runtime.RuntimeInvalidStateError("too late")
        self.state = "CANCELLED"


class ServiceDevice(runtime.IBMBackend):
    """A device that counts as one of the service and has the target of a fake one."""

    def __init__(self) -> None:
        from qiskit_ibm_runtime.fake_provider import FakeManilaV2

        self.fake = FakeManilaV2()
        self.name = "ibm_manila"
        self.jobs: dict[str, FakeServiceJob] = {}

    def __getattr__(self, name):
        return getattr(self.__dict__["fake"], name)

    options = property(lambda self: self.fake.options)
    target = property(lambda self: self.fake.target)
    service = property(lambda self: SimpleNamespace(job=self.jobs.__getitem__))

    def configuration(self):
        return self.fake.configuration()


class ServiceBackend(IBMBackend):
    """Its sampler answers as the fake device does."""

    def _sampler(self, seed):
        assert seed is None

        def run(circuits, shots):
            from qiskit_ibm_runtime.executor_sampler import Sampler

            self.device.jobs["d0job"] = FakeServiceJob(
                Sampler(mode=self.device.fake).run(circuits, shots=shots).result()
            )
            return self.device.jobs["d0job"]

        return SimpleNamespace(run=run)


@pytest.fixture
def backend() -> ServiceBackend:
    return ServiceBackend(ServiceDevice())


def test_life_of_a_job(backend) -> None:
    job = backend.run(two_register_circuit(), 200, seed=1)
    assert isinstance(job, IBMJob)
    assert job.id == "d0job"
    assert job.status() is JobStatus.QUEUED
    with pytest.raises(JobError, match="job d0job on ibm:ibm_manila is not finished after 2 s"):
        job.result(timeout=2)
    job.vendor_job.state = "RUNNING"
    assert job.status() is JobStatus.RUNNING
    job.vendor_job.state = "DONE"
    assert job.done()
    assert not job.cancel()
    result = job.result()
    assert next(iter(result.counts)) == "010"
    assert names(result.registers) == ["low", "high"]
    assert result.seed is None
    assert result.metadata["job_id"] == "d0job"


def test_a_batch_is_one_job(backend) -> None:
    job = backend.run([Circuit(1).measure_all(), Circuit(2).x(1).measure_all()], 100)
    job.vendor_job.state = "DONE"
    assert [next(iter(result.counts)) for result in job.result()] == ["0", "10"]


def test_a_job_is_found_again_from_another_process(backend) -> None:
    job = backend.run(two_register_circuit(), 200)
    assert backend.job("d0job") is job
    job.vendor_job.state = "DONE"
    found = ServiceBackend(backend.device).job("d0job")
    (result,) = found.result()
    assert np.array_equal(result.memory, job.result().memory)
    assert [(r.name, r.clbits) for r in result.registers] == [("low", (0, 1)), ("high", (2,))]
    with pytest.raises(JobError, match="ibm:ibm_manila has no job 'nothing': KeyError"):
        backend.job("nothing")


def test_cancel(backend) -> None:
    job = backend.run(Circuit(1).measure_all(), 10)
    assert job.cancel()
    assert job.status() is JobStatus.CANCELLED
    assert job.cancel()
    job.vendor_job.failure = runtime.RuntimeInvalidStateError("cancelled")
    with pytest.raises(JobError, match="was cancelled"):
        job.result()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (runtime.RuntimeJobFailureError("calibration"), "job d0job on ibm:ibm_manila failed: .*calibration"),
        (ConnectionError("no route"), "the result of job d0job .* cannot be fetched: ConnectionError: no route"),
    ],
)
def test_failures_keep_their_cause(backend, failure, message) -> None:
    job = backend.run(Circuit(1).measure_all(), 10)
    job.vendor_job.state = "ERROR"
    job.vendor_job.failure = failure
    assert job.status() is JobStatus.FAILED
    with pytest.raises(JobError, match=message) as caught:
        job.result()
    assert caught.value.__cause__ is failure


def test_unknown_status(backend) -> None:
    job = backend.run(Circuit(1).measure_all(), 10)
    job.vendor_job.state = "PAUSED"
    with pytest.raises(JobError, match="has the status PAUSED"):
        job.status()


def test_a_refusal_of_the_service(backend, monkeypatch) -> None:
    monkeypatch.setattr(backend, "_sampler", lambda _: {}["quota"])
    with pytest.raises(BackendError, match="ibm:ibm_manila refused the job: KeyError: 'quota'"):
        backend.run(Circuit(1).measure_all(), 10)


def test_capabilities_of_a_real_device(backend) -> None:
    assert not backend.capabilities.is_simulator
    assert not backend.capabilities.is_local
    assert not backend.capabilities.supports_seed
    assert backend.capabilities.num_qubits == 5
