"""Numbers of a plan: from the coefficients of gates to the registers that sweeps read.

A plan fixes which operations run where; what depends on parameter values is computed here, in one call. Matrices of
merged gates are multiplied, one-qubit products are split as ``e^{iα} diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})``, phases
are collected in polynomials ``c · Π l_i^{x_i} · Π p_ij^{x_i x_j}``, and the cosines (or, where larger, the sines) that
rotations leave out are multiplied into one scale.

Costs some 20 to 100 nanoseconds a gate, whatever the size of the state.
"""

import numpy as np

from qtoolkit_kernels._bits import parity
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.matrix_numbers import write_matrix, write_pair, write_table
from qtoolkit_kernels.vector.plan import Formulas, Numbers, Products

__all__ = [
    "FORMS",
    "WRITES",
    "fill_numbers",
    "multiply_dense",
    "multiply_products",
    "split_unitary",
]

FORMS = (
    "MATRIX_1Q", "DIAGONAL_1Q", "PHASE_1Q", "PAULI_1Q", "MATRIX_2Q", "DIAGONAL_2Q", "PHASE_2Q", "PAULI_2Q",
    "CONTROLLED_MATRIX", "CONTROLLED_DIAGONAL", "BEFORE_ROTATION", "AFTER_ROTATION",
)  # fmt: skip
"""Names of the numbers by which factors say what their coefficients mean."""

(
    MATRIX_1Q, DIAGONAL_1Q, PHASE_1Q, PAULI_1Q, MATRIX_2Q, DIAGONAL_2Q, PHASE_2Q, PAULI_2Q, CONTROLLED_MATRIX,
    CONTROLLED_DIAGONAL, BEFORE_ROTATION, AFTER_ROTATION,
) = range(len(FORMS))  # fmt: skip

SMALL_GAMMA, WITHOUT_BETA, WITHOUT_GAMMA, WITHOUT_THETA = 1, 2, 4, 8
"""How a one-qubit product is split: whether γ, else β, is kept within (-π/2, π/2], and which angles are 0 always."""

NEGLIGIBLE = 1e-15
"""Sines and cosines below this are rounding."""

MARGIN = 1 + 1e-9
"""A sine so many times as large as the cosine is the larger one: both are √½ in a Hadamard gate, rounded somehow."""

WRITES = ("LANES", "DENSE", "PHASE", "PAULI", "MATRIX", "TABLE")
"""Names of the numbers by which a row of `writes` says what goes to the registers."""

WRITE_LANES, WRITE_DENSE, WRITE_PHASE, WRITE_PAULI, WRITE_MATRIX, WRITE_TABLE = range(len(WRITES))


@njit
def small_matrix(coefficients: Complex, form: int, place: int, detail: int, out: Complex) -> None:
    """The 2x2 matrix of a one-qubit factor, row by row."""
    out[:4] = 0.0
    if form == MATRIX_1Q:
        for k in range(4):
            out[k] = coefficients[place + k]
    elif form == DIAGONAL_1Q:
        out[0], out[3] = coefficients[place], coefficients[place + 1]
    elif form == PHASE_1Q:
        out[0] = out[3] = 1.0
        out[3 * detail] = coefficients[place]
    else:
        cosine, sine = coefficients[place].real, coefficients[place + 1].real
        out[0] = out[3] = cosine
        if detail == 1:
            out[1] = out[2] = -1j * sine
        elif detail == 3:
            out[1], out[2] = -sine, sine
        else:
            out[0], out[3] = cosine - 1j * sine, cosine + 1j * sine


