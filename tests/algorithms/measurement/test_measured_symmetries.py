"""Conserved quantities: which shots are kept, and what is left of noise then, against density matrices."""

import numpy as np
import pytest
from shot_statistics import assert_honest, assert_unbiased

from qtoolkit import Circuit, DensityMatrixSimulator, PauliString, PauliSum, StatevectorSimulator
from qtoolkit._masks import bits_of
from qtoolkit.algorithms.measurement import (
    PostSelection,
    ReadoutMitigation,
    ShotEstimator,
    SymmetryVerification,
    measurement_groups,
)
from qtoolkit.algorithms.measurement.symmetries import kept_outcomes
from qtoolkit.circuit import ReadoutError
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel, depolarizing
from qtoolkit.operators import FermionOperator, fermion_mapping, jordan_wigner

NORB, NELEC = 2, (1, 1)
ENCODINGS = {name: fermion_mapping(name, 4) for name in ("jordan_wigner", "parity", "bravyi_kitaev", "ternary_tree")}


def hopping():
    """A Hubbard dimer with unequal sites, which conserves the electrons of each spin."""
    terms = {"0^ 1": -1.0, "1^ 0": -1.0, "2^ 3": -1.0, "3^ 2": -1.0, "0^ 0 2^ 2": 2.0, "1^ 1 3^ 3": 2.0, "0^ 0": 0.5}
    return sum((FermionOperator.from_string(term, value) for term, value in terms.items()), FermionOperator.zero())


@pytest.mark.parametrize("mapping", ENCODINGS)
def test_just_the_determinants_with_the_right_electrons_are_kept(mapping):
    selection = PostSelection.particle_numbers(NORB, NELEC, mapping)
    diagonal = ENCODINGS[mapping].map(FermionOperator.from_string("0^ 0 2^ 2") + FermionOperator.from_string("1^ 1"))
    (group,) = measurement_groups(diagonal, "commuting", selection.strings).groups
    occupations = np.arange(16)
    states = np.array([ENCODINGS[mapping].occupation_bits(bits_of(int(n))) for n in occupations])
    right = (np.bitwise_count(occupations & 3) == 1) & (np.bitwise_count(occupations >> 2) == 1)
    assert kept_outcomes(selection, group, states).tolist() == right.tolist()
    own = PostSelection.particle_numbers(NORB, NELEC, ENCODINGS[mapping])
    assert own.strings == selection.strings


@pytest.mark.parametrize("mapping", ENCODINGS)
def test_every_commuting_group_of_electrons_tells_their_parities(mapping):
    selection = PostSelection.particle_numbers(NORB, NELEC, mapping)
    hamiltonian = ENCODINGS[mapping].map(hopping())
    for group in measurement_groups(hamiltonian, "commuting", selection.strings).groups:
        assert group.extra_signs[-2:].all()  # the products over each spin


def test_products_of_strings_carry_their_sign():
    """XX, YY and ZZ multiply to −1: values of XX and YY decide that of ZZ."""
    selection = PostSelection(numbers=[(("XX", "YY"), 1)])
    string, _ = list(selection.strings)[-1]
    assert string == PauliString("ZZ")
    bell = Circuit(2).h(0).cx(0, 1)  # XX = 1, YY = -1, ZZ = 1
    kept = ShotEstimator(StatevectorSimulator(), 200, mitigation=[selection], seed=1)
    observable = PauliSum.from_list([("ZZ", 1.0), ("XX", 0.5)])
    found = kept.estimate(bell, observable)
    assert (found.value, found.kept) == (1.5, 1.0)
    with pytest.raises(InputError, match="two shots at least that pass the post-selection, got 0"):
        ShotEstimator(StatevectorSimulator(), 200, mitigation=[PostSelection([("ZZ", -1)])]).estimate(bell, observable)


STATE = Circuit(4).x([0, 2]).ry(0.9, 1).cx(1, 0).xx_plus_yy(0.8, 0.1, 2, 3).cz(1, 3)
NOISE = NoiseModel().add(depolarizing(0.03), gates=[1, 2])
HAMILTONIAN = jordan_wigner(hopping())
PARITIES = [("IIZZ", -1), ("ZZII", -1)]


def projected_exactly(group, noise_before):
    """Mean of a group's part in what is left of the noisy state when the parities are right."""
    projector = np.eye(16)
    for label, value in PARITIES:
        projector = projector @ (np.eye(16) + value * PauliString(label).to_matrix()) / 2
    state = projector @ noise_before @ projector
    return np.trace(group @ state).real / np.trace(state).real


