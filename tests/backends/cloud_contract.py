"""What every cloud must hold, against a server on this machine that speaks the provider's wire format and has faults.

A provider's test module subclasses `CloudContract`, says how to open its backend, and inherits the tests. What a
provider cannot do is said by an attribute, never by leaving a test out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import traceback
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from backend_checks import chi_squared_p_value, two_register_circuit, uneven_circuit
from stubs.server import running

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStatus, JobStore, get_backend, job, reconcile
from qtoolkit.backends.registry import serializer_of
from qtoolkit.backends.verification import verify, verify_payload
from qtoolkit.errors import (
    BackendError,
    CostLimitError,
    CredentialsError,
    JobError,
    PartialFailureError,
    QToolkitError,
    UnknownSubmissionError,
)

__all__ = ["CloudContract", "canary"]

PRICE = """
[[price]]
backends = ["{}"]
model = "task and shot"
currency = "USD"
per_task = "1.00"
per_shot = "1.00"
source = "https://example.org/prices"
as_of = 2026-01-01
"""

_CHILD = """
import json, sys
from qtoolkit.backends import job
found = job(sys.argv[1])
results = found.result(60)
print(json.dumps([found.status(), dict((results[0] if isinstance(results, list) else results).counts)]))
"""


def canary() -> tuple[Circuit, str]:
    """A circuit without symmetry whose one outcome tells every exchange of qubits, bits or registers, and the outcome.

    Five qubits hold 1, 1, 0, 1, 0; they are measured crosswise into two registers, one bit is never written, and the
    qubits come to their values by gates on pairs in both directions.
    """
    circuit = Circuit(5)
    low = circuit.add_clbits(2, "low")
    high = circuit.add_clbits(4, "high")
    circuit.x(0).cx(0, 3).h(1).z(1).h(1).cx(3, 4).x(4).swap(2, 4).swap(2, 4)
    circuit.measure([0, 1, 2, 3, 4], [high.clbits[2], low.clbits[1], low.clbits[0], high.clbits[0], high.clbits[3]])
    # low = (qubit 2, qubit 1), high = (qubit 3, unwritten, qubit 0, qubit 4), lowest first.
    return circuit, "0101" + "10"


class CloudContract:
    """Subclass it as ``class TestToy(CloudContract)``."""

    stub: ClassVar[str]
    """Module of the stub in ``tests/stubs``."""
    stub_arguments: ClassVar[tuple[str, ...]] = ()
    backend_name: ClassVar[str]
    """As in `get_backend`."""
    submits: ClassVar[str]
    """Which request makes the job, as the faults of a stub match it: "POST /jobs"."""
    polls: ClassVar[str]
    """Which request asks for its state: a regular expression from ``^`` where the beginning does not tell."""
    fetches: ClassVar[str]
    """Which request brings the answer."""
    token: ClassVar[str] = ""
    """The planted secret that nothing may show; empty where the provider has none."""
    can_find: ClassVar[bool] = True
    """Whether the provider can be asked for a submission by its key."""
    closest: ClassVar[float] = 1e-9
    """Total variation of what a payload holds from what was asked for, by the digits that the dialect has."""
    max_circuits: ClassVar[int] = 1
    """Circuits of one submission."""
    unknown_word: ClassVar[str] = "DEFRAGMENTING"
    """The state that the stub's fault "unknown_status" answers."""
    shows_body: ClassVar[bool] = True
    """Whether `Payload.body` is the whole body of one request, which the stub lists as the job's "body"."""

    def environment(self, address: str) -> dict[str, str]:
        """Variables that lead the backend, in this and in other processes, to the stub: address and credentials."""
        raise NotImplementedError

    def options(self, address: str) -> dict[str, Any]:
        """Plain options of `get_backend` besides."""
        return {}

    @classmethod
    def running(cls):
        """Start the stub, in a process of its own."""
        return running(cls.stub, *cls.stub_arguments)

    # --- the world of one test ---

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls):
        with cls.running() as server:
            yield server

    @pytest.fixture
    def cloud(self, server, tmp_path, monkeypatch):
        """The server without faults, the variables that lead there, and a job store of the test's own."""
        server.faults()
        monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
        for name, value in self.environment(server.address).items():
            monkeypatch.setenv(name, value)
        self.address = server.address
        self.before = len(server.jobs())
        return server

    def open(self, **options: Any):
        return get_backend(self.backend_name, **self.options(self.address), **options)

    def new_jobs(self, server) -> list[dict[str, Any]]:
        """What the service has accepted since the test began."""
        return server.jobs()[self.before :]

    # --- right answers ---

    def test_the_canary_comes_back_bit_by_bit(self, cloud):
        circuit, outcome = canary()
        result = self.open().run(circuit, 40).result(60)
        assert dict(result.counts) == {outcome: 40}
        assert [(r.name, r.clbits) for r in result.registers] == [("low", (0, 1)), ("high", (2, 3, 4, 5))]
        assert result.backend_name == self.backend_name
        assert result.metadata["job_id"]

    def test_crossed_registers(self, cloud):
        result = self.open().run(two_register_circuit(), 50).result(60)
        assert dict(result.counts) == {"010": 50}

    def test_counts_follow_the_state(self, cloud):
        result = self.open().run(uneven_circuit(4), 4000).result(60)
        assert result.shots == 4000
        assert chi_squared_p_value(result.counts, uneven_circuit(4)) > 1e-4

    def test_a_part_of_the_qubits_is_measured(self, cloud):
        circuit = Circuit(4, 2).x(2).h(0).cx(0, 1).cx(0, 1).measure([2, 1], [1, 0])
        assert dict(self.open().run(circuit, 30).result(60).counts) == {"10": 30}

    def test_a_batch_keeps_its_order(self, cloud):
        circuits = [Circuit(3).x(k % 3).measure_all() for k in range(self.max_circuits + 2)]
        job_of_batch = self.open().run(circuits, 20)
        results = job_of_batch.result(90)
        assert [next(iter(r.counts)) for r in results] == [format(1 << k % 3, "03b") for k in range(len(circuits))]
        assert len(job_of_batch.vendor_ids) == -(-len(circuits) // self.max_circuits)
        assert isinstance(self.open().run(circuits[:1], 20).result(60), list)

    def test_the_payload_parses_back(self, cloud):
        circuits = [canary()[0], uneven_circuit(3), two_register_circuit()]
        simulator = StatevectorSimulator()
        found = [
            (payload, parsed)
            for payload in self.open().payloads(circuits, 10)
            for parsed in serializer_of(payload.format).circuits(payload)
        ]
        assert len(found) == len(circuits)
        for circuit, (_, parsed) in zip(circuits, found, strict=True):
            assert parsed.num_clbits == circuit.num_clbits
            got = simulator.run(parsed, 4000, seed=1)
            want = simulator.run(circuit, 4000, seed=2)
            assert set(got.counts) == set(want.counts)
            assert all(abs(got.counts[key] - want.counts[key]) < 300 for key in want.counts)

    def test_a_job_stands_the_cross_check(self, cloud):
        circuits = [uneven_circuit(3), canary()[0], two_register_circuit()]
        payloads = self.open().payloads(circuits, 10)
        sizes = [len(payload.bits) for payload in payloads]
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        for payload, start, size in zip(payloads, starts, sizes, strict=True):
            distance = verify_payload(payload, circuits[start : start + size])
            assert distance < self.closest
        found = verify(self.open().run(circuits, 2000), circuits=circuits, timeout=60, seed=1)
        assert found.payload_distance < self.closest
        assert [circuit.index for circuit in found.circuits] == [0, 1, 2]
        assert all(circuit.ideal.p_value > 1e-5 for circuit in found.circuits), found.to_json()

    # --- what leaves ---

    def test_a_dry_run_shows_the_bytes_that_leave(self, cloud):
        backend = self.open()
        (dry,) = backend.payloads(uneven_circuit(), 25)
        assert not self.new_jobs(cloud)
        job_here = backend.run(uneven_circuit(), 25)
        (part,) = job_here.record.parts
        (seen,) = self.new_jobs(cloud)
        if self.shows_body:
            assert seen["body"].encode("latin-1") in (part.payload.body, part.payload.body.decode().encode("latin-1"))
        assert part.key in str(seen["key"])
        assert dry.content_hash("none") != part.payload.content_hash("none")
        assert self.hash_without_key(dry) == part.payload.content_hash(part.key)

    @staticmethod
    def hash_without_key(payload) -> str:
        """The content hash of a payload whose key is not at hand: it begins with the provider's name."""
        (key,) = set(re.findall(rb"[a-z]+-[0-9a-f]{16}-0", payload.body)) or {b""}
        return payload.content_hash(key.decode())

    def test_what_costs_too_much_does_not_leave(self, cloud, tmp_path, monkeypatch):
        prices = tmp_path / "prices.toml"
        prices.write_text(PRICE.format(self.backend_name))
        monkeypatch.setenv("QTOOLKIT_PRICES", str(prices))
        before = len(cloud.log())
        with pytest.raises(CostLimitError, match=r"11(\.00)? USD.*nothing has left"):
            self.open(max_cost="10.99 USD").run(uneven_circuit(), 10)
        assert not self.new_jobs(cloud)
        sent = [f"{line['method']} {line['path']}" for line in cloud.log()[before:]]
        assert not [line for line in sent if line.startswith(self.submits)]
        assert JobStore().jobs() == []
        here = self.open(max_cost="11 USD").run(uneven_circuit(), 10)
        assert str(here.record.cost) in ("11", "11.00")

    def test_what_the_device_cannot_do_does_not_leave(self, cloud):
        backend = self.open()
        most = backend.capabilities.num_qubits
        if most is not None:
            wide = Circuit(most + 1)
            for qubit in range(most + 1):
                wide.h(qubit)
            with pytest.raises(BackendError, match=rf"has {most} qubits"):
                backend.run(wide.measure_all(), 10)
        if not backend.capabilities.supports_mid_circuit_measurement:
            early = Circuit(2, 2).h(0).measure([0], [0]).h(0).measure([0], [1])
            with pytest.raises(BackendError, match="measures only at the end"):
                backend.run(early, 10)
        assert not self.new_jobs(cloud)

    # --- the life of a job ---

    def test_any_process_finds_the_job(self, cloud):
        circuit, outcome = canary()
        here = self.open().run(circuit, 15)
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, here.id], capture_output=True, text=True, timeout=120, env=dict(os.environ)
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == ["done", {outcome: 15}]
        assert here.result(60).counts == {outcome: 15}
        assert job(here.vendor_ids[0]).id == here.id

    def test_a_result_on_record_needs_no_service(self, cloud, monkeypatch):
        here = self.open().run(uneven_circuit(), 200)
        first = here.result(60)
        for name in self.environment(cloud.address):
            monkeypatch.delenv(name)
        again = job(here.id)
        assert again.status() is JobStatus.DONE
        assert again.result().counts == first.counts

    def test_a_failure_tells_its_reason(self, cloud):
        cloud.faults({"kind": "failed_job", "times": 1})
        here = self.open().run(uneven_circuit(), 10)
        with pytest.raises(JobError, match="failed"):
            here.result(60)
        assert here.status() is JobStatus.FAILED
        (part,) = here.record.parts
        assert part.vendor_status or part.reason

    def test_cancel(self, cloud):
        cloud.faults({"kind": "endless_status"})
        here = self.open().run(uneven_circuit(), 10)
        assert not here.status().is_terminal
        cloud.faults()
        if here.cancel():
            assert here.status() is JobStatus.CANCELLED
            with pytest.raises(JobError, match="was cancelled"):
                here.result(30)
        else:
            assert here.status() is not JobStatus.CANCELLED

    # --- faults ---

    def lost_or_one(self, cloud, backend) -> None:
        """One job with its result, or an explicit unknown that reconciling clears; never two, never silence."""
        here, unknown = None, ""
        try:
            here = backend.run(uneven_circuit(), 30)
        except UnknownSubmissionError as error:
            unknown = error.job_id
        except BackendError:
            assert not self.new_jobs(cloud)
            return
        cloud.faults()
        if unknown:
            here = self.reconciled(cloud, unknown)
        if here is not None:
            assert here.result(60).shots == 30
            assert len(self.new_jobs(cloud)) == 1

    def reconciled(self, cloud, job_id):
        """The job whose fate was unknown, if it was accepted and the provider can say so."""
        assert JobStore().job(job_id).status is JobStatus.UNKNOWN
        accepted = self.new_jobs(cloud)
        assert len(accepted) <= 1
        (verdict,) = reconcile(settling=timedelta(0))
        assert verdict.job_id == job_id
        assert len(self.new_jobs(cloud)) == len(accepted)
        if not self.can_find:
            assert verdict.verdict == "unknown"
            return None
        assert verdict.verdict == ("accepted" if accepted else "lost")
        if accepted:
            return job(job_id)
        assert job(job_id).status() is JobStatus.LOST
        return None

    @pytest.mark.parametrize("kind", ["error_before", "error_after", "dropped_before", "dropped_after", "truncated"])
    def test_a_fault_at_the_submission_makes_one_job_or_an_explicit_unknown(self, cloud, kind):
        cloud.faults({"match": self.submits, "kind": kind, "times": 1})
        self.lost_or_one(cloud, self.open())

    @pytest.mark.parametrize("kind", ["error_after", "dropped_after"])
    def test_a_fault_that_stays_at_the_submission(self, cloud, kind):
        cloud.faults({"match": self.submits, "kind": kind})
        self.lost_or_one(cloud, self.open())

    def test_the_same_work_is_not_sent_again_while_its_fate_is_unknown(self, cloud):
        cloud.faults({"match": self.submits, "kind": "error_after"})
        backend = self.open()
        try:
            backend.run(uneven_circuit(), 30)
        except UnknownSubmissionError:
            accepted = len(self.new_jobs(cloud))
            cloud.faults()
            with pytest.raises(UnknownSubmissionError, match="nothing is sent a second time"):
                backend.run(uneven_circuit(), 30)
            assert len(self.new_jobs(cloud)) == accepted

    def test_a_slow_answer_is_waited_for(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"match": self.fetches, "kind": "slow", "seconds": 1.0, "times": 1})
        assert here.result(60).shots == 30

    def test_an_answer_cut_off_is_refused_and_asked_for_again(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"match": self.fetches, "kind": "truncated", "times": 1})
        try:
            here.result(60)
        except JobError:
            cloud.faults()
            assert here.result(60).shots == 30
        assert here.status() is JobStatus.DONE

    def test_an_unknown_state_is_no_progress(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"kind": "unknown_status"})
        assert here.status() is JobStatus.UNKNOWN
        assert not here.done()
        (part,) = here.record.parts
        assert self.unknown_word in part.vendor_status
        started = time.monotonic()
        with pytest.raises(JobError, match=self.unknown_word):
            here.result(0.5)
        assert time.monotonic() - started < 60
        cloud.faults()
        assert here.result(60).shots == 30

    def test_a_state_that_never_ends_is_left_in_time(self, cloud):
        cloud.faults({"kind": "endless_status"})
        here = self.open().run(uneven_circuit(), 30)
        started = time.monotonic()
        with pytest.raises(JobError, match="ask for the result again"):
            here.result(0.6)
        assert time.monotonic() - started < 60
        cloud.faults()
        assert here.result(60).shots == 30

    def test_an_answer_of_other_shots_is_refused_and_kept(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"kind": "wrong_shots", "times": 1})
        with pytest.raises(JobError, match="shots"):
            here.result(60)
        (part,) = here.record.parts
        assert part.result
        assert not part.is_readable
        cloud.faults()
        assert here.result(60).shots == 30

    def test_a_service_out_of_reach(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"match": "^", "kind": "dropped_before"})
        with pytest.raises(JobError, match="stays"):
            here.status()
        started = time.monotonic()
        with pytest.raises(JobError):
            here.result(0.5)
        assert time.monotonic() - started < 60
        cloud.faults()
        assert here.result(60).shots == 30

    def test_a_server_that_is_gone(self, cloud, tmp_path):
        with self.running() as other:
            environment = self.environment(other.address)
            with pytest.MonkeyPatch.context() as patch:
                for name, value in environment.items():
                    patch.setenv(name, value)
                backend = get_backend(self.backend_name, **self.options(other.address))
                here = backend.run(uneven_circuit(), 30)
                other.kill()
                with pytest.raises(JobError):
                    here.result(0.5)
                with pytest.raises(QToolkitError):
                    backend.run(two_register_circuit(), 30)
                assert not [r for r in JobStore().jobs() if r.status is JobStatus.DONE]

    def test_credentials_that_are_not_taken(self, cloud):
        cloud.faults({"match": "^", "kind": "unauthorized"})
        with pytest.raises(BackendError) as caught:
            self.open().run(uneven_circuit(), 30)
        assert not isinstance(caught.value, UnknownSubmissionError)
        self.assert_no_token("".join(traceback.format_exception(caught.value)))
        assert not self.new_jobs(cloud)

    # --- secrets ---

    @staticmethod
    def complaint(call) -> str:
        """What a person sees of the error of a call, its causes included; nothing, if there is none."""
        try:
            call()
        except QToolkitError as error:
            return "".join(traceback.format_exception(error))
        return ""

    def assert_no_token(self, text: str | bytes) -> None:
        if self.token:
            token = self.token.encode() if isinstance(text, bytes) else self.token
            assert token not in text

    def test_the_token_is_nowhere(self, cloud, tmp_path, monkeypatch, caplog, capfd):
        caplog.set_level(0)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        (tmp_path / "home").mkdir()
        backend = self.open()
        here = backend.run(uneven_circuit(), 30)
        here.result(60)
        shown = [repr(backend), repr(here), repr(backend.client), repr(here.record), str(here.result().metadata)]
        cloud.faults({"match": self.submits, "kind": "replaced", "status": 500, "body": f"no: {self.token}"})
        shown.append(self.complaint(lambda: backend.run(two_register_circuit(), 30)))
        cloud.faults({"match": self.polls, "kind": "replaced", "status": 500, "body": f"no: {self.token}"})
        shown.append(self.complaint(lambda: backend.run(canary()[0], 30).status()))
        cloud.faults({"match": "^", "kind": "replaced", "status": 400, "body": f"no: {self.token}"})
        shown.append(self.complaint(lambda: backend.run(canary()[0], 30).status()))
        cloud.faults()
        for text in [*shown, caplog.text, *capfd.readouterr()]:
            self.assert_no_token(text)
        for path in tmp_path.rglob("*"):
            if path.is_file():
                self.assert_no_token(path.read_bytes())

    def test_a_missing_credential_is_named(self, cloud, monkeypatch):
        if not self.token:
            return
        names = [name for name, value in self.environment(cloud.address).items() if self.token in value]
        for name in names:
            monkeypatch.delenv(name)
        with pytest.raises((CredentialsError, QToolkitError), match=names[0]):
            self.open().run(uneven_circuit(), 10)

    def test_a_part_that_fails_leaves_the_others(self, cloud):
        if self.max_circuits > 3:
            return
        circuits = [Circuit(2).x(k % 2).measure_all() for k in range(2 * self.max_circuits)]
        here = self.open().run(circuits, 20)
        cloud.faults({"kind": "failed_job", "times": 1})
        with pytest.raises(PartialFailureError) as caught:
            here.result(60)
        failed = caught.value.failures
        assert len(failed) == self.max_circuits
        assert [result is None for result in caught.value.results] == [k in failed for k in range(len(circuits))]
