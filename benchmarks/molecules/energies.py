"""Energies and counts beside values that others computed: a table of errors, no timing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from molecules.contest import Bench
from molecules.descent import descend
from molecules.problems import chain, integrals_of
from qtoolkit.applications.chemistry import (
    UCCSD,
    MolecularIntegrals,
    StateProperties,
    compute_integrals,
    diatomic,
    forces,
    ground_state,
    optimise_geometry,
    qubit_hamiltonian,
)
from qtoolkit.applications.materials import chain as sites
from qtoolkit.applications.materials import hubbard_model
from qtoolkit.operators import ElectronicHamiltonian, Tapering
from qtoolkit.simulators.fermion import FermionSimulator, lowest_states

__all__ = ["measure_energies"]

EXACT = {
    "H2": -1.137306036,
    "H2 cc-pVDZ": -1.163209558,
    "H4": -2.166387449,
    "H6": -3.236066280,
    "LiH": -7.882401932,
    "LiH frozen core": -7.882174506,
    "BeH2": -15.595176869,
    "H2O": -75.012759313,
    "N2 (10e,8o)": -107.652532525,
}
LIH_TRIPLET, LIH_SINGLET = -7.766418475, -7.749216187
HUBBARD = -3.092565320
"""Six sites in a row, U = 4, half filled."""

DIPOLE, SLOPE, DISTANCE = 1.8177157, 0.0301141, 1.54752
"""Of LiH: at 1.595 Å in atomic units; dE/dR at 1.8 Å in hartree per bohr; at equilibrium in Å."""

PRECISION, NEAR = 1e-6, 1e-4
"""Of what is exact, and of what is UCCSD's, which lies that near."""

BANDS = {"LiH": 0.05, "H6": 1.0}
"""mHa above the exact energy that the minimum of UCCSD may lie; never on it or below."""

STRINGS = {"H2": (15, 1), "H4": (185, 5), "LiH": (631, 8), "BeH2": (666, 9), "H2O": (1086, 10)}
"""Pauli strings by Jordan–Wigner, and qubits that tapering leaves."""

QUICK = ("H2", "H4", "LiH")

Row = tuple[str, str, str, str, str]


def measure_energies(bench: Bench) -> None:
    """In hartree, to 1e-6; numbers of strings and qubits exactly."""
    with bench.table("Values", ("what", "stated", "qtoolkit", "error", "goal")) as table:
        for what, row in _rows(bench):
            with bench.attempt(table, what):
                table.row(*row())


def _rows(bench: Bench) -> Iterator[tuple[str, Callable[[], Row]]]:
    for name, stated in EXACT.items():
        if not bench.quick or name in QUICK:
            yield name, lambda name=name, stated=stated: _level(f"{name}, exact", stated, _exact(bench, name))
    yield "T1", lambda: _level("LiH, T1", LIH_TRIPLET, _lowest(bench, integrals_of("LiH"), 1.0)[0])
    yield "S1", lambda: _level("LiH, S1", LIH_SINGLET, _lowest(bench, integrals_of("LiH"), 0.0, 2)[1])
    yield "Hubbard", lambda: _level("Hubbard, 6 sites, U = 4", HUBBARD, _hubbard(bench))
    yield "dipole", lambda: _level("LiH, dipole", DIPOLE, _dipole(bench))
    yield "slope", lambda: _level("LiH, dE/dR at 1.8 Å by UCCSD", SLOPE, _slope(), NEAR)
    yield "equilibrium", lambda: _level("LiH, equilibrium by UCCSD", DISTANCE, _equilibrium(), NEAR)
    for name, band in BANDS.items():
        yield name, lambda name=name, band=band: _band(bench, name, integrals_of(name), band)
    for spacing in (1.5, 2.0):
        integrals = compute_integrals(chain(4, spacing))
        yield "H4", lambda i=integrals, s=spacing: _band(bench, f"H4 at {s} Å", i, np.inf)
    for name, (strings, qubits) in STRINGS.items():
        if not bench.quick or name in QUICK:
            yield name, lambda name=name, strings=strings: _count(f"{name}, strings", strings, _strings(name))
            yield name, lambda name=name, qubits=qubits: _count(f"{name}, tapered qubits", qubits, _tapered(name))


def _level(what: str, stated: float, found: float, precision: float = PRECISION) -> Row:
    error = found - stated
    verdict = "met" if abs(error) <= precision else "MISSED"
    return what, f"{stated:.9f}", f"{found:.9f}", f"{error:+.1e}", f"{precision:g}: {verdict}"


def _count(what: str, stated: int, found: int) -> Row:
    return what, str(stated), str(found), str(found - stated), f"equal: {'met' if found == stated else 'MISSED'}"


def _band(bench: Bench, what: str, integrals: MolecularIntegrals, band: float) -> Row:
    """The minimum of UCCSD from perturbative amplitudes."""
    ansatz, simulator = UCCSD(integrals.norb, integrals.nelec), FermionSimulator(bench.threads)
    found = descend(
        lambda at: simulator.gradient(ansatz.program, integrals.hamiltonian, at),
        ansatz.initial_parameters(integrals).tolist(),
    )
    gap = 1e3 * (found.energy - _lowest(bench, integrals, 0.0)[0])
    verdict = "met" if 0.0 < gap <= band else "MISSED"
    stated, wanted = ("above exact", "> 0") if np.isinf(band) else (f"within {band:g} mHa", f"0 to {band:g} mHa")
    return f"{what}, UCCSD", stated, f"{found.energy:.9f}", f"{gap:+.4f} mHa", f"{wanted}: {verdict}"


def _exact(bench: Bench, name: str) -> float:
    return _lowest(bench, integrals_of(name), 0.0)[0]


def _lowest(bench: Bench, integrals: MolecularIntegrals, spin: float, count: int = 1) -> list[float]:
    return _eigenvalues(bench, integrals.hamiltonian, integrals.nelec, spin, count)


def _eigenvalues(
    bench: Bench, hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], spin: float, count: int = 1
) -> list[float]:
    found: list[float] = lowest_states(hamiltonian, nelec, count, spin, num_threads=bench.threads)[0].tolist()
    return found


def _hubbard(bench: Bench) -> float:
    return _eigenvalues(bench, hubbard_model(sites(6), 1.0, 4.0), (3, 3), 0.0)[0]


def _dipole(bench: Bench) -> float:
    integrals = integrals_of("LiH")
    state = lowest_states(integrals.hamiltonian, integrals.nelec, spin=0.0, num_threads=bench.threads)[1][0]
    return float(np.linalg.norm(StateProperties(integrals, state).dipole))


def _slope() -> float:
    return float(forces(ground_state(diatomic("Li", "H", 1.8))).gradient[1, 2])


def _equilibrium() -> float:
    return float(optimise_geometry(diatomic("Li", "H", 1.7), force_tolerance=1e-6).distances[0, 1])


def _strings(name: str) -> int:
    return len(qubit_hamiltonian(integrals_of(name)))


def _tapered(name: str) -> int:
    integrals = integrals_of(name)
    filled = sum(1 << mode for mode in range(integrals.nelec[0]))
    filled |= sum(1 << (integrals.norb + mode) for mode in range(integrals.nelec[1]))
    return Tapering.for_state(qubit_hamiltonian(integrals), filled).num_qubits
