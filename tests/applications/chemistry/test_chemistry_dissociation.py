import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from qtoolkit.algorithms import COBYLA
from qtoolkit.applications.chemistry import Molecule, diatomic, dissociation_curve, scan
from qtoolkit.backends import SamplingEstimator
from qtoolkit.errors import InputError
from qtoolkit.simulators import StatevectorSimulator

EXAMPLE = Path(__file__).parents[3] / "examples" / "chemistry_dissociation.py"


def test_hydrogen_follows_the_exact_curve_where_hartree_fock_fails():
    seen = []
    curve = dissociation_curve(
        [2.5, 0.735, 0.5], partial(diatomic, "H", "H"), progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert curve.distances.tolist() == [0.5, 0.735, 2.5]
    np.testing.assert_allclose(curve.vqe_energies, curve.fci_energies, atol=1e-9)
    np.testing.assert_array_equal(curve.gaps, curve.vqe_energies - curve.fci_energies)
    assert curve.hartree_fock_energies[2] - curve.fci_energies[2] > 0.2
    assert curve.vqe_energies[1] == pytest.approx(-1.137306, abs=5e-7)
    assert curve.equilibrium_distance == 0.735
    assert curve.is_chemically_accurate
    assert curve.points[1].integrals.molecule == diatomic("H", "H", 0.735)


def test_neighbours_warm_each_other():
    """Two close points: the second starts from the solution of the first, hence far below perturbation theory."""
    curve = dissociation_curve(
        [1.6, 1.61], partial(diatomic, "Li", "H"), active_space="frozen_core", use_symmetry=True, spin_adapted=True
    )
    first, second = curve.points
    assert second.history[0] - second.energy < 1e-4
    assert first.history[0] - first.energy > 1e-3
    assert curve.is_chemically_accurate


@pytest.mark.parametrize(
    ("distances", "message"),
    [
        ([], "at least one number"),
        ([1.0, 1.0], "distinct"),
        ([0.0, 1.0], "positive and finite"),
        ([1.0, float("nan")], "positive and finite"),
        ([1.0, float("inf")], "positive and finite"),
        (["near"], "must be an array of real numbers"),
    ],
)
def test_bad_distances_are_refused(distances, message):
    with pytest.raises(InputError, match=message):
        dissociation_curve(distances, partial(diatomic, "H", "H"))


def water(angle):
    half = np.deg2rad(angle) / 2.0
    places = [(0.0, sign * 0.9584 * np.sin(half), 0.9584 * np.cos(half)) for sign in (1.0, -1.0)]
    return Molecule([("O", (0.0, 0.0, 0.0)), *(("H", place) for place in places)])


def test_any_coordinate_is_scanned():
    curve = scan([110.0, 95.0, 100.0], water, active_space=(4, 4))
    assert curve.coordinates.tolist() == [95.0, 100.0, 110.0]
    assert curve.lowest_coordinate == 100.0
    assert curve.is_chemically_accurate
    np.testing.assert_array_equal(curve.standard_errors, 0.0)
    np.testing.assert_allclose(curve.vqe_energies, [point.energy for point in curve.points])
    assert np.all(curve.hartree_fock_energies > curve.vqe_energies)


def test_a_curve_stays_on_one_minimum():
    """Second differences of a smooth curve are small: one point on another minimum would stand out."""
    distances = np.linspace(1.0, 2.2, 7)
    chain = dissociation_curve(distances, lambda d: Molecule([("H", (0.0, 0.0, d * k)) for k in range(4)]))
    assert np.all(chain.gaps > -1e-9)
    assert np.abs(np.diff(chain.gaps, 2)).max() < 2e-3


def test_noisy_curves_have_error_bars():
    curve = scan(
        [0.7, 0.9],
        partial(diatomic, "H", "H"),
        estimator=SamplingEstimator(StatevectorSimulator(), shots=500, seed=1),
        optimizer=COBYLA(max_evaluations=10),
    )
    assert np.all(curve.standard_errors > 0.0)
    assert np.all(np.abs(curve.gaps) < 0.2)


def test_other_ansaetze_and_bad_arguments():
    curve = scan([0.8], partial(diatomic, "H", "H"), ansatz="k-upccgsd", num_starts=2)
    by_circuits = scan([0.8], partial(diatomic, "H", "H"), estimator=StatevectorSimulator(), mapping="parity")
    assert by_circuits.vqe_energies[0] == pytest.approx(curve.fci_energies[0], abs=1e-8)
    assert curve.points[0].ansatz.norb == 2
    with pytest.raises(InputError, match="progress must be a function"):
        scan([0.8], partial(diatomic, "H", "H"), progress=True)
    with pytest.raises(InputError, match="molecule_at must be a function"):
        scan([0.8], diatomic("H", "H", 0.7))
    with pytest.raises(InputError, match="must return a Molecule, got str"):
        scan([0.8], lambda _: "H2")
    with pytest.raises(InputError, match="num_starts"):
        scan([0.8], partial(diatomic, "H", "H"), num_starts=0)


def test_the_example_prints_a_table_and_saves_a_picture(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    picture = tmp_path / "h2.png"
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "--fast", "--output", str(picture)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "120", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "UCCSD VQE" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("output", "said"), [("missing/h2.png", "folder of --output must exist"), ("h2.foo", "must end in one of")]
)
def test_the_example_refuses_a_bad_output_before_computing(tmp_path, output, said):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "--output", str(tmp_path / output)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
