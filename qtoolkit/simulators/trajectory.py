"""One random run of a circuit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.engine import StateArray

__all__ = ["Trajectory"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One random run of a circuit.

    Attributes:
        state_vector: the state at the end, shape ``(2**num_qubits,)``.
        clbits: the classical bits at the end, uint8, shape ``(num_clbits,)``.
        seed: the seed that reproduces it, None if a generator was given.
    """

    state_vector: StateArray
    clbits: NDArray[np.uint8]
    seed: int | None
