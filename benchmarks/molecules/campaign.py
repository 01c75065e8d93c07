"""The sections of `benchmarks/chemistry.py`, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from peers.machine import describe

from molecules.contest import Bench, load
from molecules.energies import measure_energies
from molecules.gradients import measure_gradients
from molecules.searches import measure_ground_states, measure_searches
from molecules.strings import measure_evolutions, measure_products
from qtoolkit import __version__

__all__ = ["SECTIONS", "run"]

SECTIONS: dict[str, Callable[[Bench], None]] = {
    "search": measure_searches,
    "whole": measure_ground_states,
    "gradient": measure_gradients,
    "evolution": measure_evolutions,
    "product": measure_products,
    "values": measure_energies,
}


def run(sections: Sequence[str], bench: Bench) -> None:
    """Print what is compared, the tables, and the goals that were missed."""
    start = time.perf_counter()
    threads = bench.threads
    clock = "the processor's seconds" if threads == 1 else "seconds that pass"
    print(f"qtoolkit {__version__}; {describe()['processor']}; {threads} threads for each side, {clock}; {load()}")
    print("Medians of alternating turns, ratios of neighbours; answers agree to 1e-8. See --help for what is counted.")
    with bench:
        try:
            for section in sections:
                SECTIONS[section](bench)
        except KeyboardInterrupt:
            print("\nStopped; the rest was not measured.")
        versions = ", ".join(f"{name} {number}" for name, number in bench.versions.items())
        print(f"\nRivals: {versions or 'none'}; {load()}; {time.perf_counter() - start:.0f} s in all.")
        print(f"Goals missed: {len(bench.missed)}")
        for text in (*bench.missed, *(f"left out: {failure}" for failure in bench.failures)):
            print(f"- {text}")
