"""`TianyanBackend`: a machine or a simulator of Tianyan's service."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.asking import asking
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.compiling.device import compiled
from qtoolkit.backends.compiling.transpiler import check_level
from qtoolkit.backends.tianyan.client import ADDRESS, TianyanClient
from qtoolkit.backends.tianyan.machine import Machine
from qtoolkit.backends.tianyan.qcis import BASIS, GATES, written
from qtoolkit.backends.tianyan.serializer import REGISTER, payload_of
from qtoolkit.circuit import Circuit

__all__ = ["TianyanBackend", "most_circuits"]

_LIMITS = ((600, 10_000, None), (100, 50_000, 30), (50, 100_000, 15))
"""Circuits of one submission, with so many shots of so many measured bits (cqlib 1.3.11, `submit_job`)."""

_SIMULATORS = "tianyan_"
"""What the names of simulators begin with; machines are called such as tianyan176."""


class TianyanBackend(CloudBackend):
    """A machine or simulator of Tianyan's service.

    For a machine, circuits are compiled for its couplers; simulators take them as they are. Results are raw: readout
    is not corrected.

    Args:
        device: as the service names it: ``"tianyan_sw"``, ``"tianyan176"``.
        optimization_level: of the compiler, 0 to 3.
        address: of the service, if it is not its own.
        store: where jobs are on record; the default one without.
        max_cost: of each job; no cap without.

    Raises:
        InputError: if the level is not 0, 1, 2 or 3, or the address none.
        CredentialsError: if the login key is missing.
    """

    def __init__(
        self,
        device: str,
        *,
        optimization_level: int = 1,
        address: str | None = None,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        client = TianyanClient(address or ADDRESS)
        super().__init__(f"tianyan:{device}", client, store=store, max_cost=max_cost)
        self.device = device
        self._service = client
        self._level = check_level(optimization_level)

    @cached_property
    def machine(self) -> Machine | None:
        """The qubits of a machine; None for a simulator.

        Raises:
            BackendError: if the service cannot be asked.
        """
        if self.device.startswith(_SIMULATORS):
            return None
        with asking(self.name):
            configuration = self._service.configuration(self.device)
        return Machine.of(configuration, self.name)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the service tells of a machine; a simulator's number of qubits is its own to say.

        Raises:
            BackendError: if the service cannot be asked.
        """
        machine = self.machine
        return Capabilities(
            num_qubits=None if machine is None else len(machine.places),
            max_shots=_LIMITS[-1][1],
            max_circuits=_LIMITS[0][0],
            native_gates=frozenset(GATES),
            connectivity=None
            if machine is None
            else tuple((machine.places[a], machine.places[b]) for a, b in machine.couplings),
            supports_memory=True,
            is_simulator=machine is None,
            is_local=False,
        )

    def _parts(self, circuits: Sequence[Circuit], shots: int) -> list[Sequence[Circuit]]:
        """See `CloudBackend._parts`: the more shots and measured bits, the fewer circuits go together."""
        parts: list[Sequence[Circuit]] = []
        first, widest = 0, 0
        for index, circuit in enumerate(circuits):
            width = len({qubit for qubit, _ in circuit.split_final_measurements()[1]})
            if index > first and index + 1 - first > most_circuits(shots, max(widest, width)):
                parts.append(circuits[first:index])
                first, widest = index, 0
            widest = max(widest, width)
        parts.append(circuits[first:])
        return parts

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        machine = self.machine
        texts, measured, maps = [], [], []
        for circuit in circuits:
            if machine is None:
                found = compiled(circuit, GATES, basis=BASIS)
                places: Sequence[int] = range(found.num_qubits)
            else:
                found = compiled(
                    circuit,
                    GATES,
                    basis=BASIS,
                    couplings=machine.couplings,
                    num_qubits=len(machine.places),
                    optimization_level=self._level,
                )
                places = machine.places
            texts.append(written(found, places))
            measured.append([places[qubit] for qubit in found.measured])
            maps.append(found.bits(circuit, REGISTER))
        return payload_of(texts, measured, maps, shots, key, self.device)


def most_circuits(shots: int, measured: int) -> int:
    """How many circuits one submission takes.

    Args:
        shots: of each.
        measured: bits of the one that measures most.
    """
    for circuits, most_shots, most_bits in _LIMITS:
        if shots <= most_shots and (most_bits is None or measured <= most_bits):
            return circuits
    return 1
