"""The QAOA circuit: the initial state, then layers of the cost's phases and the mixer."""

from __future__ import annotations

import math

from qtoolkit._arguments import MOST_ITEMS, check_instance, check_integer, check_number, shown
from qtoolkit.algorithms.mixers import Mixer
from qtoolkit.circuit import Circuit, ParameterVector
from qtoolkit.circuit.exchange_gate import rounds_of_pairs
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import PauliSum

__all__ = ["qaoa_circuit"]


def qaoa_circuit(
    cost: PauliSum, mixer: Mixer, initial_state: Circuit, num_layers: int, *, cost_scale: float = 1.0
) -> Circuit:
    """The QAOA circuit, with parameters ``γ[0], β[0], γ[1], …``.

    Layer l is ``exp(-i γ_l C / cost_scale)``, the constant of C left out, and then ``exp(-i β_l H_M)``. The cost
    layer takes one gate for each term: RZ, RZZ, or a Pauli rotation on more qubits; pairs come in rounds that share no
    qubit.

    Raises:
        InputError: if there is no layer, the numbers of qubits differ or the initial state has free parameters.
        OperatorError: if the cost is not diagonal and real, or constant.
    """
    check_instance(cost, PauliSum, "a QAOA cost must be a PauliSum")
    check_instance(mixer, Mixer, "the mixer must be a Mixer")
    check_instance(initial_state, Circuit, "the initial state must be a Circuit")
    if not cost.is_diagonal() or not cost.is_hermitian():
        raise OperatorError("a QAOA cost needs strings of I and Z with real coefficients; this one has others")
    count = check_integer(num_layers, "num_layers", most=MOST_ITEMS)
    if count < 1:
        raise InputError(f"num_layers must be at least 1, got {shown(count)}")
    cost_scale = check_number(cost_scale, "cost_scale", kind="a positive number", accept=lambda x: 0.0 < x < math.inf)
    sizes = (cost.num_qubits, mixer.num_qubits, initial_state.num_qubits)
    if len(set(sizes)) != 1:
        raise InputError(f"cost, mixer and initial state must have the same number of qubits, got {sizes}")
    gammas, betas = ParameterVector("γ", count), ParameterVector("β", count)
    terms = [
        (tuple(k for k in range(cost.num_qubits) if mask >> k & 1), 2.0 * coefficient / cost_scale)
        for mask, coefficient in zip(cost.z_masks.tolist(), cost.coefficients.real.tolist(), strict=True)
        if mask and coefficient
    ]
    terms = _in_rounds(terms, cost.num_qubits)
    if not terms:
        raise OperatorError("a QAOA cost must depend on a bit, got a constant")
    if initial_state.num_parameters:
        raise InputError("the initial state must have numbers for its angles, got free parameters; bind them")
    circuit = Circuit(cost.num_qubits, name="qaoa").extend(initial_state)
    for gamma, beta in zip(gammas, betas, strict=True):
        for qubits, factor in terms:
            if len(qubits) == 1:
                circuit.rz(factor * gamma, qubits[0])
            elif len(qubits) == 2:
                circuit.rzz(factor * gamma, *qubits)
            else:
                circuit.pauli_rotation("Z" * len(qubits), factor * gamma, qubits)
        mixer.append_layer(circuit, beta)
    return circuit


def _in_rounds(terms: list[tuple[tuple[int, ...], float]], num_qubits: int) -> list[tuple[tuple[int, ...], float]]:
    """The terms, those of pairs in rounds that share no qubit: each pair in the first round where both are free.

    Of all pairs, taken as in a round-robin tournament, that makes as few rounds as there can be.
    """
    turn = {pair: k for k, pairs in enumerate(rounds_of_pairs(num_qubits)) for pair in pairs}
    busy: list[set[int]] = [set() for _ in range(num_qubits)]
    rounds: list[tuple[int, tuple[tuple[int, ...], float]]] = []
    pairs = [term for term in terms if len(term[0]) == 2]
    for term in sorted(pairs, key=lambda term: turn[term[0][0], term[0][1]]):
        first, second = term[0]
        taken = busy[first] | busy[second]
        free = next(k for k in range(len(taken) + 1) if k not in taken)
        busy[first].add(free)
        busy[second].add(free)
        rounds.append((free, term))
    in_order = [term for _, term in sorted(rounds, key=lambda found: found[0])]
    return [
        *(term for term in terms if len(term[0]) == 1),
        *in_order,
        *(term for term in terms if len(term[0]) > 2),
    ]
