"""`PauliString`: a tensor product of I, X, Y and Z without a coefficient."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from qtoolkit._arguments import check_flag, check_instance, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._types import ComplexArray, Scalar, as_int, check_num_qubits, checked_coefficient, is_scalar

if TYPE_CHECKING:
    from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["PauliString", "masks_of"]

_ALPHABET = "IXYZ"
_LETTERS = frozenset(_ALPHABET)
_X_BITS = str.maketrans(_ALPHABET, "0110")
_Z_BITS = str.maketrans(_ALPHABET, "0011")
_LETTER_OF_BITS = "IXZY"  # indexed by x + 2 z
_SPARSE_FACTOR = re.compile(r"([A-Za-z])(\d+)")
_PHASES = (1 + 0j, 1j, -1 + 0j, -1j)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class PauliString:
    """A tensor product of Pauli letters, P = i^{|x∧z|} X^x Z^z, on any number of qubits.

    Bit k of `x_mask` (`z_mask`) says whether the letter on qubit k contains X (Z); Y contains both.
    The label is written with the highest qubit leftmost, so `PauliString("ZXI")` has X on qubit 1.

    Attributes:
        num_qubits: number of qubits, at least 1.
        x_mask: qubits that carry X or Y, one bit each.
        z_mask: qubits that carry Z or Y, one bit each.
    """

    __array_ufunc__: ClassVar[None] = None  # NumPy scalars leave `np.float64(2) * string` to `__rmul__`

    num_qubits: int
    x_mask: int
    z_mask: int

    def __init__(self, label: str) -> None:
        """Read a label of the letters I, X, Y and Z, the highest qubit leftmost.

        Raises:
            OperatorError: if the label is empty or has another letter.
        """
        if not isinstance(label, str) or not label:
            raise OperatorError(f"a Pauli label must be a non-empty string of I, X, Y and Z, got {shown(label)}")
        unknown = set(label) - _LETTERS
        if unknown:
            raise OperatorError(
                f"a Pauli label has only the letters I, X, Y and Z, got {sorted(unknown)} in {shown(label)}"
            )
        self._fill(len(label), int(label.translate(_X_BITS), 2), int(label.translate(_Z_BITS), 2))

    def _fill(self, num_qubits: int, x_mask: int, z_mask: int) -> None:
        object.__setattr__(self, "num_qubits", num_qubits)
        object.__setattr__(self, "x_mask", x_mask)
        object.__setattr__(self, "z_mask", z_mask)

    @classmethod
    def from_masks(cls, x_mask: int, z_mask: int, num_qubits: int) -> PauliString:
        """Build the string whose X part is `x_mask` and whose Z part is `z_mask`.

        Raises:
            OperatorError: if a mask is negative or has bits at or above `num_qubits`.
        """
        num_qubits = check_num_qubits(num_qubits)
        x_mask, z_mask = as_int("x_mask", x_mask), as_int("z_mask", z_mask)
        for name, mask in (("x_mask", x_mask), ("z_mask", z_mask)):
            if mask < 0 or mask >> num_qubits:
                raise OperatorError(f"{name} must be in [0, 2^{num_qubits}) for {num_qubits} qubits, got {shown(mask)}")
        string = cls.__new__(cls)
        string._fill(num_qubits, x_mask, z_mask)
        return string

    @classmethod
    def from_sparse(cls, letters: Mapping[int, str] | str, num_qubits: int) -> PauliString:
        """Build a string from its non-trivial letters: `{0: "X", 3: "Z"}` or `"X0 Z3"`.

        Raises:
            OperatorError: if a qubit is out of range or named twice, or a letter is unknown.
        """
        num_qubits = check_num_qubits(num_qubits)
        if isinstance(letters, str):
            pairs = _parse_sparse(letters)
        else:
            rule = 'the letters of a string are a mapping from qubits, or text as "X0 Z3"'
            pairs = list(check_instance(letters, Mapping, rule, OperatorError).items())
        x_mask = z_mask = seen = 0
        for given, letter in pairs:
            qubit = as_int("a qubit", given)
            if not 0 <= qubit < num_qubits:
                raise OperatorError(
                    f"a qubit of a {num_qubits}-qubit string must be in [0, {num_qubits}), got {shown(qubit)}"
                )
            if not isinstance(letter, str) or letter not in _LETTERS:
                raise OperatorError(f"a Pauli letter is one of I, X, Y and Z, got {shown(letter)} on qubit {qubit}")
            if seen >> qubit & 1:
                raise OperatorError(f"each qubit may carry one letter, got qubit {qubit} twice in {shown(letters)}")
            seen |= 1 << qubit
            x_mask |= (letter in "XY") << qubit
            z_mask |= (letter in "YZ") << qubit
        return cls.from_masks(x_mask, z_mask, num_qubits)

    @classmethod
    def identity(cls, num_qubits: int) -> PauliString:
        """Return the identity on `num_qubits` qubits."""
        return cls.from_masks(0, 0, num_qubits)

    @property
    def label(self) -> str:
        """The letters, highest qubit leftmost."""
        return "".join(self.letter(qubit) for qubit in reversed(range(self.num_qubits)))

    @property
    def weight(self) -> int:
        """Number of qubits whose letter is not I."""
        return (self.x_mask | self.z_mask).bit_count()

    @property
    def qubits(self) -> tuple[int, ...]:
        """Qubits whose letter is not I, ascending."""
        support = self.x_mask | self.z_mask
        return tuple(qubit for qubit in range(self.num_qubits) if support >> qubit & 1)

    def letter(self, qubit: int) -> str:
        """Return the letter on one qubit.

        Raises:
            OperatorError: if the qubit is out of range.
        """
        qubit = as_int("qubit", qubit)
        if not 0 <= qubit < self.num_qubits:
            raise OperatorError(f"qubit must be in [0, {self.num_qubits}), got {shown(qubit)}")
        return _LETTER_OF_BITS[(self.x_mask >> qubit & 1) + 2 * (self.z_mask >> qubit & 1)]

    def commutes_with(self, other: PauliString, *, qubit_wise: bool = False) -> bool:
        """Whether the two strings commute; with `qubit_wise`, whether they do on every single qubit.

        Raises:
            OperatorError: if the numbers of qubits differ.
        """
        self._check_same_size(other)
        clash = (self.x_mask & other.z_mask) ^ (self.z_mask & other.x_mask)
        return not clash if check_flag(qubit_wise, "qubit_wise", OperatorError) else clash.bit_count() % 2 == 0

    def multiply(self, other: PauliString) -> tuple[complex, PauliString]:
        """Return the phase (1, i, -1 or -i) and the string of the product self · other.

        Raises:
            OperatorError: if the numbers of qubits differ.
        """
        self._check_same_size(other)
        x_mask, z_mask = self.x_mask ^ other.x_mask, self.z_mask ^ other.z_mask
        power = (self.x_mask & self.z_mask).bit_count() + (other.x_mask & other.z_mask).bit_count()
        power += 2 * (self.z_mask & other.x_mask).bit_count() - (x_mask & z_mask).bit_count()
        return _PHASES[power % 4], PauliString.from_masks(x_mask, z_mask, self.num_qubits)

    def tensor(self, other: PauliString) -> PauliString:
        """Return self ⊗ other, whose low qubits are those of `other`, as in the concatenated label."""
        shift = check_instance(other, PauliString, "a factor must be a PauliString", OperatorError).num_qubits
        return PauliString.from_masks(
            self.x_mask << shift | other.x_mask, self.z_mask << shift | other.z_mask, self.num_qubits + shift
        )

    def to_sum(self, coefficient: Scalar = 1.0) -> PauliSum:
        """Return `coefficient` times this string as a one-term `PauliSum`."""
        from qtoolkit.operators.pauli_sum import PauliSum

        return PauliSum([self.x_mask], [self.z_mask], [checked_coefficient(coefficient)], self.num_qubits)

    def to_matrix(self) -> ComplexArray:
        """Return the dense matrix, complex128 of shape (2^n, 2^n)."""
        return self.to_sum().to_matrix()

    def _check_same_size(self, other: PauliString) -> None:
        check_instance(other, PauliString, "the other operand must be a PauliString", OperatorError)
        if self.num_qubits != other.num_qubits:
            raise OperatorError(
                f"both operators must have the same number of qubits, got {self.num_qubits} and {other.num_qubits}"
            )

    def __mul__(self, other: PauliString | Scalar) -> PauliSum:
        if isinstance(other, PauliString):
            phase, string = self.multiply(other)
            return string.to_sum(phase)
        return self.to_sum(other) if is_scalar(other) else NotImplemented

    def __rmul__(self, other: Scalar) -> PauliSum:
        return self.to_sum(other) if is_scalar(other) else NotImplemented

    def __truediv__(self, other: Scalar) -> PauliSum:
        return self.to_sum() / other

    def __matmul__(self, other: PauliString | PauliSum) -> PauliSum:
        return self.to_sum() @ other

    def __add__(self, other: PauliString | PauliSum) -> PauliSum:
        return self.to_sum() + other

    def __radd__(self, other: int) -> PauliSum:
        return other + self.to_sum()  # so that the built-in sum() works

    def __sub__(self, other: PauliString | PauliSum) -> PauliSum:
        return self.to_sum() - other

    def __neg__(self) -> PauliSum:
        return self.to_sum(-1.0)

    def __len__(self) -> int:
        return self.num_qubits

    def __str__(self) -> str:
        return self.label

    def __repr__(self) -> str:
        return f"PauliString({self.label!r})"


def masks_of(strings: Sequence[PauliString | str]) -> tuple[list[int], list[int], list[int]]:
    """The numbers of qubits, x masks and z masks of strings or labels; labels alone are read all at once.

    Raises:
        OperatorError: as `PauliString` does.
    """
    if set(map(type, strings)) == {str}:
        labels = cast(Sequence[str], strings)
        lengths, letters = list(map(len, labels)), "".join(labels)
        if all(lengths) and not letters.strip(_ALPHABET):
            text = " ".join(labels)
            x_masks, z_masks = (
                [int(bits, 2) for bits in text.translate(table).split()] for table in (_X_BITS, _Z_BITS)
            )
            return lengths, x_masks, z_masks
    items = [string if isinstance(string, PauliString) else PauliString(string) for string in strings]
    return [item.num_qubits for item in items], [item.x_mask for item in items], [item.z_mask for item in items]


def _parse_sparse(text: str) -> list[tuple[int, str]]:
    pairs = []
    for factor in text.split():
        match = _SPARSE_FACTOR.fullmatch(factor)
        if match is None:
            raise OperatorError(f'a sparse Pauli is written as "X0 Z3", got {shown(factor)} in {shown(text)}')
        pairs.append((int(match[2]), match[1]))
    return pairs
