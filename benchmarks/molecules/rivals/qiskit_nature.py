"""Qiskit Nature: UCC of the same excitations, with gradients by reversed simulation.

Its circuits are decomposed into gates first: undecomposed, each excitation is a matrix exponential in every run.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit_algorithms.gradients import ReverseEstimatorGradient
from qiskit_nature.second_q.circuit.library import UCC, HartreeFock
from qiskit_nature.second_q.mappers import JordanWignerMapper

from molecules.descent import descend
from molecules.job import Case, Job

__all__ = ["PACKAGE", "QUESTIONS"]

PACKAGE = "qiskit-nature"

_DECOMPOSITIONS = 3


def descent(case: Case, threads: int) -> Job:
    """The search from zeros to the target of the case."""
    evaluate = _evaluation(case)
    start = [0.0] * len(case["excitations"])
    return Job(lambda: descend(evaluate, start, case["target"]), lambda found: [found.energy])


def gradient(case: Case, threads: int) -> Job:
    """Energy and gradient at the parameters of the case."""
    evaluate = _evaluation(case)
    return Job(lambda: evaluate(case["parameters"]), lambda pair: [pair[0], *pair[1]])


def _evaluation(case: Case) -> Any:
    warnings.simplefilter("ignore")
    norb, nelec, mapper = case["norb"], tuple(case["nelec"]), JordanWignerMapper()
    excitations = [(tuple(annihilated), tuple(created)) for annihilated, created in case["excitations"]]
    reference = HartreeFock(norb, nelec, mapper)
    ansatz = UCC(norb, nelec, lambda **_: excitations, mapper, initial_state=reference)
    circuit = ansatz.decompose(reps=_DECOMPOSITIONS)
    operator = SparsePauliOp(case["strings"], case["coefficients"])
    estimator, gradients = StatevectorEstimator(), ReverseEstimatorGradient()

    def evaluate(parameters: Any) -> tuple[float, Any]:
        energy = estimator.run([(circuit, operator, parameters)]).result()[0].data.evs
        slopes = gradients.run([circuit], [operator], [parameters]).result().gradients[0]
        return float(energy), np.asarray(slopes)

    return evaluate


QUESTIONS = {"gradient": gradient, "descent": descent}
