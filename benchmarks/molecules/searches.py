"""UCCSD searched for its minimum, beside Lightning and Qiskit Nature."""

from __future__ import annotations

import time
from typing import Any

from molecules.contest import Bench, Goal, Table, check_equal, duration
from molecules.descent import descend
from molecules.job import Job
from molecules.problems import integrals_of, uccsd_case
from qtoolkit.applications.chemistry import UCCSD, ground_state
from qtoolkit.simulators.fermion import FermionSimulator

__all__ = ["measure_ground_states", "measure_searches"]

PROBLEMS = ("LiH", "H6", "BeH2", "H2O", "H8", "N2 (10e,8o)", "N2 (10e,10o)")
FEW = ("LiH", "H6")
SMALL = ("H2",)
"""For Qiskit Nature, which takes minutes for one gradient of H4, on 8 qubits, and on 12 for one energy of LiH."""

PRECISION = 1e-8
"""Hartree above the minimum where a search ends."""

GOAL, SECONDS = Goal(20.0), 1.5
"""Lightning's time over ours; and what "around a second" is held to."""

HEADS = ("molecule", "qubits", "amplitudes", "evaluations", "rival", "its time", "qtoolkit", "ratio", "goal", "what")


def measure_searches(bench: Bench) -> None:
    """To 1e-8 hartree of the minimum, from zeros, by one L-BFGS-B; the goal is 20 times Lightning's speed."""
    with bench.table("UCCSD to 1e-8 hartree of its minimum", HEADS) as table:
        for rival, names in (("lightning", FEW if bench.quick else PROBLEMS), ("qiskit_nature", SMALL)):
            for name in names:
                with bench.attempt(table, f"{name} by {rival}"):
                    _search(bench, table, name, rival)


def _search(bench: Bench, table: Table, name: str, rival: str) -> None:
    integrals = integrals_of(name)
    ansatz, simulator = UCCSD(integrals.norb, integrals.nelec), FermionSimulator(bench.threads)
    start = [0.0] * ansatz.num_parameters

    def evaluate(parameters: Any) -> tuple[float, Any]:
        return simulator.gradient(ansatz.program, integrals.hamiltonian, parameters)

    target = descend(evaluate, start).energy + PRECISION
    ours = descend(evaluate, start, target)
    case = {**uccsd_case(name), "target": target}
    size = (name, str(ansatz.num_qubits), str(ansatz.num_parameters), str(ours.num_evaluations), rival)
    gradient = Job(lambda: evaluate(case["parameters"]), lambda pair: [pair[0], *pair[1]])
    one = bench.prepare(rival, "gradient", case)
    check_equal(rival, gradient.figures(gradient.run()), one["figures"], PRECISION)
    goal = GOAL if rival == "lightning" else Goal(0.0)
    if one["passed"] * ours.num_evaluations > bench.limit:
        found, what = bench.against(gradient, rival, "gradient", case), "one energy and gradient"
    else:
        whole = Job(lambda: descend(evaluate, start, target), lambda found: [found.energy])
        found, what = bench.against(whole, rival, "descent", case), "the search"
    table.row(*size, duration(found.rival), duration(found.own), goal.text(found.times_as_fast), what)


def measure_ground_states(bench: Bench) -> None:
    """`ground_state` as users call it, once warm: with exact energy, spin and convergence; around a second wanted."""
    heads = ("molecule", "qubits", "seconds that pass", "gap to exact / mHa", "goal")
    with bench.table("`ground_state` with all its evidence, from integrals, warm", heads) as table:
        for name in FEW:
            with bench.attempt(table, f"ground_state of {name}"):
                integrals = integrals_of(name)
                ground_state(integrals)
                start = time.perf_counter()
                found = ground_state(integrals)
                passed = time.perf_counter() - start
                verdict = "met" if passed <= SECONDS else "MISSED"
                cells = (name, str(found.num_qubits), duration(passed), f"{found.gap_millihartree:.4f}")
                table.row(*cells, f"<= {SECONDS:g} s: {verdict}")
