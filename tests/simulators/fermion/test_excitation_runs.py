"""Excitations that run together: against operators on occupation numbers, in any order, split, and on threads."""

from __future__ import annotations

import gc
import itertools
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from fermion_models import random_hamiltonian
from memory_peaks import measured_peak, needs_proc

from qtoolkit.applications.chemistry import single_and_double_excitations
from qtoolkit.operators import Excitation
from qtoolkit.simulators.fermion import (
    ExcitationRotation,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearAngle,
    excitation_run,
    kept_actions,
)
from qtoolkit.simulators.fermion.actions import actions_of
from qtoolkit.simulators.fermion.excitation_groups import ListedRotation, grouped
from qtoolkit.simulators.fermion.excitation_run import ExcitationRun, compile_backward_ahead
from qtoolkit.simulators.fermion.excitation_tables import tables_of
from qtoolkit.simulators.fermion.kept_actions import KeptActions
from qtoolkit_kernels.fermion import excitations as kernels
from qtoolkit_kernels.team import Team

NORB = 4
SECTORS = [*itertools.product(range(NORB + 1), repeat=2)]
"""Empty and full ones as well."""


def random_excitation(norb: int, rng: np.random.Generator) -> Excitation:
    """Of one to three electrons, in any order of its operators."""
    while True:
        rank = int(rng.integers(1, 4))
        modes = rng.permutation(2 * norb)[: 2 * rank].tolist()
        created, annihilated = modes[:rank], modes[rank:]
        if sum(mode < norb for mode in created) == sum(mode < norb for mode in annihilated):
            return Excitation(tuple(annihilated), tuple(created))


def random_operations(norb: int, count: int, rng: np.random.Generator) -> list[ExcitationRotation]:
    """Some orbitals come often, some parameters too, and some angles have none."""
    found = []
    for number in range(count):
        indices = tuple(rng.integers(0, 5, number % 3).tolist())
        angle = LinearAngle(indices, tuple(rng.normal(size=len(indices)).tolist()), float(rng.normal()))
        found.append(ExcitationRotation(random_excitation(norb, rng), angle, bool(rng.integers(2))))
    return found


def turned(vector: np.ndarray, operation: ExcitationRotation, angle: float) -> np.ndarray:
    """A rotation of a vector by occupation numbers, bit by bit; signs are counted from those before each operator."""
    found = vector.copy()
    excitation = operation.excitation
    factors = [(mode, False) for mode in excitation.annihilated] + [(m, True) for m in reversed(excitation.created)]
    for index in range(len(vector)):
        bits, sign = index, 1
        for mode, creates in factors:
            if bool(bits >> mode & 1) == creates:
                break
            if operation.fermionic and (bits & (1 << mode) - 1).bit_count() % 2:
                sign = -sign
            bits ^= 1 << mode
        else:
            found[index] = np.cos(angle) * vector[index] - np.sin(angle) * sign * vector[bits]
            found[bits] = np.cos(angle) * vector[bits] + np.sin(angle) * sign * vector[index]
    return found


def random_state(sector: FermionSector, rng: np.random.Generator, is_complex: bool) -> np.ndarray:
    state = rng.normal(size=sector.shape)
    return state + 1j * rng.normal(size=sector.shape) if is_complex else state


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("nelec", SECTORS)
def test_runs_are_rotations_one_after_another(nelec: tuple[int, int], is_complex: bool) -> None:
    rng = np.random.default_rng(nelec[0] * 10 + nelec[1])
    operations = random_operations(NORB, 40, rng)
    program = FermionProgram(NORB, nelec, operations)
    parameters, start = rng.normal(size=program.num_parameters), random_state(program.sector, rng, is_complex)
    expected = program.sector.embed(start)
    for operation in operations:
        expected = turned(expected, operation, operation.angle.value(parameters))
    before = start.copy()
    state = FermionSimulator().state(program, parameters, initial_state=start)
    assert state.dtype == (np.complex128 if is_complex else np.float64)
    assert np.array_equal(start, before)
    np.testing.assert_allclose(program.sector.embed(state), expected, atol=1e-12)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("nelec", [(3, 3), (2, 4), (0, 3), (6, 5), (5, 0)])
