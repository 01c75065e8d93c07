"""`VirtualGoogleBackend`: cirq-google's simulated processors in this process."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from qtoolkit._arguments import check_instance, shown
from qtoolkit._optional import require
from qtoolkit.backends.backend import Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.bits import BitMap, Outcomes
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.google.compiling import noisy_gateset
from qtoolkit.backends.google.facts import capabilities_of, check_limits
from qtoolkit.backends.google.noise import PROCESSORS
from qtoolkit.backends.google.programs import native_program
from qtoolkit.backends.job import Job
from qtoolkit.errors import InputError
from qtoolkit.primitives import Result

if TYPE_CHECKING:
    import cirq

__all__ = ["VirtualGoogleBackend"]

_WIDEST_DENSITY_MATRIX = 8
"""Qubits up to which a density matrix, simulated once, is faster than a noisy run for each shot."""


class VirtualGoogleBackend(InProcessBackend):
    """A processor of cirq-google's virtual engine: its gates and grid, simulated with the noise of its medians.

    Circuits are compiled and routed as for the processor itself, and what the Quantum Engine would refuse is refused.
    With noise, circuits of more than 8 qubits, or with measurements before the end, are simulated anew for each shot;
    for many shots of those ``StatevectorSimulator`` with ``device_noise`` is faster.

    Args:
        processor: ``"rainbow"``, ``"weber"`` or ``"willow_pink"``.
        noisy: whether to add the noise of its median calibration.
        executor: runs the circuits, by default one after the other in a thread of the backend's own.

    Raises:
        InputError: if there is no such processor.
        MissingExtraError: if cirq-google is not installed.
    """

    def __init__(self, processor: str, noisy: bool = True, executor: Executor | None = None) -> None:
        if processor not in PROCESSORS:
            raise InputError(f"cirq-google simulates {', '.join(PROCESSORS)}, got {shown(processor)}")
        super().__init__(f"google:{processor}", executor)
        google = require("cirq_google", extra="google")
        self.processor = processor
        self.noisy = check_instance(noisy, bool, "noisy is True or False", InputError)
        self.device = google.engine.create_device_from_processor_id(processor)
        properties = google.engine.load_device_noise_properties(processor)
        self._gateset = noisy_gateset(self.device, properties)
        self._noise = google.NoiseModelFromGoogleNoiseProperties(properties) if noisy else None

    @cached_property
    def capabilities(self) -> Capabilities:
        """By the processor's specification, and that it is simulated here."""
        return capabilities_of(self.device, supports_seed=True)

    def _submit(self, request: Request) -> Job[Any]:
        calls = []
        for circuit, seed in zip(request.circuits, request.seeds, strict=True):
            native, bits = native_program(circuit, self.device, self._gateset, self.name)
            check_limits(native, request.shots, self.name)
            calls.append((self._run_here, (native, bits, request.shots, seed)))
        return self._start(request, calls)

    def _run_here(self, native: cirq.Circuit, bits: BitMap, shots: int, seed: int | None) -> Result:
        started = time.perf_counter()
        google = require("cirq_google", extra="google")
        processor = google.engine.SimulatedLocalProcessor(
            processor_id=self.processor, sampler=self._simulator(native, seed), device=self.device
        )
        answer = processor.get_sampler().run(native, repetitions=shots)
        outcomes = Outcomes({key: record[:, 0, :].astype(np.uint8) for key, record in answer.records.items()})
        evidence = {
            "device": self.processor,
            "moments": len(native),
            "two_qubit_gates": sum(len(operation.qubits) == 2 for operation in native.all_operations()),
            "wall_time": time.perf_counter() - started,
            "sdk": f"cirq-google {google.__version__}",
        }
        return bits.result(outcomes, shots, seed=seed, backend_name=self.name, metadata=evidence)

    def _simulator(self, native: cirq.Circuit, seed: int | None) -> Any:
        import cirq

        # Cirq's own seeds end at 2³².
        random = np.random.RandomState(np.random.MT19937(seed))
        if self._noise is None:
            return cirq.Simulator(seed=random)
        is_once = native.are_all_measurements_terminal() and len(native.all_qubits()) <= _WIDEST_DENSITY_MATRIX
        kind = cirq.DensityMatrixSimulator if is_once else cirq.Simulator
        return kind(noise=self._noise, seed=random)
