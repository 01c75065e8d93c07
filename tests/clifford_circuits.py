"""Random Clifford circuits with Pauli noise, measurements, resets, readout errors and feedback."""

from __future__ import annotations

import numpy as np

from qtoolkit.circuit import Circuit, ReadoutError, parity
from qtoolkit.noise import depolarizing, pauli_channel

ONE = ["x", "y", "z", "h", "s", "sdg", "sx", "sxdg"]
TWO = ["cx", "cy", "cz", "swap", "iswap"]


def noisy_clifford(seed: int, num_qubits: int = 4, length: int = 30) -> Circuit:
    """A circuit on at least three qubits and six bits, which Stim can run."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits, 6)
    for _ in range(length):
        a, b, c, *_ = (int(qubit) for qubit in [*rng.permutation(num_qubits), 0])
        kind = int(rng.integers(14))
        if kind < 3:
            getattr(circuit, str(rng.choice(ONE)))(a)
        elif kind < 6:
            getattr(circuit, str(rng.choice(TWO)))(a, b)
        elif kind == 6:
            circuit.pauli_rotation("".join(rng.choice(list("IXYZ"), num_qubits)), float(rng.integers(4)) * np.pi / 2)
        elif kind == 7:
            circuit.channel(depolarizing(0.1), a).channel(depolarizing(0.1, 2), [a, b])
        elif kind == 8:
            circuit.channel(pauli_channel({"X": 0.05, "Y": 0.1, "Z": 0.02}), a)
            circuit.channel(pauli_channel({"XY": 0.05, "ZI": 0.1, "IY": 0.02}), [b, c])
        elif kind == 9:
            circuit.channel(pauli_channel({"XYZ": 0.1, "ZII": 0.05, "IXX": 0.2}), [a, b, c])
        elif kind < 12:
            _measure(circuit, rng, a)
        elif kind == 12 and rng.random() < 0.4:
            circuit.reset(a)
        else:
            letter, bits = str(rng.choice(list("xyz"))), [int(bit) for bit in rng.permutation(6)[: rng.integers(1, 4)]]
            circuit.if_(parity(bits) == int(rng.integers(2)), getattr(Circuit(num_qubits, 6), letter)(a))
    return circuit


def _measure(circuit: Circuit, rng: np.random.Generator, qubit: int) -> None:
    bit = int(rng.integers(6))
    circuit.measure(qubit, bit)
    if rng.random() < 0.4:
        circuit.readout_error(ReadoutError([[0.9, 0.1], [0.1, 0.9]]), bit)
    if rng.random() < 0.4:
        circuit.detector([bit, (bit + 1) % 6]).observable([bit], int(rng.integers(2)))