@njit
def split_unitary(
    p: complex, q: complex, r: complex, s: complex, parts: int
) -> tuple[float, float, complex, complex, complex]:
    """Split ``[[p, q], [r, s]]``; multiplied again, every entry is within a few roundings of what it was.

    A phase is never taken from a small entry where a large one tells it: what a small one says, rounding may have said.
    Where one phase is 1 for all values, the other one and the signs follow from the larger entries alone.

    Args:
        p, q, r, s: a unitary, row by row.
        parts: a sum of `SMALL_GAMMA`, `WITHOUT_BETA`, `WITHOUT_GAMMA` and `WITHOUT_THETA`.

    Returns:
        cos θ (at least 0) and sin θ, and multiples of e^{iα}, e^{iβ} and e^{iγ}.
    """
    cosine, sine = abs(p), abs(r)
    if parts & WITHOUT_THETA or sine < NEGLIGIBLE:
        whole = s * p.conjugate()
        if parts & WITHOUT_GAMMA or (parts & SMALL_GAMMA and not parts & WITHOUT_BETA):
            return 1.0, 0.0, p, whole, 1.0 + 0.0j
        return 1.0, 0.0, p, 1.0 + 0.0j, whole
    is_gentle = cosine >= sine
    if parts & (WITHOUT_BETA | WITHOUT_GAMMA):
        # One of r and -q is e^{iα} sin θ, the other one has the remaining phase as well.
        turned, other = (r, -q) if parts & WITHOUT_BETA else (-q, r)
        is_negative = p.real * turned.real + p.imag * turned.imag < 0.0
        sine = -sine if is_negative else sine
        alpha = p if is_gentle else (-turned if is_negative else turned)
        whole = (s if is_gentle else (-other if is_negative else other)) * alpha.conjugate()
        if parts & WITHOUT_BETA:
            return cosine, sine, alpha, 1.0 + 0.0j, whole
        return cosine, sine, alpha, whole, 1.0 + 0.0j
    alpha = p
    if cosine < NEGLIGIBLE:
        cosine, alpha = 0.0, -q if parts & SMALL_GAMMA else r
    beta = r * alpha.conjugate()
    gamma = s * p.conjugate() * beta.conjugate() if is_gentle else -q * alpha.conjugate()
    small = gamma if parts & SMALL_GAMMA else beta
    if small.real < 0 or (small.real == 0 and small.imag < 0):
        beta, gamma, sine = -beta, -gamma, -sine
    return cosine, sine, alpha, beta, gamma


@njit
def scaled_to_one(number: complex) -> complex:
    """Divide a number by its modulus, which a quotient of complex numbers takes longer to compile for."""
    size = abs(number)
    return complex(number.real / size, number.imag / size)


@njit
def multiply_products(
    coefficients: Complex, starts: Integers, factors: Integers, angles: Floats, phases: Complex
) -> complex:
    """Multiply one-qubit factors and split each product.

    Args:
        coefficients: of all gates, complex128.
        starts, factors: those of one-qubit products, see `Formulas`.
        angles, phases: receive what `Products` says.

    Returns:
        The product of all e^{iα}.
    """
    total = 1.0 + 0.0j
    m = np.empty(4, np.complex128)
    for k in range(starts.size - 1):
        p, q, r, s = 1.0 + 0.0j, 0.0 + 0.0j, 0.0 + 0.0j, 1.0 + 0.0j
        for f in range(starts[k], starts[k + 1]):
            small_matrix(coefficients, factors[f, 0], factors[f, 1], factors[f, 2], m)
            p, q, r, s = m[0] * p + m[1] * r, m[0] * q + m[1] * s, m[2] * p + m[3] * r, m[2] * q + m[3] * s
        cosine, sine, alpha, beta, gamma = split_unitary(p, q, r, s, factors[starts[k], 3])
        norm = np.hypot(cosine, sine)
        angles[k, 0], angles[k, 1] = cosine / norm, sine / norm
        phases[k, 0], phases[k, 1] = scaled_to_one(gamma), scaled_to_one(beta)
        total *= scaled_to_one(alpha)
    return scaled_to_one(total)


@njit
def add_factor(coefficients: Complex, form: int, place: int, detail: int, slot: int, out: Complex) -> None:
    """The 4x4 matrix of a factor, row by row; `slot` says which bits are its qubits: low, high, both, or reversed."""
    m = np.empty(4, np.complex128)
    out[:] = 0.0
    if slot < 2:
        small_matrix(coefficients, form, place, detail, m)
        for row in range(2):
            for column in range(2):
                for other in range(2):
                    i = row << slot | other << (1 - slot)
                    j = column << slot | other << (1 - slot)
                    out[4 * i + j] = m[2 * row + column]
        return
    for row in range(4):
        for column in range(4):
            value = 0.0 + 0.0j
            if form == MATRIX_2Q:
                value = coefficients[place + 4 * row + column]
            elif form == DIAGONAL_2Q:
                value = coefficients[place + row] if row == column else value
            elif form == PHASE_2Q:
                if row == column:
                    value = coefficients[place] if row == detail else 1.0 + 0.0j
            elif form == PAULI_2Q:
                x = (detail & 1) | (detail >> 2 & 1) << 1
                z = (detail >> 1 & 1) | (detail >> 3 & 1) << 1
                if row == column:
                    value += coefficients[place].real
                if row ^ x == column:
                    turns = (x & z & 1) + (x & z) // 2 + 2 * ((column & z & 1) ^ (column & z) >> 1)
                    turned = -1j * coefficients[place + 1].real
                    for _ in range(turns):
                        turned *= 1j
                    value += turned
            elif row >> 1 != column >> 1:
                pass
            elif row >> 1 != detail:
                value = 1.0 + 0.0j if row == column else value
            elif form == CONTROLLED_MATRIX:
                value = coefficients[place + 2 * (row & 1) + (column & 1)]
            else:
                value = coefficients[place + (row & 1)] if row == column else value
            i, j = row, column
            if slot == 3:
                i, j = (row & 1) << 1 | row >> 1, (column & 1) << 1 | column >> 1
            out[4 * i + j] = value


