"""What a service is asked about a device before anything is submitted to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from qtoolkit.backends.cloud.client import NotSent, Refused
from qtoolkit.backends.cloud.secrets import redacted, safe_cause
from qtoolkit.errors import BackendError, QToolkitError

__all__ = ["asking"]


@contextmanager
def asking(name: str, what: str = "what it is") -> Iterator[None]:
    """Say in one line what went wrong in a question to a service.

    Args:
        name: of the backend.
        what: it is asked.

    Raises:
        BackendError: if the service refused, was not reached, or did not answer as it should.
    """
    try:
        yield
    except QToolkitError:
        raise
    except (Refused, NotSent, OSError, ValueError) as error:
        raise BackendError(f"{name} cannot be asked {what}: {redacted(error)}; nothing was submitted") from safe_cause(
            error
        )
