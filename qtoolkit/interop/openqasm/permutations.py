"""Permutations of basis states as networks of controlled NOTs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._masks import bits_of
from qtoolkit.circuit import Circuit, StandardGate

__all__ = ["permutation_network"]


def permutation_network(table: NDArray[np.int64]) -> Circuit:
    """X gates with any number of controls that take basis state j to ``table[j]``, exactly.

    Transformation-based synthesis (Miller, Maslov and Dueck, Proc. 40th Design Automation Conference, 318 (2003)):
    go through the states in rising order and, with gates on the output that leave all lower states alone, bring
    each image home. At most ``k 2**k`` gates on k qubits.
    """
    num_qubits = len(table).bit_length() - 1
    image = table.copy()
    steps: list[tuple[int, int]] = []

    def apply(controls: int, target: int) -> None:
        image[(image & controls) == controls] ^= 1 << target
        steps.append((controls, target))

    for state in range(len(table)):
        for target in bits_of(state & ~int(image[state])):
            apply(int(image[state]), target)
        for target in bits_of(int(image[state]) & ~state):
            apply(state, target)
    circuit = Circuit(num_qubits)
    for controls, target in reversed(steps):
        places = bits_of(controls)
        gate = StandardGate("x")
        circuit.append(gate.controlled(len(places)) if places else gate, (*places, target))
    return circuit
