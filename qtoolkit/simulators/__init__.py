"""Simulators: exact state vectors, shots, expectation values and adjoint gradients on this machine.

The only layer, with `qtoolkit.operators` for reductions, that calls the kernels.
"""

from qtoolkit.simulators.statevector import Observable, StatevectorSimulator, Trajectory

__all__ = ["StatevectorSimulator", "Trajectory", "Observable"]
