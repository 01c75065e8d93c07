"""`from_qasm`: OpenQASM 2 and 3 text to circuits."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from typing import Any

from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError

__all__ = ["from_qasm"]

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_VERSION = re.compile(r"\bOPENQASM\s+(\d+)")
_LOCATION = re.compile(r"^(?:<input>:|L)?(?P<line>\d+)(?:,\s*|:C)(?P<column>\d+):\s*")  # counts columns from 0


def from_qasm(text: str) -> Circuit:
    """Read a circuit from OpenQASM 2 or 3, by its header (without one, 2 where it says ``qreg``, else 3).

    Qubits and classical bits are numbered in order of declaration. ``input`` parameters stay free. Gates that the
    text defines with the name and the decomposition of a gate here become that gate; others are unrolled.

    Raises:
        ConversionError: with the line where the text does not parse, or naming what has no counterpart here.
    """
    if not isinstance(text, str):
        raise ConversionError(f"from_qasm takes the text as a string, got {type(text).__name__}; read the file before")
    from qtoolkit.interop.qiskit import from_qiskit

    if not _COMMENT.sub(" ", text).strip():
        raise ConversionError("the text is empty; OpenQASM declares at least its qubits")
    version = _version(text)
    if version not in (2, 3):
        raise ConversionError(f"OpenQASM versions are 2 and 3, got {version}; change the header if it is compatible")
    return from_qiskit(_parsed(text, version))


def _version(text: str) -> int:
    bare = _COMMENT.sub(" ", text)
    header = _VERSION.search(bare)
    if header:
        return int(header[1])
    return 2 if re.search(r"\bqreg\b", bare) else 3


def _parsed(text: str, version: int) -> Any:
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # the parsers warn of their own use of what Qiskit deprecates
            if version == 2:
                from qiskit import qasm2

                return qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
            from qtoolkit.interop.openqasm.grammar3 import parse

            return parse(text)
    except ImportError:
        raise
    except Exception as error:  # text from anywhere makes the parsers fail in many ways, all of which mean the same
        raise ConversionError(f"cannot read OpenQASM {version}{_reason(error)}") from error


def _reason(error: Exception) -> str:
    message = str(getattr(error, "message", error)).strip() or type(error).__name__
    located = _LOCATION.match(message)
    if located:
        return f", line {located['line']}, column {int(located['column']) + 1}: {message[located.end() :]}"
    token = _offending_token(error)
    if token is not None:
        return f", line {token.line}, column {token.column + 1}: unexpected {token.text!r}"
    return f": {message}"


def _offending_token(error: BaseException | None) -> Any | None:
    """The token at which the grammar of version 3 stopped, from the chain of errors that its parser raises."""
    while error is not None:
        for candidate in (error, *error.args):
            token = getattr(candidate, "offendingToken", None)
            if token is not None:
                return token
        error = error.__cause__
    return None
