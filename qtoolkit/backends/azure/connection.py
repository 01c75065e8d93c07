"""The workspace of Azure Quantum that jobs go to: by a connection string, or by Azure's own ways to log in."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from qtoolkit._optional import require
from qtoolkit.backends.cloud.http import check_address
from qtoolkit.backends.cloud.secrets import credential, has_credential, keep_secret, redacted
from qtoolkit.errors import CredentialsError, InputError

__all__ = ["CONNECTION_STRING", "WORKSPACE", "workspace_of"]

CONNECTION_STRING = "AZURE_QUANTUM_CONNECTION_STRING"
WORKSPACE = "AZURE_QUANTUM_WORKSPACE_NAME"

_FIELDS = ("SubscriptionId", "ResourceGroupName", "WorkspaceName", "ApiKey", "QuantumEndpoint")
_SOME_REGION = "eastus"
"""Where there is no region, on this machine; the SDK wants one."""


def workspace_of(resource_id: str | None, location: str | None) -> Any:
    """The SDK's workspace.

    The connection string is taken where there is one. Without it, a workspace is named by its resource id or by the
    variables ``AZURE_QUANTUM_SUBSCRIPTION_ID``, ``AZURE_QUANTUM_WORKSPACE_RG``, ``AZURE_QUANTUM_WORKSPACE_NAME`` and
    ``AZURE_QUANTUM_WORKSPACE_LOCATION``, and azure-identity logs in: by its variables, a managed identity, the Azure
    command line and so on, never in a browser.

    Raises:
        CredentialsError: if nothing says which workspace, or it cannot be reached so.
        InputError: if an address leads elsewhere than to Azure or this machine.
        MissingExtraError: if azure-quantum is not installed.
    """
    sdk = require("azure.quantum", extra="azure")
    if resource_id is None and has_credential(CONNECTION_STRING):
        return _connected(sdk)
    if resource_id is None and not os.environ.get(WORKSPACE):
        credential(CONNECTION_STRING, "Azure Quantum")  # raises: the error names what to set
    identity = require("azure.identity", extra="azure")
    login = identity.DefaultAzureCredential(exclude_interactive_browser_credential=True)
    try:
        return sdk.Workspace(resource_id=resource_id, location=location, credential=login)
    except Exception as error:
        raise CredentialsError(
            f"the workspace of Azure Quantum cannot be opened: {redacted(error)}; log in with az login, or set "
            f"{CONNECTION_STRING}"
        ) from None


def _connected(sdk: Any) -> Any:
    given = dict.fromkeys(_FIELDS, "")
    for field in credential(CONNECTION_STRING, "Azure Quantum").reveal().split(";"):
        name, _, value = field.partition("=")
        if name in given:
            given[name] = value
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise CredentialsError(
            f"{CONNECTION_STRING} lacks {', '.join(missing)}; copy it again from the workspace's keys"
        )
    keep_secret(given["ApiKey"])
    endpoint = check_address(given["QuantumEndpoint"])
    host = urlsplit(endpoint).hostname or ""
    if urlsplit(endpoint).scheme == "https" and not host.endswith(".azure.com"):
        raise InputError(f"a workspace of Azure Quantum lies on azure.com, got {endpoint!r}")
    region = host.partition(".")[0] if host.endswith(".azure.com") else _SOME_REGION
    key = require("azure.core.credentials", extra="azure").AzureKeyCredential(given["ApiKey"])
    try:
        # The public way, Workspace.from_connection_string, does the same, and takes no address on this machine.
        return sdk.Workspace(
            subscription_id=given["SubscriptionId"],
            resource_group=given["ResourceGroupName"],
            name=given["WorkspaceName"],
            location=region.removesuffix("-v2"),
            credential=key,
            _quantum_endpoint=endpoint,
            _workspace_kind="V2" if region.endswith("-v2") else "V1",
            _from_connection_string=True,
        )
    except ValueError as error:
        raise CredentialsError(f"{CONNECTION_STRING} is not taken: {redacted(error)}") from None
