"""The exact energies within an active space, which every approximate one is measured against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit._optional import is_installed, require
from qtoolkit.applications.chemistry.molecular_integrals import MolecularIntegrals, require_integrals
from qtoolkit.applications.chemistry.spin import common_orbitals
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator, lowest_states, spin_squared

__all__ = ["TotalSpin", "fci_energies", "fci_energy"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

TotalSpin: TypeAlias = float | Literal["any"] | None
"""S of the states wanted: 0 for singlets, 0.5 for doublets; None for the lowest that the electrons allow."""

_MAX_DETERMINANTS = 10**8
_ENERGY_TOLERANCE = 1e-11
_ROUGH_TOLERANCE = 1e-6
_MAX_CYCLES = 300
_SPIN_TOLERANCE = 1e-6
_SPIN_PENALTIES = (0.0, 0.5, 2.0, 8.0)
"""In hartree for each unit of S² too many; the next is tried where states of other spin still lie lower. Each makes
the iteration slower, and most molecules need none."""
_WORTH_THREADS = 2000
"""Determinants below which one thread does."""
_FEW_DETERMINANTS = 10**5
_MORE_STATES = 2
_DENSE = 600
"""Up to so many determinants all states are found at once."""
_SAME_LEVEL = 1e-9
_NUM_IRREPS = 8


def fci_energy(integrals: MolecularIntegrals, *, spin: TotalSpin = None, irrep: int | None = None) -> float:
    """Lowest energy, in hartree, of all states with the electrons of `integrals`, of one spin and symmetry.

    By default the spin is S = |n_alpha − n_beta| / 2: a singlet for as many alpha as beta electrons, even where a
    triplet with the same numbers of electrons lies lower, and so on.

    Args:
        integrals: the problem. Where alpha and beta orbitals span different spaces, as those of UHF with a frozen core
            do, S is no quantum number, and the lowest of all states is meant.
        spin: see `fci_energies`.
        irrep: see `fci_energies`.

    Raises:
        InputError: as for `fci_energies`.
        ConvergenceError: as for `fci_energies`.
        InsufficientMemoryError: as for `fci_energies`.
    """
    return float(fci_energies(integrals, spin=spin, irrep=irrep)[0])


def fci_energies(
    integrals: MolecularIntegrals, count: int = 1, *, spin: TotalSpin = None, irrep: int | None = None
) -> FloatArray:
    """The lowest energies, in hartree, ascending: full configuration interaction.

    By PySCF where it is installed: a Davidson iteration over all determinants, with a penalty on other spins where
    they lie lower. By our own sector simulator elsewhere. Each state of a degenerate level counts.

    Args:
        integrals: the problem.
        count: how many.
        spin: S of all of them; ``"any"`` takes all states with these numbers of alpha and beta electrons; None is
            |n_alpha − n_beta| / 2, or ``"any"`` where S is no quantum number.
        irrep: their irreducible representation, a number as in ``integrals.orbital_symmetries``: 0 is totally
            symmetric. None takes any.

    Returns:
        Shape (count,).

    Raises:
        InputError: if there are more than 10^8 determinants, no or too few states of this spin and symmetry, or the
            integrals have no such quantum number.
        ConvergenceError: if the iteration does not converge, or to too few states of this spin.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    problem = _problem(integrals, spin, irrep)
    count = require_integer("count", count, 1, _MAX_DETERMINANTS)
    available = problem.num_determinants
    if available > _MAX_DETERMINANTS:
        raise InputError(
            f"full configuration interaction is limited to 10^8 determinants, got {available} for "
            f"{problem.nelec} electrons in {integrals.norb} orbitals; choose a smaller active space"
        )
    if count > available:
        raise InputError(
            f"count must be at most the {available} determinants of {problem.nelec} electrons, got {count}"
        )
    if not is_installed("pyscf"):
        return problem.constant + (_by_sectors(problem, count) if irrep is None else _by_symmetry(problem, count))
    if available <= _DENSE:
        return problem.constant + _by_matrix(problem, count)
    return _by_iteration(problem, count)


