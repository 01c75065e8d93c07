"""Circuits that look for trouble: every gate, special, tiny and huge angles, and structures that nearly cancel."""

from __future__ import annotations

import numpy as np
from scipy.stats import unitary_group

from qtoolkit import Circuit, ParameterVector
from qtoolkit.circuit import (
    STANDARD_GATES,
    CompleteXYGate,
    DiagonalGate,
    Gate,
    PauliRotationGate,
    PermutationGate,
    StandardGate,
    UnitaryGate,
)

__all__ = ["STRUCTURES", "fuzz_circuit"]

SPECIAL = [k * np.pi / 4 for k in range(-8, 9)]
BY_SIZE = {size: [r for r in STANDARD_GATES.values() if r.num_qubits == size] for size in range(5)}
ONE_QUBIT = BY_SIZE[1]


def angle_of(rng: np.random.Generator) -> float:
    """A special angle, one that is nearly special, a tiny, an ordinary or a huge one."""
    kind = rng.integers(6)
    if kind == 0:
        return float(rng.choice(SPECIAL))
    if kind == 1:
        return float(rng.choice(SPECIAL) + rng.choice([-1, 1]) * 10.0 ** -rng.uniform(1, 17))
    if kind == 2:
        return float(rng.choice([-1, 1]) * 10.0 ** -rng.uniform(0, 18))
    if kind == 3:
        return float(rng.uniform(-1, 1) * 10.0 ** rng.uniform(0, 4))
    return float(rng.uniform(-4, 4))


def random_gate(rng: np.random.Generator, num_qubits: int) -> Gate:
    """Any gate on at most so many qubits."""
    size = int(rng.integers(0 if rng.random() < 0.05 else 1, min(num_qubits, 3) + 1))
    if rng.random() < 0.7:
        records = BY_SIZE[size] or ONE_QUBIT
        record = records[rng.integers(len(records))]
        gate: Gate = StandardGate(record, [angle_of(rng) for _ in range(record.num_params)])
    else:
        size = max(1, size)
        gate = _array_gate(rng, size)
    room = num_qubits - gate.num_qubits
    if room and rng.random() < 0.2:
        count = int(rng.integers(1, min(room, 3) + 1))
        gate = gate.controlled(count, int(rng.integers(1 << count)))
    return gate


def _array_gate(rng: np.random.Generator, size: int) -> Gate:
    kind = rng.integers(6)
    if kind == 5:
        return CompleteXYGate(size, angle_of(rng)) if size > 1 else random_gate(rng, 1)
    if kind == 0:
        return UnitaryGate(unitary_group.rvs(1 << size, random_state=rng))
    if kind == 1:
        hermitian = rng.normal(size=(1 << size,) * 2) + 1j * rng.normal(size=(1 << size,) * 2)
        values, vectors = np.linalg.eigh(hermitian + hermitian.conj().T)
        scale = 10.0 ** -rng.uniform(0, 17)
        return UnitaryGate(vectors @ np.diag(np.exp(1j * scale * values)) @ vectors.conj().T)
    if kind == 2:
        return DiagonalGate(np.exp(1j * np.array([angle_of(rng) for _ in range(1 << size)])))
    if kind == 3:
        return PermutationGate(rng.permutation(1 << size))
    return PauliRotationGate("".join(rng.choice(list("IXYZ"), size)), angle_of(rng))


def _place(circuit: Circuit, gate: Gate, rng: np.random.Generator) -> None:
    circuit.append(gate, [int(q) for q in rng.permutation(circuit.num_qubits)[: gate.num_qubits]])


def anything(circuit: Circuit, num_gates: int, rng: np.random.Generator) -> None:
    """Gates of all kinds."""
    for _ in range(num_gates):
        _place(circuit, random_gate(rng, circuit.num_qubits), rng)


