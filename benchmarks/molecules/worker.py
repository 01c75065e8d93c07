"""A rival's own process: lines of JSON in, lines of JSON out. ``python -m molecules.worker RIVAL``."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from molecules.clock import clock_for, seconds
from molecules.job import Job

__all__ = ["Desk", "main"]


class Desk:
    """The questions of a rival, and the one that it has ready."""

    def __init__(self, module: Any, threads: int) -> None:
        self._module, self._threads, self._clock = module, threads, clock_for(threads)
        self._job: Job | None = None

    def prepare(self, question: str, case: str) -> dict[str, Any]:
        """Make a job of a case, a file, and run it once."""
        self._job = None
        gc.collect()
        self._job = self._module.QUESTIONS[question](json.loads(Path(case).read_text(encoding="utf-8")), self._threads)
        start, passed = self._clock(), time.perf_counter()
        answer = self._job.run()
        first = self._clock() - start
        return {"first": first, "passed": time.perf_counter() - passed, "figures": self._job.figures(answer)}

    def turn(self) -> dict[str, Any]:
        """Seconds of another run."""
        assert self._job is not None
        return {"seconds": seconds(self._job.run, self._clock)}


def main(name: str) -> None:
    """Serve requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # what libraries print is no answer
    os.dup2(2, 1)

    def answer(content: dict[str, Any]) -> None:
        print(json.dumps(content), file=answers, flush=True)

    try:
        module = importlib.import_module(f"molecules.rivals.{name}")
    except ImportError as error:
        answer({"absent": f"{type(error).__name__}: {error}"})
        return
    answer({"version": version(module.PACKAGE)})
    desk = Desk(module, int(os.environ["OMP_NUM_THREADS"]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(getattr(desk, request.pop("do"))(**request))
        except Exception as error:
            answer({"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})


if __name__ == "__main__":
    main(sys.argv[1])
