"""The circuits that all simulators run, as circuits of qtoolkit; `CIRCUITS` by name.

All are determined by their number of qubits: random ones draw from a generator seeded with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from qtoolkit import Circuit, PauliSum, from_qiskit, to_qiskit
from qtoolkit.algorithms import RingXYMixer, TransverseMixer, dicke_circuit, qaoa_circuit
from qtoolkit.applications.chemistry import UCCSD
from qtoolkit.circuit import ParameterVector, StandardGate

__all__ = [
    "CIRCUITS", "ansatz", "labs_cost", "portfolio_cost", "portfolio_ring", "qaoa", "quantum_volume", "sector_ring",
    "transpiled_gates", "uccsd",
]  # fmt: skip

PI = math.pi
BASIS = ["rz", "sx", "x", "cx"]
"""What transpilers leave."""

GROVER_ITERATIONS = 5
"""The full search would take π/4·√2ⁿ; a simulator's time grows linearly in them."""


def transpiled_gates(circuit: Any) -> Circuit:
    """A circuit of Qiskit in `BASIS`, up to its global phase, which no check of states looks at."""
    from qiskit import transpile

    lowered = from_qiskit(transpile(circuit, basis_gates=BASIS, optimization_level=1, seed_transpiler=1))
    result = Circuit(lowered.num_qubits)
    for operation in lowered.operations:
        if operation.gate.name == "sx":
            result.rx(math.pi / 2, *operation.qubits)
        elif operation.gate.name in BASIS:
            result.append(operation.gate, operation.qubits)
    return result


def _rng(num_qubits: int) -> np.random.Generator:
    return np.random.default_rng([num_qubits, 2718])


def _append_random_entangled_state(circuit: Circuit, rng: np.random.Generator) -> None:
    """A product state entangled by a chain of CX, so that no simulator can stay in a product of small states."""
    n = circuit.num_qubits
    for qubit in range(n):
        circuit.ry(rng.uniform(0, PI), qubit).rz(rng.uniform(0, 2 * PI), qubit)
    for qubit in range(n - 1):
        circuit.cx(qubit, qubit + 1)


