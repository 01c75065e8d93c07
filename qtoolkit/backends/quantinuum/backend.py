"""`QuantinuumBackend`: Quantinuum's computers and emulators, through Nexus."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from qtoolkit._arguments import shown
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.cloud import BitMap, CloudBackend, JobStore, Payload
from qtoolkit.backends.compiling.basis import written_clbits
from qtoolkit.backends.compiling.transpiler import check_level
from qtoolkit.backends.quantinuum.client import NexusClient, written
from qtoolkit.backends.quantinuum.compiling import compiled, machine, native_gates
from qtoolkit.backends.quantinuum.sdk import sdk
from qtoolkit.backends.quantinuum.serializer import FORMAT
from qtoolkit.backends.quantinuum.writing import bit_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, InputError

__all__ = ["QuantinuumBackend"]

MAX_CIRCUITS = 100
"""Of one job. Nexus names no limit; each program is a request of its own."""


class QuantinuumBackend(CloudBackend):
    """A computer, an emulator or a syntax checker of Quantinuum's H series.

    Circuits are compiled here, by TKET. A syntax checker says whether a circuit would run and what it would cost, which
    is on record with the job; it returns no outcomes that mean anything.

    Args:
        device: such as ``"H2-1"``, ``"H2-1E"`` (emulator), ``"H2-1SC"`` (syntax checker).
        project: Nexus's project of the jobs; it is made if there is none of this name.
        user_group: whom the job is charged to, where the organisation has groups.
        noisy: whether an emulator has the noise of its computer.
        optimization_level: of TKET, 0 to 3.
        store: where jobs are on record; the default one without.
        max_cost: of each job, in Quantinuum's credits (HQC); no cap without.

    Raises:
        InputError: for other options.
        BackendError: for the Helios series, or a device that neither the SDK nor the service knows.
        CredentialsError: if there is no refresh token.
        MissingExtraError: if pytket-quantinuum is not installed.
    """

    def __init__(
        self,
        device: str,
        *,
        project: str = "qtoolkit",
        user_group: str | None = None,
        noisy: bool = True,
        optimization_level: int = 2,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        if device.startswith("Helios"):
            raise BackendError(
                f"quantinuum:{device} takes programs in HUGR, which are not written here; take a device of the H series"
            )
        if not isinstance(project, str) or not project:
            raise InputError(f"a project is named by a text, got {shown(project)}")
        if user_group is not None and not isinstance(user_group, str):
            raise InputError(f"a user group is named by a text, got {shown(user_group)}")
        if not isinstance(noisy, bool):
            raise InputError(f"noisy is True or False, got {shown(noisy)}")
        self.optimization_level = check_level(optimization_level)
        sdk()
        super().__init__(f"quantinuum:{device}", NexusClient(), store=store, max_cost=max_cost)
        self.device = device
        self.project = project
        self.user_group = user_group
        self.noisy = noisy

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the SDK knows of the device; of others, what the service says.

        Raises:
            BackendError: if neither knows the device.
        """
        known = machine(self.device)
        return Capabilities(
            num_qubits=self._size() if known is None else known["n_qubits"],
            max_shots=10_000 if known is None else known["max_n_shots"],
            max_circuits=MAX_CIRCUITS,
            native_gates=native_gates(["Rz", "RZZ"]),
            supports_mid_circuit_measurement=True,
            supports_conditionals=True,
            supports_reset=True,
            supports_memory=True,
            is_simulator=self._is_emulator,
            is_local=False,
        )

    @property
    def _is_emulator(self) -> bool:
        return self.device.endswith(("E", "SC", "Emulator"))

    def _size(self) -> int | None:
        assert isinstance(self.client, NexusClient)
        try:
            found = {info.name: info.num_qubits for info in self.client.devices()}
        except Exception as error:
            raise BackendError(f"Nexus cannot be asked for {self.device}: {error}") from None
        if self.name not in found:
            raise BackendError(f"Nexus has no device {self.device}; it has {', '.join(sorted(found)) or 'none'}")
        return found[self.name]

    @cached_property
    def _compiler(self) -> Any:
        data = sdk("pytket.extensions.quantinuum.backends.data")
        size = self.capabilities.num_qubits or data.H2.n_qubits
        description = data.QuantinuumBackendData(n_qubits=size, n_cl_reg=data.H2.n_cl_reg, gate_set=data.H2.gate_set)
        return sdk().QuantinuumBackend(self.device, data=description)

    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        programs, bits = [], []
        for index, circuit in enumerate(circuits):
            program = compiled(circuit, self._compiler, self.optimization_level, f"{key}/{index}")
            programs.append({**program.to_dict(), "name": f"{key}/{index}", "properties": {}})
            bits.append(BitMap.of(circuit, {clbit: bit_of(clbit) for clbit in written_clbits(circuit)}))
        body = {"project": self.project, "programs": programs, "job": self._job(len(programs), shots, key)}
        return Payload(written(body), FORMAT, shots, tuple(bits))

    def _job(self, count: int, shots: int, key: str) -> dict[str, Any]:
        """The attributes of a job, with indices in place of the ids of its programs."""
        return {
            "name": key,
            "description": "",
            "properties": {},
            "job_type": "execute",
            "definition": {
                "job_definition_type": "execute_job_definition",
                "backend_config": self._configuration(),
                "user_group": self.user_group,
                "target_region": None,
                "valid_check": True,
                "language": "AUTO",
                "wasm_module_id": None,
                "gpu_decoder_config_id": None,
                "credential_name": None,
                "items": [{"program_id": index, "n_shots": shots} for index in range(count)],
            },
        }

    def _configuration(self) -> dict[str, Any]:
        """The device, as Nexus's `QuantinuumConfig` writes it; nothing is compiled a second time."""
        emulator = self._is_emulator
        return {
            "type": "QuantinuumConfig",
            "device_name": self.device,
            **({"simulator": "state-vector"} if emulator else {}),
            "machine_debug": False,
            "attempt_batching": False,
            "allow_implicit_swaps": True,
            "postprocess": False,
            **({"noisy_simulation": self.noisy} if emulator else {}),
            "no_opt": True,
            "allow_2q_gate_rebase": False,
            "leakage_detection": False,
            "simplify_initial": False,
        }
