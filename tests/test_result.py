import pickle
from collections import Counter

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
