"""Circuits as commands take them: OpenQASM files, or standard input."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.circuit import Circuit

__all__ = ["measure_if_nothing_is", "read_circuit"]

_MAX_CHARACTERS = 1 << 28


def read_circuit(source: str, include_path: Path | None) -> Circuit:
    """The circuit of an OpenQASM 2 or 3 file, - for standard input; what the reader warns of is noted on stderr.

    Raises:
        InputError: if it cannot be read.
        ConversionError: if it is no OpenQASM.
    """
    from qtoolkit.cli.output import note
    from qtoolkit.interop.openqasm import from_qasm

    try:
        if source == "-":
            text = sys.stdin.read(_MAX_CHARACTERS + 1)
        else:
            with Path(source).open(encoding="utf-8") as file:
                text = file.read(_MAX_CHARACTERS + 1)  # devices have no end
    except OSError as error:
        raise InputError(
            f"the circuit must be a file that can be read, or - for standard input; got {source} ({error.strerror})"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"OpenQASM is text in UTF-8, got something else in {source}") from None
    except ValueError:
        raise InputError(f"the circuit must be a file that can be read, got the path {source!r}") from None
    if len(text) > _MAX_CHARACTERS:
        raise InputError(f"a circuit's text may have {_MAX_CHARACTERS:,} characters, got more in {source}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program = from_qasm(text, include_path=include_path)
    for warning in caught:
        note(str(warning.message))
    return program


def measure_if_nothing_is(circuit: Circuit) -> str | None:
    """Measure every qubit of a circuit that measures nothing, and return the register's name; None for others."""
    from qtoolkit.simulators.automatic.features import measures

    if measures(circuit.operations):
        return None
    taken = {register.name for register in circuit.clbit_registers}
    name = next(name for name in ("meas", *(f"meas{k}" for k in range(len(taken)))) if name not in taken)
    circuit.measure_all(name)
    return name
