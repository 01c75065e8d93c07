"""Molecules in the field of point charges, ghosts, places, and charges that stand for a molecule."""

import dataclasses

import numpy as np
import pytest

from qtoolkit.applications.chemistry import (
    Molecule,
    PointCharges,
    avas,
    compute_integrals,
    diatomic,
    fci_energy,
    fit_charges,
    forces,
    ground_state,
    join_molecules,
    move_molecule,
    state_properties,
    to_principal_axes,
)
from qtoolkit.errors import InputError

WATER = Molecule.from_string("O 0 0 0; H 0 0.757 0.587; H 0 -0.757 0.587")
CHARGES = PointCharges([[0.0, 0.0, -2.0], [1.5, 0.3, -2.5]], [0.5, -0.4])
BOHR = 0.52917721092


def test_a_charge_of_one_is_a_bare_proton():
    """HeH+ with basis functions on helium only, from integrals over 1/r, and helium beside a charge."""
    from pyscf import gto, scf

    place = np.array([0.0, 0.0, 0.9]) / BOHR
    structure = gto.M(atom="He 0 0 0", basis="6-31g", verbose=0)
    solver = scf.RHF(structure)
    with structure.with_rinv_origin(place):
        attraction = -structure.intor("int1e_rinv")
    bare = solver.get_hcore()
    solver.get_hcore = lambda *_: bare + attraction
    solver.conv_tol = 1e-11
    known = solver.kernel() + 2.0 / place[2]
    helium = Molecule([("He", (0.0, 0.0, 0.0))], "6-31g")
    integrals = compute_integrals(helium, environment=PointCharges([[0.0, 0.0, 0.9]], [1.0]))
    assert integrals.hartree_fock_energy == pytest.approx(known, abs=1e-9)
    assert integrals.scf_solution.endswith("in the field of point charges")


def test_charges_are_those_of_qmmm():
    from pyscf import gto, qmmm, scf

    structure = gto.M(atom=list(WATER.geometry), basis="sto-3g", verbose=0)
    known = qmmm.mm_charge(scf.RHF(structure), CHARGES.positions, CHARGES.charges).run(conv_tol=1e-11).e_tot
    integrals = compute_integrals(WATER, environment=CHARGES)
    assert integrals.hartree_fock_energy == pytest.approx(known, abs=1e-9)
    assert integrals.environment == CHARGES
    assert compute_integrals(WATER).environment is None


def test_energies_hold_no_energy_of_the_charges_themselves():
    """Two charges that neutralise each other, half an angstrom apart and far away, would bring −1 hartree."""
    pair = PointCharges([[0.0, 0.0, 2000.0], [0.0, 0.0, 2000.5]], [1.0, -1.0])
    assert fci_energy(compute_integrals(WATER, environment=pair)) == pytest.approx(
        fci_energy(compute_integrals(WATER)), abs=1e-6
    )


def test_the_derivative_by_a_field_is_the_dipole_moment():
    """Charges far away on both sides make a field; dE/dF = −μ of the exact state, 1.8177157 a.u. in magnitude."""
    molecule, far = diatomic("Li", "H", 1.595), 200.0

    def energy(field: float) -> float:
        # a charge q at distance d makes the field q / d², two of opposite sign twice that
        charge = 0.5 * field * (far / BOHR) ** 2
        sides = PointCharges([[0.0, 0.0, far], [0.0, 0.0, -far]], [charge, -charge])
        return fci_energy(compute_integrals(molecule.with_environment(sides)))

    step = 1e-3
    slope = (energy(step) - energy(-step)) / (2 * step)
    assert abs(slope) == pytest.approx(1.8177157, abs=2e-3)


