"""Jobs in IonQ's JSON, one circuit or several, and the answers to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from qtoolkit.backends.cloud.bits import Outcomes
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.backends.ionq.client import KEY
from qtoolkit.backends.ionq.job import status_of
from qtoolkit.backends.ionq_json import from_qis, outcomes_of, sampling_seed
from qtoolkit.backends.job import JobStatus
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, JobError

__all__ = ["IonQSerializer", "circuit_name", "is_exact"]


def circuit_name(index: int) -> str:
    """How a job of several circuits names one of them: IonQ's answer is by jobs of its own, which have these names."""
    return f"circuit-{index}"


def is_exact(body: Mapping[str, Any]) -> bool:
    """Whether the answer to a job is exact probabilities, and not the frequencies of shots."""
    return body.get("backend") == "simulator" and body.get("noise", {}).get("model", "ideal") == "ideal"


class IonQSerializer(Serializer):
    """Reads ``ionq.circuit.v1`` and ``ionq.multi-circuit.v1``."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuits of a job.

        Raises:
            ConversionError: if the body is none of IonQ's, or not in its gate set ``qis``.
        """
        given = _body(payload)["input"]
        if given.get("gateset") != "qis":
            raise ConversionError(f"IonQ's jobs are read in the gate set qis, got {given.get('gateset')!r}")
        entries = given.get("circuits", [given])
        if len(entries) != len(payload.bits):
            raise ConversionError(f"the job holds {len(entries)} circuits, and {len(payload.bits)} maps of bits")
        return [
            from_qis(entry.get("circuit"), entry.get("qubits", given.get("qubits")), bits)
            for entry, bits in zip(entries, payload.bits, strict=True)
        ]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The outcomes of each circuit.

        Those of the ideal simulator are drawn from its exact probabilities, with a seed made of the job's key; all
        others are frequencies.

        Raises:
            JobError: if the answer is of another job or other circuits, or no probabilities.
        """
        body = _body(payload)
        try:
            answer = json.loads(raw)
            job, probabilities = dict(answer["job"]), answer["probabilities"]
            children = answer.get("children")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JobError(f"IonQ's answer of {len(raw)} bytes is no job with its probabilities: {error}") from error
        shots = job.get("shots", payload.shots)
        if shots != payload.shots and not is_exact(body):
            raise JobError(f"IonQ ran {shots} shots, {payload.shots} were asked for; its answer is kept")
        given = body["input"]
        if "circuits" not in given:
            return [self._outcome(body, payload, 0, given["qubits"], probabilities)]
        if not isinstance(probabilities, Mapping):
            raise JobError(f"IonQ's answer for several circuits is no table, it begins {str(probabilities)[:60]!r}")
        order = _children(job, children, len(payload.bits))
        found: list[Outcomes | Failure] = []
        for index, (child, entry) in enumerate(zip(order, given["circuits"], strict=True)):
            if child["id"] in probabilities:
                found.append(self._outcome(body, payload, index, entry["qubits"], probabilities[child["id"]]))
            else:
                found.append(Failure(_why_missing(child)))
        return found

    def _outcome(self, body: Mapping[str, Any], payload: Payload, index: int, qubits: int, given: object) -> Outcomes:
        seed = [sampling_seed(body["metadata"][KEY]), index] if is_exact(body) else None
        averages = body.get("settings", {}).get("error_mitigation", {}).get("debiasing", False)
        return outcomes_of(
            given, qubits, payload.shots, seed, are_averages=averages, device=body["backend"], **_noise(body)
        )


def _noise(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"noise_model": body["noise"]["model"]} if "noise" in body else {}


def _body(payload: Payload) -> dict[str, Any]:
    try:
        body = json.loads(payload.body)
        if not isinstance(body["input"], dict) or not isinstance(body["metadata"][KEY], str):
            raise TypeError("input and metadata must be tables")
    except (ValueError, KeyError, TypeError) as error:
        raise ConversionError(f"the body of {len(payload.body)} bytes is none of IonQ's jobs: {error}") from error
    return dict(body)


def _children(job: Mapping[str, Any], children: object, count: int) -> list[Mapping[str, Any]]:
    """The jobs of the circuits, in their order: by the names that they were given, or else as the job lists them."""
    known: dict[str, Mapping[str, Any]] = {}
    for child in children if isinstance(children, list) else []:
        if isinstance(child, Mapping):
            known[str(child.get("id"))] = child
    by_name = {child.get("name"): child for child in known.values()}
    names = [circuit_name(index) for index in range(count)]
    if all(name in by_name for name in names):
        return [by_name[name] for name in names]
    listed = job.get("child_job_ids")
    if not isinstance(listed, list) or len(listed) != count:
        raise JobError(f"IonQ's answer does not say which of {count} circuits its results belong to; it is kept")
    return [known.get(vendor_id, {"id": vendor_id}) for vendor_id in listed]


def _why_missing(child: Mapping[str, Any]) -> str:
    status = status_of(child)
    if status.status == JobStatus.CANCELLED:
        return "IonQ cancelled it"
    return status.reason or f"IonQ's answer lacks it, and calls it {status.raw!r}"
