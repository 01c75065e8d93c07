"""Molecules that are asked about, and their numbers for other processes."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from molecules.job import Case
from qtoolkit.applications.chemistry import (
    LUCJ,
    UCCSD,
    ActiveSpace,
    Ansatz,
    MolecularIntegrals,
    Molecule,
    compute_integrals,
    diatomic,
    qubit_hamiltonian,
)
from qtoolkit.operators import ElectronicHamiltonian

__all__ = ["ansatz_for", "chain", "hamiltonian_of", "integrals_of", "product_case", "random_product_case", "uccsd_case"]


FloatArray = NDArray[np.float64]


def chain(num_atoms: int, spacing: float = 1.0) -> Molecule:
    """Hydrogen atoms in a row, in Å."""
    return Molecule([("H", (0.0, 0.0, spacing * k)) for k in range(num_atoms)])


def _water() -> Molecule:
    distance, half = 0.9584, math.radians(104.45) / 2
    x, z = distance * math.sin(half), distance * math.cos(half)
    return Molecule([("O", (0.0, 0.0, 0.0)), ("H", (x, 0.0, z)), ("H", (-x, 0.0, z))])


_PROBLEMS: dict[str, tuple[Molecule, ActiveSpace]] = {
    "H2": (diatomic("H", "H", 0.735), None),
    "H2 cc-pVDZ": (diatomic("H", "H", 0.735, basis="cc-pvdz"), None),
    "LiH": (diatomic("Li", "H", 1.595), None),
    "LiH frozen core": (diatomic("Li", "H", 1.595), "frozen_core"),
    "BeH2": (Molecule([("Be", (0.0, 0.0, 0.0)), ("H", (0.0, 0.0, 1.3264)), ("H", (0.0, 0.0, -1.3264))]), None),
    "H2O": (_water(), None),
    "N2 (10e,8o)": (diatomic("N", "N", 1.0977), "frozen_core"),
    "N2 (10e,10o)": (diatomic("N", "N", 1.0977, basis="6-31g"), (10, 10)),
    "N2 (10e,16o)": (diatomic("N", "N", 1.0977, basis="6-31g"), "frozen_core"),
} | {f"H{count}": (chain(count), None) for count in (4, 6, 8, 10, 12)}
"""In sto-3g where nothing else is said; chains of hydrogen have 1 Å between atoms."""


@cache
def integrals_of(name: str) -> MolecularIntegrals:
    """In Hartree–Fock orbitals."""
    return compute_integrals(*_PROBLEMS[name])


def ansatz_for(kind: str, name: str) -> tuple[Ansatz, FloatArray]:
    """``"lucj"`` or ``"uccsd"`` for a molecule, and parameters by coupled cluster or perturbation."""
    integrals = integrals_of(name)
    if kind == "lucj":
        local = LUCJ(integrals.norb, integrals.nelec)
        return local, local.initial_parameters(integrals)
    coupled = UCCSD(integrals.norb, integrals.nelec)
    return coupled, coupled.initial_parameters(integrals)


def product_case(name: str) -> Case:
    """H|ψ⟩ of a random state; of the two-body integrals (pq|rs) those with p ≥ q and r ≥ s, packed."""
    integrals = integrals_of(name)
    rows, columns = np.tril_indices(integrals.norb)
    packed = integrals.two_body_tensor[rows, columns][:, rows, columns]
    return _product_case(integrals.norb, integrals.nelec, integrals.one_body_tensor, packed)


def random_product_case(norb: int, nelec: tuple[int, int]) -> Case:
    """The same with random integrals, of which no symmetry makes any zero."""
    rng = np.random.default_rng(norb)
    one_body, packed = rng.normal(size=(norb, norb)), rng.normal(size=(norb * (norb + 1) // 2,) * 2)
    return _product_case(norb, nelec, one_body + one_body.T, packed + packed.T)


def _product_case(norb: int, nelec: tuple[int, int], one_body: FloatArray, packed: FloatArray) -> Case:
    return {"norb": norb, "nelec": nelec, "one_body": one_body.tolist(), "two_body": packed.tolist(), "seed": 1}


def hamiltonian_of(case: Case) -> ElectronicHamiltonian:
    """Of `product_case`, without nuclei."""
    place = np.zeros((case["norb"],) * 2, int)
    rows, columns = np.tril_indices(case["norb"])
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    two_body = np.array(case["two_body"])[place[:, :, None, None], place[None, None]]
    return ElectronicHamiltonian(np.array(case["one_body"]), two_body)


def uccsd_case(name: str) -> Case:
    """UCCSD with random amplitudes, and the Hamiltonian by Jordan–Wigner."""
    integrals = integrals_of(name)
    ansatz, terms = UCCSD(integrals.norb, integrals.nelec), qubit_hamiltonian(integrals).to_list()
    return {
        "norb": integrals.norb,
        "nelec": integrals.nelec,
        "excitations": [(excitation.annihilated, excitation.created) for excitation in ansatz.excitations],
        "strings": [letters for letters, _ in terms],
        "coefficients": [float(np.real(coefficient)) for _, coefficient in terms],
        "parameters": (np.random.default_rng(1).normal(size=ansatz.num_parameters) / 20).tolist(),
    }
