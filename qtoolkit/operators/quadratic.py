"""`BinaryQuadratic`: a quadratic function of bits, which is what QUBO and Ising problems minimise."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, items_of, shown
from qtoolkit._checks import require_array, require_integer, require_number
from qtoolkit._labels import aligned, labels_of
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["BinaryQuadratic", "Moments", "Spins", "names_of", "read_bits"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LARGEST = 1e140
"""Squares of sums of many such numbers are still numbers."""

_LARGEST_NAME = 1 << 63


class Moments(NamedTuple):
    """Mean and standard deviation of a function over uniformly drawn bits."""

    mean: float
    standard_deviation: float


class Spins(NamedTuple):
    """``offset + Σ fields_k s_k + Σ_{j<k} couplings_jk s_j s_k`` with ``s_k = 1 − 2x_k``, the eigenvalue of Z.

    Attributes:
        fields: shape ``(n,)``.
        couplings: shape ``(n, n)``, zero on and below the diagonal.
        offset: constant.
    """

    fields: FloatArray
    couplings: FloatArray
    offset: float


@dataclass(frozen=True, init=False, eq=False, repr=False)
class BinaryQuadratic:
    """The function ``xᵀQx + cᵀx + offset`` of bits x, immutable; solvers minimise it.

    Since ``x² = x``, the diagonal of Q is linear as well. Tables of pandas are brought into one order by their labels,
    which become the names. Sums align variables by name. Equal functions, names included, compare equal.

    Attributes:
        matrix: the symmetric matrix M with ``xᵀMx + offset`` the value, the linear part on its diagonal, shape
            ``(n, n)``.
        offset: constant.
        names: of the variables, distinct.
    """

    matrix: FloatArray
    offset: float
    names: tuple[str, ...]
    __array_ufunc__: ClassVar[None] = None  # NumPy scalars leave `np.float64(2) * form` to `__rmul__`

    def __init__(
        self,
        quadratic: ArrayLike,
        linear: ArrayLike | None = None,
        offset: float = 0.0,
        names: Iterable[object] | None = None,
    ) -> None:
        """Read Q, symmetric or triangular or neither, and c.

        Args:
            quadratic: Q, shape ``(n, n)``.
            linear: c, shape ``(n,)``; 0 by default.
            offset: constant.
            names: text or numbers; by default the labels of `quadratic` or `linear`, or ``x0``, ``x1``, ….

        Raises:
            InputError: if a shape, a label or a name does not fit, or an entry is no finite number.
        """
        given = None if names is None else names_of(names)
        labels = given or labels_of(quadratic) or (None if linear is None else labels_of(linear))
        table = quadratic if labels is None else aligned("quadratic", quadratic, labels, labels)
        matrix = require_array("quadratic", table)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
            raise InputError(f"quadratic must be a square matrix with a row for each variable, got {matrix.shape}")
        size = len(matrix)
        found = tuple(f"x{k}" for k in range(size)) if labels is None else labels
        if len(found) != size:
            raise InputError(f"names must be {size}, one for each variable, got {len(found)}")
        symmetric = matrix / 2.0 + matrix.T / 2.0
        if linear is not None:
            vector = require_array("linear", aligned("linear", linear, found))
            if vector.shape != (size,):
                raise InputError(f"linear must have shape ({size},), got {vector.shape}")
            with np.errstate(over="ignore"):  # what overflows is refused
                symmetric[np.diag_indices(size)] += vector
        self._fill(symmetric, require_number("offset", offset), found)

    def _fill(self, matrix: FloatArray, offset: float, names: tuple[str, ...]) -> None:
        largest = max(float(np.abs(matrix).max()), abs(offset))
        if not largest <= _LARGEST:
            raise InputError(f"coefficients must be at most {_LARGEST:g} in magnitude, got {largest:g}; change units")
        own = matrix + 0.0  # -0.0 would have another fingerprint
        own.setflags(write=False)
        object.__setattr__(self, "matrix", own)
        object.__setattr__(self, "offset", offset + 0.0)
        object.__setattr__(self, "names", names)

    @classmethod
    def _of(cls, matrix: FloatArray, offset: float, names: tuple[str, ...]) -> BinaryQuadratic:
        """Wrap a symmetric matrix."""
        result = cls.__new__(cls)
        result._fill(matrix, float(offset), names)
        return result

    @classmethod
    def from_spins(
        cls,
        fields: ArrayLike,
        couplings: ArrayLike,
        offset: float = 0.0,
        names: Iterable[object] | None = None,
    ) -> BinaryQuadratic:
        """The function ``offset + Σ h_k s_k + sᵀJs`` of spins ``s_k = 1 − 2x_k``.

        Args:
            fields: h, shape ``(n,)``.
            couplings: J, shape ``(n, n)``, symmetric or triangular or neither; its diagonal is constant, as s² = 1.
            offset: constant.
            names: as for the class.

        Raises:
            InputError: as for the class.
        """
        spins = cls(couplings, None, offset, names)
        h = require_array("fields", aligned("fields", fields, spins.names))
        if h.shape != (spins.num_variables,):
            raise InputError(f"fields must have shape ({spins.num_variables},), got {h.shape}")
        coupled = spins.matrix.copy()
        trace = float(np.trace(coupled))
        np.fill_diagonal(coupled, 0.0)
        rows = coupled.sum(axis=1)
        matrix = 4.0 * coupled
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused
            np.fill_diagonal(matrix, -2.0 * h - 4.0 * rows)
            constant = spins.offset + trace + float(h.sum() + rows.sum())
        return cls._of(matrix, constant, spins.names)

    @classmethod
    def from_ising(cls, operator: PauliSum, names: Iterable[object] | None = None) -> BinaryQuadratic:
        """The eigenvalues of a diagonal operator, qubit k being bit k.

        Args:
            operator: of strings with at most two Z and nothing else, and real coefficients.
            names: as for the class.

        Raises:
            OperatorError: if it has another string or an imaginary coefficient.
        """
        check_instance(operator, PauliSum, "an Ising operator must be a PauliSum", OperatorError)
        weights = np.bitwise_count(operator.z_masks)
        if operator.x_masks.any() or np.any(weights > 2):
            raise OperatorError("an Ising operator has strings of at most two Z, got others; call simplify() first")
        if np.any(operator.coefficients.imag != 0.0):
            raise OperatorError("an Ising operator has real coefficients, got imaginary parts")
        size, values = operator.num_qubits, operator.coefficients.real
        bits = operator.z_masks[:, None] >> np.arange(size, dtype=np.int64) & 1
        fields = values[weights == 1] @ bits[weights == 1]
        couplings = np.zeros((size, size))
        pairs = np.nonzero(bits[weights == 2])[1].reshape(-1, 2)
        np.add.at(couplings, (pairs[:, 0], pairs[:, 1]), values[weights == 2])
        return cls.from_spins(fields, couplings, float(values[weights == 0].sum()), names)

    @property
    def num_variables(self) -> int:
        """n."""
        return len(self.matrix)

    @property
    def linear(self) -> FloatArray:
        """What each bit adds by itself, shape ``(n,)``."""
        return np.diagonal(self.matrix)

    def interactions(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Indices j < k and what the two bits add together, for the pairs where that is not 0."""
        first, second = np.nonzero(np.triu(self.matrix, 1))
        return first.astype(np.int64), second.astype(np.int64), 2.0 * self.matrix[first, second]

    def values(self, bits: ArrayLike) -> FloatArray:
        """The value at bits of shape ``(..., n)``, each 0 or 1, to shape ``(...)``.

        A Series, or the columns of a DataFrame, may name the variables in any order.

        Raises:
            InputError: if the shape or labels do not fit, or an entry is neither 0 nor 1.
        """
        x = read_bits(bits, self.names)
        return np.asarray(np.einsum("...i,...i->...", x @ self.matrix, x) + self.offset, dtype=np.float64)

    def spins(self) -> Spins:
        """The function of spins ``s_k = 1 − 2x_k``."""
        off = np.array(self.matrix)
        np.fill_diagonal(off, 0.0)
        rows = off.sum(axis=1)
        fields = -(self.linear + rows) / 2.0
        return Spins(fields, np.triu(off, 1) / 2.0, self.offset + float(np.trace(self.matrix) / 2.0 + rows.sum() / 4.0))

    def ising(self) -> PauliSum:
        """The function as a diagonal operator: variable k is qubit k, ``x_k = (1 − Z_k)/2``.

        Raises:
            OperatorError: for more variables than a `PauliSum` holds; `spins` has no limit.
        """
        size = self.num_variables
        if size > PauliSum.max_qubits:
            raise OperatorError(f"a PauliSum holds at most {PauliSum.max_qubits} qubits, got {size}; use spins()")
        fields, couplings, offset = self.spins()
        first, second = np.nonzero(couplings)
        bits = np.left_shift(1, np.arange(size, dtype=np.int64))
        masks = np.concatenate([[0], bits, bits[first] | bits[second]]).astype(np.int64)
        return PauliSum(np.zeros_like(masks), masks, np.concatenate([[offset], fields, couplings[first, second]]), size)

    def moments(self, weight: int | tuple[int, int] | None = None) -> Moments:
        """Mean and standard deviation over uniformly drawn bits, in closed form.

        On a slice of fixed weight the function is a constant, plus a linear and a quadratic part that are orthogonal to
        it and to each other, so that their variances add up; source: Filmus, Electron. J. Combin. 23, P1.23 (2016).

        Args:
            weight: number of ones, or the lowest and highest number of them; any by default.

        Raises:
            InputError: for a weight that n bits cannot have.
        """
        size = self.num_variables
        if weight is None:
            fields, couplings, offset = self.spins()
            return Moments(offset, math.hypot(float(np.linalg.norm(fields)), float(np.linalg.norm(couplings))))
        least, most = weight if isinstance(weight, tuple) and len(weight) == 2 else (weight, weight)
        least = require_integer("weight", least, 0, size)
        most = require_integer("weight", most, least, size)
        total = math.fsum(math.comb(size, k) / math.comb(size, least) for k in range(least, most + 1))
        slices = [(math.comb(size, k) / math.comb(size, least) / total, self._slice(k)) for k in range(least, most + 1)]
        mean = math.fsum(share * part.mean for share, part in slices)
        variance = math.fsum(share * (part.standard_deviation**2 + (part.mean - mean) ** 2) for share, part in slices)
        return Moments(mean, math.sqrt(variance))

    def _slice(self, weight: int) -> Moments:
        size = self.num_variables
        pairs = 2.0 * self.matrix
        np.fill_diagonal(pairs, 0.0)
        rows = pairs.sum(axis=1)
        # pairs = rest + u_j + u_k where each row of the rest adds up to 0; on the slice, u is linear
        u = (rows - rows.sum() / (2.0 * max(size - 1, 1))) / (size - 2) if size > 2 else rows / 2.0
        rest = pairs - u[:, None] - u
        np.fill_diagonal(rest, 0.0)
        slope = self.linear + (weight - 1) * u
        chances = [math.prod((weight - j) / (size - j) for j in range(k)) if weight >= k else 0.0 for k in (2, 3, 4)]
        quadratic = (chances[0] - 2.0 * chances[1] + chances[2]) * float(np.sum(rest**2)) / 2.0 if size > 3 else 0.0
        spread = weight * (size - weight) / (size * max(size - 1, 1))
        variance = spread * float(np.sum((slope - slope.mean()) ** 2)) + quadratic
        return Moments(self.offset + weight * float(slope.mean()), math.sqrt(max(variance, 0.0)))

    def fixed(self, bits: Mapping[str | int, int]) -> BinaryQuadratic:
        """The function of the other variables where some have a value.

        Args:
            bits: 0 or 1 by name or index.

        Raises:
            InputError: for a variable that is not there or named twice, another value, or if none would be left.
        """
        if not isinstance(bits, Mapping):
            raise InputError(f"fixed bits are a mapping from variables to 0 or 1, got {shown(bits)}")
        places = np.array([self.index(variable) for variable in bits], dtype=np.int64)
        if len(np.unique(places)) != len(places):
            raise InputError("fixed variables must be distinct, got one by name and by index")
        values = np.array([require_integer("a fixed bit", value, 0, 1) for value in bits.values()], dtype=np.float64)
        free = np.setdiff1d(np.arange(self.num_variables), places)
        if not free.size:
            raise InputError("at least one variable must stay free, got all of them; use values()")
        matrix = self.matrix[np.ix_(free, free)].copy()
        matrix[np.diag_indices(len(free))] += 2.0 * self.matrix[np.ix_(free, places)] @ values
        offset = self.offset + float(values @ self.matrix[np.ix_(places, places)] @ values)
        return self._of(matrix, offset, tuple(self.names[k] for k in free))

    def index(self, variable: str | int) -> int:
        """Index of a variable given by name or index.

        Raises:
            InputError: if it is not there.
        """
        if isinstance(variable, str):
            if variable not in self._places:
                raise InputError(f"the variables are {_brief(self.names)}; got {shown(variable)}")
            return self._places[variable]
        return require_integer("a variable", variable, 0, self.num_variables - 1)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.names)}

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another function does not share."""
        parts = [np.ascontiguousarray(self.matrix).tobytes(), repr((self.offset, self.names)).encode()]
        return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()

    def __add__(self, other: BinaryQuadratic | float) -> BinaryQuadratic:
        if not isinstance(other, BinaryQuadratic):
            return self._of(self.matrix, self.offset + require_number("what is added", other), self.names)
        if set(other.names) != set(self.names):
            raise InputError(
                f"sums need the same variables, got {_brief(self.names)} and {_brief(other.names)}; see "
                f"{_brief(sorted(set(self.names) ^ set(other.names)))}"
            )
        order = np.array([other._places[name] for name in self.names])
        return self._of(self.matrix + other.matrix[np.ix_(order, order)], self.offset + other.offset, self.names)

    __radd__ = __add__

    def __sub__(self, other: BinaryQuadratic | float) -> BinaryQuadratic:
        return self + -1.0 * other

    def __mul__(self, factor: float) -> BinaryQuadratic:
        number = require_number("a factor", factor)
        with np.errstate(over="ignore"):  # what overflows is refused
            return self._of(number * self.matrix, number * self.offset, self.names)

    __rmul__ = __mul__

    def __neg__(self) -> BinaryQuadratic:
        return -1.0 * self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BinaryQuadratic):
            return NotImplemented
        same = self.names == other.names and self.offset == other.offset
        return same and np.array_equal(self.matrix, other.matrix)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        count = int(np.count_nonzero(np.triu(self.matrix, 1)))
        return f"BinaryQuadratic({self.num_variables} variables, {count} interactions, offset {self.offset:.6g})"


def names_of(names: Iterable[object]) -> tuple[str, ...]:
    """Names of variables, text or numbers, as distinct text.

    Raises:
        InputError: if they are not.
    """
    rule = "names must be a sequence of distinct text or numbers"
    found = []
    for name in items_of(names, rule):
        if isinstance(name, bool | np.bool_) or not isinstance(name, str | int | np.integer) or name == "":
            raise InputError(f"{rule}, got {shown(name)}")
        if not isinstance(name, str) and abs(int(name)) > _LARGEST_NAME:
            raise InputError(f"{rule}, numbers of at most 19 digits, got {shown(name)}")
        found.append(str(name))
    if len(set(found)) != len(found):
        raise InputError(f"{rule}, got {next(name for k, name in enumerate(found) if name in found[:k])} twice")
    return tuple(found)


def read_bits(bits: ArrayLike, names: Sequence[str]) -> FloatArray:
    """Bits of shape ``(..., n)`` as floats, labels brought into the order of the names.

    Raises:
        InputError: if the shape or labels do not fit, or an entry is neither 0 nor 1.
    """
    by_name = (names,) if getattr(bits, "ndim", 1) == 1 else (None, names)
    x = require_array("bits", aligned("bits", bits, *by_name))
    if x.ndim < 1 or x.shape[-1] != len(names):
        raise InputError(f"bits have one entry for each of {len(names)} variables, got shape {x.shape}")
    if not np.all((x == 0.0) | (x == 1.0)):
        raise InputError("bits must be 0 or 1, got others")
    return x


def _brief(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
