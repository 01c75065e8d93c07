"""Which matrices are one-qubit gates around a rotation about ZZ, and what they are made of."""

import itertools

import numpy as np
import pytest
from scipy.stats import unitary_group

from qtoolkit.circuit import StandardGate
from qtoolkit_kernels._jit import interpreted
from qtoolkit_kernels.planner import zz_rotation
from qtoolkit_kernels.planner.zz_rotation import LOCAL_GATES, ZZ_ROTATION

RNG = np.random.default_rng(8)
ZZ = np.array([1, -1, -1, 1])
X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
ANGLES = {"any": [0.3, -1.1, 2.9]} | {
    f"{k} quarters of π": [k * np.pi / 4 + near for near in (0, 1e-3, -1e-7, 1e-10, -3e-13, 5e-14)]
    for k in range(-4, 5)
}
"""And angles near those that are special."""


def local_gate():
    return unitary_group.rvs(2, random_state=RNG)


def locals_of():
    return np.kron(local_gate(), local_gate())


def rzz(angle):
    return np.diag(np.exp(-1j * angle * ZZ))


def gate(name, *angles):
    return StandardGate(name, angles).matrix().astype(complex)


def controlled(matrix, is_low=False):
    """A gate on the low bit where the high one is 1, or the other way round."""
    result = np.eye(4, dtype=complex)
    result[2:, 2:] = matrix
    return result[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])] if is_low else result


def turn(pauli, angle):
    return np.cos(angle) * np.eye(2) - 1j * np.sin(angle) * pauli


@pytest.fixture(params=["interpreted", "compiled"], scope="module")
def recognize(request):
    kernel = zz_rotation.locals_and_phase
    run = kernel if request.param == "compiled" else interpreted(kernel)

    def recognize(matrix):
        out = np.full(17, np.nan + 0j)
        before = np.ascontiguousarray(matrix, dtype=complex).ravel()
        return run(before.copy(), out), out

    return recognize


def parts(out):
    return out[:16].reshape(4, 2, 2)


def assert_is(matrix, found, out, kind=None):
    low, high, low_before, high_before = parts(out)
    product = np.kron(high, low) @ rzz(out[16].real) @ np.kron(high_before, low_before)
    assert np.abs(product - matrix).max() < 2e-14
    assert out[16].imag == 0
    assert -np.pi / 4 < out[16].real <= np.pi / 4 + 1e-8
    for one in parts(out):
        assert np.abs(one @ one.conj().T - np.eye(2)).max() < 2e-14
    assert found == (ZZ_ROTATION if kind is None else kind)
    if found == LOCAL_GATES:
        assert out[16] == 0
        assert np.array_equal(low_before, np.eye(2))
        assert np.array_equal(high_before, np.eye(2))


@pytest.mark.parametrize("angles", ANGLES.values(), ids=ANGLES.keys())
def test_members(recognize, angles):
    for angle in [angle for angle in angles for _ in range(5)]:
        matrix = locals_of() @ rzz(angle) @ locals_of()
        kind = LOCAL_GATES if abs(np.sin(2 * angle)) < 1e-14 else ZZ_ROTATION
        assert_is(matrix, *recognize(matrix), kind)


@pytest.mark.parametrize("angles", ANGLES.values(), ids=ANGLES.keys())
def test_pairs_of_cx_around_a_rotation(recognize, angles):
    one = np.eye(2)
    for angle, is_low in itertools.product(angles, (False, True)):
        kind = LOCAL_GATES if abs(np.sin(2 * angle)) < 1e-14 else ZZ_ROTATION
        cx, cz = controlled(X, is_low), controlled(Z, is_low)
        on_target = (lambda g: np.kron(g, one)) if is_low else (lambda g: np.kron(one, g))
        matrix = cx @ on_target(turn(Z, angle)) @ cx
        found, out = recognize(matrix)
        assert_is(matrix, found, out, kind)
        assert np.all(parts(out)[:, 0, 1] == 0)
        for pauli in (X, Y):
            matrix = cz @ on_target(turn(pauli, angle)) @ cz
            found, out = recognize(matrix)
            assert_is(matrix, found, out, kind)
            assert np.array_equal(parts(out)[2 if is_low else 3], one)


