"""Ansätze that grow."""

import dataclasses

import numpy as np
import pytest

from qtoolkit.algorithms import LBFGSB
from qtoolkit.applications.chemistry import (
    Molecule,
    PoolOperator,
    adapt_vqe,
    compute_integrals,
    diatomic,
    fermionic_pool,
    ground_state,
    qubit_hamiltonian,
)
from qtoolkit.errors import InputError
from qtoolkit.operators import jordan_wigner
from qtoolkit.simulators.fermion import FermionSimulator


@pytest.fixture(scope="module")
def chain():
    return compute_integrals(Molecule([("H", (0.0, 0.0, 1.5 * k)) for k in range(4)]))


@pytest.fixture(scope="module")
def grown(chain):
    return adapt_vqe(chain)


def test_growth_reaches_uccsd_with_fewer_operators(chain, grown):
    uccsd = ground_state(chain)
    assert grown.converged
    assert len(grown.steps) < uccsd.num_parameters
    assert grown.energy == pytest.approx(uccsd.energy, abs=1e-4)
    assert grown.state.certificate.gap > 0.0
    assert np.all(np.diff(grown.energies) < 1e-10)
    assert grown.energies[-1] == pytest.approx(grown.energy, abs=1e-6)
    assert grown.gradient_norm < grown.threshold == 1e-3
    assert grown.ansatz.operators == tuple(step.operator for step in grown.steps)


def test_the_slopes_of_the_pool_are_commutators(chain):
    """⟨[H, A_k]⟩ by matrices on qubits, for every operator of the pool."""
    hamiltonian = qubit_hamiltonian(chain).to_sparse()
    stopped = adapt_vqe(chain, max_operators=3)
    program = stopped.ansatz.program
    state = program.sector.embed(FermionSimulator().state(program, stopped.state.parameters))
    for slope, operator in zip(stopped.pool_gradient, stopped.pool, strict=True):
        total = sum(
            coefficient * jordan_wigner(excitation.generator(), 8).to_sparse()
            for excitation, coefficient in zip(operator.excitations, operator.coefficients, strict=True)
        )
        commutator = hamiltonian @ (total @ state) - total @ (hamiltonian @ state)
        assert slope == pytest.approx(np.vdot(state, commutator).real, abs=1e-9)
    assert not stopped.converged
    assert "3 operators" in stopped.message


def test_the_first_operator_is_the_steepest(grown):
    first = grown.steps[0]
    assert first.largest_gradient <= first.gradient_norm
    assert first.operator in grown.pool


def test_growth_goes_on_where_it_ended(chain, grown):
    part = adapt_vqe(chain, max_operators=4)
    whole = adapt_vqe(chain, previous=part)
    assert whole.steps[:4] == part.steps
    assert whole.converged
    assert whole.energy == pytest.approx(grown.energy, abs=1e-4)
    with pytest.raises(InputError, match="same integrals and the same pool"):
        adapt_vqe(chain, pool="qubit", previous=part)
    other = dataclasses.replace(chain, one_body_tensor=2.0 * chain.one_body_tensor)
    with pytest.raises(InputError, match="same integrals"):
        adapt_vqe(other, previous=part)


def test_qubit_and_generalised_pools(chain, grown):
    qubit = adapt_vqe(chain, pool="qubit")
    assert qubit.energy == pytest.approx(grown.energy, abs=2e-4)
    assert not qubit.pool[0].fermionic
    generalised = adapt_vqe(chain, pool="generalised")
    # two electrons of each spin in four orbitals: generalised doubles reach the exact state
    assert 0.0 <= generalised.state.gap + 1e-9 < 1e-6
    assert abs(generalised.state.spin_squared) < 1e-6


def test_pools_and_wishes_of_the_callers(chain):
    pool = fermionic_pool(4, (2, 2), spin_adapted=True)
    seen = []
    result = adapt_vqe(
        chain, pool=pool, optimizer=LBFGSB(), progress=lambda step: seen.append(step.energy) or len(seen) == 2
    )
    assert len(seen) == len(result.steps) == 2
    assert "ended after 2" in result.message
    assert all(operator in pool for operator in result.ansatz.operators)
    nothing = adapt_vqe(chain, max_operators=0)
    assert nothing.energy == pytest.approx(chain.hartree_fock_energy, abs=1e-9)


def test_bad_arguments_are_refused(chain):
    for pool, message in (("all", "pool is fermionic"), ((), "must hold an operator"), ((1,), "class PoolOperator")):
        with pytest.raises(InputError, match=message):
            adapt_vqe(chain, pool=pool)
    with pytest.raises(InputError, match="threshold"):
        adapt_vqe(chain, threshold=-1.0)
    with pytest.raises(InputError, match="previous must be an AdaptResult"):
        adapt_vqe(chain, previous=3)
    assert isinstance(adapt_vqe(chain, max_operators=1).ansatz.operators[0], PoolOperator)


def test_growth_goes_on_from_saddle_points_of_the_angles():
    """C2 in four orbitals: slopes of the pool vanish where the energy still curves downwards."""
    carbon = compute_integrals(diatomic("C", "C", 1.24), (4, 4))
    found = adapt_vqe(carbon, threshold=1e-3)
    assert found.converged
    assert found.state.gap < 1e-5
    assert found.gradient_norm < 1e-3
    assert len(found.steps) == found.state.num_parameters


def test_growth_ends_where_a_penalty_keeps_the_spin():
    found = adapt_vqe(compute_integrals(Molecule([("H", (0, 0, 2.0 * k)) for k in range(4)])), threshold=0.1)
    assert found.state.spin_penalty > 0.0
    assert len(found.steps) < 20
    assert "penalty" in found.message
    assert not found.converged
