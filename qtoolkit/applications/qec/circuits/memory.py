"""Memory experiments of any code: a stored state, rounds of extraction, and detectors over them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_choice, require_integer
from qtoolkit.applications.qec.circuits._builder import Builder, check_rounds
from qtoolkit.applications.qec.circuits._noise import Noise, check_noise, noisy
from qtoolkit.applications.qec.circuits.honeycomb import honeycomb_memory
from qtoolkit.applications.qec.codes import HoneycombCode, RotatedSurfaceCode, StabilizerCode, SubsystemCode
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.applications.qec.codes._input import Schedule
from qtoolkit.applications.qec.codes.schedule import coloured_schedule
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["MemoryBasis", "any_code", "memory_circuit", "syndrome_schedule"]

MemoryBasis: TypeAlias = Literal["x", "z", "both"]
"""The logical operator whose eigenstate is stored, or both with the help of ideal partners."""

AnyCode: TypeAlias = StabilizerCode | RotatedSurfaceCode


def memory_circuit(
    code: AnyCode | HoneycombCode,
    rounds: int,
    basis: MemoryBasis = "z",
    noise: Noise | None = None,
) -> Circuit:
    """A circuit that stores a logical state for a number of rounds, with its detectors and observables.

    Data qubits come first, then an ancilla for each measured operator. For ``"x"`` and ``"z"`` every data qubit is
    prepared and read in the letter that a logical operator of this kind has there; observable i is that operator of
    stored qubit i. For ``"both"`` each stored qubit is half of an ideal Bell pair: stabilizers and the products of both
    halves are measured without noise before and after the rounds; observable i is X of stored qubit i, and k + i is Z.

    Detectors are products of outcomes that are certain without noise; their coordinates are those of the check, then
    the round. Of both surface codes they are those of Stim's generated circuits, and so are all errors under the noise
    ``circuit``. Where few stabilizers are products of the letters that are read, as in the five-qubit code, errors
    before the readout go unseen: store both then. The order of gates of codes without a schedule of their own heeds
    no errors that spread from an ancilla.

    Args:
        code: what stores.
        rounds: of extraction, at least 1; of the honeycomb code, in each of which one colour is measured.
        basis: what is stored.
        noise: inserted into the circuit, a preset (see `noise_preset`) or a model of a device; none for an ideal one.

    Source: Dennis et al., J. Math. Phys. 43, 4452 (2002); Fowler et al., Phys. Rev. A 86, 032324 (2012).

    Raises:
        InputError: if the code stores nothing, an argument is none of these, or no product state is an eigenstate of
            all logical operators of the basis: store both then.
        InsufficientMemoryError: if there is no memory for so many rounds.
    """
    count = require_integer("rounds", rounds, minimum=1)
    check_noise(noise)
    require_choice("basis", basis, ("x", "z", "both"))
    if isinstance(code, HoneycombCode):
        return honeycomb_memory(code, count, basis, noise)
    code = any_code(code)
    if code.num_logical == 0:
        raise InputError(f"a memory stores something, got {code!r}; see stability_circuit")
    if len(code.measured_operators) == 0:
        raise InputError(f"a memory measures something, got a code without stabilizers: {code!r}")
    check_rounds(len(code.measured_operators), count)
    return _both(code, count, noise) if basis == "both" else _one(code, count, basis, noise)


def any_code(code: object) -> StabilizerCode:
    """A stabilizer code, of whichever class it is.

    Raises:
        InputError: if it is none.
    """
    if isinstance(code, RotatedSurfaceCode):
        return code.code
    return check_instance(code, StabilizerCode, "code must be a StabilizerCode", remedy="see code_named")


def syndrome_schedule(code: AnyCode) -> Schedule:
    """Layers of pairs (measured operator, data qubit): the code's own, or an edge colouring of its Tanner graph.

    Raises:
        InputError: if it is no code.
    """
    found = any_code(code)
    return coloured_schedule(found.measured_operators) if found.schedule is None else found.schedule


def _one(code: StabilizerCode, rounds: int, basis: str, noise: Noise | None) -> Circuit:
    logicals = code.logical_x if basis == "x" else code.logical_z
    letters = product_letters(code, logicals, basis)
    builder = Builder(code.num_qubits, len(code.measured_operators), f"memory {basis} of {code.name}", _places(code))
    builder.prepare(letters)
    builder.reset_ancillas()
    known: list[tuple[int, ...] | None] = [() if _product_of(row, letters) else None for row in code.stabilizers]
    known = _rounds(builder, code, rounds, known)
    data = builder.read(letters, "data")
    for check, row in enumerate(code.stabilizers):
        if _product_of(row, letters):
            builder.detector([*(known[check] or ()), *(data[q] for q in _support(row))], check, rounds)
    for index, row in enumerate(logicals):
        builder.circuit.observable([data[q] for q in _support(row)], index)
    return noisy(builder.circuit, noise)


def _rounds(
    builder: Builder, code: StabilizerCode, rounds: int, known: list[tuple[int, ...] | None], first: int = 0
) -> list[tuple[int, ...] | None]:
    """Rounds of extraction with detectors; the bits that tell the value of each stabilizer after them."""
    schedule = syndrome_schedule(code)
    for round_ in range(first, first + rounds):
        clbits = builder.extract(code.measured_operators, schedule, f"round_{round_}")
        found = values_of(code, clbits)
        for check, (before, now) in enumerate(zip(known, found, strict=True)):
            if before is not None:
                builder.detector([*now, *before], check, round_)
        known = list(found)
    return known


def values_of(code: StabilizerCode, clbits: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The bits whose parity is the value of each stabilizer, from those of all measured operators."""
    if isinstance(code, SubsystemCode):
        return [tuple(clbits[index] for index in np.flatnonzero(row)) for row in code.products]
    return [(clbit,) for clbit in clbits]


