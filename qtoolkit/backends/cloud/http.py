"""A small client of JSON over HTTP: every request is sent once and ends, and its error says what became of it."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from qtoolkit.backends.cloud.client import NotSent, Refused
from qtoolkit.backends.cloud.secrets import Secret, redacted
from qtoolkit.errors import CredentialsError, InputError

__all__ = ["Reply", "RestClient", "check_address"]

_SECONDS = 60.0
_MOST_BYTES = 1 << 30
_PLAINLY_REFUSED = frozenset(range(400, 500)) - {408, 409, 425}
"""Answers that say that no job was made. A conflict may come from an earlier request under the same key."""


class Reply:
    """What a server answered.

    Attributes:
        status: the HTTP status.
        body: its bytes.
    """

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: if it is none: cut off, or a page of a proxy.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            start = self.body[:60].decode("utf-8", "replace")
            raise ValueError(f"the server's answer of {len(self.body)} bytes is no JSON, it begins {start!r}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirection would carry credentials to another server, and a POST on as a GET."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class RestClient:
    """Requests to one server.

    Nothing is repeated and no redirection followed. Certificates are checked; without TLS it speaks to this machine
    alone.

    Args:
        address: ``"https://…"``, without a slash at the end.
        headers: makes the headers of each request, credentials among them, when it is sent.
        seconds: each request may take.

    Raises:
        InputError: if the address is none, or leaves this machine without TLS.
    """

    def __init__(
        self, address: str, headers: Callable[[], Mapping[str, str | Secret]] = dict, seconds: float = _SECONDS
    ) -> None:
        self.address = check_address(address).rstrip("/")
        self._headers = headers
        self._seconds = seconds
        self._opener = urllib.request.build_opener(
            _NoRedirects, urllib.request.HTTPSHandler(context=ssl.create_default_context())
        )

    def get(self, path: str, **query: Any) -> Reply:
        """A GET request.

        Raises:
            Refused, NotSent, CredentialsError, OSError: as for `send`.
        """
        return self.send("GET", path + (f"?{urlencode(query)}" if query else ""))

    def send(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json") -> Reply:
        """Send one request.

        Raises:
            Refused: if the server answers that it does not do it (4xx).
            CredentialsError: if it answers that the credentials are not good (401, 403).
            NotSent: if no connection was made.
            OSError: if it is open what became of it: a server error, an answer cut off, silence.
        """
        headers = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in self._headers().items()
        }
        if body is not None:
            headers["Content-Type"] = media_type
        request = urllib.request.Request(self.address + path, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                content = answer.read(_MOST_BYTES)
                expected = answer.headers.get("Content-Length")
                if expected is not None and len(content) < int(expected):
                    raise OSError(f"the answer was cut off after {len(content)} of {expected} bytes")
                return Reply(answer.status, content)
        except urllib.error.HTTPError as error:
            self._raise_status(method, path, error)
        except urllib.error.URLError as error:
            reason = error.reason
            if isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError):
                raise NotSent(f"{self.address} cannot be reached: {redacted(reason)}") from None
            raise OSError(f"{method} {self.address}{path} ended with {redacted(reason)}") from None

    def _raise_status(self, method: str, path: str, error: urllib.error.HTTPError) -> NoReturn:
        try:
            said = error.read(2000).decode("utf-8", "replace")
        except OSError:
            said = ""
        text = redacted(f"{method} {path}: {error.code} {error.reason}" + (f": {said}" if said else ""))
        if error.code in (401, 403):
            raise CredentialsError(f"{self.address} does not take the credentials: {text}") from None
        if error.code in _PLAINLY_REFUSED:
            raise Refused(text) from None
        raise OSError(text) from None


def check_address(address: object) -> str:
    """A server's address.

    Raises:
        InputError: if it is none, or leaves this machine without TLS.
    """
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"a server's address is such as https://example.org, got {address!r}")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise InputError(f"credentials leave this machine over https alone, got {address!r}")
    assert isinstance(address, str)
    return address


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
