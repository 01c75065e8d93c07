"""What a plan will do and how long that should take, counted from its arrays; nothing is run.

Times come from the instruction set, `qtoolkit_kernels.vector.isa`. They compare plans; another machine may be faster
or slower by a factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qtoolkit._arguments import is_integer, shown
from qtoolkit._cores import num_cores
from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.plan import (
    BranchStep,
    ChannelStep,
    ClassicalStep,
    DecodeStep,
    ExecutionPlan,
    InitializeStep,
    MeasureStep,
    ReadoutErrorStep,
    ResetStep,
    Step,
    UnitaryStep,
)
from qtoolkit.compiler.plan_report import PassReport, PlanReport, StepReport, SweepReport
from qtoolkit.compiler.planner import traced_passes
from qtoolkit.compiler.program import Opcode, Program
from qtoolkit.compiler.sweep_plan import SweepPart
from qtoolkit.compiler.sweeps import plan_sweeps
from qtoolkit.errors import InputError
from qtoolkit_kernels.vector import isa

__all__ = ["explain_plan"]

REGISTER_BYTES = 64
AMPLITUDE_BYTES = {"double": 16, "single": 8}

MEMORY_BYTES_PER_NS = 50.0
"""Read and written by one thread, which shares the memory with no other."""

GATE_FLOPS_PER_NS = 25.0
"""A gate that no sweep can run, on one thread."""


class _Cost(NamedTuple):
    """An operation's share of one sweep: real flops an amplitude, passes over the block, nanoseconds a block."""

    name: str
    flops: float
    passes: float
    nanoseconds: float
    sweep_nanoseconds: float


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
    rows += [StepReport(0, f"{_describe(step)}, at the end") for step in plan.final_steps]
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
                asked = "the parity of bits" if step.is_parity else "bits"
                rows.append(StepReport(depth, f"if {asked} ({bits}) {'is' if step.is_parity else 'are'} {step.value}"))
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
        block = sum(cost.nanoseconds for cost in costs)
        once = sum(cost.sweep_nanoseconds for cost in costs)
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
            operations=dict(Counter(cost.name for cost in costs)),
            flops=sum(cost.flops for cost in costs) * worked / num_blocks,
            bytes=moved,
            passes=sum(cost.passes for cost in costs) * worked / num_blocks,
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
        few = {Opcode.DIAGONAL: 6.0, Opcode.PERMUTATION: 0.0, Opcode.COMPLETE_XY: 6.0 * targets}
        flops = few.get(opcode, 8.0 * 2**targets - 2) * acted
        moved = 2 * layout.amplitude_bytes * acted
        nanoseconds = max(flops / GATE_FLOPS_PER_NS, moved / MEMORY_BYTES_PER_NS)
        return SweepReport(depth, (), 1, {"WHOLE": 1}, flops, moved, 0.0, 1e-9 * nanoseconds * 2**layout.num_bits)


def _costs(part: SweepPart, sweep: int) -> Iterable[_Cost]:
    """The operations of a sweep that do something."""
    layout = part.layout
    registers = (layout.amplitude_bytes << layout.block_bits) / REGISTER_BYTES
    rotated = _rotated_bits(part)
    for number in range(int(part.operation_start[sweep]), int(part.operation_start[sweep + 1])):
        row = part.operations[number].tolist()
        load = isa.Load(row, layout.lane_bits, layout.block_bits)
        if row[isa.OPCODE] == isa.ROTATE:
            row[isa.ROTATE_COUNT] = rotated[number]
            if not rotated[number]:
                continue
        elif row[isa.OPCODE] == isa.DIAGONAL:
            load = isa.Load(row, layout.lane_bits, layout.block_bits, *_walk(part, sweep, row))
        flops, passes, nanoseconds, block_nanoseconds, sweep_nanoseconds = load.cost()
        reached = 0.5 ** row[isa.UNREACHED]
        block_nanoseconds += nanoseconds * reached * registers
        name = isa.INSTRUCTIONS[row[isa.OPCODE]].name
        yield _Cost(name, flops * reached, passes * reached, block_nanoseconds, sweep_nanoseconds)


def _rotated_bits(part: SweepPart) -> dict[int, int]:
    """Bits that every row of rotations turns, if half of each set have a sine larger than their cosine."""
    bits: dict[int, int] = {}
    for first_row, num_rows, first, last, *_ in part.formulas.sets.tolist():
        count = last - first
        counts = [min(4, half - k) for half in (count - count // 2, count // 2) for k in range(0, half, 4)]
        bits |= dict(zip(range(first_row, first_row + num_rows), counts + [0] * num_rows, strict=False))
    return bits


def _walk(part: SweepPart, sweep: int, row: Sequence[int]) -> tuple[bool, float]:
    """Whether a polynomial has a control, and its share of steps that turn a bit with pairs among the low ones."""
    layout, number = part.layout, row[isa.DIAGONAL_POLYNOMIAL]
    position = {int(q): p for p, q in enumerate(part.bits[sweep])}
    extent = layout.block_bits - row[isa.UNREACHED]
    control = int(part.controls[number])
    joined = set()
    terms = part.formulas.terms
    for first, second in terms[terms[:, 1] == number][:, 2:4].tolist():
        if second < 0 or control in (first, second):
            continue
        low, high = sorted((position[first], position[second]))
        if low < layout.low_bits <= high < extent:
            joined.add(high)
    inside = layout.low_bits <= position.get(control, -1) < extent
    free = extent - layout.low_bits - inside - len(joined)
    return control >= 0, 0.5**free * (1 - 0.5 ** len(joined))


def _describe(step: MeasureStep | ResetStep | InitializeStep | ChannelStep | ClassicalStep) -> str:
    if isinstance(step, MeasureStep):
        return f"measure qubit {step.qubit} into bit {step.clbit}"
    if isinstance(step, ReadoutErrorStep):
        return f"readout error of bits ({_listed(step.clbits)})"
    if isinstance(step, DecodeStep):
        return f"decode bits ({_listed(step.clbits)}) into ({_listed(step.into)})"
    qubits = _listed(step.qubits)
    if isinstance(step, ChannelStep):
        return f"channel {step.channel.name} of {len(step.channel.operators)} operators ({qubits})"
    return f"reset ({qubits})" if isinstance(step, ResetStep) else f"initialize ({qubits})"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
