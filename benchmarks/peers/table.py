"""Results as text: lines for the terminal, at most 80 columns, and tables for README.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from peers.goals import Verdict, goal_of, limits, verdicts
from peers.results import Measurement, Race, Results
from peers.rivals import OURS
from peers.tasks import PRECISIONS
from qtoolkit._files import write_whole

__all__ = ["disturbance_line", "duration", "goal_lines", "markdown", "race_line", "write_into"]

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"

_WIDTH = 80
_BUSY = 0.1

_SHORT = {"double": "f64", "single": "f32"}


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1.0 or unit == "µs":
            value = seconds * factor
            return f"{value:.0f} {unit}" if value >= 99.95 else f"{value:.3g} {unit}"
    raise AssertionError


def race_line(race: Race) -> str:
    """One race in one line: ours, the fastest peer, their ratio, and whether that is the goal."""
    case = race.case
    head = f"{case.question:<16} {case.circuit:<19} {case.num_qubits:>2} {_SHORT[case.precision]}"
    ours = race.ours
    goal = goal_of(case)
    against = goal[1] if goal else ()
    peers = race.peers(against)
    if ours is None:
        own = next((entry for entry in race.entries if entry.rival == OURS), None)
        return f"{head} {own.status + ': ' + own.note if own else 'without qtoolkit'}"[:_WIDTH]
    if not peers:
        return f"{head} {duration(ours.seconds):>7}  no peer"
    ratio = peers[0].seconds / ours.seconds
    mark = "" if goal is None else f" goal {goal[0]:g}x" if ratio >= goal[0] else f" MISS {goal[0]:g}x"
    return f"{head} {duration(ours.seconds):>7} {peers[0].rival[:9]:<9} {ratio:>6.2f}x{mark}"


def goal_lines(results: Results) -> Iterator[str]:
    """Every goal that something was measured for, its value and where it is missed."""
    for verdict in verdicts(results):
        if verdict.is_met is None:
            continue
        mark = "met" if verdict.is_met else "MISSED"
        title = f"{verdict.goal.title} ({verdict.precision})"
        yield f"{title:<56} {verdict.goal.wanted:>7} {verdict.shown:>8} {mark:>6}"[:_WIDTH]
        for race, value in verdict.misses[:3]:
            text = f"    {race.case.circuit} {race.case.num_qubits}: {value:.2f}; {limits(race, results)}"
            yield text.rstrip("; ")[:_WIDTH]
        if len(verdict.misses) > 3:
            yield f"    and {len(verdict.misses) - 3} more"


def disturbance_line(results: Results) -> Iterator[str]:
    """A warning where the machine was busy with other things."""
    shares = [race.disturbance for race in results.races if race.disturbance is not None]
    if busy := [share for share in shares if share > _BUSY]:
        yield (
            f"In {len(busy)} of {len(shares)} cases other processes took over {100 * _BUSY:.0f} % of the processors "
            f"(up to {100 * max(busy):.0f} %): repeat them on a quiet machine."
        )


def markdown(results: Results) -> str:
    """All that was measured, for README.md."""
    return "\n".join(
        [
            *_machine_lines(results),
            "",
            "### Goals",
            "",
            "| against the fastest peer, same precision, same run | precision | goal | measured | cases | |",
            "|---|---|---|---|---|---|",
            *(_goal_row(verdict) for verdict in verdicts(results) if verdict.is_met is not None),
            *_miss_lines(results),
            *_sections(results),
            *_peer_lines(results),
        ]
    )


def write_into(readme: Path, text: str) -> None:
    """Replace what stands between the two marks of a page.

    Raises:
        ValueError: if the page lacks them.
    """
    page = readme.read_text(encoding="utf-8")
    start, end = page.find(BEGIN), page.find(END)
    if not 0 <= start < end:
        raise ValueError(f"{readme} must hold the lines {BEGIN} and {END}")
    write_whole(readme, f"{page[: start + len(BEGIN)]}\n{text}\n{page[end:]}")


def _machine_lines(results: Results) -> Iterator[str]:
    about = results.machine
    rates = results.rates
    first = ", ".join(about[key] for key in ("processor", "vectors", "caches", "memory", "system") if about.get(key))
    threads = results.options.get("threads", 0)
    yield f"{first}; {threads} {'thread' if threads == 1 else 'threads'}."
    arithmetic = ", ".join(
        f"{max(rates.get(f'gate_{p}', 0), rates.get(f'fma_{p}', 0)) / 1e9:.0f} GFLOP/s in cache ({p})"
        for p in PRECISIONS
    )
    yield from disturbance_line(results)
    yield f"Measured rates: {rates.get('bandwidth', 0) / 1e9:.0f} GB/s in place over memory, {arithmetic}."


def _goal_row(verdict: Verdict) -> str:
    mark = "met" if verdict.is_met else "**missed**"
    goal = verdict.goal
    return f"| {goal.title} | {verdict.precision} | {goal.wanted} | {verdict.shown} | {verdict.count} | {mark} |"


def _miss_lines(results: Results) -> Iterator[str]:
    """Each case below a goal once, with what our time consists of."""
    seen: dict[tuple[object, ...], str] = {}
    for verdict in verdicts(results):
        for race, value in verdict.misses:
            case = race.case
            key = (case.question, case.circuit, case.num_qubits, case.precision)
            row = f"| {case.question} | {case.circuit} | {case.num_qubits} | {case.precision} "
            shown = f"{100 * value:.0f} %" if verdict.goal.statistic == "share" else f"{value:.2f}x"
            seen[key] = f"{row}| {verdict.goal.wanted} | {shown} | {limits(race, results)} |"
    if seen:
        yield from ("", "Where a goal is missed, and what our time is:", "")
        yield "| question | circuit | qubits | precision | goal | ratio | our time |"
        yield "|---|---|---|---|---|---|---|"
        yield from seen.values()


_HEADINGS = {
    "state": "State vectors",
    "once": "State vectors of circuits that run once, planning counted",
    "expectation": "Expectation values",
    "gradient": "Adjoint gradients",
    "samples": "10^6 samples",
    "once-expectation": "Expectation values of circuits that are built and run once",
    "once-gradient": "Adjoint gradients of circuits that are built and run once",
    "once-samples": "1000 samples of circuits that are built and run once",
    "once-many": "Ten thousand circuits, each built and run once",
    "startup": "From starting Python to the first result",
}


def _sections(results: Results) -> Iterator[str]:
    for question, heading in _HEADINGS.items():
        for precision in PRECISIONS:
            races = [race for race in results.of(question) if race.case.precision == precision]
            if any(race.ours or race.peers() for race in races):
                yield from ("", f"### {heading}, {precision} precision", "", *_table(races))


def _table(races: Sequence[Race]) -> Iterator[str]:
    names = list(_names(races))
    yield f"| circuit | qubits | ratio | {' | '.join(names)} |"
    yield "|---|---|---|" + "---|" * len(names)
    for race in sorted(races, key=lambda race: (race.case.circuit, race.case.num_qubits)):
        by_name = {entry.rival: entry for entry in race.entries}
        fastest = min((entry.seconds for entry in race.entries if entry.counts), default=0.0)
        cells = " | ".join(_cell(by_name.get(name), fastest) for name in names)
        ratio = race.ratio()
        shown = "–" if ratio is None else f"{ratio:.2f}x"
        yield f"| {race.case.circuit} | {race.case.num_qubits} | {shown} | {cells} |"


def _names(races: Sequence[Race]) -> Iterator[str]:
    """Everyone with a time, ourselves first."""
    everyone = {entry.rival: None for race in races for entry in race.entries if entry.turns}
    yield from sorted(everyone, key=lambda name: (name != OURS, list(everyone).index(name)))


def _cell(entry: Measurement | None, fastest: float) -> str:
    if entry is None or (not entry.turns and entry.status in ("skipped", "absent")):
        return ""
    if not entry.counts:
        return entry.status
    text = duration(entry.seconds)
    return f"**{text}**" if entry.seconds == fastest else text


def _peer_lines(results: Results) -> Iterator[str]:
    yield from ("", "### Versions", "", "| simulator | versions | note |", "|---|---|---|")
    for name, about in results.rivals.items():
        if "absent" in about:
            yield f"| {name} | not installed | |"
        else:
            versions = ", ".join(f"{package} {number}" for package, number in about["versions"].items())
            yield f"| {about['title']} | {versions} | {about['note']} |"
