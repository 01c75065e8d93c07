"""Amazon Braket's service through boto3, against a stub of it and of S3; Braket's own SDK beside it as a witness."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, uneven_circuit
from cloud_contract import CloudContract, canary
from scipy.stats import chi2
from stubs.server import running

from qtoolkit import Circuit, DensityMatrixSimulator, StatevectorSimulator
from qtoolkit.backends import CostEstimate, JobStatus, JobStore, get_backend
from qtoolkit.backends import job as recalled
from qtoolkit.backends.braket.catalog import PROVIDER
from qtoolkit.backends.braket.devices import DEVICES, arn_of, region_of, short_name
from qtoolkit.backends.braket.properties import read_properties
from qtoolkit.backends.braket.serializer import BraketSerializer
from qtoolkit.backends.cloud import CannotTell
from qtoolkit.backends.cloud import backend as cloud
from qtoolkit.backends.verification import verify
from qtoolkit.circuit import UnitaryGate
from qtoolkit.errors import (
    BackendError,
    ConversionError,
    CredentialsError,
    InputError,
    JobError,
    PartialFailureError,
    UnknownBackendError,
)
from qtoolkit.noise import amplitude_damping, depolarizing

pytest.importorskip("braket.circuits")

KEY_ID = "AKIDSTUB7Q2M"
SECRET = "aws-secret-4Jd81hQz"
BUCKET = "amazon-braket-stub"
CHANCE = 1e-6


def environment_of(address: str) -> dict[str, str]:
    return {
        "BRAKET_ENDPOINT": address,
        "AWS_ENDPOINT_URL_S3": address,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-west-2",
        "AWS_CONFIG_FILE": "/nowhere/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AMZN_BRAKET_OUT_S3_BUCKET": BUCKET,
    }


@pytest.fixture(scope="module")
def service():
    with running("braket") as server:
        yield server


@pytest.fixture
def braket(service, tmp_path, monkeypatch):
    """The service without faults, the variables that lead there, and a job store of the test's own."""
    service.faults()
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in environment_of(service.address).items():
        monkeypatch.setenv(name, value)
    return service


class TestSimulator(CloudContract):
    stub = "braket"
    backend_name = "braket:amazon/sv1"
    submits = "^POST /quantum-task$"
    polls = "GET /quantum-task/"
    fetches = f"GET /{BUCKET}/"
    token = SECRET

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, service):
        return service

    def environment(self, address):
        return environment_of(address)


# --- quantum computers ---


@pytest.mark.parametrize("options", [{}, {"rewiring": False}])
@pytest.mark.parametrize("device", ["ionq/Forte-1", "iqm/Garnet", "rigetti/Ankaa-3"])
def test_what_a_device_measured_of_itself_predicts(braket, device, options) -> None:
    backend = get_backend(f"braket:{device}", **options)
    circuit = Circuit(2).x(0).cx(0, 1).measure_all()
    (found,) = verify(backend.run(circuit, 1000), timeout=60).circuits
    assert found.ideal.total_variation == 0.0
    if options or device == "ionq/Forte-1":
        assert found.predicted > 0.0, found.reason
        assert not found.noisy.agrees  # the stub has no noise
    else:
        assert found.reason == "the provider chooses the device's qubits, and does not say which"


@pytest.mark.parametrize("device", ["ionq/Forte-1", "iqm/Garnet", "rigetti/Ankaa-3"])
def test_quantum_computers_give_every_bit_its_place(braket, device) -> None:
    backend = get_backend(f"braket:{device}")
    circuit, outcome = canary()
    assert dict(backend.run(circuit, 120).result(60).counts) == {outcome: 120}
    counts = backend.run(uneven_circuit(4), 4000).result(60).counts
    assert chi_squared_p_value(counts, uneven_circuit(4)) > CHANCE


@pytest.mark.slow  # Qiskit's synthesis takes seconds to load
@pytest.mark.parametrize("device", ["ionq/Forte-1", "iqm/Garnet"])
def test_gates_without_a_name_become_gates_that_the_device_takes(braket, device) -> None:
    from scipy.stats import unitary_group

    circuit = Circuit(3).initialize([0.6, 0, 0, 0.8j], [0, 2]).unitary(unitary_group.rvs(4, random_state=5), [2, 1])
    circuit.append(UnitaryGate(unitary_group.rvs(2, random_state=6)).controlled(2, ctrl_state=1), [0, 1, 2])
    circuit.barrier().cp(0.4, 0, 2).measure_all()
    counts = get_backend(f"braket:{device}").run(circuit, 4000).result(60).counts
    assert chi_squared_p_value(counts, circuit) > CHANCE


