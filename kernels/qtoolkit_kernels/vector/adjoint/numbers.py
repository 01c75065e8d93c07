"""Numbers for taking a plan back: inverse operations, and how sums over the states make derivatives.

With ``∂U/∂θ = -i G U`` an angle has the derivative ``2 Im ⟨λ|G|ψ⟩`` (T. Jones and J. Gacon, arXiv:2009.02823). Where
gates are merged, G is carried through the gates that follow within the product, as ``A G A†``, and expanded in the
Pauli matrices (one qubit) or in matrix units (two), whose overlaps the sweeps sum up. Each derivative is then a linear
combination of sums: `entries` say of which, `weights` with which coefficients.

For a one-qubit product ``diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})`` the overlap of Y comes from its rotation, those of Z
before and after from the phases; that of X after the rotation is summed up only if a generator needs it, as happens at
special angles and where several rotations about different axes were merged.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.adjoint.block import MAX_ROTATED, NOTHING, PROBE_ENABLED
from qtoolkit_kernels.vector.adjoint.plan import Derivatives, Sought
from qtoolkit_kernels.vector.numbers import (
    PAULI_1Q,
    PAULI_2Q,
    WRITE_MATRIX,
    add_factor,
    add_term,
    fold_controls,
    multiply_dense,
    multiply_products,
    place_rotations,
    small_matrix,
    write_rare,
    write_registers,
)
from qtoolkit_kernels.vector.plan import Formulas, Numbers

__all__ = ["ENTRIES_OF_DENSE", "ENTRIES_OF_PRODUCT", "RENORMALISED", "add_derivatives", "fill_adjoint"]

RENORMALISED = 3
"""In the first column of `collect`: the PHASE row makes up for what rotations left out."""

ENTRIES_OF_PRODUCT = 5
"""Entries of a derivative within a one-qubit product: Y, Z after, Z before, probes of X and of Z."""

ENTRIES_OF_DENSE = 32

NEGLIGIBLE = 1e-12
"""A component of a generator below this is rounding."""


@njit
def find_scales(operations: Integers, collect: Integers, registers: Reals, lanes: int, scales: Floats) -> float:
    """What sums must be multiplied by for the cosines and sines that rotations leave out; return what is left out."""
    scale = 1.0
    for i in range(operations.shape[0] - 1, -1, -1):
        for slot in range(4):
            scales[i, slot] = scale * scale
        start = operations[i, isa.START]
        if operations[i, isa.OPCODE] == isa.ROTATE:
            count = operations[i, isa.ROTATE_COUNT]
            for slot in range(count):
                # Rows of four are taken back in two passes.
                if collect[i, 0] != NOTHING and slot == 2 and count > MAX_ROTATED:
                    scales[i, 2] = scales[i, 3] = scale * scale
                scale /= np.sqrt(1.0 + registers[start + slot] ** 2)
        elif collect[i, 0] == RENORMALISED:
            for lane in range(lanes):
                registers[start + lane], registers[start + lanes + lane] = scale, 0.0
            scale = 1.0
    return scale


@njit
def multiply(left: Complex, right: Complex, size: int, adjoint: bool, out: Complex) -> None:
    """Write the product of square matrices, row by row, the second one's adjoint taken if asked for."""
    for i in range(size):
        for j in range(size):
            total = 0.0 + 0.0j
            for k in range(size):
                other = right[size * j + k].conjugate() if adjoint else right[size * k + j]
                total += left[size * i + k] * other
            out[size * i + j] = total


@njit
def carry(after: Complex, generator: Complex, size: int, spare: Complex) -> None:
    """Replace a generator G by A G A†."""
    multiply(after, generator, size, False, spare)
    multiply(spare, after, size, True, generator)


