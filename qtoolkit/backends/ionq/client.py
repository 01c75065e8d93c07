"""IonQ's REST service, over the client of qiskit-ionq: its requests without its retries."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

from qtoolkit._optional import require
from qtoolkit.backends.cloud.answers import id_in
from qtoolkit.backends.cloud.client import CannotTell, CloudClient, NotSent, VendorStatus
from qtoolkit.backends.cloud.http import check_address
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.reach import never_left, what_became, why_not_reached
from qtoolkit.backends.cloud.secrets import credential, redacted
from qtoolkit.backends.ionq.job import status_of
from qtoolkit.backends.job import JobStatus
from qtoolkit.backends.money.cost import read_amount

__all__ = ["IonQClient", "KEY"]

KEY = "qtoolkit_key"
"""The entry of a job's metadata that holds its idempotency key."""

_ADDRESS = "https://api.ionq.co"
_VERSION = "v0.4"
_PAGE = 25
_MOST_PAGES = 400
_AGGREGATE = "ionq.result.probabilities-aggregate.json.v1"


class IonQClient(CloudClient):
    """IonQ's service, with the credential ``IONQ_API_KEY``.

    Requests go through `qiskit_ionq.ionq_client.IonQClient`, whose decorators, which repeat a POST up to five times and
    a GET without an end, are taken off. A request waits 30 s for each piece of its answer.

    Args:
        address: of the service; by default ``IONQ_REMOTE_HOST``, or IonQ's.

    Raises:
        CredentialsError: if the credential is missing.
        InputError: if the address is none, or leaves this machine without TLS.
        MissingExtraError: if qiskit-ionq is not installed.
    """

    def __init__(self, address: str | None = None) -> None:
        given = address or os.environ.get("IONQ_REMOTE_HOST") or _ADDRESS
        parts = urlsplit(check_address(given))
        self.address = f"{parts.scheme}://{parts.netloc}/{_VERSION}"
        self._token = credential("IONQ_API_KEY", "IonQ")
        self._sdk = require("qiskit_ionq.ionq_client", extra="ionq")

    def submit(self, payload: Payload, key: str) -> str:
        """Submit a job by one POST.

        Raises:
            Refused, NotSent, CredentialsError, OSError: as for all requests.
            ValueError: if the answer has no id.
        """
        # The SDK writes the body as json.dumps does, and so was the payload written.
        answer = self._once("post", "jobs", json_body=json.loads(payload.body))
        return id_in(answer, "id", "IonQ")

    def find(self, payload: Payload, key: str) -> str | None:
        """The job whose metadata hold the key, among all that the credential's project has.

        Raises:
            CannotTell: if they are more than 10,000.
            Exception: if the service cannot be asked.
        """
        for job in self._listed():
            metadata = job.get("metadata")
            if job.get("parent_job_id") is None and isinstance(metadata, dict) and metadata.get(KEY) == key:
                return str(job["id"])
        return None

    def poll(self, vendor_id: str) -> VendorStatus:
        """Where a job stands; that of a device which is done comes with its cost, if IonQ says it."""
        job = self._job(vendor_id)
        status = status_of(job)
        if status.status != JobStatus.DONE or not str(job.get("backend")).startswith("qpu"):
            return status
        cost, currency = self._cost(vendor_id)
        return VendorStatus(status.status, status.raw, status.reason, cost, status.facts, currency)

    def fetch(self, vendor_id: str) -> bytes:
        """The job, its probabilities, and the jobs of its circuits where it has several."""
        job = self._job(vendor_id)
        answer: dict[str, Any] = {"job": job}
        if job.get("type") == "ionq.multi-circuit.v1":
            answer["probabilities"] = self._aggregate(vendor_id, job)
            answer["children"] = list(self._listed(parent_job_id=vendor_id))
        else:
            answer["probabilities"] = self._once(
                "get_results", f"/{_VERSION}/jobs/{_quoted(vendor_id)}/results/probabilities"
            )
        return json.dumps(answer).encode()

    def cancel(self, vendor_id: str) -> None:
        """Cancel a job; one that has ended is left alone, since IonQ would call it cancelled."""
        if not status_of(self._job(vendor_id)).status.is_terminal:
            self._once("cancel_job", _quoted(vendor_id))

    def backends(self) -> list[dict[str, Any]]:
        """What IonQ says of its simulators and devices.

        Raises:
            Exception: if it cannot be asked.
        """
        found = self._get("backends")
        if not isinstance(found, list):
            raise OSError(f"IonQ's answer is no list of backends, it begins {str(found)[:60]!r}")
        return [entry for entry in found if isinstance(entry, dict)]

    def backend(self, name: str) -> dict[str, Any]:
        """What IonQ says of one simulator or device.

        Raises:
            Refused: if there is none of this name.
            Exception: if it cannot be asked.
        """
        found = self._get("backends", _quoted(name))
        if not isinstance(found, dict):
            raise OSError(f"IonQ's answer describes no backend, it begins {str(found)[:60]!r}")
        return found

    def estimate(self, *, backend: str, oneq_gates: int, twoq_gates: int, qubits: int, shots: int) -> dict[str, Any]:
        """What IonQ expects one circuit to cost and how long it takes.

        Raises:
            Exception: if it cannot be asked.
        """
        given = self._once(
            "estimate_job", backend=backend, oneq_gates=oneq_gates, twoq_gates=twoq_gates, qubits=qubits, shots=shots
        )
        return dict(given.to_dict())

    def _job(self, vendor_id: str) -> dict[str, Any]:
        job = self._once("retrieve_job", _quoted(vendor_id))
        if not isinstance(job, dict) or job.get("id") != vendor_id:
            raise OSError(f"IonQ's answer describes another job than {vendor_id}, it begins {str(job)[:60]!r}")
        return job

    def _aggregate(self, vendor_id: str, job: dict[str, Any]) -> Any:
        results = job.get("results")
        artifact = results.get(_AGGREGATE) if isinstance(results, dict) else None
        if isinstance(artifact, dict) and isinstance(artifact.get("id"), str):
            return self._once("get_artifact", _quoted(vendor_id), _quoted(artifact["id"]))
        return self._once("get_results", f"/{_VERSION}/jobs/{_quoted(vendor_id)}/results/probabilities/aggregated")

    def _cost(self, vendor_id: str) -> tuple[Decimal | None, str]:
        try:
            cost = self._get("jobs", _quoted(vendor_id), "cost")["cost"]
            amount, unit = read_amount(cost["value"]), cost["unit"]
        except Exception:
            return None, ""  # the job is done all the same, and its estimate stays
        return (amount, unit.upper()) if amount is not None and isinstance(unit, str) and unit else (None, "")

    def _listed(self, **query: str) -> Iterator[dict[str, Any]]:
        more: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            page = self._get("jobs", **query, limit=_PAGE, **more)
            if not isinstance(page, dict) or not isinstance(page.get("jobs"), list):
                raise OSError(f"IonQ's answer is no list of jobs, it begins {str(page)[:60]!r}")
            yield from (job for job in page["jobs"] if isinstance(job, dict))
            if not page.get("next"):
                return
            more = {"next": str(page["next"])}
        raise CannotTell(f"IonQ lists more than {_PAGE * _MOST_PAGES} jobs")

    def _get(self, *path: str, **query: Any) -> Any:
        """A GET that the SDK has no method for."""

        def ask() -> Any:
            client = self._client()
            answer = client.get_with_retry(client.make_path(*path), params=query or None, headers=client.api_headers)
            self._sdk.exceptions.IonQAPIError.raise_for_status(answer)
            return answer.json()

        return self._asked(ask)

    def _once(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of the SDK's client without the decorator that repeats it."""
        client = self._client()
        return self._asked(lambda: inspect.unwrap(getattr(type(client), method))(client, *args, **options))

    def _client(self) -> Any:
        return self._sdk.IonQClient(self._token.reveal(), self.address)

    def _asked(self, call: Callable[[], Any]) -> Any:
        """Do a request, and say in the toolkit's terms what became of it.

        Raises:
            Refused: if IonQ answers that it does not do it.
            CredentialsError: if it answers that the credential is not good.
            NotSent: if no connection was made.
            OSError: if it is open what became of it.
        """
        errors = self._sdk.exceptions
        try:
            return call()
        except errors.IonQAPIError as error:
            found: Any = error
        except errors.IonQRetriableError as error:
            found = error._cause
        except (self._sdk.requests.exceptions.RequestException, ValueError) as error:
            found = error
        if isinstance(found, errors.IonQAPIError):
            text = redacted(f"IonQ answered {found.status_code}: {found.message}")
            raise what_became(found.status_code, text, "IonQ does not take the credential IONQ_API_KEY") from None
        if never_left(found):
            raise NotSent(f"{self.address} cannot be reached: {redacted(why_not_reached(found))}") from None
        raise OSError(f"a request to {self.address} ended with {type(found).__name__}: {redacted(found)}") from None


def _quoted(name: str) -> str:
    return quote(name, safe="")
