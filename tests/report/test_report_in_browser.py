"""Opens a page in headless Chromium: what a reader's browser makes of it counts, not what we meant."""

import json
import re
from dataclasses import replace
from html import unescape

import pytest
from browser import NAMES, find_browser, run_browser
from matplotlib.image import imread
from report_parts import portfolio_answer, report

from qtoolkit.report import Figure, render
from qtoolkit.report.plots import convergence
from qtoolkit.report.portfolios import portfolio_page

BROWSER = find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"needs one of {', '.join(NAMES)} on the path")

# The page forbids scripts, and so the measuring one goes into a copy without that rule.
MEASURE = """
<script>
window.addEventListener("load", () => {
  const boxes = [...document.images].map(image => {
    const box = image.getBoundingClientRect();
    return {complete: image.complete, natural: image.naturalWidth, width: box.width, height: box.height};
  });
  const tables = [...document.querySelectorAll("table.results")].map(table => table.getBoundingClientRect().height);
  const overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const out = document.createElement("pre");
  out.id = "measured";
  out.textContent = JSON.stringify({boxes, tables, overflow});
  document.body.append(out);
});
</script>
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    chemistry, codes = report().sections
    drawn = Figure(convergence({"LiH": [1e-2, 1e-4]}, 1.6e-3), "Drawn by Matplotlib.", "Line plot")
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(report(sections=(chemistry, replace(codes, figures=(drawn,))))), "utf-8")
    return path


def test_tables_are_in_the_rendered_page(page, tmp_path):
    dom = run_browser(BROWSER, tmp_path, page, "--dump-dom")
    cells = [unescape(cell) for cell in re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", dom)]
    for section in report().sections:
        for row in section.rows:
            for text in (row.quantity, row.value_text, row.exact_text, row.gap_text):
                assert cells.count(text.replace("\xa0", " ")) + cells.count(text) >= 2, text
    assert dom.count("<img ") == 2


@pytest.mark.parametrize("width", [1200, 500])
def test_pictures_and_tables_have_a_size_and_the_page_fits(page, tmp_path, width):
    text = page.read_text("utf-8")
    copy = tmp_path / "measured.html"
    copy.write_text(re.sub(r"<meta http-equiv=[^>]*>", "", text).replace("</head>", f"{MEASURE}</head>"), "utf-8")
    dom = run_browser(
        BROWSER, tmp_path / "profile", copy, f"--window-size={width},1600", "--virtual-time-budget=5000", "--dump-dom"
    )
    measured = json.loads(unescape(re.search(r'<pre id="measured">(.*?)</pre>', dom)[1]))
    assert len(measured["boxes"]) == 2
    for box in measured["boxes"]:
        assert box["complete"]
        assert min(box["natural"], box["width"], box["height"]) > 50
    assert len(measured["tables"]) == 3
    assert min(measured["tables"]) > 50
    assert measured["overflow"] <= 0, "the page scrolls sideways"


def test_a_page_of_a_portfolio_fits_a_narrow_window(tmp_path):
    answer = portfolio_answer()
    copy = tmp_path / "measured.html"
    text = re.sub(r"<meta http-equiv=[^>]*>", "", render(portfolio_page(answer)))
    copy.write_text(text.replace("</head>", f"{MEASURE}</head>"), "utf-8")
    dom = run_browser(
        BROWSER, tmp_path / "profile", copy, "--window-size=500,1600", "--virtual-time-budget=5000", "--dump-dom"
    )
    measured = json.loads(unescape(re.search(r'<pre id="measured">(.*?)</pre>', dom)[1]))
    assert len(measured["boxes"]) == 4
    assert all(box["complete"] and min(box["natural"], box["width"], box["height"]) > 50 for box in measured["boxes"])
    assert measured["overflow"] <= 0, "the page scrolls sideways"


def test_the_page_as_published_paints_its_pictures(page, tmp_path):
    picture = tmp_path / "page.png"
    run_browser(BROWSER, tmp_path / "profile", page, f"--screenshot={picture}", "--window-size=1200,3000")
    pixels = (255 * imread(picture)[:, :, :3]).round().astype(int)
    bar = (pixels == [0x00, 0x72, 0xB2]).all(axis=2).sum()
    assert bar > 5000, "the blue bar of the first picture has 120 x 60 pixels or more"
