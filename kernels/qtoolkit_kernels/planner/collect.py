"""What to collect when sweeps are taken back: the sums and probes of each row, and the derivatives made of them.

What became of a gate tells where the derivatives by its angles are found. A polynomial of phases has sums, strings and
phases with controls are probed, of gates merged into a 4x4 matrix all overlaps are, and factors of a one-qubit product
share the sums of its rotation and of its phases. `vector.adjoint.numbers` weighs what depends on numbers.

Cost: some 20 ns for each factor, term and write, more within 4x4 matrices, where an angle has 32 entries.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.planner import sums as tables
from qtoolkit_kernels.planner.sums import (
    add_controlled_probe,
    add_denses,
    add_entry,
    add_overlaps,
    add_product_probes,
    add_wanted,
    diagonal_generator,
    new_place,
    sort_by_row,
    want,
)
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector import numbers as forms
from qtoolkit_kernels.vector.adjoint import block
from qtoolkit_kernels.vector.adjoint import numbers as weighing
from qtoolkit_kernels.vector.adjoint.plan import Derivatives, Sought
from qtoolkit_kernels.vector.plan import Formulas, Numbers

__all__ = ["Angles", "collect_sums", "count_sums"]

TAKEN_BACK = 1 << 40
"""In the order of a matrix's qubits, see `vector.matrix_numbers`: write the adjoint."""


@njit
def _num_angles(angle_start: Integers, starts: Integers, factors: Integers, number: int) -> int:
    """How many angles enter a product or a matrix."""
    count = 0
    for f in range(starts[number], starts[number + 1]):
        count += angle_start[factors[f, 1] + 1] - angle_start[factors[f, 1]]
    return count


class Angles(NamedTuple):
    """Which coefficients depend on which angles.

    Attributes:
        start: int64[coefficients + 1]: each coefficient depends on the angles from here up to the next.
        places: int64[:, 2], the slot of an angle, and where its generator's entry for that coefficient stands.
        generators: complex128[:], at some angles.
    """

    start: Integers
    places: Integers
    generators: Complex


@njit
def count_sums(formulas: Formulas, angle_start: Integers, counts: Integers) -> None:
    """Count the rows that `collect_sums` writes at most.

    Args:
        formulas: of the sweeps.
        angle_start: see `Angles`.
        counts: int64[8], receives the numbers of rows, see `sums`.
    """
    product_start, product_factors, dense_start, dense_factors, terms, _, _, writes, string_places = formulas
    for k in range(tables.COUNTS):
        counts[k] = 0
    for k in range(product_start.size - 1):
        count = _num_angles(angle_start, product_start, product_factors, k)
        if count:
            counts[tables.PROBES] += 2
            counts[tables.LOCALS] += count
            counts[tables.ENTRIES] += weighing.ENTRIES_OF_PRODUCT * count
    for t in range(terms.shape[0]):
        form, place = terms[t, 0], terms[t, 4]
        if form == forms.BEFORE_ROTATION or form == forms.AFTER_ROTATION:
            counts[tables.WANTED] += 1
        else:
            count = 3 * (angle_start[place + 1] - angle_start[place])
            counts[tables.WANTED] += count
            counts[tables.ENTRIES] += count
    for k in range(string_places.size):
        count = angle_start[string_places[k] + 1] - angle_start[string_places[k]]
        counts[tables.WANTED] += count
        counts[tables.ENTRIES] += count
    for w in range(writes.shape[0]):
        kind, source = writes[w, 0], writes[w, 2]
        if kind == forms.WRITE_PHASE and writes[w, 3]:
            counts[tables.PROBES] += 1
        elif kind == forms.WRITE_PHASE or kind == forms.WRITE_PAULI:
            count = angle_start[source + 1] - angle_start[source]
            counts[tables.PROBES] += count
            counts[tables.ENTRIES] += count
        elif kind == forms.WRITE_DENSE or kind == forms.WRITE_MATRIX:
            if kind == forms.WRITE_DENSE:
                count = _num_angles(angle_start, dense_start, dense_factors, source)
            else:
                count = angle_start[source + 1] - angle_start[source]
                counts[tables.FACTORS] += 1
            counts[tables.PROBES] += 16
            counts[tables.DENSES] += count
            counts[tables.ENTRIES] += weighing.ENTRIES_OF_DENSE * count


