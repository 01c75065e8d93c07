"""`run_experiments`: tasks to results, batch by batch, over any executor, with a store to go on from."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtoolkit._arguments import check_callable, is_integer, items_of, shown
from qtoolkit._checks import require_number
from qtoolkit._cores import num_cores
from qtoolkit.applications.qec._validation import require_count, root_entropy
from qtoolkit.applications.qec.experiments.batch import BatchCounts, check_batch_memory, count_batch
from qtoolkit.applications.qec.experiments.result import ExperimentResult
from qtoolkit.applications.qec.experiments.store import ExperimentStore
from qtoolkit.applications.qec.experiments.task import ExperimentTask
from qtoolkit.errors import BackendError, InputError

__all__ = ["ExperimentProgress", "errors_for", "run_experiment", "run_experiments"]

_AHEAD = 2
"""Batches given to each worker of an executor, so that none waits for the next one."""


_MOST_SHOTS = 2**53
"""Above it a count is no double any more."""


@dataclass(frozen=True)
class ExperimentProgress:
    """How far a run is.

    Attributes:
        task: whose batch has just been counted, or is known not to be needed.
        shots: of that task so far.
        errors: of that task so far.
        finished: tasks that are done.
        num_tasks: all of them.
        share: of all tasks together that is done, in [0, 1]; a task counts by shots or by errors, whichever is further.
    """

    task: ExperimentTask
    shots: int
    errors: int
    finished: int
    num_tasks: int
    share: float


ProgressCallback = Callable[[ExperimentProgress], Any]


def errors_for(relative_error: float) -> int:
    """Logical errors after which the standard error of a rate is at most this fraction of it: ⌈1/ε²⌉.

    Raises:
        InputError: if it lies outside (0, 1].
    """
    value = require_number("relative_error", relative_error, 0.0, 1.0)
    if value < 1e-6:
        raise InputError(f"relative_error must lie in [1e-6, 1], got {value:g}")
    return math.ceil(1.0 / value**2 - 1e-9)


def run_experiments(
    tasks: Iterable[ExperimentTask],
    *,
    max_shots: int,
    max_errors: int | None = None,
    relative_error: float | None = None,
    seed: int | np.random.Generator | None = None,
    store: ExperimentStore | None = None,
    executor: Executor | None = None,
    progress: ProgressCallback | None = None,
) -> tuple[ExperimentResult, ...]:
    """Sample and decode every task until its limits are met.

    A task ends when `max_shots` shots are drawn, or at the end of the first batch at which `max_errors` errors are
    seen: errors are looked at between batches only, and in the order of the batches, however many workers there are.
    What is estimated then is free of bias; see `ExperimentResult.logical_error_rate`.

    Ctrl-C ends a run early: the batches that are done are in the results, which say `interrupted`, and in the store.

    Args:
        tasks: a task that comes twice is run once.
        max_shots: shots of each task, discarded ones included.
        max_errors: logical errors at which a task ends.
        relative_error: standard error over rate at which a task ends, in (0, 1]: `errors_for` makes errors of it. Of
            both limits the first that is met counts.
        seed: of all tasks. With a store and no seed, a task goes on with the seed that it was begun with.
        store: where batches are read from and kept.
        executor: any of `concurrent.futures`, of threads, processes or machines; this process by itself if left out.
            Pieces of work are pickled for other processes, decoders of your own too.
        progress: called with an `ExperimentProgress` after each batch.

    Returns:
        A result for each task, in their order; when interrupted, for those of which there are shots.

    Raises:
        InputError: if a limit is below 1, a task is none, or a decoder does not take its model, predicts anything but
            bits of shape (shots, observables), or is not known to a store.
        BackendError: if the executor's workers come to an end.
        InsufficientMemoryError: if there is no memory for a batch.
        OutputError: if the store cannot be written.
        KeyboardInterrupt: if Ctrl-C came before the first batch was done.
    """
    listed = list(items_of(tasks, "tasks must be ExperimentTasks"))
    for task in listed:
        if not isinstance(task, ExperimentTask):
            raise InputError(f"tasks must be ExperimentTasks, got {shown(task)}")
    limits = _Limits.of(max_shots, max_errors, relative_error)
    if store is not None and not isinstance(store, ExperimentStore):
        raise InputError(f"store must be an ExperimentStore, got {shown(store)}")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InputError(f"executor must be one of concurrent.futures, got {shown(executor)}")
    if progress is not None:
        check_callable(progress, "progress")
    root = None if seed is None else root_entropy(seed)
    fresh = root_entropy(None)
    runs: dict[object, _Run] = {}
    for task in listed:
        check_batch_memory(task)
        if store is not None:
            task.check_known()
        own = root
        if own is None and store is not None:
            own = store.seed_of(task)
        own = fresh if own is None else own
        stored = {} if store is None else store.batches(task, own)
        runs.setdefault(_key(task), _Run(task, own, limits, stored))
    interrupted = _drive(list(runs.values()), executor, store, progress)
    results = {key: run.result(interrupted) for key, run in runs.items() if run.shots}
    if not results and interrupted:
        raise KeyboardInterrupt
    return tuple(results[_key(task)] for task in listed if _key(task) in results)


def run_experiment(
    task: ExperimentTask,
    *,
    max_shots: int,
    max_errors: int | None = None,
    relative_error: float | None = None,
    seed: int | np.random.Generator | None = None,
    store: ExperimentStore | None = None,
    executor: Executor | None = None,
    progress: ProgressCallback | None = None,
    previous: ExperimentResult | None = None,
) -> ExperimentResult:
    """Sample and decode one task; see `run_experiments`.

    Args:
        task: what to run.
        max_shots: shots at which it ends.
        max_errors: errors at which it ends.
        relative_error: standard error over rate at which it ends.
        seed: of the run; leave it out when continuing, where the seed of `previous` goes on.
        store: where batches are read from and kept.
        executor: any of `concurrent.futures`.
        progress: called with an `ExperimentProgress` after each batch.
        previous: a result of this task to continue, where there is no store. What comes is what a run in one piece
            would have come to.

    Raises:
        InputError: as `run_experiments`, or if `previous` is of another task or seed.
        BackendError: as `run_experiments`.
        InsufficientMemoryError: as `run_experiments`.
        OutputError: as `run_experiments`.
        KeyboardInterrupt: as `run_experiments`.
    """
    if previous is None:
        (result,) = run_experiments(
            [task],
            max_shots=max_shots,
            max_errors=max_errors,
            relative_error=relative_error,
            seed=seed,
            store=store,
            executor=executor,
            progress=progress,
        )
        return result
    if not isinstance(task, ExperimentTask):
        raise InputError(f"task must be an ExperimentTask, got {shown(task)}")
    if store is not None:
        raise InputError("a run continues a previous result or what a store holds, not both: leave previous out")
    _check_continuable(task, previous, seed)
    run = _Run(task, previous.seed, _Limits.of(max_shots, max_errors, relative_error), {}, previous)
    interrupted = _drive([run], executor, None, progress)
    return run.result(interrupted)


@dataclass(frozen=True)
class _Limits:
    max_shots: int
    max_errors: int | None

    @classmethod
    def of(cls, max_shots: int, max_errors: int | None, relative_error: float | None) -> _Limits:
        errors = [] if max_errors is None else [require_count("max_errors", max_errors)]
        if relative_error is not None:
            errors.append(errors_for(relative_error))
        return cls(require_count("max_shots", max_shots, maximum=_MOST_SHOTS), min(errors, default=None))


@dataclass(frozen=True)
class _Work:
    """Shots `start` to before `stop` of a batch."""

    index: int
    start: int
    stop: int


class _Run:
    """One task on its way: counts its batches in their order, and says which come next."""

    def __init__(
        self,
        task: ExperimentTask,
        seed: int,
        limits: _Limits,
        stored: dict[int, BatchCounts],
        previous: ExperimentResult | None = None,
    ) -> None:
        assert task.batch_shots is not None
        self.task, self.seed, self.limits, self.size = task, seed, limits, task.batch_shots
        self._stored = stored
        self._arrived: dict[int, BatchCounts] = {}
        self._asked = 0
        self._earlier = 0.0
        self.counts = BatchCounts(0, 0, 0, (0,) * int(task.circuit.num_observables), 0.0)
        self.before = 0
        if previous is not None:
            self.counts = BatchCounts(
                previous.shots, previous.discards, previous.errors, previous.observable_errors, previous.wall_time
            )
            self.before = previous.accepted_before
            self._asked = previous.shots // self.size
        self._count()

    @property
    def shots(self) -> int:
        return self.counts.shots

    @property
    def is_done(self) -> bool:
        """Whether a limit is met; that of errors counts where a batch ends."""
        most, errors = self.limits.max_shots, self.limits.max_errors
        return self.shots >= most or (
            errors is not None and self.counts.errors >= errors and self.shots % self.size == 0
        )

    @property
    def share(self) -> float:
        if self.is_done:
            return 1.0
        errors = self.limits.max_errors
        return max(self.shots / self.limits.max_shots, 0.0 if errors is None else self.counts.errors / errors)

    def next_work(self) -> _Work | None:
        """What to do next, unless what is asked for already is likely to be enough."""
        first = self.shots // self.size
        self._asked = max(self._asked, first)
        while not self.is_done and self._asked * self.size < self.limits.max_shots:
            if self._asked >= first + self._likely():
                return None
            index = self._asked
            self._asked += 1
            begin = self.shots % self.size if index == first else 0
            stop = self._stop(index)
            kept = self._stored.get(index)
            if kept is None or begin or kept.shots > stop:
                return _Work(index, begin, stop)
            if kept.shots < stop:
                return _Work(index, kept.shots, stop)
        return None

    def receive(self, work: _Work, counts: BatchCounts) -> BatchCounts | None:
        """Take what came of work; returns what a store should keep of the batch, if anything."""
        kept = self._stored.get(work.index)
        whole = counts
        if kept is not None and work.start == kept.shots:
            whole = kept + counts
        self._arrived[work.index] = whole
        self._count()
        is_from_start = work.start == 0 or whole is not counts
        return whole if is_from_start and (kept is None or whole.shots > kept.shots) else None

    def result(self, interrupted: bool) -> ExperimentResult:
        counts = self.counts
        return ExperimentResult(
            task_id=self.task.id,
            labels=self.task.labels,
            rounds=self.task.rounds,
            decoder=self.task.decoder_name,
            shots=counts.shots,
            discards=counts.discards,
            errors=counts.errors,
            observable_errors=counts.observable_errors,
            accepted_before=self.before,
            max_errors=self.limits.max_errors,
            seed=self.seed,
            batch_shots=self.size,
            interrupted=interrupted and not self.is_done,
            wall_time=counts.seconds,
            versions=self.task.versions,
        )

    def _count(self) -> None:
        """Count what is there, in order, up to the first batch that is missing or to the end."""
        while not self.is_done:
            index, begin = divmod(self.shots, self.size)
            found = self._arrived.pop(index, None)
            if found is None:
                kept = self._stored.get(index)
                if kept is None or begin or kept.shots != self._stop(index):
                    return
                found = kept
            if not begin:
                self.before = self.counts.shots - self.counts.discards
            self.counts = self.counts + found

    def _stop(self, index: int) -> int:
        return min(self.size, self.limits.max_shots - index * self.size)

    def _likely(self) -> int:
        """Batches from here that a limit on errors will take, as far as is known: at least 1."""
        errors = self.limits.max_errors
        if errors is None:
            return self.limits.max_shots
        if not self.counts.errors:
            return max(1, self.shots // self.size)
        return max(1, math.ceil((errors - self.counts.errors) * self.shots / (self.counts.errors * self.size)))


class _Inline(Executor):
    """Work in this thread, done when it is submitted."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **keywords))
        except Exception as error:
            future.set_exception(error)
        return future


