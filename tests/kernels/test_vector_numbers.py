"""The numbers of planned sweeps equal products of textbook matrices."""

import numpy as np
import pytest
from node_states import factor_matrix
from one_qubit_angles import Parts, decompose
from planner_tables import Factor, Form
from scipy.stats import unitary_group

from qtoolkit_kernels.vector import isa, numbers
from qtoolkit_kernels.vector.plan import Formulas, Numbers, Products

RNG = np.random.default_rng(11)
ONE_QUBIT = [
    (Form.MATRIX_1Q, 0), (Form.DIAGONAL_1Q, 0), (Form.PHASE_1Q, 0), (Form.PHASE_1Q, 1),
    (Form.PAULI_1Q, 1), (Form.PAULI_1Q, 2), (Form.PAULI_1Q, 3),
]  # fmt: skip
TWO_QUBITS = [
    (Form.MATRIX_2Q, 0), (Form.DIAGONAL_2Q, 0), *((Form.PHASE_2Q, k) for k in range(4)),
    *((Form.PAULI_2Q, first | second << 2) for first in (1, 2, 3) for second in (1, 2, 3)),
    *((form, on) for form in (Form.CONTROLLED_MATRIX, Form.CONTROLLED_DIAGONAL) for on in (0, 1)),
]  # fmt: skip
DIAGONAL = [
    (Form.DIAGONAL_1Q, 0), (Form.PHASE_1Q, 0), (Form.PHASE_1Q, 1), (Form.PAULI_1Q, 2), (Form.DIAGONAL_2Q, 0),
    *((Form.PHASE_2Q, k) for k in range(4)), (Form.PAULI_2Q, 0b1010), (Form.CONTROLLED_DIAGONAL, 0),
    (Form.CONTROLLED_DIAGONAL, 1),
]  # fmt: skip


def coefficients_of(form):
    """Random coefficients of a gate, 16 of them, whatever follows its own."""
    values = np.full(16, np.nan, complex)
    own = {
        Form.MATRIX_1Q: lambda: unitary_group.rvs(2, random_state=RNG),
        Form.CONTROLLED_MATRIX: lambda: unitary_group.rvs(2, random_state=RNG),
        Form.MATRIX_2Q: lambda: unitary_group.rvs(4, random_state=RNG),
        Form.PAULI_1Q: lambda: [np.cos(0.7), np.sin(0.7)],
        Form.PAULI_2Q: lambda: [np.cos(0.7), np.sin(0.7)],
    }.get(form, lambda: np.exp(1j * RNG.uniform(-3, 3, 4)))
    entries = np.ravel(own())
    values[: entries.size] = entries
    return values


def chain(forms):
    """Factors one after the other, with their coefficients."""
    factors = [Factor(form, 16 * k, (), detail) for k, (form, detail) in enumerate(forms)]
    return factors, np.concatenate([coefficients_of(form) for form, _ in forms])


def on_two_qubits(matrix, slot):
    """What a slot means: the low bit, the high bit, both, both reversed."""
    if slot < 2:
        return np.kron(np.eye(2), matrix) if slot == 0 else np.kron(matrix, np.eye(2))
    order = [0, 1, 2, 3] if slot == 2 else [0, 2, 1, 3]
    return matrix[np.ix_(order, order)]