def _append_qft(circuit: Circuit, num_qubits: int, *, inverse: bool = False, swaps: bool = True) -> None:
    part = Circuit(circuit.num_qubits)
    for target in reversed(range(num_qubits)):
        part.h(target)
        for control in reversed(range(target)):
            part.cp(PI / 2 ** (target - control), control, target)
    if swaps:
        for qubit in range(num_qubits // 2):
            part.swap(qubit, num_qubits - 1 - qubit)
    circuit.extend(part.inverse() if inverse else part)


def qft(num_qubits: int) -> Circuit:
    """The Fourier transform of a random entangled state; of ``|0…0⟩`` it would be a product."""
    circuit = Circuit(num_qubits, name="qft")
    _append_random_entangled_state(circuit, _rng(num_qubits))
    _append_qft(circuit, num_qubits)
    return circuit


def quantum_volume(num_qubits: int, depth: int = 10) -> Circuit:
    """Layers of Haar-random two-qubit gates on random pairs (Cross et al., Phys. Rev. A 100, 032328 (2019)).

    The depth is 10 and not the width, so that sizes compare.
    """
    rng = _rng(num_qubits)
    circuit = Circuit(num_qubits, name="quantum-volume")
    for _ in range(depth):
        order = rng.permutation(num_qubits).tolist()
        for first, second in zip(order[::2], order[1::2], strict=False):
            normal = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
            q, r = np.linalg.qr(normal)
            circuit.unitary(q * (np.diag(r) / np.abs(np.diag(r))), (first, second))
    return circuit


def _random_rotations(num_qubits: int, rounds: Callable[[int], list[tuple[int, int]]], depth: int = 20) -> Circuit:
    rng = _rng(num_qubits)
    circuit = Circuit(num_qubits)
    for layer in range(depth):
        for qubit in range(num_qubits):
            axis = ("rx", "ry", "rz")[rng.integers(3)]
            circuit.append(StandardGate(axis, (rng.uniform(0, 2 * PI),)), (qubit,))
        for first, second in rounds(layer):
            circuit.cz(first, second)
    return circuit


def random_line(num_qubits: int) -> Circuit:
    """Random rotations and CZ between neighbours on a line, 20 layers."""
    return _random_rotations(num_qubits, lambda layer: [(q, q + 1) for q in range(layer % 2, num_qubits - 1, 2)])


def random_grid(num_qubits: int) -> Circuit:
    """Random rotations and CZ on a rectangle, the four directions in turn, 20 layers."""
    columns = max(d for d in range(1, math.isqrt(num_qubits) + 1) if num_qubits % d == 0)
    rows = num_qubits // columns
    at = [[row * columns + column for column in range(columns)] for row in range(rows)]
    down = [[(at[r][c], at[r + 1][c]) for r in range(p, rows - 1, 2) for c in range(columns)] for p in (0, 1)]
    right = [[(at[r][c], at[r][c + 1]) for r in range(rows) for c in range(p, columns - 1, 2)] for p in (0, 1)]
    patterns = [pattern for pattern in (*down, *right) if pattern] or [[]]
    return _random_rotations(num_qubits, lambda layer: patterns[layer % len(patterns)])


def ansatz(num_qubits: int, layers: int = 4) -> Circuit:
    """A hardware-efficient ansatz, free parameters ``t[k]``: RY and RZ on every qubit, then a ladder of CX."""
    circuit = Circuit(num_qubits, name="ansatz")
    angles = iter(ParameterVector("t", 2 * num_qubits * (layers + 1)))
    for layer in range(layers + 1):
        for qubit in range(num_qubits):
            circuit.ry(next(angles), qubit).rz(next(angles), qubit)
        if layer < layers:
            for qubit in range(num_qubits - 1):
                circuit.cx(qubit, qubit + 1)
    return circuit


def _bound(circuit: Circuit) -> Circuit:
    return circuit.bind(_rng(circuit.num_qubits).uniform(-PI, PI, circuit.num_parameters))


def _ising_cost(num_qubits: int, pairs: list[tuple[int, int]], weights: np.ndarray, fields: np.ndarray) -> PauliSum:
    terms: list[tuple[str, tuple[int, ...], float]] = [
        ("ZZ", pair, float(weight)) for pair, weight in zip(pairs, weights, strict=True)
    ]
    terms += [("Z", (qubit,), float(field)) for qubit, field in enumerate(fields) if field]
    return PauliSum.from_sparse_list(terms, num_qubits)


def _qaoa(cost: PauliSum, layers: int, gammas: np.ndarray | None = None, betas: np.ndarray | None = None) -> Circuit:
    n = cost.num_qubits
    circuit = qaoa_circuit(cost, TransverseMixer(n), Circuit(n).h(range(n)), layers)
    rng = _rng(n)
    values = np.empty(2 * layers)
    values[::2] = rng.uniform(0.05, 0.5, layers) if gammas is None else gammas
    values[1::2] = rng.uniform(0.1, 0.8, layers) if betas is None else betas
    return circuit.bind(values)


def portfolio_cost(num_qubits: int) -> PauliSum:
    """A weight for every pair of assets and a field for each."""
    rng = _rng(num_qubits)
    pairs = [(i, j) for i in range(num_qubits) for j in range(i + 1, num_qubits)]
    return _ising_cost(num_qubits, pairs, rng.normal(size=len(pairs)), rng.normal(size=num_qubits))


def qaoa_portfolio(num_qubits: int) -> Circuit:
    """QAOA, three layers, on a portfolio's cost."""
    return _qaoa(portfolio_cost(num_qubits), 3)


def sector_ring(num_qubits: int, ones: int, layers: int) -> Circuit:
    """QAOA that never leaves portfolios of so many assets: XY mixers on a ring, from the Dicke state; free angles."""
    return qaoa_circuit(portfolio_cost(num_qubits), RingXYMixer(num_qubits), dicke_circuit(num_qubits, ones), layers)


def portfolio_ring(num_qubits: int, ones: int, layers: int) -> Circuit:
    """The same in gates that every simulator has."""
    circuit = transpiled_gates(to_qiskit(dicke_circuit(num_qubits, ones)))
    for operation in sector_ring(num_qubits, ones, layers).operations[len(dicke_circuit(num_qubits, ones)) :]:
        if operation.gate.name in ("rz", "rzz"):
            circuit.append(operation.gate, operation.qubits)
        else:
            (angle, _) = operation.gate.params
            circuit.rxx(0.5 * angle, *operation.qubits).ryy(0.5 * angle, *operation.qubits)
    return circuit


def qaoa_regular(num_qubits: int) -> Circuit:
    """QAOA, three layers, for the largest cut of a random graph of degree 3 (of degree 2 for an odd size)."""
    pairs = _regular_graph(num_qubits)
    return _qaoa(_ising_cost(num_qubits, pairs, np.ones(len(pairs)), np.zeros(num_qubits)), 3)


def _regular_graph(size: int) -> list[tuple[int, int]]:
    """A ring, and for even sizes a perfect matching of the vertices that are no neighbours on it."""
    ring = {(k, k + 1) for k in range(size - 1)} | {(0, size - 1)}
    if size % 2 or size < 6:
        return sorted(ring if size > 2 else {(0, 1)})
    rng = _rng(size)
    while True:
        order = rng.permutation(size).tolist()
        matching = {(min(pair), max(pair)) for pair in zip(order[::2], order[1::2], strict=True)}
        if not matching & ring:
            return sorted(ring | matching)


def ghz(num_qubits: int) -> Circuit:
    """``(|0…0⟩ + |1…1⟩)/√2``."""
    circuit = Circuit(num_qubits, name="ghz").h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


def _append_controlled_z(circuit: Circuit) -> None:
    """A Z controlled by all other qubits."""
    n = circuit.num_qubits
    if n == 2:
        circuit.cz(0, 1)
    else:
        circuit.append(StandardGate("z").controlled(n - 1), range(n))


def grover(num_qubits: int) -> Circuit:
    """Five iterations of Grover's search for one marked bitstring."""
    circuit = Circuit(num_qubits, name="grover").h(range(num_qubits))
    marked = _rng(num_qubits).integers(0, 2, num_qubits)
    zeros = np.flatnonzero(marked == 0).tolist()
    for _ in range(GROVER_ITERATIONS):
        circuit.x(zeros)
        _append_controlled_z(circuit)
        circuit.x(zeros)
        circuit.h(range(num_qubits)).x(range(num_qubits))
        _append_controlled_z(circuit)
        circuit.x(range(num_qubits)).h(range(num_qubits))
    return circuit


def bernstein_vazirani(num_qubits: int) -> Circuit:
    """A hidden string of ``num_qubits - 1`` bits, the last qubit the oracle's ancilla."""
    n = num_qubits - 1
    secret = _rng(num_qubits).integers(0, 2, n)
    circuit = Circuit(num_qubits, name="bernstein-vazirani").x(n).h(range(num_qubits))
    for qubit in np.flatnonzero(secret).tolist():
        circuit.cx(qubit, n)
    return circuit.h(range(num_qubits))


def hidden_shift(num_qubits: int) -> Circuit:
    """The shift of a bent function, a product of CZ between the halves (Rötteler, arXiv:0811.3208)."""
    half = num_qubits // 2
    shift = np.flatnonzero(_rng(num_qubits).integers(0, 2, num_qubits)).tolist()
    circuit = Circuit(num_qubits, name="hidden-shift").h(range(num_qubits)).x(shift)
    for qubit in range(half):
        circuit.cz(qubit, qubit + half)
    circuit.x(shift).h(range(num_qubits))
    for qubit in range(half):
        circuit.cz(qubit, qubit + half)
    return circuit.h(range(num_qubits))


def phase_estimation(num_qubits: int) -> Circuit:
    """The phase of an eigenstate of P(λ) on the last qubit, to ``num_qubits - 1`` bits."""
    n = num_qubits - 1
    phase = _rng(num_qubits).uniform(0, 2 * PI)
    circuit = Circuit(num_qubits, name="phase-estimation").x(n).h(range(n))
    for qubit in range(n):
        circuit.cp(math.fmod(phase * 2**qubit, 2 * PI), qubit, n)
    _append_qft(circuit, n, inverse=True)
    return circuit


def uccsd(num_qubits: int, electrons: int | None = None) -> Circuit:
    """Unitary coupled cluster, singles and doubles, free parameters.

    Without `electrons`, two of each spin up to 12 qubits and one of each beyond.
    """
    norb = num_qubits // 2
    each = min(2 if num_qubits <= 12 else 1, norb - 1) if electrons is None else electrons // 2
    return UCCSD(norb, (each, each)).circuit


def heisenberg(num_qubits: int) -> Circuit:
    """Five first-order Trotter steps of the Heisenberg chain in a random field, from the Néel state."""
    rng = _rng(num_qubits)
    fields = rng.uniform(-1, 1, num_qubits)
    step = 0.1
    circuit = Circuit(num_qubits, name="heisenberg").x(range(1, num_qubits, 2))
    for _ in range(5):
        for start in (0, 1):
            for qubit in range(start, num_qubits - 1, 2):
                for gate in (circuit.rxx, circuit.ryy, circuit.rzz):
                    gate(2 * step, qubit, qubit + 1)
        for qubit in range(num_qubits):
            circuit.rz(2 * step * fields[qubit], qubit)
    return circuit


def labs_cost(num_qubits: int) -> PauliSum:
    """Energy of a low-autocorrelation binary sequence, ``Σ_k (Σ_i s_i s_{i+k})²`` with s the eigenvalues of Z.

    Quartic and quadratic terms: Shaydulin et al., Sci. Adv. 10, eadm6761 (2024).
    """
    weights: dict[int, float] = {}
    for distance in range(1, num_qubits):
        pairs = [(1 << i) ^ (1 << (i + distance)) for i in range(num_qubits - distance)]
        for first in pairs:
            for second in pairs:
                weights[first ^ second] = weights.get(first ^ second, 0.0) + 1.0
    masks = sorted(weights)
    return PauliSum(np.zeros(len(masks), np.int64), masks, [weights[mask] for mask in masks], num_qubits)


def qaoa(cost: PauliSum, gammas: np.ndarray, betas: np.ndarray) -> Circuit:
    """QAOA of a cost, ``exp(-iγC)`` and ``exp(iβΣX)`` in each layer."""
    return _qaoa(cost, len(gammas), gammas, betas)


CIRCUITS: dict[str, Callable[[int], Circuit]] = {
    "qft": qft,
    "quantum-volume": quantum_volume,
    "random-line": random_line,
    "random-grid": random_grid,
    "ansatz": lambda num_qubits: _bound(ansatz(num_qubits)),
    "qaoa-portfolio": qaoa_portfolio,
    "qaoa-regular": qaoa_regular,
    "ghz": ghz,
    "grover": grover,
    "bernstein-vazirani": bernstein_vazirani,
    "hidden-shift": hidden_shift,
    "phase-estimation": phase_estimation,
    "uccsd": lambda num_qubits: _bound(uccsd(num_qubits)),
    "heisenberg": heisenberg,
}
"""State vectors, all parameters bound, 2 qubits or more (even sizes of 4 or more for uccsd)."""
