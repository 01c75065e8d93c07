"""Quafu over HTTP: pyquafu needs an old NumPy, sets no time-outs, and evaluates what the server sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from qtoolkit.backends.cloud.answers import first_text, object_of
from qtoolkit.backends.cloud.client import CannotTell, CloudClient, Refused, VendorStatus
from qtoolkit.backends.cloud.http import Reply, RestClient
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.secrets import credential
from qtoolkit.backends.quafu.job import REFUSALS, STATES

__all__ = ["ADDRESS", "CREDENTIAL", "QuafuClient"]

ADDRESS = "https://quafu.baqis.ac.cn"
CREDENTIAL = "QUAFU_API_TOKEN"

_FORM = "application/x-www-form-urlencoded;charset=UTF-8"


class QuafuClient(CloudClient):
    """Speaks to Quafu.

    Args:
        address: of the service.
        seconds: each request may take.

    Raises:
        CredentialsError: if the token is missing.
        InputError: if the address is none.
    """

    def __init__(self, address: str = ADDRESS, seconds: float = 60.0) -> None:
        token = credential(CREDENTIAL, "Quafu")
        self._rest = RestClient(address, lambda: {"api_token": token}, seconds)

    def submit(self, payload: Payload, key: str) -> str:
        """See `CloudClient.submit`; the key goes along as the task's name."""
        reply = self._rest.send("POST", "/qbackend/scq_kit_asyc/", payload.body, payload.media_type)
        answer = object_of(reply.json(), "Quafu")
        code = _code(answer)
        if code in REFUSALS:
            raise Refused(_message(answer))
        number = answer.get("task_id")
        if str(code) not in STATES or not isinstance(number, str) or not number:
            raise ValueError(f"the service gave the task no id: {_message(answer)}")
        return number

    def find(self, payload: Payload, key: str) -> str | None:
        """The service lists no tasks."""
        raise CannotTell("it lists no tasks")

    def poll(self, vendor_id: str) -> VendorStatus:
        """See `CloudClient.poll`."""
        answer = object_of(self._recalled(vendor_id).json(), "Quafu")
        code = _code(answer)
        if code is None or "task_id" not in answer:
            raise ValueError(_message(answer))
        reason = first_text(answer, "message", "msg")
        return VendorStatus.of(str(code), STATES, reason)

    def fetch(self, vendor_id: str) -> bytes:
        """See `CloudClient.fetch`."""
        return self._recalled(vendor_id).body

    def cancel(self, vendor_id: str) -> None:
        """The service has no such request: the task goes on."""

    def chips(self) -> list[Mapping[str, Any]]:
        """The service's chips and simulators, as it describes them."""
        answer = object_of(self._rest.send("POST", "/qbackend/get_backends/", b"", _FORM).json(), "Quafu")
        found = answer.get("data")
        if not isinstance(found, list):
            raise ValueError(_message(answer))
        return [chip for chip in found if isinstance(chip, Mapping)]

    def _recalled(self, vendor_id: str) -> Reply:
        return self._rest.send("POST", "/qbackend/scq_task_recall/", urlencode({"task_id": vendor_id}).encode(), _FORM)


def _code(answer: Mapping[str, Any]) -> int | None:
    code = answer.get("status", answer.get("code"))
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _message(answer: Mapping[str, Any]) -> str:
    said = first_text(answer, "message", "msg") or "the service gives no reason"
    return f"{said} (status {_code(answer)})"
