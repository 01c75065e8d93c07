"""Each study on small input: its rows against values that do not come from it."""

import itertools
import math

import numpy as np
import pytest
from skfolio.datasets import load_sp500_dataset

from qtoolkit.errors import InputError
from qtoolkit.report import Section
from qtoolkit.report.studies import chemistry_study, error_correction_study, finance_study


class Watch:
    """Progress as a test sees it."""

    def __init__(self):
        self.steps: list[str] = []
        self.shares: list[float] = []

    def __call__(self, step, share):
        self.steps.append(step)
        self.shares.append(share)

    def ran_from_start_to_end(self) -> bool:
        rising = all(before <= after + 1e-12 for before, after in itertools.pairwise(self.shares))
        return rising and self.shares[0] == 0.0 and self.shares[-1] == pytest.approx(1.0)


def rows_of(section: Section) -> dict[str, object]:
    return {row.quantity: row for row in section.rows}


def complete(section: Section) -> bool:
    """Whether nothing that a reader needs is left out."""
    return bool(
        section.rows
        and section.question
        and section.findings
        and section.limits
        and section.evidence
        and section.wall_time > 0
        and len(section.figures) == 2
        and all(figure.svg and figure.alt and figure.caption for figure in section.figures)
    )


def test_finance():
    watch = Watch()
    section = finance_study(3, num_assets=7, num_layers=1, shots=500, progress=watch)
    prices = load_sp500_dataset().to_numpy()[:, :7]
    returns = prices[1:] / prices[:-1] - 1
    mean, covariance = returns.mean(axis=0), np.cov(returns.T)
    objectives = []
    for chosen in itertools.combinations(range(7), 5):
        index = list(chosen)
        objectives.append(0.5 * covariance[np.ix_(index, index)].sum() - mean[index].sum())
    rows = rows_of(section)
    sizes = rows.pop("Best choice with the best sizes")
    assert all(abs(row.exact - min(objectives)) < 1e-12 for row in rows.values())
    assert sizes.value >= sizes.exact - 1e-9
    assert sizes.exact < min(objectives)
    assert sum(sizes.data["weights"].values()) == pytest.approx(5.0)
    assert rows["Choices drawn blindly, mean"].value == pytest.approx(np.mean(objectives), abs=1e-12)
    for form in ("ring XY", "complete XY", "penalty"):
        best, mean_shot = rows[f"QAOA {form}, best of 500 shots"], rows[f"QAOA {form}, mean shot"]
        assert min(objectives) - 1e-12 <= best.value <= mean_shot.value <= max(objectives)
        assert len(best.data["assets"]) == 5
        assert best.data["seed"] == 3
    assert complete(section)
    assert watch.ran_from_start_to_end()


def test_chemistry():
    watch = Watch()
    section = chemistry_study(3, curve_distances=(1.4, 1.8), progress=watch)
    hydrogen, lithium_hydride, mean_field, worst = section.rows
    assert hydrogen.value == pytest.approx(-1.137306, abs=5e-7)
    assert abs(hydrogen.gap) < 1e-8
    assert lithium_hydride.exact == pytest.approx(-7.882402, abs=5e-7)
    assert 0 < lithium_hydride.gap < 1e-4
    assert mean_field.exact == lithium_hydride.exact
    assert mean_field.value == pytest.approx(-7.862024, abs=5e-6)
    assert worst.data["distances"] == [1.4, 1.8]
    gaps = np.subtract(worst.data["energies"], worst.data["exact_energies"])
    assert worst.gap == pytest.approx(gaps[np.argmax(np.abs(gaps))])
    assert complete(section)
    assert watch.ran_from_start_to_end()


def test_error_correction():
    watch = Watch()
    section = error_correction_study(
        3,
        physical_error_rates=(0.005, 0.02),
        max_shots=20_000,
        max_errors=500,
        rounds=(1, 8),
        coherent_shots=400,
        progress=watch,
    )
    checked, small, large, coherent, twirled = section.rows
    for row in (checked, coherent):
        sigma = math.sqrt(row.exact * (1 - row.exact) / row.data["shots"])
        assert abs(row.gap) < 5 * sigma
        assert row.interval[0] <= row.value <= row.interval[1]
    assert (small.data["distance"], large.data["distance"]) == (3, 5)
    assert small.exact is None
    flip = math.sin(0.1) ** 2
    failure = 3 * flip**2 * (1 - flip) + flip**3
    assert twirled.value == pytest.approx((1 - (1 - 2 * failure) ** 8) / 2)
    assert twirled.exact == coherent.exact > twirled.value
    assert complete(section)
    assert watch.ran_from_start_to_end()


def test_the_rate_of_the_table_must_be_swept():
    with pytest.raises(InputError, match=r"table_rate must be one of \(0.01,\), got 0.005"):
        error_correction_study(1, physical_error_rates=(0.01,))
