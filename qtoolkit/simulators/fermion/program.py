"""`FermionProgram`: a reference determinant and what acts on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_integer, items_of, real_numbers_of, shown
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion.operations import (
    MOST_PARAMETERS,
    DiagonalCoulomb,
    ExcitationRotation,
    FermionOperation,
    OrbitalRotation,
    parameters_of,
)
from qtoolkit.simulators.fermion.sector import FermionSector

if TYPE_CHECKING:
    from qtoolkit.operators import Excitation

__all__ = ["FermionProgram"]


class FermionProgram:
    """Operations on a determinant, in the order in which they act.

    Args:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        operations: excitations, orbital rotations and diagonal Coulomb evolutions.
        num_parameters: number of free parameters; as many as the operations name by default.
        reference: alpha and beta strings of the determinant, as bits; the lowest orbitals by default.

    Attributes:
        sector: the determinants.
        operations: as given.
        num_parameters: number of free parameters.
        reference: alpha and beta strings.

    Raises:
        InputError: if electrons do not fit, an operation names an orbital or a parameter that is not there, an
            excitation changes the number of alpha electrons, or the reference is no determinant of the sector.
    """

    def __init__(
        self,
        norb: int,
        nelec: tuple[int, int],
        operations: Sequence[FermionOperation] = (),
        num_parameters: int | None = None,
        reference: tuple[int, int] | None = None,
    ) -> None:
        self.sector = FermionSector(norb, nelec)
        self.operations = tuple(items_of(operations, "operations are a sequence"))
        named = 0
        for operation in self.operations:
            self._check(operation)
            named = max([named, *(index + 1 for index in parameters_of(operation))])
        self.num_parameters = (
            named if num_parameters is None else check_integer(num_parameters, "num_parameters", 0, MOST_PARAMETERS)
        )
        if named > self.num_parameters:
            raise InputError(f"operations name parameter {named - 1}, got num_parameters={self.num_parameters}")
        lowest = ((1 << self.nelec[0]) - 1, (1 << self.nelec[1]) - 1)
        self.reference = lowest if reference is None else self._checked_reference(reference)

    @property
    def norb(self) -> int:
        """Number of spatial orbitals."""
        return self.sector.norb

    @property
    def nelec(self) -> tuple[int, int]:
        """Alpha and beta electrons."""
        return self.sector.nelec

    @cached_property
    def is_real(self) -> bool:
        """Whether all amplitudes are real, at all parameters."""
        return all(
            isinstance(operation, ExcitationRotation)
            or (isinstance(operation, OrbitalRotation) and operation.generator.is_real)
            for operation in self.operations
        )

    def parameter_vector(self, parameters: ArrayLike | None) -> NDArray[np.float64]:
        """Values of the parameters, float64 of shape ``(num_parameters,)``; None is for programs without any.

        Raises:
            InputError: for another number of values, or one that is not finite.
        """
        values = real_numbers_of(() if parameters is None else parameters, "parameters")
        if values.shape != (self.num_parameters,):
            raise InputError(f"parameters must have shape ({self.num_parameters},), got {values.shape}")
        if not np.isfinite(values).all():
            place = int(np.flatnonzero(~np.isfinite(values))[0])
            raise InputError(f"parameters must be finite, got {values[place]} for parameter {place}")
        return values

    def __repr__(self) -> str:
        return (
            f"<FermionProgram of {len(self.operations)} operations and {self.num_parameters} parameters, "
            f"{self.nelec} electrons in {self.norb} orbitals>"
        )

    def _checked_reference(self, reference: object) -> tuple[int, int]:
        rule = "reference is a pair of bit patterns, alpha and beta strings"
        strings = items_of(cast(Iterable[int], reference), rule)
        if len(strings) != 2:
            raise InputError(f"{rule}, got {shown(reference)}")
        self.sector.position(*strings)
        return int(strings[0]), int(strings[1])

    def _check(self, operation: object) -> None:
        if isinstance(operation, ExcitationRotation):
            self._check_excitation(operation.excitation)
            return
        if isinstance(operation, OrbitalRotation):
            matrices = [operation.generator]
        elif isinstance(operation, DiagonalCoulomb):
            matrices = [part for part in (operation.same_spin, operation.opposite_spin) if part is not None]
        else:
            raise InputError(
                "an operation is an ExcitationRotation, an OrbitalRotation or a DiagonalCoulomb, got "
                f"{shown(operation)}"
            )
        for matrix in matrices:
            if matrix.norb != self.norb:
                raise InputError(f"a matrix of {matrix.norb} orbitals does not fit a program of {self.norb}")

    def _check_excitation(self, excitation: Excitation) -> None:
        modes = (*excitation.annihilated, *excitation.created)
        if max(modes) >= 2 * self.norb:
            raise InputError(f"spin orbitals are 0 to {2 * self.norb - 1}, got {shown(max(modes))}")
        created, annihilated = (
            sum(mode < self.norb for mode in modes) for modes in (excitation.created, excitation.annihilated)
        )
        if created != annihilated:
            raise InputError(
                "an excitation of a program keeps the number of alpha electrons, got "
                f"{excitation.annihilated} to {excitation.created}"
            )
