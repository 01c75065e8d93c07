"""Readout errors, calibrated on a device or known from a model, and undone in what is estimated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, check_integer, items_of, seed_number, settled_seed, shown
from qtoolkit._checks import require_choice
from qtoolkit._masks import gathered
from qtoolkit.algorithms.measurement.allocation import MOST_SHOTS
from qtoolkit.backends.sampler import SomeSampler, sampler_of
from qtoolkit.backends.sampling import sampled
from qtoolkit.circuit import Circuit, ReadoutError
from qtoolkit.errors import InputError
from qtoolkit.noise.rules import ReadoutRule
from qtoolkit.simulators.noisy import checked_noise

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = [
    "CalibrationMethod",
    "ReadoutMitigation",
    "calibrate_readout",
    "deviations",
    "function_scores",
    "parity_scores",
    "read_together",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CalibrationMethod: TypeAlias = Literal["tensored", "full"]
"""Each qubit by itself, by two circuits; or all together, by one circuit for each of their states."""

_MOST_CALIBRATED = 5
"""Qubits of a full calibration: 4⁵ probabilities, from 32 circuits."""

_WORST_CONDITION = 1e8


@dataclass(frozen=True, eq=False)
class ReadoutMitigation:
    """Undoes readout errors: every shot counts as what the inverse of the confusion makes of it.

    The estimate is linear in the counts, and so without bias if the confusion is right; a shot's value may lie outside
    the range of the observable, which makes error bars longer by what the errors cost. Nothing is clipped to
    probabilities: that would be a bias. Source: Bravyi et al., Phys. Rev. A 103, 042605 (2021), sections II and III.

    Args:
        errors: with the qubits that each is on, lowest bit first; qubits in none of them are read without error.
        shots: by which the confusions were measured, for each true value; None where they are known. Their own
            statistical error enters the standard error of what they mitigate.
        seed: of the calibration's shots.

    Raises:
        InputError: if a qubit is in two errors, their numbers of qubits differ, or a confusion has no inverse.
    """

    errors: tuple[tuple[tuple[int, ...], ReadoutError], ...]
    shots: int | None = None
    seed: int | None = None
    _blocks: tuple[tuple[tuple[int, ...], FloatArray], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rule = "readout errors are pairs of qubits and a ReadoutError"
        checked = []
        for pair in items_of(self.errors, rule):
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise InputError(f"{rule}, got {shown(pair)}")
            qubits = tuple(check_integer(qubit, "a qubit", 0, 61) for qubit in items_of(pair[0], rule))
            error = check_instance(pair[1], ReadoutError, rule)
            if error.num_clbits != len(qubits):
                raise InputError(f"a readout error on {error.num_clbits} bits needs as many qubits, got {qubits}")
            checked.append((qubits, error))
        named = [qubit for qubits, _ in checked for qubit in qubits]
        if len(set(named)) < len(named):
            raise InputError(f"each qubit has one readout error, got several for {sorted(named)}; multiply them first")
        for qubits, error in checked:
            condition = float(np.linalg.cond(error.confusion))
            if not condition < _WORST_CONDITION:
                raise InputError(
                    f"a confusion that hides the true value cannot be undone, got one on qubits {qubits} with "
                    f"condition number {condition:.3g}"
                )
        object.__setattr__(self, "errors", tuple(checked))
        if self.shots is not None:
            check_integer(self.shots, "shots", 2, MOST_SHOTS)
        if self.seed is not None:
            seed_number(self.seed, "seed")
        object.__setattr__(self, "_blocks", tuple((qubits, error.confusion) for qubits, error in checked))

    @classmethod
    def from_noise_model(cls, noise: NoiseModel, num_qubits: int) -> ReadoutMitigation:
        """The readout errors that a noise model adds to measurements of so many qubits.

        Raises:
            InputError: if it is no model; if it compiles circuits, so that its qubits are others (calibrate by
                `calibrate_readout`); or if two errors overlap on several bits.
        """
        from qtoolkit.noise import NoiseModel

        check_instance(noise, NoiseModel, "noise must be a NoiseModel")
        count = check_integer(num_qubits, "num_qubits", 1, 62)
        if noise.compiles:
            raise InputError(
                "the readout errors of a model that compiles circuits are those of a device's own qubits; measure them "
                "with calibrate_readout(sampler, num_qubits, shots)"
            )
        found: dict[tuple[int, ...], FloatArray] = {}
        for rule in noise.rules:
            if isinstance(rule, ReadoutRule):
                for bits in rule.places(count):
                    found[bits] = found.get(bits, np.eye(1 << len(bits))) @ rule.error.confusion
        return cls(tuple((bits, ReadoutError(confusion)) for bits, confusion in found.items()))

    @cached_property
    def qubits(self) -> frozenset[int]:
        """Those that have an error."""
        return frozenset(qubit for qubits, _ in self._blocks for qubit in qubits)


def calibrate_readout(
    sampler: SomeSampler,
    num_qubits: int,
    shots: int,
    *,
    method: CalibrationMethod = "tensored",
    seed: int | np.random.Generator | None = None,
    noise: NoiseModel | None = None,
) -> ReadoutMitigation:
    """Measure how often each value is read as another.

    The error of preparing a basis state is small beside that of reading it, and counts as part of it.

    Args:
        sampler: what reads: a sampler, a backend or its name.
        num_qubits: from qubit 0 on.
        shots: of each circuit: two by ``"tensored"``, 2^num_qubits by ``"full"``.
        method: ``"tensored"``, errors of each qubit by itself, or ``"full"``, correlated ones of at most 5 qubits.
        seed: makes the shots reproducible where the sampler honours seeds.
        noise: is put into every circuit, see `SamplingEstimator`.

    Raises:
        InputError: for fewer than 2 shots, too many qubits, or a reading that hides the true values.
    """
    measures = sampler_of(sampler)
    count = check_integer(num_qubits, "num_qubits", 1, 62)
    number = check_integer(shots, "shots", 2, MOST_SHOTS)
    chosen = require_choice("method", method, ("tensored", "full"))
    if chosen == "full" and count > _MOST_CALIBRATED:
        raise InputError(
            f'a full calibration is for at most {_MOST_CALIBRATED} qubits, got {count}; take method="tensored"'
        )
    settled = settled_seed(seed)
    used = settled if isinstance(settled, int) else int(settled.integers(1 << 32))
    states = range(1 << count) if chosen == "full" else (0, (1 << count) - 1)
    circuits = []
    for state in states:
        circuit = Circuit(count)
        for qubit in range(count):
            if state >> qubit & 1:
                circuit.x(qubit)
        circuits.append(circuit.measure_all())
    results = sampled(measures, circuits, [number] * len(circuits), used, None, checked_noise(noise))
    counts = [
        (np.array([int(bits, 2) for bits in result.counts], np.int64), np.array(list(result.counts.values()), float))
        for result in results
    ]
    errors: list[tuple[tuple[int, ...], ReadoutError]] = []
    if chosen == "full":
        rows = [np.bincount(read, often, 1 << count) / often.sum() for read, often in counts]
        errors.append((tuple(range(count)), ReadoutError(np.array(rows))))
    else:
        for qubit in range(count):
            ones = [float(often @ (read >> qubit & 1)) / often.sum() for read, often in counts]
            errors.append(((qubit,), ReadoutError([[1.0 - ones[0], ones[0]], [1.0 - ones[1], ones[1]]])))
    reproducible = all(result.seed is not None for result in results)
    return ReadoutMitigation(tuple(errors), number, used if reproducible else None)


def read_together(mitigation: ReadoutMitigation, qubits: Sequence[int]) -> tuple[int, ...]:
    """These qubits, and those whose errors are correlated with theirs."""
    asked = set(qubits)
    for block, _ in mitigation._blocks:
        if asked.intersection(block):
            asked.update(block)
    return tuple(sorted(asked))


def parity_scores(mitigation: ReadoutMitigation, outcomes: IntArray, masks: IntArray) -> FloatArray:
    """What each outcome counts as for parities of qubits, float64 of shape ``(num_outcomes, num_masks)``.

    Args:
        mitigation: the errors.
        outcomes: bits as they were read, int64.
        masks: qubits of each parity, int64.
    """
    rest = np.int64(~sum(1 << qubit for qubit in mitigation.qubits))
    values: FloatArray = 1.0 - 2.0 * (np.bitwise_count(outcomes[:, None] & masks[None, :] & rest) & 1)
    for qubits, confusion in mitigation._blocks:
        local_masks = gathered(masks, qubits)
        if not local_masks.any():
            continue
        size = len(confusion)
        signs = 1.0 - 2.0 * (np.bitwise_count(np.arange(size)[:, None] & np.arange(size)[None, :]) & 1)
        # column m holds, for each value read, what the parity of mask m counts as
        table = np.linalg.solve(confusion, signs)
        values *= table[gathered(outcomes, qubits)[:, None], local_masks[None, :]]
    return values


def function_scores(
    mitigation: ReadoutMitigation, values: FloatArray, outcomes: IntArray, qubits: Sequence[int]
) -> FloatArray:
    """What each outcome counts as for functions of all bits, float64 of shape ``(num_outcomes, num_functions)``.

    Args:
        mitigation: the errors.
        values: of the functions by true bits, shape ``(2**len(qubits), num_functions)``.
        outcomes: bits as they were read, int64.
        qubits: those that the bits of a function's index stand for; errors correlate none of them with others.
    """
    places = {qubit: place for place, qubit in enumerate(qubits)}
    size, columns = values.shape
    tensor: NDArray[Any] = values.reshape((2,) * len(qubits) + (columns,))  # axis k is place len(qubits) - 1 - k
    for block, confusion in mitigation._blocks:
        if not places.keys() >= set(block):
            continue
        axes = [len(qubits) - 1 - places[qubit] for qubit in reversed(block)]
        moved = np.moveaxis(tensor, axes, range(len(axes)))
        solved = np.linalg.solve(confusion, moved.reshape(len(confusion), -1)).reshape(moved.shape)
        tensor = np.moveaxis(solved, range(len(axes)), axes)
    table: FloatArray = np.ascontiguousarray(tensor).reshape(size, columns)
    return table[gathered(outcomes, qubits)]


def deviations(mitigation: ReadoutMitigation) -> Iterator[ReadoutMitigation]:
    """The same with confusions off by one standard deviation, along each of their independent directions.

    The squares of what these change add up to the variance that the calibration brings about.
    """
    shots = mitigation.shots
    if shots is None:
        return
    for index, (_, confusion) in enumerate(mitigation._blocks):
        for row in range(len(confusion)):
            found = confusion[row]
            # an add-half rule: no error seen in few shots doesn't mean that there is none
            smooth = (found * shots + 0.5) / (shots + 0.5 * len(found))
            covariance = (np.diag(smooth) - np.outer(smooth, smooth)) / shots
            scales, directions = np.linalg.eigh(covariance)
            for scale, direction in zip(scales[1:], directions.T[1:], strict=True):
                yield _shifted(mitigation, index, row, np.sqrt(max(scale, 0.0)) * direction)


def _shifted(mitigation: ReadoutMitigation, index: int, row: int, step: FloatArray) -> ReadoutMitigation:
    blocks = list(mitigation._blocks)
    confusion = blocks[index][1].copy()
    confusion[row] += step
    blocks[index] = (blocks[index][0], confusion)
    changed = replace(mitigation)
    object.__setattr__(changed, "_blocks", tuple(blocks))
    return changed
