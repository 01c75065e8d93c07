"""Spectral functions: how an electron that is added or taken moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_integer, check_number, numbers_of, real_numbers_of, shown
from qtoolkit._checks import require_choice
from qtoolkit.algorithms.lanczos import tridiagonal
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator, changed_by_one, lowest_states
from qtoolkit.simulators.fermion.operations import SPINS

__all__ = ["SpectralFunction", "spectral_function"]

FloatArray = NDArray[np.float64]

_FARTHEST = 1e100
_EMPTY = 1e-14
"""Squared norm below which nothing can be added or taken."""


@dataclass(frozen=True, eq=False)
class SpectralFunction:
    """A(ω) of one orbital, and the evidence.

    Attributes:
        frequencies: ω, with ħ = 1, measured from 0: removal at E_0 − E(N−1), addition at E(N+1) − E_0.
        removal: what photoemission sees, shape of `frequencies`.
        addition: what inverse photoemission sees, of the same shape.
        removal_poles, addition_poles: positions and weights of the sharp lines, shape (lines, 2); the lines of an
            unconverged recursion still have the exact moments.
        broadening: half width of the Lorentzian that each line becomes.
        weights: total weights of removal and addition, ⟨a†a⟩ and ⟨a a†⟩.
        change: largest change of A(ω) by the last 10 steps of the recursion; 0 where it came to its end.
        energy: E_0 of the state it starts from.
        num_steps: steps of the recursion, of removal and of addition.
    """

    frequencies: FloatArray
    removal: FloatArray = field(repr=False)
    addition: FloatArray = field(repr=False)
    removal_poles: FloatArray = field(repr=False)
    addition_poles: FloatArray = field(repr=False)
    broadening: float
    weights: tuple[float, float]
    change: float
    energy: float
    num_steps: tuple[int, int]

    @property
    def values(self) -> FloatArray:
        """A(ω), removal and addition together."""
        return self.removal + self.addition

    @property
    def sum_rule(self) -> float:
        """Total weight, which is 1 for a normalised orbital."""
        return sum(self.weights)


def spectral_function(
    hamiltonian: ElectronicHamiltonian,
    nelec: tuple[int, int],
    frequencies: ArrayLike,
    orbital: int | ArrayLike,
    *,
    spin: str = "alpha",
    broadening: float = 0.1,
    state: ArrayLike | None = None,
    num_steps: int = 150,
) -> SpectralFunction:
    """A(ω) = −Im G(ω)/π of the retarded Green's function of one orbital at zero temperature.

    A(ω) = Σ_n |⟨n|c†|0⟩|² δ(ω − E_n + E_0) + Σ_n |⟨n|c|0⟩|² δ(ω + E_n − E_0), by the recursion of Lanczos from c†|0⟩
    and c|0⟩ (E. Dagotto, Rev. Mod. Phys. 66, 763 (1994), section II).

    Args:
        hamiltonian: of electrons.
        nelec: alpha and beta electrons of the ground state.
        frequencies: ω, shape (num_frequencies,).
        orbital: number of an orbital, or coefficients v of c = Σ_p v_p a_p, shape (norb,): exp(i k·r_p)/√norb for a
            momentum.
        spin: ``"alpha"`` or ``"beta"``.
        broadening: half width of a line, from 1e-100 to 1e100, in units of energy.
        state: to start from, an eigenstate of the sector; the ground state by default.
        num_steps: of the recursion at most, for each part.

    Raises:
        InputError: if an argument breaks its rule, or `state` is no eigenstate to 1e-5.
        ConvergenceError: if the ground state does not converge.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    grid = real_numbers_of(frequencies, "frequencies")
    if grid.ndim != 1 or not grid.size:
        raise InputError(f"frequencies must have shape (num_frequencies,), got {grid.shape}")
    if not np.all(np.abs(grid) <= _FARTHEST):
        raise InputError(f"frequencies must be numbers of at most {_FARTHEST:g} in magnitude, got {shown(frequencies)}")
    width = check_number(
        broadening, "broadening", kind="a number from 1e-100 to 1e100", accept=lambda x: 1e-100 <= x <= 1e100
    )
    steps = check_integer(num_steps, "num_steps", 1)
    vector = _orbital_vector(orbital, hamiltonian.norb)
    sector, simulator = FermionSector(hamiltonian.norb, nelec), FermionSimulator()
    if state is None:
        energies, states = lowest_states(hamiltonian, nelec)
        energy, ket = float(energies[0]), states[0]
    else:
        energy, ket = _eigenstate(simulator, hamiltonian, sector, sector.checked(state, "state"))
    parts = [
        _part(simulator, hamiltonian, sector, ket, vector, spin, create, energy, grid, width, steps)
        for create in (False, True)
    ]
    return SpectralFunction(
        frequencies=grid,
        removal=parts[0].values,
        addition=parts[1].values,
        removal_poles=parts[0].poles,
        addition_poles=parts[1].poles,
        broadening=width,
        weights=(parts[0].weight, parts[1].weight),
        change=max(part.change for part in parts),
        energy=energy,
        num_steps=(parts[0].steps, parts[1].steps),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    values: FloatArray
    poles: FloatArray
    weight: float
    change: float
    steps: int


def _part(
    simulator: FermionSimulator,
    hamiltonian: ElectronicHamiltonian,
    sector: FermionSector,
    ket: NDArray[Any],
    vector: NDArray[Any],
    spin: str,
    create: bool,
    energy: float,
    grid: FloatArray,
    width: float,
    steps: int,
) -> _Part:
    full, empty = _limits(sector, spin)
    nothing = _Part(np.zeros(grid.size), np.zeros((0, 2)), 0.0, 0.0, 0)
    if full if create else empty:
        return nothing
    coefficients = vector.conj() if create else vector
    target, start = changed_by_one(sector, ket, coefficients, spin, create)
    weight = float(np.vdot(start, start).real)
    if weight < _EMPTY:
        return nothing
    space = tridiagonal(lambda state: simulator.apply(hamiltonian, target, state), start, steps)
    sign = 1.0 if create else -1.0
    found = []
    for count in (len(space.diagonal), max(len(space.diagonal) - 10, 1)):
        shorter = type(space)(space.norm, space.diagonal[:count], space.beside[:count])
        values, vectors = shorter.eigen()
        poles = np.stack([sign * (values - energy), weight * vectors[0] ** 2], axis=1)
        lines = width / np.pi / ((grid[:, None] - poles[:, 0]) ** 2 + width**2)
        found.append((poles, lines @ poles[:, 1]))
    change = 0.0 if space.is_closed else float(np.abs(found[0][1] - found[1][1]).max())
    return _Part(found[0][1], found[0][0], weight, change, len(space.diagonal))


def _limits(sector: FermionSector, spin: str) -> tuple[bool, bool]:
    count = sector.nelec[SPINS.index(require_choice("spin", spin, SPINS))]
    return count == sector.norb, count == 0


def _orbital_vector(orbital: int | ArrayLike, norb: int) -> NDArray[Any]:
    if orbital is None or isinstance(orbital, str | int | np.integer):
        vector = np.zeros(norb)
        vector[check_integer(orbital, "orbital", 0, norb - 1)] = 1.0
        return vector
    given = numbers_of(orbital, "orbital")
    if given.shape != (norb,):
        raise InputError(f"orbital is a number or coefficients of shape ({norb},), got shape {given.shape}")
    if not np.isfinite(given).all():
        raise InputError("coefficients of an orbital must be finite, got one that is not")
    return given


def _eigenstate(
    simulator: FermionSimulator, hamiltonian: ElectronicHamiltonian, sector: FermionSector, given: NDArray[Any]
) -> tuple[float, NDArray[Any]]:
    norm = np.linalg.norm(given)
    if not norm > 0:
        raise InputError("state must not be zero")
    ket = given / norm
    image = simulator.apply(hamiltonian, sector, ket)
    energy = float(np.vdot(ket, image).real)
    residual = float(np.linalg.norm(image - energy * ket))
    if residual > 1e-5:
        raise InputError(f"state must be an eigenstate, but |Hψ − Eψ| is {residual:.2g} at E = {energy:.8g}")
    return energy, ket