def _drive(
    runs: Sequence[_Run],
    executor: Executor | None,
    store: ExperimentStore | None,
    progress: ProgressCallback | None,
) -> bool:
    """Work until all runs are done; whether Ctrl-C came before."""
    workers: Executor = _Inline() if executor is None else executor
    slots = 1 if executor is None else _AHEAD * _num_workers(executor)
    if isinstance(executor, ProcessPoolExecutor):
        for run in runs:
            _check_picklable(run.task)
    pending: dict[Future[BatchCounts], tuple[_Run, _Work]] = {}
    try:
        while any(not run.is_done for run in runs):
            for run in runs:
                while len(pending) < slots and (work := run.next_work()) is not None:
                    arguments = (run.task, run.seed, work.index, work.start, work.stop)
                    pending[workers.submit(count_batch, *arguments)] = (run, work)
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                run, work = pending.pop(future)
                kept = run.receive(work, future.result())
                if store is not None and kept is not None:
                    store.add(run.task, run.seed, work.index, kept)
                if progress is not None:
                    progress(_told(run, runs))
    except KeyboardInterrupt:
        return True
    except BrokenExecutor as error:
        raise BackendError(
            f"the executor's workers came to an end ({error}); what was finished is in the store, if there is one"
        ) from error
    finally:
        for future in pending:
            future.cancel()
    return False


