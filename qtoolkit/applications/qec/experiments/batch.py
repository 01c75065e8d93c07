"""One batch: drawn whole from its own seed, decoded, counted. What other processes run."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import check_memory
from qtoolkit.applications.qec.experiments.sampling import shots_of
from qtoolkit.applications.qec.experiments.task import ExperimentTask

if TYPE_CHECKING:
    from qtoolkit.applications.qec.decoders import CheckedDecoder

__all__ = ["BatchCounts", "check_batch_memory", "count_batch"]

_KEPT_WORKERS = 8
"""For each thread: more than it works on at a time."""


@dataclass(frozen=True)
class BatchCounts:
    """What was counted in some shots of a batch.

    Attributes:
        shots: that were drawn, discarded ones too.
        discards: shots in which a herald fired.
        errors: other shots of which an observable was mispredicted.
        observable_errors: shots of those, by observable.
        seconds: that drawing and decoding took.
    """

    shots: int
    discards: int
    errors: int
    observable_errors: tuple[int, ...]
    seconds: float

    def __add__(self, other: BatchCounts) -> BatchCounts:
        return BatchCounts(
            self.shots + other.shots,
            self.discards + other.discards,
            self.errors + other.errors,
            tuple(a + b for a, b in zip(self.observable_errors, other.observable_errors, strict=True)),
            self.seconds + other.seconds,
        )


def count_batch(task: ExperimentTask, seed: int, index: int, start: int, stop: int) -> BatchCounts:
    """Draw batch `index` of a task, and decode and count its shots from `start` to before `stop`.

    The batch is always drawn whole, since the random stream depends on how many shots are asked for at once: the shots
    of a batch are the same whichever of them are counted. Its seed comes of the root seed, the circuit and the index,
    so that batches are independent of each other and of those of other circuits.

    Raises:
        InputError: if the decoder returns anything but bits of shape (shots, observables).
        InsufficientMemoryError: if there is no memory for the batch.
    """
    check_batch_memory(task)
    assert task.batch_shots is not None
    begin = time.perf_counter()
    own_seed = np.random.SeedSequence(seed, spawn_key=(task.stream, index))
    worker = _worker_of(task)
    events, flips = worker.shots.sample(task.batch_shots, int(own_seed.generate_state(1, np.uint64)[0]))
    events, flips = events[start:stop], flips[start:stop]
    discards = 0
    if task.heralds:
        accepted = ~np.any(events & _packed_mask(task.heralds, events.shape[1]), axis=1)
        discards = int(np.count_nonzero(~accepted))
        events, flips = events[accepted], flips[accepted]
    wrong = flips ^ worker.decoder.decode_packed(events) if len(events) else flips
    # Rows of one byte, as most are, take NumPy as long as rows of many to go through one by one.
    failed = wrong[wrong[:, 0] != 0] if wrong.shape[1] == 1 else wrong[wrong.any(axis=1)]
    bits = np.unpackbits(failed, axis=1, count=int(task.circuit.num_observables), bitorder="little")
    return BatchCounts(
        shots=stop - start,
        discards=discards,
        errors=len(failed),
        observable_errors=tuple(int(count) for count in bits.sum(axis=0, dtype=np.int64)),
        seconds=time.perf_counter() - begin,
    )


def _packed_mask(detectors: tuple[int, ...], width: int) -> NDArray[np.uint8]:
    """Bytes with the bits of some detectors."""
    mask = np.zeros(width, np.uint8)
    for detector in detectors:
        mask[detector // 8] |= np.uint8(1 << detector % 8)
    return mask


def check_batch_memory(task: ExperimentTask) -> None:
    """Refuse a batch that does not fit.

    Raises:
        InsufficientMemoryError: with the bytes needed and free.
    """
    assert task.batch_shots is not None
    columns = int(task.circuit.num_detectors) + int(task.circuit.num_observables)
    what = f"a batch of {task.batch_shots} shots"
    check_memory(3 * task.batch_shots * columns, what, "take a smaller batch_shots")


class _Worker:
    """What draws the shots of a task and decodes them."""

    def __init__(self, task: ExperimentTask) -> None:
        self.task = task
        self.shots = shots_of(task.circuit)
        self.decoder: CheckedDecoder = task.compiled()


class _Kept(threading.local):
    """Workers of this thread; most decoders can serve one thread at a time only."""

    def __init__(self) -> None:
        self.workers: OrderedDict[str, _Worker] = OrderedDict()


_kept = _Kept()


def _worker_of(task: ExperimentTask) -> _Worker:
    workers = _kept.workers
    # a task that is kept keeps its place in memory, so that no other has its number
    key = task.id if task.is_known else f"task {id(task)}"
    if key not in workers:
        workers[key] = _Worker(task)
        if len(workers) > _KEPT_WORKERS:
            workers.popitem(last=False)
    workers.move_to_end(key)
    return workers[key]
