"""Stim: circuits from and to it, with noise, detectors and observables, and with what others write beyond its gates.

Stim's package is needed to read and write them (extra ``qec``).
"""

from qtoolkit.interop.stim.from_circuit import from_stim
from qtoolkit.simulators.stabilizer.writer import to_stim

__all__ = ["from_stim", "to_stim"]
