"""Integrals as text files that other programs of quantum chemistry write and read: FCIDUMP.

Knowles and Handy, Comput. Phys. Commun. 54, 75 (1989): a Fortran namelist, then one line for each integral with its
value and four orbitals counted from 1, in chemists' notation. Orbitals are 0 from behind: one-electron integrals have
two, orbital energies one, the energy of core and nuclei none.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit import _needs
from qtoolkit._arguments import shown
from qtoolkit._files import read_text
from qtoolkit._memory import reserved
from qtoolkit.applications.chemistry.fcidump_header import Header, read_header
from qtoolkit.errors import InputError

__all__ = ["Fcidump", "fcidump_text", "read_fcidump"]

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]

_SAME_VALUE = 1e-8
"""Two values of one integral may differ by this much."""
_FORBIDDEN = 1e-7
"""An integral that symmetry forbids may be this large."""
_UHF_BLOCKS = ("alpha-alpha", "beta-beta", "alpha-beta", "alpha", "beta", "core energy")
"""What zero lines separate in a dump of UHF orbitals, in the order of Molpro."""
_TWO, _ONE, _ENERGY, _CORE = 4, 2, 1, 0
"""Orbitals that a line names, by what it holds."""


@dataclass(frozen=True, eq=False)
class Fcidump:
    """What a file holds.

    Attributes:
        one_body: shape (norb, norb), or (2, norb, norb) for UHF.
        two_body: shape (norb, norb, norb, norb), or (3, norb, norb, norb, norb) for UHF.
        constant: energy of core and nuclei.
        nelec: alpha and beta electrons.
        orbital_energies: shape (norb,), or (2, norb) for UHF; None where there are none.
        orbital_symmetries: numbered so that the product of two is the exclusive or; None where there are none.
    """

    one_body: FloatArray
    two_body: FloatArray
    constant: float
    nelec: tuple[int, int]
    orbital_energies: FloatArray | None
    orbital_symmetries: tuple[int, ...] | None


@dataclass(frozen=True, eq=False)
class _Rows:
    """Lines of a file: values, orbitals counted from 0 (−1 for none), how many there are, and where they stand."""

    values: FloatArray
    orbitals: IntArray
    counts: IntArray
    lines: IntArray

    def __getitem__(self, which: npt.NDArray[np.bool_] | slice) -> _Rows:
        return _Rows(self.values[which], self.orbitals[which], self.counts[which], self.lines[which])

    def __len__(self) -> int:
        return len(self.values)


def read_fcidump(path: str | os.PathLike[str]) -> Fcidump:
    """Read a file, restricted or UHF in Molpro's form.

    Raises:
        InputError: if the file cannot be read, or naming the line that is wrong.
        InsufficientMemoryError: if the integrals do not fit into free memory.
    """
    text = _text_of(path)
    header = read_header(text)
    blocks = 3 if header.is_unrestricted else 1
    with reserved(
        _needs.integrals_of_text(header.norb, blocks, len(text)),
        f"the integrals of {header.norb} orbitals",
        "write the file for a smaller active space",
    ):
        rows = _read_rows(text, header)
        if header.is_unrestricted:
            one_body, two_body, constant, energies = _unrestricted(rows, header.norb)
        else:
            one_body, two_body, constant, energies = _restricted(rows, header.norb)
    return Fcidump(one_body, two_body, constant, header.nelec, energies, _symmetries(rows, header))


def fcidump_text(
    one_body: FloatArray,
    two_body: FloatArray,
    constant: float,
    nelec: tuple[int, int],
    orbital_symmetries: tuple[int, ...] | None,
    atol: float,
) -> str:
    """The text of a file, restricted, or UHF in Molpro's form.

    Args:
        one_body: see `Fcidump`.
        two_body: see `Fcidump`.
        constant: see `Fcidump`.
        nelec: see `Fcidump`.
        orbital_symmetries: see `Fcidump`.
        atol: integrals of at most this magnitude are left out.
    """
    norb = one_body.shape[-1]
    labels = ",".join(str(label + 1) for label in orbital_symmetries or (0,) * norb)
    unrestricted = one_body.ndim == 3 or two_body.ndim == 5
    lines = [
        f" &FCI NORB={norb},NELEC={sum(nelec)},MS2={nelec[0] - nelec[1]},",
        f"  ORBSYM={labels},",
        "  ISYM=1," + ("IUHF=1," if unrestricted else ""),
        " &END",
    ]
    if not unrestricted:
        lines += _two_body_lines(two_body, True, atol)
        lines += _one_body_lines(one_body, atol)
    else:
        separator = "0.0 0 0 0 0"
        electrons = np.broadcast_to(one_body, (2, norb, norb))
        pairs = np.broadcast_to(two_body, (3, *(norb,) * 4))
        for block, is_symmetric in ((0, True), (2, True), (1, False)):
            lines += [*_two_body_lines(pairs[block], is_symmetric, atol), separator]
        for spin in (0, 1):
            lines += [*_one_body_lines(electrons[spin], atol), separator]
    return "\n".join([*lines, f"{float(constant)!r} 0 0 0 0"]) + "\n"


def _text_of(path: str | os.PathLike[str]) -> str:
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"an FCIDUMP is given by its path, got {shown(path)}")
    return read_text(path, "the FCIDUMP")


def _read_rows(text: str, header: Header) -> _Rows:
    body = text.split("\n")[header.num_lines :]
    lines = np.array([k for k, line in enumerate(body) if line.strip()], dtype=np.int64)
    first = header.num_lines + 1
    content = "\n".join(body).translate(str.maketrans("dD", "ee"))
    try:
        table = np.loadtxt(io.StringIO(content), ndmin=2, comments=None) if len(lines) else np.zeros((0, 5))
    except ValueError:
        table = np.zeros((0, 0))
    numbers = table[:, 1:]
    if table.shape != (len(lines), 5) or not (
        np.isfinite(table).all() and (numbers == np.floor(numbers)).all() and (numbers >= 0).all()
    ):
        raise _first_bad_line(body, first)
    if not len(lines):
        raise InputError("an FCIDUMP has a line for each integral behind its header, got none")
    orbitals = numbers.astype(np.int64)
    counts = np.count_nonzero(orbitals, axis=1)
    named = np.arange(4) < counts[:, None]
    wrong = (orbitals > header.norb).any(axis=1) | (named != (orbitals > 0)).any(axis=1) | (counts == 3)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"line {first + int(lines[row])} of the FCIDUMP must name four orbitals from 1 to {header.norb}, or two, "
            f"one or none and zeros behind them, got {orbitals[row].tolist()}"
        )
    return _Rows(table[:, 0].copy(), orbitals - 1, counts, first + lines)


def _first_bad_line(body: list[str], first: int) -> InputError:
    for number, line in enumerate(body, start=first):
        columns = line.replace("d", "e").replace("D", "e").split()
        if not columns:
            continue
        where, have = f"line {number} of the FCIDUMP", shown(line.strip())
        if "(" in line:
            return InputError(f"{where} must hold a real integral, got {have}; complex orbitals are not supported")
        if len(columns) != 5:
            return InputError(f"{where} must hold a value and four orbitals, got {have}")
        if not (columns[0] != "" and _is_number(columns[0])):
            return InputError(f"{where} must begin with a finite number, got {have}")
        if not all(column.isascii() and column.isdecimal() for column in columns[1:]):
            return InputError(f"{where} must end with four integers of at least 0, got {have}")
    return InputError("an FCIDUMP has a value and four orbitals in each line behind its header")


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _restricted(rows: _Rows, norb: int) -> tuple[FloatArray, FloatArray, float, FloatArray | None]:
    cores = np.flatnonzero(rows.counts == _CORE)
    if len(cores) == 0:
        raise InputError(
            "an FCIDUMP ends with the energy of core and nuclei, a value and four zeros, got none; is the file "
            "complete?"
        )
    if len(cores) > 1:
        raise InputError(
            f"line {int(rows.lines[cores[1]])} of the FCIDUMP is a second one with four zeros, which separate blocks "
            "of UHF orbitals; write IUHF=1 into the header of such a file"
        )
    energies = _energies(rows[rows.counts == _ENERGY], norb)
    one_body = _one_body(rows[rows.counts == _ONE], norb)
    two_body = _two_body(rows[rows.counts == _TWO], norb, True)
    return one_body, two_body, float(rows.values[cores[0]]), energies


def _unrestricted(rows: _Rows, norb: int) -> tuple[FloatArray, FloatArray, float, FloatArray | None]:
    cores = np.flatnonzero(rows.counts == _CORE)
    if len(cores) != len(_UHF_BLOCKS) or cores[-1] != len(rows) - 1 or rows.values[cores[:-1]].any():
        raise InputError(
            f"an FCIDUMP of UHF orbitals has the blocks {', '.join(_UHF_BLOCKS)}, five lines of zeros between them, "
            f"got {len(cores)} lines with four zeros; spin orbitals one by one, as NECI numbers them, are not supported"
        )
    parts = [rows[start + 1 : end] for start, end in itertools.pairwise([-1, *cores.tolist()])]
    for part, name, counts in zip(parts, _UHF_BLOCKS, [(_TWO,)] * 3 + [(_ONE, _ENERGY)] * 2 + [()], strict=True):
        wrong = ~np.isin(part.counts, counts)
        if wrong.any():
            raise InputError(
                f"line {int(part.lines[np.argmax(wrong)])} of the FCIDUMP names "
                f"{int(part.counts[np.argmax(wrong)])} orbitals, which the block {name} of UHF orbitals has not"
            )
    energies = [_energies(part[part.counts == _ENERGY], norb) for part in parts[3:5]]
    one_body = np.array([_one_body(part[part.counts == _ONE], norb) for part in parts[3:5]])
    two_body = np.empty((3, *(norb,) * 4))
    for block, part, is_symmetric in ((0, parts[0], True), (2, parts[1], True), (1, parts[2], False)):
        two_body[block] = _two_body(part, norb, is_symmetric)
    alpha, beta = energies
    both = None if alpha is None or beta is None else np.array([alpha, beta])
    return one_body, two_body, float(rows.values[-1]), both


def _energies(rows: _Rows, norb: int) -> FloatArray | None:
    if not len(rows):
        return None
    orbitals = rows.orbitals[:, 0]
    _check_repeats(rows, orbitals)
    if len(np.unique(orbitals)) != norb:
        missing = np.setdiff1d(np.arange(norb), orbitals)
        raise InputError(
            f"an FCIDUMP has the energy of all orbitals or of none, got none of orbital {int(missing[0]) + 1} from "
            f"line {int(rows.lines[0])} on"
        )
    energies = np.zeros(norb)
    energies[orbitals] = rows.values
    return energies


def _one_body(rows: _Rows, norb: int) -> FloatArray:
    p, q = rows.orbitals[:, 0], rows.orbitals[:, 1]
    _check_repeats(rows, _pair(p, q))
    tensor = np.zeros((norb, norb))
    tensor[p, q] = tensor[q, p] = rows.values
    return tensor


def _two_body(rows: _Rows, norb: int, is_symmetric: bool) -> FloatArray:
    """Integrals of one block from those that symmetry leaves, eightfold or, between two spins, fourfold."""
    p, q, r, s = rows.orbitals.T
    first, second = _pair(p, q), _pair(r, s)
    pairs = norb * (norb + 1) // 2
    _check_repeats(rows, _pair(first, second) if is_symmetric else first * pairs + second)
    tensor = np.zeros((norb,) * 4)
    for a, b in ((p, q), (q, p)):
        for c, d in ((r, s), (s, r)):
            tensor[a, b, c, d] = rows.values
            if is_symmetric:
                tensor[c, d, a, b] = rows.values
    return tensor


def _pair(p: IntArray, q: IntArray) -> IntArray:
    """The number of an unordered pair."""
    high, low = np.maximum(p, q), np.minimum(p, q)
    return np.asarray(high * (high + 1) // 2 + low)


def _check_repeats(rows: _Rows, keys: IntArray) -> None:
    """Refuse an integral that is given twice with different values."""
    order = np.argsort(keys, kind="stable")
    same = np.diff(keys[order]) == 0
    jumps = np.abs(np.diff(rows.values[order])) > _SAME_VALUE
    if (same & jumps).any():
        at = int(np.argmax(same & jumps))
        before, after = (int(rows.lines[order[at + k]]) for k in (0, 1))
        raise InputError(
            f"line {after} of the FCIDUMP gives the integral of line {before} another value, "
            f"{float(rows.values[order[at + 1]]):g} for {float(rows.values[order[at]]):g}; integrals of real orbitals "
            "in chemists' notation are alike under exchange of the first two, the last two and both pairs of orbitals"
        )


def _symmetries(rows: _Rows, header: Header) -> tuple[int, ...] | None:
    """Representations counted from 0: the file counts from 1, as Molpro does, or from 0, as PySCF does."""
    if header.orbital_symmetries is None:
        return None
    given = np.array(header.orbital_symmetries, dtype=np.int64)
    large = rows[(np.abs(rows.values) > _FORBIDDEN) & (rows.counts >= _ONE)]
    refused = 0
    for shift in (1, 0):
        if given.min() < shift or given.max() - shift > 7:
            continue
        labels = np.append(given - shift, 0)  # −1 stands for no orbital
        products = np.bitwise_xor.reduce(labels[large.orbitals], axis=1)
        if not products.any():
            return tuple((given - shift).tolist())
        refused = refused or int(large.lines[np.flatnonzero(products)[0]])
    raise InputError(
        f"ORBSYM of the FCIDUMP forbids the integral in line {refused}, which is not 0; correct it or leave ORBSYM out"
    )


def _two_body_lines(tensor: FloatArray, is_symmetric: bool, atol: float) -> Iterator[str]:
    high, low = np.tril_indices(len(tensor))
    for k, (p, q) in enumerate(zip(high.tolist(), low.tolist(), strict=True)):
        end = k + 1 if is_symmetric else len(high)
        row = tensor[p, q, high[:end], low[:end]]
        for at in np.flatnonzero(np.abs(row) > atol).tolist():
            yield f"{float(row[at])!r} {p + 1} {q + 1} {high[at] + 1} {low[at] + 1}"


def _one_body_lines(tensor: FloatArray, atol: float) -> Iterator[str]:
    for p, q in itertools.combinations_with_replacement(range(len(tensor)), 2):
        if abs(tensor[q, p]) > atol:
            yield f"{float(tensor[q, p])!r} {q + 1} {p + 1} 0 0"