def test_backward_undoes_and_sums_derivatives(
    nelec: tuple[int, int], is_complex: bool, num_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ⟨λ|ψ⟩ + c.c. with |λ⟩ held, which is linear in what the program prepares."""
    monkeypatch.setattr(excitation_run, "PARALLEL_PAIRS", 1)
    rng = np.random.default_rng(1)
    program = FermionProgram(6, nelec, random_operations(6, 60, rng))
    (action,) = actions_of(program, Team(num_threads))
    parameters, sector = rng.normal(size=program.num_parameters), program.sector
    start, bra = (random_state(sector, rng, is_complex) for _ in range(2))
    step, ket, gradient = 1e-6, start.copy(), np.ones(len(parameters))

    def value(at: np.ndarray) -> float:
        state = start.copy()
        action.forward(at, state)
        return 2.0 * float(np.vdot(bra, state).real)

    differences = [
        (value(parameters + shift) - value(parameters - shift)) / (2 * step) for shift in step * np.eye(len(parameters))
    ]
    action.forward(parameters, ket)
    inner, own = np.vdot(bra, ket), bra.copy()
    action.backward(parameters, ket, own, gradient)
    np.testing.assert_allclose(gradient - 1.0, differences, atol=1e-6)
    np.testing.assert_allclose(ket, start, atol=1e-12)
    assert np.vdot(own, start) == pytest.approx(inner, abs=1e-10)


def test_orders_that_share_strings_of_one_spin_give_the_same_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alpha inside beta, beta inside alpha, alternating spins, and at random."""
    given = list(single_and_double_excitations(6, (3, 3)))
    rng = np.random.default_rng(5)
    pairs = [x for x in given if x.rank == 2 and min(x.annihilated) < 6 <= max(x.annihilated)]
    ones = [x for x in given if x not in pairs]
    half = len(ones) // 2
    orders = {
        "beta inside": pairs,
        "alpha inside": sorted(pairs, key=lambda x: (x.annihilated[1], x.created[1])),
        "alternating": [x for both in zip(ones[:half], ones[half:], strict=True) for x in both],
        "random": [given[k] for k in rng.permutation(len(given))],
    }
    for name, order in orders.items():
        operations = [ExcitationRotation(x, LinearAngle.parameter(k)) for k, x in enumerate(order)]
        program = FermionProgram(6, (3, 3), operations)
        angles, start = rng.normal(size=len(order)), random_state(program.sector, rng, False)
        together, alone, team = start.copy(), start.copy(), Team(1)
        (run,) = actions_of(program, team)
        run.forward(angles, together)
        for operation in operations:
            ExcitationRun(program.sector, [operation], team).forward(angles, alone)
        np.testing.assert_allclose(together, alone, atol=1e-12, err_msg=name)
        kinds = set(tables_of(program.sector, operations).program.groups[:, 0].tolist())
        expected = {"beta inside": {kernels.SAME_ALPHA}, "alpha inside": {kernels.SAME_BETA}}
        assert kinds == expected.get(name, kinds)


def test_signs_of_fermions_do_not_pass_what_moves_bits_without_them() -> None:
    """Nothing shares an orbital here, but the electron that moves from 0 to 2 passes orbital 1."""
    norb, angle = 6, LinearAngle(constant=0.7)
    moves = [((4,), (5,), True), ((1, 7), (3, 9), False), ((0,), (2,), True), ((6,), (8,), True)]
    operations = [ExcitationRotation(Excitation(a, b), angle, fermionic) for a, b, fermionic in moves]
    program = FermionProgram(norb, (3, 3), operations)
    start = random_state(program.sector, np.random.default_rng(0), False)
    expected = program.sector.embed(start)
    for operation in operations:
        expected = turned(expected, operation, 0.7)
    state = FermionSimulator(1).state(program, initial_state=start)
    np.testing.assert_allclose(program.sector.embed(state), expected, atol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_only_what_commutes_changes_places(seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = (rng.integers(1, 1 << 12, 80) & 0x333).tolist()
    given = [
        ListedRotation(k, int(rng.integers(-1, 3)), int(rng.integers(0, 3)), mask | sort << 12, mask | 3 - sort << 12)
        for k, (mask, sort) in enumerate(zip(masks, rng.integers(1, 3, 80).tolist(), strict=True))
    ]
    groups, order = grouped(given, [5] * 3, (10, 10))
    assert sorted(order.tolist()) == [*range(80)]
    place = np.argsort(order)
    for a, b in itertools.combinations(given, 2):
        if a.mask & b.meets:
            assert place[a.number] < place[b.number]
    assert groups[0, 1] == 0
    assert groups[-1, 2] == 80
    assert np.array_equal(groups[1:, 1], groups[:-1, 2])
    for kind, first, last in groups.tolist():
        members = [given[number] for number in order[first:last]]
        alphas, betas = {m.alpha for m in members}, {m.beta for m in members}
        common = {kernels.ALPHA: betas, kernels.BETA: alphas, kernels.SAME_ALPHA: alphas, kernels.SAME_BETA: betas}
        assert len(common.get(kind, {0})) == 1


def test_long_programs_are_split_and_keep_no_more_lists_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    program = FermionProgram(6, (3, 3), random_operations(6, 60, rng))
    parameters, team = rng.normal(size=program.num_parameters), Team(1)
    start = random_state(program.sector, rng, False)

    def results() -> list[np.ndarray]:
        actions: list[Any] = actions_of(program, team)
        ket, gradient = start.copy(), np.zeros(len(parameters))
        for action in actions:
            action.forward(parameters, ket)
        bra, prepared = start.copy(), ket.copy()
        for action in reversed(actions):
            action.backward(parameters, ket, bra, gradient)
        kept = [action._tables.program.pairs.nbytes for action in actions if action._tables is not None]
        assert sum(kept) <= excitation_run.KEPT_BYTES
        assert (len(kept) < len(actions)) == (len(actions) > 1)
        return [prepared, ket, bra, gradient]

    whole = results()
    for name, limit in (("RUN_BYTES", 400), ("RUN_LENGTH", 7)):
        with monkeypatch.context() as patch:
            patch.setattr(excitation_run, name, limit)
            patch.setattr(excitation_run, "KEPT_BYTES", 1000)
            assert len(actions_of(program, team)) > 3
            for one, other in zip(whole, results(), strict=True):
                np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("nelec", [(2, 2), (3, 1)])
def test_gradients_are_those_of_differences_on_any_number_of_threads(
    nelec: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excitation_run, "PARALLEL_PAIRS", 1)
    rng = np.random.default_rng(8)
    hamiltonian = random_hamiltonian(NORB, rng, True)
    program = FermionProgram(NORB, nelec, random_operations(NORB, 30, rng))
    parameters, step = rng.normal(size=program.num_parameters), 1e-5
    one, two = FermionSimulator(1), FermionSimulator(2)
    energy, gradient = one.gradient(program, hamiltonian, parameters)
    for k, shift in enumerate(step * np.eye(len(parameters))):
        values = [one.expectation_value(program, hamiltonian, parameters + sign * shift) for sign in (1, -1)]
        assert gradient[k] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-6)
    other_energy, other_gradient = two.gradient(program, hamiltonian, parameters)
    assert other_energy == pytest.approx(energy, abs=1e-12)
    np.testing.assert_allclose(other_gradient, gradient, atol=1e-12)


def test_actions_are_kept_while_programs_live_and_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptActions(Team(1))
    operations = random_operations(NORB, 5, np.random.default_rng(0))
    programs = [FermionProgram(NORB, (2, 2), operations) for _ in range(4)]
    first = [kept.of(program) for program in programs]
    assert all(kept.of(program) is actions for program, actions in zip(programs, first, strict=True))
    gone = weakref.ref(programs.pop())
    gc.collect()
    assert gone() is None
    monkeypatch.setattr(kept_actions, "MOST_PROGRAMS", 2)
    another = FermionProgram(NORB, (2, 2), operations)
    kept.of(another)
    assert len(kept._entries) == 2
    assert kept.of(programs[2]) is first[2]
    assert kept.of(programs[0]) is not first[0]
    monkeypatch.setattr(kept_actions, "MOST_BYTES", 1)
    kept.of(FermionProgram(NORB, (2, 2), operations))
    assert not kept._entries


def test_simulators_are_pickled_with_their_threads() -> None:
    given = FermionSimulator(1)
    program = FermionProgram(NORB, (2, 2), random_operations(NORB, 3, np.random.default_rng(0)))
    given.state(program, np.zeros(program.num_parameters))
    assert pickle.loads(pickle.dumps(given)).num_threads == 1


def test_python_threads_share_a_simulator() -> None:
    simulator, rng = FermionSimulator(), np.random.default_rng(4)
    programs = [FermionProgram(6, (3, 3), random_operations(6, 40, rng)) for _ in range(3)]
    parameters = rng.normal(size=5)
    expected = [FermionSimulator(1).state(program, parameters) for program in programs]
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda k: simulator.state(programs[k % 3], parameters), range(60))]
    for k, state in enumerate(found):
        np.testing.assert_allclose(state, expected[k % 3], atol=1e-13)


@needs_proc
def test_a_run_takes_little_beside_its_states() -> None:
    given = single_and_double_excitations(12, (6, 6))
    program = FermionProgram(12, (6, 6), [ExcitationRotation(x, LinearAngle.parameter(0)) for x in given[::5]])
    ket, bra = np.ones(program.sector.shape), np.ones(program.sector.shape)
    compile_backward_ahead()
    team, parameters, gradient = Team(2), np.array([0.1]), np.zeros(1)
    actions_of(program, team)[0].backward(parameters, ket, bra, gradient)  # loads the kernel

    def work() -> None:
        (action,) = actions_of(program, team)
        action.forward(parameters, ket)
        action.backward(parameters, ket, bra, gradient)

    assert measured_peak(work) < ket.nbytes
