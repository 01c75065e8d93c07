import dataclasses

import numpy as np
import pytest

from qtoolkit.applications.chemistry import Excitation, Molecule, compute_integrals, diatomic
from qtoolkit.errors import InputError

WATER = [("O", (0.0, 0.0, 0.117)), ("H", (0.0, 0.757, -0.469)), ("H", (0.0, -0.757, -0.469))]


def test_a_molecule_counts_its_electrons():
    water = Molecule(WATER)
    assert (water.num_electrons, water.nelec, water.formula) == (10, (5, 5), "OH2")
    assert Molecule(WATER, charge=1, spin=1).nelec == (5, 4)
    assert diatomic("O", "O", 1.2, spin=2).nelec == (9, 7)
    assert diatomic("H", "H", 1.06, charge=1, spin=1).nelec == (1, 0)


def test_molecules_are_frozen_values():
    first, second = Molecule(WATER), Molecule(tuple((s, list(x)) for s, x in WATER))
    assert first == second
    assert hash(first) == hash(second)
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.charge = 1


def test_diatomic_lies_on_the_z_axis():
    molecule = diatomic("Li", "H", 3.0, "6-31g", unit="bohr")
    assert molecule.geometry == (("Li", (0.0, 0.0, 0.0)), ("H", (0.0, 0.0, 3.0)))
    assert (molecule.basis, molecule.unit) == ("6-31g", "bohr")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"geometry": []}, "at least one atom"),
        ({"geometry": "H 0 0 0"}, "got a string"),
        ({"geometry": [("H", (0, 0))]}, "three numbers"),
        ({"geometry": [("H", (0, 0, "a"))]}, "three numbers"),
        ({"geometry": ["H"]}, "an atom is a pair"),
        ({"geometry": [("Xx", (0, 0, 0))]}, "symbol"),
        ({"geometry": [("H", (0, 0, float("nan")))]}, "finite"),
        ({"geometry": [("H", (0, 0, 0)), ("O", (0, 0, 1)), ("H", (0, 0, 0))]}, "atoms 0 and 2"),
        ({"basis": ""}, "basis"),
        ({"basis": 6}, "basis"),
        ({"unit": "nm"}, 'must be "angstrom" or "bohr"'),
        ({"charge": 0.5}, "charge must be an integer"),
        ({"spin": "0"}, "spin must be an integer"),
        ({"charge": 10}, "at least one electron"),
        ({"spin": 1}, "steps of 2, got 1"),
        ({"spin": -2}, "steps of 2, got -2"),
        ({"spin": 12}, "steps of 2, got 12"),
    ],
)
def test_bad_molecules_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Molecule(**{"geometry": WATER, **arguments})


@pytest.mark.parametrize("distance", [0.0, -1.0, float("nan"), float("inf"), "far", None])
def test_bad_distances_are_refused(distance):
    with pytest.raises(InputError, match="distance must be"):
        diatomic("H", "H", distance)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Molecule((("H", (0, 0, 0)),), charge=10**5000), r"charge must be in .*, got 2\*\*16609"),
        (lambda: Molecule((("H", (0, 0, 0)),), spin=-(10**5000)), r"spin must be in .*, got -2\*\*16609"),
        (lambda: Excitation((0, 2), [10**5000] * 2), "distinct spin orbitals"),
        (lambda: compute_integrals(diatomic("H", "H", 0.7), [0, 10**5000]), "must hold distinct orbitals in"),
        (lambda: compute_integrals(diatomic("H", "H", 0.7), (2, 10**5000)), "a tuple of two is"),
        (lambda: Molecule(np.array(1)), "geometry is a sequence of pairs"),
        (lambda: Molecule.from_smiles("\ud800"), "SMILES is a text"),
        (lambda: Excitation((0,), range(10**12)), "created must be a sequence of at most 4096 spin orbitals"),
    ],
)
def test_odd_arguments_are_refused(call, message) -> None:
    with pytest.raises(InputError, match=message):
        call()
