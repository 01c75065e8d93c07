"""The coherent repetition code against closed forms and NumPy enumerations that use neither circuit nor simulator."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit.applications.qec import (
    clopper_pearson,
    coherent_error_rates,
    coherent_repetition_memory,
    repetition_memory_circuit,
    twirled_error_rates,
)
from qtoolkit.circuit import Measure, Reset
from qtoolkit.errors import InputError
from qtoolkit.primitives import Result

CORRECTION = {(0, 0): 0b000, (1, 0): 0b001, (1, 1): 0b010, (0, 1): 0b100}


def closed_form(angle, rounds):
    """P = (1 − Re zʳ)/2 with z = 1 − 2p_L + i·sin³(angle)/2.

    z is the mean of exp(iΦ) over one round's syndromes, Φ the angle by which the logical qubit is turned.
    """
    p = math.sin(angle / 2) ** 2
    z = 1 - 2 * (3 * p**2 * (1 - p) + p**3) + 0.5j * math.sin(angle) ** 3
    return (1 - (z**rounds).real) / 2


def parities(index):
    bits = [index >> k & 1 for k in range(3)]
    return bits[0] ^ bits[1], bits[1] ^ bits[2]


def enumerated(angle_signs_per_round, angle):
    """Logical error probability over all syndrome histories, one unnormalised state vector for each history."""
    branches = [np.eye(8, dtype=complex)[0]]
    for signs in angle_signs_per_round:
        grown = []
        for state in branches:
            for qubit, sign in enumerate(signs):
                flipped = state[np.arange(8) ^ (1 << qubit)]
                state = math.cos(angle / 2) * state - 1j * sign * math.sin(angle / 2) * flipped
            for syndrome, correction in CORRECTION.items():
                projected = np.array([a if parities(k) == syndrome else 0 for k, a in enumerate(state)])
                grown.append(projected[np.arange(8) ^ correction])
        branches = grown
    assert sum(np.vdot(state, state).real for state in branches) == pytest.approx(1)
    return sum(abs(state[0b111]) ** 2 for state in branches)


@pytest.mark.parametrize("angle", [0.3, -1.1, 2.5])
def test_exact_rates_agree_with_the_enumeration_of_syndrome_histories(angle):
    rates = coherent_error_rates(angle, [1, 2, 3])
    expected = [enumerated([(1, 1, 1)] * rounds, angle) for rounds in (1, 2, 3)]
    np.testing.assert_allclose(rates, expected, rtol=0, atol=1e-13)


@settings(max_examples=25, deadline=None)
@given(st.floats(-7, 7), st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_exact_rates_agree_with_the_closed_form(angle, rounds):
    expected = [closed_form(angle, number) for number in rounds]
    np.testing.assert_allclose(coherent_error_rates(angle, rounds), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rounds", [1, 2])
def test_twirl_is_the_average_over_random_signs_of_each_rotation(rounds):
    # Conjugating Rx by a random Pauli keeps or flips the sign of its angle; the average over signs is the twirl.
    angle = 0.7
    signs = list(itertools.product((1, -1), repeat=3))
    mean = np.mean([enumerated(history, angle) for history in itertools.product(signs, repeat=rounds)])
    assert twirled_error_rates(angle, rounds)[0] == pytest.approx(mean, abs=1e-13)


def test_coherent_errors_add_as_amplitudes():
    angle, rounds = 0.05, np.arange(1, 13)
    excess = coherent_error_rates(angle, rounds.tolist()) - twirled_error_rates(angle, rounds.tolist())
    assert abs(excess[0]) < 1e-15
    quadratic = rounds * (rounds - 1) * math.sin(angle) ** 6 / 16
    np.testing.assert_allclose(excess[1:], quadratic[1:], rtol=1e-3)


def test_trajectories_follow_the_coherent_curve_and_rule_out_the_twirl():
    result = coherent_repetition_memory(0.6, [1, 4, 8], shots=3_000, seed=12)
    for k, (exact, twirled) in enumerate(zip(result.exact, result.twirled, strict=True)):
        low, high = clopper_pearson(int(result.errors[k]), result.shots, confidence=0.9999)
        assert low <= exact <= high
        assert low <= twirled <= high or result.rounds[k] > 1
    assert low > result.twirled[-1]
    ends = result.confidence_intervals
    assert ends.shape == (2, 3)
    assert np.all((ends[0] < result.sampled) & (result.sampled < ends[1]))
    assert np.all(np.abs(result.sampled - result.exact) < 5 * result.standard_errors)


def test_a_seed_repeats_the_trajectories():
    first, again, other = (coherent_repetition_memory(0.9, 2, 500, seed=seed) for seed in (4, 4, 5))
    assert first.errors.tolist() == again.errors.tolist() != other.errors.tolist()
    drawn = coherent_repetition_memory(0.9, 2, 500, seed=np.random.default_rng(1))
    assert coherent_repetition_memory(0.9, 2, 500, seed=drawn.seed).errors.tolist() == drawn.errors.tolist()


def test_full_turns_and_rest_leave_the_logical_qubit_alone():
    for angle in (0.0, 2 * math.pi):
        result = coherent_repetition_memory(angle, 2, shots=20, seed=0)
        assert result.errors.tolist() == [0]
        assert result.exact == pytest.approx(0, abs=1e-15)
    flip = coherent_repetition_memory(math.pi, [1, 2], shots=20, seed=0)
    assert flip.errors.tolist() == [20, 0]


def test_exact_rates_need_no_shots():
    result = coherent_repetition_memory(0.6, [1, 100])
    assert (result.shots, result.errors.tolist()) == (0, [])
    np.testing.assert_array_equal(result.exact, coherent_error_rates(0.6, [1, 100]))
    for name in ("sampled", "confidence_intervals", "standard_errors"):
        with pytest.raises(InputError, match="sampled rates need shots"):
            getattr(result, name)


class MajorityOfOnes:
    """A sampler whose every readout has a known number of ones."""

    def run(self, circuit, shots, seed=None, parameters=None):
        counts = {"11100": 3, "10100": 2, "00100": 4, "00000": shots - 9}
        return Result.from_counts(counts, registers=circuit.clbit_registers)


def test_any_sampler_will_do_and_two_ones_of_three_are_an_error():
    result = coherent_repetition_memory(0.1, [1, 2], shots=30, seed=0, sampler=MajorityOfOnes())
    assert result.errors.tolist() == [5, 5]
    assert result.sampled.tolist() == [5 / 30, 5 / 30]


def test_circuit_measures_and_resets_both_ancillas_in_each_round():
    circuit = repetition_memory_circuit(0.2, 3)
    kinds = [type(operation.gate) for operation in circuit]
    assert kinds.count(Measure) == 3 * 2 + 3
    assert kinds.count(Reset) == 3 * 2
    assert [register.name for register in circuit.clbit_registers] == ["syndrome", "readout"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((math.nan, 1, 10), "angle must be finite, got nan"),
        ((0.1, 0, 10), "rounds must be at least 1, got 0"),
        ((0.1, [1, -2], 10), "rounds must be at least 1, got -2"),
        ((0.1, [], 10), "at least one number of rounds, got none"),
        ((0.1, 1.5, 10), "rounds must be an integer, got 1.5"),
        ((0.1, 1, 0), "shots must be at least 1, got 0"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        coherent_repetition_memory(*arguments)
    if "shots" not in message:
        for rates in (coherent_error_rates, twirled_error_rates):
            with pytest.raises(InputError, match=message):
                rates(*arguments[:2])
