"""Classical shadows: estimators without bias, honest errors, data that serves many observables."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm
from shot_statistics import assert_honest, assert_unbiased

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.algorithms.measurement import ClassicalShadow, biased_bases, measure_shadow
from qtoolkit.algorithms.measurement.shadows import _median_factor
from qtoolkit.backends import BackendSampler, LocalBackend
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.noise import NoiseModel, bit_flip

SIMULATOR = StatevectorSimulator()
HAMILTONIAN = PauliSum.from_list([("III", 0.3), ("ZZI", -0.8), ("IZZ", 0.6), ("XIX", 0.5), ("YYI", -0.4), ("ZYX", 0.2)])
STATE = Circuit(3).ry(0.4, 0).cx(0, 1).rx(1.1, 2).cx(1, 2).ry(-0.6, 1).rz(0.8, 0)
EXACT = SIMULATOR.expectation_value(STATE, HAMILTONIAN)


def uniform():
    return None


def biased():
    return biased_bases(HAMILTONIAN)


@pytest.mark.parametrize(
    ("shots_per_basis", "probabilities", "num_batches"),
    [(1, uniform, 1), (1, biased, 9), (4, uniform, 9), (4, biased, 1)],
)
def test_estimates_are_unbiased_and_know_their_error(shots_per_basis, probabilities, num_batches):
    found = []
    for seed in range(120):
        shadow = measure_shadow(
            SIMULATOR, STATE, 400, shots_per_basis=shots_per_basis, probabilities=probabilities(), seed=seed
        )
        found.append(shadow.estimate(HAMILTONIAN, num_batches=num_batches))
    assert_unbiased([item.value for item in found], EXACT, [item.standard_error for item in found])
    assert_honest([item.value for item in found], [item.standard_error for item in found])
    assert (found[0].shots, found[0].num_settings) == (400 * shots_per_basis, 400)


def test_the_mean_over_all_bases_and_outcomes_is_exact():
    """All 3^n bases once, each with every outcome as often as a state gives it: no luck is left."""
    state = Circuit(2).h(0).cx(0, 1)  # outcomes have probabilities 0, 1/4 and 1/2 in any basis of letters
    x_masks, z_masks, outcomes = [], [], []
    for first in "XYZ":
        for second in "XYZ":
            circuit, x, z = state.copy(), 0, 0
            for qubit, letter in enumerate((first, second)):
                if letter == "Y":
                    circuit.sdg(qubit)
                if letter != "Z":
                    circuit.h(qubit)
                x |= (letter != "Z") << qubit
                z |= (letter != "X") << qubit
            often = np.rint(4 * SIMULATOR.probabilities(circuit)).astype(int)
            x_masks.append(x)
            z_masks.append(z)
            outcomes.append(np.repeat(np.arange(4), often))
    shadow = ClassicalShadow(x_masks, z_masks, outcomes, 2, np.full((2, 3), 1 / 3))
    observables = [PauliSum.from_list([(a + b, 1.0)]) for a in "IXYZ" for b in "IXYZ"]
    exact = SIMULATOR.expectation_value(state, observables)
    assert [item.value for item in shadow.estimate(observables)] == pytest.approx(exact, abs=1e-12)


def test_one_data_set_serves_many_observables_and_can_be_kept(tmp_path):
    shadow = measure_shadow(BackendSampler(LocalBackend()), STATE, 3000, seed=3)
    singles = [PauliSum.from_list([(label, 1.0)]) for label in ("ZZI", "IZZ", "XIX", "YYI", "ZYX")]
    found = shadow.estimate(singles)
    for item, exact in zip(found, SIMULATOR.expectation_value(STATE, singles), strict=True):
        assert abs(item.value - exact) < 4.5 * item.standard_error
    together = 0.3 + np.dot([item.value for item in found], [-0.8, 0.6, 0.5, -0.4, 0.2])
    assert shadow.estimate(HAMILTONIAN).value == pytest.approx(together)
    np.savez(tmp_path / "shadow.npz", x=shadow.x_masks, z=shadow.z_masks, bits=shadow.outcomes)
    with np.load(tmp_path / "shadow.npz") as kept:
        again = ClassicalShadow(kept["x"], kept["z"], kept["bits"], 3, shadow.probabilities, shadow.seed)
    assert again.estimate(HAMILTONIAN) == shadow.estimate(HAMILTONIAN)
    assert shadow.num_bases == shadow.shots == 3000
    assert not shadow.outcomes.flags.writeable


def test_seeds_and_repeated_bases():
    first, second, other = (measure_shadow(SIMULATOR, STATE, 200, seed=seed) for seed in (5, 5, 6))
    assert first.seed == 5
    assert np.array_equal(first.outcomes, second.outcomes)
    assert not np.array_equal(first.x_masks, other.x_masks)

    class Counting:
        shots = ()

        def run(self, circuit, shots, seed=None, parameters=None):
            self.shots = (*self.shots, shots)
            return SIMULATOR.run(circuit, shots, seed, parameters)

    counting = Counting()
    measure_shadow(counting, STATE, 500, shots_per_basis=2, seed=1)
    assert len(counting.shots) == 27  # as many circuits as there are bases
    assert sum(counting.shots) == 1000


def test_parameters_and_noise_go_through():
    circuit = Circuit(1).rx(Parameter("a"), 0)
    z = PauliSum.from_list([("Z", 1.0)])
    only_z = [[0.0, 0.0, 1.0]]
    assert measure_shadow(SIMULATOR, circuit, 10, parameters=[np.pi], probabilities=only_z).estimate(z).value == -1.0
    flips = NoiseModel().add(bit_flip(1.0), gates="rx")
    noisy = measure_shadow(SIMULATOR, circuit, 10, parameters=[np.pi], probabilities=only_z, noise=flips)
    assert noisy.estimate(z).value == 1.0
    with pytest.raises(InputError, match="bases can be drawn, got X of probability 0"):
        noisy.estimate(PauliSum.from_list([("X", 1.0)]))


def test_biased_bases_minimise_the_variance_of_the_mixed_state():
    squares = np.square(HAMILTONIAN.coefficients.real)

    def cost(angles):
        beta = np.exp(angles.reshape(3, 3))
        beta /= beta.sum(axis=1, keepdims=True)
        total = 0.0
        for (string, _), square in zip(HAMILTONIAN, squares, strict=True):
            letters = [string.letter(q) for q in range(3)]
            chance = np.prod([beta[q]["XYZ".index(letter)] for q, letter in enumerate(letters) if letter != "I"])
            total += square / chance if string.weight else 0.0
        return total

    found = biased_bases(HAMILTONIAN, uniform_share=0.0)
    best = minimize(cost, np.zeros(9), method="BFGS", options={"gtol": 1e-9}).fun
    assert found.sum(axis=1) == pytest.approx(np.ones(3))
    assert cost(np.log(np.maximum(found, 1e-300)).ravel()) == pytest.approx(best, rel=1e-6)
    assert best < 0.9 * cost(np.zeros(9))
    mixed = biased_bases(HAMILTONIAN, uniform_share=0.3)
    assert mixed == pytest.approx(0.7 * found + 0.1)
    assert (biased_bases(PauliSum.identity(2)) == 1 / 3).all()


def test_the_median_of_batches_spreads_as_an_integral_says():
    """The median of three standard normal numbers has variance 1 − √3/π, that of many π/2 over their number."""
    assert _median_factor(1) == 1.0
    assert _median_factor(3) ** 2 / 3 == pytest.approx(1.0 - np.sqrt(3.0) / np.pi, rel=1e-6)
    assert _median_factor(1001) == pytest.approx(np.sqrt(np.pi / 2), rel=1e-3)
    draws = np.median(norm.rvs(size=(200_000, 5), random_state=1), axis=1).std() * np.sqrt(5)
    assert _median_factor(5) == pytest.approx(draws, rel=0.01)


SHADOW = measure_shadow(SIMULATOR, Circuit(2).h(0), 10, seed=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measure_shadow(SIMULATOR, STATE, 0), "num_bases must be an integer of at least 1"),
        (lambda: measure_shadow(SIMULATOR, STATE, 5, shots_per_basis=0), "shots_per_basis must be an integer"),
        (lambda: measure_shadow(SIMULATOR, STATE, 5, probabilities=[[1, 0, 0]]), "probabilities must"),
        (lambda: measure_shadow(SIMULATOR, STATE, 5, probabilities=np.ones((3, 3))), "add up to 1 on each qubit"),
        (lambda: measure_shadow(SIMULATOR, Circuit(63), 5), "of at most 62, got 63"),
        (lambda: measure_shadow(5, STATE, 5), "must be a Sampler, a Backend or the name"),
        (lambda: SHADOW.estimate(PauliSum.identity(2), num_batches=2), "num_batches must be odd"),
        (lambda: SHADOW.estimate(PauliSum.identity(2), num_batches=7), "at most half of 10 bases"),
        (lambda: measure_shadow(SIMULATOR, STATE, 1).estimate(HAMILTONIAN), "needs two bases at least"),
        (lambda: ClassicalShadow([3], [0], [[4]], 2, np.full((2, 3), 1 / 3)), "outcomes must be in"),
        (lambda: ClassicalShadow([1], [0], [[0]], 2, np.full((2, 3), 1 / 3)), "each with a letter on all of 2"),
        (lambda: biased_bases(HAMILTONIAN, uniform_share=2), "uniform_share must be a number"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_bad_observables():
    with pytest.raises(OperatorError, match="must have the circuit's 2 qubits, got 3"):
        SHADOW.estimate(HAMILTONIAN)
    with pytest.raises(OperatorError, match="an observable is a PauliSum"):
        biased_bases("ZZ")
