"""Every error the toolkit raises: each says the rule, the value and the remedy.

All derive from `QToolkitError` and from the built-in that fits, so that code
which knows nothing of the toolkit can still catch them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "BackendError",
    "CircuitError",
    "ConversionError",
    "ConvergenceError",
    "CostLimitError",
    "CredentialsError",
    "InputError",
    "InsufficientMemoryError",
    "JobError",
    "MissingExtraError",
    "OperatorError",
    "OutputError",
    "ParameterError",
    "PartialFailureError",
    "QToolkitError",
    "QubitIndexError",
    "UnboundParameterError",
    "UnknownBackendError",
    "UnknownSubmissionError",
]


_LONGEST = 500
"""Letters of a message; where a value makes it longer, its middle is left out."""


class QToolkitError(Exception):
    """Base of every error raised by the toolkit; its message is one line of readable length, whatever was passed."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(_one_line(part) if isinstance(part, str) else part for part in args))


def _one_line(message: str) -> str:
    text = message.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(text.splitlines()) > 1 or text.endswith("\n"):
        text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


class InputError(QToolkitError, ValueError):
    """An argument breaks a rule that its docstring states."""


class CircuitError(InputError):
    """A gate, operation or circuit breaks a rule: repeated targets, non-unitary matrix, wrong length."""


class QubitIndexError(CircuitError, IndexError):
    """A qubit or classical bit index lies outside the circuit."""


class ParameterError(InputError):
    """A parameter value is not finite, or the wrong number of values was given."""


class UnboundParameterError(ParameterError):
    """A circuit still has free parameters where numbers are needed."""


class OperatorError(InputError):
    """A Pauli string, Pauli sum or fermionic operator is malformed."""


class ConversionError(InputError):
    """A circuit or operator has something the other format, or this toolkit, cannot express."""


class InsufficientMemoryError(QToolkitError, MemoryError):
    """A state needs more bytes than the machine has free; both figures are in the message."""


class ConvergenceError(QToolkitError, ArithmeticError):
    """An iteration ended before it reached its tolerance."""


class MissingExtraError(QToolkitError, ImportError):
    """An optional package is not installed; the message holds the command that installs it."""


class OutputError(QToolkitError, OSError):
    """A file or stream could not be written, on a full disk for example; a file that was there before is untouched."""


class BackendError(QToolkitError, RuntimeError):
    """A backend refused or failed a request."""


class UnknownBackendError(BackendError, LookupError):
    """No backend has this name; the message lists those that exist."""


class JobError(BackendError):
    """A job failed, was cancelled, or did not finish in the time allowed."""


class UnknownSubmissionError(JobError):
    """A request may have been accepted or not: nothing says. It is not sent again; its job can be reconciled.

    Attributes:
        job_id: of the job on record.
    """

    def __init__(self, message: str, job_id: str = "") -> None:
        super().__init__(message)
        self.job_id = job_id


class PartialFailureError(JobError):
    """Some circuits of a job failed.

    Attributes:
        results: one for each circuit, None for those that failed.
        failures: the reason of each that failed, by its index.
    """

    def __init__(self, message: str, results: Sequence[Any] = (), failures: Mapping[int, str] | None = None) -> None:
        super().__init__(message)
        self.results = list(results)
        self.failures = dict(failures or {})


class CostLimitError(BackendError):
    """A job would cost more than a cap allows, or its price is unknown while a cap is set; nothing has left."""


class CredentialsError(BackendError):
    """A credential is missing, or a provider does not take it."""