@njit
def multiply_dense(coefficients: Complex, starts: Integers, factors: Integers, matrices: Complex) -> None:
    """Multiply factors on two qubits into ``matrices[k]``, complex128[:, 16]; see `Formulas`."""
    m = np.empty(16, np.complex128)
    product = np.empty(16, np.complex128)
    for k in range(starts.size - 1):
        matrix = matrices[k]
        for f in range(starts[k], starts[k + 1]):
            if f == starts[k]:
                add_factor(coefficients, factors[f, 0], factors[f, 1], factors[f, 2], factors[f, 3], matrix)
                continue
            add_factor(coefficients, factors[f, 0], factors[f, 1], factors[f, 2], factors[f, 3], m)
            for i in range(4):
                for j in range(4):
                    total = 0.0 + 0.0j
                    for h in range(4):
                        total += m[4 * i + h] * matrix[4 * h + j]
                    product[4 * i + j] = total
            for i in range(16):
                matrix[i] = product[i]


@njit
def add_term(
    coefficients: Complex, phases: Complex, term: Integers, constants: Complex, linear: Complex, pairs: Complex
) -> None:
    """Multiply one diagonal gate into its polynomial; a term is [form, polynomial, i, j, place, detail]."""
    form, d, i, j, place, detail = term[0], term[1], term[2], term[3], term[4], term[5]
    if form == BEFORE_ROTATION:
        linear[d, i] *= phases[place, 0]
        return
    if form == AFTER_ROTATION:
        linear[d, i] *= phases[place, 1]
        return
    e = np.ones(4, np.complex128)
    if form == DIAGONAL_1Q:
        e[0], e[1] = coefficients[place], coefficients[place + 1]
    elif form in (PHASE_1Q, PHASE_2Q):
        e[detail] = coefficients[place]
    elif form == DIAGONAL_2Q:
        for k in range(4):
            e[k] = coefficients[place + k]
    elif form == CONTROLLED_DIAGONAL:
        e[2 * detail], e[2 * detail + 1] = coefficients[place], coefficients[place + 1]
    else:
        turn = coefficients[place].real - 1j * coefficients[place + 1].real
        e[0] = e[3] = turn
        e[1] = e[2] = turn.conjugate()
    constants[d] *= e[0]
    linear[d, i] *= e[1] * e[0].conjugate()
    if j >= 0:
        linear[d, j] *= e[2] * e[0].conjugate()
        pair = e[3] * e[0] * (e[1] * e[2]).conjugate()
        pairs[d, i, j] *= pair
        pairs[d, j, i] *= pair


@njit
def place_rotations(
    sets: Integers,
    members: Integers,
    angles: Floats,
    lanes: int,
    operations: Integers,
    registers: Reals,
    products: Integers | None,
    collect: Integers | None,
) -> float:
    """Write the rows of every set of rotations: those with a small sine together, then those with a small cosine.

    Rotations by 0 are left out unless a derivative needs their sums.

    Args:
        sets, members: see `Formulas`.
        angles: cosines and sines by product.
        lanes: elements of a register.
        operations: rows, changed.
        registers: tangents and cotangents, changed.
        products, collect: on the way back, see `Derivatives` and, changed, `adjoint.block`; else None.

    Returns:
        The product of what the rotations leave out in the end; on the way back, where they make up for nothing, of all.
    """
    scale = 1.0
    for k in range(sets.shape[0]):
        row, last_row = sets[k, 0], sets[k, 0] + sets[k, 1]
        place, step = sets[k, 4], sets[k, 5]
        for steep in range(2):
            count = 0
            for m in range(sets[k, 2], sets[k, 3]):
                product = members[m, 1]
                cosine, sine, needed = angles[product, 0], angles[product, 1], -1
                if products is not None:
                    needed = products[product, 0]
                if (abs(sine) > MARGIN * cosine) != (steep == 1) or (sine == 0.0 and needed < 0):
                    continue
                if count == 4:
                    operations[row, isa.ROTATE_COUNT] = 4
                    row += 1
                    place += step
                    count = 0
                operations[row, isa.POSITIONS + count] = members[m, 0]
                operations[row, isa.ROTATE_STEEP] = steep
                operations[row, isa.START] = place
                registers[place + count] = cosine / sine if steep == 1 else sine / cosine
                if collect is not None:
                    collect[row, 1 + count] = needed
                scale *= sine if steep == 1 else cosine
                count += 1
            if count:
                operations[row, isa.ROTATE_COUNT] = count
                row += 1
                place += step
        for empty in range(row, last_row):
            operations[empty, isa.ROTATE_COUNT] = 0
        if products is None and sets[k, 6] >= 0:
            registers[sets[k, 6] : sets[k, 6] + lanes] = scale
            registers[sets[k, 6] + lanes : sets[k, 6] + 2 * lanes] = 0.0
            scale = 1.0
    return scale


