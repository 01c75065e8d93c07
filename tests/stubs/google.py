"""Google's Quantum Engine over gRPC: programs run by Cirq's simulator, jobs under the ids that clients choose.

The HTTP server of all stubs serves its controls alone, and tells at ``/grpc`` where the service listens: behind a relay
of bytes, so that a connection can be dropped. A fault's `match` is read against "CreateQuantumJob projects/…", the
call's name with the resource's.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time
from concurrent import futures
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar

import cirq
import grpc
from cirq_google import CIRCUIT_SERIALIZER
from cirq_google.api import v2
from cirq_google.cloud import quantum
from cirq_google.engine.virtual_engine_factory import (
    create_device_spec_from_processor_id,
    load_median_device_calibration,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.any_pb2 import Any
from google.protobuf.empty_pb2 import Empty
from stubs.server import Stub

SERVICE = "google.cloud.quantum.v1alpha1.QuantumEngineService"
STATE = quantum.ExecutionStatus.State
MODELS = {"pink_twin": "willow_pink", "bow_twin": "rainbow"}
"""Ids of processors to those of cirq-google that they are like."""
STATUS = {400: grpc.StatusCode.INVALID_ARGUMENT, 500: grpc.StatusCode.INTERNAL}


class Abort(Exception):  # noqa: N818
    def __init__(self, code, details):
        super().__init__(details)
        self.code, self.details = code, details


class Engine(Stub):
    routes: ClassVar = [("GET", "/grpc", "where")]

    def __init__(self, delay="0", certificate="") -> None:
        super().__init__()
        self.programs, self.accepted, self.authorizations = {}, {}, []
        self.delay = float(delay)
        server = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", -1)])
        server.add_generic_rpc_handlers([Handler(self)])
        if certificate:
            port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([signed_by_itself(certificate)]))
        else:
            port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.server, self.relay = server, Relay(port)
        self.scheme = "https" if certificate else "http"

    def where(self, request):
        return {"address": f"{self.scheme}://127.0.0.1:{self.relay.port}", "authorizations": self.authorizations}

    def struck(self, request):
        return None  # faults are of the service, not of what tells where it is

    def jobs(self):
        return [
            {"id": name, "key": name.rpartition("/")[2], "body": job["bytes"].decode("latin-1")}
            for name, job in self.accepted.items()
        ]

    # --- the service's calls: bytes to a message ---

    def CreateQuantumProgram(self, data):
        request = quantum.CreateQuantumProgramRequest.deserialize(data)
        program = request.quantum_program
        if not program.name.startswith(f"{request.parent}/programs/"):
            raise Abort(grpc.StatusCode.INVALID_ARGUMENT, "a program's name begins with its project")
        if program.name in self.programs:
            raise Abort(grpc.StatusCode.ALREADY_EXISTS, f"{program.name} exists")
        self.programs[program.name] = {"code": program.code, "bytes": data}
        return program

    def CreateQuantumJob(self, data):
        request = quantum.CreateQuantumJobRequest.deserialize(data)
        job = request.quantum_job
        if request.parent not in self.programs:
            raise Abort(grpc.StatusCode.NOT_FOUND, f"no program {request.parent}")
        if not job.name.startswith(f"{request.parent}/jobs/"):
            raise Abort(grpc.StatusCode.INVALID_ARGUMENT, "a job's name begins with its program")
        if job.name in self.accepted:
            raise Abort(grpc.StatusCode.ALREADY_EXISTS, f"{job.name} exists")
        selector = job.scheduling_config.processor_selector
        if selector.processor.rpartition("/")[2] not in MODELS:
            raise Abort(grpc.StatusCode.INVALID_ARGUMENT, f"no processor {selector.processor}")
        program = self.programs[request.parent]
        frames = b"".join(b"\0" + len(part).to_bytes(4, "big") + part for part in (program["bytes"], data))
        job.execution_status = quantum.ExecutionStatus(state=STATE.READY)
        self.accepted[job.name] = {
            "job": job, "code": program["code"], "bytes": frames, "at": time.monotonic(),
        }  # fmt: skip
        return job

    def GetQuantumJob(self, data):
        name = quantum.GetQuantumJobRequest.deserialize(data).name
        job = self._job(name)["job"]
        raw = type(job).pb(job).execution_status
        if self.fault("unknown_status"):
            shown = quantum.QuantumJob(name=name)
            quantum.QuantumJob.pb(shown).execution_status.state = 99
            return shown
        if self.fault("endless_status"):
            return quantum.QuantumJob(name=name, execution_status={"state": STATE.RUNNING})
        if self.fault("failed_job"):
            raw.state = STATE.FAILURE
            raw.failure.error_code = quantum.ExecutionStatus.Failure.Code.SYSTEM_ERROR
            raw.failure.error_message = "the refrigerator is warm"
        if raw.state == STATE.READY and time.monotonic() - self.accepted[name]["at"] >= self.delay:
            raw.state = STATE.SUCCESS
        return job

    def GetQuantumResult(self, data):
        name = quantum.GetQuantumResultRequest.deserialize(data).parent
        found = self._job(name)
        result = _result(found["code"], found["job"].run_context, -1 if self.fault("wrong_shots") else 0)
        packed = Any()
        packed.Pack(result)
        if self.fault("truncated_result"):
            packed.value = packed.value[: len(packed.value) // 2]
        return quantum.QuantumResult(parent=name, result=packed)

    def CancelQuantumJob(self, data):
        job = self._job(quantum.CancelQuantumJobRequest.deserialize(data).name)["job"]
        raw = type(job).pb(job).execution_status
        if self.fault("ended"):
            raw.state = STATE.SUCCESS
        if raw.state not in (STATE.READY, STATE.RUNNING):
            raise Abort(grpc.StatusCode.FAILED_PRECONDITION, "the job has ended")
        raw.state = STATE.CANCELLED
        return Empty()

    def GetQuantumProcessor(self, data):
        return _processor(quantum.GetQuantumProcessorRequest.deserialize(data).name)

    def GetQuantumProcessorConfig(self, data):
        name = quantum.GetQuantumProcessorConfigRequest.deserialize(data).name
        if not name.endswith("/configAutomationRuns/night/configs/both"):
            raise Abort(grpc.StatusCode.NOT_FOUND, f"no configuration {name}")
        processor = _processor(name.partition("/configAutomationRuns/")[0])
        return quantum.QuantumProcessorConfig(name=name, device_specification=processor.device_spec)

    def ListQuantumProcessors(self, data):
        parent = quantum.ListQuantumProcessorsRequest.deserialize(data).parent
        found = [_processor(f"{parent}/processors/{model}") for model in MODELS]
        return quantum.ListQuantumProcessorsResponse(processors=found)

    def GetQuantumCalibration(self, data):
        name = quantum.GetQuantumCalibrationRequest.deserialize(data).name
        model = MODELS.get(name.split("/")[3])
        if model is None or not name.endswith("/calibrations/current"):
            raise Abort(grpc.StatusCode.NOT_FOUND, f"no calibration {name}")
        if self.fault("uncalibrated"):
            raise Abort(grpc.StatusCode.NOT_FOUND, "no calibration yet")
        packed = Any()
        if not self.fault("unreadable_calibration"):
            packed.Pack(load_median_device_calibration(model).to_proto())
        return quantum.QuantumCalibration(name=name, data=packed)

    def _job(self, name):
        if name not in self.accepted:
            raise Abort(grpc.StatusCode.NOT_FOUND, f"no job {name}")
        return self.accepted[name]


class Handler(grpc.GenericRpcHandler):
    def __init__(self, engine) -> None:
        self.engine = engine

    def service(self, details):
        name = details.method.rpartition("/")[2]
        if details.method != f"/{SERVICE}/{name}" or not hasattr(Engine, name):
            return None
        return grpc.unary_unary_rpc_method_handler(lambda data, context: self.handled(name, data, context))

    def handled(self, name, data, context):
        engine = self.engine
        resource = next(iter(re.findall(rb"projects/[\w/.:-]+", data)), b"").decode()
        with engine.lock:
            engine.log.append({"method": name, "path": resource, "body": data.decode("latin-1")})
            engine.authorizations += [value for key, value in context.invocation_metadata() if key == "authorization"]
            rule = _struck(engine, f"{name} {resource}")
        kind = "" if rule is None else rule["kind"]
        if kind == "error_before":
            context.abort(grpc.StatusCode.UNAVAILABLE, "service unavailable")
        if kind == "unauthorized":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "unauthorized")
        if kind == "dropped_before":
            self.dropped(context)
        try:
            with engine.lock:
                message = getattr(engine, name)(data)
        except Abort as error:
            context.abort(error.code, error.details)
        answer = message.SerializeToString() if isinstance(message, Empty) else type(message).serialize(message)
        if kind == "error_after":
            context.abort(grpc.StatusCode.UNAVAILABLE, "service unavailable")
        if kind == "dropped_after":
            self.dropped(context)
        if kind == "slow":
            time.sleep(rule.get("seconds", 2.0))
        if kind == "truncated":
            return answer[: len(answer) // 2]
        if kind == "replaced":
            if rule.get("status", 200) != 200:
                context.abort(STATUS[rule["status"]], rule["body"])
            return rule["body"].encode()
        return answer

    def dropped(self, context):
        self.engine.relay.drop()
        context.abort(grpc.StatusCode.ABORTED, "the connection is gone")


class Relay:
    """Bytes between clients and a port of this machine, until the connections are dropped."""

    def __init__(self, target) -> None:
        self.target, self.open = target, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            self.open.append((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    def pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        self.close(source, sink)

    def drop(self):
        taken, self.open = self.open, []
        for pair in taken:
            self.close(*pair)

    @staticmethod
    def close(*pair):
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _struck(engine, text):
    for rule in engine.faults:
        match = rule.get("match")
        if match is None or rule.get("times", None) == 0:
            continue
        if re.search(match, text) if match.startswith("^") else text.startswith(match):
            if rule.get("times") is not None:
                rule["times"] -= 1
            return rule
    return None


def _processor(name):
    model = MODELS.get(name.rpartition("/")[2])
    if model is None:
        raise Abort(grpc.StatusCode.NOT_FOUND, f"no processor {name}")
    specification = Any()
    specification.Pack(create_device_spec_from_processor_id(model))
    return quantum.QuantumProcessor(
        name=name,
        health=quantum.QuantumProcessor.Health.OK,
        device_spec=specification,
        default_device_config_key={"run": "night", "config_alias": "both"},
        activity_stats={"active_users_count": 1, "active_jobs_count": 3},
    )


def _result(code, context, more):
    program, run = v2.program_pb2.Program(), v2.run_context_pb2.RunContext()
    assert code.Unpack(program)
    assert context.Unpack(run)
    circuit = CIRCUIT_SERIALIZER.deserialize(program)
    (sweep,) = run.parameter_sweeps
    trial = cirq.Simulator(seed=7).run(circuit, repetitions=sweep.repetitions + more)
    return v2.results_to_proto([[trial]], v2.find_measurements(circuit))


def signed_by_itself(path):
    """A key and a certificate of this machine, which is written to a file for clients to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a server of the tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    Path(path).write_bytes(certificate)
    encodings = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*encodings), certificate


def stub(delay="0", certificate=""):
    return Engine(delay or os.environ.get("GOOGLE_DELAY", "0"), certificate)
