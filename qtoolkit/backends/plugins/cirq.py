"""A backend as a `cirq.Sampler`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cirq
import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_integer, check_seed
from qtoolkit.backends.backend import Backend
from qtoolkit.interop.cirq.from_circuit import convert
from qtoolkit.primitives import Result

__all__ = ["CirqSampler", "shots_of"]


class CirqSampler(cirq.Sampler):  # type: ignore[misc]  # Cirq's classes are Any to the type checker
    """A backend of this toolkit behind Cirq's interface.

    Args:
        backend: runs the circuits.
        seed: of the jobs, where the backend takes one.
        timeout: seconds to wait for each job; None waits as long as a job may take.
    """

    def __init__(self, backend: Backend, seed: int | None = None, timeout: float | None = None) -> None:
        self.backend = backend
        self.timeout = timeout
        self._rng = np.random.default_rng(check_seed(seed))

    def run_sweep(self, program: cirq.AbstractCircuit, params: Any, repetitions: int = 1) -> Sequence[cirq.Result]:
        """Run every point of a sweep, all in one job.

        Args:
            program: the circuit; it must measure something.
            params: Cirq's sweeps, resolvers or dictionaries.
            repetitions: shots of each point.

        Returns:
            A `cirq.Result` for each point, with the records of each key. Where the backend returns counts alone, the
            order of repetitions has no meaning.

        Raises:
            ConversionError: if the circuit has something that `from_cirq` does not take.
            QToolkitError: as for `Backend.run` and `Job.result`.
        """
        check_integer(repetitions, "repetitions", 1)
        resolvers = list(cirq.to_resolvers(params))
        if not resolvers:
            return []
        qubits = tuple(sorted(program.all_qubits()))
        converted = [convert(cirq.resolve_parameters(program, resolver), qubits) for resolver in resolvers]
        circuits = [conversion.circuit for conversion in converted]
        job = self.backend.run(circuits, repetitions, self._rng)
        found = []
        for resolver, conversion, result in zip(resolvers, converted, job.result(self.timeout), strict=True):
            shots = shots_of(result)
            records = {
                key: shots[:, np.array(instances, dtype=np.int64)] for key, instances in conversion.records.items()
            }
            found.append(cirq.ResultDict(params=resolver, records=records))
        return found

    def __repr__(self) -> str:
        return f"CirqSampler({self.backend!r})"


def shots_of(result: Result) -> NDArray[np.uint8]:
    """Bits of each shot, shape ``(shots, num_clbits)``; of counts alone, outcome by outcome."""
    if result.memory is not None:
        return np.asarray(result.memory)
    rows = [np.frombuffer(bits[::-1].encode(), np.uint8) - ord("0") for bits in result.counts]
    table = np.array(rows, dtype=np.uint8).reshape(len(rows), result.num_clbits)
    return np.repeat(table, list(result.counts.values()), axis=0)
