"""Google's application-default credentials, as headers of calls over gRPC."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qtoolkit.backends.cloud.client import NotSent
from qtoolkit.backends.cloud.secrets import keep_secret, redacted
from qtoolkit.errors import CredentialsError

if TYPE_CHECKING:
    import grpc

__all__ = ["KEY_FILE", "ApplicationCredentials"]

KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""Names the file of the credentials; where it is not set, Google's packages look in their own places."""

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class ApplicationCredentials:
    """What proves who asks: a token, fetched when it is needed and kept by Google's package alone.

    Args:
        audience: address of the service.
        are_optional: whether calls go without, where `KEY_FILE` names no file.
    """

    def __init__(self, audience: str, are_optional: bool) -> None:
        self._audience = audience
        self._are_optional = are_optional
        self._found: Any = None
        self._headers: tuple[tuple[str, str], ...] = ()

    def refresh(self) -> None:
        """Fetch a token, unless the last one is good still, before anything is sent.

        Raises:
            CredentialsError: if there are no credentials, or they give no token.
            NotSent: if the server of tokens cannot be reached.
        """
        if self._are_optional and not os.environ.get(KEY_FILE):
            self._headers = ()
            return
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.auth.transport.requests import Request

        headers: dict[str, str] = {}
        try:
            self._found = self._found or _default()
            self._found.before_request(Request(), "POST", self._audience, headers)
        except TransportError as error:
            raise NotSent(f"no token can be fetched: {redacted(error)}") from None
        except GoogleAuthError as error:
            raise CredentialsError(f"Google gives no token for the credentials: {redacted(error)}") from None
        keep_secret(self._found.token or "")
        self._headers = tuple((name.lower(), value) for name, value in headers.items())

    def authorized(self, channel: grpc.Channel) -> grpc.Channel:
        """A channel that sends the headers along, below whatever logs calls."""
        import grpc

        class Authorizing(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]  # gRPC has no types
            def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
                metadata = [*(client_call_details.metadata or ()), *credentials._headers]
                return continuation(client_call_details._replace(metadata=metadata), request)

        credentials = self
        return grpc.intercept_channel(channel, Authorizing())


def _default() -> Any:
    """The credentials of this machine.

    Raises:
        CredentialsError: if there are none.
    """
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError, MutualTLSChannelError

    found: Any
    try:
        found, _ = google.auth.default(scopes=[_SCOPE])
    except (DefaultCredentialsError, MutualTLSChannelError, ValueError) as error:
        raise CredentialsError(
            f"Google's Quantum Engine needs the credentials of an application: {redacted(error)}; set {KEY_FILE}, or "
            "say gcloud auth application-default login"
        ) from None
    # A key of a service account signs its own tokens, as in cirq-google's client.
    signs = hasattr(found, "with_always_use_jwt_access")
    return found.with_always_use_jwt_access(True) if signs else found