@njit
def _find_rows(operations: Integers, row_at: Integers, row_of: Integers, collect: Integers) -> None:
    """Find the rows that write to registers, by their beginning there, and those of polynomials, by their number."""
    for i in range(operations.shape[0]):
        collect[i, 0] = block.NOTHING
        for k in range(1, block.COLLECT):
            collect[i, k] = -1
        opcode, start = operations[i, isa.OPCODE], operations[i, isa.START]
        if opcode == isa.DIAGONAL:
            row_of[start] = i
        elif (
            opcode == isa.ROTATE_LANES
            or opcode == isa.DENSE
            or opcode == isa.PHASE
            or opcode == isa.PAULI
            or opcode == isa.MATRIX
        ):
            row_at[start] = i


@njit
def _collect_rotations(
    lane_bits: int,
    sets: Integers,
    members: Integers,
    collect: Integers,
    probes: Integers,
    sums: Integers,
    counts: Integers,
) -> None:
    for k in range(sets.shape[0]):
        first, last = sets[k, 0], sets[k, 0] + sets[k, 1]
        if sets[k, 6] >= 0:
            collect[last, 0] = weighing.RENORMALISED
        for m in range(sets[k, 2], sets[k, 3]):
            product = members[m, 1]
            if sums[product, tables.MOVES]:
                sums[product, tables.ROTATION] = new_place(counts)
                for row in range(first, last):
                    collect[row, 0] = block.SUMS
                bit = 1 << (members[m, 0] - lane_bits)
                add_product_probes(counts, probes, last - 1, bit, 0, sums[product])


@njit
def _collect_terms(
    low_bits: int,
    block_bits: int,
    bits: Integers,
    operation_start: Integers,
    row_of: Integers,
    terms: Integers,
    angle_start: Integers,
    angles: Integers,
    generators: Complex,
    collect: Integers,
    wanted: Integers,
    entries: Integers,
    weights: Floats,
    sums: Integers,
    counts: Integers,
) -> None:
    """Collect what phases need; terms stand in the order of sweeps."""
    num_bits = bits.shape[1]
    known = np.full((row_of.size, num_bits, num_bits), -1, np.int64)
    position, g = np.empty(num_bits, np.int64), np.empty(4, np.float64)
    sweep = -1
    for t in range(terms.shape[0]):
        form, polynomial, i, j, place, detail = (
            terms[t, 0], terms[t, 1], terms[t, 2], terms[t, 3], terms[t, 4], terms[t, 5],
        )  # fmt: skip
        row, found = row_of[polynomial], known[polynomial]
        while row >= operation_start[sweep + 1]:
            sweep += 1
            for k in range(num_bits):
                position[bits[sweep, k]] = k
        if form == forms.BEFORE_ROTATION or form == forms.AFTER_ROTATION:
            if sums[place, tables.MOVES]:
                sums[place, tables.AFTER if form == forms.AFTER_ROTATION else tables.BEFORE] = want(
                    counts, wanted, found, collect, position, row, i, i, low_bits, block_bits
                )
            continue
        for a in range(angle_start[place], angle_start[place + 1]):
            diagonal_generator(generators, form, angles[a, 1], detail, g)
            for k in range(1 if j < 0 else 3):
                # Where one bit is set, the other one, and both.
                one, other = j if k == 1 else i, i if k == 0 else j
                weight = g[1 + k] - g[0] if k < 2 else g[3] - g[1] - g[2] + g[0]
                sum_place = want(counts, wanted, found, collect, position, row, one, other, low_bits, block_bits)
                add_entry(counts, entries, weights, angles[a, 0], sum_place, 2.0 * weight)


