"""Calibrations of every provider's form, and the noise that follows from them."""

import json
import math
import re
from dataclasses import astuple
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module

import numpy as np
import pytest

from qtoolkit import Circuit
from qtoolkit.backends.calibration import (
    Calibration,
    GateCalibration,
    QubitCalibration,
    calibration_from_braket,
    calibration_from_google,
    calibration_from_ibm,
    calibration_from_iqm,
    calibration_from_origin,
)
from qtoolkit.backends.calibration.rules import error_parts, relaxation_error
from qtoolkit.errors import BackendError, InputError
from qtoolkit.noise import average_gate_fidelity, depolarizing, thermal_relaxation

MICRO, NANO = 1e-6, 1e-9


def channels(model):
    """What follows each gate on its operands, as one channel; by name, or number of qubits."""
    found = {}
    for rule in model._rules:
        for place in rule.places:
            for gate in rule.gates:
                before = found.get((gate, place))
                found[gate, place] = rule.channel if before is None else before.compose(rule.channel)
    return found


def readouts(model):
    return {qubit: rule.error.confusion for rule in model._readouts for qubit in rule.qubits}


def again(calibration):
    return Calibration.from_json(json.loads(json.dumps(calibration.to_json(), allow_nan=False)))


# --- one qubit and one gate, in closed form ---


@pytest.mark.parametrize("size", [1, 2])
def test_a_gates_average_error_is_the_calibrations(size):
    rng = np.random.default_rng(size)
    for _ in range(30):
        times = tuple((t1, rng.uniform(0.1, 2.0) * t1) for t1 in rng.uniform(10, 300, size) * MICRO)
        entry = GateCalibration("g", size, tuple(range(size)), rng.uniform(1e-4, 0.3), rng.uniform(1, 800) * NANO)
        qubits = {k: QubitCalibration(*pair) for k, pair in enumerate(times)}
        model = Calibration("d", "ibm", None, size, qubits, (entry,)).noise_model()
        channel = channels(model)["g", entry.qubits]
        assert 1.0 - average_gate_fidelity(channel) == pytest.approx(entry.error, abs=1e-12)


def test_relaxation_in_closed_form():
    t1, t2, time = 90 * MICRO, 60 * MICRO, 300 * NANO
    single = thermal_relaxation(t1, t2, time)
    assert relaxation_error([(t1, t2)], time) == pytest.approx(1.0 - average_gate_fidelity(single), rel=1e-9)
    other = thermal_relaxation(2 * t1, t2, time)
    expected = 1.0 - average_gate_fidelity(single.tensor(other))
    assert relaxation_error([(t1, t2), (2 * t1, t2)], time) == pytest.approx(expected, rel=1e-9)
    assert relaxation_error([(math.inf, math.inf)], time) == 0.0
    assert relaxation_error([(t1, t2)], None) == 0.0


def test_an_error_without_times_is_depolarising_alone():
    entry = GateCalibration(None, 1, (0,), 0.002)
    assert error_parts(entry, ((math.inf, math.inf),)) == (pytest.approx(0.003), 0.0)
    pair = GateCalibration("cz", 2, (0, 1), 0.004)
    assert error_parts(pair, ((math.inf, math.inf),) * 2)[0] == pytest.approx(0.005)


def test_relaxation_is_cut_short_where_it_has_more_than_the_gates_error():
    times = ((15 * MICRO, 0.5 * MICRO),)
    entry = GateCalibration(None, 1, (0,), 0.0027, 30 * NANO)
    p, time = error_parts(entry, times)
    assert p == 0.0
    assert 0.0 < time < 30 * NANO
    assert relaxation_error(times, time) == pytest.approx(0.0027, rel=1e-10)
    assert error_parts(entry, times, full_relaxation=True) == (0.0, 30 * NANO)


def test_errors_of_no_gate_and_of_a_dead_one():
    times = ((100 * MICRO, 80 * MICRO),) * 2
    for error in (None, 0.0):
        assert error_parts(GateCalibration("cz", 2, (0, 1), error, 50 * NANO), times) == (0.0, 50 * NANO)
    dead = GateCalibration("cz", 2, (0, 1), 1.0, 50 * NANO)
    assert dead.is_dead
    assert error_parts(dead, times) == (15 / 16, 0.0)
    calibration = Calibration("d", "ibm", None, 2, {}, (dead,))
    assert calibration.dead == (dead,)
    mixed = channels(calibration.noise_model())["cz", (0, 1)].superoperator()
    np.testing.assert_allclose(mixed, depolarizing(15 / 16, 2).superoperator(), atol=1e-12)
    np.testing.assert_allclose(np.linalg.matrix_rank(mixed, tol=1e-9), 1)


def test_t2_above_its_limit_counts_as_the_limit():
    qubits = {0: QubitCalibration(50 * MICRO, 500 * MICRO)}
    gate = GateCalibration("x", 1, (0,), None, 100 * NANO)
    calibration = Calibration("d", "ibm", None, 1, qubits, (gate,))
    channel = channels(calibration.noise_model())["x", (0,)]
    expected = thermal_relaxation(50 * MICRO, 100 * MICRO, 100 * NANO)
    np.testing.assert_allclose(channel.superoperator(), expected.superoperator(), atol=1e-14)
    assert calibration.qubits[0].t2 == 500 * MICRO


