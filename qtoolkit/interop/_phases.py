"""Global phases: of gates that act on no qubit, and under control."""

from __future__ import annotations

import cmath
from collections.abc import Sequence

from qtoolkit.circuit import Circuit, Gate, ParameterValue, StandardGate

__all__ = ["add_controlled_phase", "global_phase"]


def global_phase(gate: Gate) -> ParameterValue:
    """The angle γ of a gate on no qubit, ``e^{iγ}``: a ``gphase`` or a matrix of one entry."""
    return gate.params[0] if gate.params else cmath.phase(gate.matrix()[0, 0])


def add_controlled_phase(circuit: Circuit, gamma: ParameterValue, controls: Sequence[int], ctrl_state: int) -> None:
    """Multiply the states whose `controls` hold `ctrl_state` by ``e^{iγ}``."""
    if ctrl_state == 0:
        circuit.x(controls[0])
        add_controlled_phase(circuit, gamma, controls, 1)
        circuit.x(controls[0])
        return
    place = ctrl_state.bit_length() - 1
    others = (*controls[:place], *controls[place + 1 :])
    rest = ctrl_state ^ 1 << place
    phase: Gate = StandardGate("p", (gamma,))
    circuit.append(phase.controlled(len(others), rest) if others else phase, (*others, controls[place]))
