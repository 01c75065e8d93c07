"""Parameter values to the coefficients of a program's gates, in one compiled call.

Entries of parametrised gates are trigonometric polynomials in half their angles. Which ones is read off their values
on a grid, by a discrete Fourier transform, so that no gate needs to be known here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Program, with_constants
from qtoolkit.compiler.program import ParameterGroup
from qtoolkit_kernels.vector import trigonometry as kernels

__all__ = ["bind", "binding_of"]

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]

GRID = 2 * kernels.HIGHEST + 2
"""Points for each angle, over its period of 4π."""

DIGITS = 40
"""Amplitudes are multiples of 2^-40 apart from rounding: halves and quarters, mostly."""

PRECISE = 1e-14
"""Polynomials that miss a gate by more are not used."""


def bind(program: Program, values: FloatArray) -> tuple[ComplexArray, FloatArray]:
    """Do what `Program.bind` and `with_constants` do.

    Args:
        program: the gates.
        values: of the parameters.

    Returns:
        Coefficients with the planner's constants behind them, and the angle of every slot.

    Raises:
        ParameterError: if an angle is too large for a float.
    """
    binding = binding_of(program)
    coefficients, angles = binding.coefficients.copy(), np.empty(program.slots.constant.size)
    arguments = (values, *binding.arguments, angles, coefficients)
    if not kernels.bind_gates(*arguments):
        program.slots.angles(values)
    for group in binding.others:
        coefficients[group.positions] = group.coefficients(*angles[group.slots].T)
    return coefficients, angles


def binding_of(program: Program) -> _Binding:
    """How a program's coefficients depend on parameters; kept."""
    binding: _Binding | None = program.kept.get("binding")
    if binding is None:
        binding = program.kept["binding"] = _Binding.of(program)
    return binding


class _Binding(NamedTuple):
    """What no parameter changes, what the kernel takes between values and angles, and groups that it cannot do."""

    coefficients: ComplexArray
    arguments: tuple[NDArray[Any], ...]
    others: tuple[ParameterGroup, ...]

    @classmethod
    def of(cls, program: Program) -> _Binding:
        """Find the polynomials of a program's gates."""
        slots = program.slots
        gates: list[NDArray[np.int64]] = []
        gate_slots: list[NDArray[np.int64]] = []
        terms: list[NDArray[np.int64]] = []
        amplitudes: list[ComplexArray] = []
        others = []
        num_terms = 0
        for group in program.groups:
            size, num_angles = group.slots.shape
            found = _polynomials(group.coefficients, num_angles)
            if found is None:
                others.append(group)
                continue
            last = num_terms + len(found[0])
            shape = [group.positions.shape[1], num_terms, last, num_angles]
            gates.append(np.column_stack([group.positions[:, 0], np.tile(shape, (size, 1))]))
            gate_slots.append(np.pad(group.slots, ((0, 0), (0, kernels.MAX_ANGLES - num_angles))))
            terms.append(found[0])
            amplitudes.append(found[1])
            num_terms = last
        arguments = (
            slots.constant,
            np.ascontiguousarray(np.column_stack([slots.slot, slots.parameter]).astype(np.int64)),
            slots.coefficient,
            _joined(gates, 5),
            _joined(gate_slots, kernels.MAX_ANGLES),
            _joined(terms, 1 + kernels.MAX_ANGLES),
            np.concatenate([np.zeros(0, np.complex128), *amplitudes]),
        )
        return cls(with_constants(program.constant_coefficients), arguments, tuple(others))


_known: dict[tuple[Any, ...], tuple[NDArray[np.int64], ComplexArray] | None] = {}
"""Polynomials of gates of the library."""


def _joined(rows: list[NDArray[np.int64]], width: int) -> NDArray[np.int64]:
    return np.concatenate([np.zeros((0, width), np.int64), *rows])


def _polynomials(
    function: Callable[..., ComplexArray], num_angles: int
) -> tuple[NDArray[np.int64], ComplexArray] | None:
    """Terms and amplitudes of a group's coefficients; None if they are no such polynomials."""
    key = (function.func, function.args) if isinstance(function, partial) else (function,)
    if key not in _known:
        _known[key] = _analysed(function, num_angles)
    return _known[key]


def _analysed(function: Callable[..., ComplexArray], num_angles: int) -> tuple[NDArray[np.int64], ComplexArray] | None:
    if num_angles > kernels.MAX_ANGLES:
        return None
    grid = np.meshgrid(*[4 * np.pi * np.arange(GRID) / GRID] * num_angles, indexing="ij")
    values = function(*(axis.ravel() for axis in grid)).reshape(*(GRID,) * num_angles, -1)
    spectrum = np.fft.fftn(values, axes=range(num_angles)) / GRID**num_angles
    rounded = np.round(spectrum * 2.0**DIGITS) / 2.0**DIGITS
    terms, amplitudes = [], []
    for place in itertools.product(*map(range, spectrum.shape)):
        if rounded[place] != 0:
            frequencies = [m - GRID if m > kernels.HIGHEST else m for m in place[:-1]]
            terms.append([place[-1], *frequencies, *[0] * (kernels.MAX_ANGLES - num_angles)])
            amplitudes.append(rounded[place])
    rows, factors = np.array(terms, np.int64), np.array(amplitudes, np.complex128)
    if not terms or np.abs(rows).max(initial=0, where=np.arange(rows.shape[1]) > 0) > kernels.HIGHEST:
        return None
    angles = np.random.default_rng(20).uniform(-4, 4, (num_angles, 4))
    expected = function(*angles)
    found = np.zeros_like(expected)
    for row, factor in zip(rows, factors, strict=True):
        found[:, row[0]] += factor * np.exp(0.5j * (row[1 : 1 + num_angles] @ angles))
    return (rows, factors) if np.abs(found - expected).max() < PRECISE else None
