"""Exact logical channels against brute force on states and density matrices, and against values known exactly."""

import numpy as np
import pytest
from code_matrices import (
    CODES,
    PAULIS,
    damping,
    depolarizing,
    kraus_operators,
    over_rotation,
    phase_flip,
    random_kraus,
    rotated,
    rows,
    transfer_matrices,
)
from scipy.optimize import brentq

from qtoolkit.applications.qec import RotatedSurfaceCode, cost_of, logical_channel
from qtoolkit.circuit import KrausChannel
from qtoolkit.errors import InputError, InsufficientMemoryError
from qtoolkit.noise import amplitude_damping, diamond_distance

PHASE = np.diag([1, 1j])
TURNED_AND_FLIPPED = np.array([k @ over_rotation(0.4)[0] for k in phase_flip(0.07)])
HADAMARD = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
ABOUT_X = HADAMARD @ TURNED_AND_FLIPPED @ HADAMARD
ABOUT_Y = PHASE @ ABOUT_X @ PHASE.conj()


def noise_of(kind, n, seed=5):
    rng = np.random.default_rng(seed)
    return {
        "pauli": [random_pauli(rng) for _ in range(n)],
        "X and Y alone": [np.array([np.sqrt(0.9) * np.eye(2), 0.2 * PAULIS["X"], np.sqrt(0.06) * PAULIS["Y"]])] * n,
        "unitary": [random_kraus(rng, 1) for _ in range(n)],
        "along z": [TURNED_AND_FLIPPED] * n,
        "along axes": [(TURNED_AND_FLIPPED, ABOUT_X, ABOUT_Y)[q % 3] for q in range(n)],
        "damping": [damping(0.13)] * n,
        "any": [random_kraus(rng, 2) for _ in range(n)],
    }[kind]


def random_pauli(rng):
    weights = rng.dirichlet([9, 1, 1, 1])
    return np.sqrt(weights)[:, None, None] * np.array([PAULIS[letter] for letter in "IXYZ"])


