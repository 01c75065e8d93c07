"""Programs of Pauli sums: what their passes visit, whoever runs the packer, and however much room it has."""

import itertools

import numpy as np
import pytest
from test_kernel_pauli_sums import check, excitation, forms_of, joined, random_state, random_strings

from qtoolkit_kernels import _jit, pauli_sum
from qtoolkit_kernels.vector.pauli import pack, parities, program, sizes
from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums
from qtoolkit_kernels.vector.pauli.sorting import sort_by_keys


def run_interpreted(_size):
    return lambda kernel, *arguments: _jit.interpreted(kernel)(*arguments)


def assert_same(found, expected):
    np.testing.assert_array_equal(found.ints, expected.ints)
    np.testing.assert_allclose(found.floats, expected.floats, rtol=1e-14, atol=1e-14)
    assert found[2:] == expected[2:]


def sums_of_all_kinds(rng, num_qubits):
    """With few strings and many in a group, conserving particles, diagonal, two together, and empty."""
    diagonal = np.zeros(40, np.int64), rng.integers(0, 1 << num_qubits, 40), rng.normal(size=40) + 0j
    few, many = random_strings(rng, num_qubits, 9, 1), random_strings(rng, num_qubits, 2, 30)
    yield [joined(few, many, diagonal)]
    yield [few, random_strings(rng, num_qubits, 2, 3), random_strings(rng, num_qubits, 0, 1)]
    for orbitals in ([(0, 1)], [(3, 7)], [(4, 6), (8, 9)], [(0, 8), (2, 9)]):
        spectators = {k: float(rng.normal()) for k in (5, 1) if all(k not in pair for pair in orbitals)}
        yield [joined(excitation(rng, orbitals), excitation(rng, orbitals, spectators), few)]


@pytest.mark.parametrize("limits", [(14, 1 << 20), (0, 1 << 20), (14, 0), (14, 1 << 12)])
@pytest.mark.parametrize("num_qubits", [10, 13])
def test_compiled_and_interpreted(num_qubits, limits, monkeypatch):
    monkeypatch.setattr(program, "TABLE_BITS", limits[0])
    monkeypatch.setattr(program, "MAX_TABLE_ENTRIES", limits[1])
    rng = np.random.default_rng(num_qubits)
    forms = np.zeros(3, int)
    layouts = itertools.cycle(itertools.product((16, 8), (64, 32, 16), (True, False)))
    for sums, layout in zip(list(sums_of_all_kinds(rng, num_qubits)) * 2, layouts, strict=False):
        compiled = pack.pack_pauli_sums(sums, num_qubits, *layout)
        with monkeypatch.context() as patch:
            patch.setattr(pack, "runner", run_interpreted)
            assert_same(pack.pack_pauli_sums(sums, num_qubits, *layout), compiled)
        forms += forms_of(compiled)
    assert forms[program.SIGNED]
    assert forms[program.TABLE]
    # Where a block is all of the index, its table is the cheaper.
    assert bool(forms[program.TRANSFORM]) == (num_qubits > 11 and limits != (14, 1 << 20))


@pytest.mark.parametrize("num_strings", [0, 1, 5, 64])
@pytest.mark.parametrize("num_qubits", [4, 13, 16])
def test_few_strings_are_packed_as_many_are(num_qubits, num_strings, monkeypatch):
    rng = np.random.default_rng([num_qubits, num_strings])
    for layout in itertools.product((16, 8), (64, 32, 16), (True, False)):
        masks = rng.integers(0, 1 << rng.integers(1, num_qubits + 1), (2, num_strings))
        strings = (*masks, rng.normal(size=num_strings) + 1j * rng.normal(size=num_strings))
        few = pack.pack_pauli_sums([strings], num_qubits, *layout)
        with monkeypatch.context() as patch:
            patch.setattr(pack, "FEW_TERMS", -1)
            assert_same(few, pack.pack_pauli_sums([strings], num_qubits, *layout))
        with monkeypatch.context() as patch:
            patch.setattr(pack, "runner", run_interpreted)
            assert_same(few, pack.pack_pauli_sums([strings], num_qubits, *layout))
        with monkeypatch.context() as patch:
            patch.setattr(pack, "LEAST_ROOM", 0)
            patch.setattr(pack, "ROOM_FOR_TERM", 1)
            assert_same(few, pack.pack_pauli_sums([strings], num_qubits, *layout))


