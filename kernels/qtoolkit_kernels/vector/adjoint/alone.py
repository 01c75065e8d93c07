"""The way back for states of one block: all of it in one call.

Cost: 4 flops an amplitude for ⟨ψ|H|ψ⟩, then what `adjoint.numbers` and `adjoint.block` say; the states stay in cache.
"""

import numpy as np

from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Complex, Floats, Reals
from qtoolkit_kernels.threads import COUNTER
from qtoolkit_kernels.vector.adjoint.numbers import add_derivatives, fill_adjoint
from qtoolkit_kernels.vector.adjoint.plan import Backward, Derivatives, Sought
from qtoolkit_kernels.vector.adjoint.sweep import turn_back_sweeps
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.tiles import lanes_of
from qtoolkit_kernels.vector.trigonometry import Slots

__all__ = ["adjoint_alone"]


@reduction_njit
def product(ket: Reals, bra: Reals) -> float:
    """The real part of ⟨bra|ket⟩, in double precision."""
    total = 0.0
    for i in range(ket.size):
        total += np.float64(ket[i]) * np.float64(bra[i])
    return total


@njit
def adjoint_alone(
    ket: Reals,
    bra: Reals,
    cut: Cut,
    coefficients: Complex,
    generators: Complex,
    backward: Backward,
    slots: Slots,
    scratch: Reals,
    gradient: Floats,
) -> float:
    """Compute numbers, take both states back, and combine the sums.

    Args:
        ket, bra, cut: as for `turn_back_sweeps`; one block holds a state.
        coefficients, generators: as for `fill_adjoint`.
        backward: the plan.
        slots: how angles depend on parameters.
        scratch: one row, of `adjoint_scratch_size` elements and as many as there are registers, aligned.
        gradient: zeros; receives the derivatives by parameter.

    Returns:
        The real part of ⟨bra|ket⟩.
    """
    value = product(ket, bra)
    bits, operation_start, first_row, num_places, formulas, given, planned, own = backward
    registers = scratch[0, scratch.shape[1] - given.registers.size :]
    for i in range(registers.size):
        registers[i] = given.registers[i]
    numbers = Numbers(
        given.operations.copy(), registers, given.constants.copy(), given.linear.copy(), given.pairs.copy(),
        given.controls, given.strings, given.string_angles.copy(), given.factor,
    )  # fmt: skip
    sought = Sought(
        planned.collect.copy(), planned.scales.copy(), planned.probe_start, planned.probes.copy(),
        planned.wanted_start, planned.wanted,
    )  # fmt: skip
    derivatives = Derivatives(own.entries, own.weights.copy(), own.products, own.locals_, own.denses)
    fill_adjoint(coefficients, generators, lanes_of(ket, cut.lanes), formulas, numbers, sought, derivatives)
    sums, counters = np.zeros((1, num_places), np.float64), np.zeros((2 * bits.shape[0], COUNTER), np.int64)
    turn_back_sweeps(
        ket, bra, cut, bits, operation_start, first_row, numbers, sought, scratch, False, sums, counters, 0
    )
    by_slot = np.zeros(slots.constants.size, np.float64)
    add_derivatives(sums, derivatives, by_slot)
    for t in range(slots.terms.shape[0]):
        gradient[slots.terms[t, 1]] += slots.coefficients[t] * by_slot[slots.terms[t, 0]]
    return value
