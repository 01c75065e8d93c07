import pytest
from report_parts import ENERGY, HARTREE, INEXACT, MILLIHARTREE, PERCENT, SAMPLED, report

from qtoolkit.errors import InputError
from qtoolkit.report import Row, Unit

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("unit", "value", "signed", "text"),
    [
        (HARTREE, -7.8823914, False, f"−7.882391{NBSP}Ha"),
        (MILLIHARTREE, 1.05e-5, True, f"+0.0105{NBSP}mHa"),
        (MILLIHARTREE, -2e-16, True, f"0.0000{NBSP}mHa"),
        (MILLIHARTREE, 6e-8, True, f"+0.0001{NBSP}mHa"),
        (PERCENT, 0.0118514, False, "1.185%"),
        (PERCENT, -0.000146, True, "−0.015%"),
        (Unit("e-3", 1e3, 5), -2.33555e-3, False, "−2.33555e-3"),
        (Unit("", 1.0, 0), 12.0, True, "+12"),
    ],
)
def test_numbers_show_their_unit_and_no_sign_of_zero(unit, value, signed, text):
    assert unit.text(value, signed=signed) == text


def test_a_row_says_value_exact_gap_and_evidence():
    assert ENERGY.gap == pytest.approx(1.1e-5)
    assert (ENERGY.value_text, ENERGY.exact_text) == (f"−7.882391{NBSP}Ha", f"−7.882402{NBSP}Ha")
    assert ENERGY.gap_text == f"+0.0110{NBSP}mHa"
    assert ENERGY.evidence_text == "29 evaluations"
    assert SAMPLED.evidence_text == "95%: 1.160–1.210%; 1,000 shots"


def test_a_row_without_exact_value_has_dashes():
    assert INEXACT.gap is None
    assert (INEXACT.exact_text, INEXACT.gap_text) == ("–", "–")


@pytest.mark.parametrize(
    "numbers", [{"value": float("nan")}, {"exact": float("inf")}, {"interval": (0.0, float("nan"))}]
)
def test_a_row_takes_finite_numbers_only(numbers):
    fields = {"quantity": "x", "value": 1.0, "exact": 1.0, "unit": PERCENT, "gap_unit": PERCENT, "evidence": ""}
    with pytest.raises(InputError, match=r"must be finite, got .* for 'x'"):
        Row(**{**fields, **numbers})


def test_a_report_adds_up_its_sections():
    assert report().wall_time == 2.0
    assert [section.heading for section in report().sections] == ["Chemistry", "Codes & <noise> (per cent)"]
