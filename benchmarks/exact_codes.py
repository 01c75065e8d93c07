"""What the exact engines take for each code and each kind of noise: memory and time as stated before, and as measured.

    python benchmarks/exact_codes.py             what takes less than a minute and two gigabytes each
    python benchmarks/exact_codes.py --quick     what takes less than a second
    python benchmarks/exact_codes.py --markdown  the table of docs/exact-qec.md

There is no rival to name: simulators of stabiliser circuits sample Pauli noise, and those of state vectors or density
matrices take 2^n or 4^n numbers for each syndrome.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec import StabilizerCode, code_named, cost_of, logical_channel
from qtoolkit.noise import amplitude_damping, depolarizing, over_rotation, phase_flip

CODES = (
    ("five-qubit", None),
    ("steane", None),
    ("shor", None),
    ("rotated-surface", 3),
    ("surface", 3),
    ("fifteen-one-three", None),
    ("color-488", 5),
    ("toric", 3),
    ("color-666", 5),
    ("rotated-surface", 5),
    ("rotated-surface", 7),
)


def codes() -> Iterator[tuple[str, StabilizerCode]]:
    """Codes by name, the smallest first."""
    for family, distance in CODES:
        code = code_named(family) if distance is None else code_named(family, distance=distance)
        assert isinstance(code, StabilizerCode)
        yield f"{family} [[{code.num_qubits}, {code.num_logical}, {code.distance}]]", code


def noises() -> Iterator[tuple[str, object]]:
    """Noise by name, each kind that goes a way of its own."""
    yield "phase flip", phase_flip(0.01)
    yield "depolarizing", depolarizing(0.01)
    yield "rotation about Z", over_rotation("Z", 0.1)
    yield "rotation about X + Y + Z", (np.cos(0.05) * np.eye(2) - 1j * np.sin(0.05) * _axis(),)
    yield "rotation about Z, phase flip", over_rotation("Z", 0.1).compose(phase_flip(0.01))
    yield "amplitude damping", amplitude_damping(0.01)


def _axis() -> NDArray[np.complex128]:
    return np.array([[1, 1 - 1j], [1 + 1j, -1]]) / np.sqrt(3)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="what takes less than a second")
    parser.add_argument("--markdown", action="store_true", help="as a table of Markdown")
    options = parser.parse_args()
    longest, largest = (1.0, 1 << 28) if options.quick else (60.0, 1 << 31)
    heads = ["code", "noise", "method", "syndromes", "memory", "stated", "measured", "infidelity"]
    widths = [30, 28, 10, 10, 9, 8, 8, 12]
    separator = " | " if options.markdown else "  "

    def show(cells: list[str]) -> None:
        line = separator.join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
        print(f"| {line} |" if options.markdown else line, flush=True)

    show(heads)
    if options.markdown:
        print("|" + "---|" * len(heads))
    # Kernels are compiled, or loaded, outside of what is measured.
    first_code = next(iter(codes()))[1]
    for _, noise in noises():
        logical_channel(first_code, noise)
    for code_name, code in codes():
        for noise_name, noise in noises():
            try:
                cost = cost_of(code, noise)
            except OverflowError:
                continue
            row = [code_name, noise_name, cost.method, f"{cost.syndromes:,}", _size(cost.nbytes), _time(cost.seconds)]
            if cost.seconds > longest or cost.nbytes > largest:
                if cost.nbytes < 1 << 42:
                    show([*row, "–", "–"])
                continue
            start = time.perf_counter()
            found = logical_channel(code, noise)
            show([*row, _time(time.perf_counter() - start), f"{found.infidelity:.8g}"])


def _size(nbytes: int) -> str:
    unit = min((nbytes.bit_length() - 1) // 10, 4)
    return f"{nbytes / (1 << 10 * unit):.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[unit]}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.2g} ms" if seconds < 0.1 else f"{seconds:.2g} s"


if __name__ == "__main__":
    main()
