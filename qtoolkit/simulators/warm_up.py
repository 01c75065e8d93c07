"""Compiles what a first run would otherwise compile, by running small examples of everything.

Which code is needed follows from what the simulators call, so the examples are the list: whoever adds a way to run
circuits that calls kernels of its own adds a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qtoolkit.circuit import STANDARD_GATES, Circuit, ParameterVector, StandardGate
from qtoolkit.operators import PauliSum
from qtoolkit.simulators.statevector import Observable, StatevectorSimulator
from qtoolkit_kernels import _cache, _jit

__all__ = ["PRECISIONS", "STEPS", "WarmUpStep", "kernel_folder", "warm_up"]

SIZES = (3, 16)
"""Numbers of qubits: one block on one thread, and several blocks."""

ONE_BLOCK = 11
"""Values and gradients at given parameter values run in another way below, and as one block up to 14 qubits."""

PRECISIONS = ("double", "single")


@dataclass(frozen=True)
class WarmUpStep:
    """What one step came to.

    Attributes:
        name: what was run.
        precision: ``"double"`` or ``"single"``.
        compiled: how many kernels were not kept from before.
        wall_time: seconds.
    """

    name: str
    precision: str
    compiled: int
    wall_time: float


def warm_up(name: str, precision: str) -> WarmUpStep:
    """Run one of `STEPS` in one precision."""
    started, before = time.perf_counter(), len(_jit.compiled_kernels())
    with _jit.waiting_for_compiler():
        STEPS[name](precision)
    compiled = len(_jit.compiled_kernels()) - before
    return WarmUpStep(name, precision, compiled, time.perf_counter() - started)


def kernel_folder() -> Path | None:
    """Where this process last found or kept compiled kernels; None before, and where they cannot be kept."""
    folder: Path | None = _cache.used_folder()
    return folder


def _every_gate(num_qubits: int) -> Circuit:
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for place, record in enumerate(STANDARD_GATES.values()):
        if record.num_qubits <= num_qubits:
            qubits = [(place + 5 * k) % num_qubits for k in range(record.num_qubits)]
            circuit.append(StandardGate(record, [0.1 * (1 + k) for k in range(record.num_params)]), qubits)
    circuit.diagonal(np.exp(1j * np.arange(8)), [0, 1, 2])
    circuit.permutation([1, 2, 3, 0], [0, 2])
    circuit.pauli_rotation("XYZ" + "I" * (num_qubits - 3), 0.3)
    circuit.unitary(np.eye(8)[[1, 2, 3, 4, 5, 6, 7, 0]], [0, 1, 2])
    return circuit


def _unplanned(num_qubits: int) -> Circuit:
    """A circuit of a few gates, each of which runs at once when the circuit is new and small enough."""
    return Circuit(min(num_qubits, 6)).h(0).cx(0, 1).rz(0.1, 1).rx(0.2, 2).rxx(0.3, 0, 2).cp(0.4, 1, 2)


def _ansatz(num_qubits: int) -> tuple[Circuit, list[float]]:
    angles = ParameterVector("theta", 3 * num_qubits)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for q in range(num_qubits):
        circuit.ry(angles[3 * q], q).rz(angles[3 * q + 1], q)
    for q in range(num_qubits):
        circuit.rzz(angles[3 * q + 2], q, (q + 1) % num_qubits).cx(q, (q + 1) % num_qubits)
    return circuit, [0.1 * (1 + k) for k in range(3 * num_qubits)]


def _observables(num_qubits: int) -> list[Observable]:
    rng = np.random.default_rng(1)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(20)]
    diagonal = ["".join(rng.choice(list("IZ"), num_qubits)) for _ in range(20)]
    return [
        PauliSum.from_list([(label, 0.5) for label in labels]),
        PauliSum.from_list([(label, 0.5) for label in diagonal]),
        np.arange(1 << num_qubits, dtype=np.float64),
    ]


def _states(precision: str) -> None:
    simulator = StatevectorSimulator(precision)
    for n in SIZES:
        simulator.state_vector(_unplanned(n))
        simulator.state_vector(_unplanned(n).unitary(np.eye(4)[[0, 2, 3, 1]], [0, 1]))
        state = simulator.state_vector(simulator.compile(_every_gate(n)))
        simulator.state_vector(_every_gate(n), initial_state=state)
        circuit, values = _ansatz(n)
        simulator.state_vector(simulator.compile(circuit), values)
        wide = np.roll(np.eye(64), 1, axis=0)
        simulator.state_vector(Circuit(n + 3).unitary(wide, range(6)))


def _samples(precision: str) -> None:
    simulator = StatevectorSimulator(precision)
    for n in SIZES:
        simulator.run(_unplanned(n).measure_all(), 10, seed=1)
        for shots in (10, 100_000):
            simulator.run(simulator.compile(_ansatz_bound(n).measure_all()), shots, seed=1)


def _probabilities(precision: str) -> None:
    simulator = StatevectorSimulator(precision)
    for n in SIZES:
        for qubits in (None, [0, 2], [n - 1]):
            simulator.probabilities(simulator.compile(_ansatz_bound(n)), qubits)


def _measurements(precision: str) -> None:
    simulator = StatevectorSimulator(precision)
    for n in SIZES:
        circuit = Circuit(n, 2).h(range(n)).measure(0, 0).reset(n - 1)
        circuit.if_(circuit.clbit(0) == 1, lambda body: body.x(1)).h(0).measure(0, 1)
        simulator.trajectory(circuit, seed=1)
        simulator.run(circuit, 20, seed=1)


def _expectation_values(precision: str) -> None:
    simulator = StatevectorSimulator(precision)
    for n in SIZES:
        circuit = simulator.compile(_ansatz_bound(n))
        observables = _observables(n)
        simulator.expectation_value(circuit, observables)
        simulator.expectation_value(circuit, observables[:1])
        for observable in observables:
            simulator.expectation_value(circuit, observable)
            simulator.variance(circuit, observable)
        simulator.overlap(circuit, circuit)
        free, values = _ansatz(n)
        simulator.expectation_value(simulator.compile(free), observables[0], values)


def _batches(precision: str) -> None:
    simulator = StatevectorSimulator(precision)
    circuit, values = _ansatz(4)
    for body in (circuit, circuit.copy().unitary(np.roll(np.eye(8), 1, axis=0), range(3))):
        simulator.expectation_value(body, _observables(4), np.array([values] * 20))


def _gradients(precision: str) -> None:
    simulator = StatevectorSimulator(precision)
    for n in (*SIZES, ONE_BLOCK):
        circuit, values = _ansatz(n)
        for body in (circuit, simulator.compile(circuit)):
            for observable in _observables(n):
                simulator.gradient(body, observable, values)
        simulator.gradient(circuit, _observables(n), np.array([values] * 2))


def _sectors(precision: str) -> None:
    from qtoolkit.simulators.sector.simulator import SectorSimulator

    n = 8
    simulator = SectorSimulator(4, precision)
    angles = ParameterVector("theta", 2 * n)
    circuit = Circuit(n).x(range(0, n, 2))
    for q in range(n):
        circuit.rxx(angles[q], q, (q + 1) % n).ryy(angles[q], q, (q + 1) % n).rzz(angles[n + q], q, (q + 1) % n)
    values = [0.1 * (1 + k) for k in range(2 * n)]
    observable = PauliSum.from_list(
        [("Z" * 2 + "I" * (n - 2), 0.5), ("XX" + "I" * (n - 2), 0.5), ("YY" + "I" * (n - 2), 0.5)]
    )
    for measured in (observable, np.arange(len(simulator.basis(n)), dtype=np.float64)):
        simulator.expectation_value(circuit, measured, values)
        simulator.gradient(circuit, measured, values)
    simulator.probabilities(circuit, parameters=values)


def _noise(precision: str) -> None:
    from qtoolkit.noise import amplitude_damping, depolarizing
    from qtoolkit.simulators.density.simulator import DensityMatrixSimulator

    exact, shots = DensityMatrixSimulator(precision), StatevectorSimulator(precision)
    circuit = _ansatz_bound(5)
    for channel in (depolarizing(0.1, 2), amplitude_damping(0.1)):
        circuit.append(channel, range(channel.num_qubits)).ccx(0, 1, 2)
        exact.density_matrix(circuit)
        exact.probabilities(circuit)
        shots.run(circuit.copy().measure_all(), 20, seed=1)


def _near_clifford(_precision: str) -> None:
    from qtoolkit.simulators.near_clifford import NearCliffordSimulator

    circuit = Circuit(1, 2).rx(0.3, 0).measure(0, 0).decode(np.invert, [0], [1]).detector([1])
    simulator = NearCliffordSimulator()
    simulator.run(circuit, 1, seed=1)
    simulator.sample_detectors(circuit, 1, seed=1)


def _ansatz_bound(num_qubits: int) -> Circuit:
    circuit, values = _ansatz(num_qubits)
    return circuit.bind(values)


STEPS: dict[str, Callable[[str], None]] = {
    "states": _states,
    "samples": _samples,
    "probabilities": _probabilities,
    "measurements": _measurements,
    "expectation values": _expectation_values,
    "batches": _batches,
    "gradients": _gradients,
    "sectors": _sectors,
    "noise": _noise,
    "near-Clifford circuits": _near_clifford,
}
"""What is run, by name; each takes a precision."""
