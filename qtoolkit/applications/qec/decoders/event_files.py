"""Files of detection events, or of any other bits of shots, in Stim's formats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_choice, require_integer
from qtoolkit._files import write_whole
from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import require_bits
from qtoolkit.errors import InputError

__all__ = ["EventFormat", "read_events", "write_events"]

EventFormat: TypeAlias = Literal["01", "b8", "r8", "hits"]
"""A line of digits for each shot; eight bits in each byte; lengths of runs of zeros; a line of the numbers of ones."""


def read_events(path: str | os.PathLike[str], bits: int, format: EventFormat | None = None) -> NDArray[np.bool_]:
    """The bits of each shot in a file of Stim's.

    Args:
        path: of the file.
        bits: of each shot: detectors, or detectors and observables.
        format: ``"01"``, ``"b8"``, ``"r8"`` or ``"hits"``; None for what the name of the file ends with.

    Returns:
        bool of shape (shots, bits).

    Raises:
        InputError: if the file cannot be read, is cut off or holds anything else; the message names the place.
        InsufficientMemoryError: if there is no memory for the bits.
    """
    bits = require_integer("bits", bits, 1)
    chosen = _format(path, format)
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return _READERS[chosen](data, bits, str(path))


def write_events(path: str | os.PathLike[str], events: NDArray[np.bool_], format: EventFormat | None = None) -> None:
    """Write the bits of shots to a file, whole or not at all.

    Args:
        path: of the file.
        events: bits of shape (shots, bits).
        format: ``"01"``, ``"b8"``, ``"r8"`` or ``"hits"``; None for what the name of the file ends with.

    Raises:
        InputError: if the events are no bits of shots, or the format is unknown.
        OutputError: if the file cannot be written.
    """
    chosen = _format(path, format)
    try:
        shape = np.shape(events)
    except ValueError:  # rows of unlike lengths
        raise InputError(f"events must be bits of shape (shots, bits), got {shown(events)}") from None
    if len(shape) != 2 or shape[1] < 1:
        raise InputError(f"events must be bits of shape (shots, bits), got shape {shape}")
    write_whole(path, _WRITERS[chosen](require_bits("events", events, shape[1], "bits")))


def _format(path: str | os.PathLike[str], format: str | None) -> str:
    try:
        ending = os.fspath(path)
    except TypeError:
        raise InputError(f"a path is a text or a pathlib.Path, got {shown(path)}") from None
    chosen = format if format is not None else str(ending).rpartition(".")[2]
    return require_choice("format", chosen, get_args(EventFormat))


def _empty(shots: int, bits: int) -> NDArray[np.bool_]:
    check_memory(shots * bits, f"{shots} shots of {bits} bits", "read a smaller file")
    return np.zeros((shots, bits), np.bool_)


def _read_01(data: bytes, bits: int, source: str) -> NDArray[np.bool_]:
    data = data.replace(b"\r\n", b"\n")
    table = np.frombuffer(data, np.uint8)
    shots, rest = divmod(table.size, bits + 1)
    if rest:
        lines = data.split(b"\n")
        wrong = next((k for k, text in enumerate(lines) if len(text) != bits), len(lines) - 1)
        rule = f"a shot has {bits} digits, got {len(lines[wrong])}"
        if len(lines[wrong]) == bits:
            rule = "a shot ends with a new line, but the file ends before it"
        raise InputError(f"{source}, line {wrong + 1}: {rule}")
    check_memory(shots * bits, f"{shots} shots of {bits} bits", "read a smaller file")
    rows = table.reshape(shots, bits + 1)
    digits = rows[:, :bits] ^ ord("0")
    wrong_place = np.argwhere(np.hstack([digits > 1, rows[:, bits:] != ord("\n")]))
    if wrong_place.size:
        shot, bit = (int(k) for k in wrong_place[0])
        rule = "a digit is 0 or 1" if bit < bits else f"a shot has {bits} digits"
        raise InputError(f"{source}, line {shot + 1}: {rule}, got {bytes(rows[shot, bit : bit + 1])!r} at {bit + 1}")
    return digits.view(np.bool_)


def _read_b8(data: bytes, bits: int, source: str) -> NDArray[np.bool_]:
    width = -(-bits // 8)
    shots, rest = divmod(len(data), width)
    if rest:
        raise InputError(
            f"{source}: shots of {bits} bits take {width} bytes each, got {len(data)} bytes, which is {shots} shots "
            f"and {rest} bytes more: the file is cut off or has another number of bits"
        )
    check_memory(shots * bits, f"{shots} shots of {bits} bits", "read a smaller file")
    rows = np.frombuffer(data, np.uint8).reshape(shots, width)
    beyond = np.flatnonzero(rows[:, -1] >> (bits % 8)) if bits % 8 else np.zeros(0, int)
    if beyond.size:
        raise InputError(
            f"{source}: a shot of {bits} bits leaves {8 - bits % 8} of its last byte zero, not so shot {int(beyond[0])}"
            ": the file has another number of bits"
        )
    return np.unpackbits(rows, axis=1, count=bits, bitorder="little").view(np.bool_)


def _read_r8(data: bytes, bits: int, source: str) -> NDArray[np.bool_]:
    """Runs of zeros, each ended by a one; 255 goes on; the one after the last bit ends the shot."""
    runs = np.frombuffer(data, np.uint8).astype(np.int64)
    places = (
        np.cumsum(np.where(runs == 255, 255, runs + 1)) - 1
    )  # of the ones, over all shots; each has bits + 1 of them
    ones = places[runs != 255]
    length = int(places[-1]) + 1 if places.size else 0
    shots, rest = divmod(length, bits + 1)
    ends = ones[ones % (bits + 1) == bits]
    if rest or ends.size != shots or (runs.size and runs[-1] == 255):
        shot = next((k for k, end in enumerate(ends.tolist()) if end // (bits + 1) != k), int(ends.size))
        raise InputError(
            f"{source}: the runs of a shot of {bits} bits must add up to it, not so shot {shot}: the file is cut off "
            "or has another number of bits"
        )
    found = _empty(shots, bits + 1)
    found.reshape(-1)[ones] = True
    return found[:, :bits]


_MOST_DIGITS = 19
"""Of a number that may be an index; Python reads no number of thousands."""


def _read_hits(data: bytes, bits: int, source: str) -> NDArray[np.bool_]:
    lines = data.split(b"\n")
    if lines[-1]:
        raise InputError(f"{source}, line {len(lines)}: a shot ends with a new line, but the file ends before it")
    found = _empty(len(lines) - 1, bits)
    for shot, line in enumerate(lines[:-1]):
        ones = line.removesuffix(b"\r")
        for word in ones.split(b",") if ones else ():
            number = word.lstrip(b"0") or b"0"
            if not word.isdigit() or len(number) > _MOST_DIGITS or int(number) >= bits:
                raise InputError(
                    f"{source}, line {shot + 1}: a one is named by its number below {bits}, "
                    f"got {shown(word.decode('latin-1'))}"
                )
            found[shot, int(number)] ^= True
    return found


def _write_01(events: NDArray[np.bool_]) -> bytes:
    rows = np.full((len(events), events.shape[1] + 1), ord("\n"), np.uint8)
    rows[:, :-1] = events.view(np.uint8) + ord("0")
    return rows.tobytes()


def _write_b8(events: NDArray[np.bool_]) -> bytes:
    return np.packbits(events, axis=1, bitorder="little").tobytes()


def _write_r8(events: NDArray[np.bool_]) -> bytes:
    ended = np.ones((len(events), events.shape[1] + 1), np.bool_)
    ended[:, :-1] = events
    zeros = np.diff(np.flatnonzero(ended), prepend=-1) - 1
    return b"".join(b"\xff" * (run // 255) + bytes([run % 255]) for run in zeros.tolist())


def _write_hits(events: NDArray[np.bool_]) -> bytes:
    return "".join(",".join(map(str, np.flatnonzero(row))) + "\n" for row in events).encode()


_READERS = {"01": _read_01, "b8": _read_b8, "r8": _read_r8, "hits": _read_hits}
_WRITERS = {"01": _write_01, "b8": _write_b8, "r8": _write_r8, "hits": _write_hits}
