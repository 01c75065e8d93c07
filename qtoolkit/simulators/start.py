"""The state that a run starts from, where one is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit.circuit._checks import numeric_array
from qtoolkit.compiler import ExecutionPlan
from qtoolkit.errors import InputError
from qtoolkit.simulators import measure
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.options import check_norm

__all__ = ["start_of"]


def start_of(engine: Engine, plan: ExecutionPlan, initial_state: ArrayLike | None) -> StateArray | None:
    """A checked copy of a given state; None for ``|0…0⟩``.

    Raises:
        InputError: if it has another shape than ``(2**num_qubits,)``, or another norm than 1.
        InsufficientMemoryError: if there is no memory for the copy.
    """
    if initial_state is None:
        return None
    given = numeric_array(initial_state, "initial_state")
    if given.shape != (1 << plan.num_qubits,):
        raise InputError(
            f"initial_state of {plan.num_qubits} qubits has shape ({1 << plan.num_qubits},), got {given.shape}"
        )
    state = engine.copy_of(given, plan.num_qubits)
    norm = float(np.sqrt(measure.norm_squared(state, engine.team)))
    scale = check_norm(norm, given, engine.dtype)
    if scale != 1.0 and plan.has_operations:
        np.multiply(state, scale, out=state, casting="same_kind")
    return state
