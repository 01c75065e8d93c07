"""A simulator's own process: takes requests as lines of JSON, answers in kind. ``python -m peers.worker RIVAL``.

It holds one task at a time. Everything that libraries print goes to stderr.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["main"]

_QUICK_RUN = 2.0
"""Seconds; a setting that takes longer is tried once only."""

_MAX_RUNS = 10_000


class Worker:
    """One rival and the task that it has ready."""

    def __init__(self, rival: Any) -> None:
        self._rival = rival
        self._task: Any = None
        self._prepared: Any = None
        self._result: Any = None

    def prepare(self, task: str, precision: str, threads: int, settings: Mapping[str, Any] | None) -> dict[str, Any]:
        """Convert, compile and run a task once; choose settings unless they are given."""
        from peers.fidelity import tolerance_of
        from peers.portable import load_task
        from peers.rivals.base import Context

        self.release()
        self._task = load_task(Path(task))
        question = self._rival.answer(self._task.question)
        if question is None:
            return {"cannot": f"{self._rival.title} does not do {self._task.question}"}
        candidates = [settings] if settings is not None else list(self._rival.candidates(self._task, threads))
        tried: list[dict[str, Any]] = []
        best: Any = None
        for candidate in candidates:
            started = time.perf_counter()
            try:
                prepared = question(self._task, Context(precision, threads, candidate))
            except NotImplementedError as error:
                return {"cannot": str(error)}
            converted = time.perf_counter()
            _compile(prepared)
            compiled = time.perf_counter()
            self._result = prepared.run()
            done = time.perf_counter()
            trial = {
                "settings": dict(candidate),
                "convert_s": converted - started,
                "first_compile_s": compiled - converted,
                "cold_s": done - converted,
                "run_s": self._warm_run(prepared, done - compiled) if settings is None else done - compiled,
            }
            tried.append(trial)
            if best is None or trial["run_s"] < best[0]["run_s"]:
                best = trial, prepared
        trial, self._prepared = best
        # The chosen setting's own compile step, warm.
        trial["compile_s"] = trial["first_compile_s"]
        if settings is None and trial["first_compile_s"] < _QUICK_RUN and self._prepared.compile is not None:
            trial["compile_s"] = _timed(self._prepared.compile)
        if dict(candidates[-1]) != trial["settings"]:
            self._result = None
            self._result = self._prepared.run()
        return {
            **trial,
            # Cold is what a user meets first, with whatever setting comes first.
            "cold_s": tried[0]["cold_s"],
            "tried": [{"settings": t["settings"], "run_s": t["run_s"]} for t in tried],
            "figures": self._prepared.figures(),
            "tolerance": tolerance_of(self._task, precision),
        }

    def _warm_run(self, prepared: Any, first: float) -> float:
        runs = [first]
        for _ in range(2):
            if min(runs) < _QUICK_RUN:
                runs.append(self._timed_run(prepared.run))
        return min(runs)

    def _timed_run(self, run: Callable[[], Any]) -> float:
        # The result of the run before goes first: a simulator does not have to hold two.
        self._result = None
        started = time.perf_counter()
        self._result = run()
        return time.perf_counter() - started

    def turn(self, min_seconds: float) -> dict[str, Any]:
        """Run again and again for a while; seconds for each run."""
        gc.collect()
        gc.disable()
        run = self._prepared.run
        processor = time.process_time()
        runs: list[float] = []
        total = 0.0
        while not runs or (total < min_seconds and len(runs) < _MAX_RUNS):
            runs.append(self._timed_run(run))
            total += runs[-1]
        gc.enable()
        return {"seconds": sorted(runs)[len(runs) // 2], "runs": len(runs), "cpu_s": time.process_time() - processor}

    def check(self, reference: str) -> dict[str, Any]:
        """The error of the last result."""
        import numpy as np

        from peers.fidelity import error_of

        expected = np.load(reference, mmap_mode="r")
        return {"error": error_of(self._task, self._prepared.read(self._result), expected)}

    def write(self, path: str) -> dict[str, Any]:
        """Keep the last result, in double precision, as a reference."""
        import numpy as np

        answer = np.asarray(self._prepared.read(self._result))
        np.save(path, answer.astype(np.complex128) if answer.dtype.kind == "c" else answer)
        return {}

    def release(self) -> dict[str, Any]:
        """Drop the task and its result."""
        self._task = self._prepared = self._result = None
        gc.collect()
        return {}


def _compile(prepared: Any) -> None:
    if prepared.compile is not None:
        prepared.compile()


def _timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "?"


def main(name: str) -> None:
    """Serve requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(content: dict[str, Any]) -> None:
        print(json.dumps({**content, "resident": _resident_bytes()}), file=answers, flush=True)

    started = time.perf_counter()
    try:
        from peers.portable import QUESTIONS
        from peers.rivals import load_rival

        rival = load_rival(name)
    except Exception as error:
        answer({"absent": f"{type(error).__name__}: {error}"})
        return
    versions = {package: _version(package) for package in rival.packages} | {"Python": platform.python_version()}
    answer(
        {
            "import_s": time.perf_counter() - started,
            "title": rival.title,
            "precisions": list(rival.precisions),
            "questions": [question for question in QUESTIONS if rival.answer(question)],
            "note": rival.note,
            "versions": versions,
        }
    )
    worker = Worker(rival)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(getattr(worker, request.pop("do"))(**request))
        except MemoryError as error:
            worker.release()
            answer({"failed": f"not enough memory: {error}"})
        except Exception as error:
            worker.release()
            answer({"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})


if __name__ == "__main__":
    main(sys.argv[1])
