"""Shots of Clifford circuits with Pauli noise: Stim draws them, as packed words or as detectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs, _packed_bits
from qtoolkit._memory import reserved
from qtoolkit.simulators.stabilizer.writer import Written

__all__ = ["bits_of_shots", "detectors_of_shots"]

BITS_AT_A_TIME = 1 << 26
"""Stim draws so many measured bits at once, 8 MiB that stay near the processor, and can be interrupted in between."""

LEAST_SHOTS, MOST_SHOTS = 1 << 8, 1 << 14
"""At a time; Stim fills its registers from 256 on."""


def bits_of_shots(written: Written, num_clbits: int, shots: int, rng: np.random.Generator) -> NDArray[np.uint64]:
    """Classical bits of every shot.

    Args:
        written: the circuit.
        num_clbits: of the circuit; bits that are never measured are 0.
        shots: how many.
        rng: gives Stim's seed. The bits follow from that, from Stim's version and from the width of the processor's
            registers.

    Returns:
        uint64 of shape ``(shots, ceil(num_clbits / 64))``, see `_packed_bits`.

    Raises:
        InsufficientMemoryError: if the shots do not fit into free memory.
    """
    width = _packed_bits.num_words(num_clbits)
    measured = written.circuit.num_measurements
    at_once = _shots_at_once(measured)
    needed = _needs.stabilizer_shots(shots, width, min(at_once, shots), measured)
    what = f"{shots:,} shots of {num_clbits} bits"
    with reserved(needed, what, "take fewer at a time and add the counts", kept=8 * shots * width):
        sampler = written.circuit.compile_sampler(seed=_seed(rng))
        words = np.zeros((shots, width), np.dtype("<u8"))
        is_in_order = all(clbit == place for clbit, place in written.records.items())
        is_in_order &= len(written.records) == measured
        for first in range(0, shots, at_once):
            rows = words[first : first + at_once]
            found = sampler.sample(len(rows), bit_packed=True)
            if is_in_order:
                rows.view(np.uint8)[:, : found.shape[1]] = found
            else:
                _place(found, written, rows)
        return words.astype(np.uint64, copy=False)


def detectors_of_shots(
    written: Written, shots: int, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Detectors and logical observables of every shot: the parities of their bits, as they are measured.

    Args:
        written: the circuit.
        shots: how many.
        rng: as for `bits_of_shots`.

    Returns:
        bool of shape ``(shots, num_detectors)`` and ``(shots, num_observables)``.

    Raises:
        InsufficientMemoryError: if the shots do not fit into free memory.
    """
    program = written.circuit
    num_detectors, num_observables = program.num_detectors, program.num_observables
    at_once = _shots_at_once(program.num_measurements)
    wanted = num_detectors + num_observables
    needed = _needs.stabilizer_detectors(shots, wanted, min(at_once, shots), program.num_measurements)
    what = f"{shots:,} shots of {wanted} detectors and observables"
    with reserved(needed, what, "take fewer at a time", kept=shots * wanted):
        sampler = program.compile_detector_sampler(seed=_seed(rng))
        detectors = np.empty((shots, num_detectors), np.bool_)
        observables = np.empty((shots, num_observables), np.bool_)
        for first in range(0, shots, at_once):
            rows = slice(first, first + at_once)
            sampler.sample(len(detectors[rows]), dets_out=detectors[rows], obs_out=observables[rows])
        # Stim tells what differs from a shot without noise; bits may be 1 there.
        for found, usual in zip(
            (detectors, observables), program.reference_detector_and_observable_signs(), strict=True
        ):
            if usual.any():
                found ^= usual
        return detectors, observables


def _place(found: NDArray[np.uint8], written: Written, out: NDArray[np.uint64]) -> None:
    """Bring bits from Stim's order into that of classical bits."""
    records = np.zeros((len(found), _packed_bits.num_words(written.circuit.num_measurements)), np.dtype("<u8"))
    records.view(np.uint8)[:, : found.shape[1]] = found
    _packed_bits.select(records, list(written.records.values()), out, list(written.records))


def _shots_at_once(num_measured: int) -> int:
    most = BITS_AT_A_TIME // max(num_measured, 1)
    return max(LEAST_SHOTS, min(MOST_SHOTS, 1 << max(most, 1).bit_length() - 1))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 63))
