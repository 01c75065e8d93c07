"""`GoogleBackend`: a processor of Google's Quantum Engine."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.asking import asking
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.google.client import GoogleClient
from qtoolkit.backends.google.facts import capabilities_of, check_limits
from qtoolkit.backends.google.processor import Processor, current_metrics, processor_of
from qtoolkit.backends.google.programs import native_program, qubits_of
from qtoolkit.backends.google.requests import FORMAT, MEDIA_TYPE, DeviceConfig, create_requests
from qtoolkit.circuit import Circuit

if TYPE_CHECKING:
    from qtoolkit.backends.calibration import Calibration

__all__ = ["GoogleBackend"]


class GoogleBackend(CloudBackend):
    """A processor of Google's Quantum Engine.

    Circuits are compiled for its gates and routed on its grid by Cirq, from what the service says of the processor
    when it is first needed. Each circuit is a job of its own.

    Args:
        processor: its id in the project.
        client: of the service.
        config: which of the processor's configurations runs jobs; its default without.
        store: where jobs are on record; the default one without.
        max_cost: of each job, as in `CloudBackend`.
    """

    client: GoogleClient

    def __init__(
        self,
        processor: str,
        client: GoogleClient,
        config: DeviceConfig | None = None,
        *,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        super().__init__(f"google:{processor}", client, store=store, max_cost=max_cost)
        self._processor_id = processor
        self._config = config or DeviceConfig()

    @cached_property
    def processor(self) -> Processor:
        """What the service says of the processor, asked once.

        Raises:
            BackendError: if it cannot be asked, or has no such processor.
        """
        with asking(self.name):
            return processor_of(self.client, self._processor_id, self._config)

    def calibration(self) -> Calibration | None:
        """The processor's metrics now; None where the service has none.

        Raises:
            BackendError: if the service cannot be asked, or its answer cannot be read.
        """
        from qtoolkit.backends.calibration import calibration_from_google

        with asking(self.name, "how it is calibrated"):
            metrics = current_metrics(self.client, self._processor_id)
        return None if metrics is None else calibration_from_google(metrics, device=self._processor_id)

    @cached_property
    def capabilities(self) -> Capabilities:
        """By the processor's specification.

        Raises:
            BackendError: as for `processor`.
        """
        return capabilities_of(self.processor.device, max_circuits=1, is_simulator=False, is_local=False)

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        (circuit,) = circuits
        here = self.processor
        native, bits = native_program(circuit, here.device, here.gateset, self.name)
        check_limits(native, shots, self.name)
        body = create_requests(native, shots, key, self.client.project, here.id, here.config)
        # As calibrations call them; in the order in which the serializer numbers them.
        places = [f"{qubit.row}_{qubit.col}" for qubit in qubits_of(native)]
        return Payload(body, FORMAT, shots, (bits,), MEDIA_TYPE, {"device_qubits": places})
