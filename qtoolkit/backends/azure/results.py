"""Answers of Azure Quantum in each of their formats, as outcomes by register."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from qtoolkit.backends.cloud.bits import Outcomes, bits_of_shots
from qtoolkit.backends.cloud.frequencies import counts_of_frequencies
from qtoolkit.errors import JobError

__all__ = ["MICROSOFT", "memory_of", "microsoft_outcomes", "quantinuum_outcomes"]

_LETTERS = re.compile(r"[01]*")
_DISPLAY = re.compile(r"[\[\]() ,01]*")


def quantinuum_outcomes(given: object, sizes: Mapping[str, int], **metadata: Any) -> Outcomes:
    """``honeywell.quantum-results.v1``: of each register the bitstrings of the shots, index 0 on the right.

    Raises:
        JobError: if a register is missing or of another size, or they are of different numbers of shots.
    """
    if not isinstance(given, Mapping):
        raise JobError(f"Quantinuum answers with registers, got {str(given)[:60]!r}")
    bits = {}
    for name, size in sizes.items():
        shots = given.get(name)
        if not isinstance(shots, list):
            raise JobError(f"Quantinuum's answer lacks the register {name!r}; it has {', '.join(map(str, given))}")
        for shot in shots:
            if not isinstance(shot, str) or len(shot) != size or not _LETTERS.fullmatch(shot):
                raise JobError(f"a shot of Quantinuum's register {name!r} has {size} letters 0 or 1, got {shot!r}")
        rows = np.array([[letter == "1" for letter in shot[::-1]] for shot in shots], dtype=np.uint8)
        bits[name] = rows.reshape(len(shots), size)
    if len({len(rows) for rows in bits.values()}) > 1:
        raise JobError("Quantinuum's registers are of different numbers of shots")
    return Outcomes(bits, metadata=metadata)


def memory_of(given: object, region: str, size: int, **metadata: Any) -> Outcomes:
    """``rigetti.quil-results.v1``: of a region of memory the bits of each shot, in order.

    Raises:
        JobError: if the region is missing, or its shots are no bits of this size.
    """
    shots = given.get(region) if isinstance(given, Mapping) else None
    if not isinstance(shots, list):
        raise JobError(f"Rigetti's answer lacks the memory {region!r}, it begins {str(given)[:60]!r}")
    return Outcomes({region: bits_of_shots(shots, f"Rigetti's memory {region!r}", size)}, metadata=metadata)


def _probabilities(given: Any, shots: int) -> list[tuple[object, int]]:
    """``microsoft.quantum-results.v1``: a list of outcomes and probabilities in turn."""
    values = given["Histogram"]
    if len(values) % 2:
        raise ValueError("the histogram has an odd length")
    for shown in values[::2]:
        if not _DISPLAY.fullmatch(shown):
            raise ValueError(f"{shown!r} is no outcome of bits")
    outcomes = [json.loads(shown.replace("(", "[").replace(")", "]")) for shown in values[::2]]
    return list(zip(outcomes, counts_of_frequencies(values[1::2], shots).tolist(), strict=True))


def _counts(given: Any, shots: int) -> list[tuple[object, int]]:
    """``microsoft.quantum-results.v2``: a table of outcomes with their counts, for each program that ran."""
    if given.get("DataFormat") != "microsoft.quantum-results.v2":
        raise ValueError(f"the format is called {given.get('DataFormat')!r}")
    (result,) = given["Results"]
    return [(entry["Outcome"], entry["Count"]) for entry in result["Histogram"]]


MICROSOFT: Mapping[str, Callable[[Any, int], list[tuple[object, int]]]] = {
    "microsoft.quantum-results.v1": _probabilities,
    "microsoft.quantum-results.v2": _counts,
}
"""The formats that a service may answer in besides a company's own."""


def microsoft_outcomes(
    given: object, output_format: str, sizes: Mapping[str, int], shots: int, **metadata: Any
) -> Outcomes:
    """Microsoft's histograms: an outcome is a list of bits, index 0 first, or one such list for each register in order.

    Raises:
        JobError: if the histogram cannot be read, or has other bits than the registers; a lost qubit is none.
    """
    try:
        entries = MICROSOFT[output_format](given, shots)
        flat = [_bits(outcome) for outcome, _ in entries]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JobError(f"the answer is no {output_format}: {error}") from error
    total = sum(sizes.values())
    for bits in flat:
        if len(bits) != total:
            raise JobError(f"outcomes of {output_format} have {total} bits here, got {len(bits)}")
    table = np.array(flat, dtype=np.uint8).reshape(len(flat), total)
    registers, start = {}, 0
    for name, size in sizes.items():
        registers[name] = table[:, start : start + size]
        start += size
    counts = [count for _, count in entries]
    if any(isinstance(count, bool) or not isinstance(count, int) or count < 0 for count in counts):
        raise JobError(f"counts of {output_format} are integers of at least 0")
    return Outcomes(registers, np.array(counts, dtype=np.int64), metadata)


def _bits(outcome: object) -> list[int]:
    if isinstance(outcome, Mapping):  # a tuple, as v2 writes it
        outcome = [outcome[f"Item{k + 1}"] for k in range(len(outcome))]
    if isinstance(outcome, Sequence) and not isinstance(outcome, str):
        return [bit for item in outcome for bit in _bits(item)]
    if outcome not in (0, 1):
        raise ValueError(f"{outcome!r} is no bit")
    return [int(outcome)]
