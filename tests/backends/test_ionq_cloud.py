"""IonQ's cloud: its SDK's client against a server that speaks its wire format."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, uneven_circuit
from cloud_contract import CloudContract, canary
from random_circuits import random_gate_circuit
from stubs.ionq import TOKEN

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import JobStatus, JobStore, get_backend, job, reconcile
from qtoolkit.backends.cloud import BitMap, Payload
from qtoolkit.backends.ionq_json import NATIVE_GATES, from_qis, outcomes_of, to_qis
from qtoolkit.backends.registry import providers, serializer_of
from qtoolkit.circuit import STANDARD_GATES, StandardGate
from qtoolkit.errors import (
    BackendError,
    ConversionError,
    CostLimitError,
    InputError,
    JobError,
    PartialFailureError,
    UnknownSubmissionError,
)

pytest.importorskip("qiskit_ionq")


class IonQContract(CloudContract):
    stub = "ionq"
    submits = "POST /v0.4/jobs"
    polls = "^GET /v0.4/jobs/[^/]+$"
    fetches = "^GET /v0.4/jobs/[^/]+/results/probabilities$"
    token = TOKEN
    max_circuits = 100
    unknown_word = "defragmenting"

    def environment(self, address):
        return {"IONQ_REMOTE_HOST": address, "IONQ_API_KEY": TOKEN}

    def test_a_refusal_is_a_plain_failure(self, cloud):
        cloud.faults({"kind": "refusal"})
        with pytest.raises(BackendError, match=r"refused the job.*too deep") as caught:
            self.open().run(uneven_circuit(), 30)
        assert not isinstance(caught.value, UnknownSubmissionError)
        assert not self.new_jobs(cloud)
        (record,) = JobStore().jobs()
        assert record.status is JobStatus.FAILED


class TestIonQSimulator(IonQContract):
    backend_name = "ionq:simulator"

    def test_reading_twice_draws_the_same_shots(self, cloud):
        here = self.open().run(uneven_circuit(), 1000)
        first = here.result(60)
        assert first.metadata["sampling"].startswith("shots drawn here")
        (part,) = here.record.parts
        (again,) = serializer_of(part.payload.format).outcomes(part.payload, part.result)
        assert part.payload.bits[0].result(again, 1000).counts == first.counts
        other = self.open().run(uneven_circuit(), 1000).result(60)
        assert other.counts != first.counts

    def test_circuits_of_a_batch_are_drawn_apart(self, cloud):
        left, right = self.open().run([uneven_circuit(), uneven_circuit()], 1000).result(60)
        assert left.counts != right.counts

    def test_a_circuit_that_fails_leaves_the_others_of_its_job(self, cloud):
        here = self.open().run([Circuit(2).x(k % 2).measure_all() for k in range(4)], 20)
        cloud.faults({"kind": "failed_circuit", "times": 1})
        with pytest.raises(PartialFailureError, match="the trap is empty") as caught:
            here.result(60)
        assert list(caught.value.failures) == [0]
        assert [None if r is None else dict(r.counts) for r in caught.value.results] == [
            None,
            {"10": 20},
            {"01": 20},
            {"10": 20},
        ]

    def test_results_without_names_go_by_the_list_of_the_job(self, cloud):
        here = self.open().run([Circuit(2).x(k % 2).measure_all() for k in range(3)], 20)
        here.result(60)
        (part,) = here.record.parts
        answer = json.loads(part.result)
        by_name = {child["name"]: child["id"] for child in answer.pop("children")}
        answer["job"]["child_job_ids"] = [by_name[f"circuit-{k}"] for k in range(3)]
        serializer = serializer_of(part.payload.format)
        found = serializer.outcomes(part.payload, json.dumps(answer).encode())
        assert [int(outcome.column("qubits", 1)[0]) for outcome in found] == [0, 1, 0]
        answer["job"]["child_job_ids"] = None
        with pytest.raises(JobError, match="does not say which of 3 circuits"):
            serializer.outcomes(part.payload, json.dumps(answer).encode())

    @pytest.mark.parametrize("seed", range(4))
    def test_every_gate_arrives(self, cloud, seed):
        circuit = random_gate_circuit(4, 30, seed).measure_all()
        assert chi_squared_p_value(self.open().run(circuit, 4000).result(60).counts, circuit) > 1e-6

    def test_a_look_up_goes_through_all_pages(self, cloud):
        cloud.faults(
            {"match": self.submits, "kind": "error_after", "times": 1}, {"match": "GET", "kind": "error_before"}
        )
        backend = self.open()
        with pytest.raises(UnknownSubmissionError):
            backend.run(uneven_circuit(), 30)
        cloud.faults()
        backend.run([Circuit(1).x(0).measure_all() for _ in range(60)], 1)
        log = len(cloud.log())
        (verdict,) = reconcile(settling=timedelta(0))
        assert verdict.verdict == "accepted"
        assert len([line for line in cloud.log()[log:] if "/jobs?" in line["path"]]) == 3
        assert job(verdict.job_id).result(60).shots == 30

    @pytest.mark.filterwarnings("default:Retrying")
    def test_nothing_is_sent_twice(self, cloud):
        backend = self.open()
        for kind in ("error_before", "error_after"):
            cloud.faults({"match": self.submits, "kind": kind, "times": 1})
            log, accepted = len(cloud.log()), len(cloud.jobs())
            if kind == "error_before":
                with pytest.raises(UnknownSubmissionError):
                    backend.run(uneven_circuit(), 30)
            else:
                backend.run(canary()[0], 30)
            assert [line["method"] for line in cloud.log()[log:]].count("POST") == 1
            assert len(cloud.jobs()) - accepted == (kind == "error_after")

    def test_one_request_of_each_kind(self, cloud):
        log = len(cloud.log())
        self.open().run(uneven_circuit(), 30).result(60)
        seen = [f"{line['method']} {line['path'].partition('jobs/')[0]}" for line in cloud.log()[log:]]
        assert seen == ["GET /v0.4/backends/simulator", "POST /v0.4/jobs", *["GET /v0.4/"] * 3]


@pytest.mark.slow
class TestIonQDevice(IonQContract):
    backend_name = "ionq:qpu.forte-1"


class TestWhatDevicesHave:
    """The server and the store of the contract, without its tests."""

    backend_name = "ionq:qpu.forte-1"
    server, cloud, running = IonQContract.server, IonQContract.cloud, IonQContract.running
    environment, options, open, new_jobs = (
        IonQContract.environment,
        IonQContract.options,
        IonQContract.open,
        IonQContract.new_jobs,
    )

    def test_the_canary_comes_back_bit_by_bit(self, cloud):
        circuit, outcome = canary()
        assert dict(self.open().run(circuit, 40).result(60).counts) == {outcome: 40}

    def test_averages_over_variants(self, cloud):
        result = self.open(debiasing=True).run(uneven_circuit(), 500).result(60)
        assert result.shots == 500
        assert "nearest" in result.metadata["rounding"]

    def test_counts_are_the_frequencies(self, cloud):
        here = self.open().run(uneven_circuit(), 999)
        result = here.result(60)
        (part,) = here.record.parts
        weights = json.loads(part.result)["probabilities"]
        assert {int(key, 2): count / 999 for key, count in result.counts.items()} == pytest.approx(
            {int(key): value for key, value in weights.items()}, abs=1e-8
        )
        assert "sampling" not in result.metadata
        assert json.loads(part.payload.body)["settings"] == {"error_mitigation": {"debiasing": False}}

    def test_the_cost_that_is_charged_is_written_down(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        here.result(60)
        (part,) = here.record.parts
        assert (part.cost, part.currency) == (Decimal("1.25"), "USD")
        assert here.result().metadata["cost"] == "1.25 USD"

    def test_a_cost_that_is_not_told_does_not_matter(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        cloud.faults({"match": "^GET /v0.4/jobs/[^/]+/cost$", "kind": "error_before"})
        assert here.result(60).shots == 30

    def test_quote(self, cloud):
        backend = self.open()
        quote = backend.quote([Circuit(2).h(0).cx(0, 1).measure_all()] * 2, 500)
        assert (quote.amount, quote.currency, quote.as_of) == (Decimal("103.0"), "USD", "2026-10-01")
        assert not self.new_jobs(cloud)
        cloud.faults({"match": "GET", "kind": "error_before"})
        with pytest.raises(BackendError, match="cannot be asked for an estimate"):
            backend.quote(canary()[0], 500)
        assert backend.estimate_cost(canary()[0], 500).amount is None

    @pytest.mark.parametrize("told", ["NaN", "Infinity", "-5", '"1e400"', "true", "null", "[]"])
    def test_estimates_that_are_no_amounts(self, cloud, told):
        circuit = Circuit(2).h(0).cx(0, 1).measure_all()
        said = f'"estimated_total_cost": {told}, "estimated_unit": "usd", "estimated_at": "2026-10-01T10:00:00Z"'
        rest = (
            '"estimate_context": {}, "estimated_execution_time": 1, "current_predicted_queue_time": 1, "rate_card": {}'
        )
        cloud.faults({"match": "GET /v0.4/jobs/estimate", "kind": "replaced", "body": f"{{{said}, {rest}}}"})
        assert self.open().estimate_cost(circuit, 500).amount is None
        with pytest.raises(CostLimitError, match=r"the price of .* is unknown"):
            self.open(max_cost="52 USD").run(circuit, 500)
        assert not self.new_jobs(cloud)

    @pytest.mark.parametrize("told", ["NaN", "Infinity", "-5", "true", '"much"'])
    def test_charges_that_are_no_amounts(self, cloud, told):
        here = self.open().run(Circuit(2).h(0).cx(0, 1).measure_all(), 20)
        body = f'{{"cost": {{"value": {told}, "unit": "usd"}}}}'
        cloud.faults({"match": "^GET /v0.4/jobs/[^/]+/cost$", "kind": "replaced", "body": body})
        here.result(60)
        assert (here.record.cost, here.record.currency) == (Decimal("2.06"), "USD")
        assert JobStore().spent() == {"USD": Decimal("2.06")}

    def test_estimates_are_rounded_up(self, cloud):
        estimate = self.open().estimate_cost(Circuit(2).h(0).cx(0, 1).measure_all(), 7)
        assert (str(estimate.amount), estimate.currency) == ("0.73", "USD")  # 0.721

    def test_a_cap_is_met_by_the_services_estimate(self, cloud):
        circuit = Circuit(2).h(0).cx(0, 1).measure_all()
        with pytest.raises(CostLimitError, match=r"would cost 51\.50 USD, and the cap .* is 51.*nothing has left"):
            self.open(max_cost="51 USD").run(circuit, 500)
        here = self.open(max_cost="52 USD").run(circuit, 500)
        (part,) = here.record.parts
        assert (part.cost, part.currency) == (Decimal("51.50"), "USD")
        assert here.record.price["source"].endswith("/v0.4/jobs/estimate")

    def test_a_job_that_has_ended_is_not_cancelled(self, cloud):
        here = self.open().run(uneven_circuit(), 30)
        assert here.backend.client.poll(here.vendor_ids[0]).status is JobStatus.DONE
        assert not here.cancel()
        assert here.result(60).shots == 30

    def test_a_wide_circuit_is_put_on_fewer_qubits(self, cloud):
        circuit = Circuit(60, 2).x(55).cx(55, 3).measure([3, 55], [1, 0])
        assert dict(self.open().run(circuit, 5).result(60).counts) == {"11": 5}


@pytest.fixture
def service(monkeypatch, tmp_path):
    with IonQContract.running.__func__(IonQContract) as server:
        monkeypatch.setenv("IONQ_REMOTE_HOST", server.address + "/v0.4")
        monkeypatch.setenv("IONQ_API_KEY", TOKEN)
        monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
        yield server


def test_a_noisy_simulator_is_named_or_chosen(service) -> None:
    named = get_backend("ionq:simulator.aria-1")
    chosen = get_backend("ionq:simulator", noise_model="aria-1", noise_seed=3)
    assert named.capabilities.num_qubits == chosen.capabilities.num_qubits == 25
    assert get_backend("ionq:simulator").capabilities.num_qubits == 29
    (payload,) = chosen.payloads(uneven_circuit(), 50)
    assert json.loads(payload.body)["noise"] == {"model": "aria-1", "seed": 3}
    here = named.run(uneven_circuit(), 50)
    result = here.result(60)
    assert (result.shots, result.metadata["noise_model"]) == (50, "aria-1")
    assert "sampling" not in result.metadata
    assert chosen.run(uneven_circuit(), 50).record.options == {"noise_model": "aria-1", "noise_seed": 3}


@pytest.mark.parametrize(
    ("device", "options", "message"),
    [
        ("qpu.forte-1", {"noise_model": "aria-1"}, "noise models are for IonQ's simulator"),
        ("simulator.aria-1", {"noise_model": "forte-1"}, "has the noise of aria-1"),
        ("simulator", {"debiasing": True}, "debiasing is for IonQ's devices"),
        ("simulator", {"noise_seed": -1}, "noise_seed"),
        ("simulator", {"address": "http://example.org"}, "over https alone"),
        ("simulator", {"colour": "red"}, "the options of the backend ionq:simulator are: noise_model"),
    ],
)
def test_options_that_do_not_fit(service, device, options, message) -> None:
    with pytest.raises(InputError, match=message):
        get_backend(f"ionq:{device}", **options)


def test_devices_and_their_sizes(service) -> None:
    found = {info.name: info for info in providers()["ionq"].devices()}
    assert found["ionq:qpu.forte-1"].num_qubits == 36
    assert found["ionq:qpu.aria-1"].description.endswith("degraded")
    assert found["ionq:simulator"].kind == "simulator"
    with pytest.raises(BackendError, match=r"IonQ has no 'qpu\.none'"):
        _ = get_backend("ionq:qpu.none").capabilities
    service.kill()
    assert get_backend("ionq:qpu.aria-1").capabilities.num_qubits == 25
    with pytest.raises(BackendError, match="cannot be asked about"):
        _ = get_backend("ionq:qpu.none").capabilities


def test_a_batch_is_split_by_its_gates(service, monkeypatch) -> None:
    from qtoolkit.backends.ionq import backend as module

    monkeypatch.setattr(module, "_MOST_GATES", 5)
    circuits = [Circuit(2).h(0).x(k % 2).measure_all() for k in range(5)]
    here = get_backend("ionq:simulator").run([*circuits, Circuit(1).x(0).measure_all()], 10)
    assert [part.num_circuits for part in JobStore().job(here.id).parts] == [2, 2, 2]
    assert [sum(result.counts.values()) for result in here.result(60)] == [10] * 6


# --- the dialect ---


@pytest.mark.parametrize("name", sorted(NATIVE_GATES))
def test_gates_that_the_set_has_stay_one_gate(name) -> None:
    record = STANDARD_GATES[name]
    qubits = [2, 0][: record.num_qubits]
    circuit = Circuit(3).append(StandardGate(name, [0.7][: record.num_params]), qubits)
    gates, bits = to_qis(circuit)
    assert len(gates) == 1
    assert from_qis(gates, 3, bits).operations[0] == circuit.operations[0]


@pytest.mark.parametrize("name", sorted(NATIVE_GATES))
def test_gates_are_those_of_ionqs_own_plug_in(name) -> None:
    from qiskit_ionq.helpers import qiskit_circ_to_ionq_circ

    from qtoolkit.interop.qiskit import to_qiskit

    record = STANDARD_GATES[name]
    circuit = Circuit(3).append(StandardGate(name, [0.7][: record.num_params]), [2, 0][: record.num_qubits])
    theirs, _, _ = qiskit_circ_to_ionq_circ(to_qiskit(circuit))
    assert to_qis(from_qis(theirs, 3, BitMap(0, (), ())))[0] == to_qis(circuit)[0]


def test_outcomes_are_those_of_ionqs_own_plug_in() -> None:
    from qiskit_ionq.ionq_job import map_output

    circuit = Circuit(3).x(0).x(1).measure_all()
    _, bits = to_qis(circuit)
    clbits = [source[1] for source in bits.sources]
    outcome = next(iter(map_output({"3": 1.0}, clbits, 3)))
    result = bits.result(outcomes_of({"3": 1.0}, 3, 10), 10)
    assert dict(result.counts) == {format(outcome, "03b"): 10} == {"011": 10}


@pytest.mark.parametrize("name", sorted(set(STANDARD_GATES) - {"id", "gphase"}))
def test_every_gate_is_written_up_to_a_global_phase(name) -> None:
    record = STANDARD_GATES[name]
    angles = np.random.default_rng(3).uniform(-3, 3, record.num_params)
    circuit = Circuit(3).append(StandardGate(name, angles), [2, 0, 1][: record.num_qubits])
    gates, bits = to_qis(circuit)
    read = from_qis(gates, 3, bits).to_matrix()
    assert abs(np.vdot(read, circuit.to_matrix())) == pytest.approx(8, abs=1e-9)


def test_controls_states_and_arrays() -> None:
    circuit = Circuit(4).initialize(np.arange(1, 5) / np.sqrt(30), [1, 3])
    circuit.append(StandardGate("ry", [0.4]).controlled(3, ctrl_state=0b010), [0, 1, 3, 2])
    circuit.barrier().diagonal(np.exp(1j * np.arange(4)), [0, 2]).h(range(4))
    gates, bits = to_qis(circuit.measure_all())
    want = StatevectorSimulator().probabilities(circuit)
    np.testing.assert_allclose(StatevectorSimulator().probabilities(from_qis(gates, 4, bits)), want, atol=1e-10)


def test_controls_and_other_names_are_read() -> None:
    bits = BitMap(0, (), ())
    gates = [{"gate": "not", "targets": [0], "controls": [1, 2]}, {"gate": "z", "control": 1, "target": 0}]
    want = Circuit(3).ccx(1, 2, 0).cz(1, 0).to_matrix()
    np.testing.assert_allclose(from_qis(gates, 3, bits).to_matrix(), want, atol=1e-12)


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ([{"gate": "pauliexp", "targets": [0]}], "has no gate 'pauliexp'"),
        ([{"gate": "rx", "target": 0}], "cannot read gate 0"),
        ([{"gate": "x", "target": 0, "angle": 1}], "no field 'angle'"),
        ([{"gate": "x", "target": 9}], "cannot read gate 0"),
        ([{"gate": "cnot", "target": 0}], "one control"),
        ("x", "lists of gates"),
        ([7], "cannot read gate 0"),
    ],
)
def test_what_is_no_circuit_is_refused(gates, message) -> None:
    with pytest.raises(ConversionError, match=message):
        from_qis(gates, 2, BitMap(0, (), ()))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"input": 3, "metadata": {}}',
        b'{"input": {"gateset": "native"}, "metadata": {"qtoolkit_key": "k"}}',
    ],
)
def test_what_is_no_job_is_refused(body) -> None:
    with pytest.raises(ConversionError):
        serializer_of("ionq.circuit.v1").circuits(Payload(body, "ionq.circuit.v1", 1, ()))


@pytest.mark.parametrize(
    "answer",
    [None, {}, [], {"a": 1.0}, {"-1": 1.0}, {"0": "1"}, {"0": float("nan")}, {"8": 1.0}, {"0": 0.123}, {"0": True}],
)
def test_what_are_no_frequencies_is_refused(answer) -> None:
    with pytest.raises(JobError):
        outcomes_of(answer, 3, 10)


def test_averages_come_to_the_nearest_counts() -> None:
    averages = {"0": 0.31, "1": 0.35, "5": 0.34}
    with pytest.raises(JobError, match="none of 10 shots"):
        outcomes_of(averages, 3, 10)
    found = outcomes_of(averages, 3, 10, are_averages=True)
    assert dict(zip(found.bits["qubits"] @ [1, 2, 4], found.counts, strict=True)) == {0: 3, 1: 4, 5: 3}
    assert found.metadata["rounding"].startswith("the nearest counts")
    with pytest.raises(JobError, match="sum to"):
        outcomes_of({"0": 0.3}, 3, 10, are_averages=True)


def test_probabilities_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(JobError, match=r"sum to 0\.75"):
        outcomes_of({"0": 0.25, "1": 0.5}, 3, 10, [1])
