"""Evolution of electrons in their sector: exactly, and by product formulas of factorised integrals."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_flag, check_instance, check_integer, check_number, items_of, shown
from qtoolkit._checks import require_choice
from qtoolkit.algorithms.dynamics.bounds import check_order, check_time, law_of
from qtoolkit.algorithms.dynamics.evolve import checked_times
from qtoolkit.algorithms.dynamics.factorisation import factorised, fragments_of_electrons, unitary_generator
from qtoolkit.algorithms.dynamics.ordering import fragments_of_sums
from qtoolkit.algorithms.dynamics.propagation import propagated_to
from qtoolkit.algorithms.dynamics.result import TimeEvolution
from qtoolkit.algorithms.dynamics.schedule import joined, step_of
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    FermionOperation,
    FermionProgram,
    FermionSector,
    FermionSimulator,
    LinearMatrix,
    OrbitalRotation,
)

__all__ = ["checked_state", "electronic_trotter_program", "evolve_electrons"]

ElectronMethod: TypeAlias = Literal["exact", "trotter"]

FloatArray = NDArray[np.float64]

_TOLERANCE = 1e-8
_MOST_STEPS = 100_000
_RULE = "a number from 1e-14 to 1"


def electronic_trotter_program(
    hamiltonian: ElectronicHamiltonian,
    nelec: tuple[int, int],
    time: float,
    steps: int = 1,
    order: int = 2,
    *,
    tolerance: float = _TOLERANCE,
    reference: tuple[int, int] | None = None,
) -> FermionProgram:
    """The product formula of a molecule or lattice as orbital rotations and diagonal Coulomb evolutions.

    The parts are the one-body part and those of the double factorisation (M. Motta et al., npj Quantum Inf. 7, 83
    (2021)): each is diagonal in orbitals of its own. Neighbouring rotations of orbitals are one. Repulsion between
    occupations alone, as in Hubbard's model, is one part. The program has no parameters.

    Args:
        hamiltonian: with the same integrals for both spins.
        nelec: alpha and beta electrons, at least one.
        time: t.
        steps: of the formula.
        order: 1, 2 or 4.
        tolerance: eigenvalues of the matrix (pq),(rs) of integrals of magnitude up to this are left out.
        reference: alpha and beta strings of the determinant, as bits; the lowest orbitals by default.

    Raises:
        InputError: if integrals differ between the spins, there is no electron, or another argument does not fit.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    time, order = check_time(time), check_order(order)
    steps = check_integer(steps, "steps", 1, _MOST_STEPS)
    sector = FermionSector(hamiltonian.norb, nelec)
    count = sum(sector.nelec)
    if not count:
        raise InputError("a product formula of electrons needs at least one electron, got none")
    if reference is not None:
        rule = "reference is a pair of integers, the strings of alpha and beta electrons"
        strings = [check_integer(bits, "a string of reference", 0) for bits in items_of(reference, rule)]
        if len(strings) != 2:
            raise InputError(f"{rule}, got {shown(reference)}")
        reference = (strings[0], strings[1])
    kept = factorised(hamiltonian, check_number(tolerance, "tolerance", kind=_RULE, accept=_is_tolerance))
    # the constant acts as the same energy of each electron
    one_body = kept.one_body + hamiltonian.constant / count * np.eye(hamiltonian.norb)
    parts: list[FloatArray | tuple[FloatArray, FloatArray]] = [
        one_body,
        *((p.orbitals, p.couplings) for p in kept.parts),
    ]
    operations: list[FermionOperation] = []
    turned: NDArray[Any] = np.eye(hamiltonian.norb)
    for part, share in joined(step_of(len(parts), order) * steps):
        duration = share * time / steps
        chosen = parts[part]
        if isinstance(chosen, tuple):
            orbitals, couplings = chosen
            _turn(operations, orbitals.T @ turned)
            matrix = LinearMatrix(-duration * couplings)
            operations.append(DiagonalCoulomb(matrix, matrix))
            turned = orbitals
        else:
            energies, orbitals = np.linalg.eigh(chosen)
            turned = (orbitals * np.exp(-1j * duration * energies)) @ orbitals.T @ turned
    _turn(operations, turned)
    return FermionProgram(hamiltonian.norb, nelec, operations, reference=reference)


