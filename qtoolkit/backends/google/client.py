"""`GoogleClient`: jobs of Google's Quantum Engine, under ids that are chosen here."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from qtoolkit.backends.cloud.client import CloudClient, Refused, VendorStatus
from qtoolkit.backends.google.connection import AlreadyThere, Connection, NotThere
from qtoolkit.backends.google.job import status_of
from qtoolkit.backends.google.requests import job_name, requests_of

if TYPE_CHECKING:
    from qtoolkit.backends.cloud.payload import Payload

__all__ = ["GoogleClient"]


class GoogleClient(CloudClient):
    """The Quantum Engine.

    Program and job have ids of ours, made of the idempotency key, so a repetition is answered that they are there
    already, and a job is found by its name.

    Args:
        connection: to the service.
        project: of Google's cloud, in which programs and jobs are made.
    """

    is_idempotent: ClassVar[bool] = True

    def __init__(self, connection: Connection, project: str) -> None:
        self.connection = connection
        self.project = project

    def __repr__(self) -> str:
        return f"GoogleClient({self.connection!r}, project={self.project!r})"

    def submit(self, payload: Payload, key: str) -> str:
        """Create the program, then the job that runs it, and return the job's full name.

        What is there already was made by an earlier sending of the same payload.
        """
        program, job = requests_of(payload.body)
        for method, request in (("create_quantum_program", program), ("create_quantum_job", job)):
            try:
                self.connection.call(method, request)
            except AlreadyThere:
                continue
        return str(job.quantum_job.name)

    def find(self, payload: Payload, key: str) -> str | None:
        """The job's full name, if the service has it."""
        name = job_name(payload.body)
        try:
            self._job(name)
        except NotThere:
            return None
        return name

    def poll(self, vendor_id: str) -> VendorStatus:
        """Where the job of a full name stands."""
        return status_of(self._job(vendor_id))

    def fetch(self, vendor_id: str) -> bytes:
        """The service's `QuantumResult`, serialized."""
        from cirq_google.cloud import quantum

        result = self.connection.call("get_quantum_result", quantum.GetQuantumResultRequest(parent=vendor_id))
        return bytes(type(result).serialize(result))

    def cancel(self, vendor_id: str) -> None:
        """Ask the service to cancel a job; it refuses where the job has ended, which its state tells."""
        from cirq_google.cloud import quantum

        with suppress(Refused):
            self.connection.call("cancel_quantum_job", quantum.CancelQuantumJobRequest(name=vendor_id))

    def _job(self, name: str) -> Any:
        from cirq_google.cloud import quantum

        return self.connection.call("get_quantum_job", quantum.GetQuantumJobRequest(name=name))
