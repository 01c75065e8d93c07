"""`AdaptAnsatz`: an ansatz that grows by operators of a pool."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from qtoolkit._arguments import check_instance, items_of
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz
from qtoolkit.applications.chemistry.ansaetze.pools import PoolOperator
from qtoolkit.applications.chemistry.ansaetze.space import checked_space
from qtoolkit.simulators.fermion import FermionOperation

__all__ = ["AdaptAnsatz"]


@dataclass(frozen=True, repr=False)
class AdaptAnsatz(Ansatz):
    """Operators of a pool on the reference, the first of them first, each with an angle of its own.

    Grimsley et al., Nat. Commun. 10, 3007 (2019). The derivatives of the energy by the angles of a whole pool, were it
    appended, are the gradient of the ansatz extended by it at zeros.

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        operators: as chosen so far; an operator may come again.

    Raises:
        InputError: if the electrons do not fit the orbitals, or an operator is none.
    """

    norb: int
    nelec: tuple[int, int]
    operators: tuple[PoolOperator, ...] = ()

    def __post_init__(self) -> None:
        norb, nelec = checked_space(self.norb, self.nelec)
        object.__setattr__(self, "norb", norb)
        object.__setattr__(self, "nelec", nelec)
        operators = tuple(items_of(self.operators, "operators are a sequence"))
        for operator in operators:
            check_instance(operator, PoolOperator, "operators must be of the class PoolOperator")
        object.__setattr__(self, "operators", operators)

    def __repr__(self) -> str:
        return f"AdaptAnsatz(norb={self.norb}, nelec={self.nelec}, {len(self.operators)} operators)"

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """``theta_k`` of operator k."""
        return tuple(f"theta_{k}" for k in range(len(self.operators)))

    @cached_property
    def operations(self) -> tuple[FermionOperation, ...]:
        """The excitations of all operators."""
        return tuple(rotation for k, operator in enumerate(self.operators) for rotation in operator.rotations(k))

    def extended(self, *operators: PoolOperator) -> AdaptAnsatz:
        """This ansatz with operators after its own.

        Raises:
            InputError: if an operator is none.
        """
        return AdaptAnsatz(self.norb, self.nelec, (*self.operators, *operators))
