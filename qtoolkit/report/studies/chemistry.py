"""The chemistry part of a report: ground states of H₂ and LiH, and LiH pulled apart."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from qtoolkit.algorithms.optimizers import Evaluation
from qtoolkit.applications.chemistry import (
    CHEMICAL_ACCURACY,
    DissociationCurve,
    GroundState,
    Molecule,
    diatomic,
    dissociation_curve,
    ground_state,
)
from qtoolkit.report import plots
from qtoolkit.report.model import Figure, Row, Section, Unit
from qtoolkit.report.studies.progress import Progress, share_of, silent

__all__ = ["chemistry_study"]

_HARTREE = Unit("Ha", 1.0, 6)
_MILLIHARTREE = Unit("mHa", 1e3, 4)
_H2_DISTANCE = 0.735
_LIH_DISTANCE = 1.595
_TYPICAL_EVALUATIONS = 15


def chemistry_study(
    seed: int,
    *,
    curve_distances: Sequence[float] = (1.0, 1.2, 1.4, 1.595, 1.8, 2.0, 2.3, 2.6, 2.9, 3.2, 3.6, 4.0),
    progress: Progress = silent,
) -> Section:
    """Solve H₂ and LiH at fixed bond lengths by UCCSD, and LiH along its bond.

    Args:
        seed: of the directions in which a search that ends at a saddle point looks for a way down.
        curve_distances: bond lengths of LiH in ångström, ascending.
        progress: told how far the study is.

    Raises:
        MissingExtraError: if PySCF or Matplotlib is not installed.
        ConvergenceError: if Hartree–Fock or the exact reference does not converge.
    """
    begin = time.perf_counter()
    hydrogen = _solve(diatomic("H", "H", _H2_DISTANCE), seed, _Watch(progress, "H₂", 0.0, 0.2))
    lithium_hydride = _solve(diatomic("Li", "H", _LIH_DISTANCE), seed, _Watch(progress, "LiH", 0.2, 0.4))
    curve = dissociation_curve(
        curve_distances,
        partial(diatomic, "Li", "H"),
        spin_adapted=True,
        use_symmetry=True,
        seed=seed,
        progress=share_of(progress, "LiH dissociation curve", 0.4, 1.0),
    )
    return Section(
        name="chemistry",
        title="Chemistry",
        question=(
            "What is the energy of a molecule in its ground state? A quantum circuit (unitary coupled cluster, UCCSD) "
            "is tuned until its energy is lowest. The exact energy of the same model, full configuration interaction "
            "(FCI), is the yardstick; an error below 1.6 mHa (1 kcal/mol) counts as chemical accuracy."
        ),
        rows=(
            _ground_state_row(f"H₂ at {_H2_DISTANCE} Å", hydrogen),
            _ground_state_row(f"LiH at {_LIH_DISTANCE} Å", lithium_hydride),
            _hartree_fock_row(lithium_hydride),
            _worst_point_row(curve),
        ),
        findings=_findings(hydrogen, lithium_hydride, curve),
        limits=(
            "Exact means exact in the minimal basis STO-3G, which is itself far from nature: the energies compare with "
            "each other, not with experiment.",
            "States are computed exactly, without noise and without the shots that a device would need.",
            "UCCSD is applied as one product of excitations whose order is a choice; another order gives slightly "
            "other energies.",
        ),
        figures=(_curve_figure(curve), _convergence_figure(hydrogen, lithium_hydride)),
        evidence=_evidence(hydrogen, lithium_hydride, curve, seed),
        wall_time=time.perf_counter() - begin,
    )


class _Watch:
    """Turns an optimiser's evaluations, whose number nobody knows beforehand, into progress that nears its end."""

    def __init__(self, progress: Progress, step: str, begin: float, end: float) -> None:
        self._progress, self._step, self._begin, self._end = progress, step, begin, end
        progress(step, begin)

    def __call__(self, evaluation: Evaluation) -> None:
        share = 1.0 - math.exp(-evaluation.number / _TYPICAL_EVALUATIONS)
        self._progress(self._step, self._begin + share * (self._end - self._begin))


def _solve(molecule: Molecule, seed: int, watch: _Watch) -> GroundState:
    return ground_state(molecule, spin_adapted=True, use_symmetry=True, callback=watch, seed=seed)


def _ground_state_row(label: str, state: GroundState) -> Row:
    return Row(
        f"{label}, UCCSD, {state.num_qubits} qubits",
        state.energy,
        state.fci_energy,
        _HARTREE,
        _MILLIHARTREE,
        f"{_number(state.num_parameters, 'parameter')}, {_number(state.num_evaluations, 'evaluation')}",
        data={
            "num_qubits": state.num_qubits,
            "num_parameters": state.num_parameters,
            "num_evaluations": state.num_evaluations,
            "num_hamiltonian_terms": state.num_hamiltonian_terms,
            "converged": state.converged,
            "chemically_accurate": state.is_chemically_accurate,
        },
    )


