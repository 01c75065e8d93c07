"""Gradients from expectation values alone, by shifting angles: for estimators without a gradient of their own.

An angle that enters as ``exp(-iθG)`` makes the expectation value a trigonometric polynomial whose frequencies
are the differences of G's eigenvalues, so a few shifted values give the exact derivative.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, real_numbers_of
from qtoolkit.circuit import Circuit, CompleteXYGate, Gate, Instruction, PauliRotationGate, StandardGate
from qtoolkit.errors import CircuitError, InputError, OperatorError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Estimator, check_estimator

__all__ = ["parameter_shift_gradient"]

FloatArray = NDArray[np.float64]
Placed: TypeAlias = tuple[Gate, tuple[int, ...]]

_SAME_FREQUENCY = 1e-9


def parameter_shift_gradient(
    circuit: Circuit, observable: PauliSum, parameters: ArrayLike, *, estimator: Estimator
) -> tuple[float, FloatArray]:
    """The expectation value and its gradient, from 2 evaluations for each frequency of each parametrised gate.

    Gates with several angles are decomposed first. Source: Wierichs, Izaac, Wang and Lin, Quantum 6, 677 (2022),
    whose linear system for the weights of the shifts is solved here for any frequencies.

    Args:
        circuit: its parametrised gates must be gates, not inside classical branches.
        observable: on the circuit's qubits.
        parameters: values in the order of ``circuit.parameters``.
        estimator: gives the shifted values.

    Returns:
        The value, and float64 of shape ``(num_parameters,)``.

    Raises:
        InputError: for the wrong number of values.
        CircuitError: if a parametrised gate has neither a generator nor a decomposition.
    """
    check_instance(circuit, Circuit, "what prepares the state must be a Circuit")
    check_instance(observable, PauliSum, "the observable must be a PauliSum", OperatorError)
    check_estimator(estimator)
    values = real_numbers_of(parameters, "parameters")
    free = circuit.parameters
    if values.shape != (len(free),):
        raise InputError(f"the circuit has {len(free)} parameters, got values of shape {values.shape}")
    index = {parameter.name: position for position, parameter in enumerate(free)}
    bound = circuit.bind(values)
    gradient = np.zeros(len(free))
    for position, operation in enumerate(circuit):
        if not operation.gate.expressions:
            continue
        steps = list(_single_angle_steps(operation.gate, operation.qubits))
        by_name = dict(zip(index, values.tolist(), strict=True))
        numbers = [(gate.bind(by_name), qubits) for gate, qubits in steps]
        for place, (gate, _) in enumerate(steps):
            for expression in gate.expressions:
                slope = 0.0
                for shift, weight in _shift_rule(gate):
                    moved = list(numbers)
                    moved[place] = (_with_angle(gate, float(expression.bind(by_name)) + shift), moved[place][1])
                    slope += weight * estimator.expectation_value(_replaced(bound, position, moved), observable)
                for name, coefficient in expression.terms.items():
                    gradient[index[name]] += coefficient * slope
    return float(estimator.expectation_value(bound, observable)), gradient


def _single_angle_steps(gate: Instruction, qubits: tuple[int, ...]) -> Iterator[Placed]:
    """The gate as gates of at most one angle each, with the qubits they act on."""
    if not isinstance(gate, Gate):
        raise CircuitError(f"parameter shifts need parameters in gates alone, got some in {gate.name}; take it apart")
    if len(gate.params) <= 1 or not gate.expressions:
        yield gate, qubits
        return
    base, num_controls, state = gate.control_structure()
    controls, targets = qubits[:num_controls], qubits[num_controls:]
    for step, positions in _steps(base):
        placed = step.controlled(num_controls, state) if num_controls else step
        yield from _single_angle_steps(placed, (*controls, *(targets[k] for k in positions)))


def _steps(gate: Gate) -> tuple[Placed, ...]:
    if gate.name == "u":
        theta, phi, lam = gate.params
        angles = (("p", lam), ("ry", theta), ("p", phi))
        return tuple((StandardGate(name, (angle,)), (0,)) for name, angle in angles)
    steps = gate.decomposition()
    if steps is None:
        raise CircuitError(f"parameter shifts need gates of one angle, got {gate.name} without a decomposition")
    return steps


def _shift_rule(gate: Gate) -> tuple[tuple[float, float], ...]:
    """Shifts s and weights w with ``f'(θ) = Σ w f(θ + s)`` for every expectation value f of this gate's angle."""
    base, num_controls, _ = gate.control_structure()
    if isinstance(base, PauliRotationGate):
        levels = np.array([-0.5, 0.5]) if set(base.label) != {"I"} else np.array([0.5])
    elif isinstance(base, CompleteXYGate):
        levels = base.levels()
    else:
        (generator,) = base.bind(
            dict.fromkeys((p.name for e in base.expressions for p in e.parameters), 0.0)
        ).generators()
        levels = np.linalg.eigvalsh(generator)
    if num_controls:
        levels = np.append(levels, 0.0)
    gaps = np.sort(np.abs(levels[:, None] - levels).ravel())
    frequencies = [gap for k, gap in enumerate(gaps) if gap > _SAME_FREQUENCY + (gaps[k - 1] if k else 0.0)]
    if not frequencies:
        return ()
    # f(θ + s) − f(θ − s) = 2 Σ_l b_l sin(Ω_l s), and the derivative wanted is Σ_l b_l Ω_l
    count = len(frequencies)
    shifts = (2 * np.arange(1, count + 1) - 1) * np.pi / (2 * count * frequencies[0])
    weights = np.linalg.solve(2.0 * np.sin(np.outer(frequencies, shifts)), frequencies)
    return tuple(
        (sign * s, sign * w) for s, w in zip(shifts.tolist(), weights.tolist(), strict=True) for sign in (1, -1)
    )


def _with_angle(gate: Gate, angle: float) -> Gate:
    base, num_controls, state = gate.control_structure()
    if isinstance(base, PauliRotationGate):
        turned: Gate = PauliRotationGate(base.label, angle)
    elif isinstance(base, CompleteXYGate):
        turned = CompleteXYGate(base.num_qubits, angle)
    else:
        turned = StandardGate(base.name, (angle,))
    return turned.controlled(num_controls, state) if num_controls else turned


def _replaced(circuit: Circuit, position: int, steps: list[Placed]) -> Circuit:
    """The circuit with other gates in the place of one operation."""
    result = Circuit(circuit.num_qubits, circuit.num_clbits)
    for place, operation in enumerate(circuit):
        if place == position:
            for gate, qubits in steps:
                result.append(gate, qubits)
        else:
            result.append(operation.gate, operation.qubits, operation.clbits)
    return result
