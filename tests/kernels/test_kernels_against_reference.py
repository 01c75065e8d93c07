"""Every kernel equals its NumPy twin: random targets, controls and states, 1 to 10 qubits and beyond one block."""

from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from qtoolkit_kernels import cosets, dense, diagonal, exchange, inner, pauli_sum, permutation
from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums

REPEATS = 8
TOLERANCE = {np.complex128: 1e-12, np.complex64: 1e-5}


class Draw:
    """Random kernel arguments for one size and precision."""

    def __init__(self, rng: np.random.Generator, num_qubits: int, dtype: type) -> None:
        self.rng, self.num_qubits, self.dtype = rng, num_qubits, dtype

    def complex_array(self, size: int) -> np.ndarray:
        return (self.rng.normal(size=size) + 1j * self.rng.normal(size=size)).astype(self.dtype)

    def state(self) -> np.ndarray:
        state = self.complex_array(1 << self.num_qubits)
        return state / np.linalg.norm(state)

    def matrix(self, k: int) -> np.ndarray:
        return self.complex_array(4**k) / self.dtype(2**k)

    def place(self, num_targets: int) -> tuple[np.ndarray, int, int]:
        """Distinct targets, and a mask and value of up to three controls elsewhere."""
        order = self.rng.permutation(self.num_qubits)
        controls = order[num_targets : num_targets + self.rng.integers(0, 4)]
        mask = sum(1 << int(q) for q in controls)
        return order[:num_targets], mask, int(self.rng.integers(0, 1 << self.num_qubits)) & mask

    def string(self, num_qubits: int | None = None) -> tuple[int, int]:
        """Masks of a Pauli string, as often on few qubits as on many."""
        size = 1 << (self.num_qubits if num_qubits is None else num_qubits)
        keep = int(self.rng.integers(0, size)) if self.rng.random() < 0.5 else size - 1
        return int(self.rng.integers(0, size)) & keep, int(self.rng.integers(0, size)) & keep

    def num_targets(self, most: int) -> int:
        return int(self.rng.integers(1, min(most, self.num_qubits) + 1))

    def items(self, mask: int, coupled: int) -> int:
        return 1 << (self.num_qubits - mask.bit_count() - coupled)


def apply_kq(draw: Draw) -> tuple[Any, ...]:
    targets, mask, value = draw.place(draw.num_targets(5))
    return draw.items(mask, targets.size), draw.state(), draw.matrix(targets.size), targets, mask, value


def apply_diagonal(draw: Draw) -> tuple[Any, ...]:
    few = 3 if draw.rng.random() < 0.5 else draw.num_qubits
    targets, mask, value = draw.place(int(draw.rng.integers(0, min(few, draw.num_qubits) + 1)))
    return draw.items(mask, 0), draw.state(), targets, draw.complex_array(1 << targets.size), mask, value


def apply_permutation(draw: Draw) -> tuple[Any, ...]:
    targets, mask, value = draw.place(draw.num_targets(3 if draw.rng.random() < 0.7 else draw.num_qubits))
    table = draw.rng.permutation(1 << targets.size)
    return draw.items(mask, targets.size), draw.state(), targets, table, mask, value


def apply_exchange(draw: Draw) -> tuple[Any, ...]:
    targets, mask, value = draw.place(draw.num_targets(3))
    table = np.arange(1 << targets.size)
    first, second = draw.rng.choice(table.size, 2, replace=False)
    table[[first, second]] = table[[second, first]]
    return draw.items(mask, targets.size), draw.state(), targets, table, mask, value


def apply_complete_xy(draw: Draw) -> tuple[Any, ...]:
    targets, mask, value = draw.place(max(2, draw.num_targets(7)))
    angle = draw.rng.uniform(-4, 4)
    arguments = draw.state(), targets, float(np.cos(angle)), float(np.sin(angle)), mask, value
    return draw.items(mask, targets.size), *arguments


def complete_xy_inner(draw: Draw) -> tuple[Any, ...]:
    targets, mask, value = draw.place(max(2, draw.num_targets(7)))
    return draw.state(), draw.state(), targets, mask, value


def prepared(draw: Draw, num_sums: int = 1) -> PreparedSums:
    """Sums of 12 strings on up to four x masks, one of them none."""
    sums = []
    for _ in range(num_sums):
        masks = [draw.string() for _ in range(12)]
        x_masks = draw.rng.permutation([0, *(x for x, _ in masks)])[:4]
        coefficients = draw.complex_array(12).astype(np.complex128)
        sums.append((draw.rng.choice(x_masks, 12), np.array([z for _, z in masks]), coefficients))
    return PreparedSums(sums, draw.num_qubits)


def pauli_sum_expectation(draw: Draw) -> tuple[Any, ...]:
    return draw.state(), prepared(draw)


def pauli_sum_expectations(draw: Draw) -> tuple[Any, ...]:
    return draw.state(), prepared(draw, 3)


def apply_pauli_sum(draw: Draw) -> tuple[Any, ...]:
    return draw.state(), draw.state(), prepared(draw)


def vdot(draw: Draw) -> tuple[Any, ...]:
    return draw.state(), draw.state()


def distance_squared(draw: Draw) -> tuple[Any, ...]:
    return draw.state(), draw.state(), float(draw.rng.normal())


