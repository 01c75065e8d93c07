"""How far a product formula may be from the exact evolution."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
from qtoolkit.algorithms.dynamics.ordering import Fragments, fragments_of_sums
from qtoolkit.algorithms.dynamics.schedule import SUZUKI
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = [
    "BoundMethod",
    "TrotterBound",
    "bound_of",
    "check_error",
    "check_order",
    "check_time",
    "prefactor_of",
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
        prefactor: α in ``error = α |t|^{order + 1} / r^order``; None for ``"one-norm"``, which is no such power.
    """

    error: float
    method: str
    order: int
    time: float
    steps: int
    prefactor: float | None


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


def prefactor_of(fragments: Fragments, order: int, method: BoundMethod) -> tuple[str, float | None]:
    """The method taken and its prefactor; None for ``"one-norm"``.

    Raises:
        InputError: for another method, or one that there is none of for this order.
        InsufficientMemoryError: if the triangle bound does not fit into free memory.
    """
    require_choice("method", method, _METHODS)
    if order == 4 and method in ("commutator", "triangle"):
        raise InputError(f'the bound of order 4 is by the one-norm, got method="{method}"; take "auto" or "one-norm"')
    if method == "auto":
        if order == 4:
            method = "one-norm"
        elif num_products(fragments, order) <= _MOST_PRODUCTS:
            method = "commutator"
        else:
            method = "triangle" if len(fragments.weights) <= MOST_TRIANGLE_TERMS else "one-norm"
    if method == "commutator":
        return method, commutator_prefactor(fragments, order)
    if method == "triangle":
        return method, triangle_prefactor(fragments, order)
    return method, None


def bound_of(
    fragments: Fragments, order: int, time: float, steps: int, found: tuple[str, float | None]
) -> TrotterBound:
    """The bound from what `prefactor_of` found."""
    method, prefactor = found
    if prefactor is None:
        error = one_norm_error(fragments.one_norm, order, time, steps)
    else:
        try:
            error = prefactor * abs(time) ** (order + 1) / float(steps) ** order
        except OverflowError:
            error = math.inf
    return TrotterBound(min(error, 2.0), method, order, time, steps, prefactor)


def one_norm_error(norm: float, order: int, time: float, steps: int) -> float:
    """Formula and evolution agree up to t^order; what is beyond is at most the remainder of exp(norm |t|) for both."""
    part = norm * abs(time) / steps
    return steps * (taylor_remainder(order, _DURATIONS[order] * part) + taylor_remainder(order, part))


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
    return bound_of(parts, order, time, steps, prefactor_of(parts, order, method))
