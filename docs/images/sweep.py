"""Draws `sweep.svg`, the picture of one sweep in `docs/engine.md`; run with matplotlib installed.

An index of 11 bits: 3 inside a register, 3 more inside a chunk, and of the 5 above the sweep holds three.
"""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

INK, LINE = "#1f2937", "#6b7280"
REAL, IMAGINARY = "#0f766e", "#5eead4"
LANE, CHUNK, HELD, OUTER = "#0f766e", "#99f6e4", "#f59e0b", "#cbd5e1"
BLOCKS = ["#e5e7eb", "#f59e0b", "#d1d5db", "#93c5fd"]
"""Chunks by the bits outside: those of this thread's block, those of another's, and the rest."""

ROWS = [k for k in range(32) if k & 0b00101 == 0b00001]
TOP, STEP = 7.35, 0.215


def box(axes: Axes, x: float, y: float, width: float, height: float, color: str, edge: str = "white") -> None:
    """A filled rectangle."""
    axes.add_patch(Rectangle((x, y), width, height, facecolor=color, edgecolor=edge, linewidth=0.7))


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A thin arrow."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=8, color=LINE, linewidth=0.8))


def write(axes: Axes, x: float, y: float, words: str, size: float = 8.0, color: str = INK, **options: str) -> None:
    """Words, centred in height."""
    axes.text(x, y, words, fontsize=size, color=color, va="center", **options)


def index_bits(axes: Axes) -> None:
    """What each bit of an index selects."""
    write(axes, 0.4, 9.75, "Index of an amplitude, highest bit leftmost", weight="bold")
    colors = {"l": LANE, "c": CHUNK, "H": HELD, "o": OUTER}
    for k, kind in enumerate("HHoHoccclll"):
        box(axes, 0.4 + 0.62 * k, 9.0, 0.56, 0.45, colors[kind])
        write(axes, 0.68 + 0.62 * k, 9.22, str(10 - k), 7.0, "white" if kind == "l" else INK, ha="center")
    legend = [
        (LANE, "inside a register (lanes)"), (CHUNK, "rest of a chunk: neighbours in memory"),
        (HELD, "held by this sweep: any bits above"), (OUTER, "outside: they number the blocks"),
    ]  # fmt: skip
    for k, (color, words) in enumerate(legend):
        x, y = 8.4 + 5.0 * (k // 2), 9.45 - 0.42 * (k % 2)
        box(axes, x, y - 0.12, 0.26, 0.24, color)
        write(axes, x + 0.4, y, words, 7.5)


def memory(axes: Axes, x: float, title: str) -> None:
    """The 32 chunks of the state."""
    write(axes, x, 8.1, title, weight="bold")
    for k in range(32):
        box(axes, x, TOP - STEP * k, 1.7, STEP * 0.86, BLOCKS[(k & 1) | (k >> 1 & 2)])


def block(axes: Axes) -> None:
    """The eight gathered chunks, of eight tiles each, and what is done to them."""
    write(axes, 5.3, 8.1, "A block, in the second-level cache", weight="bold")
    write(axes, 5.3, 7.78, "tile by tile: L real parts, L imaginary parts", 7.5)
    for row in range(8):
        for column in range(8):
            x, y = 5.3 + 0.62 * column, 7.25 - 0.3 * row
            box(axes, x, y, 0.28, 0.23, REAL)
            box(axes, x + 0.28, y, 0.28, 0.23, IMAGINARY)
    arrow(axes, (7.75, 5.05), (7.75, 4.45))
    box(axes, 5.3, 0.85, 4.9, 3.52, "#f8fafc", LINE)
    write(axes, 5.5, 4.05, "gates whose targets are held run here", 7.2, weight="bold")
    rows = [
        ("ROTATE", "bits 4 7 9 10, one pass"), ("DIAGONAL", "every CZ, CP, RZ, RZZ"), ("EXCHANGE", "CX, any controls"),
        ("PAULI", "exp(−iθ/2 XYZX)"), ("DENSE", "a 4x4 matrix"),
    ]  # fmt: skip
    for k, (name, words) in enumerate(rows):
        write(axes, 5.5, 3.5 - 0.55 * k, name, 7.5, family="DejaVu Sans Mono")
        write(axes, 7.3, 3.5 - 0.55 * k, words, 7.5)


def main() -> None:
    """Write the picture beside this file."""
    mpl.rcParams["svg.hashsalt"] = "sweep"
    mpl.rcParams["font.family"] = "DejaVu Sans"
    figure, axes = plt.subplots(figsize=(9.6, 5.2))
    axes.set(xlim=(0, 19), ylim=(0.2, 10.2))
    axes.axis("off")
    index_bits(axes)
    memory(axes, 0.4, "State in memory")
    memory(axes, 13.0, "The same memory")
    block(axes)
    for row, k in enumerate(ROWS):
        arrow(axes, (2.2, TOP + 0.09 - STEP * k), (5.2, 7.37 - 0.3 * row))
        arrow(axes, (10.3, 7.37 - 0.3 * row), (12.9, TOP + 0.09 - STEP * k))
    write(axes, 3.2, 7.78, "gather", 7.5, LINE, style="italic")
    write(axes, 10.8, 7.78, "write back", 7.5, LINE, style="italic")
    notes = [
        "Orange: this thread's block.", "Blue: another thread's.", "", "Threads claim blocks from",
        "one shared counter. When", "a second one says that all", "are done, the next sweep",
        "begins: other bits held.",
    ]  # fmt: skip
    for k, words in enumerate(notes):
        write(axes, 15.1, 6.9 - 0.42 * k, words, 7.5)
    figure.subplots_adjust(0, 0, 1, 1)
    figure.savefig(Path(__file__).with_suffix(".svg"), facecolor="white", metadata={"Date": None})


if __name__ == "__main__":
    main()