def dense_inner(draw: Draw) -> tuple[Any, ...]:
    targets, mask, value = draw.place(draw.num_targets(3))
    return draw.state(), draw.state(), targets, draw.matrix(targets.size), mask, value


def diagonal_inner(draw: Draw) -> tuple[Any, ...]:
    _, state, targets, entries, mask, value = apply_diagonal(draw)
    return state, draw.state(), targets, entries, mask, value


def shift_of(draw: Draw, without: int = 0) -> tuple[int, int]:
    """A shift that is not zero, and one of its bits, which is none of others'."""
    pivot = 1 << int(draw.rng.choice([k for k in range(draw.num_qubits) if not without >> k & 1]))
    return (int(draw.rng.integers(0, 1 << draw.num_qubits)) | pivot) & ~without, pivot


def mix_pairs(draw: Draw) -> tuple[Any, ...]:
    matrices = draw.complex_array(16).reshape(4, 2, 2)
    return 1 << draw.num_qubits - 1, draw.state(), *shift_of(draw), *draw.string(), matrices


def mix_quadruples(draw: Draw) -> tuple[Any, ...]:
    first, one = shift_of(draw)
    second, other = shift_of(draw, without=one)
    first &= ~other
    matrices = draw.complex_array(64).reshape(4, 4, 4)
    return 1 << draw.num_qubits - 2, draw.state(), first, second, one, other, *draw.string(), matrices


def sum_cosets(draw: Draw) -> tuple[Any, ...]:
    """Up to two bits of the output for up to two of the input, on tables of real numbers."""
    added, summed = (int(bits) for bits in draw.rng.integers(0, 3, 2))
    row_bits = int(draw.rng.integers(0, draw.num_qubits + 1))
    rows, columns = 1 << row_bits, 1 << draw.num_qubits - row_bits
    source = draw.complex_array(rows * columns << summed).real.reshape(rows, -1)
    target = draw.complex_array(rows * columns << added).real.reshape(rows << added, columns)
    letters = (draw.rng.integers(0, 4, size, dtype=np.uint8) for size in (rows << added, columns << summed))
    arrays = (np.ascontiguousarray(array) for array in (target, source, draw.complex_array(16).real.reshape(4, 4)))
    return rows << added, *arrays, *letters


Arguments = Callable[[Draw], tuple[Any, ...]]

GATES: dict[str, tuple[Any, Arguments]] = {
    "kq": (dense.apply_kq, apply_kq),
    "diagonal": (diagonal.apply_diagonal, apply_diagonal),
    "permutation": (permutation.apply_permutation, apply_permutation),
    "exchange": (permutation.apply_permutation, apply_exchange),
    "complete_xy": (exchange.apply_complete_xy, apply_complete_xy),
    "mix_pairs": (cosets.mix_pairs, mix_pairs),
    "mix_quadruples": (cosets.mix_quadruples, mix_quadruples),
    "sum_cosets": (cosets.sum_cosets, sum_cosets),
}

REDUCTIONS: dict[str, tuple[Any, Arguments]] = {
    "pauli_sum": (pauli_sum.pauli_sum_expectation, pauli_sum_expectation),
    "pauli_sums": (pauli_sum.pauli_sum_expectations, pauli_sum_expectations),
    "apply_pauli_sum": (pauli_sum.apply_pauli_sum, apply_pauli_sum),
    "vdot": (inner.vdot, vdot),
    "distance": (inner.distance_squared, distance_squared),
    "dense_inner": (inner.dense_inner, dense_inner),
    "diagonal_inner": (inner.diagonal_inner, diagonal_inner),
    "complete_xy_inner": (exchange.complete_xy_inner, complete_xy_inner),
}

CASES = GATES | REDUCTIONS

PAIRWISE = {"complete_xy", "complete_xy_inner", "mix_quadruples"}
"""What needs two qubits."""


def _twin_of(kernel: Any) -> Any:
    return getattr(import_module(kernel.__module__.replace("_kernels", "_kernels.reference")), kernel.__name__)


def _copy(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64], ids=["double", "single"])
@pytest.mark.parametrize(
    ("name", "num_qubits"), [(name, n) for name in CASES for n in (*range(2 if name in PAIRWISE else 1, 11), 13)]
)
def test_kernel_equals_its_twin(name: str, num_qubits: int, dtype: type) -> None:
    kernel, build = CASES[name]
    twin = _twin_of(kernel)
    rng = np.random.default_rng([list(CASES).index(name), num_qubits])
    for _ in range(REPEATS):
        arguments = build(Draw(rng, num_qubits, dtype))
        if name in GATES:
            items, *rest = arguments
            cuts = [0, *np.sort(rng.integers(0, items + 1, 2)).tolist(), items]
            ours, theirs = _copy(tuple(rest)), _copy(tuple(rest))
            results = []
            for start, stop in pairwise(cuts):
                results.append(kernel(*ours, start, stop))
            assert results == [None] * 3
            twin(*theirs)
        else:
            ours, theirs = _copy(arguments), _copy(arguments)
            ours, theirs = (*ours, kernel(*ours)), (*theirs, twin(*theirs))
        for actual, expected in zip(ours, theirs, strict=True):
            if expected is None or isinstance(expected, PreparedSums):
                assert actual is expected
                continue
            assert np.asarray(actual).dtype == np.asarray(expected).dtype
            scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
            np.testing.assert_allclose(actual, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)
