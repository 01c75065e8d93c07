"""`IBMBackend`: a Qiskit device, run from this process, behind the protocol of this toolkit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from qtoolkit._optional import require
from qtoolkit.backends.backend import Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.compiling.transpiler import check_level
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.ibm.results import decode
from qtoolkit.backends.job import Job
from qtoolkit.circuit import STANDARD_GATES, Circuit
from qtoolkit.errors import BackendError, InputError
from qtoolkit.primitives import Result

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["IBMBackend", "fake_device", "pairs_of"]


class IBMBackend(InProcessBackend):
    """A Qiskit device in this process: a fake one of `qiskit_ibm_runtime`, or any other `BackendV2`.

    Circuits are transpiled to the device's gates and couplings when they are submitted. Fake devices have the noise of
    the real one at the time of the snapshot. Devices of IBM's service are opened by name, as their jobs go on record:
    ``get_backend("ibm:ibm_fez")``.

    The same circuit is compiled the same way each time, whatever the seed of its shots, and as `IBMNoise` compiles it.

    Args:
        device: a Qiskit backend.
        optimization_level: of the transpiler, 0 to 3.
        executor: runs circuits in this process, by default one after the other in a thread of the backend's own.
        name: shown in results; ``"ibm:"`` and the device's name by default.
        layout: the device's qubit for each qubit of a circuit, so that a readout calibration is of the qubits that are
            read later; the compiler chooses without.

    Raises:
        InputError: if `device` is no Qiskit backend, or one of IBM's service, or for another optimization level, or if
            the layout has no distinct qubits of the device.
        MissingExtraError: if qiskit-ibm-runtime is not installed.
    """

    def __init__(
        self,
        device: Any,
        optimization_level: int = 1,
        executor: Executor | None = None,
        name: str | None = None,
        layout: Sequence[int] | None = None,
    ) -> None:
        runtime = require("qiskit_ibm_runtime", extra="ibm")
        fake = require("qiskit_ibm_runtime.fake_provider.fake_backend", extra="ibm")
        from qiskit.providers import BackendV2

        from qtoolkit.backends.ibm.circuits import check_layout

        if not isinstance(device, BackendV2):
            raise InputError(f"an IBM backend is made of a Qiskit BackendV2, got {type(device).__name__}")
        if isinstance(device, runtime.IBMBackend):
            raise InputError(
                "a device of IBM's service is opened by its name, as its jobs go on record: "
                f"get_backend('ibm:{device.name}') reads QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE"
            )
        super().__init__(name or f"ibm:{device.name}", executor)
        self.device = device
        self.optimization_level = check_level(optimization_level)
        self.layout = check_layout(layout, device.num_qubits)
        self._is_fake = isinstance(device, fake.FakeBackendV2)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the device says of itself."""
        names = set(self.device.operation_names)
        configuration = self.device.configuration() if hasattr(self.device, "configuration") else None
        coupling = self.device.coupling_map
        # A backend that takes this option is a simulator; nothing else in Qiskit's interface tells.
        is_simulator = self._is_fake or hasattr(self.device.options, "seed_simulator")
        return Capabilities(
            num_qubits=self.device.num_qubits,
            max_shots=getattr(configuration, "max_shots", None),
            native_gates=frozenset(names & STANDARD_GATES.keys()),
            connectivity=None if coupling is None else pairs_of(coupling),
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

        converted = [
            device_circuit(circuit, self.device, self.optimization_level, layout=self.layout)
            for circuit in request.circuits
        ]
        calls = [
            (self._run_here, (circuit, isa, request.shots, seed, _simulator_seed(seed)))
            for circuit, isa, seed in zip(request.circuits, converted, request.seeds, strict=True)
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
        if not self._is_fake:
            from qiskit.primitives import BackendSamplerV2

            # IBM's sampler would simulate such a device in place of running it.
            return BackendSamplerV2(backend=self.device, options={"seed_simulator": seed})
        sampler = require("qiskit_ibm_runtime.executor_sampler", extra="ibm").Sampler(mode=self.device)
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


def pairs_of(coupling: Any) -> tuple[tuple[int, int], ...]:
    """The pairs of qubits of a Qiskit coupling map, in order, whatever their direction."""
    return tuple(sorted({(min(edge), max(edge)) for edge in coupling.get_edges()}))


def _further_seeds(seed: int | None, count: int) -> list[int | None]:
    if seed is None:
        return [None] * count
    return [int(word) >> 1 for word in np.random.SeedSequence(seed).generate_state(count, np.uint32)]


def _simulator_seed(seed: int | None) -> int | None:
    """A seed in the range that the simulator takes."""
    return None if seed is None else int(np.random.SeedSequence(seed).generate_state(1)[0]) >> 1
