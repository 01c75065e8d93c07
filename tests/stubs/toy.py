"""A provider that exists in tests alone: circuits as JSON, jobs by POST, tags to look them up."""

from __future__ import annotations

import os
import time

from stubs.quantum import State
from stubs.server import Reply, Stub

TOKEN = "toy-token-5f2c9a"


class ToyService(Stub):
    routes = [  # noqa: RUF012
        ("POST", "/jobs", "submit"),
        ("GET", "/jobs", "listed"),
        ("GET", "/jobs/([^/]+)", "status"),
        ("GET", "/jobs/([^/]+)/result", "result"),
        ("DELETE", "/jobs/([^/]+)", "cancel"),
        ("GET", "/devices", "devices"),
    ]

    def __init__(self, delay="0") -> None:
        super().__init__()
        self.accepted = {}
        self.delay = float(delay)

    def jobs(self):
        return [{"id": job["id"], "key": job["tag"], "body": job["text"]} for job in self.accepted.values()]

    def submit(self, request):
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Reply({"message": "unauthorized"}, 401)
        body = request.json()
        if body["shots"] > 10**6:
            raise Reply({"message": "too many shots"}, 422)
        number = f"toy-{len(self.accepted):06d}"
        self.accepted[number] = {
            "id": number,
            "tag": body["tag"],
            "text": request.body.decode(),
            "body": body,
            "state": "QUEUED",
            "at": time.monotonic(),
        }
        return {"id": number}

    def listed(self, request):
        tag = request.query.get("tag")
        return {"jobs": [job["id"] for job in self.accepted.values() if tag in (None, job["tag"])]}

    def status(self, request, number):
        job = self._job(number)
        if self.fault("unknown_status"):
            return {"state": "DEFRAGMENTING"}
        if self.fault("failed_job"):
            job["state"] = "FAILED"
        if self.fault("endless_status"):
            return {"state": "RUNNING"}
        if job["state"] == "QUEUED" and time.monotonic() - job["at"] >= self.delay:
            job["state"] = "DONE"
        return {"state": job["state"], "reason": "the cryostat is warm" if job["state"] == "FAILED" else ""}

    def result(self, request, number):
        job = self._job(number)
        shots = job["body"]["shots"] - (1 if self.fault("wrong_shots") else 0)
        return {"counts": [_counts(circuit, shots, k) for k, circuit in enumerate(job["body"]["circuits"])]}

    def cancel(self, request, number):
        job = self._job(number)
        if job["state"] in ("QUEUED", "RUNNING"):
            job["state"] = "CANCELLED"
        return {}

    def devices(self, request):
        return {"devices": [{"name": "one", "qubits": 17, "status": "online", "queue": len(self.accepted)}]}

    def _job(self, number):
        if number not in self.accepted:
            raise Reply({"message": "no such job"}, 404)
        return self.accepted[number]


def _counts(circuit, shots, seed):
    state = State(circuit["qubits"])
    for name, qubits, angles in circuit["gates"]:
        state.gate(name, qubits, angles)
    counts = state.counts(circuit["measured"], shots, seed)
    # Bit k of an integer is the k-th measured qubit.
    return {str(value): count for value, count in counts.items()}


def stub(delay="0"):
    return ToyService(delay or os.environ.get("TOY_DELAY", "0"))
