"""Tianyan's service over HTTP.

cqlib repeats every request that fails, submissions too, follows redirections with its credentials, and waits for
results with all errors swallowed. So its requests are made here, as it makes them, each once and each with an end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from qtoolkit.backends.cloud.answers import first_text, object_of, path_of
from qtoolkit.backends.cloud.client import CannotTell, CloudClient, NotSent, Refused, VendorStatus
from qtoolkit.backends.cloud.http import Reply, RestClient
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.secrets import Secret, credential, redacted
from qtoolkit.backends.tianyan.job import joint_state, state_of
from qtoolkit.backends.tianyan.serializer import entries_of
from qtoolkit.errors import CredentialsError

__all__ = ["ADDRESS", "CREDENTIAL", "TianyanClient"]

ADDRESS = "https://qc.zdxlz.com"
CREDENTIAL = "TIANYAN_LOGIN_KEY"

_LOGIN = "/qccp-auth/oauth2/sdk/opnId"
_API = "/qccp-quantum/sdk"
_SUBMIT = f"{_API}/experiment/temporary/save"
_RESULTS = f"{_API}/experiment/result/find"
_AT_ONCE = 50
"""Experiments of one question."""


class TianyanClient(CloudClient):
    """Speaks to Tianyan's service. It logs in when it is first needed, and again when the service forgets it.

    Args:
        address: of the service.
        seconds: each request may take.

    Raises:
        CredentialsError: if the login key is missing.
        InputError: if the address is none.
    """

    def __init__(self, address: str = ADDRESS, seconds: float = 60.0) -> None:
        self._login_key = credential(CREDENTIAL, "Tianyan")
        self._rest = RestClient(address, self._headers, seconds)
        self._token: Secret | None = None
        self._ended: dict[str, VendorStatus] = {}

    def submit(self, payload: Payload, key: str) -> str:
        """See `CloudClient.submit`; the key goes along as the name of the collection of experiments."""
        answer = object_of(self._sent("POST", _SUBMIT, payload.body).json(), "Tianyan")
        if answer.get("code") != 0:
            raise Refused(_message(answer))
        data = answer.get("data")
        ids = data.get("query_ids") if isinstance(data, Mapping) else None
        ids = [ids] if isinstance(ids, str) else ids
        if not isinstance(ids, list) or len(ids) != len(payload.bits):
            raise ValueError(f"the service gave no ids for {len(payload.bits)} circuits")
        texts = [str(number) for number in ids if isinstance(number, str | int)]
        if len(set(texts)) != len(payload.bits) or not all(re.fullmatch(r"[\w-]+", text) for text in texts):
            raise ValueError(f"the service gave no distinct ids for {len(payload.bits)} circuits")
        return ",".join(texts)

    def find(self, payload: Payload, key: str) -> str | None:
        """The service lists no experiments."""
        raise CannotTell("it lists no experiments")

    def poll(self, vendor_id: str) -> VendorStatus:
        """See `CloudClient.poll`."""
        ids = vendor_id.split(",")
        open_ids = [number for number in ids if number not in self._ended]
        seen = {
            number: state_of(entry)
            for number, entry in entries_of([_told(reply) for reply in self._results(open_ids)]).items()
        }
        # The answer brings all shots along: what has ended is not asked for again.
        self._ended.update({number: state for number, state in seen.items() if state.status.is_terminal})
        known = {**seen, **self._ended}
        return joint_state([known[number] for number in ids if number in known], len(ids))

    def fetch(self, vendor_id: str) -> bytes:
        """The replies to all questions for results, with the ids in the order of the circuits."""
        ids = vendor_id.split(",")
        replies = b",".join(reply.body for reply in self._results(ids))
        return b'{"query_ids":' + json.dumps(ids).encode() + b',"replies":[' + replies + b"]}"

    def cancel(self, vendor_id: str) -> None:
        """The service has no such request: the experiments go on."""

    def machines(self) -> list[Any]:
        """The machines and simulators of the service."""
        found = _told(self._sent("GET", f"{_API}/quantumComputer/list")).get("data")
        if not isinstance(found, list):
            raise ValueError("the service gave no list of machines")
        return found

    def configuration(self, machine: str) -> Mapping[str, Any]:
        """Qubits and couplers of a machine, and how good they are."""
        found = _told(self._sent("GET", f"{_API}/experiment/download/config{path_of(machine)}")).get("data")
        if isinstance(found, str):
            found = json.loads(found)
        if not isinstance(found, Mapping):
            raise ValueError("the service gave no configuration")
        return found

    def _results(self, ids: Sequence[str]) -> list[Reply]:
        parts = [ids[first : first + _AT_ONCE] for first in range(0, len(ids), _AT_ONCE)]
        return [self._sent("POST", _RESULTS, json.dumps({"query_ids": part}).encode()) for part in parts]

    def _headers(self) -> Mapping[str, str | Secret]:
        if self._token is None:
            return {}
        return {"basicToken": self._token, "Authorization": Secret(f"Bearer {self._token.reveal()}")}

    def _sent(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """Send a request; once more after a new login, if the service refused it for the old one."""
        if self._token is None:
            self._log_in()
            return self._rest.send(method, path, body)
        try:
            return self._rest.send(method, path, body)
        except CredentialsError:
            self._log_in()
            return self._rest.send(method, path, body)

    def _log_in(self) -> None:
        self._token = None
        form = {"grant_type": "openId", "openId": self._login_key.reveal(), "account_type": "member"}
        try:
            reply = self._rest.send("POST", _LOGIN, urlencode(form).encode(), "application/x-www-form-urlencoded")
            answer = object_of(reply.json(), "Tianyan")
        except (Refused, OSError, ValueError) as error:
            raise NotSent(f"no login: {redacted(error)}") from None
        data = answer.get("data")
        token = data.get("access_token") if isinstance(data, Mapping) else None
        if answer.get("code") != 0 or not isinstance(token, str) or not token:
            raise CredentialsError(f"Tianyan does not take the login key: {redacted(_message(answer))}")
        self._token = Secret(token)


def _told(reply: Reply) -> Mapping[str, Any]:
    answer = object_of(reply.json(), "Tianyan")
    if answer.get("code") != 0:
        raise ValueError(_message(answer))
    return answer


def _message(answer: Mapping[str, Any]) -> str:
    return f"{first_text(answer, 'msg', 'message') or 'the service gives no reason'} (code {answer.get('code')})"
