"""A race: everyone gets ready, then all take turns in changing order, so that what disturbs the machine hits all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from peers.machine import busy_seconds, usable_cores
from peers.results import Measurement
from peers.rivals import OURS
from peers.workers import AbsentError, BrokenError, Pool, Worker

__all__ = ["Contestant", "Rules", "run_race", "run_startups"]


@dataclass(frozen=True)
class Contestant:
    """Who runs, in which precision, and with which settings; None for the best of those it has."""

    rival: str
    precision: str
    settings: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Rules:
    """How a race is run.

    Attributes:
        threads: for everyone.
        rounds: turns for each contestant.
        turn_s: a turn repeats short runs for this many seconds.
        run_limit_s: who takes longer for one run is not run again.
        case_limit_s: after this many seconds no further round starts, but three are run in any case.
        retire_factor: who is so many times slower than the fastest peer stops after two rounds.
        pause_s: between turns, so that thread pools that wait by spinning fall asleep.
    """

    threads: int
    rounds: int = 5
    turn_s: float = 0.2
    run_limit_s: float = 120.0
    case_limit_s: float = 240.0
    retire_factor: float = 5.0
    pause_s: float = 0.25


@dataclass
class _Lane:
    entry: Measurement
    settings: Mapping[str, Any] | None = None
    worker: Worker | None = None
    is_racing: bool = True

    def leave(self, status: str, note: str) -> None:
        self.entry.status, self.entry.note, self.is_racing = status, note, False


def run_race(
    task: Path,
    reference: Path,
    contestants: Sequence[Contestant],
    pool: Pool,
    rules: Rules,
    state_bytes: int,
    notify: Callable[[str], None],
) -> list[Measurement]:
    """Run all contestants on one task.

    Args:
        task: file of the task.
        reference: file of the right answer.
        contestants: who runs.
        pool: their processes.
        rules: rounds, limits.
        state_bytes: size of one state, from which the memory needed is guessed.
        notify: told what happens.
    """
    race = _Race(str(task), str(reference), pool, rules, 4 * state_bytes + (1 << 28), notify)
    lanes = [_Lane(Measurement(one.rival, one.precision, "ok"), one.settings) for one in contestants]
    for lane in lanes:
        notify(f"{lane.entry.rival} gets ready")
        race.attempt(lane, race.get_ready)
    started = time.monotonic()
    rng = np.random.default_rng(len(lanes))
    for number in range(rules.rounds):
        racing = [lane for lane in lanes if lane.is_racing]
        if not racing or (number >= 3 and time.monotonic() - started > rules.case_limit_s):
            break
        notify(f"round {number + 1} of {rules.rounds}")
        for place in rng.permutation(len(racing)).tolist():
            race.attempt(racing[place], race.take_turn)
        race.retire(lanes)
    return [lane.entry for lane in lanes]


@dataclass
class _Race:
    task: str
    reference: str
    pool: Pool
    rules: Rules
    needed: int
    notify: Callable[[str], None]

    def attempt(self, lane: _Lane, step: Callable[[_Lane], None]) -> None:
        try:
            step(lane)
        except AbsentError as error:
            lane.leave("absent", str(error))
        except BrokenError as error:
            self.pool.drop(lane.entry.rival)
            lane.leave("failed", str(error))

    def get_ready(self, lane: _Lane) -> None:
        entry = lane.entry
        lane.worker, _ = self.pool.worker(entry.rival, needed=self.needed)
        found = self._prepare(lane, lane.settings)
        if "cannot" in found:
            lane.leave("skipped", found["cannot"])
            return
        for name in ("settings", "tried", "convert_s", "compile_s", "cold_s", "figures", "tolerance"):
            setattr(entry, name, found[name])
        self._check(lane)
        if lane.is_racing and found["run_s"] > self.rules.run_limit_s:
            entry.turns, entry.runs = [found["run_s"]], 1
            lane.is_racing, entry.note = False, "one run"

    def take_turn(self, lane: _Lane) -> None:
        entry = lane.entry
        worker, _ = self.pool.worker(entry.rival, needed=self.needed)
        if worker is not lane.worker:
            # It was stopped to make room.
            lane.worker = worker
            self._prepare(lane, entry.settings)
        time.sleep(self.rules.pause_s)
        busy, started = busy_seconds(), time.monotonic()
        found = worker.ask("turn", self.rules.run_limit_s + 60.0, min_seconds=self.rules.turn_s)
        entry.disturbance.append(_disturbance(busy, time.monotonic() - started, found["cpu_s"]))
        entry.turns.append(found["seconds"])
        entry.runs += found["runs"]
        self._check(lane)

    def retire(self, lanes: Sequence[_Lane]) -> None:
        peers = [lane for lane in lanes if lane.entry.counts and lane.entry.rival != OURS]
        fastest = min((lane.entry.seconds for lane in peers), default=0.0)
        for lane in peers:
            if lane.entry.seconds > self.rules.retire_factor * fastest and len(lane.entry.turns) >= 2:
                lane.is_racing = False

    def _prepare(self, lane: _Lane, settings: Any) -> dict[str, Any]:
        assert lane.worker is not None
        return lane.worker.ask(
            "prepare",
            # Settings are tried one after the other.
            4 * self.rules.run_limit_s,
            task=self.task,
            precision=lane.entry.precision,
            threads=self.rules.threads,
            settings=settings,
        )

    def _check(self, lane: _Lane) -> None:
        assert lane.worker is not None
        error = lane.worker.ask("check", 120.0, reference=self.reference)["error"]
        lane.entry.error = max(lane.entry.error, error)
        if not error <= lane.entry.tolerance:
            lane.leave("wrong", f"error {error:.1e}, allowed {lane.entry.tolerance:.1e}")


def _disturbance(before: float | None, elapsed: float, own: float) -> float | None:
    after = busy_seconds()
    if before is None or after is None or elapsed < 0.05:
        return None
    return round(max(0.0, after - before - own) / (elapsed * usable_cores()), 3)


def run_startups(
    task: Path, contestants: Sequence[Contestant], pool: Pool, rules: Rules, notify: Callable[[str], None]
) -> list[Measurement]:
    """From starting a process to its first result, interpreter and imports included."""
    entries = [Measurement(one.rival, one.precision, "ok") for one in contestants]
    for number in range(min(rules.rounds, 3)):
        for entry in entries:
            if entry.status == "ok":
                notify(f"{entry.rival}, start {number + 1}")
                _start_once(entry, task, pool, rules)
    return entries


def _start_once(entry: Measurement, task: Path, pool: Pool, rules: Rules) -> None:
    try:
        if not entry.cold_s:
            # Once, to learn the settings and to fill caches on disk.
            entry.cold_s, found = _first_result(entry, task, pool, rules, None)
            if "cannot" in found:
                entry.status, entry.note = "skipped", found["cannot"]
                return
            entry.settings = found["settings"]
        seconds, _ = _first_result(entry, task, pool, rules, entry.settings)
        entry.turns.append(seconds)
        entry.runs += 1
    except AbsentError as error:
        entry.status, entry.note = "absent", str(error)
    except BrokenError as error:
        entry.status, entry.note = "failed", str(error)


def _first_result(
    entry: Measurement, task: Path, pool: Pool, rules: Rules, settings: Any
) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    worker = pool.fresh(entry.rival)
    found = worker.ask(
        "prepare",
        rules.run_limit_s,
        task=str(task),
        precision=entry.precision,
        threads=rules.threads,
        settings=settings,
    )
    seconds = time.perf_counter() - started
    worker.stop()
    return seconds, found
