"""Weights of portfolios: what they must obey, and their exact optimum."""

from qtoolkit.applications.finance.portfolio.program import Tail, WeightGroup, WeightProgram
from qtoolkit.applications.finance.portfolio.weights import Weighing, choose_and_weigh, weigh

__all__ = [
    # the programme
    "WeightProgram",
    "WeightGroup",
    "Tail",
    # its optimum
    "weigh",
    "choose_and_weigh",
    "Weighing",
]
