"""What pyproject.toml promises to those who install the package."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

import qtoolkit
from qtoolkit_kernels._slow_start import TESTED

CHECKOUT = Path(__file__).resolve().parents[2]
EXTRAS = {
    "ibm",
    "braket",
    "google",
    "ionq",
    "azure",
    "quantinuum",
    "origin",
    "tianyan",
    "pennylane",
    "finance",
    "chemistry",
    "smiles",
    "qec",
    "plot",
    "interop",
}
APART = {"tesseract"}
"""Extras whose packages have wheels for some machines only, which `all` leaves out."""

BASE = {"numpy", "scipy", "numba", "qiskit", "cirq-core", "typer", "rich", "platformdirs"}


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def distribution_name(requirement: str) -> str:
    """The name at the start of a requirement, without extras and versions."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return match.group().lower()


def test_base_dependencies(pyproject):
    assert {distribution_name(requirement) for requirement in pyproject["project"]["dependencies"]} == BASE


def test_extras(pyproject):
    extras = pyproject["project"]["optional-dependencies"]
    assert set(extras) == EXTRAS | APART | {"all"}
    assert all(extras[name] for name in EXTRAS | APART)


def test_the_extra_all_is_the_union_of_the_others(pyproject):
    (everything,) = pyproject["project"]["optional-dependencies"]["all"]
    match = re.fullmatch(r"qtoolkit-quantum\[([a-z,]+)\]", everything)
    assert match is not None
    assert set(match.group(1).split(",")) == EXTRAS


def test_developer_tools_are_a_dependency_group_and_not_an_extra(pyproject):
    tools = {distribution_name(requirement) for requirement in pyproject["dependency-groups"]["dev"]}
    assert {"ruff", "mypy", "import-linter", "pytest", "hypothesis", "pytest-benchmark", "build"} <= tools


def test_every_requirement_has_a_lower_bound(pyproject):
    project = pyproject["project"]
    requirements = [*project["dependencies"], *pyproject["dependency-groups"]["dev"]]
    for name in EXTRAS | APART:
        requirements += project["optional-dependencies"][name]
    assert [requirement for requirement in requirements if ">=" not in requirement] == []


def test_numba_is_bounded_above(pyproject):
    """Kernels are kept by what numba and llvmlite, which numba ties to itself, do inside."""
    assert TESTED in pyproject["project"]["dependencies"]
    _, _, bound = TESTED.rpartition("<")
    installed = importlib.metadata.version("numba").split(".")[:2]
    assert [int(part) for part in installed] < [int(part) for part in bound.split(".")]


def test_python_versions(pyproject):
    project = pyproject["project"]
    assert project["requires-python"] == ">=3.11"
    for minor in (11, 12, 13):
        assert f"Programming Language :: Python :: 3.{minor}" in project["classifiers"]


def test_licence(pyproject):
    assert pyproject["project"]["license"] == "Apache-2.0"
    assert "Apache License" in (CHECKOUT / "LICENSE").read_text(encoding="utf-8")


def test_both_packages_are_in_the_wheel_and_typed(pyproject):
    packages = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert packages == ["qtoolkit", "kernels/qtoolkit_kernels"]
    for package in packages:
        assert (CHECKOUT / package / "py.typed").is_file()


def test_the_folder_of_the_kernels_is_not_itself_a_package():
    assert not (CHECKOUT / "kernels" / "__init__.py").exists()


def test_one_version_everywhere():
    assert importlib.metadata.version("qtoolkit-quantum") == qtoolkit.__version__
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(qtoolkit.__version__)}\b", changelog, flags=re.MULTILINE)


def test_the_layer_contract_names_every_subpackage(pyproject):
    """A package that the contract does not know could import whatever it likes."""
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    named = {name.strip(" ()").removeprefix("qtoolkit.") for layer in layers for name in layer.split("|")}
    packages = {path.parent.name for path in (CHECKOUT / "qtoolkit").glob("*/__init__.py")}
    assert packages - named == set()