def test_what_quantum_computers_say_of_themselves(braket) -> None:
    forte = get_backend("braket:ionq/Forte-1").capabilities
    assert (forte.num_qubits, forte.max_shots, forte.max_circuits, forte.connectivity) == (36, 10_000, 1, None)
    assert forte.native_gates == {"x", "y", "sx", "sxdg", "rzz"}
    assert not forte.is_simulator
    assert not forte.is_local
    garnet = get_backend("braket:iqm/Garnet")
    assert (garnet.capabilities.num_qubits, garnet.capabilities.max_circuits) == (20, 4)
    assert garnet.capabilities.native_gates == {"cz", "rx", "ry"}
    # 4 rows of 5, which the device counts from 1.
    assert len(garnet.capabilities.connectivity) == 31
    assert {(0, 1), (0, 5), (14, 19)} <= set(garnet.capabilities.connectivity)
    assert garnet.properties.qubits[0] == 1
    ankaa = get_backend("braket:rigetti/Ankaa-3")
    # 3 rows of 4 from 0, of which 5 is dead: what comes behind moves up.
    assert ankaa.properties.qubits == (0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11)
    assert {(0, 1), (0, 4), (4, 7)} <= set(ankaa.capabilities.connectivity)
    assert ankaa.properties.queue == 3
    sv1 = get_backend("braket:sv1").capabilities
    assert sv1.is_simulator
    assert {"ccx", "cp", "rxx"} <= sv1.native_gates


def test_too_few_shots_do_not_leave(braket) -> None:
    before = len(braket.jobs())
    with pytest.raises(BackendError, match="takes at least 100 shots, got 20"):
        get_backend("braket:ionq/Forte-1").run(uneven_circuit(), 20)
    assert len(braket.jobs()) == before


def test_frequencies_become_counts_of_all_shots(braket) -> None:
    serializer = BraketSerializer()
    (payload,) = get_backend("braket:ionq/Forte-1").payloads(Circuit(2).h(0).h(1).measure_all(), 1000)

    def answer(probabilities, shots=1000, measured=(0, 1)):
        return json.dumps(
            {
                "braketSchemaHeader": {"name": "braket.task_result.gate_model_task_result", "version": "1"},
                "measurements": None,
                "measurementProbabilities": probabilities,
                "measuredQubits": list(measured),
                "taskMetadata": {"shots": shots, "deviceId": "a"},
            }
        ).encode()

    (outcomes,) = serializer.outcomes(payload, answer({"01": 0.334, "10": 0.333, "11": 0.333}))
    assert outcomes.counts.tolist() == [334, 333, 333]
    assert outcomes.bits["b"].tolist() == [[0, 1], [1, 0], [1, 1]]
    assert "counts" not in outcomes.metadata
    (outcomes,) = serializer.outcomes(payload, answer({"01": 1 / 3, "10": 1 / 3, "11": 1 / 3}))
    assert outcomes.shots == 1000
    assert "rounded" in outcomes.metadata["counts"]
    (outcomes,) = serializer.outcomes(payload, answer({"01": 1.0}, measured=(1, 0)))
    assert outcomes.bits["b"].tolist() == [[1, 0]]
    shots = json.loads(answer({})) | {"measurements": [["0", "1"], ["1", "1"]]}
    (outcomes,) = serializer.outcomes(payload, json.dumps(shots).encode())
    assert outcomes.bits["b"].tolist() == [[0, 1], [1, 1]]
    for broken, words in [
        (json.dumps(shots | {"measurements": [[0.5, 1]] * 2}).encode(), "must be bits .*got float64"),
        (json.dumps(shots | {"measurements": [[0, 3]] * 2}).encode(), "must be bits"),
        (answer({"01": 0.5}), "sum to 1"),
        (answer({"01": 1.5, "10": -0.5}), "sum to 1"),
        (answer({"01": 1.0}, measured=(0,)), "lacks 1"),
        (answer({"0": 1.0}), "must be bits"),
        (answer({"0x": 1.0}), "must be bits"),
        (answer({}), "sum to 1"),
        (answer({"01": float("nan")}), "sum to 1"),
        (answer(None), "cannot be read"),
        (b"[1]", "cannot be read"),
        (b"{", "cannot be read"),
    ]:
        with pytest.raises(JobError, match=words):
            serializer.outcomes(payload, broken)


