"""Ctrl-C in a search of SCIP that is a part of longer work ends the work; a whole search keeps its best."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("pyscipopt")

# A shell starts background jobs with SIGINT ignored, and their children inherit that.
SEARCHES = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from qtoolkit.algorithms.quadratic import milp, ScipSolver

make_model = milp.scip_model

def telling(*arguments):
    print("searching", file=sys.stderr, flush=True)
    return make_model(*arguments)

milp.scip_model = telling
from qtoolkit.applications.finance import ExactPortfolio, MinimumVariance, PortfolioProblem, ReturnHistory
from qtoolkit.applications.finance import MultiPeriodProblem, efficient_frontier, solve_multi_period, solve_portfolio
from qtoolkit.applications.finance.portfolio import choose_and_weigh
from qtoolkit.applications.finance.portfolio.weights import weigh_picks

rng = np.random.default_rng(0)
size = 100
days = np.datetime64("2020-01-01") + np.arange(150)
factors = rng.normal(size=(150, 6)) @ rng.normal(size=(6, size))
history = ReturnHistory(days, [f"a{k}" for k in range(size)], 0.004 * factors + 0.01 * rng.normal(size=(150, size)))
none = np.zeros(size)
limits = {"cardinality": 12, "minimum_if_held": 0.04}
problem = PortfolioProblem.from_returns(history, risk_aversion=3.0, **limits)
square = rng.normal(size=(size, size)) / 100.0
plain = PortfolioProblem(none, square @ square.T, risk_aversion=1.0, cardinality=25)
lots = PortfolioProblem(none, square @ square.T, risk_aversion=1.0, lots=0.0123, budget=(0.9, 1.0))
work = {
    "frontier": lambda: efficient_frontier(problem, 5),
    "exact portfolio": lambda: ExactPortfolio(risk_aversion=3.0, **limits)(history, none),
    "minimum variance": lambda: MinimumVariance(minimum_if_held=0.05)(history, none),
    "selection": lambda: solve_portfolio(plain, "scip", seed=1),
    "bound of a selection": lambda: solve_portfolio(plain, "annealing", seed=1),
    "periods": lambda: solve_multi_period(MultiPeriodProblem([plain, plain])),
    "lots": lambda: weigh_picks(lots.program, range(size)),
    "whole choice": lambda: choose_and_weigh(problem.program).status,
    "whole solver": lambda: ScipSolver().solve(plain.selection()).interrupted,
}
for name in sys.argv[1:] or work:
    try:
        end = str(work[name]())
    except KeyboardInterrupt:
        end = "KeyboardInterrupt"
    print("end", name, end, sep="|", file=sys.stderr, flush=True)
"""


def started(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


@pytest.mark.slow
def test_ctrl_c_in_a_search_ends_what_it_is_a_part_of() -> None:
    process = started(SEARCHES)
    ends, searches = {}, 0
    assert process.stderr is not None
    for line in process.stderr:
        if line == "searching\n":
            searches += 1
            if searches == 1:
                time.sleep(0.3)  # the search takes many seconds, and its model a tenth of one
                process.send_signal(signal.SIGINT)
        elif line.startswith("end|"):
            _, name, end = line.strip().split("|")
            ends[name], searches = (end, searches), 0
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert out == ""  # SCIP says nothing of it
    wholes = {"whole choice": ("interrupted", 1), "whole solver": ("True", 1)}
    parts = ("frontier", "exact portfolio", "minimum variance", "selection", "bound of a selection", "periods", "lots")
    assert ends == dict.fromkeys(parts, ("KeyboardInterrupt", 1)) | wholes
