"""Energies, curves, excited states and geometries as tables in a terminal, and the facts that stand below them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from qtoolkit.applications.chemistry import ExcitedStates, GroundState, MolecularIntegrals, OptimisedGeometry
from qtoolkit.applications.chemistry.properties.state_properties import DEBYE_IN_ATOMIC_UNITS
from qtoolkit.report.model import MINUS, Unit
from qtoolkit.report.molecules.answers import EnergyAnswer, ResourcesAnswer, ScanAnswer, molecule_name
from qtoolkit.report.tables import number_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "HARTREE",
    "HARTREE_IN_EV",
    "MILLIHARTREE",
    "energy_facts",
    "energy_tables",
    "excited_facts",
    "excited_tables",
    "geometry_facts",
    "geometry_tables",
    "multiplicity_name",
    "resources_tables",
    "scan_facts",
    "scan_tables",
]

HARTREE = Unit("Ha", 1.0, 8)
_SHORT = Unit("Ha", 1.0, 6)
MILLIHARTREE = Unit("mHa", 1e3, 4)
_LENGTH = Unit("", 1.0, 6)
HARTREE_IN_EV = 27.211386245988
"""Hartree in electronvolt, CODATA 2018."""
_MULTIPLICITIES = ("singlet", "doublet", "triplet", "quartet", "quintet", "sextet", "septet")
_OPTIMIZERS = {"LBFGSB": "L-BFGS-B"}
_NONE = "–"


def energy_tables(answer: EnergyAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of an energy."""
    certificate, exact = answer.certificate, answer.exact_energy
    energies: list[tuple[str, float | None]] = [("Hartree–Fock", answer.integrals.hartree_fock_energy)]
    if certificate.ccsd_energy is not None:
        energies.append(("CCSD", certificate.ccsd_energy))
    if isinstance(answer.found, GroundState):
        energies.append((answer.method, certificate.energy))
    energies.append(("exact, same orbitals and spin", exact))
    rows = [(label, _energy(value), _above(value, exact)) for label, value in energies[:-1]]
    rows.append((energies[-1][0], _energy(exact), ""))
    state = [("electrons, alpha and beta", "{:g} and {:g}".format(*certificate.num_electrons), "")]
    state += _spin_rows(answer)
    if certificate.residual_norm is not None:
        state.append(("‖(H − E)ψ‖", MILLIHARTREE.text(certificate.residual_norm), "an eigenvalue is this near"))
    if answer.dipole_debye is not None:
        atomic = f"{answer.dipole_debye * DEBYE_IN_ATOMIC_UNITS:.6f} a.u."
        state.append(("dipole moment", f"{answer.dipole_debye:.4f} D", atomic))
    if isinstance(answer.found, GroundState):
        found = answer.found
        gradient = "" if found.gradient_norm is None else f"gradient norm {found.gradient_norm:.1e}"
        state.append(("parameters, evaluations", f"{found.num_parameters}, {found.num_evaluations}", gradient))
    return [
        number_table((molecule_name(answer.integrals), "energy", "above exact"), rows, width),
        number_table(("the state", "value", ""), state, width),
        *_occupations(answer, width),
    ]


def _spin_rows(answer: EnergyAnswer) -> list[tuple[str, str, str]]:
    certificate = answer.certificate
    if certificate.spin_squared is None or math.isnan(certificate.spin_squared):
        return []
    target = certificate.spin_squared_target
    wanted = "" if target is None else f"{target:g} asked for"
    return [("⟨S²⟩", f"{certificate.spin_squared:.6f}", wanted)]


def _occupations(answer: EnergyAnswer, width: int) -> list[Table]:
    """Natural orbitals as bars, two electrons wide."""
    occupations = answer.natural_occupations
    if occupations is None:
        return []
    rows = [(f"  {k}", _bar(value), f"{value:.5f}") for k, value in enumerate(occupations.tolist())]
    return [number_table(("natural orbital", "", "electrons"), rows, width)]


def _bar(value: float, cells: int = 24) -> str:
    full = round(min(max(value / 2.0, 0.0), 1.0) * cells)
    return "█" * full + "·" * (cells - full)


