"""Gradients by the adjoint method: one pass forward, one back, whatever the number of parameters.

T. Jones and J. Gacon, arXiv:2009.02823. With ``|φ_i⟩`` the state after gate i and ``⟨λ_i|`` the observable
pulled back to the same place, a gate with ``∂U/∂θ = -i G U`` contributes ``2 Im ⟨λ_i|G|φ_i⟩``. Both states are taken
back through the sweeps of the plan that prepared ``|ψ⟩``, block by block; gates outside the sweeps one by one.
"""

from __future__ import annotations

import weakref

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit.compiler import Differential, GatePart, Layout, Opcode, Program, plan_sweeps
from qtoolkit.simulators.adjoint_plan import AdjointPart, Generators, adjoint_part
from qtoolkit.simulators.bind import bind
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels import inner, pauli
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector import adjoint_numbers as number_kernels
from qtoolkit_kernels.vector import adjoint_sweep as kernels
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["adjoint_gradient"]

FloatArray = NDArray[np.float64]

MAX_GROUPS = 256
"""Sums are kept apart for so many groups of blocks."""


def adjoint_gradient(
    engine: Engine,
    program: Program,
    values: FloatArray,
    ket: StateArray,
    bra: StateArray,
    from_zero_state: bool = False,
) -> FloatArray:
    """Derivatives of ``⟨ψ|H|ψ⟩`` by the parameters, shape ``(num_parameters,)``.

    Args:
        engine: runs the gates.
        program: the gates that prepared ``|ψ⟩``.
        values: parameter values.
        ket: ``|ψ⟩``; used up.
        bra: ``H|ψ⟩``; used up.
        from_zero_state: whether the program began from ``|0…0⟩``.
    """
    coefficients, angles = bind(program, values)
    by_slot = np.zeros(angles.size)
    plan = _plan_of(program, engine.layout(ket.size.bit_length() - 1), from_zero_state)
    ket, bra = engine.workspace(ket), engine.workspace(bra)
    run = _Run(engine, program, plan, coefficients, angles, by_slot)
    for number, item in enumerate(plan.items):
        keep = number + 1 < len(plan.items)
        if isinstance(item, AdjointPart):
            run.sweeps(item, ket, bra, keep)
        else:
            run.gate(item, ket, bra, keep)
    return program.slots.pull_back(by_slot, values.size)


class _AdjointPlan:
    """The parts of a plan in reverse order, up to the first that depends on parameters."""

    def __init__(self, program: Program, layout: Layout, from_zero_state: bool) -> None:
        self.generators = Generators(program)
        self.differentials = {d.operation: d for d in program.differentials}
        self.items: list[AdjointPart | int] = []
        """Sweeps, or the number of a gate that runs on the whole state."""
        last = 0
        for part in reversed(plan_sweeps(program, layout, from_zero_state)):
            if isinstance(part, GatePart):
                self.items.append(part.operation)
                needed = part.operation in self.differentials
            elif part.num_sweeps:
                item = adjoint_part(part, self.generators)
                self.items.append(item)
                needed = item.first_row < len(part.operations)
            else:
                continue
            if needed:
                last = len(self.items)
        del self.items[last:]


_plans: weakref.WeakKeyDictionary[Program, dict[tuple[Layout, bool], _AdjointPlan]] = weakref.WeakKeyDictionary()


def _plan_of(program: Program, layout: Layout, from_zero_state: bool) -> _AdjointPlan:
    kept = _plans.setdefault(program, {})
    key = (layout, from_zero_state)
    if key not in kept:
        kept[key] = _AdjointPlan(program, layout, from_zero_state)
    return kept[key]


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
        real: DTypeLike = np.float64 if engine.precision == "double" else np.float32
        num_polynomials = part.controls.size
        operations, collect, probes = part.operations.copy(), item.collect.copy(), item.probes.copy()
        registers = aligned_empty(part.registers.size, real)
        registers[:] = part.registers
        constants = np.ones(num_polynomials, np.complex128)
        linear = np.ones((num_polynomials, layout.num_bits), np.complex128)
        pairs = np.ones((num_polynomials, layout.num_bits, layout.num_bits), np.complex128)
        scales, weights = np.empty((len(operations), 4)), item.weights.copy()
        string_angles = np.empty(part.string_places.size)
        factor = number_kernels.fill_adjoint(
            self._coefficients, self._generators, 1 << layout.lane_bits, part.product_start, part.product_factors,
            part.dense_start, part.dense_factors, part.terms, part.controls, part.sets, part.members, item.writes,
            part.string_places, item.products, item.locals_, item.denses, string_angles, operations, registers,
            constants, linear, pairs, collect, scales, probes, weights,
        )  # fmt: skip
        blocks = 1 << (layout.num_bits - layout.block_bits)
        sums = np.zeros((min(blocks, MAX_GROUPS), item.num_places))
        num_threads = min(engine.num_threads, len(sums))
        size = kernels.adjoint_scratch_size(
            layout.block_bits,
            layout.low_bits,
            part.most_diagonals,
            part.strings.size > 0,
            engine.vector_bytes,
            np.dtype(real).itemsize,
        )
        engine.team.run(
            kernels.turn_back_sweeps, ket.view(real), bra.view(real), Lanes(engine.vector_bytes), layout.block_bits,
            layout.chunk_bits, layout.low_bits, part.bits, 0 if keep else item.first_row, part.operation_start,
            operations, registers, constants, linear, pairs, part.controls, part.strings, string_angles, collect,
            scales, item.probe_start, probes, item.wanted_start, item.wanted, engine.scratch(num_threads, size, real),
            keep, complex(factor), sums, counters(2 * part.num_sweeps), num_threads=num_threads,
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
