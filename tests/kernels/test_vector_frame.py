"""Kernels of near-Clifford circuits against their twins, on programs of random circuits."""

import numpy as np
import pytest
from near_clifford_oracle import random_circuit

from qtoolkit import Circuit
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.near_clifford import NearCliffordPlan
from qtoolkit.simulators.near_clifford.program import FrameProgram
from qtoolkit_kernels.reference.vector.frame import draws as draw_twins
from qtoolkit_kernels.reference.vector.frame import operations as operation_twins
from qtoolkit_kernels.reference.vector.frame import output as output_twins
from qtoolkit_kernels.reference.vector.frame import run as run_twins
from qtoolkit_kernels.reference.vector.frame import symbols as symbol_twins
from qtoolkit_kernels.vector.frame import code as frame_code
from qtoolkit_kernels.vector.frame import draws as frame_draws
from qtoolkit_kernels.vector.frame import operations as frame_operations
from qtoolkit_kernels.vector.frame import output as frame_output
from qtoolkit_kernels.vector.frame import run as frame_run
from qtoolkit_kernels.vector.frame import symbols as frame_symbols
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes

BYTES = [nbytes for nbytes in (16, 32, 64) if nbytes <= native_vector_bytes()]


def program_of(seed: int, **options: float) -> FrameProgram:
    circuit = random_circuit(seed, magic=0.3, length=40, **options)
    return NearCliffordPlan(circuit).records


def random_words(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(0, 1 << 64, shape, np.uint64)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_random_numbers_are_those_of_splitmix64(rng: np.random.Generator) -> None:
    # The first output of the published implementation for the seed 1234567.
    assert draw_twins.word_of(1234567, 1) == 6457827717110365317
    for key, number in random_words(rng, 20, 2):
        assert int(frame_draws.word_of(key, number)) == draw_twins.word_of(key, number)
        assert int(frame_draws.key_of(key, number)) == draw_twins.key_of(key, number)
        assert frame_draws.uniform(key, number) == draw_twins.uniform(key, number)


@pytest.mark.parametrize("seed", range(6))
def test_symbols(seed: int, rng: np.random.Generator) -> None:
    program = program_of(seed)
    shape = frame_code.WORDS, program.num_row_bits
    for key in random_words(rng, 3):
        found, expected = random_words(rng, *shape), random_words(rng, *shape)
        frame_symbols.draw_symbols(program.code, program.noise, key, found)
        symbol_twins.draw_symbols(program.code, program.noise, int(key), expected)
        assert (found == expected).all()


def test_noise_that_always_comes() -> None:
    identity, flip = np.eye(2), np.array([[0, 1], [1, 0]])
    from qtoolkit.circuit import KrausChannel

    circuit = Circuit(2, 2).channel(KrausChannel([flip]), 0).channel(KrausChannel([0.6 * identity, 0.8 * flip]), 1)
    program = NearCliffordPlan(circuit.measure([0, 1], [0, 1])).records
    bits = np.empty((frame_code.WORDS, program.num_row_bits), np.uint64)
    frame_symbols.draw_symbols(program.code, program.noise, np.uint64(5), bits)
    assert (bits[:, 0] == np.uint64((1 << 64) - 1)).all()
    assert 0.46 < np.bitwise_count(bits[:, 1]).sum() / frame_code.BLOCK < 0.82  # 0.64, 6 standard deviations


@pytest.mark.parametrize("nbytes", BYTES)
@pytest.mark.parametrize("seed", range(8))
def test_operations(seed: int, nbytes: int, rng: np.random.Generator) -> None:
    program = program_of(seed)
    width, shift = nbytes // 8, int(rng.integers(2))
    registers = int(rng.choice([1, 2, 32 // width]))
    size = 2 * width * max(program.room, 1) * registers
    room, factors = aligned_empty(size, np.float64), aligned_empty(1 << 16, np.float64)
    room[:] = rng.normal(size=size)
    other = room.copy()
    bits = random_words(rng, program.num_row_bits)
    expected = bits.copy()
    stop, first = len(program.code.operations), 64 * int(rng.integers(frame_code.WORDS)) + shift * width * registers
    key = random_words(rng, 1)[0]
    group = frame_operations.Group(room, factors, registers)
    frame_operations.run_operations(group, Lanes(nbytes), program.code, 0, stop, key, first, bits)
    group = frame_operations.Group(other, factors, registers)
    operation_twins.run_operations(group, Lanes(nbytes), program.code, 0, stop, int(key), first, expected)
    assert (bits == expected).all()
    np.testing.assert_allclose(room, other, atol=1e-9)


def test_programs_have_every_operation() -> None:
    kinds = {int(row[frame_code.OPCODE]) for seed in range(8) for row in program_of(seed).code.operations}
    assert kinds == set(range(8))


@pytest.mark.parametrize("count", [0, 1, 7, 64, 65, 130])
@pytest.mark.parametrize("shots", [1, 63, 64, 100])
def test_output(count: int, shots: int, rng: np.random.Generator) -> None:
    words = random_words(rng, 2, count + 3)
    plain, packed = np.zeros((shots, count), np.uint8), np.zeros((shots, -(-count // 64)), np.uint64)
    other_plain, other_packed = plain.copy(), packed.copy()
    for first in range(0, shots, 64):
        frame_output.write_bits(words[first // 64], count, plain, first)
        output_twins.write_bits(words[first // 64], count, other_plain, first)
        frame_output.write_words(words[first // 64], count, packed, first)
        output_twins.write_words(words[first // 64], count, other_packed, first)
    assert (plain == other_plain).all()
    assert (packed == other_packed).all()


def test_symbols_of_callers(rng: np.random.Generator) -> None:
    program = program_of(2)
    symbols = program.code.column_start.size - 1
    found = random_words(rng, 2, frame_code.WORDS, program.num_row_bits)
    expected = found.copy()
    values = random_words(rng, symbols, 2, frame_code.WORDS)
    frame_run.flip_symbols(program.code, found, 0, values)
    run_twins.flip_symbols(program.code, expected, 0, values)
    assert (found == expected).all()