METHODS = {
    "pauli": "pauli",
    "X and Y alone": "pauli",
    "unitary": "amplitudes",
    "along z": "pairs",
    "along axes": "pairs",
    "damping": "transfer",
    "any": "transfer",
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name in ("four-two-two", "five-qubit", "repetition") for kind in METHODS]
    + [("steane", kind) for kind in ("unitary", "along axes", "damping")],
)
def test_every_syndrome_equals_the_density_matrix(name, kind):
    code = CODES[name]
    noise = noise_of(kind, code[0].shape[1] // 2)
    found = logical_channel(code, noise)
    assert found.cost.method == cost_of(code, noise).method == METHODS[kind]
    expected = transfer_matrices(code, noise, found.syndromes(), found.corrections())
    np.testing.assert_allclose(found.transfer_matrices(), expected, rtol=0, atol=2e-14)
    np.testing.assert_allclose(found.average, expected.sum(axis=0), rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.probabilities, expected[:, 0, 0], rtol=0, atol=1e-14)
    assert found.probabilities.sum() == pytest.approx(1.0, abs=1e-13)
    assert found.entanglement_fidelity == pytest.approx(np.trace(found.average) / 4**found.num_logical, abs=1e-13)
    dimension = 2**found.num_logical
    assert 1 - found.average_gate_fidelity == pytest.approx(found.infidelity * dimension / (dimension + 1))


@pytest.mark.parametrize("kind", ["unitary", "along z"])
@pytest.mark.parametrize("name", ["five-qubit", "steane", "shor", "rotated-3"])
def test_unitary_noise_equals_projected_state_vectors(name, kind):
    code = CODES[name]
    n = code[0].shape[1] // 2
    noise = noise_of("unitary", n) if kind == "unitary" else [over_rotation(0.3)] * n
    found = logical_channel(code, noise)
    operators = kraus_operators(code, [k[0] for k in noise], found.syndromes(), found.corrections())
    letters = np.array([PAULIS[letter] for letter in "IXYZ"])
    moved = np.einsum("sij,bjk,slk->sbil", operators, letters, operators.conj())
    expected = np.einsum("ali,sbil->sab", letters, moved).real / 2
    np.testing.assert_allclose(found.transfer_matrices(), expected, rtol=0, atol=2e-14)
    assert found.probabilities.sum() == pytest.approx(1.0, abs=1e-13)
    # No other Pauli recovery of any syndrome keeps more of the entanglement.
    fidelities = np.abs(np.einsum("aij,sji->sa", letters, operators)) ** 2 / 4
    np.testing.assert_allclose(fidelities.max(axis=1), fidelities[:, 0], rtol=0, atol=1e-14)
    assert found.infidelity == pytest.approx(1 - fidelities[:, 0].sum(), abs=1e-13)


def test_depolarizing_noise_gives_the_known_rates():
    five = CODES["five-qubit"]
    assert logical_channel(five, depolarizing(0.01), recovery="lightest").infidelity == pytest.approx(
        9.7795508e-4, rel=1e-8
    )

    def excess(p):
        return logical_channel(five, depolarizing(p), recovery="lightest").infidelity - p

    assert brentq(excess, 0.05, 0.2, xtol=1e-12) == pytest.approx(0.1376276, abs=5e-8)
    for name, rate in {"steane": 1.5782072e-3, "shor": 1.2627035e-3, "rotated-3": 1.3000141e-3}.items():
        assert logical_channel(CODES[name], depolarizing(0.01)).infidelity == pytest.approx(rate, rel=5e-8)


@pytest.mark.parametrize(("distance", "rate"), [(3, 1.730989234e-3), (5, 2.713480012e-4)])
def test_phase_flips_on_the_rotated_surface_code_give_the_known_rates(distance, rate):
    found = logical_channel(rotated(distance), phase_flip(0.01))
    assert found.infidelity == pytest.approx(rate, rel=5e-10)
    assert len(found.probabilities) == 2 ** ((distance**2 - 1) // 2)
    # A Pauli channel of one logical qubit: the diamond distance is twice the probability of an error.
    assert found.diamond_distance == pytest.approx(2 * rate, rel=5e-7)


def test_methods_agree_where_noise_is_nearly_of_another_kind():
    """A small rotation more, or a small flip more, goes another way and changes little."""
    code = CODES["rotated-3"]
    turned = over_rotation(0.2)
    slightly = np.array([k @ turned[0] for k in phase_flip(1e-13)])
    exact, near = logical_channel(code, turned), logical_channel(code, slightly)
    assert (exact.cost.method, near.cost.method) == ("amplitudes", "pairs")
    np.testing.assert_allclose(exact.average, near.average, rtol=0, atol=1e-11)
    damped = np.array([k @ turned[0] for k in damping(1e-13)])
    general = logical_channel(code, damped)
    assert general.cost.method == "transfer"
    np.testing.assert_allclose(exact.average, general.average, rtol=0, atol=1e-11)


def test_rotations_undone_leave_nothing_where_each_syndrome_has_a_rotation():
    """Along one axis of a code of odd distance each syndrome turns the logical qubit about that axis."""
    found = logical_channel(CODES["rotated-3"], over_rotation(0.3))
    rotations = found.rotations()
    assert rotations.fidelity == pytest.approx(1.0, abs=1e-13)
    assert found.infidelity > 1e-3
    np.testing.assert_allclose(np.abs(rotations.axes[rotations.angles > 1e-9]), [[0, 0, 1]] * 16, atol=1e-12)
    cosines = found.probabilities @ np.cos(rotations.angles)
    assert found.average[1, 1] == pytest.approx(cosines, abs=1e-13)
    repetition = logical_channel(CODES["repetition"], over_rotation(0.3, (1, 0, 0))).rotations()
    # tan(half the angle) is s³/c³ for the trivial syndrome, s/c for the others (Greenbaum and Dutton).
    tangent = np.tan(0.15)
    np.testing.assert_allclose(
        repetition.angles, 2 * np.arctan([tangent**3, tangent, tangent, tangent]), rtol=1e-12, atol=0
    )


def test_half_turns_have_an_axis():
    code = np.zeros((0, 2)), rows("X"), rows("Z")
    for axis in ((1, 0, 0), (0, 1, 0), (1, 2, -2)):
        # The best Pauli operator is undone first, so turn between two of them where one would undo all.
        found = logical_channel(code, over_rotation(np.pi, axis)).rotations()
        assert found.fidelity == pytest.approx(1.0)
        if axis == (1, 2, -2):
            assert found.angles[0] > 0.5
            assert np.linalg.norm(found.axes[0]) == pytest.approx(1.0)
        else:
            assert found.angles[0] == pytest.approx(0.0, abs=1e-7)


def test_logical_operators_are_found_where_none_are_given():
    for name, code in CODES.items():
        given = logical_channel(code, depolarizing(0.02))
        found = logical_channel((code[0], None, None), depolarizing(0.02))
        assert found.num_logical == given.num_logical, name
        assert found.infidelity == pytest.approx(given.infidelity, rel=1e-12)


def test_dependent_stabilizers_are_left_out():
    code = CODES["steane"]
    doubled = (np.vstack([code[0][:2], code[0][0] ^ code[0][1], code[0][2:]]), *code[1:])
    found = logical_channel(doubled, depolarizing(0.01))
    assert found.frame.rows == (0, 1, 3, 4, 5, 6)
    assert found.infidelity == pytest.approx(logical_channel(code, depolarizing(0.01)).infidelity, rel=1e-12)


def test_the_rotated_surface_code_is_taken_as_it_is():
    for distance in (3, 5):
        found = logical_channel(RotatedSurfaceCode(distance), phase_flip(0.01))
        expected = logical_channel(rotated(distance), phase_flip(0.01))
        assert found.infidelity == pytest.approx(expected.infidelity, rel=1e-12)


def test_channels_and_codes_with_attributes_are_taken():
    class Code:
        stabilizers, logical_x, logical_z = CODES["four-two-two"]

    channel = amplitude_damping(0.13)
    assert isinstance(channel, KrausChannel)
    found = logical_channel(Code(), channel)
    assert found.infidelity == pytest.approx(logical_channel(CODES["four-two-two"], damping(0.13)).infidelity)
    np.testing.assert_allclose(found.channel.pauli_transfer_matrix(), found.average, atol=1e-8)
    identity = KrausChannel((np.eye(4),))
    assert found.diamond_distance == pytest.approx(diamond_distance(found.channel, identity), abs=1e-6)
    each = logical_channel(Code(), [channel, damping(0.13), channel, damping(0.13)])
    assert each.infidelity == pytest.approx(found.infidelity, rel=1e-12)


def test_the_cost_is_known_before_and_kept():
    code = rotated(5)
    told = []
    found = logical_channel(code, over_rotation(0.1), progress=told.append)
    assert found.cost == cost_of(code, over_rotation(0.1))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert found.cost.syndromes == 2**12
    assert "4,096 syndromes" in str(found.cost)
    assert "exact infidelity" in repr(found)
    # Amplitudes of all 2^26 classes of the same code, and the steps of noise of any kind.
    assert cost_of(code, over_rotation(0.1, (1, 1, 1))).entries == 2**26
    assert cost_of(code, damping(0.1)).products > 2**36


@pytest.mark.parametrize("entries", [1, 40])
def test_large_tables_go_on_in_parts(entries, monkeypatch):
    whole = logical_channel(CODES["rotated-3"], damping(0.1))
    monkeypatch.setattr("qtoolkit.applications.qec.exact.transfer.PART_ENTRIES", entries)
    parts = logical_channel(CODES["rotated-3"], damping(0.1))
    np.testing.assert_allclose(parts.transfer_matrices(), whole.transfer_matrices(), rtol=0, atol=1e-15)


def test_what_does_not_fit_is_refused_before_it_is_begun(monkeypatch):
    monkeypatch.setattr("qtoolkit._memory.free_bytes", lambda: 1 << 30)
    with pytest.raises(InsufficientMemoryError, match=r"an exact table of .* entries for 25 qubits needs"):
        logical_channel(rotated(5), damping(0.1))
    with pytest.raises(InputError, match=r"exact tables have at most 2\^40 entries"):
        logical_channel(rotated(7), depolarizing(0.1))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (3, "a code must have stabilizers, logical_x, logical_z"),
        ("steane", "got 'steane'; code_named makes a code of a name"),
        ((np.zeros((2, 3)), None, None), r"stabilizers must have shape \(r, 2n\), X parts first, got \(2, 3\)"),
        ((rows("XX", "ZI"), None, None), "stabilizers must commute, got rows 0 and 1"),
        ((rows("XX") * 2, None, None), "stabilizers must be 0 or 1"),
        ((rows("ZZI"), rows("XXX"), rows("ZII")), "has 2 logical qubits, got 1 logical_x and 1 logical_z"),
        ((rows("ZZ"), rows("XI"), rows("ZI")), "logical_x must commute with stabilizers, got row 0"),
        ((rows("ZZ"), rows("XX"), rows("XX")), "logical_x must anticommute with logical_z of the same number alone"),
        ((np.zeros((0, 4)), rows("XI", "ZI"), rows("IX", "IZ")), "rows of logical_x must commute, got 0 and 1"),
        ((np.zeros((1, 126)), None, None), "at most 62 qubits, got 63"),
    ],
)
def test_what_is_no_code_is_refused(code, message):
    with pytest.raises(InputError, match=message):
        logical_channel(code, depolarizing(0.1))


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ("X", "noise must be Kraus operators"),
        (3, "noise must be Kraus operators"),
        ([], "noise must have one channel for each of 3 qubits, got 0"),
        (np.eye(2)[None] * 1.01, "noise must preserve the trace"),
        ([np.eye(4)], r"noise must be Kraus operators of shape \(m, 2, 2\), got shape \(1, 4, 4\)"),
        ([depolarizing(0.1)] * 2, "noise must have one channel for each of 3 qubits, got 2"),
        ([depolarizing(0.1)] * 2 + [2 * depolarizing(0.1)], "noise of qubit 2 must preserve the trace"),
        (np.full((1, 2, 2), np.nan), "noise must be finite"),
        ([[["a", "b"], ["c", "d"]]], "noise must be Kraus operators of shape"),
    ],
)
def test_what_is_no_noise_is_refused(noise, message):
    with pytest.raises(InputError, match=message):
        logical_channel(CODES["repetition"], noise)


def test_other_arguments_are_checked():
    with pytest.raises(InputError, match="recovery must be one of likeliest, lightest, got 'best'"):
        logical_channel(CODES["repetition"], depolarizing(0.1), recovery="best")
    with pytest.raises(InputError, match="rotations are those of one logical qubit, got 2"):
        logical_channel(CODES["four-two-two"], depolarizing(0.1)).rotations()
