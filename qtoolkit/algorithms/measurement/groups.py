"""Groups of terms that are measured together, and what their measurement costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_integer, items_of
from qtoolkit._checks import require_choice
from qtoolkit._masks import bits_of
from qtoolkit.algorithms.measurement.allocation import ALLOCATIONS, MOST_SHOTS, Allocation, allocated_shots, shares_of
from qtoolkit.algorithms.measurement.diagonalise import diagonalised
from qtoolkit.backends.estimator import check_observables
from qtoolkit.backends.settings import MeasurementSetting, MergedTerms, local_basis_change, merged_terms
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliString, PauliSum

__all__ = ["GROUPINGS", "Grouping", "MeasurementGroup", "MeasurementGroups", "measurement_groups"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Grouping: TypeAlias = Literal["qubit-wise", "commuting"]
"""Strings that agree on every qubit where both act, measured by gates on one qubit each; or any that commute."""

GROUPINGS = ("qubit-wise", "commuting")


@dataclass(frozen=True, eq=False)
class MeasurementGroup:
    """Terms that one setting measures.

    Attributes:
        setting: the change of basis, and what the bits say then.
        terms: the strings, each with the sum of its absolute coefficients in all observables.
        coefficients: of each string in each observable, float64 of shape ``(num_terms, num_observables)``.
        extra_masks: qubits whose parity is the value of further strings that were asked for, int64.
        extra_signs: of these, float64; 0 for those that do not commute with the group and so are not measured.
    """

    setting: MeasurementSetting
    terms: PauliSum
    coefficients: FloatArray
    extra_masks: IntArray
    extra_signs: FloatArray

    @property
    def basis_change(self) -> Circuit:
        """Gates behind which each term is a product of Z."""
        return self.setting.basis_change

    @property
    def num_two_qubit_gates(self) -> int:
        """Entangling gates of the change of basis; none of a qubit-wise group."""
        return sum(1 for operation in self.setting.basis_change if len(operation.qubits) == 2)


@dataclass(frozen=True, eq=False)
class MeasurementGroups:
    """All groups of one or more observables.

    Attributes:
        groups: in the order in which they were opened, heaviest terms first.
        constants: what each observable has of the identity, shape ``(num_observables,)``.
        grouping: ``"qubit-wise"`` or ``"commuting"``.
    """

    groups: tuple[MeasurementGroup, ...]
    constants: FloatArray
    grouping: str

    def __repr__(self) -> str:
        gates = max((group.num_two_qubit_gates for group in self.groups), default=0)
        return (
            f"<MeasurementGroups: {self.num_terms} terms in {len(self)} {self.grouping} groups, at most {gates} "
            "two-qubit gates to measure one>"
        )

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def num_terms(self) -> int:
        """Strings that are measured."""
        return sum(len(group.terms) for group in self.groups)

    @property
    def scales(self) -> FloatArray:
        """Sum of the absolute coefficients of each group, shape ``(num_groups,)``: what ``"weighted"`` goes by."""
        return np.array([np.abs(group.coefficients).sum() for group in self.groups])

    def variances(self, state_vector: ArrayLike | None = None) -> FloatArray:
        """Variance of one shot of each group, shape ``(num_groups, num_observables)``.

        Args:
            state_vector: shape ``(2**num_qubits,)``; without it those of the maximally mixed state, in which distinct
                strings are uncorrelated: what to expect of a state that nothing is known of.

        Raises:
            OperatorError: if the state has another shape.
        """
        shape = len(self), len(self.constants)
        if state_vector is None:
            return np.array([np.square(group.coefficients).sum(axis=0) for group in self.groups]).reshape(shape)
        found = np.empty(shape)
        for row, group in enumerate(self.groups):
            terms = group.terms
            for column in range(shape[1]):
                part = PauliSum(terms.x_masks, terms.z_masks, group.coefficients[:, column], terms.num_qubits)
                found[row, column] = part.variance(state_vector)
        return found

    def predicted_standard_error(
        self, shots: int, allocation: Allocation = "variance", state_vector: ArrayLike | None = None
    ) -> FloatArray:
        """Standard error of each observable by so many shots of all groups together, shape ``(num_observables,)``.

        Shots that a pilot takes are not counted. By ``"variance"``, and of one observable, this is (Σ σ_g)/√N but for
        the rounding of shots (Crawford et al., Quantum 5, 385 (2021)).

        Args:
            shots: N, at least 2 for each group.
            allocation: ``"uniform"``, ``"weighted"`` or ``"variance"``.
            state_vector: see `variances`.

        Raises:
            InputError: if there are too few shots, or the allocation is none.
            OperatorError: if the state has another shape.
        """
        chosen = require_choice("allocation", allocation, ALLOCATIONS)
        number = check_integer(shots, "shots", 1, MOST_SHOTS)
        variances = self.variances(state_vector)
        counts = allocated_shots(shares_of(chosen, self.scales, variances), number)
        errors: FloatArray = np.sqrt((variances / counts[:, None]).sum(axis=0))
        return errors


def measurement_groups(
    observables: PauliSum | Sequence[PauliSum],
    grouping: Grouping = "commuting",
    extra: PauliSum | None = None,
) -> MeasurementGroups:
    """Split the terms of observables into groups, and find the circuit that measures each.

    By sorted insertion, see `PauliSum.group_commuting`. Groups whose strings agree on every qubit need gates on one
    qubit each; the others a Clifford circuit, see `diagonalising_circuit`.

    Args:
        observables: one, or several that share their measurements.
        grouping: ``"qubit-wise"`` or ``"commuting"``.
        extra: strings to measure besides wherever they commute with a group, in the sense of the grouping, and with
            each other, such as those of symmetries; coefficients don't matter.

    Raises:
        OperatorError: if an observable is no Hermitian sum, numbers of qubits differ, or there is no observable.
        InputError: if the grouping is none.
    """
    given = (observables,) if isinstance(observables, PauliSum) else tuple(items_of(observables, _OBSERVABLES))
    chosen = require_choice("grouping", grouping, GROUPINGS)
    if not given:
        raise InputError("grouping takes at least one observable, got none")
    check_observables(given, getattr(given[0], "num_qubits", 0))
    if extra is None:
        extra = PauliSum.zero(given[0].num_qubits)
    check_observables((extra,), given[0].num_qubits)
    terms = merged_terms(given)
    parts = terms.union.group_commuting(qubit_wise=chosen == "qubit-wise")
    groups = tuple(_group(part, terms, extra, chosen == "qubit-wise") for part in parts)
    return MeasurementGroups(groups, terms.constants, chosen)


_OBSERVABLES = "an observable is a PauliSum or a sequence of them"


def _group(part: PauliSum, terms: MergedTerms, extra: PauliSum, qubit_wise: bool) -> MeasurementGroup:
    held = _joining(part, extra, qubit_wise)
    x_masks = np.concatenate((part.x_masks, extra.x_masks[held]))
    z_masks = np.concatenate((part.z_masks, extra.z_masks[held]))
    if qubit_wise:
        basis_x, basis_z = (int(np.bitwise_or.reduce(masks, initial=0)) for masks in (x_masks, z_masks))
        change = local_basis_change(PauliString.from_masks(basis_x, basis_z, part.num_qubits))
        masks, signs = x_masks | z_masks, np.ones(len(x_masks))
    else:
        change, masks, signs = diagonalised(x_masks, z_masks, part.num_qubits)
    qubits = tuple(bits_of(int(np.bitwise_or.reduce(masks, initial=0))))
    coefficients = terms.of_group(part)
    own = len(part)
    setting = MeasurementSetting(change, qubits, masks[:own], signs[:own, None] * coefficients)
    extra_masks, extra_signs = np.zeros(len(extra), np.int64), np.zeros(len(extra))
    extra_masks[held], extra_signs[held] = masks[own:], signs[own:]
    return MeasurementGroup(setting, part, coefficients, extra_masks, extra_signs)


def _joining(part: PauliSum, extra: PauliSum, qubit_wise: bool) -> IntArray:
    """Indices of the extra strings that can be measured with a group, the first of those that exclude each other."""
    x_masks, z_masks = part.x_masks, part.z_masks
    held: list[int] = []
    for index, (x, z) in enumerate(zip(extra.x_masks.tolist(), extra.z_masks.tolist(), strict=True)):
        if qubit_wise:
            clash = ((x_masks ^ x) | (z_masks ^ z)) & (x_masks | z_masks) & (x | z)
        else:
            clash = (np.bitwise_count(x_masks & z) + np.bitwise_count(z_masks & x)) & 1
        if not clash.any():
            held.append(index)
            x_masks, z_masks = np.append(x_masks, x), np.append(z_masks, z)
    return np.array(held, dtype=np.int64)
