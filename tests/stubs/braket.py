"""Amazon Braket and S3: tasks of OpenQASM, devices with their descriptions, results as files of a bucket.

Programs run on the state-vector simulator of Braket's SDK, which reads the dialect by itself and writes the service's
schema. What a device does not take, by its own description, is refused as the service does it.
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from urllib.parse import unquote

from braket.default_simulator import DensityMatrixSimulator, StateVectorSimulator
from braket.device_schema.ionq import IonqDeviceCapabilities
from braket.device_schema.iqm import IqmDeviceCapabilities
from braket.device_schema.rigetti import RigettiDeviceCapabilities
from braket.device_schema.simulators import GateModelSimulatorDeviceCapabilities
from braket.ir.openqasm import Program, ProgramSet
from stubs.server import Reply, Stub

KEY_ID = "AKIDSTUB7Q2M"
BUCKET = "amazon-braket-stub"
ACCOUNT = "123456789012"

_COMMON = ("x", "y", "z", "h", "i", "s", "si", "t", "ti", "v", "vi", "rx", "ry", "rz", "cnot", "swap")
_RARE = ("ccnot", "cphaseshift", "cswap", "cv", "cy", "cz", "ecr", "iswap", "phaseshift", "xx", "xy", "yy", "zz")
_MANY = (*_COMMON, *_RARE)


def _service(low, high):
    window = {"executionDay": "Everyday", "windowStartHour": "00:00", "windowEndHour": "23:59:59"}
    return {
        "executionWindows": [window],
        "shotsRange": [low, high],
        "deviceLocation": "a table",
        "updatedAt": "2026-11-01T08:00:00",
    }


def _program(operations, **more):
    action = {"actionType": "braket.ir.openqasm.program", "version": ["1"], "supportedOperations": operations}
    return action | {"supportedResultTypes": []} | more


def _qpu(operations, native, count, graph, shots, programs=0):
    action = {
        "braket.ir.openqasm.program": _program(
            operations,
            supportedPragmas=["verbatim", "braket_result_type_probability"],
            forbiddenPragmas=["braket_unitary_matrix"],
            supportedModifiers=[],
            maximumQubitArrays=1,
            maximumClassicalArrays=1,
            supportPhysicalQubits=True,
            supportsUnassignedMeasurements=False,
        )
    }
    if programs:
        action["braket.ir.openqasm.program_set"] = {
            "actionType": "braket.ir.openqasm.program_set",
            "version": ["1"],
            "maximumExecutables": programs,
            "maximumTotalShots": 100_000,
        }
    return {
        "service": _service(*shots),
        "action": action,
        "paradigm": {
            "qubitCount": count,
            "nativeGateSet": native,
            "connectivity": {"fullyConnected": not graph, "connectivityGraph": graph},
        },
        "deviceParameters": {},
    }


def _fidelity(name, value):
    return {"fidelityType": {"name": name}, "fidelity": value}


def _standardized(qubits, pairs, gate):
    """T1, T2, readout and gates, made up."""
    one = {
        str(q): {
            "T1": {"value": 3e-5 + 1e-6 * q, "standardError": None, "unit": "S"},
            "T2": {"value": 1e-5 + 1e-6 * q, "standardError": None, "unit": "S"},
            "oneQubitFidelity": [
                _fidelity("RANDOMIZED_BENCHMARKING", 0.999 - 1e-4 * (q % 5)),
                _fidelity("READOUT", 0.97 - 1e-3 * (q % 7)),
            ],
        }
        for q in qubits
    }
    two = {
        f"{a}-{b}": {
            "twoQubitGateFidelity": [{"gateName": gate} | _fidelity("INTERLEAVED_RANDOMIZED_BENCHMARKING", 0.99)]
        }
        for a, b in pairs
    }
    return {"oneQubitProperties": one, "twoQubitProperties": two}


def _grid(rows, columns, first, lacking=()):
    """Neighbours on a grid, each pair once, as the service lists them."""
    number = {(r, c): first + r * columns + c for r in range(rows) for c in range(columns)}
    graph = {}
    for (r, c), a in number.items():
        near = [number.get((r, c + 1)), number.get((r + 1, c))]
        others = [str(b) for b in near if b is not None and b not in lacking and a not in lacking]
        if others:
            graph[str(a)] = others
    return graph


def _pairs(graph):
    return [(int(a), int(b)) for a, others in graph.items() for b in others]


def _devices():
    simulator = {
        "service": _service(0, 100_000),
        "action": {
            "braket.ir.openqasm.program": _program(
                [*_MANY, "gpi", "gpi2", "ms", "prx", "unitary"],
                supportedModifiers=[{"name": "ctrl"}, {"name": "negctrl"}, {"name": "inv"}],
                supportedPragmas=["braket_unitary_matrix", "braket_result_type_state_vector"],
            )
        },
        "paradigm": {"qubitCount": 34},
        "deviceParameters": {},
    }
    noisy = json.loads(json.dumps(simulator))
    noisy["paradigm"]["qubitCount"] = 17
    noisy["action"]["braket.ir.openqasm.program"]["supportedPragmas"] += ["braket_noise_kraus"]
    forte = _qpu([*_COMMON, "xx", "yy", "zz"], ["GPI", "GPI2", "ZZ"], 36, {}, (100, 10_000))
    forte["provider"] = {
        "fidelity": {"1Q": {"mean": 0.9998}, "2Q": {"mean": 0.994}, "spam": {"mean": 0.995}},
        "timing": {"T1": 100.0, "T2": 1.0, "1Q": 1.1e-4, "2Q": 9e-4, "readout": 1.5e-4, "reset": 5e-5},
    }
    garnet_graph = _grid(4, 5, 1)
    garnet = _qpu([*_MANY, "prx"], ["cz", "prx"], 20, garnet_graph, (1, 20_000), programs=4)
    garnet["standardized"] = _standardized(range(1, 21), _pairs(garnet_graph), "CZ")
    ankaa_graph = _grid(3, 4, 0, lacking={5})
    ankaa = _qpu([*_MANY, "pswap"], ["rx", "rz", "iswap"], 11, ankaa_graph, (1, 50_000))
    ankaa["standardized"] = _standardized([q for q in range(12) if q != 5], _pairs(ankaa_graph), "ISWAP")
    listed = [
        ("arn:aws:braket:::device/quantum-simulator/amazon/sv1", "SV1", "Amazon Braket", "SIMULATOR", simulator,
         GateModelSimulatorDeviceCapabilities),
        ("arn:aws:braket:::device/quantum-simulator/amazon/dm1", "DM1", "Amazon Braket", "SIMULATOR", noisy,
         GateModelSimulatorDeviceCapabilities),
        ("arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1", "Forte 1", "IonQ", "QPU", forte, IonqDeviceCapabilities),
        ("arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", "Garnet", "IQM", "QPU", garnet, IqmDeviceCapabilities),
        ("arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3", "Ankaa-3", "Rigetti", "QPU", ankaa,
         RigettiDeviceCapabilities),
    ]  # fmt: skip
    return {
        arn: {
            "deviceArn": arn,
            "deviceName": name,
            "providerName": provider,
            "deviceType": kind,
            "deviceStatus": "ONLINE",
            # The SDK's own schema class reads it, so it is what the service could send.
            "deviceCapabilities": schema.parse_obj(described).json(),
            "deviceQueueInfo": [
                {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "3", "queuePriority": "Normal"},
                {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "0", "queuePriority": "Priority"},
                {"queue": "JOBS_QUEUE", "queueSize": "1"},
            ],
        }
        for arn, name, provider, kind, described, schema in listed
    }


class BraketService(Stub):
    routes = [  # noqa: RUF012
        ("POST", "/quantum-task", "submit"),
        ("POST", "/quantum-tasks", "search"),
        ("GET", "/quantum-task/([^/]+)", "status"),
        ("PUT", "/quantum-task/([^/]+)/cancel", "cancel"),
        ("GET", "/device/([^/]+)", "device"),
        ("POST", "/devices", "devices"),
        ("GET", f"/{BUCKET}/(.+)", "object"),
        ("HEAD", "/([^/]+)", "bucket"),
    ]

    def __init__(self, delay="0") -> None:
        super().__init__()
        self.tasks = {}
        self.files = {}
        self.known = _devices()
        self.delay = float(delay)

    def jobs(self):
        return [
            {"id": arn, "key": task["body"]["clientToken"], "body": task["text"]} for arn, task in self.tasks.items()
        ]

    def answer(self, request):
        if f"Credential={KEY_ID}/" not in request.headers.get("Authorization", ""):
            return _refusal("UnrecognizedClientException", "The security token included in the request is invalid", 403)
        return super().answer(request)

    # --- tasks ---

    def submit(self, request):
        body = request.json()
        for arn, task in self.tasks.items():
            if task["body"]["clientToken"] == body["clientToken"]:
                if task["body"] != body:
                    raise _refusal("ValidationException", "the token was used for another task", 400)
                return Reply({"quantumTaskArn": arn}, 201)
        if body["deviceArn"] not in self.known:
            raise _refusal("ValidationException", f"no device {body['deviceArn']}", 400)
        if body["outputS3Bucket"] != BUCKET:
            raise _refusal("ValidationException", "Caller doesn't have access to the bucket", 400)
        device = json.loads(self.known[body["deviceArn"]]["deviceCapabilities"])
        action = json.loads(body["action"])
        # The SDK's schema is that of the service: what it does not read, the service refuses.
        (ProgramSet if "programs" in action else Program).parse_obj(action)
        programs = action.get("programs", [action])
        self.check(device, body, action["braketSchemaHeader"]["name"], programs)
        number = f"{len(self.tasks):08x}-0000-4000-8000-000000000000"
        arn = f"arn:aws:braket:{_region(request)}:{ACCOUNT}:quantum-task/{number}"
        self.tasks[arn] = {
            "text": request.body.decode(),
            "body": body,
            "programs": programs,
            "state": "CREATED",
            "folder": f"{body['outputS3KeyPrefix']}/{number}",
            "at": time.monotonic(),
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        }
        return Reply({"quantumTaskArn": arn}, 201)

    def check(self, device, body, name, programs):
        action = device["action"].get(name)
        if action is None:
            raise _refusal("ValidationException", f"the device takes no {name}", 400)
        low, high = device["service"]["shotsRange"]
        shots = body["shots"] // len(programs)
        if not max(1, low) <= shots <= high or shots * len(programs) != body["shots"]:
            raise _refusal("ValidationException", f"{body['shots']} shots", 400)
        if len(programs) > action.get("maximumExecutables", 1):
            raise _refusal("ValidationException", f"{len(programs)} programs", 400)
        for program in programs:
            complaint = _complaint(program["source"], device)
            if complaint:
                raise _refusal("ValidationException", complaint, 400)

    def search(self, request):
        wanted = {entry["name"]: entry["values"][0] for entry in request.json()["filters"]}
        if set(wanted) - {"deviceArn", "status", "quantumTaskArn", "jobArn", "createdAt"}:
            raise _refusal("ValidationException", "no such filter", 400)
        found = [
            self.summary(arn)
            for arn, task in self.tasks.items()
            if wanted.get("deviceArn") in (None, task["body"]["deviceArn"]) and f":{_region(request)}:" in arn
        ]
        # Pages are small here, so that more than one is read.
        first = int(request.json().get("nextToken") or 0)
        page = {"quantumTasks": found[first : first + 3]}
        return page | ({"nextToken": str(first + 3)} if first + 3 < len(found) else {})

    def summary(self, arn):
        task = self.tasks[arn]
        return {
            "quantumTaskArn": arn,
            "status": task["state"],
            "deviceArn": task["body"]["deviceArn"],
            "shots": task["body"]["shots"],
            "outputS3Bucket": BUCKET,
            "outputS3Directory": task["folder"],
            "createdAt": task["created"],
        }

    def status(self, request, arn):
        arn = unquote(arn)
        if arn not in self.tasks or f":{_region(request)}:" not in arn:
            raise _refusal("ResourceNotFoundException", f"no task {arn}", 404)
        task = self.tasks[arn]
        if self.fault("failed_job"):
            task["state"] = "FAILED"
        state = task["state"]
        if self.fault("unknown_status"):
            state = "DEFRAGMENTING"
        elif self.fault("endless_status"):
            state = "RUNNING"
        elif self.fault("waiting_status"):
            state = "QUEUED"
        elif state == "CREATED" and time.monotonic() - task["at"] >= self.delay:
            self.run(arn, task)
            state = task["state"]
        answer = self.summary(arn) | {"status": state, "deviceParameters": task["body"].get("deviceParameters", "{}")}
        if state == "FAILED":
            answer["failureReason"] = "the ions have left the trap"
        if state in ("CREATED", "QUEUED"):
            answer["queueInfo"] = {"queue": "QUANTUM_TASKS_QUEUE", "position": "2", "queuePriority": "Normal"}
        return answer

    def cancel(self, request, arn):
        task = self.tasks[unquote(arn)]
        if task["state"] in ("COMPLETED", "FAILED", "CANCELLED"):
            raise _refusal("ConflictException", f"the task is {task['state']}", 409)
        task["state"] = "CANCELLED"
        return {"quantumTaskArn": unquote(arn), "cancellationStatus": "CANCELLING"}

    # --- results ---

    def run(self, arn, task):
        shots = task["body"]["shots"] // len(task["programs"])
        results = [self.result(arn, task, program["source"], shots) for program in task["programs"]]
        folder = task["folder"]
        if len(results) == 1:
            self.files[f"{folder}/results.json"] = results[0]
        else:
            self.write_set(arn, task, folder, results)
        task["state"] = "COMPLETED"

    def result(self, arn, task, source, shots):
        noisy = task["body"]["deviceArn"].endswith("dm1")
        simulator = DensityMatrixSimulator() if noisy else StateVectorSimulator()
        data = json.loads(simulator.run(Program(source=source), shots=shots).json())
        data["measurements"] = [[int(bit) for bit in row] for row in data["measurements"]]
        data["taskMetadata"] |= {"id": arn, "deviceId": task["body"]["deviceArn"], "status": "COMPLETED"}
        if "/ionq/" in task["body"]["deviceArn"]:
            counts = {}
            for row in data["measurements"]:
                key = "".join(map(str, row))
                counts[key] = counts.get(key, 0) + 1
            # IonQ's devices answer by frequencies.
            data["measurements"] = None
            data["measurementProbabilities"] = {key: count / shots for key, count in counts.items()}
        return data

    def write_set(self, arn, task, folder, results):
        names = []
        failed = 0
        for index, data in enumerate(results):
            inner = f"{folder}/programs/{index}"
            if self.fault("failed_program"):
                failed += 1
                executable = {
                    "braketSchemaHeader": {"name": "braket.task_result.program_set_executable_failure", "version": "1"},
                    "inputsIndex": 0,
                    "failureMetadata": {"failureReason": "too deep", "retryable": False, "category": "DEVICE"},
                }
            else:
                executable = {
                    "braketSchemaHeader": {"name": "braket.task_result.program_set_executable_result", "version": "1"},
                    "inputsIndex": 0,
                    "measurements": data["measurements"],
                    "measuredQubits": data["measuredQubits"],
                }
            self.files[f"{inner}/executables/0.json"] = executable
            self.files[f"{inner}/source.json"] = json.loads(Program(**task["programs"][index]).json())
            self.files[f"{inner}/results.json"] = {
                "braketSchemaHeader": {"name": "braket.task_result.program_result", "version": "1"},
                "executableResults": ["executables/0.json"],
                "source": "source.json",
                "additionalMetadata": {"action": data["additionalMetadata"]["action"]},
            }
            names.append(f"programs/{index}/results.json")
        self.files[f"{folder}/metadata.json"] = {
            "braketSchemaHeader": {"name": "braket.task_result.program_set_task_metadata", "version": "1"},
            "id": arn,
            "deviceId": task["body"]["deviceArn"],
            "requestedShots": task["body"]["shots"],
            "successfulShots": task["body"]["shots"] * (len(results) - failed) // len(results),
            "programMetadata": [{"executables": [{}]} for _ in results],
            "totalFailedExecutables": failed,
        }
        self.files[f"{folder}/results.json"] = {
            "braketSchemaHeader": {"name": "braket.task_result.program_set_task_result", "version": "1"},
            "programResults": names,
            "taskMetadata": "metadata.json",
            "s3Location": [BUCKET, folder],
        }

    def object(self, request, key):
        data = self.files.get(unquote(key))
        if data is None:
            text = f"<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message><Key>{key}</Key></Error>"
            raise Reply(text.encode(), 404, "application/xml")
        if ("measurements" in data or "measurementProbabilities" in data) and self.fault("wrong_shots"):
            data = json.loads(json.dumps(data))
            if data["measurements"]:
                data["measurements"] = data["measurements"][1:]
            else:
                data["taskMetadata"]["shots"] -= 1
        return Reply(data, 200, "application/octet-stream")

    def bucket(self, request, name):
        return Reply(b"", 200 if name == BUCKET else 403)

    # --- devices ---

    def device(self, request, arn):
        if unquote(arn) not in self.known:
            raise _refusal("ResourceNotFoundException", "no such device", 404)
        return self.known[unquote(arn)]

    def devices(self, request):
        names = ("deviceArn", "deviceName", "providerName", "deviceType", "deviceStatus")
        return {"devices": [{name: device[name] for name in names} for device in self.known.values()]}


def _region(request):
    """What the request is signed for."""
    return re.search(r"/([a-z0-9-]+)/braket/aws4_request", request.headers["Authorization"])[1]


def _refusal(code, text, status):
    return Reply({"code": code, "message": text}, status)


def _complaint(source, device):
    """What of a program a device does not take, by its description; nothing, if it takes all."""
    action = device["action"]["braket.ir.openqasm.program"]
    verbatim = "#pragma braket verbatim" in source
    native = {name.lower() for name in device["paradigm"].get("nativeGateSet", ())}
    taken = native if verbatim else {name.lower() for name in action["supportedOperations"]}
    graph = device["paradigm"].get("connectivity", {"fullyConnected": True})
    for line in source.splitlines():
        if line.startswith("#pragma braket unitary"):
            if "braket_unitary_matrix" not in action["supportedPragmas"]:
                return "unitary matrices are not supported"
        elif line.startswith("#pragma braket noise kraus"):
            if "braket_noise_kraus" not in action["supportedPragmas"]:
                return "noise is not supported"
        elif line.startswith("#pragma braket verbatim"):
            if "verbatim" not in action["supportedPragmas"]:
                return "verbatim boxes are not supported"
        elif line.startswith("ctrl"):
            if not any(modifier["name"] == "ctrl" for modifier in action["supportedModifiers"] or ()):
                return "the modifier ctrl is not supported"
        elif not re.match(r"OPENQASM|qubit\[|bit\[|b\[|box\{|\}", line):
            name = re.match(r"\w+", line)[0]
            if name not in taken:
                return f"the gate {name} is not supported"
            numbers = re.findall(r"\$(\d+)", line)
            if verbatim and len(numbers) == 2 and not graph["fullyConnected"]:
                a, b = numbers
                near = graph["connectivityGraph"]
                if b not in near.get(a, ()) and a not in near.get(b, ()):
                    return f"qubits {a} and {b} are not joined"
        if "$" in line and not action["supportPhysicalQubits"]:
            return "physical qubits are not supported"
    return ""


def stub(delay="0"):
    return BraketService(delay)
