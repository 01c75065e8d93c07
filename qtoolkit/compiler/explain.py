"""What a plan will do and how long that should take, counted from its arrays; nothing is run.

Times come from the table below: nanoseconds for each register of 64 bytes, measured with AVX-512 at 4 to 5 GHz on
blocks held in the second-level cache. They compare plans; another machine may be faster or slower by a factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import is_integer, shown
from qtoolkit._cores import num_cores
from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.plan import BranchStep, ExecutionPlan, InitializeStep, MeasureStep, ResetStep, Step, UnitaryStep
from qtoolkit.compiler.plan_report import PassReport, PlanReport, StepReport, SweepReport
from qtoolkit.compiler.planner import plan_sweeps, traced_passes
from qtoolkit.compiler.program import Opcode, Program
from qtoolkit.compiler.sweep_plan import BlockOpcode, Column, SweepPart
from qtoolkit.errors import InputError

__all__ = ["explain_plan"]

REGISTER_BYTES = 64
AMPLITUDE_BYTES = {"double": 16, "single": 8}

ROTATE_NS = (0.0, 0.43, 0.54, 0.64, 0.81)
"""By the number of bits that one pass rotates."""

ROTATE_LANE_NS = 0.7
ROTATE_LANES_NS = 1.5
DENSE_NS = 1.2
CARTAN_NS, CARTAN_TANGENTS_NS = 0.87, 0.75
EXCHANGE_NS = 0.3
PHASE_NS = 1.0
PAULI_NS = 1.1
"""Twice that where all X and Y lie inside a register, which is then its own partner."""

POLYNOMIAL_NS, POLYNOMIAL_JOINED_NS = 1.0, 0.3
"""The second is for multiplying the table of the low bits once for every step of the walk over the others."""

POLYNOMIAL_BLOCK_NS, POLYNOMIAL_SWEEP_NS = 400.0, 1500.0
"""Tables that are written for each block, and once for each thread and sweep."""

STRINGS_NS = 5.0
BUTTERFLIES_NS = 1.2
REORDER_NS = 0.6
MATRIX_NS = (0.0, 1.0, 1.9, 3.0, 6.0, 12.0)
"""By the number of targets."""
TABLE_NS = 0.7
TRANSPOSE_NS = (0.4, 1.4)
"""The second where bits inside a register flip."""

MEMORY_BYTES_PER_NS = 50.0
"""Read and written by one thread, which shares the memory with no other."""

GATE_FLOPS_PER_NS = 25.0
"""A gate that no sweep can run, on one thread."""


@dataclass(frozen=True)
class _Cost:
    """An operation's share of one sweep: real flops an amplitude, passes over the block, nanoseconds a register."""

    flops: float
    passes: float
    nanoseconds: float
    block_nanoseconds: float = 0.0
    sweep_nanoseconds: float = 0.0

    def times(self, share: float) -> _Cost:
        """The cost on this share of a block."""
        return replace(self, flops=self.flops * share, passes=self.passes * share, nanoseconds=self.nanoseconds * share)


def explain_plan(plan: ExecutionPlan, precision: str, num_threads: int | None, passes: bool = False) -> PlanReport:
    """Count what a plan does; see `ExecutionPlan.explain`."""
    if not isinstance(precision, str) or precision not in AMPLITUDE_BYTES:
        raise InputError(f'precision is "double" or "single", got {shown(precision)}')
    if num_threads is not None and (not is_integer(num_threads) or num_threads < 1):
        raise InputError(f"num_threads is at least 1, got {shown(num_threads)}; None counts all cores")
    layout = Layout.of(plan.num_qubits, AMPLITUDE_BYTES[precision], REGISTER_BYTES)
    threads = num_cores() if num_threads is None else num_threads
    explainer = _Explainer(layout, threads, passes)
    rows = explainer.steps(plan.steps, depth=0)
    final = plan.final_measurements
    rows += [StepReport(0, f"measure qubit {qubit} into bit {bit}, at the end") for qubit, bit in final]
    return PlanReport(plan.num_qubits, precision, threads, layout.block_bits, tuple(rows), tuple(explainer.passes))