@njit
def weigh_products(
    locals_: Integers,
    products: Integers,
    starts: Integers,
    factors: Integers,
    coefficients: Complex,
    generators: Complex,
    angles: Floats,
    phases: Complex,
    probes: Integers,
    weights: Floats,
) -> None:
    """Find the weights of derivatives within one-qubit products, and enable the probes they need.

    Args:
        locals_, products: see `Derivatives`.
        starts, factors, coefficients, angles, phases: see `numbers.multiply_products`.
        generators: laid out as `coefficients`.
        probes, weights: changed.
    """
    zeros, spare = np.zeros(4, np.complex128), np.empty(4, np.complex128)
    g, m, after = np.empty(4, np.complex128), np.empty(4, np.complex128), np.empty(4, np.complex128)
    for row in range(locals_.shape[0]):
        k, f, place, entry = locals_[row, 0], locals_[row, 1], locals_[row, 2], locals_[row, 3]
        form, detail = factors[f, 0], factors[f, 2]
        small_matrix(generators, form, place, detail, g)
        small_matrix(zeros, form, 0, detail, spare)
        for i in range(4):
            g[i] = (g[i] - spare[i]) * (1j if form == PAULI_1Q else 1.0)
            after[i] = 1.0 if i in (0, 3) else 0.0
        for h in range(f + 1, starts[k + 1]):
            small_matrix(coefficients, factors[h, 0], factors[h, 1], factors[h, 2], m)
            multiply(m, after, 2, False, spare)
            for i in range(4):
                after[i] = spare[i]
        carry(after, g, 2, spare)
        corner = g[2] * phases[k, 1].conjugate()
        x, y, z = corner.real, corner.imag, 0.5 * (g[0].real - g[3].real)
        double_cosine = angles[k, 0] ** 2 - angles[k, 1] ** 2
        double_sine = 2.0 * angles[k, 0] * angles[k, 1]
        x_before, z_before = x * double_cosine - z * double_sine, z * double_cosine + x * double_sine
        size = NEGLIGIBLE * (abs(x) + abs(y) + abs(z))
        # A phase tells by the sum where the qubit is 1, and Z = 1 - 2n.
        for i in range(ENTRIES_OF_PRODUCT):
            weights[entry + i] = 0.0
        weights[entry] = 2.0 * y
        if abs(x) <= size and (abs(z) <= size or products[k, 1]):
            weights[entry + 1] = -4.0 * z
        elif abs(x_before) <= size and (abs(z_before) <= size or products[k, 2]):
            weights[entry + 2] = -4.0 * z_before
        else:
            weights[entry + 3] = 2.0 * x
            probes[products[k, 3], PROBE_ENABLED] = 1
            if products[k, 1]:
                weights[entry + 1] = -4.0 * z
            else:
                weights[entry + 4] = 2.0 * z
                probes[products[k, 4], PROBE_ENABLED] = 1


@njit
def weigh_dense(
    denses: Integers,
    starts: Integers,
    factors: Integers,
    coefficients: Complex,
    generators: Complex,
    weights: Floats,
) -> None:
    """Find the weights of derivatives within 4x4 matrices; see `Derivatives`."""
    zeros, spare = np.zeros(16, np.complex128), np.empty(16, np.complex128)
    g, m, after = np.empty(16, np.complex128), np.empty(16, np.complex128), np.empty(16, np.complex128)
    for row in range(denses.shape[0]):
        k, f, place, entry = denses[row, 0], denses[row, 1], denses[row, 2], denses[row, 3]
        form, detail, slot = factors[f, 0], factors[f, 2], factors[f, 3]
        add_factor(generators, form, place, detail, slot, g)
        add_factor(zeros, form, 0, detail, slot, spare)
        for i in range(16):
            g[i] = (g[i] - spare[i]) * (1j if form in (PAULI_1Q, PAULI_2Q) else 1.0)
            after[i] = 1.0 if i % 5 == 0 else 0.0
        for h in range(f + 1, starts[k + 1]):
            add_factor(coefficients, factors[h, 0], factors[h, 1], factors[h, 2], factors[h, 3], m)
            multiply(m, after, 4, False, spare)
            for i in range(16):
                after[i] = spare[i]
        carry(after, g, 4, spare)
        for i in range(16):
            weights[entry + 2 * i] = 2.0 * g[i].imag
            weights[entry + 2 * i + 1] = 2.0 * g[i].real


