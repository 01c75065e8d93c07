"""``qtoolkit run``: an OpenQASM file on a backend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends import Backend

__all__ = ["run"]


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
    from qtoolkit.backends import CloudBackend, get_backend
    from qtoolkit.cli.circuits import measure_if_nothing_is, read_circuit
    from qtoolkit.cli.output import note, print_json, stdout_console
    from qtoolkit.cli.parameters import parse_parameters
    from qtoolkit.cli.results import evidence_of, result_data
    from qtoolkit.report.counts import counts_table

    values = parse_parameters([*(parameters or ()), *(more_parameters or ())])
    place = get_backend(backend) if noise is None else _noisy(backend, noise)
    if isinstance(place, CloudBackend):
        raise InputError(f"{place.name} is a cloud, which may cost money: qtoolkit submit shows its price and runs it")
    program = read_circuit(circuit, include_path)
    register = measure_if_nothing_is(program)
    result = place.run(program, shots, seed=seed, parameters=values or None).result()
    if register is not None:
        result = result.register(register)
        note("The circuit measures nothing: every qubit was measured at its end.")
    if seed is not None and result.seed is None:
        note(f"The backend {backend} takes no seed: another run will give other counts.")
    if as_json:
        print_json({"circuit": circuit, "num_qubits": program.num_qubits, "noise": noise, **result_data(result)})
        return
    console = stdout_console()
    console.print(counts_table(result.counts))
    console.print(f"\n{evidence_of(result, program.num_qubits, place.capabilities.is_local, noise)}")


def _noisy(backend: str, noise: str) -> Backend:
    from qtoolkit.backends import get_backend
    from qtoolkit.backends.noise import device_noise

    if get_backend(backend).name.partition(":")[0] != "local":
        raise InputError(f"noise is for the backends local and local:single, got {backend}, which has its own")
    return get_backend(backend, noise=device_noise(noise))
