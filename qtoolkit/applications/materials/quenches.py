"""Quenches: a state that is no eigenstate evolves, exactly and by a product formula with a bound on its error."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_callable, check_instance, check_number, real_numbers_of, seeded, shown
from qtoolkit.algorithms.dynamics.propagation import propagated
from qtoolkit.algorithms.lanczos import extreme_magnitude
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

__all__ = ["Quench", "quench"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]

_STEPS_AT_ONCE = 256
_MOST_STEPS = 10_000_000


@dataclass(frozen=True, eq=False)
class Quench:
    """Expectation values along a time evolution; ħ = 1.

    Attributes:
        times: t, shape (num_times,).
        exact: values by propagation to the tolerance, by name of the observable, each of shape (num_times,).
        trotter: the same by the product formula.
        infidelities: 1 − |⟨exact|product formula⟩|², shape (num_times,).
        errors: ‖exact − product formula‖ of the states, shape (num_times,).
        bounds: on `errors`, shape (num_times,); see `quench`.
        step: length of a step of the product formula at most.
        steps: number of steps up to each time, shape (num_times,).
        seed: of the start vectors in the estimates behind `bounds`; None if a generator was given.
    """

    times: FloatArray
    exact: Mapping[str, FloatArray] = field(repr=False)
    trotter: Mapping[str, FloatArray] = field(repr=False)
    infidelities: FloatArray
    errors: FloatArray
    bounds: FloatArray
    step: float
    steps: NDArray[np.int64]
    seed: int | None


def quench(
    hamiltonian: ElectronicHamiltonian,
    sector: FermionSector,
    initial_state: ArrayLike,
    times: ArrayLike,
    *,
    step: float = 0.05,
    observables: Mapping[str, ElectronicHamiltonian] | None = None,
    tolerance: float = 1e-10,
    progress: Callable[[int, int], None] | None = None,
    seed: int | np.random.Generator | None = 0,
) -> Quench:
    """Evolve a state under a Hubbard-like Hamiltonian, exactly and by the second-order product formula.

    exp(−i V τ/2) exp(−i T τ) exp(−i V τ/2) with the one-body part T, an orbital rotation, and the repulsion V between
    occupations. After r steps up to time t the error of the state is at most
    t³/r² (‖[T, [T, V]]‖/12 + ‖[V, [V, T]]‖/24) (A. Childs et al., Phys. Rev. X 11, 011020 (2021), proposition 10), with
    the norms in this sector, estimated by Lanczos recursions.

    Args:
        hamiltonian: whose repulsion is between occupations alone, as `hubbard_model` makes it.
        sector: where the state lies.
        initial_state: of the sector's shape, norm 1.
        times: not negative, ascending, shape (num_times,).
        step: τ at most, positive.
        observables: by name; by default the energy.
        tolerance: of the exact propagation.
        progress: called after each time with the times done and their number.
        seed: of start vectors.

    Raises:
        InputError: if the repulsion has other terms, an argument breaks its rule, or more than 10,000,000 steps lead
            from one time to the next.
        ConvergenceError: if the propagation does not reach its tolerance.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    grid, longest = _times(times), check_number(step, "step")
    if longest <= 0:
        raise InputError(f"step must be positive, got {longest:g}")
    if observables is not None:
        check_instance(observables, Mapping, "observables must be a mapping from names to ElectronicHamiltonians")
    measured = {"energy": hamiltonian} if observables is None else dict(observables)
    for name, observable in measured.items():
        check_instance(observable, ElectronicHamiltonian, f"observable {shown(name)} must be an ElectronicHamiltonian")
    start = sector.checked(initial_state, "initial_state").astype(np.complex128)
    if not abs(np.linalg.norm(start) - 1.0) < 1e-8:
        raise InputError(f"initial_state must have norm 1, got {np.linalg.norm(start):.8g}; divide it by its norm")
    tolerance = check_number(
        tolerance, "tolerance", kind="a number from 1e-13 to 1", accept=lambda x: 1e-13 <= x <= 1.0
    )
    if progress is not None:
        check_callable(progress, "progress")
    number, rng = seeded(seed)
    split, simulator = _Split(hamiltonian, sector), FermionSimulator()
    # without the constant, which is but a phase of the whole state
    apply = _action(simulator, ElectronicHamiltonian(hamiltonian.one_body_tensor, hamiltonian.two_body_tensor), sector)
    prefactor = split.error_prefactor(simulator, rng)
    exact_state = trotter_state = start
    before, steps, bound = 0.0, 0, 0.0
    rows: list[tuple[int, float, float, float]] = []
    values: dict[str, list[tuple[float, float]]] = {name: [] for name in measured}
    for place, time in enumerate(grid.tolist()):
        interval = time - before
        if interval > 0:
            count = max(math.ceil(interval / longest - 1e-9), 1)
            exact_state = propagated(apply, exact_state, interval, tolerance).state
            if count > _MOST_STEPS:
                raise InputError(
                    f"at most {_MOST_STEPS:,} steps lead from one time to the next, got {count:,} for step {longest:g}"
                    "; take a longer step"
                )
            for program, repetitions in split.programs(interval / count, count):
                for _ in range(repetitions):
                    trotter_state = simulator.state(program, initial_state=trotter_state)
            bound += prefactor * interval**3 / count**2
            steps, before = steps + count, time
        overlap = np.vdot(exact_state, trotter_state)
        distance = float(np.linalg.norm(exact_state - trotter_state))
        rows.append((steps, max(0.0, 1.0 - float(abs(overlap)) ** 2), distance, bound))
        for name, observable in measured.items():
            pair = [_value(simulator, observable, sector, state) for state in (exact_state, trotter_state)]
            values[name].append((pair[0], pair[1]))
        if progress is not None:
            progress(place + 1, len(grid))
    columns = list(zip(*rows, strict=True))
    return Quench(
        times=grid,
        exact={name: np.array([pair[0] for pair in pairs]) for name, pairs in values.items()},
        trotter={name: np.array([pair[1] for pair in pairs]) for name, pairs in values.items()},
        infidelities=np.array(columns[1]),
        errors=np.array(columns[2]),
        bounds=np.array(columns[3]),
        step=longest,
        steps=np.array(columns[0], np.int64),
        seed=number,
    )


