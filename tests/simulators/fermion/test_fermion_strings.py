"""Hamiltonians, densities, spin and lowest states in all kinds of sectors, against PySCF and dense matrices."""

from __future__ import annotations

import itertools
import signal
import threading
from typing import Any

import numpy as np
import pytest
from fermion_models import random_hamiltonian
from memory_peaks import measured_peak, needs_proc
from scipy.linalg import expm

from qtoolkit.errors import ConvergenceError, InputError, InsufficientMemoryError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearMatrix,
    OrbitalRotation,
    lowest_states,
    one_rdm,
    one_spin,
    runs,
    spin_squared,
    two_rdm,
)
from qtoolkit.simulators.fermion.coulomb_actions import CoulombAction
from qtoolkit.simulators.fermion.hamiltonian_action import HamiltonianAction
from qtoolkit.simulators.fermion.orbital_actions import OrbitalAction
from qtoolkit_kernels.team import Team

MIB = 1 << 20
SECTORS = [(1, (0, 1)), (2, (2, 0)), (3, (1, 2)), (4, (4, 4)), (6, (3, 3)), (6, (0, 4)), (6, (5, 1)), (7, (3, 4))]


@pytest.fixture(params=[1, 2])
def team(request, monkeypatch) -> Team:
    monkeypatch.setattr(runs, "PARALLEL_WORK", 1)
    return Team(request.param)


def random_state(sector: FermionSector, seed: int, is_complex: bool = False) -> Any:
    rng = np.random.default_rng(seed)
    found = rng.normal(size=sector.shape) + (1j * rng.normal(size=sector.shape) if is_complex else 0.0)
    return found / np.linalg.norm(found)


def hubbard(norb: int, repulsion: float, periodic: bool = False) -> ElectronicHamiltonian:
    hopping, on_site = np.zeros((norb, norb)), np.zeros((norb,) * 4)
    for p in range(norb if periodic else norb - 1):
        hopping[p, (p + 1) % norb] = hopping[(p + 1) % norb, p] = -1.0
    on_site[(range(norb),) * 4] = repulsion
    return ElectronicHamiltonian(hopping, on_site)


def chain(num_atoms: int) -> ElectronicHamiltonian:
    """Hydrogen atoms 1 Å apart in the smallest basis."""
    pyscf = pytest.importorskip("pyscf")
    molecule = pyscf.gto.M(atom=[("H", (0.0, 0.0, k)) for k in range(num_atoms)], basis="sto-3g", verbose=0)
    field = pyscf.scf.RHF(molecule).run(conv_tol=1e-12)
    orbitals = field.mo_coeff
    two_body = pyscf.ao2mo.restore(1, pyscf.ao2mo.kernel(molecule, orbitals), num_atoms)
    return ElectronicHamiltonian(orbitals.T @ field.get_hcore() @ orbitals, two_body, molecule.energy_nuc())


def pyscf_image(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], state: Any) -> Any:
    fci = pytest.importorskip("pyscf.fci")
    norb = hamiltonian.norb
    two_body = hamiltonian.two_body_tensor
    merged = fci.direct_spin1.absorb_h1e(hamiltonian.one_body_tensor, two_body, norb, nelec, 0.5)
    return fci.direct_spin1.contract_2e(merged, state, norb, nelec) + hamiltonian.constant * state


@pytest.mark.parametrize(("norb", "nelec"), [case for case in SECTORS if sum(case[1]) > 0])
@pytest.mark.parametrize("is_complex", [False, True])
def test_hamiltonians_act_as_those_of_pyscf(norb: int, nelec: tuple[int, int], is_complex: bool, team: Team) -> None:
    sector = FermionSector(norb, nelec)
    hamiltonian = random_hamiltonian(norb, np.random.default_rng(norb), False)
    state = random_state(sector, 1, is_complex)
    found = HamiltonianAction(hamiltonian, sector, team).apply(state)
    expected = pyscf_image(hamiltonian, nelec, np.ascontiguousarray(state.real))
    if is_complex:
        expected = expected + 1j * pyscf_image(hamiltonian, nelec, np.ascontiguousarray(state.imag))
    assert np.allclose(found, expected, atol=1e-11)
    assert found.dtype == state.dtype


