"""IQM: what all clouds share, and the ways of IQM Server."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, uneven_circuit
from cloud_contract import CloudContract, canary
from stubs.iqm import CALIBRATIONS, SQUARE, TOKEN
from stubs.server import running

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends import get_backend, list_backends, reconcile
from qtoolkit.backends.calibration import Calibration
from qtoolkit.backends.iqm.architecture import read_architecture
from qtoolkit.backends.iqm.catalog import PROVIDER
from qtoolkit.backends.iqm.compiling import compiled
from qtoolkit.backends.iqm.job import STATES
from qtoolkit.backends.iqm.serializer import IQMSerializer
from qtoolkit.backends.provider import DeviceInfo
from qtoolkit.backends.registry import serializer_of
from qtoolkit.circuit import STANDARD_GATES, Condition, StandardGate, UnitaryGate
from qtoolkit.errors import (
    BackendError,
    ConversionError,
    CredentialsError,
    InputError,
    JobError,
    UnknownSubmissionError,
)


class TestIQM(CloudContract):
    stub = "iqm"
    backend_name = "iqm:garnet"
    submits = "POST /api/v1/jobs/garnet/circuit"
    polls = "^GET /api/v1/jobs/[^/]+$"
    fetches = "^GET /api/v1/jobs/[^/]+/artifacts/measurements$"
    token = TOKEN
    can_find = False
    max_circuits = 100

    def environment(self, address):
        return {"IQM_SERVER_URL": address, "IQM_TOKEN": TOKEN}

    def test_capabilities_are_those_of_the_calibration(self, cloud):
        here = self.open().capabilities
        # Qubit 20 is not calibrated for measurements.
        assert here.num_qubits == 19
        assert here.connectivity == tuple(sorted((a - 1, b - 1) for a, b in SQUARE if b != 20))
        assert not here.supports_conditionals
        assert not here.supports_reset
        with pytest.raises(BackendError, match="under a condition"):
            self.open().run(Circuit(1, 2).h(0).measure(0, 0).if_(0, lambda b: b.x(0)).measure(0, 1), 5)
        with pytest.raises(BackendError, match="no iqm:granite with the calibration default"):
            get_backend("iqm:granite").run(uneven_circuit(), 5)
        with pytest.raises(BackendError, match="with the calibration 1234"):
            self.open(calibration_set="1234").run(uneven_circuit(), 5)

    def test_the_body_names_the_calibration_and_the_components(self, cloud):
        circuit, _ = canary()
        here = self.open().run(circuit, 9)
        (seen,) = self.new_jobs(cloud)
        body = json.loads(seen["body"])
        assert body["calibration_set_id"] == CALIBRATIONS["garnet"]
        assert body["shots"] == 9
        assert {item["name"] for item in body["circuits"][0]["instructions"]} <= {"prx", "cz", "measure", "barrier"}
        (part,) = here.record.parts
        assert len(part.payload.facts["layouts"][0]) == 5
        assert all(name.startswith("QB") for name in part.payload.facts["layouts"][0])

    def test_the_calibration_is_on_record(self, cloud):
        here = self.open().run(uneven_circuit(), 9)
        found = Calibration.from_json(here.record.calibration)
        assert (found.device, found.source, found.labels) == ("iqm:garnet", "iqm", ("QB1", "QB2"))
        assert found.taken_at == datetime(2026, 1, 1, 1, tzinfo=UTC)
        assert found.qubits[0].t1 == 3.5e-5
        assert found.qubits[0].p1_given_0 == pytest.approx(0.02)
        assert found.gate("cz", [1, 0]).error == pytest.approx(0.007)
        assert found.gate("u", [0]) is None  # its metric is not valid
        cloud.faults({"match": "^GET .*/metrics", "kind": "error_before"})
        assert self.open().run(uneven_circuit(), 9).record.calibration is None

    def test_an_unanswered_submission_says_where_to_look(self, cloud):
        cloud.faults({"match": self.submits, "kind": "error_after", "times": 1})
        with pytest.raises(UnknownSubmissionError, match="may or may not have accepted"):
            self.open().run(uneven_circuit(), 9)
        (verdict,) = reconcile()
        assert verdict.verdict == "unknown"
        (seen,) = self.new_jobs(cloud)
        assert seen["key"].partition("/")[0] in verdict.reason

    def test_counts_where_there_are_no_shots(self, cloud):
        circuit, outcome = canary()
        here = self.open().run(circuit, 11)
        cloud.faults({"kind": "no_measurements"})
        result = here.result(60)
        assert dict(result.counts) == {outcome: 11}
        assert result.memory is None

    def test_shots_are_kept(self, cloud):
        result = self.open().run(uneven_circuit(), 12).result(60)
        assert result.memory.shape == (12, 3)

    def test_devices_of_the_server(self, cloud):
        assert PROVIDER.devices() == [
            DeviceInfo("iqm:garnet", 20, "device", "operational", description="IQM Garnet"),
            DeviceInfo("iqm:emerald", 8, "device", "calibrating", description="IQM Emerald"),
            DeviceInfo("iqm:sirius", 6, "device", "operational", description="IQM Sirius"),
        ]

    def test_odd_answers_are_refused_and_kept(self, cloud):
        for odd in ([{"c0_0": [[2]] * 30}], [{"c0_0": [0] * 30}], [{"c0_0": [[0.5]] * 30}], [{}], [], {"a": 1}, [[1]]):
            here = self.open().run(uneven_circuit(2), 30)
            cloud.faults({"match": self.fetches, "kind": "replaced", "body": json.dumps(odd), "times": 1})
            with pytest.raises(JobError, match="cannot be"):
                here.result(60)
            assert here.result(60).shots == 30

    def test_an_odd_architecture_is_refused(self, cloud):
        nothing = {"gates": 1, "computational_resonators": [], "calibration_set_id": ""}
        for odd in ("[]", '{"gates": {}}', json.dumps(nothing), "x"):
            cloud.faults({"match": "^GET .*dynamic-quantum", "kind": "replaced", "body": odd})
            with pytest.raises(BackendError):
                self.open().run(uneven_circuit(), 5)


@pytest.fixture(scope="module")
def server():
    with running("iqm") as found:
        yield found


@pytest.fixture
def iqm(server, monkeypatch):
    monkeypatch.setenv("IQM_SERVER_URL", server.address)
    monkeypatch.setenv("IQM_TOKEN", TOKEN)
    server.faults()
    return server


def test_qubits_around_a_resonator(iqm):
    """One qubit of each pair is moved into the resonator and back; qubit 6 cannot be moved, and 1 not be joined."""
    backend = get_backend("iqm:sirius")
    assert (0, 5) in backend.capabilities.connectivity
    assert (4, 5) not in backend.capabilities.connectivity
    circuit, outcome = canary()
    job = backend.run(circuit, 20)
    assert dict(job.result(60).counts) == {outcome: 20}
    names = [item["name"] for item in json.loads(iqm.jobs()[-1]["body"])["circuits"][0]["instructions"]]
    assert names.count("move") == 2 * names.count("cz") > 0
    assert job.record.calibration is None
    result = backend.run(uneven_circuit(6), 3000).result(60)
    assert chi_squared_p_value(result.counts, uneven_circuit(6)) > 1e-4
    (payload,) = backend.payloads(circuit, 20)
    (parsed,) = serializer_of(payload.format).circuits(payload)
    assert dict(StatevectorSimulator().run(parsed, 20).counts) == {outcome: 20}


DYNAMIC = {
    "measured and used again": Circuit(2, 3).h(0).measure(0, 0).cx(0, 1).ry(0.7, 0).measure([0, 1], [1, 2]),
    "reset": Circuit(2, 3).ry(1.1, 0).cx(0, 1).measure(1, 0).reset(0).ry(0.4, 0).measure([0, 1], [1, 2]),
    "condition": Circuit(2, 2).ry(1.1, 0).rz(0.4, 1).measure(0, 0).if_(0, lambda b: b.x(1)).measure(1, 1),
    "a gate behind a phase": Circuit(2, 2)
    .ry(1.1, 0)
    .h(1)
    .rz(0.9, 1)
    .measure(0, 0)
    .if_(0, lambda b: b.h(1).t(1))
    .ry(0.6, 1)
    .measure(1, 1),
    "only a phase": Circuit(2, 2).h(0).h(1).measure(0, 0).if_(0, lambda b: b.rz(0.8, 1)).h(1).measure(1, 1),
    "a bit written twice": Circuit(2, 2).x(0).measure(0, 0).h(0).measure(0, 0).if_(0, lambda b: b.x(1)).measure(1, 1),
    "a bit never written": Circuit(2, 2).if_(1, lambda b: b.x(0)).h(1).measure([0, 1], [0, 0]),
}


@pytest.mark.parametrize("name", DYNAMIC)
def test_what_circuits_do_on_the_way(iqm, name):
    circuit = DYNAMIC[name]
    expected = get_backend("local").run(circuit, 4000, seed=1).result()
    backend = get_backend("iqm:emerald")
    found = backend.run(circuit, 1000).result(60)
    (payload,) = backend.payloads(circuit, 10)
    (parsed,) = serializer_of(payload.format).circuits(payload)
    again = get_backend("local").run(parsed, 4000, seed=2).result()
    for result in (found, again):
        assert set(result.counts) == set(expected.counts)
        for key, count in expected.counts.items():
            assert abs(result.counts[key] / result.shots - count / 4000) < 0.09


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (Circuit(2, 2).measure(0, 0).if_(0, lambda b: b.x(1), lambda b: b.h(1)).measure(1, 1), "with an else"),
        (Circuit(2, 3).measure([0, 1], [0, 1]).if_(Condition((0, 1), 2), lambda b: b.x(1)).measure(1, 2), "got a cond"),
        (Circuit(2, 2).measure(0, 0).if_(Condition((0,), 0), lambda b: b.x(1)).measure(1, 1), "c0==0"),
        (Circuit(2, 2).measure(0, 0).if_(0, lambda b: b.if_(0, lambda c: c.x(1))).measure(1, 1), "inside each other"),
        (Circuit(3, 2).measure(0, 0).if_(0, lambda b: b.cx(1, 2)).measure(1, 1), "gates of one qubit"),
        (Circuit(3, 2).measure(0, 0).if_(0, lambda b: b.measure(1, 1)).measure(1, 1), "gates of one qubit"),
    ],
)
def test_conditions_that_the_device_has_not(iqm, circuit, message):
    before = len(iqm.jobs())
    with pytest.raises(BackendError, match=message):
        get_backend("iqm:emerald").run(circuit, 5)
    assert len(iqm.jobs()) == before


def random_unitary(size, seed):
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


GATES = [
    *(StandardGate(name, tuple(0.5 + 0.4 * k for k in range(len(record.parameter_names))))
      for name, record in STANDARD_GATES.items() if record.num_qubits),
    UnitaryGate(random_unitary(2, 1)),
    UnitaryGate(random_unitary(4, 2)),
]  # fmt: skip


@pytest.fixture(scope="module")
def lattice():
    singles = [[f"QB{k}"] for k in range(1, 21)]
    loci = {"prx": singles, "measure": singles, "cz": [[f"QB{a}", f"QB{b}"] for a, b in SQUARE]}
    gates = {name: {"implementations": {"one": {"loci": found}}} for name, found in loci.items()}
    return read_architecture({"calibration_set_id": "x", "computational_resonators": [], "gates": gates})


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: f"{gate.name}{gate.num_qubits}")
def test_every_gate_is_what_it_was(lattice, gate):
    """Exactly: the probabilities of what is compiled and read back."""
    circuit = Circuit(gate.num_qubits)
    for qubit in range(gate.num_qubits):
        circuit.ry(0.4 + qubit, qubit).rz(0.3 + qubit, qubit)
    circuit.append(gate, range(gate.num_qubits))
    for qubit in range(gate.num_qubits):
        circuit.rx(0.8 - 0.3 * qubit, qubit).ry(0.2, qubit)
    circuit.measure_all()
    expected = StatevectorSimulator().probabilities(circuit)
    read = read_back(compiled(circuit, lattice, 1, "iqm:lattice"), circuit.num_clbits)
    assert np.allclose(read, expected, atol=1e-9)


def read_back(program, num_clbits):
    from qtoolkit.backends.iqm.serializer import _append

    names = sorted({name for item in program.instructions for name in item["locus"]})
    circuit = Circuit(len(names), num_clbits)
    for item in program.instructions:
        _append(circuit, item["name"], [names.index(name) for name in item["locus"]], item["args"])
    body, measured = circuit.split_final_measurements()
    weights = np.abs(StatevectorSimulator().state_vector(body)) ** 2
    places = dict(measured)
    found = np.zeros(1 << num_clbits)
    for index, weight in enumerate(weights):
        found[sum((index >> qubit & 1) << clbit for qubit, clbit in places.items())] += weight
    return found


def test_the_same_circuit_gives_the_same_program(lattice):
    one, two = (compiled(uneven_circuit(5), lattice, 2, "iqm:lattice") for _ in range(2))
    assert one == two


def test_rotations_about_z_are_none_of_the_devices(lattice):
    circuit = Circuit(1).rz(0.3, 0).h(0).rz(0.7, 0).ry(0.2, 0).t(0).measure_all()
    program = compiled(circuit, lattice, 0, "iqm:lattice")
    assert [item["name"] for item in program.instructions if item["name"] != "barrier"] == ["prx", "prx", "measure"]


def test_a_computer_whose_qubits_are_not_joined_is_named():
    singles = [["QB1"], ["QB2"]]
    gates = {name: {"implementations": {"one": {"loci": singles}}} for name in ("prx", "measure")}
    data = {"calibration_set_id": "x", "computational_resonators": [], "gates": gates}
    apart = read_architecture(data)
    assert compiled(Circuit(2).h(0).measure_all(), apart, 1, "iqm:apart").keys == {0: "c0_0", 1: "c1_0"}
    with pytest.raises(BackendError, match="cannot be compiled for iqm:apart"):
        compiled(Circuit(2).cx(0, 1).measure_all(), apart, 1, "iqm:apart")
    with pytest.raises(BackendError, match="no qubit that can be rotated"):
        read_architecture({**data, "gates": {}})


def test_qubits_are_in_the_order_of_their_numbers(lattice):
    assert lattice.qubits[:3] == ("QB1", "QB2", "QB3")
    assert lattice.qubits[9:11] == ("QB10", "QB11")


def test_what_is_no_payload_is_refused(iqm):
    (payload,) = get_backend("iqm:garnet").payloads(uneven_circuit(), 5)
    from dataclasses import replace

    for body in (b"", b"{}", b'{"circuits": [{"instructions": [{}]}]}', payload.body.replace(b'"prx"', b'"delay"')):
        with pytest.raises(ConversionError):
            IQMSerializer().circuits(replace(payload, body=body))


def test_options(iqm):
    for wrong in ({"calibration_set": ""}, {"optimization_level": 4}, {"optimization_level": True}, {"noise": 1}):
        with pytest.raises(InputError):
            get_backend("iqm:garnet", **wrong)
    here = get_backend("iqm:garnet", optimization_level=0)
    assert here.run(uneven_circuit(), 20).result(60).shots == 20


def test_a_token_is_needed(monkeypatch):
    monkeypatch.delenv("IQM_TOKEN", raising=False)
    with pytest.raises(CredentialsError, match="IQM_TOKEN"):
        get_backend("iqm:garnet")
    monkeypatch.setenv("IQM_TOKEN", TOKEN)
    monkeypatch.setenv("IQM_SERVER_URL", "http://example.org")
    with pytest.raises(InputError, match="https alone"):
        get_backend("iqm:garnet")


def test_every_state_of_the_server_is_known():
    assert set(STATES) == {"waiting", "processing", "completed", "failed", "cancelled"}
    assert [info.name for info in list_backends() if info.provider == "iqm"] == []
