"""What an error of an SDK says of a request: whether it left at all, and whether its server refused it."""

from __future__ import annotations

import http.client
import re
import socket
import ssl

from qtoolkit.backends.cloud.client import Refused
from qtoolkit.errors import CredentialsError

__all__ = ["is_refusal", "never_left", "what_became", "why_not_reached"]

_OPEN = frozenset({408, 409, 425})
"""A time-out, a conflict that an earlier request under the same key may have made, and a request to come later."""

_NO_CREDENTIALS = frozenset({401, 403})
_NOT_CONNECTED = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
_NAMES_NOT_CONNECTED = frozenset({"NewConnectionError", "ConnectTimeoutError", "NameResolutionError"})
"""The same by urllib3, under the SDKs that use it."""

_CONNECTED = (ConnectionResetError, BrokenPipeError, http.client.HTTPException)
_NAMES_CONNECTED = frozenset({"ReadTimeoutError", "ReadTimeout", "ProtocolError"})
"""What happens behind a connection: where an SDK tried twice, the first request may have arrived."""


_CONNECTION = re.compile(r"^<?[\w.]*HTTPS?Connection[^:]*: (?=\S)")
"""How urllib3 begins such an error: with its own object."""


def never_left(error: BaseException) -> bool:
    """Whether an error says that no connection was made, so that no byte of the request arrived."""
    return _not_connected(error) is not None


def why_not_reached(error: BaseException) -> str:
    """Why no connection was made, without the layers of errors around it; the error itself where one may have been."""
    return _CONNECTION.sub("", str(_not_connected(error) or error))


def _not_connected(error: BaseException) -> BaseException | None:
    """The first of the errors within an error that says so, unless another one is of a connection that there was."""
    seen: set[int] = set()
    pending: list[object] = [error]
    found: BaseException | None = None
    while pending:
        here = pending.pop()
        if not isinstance(here, BaseException) or id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, _CONNECTED) or type(here).__name__ in _NAMES_CONNECTED:
            return None
        if found is None and (isinstance(here, _NOT_CONNECTED) or type(here).__name__ in _NAMES_NOT_CONNECTED):
            found = here
        pending += [here.__cause__, here.__context__, getattr(here, "reason", None), *here.args]
    return found


def is_refusal(status: int) -> bool:
    """Whether an HTTP status says that the request was not done and never will be, so that surely no job was made."""
    return 400 <= status < 500 and status not in _OPEN


def what_became(status: int, text: str, whose: str) -> Exception:
    """What became of a request that was answered by an error.

    Args:
        status: of HTTP.
        text: what the service said, redacted.
        whose: the service and the credentials that it does not take, for the message.

    Returns:
        `CredentialsError` or `Refused` where it surely was not done, `OSError` elsewhere.
    """
    if status in _NO_CREDENTIALS:
        return CredentialsError(f"{whose}: {text}")
    return Refused(text) if is_refusal(status) else OSError(text)
