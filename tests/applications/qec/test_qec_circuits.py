"""Experiments as circuits: Stim's own where it has them, certain without noise, and protected as they should be."""

import numpy as np
import pytest
import stim

from qtoolkit import Circuit, StatevectorSimulator, to_stim
from qtoolkit.applications.qec import (
    CODES,
    CSSCode,
    HoneycombCode,
    RotatedSurfaceCode,
    StabilizerCode,
    code_named,
    lattice_surgery_circuit,
    memory_circuit,
    noise_preset,
    stability_circuit,
    stability_patch,
    transversal_cx_circuit,
)
from qtoolkit.errors import InputError, InsufficientMemoryError

SINGLE = [name for name in CODES if name not in {"honeycomb", "bivariate-bicycle"}]
NOISE = noise_preset("circuit", 1e-3)


def built(name, distance=3):
    return code_named(name, **({"distance": distance} if CODES[name].takes_distance else {}))


def errors_of(circuit):
    """Probability of an odd number of errors that flip given detectors, told by their coordinates, and observables."""
    model = circuit.detector_error_model()
    places = model.get_detector_coordinates()
    found = {}
    for step in model.flattened():
        if step.type == "error":
            targets = step.targets_copy()
            key = frozenset(
                tuple(places[target.val]) if target.is_relative_detector_id() else target.val for target in targets
            )
            p, before = step.args_copy()[0], found.get(key, 0.0)
            found[key] = before * (1 - p) + p * (1 - before)
    return found


def fault_distance(circuit):
    return len(to_stim(circuit).shortest_graphlike_error())


def assert_certain(circuit):
    """No detector or observable ever changes, and Stim finds each determined by the circuit."""
    theirs = to_stim(circuit)
    theirs.detector_error_model()  # raises for detectors and observables that are random
    detectors, observables = theirs.compile_detector_sampler(seed=1).sample(32, separate_observables=True)
    assert not detectors.any()
    assert not observables.any()
    return theirs


@pytest.mark.parametrize(("name", "theirs"), [("rotated-surface", "rotated_memory"), ("surface", "unrotated_memory")])
@pytest.mark.parametrize("basis", ["x", "z"])
@pytest.mark.parametrize(("distance", "rounds"), [(3, 1), (3, 4), (5, 2)])
def test_surface_code_memories_have_the_errors_of_those_that_stim_generates(name, theirs, basis, distance, rounds):
    p = 0.01
    ours = to_stim(memory_circuit(built(name, distance), rounds, basis, noise_preset("circuit", p)))
    generated = stim.Circuit.generated(
        f"surface_code:{theirs}_{basis}",
        distance=distance,
        rounds=rounds,
        after_clifford_depolarization=p,
        before_round_data_depolarization=p,
        before_measure_flip_probability=p,
        after_reset_flip_probability=p,
    )
    assert (ours.num_detectors, ours.num_observables) == (generated.num_detectors, generated.num_observables)
    found, wanted = errors_of(ours), errors_of(generated)
    assert found.keys() == wanted.keys()
    assert [found[key] for key in wanted] == pytest.approx(list(wanted.values()), rel=1e-12)


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("basis", ["x", "z", "both"])
def test_memories_are_certain_without_noise(name, basis):
    code = built(name)
    rounds = 1 if code.num_qubits > 50 else 2
    theirs = assert_certain(memory_circuit(code, rounds, basis))
    assert theirs.num_observables == code.num_logical * (2 if basis == "both" else 1)
    if basis == "both":
        assert theirs.num_detectors == (rounds + 1) * code.num_stabilizers


@pytest.mark.parametrize("basis", ["x", "z"])
@pytest.mark.parametrize(("size", "rounds"), [((3, 3), 4), ((3, 6), 6), ((6, 6), 8), ((9, 6), 10)])
def test_honeycomb_memories_are_certain_without_noise(size, rounds, basis):
    theirs = assert_certain(memory_circuit(HoneycombCode(*size), rounds, basis))
    assert theirs.num_observables == 2


@pytest.mark.parametrize(
    ("name", "basis", "distance"),
    [
        ("rotated-surface", "z", 3),
        ("rotated-surface", "both", 3),
        ("surface", "x", 3),
        ("xzzx", "z", 3),
        ("xzzx", "x", 3),
        ("toric", "both", 3),
        ("bacon-shor", "both", 3),
        ("shor", "both", 3),
        # Errors spread from the ancilla of a check that covers half a logical operator.
        ("steane", "z", 2),
        ("five-qubit", "both", 2),
        ("four-two-two", "z", 1),
    ],
)
def test_fault_distance_under_circuit_noise(name, basis, distance):
    assert fault_distance(memory_circuit(built(name), 3, basis, NOISE)) == distance


@pytest.mark.parametrize("name", ["five-qubit", "steane", "shor", "bacon-shor", "xzzx", "toric", "color-488"])
def test_fault_distance_under_phenomenological_noise_is_the_distance(name):
    code = built(name)
    circuit = to_stim(memory_circuit(code, 3, "both", noise_preset("phenomenological", 1e-3)))
    found = circuit.search_for_undetectable_logical_errors(
        dont_explore_detection_event_sets_with_size_above=6,
        dont_explore_edges_with_degree_above=6,
        dont_explore_edges_increasing_symptom_degree=False,
    )
    assert len(found) == code.distance


@pytest.mark.parametrize("rounds", [4, 6, 8, 10])
def test_honeycomb_memories_keep_the_distance_of_their_instantaneous_codes(rounds):
    """Also where rounds are many: observables that spread over hexagons would be changed by two errors."""
    assert fault_distance(memory_circuit(HoneycombCode(6, 6), rounds, "z", NOISE)) == 4
    assert fault_distance(memory_circuit(HoneycombCode(6, 6), rounds, "x", NOISE)) == 4


