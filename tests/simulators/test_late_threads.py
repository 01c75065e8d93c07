"""A thread that enters a kernel when all is done, or after it was stopped, touches nothing: others use the memory."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from scipy.stats import unitary_group

import qtoolkit_kernels
from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.applications.chemistry import single_and_double_excitations
from qtoolkit.noise import depolarizing
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators import DensityMatrixSimulator, NearCliffordSimulator, SectorSimulator
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearAngle,
    LinearMatrix,
    OrbitalRotation,
    excitation_run,
    runs,
    spin_squared,
)
from qtoolkit.simulators.fermion.coulomb_actions import CoulombAction
from qtoolkit.simulators.fermion.hamiltonian_action import HamiltonianAction
from qtoolkit.simulators.fermion.orbital_actions import OrbitalAction
from qtoolkit_kernels._jit import Kernel
from qtoolkit_kernels.team import Team, _Call
from qtoolkit_kernels.threads import counters, stop

QUBITS = 16


def shared_kernels() -> set[str]:
    """Names of the kernels that several threads enter: the last argument of theirs is the thread."""
    found = set()
    for module in pkgutil.walk_packages(qtoolkit_kernels.__path__, "qtoolkit_kernels."):
        if ".reference" in module.name or module.name.rpartition(".")[2].startswith("_"):
            continue
        for name, item in inspect.getmembers(importlib.import_module(module.name)):
            if isinstance(item, Kernel):
                last = [*inspect.signature(item.py_func).parameters][-1]
                found |= {name} if last in ("thread", "_thread", "_") else set()
    return found


@pytest.fixture
def seen(monkeypatch) -> set[str]:
    """Names of the kernels that teams ran; each is entered twice more, by one who is late."""
    monkeypatch.setattr(excitation_run, "PARALLEL_PAIRS", 1)
    monkeypatch.setattr(runs, "PARALLEL_WORK", 1)
    names: set[str] = set()
    run = Team.run

    def run_and_come_late(self, kernel, *arguments, **options) -> None:
        run(self, kernel, *arguments, **options)
        call = _Call(kernel, arguments)
        *others, used = call._arguments
        arrays = [item for item in others if isinstance(item, np.ndarray)]
        before = [array.tobytes() for array in arrays]
        stopped = counters(len(used))
        stop(stopped)
        for turns in (used, stopped):
            call._kernel(*others, turns, 0)
            assert [array.tobytes() for array in arrays] == before, call._kernel
        names.add(call._kernel.__name__)

    monkeypatch.setattr(Team, "run", run_and_come_late)
    return names


def run_strings_of_fermions() -> None:
    """Whatever acts on alpha and beta strings."""
    rng, sector, team = np.random.default_rng(1), FermionSector(8, (4, 4)), Team(2)
    matrix = rng.normal(size=(8, 8))
    matrix = LinearMatrix(matrix + matrix.T)
    turn = LinearMatrix(np.zeros((8, 8)), (0,), 1j * matrix.constant[None])
    ket, bra = (np.ones(sector.shape, complex) for _ in range(2))
    for action in (
        CoulombAction(sector, DiagonalCoulomb(matrix, matrix), team),
        OrbitalAction(sector, OrbitalRotation(turn), team),
    ):
        action.forward(np.ones(1), ket)
        action.backward(np.ones(1), ket, bra, np.zeros(1))
    HamiltonianAction(ElectronicHamiltonian(matrix.constant, np.ones((8, 8, 8, 8))), sector, team).apply(ket)
    spin_squared(sector, ket, num_threads=2)


def test_who_comes_late_touches_nothing(seen) -> None:
    simulator, parameters = StatevectorSimulator(num_threads=2), ParameterVector("a", QUBITS)
    bound, free = Circuit(QUBITS), Circuit(QUBITS)
    for layer in range(12):
        for q in range(QUBITS):
            bound.rx(0.1 + q, q).cz(q, (q + 5) % QUBITS)
            free.rx(parameters[q], q).cz(q, (q + 3 + layer) % QUBITS)
    bound.unitary(unitary_group.rvs(1 << 6, random_state=1), range(6))
    rng = np.random.default_rng(1)
    observable = PauliSum.from_list([("".join(rng.choice(list("IXYZ"), QUBITS)), 1.0) for _ in range(100)])

    simulator.state_vector(bound)
    simulator.variance(bound, observable)
    simulator.overlap(bound, bound.copy())
    simulator.gradient(free, observable, np.linspace(0, 1, QUBITS))
    simulator.probabilities(bound)
    simulator.probabilities(bound, qubits=[3, 1])
    simulator.run(bound.copy().measure_all(), 100_000, seed=1)
    measured = Circuit(QUBITS, QUBITS).extend(bound).measure(0, 0).x(0).measure_all()
    simulator.run(measured, 10, seed=1)
    few = Circuit(10)
    for q in range(10):
        few.h(q)
    simulator.run(few.measure_all(), 200_000, seed=1)

    short, values = Circuit(10), rng.uniform(0, 3, (200, 10))
    for q in range(10):
        short.rx(parameters[q], q).cx(q, (q + 1) % 10)
    simulator.expectation_value(short, PauliSum.from_list([("Z" * 10, 1.0)]), values)
    simulator.gradient(short, PauliSum.from_list([("Z" * 10, 1.0)]), values)

    # Sums over states are shared from eight blocks of 2^14 amplitudes on.
    wide = Circuit(18).h(range(18)).cz(0, 17)
    letters = PauliSum.from_list([("".join(rng.choice(list("IXYZ"), 18)), 1.0) for _ in range(20)])
    simulator.overlap(wide, wide.copy().x(3))
    simulator.expectation_value(wide, letters)
    simulator.variance(wide, letters)
    weighted = Circuit(20).x(range(10))
    for q in range(19):
        weighted.xx_plus_yy(parameters[0], 0.1, q, q + 1).rz(0.2, q)
    SectorSimulator(10, num_threads=2).state_vector(weighted, [0.3])

    given = [ExcitationRotation(x, LinearAngle.parameter(0)) for x in single_and_double_excitations(9, (4, 4))]
    program = FermionProgram(9, (4, 4), given)
    FermionSimulator(2).gradient(program, ElectronicHamiltonian(np.eye(9)), [0.1])

    noisy = Circuit(10)
    for q in range(10):
        noisy.ry(0.1 + q, q).cx(q, (q + 1) % 10).channel(depolarizing(0.01), q)
    DensityMatrixSimulator(num_threads=2).density_matrix(noisy)
    DensityMatrixSimulator(num_threads=2).density_matrix(Circuit(8).ccx(0, 4, 7), initial_state=np.eye(256) / 256)
    NearCliffordSimulator(num_threads=2).run(Circuit(2).h(0).t(0).cx(0, 1).h(0).measure_all(), 5_000, seed=1)

    run_strings_of_fermions()

    assert seen == shared_kernels()
