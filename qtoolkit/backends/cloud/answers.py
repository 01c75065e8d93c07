"""What stands in a service's JSON, taken for no more than it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

__all__ = ["first_text", "id_in", "object_of", "path_of"]


def object_of(answer: object, service: str) -> Mapping[str, Any]:
    """An answer that is an object.

    Raises:
        ValueError: if it is another type.
    """
    if not isinstance(answer, Mapping):
        raise ValueError(f"the answer of {service} is no object, it begins {str(answer)[:60]!r}")
    return answer


def id_in(answer: object, name: str, service: str) -> str:
    """The id of what a service has made.

    Args:
        answer: to the request that made it.
        name: of the entry that holds the id.
        service: for the message.

    Raises:
        ValueError: if there is none, so that it stays open what was made.
    """
    found = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(found, str) or not found:
        raise ValueError(f"the answer of {service} has no id in it, it begins {str(answer)[:60]!r}")
    return found


def first_text(answer: Mapping[str, Any], *names: str) -> str:
    """The first of several entries that says something; empty where none does."""
    return next((str(answer[name]) for name in names if answer.get(name)), "")


def path_of(*parts: str) -> str:
    """A path in an address, each of its parts with what would end it percent-encoded."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)
