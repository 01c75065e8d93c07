"""What a command printed, and what it says of the files that it wrote."""

import json

import pytest

from qtoolkit.cli.publication import Publication, publish
from qtoolkit.errors import OutputError
from qtoolkit.report import Report


def page() -> Report:
    return Report(title="t", summary="s", sections=(), seed=None)


def test_a_page_that_is_written_is_named_where_the_figure_fails(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("qtoolkit.report.render", lambda report: report.title)
    found = Publication(data={"n": 1}, tables=lambda width: [], evidence=[], page=page, plot=lambda: "<svg/>")
    with pytest.raises(OutputError):
        publish(found, tmp_path / "a.html", True, tmp_path / "absent" / "a.svg")
    told = json.loads(capsys.readouterr().out)
    assert told == {"n": 1, "report": str(tmp_path / "a.html"), "plot": None}
    assert (tmp_path / "a.html").read_text("utf-8") == "t"
