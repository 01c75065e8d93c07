"""Noise: the standard channels, other forms of them, how far they are from each other, and models of devices.

Channels are instructions of circuits, see `qtoolkit.circuit.KrausChannel`; simulators run them.
"""

from qtoolkit.circuit import KrausChannel, ReadoutError
from qtoolkit.noise.conversions import from_choi, from_kraus, from_pauli_transfer_matrix, from_superoperator
from qtoolkit.noise.diamond import diamond_bounds, diamond_distance
from qtoolkit.noise.fidelity import average_gate_fidelity, entanglement_fidelity, twirled
from qtoolkit.noise.model import NoiseModel
from qtoolkit.noise.standard import (
    amplitude_damping,
    bit_flip,
    bit_phase_flip,
    depolarizing,
    over_rotation,
    pauli_channel,
    phase_damping,
    phase_flip,
    reset_error,
    thermal_relaxation,
    zz_crosstalk,
)
from qtoolkit.noise.twirling import twirled_circuit

__all__ = [
    "KrausChannel",
    "ReadoutError",
    "depolarizing",
    "bit_flip",
    "phase_flip",
    "bit_phase_flip",
    "pauli_channel",
    "amplitude_damping",
    "phase_damping",
    "thermal_relaxation",
    "over_rotation",
    "zz_crosstalk",
    "reset_error",
    "from_kraus",
    "from_superoperator",
    "from_choi",
    "from_pauli_transfer_matrix",
    "average_gate_fidelity",
    "entanglement_fidelity",
    "diamond_distance",
    "diamond_bounds",
    "twirled",
    "twirled_circuit",
    "NoiseModel",
]
