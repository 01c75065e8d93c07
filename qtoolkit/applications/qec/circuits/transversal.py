"""A transversal CX between two blocks of a CSS code, amid rounds of extraction."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_choice, require_integer
from qtoolkit.applications.qec.circuits._builder import Builder, check_rounds
from qtoolkit.applications.qec.circuits._noise import Noise, check_noise, noisy
from qtoolkit.applications.qec.circuits.memory import any_code, syndrome_schedule
from qtoolkit.applications.qec.codes import CSSCode, RotatedSurfaceCode
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["transversal_cx_circuit"]


def transversal_cx_circuit(
    code: CSSCode | RotatedSurfaceCode,
    rounds: int,
    basis: Literal["x", "z"] = "z",
    noise: Noise | None = None,
) -> Circuit:
    """Two blocks, rounds of extraction, CX from each qubit of the first to its twin, and as many rounds again.

    CX copies X of the control to the target and Z of the target to the control, checks as well as logical operators:
    detectors after it hold the products. Observable i is the logical operator of stored qubit i of the control block,
    k + i that of the target block.

    Args:
        code: of both blocks.
        rounds: before the gate, and after it, at least 1.
        basis: letter in which both blocks are prepared and read.
        noise: inserted into the circuit, a preset (see `noise_preset`) or a model of a device; none for an ideal one.

    Source: Gottesman, PhD thesis, Caltech (1997), section 5.3; Dennis et al., J. Math. Phys. 43, 4452 (2002),
    section VII.

    Raises:
        InputError: if the code is no CSS code or stores nothing, or an argument is none of these.
        InsufficientMemoryError: if there is no memory for so many rounds.
    """
    block = any_code(code)
    if not isinstance(block, CSSCode) or block.num_logical == 0:
        raise InputError(f"a transversal CX needs a CSSCode that stores something, got {block!r}")
    count = require_integer("rounds", rounds, minimum=1)
    check_noise(noise)
    letter = require_choice("basis", basis, ("x", "z")).upper()
    size, checks = block.num_qubits, len(block.stabilizers)
    check_rounds(4 * checks, count)
    builder = Builder(2 * size, 2 * checks, f"transversal CX {basis} of {block.name}", _points(block))
    builder.prepare(letter * (2 * size))
    builder.reset_ancillas()
    num_x = len(block.x_checks)
    fixed = range(num_x) if basis == "x" else range(num_x, checks)
    known: dict[int, tuple[int, ...]] = {check + shift: () for shift in (0, checks) for check in fixed}
    rows = _doubled(block)
    schedule = tuple(
        tuple((row + shift * checks, qubit + shift * size) for shift in (0, 1) for row, qubit in layer)
        for layer in syndrome_schedule(block)
    )
    for round_ in range(2 * count):
        if round_ == count:
            builder.tick()
            for qubit in range(size):
                builder.circuit.cx(qubit, size + qubit)
            known = _after_cx(known, num_x, checks)
        clbits = builder.extract(rows, schedule, f"round_{round_}")
        for check, clbit in enumerate(clbits):
            if check in known:
                builder.detector([clbit, *known[check]], check, round_)
            known[check] = (clbit,)
    data = builder.read(letter * (2 * size), "data")
    for shift in (0, 1):
        for check in fixed:
            support = np.flatnonzero(block.stabilizers[check]) % size + shift * size
            builder.detector(
                [*known[check + shift * checks], *(data[q] for q in support.tolist())],
                check + shift * checks,
                2 * count,
            )
    logicals = block.logical_x if basis == "x" else block.logical_z
    for shift in (0, 1):
        for index, row in enumerate(logicals):
            support = np.flatnonzero(row) % size + shift * size
            builder.circuit.observable([data[q] for q in support.tolist()], index + shift * block.num_logical)
    return noisy(builder.circuit, noise)


def _after_cx(known: dict[int, tuple[int, ...]], num_x: int, checks: int) -> dict[int, tuple[int, ...]]:
    """What the checks of both blocks are after the gate: X of the control and Z of the target are products."""
    changed: dict[int, tuple[int, ...]] = {}
    for check in range(checks):
        control, target = known.get(check), known.get(checks + check)
        both = None if control is None or target is None else (*control, *target)
        first, second = (both, target) if check < num_x else (control, both)
        changed |= {place: bits for place, bits in ((check, first), (checks + check, second)) if bits is not None}
    return changed


def _doubled(block: CSSCode) -> Bits:
    """The stabilizers of both blocks on 2n qubits, rows [x | z]."""
    size = block.num_qubits
    x, z = block.stabilizers[:, :size], block.stabilizers[:, size:]
    zeros = np.zeros_like(x)
    return np.vstack([np.hstack([x, zeros, z, zeros]), np.hstack([zeros, x, zeros, z])])


def _points(block: CSSCode) -> NDArray[np.float64] | None:
    """Coordinates of the checks, the target block on the right of the control."""
    points, data = block.check_coordinates, block.coordinates
    if points is None or data is None:
        return None
    width = float(np.ptp(data[:, 0])) + 4.0
    return np.vstack([points, points + np.array([width, 0.0])])