def energy_facts(answer: EnergyAnswer) -> list[str]:
    """What was done, and how."""
    integrals, certificate = answer.integrals, answer.certificate
    facts = _space(integrals)
    if isinstance(answer.found, GroundState):
        facts += [f"{2 * integrals.norb} qubits", f"{_ending(answer.found)}: {certificate.message}"]
        if answer.found.spin_penalty:
            facts.append(f"spin kept by a penalty of {answer.found.spin_penalty:g} Ha for each unit of ⟨S²⟩")
        if certificate.seed is not None:
            facts.append(f"seed {certificate.seed}")
    else:
        facts.append(certificate.message)
    if answer.grown is not None:
        facts.append(f"{len(answer.grown.steps)} operators from a pool of {len(answer.grown.pool)}")
        facts.append(answer.grown.message)
    return [*facts, f"{answer.wall_time:.3g} s"]


def _space(integrals: MolecularIntegrals) -> list[str]:
    """Which orbitals, and which of them are active."""
    solution = integrals.scf_solution
    named = solution if solution.startswith("orbitals") else f"orbitals: {solution}"
    summary = integrals.active_space_summary
    return [named] if summary == molecule_name(integrals) else [named, summary]


def _ending(found: GroundState) -> str:
    """Who searched, and whether that converged; values with noise offer no test."""
    name = _OPTIMIZERS.get(found.optimizer, found.optimizer)
    return name if found.converged or found.standard_error is not None else f"{name} did not converge"


