"""Records of repeated faulty measurements, and the decoder made from them, against sums over histories of states."""

import itertools

import numpy as np
import pytest
from code_matrices import (
    CODES,
    damping,
    depolarizing,
    logical_paulis,
    noisy,
    operator,
    over_rotation,
    phase_flip,
    projector,
    rotated,
    rows,
)

from qtoolkit.applications.qec import (
    CoherentMaximumLikelihoodDecoder,
    coherent_error_rates,
    logical_channel,
    record_distribution,
)
from qtoolkit.errors import InputError, InsufficientMemoryError

SIGNS = {
    1: np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]),
}
SIGNS[2] = np.kron(SIGNS[1], SIGNS[1])


def by_history(code, noise, rounds, error, pure_errors):
    """Channels of all records by sums over true syndromes, of operators of full size: {record: transfer matrix}."""
    logicals = logical_paulis(code)
    size = int(np.sqrt(len(logicals)))
    syndromes = list(itertools.product((0, 1), repeat=len(code[0])))
    projectors = {syndrome: projector(code, syndrome) for syndrome in syndromes}
    start = projectors[syndromes[0]]
    found = {}
    for column, logical in enumerate(logicals):
        branches = {(): logical @ start}
        for turn in range(rounds):
            grown = {}
            for (history, rho), true in itertools.product(branches.items(), syndromes):
                kept = projectors[true] @ noisy(rho, noise) @ projectors[true]
                for read in syndromes if turn < rounds - 1 else [true]:
                    wrong = sum(a != b for a, b in zip(read, true, strict=True))
                    weight = error**wrong * (1 - error) ** (len(true) - wrong) if turn < rounds - 1 else 1.0
                    grown[(*history, read)] = grown.get((*history, read), 0) + weight * kept
            branches = grown
        for history, rho in branches.items():
            undo = np.eye(len(start))
            for bit, pure in zip(history[-1], pure_errors, strict=True):
                undo = undo @ operator(pure) if bit else undo
            after = undo @ rho @ undo.conj().T
            matrix = found.setdefault(history, np.zeros((len(logicals), len(logicals))))
            matrix[:, column] = [np.vdot(row, after).real / size for row in logicals]
    return found


def bits_of(frame):
    return [[row >> place & 1 for place in range(2 * frame.num_qubits)] for row in frame.pure_errors]


@pytest.mark.parametrize(
    ("name", "noise", "rounds", "error"),
    [
        ("repetition", over_rotation(0.4, (1, 0, 0)), 3, 0.07),
        ("repetition", depolarizing(0.1), 2, 0.2),
        ("four-two-two", damping(0.13), 2, 0.05),
        ("four-two-two", over_rotation(0.7, (1, 2, 3)), 2, 0.1),
    ],
)
def test_records_equal_sums_over_histories(name, noise, rounds, error):
    code = CODES[name]
    n = code[0].shape[1] // 2
    found = record_distribution(code, noise, rounds, error)
    frame = logical_channel(code, noise).frame
    expected = by_history(code, [noise] * n, rounds, error, bits_of(frame))
    recorded = found.recorded()
    assert recorded.shape == (len(expected), rounds, len(code[0]))
    for number, record in enumerate(recorded):
        matrix = expected[tuple(tuple(int(bit) for bit in syndrome) for syndrome in record)]
        assert found.probabilities[number] == pytest.approx(matrix[0, 0], abs=2e-14)
        weights = SIGNS[found.num_logical] @ np.diag(matrix) / len(matrix)
        np.testing.assert_allclose(found.likelihoods[:, number], weights, rtol=0, atol=2e-14)
    assert found.infidelity == pytest.approx(1 - found.likelihoods.max(axis=0).sum(), abs=1e-12)
    events = found.detection_events().reshape(recorded.shape)
    np.testing.assert_array_equal(np.logical_xor.accumulate(events, axis=1), recorded)
    np.testing.assert_array_equal(found.numbers_of(found.detection_events()), np.arange(len(recorded)))


def test_one_round_is_the_logical_channel():
    for code, noise in ((CODES["five-qubit"], damping(0.1)), (rotated(5), over_rotation(0.2))):
        assert record_distribution(code, noise, 1).infidelity == pytest.approx(
            logical_channel(code, noise).infidelity, abs=1e-14
        )


def test_right_syndromes_make_rounds_independent():
    """Without errors of measurement each round is undone at once, and its average channel acts again."""
    code, noise = CODES["five-qubit"], depolarizing(0.03)
    once = logical_channel(code, noise).average
    found = record_distribution(code, noise, 3)
    thrice = np.linalg.matrix_power(once, 3)
    # The best recovery of all rounds together is that of each where noise is symmetric.
    assert found.infidelity == pytest.approx(1 - np.trace(thrice) / 4, abs=1e-13)


def test_the_repetition_code_has_its_closed_form():
    angle, rounds = 0.4, 4
    decoder = CoherentMaximumLikelihoodDecoder(
        CODES["repetition"], over_rotation(angle, (1, 0, 0)), rounds, 0.0
    ).compile()
    average = np.linalg.matrix_power(
        logical_channel(CODES["repetition"], over_rotation(angle, (1, 0, 0))).average, rounds
    )
    assert coherent_error_rates(angle, rounds)[0] == pytest.approx((1 - average[3, 3]) / 2, abs=1e-14)
    # Knowing all syndromes, the decoder chooses for all rounds together, and does no worse than round by round.
    assert decoder.distribution.infidelity <= 1 - np.trace(average) / 4 + 1e-15