@pytest.mark.parametrize("reference", ["rohf", "uhf"])
def test_open_shells_stand_in_the_field_too(reference):
    from pyscf import gto, qmmm, scf

    oxygen = Molecule([("O", (0.0, 0.0, 0.0))], spin=2).with_environment(PointCharges([[0.0, 0.0, 2.0]], [0.3]))
    integrals = compute_integrals(oxygen, reference=reference)
    kind = {"rohf": scf.ROHF, "uhf": scf.UHF}[reference]
    structure = gto.M(atom="O 0 0 0", basis="sto-3g", spin=2, verbose=0)
    usual = qmmm.mm_charge(kind(structure), np.array([[0.0, 0.0, 2.0]]), np.array([0.3])).run(conv_tol=1e-11)
    assert integrals.hartree_fock_energy <= usual.e_tot + 1e-9
    assert integrals.point_group == "C1"
    assert integrals.scf_lowest_curvature > -1e-5


def test_units_and_equality():
    in_bohr = PointCharges(CHARGES.positions / BOHR, CHARGES.charges, "bohr")
    first, second = (compute_integrals(WATER, environment=charges) for charges in (CHARGES, in_bohr))
    assert first.hartree_fock_energy == pytest.approx(second.hartree_fock_energy, abs=1e-9)
    again = PointCharges(CHARGES.positions.tolist(), CHARGES.charges.tolist())
    assert again == CHARGES
    assert hash(again) == hash(CHARGES)
    assert in_bohr != CHARGES
    assert CHARGES != "charges"
    assert WATER.with_environment(again) == WATER.with_environment(CHARGES)
    assert CHARGES.total == pytest.approx(0.1)
    assert len(CHARGES) == 2
    with pytest.raises(ValueError, match="read-only"):
        CHARGES.charges[0] = 1.0


def test_the_energy_of_charges_with_others():
    found = CHARGES.energy_with([2.0], [[0.0, 0.0, 0.0]])
    known = 2.0 * BOHR * (0.5 / 2.0 - 0.4 / np.linalg.norm([1.5, 0.3, -2.5]))
    assert found == pytest.approx(known, rel=1e-12)
    with pytest.raises(InputError, match="charges must be apart"):
        CHARGES.energy_with([1.0], CHARGES.coordinates[:1])
    with pytest.raises(InputError, match="shape"):
        CHARGES.energy_with([1.0, 2.0], CHARGES.coordinates[:1])


XYZ = "2\nwater of a force field\nO 0.0 0.0 0.0 -0.834\nH 0.0 0.757 0.587 0.417\n"
PQR = (
    "REMARK charges\nATOM      1  N   ALA A   1      -0.677  -1.230  -0.491 -0.4157 1.8240\n"
    "HETATM    2  O   HOH     2       1.000   2.000   3.000 -0.8340 1.6612\nTER\nEND\n"
)


