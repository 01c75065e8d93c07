"""`FermionOperator`: a polynomial in creation and annihilation operators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from qtoolkit._arguments import MOST_ITEMS, check_instance, items_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators import _ladder_arrays
from qtoolkit.operators._ladder_arrays import LadderProduct
from qtoolkit.operators._types import (
    DEFAULT_ATOL,
    FEW,
    Scalar,
    as_int,
    check_atol,
    checked_coefficient,
    is_scalar,
)

__all__ = ["FermionOperator", "LadderProduct"]

_FACTOR = re.compile(r"(\d+)(\^?)")
_TERMS_IN_REPR = 8


class FermionOperator:
    """A linear combination of products of creation and annihilation operators, immutable.

    `FermionOperator({((0, True), (1, False)): 0.5})` is ½ a†_0 a_1, as is `0.5 * FermionOperator.from_string("0^ 1")`.
    Terms stay as written, equal ones added up and exact zeros dropped; `normal_ordered` brings them to one form.
    `*` scales by a number, `@` multiplies operators.

    Attributes:
        terms: read-only mapping from ladder products to complex coefficients.
        num_modes: one more than the highest mode in use, 0 for a constant.
    """

    __slots__ = ("_terms",)
    __array_ufunc__: ClassVar[None] = None  # NumPy scalars leave `np.float64(2) * operator` to `__rmul__`

    _terms: Mapping[LadderProduct, complex]

    def __init__(self, terms: Mapping[LadderProduct, Scalar] | None = None) -> None:
        """Check and copy the terms; without any, the operator is zero.

        Raises:
            OperatorError: if a mode is negative or no integer, an action is not True, False, 1 or 0, or a
                coefficient is not finite.
        """
        checked: dict[LadderProduct, complex] = {}
        given = {} if terms is None else terms
        check_instance(given, Mapping, "the terms of an operator are a mapping from products to numbers", OperatorError)
        for product, value in given.items():
            key = _checked_product(product)
            checked[key] = checked.get(key, 0j) + checked_coefficient(value)
        self._fill(checked)

    def _fill(self, terms: dict[LadderProduct, complex]) -> None:
        self._terms = MappingProxyType({product: value for product, value in terms.items() if value != 0})

    @classmethod
    def _of(cls, terms: dict[LadderProduct, complex]) -> FermionOperator:
        """Wrap a dictionary that is already valid and belongs to nobody else."""
        result = cls.__new__(cls)
        result._fill(terms)
        return result

    @classmethod
    def from_string(cls, text: str, coefficient: Scalar = 1.0) -> FermionOperator:
        """Read one product such as `"0^ 1"` for a†_0 a_1; the empty string is the identity.

        Raises:
            OperatorError: if a factor is not a mode with or without `^`.
        """
        factors = []
        for factor in check_instance(text, str, 'a fermionic product is text as "0^ 1"', OperatorError).split():
            match = _FACTOR.fullmatch(factor)
            if match is None:
                raise OperatorError(f'a fermionic product is written as "0^ 1", got {shown(factor)} in {shown(text)}')
            factors.append((int(match[1]), match[2] == "^"))
        return cls._of({tuple(factors): checked_coefficient(coefficient)})

    @classmethod
    def identity(cls) -> FermionOperator:
        """Return the identity."""
        return cls._of({(): 1 + 0j})

    @classmethod
    def zero(cls) -> FermionOperator:
        """Return the operator without terms."""
        return cls._of({})

    @property
    def terms(self) -> Mapping[LadderProduct, complex]:
        """Coefficient of each ladder product, read-only."""
        return self._terms

    @property
    def num_modes(self) -> int:
        """One more than the highest mode in use, 0 for a constant."""
        return _ladder_arrays.num_modes(self._terms)

    @property
    def constant(self) -> complex:
        """Coefficient of the identity among the terms as written."""
        return self._terms.get((), 0j)

    def adjoint(self) -> FermionOperator:
        """Return the Hermitian conjugate: factors reversed and swapped, coefficients conjugated."""
        return self._of(
            {
                tuple((mode, not creates) for mode, creates in reversed(product)): value.conjugate()
                for product, value in self._terms.items()
            }
        )

    def normal_ordered(self) -> FermionOperator:
        """Return the same operator with creations left of annihilations, modes falling within each kind.

        This form is unique: two operators are equal exactly if their normal-ordered terms are.
        """
        if len(self) > FEW:
            ordered = _ladder_arrays.normal_ordered(_ladder_arrays.as_arrays(self._terms))
            return self._of(_ladder_arrays.as_terms(ordered))
        total: dict[LadderProduct, complex] = {}
        for product, value in self._terms.items():
            _add_normal_ordered(total, product, value)
        return self._of(total)

    def simplify(self, atol: float = DEFAULT_ATOL) -> FermionOperator:
        """Drop terms whose coefficient has magnitude at most `atol`."""
        least = check_atol(atol)
        return self._of({product: value for product, value in self._terms.items() if abs(value) > least})

    def is_hermitian(self, atol: float = DEFAULT_ATOL) -> bool:
        """Whether the operator equals its adjoint, each normal-ordered coefficient to within `atol`."""
        return self.allclose(self.adjoint(), atol)

    def allclose(self, other: FermionOperator, atol: float = 1e-10) -> bool:
        """Whether both are the same operator, each normal-ordered coefficient to within `atol`."""
        difference = (self - _operand(other)).normal_ordered()
        most = check_atol(atol)
        return all(abs(value) <= most for value in difference._terms.values())

    def commutator(self, other: FermionOperator) -> FermionOperator:
        """Return self·other − other·self, normal-ordered."""
        if len(self) * len(_operand(other)) <= FEW:
            return (self @ other - other @ self).normal_ordered()
        left, right = (_ladder_arrays.as_arrays(operator._terms) for operator in (self, other))
        return self._of(_ladder_arrays.as_terms(_ladder_arrays.commutator(left, right)))

    def conserves_particle_number(self) -> bool:
        """Whether every term creates as many particles as it annihilates."""
        return all(2 * sum(creates for _, creates in product) == len(product) for product in self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def __iter__(self) -> Iterator[tuple[LadderProduct, complex]]:
        return iter(self._terms.items())

    def __add__(self, other: FermionOperator | int) -> FermionOperator:
        if isinstance(other, int) and other == 0:
            return self  # where the built-in sum() starts
        if not isinstance(other, FermionOperator):
            return NotImplemented
        total = dict(self._terms)
        for product, value in other._terms.items():
            total[product] = total.get(product, 0j) + value
        return self._of(total)

    def __radd__(self, other: int) -> FermionOperator:
        return self.__add__(other)

    def __sub__(self, other: FermionOperator) -> FermionOperator:
        return self + -other if isinstance(other, FermionOperator) else NotImplemented

    def __neg__(self) -> FermionOperator:
        return self * -1

    def __mul__(self, factor: Scalar) -> FermionOperator:
        if not is_scalar(factor):
            return NotImplemented
        number = checked_coefficient(factor)
        return self._of({product: value * number for product, value in self._terms.items()})

    def __rmul__(self, factor: Scalar) -> FermionOperator:
        return self.__mul__(factor)

    def __truediv__(self, divisor: Scalar) -> FermionOperator:
        if not is_scalar(divisor):
            return NotImplemented
        number = checked_coefficient(divisor)
        if number == 0:
            raise OperatorError("an operator can be divided by a non-zero number only, got 0")
        return self._of({product: value / number for product, value in self._terms.items()})

    def __matmul__(self, other: FermionOperator) -> FermionOperator:
        if not isinstance(other, FermionOperator):
            return NotImplemented
        products: dict[LadderProduct, complex] = {}
        for left, left_value in self._terms.items():
            for right, right_value in other._terms.items():
                key = left + right
                products[key] = products.get(key, 0j) + left_value * right_value
        return self._of(products)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same terms as written; `allclose` compares them as operators."""
        return self._terms == other._terms if isinstance(other, FermionOperator) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a mapping of terms has no cheap order-free hash

    def __reduce__(self) -> tuple[type[FermionOperator], tuple[dict[LadderProduct, complex]]]:
        return FermionOperator, (dict(self._terms),)

    def __str__(self) -> str:
        return " + ".join(f"{value}·[{_text(product)}]" for product, value in self) or "0"

    def __repr__(self) -> str:
        shown = " + ".join(f"{value}·[{_text(product)}]" for product, value in islice(self, _TERMS_IN_REPR))
        rest = " + ..." if len(self) > _TERMS_IN_REPR else ""
        return f"<FermionOperator of {len(self)} terms on {self.num_modes} modes: {shown or '0'}{rest}>"