def mirrored(circuit: Circuit, num_gates: int, rng: np.random.Generator) -> None:
    """Gates of all kinds, then their inverses; sometimes one more gate in the middle."""
    half = Circuit(circuit.num_qubits)
    anything(half, num_gates // 2, rng)
    circuit.extend(half)
    if rng.random() < 0.5:
        _place(circuit, random_gate(rng, circuit.num_qubits), rng)
    circuit.extend(half.inverse())


def on_one_qubit(circuit: Circuit, num_gates: int, rng: np.random.Generator) -> None:
    """Long products on one or two qubits, there and back or not."""
    qubits = [int(q) for q in rng.permutation(circuit.num_qubits)[:2]]
    gates = []
    for _ in range(num_gates):
        record = ONE_QUBIT[rng.integers(len(ONE_QUBIT))]
        gates.append(
            (StandardGate(record, [angle_of(rng) for _ in range(record.num_params)]), [int(rng.choice(qubits))])
        )
    if rng.random() < 0.6:
        gates = gates[: num_gates // 2] + [(gate.inverse(), at) for gate, at in reversed(gates[: num_gates // 2])]
    for gate, at in gates:
        circuit.append(gate, at)


def transpiled(circuit: Circuit, num_gates: int, rng: np.random.Generator) -> None:
    """What transpilers write: rz, sx, x and cx, angles often special."""
    for _ in range(num_gates):
        kind = rng.integers(5)
        qubit = int(rng.integers(circuit.num_qubits))
        if kind == 0 and circuit.num_qubits > 1:
            other = int((qubit + rng.integers(1, circuit.num_qubits)) % circuit.num_qubits)
            circuit.cx(qubit, other)
        elif kind == 1:
            circuit.sx(qubit)
        elif kind == 2:
            circuit.x(qubit)
        else:
            circuit.rz(angle_of(rng), qubit)


def phases(circuit: Circuit, num_gates: int, rng: np.random.Generator) -> None:
    """Diagonal gates and exchanges, few rotations: polynomials of phases and moves of amplitudes."""
    names = ["cz", "cp", "rz", "rzz", "p", "t", "ccz", "crz", "cx", "swap", "ccx", "x", "h"]
    for _ in range(num_gates):
        record = STANDARD_GATES[str(rng.choice(names))]
        if record.num_qubits <= circuit.num_qubits:
            _place(circuit, StandardGate(record, [angle_of(rng) for _ in range(record.num_params)]), rng)


def on_one_pair(circuit: Circuit, num_gates: int, rng: np.random.Generator) -> None:
    """Runs of two-qubit gates on the same pairs: matrices and their chains."""
    pairs = [[int(q) for q in rng.permutation(circuit.num_qubits)[:2]] for _ in range(3)]
    for _ in range(num_gates):
        pair = pairs[rng.integers(3)]
        if len(pair) < 2 or rng.random() < 0.4:
            gate = random_gate(rng, 1)
            circuit.append(gate, pair[: gate.num_qubits])
        elif rng.random() < 0.5:
            circuit.append(_array_gate(rng, 2), pair)
        else:
            record = BY_SIZE[2][rng.integers(len(BY_SIZE[2]))]
            circuit.append(StandardGate(record, [angle_of(rng) for _ in range(record.num_params)]), pair)


STRUCTURES = {
    "anything": anything,
    "mirrored": mirrored,
    "on one qubit": on_one_qubit,
    "transpiled": transpiled,
    "phases": phases,
    "on one pair": on_one_pair,
}


def fuzz_circuit(rng: np.random.Generator, num_qubits: int, num_gates: int) -> tuple[str, Circuit]:
    """The name of a structure, and a circuit of it that begins with entangled qubits or with |0…0⟩."""
    circuit = Circuit(num_qubits)
    if rng.random() < 0.7:
        for qubit in range(num_qubits):
            circuit.ry(0.7 + qubit, qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    name = str(rng.choice(list(STRUCTURES)))
    STRUCTURES[name](circuit, num_gates, rng)
    return name, circuit


def with_parameters(circuit: Circuit, rng: np.random.Generator) -> tuple[Circuit, np.ndarray]:
    """The same circuit with some angles given by parameters, and the values that make it the same."""
    theta = ParameterVector("theta", int(rng.integers(1, 5)))
    values = np.array([angle_of(rng) for _ in theta])
    result = Circuit(circuit.num_qubits)
    for operation in circuit.operations:
        gate = operation.gate
        if isinstance(gate, StandardGate | CompleteXYGate) and gate.params and rng.random() < 0.6:
            angles = []
            for angle in gate.params:
                k = int(rng.integers(len(theta)))
                slope = float(rng.choice([1.0, -1.0, 2.0, 0.5, 1e-3]))
                angles.append(slope * theta[k] + (angle - slope * values[k]))
            is_standard = isinstance(gate, StandardGate)
            gate = StandardGate(gate.record, angles) if is_standard else CompleteXYGate(gate.num_qubits, *angles)
        result.append(gate, operation.qubits)
    order = {parameter.name: k for k, parameter in enumerate(theta)}
    return result, np.array([values[order[p.name]] for p in result.parameters])