def test_zeros_of_integrals_cost_nothing_and_change_nothing() -> None:
    hamiltonian = chain(6)
    action = HamiltonianAction(hamiltonian, FermionSector(6, (3, 3)))
    assert action._coupling is not None
    assert len(action._coupling.tables.columns) == 3  # even and odd moves
    state = random_state(FermionSector(6, (3, 3)), 2)
    assert np.allclose(action.apply(state), pyscf_image(hamiltonian, (3, 3), state), atol=1e-12)
    on_sites = HamiltonianAction(hubbard(6, 4.0), FermionSector(6, (3, 3)))
    assert on_sites._coupling is not None
    assert on_sites._coupling.most_rows == 1  # n_p alone
    assert np.allclose(on_sites.apply(state), pyscf_image(hubbard(6, 4.0), (3, 3), state), atol=1e-12)
    free = HamiltonianAction(ElectronicHamiltonian(hubbard(6, 4.0).one_body_tensor), FermionSector(6, (3, 3)))
    assert free._coupling is None
    assert np.allclose(free.apply(state), pyscf_image(hubbard(6, 0.0), (3, 3), state), atol=1e-12)


@pytest.mark.parametrize("nelec", [(3, 2), (0, 3), (4, 0)])
def test_matrices_that_are_made_in_pieces_are_the_same(nelec: tuple[int, int], monkeypatch) -> None:
    sector = FermionSector(6, nelec)
    hamiltonian = random_hamiltonian(6, np.random.default_rng(0), True)
    state, whole = random_state(sector, 3, True), HamiltonianAction(hamiltonian, sector)
    monkeypatch.setattr(one_spin, "_PIECE", 2000)
    joined = HamiltonianAction(hamiltonian, sector)
    monkeypatch.setattr(one_spin, "_KEPT_BYTES", 1000)
    pieces = HamiltonianAction(hamiltonian, sector)
    assert len(list(pieces._sides[0 if nelec[0] else 1].pieces())) > 1
    for action in (joined, pieces):
        assert np.allclose(action.apply(state), whole.apply(state), atol=1e-12)
        assert np.allclose(action.diagonal(), whole.diagonal(), atol=1e-12)
    units = np.eye(sector.size).reshape(-1, *sector.shape)
    diagonal = [np.vdot(unit, whole.apply(unit)) for unit in units]
    assert np.allclose(whole.diagonal().ravel(), diagonal, atol=1e-12)


@pytest.mark.parametrize(("norb", "nelec"), SECTORS)
def test_densities_and_spins_are_those_of_pyscf(norb: int, nelec: tuple[int, int]) -> None:
    fci = pytest.importorskip("pyscf.fci")
    sector = FermionSector(norb, nelec)
    state, bra = random_state(sector, 4), random_state(sector, 5)
    ones, twos = fci.direct_spin1.make_rdm12s(state, norb, nelec)
    assert np.allclose(one_rdm(sector, state), ones, atol=1e-12)
    assert np.allclose(two_rdm(sector, state), twos, atol=1e-12)
    transition = fci.direct_spin1.trans_rdm1s(bra, state, norb, nelec)
    # PySCF's first index belongs to the annihilated electron there
    assert np.allclose(one_rdm(sector, bra, state), [part.T for part in transition], atol=1e-12)
    assert spin_squared(sector, 3.0 * state) == pytest.approx(
        fci.spin_op.spin_square0(state, norb, nelec)[0], abs=1e-11
    )


@pytest.mark.parametrize(("norb", "nelec"), SECTORS)
def test_densities_of_complex_states(norb: int, nelec: tuple[int, int], team: Team) -> None:
    from qtoolkit.simulators.fermion.density_matrices import densities

    sector = FermionSector(norb, nelec)
    ket, bra = random_state(sector, 6, True), random_state(sector, 7, True)
    found = densities(sector, bra, ket, team)
    parts = [[one_rdm(sector, left, right) for right in (ket.real, ket.imag)] for left in (bra.real, bra.imag)]
    expected = parts[0][0] + parts[1][1] + 1j * (parts[0][1] - parts[1][0])
    assert np.allclose(found, expected, atol=1e-12)
    one, two = one_rdm(sector, ket), two_rdm(sector, ket)
    counts = np.array(nelec)
    expected_pairs = [nelec[0] * (nelec[0] - 1), nelec[0] * nelec[1], nelec[1] * (nelec[1] - 1)]
    assert np.allclose(np.einsum("spp->s", one), counts)
    assert np.allclose(two, two.transpose(0, 2, 1, 4, 3).conj(), atol=1e-12)
    assert np.allclose(np.einsum("kpprr->k", two), expected_pairs)
    for spin, block in ((0, 0), (1, 2)):
        assert np.allclose(np.einsum("pqrr->pq", two[block]), (counts[spin] - 1) * one[spin], atol=1e-12)


