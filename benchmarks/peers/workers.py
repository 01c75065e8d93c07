"""The processes that the simulators run in, started when they are needed and stopped when memory gets short.

One process for each: their OpenMP runtimes and thread pools do not agree within one, and a crash costs one rival.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["AbsentError", "BrokenError", "Pool", "Worker"]

_BENCHMARKS = Path(__file__).resolve().parents[1]

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

_START_LIMIT = 180.0
"""Seconds that a simulator may take to be imported."""


class AbsentError(Exception):
    """A simulator is not installed in its Python."""


class BrokenError(Exception):
    """A simulator's process failed, died or took too long; it is gone."""


class Worker:
    """One simulator's process.

    Args:
        rival: the name of its module.
        python: the interpreter that has it.
        threads: how many it may use.
        module: what serves requests there.
        variables: of its environment, instead of ours and of the numbers of threads.

    Raises:
        AbsentError: if it cannot be imported there.
        BrokenError: if its process ends otherwise.
    """

    def __init__(
        self,
        rival: str,
        python: str,
        threads: int,
        module: str = "peers.worker",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(threads)) | dict(variables or {})
        environment["PYTHONPATH"] = os.pathsep.join(
            part for part in (str(_BENCHMARKS), environment.get("PYTHONPATH", "")) if part
        )
        environment["PYTHONWARNINGS"] = "ignore"
        self.rival = rival
        self.resident = 0
        self.last_used = time.monotonic()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [python, "-m", module, rival],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            # The working folder comes first on the path of `-m`, and must not hold strangers.
            cwd=_BENCHMARKS,
            # Ctrl-C is for the campaign, which ends its workers itself.
            start_new_session=True,
        )
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._buffer = b""
        self.about = self._answer(_START_LIMIT)
        self.start_s = time.perf_counter() - started
        if "absent" in self.about:
            self.stop()
            raise AbsentError(self.about["absent"])

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, do: str, limit: float, **arguments: Any) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            BrokenError: if it fails, dies or takes longer than `limit` seconds.
        """
        assert self._process.stdin is not None
        self.last_used = time.monotonic()
        if not self.is_alive:
            raise BrokenError("its process has ended")
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            self.stop()
            raise BrokenError("its process has died") from error
        found = self._answer(limit)
        self.resident = found.get("resident", 0)
        if "failed" in found:
            raise BrokenError(found["failed"])
        return found

    def _answer(self, limit: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        deadline = time.monotonic() + limit
        while b"\n" not in self._buffer:
            if not self._selector.select(timeout=max(0.0, deadline - time.monotonic())):
                self.stop()
                raise BrokenError(f"over the limit of {limit:.0f} s")
            chunk = os.read(self._process.stdout.fileno(), 1 << 16)
            if not chunk:
                last_words = self._last_words()
                code = self.stop()
                why = "killed: out of memory?" if code == -9 else last_words
                raise BrokenError(f"its process ended with {code}" + (f" ({why})" if why else ""))
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    def _last_words(self) -> str:
        """The last line on stderr."""
        self._process.wait()
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 2000))
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")

    @property
    def is_alive(self) -> bool:
        """Whether requests can be sent."""
        return self._process.poll() is None

    def stop(self) -> int | None:
        """End the process, at once."""
        if self._process.poll() is None:
            self._process.kill()
        code = self._process.wait()
        self._log.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                # What was still to be written has no reader.
                with contextlib.suppress(OSError):
                    stream.close()
        self._selector.close()
        return code


class Pool:
    """The workers of a campaign by rival.

    Args:
        pythons: interpreter by rival; this one for the others, or the one under ``""``.
        threads: how many each may use.
        memory_limit: bytes that all workers may hold; the one used longest ago is stopped first.
    """

    def __init__(self, pythons: Mapping[str, str], threads: int, memory_limit: int) -> None:
        self._pythons = pythons
        self._threads = threads
        self._memory_limit = memory_limit
        self._workers: dict[str, Worker] = {}
        self.absent: dict[str, str] = {}

    def python(self, rival: str) -> str:
        """The interpreter of a rival."""
        return self._pythons.get(rival) or self._pythons.get("" if rival != "qtoolkit" else rival) or sys.executable

    def worker(self, rival: str, *, needed: int = 0) -> tuple[Worker, bool]:
        """The rival's process and whether it has just been started, after room for `needed` bytes was made.

        Raises:
            AbsentError: if the simulator is not installed.
        """
        if rival in self.absent:
            raise AbsentError(self.absent[rival])
        self._make_room(rival, needed)
        found = self._workers.get(rival)
        if found is not None and found.is_alive:
            return found, False
        self._workers[rival] = self.fresh(rival)
        return self._workers[rival], True

    def fresh(self, rival: str) -> Worker:
        """Another process, which the caller stops."""
        try:
            return Worker(rival, self.python(rival), self._threads)
        except AbsentError as error:
            self.absent[rival] = str(error)
            raise

    def drop(self, rival: str) -> None:
        """Stop a rival's process."""
        if rival in self._workers:
            self._workers.pop(rival).stop()

    def _make_room(self, rival: str, needed: int) -> None:
        others = [worker for name, worker in self._workers.items() if name != rival and worker.is_alive]
        for worker in sorted(others, key=lambda worker: worker.last_used):
            held = sum(worker.resident for worker in self._workers.values() if worker.is_alive)
            if held + needed <= self._memory_limit:
                return
            worker.stop()

    def close(self) -> None:
        """Stop all."""
        for worker in self._workers.values():
            worker.stop()
        self._workers.clear()
