"""Random circuits against plain NumPy: states, batches, values, gradients, shots, measurements, sectors.

Every input has a seed of its own, which `check` turns into circuit, question and answer again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from fuzz.circuits import fuzz_circuit, with_parameters
from reference_gradients import on_qubits, reference_gradient
from sector_circuits import random_sector_circuit

from qtoolkit import Circuit, PauliSum, SectorSimulator, StatevectorSimulator
from qtoolkit.circuit import Gate, Operation
from qtoolkit.compiler import ExecutionPlan
from qtoolkit.simulators.engine import Engine

__all__ = ["attack", "check"]

LARGE_SHARE = 0.002
"""Of circuits on as many qubits as take several blocks; they are slow."""

UNIT = {"double": 2.0**-53, "single": 2.0**-24}

_simulators: dict[tuple[str, int, int], StatevectorSimulator] = {}


class Question(NamedTuple):
    """A circuit, the values of its parameters, and who shall run it."""

    circuit: Circuit
    values: np.ndarray
    simulator: StatevectorSimulator
    tolerance: float
    rng: np.random.Generator


def attack(rng: np.random.Generator, deadline: float) -> tuple[int, list[str]]:
    """Try circuits until the deadline (of `time.monotonic`); how many, and what was wrong."""
    count, failures = 0, []
    while time.monotonic() < deadline:
        seed = int(rng.integers(1 << 62))
        found = check(seed)
        if found:
            failures.append(found)
        count += 1
    return count, failures


def check(seed: int) -> str | None:
    """One input: None if all is well, else what is wrong, with the smallest circuit that shows it."""
    rng = np.random.default_rng(seed)
    name, ask, structure, circuit, precision, vector_bytes, threads, asked = _draw(rng)

    def wrong(operations: Sequence[Operation]) -> str | None:
        tried = Circuit(circuit.num_qubits)
        for operation in operations:
            tried.append(operation.gate, operation.qubits)
        own = np.random.default_rng(asked)
        free, values = with_parameters(tried, own) if own.random() < 0.5 else (tried, np.zeros(0))
        simulator = _simulator(precision, vector_bytes, threads)
        # Of large numbers that cancel, or of which a fraction of a turn counts, rounding leaves fewer digits.
        largest = max([_largest(tried), *(2 * np.abs(values))])
        tolerance = UNIT[precision] * (40 + 8 * len(operations)) * (1 + largest / 10)
        try:
            return ask(Question(free, values, simulator, tolerance, own))
        except Exception as error:  # whatever escapes is a failure to report, not the end of the campaign
            return f"{type(error).__name__}: {error}"

    message = wrong(circuit.operations)
    if message is None:
        return None
    kept = _smallest(list(circuit.operations), wrong)
    listed = "; ".join(f"{op.gate!r} on {list(op.qubits)}" for op in kept)
    return (
        f"seed {seed}: {name}, {structure}, {circuit.num_qubits} qubits, {precision}, {vector_bytes} bytes: "
        f"{wrong(kept)}; {len(kept)} of {len(circuit.operations)} gates: {listed}"
    )


def _draw(rng: np.random.Generator) -> tuple[str, Callable[[Question], str | None], str, Circuit, str, int, int, int]:
    name = str(rng.choice(list(QUESTIONS), p=np.array(list(WEIGHTS.values())) / sum(WEIGHTS.values())))
    if rng.random() < LARGE_SHARE:
        num_qubits, num_gates = int(rng.integers(12, 18)), int(rng.integers(20, 120))
    else:
        num_qubits = int(rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 10], p=np.array([10, 20, 20, 20, 10, 8, 6, 4, 2]) / 100))
        num_gates = int(rng.choice([1, 3, 6, 12, 30, 100], p=[0.15, 0.25, 0.3, 0.2, 0.08, 0.02]))
    precision = str(rng.choice(["double", "double", "single"]))
    vector_bytes = int(rng.choice([64, 32, 16], p=[0.6, 0.3, 0.1]))
    threads = int(rng.choice([1, 2]))
    structure, circuit = fuzz_circuit(rng, num_qubits, num_gates)
    return name, QUESTIONS[name], structure, circuit, precision, vector_bytes, threads, int(rng.integers(1 << 62))


def _simulator(precision: str, vector_bytes: int, threads: int) -> StatevectorSimulator:
    key = (precision, vector_bytes, threads)
    if key not in _simulators:
        simulator = StatevectorSimulator(precision)
        simulator._use(Engine(precision, min(threads, simulator.num_threads), vector_bytes))
        simulator._engine.shared_visits = 1 << 12  # threads share work that is not worth it, to be tried at all
        _simulators[key] = simulator
    return _simulators[key]


def _largest(circuit: Circuit) -> float:
    """The largest angle."""
    angles = [abs(angle) for operation in circuit.operations for angle in operation.gate.params]
    return float(max(angles, default=0.0))


def _smallest(operations: list[Operation], wrong: Callable[[Sequence[Operation]], str | None]) -> list[Operation]:
    """Leave out pieces of a circuit as long as it stays wrong; bounded, because large circuits are slow."""
    until = time.monotonic() + 20
    piece = max(1, len(operations) // 2)
    while piece and time.monotonic() < until:
        place = 0
        while place < len(operations) and time.monotonic() < until:
            fewer = operations[:place] + operations[place + piece :]
            if wrong(fewer):
                operations = fewer
            else:
                place += piece
        piece //= 2
    return operations


def _expected(question: Question, start: np.ndarray | None = None, values: np.ndarray | None = None) -> np.ndarray:
    circuit = question.circuit
    given = question.values if values is None else values
    bound = circuit.bind(dict(zip(circuit.parameters, given.tolist(), strict=True))) if given.size else circuit
    state = np.eye(1, 1 << circuit.num_qubits, dtype=complex)[0] if start is None else start
    for operation in bound.operations:
        if isinstance(operation.gate, Gate):  # barriers are none
            state = on_qubits(operation.gate.matrix(), operation.qubits, state)
    return state


def _differs(found: np.ndarray, expected: np.ndarray, tolerance: float, what: str) -> str | None:
    distance = float(np.abs(np.asarray(found) - expected).max(initial=0.0))
    return None if distance <= tolerance else f"{what} off by {distance:.3g}, allowed {tolerance:.3g}"


def _given(q: Question) -> Circuit | ExecutionPlan:
    """The circuit as it is, or planned."""
    return q.simulator.compile(q.circuit) if q.rng.random() < 0.5 else q.circuit


def _state(q: Question) -> str | None:
    expected = _expected(q)
    for run in ("first", "second"):
        found = q.simulator.state_vector(q.circuit, q.values)
        wrong = _differs(found, expected, q.tolerance, f"{run} state")
        if wrong:
            return wrong
    return None


def _planned(q: Question) -> str | None:
    plan = q.simulator.compile(q.circuit)
    return _differs(q.simulator.state_vector(plan, q.values), _expected(q), q.tolerance, "planned state")


def _from_a_state(q: Question) -> str | None:
    size = 1 << q.circuit.num_qubits
    start = q.rng.normal(size=size) + 1j * q.rng.normal(size=size)
    start /= np.linalg.norm(start)
    found = q.simulator.state_vector(q.circuit, q.values, initial_state=start)
    return _differs(found, _expected(q, start), q.tolerance, "state from a given one")


def _batch(q: Question) -> str | None:
    rows = q.values + q.rng.normal(size=(int(q.rng.integers(1, 20)), q.values.size)) * 10.0 ** -q.rng.uniform(0, 17)
    rows[0] = q.values
    found = q.simulator.state_vector(q.circuit, rows)
    for k, row in enumerate(rows):
        wrong = _differs(found[k], _expected(q, values=row), q.tolerance, f"row {k} of {len(rows)}")
        if wrong:
            return wrong
    return None


def _observable(q: Question) -> tuple[PauliSum, np.ndarray, float]:
    n, count = q.circuit.num_qubits, int(q.rng.integers(1, 6))
    terms = [("".join(q.rng.choice(list("IXYZ"), n)), float(q.rng.normal())) for _ in range(count)]
    observable = PauliSum.from_list(terms)
    return observable, observable.to_matrix(), 1.0 + sum(abs(weight) for _, weight in terms)


def _value(q: Question) -> str | None:
    if q.circuit.num_qubits > 8:
        return None
    observable, matrix, size = _observable(q)
    expected = _expected(q)
    value = float(np.vdot(expected, matrix @ expected).real)
    spread = float(np.vdot(matrix @ expected, matrix @ expected).real) - value**2
    found = q.simulator.expectation_value(_given(q), observable, q.values)
    wrong = _differs(np.array(found), np.array(value), 4 * size * q.tolerance, "expectation value")
    if wrong:
        return wrong
    variance = q.simulator.variance(q.circuit, observable, q.values)
    return _differs(np.array(variance), np.array(spread), 8 * size**2 * q.tolerance, "variance")


def _gradient(q: Question) -> str | None:
    if q.circuit.num_qubits > 8:
        return None
    observable, matrix, size = _observable(q)
    value, slopes = reference_gradient(q.circuit, matrix, q.values)
    found, gradient = q.simulator.gradient(q.circuit, observable, q.values)
    slope_size = 1.0 + float(np.abs(slopes).max(initial=0.0)) + len(q.circuit.operations)
    return _differs(np.array(found), np.array(value), 4 * size * q.tolerance, "value beside a gradient") or _differs(
        gradient, slopes, 8 * size * slope_size * q.tolerance, "gradient"
    )


def _overlap(q: Question) -> str | None:
    other = Circuit(q.circuit.num_qubits).ry(0.3, 0).gphase(0.4)
    expected = np.vdot(_expected(q), _expected(q._replace(circuit=other, values=np.zeros(0))))
    found = q.simulator.overlap(q.circuit, other, q.values)
    return _differs(np.array(found), np.array(expected), 4 * q.tolerance, "overlap")


def _probabilities(q: Question) -> str | None:
    qubits = [
        int(k) for k in q.rng.permutation(q.circuit.num_qubits)[: int(q.rng.integers(1, q.circuit.num_qubits + 1))]
    ]
    weights = np.abs(_expected(q)) ** 2
    index = np.arange(weights.size)
    outcome = sum((index >> qubit & 1) << j for j, qubit in enumerate(qubits))
    expected = np.bincount(outcome, weights, 1 << len(qubits))
    found = q.simulator.probabilities(_given(q), qubits, q.values)
    return _differs(found, expected, 4 * q.tolerance, f"probabilities of {qubits}")


def _shots(q: Question) -> str | None:
    """What can't be is never drawn, and what is certain always."""
    circuit = Circuit(q.circuit.num_qubits, q.circuit.num_qubits).compose(q.circuit).measure(
        range(q.circuit.num_qubits), range(q.circuit.num_qubits)
    )  # fmt: skip
    weights = np.abs(_expected(q)) ** 2
    given = _given(q._replace(circuit=circuit))
    counts = q.simulator.run(given, 64, seed=1, parameters=q.values).counts
    if sum(counts.values()) != 64:
        return f"{sum(counts.values())} shots of 64"
    impossible = [
        bits for bits in counts if weights[int(bits.replace(" ", ""), 2)] < 1e-3 * UNIT[q.simulator.precision]
    ]
    return f"drew {impossible[0]}, which has no probability" if impossible else None