def _both(code: StabilizerCode, rounds: int, noise: Noise | None) -> Circuit:
    size, checks = code.num_qubits, len(code.measured_operators)
    builder = Builder(size, checks, f"memory of both of {code.name}", _places(code), num_partners=code.num_logical)
    builder.prepare(["Z"] * size)
    builder.reset_ancillas()
    stabilizers = [_factors(row) for row in code.stabilizers]
    halves = [
        [*_factors(row), (builder.partners[index % code.num_logical], letter)]
        for letter, rows in (("X", code.logical_x), ("Z", code.logical_z))
        for index, row in enumerate(rows)
    ]
    before = builder.extract_ideally(stabilizers + halves, "before")
    start = len(builder.circuit)
    known: list[tuple[int, ...] | None] = [(clbit,) for clbit in before[: len(stabilizers)]]
    known = _rounds(builder, code, rounds, known)
    builder.tick()
    stop = len(builder.circuit)
    after = builder.extract_ideally(stabilizers + halves, "after")
    for check in range(len(stabilizers)):
        builder.detector([after[check], *(known[check] or ())], check, rounds)
    for index in range(len(halves)):
        place = len(stabilizers) + index
        builder.circuit.observable([before[place], after[place]], index)
    return noisy(builder.circuit, noise, start, stop)


def _places(code: StabilizerCode) -> NDArray[np.float64] | None:
    """Where detectors of each stabilizer are: at the check, or amid the gauge operators that multiply to it."""
    points = code.check_coordinates
    if points is None or not isinstance(code, SubsystemCode):
        return points
    means: NDArray[np.float64] = code.products @ points / code.products.sum(axis=1, keepdims=True)
    return means


def _factors(row: Bits) -> list[tuple[int, str]]:
    size = len(row) // 2
    return [(q, "IXZY"[row[q] + 2 * row[size + q]]) for q in _support(row)]


def product_letters(code: StabilizerCode, logicals: Bits, basis: str) -> list[str]:
    """A letter for each data qubit, so that the logicals and as many stabilizers as fit are products of them."""
    size = code.num_qubits
    letters = np.zeros(size, dtype=np.int64)
    for row in logicals:
        word = row[:size] + 2 * row[size:].astype(np.int64)
        clash = np.flatnonzero((word != 0) & (letters != 0) & (word != letters))
        if clash.size:
            raise InputError(
                f"basis {basis!r} needs a product state that is an eigenstate of all logical {basis.upper()}, got "
                f"logical operators with different letters on qubit {int(clash[0])}: take basis 'both'"
            )
        letters[word != 0] = word[word != 0]
    own = "IXZ".index(basis.upper())
    if code.is_css and not np.any((letters != 0) & (letters != own)):
        return [basis.upper()] * size
    # Stabilizers that have letters in common with what is chosen first: they continue it, others may cut across it.
    words = code.stabilizers[:, :size] + 2 * code.stabilizers[:, size:].astype(np.int64)
    while True:
        fits = ~np.any((words != 0) & (letters != 0) & (words != letters), axis=1)
        new = fits & np.any((words != 0) & (letters == 0), axis=1)
        if not new.any():
            break
        shared = np.where(new, np.count_nonzero((words != 0) & (words == letters), axis=1), -1)
        chosen = words[int(shared.argmax())]
        letters[chosen != 0] = chosen[chosen != 0]
    return [(basis.upper() + "XZY")[letter] for letter in letters]


def _product_of(row: Bits, letters: list[str]) -> bool:
    """Whether an operator has the given letter wherever it acts."""
    size = len(letters)
    return all("IXZY"[row[q] + 2 * row[size + q]] in ("I", letters[q]) for q in range(size))


def _support(row: Bits) -> list[int]:
    size = len(row) // 2
    return np.flatnonzero(row[:size] | row[size:]).tolist()
