"""A backend as Qiskit's `BackendV2`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import qiskit.circuit as qc
from qiskit import QuantumCircuit
from qiskit.providers import JobStatus, JobV1
from qiskit.result import Result as QiskitResult
from qiskit.transpiler import Target

from qtoolkit._version import __version__
from qtoolkit.backends.backend import Backend
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.job import Job
from qtoolkit.backends.job import JobStatus as OurStatus
from qtoolkit.interop.qiskit.backend import ShotsBackend, data_of, description_of
from qtoolkit.interop.qiskit.gates import native_gates

__all__ = ["QiskitBackend", "QiskitJob"]

_STATUS = {
    OurStatus.PREPARED: JobStatus.INITIALIZING,
    OurStatus.UNKNOWN: JobStatus.INITIALIZING,
    OurStatus.QUEUED: JobStatus.QUEUED,
    OurStatus.RUNNING: JobStatus.RUNNING,
    OurStatus.DONE: JobStatus.DONE,
    OurStatus.FAILED: JobStatus.ERROR,
    OurStatus.LOST: JobStatus.ERROR,
    OurStatus.CANCELLED: JobStatus.CANCELLED,
}
"""Qiskit has no word for what nobody knows: it has not begun, as far as can be told."""


class QiskitBackend(ShotsBackend):
    """A backend of this toolkit behind Qiskit's interface.

    Args:
        backend: runs the circuits.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(name=backend.name, description=f"{backend.name} by qtoolkit", backend_version=__version__)
        self.backend = backend
        self._target = _target(backend.capabilities)

    def run(self, run_input: QuantumCircuit | Iterable[QuantumCircuit], **options: Any) -> QiskitJob:
        """Submit circuits as one job.

        Args:
            run_input: one circuit or several.
            **options: ``shots`` for each circuit, ``memory`` to keep the bits of each shot, ``seed_simulator``, which
                makes the result reproducible where the backend takes seeds.

        Raises:
            InputError: for another option, or shots below 1.
            ConversionError: naming what a circuit holds that this toolkit lacks.
            QToolkitError: as for `Backend.run`.
        """
        chosen, circuits, converted = self._asked(run_input, options)
        job = self.backend.run(converted, chosen["shots"], chosen["seed_simulator"])
        descriptions = [description_of(source, circuit) for source, circuit in zip(circuits, converted, strict=True)]
        return QiskitJob(self, job, chosen["shots"], descriptions, keeps_memory=chosen["memory"])


class QiskitJob(JobV1):  # type: ignore[misc]
    """A job of this toolkit behind Qiskit's interface; its id is the toolkit's.

    Args:
        backend: that runs it.
        job: the toolkit's.
        shots: of each circuit.
        descriptions: what Qiskit's result says of each circuit.
        keeps_memory: whether the result has the bits of each shot.
    """

    def __init__(
        self,
        backend: QiskitBackend,
        job: Job[Any],
        shots: int,
        descriptions: Sequence[dict[str, Any]],
        *,
        keeps_memory: bool,
    ) -> None:
        super().__init__(backend, job.id)
        self._job = job
        self._shots = shots
        self._descriptions = descriptions
        self._keeps_memory = keeps_memory

    def submit(self) -> None:
        """Nothing: `run` has submitted the job."""

    def result(self, timeout: float | None = None) -> QiskitResult:
        """Wait for the result.

        Raises:
            JobError: as for the toolkit's `Job.result`.
        """
        results = self._job.result(timeout)
        return QiskitResult.from_dict(
            {
                "backend_name": self.backend().name,
                "backend_version": self.backend().backend_version,
                "job_id": self.job_id(),
                "success": True,
                "status": "COMPLETED",
                "results": [
                    {
                        "shots": self._shots,
                        "seed_simulator": result.seed,
                        "data": data_of(result, self._keeps_memory),
                        "metadata": dict(result.metadata),
                    }
                    | description
                    for result, description in zip(results, self._descriptions, strict=True)
                ],
            }
        )

    def cancel(self) -> bool:
        """Cancel the job; whether that worked."""
        return self._job.cancel()

    def status(self) -> JobStatus:
        """Where the job stands."""
        return _STATUS[self._job.status()]


def _target(capabilities: Capabilities) -> Target:
    target = Target(description="a backend of qtoolkit", num_qubits=capabilities.num_qubits)
    number = capabilities.num_qubits
    alone = None if number is None else {(qubit,): None for qubit in range(number)}
    pairs = None
    if capabilities.connectivity is not None:
        pairs = {edge: None for a, b in capabilities.connectivity for edge in ((a, b), (b, a))}
    restricts = capabilities.native_gates is not None
    for name, gate in native_gates().items():
        if restricts and name not in (capabilities.native_gates or ()):
            continue
        if gate.num_qubits == 1:
            target.add_instruction(gate, alone, name=name)
        elif gate.num_qubits == 2 and pairs is not None:
            target.add_instruction(gate, pairs, name=name)
        elif pairs is None:
            target.add_instruction(gate, name=name)
    target.add_instruction(qc.Measure(), alone)
    target.add_instruction(qc.Delay(qc.Parameter("duration")), alone)
    if capabilities.supports_reset:
        target.add_instruction(qc.Reset(), alone)
    if capabilities.supports_conditionals:
        target.add_instruction(qc.IfElseOp, name="if_else")
    return target
