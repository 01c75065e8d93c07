"""IonQ's REST service, version 0.4: jobs of one circuit or several, in the gate set qis, answered by probabilities.

Written after the service's own description (https://api.ionq.co/v0.4/api-docs): nothing of the toolkit is used.
"""

from __future__ import annotations

import time
import uuid

import numpy as np
from stubs.quantum import State
from stubs.server import Reply, Stub

TOKEN = "ionq-token-8d41c7"
QUBITS = {"simulator": 29, "qpu.aria-1": 25, "qpu.forte-1": 36}
QIS = {
    "x", "y", "z", "rx", "ry", "rz", "h", "s", "si", "v", "vi", "t", "ti", "not", "cnot", "swap", "xx", "yy", "zz",
    "pauliexp",
}  # fmt: skip
ALIAS = {"si": "sdg", "ti": "tdg", "v": "sx", "vi": "sxdg", "not": "x", "xx": "rxx", "yy": "ryy", "zz": "rzz"}
FIELDS = {"name", "metadata", "shots", "backend", "session_id", "settings", "dry_run", "noise", "type", "input"}
GATE_FIELDS = {"gate", "target", "targets", "control", "controls", "rotation"}


class IonQService(Stub):
    routes = [  # noqa: RUF012
        ("POST", "/v0.4/jobs", "submit"),
        ("GET", "/v0.4/jobs", "listed"),
        ("GET", "/v0.4/jobs/estimate", "estimate"),
        ("GET", "/v0.4/jobs/([^/]+)", "described"),
        ("GET", "/v0.4/jobs/([^/]+)/cost", "cost"),
        ("GET", "/v0.4/jobs/([^/]+)/results/probabilities", "probabilities"),
        ("GET", "/v0.4/jobs/([^/]+)/artifacts/([^/]+)", "artifact"),
        ("PUT", "/v0.4/jobs/([^/]+)/status/cancel", "cancel"),
        ("GET", "/v0.4/backends", "backends"),
        ("GET", "/v0.4/backends/([^/]+)", "backend"),
    ]

    def __init__(self, delay="0") -> None:
        super().__init__()
        self.accepted = {}
        self.delay = float(delay)

    def jobs(self):
        parents = [job for job in self.accepted.values() if job["parent"] is None]
        return [
            {"id": job["id"], "key": job["body"]["metadata"]["qtoolkit_key"], "body": job["text"]} for job in parents
        ]

    # --- requests ---

    def submit(self, request):
        self.authorize(request)
        body = request.json()
        refuse_unless(not set(body) - FIELDS, f"unknown fields {sorted(set(body) - FIELDS)}")
        refuse_unless(body["backend"] in QUBITS, "backend must be one of the available options")
        refuse_unless(isinstance(body.get("shots", 100), int) and 1 <= body.get("shots", 100) <= 1_000_000, "shots")
        refuse_unless(all(isinstance(value, str) for value in body.get("metadata", {}).values()), "metadata")
        refuse_unless("noise" not in body or body["backend"] == "simulator", "noise is for the simulator")
        refuse_unless(not self.fault("refusal"), "the circuit is too deep")
        circuits = checked_circuits(body, QUBITS[body["backend"]])
        job = self.add(body, request.body.decode(), None, body["type"], body.get("name"))
        if body["type"] == "ionq.multi-circuit.v1":
            # Their ids do not sort as the circuits do.
            children = [
                self.add(body, "", job["id"], "ionq.circuit.v1", name) | {"circuit": circuit}
                for name, *circuit in circuits
            ]
            for child in children:
                self.accepted[child["id"]] = child
            job["children"] = [child["id"] for child in children]
        else:
            job["circuit"] = circuits[0][1:]
        return Reply({"id": job["id"], "status": "submitted", "session_id": None}, 201)

    def listed(self, request):
        self.authorize(request)
        jobs = [self.shown(job) for job in reversed(self.accepted.values())]
        if "parent_job_id" in request.query:
            jobs = [job for job in jobs if job["parent_job_id"] == request.query["parent_job_id"]]
        limit = int(request.query.get("limit", 25))
        start = int(request.query.get("next", 0))
        more = str(start + limit) if start + limit < len(jobs) else None
        return {"jobs": jobs[start : start + limit], "next": more}

    def described(self, request, number):
        self.authorize(request)
        job = self.job(number)
        if self.fault("unknown_status"):
            return self.shown(job) | {"status": "defragmenting"}
        if self.fault("failed_job"):
            job["state"] = "failed"
        if self.fault("endless_status"):
            return self.shown(job) | {"status": "started"}
        if job["state"] == "ready" and time.monotonic() - job["at"] >= self.delay:
            job["state"] = "completed"
            for child in job["children"]:
                broken = self.fault("failed_circuit")
                self.accepted[child]["state"] = "failed" if broken else "completed"
        return self.shown(job)

    def probabilities(self, request, number):
        self.authorize(request)
        return self.distribution(self.finished(number))

    def artifact(self, request, number, artifact):
        self.authorize(request)
        if artifact != "aggregate":
            raise Reply({"message": "no such artifact"}, 404)
        children = [self.accepted[child] for child in self.finished(number)["children"]]
        # The order of a table is no promise.
        return {
            child["id"]: self.distribution(child)
            for child in sorted(children, key=lambda child: child["id"])
            if child["state"] == "completed"
        }

    def cost(self, request, number):
        self.authorize(request)
        self.job(number)
        return {
            "dry_run": False,
            "estimated_cost": {"value": 1.5, "unit": "usd"},
            "cost": {"value": 1.25, "unit": "usd"},
        }

    def estimate(self, request):
        self.authorize(request)
        query = request.query
        gates = {"1q": int(query["1q_gates"]), "2q": int(query["2q_gates"])}
        total = int(query["shots"]) * (3 * gates["1q"] + 100 * gates["2q"]) / 1000
        return {
            "estimate_context": {"backend": query["backend"], "shots": int(query["shots"])},
            "estimated_at": "2026-10-01T10:00:00Z",
            "estimated_unit": "usd",
            "estimated_total_cost": total,
            "estimated_execution_time": 100,
            "current_predicted_queue_time": 5,
            "rate_card": {"id": "card", "rates": []},
        }

    def cancel(self, request, number):
        self.authorize(request)
        # The service cancels what has been completed as well.
        self.job(number)["state"] = "canceled"
        return {"id": number, "status": "canceled"}

    def backends(self, request):
        return [self.backend(request, name) for name in QUBITS]

    def backend(self, request, name):
        if name not in QUBITS:
            raise Reply({"statusCode": 404, "error": "Not Found", "message": f"no backend {name}"}, 404)
        return {
            "backend": name,
            "status": "available",
            "qubits": QUBITS[name],
            "average_queue_time": 0,
            "last_updated": "2026-10-01T10:00:00Z",
            "location": "College Park",
            "degraded": name == "qpu.aria-1",
        }

    # --- jobs ---

    def authorize(self, request) -> None:
        if request.headers.get("Authorization") != f"apiKey {TOKEN}":
            raise Reply({"statusCode": 401, "error": "Unauthorized", "message": "no such key"}, 401)

    def add(self, body, text, parent, kind, name):
        number = str(uuid.uuid4())
        self.accepted[number] = {
            "id": number,
            "body": body,
            "text": text,
            "parent": parent,
            "type": kind,
            "name": name,
            "state": "ready",
            "children": [],
            "at": time.monotonic(),
        }
        return self.accepted[number]

    def job(self, number):
        if number not in self.accepted:
            raise Reply({"statusCode": 404, "error": "Not Found", "message": "no such job"}, 404)
        return self.accepted[number]

    def finished(self, number):
        job = self.job(number)
        if job["state"] != "completed":
            raise Reply({"statusCode": 404, "error": "Not Found", "message": "not yet completed"}, 404)
        return job

    def shown(self, job):
        body, done = job["body"], job["state"] == "completed"
        name = "ionq.result.probabilities.json.v1"
        results = {name: {"id": "probabilities", "format": name, "media_type": "application/json"}}
        if job["type"] == "ionq.multi-circuit.v1":
            name = "ionq.result.probabilities-aggregate.json.v1"
            results = {name: {"id": "aggregate", "format": name, "media_type": "application/json"}}
        found = {
            "id": job["id"],
            "status": job["state"],
            "type": job["type"],
            "backend": body["backend"],
            "dry_run": False,
            "submitter_id": "64b03577072d45001c85e9c4",
            "project_id": None,
            "parent_job_id": job["parent"],
            "child_job_ids": sorted(job["children"]) or None,  # in which order is not promised
            "session_id": None,
            "metadata": body.get("metadata"),
            "name": job["name"],
            "submitted_at": "2026-10-01T10:00:00.000Z",
            "predicted_wait_time_ms": 10,
            "failure": {"code": "QuantumComputerError", "message": "the trap is empty"}
            if job["state"] == "failed"
            else None,
            "settings": body.get("settings", {}),
            "results": results if done else None,
        }
        if not exact(body):
            found["shots"] = body["shots"]
        return found

    def distribution(self, job):
        """The probabilities of a circuit: exact ones on the ideal simulator, elsewhere frequencies of shots."""
        body = job["body"]
        qubits, gates = job["circuit"]
        weights = simulated(qubits, gates)
        wrong = self.fault("wrong_shots")
        if exact(body):
            scale = 0.5 if wrong else 1.0
            return {str(outcome): float(p) * scale for outcome, p in enumerate(weights) if p > 1e-15}
        shots = body["shots"] - (1 if wrong else 0)
        seed = body.get("noise", {}).get("seed", 7)
        drawn = np.random.default_rng(seed).multinomial(shots, weights / weights.sum())
        return {str(outcome): round(int(count) / shots, 9) for outcome, count in enumerate(drawn) if count}


