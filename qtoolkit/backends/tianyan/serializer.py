"""Payloads and answers of Tianyan's service: QCIS in JSON; the measured bits of every shot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from qtoolkit.backends.cloud.bits import BitMap, Outcomes, bits_of_shots
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.backends.job import JobStatus
from qtoolkit.backends.tianyan.job import state_of
from qtoolkit.backends.tianyan.qcis import from_qcis
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, JobError

__all__ = ["FORMAT", "REGISTER", "TianyanSerializer", "payload_of"]

FORMAT = "tianyan.qcis"
REGISTER = "M"
"""The measured qubits, in the order of the text."""


def payload_of(
    texts: Sequence[str], measured: Sequence[Sequence[int]], maps: Sequence[BitMap], shots: int, key: str, machine: str
) -> Payload:
    """One submission, field by field as cqlib sends it, with the key as the name of the collection."""
    data = {
        "exp_id": None,
        "lab_id": None,
        "inputCode": list(texts),
        "languageCode": "qcis",
        "name": key,
        "shots": shots,
        "source": "SDK",
        "computerCode": machine,
        "experimentDetailName": "1" if len(texts) == 1 else None,
        "is_verify": True,
    }
    return Payload(
        json.dumps(data).encode(), FORMAT, shots, tuple(maps), facts={"measured": [list(own) for own in measured]}
    )


class TianyanSerializer(Serializer):
    """Reads what `payload_of` wrote, and answers as `TianyanClient.fetch` packs them."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuits of a payload; see `Serializer.circuits`."""
        try:
            pairs = list(zip(json.loads(payload.body)["inputCode"], payload.bits, strict=True))
        except (ValueError, LookupError, TypeError) as error:
            raise ConversionError(f"the body is no submission to Tianyan: {error}") from error
        return [bits.measured_again(from_qcis(text)) for text, bits in pairs]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The bits of every shot, by circuit; see `Serializer.outcomes`. Readout is not corrected."""
        answer = json.loads(raw)
        entries = entries_of(answer["replies"])
        found: list[Outcomes | Failure] = []
        for query_id, measured in zip(answer["query_ids"], payload.facts["measured"], strict=True):
            entry = entries.get(str(query_id))
            if entry is None:
                raise JobError(f"the answer lacks experiment {query_id}")
            state = state_of(entry)
            if state.status is JobStatus.DONE:
                found.append(_outcomes(entry, measured))
            else:
                found.append(Failure(state.reason or state.raw or "it has no results"))
        return found


def entries_of(replies: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    """The experiments that replies tell of, by their ids.

    Raises:
        JobError: if a reply has another shape.
    """
    found = {}
    for reply in replies:
        data = reply.get("data") if isinstance(reply, Mapping) else None
        entries = (data.get("experimentResultModelList") or []) if isinstance(data, Mapping) else None
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
            raise JobError("the answer has no list of experiments")
        for entry in entries:
            found[str(entry.get("experimentTaskId"))] = entry
    return found


def _outcomes(entry: Mapping[str, Any], measured: Sequence[int]) -> Outcomes:
    shots = entry.get("resultStatus")
    if isinstance(shots, str):
        shots = json.loads(shots)
    if not isinstance(shots, list) or not shots or not isinstance(shots[0], list):
        raise JobError("the answer has no shots: resultStatus begins with the measured qubits, one row for each shot")
    qubits = [int(str(qubit).removeprefix("Q")) for qubit in shots[0]]
    if sorted(qubits) != sorted(measured):
        raise JobError(f"the answer is of qubits {qubits}, measured were {list(measured)}")
    bits = bits_of_shots(shots[1:], "the rows of resultStatus", len(qubits))
    return Outcomes({REGISTER: bits[:, [qubits.index(qubit) for qubit in measured]]})
