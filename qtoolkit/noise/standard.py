"""The standard channels, by their names.

Sources: M. A. Nielsen and I. L. Chuang, Quantum Computation and Quantum Information (2010), section 8.3, for the flips
and dampings; what is defined otherwise there says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, check_number, shown
from qtoolkit.circuit import KrausChannel, PauliRotationGate
from qtoolkit.circuit._checks import check_count
from qtoolkit.circuit.channel_forms import pauli_labels, pauli_matrices
from qtoolkit.errors import CircuitError
from qtoolkit.operators import PauliString

__all__ = [
    "amplitude_damping",
    "bit_flip",
    "bit_phase_flip",
    "depolarizing",
    "over_rotation",
    "pauli_channel",
    "phase_damping",
    "phase_flip",
    "reset_error",
    "thermal_relaxation",
    "zz_crosstalk",
]

MOST_QUBITS = 4
SUM_TOLERANCE = 1e-8


def depolarizing(p: float, num_qubits: int = 1) -> KrausChannel:
    """With probability p an error: one of the ``4**n - 1`` Pauli strings other than the identity, all alike.

    ``ρ → (1 - p) ρ + p/(4ⁿ - 1) Σ_{P≠1} P ρ P``. Others call ``4ⁿ p / (4ⁿ - 1)`` the parameter, the weight of the
    maximally mixed state: Qiskit Aer's `depolarizing_error` does, Cirq and stim count as here.

    Args:
        p: 0 to 1.
        num_qubits: n, 1 to 4.

    Raises:
        CircuitError: for other values.
    """
    p = _probability(p, "p")
    n = check_count(num_qubits, "num_qubits", 1, MOST_QUBITS)
    labels = pauli_labels(n)
    return _pauli_mixture({label: p / (len(labels) - 1) for label in labels[1:]}, "depolarizing", n)


def bit_flip(p: float) -> KrausChannel:
    """X with probability p, 0 to 1: ``ρ → (1 - p) ρ + p X ρ X``.

    Raises:
        CircuitError: if p is no probability.
    """
    return _pauli_mixture({"X": _probability(p, "p")}, "bit_flip")


def phase_flip(p: float) -> KrausChannel:
    """Z with probability p, 0 to 1: ``ρ → (1 - p) ρ + p Z ρ Z``.

    Raises:
        CircuitError: if p is no probability.
    """
    return _pauli_mixture({"Z": _probability(p, "p")}, "phase_flip")


def bit_phase_flip(p: float) -> KrausChannel:
    """Y with probability p, 0 to 1: ``ρ → (1 - p) ρ + p Y ρ Y``.

    Raises:
        CircuitError: if p is no probability.
    """
    return _pauli_mixture({"Y": _probability(p, "p")}, "bit_phase_flip")


def pauli_channel(probabilities: Mapping[str | PauliString, float]) -> KrausChannel:
    """One of some Pauli strings at random: ``ρ → Σ p_P P ρ P``.

    Args:
        probabilities: of strings on the same 1 to 4 qubits, the rightmost letter on the first qubit. The identity takes
            what is left; if it is among them, they add up to 1 to 1e-8.

    Raises:
        CircuitError: if labels are none or differ in length, or numbers are no probabilities.
    """
    check_instance(probabilities, Mapping, "probabilities of Pauli strings come as a mapping", CircuitError)
    given: dict[str, float] = {}
    for string, p in probabilities.items():
        label = str(string.label) if isinstance(string, PauliString) else string
        if not isinstance(label, str) or not 1 <= len(label) <= MOST_QUBITS or set(label) - set("IXYZ"):
            raise CircuitError(f"a Pauli string has 1 to {MOST_QUBITS} letters I, X, Y, Z, got {shown(string)}")
        given[label] = given.get(label, 0.0) + _probability(p, f"the probability of {label}")
    sizes = {len(label) for label in given}
    if len(sizes) != 1:
        raise CircuitError(f"a Pauli channel needs strings of one length, got {shown(list(given))}")
    total, identity = math.fsum(given.values()), "I" * sizes.pop()
    if total > 1.0 + SUM_TOLERANCE or (identity in given and total < 1.0 - SUM_TOLERANCE):
        rule = "1" if identity in given else "1 at most"
        raise CircuitError(f"the probabilities of Pauli strings add up to {rule}, got {total:.10g}")
    given.pop(identity, None)
    return _pauli_mixture(given, "pauli_channel", len(identity))


def amplitude_damping(gamma: float, excited_population: float = 0.0) -> KrausChannel:
    """Decay towards the equilibrium in which ``|1⟩`` has the population q.

    With q = 0 the operators are ``diag(1, √(1-γ))`` and ``√γ |0⟩⟨1|``, and with q = 1 the same with ``|0⟩`` and
    ``|1⟩`` exchanged; in between these act with the weights 1 - q and q (Nielsen and Chuang, equation 8.115).

    Args:
        gamma: γ, 0 to 1; the probability of decay.
        excited_population: q, 0 to 1.

    Raises:
        CircuitError: if one is no probability.
    """
    gamma, q = _probability(gamma, "gamma"), _probability(excited_population, "excited_population")
    return _channel(_relaxation(gamma, 1.0 - gamma, q), "amplitude_damping")


def phase_damping(lam: float) -> KrausChannel:
    """Loss of coherence without loss of energy: off-diagonal entries of ρ are multiplied by ``√(1-λ)``.

    The same as ``diag(1, √(1-λ))`` and ``diag(0, √λ)`` (Nielsen and Chuang, equation 8.127), written as a phase flip of
    probability ``(1 - √(1-λ))/2``, which trajectories draw without a look at the state.

    Args:
        lam: λ, 0 to 1.

    Raises:
        CircuitError: if it is no probability.
    """
    lam = _probability(lam, "lam")
    # Without cancellation where λ is small.
    return _pauli_mixture({"Z": 0.5 * lam / (1.0 + math.sqrt(1.0 - lam))}, "phase_damping")


def thermal_relaxation(t1: float, t2: float, time: float, excited_population: float = 0.0) -> KrausChannel:
    """Relaxation and dephasing over some time, at the rates ``1/T1`` and ``1/T2``.

    Populations approach the equilibrium as ``exp(-t/T1)``, off-diagonal entries of ρ decay as ``exp(-t/T2)``.

    Args:
        t1: T1, positive, in the unit of all three; infinite for no relaxation.
        t2: T2, positive and at most ``2 T1``.
        time: t, at least 0.
        excited_population: of ``|1⟩`` in equilibrium, 0 to 1.

    Raises:
        CircuitError: for other values; a T2 above ``2 T1`` is no channel.
    """
    t1, t2 = _time(t1, "t1"), _time(t2, "t2")
    kind = "a finite number of at least 0"
    time = check_number(time, "time", kind=kind, accept=lambda x: 0.0 <= x < math.inf, error=CircuitError)
    q = _probability(excited_population, "excited_population")
    if t2 > 2.0 * t1 * (1.0 + 1e-12):
        raise CircuitError(f"t2 must be at most 2 t1 = {2.0 * t1:g}, got {t2:g}: no relaxation dephases so slowly")
    gamma, square = -math.expm1(-time / t1), math.exp(-2.0 * time / t2)
    return _channel(_relaxation(gamma, min(square, 1.0 - gamma), q), "thermal_relaxation")


def over_rotation(pauli: str | PauliString, angle: float) -> KrausChannel:
    """A coherent error: ``exp(-i angle/2 P)``, always the same.

    Args:
        pauli: a label of 1 to 4 letters, the rightmost on the first qubit, or a `PauliString`.
        angle: in radians.

    Raises:
        CircuitError: if the label is none, or on more qubits, or the angle is not finite.
    """
    gate = PauliRotationGate(pauli, check_number(angle, "angle", error=CircuitError))
    if not 1 <= gate.num_qubits <= MOST_QUBITS:
        raise CircuitError(f"an over-rotation is about 1 to {MOST_QUBITS} letters, got {gate.num_qubits}")
    return _channel([gate.matrix()], f"over_rotation {gate.label}")


def zz_crosstalk(angle: float) -> KrausChannel:
    """``exp(-i angle/2 ZZ)``: what a coupling that is never quite off does to two neighbours.

    Args:
        angle: in radians; ``ζ t / 2`` of a coupling ``H = (ζ/4) ZZ`` over the time t, ``ħ = 1``.

    Raises:
        CircuitError: if the angle is not finite.
    """
    channel = over_rotation("ZZ", angle)
    return KrausChannel(channel.operators, name="zz_crosstalk")


def reset_error(p0: float, p1: float = 0.0) -> KrausChannel:
    """With probability p0 the qubit is put into ``|0⟩``, with probability p1 into ``|1⟩``, as by Aer's `reset_error`.

    Args:
        p0, p1: 0 to 1, together at most 1.

    Raises:
        CircuitError: if they are no probabilities.
    """
    p0, p1 = _probability(p0, "p0"), _probability(p1, "p1")
    if p0 + p1 > 1.0 + SUM_TOLERANCE:
        raise CircuitError(f"p0 and p1 add up to 1 at most, got {p0 + p1:.10g}")
    weights = max(0.0, 1.0 - p0 - p1), p0, p0, p1, p1
    operators = np.array([[[1, 0], [0, 1]], [[1, 0], [0, 0]], [[0, 1], [0, 0]], [[0, 0], [0, 1]], [[0, 0], [1, 0]]])
    return _channel([math.sqrt(w) * operator for w, operator in zip(weights, operators, strict=True)], "reset_error")


def _relaxation(gamma: float, square: float, excited: float) -> list[NDArray[np.float64]]:
    """Operators that move the share γ of the populations, and multiply coherences by the root of `square`, ≤ 1 - γ."""
    lost = max(0.0, 1.0 - gamma - square)
    towards_zero = [
        np.diag([1.0, math.sqrt(square)]),
        np.array([[0.0, math.sqrt(gamma)], [0.0, 0.0]]),
        np.diag([0.0, math.sqrt(lost)]),
    ]
    towards_one = [operator[::-1, ::-1] for operator in towards_zero]
    weighted = [math.sqrt(1.0 - excited) * operator for operator in towards_zero]
    return weighted + [math.sqrt(excited) * operator for operator in towards_one]


def _pauli_mixture(errors: Mapping[str, float], name: str, num_qubits: int = 1) -> KrausChannel:
    """The channel of strings other than the identity, which takes the rest."""
    numbers = {label: number for number, label in enumerate(pauli_labels(num_qubits))}
    matrices = pauli_matrices(num_qubits)
    rest = max(0.0, 1.0 - math.fsum(errors.values()))
    return _channel(
        [math.sqrt(rest) * matrices[0], *(math.sqrt(p) * matrices[numbers[label]] for label, p in errors.items())], name
    )


def _channel(operators: Iterable[NDArray[Any]], name: str) -> KrausChannel:
    """The channel of those of the operators that are not zero."""
    return KrausChannel([operator for operator in operators if np.any(operator)], name=name)


def _probability(value: float, name: str) -> float:
    kind = "a probability, 0 to 1"
    return check_number(value, name, kind=kind, accept=lambda x: 0.0 <= x <= 1.0, error=CircuitError)


def _time(value: float, name: str) -> float:
    return check_number(value, name, kind="a positive time", accept=lambda x: x > 0.0, error=CircuitError)
