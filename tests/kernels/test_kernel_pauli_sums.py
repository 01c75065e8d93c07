"""Pauli sums in every form of pass, register width and number of threads; each equals the sum string by string."""

import numpy as np
import pytest

from qtoolkit_kernels import inner, pauli_sum
from qtoolkit_kernels.reference import pauli_sum as twins
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.vector.pauli import program as pauli_program
from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums

TOLERANCES = {np.complex128: 1e-12, np.complex64: 1e-5}
WIDTHS = [64, 32, 16]


def random_state(rng, num_qubits, dtype=np.complex128):
    state = rng.normal(size=(1 << num_qubits, 2)) @ np.array([1, 1j])
    return (state / np.linalg.norm(state)).astype(dtype)


def excitation(rng, orbitals, weights=None):
    """Strings of Π (X_p X_q + Y_p Y_q) over pairs of orbitals, times signs elsewhere and a function of some bits."""
    x_mask, strings = 0, {0: 1.0}
    for p, q in orbitals:
        pair = 1 << p | 1 << q
        x_mask |= pair
        strings = {z ^ add: w for z, w in strings.items() for add in (0, pair)}
    sign = int(rng.integers(1 << 12)) & ~x_mask
    strings = {z ^ sign: w for z, w in strings.items()}
    if weights:
        strings = {z ^ 1 << k: w * factor for z, w in strings.items() for k, factor in weights.items()}
    # Y_p Y_q has the factor of two Y: i^2 for both masks set, which the convention of strings includes.
    x_masks = np.full(len(strings), x_mask)
    z_masks = np.array(list(strings))
    signs = 1 - (np.bitwise_count(x_masks & z_masks) & 2).astype(float)
    return x_masks, z_masks, np.array(list(strings.values())) * signs + 0j


def joined(*parts):
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def random_strings(rng, num_qubits, num_groups, strings_per_group):
    x_masks = np.repeat(rng.integers(0, 1 << num_qubits, num_groups), strings_per_group)
    coefficients = rng.normal(size=(x_masks.size, 2)) @ np.array([1, 1j])
    return x_masks, rng.integers(0, 1 << num_qubits, x_masks.size), coefficients


def forms_of(program):
    """How many passes of each form a program has."""
    counts = [0, 0, 0]
    place, ints = pauli_program.FIRST, program.ints
    while place < ints[2]:
        end = ints[place]
        place += pauli_program.SECTION
        while place < end:
            counts[ints[place + pauli_program.FORM]] += 1
            place += ints[place]
    return counts


