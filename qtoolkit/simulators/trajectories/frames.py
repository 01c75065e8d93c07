"""Draws errors and follows them through a circuit, all shots side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.trajectories.signed import Clifford, Error, Flip, Rotation, SignedCircuit

__all__ = ["Drawn", "draw_errors"]

Bits = NDArray[np.bool_]


class Drawn(NamedTuple):
    """What noise does to shots.

    Attributes:
        signs: bool of shape ``(num_rotations, shots)``: whether it flips the sign of an angle.
        flips: bool of shape ``(shots, num_clbits)``: whether it flips a measured bit.
    """

    signs: Bits
    flips: Bits


def draw_errors(circuit: SignedCircuit, shots: int, rng: np.random.Generator) -> Drawn:
    """Draw errors.

    Args:
        circuit: what the shots run.
        shots: how many.
        rng: what is drawn with.
    """
    num_qubits = circuit.plan.num_qubits
    x, z = np.zeros((2, num_qubits, shots), np.bool_)
    signs = np.zeros((len(circuit.angles), shots), np.bool_)
    flips = np.zeros((circuit.plan.num_clbits, shots), np.bool_)
    number = 0
    for event in circuit.events:
        if isinstance(event, Clifford):
            _move(event, x, z)
        elif isinstance(event, Rotation):
            # Letters anticommute where one has an X and the other a Z.
            for qubit in event.x_qubits:
                signs[number] ^= z[qubit]
            for qubit in event.z_qubits:
                signs[number] ^= x[qubit]
            number += 1
        elif isinstance(event, Error):
            _add(event, x, z, rng)
        elif isinstance(event, Flip):
            flips[event.clbit] = x[event.qubit]
        else:
            for qubit in event.qubits:
                x[qubit] = z[qubit] = False
    return Drawn(signs, flips.T)


def _move(gate: Clifford, x: Bits, z: Bits) -> None:
    before = [part[qubit].copy() for qubit in gate.qubits for part in (x, z)]
    for bit, sources in enumerate(gate.sources):
        if sources == (bit,):
            continue
        out = (x, z)[bit % 2][gate.qubits[bit // 2]]
        out[:] = before[sources[0]]
        for source in sources[1:]:
            out ^= before[source]


def _add(error: Error, x: Bits, z: Bits, rng: np.random.Generator) -> None:
    count = int(rng.binomial(x.shape[1], error.probability))
    if count == 0:
        return
    places = rng.choice(x.shape[1], count, replace=False, shuffle=False)
    kinds = rng.choice(len(error.weights), count, p=error.weights)
    for k, qubit in enumerate(error.qubits):
        x[qubit, places] ^= error.x[kinds, k]
        z[qubit, places] ^= error.z[kinds, k]