def test_an_unknown_t2_is_twice_t1_and_an_unknown_t1_is_infinite():
    gate = GateCalibration("x", 1, (0,), None, 100 * NANO)
    for qubit, t1, t2 in (
        (QubitCalibration(50 * MICRO), 50 * MICRO, 100 * MICRO),
        (QubitCalibration(None, 50 * MICRO), math.inf, 50 * MICRO),
    ):
        model = Calibration("d", "ibm", None, 1, {0: qubit}, (gate,)).noise_model()
        expected = thermal_relaxation(t1, t2, 100 * NANO).superoperator()
        np.testing.assert_allclose(channels(model)["x", (0,)].superoperator(), expected, atol=1e-14)


# --- where the noise goes ---


def small():
    qubits = {0: QubitCalibration(p1_given_0=0.02, p0_given_1=0.05), 1: QubitCalibration(), 2: QubitCalibration()}
    gates = (
        GateCalibration("sx", 1, (0,), 0.001),
        GateCalibration("rz", 1, (0,), 0.0, 0.0),
        GateCalibration("cz", 2, (0, 1), 0.01),
        GateCalibration("ecr", 2, (1, 2), 0.02),
    )
    frames = frozenset({"rz", "id"})
    return Calibration("d", "ibm", None, 3, qubits, gates, frozenset({(0, 1), (1, 2)}), frames)


def test_which_gates_have_noise():
    model = small().noise_model()
    circuit = Circuit(3, 1).sx(0).rz(0.3, 0).x(0).cz(1, 0).cx(0, 1).ecr(2, 1).cz(0, 2).measure(0, 0)
    written = [operation.gate.name for operation in model.apply(circuit)]
    assert written == [
        *("sx", "depolarizing", "rz", "x", "depolarizing", "cz", "depolarizing", "cx", "depolarizing"),
        *("ecr", "depolarizing", "cz", "measure", "readout_error"),
    ]
    assert model.uncovered(circuit) == {"cz": 1, "rz": 1}


def test_entries_that_stand_for_gates():
    calibration = small()
    assert calibration.gate("sx", [0]).error == 0.001
    assert calibration.gate("h", [0]).name == "sx"
    assert calibration.gate("rz", [0]).error == 0.0
    assert calibration.gate("rz", [1]) is None
    assert calibration.gate("h", [1]) is None
    assert calibration.gate("cz", [1, 0]).error == 0.01
    assert calibration.gate("ecr", [2, 1]).error == 0.02
    assert calibration.gate("cx", [0, 2]) is None


def test_gates_of_a_circuits_qubits_elsewhere():
    calibration = small()
    model = calibration.noise_model(qubits=[1, 0])
    noisy = model.apply(Circuit(2, 2).cz(0, 1).sx(1).measure([0, 1], [0, 1]))
    assert [(op.gate.name, op.qubits, op.clbits) for op in noisy if not op.gate.name.startswith(("cz", "sx"))] == [
        ("depolarizing", (0, 1), ()),
        ("depolarizing", (1,), ()),
        ("measure", (0,), (0,)),
        ("measure", (1,), (1,)),
        ("readout_error", (), (1,)),
    ]
    assert readouts(model)[1].tolist() == [[0.98, 0.02], [0.05, 0.95]]
    for wrong in ([3], [0, 0], ["q0"], [True], 5):
        with pytest.raises(InputError, match="qubit"):
            calibration.noise_model(qubits=wrong)


def test_a_reset_is_no_gate_and_has_no_error():
    gates = (GateCalibration("reset", 1, (0,), None, 1000 * NANO), GateCalibration("x", 1, (0,), 0.01, 30 * NANO))
    calibration = Calibration("d", "ibm", None, 1, {0: QubitCalibration(10 * MICRO, 10 * MICRO)}, gates)
    model = calibration.noise_model()
    assert [op.gate.name for op in model.apply(Circuit(1).reset(0).x(0))][:2] == ["reset", "x"]
    assert calibration.gate("h", [0]).name == "x"


# --- JSON and checks ---


def test_json_comes_back():
    zone = timezone(timedelta(hours=-5))
    calibration = Calibration(
        device="d",
        source="google",
        taken_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=zone),
        num_qubits=3,
        qubits={0: QubitCalibration(1e-5, None, 0.1, 0.2, 1e-6), 2: QubitCalibration()},
        gates=(GateCalibration("cz", 2, (2, 0), 0.1, 1e-8), GateCalibration(None, 1, None, None, 2e-8)),
        coupling=frozenset({(0, 2)}),
        frames=frozenset({"rz"}),
        labels=("a", "b", "c"),
        remarks=("T1 of qubit 2 is nan",),
    )
    assert again(calibration) == calibration
    assert hash(again(calibration)) == hash(calibration)
    assert again(small()) == small()


