"""Quafu: tasks as forms with OpenQASM 2, counts written as Python does, the leftmost letter for meas[0].

Fields, paths and shapes are those that pyquafu 0.4.5 sends and reads.
"""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs

from stubs.quantum import State
from stubs.server import Reply, Stub

TOKEN = "quafu-token-8b1f64"
CHIPS = [
    {
        "system_name": name,
        "system_id": number,
        "qubits": qubits,
        "status": status,
        "QV": 0,
        "queued_len": queued,
        "valid_gates": ["cx", "cz", "rx", "ry", "rz", "x", "y", "z", "h"],
    }
    for name, number, qubits, status, queued in (
        ("ScQ-P18", 1, 10, "Online", 3),
        ("ScQ-P136", 2, 136, "Offline", 0),
        ("ScQ-Sim10", 5, 10, "Online", -1),
    )
]


class QuafuService(Stub):
    routes = [  # noqa: RUF012
        ("POST", "/qbackend/get_backends/", "chips"),
        ("POST", "/qbackend/scq_kit_asyc/", "submit"),
        ("POST", "/qbackend/scq_task_recall/", "recall"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.tasks = {}

    def jobs(self):
        return [{"id": t["id"], "key": t["form"]["task_name"], "body": t["text"]} for t in self.tasks.values()]

    def chips(self, request):
        self._authorize(request)
        return {"status": 200, "data": CHIPS}

    def submit(self, request):
        form = self._form(request)
        if self.fault("server_error"):
            return {"status": 5003, "message": "the queue is broken"}
        if form["selected_server"] not in {str(chip["system_id"]) for chip in CHIPS}:
            return {"code": 400, "msg": "no such chip"}
        if form["qtasm"].count("\n") > 2000:
            return {"status": 5001, "message": "the circuit is too long"}
        number = f"{len(self.tasks):016X}"
        self.tasks[number] = {
            "id": number,
            "form": form,
            "text": request.body.decode("latin-1"),
            "status": 2,
            "seen": 0,
        }
        return self._task(number, 0, "{}")

    def recall(self, request):
        number = self._form(request)["task_id"]
        if number not in self.tasks:
            return {"status": 201, "message": "no such task"}
        task = self.tasks[number]
        if self.fault("unknown_status"):
            return self._task(number, 9, "{}")
        if self.fault("failed_job"):
            task["status"] = 4
        if self.fault("endless_status"):
            return self._task(number, 1, "{}")
        if task["status"] != 2:
            return self._task(number, task["status"], "{}") | {"message": "the chip was warm"}
        # State and results come in one answer: whoever asked for the state alone has seen them once.
        missing = 1 if task["seen"] and self.fault("wrong_shots") else 0
        task["seen"] += 1
        return self._task(number, 2, str(_counts(task["form"]["qtasm"], int(task["form"]["shots"]) - missing)))

    def _task(self, number, status, res):
        form = self.tasks[number]["form"]
        name, text = form["task_name"], form["qtasm"]
        return {"task_id": number, "task_name": name, "status": status, "openqasm": text, "res": res, "raw": ""}

    def _form(self, request):
        self._authorize(request)
        form = parse_qs(request.body.decode(), keep_blank_values=True, strict_parsing=True)
        return {name: values[-1] for name, values in form.items()}

    def _authorize(self, request):
        if request.headers["api_token"] != TOKEN:
            raise Reply({"message": "unauthorized"}, 401)


def _counts(text, shots):
    state = State(int(re.search(r"qreg q\[(\d+)\];", text)[1]))
    qubit_of = {}
    for line in text.splitlines()[4:]:
        numbers = [int(number) for number in re.findall(r"\[(\d+)\]", line)]
        if line.startswith("measure"):
            qubit_of[numbers[1]] = numbers[0]
        elif not line.startswith("barrier"):
            name, angle = re.fullmatch(r"(\w+)(?:\((.+)\))? .*", line).groups()
            assert not angle or math.isfinite(float(angle))
            state.gate(name, numbers, [float(angle)] if angle else [])
    width = len(qubit_of)
    counts = state.counts([qubit_of[column] for column in range(width)], shots)
    return {format(value, f"0{width}b")[::-1]: count for value, count in counts.items()}


def stub():
    return QuafuService()
