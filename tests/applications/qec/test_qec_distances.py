"""Distances: against brute force, of known codes, and what is said where the search ends early."""

import itertools

import numpy as np
import pytest
import stim

from qtoolkit.applications.qec import CODES, CSSCode, StabilizerCode, SubsystemCode, code_named
from qtoolkit.applications.qec.codes import bivariate_bicycle_code, bivariate_bicycle_named, rotated_patch
from qtoolkit.applications.qec.codes._growth import grown
from qtoolkit.errors import InputError


def brute_force(code):
    """The least weight of an operator without syndrome that changes a logical operator."""
    n = code.num_qubits
    for weight in range(1, n + 1):
        for qubits in itertools.combinations(range(n), weight):
            for letters in itertools.product("XYZ", repeat=weight):
                word = ["I"] * n
                for qubit, letter in zip(qubits, letters, strict=True):
                    word[n - 1 - qubit] = letter
                error = ["".join(word)]
                if not code.syndrome(error).any() and code.logical_action(error).any():
                    return weight
    raise AssertionError


@pytest.mark.parametrize("seed", range(12))
def test_random_stabilizer_codes_against_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 7))
    circuit = stim.Circuit()
    circuit.append("I", range(n))
    for _ in range(5 * n):
        circuit.append(str(rng.choice(["H", "S", "SQRT_X"])), int(rng.integers(n)))
        circuit.append("CX", rng.permutation(n)[:2])
    tableau = circuit.to_tableau()
    rows = [np.concatenate(tableau.z_output(k).to_numpy()) for k in range(int(rng.integers(1, n)))]
    code = StabilizerCode(np.array(rows).astype(np.uint8))
    found = code.find_distance()
    assert found.proven
    assert found.distance == brute_force(code) == found.operator.weight
    assert not code.syndrome([found.operator]).any()
    assert code.logical_action([found.operator]).any()


@pytest.mark.parametrize("seed", range(12))
def test_random_css_codes_against_brute_force(seed):
    rng = np.random.default_rng(100 + seed)
    x_checks = rng.integers(0, 2, (2, 7))
    commuting = np.array([v for v in itertools.product((0, 1), repeat=7) if not ((x_checks @ v) % 2).any()])
    code = CSSCode(x_checks, commuting[rng.choice(len(commuting), 2, replace=False)])
    found = code.find_distance()
    assert found.proven
    assert found.distance == brute_force(code)
    assert min(code.find_distance_of(basis).distance for basis in "xz") == found.distance


def test_dressed_operators_count_for_subsystem_codes():
    code = code_named("bacon-shor", distance=3)
    assert code.find_distance().distance == brute_force(code) == 3
    # Bare operators of this code are heavier than dressed ones.
    gauge = SubsystemCode(["IIXX", "XXII", "IZIZ", "ZIZI"])
    assert gauge.find_distance().distance == brute_force(gauge) == 2


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name == "bivariate-bicycle-144" else ())
        for name in CODES
        if name not in {"honeycomb", "bivariate-bicycle"}
    ],
)
def test_stated_distances_are_proven(name):
    family = CODES[name]
    for distance in (3, 5, 7) if family.takes_distance else (None,):
        code = code_named(name, **({} if distance is None else {"distance": distance}))
        found = code.find_distance()
        assert found.proven
        assert found.distance == code.distance
        assert code.distance == (1 if name == "repetition" else distance or code.distance)
        assert found.operator.weight == found.distance


def test_repetition_code_protects_from_flips_alone():
    code = code_named("repetition", distance=7)
    assert (code.find_distance_of("x").distance, code.find_distance_of("z").distance) == (7, 1)


def test_rectangular_patches_have_a_distance_for_each_letter():
    code = rotated_patch(5, 3)
    assert (code.find_distance_of("x").distance, code.find_distance_of("z").distance) == (3, 5)


def test_growth_finds_an_operator_of_the_proven_weight_when_asked_for_heavier_ones():
    """The proof that there is none lighter would be worth nothing if the search missed those that there are."""
    code = bivariate_bicycle_named(90)
    logicals = (code.logical_z[:, 90:].T).astype(np.uint8)
    errors, at_least = grown(code.z_checks.T.copy(), logicals, np.arange(90), 10, 1_000_000)
    assert errors is not None
    assert len(errors) == at_least == 10
    support = np.zeros(90, dtype=int)
    support[errors] = 1
    assert not (code.z_checks @ support % 2).any()
    assert (support @ logicals % 2).any()


def test_a_search_that_ends_early_says_so():
    found = bivariate_bicycle_named(144).find_distance(max_states=500)
    assert not found.proven
    assert 1 < found.at_least < 12 <= found.distance
    assert repr(found) == f"<distance from {found.at_least} to {found.distance}, by {found.method}>"


def test_codes_without_a_distance_and_odd_arguments_are_refused():
    with pytest.raises(InputError, match="no distance"):
        StabilizerCode(["XX", "ZZ"]).find_distance()
    with pytest.raises(InputError, match="max_states"):
        code_named("steane").find_distance(max_states=0)
    with pytest.raises(InputError, match="basis must be one of x, z"):
        code_named("steane").find_distance_of("y")


def test_polynomials_give_the_codes_of_the_table():
    code = bivariate_bicycle_code(6, 6, [(3, 0), (0, 1), (0, 2)], [(0, 3), (1, 0), (2, 0)])
    assert code == bivariate_bicycle_named(72)
    assert [bivariate_bicycle_named(n).parameters for n in (72, 90, 108, 144)] == [
        "[[72, 12, 6]]",
        "[[90, 8, 10]]",
        "[[108, 8, 10]]",
        "[[144, 12, 12]]",
    ]
    for a, message in (
        ([(1, 0), (7, 0)], "each once"),
        ([(1,)], "pairs of exponents"),
        ([], "one term or more"),
    ):
        with pytest.raises(InputError, match=message):
            bivariate_bicycle_code(6, 6, a, [(0, 1)])
    with pytest.raises(InputError, match="have 72, 90, 108, 144 qubits, got 100"):
        bivariate_bicycle_named(100)
