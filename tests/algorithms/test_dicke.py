"""Dicke circuits against the exact vectors, for every weight of small registers."""

import math

import numpy as np
import pytest

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms import dicke_circuit, dicke_state
from qtoolkit.errors import InputError

CASES = [(n, k) for n in range(1, 9) for k in range(n + 1)] + [(12, 5), (15, 3), (20, 5)]


@pytest.mark.parametrize(("num_qubits", "weight"), CASES)
def test_the_circuit_prepares_the_dicke_state(num_qubits, weight):
    prepared = StatevectorSimulator().state_vector(dicke_circuit(num_qubits, weight))
    np.testing.assert_allclose(prepared, dicke_state(num_qubits, weight), atol=1e-13)


def test_the_exact_vector_is_uniform_over_the_weight():
    state = dicke_state(6, 2)
    ones = np.array([bin(index).count("1") for index in range(64)])
    np.testing.assert_allclose(np.abs(state) ** 2, (ones == 2) / math.comb(6, 2), atol=1e-15)
    assert dicke_state(3, 1)[1] == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize(("num_qubits", "weight"), [(6, 3), (12, 4), (30, 5)])
def test_the_number_of_gates_grows_as_the_product(num_qubits, weight):
    assert len(dicke_circuit(num_qubits, weight)) <= 3 * num_qubits * weight + weight


@pytest.mark.parametrize(("num_qubits", "weight"), [(0, 0), (3, 4), (3, -1)])
def test_impossible_weights_are_refused(num_qubits, weight):
    for build in (dicke_circuit, dicke_state):
        with pytest.raises(InputError, match=r"got (num_qubits=0|4|-1)"):
            build(num_qubits, weight)
