"""What stubs compute with: a state vector in NumPy, written without the toolkit, and outcomes drawn from it.

Index k of a bitstring's list is qubit k; amplitudes have qubit 0 as the lowest bit of their index.
"""

from __future__ import annotations

import cmath
import math

import numpy as np

R = 1 / math.sqrt(2)
FIXED = {
    "id": [[1, 0], [0, 1]],
    "x": [[0, 1], [1, 0]],
    "y": [[0, -1j], [1j, 0]],
    "z": [[1, 0], [0, -1]],
    "h": [[R, R], [R, -R]],
    "s": [[1, 0], [0, 1j]],
    "sdg": [[1, 0], [0, -1j]],
    "t": [[1, 0], [0, cmath.exp(0.25j * math.pi)]],
    "tdg": [[1, 0], [0, cmath.exp(-0.25j * math.pi)]],
    "sx": [[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]],
    "sxdg": [[0.5 - 0.5j, 0.5 + 0.5j], [0.5 + 0.5j, 0.5 - 0.5j]],
}


def one_qubit(name, *angles):
    """The matrix of a gate of one qubit, by its name in OpenQASM."""
    if name in FIXED:
        return np.array(FIXED[name], dtype=complex)
    if name in ("p", "u1"):
        return np.diag([1, cmath.exp(1j * angles[0])])
    if name == "prx":  # a rotation by angles[0] about an axis in the plane, at angles[1]
        c, s = math.cos(angles[0] / 2), math.sin(angles[0] / 2)
        return np.array(
            [[c, -1j * s * cmath.exp(-1j * angles[1])], [-1j * s * cmath.exp(1j * angles[1]), c]], dtype=complex
        )
    if name in ("u", "u3"):
        theta, phi, lam = angles
        c, s = math.cos(theta / 2), math.sin(theta / 2)
        return np.array(
            [[c, -cmath.exp(1j * lam) * s], [cmath.exp(1j * phi) * s, cmath.exp(1j * (phi + lam)) * c]], dtype=complex
        )
    c, s = math.cos(angles[0] / 2), math.sin(angles[0] / 2)
    if name == "rx":
        return np.array([[c, -1j * s], [-1j * s, c]], dtype=complex)
    if name == "ry":
        return np.array([[c, -s], [s, c]], dtype=complex)
    if name == "rz":
        return np.diag([cmath.exp(-0.5j * angles[0]), cmath.exp(0.5j * angles[0])])
    raise ValueError(f"no gate {name}")


class State:
    def __init__(self, num_qubits):
        self.num_qubits = num_qubits
        self.amplitudes = np.zeros((2,) * num_qubits, dtype=complex)
        self.amplitudes[(0,) * num_qubits] = 1.0

    def copy(self):
        found = State(self.num_qubits)
        found.amplitudes = self.amplitudes.copy()
        return found

    def measure(self, qubit, generator):
        """The bit of one shot; the state becomes what it says."""
        weights = self.probabilities([qubit])
        bit = int(generator.random() < weights[1] / weights.sum())
        projector = np.zeros((2, 2))
        projector[bit, bit] = 1 / math.sqrt(weights[bit])
        self.apply(projector, qubit)
        return bit

    def apply(self, matrix, *qubits):
        """A matrix on qubits; the first qubit is the lowest bit of its index."""
        k = len(qubits)
        axes = [self.num_qubits - 1 - q for q in reversed(qubits)]
        tensor = np.asarray(matrix, dtype=complex).reshape((2,) * (2 * k))
        moved = np.tensordot(tensor, self.amplitudes, axes=(range(k, 2 * k), axes))
        self.amplitudes = np.moveaxis(moved, range(k), axes)

    def gate(self, name, qubits, angles=()):
        """A gate by its name in OpenQASM; the matrix of one qubit acts on the last, under the others as controls."""
        if name == "swap":
            self.apply([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], *qubits)
            return
        if name == "iswap":
            self.apply([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]], *qubits)
            return
        if name in ("rxx", "ryy", "rzz"):
            letter = one_qubit(name[-1])
            pair = np.kron(letter, letter)
            c, s = math.cos(angles[0] / 2), math.sin(angles[0] / 2)
            self.apply(c * np.eye(4) - 1j * s * pair, *qubits)
            return
        controls = len(qubits) - 1
        base = one_qubit(name[controls:] if controls and name[:controls] == "c" * controls else name, *angles)
        matrix = np.eye(2 << controls, dtype=complex)
        on = (1 << controls) - 1  # the target is the highest bit
        rows = [on, on | 1 << controls]
        matrix[np.ix_(rows, rows)] = base
        self.apply(matrix, *qubits)

    def probabilities(self, qubits):
        """Of the bits of these qubits; index bit k is qubits[k]."""
        axes = [self.num_qubits - 1 - q for q in reversed(qubits)]
        others = tuple(axis for axis in range(self.num_qubits) if axis not in axes)
        weights = (np.abs(self.amplitudes) ** 2).sum(axis=others)
        kept = [axis for axis in range(self.num_qubits) if axis in axes]
        return np.moveaxis(weights, [kept.index(axis) for axis in axes], range(len(axes))).reshape(-1)

    def counts(self, qubits, shots, seed=0):
        """How often each integer came; bit k is qubits[k]."""
        weights = self.probabilities(qubits)
        drawn = np.random.default_rng(seed).multinomial(shots, weights / weights.sum())
        return {value: int(count) for value, count in enumerate(drawn) if count}

    def shots(self, qubits, shots, seed=0):
        """Bits of each shot, shape ``(shots, len(qubits))``."""
        weights = self.probabilities(qubits)
        drawn = np.random.default_rng(seed).choice(len(weights), size=shots, p=weights / weights.sum())
        return (drawn[:, None] >> np.arange(len(qubits))) & 1
