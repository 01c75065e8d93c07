"""Excitation energies by the equation of motion of a ground state."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_integer
from qtoolkit._memory import reserved
from qtoolkit.applications.chemistry.ansaetze import single_and_double_excitations
from qtoolkit.applications.chemistry.energies.ground_state import GroundState
from qtoolkit.applications.chemistry.excited.excitation_images import excited, sector_state
from qtoolkit.applications.chemistry.excited.result import ExcitedStates, State, assembled
from qtoolkit.applications.chemistry.excited.spin_references import checked_spin, spin_of
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import FermionSimulator, SpinSquared

__all__ = ["qeom"]

_REAL = 1e-6
_LEAST_ENERGY = 1e-6


def qeom(ground: GroundState, count: int = 1, *, spin: float | None = None) -> ExcitedStates:
    """The lowest excited states by the quantum equation of motion.

    P. J. Ollitrault et al., Phys. Rev. Research 2, 043140 (2020), equations (4) to (7): excitation operators
    O† = Σ_μ X_μ E_μ − Y_μ E_μ† over single and double excitations E_μ from filled to empty orbitals, with matrices of
    double commutators [E_μ†, H, E_ν] in the ground state |ψ⟩. Energies are that of |ψ⟩ plus an excitation energy, and
    no upper bounds. States are O†|ψ⟩, normalised; ⟨S²⟩ and residuals are theirs.

    Args:
        ground: a ground state whose ansatz keeps the electrons.
        count: how many excited states.
        spin: S of the states, 0 for singlets, 1 for triplets; None takes any.

    Raises:
        InputError: if the ground state is of another kind, the electrons have no such spin, or there are not so many
            excited states.
        InsufficientMemoryError: if the excited states do not fit into free memory.
    """
    begin = time.perf_counter()
    check_instance(ground, GroundState, "ground must be a GroundState, as ground_state returns")
    count = require_integer("count", count, 1, 10_000)
    integrals = ground.integrals
    spin = checked_spin(spin, integrals)
    sector, state = sector_state(ground)
    excitations = single_and_double_excitations(integrals.norb, integrals.nelec)
    if not excitations:
        raise InputError(f"there are 0 such excited states, for no orbital is filled or none empty, got count={count}")
    size = 7 * len(excitations) * state.nbytes
    with reserved(size, f"{len(excitations)} excitations of a state", "choose a smaller active space"):
        vectors = _Images.of(ground, excitations)
        omegas, amplitudes = _solved(vectors)
        square = SpinSquared(sector)
        energies: list[float] = []
        states: list[State] = []
        for omega, (forward, backward) in zip(omegas, amplitudes, strict=True):
            found = (forward @ vectors.up - backward @ vectors.down).reshape(sector.shape)
            norm = float(np.linalg.norm(found))
            if norm < _REAL:
                continue
            found /= norm
            if spin is None or spin_of(square.expectation_value(found), integrals) == spin:
                energies.append(ground.energy + omega)
                states.append(found)
    if len(states) < count:
        raise InputError(f"there are {len(states)} such excited states, got count={count}")
    return assembled(
        "qEOM",
        integrals,
        states[:count],
        energies[:count],
        endings=[ground] * count,
        ground=ground,
        is_variational=False,
        has_ground=False,
        wall_time=time.perf_counter() - begin,
        seed=ground.seed,
    )


@dataclass(frozen=True, eq=False)
class _Images:
    """States as rows of shape (excitations, size): E_μψ, E_μ†ψ, H of both, and E_μHψ, E_μ†Hψ."""

    up: NDArray[Any]
    down: NDArray[Any]
    h_up: NDArray[Any]
    h_down: NDArray[Any]
    up_h: NDArray[Any]
    down_h: NDArray[Any]

    @classmethod
    def of(cls, ground: GroundState, excitations: Any) -> _Images:
        sector, state = sector_state(ground)
        simulator, hamiltonian = FermionSimulator(), ground.integrals.hamiltonian
        image = simulator.apply(hamiltonian, sector, state)

        def rows(of: State, adjoint: bool) -> NDArray[Any]:
            return np.array([excited(sector, each, of, adjoint=adjoint).ravel() for each in excitations])

        def applied(vectors: NDArray[Any]) -> NDArray[Any]:
            return np.array([simulator.apply(hamiltonian, sector, v.reshape(sector.shape)).ravel() for v in vectors])

        up, down = rows(state, False), rows(state, True)
        return cls(up, down, applied(up), applied(down), rows(image, False), rows(image, True))


def _solved(x: _Images) -> tuple[NDArray[np.float64], list[tuple[NDArray[Any], NDArray[Any]]]]:
    """Positive excitation energies, ascending, with X and Y of each.

    [A, B, C] = ABC + CBA − ½ (BAC + CAB + ACB + BCA), of which each product is an overlap of two of the images.
    """
    from scipy.linalg import eig

    def overlaps(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        found: NDArray[Any] = left.conj() @ right.T
        return found

    m = overlaps(x.up, x.h_up) + overlaps(x.down, x.h_down).T
    m -= 0.5 * (overlaps(x.up_h, x.up) + overlaps(x.down, x.down_h).T)
    m -= 0.5 * (overlaps(x.up, x.up_h) + overlaps(x.down_h, x.down).T)
    q = -overlaps(x.up, x.h_down) - overlaps(x.up, x.h_down).T
    q += 0.5 * (overlaps(x.up_h, x.down) + overlaps(x.up, x.down_h).T)
    q += 0.5 * (overlaps(x.up, x.down_h) + overlaps(x.up_h, x.down).T)
    v = overlaps(x.up, x.up) - overlaps(x.down, x.down).T
    w = -overlaps(x.up, x.down) + overlaps(x.up, x.down).T
    left = np.block([[m, q], [q.conj(), m.conj()]])
    right = np.block([[v, w], [-w.conj(), -v.conj()]])
    values, columns = eig(left, right)
    count = len(m)
    found = []
    for k in np.flatnonzero(np.isfinite(values)):
        omega, column = values[k], columns[:, k]
        if abs(omega.imag) > _REAL or omega.real < _LEAST_ENERGY:
            continue
        forward, backward = column[:count], column[count:]
        if not np.iscomplexobj(m):
            # a real problem has real solutions, times any phase
            phase = column[np.argmax(np.abs(column))]
            forward, backward = (forward / phase).real, (backward / phase).real
        found.append((float(omega.real), forward, backward))
    found.sort(key=lambda each: each[0])
    return np.array([each[0] for each in found]), [each[1:] for each in found]
