"""The client of IBM Quantum's service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from qtoolkit.backends.cloud.answers import id_in, path_of
from qtoolkit.backends.cloud.client import CloudClient, NotSent, Refused, VendorStatus
from qtoolkit.backends.cloud.reach import is_refusal, never_left
from qtoolkit.backends.cloud.secrets import redacted
from qtoolkit.backends.ibm.account import IBMAccount
from qtoolkit.backends.ibm.job import status_of
from qtoolkit.errors import BackendError, CredentialsError

if TYPE_CHECKING:
    from qtoolkit.backends.cloud.payload import Payload

__all__ = ["IBMClient"]

_MISSING, _CONFLICT = 404, 409
_PIECE = 1 << 16
_MOST_BYTES = 1 << 30
_MOST_WORDS = 1000
_FOUND = 10
_CONNECTING = 10.0


class _AnswerError(OSError):
    """The service answered with an error; what became of the request is open."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _RefusedError(Refused):
    """The service answered that it does not do it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class IBMClient(CloudClient):
    """IBM Quantum's service.

    A submission carries its key as a tag, by which it is found again.

    Args:
        account: in whose name it asks.
        seconds: that the server may be silent, and that each answer may take.
    """

    def __init__(self, account: IBMAccount, seconds: float = 60.0) -> None:
        self.account = account
        self._seconds = seconds

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.account!r})"

    # --- jobs ---

    def submit(self, payload: Payload, key: str) -> str:
        """Send a job once."""
        data = _json(self._ask("POST", "/jobs", payload.body))
        return id_in(data, "id", "IBM Quantum")

    def find(self, payload: Payload, key: str) -> str | None:
        """Look for the tag, in the instance that the job was sent to: another one does not show it."""
        sent_to = payload.facts.get("instance")
        if sent_to != self.account.instance:
            raise BackendError(
                f"the job was sent to the instance {sent_to}, another one is open here, which does not show it; set "
                "QISKIT_IBM_INSTANCE to that one"
            )
        query = {"tags": key, "limit": str(_FOUND), "exclude_params": "true", "sort": "ASC"}
        data = _json(self._ask("GET", "/jobs", query=query))
        jobs = data.get("jobs") if isinstance(data, dict) else None
        if not isinstance(jobs, list):
            raise ValueError("IBM's list of jobs has no jobs in it")
        found = [job["id"] for job in jobs if isinstance(job, dict) and key in job.get("tags", ()) and "id" in job]
        return str(found[0]) if found else None

    def poll(self, vendor_id: str) -> VendorStatus:
        """Ask for a job's state."""
        return status_of(_json(self._ask("GET", path_of("jobs", vendor_id), query={"exclude_params": "true"})))

    def fetch(self, vendor_id: str) -> bytes:
        """The result in JSON, as it comes."""
        raw = self._ask("GET", path_of("jobs", vendor_id, "results"))
        if not raw:
            raise ValueError("IBM has no result of the job yet")
        return raw

    def cancel(self, vendor_id: str) -> None:
        """Ask for a job's end; one that has ended answers with a conflict."""
        try:
            self._ask("POST", path_of("jobs", vendor_id, "cancel"))
        except _AnswerError as error:
            if error.status != _CONFLICT:
                raise

    # --- devices ---

    def devices(self) -> list[dict[str, Any]]:
        """Devices as the service lists them.

        Raises:
            BackendError: if it cannot be asked.
        """
        data = self._described("/backends", "its devices")
        devices = data.get("devices")
        if not isinstance(devices, list):
            raise BackendError("IBM Quantum's list of devices has none in it; ask again")
        return [device for device in devices if isinstance(device, dict) and isinstance(device.get("name"), str)]

    def configuration(self, device: str) -> dict[str, Any]:
        """A device's configuration: its qubits, gates and couplings.

        Raises:
            BackendError: if the service has no such device, or cannot be asked.
        """
        return self._described(path_of("backends", device, "configuration"), f"the device {device}")

    def properties(self, device: str) -> dict[str, Any]:
        """A device's properties: what was measured of its qubits and gates; empty for a simulator.

        Raises:
            BackendError: if the service has no such device, or cannot be asked.
        """
        return self._described(path_of("backends", device, "properties"), f"the properties of {device}")

    # --- sessions ---

    def open_session(self, device: str, mode: str, max_time: int | None) -> str:
        """Open a session or a batch, once, and return its id.

        Args:
            device: its name.
            mode: ``"dedicated"`` or ``"batch"``.
            max_time: seconds that it may last; IBM's limit without.

        Raises:
            BackendError: if it is refused, or nobody knows.
        """
        body: dict[str, Any] = {"mode": mode, "backend": device, "instance": self.account.instance}
        if max_time is not None:
            body["max_ttl"] = max_time
        try:
            data = _json(self._ask("POST", "/sessions", json.dumps(body).encode()))
            found = id_in(data, "id", "IBM Quantum")
        except BackendError:
            raise
        except (Refused, NotSent) as error:
            raise BackendError(f"IBM Quantum opens no session on {device}: {redacted(error)}") from None
        except Exception as error:
            raise BackendError(
                f"a session on {device} may be open or not: {redacted(error)}; see the workloads of the instance, and "
                "close it there"
            ) from None
        return found

    def close_session(self, session_id: str) -> None:
        """Let a session take no more jobs; it ends with those that it has.

        Raises:
            BackendError: if the service does not say that it has.
        """
        try:
            self._ask("PATCH", path_of("sessions", session_id), json.dumps({"accepting_jobs": False}).encode())
        except BackendError:
            raise
        except Exception as error:
            if isinstance(error, _RefusedError) and error.status == _MISSING:
                return  # it has ended by itself
            raise BackendError(
                f"the session {session_id} could not be closed: {redacted(error)}; close it among the workloads of the "
                "instance"
            ) from None

    # --- requests ---

    def _described(self, path: str, what: str) -> dict[str, Any]:
        try:
            data = _json(self._ask("GET", path))
            if not isinstance(data, dict):
                raise ValueError("the answer describes nothing")
        except BackendError:
            raise
        except Exception as error:
            raise BackendError(f"IBM Quantum does not describe {what}: {redacted(error)}") from None
        return data

    def _ask(self, method: str, path: str, body: bytes | None = None, query: Mapping[str, str] | None = None) -> bytes:
        """Send one request, over a connection of its own: one that was left open may have been closed meanwhile.

        Raises:
            Refused: if the service answers that it does not do it.
            NotSent: if no connection was made, or no token was given for it.
            CredentialsError: if the service does not take the credentials.
            OSError: if it is open what became of it.
        """
        from requests import RequestException

        where = f"{method} {path}"
        headers = {"Accept": "application/json"} if body is None else {"Content-Type": "application/json"}
        address = self.account.service_address + path
        waits = (min(_CONNECTING, self._seconds), self._seconds)
        with self.account.session() as session:
            try:
                response = session.request(
                    method,
                    address,
                    data=body,
                    params=query,
                    headers=headers,
                    timeout=waits,
                    stream=True,
                    allow_redirects=False,
                )
            except RequestException as error:
                kind = NotSent if never_left(error) else OSError
                raise kind(_words(where, error)) from None
            with response:
                content = b"".join(_pieces(response, self._seconds))
        if response.status_code >= 300:
            _raise(response.status_code, _words(where, f"{response.status_code} {_text(content)}"))
        return content


def _raise(status: int, text: str) -> NoReturn:
    """Say what became of a request, by the status that it was answered with."""
    if status in (401, 403):
        raise CredentialsError(f"IBM Quantum does not take the credentials: {text}")
    if status < 400:
        raise _AnswerError(status, f"{text} redirected, which is not followed")
    if is_refusal(status):
        raise _RefusedError(status, text)
    raise _AnswerError(status, text)


def _words(where: str, said: object) -> str:
    return redacted(f"{where}: {said}")[:_MOST_WORDS]


def _text(content: bytes) -> str:
    return content[:_MOST_WORDS].decode("utf-8", "replace")


def _pieces(response: Any, seconds: float) -> Iterator[bytes]:
    """The body, as it comes, within a time: a server that sends byte by byte would keep each read alive."""
    deadline = time.monotonic() + seconds
    size = 0
    while piece := response.raw.read1(_PIECE, decode_content=True):
        size += len(piece)
        if time.monotonic() > deadline or size > _MOST_BYTES:
            raise OSError(f"the answer has not ended after {size} bytes and {seconds:g} s")
        yield piece


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        start = raw[:60].decode("utf-8", "replace")
        raise ValueError(f"IBM's answer of {len(raw)} bytes is no JSON, it begins {start!r}") from None
