"""The sweeps of a program, planned when they are first asked for."""

from __future__ import annotations

from qtoolkit.compiler.kept import Key
from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.program import Program
from qtoolkit.compiler.sweep_plan import Part

__all__ = ["SWEEPS", "is_planned", "plan_sweeps"]

SWEEPS: Key[tuple[Part, ...]] = Key(__name__, "SWEEPS")
"""At a layout, whether they start from ``|0…0⟩``, and whether they only run forward."""


def plan_sweeps(program: Program, layout: Layout, from_zero_state: bool, forward_only: bool = True) -> tuple[Part, ...]:
    """Plan a program's sweeps; the program keeps the plan.

    Args:
        program: the gates.
        layout: how states are cut.
        from_zero_state: whether it always starts from ``|0…0⟩``, which lets swaps vanish and zeros be left out.
        forward_only: whether the plan need neither be taken back nor run on batches.
    """
    key = SWEEPS.at(layout, from_zero_state, forward_only)
    if key not in program.kept:
        from qtoolkit.compiler.planner import planned  # what runs unplanned starts sooner without

        program.kept[key] = planned(program, layout, from_zero_state, forward_only)
    return program.kept[key]


def is_planned(program: Program, layout: Layout, from_zero_state: bool, forward_only: bool = True) -> bool:
    """Whether `plan_sweeps` has a plan with these arguments already."""
    return SWEEPS.at(layout, from_zero_state, forward_only) in program.kept
