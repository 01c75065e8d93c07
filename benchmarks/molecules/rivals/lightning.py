"""PennyLane's lightning.qubit: UCCSD with gradients by its adjoint method, as fast as we know how to ask.

A fermionic excitation is `SingleExcitation` or `DoubleExcitation`, kernels of Lightning's own, between gates CZ that
give it the signs of the electrons between its orbitals; gates CZ that meet cancel. That is exact, and needs none of the
CNOT and rotations that `FermionicDoubleExcitation` is made of. The device is called with tapes, without a QNode. The
Hamiltonian is a sum of Pauli strings, or a sparse matrix where that is faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pennylane as qml
from pennylane.tape import QuantumScript

from molecules.descent import descend
from molecules.job import Case, Job

__all__ = ["PACKAGE", "QUESTIONS"]

PACKAGE = "pennylane-lightning"

_MOST_QUBITS_OF_MATRICES = 14
"""Beyond, a sparse matrix has more than some ten million entries, and PennyLane takes minutes to make it."""

_LETTERS = {"X": qml.X, "Y": qml.Y, "Z": qml.Z}

Evaluate = Callable[[Any], tuple[float, Any]]


def gradient(case: Case, threads: int) -> Job:
    """Energy and gradient at the parameters of the case."""
    evaluate = _fastest(case, threads)
    return Job(lambda: evaluate(case["parameters"]), lambda pair: [pair[0], *pair[1]])


def descent(case: Case, threads: int) -> Job:
    """The search from zeros to the target of the case."""
    evaluate = _fastest(case, threads)
    start = [0.0] * len(case["excitations"])
    return Job(lambda: descend(evaluate, start, case["target"]), lambda found: [found.energy])


def _fastest(case: Case, threads: int) -> Evaluate:
    """The form of the Hamiltonian whose second gradient is faster."""
    num_qubits = 2 * case["norb"]
    strings = qml.Hamiltonian(case["coefficients"], [_string(letters) for letters in case["strings"]])
    forms: list[Any] = [strings]
    if num_qubits <= _MOST_QUBITS_OF_MATRICES:
        wires = range(num_qubits)
        forms.append(qml.SparseHamiltonian(strings.sparse_matrix(wire_order=wires), wires=wires))
    choices: list[tuple[float, int, Evaluate]] = []
    for number, form in enumerate(forms):
        evaluate = _evaluation(case, form, threads)
        if len(forms) > 1:
            evaluate(case["parameters"])
        start = time.perf_counter()
        if len(forms) > 1:
            evaluate(case["parameters"])
        choices.append((time.perf_counter() - start, number, evaluate))
    return min(choices)[2]


def _evaluation(case: Case, observable: Any, threads: int) -> Evaluate:
    norb, (num_alpha, num_beta) = case["norb"], case["nelec"]
    device = qml.device("lightning.qubit", wires=2 * norb, batch_obs=threads > 1)
    occupied = [qml.X(mode) for mode in (*range(num_alpha), *range(norb, norb + num_beta))]
    circuit, angles = _circuit(case["excitations"])
    measured = [qml.expval(observable)]
    places = range(len(case["excitations"]))

    def evaluate(parameters: Any) -> tuple[float, Any]:
        values = np.asarray(parameters) * angles
        operations = [part(values) if callable(part) else part for part in circuit]
        tape = QuantumScript([*occupied, *operations], measured, trainable_params=places)
        energy, by_angle = device.execute_and_compute_derivatives(tape)
        return float(energy), np.array(by_angle) * angles

    return evaluate


def _circuit(excitations: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[list[Any], Any]:
    """Gates CZ as they are, excitations as functions of all angles; and the angle of each in units of its parameter."""
    circuit: list[Any] = []
    open_pairs: set[tuple[int, int]] = set()
    for number, (annihilated, created) in enumerate(excitations):
        pairs = _sign_pairs(annihilated, created)
        circuit += [qml.CZ(pair) for pair in sorted(open_pairs ^ pairs)]
        gate = qml.SingleExcitation if len(annihilated) == 1 else qml.DoubleExcitation
        circuit.append(_Excitation(gate, number, (*created, *annihilated)))
        open_pairs = pairs
    circuit += [qml.CZ(pair) for pair in sorted(open_pairs)]
    return circuit, np.array([2.0 * _sign(*excitation) for excitation in excitations])


class _Excitation:
    def __init__(self, gate: Any, number: int, wires: tuple[int, ...]) -> None:
        self._gate, self._number, self._wires = gate, number, wires

    def __call__(self, values: Any) -> Any:
        return self._gate(values[self._number], wires=self._wires)


def _sign_pairs(annihilated: Sequence[int], created: Sequence[int]) -> set[tuple[int, int]]:
    """An orbital of the excitation, and each orbital whose electron changes its sign."""
    modes, leg = sorted((*annihilated, *created)), min(annihilated)
    between = {
        mode for first, last in zip(modes[::2], modes[1::2], strict=True) for mode in range(first + 1, last)
    } - set(modes)
    return {(min(mode, leg), max(mode, leg)) for mode in between}


def _sign(annihilated: Sequence[int], created: Sequence[int]) -> int:
    """Of T, where no other orbital is filled."""
    filled, swaps = set(annihilated), 0
    for mode in annihilated:
        swaps += sum(other < mode for other in filled)
        filled.remove(mode)
    for mode in reversed(created):
        swaps += sum(other < mode for other in filled)
        filled.add(mode)
    return (-1) ** swaps


def _string(letters: str) -> Any:
    """The last letter stands for the first orbital."""
    factors = [_LETTERS[letter](wire) for wire, letter in enumerate(reversed(letters)) if letter != "I"]
    return qml.prod(*factors) if len(factors) > 1 else factors[0] if factors else qml.I(0)


QUESTIONS = {"gradient": gradient, "descent": descent}
