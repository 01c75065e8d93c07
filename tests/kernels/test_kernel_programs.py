"""Programs: one call runs what the twins do one by one, on any range, with any number of chunks."""

from typing import Any

import numpy as np
import pytest

from qtoolkit_kernels import program
from qtoolkit_kernels.reference import program as program_twin
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters

DTYPES = pytest.mark.parametrize("dtype", [np.complex128, np.complex64], ids=["double", "single"])
TOLERANCE = {np.complex128: 1e-12, np.complex64: 1e-5}


def _unitary(rng: np.random.Generator, k: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(2**k, 2**k)) + 1j * rng.normal(size=(2**k, 2**k)))[0]


def _flat(pieces: list[list[Any]], dtype: type) -> tuple[np.ndarray, np.ndarray]:
    start = np.cumsum([0, *(len(piece) for piece in pieces)])
    return np.array([entry for piece in pieces for entry in piece], dtype), start


def random_program(rng: np.random.Generator, num_qubits: int, num_operations: int, dtype: type) -> tuple[Any, ...]:
    """Arrays of a random norm-preserving program with all opcodes that are run, some of it controlled."""
    run = [program.DENSE_1Q, program.DENSE_2Q, program.DENSE_KQ, program.DIAGONAL, program.PERMUTATION]
    opcodes = rng.permutation(np.resize([*run, program.COMPLETE_XY], num_operations))
    qubits: list[list[int]] = []
    coefficients: list[list[complex]] = []
    table: list[list[int]] = []
    masks = []
    for opcode in opcodes:
        most = {program.DENSE_1Q: 1, program.DENSE_2Q: 2}.get(opcode, 3)
        few = {program.DENSE_1Q: 1, program.DENSE_2Q: 2, program.DENSE_KQ: 1, program.PERMUTATION: 1}
        least = (few | {program.COMPLETE_XY: 2}).get(opcode, 0)
        order = rng.permutation(num_qubits).tolist()
        k = int(rng.integers(least, most + 1))
        mask = sum(1 << q for q in order[k : k + rng.integers(0, 3)])
        masks.append((mask, int(rng.integers(0, 1 << num_qubits)) & mask))
        qubits.append(order[:k])
        coefficients.append([])
        table.append([])
        if opcode == program.PERMUTATION:
            table[-1] = rng.permutation(2**k).tolist()
        elif opcode == program.DIAGONAL:
            coefficients[-1] = np.exp(1j * rng.normal(size=2**k)).tolist()
        elif opcode == program.COMPLETE_XY:
            angle = rng.uniform(-4, 4)
            coefficients[-1] = [np.cos(angle), np.sin(angle)]
        else:
            coefficients[-1] = _unitary(rng, k).ravel().tolist()
    control_masks, control_values = np.array(masks, np.int64).reshape(-1, 2).T.copy()
    return (
        opcodes,
        *_flat(qubits, np.int64),
        control_masks,
        control_values,
        *_flat(coefficients, dtype),
        *_flat(table, np.int64),
    )


def random_state(rng: np.random.Generator, num_qubits: int, dtype: type) -> np.ndarray:
    state = (rng.normal(size=2**num_qubits) + 1j * rng.normal(size=2**num_qubits)).astype(dtype)
    return state / np.linalg.norm(state)


@DTYPES
@pytest.mark.parametrize("num_qubits", [3, 6, 10])
def test_program_equals_twins_in_sequence(num_qubits: int, dtype: type) -> None:
    rng = np.random.default_rng(num_qubits)
    arrays = random_program(rng, num_qubits, 60, dtype)
    state = random_state(rng, num_qubits, dtype)
    expected = state.astype(np.complex128)
    program.run_program(state, *arrays, 0, 60)
    program_twin.run_program(expected, *arrays, 0, 60)
    assert state.dtype == dtype
    np.testing.assert_allclose(state, expected, atol=TOLERANCE[dtype])
    np.testing.assert_allclose(np.linalg.norm(state), 1.0, atol=TOLERANCE[dtype])


def test_ranges_of_operations_compose() -> None:
    rng = np.random.default_rng(2)
    arrays = random_program(rng, 6, 40, np.complex128)
    whole = random_state(rng, 6, np.complex128)
    stepped = whole.copy()
    program.run_program(whole, *arrays, 0, 40)
    for first, last in [(0, 0), (0, 13), (13, 14), (14, 14), (14, 40)]:
        program.run_program(stepped, *arrays, first, last)
    np.testing.assert_array_equal(stepped, whole)


def test_empty_program_changes_nothing() -> None:
    state = random_state(np.random.default_rng(3), 2, np.complex128)
    before = state.copy()
    program.run_program(state, *random_program(np.random.default_rng(3), 2, 0, np.complex128), 0, 0)
    np.testing.assert_array_equal(state, before)


def test_uncontrolled_amplitudes_are_bitwise_untouched() -> None:
    rng = np.random.default_rng(4)
    arrays = list(random_program(rng, 7, 60, np.complex128))
    for i in range(60):
        arrays[3][i] |= 1 << 7
        arrays[4][i] |= 1 << 7
    state = random_state(rng, 8, np.complex128)
    before = state.copy()
    program.run_program(state, *arrays, 0, 60)
    np.testing.assert_array_equal(state[: 1 << 7], before[: 1 << 7])
    assert not np.allclose(state[1 << 7 :], before[1 << 7 :])


def test_operations_shared_by_threads() -> None:
    rng = np.random.default_rng(5)
    arrays = random_program(rng, 15, 12, np.complex128)
    state = random_state(rng, 15, np.complex128)
    expected = state.copy()
    for i in range(12):
        program_twin.run_operation(expected, *arrays, i, counters(2), 0)
    alone = state.copy()
    program.run_program(alone, *arrays, 0, 12)
    np.testing.assert_allclose(alone, expected, atol=TOLERANCE[np.complex128])
    for num_threads in (1, 2, 3):
        team, shared = Team(num_threads), state.copy()
        for i in range(12):
            team.run(program.run_operation, shared, *arrays, i, counters(2))
        np.testing.assert_array_equal(shared, alone)