def _hartree_fock_row(state: GroundState) -> Row:
    return Row(
        "The same, Hartree–Fock",
        state.hartree_fock_energy,
        state.fci_energy,
        _HARTREE,
        _MILLIHARTREE,
        "the mean field, where UCCSD starts",
    )


def _worst_point_row(curve: DissociationCurve) -> Row:
    worst = int(np.argmax(np.abs(curve.gaps)))
    distance = float(curve.distances[worst])
    return Row(
        f"LiH at {distance:g} Å, UCCSD",
        float(curve.vqe_energies[worst]),
        float(curve.fci_energies[worst]),
        _HARTREE,
        _MILLIHARTREE,
        f"largest gap of {len(curve.distances)} bond lengths",
        data={
            "distances": curve.distances.tolist(),
            "energies": curve.vqe_energies.tolist(),
            "exact_energies": curve.fci_energies.tolist(),
            "hartree_fock_energies": curve.hartree_fock_energies.tolist(),
        },
    )


def _findings(hydrogen: GroundState, lithium_hydride: GroundState, curve: DissociationCurve) -> tuple[str, ...]:
    accurate = "within" if lithium_hydride.is_chemically_accurate else "outside"
    recovered = 1.0 - lithium_hydride.gap / (lithium_hydride.hartree_fock_energy - lithium_hydride.fci_energy)
    everywhere = "at every bond length" if curve.is_chemically_accurate else "not at every bond length"
    mean_field = float(np.max(curve.hartree_fock_energies - curve.fci_energies))
    return (
        f"For H₂ the circuit can express the exact state: what remains, {abs(hydrogen.gap):.0e} Ha, is rounding. For "
        f"LiH it recovers {recovered:.2%} of the correlation energy that Hartree–Fock misses, which is {accurate} "
        f"chemical accuracy ({abs(lithium_hydride.gap_kcal_per_mol):.4f} kcal/mol).",
        f"As the LiH bond is pulled apart, Hartree–Fock goes wrong by up to {1e3 * mean_field:.0f} mHa; UCCSD "
        f"stays chemically accurate {everywhere}, with an error of at most "
        f"{1e3 * float(np.max(np.abs(curve.gaps))):.2f} mHa.",
    )


def _curve_figure(curve: DissociationCurve) -> Figure:
    return Figure(
        plots.dissociation(
            curve.distances,
            curve.hartree_fock_energies,
            curve.vqe_energies,
            curve.fci_energies,
            CHEMICAL_ACCURACY,
            "LiH",
        ),
        "LiH pulled apart, 12 qubits: energies on the left, their errors on a logarithmic axis on the right.",
        "Two line plots over the bond length: UCCSD lies on the exact energy, Hartree–Fock above it; the error of "
        "UCCSD stays below the line of chemical accuracy.",
    )


def _convergence_figure(hydrogen: GroundState, lithium_hydride: GroundState) -> Figure:
    return Figure(
        plots.convergence(
            {
                "H₂, 4 qubits": hydrogen.history - hydrogen.fci_energy,
                "LiH, 12 qubits": lithium_hydride.history - lithium_hydride.fci_energy,
            },
            CHEMICAL_ACCURACY,
        ),
        "How the optimiser gets there: error after each evaluation of energy and gradient, from perturbative "
        "amplitudes. Errors below 10⁻⁹ mHa are shown there.",
        "Line plot on a logarithmic axis: the errors of H₂ and LiH fall below chemical accuracy within a few "
        "evaluations.",
    )


def _evidence(
    hydrogen: GroundState, lithium_hydride: GroundState, curve: DissociationCurve, seed: int
) -> dict[str, str]:
    versions = lithium_hydride.integrals.versions
    return {
        "Input": f"H₂ at {_H2_DISTANCE} Å, LiH at {_LIH_DISTANCE} Å and {len(curve.distances)} bond lengths from "
        f"{curve.distances[0]:g} to {curve.distances[-1]:g} Å; basis STO-3G, all electrons",
        "Method": "spin- and symmetry-adapted UCCSD on states of fixed numbers of electrons, adjoint gradients, "
        f"{lithium_hydride.optimizer}",
        "Exact values": "full configuration interaction in the same orbitals",
        "Hamiltonian": f"{hydrogen.num_hamiltonian_terms} Pauli strings for H₂, "
        f"{lithium_hydride.num_hamiltonian_terms} for LiH",
        "Mean field": f"H₂: {hydrogen.integrals.scf_solution}; LiH: {lithium_hydride.integrals.scf_solution}",
        "Spin": f"⟨S²⟩ of LiH {abs(lithium_hydride.spin_squared):.1e}, asked for "
        f"{lithium_hydride.spin_squared_target:g}",
        "Randomness": f"the seed {seed} sets where a search would look for a way off a saddle point",
        "Software": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "Sources": "Romero et al., Quantum Sci. Technol. 4, 014008 (2019)",
    }


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
