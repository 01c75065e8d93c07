"""Stages of Fourier transforms, two by two, as one operation.

A stage is a rotation of one qubit and then a polynomial that is 1 wherever the qubit is 0; merging brings transforms
and their inverses to this form. Two in a row need one pass over a block instead of three. Rotations whose sine may be
larger than their cosine are left alone, which leaves those with parameters alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Factor, Form
from qtoolkit.compiler.passes.merge import Action, Polynomial, Rotations
from qtoolkit.compiler.passes.split import Product

__all__ = ["Butterflies", "pair_stages", "vanishes_without"]


@dataclass(frozen=True)
class Butterflies:
    """Two stages.

    Attributes:
        qubits, products, terms: of the first and of the second stage: the qubit, the number of the product that holds
            the rotation, the polynomial.
    """

    qubits: tuple[int, int]
    products: tuple[int, int]
    terms: tuple[tuple[Factor, ...], tuple[Factor, ...]]


def pair_stages(
    actions: Sequence[Action], products: Sequence[Product], position: Mapping[int, int], layout: Layout
) -> list[Action | Butterflies]:
    """Replace every four actions that are two stages.

    Args:
        actions: of one sweep, in time order.
        products: by number.
        position: of every qubit.
        layout: how the state is cut.
    """
    paired: list[Action | Butterflies] = []
    k = 0
    while k < len(actions):
        found = _two_stages(actions[k : k + 4], products) if layout.has_room_for_butterflies else None
        if found is not None and all(position[q] >= layout.lane_bits for q in found.qubits):
            paired.append(found)
            k += 4
        else:
            paired.append(actions[k])
            k += 1
    return paired


def _two_stages(actions: Sequence[Action], products: Sequence[Product]) -> Butterflies | None:
    if len(actions) < 4:
        return None
    first, second = (_stage(actions[k], actions[k + 1], products) for k in (0, 2))
    if first is None or second is None or first[0] == second[0]:
        return None
    return Butterflies((first[0], second[0]), (first[1], second[1]), (first[2], second[2]))


def _stage(
    rotation: Action, polynomial: Action, products: Sequence[Product]
) -> tuple[int, int, tuple[Factor, ...]] | None:
    if not isinstance(rotation, Rotations) or not isinstance(polynomial, Polynomial) or len(rotation.qubits) > 1:
        return None
    qubit, product = rotation.qubits[0], rotation.products[0]
    if not products[product].is_gentle or not all(vanishes_without(term, qubit) for term in polynomial.terms):
        return None
    return qubit, product, polynomial.terms


def vanishes_without(term: Factor, qubit: int) -> bool:
    """Whether a term is 1 wherever the qubit is 0."""
    if term.form in (Form.BEFORE_ROTATION, Form.AFTER_ROTATION):
        return term.qubits == (qubit,)
    if term.form in (Form.PHASE_1Q, Form.PHASE_2Q):
        return qubit in term.qubits and term.detail == (1 << len(term.qubits)) - 1
    return False
