"""IBM Quantum's service: tokens, devices, jobs of the program ``executor``, sessions.

Circuits are read by Qiskit and run by its Aer without noise; requests and results are packed and unpacked by hand.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
from stubs.server import Reply, Stub

TOKEN = "ibm-key-7d1e0b44a9"
INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/1f3c:5b7e::"
API = "/api/v1"


def coded(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


class IBMService(Stub):
    routes = [  # noqa: RUF012
        ("POST", "/identity/token", "token"),
        ("GET", f"{API}/backends", "backends"),
        ("GET", f"{API}/backends/([^/]+)/(configuration|properties|status)", "described"),
        ("GET", f"{API}/instances/usage", "usage"),
        ("POST", f"{API}/jobs", "submit"),
        ("GET", f"{API}/jobs", "listed"),
        ("GET", f"{API}/jobs/([^/]+)", "status"),
        ("GET", f"{API}/jobs/([^/]+)/results", "results"),
        ("POST", f"{API}/jobs/([^/]+)/cancel", "cancel"),
        ("POST", f"{API}/sessions", "open_session"),
        ("PATCH", f"{API}/sessions/([^/]+)", "close_session"),
        ("GET", f"{API}/sessions/([^/]+)", "session"),
    ]

    def __init__(self, most="2", *cities) -> None:
        super().__init__()
        self.most = int(most)
        self.cities = cities or ("manila",)
        self.accepted = {}
        self.sessions = {}
        self.bearers = set()

    def jobs(self):
        return [
            {"id": job["id"], "key": job["body"].get("tags"), "body": job["text"], "session": job["session"]}
            for job in self.accepted.values()
        ]

    # --- who asks ---

    def token(self, request):
        given = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        if given.get("apikey") != TOKEN:
            raise Reply({"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}, 400)
        now = int(time.time())
        bearer = f"{coded({'alg': 'RS256'})}.{coded({'iat': now, 'exp': now + 3600, 'n': len(self.bearers)})}.c2ln"
        self.bearers.add(bearer)
        return {"access_token": bearer, "token_type": "Bearer", "expires_in": 3600, "expiration": now + 3600}

    def answer(self, request):
        if request.path.startswith(API):
            bearer = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
            if bearer not in self.bearers:
                return Reply({"errors": [{"code": 1200, "message": "Login failed."}]}, 401)
            if request.headers.get("Service-CRN") != INSTANCE:
                return Reply({"errors": [{"code": 1201, "message": "No such instance."}]}, 403)
            if not request.headers.get("IBM-API-Version"):
                return Reply({"errors": [{"code": 1202, "message": "The version is missing."}]}, 400)
        return super().answer(request)

    # --- devices ---

    def backends(self, request):
        return {
            "devices": [
                {
                    "name": f"ibm_{city}",
                    "status": {"name": "online", "reason": ""},
                    "is_simulator": False,
                    "qubits": len(described(city, "props")["qubits"]),
                    "processor_type": {"family": "Heron", "revision": "2"},
                    "queue_length": len(self.accepted),
                }
                for city in self.cities
            ]
        }

    def described(self, request, name, what):
        city = name.removeprefix("ibm_")
        if city not in self.cities:
            raise Reply({"errors": [{"code": 1213, "message": f"Backend {name} not found."}]}, 404)
        if what == "configuration":
            return described(city, "conf") | {"backend_name": name, "max_experiments": self.most}
        if what == "properties":
            return described(city, "props") | {"backend_name": name}
        return {"state": True, "status": "active", "message": "", "length_queue": 0, "backend_version": "1.0.0"}

    def usage(self, request):
        return {"instance_id": INSTANCE, "usage_limit_reached": False, "usage_remaining_seconds": 600}

    # --- jobs ---

    def submit(self, request):
        body = request.json()
        if body["program_id"] != "executor" or body["params"]["schema_version"] != "v2.0":
            raise Reply({"errors": [{"code": 1211, "message": "Unknown program."}]}, 404)
        if body["backend"].removeprefix("ibm_") not in self.cities:
            raise Reply({"errors": [{"code": 1213, "message": "Unknown backend."}]}, 404)
        session = body.get("session_id")
        if session is not None and not self.sessions.get(session, {}).get("accepting_jobs"):
            raise Reply({"errors": [{"code": 1217, "message": "The session takes no jobs."}]}, 400)
        program = body["params"]["quantum_program"]
        if len(program["items"]) > self.most or program["shots"] * len(program["items"]) > 10**7:
            raise Reply({"errors": [{"code": 1220, "message": "Too much for one job."}]}, 422)
        number = f"d{len(self.accepted):05d}ibm"
        text = request.body.decode()
        self.accepted[number] = {"id": number, "text": text, "body": body, "state": "Queued", "session": session}
        return {"id": number, "backend": body["backend"], "session_id": session, "private": False}

    def listed(self, request):
        wanted = set(request.queries.get("tags", ()))
        found = [job for job in self.accepted.values() if wanted <= set(job["body"].get("tags", ()))]
        return {"jobs": [self.summary(job) for job in found], "count": len(found), "limit": 200, "offset": 0}

    def status(self, request, number):
        job = self.job(number)
        if self.fault("unknown_status"):
            return self.summary(job) | {"status": "Defragmenting", "state": {"status": "DEFRAGMENTING"}}
        rule = self.fault("failed_job")
        if rule:
            job["state"] = "Failed"
            job["reason"] = {"reason": "The cryostat is warm.", "reason_code": 1599}
        if self.fault("ran_too_long"):
            job["state"] = "Cancelled"
            job["reason"] = {"reason": "Ran too long.", "reason_code": 1305}
        if self.fault("endless_status"):
            job["state"] = "Running"
        elif job["state"] in ("Queued", "Running"):
            job["state"] = "Completed"
        return self.summary(job)

    def summary(self, job):
        return {
            "id": job["id"],
            "backend": job["body"]["backend"],
            "program": {"id": "executor"},
            "status": job["state"],
            "state": {"status": job["state"], **job.get("reason", {})},
            "created": "2026-12-01T07:00:00Z",
            "tags": job["body"].get("tags", []),
            "session_id": job["session"],
            "usage": {"quantum_seconds": 2, "seconds": 2},
        }

    def results(self, request, number):
        job = self.job(number)
        if job["state"] != "Completed":
            return Reply(b"", 204)
        from qiskit import qpy

        program = job["body"]["params"]["quantum_program"]
        circuits = qpy.load(io.BytesIO(zlib.decompress(base64.b64decode(program["circuits"]["b64_data"]))))
        shots = program["shots"] - (1 if self.fault("wrong_shots") else 0)
        at = datetime.now(UTC).isoformat()
        part = {"size": 1, "permutation": [], "element_range": [0, 1, 1]}
        parts = [{"idx_item": k, **part} for k in range(len(circuits))]
        return {
            "schema_version": "v2.0",
            "data": [{"results": measured(circuit, shots, k), "metadata": {}} for k, circuit in enumerate(circuits)],
            "metadata": {"chunk_timing": [{"start": at, "stop": at, "parts": parts}]},
            "passthrough_data": program["passthrough_data"],
            "semantic_role": program["semantic_role"],
        }

    def cancel(self, request, number):
        job = self.job(number)
        if job["state"] not in ("Queued", "Running"):
            raise Reply({"errors": [{"code": 1305, "message": "The job has ended."}]}, 409)
        job["state"] = "Cancelled"
        return Reply(b"", 204)

    def job(self, number):
        if number not in self.accepted:
            raise Reply({"errors": [{"code": 1291, "message": "Job not found."}]}, 404)
        return self.accepted[number]

    # --- sessions ---

    def open_session(self, request):
        body = request.json()
        if body.get("mode") not in ("dedicated", "batch") or body.get("instance") != INSTANCE:
            raise Reply({"errors": [{"code": 1216, "message": "No such mode."}]}, 400)
        number = f"session-{len(self.sessions)}"
        self.sessions[number] = {"id": number, "accepting_jobs": True, "state": "open", **body}
        return self.sessions[number]

    def close_session(self, request, number):
        self.session(request, number)["accepting_jobs"] = request.json()["accepting_jobs"]
        return Reply(b"", 204)

    def session(self, request, number):
        if number not in self.sessions:
            raise Reply({"errors": [{"code": 1290, "message": "Session not found."}]}, 404)
        return self.sessions[number]


def described(city, what):
    """IBM's own description of a device, of which its package has a snapshot."""
    folder = Path(importlib.util.find_spec("qiskit_ibm_runtime").origin).parent / "fake_provider" / "backends" / city
    return json.loads((folder / f"{what}_{city}.json").read_text())


def measured(circuit, shots, seed):
    """Bits of each register and shot as the service packs them: index 0 first, eight to a byte, lowest bit first."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(seed_simulator=seed, max_parallel_threads=1)
    found = {}
    rows = simulator.run(circuit, shots=shots, memory=True).result().get_memory()
    for place, register in enumerate(reversed(circuit.cregs)):
        bits = np.array([[letter == "1" for letter in row.split(" ")[place][::-1]] for row in rows], dtype=np.uint8)
        packed = np.packbits(bits, bitorder="little").tobytes()
        found[register.name] = {
            "data": base64.b64encode(zlib.compress(packed)).decode(),
            "shape": [shots, len(register)],
            "dtype": "bool",
        }
    return found


def stub(most="2", *cities):
    importlib.import_module("qiskit_aer")  # in a thread of a request, which ends, it would crash the next one
    return IBMService(most, *cities)
