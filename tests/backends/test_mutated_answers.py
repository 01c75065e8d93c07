"""Answers of providers with something in them changed: refused by a `JobError`, or read as they stand."""

from __future__ import annotations

import copy
import json
import random

import pytest

from qtoolkit.backends.cloud import BitMap, Failure, Payload, Serializer
from qtoolkit.backends.iqm.serializer import IQMSerializer
from qtoolkit.backends.quantinuum.serializer import NexusSerializer
from qtoolkit.errors import JobError

VALUES = [
    None, True, 0, -1, 2, 1.5, float("nan"), float("inf"), 10**30, "", "1", "x", [], {}, [[]], [[0]], [2, 3], {"a": 1}
]  # fmt: skip
IQM = {"measurements": [{"c0_0": [[0], [1], [1]], "c1_0": [[1], [0], [0]]}]}
IQM_COUNTS = {"measurement_counts": [{"measurement_keys": ["c0_0", "c1_0"], "counts": {"01": 1, "10": 2}}]}
SHOTS = {"bits": [["c0000", [0]], ["c0000", [1]]], "shots": {"width": 2, "array": [[64], [128], [128]]}}
COUNTS = {
    "bits": [["c0000", [0]], ["c0000", [1]]],
    "counts": [
        {"outcome": {"width": 2, "array": [[64]]}, "count": 1},
        {"outcome": {"width": 2, "array": [[128]]}, "count": 2},
    ],
}
IQM_BITS = BitMap(2, (), (("c0_0", 0), ("c1_0", 0)))
NEXUS_BITS = BitMap(2, (), (("c0000", 0), ("c0000", 1)))


def nexus(result: dict) -> dict:
    return {"items": [{"status": "COMPLETED", "reason": "", "result": result}]}


ANSWERS = [
    pytest.param(IQMSerializer(), IQM_BITS, IQM, id="iqm"),
    pytest.param(IQMSerializer(), IQM_BITS, IQM_COUNTS, id="iqm-counts"),
    pytest.param(NexusSerializer(), NEXUS_BITS, nexus(SHOTS), id="quantinuum"),
    pytest.param(NexusSerializer(), NEXUS_BITS, nexus(COUNTS), id="quantinuum-counts"),
]


def read(serializer: Serializer, bits: BitMap, raw: bytes) -> list[dict[str, int]]:
    payload = Payload(b"{}", "none", 3, (bits,))
    outcomes = list(serializer.outcomes(payload, raw))
    return [dict(bits.result(found, 3).counts) for found in outcomes if not isinstance(found, Failure)]


def places(data: object, place: tuple = ()) -> list[tuple]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place, *(found for name, item in inner for found in places(item, (*place, name)))]


def mutated(data: dict, rng: random.Random) -> object:
    data = copy.deepcopy(data)
    place = rng.choice(places(data))
    if not place:
        return rng.choice(VALUES)
    parent = data
    for name in place[:-1]:
        parent = parent[name]
    match rng.choice(["set", "lack", "wrap", "twice", "text"]):
        case "set":
            parent[place[-1]] = rng.choice(VALUES)
        case "lack":
            del parent[place[-1]]
        case "wrap":
            parent[place[-1]] = [parent[place[-1]]]
        case "text":
            parent[place[-1]] = str(parent[place[-1]])
        case "twice" if isinstance(parent, list):
            parent.insert(place[-1], copy.deepcopy(parent[place[-1]]))
    return data


@pytest.mark.parametrize(("serializer", "bits", "answer"), ANSWERS)
def test_a_changed_answer_is_refused_or_read(serializer, bits, answer):
    assert read(serializer, bits, json.dumps(answer).encode()) == [{"10": 1, "01": 2}]
    refused = 0
    for seed in range(400):
        raw = json.dumps(mutated(answer, random.Random(seed))).encode()
        try:
            read(serializer, bits, raw)
        except JobError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize(("serializer", "bits", "answer"), ANSWERS)
def test_an_answer_of_other_bytes_is_refused(serializer, bits, answer):
    raw = json.dumps(answer).encode()
    for wrong in (b"", raw[:-1], b"\xff" + raw, b"[" * 100_000, b"null", b"<html>"):
        with pytest.raises(JobError):
            read(serializer, bits, wrong)


@pytest.mark.parametrize(
    ("serializer", "bits", "answer", "message"),
    [
        (
            IQMSerializer(),
            IQM_BITS,
            {"measurements": [{"c0_0": [[0, 1]] * 3, "c1_0": [[1]] * 3}]},
            "must be bits of shape",
        ),
        (
            IQMSerializer(),
            IQM_BITS,
            {"measurement_counts": [{"measurement_keys": ["c0_0", "c1_0", "c0_0"], "counts": {"010": 3}}]},
            "measured once",
        ),
        (NexusSerializer(), NEXUS_BITS, nexus({**SHOTS, "bits": [*SHOTS["bits"][:1] * 2]}), "a bit twice"),
        (
            NexusSerializer(),
            NEXUS_BITS,
            nexus({**SHOTS, "shots": {"width": 2, "array": [[64.9]] * 3}}),
            "other numbers than bytes",
        ),
        (
            NexusSerializer(),
            NEXUS_BITS,
            nexus({**COUNTS, "counts": [{"outcome": {"width": 2, "array": [[64]]}, "count": 3.9}]}),
            "no integers",
        ),
    ],
)
def test_what_would_be_read_as_something_else_is_refused(serializer, bits, answer, message):
    with pytest.raises(JobError, match=message):
        read(serializer, bits, json.dumps(answer).encode())
