"""Quantinuum's Nexus: JSON:API over cookies; programs in TKET's JSON are uploaded, and jobs made of their ids.

Results come as TKET writes them: a bit is a register and an index, the bits of a shot are packed into bytes, the first
bit highest. Angles are in π.
"""

from __future__ import annotations

import math
import time
import uuid
from http.cookies import SimpleCookie

import numpy as np
from stubs.quantum import State, one_qubit
from stubs.server import Reply, Stub

REFRESH = "nexus-refresh-8c41d2"
ACCESS = "nexus-access-77aa10"
TIMES = {"created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z"}


class Nexus(Stub):
    routes = [  # noqa: RUF012
        ("POST", "/auth/tokens/refresh", "refresh"),
        ("GET", "/api/projects/v1beta2", "projects"),
        ("GET", "/api/projects/v1beta2/meta/count", "count_projects"),
        ("POST", "/api/projects/v1beta2", "new_project"),
        ("POST", "/api/circuits/v1beta2", "upload"),
        ("GET", "/api/circuits/v1beta2/([^/]+)", "program"),
        ("POST", "/api/jobs/v1beta3", "submit"),
        ("GET", "/api/jobs/v1beta3", "listed"),
        ("GET", "/api/jobs/v1beta3/meta/count", "count"),
        ("GET", "/api/jobs/v1beta3/([^/]+)", "job"),
        ("GET", "/api/jobs/v1beta3/([^/]+)/attributes/status", "status"),
        ("POST", "/api/jobs/v1beta3/([^/]+)/rpc/cancel", "cancel"),
        ("GET", "/api/results/v1beta3/([^/]+)", "result"),
        ("GET", "/api/v5/available_devices", "devices"),
        ("GET", "/api/machines/v1beta/([^/]+)/status", "machine"),
    ]

    def __init__(self, lives="1000000") -> None:
        super().__init__()
        self.made = {}  # projects by name
        self.programs, self.accepted, self.results = {}, {}, {}
        self.lives, self.left = int(lives), 0  # requests that an access token is good for

    def answer(self, request):
        cookies = {name: morsel.value for name, morsel in SimpleCookie(request.headers.get("Cookie", "")).items()}
        if request.path == "/auth/tokens/refresh":
            if cookies.get("myqos_oat") != REFRESH:
                return Reply({"message": "no"}, 401)
            self.left = self.lives
            return Reply({}, headers={"Set-Cookie": f"myqos_id={ACCESS}; Path=/; HttpOnly"})
        if cookies.get("myqos_id") != ACCESS or self.left <= 0:
            return Reply({"message": "unauthorized"}, 401)
        self.left -= 1
        return super().answer(request)

    def jobs(self):
        return [
            {"id": number, "key": job["request"]["attributes"]["name"], "body": job["text"], "programs": job["texts"]}
            for number, job in self.accepted.items()
        ]

    # --- projects and programs ---

    def projects(self, request):
        return {"data": [self._project(name) for name in self._named(request, self.made)]}

    def count_projects(self, request):
        return {"count": len(self._named(request, self.made))}

    def new_project(self, request):
        name = request.json()["data"]["attributes"]["name"]
        self.made[name] = str(uuid.uuid4())
        return Reply({"data": self._project(name)}, 201)

    def _project(self, name):
        attributes = {"name": name, "properties": {}, "timestamps": TIMES, "archived": False}
        attributes["contents_modified"] = TIMES["modified"]
        return {"id": self.made[name], "type": "project", "attributes": attributes}

    @staticmethod
    def _named(request, names):
        # One page holds all.
        if int(request.query.get("page[number]", 0)):
            return []
        wanted = request.queries.get("filter[name_exact]")
        return [name for name in names if wanted is None or name in wanted]

    def upload(self, request):
        data = request.json()["data"]
        if data["type"] != "circuit" or self._owner(data) not in self.made.values():
            raise Reply({"message": "no such project"}, 422)
        number = str(uuid.uuid4())
        self.programs[number] = {"attributes": data["attributes"], "text": request.body.decode()}
        return Reply({"data": self._program(number)}, 201)

    def program(self, request, number):
        name = next(iter(self.made))
        data = self._program(number) | {"relationships": {"project": {"data": {"id": self.made[name]}}}}
        return {"data": data, "included": [self._project(name)]}

    def _program(self, number):
        attributes = self.programs[number]["attributes"] | {"timestamps": TIMES}
        return {"id": number, "type": "circuit", "attributes": attributes}

    @staticmethod
    def _owner(data):
        return data["relationships"]["project"]["data"]["id"]

    # --- jobs ---

    def submit(self, request):
        data = request.json()["data"]
        attributes = data["attributes"]
        items = attributes["definition"]["items"]
        if data["type"] != "job" or attributes["job_type"] != "execute" or self._owner(data) not in self.made.values():
            raise Reply({"message": "no such project"}, 422)
        if any(item["program_id"] not in self.programs for item in items):
            raise Reply({"message": "no such program"}, 422)
        number = str(uuid.uuid4())
        self.accepted[number] = {
            "request": data,
            "text": request.body.decode(),
            "texts": [self.programs[item["program_id"]]["text"] for item in items],
            "state": "QUEUED",
            "failed": set(),
            "at": time.monotonic(),
        }
        return Reply({"data": self._job(number)}, 202)

    def listed(self, request):
        names = {job["request"]["attributes"]["name"]: number for number, job in self.accepted.items()}
        found = [self._job(names[name]) for name in self._named(request, names)]
        return {"data": found, "included": [self._project(name) for name in self.made]}

    def count(self, request):
        return {"count": len(self.listed(request)["data"])}

    def job(self, request, number):
        self._known(number)
        return {"data": self._job(number, polled=True), "included": [self._project(name) for name in self.made]}

    def status(self, request, number):
        self._known(number)
        return self._job(number, polled=True)["attributes"]["status"]

    def cancel(self, request, number):
        job = self._known(number)
        if job["state"] in ("COMPLETED", "ERROR"):
            raise Reply({"message": "the job has ended"}, 409)
        job["state"] = "CANCELLED"
        return Reply({}, 202)

    def _known(self, number):
        if number not in self.accepted:
            raise Reply({"message": "no such job"}, 404)
        return self.accepted[number]

    def _job(self, number, polled=False):
        job = self.accepted[number]
        state = job["state"]
        if polled:
            state = self._advanced(job)
        definition = job["request"]["attributes"]["definition"]
        items = []
        for place, item in enumerate(definition["items"]):
            word = state
            if job["failed"]:
                word = "ERROR" if place in job["failed"] else "COMPLETED"
            found = item | {"item_id": place, "status": self._status(word)}
            if word == "COMPLETED" and not definition["backend_config"]["device_name"].endswith("SC"):
                found |= {"result_id": self._result(number, place), "result_type": "PYTKET"}
            items.append(found)
        attributes = job["request"]["attributes"] | {
            "definition": definition | {"items": items},
            "status": self._status(state, 5.25),
            "timestamps": TIMES,
        }
        relationships = job["request"]["relationships"] | {
            "programs": {"data": [{"id": item["program_id"], "type": "circuit"} for item in items]}
        }
        return {"id": number, "type": "job", "attributes": attributes, "relationships": relationships}

    def _advanced(self, job):
        if self.fault("unknown_status"):
            return "DEFRAGMENTING"
        if self.fault("endless_status"):
            return "RUNNING"
        if job["state"] == "QUEUED":
            job["state"] = "COMPLETED"
            if self.fault("failed_job"):
                job["state"], job["failed"] = "ERROR", set(range(len(job["texts"])))
            elif self.fault("failed_item"):
                job["state"], job["failed"] = "ERROR", {0}
        return job["state"]

    @staticmethod
    def _status(word, cost=None):
        detail = "an ion was lost" if word == "ERROR" else None
        return {"status": word, "message": "", "error_detail": detail, "cost": cost, "queue_position": None}

    # --- results ---

    def _result(self, number, place):
        name = f"{number}-{place}"
        self.results[name] = (number, place)
        return name

    def result(self, request, name):
        number, place = self.results[name]
        item = self.accepted[number]["request"]["attributes"]["definition"]["items"][place]
        attributes = self.programs[item["program_id"]]["attributes"]
        shots = item["n_shots"] - (1 if self.fault("wrong_shots") else 0)
        rows = outcomes(attributes, shots, seed=place)
        packed = np.packbits(rows, axis=1).tolist()
        answer = {
            "bits": attributes["bits"], "qubits": [], "shots": {"width": rows.shape[1], "array": packed}, "counts": None
        }  # fmt: skip
        return {
            "data": {
                "id": name,
                "type": "result",
                "attributes": answer,
                "relationships": {"program": {"data": {"id": item["program_id"], "type": "circuit"}}},
            },
            "included": [],
        }

    # --- devices ---

    def devices(self, request):
        return [
            {
                "is_local": False,
                "backend_info_list": [_device("H2-1", 56), _device("H2-1E", 32), _device("H2-1SC", 56)],
            },
            {"is_local": True, "backend_info_list": [_device("H2-Emulator", 26)]},
        ]

    def machine(self, request, name):
        return {"state": "in maintenance" if name == "H2-1SC" else "online"}


