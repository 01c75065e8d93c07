"""A measuring run: cases one after the other, each a race, its results kept as soon as there are some."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from peers import machine
from peers.portable import Task, save_task
from peers.reference import write_reference
from peers.results import Measurement, Race, Results, rounded, save_results
from peers.rivals import OURS, RIVALS
from peers.roofline import AMPLITUDE_BYTES, circuit_work, measure_rates
from peers.tasks import Case, build_task
from peers.timing import Contestant, Rules, run_race, run_startups
from peers.workers import AbsentError, BrokenError, Pool
from qtoolkit import Circuit

__all__ = ["Campaign", "Progress", "run_campaign"]

_MEMORY_SHARE = 0.6
"""Of all memory, what idle workers and the running one may hold together."""

_HOPELESS = 8.0
"""Who was so many times slower than the fastest peer at a smaller size does not run from `_LARGE` qubits on."""

_LARGE = 22

_TUNED = 22
"""Larger circuits run with the settings that were best at the largest measured size from here on: beyond the caches
they do not change, and trying them takes minutes."""

_SLOW_IN_DOUBLE = 3.0
"""Who lacks single precision and was so many times slower than the fastest peer in double is not run against single."""


@dataclass(frozen=True)
class Campaign:
    """What to measure, and where.

    Attributes:
        cases: in the order in which they run.
        rules: of the races.
        rivals: who takes part, qtoolkit included.
        pythons: interpreter of each rival, the one of all others under ``""``.
        output: file of the results.
        keep_slow: run everyone at every size.
        files: circuits that are asked once, by the names that cases have.
    """

    cases: Sequence[Case]
    rules: Rules
    output: Path
    rivals: Sequence[str] = RIVALS
    pythons: Mapping[str, str] = field(default_factory=dict)
    keep_slow: bool = False
    files: Mapping[str, Circuit] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """Who is told what.

    Attributes:
        case: number of cases done, of all, and the case that starts.
        step: what happens within it.
        race: a case is measured.
        absent: a simulator is not there, and why.
    """

    case: Callable[[int, int, Case], None]
    step: Callable[[str], None]
    race: Callable[[Race], None]
    absent: Callable[[str, str], None]


def run_campaign(campaign: Campaign, progress: Progress, earlier: Results | None = None) -> Results:
    """Measure every case and write the file after each; Ctrl-C leaves what is measured.

    Args:
        campaign: what to measure.
        progress: who is told.
        earlier: results to go on from; their cases are not measured again.
    """
    results = earlier or _empty_results(campaign)
    pool = Pool(campaign.pythons, campaign.rules.threads, int(_MEMORY_SHARE * machine.total_memory()) or 1 << 33)
    try:
        with tempfile.TemporaryDirectory(prefix="qtoolkit-bench-") as folder:
            present = _introduce(campaign, pool, results, progress)
            for number, case in enumerate(campaign.cases):
                if results.race(case) is not None:
                    continue
                progress.case(number, len(campaign.cases), case)
                race = _Runner(campaign, pool, results, progress, Path(folder), present).run(case)
                kept = results.put(race)
                save_results(results, campaign.output)
                progress.race(kept)
    finally:
        pool.close()
    return results


def _empty_results(campaign: Campaign) -> Results:
    options = {**asdict(campaign.rules), "rivals": list(campaign.rivals)}
    return Results(machine.describe(), rounded(measure_rates(campaign.rules.threads)), options)


def _introduce(campaign: Campaign, pool: Pool, results: Results, progress: Progress) -> list[str]:
    """Start every simulator once; those that are there."""
    present = []
    for name in campaign.rivals:
        progress.step(f"starts {name}")
        try:
            worker, _ = pool.worker(name)
        except (AbsentError, BrokenError) as error:
            pool.absent[name] = str(error)
            results.rivals[name] = {"absent": str(error)}
            progress.absent(name, str(error))
            continue
        results.rivals[name] = {key: value for key, value in worker.about.items() if key != "resident"}
        present.append(name)
    return present


@dataclass
class _Runner:
    campaign: Campaign
    pool: Pool
    results: Results
    progress: Progress
    folder: Path
    present: Sequence[str]

    def run(self, case: Case) -> Race:
        task_path = self.folder / f"{case.question}-{case.circuit}-{case.num_qubits}.task"
        reference_path = task_path.with_suffix(".npy")
        try:
            task = build_task(case, self.campaign.files)
            reference = self._reference(task, task_path, reference_path)
        except (ImportError, BrokenError) as error:
            # A molecule without PySCF, or no simulator to check with.
            note = " ".join(str(error).split())
            return Race(case, "", {}, [Measurement(name, case.precision, "skipped", note) for name in self.present])
        runners, skipped = self._contestants(case)
        if case.question == "startup":
            entries = run_startups(task_path, runners, self.pool, self.campaign.rules, self.progress.step)
        else:
            size = AMPLITUDE_BYTES[case.precision] << case.num_qubits
            rules = self.campaign.rules
            entries = run_race(task_path, reference_path, runners, self.pool, rules, size, self.progress.step)
        if case.precision == "single" or "single" not in {c.precision for c in self.campaign.cases}:
            reference_path.unlink(missing_ok=True)
        return Race(case, reference, circuit_work(task.circuit), [*entries, *skipped])

    def _reference(self, task: Task, task_path: Path, path: Path) -> str:
        note = path.with_suffix(".source")
        if path.exists():
            return note.read_text(encoding="utf-8")
        self.progress.step("computes the reference")
        save_task(task, task_path)
        source = write_reference(task, path, self.pool, self.campaign.rules.threads, 1800.0)
        note.write_text(source, encoding="utf-8")
        return source

    def _contestants(self, case: Case) -> tuple[list[Contestant], list[Measurement]]:
        runners: list[Contestant] = []
        skipped: list[Measurement] = []
        for name in self.present:
            about = self.results.rivals[name]
            precisions = about["precisions"]
            # Whoever has no single precision competes with the double precision that a user would take instead.
            precision = case.precision if case.precision in precisions else precisions[0]
            question = "state" if case.question == "startup" else case.question
            if question not in about["questions"]:
                skipped.append(Measurement(name, precision, "skipped", f"does not do {question}"))
            elif case.precision == "double" and precision == "single":
                skipped.append(Measurement(name, precision, "skipped", "has no double precision"))
            elif reason := self._hopeless(case, name):
                skipped.append(Measurement(name, precision, "skipped", reason))
            else:
                runners.append(Contestant(name, precision, self._known_settings(case, name)))
        return runners, skipped

    def _hopeless(self, case: Case, rival: str) -> str:
        """Why a rival needs not run: too slow, or too far behind, at the largest smaller size."""
        if rival == OURS or self.campaign.keep_slow:
            return ""
        in_double = self.results.race(replace(case, precision="double"))
        if in_double is not None and "single" not in self.results.rivals[rival]["precisions"]:
            factor = _behind(in_double, rival)
            if case.precision == "single" and factor > _SLOW_IN_DOUBLE:
                return f"no single precision, {factor:.1f} times slower than the fastest peer in double"
        for race, own in self._smaller(case, rival):
            size = race.case.num_qubits
            if own.status == "failed":
                return f"{own.note} (at {size} qubits)"
            if not own.counts:
                continue
            expected = own.seconds * 2.0 ** (case.num_qubits - size)
            if size >= 12 and expected > self.campaign.rules.run_limit_s:
                return f"would take about {expected:.0f} s for a run"
            factor = _behind(race, rival)
            if case.num_qubits >= _LARGE and size >= 16 and factor > _HOPELESS:
                return f"{factor:.0f} times slower than the fastest peer at {size} qubits"
            return ""
        return ""

    def _smaller(self, case: Case, rival: str) -> list[tuple[Race, Measurement]]:
        """The races of smaller circuits of the same kind in which a rival is entered, largest first."""
        found = [
            (race, entry)
            for race in self.results.races
            if replace(race.case, num_qubits=case.num_qubits) == case and race.case.num_qubits < case.num_qubits
            for entry in race.entries
            if entry.rival == rival
        ]
        return sorted(found, key=lambda pair: -pair[0].case.num_qubits)

    def _known_settings(self, case: Case, rival: str) -> dict[str, object] | None:
        """The settings of a smaller circuit that was large enough to tell."""
        for race, entry in self._smaller(case, rival):
            if race.case.num_qubits >= _TUNED and entry.counts:
                return entry.settings
        return None


def _behind(race: Race, rival: str) -> float:
    """A rival's time over that of the fastest of all but ourselves; 0 without one."""
    peers = race.peers()
    own = next((entry for entry in peers if entry.rival == rival), None)
    return own.seconds / peers[0].seconds if own is not None else 0.0