def _measured(q: Question) -> str | None:
    """A measurement and a reset in the middle: the state of a random run is the projected one."""
    n = q.circuit.num_qubits
    first, second = (int(k) for k in q.rng.integers(n, size=2))
    circuit = Circuit(n, 1).compose(q.circuit).measure(first, 0)
    circuit.h(second).reset(second).ry(0.3, second).if_(circuit.clbit(0) == 1, lambda body: body.x(second))
    run = q.simulator.trajectory(circuit, q.values, seed=int(q.rng.integers(1 << 30)))
    bit = int(run.clbits[0])
    state = _expected(q)
    index = np.arange(state.size)
    state = np.where(index >> first & 1 == bit, state, 0)
    weight = float(np.linalg.norm(state))
    if weight**2 < 1e-3 * UNIT[q.simulator.precision]:
        return f"qubit {first} came out {bit}, which has no probability"
    state = on_qubits(np.array([[1, 1], [1, -1]]) / np.sqrt(2), [second], state / weight)
    turned = np.array([[np.cos(0.15), -np.sin(0.15)], [np.sin(0.15), np.cos(0.15)]])
    candidates = []
    for outcome in (0, 1):
        kept = np.where(index >> second & 1 == outcome, state, 0)
        norm = np.linalg.norm(kept)
        if norm**2 < UNIT[q.simulator.precision]:
            continue
        kept = kept / norm
        kept = kept if outcome == 0 else on_qubits(np.array([[0, 1], [1, 0]]), [second], kept)
        kept = on_qubits(turned, [second], kept)
        candidates.append((norm, on_qubits(np.array([[0, 1], [1, 0]]), [second], kept) if bit else kept))
    best = min(float(np.abs(run.state_vector - c).max() * min(norm, weight)) for norm, c in candidates)
    return None if best <= 8 * q.tolerance else f"state after a measurement off by {best:.3g}"


def _sector(q: Question) -> str | None:
    """The sector simulator against the whole state."""
    n = max(5, min(7, q.circuit.num_qubits))
    weight = int(q.rng.integers(0, n + 1))
    circuit = random_sector_circuit(n, weight, int(q.rng.integers(1, 12)), int(q.rng.integers(1 << 30)))
    simulator = SectorSimulator(weight, q.simulator.precision)
    whole = _expected(q._replace(circuit=circuit, values=np.zeros(0)))
    chosen = np.flatnonzero(np.bitwise_count(np.arange(whole.size)) == weight)
    found = simulator.state_vector(circuit)
    tolerance = UNIT[q.simulator.precision] * (100 + 20 * len(circuit.operations))
    return _differs(found, whole[chosen], tolerance, "state in a sector")


QUESTIONS = {
    "state": _state,
    "planned": _planned,
    "initial state": _from_a_state,
    "batch": _batch,
    "value": _value,
    "gradient": _gradient,
    "overlap": _overlap,
    "probabilities": _probabilities,
    "shots": _shots,
    "measured": _measured,
    "sector": _sector,
}
WEIGHTS = dict(zip(QUESTIONS, (5, 4, 3, 2, 2, 2, 1, 1, 1, 1, 1), strict=True))
