"""The namelist that an FCIDUMP begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qtoolkit._arguments import shown
from qtoolkit.errors import InputError

__all__ = ["Header", "read_header"]

_BEGIN = re.compile(r"\s*[&$]FCI\b", re.IGNORECASE)
_END = re.compile(r"[&$]END\b|/|[&$]\s*$", re.IGNORECASE)
_ENTRY = re.compile(r"([A-Za-z]\w*)\s*=")
_REPEATED = re.compile(r"(?:(\d+)\*)?([+-]?\d+)")
_MOST_ORBITALS = 1 << 12
_NUM_IRREPS = 8
_TRUE = {".TRUE.", "TRUE", ".T.", "T", "1"}
_FALSE = {".FALSE.", "FALSE", ".F.", "F", "0"}


@dataclass(frozen=True)
class Header:
    """What a namelist says.

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        orbital_symmetries: as they are written; None where there are none.
        is_unrestricted: whether the orbitals of the two spins differ.
        num_lines: that it takes.
    """

    norb: int
    nelec: tuple[int, int]
    orbital_symmetries: tuple[int, ...] | None
    is_unrestricted: bool
    num_lines: int


def read_header(text: str) -> Header:
    """Read ``&FCI NORB=…, NELEC=…, MS2=…, ORBSYM=…, ISYM=…, IUHF=… &END``; entries of other programs are passed over.

    Raises:
        InputError: naming the line that is wrong.
    """
    content, num_lines = _content(text)
    entries = _Entries(content)
    norb = entries.integer("NORB", None, 1, _MOST_ORBITALS)
    electrons = entries.integer("NELEC", None, 0, 2 * norb)
    excess = entries.integer("MS2", 0, -norb, norb)
    if (electrons + excess) % 2 or abs(excess) > electrons or (electrons + abs(excess)) // 2 > norb:
        raise InputError(
            f"{entries.place('MS2')} must be n_alpha − n_beta of {electrons} electrons in {norb} orbitals, got {excess}"
        )
    entries.integer("ISYM", 1, 0, _NUM_IRREPS)
    if entries.flag("TREL"):
        raise InputError(f"{entries.place('TREL')} asks for relativistic integrals, which are not supported")
    labels = entries.integers("ORBSYM", 0, _NUM_IRREPS)
    if labels is not None and len(labels) != norb:
        raise InputError(f"{entries.place('ORBSYM')} must have NORB={norb} entries, got {len(labels)}")
    return Header(
        norb=norb,
        nelec=((electrons + excess) // 2, (electrons - excess) // 2),
        orbital_symmetries=labels,
        is_unrestricted=entries.flag("IUHF") or entries.flag("UHF"),
        num_lines=num_lines,
    )


def _content(text: str) -> tuple[str, int]:
    """What stands in the namelist, lines kept, and how many lines it takes."""
    lines = text.split("\n")
    begin = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if not _BEGIN.match(lines[begin]):
        raise InputError(f"an FCIDUMP begins with &FCI, got {shown(lines[begin].strip())} in line {begin + 1}")
    kept = [""] * begin
    for k in range(begin, len(lines)):
        line = lines[k].partition("!")[0]
        if k == begin:
            line = _BEGIN.sub("", line, count=1)
        found = _END.search(line)
        kept.append(line[: found.start()] if found else line)
        if found:
            if line[found.end() :].strip():
                raise InputError(f"line {k + 1} of the FCIDUMP must end with its header, got {shown(lines[k].strip())}")
            return "\n".join(kept), k + 1
    raise InputError("the header of an FCIDUMP ends with &END or /, got no end")


class _Entries:
    """Names, in upper case, with the text that follows each."""

    def __init__(self, content: str) -> None:
        self._values: dict[str, tuple[str, int]] = {}
        found = list(_ENTRY.finditer(content))
        before = content[: found[0].start()] if found else content
        if before.replace(",", "").strip():
            raise InputError(f"the header of an FCIDUMP holds entries such as NORB=2, got {shown(before.strip())}")
        ends = [match.start() for match in found[1:]] + [len(content)]
        for match, end in zip(found, ends, strict=True):
            name, line = match[1].upper(), content.count("\n", 0, match.start()) + 1
            if name in self._values:
                raise InputError(f"line {line} of the FCIDUMP gives {name} again")
            self._values[name] = (content[match.end() : end], line)

    def place(self, name: str) -> str:
        """Where an entry stands, in words."""
        return f"{name} in line {self._values[name][1]} of the FCIDUMP" if name in self._values else name

    def integers(self, name: str, least: int, most: int) -> tuple[int, ...] | None:
        """Integers, some as Fortran repeats them, ``4*1``; None where there is no such entry."""
        if name not in self._values:
            return None
        numbers: list[int] = []
        for word in self._values[name][0].replace(",", " ").split():
            match = _REPEATED.fullmatch(word)
            if match is None or len(word) > 20 or not least <= int(match[2]) <= most:
                raise InputError(f"{self.place(name)} must hold integers from {least} to {most}, got {shown(word)}")
            times = int(match[1] or 1)
            if times + len(numbers) > _MOST_ORBITALS:
                raise InputError(f"{self.place(name)} must have at most {_MOST_ORBITALS} entries, got {shown(word)}")
            numbers += [int(match[2])] * times
        return tuple(numbers)

    def integer(self, name: str, default: int | None, least: int, most: int) -> int:
        """One integer."""
        numbers = self.integers(name, least, most)
        if numbers is None:
            if default is None:
                raise InputError(f"the header of an FCIDUMP must have {name}, got none")
            return default
        if len(numbers) != 1:
            raise InputError(f"{self.place(name)} must be one integer, got {len(numbers)}")
        return numbers[0]

    def flag(self, name: str) -> bool:
        """Whether an entry says yes; no where there is none."""
        if name not in self._values:
            return False
        word = self._values[name][0].replace(",", " ").strip().upper()
        if word not in _TRUE | _FALSE:
            raise InputError(f"{self.place(name)} must be .TRUE. or .FALSE., got {shown(word)}")
        return word in _TRUE
