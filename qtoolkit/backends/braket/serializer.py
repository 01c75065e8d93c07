"""Quantum tasks as the bodies of CreateQuantumTask, and what comes back as outcomes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.braket.openqasm import Program
from qtoolkit.backends.braket.reading import measured_columns, read_circuit
from qtoolkit.backends.cloud.bits import BitMap, Outcomes, bits_of_shots
from qtoolkit.backends.cloud.frequencies import nearest_counts
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, JobError

__all__ = ["FORMAT", "BraketSerializer", "task_payload"]

FORMAT = "braket.openqasm3"

_REGISTER = "b"
_PLACE = re.compile(r"\$(\d+)")
_PROGRAM = {"name": "braket.ir.openqasm.program", "version": "1"}
_PROGRAM_SET = {"name": "braket.ir.openqasm.program_set", "version": "1"}
_RESULT_OF_SET = "braket.task_result.program_set_task_result"
_PARAMETERS = {
    "ionq": "braket.device_schema.ionq.ionq_device_parameters",
    "rigetti": "braket.device_schema.rigetti.rigetti_device_parameters",
}
_OTHER_PARAMETERS = "braket.device_schema.simulators.gate_model_simulator_device_parameters"
_ROUNDING = 1e-3


def task_payload(
    circuits: Sequence[Circuit],
    programs: Sequence[Program],
    shots: int,
    *,
    arn: str,
    bucket: str,
    folder: str,
    key: str,
    region: str,
    rewiring: bool = True,
) -> Payload:
    """One task: of one circuit, or of a set of them.

    Args:
        circuits: what the programs are of.
        programs: as many.
        shots: of each circuit.
        arn: of the device.
        bucket: of S3, for the result.
        folder: in the bucket; the key becomes its last part.
        key: the token that makes a repetition the same task.
        region: where the task is made.
        rewiring: whether the service may choose the qubits.
    """
    sources = [{"braketSchemaHeader": _PROGRAM, "source": program.source} for program in programs]
    action = sources[0] if len(sources) == 1 else {"braketSchemaHeader": _PROGRAM_SET, "programs": sources}
    body = {
        "clientToken": key,
        "deviceArn": arn,
        "shots": shots * len(programs),
        "outputS3Bucket": bucket,
        "outputS3KeyPrefix": f"{folder}/{key}" if folder else key,
        "action": json.dumps(action),
    }
    if not rewiring:
        body["deviceParameters"] = json.dumps(_fixed_places(arn, max(circuit.num_qubits for circuit in circuits)))
    facts: dict[str, Any] = {"region": region}
    if rewiring:
        facts["device_qubits"] = None  # which the service chooses
    elif any(_PLACE.search(program.source) for program in programs):
        # They are numbered anew, in their order, when the program is read.
        facts["device_qubits"] = [sorted({int(n) for n in _PLACE.findall(program.source)}) for program in programs]
    bits = tuple(_bits(circuit, program) for circuit, program in zip(circuits, programs, strict=True))
    return Payload(json.dumps(body).encode(), FORMAT, shots, bits, facts=facts)


def _bits(circuit: Circuit, program: Program) -> BitMap:
    place = {qubit: index for index, qubit in enumerate(program.columns)}
    return BitMap.of(circuit, {clbit: (_REGISTER, place[qubit]) for qubit, clbit in program.measured})


def _fixed_places(arn: str, num_qubits: int) -> dict[str, Any]:
    """The device's parameters that say that no qubit may be exchanged, as the SDK writes them."""
    name = next((name for vendor, name in _PARAMETERS.items() if vendor in arn), _OTHER_PARAMETERS)
    return {
        "braketSchemaHeader": {"name": name, "version": "1"},
        "paradigmParameters": {
            "braketSchemaHeader": {"name": "braket.device_schema.gate_model_parameters", "version": "1"},
            "qubitCount": num_qubits,
            "disableQubitRewiring": True,
        },
    }


