"""Circuits from and to Stim: every instruction against Stim's own semantics, and both ways round."""

import math
from pathlib import Path

import numpy as np
import pytest

from qtoolkit import Circuit, StatevectorSimulator, from_stim, to_stim
from qtoolkit.circuit import Condition, KrausChannel, ReadoutError, parity
from qtoolkit.errors import ConversionError
from qtoolkit.noise import amplitude_damping, depolarizing, over_rotation, pauli_channel

stim = pytest.importorskip("stim")

UNITARY = [name for name, data in stim.gate_data().items() if data.is_unitary and not name.startswith("SPP")]
GENERATED = [
    ("repetition_code:memory", 3),
    ("surface_code:rotated_memory_x", 3),
    ("surface_code:rotated_memory_z", 5),
    ("surface_code:unrotated_memory_x", 3),
    ("surface_code:unrotated_memory_z", 3),
    ("color_code:memory_xyz", 3),
]
RATES = {
    "after_clifford_depolarization": 0.004,
    "before_round_data_depolarization": 0.003,
    "before_measure_flip_probability": 0.002,
    "after_reset_flip_probability": 0.001,
}


EVEN = ReadoutError([[0.5, 0.5], [0.5, 0.5]])


def equal_up_to_phase(left, right):
    return abs(abs(np.vdot(left, right)) - len(left)) < 1e-6  # Stim's matrices are in single precision


def records(text, shots, seed=5):
    """Measured bits of our simulator, in Stim's order."""
    circuit = from_stim(text)
    measured = stim.Circuit(text).num_measurements
    return StatevectorSimulator().run(circuit, shots=shots, seed=seed).memory[:, :measured]


def histogram(bits):
    numbers = bits.astype(np.int64) @ (1 << np.arange(bits.shape[1]))
    return np.bincount(numbers, minlength=1 << bits.shape[1])


def assert_same_distribution(text, shots=20_000):
    ours = histogram(records(text, shots))
    theirs = histogram(stim.Circuit(text).compile_sampler(seed=7).sample(shots))
    assert not ((ours == 0) & (theirs > 20)).any()
    assert not ((theirs == 0) & (ours > 20)).any()
    spread = np.sqrt(ours + theirs + 1.0)
    assert (np.abs(ours - theirs) < 5.0 * spread).all()


@pytest.mark.parametrize("name", UNITARY)
def test_every_gate_has_stims_matrix(name):
    matrix = stim.gate_data(name).unitary_matrix
    qubits = "0" if len(matrix) == 2 else "0 1"
    assert equal_up_to_phase(from_stim(f"{name} {qubits}").to_matrix(), matrix)


@pytest.mark.parametrize("name", UNITARY)
def test_every_gate_goes_there_and_back(name):
    qubits = "0" if len(stim.gate_data(name).unitary_matrix) == 2 else "0 1"
    program = stim.Circuit(f"I 0 1\n{name} {qubits}")
    assert to_stim(from_stim(program)).to_tableau() == program.to_tableau()


@pytest.mark.parametrize("product", ["X0*Y1*Z2", "!Z0*Z2", "Y1", "X2*Z0", "!Z0*X1*Y2", "!X0*X1*X1*Z2"])
@pytest.mark.parametrize("name", ["SPP", "SPP_DAG"])
def test_roots_of_products_of_paulis(name, product):
    program = stim.Circuit(f"I 0 1 2\n{name} {product}")
    assert to_stim(from_stim(program)).to_tableau() == program.to_tableau()


@pytest.mark.parametrize(("task", "distance"), GENERATED)
def test_generated_circuits_keep_their_error_models(task, distance):
    noise = RATES if not task.startswith("color") else {"after_clifford_depolarization": 0.004}
    program = stim.Circuit.generated(task, distance=distance, rounds=distance, **noise).flattened()
    back = to_stim(from_stim(program))
    assert back.num_measurements == program.num_measurements
    assert back.detector_error_model().approx_equals(program.detector_error_model(), atol=1e-12)
    assert back.get_detector_coordinates() == program.get_detector_coordinates()


@pytest.mark.parametrize("task", ["repetition_code:memory", "surface_code:rotated_memory_z"])
def test_detectors_are_silent_without_noise(task):
    program = stim.Circuit.generated(task, distance=3, rounds=2)
    circuit = from_stim(program)
    memory = StatevectorSimulator().run(circuit, shots=20, seed=1).memory
    assert circuit.num_detectors == program.num_detectors
    assert circuit.num_observables == program.num_observables
    for operation in (*circuit.detectors, *circuit.observables):
        assert not (memory[:, list(operation.clbits)].sum(axis=1) % 2).any()


