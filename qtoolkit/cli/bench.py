"""``qtoolkit bench``: qtoolkit beside other simulators on this machine."""

from __future__ import annotations

import signal
import sys
import textwrap
from collections.abc import Sequence
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from qtoolkit._files import check_output
from qtoolkit.errors import InputError

__all__ = ["Precision", "Question", "bench"]


class Question(StrEnum):
    """What is computed."""

    STATE = "state"
    ONCE = "once"
    EXPECTATION = "expectation"
    GRADIENT = "gradient"
    SAMPLES = "samples"
    ONCE_EXPECTATION = "once-expectation"
    ONCE_GRADIENT = "once-gradient"
    ONCE_SAMPLES = "once-samples"
    ONCE_MANY = "once-many"
    STARTUP = "startup"


class Precision(StrEnum):
    """Of the amplitudes."""

    DOUBLE = "double"
    SINGLE = "single"


def bench(
    question: Annotated[list[Question] | None, typer.Option(help="Ask this alone; may be repeated.")] = None,
    circuit: Annotated[list[str] | None, typer.Option(help="Run this circuit alone; may be repeated.")] = None,
    qubits: Annotated[str, typer.Option(help="Sizes, such as 4,8,20-24.")] = "",
    qasm: Annotated[
        list[Path] | None,
        typer.Option(help="Ask once also what the files .qasm below this folder hold; may be repeated."),
    ] = None,
    precision: Annotated[list[Precision] | None, typer.Option(help="This alone; both by default.")] = None,
    rival: Annotated[list[str] | None, typer.Option(help="Against this one; all by default; may be repeated.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="For everyone; all cores by default.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Turns of each simulator on each case.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few and small cases: some minutes.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to keep the results, as JSON.")] = Path(
        "qtoolkit-bench.json"
    ),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the cases that OUTPUT lacks.")] = False,
    keep_slow: Annotated[bool, typer.Option("--keep-slow", help="Run who is far behind at large sizes too.")] = False,
    python: Annotated[
        list[str] | None,
        typer.Option(help="The Python that has the others, or RIVAL=PYTHON for one of them; may be repeated."),
    ] = None,
    results: Annotated[Path | None, typer.Option("--from", help="Measure nothing: show these results.")] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Write the table of benchmarks/README.md and the picture.")
    ] = False,
) -> None:
    """Time qtoolkit beside other simulators, each in its own API, and print the ratios beside the goals.

    Needs a checkout of the repository; benchmarks/README.md says how to install the others. Those that are missing are
    left out. Ctrl-C stops it and keeps what is measured.
    """
    from qtoolkit.cli.entry import INTERRUPTED

    folder = _benchmarks()
    if publish:
        for path in _published(folder):
            check_output(path, "--publish")
    if results is not None:
        found, interrupted = _loaded(results), False
        _print_races(found)
    else:
        found, interrupted = _measured(
            _campaign(
                question, circuit, qubits, qasm, precision, rival, threads, rounds, quick, output, keep_slow, python
            ),
            _loaded(output) if resume and output.exists() else None,
        )
    _print_goals(found)
    if publish:
        _publish(found, folder)
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _benchmarks() -> Path:
    """The folder of the benchmarks, from here on importable as ``peers``."""
    import qtoolkit

    for root in (Path(qtoolkit.__file__).parents[1], Path.cwd()):
        folder = root / "benchmarks"
        if (folder / "peers" / "campaign.py").is_file():
            if str(folder) not in sys.path:
                sys.path.insert(0, str(folder))
            return folder
    raise InputError(
        "the benchmarks are in the repository and not in the package, and there is no benchmarks/peers here; "
        "run this from a checkout"
    )


def _peers(name: str) -> Any:
    """A module of the benchmarks, which are no part of the package."""
    return import_module(f"peers.{name}")


