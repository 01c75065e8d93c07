"""Molecules from texts and files, and back."""

import dataclasses
import random

import numpy as np
import pytest
from pyscf import gto

from qtoolkit.applications.chemistry import Molecule, diatomic
from qtoolkit.errors import InputError

WATER = "O 0 0 0.117; H 0 0.757 -0.469; H 0 -0.757 -0.469"
FRAME = "3\nwater\nO 0 0 0.117\nH 0 0.757 -0.469\nH 0 -0.757 -0.469\n"


@pytest.mark.parametrize(
    "text",
    [
        WATER,
        WATER.replace("; ", "\n") + "\n",
        "\n  8, 0, 0, 0.117 ;; 1 0 7.57d-1 -4.69E-1\n\n1\t0 -0.757 -.469;",
    ],
)
def test_texts_of_several_kinds_are_one_molecule(text):
    expected = Molecule([("O", (0, 0, 0.117)), ("H", (0, 0.757, -0.469)), ("H", (0, -0.757, -0.469))])
    assert Molecule.from_string(text) == expected
    assert Molecule.from_string(text, "6-31g", 1, 1, "bohr") == dataclasses.replace(
        expected, basis="6-31g", charge=1, spin=1, unit="bohr"
    )


def test_xyz_files_and_their_text_are_read(tmp_path):
    path = tmp_path / "water.xyz"
    path.write_text(FRAME + "\n\n", encoding="utf-8")
    expected = Molecule.from_string(WATER, "cc-pvdz", 1, 1)
    for source in (path, str(path), FRAME):
        assert Molecule.from_xyz(source, "cc-pvdz", 1, 1) == expected
    charges = "1\nProperties=species:S:1:pos:R:3:charge:R:1\nHe 0 0 0 0.5\n"
    assert Molecule.from_xyz(charges).geometry == (("He", (0.0, 0.0, 0.0)),)


def test_xyz_files_round_trip_to_the_last_bit():
    generator = random.Random(3)
    atoms = [("H", tuple(generator.uniform(-9, 9) for _ in range(3))) for _ in range(6)]
    molecule = Molecule(atoms)
    text = molecule.to_xyz("made up")
    assert text.splitlines()[:2] == ["6", "made up"]
    assert Molecule.from_xyz(text) == molecule
    in_bohr = dataclasses.replace(molecule, unit="bohr")
    np.testing.assert_allclose(Molecule.from_xyz(in_bohr.to_xyz()).coordinates, in_bohr.coordinates, rtol=1e-14)
    assert Molecule.from_xyz(Molecule.from_string("He 0 0 0").to_xyz()).formula == "He"


@pytest.mark.parametrize("unit", ["angstrom", "bohr"])
def test_places_and_repulsion_are_those_of_pyscf(unit):
    molecule = Molecule.from_string("Li 0.1 0 0; H 0 0 3.1; O 1 -2 0.5", spin=0, charge=0, unit=unit)
    structure = gto.M(atom=list(molecule.geometry), unit=unit, verbose=0)
    np.testing.assert_allclose(molecule.coordinates, structure.atom_coords(), rtol=1e-14, atol=1e-14)
    assert molecule.nuclear_repulsion == pytest.approx(structure.energy_nuc(), rel=1e-13)
    assert molecule.nuclear_charges == (3, 1, 8)
    assert Molecule.from_string("He 0 0 0").nuclear_repulsion == 0.0


def test_another_basis_is_another_value():
    molecule = diatomic("H", "H", 0.7)
    assert molecule.with_basis("cc-pvdz") == diatomic("H", "H", 0.7, "cc-pvdz")
    assert molecule.basis == "sto-3g"
    with pytest.raises(InputError, match="basis must be the name"):
        molecule.with_basis("")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at least one atom"),
        (" ;\n; ", "at least one atom"),
        ("Li 0 0 0; H 0 0", "atom 1 must be a symbol and three coordinates, got 'H 0 0'"),
        ("H 0 0 0 1", "atom 0 must be a symbol and three coordinates"),
        ("LI 0 0 0", "atom 0 must begin with an element, got 'LI'; is it Li"),
        ("H1 0 0 0", "must begin with an element, got 'H1'$"),
        ("0 0 0 0", "must begin with an element, got '0'"),
        ("119 0 0 0", "must begin with an element, got '119'"),
        ("H 0 0 nan", "three finite coordinates, got 'nan'"),
        ("H 0 0 x", "three finite coordinates, got 'x'"),
        ("H 0 0 1e999", "three finite coordinates"),
        ("H 0 0 0; H 0 0 0.005", "atoms 0 and 1"),
        (["H 0 0 0"], "a geometry is a text"),
    ],
)
def test_texts_that_are_none_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        Molecule.from_string(text)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/such/file.xyz", "cannot be read: No such file"),
        ("a\0b", "cannot be read"),
        ("", "cannot be read"),
        (None, "given by its path or its text"),
        ("\n\n\n", "got an empty one"),
        ("two\n\nH 0 0 0\n", "line 1 of an XYZ file is the number of its atoms, got 'two'"),
        ("2\n\nH 0 0 0\n", "promises 2 atoms, but 1 lines follow$"),
        (FRAME + FRAME, "promises 3 atoms, but 8 lines follow; give one frame"),
        ("1\n\nH 0 0\n", "line 3 must be a symbol and three coordinates"),
        ("2\n\nH 0 0 0\nQ 1 1 1\n", "line 4 must begin with an element"),
        ("2\n\nH 0 0 0\nH 1 1 inf\n", "line 4 must have three finite coordinates"),
        (
            "1\nProperties=species:S:1:mass:R:1:pos:R:3 x=1\nH 1 0 0 0\n",
            "line 2 of the XYZ file has columns of its own",
        ),
        ("1\n\n", "promises 1 atoms, but 0 lines follow"),
    ],
)
def test_xyz_files_that_are_none_are_refused(source, message):
    with pytest.raises(InputError, match=message):
        Molecule.from_xyz(source)


def test_files_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "image.xyz"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="cannot be read"):
        Molecule.from_xyz(path)
    with pytest.raises(InputError, match="cannot be read"):
        Molecule.from_xyz(tmp_path)


def test_comments_have_one_line():
    with pytest.raises(InputError, match="one line"):
        diatomic("H", "H", 1.0).to_xyz("a\nb")
