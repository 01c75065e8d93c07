"""Credentials: from the environment or the keyring, shown to the provider alone."""

from __future__ import annotations

import json
import os
from typing import NoReturn
from urllib.parse import quote, quote_plus

from qtoolkit._optional import is_installed
from qtoolkit.errors import CredentialsError

__all__ = [
    "Secret",
    "credential",
    "has_credential",
    "keep_secret",
    "redacted",
    "redacted_bytes",
    "redacted_start",
    "safe_cause",
    "told",
]

KEYRING_SERVICE = "qtoolkit"
"""The name under which the system's keyring holds credentials, each under the name of its variable."""

_SHORTEST = 4
_SHORTEST_IN_DATA = 8
"""Letters of a secret that is looked for in answers of a service: shorter ones may be outcomes."""

_LONGEST_TOLD = 1000
_known: set[str] = set()


class Secret:
    """Text that is not printed, logged, compared, pickled or written.

    >>> Secret("token")
    Secret(•••)
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        keep_secret(text)

    def reveal(self) -> str:
        """The text, to be handed to a provider's client and to nothing else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere; read it again where it is needed")


def keep_secret(text: str) -> None:
    """Replace a text in everything that `redacted` passes on from now on, also as addresses and literals write it."""
    if len(text) >= _SHORTEST:
        literals = {repr(text)[1:-1], json.dumps(text)[1:-1]}
        _known.update({text, quote(text), quote(text, safe=""), quote_plus(text), *literals})


def redacted(text: object) -> str:
    """A text with every known secret replaced by dots."""
    shown = str(text)
    for secret in sorted(_known, key=len, reverse=True):
        shown = shown.replace(secret, "•••")
    return shown


def redacted_bytes(data: bytes) -> bytes:
    """An answer of a service with every known secret replaced, as it may be put on a disk."""
    for secret in sorted(_known, key=len, reverse=True):
        if len(secret) >= _SHORTEST_IN_DATA:
            data = data.replace(secret.encode("utf-8", "replace"), "•••".encode())
    return data


def redacted_start(data: bytes, most: int) -> str:
    """The first letters of an answer; a secret at their end is replaced as a whole before it is cut."""
    longest = max((len(secret) for secret in _known), default=0)
    return redacted(data[: most + 4 * longest].decode("utf-8", "replace"))[:most]


def told(text: object) -> str:
    """What a service says, for messages and records: one line of letters that can be printed, without secrets."""
    line = " ".join(redacted(text).split())
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return line if len(line) <= _LONGEST_TOLD else f"{line[:_LONGEST_TOLD]}…"


def safe_cause(error: BaseException) -> BaseException | None:
    """The error, to be the cause of another; None if it or what led to it holds a secret, which a traceback prints."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        here = pending.pop()
        if here is None or id(here) in seen:
            continue
        seen.add(id(here))
        text = f"{here} {here!r} {here.args!r} {getattr(here, '__notes__', '')}"
        if redacted(text) != text:
            return None
        pending += [here.__cause__, here.__context__]
    return error


def has_credential(name: str) -> bool:
    """Whether the environment or the keyring holds a credential."""
    return _found(name) is not None


def credential(name: str, provider: str) -> Secret:
    """A credential by the name that the vendor gives its environment variable.

    Args:
        name: of the variable, which is also the user name under which the keyring's service ``qtoolkit`` holds it.
        provider: for the message.

    Raises:
        CredentialsError: if neither holds it.
    """
    text = _found(name)
    if text is None:
        remedy = f"set {name}, or store it: keyring set {KEYRING_SERVICE} {name}"
        raise CredentialsError(f"{provider} needs the credential {name}, which is not set; {remedy}")
    return Secret(text)


def _found(name: str) -> str | None:
    # Files and clipboards leave a line break at the end.
    text = os.environ.get(name, "").strip()
    if text:
        return text
    if is_installed("keyring"):
        import keyring
        from keyring.errors import KeyringError

        try:
            return (keyring.get_password(KEYRING_SERVICE, name) or "").strip() or None
        except KeyringError:
            return None
    return None
