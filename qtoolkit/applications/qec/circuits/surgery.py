"""Lattice surgery: a joint logical measurement of two rotated patches, by joining and parting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from qtoolkit._checks import require_choice, require_integer
from qtoolkit.applications.qec._validation import require_odd_distance
from qtoolkit.applications.qec.circuits._builder import Builder, check_rounds
from qtoolkit.applications.qec.circuits._noise import Noise, check_noise, noisy
from qtoolkit.applications.qec.codes import CSSCode
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.applications.qec.codes._input import Schedule
from qtoolkit.applications.qec.codes.surface import rotated_patch
from qtoolkit.circuit import Circuit

__all__ = ["lattice_surgery_circuit"]


def lattice_surgery_circuit(
    distance: int,
    rounds: int,
    measured: Literal["xx", "zz"] = "xx",
    basis: Literal["x", "z"] = "x",
    noise: Noise | None = None,
) -> Circuit:
    """Two rotated patches of distance d, joined for some rounds, which measures the product of their logical X or Z.

    Patches lie side by side for XX and one above the other for ZZ, with a seam of d qubits between them. The patches
    are watched for `rounds` rounds, joined for as many (the seam is prepared in the other letter, and checks across
    it are measured: the product of those of the measured letter in the first joint round is the outcome), parted by
    reading the seam, and watched for as many rounds again.

    Where the patches are prepared in the measured letter, observable 0 is the outcome, 1 and 2 the logical operators of
    the patches in the end. Where they are prepared in the other one, the outcome is random, and observable 0 is the
    product of their logical operators, corrected by the seam.

    Source: Horsman, Fowler, Devitt and Van Meter, New J. Phys. 14, 123011 (2012), section 3; Litinski, Quantum 3, 128
    (2019).

    Args:
        distance: of both patches, odd.
        rounds: before, while and after they are joined, at least 1 each.
        measured: the joint operator.
        basis: letter in which both patches are prepared and read.
        noise: inserted into the circuit, a preset (see `noise_preset`) or a model of a device; none for an ideal one.

    Raises:
        InputError: if the distance is even or below 3, or an argument is none of these.
        InsufficientMemoryError: if there is no memory for so many rounds.
    """
    d = require_odd_distance(distance)
    count = require_integer("rounds", rounds, minimum=1)
    check_noise(noise)
    joint = require_choice("measured", measured, ("xx", "zz"))[0]
    letter = require_choice("basis", basis, ("x", "z"))
    check_rounds(6 * d * d, count)
    size = (2 * d + 1, d) if joint == "x" else (d, 2 * d + 1)
    code = rotated_patch(*size, name=f"{measured} of two patches")
    patches = _Patches(code, d, joint)
    builder = Builder(
        code.num_qubits, len(code.stabilizers), f"lattice surgery {measured} {basis}", code.check_coordinates
    )
    known: dict[int, tuple[int, ...]] = {check: () for check in patches.apart if patches.letters[check] == letter}
    builder.prepare(letter.upper() * len(patches.outside), patches.outside)
    builder.reset_ancillas()
    _watch(builder, patches.apart, patches.rows_apart, patches.schedule_apart, known, range(count))
    builder.tick()
    builder.prepare(patches.other.upper() * d, patches.seam)
    first = _watch(
        builder, range(len(code.stabilizers)), code.stabilizers, patches.schedule, known, range(count, 2 * count)
    )
    builder.tick()
    seam = builder.read(patches.other.upper() * d, "seam", patches.seam)
    for check in patches.across:
        if patches.letters[check] == joint:
            del known[check]
        else:
            known[check] += tuple(seam[q] for q in patches.seam if patches.supports[check, q])
    _watch(builder, patches.apart, patches.rows_apart, patches.schedule_apart, known, range(2 * count, 3 * count))
    data = builder.read(letter.upper() * len(patches.outside), "data", patches.outside)
    for check in patches.apart:
        if patches.letters[check] == letter:
            support = [q for q in patches.outside if patches.supports[check, q]]
            builder.detector([*known[check], *(data[q] for q in support)], check, 3 * count)
    if letter == joint:
        outcome = [first[check] for check in patches.across if patches.letters[check] == joint]
        builder.circuit.observable(outcome, 0)
        for index, support in enumerate(patches.joint_logicals):
            builder.circuit.observable([data[q] for q in support], index + 1)
    else:
        builder.circuit.observable([(data | seam)[q] for q in patches.other_logical], 0)
    return noisy(builder.circuit, noise)


class _Patches:
    """Two patches as parts of the joint one: its checks, and what is left of them where the seam is not there."""

    def __init__(self, code: CSSCode, d: int, joint: str) -> None:
        axis = 0 if joint == "x" else 1
        assert code.coordinates is not None
        along, across = code.coordinates[:, axis], code.coordinates[:, 1 - axis]
        seam_at = 2 * d + 1
        self.other = "z" if joint == "x" else "x"
        self.letters = "x" * len(code.x_checks) + "z" * len(code.z_checks)
        self.supports = np.vstack([code.x_checks, code.z_checks])
        in_seam = along == seam_at
        self.seam = np.flatnonzero(in_seam).tolist()
        self.outside = np.flatnonzero(~in_seam).tolist()
        self.across = np.flatnonzero(self.supports[:, in_seam].any(axis=1)).tolist()
        dropped = {check for check in self.across if self.letters[check] == joint}
        self.apart = [check for check in range(len(self.letters)) if check not in dropped]
        self.rows_apart = code.stabilizers[self.apart] & np.tile(~in_seam, 2)
        self.schedule: Schedule = code.schedule or ()
        place = {check: row for row, check in enumerate(self.apart)}
        self.schedule_apart: Schedule = tuple(
            tuple((place[check], qubit) for check, qubit in layer if check in place and not in_seam[qubit])
            for layer in self.schedule
        )
        self.joint_logicals = [np.flatnonzero(along == start).tolist() for start in (1, seam_at + 2)]
        self.other_logical = np.flatnonzero(across == 1).tolist()


def _watch(
    builder: Builder,
    checks: Sequence[int],
    rows: Bits,
    schedule: Schedule,
    known: dict[int, tuple[int, ...]],
    rounds: range,
) -> dict[int, int]:
    """Rounds of some checks, with detectors where their value is known before; the bits of the first round."""
    first: dict[int, int] = {}
    for round_ in rounds:
        clbits = builder.extract(rows, schedule, f"round_{round_}", checks)
        for check, clbit in zip(checks, clbits, strict=True):
            if check in known:
                builder.detector([clbit, *known[check]], check, round_)
            known[check] = (clbit,)
            first.setdefault(check, clbit)
    return first
