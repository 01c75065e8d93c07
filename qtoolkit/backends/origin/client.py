"""Origin's cloud over HTTP.

pyqpanda3 rounds angles to 8 digits, waits for answers without bound and holds the interpreter meanwhile, and writes a
log file where it runs. So its requests are made here, as it makes them, each once and each with an end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from qtoolkit.backends.cloud.answers import first_text, id_in, object_of
from qtoolkit.backends.cloud.client import CannotTell, CloudClient, Refused, VendorStatus
from qtoolkit.backends.cloud.http import Reply, RestClient, check_address
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.secrets import Secret, credential
from qtoolkit.backends.origin.job import STATES

__all__ = ["ADDRESS", "CREDENTIAL", "OriginClient"]

ADDRESS = "https://pyqanda-admin.qpanda.cn"
CREDENTIAL = "QPANDA3_API_KEY"

_ASK, _ONE, _SEVERAL = "0", "1", "2"
"""The header task_mode: of a question, of a program to run, of several."""


class OriginClient(CloudClient):
    """Speaks to Origin's cloud.

    Args:
        address: of the service.
        seconds: each request may take.

    Raises:
        CredentialsError: if the API key is missing.
        InputError: if the address is none.
    """

    def __init__(self, address: str = ADDRESS, seconds: float = 60.0) -> None:
        key = credential(CREDENTIAL, "Origin's cloud").reveal()
        shared: dict[str, str | Secret] = {"Authorization": Secret(f"oqcs_auth={key}"), "origin-language": "en"}

        @cache
        def client(mode: str) -> RestClient:
            return RestClient(address, lambda: {**shared, "task_mode": mode}, seconds)

        check_address(address)
        self._rest = client

    def submit(self, payload: Payload, key: str) -> str:
        """See `CloudClient.submit`; the key goes along as the batch number."""
        mode = _ONE if len(payload.bits) == 1 else _SEVERAL
        reply = self._rest(mode).send("POST", "/oqcs/task/origin/submit.json", payload.body)
        answer = object_of(reply.json(), "Origin's cloud")
        if answer.get("success") is False:
            raise Refused(_message(answer))
        task = answer.get("obj")
        return id_in(task, "taskId", "Origin's cloud")

    def find(self, payload: Payload, key: str) -> str | None:
        """The service lists no tasks."""
        raise CannotTell("it lists no tasks")

    def poll(self, vendor_id: str) -> VendorStatus:
        """See `CloudClient.poll`."""
        task = self._told("/oqcs/task/origin/taskDetail.json", {"taskId": vendor_id})
        state = task.get("taskState")
        if not isinstance(state, str | int) or isinstance(state, bool):
            raise ValueError("the service gave no taskState")
        reason = first_text(task, "errInfo", "errorMessage", "errorDetail")
        return VendorStatus.of(str(state), STATES, reason)

    def fetch(self, vendor_id: str) -> bytes:
        """See `CloudClient.fetch`."""
        return self._asked("/oqcs/task/origin/taskDetail.json", {"taskId": vendor_id}).body

    def cancel(self, vendor_id: str) -> None:
        """See `CloudClient.cancel`; a task that can no longer be cancelled is left alone."""
        self._asked("/oqcs/task/cancelTask.json", {"taskId": vendor_id})

    def chip_info(self, device: str) -> Mapping[str, Any]:
        """What the service tells of a chip: its qubits, couplings and fidelities."""
        return self._told("/oqcs/task/origin/chipInfo.json", {"ChipID": device})

    def resources(self) -> list[Any]:
        """The machines of the service, and whether they are online."""
        answer = self._rest(_ASK).get("/oqcs/task/getResourceList.json").json()
        if not isinstance(answer, list):
            raise ValueError("the service gave no list of machines")
        return answer

    def _asked(self, path: str, data: Mapping[str, Any]) -> Reply:
        return self._rest(_ASK).send("POST", path, json.dumps(data, separators=(",", ":")).encode())

    def _told(self, path: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = object_of(self._asked(path, data).json(), "Origin's cloud")
        found = answer.get("obj")
        if answer.get("success") is not True or not isinstance(found, Mapping):
            raise ValueError(_message(answer))
        return found


def _message(answer: Mapping[str, Any]) -> str:
    return f"{answer.get('message') or 'the service gives no reason'} (code {answer.get('code')})"
