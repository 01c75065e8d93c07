"""Molecules from their bonds."""

import sys

import numpy as np
import pytest

from qtoolkit.applications.chemistry import Molecule, compute_integrals
from qtoolkit.errors import ConvergenceError, InputError, MissingExtraError


def distances(molecule):
    places = molecule.coordinates * 0.52917721092
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit.Chem", None)
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(MissingExtraError, match=r"qtoolkit-quantum\[smiles\]"):
        Molecule.from_smiles("O")


def test_smiles_are_texts():
    for value in ("", "  ", None, 3):
        with pytest.raises(InputError, match="SMILES is a text"):
            Molecule.from_smiles(value)


def test_water_has_its_shape():
    water = Molecule.from_smiles("O", "6-31g")
    assert (water.formula, water.charge, water.spin, water.basis) == ("OH2", 0, 0, "6-31g")
    lengths = distances(water)
    np.testing.assert_allclose(lengths[0, 1:], 0.96, atol=0.02)
    angle = 2 * np.degrees(np.arcsin(lengths[1, 2] / (lengths[0, 1] + lengths[0, 2])))
    assert angle == pytest.approx(104.5, abs=2.0)
    assert compute_integrals(water, "frozen_core").norb == 12


def test_charges_and_unpaired_electrons_come_from_the_bonds():
    assert (Molecule.from_smiles("[NH4+]").charge, Molecule.from_smiles("[OH-]").charge) == (1, -1)
    methyl, oxygen = Molecule.from_smiles("[CH3]"), Molecule.from_smiles("[O][O]")
    assert (methyl.formula, methyl.spin, oxygen.spin) == ("CH3", 1, 2)
    assert Molecule.from_smiles("[O][O]", spin=0).spin == 0
    assert Molecule.from_smiles("[OH-]", charge=0, spin=1).nelec == (5, 4)
    with pytest.raises(InputError, match="steps of 2"):
        Molecule.from_smiles("O", charge=1)


def test_a_seed_is_a_conformer():
    ethanol = Molecule.from_smiles("CCCO", seed=5)
    assert ethanol == Molecule.from_smiles("CCCO", seed=5)
    others = {Molecule.from_smiles("CCCO", seed=seed).geometry for seed in (0, 1, 2)}
    assert len(others) == 3
    for seed in (-1, 2**31 - 1, 1.5):
        with pytest.raises(InputError, match="seed must be"):
            Molecule.from_smiles("C", seed=seed)


def test_single_atoms_stand_at_the_origin():
    assert Molecule.from_smiles("[He]").geometry == (("He", (0.0, 0.0, 0.0)),)


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("C(", "RDKit reads no molecule from the SMILES 'C\\('"),
        ("CX", "RDKit reads no molecule"),
        ("F(F)(F)F", "RDKit reads no molecule"),
        ("C*", "every atom of a SMILES must be an element"),
        ("[Na+].[Cl-]", "a SMILES names one molecule"),
    ],
)
def test_texts_that_are_none_are_refused(smiles, message, capfd):
    with pytest.raises(InputError, match=message):
        Molecule.from_smiles(smiles)
    assert capfd.readouterr().err == ""


def test_atoms_without_a_force_field_are_refused():
    with pytest.raises(ConvergenceError, match="no force field knows all atoms"):
        Molecule.from_smiles("F[Xe]F")
