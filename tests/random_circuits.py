"""Random circuits over every gate, for comparing implementations."""

from __future__ import annotations

import numpy as np
from scipy.stats import unitary_group

from qtoolkit.circuit import (
    STANDARD_GATES,
    Circuit,
    ParameterValue,
    ParameterVector,
    PauliRotationGate,
    StandardGate,
)


def random_gate_circuit(num_qubits: int, num_gates: int, seed: int, *, arrays: bool = True) -> Circuit:
    """A circuit in which every standard gate that fits comes up, then gates given by arrays, in random order.

    The first gates go through a shuffled list of all that fit, so that a few circuits cover every gate.
    """
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    fitting = [record for record in STANDARD_GATES.values() if record.num_qubits <= num_qubits]
    queue: list = []
    circuit.h(range(num_qubits))
    for _ in range(num_gates):
        if arrays and rng.random() < 0.25:
            add_array_gate(circuit, rng)
            continue
        if not queue:
            queue = [fitting[i] for i in rng.permutation(len(fitting))]
        record = queue.pop()
        qubits = rng.permutation(num_qubits)[: record.num_qubits]
        circuit.append(StandardGate(record, rng.uniform(-4, 4, record.num_params)), qubits)
    return circuit


def add_array_gate(circuit: Circuit, rng: np.random.Generator) -> None:
    n = circuit.num_qubits
    k = int(rng.integers(1, min(n, 4) + 1))
    qubits = [int(q) for q in rng.permutation(n)]
    kind = rng.integers(6)
    if kind == 0:
        circuit.unitary(unitary_group.rvs(1 << k, random_state=rng) if k else np.eye(1), qubits[:k])
    elif kind == 1:
        circuit.diagonal(np.exp(1j * rng.uniform(-4, 4, 1 << k)), qubits[:k])
    elif kind == 2:
        circuit.permutation(rng.permutation(1 << k), qubits[:k])
    elif kind == 3:
        label = "".join(rng.choice(list("IXYZ"), n))
        circuit.pauli_rotation(label, rng.uniform(-4, 4))
    elif kind == 4 and n > 1:
        circuit.mcp(rng.uniform(-4, 4), qubits[: n - 1], qubits[n - 1])
    elif n > k:
        controls = qubits[k : k + int(rng.integers(1, n - k + 1))]
        state = int(rng.integers(1 << len(controls)))
        circuit.controlled_unitary(unitary_group.rvs(1 << k, random_state=rng), controls, qubits[:k], state)


def random_dynamic_circuit(num_qubits: int, num_gates: int, seed: int, *, arrays: bool = True) -> Circuit:
    """Gates with measurements (each into a bit of its own), resets and branches between them."""
    rng = np.random.default_rng(seed)
    num_measurements = 4
    circuit = Circuit(num_qubits, num_measurements)
    for bit in range(num_measurements):
        circuit.extend(random_gate_circuit(num_qubits, num_gates, int(rng.integers(1 << 31)), arrays=arrays))
        circuit.measure(int(rng.integers(num_qubits)), bit)
        target = int(rng.integers(num_qubits))
        body = random_gate_circuit(num_qubits, 4, int(rng.integers(1 << 31)), arrays=arrays)
        if bit == 1:
            circuit.if_(circuit.clbit(1) == 0, body, lambda other, t=target: other.y(t))
        elif bit == 2:
            circuit.reset(target)
            circuit.h(target)
        elif bit == 3:
            circuit.if_(circuit.clbit_register("c") == int(rng.integers(16)), body)
    return circuit


def transpiled_circuit(num_qubits: int, num_gates: int, seed: int, basis: str = "cx") -> Circuit:
    """Random gates of a device: RZ, SX, X and CX, or else U and CZ; often several in a row on one pair."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    pair = [0, 1]
    for _ in range(num_gates):
        if rng.random() < 0.25:
            pair = [int(q) for q in rng.permutation(num_qubits)[:2]]
        angle = float(rng.choice([np.pi / 2, np.pi, -np.pi / 4, rng.uniform(-4, 4)]))
        qubit = int(rng.choice(pair))
        if rng.random() < 0.35:
            first, second = pair[::-1] if rng.random() < 0.2 else pair
            circuit.cx(first, second) if basis == "cx" else circuit.cz(first, second)
        elif basis != "cx":
            circuit.u(angle, float(rng.uniform(-4, 4)), float(rng.choice([0, rng.uniform(-4, 4)])), qubit)
        elif rng.random() < 0.6:
            circuit.rz(angle, qubit)
        else:
            circuit.sx(qubit) if rng.random() < 0.7 else circuit.x(qubit)
    return circuit


def random_parametrised_circuit(n: int, num_gates: int, rng: np.random.Generator) -> Circuit:
    """Gates of the library, controlled ones and Pauli rotations, their angles numbers and linear expressions."""
    theta = ParameterVector("theta", 7)
    circuit = Circuit(n)
    records = [record for record in STANDARD_GATES.values() if record.num_qubits <= n]

    def angle() -> ParameterValue:
        if rng.random() < 0.3:
            return float(rng.normal())
        shift = float(rng.normal()) if rng.random() < 0.5 else 0.0
        return float(rng.normal()) * theta[int(rng.integers(7))] + theta[int(rng.integers(7))] + shift

    for _ in range(num_gates):
        kind = rng.integers(12)
        if kind == 0:
            k = int(rng.integers(1, min(n, 5) + 1))
            gate = PauliRotationGate("".join(rng.choice(list("XYZ"), k)), angle())
        else:
            record = records[rng.integers(len(records))]
            gate = StandardGate(record, [angle() for _ in range(record.num_params)])
            if kind == 1 and gate.num_qubits + 2 <= n:
                controls = int(rng.integers(1, 3))
                gate = gate.controlled(controls, int(rng.integers(1 << controls)))
        circuit.append(gate, rng.permutation(n)[: gate.num_qubits].tolist())
    return circuit


def transpiled_with_parameters(num_qubits: int, rng: np.random.Generator) -> Circuit:
    """Runs of gates on pairs that come to phases, swaps and matrices, and others that parameters enter."""
    theta = ParameterVector("theta", 2 * num_qubits)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for k in range(2 * num_qubits):
        a, b = rng.permutation(num_qubits)[:2].tolist()
        circuit.rz(theta[k], a).sx(a).rz(float(rng.normal()), a).cx(a, b).rz(float(rng.normal()), b).cx(a, b)
        circuit.sx(b).cx(b, a).rz(theta[k] if k % 3 else 0.4, a).cx(b, a)
        if k % 4 == 0:
            circuit.cx(a, b).cx(b, a).cx(a, b)
    return circuit


def turned_bricks(num_qubits: int, num_layers: int) -> Circuit:
    """Layers of turned qubits and CX gates, measured: of enough of them no method makes less than 2^n amplitudes."""
    circuit = Circuit(num_qubits)
    for layer in range(num_layers):
        for qubit in range(num_qubits):
            circuit.rx(0.3 + layer, qubit).rz(0.4 + qubit, qubit)
        for qubit in range(layer % 2, num_qubits - 1, 2):
            circuit.cx(qubit, qubit + 1)
    return circuit.measure_all()