@pytest.mark.parametrize("small_gamma", [False, True])
def test_products_of_one_qubit_gates_are_split(small_gamma):
    special = [[(Form.DIAGONAL_1Q, 0)], [(Form.PAULI_1Q, 3)], [(Form.PHASE_1Q, 1)]]
    lists = [[(f, d)] for f, d in ONE_QUBIT] + [[ONE_QUBIT[k] for k in RNG.integers(0, 7, 4)] for _ in range(40)]
    for forms in lists + special:
        factors, coefficients = chain(forms)
        expected = np.eye(2)
        for factor in factors:
            expected = factor_matrix(factor, coefficients) @ expected
        angles, phases = np.empty((1, 2)), np.empty((1, 2), complex)
        rows = np.array([[f.form, f.place, f.detail, small_gamma] for f in factors])
        total = numbers.multiply_products(coefficients, np.array([0, len(rows)]), rows, angles, phases)
        cosine, sine = angles[0]
        assert cosine >= 0
        if min(cosine, abs(sine)) > 1e-15:
            assert phases[0, 1 - small_gamma].real >= 0
        rotation = np.array([[cosine, -sine], [sine, cosine]])
        found = total * np.diag([1, phases[0, 1]]) @ rotation @ np.diag([1, phases[0, 0]])
        assert np.abs(found - expected).max() < 1e-14


@pytest.mark.parametrize("matrix", [np.eye(2), [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[0, 1j], [-1j, 0]], -np.eye(2)])
def test_gates_without_a_sine_or_a_cosine_are_split_exactly(matrix):
    angles, phases = np.empty((1, 2)), np.empty((1, 2), complex)
    coefficients = np.ravel(matrix).astype(complex)
    total = numbers.multiply_products(coefficients, np.array([0, 1]), np.zeros((1, 4), np.int64), angles, phases)
    cosine, sine = angles[0]
    assert sorted([cosine, abs(sine)]) == [0, 1]
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    found = total * np.diag([1, phases[0, 1]]) @ rotation @ np.diag([1, phases[0, 0]])
    assert np.abs(found - np.array(matrix)).max() < 1e-15


def unitary(alpha, beta, gamma, theta):
    rotation = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    return np.exp(1j * alpha) * np.diag([1, np.exp(1j * beta)]) @ rotation @ np.diag([1, np.exp(1j * gamma)])


ROTATION_ALONE = Parts.WITHOUT_BETA | Parts.WITHOUT_GAMMA


@pytest.mark.parametrize("parts", [Parts(k) for k in (0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13)], ids=str)
def test_splits_are_exact_at_every_scale(parts):
    """Entries are off by rounding, which must not be taken for what small ones say; `decompose` is the twin."""
    for scale in [0.0, *(10.0**-k for k in range(18))]:
        for quarter in range(4):
            for _ in range(20):
                alpha, beta, gamma = RNG.uniform(-3, 3, 3)
                theta = quarter * np.pi / 2 + scale * RNG.uniform(-1, 1)
                beta = quarter // 2 * np.pi if Parts.WITHOUT_BETA in parts else beta
                gamma = quarter // 2 * np.pi if Parts.WITHOUT_GAMMA in parts else gamma
                theta = 0.0 if Parts.WITHOUT_THETA in parts else theta
                if Parts.WITHOUT_THETA in parts:
                    beta, gamma = beta * (Parts.WITHOUT_BETA not in parts), gamma * (Parts.WITHOUT_GAMMA not in parts)
                noise = RNG.normal(size=(2, 2)) + 1j * RNG.normal(size=(2, 2))
                matrix = unitary(alpha, beta, gamma, theta) + 1e-16 * noise
                p, q, r, s = np.ravel(matrix).tolist()
                cosine, sine, *phases = numbers.split_unitary(p, q, r, s, int(parts))
                assert cosine >= 0
                found = unitary(*np.angle(phases), np.arctan2(sine, cosine))
                assert np.abs(found - matrix).max() < 3e-15, (scale, quarter)
                # Where both are left out, one of them is 1 up to rounding, and nobody asks.
                if parts & ROTATION_ALONE != ROTATION_ALONE:
                    assert Parts.WITHOUT_BETA not in parts or phases[1] == 1
                    assert Parts.WITHOUT_GAMMA not in parts or phases[2] == 1
                assert Parts.WITHOUT_THETA not in parts or sine == 0
                angles = decompose((p, q, r, s), parts)
                twin = unitary(angles.alpha, angles.beta, angles.gamma, angles.theta)
                assert np.abs(twin - matrix).max() < 3e-15, (scale, quarter)


