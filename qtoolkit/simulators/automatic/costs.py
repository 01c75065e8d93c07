"""What shots of a circuit cost by each method, predicted: the constants with their reasons, and the formulas.

Seconds are those of one thread of a processor of 2024. They need be right to a factor of two or so: methods that are
that close serve as well as each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qtoolkit.simulators.automatic.features import Features
from qtoolkit.simulators.ways import Threshold

__all__ = [
    "CONSTANTS", "IMPOSSIBLE", "LONGEST_COMPILING", "MOST_DENSITY_QUBITS", "PIECE_QUBITS", "PLAIN_QUBITS", "Estimate",
    "density_cost", "near_clifford_compiling", "near_clifford_cost", "stabilizer_cost", "statevector_cost",
]  # fmt: skip

PLAIN_QUBITS, PIECE_QUBITS, MOST_DENSITY_QUBITS = 14, 8, 14
WRITING, FRAME, READING = 15e-6, 0.4e-9, 4e-9
PASS, RUN, WALK, SHOT = 0.08e-9, 30e-6, 6e-6, 60e-9
MERGING, COEFFICIENT = 40e-6, 0.15e-9
NEAR_COMPILING, NEAR_PAIR, NEAR_CHANNEL, LONGEST_COMPILING = 0.25e-3, 2e-6, 4e-3, 30.0
NEAR_AMPLITUDE, NEAR_STEP = 0.8e-9, 1.5e-9

CONSTANTS = (
    Threshold(
        "PLAIN_QUBITS", PLAIN_QUBITS, "qubits", "up to here a gate on a state takes less than to write it for Stim"
    ),
    Threshold("PIECE_QUBITS", PIECE_QUBITS, "qubits", "up to here pieces save less than it takes to find them"),
    Threshold("WRITING", WRITING, "seconds", "each operation written for Stim"),
    Threshold("FRAME", FRAME, "seconds", "each operation of a shot of Stim's"),
    Threshold("READING", READING, "seconds", "each 64 classical bits of a shot"),
    Threshold("PASS", PASS, "seconds", "each amplitude that a gate changes, many gates together"),
    Threshold("RUN", RUN, "seconds", "each run that shots share; more of them where noise or outcomes part these"),
    Threshold("WALK", WALK, "seconds", "each measurement and channel of such a run, if it measures on its way"),
    Threshold("SHOT", SHOT, "seconds", "each shot drawn from a state"),
    Threshold("MERGING", MERGING, "seconds", "each operation of a density matrix, planned"),
    Threshold("COEFFICIENT", COEFFICIENT, "seconds", "each of the 4^n numbers of a density matrix that a gate changes"),
    Threshold("MOST_DENSITY_QUBITS", MOST_DENSITY_QUBITS, "qubits", "a density matrix of more fills over 2 GiB"),
    Threshold("NEAR_COMPILING", NEAR_COMPILING, "seconds", "each operation compiled for the near-Clifford simulator"),
    Threshold("NEAR_PAIR", NEAR_PAIR, "seconds", "each operation for each gate that is no Clifford gate, likewise"),
    Threshold("NEAR_CHANNEL", NEAR_CHANNEL, "seconds", "each channel that is no mixture of Paulis, likewise"),
    Threshold("LONGEST_COMPILING", LONGEST_COMPILING, "seconds", "longer is done only where the method is asked for"),
    Threshold("NEAR_AMPLITUDE", NEAR_AMPLITUDE, "seconds", "each amplitude that it writes in a shot"),
    Threshold("NEAR_STEP", NEAR_STEP, "seconds", "each operation of its shots, rotations and random events apart"),
)
"""All of them, as the documentation shows them."""

MOST_EXPONENT = 400
"""Of sizes as floats; more qubits than that are out of reach either way."""

IMPOSSIBLE = float("inf")
"""Seconds of what a method cannot do."""


@dataclass(frozen=True)
class Estimate:
    """What a method would take.

    Attributes:
        method: its name.
        seconds: predicted; infinity where it cannot do it.
        memory: bytes at the peak, predicted; 0 where it cannot.
        reason: what its time goes to, or why it cannot.
    """

    method: str
    seconds: float
    memory: int
    reason: str
    prepared: Any = field(default=None, repr=False, compare=False)

    @property
    def is_possible(self) -> bool:
        """Whether the method can do it at all."""
        return self.seconds < IMPOSSIBLE


def stabilizer_cost(features: Features, shots: int, num_clbits: int) -> tuple[float, int]:
    """Seconds and bytes of shots by Stim."""
    words = -(-num_clbits // 64)
    seconds = WRITING * features.num_operations + shots * (FRAME * features.num_operations + READING * words)
    return seconds, 8 * words * shots


def num_runs(features: Features, shots: int) -> float:
    """Runs of a state vector that shots share: one for those without an error, one for each other and each outcome."""
    parted = shots * min(1.0, features.num_errors) + 1.0 if features.num_channels else 1.0
    outcomes = 2.0 ** min(features.num_early, 60)
    return min(float(shots), max(parted, outcomes))


def statevector_cost(features: Features, shots: int, amplitude: int) -> tuple[float, int]:
    """Seconds and bytes of shots by state vectors.

    Args:
        features: of the circuit.
        shots: how many.
        amplitude: bytes of one.
    """
    n = min(features.num_qubits, MOST_EXPONENT)
    runs = num_runs(features, shots)
    a_run = RUN + PASS * features.num_operations * 2.0**n
    if features.num_early:
        a_run += WALK * (features.num_early + features.num_channels)
    branches = 1 if runs == 1.0 else 2 + min(features.num_early + features.num_channels, max(shots, 1).bit_length())
    return runs * a_run + SHOT * shots, branches * amplitude << n


def density_cost(features: Features, shots: int, coefficient: int) -> tuple[float, int]:
    """Seconds and bytes of shots, or a value, by the density matrix.

    Args:
        features: of the circuit.
        shots: how many; 0 for a value.
        coefficient: bytes of one.
    """
    n = min(features.num_qubits, MOST_EXPONENT)
    members = min(2.0 ** min(features.num_early, 60), float(max(shots, 1)))
    if not shots:
        members = 2.0 ** min(features.num_read, 60)
    seconds = features.num_operations * (MERGING + members * COEFFICIENT * 4.0**n) + members * RUN + SHOT * shots
    waiting = int(min(members, 1 + features.num_early))
    return seconds, waiting * coefficient << 2 * n


def near_clifford_cost(features: Features, shots: int, amplitudes: int, words: int) -> float:
    """Seconds of shots by the near-Clifford simulator.

    Args:
        features: of the circuit.
        shots: how many.
        amplitudes: that are written in a shot; 0 before that is known.
        words: 64 bits of results each.
    """
    return near_clifford_compiling(features) + shots * _near_clifford_shot(features, amplitudes, words)


def near_clifford_compiling(features: Features) -> float:
    """Seconds that compiling for it takes."""
    pairs = features.num_operations * features.num_rotations
    others = features.num_channels - features.num_pauli
    return NEAR_COMPILING * features.num_operations + NEAR_PAIR * pairs + NEAR_CHANNEL * others


def _near_clifford_shot(features: Features, amplitudes: int, words: int) -> float:
    return NEAR_AMPLITUDE * amplitudes + NEAR_STEP * (features.num_rotations + features.num_errors + 64 * words)
