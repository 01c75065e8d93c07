"""Experiments as circuits: memories of any code, stability, transversal gates, surgery, magic states, and their noise.

Each is a plain `Circuit` whose detectors and observables say what decoders are to look at.
"""

from qtoolkit.applications.qec.circuits.magic import cultivation_circuit, distillation_circuit
from qtoolkit.applications.qec.circuits.memory import MemoryBasis, memory_circuit, syndrome_schedule
from qtoolkit.applications.qec.circuits.presets import NOISE_PRESETS, Calibration, NoisePreset, noise_preset
from qtoolkit.applications.qec.circuits.stability import stability_circuit, stability_patch
from qtoolkit.applications.qec.circuits.surgery import lattice_surgery_circuit
from qtoolkit.applications.qec.circuits.transversal import transversal_cx_circuit

__all__ = [
    # experiments
    "MemoryBasis",
    "memory_circuit",
    "stability_circuit",
    "stability_patch",
    "transversal_cx_circuit",
    "lattice_surgery_circuit",
    "syndrome_schedule",
    "distillation_circuit",
    "cultivation_circuit",
    # noise
    "NOISE_PRESETS",
    "NoisePreset",
    "noise_preset",
    "Calibration",
]
