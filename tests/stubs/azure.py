"""Azure Quantum: a workspace's jobs, and the storage in which their circuits and answers lie.

Each company's format is read here by a small parser of its own: nothing of the toolkit or of its SDKs is used.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from urllib.parse import parse_qs

import numpy as np
from stubs.quantum import State
from stubs.server import Reply, Stub

TOKEN = "azure-key-b7c2f19e"
SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
SPACE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/group/providers/Microsoft.Quantum/workspaces/space"
TARGETS = {
    "ionq": {"ionq.simulator": 29, "ionq.qpu.forte-1": 36},
    "quantinuum": {"quantinuum.sim.h2-1e": 56, "quantinuum.sim.helios-1e": 98},
    "rigetti": {"rigetti.sim.qvm": None},
    "pasqal": {"pasqal.sim.emu-tn": 100},
}
FIELDS = {
    "id", "itemType", "name", "providerId", "target", "containerUri", "inputDataUri", "inputDataFormat",
    "outputDataFormat", "inputParams", "metadata", "tags", "priority", "sessionId",
}  # fmt: skip


def connection_string(address):
    return (
        f"SubscriptionId={SUBSCRIPTION};ResourceGroupName=group;WorkspaceName=space;ApiKey={TOKEN};"
        f"QuantumEndpoint={address}/"
    )


class AzureService(Stub):
    routes = [  # noqa: RUF012
        ("POST", f"{SPACE}/storage/sasUri", "sas"),
        ("PUT", "/storage/([^/]+)/([^/]+)", "upload"),
        ("GET", "/storage/([^/]+)/([^/]+)", "download"),
        ("PUT", f"{SPACE}/jobs/([^/:]+)", "create"),
        ("GET", f"{SPACE}/jobs/([^/:]+)", "described"),
        ("POST", f"{SPACE}/jobs/([^/:]+):cancel", "cancel"),
        ("GET", f"{SPACE}/providerStatus", "providers"),
    ]

    def __init__(self, delay="0", output_format="") -> None:
        super().__init__()
        self.accepted = {}
        self.blobs = {}
        self.signatures = set()
        self.delay, self.output_format = float(delay), output_format

    def jobs(self):
        return [
            {
                "id": number,
                "key": job["body"]["name"],
                "body": job["text"],
                "input": self.blobs[job["container"], "inputData"][0].decode(),
                "media_type": self.blobs[job["container"], "inputData"][1],
                "signatures": sorted(self.signatures),
            }
            for number, job in self.accepted.items()
        ]

    # --- storage ---

    def sas(self, request):
        self.authorize(request)
        place = request.json()
        signature = secrets.token_hex(16)
        self.signatures.add(signature)
        path = "/".join(place[name] for name in ("containerName", "blobName") if name in place)
        return {"sasUri": f"{self.address}/storage/{path}?sv=2024-01-01&se=2099-01-01T00%3A00%3A00Z&sig={signature}"}

    def upload(self, request, container, blob):
        self.signed(request)
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            raise Reply(b"<Error><Code>InvalidHeader</Code></Error>", 400, "application/xml")
        if request.headers.get("If-None-Match") == "*" and (container, blob) in self.blobs:
            raise Reply(b"<Error><Code>BlobAlreadyExists</Code></Error>", 409, "application/xml")
        self.blobs[container, blob] = (request.body, request.headers.get("x-ms-blob-content-type"))
        return Reply(b"", 201, headers={"ETag": '"0x1"', "Last-Modified": "Thu, 01 Oct 2026 10:00:00 GMT"})

    def download(self, request, container, blob):
        self.signed(request)
        if (container, blob) not in self.blobs:
            raise Reply(b"<Error><Code>BlobNotFound</Code></Error>", 404, "application/xml")
        content = self.blobs[container, blob][0]
        if blob == "rawOutputData":
            content = self.answer_of(container)
        size = len(content)
        headers = {"ETag": '"0x1"', "Content-Range": f"bytes 0-{size - 1}/{size}", "x-ms-blob-type": "BlockBlob"}
        return Reply(content, 206, "application/octet-stream", headers)

    # --- jobs ---

    def create(self, request, number):
        self.authorize(request)
        body = request.json()
        if number in self.accepted:
            if self.fault("conflict"):
                raise Reply({"error": {"code": "Conflict", "message": "there is such a job"}}, 409)
            return self.shown(number)
        refuse_unless(not self.fault("refusal"), "the circuit is too deep")
        refuse_unless(not set(body) - FIELDS and body["id"] == number, f"fields {sorted(set(body) - FIELDS)}")
        refuse_unless(body["target"] in TARGETS.get(body["providerId"], ()), "no such target")
        container, sas = re.fullmatch(f"{self.address}/storage/([^/?]+)\\?(.*)", body["containerUri"]).groups()
        refuse_unless(parse_qs(sas)["sig"][0] in self.signatures, "the container's address is not signed")
        refuse_unless(body["inputDataUri"] == f"{self.address}/storage/{container}/inputData", "inputDataUri")
        refuse_unless((container, "inputData") in self.blobs, "there is no input")
        self.accepted[number] = {
            "body": body,
            "text": request.body.decode(),
            "container": container,
            "state": "Waiting",
            "at": time.monotonic(),
        }
        self.blobs[container, "rawOutputData"] = (b"", "application/json")
        return Reply(self.shown(number), 201)

    def described(self, request, number):
        self.authorize(request)
        if number not in self.accepted:
            raise Reply({"error": {"code": "JobNotFound", "message": "there is no such job"}}, 404)
        job = self.accepted[number]
        if self.fault("unknown_status"):
            return self.shown(number) | {"status": "Defragmenting"}
        if self.fault("failed_job"):
            job["state"] = "Failed"
        if self.fault("endless_status"):
            return self.shown(number) | {"status": "Executing"}
        if job["state"] == "Waiting" and time.monotonic() - job["at"] >= self.delay:
            job["state"] = "Succeeded"
        return self.shown(number)

    def cancel(self, request, number):
        self.authorize(request)
        self.accepted[number]["state"] = "Cancelled"
        return Reply(b"", 204)

    def providers(self, request):
        self.authorize(request)
        values = [
            {
                "id": provider,
                "currentAvailability": "Available",
                "targets": [
                    {"id": name, "currentAvailability": "Available", "averageQueueTime": 7}
                    | ({} if qubits is None else {"numQubits": qubits})
                    for name, qubits in targets.items()
                ],
            }
            for provider, targets in TARGETS.items()
        ]
        return {"value": values, "nextLink": None}

    def authorize(self, request) -> None:
        if request.headers.get("x-ms-quantum-api-key") != TOKEN:
            raise Reply({"error": {"code": "Unauthorized", "message": "no such key"}}, 401)

    def signed(self, request) -> None:
        if request.query.get("sig") not in self.signatures:
            raise Reply(b"<Error><Code>AuthenticationFailed</Code></Error>", 403, "application/xml")

    def shown(self, number):
        job = self.accepted[number]
        found = {**job["body"], "status": job["state"], "creationTime": "2026-10-01T10:00:00Z"}
        if self.output_format:
            found["outputDataFormat"] = self.output_format
        if job["state"] == "Failed":
            found["errorData"] = {"code": "InvalidInput", "message": "the trap is empty"}
        if job["state"] == "Succeeded":
            place = f"{self.address}/storage/{job['container']}/rawOutputData"
            old = "?sv=2024-01-01&se=2020-01-01T00%3A00%3A00Z&sig=long-expired"
            found |= {"outputDataUri": place + old, "costEstimate": {"currencyCode": "USD", "estimatedTotal": 0.25}}
        return found

    def answer_of(self, container):
        (job,) = [job for job in self.accepted.values() if job["container"] == container]
        body = job["body"]
        text = self.blobs[container, "inputData"][0].decode()
        shots = body["inputParams"]["shots"] - (1 if self.fault("wrong_shots") else 0)
        if body["inputDataFormat"] == "ionq.circuit.v1":
            exact = body["target"] == "ionq.simulator" and "noise" not in body["inputParams"]
            wrong = shots != body["inputParams"]["shots"]
            answer = ionq(json.loads(text), shots, exact, 0.5 if wrong else 1.0)
        elif body["inputDataFormat"] == "honeywell.openqasm.v1":
            answer = quantinuum(text, shots)
        else:
            answer = rigetti(text, shots)
        if self.output_format:
            answer = in_microsofts(self.output_format, answer)
        return json.dumps(answer).encode()


def refuse_unless(holds, message) -> None:
    if not holds:
        raise Reply({"error": {"code": "InvalidJobDefinition", "message": message}}, 400)


NAMES = {
    "si": "sdg",
    "ti": "tdg",
    "v": "sx",
    "vi": "sxdg",
    "not": "x",
    "cnot": "x",
    "xx": "rxx",
    "yy": "ryy",
    "zz": "rzz",
}


def ionq(circuit, shots, exact, scale):
    """Exact probabilities on the ideal simulator, elsewhere frequencies; bit k of an outcome is qubit k."""
    refuse_unless(circuit["gateset"] == "qis", "gateset")
    state = State(circuit["qubits"])
    for gate in circuit["circuit"]:
        qubits = gate.get("controls", []) + ([gate["control"]] if "control" in gate else [])
        name = "c" * len(qubits) + NAMES.get(gate["gate"], gate["gate"])
        qubits = qubits + gate.get("targets", []) + ([gate["target"]] if "target" in gate else [])
        state.gate(name, qubits, [gate["rotation"]] if "rotation" in gate else [])
    qubits = list(range(circuit["qubits"]))
    if exact:
        weights = state.probabilities(qubits)
        histogram = {str(value): float(p) * scale for value, p in enumerate(weights) if p > 1e-15}
    else:
        histogram = {str(value): count / shots for value, count in state.counts(qubits, shots, 5).items()}
    return {"duration": 1000, "histogram": histogram}


def quantinuum(text, shots):
    """OpenQASM 2, shot by shot: the text may measure in the middle, reset and decide. Index 0 is the last letter."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    refuse_unless(lines[:2] == ["OPENQASM 2.0;", 'include "qelib1.inc";'], "header")
    sizes = {name: int(size) for name, size in re.findall(r"creg (\w+)\[(\d+)\];", text)}
    starts, total = {}, 0
    for name, size in re.findall(r"qreg (\w+)\[(\d+)\];", text):
        starts[name], total = total, total + int(size)
    body = [line for line in lines[2:] if not re.match(r"(creg|qreg|barrier) ", line)]
    rng = np.random.default_rng(11)
    if not any(line.startswith(("if", "reset")) for line in body) and measures_last(body):
        return quickly(body, sizes, starts, total, shots)
    found = {name: [] for name in sizes}
    for _ in range(shots):
        bits = {name: [0] * size for name, size in sizes.items()}
        state = State(total)
        for line in body:
            run(line, state, bits, starts, rng)
        for name, values in bits.items():
            found[name].append("".join(map(str, values[::-1])))
    return found


