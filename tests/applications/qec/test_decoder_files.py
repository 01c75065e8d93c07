"""Files of detection events: round trips with Stim's readers and writers, and files that are none."""

import numpy as np
import pytest
import stim
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit.applications.qec import read_events, write_events
from qtoolkit.errors import InputError, OutputError

FORMATS = ["01", "b8", "r8", "hits"]


def theirs(path, bits, kind):
    return stim.read_shot_data_file(path=path, format=kind, num_measurements=bits)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("bits", [1, 7, 8, 9, 255, 256, 700])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.5, 1.0])
def test_stim_reads_what_we_write_and_we_read_what_it_writes(kind, bits, rate, tmp_path):
    events = np.random.default_rng(bits).random((13, bits)) < rate
    write_events(tmp_path / f"ours.{kind}", events)
    assert np.array_equal(theirs(tmp_path / f"ours.{kind}", bits, kind), events)
    stim.write_shot_data_file(data=events, path=tmp_path / "theirs", format=kind, num_measurements=bits)
    assert (tmp_path / "theirs").read_bytes() == (tmp_path / f"ours.{kind}").read_bytes()
    assert np.array_equal(read_events(tmp_path / "theirs", bits, kind), events)
    assert np.array_equal(read_events(tmp_path / f"ours.{kind}", bits), events)


@pytest.mark.parametrize("kind", FORMATS)
def test_no_shots_are_a_file_too(kind, tmp_path):
    write_events(tmp_path / "none", np.zeros((0, 5), bool), kind)
    assert read_events(tmp_path / "none", 5, kind).shape == (0, 5)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_is_cut_off_is_refused_or_loses_whole_shots(kind, tmp_path):
    events = np.random.default_rng(1).random((9, 21)) < 0.3
    write_events(tmp_path / "whole", events, kind)
    data = (tmp_path / "whole").read_bytes()
    refused = 0
    for end in range(len(data)):
        (tmp_path / "cut").write_bytes(data[:end])
        try:
            found = read_events(tmp_path / "cut", 21, kind)
        except InputError:
            refused += 1
        else:
            assert np.array_equal(found, events[: len(found)])
    assert refused >= len(data) - 10


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40), st.integers(1, 20), st.sampled_from(FORMATS))
def test_any_bytes_are_read_as_stim_reads_them_or_refused(tmp_path_factory, data, bits, kind):
    path = tmp_path_factory.mktemp("bytes") / "data"
    path.write_bytes(data)
    try:
        found = read_events(path, bits, kind)
    except InputError:
        return
    assert np.array_equal(theirs(path, bits, kind), found)


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("01", b"0101\n010\n", "line 2: a shot has 4 digits, got 3"),
        ("01", b"0101\n0102\n", "line 2: a digit is 0 or 1, got b'2' at 4"),
        ("01", b"0101\n0101", "line 2: a shot ends with a new line"),
        ("b8", b"\x01\x02\xff", r"leaves 4 of its last byte zero, not so shot 2"),
        ("r8", b"\x04\x04\x02", "the runs of a shot of 4 bits must add up to it, not so shot 2"),
        ("r8", b"\x04\x05", "not so shot 1"),
        ("hits", b"0,1\n4\n", "line 2: a one is named by its number below 4, got '4'"),
        ("hits", b"0,x\n", "line 1: a one is named"),
        ("hits", b"0,1\n2", "line 2: a shot ends with a new line"),
    ],
)
def test_what_is_wrong_is_named(kind, data, message, tmp_path):
    (tmp_path / "data").write_bytes(data)
    with pytest.raises(InputError, match=f"data(,|:) {message}|data: .*{message}"):
        read_events(tmp_path / "data", 4, kind)


def test_bytes_that_are_no_multiple_are_refused(tmp_path):
    (tmp_path / "events.b8").write_bytes(bytes(5))
    with pytest.raises(InputError, match="9 bits take 2 bytes each, got 5 bytes, which is 2 shots and 1 bytes more"):
        read_events(tmp_path / "events.b8", 9)


def test_windows_line_ends_are_read(tmp_path):
    (tmp_path / "events.01").write_bytes(b"01\r\n10\r\n")
    assert read_events(tmp_path / "events.01", 2).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: read_events(path / "a.txt", 3), "format must be one of 01, b8, r8, hits, got 'txt'"),
        (lambda path: read_events(path / "a", 3, "ptb64"), "format must be one of"),
        (lambda path: read_events(path / "missing.b8", 3), "cannot be read"),
        (lambda path: read_events(path / "a.b8", 0), "bits must be"),
        (lambda path: read_events(3, 3), "a path is a text or a pathlib.Path, got 3"),
        (lambda path: write_events(path / "a.b8", np.zeros(3, bool)), r"shape \(shots, bits\), got shape \(3,\)"),
        (lambda path: write_events(path / "a.b8", np.zeros((3, 2))), "bools, or integers that are 0 or 1"),
        (lambda path: write_events(path / "a.b8", [[0], [2]]), "must be 0 or 1, got 2"),
    ],
)
def test_other_arguments_are_refused(call, message, tmp_path):
    with pytest.raises(InputError, match=message):
        call(tmp_path)


def test_a_file_that_cannot_be_written_is_said_so(tmp_path):
    with pytest.raises(OutputError):
        write_events(tmp_path / "missing" / "events.b8", np.zeros((1, 1), bool))


def test_rows_of_unlike_lengths_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"shape \(shots, bits\), got"):
        write_events(tmp_path / "a.01", [[1], [0, 1]])


@pytest.mark.parametrize("word", ["9" * 20, "9" * 5000])
def test_numbers_too_long_to_be_read_are_refused(tmp_path, word):
    path = tmp_path / "a.hits"
    path.write_text(f"{word}\n")
    with pytest.raises(InputError, match="below 3, got"):
        read_events(path, 3)


def test_numbers_may_begin_with_zeros(tmp_path):
    path = tmp_path / "a.hits"
    path.write_text("00,01\n")
    assert read_events(path, 3).tolist() == [[True, True, False]]


@pytest.mark.parametrize("data", [b"\t", b"1 \n", b" 1\n", b"1\n\t", b"1\r"])
def test_blanks_are_no_part_of_hits(tmp_path, data):
    path = tmp_path / "a.hits"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_events(path, 3)
    path.write_bytes(b"1\r\n\r\n")
    assert read_events(path, 3).tolist() == theirs(path, 3, "hits").tolist()
