import io
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from report_parts import report
from rich.console import Console

from qtoolkit.report import counts_data, counts_table, plain_table, report_data, results_table
from qtoolkit.report.counts import MAX_COUNTS


def printed(table, width=80) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def test_results_table_holds_every_number_in_80_columns():
    text = printed(results_table(report().sections))
    assert max(map(len, text.splitlines())) <= 80
    for section in report().sections:
        assert section.heading in text
        for row in section.rows:
            line = next(line for line in text.splitlines() if line.startswith(row.quantity))
            assert line.split(row.quantity)[1].split("  ")[-1].strip() == row.gap_text
            assert row.value_text in line
            assert row.exact_text in line
            assert f"\n  {row.evidence_text}" in text


def test_results_table_takes_text_as_it_is():
    """Square brackets are markup to rich, and names may hold them."""
    assert "Codes [bold]" in printed(results_table([replace(report().sections[0], title="Codes [bold]")]))
    assert "[bold]x[/bold]" in printed(plain_table(["name", "what"], [("a", "[bold]x[/bold]")]))


def test_long_text_wraps_within_the_width():
    text = printed(plain_table(["name", "what"], [("a", "word " * 40)]), width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert text.count("word") == 40


def test_report_data_is_json_with_numbers_in_base_units():
    data = json.loads(json.dumps(report_data(report(missing=("finance",))), allow_nan=False))
    assert data["seed"] == 7
    assert data["finished"] == ["chemistry", "qec"]
    assert data["missing"] == ["finance"]
    energy = data["sections"][0]["rows"][0]
    assert energy["value"] == -7.882391
    assert energy["gap"] == -7.882391 + 7.882402
    assert energy["data"] == {"num_qubits": 12}
    sampled, inexact = data["sections"][1]["rows"]
    assert sampled["confidence_interval"] == [0.0116, 0.0121]
    assert inexact["exact"] is inexact["gap"] is inexact["confidence_interval"] is None


@given(st.dictionaries(st.text("01", min_size=1, max_size=70), st.integers(1, 10**9), min_size=1, max_size=40))
def test_counts_table_is_sorted_complete_and_narrow(counts):
    text = printed(counts_table(counts))
    assert max(map(len, text.splitlines())) <= 80
    rows = [line for line in text.splitlines()[2:] if "%" in line]
    assert len(rows) == min(len(counts), MAX_COUNTS + 1)
    shown = [int(row.split("%")[0].split()[-2].replace(",", "")) for row in rows]
    assert sum(shown) == sum(counts.values())
    assert shown[:MAX_COUNTS] == sorted(counts.values(), reverse=True)[:MAX_COUNTS]


def test_bars_are_as_long_as_the_counts():
    lines = printed(counts_table({"00": 400, "11": 200, "01": 1})).splitlines()
    assert [line.count("█") for line in lines[2:]] == [24, 12, 0]
    assert lines[4].rstrip().endswith("▏")


def test_counts_as_data():
    assert counts_data({"0": 1, "1": 3}) == [
        {"bits": "1", "count": 3, "share": 0.75},
        {"bits": "0", "count": 1, "share": 0.25},
    ]
