"""Hartree–Fock followed down to a solution that no rotation of its orbitals lowers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from qtoolkit import _needs
from qtoolkit._arguments import shown
from qtoolkit._memory import check_memory
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.structure import build_structure, field_of, first_line
from qtoolkit.errors import ConvergenceError, InputError, QToolkitError

__all__ = ["MeanField", "Reference", "check_reference", "lower_of", "solve_mean_field"]

FloatArray = npt.NDArray[np.float64]

Reference: TypeAlias = Literal["auto", "rhf", "rohf", "uhf"]
"""Which determinants Hartree–Fock searches: ``"rhf"`` with two electrons in each orbital, ``"rohf"`` with one in some,
``"uhf"`` with orbitals of their own for each spin; ``"auto"`` is RHF for closed shells and ROHF for open ones."""

_ENERGY_TOLERANCE = 1e-11
_GRADIENT_TOLERANCE = 1e-7
_NEARLY = 1e-6
"""Norm of a gradient at which second-order steps may end too."""
_SHORTEST_STEP = 1e-20
"""Square of a step that second-order iterations still take; PySCF's 1e-14 leaves gradients above the tolerance."""
_MAX_CYCLES = 200
_MAX_SECOND_ORDER_CYCLES = 50
_MAX_FOLLOWED = 10
_STABLE = -1e-5
"""Lowest eigenvalue of an orbital Hessian, in hartree, that still counts as not negative, as in PySCF."""
_SAME_ENERGY = 1e-8
_DENSE_ROTATIONS = 300
_NUM_STARTS = 3
_MAX_DAVIDSON_CYCLES = 60
_CURVATURE_TOLERANCE = 1e-8
_LEAST_GAP = 0.05


@dataclass(frozen=True, eq=False)
class MeanField:
    """A solution of Hartree–Fock and how stable it is.

    Attributes:
        solver: PySCF's converged object.
        orbital_symmetries: irreducible representation of each orbital in `point_group`, shape (num_orbitals,), or
            (2, num_orbitals) for alpha and beta ones.
        point_group: the Abelian group whose symmetry the solution has.
        lowest_curvature: lowest eigenvalue of the energy's Hessian by rotations of the orbitals, in hartree; 0 where
            there is none.
        externally_stable: whether no unrestricted or complex determinant near by is lower; None for open shells and
            UHF.
        num_followed: instabilities that were followed to get here.
    """

    solver: Any
    orbital_symmetries: npt.NDArray[np.int64]
    point_group: str
    lowest_curvature: float
    externally_stable: bool | None
    num_followed: int

    @property
    def energy(self) -> float:
        """Total energy in hartree."""
        return float(self.solver.e_tot)

    @property
    def method(self) -> str:
        """``"RHF"``, ``"ROHF"`` or ``"UHF"``."""
        if _is_unrestricted(self.solver):
            return "UHF"
        return "ROHF" if self.solver.mol.spin else "RHF"


def check_reference(reference: object, molecule: Molecule) -> None:
    """Refuse a kind of determinants that there is not, or that cannot hold the unpaired electrons.

    Raises:
        InputError: saying so.
    """
    if not isinstance(reference, str) or reference not in get_args(Reference):
        raise InputError(f"reference must be one of {', '.join(get_args(Reference))}, got {shown(reference)}")
    if reference == "rhf" and molecule.spin:
        raise InputError(f"RHF has two electrons in each orbital, got {molecule.spin} unpaired ones; take rohf or uhf")


def solve_mean_field(
    molecule: Molecule, structure: Any, near: MeanField | None = None, reference: Reference = "auto"
) -> MeanField:
    """The lowest solution found from the usual start and, where given, from the orbitals of a near-by geometry.

    Each is followed along the unstable directions of its orbital Hessian, symmetry-breaking ones too (Seeger and
    Pople, J. Chem. Phys. 66, 3045 (1977)), until none is left. A local minimum may still not be the lowest.

    Args:
        molecule: what is solved.
        structure: the same as PySCF has it.
        near: a solution of the same kind, whose orbitals are tried too.
        reference: of a closed shell, ``"rohf"`` is RHF.

    Raises:
        InputError: if the reference does not fit the molecule.
        ConvergenceError: if an iteration does not converge, or instabilities do not end.
        InsufficientMemoryError: if the matrices do not fit into free memory.
    """
    check_reference(reference, molecule)
    unrestricted = reference == "uhf"
    check_memory(
        _needs.mean_field(structure.nao, 1 + unrestricted),
        f"Hartree–Fock with {structure.nao} basis functions",
        "use a smaller basis",
    )
    with _our_errors(molecule):
        plain = build_structure(molecule, symmetric=False)
        found = _followed(
            molecule, structure, plain, _converged(_solver(structure, unrestricted, field_of(molecule)), molecule)
        )
    return found if near is None else lower_of(found, molecule, structure, near)


