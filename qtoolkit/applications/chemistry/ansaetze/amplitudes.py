"""Amplitudes of single and double excitations, by perturbation theory and by coupled cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_choice
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals, require_integrals
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian, Excitation

__all__ = ["Amplitudes", "amplitudes_by", "ccsd_amplitudes", "mp2_amplitudes"]

FloatArray = NDArray[np.float64]

_ENERGY_TOLERANCE = 1e-9
_AMPLITUDE_TOLERANCE = 1e-6
_MAX_CYCLES = 200
_SPINS = ("alpha", "beta")

_WORTH_THREADS = 1_000_000
"""Multiplications in the largest term of a step, o²v⁴ of occupied and empty orbitals, below which one thread does."""


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """T = Σ t_ia a†_a a_i + ¼ Σ t_ijab a†_a a†_b a_j a_i over spin orbitals, by spin.

    Occupied orbitals i, j and empty ones a, b are counted within their own kind: the first empty one is a = 0.

    Attributes:
        singles: t_ia of alpha and of beta electrons, each of shape (occupied, empty).
        doubles: t_ijab of the spins alpha-alpha, alpha-beta and beta-beta, each of shape
            (occupied, occupied, empty, empty); antisymmetric where the spins are equal.
        correlation_energy: energy below the reference in hartree; None where the method gives amplitudes only.
    """

    singles: tuple[FloatArray, FloatArray] = field(repr=False)
    doubles: tuple[FloatArray, FloatArray, FloatArray] = field(repr=False)
    correlation_energy: float | None = None

    def of(self, excitation: Excitation) -> float:
        """The amplitude of an excitation whose spin orbitals come alpha before beta; ``norb + p`` is orbital p beta.

        Raises:
            InputError: if it is no excitation of the reference that keeps the numbers of electrons, or of other rank.
        """
        check_instance(excitation, Excitation, "what has an amplitude is an Excitation")
        norb = sum(self.singles[0].shape)
        spins = [mode // norb for mode in excitation.annihilated]
        rule = f"{excitation.annihilated} to {excitation.created} is no excitation of these amplitudes"
        if excitation.rank > 2 or spins != [mode // norb for mode in excitation.created] or spins != sorted(spins):
            raise InputError(rule)
        if spins[-1] > 1:
            raise InputError(rule)
        filled = [len(self.singles[spin]) for spin in spins]
        sources = [mode % norb for mode in excitation.annihilated]
        targets = [mode % norb - count for mode, count in zip(excitation.created, filled, strict=True)]
        if min(targets) < 0 or any(source >= count for source, count in zip(sources, filled, strict=True)):
            raise InputError(rule)
        block = self.singles[spins[0]] if excitation.rank == 1 else self.doubles[sum(spins)]
        return float(block[(*sources, *targets)])


def amplitudes_by(method: str, integrals: MolecularIntegrals) -> Amplitudes:
    """Amplitudes of the reference determinant by ``"mp2"`` or ``"ccsd"``.

    Raises:
        InputError: if the method is another, or `integrals` are none.
        MissingExtraError: for ``"ccsd"``, if PySCF is not installed.
        ConvergenceError: if the coupled-cluster iteration does not converge.
    """
    methods: dict[str, Callable[[MolecularIntegrals], Amplitudes]] = {"mp2": mp2_amplitudes, "ccsd": ccsd_amplitudes}
    return methods[require_choice("start", method, methods)](integrals)


def mp2_amplitudes(integrals: MolecularIntegrals) -> Amplitudes:
    """Amplitudes of second-order perturbation theory, bounded by π/4.

    Each double excitation rotates the reference by θ = ½ arctan(2 V / Δ), where V couples the two determinants and Δ is
    the difference of their orbital energies. To first order in V that is the MP2 amplitude (Helgaker, Jørgensen and
    Olsen, Molecular Electronic-Structure Theory, chapter 14), and it stays finite where orbitals become degenerate.
    Singles are zero.

    Raises:
        InputError: if `integrals` are none.
    """
    require_integrals(integrals)
    hamiltonian = integrals.hamiltonian
    energies = np.broadcast_to(integrals.orbital_energies, (2, integrals.norb))
    blocks = []
    for spin, other in ((0, 0), (0, 1), (1, 1)):
        coupling = _couplings(hamiltonian, integrals.nelec, spin, other)
        if spin == other:
            coupling = coupling - coupling.transpose(0, 1, 3, 2)
        first, second = integrals.nelec[spin], integrals.nelec[other]
        filled = energies[spin][:first, None] + energies[other][None, :second]
        empty = energies[spin][first:, None] + energies[other][None, second:]
        gaps = empty[None, None] - filled[:, :, None, None]
        blocks.append(-0.5 * np.arctan2(2.0 * coupling, np.abs(gaps)))
    singles = tuple(np.zeros((count, integrals.norb - count)) for count in integrals.nelec)
    return Amplitudes((singles[0], singles[1]), (blocks[0], blocks[1], blocks[2]))


def ccsd_amplitudes(integrals: MolecularIntegrals) -> Amplitudes:
    """Amplitudes of coupled cluster with singles and doubles, by PySCF; unrestricted for open shells.

    Raises:
        InputError: if `integrals` are none.
        MissingExtraError: if PySCF is not installed.
        ConvergenceError: if the iteration does not converge.
    """
    require_integrals(integrals)
    hamiltonian, (n_alpha, n_beta), norb = integrals.hamiltonian, integrals.nelec, integrals.norb
    sizes = [count * (norb - count) for count in integrals.nelec]
    if not any(sizes) or hamiltonian.two_body("alpha", "alpha") is None:
        empty = mp2_amplitudes(integrals)
        return Amplitudes(empty.singles, empty.doubles, 0.0)
    cc = require("pyscf.cc", extra="chemistry")
    is_small = max(n_alpha, n_beta) ** 2 * (norb - min(n_alpha, n_beta)) ** 4 < _WORTH_THREADS
    if n_alpha == n_beta and not hamiltonian.is_spin_dependent:
        solver = _converged(cc.CCSD(_mean_field(hamiltonian, integrals.nelec, restricted=True)), is_small)
        single, double = np.asarray(solver.t1), np.asarray(solver.t2)
        same = double - double.transpose(0, 1, 3, 2)
        return Amplitudes((single, single), (same, double, same), float(solver.e_corr))
    solver = _converged(cc.UCCSD(_mean_field(hamiltonian, integrals.nelec, restricted=False)), is_small)
    singles, doubles = [np.asarray(part) for part in solver.t1], [np.asarray(part) for part in solver.t2]
    return Amplitudes((singles[0], singles[1]), (doubles[0], doubles[1], doubles[2]), float(solver.e_corr))


def _couplings(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], spin: int, other: int) -> FloatArray:
    """(ai|bj) in the order i, j, a, b."""
    norb, first, second = hamiltonian.norb, nelec[spin], nelec[other]
    tensor = hamiltonian.two_body(_SPINS[spin], _SPINS[other])
    if tensor is None:
        return np.zeros((first, second, norb - first, norb - second))
    return tensor[first:, :first, second:, :second].transpose(1, 3, 0, 2)


def _mean_field(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], restricted: bool) -> Any:
    """The reference as PySCF wants it, from integrals alone.

    Where they differ between the spins, the basis is that of spin orbitals: both spins beside each other, without
    overlap.
    """
    gto, scf = require("pyscf.gto", extra="chemistry"), require("pyscf.scf", extra="chemistry")
    ao2mo = require("pyscf.ao2mo", extra="chemistry")
    norb = hamiltonian.norb
    structure = gto.M(verbose=0)
    structure.nelectron, structure.spin, structure.incore_anyway = sum(nelec), nelec[0] - nelec[1], True
    core, repulsion = hamiltonian.one_body("alpha"), hamiltonian.two_body("alpha", "alpha")
    orbitals = np.stack([np.eye(norb)] * 2)
    if hamiltonian.is_spin_dependent:
        core, repulsion = _both_spins(hamiltonian)
        orbitals = np.stack([np.eye(2 * norb)[:, :norb], np.eye(2 * norb)[:, norb:]])
    occupations = np.stack([(np.arange(norb) < count) * 1.0 for count in nelec])
    solver = scf.RHF(structure) if restricted else scf.UHF(structure)
    solver.get_hcore = lambda *_: core
    solver.get_ovlp = lambda *_: np.eye(len(core))
    solver._eri = ao2mo.restore(8, repulsion, len(core))
    solver.mo_coeff = orbitals[0] if restricted else orbitals
    solver.mo_occ = occupations.sum(axis=0) if restricted else occupations
    solver.mo_energy = np.zeros(solver.mo_occ.shape)
    solver.converged = True
    solver.e_tot = solver.energy_tot(solver.make_rdm1(solver.mo_coeff, solver.mo_occ))
    return solver


def _both_spins(hamiltonian: ElectronicHamiltonian) -> tuple[FloatArray, FloatArray]:
    norb = hamiltonian.norb
    places = {"alpha": slice(0, norb), "beta": slice(norb, 2 * norb)}
    core, repulsion = np.zeros((2 * norb,) * 2), np.zeros((2 * norb,) * 4)
    for spin, place in places.items():
        core[place, place] = hamiltonian.one_body(spin)
        for other, other_place in places.items():
            repulsion[place, place, other_place, other_place] = hamiltonian.two_body(spin, other)
    return core, repulsion


def _converged(solver: Any, is_small: bool) -> Any:
    solver.verbose = 0
    solver.conv_tol, solver.conv_tol_normt, solver.max_cycle = _ENERGY_TOLERANCE, _AMPLITUDE_TOLERANCE, _MAX_CYCLES
    if is_small:
        # its thread in the background, which numbers of threads do not reach
        solver.async_io = False
    # steps are shorter than waking threads, and on a busy machine those of OpenMP wait in loops
    with require("pyscf.lib", extra="chemistry").with_omp_threads(1 if is_small else None):
        solver.kernel()
    if not solver.converged:
        raise ConvergenceError(
            f"coupled cluster did not converge to {_ENERGY_TOLERANCE:g} hartree in {_MAX_CYCLES} iterations; "
            'start from "mp2" instead'
        )
    return solver
