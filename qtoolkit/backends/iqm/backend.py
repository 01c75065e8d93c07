"""`IQMBackend`: a quantum computer of IQM."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

from qtoolkit._arguments import shown
from qtoolkit.backends.calibration import Calibration, calibration_from_iqm
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud import BitMap, CloudBackend, JobStore, Payload
from qtoolkit.backends.cloud.asking import asking
from qtoolkit.backends.cloud.client import NotSent, Refused
from qtoolkit.backends.cloud.secrets import redacted, safe_cause
from qtoolkit.backends.compiling.transpiler import check_level
from qtoolkit.backends.iqm.architecture import Architecture
from qtoolkit.backends.iqm.client import IQMClient
from qtoolkit.backends.iqm.serializer import FORMAT, locus_names
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, InputError

__all__ = ["IQMBackend"]

MAX_CIRCUITS = 100
"""Of one job. IQM names no limit; the service refuses what is too long for it."""


class IQMBackend(CloudBackend):
    """A quantum computer behind an IQM Server.

    What it can do is what its calibration holds when the backend is first used; jobs name that calibration, so that
    they run on what they were compiled for. On computers whose qubits are joined by a resonator, one of the two qubits
    of a gate is moved into it and back.

    Args:
        device: the computer's alias on the server, such as ``"garnet"``.
        calibration_set: id of a calibration, or ``"default"``.
        optimization_level: of Qiskit's transpiler, 0 to 3.
        store: where jobs are on record; the default one without.
        max_cost: of each job; no cap without.

    Raises:
        InputError: for other options.
        CredentialsError: if there is no token.
    """

    def __init__(
        self,
        device: str,
        *,
        calibration_set: str = "default",
        optimization_level: int = 2,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        if not isinstance(calibration_set, str) or not calibration_set:
            raise InputError(f"a calibration set is named by its id, got {shown(calibration_set)}")
        client = IQMClient(device)
        super().__init__(f"iqm:{device}", client, store=store, max_cost=max_cost)
        self._server = client
        self.calibration_set = calibration_set
        self.optimization_level = check_level(optimization_level)

    @cached_property
    def architecture(self) -> Architecture:
        """What the calibration holds; the server is asked once.

        Raises:
            BackendError: if it cannot be asked, or has no such computer or calibration.
        """
        with asking(self.name):
            try:
                return self._server.architecture(self.calibration_set)
            except Refused as error:
                raise BackendError(
                    f"the server has no {self.name} with the calibration {self.calibration_set}: {redacted(error)}"
                ) from safe_cause(error)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the calibration holds.

        Raises:
            BackendError: if the server cannot be asked.
        """
        architecture = self.architecture
        return Capabilities(
            num_qubits=len(architecture.qubits),
            max_circuits=MAX_CIRCUITS,
            native_gates=frozenset({"x", "y", "rx", "ry", "cz"}),
            connectivity=architecture.connectivity,
            # A bit that is measured on the way is for conditions; without them, circuits are measured at their end.
            supports_mid_circuit_measurement=bool(architecture.conditional),
            supports_conditionals=bool(architecture.conditional),
            supports_reset=set(architecture.resettable) == set(architecture.qubits),
            supports_memory=True,
            is_simulator=False,
            is_local=False,
        )

    def calibration(self) -> Calibration | None:
        """The metrics of the calibration; None where the server has none, or does not answer."""
        calibration_set = self.architecture.calibration_set
        try:
            return calibration_from_iqm(self._server.metrics(calibration_set), device=self.name)
        except (BackendError, Refused, NotSent, OSError, ValueError):
            return None

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        from qtoolkit.backends.iqm.compiling import compiled

        written, bits, layouts, places = [], [], [], []
        for index, circuit in enumerate(circuits):
            program = compiled(circuit, self.architecture, self.optimization_level, self.name)
            name = f"{key}/{index}"
            written.append({"name": name, "instructions": program.instructions, "metadata": None})
            bits.append(BitMap.of(circuit, {clbit: (found, 0) for clbit, found in program.keys.items()}))
            layouts.append(program.layout)
            places.append(locus_names(program.instructions))
        body = {
            "circuits": written,
            "calibration_set_id": self.architecture.calibration_set,
            "qubit_mapping": None,
            "shots": shots,
            "max_circuit_duration_over_t2": None,
            "heralding_mode": "none",
            "move_gate_validation": "strict",
            "move_gate_frame_tracking": "full",
            "active_reset_cycles": None,
            "dd_mode": "disabled",
            "dd_strategy": None,
        }
        text = json.dumps(body, separators=(",", ":"), allow_nan=False)
        return Payload(text.encode(), FORMAT, shots, tuple(bits), facts={"layouts": layouts, "device_qubits": places})
