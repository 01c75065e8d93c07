"""Shots of the near-Clifford simulator beside Stim's, where that can, and the state vector's.

    python benchmarks/near_clifford.py             some minutes
    python benchmarks/near_clifford.py --quick     a look at everything
    python benchmarks/near_clifford.py --only data

Rows are circuits; shots are those of all detectors and observables. Everything runs on one thread, and seconds are
those of its processor, so that other work on the machine hardly matters; shots are independent, and two threads take
twice as many. "data" is an X rotation by 0.02 of every data qubit before each round of a rotated surface code's memory
in the Z basis, "data XZ" a Z rotation as well, "gates" both on both qubits after every CX, "damping" amplitude damping
by 0.01 in the place of "data"; "noisy" adds circuit-level depolarising noise of 0.001. The last columns tell what a
shot takes: the qubits of the largest component, the amplitudes that are written, and seconds to compile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
import stim

from qtoolkit import Circuit, NearCliffordSimulator, StatevectorSimulator
from qtoolkit.circuit import KrausChannel, StandardGate
from qtoolkit.interop.stim import from_stim
from qtoolkit.noise import amplitude_damping, phase_flip

ANGLE, RATE = 0.02, 1e-3
REPEATS = 3
BATCHES = (1 << 10, 1 << 12, 1 << 14, 1 << 16)
"""Shots of a run: memory that a batch fills for the first time, and caches that it leaves, count more or less."""


def memory(distance: int, rounds: int, rate: float) -> stim.Circuit:
    """Circuit-level depolarising noise of one rate; a vanishing one leaves the places of data noise alone."""
    others = {} if rate < 1e-6 else {
        "after_clifford_depolarization": rate,
        "before_measure_flip_probability": rate,
        "after_reset_flip_probability": rate,
    }  # fmt: skip
    return stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=rounds,
        before_round_data_depolarization=rate,
        **others,
    )


def rotated(source: stim.Circuit, where: str, keep: bool = False, channel: KrausChannel | None = None) -> Circuit:
    """A circuit with rotations, or a channel, in the places of data noise or behind gates; Pauli noise may be kept."""
    given = from_stim(source)
    data = {target.value for item in source.flattened() if item.name == "M" for target in item.targets_copy()}
    circuit = Circuit(given.num_qubits, given.num_clbits)
    before_round = None
    for operation in given.operations:
        gate, qubits = operation.gate, operation.qubits
        if isinstance(gate, KrausChannel):
            is_before_round = len(qubits) == 1 and qubits[0] in data and before_round != "h"
            if where.startswith("data") and is_before_round:
                circuit.rx(ANGLE, qubits[0]) if channel is None else circuit.append(channel, qubits)
                if where.endswith("XZ"):
                    circuit.rz(ANGLE, qubits[0])
            if keep:
                circuit.append(gate, qubits)
            continue
        before_round = gate.name
        circuit.append(gate, qubits, operation.clbits)
        if where == "gates" and gate == StandardGate("cx"):
            for qubit in qubits:
                circuit.rx(ANGLE, qubit).rz(ANGLE, qubit)
    return circuit


def distillation(rate: float) -> Circuit:
    """15 T gates with phase flips that make a better one, on five qubits; the last detector is the output's error."""
    circuit = Circuit(5, 5).h(range(5))
    for column in range(1, 16):
        checks = [k for k in range(4) if column >> k & 1]
        for k in checks:
            circuit.cx(k, 4)
        circuit.t(4).channel(phase_flip(rate), 4)
        for k in checks:
            circuit.cx(k, 4)
    circuit.t(4).h(range(5)).measure(range(5), range(5))
    for qubit in range(5):
        circuit.detector([qubit])
    return circuit


def cases() -> Iterator[tuple[str, Circuit, stim.Circuit | None]]:
    """Name, circuit, and Stim's circuit where it can run it."""
    for distance, rate in ((3, 1e-3), (5, 1e-3), (7, 1e-3), (7, 5e-3)):
        source = memory(distance, distance, rate)
        yield f"Clifford d={distance} r={distance} p={rate:g}", from_stim(source), source
    for where in ("data", "data XZ"):
        for distance, rounds in ((3, 1), (3, 3), (5, 1), (5, 5), (7, 7)):
            yield f"{where} d={distance} r={rounds}", rotated(memory(distance, rounds, 1e-9), where), None
    for distance, rounds in ((3, 3), (5, 5)):
        yield f"data d={distance} r={rounds} noisy", rotated(memory(distance, rounds, RATE), "data", keep=True), None
    for distance, rounds in ((3, 1), (3, 3), (5, 1)):
        yield f"gates d={distance} r={rounds}", rotated(memory(distance, rounds, 1e-9), "gates"), None
    damping = amplitude_damping(0.01)
    yield "damping d=3 r=3", rotated(memory(3, 3, 1e-9), "data", channel=damping), None
    yield "distillation p=0.01", distillation(0.01), None


def rate_of(run: Callable[[int], object], seconds: float) -> float:
    """Shots per second of processor time, in batches of the size that suits whoever runs them."""
    run(BATCHES[0])
    best = 0.0
    for shots in BATCHES:
        spent, turns = 0.0, 0
        while turns < REPEATS or spent < seconds:
            started = time.process_time()
            run(shots)
            elapsed = time.process_time() - started
            best, spent, turns = max(best, shots / elapsed), spent + elapsed, turns + 1
            if spent > 4 * seconds:
                break
        if spent > 4 * seconds:
            break
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter runs")
    parser.add_argument("--only", default="", help="circuits whose name begins so")
    options = parser.parse_args()
    seconds = 0.05 if options.quick else 0.25
    simulator = NearCliffordSimulator(1)
    print(f"{'circuit':<26}{'shots/s':>14}{'Stim':>14}{'ratio':>8}{'qubits':>8}{'amplitudes':>12}{'compile':>9}")
    for name, circuit, source in cases():
        if not name.startswith(options.only):
            continue
        started = time.process_time()
        plan = simulator.compile(circuit)
        report = simulator.explain(plan)
        compiled = time.process_time() - started
        ours = rate_of(lambda shots, plan=plan: simulator.sample_detectors(plan, shots, seed=1), seconds)
        theirs, ratio = "", ""
        if source is not None:
            sampler = source.compile_detector_sampler(seed=1)
            found = rate_of(lambda shots, sampler=sampler: sampler.sample(shots, separate_observables=True), seconds)
            theirs, ratio = f"{found:,.0f}", f"{ours / found:.1f}"
        size = f"{report.active_qubits:>8}{report.cost:>12,}{compiled:>8.2f}s"
        print(f"{name:<26}{ours:>14,.0f}{theirs:>14}{ratio:>8}{size}", flush=True)
    if "data d=3 r=1".startswith(options.only):
        plain = StatevectorSimulator(num_threads=1)
        circuit = rotated(memory(3, 1, 1e-9), "data")
        shots = 20
        started = time.process_time()
        plain.run(circuit, shots, seed=np.random.default_rng(1))
        print(f"\nstate vector, data d=3 r=1: {shots / (time.process_time() - started):,.0f} shots/s in {shots} shots")


if __name__ == "__main__":
    main()
