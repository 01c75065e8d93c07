"""`PauliSum`: a linear combination of Pauli strings, held as arrays of bit masks and coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from qtoolkit._arguments import check_flag, items_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators import _grouping, _matrix_form, _spectrum, _state_action, _term_algebra
from qtoolkit.operators._types import (
    DEFAULT_ATOL,
    MAX_SUM_QUBITS,
    ComplexArray,
    FloatArray,
    IntArray,
    Scalar,
    as_int,
    check_atol,
    check_finite,
    check_num_qubits,
    checked_coefficient,
    checked_coefficients,
    checked_masks,
    coefficients_of,
    complex_array,
    is_scalar,
    shortest,
    sparse_terms,
    tuples_of,
)
from qtoolkit.operators.pauli_string import PauliString, masks_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums

__all__ = ["PauliSum"]

_TERMS_IN_REPR = 8
_COEFFICIENTS = "coefficients are a sequence of numbers"


class PauliSum:
    """A linear combination of Pauli strings, Σ_t c_t P_t, immutable, on at most `PauliSum.max_qubits` = 62 qubits.

    A constructor keeps the terms in the order given. Sums, differences and products come back merged: equal
    strings added up, exact zeros dropped, sorted by x mask and then z mask. `simplify` does the same on demand
    and also drops what rounding left over. `*` scales by a number, `@` multiplies operators.

    Attributes:
        x_masks: int64 array, one per term; bit k says that the letter on qubit k is X or Y.
        z_masks: int64 array, one per term; bit k says that the letter on qubit k is Z or Y.
        coefficients: complex128 array, one per term, the factors of the strings of letters themselves.
        num_qubits: number of qubits, 1 to 62.
    """

    __slots__ = ("_coefficients", "_merged_terms", "_num_qubits", "_prepared", "_x_masks", "_z_masks")
    __array_ufunc__: ClassVar[None] = None  # NumPy scalars leave `np.float64(2) * operator` to `__rmul__`

    max_qubits: ClassVar[int] = MAX_SUM_QUBITS
    _x_masks: IntArray
    _z_masks: IntArray
    _coefficients: ComplexArray
    _num_qubits: int
    _merged_terms: _term_algebra.Terms | None
    _prepared: tuple[PreparedSums, bool] | None

    def __init__(
        self, x_masks: npt.ArrayLike, z_masks: npt.ArrayLike, coefficients: npt.ArrayLike, num_qubits: int
    ) -> None:
        """Copy and check one x mask, z mask and coefficient per term.

        Raises:
            OperatorError: if lengths differ, a mask has bits at or above `num_qubits`, a coefficient is not
                finite, or there are more than 62 qubits.
        """
        num_qubits = check_num_qubits(num_qubits, MAX_SUM_QUBITS)
        self._fill(
            checked_masks("x_masks", x_masks, num_qubits),
            checked_masks("z_masks", z_masks, num_qubits),
            checked_coefficients(coefficients),
            num_qubits,
        )

    def _fill(self, x_masks: IntArray, z_masks: IntArray, coefficients: ComplexArray, num_qubits: int) -> None:
        if not len(x_masks) == len(z_masks) == len(coefficients):
            raise OperatorError(
                "x_masks, z_masks and coefficients must have one entry per term, got lengths "
                f"{len(x_masks)}, {len(z_masks)} and {len(coefficients)}"
            )
        for array in (x_masks, z_masks, coefficients):
            array.setflags(write=False)
        self._x_masks, self._z_masks, self._coefficients = x_masks, z_masks, coefficients
        self._num_qubits = num_qubits
        self._merged_terms = None
        self._prepared = None

    @classmethod
    def _of(cls, terms: _term_algebra.Terms, num_qubits: int) -> PauliSum:
        """Wrap arrays that are already valid and belong to nobody else."""
        result = cls.__new__(cls)
        result._fill(*terms, num_qubits)
        return result

    @classmethod
    def from_list(cls, terms: Iterable[tuple[str, Scalar]], num_qubits: int | None = None) -> PauliSum:
        """Build a sum from (label, coefficient) pairs, each label with the highest qubit leftmost.

        Raises:
            OperatorError: if labels differ in length or have other letters than I, X, Y and Z, or if there
                is no term and no `num_qubits`.
        """
        pairs = list(tuples_of(terms, 2, "a term is a pair (label, coefficient)"))
        labels = [label if isinstance(label, str) else PauliString(label) for label, _ in pairs]
        return cls.from_strings(labels, [value for _, value in pairs], num_qubits)

    @classmethod
    def from_strings(
        cls,
        strings: Iterable[PauliString | str],
        coefficients: Iterable[Scalar] | None = None,
        num_qubits: int | None = None,
    ) -> PauliSum:
        """Build a sum from strings or labels, with coefficient 1 each unless given.

        Raises:
            OperatorError: if the strings differ in their numbers of qubits, the coefficients in number from
                the strings, or if there is no string and no `num_qubits`.
        """
        given = items_of(strings, "strings are a sequence of labels or PauliStrings", OperatorError)
        lengths, x_masks, z_masks = masks_of(given)
        if num_qubits is None:
            if not lengths:
                raise OperatorError("a sum without terms needs num_qubits: use PauliSum.zero(num_qubits)")
            num_qubits = lengths[0]
        num_qubits = check_num_qubits(num_qubits, MAX_SUM_QUBITS)
        if lengths.count(num_qubits) != len(lengths):
            length, string = next(pair for pair in zip(lengths, given, strict=True) if pair[0] != num_qubits)
            raise OperatorError(f"every term must have {num_qubits} qubits, got {length} in {shown(str(string))}")
        factors = [1.0] * len(lengths) if coefficients is None else items_of(coefficients, _COEFFICIENTS, OperatorError)
        masks = np.array(x_masks, np.int64), np.array(z_masks, np.int64)
        return cls._of((*masks, coefficients_of(factors)), num_qubits)

    @classmethod
    def from_sparse_list(cls, terms: Iterable[tuple[str, Sequence[int], Scalar]], num_qubits: int) -> PauliSum:
        """Build a sum from (letters, qubits, coefficient), where letter i acts on `qubits[i]`.

        Raises:
            OperatorError: if letters and qubits differ in number, or a qubit is out of range or repeated.
        """
        strings, values = [], []
        for letters, qubits, value in sparse_terms(terms):
            strings.append(PauliString.from_sparse(dict(zip(qubits, letters, strict=True)), num_qubits))
            values.append(value)
        return cls.from_strings(strings, values, num_qubits)

    @classmethod
    def identity(cls, num_qubits: int) -> PauliSum:
        """Return the identity on `num_qubits` qubits."""
        return cls([0], [0], [1.0], num_qubits)

    @classmethod
    def zero(cls, num_qubits: int) -> PauliSum:
        """Return the sum without terms on `num_qubits` qubits."""
        return cls([], [], [], num_qubits)

    @classmethod
    def from_matrix(cls, matrix: npt.ArrayLike, atol: float = DEFAULT_ATOL) -> PauliSum:
        """Decompose a matrix of shape (2^n, 2^n), leaving out coefficients of magnitude at most `atol`.

        Takes n 4^n steps: a Walsh-Hadamard transform along each generalised diagonal.

        Raises:
            OperatorError: if the matrix is not square with a power of two as dimension, or not finite.
            InsufficientMemoryError: if the 4^n terms do not fit.
        """
        array = complex_array(matrix, "the entries of a matrix")
        if array.ndim != 2 or array.shape[0] != array.shape[1]:
            raise OperatorError(f"an operator's matrix must be square, got shape {array.shape}")
        num_qubits = _matrix_form.qubits_of_dimension(len(array), "the dimension of an operator's matrix")
        check_finite(array, "a matrix entry")
        return cls._of(_matrix_form.terms_of_matrix(array, check_atol(atol)), num_qubits)

    @classmethod
    def from_diagonal(cls, values: npt.ArrayLike, atol: float = DEFAULT_ATOL) -> PauliSum:
        """Decompose the diagonal operator with these 2^n entries into strings of I and Z.

        Takes n 2^n steps and leaves out coefficients of magnitude at most `atol`.

        Raises:
            OperatorError: if `values` is not a vector whose length is a power of two, or not finite.
            InsufficientMemoryError: if the 2^n terms do not fit.
        """
        array = complex_array(values, "the entries of a diagonal")
        if array.ndim != 1:
            raise OperatorError(f"a diagonal must be a vector, got shape {array.shape}")
        num_qubits = _matrix_form.qubits_of_dimension(len(array), "the length of a diagonal")
        check_finite(array, "a diagonal entry")
        return cls._of(_matrix_form.terms_of_diagonal(array, check_atol(atol)), num_qubits)

    @property
    def x_masks(self) -> IntArray:
        """X parts of the strings, int64, read-only."""
        return self._x_masks

    @property
    def z_masks(self) -> IntArray:
        """Z parts of the strings, int64, read-only."""
        return self._z_masks

    @property
    def coefficients(self) -> ComplexArray:
        """Coefficients of the strings, complex128, read-only."""
        return self._coefficients

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        return self._num_qubits

    @property
    def constant(self) -> complex:
        """Coefficient of the identity, which is the trace over 2^n."""
        return complex(self._coefficients[(self._x_masks | self._z_masks) == 0].sum())

    @property
    def _terms(self) -> _term_algebra.Terms:
        return self._x_masks, self._z_masks, self._coefficients

    @property
    def _merged(self) -> _term_algebra.Terms:
        """Terms merged without tolerance, kept because a Hamiltonian is evaluated many times."""
        if self._merged_terms is None:
            self._merged_terms = _term_algebra.merge_terms(*self._terms)
        return self._merged_terms

    def to_list(self) -> list[tuple[str, complex]]:
        """Return (label, coefficient) pairs in term order, which `from_list` reads back."""
        return [(string.label, coefficient) for string, coefficient in self]

    def simplify(self, atol: float = DEFAULT_ATOL) -> PauliSum:
        """Add up equal strings, drop coefficients of magnitude at most `atol`, sort by x mask, then z mask."""
        return self._of(_term_algebra.merge_terms(*self._terms, check_atol(atol)), self._num_qubits)

    def adjoint(self) -> PauliSum:
        """Return the Hermitian conjugate."""
        return self._of((self._x_masks, self._z_masks, self._coefficients.conj()), self._num_qubits)

    def commutator(self, other: PauliSum | PauliString) -> PauliSum:
        """Return self·other − other·self, from the pairs of terms that anticommute only."""
        right = self._partner(other)._terms
        return 2 * self._of(_term_algebra.multiply_terms(self._terms, right, "anticommuting"), self._num_qubits)

    def anticommutator(self, other: PauliSum | PauliString) -> PauliSum:
        """Return self·other + other·self, from the pairs of terms that commute only."""
        right = self._partner(other)._terms
        return 2 * self._of(_term_algebra.multiply_terms(self._terms, right, "commuting"), self._num_qubits)

    def tensor(self, other: PauliSum | PauliString) -> PauliSum:
        """Return self ⊗ other, whose low qubits are those of `other`, as in the concatenated labels.

        Raises:
            OperatorError: if the result has more than 62 qubits.
        """
        low = _as_sum(other)
        shift = low.num_qubits
        num_qubits = check_num_qubits(self._num_qubits + shift, MAX_SUM_QUBITS)
        x = (self._x_masks[:, None] << shift) | low._x_masks
        z = (self._z_masks[:, None] << shift) | low._z_masks
        c = self._coefficients[:, None] * low._coefficients
        return self._of((x.ravel(), z.ravel(), c.ravel()), num_qubits)

    def on_qubits(self, qubits: Sequence[int], num_qubits: int) -> PauliSum:
        """Move qubit k to `qubits[k]` of a register of `num_qubits`, with identities on the others.

        Raises:
            OperatorError: if `qubits` does not name one distinct qubit of the register for each of ours.
        """
        num_qubits = check_num_qubits(num_qubits, MAX_SUM_QUBITS)
        qubits = [as_int("a qubit", q) for q in items_of(qubits, "qubits are a sequence of integers", OperatorError)]
        if len(qubits) != self._num_qubits or len(set(qubits)) != len(qubits):
            raise OperatorError(f"qubits must name {self._num_qubits} distinct qubits, got {shown(tuple(qubits))}")
        if not all(0 <= qubit < num_qubits for qubit in qubits):
            raise OperatorError(f"every qubit must be in [0, {num_qubits}), got {shown(tuple(qubits))}")
        x_masks, z_masks = (_term_algebra.move_bits(masks, qubits) for masks in (self._x_masks, self._z_masks))
        return self._of((x_masks, z_masks, self._coefficients), num_qubits)

    def is_hermitian(self, atol: float = DEFAULT_ATOL) -> bool:
        """Whether every merged coefficient has an imaginary part of magnitude at most `atol`."""
        if not np.count_nonzero(self._coefficients.imag):
            return True
        return bool(np.all(np.abs(self._merged[2].imag) <= check_atol(atol)))

    def is_diagonal(self) -> bool:
        """Whether every string has only I and Z."""
        return not self._x_masks.any()

    def allclose(self, other: PauliSum | PauliString, atol: float = 1e-10) -> bool:
        """Whether both are the same operator, each merged coefficient to within `atol`."""
        partner = _as_sum(other)
        return self._num_qubits == partner.num_qubits and len((self - partner).simplify(atol)) == 0

    def group_commuting(self, *, qubit_wise: bool = True) -> list[PauliSum]:
        """Split the merged terms into sums of mutually commuting strings that can be measured together.

        Sorted insertion (Crawford et al., Quantum 5, 385 (2021)): terms by falling |coefficient|, each into
        the first group that admits it. With `qubit_wise` the strings of a group agree on every qubit where
        both act, so that one layer of single-qubit rotations (`measurement_basis`) measures it; without, a
        group is larger but needs entangling gates.
        """
        check_flag(qubit_wise, "qubit_wise", OperatorError)
        x, z, c = self._merged
        groups = _grouping.group_terms(self._merged, qubit_wise=qubit_wise)
        return [self._of((x[members], z[members], c[members]), self._num_qubits) for members in groups]

    def measurement_basis(self) -> PauliString:
        """Return the string that gives each qubit the letter all terms share there, I where none acts.

        Raises:
            OperatorError: if two terms have different letters on a qubit.
        """
        basis_x, basis_z = _grouping.shared_letters(self._x_masks, self._z_masks)
        return PauliString.from_masks(basis_x, basis_z, self._num_qubits)

    def to_matrix(self) -> ComplexArray:
        """Return the dense matrix, complex128 of shape (2^n, 2^n).

        Raises:
            InsufficientMemoryError: if it does not fit.
        """
        return _matrix_form.dense_matrix(self._terms, self._num_qubits)

    def to_sparse(self) -> csr_array[Any, Any]:
        """Return the matrix as a SciPy CSR array, complex128 of shape (2^n, 2^n), indices sorted.

        Raises:
            InsufficientMemoryError: if it does not fit.
        """
        return _matrix_form.sparse_matrix(self._terms, self._num_qubits)

    def diagonal(self) -> FloatArray:
        """Return the eigenvalue of every basis state, float64 of length 2^n, for a sum of I and Z strings.

        Raises:
            OperatorError: if a string has X or Y, or the sum is not Hermitian.
            InsufficientMemoryError: if the vector does not fit.
        """
        if not self.is_diagonal():
            raise OperatorError("diagonal() needs strings of I and Z only, but a term has X or Y: use to_matrix()")
        if not self.is_hermitian():
            raise OperatorError("diagonal() needs real coefficients, but one has an imaginary part")
        return _matrix_form.real_diagonal(self._z_masks, self._coefficients.real, self._num_qubits)

    def apply(self, state_vector: npt.ArrayLike) -> _state_action.StateVector:
        """Return H|ψ⟩ for a state of shape (2^n,), in its precision (complex64 or complex128).

        Raises:
            OperatorError: if the state has another shape.
        """
        return _state_action.applied(self, state_vector)

    def expectation_value(self, state_vector: npt.ArrayLike) -> float:
        """Return ⟨ψ|H|ψ⟩ of a Hermitian sum for a normalised state of shape (2^n,).

        Raises:
            OperatorError: if the state has another shape or the sum is not Hermitian.
        """
        return _state_action.expectation_value(self, state_vector)

    def variance(self, state_vector: npt.ArrayLike) -> float:
        """Return ⟨ψ|H²|ψ⟩ − ⟨ψ|H|ψ⟩² of a Hermitian sum, computed as ‖(H − ⟨H⟩)ψ‖², so never negative.

        Raises:
            OperatorError: if the state has another shape or the sum is not Hermitian.
        """
        return _state_action.variance(self, state_vector)

    def eigenvalues(self, k: int | None = None, *, seed: int | np.random.Generator | None = None) -> FloatArray:
        """Return the lowest `k` eigenvalues of a Hermitian sum, ascending; all 2^n of them by default.

        All of them, and small sums, go through a dense matrix; few of a large one through Lanczos iterations
        started from a random vector drawn with `seed`, where a degenerate level may come out too few times.

        Raises:
            OperatorError: if the sum is not Hermitian or `k` is not in [1, 2^n].
            ConvergenceError: if the iteration does not converge.
            InsufficientMemoryError: if a dense matrix, where one is needed, or the iteration's vectors do not fit.
        """
        self._check_hermitian("an ordered spectrum")
        return _spectrum.lowest_eigenpairs(self, k, seed)[0]

    def ground_state(self, *, seed: int | np.random.Generator | None = None) -> tuple[float, ComplexArray]:
        """Return the lowest eigenvalue of a Hermitian sum and a normalised eigenvector, shape (2^n,).

        Raises:
            OperatorError: if the sum is not Hermitian.
            ConvergenceError: if the Lanczos iteration does not converge.
            InsufficientMemoryError: if the iteration's vectors do not fit, 30 for one eigenvector.
        """
        self._check_hermitian("a ground state")
        energies, vectors = _spectrum.lowest_eigenpairs(self, 1, seed)
        return float(energies[0]), vectors[:, 0]

    def _check_hermitian(self, what: str) -> None:
        if not self.is_hermitian():
            raise OperatorError(f"{what} needs a Hermitian operator, but a coefficient has an imaginary part")

    def _partner(self, other: PauliSum | PauliString) -> PauliSum:
        partner = _as_sum(other)
        if partner.num_qubits != self._num_qubits:
            raise OperatorError(
                f"both operators must have the same number of qubits, got {self._num_qubits} and {partner.num_qubits}; "
                "widen one with on_qubits()"
            )
        return partner

    def __add__(self, other: PauliSum | PauliString | int) -> PauliSum:
        if isinstance(other, int) and other == 0:
            return self  # where the built-in sum() starts
        if not isinstance(other, PauliSum | PauliString):
            return NotImplemented
        both = zip(self._terms, self._partner(other)._terms, strict=True)
        x, z, c = (np.concatenate(pair) for pair in both)
        return self._of(_term_algebra.merge_terms(x, z, c), self._num_qubits)

    def __radd__(self, other: int) -> PauliSum:
        return self.__add__(other)

    def __sub__(self, other: PauliSum | PauliString) -> PauliSum:
        return self + -other if isinstance(other, PauliSum | PauliString) else NotImplemented

    def __neg__(self) -> PauliSum:
        return self * -1

    def __mul__(self, factor: Scalar) -> PauliSum:
        if not is_scalar(factor):
            return NotImplemented
        return self._of(
            (self._x_masks, self._z_masks, self._coefficients * checked_coefficient(factor)), self._num_qubits
        )

    def __rmul__(self, factor: Scalar) -> PauliSum:
        return self.__mul__(factor)

    def __truediv__(self, divisor: Scalar) -> PauliSum:
        if not is_scalar(divisor):
            return NotImplemented
        number = checked_coefficient(divisor)
        if number == 0:
            raise OperatorError("an operator can be divided by a non-zero number only, got 0")
        return self._of((self._x_masks, self._z_masks, self._coefficients / number), self._num_qubits)

    def __matmul__(self, other: PauliSum | PauliString) -> PauliSum:
        if not isinstance(other, PauliSum | PauliString):
            return NotImplemented
        return self._of(_term_algebra.multiply_terms(self._terms, self._partner(other)._terms), self._num_qubits)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PauliSum):
            return NotImplemented
        if self._num_qubits != other._num_qubits:
            return False
        return all(np.array_equal(mine, theirs) for mine, theirs in zip(self._merged, other._merged, strict=True))

    __hash__ = None  # type: ignore[assignment]  # equality merges terms; a hash that does too would be slow

    def __reduce__(self) -> tuple[type[PauliSum], tuple[IntArray, IntArray, ComplexArray, int]]:
        return PauliSum, (*self._terms, self._num_qubits)

    def __str__(self) -> str:
        return " + ".join(f"{shortest(coefficient)}·{string}" for string, coefficient in self) or "0"

    def __repr__(self) -> str:
        first = ", ".join(f"({string.label!r}, {shortest(value)})" for string, value in islice(self, _TERMS_IN_REPR))
        if len(self) > _TERMS_IN_REPR:
            return f"<PauliSum of {len(self)} terms on {self._num_qubits} qubits: [{first}, ...]>"
        return f"PauliSum.from_list([{first}], num_qubits={self._num_qubits})"

    def __len__(self) -> int:
        return len(self._coefficients)

    def __iter__(self) -> Iterator[tuple[PauliString, complex]]:
        columns = (self._x_masks.tolist(), self._z_masks.tolist(), self._coefficients.tolist())
        for x_mask, z_mask, coefficient in zip(*columns, strict=True):
            yield PauliString.from_masks(x_mask, z_mask, self._num_qubits), coefficient


def _as_sum(operand: PauliSum | PauliString) -> PauliSum:
    if isinstance(operand, PauliString):
        return operand.to_sum()
    if not isinstance(operand, PauliSum):
        raise OperatorError(f"the other operand must be a PauliSum or PauliString, got {type(operand).__name__}")
    return operand