def lower_of(found: MeanField, molecule: Molecule, structure: Any, near: MeanField) -> MeanField:
    """A solution, or the one that the orbitals of a near-by geometry lead to where that is lower.

    Raises:
        ConvergenceError: as for `solve_mean_field`.
    """
    with _our_errors(molecule):
        plain = build_structure(molecule, symmetric=False)
        unrestricted = _is_unrestricted(found.solver)
        carried = _converged(
            _solver(plain, unrestricted, field_of(molecule)), molecule, _carried(near, plain, unrestricted)
        )
        if abs(carried.e_tot - found.energy) < _SAME_ENERGY:
            return found
        other = _followed(molecule, structure, plain, carried)
    return other if other.energy < found.energy - _SAME_ENERGY else found


@contextlib.contextmanager
def _our_errors(molecule: Molecule) -> Iterator[None]:
    try:
        yield
    except QToolkitError:
        raise
    except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ConvergenceError(
            f"Hartree–Fock for {molecule.formula} in {molecule.basis} failed in PySCF: {first_line(error)}; check "
            "geometry, charge and spin"
        ) from error


def _is_unrestricted(solver: Any) -> bool:
    return np.ndim(solver.mo_occ) == 2


def _solver(structure: Any, unrestricted: bool = False, field: Any = None) -> Any:
    """Hartree–Fock, in the field of charges where there are some."""
    scf = require("pyscf.scf", extra="chemistry")
    solver = scf.UHF(structure) if unrestricted else scf.RHF(structure)
    solver.conv_tol = _ENERGY_TOLERANCE
    solver.conv_tol_grad = _GRADIENT_TOLERANCE
    solver.max_cycle = _MAX_CYCLES
    solver.chkfile = None
    # PySCF opens a file for it all the same, which an error on the way would leave open
    temporary = getattr(solver, "_chkfile", None)
    if temporary is not None:
        temporary.close()
    return solver if field is None else require("pyscf.qmmm", extra="chemistry").qmmm_for_scf(solver, field)


def _converged(solver: Any, molecule: Molecule, density: Any = None) -> Any:
    solver.kernel(density)
    if solver.converged:
        return solver
    # DIIS can oscillate where bonds are stretched; second-order steps from there are slower but steadier.
    return _second_order(solver, molecule, solver.mo_coeff, solver.mo_occ)


def _second_order(solver: Any, molecule: Molecule, orbitals: Any, occupations: Any) -> Any:
    solver = solver.newton()
    solver.max_cycle = _MAX_SECOND_ORDER_CYCLES
    solver.ah_lindep = _SHORTEST_STEP
    solver.kernel(orbitals, occupations)
    if not solver.converged and np.linalg.norm(solver.get_grad(solver.mo_coeff, solver.mo_occ)) < _NEARLY:
        # rounding hides the steps that are left, and the energy is off by the square of the gradient
        solver.converged = True
    if not solver.converged:
        raise ConvergenceError(
            f"Hartree–Fock for {molecule.formula} in {molecule.basis} did not converge to {_ENERGY_TOLERANCE:g} "
            f"hartree in {_MAX_CYCLES} iterations and {_MAX_SECOND_ORDER_CYCLES} of second order; check geometry, "
            "charge and spin"
        )
    return solver


def _followed(molecule: Molecule, structure: Any, plain: Any, start: Any) -> MeanField:
    """Leave saddle points of the energy, and give the end its symmetry back where it still has it."""
    current, followed = start, 0
    curvature, direction = _lowest_rotation(plain, current)
    while curvature < _STABLE:
        if followed == _MAX_FOLLOWED:
            raise ConvergenceError(
                f"Hartree–Fock for {molecule.formula} in {molecule.basis} is still unstable after {followed} "
                f"instabilities were followed, with curvature {curvature:.2g} hartree; check the geometry"
            )
        current = _below(current, plain, molecule, _turned(current, direction))
        followed += 1
        curvature, direction = _lowest_rotation(plain, current)
    if structure.symmetry and (followed or current.mol is plain):
        current = _with_symmetry(structure, current)
    labels = _labels(current)
    return MeanField(
        solver=current,
        orbital_symmetries=np.zeros(np.shape(current.mo_occ), np.int64) if labels is None else labels,
        point_group="C1" if labels is None else str(structure.groupname),
        lowest_curvature=curvature,
        externally_stable=_externally_stable(plain, current),
        num_followed=followed,
    )


