"""Quantum tasks of Amazon Braket: made under a token, found by their folder, fetched from S3."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, ClassVar

from qtoolkit.backends.braket.job import STATES
from qtoolkit.backends.braket.session import aws_client, aws_session, translated
from qtoolkit.backends.cloud.client import CannotTell, CloudClient, NotSent, Refused, VendorStatus
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.errors import BackendError, CredentialsError

__all__ = ["BraketClient"]

_LEAVING: ContextVar[bytes | None] = ContextVar("_LEAVING", default=None)
"""The body of the request that is being sent from here."""

_TASK = re.compile(r"arn:aws[a-z-]*:braket:([a-z0-9-]+):[0-9]*:quantum-task/")
_PAGE = 100
_MOST_PAGES = 200
_MOST_BYTES = 1 << 30
_MOST_FILES = 10_000


class BraketClient(CloudClient):
    """The service, over boto3.

    CreateQuantumTask takes the key as its ``clientToken``, by which AWS knows a repetition; the key is also the last
    part of the folder in S3 that the task writes to, by which SearchQuantumTasks finds it. A task is asked for where it
    was made, whatever the region is now.

    Args:
        region: for what is made here, such as ``"us-east-1"``; None for that of AWS's configuration.

    Raises:
        MissingExtraError: if amazon-braket-sdk, which brings boto3, is not installed.
        CredentialsError: if there are no credentials or no region.
    """

    is_idempotent: ClassVar[bool] = True

    def __init__(self, region: str | None = None) -> None:
        self._session = aws_session(region)
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None], Any] = {}
        self.region = str(self._client("braket", region).meta.region_name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.region!r})"

    def _client(self, service: str, region: str | None) -> Any:
        with self._lock:  # making clients of a session is not safe in threads
            found = self._clients.get((service, region))
            if found is None:
                found = self._clients[service, region] = aws_client(self._session, service, region)
                if service == "braket":
                    found.meta.events.register("before-call.braket.CreateQuantumTask", _send_the_payload)
            return found

    def submit(self, payload: Payload, key: str) -> str:
        """Make a task.

        Raises:
            Refused: if the service takes no such task.
            NotSent: if nothing reached it.
            CredentialsError: if it takes no credentials, or they do not permit it.
            OSError: for all else.
        """
        token = _LEAVING.set(payload.body)
        try:
            answer = self._asked(self.region, "create_quantum_task", **json.loads(payload.body))
        finally:
            _LEAVING.reset(token)
        return _text(answer, "quantumTaskArn", "CreateQuantumTask")

    def find(self, payload: Payload, key: str) -> str | None:
        """Look for the task that writes to the folder of a key, among those of its device.

        Raises:
            CannotTell: after 20,000 tasks; or if there is none, and the task's bucket is out of reach, so that the
                account may be another one.
            OSError: if the service does not say.
        """
        body = json.loads(payload.body)
        region = str(payload.facts.get("region") or self.region)
        filters = [{"name": "deviceArn", "operator": "EQUAL", "values": [body["deviceArn"]]}]
        folder = f"{body['outputS3KeyPrefix']}/"
        for task in self._pages(region, "search_quantum_tasks", "quantumTasks", filters=filters):
            if f"{task.get('outputS3Directory')}/".startswith(folder):
                return _text(task, "quantumTaskArn", "SearchQuantumTasks")
        bucket = body["outputS3Bucket"]
        try:
            self._client("s3", region).head_bucket(Bucket=bucket)
        except Exception as error:
            raise CannotTell(
                f"this account has no such task in {region}, and may be another one: its bucket is out of reach, "
                f"{translated(error, f'HeadBucket {bucket}')}"
            ) from None
        return None

    def poll(self, vendor_id: str) -> VendorStatus:
        """Ask for the state of a task."""
        answer = self._task(vendor_id, additionalAttributeNames=["QueueInfo"])
        raw = _text(answer, "status", "GetQuantumTask")
        queue = answer.get("queueInfo") or {}
        facts = {"queue_position": queue["position"]} if queue.get("position") else None
        return VendorStatus.of(raw, STATES, str(answer.get("failureReason") or ""), facts=facts)

    def fetch(self, vendor_id: str) -> bytes:
        """Read the result of a task from S3; that of several circuits is put together from its files.

        Raises:
            CannotTell, OSError: if it is not there, or S3 cannot be asked.
        """
        answer = self._task(vendor_id)
        bucket = _text(answer, "outputS3Bucket", "GetQuantumTask")
        folder = _text(answer, "outputS3Directory", "GetQuantumTask")
        files = self._client("s3", self._region_of(vendor_id))
        return _joined(files, bucket, folder, _object(files, bucket, f"{folder}/results.json"))

    def cancel(self, vendor_id: str) -> None:
        """Ask for a task's end; one that has ended, or is ending, is left alone."""
        if self.poll(vendor_id).status.is_terminal:
            return
        try:
            self._asked(self._region_of(vendor_id), "cancel_quantum_task", quantumTaskArn=vendor_id)
        except OSError:
            # A conflict says that it has ended meanwhile.
            if not self.poll(vendor_id).status.is_terminal:
                raise

    def device(self, arn: str) -> Mapping[str, Any]:
        """The service's description of a device, as it came.

        Raises:
            BackendError: if it has none, or cannot be asked.
            CredentialsError: if it takes no credentials.
        """
        try:
            return self._asked(self.region, "get_device", deviceArn=arn)
        except CredentialsError:
            raise
        except (Refused, NotSent, OSError) as error:
            raise BackendError(f"Amazon Braket in {self.region} does not describe {arn}: {error}") from None

    def devices(self) -> list[Mapping[str, Any]]:
        """All devices of the region, a few words on each.

        Raises:
            BackendError: if the service cannot be asked.
            CredentialsError: if it takes no credentials.
        """
        try:
            return list(self._pages(self.region, "search_devices", "devices", filters=[]))
        except CredentialsError:
            raise
        except (Refused, NotSent, OSError, CannotTell) as error:
            raise BackendError(f"Amazon Braket in {self.region} does not list its devices: {error}") from None

    def _task(self, arn: str, **given: Any) -> Mapping[str, Any]:
        return self._asked(self._region_of(arn), "get_quantum_task", quantumTaskArn=arn, **given)

    def _region_of(self, arn: str) -> str:
        """Where a task is, by its ARN."""
        found = _TASK.match(arn)
        return self.region if found is None else found[1]

    def _asked(self, region: str, operation: str, **given: Any) -> Mapping[str, Any]:
        try:
            answer = getattr(self._client("braket", region), operation)(**given)
        except CredentialsError:
            raise
        except Exception as error:
            raise translated(error, operation) from None
        if not isinstance(answer, dict):
            raise OSError(f"{operation} was answered by {type(answer).__name__}")
        return answer

    def _pages(self, region: str, operation: str, name: str, **given: Any) -> Iterator[Mapping[str, Any]]:
        token: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            answer = self._asked(region, operation, maxResults=_PAGE, **given, **token)
            if not isinstance(answer.get(name), list):
                raise OSError(f"the answer to {operation} lacks {name}")
            yield from answer[name]
            if not answer.get("nextToken"):
                return
            token = {"nextToken": str(answer["nextToken"])}
        raise CannotTell(f"there are more than {_MOST_PAGES * _PAGE} entries")


