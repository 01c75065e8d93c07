"""Interaction energies with counterpoise, with charges, and what their error bars hold."""

import math

import numpy as np
import pytest

from qtoolkit.applications.chemistry import (
    Molecule,
    PointCharges,
    avas,
    compute_integrals,
    diatomic,
    fci_energy,
    interaction_energy,
    join_molecules,
    move_molecule,
    natural_orbitals,
)
from qtoolkit.backends import SamplingEstimator
from qtoolkit.errors import InputError
from qtoolkit.simulators import StatevectorSimulator

HYDROGEN = diatomic("H", "H", 0.74, basis="6-31g")
HELIUM = Molecule([("He", (0.0, 0.0, 0.0))], "6-31g")
WATER = Molecule.from_string("O 0 0 0; H 0 0.757 0.587; H 0 -0.757 0.587")


def above(molecule: Molecule, distance: float) -> Molecule:
    return move_molecule(molecule, (0.0, 0.0, distance))


@pytest.fixture(scope="module")
def helium_pair():
    return interaction_energy(HELIUM, above(HELIUM, 2.6), references=["mp2", "ccsd", "ccsd(t)"])


def test_two_helium_atoms_against_full_configuration_interaction(helium_pair):
    from pyscf import fci, gto, scf

    def exact(atoms: str) -> float:
        solver = scf.RHF(gto.M(atom=atoms, basis="6-31g", verbose=0)).run(conv_tol=1e-12)
        return fci.FCI(solver).kernel()[0]

    known = exact("He 0 0 0; He 0 0 2.6") - 2 * exact("He 0 0 0; GHOST-He 0 0 2.6")
    assert helium_pair.exact_energy == pytest.approx(known, abs=1e-8)
    assert helium_pair.energy == pytest.approx(known, abs=2e-6)
    assert helium_pair.solver_error == pytest.approx(abs(helium_pair.energy - known), abs=1e-8)
    assert helium_pair.error_bar == helium_pair.solver_error
    assert helium_pair.energy_kcal_per_mol == pytest.approx(627.5094740631 * helium_pair.energy)
    assert [part.weight for part in helium_pair.parts.values()] == [1, -1, -1]
    assert helium_pair.num_qubits == 8


def test_references_are_those_of_pyscf(helium_pair):
    from pyscf import cc, gto, mp, scf

    def energies(atoms: str) -> np.ndarray:
        solver = scf.RHF(gto.M(atom=atoms, basis="6-31g", verbose=0)).run(conv_tol=1e-12)
        cluster = cc.CCSD(solver)
        cluster.conv_tol = 1e-9
        cluster.run()
        return np.array([mp.MP2(solver).run().e_tot, cluster.e_tot, cluster.e_tot + cluster.ccsd_t()])

    known = energies("He 0 0 0; He 0 0 2.6") - 2 * energies("He 0 0 0; GHOST-He 0 0 2.6")
    assert list(helium_pair.references) == ["mp2", "ccsd", "ccsd(t)"]
    assert list(helium_pair.references.values()) == pytest.approx(known, abs=1e-7)


def test_counterpoise_takes_away_what_lent_functions_bring(helium_pair):
    plain = interaction_energy(HELIUM, above(HELIUM, 2.6), counterpoise=False, references=[])
    assert plain.superposition_error is None
    assert not plain.counterpoise
    gained = helium_pair.hartree_fock_energy - plain.hartree_fock_energy
    assert gained == pytest.approx(helium_pair.superposition_error, abs=1e-9)
    assert gained > 0


def test_parts_may_change_places(helium_pair):
    first = interaction_energy(HYDROGEN, above(HELIUM, 3.0), references=[])
    second = interaction_energy(above(HELIUM, 3.0), HYDROGEN, references=[])
    assert first.exact_energy == pytest.approx(second.exact_energy, abs=1e-9)
    assert first.hartree_fock_energy == pytest.approx(second.hartree_fock_energy, abs=1e-9)