def test_charges_are_read_from_files(tmp_path):
    from_text = PointCharges.from_xyz(XYZ)
    assert from_text.charges.tolist() == [-0.834, 0.417]
    assert from_text.positions[1].tolist() == [0.0, 0.757, 0.587]
    path = tmp_path / "pocket.pqr"
    path.write_text(PQR, encoding="utf-8")
    from_file = PointCharges.from_pqr(path)
    assert from_file.charges.tolist() == [-0.4157, -0.834]
    assert from_file.positions.tolist() == [[-0.677, -1.23, -0.491], [1.0, 2.0, 3.0]]
    assert from_file == PointCharges.from_pqr(PQR)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PointCharges([[0.0, 0.0]], [1.0]), "positions must have shape"),
        (lambda: PointCharges([[0.0, 0.0, 1.0]], [1.0, 2.0]), "charges must have shape"),
        (lambda: PointCharges([[0.0, 0.0, np.nan]], [1.0]), "finite"),
        (lambda: PointCharges(np.zeros((0, 3)), []), "one at least"),
        (lambda: PointCharges([[0.0, 0.0, 1.0]], [1.0], "nm"), "unit must be"),
        (lambda: PointCharges.from_xyz("2\n\nO 0 0 0 -0.8\n"), "number of lines after the comment"),
        (lambda: PointCharges.from_xyz("1\n\nO 0 0 0\n"), "line 3 .* a symbol, three coordinates and a charge"),
        (lambda: PointCharges.from_xyz("1\n\nO 0 0 zero 1\n"), "line 3 must hold finite numbers, got 'zero'"),
        (lambda: PointCharges.from_pqr("ATOM 1 N ALA\nEND\n"), "line 1 of a PQR file must end"),
        (lambda: PointCharges.from_pqr("REMARK\nEND\n"), "one at least"),
        (lambda: PointCharges.from_pqr("missing.pqr"), "PQR file 'missing.pqr' cannot be read"),
        (
            lambda: WATER.with_environment(PointCharges([[0.0, 0.0, 0.05]], [1.0])),
            r"charge 0 at 0.05 from atom 0 \(O\)",
        ),
        (lambda: WATER.with_environment([1.0]), "environment must be PointCharges or None"),
        (lambda: compute_integrals(WATER, environment=[1.0]), "environment must be PointCharges or None"),
        (lambda: dataclasses.replace(WATER, ghosts="H"), "ghosts is a sequence"),
        (lambda: dataclasses.replace(WATER, ghosts=[("H", (0.0, 0.0, 0.0))]), "atoms must be 0.01"),
        (lambda: dataclasses.replace(WATER, ghosts=[("Q", (0.0, 0.0, 1.0))]), "an element is given by its symbol"),
    ],
)
def test_what_is_wrong_is_told(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_ghosts_lend_basis_functions_only():
    from pyscf import gto, scf

    ghosts = [("He", (0.0, 0.0, 2.5))]
    helium = Molecule([("He", (0.0, 0.0, 0.0))], "6-31g", ghosts=ghosts)
    integrals = compute_integrals(helium)
    known = scf.RHF(gto.M(atom="He 0 0 0; GHOST-He 0 0 2.5", basis="6-31g", verbose=0)).run(conv_tol=1e-11).e_tot
    assert integrals.hartree_fock_energy == pytest.approx(known, abs=1e-9)
    assert (integrals.norb, integrals.nelec) == (4, (1, 1))
    assert fci_energy(integrals) < fci_energy(compute_integrals(dataclasses.replace(helium, ghosts=()))) - 1e-6
    assert helium.nuclear_repulsion == 0.0


def test_core_potentials_stay_with_nuclei():
    """A ghost of an element whose basis has a core potential takes no electrons away."""
    iodide = Molecule([("I", (0.0, 0.0, 0.0)), ("H", (0.0, 0.0, 1.6))], "def2-svp")
    lent = dataclasses.replace(iodide, ghosts=[("I", (0.0, 0.0, 6.0))])
    alone, beside = (compute_integrals(molecule, (2, 2)).hartree_fock_energy for molecule in (iodide, lent))
    assert alone - 1e-3 < beside < alone


def test_a_rule_chooses_no_orbitals_of_ghosts():
    beside = dataclasses.replace(WATER, ghosts=[("O", (0.0, 0.0, -2.9))])
    assert compute_integrals(beside, avas("O 2p")).norb == compute_integrals(WATER, avas("O 2p")).norb


@pytest.mark.parametrize("change", [{"environment": CHARGES}, {"ghosts": [("H", (0.0, 0.0, 3.0))]}])
def test_forces_are_of_molecules_by_themselves(change):
    molecule = dataclasses.replace(diatomic("H", "H", 0.8), **change)
    with pytest.raises(InputError, match="ghosts or an environment"):
        forces(ground_state(molecule))


# places


def test_molecules_are_moved_and_joined():
    turn = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    moved = move_molecule(WATER, (0.0, 0.0, 3.0), turn)
    assert moved.geometry[1] == ("H", pytest.approx((-0.757, 0.0, 3.587)))
    both = join_molecules(WATER, moved)
    assert both.formula == "O2H4"
    assert both.geometry[3][0] == "O"
    charged = join_molecules(
        Molecule([("Na", (0.0, 0.0, 0.0))], charge=1), Molecule([("H", (0.0, 0.0, 4.0))], spin=1, unit="bohr")
    )
    assert (charged.charge, charged.spin) == (1, 1)
    assert charged.geometry[1][1] == pytest.approx((0.0, 0.0, 4.0 * BOHR))


def test_principal_axes_lay_a_planar_molecule_flat():
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    flat = to_principal_axes(move_molecule(WATER, rng.normal(size=3), turn))
    places = flat.coordinates
    assert np.abs(places[:, 2]).max() < 1e-9
    assert np.abs(places.mean(axis=0)).max() < 1e-9
    assert np.ptp(places[:, 0]) > np.ptp(places[:, 1])
    assert np.linalg.norm(places[1] - places[2]) == pytest.approx(2 * 0.757 / BOHR)
    assert np.allclose(places, to_principal_axes(WATER).coordinates, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: move_molecule(WATER, (0.0, 0.0)), "shift must have shape"),
        (lambda: move_molecule(WATER, rotation=np.diag([1.0, 1.0, -1.0])), "orthogonal matrix with determinant 1"),
        (lambda: move_molecule(WATER, rotation=2 * np.eye(3)), "orthogonal matrix with determinant 1"),
        (lambda: move_molecule("water"), "molecule must be a Molecule"),
        (lambda: join_molecules(WATER, WATER.with_basis("6-31g")), "one basis set"),
        (lambda: join_molecules(WATER, WATER), "atoms must be 0.01"),
        (lambda: join_molecules(WATER, 3), "second must be a Molecule"),
        (
            lambda: join_molecules(WATER.with_environment(CHARGES), move_molecule(WATER, (5.0, 0.0, 0.0))),
            "neither ghosts nor an environment",
        ),
        (
            lambda: join_molecules(*(Molecule([("H", (0.0, 0.0, z))], spin=1) for z in (0.0, 3.0))),
            "not plain how they couple",
        ),
    ],
)
def test_what_cannot_be_placed_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


