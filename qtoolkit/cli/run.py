"""``qtoolkit run``: an OpenQASM file on a backend."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends import Backend
    from qtoolkit.circuit import Circuit
    from qtoolkit.primitives import Result

__all__ = ["run"]

_MAX_CHARACTERS = 1 << 28


def run(
    circuit: Annotated[str, typer.Argument(metavar="CIRCUIT", help="OpenQASM 2 or 3 file, - for standard input.")],
    more_parameters: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="More parameter values.")
    ] = None,
    shots: Annotated[int, typer.Option(min=1, help="How often the circuit is run.")] = 1024,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; drawn and printed if left out.")] = None,
    backend: Annotated[str, typer.Option(help="Where to run; see qtoolkit backends.")] = "local",
    noise: Annotated[
        str | None,
        typer.Option(metavar="DEVICE", help="Simulate with a device's noise: ibm:fake_manila, google:rainbow."),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Value of an input parameter in radians: 0.3 or 3*pi/4."),
    ] = None,
    include_path: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where files that the circuit includes may lie; nowhere if left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Run an OpenQASM circuit and print how often each bitstring came.

    A circuit that measures nothing gets a measurement of every qubit. The highest bit is printed leftmost.
    """
    from qtoolkit.backends import get_backend
    from qtoolkit.cli.output import note, print_json, stdout_console
    from qtoolkit.cli.parameters import parse_parameters
    from qtoolkit.report.counts import counts_table
    from qtoolkit.simulators.automatic.features import measures

    values = parse_parameters([*(parameters or ()), *(more_parameters or ())])
    place = get_backend(backend) if noise is None else _noisy(backend, noise)
    program = _read(circuit, include_path)
    register = None if measures(program.operations) else _measure_all(program)
    result = place.run(program, shots, seed=seed, parameters=values or None).result()
    if register is not None:
        result = result.register(register)
        note("The circuit measures nothing: every qubit was measured at its end.")
    if seed is not None and result.seed is None:
        note(f"The backend {backend} takes no seed: another run will give other counts.")
    if as_json:
        print_json({"circuit": circuit, "num_qubits": program.num_qubits, "noise": noise, **_data(result)})
        return
    console = stdout_console()
    console.print(counts_table(result.counts))
    console.print(f"\n{_evidence(result, program.num_qubits, place.capabilities.is_local, noise)}")


def _noisy(backend: str, noise: str) -> Backend:
    from qtoolkit.backends import get_backend
    from qtoolkit.backends.noise import device_noise

    if get_backend(backend).name.partition(":")[0] != "local":
        raise InputError(f"noise is for the backends local and local:single, got {backend}, which has its own")
    return get_backend(backend, noise=device_noise(noise))


def _read(source: str, include_path: Path | None) -> Circuit:
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


def _measure_all(circuit: Circuit) -> str:
    """Measure every qubit into a register of its own, and return the register's name."""
    taken = {register.name for register in circuit.clbit_registers}
    name = next(name for name in ("meas", *(f"meas{k}" for k in range(len(taken)))) if name not in taken)
    circuit.measure_all(name)
    return name


def _data(result: Result) -> dict[str, Any]:
    from qtoolkit.report.counts import counts_data

    return {
        "num_clbits": result.num_clbits,
        "registers": {register.name: list(register.clbits) for register in result.registers},
        "shots": result.shots,
        "seed": result.seed,
        "backend": result.backend_name,
        "counts": counts_data(result.counts),
        "metadata": _plain(result.metadata),
    }


def _evidence(result: Result, num_qubits: int, is_local: bool, noise: str | None) -> str:
    known = result.metadata
    facts = [f"{result.shots:,} shots", f"{num_qubits} qubits", f"backend {result.backend_name}"]
    if noise is not None:
        facts.append(f"noise of {noise}")
    if result.seed is not None:
        facts.append(f"seed {result.seed}")
    if known.get("method", "statevector") != "statevector":
        facts.append(f"method {known['method']}")
    if "precision" in known:
        facts.append(f"precision {known['precision']}")
    # A job elsewhere can be found again by its id; one in this process is gone with it.
    if not is_local and "job_id" in known:
        facts.append(f"job {known['job_id']}")
    if "wall_time" in known:
        facts.append(f"{known['wall_time']:.3g} s")
    return "; ".join(facts)


def _plain(value: Any) -> Any:
    """Metadata as JSON types; what has none is written as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
