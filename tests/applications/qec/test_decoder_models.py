"""Detector error models: from and to Stim's, from text and files, merged, and refused where they are broken."""

import numpy as np
import pytest
import stim
from decoder_models import enumerated, repetition, surface_memory
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from qtoolkit import Circuit
from qtoolkit.applications.qec import DetectorErrorModel, compile_decoder, pauli_noise_model
from qtoolkit.applications.qec.decoders import DetectorErrorParts
from qtoolkit.errors import InputError, InsufficientMemoryError, OutputError

TEXT = """# a comment
error(0.1) D0 D1 L0
error[a tag](0.2) D1 ^ D0 L1
repeat 3 {
    error(0.01) D0 D1
    shift_detectors(0, 1) 1
}
detector(1, 2) D0
error(0.3)
logical_observable L3
"""


def test_a_model_from_text_is_flat():
    model = DetectorErrorModel.from_text(TEXT)
    assert (model.num_detectors, model.num_observables, model.num_mechanisms) == (4, 4, 6)
    assert model.symptoms == [
        ((0, 1), (0,)), ((0, 1), (1,)), ((0, 1), ()), ((1, 2), ()), ((2, 3), ()), ((), ())
    ]  # fmt: skip
    assert model.symptoms_of_parts[1] == [((1,), ()), ((0,), (1,))]
    assert model.coordinates == ((), (), (), (1.0, 5.0))
    assert model.probabilities.tolist() == [0.1, 0.2, 0.01, 0.01, 0.01, 0.3]
    assert model.describe(1) == "error(0.2) D1 ^ D0 L1"
    assert repr(model) == "DetectorErrorModel(4 detectors, 4 observables, 6 mechanisms, decomposed)"


def test_targets_that_are_there_twice_cancel():
    model = DetectorErrorModel.from_text("error(0.1) D0 D1 D0 L0 L0 D2\nerror(0.2) D0 D0 D0")
    assert model.symptoms == [((1, 2), ()), ((0,), ())]
    assert model.to_stim() == stim.DetectorErrorModel(
        "error(0.1) D1 D2\nerror(0.2) D0\ndetector D2\nlogical_observable L0"
    )


@pytest.mark.parametrize("decompose", [False, True])
def test_models_of_circuits_go_to_stim_and_back(decompose):
    theirs = surface_memory(3, 4, 0.007).detector_error_model(decompose_errors=decompose)
    model = DetectorErrorModel.from_stim(theirs)
    assert (model.parts is not None) is decompose
    assert model.to_stim() == theirs
    # a model that does not know where it came from
    again = model.selected(range(model.num_mechanisms))
    assert again == model
    assert DetectorErrorModel.from_stim(again.to_stim()) == model
    assert DetectorErrorModel.from_text(str(again.to_stim())) == model


def test_files_go_round(tmp_path):
    model = DetectorErrorModel.from_stim(surface_memory(3, 2, 0.01).detector_error_model(decompose_errors=True))
    path = tmp_path / "model.dem"
    model.write(path)
    assert DetectorErrorModel.from_file(path) == model
    assert DetectorErrorModel.from_stim(stim.DetectorErrorModel.from_file(path)) == model
    with pytest.raises(OutputError):
        model.write(tmp_path / "missing" / "model.dem")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("error(0.1) D0\nerror(0.1) D1 D", "line 2: 'D' is no target"),
        ("error(0.1) D0\n\nerror(0.", "line 3: the parentheses after error must be closed"),
        ("error(0.1) D0\nerr", "line 2: Unrecognized instruction name: err"),
        ("error(0.1) D0 X1", "line 1: 'X1' is no target"),
        ("error(0.1) D0 ^", "line 1: .*separators"),
        ("error(1.5) D0", "line 1: .*probability"),
        ("error(nan) D0", "line 1: "),
        ("detector D0\nrepeat 3 {\nerror(0.1) D0\n", "line 2: a repeat block must end with }"),
        ("error(0.1) D0\n}", "line 2: } ends a block that no repeat began"),
        ("repeat 2 {\nerror(0.1) D0\nrepeat 3 {\n}", "line 1: a repeat block must end"),
        ("D0 D1", "line 1: "),
    ],
)
def test_broken_text_is_refused_by_line(text, message, tmp_path):
    with pytest.raises(InputError, match=f"the text, {message}"):
        DetectorErrorModel.from_text(text)
    path = tmp_path / "broken.dem"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"broken.dem, {message}"):
        DetectorErrorModel.from_file(path)


