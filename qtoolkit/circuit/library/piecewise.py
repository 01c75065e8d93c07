"""Rotations by a linear or piecewise linear function of what a register holds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from qtoolkit._arguments import check_integer, check_number, items_of, real_numbers_of, shown
from qtoolkit._checks import require_choice
from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.gate import StandardGate
from qtoolkit.circuit.library.comparators import fourier_comparator, ripple_comparator
from qtoolkit.errors import InputError

__all__ = ["linear_rotation", "piecewise_linear_rotation"]

_MOST_QUBITS = 62


def linear_rotation(num_qubits: int, slope: float, offset: float) -> Circuit:
    """RY of qubit n by ``2 (slope · i + offset)`` where the qubits 0 to n - 1 hold i, in n + 1 rotations.

    From 0, qubit n is then 1 with probability ``sin²(slope · i + offset)``.

    Args:
        num_qubits: n.
        slope, offset: radians.

    Raises:
        InputError: if there is no qubit, more than 62, or a number is not finite.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_QUBITS)
    circuit = Circuit(size + 1, name=f"linear rotation({size})")
    _append_linear(circuit, size, check_number(slope, "slope"), check_number(offset, "offset"), ())
    return circuit


def piecewise_linear_rotation(
    num_qubits: int,
    breakpoints: Sequence[int],
    slopes: Sequence[float],
    offsets: Sequence[float],
    *,
    comparator: Literal["ripple", "fourier"] = "ripple",
) -> Circuit:
    """RY of qubit n by ``2 (slopes[k] · i + offsets[k])`` where the qubits 0 to n - 1 hold i of piece k.

    Piece k runs from ``breakpoints[k]`` to before the next; the first begins at 0, and the function may jump. Qubit
    n + 1 and those after it, n with ripple carry and one by phases, are ancillas, in 0 before and after.

    Source: Woerner and Egger, npj Quantum Inf. 5, 15 (2019), arXiv:1806.06893, and Stamatopoulos et al., Quantum 4, 291
    (2020), arXiv:1905.02666, section 4.1.

    Args:
        num_qubits: n.
        breakpoints: first values of the pieces, ascending, 0 first and below 2^n.
        slopes, offsets: radians, one for each piece.
        comparator: ``"ripple"`` (`ripple_comparator`) or ``"fourier"`` (`fourier_comparator`, fewer ancillas).

    Raises:
        InputError: if there is no qubit, more than 62, the lengths differ, breakpoints do not ascend from 0, or a
            number is not finite.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_QUBITS)
    rule = "breakpoints must be integers that ascend from 0"
    starts = [check_integer(start, "a breakpoint") for start in items_of(breakpoints, rule)]
    is_ascending = all(before < after for before, after in pairwise(starts))
    if not starts or starts[0] != 0 or not is_ascending or starts[-1] >= 1 << size:
        raise InputError(f"{rule} and stay below 2**{size}, got {shown(starts)}")
    rises = real_numbers_of(slopes, "slopes")
    heights = real_numbers_of(offsets, "offsets")
    if rises.shape != (len(starts),) or heights.shape != (len(starts),):
        raise InputError(f"slopes and offsets must be {len(starts)} each, got shapes {rises.shape} and {heights.shape}")
    rises_of = [check_number(rise, "a slope") for rise in rises]
    heights_of = [check_number(height, "an offset") for height in heights]
    ripples = require_choice("comparator", comparator, ("ripple", "fourier")) == "ripple"
    compare = ripple_comparator if ripples else fourier_comparator
    num_ancillas = size if ripples else 1
    circuit = Circuit(size + 1 + num_ancillas, name=f"piecewise linear rotation({size})")
    _append_linear(circuit, size, rises_of[0], heights_of[0], ())
    flag = size + 1
    for k in range(1, len(starts)):
        places = (*range(size), *range(flag, flag + num_ancillas))
        comparison = compare(size, starts[k])
        circuit.extend(comparison, places)
        _append_linear(circuit, size, rises_of[k] - rises_of[k - 1], heights_of[k] - heights_of[k - 1], (flag,))
        circuit.extend(comparison.inverse(), places)
    return circuit


def _append_linear(circuit: Circuit, size: int, slope: float, offset: float, controls: tuple[int, ...]) -> None:
    """Turn qubit `size` by twice a linear function of the qubits below it, where all controls are 1."""
    for angle, more in [(2.0 * offset, ()), *((2.0 * slope * (1 << j), (j,)) for j in range(size))]:
        if angle != 0.0:
            gate = StandardGate("ry", (check_number(angle, "an angle"),))
            switches = (*controls, *more)
            circuit.append(gate.controlled(len(switches)) if switches else gate, (*switches, size))
