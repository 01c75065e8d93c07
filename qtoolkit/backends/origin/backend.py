"""`OriginBackend`: a chip or the simulator of Origin's cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from qtoolkit._arguments import check_instance
from qtoolkit.backends.calibration import Calibration, calibration_from_origin
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.asking import asking
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.compiling.device import compiled
from qtoolkit.backends.origin.client import ADDRESS, OriginClient
from qtoolkit.backends.origin.originir import BASIS, GATES
from qtoolkit.backends.origin.serializer import FULL_AMPLITUDE, payload_of
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.compact import without_idle_qubits
from qtoolkit.errors import BackendError, InputError

__all__ = ["OriginBackend"]

_BATCH = 200
"""Circuits of one task of a chip, as Origin's own VQNet groups them."""


class OriginBackend(CloudBackend):
    """A device of Origin's cloud.

    The service maps circuits to a chip's qubits and gates itself, and the answer is raw counts unless its correction of
    readout is asked for.

    Args:
        device: as the service names it: ``"full_amplitude"``, ``"WK_C180"``.
        amend: whether the service corrects readout; counts are then made of its probabilities.
        mapping: whether the service chooses qubits; otherwise qubit k is the chip's.
        optimization: whether the service shortens circuits.
        address: of the service, if it is not its own.
        store: where jobs are on record; the default one without.
        max_cost: of each job; no cap without.

    Raises:
        InputError: if an option is none.
        CredentialsError: if the API key is missing.
    """

    def __init__(
        self,
        device: str,
        *,
        amend: bool = False,
        mapping: bool = True,
        optimization: bool = True,
        address: str | None = None,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        client = OriginClient(address or ADDRESS)
        super().__init__(f"origin:{device}", client, store=store, max_cost=max_cost)
        self.device = device
        self._service = client
        self._options = {"amend": amend, "mapping": mapping, "optimization": optimization}
        for name, value in self._options.items():
            check_instance(value, bool, f"{name} must be true or false", InputError)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the service tells of the chip; the simulator's limits are its own to say.

        Raises:
            BackendError: if the service cannot be asked.
        """
        if self.device == FULL_AMPLITUDE:
            return Capabilities(num_qubits=None, max_circuits=1, native_gates=frozenset(GATES), is_local=False)
        info = self._chip_info()
        available = {number for number in _list(info.get("AvailableQubits")) if isinstance(number, int)}
        count = info.get("QubitCount")
        return Capabilities(
            num_qubits=len(available) or (count if isinstance(count, int) else None),
            max_circuits=_BATCH,
            native_gates=frozenset(GATES),
            connectivity=_couplings(info, available),
            is_simulator=False,
            is_local=False,
        )

    def _fitted(self, circuit: Circuit) -> Circuit:
        """Without idle qubits, where each doubles the amplitudes; see `Backend._fitted`."""
        return without_idle_qubits(circuit) if self.device == FULL_AMPLITUDE else super()._fitted(circuit)

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        programs = [compiled(circuit, GATES, basis=BASIS) for circuit in circuits]
        return payload_of(circuits, programs, shots, key, self.device, **self._options)

    def calibration(self) -> Calibration | None:
        """What the service tells of the chip's qubits; None of the simulator, and where it tells nothing readable.

        Raises:
            BackendError: if the service cannot be asked.
        """
        if self.device == FULL_AMPLITUDE:
            return None
        info = self._chip_info()
        try:
            return calibration_from_origin(info, device=self.device)
        except BackendError:
            return None

    def _chip_info(self) -> Mapping[str, Any]:
        with asking(self.name):
            return self._service.chip_info(self.device)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _couplings(info: Mapping[str, Any], available: set[int]) -> tuple[tuple[int, int], ...] | None:
    """Pairs of qubits that are there, each once; None where the service tells of none."""
    matrix = info.get("adjMatrix")
    pairs: set[tuple[int, int]] = set()
    for first, neighbours in matrix.items() if isinstance(matrix, Mapping) else ():
        for neighbour in _list(neighbours):
            second = neighbour.get("v") if isinstance(neighbour, Mapping) else None
            if str(first).isdecimal() and isinstance(second, int) and {int(first), second} <= available:
                pairs.add((min(int(first), second), max(int(first), second)))
    return tuple(sorted(pairs)) or None
