"""Progress of long commands on stderr: bars in a terminal, a line at the end of each part elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from qtoolkit.cli.output import note, stderr_console

__all__ = ["BenchProgress", "DemoProgress", "QueryProgress"]

_STEP_WIDTH = 32
_BENCH_WIDTH = 48


class DemoProgress:
    """One bar for each part, open inside ``with``.

    Args:
        parts: names of the parts, in order.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = stderr_console()
        self._is_live = console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=18),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[step]}"),
            console=console,
            disable=not self._is_live,
        )
        self._tasks = {part: self._bars.add_task(part, total=1.0, start=False, step="") for part in parts}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_live:  # older versions of rich print a line when they stop, even where they showed nothing
            self._bars.stop()

    def of(self, part: str) -> Callable[[str, float], None]:
        """What a study tells its progress to."""
        task = self._tasks[part]
        self._bars.start_task(task)

        def report(step: str, share: float) -> None:
            self._bars.update(task, completed=share, step=step[:_STEP_WIDTH])

        return report

    def finish(self, part: str, seconds: float) -> None:
        """A part is done."""
        self._bars.update(self._tasks[part], completed=1.0, step="done")
        self._bars.stop_task(self._tasks[part])
        if not self._is_live:
            note(f"{part}: done in {seconds:.1f} s")


class BenchProgress:
    """One bar over the cases of a benchmark, open inside ``with``; nothing where there is no terminal.

    Args:
        count: number of cases.
    """

    def __init__(self, count: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._console = stderr_console()
        self._is_live = self._console.is_terminal
        self._bars = Progress(
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=12),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=self._console,
            disable=not self._is_live,
        )
        self._task = self._bars.add_task("starting", total=count)
        self._case = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_live:
            self._bars.stop()

    def case(self, number: int, count: int, case: object) -> None:
        """A case starts."""
        self._case = str(case)
        self._bars.update(self._task, completed=number, description=self._case)

    def step(self, text: str) -> None:
        """Something happens within a case."""
        self._bars.update(self._task, description=f"{self._case}: {text}"[:_BENCH_WIDTH])

    def say(self, line: str) -> None:
        """A line above the bar, or on stderr where there is no terminal."""
        if self._is_live:
            self._console.print(line, soft_wrap=True)
        else:
            note(line)


class QueryProgress:
    """One bar for work that says how far it is as it goes, open inside ``with``; nothing where there is no terminal.

    Args:
        description: what is done.
    """

    def __init__(self, description: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = stderr_console()
        self._is_live = console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=18),
            TextColumn("{task.completed:,.0f} of about {task.total:,.0f} queries"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._is_live,
        )
        self._task = self._bars.add_task(description, total=1.0)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_live:
            self._bars.stop()

    def tell(self, done: int, total: int) -> None:
        """So many queries are made, of about so many."""
        self._bars.update(self._task, completed=done, total=max(total, 1))

    def start(self, description: str) -> None:
        """Something else is done from here on."""
        self._bars.update(self._task, description=description, completed=0, total=1)