@dataclass(frozen=True, eq=False)
class _Problem:
    """What is diagonalised: tensors of orbitals that the spins share, or of each spin."""

    one_body: FloatArray
    two_body: FloatArray
    constant: float
    nelec: tuple[int, int]
    spin: float | None
    irrep: int | None
    symmetries: tuple[int, ...] | None

    @property
    def norb(self) -> int:
        return int(self.one_body.shape[-1])

    @property
    def num_determinants(self) -> int:
        return math.prod(math.comb(self.norb, electrons) for electrons in self.nelec)

    @property
    def for_pyscf(self) -> tuple[Any, Any, int, tuple[int, int]]:
        if self.one_body.ndim == 2:
            return self.one_body, self.two_body, self.norb, self.nelec
        return tuple(self.one_body), tuple(self.two_body), self.norb, self.nelec

    def solver(self, with_symmetry: bool) -> Any:
        fci = require("pyscf.fci", extra="chemistry")
        if self.one_body.ndim == 3:
            solver = fci.direct_uhf.FCI()
        elif self.irrep is None or not with_symmetry:
            solver = fci.direct_spin1.FCI()
        else:
            solver = fci.direct_spin1_symm.FCI()
            solver.orbsym, solver.wfnsym = np.array(self.symmetries), self.irrep
        solver.verbose = 0
        return solver

    def spin_squared(self, state: Any) -> float:
        shape = tuple(math.comb(self.norb, electrons) for electrons in self.nelec)
        spin_op = require("pyscf.fci.spin_op", extra="chemistry")
        return float(spin_op.spin_square(np.asarray(state).reshape(shape), self.norb, self.nelec)[0])

    def has_spin(self, spin_squared: float) -> bool:
        return self.spin is None or abs(spin_squared - self.spin * (self.spin + 1.0)) < _SPIN_TOLERANCE

    def refuse(self, count: int, found: int) -> InputError:
        wanted = [f"S = {self.spin:g}"] if self.spin is not None else []
        wanted += [f"symmetry {self.irrep}"] if self.irrep is not None else []
        return InputError(
            f"count must be at most the number of states of {' and '.join(wanted)}, which is {found}, got {count}"
        )


