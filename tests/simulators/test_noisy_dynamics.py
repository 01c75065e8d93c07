"""Noise between measurements, resets, conditions, misread bits and decoders, against all outcomes at once."""

from collections import defaultdict

import numpy as np
import pytest
import scipy.stats

from qtoolkit import StatevectorSimulator
from qtoolkit.circuit import Circuit, Condition, Decode, IfElse, KrausChannel, ReadoutError, parity
from qtoolkit.noise import NoiseModel, amplitude_damping, depolarizing, over_rotation, pauli_channel

ZERO, ONE = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])
CHANNELS = (
    amplitude_damping(0.4),
    depolarizing(0.3),
    over_rotation("X", 0.7),
    amplitude_damping(0.2, 0.5).tensor(depolarizing(0.1)),
    pauli_channel({"XZ": 0.2, "YY": 0.1}),
    over_rotation("ZX", 1.1),
)


def on_all(operator, qubits, num_qubits):
    """An operator on some qubits, the first of them the lowest bit of its index."""
    tensor = np.eye(1 << num_qubits, dtype=complex).reshape((2,) * num_qubits + (-1,))
    k = len(qubits)
    axes = [num_qubits - 1 - q for q in reversed(qubits)]
    image = np.tensordot(operator.reshape((2,) * (2 * k)), tensor, axes=(range(k, 2 * k), axes))
    return np.moveaxis(image, range(k), axes).reshape(1 << num_qubits, -1)


class Outcomes:
    """Density matrices, not normalised, by the values of the classical bits."""

    def __init__(self, circuit):
        self.num_qubits = circuit.num_qubits
        start = np.zeros((1 << circuit.num_qubits,) * 2, complex)
        start[0, 0] = 1.0
        self.found = self.run(circuit, {(0,) * circuit.num_clbits: start})

    def run(self, circuit, states):
        for operation in circuit:
            after = defaultdict(lambda: 0.0)
            for bits, state in states.items():
                for new, image in self.step(operation, bits, state):
                    after[new] = after[new] + image
            states = dict(after)
        return states

    def through(self, operators, qubits, state):
        wholes = [on_all(np.asarray(operator), qubits, self.num_qubits) for operator in operators]
        return sum(whole @ state @ whole.conj().T for whole in wholes)

    def step(self, operation, bits, state):
        gate, qubits, clbits = operation.gate, operation.qubits, operation.clbits
        read = list(bits)
        if gate.name == "measure":
            for value, projector in enumerate((ZERO, ONE)):
                read[clbits[0]] = value
                yield tuple(read), self.through([projector], qubits, state)
        elif gate.name == "reset":
            yield bits, self.through([ZERO, LOWER], qubits, state)
        elif isinstance(gate, IfElse):
            branch = gate.body if gate.condition.holds(bits) else gate.else_body
            yield from ([(bits, state)] if branch is None else self.run(branch, {bits: state}).items())
        elif isinstance(gate, KrausChannel):
            yield bits, self.through(gate.operators, qubits, state)
        elif isinstance(gate, ReadoutError):
            row = gate.confusion[sum(bits[c] << k for k, c in enumerate(clbits))]
            for value, probability in enumerate(row):
                for k, clbit in enumerate(clbits):
                    read[clbit] = value >> k & 1
                yield tuple(read), probability * state
        elif isinstance(gate, Decode):
            for clbit, value in zip(
                clbits[gate.num_in :], gate(np.array([[bits[c] for c in clbits[: gate.num_in]]], bool))[0], strict=True
            ):
                read[clbit] = int(value)
            yield tuple(read), state
        elif gate.name in ("detector", "observable", "barrier"):
            yield bits, state
        else:
            yield bits, self.through([gate.matrix()], qubits, state)

    def probabilities(self):
        return {bits: np.trace(state).real for bits, state in self.found.items()}


def both(bits):
    return bits[:, :1] & bits[:, 1:] if bits.shape[1] == 2 else ~bits


def random_dynamics(num_qubits, num_clbits, length, rng):
    circuit = Circuit(num_qubits, num_clbits)
    circuit.h(range(num_qubits))
    for _ in range(length):
        pair = rng.permutation(num_qubits)[:2].tolist()
        first, second = rng.permutation(num_clbits)[:2].tolist()
        kind = rng.integers(9)
        if kind < 2:
            channel = CHANNELS[rng.integers(len(CHANNELS))]
            circuit.channel(channel, pair[: channel.num_qubits])
        elif kind == 2:
            circuit.cx(*pair).ry(rng.uniform(-3, 3), pair[0])
        elif kind < 5:
            circuit.measure(pair[0], first)
        elif kind == 5:
            circuit.reset(pair[0])
        elif kind == 6:
            width = int(rng.integers(1, 3))
            circuit.readout_error(ReadoutError(rng.dirichlet(np.ones(1 << width), 1 << width)), [first, second][:width])
        elif kind == 7:
            condition = parity([first, second]) == 1 if rng.random() < 0.7 else Condition((first, second), 2)
            channel = CHANNELS[rng.integers(3)]
            circuit.if_(
                condition,
                lambda body, q=pair, channel=channel, c=first: body.x(q[0]).channel(channel, q[0]).measure(q[1], c),
                (lambda body, q=pair: body.h(q[1])) if rng.random() < 0.5 else None,
            )
        else:
            circuit.decode(both, first, second).detector([first])
    return circuit.measure(range(num_clbits), range(num_clbits)) if rng.random() < 0.5 else circuit.measure(0, 0)


@pytest.mark.parametrize("seed", range(12))
def test_shots_have_the_probabilities_of_all_outcomes(seed):
    rng = np.random.default_rng(seed)
    circuit = random_dynamics(3, 3, 14, rng)
    if seed % 3 == 0:
        circuit = NoiseModel().add(depolarizing(0.1)).add_readout(ReadoutError([[0.9, 0.1], [0.3, 0.7]])).apply(circuit)
    exact, shots = Outcomes(circuit).probabilities(), 4000
    counts = StatevectorSimulator().run(circuit, shots, seed=seed).counts
    found = np.array([counts.get("".join(map(str, reversed(bits))), 0) for bits in exact])
    wanted = shots * np.array(list(exact.values()))
    assert found.sum() == shots
    assert wanted.sum() == pytest.approx(shots, rel=1e-9)
    assert not found[wanted < 1e-9].any()
    large = wanted >= 10
    found, wanted = np.append(found[large], found[~large].sum()), np.append(wanted[large], wanted[~large].sum())
    found, wanted = found[wanted > 1e-9], wanted[wanted > 1e-9]
    statistic = ((found - wanted) ** 2 / wanted).sum()
    assert scipy.stats.chi2.sf(statistic, max(1, len(wanted) - 1)) > 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_single_runs_end_where_they_may(seed):
    rng = np.random.default_rng(100 + seed)
    circuit = random_dynamics(2, 2, 10, rng)
    exact = Outcomes(circuit).found
    simulator, counts = StatevectorSimulator(), defaultdict(int)
    for run in range(300):
        end = simulator.trajectory(circuit, seed=run)
        bits, state = tuple(end.clbits.tolist()), end.state_vector
        counts[bits] += 1
        # The state lies in the range of what is possible with these bits.
        values, vectors = np.linalg.eigh(exact[bits])
        missing = vectors[:, values < 1e-9 * values[-1]]
        assert np.linalg.norm(missing.conj().T @ state) < 1e-4
    for bits, state in exact.items():
        assert scipy.stats.binomtest(counts[bits], 300, min(1.0, np.trace(state).real)).pvalue > 1e-9