@pytest.mark.parametrize(
    "text",
    [
        "H 0\nCX 0 1\nM 0 1",
        "H 0\nM !0 0",
        "X 0\nM(0.3) 0 !0",
        "RX 0\nMX 0\nMX !0\nMZ 0",
        "RY 0\nMY 0 !0\nMRY 0\nMY 0",
        "X 0\nMR 0 0\nMRX 1 1\nM 0",
        "MRX(0.25) 0\nMRX 0\nMR(0.1) 1\nM 1",
        "MXX 0 1\nMZZ 0 !1\nMXX !0 1\nMYY 0 1",
        "MPP X0*X1*X2 !Z0*Z1 Z1*Z2\nMPP X0*X1*X2\nM 0 1 2",
        "MPP(0.2) Z0*Z1\nMPAD 0 1\nMPAD(0.3) 1",
        "H 0\nM 0\nCX rec[-1] 1\nM 1",
        "H 0 2\nM 0 2\nCZ 1 rec[-1]\nXCZ 1 rec[-2]\nYCZ 1 rec[-1]\nM 1\nCZ rec[-1] rec[-2]",
        "H 0\nM 0\nH 1\nCZ rec[-1] 1\nCY rec[-1] 2\nH 1\nM 1 2",
    ],
)
def test_measurements_and_feedback(text):
    assert_same_distribution(text)


@pytest.mark.parametrize(
    "text",
    [
        "X_ERROR(0.2) 0 1\nM 0 1",
        "H 0 1\nY_ERROR(0.2) 0\nZ_ERROR(0.3) 1\nH 0 1\nM 0 1",
        "H 1\nDEPOLARIZE1(0.3) 0 1\nH 1\nM 0 1",
        "H 0\nCX 0 1\nDEPOLARIZE2(0.4) 0 1\nCX 0 1\nH 0\nM 0 1",
        "H 1\nPAULI_CHANNEL_1(0.1, 0.2, 0.3) 0 1\nH 1\nM 0 1",
        "H 0\nPAULI_CHANNEL_2(0,0.1,0,0.2,0,0,0.05,0,0,0,0,0.15,0,0,0.1) 0 1\nH 0\nM 0 1",
        "E(0.2) X0 Y1\nELSE_CORRELATED_ERROR(0.5) X2\nELSE_CORRELATED_ERROR(0.25) X0 X2\nM 0 1 2",
        "E(0.3) X0 X1 X2 X3 X4\nELSE_CORRELATED_ERROR(0.5) X5\nE(0.25) X0 X1 X2 X3 X5\nM 0 1 2 3 4 5",
        "H 1\nHERALDED_ERASE(0.3) 0 1\nH 1\nM 0 1",
        "HERALDED_PAULI_CHANNEL_1(0.1, 0.2, 0.05, 0.1) 0\nM 0",
        "HERALDED_PAULI_CHANNEL_1(0, 0, 0, 0) 0\nM 0",
        "I_ERROR(0.1) 0\nII_ERROR(0.1, 0.2) 0 1\nM 0 1",
    ],
)
def test_noise(text):
    assert_same_distribution(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T 0", Circuit(1).t(0)),
        ("t_dag 0", Circuit(1).tdg(0)),
        ("S[T] 0\nS_DAG[T] 1", Circuit(2).t(0).tdg(1)),
        ("R_Z(0.25) 0", Circuit(1).rz(math.pi / 4, 0)),
        ("    R_X(-1.5) 0 1  # both", Circuit(2).rx(-1.5 * math.pi, 0).rx(-1.5 * math.pi, 1)),
        ("I[R_Y(theta=0.3*pi)] 0", Circuit(1).ry(0.3 * math.pi, 0)),
        ("I[R_Y(theta=0.3)] 0", Circuit(1).ry(0.3, 0)),
        ("R_XX(0.1) 0 1", Circuit(2).rxx(0.1 * math.pi, 0, 1)),
        ("II[R_ZZ(theta=pi)] 0 1", Circuit(2).rzz(math.pi, 0, 1)),
        ("R_PAULI(0.2) X0*Y2*!Z1", Circuit(3).pauli_rotation("YZX", -0.2 * math.pi, [0, 1, 2])),
        ("U3(0.5, 0.25, 1e-1) 0", Circuit(1).u(math.pi / 2, math.pi / 4, math.pi / 10, 0)),
        ("I[somebody's own words] 0", Circuit(1)),
        ("S[R_Z(theta=0.1)] 0", Circuit(1).s(0)),  # a tag that means nothing on S
    ],
)
def test_gates_that_stim_has_not(text, expected):
    assert equal_up_to_phase(from_stim(text).to_matrix(), expected.to_matrix())


