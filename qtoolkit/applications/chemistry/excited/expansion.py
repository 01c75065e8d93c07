"""Quantum subspace expansion: diagonalisation among excitations of a ground state."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from qtoolkit._arguments import check_flag, check_instance
from qtoolkit._checks import require_integer
from qtoolkit._memory import reserved
from qtoolkit.applications.chemistry.ansaetze import Excitation, single_and_double_excitations
from qtoolkit.applications.chemistry.energies.ground_state import GroundState
from qtoolkit.applications.chemistry.excited.excitation_images import excited, occupied, sector_state
from qtoolkit.applications.chemistry.excited.result import ExcitedStates, State, assembled
from qtoolkit.applications.chemistry.excited.spin_references import checked_spin, spin_of
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator, SpinSquared

__all__ = ["quantum_subspace_expansion"]

_NOTHING = 1e-10
_DEPENDENT = 1e-8
"""Eigenvalues of the overlap matrix below this share of the largest are dropped: their vectors depend on the others."""


def quantum_subspace_expansion(
    ground: GroundState, count: int = 2, *, spin: float | None = None, doubles: bool = False
) -> ExcitedStates:
    """The lowest states among |ψ⟩ and its excitations: H c = E S c over O_k|ψ⟩.

    J. R. McClean, M. E. Kimchi-Schwartz, J. Carter and W. A. de Jong, Phys. Rev. A 95, 042308 (2017). The O_k are 1 and
    all a†_pσ a_qσ, and where `doubles` are asked for, those of two electrons from filled to empty orbitals too. The
    ground state itself improves on the way.

    Args:
        ground: a ground state whose ansatz keeps the electrons.
        count: how many states.
        spin: S of the states, 0 for singlets, 1 for triplets; None takes any.
        doubles: whether to expand in double excitations as well.

    Raises:
        InputError: if the ground state is of another kind, the electrons have no such spin, or there are not so many
            states in the subspace.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    begin = time.perf_counter()
    check_instance(ground, GroundState, "ground must be a GroundState, as ground_state returns")
    count, doubles = require_integer("count", count, 1, 10_000), check_flag(doubles, "doubles")
    integrals = ground.integrals
    spin = checked_spin(spin, integrals)
    sector, state = sector_state(ground)
    doubly = [x for x in single_and_double_excitations(integrals.norb, integrals.nelec) if x.rank == 2]
    num_vectors = 1 + 2 * integrals.norb**2 + (len(doubly) if doubles else 0)
    with reserved(2 * num_vectors * state.nbytes, f"{num_vectors} excited states", "choose a smaller active space"):
        vectors = [state]
        for spin_block in (0, integrals.norb):
            orbitals = range(spin_block, spin_block + integrals.norb)
            vectors += [occupied(sector, p, state) for p in orbitals]
            vectors += [excited(sector, Excitation((q,), (p,)), state) for p in orbitals for q in orbitals if p != q]
        vectors += [excited(sector, excitation, state) for excitation in doubly if doubles]
        states = _lowest(integrals, vectors)
    if spin is not None:
        square = SpinSquared(sector)
        states = [found for found in states if spin_of(square.expectation_value(found), integrals) == spin]
    if len(states) < count:
        raise InputError(
            f"there are {len(states)} such states in the subspace, got count={count}; ask for fewer, or for doubles"
        )
    return assembled(
        "quantum subspace expansion",
        integrals,
        states[:count],
        endings=[ground] * count,
        ground=ground,
        is_variational=True,
        wall_time=time.perf_counter() - begin,
        seed=ground.seed,
    )


def _lowest(integrals: MolecularIntegrals, vectors: Sequence[State]) -> list[State]:
    """Normalised eigenstates in the span of some states, ascending in energy."""
    shape = vectors[0].shape
    sector, simulator = FermionSector(integrals.norb, integrals.nelec), FermionSimulator()
    kept = [vector for vector in vectors if np.linalg.norm(vector) > _NOTHING]
    images = np.array([simulator.apply(integrals.hamiltonian, sector, vector).ravel() for vector in kept])
    rows = np.array([vector.ravel() for vector in kept])
    values, columns = np.linalg.eigh(rows.conj() @ rows.T)
    independent = values > _DEPENDENT * values[-1]
    basis = columns[:, independent] / np.sqrt(values[independent])
    energies, coefficients = np.linalg.eigh(basis.conj().T @ (rows.conj() @ images.T) @ basis)
    states = (basis @ coefficients).T @ rows
    found = [states[k].reshape(shape) for k in np.argsort(energies, kind="stable")]
    return [state / np.linalg.norm(state) for state in found]