# --- noise ---


@pytest.mark.parametrize("name", ["braket:dm1", "braket:local_dm"])
def test_channels_run_on_density_matrices(braket, name) -> None:
    decay = depolarizing(0.3, 2)
    circuit = Circuit(3).x(0).append(amplitude_damping(0.4), [0]).x(2).append(decay, [2, 0]).measure_all()
    backend = get_backend(name)
    assert backend.capabilities.supports_noise
    counts = backend.run(circuit, 4000).result(60).counts
    exact = DensityMatrixSimulator().probabilities(circuit)
    observed = np.array([counts.get(format(k, "03b"), 0) for k in range(8)])
    assert not observed[exact < 1e-12].any()
    kept = exact > 1e-12
    statistic = ((observed - 4000 * exact)[kept] ** 2 / (4000 * exact[kept])).sum()
    assert chi2.sf(statistic, kept.sum() - 1) > CHANCE
    with pytest.raises(BackendError, match="runs circuits without noise of their own"):
        get_backend("braket:sv1").run(circuit, 10)


def test_channels_parse_back(braket) -> None:
    circuit = Circuit(2).h(0).append(depolarizing(0.2, 2), [1, 0]).append(amplitude_damping(0.4), [1]).measure_all()
    (payload,) = get_backend("braket:dm1").payloads(circuit, 10)
    (parsed,) = BraketSerializer().circuits(payload)
    np.testing.assert_allclose(
        DensityMatrixSimulator().probabilities(parsed), DensityMatrixSimulator().probabilities(circuit), atol=1e-9
    )
    wide = Circuit(3).append(depolarizing(0.2, 3), [0, 1, 2]).measure_all()
    with pytest.raises(ConversionError, match="channels are on at most 2 qubits, got 3"):
        get_backend("braket:dm1").payloads(wide, 10)


# --- several circuits in one task ---


def test_a_set_of_programs_is_one_task(braket) -> None:
    before = len(braket.jobs())
    circuits = [uneven_circuit(2), canary()[0], *(Circuit(3).x(k % 3).measure_all() for k in range(4))]
    backend = get_backend("braket:iqm/Garnet")
    job = backend.run(circuits, 2000)
    results = job.result(60)
    assert len(braket.jobs()) == before + 2
    assert chi_squared_p_value(results[0].counts, circuits[0]) > CHANCE
    assert dict(results[1].counts) == {canary()[1]: 2000}
    assert [next(iter(result.counts)) for result in results[2:]] == ["001", "010", "100", "001"]
    bodies = [json.loads(part.payload.body) for part in job.record.parts]
    assert [body["shots"] for body in bodies] == [8000, 4000]
    for payload, some in zip(backend.payloads(circuits, 10), (circuits[:4], circuits[4:]), strict=True):
        for parsed, circuit in zip(BraketSerializer().circuits(payload), some, strict=True):
            want = StatevectorSimulator().run(circuit, 2000, seed=1).counts
            assert set(StatevectorSimulator().run(parsed, 2000, seed=2).counts) == set(want)


def test_a_result_of_a_set_in_one_file(braket) -> None:
    from braket.default_simulator import StateVectorSimulator
    from braket.ir.openqasm import ProgramSet

    circuits = [Circuit(2).x(1).measure_all(), canary()[0]]
    (payload,) = get_backend("braket:iqm/Garnet").payloads(circuits, 25)
    action = json.loads(json.loads(payload.body)["action"])
    raw = StateVectorSimulator().run(ProgramSet.parse_obj(action), shots=50).json()
    found = BraketSerializer().outcomes(payload, raw.encode())
    counts = [dict(bits.result(each, 25).counts) for bits, each in zip(payload.bits, found, strict=True)]
    assert counts == [{"10": 25}, {canary()[1]: 25}]