def test_json_of_something_else():
    good = small().to_json()
    for wrong in (
        [],
        {},
        {**good, "format": 2},
        {**good, "qubits": []},
        {**good, "qubits": {"0": [1, 2, 3, 4, 5, 6]}},
        {**good, "qubits": {"0": [-1.0, None, None, None, None]}},
        {**good, "qubits": {"7": [None] * 5}},
        {**good, "gates": {"cz": [[2, [0, 0], 0.1, None]]}},
        {**good, "gates": {"cz": [[2, [0], 0.1, None]]}},
        {**good, "gates": {"cz": [[2, [0, 1], 1.5, None]]}},
        {**good, "gates": {"cz": [[2, ["0", "1"], 0.5, None]]}},
        {**good, "gates": {"cz": [[3, [0, 1, 2], 0.5, None]]}},
        {**good, "taken_at": "yesterday"},
        {**good, "device": None},
        {**good, "labels": ["a"]},
        {**good, "num_qubits": 0},
        {**good, "num_qubits": 10**9},
    ):
        with pytest.raises(InputError):
            Calibration.from_json(wrong)


# --- IBM ---


def ibm_calibration(name):
    fakes = pytest.importorskip("qiskit_ibm_runtime.fake_provider")
    device = getattr(fakes, name)()
    return device, calibration_from_ibm(device.properties().to_dict())


@pytest.mark.parametrize(
    "name",
    ["FakeManilaV2", *(pytest.param(name, marks=pytest.mark.slow) for name in ("FakeRochesterV2", "FakeSherbrooke"))],
)
def test_ibms_noise_is_that_of_aer(name):
    """Of gates that work, the channels themselves, which fixes their fidelities too."""
    noise = pytest.importorskip("qiskit_aer.noise")
    from qiskit.quantum_info import SuperOp

    device, calibration = ibm_calibration(name)
    ours = channels(calibration.noise_model(full_relaxation=True))
    bounded = channels(calibration.noise_model())
    names = {"u2": "sx", "u3": "u"}
    compared = dead = cut = 0
    for theirs, places in noise.NoiseModel.from_backend(device)._local_quantum_errors.items():
        if theirs == "reset":
            continue
        for qubits, error in places.items():
            key = names.get(theirs, theirs), tuple(qubits)
            entry = calibration.gate(*key)
            if entry.is_dead:
                # Aer goes on to channels that are worse than chance, ours ends at chance.
                assert average_gate_fidelity(ours[key]) == pytest.approx(0.25, abs=1e-9)
                dead += 1
                continue
            np.testing.assert_allclose(ours[key].superoperator(), SuperOp(error).data, atol=1e-9)
            measured = 1.0 - average_gate_fidelity(bounded[key])
            assert measured == pytest.approx(entry.error, abs=1e-9)
            cut += 1.0 - average_gate_fidelity(ours[key]) > measured + 1e-9
            compared += 1
    assert compared > 20
    assert (dead > 0) == (name != "FakeManilaV2")
    assert cut > 0


def test_ibms_readout_has_both_errors():
    """Aer takes their mean for devices of today, whose description has lost them."""
    noise = pytest.importorskip("qiskit_aer.noise")
    device, calibration = ibm_calibration("FakeManilaV2")
    ours = readouts(calibration.noise_model())
    theirs = noise.NoiseModel.from_backend(device)._local_readout_errors
    assert set(ours) == {qubit for (qubit,) in theirs}
    properties = device.properties()
    for qubit, confusion in ours.items():
        assert confusion[0, 1] == properties.qubit_property(qubit, "prob_meas1_prep0")[0]
        assert confusion[1, 0] == properties.qubit_property(qubit, "prob_meas0_prep1")[0]
        mean = 0.5 * (confusion[0, 1] + confusion[1, 0])
        assert mean == pytest.approx(theirs[(qubit,)].probabilities[0][1], abs=1e-9)


def test_what_ibm_says_in_units_of_ours():
    device, calibration = ibm_calibration("FakeManilaV2")
    properties = device.properties()
    assert calibration.source == "ibm"
    assert calibration.device == properties.backend_name
    assert calibration.taken_at == properties.last_update_date
    assert calibration.num_qubits == 5
    assert calibration.coupling == {tuple(pair) for pair in device.coupling_map}
    for qubit in range(5):
        facts = calibration.qubits[qubit]
        assert facts.t1 == pytest.approx(properties.t1(qubit), rel=1e-12)
        assert facts.t2 == pytest.approx(properties.t2(qubit), rel=1e-12)
        assert facts.readout_duration == pytest.approx(properties.readout_length(qubit), rel=1e-12)
    entry = calibration.gate("cx", [0, 1])
    assert entry.error == properties.gate_error("cx", [0, 1])
    assert entry.duration == pytest.approx(properties.gate_length("cx", [0, 1]), rel=1e-12)
    assert again(calibration) == calibration
    assert calibration.remarks == ()


