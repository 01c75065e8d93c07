"""Sector states of fermions against Jordan–Wigner circuits and matrices."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from fermion_models import random_hamiltonian, random_program

from qtoolkit import Circuit
from qtoolkit.applications.chemistry import append_excitation
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import ElectronicHamiltonian, Excitation, FermionOperator, jordan_wigner
from qtoolkit.simulators import StatevectorSimulator
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearAngle,
    LinearMatrix,
    OrbitalRotation,
    lowest_states,
    one_rdm,
    spin_squared,
    two_rdm,
)

NORB = 4
SECTORS = [(2, 2), (2, 1), (1, 2), (3, 0), (0, 0), (4, 2)]


def matrix_of(operator: FermionOperator, num_qubits: int = 2 * NORB) -> Any:
    return jordan_wigner(operator, num_qubits).to_matrix()


def total_spin(nelec: tuple[int, int], norb: int = NORB) -> FermionOperator:
    raising = FermionOperator({((p, True), (norb + p, False)): 1.0 for p in range(norb)})
    spin_z = (nelec[0] - nelec[1]) / 2
    return raising.adjoint() @ raising + spin_z * (spin_z + 1.0) * FermionOperator.identity()


def excitations(norb: int = NORB) -> list[Excitation]:
    found = []
    for rank in (1, 2):
        for annihilated in itertools.permutations(range(2 * norb), rank):
            for created in itertools.permutations(range(2 * norb), rank):
                alphas = sum(mode < norb for mode in created) - sum(mode < norb for mode in annihilated)
                if alphas == 0 and not set(created) & set(annihilated):
                    found.append(Excitation(annihilated, created))
    return found


@pytest.mark.parametrize("nelec", SECTORS)
def test_excitations_in_any_order_of_operators_are_those_of_circuits(nelec: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    chosen = [excitations()[k] for k in rng.choice(len(excitations()), 40, replace=False)]
    angles = rng.normal(size=len(chosen))
    circuit = Circuit(2 * NORB)
    for orbital in (*range(nelec[0]), *range(NORB, NORB + nelec[1])):
        circuit.x(orbital)
    for excitation, angle in zip(chosen, angles, strict=True):
        append_excitation(circuit, excitation, angle)
    operations = [ExcitationRotation(x, LinearAngle.parameter(k)) for k, x in enumerate(chosen)]
    program = FermionProgram(NORB, nelec, operations)
    state = FermionSimulator().state(program, angles)
    assert np.allclose(program.sector.embed(state), StatevectorSimulator().state_vector(circuit), atol=1e-12)


@pytest.mark.parametrize("nelec", SECTORS)
@pytest.mark.parametrize("spin_dependent", [False, True])
def test_values_are_those_of_the_matrix(nelec: tuple[int, int], spin_dependent: bool) -> None:
    rng = np.random.default_rng(3)
    hamiltonian = random_hamiltonian(NORB, rng, spin_dependent)
    program = random_program(NORB, nelec, rng)
    parameters = rng.normal(size=program.num_parameters)
    simulator, sector = FermionSimulator(), program.sector
    state = simulator.state(program, parameters)
    vector, matrix = sector.embed(state), matrix_of(hamiltonian.to_fermion_operator())
    image = matrix @ vector
    assert np.allclose(np.linalg.norm(state), 1.0)
    assert np.allclose(sector.embed(simulator.apply(hamiltonian, sector, state)), image, atol=1e-11)
    energy = np.vdot(vector, image).real
    assert simulator.expectation_value(program, hamiltonian, parameters) == pytest.approx(energy, abs=1e-11)
    variance = np.vdot(image, image).real - energy**2
    assert simulator.variance(program, hamiltonian, parameters) == pytest.approx(variance, abs=1e-9)
    squared = np.vdot(vector, matrix_of(total_spin(nelec)) @ vector).real
    assert spin_squared(sector, state) == pytest.approx(squared, abs=1e-11)
    one, two = one_rdm(sector, state), two_rdm(sector, state)
    repulsion = sum(
        factor * np.sum(hamiltonian.two_body(*spins) * block)
        for factor, spins, block in zip(
            (0.5, 1.0, 0.5), (("alpha", "alpha"), ("alpha", "beta"), ("beta", "beta")), two, strict=True
        )
    )
    kinetic = sum(
        np.sum(hamiltonian.one_body(name) * density) for name, density in zip(("alpha", "beta"), one, strict=True)
    )
    assert (hamiltonian.constant + kinetic + repulsion).real == pytest.approx(energy, abs=1e-11)


@pytest.mark.parametrize("nelec", SECTORS)
def test_gradients_are_those_of_differences(nelec: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    hamiltonian, program = random_hamiltonian(NORB, rng, True), random_program(NORB, nelec, rng)
    parameters, simulator, step = rng.normal(size=program.num_parameters), FermionSimulator(), 1e-5
    energy, gradient = simulator.gradient(program, hamiltonian, parameters)
    assert energy == pytest.approx(simulator.expectation_value(program, hamiltonian, parameters), abs=1e-12)
    for k, shift in enumerate(step * np.eye(len(parameters))):
        above = simulator.expectation_value(program, hamiltonian, parameters + shift)
        below = simulator.expectation_value(program, hamiltonian, parameters - shift)
        assert gradient[k] == pytest.approx((above - below) / (2 * step), abs=1e-6)


def test_orbital_rotations_and_phases_are_exponentials() -> None:
    from scipy.linalg import expm

    rng = np.random.default_rng(11)
    given = rng.normal(size=(NORB, NORB)) + 1j * rng.normal(size=(NORB, NORB))
    generator, sector = given - given.conj().T, FermionSector(NORB, (2, 1))
    start = rng.normal(size=sector.shape)
    start /= np.linalg.norm(start)
    one_body = FermionOperator(
        {
            ((p + block, True), (q + block, False)): generator[p, q]
            for p in range(NORB)
            for q in range(NORB)
            for block in (0, NORB)
        }
    )
    program = FermionProgram(NORB, (2, 1), [OrbitalRotation(LinearMatrix(generator))])
    state = FermionSimulator().state(program, initial_state=start)
    assert np.allclose(sector.embed(state), expm(matrix_of(one_body)) @ sector.embed(start), atol=1e-11)
    same, opposite = given.real + given.real.T, given.imag
    phases = np.zeros(sector.shape)
    for p in range(NORB):
        for q in range(NORB):
            for occupied, shape in ((sector.alpha_occupations, (-1, 1)), (sector.beta_occupations, (1, -1))):
                phases += 0.5 * same[p, q] * (occupied[:, p] * occupied[:, q]).reshape(shape)
            phases += opposite[p, q] * np.outer(sector.alpha_occupations[:, p], sector.beta_occupations[:, q])
    coulomb = DiagonalCoulomb(LinearMatrix(same), LinearMatrix(opposite))
    state = FermionSimulator().state(FermionProgram(NORB, (2, 1), [coulomb]), initial_state=start)
    assert np.allclose(state, np.exp(1j * phases) * start, atol=1e-12)


def test_lowest_states_have_the_spin_asked_for() -> None:
    rng = np.random.default_rng(2)
    hamiltonian = random_hamiltonian(NORB, rng, False)
    values, vectors = np.linalg.eigh(matrix_of(hamiltonian.to_fermion_operator()))
    numbers = np.bitwise_count(np.arange(256) & 15), np.bitwise_count(np.arange(256) >> 4)
    energies, states = lowest_states(hamiltonian, (2, 2), 3, spin=1.0)
    assert energies.shape == (3,)
    assert states.shape == (3, 6, 6)
    for energy, state in zip(energies, states, strict=True):
        assert spin_squared(FermionSector(NORB, (2, 2)), state) == pytest.approx(2.0, abs=1e-8)
        assert np.abs(values - energy).min() < 1e-9
    everything = lowest_states(hamiltonian, (2, 2), 36)[0]
    inside = (numbers[0] == 2) & (numbers[1] == 2)
    weights = (np.abs(vectors[inside]) ** 2).sum(axis=0)
    assert weights.sum() == pytest.approx(36)
    block = matrix_of(hamiltonian.to_fermion_operator())[np.ix_(inside, inside)]
    assert np.allclose(everything, np.linalg.eigvalsh(block), atol=1e-10)


def test_what_does_not_fit_is_refused() -> None:
    four = LinearMatrix(np.zeros((4, 4)))
    moves = ExcitationRotation(Excitation((0,), (5,)), LinearAngle.parameter(0))
    refused = [
        (lambda: FermionSector(0, (0, 0)), "norb"),
        (lambda: FermionSector(2, (3, 0)), "nelec"),
        (lambda: FermionSector(2, (1,)), "pair"),  # type: ignore[arg-type]
        (lambda: FermionProgram(4, (2, 2), [moves]), "alpha"),
        (lambda: FermionProgram(3, (1, 1), [OrbitalRotation(four)]), "orbitals"),
        (lambda: FermionProgram(2, (1, 1), [None]), "operation"),  # type: ignore[list-item]
        (lambda: FermionProgram(2, (1, 1), [], 0, (3, 1)), "alpha"),
        (lambda: OrbitalRotation(LinearMatrix(np.eye(3))), "anti-Hermitian"),
        (lambda: OrbitalRotation(four, "up"), "spin"),
        (lambda: DiagonalCoulomb(LinearMatrix(1j * np.eye(3))), "real"),
        (lambda: LinearMatrix(np.eye(3), (0,), np.zeros((1, 2, 2))), "shape"),
        (lambda: LinearAngle((0, 1), (1.0,)), "coefficient"),
        (lambda: FermionSimulator().state(FermionProgram(2, (1, 1)), [0.5]), "parameters"),
        (lambda: FermionSimulator().state(FermionProgram(2, (1, 1)), initial_state=[1.0]), "initial_state"),
        (lambda: lowest_states(ElectronicHamiltonian(np.eye(2)), (1, 1), spin=0.5), "spin"),
    ]
    for call, words in refused:
        with pytest.raises(InputError, match=words):
            call()
    for call in (
        lambda: ElectronicHamiltonian(np.arange(4.0).reshape(2, 2)),
        lambda: ElectronicHamiltonian(np.eye(2), np.arange(16.0).reshape((2,) * 4)),
        lambda: ElectronicHamiltonian(np.eye(2), np.zeros((3,) * 4)),
        lambda: ElectronicHamiltonian(np.full((2, 2), np.nan)),
    ):
        with pytest.raises(OperatorError):
            call()
