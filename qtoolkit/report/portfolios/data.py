"""Portfolios as JSON types, numbers in base units."""

from __future__ import annotations

import math
from typing import Any

from qtoolkit.algorithms.quadratic import ConstraintCheck, Solution
from qtoolkit.applications.finance import PortfolioProblem, Weighing
from qtoolkit.report.portfolios.answer import Evidence, PortfolioAnswer

__all__ = ["evidence_data", "portfolio_data", "problem_data"]


def portfolio_data(answer: PortfolioAnswer) -> dict[str, Any]:
    """A portfolio, its optimum and all evidence; what is unknown is null."""
    result, problem = answer.result, answer.problem
    return {
        "problem": problem_data(problem),
        "data": evidence_data(answer.evidence),
        "assets": None if result.assets is None else list(result.assets),
        "weights": dict(result.weights),
        "weighed": result.weighed,
        "objective": result.objective,
        "bound": result.bound,
        "gap": result.gap,
        "expected_return": result.expected_return,
        "risk": result.risk,
        "cost": result.cost,
        "is_feasible": result.is_feasible,
        "constraints": [_check(check) for check in result.feasibility],
        "exact": None if result.exact is None else _weighing(result.exact, problem),
        "selection": _solution(result.selection),
        "selections": [_solution(solution) for solution in result.selections],
        "num_unweighable": result.num_unweighable,
        "sectors": dict(answer.evidence.sectors),
        "wall_time": result.wall_time,
        "version": result.version,
    }


def problem_data(problem: PortfolioProblem) -> dict[str, Any]:
    """What is minimised, under which numbers."""
    tail, program = problem.tail, problem.program
    return {
        "fingerprint": problem.fingerprint,
        "asset_names": list(problem.asset_names),
        "cardinality": list(problem.cardinality),
        "objective": problem.objective,
        "risk_aversion": problem.risk_aversion,
        "risk": "variance" if tail is None else "conditional value at risk",
        "level": None if tail is None else tail.level,
        "budget": list(problem.budget),
        "max_turnover": finite(program.max_turnover),
        "current": _by_name(problem, program.current),
        "repairs": [repair.change for repair in problem.repairs],
    }


def evidence_data(evidence: Evidence) -> dict[str, Any]:
    """Where the numbers come from."""
    found = evidence.moments
    return {
        "source": evidence.source,
        "num_periods": found.num_periods,
        "period": evidence.period,
        "first": None if found.span is None else found.span[0].isoformat(),
        "last": None if found.span is None else found.span[1].isoformat(),
        "returns": found.return_kind,
        "means": found.mean_estimator,
        "covariance": found.covariance_estimator,
    }


def finite(value: float) -> float | None:
    """JSON has no infinity: none stands for no limit."""
    return value if math.isfinite(value) else None


def _check(check: ConstraintCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "value": float(check.value),
        "lower": finite(float(check.lower)),
        "upper": finite(float(check.upper)),
        "satisfied": bool(check.satisfied),
    }


def _weighing(found: Weighing, problem: PortfolioProblem) -> dict[str, Any]:
    return {
        "weights": {name: weight for name, weight in _by_name(problem, found.weights).items() if weight},
        "objective": found.objective,
        "expected_return": found.expected_return,
        "risk": found.risk,
        "cost": found.cost,
        "bound": finite(found.bound),
        "status": found.status,
        "solver": found.solver,
        "seconds": found.seconds,
    }


def _solution(found: Solution) -> dict[str, Any]:
    luck, bound = found.luck, found.bound
    return {
        "assets": None if found.bits is None else list(found.names),
        "value": found.value,
        "bound": None if bound.value is None else finite(bound.value),
        "bound_kind": bound.kind,
        "bound_solver": bound.solver,
        "gap": None if found.gap is None else finite(found.gap),
        "expected_value": found.expected_value,
        "approximation_ratio": found.approximation_ratio,
        "feasible_probability": found.feasible_probability,
        "probability_of_optimum": found.probability_of_optimum,
        "chance_of_optimum": found.chance_of_optimum,
        "times_luck": found.times_luck,
        "luck": None
        if luck is None
        else {
            "shots": luck.shots,
            "num_feasible": luck.num_feasible,
            "mean_value": luck.mean_value,
            "best_value_expected": luck.best_value_expected,
            "probability_of_optimum": luck.probability_of_optimum,
            "chance_of_optimum": luck.chance_of_optimum,
            "method": luck.method,
        },
        "unknown": found.unknown,
        "solver": found.solver,
        "setting": found.setting,
        "circuit": found.circuit,
        "evidence": found.evidence,
        "backend": found.backend_name,
        "shots": found.shots,
        "num_queries": found.num_queries,
        "seed": found.seed,
        "depth": found.depth,
        "two_qubit_count": found.two_qubit_count,
        "num_evaluations": found.num_evaluations,
        "converged": found.converged,
        "message": found.message,
        "schedule": None if found.schedule is None else [list(map(float, p)) for p in _angles(found)],
        "wall_time": found.wall_time,
        "problem_fingerprint": found.problem_fingerprint,
    }


def _angles(found: Solution) -> tuple[tuple[float, ...], tuple[float, ...]]:
    assert found.schedule is not None
    return found.schedule.gammas, found.schedule.betas


def _by_name(problem: PortfolioProblem, values: Any) -> dict[str, float]:
    return dict(zip(problem.asset_names, map(float, values), strict=True))
