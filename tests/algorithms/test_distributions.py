"""Distributions on grids against densities, and the circuits that load them."""

import numpy as np
import pytest
from scipy import stats

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms.distributions import (
    GridDistribution,
    empirical_distribution,
    lognormal_distribution,
    normal_distribution,
)
from qtoolkit.errors import InputError


def loaded(distribution):
    """Probabilities of the places that the circuit loads, one axis a register."""
    sizes = [axis.size for axis in distribution.axes]
    return StatevectorSimulator().probabilities(distribution.circuit()).reshape(sizes, order="F")


def test_normal_grid_is_the_density_at_its_points():
    found = normal_distribution(3, 1.5, 0.49, reach=2.5)
    points = np.linspace(1.5 - 2.5 * 0.7, 1.5 + 2.5 * 0.7, 8)
    density = stats.norm.pdf(points, 1.5, 0.7)
    assert found.axes[0] == pytest.approx(points)
    assert found.probabilities == pytest.approx(density / density.sum())
    assert found.outside == pytest.approx(2 * stats.norm.sf(2.5))
    assert loaded(found) == pytest.approx(found.probabilities, abs=1e-12)


@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.9])
def test_correlated_grids_follow_the_joint_density(correlation):
    covariance = np.array([[0.04, correlation * 0.06], [correlation * 0.06, 0.09]])
    law = stats.multivariate_normal([0.1, -0.2], covariance)
    normal = normal_distribution((3, 4), [0.1, -0.2], covariance)
    points = np.stack(np.meshgrid(*normal.axes, indexing="ij"), axis=-1)
    density = law.pdf(points)
    assert normal.probabilities == pytest.approx(density / density.sum())
    assert loaded(normal) == pytest.approx(normal.probabilities, abs=1e-12)
    lognormal = lognormal_distribution((3, 4), [0.1, -0.2], covariance)
    values = np.stack(np.meshgrid(*lognormal.axes, indexing="ij"), axis=-1)
    density = law.pdf(np.log(values)) / values.prod(axis=-1)
    assert lognormal.probabilities == pytest.approx(density / density.sum())


def test_fine_lognormal_grid_has_the_mean_of_the_law():
    found = lognormal_distribution(10, 0.3, 0.04, reach=6.0)
    assert found.expectation(lambda x: x) == pytest.approx(np.exp(0.32), rel=1e-5)


def test_data_keep_their_mean_whatever_the_bins():
    data = np.random.default_rng(1).gamma(2.0, size=500)
    for num_qubits in (1, 3, 7):
        found = empirical_distribution(data, num_qubits)
        assert found.expectation(lambda x: x) == pytest.approx(data.mean())
        assert found.probabilities == pytest.approx(np.histogram(data, 1 << num_qubits)[0] / 500)
    constant = empirical_distribution([2.0, 2.0], 2)
    assert constant.expectation(lambda x: x) == 2.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normal_distribution(3, 0.0, -1.0), "covariance must be positive definite"),
        (lambda: normal_distribution(3, [0.0, 1.0], np.eye(3)), "a symmetric matrix of 2 rows"),
        (lambda: normal_distribution(3, 0.0, 1.0, reach=0.0), "reach must be above 0"),
        (lambda: normal_distribution(3, "a"), "mean must be"),
        (lambda: normal_distribution(21), "num_qubits must be in .1, 20., got 21"),
        (lambda: normal_distribution((3, 3), 0.0), "num_qubits must be 1 numbers"),
        (lambda: lognormal_distribution(3, 1000.0, 1.0), "reach less far"),
        (lambda: empirical_distribution([], 3), "samples must be at least one"),
        (lambda: empirical_distribution([1.0, float("nan")], 3), "samples must be"),
        (lambda: GridDistribution(([0.0, 1.0],), [0.4, 0.4]), "sum to 1, got a least of 0.4 and a sum of 0.8"),
        (lambda: GridDistribution(([0.0, 1.0, 2.0],), [0.4, 0.4, 0.2]), "rows of 2\\*\\*n values"),
        (lambda: normal_distribution(2).expectation(lambda x: x[:2]), "the function's values must"),
    ],
)
def test_what_is_no_distribution_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