# charges that stand for a molecule


def test_fitted_charges_make_the_potential_of_water():
    fit = fit_charges(WATER.with_basis("6-31g"))
    charges = fit.point_charges
    assert charges.total == pytest.approx(0.0, abs=1e-9)
    assert charges.charges[1] == pytest.approx(charges.charges[2], abs=2e-3)
    assert fit.relative_error < 0.15
    assert fit.num_points > 500
    moment = charges.charges @ charges.coordinates
    from pyscf import gto, scf

    known = scf.RHF(gto.M(atom=list(WATER.geometry), basis="6-31g", verbose=0)).run().dip_moment(unit="AU", verbose=0)
    assert np.linalg.norm(moment - known) < 0.05 * np.linalg.norm(known)


def test_charges_of_ions_and_of_wave_functions():
    hydroxide = Molecule([("O", (0.0, 0.0, 0.0)), ("H", (0.0, 0.0, 0.97))], charge=-1)
    assert fit_charges(hydroxide).point_charges.total == pytest.approx(-1.0, abs=1e-9)
    state = ground_state(diatomic("Li", "H", 1.595))
    fit = fit_charges(state)
    assert fit.source == "UCCSD"
    mean_field = fit_charges(state.integrals)
    assert mean_field.source == "Hartree–Fock"
    moments = [float(f.point_charges.charges @ f.point_charges.coordinates[:, 2]) for f in (fit, mean_field)]
    integrals = state.integrals.dipole
    determinant = integrals.constant[2] + 2.0 * np.trace(integrals.one_body[2, :2, :2])
    correlation = state_properties(state).dipole[2] - determinant
    assert moments[0] - moments[1] == pytest.approx(correlation, rel=0.1)
    assert fit_charges(Molecule([("O", (0.0, 0.0, 0.0))], spin=2)).point_charges.charges.tolist() == pytest.approx(
        [0.0]
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (lambda: "water", "must be a Molecule, MolecularIntegrals or GroundState"),
        (lambda: WATER.with_environment(CHARGES), "by itself with all its electrons"),
        (lambda: Molecule([("I", (0.0, 0.0, 0.0))], "def2-svp", charge=-1), "core potentials"),
    ],
)
def test_charges_that_cannot_be_fitted(source, message):
    with pytest.raises(InputError, match=message):
        fit_charges(source())