def _told(run: _Run, runs: Sequence[_Run]) -> ExperimentProgress:
    return ExperimentProgress(
        task=run.task,
        shots=run.shots,
        errors=run.counts.errors,
        finished=sum(one.is_done for one in runs),
        num_tasks=len(runs),
        share=sum(one.share for one in runs) / len(runs),
    )


def _num_workers(executor: Executor) -> int:
    """As many as it says it has; as many as there are cores where it says nothing."""
    number = getattr(executor, "_max_workers", None)
    return number if isinstance(number, int) and number > 0 else num_cores()


def _key(task: ExperimentTask) -> object:
    return task.id if task.is_known else id(task)


def _check_picklable(task: ExperimentTask) -> None:
    try:
        pickle.dumps(task)
    except Exception as error:
        raise InputError(
            f"a task for other processes must be picklable, got {task!r} ({error}); name the decoder, or make it a "
            "class or function of a module"
        ) from error


def _check_continuable(
    task: ExperimentTask, previous: ExperimentResult, seed: int | np.random.Generator | None
) -> None:
    if not isinstance(previous, ExperimentResult):
        raise InputError(f"previous must be an ExperimentResult, got {shown(previous)}")
    if previous.task_id != task.id:
        raise InputError(
            f"only a result of the same task can be continued, got {previous.task_id[:12]} "
            f"({previous.decoder}, {dict(previous.labels)}, batches of {previous.batch_shots}) for {task.id[:12]} "
            f"({task.decoder_name}, {dict(task.labels)}, batches of {task.batch_shots})"
        )
    if seed is not None and not (is_integer(seed) and seed == previous.seed):
        raise InputError(
            f"a continued run keeps its seed {previous.seed}, got {shown(seed)}: leave seed out, or start another run"
        )
