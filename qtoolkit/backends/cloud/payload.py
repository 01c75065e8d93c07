"""What leaves this machine, byte by byte, and what reads it again."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtoolkit.backends.cloud.bits import BitMap, Outcomes
    from qtoolkit.circuit import Circuit

__all__ = ["Failure", "Payload", "Serializer"]


@dataclass(frozen=True)
class Payload:
    """One submission: the body of the request that submits it, and what is needed to read the answer.

    Attributes:
        body: exactly the bytes that leave as the body of the submitting request; no secrets.
        format: ``"provider.dialect"``, such as ``"ionq.circuit.v1"``; the provider's serializer reads it.
        shots: of each circuit.
        bits: one map for each circuit, in order.
        media_type: of the body.
        facts: what the client and the serializer need besides, as JSON types: folders, names, layouts; no secrets.
    """

    body: bytes
    format: str
    shots: int
    bits: tuple[BitMap, ...]
    media_type: str = "application/json"
    facts: Mapping[str, Any] = field(default_factory=dict)

    def content_hash(self, key: str) -> str:
        """SHA-256 of the body without the idempotency key, in hexadecimal: the same for the same work."""
        return hashlib.sha256(self.body.replace(key.encode(), b"")).hexdigest()


@dataclass(frozen=True)
class Failure:
    """Why one circuit of a submission has no outcomes, in the provider's words."""

    reason: str


class Serializer(ABC):
    """Reads a provider's dialect: payloads that were sent and answers that came, with nothing else at hand."""

    @abstractmethod
    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuits that a payload holds, by parsing its body; each measures into the bits of its map.

        Raises:
            ConversionError: if the body is none of this dialect.
        """

    @abstractmethod
    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The provider's answer, one entry for each circuit.

        Raises:
            JobError: if the answer cannot be read, naming what is wrong with it.
        """
