"""`BraketCloudBackend`: a device of Amazon Braket's service, a simulator or a quantum computer."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

from qtoolkit._arguments import check_flag, check_instance, check_integer, shown
from qtoolkit.backends.braket.client import BraketClient
from qtoolkit.backends.braket.devices import DEVICES, arn_of, region_of, short_name
from qtoolkit.backends.braket.openqasm import to_braket_qasm
from qtoolkit.backends.braket.properties import DeviceProperties, read_properties
from qtoolkit.backends.braket.serializer import task_payload
from qtoolkit.backends.calibration import Calibration, calibration_from_braket
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.money import CostEstimate
from qtoolkit.circuit import Circuit, Gate
from qtoolkit.circuit.compact import without_idle_qubits
from qtoolkit.errors import BackendError, InputError

__all__ = ["BraketCloudBackend"]

BUCKET = "AMZN_BRAKET_OUT_S3_BUCKET"
"""The variable by which the SDK, too, is told the bucket for results."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FOLDER = re.compile(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*")
_LONGEST_FOLDER = 900


class BraketCloudBackend(CloudBackend):
    """A device of Amazon Braket's service.

    Circuits go as OpenQASM 3, in the gates that the device takes, and the service compiles and places them. Devices
    that take sets of programs get several circuits in one task, which costs one task. Results are written into a
    bucket of your own. A compiler takes out what cancels: circuits folded for zero-noise extrapolation need verbatim.

    Args:
        device: ``"ionq/Forte-1"``, ``"sv1"`` or the whole ARN.
        region: for simulators, which are in several; devices are where their ARN says.
        s3_bucket: for results, in the device's region; the variable ``AMZN_BRAKET_OUT_S3_BUCKET`` without.
        s3_prefix: the folder in the bucket.
        rewiring: whether the service may choose the qubits. Without, qubit k of a circuit is the k-th of the device's
            qubits in the order of their numbers.
        verbatim: whether circuits run exactly as they stand, each gate one of the device's own; rewiring is then off.
        store: where jobs are on record; the default one without.
        max_cost: of each job; see `CloudBackend`.

    Raises:
        UnknownBackendError: if no device is named so.
        InputError: if an argument is none of these.
        MissingExtraError: if amazon-braket-sdk is not installed.
        CredentialsError: if AWS has no credentials or no region.
    """

    def __init__(
        self,
        device: str,
        *,
        region: str | None = None,
        s3_bucket: str | None = None,
        s3_prefix: str = "qtoolkit",
        rewiring: bool = True,
        verbatim: bool = False,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        self.arn = arn_of(device)
        if region is not None:
            check_instance(region, str, 'a region of AWS is text such as "us-east-1"')
        self._bucket = s3_bucket if s3_bucket is None else _checked(s3_bucket, _BUCKET, "s3_bucket")
        self._folder = _checked(s3_prefix, _FOLDER, "s3_prefix")
        if len(self._folder) > _LONGEST_FOLDER:
            raise InputError(f"s3_prefix has at most {_LONGEST_FOLDER} letters, got {len(self._folder)}")
        self.verbatim = check_flag(verbatim, "verbatim")
        self.rewiring = check_flag(rewiring, "rewiring") and not self.verbatim
        client = BraketClient(region_of(self.arn, region))
        # A short name opens it again, wherever its job is asked for; without one, the ARN does.
        known = short_name(self.arn) if self.arn in DEVICES.values() else self.arn
        super().__init__(f"braket:{known}", client, store=store, max_cost=max_cost)
        self._client = client

    @cached_property
    def properties(self) -> DeviceProperties:
        """The device as the service describes it, asked once.

        Raises:
            BackendError: if it cannot be asked, or the device runs no circuits of gates.
        """
        return read_properties(self._client.device(self.arn))

    @property
    def capabilities(self) -> Capabilities:
        """What the device says of itself.

        Raises:
            BackendError: if it cannot be asked, or the device runs no circuits of gates.
        """
        return self._capabilities

    @cached_property
    def _capabilities(self) -> Capabilities:
        return self.properties.toolkit_capabilities()

    def calibration(self) -> Calibration | None:
        """What the device says of its qubits and gates; None of simulators, and where it says nothing readable.

        Raises:
            BackendError: if it cannot be asked.
        """
        described = self.properties
        try:
            return calibration_from_braket(described.capabilities, device=described.name or self.arn)
        except BackendError:
            return None

    def _fitted(self, circuit: Circuit) -> Circuit:
        # Where numbers mean places, none moves up.
        return super()._fitted(circuit) if self.rewiring else circuit

    def estimate_cost(self, circuits: Circuit | Sequence[Circuit], shots: int) -> CostEstimate:
        """What a job would cost, by the table of prices; circuits of one task are charged as one, with all their shots.

        Raises:
            InputError: for no circuits, or shots below 1.
        """
        chosen = [circuits] if isinstance(circuits, Circuit) else list(circuits)
        shots = check_integer(shots, "shots", 1)
        if len(chosen) > 1 and len(self._parts(chosen, shots)) == 1:
            return super().estimate_cost(chosen[0], shots * len(chosen))
        return super().estimate_cost(chosen, shots)

    def _parts(self, circuits: Sequence[Circuit], shots: int) -> list[Sequence[Circuit]]:
        most = min(self.properties.most_programs, max(1, self.properties.most_shots_of_set // shots))
        return [circuits[first : first + most] for first in range(0, len(circuits), most)]

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        device = self.properties
        if self.rewiring:
            # Simulators charge for the time that an idle qubit doubles.
            circuits = [without_idle_qubits(circuit) for circuit in circuits]
        if shots < device.shots[0]:
            raise BackendError(f"{self.name} takes at least {device.shots[0]} shots, got {shots}")
        if not self.rewiring and not (device.takes_verbatim if self.verbatim else device.takes_places):
            what = "verbatim circuits" if self.verbatim else "circuits that say which qubits they use"
            raise BackendError(f"{self.name} takes no {what}; open it without verbatim and with rewiring")
        if self.verbatim:
            for circuit in circuits:
                self._check_pairs(circuit)
        dialect = device.dialect(rewiring=self.rewiring, verbatim=self.verbatim)
        programs = [to_braket_qasm(circuit, dialect) for circuit in circuits]
        return task_payload(
            circuits,
            programs,
            shots,
            arn=self.arn,
            bucket=self._where_results_go(),
            folder=self._folder,
            key=key,
            region=self._client.region,
            rewiring=self.rewiring,
        )

    def _where_results_go(self) -> str:
        bucket = self._bucket or os.environ.get(BUCKET)
        if not bucket:
            raise InputError(
                f"Amazon Braket writes results into a bucket of yours in {self._client.region}: give s3_bucket, or set "
                f"{BUCKET}"
            )
        return _checked(bucket, _BUCKET, "s3_bucket")

    def _check_pairs(self, circuit: Circuit) -> None:
        pairs = self.properties.pairs
        if pairs is None:
            return
        known = set(pairs)
        for operation in circuit.operations:
            if not isinstance(operation.gate, Gate) or len(operation.qubits) < 2:
                continue
            if len(operation.qubits) > 2 or tuple(sorted(operation.qubits)) not in known:
                raise BackendError(
                    f"{self.name} joins no qubits {operation.qubits}, got {operation.gate.name} on them, verbatim; see "
                    "capabilities.connectivity, or open it without verbatim"
                )


def _checked(value: object, pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InputError(f"{name} is a name of S3, letters, digits, dots and dashes, got {shown(value)}")
    return value
