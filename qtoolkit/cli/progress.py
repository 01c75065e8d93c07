"""Progress of the demo on stderr: bars in a terminal, a line at the end of each part elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from qtoolkit.cli.output import note, stderr_console

__all__ = ["DemoProgress"]

_STEP_WIDTH = 32


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
