"""States of fermions beside PySCF: energies and gradients of UCCSD, in units of one product of H with a vector.

    python benchmarks/chemistry.py             chains of 4 to 12 hydrogen atoms, half a minute
    python benchmarks/chemistry.py --quick     up to 6 atoms, some seconds
    python benchmarks/chemistry.py --threads 1     processor's seconds, which other work hardly changes

The rival is `pyscf.fci.direct_spin1.contract_2e`, one H|ψ⟩ in the same space and with as many threads, which any solver
by iterations does once in each; the goal for an energy with its gradient by all amplitudes is 5 of them. "rotations" is
the program there and back, twice the second time, without H; "gradient" is everything. Runs of both alternate, and the
ratio is the median of those of neighbours. OpenMP's threads wait passively: on a machine that is not idle they would
else take a hundred times as long as their work for small molecules. Both find the same energy, or the script ends.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.chemistry import single_and_double_excitations
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import ExcitationRotation, FermionProgram, FermionSimulator, LinearAngle
from qtoolkit.simulators.fermion.actions import actions_of
from qtoolkit_kernels.team import Team

SPACING = 1.0
"""Å between two atoms."""

GOAL = 5.0
"""Products of H with a vector that an energy with its gradient may take."""

REPEATS, LEAST_SECONDS = 7, 0.02


@dataclass(frozen=True, eq=False)
class Chain:
    """Hydrogen atoms in a row, in a minimal basis and the orbitals of Hartree–Fock.

    Attributes:
        norb, nelec: orbitals, and alpha and beta electrons.
        one_body, two_body: integrals in chemists' notation.
    """

    norb: int
    nelec: tuple[int, int]
    one_body: NDArray[np.float64]
    two_body: NDArray[np.float64]

    @classmethod
    def of(cls, num_atoms: int) -> Chain:
        """So many atoms, an even number."""
        from pyscf import ao2mo, gto, scf

        molecule = gto.M(atom=[("H", (0.0, 0.0, SPACING * k)) for k in range(num_atoms)], basis="sto-3g", verbose=0)
        mean_field = scf.RHF(molecule).run()
        orbitals = mean_field.mo_coeff
        one_body = orbitals.T @ mean_field.get_hcore() @ orbitals
        two_body = ao2mo.restore(1, ao2mo.kernel(molecule, orbitals), num_atoms)
        return cls(num_atoms, (num_atoms // 2,) * 2, one_body, two_body)

    def product(self) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """H|ψ⟩ by PySCF."""
        from pyscf.fci import cistring, direct_spin1

        links = (cistring.gen_linkstr_index_trilidx(range(self.norb), self.nelec[0]),) * 2
        absorbed = direct_spin1.absorb_h1e(self.one_body, self.two_body, self.norb, self.nelec, 0.5)
        return lambda state: direct_spin1.contract_2e(absorbed, state, self.norb, self.nelec, links)


def seconds(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """Of one call, from as many as take long enough to be timed."""
    count = 1
    while True:
        start = clock()
        for _ in range(count):
            call()
        elapsed = clock() - start
        if elapsed > LEAST_SECONDS:
            return elapsed / count
        count *= 4


def compared(ours: Callable[[], object], rival: Callable[[], object], num_threads: int) -> tuple[float, float, float]:
    """The shortest seconds of both, and the median of the ratios."""
    clock = time.process_time if num_threads == 1 else time.perf_counter
    pairs = [(seconds(ours, clock), seconds(rival, clock)) for _ in range(REPEATS)]
    own, others = zip(*pairs, strict=True)
    return min(own), min(others), float(np.median([one / other for one, other in pairs]))


def measure(num_atoms: int, num_threads: int) -> list[str]:
    """A row of the table."""
    chain = Chain.of(num_atoms)
    excitations = single_and_double_excitations(chain.norb, chain.nelec)
    operations = [ExcitationRotation(x, LinearAngle.parameter(k)) for k, x in enumerate(excitations)]
    program = FermionProgram(chain.norb, chain.nelec, operations)
    parameters = np.random.default_rng(1).normal(size=len(operations)) / 50
    start = time.perf_counter()
    actions = actions_of(program, Team(num_threads))
    preparation = time.perf_counter() - start
    simulator, hamiltonian = FermionSimulator(num_threads), ElectronicHamiltonian(chain.one_body, chain.two_body)
    state, product = simulator.state(program, parameters), chain.product()
    energy, gradient = simulator.gradient(program, hamiltonian, parameters)
    expected = np.vdot(state, product(state))
    if abs(energy - expected) > 1e-9:
        raise SystemExit(f"H{num_atoms}: {energy} is not PySCF's {expected}")
    ket, bra = state.copy(), state.copy()

    def rotations() -> None:
        for action in actions:
            action.forward(parameters, ket)
        for action in reversed(actions):
            action.backward(parameters, ket, bra, gradient)

    turned, other, turned_ratio = compared(rotations, lambda: product(state), num_threads)
    whole, _, ratio = compared(
        lambda: simulator.gradient(program, hamiltonian, parameters), lambda: product(state), num_threads
    )
    shape = "x".join(map(str, program.sector.shape))
    cells = [f"H{num_atoms}", shape, str(len(operations)), _time(preparation), _time(other), _time(turned)]
    return [*cells, f"{turned_ratio:.2f}", _time(whole), f"{ratio:.2f}", "met" if ratio <= GOAL else "missed"]


def _time(value: float) -> str:
    return f"{value * 1e6:.3g} us" if value < 1e-3 else f"{value * 1e3:.3g} ms" if value < 1.0 else f"{value:.3g} s"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="up to 6 atoms")
    parser.add_argument("--threads", type=int, default=2, help="of both; 2 by default")
    options = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before OpenMP is loaded
    from pyscf import lib

    lib.num_threads(options.threads)
    heads = ["chain", "sector", "excitations", "prepared", "H|psi>", "rotations", "ratio", "gradient", "ratio"]
    widths = [5, 9, 11, 9, 9, 9, 7, 9, 7, 11]
    sizes = range(4, 8 if options.quick else 13, 2)
    for row in itertools.chain([[*heads, f"goal <= {GOAL:g}"]], (measure(n, options.threads) for n in sizes)):
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)


if __name__ == "__main__":
    main()
