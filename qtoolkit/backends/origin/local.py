"""`OriginLocalBackend`: the CPU machine of pyqpanda3 in this process."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import Executor
from importlib.metadata import version
from types import ModuleType
from typing import Any

from qtoolkit._optional import require
from qtoolkit.backends.backend import Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.bits import Outcomes
from qtoolkit.backends.compiling.device import CompiledCircuit, compiled
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.job import Job
from qtoolkit.backends.origin.originir import BASIS, GATES, written
from qtoolkit.backends.origin.serializer import REGISTER
from qtoolkit.circuit import Circuit
from qtoolkit.primitives import Result

__all__ = ["OriginLocalBackend"]

_MOST_QUBITS = 30
"""16 GiB of amplitudes."""


class OriginLocalBackend(InProcessBackend):
    """pyqpanda3's CPU machine.

    It draws its random numbers by itself, so no result is reproducible: `Result.seed` is None.

    Args:
        executor: runs the circuits, by default one after the other in a thread of the backend's own.

    Raises:
        MissingExtraError: if pyqpanda3 is not installed.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._core, self._compiler = _sdk("core"), _sdk("intermediate_compiler")
        super().__init__("origin:cpu", executor)

    @property
    def capabilities(self) -> Capabilities:
        """Gates, and measurements at the end."""
        return Capabilities(num_qubits=_MOST_QUBITS, native_gates=frozenset(GATES))

    def _submit(self, request: Request) -> Job[Any]:
        programs = [compiled(circuit, GATES, basis=BASIS) for circuit in request.circuits]
        calls = [
            (self._run_here, (circuit, program, request.shots))
            for circuit, program in zip(request.circuits, programs, strict=True)
        ]
        return self._start(request, calls)

    def _run_here(self, circuit: Circuit, program: CompiledCircuit, shots: int) -> Result:
        started = time.perf_counter()
        machine = self._core.CPUQVM()
        machine.run(self._compiler.convert_originir_string_to_qprog(written(program)), shots)
        counts = machine.result().get_counts()
        width = len(program.measured)
        outcomes = Outcomes.of_bitstrings(REGISTER, counts, first_is_left=False, width=width)
        bits = program.bits(circuit, REGISTER)
        evidence = {"wall_time": time.perf_counter() - started, "sdk": f"pyqpanda3 {version('pyqpanda3')}"}
        return bits.result(outcomes, shots, backend_name=self.name, metadata=evidence)


def _sdk(module: str) -> ModuleType:
    """Import a module of the SDK, which changes the filters of warnings; they are put back."""
    with warnings.catch_warnings():
        return require(f"pyqpanda3.{module}", extra="origin")
