"""Pull a hydrogen molecule apart: UCCSD by VQE beside Hartree–Fock and the exact energy, as a table and a picture.

python examples/chemistry_dissociation.py
python examples/chemistry_dissociation.py --fast --output h2.png
"""

from __future__ import annotations

import argparse
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qtoolkit._files import check_output, write_whole
from qtoolkit._optional import require
from qtoolkit.applications.chemistry import (
    CHEMICAL_ACCURACY,
    DissociationCurve,
    diatomic,
    dissociation_curve,
    ground_state,
)
from qtoolkit.errors import InputError


def table(curve: DissociationCurve) -> Table:
    columns = Table(title="H2 in STO-3G, energies in hartree")
    for heading in ("distance (Å)", "Hartree–Fock", "UCCSD VQE", "exact (FCI)", "gap (mHa)"):
        columns.add_column(heading, justify="right")
    for distance, point in zip(curve.distances, curve.points, strict=True):
        columns.add_row(
            f"{distance:.3f}",
            f"{point.hartree_fock_energy:.6f}",
            f"{point.energy:.6f}",
            f"{point.fci_energy:.6f}",
            f"{point.gap_millihartree:.1e}",
        )
    return columns


def save_picture(curve: DissociationCurve, path: Path) -> None:
    require("matplotlib", extra="plot").use("Agg")
    pyplot = require("matplotlib.pyplot", extra="plot")
    figure, (energies, errors) = pyplot.subplots(
        2, 1, sharex=True, figsize=(7, 6), height_ratios=(3, 1), layout="constrained"
    )
    energies.plot(curve.distances, curve.hartree_fock_energies, "--", color="tab:orange", label="Hartree–Fock")
    energies.plot(curve.distances, curve.fci_energies, color="black", label="exact (FCI)")
    energies.plot(curve.distances, curve.vqe_energies, "o", color="tab:blue", label="UCCSD VQE")
    energies.set(ylabel="energy (hartree)", title="Dissociation of H2, STO-3G")
    energies.legend()
    smallest_drawn = 1e-12
    errors.semilogy(curve.distances, np.maximum(np.abs(curve.gaps), smallest_drawn), "o", color="tab:blue")
    errors.axhline(CHEMICAL_ACCURACY, linestyle=":", color="tab:red", label="chemical accuracy")
    errors.set(xlabel="distance (Å)", ylabel="|VQE − FCI| (hartree)")
    errors.legend(loc="center right")
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
    ending = path.suffix.removeprefix(".").lower() or "png"
    if ending not in known:
        raise InputError(f"the picture's name must end in one of {', '.join(sorted(known))}, got {path}")
    return ending


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="3 distances, and no LiH")
    parser.add_argument("--output", type=Path, default=Path("h2_dissociation.png"), help="where the picture goes")
    options = parser.parse_args()
    try:
        picture_format(options.output)
        check_output(options.output, "--output")
    except InputError as error:
        parser.error(str(error))
    console = Console()

    distances = [0.5, 0.735, 2.5] if options.fast else [*np.linspace(0.4, 1.1, 8), *np.linspace(1.25, 3.0, 8)]
    with Progress(console=console, transient=True) as bars:
        bar = bars.add_task("H2", total=len(distances))
        curve = dissociation_curve(
            distances,
            partial(diatomic, "H", "H"),
            progress=lambda done, total: bars.update(bar, completed=done, total=total),
        )
    console.print(table(curve))
    save_picture(curve, options.output)
    console.print(f"picture: {options.output}")

    if not options.fast:
        result = ground_state(diatomic("Li", "H", 1.595))
        console.print(
            f"LiH at 1.595 Å: {result.energy:.6f} Ha with {result.num_parameters} amplitudes on {result.num_qubits} "
            f"qubits, exact {result.fci_energy:.6f}, gap {result.gap_millihartree:.4f} mHa"
        )


if __name__ == "__main__":
    main()
