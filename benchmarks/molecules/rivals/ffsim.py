"""ffsim: orbital rotations, diagonal Coulomb evolutions, and its linear operator of a molecule."""

from __future__ import annotations

import ffsim
import numpy as np
from pyscf import ao2mo

from molecules.job import Case, Job, fingerprint, random_state

__all__ = ["PACKAGE", "QUESTIONS"]

PACKAGE = "ffsim"


def rotation(case: Case, threads: int) -> Job:
    """Of a copy of a random state, by a unitary matrix that is there already."""
    norb, nelec = case["norb"], tuple(case["nelec"])
    unitary, state = np.array(case["unitary_re"]) + 1j * np.array(case["unitary_im"]), _state(case)
    return Job(lambda: ffsim.apply_orbital_rotation(state, unitary, norb, nelec), fingerprint)


def coulomb(case: Case, threads: int) -> Job:
    """Of a copy of a random state, by one matrix for all spins."""
    norb, nelec = case["norb"], tuple(case["nelec"])
    matrix, state = np.array(case["matrix"]), _state(case)
    return Job(lambda: ffsim.apply_diag_coulomb_evolution(state, matrix, 1.0, norb, nelec), fingerprint)


def product(case: Case, threads: int) -> Job:
    """Of a random real state."""
    norb, nelec = case["norb"], tuple(case["nelec"])
    two_body = ao2mo.restore(1, np.array(case["two_body"]), norb)
    operator = ffsim.linear_operator(ffsim.MolecularHamiltonian(np.array(case["one_body"]), two_body), norb, nelec)
    state = random_state(ffsim.dims(norb, nelec), case["seed"], True).reshape(-1)
    return Job(lambda: operator @ state, fingerprint)


def _state(case: Case) -> np.ndarray:
    state: np.ndarray = random_state(ffsim.dims(case["norb"], tuple(case["nelec"])), case["seed"]).reshape(-1)
    return state


QUESTIONS = {"rotation": rotation, "coulomb": coulomb, "product": product}
