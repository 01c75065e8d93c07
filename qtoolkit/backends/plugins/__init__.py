"""Any backend for programs of other frameworks: as a Qiskit backend, a Cirq sampler and a PennyLane device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtoolkit._arguments import check_instance
from qtoolkit._optional import require
from qtoolkit.backends.backend import Backend
from qtoolkit.backends.job import check_timeout
from qtoolkit.backends.registry import get_backend

if TYPE_CHECKING:
    from qtoolkit.backends.plugins.cirq import CirqSampler
    from qtoolkit.backends.plugins.pennylane import PennyLaneDevice
    from qtoolkit.backends.plugins.qiskit import QiskitBackend

__all__ = ["as_cirq_sampler", "as_pennylane_device", "as_qiskit_backend"]


def as_qiskit_backend(backend: Backend | str) -> QiskitBackend:
    """A backend for Qiskit's programs, a `BackendV2`: its target tells `transpile` the gates and couplings.

    Args:
        backend: one, or its name as in `get_backend`.

    Raises:
        InputError, UnknownBackendError: if it is none.
    """
    from qtoolkit.backends.plugins.qiskit import QiskitBackend

    return QiskitBackend(_opened(backend))


def as_cirq_sampler(backend: Backend | str, *, seed: int | None = None, timeout: float | None = None) -> CirqSampler:
    """A backend for Cirq's programs, a `cirq.Sampler`: all points of a sweep are one job.

    Args:
        backend: one, or its name as in `get_backend`.
        seed: of the first job, where the backend takes one; later ones draw on.
        timeout: seconds to wait for each job.

    Raises:
        InputError, UnknownBackendError: if it is none.
    """
    from qtoolkit.backends.plugins.cirq import CirqSampler

    return CirqSampler(_opened(backend), seed, check_timeout(timeout))


def as_pennylane_device(
    backend: Backend | str, wires: Any = None, *, seed: int | None = None, timeout: float | None = None
) -> PennyLaneDevice:
    """A backend for PennyLane's programs, a device; ``qml.device("qtoolkit.backend", backend="local")`` is the same.

    Args:
        backend: one, or its name as in `get_backend`.
        wires: how many, or their labels; those of each program by default.
        seed: of the first job, where the backend takes one; later ones draw on.
        timeout: seconds to wait for each job.

    Raises:
        MissingExtraError: if PennyLane is not installed.
        InputError, UnknownBackendError: if it is none.
    """
    require("pennylane", extra="pennylane")
    from qtoolkit.backends.plugins.pennylane import PennyLaneDevice

    return PennyLaneDevice(wires, _opened(backend), seed=seed, timeout=timeout)


def _opened(backend: Backend | str) -> Backend:
    if isinstance(backend, str):
        return get_backend(backend)
    return check_instance(backend, Backend, "a backend is a Backend or the name of one; see list_backends")
