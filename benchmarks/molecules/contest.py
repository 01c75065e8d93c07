"""Both sides of a row: ours in this process, a rival in its own, in alternating turns."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from peers.workers import AbsentError, Worker

from molecules.clock import clock_for, seconds
from molecules.job import Case, Job
from molecules.thread_variables import thread_variables

__all__ = ["Bench", "Figures", "Goal", "Table", "check_equal", "duration", "load"]

TURNS = 5
AGREEMENT = 1e-8
"""Of figures, relative where they are larger than 1."""


def duration(value: float) -> str:
    """Seconds to three digits."""
    return f"{value * 1e6:.3g} us" if value < 1e-3 else f"{value * 1e3:.3g} ms" if value < 1.0 else f"{value:.3g} s"


@dataclass(frozen=True)
class Goal:
    """What is wanted of a ratio: the rival's time over ours at least `bound`, or ours over the rival's at most.

    Attributes:
        bound: infinite or 0 where nothing is wanted.
        of_rival: whether it is ours over the rival's.
    """

    bound: float
    of_rival: bool = False

    def text(self, times_as_fast: float) -> str:
        """The ratio, and whether the goal is met."""
        ratio = 1.0 / times_as_fast if self.of_rival else times_as_fast
        found = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
        if self.of_rival:
            return f"{found} of its | <= {self.bound:g}: {'met' if ratio <= self.bound else 'MISSED'}"
        wanted = f">= {self.bound:g}: {'met' if ratio >= self.bound else 'MISSED'}" if self.bound else ""
        return f"{found}x | {wanted}"


@dataclass(frozen=True)
class Figures:
    """Medians of a contest.

    Attributes:
        own, rival: seconds.
        times_as_fast: the median of the rival's over ours of neighbouring turns.
        turns: how many each had.
    """

    own: float
    rival: float
    times_as_fast: float
    turns: int


class Table:
    """Prints rows as they are found, and keeps what was missed."""

    def __init__(self, title: str, heads: Sequence[str]) -> None:
        self.missed: list[str] = []
        self.title = title
        names = " | ".join(head.replace("|", "\\|") for head in heads)
        print(f"\n{title}\n\n| {names} |\n|{'---|' * len(heads)}", flush=True)

    def row(self, *cells: str) -> None:
        """One row; cells of a `Goal` count as two."""
        line = " | ".join(cells)
        print(f"| {line} |", flush=True)
        if "MISSED" in line:
            self.missed.append(line)

    def note(self, text: str) -> None:
        """A line that is no row."""
        print(f"<!-- {text} -->", flush=True)


@dataclass
class Bench:
    """What all sections share: threads, limits, and the rivals' processes.

    Attributes:
        threads: of both sides.
        limit: seconds of a rival's run, beyond which it has that one turn.
        pythons: interpreters to look for rivals in, first one first.
        quick: small cases only.
        large: cases that take many GiB too.
        missed: rows whose goal was missed.
        failures: what was left out, and why.
        versions: of the rivals that took part.
    """

    threads: int
    limit: float
    pythons: Sequence[str] = (sys.executable,)
    quick: bool = False
    large: bool = False
    missed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    _workers: dict[str, Worker] = field(default_factory=dict)
    _absent: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Bench:
        self._folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers.values():
            worker.stop()
        self._folder.cleanup()

    @contextlib.contextmanager
    def table(self, title: str, heads: Sequence[str]) -> Iterator[Table]:
        """A section's table, whose misses are kept."""
        table = Table(title, heads)
        try:
            yield table
        finally:
            self.missed += [f"{title}: {row}" for row in table.missed]

    @contextlib.contextmanager
    def attempt(self, table: Table, what: str) -> Iterator[None]:
        """Go on with the next case where one fails."""
        try:
            yield
        except Exception as error:
            self.failures.append(f"{what}: {type(error).__name__}: {error}")
            table.note(f"{what} left out: {type(error).__name__}: {error}")

    def timed(self, job: Job) -> float:
        """Seconds of one turn of ours."""
        return seconds(job.run, clock_for(self.threads))

    def against(self, job: Job, rival: str, question: str, case: Case, answer: Job | None = None) -> Figures:
        """Time a job of ours and a rival's in turns, after both gave the same figures.

        Args:
            job: ours.
            rival: the name of its module.
            question: what it is asked.
            case: the problem.
            answer: ours that is compared with the rival's, where it is not the one that is timed.

        Raises:
            AbsentError: if it is not installed.
            BrokenError: if it fails, or takes longer than ten times the limit.
            ArithmeticError: if figures differ.
        """
        first = self.prepare(rival, question, case)
        checked = job if answer is None else answer
        check_equal(rival, checked.figures(checked.run()), first["figures"], AGREEMENT)
        if first["passed"] > self.limit:
            taken = self.timed(job)
            return Figures(taken, first["first"], first["first"] / taken, 1)
        worker = self._workers[rival]
        turns = [(self.timed(job), float(worker.ask("turn", 10 * self.limit + 60)["seconds"])) for _ in range(TURNS)]
        ours, others = np.array(turns).T
        return Figures(float(np.median(ours)), float(np.median(others)), float(np.median(others / ours)), TURNS)

    def prepare(self, rival: str, question: str, case: Case) -> dict[str, Any]:
        """Have a rival make a job of a case, and run it once.

        Raises:
            AbsentError: if it is not installed.
            BrokenError: if it fails, or takes longer than ten times the limit.
        """
        file = Path(self._folder.name) / "case.json"
        file.write_text(json.dumps(case), encoding="utf-8")
        return self._worker(rival).ask("prepare", 10 * self.limit + 120, question=question, case=str(file))

    def _worker(self, rival: str) -> Worker:
        if rival in self._absent:
            raise AbsentError(self._absent[rival])
        found = self._workers.get(rival)
        if found is not None and found.is_alive:
            return found
        reasons = []
        for python in self.pythons:
            try:
                worker = Worker(rival, python, self.threads, "molecules.worker", thread_variables(self.threads))
            except (AbsentError, OSError) as error:
                reasons.append(f"{error} ({python})")
                continue
            self._workers[rival], self.versions[rival] = worker, worker.about["version"]
            return worker
        self._absent[rival] = f"{rival} is not there: {'; '.join(reasons)}"
        raise AbsentError(self._absent[rival])


def check_equal(rival: str, ours: Sequence[float], theirs: Sequence[float], tolerance: float) -> None:
    """Refuse answers that differ.

    Raises:
        ArithmeticError: saying by how much.
    """
    own, other = np.asarray(ours), np.asarray(theirs)
    if own.shape != other.shape:
        raise ArithmeticError(f"{rival} gives {other.size} figures, qtoolkit {own.size}")
    worst = float(np.max(np.abs(own - other) / np.maximum(1.0, np.abs(own))))
    if not worst <= tolerance:
        raise ArithmeticError(f"{rival} and qtoolkit differ by {worst:.2g} in one of {own.size} figures")


def load() -> str:
    """Of the machine over the last minute."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