def test_every_cut_of_a_file_is_refused_or_a_model_of_its_lines(tmp_path):
    text = str(surface_memory(3, 1, 0.01).detector_error_model())
    path = tmp_path / "cut.dem"
    refused = 0
    for end in range(1, 400):
        path.write_text(text[:end])
        try:
            model = DetectorErrorModel.from_file(path)
        except InputError:
            refused += 1
        else:
            assert model.num_mechanisms <= text[:end].count("\n") + 1
    assert refused > 100


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        DetectorErrorModel.from_file(tmp_path / "missing.dem")
    (tmp_path / "binary.dem").write_bytes(b"error(0.1) D0 \xff")
    with pytest.raises(InputError, match="must be text, got the byte 0xff"):
        DetectorErrorModel.from_file(tmp_path / "binary.dem")
    for value in (3, None, b"x\0y", "a\0b"):
        with pytest.raises(InputError):
            DetectorErrorModel.from_file(value)
    with pytest.raises(InputError, match="read from text"):
        DetectorErrorModel.from_text(3)


def test_models_too_large_to_be_written_out_are_refused():
    for text in ("repeat 10000000000000 {\nerror(0.1) D0\n}", "error(0.1) D100000000000000", "error(0.1) L4000000000"):
        with pytest.raises(InsufficientMemoryError):
            DetectorErrorModel.from_text(text)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7), st.integers(0, 1)), max_size=7))
def test_merging_keeps_the_distribution(mechanisms):
    rates = np.array([rate for rate, _, _ in mechanisms])
    detectors = np.array([[flips >> k & 1 for _, flips, _ in mechanisms] for k in range(3)], int).reshape(3, -1)
    model = DetectorErrorModel(rates, detectors, np.array([[o for _, _, o in mechanisms]], int).reshape(1, -1))
    merged = model.merged()
    assert len(set(merged.symptoms)) == merged.num_mechanisms
    assert ((), ()) not in merged.symptoms
    before, after = enumerated(model), enumerated(merged)
    for events, flipped in before.items():
        for flips, probability in flipped.items():
            assert after.get(events, {}).get(flips, 0.0) == pytest.approx(probability, abs=1e-12)


def test_equal_mechanisms_have_the_probability_of_an_odd_number():
    merged = DetectorErrorModel.from_text("error(0.1) D0\nerror(0.2) D0\nerror(0.3) D0\nerror(0.25) D0 L0").merged()
    assert merged.symptoms == [((0,), ()), ((0,), (0,))]
    odd = 0.1 * 0.8 * 0.7 + 0.9 * 0.2 * 0.7 + 0.9 * 0.8 * 0.3 + 0.1 * 0.2 * 0.3
    np.testing.assert_allclose(merged.probabilities, [odd, 0.25], rtol=1e-14)


