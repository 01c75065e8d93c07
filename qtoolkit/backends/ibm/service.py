"""`IBMServiceBackend`: a device of IBM Quantum's service."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from qtoolkit._arguments import check_integer, is_integer
from qtoolkit._optional import require
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud import CloudBackend, JobStore, Payload
from qtoolkit.backends.compiling.transpiler import check_level
from qtoolkit.backends.ibm.backend import pairs_of
from qtoolkit.backends.ibm.client import IBMClient
from qtoolkit.backends.ibm.serializer import Recorder, encoded
from qtoolkit.circuit import STANDARD_GATES, Circuit
from qtoolkit.errors import BackendError, InputError

if TYPE_CHECKING:
    from qtoolkit.backends.calibration import Calibration

__all__ = ["IBMServiceBackend", "MOST_EXECUTIONS"]

MOST_EXECUTIONS = 10_000_000
"""Circuits times shots of one job (IBM's page "Job limits", read on 2026-12-01).

It says too that the ``max_shots`` of a device's configuration is no limit any more.
"""

_FRESH = 600.0
"""Seconds for which a device's properties are taken to be the present ones; IBM measures some of them each hour."""


class IBMServiceBackend(CloudBackend):
    """A device of IBM Quantum's service, driven through IBM's package.

    Circuits are compiled to the device's gates and couplings by Qiskit's transpiler, and sent as IBM's sampler would
    send them. A device is opened by name, ``get_backend("ibm:ibm_fez")``; nothing is asked before it is needed.

    Args:
        device: its name, such as ``"ibm_fez"``.
        client: speaks to the service.
        optimization_level: of the transpiler, 0 to 3.
        max_execution_time: seconds of the device's time after which IBM cancels a job; IBM's own limit without.
        store: where jobs are on record; the default one without.
        max_cost: of each job, as for `CloudBackend`.

    Raises:
        InputError: for another optimization level, or a time below 1.
    """

    def __init__(
        self,
        device: str,
        client: IBMClient,
        *,
        optimization_level: int = 1,
        max_execution_time: int | None = None,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        super().__init__(f"ibm:{device}", client, store=store, max_cost=max_cost)
        self.service = client
        self.device_name = device
        self.optimization_level = check_level(optimization_level)
        self.max_execution_time = _seconds(max_execution_time, "max_execution_time")
        self.session_id: str | None = None
        self._device: Any = None
        self._properties: dict[str, Any] = {}
        self._read_at = 0.0

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the device's configuration says.

        Raises:
            BackendError: if the service has no such device, or cannot be asked.
        """
        device = self._present_device()
        names = set(device.operation_names)
        coupling = device.coupling_map
        most = getattr(device.configuration(), "max_experiments", None)
        return Capabilities(
            num_qubits=device.num_qubits,
            max_shots=MOST_EXECUTIONS,
            max_circuits=int(most) if is_integer(most) and most > 0 else None,
            native_gates=frozenset(names & STANDARD_GATES.keys()),
            connectivity=None if coupling is None else pairs_of(coupling),
            supports_mid_circuit_measurement=True,
            supports_conditionals="if_else" in names,
            supports_reset="reset" in names,
            supports_memory=True,
            is_simulator=bool(device.configuration().simulator),
            is_local=False,
        )

    def properties(self) -> dict[str, Any]:
        """What IBM measured of the device's qubits and gates, as its service writes it; at most ten minutes old.

        Raises:
            BackendError: if the service has no such device, or cannot be asked.
        """
        self._present_device()
        return copy.deepcopy(self._properties)

    def calibration(self) -> Calibration | None:
        """What IBM measured of the device's qubits and gates; None where it tells nothing that can be read.

        Raises:
            BackendError: if the service has no such device, or cannot be asked.
        """
        from qtoolkit.backends.calibration import calibration_from_ibm

        properties = self.properties()
        try:
            return calibration_from_ibm(properties)
        except (BackendError, InputError):
            return None

    def session(self, max_time: int | None = None) -> AbstractContextManager[Self]:
        """The device for a while on its own: ``with backend.session() as inside: inside.run(...)``.

        The time between jobs is charged as well. Leaving the block lets the session end with the jobs that it has.

        Args:
            max_time: seconds that it may last; IBM's limit without.

        Raises:
            InputError: if the time is no integer of at least 1.
            BackendError: if the service opens none, or nobody knows whether it has.
        """
        return self._opened("dedicated", max_time)

    def batch(self, max_time: int | None = None) -> AbstractContextManager[Self]:
        """Many jobs that IBM may prepare side by side: ``with backend.batch() as inside: inside.run(...)``.

        Args:
            max_time: seconds that it may last; IBM's limit without.

        Raises:
            InputError: if the time is no integer of at least 1.
            BackendError: if the service opens none, or nobody knows whether it has.
        """
        return self._opened("batch", max_time)

    @contextmanager
    def _opened(self, mode: str, max_time: int | None) -> Iterator[Self]:
        if self.session_id is not None:
            raise BackendError(f"{self.name} is in the session {self.session_id} already; leave it first")
        inside = copy.copy(self)
        session_id = self.service.open_session(self.device_name, mode, _seconds(max_time, "max_time"))
        inside.session_id = session_id
        try:
            yield inside
        except BaseException as error:
            try:
                self.service.close_session(session_id)
            except Exception as trouble:
                error.add_note(str(trouble))
            raise
        self.service.close_session(session_id)

    def _parts(self, circuits: Sequence[Circuit], shots: int) -> list[Sequence[Circuit]]:
        most = min(self.capabilities.max_circuits or len(circuits), max(1, MOST_EXECUTIONS // shots))
        return [circuits[first : first + most] for first in range(0, len(circuits), most)]

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        from qtoolkit.backends.ibm.circuits import device_circuit, without_layout

        device = self._present_device()
        compiled = [without_layout(device_circuit(circuit, device, self.optimization_level)) for circuit in circuits]
        facts: dict[str, Any] = {
            "device": self.device_name,
            "instance": self.service.account.instance,
            "sdk": f"qiskit-ibm-runtime {require('qiskit_ibm_runtime', extra='ibm').__version__}",
            "circuits": [{"depth": isa.depth(), "two_qubit_gates": isa.num_nonlocal_gates()} for isa in compiled],
        }
        if self.session_id is not None:
            facts["session_id"] = self.session_id
        return encoded(
            device,
            circuits,
            compiled,
            shots,
            key,
            session_id=self.session_id,
            max_execution_time=self.max_execution_time,
            facts=facts,
        )

    def _present_device(self) -> Any:
        """The device as Qiskit's backend, by what the service says now."""
        now = time.monotonic()
        if self._device is not None and now - self._read_at < _FRESH:
            return self._device
        configuration = self.service.configuration(self.device_name)
        properties = {} if configuration.get("simulator") else self.service.properties(self.device_name)
        device = _device(configuration, properties, self.device_name)
        self._device, self._properties, self._read_at = device, properties, now
        return device


class _Told:
    """What Qiskit's backend takes for its connection: it tells the properties that were read."""

    def __init__(self, properties: dict[str, Any]) -> None:
        self._properties = properties

    def backend_properties(self, name: str, datetime: Any = None, calibration_id: Any = None) -> dict[str, Any]:
        return copy.deepcopy(self._properties)


def _device(configuration: dict[str, Any], properties: dict[str, Any], name: str) -> Any:
    decoder = require("qiskit_ibm_runtime.utils.backend_decoder", extra="ibm")
    backend = require("qiskit_ibm_runtime", extra="ibm").IBMBackend
    try:
        understood = decoder.configuration_from_server_data(configuration)
        if understood is None:
            raise ValueError("its configuration lacks what IBM's package needs")
        device = backend(understood, Recorder(), _Told(properties))
        if device.target is None:
            raise ValueError("it has no gates")
    except Exception as error:
        raise BackendError(
            f"IBM's description of {name} cannot be read: {type(error).__name__}: {error}; another version of "
            "qiskit-ibm-runtime may"
        ) from error
    return device


def _seconds(value: object, name: str) -> int | None:
    return None if value is None else check_integer(value, name, 1)
