"""Gradients by the adjoint method: one pass forward, one back, whatever the number of parameters.

T. Jones and J. Gacon, arXiv:2009.02823. With ``|φ_i⟩`` the state after gate i and ``⟨λ_i|`` the observable
pulled back to the same place, a gate with ``∂U/∂θ = -i G U`` contributes ``2 Im ⟨λ_i|G|φ_i⟩``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Differential, Opcode, Program
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit_kernels import inner, pauli

__all__ = ["adjoint_gradient"]


def adjoint_gradient(
    engine: Engine,
    program: Program,
    values: NDArray[np.float64],
    ket: StateArray,
    bra: StateArray,
) -> NDArray[np.float64]:
    """Derivatives of ``⟨ψ|H|ψ⟩`` by the parameters, shape ``(num_parameters,)``.

    Args:
        engine: runs the gates.
        program: the gates that prepared ``|ψ⟩``.
        values: parameter values.
        ket: ``|ψ⟩``; used up.
        bra: ``H|ψ⟩``; used up.
    """
    coefficients, angles = program.bind(values)
    backward = program.adjoint
    backward_coefficients = program.adjoint_coefficients(coefficients).astype(engine.dtype, copy=False)
    by_slot = np.zeros(angles.size)
    undone = 0
    for differential in reversed(program.differentials):
        place = program.num_operations - 1 - differential.operation
        engine.run_gates(backward, backward_coefficients, ket, undone, place)
        engine.run_gates(backward, backward_coefficients, bra, undone, place)
        undone = place
        _accumulate(by_slot, program, differential, angles, bra, ket)
    return program.slots.pull_back(by_slot, values.size)


def _accumulate(
    by_slot: NDArray[np.float64],
    program: Program,
    differential: Differential,
    angles: NDArray[np.float64],
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
