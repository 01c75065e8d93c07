"""Twin of the way back: inner products of ψ and λ by their definition, then both through the same row."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.reference._indices import signs
from qtoolkit_kernels.reference.vector.block import Rows
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.adjoint import block as columns
from qtoolkit_kernels.vector.adjoint.plan import Sought

__all__ = ["turn_back_block"]


def turn_back_block(
    ket: Complex,
    bra: Complex,
    first_row: int,
    operations: Integers,
    program: Rows,
    sought: Sought,
    sums: Floats,
) -> None:
    """Take back rows of one block, the last one first, down to `first_row`.

    `ket` and `bra` are complex128 amplitudes, changed; `program` holds the inverse operations. The rest is as for the
    kernel.
    """
    collect, scales, probe_start, probes, wanted_start, wanted = sought
    for i in range(operations.shape[0] - 1, first_row - 1, -1):
        row = operations[i]
        for probe in probes[probe_start[i] : probe_start[i + 1]]:
            if probe[columns.PROBE_ENABLED]:
                _probe(ket, bra, program, probe, scales[i, 0], sums)
        if not program.enabled(row):
            continue
        opcode = row[isa.OPCODE]
        if opcode == isa.ROTATE and collect[i, 0]:
            _turn_rotations(ket, bra, program, row, collect[i, 1:], scales[i], sums)
            continue
        if opcode == isa.ROTATE_LANES and collect[i, 0]:
            for k in range(program.lanes.bit_length() - 1):
                if collect[i, 1 + k] >= 0:
                    sums[collect[i, 1 + k]] += scales[i, 0] * _turning(ket, bra, k)
        if opcode in (isa.DIAGONAL, isa.STRINGS) and collect[i, 0]:
            for entry in wanted[wanted_start[i] : wanted_start[i + 1]]:
                sums[entry[2]] += scales[i, 0] * np.sum(_factors(program, row, entry, ket.size) * _currents(ket, bra))
        for state in (ket, bra):
            program.apply(row, state)


def _currents(ket: Complex, bra: Complex) -> Floats:
    """Im λ*ψ of every amplitude."""
    return np.asarray((bra.conj() * ket).imag)


def _turning(ket: Complex, bra: Complex, position: int) -> float:
    """Re ⟨λ|-iY|ψ⟩ with Y on a position."""
    zero, one = ket.reshape(-1, 2, 1 << position).swapaxes(0, 1)
    turned = np.stack([-one, zero], axis=1).reshape(-1)
    return float(np.vdot(bra, turned).real)


def _turn_rotations(
    ket: Complex, bra: Complex, program: Rows, row: Integers, places: Integers, scales: Floats, sums: Floats
) -> None:
    """A ROTATE row: all sums before all rotations, but of four the first two come first."""
    count = int(row[isa.ROTATE_COUNT])
    for turns in [range(2), range(2, 4)] if count > columns.MAX_ROTATED else [range(count)]:
        for k in turns:
            if places[k] >= 0:
                sums[places[k]] += scales[k] * _turning(ket, bra, int(row[isa.POSITIONS + k]))
        for k in turns:
            for state in (ket, bra):
                program.rotate_bit(row, k, state)


def _factors(program: Rows, row: Integers, entry: Integers, size: int) -> Floats:
    """What a wanted sum multiplies Im λ*ψ with: of STRINGS a sign, of DIAGONAL whether the bits are set."""
    if row[isa.OPCODE] == isa.STRINGS:
        inside, outside = program.numbers.strings[row[isa.STRINGS_FIRST] + entry[0]].tolist()
        outer_sign = (-1.0) ** (program.outer & outside).bit_count()
        return np.asarray(outer_sign * signs(np.arange(size, dtype=np.int64), inside))
    indices = program.indices(size)
    control = program.numbers.controls[row[isa.DIAGONAL_POLYNOMIAL]]
    chosen = indices >> entry[0] & indices >> entry[1] & (1 if control < 0 else indices >> control) & 1
    return np.asarray(chosen, np.float64)


def _probe(ket: Complex, bra: Complex, program: Rows, probe: Integers, scale: float, sums: Floats) -> None:
    """Σ ±λ*(x) ψ(x ^ mask) over the amplitudes whose bits have the controls' values."""
    if program.outer & probe[columns.PROBE_OUTER_MASK] != probe[columns.PROBE_OUTER_VALUE]:
        return
    places = np.arange(ket.size, dtype=np.int64)
    tiles, lanes = places // program.lanes, places % program.lanes
    chosen = tiles & probe[columns.PROBE_TILE_MASK] == probe[columns.PROBE_TILE_VALUE]
    chosen &= lanes & probe[columns.PROBE_LANE_MASK] == probe[columns.PROBE_LANE_VALUE]
    sign = signs(tiles, probe[columns.PROBE_Z_TILE]) * signs(lanes, probe[columns.PROBE_Z_LANES])
    sign *= (-1) ** int(program.outer & probe[columns.PROBE_Z_OUTER]).bit_count()
    mask = probe[columns.PROBE_X_TILE] * program.lanes | probe[columns.PROBE_X_LANES]
    found = scale * np.sum((sign * bra.conj() * ket[places ^ mask])[chosen])
    sums[probe[columns.PROBE_PLACE]] += found.real
    sums[probe[columns.PROBE_PLACE] + 1] += found.imag
