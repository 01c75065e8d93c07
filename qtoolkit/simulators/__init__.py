"""Simulators: exact state vectors, shots, expectation values and adjoint gradients on this machine.

The only layer, with `qtoolkit.operators` for reductions, that calls the kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtoolkit.simulators.statevector import Observable, StatevectorSimulator, Trajectory

if TYPE_CHECKING:
    from qtoolkit.simulators.sector.simulator import SectorSimulator

__all__ = ["StatevectorSimulator", "SectorSimulator", "Trajectory", "Observable"]


def __getattr__(name: str) -> Any:
    if name != "SectorSimulator":
        raise AttributeError(f"module 'qtoolkit.simulators' has no attribute {name!r}")
    # Its kernels take time to load, and most programs never need them.
    from qtoolkit.simulators.sector.simulator import SectorSimulator

    globals()[name] = SectorSimulator
    return SectorSimulator