def evolve_electrons(
    hamiltonian: ElectronicHamiltonian,
    nelec: tuple[int, int],
    initial_state: ArrayLike,
    times: ArrayLike,
    observables: ElectronicHamiltonian | Sequence[ElectronicHamiltonian],
    *,
    method: ElectronMethod = "exact",
    order: int = 2,
    steps: int = 100,
    compare: bool = True,
    bounded: bool | None = None,
    tolerance: float = 1e-10,
    simulator: FermionSimulator | None = None,
) -> TimeEvolution:
    """Expectation values of one- and two-electron observables in ``e^{−iHt}|ψ⟩``, in the sector of |ψ⟩.

    Args:
        hamiltonian: H.
        nelec: alpha and beta electrons.
        initial_state: |ψ⟩, shape (alpha strings, beta strings), of norm 1.
        times: t, one number or several.
        observables: Hermitian operators of the same form as H, one or several.
        method: ``"exact"`` propagates in Krylov spaces; ``"trotter"`` applies `electronic_trotter_program`.
        order: of the product formula.
        steps: of the product formula for the largest time; shorter ones take as many of the same length as they need.
        compare: whether exact values stand beside those of the product formula.
        bounded: whether the product formula's error is bounded, by commutators of its parts as Pauli sums (see
            `product_formula_bound`); by default where there are at most two parts, as in Hubbard's model.
        tolerance: of exact propagation, for the state.
        simulator: a `FermionSimulator` with all cores by default.

    Raises:
        InputError: if the state has another shape or norm, or another argument does not fit.
        InsufficientMemoryError: if the vectors of exact propagation do not fit into free memory.
    """
    started = clock.perf_counter()
    require_choice("method", method, ("exact", "trotter"))
    sector, state = checked_state(hamiltonian, nelec, initial_state)
    rule = "observables are ElectronicHamiltonians"
    given = [observables] if isinstance(observables, ElectronicHamiltonian) else items_of(observables, rule)
    chosen = [check_instance(item, ElectronicHamiltonian, rule) for item in given]
    if not chosen or any(item.norb != hamiltonian.norb for item in chosen):
        raise InputError(
            f"an evolution needs observables of {hamiltonian.norb} orbitals, got {len(chosen)} observables"
        )
    engine = FermionSimulator() if simulator is None else simulator
    check_instance(engine, FermionSimulator, "simulator must be a FermionSimulator")
    tolerance = check_number(tolerance, "tolerance", kind=_RULE, accept=_is_tolerance)
    moments, steps, order = checked_times(times), check_integer(steps, "steps", 1, _MOST_STEPS), check_order(order)

    def measured(current: NDArray[Any]) -> list[float]:
        return [float(np.vdot(current, engine.apply(item, sector, current)).real) for item in chosen]

    if bounded is not None:
        bounded = check_flag(bounded, "bounded")
    exact: FloatArray | None = None
    errors: FloatArray | None = None
    bounds: FloatArray | None = None
    taken: tuple[int, ...] | None = None
    if method == "exact" or check_flag(compare, "compare"):
        exact, errors = np.empty((len(moments), len(chosen))), np.empty(len(moments))
        at_times = propagated_to(lambda vector: engine.apply(hamiltonian, sector, vector), state, moments, tolerance)
        for k, moved, error in at_times:
            exact[k], errors[k] = measured(moved), error
    if method == "exact":
        assert exact is not None
        assert errors is not None
        values, words = exact, "exact propagation in Krylov spaces"
        bounds = _value_bounds(chosen, errors)
    else:
        longest = float(np.abs(moments).max())
        rows, counts = [], []
        for t in moments.tolist():
            count = max(1, math.ceil(steps * abs(t) / longest - 1e-9)) if longest else 1
            program = electronic_trotter_program(hamiltonian, nelec, t, count, order)
            rows.append(measured(engine.state(program, initial_state=state.astype(np.complex128))))
            counts.append(count)
        values, taken = np.array(rows), tuple(counts)
        errors = _formula_errors(hamiltonian, moments, taken, order, bounded)
        bounds = None if errors is None else _value_bounds(chosen, errors)
        words = f"product formula of order {order} of factorised integrals"
    return TimeEvolution(
        times=moments,
        values=values,
        method=words,
        error_bounds=bounds,
        exact_values=exact,
        steps=taken,
        state_errors=errors,
        wall_time=clock.perf_counter() - started,
    )


def _is_tolerance(value: float) -> bool:
    return 1e-14 <= value <= 1.0


def checked_state(
    hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], state: ArrayLike
) -> tuple[FermionSector, NDArray[Any]]:
    """The sector of a state of norm 1, and the state.

    Raises:
        InputError: if the Hamiltonian is none, or the state has another shape or norm.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    sector = FermionSector(hamiltonian.norb, nelec)
    found = sector.checked(state, "initial_state")
    with np.errstate(over="ignore", invalid="ignore"):
        norm = float(np.linalg.norm(found))
    if not abs(norm - 1.0) <= 1e-8:
        raise InputError(f"initial_state must have norm 1 to 1e-8, got {norm:g}; divide it by its norm")
    return sector, found


def _formula_errors(
    hamiltonian: ElectronicHamiltonian, times: FloatArray, steps: tuple[int, ...], order: int, bounded: bool | None
) -> FloatArray | None:
    """Bounds of the error of the state, in all sectors at once."""
    kept = factorised(hamiltonian, _TOLERANCE)
    if bounded is False or (bounded is None and len(kept.parts) > 1):
        return None
    parts = fragments_of_sums(fragments_of_electrons(kept))
    law = law_of(parts, order, "auto")
    # ½ ‖Σ s_t (Σ L^t_pq E_pq)²‖: each L^t has norm 1, so its eigenvalues, twice each, sum to at most 2 √norb
    rest = 2.0 * hamiltonian.norb * kept.neglected
    pairs = zip(times.tolist(), steps, strict=True)
    return np.array([law.bound(t, count).error + rest * abs(t) for t, count in pairs])


def _value_bounds(observables: Sequence[ElectronicHamiltonian], errors: FloatArray) -> FloatArray:
    """``2 ‖O‖ ‖φ − ψ‖``, with the norm bounded by the integrals."""
    found: FloatArray = np.minimum(2.0 * errors, 2.0)[:, None] * np.array([_norm(item) for item in observables])
    return found


def _norm(observable: ElectronicHamiltonian) -> float:
    """A bound of the spectral norm: every ladder product has norm 1."""
    total = abs(observable.constant)
    for spin in ("alpha", "beta"):
        total += float(np.abs(observable.one_body(spin)).sum())
        for other in ("alpha", "beta"):
            repulsion = observable.two_body(spin, other)
            if repulsion is not None:
                total += 0.5 * float(np.abs(repulsion).sum())
    return total


def _turn(operations: list[FermionOperation], unitary: NDArray[Any]) -> None:
    generator = unitary_generator(unitary)
    if np.abs(generator).max() > 1e-15:
        operations.append(OrbitalRotation(LinearMatrix(generator)))
