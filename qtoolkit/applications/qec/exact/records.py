"""Repeated syndrome measurements with faulty outcomes: the exact joint distribution of records and logical channels.

In each round noise acts on the data and all stabilisers are measured; the measurement projects, and each recorded bit
is wrong with some probability. The last round's record is right, as the data's own readout makes it. Which syndromes
occurred is summed over: the logical channel of a record is

    Σ_{s_1 … s_T} Π_t Q(m_t | s_t) L(s_T ← s_{T-1}) ⋯ L(s_1 ← 0),

where L(s' ← s) is the channel of the noise between two pure errors of s, at syndrome s' ⊕ s. Between rounds nothing is
coherent, within a round everything is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import numbers_of, shown
from qtoolkit._memory import reserved
from qtoolkit.applications.qec._validation import require_bits, require_count, require_predictions, require_rate
from qtoolkit.applications.qec.exact.classes import ClassSpace, Progress, class_space, require_progress
from qtoolkit.applications.qec.exact.frame import PauliFrame, frame_of
from qtoolkit.applications.qec.exact.noise import QubitNoise, qubit_noise
from qtoolkit.applications.qec.exact.tables import commutation_signs, label_order, syndrome_table
from qtoolkit.errors import InputError

__all__ = ["MAX_ROUNDS", "RecordDistribution", "record_distribution", "require_basis"]

MAX_ROUNDS = 1 << 16

MAX_RECORD_BITS = 26
"""Bits of all rounds' records together."""


def require_basis(basis: str | None) -> None:
    """Refuse what is neither a basis nor None."""
    if basis is not None and (not isinstance(basis, str) or basis not in ("Z", "X")):
        raise InputError(f"basis must be Z, X or None, got {shown(basis)}")


