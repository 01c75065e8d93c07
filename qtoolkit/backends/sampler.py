"""A backend as a sampler: what algorithms take in place of the simulator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qtoolkit.backends.backend import Backend
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.primitives import Result

__all__ = ["BackendSampler"]


class BackendSampler:
    """Runs circuits on a backend and waits for the answer; satisfies `qtoolkit.primitives.Sampler`.

    Args:
        backend: where circuits run.
        timeout: seconds to wait for each job; None waits as long as it takes.
    """

    def __init__(self, backend: Backend, timeout: float | None = None) -> None:
        self.backend = backend
        self.timeout = timeout

    def run(
        self,
        circuit: Circuit,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
    ) -> Result:
        """Measured bits of `shots` runs; see `Backend.run` for the arguments.

        Raises:
            BackendError: if the backend refuses the circuit.
            JobError: if the job fails or is not finished in time; its message has the job's id.
        """
        return self.backend.run(circuit, shots, seed, parameters).result(self.timeout)

    def run_batch(
        self,
        circuits: Sequence[Circuit],
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: Sequence[ParameterValues | None] | None = None,
    ) -> list[Result]:
        """Measured bits of several circuits in one job, so that they wait in a queue once."""
        return self.backend.run(circuits, shots, seed, parameters).result(self.timeout)

    def __repr__(self) -> str:
        return f"BackendSampler({self.backend!r})"
