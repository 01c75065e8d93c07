"""`TianyanLocalBackend`: the state-vector simulator of cqlib in this process."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import Executor
from dataclasses import replace
from importlib.metadata import version
from types import ModuleType
from typing import Any

import numpy as np

from qtoolkit._optional import require
from qtoolkit.backends.backend import Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.bits import Outcomes
from qtoolkit.backends.compiling.device import CompiledCircuit, compiled
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.job import Job
from qtoolkit.backends.tianyan.qcis import BASIS, GATES, written
from qtoolkit.backends.tianyan.serializer import REGISTER
from qtoolkit.circuit import Circuit
from qtoolkit.primitives import Result

__all__ = ["TianyanLocalBackend"]

_MOST_QUBITS = 20
"""It lists every amplitude by its name."""


class TianyanLocalBackend(InProcessBackend):
    """cqlib's state vector.

    Args:
        executor: runs the circuits, by default one after the other in a thread of the backend's own.

    Raises:
        MissingExtraError: if cqlib is not installed.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._circuits, self._simulator = _sdk("cqlib.circuits"), _sdk("cqlib.simulator.statevector_simulator")
        super().__init__("tianyan:local", executor)

    @property
    def capabilities(self) -> Capabilities:
        """Gates, and measurements at the end."""
        return Capabilities(
            num_qubits=_MOST_QUBITS, max_shots=(1 << 32) - 1, native_gates=frozenset(GATES), supports_seed=True
        )

    def _submit(self, request: Request) -> Job[Any]:
        programs = [compiled(circuit, GATES, basis=BASIS) for circuit in request.circuits]
        calls = [
            (self._run_here, (circuit, program, request.shots, seed))
            for circuit, program, seed in zip(request.circuits, programs, request.seeds, strict=True)
        ]
        return self._start(request, calls)

    def _run_here(self, circuit: Circuit, program: CompiledCircuit, shots: int, seed: int) -> Result:
        started = time.perf_counter()
        simulator = self._simulator.StatevectorSimulator(self._circuits.Circuit.load(written(program)))
        # Without a seed cqlib takes the time in whole seconds, so that runs of one second are alike.
        number = int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)
        found = simulator.sample(shots, rng_seed=number)
        width = len(program.measured)
        counts = {key: int(count) for key, count in found.items()}
        outcomes = Outcomes.of_bitstrings(REGISTER, counts, first_is_left=False, width=width)
        bits = program.bits(circuit, REGISTER)
        evidence = {"wall_time": time.perf_counter() - started, "sdk": f"cqlib {version('cqlib')}"}
        return replace(bits.result(outcomes, shots, backend_name=self.name, metadata=evidence), seed=seed)


def _sdk(module: str) -> ModuleType:
    """Import a module of the SDK, which changes the filters of warnings; they are put back."""
    with warnings.catch_warnings():
        return require(module, extra="tianyan")
