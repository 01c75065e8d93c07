"""Energies with their gradients, in units of one H|ψ⟩ by PySCF; and the memory that they take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from molecules.contest import Bench, Goal, Table, check_equal, duration
from molecules.job import Job
from molecules.problems import ansatz_for, integrals_of, product_case
from molecules.strings import own_product
from qtoolkit.simulators.fermion import FermionSimulator

__all__ = ["measure_gradients"]

CASES = (*(("uccsd", f"H{count}") for count in (4, 6, 8, 10, 12)), ("lucj", "N2 (10e,16o)"))
FEW = (("uccsd", "H4"), ("uccsd", "H6"), ("lucj", "N2 (10e,8o)"))

GOALS = {"uccsd": Goal(5.0, of_rival=True), "lucj": Goal(10.0, of_rival=True)}

STATES, MEBIBYTES = 4, 256
"""What a gradient may take."""

STEP = 1e-4
"""Of a difference that the gradient is checked by, whose square is its error."""

HEADS = ("ansatz", "molecule", "determinants", "parameters", "H|ψ⟩ by PySCF", "energy and gradient", "ratio", "goal")
MEMORY = ("memory / MiB", "one state / MiB", "goal")


def measure_gradients(bench: Bench) -> None:
    """All derivatives and the energy; PySCF's H|ψ⟩ is of a real state, as it has none of the complex ones of LUCJ."""
    with bench.table("An energy with its gradient, in products of H with a vector", (*HEADS, *MEMORY)) as table:
        for kind, name in FEW if bench.quick else CASES:
            with bench.attempt(table, f"gradient of {kind} for {name}"):
                _gradient(bench, table, kind, name)


def _gradient(bench: Bench, table: Table, kind: str, name: str) -> None:
    integrals, (ansatz, parameters) = integrals_of(name), ansatz_for(kind, name)
    program, sector, simulator = ansatz.program, ansatz.program.sector, FermionSimulator(bench.threads)

    def energy(at: np.ndarray) -> float:
        return simulator.expectation_value(program, integrals.hamiltonian, at)

    _, gradient = simulator.gradient(program, integrals.hamiltonian, parameters)
    direction = np.random.default_rng(1).normal(size=len(parameters)) / len(parameters) ** 0.5
    slope = (energy(parameters + STEP * direction) - energy(parameters - STEP * direction)) / (2 * STEP)
    check_equal("a difference of energies", [gradient @ direction], [slope], STEP)
    case = product_case(name)
    product = own_product(simulator, case)
    whole = Job(lambda: simulator.gradient(program, integrals.hamiltonian, parameters), product.figures)
    found = bench.against(whole, "pyscf", "product", case, answer=product)
    shape, goal = " x ".join(map(str, sector.shape)), GOALS[kind]
    cells = (kind.upper(), name, shape, str(ansatz.num_parameters), duration(found.rival), duration(found.own))
    table.row(*cells, goal.text(found.times_as_fast), *_memory(kind, name, bench.threads))


def _memory(kind: str, name: str, threads: int) -> tuple[str, str, str]:
    """Cells on what another process took."""
    command = [sys.executable, "-m", "molecules.memory", kind, name, str(threads)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        return "", "", (done.stderr.strip().splitlines() or ["?"])[-1][:100]
    taken, state = map(float, done.stdout.split())
    verdict = "met" if taken <= STATES * state + MEBIBYTES else "MISSED"
    return f"{taken:.0f}", f"{state:.3g}", f"<= {STATES} states + {MEBIBYTES}: {verdict}"