def test_a_coherent_error_with_a_probability_is_a_mixture():
    (operation,) = from_stim("I_ERROR[R_X(theta=0.4)](0.3) 0").operations
    assert isinstance(operation.gate, KrausChannel)
    (stay, _), (turn, unitary) = operation.gate.mixture
    assert (stay, turn) == (pytest.approx(0.7), pytest.approx(0.3))
    assert equal_up_to_phase(unitary, Circuit(1).rx(0.4, 0).to_matrix())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I_ERROR[R_Z(theta=0.2)] 0", Circuit(1).rz(0.2, 0)),
        ("I_ERROR[T] 0", Circuit(1).t(0)),
        ("II_ERROR[R_ZZ(theta=0.2)](1) 0 1", Circuit(2).rzz(0.2, 0, 1)),
    ],
)
def test_a_coherent_error_that_always_happens_is_a_channel_all_the_same(text, expected):
    (operation,) = from_stim(text).operations
    assert isinstance(operation.gate, KrausChannel)
    assert operation.gate.is_unitary
    assert equal_up_to_phase(operation.gate.operators[0], expected.to_matrix())


def test_tags_go_there_and_back():
    circuit = Circuit(3).h(0).t(0).tdg(1).rx(0.1, 0).ry(0.2, 1).rz(0.3, 2).rxx(0.4, 0, 1).rzz(-0.5, 1, 2)
    circuit.pauli_rotation("XIY", 0.7, [0, 1, 2]).ccx(0, 1, 2).cp(0.3, 0, 2)
    with pytest.raises(ConversionError, match=r"operation 1, t on qubits 0: .*tags=True"):
        to_stim(circuit)
    program = to_stim(circuit, tags=True)
    assert equal_up_to_phase(from_stim(program).to_matrix(), circuit.to_matrix())
    assert equal_up_to_phase(from_stim(str(program)).to_matrix(), circuit.to_matrix())


def test_clifford_gates_of_ours_become_stims():
    circuit = Circuit(3).ecr(0, 1).rx(math.pi / 2, 0).ry(-math.pi / 2, 1).rz(3 * math.pi, 2).p(math.pi / 2, 0)
    circuit.rxx(math.pi / 2, 0, 2).ryy(math.pi, 1, 2).rzx(math.pi / 2, 0, 1).cp(math.pi, 0, 1).u(
        math.pi / 2, 0, math.pi, 2
    )
    circuit.pauli_rotation("XZY", math.pi / 2).pauli_rotation("XIY", math.pi).mcx([0], 1).gphase(0.3)
    circuit.unitary(Circuit(2).h(0).cx(0, 1).s(1).to_matrix(), [2, 0])
    tableau = to_stim(circuit).to_tableau()
    assert equal_up_to_phase(tableau.to_unitary_matrix(endian="little"), circuit.to_matrix())


def test_noise_of_ours_becomes_stims():
    circuit = Circuit(4, 4)
    for channel, qubits in [
        (depolarizing(0.1), [0]),
        (depolarizing(0.2, num_qubits=2), [1, 2]),
        (pauli_channel({"X": 0.1, "Z": 0.2}), [3]),
        (pauli_channel({"XZ": 0.1, "YI": 0.05}), [0, 2]),
        (pauli_channel({"ZX": 0.125}), [0, 1]),
        (pauli_channel({"XZY": 0.1, "IIX": 0.2}), [3, 1, 0]),
        (over_rotation("X", math.pi), [2]),
    ]:
        circuit.channel(channel, qubits)
    circuit.measure([0, 1, 2, 3], [0, 1, 2, 3]).readout_error(ReadoutError([[0.9, 0.1], [0.1, 0.9]]), 0)
    circuit.readout_error(ReadoutError([[0.0, 1.0], [1.0, 0.0]]), [0, 1])
    expected = stim.Circuit(
        """
        DEPOLARIZE1(0.1) 0
        DEPOLARIZE2(0.2) 1 2
        PAULI_CHANNEL_1(0.1, 0, 0.2) 3
        PAULI_CHANNEL_2(0, 0.05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0, 0) 0 2
        E(0.125) X0 Z1
        E(0.1) Y3 Z1 X0
        ELSE_CORRELATED_ERROR(0.2222222222222222) X3
        X 2
        M(0.1) !0
        M !1 2 3
        """
    )
    found = to_stim(circuit)
    for program in (found, expected):
        program.append_from_stim_program_text("DETECTOR rec[-4]\nDETECTOR rec[-3]\nDETECTOR rec[-2]\nDETECTOR rec[-1]")
    assert found.num_measurements == expected.num_measurements
    assert "!0" in str(found)
    assert found.reference_sample().tolist() == expected.reference_sample().tolist()
    model = {"approximate_disjoint_errors": True}
    assert found.detector_error_model(**model).approx_equals(expected.detector_error_model(**model), atol=1e-9)