class _Explainer:
    def __init__(self, layout: Layout, num_threads: int, tells_passes: bool) -> None:
        self._layout = layout
        self._num_threads = num_threads
        self._tells_passes = tells_passes
        self.passes: list[PassReport] = []
        self._reached = 0
        """Index bits that sweeps have held since |0…0⟩; amplitudes with another bit are zero."""

    def steps(self, steps: Iterable[Step], depth: int) -> list[SweepReport | StepReport]:
        rows: list[SweepReport | StepReport] = []
        for step in steps:
            if isinstance(step, UnitaryStep):
                rows += self._program(step.program, depth)
            elif isinstance(step, BranchStep):
                bits = ", ".join(str(bit) for bit in step.clbits)
                rows.append(StepReport(depth, f"if bits ({bits}) are {step.value}"))
                rows += self.steps(step.then, depth + 1)
                if step.otherwise:
                    rows.append(StepReport(depth, "else"))
                    rows += self.steps(step.otherwise, depth + 1)
            else:
                rows.append(StepReport(depth, _describe(step)))
            self._reached = -1
        return rows

    def _program(self, program: Program, depth: int) -> list[SweepReport | StepReport]:
        rows: list[SweepReport | StepReport] = []
        if self._tells_passes:
            self.passes += traced_passes(program, self._layout, from_zero_state=self._reached == 0)
        for part in plan_sweeps(program, self._layout, from_zero_state=self._reached == 0):
            if isinstance(part, SweepPart):
                rows.extend(self._sweep(part, sweep, depth) for sweep in range(part.num_sweeps))
            else:
                rows.append(self._gate(program, part.operation, depth))
            self._reached = -1
        return rows

    def _sweep(self, part: SweepPart, sweep: int, depth: int) -> SweepReport:
        layout = self._layout
        costs = list(_costs(part, sweep))
        num_blocks = 1 << (layout.num_bits - layout.block_bits)
        threads = min(self._num_threads, num_blocks)
        registers = (layout.amplitude_bytes << layout.block_bits) / REGISTER_BYTES
        block = sum(cost.nanoseconds * registers + cost.block_nanoseconds for _, cost in costs)
        once = sum(cost.sweep_nanoseconds for _, cost in costs)
        held = sum(1 << int(q) for q in part.bits[sweep, : layout.block_bits])
        read = self._share(self._reached)
        self._reached |= held
        worked = round(num_blocks * self._share(self._reached))
        written = 1.0 if sweep == part.num_sweeps - 1 else worked / num_blocks
        moved = layout.amplitude_bytes * (read + written)
        # A cache reads what it is going to overwrite.
        memory = (2 * layout.amplitude_bytes << layout.num_bits) * written / MEMORY_BYTES_PER_NS / threads
        time = once + block * max(1.0, worked / threads) + memory
        return SweepReport(
            depth=depth,
            bits=tuple(sorted(part.bits[sweep, : layout.block_bits].tolist())),
            gates=int(part.gates[sweep]),
            operations=dict(Counter(opcode.name for opcode, _ in costs)),
            flops=sum(cost.flops for _, cost in costs) * worked / num_blocks,
            bytes=moved,
            passes=sum(cost.passes for _, cost in costs) * worked / num_blocks,
            seconds=1e-9 * time,
        )

    def _share(self, reached: int) -> float:
        """Share of the amplitudes that have no other bits."""
        missing = ((1 << self._layout.num_bits) - 1) & ~reached
        return 0.0 if reached == 0 else 0.5 ** missing.bit_count()

    def _gate(self, program: Program, operation: int, depth: int) -> SweepReport:
        layout = self._layout
        targets = int(program.qubit_start[operation + 1] - program.qubit_start[operation])
        acted = 0.5 ** int(program.control_masks[operation]).bit_count()
        opcode = Opcode(int(program.opcodes[operation]))
        flops = {Opcode.DIAGONAL: 6.0, Opcode.PERMUTATION: 0.0}.get(opcode, 8.0 * 2**targets - 2) * acted
        moved = 2 * layout.amplitude_bytes * acted
        nanoseconds = max(flops / GATE_FLOPS_PER_NS, moved / MEMORY_BYTES_PER_NS)
        return SweepReport(depth, (), 1, {"WHOLE": 1}, flops, moved, 0.0, 1e-9 * nanoseconds * 2**layout.num_bits)


def _costs(part: SweepPart, sweep: int) -> Iterable[tuple[BlockOpcode, _Cost]]:
    """The operations of a sweep that do something."""
    rotated = _rotated_bits(part)
    for number in range(int(part.operation_start[sweep]), int(part.operation_start[sweep + 1])):
        row = part.operations[number]
        opcode = BlockOpcode(int(row[Column.OPCODE]))
        if opcode is not BlockOpcode.ROTATE or rotated[number]:
            yield opcode, _cost(part, sweep, row, rotated.get(number, 0)).times(0.5 ** int(row[Column.UNREACHED]))


