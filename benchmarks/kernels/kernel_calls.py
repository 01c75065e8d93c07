"""One representative call per kernel and place: gates on low and on high qubits, with and without controls."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels import (
    cosets,
    dense,
    diagonal,
    elimination,
    exchange,
    inner,
    measurement,
    pauli_sum,
    permutation,
    program,
    sampling,
    sector,
    seeding,
    subsets,
    union_find,
)
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums

SHOTS = 10_000
STRINGS = 64


@dataclass(frozen=True)
class Call:
    """A kernel and its arguments.

    `work` holds the range of work items, which twins do not take; a `shared` kernel and its twin take the counters of a
    team of threads and the number of a thread after their arguments.
    """

    kernel: Callable[..., Any]
    arguments: tuple[Any, ...]
    work: tuple[int, ...] = ()
    shared: bool = False

    @property
    def compiled(self) -> Callable[..., Any]:
        """The kernel, on one thread."""
        return self._alone(self.kernel)

    @property
    def twin(self) -> Callable[..., Any]:
        """The NumPy function of the same name."""
        module = self.kernel.__module__.replace("qtoolkit_kernels", "qtoolkit_kernels.reference")
        return self._alone(getattr(import_module(module), self.kernel.__name__))

    def _alone(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return (lambda *arguments: function(*arguments, counters(2), 0)) if self.shared else function

    def copied_arguments(self) -> tuple[Any, ...]:
        """Arguments that a kernel may change."""
        return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in self.arguments)


class Scene:
    """The states, matrices and places that the calls below are made of."""

    def __init__(self, num_qubits: int, dtype: type[np.complexfloating[Any, Any]]) -> None:
        self.rng = np.random.default_rng(num_qubits)
        self.num_qubits, self.dtype = num_qubits, dtype
        self.state = self.random_state()

    def random_state(self) -> NDArray[Any]:
        """A normalised random state."""
        state = self.rng.normal(size=(1 << self.num_qubits, 2)) @ np.array([1, 1j])
        return np.asarray((state / np.linalg.norm(state)).astype(self.dtype))

    def unitary(self, k: int) -> NDArray[Any]:
        """A flat random unitary."""
        matrix = self.rng.normal(size=(2**k, 2**k)) + 1j * self.rng.normal(size=(2**k, 2**k))
        return np.asarray(np.linalg.qr(matrix)[0].astype(self.dtype).ravel())

    def phases(self, k: int) -> NDArray[Any]:
        """A random unitary diagonal."""
        return np.exp(1j * self.rng.normal(size=2**k)).astype(self.dtype)

    def many(self, *targets: int, control: int = 0) -> Call:
        """A dense gate."""
        work = 0, self.state.size >> (len(targets) + control.bit_count())
        return Call(dense.apply_kq, (self.state, self.unitary(len(targets)), np.array(targets), control, control), work)

    def phase_gate(self, *targets: int, control: int = 0) -> Call:
        """A diagonal gate."""
        work = 0, self.state.size >> control.bit_count()
        places = np.array(targets, np.int64)
        return Call(diagonal.apply_diagonal, (self.state, places, self.phases(len(targets)), control, control), work)

    def move(self, targets: list[int], table: list[int], control: int = 0) -> Call:
        """A permutation gate."""
        work = 0, self.state.size >> (len(targets) + control.bit_count())
        arguments = self.state, np.array(targets), np.array(table), control, control
        return Call(permutation.apply_permutation, arguments, work)

    def all_pairs(self, *targets: int) -> Call:
        """The exchange of all pairs of some qubits."""
        work = 0, self.state.size >> len(targets)
        return Call(exchange.apply_complete_xy, (self.state, np.array(targets), 0.8, 0.6, 0, 0), work)

    def pair(self, kernel: Callable[..., Any], *arguments: Any) -> Call:
        """A function of two states."""
        return Call(kernel, (self.state, self.random_state(), *arguments))

    def strings(self, num_groups: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Masks of `STRINGS` Pauli strings with `num_groups` distinct x masks, the first of them zero."""
        x_masks = np.sort(np.concatenate([[0], self.rng.choice(self.state.size, num_groups - 1, replace=False)]))
        return np.repeat(x_masks, STRINGS // num_groups), self.rng.integers(0, self.state.size, STRINGS)

    def prepared(self, num_groups: int, num_sums: int = 1) -> PreparedSums:
        """Sums of Pauli strings, ready for states."""
        sums = [(*self.strings(num_groups), self.rng.normal(size=STRINGS) + 0j) for _ in range(num_sums)]
        return PreparedSums(sums, self.num_qubits)

    def expectation(self, num_groups: int) -> Call:
        """The expectation value of a sum of Pauli strings."""
        return Call(pauli_sum.pauli_sum_expectation, (self.state, self.prepared(num_groups)))

    def expectations(self) -> Call:
        """The expectation values of several sums."""
        return Call(pauli_sum.pauli_sum_expectations, (self.state, self.prepared(8, 4)))

    def hamiltonian(self, num_groups: int) -> Call:
        """The image of a state under a sum of Pauli strings."""
        return self.pair(pauli_sum.apply_pauli_sum, self.prepared(num_groups))

    @property
    def reals(self) -> NDArray[Any]:
        """Real and imaginary parts of the state in turn."""
        return np.asarray(self.state.view(self.state.real.dtype))

    def weights(self, kernel: Callable[..., Any], size: int) -> Call:
        """Weights of amplitudes or of blocks of them."""
        return Call(kernel, (self.reals, np.empty(size)), shared=True)

    def distribution(self, *qubits: int) -> Call:
        """The distribution of some qubits, in one slice."""
        arguments = self.reals, np.array(qubits), np.empty((1, 1 << len(qubits)))
        return Call(measurement.marginal_probabilities, arguments, shared=True)

    def projection(self, qubit: int, final: int) -> Call:
        """The state after qubit was found in 1, and left there or reset."""
        arguments = self.reals, np.empty_like(self.reals), qubit, 1, final, 1.25
        return Call(measurement.project, arguments, shared=True)

    def shots(self, kernel: Callable[..., Any]) -> Call:
        """A step of sampling from four blocks."""
        uniforms = self.rng.random(SHOTS)
        if kernel is sampling.sample_small:
            return Call(kernel, (self.reals, uniforms, np.empty(SHOTS, int)), shared=True)
        if kernel is sampling.sample_measured:
            places = np.arange(self.num_qubits, dtype=np.float64)
            rows = np.stack([np.full_like(places, -1.0), places, places[::-1], 0 * places, 0 * places], axis=1)
            return Call(kernel, (self.reals, 1, uniforms, rows, -1, np.empty(SHOTS, int)))
        weights = (self.reals.astype(np.float64) ** 2).reshape(4, -1).sum(axis=1)
        edges = np.append(0.0, np.cumsum(weights))
        blocks = np.searchsorted(edges[1:], edges[-1] * uniforms, side="right").astype(np.int32)
        borders = np.append(0, np.cumsum(np.bincount(blocks, minlength=4)))
        shots = np.argsort(blocks, kind="stable").astype(np.int32)
        arguments: dict[Callable[..., Any], tuple[Any, ...]] = {
            sampling.assign_blocks: (edges, uniforms, blocks, np.zeros((1, 4), int)),
            sampling.sort_by_block: (blocks, borders[None, :-1], shots),
            sampling.sample_blocks: (self.reals, edges, uniforms, borders, shots, np.empty(SHOTS, int)),
        }
        return Call(kernel, arguments[kernel], shared=True)

    def layer(self) -> Call:
        """A program: one dense gate per qubit and a ladder of controlled phases."""
        n = self.num_qubits
        ladder = [(1 << q) | (1 << (q + 1)) for q in range(n - 1)]
        none = np.zeros(0, np.int64)
        arrays = (
            np.array([program.DENSE_1Q] * n + [program.DIAGONAL] * (n - 1)),
            np.arange(n),
            np.minimum(np.arange(2 * n), n),
            np.array([0] * n + ladder),
            np.array([0] * n + ladder),
            np.concatenate([self.unitary(1) for _ in range(n)] + [self.phases(0) for _ in ladder]),
            np.concatenate([4 * np.arange(n), 4 * n + np.arange(n)]),
            none,
            np.zeros(2 * n, np.int64),
        )
        return Call(program.run_program, (self.state, *arrays, 0, 2 * n - 1))

    def one_operation(self) -> Call:
        """The first gate of that program."""
        call = self.layer()
        return Call(program.run_operation, (*call.arguments[:-2], 0), shared=True)

    def sector_step(self, kind: int) -> Call:
        """An exchange of all amplitudes in random pairs, or the phases of one vector."""
        size = self.state.size
        rows = self.state.view(self.state.real.dtype).reshape(-1, 2)
        pairs = np.ascontiguousarray(self.rng.permutation(size).reshape(2, -1).T.astype(np.int32))
        matrix = np.array([[0.8, 0, 0, -0.6, 0, -0.6, 0.8, 0]])
        none, zero, one = np.zeros(0, np.int64), np.zeros(1, np.int64), np.arange(2)
        pattern = sector.Pairs(one, one, np.array([[0, 0, 0, size // 2, 1]]), pairs)
        layer = sector.Layers(one, zero, np.zeros((1, 3), np.int64), self.rng.normal(size=(1, size)), none)
        entries = np.column_stack([pairs, np.zeros(size // 2, np.int32)])
        turns = sector.Turns(one, one, np.array([[0, 0, size // 2]]), entries, np.array([[0.8, 0.6]]))
        directions = np.zeros((0, 2 * size))
        given = sector.Operations(np.array([kind]), zero, zero, zero, pattern, layer, turns, directions)
        arguments = rows, Lanes(2 * rows.itemsize), given, matrix, np.full(1, 0.3), np.zeros(1), 0, 1, False
        return Call(sector.run_sector, arguments, shared=True)

    def phase_terms(self) -> Call:
        """A sum of parities over all basis states."""
        bits = np.arange(self.state.size)
        masks = np.zeros((STRINGS, 3), np.int64)
        masks[:, 2] = self.rng.integers(0, bits.size, STRINGS)
        return Call(sector.add_phase_terms, (bits, masks, self.rng.normal(size=STRINGS), np.zeros(bits.size)))

    def quadratic_form(self) -> Call:
        """A form of all pairs of bits, on states of half the weight."""
        n, weight = self.num_qubits, self.num_qubits // 2
        pairs = self.rng.normal(size=(n, n))
        arguments = 0.5, self.rng.normal(size=n), pairs + pairs.T, weight, np.zeros(comb(n, weight))
        return Call(subsets.add_quadratic, arguments)

    def cosets(self, kernel: Callable[..., Any]) -> Call:
        """A qubit's noise on a table by class of Pauli operators, or a letter of its output for one of its input."""
        size, signs = self.state.size, (self.state.size - 1, 5)
        if kernel is cosets.mix_pairs:
            return Call(kernel, (self.state, size - 1, size >> 1, *signs, self.matrices(2)), (0, size >> 1))
        if kernel is cosets.mix_quadruples:
            shifts = size - 2, 1, size >> 1, 1
            return Call(kernel, (self.state, *shifts, *signs, self.matrices(4)), (0, size >> 2))
        source = np.ascontiguousarray(self.state.real).reshape(-1, 1 << self.num_qubits // 2)
        target = np.empty((2 * len(source), source.shape[1] // 2), source.dtype)
        letters = (self.rng.integers(0, 4, size, dtype=np.uint8) for size in (len(target), source.shape[1]))
        weights = self.rng.normal(size=(4, 4)).astype(source.dtype)
        return Call(kernel, (target, source, weights, *letters), (0, len(target)))

    def matrices(self, size: int) -> NDArray[Any]:
        """Four matrices, one for each pair of signs."""
        return (self.rng.normal(size=(4, size, size)) / size).astype(self.dtype)

    def patterns(self) -> Call:
        """Those with half of the bits set."""
        weight = self.num_qubits // 2
        return Call(subsets.list_patterns, (weight, np.zeros(comb(self.num_qubits, weight), np.int64)))

    def sum_over_errors(self) -> Call:
        """A repetition code of as many qubits, measured twice."""
        steps = [(elimination.OPEN, 0, 0)] * (self.num_qubits - 1)
        for _ in range(2):
            steps += [(elimination.MIX, 3 << k, k) for k in range(self.num_qubits - 1)]
            steps += [(elimination.MIX, 1 << self.num_qubits - 1, self.num_qubits - 1)]
        steps += [(elimination.CLOSE, 1, k) for k in range(self.num_qubits - 1)]
        events = self.rng.integers(0, 2, (4, self.num_qubits - 1)).astype(np.uint8)
        rates = np.full((1, self.num_qubits), 0.1)
        return Call(elimination.sum_over_errors, (np.array(steps), rates, events, np.zeros((4, 2))))

    def union_find(self) -> Call:
        """A chain of detectors with a boundary at each end, of which every tenth sees an event."""
        n = 10 * self.num_qubits
        ends = np.array([(0, -1), *((k, k + 1) for k in range(n - 1)), (n - 1, -1)])
        graph = union_find.DecodingGraph(
            ends,
            2 * np.arange(n + 1),
            np.array([(k, k + 1) for k in range(n)]).ravel(),
            np.minimum(np.arange(n + 2), 1),
            np.array([0]),
        )
        events = (self.rng.random((100, n)) < 0.1).astype(np.uint8)
        return Call(
            union_find.decode_union_find, (graph, np.full((1, n + 1), 10), events, np.zeros((100, 1), np.uint8))
        )


def build_calls(scene: Scene) -> dict[str, Callable[[], Call]]:
    """Return the calls by name; the lowest qubits lie within a vector of the processor, `high` far apart in memory."""
    high = scene.num_qubits - 2
    high_bit = 1 << high
    every = tuple(range(scene.num_qubits))
    return {
        "1q high, low control": lambda: scene.many(high, control=1),
        "2q low and high": lambda: scene.many(1, high),
        "3q low": lambda: scene.many(2, 1, 0),
        "3q high": lambda: scene.many(high, 3, high - 1),
        "5q": lambda: scene.many(0, 3, high, 2, 4),
        "diagonal 1q low": lambda: scene.phase_gate(0),
        "diagonal 1q high": lambda: scene.phase_gate(high),
        "diagonal 2q": lambda: scene.phase_gate(1, high),
        "controlled phase": lambda: scene.phase_gate(control=1 | high_bit),
        "diagonal all qubits": lambda: scene.phase_gate(*every),
        "X low": lambda: scene.move([0], [1, 0]),
        "X high": lambda: scene.move([high], [1, 0]),
        "CX": lambda: scene.move([high], [1, 0], control=1),
        "swap": lambda: scene.move([3, high], [0, 2, 1, 3]),
        "3q cycle": lambda: scene.move([0, 3, high], [1, 2, 3, 4, 5, 6, 7, 0]),
        "exchange of some pairs": lambda: scene.all_pairs(0, 2, high, 3),
        "exchange of all pairs": lambda: scene.all_pairs(*every),
        "coset pairs": lambda: scene.cosets(cosets.mix_pairs),
        "coset quadruples": lambda: scene.cosets(cosets.mix_quadruples),
        "coset sums": lambda: scene.cosets(cosets.sum_cosets),
        "exchange inner": lambda: scene.pair(exchange.complete_xy_inner, np.array([1, high, 0, 4]), 0, 0),
        "pauli sum, 1 group": lambda: scene.expectation(1),
        "pauli sum, 16 groups": lambda: scene.expectation(16),
        "pauli sums, 4 of 8 groups": scene.expectations,
        "apply pauli sum, 1 group": lambda: scene.hamiltonian(1),
        "apply pauli sum, 32 groups": lambda: scene.hamiltonian(32),
        "vdot": lambda: scene.pair(inner.vdot),
        "distance": lambda: scene.pair(inner.distance_squared, 0.5),
        "dense inner 1q low": lambda: scene.pair(inner.dense_inner, np.array([0]), scene.unitary(1), 0, 0),
        "dense inner 1q high": lambda: scene.pair(inner.dense_inner, np.array([high]), scene.unitary(1), 0, 0),
        "dense inner 2q": lambda: scene.pair(inner.dense_inner, np.array([1, high]), scene.unitary(2), 0, 0),
        "diagonal inner": lambda: scene.pair(inner.diagonal_inner, np.array([1, high]), scene.phases(2), 0, 0),
        "norm": lambda: Call(measurement.norm_squared, (scene.reals,)),
        "weights of blocks": lambda: scene.weights(measurement.block_weights, 16),
        "probabilities": lambda: scene.weights(measurement.probabilities, scene.state.size),
        "distribution, low qubits": lambda: scene.distribution(0, 2, 1),
        "distribution, high qubits": lambda: scene.distribution(high - 1, high),
        "distribution, every other qubit": lambda: scene.distribution(*every[::2]),
        "projection, low qubit": lambda: scene.projection(0, 1),
        "projection, high qubit": lambda: scene.projection(high, 1),
        "projection, high qubit reset": lambda: scene.projection(high, 0),
        "sample one block": lambda: scene.shots(sampling.sample_small),
        "sample one block into classical bits": lambda: scene.shots(sampling.sample_measured),
        "random numbers of a seed": lambda: Call(seeding.fill_uniforms, (1, np.empty(SHOTS))),
        "sample: assign blocks": lambda: scene.shots(sampling.assign_blocks),
        "sample: sort by block": lambda: scene.shots(sampling.sort_by_block),
        "sample: search blocks": lambda: scene.shots(sampling.sample_blocks),
        "program of one layer": scene.layer,
        "one operation of a program": scene.one_operation,
        "sector exchange": lambda: scene.sector_step(sector.PAIRS),
        "sector phases": lambda: scene.sector_step(sector.PHASES),
        "sector turns": lambda: scene.sector_step(sector.TURNS),
        "sector phase terms": scene.phase_terms,
        "quadratic form": scene.quadratic_form,
        "patterns of a weight": scene.patterns,
        "sum over errors": scene.sum_over_errors,
        "union-find": scene.union_find,
    }


NAMES = tuple(build_calls(Scene(6, np.complex128)))
