"""Random circuits that conserve the Hamming weight, over every way to write such gates."""

from __future__ import annotations

import numpy as np
from scipy.stats import unitary_group

from qtoolkit.circuit import Circuit, ParameterVector, StandardGate


def conserving_unitary(num_qubits: int, rng: np.random.Generator) -> np.ndarray:
    """A random unitary that is block diagonal in the weight."""
    weights = np.bitwise_count(np.arange(1 << num_qubits))
    matrix = np.zeros((1 << num_qubits, 1 << num_qubits), complex)
    for weight in range(num_qubits + 1):
        block = np.flatnonzero(weights == weight)
        phase = np.exp(1j * rng.uniform(-3, 3))
        matrix[np.ix_(block, block)] = unitary_group.rvs(block.size, random_state=rng) if block.size > 1 else phase
    return matrix


def prepared(num_qubits: int, weight: int, rng: np.random.Generator) -> Circuit:
    """X gates on random qubits, then swaps and exchanges that spread the state."""
    circuit = Circuit(num_qubits).x([int(q) for q in rng.permutation(num_qubits)[:weight]])
    for q in range(num_qubits - 1):
        circuit.xx_plus_yy(float(rng.uniform(-3, 3)), float(rng.uniform(-3, 3)), q, q + 1)
    return circuit


def random_sector_circuit(
    num_qubits: int, weight: int, num_gates: int, seed: int, parameters: ParameterVector | None = None
) -> Circuit:
    """Gates of every kind that conserve the weight alone or together, with angles from `parameters` if given."""
    rng = np.random.default_rng(seed)
    circuit = prepared(num_qubits, weight, rng)
    kinds = list(_KINDS)
    queue: list[str] = []

    def angle():
        number = float(rng.uniform(-3, 3))
        if parameters is None or rng.random() < 0.3:
            return number
        expression = number * parameters[int(rng.integers(len(parameters)))]
        return expression + 0.4 * parameters[int(rng.integers(len(parameters)))] + 0.1

    for _ in range(num_gates):
        if not queue:
            queue = [kinds[i] for i in rng.permutation(len(kinds))]
        _KINDS[queue.pop()](circuit, [int(q) for q in rng.permutation(num_qubits)], angle, rng)
    return circuit


def _rotations(circuit, q, angle, rng):
    theta = angle()
    circuit.rxx(theta, q[0], q[1]).rz(angle(), q[2]).ryy(theta, q[1], q[0])


def _hopping(circuit, q, angle, rng):
    """Jordan-Wigner hopping over the qubits between, both halves of it with strings of Z."""
    low, high = sorted(q[:2])
    between = "Z" * (high - low - 1)
    theta = angle()
    places = range(low, high + 1)
    if rng.random() < 0.5:
        circuit.pauli_rotation(f"X{between}X", theta, places).pauli_rotation(f"Y{between}Y", theta, places)
    else:
        circuit.pauli_rotation(f"X{between}Y", theta, places).pauli_rotation(f"Y{between}X", -theta, places)


def _excitation(circuit, q, angle, rng):
    """exp(-iθ/8 ...) of a double excitation, as eight strings that commute (arXiv:1805.04340, eq. 9)."""
    theta = angle()
    signs = {"XXXY": 1, "XXYX": 1, "YXYY": 1, "XYYY": 1, "XYXX": -1, "YXXX": -1, "YYXY": -1, "YYYX": -1}
    for label, sign in signs.items():
        circuit.pauli_rotation(label[::-1], 0.25 * sign * theta, q[:4])


def _controlled_exchange(circuit, q, angle, rng):
    gate = StandardGate("xx_plus_yy", (angle(), angle())).controlled(2, int(rng.integers(4)))
    circuit.append(gate, q[:4])


def _three_cx(circuit, q, angle, rng):
    circuit.cx(q[0], q[1]).cx(q[1], q[0]).cz(q[2], q[3]).cx(q[0], q[1])


def _between_x(circuit, q, angle, rng):
    """Gates in the frame of X gates: diagonals, exchanges and hoppings see it."""
    circuit.x(q[:3]).ccz(*q[:3]).rzz(angle(), q[1], q[3]).crz(angle(), q[0], q[3]).cp(angle(), q[3], q[2])
    circuit.xx_plus_yy(angle(), angle(), q[0], q[1]).fsim(angle(), angle(), q[2], q[1])
    circuit.diagonal(np.exp(1j * rng.uniform(-3, 3, 32)), [q[3], q[1], q[0], q[4], q[2]])
    theta = angle()
    circuit.pauli_rotation("XZX", theta, [q[0], q[2], q[1]]).pauli_rotation("YZY", theta, [q[0], q[2], q[1]])
    circuit.unitary(conserving_unitary(2, rng), q[:2])
    circuit.append(StandardGate("swap").controlled(1, int(rng.integers(2))), [q[2], q[3], q[4]])
    circuit.x(q[:3])


_KINDS = {
    "rz": lambda c, q, a, r: c.rz(a(), q[0]),
    "p": lambda c, q, a, r: c.p(a(), q[0]),
    "t": lambda c, q, a, r: c.t(q[0]).sdg(q[1]).z(q[2]),
    "rzz": lambda c, q, a, r: c.rzz(a(), q[0], q[1]),
    "crz": lambda c, q, a, r: c.crz(a(), q[0], q[1]),
    "cp": lambda c, q, a, r: c.cp(a(), q[0], q[1]),
    "cz": lambda c, q, a, r: c.cz(q[0], q[1]),
    "ccz": lambda c, q, a, r: c.ccz(*q[:3]),
    "mcp": lambda c, q, a, r: c.mcp(a(), q[:3], q[3]),
    "zz rotation": lambda c, q, a, r: c.pauli_rotation("ZIZZ", a(), q[:4]),
    "phase": lambda c, q, a, r: c.append(StandardGate("gphase", (a(),)), []),
    "controlled phase": lambda c, q, a, r: c.append(StandardGate("gphase", (a(),)).controlled(2, 1), q[:2]),
    "diagonal": lambda c, q, a, r: c.diagonal(np.exp(1j * r.uniform(-3, 3, 8)), q[:3]),
    "large diagonal": lambda c, q, a, r: c.diagonal(np.exp(1j * r.uniform(-3, 3, 32)), q[:5]),
    "swap": lambda c, q, a, r: c.swap(q[0], q[1]),
    "iswap": lambda c, q, a, r: c.iswap(q[0], q[1]),
    "cswap": lambda c, q, a, r: c.cswap(*q[:3]),
    "xx_plus_yy": lambda c, q, a, r: c.xx_plus_yy(a(), a(), q[0], q[1]),
    "fsim": lambda c, q, a, r: c.fsim(a(), a(), q[0], q[1]),
    "controlled exchange": _controlled_exchange,
    "rxx ryy": _rotations,
    "hopping": _hopping,
    "excitation": _excitation,
    "unitary 2": lambda c, q, a, r: c.unitary(conserving_unitary(2, r), q[:2]),
    "unitary 3": lambda c, q, a, r: c.unitary(conserving_unitary(3, r), q[:3]),
    "unitary 4": lambda c, q, a, r: c.unitary(conserving_unitary(4, r), q[:4]),
    "controlled unitary": lambda c, q, a, r: c.controlled_unitary(conserving_unitary(2, r), q[2:4], q[:2], 2),
    "permutation": lambda c, q, a, r: c.permutation([0, 2, 4, 6, 1, 3, 5, 7], q[:3]),
    "three cx": _three_cx,
    "between x": _between_x,
    "barrier": lambda c, q, a, r: c.barrier(),
}
