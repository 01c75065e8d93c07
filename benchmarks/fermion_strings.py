"""What acts on strings of fermions, beside ffsim and PySCF.

    python benchmarks/fermion_strings.py                          up to 12 orbitals, half a minute
    python benchmarks/fermion_strings.py --large                  16 orbitals too, some minutes and 3 GiB
    python benchmarks/fermion_strings.py --python ffsim/bin/python    beside ffsim, from an environment of its own

Rows are orbital rotations by a random unitary matrix and diagonal Coulomb evolutions beside ffsim's, with the goal of
1.5 times its speed; H|ψ⟩ with random integrals beside PySCF's `contract_2e`; and the energy with its gradient of a
cluster Jastrow state (two rotations by all parameters of a unitary matrix, one evolution) in units of `contract_2e` on
a real state, of which it may take 10. States are complex but for H|ψ⟩. Everything runs on one thread, and seconds are
those of its processor, so that other work on the machine hardly matters.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

SPACES = [(8, (4, 4)), (12, (6, 6)), (16, (5, 5))]
RIVAL = """
import json, sys, time
import numpy as np, ffsim
from scipy.stats import unitary_group
for norb, nelec in json.load(sys.stdin):
    nelec = tuple(nelec)
    rng = np.random.default_rng(1)
    unitary, matrix = unitary_group.rvs(norb, random_state=rng), rng.normal(size=(norb, norb))
    size = ffsim.dim(norb, nelec)
    state = (rng.normal(size=size) + 1j * rng.normal(size=size)) / size**0.5
    matrix, found = matrix + matrix.T, []
    for call in (
        lambda s: ffsim.apply_orbital_rotation(s, unitary, norb, nelec, copy=False),
        lambda s: ffsim.apply_diag_coulomb_evolution(s, matrix, 1.0, norb, nelec, copy=False),
    ):
        best, end = float("inf"), time.process_time() + 1.0
        while time.process_time() < end:
            start = time.process_time()
            for _ in range(10 if norb < 10 else 1):
                state = call(state)
            best = min(best, (time.process_time() - start) / (10 if norb < 10 else 1))
        found.append(best)
    print(json.dumps(found), flush=True)
