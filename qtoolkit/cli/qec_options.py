"""The options that commands of experiments share, checked and made into tasks."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from qtoolkit.applications.qec import (
        ExperimentResult,
        ExperimentStore,
        ExperimentTask,
        HoneycombCode,
        StabilizerCode,
    )
    from qtoolkit.report.experiments import MemoryAnswer

__all__ = ["PACKAGES", "Bases", "CodeOptions", "RunOptions", "code_at", "memory_answer"]

DEFAULT_STORE = "default"
_DISTANCES, _EVEN_DISTANCES = "3,5,7", "4,6,8"
_CODE, _RUN = "Code and noise", "Run"
PACKAGES = {"stim": "qec", "pymatching": "qec"}
"""What experiments need, with the extra that installs it."""
_NOISE_HELP = (
    "Preset of the noise: code-capacity, phenomenological, circuit, si1000, biased, coherent or amplitude-damping; in "
    "Python also device, which takes a calibration."
)
_DECODER_HELP = (
    "Name of the decoder: matching, correlated-matching, union-find, belief-matching or sliding-window for graphs; "
    "lookup or maximum-likelihood for small models; bp-osd, bp-lsd or tesseract for every code. By default matching, "
    "or bp-lsd for codes that it does not take."
)


class Bases(StrEnum):
    """Which logical eigenstates are stored."""

    X = "x"
    Z = "z"
    BOTH = "both"


@dataclass(frozen=True)
class CodeOptions:
    """What is run."""

    code: Annotated[str, typer.Option(help="Name of the code: qtoolkit qec draw --list.", rich_help_panel=_CODE)] = (
        "rotated-surface"
    )
    distance: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Such as 3,5,...,11; 3,5,7 by default for codes of many, 4,6,8 for honeycomb.",
            rich_help_panel=_CODE,
        ),
    ] = None
    noise: Annotated[str, typer.Option(help=_NOISE_HELP, rich_help_panel=_CODE)] = "circuit"
    rounds: Annotated[
        int | None, typer.Option(min=1, help="As many as the distance by default.", rich_help_panel=_CODE)
    ] = None
    basis: Annotated[Bases, typer.Option(help="Of the state that is stored.", rich_help_panel=_CODE)] = Bases.BOTH
    decoder: Annotated[str | None, typer.Option(help=_DECODER_HELP, rich_help_panel=_CODE)] = None

    @property
    def description(self) -> str:
        """For people."""
        return f"{self.code}, {self.noise} noise"

    def tasks(self, rates: list[float]) -> tuple[ExperimentTask, ...]:
        """What is run at some physical error rates.

        Raises:
            InputError: if an option is none of those there are.
        """
        from qtoolkit.applications.qec import CODES, Basis, memory_tasks
        from qtoolkit.cli.ranges import parse_integers

        bases: dict[Bases, tuple[Basis, ...]] = {Bases.X: ("x",), Bases.Z: ("z",), Bases.BOTH: ("x", "z")}
        distances = self.distance
        if distances is None and self.code in CODES and CODES[self.code].takes_distance:
            distances = _EVEN_DISTANCES if CODES[self.code].even else _DISTANCES
        return memory_tasks(
            self.code,
            None if distances is None else parse_integers("--distance", distances),
            rates,
            rounds=self.rounds,
            bases=bases[self.basis],
            noise=self.noise,
            decoder=self.decoder or (CODES[self.code].decoder if self.code in CODES else "matching"),
        )


@dataclass(frozen=True)
class RunOptions:
    """How long it is run."""

    shots: Annotated[int, typer.Option(min=1, help="Most shots of each point.", rich_help_panel=_RUN)] = 100_000
    max_errors: Annotated[
        int | None, typer.Option(min=1, help="Errors at which a point ends.", rich_help_panel=_RUN)
    ] = None
    relative_error: Annotated[
        float | None,
        typer.Option(metavar="E", help="Standard error over rate at which a point ends.", rich_help_panel=_RUN),
    ] = None
    store: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Keep batches here, and go on from them; or default.", rich_help_panel=_RUN),
    ] = None
    processes: Annotated[int, typer.Option(min=1, help="That share the work.", rich_help_panel=_RUN)] = 1
    seed: Annotated[
        int | None, typer.Option(min=0, help="Drawn, or taken from the store, if left out.", rich_help_panel=_RUN)
    ] = None

    def check(self) -> None:
        """See whether it could be run.

        Raises:
            InputError: if a number is out of range, or the store cannot be written.
        """
        from qtoolkit._files import check_output
        from qtoolkit.applications.qec import errors_for

        if self.store is not None and self.store != DEFAULT_STORE:
            check_output(self.store, "--store")
        if self.relative_error is not None:
            errors_for(self.relative_error)

    def run(self, tasks: tuple[ExperimentTask, ...], part: str) -> tuple[ExperimentResult, ...]:
        """Run tasks with a bar; at Ctrl-C those that have shots come back, and say so.

        Raises:
            InputError: if the store is none of ours, or a task cannot be run.
            KeyboardInterrupt: if nothing was done before it.
        """
        from concurrent.futures import ProcessPoolExecutor
        from contextlib import ExitStack

        from qtoolkit.applications.qec import ExperimentProgress, run_experiments
        from qtoolkit.cli.progress import DemoProgress

        with ExitStack() as stack:
            store = self._store()
            if store is not None:
                stack.enter_context(store)
            seed = self._seed(tasks, store)
            executor = None
            if self.processes > 1:
                executor = stack.enter_context(ProcessPoolExecutor(self.processes, initializer=_ignore_interrupts))
            progress = stack.enter_context(DemoProgress([part]))
            tell = progress.of(part)

            def report(state: ExperimentProgress) -> None:
                labels = state.task.labels
                point = f"d={labels['distance']} p={labels['physical_error_rate']:g} {labels['basis']}"
                tell(f"{point}: {state.errors:,} errors", state.share)

            found = run_experiments(
                tasks,
                max_shots=self.shots,
                max_errors=self.max_errors,
                relative_error=self.relative_error,
                seed=seed,
                store=store,
                executor=executor,
                progress=report,
            )
            progress.finish(part, sum(result.wall_time for result in found))
        return found

    def _store(self) -> ExperimentStore | None:
        from qtoolkit.applications.qec import ExperimentStore, default_store

        if self.store is None:
            return None
        return default_store() if self.store == DEFAULT_STORE else ExperimentStore(self.store)

    def _seed(self, tasks: tuple[ExperimentTask, ...], store: ExperimentStore | None) -> int:
        from qtoolkit._arguments import settled_seed

        seed = self.seed
        if seed is None and store is not None:
            seed = next((found for task in tasks if (found := store.seed_of(task)) is not None), None)
        settled = settled_seed(seed)
        assert isinstance(settled, int)
        return settled


def code_at(code: str, distance: int | None, default: int) -> StabilizerCode | HoneycombCode:
    """A code by its name and distance.

    Args:
        code: in kebab-case.
        distance: None for the default one of a family, or the code's own.
        default: odd; where distances are even, the next lower one.

    Raises:
        InputError: for a distance of a code that has its own, or another name.
    """
    from qtoolkit.applications.qec import CODES, code_named
    from qtoolkit.errors import InputError

    family = CODES.get(code)
    if family is None or not family.takes_distance:
        if family is not None and distance is not None:
            raise InputError(f"the code {code} has its own distance, got --distance {distance}: leave it out")
        return code_named(code)
    return code_named(code, distance=default - family.even if distance is None else distance)


def _sampling_of(tasks: tuple[ExperimentTask, ...]) -> str:
    """For people: what samples tasks and why, and what their decoder knows; nothing where Stim samples all of them."""
    others = [task for task in tasks if task.sampler != "stim"]
    if not others:
        return ""
    return f"sampled by the near-Clifford simulator since {others[0].sampler_reason}; decoded by its Pauli twirl"


def _ignore_interrupts() -> None:
    """Ctrl-C goes to all processes of a terminal; those that share the work finish their batch, and say nothing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def memory_answer(stated: CodeOptions, run: RunOptions, rates: str, part: str, target: float = 1e-9) -> MemoryAnswer:
    """Run memories at some physical error rates, as far as Ctrl-C lets them.

    Args:
        stated, run: what is run, and how long.
        rates: text of the option.
        part: what progress is shown under.
        target: logical error rate of a round for which a distance is told.

    Raises:
        InputError: if an option is none of those there are.
        KeyboardInterrupt: if nothing was done before it.
    """
    from qtoolkit.cli.ranges import parse_rates
    from qtoolkit.report.experiments import MemoryAnswer

    tasks = stated.tasks(parse_rates("--rate", rates))
    found = run.run(tasks, part)
    interrupted = len(found) < len(tasks) or any(result.interrupted for result in found)
    return MemoryAnswer(found, stated.description, target, interrupted, _sampling_of(tasks))