@njit
def _collect_strings(
    operations: Integers,
    string_places: Integers,
    angle_start: Integers,
    angles: Integers,
    collect: Integers,
    wanted: Integers,
    entries: Integers,
    weights: Floats,
    counts: Integers,
) -> None:
    """Collect what rotations by many strings of Z need: their generators are half the strings."""
    for row in range(operations.shape[0]):
        if operations[row, isa.OPCODE] == isa.STRINGS:
            first = operations[row, isa.STRINGS_FIRST]
            for k in range(first, operations[row, isa.STRINGS_END]):
                for a in range(angle_start[string_places[k]], angle_start[string_places[k] + 1]):
                    collect[row, 0] = block.SUMS
                    place = add_wanted(counts, wanted, row, k - first, -1)
                    add_entry(counts, entries, weights, angles[a, 0], place, 1.0)


@njit
def _collect_lanes(
    lane_bits: int,
    write: Integers,
    row_at: Integers,
    collect: Integers,
    probes: Integers,
    sums: Integers,
    counts: Integers,
) -> None:
    """Collect what a rotation inside a register needs."""
    start, product, bit = write[1], write[2], write[3]
    if sums[product, tables.MOVES]:
        row = row_at[start - (2 << lane_bits) * bit]
        sums[product, tables.ROTATION] = collect[row, 1 + bit] = new_place(counts)
        collect[row, 0] = block.SUMS
        add_product_probes(counts, probes, row, 0, 1 << bit, sums[product])


@njit
def _collect_phase(
    write: Integers,
    row: int,
    operations: Integers,
    angle_start: Integers,
    angles: Integers,
    generators: Complex,
    probes: Integers,
    entries: Integers,
    weights: Floats,
    sums: Integers,
    counts: Integers,
) -> None:
    """Collect what a phase by itself needs, a gate or one that a rotation leaves."""
    source, side = write[2], write[3]
    moves = sums[source, tables.MOVES] if side else angle_start[source + 1] - angle_start[source]
    if moves:
        number = add_controlled_probe(counts, probes, operations, row, write[4], write[5])
        place = probes[number, block.PROBE_PLACE] + 1
        if side:
            sums[source, tables.AFTER if side == 2 else tables.BEFORE] = place
        else:
            for a in range(angle_start[source], angle_start[source + 1]):
                add_entry(counts, entries, weights, angles[a, 0], place, 2.0 * generators[angles[a, 1]].real)


@njit
def _collect_string(
    write: Integers,
    row: int,
    operations: Integers,
    angle_start: Integers,
    angles: Integers,
    probes: Integers,
    entries: Integers,
    weights: Floats,
    counts: Integers,
) -> None:
    """Collect what a rotation by one string needs."""
    operation = operations[row]
    for a in range(angle_start[write[2]], angle_start[write[2] + 1]):
        number = add_controlled_probe(counts, probes, operations, row, write[5], write[6])
        probe = probes[number]
        probe[block.PROBE_X_TILE], probe[block.PROBE_X_LANES] = (
            operation[isa.PAULI_X_TILE],
            operation[isa.PAULI_X_LANES],
        )
        probe[block.PROBE_Z_TILE], probe[block.PROBE_Z_LANES] = operation[isa.PAULI_Z_TILE], write[4]
        probe[block.PROBE_Z_OUTER] = operation[isa.PAULI_Z_OUTER]
        if operation[isa.PAULI_REAL]:
            add_entry(counts, entries, weights, angles[a, 0], probe[block.PROBE_PLACE], 1.0 * write[3])
        else:
            add_entry(counts, entries, weights, angles[a, 0], probe[block.PROBE_PLACE] + 1, -1.0 * write[3])


