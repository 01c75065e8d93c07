"""A small client of JSON over HTTP: every request is sent once and ends, and its error says what became of it."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from qtoolkit.backends.cloud.client import NotSent, Refused
from qtoolkit.backends.cloud.secrets import Secret, redacted, redacted_start
from qtoolkit.errors import CredentialsError, InputError

__all__ = ["Reply", "RestClient", "check_address"]

_NO_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f]")
_SECONDS = 60.0
_MOST_BYTES = 900_000_000
"""Of an answer; SQLite takes 10^9."""

_MOST_SAID, _MOST_TOLD = 20_000, 2000
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
        except (ValueError, RecursionError):
            start = redacted_start(self.body, 60)
            raise ValueError(f"the server's answer of {len(self.body)} bytes is no JSON, it begins {start!r}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirection would carry credentials to another server, and a POST on as a GET."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class _Watch:
    """Ends an exchange at its time, however little trickles in: time-outs of sockets are of one read alone."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self.has_struck = False

    def over(self, connection: socket.socket) -> None:
        """Shut a connection when the time is over."""
        self._timer = threading.Timer(self._seconds, self._strike, (connection,))
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """The exchange has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _strike(self, connection: socket.socket) -> None:
        self.has_struck = True
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Plain(http.client.HTTPConnection):
    """A connection that is shut when the time of its exchange is over."""

    def __init__(self, *args: Any, watch: _Watch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watch = watch

    def connect(self) -> None:
        super().connect()
        self._watch.over(self.sock)


class _Secure(_Plain, http.client.HTTPSConnection):
    """The same over TLS."""


class _Request(urllib.request.Request):
    def __init__(self, *args: Any, watch: _Watch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.watch = watch


class _PlainHandler(urllib.request.HTTPHandler):
    def http_open(self, req: Any) -> Any:
        return self.do_open(partial(_Plain, watch=req.watch), req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: Any) -> Any:
        return self.do_open(partial(_Secure, watch=req.watch), req, context=_trusted())


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


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
        # Without TLS no proxy of the environment may see the credentials. What is sent is printed in no debug mode.
        handlers = [_NoRedirects(), _PlainHandler(debuglevel=0), _SecureHandler(debuglevel=0)]
        if self.address.startswith("http:"):
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

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
            CredentialsError: if it answers that the credentials are not good (401, 403), or no header can hold them.
            NotSent: if no connection was made.
            OSError: if it is open what became of it: a server error, an answer cut off, silence.
        """
        watch = _Watch(self._seconds)
        request = self._request(method, path, body, media_type, watch)
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return Reply(answer.status, _content(answer, watch))
        except urllib.error.HTTPError as error:
            code, text = error.code, f"{method} {path}: {error.code} {redacted(error.reason)}{_said(error)}"
        except urllib.error.URLError as error:
            reason = error.reason
            if isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError):
                raise NotSent(f"{self.address} cannot be reached: {redacted(reason)}") from None
            raise OSError(f"{method} {self.address}{path} ended with {redacted(reason)}") from None
        except (OSError, http.client.HTTPException) as error:
            said = f"no end after {self._seconds:g} s" if watch.has_struck else f"{type(error).__name__}: {error}"
            raise OSError(f"{method} {self.address}{path} ended with {redacted(said)}") from None
        finally:
            watch.end()
        # Not while the error is at hand, which would go along with what the server echoes.
        if code in (401, 403):
            raise CredentialsError(f"{self.address} does not take the credentials: {text}")
        raise Refused(text) if code in _PLAINLY_REFUSED else OSError(text)

    def _request(self, method: str, path: str, body: bytes | None, media_type: str, watch: _Watch) -> _Request:
        """The request with its headers; no frame that a traceback can show holds them."""
        headers = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in self._headers().items()
        }
        wrong = [name for name, value in headers.items() if not value.isascii() or not value.isprintable()]
        if wrong:
            headers.clear()
            raise CredentialsError(
                f"the header {wrong[0]} for {self.address} would hold line breaks or letters beyond ASCII; set the "
                "credential again"
            )
        if body is not None:
            headers["Content-Type"] = media_type
        return _Request(self.address + path, data=body, headers=headers, method=method, watch=watch)


def _said(error: urllib.error.HTTPError) -> str:
    """What a server says of its refusal, behind a colon; nothing if it says nothing."""
    try:
        said = redacted_start(error.read(_MOST_SAID), _MOST_TOLD)
    except (OSError, http.client.HTTPException):
        return ""
    return f": {said}" if said else ""


def _content(answer: Any, watch: _Watch) -> bytes:
    """The body of an answer.

    Raises:
        OSError: if it is not whole.
    """
    content: bytes = answer.read(_MOST_BYTES + 1)
    expected = answer.headers.get("Content-Length", "")
    if watch.has_struck:
        raise OSError(f"the answer was left after {len(content)} bytes")
    if len(content) > _MOST_BYTES:
        raise OSError(f"the answer has more than {_MOST_BYTES} bytes")
    if expected.isdecimal() and len(content) < int(expected):
        raise OSError(f"the answer was cut off after {len(content)} of {expected} bytes")
    return content


def check_address(address: object) -> str:
    """A server's address.

    Raises:
        InputError: if it is none, or leaves this machine without TLS.
    """
    try:
        parts = urlsplit(address) if isinstance(address, str) and not _NO_ADDRESS.search(address) else urlsplit("")
        is_complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, or a port that is no number
        parts, is_complete = urlsplit(""), False
    if parts.username is not None or parts.password is not None:
        raise InputError("credentials do not belong into a server's address, got one with an @ in front of the host")
    if not is_complete:
        raise InputError(f"a server's address is such as https://example.org, got {address!r}")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
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
