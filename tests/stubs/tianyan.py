"""Tianyan's service: logins, experiments in QCIS, the bits of every shot under the numbers of the measured qubits.

Fields, paths and shapes are those that cqlib 1.3.11 sends and reads.
"""

from __future__ import annotations

import math
from urllib.parse import parse_qs

import numpy as np
from stubs.quantum import State
from stubs.server import Reply, Stub

KEY = "tianyan-login-40b7e2"
TOKEN = "tianyan-access-{}-d93f1a"
HALF = math.pi / 2
ANGLES = {"X2P": ("rx", HALF), "X2M": ("rx", -HALF), "Y2P": ("ry", HALF), "Y2M": ("ry", -HALF)}
PAIRS = [(0, 2), (2, 3), (3, 5), (5, 6), (6, 8), (3, 4), (9, 10), (4, 1)]
"""Couplers of the machine: a chain with a branch, and two qubits apart."""

CONFIGURATION = {
    "overview": {
        "qubits": [f"Q{q}" for q in range(12)],
        "coupler_map": {f"G{k}": [f"Q{a}", f"Q{b}"] for k, (a, b) in enumerate(PAIRS)},
    },
    "disabledQubits": "Q7,Q11",
    "disabledCouplers": "G7",
}
USABLE = {0, 2, 3, 4, 5, 6, 8}


class TianyanService(Stub):
    routes = [  # noqa: RUF012
        ("POST", "/qccp-auth/oauth2/sdk/opnId", "login"),
        ("POST", "/qccp-quantum/sdk/experiment/temporary/save", "submit"),
        ("POST", "/qccp-quantum/sdk/experiment/result/find", "results"),
        ("GET", "/qccp-quantum/sdk/experiment/download/config/(.+)", "configuration"),
        ("GET", "/qccp-quantum/sdk/quantumComputer/list", "machines"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.submissions = []
        self.experiments = {}
        self.logins = 0

    def jobs(self):
        return [{"id": s["ids"][0], "key": s["body"]["name"], "body": s["text"]} for s in self.submissions]

    def login(self, request):
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form != {"grant_type": "openId", "openId": KEY, "account_type": "member"}:
            return {"code": 401, "msg": "unknown key", "data": None}
        self.logins += 1
        return {"code": 0, "msg": "ok", "data": {"access_token": TOKEN.format(self.logins)}}

    def submit(self, request):
        self._authorize(request)
        body = request.json()
        texts = [body["inputCode"]] if isinstance(body["inputCode"], str) else body["inputCode"]
        why = _refusal(texts, body)
        if why:
            return {"code": 500, "msg": why, "data": None}
        ids = [f"{1900000000000000000 + len(self.experiments) + k}" for k in range(len(texts))]
        for k, (number, text) in enumerate(zip(ids, texts, strict=True)):
            self.experiments[number] = {"text": text, "shots": body["shots"], "seed": k, "state": "", "seen": 0}
        self.submissions.append({"ids": ids, "body": body, "text": request.body.decode("latin-1")})
        return {"code": 0, "msg": "ok", "data": {"query_ids": ids}}

    def results(self, request):
        self._authorize(request)
        ids = request.json()["query_ids"]
        if len(ids) > 50:
            return {"code": 500, "msg": "at most 50", "data": None}
        failing = self.fault("failed_job")
        unknown = self.fault("unknown_status")
        if self.fault("endless_status"):
            return {"code": 0, "data": {"experimentResultModelList": []}}
        found = []
        for number in reversed(ids):
            experiment = self.experiments[number]
            if unknown:
                found.append({"experimentTaskId": number, "status": "DEFRAGMENTING", "resultStatus": []})
                continue
            if failing and number in (ids if not failing.get("one") else ids[:1]):
                experiment["state"] = "FAILED"
            if experiment["state"]:
                why = {"errorMessage": "a cable is loose", "status": experiment["state"], "resultStatus": []}
                found.append({"experimentTaskId": number, **why})
                continue
            # State and results come in one answer: whoever asked for the state alone has seen them once.
            missing = 1 if experiment["seen"] and self.fault("wrong_shots") else 0
            experiment["seen"] += 1
            found.append({"experimentTaskId": number, "resultStatus": _shots(experiment, missing)})
        return {"code": 0, "data": {"experimentResultModelList": found}}

    def configuration(self, request, machine):
        self._authorize(request)
        if machine != "tianyan176":
            return {"code": 404, "msg": "no such machine", "data": None}
        return {"code": 0, "data": CONFIGURATION}

    def machines(self, request):
        self._authorize(request)
        return {
            "code": 0,
            "data": [
                {"id": 1, "code": "tianyan_sw", "status": 0, "isToll": 1},
                {"id": 2, "code": "tianyan176", "status": 2, "isToll": 2},
            ],
        }

    def _authorize(self, request):
        expected = TOKEN.format(self.logins)
        if self.fault("forgotten_login"):
            self.logins += 1
            raise Reply({"msg": "token expired"}, 401)
        if (request.headers["basicToken"], request.headers["Authorization"]) != (expected, f"Bearer {expected}"):
            raise Reply({"msg": "unauthorized"}, 401)


def _refusal(texts, body):
    bits = max(text.count("M Q") for text in texts)
    shots, count = body["shots"], len(texts)
    if body["languageCode"] != "qcis" or body["source"] != "SDK":
        return "language"
    if count > 600 or (count > 100 and shots > 10_000) or (count > 50 and shots > 50_000) or shots > 100_000:
        return "too many circuits or shots"
    if count > 1 and shots > 10_000 and bits > (30 if shots <= 50_000 else 15):
        return "too many measured bits"
    if body["computerCode"] == "tianyan176":
        edges = {frozenset(pair) for pair in PAIRS}
        for line in "\n".join(texts).splitlines():
            qubits = [int(word[1:]) for word in line.split() if word.startswith("Q")]
            if not set(qubits) <= USABLE or (line.startswith("CZ") and frozenset(qubits) not in edges):
                return f"the machine cannot do {line}"
    return ""


def _shots(experiment, missing):
    numbers, measured, steps = [], [], []
    for line in experiment["text"].splitlines():
        name, *words = line.split()
        qubits = [int(word[1:]) for word in words if word.startswith("Q")]
        numbers += [q for q in qubits if q not in numbers]
        if name == "M":
            measured += qubits
        elif name != "B":
            steps.append((name, qubits, [float(word) for word in words if not word.startswith("Q")]))
    state = State(len(numbers))
    for name, qubits, angles in steps:
        places = [numbers.index(q) for q in qubits]
        if name == "CZ":
            state.gate("cz", places)
        elif name == "RZ":
            state.gate("rz", places, angles)
        else:
            gate, angle = ANGLES[name]
            state.gate(gate, places, [angle])
    order = sorted(measured)
    rows = state.shots([numbers.index(q) for q in order], experiment["shots"] - missing, experiment["seed"])
    return [order, *np.asarray(rows).tolist()]


def stub():
    return TianyanService()
