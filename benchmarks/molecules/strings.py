"""Orbital rotations and Coulomb evolutions of fermions beside ffsim, and H|ψ⟩ beside PySCF and ffsim."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import expm

from molecules.contest import Bench, Goal, Table, duration
from molecules.job import Case, Job, fingerprint, random_state
from molecules.problems import hamiltonian_of, product_case, random_product_case
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearMatrix,
    OrbitalRotation,
)

__all__ = ["measure_evolutions", "measure_products", "own_product"]

SPACES = ((8, (4, 4)), (12, (6, 6)), (16, (5, 5)))
FEW, LARGE = SPACES[:1], (16, (8, 8))
MOLECULES = ("H6", "H8", "N2 (10e,8o)", "H10", "H12", "N2 (10e,16o)")
SMALL = ("H6", "N2 (10e,8o)")

LARGEST_SHARE, STATES = 0.8, 5
"""Of the free memory, what both sides may take, with two states each and what they are made of."""

GOAL, NONE = Goal(1.5), Goal(0.0)

HEADS = ("orbitals", "electrons", "determinants", "what", "rival", "its time", "qtoolkit", "ratio", "goal")


def measure_evolutions(bench: Bench) -> None:
    """Orbital rotations and diagonal Coulomb evolutions of a copy of a complex random state."""
    with bench.table("Orbital rotations and diagonal Coulomb evolutions", HEADS) as table:
        for norb, nelec in FEW if bench.quick else (*SPACES, LARGE) if bench.large else SPACES:
            needed = STATES * 16 * math.comb(norb, nelec[0]) * math.comb(norb, nelec[1])
            if needed > LARGEST_SHARE * _free_bytes():
                table.note(f"{norb} orbitals with {nelec} electrons left out: {needed / 2**30:.1f} GiB needed")
                continue
            for what in ("rotation", "coulomb"):
                with bench.attempt(table, f"{what} in {norb} orbitals"):
                    _evolution(bench, table, what, norb, nelec)


def _evolution(bench: Bench, table: Table, what: str, norb: int, nelec: tuple[int, int]) -> None:
    rng, sector = np.random.default_rng(norb), FermionSector(norb, nelec)
    case: dict[str, Any] = {"norb": norb, "nelec": nelec, "seed": 1}
    if what == "rotation":
        generator = rng.normal(size=(norb, norb)) + 1j * rng.normal(size=(norb, norb))
        generator -= generator.conj().T
        unitary = expm(generator)
        case |= {"unitary_re": unitary.real.tolist(), "unitary_im": unitary.imag.tolist()}
        program = FermionProgram(norb, nelec, [OrbitalRotation(LinearMatrix(generator))])
    else:
        matrix = rng.normal(size=(norb, norb))
        matrix += matrix.T
        case["matrix"] = matrix.tolist()
        both = LinearMatrix(matrix)
        # ffsim's is exp(-i t ...)
        program = FermionProgram(norb, nelec, [DiagonalCoulomb(both, both, inverse=True)])
    state, simulator = random_state(sector.shape, 1), FermionSimulator(bench.threads)
    job = Job(lambda: simulator.state(program, initial_state=state), fingerprint)
    found = bench.against(job, "ffsim", what, case)
    name = {"rotation": "orbital rotation", "coulomb": "diagonal Coulomb"}[what]
    size = (str(norb), "+".join(map(str, nelec)), " x ".join(map(str, sector.shape)))
    table.row(*size, name, "ffsim", duration(found.rival), duration(found.own), GOAL.text(found.times_as_fast))


def measure_products(bench: Bench) -> None:
    """H|ψ⟩ of a real random state, everything about H prepared before; no goal, solvers and gradients live on it."""
    heads = ("integrals", "determinants", "rival", "its time", "qtoolkit", "ratio", "goal")
    with bench.table("H|ψ⟩", heads) as table:
        for name in SMALL if bench.quick else MOLECULES:
            _product(bench, table, name, lambda name=name: product_case(name))
        for norb, nelec in FEW if bench.quick else SPACES:
            name = f"random ({sum(nelec)}e,{norb}o)"
            _product(bench, table, name, lambda norb=norb, nelec=nelec: random_product_case(norb, nelec))


def _product(bench: Bench, table: Table, name: str, make: Callable[[], Case]) -> None:
    for rival in ("pyscf", "ffsim"):
        with bench.attempt(table, f"H|ψ⟩ of {name} by {rival}"):
            case = make()
            found = bench.against(own_product(FermionSimulator(bench.threads), case), rival, "product", case)
            shape = " x ".join(map(str, FermionSector(case["norb"], case["nelec"]).shape))
            ratio = NONE.text(found.times_as_fast)
            table.row(name, shape, rival, duration(found.rival), duration(found.own), ratio)


def own_product(simulator: FermionSimulator, case: Case) -> Job:
    """H|ψ⟩ of a random real state."""
    hamiltonian, sector = hamiltonian_of(case), FermionSector(case["norb"], case["nelec"])
    state = random_state(sector.shape, case["seed"], True)
    return Job(lambda: simulator.apply(hamiltonian, sector, state), fingerprint)


def _free_bytes() -> float:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return 1024.0 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    except OSError:
        return 0.0
