"""`IBMBackend`: a Qiskit device behind the protocol of this toolkit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from qtoolkit._arguments import is_integer, shown
from qtoolkit._optional import require
from qtoolkit.backends.backend import Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.ibm.job import IBMJob
from qtoolkit.backends.ibm.results import decode, registers_of
from qtoolkit.backends.job import Job
from qtoolkit.circuit import STANDARD_GATES, Circuit
from qtoolkit.errors import BackendError, InputError, JobError
from qtoolkit.primitives import Result

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["IBMBackend", "fake_device"]


class IBMBackend(InProcessBackend):
    """A Qiskit device: a fake one of `qiskit_ibm_runtime`, one of its service, or any other `BackendV2`.

    Circuits are transpiled to the device's gates and couplings when they are submitted. Devices of the service get a
    job of the service, with its id; the others run in this process. Fake devices have the noise of the real one at
    the time of the snapshot.

    >>> IBMBackend(QiskitRuntimeService().least_busy())  # doctest: +SKIP

    Args:
        device: a Qiskit backend.
        optimization_level: of the transpiler, 0 to 3.
        executor: runs circuits in this process, by default one after the other in a thread of the backend's own.
        name: shown in results; ``"ibm:"`` and the device's name by default.

    Raises:
        InputError: if `device` is no Qiskit backend, or for another optimization level.
        MissingExtraError: if qiskit-ibm-runtime is not installed.
    """

    def __init__(
        self, device: Any, optimization_level: int = 1, executor: Executor | None = None, name: str | None = None
    ) -> None:
        runtime = require("qiskit_ibm_runtime", extra="ibm")
        fake = require("qiskit_ibm_runtime.fake_provider.fake_backend", extra="ibm")
        from qiskit.providers import BackendV2

        if not isinstance(device, BackendV2):
            raise InputError(f"an IBM backend is made of a Qiskit BackendV2, got {type(device).__name__}")
        if not is_integer(optimization_level) or optimization_level not in (0, 1, 2, 3):
            raise InputError(f"optimization_level is 0, 1, 2 or 3, got {shown(optimization_level)}")
        super().__init__(name or f"ibm:{device.name}", executor)
        self.device = device
        self.optimization_level = optimization_level
        self._on_service = isinstance(device, runtime.IBMBackend)
        self._is_fake = isinstance(device, fake.FakeBackendV2)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the device says of itself."""
        names = set(self.device.operation_names)
        configuration = self.device.configuration() if hasattr(self.device, "configuration") else None
        coupling = self.device.coupling_map
        # A backend that takes this option is a simulator; nothing else in Qiskit's interface tells.
        is_simulator = self._is_fake or (not self._on_service and hasattr(self.device.options, "seed_simulator"))
        return Capabilities(
            num_qubits=self.device.num_qubits,
            max_shots=getattr(configuration, "max_shots", None),
            native_gates=frozenset(names & STANDARD_GATES.keys()),
            connectivity=None if coupling is None else tuple(sorted({_pair(edge) for edge in coupling.get_edges()})),
            supports_mid_circuit_measurement=True,
            supports_conditionals="if_else" in names,
            supports_reset="reset" in names,
            supports_seed=is_simulator,
            supports_memory=True,
            is_simulator=is_simulator,
            is_local=is_simulator,
        )

    def _submit(self, request: Request) -> Job[Any]:
        from qtoolkit.backends.ibm.circuits import device_circuit

        seeds = [_split_seed(seed) for seed in request.seeds]
        converted = [
            device_circuit(circuit, self.device, self.optimization_level, transpiler_seed)
            for circuit, (transpiler_seed, _) in zip(request.circuits, seeds, strict=True)
        ]
        if self._on_service:
            return self._submit_to_service(request, converted)
        calls = [
            (self._run_here, (circuit, isa, request.shots, seed, simulator_seed))
            for circuit, isa, seed, (_, simulator_seed) in zip(
                request.circuits, converted, request.seeds, seeds, strict=True
            )
        ]
        return self._start(request, calls)

    def _run_here(
        self, circuit: Circuit, isa: QuantumCircuit, shots: int, seed: int | None, simulator_seed: int | None
    ) -> Result:
        from qtoolkit.backends.ibm.splitting import joined, split_measured

        started = time.perf_counter()
        parts = split_measured(isa) if self.capabilities.is_simulator else [isa]
        # One by one, because circuits of one call share its seed, and so their noise.
        seeds = [simulator_seed, *_further_seeds(simulator_seed, len(parts) - 1)]
        answers = [
            self._sampler(part_seed).run([part], shots=shots).result()[0]
            for part, part_seed in zip(parts, seeds, strict=True)
        ]
        result = self._decoded(joined(answers), circuit, isa, seed)
        return result.with_metadata(wall_time=time.perf_counter() - started)

    def _submit_to_service(self, request: Request, converted: Sequence[QuantumCircuit]) -> Job[Any]:
        try:
            vendor_job = self._sampler(None).run(converted, shots=request.shots)
        except Exception as error:
            raise BackendError(f"{self.name} refused the job: {type(error).__name__}: {error}") from error

        def decoded(answer: Any) -> Any:
            parts = zip(answer, request.circuits, converted, strict=True)
            return request.answer([self._decoded(part, circuit, isa, None) for part, circuit, isa in parts])

        return IBMJob(self, vendor_job, decoded)

    def job(self, job_id: str) -> Job[Any]:
        """Find a job again by its id; on a device of the service, from any process.

        A job of another process has its results in a list, with the registers that the device circuits have.

        Raises:
            JobError: if there is no such job.
        """
        if not self._on_service or job_id in self._jobs:
            return super().job(job_id)
        try:
            vendor_job = self.device.service.job(job_id)
        except Exception as error:
            raise JobError(f"{self.name} has no job {shown(job_id)}: {type(error).__name__}: {error}") from error
        found = IBMJob(self, vendor_job, self._decoded_without_circuits)
        self._jobs[job_id] = found
        return found

    def _decoded_without_circuits(self, answer: Any) -> list[Result]:
        results = []
        for part in answer:
            registers = registers_of(part)
            names = [register.name for register in registers]
            results.append(decode(part, names, registers, None, self.name, {"device": self.device.name}))
        return results

    def _decoded(self, part: Any, circuit: Circuit, isa: QuantumCircuit, seed: int | None) -> Result:
        evidence = {
            "device": self.device.name,
            "depth": isa.depth(),
            "two_qubit_gates": isa.num_nonlocal_gates(),
            "sdk": f"qiskit-ibm-runtime {require('qiskit_ibm_runtime', extra='ibm').__version__}",
        }
        names = [register.name for register in isa.cregs]
        return decode(part, names, circuit.clbit_registers, seed, self.name, evidence)

    def _sampler(self, seed: int | None) -> Any:
        """The SDK's sampler for this device; a seed only where it simulates."""
        if not self._on_service and not self._is_fake:
            from qiskit.primitives import BackendSamplerV2

            # IBM's sampler would simulate such a device in place of running it.
            return BackendSamplerV2(backend=self.device, options={"seed_simulator": seed})
        sampler = require("qiskit_ibm_runtime.executor_sampler", extra="ibm").Sampler(mode=self.device)
        if self._is_fake:
            sampler.options.simulator.seed_simulator = seed
        return sampler


def fake_device(name: str) -> Any:
    """The fake device of this name, such as ``"fake_manila"``.

    Raises:
        MissingExtraError: if qiskit-ibm-runtime is not installed.
        BackendError: if the installed version has no such device.
    """
    module = require("qiskit_ibm_runtime.fake_provider", extra="ibm")
    for kind in vars(module).values():
        # Looked up by class, because making all devices takes seconds.
        if isinstance(kind, type) and getattr(kind, "backend_name", None) == name:
            return kind()
    raise BackendError(f"the installed qiskit-ibm-runtime has no device {name}; another version may")


def _pair(edge: Sequence[int]) -> tuple[int, int]:
    return min(edge), max(edge)


def _further_seeds(seed: int | None, count: int) -> list[int | None]:
    if seed is None:
        return [None] * count
    return [int(word) >> 1 for word in np.random.SeedSequence(seed).generate_state(count, np.uint32)]


def _split_seed(seed: int | None) -> tuple[int | None, int | None]:
    """Seeds of the transpiler and of the simulator, both in the range that these take."""
    if seed is None:
        return None, None
    transpiler_seed, simulator_seed = (int(word) >> 1 for word in np.random.SeedSequence(seed).generate_state(2))
    return transpiler_seed, simulator_seed