def _cost(part: SweepPart, sweep: int, row: NDArray[np.int64], bits: int) -> _Cost:
    """The cost of an operation on whole blocks; of ROTATE with so many bits."""
    opcode = BlockOpcode(int(row[Column.OPCODE]))
    controls = int(row[Column.TILE_MASK]).bit_count() + int(row[Column.OUTER_MASK]).bit_count()
    acted = 0.5**controls
    if opcode is BlockOpcode.ROTATE:
        return _Cost(4.0 * bits, 1.0, ROTATE_NS[bits])
    if opcode is BlockOpcode.ROTATE_LANES:
        alone = row[Column.COUNT] == 1
        bits = 1 if alone else part.layout.lane_bits
        return _Cost(6.0 * bits, 1.0, ROTATE_LANE_NS if alone else ROTATE_LANES_NS)
    if opcode is BlockOpcode.DENSE:
        return _Cost(30.0, 1.0, DENSE_NS)
    if opcode is BlockOpcode.CARTAN:
        by_tangents = row[Column.STEEP]
        return _Cost(17.5 if by_tangents else 21.0, 1.0, CARTAN_TANGENTS_NS if by_tangents else CARTAN_NS)
    if opcode in (BlockOpcode.EXCHANGE, BlockOpcode.SWAP):
        passes = 0.5 if opcode is BlockOpcode.SWAP else acted
        return _Cost(0.0, passes, EXCHANGE_NS * passes)
    if opcode is BlockOpcode.PHASE:
        return _Cost(12.0 * acted, acted, PHASE_NS * acted)
    if opcode is BlockOpcode.PAULI:
        alone = 1 if row[Column.X_TILE] else 2
        return _Cost(6.0 * acted, acted, PAULI_NS * acted * alone)
    if opcode is BlockOpcode.STRINGS:
        return _Cost(part.layout.block_bits + 48.0, 4.5, STRINGS_NS)
    if opcode is BlockOpcode.REORDER:
        return _Cost(0.0, 1.0, REORDER_NS)
    if opcode is BlockOpcode.BUTTERFLIES:
        return _Cost(22.0, 1.0, BUTTERFLIES_NS, POLYNOMIAL_BLOCK_NS)
    if opcode is BlockOpcode.MATRIX:
        targets = int(row[Column.X_TILE]).bit_count() + int(row[Column.X_LANES]).bit_count()
        return _Cost((8.0 * 2**targets - 2) * acted, acted, MATRIX_NS[targets] * acted)
    if opcode is BlockOpcode.TABLE:
        return _Cost(6.0 * acted, acted, TABLE_NS * acted)
    if opcode is BlockOpcode.TRANSPOSE:
        passes = acted * (2 if row[Column.X_TILE] else 1)
        return _Cost(0.0, passes, TRANSPOSE_NS[int(row[Column.X_LANES] != 0)] * passes)
    return _polynomial_cost(part, sweep, int(row[Column.START]), int(row[Column.UNREACHED]))


def _rotated_bits(part: SweepPart) -> dict[int, int]:
    """Bits that every row of rotations turns, if half of each set have a sine larger than their cosine."""
    bits: dict[int, int] = {}
    for first_row, num_rows, first, last, *_ in part.sets.tolist():
        count = last - first
        counts = [min(4, half - k) for half in (count - count // 2, count // 2) for k in range(0, half, 4)]
        bits |= dict(zip(range(first_row, first_row + num_rows), counts + [0] * num_rows, strict=False))
    return bits


def _polynomial_cost(part: SweepPart, sweep: int, number: int, unreached: int) -> _Cost:
    layout = part.layout
    position = {int(q): p for p, q in enumerate(part.bits[sweep])}
    extent = layout.block_bits - unreached
    control = int(part.controls[number])
    joined = set()
    for first, second in part.terms[part.terms[:, 1] == number][:, 2:4].tolist():
        if second < 0 or control in (first, second):
            continue
        low, high = sorted((position[first], position[second]))
        if low < layout.low_bits <= high < extent:
            joined.add(high)
    inside = layout.low_bits <= position.get(control, -1) < extent
    free = extent - layout.low_bits - inside - len(joined)
    steps = 0.5**free * (1 - 0.5 ** len(joined))
    acted = 1.0 if control < 0 else 0.5
    return _Cost(
        flops=(12.0 + 6.0 * steps) * acted,
        passes=acted,
        nanoseconds=(POLYNOMIAL_NS + POLYNOMIAL_JOINED_NS * steps) * acted,
        block_nanoseconds=POLYNOMIAL_BLOCK_NS * acted,
        sweep_nanoseconds=POLYNOMIAL_SWEEP_NS,
    )


def _describe(step: MeasureStep | ResetStep | InitializeStep) -> str:
    if isinstance(step, MeasureStep):
        return f"measure qubit {step.qubit} into bit {step.clbit}"
    qubits = ", ".join(str(qubit) for qubit in step.qubits)
    return f"reset ({qubits})" if isinstance(step, ResetStep) else f"initialize ({qubits})"
