"""Noise presets: what is inserted where."""

import math
from collections import Counter

import pytest

from qtoolkit import Circuit, Parameter, to_stim
from qtoolkit.applications.qec import (
    NOISE_PRESETS,
    Calibration,
    NoisePreset,
    code_named,
    memory_circuit,
    noise_preset,
)
from qtoolkit.errors import InputError
from qtoolkit.noise import (
    NoiseModel,
    ReadoutError,
    bit_flip,
    depolarizing,
    over_rotation,
    phase_flip,
    thermal_relaxation,
    twirled,
)

CALIBRATION = Calibration(1e-4, 8e-5, 1e-3, 5e-3, 1e-2, 2e-3, 3e-8, 5e-8, 6e-7)


def preset(name, rate=0.01):
    return noise_preset(name, calibration=CALIBRATION) if name == "device" else noise_preset(name, rate)


def channels(circuit):
    """Each channel with its place among the operations, as (what came before it, name, qubits)."""
    return [(operation.gate, operation.qubits) for operation in circuit if hasattr(operation.gate, "operators")]


def sample():
    """One round on a data qubit and an ancilla, beside an idle one."""
    circuit = Circuit(3, 1)
    circuit.name_qubits("data", [0])
    circuit.name_qubits("ancilla", [1])
    circuit.name_qubits("ideal", [2])
    circuit.reset([0, 1]).barrier().barrier(0).h(1).barrier().cx(1, 0).barrier().h(1).barrier().measure(1, 0)
    return circuit


@pytest.mark.parametrize("name", NOISE_PRESETS)
def test_noise_leaves_the_circuit_as_it_was_apart_from_channels(name):
    code = code_named("rotated-surface", distance=3)
    clean = memory_circuit(code, 2)
    noisy = preset(name).apply(clean)
    assert len(channels(noisy)) > 0
    assert [r.name for r in noisy.qubit_registers] == [r.name for r in clean.qubit_registers]
    assert [(r.name, r.clbits) for r in noisy.clbit_registers] == [(r.name, r.clbits) for r in clean.clbit_registers]
    if name != "si1000":
        rest = [operation for operation in noisy if not hasattr(operation.gate, "operators")]
        assert rest == list(clean)
    assert noisy == memory_circuit(code, 2, "z", preset(name))


@pytest.mark.parametrize("name", NOISE_PRESETS)
def test_without_errors_all_presets_keep_what_the_circuit_does(name):
    calm = noise_preset("device", calibration=Calibration(math.inf, math.inf, 0, 0, 0, 0, 1e-8, 1e-8, 1e-6))
    circuit = memory_circuit(code_named("xzzx", distance=3), 2, "x", calm if name == "device" else preset(name, 0.0))
    theirs = to_stim(circuit)
    assert theirs.detector_error_model().num_errors == 0
    assert not theirs.compile_detector_sampler(seed=1).sample(16).any()


def test_places_of_the_preset_circuit():
    p = 0.01
    found = channels(noise_preset("circuit", p).apply(sample()))
    one, two, flip = depolarizing(p), depolarizing(p, 2), bit_flip(p)
    assert found == [
        (flip, (0,)),
        (flip, (1,)),
        (one, (0,)),
        (one, (1,)),
        (two, (1, 0)),
        (one, (1,)),
        (flip, (1,)),
    ]


def test_gates_of_a_preparation_or_readout_have_no_noise_of_their_own():
    circuit = Circuit(1, 1).reset(0).h(0).barrier().h(0).barrier().h(0).measure(0, 0)
    found = channels(noise_preset("circuit", 0.01).apply(circuit))
    assert found == [(bit_flip(0.01), (0,)), (depolarizing(0.01), (0,)), (bit_flip(0.01), (0,))]


def test_only_the_wanted_operations_are_noisy():
    circuit = Circuit(1).h(0).barrier().h(0).barrier().h(0)
    noise = NoisePreset("mine", one=phase_flip(0.1))
    assert len(channels(noise.apply(circuit))) == 3
    assert len(channels(noise.apply(circuit, 2, 4))) == 1
    with pytest.raises(InputError, match="stop"):
        noise.apply(circuit, 3, 2)


def test_si1000_is_in_cz_with_idle_qubits_and_waiting_ones():
    p = 0.001
    circuit = memory_circuit(code_named("rotated-surface", distance=3), 2, "z", noise_preset("si1000", p))
    assert {"cz", "h", "measure", "reset"} <= set(circuit.count_ops())
    assert "cx" not in circuit.count_ops()
    theirs = to_stim(circuit)
    assert len(theirs.shortest_graphlike_error()) == 3
    rates = Counter((step.name, round(step.gate_args_copy()[0] / p, 9)) for step in theirs if step.gate_args_copy())
    noisy = {key for key in rates if key[0] != "DETECTOR" and key[0] != "OBSERVABLE_INCLUDE"}
    assert noisy == {
        ("DEPOLARIZE1", 0.1),
        ("DEPOLARIZE1", 2.0),
        ("DEPOLARIZE2", 1.0),
        ("X_ERROR", 2.0),
        ("X_ERROR", 5.0),
    }


