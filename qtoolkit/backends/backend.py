"""The protocol of all backends: circuits in, jobs out, refused before submission if they cannot run."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from qtoolkit._arguments import check_instance, check_seed, items_of, shown
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.job import Job
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit.compact import without_idle_qubits
from qtoolkit.errors import InputError, JobError
from qtoolkit.primitives import Result

__all__ = ["Backend", "Request"]


@dataclass(frozen=True)
class Request:
    """What a backend is to run, checked.

    Attributes:
        circuits: at least one, every parameter bound.
        shots: for each circuit.
        seeds: one for each circuit, all None where the backend honours none.
        is_batch: whether the answer is a list of results, even of one.
    """

    circuits: tuple[Circuit, ...]
    shots: int
    seeds: tuple[int | None, ...]
    is_batch: bool

    def answer(self, results: Sequence[Result]) -> Any:
        """The results in the form that the caller asked for."""
        return list(results) if self.is_batch else results[0]


class Backend(ABC):
    """Something that runs circuits: this machine, a vendor's simulator or a quantum computer.

    A subclass says what it is and can do, and gives `_submit`; binding parameters, seeds and checks happen here,
    the same for all.

    Args:
        name: as in `get_backend`.
    """

    def __init__(self, name: str) -> None:
        self.name = check_instance(name, str, "a backend's name must be a string")
        self._jobs: weakref.WeakValueDictionary[str, Job[Any]] = weakref.WeakValueDictionary()

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What the backend can do."""

    @abstractmethod
    def _submit(self, request: Request) -> Job[Any]:
        """Start a checked request."""

    @overload
    def run(
        self,
        circuit: Circuit,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
    ) -> Job[Result]: ...

    @overload
    def run(
        self,
        circuit: Sequence[Circuit],
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: Sequence[ParameterValues | None] | None = None,
    ) -> Job[list[Result]]: ...

    def run(
        self,
        circuit: Circuit | Sequence[Circuit],
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: Any = None,
    ) -> Job[Any]:
        """Submit one circuit or several, and return at once.

        A circuit with more qubits than the backend has is run without those on which nothing but barriers stands.

        Args:
            circuit: with at least one measurement each.
            shots: of each circuit.
            seed: makes the results reproducible where ``capabilities.supports_seed``; elsewhere it has no effect and
                the results say so by a seed of None. With several circuits, each result carries a seed of its own.
            parameters: values of the free parameters; with several circuits, one entry for each.

        Raises:
            InputError: for shots below 1, no circuit, or another number of parameter sets than of circuits.
            UnboundParameterError: if a parameter has no value.
            CircuitError: if a circuit measures nothing.
            BackendError: if a circuit needs what the backend cannot do.
        """
        job = self._submit(self._request(circuit, shots, seed, parameters))
        self._jobs[job.id] = job
        return job

    def _request(self, circuit: Any, shots: int, seed: Any, parameters: Any) -> Request:
        """What `run` was asked for, checked and bound."""
        is_batch = not isinstance(circuit, Circuit)
        circuits = tuple(self._fitted(item) for item in _bound(circuit, parameters))
        for item in circuits:
            self.capabilities.check(item, shots, self.name)
        seeds = self._seeds(seed, len(circuits), is_batch)
        return Request(circuits, int(shots), seeds, is_batch)

    def job(self, job_id: str) -> Job[Any]:
        """Find a job again by its id.

        Local backends know the jobs that this process still holds.

        Raises:
            JobError: if the backend has no such job.
        """
        found = self._jobs.get(job_id) if isinstance(job_id, str) else None
        if found is None:
            raise JobError(f"{self.name} has no job {shown(job_id)} in this process; keep the Job that run returns")
        return found

    def _fitted(self, circuit: Circuit) -> Circuit:
        """The circuit; without idle qubits, if there are too many. Where all fit, their numbers may mean places."""
        most = self.capabilities.num_qubits
        return circuit if most is None or circuit.num_qubits <= most else without_idle_qubits(circuit)

    def _seeds(self, seed: int | np.random.Generator | None, count: int, is_batch: bool) -> tuple[int | None, ...]:
        seed = check_seed(seed)
        if not self.capabilities.supports_seed:
            return (None,) * count
        if isinstance(seed, np.random.Generator):
            return tuple(int(number) for number in seed.integers(1 << 32, size=count))
        if seed is not None and not is_batch:
            return (seed,)
        return tuple(int(number) for number in np.random.SeedSequence(seed).generate_state(count, np.uint32))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _bound(circuit: Circuit | Sequence[Circuit], parameters: Any) -> tuple[Circuit, ...]:
    if isinstance(circuit, Circuit):
        return (_bound_one(circuit, parameters),)
    circuits = tuple(items_of(circuit, "a backend runs a Circuit or a sequence of them"))
    if not circuits:
        raise InputError("a job needs at least one circuit, got none")
    for item in circuits:
        if not isinstance(item, Circuit):
            raise InputError(f"a backend runs a Circuit or a sequence of them, got {type(item).__name__}")
    rule = "the parameters of several circuits are a sequence of sets of values"
    values = (None,) * len(circuits) if parameters is None else tuple(items_of(parameters, rule))
    if len(values) != len(circuits):
        raise InputError(
            f"{len(circuits)} circuits take as many sets of parameter values, got {len(values)}; "
            "give None for a circuit without parameters"
        )
    return tuple(_bound_one(item, value) for item, value in zip(circuits, values, strict=True))


def _bound_one(circuit: Circuit, values: ParameterValues | None) -> Circuit:
    # The caller may go on adding to the circuit while the job waits.
    return circuit.copy() if values is None else circuit.bind(values)