def test_a_set_is_charged_as_one_task(braket, monkeypatch) -> None:
    asked = []

    def estimated(name, circuits, shots):
        asked.append((name, len(circuits), shots))
        return CostEstimate(Decimal("0.30") * len(circuits), "USD", "by the task")

    monkeypatch.setattr(cloud, "estimate_cost", estimated)
    garnet = get_backend("braket:iqm/Garnet")
    assert garnet.estimate_cost([uneven_circuit(2)] * 3, 100).amount == Decimal("0.30")
    assert garnet.estimate_cost(uneven_circuit(2), 100).amount == Decimal("0.30")
    assert asked == [("braket:iqm/Garnet", 1, 300), ("braket:iqm/Garnet", 1, 100)]
    # A task of four, and one of two.
    assert garnet.run([uneven_circuit(2)] * 6, 100).record.cost == Decimal("0.60")
    for shots in (0, -1, 1.5, None):
        with pytest.raises(InputError, match="shots"):
            garnet.estimate_cost([uneven_circuit(2)] * 3, shots)


def test_all_shots_of_a_set_stay_within_the_devices_limit(braket) -> None:
    backend = get_backend("braket:iqm/Garnet")
    circuits = [Circuit(1).x(0).measure_all()] * 4
    # 100,000 shots of all circuits together.
    assert [len(payload.bits) for payload in backend.payloads(circuits, 20_000)] == [4]
    assert [len(payload.bits) for payload in backend.payloads(circuits[:3], 15_000)] == [3]
    with pytest.raises(BackendError, match="at most 20000 shots"):
        backend.payloads(circuits, 30_000)


def test_a_program_that_fails_leaves_the_others(braket) -> None:
    braket.faults({"kind": "failed_program", "times": 1})
    with pytest.raises(PartialFailureError, match="too deep") as caught:
        get_backend("braket:iqm/Garnet").run([Circuit(1).x(0).measure_all()] * 3, 10).result(60)
    assert list(caught.value.failures) == [0]
    assert [None if result is None else dict(result.counts) for result in caught.value.results] == [
        None,
        {"1": 10},
        {"1": 10},
    ]


def test_files_of_a_result_that_cannot_be_had(braket) -> None:
    job = get_backend("braket:iqm/Garnet").run([Circuit(1).x(0).measure_all()] * 2, 10)
    braket.faults({"match": f"^GET /{BUCKET}/.*/executables/", "kind": "truncated", "times": 1})
    with pytest.raises(JobError, match="is no JSON"):
        job.result(60)
    assert [dict(result.counts) for result in job.result(60)] == [{"1": 10}] * 2


# --- places and verbatim ---


def _source(payload) -> str:
    return json.loads(json.loads(payload.body)["action"])["source"]


def test_without_rewiring_circuits_say_their_places(braket) -> None:
    ankaa = get_backend("braket:rigetti/Ankaa-3", rewiring=False)
    circuit = Circuit(7, 2).x(5).h(6).measure([5, 6], [1, 0])
    (payload,) = ankaa.payloads(circuit, 10)
    # The sixth of the qubits 0, 1, 2, 3, 4, 6, 7 …
    assert "x $6;" in _source(payload)
    assert "measure $7;" in _source(payload)
    parameters = json.loads(json.loads(payload.body)["deviceParameters"])
    from braket.device_schema.rigetti import RigettiDeviceParameters

    assert RigettiDeviceParameters.parse_obj(parameters).paradigmParameters.disableQubitRewiring
    result = ankaa.run(circuit, 200).result(60)
    assert set(result.counts) == {"10", "11"}
    assert "deviceParameters" not in json.loads(get_backend("braket:iqm/Garnet").payloads(circuit, 10)[0].body)
    with pytest.raises(BackendError, match="takes no circuits that say which qubits"):
        get_backend("braket:sv1", rewiring=False).run(circuit, 10)


