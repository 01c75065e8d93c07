"""The twins of the block program against textbook matrices: what a planner writes into rows means those operators.

States have five qubits: two inside a register, two among the tiles, out of order, and one outside the block.
"""

from functools import reduce

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import unitary_group

from qtoolkit_kernels.reference.vector import sweep
from qtoolkit_kernels.reference.vector.adjoint import sweep as adjoint_sweep
from qtoolkit_kernels.vector import isa, numbers
from qtoolkit_kernels.vector.adjoint import block as adjoint_block
from qtoolkit_kernels.vector.adjoint.plan import Sought
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.sweep import COMPLEX, TILES, ZERO_STATE

LANES = 4
CUT = Cut(Lanes(32), block_bits=4, chunk_bits=4, low_bits=4)
BITS = np.array([0, 1, 4, 2, 3])
"""The qubit at each position."""

X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
ONE, ZERO = np.diag([0, 1]), np.diag([1, 0])
NO_PHASES = np.zeros(0, complex), np.zeros((0, 5), complex), np.zeros((0, 5, 5), complex), np.zeros(0, np.int64)
NO_STRINGS = np.zeros((0, 2), np.int64), np.zeros(0)


def on(factors):
    """The operator with ``factors[position]`` on the qubit at each position."""
    by_qubit = {BITS[position]: factor for position, factor in factors.items()}
    return reduce(np.kron, [by_qubit.get(q, np.eye(2)) for q in reversed(range(5))])


def on_two(matrix, low, high):
    """A 4x4 matrix whose lower bit is the qubit at position `low`."""
    units = [np.eye(1, 4, k).reshape(2, 2) for k in range(4)]
    parts = matrix.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    return sum(parts[i, j] * on({high: units[i], low: units[j]}) for i in range(4) for j in range(4))


def controlled(projector, operator):
    return np.eye(32) - projector + projector @ operator


def random_state(seed=0):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=32) + 1j * rng.normal(size=32)
    return state / np.linalg.norm(state)


def row_of(opcode, positions=(), **columns):
    row = np.zeros(isa.ROW, np.int64)
    row[isa.OPCODE] = opcode
    row[isa.POSITIONS : isa.POSITIONS + len(positions)] = positions
    for name, value in columns.items():
        row[getattr(isa, name)] = value
    return row


def run(row, registers=(), phases=NO_PHASES, strings=NO_STRINGS, state=None):
    vector = random_state() if state is None else state.copy()
    given = Numbers(row[None], np.array(registers, float), *phases, *strings, 1.0)
    sweep.run_sweeps(vector.view(float), CUT, BITS[None], np.array([0, 1]), given, COMPLEX)
    return vector


def check(matrix, *arguments, **named):
    np.testing.assert_allclose(run(*arguments, **named), matrix @ random_state(), atol=1e-14)


def written(kind, *rest, coefficients=(0j,), angles=((0, 0),), matrix=None):
    """What a planner's row of `writes` puts into the registers."""
    registers = np.zeros(16 * LANES)
    matrices = np.zeros((1, 16), complex) if matrix is None else matrix.reshape(1, 16)
    write = np.array([kind, 0, 0, *rest, *[0] * (4 - len(rest))])
    coefficients = np.array(coefficients, complex)
    numbers.write_registers.py_func(
        write, LANES, coefficients, np.array(angles), np.ones((1, 2), complex), matrices, registers
    )
    return registers


@pytest.mark.parametrize("theta", [0.3, -0.6])
def test_rotations(theta):
    for turn, steep in ((theta, 0), (theta + np.pi / 2, 1)):
        cosine, sine = np.cos(turn), np.sin(turn)
        rotation = np.array([[cosine, -sine], [sine, cosine]])
        weight, left_out = (cosine / sine, sine) if steep else (sine / cosine, cosine)
        for position in (2, 3):
            row = row_of(isa.ROTATE, [position], ROTATE_COUNT=1, ROTATE_STEEP=steep)
            check(on({position: rotation}) / left_out, row, [weight])
        row = row_of(isa.ROTATE, [3, 2], ROTATE_COUNT=2, ROTATE_STEEP=steep)
        check(on({2: rotation, 3: rotation}) / left_out**2, row, [weight, weight])
        registers = np.concatenate(
            [written(numbers.WRITE_LANES, k, angles=[[cosine, sine]])[: 2 * LANES] for k in range(2)]
        )
        check(on({0: rotation, 1: rotation}), row_of(isa.ROTATE_LANES), registers)
        check(on({1: rotation}), row_of(isa.ROTATE_LANES, [1], ROTATE_LANES_ALONE=1), registers)


@pytest.mark.parametrize(("low", "high"), [(2, 3), (0, 2), (1, 3), (0, 1)])
def test_dense_matrices(low, high):
    matrix = unitary_group.rvs(4, random_state=1)
    registers = written(numbers.WRITE_DENSE, low, high, 2, matrix=matrix)
    check(on_two(matrix, low, high), row_of(isa.DENSE, [low, high]), registers)


