"""How far a product formula may be from the exact evolution."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from qtoolkit._arguments import check_integer, check_number, items_of, shown
from qtoolkit._checks import require_choice, require_number
from qtoolkit.algorithms.dynamics.commutators import (
    MOST_TRIANGLE_TERMS,
    commutator_prefactor,
    num_products,
    triangle_prefactor,
)
from qtoolkit.algorithms.dynamics.nested import nested_levels, step_error
from qtoolkit.algorithms.dynamics.ordering import Fragments, fragments_of_sums
from qtoolkit.algorithms.dynamics.schedule import SUZUKI
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = [
    "BoundMethod",
    "ErrorLaw",
    "TrotterBound",
    "check_error",
    "check_order",
    "check_time",
    "law_of",
    "product_formula_bound",
    "taylor_remainder",
]

BoundMethod: TypeAlias = Literal["auto", "commutator", "triangle", "one-norm"]

ORDERS = (1, 2, 4)
_METHODS = ("auto", "commutator", "triangle", "one-norm")
_MOST_PRODUCTS = 10**8
"""Of strings, for which commutators take some seconds."""
_DURATIONS = {1: 1.0, 2: 1.0, 4: 4.0 * SUZUKI + abs(1.0 - 4.0 * SUZUKI)}
"""By order, the time for which each term acts in a step of time 1, backwards counted too."""


@dataclass(frozen=True)
class TrotterBound:
    """A proven bound of ``‖S(t/r)^r − e^{−iHt}‖``, in the spectral norm.

    Attributes:
        error: the bound, at most 2, which is the distance of opposite unitaries.
        method: ``"commutator"`` (nested commutators, formed exactly), ``"triangle"`` (their terms one by one) or
            ``"one-norm"`` (remainders of the Taylor series).
        order: of the formula.
        time: t.
        steps: r.
    """

    error: float
    method: str
    order: int
    time: float
    steps: int


@dataclass(frozen=True)
class ErrorLaw:
    """How the error of one step grows with its time.

    Attributes:
        method: see `TrotterBound`.
        order: of the formula.
        step_error: of one step of a time.
    """

    method: str
    order: int
    step_error: Callable[[float], float]

    def bound(self, time: float, steps: int) -> TrotterBound:
        """For all steps."""
        try:
            error = steps * self.step_error(time / steps)
        except OverflowError:
            error = math.inf
        return TrotterBound(min(error, 2.0), self.method, self.order, time, steps)


def check_order(order: object) -> int:
    """The order of a product formula.

    Raises:
        InputError: if it is not 1, 2 or 4.
    """
    number = check_integer(order, "order")
    if number not in ORDERS:
        raise InputError(f"the order of a product formula is 1, 2 or 4, got {shown(number)}")
    return number


def taylor_remainder(order: int, x: float) -> float:
    """``Σ_{n > order} x^n / n!`` for x of at least 0; infinite where it is beyond floating point."""
    if x > 600.0:
        return math.inf
    term = total = x ** (order + 1) / math.factorial(order + 1)
    n = order + 1
    while term > 1e-17 * total:
        n += 1
        term *= x / n
        total += term
    return total


def law_of(fragments: Fragments, order: int, method: BoundMethod) -> ErrorLaw:
    """The law of the error by a method, ``"auto"`` for the first that stays cheap.

    Raises:
        InputError: for another method, or one that there is none of for this order.
        InsufficientMemoryError: if the triangle bound does not fit into free memory.
    """
    require_choice("method", method, _METHODS)
    if order == 4:
        return _fourth(fragments, method)
    if method == "auto":
        if num_products(fragments, order) <= _MOST_PRODUCTS:
            method = "commutator"
        else:
            method = "triangle" if len(fragments.weights) <= MOST_TRIANGLE_TERMS else "one-norm"
    if method == "one-norm":
        return _one_norm(fragments, order)
    find = commutator_prefactor if method == "commutator" else triangle_prefactor
    prefactor = find(fragments, order)
    return ErrorLaw(method, order, lambda time: prefactor * abs(time) ** (order + 1))


def _fourth(fragments: Fragments, method: BoundMethod) -> ErrorLaw:
    if method == "triangle":
        raise InputError(
            'order 4 has no triangle bound, got method="triangle"; take "auto", "commutator" or "one-norm"'
        )
    levels = [] if method == "one-norm" else nested_levels(fragments, 4)
    if levels:
        return ErrorLaw("commutator", 4, lambda time: step_error(levels, time))
    if method == "commutator":
        raise InputError(
            f"nested commutators of order 4 are for few terms in few fragments, got {len(fragments.weights)} in "
            f'{len(fragments.starts) - 1}; take ordering="commuting" or method="one-norm"'
        )
    return _one_norm(fragments, 4)


def _one_norm(fragments: Fragments, order: int) -> ErrorLaw:
    """Formula and evolution agree up to t^order; what is beyond is at most the remainder of exp(norm |t|) for both."""
    norm, longer = fragments.one_norm, _DURATIONS[order]

    def remainders(time: float) -> float:
        part = norm * abs(time)
        return taylor_remainder(order, longer * part) + taylor_remainder(order, part)

    return ErrorLaw("one-norm", order, remainders)


def check_time(time: object, name: str = "time") -> float:
    """A time as a float.

    Raises:
        InputError: if it is not finite.
    """
    return require_number(name, time, -1e15, 1e15)


def check_error(error: object) -> float:
    """A positive error.

    Raises:
        InputError: for anything else.
    """
    rule = "a positive number of at most 2"
    return check_number(error, "error", kind=rule, accept=lambda x: 1e-15 <= x <= 2.0)


def product_formula_bound(
    fragments: Sequence[PauliSum], time: float, steps: int, order: int = 2, method: BoundMethod = "auto"
) -> TrotterBound:
    """The bound for a Hamiltonian ``Σ_A A`` whose fragments are each exponentiated exactly, in the order given.

    The first fragment is the outermost of the second-order step ``e^{−iA₁t/2} … e^{−iA₁t/2}``. Sources:
    `ProductFormula.error_bound`.

    Args:
        fragments: Hermitian sums; the terms of one need not commute.
        time: t.
        steps: r.
        order: 1, 2 or 4.
        method: see `ProductFormula.error_bound`; ``"triangle"`` takes fragments term by term.

    Raises:
        InputError: if there is no fragment, or another argument does not fit.
        OperatorError: if a fragment is not a Hermitian sum.
    """
    parts = fragments_of_sums(list(items_of(fragments, "fragments are a sequence of PauliSums")))
    time, steps, order = check_time(time), check_integer(steps, "steps", 1, 1 << 62), check_order(order)
    return law_of(parts, order, method).bound(time, steps)
