"""What the steps of a plan need while they run, beside the state they work on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from qtoolkit import _needs
from qtoolkit.compiler import BranchStep, ExecutionPlan, InitializeStep, Key, Opcode, Program, Step, UnitaryStep

__all__ = ["beside_state"]

_BESIDE: Key[int] = Key(__name__, "_BESIDE")
"""At the bytes of an amplitude: bytes that a program needs."""


def beside_state(plan: ExecutionPlan, amplitude: int) -> int:
    """Bytes that the most demanding step needs, for amplitudes of so many bytes."""
    if plan.only_program is not None:
        return _of_program(plan.only_program, amplitude)
    return max(_of_steps(plan.steps, plan.num_qubits, amplitude), default=0)


def _of_steps(steps: Iterable[Step], num_qubits: int, amplitude: int) -> Iterable[int]:
    for step in steps:
        if isinstance(step, UnitaryStep):
            yield _of_program(step.program, amplitude)
        elif isinstance(step, InitializeStep):
            yield _needs.initialize(amplitude, num_qubits, len(step.qubits))
        elif isinstance(step, BranchStep):
            yield from _of_steps(step.then, num_qubits, amplitude)
            yield from _of_steps(step.otherwise, num_qubits, amplitude)


def _of_program(program: Program, amplitude: int) -> int:
    key = _BESIDE.at(amplitude)
    found = program.kept.get(key)
    if found is None:
        tables = np.diff(program.table_start)[program.opcodes == Opcode.PERMUTATION]
        size = program.constant_coefficients.size
        bound = size if program.groups else 0
        found = program.kept[key] = _needs.wide_gates(amplitude, int(tables.max(initial=0)), bound, size)
    return found
