"""An IQM Server: bearer tokens, jobs of circuits in IQM's JSON, artifacts by measurement key.

It checks circuits as the server does: operations on the loci of the calibration alone, keys once, what is moved into a
resonator moved out again, with nothing on the moved qubit meanwhile. A state of its components is followed; one of the
two components of a MOVE is in |0⟩, so that it exchanges them.
"""

from __future__ import annotations

import time
import uuid

import numpy as np
from stubs.quantum import State, one_qubit
from stubs.server import Reply, Stub

TOKEN = "iqm-token-c0ffee51"
CALIBRATIONS = {
    "garnet": "0b7a2f2e-0000-4000-8000-000000000001",
    "emerald": "0b7a2f2e-0000-4000-8000-000000000002",
    "sirius": "0b7a2f2e-0000-4000-8000-000000000003",
}
SQUARE = [
    (1, 2), (1, 4), (2, 5), (3, 4), (3, 8), (4, 5), (4, 9), (5, 6), (5, 10), (6, 7), (6, 11), (7, 12), (8, 9), (8, 13),
    (9, 10), (9, 14), (10, 11), (10, 15), (11, 12), (11, 16), (12, 17), (13, 14), (14, 15), (14, 18), (15, 16),
    (15, 19), (16, 17), (16, 20), (18, 19), (19, 20),
]  # fmt: skip


def gates(alias):
    """Loci of each operation of a computer."""
    size = {"garnet": 20, "emerald": 8, "sirius": 6}[alias]
    names = [f"QB{number}" for number in range(1, size + 1)]
    singles = [[name] for name in names]
    found = {"prx": singles, "measure": singles}
    if alias == "garnet":
        # A qubit that is not calibrated for measurements is none to be used.
        found["measure"] = singles[:-1]
        found["cz"] = [[f"QB{a}", f"QB{b}"] for a, b in SQUARE]
    elif alias == "emerald":
        found["cz"] = [[names[k + 1], names[k]] for k in range(size - 1)]
        found |= {"cc_prx": singles, "reset": singles}
    else:
        found["move"] = [[name, "COMP_R"] for name in names[:4]]
        found["cz"] = [[name, "COMP_R"] for name in names[1:]]
    return found


