"""Simulators: exact state vectors, shots, expectation values and adjoint gradients on this machine.

The only layer, with `qtoolkit.operators` for reductions, that calls the kernels.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from qtoolkit.simulators.statevector import Observable, StatevectorSimulator, Trajectory

if TYPE_CHECKING:
    from qtoolkit.simulators.automatic import AutomaticSimulator
    from qtoolkit.simulators.density.simulator import DensityMatrixSimulator
    from qtoolkit.simulators.near_clifford import NearCliffordSimulator
    from qtoolkit.simulators.sector.simulator import SectorSimulator

__all__ = [
    "StatevectorSimulator",
    "DensityMatrixSimulator",
    "SectorSimulator",
    "NearCliffordSimulator",
    "AutomaticSimulator",
    "Trajectory",
    "Observable",
]

_LATER = {
    "AutomaticSimulator": "qtoolkit.simulators.automatic",
    "DensityMatrixSimulator": "qtoolkit.simulators.density.simulator",
    "NearCliffordSimulator": "qtoolkit.simulators.near_clifford",
    "SectorSimulator": "qtoolkit.simulators.sector.simulator",
}
"""Simulators whose kernels take time to load, and which most programs never need."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'qtoolkit.simulators' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
    return value
