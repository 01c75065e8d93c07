"""What experiments add to the samplers and decoders that they use, and shots of circuits that Stim cannot sample.

    python benchmarks/qec_sampling.py             two minutes
    python benchmarks/qec_sampling.py --quick     a look at everything

The first table runs a memory of the rotated surface code under circuit-level noise as an experiment, without and with a
decoder, and the same shots by Stim's sampler and PyMatching alone, all as packed bits, in alternating turns; the ratio
is the median of those of the turns. The goal is 0.9 of their own speed. The second table takes shots of circuits with
rotations, T gates and decay as experiments do, beside figures that Clifft's authors publish for circuits of the same
names: from another machine, a two-core Zen 5, and perhaps other circuits, so that they tell the order of magnitude.
Everything runs on one thread, and seconds are those of its processor.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pymatching
import stim

from qtoolkit import NearCliffordSimulator
from qtoolkit.applications.qec import (
    ExperimentTask,
    NoisePreset,
    code_named,
    corrected_memory_circuit,
    cultivation_circuit,
    distillation_circuit,
    memory_circuit,
    memory_tasks,
    noise_preset,
    run_experiment,
)
from qtoolkit.circuit import Circuit
from qtoolkit.noise import over_rotation

RATE = 1e-3
TURNS = 7


def seconds_of(run: Callable[[], object]) -> float:
    """Processor time of a run."""
    started = time.process_time()
    run()
    return time.process_time() - started


def processor() -> str:
    """What the machine calls its processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def pauli_rows(quick: bool) -> Iterator[tuple[str, int, float, float]]:
    """What was run, shots, shots a second of ours, and the ratio to theirs."""
    for distance in (3, 5, 7):
        (task,) = memory_tasks("rotated-surface", [distance], [RATE])
        assert isinstance(task.circuit, stim.Circuit)
        circuit = task.circuit
        for decoder in (None, "matching"):
            ours = ExperimentTask(circuit, decoder)
            matching = pymatching.Matching(circuit.detector_error_model(decompose_errors=True))
            size = ours.batch_shots
            assert size is not None
            batches = max(1, (40 if quick else 400) // distance // (1 if decoder is None else 3))
            shots = size * batches

            def theirs(size=size, batches=batches, decoder=decoder, circuit=circuit, matching=matching) -> None:
                for number in range(batches):
                    sampler = circuit.compile_detector_sampler(seed=number)
                    events, _ = sampler.sample(size, separate_observables=True, bit_packed=True)
                    if decoder is not None:
                        matching.decode_batch(events, bit_packed_shots=True, bit_packed_predictions=True)

            def own(ours=ours, shots=shots) -> None:
                run_experiment(ours, max_shots=shots, seed=1)

            own()
            theirs()
            ratios, times = [], []
            for turn in range(TURNS):
                order = (own, theirs) if turn % 2 else (theirs, own)
                taken = {run: seconds_of(run) for run in order}
                ratios.append(taken[theirs] / taken[own])
                times.append(taken[own])
            name = f"d={distance}, {distance} rounds, {'shots alone' if decoder is None else 'decoded'}"
            yield name, shots, shots / min(times), statistics.median(ratios)


def other_circuits() -> Iterator[tuple[str, Circuit, float | None]]:
    """Name, circuit, and the figure that is published for Clifft."""
    turned = NoisePreset("turned", data=over_rotation("X", 0.02))
    published = {(3, 1): 5.5e6, (3, 3): 0.9e6, (5, 1): 94e3, (5, 5): 2.6e3}
    for (distance, rounds), figure in published.items():
        code = code_named("rotated-surface", distance=distance)
        name = f"coherent d={distance}, {rounds} round{'s' * (rounds > 1)}"
        yield f"{name}: data", memory_circuit(code, rounds, "z", turned), figure
        if rounds * distance < 25:
            preset = noise_preset("coherent", RATE)
            yield f"{name}: data and gates", memory_circuit(code, rounds, "x", preset), figure
    code = code_named("rotated-surface", distance=3)
    decay = noise_preset("amplitude-damping", RATE)
    yield "decay d=3, 1 round: data and gates", memory_circuit(code, 1, "x", decay), None
    yield "15-to-1 distillation, p=0.01", distillation_circuit(0.01), 1.5e6
    yield "cultivation d=3, p=0.001", cultivation_circuit(noise_preset("circuit", RATE)), 2.7e6
    corrected = corrected_memory_circuit(code, 3, "z", noise_preset("circuit", RATE))
    yield "decoded and corrected d=3, 3 rounds", corrected, None


def rate_of(circuit: Circuit, seconds: float) -> tuple[float, int]:
    """Shots a second of the near-Clifford simulator, the best of three runs, and its active qubits."""
    simulator = NearCliffordSimulator(1)
    plan = simulator.compile(circuit)

    def taken(shots: int, seed: int) -> float:
        return seconds_of(lambda: simulator.sample_detectors(plan, shots, seed=seed))

    shots, elapsed = 256, taken(256, 1)
    while elapsed < seconds / 10 and shots < 1 << 24:
        shots *= 4
        elapsed = taken(shots, 1)
    shots = max(256, int(shots * seconds / max(elapsed, 1e-9)))
    best = min(taken(shots, turn) for turn in range(3))
    return shots / best, simulator.explain(plan).active_qubits


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter runs")
    options = parser.parse_args()
    print(f"{processor()}, one thread, Stim {stim.__version__}, PyMatching {pymatching.__version__}\n")
    print(f"{'Pauli noise, p=0.001':<42}{'shots':>10}{'shots/s':>14}{'of their speed':>16}")
    for name, shots, rate, ratio in pauli_rows(options.quick):
        print(f"{name:<42}{shots:>10,}{rate:>14,.0f}{ratio:>16.2f}", flush=True)
    print(f"\n{'beyond Pauli noise':<42}{'qubits':>10}{'shots/s':>14}{'published':>16}")
    for name, circuit, figure in other_circuits():
        rate, qubits = rate_of(circuit, 0.1 if options.quick else 1.0)
        print(f"{name:<42}{qubits:>10}{rate:>14,.0f}{'' if figure is None else f'{figure:,.0f}':>16}", flush=True)
    print("\npublished: Clifft 0.12 on a two-core Zen 5, figures of its authors, not measured here")


if __name__ == "__main__":
    main()