class Server(Stub):
    routes = [  # noqa: RUF012
        ("GET", "/api/v1/quantum-computers", "computers"),
        ("GET", "/api/v1/quantum-computers/([^/]+)/health", "health"),
        ("GET", "/api/v1/quantum-computers/([^/]+)/artifacts/static-quantum-architectures", "static"),
        ("GET", "/api/v1/calibration-sets/([^/]+)/([^/]+)/dynamic-quantum-architecture", "dynamic"),
        ("GET", "/api/v1/calibration-sets/([^/]+)/([^/]+)/metrics", "metrics"),
        ("POST", "/api/v1/jobs/([^/]+)/circuit", "submit"),
        ("GET", "/api/v1/jobs/([^/]+)", "job"),
        ("POST", "/api/v1/jobs/([^/]+)/cancel", "cancel"),
        ("GET", "/api/v1/jobs/([^/]+)/artifacts/measurements", "measurements"),
        ("GET", "/api/v1/jobs/([^/]+)/artifacts/measurement_counts", "counts"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.accepted = {}

    def answer(self, request):
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Reply({"message": "unauthorized"}, 401)
        return super().answer(request)

    def jobs(self):
        return [
            {"id": number, "key": job["body"]["circuits"][0]["name"], "body": job["text"]}
            for number, job in self.accepted.items()
        ]

    # --- computers ---

    def computers(self, request):
        return {
            "quantum_computers": [
                {
                    "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, alias)),
                    "alias": alias,
                    "display_name": f"IQM {alias.title()}",
                }
                for alias in CALIBRATIONS
            ]
        }

    def health(self, request, alias):
        return {"status": "operational" if alias != "emerald" else "calibrating"}

    def static(self, request, alias):
        loci = gates(alias)
        resonators = ["COMP_R"] if "move" in loci else []
        return [
            {
                "dut_label": "M000",
                "qubits": [name for (name,) in loci["prx"]],
                "computational_resonators": resonators,
                "connectivity": loci["cz"],
            }
        ]

    def dynamic(self, request, alias, calibration):
        self._calibrated(alias, calibration)
        loci = gates(alias)
        return {
            "calibration_set_id": CALIBRATIONS[alias],
            "qubits": [name for (name,) in loci["prx"]],
            "computational_resonators": ["COMP_R"] if "move" in loci else [],
            "gates": {
                name: {
                    "implementations": {"one": {"loci": found}},
                    "default_implementation": "one",
                    "override_default_implementation": {},
                }
                for name, found in loci.items()
            },
        }

    def metrics(self, request, alias, calibration):
        self._calibrated(alias, calibration)
        if alias == "sirius":
            raise Reply({"message": "no metrics"}, 404)
        common = {"unit": "", "uncertainty": None, "observation_id": 1}
        common |= {"created_timestamp": "2026-01-01T00:00:00Z", "modified_timestamp": "2026-01-01T00:00:00Z"}
        values = {
            "characterization.model.QB1.t1_time": 3.5e-5,
            "metrics.irb.cz.crf.QB1__QB2.fidelity": 0.993,
            "metrics.ssro.measure.constant.QB1.fidelity": 0.98,
        }
        observations = [
            {"dut_field": name, "value": value, "invalid": False} | common for name, value in values.items()
        ]
        observations.append({"dut_field": "metrics.rb.prx.drag.QB1.fidelity", "value": 0.1, "invalid": True} | common)
        return {
            "observation_set_type": "quality-metric-set",
            "observation_set_id": CALIBRATIONS[alias],
            "describes_id": CALIBRATIONS[alias],
            "invalid": False,
            "dut_label": "M000",
            "created_timestamp": "2026-01-01T00:00:00Z",
            "end_timestamp": "2026-01-01T01:00:00Z",
            "observations": observations,
        }

    @staticmethod
    def _calibrated(alias, calibration):
        if alias not in CALIBRATIONS or calibration not in ("default", CALIBRATIONS[alias]):
            raise Reply({"message": f"no calibration {calibration} of {alias}"}, 404)

    # --- jobs ---

    def submit(self, request, alias):
        body = request.json()
        self._calibrated(alias, body["calibration_set_id"] or "default")
        for circuit in body["circuits"]:
            check(circuit, gates(alias))
        number = str(uuid.uuid4())
        self.accepted[number] = {
            "body": body, "text": request.body.decode(), "state": "waiting", "at": time.monotonic()
        }  # fmt: skip
        return self._data(number)

    def job(self, request, number):
        job = self._known(number)
        if self.fault("unknown_status"):
            return self._data(number) | {"status": "DEFRAGMENTING"}
        if self.fault("endless_status"):
            return self._data(number) | {"status": "processing"}
        if job["state"] == "waiting":
            job["state"] = "failed" if self.fault("failed_job") else "completed"
        return self._data(number)

    def cancel(self, request, number):
        job = self._known(number)
        if job["state"] == "waiting":
            job["state"] = "cancelled"
        return {}

    def measurements(self, request, number):
        if self.fault("no_measurements"):
            raise Reply({"message": "no such artifact"}, 404)
        return self._results(number)

    def counts(self, request, number):
        found = []
        for results in self._results(number):
            keys = list(results)
            rows = ["".join(str(results[key][shot][0]) for key in keys) for shot in range(len(results[keys[0]]))]
            found.append({"measurement_keys": keys, "counts": {row: rows.count(row) for row in sorted(set(rows))}})
        return found

    def _results(self, number):
        body = self._known(number)["body"]
        shots = body["shots"] - (1 if self.fault("wrong_shots") else 0)
        return [outcomes(circuit["instructions"], shots, seed=k) for k, circuit in enumerate(body["circuits"])]

    def _known(self, number):
        if number not in self.accepted:
            raise Reply({"message": "no such job"}, 404)
        return self.accepted[number]

    def _data(self, number):
        state = self.accepted[number]["state"]
        errors = [{"message": "the cryostat is warm", "error_code": "warm"}] if state == "failed" else []
        return {
            "id": number, "type": "circuit", "status": state, "errors": errors, "messages": [], "timeline": [],
            "artifacts": [], "queue_position": 3 if state == "waiting" else None,
        }  # fmt: skip


def check(circuit, allowed):
    """Refuse what the server refuses."""
    if not circuit["name"] or not circuit["instructions"]:
        raise Reply({"message": "a circuit has a name and instructions"}, 422)
    keys, inside = set(), {}
    for item in circuit["instructions"]:
        name, locus, args = item["name"], item["locus"], item["args"]
        # CZ is the same in both orders.
        either = [locus, locus[::-1]] if name == "cz" else [locus]
        if name != "barrier" and not any(found in allowed.get(name, []) for found in either):
            raise Reply({"message": f"{name} is not calibrated for {locus}"}, 422)
        if name == "measure":
            if args["key"] in keys:
                raise Reply({"message": f"the key {args['key']} is there twice"}, 422)
            keys.add(args["key"])
        if name == "cc_prx" and args["feedback_key"] not in keys:
            raise Reply({"message": "a condition on what is not measured"}, 422)
        if name == "move":
            qubit, resonator = locus
            if resonator not in inside:
                inside[resonator] = qubit
            elif inside.pop(resonator) != qubit:
                raise Reply({"message": "two qubits in one resonator"}, 422)
        elif name != "barrier" and any(component in inside.values() for component in locus):
            raise Reply({"message": f"{name} on a qubit that is in a resonator"}, 422)
    if inside:
        raise Reply({"message": "a qubit stays in a resonator"}, 422)


def outcomes(instructions, shots, seed):
    """Bits of each shot by measurement key."""
    names = sorted({name for item in instructions for name in item["locus"]})
    places = {name: place for place, name in enumerate(names)}
    generator = np.random.default_rng(seed)
    first = next(
        (k for k, item in enumerate(instructions) if item["name"] in ("measure", "reset", "cc_prx")), len(instructions)
    )
    begin = State(len(names))
    for item in instructions[:first]:
        _apply(begin, item, places)
    rest = instructions[first:]
    keys = [item["args"]["key"] for item in rest if item["name"] == "measure"]
    measured = [places[item["locus"][0]] for item in rest if item["name"] == "measure"]
    if all(item["name"] in ("measure", "barrier") for item in rest) and len(set(measured)) == len(measured):
        drawn = begin.shots(measured, shots, seed)
        return {key: drawn[:, [column]].tolist() for column, key in enumerate(keys)}
    found = {key: [] for key in keys}
    for _ in range(shots):
        state = begin.copy()
        known = {}
        for item in rest:
            if item["name"] == "measure":
                bit = state.measure(places[item["locus"][0]], generator)
                found[item["args"]["key"]].append([bit])
                if "feedback_key" in item["args"]:
                    known[item["args"]["feedback_key"], item["locus"][0]] = bit
            elif item["name"] == "reset":
                if state.measure(places[item["locus"][0]], generator):
                    state.gate("x", [places[item["locus"][0]]])
            elif item["name"] != "cc_prx" or known[item["args"]["feedback_key"], item["args"]["feedback_qubit"]]:
                _apply(state, item, places)
    return found


def _apply(state, item, places):
    qubits = [places[name] for name in item["locus"]]
    match item["name"]:
        case "prx" | "cc_prx":
            state.apply(one_qubit("prx", item["args"]["angle"], item["args"]["phase"]), *qubits)
        case "cz":
            state.gate("cz", qubits)
        case "move":
            state.gate("swap", qubits)
        case "barrier":
            pass
        case other:
            raise Reply({"message": f"no operation {other}"}, 422)


def stub():
    return Server()