@njit
def fill_adjoint(
    coefficients: Complex,
    generators: Complex,
    lanes: int,
    formulas: Formulas,
    numbers: Numbers,
    sought: Sought,
    derivatives: Derivatives,
) -> float:
    """Compute all numbers for taking a plan back.

    Args:
        coefficients, lanes, numbers: as for `numbers.fill_numbers`; `numbers` receives those of the inverse operations,
            and angles of strings of Z with their signs turned round.
        generators: of the derivatives, laid out as the coefficients of the gates.
        formulas: as there, apart from the signs of Pauli rotations, which are turned round.
        sought, derivatives: receive what depends on numbers.

    Returns:
        The scale that the states lack when all is taken back.
    """
    product_start, product_factors, dense_start, dense_factors, terms, sets, members, writes, places = formulas
    operations, registers, constants, linear, pairs, controls, _, string_angles, _ = numbers
    collect, scales, _, probes, _, _ = sought
    _, weights, products, locals_, denses = derivatives
    num_products = product_start.size - 1
    angles, phases = np.empty((num_products, 2)), np.empty((num_products, 2), np.complex128)
    matrices = np.empty((dense_start.size - 1, 16), np.complex128)
    multiply_products(coefficients, product_start, product_factors, angles, phases)
    multiply_dense(coefficients, dense_start, dense_factors, matrices)
    for t in range(terms.shape[0]):
        add_term(coefficients, phases, terms[t], constants, linear, pairs)
    fold_controls(controls, constants, linear, pairs)
    weigh_products(
        locals_, products, product_start, product_factors, coefficients, generators, angles, phases, probes, weights
    )
    weigh_dense(denses, dense_start, dense_factors, coefficients, generators, weights)

    for k in range(places.size):
        place = places[k]
        string_angles[k] = np.arctan2(coefficients[place + 1].real, coefficients[place].real)
    inverse = np.empty(coefficients.size, np.complex128)
    for k in range(coefficients.size):
        inverse[k] = coefficients[k].conjugate()
    for d in range(constants.size):
        constants[d] = constants[d].conjugate()
        for i in range(linear.shape[1]):
            linear[d, i] = linear[d, i].conjugate()
            for j in range(linear.shape[1]):
                pairs[d, i, j] = pairs[d, i, j].conjugate()
    for k in range(num_products):
        angles[k, 1] = -angles[k, 1]
        phases[k, 0], phases[k, 1] = phases[k, 0].conjugate(), phases[k, 1].conjugate()
    for k in range(matrices.shape[0]):
        for i in range(4):
            for j in range(i + 1):
                a, b = matrices[k, 4 * i + j], matrices[k, 4 * j + i]
                matrices[k, 4 * i + j], matrices[k, 4 * j + i] = b.conjugate(), a.conjugate()
    place_rotations(sets, members, angles, lanes, operations, registers, products, collect)
    for w in range(writes.shape[0]):
        if writes[w, 0] >= WRITE_MATRIX:
            write_rare(writes[w], lanes, inverse, registers)
        else:
            write_registers(writes[w], lanes, inverse, angles, phases, matrices, registers)
    return find_scales(operations, collect, registers, lanes, scales)


@njit
def add_derivatives(sums: Floats, derivatives: Derivatives, by_slot: Floats) -> None:
    """Add up the groups' sums in order and combine them."""
    entries, weights = derivatives.entries, derivatives.weights
    totals = np.zeros(sums.shape[1], np.float64)
    for group in range(sums.shape[0]):
        for place in range(totals.size):
            totals[place] += sums[group, place]
    for e in range(entries.shape[0]):
        by_slot[entries[e, 0]] += weights[e] * totals[entries[e, 1]]