"""


def seconds(call: Callable[[], object], repeats: int = 1) -> float:
    """Of one call, the best of a second's; what takes longer is called once."""
    start = time.process_time()
    call()
    best = time.process_time() - start
    end = start + 1.0
    while time.process_time() < end:
        start = time.process_time()
        for _ in range(repeats):
            call()
        best = min(best, (time.process_time() - start) / repeats)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="16 orbitals too")
    parser.add_argument("--python", help="an interpreter that has ffsim")
    options = parser.parse_args()
    spaces = SPACES if options.large else SPACES[:-1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    if "OMP_NUM_THREADS" not in os.environ:
        # read when NumPy is loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    theirs: list[list[float]] = []
    if options.python:
        run = [options.python, "-c", RIVAL]
        answer = subprocess.run(
            run, input=json.dumps(spaces), env=environment, capture_output=True, text=True, check=True
        )
        theirs = [json.loads(line) for line in answer.stdout.splitlines()]
    print(f"{'space':<12}{'what':<22}{'ours':>14}{'rival':>15}{'ratio':>8}")
    for number, (norb, nelec) in enumerate(spaces):
        space = f"({nelec[0]}+{nelec[1]}, {norb})"
        rows = strings(norb, nelec)
        for name, own, other in zip(rows, rows.values(), [*(theirs[number] if theirs else [None, None])], strict=True):
            show(space, name, own, other)
        own, other, gradient = hamiltonian(norb, nelec)
        show(space, "H|ψ⟩", own, other)
        show(space, "Jastrow gradient", gradient, other)


def show(space: str, name: str, own: float, other: float | None) -> None:
    """One row; the ratio is the rival's time over ours."""
    rival, ratio = ("", "") if other is None else (f"{other * 1e3:.3f} ms", f"{other / own:.2f}")
    print(f"{space:<12}{name:<22}{own * 1e3:>11.3f} ms{rival:>15}{ratio:>8}", flush=True)


def strings(norb: int, nelec: tuple[int, int]) -> dict[str, float]:
    """Seconds of a rotation and of an evolution."""
    import numpy as np
    from scipy.linalg import logm
    from scipy.stats import unitary_group

    from qtoolkit.simulators.fermion import DiagonalCoulomb, FermionSector, LinearMatrix, OrbitalRotation
    from qtoolkit.simulators.fermion.coulomb_actions import CoulombAction
    from qtoolkit.simulators.fermion.orbital_actions import OrbitalAction

    rng, sector = np.random.default_rng(1), FermionSector(norb, nelec)
    generator, matrix = logm(unitary_group.rvs(norb, random_state=rng)), rng.normal(size=(norb, norb))
    generator, symmetric = (generator - generator.conj().T) / 2, LinearMatrix(matrix + matrix.T)
    state = (rng.normal(size=sector.shape) + 1j * rng.normal(size=sector.shape)) / sector.size**0.5
    actions = {
        "orbital rotation": OrbitalAction(sector, OrbitalRotation(LinearMatrix(generator))),
        "diagonal Coulomb": CoulombAction(sector, DiagonalCoulomb(symmetric, symmetric)),
    }
    none, repeats = np.zeros(0), 10 if norb < 10 else 1
    return {
        name: seconds(lambda action=action: action.forward(none, state), repeats) for name, action in actions.items()
    }


def hamiltonian(norb: int, nelec: tuple[int, int]) -> tuple[float, float, float]:
    """Seconds of H|ψ⟩, of PySCF's, and of the energy and gradient of a cluster Jastrow state."""
    import numpy as np
    from pyscf import ao2mo, lib
    from pyscf.fci import direct_spin1

    from qtoolkit.operators import ElectronicHamiltonian
    from qtoolkit.simulators.fermion import (
        DiagonalCoulomb,
        FermionProgram,
        FermionSimulator,
        LinearMatrix,
        OrbitalRotation,
    )

    lib.num_threads(1)
    rng = np.random.default_rng(2)
    one_body, packed = rng.normal(size=(norb, norb)), rng.normal(size=(norb * (norb + 1) // 2,) * 2)
    one_body = one_body + one_body.T
    two_body = ao2mo.restore(1, packed + packed.T, norb)
    given, simulator = ElectronicHamiltonian(one_body, two_body), FermionSimulator(1)
    basis = []
    for p in range(norb):
        for q in range(p + 1):
            for value in (1.0, 1j) if p > q else (0.5j,):
                matrix = np.zeros((norb, norb), complex)
                matrix[p, q] = value
                basis.append(matrix - matrix.conj().T)
    count = len(basis)
    generator = LinearMatrix(np.zeros((norb, norb)), tuple(range(count)), np.array(basis))
    diagonal = np.zeros((norb, norb, norb))
    diagonal[range(norb), range(norb), range(norb)] = 1.0
    jastrow = DiagonalCoulomb(opposite_spin=LinearMatrix(one_body, tuple(range(count, count + norb)), diagonal))
    turns = [OrbitalRotation(generator, inverse=True), jastrow, OrbitalRotation(generator)]
    program, parameters = FermionProgram(norb, nelec, turns), rng.normal(size=count + norb)
    state = rng.normal(size=program.sector.shape)
    links = direct_spin1._unpack(norb, nelec, None)
    merged = ao2mo.restore(4, direct_spin1.absorb_h1e(one_body, two_body, norb, nelec, 0.5), norb)
    ours = simulator.apply(given, program.sector, state)
    assert np.allclose(ours, direct_spin1.contract_2e(merged, state, norb, nelec, links), atol=1e-8)
    repeats = 10 if norb < 10 else 1
    return (
        seconds(lambda: simulator.apply(given, program.sector, state), repeats),
        seconds(lambda: direct_spin1.contract_2e(merged, state, norb, nelec, links), repeats),
        seconds(lambda: simulator.gradient(program, given, parameters), repeats),
    )


if __name__ == "__main__":
    main()