@pytest.mark.parametrize("target", range(4))
def test_controlled_exchanges(target):
    """Controls on a qubit of the other kind and on the one outside the block, each on either value."""
    other = 3 if target < 2 else 0
    for here in (0, 1):
        for outside in (0, 1):
            projector = on({other: ONE if here else ZERO, 4: ONE if outside else ZERO})
            lanes = np.ones(LANES) if other == 3 else (np.arange(LANES) & 1 == here).astype(float)
            tiles = {"TILE_MASK": 2, "TILE_VALUE": 2 * here} if other == 3 else {}
            row = row_of(isa.EXCHANGE, [target], OUTER_MASK=8, OUTER_VALUE=8 * outside, **tiles)
            check(controlled(projector, on({target: X})), row, lanes)


def test_swaps():
    swap = np.eye(4)[[0, 2, 1, 3]]
    check(on_two(swap, 2, 3), row_of(isa.SWAP, [2, 3]), np.ones(LANES))


def test_controlled_phases():
    turn = np.exp(0.4j)
    projector = on({0: ONE, 2: ZERO, 4: ONE})
    registers = written(numbers.WRITE_PHASE, 0, 1, 1, coefficients=[turn])
    row = row_of(isa.PHASE, TILE_MASK=1, TILE_VALUE=0, OUTER_MASK=8, OUTER_VALUE=8)
    check(np.eye(32) + (turn - 1) * projector, row, registers)


@pytest.mark.parametrize("letters", ["XYZXZ", "YYYYZ", "ZIIZZ", "IIXYI", "XIIII", "YIZII", "IZZII", "YXYII"])
def test_controlled_rotations_by_strings(letters):
    """Position by position; the last one is outside the block. A tile bit without a letter is a control."""
    matrices = {"X": X, "Y": Y, "Z": Z, "I": np.eye(2)}
    string = on({p: matrices[letter] for p, letter in enumerate(letters)})
    x = sum(1 << p for p, letter in enumerate(letters[:4]) if letter in "XY")
    z = sum(1 << p for p, letter in enumerate(letters[:4]) if letter in "ZY")
    # exp(-iθ/2 P) = cos - i sin P, and P has a factor i for each Y.
    turn = -1j * 1j ** letters.count("Y")
    sign, real = (int(np.real(turn)), 1) if abs(turn.real) > 0.5 else (int(np.imag(turn)), 0)
    half = 0.35
    # Z acts before X here: its sign is that of the amplitude that is read.
    sign *= (-1) ** ((x & z).bit_count())
    masks = {"X_TILE": x >> 2, "X_LANES": x & 3, "Z_TILE": z >> 2, "Z_OUTER": 8 * (letters[4] == "Z"), "REAL": real}
    free = [p for p in (2, 3) if letters[p] == "I"]
    projector, controls = np.eye(32), {}
    if free:
        projector = on({free[0]: ONE})
        controls = {"TILE_MASK": 1 << free[0] - 2, "TILE_VALUE": 1 << free[0] - 2}
    registers = written(numbers.WRITE_PAULI, sign, z & 3, 0, 0, coefficients=[np.cos(half), np.sin(half)])
    row = row_of(isa.PAULI, **{f"PAULI_{name}": value for name, value in masks.items()}, **controls)
    check(controlled(projector, expm(-1j * half * string)), row, registers)


def test_polynomials_of_phases():
    rng = np.random.default_rng(5)
    angles, pair_angles = rng.uniform(-3, 3, 5), np.triu(rng.uniform(-3, 3, (5, 5)), 1)
    ones = [on({int(np.flatnonzero(q == BITS)[0]): ONE}) for q in range(5)]
    generator = 0.3 * np.eye(32) + sum(angle * one for angle, one in zip(angles, ones, strict=True))
    generator = generator + sum(pair_angles[i, j] * ones[i] @ ones[j] for j in range(5) for i in range(j))
    pairs = np.exp(1j * (pair_angles + pair_angles.T))
    for control in (-1, 4, 3):
        phases = np.array([np.exp(0.3j)]), np.exp(1j * angles)[None], pairs[None], np.array([control])
        projector = np.eye(32) if control < 0 else ones[control]
        check(controlled(projector, expm(1j * generator)), row_of(isa.DIAGONAL), phases=phases)


def test_strings_of_z():
    inside, outside = 0b1011, 8
    strings = np.array([[5, 0], [inside, outside]]), np.array([9.0, 0.6])
    string = on({p: Z for p in range(4) if inside >> p & 1} | {4: Z})
    check(expm(0.6j * string), row_of(isa.STRINGS, [1, 2]), strings=strings)