@njit
def write_registers(
    write: Integers,
    lanes: int,
    coefficients: Complex,
    angles: Floats,
    phases: Complex,
    matrices: Complex,
    registers: Reals,
) -> None:
    """Run one row of `writes`: [kind, start, source, ...]; the rest depends on the kind."""
    kind, start, source = write[0], write[1], write[2]
    if kind == WRITE_LANES:
        # source: product; then the lane bit.
        for lane in range(lanes):
            registers[start + lane] = angles[source, 0]
            registers[start + lanes + lane] = angles[source, 1] * (1.0 if lane >> write[3] & 1 else -1.0)
    elif kind == WRITE_DENSE:
        # source: matrix; then the positions of its bits, and the number of lane bits.
        write_pair(matrices[source], write[3], write[4], 1, write[5], lanes, start, registers)
    elif kind == WRITE_PHASE:
        # source: place; then where it is (coefficients, before or after a rotation), the lanes it acts on.
        factor = coefficients[source] if write[3] == 0 else phases[source, write[3] - 1]
        for lane in range(lanes):
            on = lane & write[4] == write[5]
            registers[start + lane] = factor.real if on else 1.0
            registers[start + lanes + lane] = factor.imag if on else 0.0
    else:
        # source: place of cosine and sine; then the sign, the lanes' part of the z mask, the lanes it acts on.
        cosine, sine = coefficients[source].real, coefficients[source + 1].real * write[3]
        for lane in range(lanes):
            on = lane & write[5] == write[6]
            registers[start + lane] = cosine if on else 1.0
            registers[start + lanes + lane] = (-sine if parity(lane & write[4]) else sine) if on else 0.0


@njit
def write_rare(write: Integers, lanes: int, coefficients: Complex, registers: Reals) -> None:
    """Run a row of `writes` for a MATRIX or a TABLE."""
    if write[0] == WRITE_MATRIX:
        write_matrix(write, lanes, coefficients, registers)
    else:
        write_table(write, lanes, coefficients, registers)


@njit
def fold_controls(controls: Integers, constants: Complex, linear: Complex, pairs: Complex) -> None:
    """Turn polynomials that vanish where a control is 0 into the polynomial that remains where it is 1."""
    for d in range(controls.size):
        if controls[d] >= 0:
            k = controls[d]
            constants[d] = linear[d, k]
            for i in range(linear.shape[1]):
                linear[d, i] = pairs[d, k, i] if i != k else 1.0
            for i in range(linear.shape[1]):
                for j in range(linear.shape[1]):
                    pairs[d, i, j] = 1.0


@njit
def fill_numbers(
    coefficients: Complex, lanes: int, formulas: Formulas, products: Products, numbers: Numbers, rare: bool | None
) -> complex:
    """Compute all numbers of a plan.

    Args:
        coefficients: complex128, of the gates and then the planner's constants.
        lanes: elements of a register.
        formulas: of the plan.
        products: receives what they are.
        numbers: its rows, of which those of rotations are filled in, what no parameter changes, and polynomials of
            ones; receives all but the factor.
        rare: None, and the kernel takes less time to compile, if no write is one of a MATRIX or a TABLE.

    Returns:
        What the sweeps leave out: a scale and a global phase, as one factor.
    """
    product_start, product_factors, dense_start, dense_factors, terms, sets, members, writes, places = formulas
    operations, registers, constants, linear, pairs, controls, _, string_angles, _ = numbers
    angles, phases, matrices = products
    factor = multiply_products(coefficients, product_start, product_factors, angles, phases)
    multiply_dense(coefficients, dense_start, dense_factors, matrices)
    for t in range(terms.shape[0]):
        add_term(coefficients, phases, terms[t], constants, linear, pairs)
    fold_controls(controls, constants, linear, pairs)
    for k in range(places.size):
        string_angles[k] = -np.arctan2(coefficients[places[k] + 1].real, coefficients[places[k]].real)
    factor *= place_rotations(sets, members, angles, lanes, operations, registers, None, None)
    for w in range(writes.shape[0]):
        if rare is not None and writes[w, 0] >= WRITE_MATRIX:
            write_rare(writes[w], lanes, coefficients, registers)
            continue
        write_registers(writes[w], lanes, coefficients, angles, phases, matrices, registers)
    return factor