@pytest.mark.parametrize(
    ("device", "circuit", "texts"),
    [
        (
            "iqm/Garnet",
            Circuit(2).ry(0.7, 0).x(1).cz(0, 1).rx(-0.4, 1).h(0).h(0),
            None,
        ),
        (
            "iqm/Garnet",
            Circuit(2).ry(0.7, 0).x(1).barrier().cz(0, 1).rx(-0.4, 1).sxdg(0),
            ["prx(0.7", ") $1;", "cz $1, $2;"],
        ),
        (
            "ionq/Forte-1",
            Circuit(2).x(0).y(1).sx(0).rzz(0.3, 0, 1).ry(-np.pi / 2, 1),
            ["gpi(", "gpi2(", "zz(0.3) $0, $1;"],
        ),
        (
            "rigetti/Ankaa-3",
            Circuit(8).rx(np.pi / 2, 4).rz(0.3, 4).iswap(4, 7).s(7).sxdg(7),
            ["rx(1.5707963267948966) $4;", "iswap $4, $8;", "rz(1.57"],
        ),
    ],
)  # fmt: skip
def test_verbatim_circuits_run_as_they_stand(braket, device, circuit, texts) -> None:
    backend = get_backend(f"braket:{device}", verbatim=True)
    circuit = circuit.copy().measure_all()
    if texts is None:
        with pytest.raises(
            ConversionError, match="cannot write 'h' at position 4: it is none of the device's own gates, cz"
        ):
            backend.payloads(circuit, 100)
        return
    (payload,) = backend.payloads(circuit, 100)
    assert all(text in _source(payload) for text in texts)
    assert "\n#pragma braket verbatim\nbox{\n" in _source(payload)
    (parsed,) = BraketSerializer().circuits(payload)
    want = StatevectorSimulator().probabilities(circuit)
    # What is parsed has only the qubits that are named, in their order.
    np.testing.assert_allclose(StatevectorSimulator().probabilities(parsed), want, atol=1e-9)
    counts = backend.run(circuit, 4000).result(60).counts
    assert chi_squared_p_value(counts, circuit) > CHANCE


def test_verbatim_keeps_to_the_devices_pairs(braket) -> None:
    backend = get_backend("braket:iqm/Garnet", verbatim=True)
    with pytest.raises(BackendError, match=r"joins no qubits \(0, 2\), got cz on them, verbatim"):
        backend.run(Circuit(3).cz(0, 2).measure_all(), 10)
    with pytest.raises(ConversionError, match="runs exactly as it stands is made of the device's own gates"):
        backend.run(Circuit(1).initialize([0, 1], 0).measure_all(), 10)
    with pytest.raises(BackendError, match="takes no verbatim circuits"):
        get_backend("braket:sv1", verbatim=True).run(Circuit(1).x(0).measure_all(), 10)


# --- the life of a task ---


def test_brakets_own_sdk_reads_the_task_and_its_result(braket) -> None:
    from braket.aws import AwsDevice, AwsQuantumTask, AwsSession

    session = AwsSession()
    job = get_backend("braket:ionq/Forte-1").run(uneven_circuit(3), 500)
    mine = job.result(60).counts
    theirs = AwsQuantumTask(job.vendor_ids[0]).result()
    assert {key[::-1]: count for key, count in theirs.measurement_counts.items()} == dict(mine)
    job = get_backend("braket:iqm/Garnet").run([uneven_circuit(2), uneven_circuit(3)], 300)
    mine = [result.counts for result in job.result(60)]
    sets = AwsQuantumTask(job.vendor_ids[0]).result()
    theirs = [{key[::-1]: count for key, count in entry[0].counts.items()} for entry in sets.entries]
    assert theirs == [dict(counts) for counts in mine]
    # And what the SDK submits is read here by the same rules.
    device = AwsDevice(DEVICES["amazon/sv1"], session)
    from braket.circuits import Circuit as BraketCircuit

    task = device.run(BraketCircuit().x(0).i(1), (BUCKET, "theirs"), shots=7)
    body = json.loads(braket.jobs()[-1]["body"])
    assert body["outputS3KeyPrefix"] == "theirs"
    assert task.result().measurement_counts == {"10": 7}


def test_the_token_makes_a_repetition_the_same_task(braket) -> None:
    backend = get_backend("braket:sv1")
    (payload,) = backend.payloads(uneven_circuit(), 10)
    key = json.loads(payload.body)["clientToken"]
    before = len(braket.jobs())
    first = backend.client.submit(payload, key)
    assert backend.client.submit(payload, key) == first
    assert len(braket.jobs()) == before + 1
    for _ in range(4):  # more than one page of tasks
        backend.run(Circuit(1).x(0).measure_all(), 3)
    assert backend.client.find(payload, key) == first
    assert backend.client.find(backend.payloads(uneven_circuit(), 10)[0], "another") is None


def test_a_task_is_asked_for_where_it_was_made(braket, monkeypatch) -> None:
    job = get_backend("braket:sv1").run(uneven_circuit(), 10)
    (part,) = job.record.parts
    assert ":us-west-2:" in job.vendor_ids[0]
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    elsewhere = get_backend("braket:sv1").client
    assert elsewhere.region == "eu-west-2"
    assert elsewhere.poll(job.vendor_ids[0]).status is JobStatus.DONE
    assert elsewhere.find(part.payload, part.key) == job.vendor_ids[0]
    assert recalled(job.id).result(60).shots == 10


