"""Codes by name, for the command line and for sweeps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from qtoolkit._arguments import shown
from qtoolkit.applications.qec._validation import MOST_ROUND_A_LATTICE, require_count
from qtoolkit.applications.qec.codes.bicycle import bivariate_bicycle_code, bivariate_bicycle_named
from qtoolkit.applications.qec.codes.color import color_code_488, color_code_666
from qtoolkit.applications.qec.codes.honeycomb import HoneycombCode
from qtoolkit.applications.qec.codes.small import (
    bacon_shor_code,
    fifteen_one_three_code,
    five_qubit_code,
    four_two_two_code,
    repetition_code,
    shor_code,
    steane_code,
)
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.applications.qec.codes.surface import rotated_surface_code, surface_code, toric_code, xzzx_code
from qtoolkit.errors import InputError

__all__ = ["CODES", "CodeFamily", "code_named"]


@dataclass(frozen=True)
class CodeFamily:
    """A code, or one for each distance, under a name.

    Attributes:
        name: in kebab-case.
        build: makes the code from keywords.
        description: one line.
        even: whether distances must be even.
        decoder: name of one for its memories: matching where errors flip two checks at most, another for the rest.
    """

    name: str
    build: Callable[..., StabilizerCode | HoneycombCode]
    description: str
    even: bool = False
    decoder: str = "matching"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The keywords that `code_named` takes for it."""
        return tuple(inspect.signature(self.build).parameters)

    @property
    def takes_distance(self) -> bool:
        """Whether there is a code for each distance."""
        return "distance" in self.parameters


def _repetition(distance: int) -> StabilizerCode:
    return repetition_code(require_count("distance", distance, 2, MOST_ROUND_A_LATTICE))


def _honeycomb(distance: int) -> HoneycombCode:
    """After each round the distance is two thirds of the points along a side."""
    d = require_count("distance", distance, 2, MOST_ROUND_A_LATTICE // 2)
    if d % 2:
        raise InputError(f"distances of the honeycomb code are even, got {d}: take {d + 1}")
    return HoneycombCode(3 * d // 2, 3 * d // 2)


def _bicycle(num_qubits: int) -> Callable[[], StabilizerCode]:
    def build() -> StabilizerCode:
        return bivariate_bicycle_named(num_qubits)

    return build


_FAMILIES = (
    CodeFamily("repetition", _repetition, "bit flips only, [[d, 1, 1]]"),
    CodeFamily("five-qubit", five_qubit_code, "[[5, 1, 3]]", decoder="bp-lsd"),
    CodeFamily("steane", steane_code, "[[7, 1, 3]]", decoder="bp-lsd"),
    CodeFamily("shor", shor_code, "[[9, 1, 3]]"),
    CodeFamily("bacon-shor", bacon_shor_code, "subsystem code of pairs, [[d², 1, d]]"),
    CodeFamily("four-two-two", four_two_two_code, "detects one error, [[4, 2, 2]]", decoder="bp-lsd"),
    CodeFamily(
        "fifteen-one-three", fifteen_one_three_code, "Reed–Muller, transversal T, [[15, 1, 3]]", decoder="bp-lsd"
    ),
    CodeFamily("rotated-surface", rotated_surface_code, "[[d², 1, d]]"),
    CodeFamily("surface", surface_code, "unrotated, [[d² + (d − 1)², 1, d]]"),
    CodeFamily("xzzx", xzzx_code, "rotated, for biased noise, [[d², 1, d]]"),
    CodeFamily("toric", toric_code, "[[2d², 2, d]]"),
    CodeFamily("color-666", color_code_666, "triangle of hexagons, [[(3d² + 1)/4, 1, d]]", decoder="bp-lsd"),
    CodeFamily(
        "color-488",
        color_code_488,
        "triangle of squares and octagons, [[(d² + 2d − 1)/2, 1, d]]",
        decoder="bp-lsd",
    ),
    CodeFamily("bivariate-bicycle-72", _bicycle(72), "[[72, 12, 6]]", decoder="bp-lsd"),
    CodeFamily("bivariate-bicycle-90", _bicycle(90), "[[90, 8, 10]]", decoder="bp-lsd"),
    CodeFamily("bivariate-bicycle-144", _bicycle(144), "[[144, 12, 12]]", decoder="bp-lsd"),
    CodeFamily("bivariate-bicycle", bivariate_bicycle_code, "by its polynomials l, m, a, b", decoder="bp-lsd"),
    CodeFamily("honeycomb", _honeycomb, "dynamical code on a torus, d even", even=True),
)

CODES: Mapping[str, CodeFamily] = MappingProxyType({family.name: family for family in _FAMILIES})
"""Name to family of codes."""


def code_named(name: str, **parameters: Any) -> StabilizerCode | HoneycombCode:
    """A code by its name in `CODES`.

    >>> code_named("rotated-surface", distance=5)
    <CSSCode rotated surface [[25, 1, 5]]>

    Args:
        name: in kebab-case.
        parameters: what the family takes: `distance` for most, nothing for single codes.

    Raises:
        InputError: for another name (the message lists all), or parameters that the family does not take.
    """
    family = CODES.get(name) if isinstance(name, str) else None
    if family is None:
        raise InputError(f"no code is called {shown(name)}; there are {', '.join(CODES)}")
    try:
        inspect.signature(family.build).bind(**parameters)
    except TypeError:
        wanted = ", ".join(family.parameters) or "no parameters"
        given = ", ".join(sorted(parameters)) or "none"
        raise InputError(f"{name} takes {wanted}, got {given}") from None
    return family.build(**parameters)
