"""The example of a drug fragment runs, and refuses what it cannot write."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "chemistry_drug_fragment.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "160", "PYTHONUTF8": "1"},
    )


@pytest.mark.slow
def test_it_prints_a_table_and_saves_a_picture(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    pytest.importorskip("rdkit", reason="the smiles extra is not installed")
    picture = tmp_path / "curve.svg"
    done = run("--fast", "--output", str(picture))
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stdout.split())
    assert "18 qubits" in printed
    assert "physical qubits" in printed
    hartree_fock, by_vqe = (float(cell) for cell in re.findall(r"-\d\.\d\d", printed)[:2])
    assert hartree_fock == pytest.approx(-5.87, abs=0.1)
    assert by_vqe == pytest.approx(-4.65, abs=0.1)
    drawn = picture.read_text(encoding="utf-8")
    assert "<svg" in drawn
    assert "</svg>" in drawn


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "missing/curve.svg"], "folder of --output must exist"),
        (["--output", "curve.foo"], "must end in one of"),
        (["--seed", "-1"], "seed must be"),
    ],
)
def test_it_refuses_before_it_computes(tmp_path, arguments, said):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    pytest.importorskip("rdkit", reason="the smiles extra is not installed")
    if arguments[0] == "--output":
        arguments = ["--output", str(tmp_path / arguments[1])]
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
