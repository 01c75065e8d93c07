"""`QuafuBackend`: a chip or the simulator of Quafu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from qtoolkit._arguments import check_instance
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.asking import asking
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.compiling.device import compiled
from qtoolkit.backends.quafu.client import ADDRESS, QuafuClient
from qtoolkit.backends.quafu.serializer import BASIS, GATES, payload_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, InputError

__all__ = ["QuafuBackend"]

_SIMULATORS = "Sim"
"""What the names of simulators hold, such as ScQ-Sim10."""


class QuafuBackend(CloudBackend):
    """A chip or simulator of Quafu, which takes one circuit at a time.

    Args:
        device: as the service names it: ``"ScQ-P18"``, ``"ScQ-Sim10"``.
        compile_there: whether the service places circuits on the chip and compiles them for its gates; without,
            qubit k is the chip's.
        address: of the service, if it is not its own.
        store: where jobs are on record; the default one without.
        max_cost: of each job; no cap without.

    Raises:
        InputError: if an option is none.
        CredentialsError: if the token is missing.
    """

    def __init__(
        self,
        device: str,
        *,
        compile_there: bool = True,
        address: str | None = None,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        client = QuafuClient(address or ADDRESS)
        super().__init__(f"quafu:{device}", client, store=store, max_cost=max_cost)
        self.device = device
        self._service = client
        self._compile_there = check_instance(compile_there, bool, "compile_there must be true or false", InputError)

    @cached_property
    def _system(self) -> tuple[int, int]:
        """The number under which the service knows the chip, and its qubits."""
        with asking(self.name):
            chips = self._service.chips()
        for chip in chips:
            if chip.get("system_name") == self.device:
                return _number(chip, "system_id", self.name), _number(chip, "qubits", self.name)
        names = ", ".join(sorted(str(chip.get("system_name")) for chip in chips)) or "none"
        raise BackendError(f"Quafu has no chip {self.device!r}; it has {names}")

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the service tells of the chip.

        Raises:
            BackendError: if the service cannot be asked, or has no such chip.
        """
        return Capabilities(
            num_qubits=self._system[1],
            max_circuits=1,
            native_gates=GATES,
            is_simulator=_SIMULATORS in self.device,
            is_local=False,
        )

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        (circuit,) = circuits
        program = compiled(circuit, GATES, basis=BASIS)
        return payload_of(circuit, program, shots, key, self._system[0], compile_there=self._compile_there)


def _number(chip: Mapping[str, Any], name: str, backend: str) -> int:
    value = chip.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BackendError(f"the service does not say the {name} of {backend}, got {value!r}")
    return value
