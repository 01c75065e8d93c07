"""An account of IBM Quantum: its token, its instance, and the requests that are made in its name."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qtoolkit._arguments import shown
from qtoolkit._optional import require
from qtoolkit.backends.cloud.client import NotSent
from qtoolkit.backends.cloud.http import check_address
from qtoolkit.backends.cloud.reach import why_not_reached
from qtoolkit.backends.cloud.secrets import credential, keep_secret, redacted
from qtoolkit.errors import CredentialsError, InputError

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

__all__ = ["IBMAccount"]

TOKEN, INSTANCE, ADDRESS, CHANNEL = "QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "QISKIT_IBM_CHANNEL"
LOGIN_ADDRESS = "IAM_URL"
"""The variable by which IBM's package is led to another server for tokens."""

_DEFAULT_ADDRESS = "https://cloud.ibm.com"
_CHANNELS = ("ibm_quantum_platform", "ibm_cloud")
_NEVER_MADE = (400, 401, 403, 404)


class IBMAccount:
    """What the environment says of an account. Nothing of it is written anywhere, and no saved account is read.

    Args:
        instance: its Cloud Resource Name or its name; by default the variable ``QISKIT_IBM_INSTANCE``, or the only one
            that the account has.

    Raises:
        CredentialsError: if there is no token.
        InputError: if an address or the channel is none.
    """

    def __init__(self, instance: str | None = None) -> None:
        if instance is not None and not isinstance(instance, str):
            raise InputError(f"an instance is given by its name or its CRN, got {shown(instance)}")
        channel = os.environ.get(CHANNEL) or _CHANNELS[0]
        if channel not in _CHANNELS:
            raise InputError(
                f"{CHANNEL} is {_CHANNELS[0]}, got {shown(channel)}; for simulators on this machine open "
                "ibm:fake_manila"
            )
        self._token = credential(TOKEN, "IBM Quantum")
        self._channel = channel
        self._asked_for = instance or os.environ.get(INSTANCE) or ""
        self.address = check_address(os.environ.get(ADDRESS) or _DEFAULT_ADDRESS).rstrip("/")
        check_address(os.environ.get(LOGIN_ADDRESS) or _DEFAULT_ADDRESS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    @cached_property
    def instance(self) -> str:
        """The Cloud Resource Name of the instance.

        Raises:
            CredentialsError: if the account has none of the name, or several and none is named.
        """
        if self._asked_for.startswith("crn:"):
            return self._asked_for
        account = require("qiskit_ibm_runtime.accounts", extra="ibm").Account(
            token=self._token.reveal(), url=self.address, channel=self._channel
        )
        try:
            known = {str(item["crn"]): str(item["name"]) for item in account.list_instances()}
        except Exception as error:
            raise CredentialsError(
                f"the instances of the account cannot be listed: {type(error).__name__}: {redacted(error)}; set "
                f"{INSTANCE} to the CRN of one"
            ) from None
        found = [crn for crn, name in known.items() if self._asked_for in ("", name)]
        if len(found) == 1:
            return found[0]
        which = f"named {self._asked_for!r}" if self._asked_for else "at all"
        names = ", ".join(sorted(known.values())) or "none"
        raise CredentialsError(
            f"{len(found)} instances {which} belong to the account, which has {names}; set {INSTANCE} to the name "
            "or CRN of one"
        )

    @property
    def service_address(self) -> str:
        """Where the service listens, as IBM's package makes it of the general address and the instance's region."""
        if urlsplit(self.address).scheme == "http":
            return f"{self.address}/api/v1"  # a server on this machine has no subdomains
        resolver = require("qiskit_ibm_runtime.api.utils", extra="ibm").default_runtime_url_resolver
        address: str = resolver(self.address, self.instance)
        return check_address(address)

    @cached_property
    def _auth(self) -> Any:
        parent = require("qiskit_ibm_runtime.api.auth", extra="ibm").CloudAuth
        errors = require("ibm_cloud_sdk_core", extra="ibm")

        class Authorization(parent):  # type: ignore[misc,valid-type]
            """Adds a short-lived token to a request, or refuses it.

            IBM's own sends the long-lived key instead when it gets no token, and lets the next caller wait a minute.
            """

            def __call__(self, request: PreparedRequest) -> PreparedRequest:
                try:
                    bearer = self.tm.get_token()
                except errors.ApiException as error:
                    text = f"{error.status_code} {redacted(error.message)}"
                    if error.status_code in _NEVER_MADE:
                        raise CredentialsError(f"IBM Quantum does not take {TOKEN}: {text}") from None
                    raise NotSent(f"IBM's server for tokens answers {text}") from None
                except Exception as error:
                    text = f"{type(error).__name__}: {redacted(why_not_reached(error))}"
                    raise NotSent(f"IBM's server for tokens gives none: {text}") from None
                finally:
                    self.tm.request_time = 0
                keep_secret(bearer)
                request.headers.update({"Service-CRN": self.crn, "Authorization": f"Bearer {bearer}"})
                return request

        auth = Authorization(self._token.reveal(), self.instance)
        auth.tm.http_config = {"timeout": (10.0, 30.0), "allow_redirects": False}
        return auth

    def session(self) -> Session:
        """What sends one request with the account's headers, and repeats none.

        It stands for the one of IBM's package, which sends a POST again that was answered by 503 and may have been
        accepted, and reads the source of every caller in search of names to report.

        Raises:
            CredentialsError: if the instance is not known.
        """
        from requests import Session

        made = Session()
        made.auth = self._auth
        require("qiskit_ibm_runtime.api.rest.runtime", extra="ibm").Runtime(made)  # sets the version of the interface
        package = require("qiskit_ibm_runtime.api.session", extra="ibm").CLIENT_APPLICATION
        made.headers["X-Qx-Client-Application"] = f"{package}/qtoolkit"
        return made
