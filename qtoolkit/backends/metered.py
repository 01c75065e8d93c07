"""`MeteredBackend`: what a computation asks of a backend, counted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from qtoolkit._arguments import check_instance
from qtoolkit.backends.backend import Backend, Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.job import Job
from qtoolkit.backends.money import estimate_cost
from qtoolkit.backends.registry import get_backend

__all__ = ["MeteredBackend"]


class MeteredBackend(Backend):
    """A backend that counts what it is asked for: jobs, circuits, shots and their estimated cost.

    It runs what the other one runs, so that an algorithm that takes a backend tells what it spent.

    Attributes:
        jobs: of the other backend, in the order of submission.
        num_circuits: of all jobs.
        num_shots: of all circuits.

    Args:
        backend: runs the circuits: one, or its name as in `get_backend`.

    Raises:
        InputError, UnknownBackendError: if it is none.
    """

    def __init__(self, backend: Backend | str) -> None:
        if isinstance(backend, str):
            backend = get_backend(backend)
        self._backend = check_instance(backend, Backend, "what is metered must be a Backend, or the name of one")
        super().__init__(self._backend.name)
        self.jobs: list[Job[Any]] = []
        self.num_circuits = 0
        self.num_shots = 0
        self._costs: dict[str, Decimal] = {}
        self._is_cost_known = True

    @property
    def capabilities(self) -> Capabilities:
        """Those of the backend that runs the circuits."""
        return self._backend.capabilities

    @property
    def num_jobs(self) -> int:
        """Jobs that were submitted."""
        return len(self.jobs)

    @property
    def costs(self) -> dict[str, Decimal] | None:
        """Estimated cost by currency, empty where all was free; None where some price is unknown."""
        return dict(self._costs) if self._is_cost_known else None

    @property
    def cost_text(self) -> str:
        """The cost in words: ``"free"``, ``"0.65 USD"``, ``"unknown"``."""
        if not self._is_cost_known:
            return "unknown"
        return " + ".join(f"{amount} {currency}" for currency, amount in self._costs.items()) or "free"

    def job(self, job_id: str) -> Job[Any]:
        """A job that was submitted through the meter, or another one of the backend that runs the circuits.

        Raises:
            JobError: if it has no such job.
        """
        found = self._jobs.get(job_id) if isinstance(job_id, str) else None
        return self._backend.job(job_id) if found is None else found

    def _submit(self, request: Request) -> Job[Any]:
        estimate = estimate_cost(self.name, request.circuits, request.shots)
        job = self._backend._submit(request)
        self.jobs.append(job)
        self.num_circuits += len(request.circuits)
        self.num_shots += request.shots * len(request.circuits)
        if estimate.amount is None:
            self._is_cost_known = False
        elif estimate.amount:
            self._costs[estimate.currency] = self._costs.get(estimate.currency, Decimal(0)) + estimate.amount
        return job
