"""A small HTTP server in a process of its own that speaks a provider's wire format, with faults on demand.

A stub is a subclass of `Stub` in a module of this folder, with its routes. `running("ionq")` starts
``stubs/ionq.py``'s class in another process on 127.0.0.1 and gives its address; it ends with the test, or by itself
after `MOST_SECONDS`, or when the process that started it is gone.

A fault is a rule: ``{"match": "POST /jobs", "kind": "error_after", "times": 1}``. `match` is the beginning of
"METHOD /path", or a regular expression that begins with ``^``; `times` is how often it strikes (None: always), `chance`
how probably. Kinds:

====================  ================================================================================
error_before          503, and the request is not handled
error_after           the request is handled, and the answer is 503
dropped_before        the connection is closed without an answer, and the request is not handled
dropped_after         the request is handled, and the connection is closed without an answer
slow                  the answer comes byte by byte, over `seconds` (default 2)
truncated             the answer is cut in half, with a Content-Length that fits what is sent
replaced              the answer is `body` (text) with `status` (default 200)
unauthorized          401
====================  ================================================================================

Other kinds are the stub's own: `self.fault("kind")` tells whether one of that kind is set, such as "unknown_status",
"endless_status", "failed_job", "wrong_shots".
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

MOST_SECONDS = 600.0


class Reply(Exception):  # noqa: N818
    """Raised or returned by a route: a status and a body."""

    def __init__(
        self, body: Any = None, status: int = 200, media_type: str = "application/json", headers: Any = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers or {}
        self.media_type = media_type
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()


class Request:
    """What came: method, path, query (last value of each), headers, body."""

    def __init__(self, method: str, target: str, headers: Any, body: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.path = method, parts.path
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.queries = parse_qs(parts.query)
        self.headers, self.body = headers, body

    def json(self) -> Any:
        return json.loads(self.body)


class Stub:
    """A provider's service in memory.

    Subclasses give `routes`: pairs of a method with a regular expression of the path, and the name of the method that
    answers with what becomes JSON, bytes, or a `Reply`; groups of the expression are its arguments. `self.lock` is
    held meanwhile.
    """

    routes: ClassVar[list[tuple[str, str, str]]] = []

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.faults: list[dict[str, Any]] = []
        self.log: list[dict[str, Any]] = []
        self.dice = random.Random(0)
        self.address = ""

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs that the service has accepted, for the test to count: at least {"id": …, "key": …, "body": …}."""
        raise NotImplementedError

    def fault(self, kind: str) -> dict[str, Any] | None:
        """The fault of this kind that is set, counted as struck."""
        for rule in self.faults:
            if rule["kind"] == kind and rule.get("times", None) != 0:
                if rule.get("times") is not None:
                    rule["times"] -= 1
                return rule
        return None

    def struck(self, request: Request) -> dict[str, Any] | None:
        """The fault that this request meets."""
        for rule in self.faults:
            match = rule.get("match")
            if match is None or rule.get("times", None) == 0 or self.dice.random() > rule.get("chance", 1.0):
                continue
            text = f"{request.method} {request.path}"
            if re.search(match, text) if match.startswith("^") else text.startswith(match):
                if rule.get("times") is not None:
                    rule["times"] -= 1
                return rule
        return None

    def answer(self, request: Request) -> Reply:
        for method, pattern, name in self.routes:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                try:
                    with self.lock:
                        given = getattr(self, name)(request, *found.groups())
                except Reply as reply:
                    return reply
                return given if isinstance(given, Reply) else Reply(given)
        return Reply({"message": f"no route for {request.method} {request.path}"}, 404)

    def control(self, request: Request) -> Reply:
        with self.lock:
            if request.path == "/__control__/faults":
                self.faults = request.json()
                return Reply({})
            if request.path == "/__control__/jobs":
                return Reply(self.jobs())
            if request.path == "/__control__/log":
                return Reply(self.log)
        return Reply({}, 404)


def serve(stub: Stub) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are written apart: each would wait for the other's receipt

        def log_message(self, *args: Any) -> None:
            pass

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, self.path, self.headers, self.rfile.read(length))
            if request.path.startswith("/__control__/"):
                self.send(stub.control(request))
                return
            with stub.lock:
                stub.log.append({"method": request.method, "path": self.path, "body": request.body.decode("latin-1")})
                rule = stub.struck(request)
            kind = "" if rule is None else rule["kind"]
            if kind == "error_before":
                self.send(Reply({"message": "service unavailable"}, 503))
            elif kind == "dropped_before":
                self.close_connection = True
            elif kind == "unauthorized":
                self.send(Reply({"message": "unauthorized"}, 401))
            else:
                reply = stub.answer(request)
                if kind == "error_after":
                    self.send(Reply({"message": "service unavailable"}, 503))
                elif kind == "dropped_after":
                    self.close_connection = True
                elif kind == "truncated":
                    reply.content = reply.content[: len(reply.content) // 2]
                    self.send(reply)
                elif kind == "replaced":
                    self.send(Reply(rule["body"].encode(), rule.get("status", 200)))
                elif kind == "slow":
                    self.send(reply, rule.get("seconds", 2.0))
                else:
                    self.send(reply)

        def send(self, reply: Reply, seconds: float = 0.0) -> None:
            with contextlib.suppress(OSError):
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.media_type)
                self.send_header("Content-Length", str(len(reply.content)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "HEAD":
                    return
                if not seconds:
                    self.wfile.write(reply.content)
                    return
                for byte in reply.content:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(seconds / len(reply.content))

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = handle_one  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.address = f"http://127.0.0.1:{server.server_address[1]}"
    return server


class Running:
    """A stub in its process, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address

    def faults(self, *rules: dict[str, Any]) -> None:
        """Set these faults in place of those that were."""
        self._ask("faults", rules)

    def jobs(self) -> list[dict[str, Any]]:
        return self._ask("jobs")

    def log(self) -> list[dict[str, Any]]:
        return self._ask("log")

    def kill(self) -> None:
        """The server is gone."""
        self.process.kill()
        self.process.wait()

    def _ask(self, what: str, data: Any = None) -> Any:
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(
            f"{self.address}/__control__/{what}", body, method="GET" if data is None else "POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())


@contextlib.contextmanager
def running(name: str, *arguments: str):
    """Start a stub of this folder: ``stubs/<name>.py`` has a function ``stub(*arguments)``."""
    command = [sys.executable, "-m", "stubs.run", name, *arguments]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise RuntimeError(f"the stub {name} did not start")
        yield Running(process, address)
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()
