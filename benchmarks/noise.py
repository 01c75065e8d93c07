"""Circuits with noise behind each gate beside Aer, Qulacs, Cirq and qsim, all in one run.

    python benchmarks/noise.py                     some minutes
    python benchmarks/noise.py --quick             small circuits
    python benchmarks/noise.py --threads 2 --limit 20

The circuit is an ansatz of five layers: RY and RZ on each qubit and a chain of CX, depolarizing noise behind each
gate, with probability 0.001 on one qubit and 0.01 on two; and, for `damping`, amplitude damping of 0.001 on each of
its qubits.

`density`: one expectation value, Z on all qubits, from the density matrix, the circuit built before; values must agree
to 1e-6. `shots` and `damping`: 1000 shots of all qubits from state vectors; means of Z on all qubits must agree within
five standard errors. qsim computes in single precision, all others in double. Each library runs in turn, thrice after
a run that does not count; the fastest run is printed. Who takes longer than the limit in that first run is not asked
again, and not for more qubits; who is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

LAYERS, ONE, TWO, DAMPING, SHOTS = 5, 1e-3, 1e-2, 1e-3, 1000
ROUNDS = 3

Angles = np.ndarray
"""Of RY and RZ, shape ``(layers, num_qubits, 2)``."""


def angles(num_qubits: int) -> Angles:
    return np.random.default_rng(num_qubits).uniform(0, 6, (LAYERS, num_qubits, 2))


def parity(counts: dict[str, int]) -> float:
    """The mean of Z on all qubits."""
    return sum(count * (-1) ** key.count("1") for key, count in counts.items()) / sum(counts.values())


def ours(question: str, num_qubits: int, threads: int) -> Callable[[], float]:
    from qtoolkit import Circuit, DensityMatrixSimulator, PauliSum, StatevectorSimulator
    from qtoolkit.noise import NoiseModel, amplitude_damping, depolarizing

    circuit = Circuit(num_qubits, num_qubits)
    for layer in angles(num_qubits):
        for qubit, (first, second) in enumerate(layer):
            circuit.ry(first, qubit).rz(second, qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    noise = NoiseModel()
    if question == "damping":
        noise.add(amplitude_damping(DAMPING), gates=["ry", "rz"])
        noise.add(amplitude_damping(DAMPING).tensor(amplitude_damping(DAMPING)), gates="cx")
    else:
        noise.add(depolarizing(ONE), gates=["ry", "rz"]).add(depolarizing(TWO, 2), gates="cx")
    noisy = noise.apply(circuit)
    if question == "density":
        simulator, observable = (
            DensityMatrixSimulator(num_threads=threads),
            PauliSum.from_list([("Z" * num_qubits, 1.0)]),
        )
        return lambda: simulator.expectation_value(noisy, observable)
    vectors = StatevectorSimulator(num_threads=threads)
    noisy.measure(range(num_qubits), range(num_qubits))
    seeds = iter(range(1000))
    return lambda: parity(dict(vectors.run(noisy, SHOTS, seed=next(seeds)).counts))


def aer(question: str, num_qubits: int, threads: int) -> Callable[[], float]:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import Pauli
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, amplitude_damping_error, depolarizing_error

    circuit = QuantumCircuit(num_qubits, num_qubits)
    for layer in angles(num_qubits):
        for qubit, (first, second) in enumerate(layer):
            circuit.ry(first, qubit)
            circuit.rz(second, qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    one, two = depolarizing_error(ONE * 4 / 3, 1), depolarizing_error(TWO * 16 / 15, 2)
    if question == "damping":
        one = amplitude_damping_error(DAMPING)
        two = one.tensor(one)
    model = NoiseModel()
    model.add_all_qubit_quantum_error(one, ["ry", "rz"])
    model.add_all_qubit_quantum_error(two, ["cx"])
    method = "density_matrix" if question == "density" else "statevector"
    simulator = AerSimulator(method=method, noise_model=model, max_parallel_threads=threads)
    if question == "density":
        circuit.save_expectation_value(Pauli("Z" * num_qubits), range(num_qubits))
        return lambda: float(simulator.run(circuit).result().data()["expectation_value"])
    circuit.measure(range(num_qubits), range(num_qubits))
    seeds = iter(range(1000))
    return lambda: parity(simulator.run(circuit, shots=SHOTS, seed_simulator=next(seeds)).result().get_counts())


def qulacs(question: str, num_qubits: int, threads: int) -> Callable[[], float] | None:
    """Of density matrices; its trajectories take as long as its own noise simulator's, which has no damping."""
    if question != "density":
        return None
    os.environ["QULACS_NUM_THREADS"] = str(threads)
    from qulacs import DensityMatrix, Observable, QuantumCircuit, gate

    circuit = QuantumCircuit(num_qubits)
    for layer in angles(num_qubits):
        for qubit, (first, second) in enumerate(layer):
            for rotation in (gate.RotY(qubit, first), gate.RotZ(qubit, second)):
                circuit.add_gate(rotation)
                circuit.add_gate(gate.DepolarizingNoise(qubit, ONE))
        for qubit in range(num_qubits - 1):
            circuit.add_gate(gate.CNOT(qubit, qubit + 1))
            circuit.add_gate(gate.TwoQubitDepolarizingNoise(qubit, qubit + 1, TWO))
    state, observable = DensityMatrix(num_qubits), Observable(num_qubits)
    observable.add_operator(1.0, " ".join(f"Z {qubit}" for qubit in range(num_qubits)))

    def run() -> float:
        state.set_zero_state()
        circuit.update_quantum_state(state)
        return float(observable.get_expectation_value(state))

    return run