@njit
def _collect_matrix(
    lane_bits: int,
    write: Integers,
    row: int,
    operations: Integers,
    number: int,
    factor: int,
    angle_start: Integers,
    angles: Integers,
    places: Integers,
    probes: Integers,
    denses: Integers,
    more_factors: Integers,
    entries: Integers,
    weights: Floats,
    counts: Integers,
) -> None:
    """Collect what a matrix with controls needs: where it acts, its derivatives are those of one without."""
    source, order = write[2], write[3]
    targets = operations[row, isa.MATRIX_TILES] << lane_bits | operations[row, isa.MATRIX_LANES]
    first = lowest_index(targets)
    second = lowest_index(targets & (targets - 1)) if targets & (targets - 1) else -1
    more = more_factors[counts[tables.FACTORS]]
    more[0], more[1], more[2], more[3] = forms.MATRIX_1Q, source, 0, 0
    if second >= 0:
        more[0], more[3] = forms.MATRIX_2Q, 2 if order & 15 < order >> 4 & 15 else 3
    counts[tables.FACTORS] += 1
    add_overlaps(counts, probes, operations, row, first, second, lane_bits, write[5], write[6], places)
    add_denses(number, factor, source, angle_start, angles, places, denses, entries, weights, counts)


@njit
def _collect_products(
    product_start: Integers,
    product_factors: Integers,
    angle_start: Integers,
    angles: Integers,
    probes: Integers,
    entries: Integers,
    weights: Floats,
    locals_: Integers,
    sums: Integers,
    counts: Integers,
) -> None:
    """Have the sums of one-qubit products weighed; those that are not there name the first place."""
    for k in range(product_start.size - 1):
        if not sums[k, tables.MOVES]:
            continue
        has_probes = sums[k, tables.X_PROBE] >= 0
        for f in range(product_start[k], product_start[k + 1]):
            place = product_factors[f, 1]
            for a in range(angle_start[place], angle_start[place + 1]):
                local = locals_[counts[tables.LOCALS]]
                local[0], local[1], local[2], local[3] = k, f, angles[a, 1], counts[tables.ENTRIES]
                counts[tables.LOCALS] += 1
                for column in range(tables.ROTATION, tables.BEFORE + 1):
                    add_entry(counts, entries, weights, angles[a, 0], max(sums[k, column], 0), 0.0)
                for column in range(tables.X_PROBE, tables.Z_PROBE + 1):
                    found = probes[sums[k, column], block.PROBE_PLACE] + 1 if has_probes else 0
                    add_entry(counts, entries, weights, angles[a, 0], found, 0.0)
    counts[tables.PLACES] += 1


