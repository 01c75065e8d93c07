"""Gradients of any operator from any state, S² as an operator, and energies of determinants."""

import numpy as np
import pytest
from fermion_models import random_hamiltonian, random_program

from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation, jordan_wigner
from qtoolkit.simulators.fermion import (
    ExcitationRotation,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearAngle,
    ProgramAdjoint,
    SpinSquared,
    determinant_energies,
    spin_squared,
)


def normal_state(sector, rng, is_complex=False):
    state = rng.normal(size=sector.shape) + (1j * rng.normal(size=sector.shape) if is_complex else 0.0)
    return state / np.linalg.norm(state)


def test_the_gradient_of_a_hamiltonian_is_that_of_the_simulator():
    rng = np.random.default_rng(1)
    program, hamiltonian, simulator = (
        random_program(4, (2, 2), rng),
        random_hamiltonian(4, rng, True),
        FermionSimulator(),
    )
    parameters = rng.normal(size=program.num_parameters)
    value, gradient = ProgramAdjoint(program).value_and_gradient(
        lambda state: simulator.apply(hamiltonian, program.sector, state), parameters
    )
    expected, slopes = simulator.gradient(program, hamiltonian, parameters)
    assert value == pytest.approx(expected, abs=1e-11)
    np.testing.assert_allclose(gradient, slopes, atol=1e-10)


def test_gradients_of_other_operators_and_states_are_differences_of_values():
    rng = np.random.default_rng(2)
    program = random_program(4, (2, 1), rng)
    adjoint, start = ProgramAdjoint(program), normal_state(program.sector, rng, True)
    other, square = normal_state(program.sector, rng, True), SpinSquared(program.sector)

    def operator(state):
        return square.apply(state) + 0.7 * np.vdot(other, state) * other

    parameters = rng.normal(size=program.num_parameters)
    _, gradient = adjoint.value_and_gradient(operator, parameters, start)
    for k in range(program.num_parameters):
        shift = 1e-5 * np.eye(program.num_parameters)[k]
        up, down = (adjoint.value_and_gradient(operator, parameters + sign * shift, start)[0] for sign in (1, -1))
        assert gradient[k] == pytest.approx((up - down) / 2e-5, abs=1e-7)


def test_slopes_of_operations_that_do_nothing_yet_are_commutators():
    """2 Re⟨Hψ|A_k ψ⟩ with A = T − T† as a matrix."""
    rng = np.random.default_rng(3)
    sector, hamiltonian = FermionSector(4, (2, 2)), random_hamiltonian(4, rng, False)
    excitations = [
        Excitation((0,), (2,)),
        Excitation((0, 5), (3, 7)),
        Excitation((4, 5), (6, 7)),
        Excitation((1,), (2,)),
    ]
    program = FermionProgram(
        4, (2, 2), [ExcitationRotation(x, LinearAngle.parameter(k)) for k, x in enumerate(excitations)]
    )
    state = normal_state(sector, rng)
    image = FermionSimulator().apply(hamiltonian, sector, state)
    found = ProgramAdjoint(program).slopes(np.zeros(4), state.copy(), image.copy())
    vector, applied = sector.embed(state), sector.embed(image)
    for k, excitation in enumerate(excitations):
        generator = jordan_wigner(excitation.generator(), 8).to_sparse()
        assert found[k] == pytest.approx(2.0 * np.vdot(applied, generator @ vector).real, abs=1e-10)


@pytest.mark.parametrize(("norb", "nelec"), [(4, (2, 2)), (5, (3, 1)), (4, (1, 3)), (3, (3, 3)), (3, (0, 2))])
def test_spin_squared_is_hermitian_with_eigenvalues_of_spins(norb, nelec):
    sector = FermionSector(norb, nelec)
    square = SpinSquared(sector)
    matrix = np.array([square.apply(row.reshape(sector.shape)).ravel() for row in np.eye(sector.size)])
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    spins = (np.sqrt(1.0 + 4.0 * np.linalg.eigvalsh(matrix)) - 1.0) / 2.0
    np.testing.assert_allclose(2.0 * spins, np.round(2.0 * spins), atol=1e-6)
    state = normal_state(sector, np.random.default_rng(4), True)
    assert square.expectation_value(3.0 * state) == pytest.approx(spin_squared(sector, state), abs=1e-10)
    # an overlap of 1 is that of shared orbitals
    np.testing.assert_allclose(SpinSquared(sector, np.eye(norb)).apply(state), square.apply(state), atol=1e-12)


def test_spin_of_turned_beta_orbitals_is_that_of_the_state():
    """The same state in beta orbitals that are turned against those of alpha has the same ⟨S²⟩."""
    rng = np.random.default_rng(5)
    sector = FermionSector(4, (2, 2))
    state = normal_state(sector, rng)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    # beta strings as minors of the turn: amplitudes over turned orbitals
    strings = [[p for p in range(4) if bits >> p & 1] for bits in sector.beta_strings]
    minors = np.array([[np.linalg.det(turn[np.ix_(old, new)]) for new in strings] for old in strings])
    turned = state @ minors
    assert SpinSquared(sector, turn).expectation_value(turned) == pytest.approx(
        SpinSquared(sector).expectation_value(state), abs=1e-10
    )


@pytest.mark.parametrize("spin_dependent", [False, True])
def test_energies_of_determinants_are_the_diagonal(spin_dependent):
    rng = np.random.default_rng(6)
    sector, hamiltonian = FermionSector(4, (2, 1)), random_hamiltonian(4, rng, spin_dependent)
    found, simulator = determinant_energies(hamiltonian, sector), FermionSimulator()
    for place in np.ndindex(sector.shape):
        state = np.zeros(sector.shape)
        state[place] = 1.0
        assert found[place] == pytest.approx(simulator.apply(hamiltonian, sector, state)[place], abs=1e-11)


def test_what_does_not_fit_is_refused():
    sector = FermionSector(3, (1, 1))
    with pytest.raises(InputError, match=r"overlap must have shape \(3, 3\), got \(2, 2\)"):
        SpinSquared(sector, np.eye(2))
    with pytest.raises(InputError, match="must be a FermionSector"):
        SpinSquared(3)
    with pytest.raises(InputError, match="must be a FermionProgram"):
        ProgramAdjoint(sector)
    adjoint = ProgramAdjoint(
        FermionProgram(3, (1, 1), [ExcitationRotation(Excitation((0,), (1,)), LinearAngle.parameter(0))])
    )
    with pytest.raises(InputError, match=r"shape \(1,\), got \(2,\)"):
        adjoint.slopes([0.0, 1.0], np.zeros((3, 3)), np.zeros((3, 3)))
    with pytest.raises(InputError, match="of 4 orbitals does not fit a sector of 3"):
        determinant_energies(random_hamiltonian(4, np.random.default_rng(0), False), sector)
