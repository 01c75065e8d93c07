"""How a program is taken back, and which plan it runs forward on before; found once."""

from __future__ import annotations

from qtoolkit.compiler import Differential, GatePart, Key, Layout, Program, is_planned, plan_sweeps
from qtoolkit.simulators.bind import binding_of
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.gradients.adjoint_plan import AdjointPart, Generators, adjoint_part
from qtoolkit.simulators.ways import PLAN, PLANNING
from qtoolkit_kernels._jit import compile_ordered, runner
from qtoolkit_kernels.vector.adjoint.sweep import adjoint_scratch_size
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.trigonometry import Slots

__all__ = ["BackwardPlan", "backward_plan", "scratch_size"]

EXCESS = 0.1e-9
"""Seconds for each gate and amplitude, or less, that running forward takes longer on a plan that can be taken back."""


class BackwardPlan:
    """The parts of a plan in reverse order, up to the first that depends on parameters.

    Attributes:
        generators: of all angles.
        differentials: of the gates that run on the whole state.
        items: sweeps, or the number of such a gate.
        alone: if one part of one block is all there is, that part, and what else `adjoint_alone` takes.
        real: the precision.
        state_size: amplitudes of a state, as the kernels need them.
        scratch_size: elements of working memory for `alone`.
    """

    def __init__(self, program: Program, engine: Engine, num_qubits: int, from_zero_state: bool) -> None:
        layout = engine.layout(num_qubits)
        self.real = engine.real
        self._num_runs = 0
        self.state_size = 1 << layout.num_bits
        self.generators = Generators(program)
        self.differentials: dict[int, Differential] = {}
        self.items: list[AdjointPart | int] = []
        last, call = 0, runner(program.num_operations)
        parts = plan_sweeps(program, layout, from_zero_state, forward_only=False)
        if any(isinstance(part, GatePart) for part in parts):
            self.differentials = {d.operation: d for d in program.differentials}
        for part in reversed(parts):
            if isinstance(part, GatePart):
                self.items.append(part.operation)
                needed = part.operation in self.differentials
            elif part.num_sweeps:
                item = adjoint_part(part, self.generators, call)
                self.items.append(item)
                needed = item.backward.first_row < len(part.operations)
            else:
                continue
            if needed:
                last = len(self.items)
        del self.items[last:]
        compile_ordered()
        self.alone: tuple[AdjointPart, Cut, Slots] | None = None
        self.scratch_size = 0
        only = self.items[0] if len(self.items) == 1 else None
        if isinstance(only, AdjointPart) and only.part.num_sweeps == 1 and layout.block_bits == layout.num_bits:
            self._run_alone(program, engine, layout, only)

    def has_paid(self, program: Program, layout: Layout, num_runs: int) -> bool:
        """Whether the next runs from ``|0…0⟩`` take a plan of their own: one that is there, or that pays.

        What need not be taken back joins more gates and leaves out zeros. That saves more than planning takes on large
        states, or in many runs. But a first gradient of few qubits is there sooner if it plans once, and runs forward
        on the plan that it takes back.
        """
        if is_planned(program, layout, from_zero_state=True):
            return True
        self._num_runs += num_runs
        gates = program.num_operations
        return self._num_runs * EXCESS * (gates << layout.num_bits) > PLAN + PLANNING * gates

    def _run_alone(self, program: Program, engine: Engine, layout: Layout, item: AdjointPart) -> None:
        part = item.part
        self.alone = item, engine.cut(layout), binding_of(program).slots
        size = scratch_size(engine, item)
        room = part.registers.size + -part.registers.size % (engine.vector_bytes // self.real.itemsize)
        self.scratch_size = size + room


def scratch_size(engine: Engine, item: AdjointPart) -> int:
    """Elements of working memory that a thread needs to take sweeps back."""
    part, layout = item.part, item.part.layout
    size: int = adjoint_scratch_size(
        layout.block_bits, layout.low_bits, part.most_diagonals, part.strings.size > 0, engine.vector_bytes,
        layout.amplitude_bytes // 2,
    )  # fmt: skip
    return size


_BACKWARD: Key[BackwardPlan] = Key(__name__, "_BACKWARD")
"""At precision, bytes of a register, qubits, and whether the program starts from ``|0…0⟩``."""


def backward_plan(program: Program, engine: Engine, num_qubits: int, from_zero_state: bool) -> BackwardPlan:
    """How a program is taken back; kept."""
    key = _BACKWARD.at(engine.precision, engine.vector_bytes, num_qubits, from_zero_state)
    plan = program.kept.get(key)
    if plan is None:
        plan = program.kept[key] = BackwardPlan(program, engine, num_qubits, from_zero_state)
    return plan
