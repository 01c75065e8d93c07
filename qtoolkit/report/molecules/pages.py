"""Energies, curves, excited states and geometries as pages."""

from __future__ import annotations

import math

import numpy as np

from qtoolkit.applications.chemistry import (
    CHEMICAL_ACCURACY,
    Certificate,
    ExcitedStates,
    MolecularIntegrals,
    OptimisedGeometry,
)
from qtoolkit.report.environment import environment
from qtoolkit.report.model import Figure, Report, Row, Section, Unit
from qtoolkit.report.molecules.answers import EnergyAnswer, ScanAnswer, molecule_name
from qtoolkit.report.molecules.pictures import energy_picture, excited_picture, geometry_picture, scan_picture
from qtoolkit.report.molecules.tables import (
    HARTREE,
    MILLIHARTREE,
    energy_facts,
    excited_facts,
    geometry_facts,
    multiplicity_name,
    scan_facts,
)

__all__ = ["energy_page", "excited_page", "geometry_page", "scan_page"]

_SHORT = Unit("Ha", 1.0, 6)
_LIMIT = (
    "Exact means exact in these orbitals: a finite basis and an active space stand between this number and nature, and "
    "a gap to the exact energy says nothing of that distance."
)
_IDEAL = "States are exact vectors, without noise and without the shots that a device would need."


def energy_page(answer: EnergyAnswer) -> Report:
    """The page of an energy.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    integrals, certificate = answer.integrals, answer.certificate
    name = molecule_name(integrals)
    rows = [_row(answer.method, certificate, f"{certificate.num_evaluations} evaluations")]
    if math.isfinite(integrals.hartree_fock_energy):
        rows.append(_plain("Hartree–Fock", integrals.hartree_fock_energy, certificate, integrals.scf_solution))
    if certificate.ccsd_energy is not None:
        rows.append(
            _plain("CCSD", certificate.ccsd_energy, certificate, "coupled cluster, singles and doubles; no bound")
        )
    figure = Figure(
        energy_picture(answer),
        "Left: electrons in each natural orbital, over those of one determinant. Right: distance from the exact energy "
        "over the course of the search.",
        "Bar chart of occupations, and a falling line.",
    )
    section = Section(
        name="energy",
        title="Energy",
        question=f"What is the energy of {name}, {integrals.active_space_summary}?",
        rows=tuple(rows),
        findings=tuple(_findings(certificate)),
        limits=(_LIMIT, _IDEAL),
        figures=(figure,),
        evidence={"Run": "; ".join(energy_facts(answer)), **_state_evidence(answer)},
        wall_time=answer.wall_time,
    )
    return _report(f"Energy of {name}", section, certificate.seed)


def scan_page(answer: ScanAnswer) -> Report:
    """The page of a curve.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    curve = answer.curve
    name = molecule_name(curve.points[0].integrals)
    findings = []
    if answer.minimum is not None:
        findings.append(f"The energy is lowest near r = {answer.minimum[0]:.5g}, {_SHORT.text(answer.minimum[1])}.")
    if np.isfinite(curve.gaps).all():
        worst = int(np.argmax(np.abs(curve.gaps)))
        findings.append(
            f"The largest distance from the exact energy is {MILLIHARTREE.text(float(curve.gaps[worst]))}, at "
            f"r = {curve.coordinates[worst]:g}."
        )
    section = Section(
        name="scan",
        title="Curve",
        question=f"How does the energy of {name} change along r in {answer.geometry}?",
        rows=tuple(
            _row(f"r = {x:g}", point.certificate, point.integrals.scf_solution)
            for x, point in zip(curve.coordinates.tolist(), curve.points, strict=True)
        ),
        findings=tuple(findings),
        limits=(_LIMIT, _IDEAL),
        figures=(
            Figure(
                scan_picture(answer),
                "Energy along the coordinate, and the distance of each method from the exact energy.",
                "Line plots: energies in a well, errors on a logarithmic axis.",
            ),
        ),
        evidence={"Run": "; ".join(scan_facts(answer))},
        wall_time=curve.wall_time,
    )
    return _report(f"{name} along a coordinate", section, curve.points[0].seed)