def measures_last(body):
    kinds = [line.startswith("measure") for line in body]
    return kinds == sorted(kinds)


def quickly(body, sizes, starts, total, shots):
    state, measured = State(total), []
    for line in body:
        if line.startswith("measure"):
            qubit, name, index = re.fullmatch(r"measure (\w+\[\d+\]) -> (\w+)\[(\d+)\];", line).groups()
            measured.append((place(qubit, starts), name, int(index)))
        else:
            run(line, state, {}, starts, None)
    drawn = state.shots([qubit for qubit, _, _ in measured], shots, 11)
    found = {name: [["0"] * size for _ in range(shots)] for name, size in sizes.items()}
    for column, (_, name, index) in enumerate(measured):
        for shot in range(shots):
            found[name][shot][-1 - index] = str(drawn[shot, column])
    return {name: ["".join(letters) for letters in rows] for name, rows in found.items()}


def place(text, starts):
    name, index = re.fullmatch(r"(\w+)\[(\d+)\]", text).groups()
    return starts[name] + int(index)


def run(line, state, bits, starts, rng) -> None:
    if found := re.fullmatch(r"if ?\((\w+)==(\d+)\) (.*)", line):
        name, value, rest = found.groups()
        if sum(bit << k for k, bit in enumerate(bits[name])) == int(value):
            run(rest, state, bits, starts, rng)
        return
    if found := re.fullmatch(r"measure (\w+\[\d+\]) -> (\w+)\[(\d+)\];", line):
        bits[found[2]][int(found[3])] = collapse(state, place(found[1], starts), rng)
        return
    if found := re.fullmatch(r"reset (\w+\[\d+\]);", line):
        qubit = place(found[1], starts)
        if collapse(state, qubit, rng):
            state.gate("x", [qubit])
        return
    found = re.fullmatch(r"(\w+)(?:\(([^)]*)\))? ([\w\[\], ]+);", line)
    refuse_unless(found and found[1] in ALLOWED, f"statement {line}")
    angles = [float(word) for word in found[2].split(",")] if found[2] else []
    state.gate(found[1], [place(word.strip(), starts) for word in found[3].split(",")], angles)


