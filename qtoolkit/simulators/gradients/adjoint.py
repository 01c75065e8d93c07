"""Gradients by the adjoint method: one pass forward, one back, whatever the number of parameters.

T. Jones and J. Gacon, arXiv:2009.02823. With ``|φ_i⟩`` the state after gate i and ``⟨λ_i|`` the observable
pulled back to the same place, a gate with ``∂U/∂θ = -i G U`` contributes ``2 Im ⟨λ_i|G|φ_i⟩``. Both states are taken
back through the sweeps of the plan that prepared ``|ψ⟩``, block by block; gates outside the sweeps one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit.compiler import (
    Differential,
    ExecutionPlan,
    GatePart,
    Layout,
    Opcode,
    Program,
    UnitaryStep,
    is_planned,
    plan_sweeps,
)
from qtoolkit.errors import CircuitError
from qtoolkit.simulators.bind import bind
from qtoolkit.simulators.engine import LONG_VISITS, SWEEP_ROWS, Engine, StateArray
from qtoolkit.simulators.gradients.adjoint_plan import AdjointPart, Generators, adjoint_part
from qtoolkit.simulators.numbers import arrays_to_fill
from qtoolkit.simulators.observables import Observable, apply
from qtoolkit.simulators.plan_memory import beside_state
from qtoolkit.simulators.planning import PLAN, PLANNING
from qtoolkit.simulators.small.program import quick_gradient
from qtoolkit.simulators.walk import Walker
from qtoolkit_kernels import inner, pauli
from qtoolkit_kernels._jit import compile_ordered, runner
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.adjoint import numbers as number_kernels
from qtoolkit_kernels.vector.adjoint import sweep as kernels
from qtoolkit_kernels.vector.adjoint.alone import adjoint_alone
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["value_and_gradient", "values_and_gradients"]

FloatArray: TypeAlias = NDArray[np.float64]
_Bound: TypeAlias = tuple[NDArray[np.complex128], FloatArray]

MAX_GROUPS = 256
"""Sums are kept apart for so many groups of blocks."""

EXCESS = 0.1e-9
"""Seconds for each gate and amplitude, or less, that running forward takes longer on a plan that can be taken back."""

MAX_COPY_BYTES = 1 << 26
"""For several observables, states up to this size are copied, and larger ones prepared again for each."""


def value_and_gradient(
    engine: Engine, plan: ExecutionPlan, values: FloatArray, observable: Observable
) -> tuple[float, FloatArray]:
    """``⟨ψ|H|ψ⟩`` and its derivatives by the parameters, shape ``(num_parameters,)``.

    Args:
        engine: runs the gates.
        plan: prepares ``|ψ⟩``.
        values: parameter values.
        observable: H.

    Raises:
        CircuitError: if a parameter enters before the last initialize or reset, or the plan measures or branches.
        InsufficientMemoryError: if two states do not fit into free memory.
    """
    found = quick_gradient(engine, plan, observable, values)
    if found is not None:
        return found
    program = _parametrised_program(plan)
    with engine.reserved(plan.num_qubits, _needed(engine, plan, False), states=2):
        return _value_and_gradient(engine, plan, program, values, observable)


def _needed(engine: Engine, plan: ExecutionPlan, copies: bool) -> int:
    amplitude = engine.dtype.itemsize
    return _needs.gradient(amplitude, plan.num_qubits, copies, beside_state(plan, amplitude))


def _value_and_gradient(
    engine: Engine, plan: ExecutionPlan, program: Program, values: FloatArray, observable: Observable
) -> tuple[float, FloatArray]:
    fresh = len(plan.steps) == 1
    backward = _plan_of(program, engine, plan.num_qubits, fresh)
    if fresh and backward.alone is not None:
        return _alone(engine, program, backward, backward.alone, plan.num_qubits, values, observable)
    bound = bind(program, values)
    ket = _prepared(engine, plan, program, backward, values, bound)
    bra = engine.empty_state(plan.num_qubits)
    apply(observable, ket, bra, engine.team)
    value = inner.vdot(ket, bra, engine.team).real
    return float(value), _take_back(engine, program, backward, values.size, bound, ket, bra)


def _prepared(
    engine: Engine, plan: ExecutionPlan, program: Program, backward: _AdjointPlan, values: FloatArray, bound: _Bound
) -> StateArray:
    """The state that a plan prepares."""
    if len(plan.steps) > 1:
        return Walker(engine, plan, values).final_state(None)
    ket = engine.empty_state(plan.num_qubits)
    forward_only = backward.has_paid(program, engine.layout(plan.num_qubits))
    engine.run(program, values, ket, fresh=True, bound=bound, forward_only=forward_only)
    return ket


def values_and_gradients(
    engine: Engine, plan: ExecutionPlan, values: FloatArray, observables: Sequence[Observable]
) -> tuple[FloatArray, FloatArray]:
    """The same for several observables: arrays of shapes ``(k,)`` and ``(k, num_parameters)``.

    There are never more than two states and, if they are small, a copy.
    """
    quick = [item for item in (quick_gradient(engine, plan, o, values) for o in observables) if item is not None]
    if len(quick) == len(observables):
        slopes = np.reshape([slope for _, slope in quick], (len(observables), values.size))
        return np.array([value for value, _ in quick]), slopes
    program = _parametrised_program(plan)
    copies = engine.dtype.itemsize << plan.num_qubits <= MAX_COPY_BYTES
    with engine.reserved(plan.num_qubits, _needed(engine, plan, copies), states=2 + copies):
        return _values_and_gradients(engine, plan, program, values, observables, copies)


def _values_and_gradients(
    engine: Engine,
    plan: ExecutionPlan,
    program: Program,
    values: FloatArray,
    observables: Sequence[Observable],
    copies: bool,
) -> tuple[FloatArray, FloatArray]:
    found, slopes = np.empty(len(observables)), np.empty((len(observables), values.size))
    bound = bind(program, values)
    fresh = len(plan.steps) == 1
    backward = _plan_of(program, engine, plan.num_qubits, fresh)
    copied: StateArray | None = None
    for k, observable in enumerate(observables):
        if (fresh and backward.alone is not None) or not copies:
            found[k], slopes[k] = value_and_gradient(engine, plan, values, observable)
            continue
        if copied is None:
            copied = _prepared(engine, plan, program, backward, values, bound)
        bra = engine.empty_state(plan.num_qubits)
        apply(observable, copied, bra, engine.team)
        found[k] = inner.vdot(copied, bra, engine.team).real
        ket = engine.copy_of(copied, plan.num_qubits)
        slopes[k] = _take_back(engine, program, backward, values.size, bound, ket, bra)
        del ket, bra  # before the next observable's are made
    return found, slopes


def _parametrised_program(plan: ExecutionPlan) -> Program:
    """The last program of a plan, the only one that parameters may enter."""
    last = plan.steps[-1]
    earlier = [step.program for step in plan.steps[:-1] if isinstance(step, UnitaryStep)]
    if not isinstance(last, UnitaryStep) or any(program.differentials for program in earlier):
        raise CircuitError("a gradient needs every parametrised gate after the last initialize or reset")
    return last.program


def _alone(
    engine: Engine,
    program: Program,
    plan: _AdjointPlan,
    arguments: tuple[Any, ...],
    num_qubits: int,
    values: FloatArray,
    observable: Observable,
) -> tuple[float, FloatArray]:
    """One block and one thread: forward, H, and back in one call."""
    bound = bind(program, values)
    size = plan.state_size
    pair = cast(StateArray, engine.scratch(2, size, engine.dtype))
    ket, bra = pair[0, : 1 << num_qubits], pair[1, : 1 << num_qubits]
    engine.run(
        program, values, ket, fresh=True, bound=bound, forward_only=plan.has_paid(program, engine.layout(num_qubits))
    )
    apply(observable, ket, bra, engine.team)
    if ket.size < size:
        pair[:, ket.size : size] = 0.0
    gradient = np.zeros(values.size)
    call = (
        pair[0, :size].view(plan.real),
        pair[1, :size].view(plan.real),
        *arguments[:3],
        bound[0],
        plan.generators.at(bound[1]),
        *arguments[3:],
        engine.scratch(1, plan.scratch_size, plan.real),
        gradient,
    )
    return adjoint_alone(*call), gradient


def _take_back(
    engine: Engine,
    program: Program,
    plan: _AdjointPlan,
    num_parameters: int,
    bound: _Bound,
    ket: StateArray,
    bra: StateArray,
) -> FloatArray:
    """Derivatives from ``|ψ⟩`` and ``H|ψ⟩``, which are used up."""
    coefficients, angles = bound
    by_slot = np.zeros(angles.size)
    ket, bra = engine.workspace(ket), engine.workspace(bra)
    run = _Run(engine, program, plan, coefficients, angles, by_slot)
    for number, item in enumerate(plan.items):
        keep = number + 1 < len(plan.items)
        if isinstance(item, AdjointPart):
            run.sweeps(item, ket, bra, keep)
        else:
            run.gate(item, ket, bra, keep)
    return program.slots.pull_back(by_slot, num_parameters)


class _AdjointPlan:
    """The parts of a plan in reverse order, up to the first that depends on parameters.

    Attributes:
        generators: of all angles.
        differentials: of the gates that run on the whole state.
        items: sweeps, or the number of such a gate.
        alone: if one part of one block is all there is, what `adjoint_alone` takes from lanes to slots, without the
            coefficients and generators.
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
        self.differentials = {d.operation: d for d in program.differentials}
        self.items: list[AdjointPart | int] = []
        last, call = 0, runner(program.num_operations)
        for part in reversed(plan_sweeps(program, layout, from_zero_state, forward_only=False)):
            if isinstance(part, GatePart):
                self.items.append(part.operation)
                needed = part.operation in self.differentials
            elif part.num_sweeps:
                item = adjoint_part(part, self.generators, call)
                self.items.append(item)
                needed = item.first_row < len(part.operations)
            else:
                continue
            if needed:
                last = len(self.items)
        del self.items[last:]
        compile_ordered()
        self.alone: tuple[Any, ...] | None = None
        self.scratch_size = 0
        only = self.items[0] if len(self.items) == 1 else None
        if isinstance(only, AdjointPart) and only.part.num_sweeps == 1 and layout.block_bits == layout.num_bits:
            self._run_alone(program, engine, layout, only)

    def has_paid(self, program: Program, layout: Layout) -> bool:
        """Whether the next run from ``|0…0⟩`` takes a plan of its own: one that is there, or that has paid.

        What need not be taken back joins more gates and leaves out zeros, so it is faster, on large states many times
        what planning takes. But a first gradient of few qubits is there sooner if it plans once, and runs forward on
        the plan that it takes back.
        """
        if is_planned(program, layout, from_zero_state=True):
            return True
        self._num_runs += 1
        gates = program.num_operations
        return self._num_runs * EXCESS * (gates << layout.num_bits) > PLAN + PLANNING * gates

    def _run_alone(self, program: Program, engine: Engine, layout: Layout, item: AdjointPart) -> None:
        part, slots = item.part, program.slots
        self.alone = (
            Lanes(engine.vector_bytes), layout.block_bits, layout.low_bits, part.bits, item.first_row,
            part.operation_start, part.operations, part.registers, part.product_start, part.product_factors,
            part.dense_start, part.dense_factors, part.terms, part.controls, part.sets, part.members, item.writes,
            part.strings, part.string_places, item.products, item.locals_, item.denses, item.collect, item.probe_start,
            item.probes, item.wanted_start, item.wanted, item.entries, item.weights, item.num_places,
            np.ascontiguousarray(np.column_stack([slots.slot, slots.parameter]).astype(np.int64)), slots.coefficient,
            slots.constant.size,
        )  # fmt: skip
        size = _scratch_size(engine, item)
        room = part.registers.size + -part.registers.size % (engine.vector_bytes // self.real.itemsize)
        self.scratch_size = size + room


def _scratch_size(engine: Engine, item: AdjointPart) -> int:
    part, layout = item.part, item.part.layout
    size: int = kernels.adjoint_scratch_size(
        layout.block_bits, layout.low_bits, part.most_diagonals, part.strings.size > 0, engine.vector_bytes,
        layout.amplitude_bytes // 2,
    )  # fmt: skip
    return size


def _plan_of(program: Program, engine: Engine, num_qubits: int, from_zero_state: bool) -> _AdjointPlan:
    key = ("adjoint", engine.precision, engine.vector_bytes, num_qubits, from_zero_state)
    plan: _AdjointPlan | None = program.kept.get(key)
    if plan is None:
        plan = program.kept[key] = _AdjointPlan(program, engine, num_qubits, from_zero_state)
    return plan


class _Run:
    """Takes two states back at given parameter values; the derivatives go to `by_slot`."""

    def __init__(
        self,
        engine: Engine,
        program: Program,
        plan: _AdjointPlan,
        coefficients: NDArray[np.complex128],
        angles: FloatArray,
        by_slot: FloatArray,
    ) -> None:
        self._engine = engine
        self._program = program
        self._plan = plan
        self._coefficients = coefficients
        self._angles = angles
        self._generators = plan.generators.at(angles)
        self._by_slot = by_slot

    def sweeps(self, item: AdjointPart, ket: StateArray, bra: StateArray, keep: bool) -> None:
        """Take both states back through sweeps."""
        part, engine = item.part, self._engine
        layout = part.layout
        real = self._plan.real
        string_angles, operations, registers, constants, linear, pairs = arrays = arrays_to_fill(part, real)
        collect, probes = item.collect.copy(), item.probes.copy()
        scales, weights = np.empty((len(operations), 4)), item.weights.copy()
        factor = number_kernels.fill_adjoint(
            self._coefficients, self._generators, 1 << layout.lane_bits, part.product_start, part.product_factors,
            part.dense_start, part.dense_factors, part.terms, part.controls, part.sets, part.members, item.writes,
            part.string_places, item.products, item.locals_, item.denses, *arrays, collect, scales, probes, weights,
        )  # fmt: skip
        blocks = 1 << (layout.num_bits - layout.block_bits)
        sums = np.zeros((min(blocks, MAX_GROUPS), item.num_places))
        num_threads = min(engine.num_threads, len(sums))
        visits = 2 * (len(part.operations) + SWEEP_ROWS * part.num_sweeps) << layout.num_bits
        long = visits >= LONG_VISITS * num_threads
        size = _scratch_size(engine, item)
        engine.team.run(
            kernels.turn_back_sweeps, ket.view(real), bra.view(real), Lanes(engine.vector_bytes), layout.block_bits,
            layout.chunk_bits, layout.low_bits, part.bits, 0 if keep else item.first_row, part.operation_start,
            operations, registers, constants, linear, pairs, part.controls, part.strings, string_angles, collect,
            scales, item.probe_start, probes, item.wanted_start, item.wanted,
            engine.scratch(num_threads, size, real, long), keep, complex(factor), sums, counters(2 * part.num_sweeps),
            num_threads=num_threads, long=long,
        )  # fmt: skip
        number_kernels.add_derivatives(sums, item.entries, weights, self._by_slot)

    def gate(self, operation: int, ket: StateArray, bra: StateArray, keep: bool) -> None:
        """Take both states back through one gate."""
        differential = self._plan.differentials.get(operation)
        if differential is not None:
            _accumulate(self._by_slot, self._program, differential, self._angles, bra, ket)
        if not keep:
            return
        backward = self._program.adjoint
        coefficients = self._program.adjoint_coefficients(self._coefficients).astype(self._engine.dtype, copy=False)
        place = self._program.num_operations - 1 - operation
        self._engine.run_gates(backward, coefficients, ket, place, place + 1)
        self._engine.run_gates(backward, coefficients, bra, place, place + 1)


def _accumulate(
    by_slot: FloatArray,
    program: Program,
    differential: Differential,
    angles: FloatArray,
    bra: StateArray,
    ket: StateArray,
) -> None:
    i = differential.operation
    mask, value = program.control_masks[i], program.control_values[i]
    if differential.record is None:
        x_mask, z_mask = program.table[program.table_start[i] : program.table_start[i + 1]]
        # The generator is half the Pauli string, so 2 Im ⟨λ|G|φ⟩ loses its factor.
        by_slot[differential.slots[0]] += pauli.pauli_inner(bra, ket, x_mask, z_mask, mask, value).imag
        return
    targets = program.qubits[program.qubit_start[i] : program.qubit_start[i + 1]]
    diagonal = program.opcodes[i] == Opcode.DIAGONAL
    generators = differential.record.generators(*angles[list(differential.slots)])
    for slot, generator in zip(differential.slots, generators, strict=True):
        if diagonal:
            entries = np.ascontiguousarray(np.diag(generator)).astype(np.complex128)
            overlap = inner.diagonal_inner(bra, ket, targets, entries, mask, value)
        else:
            overlap = inner.dense_inner(bra, ket, targets, generator.astype(np.complex128).ravel(), mask, value)
        by_slot[slot] += 2.0 * overlap.imag
