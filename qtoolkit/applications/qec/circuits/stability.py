"""Stability experiments: how well a conserved parity of outcomes is told in time."""

from __future__ import annotations

from typing import Literal

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._checks import require_choice, require_integer
from qtoolkit.applications.qec._validation import MOST_ROUND_A_LATTICE, require_count
from qtoolkit.applications.qec.circuits._builder import Builder, check_rounds
from qtoolkit.applications.qec.circuits._noise import Noise, check_noise, noisy
from qtoolkit.applications.qec.circuits.memory import syndrome_schedule
from qtoolkit.applications.qec.codes import CSSCode
from qtoolkit.applications.qec.codes._binary import kernel
from qtoolkit.applications.qec.codes.surface import diagonal_code
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["stability_circuit", "stability_patch"]


def stability_patch(width: int) -> CSSCode:
    """A rotated patch with Z checks on all four edges, which stores nothing: the product of its Z checks is 1.

    Source: Gidney, Quantum 6, 786 (2022), Fig. 3.

    Args:
        width: qubits along a side, an even number of at least 2.

    Raises:
        InputError: if the width is odd or below 2.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    side = require_count("width", width, 2, MOST_ROUND_A_LATTICE)
    if side % 2:
        raise InputError(f"the width of a stability patch must be even, got {side}: take {side + 1}")
    inner, outer = range(1, side), range(side + 1)
    return diagonal_code(
        side,
        side,
        ((2 * x, 2 * y) for y in inner for x in inner if (x + y) % 2 == 0),
        ((2 * x, 2 * y) for y in outer for x in outer if (x + y) % 2 == 1),
        name=f"stability patch {side} × {side}",
    )


def stability_circuit(
    code: CSSCode, rounds: int, basis: Literal["x", "z"] = "z", noise: Noise | None = None
) -> Circuit:
    """A circuit whose observables are products of checks that are the identity, told by outcomes of the first round.

    Data qubits are prepared and read in the other letter, so that the checks of the basis are random one by one. Errors
    that change what the first round told, undetected, reach through all rounds: more rounds protect better.

    Args:
        code: a CSS code some of whose checks depend on each other, such as `stability_patch` or a toric code.
        rounds: of extraction, at least 1.
        basis: letter of the checks whose products are the observables.
        noise: inserted into the circuit, a preset (see `noise_preset`) or a model of a device; none for an ideal one.

    Source: Gidney, Quantum 6, 786 (2022).

    Raises:
        InputError: if the code is no `CSSCode`, or its checks of this letter are independent.
        InsufficientMemoryError: if there is no memory for so many rounds.
    """
    if not isinstance(code, CSSCode):
        raise InputError(f"a stability experiment needs a CSSCode, got {shown(code)}")
    count = require_integer("rounds", rounds, minimum=1)
    check_noise(noise)
    require_choice("basis", basis, ("x", "z"))
    checks, others = (code.x_checks, code.z_checks) if basis == "x" else (code.z_checks, code.x_checks)
    relations = kernel(checks.T)
    if not len(relations):
        raise InputError(
            f"a stability experiment needs {basis.upper()} checks that depend on each other, got independent ones of "
            f"{code!r}; see stability_patch"
        )
    check_rounds(len(code.stabilizers), count)
    letter, first = ("Z", len(code.x_checks)) if basis == "x" else ("X", 0)
    offset = 0 if basis == "x" else len(code.x_checks)
    builder = Builder(
        code.num_qubits, len(code.stabilizers), f"stability {basis} of {code.name}", code.check_coordinates
    )
    builder.prepare(letter * code.num_qubits)
    builder.reset_ancillas()
    fixed = range(first, first + len(others))
    known: dict[int, tuple[int, ...]] = dict.fromkeys(fixed, ())
    schedule = syndrome_schedule(code)
    for round_ in range(count):
        clbits = builder.extract(code.stabilizers, schedule, f"round_{round_}")
        for check, clbit in enumerate(clbits):
            if check in known:
                builder.detector([clbit, *known[check]], check, round_)
            known[check] = (clbit,)
        if round_ == 0:
            for index, relation in enumerate(relations):
                members = np.flatnonzero(relation)
                builder.circuit.observable([clbits[offset + member] for member in members], index)
    data = builder.read(letter * code.num_qubits, "data")
    for check, support in zip(fixed, others, strict=True):
        builder.detector([*known[check], *(data[q] for q in np.flatnonzero(support).tolist())], check, count)
    return noisy(builder.circuit, noise)
