"""A client of IQM Server, version 1 of its interface: jobs, what is calibrated, and how well."""

from __future__ import annotations

import os
from typing import Any

from qtoolkit.backends.cloud import CannotTell, CloudClient, Payload, Refused, VendorStatus, credential
from qtoolkit.backends.cloud.answers import id_in, path_of
from qtoolkit.backends.cloud.http import Reply, RestClient
from qtoolkit.backends.iqm.architecture import Architecture, read_architecture
from qtoolkit.backends.iqm.job import status_of
from qtoolkit.backends.provider import DeviceInfo

__all__ = ["CREDENTIAL", "IQMClient"]

CREDENTIAL = "IQM_TOKEN"
RESONANCE = "https://resonance.iqm.tech"
"""IQM's own cloud."""


class IQMClient(CloudClient):
    """An IQM Server: IQM's cloud, or the one beside a quantum computer, by the variable ``IQM_SERVER_URL``.

    The server lists no jobs and keeps no keys, so that a submission that was not answered cannot be looked up. Its
    circuits carry the key in their names, by which a person finds it on the server's pages.

    Args:
        quantum_computer: its alias on the server.
        seconds: each request may take.

    Raises:
        CredentialsError: if there is no token.
        InputError: if the variable holds no address.
    """

    def __init__(self, quantum_computer: str, seconds: float = 60.0) -> None:
        token = credential(CREDENTIAL, "IQM Server")
        self.quantum_computer = quantum_computer
        self._rest = RestClient(
            (os.environ.get("IQM_SERVER_URL") or RESONANCE).rstrip("/") + "/api/v1",
            lambda: {"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"},
            seconds,
        )

    def submit(self, payload: Payload, key: str) -> str:
        """One job of circuits."""
        path = path_of("jobs", self.quantum_computer, "circuit") + "?use_timeslot=false"
        return id_in(self._rest.send("POST", path, payload.body).json(), "id", "IQM Server")

    def find(self, payload: Payload, key: str) -> str | None:
        """Not to be told.

        Raises:
            CannotTell: always.
        """
        raise CannotTell(f"IQM Server lists no jobs; look there for circuits named {key}")

    def poll(self, vendor_id: str) -> VendorStatus:
        """Where a job stands."""
        return status_of(self._rest.get(_job(vendor_id)).json())

    def fetch(self, vendor_id: str) -> bytes:
        """The bits of each shot; counts where the server has these alone."""
        try:
            name, reply = "measurements", self._rest.get(f"{_job(vendor_id)}/artifacts/measurements")
        except Refused:
            name, reply = "measurement_counts", self._rest.get(f"{_job(vendor_id)}/artifacts/measurement_counts")
        reply.json()  # raises for an answer that was cut off
        return f'{{"{name}":'.encode() + reply.body + b"}"

    def cancel(self, vendor_id: str) -> None:
        """Ask the server to cancel a job; one that has ended stays as it is."""
        self._rest.send("POST", f"{_job(vendor_id)}/cancel")

    def architecture(self, calibration_set: str = "default") -> Architecture:
        """What the quantum computer can do by a calibration.

        Raises:
            BackendError: if the answer is no architecture.
            Refused, NotSent, CredentialsError, OSError: as for `RestClient.send`.
        """
        return read_architecture(self._calibration(calibration_set, "/dynamic-quantum-architecture").json())

    def metrics(self, calibration_set: str = "default") -> Any:
        """How well the operations of a calibration work, as the server says.

        Raises:
            Refused, NotSent, CredentialsError, OSError: as for `RestClient.send`.
        """
        return self._calibration(calibration_set, "/metrics").json()

    def devices(self) -> list[DeviceInfo]:
        """The quantum computers of the server."""
        found = []
        for computer in self._rest.get("/quantum-computers").json()["quantum_computers"]:
            alias = str(computer["alias"])
            path = path_of("quantum-computers", alias)
            qubits = self._asked(f"{path}/artifacts/static-quantum-architectures")
            health = self._asked(f"{path}/health")
            found.append(
                DeviceInfo(
                    f"iqm:{alias}",
                    len(qubits[0]["qubits"]) if qubits else None,
                    "device",
                    str(health.get("status", "unknown")) if isinstance(health, dict) else "unknown",
                    description=str(computer["display_name"]),
                )
            )
        return found

    def _asked(self, path: str) -> Any:
        try:
            return self._rest.get(path).json()
        except (Refused, OSError, ValueError):
            return None

    def _calibration(self, calibration_set: str, path: str) -> Reply:
        return self._rest.get(path_of("calibration-sets", self.quantum_computer, calibration_set) + path)


def _job(vendor_id: str) -> str:
    return path_of("jobs", vendor_id)
