"""From a molecule or integrals to the integrals that are solved."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtoolkit._memory import check_memory
from qtoolkit.applications.chemistry.integrals import (
    ActiveSpace,
    MolecularIntegrals,
    active_orbitals,
    integrals_with,
)
from qtoolkit.applications.chemistry.mean_field import Reference, solve_mean_field
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError
from qtoolkit.primitives import Estimator

__all__ = ["check_state", "integrals_of"]

_STATES = 4
"""That a gradient keeps at a time."""


def integrals_of(
    problem: Molecule | MolecularIntegrals,
    active_space: ActiveSpace = None,
    estimator: Estimator | None = None,
    reference: Reference = "auto",
) -> MolecularIntegrals:
    """The integrals of a problem, given or computed.

    Raises:
        InputError: if it is neither, or an active space or a reference comes with integrals.
        InsufficientMemoryError: if there is no memory for the state; told before any integral is computed.
    """
    if isinstance(problem, MolecularIntegrals):
        if active_space is not None:
            raise InputError("active_space is for a molecule, got one with integrals, which have theirs already")
        if not isinstance(reference, str) or reference != "auto":
            raise InputError("reference is for a molecule, got one with integrals, which have theirs already")
        return problem
    if not isinstance(problem, Molecule):
        raise InputError(f"problem must be a Molecule or MolecularIntegrals, got {type(problem).__name__}")
    structure = build_structure(problem)
    orbitals = active_orbitals(active_space, structure)
    check_state(orbitals, structure.nelec, estimator)
    return integrals_with(
        problem, structure, solve_mean_field(problem, structure, reference=reference), orbitals, active_space
    )


def check_state(orbitals: Sequence[int], nelec: tuple[int, int], estimator: Estimator | None) -> None:
    """Refuse, before any integral is computed, a state that the sector engine has no memory for.

    Args:
        orbitals: the active ones, the lowest of all being filled.
        nelec: alpha and beta electrons, inactive ones included.
        estimator: that of the caller: only without one is the state kept here.

    Raises:
        InsufficientMemoryError: saying so.
    """
    if estimator is None:
        norb, inactive = len(orbitals), sum(p not in orbitals for p in range(int(min(nelec))))
        counts = [int(count) - inactive for count in nelec]
        size = math.prod(math.comb(norb, count) for count in counts)
        check_memory(_STATES * 8 * size, f"{_STATES} states of {size} determinants", "choose a smaller active space")
