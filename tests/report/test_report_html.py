import base64
from html.parser import HTMLParser

from report_parts import SVG, report

from qtoolkit.report import render

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Checks that tags nest, and collects cells, pictures and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.images: list[dict[str, str]] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.addresses += [given[name] for name in ("src", "href", "srcset", "action") if name in given]
        self.ids += [given["id"]] if "id" in given else []
        if tag == "img":
            self.images.append(given)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


def test_page_is_well_formed_and_needs_no_network():
    page = Page(render(report()))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in page.addresses)
    assert {address[1:] for address in page.addresses if address[0] == "#"} <= set(page.ids)


def test_style_sheet_loads_nothing():
    text = render(report())
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in text


def test_every_row_stands_in_the_overview_and_in_its_section():
    page = Page(render(report()))
    for section in report().sections:
        for row in section.rows:
            for text in (row.quantity, row.value_text, row.exact_text, row.gap_text, row.evidence_text):
                assert page.cells.count(text) >= 2, text


def test_text_is_escaped():
    text = render(report(title="<script>alert(1)</script>", summary='"&"'))
    assert "<script" not in text
    assert "<noise>" not in text
    assert "Codes &amp; &lt;noise&gt;" in text
    assert 'alt="A &quot;quoted&quot; bar"' in text


def test_pictures_are_in_the_file_and_described():
    images = Page(render(report())).images
    assert [image["alt"] for image in images] == ["Blue bar", 'A "quoted" bar']
    assert base64.b64decode(images[0]["src"].split(",")[1]).decode() == SVG


def test_prose_limits_evidence_and_wall_times_are_there():
    text = render(report())
    for part in ("It is close.", "A small basis.", "STO-3G", "Chemistry 1.2 s", "<dd>0.1.0</dd>", "7, from which"):
        assert part in text


def test_what_is_missing_is_said():
    assert "Not finished" not in render(report())
    assert "Not finished, so not in this report: finance, qec." in render(report(missing=("finance", "qec")))


def test_the_same_report_gives_the_same_page():
    assert render(report()) == render(report())
