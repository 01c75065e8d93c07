"""Physical qubits of an algorithm against OpenFermion's estimate, and by what they must obey."""

from __future__ import annotations

import pytest

from qtoolkit.applications.qec.footprint import LogicalErrorModel, ScalingLaw, physical_footprint
from qtoolkit.errors import InputError


@pytest.mark.parametrize(("toffolis", "qubits"), [(5242446960, 2142), (10**7, 150), (64410331887, 6405)])
def test_footprints_are_those_of_openfermion(toffolis: int, qubits: int) -> None:
    costing = pytest.importorskip("openfermion.resource_estimates.surface_code_compilation.physical_costing")
    expected, chosen = costing.cost_estimator(qubits, toffolis)
    found = physical_footprint(toffolis, qubits)
    if "AutoCCZ" in chosen.magic_state_factory.details:
        assert found.num_physical_qubits == expected.physical_qubit_count
        assert found.seconds == pytest.approx(expected.duration.total_seconds(), rel=1e-9)
        assert found.failure_probability == pytest.approx(expected.algorithm_failure_probability)
    else:
        theirs = expected.physical_qubit_count * expected.duration.total_seconds()
        assert found.num_physical_qubits * found.seconds >= theirs


def test_better_qubits_and_more_patience_need_less() -> None:
    usual = physical_footprint(10**9, 500)
    assert usual.failure_probability <= 0.1
    assert usual.num_data_qubits == 750 * 2 * (usual.distance + 1) ** 2
    assert usual.num_physical_qubits == usual.num_data_qubits + 4 * usual.factory.num_qubits
    better = physical_footprint(10**9, 500, ScalingLaw(1e-4))
    assert better.num_physical_qubits < usual.num_physical_qubits
    slower = physical_footprint(10**9, 500, cycle_time=1e-3)
    assert slower.seconds == pytest.approx(1000 * usual.seconds)
    surer = physical_footprint(10**9, 500, max_failure_probability=1e-4)
    assert surer.failure_probability <= 1e-4
    assert surer.distance > usual.distance


def test_the_error_model_is_asked() -> None:
    class Measured:
        physical_error_rate = 1e-3
        distances = (3, 5, 7)

        def logical_error_rate_per_round(self, distance: int) -> float:
            return 0.05 / 8.0 ** (distance / 2)

    assert isinstance(Measured(), LogicalErrorModel)
    found = physical_footprint(10**8, 100, Measured())
    assert found.is_extrapolated
    assert found.distance > 7
    assert ScalingLaw(1e-3).logical_error_rate_per_round(3) == pytest.approx(0.1 * 0.1**2)


def test_algorithms_that_no_distance_runs_are_refused() -> None:
    refused = [
        (lambda: physical_footprint(10**30, 100), "no distance"),
        (lambda: physical_footprint(0, 100), "num_toffolis"),
        (lambda: physical_footprint(10, 100, object()), "error model"),  # type: ignore[arg-type]
        (lambda: physical_footprint(10, 100, max_failure_probability=1.0), "strictly"),
        (lambda: physical_footprint(10, 100, cycle_time=0.0), "cycle_time"),
        (lambda: ScalingLaw(0.02), "threshold"),
    ]
    for call, words in refused:
        with pytest.raises(InputError, match=words):
            call()
