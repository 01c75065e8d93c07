"""Gradients by the adjoint method: one pass forward, one back, whatever the number of parameters.

T. Jones and J. Gacon, arXiv:2009.02823. With ``|φ_i⟩`` the state after gate i and ``⟨λ_i|`` the observable
pulled back to the same place, a gate with ``∂U/∂θ = -i G U`` contributes ``2 Im ⟨λ_i|G|φ_i⟩``. Both states are taken
back through the sweeps of the plan that prepared ``|ψ⟩``, block by block; gates outside the sweeps one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit.compiler import ChannelStep, Differential, ExecutionPlan, Opcode, Program, UnitaryStep
from qtoolkit.errors import CircuitError
from qtoolkit.simulators.bind import bind
from qtoolkit.simulators.engine import LONG_VISITS, SWEEP_ROWS, Engine, StateArray
from qtoolkit.simulators.gradients.adjoint_plan import AdjointPart
from qtoolkit.simulators.gradients.backward_plan import BackwardPlan, backward_plan, scratch_size
from qtoolkit.simulators.numbers import unfilled_numbers
from qtoolkit.simulators.observables import Observable, apply
from qtoolkit.simulators.plan_memory import beside_state
from qtoolkit.simulators.walk import Walker
from qtoolkit_kernels import exchange, inner
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.adjoint import numbers as number_kernels
from qtoolkit_kernels.vector.adjoint import sweep as kernels
from qtoolkit_kernels.vector.adjoint.alone import adjoint_alone

__all__ = ["Gradients"]

FloatArray: TypeAlias = NDArray[np.float64]
_Bound: TypeAlias = tuple[NDArray[np.complex128], FloatArray]

MAX_GROUPS = 256
"""Sums are kept apart for so many groups of blocks."""

MAX_COPY_BYTES = 1 << 26
"""For several observables, states up to this size are copied, and larger ones prepared again for each."""


class Gradients:
    """Expectation values at the end of a plan and their derivatives, at any values, from any number of Python threads.

    Args:
        engine: runs the gates.
        plan: prepares ``|ψ⟩``.
        num_runs: how many times they are to be taken.

    Raises:
        CircuitError: if a parameter enters before the last initialize or reset, or the plan measures or branches.
    """

    def __init__(self, engine: Engine, plan: ExecutionPlan, num_runs: int = 1) -> None:
        self._engine = engine
        self._plan = plan
        self._program = _parametrised_program(plan)
        self._is_fresh = len(plan.steps) == 1
        self._num_runs = num_runs

    @cached_property
    def _backward(self) -> BackwardPlan:
        return backward_plan(self._program, self._engine, self._plan.num_qubits, self._is_fresh)

    @cached_property
    def _forward_only(self) -> bool:
        return self._backward.has_paid(self._program, self._engine.layout(self._plan.num_qubits), self._num_runs)

    @property
    def use_one_thread(self) -> bool:
        """Whether each is taken by one thread, in one block."""
        return self._is_fresh and self._backward.alone is not None

    def __call__(self, values: FloatArray, observables: Sequence[Observable]) -> tuple[FloatArray, FloatArray]:
        """``⟨ψ|H|ψ⟩`` of each observable and its derivatives, shapes ``(k,)`` and ``(k, num_parameters)``.

        There are never more than two states and, for several observables and if they are small, a copy.

        Raises:
            InsufficientMemoryError: if they do not fit into free memory.
        """
        engine, num_qubits, amplitude = self._engine, self._plan.num_qubits, self._engine.dtype.itemsize
        copies = len(observables) > 1 and amplitude << num_qubits <= MAX_COPY_BYTES
        needed = _needs.gradient(amplitude, num_qubits, copies, beside_state(self._plan, amplitude))
        with engine.reserved(num_qubits, needed, states=2 + copies):
            bound = bind(self._program, values)
            if self.use_one_thread:
                return self._on_one_thread(values, bound, observables)
            levels, slopes = np.empty(len(observables)), np.empty((len(observables), values.size))
            kept = self._prepared(values, bound) if copies else None
            for k, observable in enumerate(observables):
                ket = self._prepared(values, bound) if kept is None else engine.copy_of(kept, num_qubits)
                bra = engine.empty_state(num_qubits)
                apply(observable, ket, bra, engine.team)
                levels[k] = inner.vdot(ket, bra, engine.team).real
                slopes[k] = self._take_back(values.size, bound, ket, bra)
                del ket, bra  # before the next observable's are made
            return levels, slopes

    def _prepared(self, values: FloatArray, bound: _Bound) -> StateArray:
        """The state that the plan prepares."""
        if not self._is_fresh:
            return Walker(self._engine, self._plan, values).final_state(None)
        state = self._engine.empty_state(self._plan.num_qubits)
        self._engine.run(self._program, values, state, fresh=True, bound=bound, forward_only=self._forward_only)
        return state

    def _on_one_thread(
        self, values: FloatArray, bound: _Bound, observables: Sequence[Observable]
    ) -> tuple[FloatArray, FloatArray]:
        """Forward once, then for each observable H, and the way back in one call."""
        engine, plan = self._engine, self._backward
        assert plan.alone is not None
        item, cut, slots = plan.alone
        size, several = plan.state_size, len(observables) > 1
        states = cast(StateArray, engine.scratch(2 + several, size, engine.dtype))[:, :size]
        used = states[:, : 1 << self._plan.num_qubits]
        last = used[-1 if several else 0]
        engine.run(self._program, values, last, fresh=True, bound=bound, forward_only=self._forward_only)
        states[:, used.shape[1] :] = 0.0
        levels, slopes = np.empty(len(observables)), np.zeros((len(observables), values.size))
        generators, scratch = plan.generators.at(bound[1]), engine.scratch(1, plan.scratch_size, plan.real)
        coefficients = item.part.extended(bound[0])
        for k, observable in enumerate(observables):
            if several:
                states[0] = states[-1]
            apply(observable, used[0], used[1], engine.team)
            pair = states[0].view(plan.real), states[1].view(plan.real)
            levels[k] = adjoint_alone(*pair, cut, coefficients, generators, item.backward, slots, scratch, slopes[k])
        return levels, slopes

    def _take_back(self, num_parameters: int, bound: _Bound, ket: StateArray, bra: StateArray) -> FloatArray:
        """Derivatives from ``|ψ⟩`` and ``H|ψ⟩``, which are used up."""
        coefficients, angles = bound
        by_slot = np.zeros(angles.size)
        engine, plan = self._engine, self._backward
        ket, bra = engine.workspace(ket), engine.workspace(bra)
        run = _Run(engine, self._program, plan, coefficients, angles, by_slot)
        for number, item in enumerate(plan.items):
            keep = number + 1 < len(plan.items)
            if isinstance(item, AdjointPart):
                run.sweeps(item, ket, bra, keep)
            else:
                run.gate(item, ket, bra, keep)
        return self._program.slots.pull_back(by_slot, num_parameters)


def _parametrised_program(plan: ExecutionPlan) -> Program:
    """The last program of a plan, the only one that parameters may enter."""
    if any(isinstance(step, ChannelStep) for step in plan.steps):
        raise CircuitError(
            "a gradient by the adjoint method needs a pure state, got a circuit with a channel; use "
            "DensityMatrixSimulator"
        )
    last = plan.steps[-1]
    earlier = [step.program for step in plan.steps[:-1] if isinstance(step, UnitaryStep)]
    if not isinstance(last, UnitaryStep) or any(program.groups for program in earlier):
        raise CircuitError("a gradient needs every parametrised gate after the last initialize or reset")
    return last.program


class _Run:
    """Takes two states back at given parameter values; the derivatives go to `by_slot`."""

    def __init__(
        self,
        engine: Engine,
        program: Program,
        plan: BackwardPlan,
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
        backward, numbers = item.backward, unfilled_numbers(part, real)
        planned, derivatives = backward.sought, backward.derivatives
        derivatives = derivatives._replace(weights=derivatives.weights.copy())
        sought = planned._replace(
            collect=planned.collect.copy(), scales=np.empty(planned.scales.shape), probes=planned.probes.copy()
        )
        factor = number_kernels.fill_adjoint(
            part.extended(self._coefficients),
            self._generators,
            1 << layout.lane_bits,
            backward.formulas,
            numbers,
            sought,
            derivatives,
        )
        blocks = 1 << (layout.num_bits - layout.block_bits)
        sums = np.zeros((min(blocks, MAX_GROUPS), backward.num_places))
        num_threads = min(engine.num_threads, len(sums))
        visits = 2 * (len(part.operations) + SWEEP_ROWS * part.num_sweeps) << layout.num_bits
        long = visits >= LONG_VISITS * num_threads
        size = scratch_size(engine, item)
        engine.team.run(
            kernels.turn_back_sweeps, ket.view(real), bra.view(real), engine.cut(layout), backward.bits,
            backward.operation_start, 0 if keep else backward.first_row, numbers._replace(factor=complex(factor)),
            sought, engine.scratch(num_threads, size, real, long), keep, sums, counters(2 * part.num_sweeps),
            num_threads=num_threads, long=long,
        )  # fmt: skip
        number_kernels.add_derivatives(sums, derivatives, self._by_slot)

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
    targets = program.qubits[program.qubit_start[i] : program.qubit_start[i + 1]]
    if program.opcodes[i] == Opcode.COMPLETE_XY:
        by_slot[differential.slots[0]] += exchange.complete_xy_inner(bra, ket, targets, mask, value).imag
        return
    assert differential.record is not None, "rotations by Pauli strings run in sweeps"
    diagonal = program.opcodes[i] == Opcode.DIAGONAL
    generators = differential.record.generators(*angles[list(differential.slots)])
    for slot, generator in zip(differential.slots, generators, strict=True):
        if diagonal:
            entries = np.ascontiguousarray(np.diag(generator)).astype(np.complex128)
            overlap = inner.diagonal_inner(bra, ket, targets, entries, mask, value)
        else:
            overlap = inner.dense_inner(bra, ket, targets, generator.astype(np.complex128).ravel(), mask, value)
        by_slot[slot] += 2.0 * overlap.imag
