"""The benchmark of what acts on strings of fermions."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.mark.slow
def test_it_measures_and_finds_the_image_of_pyscf(capsys) -> None:
    pytest.importorskip("pyscf")
    path = Path(__file__).parents[2] / "benchmarks/fermion_strings.py"
    spec = importlib.util.spec_from_file_location("fermion_strings", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert set(module.strings(4, (2, 2))) == {"orbital rotation", "diagonal Coulomb"}
    own, other, _ = module.hamiltonian(4, (2, 2))
    module.show("(2+2, 4)", "H|ψ⟩", own, other)
    assert f"{other / own:.2f}" in capsys.readouterr().out
