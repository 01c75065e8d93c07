"""How strongly does water bind to an amide, the group that drugs and proteins hold each other by?

From the SMILES of formamide to a conformer, an active space (AVAS), a curve of interaction energies by VQE beside
Hartree–Fock, MP2 and CCSD(T), water as point charges, and what a fault-tolerant computer would need for the fragment.

python examples/chemistry_drug_fragment.py
python examples/chemistry_drug_fragment.py --fast --output curve.svg

Where others use the cores too, OMP_NUM_THREADS=1 in front makes it several times as fast.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qtoolkit._files import check_output, write_whole
from qtoolkit._optional import is_installed, require
from qtoolkit.applications.chemistry import (
    HARTREE_IN_KCAL_PER_MOL,
    InteractionEnergy,
    Molecule,
    PointCharges,
    avas,
    compute_integrals,
    fit_charges,
    interaction_energy,
    to_principal_axes,
)
from qtoolkit.applications.chemistry.resources import double_factorisation, double_factorised_cost
from qtoolkit.applications.qec import physical_footprint
from qtoolkit.errors import InputError

BASIS = "6-31g"
AMIDE = avas(["0 N 2pz", "1 C 2p", "2 O 2p"])
PI_ELECTRONS = avas(["0 N 2pz", "1 C 2pz", "2 O 2pz"])
BOND, ANGLE = 0.9572, np.deg2rad(104.52)
"""Of water, in angstrom and radians."""
CONTACT = 2.0
"""Distance of the hydrogen bond, in angstrom, at which CCSD(T) is computed too."""
FAST, ALL = (CONTACT,), (1.7, CONTACT, 2.4, 3.2)

CONTENTS = (
    "The bar on the VQE energies holds the distance from the exact energy of the active space, and the change when "
    "only the π orbitals are active. It does not hold what lies outside: most of dispersion, the basis set, the strain "
    "of both molecules, solvent and temperature. No affinity of a drug follows from this; it shows what each step of "
    "the path costs, and that the gaps of VQE in the pair and in its parts mostly cancel."
)


def water_at(amide: Molecule, distance: float) -> Molecule:
    """Water that points one hydrogen at the oxygen of an amide in the xy plane, 60° off the C=O axis."""
    nitrogen, carbon, oxygen = (np.array(place) for _, place in amide.geometry[:3])
    along = (oxygen - carbon) / np.linalg.norm(oxygen - carbon)
    aside = nitrogen - carbon - (nitrogen - carbon) @ along * along
    out = 0.5 * along - np.sqrt(0.75) * aside / np.linalg.norm(aside)
    near = oxygen + distance * out
    centre = near + BOND * out
    far = centre + BOND * (-np.cos(ANGLE) * out + np.sin(ANGLE) * np.array([0.0, 0.0, 1.0]))
    places = {"O": centre, "H near": near, "H far": far}
    return Molecule([(name[0], tuple(place.tolist())) for name, place in places.items()], amide.basis)


def kcal(energy: float) -> float:
    return HARTREE_IN_KCAL_PER_MOL * energy


def table(distances: tuple[float, ...], molecules: list[InteractionEnergy], charges: list[InteractionEnergy]) -> Table:
    columns = Table(title=f"Formamide and water in {BASIS.upper()}, interaction energies in kcal/mol")
    for heading in ("O···H (Å)", "Hartree–Fock", "VQE", "± bar", "MP2", "CCSD(T)", "VQE in charges"):
        columns.add_column(heading, justify="right")
    for distance, pair, field in zip(distances, molecules, charges, strict=True):
        triples = pair.references.get("ccsd(t)")
        columns.add_row(
            f"{distance:.2f}",
            f"{kcal(pair.hartree_fock_energy):.2f}",
            f"{pair.energy_kcal_per_mol:.2f}",
            f"{pair.error_bar_kcal_per_mol:.2g}",
            f"{kcal(pair.references['mp2']):.2f}",
            "" if triples is None else f"{kcal(triples):.2f}",
            f"{field.energy_kcal_per_mol:.2f}",
        )
    return columns


def save_picture(
    distances: tuple[float, ...], molecules: list[InteractionEnergy], charges: list[InteractionEnergy], path: Path
) -> None:
    require("matplotlib", extra="plot").use("Agg")
    pyplot = require("matplotlib.pyplot", extra="plot")
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    axes.axhline(0.0, color="0.7", linewidth=0.8)
    axes.plot(
        distances,
        [kcal(pair.hartree_fock_energy) for pair in molecules],
        "v--",
        markersize=5,
        color="tab:orange",
        label="Hartree–Fock",
    )
    axes.plot(
        distances,
        [kcal(pair.references["mp2"]) for pair in molecules],
        "^:",
        markersize=5,
        color="black",
        label="MP2, all orbitals",
    )
    axes.plot(
        distances,
        [field.energy_kcal_per_mol for field in charges],
        "s-.",
        markersize=5,
        color="tab:green",
        label="VQE, water as charges",
    )
    axes.errorbar(
        distances,
        [pair.energy_kcal_per_mol for pair in molecules],
        yerr=[pair.error_bar_kcal_per_mol for pair in molecules],
        fmt="o",
        capsize=4,
        color="tab:blue",
        label="VQE in the active space",
    )
    best = [
        (d, pair.references["ccsd(t)"])
        for d, pair in zip(distances, molecules, strict=True)
        if "ccsd(t)" in pair.references
    ]
    axes.plot(
        [d for d, _ in best], [kcal(energy) for _, energy in best], "x", markersize=8, color="tab:red", label="CCSD(T)"
    )
    axes.set(
        xlabel="distance O···H (Å)",
        ylabel="interaction energy (kcal/mol)",
        title=f"Water at the oxygen of formamide, {BASIS.upper()}, counterpoise-corrected",
    )
    axes.legend()
    drawn = BytesIO()
    figure.savefig(drawn, format=picture_format(path), dpi=150)
    pyplot.close(figure)
    write_whole(path, drawn.getvalue())


def picture_format(path: Path) -> str:
    """The format that the file's name asks for.

    Raises:
        InputError: if Matplotlib cannot write it.
    """
    known = require("matplotlib.backend_bases", extra="plot").FigureCanvasBase.get_supported_filetypes()
    ending = path.suffix.removeprefix(".").lower() or "svg"
    if ending not in known:
        raise InputError(f"the picture's name must end in one of {', '.join(sorted(known))}, got {path}")
    return ending


def resources(amide: Molecule) -> str:
    """What phase estimation of the amide by itself takes, with all electrons but the cores."""
    hamiltonian = compute_integrals(amide, "frozen_core").hamiltonian
    factors = double_factorisation(hamiltonian, threshold=1e-3)
    cost = double_factorised_cost(factors, error=1e-3)
    footprint = physical_footprint(cost.num_toffolis, cost.num_logical_qubits)
    return (
        f"phase estimation of the amide in {hamiltonian.num_qubits} spin orbitals to 1 mHa by double factorisation: "
        f"λ = {factors.one_norm:.0f} Ha, {cost.num_toffolis:.2g} Toffoli gates on {cost.num_logical_qubits} logical "
        f"qubits; {footprint.num_physical_qubits:.2g} physical qubits at distance {footprint.distance} for "
        f"{footprint.seconds / 3600:.1f} hours"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="one distance, without CCSD(T)")
    parser.add_argument("--seed", type=int, default=0, help="of the conformer and the searches")
    parser.add_argument("--output", type=Path, default=Path("drug_fragment.svg"), help="where the picture goes")
    options = parser.parse_args()
    drawn = is_installed("matplotlib")
    try:
        if drawn:
            picture_format(options.output)
        check_output(options.output, "--output")
        amide = to_principal_axes(Molecule.from_smiles("NC=O", basis=BASIS, seed=options.seed))
    except InputError as error:
        parser.error(str(error))
    console = Console()
    # matrices this small lose time to threads, most of all where others use the cores
    require("pyscf.lib", extra="chemistry").num_threads(1)

    distances = FAST if options.fast else ALL
    fitted = fit_charges(water_at(amide, CONTACT))
    molecules, charges = [], []
    with Progress(console=console, transient=True) as bars:
        bar = bars.add_task("distances", total=len(distances))
        for distance in distances:
            water = water_at(amide, distance)
            closely = distance == CONTACT and not options.fast
            molecules.append(
                interaction_energy(
                    amide,
                    water,
                    active_space=AMIDE,
                    variations=[PI_ELECTRONS],
                    references=["mp2", "ccsd(t)"] if closely else ["mp2"],
                    seed=options.seed,
                )
            )
            field = PointCharges([place for _, place in water.geometry], fitted.point_charges.charges)
            charges.append(interaction_energy(amide, field, active_space=AMIDE, references=[], seed=options.seed))
            bars.advance(bar)
    console.print(table(distances, molecules, charges))
    contact = molecules[distances.index(CONTACT)]
    state = contact.parts["complex"].state
    assert state is not None
    console.print(f"{state.integrals.active_space_summary}: {contact.num_qubits} qubits")
    console.print(
        f"at {CONTACT:g} Å the VQE of the pair ends {state.gap_millihartree:.2f} mHa above the exact energy of its "
        f"active space, the interaction energy {kcal(contact.solver_error):.2g} kcal/mol off it"
    )
    console.print(CONTENTS)
    console.print(resources(amide))
    if drawn:
        save_picture(distances, molecules, charges, options.output)
        console.print(f"picture: {options.output}")


if __name__ == "__main__":
    main()
