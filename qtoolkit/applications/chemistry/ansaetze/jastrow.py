"""`UCJ` and `LUCJ`: the unitary cluster Jastrow ansatz and its local form."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_flag, check_integer, items_of, shown
from qtoolkit._checks import require_choice, require_integer
from qtoolkit._memory import reserved
from qtoolkit.applications.chemistry.ansaetze.amplitudes import Amplitudes, amplitudes_by
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz, check_same_space
from qtoolkit.applications.chemistry.ansaetze.jastrow_start import (
    jastrow_factors,
    rotation_generator,
    singles_generator,
)
from qtoolkit.applications.chemistry.ansaetze.space import MAX_REPETITIONS, checked_space
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import DiagonalCoulomb, FermionOperation, LinearMatrix, OrbitalRotation

__all__ = ["LUCJ", "UCJ", "ClusterJastrow"]

OrbitalPairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ClusterJastrow(Ansatz):
    """Π_k U_k exp(i J_k) U_k† on the reference, and a final orbital rotation: what `UCJ` and `LUCJ` share.

    U_k are orbital rotations of both spins alike, J_k is diagonal Coulomb evolution, one matrix for electrons of equal
    and one for those of opposite spin; the first of the product acts first.

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        repetitions: number of factors.
        final_rotation: whether a rotation of the orbitals comes last.
        real_orbitals: whether orbital rotations are real, with half as many parameters; `initial_parameters` are
            then the nearest real ones.

    Raises:
        InputError: if the electrons do not fit the orbitals.
    """

    norb: int
    nelec: tuple[int, int]
    repetitions: int = 1
    final_rotation: bool = True
    real_orbitals: bool = False

    def __post_init__(self) -> None:
        norb, nelec = checked_space(self.norb, self.nelec)
        object.__setattr__(self, "norb", norb)
        object.__setattr__(self, "nelec", nelec)
        object.__setattr__(self, "repetitions", require_integer("repetitions", self.repetitions, 1, MAX_REPETITIONS))
        for name in ("final_rotation", "real_orbitals"):
            check_flag(getattr(self, name), name)

    @property
    @abstractmethod
    def interaction_pairs(self) -> tuple[OrbitalPairs, OrbitalPairs]:
        """Pairs of orbitals p ≤ q that interact: electrons of equal spin, and of opposite spins."""

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Of each factor k: K of U_k = exp(K), its real parts ``rotation_k_re_p_q`` and imaginary parts
        ``rotation_k_im_p_q``, then ``same_k_p_q`` and ``opposite_k_p_q`` of J; then those of ``final``."""
        names: list[str] = []
        for k in range(self.repetitions):
            names += self._rotation_names(f"rotation_{k}")
            for kind, pairs in zip(("same", "opposite"), self.interaction_pairs, strict=True):
                names += [f"{kind}_{k}_{p}_{q}" for p, q in pairs]
        return (*names, *self._rotation_names("final")) if self.final_rotation else tuple(names)

    @cached_property
    def operations(self) -> tuple[FermionOperation, ...]:
        """U_k†, J_k and U_k of each factor, then the final rotation."""
        found: list[FermionOperation] = []
        basis = self._rotation_basis()
        first = 0
        for _ in range(self.repetitions):
            rotation = self._rotation(basis, first)
            parts: list[LinearMatrix | None] = []
            first += len(basis)
            for pairs in self.interaction_pairs:
                parts.append(self._interaction(pairs, first) if pairs else None)
                first += len(pairs)
            found += [
                OrbitalRotation(rotation, inverse=True),
                DiagonalCoulomb(parts[0], parts[1]),
                OrbitalRotation(rotation),
            ]
        if self.final_rotation:
            found.append(OrbitalRotation(self._rotation(basis, first)))
        return tuple(found)

    def initial_parameters(self, integrals: MolecularIntegrals, start: str = "ccsd") -> FloatArray:
        """A start for an optimiser, by `parameters_of`.

        Args:
            integrals: of the same orbitals and electrons.
            start: ``"ccsd"``, amplitudes from PySCF, or ``"mp2"``, see `mp2_amplitudes`. At zeros all derivatives
                vanish.

        Raises:
            InputError: if the integrals have other orbitals or electrons, or there is no such start.
            MissingExtraError: for ``"ccsd"``, if PySCF is not installed.
            ConvergenceError: for ``"ccsd"``, if its iteration does not converge.
        """
        check_same_space(self, integrals)
        return self.parameters_of(amplitudes_by(start, integrals))

    def parameters_of(self, amplitudes: Amplitudes) -> FloatArray:
        """Parameters whose state is near that of unitary coupled cluster, shape ``(num_parameters,)``.

        Doubles are factorised, see Motta et al., Chem. Sci. 14, 11213 (2023), and the leading factors taken, of which
        only the interactions that the ansatz has; factors beyond those are zero. Singles are the final rotation.

        Raises:
            InputError: if the amplitudes are none, or of other orbitals or electrons.
        """
        shapes = [(count, self.norb - count) for count in self.nelec]
        if not isinstance(amplitudes, Amplitudes) or [part.shape for part in amplitudes.singles] != shapes:
            raise InputError(f"amplitudes must be those of {self.nelec} electrons in {self.norb} orbitals")
        parts: list[Sequence[float]] = []
        factors = jastrow_factors(amplitudes, self.norb, self.repetitions)
        for whole in factors:
            factor = whole.ordered_for(itertools.chain(*self.interaction_pairs))
            unitary = _nearest_real(factor.rotation) if self.real_orbitals else factor.rotation
            parts.append(self._entries_of(rotation_generator(unitary)))
            parts += [[factor.interaction[p, q] for p, q in pairs] for pairs in self.interaction_pairs]
        missing = self.repetitions - len(factors)
        parts.append([0.0] * (missing * (len(self._rotation_basis()) + sum(map(len, self.interaction_pairs)))))
        if self.final_rotation:
            parts.append(self._entries_of(singles_generator(amplitudes, self.norb).astype(np.complex128)))
        return np.concatenate([np.asarray(part, np.float64) for part in parts])

    @cached_property
    def _places(self) -> list[tuple[str, int, int]]:
        """Real and imaginary parts of K above and on its diagonal."""
        found = [("re", p, q) for p, q in itertools.combinations(range(self.norb), 2)]
        if not self.real_orbitals:
            found += [("im", p, q) for p, q in itertools.combinations_with_replacement(range(self.norb), 2)]
        return found

    def _rotation_names(self, prefix: str) -> list[str]:
        return [f"{prefix}_{part}_{p}_{q}" for part, p, q in self._places]

    def _rotation_basis(self) -> NDArray[Any]:
        dtype = np.float64 if self.real_orbitals else np.complex128
        needed = np.dtype(dtype).itemsize * len(self._places) * self.norb**2
        with reserved(needed, f"generators of rotations of {self.norb} orbitals", "use fewer orbitals"):
            basis = np.zeros((len(self._places), self.norb, self.norb), dtype)
        for matrix, (part, p, q) in zip(basis, self._places, strict=True):
            if part == "re":
                matrix[p, q], matrix[q, p] = 1.0, -1.0
            else:
                matrix[p, q] = matrix[q, p] = 1j
        return basis

    def _rotation(self, basis: NDArray[Any], first: int) -> LinearMatrix:
        return LinearMatrix(np.zeros((self.norb,) * 2, basis.dtype), tuple(range(first, first + len(basis))), basis)

    def _interaction(self, pairs: OrbitalPairs, first: int) -> LinearMatrix:
        basis = np.zeros((len(pairs), self.norb, self.norb))
        for matrix, (p, q) in zip(basis, pairs, strict=True):
            matrix[p, q] = matrix[q, p] = 1.0
        return LinearMatrix(np.zeros((self.norb,) * 2), tuple(range(first, first + len(pairs))), basis)

    def _entries_of(self, generator: NDArray[np.complex128]) -> list[float]:
        return [float(generator[p, q].real if part == "re" else generator[p, q].imag) for part, p, q in self._places]


