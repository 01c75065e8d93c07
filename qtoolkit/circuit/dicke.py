"""What prepares Dicke states: simulators write the state where they find these operations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from qtoolkit.circuit.gate import StandardGate
from qtoolkit.circuit.operation import Operation

__all__ = ["dicke_operations"]


def dicke_operations(
    num_qubits: int, weight: int, chance: Callable[[int, int], float] | None = None
) -> Iterator[Operation]:
    """What turns ``|0…0⟩`` into the Dicke state of `weight` ones, or into another superposition of the same bits.

    Args:
        num_qubits, weight: of the state.
        chance: for n qubits and l ones, the probability that the last of the first n qubits is 1 where these hold l
            ones; l/n by default.

    Source: Bärtschi and Eidenbenz, FCT 2019, LNCS 11651, 126 (arXiv:1904.07358), lemma 2 and theorem 1: with
    ones on the last k qubits, a split-and-cyclic-shift for each prefix of the qubits, the longest first.
    """
    for qubit in range(num_qubits - weight, num_qubits):
        yield Operation(StandardGate("x"), (qubit,))
    if weight < num_qubits:
        for length in range(num_qubits, 1, -1):
            yield from _split_and_shift(length, min(weight, length - 1), chance or _alike)


def _alike(length: int, ones: int) -> float:
    return ones / length


def _split_and_shift(length: int, most_ones: int, chance: Callable[[int, int], float]) -> Iterator[Operation]:
    """Split ``|0 1^l⟩`` at the end of a prefix into ``√(l/n)|0 1^l⟩ + √((n-l)/n)|1^l 0⟩``, for each l at once.

    The prefix has n = `length` qubits, and l runs up to `most_ones`; `chance` stands for l/n.
    """
    last = length - 1
    for ones in range(1, most_ones + 1):
        first = last - ones
        rotation = StandardGate("ry", (2.0 * math.acos(math.sqrt(chance(length, ones))),))
        controls = (last,) if ones == 1 else (first + 1, last)
        shift = Operation(StandardGate("cx"), (first, last))
        yield shift
        yield Operation(rotation.controlled(len(controls)), (*controls, first))
        yield shift