def test_a_code_makes_a_model():
    model = repetition(4, 0.1)
    assert model.detector_matrix.toarray().tolist() == [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert model.probabilities.tolist() == [0.1] * 4
    unequal = DetectorErrorModel.from_check_matrix(model.detector_matrix, [0.1, 0.2, 0.3, 0.4], model.observable_matrix)
    assert unequal.probabilities.tolist() == [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize("rates", [(0.01, 0.02, 0.05), (0.1, 0.1, 0.1), (0.0, 0.0, 0.2), (0.2, 0.0, 0.0)])
def test_pauli_noise_is_exact(rates):
    """One qubit whose detector anticommutes with X and Y, and whose observable does with Z and Y."""
    joint = enumerated(pauli_noise_model([[0, 1]], [[1, 0]], rates))
    expected = {(0, 0): 1 - sum(rates), (1, 0): rates[0], (1, 1): rates[1], (0, 1): rates[2]}
    for (event, flip), probability in expected.items():
        found = joint.get((bool(event),), {}).get((bool(flip),), 0.0)
        assert found == pytest.approx(probability, abs=1e-15)


def parts_of(owner, detectors):
    return DetectorErrorParts(np.array(owner), np.array(detectors), np.zeros((0, len(owner)), int))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DetectorErrorModel([0.1], [[2]], [[0]]), "must hold zeros and ones only, got 2"),
        (lambda: DetectorErrorModel([0.1], [[0.5]], [[0]]), "a matrix of zeros and ones"),
        (lambda: DetectorErrorModel([0.1], [1], [[0]]), "a matrix of zeros and ones"),
        (lambda: DetectorErrorModel([0.1], "D0", [[0]]), "a matrix of zeros and ones"),
        (lambda: DetectorErrorModel([0.1, 0.2], [[1]], [[0, 0]]), "must have 2 columns, one for each mechanism"),
        (lambda: DetectorErrorModel([0.1, 1.2], [[1, 1]], [[0, 0]]), r"in \[0, 1\], got 1.2 for mechanism 1"),
        (lambda: DetectorErrorModel([np.nan], [[1]], [[0]]), "probabilities must be finite"),
        (lambda: DetectorErrorModel([0.1], [[1]], [[0]], ((0.0,), (1.0,))), "an entry for each of the 1 detectors"),
        (lambda: DetectorErrorModel([0.1], [[1]], [[0]], 3), "coordinates must be a tuple"),
        (lambda: DetectorErrorModel([0.1], [[1], [1]], np.zeros((0, 1), int), (), parts_of([0], [[1], [0]])),
         "parts of a mechanism must add up to it, not so for mechanism 0"),
        (lambda: DetectorErrorModel([0.1], [[1]], np.zeros((0, 1), int), (), parts_of([1], [[1]])), "must ascend and"),
        (lambda: repetition(3, 1.5), r"in \[0, 1\]"),
        (lambda: repetition(3, "0.1"), "probabilities"),
        (lambda: repetition(3, [0.1, 0.2]), "must have 2 columns"),
        (lambda: repetition(3, 0.1).with_probabilities([0.1]), "must have 1 columns"),
        (lambda: DetectorErrorModel.from_stim("error(0.1) D0"), "must be a stim.DetectorErrorModel"),
        (lambda: compile_decoder("matching", stim.Circuit()), r"stim.Det.*; take its detector_error_model\("),
        (lambda: compile_decoder("matching", Circuit(1)), r"; take to_stim\(circuit\).detector_error_model\("),
        (lambda: compile_decoder("matching", "error(0.1) D0"), "; read it by DetectorErrorModel.from_text"),
        (lambda: pauli_noise_model([[1, 0, 1]], [[1, 0, 1]], (0, 0, 0)), "must have 2n columns"),
        (lambda: pauli_noise_model([[1, 0]], [[1, 0, 0, 0]], (0, 0, 0)), "logicals must have 2 columns"),
        (lambda: pauli_noise_model([[1, 0]], [[1, 0]], (0.5, 0.4, 0.3)), "at most 1 together"),
        (lambda: pauli_noise_model([[1, 0]], [[1, 0]], (0.3, 0.0, 0.3)), "are no independent errors"),
        (lambda: pauli_noise_model([[1, 0]], [[1, 0]], (0.3, 0.0)), "must have shape"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_sparse_matrices_are_taken():
    checks = sparse.coo_array(np.array([[1, 1, 0], [0, 1, 1]], bool))
    model = DetectorErrorModel([0.1, 0.2, 0.3], checks, sparse.csr_matrix([[1, 0, 0]]))
    assert model.symptoms == [((0,), (0,)), ((0, 1), ()), ((1,), ())]


def random_text(rng):
    """Mechanisms of every kind that Stim reads: parts, targets that cancel, tags, nothing at all."""
    num_detectors, num_observables = (int(k) for k in rng.integers(1, 12, 2))
    lines = []
    for _ in range(int(rng.integers(0, 10))):
        parts = []
        for _ in range(int(rng.integers(1, 4))):
            targets = [f"D{k}" for k in rng.integers(0, num_detectors, int(rng.integers(0, 4)))]
            targets += [f"L{k}" for k in rng.integers(0, num_observables, int(rng.integers(0, 3)))]
            parts += [" ".join(targets)] if targets else []
        tag = "[D3 ^ L1 (0.5)]" if rng.random() < 0.2 else ""
        lines.append(f"error{tag}({rng.random():.17g}) {' ^ '.join(parts)}".rstrip())
    lines.append(f"repeat 2 {{\nerror(1e-7) D0 D1\nshift_detectors(1) 1\n}}\ndetector[^](1, -2.5) D{num_detectors}")
    return "\n".join([*lines, f"logical_observable L{num_observables}"])


def test_models_are_read_as_stims_own_objects_say():
    for seed in range(60):
        theirs = stim.DetectorErrorModel(random_text(np.random.default_rng(seed)))
        ours = DetectorErrorModel.from_stim(theirs)
        errors = [line for line in theirs.flattened() if line.type == "error"]
        assert ours.probabilities.tolist() == [error.args_copy()[0] for error in errors]
        for error, parts in zip(errors, ours.symptoms_of_parts, strict=True):
            expected = []
            for group in error.target_groups():
                flips = [
                    sorted(t.val for t in set(group) if group.count(t) % 2 and is_kind(t))
                    for is_kind in (stim.DemTarget.is_relative_detector_id, stim.DemTarget.is_logical_observable_id)
                ]
                expected.append((tuple(flips[0]), tuple(flips[1])))
            assert parts == (expected or [((), ())])
        places = theirs.get_detector_coordinates()
        assert ours.coordinates == tuple(tuple(places[k]) for k in range(theirs.num_detectors))
        assert DetectorErrorModel.from_stim(ours.to_stim()).symptoms == ours.symptoms


def test_bits_that_nothing_checks_are_written():
    model = DetectorErrorModel.from_check_matrix([[1, 0]], [0.1, 0.2], [[0, 0]])
    assert [line.targets_copy() for line in model.to_stim() if line.type == "error"][1] == []
    assert DetectorErrorModel.from_stim(model.to_stim()) == model
