"""A backend as a sampler: what algorithms take in place of the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from qtoolkit._arguments import check_instance, items_of
from qtoolkit.backends.backend import Backend
from qtoolkit.backends.job import check_timeout
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.primitives import Result, Sampler

__all__ = ["BackendSampler", "SomeSampler", "sampler_of", "sampler_or_simulator"]


class BackendSampler:
    """Runs circuits on a backend and waits for the answer; satisfies `qtoolkit.primitives.Sampler`.

    Args:
        backend: where circuits run.
        timeout: seconds to wait for each job; None waits as long as it takes.

    Raises:
        InputError: if the backend or the timeout is none.
    """

    def __init__(self, backend: Backend, timeout: float | None = None) -> None:
        self.backend = check_instance(backend, Backend, "a sampler's backend must be a Backend; see get_backend")
        self.timeout = check_timeout(timeout)

    def run(
        self,
        circuit: Circuit,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
    ) -> Result:
        """Measured bits of `shots` runs; see `Backend.run` for the arguments.

        Raises:
            InputError: if it is no circuit.
            BackendError: if the backend refuses the circuit.
            JobError: if the job fails or is not finished in time; its message has the job's id.
        """
        check_instance(circuit, Circuit, "a sampler runs one Circuit", remedy="use run_batch for several")
        return self.backend.run(circuit, shots, seed, parameters).result(self.timeout)

    def run_batch(
        self,
        circuits: Sequence[Circuit],
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: Sequence[ParameterValues | None] | None = None,
    ) -> list[Result]:
        """Measured bits of several circuits in one job, so that they wait in a queue once.

        Raises:
            InputError: if there is no circuit, or one in place of a sequence.
            BackendError: if the backend refuses a circuit.
            JobError: if the job fails or is not finished in time.
        """
        given = items_of(circuits, "run_batch takes a sequence of circuits")
        return self.backend.run(given, shots, seed, parameters).result(self.timeout)

    def __repr__(self) -> str:
        return f"BackendSampler({self.backend!r})"


SomeSampler: TypeAlias = Sampler | Backend | str
"""What measures: a sampler, a backend, or the name of one as in `get_backend`."""


def sampler_of(sampler: object) -> Sampler:
    """A sampler as it is, a backend or the name of one as one.

    Raises:
        InputError: if it is none of these.
        UnknownBackendError: if no backend has this name.
    """
    from qtoolkit.backends.registry import get_backend

    place = get_backend(sampler) if isinstance(sampler, str) else sampler
    chosen = BackendSampler(place) if isinstance(place, Backend) else place
    return check_instance(chosen, Sampler, "what measures must be a Sampler, a Backend or the name of one")


def sampler_or_simulator(sampler: object) -> Sampler:
    """As `sampler_of`; the local state-vector simulator in place of None."""
    from qtoolkit.simulators import StatevectorSimulator

    return StatevectorSimulator() if sampler is None else sampler_of(sampler)
