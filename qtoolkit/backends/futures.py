"""Jobs that run in this process, on an executor of `concurrent.futures`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import replace
from functools import cached_property
from typing import Any

from qtoolkit._arguments import check_instance
from qtoolkit.backends.backend import Backend, Request
from qtoolkit.backends.job import Job, JobStatus, check_timeout
from qtoolkit.errors import JobError
from qtoolkit.primitives import Result
from qtoolkit.simulators.worker import Worker, abandon

__all__ = ["FutureJob", "InProcessBackend"]


class FutureJob(Job[Any]):
    """One future for each circuit of a request.

    Args:
        backend: where the circuits run.
        request: what was asked for.
        futures: their results, one for each circuit.
    """

    def __init__(self, backend: Backend, request: Request, futures: Sequence[Future[Result]]) -> None:
        super().__init__(backend, uuid.uuid4().hex)
        self._request = request
        self._futures = tuple(futures)

    def status(self) -> JobStatus:
        """Failed or cancelled as soon as one circuit is, done once all are."""
        ended = [future for future in self._futures if future.done()]
        failures = [CancelledError() if future.cancelled() else future.exception() for future in ended]
        if any(failure is not None and not isinstance(failure, CancelledError) for failure in failures):
            return JobStatus.FAILED
        if any(failure is not None for failure in failures):
            return JobStatus.CANCELLED
        if len(ended) == len(self._futures):
            return JobStatus.DONE
        started = bool(ended) or any(future.running() for future in self._futures)
        return JobStatus.RUNNING if started else JobStatus.QUEUED

    def result(self, timeout: float | None = None) -> Any:
        """Wait for all circuits; who is interrupted meanwhile, by Ctrl-C for one, cancels the job."""
        timeout = check_timeout(timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        results = []
        for index, future in enumerate(self._futures):
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                result = future.result(left)
            except CancelledError as error:
                raise JobError(f"job {self.id} on {self.backend.name} was cancelled; run the circuit again") from error
            except Exception as error:
                raise self._failure(index, future, timeout, error) from error
            except BaseException:
                abandon(self._futures)
                raise
            evidence = {**result.metadata, "job_id": self.id}
            results.append(replace(result, backend_name=self.backend.name, metadata=evidence))
        return self._request.answer(results)

    def _failure(self, index: int, future: Future[Result], timeout: float | None, error: Exception) -> JobError:
        which = f"circuit {index} of " if self._request.is_batch else ""
        if not future.done():
            return JobError(
                f"{which}job {self.id} on {self.backend.name} is {self.status()} after {timeout:g} s; "
                "ask for the result again with more time, or cancel it"
            )
        return JobError(f"{which}job {self.id} on {self.backend.name} failed: {type(error).__name__}: {error}")

    def cancel(self) -> bool:
        """Cancel the circuits that have not started; one that is cancelled cancels the job."""
        for future in self._futures:
            future.cancel()
        return self.status() == JobStatus.CANCELLED


class InProcessBackend(Backend):
    """A backend that runs each circuit by a call in this process.

    Args:
        name: as in `get_backend`.
        executor: runs the calls; by default one thread of the backend's own, so that circuits run one by one in the
            order of submission. What it has not run when the process ends, it leaves.
    """

    def __init__(self, name: str, executor: Executor | None = None) -> None:
        super().__init__(name)
        if executor is not None:
            check_instance(executor, Executor, "executor must be a concurrent.futures.Executor")
        self._given_executor = executor

    @cached_property
    def _executor(self) -> Executor:
        if self._given_executor is not None:
            return self._given_executor
        return Worker(f"qtoolkit-{self.name}")

    def _start(self, request: Request, calls: Sequence[tuple[Callable[..., Result], tuple[Any, ...]]]) -> Job[Any]:
        """Start one call for each circuit."""
        futures = [self._executor.submit(function, *arguments) for function, arguments in calls]
        return FutureJob(self, request, futures)
