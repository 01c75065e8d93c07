"""A quantum-computing toolkit: circuits, operators, a fast simulator, and applications that show their evidence.

Names are imported on first use, so that ``import qtoolkit`` stays light and loads no vendor's package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from qtoolkit._version import __version__

if TYPE_CHECKING:
    from qtoolkit.backends import get_backend, list_backends
    from qtoolkit.circuit import Circuit, Parameter, ParameterVector
    from qtoolkit.interop.cirq import from_cirq, to_cirq
    from qtoolkit.interop.openfermion import from_openfermion, to_openfermion
    from qtoolkit.interop.openqasm import from_qasm, to_qasm
    from qtoolkit.interop.qiskit import from_qiskit, to_qiskit
    from qtoolkit.interop.qiskit_nature import from_qiskit_nature, to_qiskit_nature
    from qtoolkit.interop.stim import from_stim, to_stim
    from qtoolkit.operators import FermionOperator, PauliString, PauliSum
    from qtoolkit.primitives import Estimator, Result, Sampler
    from qtoolkit.simulators import (
        AutomaticSimulator,
        DensityMatrixSimulator,
        NearCliffordSimulator,
        SectorSimulator,
        StatevectorSimulator,
    )

__all__ = [
    "__version__",
    "Circuit",
    "Parameter",
    "ParameterVector",
    "PauliString",
    "PauliSum",
    "FermionOperator",
    "StatevectorSimulator",
    "DensityMatrixSimulator",
    "SectorSimulator",
    "NearCliffordSimulator",
    "AutomaticSimulator",
    "Result",
    "Sampler",
    "Estimator",
    "get_backend",
    "list_backends",
    "from_qiskit",
    "to_qiskit",
    "from_cirq",
    "to_cirq",
    "from_qasm",
    "to_qasm",
    "from_stim",
    "to_stim",
    "from_openfermion",
    "to_openfermion",
    "from_qiskit_nature",
    "to_qiskit_nature",
]

_HOME = {
    "Circuit": "qtoolkit.circuit",
    "Parameter": "qtoolkit.circuit",
    "ParameterVector": "qtoolkit.circuit",
    "PauliString": "qtoolkit.operators",
    "PauliSum": "qtoolkit.operators",
    "FermionOperator": "qtoolkit.operators",
    "AutomaticSimulator": "qtoolkit.simulators",
    "StatevectorSimulator": "qtoolkit.simulators",
    "DensityMatrixSimulator": "qtoolkit.simulators",
    "SectorSimulator": "qtoolkit.simulators",
    "NearCliffordSimulator": "qtoolkit.simulators",
    "Result": "qtoolkit.primitives",
    "Sampler": "qtoolkit.primitives",
    "Estimator": "qtoolkit.primitives",
    "get_backend": "qtoolkit.backends",
    "list_backends": "qtoolkit.backends",
    "from_qiskit": "qtoolkit.interop.qiskit",
    "to_qiskit": "qtoolkit.interop.qiskit",
    "from_cirq": "qtoolkit.interop.cirq",
    "to_cirq": "qtoolkit.interop.cirq",
    "from_qasm": "qtoolkit.interop.openqasm",
    "to_qasm": "qtoolkit.interop.openqasm",
    "from_stim": "qtoolkit.interop.stim",
    "to_stim": "qtoolkit.interop.stim",
    "from_openfermion": "qtoolkit.interop.openfermion",
    "to_openfermion": "qtoolkit.interop.openfermion",
    "from_qiskit_nature": "qtoolkit.interop.qiskit_nature",
    "to_qiskit_nature": "qtoolkit.interop.qiskit_nature",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'qtoolkit' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