class _Split:
    """H = T + V, one-body part and repulsion between occupations."""

    def __init__(self, hamiltonian: ElectronicHamiltonian, sector: FermionSector) -> None:
        self._sector = sector
        if hamiltonian.norb != sector.norb:
            raise InputError(f"a Hamiltonian of {hamiltonian.norb} orbitals does not fit a sector of {sector.norb}")
        self.one_body = ElectronicHamiltonian(hamiltonian.one_body_tensor)
        self.repulsion = ElectronicHamiltonian(np.zeros((sector.norb,) * 2), hamiltonian.two_body_tensor)
        pairs = []
        for spins in (("alpha", "alpha"), ("beta", "beta"), ("alpha", "beta")):
            tensor = hamiltonian.two_body(*spins)
            if tensor is None:
                tensor = np.zeros((sector.norb,) * 4)
            diagonal = np.einsum("ppqq->pq", tensor)
            place = np.arange(sector.norb)
            rest = tensor.copy()
            rest[place[:, None], place[:, None], place, place] = 0.0
            if np.abs(rest).max() > 1e-12:
                raise InputError(
                    "the repulsion of a quench is between occupations, (pp|qq) alone, got other two-body integrals"
                )
            pairs.append(diagonal)
        same_alpha, same_beta, self._opposite = pairs
        if not np.allclose(same_alpha, same_beta, rtol=0.0, atol=1e-12):
            raise InputError("the repulsion of a quench is the same between alpha as between beta electrons")
        # ½ V_pp a†p a†p a p a p vanishes for one spin
        self._same = same_alpha - np.diag(np.diag(same_alpha))

    def programs(self, tau: float, count: int) -> Iterator[tuple[FermionProgram, int]]:
        """`count` steps of length τ as programs of bounded length, each with how often it acts."""
        whole, rest = divmod(count, _STEPS_AT_ONCE)
        if whole:
            yield self.program(tau, _STEPS_AT_ONCE), whole
        if rest:
            yield self.program(tau, rest), 1

    def program(self, tau: float, count: int) -> FermionProgram:
        """`count` steps of length τ; neighbouring halves of exp(−i V τ) are joined."""
        half, whole = (
            DiagonalCoulomb(LinearMatrix(-share * tau * self._same), LinearMatrix(-share * tau * self._opposite))
            for share in (0.5, 1.0)
        )
        hops: list[FermionOperation]
        if self.one_body.is_spin_dependent:
            hops = [
                OrbitalRotation(LinearMatrix(-1j * tau * self.one_body.one_body(spin)), spin)
                for spin in ("alpha", "beta")
            ]
        else:
            hops = [OrbitalRotation(LinearMatrix(-1j * tau * self.one_body.one_body_tensor))]
        operations: list[FermionOperation] = [half]
        for k in range(count):
            operations += hops
            operations.append(half if k == count - 1 else whole)
        return FermionProgram(self._sector.norb, self._sector.nelec, operations)

    def error_prefactor(self, simulator: FermionSimulator, rng: np.random.Generator) -> float:
        """‖[T, [T, V]]‖/12 + ‖[V, [V, T]]‖/24 on the sector."""
        hop, repel = (_action(simulator, part, self._sector) for part in (self.one_body, self.repulsion))
        start = rng.standard_normal(self._sector.shape)

        def nested(outer: Callable[[State], State], inner: Callable[[State], State]) -> Callable[[State], State]:
            def apply(state: State) -> State:
                once = outer(state)
                return outer(outer(inner(state)) - 2.0 * inner(once)) + inner(outer(once))

            return apply

        if self._sector.size == 1:
            return 0.0
        kinetic = extreme_magnitude(nested(hop, repel), start)
        return kinetic / 12.0 + extreme_magnitude(nested(repel, hop), start) / 24.0


def _action(
    simulator: FermionSimulator, hamiltonian: ElectronicHamiltonian, sector: FermionSector
) -> Callable[[State], State]:
    return lambda state: simulator.apply(hamiltonian, sector, state)


def _value(
    simulator: FermionSimulator, observable: ElectronicHamiltonian, sector: FermionSector, state: State
) -> float:
    return float(np.vdot(state, simulator.apply(observable, sector, state)).real)


def _times(times: ArrayLike) -> FloatArray:
    grid = real_numbers_of(times, "times")
    fits = grid.ndim == 1 and grid.size > 0 and bool(np.isfinite(grid).all())
    if not fits or grid[0] < 0 or bool(np.any(np.diff(grid) <= 0)):
        raise InputError(f"times must be finite, ascending, distinct and not negative, got {shown(times)}")
    return grid
