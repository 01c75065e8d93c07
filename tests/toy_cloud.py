"""A small cloud for tests of what all clouds share: its client, its serializer, its backend and its provider."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from qtoolkit import Circuit
from qtoolkit.backends import Capabilities, registry
from qtoolkit.backends.cloud import (
    BitMap,
    CloudBackend,
    CloudClient,
    Outcomes,
    Payload,
    Serializer,
    VendorStatus,
    credential,
)
from qtoolkit.backends.cloud.http import RestClient
from qtoolkit.backends.compiling.basis import in_basis
from qtoolkit.backends.job import JobStatus
from qtoolkit.backends.provider import DeviceInfo, Provider
from qtoolkit.circuit import Barrier, StandardGate

STATES = {
    "QUEUED": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "DONE": JobStatus.DONE,
    "FAILED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}
GATES = ("x", "y", "z", "h", "s", "t", "rx", "ry", "rz", "cx", "cz", "swap", "ccx")


class ToyClient(CloudClient):
    def __init__(self, address: str | None = None, seconds: float = 20.0) -> None:
        token = credential("TOY_TOKEN", "the toy cloud")
        where = address or os.environ.get("TOY_URL", "")
        self._rest = RestClient(where, lambda: {"Authorization": f"Bearer {token.reveal()}"}, seconds)

    def submit(self, payload, key):
        return self._rest.send("POST", "/jobs", payload.body).json()["id"]

    def find(self, payload, key):
        found = self._rest.get("/jobs", tag=key).json()["jobs"]
        return found[0] if found else None

    def poll(self, vendor_id):
        data = self._rest.get(f"/jobs/{vendor_id}").json()
        return VendorStatus.of(data["state"], STATES, data.get("reason", ""))

    def fetch(self, vendor_id):
        return self._rest.get(f"/jobs/{vendor_id}/result").body

    def cancel(self, vendor_id):
        self._rest.send("DELETE", f"/jobs/{vendor_id}")


class ToyService(CloudClient):
    """The service itself, in this process and in memory; a test replaces what it answers."""

    def __init__(self):
        self.accepted = {}
        self.answers = {}

    def submit(self, payload, key):
        self.accepted[key] = f"v-{key}"
        return self.answers.get("id", self.accepted[key])

    def find(self, payload, key):
        return self.answers["find"] if "find" in self.answers else self.accepted.get(key)

    def poll(self, vendor_id):
        return self.answers.get("poll", VendorStatus(JobStatus.DONE, "DONE"))

    def fetch(self, vendor_id):
        return self.answers.get("result", b'{"counts": [{"1": 10}]}')

    def cancel(self, vendor_id):
        pass


class ToySerializer(Serializer):
    def circuits(self, payload):
        found = []
        for data, bits in zip(json.loads(payload.body)["circuits"], payload.bits, strict=True):
            circuit = Circuit(data["qubits"], bits.num_clbits)
            for name, qubits, angles in data["gates"]:
                circuit.append(StandardGate(name, tuple(angles)), qubits)
            for clbit, source in enumerate(bits.sources):
                if source is not None:
                    circuit.measure(data["measured"][source[1]], clbit)
            found.append(circuit)
        return found

    def outcomes(self, payload, raw):
        data = json.loads(raw)["counts"]
        widths = [len(circuit["measured"]) for circuit in json.loads(payload.body)["circuits"]]
        return [
            Outcomes.of_integers("m", width, {int(value): count for value, count in counts.items()})
            for width, counts in zip(widths, data, strict=True)
        ]


class ToyBackend(CloudBackend):
    def __init__(self, device="one", address=None, seconds=20.0, **options) -> None:
        super().__init__(f"toy:{device}", ToyClient(address, seconds), **options)

    @property
    def capabilities(self):
        return Capabilities(
            num_qubits=17, max_shots=10**7, max_circuits=3, native_gates=frozenset(GATES), is_simulator=False,
            is_local=False,
        )  # fmt: skip

    def _encode(self, circuits, shots, key):
        data, bits = [], []
        for circuit in circuits:
            body, measured = in_basis(circuit, frozenset(GATES)).split_final_measurements()
            gates = [
                (operation.gate.name, list(operation.qubits), [float(angle) for angle in operation.gate.params])
                for operation in body.operations
                if not isinstance(operation.gate, Barrier)
            ]
            columns = sorted({qubit for qubit, _ in measured}, reverse=True)
            bits.append(BitMap.of(circuit, {clbit: ("m", columns.index(qubit)) for qubit, clbit in measured}))
            data.append({"qubits": circuit.num_qubits, "gates": gates, "measured": columns})
        body = json.dumps({"tag": key, "shots": shots, "circuits": data}).encode()
        return Payload(body, "toy.json", shots, tuple(bits))


class ToyInMemory(ToyBackend):
    """The toy cloud without a server."""

    def __init__(self, store, device="one"):
        CloudBackend.__init__(self, f"toy:{device}", ToyService(), store=store)


def _open(device, address=None, seconds=20.0, store=None, max_cost=None):
    return ToyBackend(device, address, seconds, store=store, max_cost=max_cost)


def _devices():
    data = ToyClient()._rest.get("/devices").json()["devices"]
    return [DeviceInfo(f"toy:{d['name']}", d["qubits"], "device", d["status"], d["queue"]) for d in data]


PROVIDER = Provider(
    name="toy",
    sdk=None,
    extra=None,
    serializer=ToySerializer,
    open_device=_open,
    devices=_devices,
    credentials=("TOY_TOKEN",),
    service="a cloud of the tests",
    examples=("toy:one",),
)


def registered(folder):
    """Make a folder that registers the toy cloud as an installed distribution would; put it on a path of imports."""
    info = folder / "toy_cloud-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-cloud\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qtoolkit.backends]\ntoy = toy_cloud:PROVIDER\n")
    return folder


@pytest.fixture
def toy_provider(monkeypatch, tmp_path_factory):
    """The toy cloud among the providers, as another distribution registers it; here and in processes begun here."""
    folder = registered(tmp_path_factory.mktemp("toy"))
    monkeypatch.syspath_prepend(str(folder))
    paths = [str(folder), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    registry.providers.cache_clear()
    yield
    registry.providers.cache_clear()
