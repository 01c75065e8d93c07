"""How long does a logical qubit live? A surface code under random errors, a repetition code under coherent ones.

Run it with ``python examples/qec_memory.py``; it needs the ``qec`` extra and takes a few seconds.
"""

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qtoolkit.applications.qec import coherent_repetition_memory, logical_error_rates, threshold_crossing

console = Console()


def surface_code() -> None:
    rates = [0.002, 0.004, 0.008, 0.01, 0.012, 0.016]
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Sampling and decoding")
        sweep = logical_error_rates(
            [3, 5],
            rates,
            max_shots=100_000,
            max_errors=2_000,
            seed=2026,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    crossing = threshold_crossing(sweep, 3, 5)

    table = Table(title="Rotated surface code: logical errors per 100 rounds (95 % interval)")
    table.add_column("physical rate", justify="right")
    for distance in sweep.distances:
        table.add_column(f"distance {distance}", justify="right")
    table.add_column("distance 5 is", justify="right")
    per_round = sweep.logical_error_rates_per_round
    low, high = 100 * sweep.confidence_intervals_per_round
    for j, rate in enumerate(sweep.physical_error_rates):
        cells = [f"{100 * per_round[i, j]:.3f} ({low[i, j]:.3f}–{high[i, j]:.3f})" for i in range(2)]
        ratio = per_round[0, j] / per_round[1, j]
        table.add_row(f"{rate:g}", *cells, f"{ratio:.1f}× better" if ratio > 1 else f"{1 / ratio:.1f}× worse")
    console.print(table)
    console.print(
        f"The curves cross at a physical error rate of {crossing.physical_error_rate:.4f} ± "
        f"{crossing.standard_error:.4f}. Below it, distance 5 keeps the logical qubit better than 3; above it, worse.\n"
        "Every gate, reset and measurement fails at the physical rate; the state is kept for as many rounds as the "
        "distance.\n"
    )


def repetition_code() -> None:
    result = coherent_repetition_memory(angle=0.5, rounds=[1, 2, 4, 8, 16], shots=4_000, seed=2026)
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
    surface_code()
    repetition_code()
