"""Ctrl-C is answered within a second or so by whatever runs, and leaves simulators and their threads as good as new.

The bounds are generous; without them, each of these calls takes longer than its bound on a few cores. Every run is
interrupted where a kernel is at work, or where Python is between two short ones.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import unitary_group

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import VQE
from qtoolkit.applications.chemistry import single_and_double_excitations
from qtoolkit.backends import JobStatus, LocalBackend
from qtoolkit.circuit import UnitaryGate
from qtoolkit.errors import JobError
from qtoolkit.simulators import NearCliffordSimulator, SectorSimulator
from qtoolkit.simulators.fermion import ExcitationRotation, FermionProgram, FermionSimulator, LinearAngle
from qtoolkit_kernels import team

ANSWERED_WITHIN = 5.0
"""Seconds, on a machine that has other things to do; on an idle one it is a tenth of a second."""

THREADS = pytest.mark.parametrize("num_threads", [1, None])


def layers(num_qubits: int, count: int, parameters: ParameterVector | None = None) -> Circuit:
    """Rotations of every qubit and a ring of CX, some times."""
    circuit = Circuit(num_qubits)
    for layer in range(count):
        for q in range(num_qubits):
            circuit.rx(0.1 + layer + q if parameters is None else parameters[q], q)
        for q in range(num_qubits):
            circuit.cx(q, (q + 7) % num_qubits)
    return circuit


def strings(num_qubits: int, count: int) -> PauliSum:
    rng = np.random.default_rng(1)
    return PauliSum.from_list([("".join(rng.choice(list("IXYZ"), num_qubits)), 1.0) for _ in range(count)])


def state_vector(num_threads) -> Callable[[], object]:
    simulator = StatevectorSimulator(num_threads=num_threads)
    plan = simulator.compile(layers(23, 150))
    return lambda: simulator.state_vector(plan)


def shots(num_threads) -> Callable[[], object]:
    simulator = StatevectorSimulator(num_threads=num_threads)
    plan = simulator.compile(layers(23, 150).measure_all())
    return lambda: simulator.run(plan, 1000, seed=1)


def walk(num_threads) -> Callable[[], object]:
    simulator = StatevectorSimulator(num_threads=num_threads)
    circuit = Circuit(18, 12)
    for bit in range(12):
        circuit.extend(layers(18, 2)).measure(bit, bit)
    plan = simulator.compile(circuit)
    return lambda: simulator.run(plan, 1_000_000, seed=1)


def gradient(num_threads) -> Callable[[], object]:
    simulator, parameters = StatevectorSimulator(num_threads=num_threads), ParameterVector("a", 22)
    plan = simulator.compile(layers(22, 100, parameters))
    observable = PauliSum.from_list([("Z" * 22, 1.0)])
    return lambda: simulator.gradient(plan, observable, np.linspace(0, 1, 22))


def batch(num_threads) -> Callable[[], object]:
    simulator, parameters = StatevectorSimulator(num_threads=num_threads), ParameterVector("a", 12)
    plan = simulator.compile(layers(12, 100, parameters))
    observable, values = PauliSum.from_list([("Z" * 12, 1.0)]), np.random.default_rng(1).uniform(0, 3, (50_000, 12))
    return lambda: simulator.expectation_value(plan, observable, values)


def expectation_value(num_threads) -> Callable[[], object]:
    simulator, observable = StatevectorSimulator(num_threads=num_threads), strings(21, 20_000)
    plan = simulator.compile(layers(21, 1))
    return lambda: simulator.expectation_value(plan, observable)


def variance(num_threads) -> Callable[[], object]:
    simulator, observable = StatevectorSimulator(num_threads=num_threads), strings(21, 10_000)
    plan = simulator.compile(layers(21, 1))
    return lambda: simulator.variance(plan, observable)


def wide_gate(num_threads) -> Callable[[], object]:
    simulator = StatevectorSimulator(num_threads=num_threads)
    matrix = UnitaryGate(unitary_group.rvs(1 << 9, random_state=1))
    circuit = Circuit(21)
    for _ in range(30):
        circuit.append(matrix, range(9))
    plan = simulator.compile(circuit)
    return lambda: simulator.state_vector(plan)


def sector(num_threads) -> Callable[[], object]:
    simulator = SectorSimulator(11, num_threads=num_threads)
    circuit = Circuit(22).x(range(11))
    for layer in range(100):
        for q in range(21):
            circuit.xx_plus_yy(0.3 + layer, 0.0, q, q + 1)
    plan = simulator.compile(circuit)
    return lambda: simulator.state_vector(plan)


def excitations(num_threads) -> Callable[[], object]:
    simulator = FermionSimulator(num_threads)
    given = [ExcitationRotation(x, LinearAngle(constant=0.1)) for x in single_and_double_excitations(14, (7, 7))]
    program = FermionProgram(14, (7, 7), given * 20)
    simulator._kept.of(program)
    return lambda: simulator.state(program)


def near_clifford(num_threads) -> Callable[[], object]:
    simulator = NearCliffordSimulator(num_threads)
    circuit = layers(16, 1)
    for a in range(16):
        for b in range(a):
            circuit.rzz(0.3, a, b)
    plan = simulator.compile(circuit.extend(layers(16, 1)).measure_all())
    simulator.run(plan, 1)
    return lambda: simulator.run(plan, 100_000, seed=1)


def samples(num_threads) -> Callable[[], object]:
    simulator = StatevectorSimulator(num_threads=num_threads)
    plan = simulator.compile(layers(16, 1).measure_all())

    def work() -> None:
        for seed in range(100):
            simulator.run(plan, 2_000_000, seed=seed)

    return work


def optimiser(num_threads) -> Callable[[], object]:
    simulator, parameters = StatevectorSimulator(num_threads=num_threads), ParameterVector("a", 18)
    hamiltonian = PauliSum.from_list([("Z" * 18, 1.0)])
    algorithm = VQE(layers(18, 4, parameters), hamiltonian, estimator=simulator)
    return lambda: [algorithm.run(np.linspace(0, 1, 18)) for _ in range(100)]


def job(num_threads) -> Callable[[], object]:
    backend, circuit = LocalBackend(num_threads=num_threads), layers(23, 150).measure_all()
    return lambda: backend.run([circuit] * 12, 100, seed=1).result()


KINDS = [
    state_vector, shots, walk, gradient, batch, expectation_value, variance, wide_gate, sector, excitations,
    near_clifford, samples, optimiser, job,
]  # fmt: skip


@pytest.fixture
def interrupt_a_kernel(monkeypatch):
    """Send one interrupt, some time after the first kernel was entered; returns when that was."""
    entered, over, sent = threading.Event(), threading.Event(), []
    enter, run = team._Call._try, team.Team.run

    def enter_and_tell(self, kernel, thread) -> None:
        if thread == 0:  # others may come late, from a call before
            entered.set()
        enter(self, kernel, thread)

    def run_and_tell(self, *arguments, **options) -> None:
        if not options.get("long"):
            entered.set()
        run(self, *arguments, **options)

    def interrupt() -> None:
        entered.wait()
        if not over.wait(0.5):
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(team._Call, "_try", enter_and_tell)
    monkeypatch.setattr(team.Team, "run", run_and_tell)
    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    yield sent
    over.set()
    entered.set()
    thread.join()


def endlessly(work: Callable[[], object]) -> None:
    while True:
        work()


def check_that_all_is_well() -> None:
    """Small and large states are right, on one thread and on several, and none is left inside a kernel."""
    circuit = layers(16, 2)
    alone = StatevectorSimulator(num_threads=1).state_vector(circuit)
    assert np.linalg.norm(alone) == pytest.approx(1.0)
    assert np.array_equal(StatevectorSimulator().state_vector(circuit), alone)
    for helpers in (team._stand_in, StatevectorSimulator()._engine.team._helpers):
        # Who was told to leave does so at its processor's next turn.
        end = time.monotonic() + ANSWERED_WITHIN
        while helpers.user and time.monotonic() < end:
            time.sleep(0.01)
        assert helpers.user == {}


@pytest.mark.slow
@THREADS
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_interrupt_is_answered_soon(kind, num_threads, interrupt_a_kernel) -> None:
    work = kind(num_threads)
    with pytest.raises(KeyboardInterrupt):
        work()
    waited = time.monotonic() - interrupt_a_kernel[0]
    assert waited < ANSWERED_WITHIN
    check_that_all_is_well()


@pytest.mark.slow
def test_an_interrupted_run_gives_the_same_afterwards() -> None:
    simulator, circuit = StatevectorSimulator(), layers(21, 20)
    expected = simulator.state_vector(circuit)
    for delay in (0.01, 0.03, 0.1, 0.2):
        timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            endlessly(lambda: simulator.state_vector(circuit))
        assert np.array_equal(simulator.state_vector(circuit), expected)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that send signals")
def test_a_handler_may_simulate_while_a_long_run_waits() -> None:
    simulator, short, long = StatevectorSimulator(), layers(17, 2), layers(21, 30)
    expected = simulator.state_vector(short), simulator.state_vector(long)
    found: list[np.ndarray] = []

    def simulate(number, frame) -> None:
        found.append(simulator.state_vector(short))
        signal.setitimer(signal.ITIMER_REAL, 0.02)  # not before, or handlers would pile up on a slow machine

    before = signal.signal(signal.SIGALRM, simulate)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        state = simulator.state_vector(long)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert np.array_equal(state, expected[1])
    assert found
    assert all(np.array_equal(item, expected[0]) for item in found)


@pytest.mark.slow
def test_who_is_interrupted_while_waiting_for_a_job_cancels_it(interrupt_a_kernel) -> None:
    backend = LocalBackend()
    waiting = backend.run([layers(23, 150).measure_all()] * 12, 100, seed=1)
    with pytest.raises(KeyboardInterrupt):
        waiting.result()
    assert backend.run(Circuit(1).x(0).measure_all(), 10).result(timeout=60).counts == {"1": 10}
    assert waiting.status() is JobStatus.CANCELLED
    with pytest.raises(JobError, match="was cancelled; run the circuit again"):
        waiting.result()
