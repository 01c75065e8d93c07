"""Circuits in the body of a request to IBM's service, and outcomes in its answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._optional import require
from qtoolkit.backends.cloud.bits import BitMap, Outcomes, bits_of_shots
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, ConversionError, JobError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["FORMAT", "IBMSerializer", "Recorder", "encoded"]

FORMAT = "ibm.executor"
"""What IBM's program ``executor`` takes: circuits in Qiskit's binary format, within JSON."""


class Recorder:
    """What IBM's package takes for its service: it writes down what a sampler would run, and runs nothing."""

    is_local = False

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.lock = threading.Lock()

    def _run(self, **asked: Any) -> None:
        self.asked = asked


class _Written(Exception):  # noqa: N818
    """Holds the body of a request in the place of sending it."""


class _Paper:
    """What IBM's package takes for its connection."""

    def post(self, url: str, data: str, **others: Any) -> Any:
        raise _Written(data)


def encoded(
    device: Any,
    circuits: Sequence[Circuit],
    compiled: Sequence[QuantumCircuit],
    shots: int,
    key: str,
    *,
    session_id: str | None = None,
    max_execution_time: int | None = None,
    facts: Mapping[str, Any],
) -> Payload:
    """What IBM's sampler would send, byte for byte.

    Args:
        device: an IBM backend whose service is a `Recorder`.
        circuits: bound.
        compiled: each for the device; its registers, one after the other, hold the circuit's bits.
        shots: of each.
        key: becomes a tag.
        session_id: of the session or batch that the job is to go into.
        max_execution_time: seconds of the device's time after which IBM cancels the job.
        facts: what is to be stored besides.

    Raises:
        BackendError: if the sampler does not take the circuits.
    """
    sampler = require("qiskit_ibm_runtime.executor_sampler", extra="ibm").Sampler(mode=device)
    sampler.options.environment.job_tags = [key]
    sampler.options.max_execution_time = max_execution_time
    recorder: Recorder = device.service
    with recorder.lock:
        try:
            sampler.run(list(compiled), shots=shots)
        except Exception as error:
            raise BackendError(f"IBM's sampler does not take the circuits: {type(error).__name__}: {error}") from error
        asked = recorder.asked
    chosen = asked["options"]
    paper: Any = _Paper()
    runtime = require("qiskit_ibm_runtime.api.rest.runtime", extra="ibm").Runtime(paper)
    try:
        runtime.program_run(
            program_id=asked["program_id"],
            backend_name=chosen["backend"],
            params=asked["inputs"],
            image=chosen["image"],
            log_level=chosen["log_level"],
            session_id=session_id,
            job_tags=chosen["job_tags"],
            max_execution_time=chosen["max_execution_time"],
            private=chosen["private"],
        )
        raise AssertionError("IBM's package made no request")
    except _Written as written:
        body = str(written.args[0]).encode()
    bits = tuple(BitMap.of(one, _sources(isa)) for one, isa in zip(circuits, compiled, strict=True))
    return Payload(body, FORMAT, shots, bits, facts=dict(facts))


class IBMSerializer(Serializer):
    """Reads the requests and answers of IBM's program ``executor``."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The compiled circuits; their qubits are the device's, by its numbers."""
        from qtoolkit.interop.qiskit import from_qiskit

        known = require("qiskit_ibm_runtime.quantum_program.params_converters", extra="ibm")
        try:
            params = json.loads(payload.body)["params"]
            converter = known.QUANTUM_PROGRAM_PARAMS_CONVERTERS[params["schema_version"]]
            program, _ = converter.decoder(converter.model.model_validate(params))
            found = [item.circuit for item in program.items]
        except Exception as error:
            raise ConversionError(
                f"the body is none of IBM's program executor: {type(error).__name__}: {str(error)[:200]}"
            ) from error
        parsed = [from_qiskit(circuit) for circuit in found]
        return [
            bits.blank(circuit.num_qubits).extend(circuit) for circuit, bits in zip(parsed, payload.bits, strict=True)
        ]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The bits of each shot, by register."""
        decoders = require("qiskit_ibm_runtime.decoders.executor.decoder", extra="ibm").AVAILABLE_DECODERS
        try:
            # The package's own decoder makes objects of every type that an answer names; this one knows bits alone.
            version = json.loads(raw)["schema_version"]
            decoder, model = decoders[version]
            answer = decoder(model.model_validate_json(raw))
        except Exception as error:
            raise JobError(f"the answer is none of IBM's program executor: {_what(error, raw)}") from error
        facts = payload.facts
        per_circuit = facts.get("circuits") or [{}] * len(payload.bits)
        common = {name: facts[name] for name in ("device", "sdk", "session_id") if name in facts}
        return [
            Outcomes(_bits(item), metadata={**common, **more})
            for item, more in zip(answer, [*per_circuit, *[{}] * len(answer)][: len(answer)], strict=True)
        ]


def _bits(item: Any) -> dict[str, NDArray[np.uint8]]:
    return {name: bits_of_shots(array, f"IBM's register {name}") for name, array in item.items()}


def _sources(compiled: QuantumCircuit) -> dict[int, tuple[str, int]]:
    """Where each bit is that is written; the registers lie one after the other."""
    places = [(register.name, index) for register in compiled.cregs for index in range(len(register))]
    written = {compiled.find_bit(bit).index for item in compiled.data for bit in item.clbits}
    return {clbit: places[clbit] for clbit in written}


def _what(error: Exception, raw: bytes) -> str:
    if isinstance(error, KeyError):
        return f"it lacks, or this version does not know, {error.args[0]!r}"
    return f"{type(error).__name__} in its {len(raw)} bytes"
