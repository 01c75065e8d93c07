"""`qtoolkit molecule`: energies, curves, excited states, geometries and resources, in all that they are told by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qtoolkit.applications import chemistry
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT

pytest.importorskip("pyscf")

H2 = "H 0 0 0; H 0 0 0.735"
LIH = "Li 0 0 0; H 0 0 1.595"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["molecule", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def data_of(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["molecule", *arguments]) == BAD_INPUT
    return capsys.readouterr().err


def test_a_geometry_alone_asks_for_its_energy() -> None:
    told = data_of(LIH)
    state = chemistry.ground_state(chemistry.diatomic("Li", "H", 1.595), use_symmetry=True)
    assert told["energy"] == pytest.approx(state.energy, abs=1e-9)
    assert told["certificate"]["exact_energy"] == pytest.approx(-7.882401932, abs=1e-8)
    assert 0 < told["certificate"]["gap"] < 5e-5
    assert told["certificate"]["spin_squared"] == pytest.approx(0.0, abs=1e-8)
    assert sum(told["natural_occupations"]) == pytest.approx(4.0)
    assert told["problem"]["formula"] == "LiH"
    assert (told["problem"]["norb"], told["problem"]["nelec"]) == (6, [2, 2])
    assert len(told["parameters"]) == state.num_parameters
    named = data_of("energy", LIH)
    assert named.keys() == told.keys()
    for key in ("method", "ansatz", "problem", "report", "plot"):
        assert named[key] == told[key]
    assert named["parameters"] == pytest.approx(told["parameters"], abs=1e-6)
    assert named["natural_occupations"] == pytest.approx(told["natural_occupations"], abs=1e-6)


def test_options_may_come_before_the_geometry() -> None:
    told = data_of("--basis", "cc-pvdz", "--method", "exact", H2)
    assert told["energy"] == pytest.approx(-1.163209558, abs=1e-8)
    assert told["method"] == "exact diagonalisation"


def test_methods_ansaetze_and_spaces_are_those_of_the_library() -> None:
    frozen = data_of(LIH, "--active", "frozen-core")
    assert frozen["certificate"]["exact_energy"] == pytest.approx(-7.882174506, abs=1e-8)
    assert data_of(LIH, "--active", "2,5")["problem"]["norb"] == 5
    grown = data_of(LIH, "--method", "adapt", "--threshold", "0.01")
    assert grown["method"] == "ADAPT VQE"
    assert 0 < grown["certificate"]["gap"] < 1.6e-3
    pairs = data_of(H2, "--ansatz", "pair-uccd")
    assert pairs["ansatz"] == "PairUCCD"
    triplet = data_of(H2, "--spin", "2", "--method", "exact")
    assert triplet["certificate"]["spin_squared"] == pytest.approx(2.0, abs=1e-6)
    assert data_of("H 0 0 0", "--method", "exact")["problem"]["spin"] == 1


def test_files_are_read(tmp_path: Path) -> None:
    xyz = tmp_path / "h2.xyz"
    xyz.write_text("2\n\nH 0 0 0\nH 0 0 0.735\n", encoding="utf-8")
    assert data_of(str(xyz))["energy"] == pytest.approx(-1.137306036, abs=1e-8)
    integrals = chemistry.compute_integrals(chemistry.diatomic("H", "H", 0.735))
    dump = tmp_path / "h2.fcidump"
    integrals.to_fcidump(dump)
    assert data_of(str(dump))["energy"] == pytest.approx(-1.137306036, abs=1e-8)


def test_smiles_become_conformers() -> None:
    pytest.importorskip("rdkit")
    told = data_of("smiles:O", "--method", "exact")
    assert sorted(symbol for symbol, *_ in told["problem"]["geometry"]) == ["H", "H", "O"]
    assert -75.02 < told["energy"] < -74.99


def test_the_table_fits_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in (
        (LIH,),
        ("excited", LIH, "--states", "3"),
        ("scan", "Li 0 0 0; H 0 0 {r}", "--range", "1.4,1.6,1.8"),
        ("optimise", "H 0 0 0; H 0 0 0.8"),
        ("resources", LIH),
    ):
        text = run(*arguments)
        assert max(map(len, text.splitlines())) <= 80
        assert "LiH" in text or "H2" in text


def test_pages_and_figures_are_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for name, arguments in (
        ("energy", (LIH,)),
        ("grown", (H2, "--method", "adapt")),
        ("exact", (H2, "--method", "exact", "--theme", "dark")),
        ("scan", ("scan", "H 0 0 0; H 0 0 {r}", "--range", "0.6,0.7,...,0.9")),
        ("excited", ("excited", H2, "--states", "2")),
        ("geometry", ("optimise", "H 0 0 0; H 0 0 0.8")),
    ):
        page, figure = tmp_path / f"{name}.html", tmp_path / f"{name}.svg"
        told = data_of(*arguments, "--report", str(page), "--plot", str(figure))
        assert (told["report"], told["plot"]) == (str(page), str(figure))
        assert "image/svg+xml" in page.read_text(encoding="utf-8")
        assert figure.read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_curves_find_their_minimum() -> None:
    told = data_of("scan", "Li 0 0 0; H 0 0 {r}", "--range", "1.5,1.55,1.6")
    assert [point["r"] for point in told["points"]] == [1.5, 1.55, 1.6]
    assert told["minimum"]["r"] == pytest.approx(1.5475, abs=3e-3)
    assert all(point["certificate"]["gap"] > 0 for point in told["points"])


def test_excited_states_have_spins() -> None:
    for method in ("qeom", "qse"):
        told = data_of("excited", LIH, "--states", "2", "--method", method, "--multiplicity", "triplet")
        assert told["states"][0]["certificate"]["exact_energy"] == pytest.approx(-7.766418475, abs=1e-8)
        assert told["states"][0]["spin"] == 1.0
    singlet = data_of("excited", LIH, "--states", "1", "--multiplicity", "singlet")["states"][0]
    assert singlet["certificate"]["exact_energy"] == pytest.approx(-7.749216187, abs=1e-8)


def test_geometries_end_where_forces_vanish(tmp_path: Path) -> None:
    file = tmp_path / "out.xyz"
    told = data_of("optimise", "Li 0 0 0; H 0 0 1.6", "--xyz", str(file))
    (_, *first), (_, *second) = told["geometry"]
    assert abs(second[2] - first[2]) == pytest.approx(1.54752, abs=2e-4)
    assert told["converged"]
    assert chemistry.Molecule.from_xyz(file).formula == "LiH"


def test_resources_are_those_of_the_library() -> None:
    from qtoolkit.applications.chemistry.resources import double_factorisation, double_factorised_cost

    told = data_of("resources", LIH, "--error", "0.001")
    integrals = chemistry.compute_integrals(chemistry.diatomic("Li", "H", 1.595))
    cost = double_factorised_cost(double_factorisation(integrals.hamiltonian), 1e-3)
    assert told["num_toffolis"] == cost.num_toffolis
    assert told["num_logical_qubits"] == cost.num_logical_qubits
    assert told["footprint"]["num_physical_qubits"] > 10_000


def test_what_cannot_be_computed_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "--active" in refused(capsys, H2, "--active", "some")
    assert "{r}" in refused(capsys, "scan", H2)
    assert "element" in refused(capsys, "Xx 0 0 0")
    assert "basis" in refused(capsys, H2, "--basis", "no-such")
    dump = tmp_path / "h2.fcidump"
    chemistry.compute_integrals(chemistry.diatomic("H", "H", 0.735)).to_fcidump(dump)
    assert "--charge" in refused(capsys, str(dump), "--charge", "1")
    assert "--basis" in refused(capsys, str(dump), "--basis", "6-31g")
    assert "--ansatz" in refused(capsys, H2, "--method", "adapt", "--ansatz", "lucj")
    assert "--ansatz" in refused(capsys, "excited", H2, "--method", "vqd", "--starts", "3")
    carbon = refused(capsys, "C 0 0 0", "--reference", "uhf", "--method", "exact")
    assert "S = 0" in carbon  # whose lowest state is a triplet
    assert "2 orbitals" in refused(capsys, "resources", "He 0 0 0")
    assert "no nuclei" in refused(capsys, "optimise", str(dump))
    assert main(["molecule", H2, "--ansatz", "no-such"]) == BAD_INPUT


def test_references_are_those_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    lithium = data_of("Li 0 0 0", "--reference", "uhf")
    assert lithium["problem"]["orbitals"].startswith("UHF")
    told = data_of("scan", "H 0 0 0; H 0 0 {r}", "--range", "0.7,2.5", "--reference", "uhf")
    assert [point["orbitals"].startswith("UHF") for point in told["points"]] == [True, True]
    assert told["points"][1]["hartree_fock_energy"] < -0.9
    assert "--reference" in refused(capsys, "optimise", H2, "--reference", "uhf")
