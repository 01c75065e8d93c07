"""The phase of gates that act on no qubit."""

from __future__ import annotations

import cmath

from qtoolkit.circuit import Gate, ParameterValue

__all__ = ["global_phase"]


def global_phase(gate: Gate) -> ParameterValue:
    """The angle γ of a gate on no qubit, ``e^{iγ}``: a ``gphase`` or a matrix of one entry."""
    return gate.params[0] if gate.params else cmath.phase(gate.matrix()[0, 0])
