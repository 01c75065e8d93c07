"""Reads what goes to IQM Server, and what comes back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from qtoolkit.backends.cloud import BitMap, Failure, Outcomes, Payload, Serializer
from qtoolkit.backends.cloud.bits import bits_of_shots
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, JobError

__all__ = ["FORMAT", "IQMSerializer", "locus_names"]

FORMAT = "iqm.circuit.v1"


class IQMSerializer(Serializer):
    """Circuits of instructions on named components, and bits by measurement key."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuits of a payload, on the components that they use; a resonator is a qubit.

        Raises:
            ConversionError: if the body is none of this dialect.
        """
        try:
            bodies = json.loads(payload.body)["circuits"]
            return [_read(body["instructions"], bits) for body, bits in zip(bodies, payload.bits, strict=True)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, ConversionError):
                raise
            raise ConversionError(f"the body holds no circuits of IQM: {type(error).__name__}: {error}") from error

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The bits of each circuit.

        Raises:
            JobError: if the answer cannot be read.
        """
        try:
            data = json.loads(raw)
            if "measurements" in data:
                return [_shots(results) for results in data["measurements"]]
            return [_counts(results) for results in data["measurement_counts"]]
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise JobError(f"the answer holds no bits of IQM's circuits: {type(error).__name__}: {error}") from None


def locus_names(instructions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Components of the computer by the numbers of the qubits that they are in what is read."""
    return sorted({name for item in instructions for name in item["locus"]})


def _read(instructions: Sequence[Mapping[str, Any]], bits: BitMap) -> Circuit:
    names = locus_names(instructions)
    places = {name: place for place, name in enumerate(names)}
    circuit = bits.blank(len(names))
    for item in instructions:
        _append(circuit, item["name"], [places[name] for name in item["locus"]], item["args"])
    return circuit


def _append(circuit: Circuit, name: str, qubits: list[int], args: Mapping[str, Any]) -> None:
    match name:
        case "prx":
            circuit.u(*_angles(args), qubits[0])
        case "cc_prx":
            circuit.if_(_clbit(args["feedback_key"]), lambda body: body.u(*_angles(args), qubits[0]))
        case "cz":
            circuit.cz(*qubits)
        case "move":
            circuit.swap(*qubits)  # one of the two is in |0⟩
        case "measure":
            circuit.measure(qubits[0], _clbit(args["key"]))
        case "reset":
            circuit.reset(qubits)
        case "barrier":
            circuit.barrier(*qubits)
        case _:
            raise ConversionError(f"instructions of IQM that are written here have other names than {name!r}")


def _angles(args: Mapping[str, Any]) -> tuple[float, float, float]:
    angle, phase = float(args["angle"]), float(args["phase"])
    return angle, phase - math.pi / 2, math.pi / 2 - phase


def _clbit(key: str) -> int:
    return int(key.removeprefix("c").partition("_")[0])


def _shots(results: Mapping[str, Any]) -> Outcomes:
    bits = {key: bits_of_shots(rows, f"the measurements {key!r}", 1) for key, rows in results.items()}
    if len({len(column) for column in bits.values()}) > 1:
        raise JobError("the measurements of a circuit are of different numbers of shots")
    return Outcomes(bits)


def _counts(results: Mapping[str, Any]) -> Outcomes:
    """Counts by bitstring; letter k is measurement key k, since each measures one qubit."""
    keys = results["measurement_keys"]
    if len(set(keys)) != len(keys):
        raise JobError(f"each key is measured once, got the keys {keys}")
    found = Outcomes.of_bitstrings("", results["counts"], first_is_left=True, width=len(keys))
    return Outcomes({key: found.bits[""][:, [column]] for column, key in enumerate(keys)}, found.counts)
