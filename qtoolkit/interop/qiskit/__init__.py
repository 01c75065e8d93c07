"""Qiskit: circuits both ways, and the local simulator behind Qiskit's own interfaces.

`Backend` is a `BackendV2`; `SamplerV2` and `EstimatorV2` are Qiskit's version 2 primitives.
"""

from qtoolkit.interop.qiskit.backend import Backend
from qtoolkit.interop.qiskit.estimator import EstimatorV2
from qtoolkit.interop.qiskit.exporter import to_qiskit
from qtoolkit.interop.qiskit.importer import from_qiskit
from qtoolkit.interop.qiskit.job import LocalJob
from qtoolkit.interop.qiskit.noise import from_aer_noise, to_aer_noise
from qtoolkit.interop.qiskit.sampler import SamplerV2

__all__ = [
    "from_qiskit",
    "to_qiskit",
    "from_aer_noise",
    "to_aer_noise",
    "Backend",
    "LocalJob",
    "SamplerV2",
    "EstimatorV2",
]