@pytest.mark.parametrize("rounds", [1, 2, 4])
def test_stability_is_protected_by_rounds(rounds):
    patch = stability_patch(4)
    assert patch.num_logical == 0
    assert_certain(stability_circuit(patch, rounds))
    assert fault_distance(stability_circuit(patch, rounds, noise=NOISE)) == rounds


@pytest.mark.parametrize("basis", ["x", "z"])
def test_stability_of_a_torus(basis):
    circuit = stability_circuit(code_named("toric", distance=3), 3, basis, NOISE)
    assert circuit.num_observables == 1
    assert fault_distance(circuit) == 3


@pytest.mark.parametrize("basis", ["x", "z"])
def test_transversal_cx(basis):
    for code in (code_named("rotated-surface", distance=3), code_named("steane"), code_named("toric", distance=2)):
        theirs = assert_certain(transversal_cx_circuit(code, 2, basis))
        assert theirs.num_observables == 2 * code.num_logical
    assert fault_distance(transversal_cx_circuit(RotatedSurfaceCode(3), 2, basis, NOISE)) == 3


def test_transversal_cx_is_the_logical_gate():
    """An X on the stored qubit of the control, in the middle of a circuit, reaches both observables."""
    code = code_named("steane")
    circuit = transversal_cx_circuit(code, 1, "z")
    flipped = Circuit(circuit.num_qubits, circuit.num_clbits)
    done = False
    for operation in circuit:
        if not done and operation.gate.name == "cx" and operation.qubits[1] == operation.qubits[0] + 7 < 14:
            flipped.x(np.flatnonzero(code.logical_x[0]).tolist())
            done = True
        flipped.append(operation.gate, operation.qubits, operation.clbits)
    converter = to_stim(circuit).compile_m2d_converter()
    outcomes = to_stim(flipped).compile_sampler(seed=1).sample(8)
    detectors, observables = converter.convert(measurements=outcomes, separate_observables=True)
    assert not detectors.any()
    assert observables.all()


@pytest.mark.parametrize("measured", ["xx", "zz"])
@pytest.mark.parametrize("basis", ["x", "z"])
def test_lattice_surgery(measured, basis):
    theirs = assert_certain(lattice_surgery_circuit(3, 3, measured, basis))
    assert theirs.num_observables == (3 if measured[0] == basis else 1)
    assert fault_distance(lattice_surgery_circuit(3, 3, measured, basis, NOISE)) == 3


def test_one_round_of_joining_is_too_few():
    """The outcome of the joint measurement is told by the rounds in which the patches are joined."""
    assert fault_distance(lattice_surgery_circuit(3, 1, "xx", "x", NOISE)) == 1


def test_our_simulator_runs_the_circuits_with_all_detectors_at_rest():
    circuit = memory_circuit(code_named("five-qubit"), 1, "both")
    memory = StatevectorSimulator().run(circuit, shots=20, seed=3).memory
    for operation in circuit.detectors:
        assert not (memory[:, list(operation.clbits)].sum(axis=1) % 2).any()
    before_and_after = [operation.clbits for operation in circuit.observables]
    assert len(before_and_after) == 2
    for clbits in before_and_after:
        assert not (memory[:, list(clbits)].sum(axis=1) % 2).any()


def test_odd_arguments_are_refused():
    code = code_named("steane")
    for call, message in (
        (lambda: memory_circuit("steane", 3), "must be a StabilizerCode.*see code_named"),
        (lambda: memory_circuit(code, 0), "rounds must be .*at least 1, got 0"),
        (lambda: memory_circuit(code, 3, "y"), "basis must be one of x, z, both"),
        (lambda: memory_circuit(StabilizerCode(["XX", "ZZ"]), 3), "stores something.*see stability_circuit"),
        (lambda: memory_circuit(HoneycombCode(6, 6), 5), "even number of rounds of at least 4, got 5"),
        (lambda: memory_circuit(HoneycombCode(6, 6), 4, "both"), "stores x or z"),
        (lambda: stability_circuit(code, 3), "Z checks that depend on each other.*see stability_patch"),
        (lambda: stability_circuit(code_named("five-qubit"), 3), "needs a CSSCode"),
        (lambda: stability_patch(3), "must be even, got 3: take 4"),
        (lambda: transversal_cx_circuit(code_named("five-qubit"), 3), "needs a CSSCode"),
        (lambda: lattice_surgery_circuit(4, 3), "odd, got 4"),
        (lambda: lattice_surgery_circuit(3, 3, "yy"), "measured must be one of xx, zz"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    with pytest.raises(InsufficientMemoryError, match="take fewer rounds"):
        memory_circuit(code, 10**12)


def test_logical_operators_with_different_letters_on_a_qubit_need_both():
    code = StabilizerCode(["XXXX", "ZZZZ"], ["IIXX", "IXIX"], ["IZIZ", "IIZZ"])
    assert memory_circuit(code, 1, "z").num_observables == 2
    swapped = StabilizerCode(["XXXX", "ZZZZ"], ["IZIZ", "IXIX"], ["IIXX", "IIZZ"])
    with pytest.raises(InputError, match="different letters on qubit 0: take basis 'both'"):
        memory_circuit(swapped, 1, "z")
    assert_certain(memory_circuit(swapped, 1, "both"))


def test_codes_without_coordinates_have_detectors_with_the_round_alone():
    code = CSSCode([[1, 1, 1, 1]], [[1, 1, 1, 1]])
    assert {operation.gate.coordinates for operation in memory_circuit(code, 2).detectors} == {(0.0,), (1.0,), (2.0,)}
