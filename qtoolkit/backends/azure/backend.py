"""`AzureBackend`: a target of a workspace of Azure Quantum."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from qtoolkit._arguments import check_instance, check_integer, shown
from qtoolkit.backends.azure.client import AzureClient
from qtoolkit.backends.azure.serializer import written
from qtoolkit.backends.azure.targets import family_of, known_qubits
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, InputError, QToolkitError

__all__ = ["AzureBackend"]

_MOST_SEED = (1 << 31) - 1
"""IonQ takes seeds of 32 bits with a sign."""


class AzureBackend(CloudBackend):
    """A simulator or a device of IonQ, Quantinuum or Rigetti in a workspace of Azure Quantum.

    Circuits go in IonQ's JSON, in OpenQASM 2 or in Quil; the company's compiler does the rest. Quantinuum's syntax
    checkers, whose names end in ``sc``, run nothing: each of their bits is 0.

    Args:
        target: as the workspace calls it, such as ``"ionq.simulator"`` or ``"quantinuum.sim.h2-1e"``.
        noise_model: of ``ionq.simulator``, such as ``"aria-1"``.
        noise_seed: of its noise; IonQ chooses one without.
        debiasing: whether a device of IonQ runs variants of the circuit and averages over them.
        resource_id: of the workspace, for those who log in by azure-identity.
        location: its region.
        store: where jobs are on record; the default one without.
        max_cost: of each job.

    Raises:
        BackendError: if circuits for the target cannot be written here.
        InputError: if it has no noise model, or an option is none.
        CredentialsError: if nothing says which workspace.
        MissingExtraError: if azure-quantum is not installed.
    """

    client: AzureClient

    def __init__(
        self,
        target: str,
        *,
        noise_model: str | None = None,
        noise_seed: int | None = None,
        debiasing: bool = False,
        resource_id: str | None = None,
        location: str | None = None,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        check_instance(target, str, "a target of Azure Quantum is named by a string", InputError)
        self.family = family_of(target)
        self.target = target
        if target != "ionq.simulator" and (noise_model is not None or noise_seed is not None):
            raise InputError(f"noise models are for ionq.simulator, got one for {shown(target)}")
        if noise_model is not None:
            check_instance(noise_model, str, "a noise model of IonQ is named by a string", InputError)
        if noise_seed is not None and noise_model is None:
            raise InputError("a noise_seed is one of a noise_model, got none; give both")
        self.noise_model = None if noise_model == "ideal" else noise_model
        self.noise_seed = None if noise_seed is None else check_integer(noise_seed, "noise_seed", 0, _MOST_SEED)
        self.debiasing = check_instance(debiasing, bool, "debiasing must be true or false", InputError)
        self._has_debiasing = target.startswith("ionq.qpu")
        if self.debiasing and not self._has_debiasing:
            raise InputError(f"debiasing is for IonQ's devices, got it for {shown(target)}")
        super().__init__(f"azure:{target}", AzureClient(resource_id, location), store=store, max_cost=max_cost)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the company's targets are like, and the qubits that the service or the SDK gives.

        Raises:
            BackendError: if the workspace has no such target.
        """
        family = self.family
        is_simulator = "qpu" not in self.target.split(".")
        return Capabilities(
            num_qubits=self._num_qubits(),
            max_shots=None if is_simulator and family.provider_id == "ionq" else family.max_shots,
            max_circuits=1,
            native_gates=family.gates,
            supports_mid_circuit_measurement=family.is_dynamic,
            supports_conditionals=family.is_dynamic,
            supports_reset=family.is_dynamic,
            supports_memory=family.has_memory,
            is_simulator=is_simulator,
            is_local=False,
        )

    def _num_qubits(self) -> int | None:
        known = known_qubits(self.target)
        try:
            targets = {str(target.get("id")): target for _, target in self.client.targets()}
        except QToolkitError:
            raise
        except Exception:
            return known  # what can be said without the service is said
        if self.target not in targets:
            there = ", ".join(sorted(targets)) or "none"
            raise BackendError(f"the workspace has no target {shown(self.target)}; it has {there}")
        qubits = targets[self.target].get("numQubits")
        return qubits if isinstance(qubits, int) and qubits > 0 else known

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        (circuit,) = circuits
        text, bits = written(circuit, self.family.input_format)
        parameters: dict[str, Any] = {"shots": shots}
        if self.noise_model is not None:
            parameters["noise"] = {"model": self.noise_model}
            if self.noise_seed is not None:
                parameters["noise"]["seed"] = self.noise_seed
        if self._has_debiasing:
            parameters["error-mitigation"] = {"debias": self.debiasing}
        job = {
            "name": key,
            "providerId": self.family.provider_id,
            "target": self.target,
            "inputDataFormat": self.family.input_format,
            "outputDataFormat": self.family.output_format,
            "inputParams": parameters,
            "metadata": {"sent_by": "qtoolkit"},
        }
        body = json.dumps({"job": job, "input": text, "media_type": self.family.media_type}).encode()
        return Payload(body, f"azure.{self.family.input_format}", shots, (bits,))
