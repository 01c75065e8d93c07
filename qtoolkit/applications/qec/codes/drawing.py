"""Drawings of lattices as SVG documents, in colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_choice
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.applications.qec.codes.honeycomb import HoneycombCode
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.errors import InputError

__all__ = ["Picture", "Theme", "drawn_lattice", "honeycomb_svg", "lattice_svg"]

Theme = Literal["light", "dark"]
Points = NDArray[np.float64]

_THEMES = {
    "light": {"ground": "#ffffff", "ink": "#1a1a1a", "line": "#5a5a5a"},
    "dark": {"ground": "#16181d", "ink": "#f0f0f0", "line": "#a8a8a8"},
}
_LETTERS = {"X": "#0072b2", "Z": "#d55e00", "Y": "#009e73", "mixed": "#cc79a7"}
"""Of Okabe and Ito, as in the reports."""
_FACES = ("#d55e00", "#009e73", "#0072b2", "#cc79a7")
_SOLID, _SHEER = 0.62, 0.2
_WIDTH = 400
_LEGEND = 26
_ROOM = 40.0
"""Pixels between qubits from which on letters fit into faces."""
_FEW_NEIGHBOURS = 3.0
"""Checks whose qubits are further from them than so many spacings are drawn as single examples."""


def lattice_svg(code: StabilizerCode, theme: str = "light") -> str:
    """Qubits as dots, and what is measured as faces, or lines where it acts on two qubits.

    Faces that are both an X and a Z check have three colours, as in colour codes. Of checks that reach far across a
    torus, one of each letter is drawn.

    Raises:
        InputError: if the code has no coordinates, or the theme is neither light nor dark.
    """
    picture, names = drawn_lattice(code, theme)
    picture.dots()
    return picture.document(f"{code.name or 'code'} {code.parameters}", names)


def drawn_lattice(code: StabilizerCode, theme: str) -> tuple[Picture, list[tuple[str, str]]]:
    """The faces of a lattice, to which marks may be added, and the names of their colours.

    Raises:
        InputError: as `lattice_svg`.
    """
    require_choice("theme", theme, tuple(_THEMES))
    if code.coordinates is None or code.check_coordinates is None:
        raise InputError(f"a drawing needs coordinates, got none of {code!r}; pass coordinates=… to the code")
    picture = Picture(code.coordinates, code.period, theme)
    size = code.num_qubits
    rows = code.measured_operators
    supports = rows[:, :size] | rows[:, size:]
    letters = [_letter(row, size) for row in rows]
    opacity = _SHEER if _overlapping(supports, letters) else _SOLID
    reach = max((picture.reach(supports[row], code.check_coordinates[row]) for row in range(len(rows))), default=0.0)
    if reach > _FEW_NEIGHBOURS * picture.spacing and code.period is not None:
        off_centre = np.linalg.norm(code.check_coordinates - picture.points.mean(axis=0), axis=1)
        chosen = [
            min((row for row in range(len(rows)) if letters[row] == letter), key=lambda row: off_centre[row])
            for letter in dict.fromkeys(letters)
        ]
        for row in chosen:
            picture.star(supports[row], code.check_coordinates[row], _LETTERS[letters[row]])
        names = [(f"one {letters[row]} check", _LETTERS[letters[row]]) for row in chosen]
    elif colours := _face_colours(supports, letters):
        for row, colour in colours.items():
            picture.face(supports[row], code.check_coordinates[row], _FACES[colour])
        names = [("face: an X and a Z check", _FACES[0])]
    else:
        for row in range(len(rows)):
            picture.face(supports[row], code.check_coordinates[row], _LETTERS[letters[row]], opacity)
        for row in (row for row in range(len(rows)) if letters[row] == "mixed" and opacity == _SOLID):
            picture.letters(rows[row], code.check_coordinates[row])
        names = [(f"{letter} check", _LETTERS[letter]) for letter in dict.fromkeys(letters)]
    return picture, names


def honeycomb_svg(code: HoneycombCode, theme: str = "light") -> str:
    """Hexagons and edges in the colours of their letters.

    Raises:
        InputError: if the theme is neither light nor dark.
    """
    require_choice("theme", theme, tuple(_THEMES))
    picture = Picture(code.coordinates, None, theme)
    shades = [_LETTERS[letter] for letter in "XYZ"]
    for qubits, colour, centre in zip(code.hexagons, code.hexagon_colours, code.hexagon_coordinates, strict=True):
        picture.polygon(code.nearest(code.coordinates[qubits], centre), shades[colour], 0.3)
    for ends, colour in zip(code.edges, code.edge_colours, strict=True):
        for here, there in (ends, ends[::-1]):
            start = code.coordinates[here]
            picture.line(start, code.nearest(code.coordinates[[there]], start)[0], shades[colour], 3.5)
    picture.dots()
    return picture.document(
        f"honeycomb, {code.num_qubits} qubits", [(f"{letter}{letter}", _LETTERS[letter]) for letter in "XYZ"]
    )


def _letter(row: Bits, size: int) -> str:
    x, z = row[:size], row[size:]
    if not z.any():
        return "X"
    if not x.any():
        return "Z"
    return "Y" if np.array_equal(x, z) else "mixed"


def _overlapping(supports: Bits, letters: list[str]) -> bool:
    """Whether checks of one letter share three qubits or more, so that their faces lie on each other."""
    shared = supports.astype(np.int64) @ supports.T
    alike = np.array([[one == two for two in letters] for one in letters])
    return bool(np.any((np.triu(shared, 1) >= 3) & alike))


def _face_colours(supports: Bits, letters: list[str]) -> dict[int, int]:
    """Colours of faces where each is a check of X and one of Z, so that neighbours differ; empty for other codes."""
    faces = {supports[row].tobytes(): row for row in range(len(supports)) if letters[row] == "X"}
    others = {supports[row].tobytes() for row in range(len(supports)) if letters[row] == "Z"}
    if set(faces) != others or set(letters) != {"X", "Z"}:
        return {}
    chosen: dict[int, int] = {}
    rows = sorted(faces.values())
    waiting = rows[:1]
    while waiting:
        row = waiting.pop(0)
        if row in chosen:
            continue
        near = [other for other in rows if other != row and int((supports[row] & supports[other]).sum()) >= 2]
        used = {chosen[other] for other in near if other in chosen}
        chosen[row] = next(colour for colour in range(len(_FACES)) if colour not in used or colour == len(_FACES) - 1)
        # Faces with the most coloured neighbours next: in a triangle their colour is forced.
        waiting = sorted(
            {*waiting, *near} - set(chosen),
            key=lambda face: -sum(int((supports[face] & supports[done]).sum()) >= 2 for done in chosen),
        )
    return chosen


class Picture:
    """Shapes in the units of coordinates, which become pixels at the end; y runs upwards."""

    def __init__(self, points: Points, period: tuple[float, float] | None, theme: str) -> None:
        self.points = points
        self.period = period
        self.colours = _THEMES[theme]
        self.theme = theme
        gaps = np.linalg.norm(points[:, None] - points[None], axis=2) if len(points) <= 2000 else np.ones((2, 2))
        self.spacing = float(gaps[gaps > 1e-9].min()) if np.any(gaps > 1e-9) else 1.0
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.9 * self.spacing
        self.low, extent = low - margin, high - low + 2 * margin
        self.scale = _WIDTH / float(extent[0])
        if extent[1] > 1.25 * extent[0]:  # a tall lattice in the middle of the width
            self.low[0] -= (extent[1] / 1.25 - extent[0]) / 2
            self.scale = _WIDTH * 1.25 / float(extent[1])
        self.height = max(60.0, float(extent[1]) * self.scale)
        self.shift = (self.height - float(extent[1]) * self.scale) / 2
        self.shapes: list[str] = []

    def near(self, support: Bits, centre: Points) -> Points:
        """The qubits of a check, each where it is nearest to the check on the torus."""
        corners = self.points[np.flatnonzero(support)].copy()
        if self.period is not None:
            corners -= np.round((corners - centre) / self.period) * self.period
        return corners

    def reach(self, support: Bits, centre: Points) -> float:
        """How far the furthest qubit of a check is from it."""
        return float(np.linalg.norm(self.near(support, centre) - centre, axis=1).max(initial=0.0))

    def pixels(self, point: Points) -> tuple[float, float]:
        """Where a point is drawn, y downwards."""
        x, y = (point - self.low) * self.scale
        return float(x), self.height - self.shift - float(y)

    def face(self, support: Bits, centre: Points, colour: str, opacity: float = _SOLID) -> None:
        """A check: a disc on one qubit, a line or a lens on two, a polygon on more."""
        corners = self.near(support, centre)
        if len(corners) == 1:
            x, y = self.pixels(corners[0])
            radius = 0.36 * self.spacing * self.scale
            self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" opacity="0.5"/>')
        elif len(corners) == 2 and np.allclose(corners.mean(axis=0), centre):
            self.line(corners[0], corners[1], colour, 5.0)
        elif len(corners) == 2:
            # Twice as far out as the check, the control point makes the arc pass through it.
            control = 2 * centre - corners.mean(axis=0)
            (x0, y0), (x1, y1), (x2, y2) = map(self.pixels, (corners[0], control, corners[1]))
            path = f"M{x0:.1f} {y0:.1f}Q{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}Z"
            self.shapes.append(f'<path d="{path}" {self.paint(colour, opacity)}/>')
        else:
            middle = corners.mean(axis=0)
            around = np.argsort(np.arctan2(*(corners - middle).T[::-1]))
            self.polygon(corners[around], colour, opacity)

    def polygon(self, corners: Points, colour: str, opacity: float) -> None:
        """A filled face."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.pixels, corners))
        self.shapes.append(f'<polygon points="{places}" {self.paint(colour, opacity)}/>')

    def paint(self, colour: str, opacity: float) -> str:
        """Attributes of a face."""
        return f'fill="{colour}" fill-opacity="{opacity}" stroke="{self.colours["line"]}" stroke-width="0.8"'

    def letters(self, row: Bits, centre: Points) -> None:
        """The letter on each qubit of a check, inside its face, where there is room for it."""
        size = len(row) // 2
        if self.spacing * self.scale < _ROOM:
            return
        support = row[:size] | row[size:]
        for qubit, corner in zip(np.flatnonzero(support), self.near(support, centre), strict=True):
            letter = "IXZY"[row[qubit] + 2 * row[size + qubit]]
            x, y = self.pixels(corner + 0.42 * (centre - corner))
            self.shapes.append(
                f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="{self.colours["ink"]}" '
                f'font-family="sans-serif" font-size="11">{letter}</text>'
            )

    def line(self, one: Points, two: Points, colour: str, width: float) -> None:
        """A straight line."""
        (x0, y0), (x1, y1) = self.pixels(one), self.pixels(two)
        self.shapes.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" stroke-width="{width}"/>'
        )

    def star(self, support: Bits, centre: Points, colour: str) -> None:
        """Lines from a check to its qubits."""
        for corner in self.near(support, centre):
            self.line(centre, corner, colour, 2.5)

    def dots(self) -> None:
        """All qubits."""
        radius = max(2.5, min(9.0, 0.14 * self.spacing * self.scale))
        ink, ground = self.colours["ink"], self.colours["ground"]
        for x, y in map(self.pixels, self.points):
            self.shapes.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{ink}" stroke="{ground}" stroke-width="1"/>'
            )

    def document(self, title: str, names: Iterable[tuple[str, str]]) -> str:
        """The document, with the title and the meaning of the colours below the lattice."""
        ink = self.colours["ink"]
        total = self.height + 2 * _LEGEND
        text = f'fill="{ink}" font-family="sans-serif" font-size="13"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {total:.0f}" width="{_WIDTH}" '
            f'height="{total:.0f}" role="img" aria-label="{title}">',
            f'<rect width="100%" height="100%" fill="{self.colours["ground"]}"/>',
            # What goes round a torus ends at the edge of the lattice.
            f'<svg width="{_WIDTH}" height="{self.height:.0f}">',
            *self.shapes,
            "</svg>",
            f'<text x="{_WIDTH / 2:.0f}" y="{self.height + 16:.0f}" text-anchor="middle" {text}>{title}</text>',
        ]
        items = list(names)
        for place, (name, colour) in enumerate(items):
            x = _WIDTH * (place + 0.5) / len(items) - 4 * len(name)
            y = self.height + _LEGEND + 14
            parts.append(f'<rect x="{x:.0f}" y="{y - 10:.0f}" width="12" height="12" fill="{colour}"/>')
            parts.append(f'<text x="{x + 18:.0f}" y="{y:.0f}" {text}>{name}</text>')
        return "\n".join([*parts, "</svg>"]) + "\n"