def test_another_account_does_not_call_a_task_lost(braket) -> None:
    backend = get_backend("braket:sv1", s3_bucket="somebody-elses")
    (payload,) = backend.payloads(uneven_circuit(), 10)
    with pytest.raises(CannotTell, match="may be another one: its bucket is out of reach"):
        backend.client.find(payload, json.loads(payload.body)["clientToken"])


def test_a_refused_task_says_why(braket) -> None:
    with pytest.raises(BackendError, match=r"refused the job: .*doesn't have access to the bucket"):
        get_backend("braket:sv1", s3_bucket="somebody-elses").run(uneven_circuit(), 10)
    assert JobStore().jobs()[0].status is JobStatus.FAILED


def test_the_state_of_a_task_that_waits(braket) -> None:
    backend = get_backend("braket:sv1")
    job = backend.run(uneven_circuit(), 10)
    braket.faults({"kind": "waiting_status", "times": 3})
    assert job.status() is JobStatus.QUEUED
    seen = backend.client.poll(job.vendor_ids[0])
    assert (seen.raw, seen.facts) == ("QUEUED", {"queue_position": "2"})
    assert job.cancel()
    backend.client.cancel(job.vendor_ids[0])  # left alone: it has ended
    assert job.status() is JobStatus.CANCELLED


# --- names, places to write to, credentials ---


def test_names_of_devices() -> None:
    assert arn_of("ionq/forte-1") == arn_of("Forte-1") == DEVICES["ionq/Forte-1"]
    foreign = "arn:aws:braket:eu-west-2::device/qpu/oqc/Toshiko"
    assert arn_of(foreign) == foreign
    assert (short_name(foreign), region_of(foreign, "us-east-1")) == ("oqc/Toshiko", "eu-west-2")
    assert region_of(DEVICES["amazon/sv1"], "eu-west-2") == "eu-west-2"
    with pytest.raises(UnknownBackendError, match="'braket:ionq/Fort-1'; did you mean 'braket:ionq/Forte-1'"):
        arn_of("ionq/Fort-1")
    for odd in (None, 3, "", "arn:aws:s3:::bucket", "arn:aws:braket:us-east-1::device/qpu/../.."):
        with pytest.raises((InputError, UnknownBackendError)):
            arn_of(odd)


def test_a_device_has_one_name(braket) -> None:
    names = ("sv1", "Amazon/SV1", DEVICES["amazon/sv1"])
    assert {get_backend(f"braket:{name}").name for name in names} == {"braket:amazon/sv1"}
    foreign = "arn:aws:braket:eu-west-2::device/qpu/oqc/Toshiko"
    assert get_backend(f"braket:{foreign}").name == f"braket:{foreign}"
    with pytest.raises(BackendError, match="in eu-west-2 does not describe"):
        get_backend(f"braket:{foreign}").run(uneven_circuit(), 10)


def test_the_names_are_those_of_the_sdk() -> None:
    from braket.devices import Devices

    theirs = {arn.value for family in ("Amazon", "AQT", "IonQ", "IQM", "Rigetti") for arn in getattr(Devices, family)}
    assert set(DEVICES.values()) <= theirs
    open_names = {
        arn.value for family in ("AQT", "IonQ", "IQM") for arn in getattr(Devices, family) if arn.name[0] != "_"
    }
    assert open_names <= set(DEVICES.values())


def test_the_devices_of_all_regions(braket) -> None:
    found = {info.name: info for info in PROVIDER.devices()}
    assert set(found) == {
        "braket:amazon/sv1",
        "braket:amazon/dm1",
        "braket:ionq/Forte-1",
        "braket:iqm/Garnet",
        "braket:rigetti/Ankaa-3",
    }
    assert (found["braket:iqm/Garnet"].num_qubits, found["braket:iqm/Garnet"].queue) == (20, 3)
    assert found["braket:amazon/sv1"].kind == "simulator"
    braket.faults({"match": "POST /devices", "kind": "error_before"})
    with pytest.raises(BackendError, match="does not list its devices"):
        PROVIDER.devices()


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ("{", "cannot be read: JSONDecodeError"),
        ('{"action": {"braket.ir.ahs.program": {}}}', "runs no circuits of gates, its actions are braket.ir.ahs"),
        ('{"action": {"braket.ir.openqasm.program": {}}, "paradigm": {}}', "cannot be read: KeyError"),
        ("[]", "cannot be read"),
        (
            '{"action": {"braket.ir.openqasm.program": {"supportedOperations": []}}, "paradigm": {"qubitCount": 0},'
            ' "service": {"shotsRange": [1, 10]}}',
            "0 qubits",
        ),
    ],
)
def test_descriptions_that_cannot_be_read(described, message) -> None:
    answer = {
        "deviceArn": "arn:x",
        "deviceName": "x",
        "providerName": "x",
        "deviceType": "QPU",
        "deviceStatus": "ONLINE",
    }
    with pytest.raises(BackendError, match=message):
        read_properties(answer | {"deviceCapabilities": described})