def _problem(integrals: MolecularIntegrals, spin: TotalSpin, irrep: int | None) -> _Problem:
    require_integrals(integrals)
    common = common_orbitals(integrals)
    one_body, two_body = (integrals.one_body_tensor, integrals.two_body_tensor) if common is None else common
    if irrep is not None:
        irrep = require_integer("irrep", irrep, 0, _NUM_IRREPS - 1)
        if integrals.orbital_symmetries is None or one_body.ndim == 3:
            raise InputError("irrep needs integrals with orbital_symmetries, got none; leave it out")
    total = _total_spin(spin, integrals, common is not None)
    electrons = sum(integrals.nelec)
    # states of one S have the same energies for every S_z, and where that is highest no lower spin is among them
    highest = None if total is None else ((electrons + round(2 * total)) // 2, (electrons - round(2 * total)) // 2)
    return _Problem(
        one_body=one_body,
        two_body=two_body,
        constant=integrals.core_energy,
        nelec=integrals.nelec if highest is None else highest,
        spin=total,
        irrep=irrep,
        symmetries=integrals.orbital_symmetries,
    )


def _total_spin(spin: TotalSpin, integrals: MolecularIntegrals, is_conserved: bool) -> float | None:
    if isinstance(spin, str):
        if spin != "any":
            raise InputError(f'spin is a number, "any" or None, got {shown(spin)}')
        return None
    if spin is None:
        return integrals.spin if is_conserved else None
    wanted = require_number("spin", spin, 0.0)
    if not is_conserved:
        raise InputError(
            f"S is no quantum number where alpha and beta orbitals span different spaces, or their overlap is unknown; "
            f"got spin={wanted:g}; leave it out"
        )
    electrons = sum(integrals.nelec)
    most = min(electrons, 2 * integrals.norb - electrons) / 2
    if not integrals.spin <= wanted <= most or (wanted - integrals.spin) % 1:
        raise InputError(
            f"spin must lie in [{integrals.spin:g}, {most:g}] in steps of 1 for {integrals.nelec} electrons in "
            f"{integrals.norb} orbitals, got {wanted:g}"
        )
    return wanted


def _symmetry_mask(problem: _Problem, sector: FermionSector) -> npt.NDArray[np.bool_]:
    """Which determinants have the symmetry wanted, shape of the sector."""
    labels = np.array(problem.symmetries, dtype=np.int64)
    products = []
    for occupations in (sector.alpha_occupations, sector.beta_occupations):
        bits = [(occupations @ ((labels >> bit) & 1)).astype(np.int64) % 2 << bit for bit in range(3)]
        products.append(bits[0] | bits[1] | bits[2])
    return np.asarray(products[0][:, None] ^ products[1] == problem.irrep)


def _by_sectors(problem: _Problem, count: int) -> FloatArray:
    hamiltonian = ElectronicHamiltonian(problem.one_body, problem.two_body)
    return lowest_states(hamiltonian, problem.nelec, count, problem.spin)[0]


def _by_symmetry(problem: _Problem, count: int) -> FloatArray:
    """By our sector simulator, over the determinants of one symmetry."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    sector = FermionSector(problem.norb, problem.nelec)
    hamiltonian, simulator = ElectronicHamiltonian(problem.one_body, problem.two_body), FermionSimulator()
    mask = _symmetry_mask(problem, sector)
    size = int(np.count_nonzero(mask))

    def whole(vector: FloatArray) -> FloatArray:
        state = np.zeros(sector.shape)
        state[mask] = vector
        return state

    def apply(vector: FloatArray) -> FloatArray:
        return np.asarray(simulator.apply(hamiltonian, sector, whole(vector.ravel()))[mask])

    def chosen(energies: FloatArray, vectors: FloatArray) -> list[int]:
        order = np.argsort(energies).tolist()
        return [k for k in order if problem.has_spin(spin_squared(sector, whole(vectors[:, k])))][:count]

    if size <= _DENSE:
        energies, vectors = np.linalg.eigh(np.array([apply(row) for row in np.eye(size)]).reshape(size, size))
        found = chosen(energies, vectors)
        if len(found) < count:
            raise problem.refuse(count, len(found))
        return np.asarray(energies[found])
    operator: Any = LinearOperator((size, size), matvec=apply, dtype=np.float64)
    start = np.random.default_rng(0).normal(size=size)
    for wanted in (count + 4, 4 * count + 16):
        energies, vectors = eigsh(operator, k=min(wanted, size - 1), which="SA", v0=start, tol=1e-11)
        found = chosen(energies, vectors)
        if len(found) == count:
            return np.asarray(energies[found])
    raise ConvergenceError(
        f"of the lowest {len(energies)} states of symmetry {problem.irrep} only {len(found)} have the spin S = "
        f"{problem.spin:g}, wanted {count}"
    )


def _by_matrix(problem: _Problem, count: int) -> FloatArray:
    """From all states; degenerate ones are told apart by S²."""
    size = problem.num_determinants
    places, matrix = problem.solver(False).pspace(*problem.for_pyscf, np=size)
    shape = tuple(math.comb(problem.norb, electrons) for electrons in problem.nelec)
    places = np.asarray(places)
    if problem.irrep is not None:
        # PySCF's strings ascend as ours do
        mask = _symmetry_mask(problem, FermionSector(problem.norb, problem.nelec)).ravel()[places]
        places, matrix = places[mask], matrix[np.ix_(mask, mask)]
    if not len(places):
        raise problem.refuse(count, 0)
    energies, vectors = np.linalg.eigh(matrix)
    if problem.spin is None:
        if len(energies) < count:
            raise problem.refuse(count, len(energies))
        return np.asarray(energies[:count])
    spin_op = require("pyscf.fci.spin_op", extra="chemistry")
    found: list[float] = []
    start = 0
    while start < len(energies) and len(found) < count:
        end = start + int(np.searchsorted(energies[start:], energies[start] + _SAME_LEVEL, side="right"))
        states = np.zeros((end - start, size))
        states[:, places] = vectors[:, start:end].T
        images = [spin_op.contract_ss(state.reshape(shape), problem.norb, problem.nelec).ravel() for state in states]
        squares = np.linalg.eigvalsh(states @ np.array(images).T)
        found += [float(energies[start])] * sum(problem.has_spin(float(square)) for square in squares)
        start = end
    if len(found) < count:
        raise problem.refuse(count, len(found))
    return np.array(found[:count])


def _by_iteration(problem: _Problem, count: int) -> FloatArray:
    squares: list[float] = []
    lib = require("pyscf.lib", extra="chemistry")
    # where H|ψ⟩ is shorter than waking threads, and on a busy machine those of OpenMP wait in loops
    with lib.with_omp_threads(1 if problem.num_determinants < _WORTH_THREADS else None):
        for penalty in _SPIN_PENALTIES:
            energies, squares = _lowest_states(problem, count, penalty)
            if all(problem.has_spin(square) for square in squares):
                return energies
    raise ConvergenceError(
        f"full configuration interaction must end in states of S = {problem.spin:g}, but the lowest have <S²> = "
        f"{', '.join(f'{square:.6f}' for square in squares)} with a penalty of {_SPIN_PENALTIES[-1]:g} hartree on "
        "other spins"
    )


def _lowest_states(problem: _Problem, count: int, penalty: float) -> tuple[FloatArray, list[float]]:
    """Energies and expectation values of S² of the lowest states under a penalty on spin."""
    fci = require("pyscf.fci", extra="chemistry")
    solver = problem.solver(True)
    if penalty and problem.spin is not None:
        solver = fci.addons.fix_spin_(solver, shift=penalty, ss=problem.spin * (problem.spin + 1.0))
        solver.verbose = 0
    starts = None
    if problem.num_determinants <= _FEW_DETERMINANTS:
        # A start that keeps a symmetry never finds a state of another: of several the lowest are where to start.
        solver.nroots, solver.conv_tol = count + _MORE_STATES, _ROUGH_TOLERANCE
        energies, states = solver.kernel(*problem.for_pyscf)
        order = np.argsort(energies)[:count]
        starts = [states[k] for k in order] if count > 1 else states[order[0]]
    solver.nroots, solver.conv_tol, solver.max_cycle = count, _ENERGY_TOLERANCE, _MAX_CYCLES
    energies, states = solver.kernel(*problem.for_pyscf, ci0=starts, ecore=problem.constant)
    if not np.all(solver.converged):
        raise ConvergenceError(
            f"full configuration interaction over {problem.num_determinants} determinants did not converge to "
            f"{_ENERGY_TOLERANCE:g} hartree in {_MAX_CYCLES} iterations"
        )
    found = np.atleast_1d(np.asarray(energies, dtype=np.float64))
    each = [states] if count == 1 else list(states)
    squares = [problem.spin_squared(state) for state in each] if problem.spin is not None else []
    return np.sort(found), squares