def test_circuits_in_cz_do_the_same():
    """H that meet between two CX of one ancilla drop out; what is left measures the same operators."""
    clean = memory_circuit(code_named("five-qubit"), 2, "both", noise_preset("si1000", 0.0))
    theirs = to_stim(clean)
    assert theirs.detector_error_model().num_errors == 0
    ladder = Circuit(3).cx(0, 2).barrier().cx(1, 2).barrier().cy(0, 1)
    written = noise_preset("si1000", 0.0).apply(ladder)
    assert written.count_ops()["cz"] == 3
    assert written.count_ops()["h"] == 4
    only_gates = Circuit(3)
    for operation in written:
        if operation.gate.name in {"h", "s", "sdg", "cz"}:
            only_gates.append(operation.gate, operation.qubits)
    plain = Circuit(3).cx(0, 2).cx(1, 2).cy(0, 1)
    assert only_gates.to_matrix() == pytest.approx(plain.to_matrix(), abs=1e-12)


def test_the_rate_of_coherent_noise_is_that_of_its_twirl():
    noise = noise_preset("coherent", 0.02)
    assert noise.data is not None
    assert noise.two is not None
    assert twirled(noise.data).pauli_probabilities["Z"] == pytest.approx(0.02, abs=1e-12)
    assert twirled(noise.two).pauli_probabilities["ZZ"] == pytest.approx(0.02, abs=1e-12)
    assert noise_preset("coherent", 0.02, axis="X").data == over_rotation("X", 2 * math.asin(math.sqrt(0.02)))


def test_bias_is_the_ratio_of_z_to_the_others():
    noise = noise_preset("biased", 0.03, bias=100)
    assert noise.data is not None
    errors = noise.data.pauli_probabilities
    assert errors["Z"] / (errors["X"] + errors["Y"]) == pytest.approx(100)
    assert errors["X"] + errors["Y"] + errors["Z"] == pytest.approx(0.03)


def test_idle_qubits_of_a_device_relax_for_the_time_of_their_layer():
    circuit = Circuit(2, 1).h(0).h(1).barrier().h(0).barrier().measure(0, 0)
    circuit.name_qubits("data", [0, 1])
    found = channels(noise_preset("device", calibration=CALIBRATION).apply(circuit))
    idle = [gate for gate, qubits in found if qubits == (1,)][1:]
    wanted = [
        thermal_relaxation(CALIBRATION.t1, CALIBRATION.t2, time)
        for time in (CALIBRATION.one_qubit_time, CALIBRATION.readout_time)
    ]
    assert idle == wanted


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("loud", {"rate": 0.1}, "no noise preset is called 'loud'; there are code-capacity, phenomenological"),
        ("circuit", {}, "circuit takes rate, got nothing"),
        ("circuit", {"rate": 0.1, "bias": 2}, "circuit takes rate, got rate, bias"),
        ("circuit", {"rate": 0.8}, r"rate must lie in \[0, 0.75\], got 0.8"),
        ("si1000", {"rate": 0.3}, r"rate must lie in \[0, 0.2\]"),
        ("biased", {"rate": 0.1, "bias": -1}, "bias"),
        ("coherent", {"rate": 0.1, "axis": "W"}, "axis must be one of X, Y, Z"),
        ("device", {"rate": 0.1}, "device takes calibration"),
        ("device", {"calibration": 3}, "needs a Calibration, got 3"),
    ],
)
def test_odd_presets_are_refused(name, parameters, message):
    with pytest.raises(InputError, match=message):
        noise_preset(name, **parameters)


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"data": depolarizing(0.1, 2)}, "data must act on 1 qubit, got"),
        ({"two": depolarizing(0.1)}, "two must act on 2 qubits, got"),
        ({"measure": 0.1}, "measure must be a KrausChannel or None, got 0.1"),
    ],
)
def test_channels_that_do_not_fit_their_place_are_refused(places, message):
    with pytest.raises(InputError, match=message):
        NoisePreset("mine", **places)


def test_gates_on_three_qubits_are_refused():
    with pytest.raises(InputError, match=r"one and two qubits, got ccx on \(0, 1, 2\)"):
        noise_preset("circuit", 0.1).apply(Circuit(3).ccx(0, 1, 2))
    with pytest.raises(InputError, match="into a Circuit"):
        noise_preset("circuit", 0.1).apply("circuit")


def test_experiments_take_the_noise_model_of_a_device_as_well():
    model = NoiseModel().add(depolarizing(0.01, 2), gates=2).add_readout(ReadoutError([[0.98, 0.02], [0.02, 0.98]]))
    code = code_named("rotated-surface", distance=3)
    clean = memory_circuit(code, 2)
    assert memory_circuit(code, 2, "z", model).count_ops() == model.apply(clean).count_ops()
    both = memory_circuit(code, 2, "both", model)
    gates = sum(len(layer) for layer in code.schedule)
    assert both.count_ops()["depolarizing"] == 2 * gates  # and not where partners are measured
    assert len(to_stim(both).shortest_graphlike_error()) == 3
    with pytest.raises(InputError, match="a NoisePreset or a NoiseModel, got 'circuit'; see noise_preset"):
        memory_circuit(code, 2, "z", "circuit")


def test_parameters_keep_their_order():
    first, second = Parameter("b"), Parameter("a")
    circuit = Circuit(1, name="c").declare_parameters([first, second]).rx(second, 0).rz(first, 0)
    assert noise_preset("circuit", 0.01).apply(circuit).parameters == circuit.parameters