def ibm_properties(**values):
    qubit = {"T1": (100.0, "us"), "T2": (80.0, "us"), "readout_error": (0.01, ""), **values}
    entries = [{"date": "x", "name": name, "unit": unit, "value": value} for name, (value, unit) in qubit.items()]
    parameters = [
        {"name": "gate_error", "unit": "", "value": 0.001},
        {"name": "gate_length", "unit": "ns", "value": 30},
    ]
    gates = [{"gate": "sx", "qubits": [0], "parameters": parameters, "name": "sx0"}]
    return {"backend_name": "ibm_here", "last_update_date": "2026-03-04T05:06:07Z", "qubits": [entries], "gates": gates}


def test_odd_values_of_ibm_are_left_out_and_said():
    data = ibm_properties(T1=(float("nan"), "us"), T2=(-3.0, "us"), readout_error=(1.5, ""), readout_length=(1.5, "µs"))
    data["gates"][0]["parameters"][0]["value"] = -1e-4
    calibration = calibration_from_ibm(data)
    assert astuple(calibration.qubits[0]) == (None, None, None, None, pytest.approx(1.5 * MICRO))
    assert [astuple(gate) for gate in calibration.gates] == [("sx", 1, (0,), None, pytest.approx(30 * NANO))]
    assert calibration.taken_at == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert [text.split(" is ")[0] for text in calibration.remarks] == [
        *("the readout error of qubit 0", "T1 of qubit 0", "T2 of qubit 0", "the error of sx on 0")
    ]
    assert calibration_from_ibm(ibm_properties(T1=(0.0, "us"))).qubits[0].t1 is None
    assert calibration_from_ibm(ibm_properties(T1=(None, "us"))).remarks == ()
    assert again(calibration) == calibration


def _broken_ibm():
    for key in ("qubits", "gates"):
        for value in (None, 5, "text", {}, [5]):
            yield {**ibm_properties(), key: value}
    yield ibm_properties(T1=("100", "us"))
    yield ibm_properties(T1=(True, "us"))
    yield ibm_properties(T1=(100.0, "fortnight"))
    yield ibm_properties(T1=(100.0, None))
    for change in ({"qubits": [1]}, {"qubits": [0, 0]}, {"qubits": ["a"]}, {"gate": None}, {"parameters": [{}]}):
        data = ibm_properties()
        data["gates"][0].update(change)
        yield data
    yield from (None, [], "text")


def test_properties_of_another_shape():
    for data in _broken_ibm():
        with pytest.raises(BackendError, match=r"IBM's properties cannot be read as a calibration: .*, got") as caught:
            calibration_from_ibm(data)
        assert "\n" not in str(caught.value)


# --- Google ---


def google_metrics(processor):
    engine = pytest.importorskip("cirq_google").engine
    return engine.load_median_device_calibration(processor)


@pytest.mark.parametrize("processor", ["rainbow", "weber", "willow_pink"])
def test_googles_medians(processor):
    metrics = google_metrics(processor)
    calibration = calibration_from_google(metrics, device=processor)
    properties = import_module("cirq_google").engine.load_device_noise_properties(processor)
    assert calibration.taken_at == datetime.fromtimestamp(metrics.timestamp / 1000, UTC)
    assert calibration.num_qubits == len(properties.t1_ns)
    names = {"CZPowGate": "cz", "SycamoreGate": "fsim", "ISwapPowGate": "xx_plus_yy"}
    labels = {label: k for k, label in enumerate(calibration.labels)}
    for qubit, t1 in properties.t1_ns.items():
        number = labels[f"{qubit.row}_{qubit.col}"]
        facts = calibration.qubits[number]
        assert facts.t1 == pytest.approx(t1 * NANO, rel=1e-12)
        t2 = 1.0 / (0.5 / t1 + 1.0 / properties.tphi_ns[qubit])
        assert facts.t2 == pytest.approx(t2 * NANO, rel=1e-4)  # Cirq's Tφ is at most ten seconds
        assert [facts.p1_given_0, facts.p0_given_1] == pytest.approx(properties.readout_errors[qubit])
    seen = 0
    for identifier, pauli in properties.gate_pauli_errors.items():
        operands = [labels[f"{qubit.row}_{qubit.col}"] for qubit in identifier.qubits]
        if len(operands) == 2:
            entry = calibration.gate(names[identifier.gate_type.__name__], operands)
            assert entry.error == pytest.approx(0.8 * pauli)
            assert entry.duration == pytest.approx(properties.gate_times_ns[identifier.gate_type] * NANO)
            seen += 1
        elif identifier.gate_type.__name__ == "PhasedXZGate":
            entry = calibration.gate("u", operands)
            assert entry.error == pytest.approx(pauli * 2 / 3)
            assert entry.duration == pytest.approx(properties.gate_times_ns[identifier.gate_type] * NANO)
    assert seen == 2 * len([gate for gate in calibration.gates if gate.num_qubits == 2])
    assert again(calibration) == calibration


def test_a_snapshot_of_google_in_every_form():
    json_format = pytest.importorskip("google.protobuf.json_format")
    metrics = google_metrics("willow_pink")
    expected = calibration_from_google(metrics, device="w")
    snapshot = metrics.to_proto()
    snapshot.timestamp_ms = metrics.timestamp
    assert calibration_from_google(snapshot, device="w") == expected
    assert calibration_from_google(json_format.MessageToDict(snapshot), device="w") == expected
    plain = json_format.MessageToDict(snapshot, preserving_proto_field_name=True)
    assert calibration_from_google(plain, device="w") == expected
    labelled = {name: {tuple(map(str, place)): v for place, v in metrics[name].items()} for name in metrics}
    assert calibration_from_google(labelled, device="w").gates == expected.gates


