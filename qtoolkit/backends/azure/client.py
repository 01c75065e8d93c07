"""Azure Quantum's service and the storage beside it, over azure-quantum: its requests without its retries."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar
from urllib.parse import unquote, urlsplit

from qtoolkit._optional import require
from qtoolkit.backends.azure.connection import WORKSPACE, workspace_of
from qtoolkit.backends.azure.job import status_of, without_queries
from qtoolkit.backends.cloud.client import CloudClient, NotSent, Refused, VendorStatus
from qtoolkit.backends.cloud.http import check_address
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.reach import never_left, what_became
from qtoolkit.backends.cloud.secrets import redacted
from qtoolkit.errors import CredentialsError, QToolkitError

__all__ = ["AzureClient", "job_id_of"]

_NAMESPACE = uuid.UUID("6f7d2f0a-2f2b-5a64-9b1e-5d2c1f6f7a10")
_INPUT = "inputData"
_ONCE = {"retry_total": 0, "connection_timeout": 20, "read_timeout": 60}
_REQUEST = {**_ONCE, "permit_redirects": False}
_KEPT = ("id", "name", "status", "target", "providerId", "outputDataFormat", "inputParams", "costEstimate")
_TIMES = ("creationTime", "beginExecutionTime", "endExecutionTime")


def job_id_of(key: str) -> str:
    """The id of the job under a key: the same for the same key, so that sending it again makes no second job."""
    return str(uuid.uuid5(_NAMESPACE, key))


Answer = TypeVar("Answer")


class AzureClient(CloudClient):
    """A workspace of Azure Quantum.

    A submission is three requests. The service is asked for the address of the job's container, whose signature is a
    secret that nothing keeps; the circuit is put there; and a PUT under an id made of the key makes the job. All three
    may be repeated: only the last one makes a job, and that once. The SDK's retries, up to ten of a request, are off.

    Args:
        resource_id: of the workspace, for those who log in by azure-identity; see `workspace_of`.
        location: its region.

    Raises:
        CredentialsError: if nothing says which workspace.
        MissingExtraError: if azure-quantum is not installed.
    """

    is_idempotent: ClassVar[bool] = True

    def __init__(self, resource_id: str | None = None, location: str | None = None) -> None:
        self._errors = require("azure.core.exceptions", extra="azure")
        self._storage = require("azure.storage.blob", extra="azure")
        _hide_signatures()
        self._workspace = workspace_of(resource_id, location)

    def submit(self, payload: Payload, key: str) -> str:
        """Put the circuit into storage, then the job under its id.

        Raises:
            Refused, NotSent, CredentialsError, OSError: as for all requests; `NotSent` if the job was not asked for.
        """
        data = json.loads(payload.body)
        job_id = job_id_of(key)
        try:
            container = self._address(f"job-{job_id}")
            blob = self._put(container, data["input"].encode(), data["media_type"])
        except (QToolkitError, Refused, NotSent):
            raise
        except Exception as error:
            raise NotSent(f"the circuit could not be put into storage: {redacted(error)}") from None
        job = {**data["job"], "id": job_id, "itemType": "Job", "containerUri": container, "inputDataUri": blob}
        try:
            self._asked(lambda: self._jobs("create", job_id, job))
        except self._errors.ResourceExistsError:
            if self.find(payload, key) is None:
                raise OSError(f"Azure Quantum has another job under the id {job_id}") from None
        return job_id

    def find(self, payload: Payload, key: str) -> str | None:
        """The job under the id that is made of the key."""
        job_id = job_id_of(key)
        details = self._asked(lambda: self._details_or_none(job_id))
        return job_id if details is not None and details.get("name") == key else None

    def poll(self, vendor_id: str) -> VendorStatus:
        """Where a job stands, with its cost at the end."""
        return status_of(self._details(vendor_id))

    def fetch(self, vendor_id: str) -> bytes:
        """What the service says of the job, without the signatures of addresses, and the text of its answer."""
        details = self._details(vendor_id)
        place = str(details.get("outputDataUri") or "")
        names = [unquote(name) for name in urlsplit(place).path.strip("/").split("/")]
        container, blob = (names[-2], names[-1]) if len(names) > 1 else (f"job-{vendor_id}", "rawOutputData")
        address = self._address(container, blob)

        def download() -> bytes:
            client = self._storage.BlobClient.from_blob_url(address, **_ONCE)
            return bytes(client.download_blob(max_concurrency=1).readall())

        output = self._asked(download).decode()
        kept = {name: details[name] for name in (*_KEPT, *_TIMES) if details.get(name) is not None}
        return json.dumps({"job": kept, "output": output}, default=str).encode()

    def cancel(self, vendor_id: str) -> None:
        """Ask for the end of a job; one that has ended is left alone."""
        if status_of(self._details(vendor_id)).status.is_terminal:
            return

        def ask() -> None:
            try:
                self._jobs("cancel", vendor_id)
            except self._errors.HttpResponseError as error:
                if error.status_code != 204:  # the service's answer to what it takes, which the SDK does not know
                    raise

        self._asked(ask)

    def targets(self) -> list[tuple[str, dict[str, Any]]]:
        """The company of each target of the workspace, and what the service says of it.

        Raises:
            Exception: if it cannot be asked.
        """

        def ask() -> list[tuple[str, dict[str, Any]]]:
            space = self._workspace
            providers = space._client.services.providers.list(
                space.subscription_id, space.resource_group, space.name, **_REQUEST
            )
            return [(str(provider["id"]), dict(target)) for provider in providers for target in provider["targets"]]

        return self._asked(ask)

    def _jobs(self, method: str, *args: Any) -> Any:
        space = self._workspace
        call = getattr(space._client.services.jobs, method)
        return call(space.subscription_id, space.resource_group, space.name, *args, **_REQUEST)

    def _details(self, vendor_id: str) -> Mapping[str, Any]:
        details: Mapping[str, Any] = self._asked(lambda: self._jobs("get", vendor_id))
        if details.get("id") != vendor_id:
            raise OSError(f"Azure Quantum describes another job than {vendor_id}")
        return details

    def _details_or_none(self, job_id: str) -> Any:
        try:
            return self._jobs("get", job_id)
        except self._errors.ResourceNotFoundError:
            return None

    def _address(self, container: str, blob: str | None = None) -> str:
        """The address of a container or a blob, with a signature that allows its use."""
        space = self._workspace
        place = {"containerName": container} | ({} if blob is None else {"blobName": blob})
        answer = self._asked(
            lambda: space._client.services.storage.get_sas_uri(
                space.subscription_id, space.resource_group, space.name, place, **_REQUEST
            )
        )
        return check_address(answer.get("sasUri"))

    def _put(self, container: str, content: bytes, media_type: str) -> str:
        """Put the circuit into the container, and return its address without a signature."""
        settings = self._storage.ContentSettings(content_type=media_type)

        def upload() -> str:
            blob = self._storage.ContainerClient.from_container_url(container, **_ONCE).get_blob_client(_INPUT)
            blob.upload_blob(content, overwrite=True, content_settings=settings)
            return str(blob.url).partition("?")[0]

        return self._asked(upload)

    def _asked(self, call: Callable[[], Answer]) -> Answer:
        """Do a request, and say in the toolkit's terms what became of it.

        Raises:
            Refused: if the service answers that it does not do it.
            CredentialsError: if it answers that the credentials are not good, or there are none.
            NotSent: if no connection was made.
            ResourceExistsError: the SDK's, if there is such a job.
            OSError: if it is open what became of it.
        """
        errors = self._errors
        try:
            return call()
        except errors.ResourceExistsError:
            raise
        except errors.AzureError as error:
            found = error
        status = getattr(found, "status_code", None)
        text = without_queries(redacted(getattr(found, "message", found)))[:500]
        whose = f"Azure Quantum does not take the credentials of {WORKSPACE} or the connection string"
        if status is not None:
            raise what_became(status, f"Azure Quantum answered {status}: {text}", whose) from None
        if isinstance(found, errors.ClientAuthenticationError):
            raise CredentialsError(f"{whose}: {text}") from None
        if never_left(found):
            raise NotSent(f"Azure Quantum cannot be reached: {text}") from None
        raise OSError(f"a request to Azure Quantum ended with {type(found).__name__}: {text}") from None


class _WithoutSignatures(logging.Filter):
    """Takes the signatures of addresses in storage out of what urllib3 logs of each request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                without_queries(item) if isinstance(item, str) and "sig=" in item else item for item in record.args
            )
        return True


def _hide_signatures() -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(item, _WithoutSignatures) for item in logger.filters):
        logger.addFilter(_WithoutSignatures())