def _labels(solver: Any) -> npt.NDArray[np.int64] | None:
    """Symmetries of the orbitals; PySCF labels none where the group turns out to be C1."""
    parts = solver.mo_coeff if _is_unrestricted(solver) else (solver.mo_coeff,)
    labels = [getattr(part, "orbsym", None) for part in parts]
    if any(label is None for label in labels):
        return None
    found = np.array(labels, np.int64)
    return found if _is_unrestricted(solver) else found[0]


def _turned(solver: Any, direction: FloatArray) -> FloatArray:
    """Orbitals rotated along a direction in the order of PySCF, alpha before beta."""
    import scipy.linalg

    unpack = require("pyscf.scf", extra="chemistry").hf.unpack_uniq_var
    orbitals, occupations = np.asarray(solver.mo_coeff), np.asarray(solver.mo_occ)
    if occupations.ndim == 1:
        return np.asarray(orbitals @ scipy.linalg.expm(unpack(direction, occupations)))
    filled = np.count_nonzero(occupations, axis=1)
    first = int(filled[0] * (occupations.shape[1] - filled[0]))
    parts = (direction[:first], direction[first:])
    return np.array(
        [
            orbitals[spin] @ scipy.linalg.expm(unpack(part, occupations[spin])) if len(part) else orbitals[spin]
            for spin, part in enumerate(parts)
        ]
    )


def _below(saddle: Any, plain: Any, molecule: Molecule, orbitals: FloatArray) -> Any:
    """The solution that orbitals turned off a saddle point lead to."""
    unrestricted = _is_unrestricted(saddle)
    field, occupations = field_of(molecule), np.asarray(saddle.mo_occ)
    solver = _solver(plain, unrestricted, field)
    solver.kernel(solver.make_rdm1(orbitals, occupations))
    if solver.converged and solver.e_tot < saddle.e_tot:
        return solver
    return _second_order(_solver(plain, unrestricted, field), molecule, orbitals, occupations)


def _in_plain(plain: Any, solver: Any) -> Any:
    """The same solution for a structure without symmetry, whose Hessian then has all rotations."""
    twin = _solver(plain, _is_unrestricted(solver), getattr(solver, "mm_mol", None))
    twin.mo_coeff, twin.mo_occ = np.asarray(solver.mo_coeff), np.asarray(solver.mo_occ)
    twin.mo_energy, twin.e_tot, twin.converged = np.asarray(solver.mo_energy), solver.e_tot, True
    return twin


def _lowest_rotation(plain: Any, solver: Any) -> tuple[float, FloatArray]:
    """Lowest eigenvalue of the orbital Hessian, and its rotation in the order of PySCF."""
    newton = require("pyscf.soscf.newton_ah", extra="chemistry")
    twin = _in_plain(plain, solver)
    if _is_unrestricted(solver):
        hessian = newton.gen_g_hop_uhf
    else:
        hessian = newton.gen_g_hop_rohf if plain.spin else newton.gen_g_hop_rhf
    gradient, product, diagonal = hessian(twin, twin.mo_coeff, twin.mo_occ, with_symmetry=False)
    if not len(gradient):
        return 0.0, np.zeros(0)
    value, direction = _lowest_eigenpair(product, np.asarray(diagonal))
    # the product is half of what second differences of the energy give
    return 2.0 * value, direction