def test_bits_measured_again_and_never():
    circuit = Circuit(2, 3).x(0).measure(0, 0).measure(1, 0).detector([0, 2]).measure(0, 1).observable([0, 1], 2)
    assert str(to_stim(circuit)) == "X 0\nM 0 1\nDETECTOR rec[-1]\nM 0\nOBSERVABLE_INCLUDE(2) rec[-2] rec[-1]"


def test_feedback_on_parities():
    circuit = (
        Circuit(3, 3).h([0, 1]).measure([0, 1], [0, 1]).if_(parity([0, 1]) == 0, lambda body: body.x(2)).measure(2, 2)
    )
    text = str(to_stim(circuit))
    assert text.splitlines()[2:] == ["X 2", "CX rec[-2] 2 rec[-1] 2", "M 2"]


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (Circuit(1).channel(amplitude_damping(0.1), 0), "operation 0, .*on qubits 0: .*mixture of Paulis.*twirled"),
        (Circuit(1).initialize([0.6, 0.8], [0]), "operation 0, initialize"),
        (Circuit(1, 1).measure(0, 0).if_(0, lambda body: body.h(0)), "operation 1, if on.*X, Y and Z alone, got h"),
        (Circuit(1, 2).if_(Condition((0, 1), 3), lambda body: body.x(0)), "not on the value"),
        (Circuit(1, 1).measure(0, 0).readout_error(ReadoutError([[1, 0], [0.5, 0.5]]), 0), "as often on 0 as on 1"),
        (Circuit(1, 1).measure(0, 0).detector(0).readout_error(EVEN, 0), "follows its measurement"),
    ],
)
def test_what_stim_has_not_is_refused(circuit, message):
    with pytest.raises(ConversionError, match=message):
        to_stim(circuit)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NOPE 0", "Stim cannot read"),
        ("M 0\nDETECTOR rec[-2]", "Stim cannot read|cannot convert"),
        ("CX sweep[0] 1", "cannot convert.*sweep"),
        ("OBSERVABLE_INCLUDE(0) X1", "measured bits"),
        ("R_Z 0", "R_Z takes 1 angles in half turns"),
        ("T(0.5) 0", "T takes no angle"),
        ("R_X(x) 0", "a number, or one times pi"),
        ("I[R_Z(theta=0.1, phi=1)] 0", r"R_Z takes \(theta=angle\)"),
        ("REPEAT 1000000 {\nREPEAT 1000000 {\nH 0\n}\n}", "10,000,000"),
        (3, "stim.Circuit, a program or a path"),
    ],
)
def test_programs_that_are_refused(text, message):
    with pytest.raises(ConversionError, match=message):
        from_stim(text)


def test_a_file_is_read(tmp_path: Path):
    path = tmp_path / "program.stim"
    path.write_text("H 0\nR_Z(0.5) 0\nM 0\n", encoding="utf-8")
    assert [operation.gate.name for operation in from_stim(path).operations] == ["h", "rz", "measure"]
    with pytest.raises(ConversionError, match="cannot be read: No such file"):
        from_stim(tmp_path / "absent.stim")


@pytest.mark.parametrize(
    "text",
    [
        "MPAD 1\nMPAD(0.25) 1\nMPAD(0.25) 0",
        "HERALDED_ERASE(0.25) 0 1\nM 0 1\nDETECTOR rec[-1] rec[-3]",
        "HERALDED_ERASE(1) 0\nM 0",
        "HERALDED_PAULI_CHANNEL_1(0.125, 0.25, 0.0625, 0.125) 1\nM 1\nDETECTOR rec[-2]",
        "HERALDED_PAULI_CHANNEL_1(0, 0, 0, 0.125) 1\nX_ERROR(0.5) 0\nM 0 1",
    ],
)
def test_bits_that_nobody_measures_go_there_and_back(text):
    program = stim.Circuit(text)
    back = to_stim(from_stim(program))
    assert back.num_measurements == program.num_measurements
    assert [item.name for item in back] == [item.name for item in program]
    assert back.detector_error_model(approximate_disjoint_errors=True) == program.detector_error_model(
        approximate_disjoint_errors=True
    )
    flips = back.compile_sampler(seed=3).sample(2000).mean(axis=0)
    np.testing.assert_allclose(flips, program.compile_sampler(seed=4).sample(2000).mean(axis=0), atol=0.08)


def test_wide_errors_go_there_and_back_as_feedback():
    program = stim.Circuit("E(0.2) X0 X1 X2 X3 X4\nM 0 1 2 3 4\nDETECTOR rec[-1]\nDETECTOR rec[-2]")
    back = to_stim(from_stim(program))
    assert back.detector_error_model().approx_equals(program.detector_error_model(), atol=1e-12)


def test_a_name_of_a_file_is_no_program():
    with pytest.raises(ConversionError, match=r"a file is given as a pathlib\.Path"):
        from_stim("memory.stim")
