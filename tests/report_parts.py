"""A small report with everything a page can hold, letters that HTML must escape included."""

import numpy as np

from qtoolkit.algorithms.quadratic import QaoaSolver
from qtoolkit.applications.finance import Moments, PortfolioProblem, solve_portfolio
from qtoolkit.report import Figure, Report, Row, Section, Unit
from qtoolkit.report.portfolios import Evidence, PortfolioAnswer

HARTREE = Unit("Ha", 1.0, 6)
MILLIHARTREE = Unit("mHa", 1e3, 4)
PERCENT = Unit("%", 100.0, 3)

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60">'
    '<rect id="bar" width="120" height="60" fill="#0072B2"/></svg>'
)

ENERGY = Row("LiH, UCCSD", -7.882391, -7.882402, HARTREE, MILLIHARTREE, "29 evaluations", data={"num_qubits": 12})
SAMPLED = Row("Code d=3 <per round>", 0.01185, 0.011997, PERCENT, PERCENT, "1,000 shots", interval=(0.0116, 0.0121))
INEXACT = Row("Code d=5", 0.0028, None, PERCENT, PERCENT, "no exact value")

CHEMISTRY = Section(
    name="chemistry",
    title="Chemistry",
    question="Which energy is lowest?",
    rows=(ENERGY,),
    findings=("It is close.",),
    limits=("A small basis.",),
    figures=(Figure(SVG, "A blue bar.", "Blue bar"),),
    evidence={"Basis": "STO-3G"},
    wall_time=1.25,
)
CODES = Section(
    name="qec",
    title="Codes & <noise>",
    question="Do they help?",
    rows=(SAMPLED, INEXACT),
    units="per cent",
    figures=(Figure(SVG, "Another.", 'A "quoted" bar'),),
    wall_time=0.75,
)


def report(**changes) -> Report:
    parts = {
        "title": "A report",
        "summary": "Two sections.",
        "sections": (CHEMISTRY, CODES),
        "seed": 7,
        "environment": {"qtoolkit": "0.1.0"},
    }
    return Report(**{**parts, **changes})


def portfolio_answer() -> PortfolioAnswer:
    """A small portfolio with costs, and with names that tables must fold and HTML must escape."""
    names = ("Short", "A name of an asset that is much longer than any ticker", "<b>", "D", "E")
    rng = np.random.default_rng(3)
    loads = rng.normal(size=(5, 3)) * 0.01
    moments = Moments(rng.normal(size=5) * 1e-3, loads @ loads.T + 1e-4 * np.eye(5), names)
    problem = PortfolioProblem.from_moments(moments, risk_aversion=8.0, cardinality=(2, 3), cost=1e-4)
    result = solve_portfolio(problem, QaoaSolver(1, shots=64), seed=1)
    sectors = dict.fromkeys(names, "a sector with a name that does not fit into a third of a line")
    return PortfolioAnswer(problem, result, Evidence("a <i>test</i>", moments, sectors))
