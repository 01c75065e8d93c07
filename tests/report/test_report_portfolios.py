"""Pages and tables of portfolios, beyond what the commands' own tests see."""

import datetime
import io
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest
from report_parts import portfolio_answer
from rich.console import Console

from qtoolkit.errors import InputError
from qtoolkit.report import render
from qtoolkit.report.portfolios import PortfolioAnswer, figures, numbers, portfolio_page, portfolio_tables


@pytest.fixture(scope="module")
def answer():
    return portfolio_answer()


def printed(answer, width):
    console = Console(width=width, file=io.StringIO(), markup=False)
    for table in portfolio_tables(answer, width):
        console.print(table)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100])
def test_long_names_are_folded_and_not_cut(answer, width):
    text = printed(answer, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for asset in answer.assets:
        assert all(word in text for word in asset.split())


def test_a_page_escapes_names_and_tells_both_problems_apart(answer):
    page = render(portfolio_page(answer))
    assert "<b>" not in page
    assert "<i>" not in page
    assert "a &lt;i&gt;test&lt;/i&gt;" in page
    weights, selection = portfolio_page(answer).sections
    assert (weights.name, selection.name) == ("weights", "selection")
    objective = weights.rows[0]
    assert objective.value == answer.result.objective
    assert objective.exact == pytest.approx(answer.result.bound)
    assert objective.gap >= 0.0
    assert selection.rows[0].value == answer.result.selection_value
    assert selection.rows[0].exact == answer.result.selection_bound
    shown = {row.quantity: row.value for row in weights.rows if row.quantity.startswith("Weight of ")}
    assert sum(shown.values()) == pytest.approx(1.0)
    assert all(ElementTree.fromstring(figure.svg) is not None for figure in (*weights.figures, *selection.figures))


def test_parts_add_up_to_the_objective(answer):
    (_, gain, _), (_, risk, _), (_, cost, _) = answer.parts
    assert answer.result.objective == pytest.approx(8.0 * risk - gain + cost, rel=1e-12)


def test_a_result_of_another_problem_is_refused(answer):
    with pytest.raises(InputError, match="must be one of this problem"):
        PortfolioAnswer(answer.problem.replace(risk_aversion=9.0), answer.result, answer.evidence)


@pytest.mark.parametrize(
    ("values", "value", "text"),
    [
        ([-1.01646e-3, 2e-4], -1.01646e-3, "−1.01646e-3"),
        ([0.25, None], 0.25, "0.25000"),
        ([], 0.0, "0.00000"),
        ([123456.0], 123456.0, "1.23456e5"),
    ],
)
def test_numbers_share_a_power_of_ten(values, value, text):
    assert numbers.common_unit(values).text(value) == text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (0.0, "0"),
        (3.14e-9, "+3.1e-9"),
        (9.97e-11, "+1.0e-10"),
        (-2.5e-4, "−2.5e-4"),
        (0.98, "+9.8e-1"),
        (0.999, "+1.0"),
        (None, "0"),
        (4.0, "+4.0"),
    ],
)
def test_gaps_have_two_digits(gap, text):
    assert numbers.gap_unit(gap).text(gap or 0.0, signed=True) == text


def test_gaps_of_percentages_are_percentages():
    unit = numbers.gap_unit(4.1e-9, numbers.PERCENT)
    assert unit.text(4.1e-9) == "4.1e-7%"


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (None, "–"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.99999, ">99.9%"),
        (0.18834, "18.8%"),
        (6.45e-5, "0.00645%"),
        (3.2e-9, "3.2e-7%"),
    ],
)
def test_probabilities(probability, text):
    assert numbers.share(probability) == text


@pytest.mark.parametrize(
    ("days", "count", "name"),
    [(365, 252, "day"), (365, 365, "day"), (364, 53, "week"), (365, 13, "month"), (100, 3, "period"), (9, 1, "period")],
)
def test_periods_are_told_by_their_dates(days, count, name):
    first = datetime.date(2020, 1, 1)
    moments = SimpleNamespace(span=(first, first + datetime.timedelta(days)), num_periods=count)
    assert numbers.period_of(moments) == name
    assert numbers.period_of(SimpleNamespace(span=None, num_periods=None)) == "period"


DRAWINGS = {
    "weights": lambda: figures.weights(["A", "B"], {"ours": [0.4, 0.6], "optimum": [0.0, 1.0]}),
    "spread": lambda: figures.spread([-2e-3, -1e-3, 0.0], {"optimum": -2e-3, "mean": -1e-3}, "day"),
    "spread of one value": lambda: figures.spread([0.0, 0.0], {"optimum": 0.0}, "day"),
    "chances": lambda: figures.chances({"ours": 0.2, "blindly": 1e-5}, 100),
    "chances of none and all": lambda: figures.chances({"ours": 0.0, "blindly": 1.0}, 1),
    "plane": lambda: figures.risks_and_returns(
        (["A", "B", "C"], [1.0, 2.0, 2.0], [0.1, 0.2, 0.2]),
        {"with": ([1.0, 2.0], [0.1, 0.2])},
        {"optimum": (1.0, 0.1), "ours": (1.1, 0.1)},
        ("risk", "return"),
        ringed="optimum",
    ),
    "courses": lambda: figures.courses(
        np.arange("2020-01-01", 3, dtype="datetime64[D]"), {"ours": [1.0, 1.1, 0.9]}, "wealth", is_logarithmic=True
    ),
    "courses of steps": lambda: figures.courses(
        np.arange("2020-01", 9, dtype="datetime64[M]"), dict.fromkeys("abcde", np.zeros(9)), "turnover", has_steps=True
    ),
    "composition": lambda: figures.composition([0.1, 0.2], [{"A": 1.0}, {"A": 0.5, "B": 0.5}], ["A", "B"], "return"),
    "composition of many": lambda: figures.composition(
        [0.1], [{f"asset {k}": 0.05 for k in range(20)}], [f"asset {k}" for k in range(20)], "return"
    ),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_figure_is_svg_and_the_same_each_time(draw):
    svg = draw()
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert svg == draw()