def _campaign(
    questions: Sequence[Question] | None,
    circuits: Sequence[str] | None,
    qubits: str,
    qasm: Sequence[Path] | None,
    precisions: Sequence[Precision] | None,
    rivals: Sequence[str] | None,
    threads: int | None,
    rounds: int | None,
    quick: bool,
    output: Path,
    keep_slow: bool,
    pythons: Sequence[str] | None,
) -> Any:
    tasks, peers, timing = _peers("tasks"), _peers("rivals"), _peers("timing")
    check_output(output, "--output")
    suite = tasks.QUICK if quick else tasks.FULL
    files = _files(qasm or ())
    cases = tasks.chosen_cases(
        suite,
        questions=[question.value for question in questions or ()],
        names=circuits or (),
        sizes=_sizes(qubits),
        precisions=[precision.value for precision in precisions or Precision],
        files=files,
    )
    if not cases:
        by_question: dict[str, dict[str, None]] = {}
        for question, names, _ in suite:
            by_question.setdefault(question, {}).update(dict.fromkeys(names))
        known = "; ".join(f"{question}: {', '.join(names)}" for question, names in by_question.items())
        raise InputError(
            f"these circuits and sizes leave no case of the {'quick' if quick else 'full'} benchmark: {known}"
        )
    if unknown := sorted(set(rivals or ()) - set(peers.RIVALS)):
        raise InputError(f"the rivals are {', '.join(peers.RIVALS[1:])}; got {', '.join(unknown)}")
    speed = {"rounds": 3, "turn_s": 0.05, "pause_s": 0.2, "run_limit_s": 20.0, "case_limit_s": 15.0} if quick else {}
    rules = timing.Rules(threads or _peers("machine").usable_cores(), **speed | ({"rounds": rounds} if rounds else {}))
    chosen = [name for name in peers.RIVALS if not rivals or name in (*rivals, peers.OURS)]
    return _peers("campaign").Campaign(cases, rules, output, chosen, _pythons(pythons or ()), keep_slow, files)


def _files(folders: Sequence[Path]) -> Any:
    """The circuits below folders, by name; a line says how many files are left out."""
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"--qasm names a folder with files .qasm, and there is no folder {folder}")
    found, left_out = _peers("files").circuits_below(folders, _peers("transpiled").NAMES)
    if folders and not found:
        raise InputError(f"no file .qasm below {', '.join(map(str, folders))} holds a circuit that can be asked")
    if left_out:
        why = ", ".join(f"{count} {reason}" for reason, count in left_out.most_common())
        typer.echo(textwrap.fill(f"{left_out.total()} files of --qasm are left out: {why}", 80), err=True)
    return found


def _sizes(text: str) -> list[int]:
    """``4,8,20-22`` as numbers."""
    found: list[int] = []
    for part in filter(None, text.replace(" ", "").split(",")):
        first, _, last = part.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            raise InputError(f"--qubits takes sizes such as 4,8,20-24, got {text!r}")
        found.extend(range(int(first), int(last or first) + 1))
    if any(not 2 <= size <= 34 for size in found):
        raise InputError(f"--qubits takes sizes from 2 to 34, got {text!r}")
    return found


def _pythons(entries: Sequence[str]) -> dict[str, str]:
    """Interpreter by rival; the one for all others under the empty name."""
    rivals = _peers("rivals").RIVALS
    found: dict[str, str] = {}
    for entry in entries:
        name, separator, path = entry.partition("=")
        name, path = (name, path) if separator else ("", entry)
        if name and name not in rivals:
            raise InputError(f"the rivals are {', '.join(rivals[1:])}; got {name!r} in --python {entry}")
        if not Path(path).expanduser().is_file():
            raise InputError(f"--python names an interpreter, and there is no file {path}; see benchmarks/README.md")
        # Not resolved: an environment's Python is a link, and the link is what makes it that environment's.
        found[name] = str(Path(path).expanduser().absolute())
    return found


def _loaded(path: Path) -> Any:
    try:
        return _peers("results").load_results(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{error}") from error


def _measured(campaign: Any, earlier: Any) -> tuple[Any, bool]:
    """The results, and whether Ctrl-C or a request to end ended them."""
    from qtoolkit.cli.progress import BenchProgress

    if earlier is not None:
        _print_races(earlier)
    with BenchProgress(len(campaign.cases)) as bar:
        progress = _peers("campaign").Progress(
            case=bar.case,
            step=bar.step,
            race=lambda race: typer.echo(_peers("table").race_line(race)),
            absent=lambda name, why: bar.say(f"{name} is left out: {why}"[:79]),
        )
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return _peers("campaign").run_campaign(campaign, progress, earlier), False
        except KeyboardInterrupt:
            kept = _loaded(campaign.output) if campaign.output.exists() else None
        finally:
            signal.signal(signal.SIGTERM, before)
    if kept is None:
        raise KeyboardInterrupt
    return kept, True


def _print_races(results: Any) -> None:
    for race in results.races:
        typer.echo(_peers("table").race_line(race))


def _print_goals(results: Any) -> None:
    table = _peers("table")
    warning = [line for text in table.disturbance_line(results) for line in textwrap.wrap(text, 80)]
    if lines := [*table.goal_lines(results), *warning]:
        typer.echo("\n" + "\n".join(lines))


def _publish(results: Any, folder: Path) -> None:
    table = _peers("table")
    page, picture = _published(folder)
    table.write_into(page, table.markdown(results))
    _peers("picture").draw(results, picture)
    typer.echo(f"\nWritten: {page} and {picture}")


def _published(folder: Path) -> tuple[Path, Path]:
    """The page and the picture that show results."""
    return folder / "README.md", folder.parent / "docs" / "images" / "peers.svg"