def test_a_fragment_in_charges():
    charges = PointCharges([[0.0, 0.0, 3.0]], [1.0])
    found = interaction_energy(HYDROGEN, charges)
    known = fci_energy(compute_integrals(HYDROGEN, environment=charges)) - fci_energy(compute_integrals(HYDROGEN))
    assert found.energy == pytest.approx(known, abs=1e-7)
    assert list(found.parts) == ["in charges", "fragment"]
    assert not found.counterpoise
    # coupled cluster is exact for two electrons
    assert found.references["ccsd"] == pytest.approx(known, abs=1e-6)


def test_far_charges_interact_as_multipoles():
    """A charge of 1 at 30 Å along the axis: −qμ/R² of water, to the next order."""
    from pyscf import gto, scf

    structure = gto.M(atom=list(WATER.geometry), basis="sto-3g", verbose=0)
    dipole = scf.RHF(structure).run(conv_tol=1e-11).dip_moment(unit="AU", verbose=0)[2]
    distance = 30.0 / 0.52917721092
    sides = [
        interaction_energy(
            WATER, PointCharges([[0.0, 0.0, 30.0 * side]], [1.0]), active_space="frozen_core", references=[]
        ).hartree_fock_energy
        for side in (1, -1)
    ]
    # poles of odd order change sign with the side: of them the dipole is the first
    assert 0.5 * (sides[0] - sides[1]) == pytest.approx(dipole / distance**2, rel=0.02)


def test_an_environment_holds_both():
    charges = PointCharges([[3.0, 0.0, 0.0]], [0.5])
    partner = above(HELIUM, 3.0)
    found = interaction_energy(HYDROGEN, partner, environment=charges, references=[])
    assert all(part.molecule.environment == charges for part in found.parts.values())
    alone = interaction_energy(HYDROGEN, partner, references=[])
    assert found.energy != pytest.approx(alone.energy, abs=1e-6)
    assert found.energy == pytest.approx(alone.energy, abs=2e-3)


def test_a_part_without_such_orbitals_is_left_to_hartree_fock():
    partner = move_molecule(WATER, (0.0, 0.0, -2.9))
    found = interaction_energy(WATER, partner, active_space=avas("0 O 2p"), references=[])
    sizes = {name: part.active_size for name, part in found.parts.items()}
    assert sizes == {"complex": (6, 3), "fragment": (6, 3), "partner": (0, 0)}
    assert found.parts["partner"].state is None
    assert found.parts["partner"].energy == found.parts["partner"].hartree_fock_energy
    other = interaction_energy(WATER, partner, active_space=avas("3 O 2p"), references=[])
    assert other.parts["fragment"].state is None
    assert other.parts["partner"].state is not None


def test_the_bar_contains_other_active_spaces():
    partner = above(HELIUM, 2.6)
    rules = [natural_orbitals(1e-5, 1.99999)]
    found = interaction_energy(HELIUM, partner, variations=["frozen_core", *rules], references=[])
    assert set(found.variations) == {"frozen core", str(rules[0])}
    spread = max(abs(energy - found.energy) for energy in found.variations.values())
    assert found.space_error == pytest.approx(spread, abs=1e-15)
    assert found.error_bar == pytest.approx(found.solver_error + spread)
    assert "change in 2 other active spaces" in found.error_bar_contents


def test_the_bar_contains_shot_noise():
    charges = PointCharges([[0.0, 0.0, 2.5]], [0.8])
    molecule = diatomic("H", "H", 0.74)
    noisy = interaction_energy(
        molecule,
        charges,
        estimator=SamplingEstimator(StatevectorSimulator(), shots=4000, seed=5),
        references=[],
        active_space=(2, 2),
    )
    parts = [part.state.standard_error for part in noisy.parts.values()]
    assert noisy.standard_error == pytest.approx(math.hypot(*parts))
    assert noisy.standard_error > 1e-4
    assert "one standard error of shot noise" in noisy.error_bar_contents
    exact = interaction_energy(molecule, charges, references=[])
    assert noisy.exact_energy == pytest.approx(exact.exact_energy, abs=1e-9)
    assert noisy.solver_error < 0.05
    assert noisy.error_bar == pytest.approx(noisy.solver_error + noisy.standard_error)


