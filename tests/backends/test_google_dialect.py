"""The dialect of Google's Quantum Engine, without a server: payloads, answers and states that are none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cloud_contract import canary

from qtoolkit.backends import JobStatus
from qtoolkit.backends.cloud import Payload
from qtoolkit.backends.registry import serializer_of
from qtoolkit.errors import ConversionError, JobError

pytest.importorskip("cirq_google")

PROJECT = "a-project"


@pytest.fixture(scope="module")
def payload() -> Payload:
    """Of a circuit on a processor that is described by its specification."""
    from cirq_google.engine import create_device_from_processor_id

    from qtoolkit.backends.google.programs import native_program
    from qtoolkit.backends.google.requests import FORMAT, DeviceConfig, create_requests

    device = create_device_from_processor_id("willow_pink")
    gateset = device.metadata.compilation_target_gatesets[0]
    native, bits = native_program(canary()[0], device, gateset, "it")
    return Payload(create_requests(native, 9, "key", PROJECT, "it", DeviceConfig()), FORMAT, 9, (bits,))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda body: body[:-1], "cut off"),
        (lambda body: b"circuit", "cut off or no requests"),
        (lambda body: b"", "2 requests, got 0"),
        (lambda body: body + body, "2 requests, got 4"),
        (lambda body: b"\0\0\0\0\2\xff\xff" * 2, "no requests of the Quantum Engine"),
        (lambda body: b"\0\0\0\0\0" * 2, "no program of the Quantum Engine's version 2"),
    ],
)
def test_what_is_no_payload(payload, change, message) -> None:
    broken = Payload(change(payload.body), payload.format, 9, payload.bits)
    with pytest.raises(ConversionError, match=message):
        serializer_of(payload.format).circuits(broken)


def answer(*, type_url="type.googleapis.com/cirq.google.api.v2.Result", value=None, **changes) -> bytes:
    """The bytes of a QuantumResult with five keys of 9 shots, all 0 but for the changes."""
    from cirq_google.api import v2
    from cirq_google.cloud import quantum

    given = {"shots": 9, "sweeps": 1, "points": 1, "instances": 1, "bits": b"\0\0", "keys": 5} | changes
    result = v2.result_pb2.Result()
    for _ in range(given["sweeps"]):
        sweep = result.sweep_results.add(repetitions=given["shots"])
        for _ in range(given["points"]):
            point = sweep.parameterized_results.add()
            for number in range(given["keys"]):
                measured = point.measurement_results.add(key=f"m{number}", instances=given["instances"])
                measured.qubit_measurement_results.add(results=given["bits"]).qubit.id = f"5_{number}"
    found = quantum.QuantumResult(parent="job")
    inner = quantum.QuantumResult.pb(found).result
    inner.type_url, inner.value = type_url, result.SerializeToString() if value is None else value
    return quantum.QuantumResult.serialize(found)


def test_the_first_shot_is_the_lowest_bit(payload) -> None:
    (found,) = serializer_of(payload.format).outcomes(payload, answer(bits=b"\x05\x01"))
    assert found.column("m0", 0).tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (lambda: b"\xff\xff\xff", "no result of the Quantum Engine"),
        (lambda: answer(value=b"\xff\xff"), "no result of the Quantum Engine"),
        (lambda: answer(type_url="type.googleapis.com/cirq.google.api.v1.Result"), "result of version 2, got"),
        (lambda: b"", "result of version 2, got ''"),
        (lambda: answer(sweeps=0), "one set of shots"),
        (lambda: answer(sweeps=2), "one set of shots"),
        (lambda: answer(points=2), "one set of shots"),
        (lambda: answer(instances=2), "each key is measured once"),
        (lambda: answer(bits=b"\0"), "9 shots take 2 bytes, the answer has 1"),
        (lambda: answer(shots=2**30), "bytes, the answer has 2"),
        (lambda: answer(shots=-1), "shots"),
        (lambda: answer(keys=3), "lacks bit 0 of 'm3'"),
        (lambda: answer(shots=10), "10 shots, 9 were asked for"),
    ],
)
def test_answers_that_are_none(payload, raw, message) -> None:
    def read():
        (found,) = serializer_of(payload.format).outcomes(payload, raw())
        return payload.bits[0].result(found, 9)

    with pytest.raises(JobError, match=message):
        read()


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (1, JobStatus.QUEUED),
        (2, JobStatus.RUNNING),
        (3, JobStatus.RUNNING),
        (4, JobStatus.CANCELLED),
        (5, JobStatus.DONE),
        (6, JobStatus.FAILED),
        (0, JobStatus.UNKNOWN),
        (7, JobStatus.UNKNOWN),
    ],
)
def test_states(state, status) -> None:
    from cirq_google.cloud import quantum

    from qtoolkit.backends.google.job import status_of

    job = quantum.QuantumJob()
    quantum.QuantumJob.pb(job).execution_status.state = state
    seen = status_of(job)
    assert seen.status is status
    assert seen.raw == (quantum.ExecutionStatus.State(state).name if state < 7 else "7")


def test_a_program_that_lacks_what_its_map_names(payload) -> None:
    from qtoolkit.backends.google.programs import circuit_of
    from qtoolkit.backends.google.requests import native_of

    bits = SimpleNamespace(num_clbits=1, registers=(), sources=(("m77", 0),))
    with pytest.raises(ConversionError, match="lacks the measurement m77"):
        circuit_of(native_of(payload.body), bits)