def _object(files: Any, bucket: str, key: str) -> bytes:
    try:
        answer = files.get_object(Bucket=bucket, Key=key)
        content = answer["Body"].read(_MOST_BYTES + 1)
    except Exception as error:
        raise translated(error, f"GetObject s3://{bucket}/{key}") from None
    if len(content) > _MOST_BYTES:
        raise OSError(f"s3://{bucket}/{key} has more than {_MOST_BYTES} bytes")
    return bytes(content)


def _joined(files: Any, bucket: str, folder: str, raw: bytes) -> bytes:
    """The result of a set of programs with the contents of its files in place of their names."""
    try:
        data = json.loads(raw)
    except ValueError:
        return raw  # the serializer says what is wrong with it
    if not isinstance(data, dict) or not isinstance(data.get("programResults"), list):
        return raw
    location = data.get("s3Location")
    if isinstance(location, list) and len(location) == 2 and location[0] == bucket:
        folder = str(location[1])
    left = iter(range(_MOST_FILES))

    def content(where: str, item: Any) -> Any:
        if not isinstance(item, str):
            return item
        if next(left, None) is None:
            raise OSError(f"the result in s3://{bucket}/{folder} has more than {_MOST_FILES} files")
        return json.loads(_object(files, bucket, f"{where}/{item}"))

    try:
        data["taskMetadata"] = content(folder, data.get("taskMetadata"))
        for index, item in enumerate(data["programResults"]):
            program = content(folder, item)
            inner = f"{folder}/{item}".removesuffix("/results.json") if isinstance(item, str) else folder
            if isinstance(program, dict) and isinstance(program.get("executableResults"), list):
                program["executableResults"] = [content(inner, entry) for entry in program["executableResults"]]
            data["programResults"][index] = program
    except ValueError as error:
        raise OSError(f"a file of the result in s3://{bucket}/{folder} is no JSON: {error}") from None
    return json.dumps(data).encode()


def _send_the_payload(params: dict[str, Any], **_: Any) -> None:
    """What leaves is the payload, byte by byte, and not what a version of botocore makes of it."""
    body = _LEAVING.get()
    if body is not None:
        params["body"] = body


def _text(answer: Mapping[str, Any], name: str, operation: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise OSError(f"the answer to {operation} lacks {name}")
    return found
