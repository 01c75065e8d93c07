"""What each form of QAOA makes of a set of problems, with luck beside it: the defaults of `QaoaSolver` follow it.

    python benchmarks/quadratic_solvers.py            some minutes
    python benchmarks/quadratic_solvers.py --quick    some problems of each kind

For every kind of constraints and every form it prints, over all problems: the approximation ratio of a measured choice
and that of a random one, how much likelier than by luck the optimum is (the least and the median), how many problems
were won against luck in both, how many searches converged, and the median of seconds and of gates on two qubits.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator

import numpy as np

from qtoolkit.algorithms import approximation_ratio
from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    Group,
    QaoaSolver,
    QuadraticProblem,
    Solution,
    enumerate_choices,
)
from qtoolkit.applications.finance import load_sp500_returns
from qtoolkit.errors import InputError

FORMS = {
    "default": {},
    "complete": {"mixer": "complete"},
    "ring": {"mixer": "ring"},
    "transverse": {"mixer": "transverse"},
    "transverse, sufficient": {"mixer": "transverse", "penalty": "sufficient"},
    "transverse, uniform": {"mixer": "transverse", "initial_state": "uniform"},
    "Grover": {"mixer": "grover"},
    "default, all layers at once": {"schedule": "trained"},
    "default, ramp": {"schedule": "ramp"},
    "default, CVaR 0.2": {"cvar": 0.2},
    "Grover, warm": {"mixer": "grover", "initial_state": "warm"},
    "transverse, warm": {"mixer": "transverse", "initial_state": "warm"},
}


def objectives(quick: bool) -> Iterator[tuple[str, BinaryQuadratic]]:
    """Functions of 10 to 16 bits: windows of real returns, a market of few factors, and random ones."""
    returns = load_sp500_returns().to_frame()
    rng = np.random.default_rng(5)
    for size in (10, 12, 14, 16)[:: 3 if quick else 1]:
        first = int(rng.integers(len(returns) - 750))
        window = returns.iloc[first : first + 750, rng.permutation(20)[:size]]
        yield "S&P 500", BinaryQuadratic(0.5 * window.cov().to_numpy(), -window.mean().to_numpy())
        loadings = rng.normal(0.008, 0.004, size=(size, 4))
        covariance = loadings @ loadings.T + np.diag(rng.uniform(0.005, 0.02, size=size) ** 2)
        yield "factors", BinaryQuadratic(20.0 * covariance, -rng.normal(0.002, 0.003, size=size))
        yield "random", BinaryQuadratic(rng.normal(size=(size, size)), rng.normal(size=size))


def constraints(names: tuple[str, ...]) -> Iterator[tuple[str, Constraints]]:
    """Of every kind."""
    size = len(names)
    third = size // 3
    yield "none", Constraints(names)
    yield "number of ones", Constraints(names, cardinality=third)
    halves = {
        "a": Group(names[: size // 2], third // 2, third // 2),
        "b": Group(names[size // 2 :], third - third // 2, third - third // 2),
    }
    yield "groups", Constraints(names, groups=halves)
    yield (
        "group and free bits",
        Constraints(names, groups={"a": Group(names[: size // 2], third // 2 + 1, third // 2 + 1)}),
    )
    yield (
        "number and sector limit",
        Constraints(names, cardinality=third, groups={"a": Group(names[: size // 2], 0, max(third // 2, 1))}),
    )
    yield "range of ones", Constraints(names, cardinality=(2, third))
    limits = {"a": Group(names[:third], 0, 1), "b": Group(names[third : 2 * third], 1, 2)}
    yield "sector limits", Constraints(names, groups=limits)


def won(solution: Solution, random_ratio: float) -> bool:
    """Whether a measured choice is better than a random one, and the optimum likelier."""
    better = solution.approximation_ratio is not None and solution.approximation_ratio > random_ratio
    return better and (solution.times_luck or 0.0) > 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer problems")
    parser.add_argument("--layers", type=int, nargs="+", default=[3], help="numbers of layers")
    parser.add_argument("--forms", nargs="+", choices=list(FORMS), default=list(FORMS), help="which forms")
    given = parser.parse_args()
    found: dict[tuple[str, str, int], list[tuple[Solution, float]]] = {}
    for _, objective in objectives(given.quick):
        for kind, limits in constraints(objective.names):
            problem = QuadraticProblem(objective, limits)
            reference = enumerate_choices(problem)
            luck = approximation_ratio(reference.mean_value, reference.value, reference.worst_value)
            for form in given.forms:
                for layers in given.layers:
                    try:
                        solver = QaoaSolver(layers, **FORMS[form])
                        solution = solver.solve(problem, seed=1, enumeration=reference)
                    except InputError:
                        continue  # the form does not suit the constraints
                    found.setdefault((kind, form, layers), []).append((solution, luck))
    print(f"{'constraints':24} {'form':28} p  ratio  luck   times luck: least, median   won  converged  seconds  gates")
    for (kind, form, layers), pairs in sorted(found.items()):
        solutions = [solution for solution, _ in pairs]
        times = [solution.times_luck or 0.0 for solution in solutions]
        gates = [solution.two_qubit_count for solution in solutions if solution.two_qubit_count is not None]
        print(
            f"{kind:24} {form:28} {layers}  {statistics.mean(s.approximation_ratio or 0.0 for s in solutions):.3f}"
            f"  {statistics.mean(luck for _, luck in pairs):.3f}  {min(times):10.1f} {statistics.median(times):10.1f}"
            f"     {sum(won(*pair) for pair in pairs):2}/{len(pairs):2}"
            f"  {sum(solution.converged for solution in solutions):2}/{len(pairs):2}"
            f"  {statistics.median(solution.wall_time for solution in solutions):8.2f}"
            f"  {statistics.median(gates) if gates else 'none':>6}"
        )


if __name__ == "__main__":
    main()
