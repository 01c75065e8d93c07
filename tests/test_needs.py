"""What every kind of work declares to need, against the peak that it is measured to fill."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from fermion_models import random_hamiltonian
from memory_peaks import measured_peak, needs_proc

from qtoolkit import AutomaticSimulator, Circuit, Parameter, StatevectorSimulator, _memory, _needs
from qtoolkit._packed_bits import bitstrings, count, pack, unpack
from qtoolkit.algorithms import QAOA, Schedule, dicke_state
from qtoolkit.applications.chemistry import single_and_double_excitations
from qtoolkit.circuit import (
    CompleteXYGate,
    DiagonalGate,
    Initialize,
    PauliRotationGate,
    PermutationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.noise import depolarizing
from qtoolkit.operators import PauliSum, jordan_wigner
from qtoolkit.simulators import DensityMatrixSimulator, NearCliffordSimulator, SectorSimulator
from qtoolkit.simulators.fermion import ExcitationRotation, FermionProgram, FermionSector, FermionSimulator, LinearAngle
from qtoolkit.simulators.fermion.excitation_tables import tables_of

N = 22
MIB = 1 << 20
SLACK = 20 * MIB
"""What compiled code and working memory may take beside, and what the allocator keeps."""

DOUBLE, SINGLE = StatevectorSimulator(num_threads=1), StatevectorSimulator("single", num_threads=1)

RNG = np.random.default_rng(4)


def layers(num_qubits: int, parameters: bool = False) -> Circuit:
    circuit = Circuit(num_qubits, num_qubits)
    for q in range(num_qubits):
        circuit.h(q).ry(0.1 * q + 0.2, q)
    for q in range(num_qubits - 1):
        circuit.cx(q, q + 1)
    for q in range(num_qubits):
        circuit.rx(Parameter(f"a{q}") if parameters else 0.3 * q, q)
    return circuit


def strings(num_qubits: int, letters: str) -> PauliSum:
    return PauliSum.from_list(
        [("I" * k + letters + "I" * (num_qubits - k - 2), 1.0 + k) for k in range(num_qubits - 1)]
    )


def basis_state(num_qubits: int) -> np.ndarray:
    state = np.zeros(1 << num_qubits, complex)
    state[5] = 1.0
    return state


Z, X = strings(N, "ZZ"), strings(N, "XZ")
MEASURED = layers(N).measure_all()
SLOPE = layers(N, parameters=True)
ROWS = RNG.uniform(-1, 1, (3, N))
START, ENERGIES = basis_state(N), np.arange(float(1 << N))
BRANCHING = layers(20)
for _qubit in range(4):
    BRANCHING.measure(_qubit, _qubit).h(_qubit)

CASES: dict[str, Callable[[], Callable[[], object]]] = {}


def on_plans(name: str, circuit: Callable[[], Circuit], call: Callable[..., object], *simulators) -> None:
    for simulator in simulators or (DOUBLE, SINGLE):

        def make(simulator=simulator):
            plan = simulator.compile(circuit())
            return lambda: call(simulator, plan)

        CASES[f"{name}, {simulator.precision}"] = make


on_plans("state vector", lambda: layers(N), lambda s, p: s.state_vector(p))
on_plans("given state", lambda: layers(N), lambda s, p: s.state_vector(p, None, START), DOUBLE)
on_plans("trajectory", lambda: layers(N).measure(0, 0).h(0), lambda s, p: s.trajectory(p, seed=1))
on_plans("initialize", lambda: Circuit(N).initialize(basis_state(N)).h(3), lambda s, p: s.state_vector(p))
on_plans(
    "initialize two",
    lambda: layers(N).reset([3, 9]).initialize([0.6, 0, 0, 0.8j], [3, 9]),
    lambda s, p: s.trajectory(p, seed=1),
)
on_plans("run", lambda: MEASURED, lambda s, p: s.run(p, 100, seed=1))
on_plans("run many", lambda: MEASURED, lambda s, p: s.run(p, 6 << 20, seed=1))
on_plans("run many branches", lambda: BRANCHING, lambda s, p: s.run(p, 6 << 20, seed=1), DOUBLE)
on_plans("probabilities", lambda: layers(N), lambda s, p: s.probabilities(p))
on_plans("low marginal", lambda: layers(N), lambda s, p: s.probabilities(p, range(N - 1)))
on_plans("high marginal", lambda: layers(N), lambda s, p: s.probabilities(p, range(2, N)))
on_plans("expectation value", lambda: layers(N), lambda s, p: s.expectation_value(p, X))
on_plans("several", lambda: layers(N), lambda s, p: s.expectation_value(p, [X, Z, X]))
on_plans("diagonal", lambda: layers(N), lambda s, p: s.expectation_value(p, ENERGIES))
on_plans("variance", lambda: layers(N), lambda s, p: s.variance(p, X))
on_plans("overlap", lambda: layers(N), lambda s, p: s.overlap(p, p))
on_plans("gradient", lambda: SLOPE, lambda s, p: s.gradient(p, X, np.ones(N)))
on_plans("gradients", lambda: SLOPE, lambda s, p: s.gradient(p, [X, Z], np.ones(N)))
on_plans("gradient of a diagonal", lambda: SLOPE, lambda s, p: s.gradient(p, ENERGIES, np.ones(N)))
on_plans("states", lambda: SLOPE, lambda s, p: s.state_vector(p, ROWS))
on_plans("values", lambda: SLOPE, lambda s, p: s.expectation_value(p, X, ROWS))
on_plans("distributions", lambda: SLOPE, lambda s, p: s.probabilities(p, parameters=ROWS))
on_plans("small states", lambda: layers(12, True), lambda s, p: s.state_vector(p, np.ones((2000, 12))), DOUBLE)
on_plans(
    "small distributions", lambda: layers(12, True), lambda s, p: s.probabilities(p, None, np.ones((4000, 12))), DOUBLE
)
on_plans(
    "small marginals", lambda: layers(12, True), lambda s, p: s.probabilities(p, [0, 5], np.ones((3000, 12))), DOUBLE
)
on_plans(
    "wide permutation",
    lambda: layers(N).permutation(np.roll(np.arange(1 << N), 5), range(N)),
    lambda s, p: s.state_vector(p),
)
on_plans(
    "wide diagonal",
    lambda: layers(N).diagonal(np.exp(1j * np.arange(1 << N)), range(N)),
    lambda s, p: s.state_vector(p),
)
on_plans(
    "wide matrix",
    lambda: layers(N).unitary(np.linalg.qr(RNG.normal(size=(256, 256)))[0], range(2, 18, 2)),
    lambda s, p: s.state_vector(p),
)


def near_clifford(call: Callable[..., object], *circuits: Circuit) -> Callable[[], object]:
    simulator = NearCliffordSimulator(1)
    plan = simulator.compile(circuits[0])
    call(simulator, plan, 1)
    return lambda: call(simulator, plan, 1 << 20)


def dense_pairs(num_qubits: int) -> Circuit:
    circuit = Circuit(num_qubits, 2)
    for letter in "xzx":
        for a in range(num_qubits):
            getattr(circuit, f"r{letter}")(0.3, a)
            for b in range(a):
                circuit.rzz(0.2, a, b)
    return circuit.measure([0, 1], [0, 1])


CASES["near-Clifford bits"] = lambda: near_clifford(
    lambda s, p, shots: s.run(p, shots, seed=1), Circuit(200).h(3).t(3).h(3).measure_all()
)
CASES["near-Clifford detectors"] = lambda: near_clifford(
    lambda s, p, shots: s.sample_detectors(p, shots, seed=1), Circuit(1, 1).h(0).measure(0, 0).detector([0])
)
CASES["near-Clifford amplitudes"] = lambda: near_clifford(lambda s, p, _shots: s.run(p, 1, seed=1), dense_pairs(18))
CASES["near-Clifford decoders"] = lambda: near_clifford(
    lambda s, p, shots: s.run(p, max(shots >> 4, 1), seed=1),
    Circuit(8, 3).rx(0.3, 0).measure(0, 0).decode(np.invert, [0], [1]).extend(dense_pairs(8)),
)


def stabilizer(call: Callable[..., object], circuit: Circuit) -> Callable[[], object]:
    pytest.importorskip("stim")
    simulator = AutomaticSimulator("stabilizer", num_threads=1)
    call(simulator, circuit, 1 << 10)
    return lambda: call(simulator, circuit, 1 << 20)


def measured_rounds(num_rounds: int) -> Circuit:
    circuit = Circuit(16, 16 * num_rounds)
    for k in range(num_rounds):
        circuit.h(range(16)).measure(range(16), range(16 * k, 16 * k + 16))
        circuit.detector([16 * k]).detector([16 * k + 1]).detector([16 * k + 3])
    return circuit


CASES["Stim's bits"] = lambda: stabilizer(lambda s, c, shots: s.run(c, shots, seed=1), measured_rounds(40))
CASES["Stim's bits, in another order"] = lambda: stabilizer(
    lambda s, c, shots: s.run(c, shots, seed=1), Circuit(200, 200).h(3).measure(range(200), range(199, -1, -1))
)
CASES["Stim's detectors"] = lambda: stabilizer(
    lambda s, c, shots: s.sample_detectors(c, shots, seed=1), measured_rounds(40)
)


@pytest.fixture
def declared(monkeypatch) -> dict[str, int]:
    """The largest need that was declared, while memory is free to any extent."""
    found = {"largest": 0}
    monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))
    monkeypatch.setattr(_memory, "LARGE", MIB)
    monkeypatch.setattr(_memory, "free_bytes", lambda: 1 << 50)
    original = _memory._Account.add

    def add(account, nbytes, what, remedy):
        original(account, nbytes, what, remedy)
        found["largest"] = max(found["largest"], _memory._held.nbytes)

    monkeypatch.setattr(_memory._Account, "add", add)
    return found


SECTOR_QUBITS, WEIGHT = 26, 9
ONES = np.ones(math.comb(SECTOR_QUBITS, WEIGHT))


def exchanges(parameter: bool = False, measured: bool = False, phases: bool = False) -> Circuit:
    circuit = Circuit(SECTOR_QUBITS, SECTOR_QUBITS)
    for q in range(WEIGHT):
        circuit.x(q)
    for q in range(SECTOR_QUBITS - 1):
        for name in ("rxx", "ryy"):
            circuit.append(StandardGate(name, (Parameter("a") if parameter else 0.3,)), [q, q + 1])
        if phases:
            circuit.rz(0.1 * q, q)
    return circuit.measure_all() if measured else circuit


HOPPING = PauliSum.from_list(
    [("I" * k + pair + "I" * (SECTOR_QUBITS - 2 - k), 0.3) for k in range(2) for pair in ("XX", "YY", "ZZ")]
)


def filled(result: tuple[object, np.ndarray]) -> object:
    """A result whose vectors all have memory behind them: zeros that nobody has written have none."""
    result[1][:] += 1.0
    return result


def in_sector(name: str, circuit: Callable[[], Circuit], call: Callable[..., object], *precisions: str) -> None:
    for precision in precisions or ("double",):

        def make(precision=precision):
            simulator = SectorSimulator(WEIGHT, precision, 1)
            simulator.basis(SECTOR_QUBITS)
            return lambda: call(simulator, simulator.compile(circuit()))

        CASES[f"sector {name}, {precision}"] = make


def all_pairs(num_qubits: int) -> Circuit:
    circuit = Circuit(SECTOR_QUBITS).x(range(WEIGHT))
    return circuit.append(CompleteXYGate(num_qubits, 0.3), range(num_qubits))


in_sector("plan of all pairs", lambda: all_pairs(SECTOR_QUBITS), lambda s, p: p)
in_sector("plan of some pairs", lambda: all_pairs(SECTOR_QUBITS - 7), lambda s, p: p)
in_sector("plan", lambda: exchanges(phases=True), lambda s, p: p)
in_sector("state", exchanges, lambda s, p: s.state_vector(p), "double", "single")
in_sector("distribution", exchanges, lambda s, p: s.probabilities(p))
in_sector("marginal", exchanges, lambda s, p: s.probabilities(p, range(20)))
in_sector("run", lambda: exchanges(measured=True), lambda s, p: s.run(p, 4 << 20, seed=1))
in_sector("value", exchanges, lambda s, p: s.expectation_value(p, HOPPING), "double", "single")
in_sector("gradient", lambda: exchanges(True), lambda s, p: s.gradient(p, HOPPING, [0.3]), "double", "single")
in_sector("embedded", exchanges, lambda s, p: filled((s, s.embed(ONES, SECTOR_QUBITS))))
CASES["sector basis"] = lambda: lambda: SectorSimulator(WEIGHT).basis(SECTOR_QUBITS)


def excitations(norb: int, nelec: tuple[int, int], stride: int) -> FermionProgram:
    given = single_and_double_excitations(norb, nelec)[::stride]
    return FermionProgram(norb, nelec, [ExcitationRotation(x, LinearAngle(constant=0.1)) for x in given])


def fermions(*arguments: Any) -> Callable[[], object]:
    simulator, program = FermionSimulator(1), excitations(*arguments)
    return lambda: filled((simulator, simulator.state(program)))


CASES["fermions"] = lambda: fermions(14, (7, 7), 1000)
CASES["lists of excitations"] = lambda: (
    lambda: tables_of(FermionSector(20, (10, 0)), excitations(20, (10, 0), 12).operations)
)


def noisy(num_qubits: int) -> Circuit:
    circuit = Circuit(num_qubits, num_qubits)
    for q in range(num_qubits):
        circuit.h(q).ry(0.1 * q + 0.2, q).append(depolarizing(0.01), [q])
    for q in range(num_qubits - 1):
        circuit.cx(q, q + 1).append(depolarizing(0.02, 2), [q, q + 1]).ry(0.3, q)
    return circuit


WIDE = depolarizing(0.1, 2).tensor(depolarizing(0.2))


def densities(name: str, circuit: Circuit, call: Callable[..., object], *precisions: str) -> None:
    for precision in precisions or ("double", "single"):
        simulator = DensityMatrixSimulator(precision, 1)
        CASES[f"density {name}, {precision}"] = lambda s=simulator: partial(call, s, s.compile(circuit))


densities("value", noisy(12), lambda s, p: s.expectation_value(p, strings(12, "XX")))
densities("matrix", noisy(11), lambda s, p: s.density_matrix(p))
densities("run", noisy(11).measure_all(), lambda s, p: s.run(p, 3 << 20, seed=1), "double")
densities("wide gate", noisy(11).ccx(0, 1, 2), lambda s, p: s.expectation_value(p, strings(11, "XX")))
densities(
    "feedback", noisy(11).measure(0, 0).if_(0, lambda body: body.x(1)), lambda s, p: s.probabilities(p, 1), "double"
)
densities("wide channel", noisy(11).append(WIDE, [1, 5, 9]), lambda s, p: s.probabilities(p, 1), "double")
CASES["noisy shots"] = lambda: lambda: DOUBLE.run(noisy(9).measure_all(), 1 << 19, seed=1)


MATRIX = strings(11, "XX") + strings(11, "ZZ")
FIELD = PauliSum.from_list([("I" * k + "X" + "I" * (15 - k), 2.0**-k) for k in range(16)]) + strings(16, "ZZ") / 99
ELECTRONS = random_hamiltonian(31, RNG, False)
ELECTRONS_OF_FEW = random_hamiltonian(20, RNG, False)
LABEL = PauliSum.from_list([("Z" * 22, 1.0), ("I" * 22, 0.25)])
CASES |= {
    "matrix": lambda: MATRIX.to_matrix,
    "sparse matrix": lambda: (strings(18, "XX") + strings(18, "ZZ")).to_sparse,
    "sparse matrix of two": lambda: PauliSum.from_list([("X" * 20, 1.0), ("Z" * 20, 1.0)]).to_sparse,
    "diagonal of a sum": lambda: strings(23, "ZZ").diagonal,
    "sum of a matrix": lambda: partial(PauliSum.from_matrix, MATRIX.to_matrix()[:1024, :1024]),
    "sum of a diagonal": lambda: partial(PauliSum.from_diagonal, RNG.normal(size=1 << 20)),
    "spectrum": lambda: (strings(9, "XX") + strings(9, "ZZ")).eigenvalues,
    "ground state": lambda: lambda: FIELD.ground_state(seed=1),
    "ground state of a diagonal": lambda: lambda: filled(LABEL.ground_state()),
    "image": lambda: lambda: X.apply(START),
    "mapped Hamiltonian": lambda: lambda: jordan_wigner(ELECTRONS),
    "mapped products": lambda: partial(jordan_wigner, ELECTRONS_OF_FEW.to_fermion_operator()),
    "ladder products": lambda: ELECTRONS_OF_FEW.to_fermion_operator,
    "variance of a given state": lambda: lambda: X.variance(START),
}


def qaoa() -> QAOA:
    return QAOA(strings(22, "ZZ"), 1, estimator=DOUBLE)


CASES |= {
    "QAOA": lambda: qaoa,
    "exchange of all pairs": lambda: partial(DOUBLE.state_vector, Circuit(N).append(CompleteXYGate(N, 0.3), range(N))),
    "QAOA's value": lambda: partial(qaoa().value, Schedule.ramp(1)),
    "QAOA's gradient": lambda: partial(qaoa().value_and_gradient, Schedule.ramp(1)),
    "QAOA's run": lambda: partial(qaoa().run, shots=10, seed=1, callback=lambda _: True),
}


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_run_declares_what_it_fills(name, declared):
    call = CASES[name]()
    call()  # compiles kernels
    declared["largest"] = 0
    peak = measured_peak(call)
    assert peak <= declared["largest"] + SLACK
    assert declared["largest"] <= 1.5 * peak + SLACK


WORDS = RNG.integers(0, 1 << 40, (1 << 20, 1), np.uint64)

PIECES: dict[str, tuple[int, Callable[[], object]]] = {
    "matrix of a diagonal": (_needs.dense_matrix(11), lambda: DiagonalGate(np.ones(2048)).matrix()),
    "matrix of a permutation": (_needs.dense_matrix(11), lambda: PermutationGate(range(2048)).matrix()),
    "matrix of a controlled gate": (_needs.dense_matrix(11), lambda: StandardGate("x").controlled(10).matrix()),
    "matrix of a rotation": (_needs.pauli_rotation_matrix(11), PauliRotationGate("X" * 11, 0.3).matrix),
    "matrix of a circuit": (_needs.circuit_matrix(11), Circuit(11).h(range(11)).cx(0, 5).to_matrix),
    "gate of a matrix": (_needs.gate_of_matrix(2048), partial(UnitaryGate, np.eye(2048))),
    "gate of a diagonal": (_needs.gate_of_vector(1 << 22), lambda: DiagonalGate(np.ones(1 << 22, np.int8))),
    "gate of a permutation": (_needs.gate_of_table(1 << 22), lambda: PermutationGate(np.arange(1 << 22, dtype="i4"))),
    "initialize": (_needs.gate_of_state(1 << 22), lambda: Initialize(START)),
    "Dicke state": (_needs.dicke_state(22), lambda: dicke_state(22, 3)),
    "counts": (_needs.counts(len(WORDS), 1) + _needs.bitstrings(len(WORDS), 40), lambda: count(WORDS, 40)),
    "bits by shot": (_needs.bits_by_shot(len(WORDS), 40), lambda: unpack(WORDS, 40)),
    "strings by shot": (_needs.bitstrings(len(WORDS), 40), lambda: bitstrings(WORDS, 40)),
    "packed": (_needs.bits_by_shot(len(WORDS), 8), partial(pack, np.ones((len(WORDS), 64), np.uint8))),
}


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("name", PIECES)
def test_a_piece_is_counted(name):
    needed, call = PIECES[name]
    peaks = [measured_peak(call) for _ in range(4)]
    assert min(peaks) <= needed + SLACK  # what this process does beside it is no part of it
    assert needed <= 1.5 * max(peaks) + SLACK  # what earlier tests have left to Python's allocator is taken first
