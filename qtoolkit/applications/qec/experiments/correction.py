"""One error of a code, the checks that it sets off, and a correction of them: a shot to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qtoolkit._optional import require
from qtoolkit.applications.qec._validation import require_rate, root_entropy
from qtoolkit.applications.qec.circuits.memory import any_code
from qtoolkit.applications.qec.codes import StabilizerCode
from qtoolkit.applications.qec.codes.drawing import Picture, drawn_lattice
from qtoolkit.errors import InputError

__all__ = ["Correction", "correct_once"]

Bits = NDArray[np.uint8]

_ERROR, _CORRECTION = "#f0c419", "#009e73"


@dataclass(frozen=True, eq=False)
class Correction:
    """What happened to a code and what was done about it, under perfect checks.

    Attributes:
        code: with one stored qubit or more.
        error: uint8, shape (2n,), as [x | z].
        syndrome: the checks that fired, bool, one for each stabilizer.
        correction: uint8, shape (2n,), with the same syndrome.
        seed: that repeats it.
    """

    code: StabilizerCode
    error: Bits
    syndrome: NDArray[np.bool_]
    correction: Bits
    seed: int

    @property
    def logical_error(self) -> bool:
        """Whether error and correction together are a logical operator, not a stabilizer."""
        return bool(self.code.logical_action((self.error ^ self.correction)[None, :]).any())

    def draw(self, theme: Literal["light", "dark"] = "light") -> str:
        """The lattice with the error in yellow, rings around what is corrected, and diamonds on the checks that fired.

        Raises:
            InputError: if the code has no coordinates, or the theme is neither light nor dark.
        """
        picture, names = drawn_lattice(self.code, theme)
        picture.dots()
        measured, points = self.code.measured_operators, self.code.check_coordinates
        assert points is not None
        size = self.code.num_qubits
        swapped = np.concatenate([self.error[size:], self.error[:size]]).astype(np.int64)
        for row in np.flatnonzero(measured.astype(np.int64) @ swapped % 2):
            _diamond(picture, points[row])
        for qubit in range(size):
            for pauli, draw in ((self.correction, _ring), (self.error, _letter)):
                letter = "IXZY"[pauli[qubit] + 2 * pauli[size + qubit]]
                if letter != "I":
                    draw(picture, picture.points[qubit], letter)
        outcome = "logical error" if self.logical_error else "undone"
        return picture.document(
            f"{self.code.name or 'code'} {self.code.parameters}: {outcome}",
            [*((_short(name), colour) for name, colour in names), ("error", _ERROR), ("correction", _CORRECTION)],
        )


def correct_once(
    code: StabilizerCode, physical_error_rate: float, *, seed: int | np.random.Generator | None = None
) -> Correction:
    """Depolarise every qubit, measure all checks without errors, and undo the likeliest error of each kind.

    Matching finds it where every X and Z error sets off at most two checks, as on surface codes, and belief propagation
    with ordered statistics elsewhere.

    Args:
        code: of X checks and Z checks.
        physical_error_rate: of depolarising, in [0, 3/4].
        seed: of the error.

    Raises:
        InputError: if the code is none with X checks and Z checks, or the rate lies outside.
        MissingExtraError: if PyMatching, or ldpc where it is needed, is not installed.
    """
    found = any_code(code)
    rate = require_rate("physical_error_rate", physical_error_rate, 0.75)
    size = found.num_qubits
    x_rows = found.stabilizers[:, :size].any(axis=1)
    if not found.is_css:
        raise InputError(f"a correction is drawn for codes of X checks and Z checks, got {found!r}")
    root = root_entropy(seed)
    letters = np.random.default_rng(root).choice(4, size, p=[1.0 - rate, rate / 3, rate / 3, rate / 3])
    error = np.concatenate([np.isin(letters, (1, 2)), np.isin(letters, (2, 3))]).astype(np.uint8)
    syndrome = found.syndrome(error[None, :])[0]
    flips = 2.0 * rate / 3.0
    x_part = _undone(found.stabilizers[~x_rows][:, size:], syndrome[~x_rows], flips)
    z_part = _undone(found.stabilizers[x_rows][:, :size], syndrome[x_rows], flips)
    return Correction(found, error, syndrome, np.concatenate([x_part, z_part]), root)


def _undone(checks: Bits, syndrome: NDArray[np.bool_], flips: float) -> Bits:
    """A likely set of flipped qubits that sets off these checks."""
    if not syndrome.any():
        return np.zeros(checks.shape[1], np.uint8)
    if checks.sum(axis=0).max() <= 2:
        matching: Any = require("pymatching", extra="qec").Matching(checks)
        return np.asarray(matching.decode(syndrome.astype(np.uint8)), dtype=np.uint8)
    decoder: Any = require("ldpc", extra="qec").BpOsdDecoder(
        checks, error_rate=flips, max_iter=50, bp_method="minimum_sum", osd_method="osd_cs", osd_order=7
    )
    return np.asarray(decoder.decode(syndrome.astype(np.uint8)), dtype=np.uint8)


def _short(name: str) -> str:
    """A name of a colour, so that four fit side by side."""
    return name.removeprefix("face: an ").replace(" and a ", " and ")


def _radius(picture: Picture) -> float:
    return max(4.5, min(13.0, 0.24 * picture.spacing * picture.scale))


def _letter(picture: Picture, point: NDArray[np.float64], letter: str) -> None:
    (x, y), radius = picture.pixels(point), _radius(picture)
    picture.shapes.append(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{_ERROR}" stroke="#1a1a1a" stroke-width="1"/>'
    )
    if radius >= 6.0:
        picture.shapes.append(
            f'<text x="{x:.1f}" y="{y + 0.4 * radius:.1f}" text-anchor="middle" fill="#1a1a1a" '
            f'font-family="sans-serif" font-weight="bold" font-size="{1.2 * radius:.0f}">{letter}</text>'
        )


def _ring(picture: Picture, point: NDArray[np.float64], letter: str) -> None:
    (x, y), radius = picture.pixels(point), 1.45 * _radius(picture)
    picture.shapes.append(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none" stroke="{picture.colours["ground"]}" '
        f'stroke-width="7"/><circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none" stroke="{_CORRECTION}" '
        f'stroke-width="4"/>'
    )
    if _radius(picture) >= 6.0:
        picture.shapes.append(
            f'<text x="{x + radius:.1f}" y="{y - 0.75 * radius:.1f}" fill="{picture.colours["ink"]}" '
            f'font-family="sans-serif" font-weight="bold" font-size="{0.95 * _radius(picture):.0f}">{letter}</text>'
        )


def _diamond(picture: Picture, point: NDArray[np.float64]) -> None:
    (x, y), reach = picture.pixels(point), 0.75 * _radius(picture)
    corners = f"{x:.1f},{y - reach:.1f} {x + reach:.1f},{y:.1f} {x:.1f},{y + reach:.1f} {x - reach:.1f},{y:.1f}"
    picture.shapes.append(f'<polygon points="{corners}" fill="#ffffff" stroke="#1a1a1a" stroke-width="1.6"/>')