@pytest.mark.parametrize(("norb", "nelec"), SECTORS)
@pytest.mark.parametrize("is_complex", [False, True])
def test_orbital_rotations_are_compound_matrices(
    norb: int, nelec: tuple[int, int], is_complex: bool, team: Team
) -> None:
    rng, sector = np.random.default_rng(norb), FermionSector(norb, nelec)
    given = rng.normal(size=(norb, norb)) + (1j * rng.normal(size=(norb, norb)) if is_complex else 0.0)
    generator = given - given.conj().T
    state = random_state(sector, 8, is_complex)
    for inverse in (False, True):
        action = OrbitalAction(sector, OrbitalRotation(LinearMatrix(generator), "both", inverse), team)
        found = state.copy()
        action.forward(np.zeros(0), found)
        unitary = expm(-generator if inverse else generator)
        alpha, beta = (
            _compound(unitary, occupations) for occupations in (sector.alpha_occupations, sector.beta_occupations)
        )
        assert np.allclose(found, alpha @ state @ beta.T, atol=1e-11)
        action.backward(np.zeros(0), found, found.copy(), np.zeros(0))
        assert np.allclose(found, state, atol=1e-12)


def _compound(unitary: Any, occupations: Any) -> Any:
    count = int(occupations[0].sum())
    orbitals = np.nonzero(occupations)[1].reshape(len(occupations), count)
    minors = unitary[orbitals[:, None, :, None], orbitals[None, :, None, :]]
    return np.linalg.det(minors) if count else np.ones((1, 1))


def test_threads_change_no_bit(monkeypatch) -> None:
    monkeypatch.setattr(runs, "PARALLEL_WORK", 1)
    sector, rng = FermionSector(8, (4, 3)), np.random.default_rng(9)
    hamiltonian = random_hamiltonian(8, rng, True)
    matrix, given = rng.normal(size=(8, 8)), rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8))
    rotation = OrbitalRotation(LinearMatrix(0.0 * given, (0,), (given - given.conj().T)[None]))
    evolution = DiagonalCoulomb(LinearMatrix(matrix + matrix.T, (0,), np.ones((1, 8, 8))), LinearMatrix(matrix))
    results = []
    for count in (1, 3):
        team, ket = Team(count), random_state(sector, 10, True)
        gradient = np.zeros(1)
        bra = HamiltonianAction(hamiltonian, sector, team).apply(ket)
        OrbitalAction(sector, rotation, team).backward(np.ones(1), ket, bra, gradient)
        CoulombAction(sector, evolution, team).backward(np.ones(1), ket, bra, gradient)
        results.append((ket, bra, gradient))
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)


def test_gradients_by_many_parameters_of_one_rotation() -> None:
    rng, norb = np.random.default_rng(12), 5
    upper = [(p, q) for p in range(norb) for q in range(p)]
    basis = np.zeros((2 * len(upper), norb, norb), complex)
    for k, (p, q) in enumerate(upper):
        basis[2 * k, p, q], basis[2 * k, q, p] = 1.0, -1.0
        basis[2 * k + 1, p, q] = basis[2 * k + 1, q, p] = 1j
    generator = LinearMatrix(np.zeros((norb, norb)), tuple(range(len(basis))), basis)
    hamiltonian = random_hamiltonian(norb, rng, False)
    simulator = FermionSimulator(1)
    coulomb = DiagonalCoulomb(opposite_spin=LinearMatrix(rng.normal(size=(norb, norb))))
    turns = [OrbitalRotation(generator), coulomb, OrbitalRotation(generator, "alpha", inverse=True)]
    program = FermionProgram(norb, (2, 2), turns)
    # twice the same angle, and none at all: eigenvalues of the generator coincide
    for parameters in (rng.normal(size=len(basis)), np.zeros(len(basis))):
        _, gradient = simulator.gradient(program, hamiltonian, parameters)
        for k in range(0, len(basis), 3):
            shift = 1e-4 * np.eye(len(basis))[k]
            values = [
                simulator.expectation_value(program, hamiltonian, parameters + step * shift) for step in (-2, -1, 1, 2)
            ]
            slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / 12e-4
            assert gradient[k] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize(("num_atoms", "energy"), [(4, -2.166387449), (6, -3.236066280)])
