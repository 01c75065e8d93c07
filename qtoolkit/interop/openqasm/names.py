"""Identifiers and registers of a text: valid, distinct, and in the order of the circuit's bits."""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Names", "Register", "lay_out"]

_WORDS_2 = """
OPENQASM include qreg creg gate opaque barrier measure reset if pi sin cos tan exp ln sqrt U CX
u3 u2 u1 cx id u0 u p x y z h s sdg t tdg rx ry rz sx sxdg cz cy swap ch ccx cswap crx cry crz cu1 cp cu3 csx cu
rxx rzz rccx rc3x c3x c3sqrtx c4x delay
"""
_WORDS_3 = """
OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end return for while in
switch case default nop pragma input output const readonly mutable qreg qubit creg bool bit int uint float angle
complex array void duration stretch gphase inv pow ctrl negctrl dim durationof delay reset measure barrier true
false im pi tau euler π τ ℇ sin cos tan arcsin arccos arctan exp log ceiling floor mod popcount rotl rotr sqrt
real imag sizeof U CX p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu phase cphase
id u1 u2 u3
"""
_RESERVED = {2: frozenset(_WORDS_2.split()), 3: frozenset(_WORDS_3.split())}


class Names:
    """Gives out identifiers that a version's grammar allows, each once."""

    def __init__(self, version: int) -> None:
        self._version = version
        self._taken = set(_RESERVED[version])
        self._suffixes: dict[str, int] = {}

    def give(self, wanted: str) -> str:
        """An identifier as close to `wanted` as the grammar and the names already given allow."""
        letters = "".join(letter if self._allowed(letter) else "_" for letter in wanted).rstrip("_") or "name"
        if self._version == 2:
            if not letters[0].islower():
                letters = letters[0].lower() + letters[1:] if letters[0].isalpha() else f"q_{letters}"
        elif letters[0].isdigit():
            letters = f"_{letters}"
        name, suffix = letters, self._suffixes.get(letters, 0)
        while name in self._taken:
            name, suffix = f"{letters}_{suffix}", suffix + 1
        self._suffixes[letters] = suffix  # those before it are taken for good
        self._taken.add(name)
        return name

    def _allowed(self, letter: str) -> bool:
        if letter.isascii():
            return letter.isalnum() or letter == "_"
        return self._version == 3 and unicodedata.category(letter) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")


@dataclass(frozen=True)
class Register:
    """Bits ``start … start + size - 1`` under one name."""

    name: str
    start: int
    size: int

    def bit(self, index: int) -> str:
        """The reference to the circuit's bit `index`."""
        return f"{self.name}[{index - self.start}]"


def lay_out(
    size: int, registers: Iterable[tuple[str, Sequence[int]]], default_name: str, names: Names
) -> list[Register]:
    """Registers that cover bits ``0 … size - 1`` once and in order, as a text declares them.

    A register keeps its name where its bits follow one another and no earlier one has them; the bits left over
    come in registers of the default name.
    """
    # A register that overlaps an earlier one is left out, whichever of them comes first among the bits.
    placed: list[Register] = []
    starts: list[int] = []
    for name, bits in registers:
        if not bits or list(bits) != list(range(bits[0], bits[0] + len(bits))):
            continue
        place = bisect.bisect(starts, bits[0])
        free_from = placed[place - 1].start + placed[place - 1].size if place else 0
        free_to = starts[place] if place < len(starts) else size
        if free_from <= bits[0] and bits[-1] < free_to:
            starts.insert(place, bits[0])
            placed.insert(place, Register(name, bits[0], len(bits)))
    result: list[Register] = []
    position = 0
    for register in [*placed, Register("", size, 0)]:
        if position < register.start:
            result.append(Register(names.give(default_name), position, register.start - position))
        if register.size:
            result.append(Register(names.give(register.name), register.start, register.size))
        position = register.start + register.size
    return result
