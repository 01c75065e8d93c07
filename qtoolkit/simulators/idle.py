"""Results of circuits with idle qubits, from those of their other qubits alone.

An idle qubit is in ``|0⟩``. There Z is 1 and X and Y have the mean 0, and it is measured as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit._masks import distinct
from qtoolkit.compiler import ExecutionPlan, Key, PaddedPlan
from qtoolkit.operators import PauliSum
from qtoolkit.operators import _state_action as pauli_sums
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.measure import norm_squared
from qtoolkit.simulators.observables import Observable, variance
from qtoolkit_kernels.team import Team

__all__ = [
    "active_observable",
    "active_observables",
    "common_part",
    "padded_probabilities",
    "padded_variance",
    "whole_plan",
]

MOST_KEPT = 16
"""Observables that a plan remembers before it forgets all of them."""

IntArray = NDArray[np.int64]

_ACTIVE: Key[dict[int, tuple[PauliSum, PauliSum]]] = Key(__name__, "_ACTIVE")
"""Observables, by their identity, and what they are on the active qubits."""


def active_observables(
    plan: PaddedPlan, observable: Observable | Sequence[Observable], several: bool
) -> Observable | Sequence[Observable]:
    """One observable or several, checked, as `active_observable` gives them."""
    if several:
        return [active_observable(plan, item) for item in cast("Sequence[Observable]", observable)]
    return active_observable(plan, cast(Observable, observable))


def active_observable(plan: PaddedPlan, observable: Observable) -> Observable:
    """What an observable is on the active qubits while the others are in ``|0⟩``; its mean is the same."""
    if not isinstance(observable, PauliSum):
        return _in_zero(observable, plan.active_qubits, plan.num_qubits)
    # Kept, because the kernels keep what they make of a sum, and by identity, because that is how it comes back.
    kept = plan.kept.get(_ACTIVE)
    if kept is None:
        kept = plan.kept[_ACTIVE] = {}
    known = kept.get(id(observable))
    if known is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        known = kept[id(observable)] = observable, _flipping(plan, observable, 0)
    return known[1]


def padded_variance(plan: PaddedPlan, observable: Observable, state: StateArray, team: Team) -> float:
    """The variance of an observable.

    What flips some idle qubits takes the state to one that is orthogonal to it and to what flips others.

    Args:
        plan: of the circuit.
        observable: checked, on all of its qubits.
        state: of the active ones.
        team: threads that help.
    """
    total = variance(active_observable(plan, observable), state, team)
    if isinstance(observable, PauliSum):
        flips = distinct(observable.x_masks & _idle_mask(plan))
        for flip in flips[flips > 0].tolist():
            total += norm_squared(pauli_sums.applied(_flipping(plan, observable, flip), state, team), team)
    return total


def padded_probabilities(plan: PaddedPlan, measured: Sequence[int], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of the outcomes of some qubits, idle ones among them.

    Args:
        plan: of the circuit.
        measured: qubits of the circuit.
        found: probabilities of those of them that are active, shape ``(..., 2**num_active)``.

    Returns:
        float64 of shape ``(..., 2**len(measured))``.
    """
    kept = [place for place, qubit in enumerate(measured) if qubit in plan.active_qubits]
    padded = np.zeros((*found.shape[:-1], 1 << len(measured)))
    view = _with_zeros(padded, kept, len(measured))
    view[...] = found.reshape(view.shape)
    return padded


def common_part(state: StateArray, qubits: Sequence[int], others: Sequence[int]) -> StateArray:
    """The amplitudes of a state of some qubits at which all but those among the others are 0."""
    return _in_zero(state, [place for place, qubit in enumerate(qubits) if qubit in others], len(qubits))


def _idle_mask(plan: PaddedPlan) -> int:
    return ((1 << plan.num_qubits) - 1) & ~sum(1 << qubit for qubit in plan.active_qubits)


def _flipping(plan: PaddedPlan, observable: PauliSum, flip: int) -> PauliSum:
    """The strings that flip these idle qubits and no others, on the active ones; Y takes ``|0⟩`` to ``i|1⟩``."""
    idle = _idle_mask(plan)
    chosen = (observable.x_masks & idle) == flip
    x_masks, z_masks = observable.x_masks[chosen], observable.z_masks[chosen]
    phases = np.array([1, 1j, -1, -1j])[np.bitwise_count(z_masks & flip) & 3]
    coefficients = observable.coefficients[chosen] * phases
    return PauliSum(_gathered(x_masks, plan), _gathered(z_masks, plan), coefficients, len(plan.active_qubits))


def _gathered(masks: IntArray, plan: PaddedPlan) -> IntArray:
    gathered = np.zeros_like(masks)
    for place, qubit in enumerate(plan.active_qubits):
        gathered |= (masks >> qubit & 1) << place
    return gathered


def _in_zero(vector: NDArray[Any], kept: Sequence[int], num_bits: int) -> NDArray[Any]:
    """A vector's entries at which all bits of the index but those kept are 0."""
    return np.ascontiguousarray(_with_zeros(vector, kept, num_bits)).reshape(-1)


def _with_zeros(array: NDArray[Any], kept: Sequence[int], num_bits: int) -> NDArray[Any]:
    """A view of the entries at which all bits of the last index but those kept are 0; one axis for each of these."""
    index = [0 if bit not in kept else slice(None) for bit in reversed(range(num_bits))]
    view: NDArray[Any] = array.reshape((*array.shape[:-1], *(2,) * num_bits))[(..., *index)]
    return view


def whole_plan(engine: Engine, plan: ExecutionPlan) -> ExecutionPlan:
    """The plan of all qubits, for whoever gives or takes all amplitudes.

    Raises:
        InsufficientMemoryError: if their state does not fit into free memory.
    """
    if not isinstance(plan, PaddedPlan):
        return plan
    engine.check_memory(plan.num_qubits, idle=plan.num_qubits - len(plan.active_qubits))
    return plan.whole