@pytest.mark.parametrize("bits", [(2, 3), (3, 2)])
def test_two_stages_of_a_fourier_transform(bits):
    """A Hadamard gate is a rotation by 45 degrees after a Z, so stages are that rotation and controlled phases."""
    turn, angles = np.array([[1, -1], [1, 1]]), np.random.default_rng(0).uniform(-3, 3, (2, 5))
    ones = [on({int(np.flatnonzero(q == BITS)[0]): ONE}) for q in range(5)]
    operator = np.eye(32)
    for stage, position in enumerate(bits):
        angles[stage, BITS[position]] = 0
        generator = 0.3 * np.eye(32) + sum(a * one for a, one in zip(angles[stage], ones, strict=True))
        operator = controlled(ones[BITS[position]], expm(1j * generator)) @ on({position: turn}) @ operator
    phases = np.full(2, np.exp(0.3j)), np.exp(1j * angles), np.ones((2, 5, 5)), np.array([BITS[p] for p in bits])
    row = row_of(isa.BUTTERFLIES, bits)
    check(operator, row, [1.0, 1.0], phases=phases)


def test_exchanges_in_a_row():
    """CX from the lower tile bit to the upper one, a swap of both, and X on the lower one."""
    swap = on_two(np.eye(4)[[0, 2, 1, 3]], 2, 3)
    operator = on({2: X}) @ swap @ controlled(on({2: ONE}), on({3: X}))
    index = [
        int(np.flatnonzero(operator[:, sum((t >> k & 1) << int(BITS[2 + k]) for k in range(2))])[0]) for t in range(4)
    ]
    images = [sum((i >> int(BITS[2 + k]) & 1) << k for k in range(2)) for i in index]
    sources = [images.index(t) for t in range(4)]
    packed = (sources[1] ^ sources[0]) | (sources[2] ^ sources[0]) << 16
    assert sources[3] == sources[0] ^ sources[1] ^ sources[2]
    check(operator, row_of(isa.REORDER, REORDER_OFFSET=sources[0], REORDER_IMAGES=packed))


def test_what_states_hold():
    state = random_state()
    nothing = Numbers(np.zeros((0, isa.ROW), np.int64), np.zeros(0), *NO_PHASES, *NO_STRINGS, 2j)
    for source, reals, expected in (
        (COMPLEX, state.view(float).copy(), state),
        (TILES, np.concatenate([np.append(part.real, part.imag) for part in state.reshape(-1, LANES)]), state),
        (ZERO_STATE, np.full(64, np.nan), np.eye(32)[0]),
    ):
        if source == TILES:
            np.testing.assert_array_equal(reals, sweep.tiled(state, LANES))
        sweep.run_sweeps(reals, CUT, BITS[None], np.array([0, 0]), nothing, source)
        np.testing.assert_allclose(reals.view(complex), 2j * expected)


@pytest.mark.parametrize("position", range(4))
def test_sums_of_the_way_back(position):
    """⟨λ|-iY|ψ⟩ of a rotation, ±λ*ψ of a probe, and Im λ*ψ where bits are set."""
    ket, bra = random_state(1), random_state(2)
    lane = position < 2
    row = row_of(isa.ROTATE_LANES if lane else isa.ROTATE, [position], ROTATE_COUNT=1)
    slot = position if lane else 0
    collect = np.array([[1, *(0 if k == slot else -1 for k in range(4))]])
    probe = np.zeros((1, adjoint_block.PROBE), np.int64)
    for name, value in {"X_TILE": 1, "Z_LANES": 2, "Z_OUTER": 8, "TILE_MASK": 2, "PLACE": 1, "ENABLED": 1}.items():
        probe[0, getattr(adjoint_block, f"PROBE_{name}")] = value
    sums = np.zeros((1, 3))
    adjoint_sweep.turn_back_sweeps(
        ket.copy().view(float), bra.copy().view(float), CUT, BITS[None], np.array([0, 1]), 0,
        Numbers(row[None], np.zeros(16), *NO_PHASES, *NO_STRINGS, 1.0),
        Sought(collect, np.full((1, 4), 2.0), np.array([0, 1]), probe, np.zeros(2, int), np.zeros((0, 3), int)),
        False, sums,
    )  # fmt: skip
    overlap = np.vdot(bra, on({1: Z, 4: Z, 3: ZERO}) @ on({2: X}) @ ket)
    expected = [np.vdot(bra, on({position: -1j * Y}) @ ket).real, overlap.real, overlap.imag]
    np.testing.assert_allclose(sums[0] / 2, expected, atol=1e-14)

    phases = np.ones(1), np.ones((1, 5)), np.ones((1, 5, 5)), np.array([-1])
    first, second = int(BITS[position]), 3
    sums, wanted = np.zeros((1, 2)), np.array([[first, second, 0], [first, first, 1]])
    adjoint_sweep.turn_back_sweeps(
        ket.copy().view(float), bra.copy().view(float), CUT, BITS[None], np.array([0, 1]), 0,
        Numbers(row_of(isa.DIAGONAL)[None], np.zeros(0), *phases, *NO_STRINGS, 1.0),
        Sought(np.array([[2, 0, 0, 0, 0]]), np.ones((1, 4)), np.zeros(2, int), probe, np.array([0, 2]), wanted),
        False, sums,
    )  # fmt: skip
    operators = [on({position: ONE, 4: ONE}), on({position: ONE})]
    np.testing.assert_allclose(sums[0], [np.vdot(bra, operator @ ket).imag for operator in operators], atol=1e-14)
