"""Parameter values to the coefficients of a program's gates, in one compiled call."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Key, Program, with_constants
from qtoolkit.compiler.polynomials import polynomials_of
from qtoolkit.compiler.program import ParameterGroup
from qtoolkit_kernels.vector import trigonometry as kernels

__all__ = ["bind", "binding_of"]

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]


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
    if not program.groups and not program.slots.slot.size:
        angles = program.slots.constant  # of the global phase alone
        if not math.isfinite(angles[program.phase_slot]):
            program.slots.angles(values)
        return with_constants(program.constant_coefficients), angles
    binding = binding_of(program)
    coefficients, angles = binding.coefficients.copy(), np.empty(program.slots.constant.size)
    if not kernels.bind_gates(values, binding.slots, binding.gates, angles, coefficients):
        program.slots.angles(values)
    for group in binding.others:
        coefficients[group.positions] = group.coefficients(*angles[group.slots].T)
    return coefficients, angles


def binding_of(program: Program) -> _Binding:
    """How a program's coefficients depend on parameters; kept."""
    binding = program.kept.get(_BINDING)
    if binding is None:
        binding = program.kept[_BINDING] = _Binding.of(program)
    return binding


class _Binding(NamedTuple):
    """What no parameter changes, what the kernel takes, and groups that it cannot do."""

    coefficients: ComplexArray
    slots: kernels.Slots
    gates: kernels.Gates
    others: tuple[ParameterGroup, ...]

    @classmethod
    def of(cls, program: Program) -> _Binding:
        """Find the polynomials of a program's gates."""
        gates: list[NDArray[np.int64]] = []
        gate_slots: list[NDArray[np.int64]] = []
        terms: list[NDArray[np.int64]] = []
        amplitudes: list[ComplexArray] = []
        others = []
        num_terms = 0
        for group in program.groups:
            size, num_angles = group.slots.shape
            found = polynomials_of(group.coefficients, num_angles)
            if found is None:
                others.append(group)
                continue
            last = num_terms + len(found[0])
            shape = [group.positions.shape[1], num_terms, last, num_angles]
            gates.append(np.column_stack([group.positions[:, 0], np.tile(shape, (size, 1))]))
            gate_slots.append(np.zeros((size, kernels.MAX_ANGLES), np.int64))
            gate_slots[-1][:, :num_angles] = group.slots
            terms.append(found[0])
            amplitudes.append(found[1])
            num_terms = last
        polynomials = kernels.Gates(
            _joined(gates, 5),
            _joined(gate_slots, kernels.MAX_ANGLES),
            _joined(terms, 1 + kernels.MAX_ANGLES),
            np.concatenate([np.zeros(0, np.complex128), *amplitudes]),
        )
        return cls(with_constants(program.constant_coefficients), _slots_of(program), polynomials, tuple(others))


_BINDING: Key[_Binding] = Key(__name__, "_BINDING")


def _slots_of(program: Program) -> kernels.Slots:
    """The angles of a program as kernels take them."""
    slots = program.slots
    terms = np.ascontiguousarray(np.column_stack([slots.slot, slots.parameter]).astype(np.int64))
    return kernels.Slots(slots.constant, terms, slots.coefficient)


def _joined(rows: list[NDArray[np.int64]], width: int) -> NDArray[np.int64]:
    return np.concatenate([np.zeros((0, width), np.int64), *rows])
