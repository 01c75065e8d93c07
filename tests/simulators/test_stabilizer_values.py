"""Expectation values of Clifford circuits: against density matrices, Stim's tableaus and known values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from clifford_circuits import noisy_clifford

from qtoolkit import AutomaticSimulator, Circuit, DensityMatrixSimulator, PauliString, PauliSum, to_stim
from qtoolkit.circuit import parity
from qtoolkit.noise import amplitude_damping, depolarizing

stim = pytest.importorskip("stim")

STABILIZER = AutomaticSimulator("stabilizer", num_threads=1)
DENSITY = DensityMatrixSimulator(num_threads=1)
LABELS = ["".join(letters) for letters in itertools.product("IXYZ", repeat=3)]


@pytest.mark.parametrize("seed", range(40))
def test_all_strings_are_those_of_the_density_matrix(seed: int) -> None:
    circuit = noisy_clifford(seed, num_qubits=3)
    strings = [PauliString(label) for label in LABELS]
    expected = DENSITY.expectation_value(circuit, [string.to_sum() for string in strings])
    assert np.abs(STABILIZER.expectation_value(circuit, strings) - expected).max() < 1e-12


def test_wide_states_are_those_of_stims_tableau() -> None:
    rng = np.random.default_rng(5)
    num_qubits = 200
    circuit = Circuit(num_qubits)
    for _ in range(3000):
        a, b = (int(qubit) for qubit in rng.choice(num_qubits, 2, replace=False))
        circuit.h(a).cx(a, b).s(b)
    tableau = stim.TableauSimulator()
    tableau.do(to_stim(circuit))
    strings, expected = [], []
    for generator in tableau.canonical_stabilizers()[:40]:
        strings.append(PauliString("".join("IXYZ"[letter] for letter in reversed(list(generator)))))
        expected.append(generator.sign.real)
    strings.append(PauliString.from_sparse({0: "X"}, num_qubits))
    expected.append(float(tableau.peek_x(0)))
    assert STABILIZER.expectation_value(circuit, strings).tolist() == expected
    assert -1.0 in expected
    assert 0.0 in expected


def test_a_sum_is_that_of_its_strings() -> None:
    circuit = Circuit(3).h(0).cx(0, 1).channel(depolarizing(0.3), 1)
    energy = PauliSum.from_list([("IZZ", 0.5), ("IXX", 2.0), ("ZII", -0.25), ("XII", 7.0)])
    # Two of the three errors anticommute with each of the pairs' letters.
    assert STABILIZER.expectation_value(circuit, energy) == pytest.approx(2.5 * 0.6 - 0.25)
    assert STABILIZER.expectation_value(circuit, [energy, 2.0 * energy]).tolist() == pytest.approx([1.25, 2.5])


def test_teleportation_brings_every_string_over() -> None:
    circuit = Circuit(3, 2).h(0).s(0).h(1).cx(1, 2).cx(0, 1).h(0).measure([0, 1], [0, 1])
    circuit.if_(parity([1]) == 1, lambda body: body.x(2)).if_(parity([0]) == 1, lambda body: body.z(2))
    found = STABILIZER.expectation_value(circuit, [PauliString(letter + "II") for letter in "XYZ"])
    assert found.tolist() == [0.0, 1.0, 0.0]


def test_what_is_not_clifford_is_refused() -> None:
    from qtoolkit.errors import CircuitError

    with pytest.raises(CircuitError, match=r"the method stabilizer cannot run this circuit: .* no Clifford gate"):
        STABILIZER.expectation_value(Circuit(1).t(0), PauliString("X"))
    with pytest.raises(CircuitError, match="mixture of Paulis"):
        STABILIZER.expectation_value(Circuit(1).channel(amplitude_damping(0.1), 0), PauliString("X"))
    with pytest.raises(CircuitError, match="takes observables of Pauli strings, got a diagonal"):
        STABILIZER.expectation_value(Circuit(1), np.array([1.0, -1.0]))
