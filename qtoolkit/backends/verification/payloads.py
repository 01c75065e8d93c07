"""Whether a payload holds the circuits that were asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qtoolkit._arguments import check_instance, items_of
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.registry import serializer_of
from qtoolkit.backends.verification.bits import pair_distances
from qtoolkit.backends.verification.reference import Reference, reference_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["circuits_of", "verify_payload"]

SAMPLE = 1 << 17
"""Shots of each of two circuits whose distributions do not fit: pairs of bits are known to about 0.003."""


def verify_payload(
    payload: Payload, circuits: Circuit | Sequence[Circuit], *, seed: int | np.random.Generator | None = 0
) -> float:
    """How far the circuits that a payload holds are from those that were asked for.

    Args:
        payload: is parsed back by its provider's serializer.
        circuits: those that it was made of, parameters bound, in order.
        seed: of what must be sampled.

    Returns:
        The largest total variation between the exact distributions of the classical bits of a circuit and what the
        payload holds of it; 0 to about 1e-12 where they are the same. Where distributions do not fit, the largest one
        of any two bits, by shots, known to about 0.005.

    Raises:
        InputError: if there are other numbers of circuits or classical bits.
        ConversionError: if the payload cannot be parsed.
        BackendError: if no provider here reads its format.
    """
    check_instance(payload, Payload, "what is verified is a Payload")
    given = circuits_of(circuits)
    found = serializer_of(payload.format).circuits(payload)
    if len(found) != len(given):
        raise InputError(f"the payload holds {len(found)} circuits, {len(given)} were asked for")
    worst = 0.0
    for number, (theirs, ours) in enumerate(zip(found, given, strict=True)):
        if theirs.num_clbits != ours.num_clbits:
            raise InputError(
                f"circuit {number} has {ours.num_clbits} classical bits, the payload's has {theirs.num_clbits}"
            )
        pair = [reference_of(circuit, SAMPLE // 20, seed=seed) for circuit in (ours, theirs)]
        worst = max(worst, _distance(pair[0], pair[1], (ours, theirs), seed))
    return worst


def circuits_of(given: Circuit | Sequence[Circuit]) -> list[Circuit]:
    """One circuit or several, as a list.

    Raises:
        InputError: if they are none.
    """
    rule = "what was asked for is a Circuit, or a sequence of them"
    circuits = [given] if isinstance(given, Circuit) else list(items_of(given, rule))
    for circuit in circuits:
        check_instance(circuit, Circuit, rule)
    return circuits


def _distance(
    ours: Reference, theirs: Reference, circuits: tuple[Circuit, Circuit], seed: int | np.random.Generator | None
) -> float:
    if ours.is_exact and theirs.is_exact:
        return ours.total_variation(theirs)
    sampled = [
        reference_of(circuit, SAMPLE // 20, seed=seed, exact=False) if known.is_exact else known
        for known, circuit in zip((ours, theirs), circuits, strict=True)
    ]
    return pair_distances(*[known.sample for known in sampled if known.sample is not None])
