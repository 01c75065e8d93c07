"""Sums of Pauli strings on states: expectation values of one or many, and H|ψ⟩.

The work is done by `vector.pauli.sweep`, on programs that `PreparedSums` packs once for each precision. Below some
tens of microseconds of work one thread runs it in one compiled call; above, the team shares the superblocks. Sums are
formed superblock by superblock and added in order, so the number of threads leaves no trace.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np

from qtoolkit_kernels._jit import entry_of
from qtoolkit_kernels._types import Complex, Floats
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums
from qtoolkit_kernels.vector.pauli.program import PauliProgram
from qtoolkit_kernels.vector.pauli.sweep import program_image, program_value, program_values

__all__ = ["pauli_sum_expectation", "pauli_sum_expectations", "apply_pauli_sum"]

SHARED_VISITS = 1 << 17
"""Visits of registers, about half a nanosecond each, from which threads are worth waking."""

LONG_VISITS = 1 << 27
"""Visits from which a signal must be able to end the sum."""

_alone = Team(1)


def pauli_sum_expectation(state: Complex, sums: PreparedSums, team: Team | None = None) -> float:
    """Return Σ_t c_t ⟨ψ|P_t|ψ⟩ of the first sum, with the real parts of the coefficients."""
    program = sums.program(state.itemsize, True)
    if program.num_observables > 1 or _is_long(program) or (team is not None and _shareable(program)):
        return float(pauli_sum_expectations(state, sums, team)[0])
    whole = sums.whole_registers(state, program)
    if state.itemsize not in sums.ready:
        sums.ready[state.itemsize] = None
    elif sums.ready[state.itemsize] is None and whole is state and not _shareable(program):
        enter, (*fixed, _) = entry_of(program_value, sums.lanes, program.ints, program.floats, state)
        sums.ready[state.itemsize] = partial(enter, *fixed)
    return program_value(sums.lanes, program.ints, program.floats, whole)


def pauli_sum_expectations(state: Complex, sums: PreparedSums, team: Team | None = None) -> Floats:
    """Return Σ_t c_t ⟨ψ|P_t|ψ⟩ of every sum, float64, with the real parts of the coefficients.

    All sums share one pass over memory.
    """
    program = sums.program(state.itemsize, True)
    shares = np.zeros((program.num_superblocks, program.num_observables))
    arguments = sums.whole_registers(state, program), sums.lanes, program.ints, program.floats, shares, counters(2)
    _run(program_values, arguments, program, team)
    # A sum in order, as one thread forms it.
    return cast(Floats, np.cumsum(shares, axis=0)[-1])


def apply_pauli_sum(state: Complex, out: Complex, sums: PreparedSums, team: Team | None = None) -> None:
    """Write Σ_t c_t P_t |ψ⟩ of the first sum into `out`, another writable array, in the precision of `state`."""
    program = sums.program(state.itemsize, False)
    padded = sums.whole_registers(state, program)
    image = out if padded.size == out.size else np.empty_like(padded)
    arguments = padded, sums.lanes, image, program.ints, program.floats, counters(2)
    _run(program_image, arguments, program, team)
    if image is not out:
        out[:] = image[: out.size]


def _run(kernel: Callable[..., None], arguments: tuple[Any, ...], program: PauliProgram, team: Team | None) -> None:
    shared, long = team is not None and _shareable(program), _is_long(program)
    if shared or long:
        (team or _alone).run(kernel, *arguments, num_threads=None if shared else 1, long=long)
    else:
        kernel(*arguments, 0)


def _shareable(program: PauliProgram) -> bool:
    return program.visits >= SHARED_VISITS and program.num_superblocks > 1


def _is_long(program: PauliProgram) -> bool:
    return program.visits >= LONG_VISITS
