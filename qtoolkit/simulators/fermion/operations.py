"""What acts on a state of fermions: exact exponentials, each with parameters that enter linearly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import (
    check_flag,
    check_instance,
    check_integer,
    check_number,
    items_of,
    numbers_of,
    real_numbers_of,
)
from qtoolkit._checks import require_choice
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation

__all__ = [
    "DiagonalCoulomb",
    "ExcitationRotation",
    "FermionOperation",
    "LinearAngle",
    "LinearMatrix",
    "OrbitalRotation",
]

FloatArray = NDArray[np.float64]

_SYMMETRY_ATOL = 1e-10
MOST_PARAMETERS = 1 << 40
SPINS = ("alpha", "beta")


@dataclass(frozen=True)
class LinearAngle:
    """An angle in radians, ``constant + Σ_k coefficients[k] * parameters[indices[k]]``.

    Raises:
        InputError: if there is not one coefficient per index, or a number is not finite.
    """

    indices: tuple[int, ...] = ()
    coefficients: tuple[float, ...] = ()
    constant: float = 0.0

    def __post_init__(self) -> None:
        indices = _indices(self.indices)
        given = items_of(self.coefficients, "coefficients are a sequence of numbers")
        coefficients = tuple(check_number(value, "a coefficient") for value in given)
        if len(indices) != len(coefficients):
            raise InputError(f"there must be a coefficient per index, got {len(coefficients)} for {len(indices)}")
        object.__setattr__(self, "indices", indices)
        object.__setattr__(self, "coefficients", coefficients)
        object.__setattr__(self, "constant", check_number(self.constant, "constant"))

    @classmethod
    def parameter(cls, index: int, coefficient: float = 1.0) -> LinearAngle:
        """A multiple of one parameter."""
        return cls((index,), (coefficient,))

    def value(self, parameters: FloatArray) -> float:
        """The angle at given parameters.

        Raises:
            InputError: if they are no vector of as many numbers as the indices name.
        """
        values = _vector(parameters, self.indices)
        terms = zip(self.indices, self.coefficients, strict=True)
        return self.constant + sum(coefficient * float(values[index]) for index, coefficient in terms)


@dataclass(frozen=True, eq=False)
class LinearMatrix:
    """A matrix ``constant + Σ_k parameters[indices[k]] * basis[k]``.

    Attributes:
        constant: shape (norb, norb), float64 or complex128.
        indices: of parameters, shape (m,).
        basis: shape (m, norb, norb), float64 or complex128.

    Raises:
        InputError: if shapes do not match, or an entry is not finite.
    """

    constant: NDArray[Any] = field(repr=False)
    indices: tuple[int, ...] = ()
    basis: NDArray[Any] = field(default_factory=lambda: np.zeros((0, 0, 0)), repr=False)

    def __post_init__(self) -> None:
        constant, basis = _matrix("constant", self.constant), _matrix("basis", self.basis)
        indices = _indices(self.indices)
        norb = len(constant) if constant.ndim else 0
        if not indices:
            basis = np.zeros((0, norb, norb))
        if norb == 0 or constant.shape != (norb, norb) or basis.shape != (len(indices), norb, norb):
            raise InputError(
                "a linear matrix has constant of shape (norb, norb) and basis of shape (indices, norb, norb), "
                f"got {constant.shape} and {basis.shape} for {len(indices)} indices"
            )
        object.__setattr__(self, "constant", constant)
        object.__setattr__(self, "indices", indices)
        object.__setattr__(self, "basis", basis)

    @property
    def norb(self) -> int:
        """Number of rows."""
        return len(self.constant)

    @property
    def is_real(self) -> bool:
        """Whether it is real at all parameters."""
        return not (np.iscomplexobj(self.constant) or np.iscomplexobj(self.basis))

    def value(self, parameters: FloatArray) -> NDArray[Any]:
        """The matrix at given parameters, shape (norb, norb).

        Raises:
            InputError: if they are no vector of as many numbers as the indices name.
        """
        if not self.indices:
            return self.constant
        change = _vector(parameters, self.indices)[list(self.indices)] @ self.basis.reshape(len(self.indices), -1)
        found: NDArray[Any] = self.constant + change.reshape(self.constant.shape)
        return found

    def gradient(self, by_entry: NDArray[Any]) -> FloatArray:
        """Derivatives by the parameters of what changes by ``Re Σ_pq by_entry[p, q] dM[p, q]``, shape (m,).

        Raises:
            InputError: if `by_entry` has another shape than the matrix.
        """
        slopes = numbers_of(by_entry, "by_entry")
        if slopes.shape != self.constant.shape:
            raise InputError(f"by_entry must have shape {self.constant.shape}, got {slopes.shape}")
        found: FloatArray = np.tensordot(self.basis, slopes, axes=2).real
        return found


@dataclass(frozen=True)
class ExcitationRotation:
    """exp(angle (T − T†)) of an excitation T that keeps the numbers of alpha and of beta electrons.

    Attributes:
        excitation: T; spin orbital p is orbital p alpha, ``norb + p`` beta.
        angle: in radians.
        fermionic: whether T has the signs of fermions; without them it moves the ones of a bit string, as
            "qubit excitations" do (Yordanov et al., Commun. Phys. 4, 228 (2021)).
    """

    excitation: Excitation
    angle: LinearAngle
    fermionic: bool = True

    def __post_init__(self) -> None:
        check_instance(self.excitation, Excitation, "excitation must be an Excitation")
        check_instance(self.angle, LinearAngle, "angle must be a LinearAngle")
        object.__setattr__(self, "fermionic", check_flag(self.fermionic, "fermionic"))


@dataclass(frozen=True, eq=False)
class OrbitalRotation:
    """exp(Σ_pq K_pq a†_p a_q), which turns each a†_q into Σ_p U_pq a†_p with U = exp(K).

    Attributes:
        generator: K, anti-Hermitian, for one or both spins.
        spin: which electrons turn: ``"both"``, ``"alpha"`` or ``"beta"``.
        inverse: whether exp(−K) acts instead.

    Raises:
        InputError: if K is not anti-Hermitian, or there is no such spin.
    """

    generator: LinearMatrix
    spin: str = "both"
    inverse: bool = False

    def __post_init__(self) -> None:
        check_instance(self.generator, LinearMatrix, "generator must be a LinearMatrix")
        require_choice("spin", self.spin, ("both", *SPINS))
        object.__setattr__(self, "inverse", check_flag(self.inverse, "inverse"))
        for matrix in (self.generator.constant, *self.generator.basis):
            if not np.allclose(matrix, -matrix.conj().T, rtol=0.0, atol=_SYMMETRY_ATOL):
                raise InputError("the generator of an orbital rotation must be anti-Hermitian, K_pq = −K_qp*")


@dataclass(frozen=True, eq=False)
class DiagonalCoulomb:
    """exp(i φ), φ = ½ Σ_pqσ S_pq n_pσ n_qσ + Σ_pq M_pq n_pα n_qβ, with n the occupations of orbitals.

    Attributes:
        same_spin: S, real and symmetric; None for 0.
        opposite_spin: M, real; None for 0.
        inverse: whether exp(−i φ) acts instead.

    Raises:
        InputError: if S is not symmetric, or a matrix not real.
    """

    same_spin: LinearMatrix | None = None
    opposite_spin: LinearMatrix | None = None
    inverse: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "inverse", check_flag(self.inverse, "inverse"))
        for name in ("same_spin", "opposite_spin"):
            given = getattr(self, name)
            if given is None:
                continue
            check_instance(given, LinearMatrix, f"{name} must be a LinearMatrix or None")
            if not given.is_real:
                raise InputError(f"{name} must be real, got a complex matrix")
        if self.same_spin is not None:
            for matrix in (self.same_spin.constant, *self.same_spin.basis):
                if not np.allclose(matrix, matrix.T, rtol=0.0, atol=_SYMMETRY_ATOL):
                    raise InputError("same_spin must be symmetric, S_pq = S_qp")


FermionOperation: TypeAlias = ExcitationRotation | OrbitalRotation | DiagonalCoulomb


def parameters_of(operation: FermionOperation) -> Sequence[int]:
    """Indices of the parameters that an operation depends on."""
    if isinstance(operation, ExcitationRotation):
        return operation.angle.indices
    if isinstance(operation, OrbitalRotation):
        return operation.generator.indices
    parts = (operation.same_spin, operation.opposite_spin)
    return [index for part in parts if part is not None for index in part.indices]


def _vector(parameters: object, indices: tuple[int, ...]) -> FloatArray:
    values = real_numbers_of(parameters, "parameters")
    fewest = max(indices, default=-1) + 1
    if values.ndim != 1 or len(values) < fewest:
        raise InputError(f"parameters must be a vector of {fewest} numbers at least, got shape {values.shape}")
    return values


def _indices(given: object) -> tuple[int, ...]:
    indices = items_of(cast(Iterable[int], given), "indices are a sequence of numbers of parameters")
    return tuple(check_integer(index, "an index of a parameter", 0, MOST_PARAMETERS - 1) for index in indices)


def _matrix(name: str, values: object) -> NDArray[Any]:
    given = numbers_of(values, name)
    if not np.isfinite(given).all():
        raise InputError(f"{name} must be finite, got an entry that is not")
    found: NDArray[Any] = np.array(given, np.complex128 if np.iscomplexobj(given) else np.float64, order="C")
    found.setflags(write=False)  # a copy, since what ran once is kept by program
    return found