@dataclass(frozen=True)
class UCJ(ClusterJastrow):
    """Unitary cluster Jastrow: Π_k U_k exp(i J_k) U_k†, and a final orbital rotation.

    Matsuzawa and Kurashige, J. Chem. Theory Comput. 16, 944 (2020); see `ClusterJastrow` for what acts and in which
    order.

    Attributes:
        same_spin_pairs: pairs of orbitals p ≤ q whose electrons of equal spin interact; None for all.
        opposite_spin_pairs: the same of opposite spins, for (p, q) and (q, p) alike.

    Raises:
        InputError: if the electrons do not fit the orbitals, or a pair is named twice or has an orbital that is not
            there.
    """

    same_spin_pairs: OrbitalPairs | None = None
    opposite_spin_pairs: OrbitalPairs | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("same_spin_pairs", "opposite_spin_pairs"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _checked_pairs(name, given, self.norb))

    @property
    def interaction_pairs(self) -> tuple[OrbitalPairs, OrbitalPairs]:
        """Those given."""
        every = tuple(itertools.combinations_with_replacement(range(self.norb), 2))
        same, opposite = self.same_spin_pairs, self.opposite_spin_pairs
        return every if same is None else same, every if opposite is None else opposite


@dataclass(frozen=True)
class LUCJ(ClusterJastrow):
    """Local unitary cluster Jastrow: interactions between qubits that are neighbours on a device.

    Motta et al., Chem. Sci. 14, 11213 (2023): the orbitals of each spin are a line, whose neighbours interact, and
    electrons of opposite spins interact in orbitals where the lines are joined.

    Attributes:
        lattice: where the lines are joined: ``"square"``, at every orbital, or ``"heavy-hex"``, at every fourth.

    Raises:
        InputError: if the electrons do not fit the orbitals, or there is no such lattice.
    """

    lattice: str = "square"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("lattice", self.lattice, ("square", "heavy-hex"))

    @property
    def interaction_pairs(self) -> tuple[OrbitalPairs, OrbitalPairs]:
        """Neighbours on the lattice."""
        step = 1 if self.lattice == "square" else 4
        return tuple(itertools.pairwise(range(self.norb))), tuple((p, p) for p in range(0, self.norb, step))


def _checked_pairs(name: str, given: Sequence[Sequence[int]], norb: int) -> OrbitalPairs:
    rule = f"{name} are pairs of orbitals"
    found: list[tuple[int, int]] = []
    for pair in items_of(given, rule):
        members = items_of(pair, rule)
        if len(members) != 2:
            raise InputError(f"{rule}, got {shown(pair)}")
        p, q = (check_integer(member, f"an orbital of {name}", 0, norb - 1) for member in members)
        found.append((min(p, q), max(p, q)))
    if len(set(found)) != len(found):
        raise InputError(f"{name} must be distinct, got {shown(tuple(found))}")
    return tuple(found)


def _nearest_real(unitary: NDArray[np.complex128]) -> FloatArray:
    """The orthogonal matrix of determinant 1 nearest to the real part."""
    left, _, right = np.linalg.svd(unitary.real)
    if np.linalg.det(left @ right) < 0.0:
        left[:, -1] = -left[:, -1]
    found: FloatArray = left @ right
    return found
