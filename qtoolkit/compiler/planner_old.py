"""From a program to sweeps: the passes in their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import CARTAN_TILE_BITS, Layout
from qtoolkit.compiler.nodes import Kind, Node
from qtoolkit.compiler.pack import pack_sweeps
from qtoolkit.compiler.passes.cancel import cancel_inverses
from qtoolkit.compiler.passes.cartan import LEAST_QUBITS, cartan_forms
from qtoolkit.compiler.passes.fuse import fuse
from qtoolkit.compiler.passes.lower import PLANNER_CONSTANTS, S_PLACE, lower
from qtoolkit.compiler.passes.narrow import narrow_strings
from qtoolkit.compiler.passes.reach import merge_sweeps
from qtoolkit.compiler.passes.relabel import initial_swaps, relabel_swaps
from qtoolkit.compiler.passes.schedule import schedule
from qtoolkit.compiler.passes.split import split_locals
from qtoolkit.compiler.program import Program
from qtoolkit.compiler.sweep_plan import GatePart, Part

__all__ = ["plan_sweeps", "with_constants"]

PROBE_SEED = 20
"""Parameter values that the passes look at are generic; any would do."""


LEAST_TURN = 1e-2
"""Angles that a probe turns by less, in radians, are turned further: what is small there need not always be."""


def plan_sweeps(program: Program, layout: Layout, from_zero_state: bool, forward_only: bool = True) -> tuple[Part, ...]:
    """Plan a program's sweeps; the program keeps the plan.

    Args:
        program: the gates.
        layout: how states are cut.
        from_zero_state: whether it always starts from ``|0…0⟩``, which lets swaps vanish and zeros be left out.
        forward_only: whether the plan need neither be taken back nor run on batches.
    """
    key = (layout, from_zero_state, forward_only)
    if key not in program.plans:
        program.plans[key] = _plan(program, layout, from_zero_state, forward_only)
    plan: tuple[Part, ...] = program.plans[key]
    return plan


def _plan(program: Program, layout: Layout, from_zero_state: bool, forward_only: bool) -> tuple[Part, ...]:
    x_place = program.constant_coefficients.size
    probes = _probes(program)
    parts: list[Part] = []
    room = layout.num_bits if layout.block_bits == layout.num_bits else layout.block_bits - layout.chunk_bits
    for number, segment in enumerate(_segments(lower(program, probes, room))):
        if segment and segment[0].kind is Kind.WHOLE:
            parts.append(GatePart(segment[0].operation))
            continue
        nodes, names = relabel_swaps(segment, layout.num_bits)
        nodes = fuse(cancel_inverses(nodes), x_place)
        if number or not from_zero_state:
            nodes = initial_swaps(names) + nodes
        nodes = narrow_strings(nodes, layout, x_place + S_PLACE)
        constants: NDArray[np.complex128] = np.zeros(0, np.complex128)
        if forward_only and layout.num_bits >= LEAST_QUBITS and layout.tile_bits >= CARTAN_TILE_BITS:
            nodes, constants = cartan_forms(nodes, probes, layout)
        split, products = split_locals(nodes, [np.concatenate([probe, constants]) for probe in probes])
        is_first = from_zero_state and forward_only and number == 0
        sweeps = merge_sweeps(schedule(split, layout), layout, from_zero_state=is_first)
        parts.append(pack_sweeps(sweeps, products, layout, constants, forward_only))
    return tuple(parts)


def with_constants(coefficients: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """A program's coefficients with the planner's constants behind them."""
    return np.concatenate([coefficients, PLANNER_CONSTANTS])


def _probes(program: Program) -> list[NDArray[np.complex128]]:
    """Coefficients at generic angles: a parameter that is hardly felt there may be at other values."""
    slots, rng = program.slots, np.random.default_rng(PROBE_SEED)
    num_parameters = int(slots.parameter.max(initial=-1)) + 1
    moves = np.bincount(slots.slot, minlength=slots.constant.size) > 0
    probes = []
    for _ in range(2 if program.groups else 1):
        angles = slots.angles(rng.uniform(-3, 3, num_parameters))
        still = moves & (np.abs(angles - slots.constant) < LEAST_TURN)
        angles[still] += rng.uniform(1, 3, np.count_nonzero(still))
        probes.append(with_constants(program.coefficients_at(angles)))
    return probes


def _segments(nodes: Sequence[Node]) -> list[list[Node]]:
    """Nodes for sweeps, and between them those that run on the whole state, one each."""
    segments: list[list[Node]] = [[]]
    for node in nodes:
        if node.kind is Kind.WHOLE:
            segments += [[node], []]
        else:
            segments[-1].append(node)
    return [segment for k, segment in enumerate(segments) if segment or k == 0]