def _lowest_eigenpair(product: Any, diagonal: FloatArray) -> tuple[float, FloatArray]:
    """Lowest eigenvalue of a symmetric matrix and its vector: of all where the matrix is small, else by Davidson's
    method, whose preconditioner is the diagonal, or by Lanczos' where that does not converge."""
    import scipy.sparse.linalg

    size = len(diagonal)
    if size <= _DENSE_ROTATIONS:
        dense = np.array([product(row) for row in np.eye(size)])
        every, vectors = np.linalg.eigh((dense + dense.T) / 2.0)
        return float(every[0]), np.asarray(vectors[:, 0], dtype=np.float64)
    # random starts, because one that keeps a symmetry never finds a direction that breaks it
    starts = np.random.default_rng(0).normal(size=(_NUM_STARTS, size)) / (diagonal - diagonal.min() + _LEAST_GAP)

    def precondition(residual: FloatArray, value: float, *_: object) -> FloatArray:
        gap = diagonal - value
        gap[np.abs(gap) < _LEAST_GAP] = _LEAST_GAP
        return np.asarray(residual / gap)

    converged, values, states = require("pyscf.lib", extra="chemistry").davidson1(
        lambda vectors: [product(vector) for vector in vectors],
        list(starts),
        precondition,
        tol=_CURVATURE_TOLERANCE,
        max_cycle=_MAX_DAVIDSON_CYCLES,
        max_space=8 * _NUM_STARTS,
        nroots=1,
        verbose=0,
    )
    if converged[0]:
        return float(values[0]), np.asarray(states[0], dtype=np.float64)
    operator: Any = scipy.sparse.linalg.LinearOperator((size, size), matvec=product, dtype=np.float64)
    value, vector = scipy.sparse.linalg.eigsh(operator, k=1, which="SA", v0=starts[0], tol=1e-6)
    return float(value[0]), np.asarray(vector[:, 0], dtype=np.float64)


def _externally_stable(plain: Any, solver: Any) -> bool | None:
    if plain.spin or _is_unrestricted(solver):
        return None
    if not 0 < np.count_nonzero(solver.mo_occ) < len(solver.mo_occ):
        return True
    # PySCF's own search starts from directions that keep symmetries, and misses what breaks them
    stability = require("pyscf.scf.stability", extra="chemistry")
    to_complex, first, to_unrestricted, second = stability._gen_hop_rhf_external(
        _in_plain(plain, solver), with_symmetry=False
    )
    products = ((to_complex, np.asarray(first)), (to_unrestricted, np.asarray(second)))
    return all(_lowest_eigenpair(*each)[0] >= _STABLE for each in products)


def _carried(near: MeanField, plain: Any, unrestricted: bool) -> Any:
    """The density matrix of another geometry's occupied orbitals, made orthonormal in this one's overlap."""
    overlap = plain.intor_symmetric("int1e_ovlp")
    if any(len(filled) != len(overlap) for filled in _filled(near.solver)):
        return None  # another basis: PySCF's own guess then
    alpha, beta = (_orthonormal(filled, overlap) for filled in _filled(near.solver))
    densities = np.array([alpha @ alpha.T, beta @ beta.T])
    return densities if plain.spin or unrestricted else densities.sum(axis=0)


def _filled(solver: Any) -> tuple[FloatArray, FloatArray]:
    """Orbitals that alpha and that beta electrons fill."""
    orbitals, occupations = np.asarray(solver.mo_coeff), np.asarray(solver.mo_occ)
    if occupations.ndim == 2:
        return orbitals[0][:, occupations[0] > 0], orbitals[1][:, occupations[1] > 0]
    return orbitals[:, occupations >= 1], orbitals[:, occupations >= 2]


def _orthonormal(orbitals: FloatArray, overlap: FloatArray) -> FloatArray:
    """The nearest orthonormal orbitals of the same space."""
    values, states = np.linalg.eigh(orbitals.T @ overlap @ orbitals)
    return np.asarray(orbitals @ (states / np.sqrt(values)) @ states.T)


def _with_symmetry(structure: Any, solver: Any) -> Any:
    """The same solution in symmetry-adapted orbitals, where its density keeps the point group; else as it is."""
    overlap = structure.intor_symmetric("int1e_ovlp")
    counts: dict[str, list[float]] = {name: [] for name in structure.irrep_name}
    for filled in _filled(solver):
        for name, basis in zip(structure.irrep_name, structure.symm_orb, strict=True):
            within = np.linalg.solve(basis.T @ overlap @ basis, basis.T @ overlap @ filled)
            counts[name].append(float(np.sum((basis.T @ overlap @ filled) * within)))
    numbers = {name: tuple(round(count) for count in pair) for name, pair in counts.items()}
    if any(
        abs(count - whole) > 1e-3 for name in counts for count, whole in zip(counts[name], numbers[name], strict=True)
    ):
        return solver
    unrestricted = _is_unrestricted(solver)
    symmetric = _solver(structure, unrestricted)
    symmetric.irrep_nelec = {
        name: pair if structure.spin or unrestricted else sum(pair) for name, pair in numbers.items()
    }
    symmetric.kernel(solver.make_rdm1())
    same = symmetric.converged and abs(symmetric.e_tot - solver.e_tot) < _SAME_ENERGY
    return symmetric if same else solver
