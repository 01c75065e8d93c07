"""Operations on states so small that what stands around the arithmetic counts most: forward, and back with ψ and λ.

There are two kinds that derivatives are taken of, each a row of 16 int64. A *product* is any number of one-qubit gates
in a row on one qubit; up to a phase it is a unit quaternion (w, x, y, z), the gate ``w - i (x X + y Y + z Z)``. A
*string* takes ψ(x) to ``a ψ(x) ± b i^k ψ(x ^ mask)`` where controls have their values, and to itself elsewhere: a
rotation by a Pauli string with a = cos and b = sin; with a = 0 and b = 1 an X; with an empty mask a phase. Matrices and
diagonals, which `arrays` applies, run forward only.

A product is undone by one pass, which sums up Im ⟨λ|P|ψ⟩ of all three Paulis P; those at any place within the
product follow by turning that vector. A string sums up its own. Costs, an amplitude: 8 fused multiply-adds for a
product, back 22; 4 for a string, back 10.
"""

from qtoolkit_kernels._bits import next_without
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.vector import string_tiles, strings
from qtoolkit_kernels.vector.adjoint.tiles import no_sum
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import tiles
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of

__all__ = [
    "ANGLE",
    "CONTROLS",
    "COSINE",
    "COUNT",
    "DIAGONAL",
    "ENTRIES",
    "FACTOR_COLUMNS",
    "MATRIX",
    "MOST_TARGETS",
    "PRODUCT",
    "ROW",
    "SINE",
    "STRING",
    "SUM",
    "TARGETS",
    "VALUES",
    "back_product",
    "back_string",
    "multiply",
    "turn_product",
    "turn_string",
]

PRODUCT, STRING, MATRIX, DIAGONAL = range(4)

ROW = 16
KIND, WANTED = 0, 1
"""Whether a derivative needs its sums."""
BIT, FIRST, LAST, PLACE = 2, 3, 4, 5
"""Of products: the bit, the first factor and the one past the last, and the number of the product."""
TURN, INVERSE, IMAGINARY, PATTERN = 2, 3, 4, 5
"""Of strings: the number of its cosine and sine; the sign of the sine in the inverse; k; where its pattern begins."""
X_TILE, X_LANES, Z_TILE, FIXED, VALUE = 6, 7, 8, 9, 10
"""Of strings: masks by tile and by lane; tile bits that the walk leaves alone, with their values."""
COUNT, ENTRIES, CONTROLS, VALUES, TARGETS = 2, 3, 4, 5, 6
"""Of matrices and diagonals: the number of qubits, where the entries begin, masks over the index, the qubits."""

MOST_TARGETS = ROW - TARGETS
"""How many these can be."""

FACTOR_COLUMNS = 3
AXIS, NUMBER, NEEDED = range(FACTOR_COLUMNS)
"""Of a factor: 1, 2, 3 for a rotation about X, Y, Z, 0 for a constant gate; the number of its cosine and sine, or of
the quaternion; whether a derivative needs it."""

ANGLE, COSINE, SINE, SUM = range(4)
"""Rows of `turns`."""


@njit
def multiply(factors: Integers, first: int, last: int, turns: Floats, constants: Floats, out: Floats) -> None:
    """Write the quaternion of a product, float64[4]."""
    w, x, y, z = 1.0, 0.0, 0.0, 0.0
    for f in range(first, last):
        axis, k = factors[f, AXIS], factors[f, NUMBER]
        if axis == 0:
            a, b, c, d = constants[k, 0], constants[k, 1], constants[k, 2], constants[k, 3]
            w, x, y, z = (
                a * w - b * x - c * y - d * z,
                a * x + b * w + c * z - d * y,
                a * y + c * w + d * x - b * z,
                a * z + d * w + b * y - c * x,
            )
            continue
        c, s = turns[COSINE, k], turns[SINE, k]
        if axis == 1:
            w, x, y, z = c * w - s * x, c * x + s * w, c * y - s * z, c * z + s * y
        elif axis == 2:
            w, x, y, z = c * w - s * y, c * x + s * z, c * y + s * w, c * z - s * x
        else:
            w, x, y, z = c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w
    out[0], out[1], out[2], out[3] = w, x, y, z