def test_products_on_two_qubits():
    every = [(form, detail, slot) for form, detail in TWO_QUBITS for slot in (2, 3)]
    every += [(form, detail, slot) for form, detail in ONE_QUBIT for slot in (0, 1)]
    lists = [[item] for item in every] + [[every[k] for k in RNG.integers(0, len(every), 5)] for _ in range(20)]
    for items in lists:
        factors, coefficients = chain([(form, detail) for form, detail, _ in items])
        expected = np.eye(4)
        for factor, (_, _, slot) in zip(factors, items, strict=True):
            expected = on_two_qubits(factor_matrix(factor, coefficients), slot) @ expected
        rows = np.array([[f.form, f.place, f.detail, slot] for f, (_, _, slot) in zip(factors, items, strict=True)])
        matrices = np.empty((1, 16), complex)
        numbers.multiply_dense(coefficients, np.array([0, len(rows)]), rows, matrices)
        assert np.abs(matrices.reshape(4, 4) - expected).max() < 1e-14


def fill(coefficients, lanes=8, **plan):
    """All numbers of a plan, of which only some parts are given."""
    none = {
        "product_start": np.zeros(1, np.int64), "product_factors": np.zeros((0, 4), np.int64),
        "dense_start": np.zeros(1, np.int64), "dense_factors": np.zeros((0, 4), np.int64),
        "terms": np.zeros((0, 6), np.int64), "sets": np.zeros((0, 7), np.int64), "members": np.zeros((0, 2), np.int64),
        "writes": np.zeros((0, 7), np.int64), "string_places": np.zeros(0, np.int64),
    }  # fmt: skip
    controls = np.array(plan.pop("controls", []), np.int64)
    formulas = Formulas(**none | {name: np.array(value, np.int64) for name, value in plan.items()})
    polynomials, num_bits, count = controls.size, 4, formulas.product_start.size - 1
    products = Products(
        np.empty((count, 2)), np.empty((count, 2), complex), np.empty((formulas.dense_start.size - 1, 16), complex)
    )
    found = Numbers(
        operations=np.zeros((8, isa.ROW), np.int64),
        registers=np.full(64 * lanes, np.nan),
        constants=np.ones(polynomials, complex),
        linear=np.ones((polynomials, num_bits), complex),
        pairs=np.ones((polynomials, num_bits, num_bits), complex),
        controls=controls,
        strings=np.zeros((formulas.string_places.size, 2), np.int64),
        string_angles=np.empty(formulas.string_places.size),
        factor=1.0 + 0.0j,
    )
    factor = numbers.fill_numbers(coefficients, lanes, formulas, products, found, None)
    return factor, products._asdict() | found._asdict()


def polynomial_values(constant, linear, pairs, control):
    """Values of a phase polynomial at all indices."""
    values = np.full(16, constant, complex)
    for x in range(16):
        bits = [i for i in range(4) if x >> i & 1]
        values[x] *= np.prod([linear[i] for i in bits]) * np.prod([pairs[i, j] for i in bits for j in bits if i < j])
        if control >= 0 and control not in bits:
            values[x] = 1
    return values


def test_diagonal_gates_make_polynomials():
    places = [(1, 3), (2, 0), (3, 2)]
    items = [(form, detail, pair) for form, detail in DIAGONAL for pair in places]
    for chosen in [[item] for item in items] + [[items[k] for k in RNG.integers(0, len(items), 6)] for _ in range(20)]:
        factors, coefficients = chain([(form, detail) for form, detail, _ in chosen])
        expected = np.ones(16, complex)
        terms = []
        for factor, (form, detail, pair) in zip(factors, chosen, strict=True):
            diagonal = np.diag(factor_matrix(factor, coefficients))
            qubits = pair[: 1 if diagonal.size == 2 else 2]
            index = sum((np.arange(16) >> q & 1) << k for k, q in enumerate(qubits))
            expected *= diagonal[index]
            terms.append([form, 0, *(*qubits, -1)[:2], factor.place, detail])
        _, out = fill(coefficients, terms=terms, controls=[-1])
        found = polynomial_values(out["constants"][0], out["linear"][0], out["pairs"][0], -1)
        assert np.abs(found - expected).max() < 1e-14


