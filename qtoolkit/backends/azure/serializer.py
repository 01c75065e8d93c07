"""Jobs of Azure Quantum in the format of each company, and the answers to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from qtoolkit.backends.azure.qasm import read_qasm, registers_of, written_qasm
from qtoolkit.backends.azure.quil import MEMORY, num_bits, read_quil, written_quil
from qtoolkit.backends.azure.results import MICROSOFT, memory_of, microsoft_outcomes, quantinuum_outcomes
from qtoolkit.backends.cloud.bits import BitMap, Outcomes
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.backends.ionq_json import QUBITS, from_qis, outcomes_of, sampling_seed, to_qis
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, JobError

__all__ = ["AzureSerializer", "written"]


def written(circuit: Circuit, input_format: str) -> tuple[str, BitMap]:
    """A circuit in one of the formats, and where its bits are in the answer.

    Raises:
        ConversionError: naming what the format cannot hold.
    """
    if input_format == "honeywell.openqasm.v1":
        return written_qasm(circuit)
    if input_format == "rigetti.quil.v1":
        return written_quil(circuit)
    gates, bits = to_qis(circuit)
    return json.dumps({"gateset": "qis", "qubits": circuit.num_qubits, "circuit": gates}), bits


class AzureSerializer(Serializer):
    """Reads ``azure.`` and the name of a format.

    The body of a payload is JSON that holds what leaves in two requests: ``job``, all that the job's PUT says but for
    its id, which is made of the key, and the addresses in storage, which the service gives; and ``input``, the text
    that is put into storage, with its ``media_type``.
    """

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuit of a job.

        Raises:
            ConversionError: if it is in none of the formats.
        """
        job, text = _parts(payload)
        (bits,) = payload.bits
        if job["inputDataFormat"] == "honeywell.openqasm.v1":
            return [read_qasm(text, bits)]
        if job["inputDataFormat"] == "rigetti.quil.v1":
            return [read_quil(text, bits)]
        try:
            given = json.loads(text)
            return [from_qis(given["circuit"], given["qubits"], bits)]
        except (ValueError, KeyError, TypeError) as error:
            raise ConversionError(f"the input of {len(text)} letters is no circuit of IonQ's: {error}") from error

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The outcomes of the circuit.

        Those of IonQ's ideal simulator are drawn from its exact probabilities, with a seed made of the job's key.

        Raises:
            JobError: if the answer is in another format, or of another circuit.
        """
        job, text = _parts(payload)
        try:
            answer = json.loads(raw)
            described, output = dict(answer["job"]), json.loads(answer["output"])
        except (ValueError, KeyError, TypeError) as error:
            raise JobError(f"the answer of {len(raw)} bytes is no job with its output: {error}") from error
        output_format = described.get("outputDataFormat") or job["outputDataFormat"]
        metadata = {"device": job["target"], "format": output_format}
        if output_format in MICROSOFT:
            return [microsoft_outcomes(output, output_format, _sizes(job, text), payload.shots, **metadata)]
        if output_format != job["outputDataFormat"]:
            raise JobError(f"the answer is in {output_format}, {job['outputDataFormat']} was asked for; it is kept")
        if output_format == "honeywell.quantum-results.v1":
            return [quantinuum_outcomes(output, registers_of(text), **metadata)]
        if output_format == "rigetti.quil-results.v1":
            return [memory_of(output, MEMORY, num_bits(text), **metadata)]
        histogram = output.get("histogram") if isinstance(output, Mapping) else None
        exact = job["target"] == "ionq.simulator" and "noise" not in job["inputParams"]
        seed = [sampling_seed(job["name"])] if exact else None
        averages = job["inputParams"].get("error-mitigation", {}).get("debias", False)
        qubits = json.loads(text)["qubits"]
        return [outcomes_of(histogram, qubits, payload.shots, seed, are_averages=averages, **metadata)]


def _sizes(job: Mapping[str, Any], text: str) -> dict[str, int]:
    """The registers of an answer."""
    if job["inputDataFormat"] == "honeywell.openqasm.v1":
        return registers_of(text)
    if job["inputDataFormat"] == "rigetti.quil.v1":
        return {MEMORY: num_bits(text)}
    return {QUBITS: json.loads(text)["qubits"]}


def _parts(payload: Payload) -> tuple[dict[str, Any], str]:
    try:
        data = json.loads(payload.body)
        job, text = dict(data["job"]), data["input"]
        for name in ("name", "target", "inputDataFormat", "outputDataFormat", "inputParams"):
            job[name]
        if not isinstance(text, str):
            raise TypeError("the input is no text")
    except (ValueError, KeyError, TypeError) as error:
        raise ConversionError(f"the body of {len(payload.body)} bytes is no job of Azure Quantum: {error}") from error
    return job, text