def check(state, sums, tolerance):
    np.testing.assert_allclose(
        pauli_sum.pauli_sum_expectations(state, sums), twins.pauli_sum_expectations(state, sums), atol=tolerance
    )
    assert pauli_sum.pauli_sum_expectation(state, sums) == pauli_sum.pauli_sum_expectations(state, sums)[0]
    ours, theirs = np.full_like(state, np.nan), np.empty_like(state)
    pauli_sum.apply_pauli_sum(state, ours, sums)
    twins.apply_pauli_sum(state, theirs, sums)
    np.testing.assert_allclose(ours, theirs, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
@pytest.mark.parametrize("vector_bytes", WIDTHS)
def test_every_width(vector_bytes, dtype):
    rng = np.random.default_rng(vector_bytes)
    for num_qubits in (1, 2, 5, 12):
        strings = joined(random_strings(rng, num_qubits, 9, 1), random_strings(rng, num_qubits, 3, 9))
        sums = PreparedSums([strings, random_strings(rng, num_qubits, 2, 2)], num_qubits, vector_bytes)
        check(random_state(rng, num_qubits, dtype), sums, 20 * TOLERANCES[dtype])


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
@pytest.mark.parametrize("table_bits", [0, 14])
@pytest.mark.parametrize(
    "orbitals", [[(3, 7)], [(0, 1)], [(1, 9)], [(4, 6), (8, 9)], [(5, 11), (10, 12)], [(0, 11), (2, 12)]]
)
def test_excitations(orbitals, table_bits, dtype, monkeypatch):
    monkeypatch.setattr(pauli_program, "TABLE_BITS", table_bits)
    rng = np.random.default_rng(len(orbitals))
    spectators = {k: float(rng.normal()) for k in range(13) if all(k not in pair for pair in orbitals)}
    state = random_state(rng, 13, dtype)
    for weights in (None, spectators):
        check(state, PreparedSums([excitation(rng, orbitals, weights)], 13), 20 * TOLERANCES[dtype])


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_tables_and_transforms_over_several_blocks(dtype, monkeypatch):
    rng = np.random.default_rng(5)
    strings = joined(random_strings(rng, 13, 1, 60), random_strings(rng, 13, 2, 5))
    diagonal = np.zeros(100, np.int64), rng.integers(0, 1 << 13, 100), rng.normal(size=100) + 0j
    state = random_state(rng, 13, dtype)
    for sums in ([joined(strings, diagonal)], [diagonal, strings]):
        tables = PreparedSums(sums, 13)
        check(state, tables, 50 * TOLERANCES[dtype])
        assert forms_of(tables.program(state.itemsize, True))[pauli_program.TABLE] >= 2
        with monkeypatch.context() as patch:
            patch.setattr(pauli_program, "MAX_TABLE_ENTRIES", 0)
            transforms = PreparedSums(sums, 13)
            check(state, transforms, 50 * TOLERANCES[dtype])
        assert forms_of(transforms.program(state.itemsize, True))[pauli_program.TRANSFORM] >= 2


def test_vanishing_elements_are_not_visited():
    """A double excitation keeps the number of particles, so it acts on two of sixteen settings of its four orbitals."""
    rng = np.random.default_rng(0)
    program = PreparedSums([excitation(rng, [(4, 7), (8, 9)])], 12, 64).program(16, True)
    assert forms_of(program) == [1, 0, 0]
    assert program.visits == (1 << 12) // 4 // 8


def test_equal_strings_add_up_and_may_cancel():
    rng = np.random.default_rng(1)
    state = random_state(rng, 6)
    masks = np.array([9, 9, 9]), np.array([4, 4, 4])
    assert pauli_sum.pauli_sum_expectation(state, PreparedSums([(*masks, np.array([1.0, 1.0, -2.0]))], 6)) == 0
    check(state, PreparedSums([(*masks, np.array([1.0, 2.0, 3.0 + 1j]))], 6), 1e-12)


def test_a_sum_without_strings_is_zero():
    empty = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.complex128)
    check(random_state(np.random.default_rng(1), 3), PreparedSums([empty], 3), 0.0)


def test_read_only_states():
    rng = np.random.default_rng(2)
    state = random_state(rng, 4)
    sums = PreparedSums([random_strings(rng, 4, 4, 3)], 4)
    expected = pauli_sum.pauli_sum_expectation(state, sums)
    state.setflags(write=False)
    assert pauli_sum.pauli_sum_expectation(state, sums) == expected
    check(state, sums, 1e-12)


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_results_do_not_depend_on_the_number_of_threads(dtype, monkeypatch):
    monkeypatch.setattr(pauli_sum, "SHARED_VISITS", 0)
    monkeypatch.setattr(inner, "_SHARED_BLOCKS", 2)
    rng = np.random.default_rng(3)
    state, other = random_state(rng, 17, dtype), random_state(rng, 17, dtype)
    strings = joined(random_strings(rng, 17, 9, 1), random_strings(rng, 17, 1, 30))
    sums = PreparedSums([strings, random_strings(rng, 17, 2, 2)], 17)
    alone = np.empty_like(state)
    pauli_sum.apply_pauli_sum(state, alone, sums)
    for num_threads in (2, 3):
        team = Team(num_threads)
        expected = pauli_sum.pauli_sum_expectations(state, sums)
        np.testing.assert_array_equal(pauli_sum.pauli_sum_expectations(state, sums, team), expected)
        assert pauli_sum.pauli_sum_expectation(state, sums, team) == expected[0]
        together = np.full_like(state, np.nan)
        pauli_sum.apply_pauli_sum(state, together, sums, team)
        np.testing.assert_array_equal(together, alone)
        assert inner.vdot(state, other, team) == inner.vdot(state, other)
        assert inner.distance_squared(state, other, 0.3, team) == inner.distance_squared(state, other, 0.3)