def test_a_common_control_is_divided_out():
    coefficients = np.exp(1j * np.array([0.3, 0.5, 0.7]))
    terms = [[Form.PHASE_2Q, 0, 1, 3, 0, 3], [Form.PHASE_2Q, 0, 3, 0, 1, 3], [Form.PHASE_1Q, 0, 3, -1, 2, 1]]
    _, out = fill(coefficients, terms=terms, controls=[3])
    x = np.arange(16)
    expected = np.exp(1j * (x >> 3 & 1) * (0.3 * (x >> 1 & 1) + 0.5 * (x & 1) + 0.7))
    assert np.abs(polynomial_values(out["constants"][0], out["linear"][0], out["pairs"][0], 3) - expected).max() < 1e-15
    assert np.all(out["pairs"] == 1)


def test_phases_around_a_rotation_join_the_polynomial():
    matrix = unitary_group.rvs(2, random_state=RNG)
    terms = [[Form.BEFORE_ROTATION, 0, 2, -1, 0, 0], [Form.AFTER_ROTATION, 1, 2, -1, 0, 0]]
    factor, out = fill(
        matrix.ravel(),
        product_start=[0, 1],
        product_factors=[[Form.MATRIX_1Q, 0, 0, 0]],
        terms=terms,
        controls=[-1] * 2,
    )
    cosine, sine = out["angles"][0]
    before, after = out["linear"][0, 2], out["linear"][1, 2]
    found = factor * np.diag([1, after]) @ [[cosine, -sine], [sine, cosine]] @ np.diag([1, before])
    assert np.abs(found - matrix).max() < 1e-14


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 13])
@pytest.mark.parametrize("renormalise", [False, True])
def test_rotations_are_sorted_into_flat_and_steep_rows(count, renormalise):
    thetas = RNG.uniform(-np.pi / 2, np.pi / 2, count)
    thetas[0] = 0 if count > 3 else 0.2
    coefficients = np.array([[np.cos(t), -np.sin(t), np.sin(t), np.cos(t)] for t in thetas], complex).ravel()
    rows = (count + 3) // 4 + (count > 1)
    makes_up = 400 if renormalise else -1
    factor, out = fill(
        coefficients,
        product_start=range(count + 1),
        product_factors=[[Form.MATRIX_1Q, 4 * k, 0, 0] for k in range(count)],
        sets=[[0, rows, 0, count, 16, 8, makes_up]],
        members=[[k + 3, k] for k in range(count)],
    )
    left_out, seen = 1.0, {}
    for row in out["operations"][:rows]:
        for k in range(row[isa.ROTATE_COUNT]):
            position = row[isa.POSITIONS + k]
            weight = out["registers"][row[isa.START] + k]
            if row[isa.ROTATE_STEEP]:
                assert abs(weight) < 1
                seen[position] = np.arctan2(np.sign(weight), abs(weight))
                left_out *= np.sin(seen[position])
            else:
                assert abs(weight) <= 1
                seen[position] = np.arctan(weight)
                left_out *= np.cos(seen[position])
    missing = set(range(3, count + 3)) - set(seen)
    assert missing == ({3} if count > 3 else set())
    assert all(abs(seen[k + 3] - thetas[k]) < 1e-15 for k in range(count) if k + 3 in seen)
    if renormalise:
        assert np.allclose(out["registers"][400:416], [left_out] * 8 + [0] * 8, rtol=1e-14)
        left_out = 1.0
    assert factor == pytest.approx(left_out, rel=1e-14)