ALLOWED = {
    "u3", "u2", "u1", "cx", "id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cz", "cy", "ch", "ccx",
    "crz", "cu1", "cu3",
}  # fmt: skip
"""The gates of qelib1.inc as the paper on OpenQASM 2 has it."""


def collapse(state, qubit, rng):
    one = state.probabilities([qubit])[1]
    outcome = int(rng.random() < one)
    kept = np.diag([1.0 - outcome, float(outcome)]) / np.sqrt(one if outcome else 1.0 - one)
    state.apply(kept, qubit)
    return outcome


QUIL = {
    "X": "x", "Y": "y", "Z": "z", "H": "h", "S": "s", "T": "t", "PHASE": "p", "RX": "rx", "RY": "ry", "RZ": "rz",
    "CNOT": "cx", "CZ": "cz", "CPHASE": "cp", "SWAP": "swap", "ISWAP": "iswap", "CCNOT": "ccx",
}  # fmt: skip


def rigetti(text, shots):
    lines = text.splitlines()
    size = int(re.fullmatch(r"DECLARE ro BIT\[(\d+)\]", lines[0])[1])
    highest = max(int(word) for line in lines[1:] for word in re.findall(r"(?<= )\d+(?= |$)", line))
    state, measured = State(highest + 1), {}
    for line in lines[1:]:
        if found := re.fullmatch(r"MEASURE (\d+) ro\[(\d+)\]", line):
            measured[int(found[2])] = int(found[1])
            continue
        name, angle, qubits = re.fullmatch(r"([A-Z]+)(?:\((.*)\))? ([\d ]+)", line).groups()
        qubits = [int(word) for word in qubits.split()]
        angles = [float(angle)] if angle else []
        if name == "CSWAP":
            control, a, b = qubits
            for pair in ((control, a, b), (control, b, a), (control, a, b)):
                state.gate("ccx", pair)
        else:
            state.gate(QUIL[name], qubits, angles)
    drawn = state.shots([measured[index] for index in range(size)], shots, 3)
    return {"ro": drawn.tolist()}


def in_microsofts(output_format, answer):
    """A company's answer in Microsoft's formats: a list of bits for each register, index 0 first."""
    rows = [tuple(tuple(int(c) for c in text[::-1]) for text in shot) for shot in zip(*answer.values(), strict=True)]
    counts = {row: rows.count(row) for row in rows}
    if output_format == "microsoft.quantum-results.v1":
        shown = {row: [list(bits) for bits in row] for row in counts}
        flat = [[str(shown[row][0] if len(row) == 1 else tuple(shown[row])), counts[row] / len(rows)] for row in counts]
        return {"Histogram": [item for pair in flat for item in pair]}
    histogram = [
        {
            "Outcome": list(row[0]) if len(row) == 1 else {f"Item{k + 1}": list(bits) for k, bits in enumerate(row)},
            "Display": str(row),
            "Count": count,
        }
        for row, count in counts.items()
    ]
    return {
        "DataFormat": output_format,
        "Results": [{"Histogram": histogram, "Shots": [list(map(list, r)) for r in rows]}],
    }


def stub(delay="0", output_format=""):
    return AzureService(delay, output_format)
