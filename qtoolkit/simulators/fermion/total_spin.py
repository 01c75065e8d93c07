"""S² as an operator on the states of a sector, of orbitals that the two spins share or do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, real_numbers_of
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion.pairs import StringPairs
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit.simulators.fermion.spin import TotalSpin
from qtoolkit.simulators.options import threads_of
from qtoolkit_kernels.team import Team

__all__ = ["SpinSquared"]

State = NDArray[Any]
IntArray = NDArray[np.int64]


class SpinSquared:
    """S² = S₋S₊ + S_z (S_z + 1) of a sector (Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory,
    section 2.4).

    Args:
        sector: the determinants.
        overlap: of alpha orbitals (rows) with beta orbitals, shape (norb, norb), where they differ: S₊ is
            Σ_pq overlap_pq a†_pα a_qβ then. None where the spins share their orbitals.
        num_threads: all cores by default.

    Raises:
        InputError: if it is no sector, the overlap has another shape, or there are fewer cores.
    """

    def __init__(
        self, sector: FermionSector, overlap: ArrayLike | None = None, *, num_threads: int | None = None
    ) -> None:
        check_instance(sector, FermionSector, "sector must be a FermionSector")
        self._sector = sector
        self._of_shared = TotalSpin(sector.norb, sector.nelec, Team(threads_of(num_threads)))
        self._of_different: _Ladders | None = None
        if overlap is not None:
            weights = real_numbers_of(overlap, "overlap")
            if weights.shape != (sector.norb, sector.norb):
                raise InputError(f"overlap must have shape {(sector.norb, sector.norb)}, got {weights.shape}")
            if not np.isfinite(weights).all():
                raise InputError("overlap must be finite, got an entry that is not")
            self._of_different = _Ladders(sector, weights)

    def apply(self, state: State) -> State:
        """S²|ψ⟩, of the state's shape and dtype.

        Raises:
            InputError: if the state has another shape than the sector, or an amplitude is not finite.
        """
        given = self._sector.checked(state)
        if self._of_different is None:
            return self._of_shared.apply(given)
        return self._of_different.apply(given)

    def expectation_value(self, state: State) -> float:
        """⟨S²⟩ of a state, divided by its squared norm.

        Raises:
            InputError: as for `apply`, or if the state is zero.
        """
        given = self._sector.checked(state)
        norm = float(np.vdot(given, given).real)
        if not 0.0 < norm < np.inf:
            raise InputError("state must have a norm that is not 0, and not too large for a float")
        if self._of_different is None:
            return self._of_shared.value(given) / norm
        return float(np.vdot(given, self._of_different.apply(given)).real) / norm


class _Ladders:
    """S₊ as pairs of strings that gain an alpha and lose a beta electron."""

    def __init__(self, sector: FermionSector, overlap: NDArray[np.float64]) -> None:
        n_alpha, n_beta = sector.nelec
        self._constant = sector.spin_z * (sector.spin_z + 1.0)
        self._above: FermionSector | None = None
        self._moves: list[tuple[StringPairs, StringPairs]] = []
        if n_alpha < sector.norb and n_beta > 0:
            above = FermionSector(sector.norb, (n_alpha + 1, n_beta - 1))
            self._above = above
            # a_qβ passes the alpha electrons and a†_pα none: one sign for all determinants, which S₋ undoes
            gains = [_ladder(sector.alpha_strings, above.alpha_strings, p, True) for p in range(sector.norb)]
            losses = [_ladder(sector.beta_strings, above.beta_strings, q, False) for q in range(sector.norb)]
            for p, q in zip(*np.nonzero(overlap), strict=True):
                gain = gains[p]
                self._moves.append((replace(gain, sign=overlap[p, q] * gain.sign), losses[q]))

    def apply(self, state: State) -> State:
        image: State = self._constant * state
        if self._above is None:
            return image
        raised = np.zeros(self._above.shape, state.dtype)
        for alpha, beta in self._moves:
            signs = np.multiply.outer(alpha.sign, beta.sign)
            raised[np.ix_(alpha.target, beta.target)] += signs * state[np.ix_(alpha.source, beta.source)]
        for alpha, beta in self._moves:
            signs = np.multiply.outer(alpha.sign, beta.sign)
            image[np.ix_(alpha.source, beta.source)] += signs * raised[np.ix_(alpha.target, beta.target)]
        return image


def _ladder(strings: IntArray, others: IntArray, orbital: int, creates: bool) -> StringPairs:
    """Strings that gain or lose an electron in an orbital, with the sign of the electrons below it."""
    bit = np.int64(1 << orbital)
    source = np.flatnonzero((strings & bit == 0) == creates)
    bits = strings[source]
    sign = 1.0 - 2.0 * (np.bitwise_count(bits & (bit - 1)) & 1)
    return StringPairs(source, np.searchsorted(others, bits ^ bit), sign)
