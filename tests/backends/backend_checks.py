"""Circuits and statistics that every backend is checked with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import chi2

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.circuit import ClassicalRegister


def two_register_circuit() -> Circuit:
    """Registers of different sizes with crossed bits: qubit 0 → low[1], 1 → high[0], 2 → low[0]; X on qubit 0."""
    circuit = Circuit(3)
    low = circuit.add_clbits(2, "low")
    high = circuit.add_clbits(1, "high")
    circuit.x(0)
    return circuit.measure([0, 1, 2], [low.clbits[1], high.clbits[0], low.clbits[0]])


def uneven_circuit(num_qubits: int = 3) -> Circuit:
    """Entangled, every outcome of a different probability, no symmetry between qubits."""
    circuit = Circuit(num_qubits)
    for q in range(num_qubits):
        circuit.ry(0.5 + 0.4 * q, q)
    for q in range(num_qubits - 1):
        circuit.cx(q, q + 1).rz(0.3 + q, q + 1).rx(0.7, q)
    return circuit.measure_all()


def chi_squared_p_value(counts: Mapping[str, int], circuit: Circuit) -> float:
    """How likely counts at least this far off are, for a circuit whose final measurement is `measure_all`."""
    expected = StatevectorSimulator().probabilities(circuit) * sum(counts.values())
    observed = np.zeros_like(expected)
    for bits, count in counts.items():
        observed[int(bits, 2)] = count
    assert not observed[expected < 1e-9].any()
    kept = expected > 1e-9
    statistic = ((observed - expected)[kept] ** 2 / expected[kept]).sum()
    return float(chi2.sf(statistic, kept.sum() - 1))


def names(registers: tuple[ClassicalRegister, ...]) -> list[str]:
    return [register.name for register in registers]
