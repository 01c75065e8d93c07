"""Energies, curves, excited states, geometries and resources as JSON types; energies in hartree."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from qtoolkit.applications.chemistry import (
    Certificate,
    ExcitedStates,
    GroundState,
    MolecularIntegrals,
    Molecule,
    OptimisedGeometry,
)
from qtoolkit.report.molecules.answers import EnergyAnswer, ResourcesAnswer, ScanAnswer

__all__ = ["energy_data", "excited_data", "geometry_data", "resources_data", "scan_data"]


def energy_data(answer: EnergyAnswer) -> dict[str, Any]:
    """Everything about an energy."""
    found = answer.found
    data = {
        "method": answer.method,
        "energy": answer.certificate.energy,
        "hartree_fock_energy": _finite(answer.integrals.hartree_fock_energy),
        "certificate": _certificate(answer.certificate),
        "dipole_debye": answer.dipole_debye,
        "natural_occupations": None if answer.natural_occupations is None else answer.natural_occupations.tolist(),
        "problem": _problem(answer.integrals),
        "wall_time": answer.wall_time,
    }
    if isinstance(found, GroundState):
        names = found.ansatz.parameter_names
        data["ansatz"] = type(found.ansatz).__name__
        data["parameters"] = dict(zip(names, found.parameters.tolist(), strict=True))
        data["history"] = [_finite(value) for value in found.history.tolist()]
    return data


def scan_data(answer: ScanAnswer) -> dict[str, Any]:
    """Everything about a curve."""
    curve = answer.curve
    return {
        "geometry": answer.geometry,
        "ansatz": answer.ansatz,
        "unit": answer.unit,
        "points": [
            {
                "r": x,
                "energy": point.energy,
                "hartree_fock_energy": point.hartree_fock_energy,
                "certificate": _certificate(point.certificate),
                "orbitals": point.integrals.scf_solution,
            }
            for x, point in zip(curve.coordinates.tolist(), curve.points, strict=True)
        ],
        "minimum": None if answer.minimum is None else {"r": answer.minimum[0], "energy": answer.minimum[1]},
        "problem": _problem(curve.points[0].integrals),
        "wall_time": curve.wall_time,
    }


def excited_data(found: ExcitedStates) -> dict[str, Any]:
    """Everything about excited states."""
    return {
        "method": found.method,
        "ground_energy": None if found.ground is None else found.ground.energy,
        "states": [
            {
                "energy": float(energy),
                "excitation_energy": float(above),
                "spin": float(spin),
                "certificate": _certificate(certificate),
            }
            for energy, above, spin, certificate in zip(
                found.energies, found.excitation_energies, found.spins, found.certificates, strict=True
            )
        ],
        "problem": _problem(found.integrals),
        "seed": found.seed,
        "wall_time": found.wall_time,
    }


def geometry_data(found: OptimisedGeometry) -> dict[str, Any]:
    """Everything about a geometry."""
    return {
        "geometry": _atoms(found.molecule),
        "unit": found.molecule.unit,
        "energy": found.energy,
        "certificate": _certificate(found.state.certificate),
        "forces": found.forces.forces.tolist(),
        "force_method": found.forces.method,
        "converged": found.converged,
        "message": found.message,
        "steps": [
            {
                "energy": step.energy,
                "largest_force": step.largest_force,
                "accepted": step.accepted,
                "geometry": _atoms(step.molecule),
            }
            for step in found.steps
        ],
        "problem": _problem(found.state.integrals),
        "wall_time": found.wall_time,
    }


def resources_data(answer: ResourcesAnswer) -> dict[str, Any]:
    """Everything about resources."""
    cost, footprint = answer.cost, answer.footprint
    return {
        "method": cost.method,
        "num_spin_orbitals": cost.num_spin_orbitals,
        "one_norm": cost.one_norm,
        "error": cost.error,
        "factorisation": {
            "rank": answer.factorised.rank,
            "num_eigenvectors": answer.factorised.num_eigenvectors,
            "threshold": answer.factorised.threshold,
            "error": answer.factorised.error,
        },
        "num_steps": cost.num_steps,
        "num_toffolis": cost.num_toffolis,
        "num_logical_qubits": cost.num_logical_qubits,
        "step_items": dict(cost.step_items),
        "qubit_items": dict(cost.qubit_items),
        "footprint": {
            "physical_error_rate": footprint.physical_error_rate,
            "distance": footprint.distance,
            "num_physical_qubits": footprint.num_physical_qubits,
            "num_factories": footprint.num_factories,
            "seconds": footprint.seconds,
            "failure_probability": footprint.failure_probability,
        },
        "problem": _problem(answer.integrals),
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    interval = certificate.eigenvalue_interval
    return {
        "energy": certificate.energy,
        "standard_error": certificate.standard_error,
        "num_electrons": list(certificate.num_electrons),
        "spin_z": certificate.spin_z,
        "spin_squared": _finite(certificate.spin_squared),
        "spin_squared_target": certificate.spin_squared_target,
        "variance": certificate.variance,
        "residual_norm": certificate.residual_norm,
        "eigenvalue_interval": None if interval is None else list(interval),
        "exact_energy": certificate.exact_energy,
        "gap": certificate.gap,
        "ccsd_energy": certificate.ccsd_energy,
        "ccsd_gap": certificate.ccsd_gap,
        "converged": certificate.converged,
        "message": certificate.message,
        "num_evaluations": certificate.num_evaluations,
        "gradient_norm": certificate.gradient_norm,
        "seed": certificate.seed,
    }


def _problem(integrals: MolecularIntegrals) -> dict[str, Any]:
    molecule = integrals.molecule
    stated: dict[str, Any] = {}
    if molecule is not None:
        stated = {
            "formula": molecule.formula,
            "geometry": _atoms(molecule),
            "unit": molecule.unit,
            "basis": molecule.basis,
            "charge": molecule.charge,
            "spin": molecule.spin,
        }
    return {
        **stated,
        "norb": integrals.norb,
        "nelec": list(integrals.nelec),
        "active_space": integrals.active_space_summary,
        "orbitals": integrals.scf_solution,
        "versions": dict(integrals.versions),
    }


def _atoms(molecule: Molecule) -> list[list[Any]]:
    return [[symbol, *_numbers(place)] for symbol, place in molecule.geometry]


def _numbers(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
