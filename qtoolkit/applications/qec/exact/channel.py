"""The logical channel of a code under noise of single qubits: syndrome by syndrome, and on average after recovery."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_integer, shown
from qtoolkit.applications.qec.exact.classes import Progress, least_weights, require_progress
from qtoolkit.applications.qec.exact.frame import PauliFrame, frame_of
from qtoolkit.applications.qec.exact.noise import QubitNoise, qubit_noise
from qtoolkit.applications.qec.exact.tables import Cost, SyndromeTable, commutation_signs, label_order, syndrome_table
from qtoolkit.circuit import KrausChannel
from qtoolkit.errors import InputError
from qtoolkit.noise import diamond_bounds, from_pauli_transfer_matrix

__all__ = ["RECOVERIES", "LogicalChannel", "LogicalRotations", "channel_of", "logical_channel", "recovered"]

RECOVERIES = ("likeliest", "lightest")
"""Rules by which a Pauli recovery is chosen for each syndrome."""

_BLOCK = 1 << 15
"""Syndromes whose matrices are formed at a time."""


@dataclass(frozen=True, eq=False)
class LogicalRotations:
    """The rotation nearest to the logical channel of every syndrome after recovery: what a coherent error leaves.

    Attributes:
        angles: in radians, from 0 to π, float64, shape (S,).
        axes: unit vectors (x, y, z), float64, shape (S, 3); zero where the angle is.
        fidelity: entanglement fidelity of the average channel if each syndrome's rotation is undone as well.
    """

    angles: NDArray[np.float64]
    axes: NDArray[np.float64]
    fidelity: float


@dataclass(frozen=True, eq=False, repr=False)
class LogicalChannel:
    """What noise and an optimal or given Pauli recovery do to the logical qubits of a code; exact to rounding.

    Attributes:
        num_qubits: of the code.
        num_logical: logical qubits, k.
        recovery: the rule by which Pauli recoveries were chosen.
        probabilities: of the syndromes that can occur, float64, shape (S,).
        recoveries: logical operator applied for each syndrome after its pure error, int16, shape (S,): base-4 digits of
            its letters I, X, Y, Z, logical qubit 0 lowest.
        average: Pauli transfer matrix of the average channel, float64, shape (4^k, 4^k), operators in the same order.
        infidelity: 1 − entanglement fidelity; under Pauli noise the probability that any logical operator is left.
        cost: what was said to be needed.
        wall_time: seconds.
    """

    num_qubits: int
    num_logical: int
    recovery: str
    probabilities: NDArray[np.float64]
    recoveries: NDArray[np.int16]
    average: NDArray[np.float64]
    infidelity: float
    cost: Cost
    wall_time: float
    _table: SyndromeTable = field(repr=False)

    @property
    def entanglement_fidelity(self) -> float:
        """Process fidelity of the average channel with the identity."""
        return 1.0 - self.infidelity

    @property
    def average_gate_fidelity(self) -> float:
        """Fidelity averaged over pure logical states."""
        dimension = 2**self.num_logical
        return float(1.0 - self.infidelity * dimension / (dimension + 1))

    @property
    def channel(self) -> KrausChannel:
        """The average channel, for codes of 1 to 4 logical qubits."""
        return from_pauli_transfer_matrix(self.average, name="logical channel")

    def diamond_bounds(self, tolerance: float = 1e-9) -> tuple[float, float]:
        """Numbers between which the diamond norm of the average channel minus the identity lies, from 0 to 2."""
        return diamond_bounds(self.channel, KrausChannel((np.eye(2**self.num_logical),)), tolerance)

    @property
    def diamond_distance(self) -> float:
        """The middle between `diamond_bounds`."""
        lower, upper = self.diamond_bounds()
        return (lower + upper) / 2.0

    def syndromes(self) -> NDArray[np.bool_]:
        """Bits of the syndromes that can occur, one for each independent stabiliser, bool, shape (S, n - k)."""
        labels = self._table.space.classes(0, len(self.probabilities))
        return np.asarray((labels[:, None] >> np.arange(self.frame.num_checks)) & 1, dtype=np.bool_)

    def corrections(self) -> NDArray[np.bool_]:
        """Pauli operators applied for the syndromes, bool, shape (S, 2n), X parts first."""
        frame, k = self.frame, self.num_logical
        internal = label_order(k)[self.recoveries]
        bits = np.concatenate([self.syndromes(), (internal[:, None] >> np.arange(2 * k) & 1).astype(np.bool_)], axis=1)
        generators = np.array(
            [[g >> place & 1 for place in range(2 * frame.num_qubits)] for g in frame.generators], dtype=np.int64
        )
        return np.asarray(bits.astype(np.int64) @ generators % 2, dtype=np.bool_)

    def transfer_matrices(self, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """Pauli transfer matrices times probabilities after recovery, float64, shape (stop - start, 4^k, 4^k).

        Raises:
            InputError: if the range is none of syndromes.
        """
        size = len(self.probabilities)
        stop = size if stop is None else check_integer(stop, "stop", 0, size)
        start = check_integer(start, "start", 0, stop)
        order = label_order(self.num_logical)
        signs = commutation_signs(self.num_logical)[order[self.recoveries[start:stop]]]
        return np.asarray((signs[:, :, None] * self._table.matrices(start, stop))[:, order[:, None], order])

    def rotations(self) -> LogicalRotations:
        """Angle and axis for every syndrome, by the polar decomposition of its transfer matrix.

        Raises:
            InputError: if the code has more than one logical qubit.
        """
        if self.num_logical != 1:
            raise InputError(f"rotations are those of one logical qubit, got {self.num_logical}")
        size = len(self.probabilities)
        angles, axes, total = np.zeros(size), np.zeros((size, 3)), 0.0
        for start, stop in _blocks(size):
            blocks = self.transfer_matrices(start, stop)
            left, values, right = np.linalg.svd(blocks[:, 1:, 1:])
            turned = np.linalg.det(left @ right)
            total += float(blocks[:, 0, 0].sum() + values[:, :2].sum() + (np.sign(turned) * values[:, 2]).sum()) / 4
            left[:, :, 2] *= np.where(turned < 0, -1.0, 1.0)[:, None]
            angles[start:stop], axes[start:stop] = _angles_and_axes(left @ right)
        possible = self.probabilities > 0.0
        return LogicalRotations(np.where(possible, angles, 0.0), axes * possible[:, None], total)

    @property
    def frame(self) -> PauliFrame:
        """Stabilisers, pure errors and logical operators that syndromes and recoveries refer to."""
        return self._table.space.frame

    def __repr__(self) -> str:
        return (
            f"LogicalChannel([[{self.num_qubits}, {self.num_logical}]], recovery={self.recovery!r}, exact infidelity "
            f"{self.infidelity:.8g}, {len(self.probabilities):,} syndromes by {self.cost.method!r} in "
            f"{self.wall_time:.2g} s)"
        )


def logical_channel(
    code: object, noise: object, *, recovery: str = "likeliest", progress: Progress | None = None
) -> LogicalChannel:
    """The exact logical channel of a stabiliser code with perfect syndromes under independent noise of its qubits.

    Mixtures of Pauli operators, unitaries, and all other noise go three ways, see `cost_of`. The work grows as 2^(n+k)
    for the first two (less where noise has one axis), and as 2^(n+k) times two to the number of stabilisers that cross
    a cut for the third, in all cases times n.

    Args:
        code: what has `stabilizers` (r, 2n), `logical_x` and `logical_z` (k, 2n) as bits, X parts first, or a tuple of
            these three arrays; None for logical operators finds some. A `RotatedSurfaceCode` is taken as well.
        noise: Kraus operators of one qubit, shape (m, 2, 2), or what has them as `operators`; or a sequence of n.
        recovery: ``"likeliest"`` maximises the entanglement fidelity over Pauli recoveries (under Pauli noise that is
            maximum likelihood over all logical qubits jointly); ``"lightest"`` undoes the error on the fewest qubits,
            the first in order of logical operators where several are, as a lookup table does.
        progress: told the fraction that is done.

    Raises:
        InputError: if code, noise or rule are none.
        InsufficientMemoryError: if the tables do not fit.
    """
    frame = frame_of(code)
    require_progress(progress)
    return channel_of(frame, qubit_noise(noise, frame.num_qubits), recovery, progress)


def channel_of(
    frame: PauliFrame, noise: QubitNoise, recovery: str = "likeliest", progress: Progress | None = None
) -> LogicalChannel:
    """`logical_channel` of what has been checked."""
    if not isinstance(recovery, str) or recovery not in RECOVERIES:
        raise InputError(f"recovery must be one of {', '.join(RECOVERIES)}, got {shown(recovery)}")
    start = time.perf_counter()
    table = syndrome_table(frame, noise, progress)
    weights = table.weights()
    members = weights.argmax(axis=0) if recovery == "likeliest" else least_weights(table.space, noise).argmin(axis=0)
    return recovered(table, weights, members, recovery, start)


def recovered(
    table: SyndromeTable, weights: NDArray[np.float64], members: NDArray[np.int64], recovery: str, start: float
) -> LogicalChannel:
    """The channel of a table when a given member of each coset is undone.

    Args:
        table: channels of all syndromes.
        weights: the table's.
        members: one for each syndrome, int64, shape (S,).
        recovery: the rule's name.
        start: when the work began.
    """
    frame = table.space.frame
    k = frame.num_logical
    order = label_order(k)
    letters = np.argsort(order).astype(np.int16)
    recoveries = np.empty(len(members), dtype=np.int16)
    average, infidelity = np.zeros((4**k, 4**k)), 0.0
    for first, last in _blocks(len(members)):
        own = members[first:last]
        base = table.space.classes(first, last) >> frame.num_checks
        recoveries[first:last] = letters[base ^ table.space.offsets[own]]
        average += table.average(first, last, own)
        # Summed without what is kept: the difference from 1 would lose its digits.
        lost = np.arange(weights.shape[0])[:, None] != own
        infidelity += float((weights[:, first:last] * lost).sum())
    return LogicalChannel(
        num_qubits=frame.num_qubits,
        num_logical=k,
        recovery=recovery,
        probabilities=weights.sum(axis=0),
        recoveries=recoveries,
        average=average[np.ix_(order, order)],
        infidelity=infidelity,
        cost=table.cost,
        wall_time=time.perf_counter() - start,
        _table=table,
    )


def _blocks(size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, size, _BLOCK):
        yield start, min(start + _BLOCK, size)


def _angles_and_axes(rotations: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of rotation matrices, shape (m, 3, 3)."""
    skew = np.stack(
        [
            rotations[:, 2, 1] - rotations[:, 1, 2],
            rotations[:, 0, 2] - rotations[:, 2, 0],
            rotations[:, 1, 0] - rotations[:, 0, 1],
        ],
        axis=1,
    )
    sines = np.linalg.norm(skew, axis=1)
    angles = np.arctan2(sines, np.einsum("mii->m", rotations) - 1.0)
    # Near half turns the skew part vanishes: the axis is then the column of O + 1 that is longest.
    symmetric = rotations + np.eye(3)
    longest = np.argmax(np.linalg.norm(symmetric, axis=1), axis=1)
    columns = symmetric[np.arange(len(angles)), :, longest]
    half_turn = sines < 1e-6
    axes = np.where(half_turn[:, None], columns * (angles > 1.0)[:, None], skew)
    lengths = np.linalg.norm(axes, axis=1)
    return angles, axes / np.where(lengths > 0.0, lengths, 1.0)[:, None]
