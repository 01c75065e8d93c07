"""QAOA on twenty real stocks, where values are known."""

import pytest

from qtoolkit.algorithms.quadratic import BinaryQuadratic, Constraints, QaoaSolver, QuadraticProblem


def stocks():
    """Five of twenty stocks by daily returns: risk in half, less the mean."""
    from skfolio.datasets import load_sp500_dataset

    returns = load_sp500_dataset().pct_change().dropna()
    form = BinaryQuadratic(0.5 * returns.cov(), -returns.mean())
    return QuadraticProblem(form, Constraints(form.names, cardinality=5))


def test_ten_layers_on_twenty_stocks():
    problem = stocks()
    solution = QaoaSolver(10, schedule="trained").solve(problem, seed=1)
    assert solution.names == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert solution.value == pytest.approx(-2.3355498085e-3, abs=1e-12)
    assert solution.converged
    assert solution.approximation_ratio >= 0.95
    assert solution.times_luck >= 100.0
    assert solution.luck.mean_value == pytest.approx(-1.1782697754e-3, abs=1e-12)


def test_a_single_layer_of_calibrated_penalties_beats_luck_on_stocks():
    solution = QaoaSolver(1, mixer="transverse").solve(stocks(), seed=1)
    assert solution.expected_value < solution.luck.mean_value
    assert solution.times_luck > 2.0
    assert "biased start" in solution.setting
    hard = QaoaSolver(1, mixer="transverse", penalty="sufficient").solve(stocks(), seed=1)
    assert hard.times_luck < solution.times_luck
