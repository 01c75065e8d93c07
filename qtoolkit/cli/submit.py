"""``qtoolkit submit``: OpenQASM files to a cloud, with their price before and their state until the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.cli.options import with_groups
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends import Backend, CloudBackend, CloudJob, CostEstimate
    from qtoolkit.cli.submit_options import Program
    from qtoolkit.primitives import Result

__all__ = ["SubmitOptions", "submit"]


@dataclass(frozen=True)
class SubmitOptions:
    """What is done with a job besides running it."""

    max_cost: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help='Nothing leaves if the job may cost more, such as "5 USD".'),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write what would be sent, and send nothing.")] = False
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Of a dry run: a new or empty folder for a file per submission."),
    ] = None
    verify: Annotated[
        bool, typer.Option("--verify", help="Simulate what was sent here, and compare the counts with that.")
    ] = False
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the result, or print the job's id.")] = True
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Submit without asking, whatever it costs.")] = False
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.")] = False


@with_groups
def submit(
    circuits: Annotated[
        list[str], typer.Argument(metavar="CIRCUIT...", help="OpenQASM 2 or 3 files, - for standard input.")
    ],
    *,
    backend: Annotated[str, typer.Option(help="Where to run; see qtoolkit backends.")],
    shots: Annotated[int, typer.Option(min=1, help="How often each circuit is run.")] = 1024,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed, where the backend takes one.")] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Value of an input parameter in radians: 0.3 or 3*pi/4."),
    ] = None,
    include_path: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where files that a circuit includes may lie; nowhere if left out."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Option of the backend, such as optimization_level=3."),
    ] = None,
    options: SubmitOptions,
) -> None:
    """Submit OpenQASM circuits to a cloud, several as one batch, and wait for the counts.

    The job is on record before it leaves; Ctrl-C, a crash or a lost connection do not end it.

    Backends of this machine run at once and are not put on record.
    """
    from qtoolkit.backends import CloudBackend
    from qtoolkit.cli.output import note
    from qtoolkit.cli.parameters import parse_parameters
    from qtoolkit.cli.submit_options import opened, parse_options, programs_of

    if options.verify and (options.dry_run or not options.wait):
        raise InputError(
            "--verify compares counts that have come: without --dry-run and --no-wait; see qtoolkit job show"
        )
    if options.output is not None and not options.dry_run:
        raise InputError("--output is the folder of --dry-run; give both, or neither")
    place = opened(backend, parse_options(option or ()), options.max_cost)
    programs = programs_of(circuits, parse_parameters(parameters or ()), include_path)
    if seed is not None and not place.capabilities.supports_seed:
        note(f"The backend {backend} takes no seed: another run will give other counts.")
    if isinstance(place, CloudBackend):
        _submit(place, programs, shots, options)
    else:
        _run_here(place, programs, shots, seed, options)


def _submit(place: CloudBackend, programs: Sequence[Program], shots: int, options: SubmitOptions) -> None:
    from qtoolkit.cli.output import note
    from qtoolkit.cli.submit_options import agreed

    given = _circuits_of(programs)
    estimate = place.estimate_cost(given, shots)
    _tell(place, estimate, len(programs), shots)
    if options.dry_run:
        from qtoolkit.cli.dry_run import write_payloads

        write_payloads(place.payloads(given, shots), estimate, options.output, options.as_json)
    elif not agreed(estimate, place.name, place.max_cost is not None, options.yes):
        note("Nothing was submitted.")
    else:
        job = _sent(place, given, shots)
        if options.wait:
            _wait(job, programs, estimate, options)
        else:
            _leave(job, estimate, options.as_json)


def _sent(place: CloudBackend, given: Any, shots: int) -> Any:
    from qtoolkit.cli.output import note

    try:
        return place.run(given, shots)
    except KeyboardInterrupt:
        note(
            "Interrupted while it was submitted: qtoolkit jobs shows what is on record, qtoolkit reconcile what became "
            "of it."
        )
        raise


def _circuits_of(programs: Sequence[Program]) -> Any:
    """One circuit, or a batch of several."""
    return programs[0].circuit if len(programs) == 1 else [program.circuit for program in programs]


def _tell(place: CloudBackend, estimate: CostEstimate, count: int, shots: int) -> None:
    """What it would cost, on stderr."""
    from qtoolkit.cli.output import note

    circuits = "1 circuit" if count == 1 else f"{count} circuits"
    note(f"{place.name}: {circuits}, {shots:,} shots{'' if count == 1 else ' each'}; cost {estimate.text}")
    note(f"  {estimate.reason}")
    if estimate.source:
        note(f"  {estimate.source} ({estimate.as_of or 'no date'})")


def _leave(job: CloudJob, estimate: CostEstimate, as_json: bool) -> None:
    from qtoolkit.cli.job_records import job_data
    from qtoolkit.cli.output import note, print_json

    if as_json:
        print_json({"job": job_data(job.record), "estimate": estimate.to_json()})
        return
    print(job.id)
    note(
        f"It runs without this command. To see its state: qtoolkit job show {job.id}; for the counts: "
        f"qtoolkit job result {job.id}"
    )


def _wait(job: CloudJob, programs: Sequence[Program], estimate: CostEstimate, options: SubmitOptions) -> None:
    from qtoolkit.cli.cross_check import cross_checked, print_verification
    from qtoolkit.cli.job_records import cost_of, job_data
    from qtoolkit.cli.job_results import awaited_results, print_results, results_data
    from qtoolkit.cli.output import print_json

    names = [program.name for program in programs]
    found, failure = awaited_results(job, None)
    results = _in_registers(found, programs)
    circuits = [program.circuit for program in programs]
    if options.as_json:
        data: dict[str, Any] = {"job": job_data(job.record), "estimate": estimate.to_json()}
        data["results"] = results_data(results, failure, names)
        try:
            if options.verify:
                data["verification"] = cross_checked(job.record, circuits).to_json()
        finally:
            print_json(data)
    else:
        print_results(results, names, is_local=False, cost=cost_of(job.record))
        if options.verify:
            print_verification(cross_checked(job.record, circuits))
    if failure is not None:
        raise failure


def _run_here(
    place: Backend, programs: Sequence[Program], shots: int, seed: int | None, options: SubmitOptions
) -> None:
    """Run on this machine: nothing leaves, and nothing is put on record."""
    from qtoolkit.cli.job_results import print_results, results_data
    from qtoolkit.cli.output import note, print_json

    for is_asked, name in (
        (options.dry_run, "--dry-run"),
        (not options.wait, "--no-wait"),
        (options.verify, "--verify"),
    ):
        if is_asked:
            raise InputError(f"{name} is for jobs that leave this machine, {place.name} runs here; leave it out")
    names = [program.name for program in programs]
    found: Any = place.run(_circuits_of(programs), shots, seed=seed).result()
    results = _in_registers(found if isinstance(found, list) else [found], programs)
    if options.as_json:
        print_json({"job": None, "estimate": None, "results": results_data(results, None, names)})
        return
    print_results(results, names, is_local=True)
    note(f"{place.name} runs on this machine: it cost nothing, and there is no job on record.")


def _in_registers(results: Sequence[Result | None], programs: Sequence[Program]) -> list[Result | None]:
    """Of circuits that measured nothing, the bits that were measured for them."""
    return [
        result if result is None or program.register is None else result.register(program.register)
        for result, program in zip(results, programs, strict=True)
    ]
