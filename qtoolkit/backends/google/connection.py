"""Calls to Google's Quantum Engine over gRPC: each is sent once and ends, and its error says what became of it."""

from __future__ import annotations

import os
import socket
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from qtoolkit._optional import require
from qtoolkit.backends.cloud.client import NotSent, Refused
from qtoolkit.backends.cloud.http import check_address
from qtoolkit.backends.cloud.secrets import redacted
from qtoolkit.backends.google.credentials import ApplicationCredentials
from qtoolkit.errors import CredentialsError

if TYPE_CHECKING:
    import grpc

__all__ = ["ADDRESS", "AlreadyThere", "Connection", "NotThere"]

ADDRESS = "https://quantum.googleapis.com"

_SECONDS = 60.0
_CONNECTING_SECONDS = 15.0
_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")
"""Variables by which gRPC goes through a proxy."""
_PLAINLY_REFUSED = frozenset(
    {"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED"}
)
"""Answers that say that nothing was made."""


class AlreadyThere(Exception):  # noqa: N818
    """The service has what was to be made, under the same name."""


class NotThere(Refused):
    """The service has nothing of that name."""


class Connection:
    """The Quantum Engine at an address, through the client that comes with cirq-google.

    Neither gRPC nor the client repeats a call. A server on this machine gets credentials only where
    ``GOOGLE_APPLICATION_CREDENTIALS`` names a file.

    Args:
        address: ``"https://…"``, or ``"http://…"`` for a server on this machine.
        seconds: each call may take.

    Raises:
        InputError: if the address is none, or leaves this machine without TLS.
    """

    def __init__(self, address: str = ADDRESS, seconds: float = _SECONDS) -> None:
        parts = urlsplit(check_address(address))
        self.address = address
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_secure else 80)
        self._seconds = seconds
        self._credentials = ApplicationCredentials(ADDRESS, are_optional=not self._is_secure)

    def __repr__(self) -> str:
        return f"Connection({self.address!r})"

    def call(self, method: str, request: Any) -> Any:
        """Send one request and return the answer.

        Args:
            method: of the client, such as ``"get_quantum_job"``.
            request: its message.

        Raises:
            NotSent: if no connection was made.
            AlreadyThere: if the service has what was to be made.
            NotThere: if it has no such thing.
            Refused: if it answers that it does not do it.
            CredentialsError: if there are no credentials, or the service does not take them.
            OSError: if it is open what became of it: unavailable, silence, an answer that is none.
        """
        from google.api_core.exceptions import GoogleAPIError

        self._reach()
        self._credentials.refresh()
        try:
            return getattr(self._service, method)(request, retry=None, timeout=self._seconds)
        except GoogleAPIError as error:
            self._raise(method, error)

    def _raise(self, method: str, error: Any) -> NoReturn:
        code = getattr(getattr(error, "grpc_status_code", None), "name", "")
        text = redacted(f"{method}: {code or type(error).__name__}: {getattr(error, 'message', error)}")
        if code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
            raise CredentialsError(f"{self.address} does not take the credentials: {text}") from None
        if code == "ALREADY_EXISTS":
            raise AlreadyThere(text) from None
        if code == "NOT_FOUND":
            raise NotThere(text) from None
        if code in _PLAINLY_REFUSED:
            raise Refused(text) from None
        raise OSError(text) from None

    def _reach(self) -> None:
        """Try whether the server can be reached: gRPC does not tell what failed before it left from what failed after.

        Raises:
            NotSent: if it cannot. Behind a proxy nothing is tried.
        """
        if self._is_secure and any(os.environ.get(name) for name in _PROXIES):
            return
        try:
            socket.create_connection((self._host, self._port), min(self._seconds, _CONNECTING_SECONDS)).close()
        except OSError as error:
            raise NotSent(f"{self.address} cannot be reached: {redacted(error)}") from None

    @cached_property
    def _channel(self) -> grpc.Channel:
        import grpc

        options: list[tuple[str, Any]] = [
            ("grpc.enable_retries", 0),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        target = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
        if self._is_secure:
            return grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
        return grpc.insecure_channel(target, [*options, ("grpc.enable_http_proxy", 0)])

    @cached_property
    def _service(self) -> Any:
        require("cirq_google", extra="google")
        from cirq_google.cloud.quantum import QuantumEngineServiceClient
        from cirq_google.cloud.quantum_v1alpha1.services.quantum_engine_service.transports import (
            QuantumEngineServiceGrpcTransport,
        )

        channel = self._credentials.authorized(self._channel)
        return QuantumEngineServiceClient(transport=QuantumEngineServiceGrpcTransport(channel=channel))
