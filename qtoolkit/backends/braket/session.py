"""Clients of AWS: one request each, with an end, and with credentials that show up nowhere."""

from __future__ import annotations

import logging
import os
from functools import cache
from typing import Any

from qtoolkit import __version__
from qtoolkit._optional import require
from qtoolkit.backends.cloud.client import NotSent
from qtoolkit.backends.cloud.http import check_address
from qtoolkit.backends.cloud.reach import what_became
from qtoolkit.backends.cloud.secrets import credential, has_credential, keep_secret, redacted
from qtoolkit.errors import CredentialsError

__all__ = ["ENDPOINT", "aws_client", "aws_session", "translated"]

ENDPOINT = "BRAKET_ENDPOINT"
"""The variable by which the SDK, too, is led to another address of the service."""

_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_SECONDS_TO_CONNECT, _SECONDS = 10.0, 60.0
_TALKATIVE = ("botocore.auth", "botocore.endpoint", "botocore.parsers", "botocore.hooks", "botocore.httpsession")


class _Redacting(logging.Filter):
    """What botocore logs of a request holds its headers, and a session's token is one of them."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        safe = redacted(text)
        if safe != text:
            record.msg, record.args = safe, ()
        return True


_redacting = _Redacting()


def aws_session(region: str | None) -> Any:
    """A session of boto3, with the credentials of the environment or the keyring, or those that AWS's own files,
    single sign-on or roles give.

    Args:
        region: such as ``"us-east-1"``; None for that of AWS's configuration.

    Raises:
        MissingExtraError: if amazon-braket-sdk, which brings boto3, is not installed.
        CredentialsError: if there are no credentials.
    """
    boto3 = require("boto3", extra="braket")
    exceptions = require("botocore.exceptions", extra="braket")
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_redacting)
    try:
        given = {}
        if has_credential(_KEY):
            given["aws_access_key_id"] = credential(_KEY, "Amazon Braket").reveal()
            given["aws_secret_access_key"] = credential(_SECRET, "Amazon Braket").reveal()
            if has_credential(_TOKEN):
                given["aws_session_token"] = credential(_TOKEN, "Amazon Braket").reveal()
        core = require("botocore.session", extra="braket").get_session()
        core.register_component("data_loader", _models())
        session = boto3.Session(region_name=region, botocore_session=core, **given)
        found = session.get_credentials()
        frozen = None if found is None else found.get_frozen_credentials()
    except exceptions.BotoCoreError as error:
        raise CredentialsError(f"AWS's configuration cannot be used: {redacted(error)}") from None
    if frozen is None:
        raise CredentialsError(
            f"Amazon Braket needs credentials, and AWS finds none: set {_KEY} and {_SECRET}, or AWS_PROFILE, or log in "
            "by aws configure sso"
        )
    for secret in (frozen.secret_key, frozen.token):
        if secret:
            keep_secret(secret)
    return session


@cache
def _models() -> Any:
    """Where botocore reads the services' models from; it keeps them, and reading them takes most of the time."""
    return require("botocore.session", extra="braket").get_session().get_component("data_loader")


def aws_client(session: Any, service: str, region: str | None) -> Any:
    """A client of boto3 that sends each request once and gives up after a minute.

    Raises:
        CredentialsError: if no region is known.
        InputError: if `BRAKET_ENDPOINT` is no address of TLS or of this machine.
    """
    config = require("botocore.config", extra="braket").Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=_SECONDS_TO_CONNECT,
        read_timeout=_SECONDS,
        user_agent_extra=f"qtoolkit/{__version__}",
    )
    exceptions = require("botocore.exceptions", extra="braket")
    address = os.environ.get(ENDPOINT) if service == "braket" else None
    if address is not None:
        check_address(address)
    try:
        return session.client(service, region_name=region, config=config, endpoint_url=address)
    except exceptions.NoRegionError:
        raise CredentialsError(
            "Amazon Braket needs a region: give region, set AWS_REGION, or name it in AWS's configuration"
        ) from None
    except (exceptions.BotoCoreError, ValueError) as error:
        raise CredentialsError(f"AWS's configuration cannot be used: {redacted(error)}") from None


def translated(error: Exception, what: str) -> Exception:
    """What became of a request, from the error that botocore raised for it.

    Returns:
        `Refused`, `NotSent` or `CredentialsError` where that is sure, and `OSError` elsewhere.
    """
    exceptions = require("botocore.exceptions", extra="braket")
    text = f"{what}: {redacted(error)}"
    if isinstance(error, exceptions.ClientError):
        answer = error.response if isinstance(error.response, dict) else {}
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return what_became(status, text, "AWS does not take the credentials, or they do not permit this")
    credentials = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
    )
    if isinstance(error, credentials):
        return CredentialsError(f"AWS's credentials cannot be had: {text}")
    unsent = (
        exceptions.EndpointConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ProxyConnectionError,
        exceptions.ParamValidationError,
        exceptions.BaseEndpointResolverError,
    )
    if isinstance(error, unsent) or (isinstance(error, exceptions.SSLError) and "CERTIFICATE_VERIFY" in str(error)):
        return NotSent(text)
    return OSError(text)