def cirq_circuit(question: str, num_qubits: int) -> object:
    import cirq

    line, operations = cirq.LineQubit.range(num_qubits), []
    damp = cirq.amplitude_damp(DAMPING)
    for layer in angles(num_qubits):
        for qubit, pair in zip(line, layer, strict=True):
            for gate in (cirq.ry(pair[0]), cirq.rz(pair[1])):
                operations += [gate(qubit), (damp if question == "damping" else cirq.depolarize(ONE))(qubit)]
        for first, second in pairwise(line):
            operations.append(cirq.CNOT(first, second))
            if question == "damping":
                operations += [damp(first), damp(second)]
            else:
                operations.append(cirq.depolarize(TWO, 2)(first, second))
    return cirq.Circuit(operations)


def cirq(question: str, num_qubits: int, threads: int) -> Callable[[], float] | None:
    """Of density matrices; its state vectors are qsim's business. Its threads are NumPy's."""
    if question != "density":
        return None
    import cirq

    circuit, simulator = cirq_circuit(question, num_qubits), cirq.DensityMatrixSimulator(dtype=np.complex128)
    string = cirq.PauliString(dict.fromkeys(cirq.LineQubit.range(num_qubits), cirq.Z))
    observable = cirq.PauliSum.from_pauli_strings([string])
    return lambda: simulator.simulate_expectation_values(circuit, [observable])[0].real


def qsim(question: str, num_qubits: int, threads: int) -> Callable[[], float] | None:
    """Of trajectories."""
    if question == "density":
        return None
    import cirq
    import qsimcirq

    measured = cirq_circuit(question, num_qubits) + cirq.Circuit(
        cirq.measure(*cirq.LineQubit.range(num_qubits), key="m")
    )
    options = qsimcirq.QSimOptions(cpu_threads=threads, max_fused_gate_size=4)
    simulator = qsimcirq.QSimSimulator(options, seed=1)

    def run() -> float:
        bits = simulator.run(measured, repetitions=SHOTS).measurements["m"]
        return float((1 - 2 * (bits.sum(axis=1) & 1)).mean())

    return run


LIBRARIES = {"qtoolkit": ours, "aer": aer, "qulacs": qulacs, "cirq": cirq, "qsim": qsim}
PACKAGES = {"qtoolkit": "qtoolkit", "aer": "qiskit_aer", "qulacs": "qulacs", "cirq": "cirq", "qsim": "qsimcirq"}
SIZES = {"density": (4, 8, 10, 12), "shots": (8, 12, 16, 20), "damping": (8, 12, 16, 20)}


def agree(question: str, value: float, reference: float) -> bool:
    tolerance = 1e-6 if question == "density" else 5 * math.sqrt(2 / SHOTS)
    return abs(value - reference) < tolerance


def measure(question: str, num_qubits: int, names: list[str], threads: int, limit: float) -> dict[str, float]:
    """The fastest run of each, in seconds; those beyond the limit in their first."""
    runs: dict[str, Callable[[], float]] = {}
    best: dict[str, float] = {}
    reference = 0.0
    for name in names:
        run = LIBRARIES[name](question, num_qubits, threads)
        if run is None:
            continue
        started = time.perf_counter()
        value = run()
        first = time.perf_counter() - started
        reference = reference if runs else value
        if not agree(question, value, reference):
            raise SystemExit(f"{name} gives {value} where qtoolkit gives {reference}: {question}, {num_qubits} qubits")
        runs[name] = run
        if first > limit:
            best[name] = first
    for _ in range(ROUNDS):
        for name, run in runs.items():
            if best.get(name, 0.0) <= limit:
                started = time.perf_counter()
                run()
                best[name] = min(best.get(name, math.inf), time.perf_counter() - started)
    return best


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small circuits only")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--limit", type=float, default=30.0, help="seconds of a first run, beyond which one is left out"
    )
    parser.add_argument("--questions", nargs="+", choices=SIZES, default=list(SIZES))
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    there = [name for name, package in PACKAGES.items() if importlib.util.find_spec(package)]
    print("| question | qubits | " + " | ".join(there) + " | ratio |")
    print("|---|---|" + "---|" * (len(there) + 1))
    for question in arguments.questions:
        names = list(there)
        for num_qubits in SIZES[question][: 2 if arguments.quick else None]:
            best = measure(question, num_qubits, names, arguments.threads, arguments.limit)
            rivals = [seconds for name, seconds in best.items() if name != "qtoolkit"]
            cells = [f"{1e3 * best[name]:.3g} ms" if name in best else "" for name in there]
            ratio = f"{min(rivals) / best['qtoolkit']:.1f}x" if rivals else ""
            print(f"| {question} | {num_qubits} | " + " | ".join(cells) + f" | {ratio} |", flush=True)
            names = [name for name in names if name == "qtoolkit" or best.get(name, 0.0) <= arguments.limit]


if __name__ == "__main__":
    main()
