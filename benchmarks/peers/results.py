"""What was measured, and its file: JSON with the machine, the versions and every turn."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from peers.rivals import OURS
from peers.tasks import Case
from qtoolkit._files import write_whole

__all__ = ["Measurement", "Race", "Results", "load_results", "rounded", "save_results"]

_SCHEMA = 1


@dataclass
class Measurement:
    """One simulator on one case.

    Attributes:
        rival: its name.
        precision: the one it ran in; a rival without single precision runs in double.
        status: ``ok``; ``wrong`` (the answer missed the reference), ``failed``, ``skipped`` or ``absent``.
        note: why, or what to know.
        settings: chosen among those in `tried`.
        convert_s, compile_s, cold_s: seconds to build its objects, for its own optimisation of the circuit (warm), and
            for optimisation and run when the task was new to the process.
        turns: median seconds of a run in each turn.
        runs: runs in all turns.
        disturbance: share of all processor time during each turn that went elsewhere; None where it is unknown.
        error: the largest error of an answer; `tolerance` what rounding explains.
        figures: what the simulator says of its work.
    """

    rival: str
    precision: str
    status: str
    note: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    tried: list[dict[str, Any]] = field(default_factory=list)
    convert_s: float = 0.0
    compile_s: float = 0.0
    cold_s: float = 0.0
    turns: list[float] = field(default_factory=list)
    runs: int = 0
    disturbance: list[float | None] = field(default_factory=list)
    error: float = 0.0
    tolerance: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Median of the turns."""
        return statistics.median(self.turns)

    @property
    def counts(self) -> bool:
        """Whether there is a time that may be compared."""
        return self.status == "ok" and bool(self.turns)


@dataclass
class Race:
    """One case and all who ran it, in turns.

    Attributes:
        case: the question.
        reference: what computed the right answer.
        work: flops per amplitude and gates of the circuit, see `roofline`.
        entries: the measurements.
    """

    case: Case
    reference: str
    work: dict[str, float]
    entries: list[Measurement]

    @property
    def ours(self) -> Measurement | None:
        """qtoolkit's, if it has a time."""
        return next((entry for entry in self.entries if entry.rival == OURS and entry.counts), None)

    def peers(self, names: Sequence[str] = ()) -> list[Measurement]:
        """The others that have a time, fastest first; `names` keeps those alone."""
        others = [entry for entry in self.entries if entry.rival != OURS and entry.counts]
        return sorted((e for e in others if not names or e.rival in names), key=lambda entry: entry.seconds)

    @property
    def disturbance(self) -> float | None:
        """Median share of the processors that went elsewhere, None if unknown."""
        shares = [share for entry in self.entries for share in entry.disturbance if share is not None]
        return statistics.median(shares) if shares else None

    def ratio(self, names: Sequence[str] = ()) -> float | None:
        """Time of the fastest peer over ours, None without both."""
        ours, peers = self.ours, self.peers(names)
        return peers[0].seconds / ours.seconds if ours and peers else None


@dataclass
class Results:
    """A campaign.

    Attributes:
        machine: see `machine.describe`.
        rates: see `roofline.measure_rates`.
        options: threads, rounds and the like.
        rivals: title, versions, import seconds and note by name; of an absent one the reason.
        races: in the order in which they were run.
    """

    machine: dict[str, str]
    rates: dict[str, float]
    options: dict[str, Any]
    rivals: dict[str, dict[str, Any]] = field(default_factory=dict)
    races: list[Race] = field(default_factory=list)

    def race(self, case: Case) -> Race | None:
        """The race of a case."""
        return next((race for race in self.races if race.case == case), None)

    def put(self, race: Race) -> Race:
        """Add a race, in place of an earlier one of its case; return it as the file will have it."""
        kept = _race_of(rounded(asdict(race)))
        self.races = [other for other in self.races if other.case != race.case] + [kept]
        return kept

    def of(self, question: str) -> Iterator[Race]:
        """The races of a question."""
        return (race for race in self.races if race.case.question == question)


def save_results(results: Results, path: Path) -> None:
    """Write the file, a race a line, or leave the old one whole."""
    content = rounded({"schema": _SCHEMA, **asdict(results)})
    for race in content["races"]:
        race["entries"] = [_without_defaults(entry) for entry in race["entries"]]
    lines = ",\n".join(json.dumps(race, ensure_ascii=False, separators=(",", ":")) for race in content.pop("races"))
    head = json.dumps(content, indent=1, ensure_ascii=False).removesuffix("\n}")
    write_whole(path, f'{head},\n "races": [\n{lines}\n ]\n}}\n')


def _without_defaults(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value != _DEFAULTS[name]}


_DEFAULTS = asdict(Measurement("", "", ""))


def rounded(content: Any) -> Any:
    """Numbers to five digits: more are noise, and they are most of the file."""
    if isinstance(content, float):
        return float(f"{content:.5g}")
    if isinstance(content, dict):
        return {key: rounded(value) for key, value in content.items()}
    return [rounded(value) for value in content] if isinstance(content, list | tuple) else content


def load_results(path: Path) -> Results:
    """Read a file of `save_results`.

    Raises:
        ValueError: if it is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("schema") != _SCHEMA:
            raise KeyError("schema")
        races = [_race_of(race) for race in content.pop("races")]
        return Results(**content, races=races)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"results of the benchmark are needed, got {path}: {error}") from error


def _race_of(content: dict[str, Any]) -> Race:
    entries = [Measurement(**entry) for entry in content["entries"]]
    return Race(Case(**content["case"]), content["reference"], content["work"], entries)
