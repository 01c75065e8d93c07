import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from qtoolkit import Result
from qtoolkit.circuit import ClassicalRegister
from qtoolkit.errors import InputError


def test_from_memory_counts_and_orders():
    result = Result.from_memory([[1, 0, 0], [1, 0, 0], [0, 0, 1]])
    assert result.counts == {"001": 2, "100": 1}
    assert result.bitstrings == ("001", "001", "100")
    assert result.probabilities == {"001": 2 / 3, "100": 1 / 3}
    assert result.shots == 3
    with pytest.raises(ValueError, match="read-only"):
        result.memory[0, 0] = 0


@pytest.mark.parametrize("num_clbits", [1, 7, 8, 64, 65, 130])
def test_many_bits(num_clbits):
    bits = np.random.default_rng(0).integers(0, 2, (50, num_clbits), dtype=np.uint8)
    result = Result.from_memory(bits)
    rows = ["".join(str(b) for b in row[::-1]) for row in bits]
    assert list(result.bitstrings) == rows
    assert result.counts == Counter(rows)


def test_memory_is_a_copy():
    bits = np.zeros((2, 1), dtype=np.uint8)
    result = Result.from_memory(bits)
    bits[0, 0] = 1
    assert result.bitstrings == ("0", "0")
    assert pickle.loads(pickle.dumps(result)) == result


@pytest.mark.parametrize("num_clbits", [0, 1, 5, 20, 63, 64, 65, 130])
@pytest.mark.parametrize("shots", [0, 1, 3000])
def test_packed_bits_are_those_of_the_memory(num_clbits, shots):
    bits = np.random.default_rng(num_clbits).integers(0, 2, (shots, num_clbits), dtype=np.uint8)
    bits[: shots // 2] = bits[:1]
    words = np.zeros((shots, -(-num_clbits // 64)), np.uint64)
    for c in range(num_clbits):
        words[:, c // 64] |= bits[:, c].astype(np.uint64) << np.uint64(c % 64)
    result = Result.from_packed(words, num_clbits, seed=3)
    rows = ["".join(str(b) for b in row[::-1]) for row in bits]
    assert (result.shots, result.num_clbits, result.seed) == (shots, num_clbits, 3)
    np.testing.assert_array_equal(result.memory, bits)
    assert result.memory.dtype == np.uint8
    assert list(result.bitstrings) == rows
    assert list(result.counts.items()) == sorted(Counter(rows).items(), key=lambda item: (-item[1], item[0]))
    assert result == Result.from_memory(bits, seed=3)
    order = np.random.default_rng(1).permutation(num_clbits).tolist()
    np.testing.assert_array_equal(result.marginal(order).memory, bits[:, order])


def test_counts_and_memory_are_made_when_they_are_read():
    result = Result.from_packed(np.array([[2], [1], [2]], np.uint64), 2)
    assert not {"counts", "memory"} & vars(result).keys()
    copied = pickle.loads(pickle.dumps(result.with_metadata(a=1)))
    assert not {"counts", "memory"} & vars(copied).keys()
    assert copied.metadata == {"a": 1}
    assert copied.marginal([1]).counts == {"1": 2, "0": 1}
    assert copied.counts == {"10": 2, "01": 1}
    assert copied.counts is copied.counts
    assert copied.memory is copied.memory
    assert replace(copied, seed=1).memory is copied.memory
    with pytest.raises(AttributeError, match="'Result' object has no attribute 'count'"):
        _ = result.count


def test_a_result_made_of_counts_and_memory_keeps_both():
    bits = np.array([[1, 0], [1, 1]], np.uint8)
    result = Result({"01": 1, "11": 1}, 2, 2, memory=bits)
    assert result.memory is bits
    assert result.bitstrings == ("01", "11")
    assert result.marginal([1]).counts == {"0": 1, "1": 1}


def test_a_million_different_bitstrings_are_counted_in_order():
    values = np.random.default_rng(0).permutation(np.repeat(np.arange(1 << 17, dtype=np.uint64), 2))
    counts = Result.from_packed(np.append(values, [7] * 70_000).astype(np.uint64)[:, None], 17).counts
    assert list(counts.items())[:2] == [(f"{7:017b}", 70_002), ("0" * 17, 2)]
    assert list(counts)[1:] == [f"{v:017b}" for v in range(1 << 17) if v != 7]


def test_from_counts_drops_spaces():
    result = Result.from_counts({"0 1": 3, "11": 5, "01": 1}, backend_name="cloud")
    assert result.counts == {"11": 5, "01": 4}
    assert result.memory is None
    with pytest.raises(InputError, match="cloud returns counts without the order of shots"):
        _ = result.bitstrings


@pytest.mark.parametrize("with_memory", [True, False])
def test_marginals(with_memory):
    registers = (ClassicalRegister("a", (0,)), ClassicalRegister("b", (2, 1)))
    if with_memory:
        result = Result.from_memory([[1, 0, 1], [0, 1, 1]], registers=registers)
    else:
        result = Result.from_counts({"101": 1, "110": 1}, registers=registers)
    assert result.register("a").counts == {"0": 1, "1": 1}
    assert result.register("b").counts == {"01": 1, "11": 1}
    assert result.marginal([1]).counts == {"0": 1, "1": 1}


def test_no_bits_at_all():
    assert Result.from_memory(np.zeros((3, 0))).counts == {"": 3}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Result.from_counts({"01": 1, "1": 1}), "have 2 letters 0 or 1, got '1'"),
        (lambda: Result.from_counts({"02": 1}), "got '02'"),
        (lambda: Result.from_counts({"01": -1}), "at least 0, got -1"),
        (lambda: Result.from_counts({"01": 1}, num_clbits=3), "have 3 letters"),
        (lambda: Result.from_counts({"01": 1}).register("x"), "registers are none; got 'x'"),
        (lambda: Result.from_counts({"01": 1}).marginal([2]), "are 0 to 1, got 2"),
        (lambda: Result.from_memory([1, 0]), "one row per shot"),
        (lambda: Result.from_memory([[0, 2]]), "bits of a memory are 0 or 1, got 2"),
        (lambda: Result.from_memory([[0.5]]), "bits of a memory are 0 or 1, got 0.5"),
        (lambda: Result.from_memory([[np.nan]]), "bits of a memory are 0 or 1, got nan"),
        (
            lambda: Result.from_packed(np.zeros((2, 1)), 3),
            "uint64 of shape .shots, 1., got float64 of shape .2, 1.",
        ),
        (
            lambda: Result.from_packed(np.zeros((2, 1), np.uint64), 65),
            "shape .shots, 2., got uint64 of shape .2, 1.",
        ),
        (lambda: Result.from_packed(np.full((1, 1), 8, np.uint64), 3), "beyond classical bit 2 must be 0"),
        (lambda: Result.from_counts({3: 1}), "counts are integers by bitstring, got 1 for 3"),
        (lambda: Result.from_counts({"0": 0.5}), "counts are integers by bitstring, got 0.5 for '0'"),
        (lambda: Result.from_counts({"01": 1}).marginal([0.0]), "are 0 to 1, got 0.0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_metadata_is_added_to_a_copy():
    result = Result.from_counts({"1": 1}, metadata={"a": 1})
    assert result.with_metadata(b=2).metadata == {"a": 1, "b": 2}
    assert result.metadata == {"a": 1}
