"""The state of a job while it is waited for: a live line in a terminal, a line for each change elsewhere."""

from __future__ import annotations

import threading
import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from qtoolkit.cli.output import note, stderr_console
from qtoolkit.errors import QToolkitError

if TYPE_CHECKING:
    from rich.text import Text

    from qtoolkit.backends import CloudJob

__all__ = ["JobProgress", "awaited"]

_SECONDS_BETWEEN = 0.5


class JobProgress:
    """What is on record of a job, shown on stderr while another thread waits for it; open inside ``with``.

    Args:
        job: is asked for nothing but its record.
    """

    def __init__(self, job: CloudJob) -> None:
        self._job = job
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._said = ""
        console = stderr_console()
        self._live = console.status(_unmarked(f"{job.id} on {job.backend_name}")) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        self._tell()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._live is not None:
            self._live.stop()
        elif kind is None:
            self._tell()

    def _watch(self) -> None:
        while not self._over.wait(_SECONDS_BETWEEN):
            self._tell()

    def _tell(self) -> None:
        try:
            state = self._state()
        except QToolkitError:
            return  # whoever waits for the job meets the same, and says it
        if self._live is not None:
            self._live.update(_unmarked(f"{self._job.id} on {self._job.backend_name}: {state}, {self._waited()}"))
        elif state != self._said:
            note(f"{self._job.id}: {state}")
        self._said = state

    def _state(self) -> str:
        from qtoolkit.backends import JobStatus

        record = self._job.record
        words = [str(record.status)]
        if len(record.parts) > 1:
            counts = Counter(str(part.status) for part in record.parts)
            words.append(f"({', '.join(f'{count} {name}' for name, count in sorted(counts.items()))})")
        if record.status == JobStatus.UNKNOWN and (said := {part.vendor_status for part in record.parts} - {""}):
            words.append(f"(the provider says {', '.join(sorted(said))})")
        if self._job.queue_position:
            words.append(f"at place {self._job.queue_position}")
        return " ".join(words)

    def _waited(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        return f"{minutes}:{seconds:02d}"


def _unmarked(text: str) -> Text:
    """Text as it is: a string would be read as markup, and ":one:" in it as a picture."""
    from rich.text import Text

    return Text(text)


def awaited(job: CloudJob, timeout: float | None = None) -> Any:
    """The result of a job, waited for with its state on stderr.

    Ctrl-C leaves the job where it is, and says how to go on.

    Raises:
        JobError: as for `CloudJob.result`.
    """
    try:
        with JobProgress(job):
            return job.result(timeout)
    except KeyboardInterrupt:
        note(
            f"Job {job.id} goes on without this command. To wait again: qtoolkit job result {job.id}; "
            f"to stop it: qtoolkit job cancel {job.id}"
        )
        raise
