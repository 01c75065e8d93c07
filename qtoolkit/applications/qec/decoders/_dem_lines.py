"""Flat detector error models of Stim's, read as arrays from their text.

Text is ten times as fast to read as objects of targets are, and holds every digit.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["FlatModel", "read_flat"]

Numbers: TypeAlias = NDArray[np.int64]

_TAG = re.compile(r"^(\w+)\[[^]]*\]", re.MULTILINE)
_ERROR = re.compile(r"^error\(([^)]*)\) ?(.*)$", re.MULTILINE)
_DETECTOR = re.compile(r"^detector\(([^)]*)\) ?(.*)$", re.MULTILINE)


class FlatModel(NamedTuple):
    """Mechanisms, their parts and what these flip.

    Attributes:
        probabilities: float64 (mechanisms,).
        owner: int64 (parts,), the mechanism of each part, ascending.
        detectors: numbers of detectors, and the parts that flip them, both int64; some may come twice.
        observables: the same.
        coordinates: by detector, where it has some.
    """

    probabilities: NDArray[np.float64]
    owner: Numbers
    detectors: tuple[Numbers, Numbers]
    observables: tuple[Numbers, Numbers]
    coordinates: dict[int, tuple[float, ...]]


def read_flat(text: str) -> FlatModel:
    """What Stim wrote of a model without loops and shifts."""
    if "[" in text:
        text = _TAG.sub(r"\1", text)
    errors = _ERROR.findall(text)
    coordinates: dict[int, tuple[float, ...]] = {}
    for arguments, targets in _DETECTOR.findall(text):
        place = tuple(map(float, arguments.split(",")))
        coordinates.update((int(target[1:]), place) for target in targets.split())

    letters = np.frombuffer("".join(f"{targets}\n" for _, targets in errors).encode(), np.uint8)
    is_separator = letters == ord("^")
    part = np.cumsum(letters == ord("\n")) + np.cumsum(is_separator)
    mechanism = np.cumsum(letters == ord("\n"))
    # A part ends with its line, or before the next one of the mechanism.
    ends = np.flatnonzero(is_separator | (letters == ord("\n")))
    owner = mechanism[ends] - (letters[ends] == ord("\n"))
    found: list[tuple[Numbers, Numbers]] = []
    blanks = np.flatnonzero(letters <= ord(" "))
    for letter in "DL":
        starts = np.flatnonzero(letters == ord(letter))
        stops = blanks[np.searchsorted(blanks, starts)]
        values = np.zeros(starts.size, np.int64)
        for offset in range(1, int((stops - starts).max(initial=1))):
            inside = starts + offset < stops
            values[inside] = 10 * values[inside] + letters[starts[inside] + offset] - ord("0")
        found.append((values, part[starts]))
    probabilities = np.array([float(probability) for probability, _ in errors], np.float64)
    return FlatModel(probabilities, owner, found[0], found[1], coordinates)
