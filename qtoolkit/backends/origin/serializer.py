"""Payloads and answers of Origin's cloud: OriginIR in JSON; counts or probabilities, by hexadecimal or binary keys."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qtoolkit.backends.cloud.bits import Outcomes
from qtoolkit.backends.cloud.frequencies import nearest_counts
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.backends.compiling.device import CompiledCircuit
from qtoolkit.backends.origin.originir import from_originir, written
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, JobError

__all__ = ["FORMAT", "OriginSerializer", "payload_of"]

FORMAT = "origin.originir"

REGISTER = "c"
FULL_AMPLITUDE = "full_amplitude"
_SIMULATOR, _CHIP = "0", "5"
_SLACK = 1e-3
"""How far from 1 probabilities may add up to: the service rounds them."""


def payload_of(
    circuits: Sequence[Circuit],
    compiled: Sequence[CompiledCircuit],
    shots: int,
    key: str,
    device: str,
    *,
    amend: bool,
    mapping: bool,
    optimization: bool,
) -> Payload:
    """One submission, field by field as pyqpanda3 sends it, with the key as its batch number."""
    data: dict[str, Any] = {"batchNo": key, "taskFrom": 4, "QProg": [written(circuit) for circuit in compiled]}
    data["QMachineType"] = _SIMULATOR if device == FULL_AMPLITUDE else _CHIP
    if len(compiled) == 1:
        data["qubitNum"] = compiled[0].num_qubits
        data["classicalbitNum"] = len(compiled[0].measured)
    if device == FULL_AMPLITUDE:
        data["Configuration"] = {"shot": shots, "measure_type": 1}
    else:
        data["ChipID"] = device
        data["Configuration"] = {
            "shot": shots,
            "isProbcount": True,
            "amendFlag": int(amend),
            "use_cz_pattern": False,
            "mappingFlag": mapping,
            "PointLabel": 1,
            "circuitOptimization": optimization,
            "specified_block": [],
        }
    maps = tuple(program.bits(circuit, REGISTER) for circuit, program in zip(circuits, compiled, strict=True))
    body = json.dumps(data, separators=(",", ":")).encode()
    facts: dict[str, Any] = {"widths": [len(program.measured) for program in compiled]}
    if mapping:
        facts["device_qubits"] = None  # which the service chooses
    return Payload(body, FORMAT, shots, maps, facts=facts)


class OriginSerializer(Serializer):
    """Reads what `payload_of` wrote, and answers of ``taskDetail.json``."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuits of a payload; see `Serializer.circuits`."""
        try:
            programs = json.loads(payload.body)["QProg"]
            pairs = list(zip(programs, payload.bits, strict=True))
        except (ValueError, LookupError, TypeError) as error:
            raise ConversionError(f"the body is no submission to Origin's cloud: {error}") from error
        return [bits.measured_again(from_originir(program)) for program, bits in pairs]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """Counts by circuit; see `Serializer.outcomes`.

        Where the service gives probabilities alone, as it does for corrected readout, they become the whole numbers
        next to them that add up to the shots, and the metadata says so.
        """
        answer = json.loads(raw)
        task = answer.get("obj") if isinstance(answer, Mapping) else None
        if not isinstance(task, Mapping):
            raise JobError("the answer has no task in it")
        widths = payload.facts["widths"]
        counts, probabilities = _tables(task, "probCount"), _tables(task, "taskResult")
        times = {name: value for name, value in task.items() if "Time" in name and isinstance(value, int | float)}
        about: dict[str, Any] = dict(times)
        if counts:
            tables = [_whole(table) for table in counts]
        elif probabilities:
            tables = [_apportioned(table, payload.shots) for table in probabilities]
            about["counts_from"] = "probabilities"
        else:
            raise JobError("the answer has neither probCount nor taskResult")
        if len(tables) != len(widths):
            raise JobError(f"the answer has results of {len(tables)} circuits, {len(widths)} were sent")
        return [_outcomes(table, width, about) for table, width in zip(tables, widths, strict=True)]


def _tables(task: Mapping[str, Any], name: str) -> list[dict[str, float]]:
    """Each circuit's values by key. The service packs each table as a text of JSON."""
    items = task.get(name) or []
    found = []
    for item in items if isinstance(items, list) else [items]:
        table = json.loads(item) if isinstance(item, str) else item
        keys, values = table["key"], table["value"]
        if len(keys) != len(values) or not all(isinstance(key, str) for key in keys) or not _are_numbers(values):
            raise JobError(f"{name} holds keys that are texts and as many numbers")
        found.append(dict(zip(keys, values, strict=True)))
        if len(found[-1]) != len(keys):
            raise JobError(f"{name} holds a key twice")
    return found


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)


def _whole(table: Mapping[str, float]) -> dict[str, int]:
    if any(value != int(value) or value < 0 for value in table.values()):
        raise JobError("probCount holds numbers that are no counts")
    return {key: int(value) for key, value in table.items()}


def _apportioned(table: Mapping[str, float], shots: int) -> dict[str, int]:
    """Corrected probabilities may be a little below 0."""
    counts = nearest_counts(np.clip(np.array(list(table.values()), dtype=np.float64), 0.0, None), shots, _SLACK)
    return {key: int(count) for key, count in zip(table, counts, strict=True) if count}


def _outcomes(table: Mapping[str, int], width: int, about: Mapping[str, Any]) -> Outcomes:
    found: dict[int, int] = {}
    for key, count in table.items():
        if key.lower().startswith("0x"):
            value = int(key, 16)
        elif len(key) == width and not set(key) - {"0", "1"}:
            value = int(key, 2)
        else:
            raise JobError(f"an outcome is hexadecimal from 0x, or {width} letters 0 and 1, got {key[:80]!r}")
        found[value] = found.get(value, 0) + count
    return Outcomes.of_integers(REGISTER, width, found, **about)
