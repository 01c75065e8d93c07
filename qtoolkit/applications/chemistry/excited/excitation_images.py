"""Excitations as operators on states of a sector, without their adjoints."""

from __future__ import annotations

import numpy as np

from qtoolkit.applications.chemistry.energies.ground_state import GroundState
from qtoolkit.applications.chemistry.energies.model import program_of
from qtoolkit.applications.chemistry.excited.result import State
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator
from qtoolkit.simulators.fermion.pairs import StringPairs, passing_sign, string_pairs

__all__ = ["excited", "occupied", "sector_state"]


def sector_state(ground: GroundState) -> tuple[FermionSector, State]:
    """The state of a result in the sector of its electrons.

    Raises:
        InputError: if its ansatz does not keep the electrons.
    """
    program = program_of(ground.ansatz)
    if program is None:
        raise InputError(
            "the ansatz must keep the numbers of electrons, which a circuit of single-qubit turns does not"
        )
    return program.sector, FermionSimulator().state(program, ground.parameters)


def excited(sector: FermionSector, excitation: Excitation, state: State, *, adjoint: bool = False) -> State:
    """T|ψ⟩ of an excitation T, or T†|ψ⟩."""
    norb, parts = sector.norb, []
    for spin, strings in enumerate((sector.alpha_strings, sector.beta_strings)):
        created, annihilated = (
            tuple(mode % norb for mode in modes if mode // norb == spin)
            for modes in (excitation.created, excitation.annihilated)
        )
        parts.append(string_pairs(strings, created, annihilated) if created else _all(len(strings)))
    alpha, beta = parts
    source, target = np.ix_(alpha.source, beta.source), np.ix_(alpha.target, beta.target)
    if adjoint:
        source, target = target, source
    sign = passing_sign(excitation, norb, sector.nelec[0])
    image = np.zeros_like(state)
    image[target] = np.multiply.outer(sign * alpha.sign, beta.sign) * state[source]
    return image


def occupied(sector: FermionSector, mode: int, state: State) -> State:
    """a†_k a_k|ψ⟩ of a spin orbital; ``norb + p`` is orbital p beta."""
    if mode < sector.norb:
        found: State = sector.alpha_occupations[:, mode, None] * state
    else:
        found = state * sector.beta_occupations[:, mode - sector.norb]
    return found


def _all(length: int) -> StringPairs:
    return StringPairs(np.arange(length), np.arange(length), np.ones(length))
