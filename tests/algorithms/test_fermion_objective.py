"""Energies of programs of fermions as functions to minimise."""

import numpy as np
import pytest
from fermion_models import random_hamiltonian, random_program

from qtoolkit import Circuit, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import LBFGSB, VQE
from qtoolkit.algorithms.fermion_objective import FermionObjective
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import Excitation, jordan_wigner
from qtoolkit.simulators.fermion import ExcitationRotation, FermionProgram, LinearAngle


def problem():
    rng = np.random.default_rng(7)
    excitations = [
        Excitation((0, 3), (1, 4)),
        Excitation((0,), (2,)),
        Excitation((3,), (5,)),
        Excitation((0, 3), (2, 5)),
    ]
    rotations = [ExcitationRotation(x, LinearAngle.parameter(k)) for k, x in enumerate(excitations)]
    return FermionProgram(3, (1, 1), rotations), random_hamiltonian(3, rng, False)


def test_value_and_gradient_are_those_of_the_circuit_hamiltonian():
    program, hamiltonian = problem()
    objective = FermionObjective(program, hamiltonian)
    parameters = np.array([0.3, -0.2, 0.5, 0.1])
    state = program.sector.embed(objective.state(parameters))
    expected = jordan_wigner(hamiltonian.to_fermion_operator(), 6).expectation_value(state.astype(complex))
    value, gradient = objective.value_and_gradient(parameters)
    assert value == pytest.approx(expected, abs=1e-11)
    assert objective.value(parameters) == pytest.approx(expected, abs=1e-11)
    for k in range(4):
        shift = 1e-5 * np.eye(4)[k]
        slope = (objective.value(parameters + shift) - objective.value(parameters - shift)) / 2e-5
        assert gradient[k] == pytest.approx(slope, abs=1e-8)
    assert (objective.is_exact, objective.is_differentiable, objective.precision) == (True, True, "double")
    assert objective.estimate(parameters) is None
    assert objective.scale > 0.0


def test_additions_and_initial_states_count():
    program, hamiltonian = problem()
    start = np.random.default_rng(1).normal(size=program.sector.shape)
    start /= np.linalg.norm(start)
    plain = FermionObjective(program, hamiltonian, initial_state=start)
    lifted = FermionObjective(program, hamiltonian, initial_state=start, additions=[lambda state: 0.5 * state])
    parameters = np.full(4, 0.2)
    assert lifted.value(parameters) == pytest.approx(plain.value(parameters) + 0.5, abs=1e-12)
    np.testing.assert_allclose(
        lifted.value_and_gradient(parameters)[1], plain.value_and_gradient(parameters)[1], atol=1e-12
    )
    assert plain.value(np.zeros(4)) == pytest.approx(np.vdot(start, plain.image(start)), abs=1e-12)


def test_scales_are_curvatures_at_the_reference():
    """Second derivatives at zero, where excitations lead off the reference determinant."""
    program, hamiltonian = problem()
    objective = FermionObjective(program, hamiltonian)
    optimizer = objective.default_optimizer()
    for k, scale in enumerate(optimizer.scales):
        shift = 1e-4 * np.eye(4)[k]
        values = [objective.value(sign * shift) for sign in (-1, 0, 1)]
        curvature = (values[0] - 2.0 * values[1] + values[2]) / 1e-8
        assert scale == pytest.approx(1.0 if curvature < 0.3 else curvature**-0.5, rel=1e-4)


def test_vqe_takes_programs():
    program, hamiltonian = problem()
    result = VQE(program, hamiltonian).run(np.full(4, 0.1))
    assert result.converged
    assert result.gradient_norm < 1e-5
    other = VQE(program, hamiltonian, optimizer=LBFGSB()).run(np.full(4, 0.1))
    assert other.energy == pytest.approx(result.energy, abs=1e-9)


def test_what_does_not_belong_together_is_refused():
    program, hamiltonian = problem()
    with pytest.raises(InputError, match="without an estimator"):
        VQE(program, hamiltonian, estimator=StatevectorSimulator())
    with pytest.raises(OperatorError, match="must be an ElectronicHamiltonian"):
        VQE(program, PauliSum.identity(6))
    with pytest.raises(OperatorError, match="must be a PauliSum"):
        VQE(Circuit(6), hamiltonian)
    with pytest.raises(InputError, match="of 4 orbitals does not fit a program of 3"):
        FermionObjective(program, random_hamiltonian(4, np.random.default_rng(0), False))
    with pytest.raises(InputError, match="initial_state of"):
        FermionObjective(program, hamiltonian, initial_state=np.zeros(3))


def test_complex_programs_have_gradients_too():
    rng = np.random.default_rng(2)
    program, hamiltonian = random_program(4, (2, 2), rng), random_hamiltonian(4, rng, False)
    objective, parameters = FermionObjective(program, hamiltonian), rng.normal(size=7)
    gradient = objective.value_and_gradient(parameters)[1]
    for k in range(7):
        shift = 1e-5 * np.eye(7)[k]
        slope = (objective.value(parameters + shift) - objective.value(parameters - shift)) / 2e-5
        assert gradient[k] == pytest.approx(slope, abs=1e-6)
