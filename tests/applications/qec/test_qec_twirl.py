"""Twirl comparisons against averages over all frames, and distillation against its published formulas."""

import numpy as np
import pytest
from code_matrices import CODES, damping, depolarizing, over_rotation, phase_flip, rotated

from qtoolkit.applications.qec import fifteen_to_one, logical_channel, twirl_comparison
from qtoolkit.applications.qec.exact import DistillationProtocol
from qtoolkit.applications.qec.exact.frame import frame_of
from qtoolkit.applications.qec.exact.noise import qubit_noise
from qtoolkit.applications.qec.exact.tables import syndrome_table
from qtoolkit.errors import InputError


def test_the_twirl_is_the_average_over_all_frames():
    frame = frame_of(CODES["five-qubit"])
    noise = qubit_noise(over_rotation(0.7, (1, 2, 3)), 5)
    # Frames that stabilisers and logical operators make of each other act alike: one for each pure error is enough.
    total = 0.0
    for syndrome in range(16):
        operator = 0
        for bit, pure in enumerate(frame.pure_errors):
            operator ^= pure if syndrome >> bit & 1 else 0
        total = total + syndrome_table(frame, noise.conjugated(operator)).weights() / 16
    np.testing.assert_allclose(total, syndrome_table(frame, noise.twirled()).weights(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("rounds", [1, 10])
def test_predictions_are_those_of_the_channels(rounds):
    code, angle = CODES["rotated-3"], 0.1
    found = twirl_comparison(code, over_rotation(angle), rounds=rounds, frames=8, seed=3)
    coherent = logical_channel(code, over_rotation(angle))
    twirled = logical_channel(code, phase_flip(np.sin(angle / 2) ** 2))
    for prediction, channel in ((found.aware, coherent), (found.twirled, twirled)):
        power = np.linalg.matrix_power(channel.average, rounds)
        assert prediction.infidelity == pytest.approx(1 - np.trace(power) / 4, rel=1e-9)
    # A Pauli channel's diamond distance is twice its infidelity, a rotation's goes with the angle.
    assert found.twirled.diamond_distance == pytest.approx(2 * found.twirled.infidelity, rel=1e-6)
    turned = np.linalg.matrix_power(coherent.average, rounds)
    eigenvalue = turned[1, 1] + 1j * turned[1, 2]
    assert found.aware.diamond_distance == pytest.approx(abs(1 - eigenvalue), rel=1e-6)
    assert found.infidelity_factor == pytest.approx(found.coherent.infidelity / found.twirled.infidelity)
    assert found.infidelity_factor > 2.5
    assert found.diamond_factor > 10
    assert found.seed == 3


def test_randomised_compiling_approaches_the_twirl():
    few, many = (
        twirl_comparison(CODES["five-qubit"], over_rotation(0.4, (1, 2, 3)), frames=frames, seed=1)
        for frames in (4, 400)
    )
    assert many.randomised.standard_error < few.randomised.standard_error
    assert abs(many.randomised.infidelity - many.twirled.infidelity) < 5 * many.randomised.standard_error
    again = twirl_comparison(CODES["five-qubit"], over_rotation(0.4, (1, 2, 3)), frames=4, seed=1)
    assert again.predictions == few.predictions


def test_pauli_noise_is_twirled_already():
    found = twirl_comparison(CODES["steane"], depolarizing(0.01), frames=2, seed=0, rounds=3)
    assert found.infidelity_factor == pytest.approx(1.0, abs=1e-9)
    assert found.diamond_factor == pytest.approx(1.0, abs=1e-6)
    text = repr(found)
    assert text.startswith("Is twirling safe? [[7, 1]] code, 3 rounds of perfect syndromes")
    assert text.endswith("The Pauli model predicts an infidelity that is right and a diamond distance that is right.")


def test_the_card_says_by_how_much_twirling_misleads():
    text = repr(twirl_comparison(rotated(3), over_rotation(0.1), frames=2, seed=0))
    assert "coherent, decoder of the twirl" in text
    assert "predicts an infidelity 2.77 times too low and a diamond distance 17.8 times too low." in text
    none = twirl_comparison(CODES["repetition"], np.eye(2)[None], frames=1, seed=0)
    assert none.infidelity_factor == none.diamond_factor == 1.0


def test_odd_arguments_are_refused():
    with pytest.raises(InputError, match="frames must be at least 1, got 0"):
        twirl_comparison(CODES["steane"], damping(0.1), frames=0)
    with pytest.raises(InputError, match="rounds must be at least 1, got 0"):
        twirl_comparison(CODES["steane"], damping(0.1), rounds=0)
    with pytest.raises(InputError, match="codes of 1 to 4 logical qubits, got 0"):
        twirl_comparison((np.array([[0, 1]]), None, None), damping(0.1))


def published(p):
    """Bravyi and Kitaev, Phys. Rev. A 71, 022316 (2005)."""
    q = 1 - 2 * p
    acceptance = (1 + 15 * q**8) / 16
    return (1 - 15 * q**7 + 15 * q**8 - q**15) / (2 * (1 + 15 * q**8)), acceptance


@pytest.mark.parametrize("p", [0.0, 0.01, 0.1, 0.14148, 0.5, 1.0])
def test_fifteen_to_one_has_its_published_rates(p):
    found = fifteen_to_one().distilled(p)
    assert (found.error, found.acceptance) == pytest.approx(published(p), abs=1e-14)


def test_fifteen_to_one_has_the_known_numbers():
    protocol = fifteen_to_one()
    found = protocol.distilled(0.01)
    assert found.error == pytest.approx(3.608768e-5, rel=2e-7)
    assert found.acceptance == pytest.approx(0.8600903, abs=5e-8)
    assert protocol.threshold() == pytest.approx(0.14148, abs=5e-6)
    assert protocol.harmless.sum() == protocol.harmful.sum() == 2**10
    assert protocol.harmful[:4].tolist() == [0, 0, 0, 35]


def test_coherent_errors_of_t_gates_add_as_amplitudes():
    protocol, angle = fifteen_to_one(), 0.1
    found = protocol.distilled_coherent(angle)
    # The same from the amplitudes of the code's X syndromes, where only the trivial one is kept.
    columns = np.arange(1, 16) >> np.arange(4)[:, None] & 1
    z_checks = [*columns, *(columns[a] & columns[b] for a in range(4) for b in range(a))]
    checks = np.array([[*row, *[0] * 15] for row in columns] + [[*[0] * 15, *row] for row in z_checks])
    line = np.ones((1, 15), dtype=int), np.zeros((1, 15), dtype=int)
    code = checks, np.hstack(line), np.hstack(line[::-1])
    channel = logical_channel(code, over_rotation(angle))
    kept = ~channel.syndromes().any(axis=1)
    assert kept.sum() == 1
    assert found.acceptance == pytest.approx(channel.probabilities[kept][0], abs=1e-14)
    matrix = channel.transfer_matrices()[kept][0] / found.acceptance
    assert found.error == pytest.approx((1 - matrix[1, 1]) / 2, abs=1e-13)
    # 35 amplitudes of weight three: their square is 35 times the sum of their squares.
    assert found.error / protocol.distilled(np.sin(angle / 2) ** 2).error == pytest.approx(35, rel=0.1)


def test_codes_that_are_not_triorthogonal_are_refused():
    with pytest.raises(InputError, match="got an odd one for logical_x and x_checks row 0 and x_checks row 1"):
        DistillationProtocol.from_code([[1, 1, 0, 0, 0], [1, 0, 1, 0, 0]], [1, 1, 1, 1, 1])
    with pytest.raises(InputError, match="logical_x must have odd weight, got 4"):
        DistillationProtocol.from_code([[1, 1, 0, 0]], [1, 1, 1, 1])
    with pytest.raises(InputError, match="got an odd one for logical_x and x_checks row 0"):
        DistillationProtocol.from_code([[1, 1, 1, 0, 0]], [1, 1, 1, 1, 1])
    with pytest.raises(InputError, match="logical_x must be one row of 4 bits"):
        DistillationProtocol.from_code([[1, 1, 0, 0]], [1, 1, 1])
    with pytest.raises(InputError, match=r"x_checks must be rows of bits, shape \(m, n\), got shape \(2,\)"):
        DistillationProtocol.from_code([1, 1], [1, 1, 1])
    with pytest.raises(InputError, match=r"at most 2\^24 errors that pass are counted, got 2\^30"):
        DistillationProtocol.from_code([[1, 1] + [0] * 28 + [0]], [0] * 2 + [1] * 29)
    with pytest.raises(InputError, match=r"error must lie in \[0, 1\], got 2"):
        fifteen_to_one().distilled(2)