@pytest.mark.parametrize("is_low", [False, True])
@pytest.mark.parametrize("name", ["x", "y", "z", "h", "s", "sx", "u"])
def test_controlled_gates_leave_the_control_alone(recognize, name, is_low):
    matrix = controlled(local_gate() if name == "u" else gate(name), is_low)
    found, out = recognize(matrix)
    assert_is(matrix, found, out)
    control = slice(0, 4, 2) if is_low else slice(1, 4, 2)
    after, before = parts(out)[control]
    assert np.array_equal(before, np.eye(2))
    assert after[0, 1] == after[1, 0] == 0
    if name in ("x", "y", "h"):
        assert out[16].real == pytest.approx(np.pi / 4, abs=1e-15)


def test_gates_before_a_control_are_taken_off_in_front(recognize):
    for is_low, is_before in itertools.product((False, True), repeat=2):
        on_control = np.kron(np.eye(2), gate("h")) if is_low else np.kron(gate("h"), np.eye(2))
        matrix = controlled(X, is_low)
        matrix = matrix @ on_control if is_before else on_control @ matrix
        found, out = recognize(matrix)
        assert_is(matrix, found, out)
        before = parts(out)[2 if is_low else 3]
        assert np.array_equal(before, np.eye(2)) == (not is_before)


@pytest.mark.parametrize("angles", ANGLES.values(), ids=ANGLES.keys())
def test_diagonals_have_diagonal_gates_on_one_side(recognize, angles):
    phases = np.exp(1j * RNG.uniform(-3, 3, 3))
    for angle in angles:
        kind = LOCAL_GATES if abs(np.sin(2 * angle)) < 1e-14 else ZZ_ROTATION
        for matrix in (
            rzz(angle),
            controlled(np.diag([1, np.exp(4j * angle)])),
            np.diag([1, phases[0], phases[1], phases[0] * phases[1]]) * phases[2] @ rzz(angle),
        ):
            found, out = recognize(matrix)
            assert_is(matrix, found, out, kind)
            assert np.all(parts(out)[:, 0, 1] == 0)
            assert np.all(parts(out)[:, 1, 0] == 0)
            assert np.array_equal(parts(out)[2:], [np.eye(2)] * 2)


def test_a_permutation_of_a_control_stays_behind(recognize):
    matrix = np.kron(X, np.eye(2)) @ controlled(X)
    found, out = recognize(matrix)
    assert_is(matrix, found, out)
    assert np.array_equal(parts(out)[3], np.eye(2))


def test_a_rotation_about_zz_needs_nothing_else(recognize):
    for angle in (0.2, -0.7, 1e-6):
        found, out = recognize(rzz(angle))
        assert_is(rzz(angle), found, out)
        assert np.abs(parts(out) - np.eye(2)).max() < 1e-15
        assert out[16].real == pytest.approx(angle, abs=1e-16)


def test_products_of_one_qubit_gates(recognize):
    for _ in range(50):
        matrix = locals_of()
        assert_is(matrix, *recognize(matrix), LOCAL_GATES)
    for low, high in itertools.product((np.eye(2), X, Y, Z, gate("h"), gate("s")), repeat=2):
        matrix = np.kron(high, low)
        assert_is(matrix, *recognize(matrix), LOCAL_GATES)


def non_members():
    swap = gate("swap")
    yield from (swap, gate("iswap"), swap @ rzz(0.3), gate("rxx", 0.4) @ gate("ryy", 0.3))
    yield from (controlled(X) @ np.kron(np.eye(2), gate("h")) @ controlled(X) @ controlled(X, True),)
    yield from (unitary_group.rvs(4, random_state=RNG) for _ in range(50))


def test_others_are_refused(recognize):
    for matrix in non_members():
        assert recognize(matrix)[0] == 0
        assert recognize(locals_of() @ matrix @ locals_of())[0] == 0


@pytest.mark.parametrize("distance", [1e-12, 3e-13, 1e-8])
@pytest.mark.parametrize("angle", [0, 1e-9, 0.3, np.pi / 4, np.pi / 4 - 1e-6, np.pi / 2])
def test_what_is_near_is_refused(recognize, angle, distance):
    """Rotations about XX and YY commute with the one about ZZ, so that no one-qubit gates make up for them."""
    for _ in range(20):
        strings = [np.kron(pauli, pauli) for pauli in (X, Y)]
        extra = np.eye(4)
        for string in strings:
            extra = extra @ (np.cos(distance) * np.eye(4) - 1j * np.sin(distance) * string)
        matrix = locals_of() @ extra @ rzz(angle) @ locals_of()
        assert recognize(matrix)[0] == 0