@njit
def collect_sums(
    lane_bits: int,
    block_bits: int,
    low_bits: int,
    bits: Integers,
    operation_start: Integers,
    numbers: Numbers,
    formulas: Formulas,
    dependence: Angles,
    sought: Sought,
    derivatives: Derivatives,
    more_factors: Integers,
    counts: Integers,
) -> None:
    """Find what to collect for the angles of some sweeps.

    Args:
        lane_bits, block_bits, low_bits: of the layout.
        bits, operation_start, numbers: of the sweeps.
        formulas: of the sweeps; writes are changed to those for the way back.
        dependence: of their program's coefficients.
        sought: receives all but scales.
        derivatives: receives all; weights that depend on numbers are 0.
        more_factors: int64[:, 4], receives a factor for each matrix with controls, which is weighed as one by itself,
            behind those of `dense_start`.
        counts: int64[8], receives how many rows and places there are, and which row is the first that derivatives
            need, the number of rows if none is; see `sums`.
    """
    product_start, product_factors, dense_start, dense_factors, terms, sets, members, writes, string_places = formulas
    angle_start, angles, generators = dependence
    collect, _, probe_start, probes, wanted_start, wanted = sought
    entries, weights, products, locals_, denses = derivatives
    operations = numbers.operations
    num_rows, num_products = operations.shape[0], product_start.size - 1
    found_probes = np.empty((probes.shape[0], block.PROBE + 1), np.int64)
    found_wanted = np.empty((wanted.shape[0], block.WANTED + 1), np.int64)
    sums = np.full((num_products, tables.SUM_COLUMNS), -1, np.int64)
    row_at = np.empty(numbers.registers.size, np.int64)
    row_of = np.empty(numbers.controls.size, np.int64)
    places = np.empty(16, np.int64)
    for k in range(tables.COUNTS):
        counts[k] = 0
    for k in range(num_products):
        sums[k, tables.MOVES] = _num_angles(angle_start, product_start, product_factors, k)
    _find_rows(operations, row_at, row_of, collect)
    _collect_rotations(lane_bits, sets, members, collect, found_probes, sums, counts)
    _collect_terms(
        low_bits, block_bits, bits, operation_start, row_of, terms, angle_start, angles, generators, collect,
        found_wanted, entries, weights, sums, counts,
    )  # fmt: skip
    _collect_strings(operations, string_places, angle_start, angles, collect, found_wanted, entries, weights, counts)
    for w in range(writes.shape[0]):
        write = writes[w]
        kind, row, source = write[0], row_at[write[1]], write[2]
        if kind == forms.WRITE_LANES:
            _collect_lanes(lane_bits, write, row_at, collect, found_probes, sums, counts)
        elif kind == forms.WRITE_PHASE:
            _collect_phase(
                write, row, operations, angle_start, angles, generators, found_probes, entries, weights, sums, counts
            )
        elif kind == forms.WRITE_PAULI:
            _collect_string(write, row, operations, angle_start, angles, found_probes, entries, weights, counts)
            write[3] = -write[3]
        elif kind == forms.WRITE_DENSE:
            if _num_angles(angle_start, dense_start, dense_factors, source):
                add_overlaps(counts, found_probes, operations, row, write[3], write[4], lane_bits, 0, 0, places)
            for f in range(dense_start[source], dense_start[source + 1]):
                add_denses(
                    source, f, dense_factors[f, 1], angle_start, angles, places, denses, entries, weights, counts
                )
        elif kind == forms.WRITE_MATRIX:
            if angle_start[source] < angle_start[source + 1]:
                number, factor = dense_start.size - 1, dense_factors.shape[0]
                more = counts[tables.FACTORS]
                _collect_matrix(
                    lane_bits, write, row, operations, number + more, factor + more, angle_start, angles, places,
                    found_probes, denses, more_factors, entries, weights, counts,
                )  # fmt: skip
            write[3] |= TAKEN_BACK
    _collect_products(
        product_start, product_factors, angle_start, angles, found_probes, entries, weights, locals_, sums, counts
    )

    moved = np.empty(max(counts[tables.PROBES], counts[tables.WANTED]), np.int64)
    sort_by_row(found_wanted, counts[tables.WANTED], wanted_start, wanted, moved)
    sort_by_row(found_probes, counts[tables.PROBES], probe_start, probes, moved)
    for k in range(num_products):
        has_probes = sums[k, tables.X_PROBE] >= 0
        products[k, 0] = sums[k, tables.ROTATION]
        products[k, 1], products[k, 2] = sums[k, tables.AFTER] >= 0, sums[k, tables.BEFORE] >= 0
        products[k, 3] = moved[sums[k, tables.X_PROBE]] if has_probes else -1
        products[k, 4] = moved[sums[k, tables.Z_PROBE]] if has_probes else -1
    counts[tables.FIRST_ROW] = num_rows
    for row in range(num_rows - 1, -1, -1):
        is_summed = collect[row, 0] == block.SUMS or collect[row, 0] == block.JOINED_SUMS
        if is_summed or probe_start[row] < probe_start[row + 1]:
            counts[tables.FIRST_ROW] = row