def _device(name, size):
    return {"name": "QuantinuumBackend", "device_name": name, "device": {"nodes": [], "edges": [], "n_nodes": size}}


def outcomes(program, shots, seed):
    """Bits of each shot, one column for each bit of the program, by following each shot through the program."""
    qubits = {str(unit): place for place, unit in enumerate(program["qubits"])}
    bits = {str(unit): place for place, unit in enumerate(program["bits"])}
    generator = np.random.default_rng(seed)
    commands = [(command["op"], [str(unit) for unit in command["args"]]) for command in program["commands"]]
    first = next((k for k, (op, _) in enumerate(commands) if op["type"] in ("Measure", "Reset", "Conditional")), 0)
    begin = State(len(qubits))
    for op, units in commands[:first]:
        _gate(begin, op, [qubits[unit] for unit in units if unit in qubits])
    rest = commands[first:]
    rows = np.zeros((shots, len(bits)), dtype=np.uint8)
    pairs = [(qubits[units[0]], bits[units[1]]) for op, units in rest if op["type"] == "Measure"]
    measured = [qubit for qubit, _ in pairs]
    if all(op["type"] in ("Measure", "Barrier") for op, _ in rest) and len(set(measured)) == len(measured):
        drawn = begin.shots(measured, shots, seed)
        for column, (_, bit) in enumerate(pairs):
            rows[:, bit] = drawn[:, column]
        return rows
    for row in rows:
        state = begin.copy()
        for op, units in rest:
            _step(state, op, units, qubits, bits, row, generator)
    return rows


def _step(state, op, units, qubits, bits, row, generator):
    if op["type"] == "Conditional":
        inner = op["conditional"]
        value = sum(int(row[bits[unit]]) << k for k, unit in enumerate(units[: inner["width"]]))
        if value == inner["value"]:
            _step(state, inner["op"], units[inner["width"] :], qubits, bits, row, generator)
    elif op["type"] == "Measure":
        row[bits[units[1]]] = state.measure(qubits[units[0]], generator)
    elif op["type"] == "Reset":
        if state.measure(qubits[units[0]], generator):
            state.gate("x", [qubits[units[0]]])
    else:
        _gate(state, op, [qubits[unit] for unit in units if unit in qubits])


def _gate(state, op, qubits):
    angles = [math.pi * float(text) for text in op.get("params", [])]
    match op["type"]:
        case "Rz":
            state.gate("rz", qubits, angles)
        case "PhasedX":
            state.apply(one_qubit("prx", *angles), *qubits)
        case "ZZPhase":
            state.gate("rzz", qubits, angles)
        case "Barrier":
            pass
        case other:
            raise Reply({"message": f"no gate {other}"}, 422)


def stub(lives="1000000"):
    return Nexus(lives)