def test_selection_by_parities_is_the_projection_of_the_noisy_state():
    """Changes of basis stay free of noise here, so that the reference is one density matrix."""
    selection = PostSelection(PARITIES)
    noisy = NOISE.apply(STATE)
    density = DensityMatrixSimulator().density_matrix(noisy)
    exact = projected_exactly(HAMILTONIAN.to_matrix(), density)
    estimator = ShotEstimator(StatevectorSimulator(), 1000, mitigation=[selection], seed=2)
    found = [estimator.estimate(noisy, HAMILTONIAN) for _ in range(150)]
    assert_unbiased([item.value for item in found], exact, [item.standard_error for item in found])
    assert_honest([item.value for item in found], [item.standard_error for item in found])
    projector = np.eye(16)
    for label, value in PARITIES:
        projector = projector @ (np.eye(16) + value * PauliString(label).to_matrix()) / 2
    share = np.trace(projector @ density).real  # every group tells both parities
    assert share < 0.95
    assert abs(np.mean([item.kept for item in found]) - share) < 4 * np.sqrt(share * (1 - share) / 150_000)


@pytest.mark.parametrize("grouping", ["qubit-wise", "commuting"])
def test_verification_is_the_same_projection_from_terms(grouping):
    noisy = NOISE.apply(STATE)
    exact = projected_exactly(HAMILTONIAN.to_matrix(), DensityMatrixSimulator().density_matrix(noisy))
    verification = SymmetryVerification(PARITIES)
    estimator = ShotEstimator(StatevectorSimulator(), 4000, grouping=grouping, mitigation=[verification], seed=3)
    found = [estimator.estimate(noisy, HAMILTONIAN) for _ in range(150)]
    assert_unbiased([item.value for item in found], exact, [item.standard_error for item in found])
    assert_honest([item.value for item in found], [item.standard_error for item in found])


def test_selection_behind_readout_mitigation_selects_what_was_true():
    """Without mitigation, misread shots are dropped or kept for the wrong reason."""
    error = ReadoutError([[0.95, 0.05], [0.15, 0.85]])
    noisy = NOISE.apply(STATE)
    exact = projected_exactly(HAMILTONIAN.to_matrix(), DensityMatrixSimulator().density_matrix(noisy))
    readout = NoiseModel().add_readout(error)
    both = [ReadoutMitigation.from_noise_model(readout, 4), PostSelection(PARITIES)]
    estimator = ShotEstimator(StatevectorSimulator(), 2000, mitigation=both, noise=readout, seed=4)
    found = [estimator.estimate(noisy, HAMILTONIAN) for _ in range(150)]
    assert_unbiased([item.value for item in found], exact, [item.standard_error for item in found])
    assert_honest([item.value for item in found], [item.standard_error for item in found])
    alone = ShotEstimator(StatevectorSimulator(), 300_000, mitigation=both[1:], noise=readout, seed=4)
    biased = alone.estimate(noisy, HAMILTONIAN)
    assert abs(biased.value - exact) > 10 * biased.standard_error


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PostSelection(), "got none of them"),
        (lambda: PostSelection([("ZZ", 0)]), r"pairs of a string and \+1 or -1"),
        (lambda: PostSelection([("ZZ", 1), ("XI", 1)]), "must commute with each other"),
        (lambda: PostSelection([("ZZ", 1), ("Z", 1)]), "the same number of qubits"),
        (lambda: PostSelection(numbers=[(("ZI", "IZ"), 3)]), "of at most 2, got 3"),
        (lambda: PostSelection(numbers=[((), 0)]), "got no string"),
        (lambda: PostSelection.particle_numbers(2, (3, 0)), "nelec must be an integer of at most 2, got 3"),
        (lambda: PostSelection.particle_numbers(2, (1,)), "numbers of alpha and beta electrons"),
        (lambda: PostSelection.particle_numbers(2, (1, 1), "wigner"), "a mapping is one of jordan_wigner"),
        (lambda: PostSelection.particle_numbers(3, (1, 1), ENCODINGS["parity"]), "one of 4 modes and stays as it is"),
        (
            lambda: PostSelection.particle_numbers(2, (1, 1), fermion_mapping("parity", 4, nelec=(1, 1))),
            "with qubits left out",
        ),
        (lambda: SymmetryVerification([]), "takes 1 to 8 parities, got 0"),
        (
            lambda: ShotEstimator(
                StatevectorSimulator(), 400, mitigation=[SymmetryVerification([("ZZ", -1)])], seed=1
            ).estimate(Circuit(2), PauliSum.from_list([("XX", 1.0)])),
            "must be found positive",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
