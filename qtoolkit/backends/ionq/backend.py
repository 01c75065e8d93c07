"""`IonQBackend`: a simulator or a device of IonQ's cloud."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from qtoolkit._arguments import check_instance, check_integer, shown
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.client import Refused
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.secrets import redacted, safe_cause
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.ionq.client import KEY, IonQClient
from qtoolkit.backends.ionq.serializer import circuit_name
from qtoolkit.backends.ionq_json import NATIVE_GATES, to_qis
from qtoolkit.backends.money import CostEstimate
from qtoolkit.backends.money.cost import read_amount, rounded_up
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, InputError, QToolkitError

__all__ = ["IonQBackend"]

_QUBITS = {
    "simulator": 29,
    "aria-1": 25,
    "aria-2": 25,
    "forte-1": 36,
    "forte-enterprise-1": 36,
    "harmony": 11,
}
"""Qubits of what IonQ describes in its documentation, for when its service cannot be asked."""

_MOST_GATES = 150_000
_MOST_SHOTS = 1_000_000
_MOST_SEED = (1 << 31) - 1
"""What a job of the service takes, by its description of version 0.4."""

_MOST_CIRCUITS = 100
"""Of one job. The service takes 5,000, in lists of 25 when their results are read."""


class IonQBackend(CloudBackend):
    """A simulator or a trapped-ion device of IonQ's cloud.

    Circuits go in IonQ's gate set ``qis``; its compiler does the rest. The answer of the ideal simulator is exact
    probabilities: its shots are drawn here, the same at every reading, and the result's metadata say so. On a device
    and on a noisy simulator counts are the frequencies that IonQ gives, times the shots.

    Args:
        device: ``"simulator"``, ``"simulator.aria-1"`` for the noise of a device, or ``"qpu.forte-1"``.
        noise_model: of the simulator, such as ``"aria-1"``; ``"ideal"`` for none.
        noise_seed: of the noisy simulator; IonQ chooses one without.
        debiasing: whether a device runs variants of the circuit and averages over them, from 500 shots on. Its
            counts are then the nearest ones to these averages.
        address: of the service; see `IonQClient`.
        store: where jobs are on record; the default one without.
        max_cost: of each job.

    Raises:
        InputError: if the device has no noise model, or an option is none.
        CredentialsError: if ``IONQ_API_KEY`` is missing.
        MissingExtraError: if qiskit-ionq is not installed.
    """

    client: IonQClient

    def __init__(
        self,
        device: str,
        *,
        noise_model: str | None = None,
        noise_seed: int | None = None,
        debiasing: bool = False,
        address: str | None = None,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        check_instance(device, str, "a device of IonQ is named by a string", InputError)
        kind, _, model = device.partition(".")
        self.is_simulator = kind == "simulator"
        if not self.is_simulator and (noise_model is not None or noise_seed is not None):
            raise InputError(f"noise models are for IonQ's simulator, got one for {shown(device)}")
        if model and self.is_simulator and noise_model not in (None, model):
            raise InputError(f"{shown(device)} has the noise of {model}, got noise_model {shown(noise_model)}")
        if noise_model is not None:
            check_instance(noise_model, str, "a noise model of IonQ is named by a string", InputError)
        self.noise_model = (model or noise_model or "ideal") if self.is_simulator else None
        self.noise_seed = None if noise_seed is None else check_integer(noise_seed, "noise_seed", 0, _MOST_SEED)
        self.debiasing = check_instance(debiasing, bool, "debiasing must be true or false", InputError)
        if self.debiasing and self.is_simulator:
            raise InputError(f"debiasing is for IonQ's devices, got it for {shown(device)}")
        self.device = "simulator" if self.is_simulator else device
        super().__init__(f"ionq:{device}", IonQClient(address), store=store, max_cost=max_cost)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What IonQ's service says of the device now, and its description of itself.

        Raises:
            BackendError: if the service has no such device, or cannot be asked about one that is not known here.
        """
        return Capabilities(
            num_qubits=self._num_qubits(),
            max_shots=_MOST_SHOTS,
            max_circuits=_MOST_CIRCUITS,
            native_gates=NATIVE_GATES,
            is_simulator=self.is_simulator,
            is_local=False,
        )

    def _num_qubits(self) -> int:
        noisy = self.noise_model not in (None, "ideal")
        asked = f"qpu.{self.noise_model}" if noisy else self.device
        known = _QUBITS.get(asked.removeprefix("qpu."))
        try:
            qubits = self.client.backend(asked).get("qubits")
        except QToolkitError:
            raise
        except Refused as error:
            if known is not None:
                return known  # a model outlives its device
            raise BackendError(f"IonQ has no {shown(asked)}: {redacted(error)}; see its devices()") from safe_cause(
                error
            )
        except Exception as error:
            if known is not None:
                return known
            raise BackendError(f"IonQ cannot be asked about {asked}: {redacted(error)}") from safe_cause(error)
        if isinstance(qubits, int) and qubits > 0:
            return qubits
        if known is not None:
            return known
        raise BackendError(f"IonQ does not say how many qubits {asked} has, got {shown(qubits)}")

    def _parts(self, circuits: Sequence[Circuit], shots: int) -> list[Sequence[Circuit]]:
        """As many circuits at once as IonQ takes, by their number and that of their gates."""
        parts: list[Sequence[Circuit]] = []
        begin = total = 0
        for index, circuit in enumerate(circuits):
            size = len(to_qis(circuit)[0]) if len(circuits) > 1 else 0
            if index > begin and (index - begin == _MOST_CIRCUITS or total + size > _MOST_GATES):
                parts.append(circuits[begin:index])
                begin, total = index, 0
            total += size
        return [*parts, circuits[begin:]]

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        written = [to_qis(circuit) for circuit in circuits]
        body: dict[str, Any] = {
            "type": "ionq.circuit.v1" if len(circuits) == 1 else "ionq.multi-circuit.v1",
            "name": key,
            "backend": self.device,
            "shots": shots,
            "input": _input(circuits, [gates for gates, _ in written]),
            "metadata": {KEY: key, "sent_by": "qtoolkit"},
        }
        if self.is_simulator:
            body["noise"] = {"model": self.noise_model}
            if self.noise_seed is not None:
                body["noise"]["seed"] = self.noise_seed
        else:
            body["settings"] = {"error_mitigation": {"debiasing": self.debiasing}}
        return Payload(json.dumps(body).encode(), body["type"], shots, tuple(bits for _, bits in written))

    def estimate_cost(self, circuits: Circuit | Sequence[Circuit], shots: int) -> CostEstimate:
        """What a job would cost: by the table of prices, or, since IonQ publishes no rates, by `quote`.

        Raises:
            InputError: for no circuits, or shots below 1.
        """
        found = super().estimate_cost(circuits, shots)
        if found.amount is not None or self.is_simulator:
            return found
        try:
            return self.quote(circuits, shots)
        except BackendError as error:
            return replace(found, reason=f"{found.reason}; {error}")

    def quote(self, circuits: Circuit | Sequence[Circuit], shots: int) -> CostEstimate:
        """What IonQ's service expects a job to cost under the contract of the credential; no job is made.

        Args:
            circuits: with at least one measurement each.
            shots: of each circuit.

        Raises:
            InputError: for no circuits, or shots below 1.
            BackendError: if a circuit cannot run there, or the service cannot be asked.
        """
        request = self._request(circuits, shots, None, None)
        sizes: Counter[tuple[int, int, int]] = Counter()
        for circuit in request.circuits:
            gates, _ = to_qis(circuit)
            pairs = sum("target" not in gate or "control" in gate for gate in gates)
            sizes[len(gates) - pairs, pairs, circuit.num_qubits] += 1
        total, currency, day = Decimal(0), "", ""
        try:
            for (singles, pairs, qubits), times in sizes.items():
                given = self.client.estimate(
                    backend=self.device, oneq_gates=singles, twoq_gates=pairs, qubits=qubits, shots=request.shots
                )
                amount, unit = read_amount(given.get("estimated_total_cost")), given.get("estimated_unit")
                if amount is None or not isinstance(unit, str) or not unit:
                    raise BackendError(
                        "IonQ's estimate cannot be read: it is an amount of at least 0 in a currency, got "
                        f"{shown(given.get('estimated_total_cost'))} {shown(unit)}"
                    )
                total, currency, day = total + times * amount, unit.upper(), str(given.get("estimated_at"))[:10]
        except QToolkitError:
            raise
        except Exception as error:
            raise BackendError(f"IonQ cannot be asked for an estimate: {redacted(error)}") from safe_cause(error)
        reason = f"IonQ's estimate for {len(request.circuits)} circuits of {request.shots} shots"
        return CostEstimate(rounded_up(total, currency), currency, reason, f"{self.client.address}/jobs/estimate", day)


def _input(circuits: Sequence[Circuit], gates: Sequence[list[dict[str, Any]]]) -> dict[str, Any]:
    if len(circuits) == 1:
        return {"qubits": circuits[0].num_qubits, "gateset": "qis", "circuit": gates[0]}
    return {
        "qubits": max(circuit.num_qubits for circuit in circuits),
        "gateset": "qis",
        "circuits": [
            {"name": circuit_name(index), "qubits": circuit.num_qubits, "circuit": entries}
            for index, (circuit, entries) in enumerate(zip(circuits, gates, strict=True))
        ],
    }