def test_residuals_bound_what_cannot_be_diagonalised(monkeypatch):
    known = interaction_energy(HYDROGEN, above(HELIUM, 3.0), references=[])
    monkeypatch.setattr("qtoolkit.applications.chemistry.energies.references._MOST_DETERMINANTS", 0)
    found = interaction_energy(HYDROGEN, above(HELIUM, 3.0), references=[])
    assert found.exact_energy is None
    norms = [part.state.certificate.residual_norm for part in found.parts.values()]
    assert found.solver_error == pytest.approx(sum(norms))
    assert found.solver_error > known.solver_error
    assert found.error_bar_contents == "residuals of the states"


def test_open_shells_have_no_references():
    found = interaction_energy(
        Molecule([("H", (0.0, 0.0, 0.0))], "6-31g", spin=1), above(HELIUM, 3.0), references=["mp2"]
    )
    assert found.references == {}
    assert found.parts["complex"].state.spin_squared == pytest.approx(0.75, abs=1e-6)


def test_a_rule_that_chooses_unlike_spaces_is_refused():
    """In the pair the occupations of two alike molecules split; a threshold in between takes three orbitals of four."""
    partner = move_molecule(HYDROGEN, (2.5, 0.0, 0.0))
    wide = compute_integrals(join_molecules(HYDROGEN, partner), natural_orbitals(1e-9, 2.0 - 1e-9))
    first, second = np.sort(wide.orbital_weights[wide.orbital_occupations == 0.0])[::-1][:2]
    assert first - second > 1e-6
    rule = natural_orbitals(0.5 * (first + second), 2.0 - 1e-9)
    with pytest.raises(InputError, match=r"as many orbitals in the whole as in its parts together, got .* \(4, 3\) in"):
        interaction_energy(HYDROGEN, partner, active_space=rule, references=[])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fragment": "water"}, "fragment must be a Molecule"),
        ({"partner": "water"}, "partner must be a Molecule or PointCharges"),
        ({"partner": HELIUM}, "atoms must be 0.01"),
        ({"active_space": (2, 2)}, "is a rule for all parts"),
        ({"active_space": [0, 1]}, "is a rule for all parts"),
        ({"variations": [[0, 1]]}, "is a rule for all parts"),
        ({"variations": 3}, "variations are a sequence"),
        ({"references": ["dft"]}, r"references must be of mp2, ccsd, ccsd\(t\)"),
        ({"references": 3}, "references are a sequence"),
        ({"environment": [1.0]}, "environment must be PointCharges or None"),
        ({"ansatz": "qaoa"}, "ansatz must be"),
        ({"counterpoise": "yes"}, "counterpoise"),
        ({"seed": -1}, "seed must be"),
        ({"num_starts": 0}, "num_starts must be"),
        ({"optimizer": "adam"}, "optimizer must be"),
        (
            {"partner": PointCharges([[0.0, 0.0, 3.0]], [1.0]), "environment": PointCharges([[0.0, 3.0, 0.0]], [1.0])},
            "got both",
        ),
        (
            {
                "fragment": HELIUM.with_environment(PointCharges([[0.0, 3.0, 0.0]], [1.0])),
                "partner": PointCharges([[0.0, 0.0, 3.0]], [1.0]),
            },
            "has no environment",
        ),
        ({"partner": PointCharges([[0.0, 0.0, 0.0]], [1.0])}, "from atom 0"),
    ],
)
def test_what_is_wrong_is_told(arguments, message):
    given = {"fragment": HELIUM, "partner": above(HELIUM, 3.0), **arguments}
    with pytest.raises(InputError, match=message):
        interaction_energy(**given)
