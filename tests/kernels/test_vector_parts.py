"""The vector kernels beside the block programs: transforms, sums over states, places of tiles, angles to numbers."""

import numpy as np
import pytest
from vector_rows import aligned
from vector_widths import WIDTHS

from qtoolkit_kernels.reference.vector import overlaps as overlap_twins
from qtoolkit_kernels.reference.vector import skew as skew_twins
from qtoolkit_kernels.reference.vector import trigonometry as trigonometry_twins
from qtoolkit_kernels.reference.vector import walsh as walsh_twins
from qtoolkit_kernels.reference.vector.pauli import sweep as pauli_twins
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector import overlaps, skew, trigonometry, walsh
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli import program as pauli_program
from qtoolkit_kernels.vector.pauli import sweep as pauli_sweep
from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums

PRECISIONS = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
EPSILONS = {np.float64: 1e-15, np.float32: 5e-7}
COMPLEX = {np.float64: np.complex128, np.float32: np.complex64}


def random_state(rng, size, dtype):
    return (rng.normal(size=(size, 2)) @ np.array([1, 1j]) / size**0.5).astype(COMPLEX[dtype])


@PRECISIONS
@WIDTHS
def test_walsh_transforms(vector_bytes, dtype):
    rng = np.random.default_rng(1)
    for num_bits in range((vector_bytes // np.dtype(dtype).itemsize).bit_length(), 11):
        values = rng.normal(size=1 << num_bits)
        found = aligned(values, dtype)
        walsh.walsh_transform(found, Lanes(vector_bytes), num_bits)
        difference = found - walsh_twins.walsh_transform(values.astype(dtype).astype(np.float64))
        if dtype == np.float32:
            difference = np.angle(np.exp(1j * difference))  # whole turns are taken off on the way
        assert np.abs(difference).max() < 2 * (1 << num_bits) * EPSILONS[dtype]


@PRECISIONS
@WIDTHS
def test_strings_of_z(vector_bytes, dtype):
    """On one row of tiles without gaps; large angles, and many that add up, keep their digits."""
    rng = np.random.default_rng(2)
    lanes = vector_bytes // np.dtype(dtype).itemsize
    tile_bytes = 2 * vector_bytes
    skew_bits = skew.skew_of(tile_bytes)
    num_bits = lanes.bit_length() - 1 + skew_bits
    for count, largest in ((1, 3.0), (1, 50.0), (60, 3.0)):
        strings = rng.integers(0, 1 << num_bits, (count, 2))
        angles = rng.uniform(-largest, largest, count)
        outer = int(rng.integers(1 << num_bits))
        scratch = aligned(np.full(1 << num_bits, np.nan), dtype)
        expected = walsh_twins.string_values(num_bits, outer, strings, angles)
        walsh.string_values(Lanes(vector_bytes), num_bits, outer, strings, angles, scratch)
        difference = np.angle(np.exp(1j * (scratch - expected)))
        assert np.abs(difference).max() < 20 * max(count, largest) * EPSILONS[dtype]
        state = random_state(rng, 1 << num_bits, dtype)
        tiles = np.stack([state.real.reshape(-1, lanes), state.imag.reshape(-1, lanes)], axis=1)
        block = aligned(tiles.ravel(), dtype)
        walsh.apply_strings(block, Lanes(vector_bytes), num_bits, skew_bits, outer, strings, angles, scratch)
        turned = state.astype(np.complex128)
        walsh_twins.apply_strings(turned, outer, strings, angles)
        found = block.reshape(-1, 2, lanes)
        difference = (found[:, 0] + 1j * found[:, 1]).ravel() - turned
        assert np.abs(difference).max() < 20 * max(count, largest) * EPSILONS[dtype] * np.abs(turned).max()


def test_places_of_tiles():
    for tile_bytes in (128, 64, 32):
        bits = skew.skew_of(tile_bytes)
        assert bits == skew_twins.skew_of(tile_bytes)
        places = np.array([skew.skewed(j, bits) for j in range(1 << 3 * min(bits, 5))])
        np.testing.assert_array_equal(places, skew_twins.skewed(places.size, bits))


@PRECISIONS
@WIDTHS
def test_overlaps(vector_bytes, dtype):
    """Any stretch of two states, whole registers or not, and every block of states of several blocks."""
    rng = np.random.default_rng(3)
    lanes = Lanes(vector_bytes)
    for size in (1, 2, 7, 64, 100):
        bra, ket = random_state(rng, size, dtype), random_state(rng, size, dtype)
        first, stop = sorted(int(k) for k in rng.integers(0, size + 1, 2))
        for stretch in ((0, size), (first, stop)):
            found = overlaps.products(bra, ket, lanes, *stretch)
            assert found == pytest.approx(overlap_twins.products(bra, ket, *stretch), rel=1e-12, abs=1e-14)
            found = overlaps.distances(bra, ket, 0.7, lanes, *stretch)
            assert found == pytest.approx(overlap_twins.distances(bra, ket, 0.7, *stretch), rel=1e-12)
    bra, ket = (random_state(rng, 3 * overlaps.BLOCK, dtype) for _ in range(2))
    for kernel, twin, width, middle in (
        (overlaps.share_products, overlap_twins.share_products, 2, ()),
        (overlaps.share_distances, overlap_twins.share_distances, 1, (0.7,)),
    ):
        found, expected = np.zeros((3, width)), np.zeros((3, width))
        kernel(bra, ket, *middle, lanes, found, counters(2), 0)
        twin(bra, ket, *middle, expected, counters(2), 0)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def strings_of(form, rng, num_qubits):
    """Strings of one x mask whose passes have a form: few signs, any function of the index, or very many signs."""
    x_mask = int(rng.integers(1, 1 << num_qubits))
    count = {pauli_program.SIGNED: 1, pauli_program.TABLE: 60, pauli_program.TRANSFORM: 60}[form]
    z_masks = rng.choice(1 << num_qubits, count, replace=False)
    return np.full(count, x_mask), z_masks, rng.normal(size=(count, 2)) @ np.array([1, 1j])


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize("form", ["SIGNED", "TABLE", "TRANSFORM"])
def test_every_form_of_pauli_pass(form, vector_bytes, dtype, monkeypatch):
    """Values, values of several sums, and images, straight from the packed programs."""
    number = getattr(pauli_program, form)
    if form == "TRANSFORM":
        monkeypatch.setattr(pauli_program, "MAX_TABLE_ENTRIES", 0)
    rng = np.random.default_rng(number)
    lanes, num_qubits = Lanes(vector_bytes), 13
    state = random_state(rng, 1 << num_qubits, dtype)
    own = [strings_of(number, rng, num_qubits) for _ in range(2)]
    sums = PreparedSums(own, num_qubits, vector_bytes)
    alone = PreparedSums(own[:1], num_qubits, vector_bytes).program(state.itemsize, True)
    tolerance = 100 * EPSILONS[dtype] * float(np.linalg.norm(state)) ** 2
    assert forms_of(alone)[number]
    value = pauli_sweep.program_value(lanes, alone.ints, alone.floats, state)
    assert value == pytest.approx(pauli_twins.program_value(state, own[0]), abs=tolerance)

    program = sums.program(state.itemsize, True)
    shares = np.zeros((program.num_superblocks, 2))
    pauli_sweep.program_values(state, lanes, program.ints, program.floats, shares, counters(2), 0)
    np.testing.assert_allclose(shares.sum(axis=0), pauli_twins.program_values(state, own), rtol=0, atol=tolerance)

    program = sums.program(state.itemsize, False)
    assert forms_of(program)[number]
    image = np.full_like(state, np.nan)
    pauli_sweep.program_image(state, lanes, image, program.ints, program.floats, counters(2), 0)
    np.testing.assert_allclose(image, pauli_twins.program_image(state, own[0]), rtol=0, atol=tolerance)


def forms_of(program):
    """How many passes of each form a program has."""
    counts, ints, place = [0, 0, 0], program.ints, pauli_program.FIRST
    while place < ints[2]:
        end = ints[place]
        place += pauli_program.SECTION
        while place < end:
            counts[ints[place + pauli_program.FORM]] += 1
            place += ints[place]
    return counts


def random_gates(rng, num_slots):
    """Gates with up to as many angles as a gate may have; their coefficients stand in any order, with gaps."""
    gates, slots, terms, amplitudes, place = [], [], [], [], 1
    for count in (1, 1, 2, 3, trigonometry.MAX_ANGLES):
        length, num_terms = int(rng.integers(1, 5)), int(rng.integers(1, 7))
        gates.append([place, length, len(terms), len(terms) + num_terms, count])
        slots.append(rng.integers(0, num_slots, 4))
        powers = rng.integers(-trigonometry.HIGHEST, trigonometry.HIGHEST + 1, (num_terms, 4))
        terms += [[int(rng.integers(length)), *row] for row in powers]
        amplitudes += list(rng.normal(size=(num_terms, 2)) @ np.array([1, 1j]))
        place += length + 1
    return np.array(gates), np.array(slots), np.array(terms), np.array(amplitudes), place


def test_coefficients_of_gates():
    rng = np.random.default_rng(4)
    for _ in range(20):
        *gates, size = random_gates(rng, 6)
        slot_terms = np.stack([rng.integers(0, 6, 9), rng.integers(0, 4, 9)], axis=1)
        slots = trigonometry.Slots(rng.normal(size=6), slot_terms, rng.normal(size=9))
        arguments = rng.normal(size=4), slots, trigonometry.Gates(*gates)
        before = np.arange(size) + 0j
        ours, theirs = (np.empty(6), before.copy()), (np.empty(6), before.copy())
        assert trigonometry.bind_gates(*arguments, *ours)
        assert trigonometry_twins.bind_gates(*arguments, *theirs)
        for found, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
        slot_terms[:, 0] = np.arange(9) % 6
        slot_terms[:, 1] = np.arange(9) % 4
        values = np.array([0.0, 0.0, 0.0, np.inf])
        arguments = (values, *arguments[1:])
        ours, theirs = (np.empty(6), before.copy()), (np.empty(6), before.copy())
        assert not trigonometry.bind_gates(*arguments, *ours)
        assert not trigonometry_twins.bind_gates(*arguments, *theirs)
        assert np.array_equal(ours[1], before)
        assert np.array_equal(theirs[1], before)


def test_coefficients_at_large_angles():
    """Angles beyond what the vector code reduces lose whole periods and nothing else; their neighbours stay."""
    slots = trigonometry.Slots(np.array([0.3, -2e6, 3e9]), np.zeros((0, 2), np.int64), np.zeros(0))
    gates = trigonometry.Gates(
        np.array([[s, 1, s, s + 1, 1] for s in range(3)]), np.arange(3)[:, None] * np.ones(4, np.int64),
        np.array([[0, m, 0, 0, 0] for m in (1, -1, 3)]), np.array([1, 1j, 2]) + 0j,
    )  # fmt: skip
    angles, coefficients = np.empty(3), np.empty(3, np.complex128)
    assert trigonometry.bind_gates(np.zeros(0), slots, gates, angles, coefficients)
    assert angles[0] == 0.3
    assert np.abs(angles[1:]).max() <= 2 * np.pi
    np.testing.assert_allclose(np.exp(0.5j * angles), np.exp(0.5j * slots.constants), rtol=0, atol=1e-14)
    half = slots.constants / 2
    expected = [np.exp(1j * half[0]), 1j * np.exp(-1j * half[1]), 2 * np.exp(3j * half[2])]
    np.testing.assert_allclose(coefficients, expected, rtol=0, atol=1e-14)
