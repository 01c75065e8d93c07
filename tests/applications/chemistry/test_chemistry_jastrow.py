import itertools

import numpy as np
import openfermion
import pytest
from fermion_models import random_hamiltonian
from scipy.linalg import expm

from qtoolkit import StatevectorSimulator
from qtoolkit.applications.chemistry import (
    LUCJ,
    UCCSD,
    UCJ,
    Amplitudes,
    ccsd_amplitudes,
    compute_integrals,
    diatomic,
    mp2_amplitudes,
)
from qtoolkit.applications.chemistry.ansaetze.jastrow_start import jastrow_factors, rotation_generator
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import FermionSimulator

NORB = 3


def matrix_of(operator, num_modes=2 * NORB):
    """By OpenFermion, in our order of bits."""
    dense = openfermion.get_sparse_operator(operator, num_modes).toarray()
    reversed_bits = [int(f"{k:0{num_modes}b}"[::-1], 2) for k in range(2**num_modes)]
    return dense[np.ix_(reversed_bits, reversed_bits)]


def one_body(matrix, norb=NORB):
    """Σ_pq K_pq a†_p a_q of both spins."""
    operator = openfermion.FermionOperator()
    for p, q in itertools.product(range(norb), repeat=2):
        for offset in (0, norb):
            operator += openfermion.FermionOperator(((p + offset, 1), (q + offset, 0)), matrix[p, q])
    return operator


def number(mode):
    return openfermion.FermionOperator(((mode, 1), (mode, 0)))


def values_of(ansatz, seed):
    values = np.random.default_rng(seed).normal(scale=0.5, size=ansatz.num_parameters)
    return values, dict(zip(ansatz.parameter_names, values, strict=True))


def generator(named, prefix, is_real):
    matrix = np.zeros((NORB, NORB), complex)
    for p, q in itertools.combinations(range(NORB), 2):
        matrix[p, q] += named[f"{prefix}_re_{p}_{q}"]
        matrix[q, p] -= named[f"{prefix}_re_{p}_{q}"]
    if not is_real:
        for p, q in itertools.combinations_with_replacement(range(NORB), 2):
            matrix[p, q] += 1j * named[f"{prefix}_im_{p}_{q}"]
            if p != q:
                matrix[q, p] += 1j * named[f"{prefix}_im_{p}_{q}"]
    return matrix


@pytest.mark.parametrize(
    "ansatz",
    [
        UCJ(NORB, (2, 1), 2),
        UCJ(NORB, (1, 1), 1, real_orbitals=True, final_rotation=False),
        LUCJ(NORB, (2, 2), 1),
        UCJ(NORB, (1, 2), 1, same_spin_pairs=((2, 0),), opposite_spin_pairs=()),
    ],
)
def test_the_state_is_the_product_of_exponentials(ansatz):
    parameters, named = values_of(ansatz, 4)
    occupied = [*range(ansatz.nelec[0]), *range(NORB, NORB + ansatz.nelec[1])]
    state = np.eye(1 << 2 * NORB, dtype=complex)[sum(1 << mode for mode in occupied)]
    for k in range(ansatz.repetitions):
        turn = matrix_of(one_body(generator(named, f"rotation_{k}", ansatz.real_orbitals)))
        phase = openfermion.FermionOperator()
        for name, value in named.items():
            kind, *rest = name.split("_")
            if kind not in ("same", "opposite") or int(rest[0]) != k:
                continue
            p, q = map(int, rest[1:])
            if kind == "same":
                weight = 0.5 if p == q else 1.0
                for offset in (0, NORB):
                    phase += weight * value * number(p + offset) * number(q + offset)
            else:
                phase += value * number(p) * number(q + NORB)
                if p != q:
                    phase += value * number(q) * number(p + NORB)
        state = expm(turn) @ expm(1j * matrix_of(phase)) @ expm(-turn) @ state
    if ansatz.final_rotation:
        state = expm(matrix_of(one_body(generator(named, "final", ansatz.real_orbitals)))) @ state
    found = ansatz.program.sector.embed(FermionSimulator().state(ansatz.program, parameters))
    np.testing.assert_allclose(found, state, atol=1e-12)
    np.testing.assert_allclose(
        StatevectorSimulator().state_vector(ansatz.to_circuit(parameters=parameters)), state, atol=1e-12
    )


def test_factorised_doubles_are_coupled_cluster_to_first_order():
    norb, filled, scale = 4, 2, 1e-4
    rng = np.random.default_rng(8)
    double = scale * rng.normal(size=(filled, filled, norb - filled, norb - filled))
    double = double + double.transpose(1, 0, 3, 2)
    single = scale * rng.normal(size=(filled, norb - filled))
    same = double - double.transpose(0, 1, 3, 2)
    amplitudes = Amplitudes((single, single), (same, double, same))
    expected = UCCSD(norb, (filled, filled))
    angles = [amplitudes.of(excitation) for excitation in expected.excitations]
    ansatz = UCJ(norb, (filled, filled), 2 * filled * (norb - filled))
    simulator = FermionSimulator()
    state = simulator.state(ansatz.program, ansatz.parameters_of(amplitudes))
    np.testing.assert_allclose(state, simulator.state(expected.program, angles), atol=1e-6)


def test_open_shells_start_below_their_reference():
    integrals = compute_integrals(diatomic("O", "H", 0.97, spin=1), "frozen_core")
    ansatz = UCJ(integrals.norb, integrals.nelec, 4)
    parameters = ansatz.initial_parameters(integrals)
    energy = FermionSimulator().expectation_value(ansatz.program, integrals.hamiltonian, parameters)
    assert energy < integrals.hartree_fock_energy - 1e-3