def test_a_bucket_is_asked_for(braket, monkeypatch) -> None:
    monkeypatch.delenv("AMZN_BRAKET_OUT_S3_BUCKET")
    with pytest.raises(InputError, match="give s3_bucket, or set AMZN_BRAKET_OUT_S3_BUCKET"):
        get_backend("braket:sv1").run(uneven_circuit(), 10)
    (payload,) = get_backend("braket:sv1", s3_bucket=BUCKET, s3_prefix="mine/here").payloads(uneven_circuit(), 10)
    body = json.loads(payload.body)
    assert body["outputS3KeyPrefix"] == f"mine/here/{body['clientToken']}"
    for options in ({"s3_bucket": "No Bucket"}, {"s3_prefix": "a//b"}, {"s3_prefix": "a" * 901}, {"rewiring": 3}):
        with pytest.raises(InputError):
            get_backend("braket:sv1", **options)


def test_credentials_of_aws_in_every_way(braket, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsError, match="needs the credential AWS_SECRET_ACCESS_KEY"):
        get_backend("braket:sv1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(
        CredentialsError, match="AWS finds none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROF"
    ):
        get_backend("braket:sv1")
    (tmp_path / "credentials").write_text(f"[mine]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert get_backend("braket:sv1").capabilities.num_qubits == 34
    monkeypatch.setenv("AWS_PROFILE", "theirs")
    with pytest.raises(CredentialsError, match=r"AWS's configuration cannot be used: .*theirs"):
        get_backend("braket:sv1")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(CredentialsError, match="needs a region: give region, set AWS_REGION"):
        get_backend("braket:sv1")
    monkeypatch.setenv("BRAKET_ENDPOINT", "http://example.org")
    with pytest.raises(InputError, match="over https alone"):
        get_backend("braket:sv1", region="us-east-1")


def test_a_token_of_a_session_stays_out_of_the_log_of_botocore(braket, monkeypatch, caplog) -> None:
    token = "session-token-Zq8" * 3
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    caplog.set_level(logging.DEBUG)
    get_backend("braket:sv1").run(uneven_circuit(), 10).result(60)
    assert "X-Amz-Security-Token" in caplog.text
    assert token not in caplog.text
    assert SECRET not in caplog.text


def test_the_service_needs_no_sdk_but_boto3(braket) -> None:
    script = """
import sys
from qtoolkit import Circuit, get_backend
result = get_backend("braket:sv1").run(Circuit(2).x(1).measure_all(), 5).result(60)
assert dict(result.counts) == {"10": 5}
print([name for name in ("braket", "numba", "qiskit") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert "'braket'" not in done.stdout


def test_payloads_of_others_are_refused(braket) -> None:
    from dataclasses import replace

    serializer = BraketSerializer()
    (payload,) = get_backend("braket:sv1").payloads(uneven_circuit(), 10)
    for body in (b"{", b"[]", b'{"action": "{}"}'):
        with pytest.raises(ConversionError, match="none of a task of Braket"):
            serializer.circuits(replace(payload, body=body))
    whole = json.loads(payload.body)
    for source, words in [
        ("OPENQASM 3.0;\nqubit[1] q;\nbit[2] b;\nb[1] = measure q[0];\n", "writes each bit of b once"),
        ("OPENQASM 3.0;\nqubit[1] q;\nbit[1] b;\nfrob q[0];\nb[0] = measure q[0];\n", "cannot be parsed"),
    ]:
        action = json.loads(whole["action"]) | {"source": source}
        with pytest.raises(ConversionError, match=words):
            serializer.circuits(replace(payload, body=json.dumps(whole | {"action": json.dumps(action)}).encode()))
