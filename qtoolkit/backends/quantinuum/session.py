"""Requests to Nexus, Quantinuum's service: its address, and its tokens in memory alone.

Nexus's own package keeps tokens in files, has no time-outs, takes a state that it does not know for an error and
changes asyncio for the whole process, so that requests go from here; the variables are its own.
"""

from __future__ import annotations

import http.cookiejar
import os
import urllib.request

from qtoolkit.backends.cloud.http import Reply, RestClient
from qtoolkit.backends.cloud.secrets import Secret, credential
from qtoolkit.errors import CredentialsError

__all__ = ["CREDENTIAL", "Session", "address"]

CREDENTIAL = "NEXUS_REFRESH_TOKEN"
"""The refresh token that `qnexus.login_with_token` takes too."""

_REFRESH_COOKIE, _ACCESS_COOKIE = "myqos_oat", "myqos_id"


def address() -> str:
    """Nexus's address, by the variables ``NEXUS_PROTOCOL``, ``NEXUS_DOMAIN`` or ``NEXUS_HOST``, and ``NEXUS_PORT``."""
    protocol = os.environ.get("NEXUS_PROTOCOL") or "https"
    domain = os.environ.get("NEXUS_DOMAIN") or os.environ.get("NEXUS_HOST") or "nexus.quantinuum.com"
    port = os.environ.get("NEXUS_PORT") or "443"
    return f"{protocol}://{domain}:{port}"


class Session(RestClient):
    """Requests under an access token, which the refresh token is exchanged for; it comes as a cookie.

    Args:
        seconds: each request may take.

    Raises:
        CredentialsError: if there is no refresh token.
        InputError: if the variables make no address.
    """

    def __init__(self, seconds: float) -> None:
        self._refresh = credential(CREDENTIAL, "Quantinuum's Nexus")
        self._access: Secret | None = None
        super().__init__(address(), self._tokens, seconds)
        self._jar = http.cookiejar.CookieJar()
        self._opener.add_handler(urllib.request.HTTPCookieProcessor(self._jar))

    def _tokens(self) -> dict[str, str | Secret]:
        if self._access is None:
            cookie = Secret(f"{_REFRESH_COOKIE}={self._refresh.reveal()}")
        else:
            cookie = Secret(f"{_ACCESS_COOKIE}={self._access.reveal()}")
        return {"Cookie": cookie, "Accept": "application/json"}

    def send(self, method: str, path: str, body: bytes | None = None, media_type: str = "application/json") -> Reply:
        """One request; where the access token is not taken, which says that nothing was done, again with a new one.

        Raises:
            Refused, NotSent, CredentialsError, OSError: as for `RestClient.send`.
        """
        if self._access is not None:
            try:
                return super().send(method, path, body, media_type)
            except CredentialsError:
                pass
        self._access = self._renewed()
        return super().send(method, path, body, media_type)

    def _renewed(self) -> Secret:
        self._access = None
        self._jar.clear()
        super().send("POST", "/auth/tokens/refresh")
        found = next((cookie.value for cookie in self._jar if cookie.name == _ACCESS_COOKIE), None)
        if not found:
            raise CredentialsError(f"{self.address} gives no access for {CREDENTIAL}; log in to Nexus again")
        return Secret(found)
