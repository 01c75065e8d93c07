"""The two requests that submit a job to the Quantum Engine, as one piece of bytes.

A program is created, then a job that runs it. `Payload.body` holds both messages, `CreateQuantumProgramRequest` and
`CreateQuantumJobRequest` of google.cloud.quantum.v1alpha1, one behind the other as gRPC puts them on the wire: a byte 0
(not compressed), the length in 4 bytes, the highest first, and the message. Program and job both have the idempotency
key as their id, so a repetition finds them there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtoolkit.errors import ConversionError

if TYPE_CHECKING:
    import cirq

__all__ = ["FORMAT", "MEDIA_TYPE", "DeviceConfig", "create_requests", "job_name", "native_of", "requests_of"]

FORMAT = "google.program.v2"
MEDIA_TYPE = "application/grpc"

_PREFIX = struct.Struct(">BI")


@dataclass(frozen=True)
class DeviceConfig:
    """Which of a processor's configurations runs a job; the service's own choice where all is empty.

    Attributes:
        run_name: of an automation run.
        snapshot_id: of a snapshot, which comes before a run.
        alias: of the configuration in it.
    """

    run_name: str = ""
    snapshot_id: str = ""
    alias: str = ""


def create_requests(
    native: cirq.AbstractCircuit, shots: int, key: str, project: str, processor: str, config: DeviceConfig
) -> bytes:
    """The requests that run a program, as one piece of bytes.

    Raises:
        ConversionError: naming what the Engine's dialect cannot hold.
    """
    from cirq_google import CIRCUIT_SERIALIZER
    from cirq_google.api import v2
    from cirq_google.cloud import quantum
    from google.protobuf.any_pb2 import Any as AnyMessage

    code, context = AnyMessage(), AnyMessage()
    try:
        code.Pack(CIRCUIT_SERIALIZER.serialize(native))
    except (ValueError, NotImplementedError) as error:
        raise ConversionError(f"the Quantum Engine's dialect cannot hold the circuit: {error}") from error
    context.Pack(v2.run_context_to_proto(None, shots))
    program_name = f"projects/{project}/programs/{key}"
    program = quantum.CreateQuantumProgramRequest(
        parent=f"projects/{project}", quantum_program=quantum.QuantumProgram(name=program_name, code=code)
    )
    place = {"snapshot_id": config.snapshot_id} if config.snapshot_id else {"run_name": config.run_name or None}
    selector = quantum.SchedulingConfig.ProcessorSelector(
        processor=f"projects/{project}/processors/{processor}",
        device_config_selector=quantum.DeviceConfigSelector(**place, config_alias=config.alias),
    )
    job = quantum.CreateQuantumJobRequest(
        parent=program_name,
        quantum_job=quantum.QuantumJob(
            name=f"{program_name}/jobs/{key}",
            scheduling_config=quantum.SchedulingConfig(processor_selector=selector),
            run_context=context,
        ),
    )
    messages = (type(program).serialize(program), type(job).serialize(job))
    return b"".join(_PREFIX.pack(0, len(message)) + message for message in messages)


def requests_of(body: bytes) -> tuple[Any, Any]:
    """The two requests of a body.

    Raises:
        ConversionError: if it is none.
    """
    from cirq_google.cloud import quantum
    from google.protobuf.message import DecodeError

    messages, rest = [], body
    while rest:
        length = _PREFIX.unpack_from(rest)[1] if len(rest) >= _PREFIX.size else -1
        message, rest = rest[_PREFIX.size : _PREFIX.size + length], rest[_PREFIX.size + length :]
        if len(message) != length:
            raise ConversionError(f"the payload of {len(body)} bytes is cut off or no requests of the Quantum Engine")
        messages.append(message)
    if len(messages) != 2:
        raise ConversionError(f"a payload for the Quantum Engine holds 2 requests, got {len(messages)}")
    try:
        return (
            quantum.CreateQuantumProgramRequest.deserialize(messages[0]),
            quantum.CreateQuantumJobRequest.deserialize(messages[1]),
        )
    except DecodeError as error:
        raise ConversionError(f"the payload holds no requests of the Quantum Engine: {error}") from error


def job_name(body: bytes) -> str:
    """The full name that the service gives the job, ``projects/…/programs/…/jobs/…``.

    Raises:
        ConversionError: as for `requests_of`.
    """
    return str(requests_of(body)[1].quantum_job.name)


def native_of(body: bytes) -> cirq.AbstractCircuit:
    """The program as a circuit of Cirq.

    Raises:
        ConversionError: if it holds none.
    """
    from cirq_google import CIRCUIT_SERIALIZER
    from cirq_google.api import v2
    from google.protobuf.message import DecodeError

    program = v2.program_pb2.Program()
    try:
        if not requests_of(body)[0].quantum_program.code.Unpack(program):
            raise ConversionError("the payload holds no program of the Quantum Engine's version 2")
        return CIRCUIT_SERIALIZER.deserialize(program)
    except (DecodeError, ValueError, NotImplementedError) as error:
        if isinstance(error, ConversionError):
            raise
        raise ConversionError(f"the payload's program cannot be read: {error}") from error