def test_the_order_of_strings_does_not_matter():
    rng = np.random.default_rng(1)
    strings = joined(random_strings(rng, 11, 9, 2), random_strings(rng, 11, 2, 30))
    expected = pack.pack_pauli_sums([strings], 11, 16, 32, True)
    for _ in range(3):
        order = rng.permutation(strings[0].size)
        assert_same(pack.pack_pauli_sums([tuple(part[order] for part in strings)], 11, 16, 32, True), expected)


@pytest.mark.parametrize("hermitian", [True, False])
def test_arrays_that_are_too_short_at_first(hermitian, monkeypatch):
    """The packer goes on where it stopped, in longer ones."""
    rng = np.random.default_rng(2)
    strings = joined(random_strings(rng, 13, 40, 2), random_strings(rng, 13, 3, 60))
    expected = pack.pack_pauli_sums([strings], 13, 16, 32, hermitian)
    monkeypatch.setattr(pack, "LEAST_ROOM", 8)
    monkeypatch.setattr(pack, "ROOM_FOR_TERM", 0)
    found = pack.pack_pauli_sums([strings], 13, 16, 32, hermitian)
    assert_same(found, expected)
    for array in (found.ints, found.floats):
        memory = array if array.base is None else array.base
        assert memory.size - array.size <= pack.MOST_SPARE + array.size // 4


def test_mirror_images_are_found_in_any_number():
    """Products of (1 ± Z_m) leave one of 2^k settings of the masks' parities, whatever else depends on the index."""
    rng = np.random.default_rng(3)
    num_qubits, rest = 14, rng.normal(size=3)
    for num_mirrors in range(6):
        strings = dict(zip((0, 1 << 12, 5 << 11), rest, strict=True))
        for k in range(num_mirrors):
            mask, sign = 0b1001 << k + 3, (-1) ** k
            strings = strings | {z ^ mask: sign * weight for z, weight in strings.items()}
        z_masks = np.array(list(strings))
        terms = np.zeros_like(z_masks), z_masks, np.array(list(strings.values())) + 0j
        sums = PreparedSums([terms], num_qubits, 32)
        assert sums.program(16, True).visits == (1 << num_qubits - num_mirrors) // 2
        check(random_state(rng, num_qubits), sums, 1e-12)


def test_mirror_images_are_not_looked_for_forever(monkeypatch):
    rng = np.random.default_rng(4)
    strings = excitation(rng, [(4, 7), (8, 9)])
    sums = PreparedSums([strings], 12, 32)
    fewest = sums.program(16, True).visits
    monkeypatch.setitem(_jit.interpreted(parities.fold_mirrors).__globals__, "LOOKUPS", 0)
    monkeypatch.setattr(pack, "runner", run_interpreted)
    sums = PreparedSums([strings], 12, 32)
    assert sums.program(16, True).visits >= fewest
    check(random_state(rng, 12), sums, 1e-12)


def test_many_strings_alike_but_for_one():
    """Every one is a candidate for a mirror image, and each fails."""
    rng = np.random.default_rng(5)
    weights = np.ones(1 << 14, np.complex128)
    weights[rng.integers(1, weights.size)] = 1.5
    z_masks = rng.permutation(weights.size)
    sums = PreparedSums([(np.zeros(weights.size, np.int64), z_masks, weights)], 14)
    assert forms_of(sums.program(16, True)) == [0, 1, 0]
    index = int(rng.integers(1 << 14))
    state = np.zeros(1 << 14, np.complex128)
    state[index] = 1
    expected = np.sum(weights.real * (1 - 2.0 * (np.bitwise_count(z_masks & index) & 1)))
    assert pauli_sum.pauli_sum_expectation(state, sums) == pytest.approx(expected, abs=1e-9)


def test_sorting():
    rng = np.random.default_rng(6)
    for count in (0, 1, 2, 7, 64, 100):
        scratch = np.empty((5, max(count, 1)), np.int64)
        scratch[: sizes.ORDER, :count] = rng.integers(0, 3, (3, count))
        keys = scratch[: sizes.ORDER, :count].copy()
        sort_by_keys(scratch, count)
        np.testing.assert_array_equal(scratch[sizes.ORDER, :count], np.lexsort(keys[::-1]))
