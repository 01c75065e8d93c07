import dataclasses
import types

import numpy as np
import pytest

from qtoolkit.algorithms import COBYLA
from qtoolkit.applications.chemistry import (
    CHEMICAL_ACCURACY,
    HARTREE_IN_KCAL_PER_MOL,
    UCCSD,
    Molecule,
    compute_integrals,
    diatomic,
    ground_state,
)
from qtoolkit.applications.chemistry.energies.ground_state import lowest_energy
from qtoolkit.errors import InputError
from qtoolkit.simulators import StatevectorSimulator
from qtoolkit.simulators.fermion import FermionSimulator

LINEAR_TRIHYDROGEN = Molecule([("H", (0.0, 0.0, 0.9 * k)) for k in range(3)], spin=1)


def test_hydrogen_reaches_the_exact_energy():
    result = ground_state(diatomic("H", "H", 0.735))
    assert result.energy == pytest.approx(-1.137306, abs=5e-7)
    assert abs(result.gap) < 1e-9
    assert result.converged
    assert result.gradient_norm < 1e-5
    assert (result.num_qubits, result.num_parameters, result.num_hamiltonian_terms) == (4, 3, 15)
    assert result.num_evaluations == len(result.history)
    assert min(result.history) == result.energy
    assert result.wall_time > 0


def test_lithium_hydride_is_chemically_accurate_in_every_form(lithium_hydride):
    result = ground_state(lithium_hydride)
    assert (result.num_qubits, result.num_parameters, result.num_hamiltonian_terms) == (12, 92, 631)
    assert result.fci_energy == pytest.approx(-7.882402, abs=5e-7)
    assert 0 < result.gap < 2e-5
    assert result.is_chemically_accurate
    assert result.energy < result.hartree_fock_energy
    symmetric = ground_state(lithium_hydride, use_symmetry=True)
    assert symmetric.num_parameters == 34
    assert symmetric.energy == pytest.approx(result.energy, abs=1e-8)
    adapted = ground_state(lithium_hydride, use_symmetry=True, spin_adapted=True)
    assert adapted.num_parameters == 20
    assert 0 < adapted.gap < 2e-5


def test_a_frozen_core_costs_little_and_saves_qubits():
    result = ground_state(diatomic("Li", "H", 1.595), active_space="frozen_core", use_symmetry=True)
    assert result.num_qubits == 10
    assert abs(result.gap) < 1e-8  # two electrons: singles and doubles are everything
    assert 0 < result.fci_energy - (-7.882402) < CHEMICAL_ACCURACY


def test_open_shells_stay_above_the_exact_energy():
    result = ground_state(LINEAR_TRIHYDROGEN)
    assert result.integrals.nelec == (2, 1)
    assert -1e-10 < result.gap < CHEMICAL_ACCURACY
    assert result.energy < result.hartree_fock_energy


def test_one_electron_needs_no_correlation():
    result = ground_state(Molecule([("H", (0, 0, 0))], spin=1))
    assert result.num_parameters == 0
    assert result.energy == pytest.approx(-0.46658185, abs=1e-8)
    assert result.converged


def test_units_of_the_gap(hydrogen):
    result = dataclasses.replace(ground_state(hydrogen), energy=-1.0, fci_energy=-1.001)
    assert result.gap_millihartree == pytest.approx(1.0)
    assert result.gap_kcal_per_mol == pytest.approx(0.001 * HARTREE_IN_KCAL_PER_MOL)
    assert result.is_chemically_accurate
    assert not dataclasses.replace(result, fci_energy=-1.0017).is_chemically_accurate
    assert not dataclasses.replace(result, fci_energy=-0.99).is_chemically_accurate


def test_starts_optimisers_and_callbacks_are_the_callers(hydrogen):
    seen = []
    result = ground_state(
        hydrogen, initial_parameters=np.zeros(3), optimizer=COBYLA(), callback=lambda step: seen.append(step.value)
    )
    assert seen[0] == pytest.approx(hydrogen.hartree_fock_energy, abs=1e-10)
    assert result.optimizer == "COBYLA"
    assert abs(result.gap) < 1e-4
    stopped = ground_state(hydrogen, callback=lambda step: step.number == 2)
    assert stopped.num_evaluations == 2
    assert not stopped.converged


def test_the_better_start_is_chosen(hydrogen):
    ansatz = UCCSD(2, (1, 1))
    values = []
    lowest_energy(
        hydrogen,
        ansatz,
        starts=[np.array([0.9, 0.0, 0.0]), np.zeros(3), np.array([-0.8, 0.3, 0.0])],
        callback=lambda step: values.append(step.value),
    )
    assert values[0] == pytest.approx(hydrogen.hartree_fock_energy, abs=1e-10)


def test_an_estimator_of_the_callers_is_used(hydrogen):
    from qtoolkit.simulators import StatevectorSimulator

    class ValuesOnly:
        """An estimator without gradients, as clouds are."""

        def __init__(self):
            self.calls = 0

        def expectation_value(self, circuit, observable, parameters=None):
            self.calls += 1
            return StatevectorSimulator().expectation_value(circuit, observable, parameters)

    estimator = ValuesOnly()
    result = ground_state(hydrogen, estimator=estimator)
    assert estimator.calls == result.num_evaluations
    assert result.gradient_norm is None
    assert result.is_chemically_accurate


def test_bad_arguments_are_refused(hydrogen, lithium_hydride):
    with pytest.raises(InputError, match="Molecule or MolecularIntegrals, got str"):
        ground_state("H2")
    with pytest.raises(InputError, match="active_space is for a molecule"):
        ground_state(hydrogen, active_space="frozen_core")
    with pytest.raises(InputError, match="orbital_symmetries, got None"):
        ground_state(dataclasses.replace(hydrogen, orbital_symmetries=None), use_symmetry=True)
    with pytest.raises(InputError, match="one entry for each"):
        ground_state(hydrogen, initial_parameters=[0.0])
    with pytest.raises(InputError, match="got integrals of"):
        lowest_energy(lithium_hydride, UCCSD(2, (1, 1)))
    with pytest.raises(InputError, match="as many alpha as beta"):
        ground_state(compute_integrals(LINEAR_TRIHYDROGEN), spin_adapted=True)


def test_the_best_of_several_noisy_searches_is_estimated_anew():
    class Noisy:
        """Exact values with noise, and their standard error."""

        def __init__(self, seed):
            self._rng = np.random.default_rng(seed)
            self._exact = StatevectorSimulator()

        def expectation_value(self, circuit, observable, parameters=None):
            return self.estimate(circuit, observable, parameters).value

        def estimate(self, circuit, observable, parameters=None):
            value = float(self._exact.expectation_value(circuit, observable, parameters))
            return types.SimpleNamespace(value=value + self._rng.normal(scale=0.05), standard_error=0.05)

    integrals = compute_integrals(diatomic("H", "H", 0.735))
    errors = []
    for seed in range(40):
        found = ground_state(
            integrals, estimator=Noisy(seed), optimizer=COBYLA(max_evaluations=4), num_starts=8, seed=seed
        )
        simulator = FermionSimulator()
        true = simulator.expectation_value(found.ansatz.program, integrals.hamiltonian, found.parameters)
        errors.append((found.energy - true) / found.standard_error)
    # the lowest of eight estimates would lie 1.4 standard errors too low
    assert abs(np.mean(errors)) * np.sqrt(len(errors)) < 4.0