@dataclass(frozen=True, eq=False, repr=False)
class RecordDistribution:
    """Every record of a memory experiment with its probability and logical channel; exact to rounding.

    A record is the measured syndromes of all rounds; its number has the first round lowest and the syndrome of the last
    one highest. Checks that the noise cannot violate are left out.

    Attributes:
        rounds: noise, then measurement.
        measurement_error: probability that a bit of a record is wrong, in all rounds but the last.
        checks: which of the given stabilisers the bits of a round are, C of them.
        probabilities: of the records, float64, shape (M,).
        likelihoods: probability times process fidelity with each logical Pauli operator after the pure error of the
            last syndrome, float64, shape (4^k, M); operators by base-4 digits I, X, Y, Z, logical qubit 0 lowest.
        infidelity: 1 − entanglement fidelity of the channel with the best Pauli recovery of every record.
        wall_time: seconds.
    """

    rounds: int
    measurement_error: float
    checks: tuple[int, ...]
    probabilities: NDArray[np.float64]
    likelihoods: NDArray[np.float64]
    infidelity: float
    wall_time: float
    _space: ClassSpace = field(repr=False)

    @property
    def num_logical(self) -> int:
        """Logical qubits, k."""
        return self._space.frame.num_logical

    def recorded(self) -> NDArray[np.bool_]:
        """The syndromes of all rounds, bool, shape (M, rounds, C)."""
        c, early = len(self.checks), self.rounds - 1
        numbers = np.arange(len(self.probabilities))
        bits = np.empty((len(numbers), self.rounds, c), dtype=np.bool_)
        bits[:, :early] = (numbers[:, None] >> np.arange(early * c) & 1).reshape(len(numbers), early, c)
        bits[:, early] = _true_bits(self._space, self.checks)[numbers >> early * c]
        return bits

    def detection_events(self) -> NDArray[np.bool_]:
        """Changes of the syndromes from round to round, the first against none, bool, shape (M, rounds · C)."""
        bits = self.recorded()
        bits[:, 1:] ^= bits[:, :-1].copy()
        return bits.reshape(len(bits), -1)

    def numbers_of(self, events: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The records of detection events, bool, shape (shots, rounds · C): their numbers, int64, shape (shots,).

        Raises:
            InputError: if they are no bits of this shape, or the last syndrome is one that the noise cannot cause.
        """
        c, early = len(self.checks), self.rounds - 1
        given = numbers_of(events, "detection events")
        given = require_bits("detection events", given, self.rounds * c, "detectors")
        bits = np.logical_xor.accumulate(given.reshape(len(given), self.rounds, c), axis=1)
        last = bits[:, early]
        true = _true_bits(self._space, self.checks)
        # The coordinates of a syndrome are its bits at the pivots of the basis.
        pivots = [int(true[1 << bit].argmax()) for bit in range(len(self._space.syndromes))]
        number = last[:, pivots] @ (1 << np.arange(len(pivots)))
        if not np.array_equal(true[number], last):
            shot = int((true[number] != last).any(axis=1).argmax())
            raise InputError(
                "the last round of detection events must end in a syndrome that the noise can cause, got bits "
                f"{last[shot].astype(int).tolist()} in shot {shot}"
            )
        return np.asarray(
            bits[:, :early].reshape(len(bits), early * c) @ (1 << np.arange(early * c)) | number << early * c
        )

    def infidelity_of(self, decoder: object) -> float:
        """1 − entanglement fidelity if `decoder` chooses the recovery.

        Args:
            decoder: what has ``decode_batch(events) -> flips``, from the `detection_events` to the predicted flips of
                the k logical Z and then of the k logical X operators, shape (M, 2k).

        Raises:
            InputError: if it returns anything else.
        """
        flips = require_predictions(decoder, self.detection_events(), 2 * self.num_logical)  # type: ignore[arg-type]
        kept = np.arange(len(self.likelihoods))[:, None] == self._labels_of(flips)
        return float(np.where(kept, 0.0, self.likelihoods).sum())

    def best_flips(self, basis: str | None = None) -> NDArray[np.bool_]:
        """The likeliest flips for every record: of logical Z, then of logical X operators, bool, shape (M, 2k).

        Args:
            basis: ``"Z"`` or ``"X"`` for the operators of one basis alone, shape (M, k): what the other ones do is
                summed over; None for both jointly.
        """
        require_basis(basis)
        k = self.num_logical
        internal = np.empty_like(self.likelihoods)
        internal[label_order(k)] = self.likelihoods
        if basis is None:
            best = internal.argmax(axis=0)
            return np.asarray(best[:, None] >> np.arange(2 * k) & 1, dtype=np.bool_)
        # The X part of what is left flips logical Z operators, and is the low half of the number.
        parts = internal.reshape(2**k, 2**k, -1).sum(axis=0 if basis == "Z" else 1)
        return np.asarray(parts.argmax(axis=0)[:, None] >> np.arange(k) & 1, dtype=np.bool_)

    def _labels_of(self, flips: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Logical operators, in the order of `likelihoods`, that cause flips of shape (…, 2k)."""
        k = self.num_logical
        return np.asarray(np.argsort(label_order(k))[flips @ (1 << np.arange(2 * k))])

    def __repr__(self) -> str:
        return (
            f"RecordDistribution({self.rounds} rounds, measurement error {self.measurement_error:g}, "
            f"{len(self.probabilities):,} records, exact infidelity {self.infidelity:.8g} with the best recovery, "
            f"{self.wall_time:.2g} s)"
        )


def record_distribution(
    code: object,
    noise: object,
    rounds: int,
    measurement_error: float = 0.0,
    *,
    progress: Progress | None = None,
) -> RecordDistribution:
    """Probability and logical channel of every record of a memory experiment on a small code.

    With C checks that can be violated, the work grows as 2^(C rounds) 2^C 64^k; memory as 2^(C rounds) 16^k.

    Args:
        code, noise: as for `logical_channel`; the noise is that of one round.
        rounds: of noise and measurement.
        measurement_error: probability that a recorded bit is wrong; the last round is read without error.
        progress: told the fraction that is done.

    Raises:
        InputError: if an argument breaks its rule, or there are more than 2^26 records.
        InsufficientMemoryError: if they do not fit.
    """
    start = time.perf_counter()
    frame = frame_of(code)
    found = qubit_noise(noise, frame.num_qubits)
    require_progress(progress)
    rounds = require_count("rounds", rounds, maximum=MAX_ROUNDS)
    error = require_rate("measurement_error", measurement_error)
    space = class_space(frame, found)
    reached = 0
    for label in space.syndromes:
        reached |= label
    places = [bit for bit in range(frame.num_checks) if reached >> bit & 1]
    checks = tuple(frame.rows[bit] for bit in places)
    bits = len(places) * (rounds - 1) + len(space.syndromes)
    if bits > MAX_RECORD_BITS:
        raise InputError(
            f"records have at most {MAX_RECORD_BITS} bits together, got {bits} of {rounds} rounds: take fewer"
        )
    size, syndromes = 4**frame.num_logical, space.shape[1]
    starts = syndromes if rounds > 1 else 1
    nbytes = 8 * size * size * (3 * (1 << bits) + 2 * syndromes * starts) + 24 * (1 << bits)
    with reserved(nbytes, f"the records of {rounds} rounds", "take fewer rounds", kept=8 * (size + 1) << bits):
        steps = _steps(space, found, starts, progress)
        kept = _forward(space, steps, _readings(space, places, error), rounds)
        diagonal = np.einsum("maa->am", kept)
        weights = commutation_signs(frame.num_logical) @ diagonal / size
    best = np.arange(size)[:, None] == weights.argmax(axis=0)
    return RecordDistribution(
        rounds=rounds,
        measurement_error=error,
        checks=checks,
        probabilities=diagonal[0].copy(),
        likelihoods=weights[label_order(frame.num_logical)],
        infidelity=float(np.where(best, 0.0, weights).sum()),
        wall_time=time.perf_counter() - start,
        _space=space,
    )


def _steps(space: ClassSpace, noise: QubitNoise, starts: int, progress: Progress | None) -> NDArray[np.float64]:
    """L(s' ← s) of all s' and the first so many s, float64, shape (S, starts, 4^k, 4^k)."""
    frame, size = space.frame, space.shape[1]
    columns = 4**frame.num_logical
    steps = np.empty((size, starts, columns, columns))
    numbers = np.arange(size)
    labels = space.classes(0, starts)
    for old in range(1 if noise.is_pauli else starts):
        table = syndrome_table(frame, noise.conjugated(_pure_error(frame, int(labels[old]))))
        steps[numbers ^ old, old] = table.matrices(0, size)
        if progress is not None:
            progress((old + 1) / starts)
    if noise.is_pauli:
        for old in range(1, starts):
            steps[numbers ^ old, old] = steps[numbers, 0]
    return steps


def _pure_error(frame: PauliFrame, label: int) -> int:
    found = 0
    for bit, error in enumerate(frame.pure_errors):
        found ^= error if label >> bit & 1 else 0
    return found


def _true_bits(space: ClassSpace, checks: tuple[int, ...]) -> NDArray[np.bool_]:
    """The bits of the checks for every syndrome, bool, shape (S, C)."""
    places = np.array([space.frame.rows.index(check) for check in checks], dtype=np.int64)
    return np.asarray(space.classes(0, space.shape[1])[:, None] >> places & 1, dtype=np.bool_)


def _readings(space: ClassSpace, places: list[int], error: float) -> NDArray[np.float64]:
    """Probability of every record of a round for every syndrome, float64, shape (2^C, S)."""
    true = space.classes(0, space.shape[1])
    found = np.ones((1, len(true)))
    for place in places:
        one = np.where(true >> place & 1, 1.0 - error, error)
        found = np.concatenate([found * (1.0 - one), found * one])
    return found


def _forward(
    space: ClassSpace, steps: NDArray[np.float64], readings: NDArray[np.float64], rounds: int
) -> NDArray[np.float64]:
    """Channels of all records, shape (M, 4^k, 4^k): the sum over histories of syndromes, round by round."""
    columns = steps.shape[-1]
    found = np.zeros((1, len(steps), columns, columns))
    found[0] = steps[:, 0]
    for _ in range(rounds - 1):
        # Rows of the new channel are those of all old syndromes side by side: one product of matrices.
        recorded = readings[:, None, :, None, None] * found
        recorded = recorded.reshape(-1, *found.shape[1:])
        found = np.einsum("tsac,mscb->mtab", steps, recorded, optimize=True)
    return found.transpose(1, 0, 2, 3).reshape(-1, columns, columns)
