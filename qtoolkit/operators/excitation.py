"""`Excitation`: electrons that move between spin orbitals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer
from qtoolkit.errors import InputError
from qtoolkit.operators.fermion_operator import FermionOperator

__all__ = ["Excitation"]

_MOST_MODES = 1 << 12


@dataclass(frozen=True)
class Excitation:
    """Electrons that move from occupied to empty spin orbitals: T = a†_a a_i, or a†_a a†_b a_j a_i.

    Attributes:
        annihilated: spin orbitals that lose an electron: (i,) or (i, j).
        created: spin orbitals that gain one: (a,) or (a, b).
    """

    annihilated: tuple[int, ...]
    created: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("annihilated", "created"):
            given = getattr(self, name)
            if not isinstance(given, Sequence) or len(given) > _MOST_MODES:
                raise InputError(
                    f"{name} must be a sequence of at most {_MOST_MODES} spin orbitals, got {shown(given)}"
                )
            object.__setattr__(self, name, tuple(require_integer("a spin orbital", mode, 0) for mode in given))
        modes = (*self.annihilated, *self.created)
        if not self.annihilated or len(self.annihilated) != len(self.created) or len(set(modes)) != len(modes):
            raise InputError(
                "an excitation moves electrons between distinct spin orbitals, as many created as annihilated, "
                f"got {shown(self.annihilated)} to {shown(self.created)}"
            )

    @property
    def rank(self) -> int:
        """Number of electrons moved."""
        return len(self.created)

    def generator(self) -> FermionOperator:
        """The anti-Hermitian operator T − T†."""
        factors = [(mode, True) for mode in self.created] + [(mode, False) for mode in reversed(self.annihilated)]
        excitation = FermionOperator({tuple(factors): 1.0})
        return excitation - excitation.adjoint()