def test_googles_noise_is_near_cirqs():
    """Both have the error that was measured, unless relaxation and errors of angles, which Cirq adds, have more."""
    cirq = pytest.importorskip("cirq")
    google = import_module("cirq_google")
    calibration = calibration_from_google(google_metrics("willow_pink"), device="w")
    properties = google.engine.load_device_noise_properties("willow_pink")
    theirs = google.NoiseModelFromGoogleNoiseProperties(properties)
    ours = channels(calibration.noise_model())
    angles = {identifier.qubits: gate for identifier, gate in properties.fsim_errors.items()}
    pairs = [gate.qubits for gate in calibration.gates if gate.name == "cz"]
    measured = above = 0
    for pair in pairs[::20]:
        grid = tuple(cirq.GridQubit(*map(int, calibration.labels[k].split("_"))) for k in pair)
        noisy = cirq.Circuit(cirq.CZ(*grid)).with_noise(theirs)
        undone = cirq.Circuit(cirq.CZ(*grid), *noisy)
        error = 0.8 * (1.0 - np.trace(undone._superoperator_()).real / 16.0)
        entry = calibration.gate("cz", pair)
        assert 1.0 - average_gate_fidelity(ours["cz", pair]) == pytest.approx(entry.error, abs=1e-9)
        coherent = 0.8 * (1.0 - abs(np.trace(cirq.unitary(angles[grid]))) ** 2 / 16.0)
        times = [(calibration.qubits[k].t1, calibration.qubits[k].t2) for k in pair]
        parts = coherent + relaxation_error(times, entry.duration)
        assert error == pytest.approx(max(entry.error, parts), rel=0.01)
        measured += parts < entry.error
        above += parts > entry.error
    assert measured > 0
    assert above > 0


def test_metrics_of_another_shape():
    for data in (
        None,
        5,
        {},
        {"metrics": 5},
        {"metrics": [5]},
        {"metrics": [{"name": None, "values": []}]},
        {"m": 5},
        {"m": {1: 2}},
        {1: {}},
        {"single_qubit_p00_error": {("0_1",): "low"}},
    ):
        with pytest.raises(BackendError, match="Google's metrics cannot be read as a calibration"):
            calibration_from_google(data)
    odd = {"single_qubit_idle_t1_micros": {("0_1",): [-1.0]}, "single_qubit_p00_error": {("0_1",): [2.0]}}
    calibration = calibration_from_google(odd)
    assert (calibration.qubits[0].t1, calibration.qubits[0].p1_given_0) == (None, None)
    assert len(calibration.remarks) == 2


# --- Braket ---


