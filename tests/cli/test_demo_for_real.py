"""The main job as a user runs it: the numbers against the exact ones, and the page in a browser."""

import json
import os
import subprocess
import sys

import pytest
from browser import NAMES, find_browser, run_browser

pytestmark = pytest.mark.slow

IMAGES_LOADED = """<script>
addEventListener("load", () => {
  const widths = [...document.images].map(image => image.complete ? image.naturalWidth : 0);
  document.body.dataset.images = widths.join(" ");
});
</script></head>"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    page = tmp_path_factory.mktemp("demo") / "report.html"
    command = [sys.executable, "-m", "qtoolkit", "demo", "--json", "--output", str(page)]
    # Beside other tests on the same cores, threads that wait for each other after every gate are slower than one.
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, env=environment)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["missing"] == []
    rows = {row["quantity"]: row for section in data["sections"] for row in section["rows"]}
    return page, rows


def row(demo, start):
    (found,) = [row for quantity, row in demo[1].items() if quantity.startswith(start)]
    return found


def test_finance_has_the_exact_optimum_and_comes_near_it(demo):
    for form in ("ring XY", "complete XY", "penalty"):
        best, mean = row(demo, f"QAOA {form}, best"), row(demo, f"QAOA {form}, mean")
        assert best["exact"] == pytest.approx(-2.33555e-3, abs=5e-9)
        assert best["gap"] + 1e-12 >= 0
        assert best["gap"] < 2e-4
        assert best["gap"] < mean["gap"] < row(demo, "Choices drawn blindly")["gap"]
    for form in ("ring XY", "complete XY"):
        best = row(demo, f"QAOA {form}, best")
        assert best["data"]["assets"] == ["AAPL", "BBY", "JNJ", "MSFT", "UNH"]
        assert best["data"]["feasible_probability"] == pytest.approx(1, abs=1e-5)
        assert best["data"]["probability_of_optimum"] > 20 * best["data"]["random_probability_of_optimum"]


def test_chemistry_is_chemically_accurate(demo):
    hydrogen, lithium_hydride = row(demo, "H₂"), row(demo, "LiH at 1.595")
    assert hydrogen["value"] == pytest.approx(-1.137306, abs=5e-7)
    assert lithium_hydride["exact"] == pytest.approx(-7.882402, abs=5e-7)
    assert 0 <= lithium_hydride["gap"] < 1e-4
    (worst,) = [row for row in demo[1].values() if "distances" in row["data"]]
    assert 0 <= worst["gap"] < 1.6e-3


def test_error_correction_agrees_with_its_exact_values(demo):
    for name in ("Surface code d=3, 2 rounds", "Repetition code"):
        sampled = row(demo, name)
        low, high = sampled["confidence_interval"]
        assert low <= sampled["value"] <= high
        # 95 % intervals miss one time in twenty: three times their width misses once in a hundred million.
        assert abs(sampled["gap"]) < 3 * (high - low) / 2
    small, large = row(demo, "Surface code d=3, per round"), row(demo, "Surface code d=5, per round")
    assert large["confidence_interval"][1] < small["confidence_interval"][0]
    assert row(demo, "The same, Pauli-twirled")["gap"] < 0


@pytest.mark.skipif(find_browser() is None, reason=f"needs one of {', '.join(NAMES)} on the path")
def test_the_page_shows_tables_and_pictures(demo, tmp_path):
    page, rows = demo
    text = page.read_text("utf-8")
    copy = tmp_path / "copy.html"
    policy = text[text.index("<meta http-equiv") : text.index("<title>")]
    copy.write_text(text.replace(policy, "").replace("</head>", IMAGES_LOADED), "utf-8")
    dom = run_browser(find_browser(), tmp_path / "profile", copy, "--virtual-time-budget=5000", "--dump-dom")
    widths = [int(width) for width in dom.split('data-images="')[1].split('"')[0].split()]
    assert len(widths) == 6
    assert min(widths) > 100
    assert dom.count('<table class="results">') == 4
    for found in rows.values():
        for shown in found["shown"].values():
            assert dom.count(shown) + dom.count(shown.replace("\xa0", "&nbsp;")) >= 2, shown
