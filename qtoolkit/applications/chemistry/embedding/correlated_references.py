"""What usual quantum chemistry says of the same molecule in all its orbitals: MP2, CCSD, CCSD(T)."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from qtoolkit._memory import check_memory
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.active_space import whole_space
from qtoolkit.applications.chemistry.mean_field import MeanField
from qtoolkit.errors import ConvergenceError

__all__ = ["METHODS", "CorrelatedMethod", "correlated_energies"]

CorrelatedMethod: TypeAlias = Literal["mp2", "ccsd", "ccsd(t)"]
METHODS: tuple[CorrelatedMethod, ...] = ("mp2", "ccsd", "ccsd(t)")


def correlated_energies(
    solution: MeanField, structure: Any, methods: tuple[CorrelatedMethod, ...]
) -> dict[CorrelatedMethod, float]:
    """Total energies by PySCF with the noble-gas cores frozen and all other orbitals correlated, in hartree.

    Args:
        solution: of a closed shell, in the field of its environment if it has one.
        structure: the molecule as PySCF has it.
        methods: of `METHODS`.

    Raises:
        ConvergenceError: if coupled cluster does not converge.
        InsufficientMemoryError: if the amplitudes do not fit into free memory.
        MissingExtraError: if PySCF is not installed.
    """
    found: dict[CorrelatedMethod, float] = {}
    if not methods:
        return found
    core = structure.nao - len(whole_space("frozen_core", structure))
    occupied = int(structure.nelec[0]) - core
    empty = len(solution.solver.mo_occ) - core - occupied
    if not occupied or not empty:
        return dict.fromkeys(methods, solution.energy)
    # amplitudes, residuals and a few for DIIS, which PySCF keeps on disk, and integrals with two empty orbitals
    check_memory(
        8 * 10 * (occupied * empty) ** 2,
        f"correlation of {occupied} occupied with {empty} empty orbitals",
        "leave out the references, or use a smaller basis",
    )
    frozen = core or None
    if "mp2" in methods:
        theory = require("pyscf.mp.mp2", extra="chemistry").MP2(solution.solver, frozen=frozen)
        theory.verbose = 0
        found["mp2"] = solution.energy + float(theory.kernel(with_t2=False)[0])
    if "ccsd" in methods or "ccsd(t)" in methods:
        cluster = require("pyscf.cc", extra="chemistry").CCSD(solution.solver, frozen=frozen)
        cluster.verbose = 0
        cluster.conv_tol = 1e-8
        integrals = cluster.ao2mo()
        cluster.kernel(eris=integrals)
        if not cluster.converged:
            raise ConvergenceError("coupled cluster for the references does not converge; leave them out")
        energy = solution.energy + float(cluster.e_corr)
        if "ccsd" in methods:
            found["ccsd"] = energy
        if "ccsd(t)" in methods:
            found["ccsd(t)"] = energy + float(cluster.ccsd_t(eris=integrals))
    return found
