"""Exact distributions of classical bits by density matrices, and random circuits to hold a simulator to them."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict

import numpy as np
from scipy import stats

from qtoolkit import Circuit
from qtoolkit.circuit import (
    Barrier,
    Decode,
    Detector,
    Gate,
    IfElse,
    Initialize,
    KrausChannel,
    Measure,
    Observable,
    ReadoutError,
    Reset,
    parity,
)

ZERO, ONE = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
LETTERS = {"I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1, -1])}

Branches = dict[tuple[int, ...], np.ndarray]
"""Unnormalised density matrices by the values of all classical bits, parities of the circuit's annotations last."""


@functools.lru_cache(maxsize=10_000)
def _places(num_qubits: int, qubits: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    inner = np.zeros(1 << len(qubits), np.int64)
    for k, qubit in enumerate(qubits):
        inner |= (np.arange(inner.size) >> k & 1) << qubit
    mask = sum(1 << qubit for qubit in qubits)
    outer = np.array([j for j in range(1 << num_qubits) if not j & mask])
    return inner, outer


def embed(matrix: np.ndarray, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """A matrix on some qubits, the first one lowest, as one on all."""
    inner, outer = _places(num_qubits, qubits)
    result = np.zeros((1 << num_qubits,) * 2, complex)
    for start in outer:
        result[np.ix_(inner + start, inner + start)] = matrix
    return result


def _apply(branches: Branches, circuit: Circuit, num_qubits: int, seen: list[int]) -> Branches:
    for operation in circuit.operations:
        gate, qubits, clbits = operation.gate, operation.qubits, operation.clbits
        after: Branches = defaultdict(lambda: np.zeros((1 << num_qubits,) * 2, complex))
        if isinstance(gate, Barrier):
            continue
        if isinstance(gate, IfElse):
            chosen: list[Branches] = [{}, {}]
            for bits, rho in branches.items():
                chosen[0 if gate.condition.holds(bits) else 1][bits] = rho
            for body, part in zip((gate.body, gate.else_body), chosen, strict=True):
                for bits, rho in (part if body is None else _apply(part, body, num_qubits, seen)).items():
                    after[bits] = after[bits] + rho
        elif isinstance(gate, Detector | Observable):
            for bits, rho in branches.items():
                place = gate.index + seen[1] if isinstance(gate, Observable) else seen[0]
                changed = list(bits)
                changed[place] ^= sum(bits[c] for c in clbits) & 1
                after[tuple(changed)] = after[tuple(changed)] + rho
            seen[0] += isinstance(gate, Detector)
        else:
            for bits, rho in branches.items():
                for new, matrices, weight in _outcomes(gate, clbits, bits):
                    for matrix in matrices:
                        full = embed(matrix, qubits, num_qubits)
                        after[new] = after[new] + weight * full @ rho @ full.conj().T
        branches = dict(after)
    return branches


def _outcomes(gate: object, clbits: tuple[int, ...], bits: tuple[int, ...]):
    """New bits, matrices that act, and a probability."""
    if isinstance(gate, Gate):
        yield bits, [gate.matrix()], 1.0
    elif isinstance(gate, KrausChannel):
        yield bits, list(gate.operators), 1.0
    elif isinstance(gate, Measure):
        for value, projector in enumerate((ZERO, ONE)):
            yield _with(bits, clbits, (value,)), [projector], 1.0
    elif isinstance(gate, Reset):
        yield bits, [ZERO, np.array([[0, 1], [0, 0]])], 1.0
    elif isinstance(gate, ReadoutError):
        true = sum(bits[c] << k for k, c in enumerate(clbits))
        for read, weight in enumerate(gate.confusion[true]):
            if weight:
                yield _with(bits, clbits, [read >> k & 1 for k in range(len(clbits))]), [np.eye(1)], weight
    elif isinstance(gate, Initialize):
        zero = np.eye(1 << gate.num_qubits)
        yield bits, [np.outer(gate.state_vector, row) for row in zero], 1.0
    elif isinstance(gate, Decode):
        found = gate(np.array([[bits[c] for c in clbits[: gate.num_in]]], bool))[0]
        yield _with(bits, clbits[gate.num_in :], found), [np.eye(1)], 1.0
    else:
        raise AssertionError(gate)


def _with(bits, clbits, values) -> tuple[int, ...]:
    changed = list(bits)
    for clbit, value in zip(clbits, values, strict=True):
        changed[clbit] = int(value)
    return tuple(changed)


def distribution(circuit: Circuit) -> dict[tuple[int, ...], float]:
    """Probabilities of the classical bits, followed by detectors and observables."""
    n, first = circuit.num_qubits, circuit.num_clbits
    rho = np.zeros((1 << n,) * 2, complex)
    rho[0, 0] = 1.0
    bits = (0,) * (first + circuit.num_detectors + circuit.num_observables)
    found = _apply({bits: rho}, circuit, n, [first, first + circuit.num_detectors])
    return {key: float(np.trace(value).real) for key, value in found.items() if np.trace(value).real > 1e-13}


def marginal(weights: dict[tuple[int, ...], float], places: slice) -> dict[tuple[int, ...], float]:
    """Probabilities of some of the bits."""
    result: dict[tuple[int, ...], float] = defaultdict(float)
    for key, weight in weights.items():
        result[key[places]] += weight
    return dict(result)


def chi_square(rows: np.ndarray, weights: dict[tuple[int, ...], float]) -> float:
    """The probability of a fit as bad as that of rows of bits to a distribution; 0 if something impossible came."""
    keys, frequencies = np.unique(np.asarray(rows, np.uint8), axis=0, return_counts=True)
    counts = {tuple(int(b) for b in key): int(f) for key, f in zip(keys, frequencies, strict=True)}
    if set(counts) - set(weights):
        return 0.0
    shots = len(rows)
    expected = np.array([shots * weight for weight in weights.values()])
    observed = np.array([counts.get(key, 0) for key in weights], float)
    rare = expected < 5
    if rare.any():
        expected = np.append(expected[~rare], expected[rare].sum())
        observed = np.append(observed[~rare], observed[rare].sum())
    if len(expected) < 2:
        return 1.0
    statistic = float(((observed - expected) ** 2 / np.maximum(expected, 1e-300)).sum())
    return float(stats.chi2.sf(statistic, len(expected) - 1))


CLIFFORD_1 = ("h", "s", "sdg", "x", "y", "z", "sx")
CLIFFORD_2 = ("cx", "cz", "cy", "swap", "iswap", "ecr")


def random_circuit(
    seed: int,
    num_qubits: int = 4,
    num_clbits: int = 4,
    length: int = 24,
    magic: float = 0.15,
    noise: bool = True,
    feedback: bool = True,
) -> Circuit:
    """A circuit of Clifford gates, some rotations, measurements, resets, noise and feedback, with detectors."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits, num_clbits)
    for _ in range(length):
        _random_operation(circuit, rng, magic, noise, feedback)
    circuit.measure(range(num_qubits), rng.permutation(num_clbits)[:num_qubits].tolist())
    for _ in range(2):
        count = int(rng.integers(1, num_clbits + 1))
        circuit.detector(rng.permutation(num_clbits)[:count].tolist())
    circuit.observable([0], 0)
    return circuit


def _random_operation(circuit: Circuit, rng: np.random.Generator, magic: float, noise: bool, feedback: bool) -> None:
    qubits = [int(q) for q in rng.permutation(circuit.num_qubits)]
    clbits = [int(c) for c in rng.permutation(circuit.num_clbits)]
    kind = rng.random()
    if kind < magic:
        _random_rotation(circuit, rng, qubits)
    elif kind < 0.45:
        getattr(circuit, str(rng.choice(CLIFFORD_1)))(qubits[0])
    elif kind < 0.72:
        getattr(circuit, str(rng.choice(CLIFFORD_2)))(qubits[0], qubits[1])
    elif kind < 0.8:
        circuit.measure(qubits[0], clbits[0])
    elif kind < 0.84:
        circuit.reset(qubits[0])
    elif kind < 0.92 and noise:
        _random_noise(circuit, rng, qubits, clbits)
    elif feedback:
        _random_feedback(circuit, rng, clbits, magic, noise)


def _random_rotation(circuit: Circuit, rng: np.random.Generator, qubits: list[int]) -> None:
    angle = float(rng.uniform(-3, 3))
    choice = int(rng.integers(9))
    if choice == 0:
        circuit.t(qubits[0])
    elif choice == 1:
        circuit.rx(angle, qubits[0])
    elif choice == 2:
        circuit.ry(angle, qubits[0])
    elif choice == 3:
        circuit.rzz(angle, qubits[0], qubits[1])
    elif choice == 4:
        circuit.ccx(*qubits[:3])
    elif choice == 5:
        circuit.pauli_rotation("".join(rng.choice(list("IXYZ"), 3)), angle, qubits[:3])
    elif choice == 6:
        circuit.u(angle, angle / 2, 1.0, qubits[0])
    elif choice == 7:
        circuit.unitary(stats.unitary_group.rvs(4, random_state=rng), qubits[:2])
    else:
        circuit.ch(qubits[0], qubits[1])


def random_channel(rng: np.random.Generator, num_qubits: int, num_operators: int) -> KrausChannel:
    """Slices of a random isometry."""
    side = 1 << num_qubits
    isometry = stats.unitary_group.rvs(side * num_operators, random_state=rng)[:, :side]
    return KrausChannel(isometry.reshape(num_operators, side, side))


def pauli_channel(probabilities: dict[str, float]) -> KrausChannel:
    """Pauli operators at random."""
    operators = []
    for label, probability in probabilities.items():
        matrix = functools.reduce(np.kron, [LETTERS[letter] for letter in label])
        operators.append(np.sqrt(probability) * matrix)
    return KrausChannel(operators)


def damping(gamma: float) -> KrausChannel:
    """Amplitude damping."""
    return KrausChannel([np.diag([1, np.sqrt(1 - gamma)]), np.array([[0, np.sqrt(gamma)], [0, 0]])])


def _random_noise(circuit: Circuit, rng: np.random.Generator, qubits: list[int], clbits: list[int]) -> None:
    choice = int(rng.integers(7))
    if choice == 0:
        labels = ["".join(label) for label in itertools.product("IXYZ", repeat=2)]
        circuit.channel(pauli_channel(dict(zip(labels, rng.dirichlet(np.ones(16)), strict=True))), qubits[:2])
    elif choice == 1:
        p = float(rng.uniform(0.02, 0.4))
        circuit.channel(pauli_channel({"I": 1 - p, "X": p / 2, "Z": p / 2}), qubits[0])
    elif choice == 2:
        circuit.channel(damping(float(rng.uniform(0.1, 0.9))), qubits[0])
    elif choice == 3:
        circuit.channel(random_channel(rng, 1, 3), qubits[0])
    elif choice == 4:
        circuit.channel(random_channel(rng, 2, 2), qubits[:2])
    elif choice == 5:
        circuit.readout_error(ReadoutError(rng.dirichlet(np.ones(4), 4)), clbits[:2])
    else:
        p = float(rng.uniform(0.05, 0.3))
        circuit.readout_error(ReadoutError([[1 - p, p], [p, 1 - p]]), clbits[0])


def majority(bits: np.ndarray) -> np.ndarray:
    """A decoder: whether more than half of the bits are 1, and whether all are."""
    return np.stack([bits.sum(axis=1) * 2 > bits.shape[1], bits.all(axis=1)], axis=1)


def _random_feedback(circuit: Circuit, rng: np.random.Generator, clbits: list[int], magic: float, noise: bool) -> None:
    def body(inner: Circuit) -> None:
        for _ in range(int(rng.integers(1, 4))):
            _random_operation(inner, rng, magic, noise, feedback=bool(rng.random() < 0.3))

    choice = int(rng.integers(6))
    if choice == 0:
        circuit.if_(parity(clbits[:2]) == int(rng.integers(2)), body)
    elif choice == 1:
        circuit.if_(circuit.clbit(clbits[0]) == 0, body, body)
    elif choice == 2:
        circuit.if_(circuit.clbit_registers[0] == int(rng.integers(1 << circuit.num_clbits)), body)
    elif choice == 3:
        qubit = int(rng.integers(circuit.num_qubits))
        circuit.if_(parity(clbits[:3]) == 1, lambda inner: inner.y(qubit))
    elif choice == 4:
        qubit = int(rng.integers(circuit.num_qubits))
        circuit.if_(clbits[0], lambda inner: inner.s(qubit).h(qubit))
    else:
        circuit.decode(majority, clbits[:2], clbits[2:4])
