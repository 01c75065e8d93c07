"""Excitations in few two-qubit gates, by the Jordan–Wigner mapping."""

from __future__ import annotations

import itertools
import math

from qtoolkit._arguments import check_flag, shown
from qtoolkit._checks import require_number
from qtoolkit.applications.chemistry.ansaetze.mode_qubits import passed_modes, sign_of
from qtoolkit.circuit import Circuit, ParameterExpression, ParameterValue
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation

__all__ = ["append_compact_excitation"]


def append_compact_excitation(
    circuit: Circuit, excitation: Excitation, theta: ParameterValue, fermionic: bool = True
) -> Circuit:
    """Add exp(θ (T − T†)) of one or two electrons, spin orbital k on qubit k, and return the circuit.

    Yordanov, Arvidsson-Shukur and Barnes, Phys. Rev. A 102, 062612 (2020): two two-qubit gates for one electron,
    thirteen for two, and two for each spin orbital that the electrons of a fermionic excitation pass.

    Args:
        circuit: what is extended.
        excitation: T, of one or two electrons.
        theta: θ in radians, a number or an expression in parameters.
        fermionic: whether T has the signs of fermions; without them it moves the ones of a bit string.

    Raises:
        InputError: if an argument is of another type, or more than two electrons move.
        CircuitError: if the circuit has too few qubits.
    """
    if not isinstance(circuit, Circuit) or not isinstance(excitation, Excitation):
        raise InputError(f"this needs a Circuit and an Excitation, got {shown(circuit)}, {shown(excitation)}")
    if excitation.rank > 2:
        raise InputError(f"compact circuits move one or two electrons, got {excitation.rank}; use append_excitation")
    if not isinstance(theta, ParameterExpression):
        theta = require_number("theta", theta)
    fermionic = check_flag(fermionic, "fermionic")
    modes = (*excitation.annihilated, *excitation.created)
    passed = passed_modes(modes) if fermionic else []
    target = excitation.created[0]
    ladder = list(itertools.pairwise(passed))
    for control, qubit in ladder:
        circuit.cx(control, qubit)
    if passed:
        circuit.cz(passed[-1], target)
    angle = -theta if fermionic and sign_of(modes) < 0 else theta
    if excitation.rank == 1:
        circuit.xx_plus_yy(2.0 * angle, math.pi / 2, excitation.annihilated[0], target)
    else:
        _append_double(circuit, excitation, angle)
    if passed:
        circuit.cz(passed[-1], target)
    for control, qubit in reversed(ladder):
        circuit.cx(control, qubit)
    return circuit


def _append_double(circuit: Circuit, excitation: Excitation, angle: ParameterValue) -> None:
    """Turn |i j a b⟩ = |1100⟩ into |0011⟩.

    Three gates bring both to i = 1, j = 0, b = 0, where they differ in a alone. There RY(2θ) of a acts, as eight
    rotations by θ/4 that the other three qubits switch to and from their inverses: all add up for these values, and
    cancel for all others. The last switch and the first gate of the way back, both controlled by a, are one.
    """
    (i, j), (a, b) = excitation.annihilated, excitation.created
    circuit.cx(i, j)
    circuit.cx(a, b)
    circuit.cx(a, i)
    for turn, first in ((0.25 * angle, True), (-0.25 * angle, False)):
        for switch in (j, b, j):
            circuit.ry(turn, a)
            if switch == j:
                circuit.cx(j, a)
            else:
                circuit.cz(b, a)
        circuit.ry(turn, a)
        if first:
            circuit.cz(i, a)
    # CZ and then CX from a to i, which is Y with a phase
    circuit.sdg(a)
    circuit.cy(a, i)
    circuit.cx(a, b)
    circuit.cx(i, j)