def test_angles_of_strings():
    """A rotation by θ turns an even parity by -θ/2; angles come back whole turns apart at most."""
    halves = np.array([0.3, -1.2, 3.0, -2.9, 0.0])
    coefficients = np.ravel(np.stack([np.cos(halves), np.sin(halves)], axis=1)).astype(complex)
    _, out = fill(coefficients, string_places=[2 * k for k in range(5)])
    assert np.abs(out["string_angles"] + halves).max() < 1e-15


def test_registers_of_lane_rotations():
    matrix = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    _, out = fill(
        matrix.ravel().astype(complex),
        product_start=[0, 1],
        product_factors=[[Form.MATRIX_1Q, 0, 0, 0]],
        writes=[[numbers.WRITE_LANES, 8, 0, 1, 0, 0, 0]],
    )
    keep, cross = out["registers"][8:24].reshape(2, 8)
    lane = np.arange(8)
    state = RNG.normal(size=8)
    expected = np.einsum("ij,ajb->aib", matrix, state.reshape(2, 2, 2)).ravel()
    assert np.abs(keep * state + cross * state[lane ^ 2] - expected).max() < 1e-15


@pytest.mark.parametrize(("low", "high"), [(3, 5), (1, 4), (2, 3), (0, 1), (0, 2), (1, 2)])
def test_registers_of_dense_matrices(low, high):
    """Eight lanes: each case is applied to 64 amplitudes as the block kernel would."""
    matrix = unitary_group.rvs(4, random_state=RNG)
    _, out = fill(
        matrix.ravel(),
        dense_start=[0, 1],
        dense_factors=[[Form.MATRIX_2Q, 0, 0, 2]],
        writes=[[numbers.WRITE_DENSE, 16, 0, low, high, 3, 0]],
    )
    index = np.arange(64)
    lane = index & 7
    state = RNG.normal(size=64) + 1j * RNG.normal(size=64)
    row = (index >> low & 1) | (index >> high & 1) << 1
    expected = sum(
        matrix[row, column] * state[index & ~(1 << low | 1 << high) | (column & 1) << low | (column >> 1) << high]
        for column in range(4)
    )
    values = out["registers"][16:]
    found = np.zeros(64, complex)
    if low >= 3:
        entries = values[0:32:2] + 1j * values[1:32:2]
        assert np.array_equal(entries, matrix.ravel())
        return
    for k in range(8 if high >= 3 else 4):
        pair = values[16 * k : 16 * k + 16].reshape(2, 8)
        weight = (pair[0] + 1j * pair[1])[lane]
        if high >= 3:
            out_tile, in_tile, exchanged = k >> 2, k >> 1 & 1, k & 1
            source = (index & ~(1 << high) | in_tile << high) ^ exchanged << low
            found += np.where(index >> high & 1 == out_tile, weight * state[source], 0)
        else:
            found += weight * state[index ^ ((k & 1) << low | (k >> 1) << high)]
    assert np.abs(found - expected).max() < 1e-14


def test_registers_of_phases_and_strings():
    coefficients = np.array([np.exp(0.4j), np.cos(0.3), np.sin(0.3)])
    lane = np.arange(8)
    for mask, value in ((0, 0), (5, 4), (7, 7)):
        on = lane & mask == value
        for sign in (1, -1):
            _, out = fill(
                coefficients,
                writes=[
                    [numbers.WRITE_PHASE, 0, 0, 0, mask, value, 0],
                    [numbers.WRITE_PAULI, 16, 1, sign, 6, mask, value],
                ],
            )
            real, imag, keep, cross = out["registers"][:32].reshape(4, 8)
            assert np.array_equal(real + 1j * imag, np.where(on, coefficients[0], 1))
            assert np.array_equal(keep, np.where(on, np.cos(0.3), 1))
            parity = np.bitwise_count(lane & 6) % 2
            assert np.array_equal(cross, np.where(on, sign * np.sin(0.3) * (1 - 2.0 * parity), 0))
