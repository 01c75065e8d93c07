"""Parameter values of one run, as most users give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit.parameter import resolve_values

__all__ = ["NO_VALUES", "vector_of"]

NO_VALUES = np.zeros(0)
"""Of a circuit without parameters."""

_DOUBLE = NO_VALUES.dtype


def vector_of(circuit: Circuit, parameters: object) -> NDArray[np.float64] | None:
    """Values as a vector; None for what must be looked at more closely.

    Whether there is one for each parameter of the circuit is for those to see who know these.

    Raises:
        ParameterError: for names that are not the circuit's.
    """
    if isinstance(parameters, np.ndarray):
        return parameters if parameters.dtype == _DOUBLE and parameters.ndim == 1 else None
    if parameters is None:
        return NO_VALUES
    if isinstance(parameters, Mapping):
        free = circuit.parameters
        found = resolve_values(free, cast(ParameterValues, parameters))
        return np.array([found[p.name] for p in free]) if len(found) == len(free) else None
    if isinstance(parameters, list | tuple) and all(type(value) is float for value in parameters):
        return np.array(parameters, _DOUBLE)
    return None
