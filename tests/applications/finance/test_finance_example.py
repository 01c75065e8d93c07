"""The example runs as a reader would run it."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "finance_portfolio.py"


@pytest.mark.slow
def test_the_portfolio_example_finds_the_optimum():
    pytest.importorskip("skfolio")
    run = subprocess.run(
        [sys.executable, str(EXAMPLE), "--fast"], capture_output=True, encoding="utf-8", check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert "Choose 3 of 10 stocks" in run.stdout
    assert "ring XY" in run.stdout
    assert run.stdout.count("0.0e+00") >= 2


@pytest.mark.slow
def test_the_example_of_prices_covers_what_is_known():
    script = EXAMPLE.with_name("finance_prices.py")
    run = subprocess.run(
        [sys.executable, str(script), "--fast"], capture_output=True, encoding="utf-8", check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert "by Black and Scholes 0.170627" in run.stdout
    assert [word for word in ("up-and-out", "12.9523", "value at risk") if word not in run.stdout] == []