def exact(body):
    return body["backend"] == "simulator" and body.get("noise", {}).get("model", "ideal") == "ideal"


def refuse_unless(holds, message) -> None:
    if not holds:
        raise Reply({"statusCode": 400, "error": "Bad Request", "message": message}, 400)


def checked_circuits(body, most):
    """Name, qubits and gates of each circuit."""
    given = body["input"]
    refuse_unless(given.get("gateset") == "qis", "gateset")
    if body["type"] == "ionq.multi-circuit.v1":
        refuse_unless("circuit" not in given and len(given["circuits"]) <= 5000, "circuits")
        entries = [(c.get("name"), c.get("qubits", given["qubits"]), c["circuit"]) for c in given["circuits"]]
    else:
        refuse_unless(body["type"] == "ionq.circuit.v1" and "circuits" not in given, "type")
        entries = [(None, given["qubits"], given["circuit"])]
    for _, qubits, gates in entries:
        refuse_unless(1 <= qubits <= most, "not enough qubits")
        for gate in gates:
            refuse_unless(gate["gate"] in QIS and not set(gate) - GATE_FIELDS, f"gate {gate}")
    return entries


def simulated(qubits, gates):
    """Probabilities of all outcomes; bit k of an outcome is qubit k."""
    state = State(qubits)
    for gate in gates:
        controls = gate.get("controls", []) + ([gate["control"]] if "control" in gate else [])
        targets = gate.get("targets", []) + ([gate["target"]] if "target" in gate else [])
        name = ALIAS.get(gate["gate"], gate["gate"])
        if name == "cnot":
            name = "cx"
        elif controls:
            name = "c" * len(controls) + name
        state.gate(name, controls + targets, [gate["rotation"]] if "rotation" in gate else [])
    return state.probabilities(list(range(qubits)))


def stub(delay="0"):
    return IonQService(delay)
