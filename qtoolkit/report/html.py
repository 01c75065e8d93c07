"""The HTML page of a report: one file, no network, everything escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

from qtoolkit.report.model import Figure, Report, Row, Section
from qtoolkit.report.stylesheet import STYLESHEET

__all__ = ["render"]

_NO_NETWORK = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render(report: Report) -> str:
    """The page as a complete HTML document.

    Its Content-Security-Policy keeps a browser from loading anything that is not in the file.
    """
    head = (
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_NO_NETWORK}">\n'
        f"<title>{escape(report.title)}</title>\n<style>{STYLESHEET}</style>"
    )
    body = "\n".join(
        [
            _header(report),
            "<main>",
            _overview(report),
            *(_section(section) for section in report.sections),
            _provenance(report),
            "</main>",
        ]
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def _header(report: Report) -> str:
    links = "".join(f'<a href="#{escape(s.name)}">{escape(s.title)}</a>' for s in report.sections)
    return (
        f"<header>\n<h1>{escape(report.title)}</h1>\n<p>{escape(report.summary)}</p>\n"
        f'<nav aria-label="Sections">{links}<a href="#provenance">Evidence</a></nav>\n</header>'
    )


def _overview(report: Report) -> str:
    missing = ""
    if report.missing:
        names = escape(", ".join(report.missing))
        missing = f'<p class="note" role="note">Not finished, so not in this report: {names}.</p>\n'
    bodies = "".join(
        f'<tbody><tr><th class="group" colspan="5" scope="rowgroup">{escape(section.heading)}</th></tr>'
        f"{''.join(_row(row) for row in section.rows)}</tbody>"
        for section in report.sections
    )
    return (
        f'<section id="results" class="card">\n<h2>Results at a glance</h2>\n{missing}'
        f"{_results_table(bodies)}\n</section>"
    )


def _section(section: Section) -> str:
    findings = "".join(f"<p>{escape(text)}</p>" for text in section.findings)
    limits = "".join(f"<li>{escape(text)}</li>" for text in section.limits)
    parts = [
        f'<section id="{escape(section.name)}" class="card">',
        f"<h2>{escape(section.title)}</h2>",
        f'<p class="question">{escape(section.question)}</p>',
        _results_table(f"<tbody>{''.join(_row(row) for row in section.rows)}</tbody>"),
        f'<div class="prose">{findings}</div>' if findings else "",
        *(_figure(figure) for figure in section.figures),
        f'<h3>What this does not show</h3>\n<ul class="prose">{limits}</ul>' if limits else "",
        f"<h3>Evidence</h3>\n{_definitions(section.evidence)}" if section.evidence else "",
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _results_table(bodies: str) -> str:
    headings = "".join(
        f'<th scope="col"{kind}>{label}</th>'
        for label, kind in (
            ("Result", ""),
            ("qtoolkit", ' class="number"'),
            ("Exact", ' class="number"'),
            ("Gap", ' class="number"'),
            ("Evidence", ""),
        )
    )
    return f'<div class="scroll"><table class="results"><thead><tr>{headings}</tr></thead>{bodies}</table></div>'


def _row(row: Row) -> str:
    return (
        f'<tr><th scope="row">{escape(row.quantity)}</th>'
        f'<td class="number">{escape(row.value_text)}</td>'
        f'<td class="number">{escape(row.exact_text)}</td>'
        f'<td class="number gap">{escape(row.gap_text)}</td>'
        f'<td class="evidence">{escape(row.evidence_text)}</td></tr>'
    )


def _figure(figure: Figure) -> str:
    # As an image of its own, a figure's ids cannot meet those of another figure or of the page.
    data = base64.b64encode(figure.svg.encode()).decode()
    return (
        f'<figure><img alt="{escape(figure.alt)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )


def _provenance(report: Report) -> str:
    times = {section.title: f"{section.wall_time:.1f} s" for section in report.sections}
    entries: Mapping[str, str] = {
        **({} if report.seed is None else {"Seed": f"{report.seed}, from which every random choice derives"}),
        **report.environment,
        "Wall time": "; ".join(f"{title} {time}" for title, time in times.items()),
    }
    return (
        f'<section id="provenance" class="card">\n<h2>Evidence: where these numbers come from</h2>\n'
        f"{_definitions(entries)}\n</section>"
    )


def _definitions(entries: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in dict(entries).items())
    return f"<dl>{rows}</dl>"