@njit
def add_slopes(
    factors: Integers, first: int, last: int, turns: Floats, constants: Floats, x: float, y: float, z: float
) -> None:
    """From Im ⟨λ|P|ψ⟩ after a product, of X, Y and Z, to those of its factors, which are added to the sums."""
    for f in range(last - 1, first - 1, -1):
        axis, k = factors[f, AXIS], factors[f, NUMBER]
        if axis == 0:
            w, a, b, c = constants[k, 0], -constants[k, 1], -constants[k, 2], -constants[k, 3]
            u, v, t = b * z - c * y, c * x - a * z, a * y - b * x
            x, y, z = (
                x + 2.0 * (w * u + b * t - c * v),
                y + 2.0 * (w * v + c * u - a * t),
                z + 2.0 * (w * t + a * v - b * u),
            )
            continue
        if factors[f, NEEDED]:
            turns[SUM, k] += x if axis == 1 else (y if axis == 2 else z)
        cosine, sine = turns[COSINE, k], turns[SINE, k]
        c, s = cosine * cosine - sine * sine, 2.0 * sine * cosine
        if axis == 1:
            y, z = c * y + s * z, c * z - s * y
        elif axis == 2:
            z, x = c * z + s * x, c * x - s * z
        else:
            x, y = c * x + s * y, c * y - s * x


@njit
def turn_product(data: Reals, lanes: Lanes, num_tiles: int, bit: int, quaternion: Floats, sign: float) -> None:
    """Apply a product or, if the sign is -1, its inverse."""
    number = data.dtype.type
    turn = (
        number(quaternion[0]), number(sign * quaternion[1]), number(sign * quaternion[2]), number(sign * quaternion[3])
    )  # fmt: skip
    tile, lane_bits = 2 * lanes_of(data, lanes), lane_bits_of(data, lanes)
    if bit >= lane_bits:
        step = 1 << (bit - lane_bits)
        j = 0
        for _ in range(num_tiles >> 1):
            tiles.turn_pair(data, lanes, j * tile, (j + step) * tile, turn)
            j = next_without(j, step)
    elif bit == 0:
        for j in range(num_tiles):
            tiles.turn_lane_0(data, lanes, j * tile, turn)
    elif bit == 1:
        for j in range(num_tiles):
            tiles.turn_lane_1(data, lanes, j * tile, turn)
    elif bit == 2:
        for j in range(num_tiles):
            tiles.turn_lane_2(data, lanes, j * tile, turn)
    else:
        for j in range(num_tiles):
            tiles.turn_lane_3(data, lanes, j * tile, turn)


@njit
def back_product(data: Reals, lanes: Lanes, num_tiles: int, bit: int, quaternion: Floats) -> tuple[float, float, float]:
    """Undo a product on both states; return Im ⟨λ|P|ψ⟩ from before, of X, Y and Z."""
    number = data.dtype.type
    turn = number(quaternion[0]), number(-quaternion[1]), number(-quaternion[2]), number(-quaternion[3])
    tile, lane_bits = 2 * lanes_of(data, lanes), lane_bits_of(data, lanes)
    far = num_tiles * tile
    none = no_sum(data, lanes)
    sums = (none, none, none)
    if bit >= lane_bits:
        step = 1 << (bit - lane_bits)
        j = 0
        for _ in range(num_tiles >> 1):
            sums = tiles.back_pair(data, lanes, j * tile, (j + step) * tile, far, turn, sums)
            j = next_without(j, step)
    elif bit == 0:
        for j in range(num_tiles):
            sums = tiles.back_lane_0(data, lanes, j * tile, far, turn, sums)
    elif bit == 1:
        for j in range(num_tiles):
            sums = tiles.back_lane_1(data, lanes, j * tile, far, turn, sums)
    elif bit == 2:
        for j in range(num_tiles):
            sums = tiles.back_lane_2(data, lanes, j * tile, far, turn, sums)
    else:
        for j in range(num_tiles):
            sums = tiles.back_lane_3(data, lanes, j * tile, far, turn, sums)
    return tiles.total(sums[0]), tiles.total(sums[1]), tiles.total(sums[2])


@njit
def masks_of(row: Integers) -> strings.Masks:
    """The masks of a string."""
    return row[X_TILE], row[X_LANES], row[Z_TILE], row[FIXED], row[VALUE]


@njit
def turn_string(
    data: Reals, lanes: Lanes, num_tiles: int, row: Integers, patterns: Reals, cosine: float, sine: float
) -> None:
    """Apply a string."""
    weights = string_tiles.string_weights(patterns, lanes, row[PATTERN], cosine, sine)
    strings.turn_string(data, lanes, num_tiles, None, masks_of(row), 0, row[IMAGINARY], weights)


@njit
def back_string(
    data: Reals, lanes: Lanes, num_tiles: int, row: Integers, patterns: Reals, cosine: float, sine: float
) -> float:
    """Undo a rotation by a string on both states; return Im ⟨λ|P|ψ⟩ from before."""
    weights = string_tiles.string_weights(patterns, lanes, row[PATTERN], cosine, -sine)
    far = num_tiles * 2 * lanes_of(data, lanes)
    found = strings.back_string(data, lanes, num_tiles, far, masks_of(row), row[IMAGINARY], weights)
    result: float = tiles.total(string_tiles.weighted(weights, found))
    return result
