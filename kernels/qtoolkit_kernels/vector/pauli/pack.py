"""Pauli sums packed into programs by kernels, which are interpreted on small sums until they are compiled.

Cost: some microseconds, and a microsecond a term at most.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._jit import compile_ordered, runner
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector.pauli import program, sizes
from qtoolkit_kernels.vector.pauli.few import pack_few
from qtoolkit_kernels.vector.pauli.forms import pack_terms
from qtoolkit_kernels.vector.pauli.passes import order_passes
from qtoolkit_kernels.vector.pauli.program import PauliProgram, Strings

__all__ = ["pack_pauli_sums"]

LEAST_ROOM = 1 << 10
ROOM_FOR_TERM = 1 << 5
"""Numbers that there is room for at first: mostly enough."""

FEW_TERMS = 1 << 6
"""Up to so many strings of one sum are packed in one call."""

TABLE_WORK = 11
"""A table over n qubits takes an interpreter as long as n 2^n / 2^11 terms, one of which needs it at most."""

MOST_SPARE = 1 << 12
"""Numbers that an array may keep in memory beside its own, and a quarter of those."""


def pack_pauli_sums(
    sums: Sequence[Strings], num_qubits: int, itemsize: int, vector_bytes: int, hermitian: bool
) -> PauliProgram:
    """Pack several sums into one program.

    Args:
        sums: equal strings of a sum add up.
        num_qubits: of the state, which is at least one register long.
        itemsize: bytes of an amplitude, 16 or 8.
        vector_bytes: bytes of a register.
        hermitian: for expectation values, of the real parts of coefficients, one index of each pair is visited; H|ψ⟩
            needs both.
    """
    given = _sizes(num_qubits, itemsize, vector_bytes, hermitian, program.TABLE_BITS, program.MAX_TABLE_ENTRIES)
    if len(sums) == 1 and len(sums[0][0]) <= FEW_TERMS:
        few = _of_few(sums[0], given)
        if few is not None:
            return few
    size, stop = sum([len(x_masks) for x_masks, _, _ in sums]), 0
    terms, coefficients = np.empty((3, size), np.int64), np.empty(size, np.complex128)
    for owner, (x_masks, z_masks, values) in enumerate(sums):
        start, stop = stop, stop + len(x_masks)
        terms[0, start:stop], terms[1, start:stop], terms[2, start:stop] = owner, x_masks, z_masks
        coefficients[start:stop] = values
    found = given.copy()
    parts = size if hermitian else 2 * size
    ints, reals = np.empty((sizes.INT_ROWS, parts), np.int64), np.empty((sizes.REAL_ROWS, parts))
    room = LEAST_ROOM + ROOM_FOR_TERM * parts
    passes, floats = np.empty(room, np.int64), np.empty(room)
    run = _runner(size, num_qubits)
    while not run(pack_terms, terms, coefficients, found, ints, reals, passes, floats):
        passes = _grown(passes, int(found[sizes.NUM_INTS]), int(found[sizes.NEEDED_INTS]))
        floats = _grown(floats, int(found[sizes.NUM_FLOATS]), int(found[sizes.NEEDED_FLOATS]))

    num_ints, _, num_passes, _, _ = found[sizes.NUM_INTS : sizes.VISITS + 1].tolist()
    packed = np.empty(program.FIRST + num_ints + program.SECTION * num_passes + 1, np.int64)
    keys = ints if num_passes <= parts else np.empty((sizes.INT_ROWS, num_passes), np.int64)
    used = run(order_passes, found, len(sums), passes, keys, packed)
    compile_ordered()
    return _program(found, packed, used, floats, len(sums))


def _of_few(strings: Strings, given: Integers) -> PauliProgram | None:
    """The program of a sum of few strings; None if it is longer than most."""
    found, size = given.copy(), len(strings[0])
    room = LEAST_ROOM + 2 * ROOM_FOR_TERM * size
    packed, floats = np.empty(room, np.int64), np.empty(room)
    used = _runner(size, int(given[sizes.NUM_QUBITS]))(pack_few, *strings, found, packed, floats)
    compile_ordered()
    return _program(found, packed, used, floats, 1) if used else None


def _runner(size: int, num_qubits: int) -> Callable[..., Any]:
    """What runs the kernels that pack so many strings."""
    has_tables = num_qubits <= program.TABLE_BITS
    return runner(size * (1 + (num_qubits << num_qubits >> TABLE_WORK)) if has_tables else size)


def _program(found: Integers, packed: Integers, used: int, floats: Floats, num_sums: int) -> PauliProgram:
    num_qubits, _, _, super_bits, *_ = numbers = found.tolist()
    num_superblocks = 1 << (num_qubits - super_bits)
    own = _own(packed, used), _own(floats, numbers[sizes.NUM_FLOATS])
    return PauliProgram(*own, num_sums, num_superblocks, numbers[sizes.VISITS])


@cache
def _sizes(
    num_qubits: int, itemsize: int, vector_bytes: int, hermitian: bool, table_bits: int, max_table_entries: int
) -> Integers:
    """What is given of `sizes`, the rest zeros."""
    block_bits = min((program.BLOCK_BYTES // itemsize).bit_length() - 1, num_qubits)
    most = (program.SUPERBLOCK_BYTES // itemsize).bit_length() - 1
    super_bits = max(block_bits, min(most, num_qubits - 3))
    given = np.zeros(sizes.NUMBERS, np.int64)
    given[: sizes.NUM_TERMS] = (
        num_qubits, vector_bytes // itemsize, block_bits, super_bits, hermitian, table_bits, max_table_entries,
    )  # fmt: skip
    return given


def _grown(array: NDArray[Any], used: int, needed: int) -> NDArray[Any]:
    """An array with as much room as is needed that begins with what this one holds."""
    if needed <= array.size:
        return array
    longer = np.empty(max(needed, 2 * array.size), array.dtype)
    longer[:used] = array[:used]
    return longer


def _own(array: NDArray[Any], used: int) -> NDArray[Any]:
    """The first numbers of an array, without much more in memory."""
    return array[:used] if array.size - used <= MOST_SPARE + (used >> 2) else array[:used].copy()