def scan_tables(answer: ScanAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of a curve."""
    curve = answer.curve
    rows = [
        (
            f"{x:g}".replace("-", MINUS),
            HARTREE.text(hf, with_symbol=False),
            HARTREE.text(e, with_symbol=False),
            _energy_alone(exact),
            gap,
        )
        for x, hf, e, exact, gap in zip(
            curve.coordinates.tolist(),
            curve.hartree_fock_energies.tolist(),
            curve.vqe_energies.tolist(),
            curve.fci_energies.tolist(),
            (_gap(gap) for gap in curve.gaps.tolist()),
            strict=True,
        )
    ]
    headings = ("r", "Hartree–Fock, Ha", f"{answer.method}, Ha", "exact, Ha", "gap, mHa")
    return [number_table(headings, rows, width)]


def scan_facts(answer: ScanAnswer) -> list[str]:
    """What was done, and how."""
    first = answer.curve.points[0].integrals
    facts = [answer.geometry, molecule_name(first), first.active_space_summary]
    minimum = answer.minimum
    if minimum is not None:
        facts.append(
            f"lowest near r = {minimum[0]:.5g} with {_SHORT.text(minimum[1])}, by a parabola through three points"
        )
    solutions = list(dict.fromkeys(answer.curve.solutions))
    facts.append(f"orbitals: {' or '.join(solutions)}")
    return [*facts, f"{answer.curve.wall_time:.3g} s"]


def excited_tables(found: ExcitedStates, width: int = 80) -> list[Table]:
    """What a terminal shows of excited states."""
    rows = []
    for k, certificate in enumerate(found.certificates):
        spin = multiplicity_name(float(found.spins[k]))
        above = f"{HARTREE_IN_EV * float(found.excitation_energies[k]):.4f}"
        squared = _NONE if certificate.spin_squared is None else f"{certificate.spin_squared:.4f}"
        residual = certificate.residual_norm
        rows.append(
            (
                f"{k + 1} {spin}",
                HARTREE.text(float(found.energies[k]), with_symbol=False),
                above,
                squared,
                _gap(float(found.gaps[k])),
                _NONE if residual is None else f"{1e3 * residual:.2f}",
            )
        )
    headings = ("state", "energy, Ha", "above, eV", "⟨S²⟩", "gap, mHa", "‖(H−E)ψ‖")
    return [number_table(headings, rows, width)]


def excited_facts(found: ExcitedStates) -> list[str]:
    """What was done, and how."""
    facts = [*dict.fromkeys((molecule_name(found.integrals), found.integrals.active_space_summary)), found.method]
    if found.ground is not None:
        facts.append(f"above a ground state of {HARTREE.text(found.ground.energy)}")
    if found.seed is not None:
        facts.append(f"seed {found.seed}")
    return [*facts, "gap: to the exact state of the same rank and spin", f"{found.wall_time:.3g} s"]


def geometry_tables(found: OptimisedGeometry, width: int = 80) -> list[Table]:
    """What a terminal shows of a geometry."""
    atoms = [(symbol, *(_LENGTH.text(coordinate) for coordinate in place)) for symbol, place in found.molecule.geometry]
    steps = [
        (
            f"{k}",
            HARTREE.text(step.energy, with_symbol=False),
            f"{step.largest_force:.2e}",
            "" if step.accepted else "rejected",
        )
        for k, step in enumerate(found.steps)
    ]
    names = [symbol for symbol, _ in found.molecule.geometry]
    bonds = [
        (f"{names[i]}{i}–{names[j]}{j}", f"{found.distances[i, j]:.5f}")
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]
    unit = found.molecule.unit
    return [
        number_table((f"atom, {unit}", "x", "y", "z"), atoms, width),
        number_table(("distance", unit), bonds, width),
        number_table(("step", "energy, Ha", "largest force, Ha/bohr", ""), steps, width),
    ]


def geometry_facts(found: OptimisedGeometry) -> list[str]:
    """What was done, and how."""
    state = found.state
    facts = [molecule_name(state.integrals), f"energy {HARTREE.text(state.energy)}"]
    if not math.isnan(state.gap):
        facts.append(f"{MILLIHARTREE.text(state.gap)} above exact")
    return [*facts, f"forces: {found.forces.method}", found.message, f"{found.wall_time:.3g} s"]


def resources_tables(answer: ResourcesAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of resources."""
    cost, footprint, factorised = answer.cost, answer.footprint, answer.factorised
    logical = [
        ("spin orbitals", f"{cost.num_spin_orbitals}"),
        ("λ of the factorised Hamiltonian", f"{cost.one_norm:.2f} Ha"),
        ("leaves, eigenvectors", f"{factorised.rank}, {factorised.num_eigenvectors}"),
        ("largest error of an integral", f"{factorised.error:.1e} Ha"),
        ("error of phase estimation", f"{1e3 * cost.error:.3g} mHa"),
        ("steps of the walk", f"{cost.num_steps:,}"),
        ("Toffoli gates", f"{cost.num_toffolis:,}"),
        ("logical qubits", f"{cost.num_logical_qubits:,}"),
    ]
    physical = [
        ("physical error rate", f"{footprint.physical_error_rate:g}"),
        ("code distance", f"{footprint.distance}"),
        ("physical qubits", f"{footprint.num_physical_qubits:,}"),
        ("of them in factories", f"{footprint.num_factories * footprint.factory.num_qubits:,}"),
        ("time of one run", _duration(footprint.seconds)),
        ("probability that it fails", f"{100 * footprint.failure_probability:.2g} %"),
    ]
    name = molecule_name(answer.integrals)
    return [
        number_table((f"{name}: phase estimation", ""), logical, width),
        number_table(("on a surface code", ""), physical, width),
    ]


def multiplicity_name(spin: float) -> str:
    """``"triplet"`` of 1."""
    place = round(2 * spin)
    return _MULTIPLICITIES[place] if place < len(_MULTIPLICITIES) else f"S = {spin:g}"


def _duration(seconds: float) -> str:
    for size, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.3g} s"


def _energy(value: float | None) -> str:
    return _NONE if value is None or not np.isfinite(value) else HARTREE.text(value)


def _energy_alone(value: float) -> str:
    return _NONE if math.isnan(value) else HARTREE.text(value, with_symbol=False)


def _gap(value: float) -> str:
    return _NONE if math.isnan(value) else MILLIHARTREE.text(value, with_symbol=False)


def _above(value: float | None, exact: float | None) -> str:
    return _NONE if value is None or exact is None else MILLIHARTREE.text(value - exact)
