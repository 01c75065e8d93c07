"""A stabiliser code as a frame of Pauli operators, in which every Pauli operator is a class times a stabiliser.

Operators are integers of 2n bits, X part low and Z part high, and stand for the Hermitian product of their letters.
The *class* of an operator is its syndrome and what it does to the logical qubits: r + 2k bits, syndrome lowest, then
the logical X parts, then the logical Z parts. Class c is represented by ``T^s X̄^a Z̄^b``, where T are pure errors: each
anticommutes with its own stabiliser and commutes with all else in the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import numbers_of, shown
from qtoolkit.applications.qec._validation import require_bits
from qtoolkit.errors import InputError

__all__ = ["Echelon", "PauliFrame", "frame_of", "pack_rows"]

MAX_QUBITS = 62
"""Masks of qubits are int64."""


class Echelon:
    """Rows of bits brought to reduced echelon form one at a time, and solved for.

    Attributes:
        rows: the reduced rows, by their pivot bit.
    """

    def __init__(self, priority: Sequence[int]) -> None:
        self._priority = tuple(priority)
        self.rows: dict[int, int] = {}

    def add(self, row: int) -> bool:
        """Take a row in; False where it depends on those that are there."""
        rest = self.reduced(row)
        if rest == 0:
            return False
        pivot = next(bit for bit in self._priority if rest >> bit & 1)
        for other, known in self.rows.items():
            if known >> pivot & 1:
                self.rows[other] = known ^ rest
        self.rows[pivot] = rest
        return True

    def reduced(self, row: int) -> int:
        """What is left of a row whose pivot bits are cleared by adding rows."""
        for pivot, known in self.rows.items():
            if row >> pivot & 1:
                row ^= known
        return row


@dataclass(frozen=True, eq=False)
class PauliFrame:
    """Independent stabilisers, pure errors and logical operators of a code, with all commutation relations canonical.

    Attributes:
        num_qubits: n.
        stabilizers: n - k integers.
        pure_errors: n - k integers; number j anticommutes with stabiliser j alone.
        logical_x, logical_z: k integers each.
        rows: which of the rows that were given are the stabilisers here; the others depend on them.
    """

    num_qubits: int
    stabilizers: tuple[int, ...]
    pure_errors: tuple[int, ...]
    logical_x: tuple[int, ...]
    logical_z: tuple[int, ...]
    rows: tuple[int, ...]

    @property
    def num_logical(self) -> int:
        """Logical qubits, k."""
        return len(self.logical_x)

    @property
    def num_checks(self) -> int:
        """Independent stabilisers, n - k."""
        return len(self.stabilizers)

    @cached_property
    def generators(self) -> tuple[int, ...]:
        """Pure errors, logical X and logical Z: one for each bit of a class."""
        return (*self.pure_errors, *self.logical_x, *self.logical_z)

    def letter(self, qubit: int, letter: int) -> int:
        """The operator with a letter on one qubit: 0 for I, 1 for X, 2 for Z, 3 for Y."""
        return (letter & 1) << qubit | (letter >> 1) << qubit + self.num_qubits

    def class_of(self, operator: int) -> int:
        """The class: syndrome, logical X part, logical Z part, each lowest first."""
        checks = (*self.stabilizers, *self.logical_z, *self.logical_x)
        return sum(self.anticommute(operator, check) << bit for bit, check in enumerate(checks))

    def anticommute(self, one: int, other: int) -> int:
        """1 where two operators anticommute, 0 where they commute."""
        return _anticommute(one, other, self.num_qubits)

    def representative(self, operator: int) -> tuple[complex, int]:
        """How an operator P acts on the representative of class c: by a phase and a sign that is linear in c.

        ``P T^s X̄^a Z̄^b Π = phase · (-1)^{|c ∧ sign|} E Π``, where Π projects onto the code and E represents the sum of
        the classes of P and c.

        Returns:
            The phase, and the mask `sign`.
        """
        label = self.class_of(operator)
        coefficients = [self.anticommute(operator, error) for error in self.pure_errors]
        factors = [g for bit, g in enumerate(self.generators) if label >> bit & 1]
        factors += [s for s, used in zip(self.stabilizers, coefficients, strict=True) if used]
        quarter, product = 0, 0
        for factor in factors:
            quarter, product = self.times(quarter, product, factor)
        assert product == operator
        own = self._letters_y(operator)
        logical_z = label >> self.num_checks + self.num_logical
        sign = sum(used << j for j, used in enumerate(coefficients)) | logical_z << self.num_checks
        return 1j ** ((own - quarter) % 4), sign

    def times(self, quarter: int, product: int, factor: int) -> tuple[int, int]:
        """``i^quarter X^x Z^z`` times the Hermitian operator `factor`, as such a power and operator."""
        crossed = (product >> self.num_qubits & factor).bit_count()
        return (quarter + self._letters_y(factor) + 2 * crossed) % 4, product ^ factor

    def _letters_y(self, operator: int) -> int:
        return (operator >> self.num_qubits & operator & (1 << self.num_qubits) - 1).bit_count()


def frame_of(code: object) -> PauliFrame:
    """The frame of a code.

    Args:
        code: what has `stabilizers` (r, 2n), `logical_x` and `logical_z` (k, 2n) as arrays of bits, X parts first, or a
            tuple of these three; logical operators may be None, and are found then. Also what has `x_checks` and
            `z_checks` of n bits each, and logical operators of n bits.

    Raises:
        InputError: if arrays have other shapes, stabilisers do not commute, operators are not logical ones or do not
            come in pairs, or a code has more than 62 qubits.
    """
    if isinstance(code, PauliFrame):
        return code
    parts = _parts_of(code)
    width = _width(parts[0])
    n = width // 2
    if n > MAX_QUBITS:
        raise InputError(f"exact engines take codes of at most {MAX_QUBITS} qubits, got {n}")
    given, xs, zs = (_integers(name, part, width) for name, part in zip(_PARTS, parts, strict=True))
    for second, row in enumerate(given):
        for first in range(second):
            if _anticommute(given[first], row, n):
                raise InputError(f"stabilizers must commute, got rows {first} and {second}, which anticommute")
    echelon = Echelon(range(2 * n))
    rows = tuple(index for index, row in enumerate(given) if echelon.add(row))
    stabilizers = tuple(given[index] for index in rows)
    k = n - len(rows)
    if parts[1] is None or parts[2] is None:
        xs, zs = _found_logicals(stabilizers, n)
    if len(xs) != k or len(zs) != k:
        raise InputError(
            f"a code of {n} qubits with {len(rows)} independent stabilizers has {k} logical qubits, got {len(xs)} "
            f"logical_x and {len(zs)} logical_z: fix gauge qubits by stabilizers of their own"
        )
    _check_logicals(stabilizers, xs, zs, n)
    return PauliFrame(n, stabilizers, _pure_errors(stabilizers, xs, zs, n), tuple(xs), tuple(zs), rows)


_PARTS = ("stabilizers", "logical_x", "logical_z")


def _parts_of(code: object) -> tuple[object, object, object]:
    """Stabilisers and logical operators, of a code that has them or has `x_checks` and `z_checks` apart."""
    if isinstance(code, tuple) and len(code) == 3:
        return code
    if all(hasattr(code, name) for name in _PARTS):
        stabilizers, logical_x, logical_z = (getattr(code, name) for name in _PARTS)
        return stabilizers, logical_x, logical_z
    if not all(hasattr(code, name) for name in ("x_checks", "z_checks", *_PARTS[1:])):
        remedy = "; code_named makes a code of a name" if isinstance(code, str) else ""
        raise InputError(f"a code must have {', '.join(_PARTS)}, or be a tuple of these, got {shown(code)}{remedy}")
    x, z, logical_x, logical_z = (
        np.atleast_2d(numbers_of(getattr(code, name), name)) for name in ("x_checks", "z_checks", *_PARTS[1:])
    )
    return (
        np.vstack([np.hstack([x, np.zeros_like(x)]), np.hstack([np.zeros_like(z), z])]),
        np.hstack([logical_x, np.zeros_like(logical_x)]),
        np.hstack([np.zeros_like(logical_z), logical_z]),
    )


def _width(stabilizers: object) -> int:
    shape = numbers_of(stabilizers, "stabilizers").shape
    if len(shape) != 2 or shape[1] < 2 or shape[1] % 2:
        raise InputError(f"stabilizers must have shape (r, 2n), X parts first, got {shape}")
    return int(shape[1])


def _integers(name: str, rows: object, width: int) -> list[int]:
    if rows is None:
        return []
    bits = numbers_of(rows, name)
    if bits.size == 0:
        return []
    return pack_rows(require_bits(name, bits, width, "letters, X parts first"))


def pack_rows(bits: NDArray[np.bool_]) -> list[int]:
    """Rows of bits as integers, the first bit lowest."""
    packed = np.packbits(bits, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def _anticommute(one: int, other: int, n: int) -> int:
    swapped = other >> n | (other & (1 << n) - 1) << n
    return (one & swapped).bit_count() & 1


def _check_logicals(stabilizers: Sequence[int], xs: Sequence[int], zs: Sequence[int], n: int) -> None:
    for name, rows in (("logical_x", xs), ("logical_z", zs)):
        for index, row in enumerate(rows):
            for check, stabilizer in enumerate(stabilizers):
                if _anticommute(row, stabilizer, n):
                    raise InputError(
                        f"{name} must commute with stabilizers, got row {index}, which anticommutes with "
                        f"stabilizer {check}"
                    )
            for other in range(index):
                if _anticommute(row, rows[other], n):
                    raise InputError(f"rows of {name} must commute, got {other} and {index}, which anticommute")
    for i, x in enumerate(xs):
        for j, z in enumerate(zs):
            if _anticommute(x, z, n) != (i == j):
                raise InputError(
                    "logical_x must anticommute with logical_z of the same number alone, got another relation of "
                    f"logical_x {i} with logical_z {j}"
                )


def _pure_errors(stabilizers: Sequence[int], xs: Sequence[int], zs: Sequence[int], n: int) -> tuple[int, ...]:
    """For each stabiliser what anticommutes with it alone: solutions of a linear system, then made to commute."""
    # The row of a generator that asks for commutation, with a bit above it that says which generator it was.
    frame = (*stabilizers, *xs, *zs)
    echelon = Echelon(range(2 * n))
    for index, generator in enumerate(frame):
        swapped = generator >> n | (generator & (1 << n) - 1) << n
        echelon.add(swapped | 1 << 2 * n + index)
    found: list[int] = []
    for index in range(len(stabilizers)):
        error = sum(1 << pivot for pivot, row in echelon.rows.items() if row >> 2 * n + index & 1)
        for earlier, known in enumerate(found):
            if _anticommute(error, known, n):
                error ^= stabilizers[earlier]
        found.append(error)
    return tuple(found)


def _found_logicals(stabilizers: Sequence[int], n: int) -> tuple[list[int], list[int]]:
    """Pairs of what commutes with all stabilisers and is none: symplectic Gram–Schmidt on their commutant."""
    echelon = Echelon(range(2 * n))
    for row in stabilizers:
        echelon.add(row)
    checks = Echelon(range(2 * n))
    for row in stabilizers:
        checks.add(row >> n | (row & (1 << n) - 1) << n)
    free = [bit for bit in range(2 * n) if bit not in checks.rows]
    commutant = [1 << bit | sum(1 << pivot for pivot, row in checks.rows.items() if row >> bit & 1) for bit in free]
    rest = [row for row in commutant if echelon.add(row)]
    xs: list[int] = []
    zs: list[int] = []
    while rest:
        x = rest.pop(0)
        partner = next(index for index, row in enumerate(rest) if _anticommute(x, row, n))
        z = rest.pop(partner)
        xs.append(x)
        zs.append(z)
        rest = [row ^ (z if _anticommute(row, x, n) else 0) ^ (x if _anticommute(row, z, n) else 0) for row in rest]
    return xs, zs
