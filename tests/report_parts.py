"""A small report with everything a page can hold, letters that HTML must escape included."""

from qtoolkit.report import Figure, Report, Row, Section, Unit

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
