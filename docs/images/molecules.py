"""Draws the pictures of `docs/tutorials/molecules.md`, from its molecules; run with the extras chemistry and plot."""

from __future__ import annotations

from pathlib import Path

from qtoolkit.applications.chemistry import Molecule, compute_integrals, ground_state, qeom, scan
from qtoolkit.report.molecules import EnergyAnswer, ScanAnswer, energy_picture, excited_picture, scan_picture

FOLDER = Path(__file__).parent


def nitrogen(distance: float) -> Molecule:
    """N2, with its atoms so far apart in angstrom."""
    return Molecule.from_string(f"N 0 0 0; N 0 0 {distance}")


def main() -> None:
    """Writes the pictures beside this file."""
    state = ground_state(nitrogen(1.6), active_space=(6, 6), use_symmetry=True)
    (FOLDER / "molecule-occupations.svg").write_text(energy_picture(EnergyAnswer(state)), encoding="utf-8")
    distances = [0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0, 2.3, 2.6]
    curve = scan(distances, nitrogen, active_space=(6, 6), use_symmetry=True)
    answer = ScanAnswer(curve, "UCCSD", "angstrom", "N 0 0 0; N 0 0 {r}")
    (FOLDER / "molecule-curve.svg").write_text(scan_picture(answer), encoding="utf-8")
    hydride = compute_integrals(Molecule.from_string("Li 0 0 0; H 0 0 1.595"))
    levels = qeom(ground_state(hydride), 8)
    (FOLDER / "molecule-levels.svg").write_text(excited_picture(levels), encoding="utf-8")


if __name__ == "__main__":
    main()
