"""Codes under Pauli noise and perfect checks, as detector error models."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_array
from qtoolkit.applications.qec.decoders._binary import bits_of, columns_of
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, model_of_parts
from qtoolkit.errors import InputError

__all__ = ["pauli_noise_model"]


def pauli_noise_model(
    stabilizers: object, logicals: object, rates: NDArray[np.float64] | tuple[float, float, float]
) -> DetectorErrorModel:
    """A stabilizer code whose every qubit suffers X, Y or Z, one of them at most, and whose checks are perfect.

    The channel of a qubit is written as three independent mechanisms, X, Y and Z, which is exact: the probability of
    each follows from the channel's eigenvalues.

    Args:
        stabilizers: 0 or 1, (r, 2n), each row a Pauli string as [x | z]; its r rows are the detectors.
        logicals: 0 or 1, (k, 2n), as [x | z]; observable j flips where the error anticommutes with row j.
        rates: probabilities of X, Y and Z, (3,) for all qubits or (n, 3).

    Returns:
        A model of 3n mechanisms: X of every qubit, then Y, decomposed into X and Z, then Z.

    Raises:
        InputError: if shapes, entries or rates are none of these, or a channel is no product of independent ones.
    """
    checks = bits_of("stabilizers", stabilizers)
    if checks.shape[1] % 2:
        raise InputError(f"stabilizers must have 2n columns, as [x | z], got shape {checks.shape}")
    num_qubits = checks.shape[1] // 2
    observables = bits_of("logicals", logicals)
    if observables.shape[1] != checks.shape[1]:
        raise InputError(f"logicals must have {checks.shape[1]} columns, as stabilizers have, got {observables.shape}")
    table = require_array("rates", rates)
    if table.shape not in ((3,), (num_qubits, 3)):
        raise InputError(f"rates of X, Y and Z must have shape (3,) or ({num_qubits}, 3), got {table.shape}")
    probabilities = np.array([_independent(*row) for row in np.broadcast_to(table, (num_qubits, 3)).tolist()])
    # X anticommutes with the Z part of a row, Z with the X part, and Y is both.
    every = [
        list(zip(columns_of(checks[:, part]), columns_of(observables[:, part]), strict=True))
        for part in (slice(num_qubits, None), slice(None, num_qubits))
    ]
    columns = [[x] for x in every[0]] + [list(both) for both in zip(*every, strict=True)] + [[z] for z in every[1]]
    return model_of_parts(probabilities.T.ravel(), columns, (checks.shape[0], observables.shape[0]), (), True)


def _independent(x: float, y: float, z: float) -> tuple[float, float, float]:
    """The rates of independent X, Y and Z whose product is the channel."""
    if min(x, y, z) < 0.0 or x + y + z > 1.0:
        raise InputError(f"rates of X, Y and Z must be at least 0 and at most 1 together, got ({x:g}, {y:g}, {z:g})")
    scale_x, scale_y, scale_z = 1.0 - 2.0 * (y + z), 1.0 - 2.0 * (x + z), 1.0 - 2.0 * (x + y)
    if min(scale_x, scale_y, scale_z) > 0.0:
        # The eigenvalue of a letter is the product of 1 − 2q over the two others.
        found = (
            (1.0 - math.sqrt(scale_y * scale_z / scale_x)) / 2.0,
            (1.0 - math.sqrt(scale_x * scale_z / scale_y)) / 2.0,
            (1.0 - math.sqrt(scale_x * scale_y / scale_z)) / 2.0,
        )
        if min(found) > -1e-15:
            return max(found[0], 0.0), max(found[1], 0.0), max(found[2], 0.0)
    raise InputError(
        f"X, Y and Z at rates ({x:g}, {y:g}, {z:g}) are no independent errors, which a detector error model is made of"
        ": make the rates smaller, or more alike"
    )
