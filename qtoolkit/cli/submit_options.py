"""What ``qtoolkit submit`` is told: circuits, options of the backend, and leave to spend."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends import Backend, CostEstimate
    from qtoolkit.circuit import Circuit

__all__ = ["Program", "agreed", "opened", "parse_options", "programs_of"]

_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Program:
    """A circuit to submit.

    Attributes:
        name: of the file.
        circuit: with a measurement, and the values of its parameters.
        register: into which every qubit is measured because the file measures nothing; None otherwise.
    """

    name: str
    circuit: Circuit
    register: str | None


def programs_of(sources: Sequence[str], values: Mapping[str, float], include_path: Path | None) -> list[Program]:
    """The circuits of files, each with the values of its own parameters.

    Raises:
        InputError: if a file cannot be read, or standard input is named twice.
        ParameterError: if a value is for a parameter that no circuit has, or a parameter has no value.
    """
    from qtoolkit.cli.circuits import measure_if_nothing_is, read_circuit
    from qtoolkit.cli.output import note
    from qtoolkit.errors import ParameterError

    if sources.count("-") > 1:
        raise InputError("standard input holds one circuit, got - twice; name files instead")
    found: list[Program] = []
    used: set[str] = set()
    for source in sources:
        circuit = read_circuit(source, include_path)
        register = measure_if_nothing_is(circuit)
        own = {parameter.name: values[parameter.name] for parameter in circuit.parameters if parameter.name in values}
        used.update(own)
        bound = circuit.bind(own) if circuit.parameters else circuit
        found.append(Program("standard input" if source == "-" else source, bound, register))
    if unused := sorted(set(values) - used):
        raise ParameterError(f"no circuit has the parameter {', '.join(unused)}; see the input lines of the files")
    if measured := [program.name for program in found if program.register is not None]:
        what = "The circuit" if len(found) == 1 else ", ".join(dict.fromkeys(measured))
        verb = "measures" if len(set(measured)) == 1 else "measure"
        note(f"{what} {verb} nothing: every qubit is measured at the end.")
    return found


def parse_options(entries: Sequence[str]) -> dict[str, Any]:
    """Options of a backend as they are typed: ``optimization_level=3``, ``name=text``, ``flag=true``.

    Raises:
        InputError: if one is not ``name=value``, or a name comes twice.
    """
    options: dict[str, Any] = {}
    for entry in entries:
        name, separator, text = (part.strip() for part in entry.partition("="))
        if not (name and separator):
            raise InputError(f"an option is given as name=value, such as optimization_level=3, got {entry!r}")
        if name in options:
            raise InputError(f"each option is given once, got {name} twice")
        options[name] = _value(text)
    return options


def opened(name: str, options: Mapping[str, Any], max_cost: str | None) -> Backend:
    """A backend with its options, and a cap of each job where it is a cloud.

    Raises:
        QToolkitError: if it cannot be opened, or the cap is no amount.
    """
    from qtoolkit.backends import CloudBackend, get_backend
    from qtoolkit.backends.money import check_max_cost

    cap = check_max_cost(max_cost)
    if "max_cost" in options:
        raise InputError("the cap of a job is given by --max-cost, not by --option")
    backend = get_backend(name, **options)
    if isinstance(backend, CloudBackend) and cap is not None:
        backend.max_cost = cap
    return backend


def agreed(estimate: CostEstimate, backend: str, is_capped: bool, says_yes: bool) -> bool:
    """Whether a job may be submitted: what is not free is asked about, unless it is capped or agreed to before.

    Raises:
        InputError: if somebody must be asked and nobody is there.
    """
    if says_yes or is_capped or (estimate.amount is not None and not estimate.amount):
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        # A cap helps where there is a price alone: what has none is refused under any.
        or_cap = "" if estimate.amount is None else ', or cap it by --max-cost "5 USD"'
        raise InputError(
            f"a job on {backend} is not known to be free ({estimate.text}), and nobody is here to be asked: say --yes"
            + or_cap
        )
    import typer

    return typer.confirm("Submit it?", err=True)


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
