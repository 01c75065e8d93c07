"""What happens to the logical qubits for every syndrome, by the cheapest of four methods, whose cost is known before.

- ``"pauli"``: probabilities of classes, when noise is a mixture of Pauli operators on every qubit;
- ``"amplitudes"``: amplitudes of classes, when it is one operator on every qubit, such as an over-rotation;
- ``"pairs"``: process matrices by pairs of classes, when at most one letter occurs on every qubit;
- ``"transfer"``: Pauli transfer matrices by contraction over the stabiliser group, for all other noise.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.applications.qec.exact.classes import ClassSpace, Progress, class_space, fill_table, hermitian_phases
from qtoolkit.applications.qec.exact.frame import PauliFrame, frame_of
from qtoolkit.applications.qec.exact.noise import LETTERS, QubitNoise, qubit_noise
from qtoolkit.applications.qec.exact.pairs import PairPlan, fill_pairs, is_along_axes, pair_plan
from qtoolkit.applications.qec.exact.transfer import TransferPlan, transfer_matrices, transfer_plan
from qtoolkit.errors import InputError

__all__ = ["Cost", "SyndromeTable", "commutation_signs", "cost_of", "label_order", "syndrome_table"]

MAX_BITS = 40
"""Of an index: tables beyond this fit no machine, and some counts would not be int64."""

_SECONDS = {"pauli": 2e-9, "amplitudes": 3.5e-9, "pairs": 2e-9, "transfer": 1.7e-9}
"""Of one product, roughly, on a core of 2024."""

_SECONDS_ALWAYS, _SECONDS_OF_SYNDROME = 2e-3, 2e-7
"""What the work takes beside its products: at least, and for the choice of each syndrome's recovery."""


@dataclass(frozen=True)
class Cost:
    """What an exact answer takes.

    Attributes:
        method: ``"pauli"``, ``"amplitudes"``, ``"pairs"`` or ``"transfer"``, see `logical_channel`.
        syndromes: how many there are.
        entries: of the largest tables together.
        nbytes: of memory at the peak.
        products: multiplications.
        seconds: what these take, to a factor of two or three.
    """

    method: str
    syndromes: int
    entries: int
    nbytes: int
    products: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.method}: {self.syndromes:,} syndromes, {_size(self.nbytes)}, {self.products:.3g} products, "
            f"about {self.seconds:.2g} s"
        )


