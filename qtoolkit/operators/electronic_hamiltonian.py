"""`ElectronicHamiltonian`: one- and two-body integrals, kept as tensors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_number, numbers_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._types import DEFAULT_ATOL, check_atol, check_finite
from qtoolkit.operators.fermion_models import electronic_terms
from qtoolkit.operators.fermion_operator import FermionOperator

__all__ = ["ElectronicHamiltonian"]

FloatArray = NDArray[np.float64]

_SYMMETRY_ATOL = 1e-8
_BLOCKS = {("alpha", "alpha"): 0, ("alpha", "beta"): 1, ("beta", "alpha"): 1, ("beta", "beta"): 2}


@dataclass(frozen=True, eq=False)
class ElectronicHamiltonian:
    """A Hamiltonian of electrons in real orbitals that keeps their number and S_z.

    H = constant + Σ_{pqσ} h^σ_pq a†_pσ a_qσ + ½ Σ_{pqrs,στ} (pq|rs)^{στ} a†_pσ a†_rτ a_sτ a_qσ, with integrals in
    chemists' notation (Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 1.4).

    Attributes:
        one_body_tensor: h, float64 of shape (norb, norb); or (2, norb, norb), alpha and beta, where orbitals of the
            two spins differ.
        two_body_tensor: (pq|rs), float64 of shape (norb, norb, norb, norb); or (3, norb, norb, norb, norb), the blocks
            alpha-alpha, alpha-beta, beta-beta. None for none.
        constant: energy of nuclei and frozen electrons.

    Raises:
        OperatorError: if shapes do not match, an entry is not finite, or the tensors lack the symmetry of real
            orbitals: h_pq = h_qp, (pq|rs) = (qp|rs) = (pq|sr), and (pq|rs) = (rs|pq) between equal spins.
    """

    one_body_tensor: FloatArray = field(repr=False)
    two_body_tensor: FloatArray | None = field(default=None, repr=False)
    constant: float = 0.0

    def __post_init__(self) -> None:
        one_body = _real("one_body_tensor", self.one_body_tensor)
        norb = one_body.shape[-1] if one_body.ndim else 0
        if norb == 0 or one_body.shape not in ((norb, norb), (2, norb, norb)):
            raise OperatorError(
                f"one_body_tensor must have shape (norb, norb) or (2, norb, norb), got {one_body.shape}"
            )
        if not np.allclose(one_body, one_body.swapaxes(-1, -2), rtol=0.0, atol=_SYMMETRY_ATOL):
            raise OperatorError("one_body_tensor must be symmetric, h_pq = h_qp; symmetrise it first")
        object.__setattr__(self, "one_body_tensor", one_body)
        object.__setattr__(self, "constant", check_number(self.constant, "constant"))
        if self.two_body_tensor is None:
            return
        two_body = _real("two_body_tensor", self.two_body_tensor)
        if two_body.shape not in ((norb,) * 4, (3, *(norb,) * 4)):
            raise OperatorError(
                f"two_body_tensor must have shape {(norb,) * 4} or {(3, *(norb,) * 4)} for norb={norb}, got "
                f"{two_body.shape}"
            )
        _check_two_body(two_body)
        object.__setattr__(self, "two_body_tensor", two_body)

    @property
    def norb(self) -> int:
        """Number of spatial orbitals."""
        return int(self.one_body_tensor.shape[-1])

    @property
    def num_qubits(self) -> int:
        """Number of spin orbitals."""
        return 2 * self.norb

    @property
    def is_spin_dependent(self) -> bool:
        """Whether a tensor differs between the spins."""
        return self.one_body_tensor.ndim == 3 or (self.two_body_tensor is not None and self.two_body_tensor.ndim == 5)

    def one_body(self, spin: str) -> FloatArray:
        """h of one spin, ``"alpha"`` or ``"beta"``, shape (norb, norb).

        Raises:
            OperatorError: if there is no such spin.
        """
        spin = _checked_spin(spin)
        if self.one_body_tensor.ndim == 2:
            return self.one_body_tensor
        found: FloatArray = self.one_body_tensor[("alpha", "beta").index(spin)]
        return found

    def two_body(self, spin: str, other: str) -> FloatArray | None:
        """(pq|rs) with p, q of one spin and r, s of the other, shape (norb, norb, norb, norb); None for none.

        Raises:
            OperatorError: if there is no such spin.
        """
        spin, other = _checked_spin(spin), _checked_spin(other)
        if self.two_body_tensor is None or self.two_body_tensor.ndim == 4:
            return self.two_body_tensor
        block: FloatArray = self.two_body_tensor[_BLOCKS[spin, other]]
        return block.transpose(2, 3, 0, 1) if (spin, other) == ("beta", "alpha") else block

    def to_fermion_operator(self, atol: float = DEFAULT_ATOL) -> FermionOperator:
        """The same operator as ladder products, normal-ordered; mode p is orbital p alpha, ``norb + p`` beta.

        Args:
            atol: terms whose coefficient has at most this magnitude are left out.

        Raises:
            InsufficientMemoryError: if the terms do not fit.
        """
        one_body = (self.one_body("alpha"), self.one_body("beta"))
        blocks = [self.two_body(*spins) for spins in _BLOCKS]
        two_body = [block for block in blocks if block is not None]
        return electronic_terms(one_body, two_body or None, self.constant, check_atol(atol))


def _real(name: str, values: object) -> FloatArray:
    given = numbers_of(values, name, error=OperatorError)
    check_finite(given, f"an entry of {name}")
    if np.iscomplexobj(given):
        if np.abs(given.imag).max(initial=0.0) > _SYMMETRY_ATOL:
            raise OperatorError(f"{name} must be real, got a complex entry; use a FermionOperator")
        given = given.real
    found: FloatArray = np.array(given, dtype=np.float64, order="C")
    found.setflags(write=False)
    return found


def _checked_spin(spin: object) -> str:
    if not isinstance(spin, str) or spin not in ("alpha", "beta"):
        raise OperatorError(f'a spin is "alpha" or "beta", got {shown(spin)}')
    return spin


def _check_two_body(two_body: FloatArray) -> None:
    for block, tensor in enumerate(two_body if two_body.ndim == 5 else [two_body]):
        axes = [(1, 0, 2, 3), (0, 1, 3, 2)]
        if two_body.ndim == 4 or block != 1:
            axes.append((2, 3, 0, 1))
        for order in axes:
            if not np.allclose(tensor, tensor.transpose(order), rtol=0.0, atol=_SYMMETRY_ATOL):
                raise OperatorError(
                    "two_body_tensor must have the symmetry of real orbitals in chemists' notation, "
                    "(pq|rs) = (qp|rs) = (rs|pq); transpose(0, 2, 1, 3) brings physicists' integrals there"
                )
