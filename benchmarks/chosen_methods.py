"""What choosing a method costs: shots of memories beside Stim's own, small circuits beside the state vector.

    python benchmarks/chosen_methods.py

Goals: 90 % of Stim's own speed, and some microseconds for a small circuit. Both sides take turns on one thread; times
are medians of the turns, those of the processor in the first table, and so are ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import stim

from qtoolkit import AutomaticSimulator, Circuit, StatevectorSimulator, to_stim
from qtoolkit.applications.qec import code_named, memory_circuit, noise_preset

SHOTS, TURNS, CALLS = 1 << 16, 15, 3000


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], turns: int) -> tuple[float, float, float]:
    """Median seconds of both, and of the ratios of theirs to ours."""
    found = []
    for _ in range(turns):
        start = time.process_time()
        ours()
        middle = time.process_time()
        theirs()
        found.append((middle - start, time.process_time() - middle))
    mine, other = (statistics.median(column) for column in zip(*found, strict=True))
    return mine, other, statistics.median([second / first for first, second in found if first])


def memories(simulator: AutomaticSimulator) -> None:
    """Bits and detectors of rotated surface codes with circuit-level noise of 0.001."""
    print(f"{'memory':<24}{'shots/s':>12}{'Stim':>12}{'ratio':>8}{'first call':>12}")
    for distance in (5, 7):
        circuit = memory_circuit(
            code_named("rotated-surface", distance=distance), distance, "z", noise_preset("circuit", 1e-3)
        )
        program: stim.Circuit = to_stim(circuit)
        bits, detectors = program.compile_sampler(seed=1), program.compile_detector_sampler(seed=1)
        for name, ours, theirs in (
            (
                "bits",
                lambda c=circuit: simulator.run(c, SHOTS, seed=1),
                lambda s=bits: s.sample(SHOTS, bit_packed=True),
            ),
            (
                "detectors",
                lambda c=circuit: simulator.sample_detectors(c, SHOTS, seed=1),
                lambda s=detectors: s.sample(SHOTS, separate_observables=True),
            ),
        ):
            start = time.process_time()
            ours()
            first = time.process_time() - start
            theirs()
            mine, other, ratio = in_turns(ours, theirs, TURNS)
            row = f"{SHOTS / mine:>12,.0f}{SHOTS / other:>12,.0f}{ratio:>8.2f}{first:>11.2f}s"
            print(f"{f'd={distance}, {name}':<24}{row}", flush=True)


def layers(num_qubits: int, num_layers: int) -> Circuit:
    circuit = Circuit(num_qubits).h(0)
    for layer in range(num_layers):
        for qubit in range(num_qubits):
            circuit.rx(0.1 * qubit + layer, qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    return circuit.measure_all()


def small(simulator: AutomaticSimulator) -> None:
    """Calls of small circuits without noise."""
    vectors = StatevectorSimulator(num_threads=1)
    print(f"\n{'small circuit':<24}{'µs a call':>12}{'vector':>12}{'more, µs':>10}")
    for num_qubits, num_layers in ((2, 0), (5, 2), (8, 3)):
        circuit = layers(num_qubits, num_layers)
        mine, other = [], []
        for _ in range(CALLS):
            start = time.perf_counter()
            simulator.run(circuit, 100, seed=1)
            middle = time.perf_counter()
            vectors.run(circuit, 100, seed=1)
            mine.append(middle - start)
            other.append(time.perf_counter() - middle)
        ours, theirs = 1e6 * statistics.median(mine), 1e6 * statistics.median(other)
        name = f"{num_qubits} qubits, {len(circuit)} operations"
        print(f"{name:<24}{ours:>12.1f}{theirs:>12.1f}{ours - theirs:>10.1f}")


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    simulator = AutomaticSimulator(num_threads=1)
    memories(simulator)
    small(simulator)


if __name__ == "__main__":
    main()