def _size(nbytes: int) -> str:
    unit = min(max(nbytes.bit_length() - 1, 0) // 10, 4)
    return f"{nbytes / (1 << 10 * unit):.3g} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB')[unit]}"


def cost_of(code: object, noise: object) -> Cost:
    """What `logical_channel` and its kin take for a code under some noise, without doing it.

    Args:
        code: a stabiliser code, or a tuple of arrays (stabilizers, logical_x, logical_z), see `logical_channel`.
        noise: Kraus operators of a qubit, or a sequence of such for each.

    Raises:
        InputError: if the code or the noise is none.
    """
    frame = frame_of(code)
    found = qubit_noise(noise, frame.num_qubits)
    return _cost(_way(frame, found))


@dataclass(frozen=True, eq=False)
class _Way:
    """How the table of a code under some noise is filled."""

    method: str
    noise: QubitNoise
    space: ClassSpace
    plan: TransferPlan | PairPlan | None = None

    @property
    def table_bits(self) -> int:
        """Of an index of the largest table."""
        if isinstance(self.plan, TransferPlan):
            return max(self.plan.table_bits)
        return self.space.num_bits + (self.plan.most_open if self.plan else 0)


def _way(frame: PauliFrame, noise: QubitNoise) -> _Way:
    space = class_space(frame, noise)
    if noise.is_pauli:
        return _Way("pauli", noise, space)
    if noise.amplitudes is not None:
        return _Way("amplitudes", noise, space)
    if is_along_axes(noise):
        return _Way("pairs", noise, space, pair_plan(space, noise))
    return _Way("transfer", noise, space, transfer_plan(frame))


def _cost(way: _Way) -> Cost:
    frame, space = way.space.frame, way.space
    columns, size = 4**frame.num_logical, 1 << space.num_bits
    letters = way.noise.letters[:, 1:].sum(axis=1)
    if isinstance(way.plan, TransferPlan):
        group = 1 << frame.num_checks
        entries = way.plan.peak_entries + group * columns**2
        # Masks and signs of a coset's elements, as they are made, and where few syndromes occur, a copy of these.
        nbytes = 8 * (entries + 6 * group + (space.shape[1] * columns**2 if space.shape[1] < group else 0))
        products = columns * (way.plan.products + columns * frame.num_checks * group)
    elif isinstance(way.plan, PairPlan):
        entries = 1 << way.table_bits
        nbytes = 16 * (2 * entries + 2 * size * space.shape[0])
        products = 4 * len(way.plan.order) * entries
    else:
        entries = size
        products = int(size * np.array([1, 2, 4, 4])[letters].sum())
        # Weights beside the table, and what the choice among them takes.
        nbytes = ((8 if way.noise.is_pauli else 16) + 16) * size + 24 * space.shape[1]
    seconds = _SECONDS_ALWAYS + products * _SECONDS[way.method] + space.shape[1] * _SECONDS_OF_SYNDROME
    return Cost(way.method, space.shape[1], entries, nbytes, products, seconds)


class SyndromeTable(ABC):
    """The logical channel of every syndrome, relative to the product of the pure errors of its bits.

    Attributes:
        space: which syndromes occur, and the members of their cosets.
        cost: what was said to be needed.
    """

    def __init__(self, space: ClassSpace, cost: Cost) -> None:
        self.space = space
        self.cost = cost

    @property
    def num_syndromes(self) -> int:
        """Those that can occur."""
        return self.space.shape[1]

    @abstractmethod
    def weights(self) -> NDArray[np.float64]:
        """Probability of each syndrome times the process fidelity with each member, shape ``space.shape``."""

    @abstractmethod
    def matrices(self, start: int, stop: int) -> NDArray[np.float64]:
        """Pauli transfer matrices times probabilities, shape (stop - start, 4^k, 4^k), operators a + 2^k b."""

    @abstractmethod
    def average(self, start: int, stop: int, members: NDArray[np.int64]) -> NDArray[np.float64]:
        """The sum of these matrices after one member of each coset is undone, shape (4^k, 4^k)."""

    def _relative(self, values: NDArray[Any], members: NDArray[np.int64]) -> NDArray[Any]:
        """Values of members, shape (members, m), numbered from those that are undone."""
        order = np.arange(len(values))[:, None] ^ members
        return np.take_along_axis(values, order, axis=0)

    def _phases(self, start: int, stop: int, members: NDArray[np.int64]) -> NDArray[np.complex128]:
        """Phases of products of the operator that undoes and each member, numbered from that, shape (members, m)."""
        logicals = self._relative(self.space.logicals(start, stop), members)
        return np.asarray(_product_phases(self.space.frame.num_logical)[logicals[0], logicals])

    def _of_process(self, process: NDArray[np.complex128]) -> NDArray[np.float64]:
        """The transfer matrix of a process matrix over members relative to the one that is undone."""
        operators = _logical_operators(self.space.frame.num_logical)
        own = operators[self.space.offsets]
        found = np.einsum("ali,mij,bjk,nkl,mn->ab", operators, own, operators, own, process, optimize=True)
        return np.asarray(found.real / operators.shape[1])


class _Probabilities(SyndromeTable):
    def __init__(self, space: ClassSpace, cost: Cost, values: NDArray[np.float64]) -> None:
        super().__init__(space, cost)
        self._values = values

    def weights(self) -> NDArray[np.float64]:
        return self._values

    def matrices(self, start: int, stop: int) -> NDArray[np.float64]:
        signs = commutation_signs(self.space.frame.num_logical)
        logicals = self.space.logicals(start, stop)
        diagonal = np.einsum("ms,msa->sa", self._values[:, start:stop], signs[logicals])
        found = np.zeros((stop - start, len(signs), len(signs)))
        np.einsum("saa->sa", found)[:] = diagonal
        return found

    def average(self, start: int, stop: int, members: NDArray[np.int64]) -> NDArray[np.float64]:
        total = self._relative(self._values[:, start:stop], members).sum(axis=1)
        return np.diag(total @ commutation_signs(self.space.frame.num_logical)[self.space.offsets])


class _Amplitudes(SyndromeTable):
    def __init__(self, space: ClassSpace, cost: Cost, values: NDArray[np.complex128]) -> None:
        super().__init__(space, cost)
        self._values = values

    def weights(self) -> NDArray[np.float64]:
        return np.asarray(self._values.real**2 + self._values.imag**2)

    def operators(self, start: int, stop: int) -> NDArray[np.complex128]:
        """Kraus operators of the logical qubits, one for each syndrome, shape (stop - start, 2^k, 2^k)."""
        paulis = _logical_operators(self.space.frame.num_logical)
        operators = paulis[self.space.logicals(start, stop)]
        return np.asarray(np.einsum("ms,msij->sij", self._values[:, start:stop], operators, optimize=True))

    def matrices(self, start: int, stop: int) -> NDArray[np.float64]:
        kraus = self.operators(start, stop)
        paulis = _logical_operators(self.space.frame.num_logical)
        moved = np.einsum("sij,bjk,slk->sbil", kraus, paulis, kraus.conj(), optimize=True)
        found = np.einsum("ali,sbil->sab", paulis, moved, optimize=True)
        return np.asarray(found.real / paulis.shape[1])

    def average(self, start: int, stop: int, members: NDArray[np.int64]) -> NDArray[np.float64]:
        left = self._relative(self._values[:, start:stop], members) * self._phases(start, stop, members)
        return self._of_process(left @ left.conj().T)


class _Processes(SyndromeTable):
    def __init__(self, space: ClassSpace, cost: Cost, values: NDArray[np.complex128]) -> None:
        super().__init__(space, cost)
        self._values = values

    def weights(self) -> NDArray[np.float64]:
        return np.ascontiguousarray(np.einsum("mms->ms", self._values).real)

    def matrices(self, start: int, stop: int) -> NDArray[np.float64]:
        paulis = _logical_operators(self.space.frame.num_logical)
        logicals = self.space.logicals(start, stop)
        phases = hermitian_phases(self.space.frame.num_logical)[logicals]
        operators = phases[:, :, None, None] * paulis[logicals]
        found = np.zeros((stop - start, len(paulis), len(paulis)), dtype=np.complex128)
        for m, left in enumerate(operators):
            for n, right in enumerate(operators):
                weighted = self._values[m, n, start:stop, None, None] * left
                moved = np.einsum("sij,bjk,slk->sbil", weighted, paulis, right.conj(), optimize=True)
                found += np.einsum("ali,sbil->sab", paulis, moved, optimize=True)
        return np.asarray(found.real / paulis.shape[1])

    def average(self, start: int, stop: int, members: NDArray[np.int64]) -> NDArray[np.float64]:
        logicals = self.space.logicals(start, stop)
        own = hermitian_phases(self.space.frame.num_logical)[self._relative(logicals, members)]
        phases = own * self._phases(start, stop, members)
        numbers, order = np.arange(stop - start), np.arange(len(self._values))[:, None] ^ members
        values = self._values[order[:, None], order[None, :], start + numbers]
        return self._of_process(np.einsum("ms,mns,ns->mn", phases, values, phases.conj(), optimize=True))


class _Transfers(SyndromeTable):
    def __init__(self, space: ClassSpace, cost: Cost, values: NDArray[np.float64]) -> None:
        super().__init__(space, cost)
        self._values = values

    def weights(self) -> NDArray[np.float64]:
        signs = commutation_signs(self.space.frame.num_logical)
        found = signs @ np.einsum("saa->as", self._values) / len(signs)
        members = self.space.logicals(0, self.num_syndromes)
        return np.asarray(np.take_along_axis(found, members, axis=0))

    def matrices(self, start: int, stop: int) -> NDArray[np.float64]:
        return self._values[start:stop]

    def average(self, start: int, stop: int, members: NDArray[np.int64]) -> NDArray[np.float64]:
        undone = np.take_along_axis(self.space.logicals(start, stop), members[None], axis=0)[0]
        signs = commutation_signs(self.space.frame.num_logical)[undone]
        return np.asarray(np.einsum("sa,sab->ab", signs, self._values[start:stop]))


def syndrome_table(frame: PauliFrame, noise: QubitNoise, progress: Progress | None = None) -> SyndromeTable:
    """The logical channels of all syndromes that can occur.

    Raises:
        InputError: if the tables have more entries than can be numbered.
        InsufficientMemoryError: if they do not fit.
    """
    way = _way(frame, noise)
    cost, space = _cost(way), way.space
    what = f"an exact table of {cost.entries:,} entries for {frame.num_qubits} qubits"
    if way.table_bits > MAX_BITS:
        raise InputError(f"exact tables have at most 2^{MAX_BITS} entries, got {what}: take a smaller code, or sample")
    with reserved(cost.nbytes, what, "take a smaller code, noise along one axis, or sample", kept=cost.nbytes // 2):
        if isinstance(way.plan, TransferPlan):
            values = transfer_matrices(way.plan, noise, progress)
            reached = space.classes(0, space.shape[1]) & (1 << frame.num_checks) - 1
            return _Transfers(space, cost, values if len(reached) == len(values) else values[reached])
        if isinstance(way.plan, PairPlan):
            return _Processes(space, cost, fill_pairs(space, way.plan, noise, progress))
        if noise.is_pauli:
            return _Probabilities(space, cost, fill_table(space, noise, None, progress))
        return _Amplitudes(space, cost, fill_table(space, noise, noise.amplitudes, progress))


@cache
def commutation_signs(k: int) -> NDArray[np.float64]:
    """-1 where logical operators a + 2^k b anticommute, else 1, shape (4^k, 4^k)."""
    labels = np.arange(4**k)
    swapped = labels >> k | (labels & (1 << k) - 1) << k
    return np.asarray(1.0 - 2.0 * (np.bitwise_count(labels[:, None] & swapped) & 1))


@cache
def label_order(k: int) -> NDArray[np.int64]:
    """Operators a + 2^k b in the order of their letters I, X, Y, Z, those of logical qubit 0 changing fastest."""
    labels = np.arange(4**k)
    found = np.zeros_like(labels)
    for qubit in range(k):
        digit = labels >> 2 * qubit & 3
        found |= (digit >> 1 ^ digit & 1) << qubit | (digit >> 1) << k + qubit
    return found


@cache
def _logical_operators(k: int) -> NDArray[np.complex128]:
    """Hermitian Pauli matrices of k qubits by a + 2^k b, qubit 0 the low bit of their indices."""
    found = []
    for label in range(4**k):
        matrix = np.eye(1, dtype=np.complex128)
        for qubit in range(k):
            matrix = np.kron(LETTERS[label >> qubit & 1 | (label >> k + qubit & 1) << 1], matrix)
        found.append(matrix)
    return np.array(found)


@cache
def _product_phases(k: int) -> NDArray[np.complex128]:
    """``σ_A σ_B`` as multiples of the Hermitian operator of both, shape (4^k, 4^k)."""
    operators = _logical_operators(k)
    labels = np.arange(len(operators))
    both = operators[labels[:, None] ^ labels]
    traces = np.einsum("aij,bjk,abki->ab", operators, operators, both, optimize=True)
    return np.asarray(traces / operators.shape[1])
