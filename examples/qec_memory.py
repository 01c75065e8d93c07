"""How long does a logical qubit live? A surface code under random errors, a repetition code under coherent ones.

Run it with ``python examples/qec_memory.py``; it needs the ``qec`` extra and takes some ten seconds. ``--store FILE``
keeps what was counted, so that a second run with more ``--shots`` goes on from there.
"""

import argparse

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qtoolkit.applications.qec import (
    ExperimentProgress,
    ExperimentStore,
    both_bases,
    coherent_repetition_memory,
    fit_suppression,
    memory_tasks,
    run_experiments,
    unprotected_error_rate,
)

console = Console()

RATES = [0.002, 0.004, 0.008, 0.012]
DISTANCES = [3, 5, 7]


def surface_code(shots: int, seed: int, path: str | None) -> None:
    tasks = memory_tasks("rotated-surface", DISTANCES, RATES, bases=("x", "z"), noise="circuit", decoder="matching")
    store = None if path is None else ExperimentStore(path)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Sampling and decoding", total=1.0)

        def tell(state: ExperimentProgress) -> None:
            bar.update(task, completed=state.share)

        results = run_experiments(tasks, max_shots=shots, max_errors=500, seed=seed, store=store, progress=tell)

    pairs = both_bases(results)
    table = Table(title="Rotated surface code: logical errors per 1,000 rounds (95 % interval), mean of both bases")
    table.add_column("physical rate", justify="right")
    for distance in DISTANCES:
        table.add_column(f"distance {distance}", justify="right")
    table.add_column("a bare qubit", justify="right")
    table.add_column("Λ", justify="right")
    for rate in RATES:
        here = [pair for pair in pairs if pair.physical_error_rate == rate]
        cells = []
        for pair in here:
            low, high = (1_000 * end for end in pair.confidence_interval_per_round)
            cells.append(f"{1_000 * pair.logical_error_rate_per_round:.2f} ({low:.2f}–{high:.2f})")
        fit = fit_suppression(here)
        low, high = fit.confidence_interval
        bare = 1_000 * unprotected_error_rate(rate)
        table.add_row(f"{rate:g}", *cells, f"{bare:.2f}", f"{fit.factor:.2f} ({low:.2f}–{high:.2f})")
    console.print(table)
    fit = fit_suppression([pair for pair in pairs if pair.physical_error_rate == RATES[0]])
    wanted = fit.project(1e-9)
    low, high = wanted.num_qubits_interval
    most = "any number of" if high is None else f"{high:,}"
    console.print(
        f"At {RATES[0]:g} two more of distance divide the error of a round by Λ = {fit.factor:.2f}. If that goes on, "
        f"an error of 10⁻⁹ takes distance {wanted.distance}: {wanted.num_qubits:,} qubits ({low:,} to {most}).\n"
        "Every gate, reset and measurement fails at the physical rate; the state is kept for as many rounds as the "
        "distance. Where Λ is below 1, larger codes only make more errors.\n"
    )


def repetition_code(shots: int, seed: int) -> None:
    result = coherent_repetition_memory(angle=0.5, rounds=[1, 2, 4, 8, 16], shots=shots, seed=seed)
    table = Table(title=f"Three-qubit repetition code, every qubit turned by {result.angle:g} rad in each round")
    for heading in ("rounds", "exact", "sampled (95 % interval)", "Pauli twirl", "exact / twirl"):
        table.add_column(heading, justify="right")
    low, high = result.confidence_intervals
    for k, rounds in enumerate(result.rounds):
        table.add_row(
            str(rounds),
            f"{result.exact[k]:.4f}",
            f"{result.sampled[k]:.4f} ({low[k]:.4f} to {high[k]:.4f})",
            f"{result.twirled[k]:.4f}",
            f"{result.exact[k] / result.twirled[k]:.2f}",
        )
    console.print(table)
    console.print(
        "The twirl replaces each rotation by a random flip of the same probability. After one round it is exact, but "
        "the rotations that correction leaves behind add up as amplitudes, and the excess over the twirl at first "
        "grows with the square of the number of rounds."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shots", type=int, default=20_000, help="most shots of each point (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="of all random choices (default: %(default)s)")
    parser.add_argument("--store", help="file of what was counted, to go on from")
    options = parser.parse_args()
    surface_code(options.shots, options.seed, options.store)
    repetition_code(min(options.shots, 4_000), options.seed)
