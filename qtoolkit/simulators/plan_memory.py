"""Memory for runs of plans: what their steps need beside the state they work on, kept while a run lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import numpy as np

from qtoolkit import _needs
from qtoolkit._memory import ALWAYS_THERE, unreserved
from qtoolkit.compiler import BranchStep, ExecutionPlan, InitializeStep, Key, Opcode, Program, Step, UnitaryStep
from qtoolkit.simulators.engine import Engine

__all__ = ["beside_state", "reserved_run"]

_BESIDE: Key[int] = Key(__name__, "_BESIDE")
"""At the bytes of an amplitude: bytes that a program needs."""

FEW_VALUES = 1 << 10
"""In all permutations of a program: what they need is not worth a look at each."""

_PAIRS = (_needs.overlap, _needs.variance)
"""Kinds of runs that hold two states."""


def reserved_run(
    engine: Engine,
    plan: ExecutionPlan,
    needs: Callable[..., int],
    sizes: tuple[int, ...] = (),
    what: str = "",
    kept: int = 0,
) -> AbstractContextManager[None]:
    """Keep memory for a run of a plan while it lasts, if that is worth asking.

    Args:
        engine: whose precision counts.
        plan: what is run.
        needs: of `qtoolkit._needs`, given amplitudes, qubits, `sizes` and what the plan's steps need.
        sizes: of what lies beside the state, which is small where the state is.
        what: the same in words.
        kept: bytes of the result.

    Raises:
        InsufficientMemoryError: with the bytes needed and the bytes free.
    """
    amplitude, num_qubits = engine.dtype.itemsize, plan.num_qubits
    if amplitude << num_qubits <= ALWAYS_THERE >> 2:
        return unreserved
    needed = needs(amplitude, num_qubits, *sizes, beside_state(plan, amplitude))
    return engine.reserved(num_qubits, needed, states=2 if needs in _PAIRS else 1, beside=what, kept=kept)


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
        size = program.constant_coefficients.size
        bound = size if program.groups else 0
        found = program.kept[key] = _needs.wide_gates(amplitude, _largest_table(program), bound, size)
    return found


def _largest_table(program: Program) -> int:
    """How many values the largest permutation has, or patterns what takes less than one; at most, where few."""
    opcodes, size = program.opcodes, program.table.size
    if size <= FEW_VALUES and opcodes.max(initial=0) < int(Opcode.COMPLETE_XY):
        return size
    tables = np.diff(program.table_start)[opcodes == int(Opcode.PERMUTATION)]
    targets = np.diff(program.qubit_start)[opcodes == int(Opcode.COMPLETE_XY)]
    return int(np.append(tables, 1 << targets).max(initial=0))
