"""qtoolkit: circuits compiled once, the public simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from peers.circuits import sector_ring
from peers.portable import Gate, PauliTerms, PortableCircuit, Task
from peers.rivals.base import Context, Prepared, Rival
from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import plans
from qtoolkit.simulators import SectorSimulator

__all__ = ["RIVAL"]


_NAMES = {"x", "h", "z", "cx", "cz", "swap"}
_WITH_ANGLE = {"rx", "ry", "rz", "p", "cp", "rxx", "ryy", "rzz"}


class _Run:
    """A circuit, its plan and the simulator."""

    def __init__(
        self, task: Task, context: Context, *, measured: bool = False, simulator: StatevectorSimulator | None = None
    ) -> None:
        self.simulator = simulator or StatevectorSimulator(context.precision, context.threads)
        self.circuit = _circuit(task.circuit)
        if measured:
            self.circuit.measure_all()
        self.values: Any = np.array(task.circuit.parameters) if task.circuit.parameters else None
        self.observable: Any = None if task.observable is None else _observable(task.observable)
        self.plan: Any = None

    def compile(self) -> None:
        self.plan = self.simulator.compile(self.circuit)

    def figures(self) -> dict[str, float]:
        """What the plan says of itself."""
        report = self.plan.explain(self.simulator.precision, self.simulator.num_threads)
        return {
            "sweeps": float(len(report.sweeps)),
            "flops_per_amplitude": report.flops,
            "bytes_per_amplitude": report.bytes,
            "predicted_s": report.seconds,
        }

    def prepared(self, run: Any, read: Any) -> Prepared:
        return Prepared(run, read, self.compile, self.figures)


def _circuit(portable: PortableCircuit) -> Circuit:
    circuit = Circuit(portable.num_qubits)
    vector = list(ParameterVector("t", len(portable.parameters))) if portable.parameters else []
    for gate in portable.gates:
        name, angle = gate.name, gate.angle
        if gate.slot >= 0:
            angle = vector[gate.slot] if gate.factor == 1.0 else gate.factor * vector[gate.slot]
        if name in _WITH_ANGLE:
            getattr(circuit, name)(angle, *gate.qubits)
        elif name in _NAMES:
            getattr(circuit, name)(*gate.qubits)
        else:
            _append(circuit, gate, angle)
    return circuit


def _append(circuit: Circuit, gate: Gate, angle: Any) -> None:
    if gate.name == "matrix2":
        circuit.unitary(gate.matrix, gate.qubits)
    elif gate.name == "mcz":
        circuit.append(StandardGate("z").controlled(len(gate.qubits) - 1), gate.qubits)
    elif gate.name == "pauli":
        circuit.pauli_rotation(gate.letters[::-1], angle, gate.qubits)
    else:
        raise ValueError(gate.name)


def _observable(terms: PauliTerms) -> PauliSum:
    return PauliSum(terms.x_masks, terms.z_masks, terms.coefficients, terms.num_qubits)


def _state(task: Task, context: Context) -> Prepared:
    job = _Run(task, context)
    return job.prepared(lambda: job.simulator.state_vector(job.plan, job.values), lambda state: state)


def _once(task: Task, context: Context) -> Prepared:
    """A circuit that nobody has seen: what is kept of circuits is forgotten before each run."""
    job = _Run(task, context)

    def run() -> Any:
        plans.forget()
        return job.simulator.state_vector(job.circuit)

    return Prepared(run, lambda state: state)


def _anew(
    task: Task, context: Context, ask: Callable[[_Run], Any], read: Callable[[Any], Any], **more: bool
) -> Prepared:
    """The same for values, gradients and shots, with circuit and observable built in each run."""
    simulator = StatevectorSimulator(context.precision, context.threads)

    def run() -> Any:
        plans.forget()
        return ask(_Run(task, context, simulator=simulator, **more))

    return Prepared(run, read)


def _once_many(task: Task, context: Context) -> Prepared:
    """The same for many circuits, each built before it runs."""
    simulator = StatevectorSimulator(context.precision, context.threads)
    tasks = [replace(task, circuit=circuit) for circuit in task.extra["circuits"]]

    def run() -> Any:
        plans.forget()
        for one in tasks:
            state = simulator.state_vector(_Run(one, context, simulator=simulator).circuit)
        return state

    return Prepared(run, lambda state: state)


def _once_expectation(task: Task, context: Context) -> Prepared:
    return _anew(
        task,
        context,
        lambda job: job.simulator.expectation_value(job.circuit, job.observable, job.values),
        lambda value: np.array([value]),
    )


def _once_gradient(task: Task, context: Context) -> Prepared:
    return _anew(
        task,
        context,
        lambda job: job.simulator.gradient(job.circuit, job.observable, job.values),
        lambda pair: np.append(pair[0], pair[1]),
    )


def _once_samples(task: Task, context: Context) -> Prepared:
    return _anew(
        task,
        context,
        lambda job: job.simulator.run(job.circuit, task.shots, seed=1, parameters=job.values),
        _states_of(task),
        measured=True,
    )


def _states_of(task: Task) -> Callable[[Any], Any]:
    weights = np.int64(1) << np.arange(task.circuit.num_qubits, dtype=np.int64)
    return lambda result: result.memory.astype(np.int64) @ weights


def _expectation(task: Task, context: Context) -> Prepared:
    job = _Run(task, context)
    return job.prepared(
        lambda: job.simulator.expectation_value(job.plan, job.observable, job.values), lambda value: np.array([value])
    )


def _gradient(task: Task, context: Context) -> Prepared:
    if "ones" in task.extra:
        return _sector_gradient(task, context)
    job = _Run(task, context)
    return job.prepared(
        lambda: job.simulator.gradient(job.plan, job.observable, job.values), lambda pair: np.append(pair[0], pair[1])
    )


def _sector_gradient(task: Task, context: Context) -> Prepared:
    """On the choices of so many ones alone, as QAOA does by itself."""
    simulator = SectorSimulator(task.extra["ones"], context.precision, context.threads)
    assert task.observable is not None
    observable = _observable(task.observable)
    circuit = sector_ring(task.circuit.num_qubits, task.extra["ones"], task.extra["layers"])
    plans: list[Any] = []

    def compile_plan() -> None:
        plans[:] = [simulator.compile(circuit)]

    values = np.array(task.circuit.parameters)
    return Prepared(
        lambda: simulator.gradient(plans[0], observable, values), lambda pair: np.append(pair[0], pair[1]), compile_plan
    )


def _samples(task: Task, context: Context) -> Prepared:
    job = _Run(task, context, measured=True)
    return job.prepared(
        lambda: job.simulator.run(job.plan, task.shots, seed=1, parameters=job.values), _states_of(task)
    )


RIVAL = Rival(
    title="qtoolkit",
    packages=("qtoolkit-quantum", "numba", "llvmlite", "numpy"),
    precisions=("double", "single"),
    questions={
        "state": _state,
        "once": _once,
        "once-many": _once_many,
        "once-expectation": _once_expectation,
        "once-gradient": _once_gradient,
        "once-samples": _once_samples,
        "expectation": _expectation,
        "gradient": _gradient,
        "samples": _samples,
    },
)
