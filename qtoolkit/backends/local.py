"""The simulators of this machine as a backend."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from qtoolkit.backends.backend import Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.job import Job
from qtoolkit.backends.provider import BackendEntry, Provider
from qtoolkit.simulators import AutomaticSimulator
from qtoolkit.simulators.noisy import checked_noise

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["LocalBackend", "PROVIDER"]

_CAPABILITIES = Capabilities(
    num_qubits=None,
    supports_mid_circuit_measurement=True,
    supports_conditionals=True,
    supports_reset=True,
    supports_noise=True,
    supports_decoders=True,
    supports_seed=True,
    supports_memory=True,
)


class LocalBackend(InProcessBackend):
    """Simulation in this process, of gates, mid-circuit measurement, resets, conditions, noise and decoders.

    Each circuit runs by the method that costs least, see `AutomaticSimulator`: small ones without noise by their state
    vector, Clifford circuits of any size with Stim where it is installed. A result's metadata name the method.

    Args:
        precision: ``"double"`` or ``"single"``, of amplitudes.
        num_threads: threads of the simulator; all cores by default.
        executor: runs the circuits, by default one after the other in a thread of the backend's own.
        name: as in `get_backend`.
        noise: is put into every circuit before it runs, so that the backend plays a device.

    Raises:
        InputError: for another precision or number of threads, or noise that is no model.
    """

    def __init__(
        self,
        precision: str = "double",
        num_threads: int | None = None,
        executor: Executor | None = None,
        name: str = "local",
        noise: NoiseModel | None = None,
    ) -> None:
        super().__init__(name, executor)
        self._simulator = AutomaticSimulator(precision=precision, num_threads=num_threads)
        self._noise = checked_noise(noise)

    @property
    def capabilities(self) -> Capabilities:
        """Everything; memory alone limits the number of qubits."""
        return _CAPABILITIES

    def _submit(self, request: Request) -> Job[Any]:
        noise = self._noise
        circuits = request.circuits if noise is None else [noise.apply(circuit) for circuit in request.circuits]
        for circuit in circuits:
            self._simulator.check(circuit, request.shots)
        calls = [
            (self._simulator.run, (circuit, request.shots, seed))
            for circuit, seed in zip(circuits, request.seeds, strict=True)
        ]
        return self._start(request, calls)


def _single(
    num_threads: int | None = None, executor: Executor | None = None, noise: NoiseModel | None = None
) -> LocalBackend:
    return LocalBackend("single", num_threads, executor, "local:single", noise)


def _double(
    precision: str = "double",
    num_threads: int | None = None,
    executor: Executor | None = None,
    noise: NoiseModel | None = None,
) -> LocalBackend:
    return LocalBackend(precision, num_threads, executor, noise=noise)


PROVIDER = Provider(
    name="local",
    sdk=None,
    extra=None,
    entries=(
        BackendEntry("local", "simulation on this machine, amplitudes in double precision", "simulator", None, _double),
        BackendEntry(
            "local:single", "simulation on this machine, amplitudes in single precision", "simulator", None, _single
        ),
    ),
)
