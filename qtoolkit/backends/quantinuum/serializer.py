"""Reads what goes to Nexus, circuits in TKET's JSON, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.cloud import BitMap, Failure, Outcomes, Payload, Serializer
from qtoolkit.backends.quantinuum.reading import from_tket
from qtoolkit.backends.quantinuum.sdk import sdk
from qtoolkit.backends.quantinuum.writing import bit_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, JobError, MissingExtraError

__all__ = ["FORMAT", "NexusSerializer"]

FORMAT = "quantinuum.tket"


class NexusSerializer(Serializer):
    """TKET's circuits and results. Results are read without TKET."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuits of a payload, in the gates of the device.

        Raises:
            ConversionError: if the body is none of this dialect.
            MissingExtraError: if pytket is not installed.
        """
        try:
            programs = json.loads(payload.body)["programs"]
            circuits = [sdk("pytket.circuit").Circuit.from_dict(program) for program in programs]
        except MissingExtraError:
            raise
        except Exception as error:
            raise ConversionError(f"the body holds no circuits of TKET: {type(error).__name__}: {error}") from error
        return [_read(circuit, bits) for circuit, bits in zip(circuits, payload.bits, strict=True)]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The items of a job.

        Raises:
            JobError: if the answer cannot be read.
        """
        try:
            return [_outcome(item) for item in json.loads(raw)["items"]]
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise JobError(f"the answer holds no results of TKET: {type(error).__name__}: {error}") from None


def _read(circuit: Any, bits: BitMap) -> Circuit:
    return bits.blank(circuit.n_qubits).extend(
        from_tket(circuit, {bit_of(clbit): clbit for clbit in range(bits.num_clbits)}, bits.num_clbits)
    )


def _outcome(item: Mapping[str, Any]) -> Outcomes | Failure:
    if "result" not in item:
        return Failure(f"{item['status']}: {item['reason']}".rstrip(": "))
    result = item["result"]
    bits = [(str(name), index) for name, (index,) in result["bits"]]
    if len(set(bits)) != len(bits):
        raise JobError("a result holds a bit twice")
    counts = None
    if result.get("shots"):
        rows = _unpacked(result["shots"], len(bits))
    elif result.get("counts"):
        rows = np.concatenate([_unpacked(entry["outcome"], len(bits)) for entry in result["counts"]])
        given = np.array([entry["count"] for entry in result["counts"]])
        if given.dtype.kind not in "iu" or (given < 0).any() or given.shape != (len(rows),):
            raise JobError("a result holds counts that are no integers of at least 0, or several outcomes for one")
        counts = given.astype(np.int64)
    else:
        raise JobError("a result holds neither shots nor counts")
    return Outcomes(_by_register(rows, bits), counts)


def _unpacked(array: Mapping[str, Any], width: int) -> NDArray[np.uint8]:
    """TKET's table of outcomes: the bits of each row in bytes, the first bit highest."""
    if array["width"] != width:
        raise JobError(f"a result holds rows of {array['width']} bits for {width} bits")
    packed = np.asarray(array["array"])
    if packed.ndim != 2 or packed.shape[1] != -(-width // 8):
        raise JobError(f"a result holds an array of shape {packed.shape} for rows of {width} bits")
    if packed.dtype.kind not in "iu" or ((packed < 0) | (packed > 255)).any():
        raise JobError("a result holds an array of other numbers than bytes")
    return np.unpackbits(packed.astype(np.uint8), axis=1)[:, :width]


def _by_register(rows: NDArray[np.uint8], bits: Sequence[tuple[str, int]]) -> dict[str, NDArray[np.uint8]]:
    found = {}
    for register in dict.fromkeys(name for name, _ in bits):
        columns = {index: column for column, (name, index) in enumerate(bits) if name == register}
        if set(columns) != set(range(len(columns))):
            raise JobError(f"a result lacks bits of the register {register}, it has {sorted(columns)}")
        found[register] = rows[:, [columns[index] for index in range(len(columns))]]
    return found
