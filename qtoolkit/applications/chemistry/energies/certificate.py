"""`Certificate`: what is known of an energy, beside its value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from qtoolkit.errors import ConvergenceError

__all__ = ["Certificate"]

_ROUNDING = 1e-9
"""Relative: what exact diagonalisation and a search may differ by at the same state."""
_STANDARD_ERRORS = 3.0


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The evidence for one energy; energies in hartree.

    An energy that lies below the exact one of its space cannot be right, and raises on construction.

    Attributes:
        energy: what is certified.
        standard_error: of `energy`, where it is an estimate; else None.
        num_electrons: expectation values of the numbers of alpha and beta electrons.
        spin_squared: ⟨S²⟩; None where the state is too large to look at.
        spin_squared_target: S (S + 1) of the state asked for; None where any was.
        variance: ⟨H²⟩ − ⟨H⟩² of the state, in hartree squared; None where the state is too large to look at.
        exact_energy: of the same state of the same space, spin and electrons, by diagonalisation; None where the space
            is too large.
        exact_ground_energy: the lowest exact energy of the space and spin, which no energy may lie below; that of a
            ground state is `exact_energy`.
        ccsd_energy: coupled cluster with singles and doubles for the ground state of the same space, which may lie
            below the exact energy; None where it does not converge or is no comparison.
        converged: whether the search met its tolerance.
        message: why it ended.
        num_evaluations: of the energy.
        gradient_norm: Euclidean norm of the gradient at the end; None without gradients.
        seed: of the search; None if a generator was given, or none was needed.

    The state that electrons, spin and variance are of is the ansatz's at the final parameters without noise, also where
    the energy was estimated with noise.

    Raises:
        ConvergenceError: if `energy` lies below `exact_ground_energy` by more than rounding, or than three standard
            errors of an estimate.
    """

    energy: float
    standard_error: float | None = None
    num_electrons: tuple[float, float]
    spin_squared: float | None
    spin_squared_target: float | None
    variance: float | None
    exact_energy: float | None
    exact_ground_energy: float | None
    ccsd_energy: float | None = None
    converged: bool
    message: str = field(repr=False)
    num_evaluations: int
    gradient_norm: float | None
    seed: int | None

    def __post_init__(self) -> None:
        if self.is_below_exact:
            assert self.exact_ground_energy is not None
            noise = "" if self.standard_error is None else f" ± {self.standard_error:.2g}"
            spin = "" if self.spin_squared is None else f", <S²> = {self.spin_squared:.4f}"
            raise ConvergenceError(
                f"an energy cannot lie below the exact ground state of its space, {self.exact_ground_energy:.9f} "
                f"hartree, got {self.energy:.9f}{noise}{spin}; another spin, noise that shifts energies, or another "
                "number of electrons can feign it"
            )

    @property
    def is_below_exact(self) -> bool:
        """Whether the energy is lower than any state of the space and spin can have."""
        if self.exact_ground_energy is None:
            return False
        slack = _ROUNDING * max(abs(self.exact_ground_energy), 1.0) + _STANDARD_ERRORS * (self.standard_error or 0.0)
        return self.energy < self.exact_ground_energy - slack

    @property
    def spin_z(self) -> float:
        """⟨S_z⟩."""
        return (self.num_electrons[0] - self.num_electrons[1]) / 2

    @property
    def residual_norm(self) -> float | None:
        """‖(H − E)|ψ⟩‖ in hartree, the root of the variance: an eigenvalue lies within it of ⟨H⟩ (D. H. Weinstein,
        Proc. Natl. Acad. Sci. 20, 529 (1934)); None without variance."""
        return None if self.variance is None else math.sqrt(max(self.variance, 0.0))

    @property
    def eigenvalue_interval(self) -> tuple[float, float] | None:
        """Where an eigenvalue is certain to lie, ``energy ± residual_norm``; None for estimates or without variance."""
        residual = self.residual_norm
        if residual is None or self.standard_error is not None:
            return None
        return self.energy - residual, self.energy + residual

    @property
    def gap(self) -> float | None:
        """``energy - exact_energy``; None without an exact energy."""
        return None if self.exact_energy is None else self.energy - self.exact_energy

    @property
    def ccsd_gap(self) -> float | None:
        """``energy - ccsd_energy``: negative where this energy is lower; None without coupled cluster."""
        return None if self.ccsd_energy is None else self.energy - self.ccsd_energy