def test_two_electrons_start_near_the_exact_state(hydrogen):
    ansatz = UCJ(2, (1, 1), 2)
    energy = FermionSimulator().expectation_value(
        ansatz.program, hydrogen.hamiltonian, ansatz.initial_parameters(hydrogen)
    )
    assert energy == pytest.approx(-1.137306036, abs=2e-4)


def test_starts_are_below_hartree_fock_and_better_with_more_factors():
    integrals = compute_integrals(diatomic("Li", "H", 1.595), "frozen_core")
    energies = []
    for repetitions in (1, 2, 4):
        ansatz = UCJ(integrals.norb, integrals.nelec, repetitions)
        for start in ("ccsd", "mp2"):
            parameters = ansatz.initial_parameters(integrals, start)
            energies.append(FermionSimulator().expectation_value(ansatz.program, integrals.hamiltonian, parameters))
    assert max(energies) < integrals.hartree_fock_energy
    assert energies[4] < energies[2] < energies[0]
    assert energies[4] == pytest.approx(-7.882174506, abs=3e-3)


def test_real_and_local_starts_fit_their_parameters(lithium_hydride):
    amplitudes = ccsd_amplitudes(lithium_hydride)
    for ansatz in (UCJ(6, (2, 2), real_orbitals=True), LUCJ(6, (2, 2), 30, lattice="heavy-hex")):
        parameters = ansatz.parameters_of(amplitudes)
        assert parameters.shape == (ansatz.num_parameters,)
        assert np.isfinite(parameters).all()
        assert np.abs(parameters).max() > 0.01


def test_orders_for_local_interactions_keep_the_factor_and_more_of_it(lithium_hydride):
    def tensor(factor):
        turned = factor.rotation
        return np.einsum("pq,ap,bp,cq,dq->abcd", factor.interaction, turned, turned.conj(), turned, turned.conj())

    ansatz = LUCJ(6, (2, 2), lattice="heavy-hex")
    same, opposite = ansatz.interaction_pairs
    gains = []
    for factor in jastrow_factors(ccsd_amplitudes(lithium_hydride), 6, 4):
        ordered = factor.ordered_for((*same, *opposite))
        np.testing.assert_allclose(tensor(ordered), tensor(factor), atol=1e-12)
        kept = [
            sum(abs(each.interaction[p, q]) ** 2 * (1 + (p != q)) for p, q in (*same, *opposite))
            for each in (factor, ordered)
        ]
        assert kept[1] >= kept[0] * (1.0 - 1e-12)
        gains.append(kept[1] / kept[0])
    assert max(gains) > 2.0


def test_gradients_do_not_vanish_at_the_start(hydrogen):
    ansatz = UCJ(2, (1, 1), final_rotation=False)
    at_start = FermionSimulator().gradient(
        ansatz.program, hydrogen.hamiltonian, ansatz.initial_parameters(hydrogen, "mp2")
    )[1]
    at_zero = FermionSimulator().gradient(ansatz.program, hydrogen.hamiltonian, np.zeros(ansatz.num_parameters))[1]
    assert np.abs(at_zero).max() < 1e-12
    assert np.abs(at_start).max() > 1e-3


def test_generators_are_logarithms():
    rng = np.random.default_rng(2)
    for norb in (1, 2, 5):
        matrix = rng.normal(size=(norb, norb)) + 1j * rng.normal(size=(norb, norb))
        unitary, _ = np.linalg.qr(matrix)
        found = rotation_generator(unitary)
        np.testing.assert_allclose(found, -found.conj().T, atol=1e-15)
        np.testing.assert_allclose(expm(found), unitary, atol=1e-13)


def test_numbers_of_parameters():
    assert UCJ(4, (2, 2), 2).num_parameters == 2 * (16 + 10 + 10) + 16
    assert UCJ(4, (2, 2), 2, final_rotation=False, real_orbitals=True).num_parameters == 2 * (6 + 20)
    assert LUCJ(8, (2, 2), 1, lattice="heavy-hex", final_rotation=False).num_parameters == 64 + 7 + 2
    assert LUCJ(8, (2, 2), 1, final_rotation=False).num_parameters == 64 + 7 + 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UCJ(2, (3, 0)), "nelec must lie in"),
        (lambda: UCJ(2, (1, 1), 0), "repetitions"),
        (lambda: UCJ(2, (1, 1), same_spin_pairs=((0, 2),)), "orbital of same_spin_pairs"),
        (lambda: UCJ(2, (1, 1), same_spin_pairs=((0, 1), (1, 0))), "distinct"),
        (lambda: UCJ(2, (1, 1), opposite_spin_pairs=(0, 1)), "pairs of orbitals"),
        (lambda: LUCJ(2, (1, 1), lattice="triangle"), "lattice"),
        (lambda: UCJ(2, (1, 1)).parameters_of(None), "amplitudes must be those"),
        (lambda: UCJ(2, (1, 1)).circuit, "parameters="),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_amplitudes_of_another_size_are_refused(lithium_hydride):
    with pytest.raises(InputError, match="amplitudes must be those"):
        UCJ(6, (1, 1)).parameters_of(mp2_amplitudes(lithium_hydride))


def test_random_hamiltonians_have_the_energy_of_the_circuit():
    ansatz = LUCJ(4, (2, 1), 2, lattice="heavy-hex")
    hamiltonian = random_hamiltonian(4, np.random.default_rng(6), spin_dependent=False)
    parameters, _ = values_of(ansatz, 1)
    expected = FermionSimulator().expectation_value(ansatz.program, hamiltonian, parameters)
    state = StatevectorSimulator().state_vector(ansatz.to_circuit(parameters=parameters))
    found = ansatz.program.sector.project(state)
    image = FermionSimulator().apply(hamiltonian, ansatz.program.sector, found)
    assert np.vdot(found, image).real == pytest.approx(expected, abs=1e-10)
