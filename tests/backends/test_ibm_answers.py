"""What IBM's service says, taken apart: states of jobs, and results that may be anything."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest

from qtoolkit import Circuit
from qtoolkit.backends import JobStatus
from qtoolkit.backends.cloud import BitMap, Payload
from qtoolkit.backends.ibm.job import status_of
from qtoolkit.backends.ibm.serializer import IBMSerializer
from qtoolkit.errors import ConversionError, JobError

pytest.importorskip("qiskit_ibm_runtime")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"status": "Queued"}, JobStatus.QUEUED),
        ({"status": "RUNNING"}, JobStatus.RUNNING),
        ({"status": "Completed"}, JobStatus.DONE),
        ({"status": "Failed"}, JobStatus.FAILED),
        ({"status": "Cancelled"}, JobStatus.CANCELLED),
        ({"status": "Cancelled", "reason_code": 1305}, JobStatus.FAILED),
        ({"status": "Cancelled - Ran too long"}, JobStatus.FAILED),
        ({"status": "Paused"}, JobStatus.UNKNOWN),
    ],
)
def test_states(state, status) -> None:
    found = status_of({"state": state})
    assert (found.status, found.raw) == (status, state["status"])


@pytest.mark.parametrize("data", [None, [], {}, {"state": "Queued"}, {"state": {"status": 3}}])
def test_what_is_no_state(data) -> None:
    with pytest.raises(ValueError, match="describes no state"):
        status_of(data)


def _packed(array, dtype: str, name: str = "meas", version: str = "v2.0") -> bytes:
    raw = np.packbits(array, bitorder="little").tobytes() if dtype == "bool" else array.tobytes()
    tensor = {"data": base64.b64encode(zlib.compress(raw)).decode(), "shape": list(array.shape), "dtype": dtype}
    item = {"results": {name: tensor}, "metadata": {}}
    return json.dumps({"schema_version": version, "data": [item], "metadata": {"chunk_timing": []}}).encode()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"<html>", "none of IBM's program executor: JSONDecodeError"),
        (b"[]", "none of IBM's program executor: TypeError"),
        (b"{}", "lacks, or this version does not know, 'schema_version'"),
        (_packed(np.zeros((4, 2), np.uint8), "bool", version="v9.9"), "does not know, 'v9.9'"),
        (_packed(np.zeros(8, np.uint8), "bool"), r"must be bits of shape \(shots, width\)"),
        (_packed(np.zeros((4, 2)), "f64"), "must be bits .*got float64"),
        (_packed(np.full((4, 2), 2, np.uint8), "u8"), "values that are no bits"),
        (_packed(np.zeros((4, 2), np.uint8), "bool")[:-40], "none of IBM's program executor"),
    ],
)
def test_answers_that_cannot_be_read(raw, message) -> None:
    bits = BitMap.of(Circuit(2).measure_all(), {0: ("meas", 0), 1: ("meas", 1)})
    with pytest.raises(JobError, match=message):
        IBMSerializer().outcomes(Payload(b"", "ibm.executor", 4, (bits,)), raw)


def test_an_answer_that_lacks_a_register() -> None:
    bits = BitMap.of(Circuit(2).measure_all(), {0: ("meas", 0), 1: ("meas", 1)})
    raw = _packed(np.array([[1, 0]] * 4, np.uint8), "bool", name="other")
    (outcomes,) = IBMSerializer().outcomes(Payload(b"", "ibm.executor", 4, (bits,)), raw)
    with pytest.raises(JobError, match="lacks bit 0 of 'meas'; it has other of 2"):
        bits.result(outcomes, 4)


def test_a_body_of_another_kind() -> None:
    with pytest.raises(ConversionError, match="none of IBM's program executor"):
        IBMSerializer().circuits(Payload(b'{"params": {"schema_version": "v0"}}', "ibm.executor", 4, ()))
