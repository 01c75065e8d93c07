"""Origin's cloud: tasks in OriginIR, results by hexadecimal keys whose lowest bit is c[0].

Fields, paths and shapes are those that pyqpanda3 0.5.1 sends and reads.
"""

from __future__ import annotations

import json
import re

from stubs.quantum import State
from stubs.server import Reply, Stub

KEY = "origin-key-71d0c3"
NAMES = {
    "I": "id",
    "X1": "sx",
    "U1": "p",
    "U3": "u",
    "CNOT": "cx",
    "CR": "cp",
    "TOFFOLI": "ccx",
}
CHIP = {
    "ChipID": "WK_C180",
    "QubitCount": 12,
    "AvailableQubits": list(range(11)),
    "HighFrequencyQubit": [1, 3],
    "BasicQGate": ["RPhi", "CZ"],
    "CompensateAngle": {},
    "QGateClock": [{"gateType": "CZ", "IntValue": 40}, {"gateType": "RPhi", "IntValue": 30}],
    "adjMatrix": {str(q): [{"v": q + 1, "w": 0.97}, {"v": q - 1, "w": 0.97}] for q in range(1, 11)},
    "QubitParams": [
        {
            "qubitId": str(q),
            "T1": 20.0 + q,
            "T2": 5.0 + q,
            "Frequency": 4500.0,
            "SingleGateFidelity": 0.998,
            "ReadoutFidelity": 0.97,
        }
        for q in range(12)
    ],
}


class OriginService(Stub):
    routes = [  # noqa: RUF012
        ("GET", "/oqcs/task/getResourceList.json", "resources"),
        ("POST", "/oqcs/task/origin/submit.json", "submit"),
        ("POST", "/oqcs/task/origin/taskDetail.json", "detail"),
        ("POST", "/oqcs/task/origin/chipInfo.json", "chip_info"),
        ("POST", "/oqcs/task/cancelTask.json", "cancel"),
    ]

    def __init__(self, reports="counts") -> None:
        super().__init__()
        self.tasks = {}
        self.reports = reports

    def jobs(self):
        return [{"id": t["id"], "key": t["body"]["batchNo"], "body": t["text"]} for t in self.tasks.values()]

    def resources(self, request):
        self._authorize(request)
        machine = {"onlineFlag": True, "sinanChipId": "WK_C180"}
        return [dict(machine, machineType=k) for k in range(7)] + [
            {"onlineFlag": False, "sinanChipId": "72", "machineType": 5}
        ]

    def submit(self, request):
        self._authorize(request)
        body = request.json()
        several = len(body["QProg"]) > 1
        if request.headers["task_mode"] != ("2" if several else "1"):
            raise Reply(_refusal("task_mode"))
        if body["QMachineType"] == "0" and several:
            raise Reply(_refusal("the simulator takes one program"))
        if body["QMachineType"] == "5" and body["ChipID"] != "WK_C180":
            raise Reply(_refusal("no such chip"))
        number = f"{len(self.tasks):032X}"
        self.tasks[number] = {
            "id": number,
            "text": request.body.decode("latin-1"),
            "body": body,
            "state": "3",
            "seen": 0,
        }
        return _success({"taskId": number})

    def detail(self, request):
        self._authorize(request)
        task = self._task(request)
        if self.fault("unknown_status"):
            return _success({"taskId": task["id"], "taskState": "13"})
        if self.fault("failed_job"):
            task["state"] = "4"
        if self.fault("endless_status"):
            return _success({"taskId": task["id"], "taskState": "2"})
        found = {"taskId": task["id"], "errCode": 0, "taskState": task["state"], "startTime": 1745327244015}
        if task["state"] == "4":
            found |= {"errCode": 23, "errInfo": "the chip is being calibrated"}
        if task["state"] == "3":
            # State and results come in one answer: whoever asked for the state alone has seen them once.
            missing = 1 if task["seen"] and self.fault("wrong_shots") else 0
            found |= self._results(task["body"], missing)
            task["seen"] += 1
        return _success(found)

    def _results(self, body, missing):
        settings = body["Configuration"]
        shots = settings["shot"]
        tables = [_counts(text, shots - missing, k) for k, text in enumerate(body["QProg"])]
        bare = [{key: count / shots for key, count in table.items()} for table in tables]
        found = {"taskResult": [_packed(table) for table in bare], "totalTime": 3407}
        if self.reports == "counts" and not settings.get("amendFlag"):
            found["probCount"] = [_packed(table) for table in tables]
        return found

    def chip_info(self, request):
        self._authorize(request)
        return _success(CHIP) if request.json()["ChipID"] == "WK_C180" else _refusal("no such chip")

    def cancel(self, request):
        self._authorize(request)
        task = self._task(request)
        task["state"] = "4"
        return _success({})

    def _authorize(self, request):
        if request.headers["Authorization"] != f"oqcs_auth={KEY}":
            raise Reply({"message": "unauthorized"}, 401)

    def _task(self, request):
        number = request.json()["taskId"]
        if number not in self.tasks:
            raise Reply(_refusal("no such task"))
        return self.tasks[number]


def _success(found):
    return {"success": True, "code": 10000, "message": "success", "obj": found}


def _refusal(why):
    return {"success": False, "code": 40001, "message": why, "obj": None}


def _packed(table):
    return json.dumps({"key": list(table), "value": list(table.values())})


def _counts(text, shots, seed):
    lines = text.split("\n")
    state = State(int(lines[0].removeprefix("QINIT ")))
    qubit_of = {}
    for line in lines[2:]:
        if not line or line.startswith("BARRIER"):
            continue
        qubits = [int(number) for number in re.findall(r"q\[(\d+)\]", line)]
        if line.startswith("MEASURE"):
            qubit_of[int(re.search(r"c\[(\d+)\]", line)[1])] = qubits[0]
            continue
        name = line.split(" ")[0]
        angles = [float(angle) for angle in line.partition("(")[2].rstrip(")").split(",") if angle]
        state.gate(NAMES.get(name, name.lower()), qubits, angles)
    counts = state.counts([qubit_of[column] for column in range(len(qubit_of))], shots, seed)
    return {hex(value): count for value, count in counts.items()}


def stub(reports="counts"):
    return OriginService(reports)