def test_lowest_states_of_chains_of_hydrogen(num_atoms: int, energy: float) -> None:
    found, states = lowest_states(chain(num_atoms), (num_atoms // 2,) * 2, spin=0)
    assert found[0] == pytest.approx(energy, abs=2e-9)
    assert states.shape[0] == 1


def test_lowest_states_of_a_hubbard_chain() -> None:
    assert lowest_states(hubbard(6, 4.0), (3, 3))[0][0] == pytest.approx(-3.092565320, abs=2e-9)


@pytest.mark.parametrize("nelec", [(4, 4), (3, 5), (5, 2), (1, 5)])
def test_lowest_states_by_iteration_are_those_of_the_matrix(nelec: tuple[int, int], monkeypatch) -> None:
    from qtoolkit.simulators.fermion import eigenstates

    hamiltonian = random_hamiltonian(7, np.random.default_rng(sum(nelec)), False)
    spin_z = abs(nelec[0] - nelec[1]) / 2
    for spin in (None, spin_z, spin_z + 1.0):
        monkeypatch.setattr(eigenstates, "_DENSE", 5000)
        expected, _ = lowest_states(hamiltonian, nelec, 4, spin)
        monkeypatch.setattr(eigenstates, "_DENSE", 1)
        energies, states = lowest_states(hamiltonian, nelec, 4, spin)
        assert np.allclose(energies, expected, atol=1e-9)
        sector = FermionSector(7, nelec)
        assert states.shape == (4, *sector.shape)
        flat = states.reshape(4, -1)
        assert np.allclose(flat @ flat.T, np.eye(4), atol=1e-9)
        action = HamiltonianAction(hamiltonian, sector)
        for value, state in zip(energies, states, strict=True):
            assert np.linalg.norm(action.apply(state) - value * state) < 1e-6
            if spin is not None:
                assert spin_squared(sector, state) == pytest.approx(spin * (spin + 1.0), abs=1e-8)


@pytest.mark.parametrize("spin", [None, 1, 2])
def test_degenerate_states_are_all_found(spin: float | None, monkeypatch) -> None:
    """A ring of free electrons, whose levels are pairs, and one with repulsion, which keeps some of that."""
    from qtoolkit.simulators.fermion import eigenstates

    for repulsion in (0.0, 3.0):
        monkeypatch.setattr(eigenstates, "_DENSE", 5000)
        expected, _ = lowest_states(hubbard(6, repulsion, periodic=True), (2, 4), 5, spin)
        monkeypatch.setattr(eigenstates, "_DENSE", 1)
        found, _ = lowest_states(hubbard(6, repulsion, periodic=True), (2, 4), 5, spin)
        assert np.allclose(found, expected, atol=1e-8)


def test_a_singlet_above_a_triplet_is_found() -> None:
    """The oxygen molecule, by Hund's rule."""
    pyscf = pytest.importorskip("pyscf")
    molecule = pyscf.gto.M(atom="O 0 0 0; O 0 0 1.2075", basis="sto-3g", spin=2, verbose=0)
    field = pyscf.scf.ROHF(molecule).run(conv_tol=1e-12)
    orbitals = field.mo_coeff
    two_body = pyscf.ao2mo.restore(1, pyscf.ao2mo.kernel(molecule, orbitals), 10)
    hamiltonian = ElectronicHamiltonian(orbitals.T @ field.get_hcore() @ orbitals, two_body, molecule.energy_nuc())
    singlets, _ = lowest_states(hamiltonian, (8, 8), 2, spin=0)
    triplets, states = lowest_states(hamiltonian, (8, 8), spin=1)
    solver = pyscf.fci.direct_spin1.FCI()
    solver.nroots = 3
    solver.conv_tol = 1e-12
    exact = solver.kernel(hamiltonian.one_body_tensor, two_body, 10, (8, 8))[0]
    assert triplets[0] + 0.02 < singlets[0]
    assert np.allclose([triplets[0], *singlets], np.array(exact) + hamiltonian.constant, atol=1e-8)
    assert spin_squared(FermionSector(10, (8, 8)), states[0]) == pytest.approx(2.0, abs=1e-9)


def test_what_lowest_states_cannot_do_is_said() -> None:
    rng = np.random.default_rng(0)
    plain, split = random_hamiltonian(4, rng, False), random_hamiltonian(4, rng, True)
    for call, words in (
        (lambda: lowest_states(plain, (2, 2), 21, spin=0), "20 states of spin 0"),
        (lambda: lowest_states(plain, (2, 2), 37), "36 states"),
        (lambda: lowest_states(plain, (2, 2), spin=3), "at most 2"),
        (lambda: lowest_states(plain, (2, 1), spin=1), "whole steps"),
        (lambda: lowest_states(split, (2, 2), spin=0), "depend on the spin"),
        (lambda: lowest_states(plain, (2, 2), tolerance=0.0), "tolerance"),
        (lambda: lowest_states(plain, (2, 2), callback=1), "callback"),  # type: ignore[arg-type]
        (lambda: spin_squared(FermionSector(2, (1, 1)), np.zeros((2, 2))), "norm"),
    ):
        with pytest.raises(InputError, match=words):
            call()
    assert len(lowest_states(plain, (2, 2), 20, spin=0)[0]) == 20


def test_eigenstates_that_do_not_fit_into_memory_are_refused_before_the_work() -> None:
    with pytest.raises(InsufficientMemoryError, match=r"eigenstates of .* determinants"):
        lowest_states(ElectronicHamiltonian(np.eye(22)), (11, 11), spin=0)


def test_an_iteration_that_does_not_converge_says_what_it_reached() -> None:
    hamiltonian, seen = hubbard(8, 4.0), []
    with pytest.raises(ConvergenceError, match=r"steps are used up after 3 steps, with energies -.* residuals up to"):
        lowest_states(hamiltonian, (4, 4), max_iterations=3)

    def stop(step: int, energies: Any, residuals: Any) -> bool:
        seen.append((step, energies[0], residuals[0]))
        return step == 5

    with pytest.raises(ConvergenceError, match="the callback ended it"):
        lowest_states(hamiltonian, (4, 4), callback=stop)
    assert [step for step, *_ in seen] == [1, 2, 3, 4, 5]
    assert all(later[1] <= earlier[1] + 1e-12 for earlier, later in itertools.pairwise(seen))


@needs_proc
def test_memory_is_states_and_little_more() -> None:
    """At 12 orbitals with 6 and 6 electrons a complex state takes 13 MiB, and the tables are small."""
    sector = FermionSector(12, (6, 6))
    hamiltonian = random_hamiltonian(12, np.random.default_rng(1), False)
    state = random_state(sector, 2, True)
    action = HamiltonianAction(hamiltonian, sector)
    action.apply(state)
    assert measured_peak(lambda: action.apply(state)) < state.nbytes + 8 * MIB
    assert measured_peak(lambda: HamiltonianAction(hamiltonian, sector)) < 64 * MIB
    one_rdm(sector, state, num_threads=1)
    assert measured_peak(lambda: one_rdm(sector, state, num_threads=1)) < 8 * MIB
    smaller = FermionSector(10, (5, 5))
    assert measured_peak(lambda: two_rdm(smaller, random_state(smaller, 3, True))) < 128 * MIB


@pytest.mark.parametrize("kind", ["rotation", "evolution", "hamiltonian"])
def test_an_interrupt_is_answered(kind: str) -> None:
    sector, rng = FermionSector(14, (7, 7)), np.random.default_rng(0)
    given = rng.normal(size=(14, 14))
    state = np.ones(sector.shape, complex)
    if kind == "hamiltonian":
        action = HamiltonianAction(random_hamiltonian(14, rng, False), sector)
    else:
        operation: Any = OrbitalAction(sector, OrbitalRotation(LinearMatrix(1j * (given + given.T))))
        if kind == "evolution":
            operation = CoulombAction(sector, DiagonalCoulomb(LinearMatrix(given + given.T)))

    def repeated() -> None:
        for _ in range(200):
            if kind == "hamiltonian":
                action.apply(state)
            else:
                operation.forward(np.zeros(0), state)

    threading.Timer(0.5, signal.raise_signal, (signal.SIGINT,)).start()
    with pytest.raises(KeyboardInterrupt):
        repeated()