def documented(module, name):
    """The example in the documentation of a class of Braket's schemas."""
    documentation = getattr(pytest.importorskip(module), name).__doc__
    text = re.sub(r" *(\.\.\.|>>>) ", " ", documentation).replace("\\\n", "\n").replace(" errorMitigation:", ' "e":')
    start = text.index("= {") + 2
    depth = 0
    for end in range(start, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if not depth:
            break
    import ast

    return ast.literal_eval(text[start : end + 1])


def standardized(version):
    module = f"braket.device_schema.standardized_gate_model_qpu_device_properties_v{version}"
    data = documented(module, "StandardizedGateModelQpuDeviceProperties")
    schema = import_module(module).StandardizedGateModelQpuDeviceProperties
    if version == 2:  # the example in its documentation is still one of version 1
        for qubit in data["oneQubitProperties"].values():
            qubit["T1"], qubit["T2"] = ({"value": qubit[k]["value"] * MICRO, "unit": "s"} for k in ("T1", "T2"))
            for fidelity in qubit["oneQubitFidelity"]:
                fidelity["unit"] = "fraction"
        for pair in data["twoQubitProperties"].values():
            for fidelity in pair["twoQubitGateFidelity"]:
                fidelity["unit"] = "fraction"
    return json.loads(schema.parse_obj(data).json())


@pytest.mark.parametrize("version", [1, 2])
def test_brakets_qubits_and_pairs(version):
    calibration = calibration_from_braket({"standardized": standardized(version)}, device="arn:x")
    assert (calibration.device, calibration.source, calibration.num_qubits) == ("arn:x", "braket", 8)
    first = calibration.qubits[0]
    assert (first.t1, first.t2) == (pytest.approx(28.9 * MICRO), pytest.approx(44.5 * MICRO))
    assert (first.p1_given_0, first.p0_given_1) == (pytest.approx(0.097), pytest.approx(0.097))
    assert calibration.gate("h", [1]).error == pytest.approx(0.0014)
    assert calibration.gate("rz", [1]) is None
    assert calibration.gate("cx", [0, 7]).error == pytest.approx(0.123)
    assert calibration.gate("cx", [1, 7]) is None
    assert again(calibration) == calibration


def test_brakets_depolarising_is_that_of_its_emulator():
    """It has no relaxation, and neither has ours where no duration is known."""
    found = channels(small_braket().noise_model())
    np.testing.assert_allclose(found[1, (0,)].superoperator(), depolarizing(1.5 * 0.0007).superoperator(), atol=1e-14)
    expected = depolarizing(1.25 * 0.123, 2).superoperator()
    np.testing.assert_allclose(found["cx", (0, 1)].superoperator(), expected, atol=1e-14)


def small_braket():
    return calibration_from_braket({"standardized": standardized(1)})


def test_brakets_device():
    paradigm = {"qubitCount": 3, "connectivity": {"fullyConnected": True, "connectivityGraph": {}}}
    calibration = calibration_from_braket({"standardized": standardized(3), "paradigm": paradigm})
    assert calibration.taken_at == datetime(2025, 2, 22, 12, 29, 3, tzinfo=UTC)
    assert astuple(calibration.qubits[1]) == pytest.approx((50.0, 30.0, 0.005, 0.005, 350 * MICRO))
    assert calibration.gate("rx", [0]).error == pytest.approx(0.0015)
    assert calibration.gate("rx", [1]).duration == pytest.approx(20 * MICRO)
    assert calibration.gate("cx", [1, 0]).error == pytest.approx(0.005)
    assert calibration.gate("cx", [1, 0]).duration == pytest.approx(200 * MICRO)
    assert calibration.coupling is None
    noise = channels(calibration.noise_model())
    assert 1.0 - average_gate_fidelity(noise[2, (1, 0)]) == pytest.approx(0.005, abs=1e-12)
    assert again(calibration) == calibration


def test_ionqs_own_part():
    provider = documented("braket.device_schema.ionq.ionq_provider_properties_v1", "IonqProviderProperties")
    graph = {"fullyConnected": True, "connectivityGraph": {}}
    data = {
        "provider": provider,
        "standardized": {"braketSchemaHeader": {"name": "x", "version": "3"}, "T1": None},
        "paradigm": {"qubitCount": 11, "connectivity": graph},
        "service": {"updatedAt": "2020-06-16T19:28:02.869136"},
    }
    calibration = calibration_from_braket(data, device="ionq")
    assert calibration.num_qubits == 11
    assert calibration.taken_at == datetime(2020, 6, 16, 19, 28, 2, 869136, tzinfo=UTC)
    assert astuple(calibration.qubits[10]) == pytest.approx((1e10, 5e5, 0.0039, 0.0039, 175 * MICRO))
    assert calibration.gate("rx", [4]).error == pytest.approx(1 - 0.99717)
    assert calibration.gate("rxx", [10, 3]).error == pytest.approx(1 - 0.9696)
    assert calibration.gate("rxx", [10, 3]).duration == pytest.approx(210 * MICRO)
    noise = channels(calibration.noise_model())
    assert 1.0 - average_gate_fidelity(noise[2, (10, 3)]) == pytest.approx(1 - 0.9696, abs=1e-12)
    assert again(calibration) == calibration
    assert calibration_from_braket({**data, "standardized": None}, device="ionq") == calibration


def test_a_couplings_graph_and_directions():
    data = {
        "paradigm": {"qubitCount": 3, "connectivity": {"connectivityGraph": {"0": ["1"], "1": ["0", "2"]}}},
        "standardized": {
            "oneQubitProperties": {},
            "twoQubitProperties": {
                "0-1": {
                    "twoQubitGateFidelity": [
                        {"gateName": "ECR", "fidelity": 0.9, "direction": {"control": 1, "target": 0}},
                        {"gateName": "CZ", "fidelity": 0.95},
                        {"gateName": "MS", "fidelity": 0.97},
                    ]
                }
            },
        },
    }
    calibration = calibration_from_braket(data)
    assert calibration.coupling == {(0, 1), (1, 0), (1, 2)}
    assert [(gate.name, gate.qubits) for gate in calibration.gates] == [(None, (0, 1)), ("cz", (0, 1)), ("ecr", (1, 0))]
    assert calibration.gate("cx", [1, 0]).error == pytest.approx(0.03)


def test_devices_of_another_shape():
    def two(**changes):
        entry = {"gateName": "CZ", "fidelity": 0.95, **changes}
        return {"standardized": {"twoQubitProperties": {"0-1": {"twoQubitGateFidelity": [entry]}}}}

    wrong = [
        *(None, [], {}, {"standardized": 5}, {"provider": 5}, {"provider": {"x": 1}}),
        {"standardized": {"oneQubitProperties": []}},
        {"standardized": {"oneQubitProperties": {"a": {}}}},
        {"standardized": {"oneQubitProperties": {"0": {"T1": 5}}}},
        {"standardized": {"oneQubitProperties": {"0": {"T1": {"value": "5", "unit": "s"}}}}},
        {"standardized": {"oneQubitProperties": {"0": {"T1": {"value": 5, "unit": "h"}}}}},
        {"standardized": {"twoQubitProperties": {"0": {"twoQubitGateFidelity": []}}}},
        {"standardized": {"twoQubitProperties": {"0-0": {"twoQubitGateFidelity": []}}}},
        *(two(gateName=None), two(fidelity="1"), two(direction=5), two(direction={"control": 0, "target": 5})),
        {"provider": {"fidelity": {"1Q": 5}}},
    ]
    for data in wrong:
        with pytest.raises(BackendError, match="Braket's device properties cannot be read as a calibration"):
            calibration_from_braket(data)
    assert calibration_from_braket(two(fidelity=1.5)).remarks == ("the fidelity of CZ on 0-1 is 1.5, no probability",)


# --- Origin ---


def wukong():
    return {
        "QubitCount": 72,
        "adjMatrix": {
            "0": [{"v": 1, "w": 0.9759}],
            "1": [{"v": 0, "w": 0.9759}, {"v": 2, "w": 0.9577}],
            "2": [{"v": 1, "w": 0.9577}, {"v": 3, "w": 0.9}],
        },
        "QubitParams": {
            "0": {"T1": 14.67, "T2": 0.5, "ReadoutFidelity": 0.9169, "SingleGateFidelity": 0.9973},
            "1": {"T1": 15.525, "T2": 10.82, "ReadoutFidelity": 0.9433, "SingleGateFidelity": 0.994},
            "2": {"T1": 20.0, "T2": 2.0, "ReadoutFidelity": 0.95, "SingleGateFidelity": 0.999},
            "3": {"T1": 20.0, "T2": 2.0, "ReadoutFidelity": 0.95, "SingleGateFidelity": 0.999},
        },
        "AvailableQubits": [0, 1, 2],
        "QGateClock": {"RX": 30, "CZ": 40},
        "LastUpdateTime": 1700000000000,
    }


def test_origins_chip():
    calibration = calibration_from_origin(wukong(), device="72")
    assert (calibration.device, calibration.source, calibration.num_qubits) == ("72", "origin", 72)
    assert calibration.taken_at == datetime.fromtimestamp(1700000000, UTC)
    assert sorted(calibration.qubits) == [0, 1, 2]
    assert calibration.coupling == {(0, 1), (1, 2)}
    assert calibration.qubits[1].t1 == pytest.approx(15.525 * MICRO)
    assert calibration.qubits[1].p0_given_1 == pytest.approx(1 - 0.9433)
    assert astuple(calibration.gate("cz", [2, 1])) == ("cz", 2, (1, 2), pytest.approx(0.0423), pytest.approx(40e-9))
    noise = channels(calibration.noise_model())
    assert 1.0 - average_gate_fidelity(noise[1, (0,)]) == pytest.approx(0.0027, abs=1e-12)
    assert 1.0 - average_gate_fidelity(noise["cz", (1, 0)]) == pytest.approx(0.0241, abs=1e-12)
    assert again(calibration) == calibration


def test_however_a_chip_is_wrapped():
    expected = calibration_from_origin(wukong(), device="72")
    clock = [{"gateType": "CZ", "IntValue": 40}, {"gateType": "RPhi", "IntValue": 30}]
    params = [{"qubitId": key, **entry} for key, entry in wukong()["QubitParams"].items()]
    listed = {**wukong(), "QGateClock": clock, "QubitParams": params}  # as pyqpanda3 reads them
    for data in (
        {"success": True, "obj": wukong()},
        {"obj": json.dumps(wukong())},
        {"QuantumChipArch": wukong()},
        json.dumps({"obj": {"QuantumChipArch": wukong()}}),
        {**wukong(), "QubitParams": json.dumps(wukong()["QubitParams"])},
        {**wukong(), "QGateClock": {"RX": {"IntValue": 30}, "CZ": {"IntValue": 40}}},
        listed,
    ):
        assert calibration_from_origin(data, device="72") == expected


def test_the_sdks_chip_info():
    qcloud = pytest.importorskip("pyqpanda3.qcloud")

    class Qubit:
        get_qubit_id, get_t1, get_t2 = (lambda self: "1"), (lambda self: 15.5), (lambda self: 3.0)
        get_readout_fidelity, get_single_gate_fidelity = (lambda self: 0.9), (lambda self: 0.99)

    class Info:
        chip_id, qubits_num, available_qubits = (lambda self: "72"), (lambda self: 3), (lambda self: [1, 2])
        single_qubit_info = lambda self: [Qubit()]  # noqa: E731
        double_qubits_info = lambda self: [qcloud.DoubleQubitsInfo(1, 2, 0.95)]  # noqa: E731
        get_single_gate_timing, get_double_gate_timing = (lambda self: 30), (lambda self: 40)

    assert all(hasattr(qcloud.ChipInfo, name) for name in vars(Info) if not name.startswith("_"))
    assert all(hasattr(qcloud.SingleQubitInfo, name) for name in vars(Qubit) if not name.startswith("_"))
    calibration = calibration_from_origin(Info())
    assert (calibration.device, calibration.num_qubits) == ("72", 3)
    assert astuple(calibration.qubits[1]) == (
        pytest.approx(15.5e-6),
        pytest.approx(3e-6),
        *[pytest.approx(0.1)] * 2,
        None,
    )
    assert calibration.gate("cz", [2, 1]).error == pytest.approx(0.05)
    assert calibration.gate("cz", [2, 1]).duration == pytest.approx(40 * NANO)
    assert calibration.gate("u", [1]).duration == pytest.approx(30 * NANO)


def test_chips_of_another_shape():
    for change in (
        {"QubitParams": None},
        {"QubitParams": "no JSON"},
        {"QubitParams": {"a": {}}},
        {"QubitParams": []},
        {"QubitParams": [{"T1": 5.0}]},
        {"QGateClock": [5]},
        {"QubitParams": {"0": 5}},
        {"QubitParams": {"0": {"T1": "5"}}},
        {"adjMatrix": []},
        {"adjMatrix": {"0": 5}},
        {"adjMatrix": {"0": [{"w": 1}]}},
        {"AvailableQubits": 5},
        {"QGateClock": 5},
        {"QubitCount": "many"},
    ):
        with pytest.raises(BackendError, match="Origin's chip info cannot be read as a calibration"):
            calibration_from_origin({**wukong(), **change})
    for data in (None, [], "no JSON", "5"):
        with pytest.raises(BackendError, match="Origin's chip info cannot be read as a calibration"):
            calibration_from_origin(data)


# --- IQM ---


def crystal():
    values = {
        "characterization.model.QB1.t1_time": 35e-6,
        "characterization.model.QB1.t2_time": 12e-6,
        "characterization.model.QB1.t2_echo_time": 20e-6,
        "characterization.model.QB10.t1_time": 30e-6,
        "characterization.model.QB10.t2_echo_time": 25e-6,
        "metrics.ssro.measure.constant.QB1.fidelity": 0.98,
        "metrics.ssro.measure.constant.QB1.error_0_to_1": 0.01,
        "metrics.ssro.measure.constant.QB1.error_1_to_0": 0.03,
        "metrics.ssro.measure_fidelity.constant.QB1.fidelity": 0.5,
        "metrics.ssro.measure.constant.QB2.fidelity": 0.97,
        "metrics.rb.prx.drag_crf_sx.QB1.fidelity:par=d2": 0.999,
        "metrics.rb.prx.drag_crf.QB1.fidelity:par=d2": 0.5,
        "metrics.rb.clifford.xy_sx.QB1.fidelity:par=d2": 0.9,
        "metrics.irb.cz.crf_crf.QB1__QB10.fidelity:par=d2": 0.993,
        "metrics.irb.cz.crf_crf.QB2__QB10.fidelity:par=d2": 1.2,
        "gates.cz.crf_crf.QB1__QB10.duration": 40e-9,
        "gates.prx.drag_crf_sx.QB1.duration": 20e-9,
        "something.else": "text",
    }
    observations = [{"dut_field": name, "value": value, "invalid": False} for name, value in values.items()]
    observations.append({"dut_field": "characterization.model.QB2.t1_time", "value": 1.0, "invalid": True})
    return {"observations": observations, "end_timestamp": "2026-01-01T01:00:00Z"}


def test_iqms_metrics():
    calibration = calibration_from_iqm(crystal(), device="iqm:garnet")
    assert calibration.labels == ("QB1", "QB2", "QB10")
    assert calibration.taken_at == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert calibration.qubits[0] == QubitCalibration(35e-6, 12e-6, 0.01, 0.03)
    assert astuple(calibration.qubits[1]) == (None, None, pytest.approx(0.03), pytest.approx(0.03), None)
    assert calibration.qubits[2].t2 == 25e-6
    assert [astuple(gate) for gate in calibration.gates] == [
        (None, 1, (0,), pytest.approx(0.001), 20e-9),
        ("cz", 2, (0, 2), pytest.approx(0.007), 40e-9),
    ]
    assert calibration.remarks == ("the fidelity irb.cz of QB2__QB10 is 1.2, no probability",)
    noise = channels(calibration.noise_model(qubits=["QB10", "QB1"]))
    assert 1.0 - average_gate_fidelity(noise["cz", (0, 1)]) == pytest.approx(0.007, abs=1e-12)
    assert again(calibration) == calibration


def test_metrics_of_iqm_of_another_shape():
    for data in (
        *(None, [], {}, {"observations": 5}, {"observations": [5]}, {"observations": [{"dut_field": "x"}]}),
        {"observations": [{"dut_field": "characterization.model.QB1.t1_time", "value": "5"}]},
    ):
        with pytest.raises(BackendError, match="IQM's metrics cannot be read as a calibration"):
            calibration_from_iqm(data)


@pytest.mark.parametrize(("what", "texts"), [("frames", [1.5, "rz"]), ("labels", [3, "0_1"]), ("remarks", [None])])
def test_names_in_a_calibration_are_text(what, texts):
    whole = Calibration("a device", "ibm", None, 2, {}).to_json()
    assert Calibration.from_json(whole).to_json() == whole
    with pytest.raises(InputError, match=f"{what} of a calibration are strings"):
        Calibration.from_json({**whole, what: texts})
