"""The figures of molecules, from their numbers, returned as SVG documents; see `qtoolkit.report.canvas`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.chemistry import CHEMICAL_ACCURACY, ExcitedStates, GroundState, OptimisedGeometry
from qtoolkit.report.canvas import MARKERS, Axes, Canvas, Theme, ink, quiet, series_color
from qtoolkit.report.molecules.answers import EnergyAnswer, ScanAnswer, molecule_name
from qtoolkit.report.molecules.tables import HARTREE_IN_EV, multiplicity_name

__all__ = ["energy_picture", "excited_picture", "geometry_picture", "scan_picture"]

_LEAST = 1e-9
"""Millihartree; a logarithmic axis has no place for an error that is zero to rounding."""


def energy_picture(answer: EnergyAnswer, theme: Theme = "light") -> str:
    """The orbitals and their natural occupations, and how the search came down to the energy.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    course = _course(answer)
    canvas = Canvas(columns=1 if course is None else 2, size=(4.6 if course is None else 8.4, 3.6), theme=theme)
    with canvas as axes:
        _orbitals(axes[0], answer, theme)
        if course is not None:
            label, gaps = course
            axes[1].semilogy(np.arange(1, len(gaps) + 1), gaps, color=series_color(0, theme))
            axes[1].axhline(1e3 * CHEMICAL_ACCURACY, color=ink(theme), linestyle="--", linewidth=1.0)
            axes[1].annotate(
                "chemical accuracy", (1.0, 1e3 * CHEMICAL_ACCURACY), xycoords=("axes fraction", "data"),
                ha="right", va="bottom", fontsize=8.5,
            )  # fmt: skip
            axes[1].set(xlabel=label, ylabel="above exact (mHa)", title=answer.method)
            axes[1].xaxis.get_major_locator().set_params(integer=True)
    return canvas.svg


def _course(answer: EnergyAnswer) -> tuple[str, NDArray[np.float64]] | None:
    """What is counted, and how far in millihartree the energy was from the exact one each time."""
    found, exact = answer.found, answer.exact_energy
    if not isinstance(found, GroundState) or exact is None:
        return None
    energies = found.history if answer.grown is None else answer.grown.energies
    if not len(energies):
        return None
    label = "evaluation" if answer.grown is None else "operators"
    return label, 1e3 * np.maximum(np.abs(np.asarray(energies) - exact), 1e-3 * _LEAST)


def _orbitals(axes: Axes, answer: EnergyAnswer, theme: Theme) -> None:
    """Natural orbitals as bars; what a determinant would fill stands behind."""
    name = molecule_name(answer.integrals)
    occupations = answer.natural_occupations
    if occupations is None:
        axes.set(title=name)
        return
    places = np.arange(len(occupations))
    n_alpha, n_beta = answer.integrals.nelec
    filled = (places < n_alpha).astype(float) + (places < n_beta)
    axes.bar(places, filled, width=0.86, color=quiet(theme), alpha=0.28, label="one determinant")
    axes.bar(places, occupations, width=0.5, color=series_color(0, theme), label=answer.method)
    axes.set(xlabel="natural orbital", ylabel="electrons", title=name, ylim=(0.0, 2.35))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(visible=False, axis="x")
    axes.legend(ncols=2, loc="upper right")


def scan_picture(answer: ScanAnswer, theme: Theme = "light") -> str:
    """Energies along a coordinate, and their distance from the exact ones.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    curve = answer.curve
    exact, x = curve.fci_energies, curve.coordinates
    canvas = Canvas(columns=2, size=(8.4, 3.6), theme=theme)
    with canvas as (energies, errors):
        energies.plot(x, exact, color=ink(theme), linewidth=1.2, label="exact")
        errors.axhline(
            1e3 * CHEMICAL_ACCURACY, color=ink(theme), linestyle="--", linewidth=1.0, label="chemical accuracy"
        )
        for k, (label, values) in enumerate(
            (("Hartree–Fock", curve.hartree_fock_energies), (answer.method, curve.vqe_energies))
        ):
            color, marker = series_color(1 - k, theme), MARKERS[1 - k]
            energies.plot(x, values, color=color, marker=marker, linestyle="none", label=label)
            errors.semilogy(
                x, np.maximum(1e3 * np.abs(values - exact), _LEAST), color=color, marker=marker, label=label
            )
        energies.set(xlabel="r", ylabel="energy (Ha)", title=molecule_name(curve.points[0].integrals))
        errors.set(xlabel="r", ylabel="above exact (mHa)", title="error")
        energies.legend()
        errors.legend()
    return canvas.svg


def excited_picture(found: ExcitedStates, theme: Theme = "light") -> str:
    """Levels by spin, beside the exact ones.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    spins = sorted(set(found.spins.tolist()))
    ground = found.ground
    zeros = (found.energies[0], found.exact_energies[0]) if ground is None else (ground.energy, ground.fci_energy)
    columns = (
        (found.method, HARTREE_IN_EV * (found.energies - zeros[0]), series_color(0, theme), (-0.36, -0.02)),
        ("exact", HARTREE_IN_EV * (found.exact_energies - zeros[1]), ink(theme), (0.02, 0.36)),
    )
    canvas = Canvas(size=(1.8 + 1.9 * max(len(spins), 2), 3.8), theme=theme)
    with canvas as (axes,):
        for label, levels, color, (left, right) in columns:
            for k, spin in enumerate(spins):
                axes.hlines(levels[found.spins == spin], k + left, k + right, color=color, linewidth=2.2)
            axes.hlines([], 0, 0, color=color, linewidth=2.2, label=label)
        axes.set_xticks(range(len(spins)), [f"{multiplicity_name(spin)}s" for spin in spins])
        axes.set(
            ylabel="above the ground state (eV)", title=molecule_name(found.integrals), xlim=(-0.6, len(spins) - 0.4)
        )
        axes.margins(y=0.18)
        axes.grid(visible=False, axis="x")
        axes.legend(ncols=2, loc="upper left")
    return canvas.svg


def geometry_picture(found: OptimisedGeometry, theme: Theme = "light") -> str:
    """Energy and largest force of each step.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    taken = [(k, step) for k, step in enumerate(found.steps) if step.accepted]
    numbers = [k for k, _ in taken]
    canvas = Canvas(columns=2, size=(8.4, 3.4), theme=theme)
    with canvas as (energies, forces):
        above = [1e3 * max(step.energy - found.energy, 1e-3 * _LEAST) for _, step in taken]
        energies.semilogy(numbers, above, color=series_color(0, theme), marker="o")
        energies.set(xlabel="step", ylabel="energy above the end (mHa)", title=molecule_name(found.state.integrals))
        forces.semilogy(numbers, [step.largest_force for _, step in taken], color=series_color(1, theme), marker="s")
        forces.set(xlabel="step", ylabel="largest force (Ha/bohr)", title="forces")
        for axes in (energies, forces):
            axes.xaxis.get_major_locator().set_params(integer=True)
    return canvas.svg
