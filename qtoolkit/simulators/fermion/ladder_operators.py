"""One electron more or less: creation and annihilation lead from one sector to another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_flag, check_instance, numbers_of
from qtoolkit._checks import require_choice
from qtoolkit._memory import reserved
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion.operations import SPINS
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["changed_by_one"]


def changed_by_one(
    sector: FermionSector, state: ArrayLike, coefficients: ArrayLike, spin: str, create: bool
) -> tuple[FermionSector, NDArray[Any]]:
    """Σ_p c_p a†_pσ |ψ⟩ or Σ_p c_p a_pσ |ψ⟩, and the sector where it lies.

    Args:
        sector: where the state lies.
        state: of the sector's shape.
        coefficients: c, shape (norb,).
        spin: ``"alpha"`` or ``"beta"``.
        create: whether an electron is added.

    Returns:
        The sector with one electron more or less, and the image, not normalised.

    Raises:
        InputError: if shapes do not match, a number is not finite, or no electron can be added or taken.
        InsufficientMemoryError: if the image does not fit into free memory.
    """
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    ket, create = sector.checked(state), check_flag(create, "create")
    factors = numbers_of(coefficients, "coefficients")
    if factors.shape != (sector.norb,):
        raise InputError(f"coefficients must have shape ({sector.norb},), got {factors.shape}")
    if not np.isfinite(factors).all():
        raise InputError("coefficients must be finite, got one that is not")
    axis = SPINS.index(require_choice("spin", spin, SPINS))
    counts = list(sector.nelec)
    counts[axis] += 1 if create else -1
    if not 0 <= counts[axis] <= sector.norb:
        kind = "added to" if create else "taken from"
        raise InputError(f"no {spin} electron can be {kind} {sector.nelec} electrons in {sector.norb} orbitals")
    target = FermionSector(sector.norb, (counts[0], counts[1]))
    dtype = np.result_type(ket, factors, np.float64)
    needed = dtype.itemsize * target.size
    with reserved(needed + ket.nbytes, f"a state of {target.size} determinants", "use fewer orbitals", needed):
        return target, _image(sector, target, ket, factors, axis, create, np.zeros(target.shape, dtype))


def _image(
    sector: FermionSector,
    target: FermionSector,
    ket: NDArray[Any],
    factors: NDArray[Any],
    axis: int,
    create: bool,
    image: NDArray[Any],
) -> NDArray[Any]:
    """Add the image of a state to zeros."""
    strings = (sector.alpha_strings, sector.beta_strings)[axis]
    reached = (target.alpha_strings, target.beta_strings)[axis]
    # a beta operator passes all alpha electrons
    passing = -1.0 if axis == 1 and sector.nelec[0] % 2 else 1.0
    for orbital, factor in enumerate(factors.tolist()):
        if factor == 0:
            continue
        bit = np.int64(1 << orbital)
        source = np.flatnonzero((strings & bit == 0) == create)
        bits = strings[source]
        places = np.searchsorted(reached, bits ^ bit)
        signs = passing * factor * (1.0 - 2.0 * (np.bitwise_count(bits & (bit - 1)) & 1))
        if axis == 0:
            image[places] += signs[:, None] * ket[source]
        else:
            image[:, places] += signs * ket[:, source]
    return image
