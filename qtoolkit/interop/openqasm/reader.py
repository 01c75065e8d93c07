"""`from_qasm`: OpenQASM 2 and 3 text to circuits."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, InputError, InsufficientMemoryError
from qtoolkit.interop.openqasm.reading import LocatedError, read, version_of

__all__ = ["from_qasm"]

_MAX_OPERATIONS = 1_000_000
_VERSION = re.compile(r"(2)(?:\.0)?|(3)(?:\.[0-9]{1,3})?")


def from_qasm(
    text: str, *, max_operations: int | None = None, include_path: str | os.PathLike[str] | None = None
) -> Circuit:
    """Read a circuit from OpenQASM 2 or 3, by its header (without one, 2 where it says ``qreg``, else 3).

    Qubits and classical bits are numbered in order of declaration. ``input`` parameters stay free, in the order of
    their declaration, whether they are used or not. A gate that the text defines is what the text says, whatever its
    name; where that is a gate here of the same name, it becomes that gate, else its definition is unrolled. Loops are
    unrolled, delays and annotations left out. Version 3 divides integers without remainder, and a warning says where
    that leaves one.

    Args:
        text: the program.
        max_operations: what the text may unroll to: operations, rounds of loops, calls of definitions and bits. By
            default a million, or a step for each character of a longer text. A million takes some seconds and some
            hundred megabytes.
        include_path: a folder to include files from; without it only ``qelib1.inc`` (version 2) and ``stdgates.inc``
            (version 3) can be included, and no file is ever read.

    Raises:
        ConversionError: with the line where the text does not parse, or naming what has no counterpart here, or where
            it unrolls to too much.
        InputError: for another kind of argument.
        InsufficientMemoryError: if the circuit does not fit into memory.
    """
    if not isinstance(text, str):
        raise ConversionError(f"from_qasm takes the text as a string, got {type(text).__name__}; read the file before")
    if max_operations is None:
        max_operations = max(_MAX_OPERATIONS, len(text))
    elif isinstance(max_operations, bool) or not isinstance(max_operations, int | np.integer) or max_operations < 1:
        raise InputError(f"max_operations must be an integer of at least 1, got {shown(max_operations)}")
    if include_path is not None and not isinstance(include_path, str | os.PathLike):
        raise InputError(f"include_path must be the path of a folder, got {shown(include_path)}")
    named = version_of(text)
    if not named:
        raise ConversionError("the text is empty; OpenQASM declares at least its qubits")
    known = _VERSION.fullmatch(named)
    if known is None:
        raise ConversionError(f"OpenQASM versions are 2 and 3, got {named[:20]}; change the header if it is compatible")
    version = int(known[1] or known[2])
    try:
        circuit, truncated = read(
            text, version, int(max_operations), None if include_path is None else Path(include_path)
        )
    except LocatedError as error:
        raise ConversionError(f"cannot read OpenQASM {version}{error}") from error.__cause__
    except RecursionError as error:
        raise ConversionError(f"cannot read OpenQASM {version}: it nests too deep; write it flat") from error
    except MemoryError as error:
        raise InsufficientMemoryError(
            f"a text of {len(text)} characters unrolls to more than fits into memory; lower max_operations to be told "
            "before"
        ) from error
    if truncated:
        warnings.warn(
            f"OpenQASM 3 divides integers without remainder: {truncated[0]}; write a number with a point for the "
            "quotient",
            UserWarning,
            stacklevel=2,
        )
    return circuit
