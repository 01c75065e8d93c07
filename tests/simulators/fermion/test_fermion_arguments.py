"""What the simulator of fermions refuses, and what it must not notice of its caller."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qtoolkit.errors import ConvergenceError, InputError, InsufficientMemoryError
from qtoolkit.operators import ElectronicHamiltonian, Excitation, FermionOperator
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearAngle,
    LinearMatrix,
    OrbitalRotation,
    ProgramAdjoint,
    SpinSquared,
    changed_by_one,
    lowest_states,
    one_rdm,
    operator_matrix,
    spin_squared,
    two_rdm,
)

HUGE = FermionSector(24, (8, 8))
"""5.4e11 determinants, of few strings."""

SMALL = FermionSector(2, (1, 1))
ADJOINT = ProgramAdjoint(FermionProgram(2, (1, 1)), 1)
ONE_BY_ONE = LinearMatrix(np.zeros((2, 2)), (0,), np.ones((1, 2, 2)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: FermionProgram(2, (1, 1), reference=(1.0, 1.0)), InputError, "alpha must have 1 of 2 bits set"),
        (lambda: FermionProgram(2, (1, 1), reference=(1, 1, 1)), InputError, "reference is a pair of bit patterns"),
        (lambda: FermionProgram(2, (1, 1), reference=1), InputError, "reference is a pair of bit patterns"),
        (lambda: FermionProgram(2, (1, 1), reference=(1, 3)), InputError, "beta must have 1 of 2 bits set"),
        (
            lambda: FermionProgram(2, (1, 1), num_parameters=10**5000),
            InputError,
            "num_parameters must be an integer of",
        ),
        (lambda: spin_squared(SMALL, 1e300 * np.eye(2)), InputError, "not too large for a float"),
        (lambda: SMALL.position("a", 1), InputError, "alpha must have 1 of 2 bits set"),
        (lambda: LinearAngle(0, 1.0), InputError, "indices are a sequence"),
        (lambda: LinearAngle((0,), 1.0), InputError, "coefficients are a sequence"),
        (lambda: LinearMatrix(np.zeros((2, 2)), 0, np.zeros((1, 2, 2))), InputError, "indices are a sequence"),
        (lambda: LinearAngle.parameter(10**5000), InputError, "an index of a parameter must be an integer of at most"),
        (lambda: LinearAngle((0,), (1.0,)).value(None), InputError, "parameters must be an array of real numbers"),
        (lambda: LinearAngle((1,), (1.0,)).value(np.ones(1)), InputError, "a vector of 2 numbers at least"),
        (lambda: ONE_BY_ONE.value(np.eye(3)), InputError, "a vector of 1 numbers at least, got shape"),
        (lambda: ONE_BY_ONE.gradient(np.eye(3)), InputError, "by_entry must have shape"),
        (lambda: OrbitalRotation(LinearMatrix(np.zeros((2, 2))), inverse=2), InputError, "inverse must be True or"),
        (lambda: DiagonalCoulomb(inverse=2), InputError, "inverse must be True or False"),
        (lambda: SMALL.checked(np.eye(2), 3), InputError, "the name of a state must be a text"),
        (lambda: SpinSquared(SMALL).apply(np.eye(3)), InputError, "state of .* has shape"),
        (lambda: SpinSquared(SMALL, np.eye(2)).apply(np.eye(3)), InputError, "state of .* has shape"),
        (lambda: SpinSquared(SMALL).expectation_value(np.zeros((2, 2))), InputError, "a norm that is not 0"),
        (lambda: SpinSquared(SMALL, [[np.nan, 0], [0, 1]]), InputError, "overlap must be finite"),
        (lambda: ADJOINT.value_and_gradient(None, []), InputError, "operator must be"),
        (lambda: ADJOINT.value_and_gradient(lambda state: state, []), InputError, "must return a new array"),
        (lambda: ADJOINT.value_and_gradient(lambda state: 1j * state, []), InputError, "must return a new array, real"),
        (lambda: ADJOINT.value_and_gradient(lambda state: np.eye(3), []), InputError, "what the operator returns of"),
        (lambda: ADJOINT.slopes([], np.eye(3), np.eye(2)), InputError, "ket must be a writeable array of float64"),
        (lambda: ADJOINT.slopes([], np.eye(2), [[1], [1, 2]]), InputError, "bra must be a writeable array of float64"),
        (lambda: ADJOINT.slopes([], 1j * np.eye(2), np.eye(2)), InputError, "bra must be .* of complex128"),
        (lambda: HUGE.bit_patterns(), InsufficientMemoryError, "the indices of 540917591841 determinants"),
        (lambda: operator_matrix(FermionOperator.from_string("0^ 1"), HUGE), InsufficientMemoryError, "an operator of"),
        (lambda: lowest_states(ElectronicHamiltonian(np.eye(24)), (8, 8)), InsufficientMemoryError, "1 eigenstates of"),
        (lambda: FermionSimulator(1).state(FermionProgram(24, (8, 8))), InsufficientMemoryError, "1 states of"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", [float, complex])
def test_amplitudes_must_be_finite(value, dtype) -> None:
    state: Any = np.eye(2, dtype=dtype)
    state[1, 0] = value
    simulator, hamiltonian = FermionSimulator(1), ElectronicHamiltonian(np.eye(2))
    calls = [
        lambda: simulator.apply(hamiltonian, SMALL, state),
        lambda: simulator.state(FermionProgram(2, (1, 1)), initial_state=state),
        lambda: one_rdm(SMALL, state),
        lambda: two_rdm(SMALL, state),
        lambda: spin_squared(SMALL, state),
        lambda: SMALL.embed(state),
        lambda: changed_by_one(SMALL, state, [1, 0], "alpha", True),
    ]
    for call in calls:
        with pytest.raises(InputError, match="must have finite amplitudes"):
            call()
    with pytest.raises(InputError, match="coefficients must be finite"):
        changed_by_one(SMALL, np.eye(2), [value, 1.0], "alpha", True)


def test_amplitudes_whose_squares_overflow_are_finite() -> None:
    found = FermionSimulator(1).apply(ElectronicHamiltonian(np.eye(2)), SMALL, 1e200 * np.eye(2))
    assert np.allclose(found, 2e200 * np.eye(2))


def test_parameters_must_be_finite() -> None:
    program = FermionProgram(2, (1, 1), [ExcitationRotation(Excitation((0,), (1,)), LinearAngle.parameter(0))])
    with pytest.raises(InputError, match="parameters must be finite, got nan for parameter 0"):
        FermionSimulator(1).state(program, [np.nan])
    with pytest.raises(InputError, match="parameters must be finite, got inf"):
        FermionSimulator(1).gradient(program, ElectronicHamiltonian(np.eye(2)), [np.inf])


def test_programs_keep_their_matrices_whatever_happens_to_the_arrays_they_came_from() -> None:
    generator, basis = np.array([[0.0, 0.3], [-0.3, 0.0]]), np.array([[[0.0, 1.0], [-1.0, 0.0]]])
    rotation = OrbitalRotation(LinearMatrix(generator, (0,), basis))
    program, simulator = FermionProgram(2, (1, 0), [rotation]), FermionSimulator(1)
    before = simulator.state(program, [0.2])
    generator[:], basis[:] = 7.0, 7.0
    for engine in (simulator, FermionSimulator(1)):
        assert np.array_equal(engine.state(program, [0.2]), before)
    with pytest.raises(ValueError, match="read-only"):
        rotation.generator.constant[0, 0] = 1.0


def test_a_reference_may_come_from_numpy_and_stays() -> None:
    bits = np.array([2, 1])
    program = FermionProgram(2, (1, 1), reference=bits)  # type: ignore[arg-type]
    bits[:] = 0
    assert program.reference == (2, 1)
    assert FermionSimulator(1).state(program)[1, 0] == 1.0


@pytest.mark.parametrize("count", [1, 4, 9])
@pytest.mark.parametrize("spacing", [0.0, 0.7])
def test_hamiltonians_that_are_diagonal_have_lowest_states(count: int, spacing: float) -> None:
    repulsion = np.zeros((8,) * 4)
    place = np.arange(8)
    repulsion[place, place, place, place] = 4.0
    hamiltonian = ElectronicHamiltonian(np.diag(spacing * place), repulsion, 1.0)
    sector = FermionSector(8, (3, 3))
    alpha, beta = sector.alpha_occupations, sector.beta_occupations
    levels = (alpha @ (spacing * place))[:, None] + beta @ (spacing * place) + 4.0 * alpha @ beta.T + 1.0
    energies, states = lowest_states(hamiltonian, (3, 3), count)
    assert np.allclose(energies, np.sort(levels.ravel())[:count], atol=1e-8)
    for energy, state in zip(energies, states, strict=True):
        image = FermionSimulator(1).apply(hamiltonian, sector, state)
        assert np.linalg.norm(image - energy * state) < 1e-6
    # states of one spin that share all their energies are not told apart: an error, and no state left out
    with pytest.raises(ConvergenceError):
        lowest_states(hamiltonian, (3, 3), 3, spin=0.0)