def excited_page(found: ExcitedStates) -> Report:
    """The page of excited states.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    name = molecule_name(found.integrals)
    section = Section(
        name="excited",
        title="Excited states",
        question=f"Which states lie above the ground state of {name}, and what are their spins?",
        rows=tuple(
            _row(f"{k + 1}, {multiplicity_name(float(spin))}", certificate, found.method)
            for k, (spin, certificate) in enumerate(zip(found.spins, found.certificates, strict=True))
        ),
        findings=(),
        limits=(_LIMIT, "A gap is taken to the exact state of the same rank among those of its spin."),
        figures=(
            Figure(
                excited_picture(found),
                "Levels by spin above the ground state, ours left of the exact ones.",
                "Level scheme: pairs of short lines in a column for each spin.",
            ),
        ),
        evidence={"Run": "; ".join(excited_facts(found))},
        wall_time=found.wall_time,
    )
    return _report(f"Excited states of {name}", section, found.seed)


def geometry_page(found: OptimisedGeometry) -> Report:
    """The page of a geometry.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    certificate = found.state.certificate
    name = molecule_name(found.state.integrals)
    atoms = "; ".join(
        f"{symbol} {place[0]:.6f} {place[1]:.6f} {place[2]:.6f}" for symbol, place in found.molecule.geometry
    )
    section = Section(
        name="geometry",
        title="Geometry",
        question=f"Where do the forces on the nuclei of {name} vanish?",
        rows=(_row("Energy there", certificate, found.message),),
        findings=(f"{atoms} ({found.molecule.unit}).",),
        limits=(_LIMIT, _IDEAL, "The search goes downhill from its start: another start may lead to another minimum."),
        figures=(
            Figure(
                geometry_picture(found),
                "Energy above the last one, and the largest force, of each step that was taken.",
                "Two falling lines on logarithmic axes.",
            ),
        ),
        evidence={"Run": "; ".join(geometry_facts(found))},
        wall_time=found.wall_time,
    )
    return _report(f"Geometry of {name}", section, certificate.seed)


def _report(title: str, section: Section, seed: int | None) -> Report:
    return Report(
        title=title,
        summary="Every energy stands beside the exact one of the same orbitals, with its spin and its residual.",
        sections=(section,),
        seed=0 if seed is None else seed,
        environment=environment(),
    )


def _row(quantity: str, certificate: Certificate, evidence: str) -> Row:
    interval = None
    if certificate.standard_error is not None:
        reach = 1.959963984540054 * certificate.standard_error
        interval = (certificate.energy - reach, certificate.energy + reach)
    parts = [evidence]
    if certificate.spin_squared is not None and math.isfinite(certificate.spin_squared):
        parts.append(f"⟨S²⟩ {certificate.spin_squared:.5f}")
    if certificate.residual_norm is not None:
        parts.append(f"residual {MILLIHARTREE.text(certificate.residual_norm)}")
    return Row(
        quantity, certificate.energy, certificate.exact_energy, HARTREE, MILLIHARTREE, ", ".join(parts), interval
    )


def _plain(quantity: str, energy: float, certificate: Certificate, evidence: str) -> Row:
    return Row(quantity, energy, certificate.exact_energy, HARTREE, MILLIHARTREE, evidence)


def _findings(certificate: Certificate) -> list[str]:
    found = []
    if certificate.gap is not None and certificate.gap > 0:
        verdict = "within" if certificate.gap <= CHEMICAL_ACCURACY else "outside"
        found.append(
            f"The energy lies {MILLIHARTREE.text(certificate.gap)} above the exact one, {verdict} chemical accuracy "
            f"({Unit('mHa', 1e3, 1).text(CHEMICAL_ACCURACY)})."
        )
    if certificate.eigenvalue_interval is not None:
        low, high = certificate.eigenvalue_interval
        found.append(f"An exact energy is certain to lie between {_SHORT.text(low)} and {_SHORT.text(high)}.")
    return found


def _state_evidence(answer: EnergyAnswer) -> dict[str, str]:
    certificate = answer.certificate
    words = {"Electrons": "{:g} alpha, {:g} beta".format(*certificate.num_electrons)}
    if answer.dipole_debye is not None:
        words["Dipole moment"] = f"{answer.dipole_debye:.4f} D"
    return {**words, "Software": _software(answer.integrals)}


def _software(integrals: MolecularIntegrals) -> str:
    return ", ".join(f"{name} {version}" for name, version in integrals.versions.items()) or "none beside qtoolkit"