def _text(product: LadderProduct) -> str:
    return " ".join(f"{mode}^" if creates else f"{mode}" for mode, creates in product)


def _operand(other: object) -> FermionOperator:
    return check_instance(other, FermionOperator, "the other operand must be a FermionOperator", OperatorError)


def _checked_product(product: Sequence[tuple[int, bool | int]]) -> LadderProduct:
    factors = []
    for factor in items_of(product, "a product is a tuple of pairs (mode, is_creation)", OperatorError):
        if not isinstance(factor, tuple) or len(factor) != 2:
            raise OperatorError(f"a factor is a pair (mode, is_creation), got {shown(factor)} in {shown(product)}")
        mode, creates = as_int("a mode", factor[0]), factor[1]
        if mode >= MOST_ITEMS:
            raise OperatorError(f"modes are at most {MOST_ITEMS - 1}, got {shown(mode)}")
        if mode < 0:
            raise OperatorError(f"a mode must not be negative, got {shown(mode)} in {shown(product)}")
        if not isinstance(creates, int | np.bool_ | np.integer) or creates not in (0, 1):
            raise OperatorError(f"is_creation must be True or False, got {shown(creates)} in {shown(product)}")
        factors.append((mode, bool(creates)))
    return tuple(factors)


def _add_normal_ordered(total: dict[LadderProduct, complex], product: LadderProduct, value: complex) -> None:
    """Add `value` times the normal-ordered form of `product` to `total`.

    An insertion sort by a_p a†_q = δ_pq − a†_q a_p; each contraction is put aside and sorted in its turn.
    """
    pending: list[tuple[LadderProduct, complex]] = [(product, value)]
    while pending:
        start, coefficient = pending.pop()
        factors = list(start)
        for position in range(1, len(factors)):
            place = position
            while place > 0:
                (left_mode, left_creates), (mode, creates) = factors[place - 1], factors[place]
                if left_creates == creates:
                    if left_mode == mode:
                        coefficient = 0j  # a mode is filled or emptied once only
                    if left_mode >= mode:
                        break
                elif left_creates:
                    break
                elif left_mode == mode:
                    pending.append((tuple(factors[: place - 1] + factors[place + 1 :]), coefficient))
                factors[place - 1], factors[place] = factors[place], factors[place - 1]
                coefficient = -coefficient
                place -= 1
            if coefficient == 0:
                break
        if coefficient != 0:
            key = tuple(factors)
            total[key] = total.get(key, 0j) + coefficient
