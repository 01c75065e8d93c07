"""Stim's gates as ours, each up to a global phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["GATES", "MEASURED_IN", "PREPARED_IN", "Steps", "TO_STIM"]

Steps: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]
"""Names of standard gates in time order, with places among Stim's targets."""


def _one(*names: str) -> Steps:
    return tuple((name, (0,)) for name in names)


def _controlled(control: str, target: str) -> Steps:
    """A gate that applies the Pauli `target` where the first qubit is in the state -1 of the Pauli `control`."""
    before: Steps = tuple((name, (0,)) for name in _TO_Z[control])
    after: Steps = tuple((name, (0,)) for name in _FROM_Z[control])
    return (*before, (f"c{target}", (0, 1)), *after)


def _root(letter: str, sign: int) -> Steps:
    """The square root of a product of two equal Paulis, or its inverse."""
    turns = [(letter, (0,)), (letter, (1,))]
    basis: Steps = tuple((name, place) for letter, place in turns for name in _TO_Z[letter])
    back: Steps = tuple((name, place) for letter, place in turns for name in _FROM_Z[letter])
    phase = "s" if sign > 0 else "sdg"
    return (*basis, ("cx", (0, 1)), (phase, (1,)), ("cx", (0, 1)), *back)


_TO_Z: Mapping[str, tuple[str, ...]] = {"x": ("h",), "y": ("sx",), "z": ()}
"""What takes a Pauli to Z."""
_FROM_Z: Mapping[str, tuple[str, ...]] = {"x": ("h",), "y": ("sxdg",), "z": ()}
"""What takes Z to a Pauli."""

MEASURED_IN = {letter.upper(): names for letter, names in _TO_Z.items()}
"""Gates before a measurement of Z that make it one of another Pauli; `PREPARED_IN` undoes them."""
PREPARED_IN = {letter.upper(): names for letter, names in _FROM_Z.items()}
"""Gates that make the state +1 of Z the one of another Pauli."""

GATES: Mapping[str, Steps] = {
    "I": (),
    "X": _one("x"),
    "Y": _one("y"),
    "Z": _one("z"),
    "H": _one("h"),
    "H_XY": _one("x", "s"),
    "H_YZ": _one("y", "sx"),
    "H_NXY": _one("x", "sdg"),
    "H_NXZ": _one("y", "h"),
    "H_NYZ": _one("y", "sxdg"),
    "S": _one("s"),
    "S_DAG": _one("sdg"),
    "SQRT_X": _one("sx"),
    "SQRT_X_DAG": _one("sxdg"),
    "SQRT_Y": _one("z", "h"),
    "SQRT_Y_DAG": _one("x", "h"),
    "C_XYZ": _one("h", "sxdg"),
    "C_NXYZ": _one("sx", "sdg"),
    "C_XNYZ": _one("h", "sx"),
    "C_XYNZ": _one("sxdg", "s"),
    "C_ZYX": _one("h", "s"),
    "C_NZYX": _one("sdg", "sx"),
    "C_ZNYX": _one("h", "sdg"),
    "C_ZYNX": _one("s", "sxdg"),
    "II": (),
    "CX": _controlled("z", "x"),
    "CY": _controlled("z", "y"),
    "CZ": _controlled("z", "z"),
    "XCX": _controlled("x", "x"),
    "XCY": _controlled("x", "y"),
    "XCZ": _controlled("x", "z"),
    "YCX": _controlled("y", "x"),
    "YCY": _controlled("y", "y"),
    "YCZ": _controlled("y", "z"),
    "SWAP": (("swap", (0, 1)),),
    "ISWAP": (("iswap", (0, 1)),),
    "ISWAP_DAG": (("iswap", (0, 1)), ("z", (0,)), ("z", (1,))),
    "CXSWAP": (("cx", (0, 1)), ("swap", (0, 1))),
    "SWAPCX": (("swap", (0, 1)), ("cx", (0, 1))),
    "CZSWAP": (("cz", (0, 1)), ("swap", (0, 1))),
    "SQRT_XX": _root("x", 1),
    "SQRT_XX_DAG": _root("x", -1),
    "SQRT_YY": _root("y", 1),
    "SQRT_YY_DAG": _root("y", -1),
    "SQRT_ZZ": _root("z", 1),
    "SQRT_ZZ_DAG": _root("z", -1),
}
"""By Stim's own name, without aliases."""

TO_STIM: Mapping[str, str] = {
    "id": "I",
    "x": "X",
    "y": "Y",
    "z": "Z",
    "h": "H",
    "s": "S",
    "sdg": "S_DAG",
    "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG",
    "cx": "CX",
    "cy": "CY",
    "cz": "CZ",
    "swap": "SWAP",
    "iswap": "ISWAP",
}
"""Our gates that are one of Stim's, up to a global phase."""