def test_no_other_table_keeps_more_and_the_decoder_of_the_twirl_keeps_less():
    # A large rotation about an axis between Z and X, where amplitudes that interfere change the best recovery.
    code, noise = CODES["five-qubit"], over_rotation(1.1, (1, 0, 2))
    distribution = record_distribution(code, noise, 2, 0.03)
    aware = CoherentMaximumLikelihoodDecoder(code, noise, 2, 0.03).compile()
    assert distribution.infidelity_of(aware) == pytest.approx(distribution.infidelity, abs=1e-14)
    letters = np.array([np.eye(2), [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], np.diag([1, -1])])
    weights = np.abs(np.einsum("aij,ji->a", letters, noise[0]) / 2) ** 2
    twirled = np.sqrt(weights)[:, None, None] * letters
    blind = CoherentMaximumLikelihoodDecoder(code, twirled, 2, 0.03).compile()
    assert distribution.infidelity_of(blind) > distribution.infidelity + 1e-3


def test_a_basis_alone_sums_over_the_other():
    code, noise = CODES["four-two-two"], damping(0.2)
    distribution = record_distribution(code, noise, 2, 0.1)
    likelihoods = distribution.likelihoods
    digits = np.arange(16)[:, None] >> np.array([0, 2]) & 3
    flips_of = {"Z": np.isin(digits, (1, 2)), "X": np.isin(digits, (2, 3))}
    for basis, flips in flips_of.items():
        numbers = flips @ np.array([1, 2])
        sums = np.array([likelihoods[numbers == number].sum(axis=0) for number in range(4)])
        chosen = CoherentMaximumLikelihoodDecoder(code, noise, 2, 0.1, basis).compile()
        predicted = chosen.decode_batch(distribution.detection_events()) @ np.array([1, 2])
        np.testing.assert_allclose(sums[predicted, np.arange(len(predicted))], sums.max(axis=0), atol=1e-15)
        assert chosen.num_observables == 2


def test_checks_that_noise_cannot_violate_are_left_out():
    found = record_distribution(CODES["steane"], phase_flip(0.05), 3, 0.02)
    assert found.checks == (0, 1, 2)
    assert len(found.probabilities) == 2**9
    assert "512 records" in repr(found)


class Model:
    """The numbers of a detector error model."""

    def __init__(self, num_detectors, num_observables):
        self.num_detectors, self.num_observables = num_detectors, num_observables


def test_models_of_other_numbers_and_odd_events_are_refused():
    decoder = CoherentMaximumLikelihoodDecoder(CODES["repetition"], phase_flip(0.1), 2)
    compiled = CoherentMaximumLikelihoodDecoder(CODES["repetition"], depolarizing(0.1), 2).compile(Model(4, 2))
    assert repr(compiled) == "<coherent-maximum-likelihood decoder of 4 detectors and 2 observables>"
    with pytest.raises(InputError, match="for 0 detectors and 2 observables, got a model of 4 and 1"):
        decoder.compile(Model(4, 1))
    with pytest.raises(InputError, match="needs a detector error model or None"):
        decoder.compile("model")
    with pytest.raises(InputError, match=r"detection events must have shape \(shots, 4\)"):
        compiled.decode_batch(np.zeros((2, 3), dtype=bool))
    # Qubits 0 and 1 alone are turned, so that of the three checks only some patterns occur.
    still = np.eye(2)[None]
    chain = rows("ZZIII", "IZZII", "IIZZI", "IIIZZ"), rows("XXXXX"), rows("ZIIII")
    partial = CoherentMaximumLikelihoodDecoder(chain, [still, over_rotation(0.3, (1, 0, 0)), still, still, still])
    with pytest.raises(InputError, match=r"got bits \[1, 0\] in shot 1"):
        partial.compile().decode_batch(np.array([[1, 1], [1, 0]], dtype=bool))


def test_too_many_records_are_refused(monkeypatch):
    with pytest.raises(InputError, match="records have at most 26 bits together, got 32 of 8 rounds"):
        record_distribution(CODES["five-qubit"], damping(0.1), 8)
    with pytest.raises(InputError, match="rounds must be at least 1, got 0"):
        record_distribution(CODES["five-qubit"], damping(0.1), 0)
    with pytest.raises(InputError, match=r"measurement_error must lie in \[0, 1\], got 1.5"):
        record_distribution(CODES["five-qubit"], damping(0.1), 1, 1.5)
    with pytest.raises(InputError, match="basis must be Z, X or None, got 'Y'"):
        record_distribution(CODES["five-qubit"], damping(0.1), 1).best_flips("Y")
    monkeypatch.setattr("qtoolkit._memory.free_bytes", lambda: 1 << 28)
    with pytest.raises(InsufficientMemoryError, match="the records of 6 rounds needs"):
        record_distribution(CODES["five-qubit"], damping(0.1), 6)
