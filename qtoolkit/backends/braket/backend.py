"""`BraketBackend`: a simulator of Amazon Braket's SDK behind the protocol of this toolkit."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from qtoolkit.backends.backend import Request
from qtoolkit.backends.braket.openqasm import EVERYTHING, NATIVE_GATES, WITH_NOISE, Program, to_braket_qasm
from qtoolkit.backends.braket.properties import KRAUS, PROGRAM
from qtoolkit.backends.braket.results import decode
from qtoolkit.backends.braket.sdk import sdk
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.job import Job
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.primitives import Result

__all__ = ["BraketBackend"]

_NO_LIMIT = 1 << 31


class BraketBackend(InProcessBackend):
    """A local simulator of Amazon Braket.

    Its generators of random numbers take no seed, so no result is reproducible: `Result.seed` is None. Measurements
    come at the end of a circuit: nothing that the simulators say of themselves promises more.

    Args:
        device: a `braket.devices.LocalSimulator`.
        noise_model: a `braket.circuits.noise_model.NoiseModel`, for the density-matrix simulator.
        executor: runs the circuits, by default one after the other in a thread of the backend's own.
        name: shown in results; ``"braket:"`` and the device's name by default.

    Raises:
        InputError: if `device` is no `LocalSimulator`.
        MissingExtraError: if amazon-braket-sdk is not installed.
    """

    def __init__(
        self, device: Any, noise_model: Any = None, executor: Executor | None = None, name: str | None = None
    ) -> None:
        devices = sdk("braket.devices")
        if not isinstance(device, devices.LocalSimulator):
            raise InputError(f"a Braket backend is made of a Braket LocalSimulator, got {type(device).__name__}")
        super().__init__(name or f"braket:{device.name}", executor)
        self.device = device
        self.noise_model = noise_model

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the device says of itself."""
        properties = self.device.properties
        most = properties.service.shotsRange[1]
        return Capabilities(
            num_qubits=properties.paradigm.qubitCount,
            max_shots=None if most >= _NO_LIMIT else most,
            native_gates=frozenset(NATIVE_GATES),
            supports_noise=self._takes_channels,
            supports_memory=True,
        )

    @property
    def _takes_channels(self) -> bool:
        action = self.device.properties.action.get(PROGRAM)
        return action is not None and KRAUS in (action.supportedPragmas or ())

    def _submit(self, request: Request) -> Job[Any]:
        dialect = WITH_NOISE if self._takes_channels else EVERYTHING
        programs = [to_braket_qasm(circuit, dialect) for circuit in request.circuits]
        calls = [
            (self._run_here, (circuit, program, request.shots))
            for circuit, program in zip(request.circuits, programs, strict=True)
        ]
        return self._start(request, calls)

    def _run_here(self, circuit: Circuit, program: Program, shots: int) -> Result:
        started = time.perf_counter()
        with _without_warnings_of_devices():
            task = self.device.run(self._specification(program), shots=shots)
        evidence = {
            "device": self.device.name,
            "task_id": task.id,
            "wall_time": time.perf_counter() - started,
            "sdk": f"amazon-braket-sdk {sdk('braket._sdk').__version__}",
        }
        return decode(task.result(), circuit, program.measured, self.name, evidence)

    def _specification(self, program: Program) -> Any:
        if self.noise_model is None:
            return sdk("braket.ir.openqasm").Program(source=program.source)
        # The SDK puts noise on its own circuits only.
        return self.noise_model.apply(sdk("braket.circuits").Circuit.from_ir(program.source))


@contextmanager
def _without_warnings_of_devices() -> Iterator[None]:
    """Leave out what a simulator logs of features that quantum computers may lack: no program here goes to one."""
    logger = logging.getLogger("braket.default_simulator.openqasm.interpreter")

    def is_news(record: logging.LogRecord) -> bool:
        return "may not be supported on QPUs" not in record.getMessage()

    logger.addFilter(is_news)
    try:
        yield
    finally:
        logger.removeFilter(is_news)