class BraketSerializer(Serializer):
    """Reads bodies of CreateQuantumTask and results of tasks."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuits of a task, by the SDK's parser.

        Raises:
            ConversionError: if the body is none of a task, or its programs are none of the dialect.
            MissingExtraError: if amazon-braket-sdk is not installed.
        """
        sources = _sources(payload)
        if len(sources) != len(payload.bits):
            raise ConversionError(f"the task has {len(sources)} programs, and maps of bits for {len(payload.bits)}")
        return [read_circuit(source, bits) for source, bits in zip(sources, payload.bits, strict=True)]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The outcomes of each circuit of a task.

        Raises:
            JobError: if the result cannot be read, or lacks a qubit.
        """
        columns = [measured_columns(source) for source in _sources(payload)]
        try:
            data = json.loads(raw)
            if data["braketSchemaHeader"]["name"] == _RESULT_OF_SET:
                entries = [entry for program in data["programResults"] for entry in program["executableResults"]]
            else:
                entries = [data]
            task = data.get("taskMetadata") or {}
            if len(entries) != len(columns):
                raise JobError(f"the result is of {len(entries)} circuits, the task had {len(columns)}")
            shots = _shots(task, len(entries))
            if shots != payload.shots:
                raise JobError(f"the result is of {shots} shots of each circuit, {payload.shots} were asked for")
            metadata = _metadata(task, data.get("additionalMetadata") or {})
            return [_outcomes(entry, wanted, shots, metadata) for entry, wanted in zip(entries, columns, strict=True)]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise JobError(f"the result of the task cannot be read: {type(error).__name__}: {error}") from None


def _sources(payload: Payload) -> list[str]:
    try:
        action = json.loads(json.loads(payload.body)["action"])
        programs = action["programs"] if action["braketSchemaHeader"] == _PROGRAM_SET else [action]
        return [str(program["source"]) for program in programs]
    except (KeyError, TypeError, ValueError) as error:
        raise ConversionError(
            f"the body is none of a task of Braket with OpenQASM: {type(error).__name__}: {error}"
        ) from None


def _shots(task: Mapping[str, Any], num_circuits: int) -> int:
    """Of each circuit, as the result says."""
    return int(task["shots"]) if "shots" in task else int(task["requestedShots"]) // num_circuits


def _metadata(task: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    found = {"device": task.get("deviceId"), "created_at": task.get("createdAt"), "ended_at": task.get("endedAt")}
    simulator = more.get("simulatorMetadata")
    if isinstance(simulator, dict):
        found["execution_ms"] = simulator.get("executionDuration")
    return {name: value for name, value in found.items() if isinstance(value, str | int)}


def _outcomes(
    entry: Mapping[str, Any], wanted: Sequence[int], shots: int, metadata: Mapping[str, Any]
) -> Outcomes | Failure:
    if "failureMetadata" in entry:
        return Failure(str(entry["failureMetadata"].get("failureReason") or "the provider gives no reason"))
    measured = [int(qubit) for qubit in entry["measuredQubits"]]
    lacking = [qubit for qubit in wanted if qubit not in measured]
    if lacking:
        raise JobError(f"the result is of the qubits {measured}, and lacks {lacking[0]}")
    order = [measured.index(qubit) for qubit in wanted]
    if entry.get("measurements"):
        given, counts = entry["measurements"], None
    else:
        given, counts, rounded = _from_probabilities(entry["measurementProbabilities"], shots)
        if rounded:
            metadata = {**metadata, "counts": "rounded, from probabilities that are no multiples of one shot"}
    rows = bits_of_shots(given, "measurements", len(measured))
    return Outcomes({_REGISTER: rows[:, order]}, counts, metadata)


def _from_probabilities(
    probabilities: Mapping[str, float], shots: int
) -> tuple[list[list[str]], NDArray[np.int64], bool]:
    """Bits and counts of shots, and whether these are rounded."""
    weights = np.array([float(value) for value in probabilities.values()])
    counts = nearest_counts(weights, shots, _ROUNDING)
    exact = weights / weights.sum() * shots
    return [list(key) for key in probabilities], counts, bool(np.abs(exact - np.rint(exact)).max() > _ROUNDING)
