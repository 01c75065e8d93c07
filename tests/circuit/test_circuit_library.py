"""Ready circuits against direct arithmetic, on every basis state, ancillas included."""

import math

import numpy as np
import pytest

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.circuit.library import (
    constant_adder,
    fourier_adder,
    fourier_comparator,
    fourier_transform,
    linear_rotation,
    load_amplitudes,
    load_probabilities,
    lookup_rotation,
    piecewise_linear_rotation,
    register_comparator,
    ripple_adder,
    ripple_comparator,
    uniformly_controlled_ry,
    weighted_sum,
)
from qtoolkit.errors import InputError


def images(circuit, num_inputs):
    """Where each basis state of the first qubits goes, which must be one basis state with amplitude 1."""
    matrix = circuit.to_matrix()[:, : 1 << num_inputs]
    places = np.abs(matrix).argmax(axis=0)
    assert matrix[places, np.arange(1 << num_inputs)] == pytest.approx(1.0, abs=1e-9)
    return places


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_ripple_adder_adds_and_returns_its_ancilla(size):
    n = 1 << size
    inputs = np.arange(n * n * 2)
    a, b, carry = inputs % n, inputs // n % n, inputs // n // n
    total = a + b
    expected = a + n * (total % n) + n * n * (carry ^ total // n)
    assert np.array_equal(images(ripple_adder(size), 2 * size + 1), expected)
    a, b = a[: n * n], b[: n * n]
    assert np.array_equal(images(ripple_adder(size, carry=False), 2 * size), a + n * ((a + b) % n))


@pytest.mark.parametrize(("size", "target"), [(1, 1), (1, 2), (2, 3), (3, 3), (3, 2), (2, 4)])
def test_fourier_adder_adds_modulo_its_register(size, target):
    inputs = np.arange(1 << size + target)
    a, b = inputs % (1 << size), inputs >> size
    expected = a + ((a + b) % (1 << target) << size)
    assert np.array_equal(images(fourier_adder(size, target), size + target), expected)


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("constant", [0, 1, 5, -3, 15, 16, -(10**30), 10**400])
def test_constant_adder_adds_any_integer(size, constant):
    values = [(b + constant) % (1 << size) for b in range(1 << size)]
    assert images(constant_adder(size, constant), size).tolist() == values


@pytest.mark.parametrize("weights", [[1], [0], [1, 2], [3, 1, 2], [5, -2, 4], [1, 1, 1, 1, 1]])
def test_weighted_sum_adds_the_weights_of_ones_to_any_register(weights):
    circuit = weighted_sum(weights)
    count = len(weights)
    width = circuit.num_qubits - count
    assert (1 << width) > sum(w for w in weights if w > 0)
    inputs = range(1 << circuit.num_qubits)
    sums = [sum(w for j, w in enumerate(weights) if x >> j & 1) for x in range(1 << count)]
    expected = [x % (1 << count) + (((x >> count) + sums[x % (1 << count)]) % (1 << width) << count) for x in inputs]
    assert images(circuit, circuit.num_qubits).tolist() == expected
    assert weighted_sum(weights, 2).num_qubits == count + 2


@pytest.mark.parametrize("build", [ripple_comparator, fourier_comparator])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_comparators_flip_where_a_register_holds_as_much(build, size):
    n = 1 << size
    for value in (-1, *range(n + 2), 10**30):
        inputs = np.arange(2 * n)
        flips = np.array([i % n >= value for i in range(2 * n)])
        assert np.array_equal(images(build(size, value), size + 1), inputs ^ (flips.astype(int) << size))


def test_ripple_comparator_works_on_registers_that_no_table_holds():
    """On 24 qubits a matrix is out of reach; the gates are those of classical logic, so bits can be followed."""
    size = 24
    for value in (1, 2, 12345678, (1 << size) - 1, 1 << (size - 1)):
        circuit = ripple_comparator(size, value)
        for held in (0, value - 1, value, min(value + 1, (1 << size) - 1), (1 << size) - 1, 5555555):
            bits = held
            for operation in circuit:
                *controls, target = operation.qubits
                assert operation.gate.name in ("x", "cx", "ccx")
                if all(bits >> q & 1 for q in controls):
                    bits ^= 1 << target
            assert bits == held + ((held >= value) << size)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_register_comparator_compares_all_pairs(size):
    n = 1 << size
    inputs = np.arange(2 * n * n)
    a, b = inputs % n, inputs // n % n
    assert np.array_equal(images(register_comparator(size), 2 * size + 1), inputs ^ ((a > b).astype(int) << 2 * size))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_fourier_transform_is_the_matrix_of_its_definition(size):
    n = 1 << size
    expected = np.exp(2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n) / math.sqrt(n)
    assert fourier_transform(size).to_matrix() == pytest.approx(expected, abs=1e-12)
    reversed_bits = [int(f"{y:0{size}b}"[::-1], 2) for y in range(n)]
    assert fourier_transform(size, swaps=False).to_matrix() == pytest.approx(expected[reversed_bits], abs=1e-12)


@pytest.mark.parametrize("num_controls", [0, 1, 2, 3, 5])
def test_uniformly_controlled_rotations_are_their_block_matrices(num_controls):
    angles = np.random.default_rng(num_controls).uniform(-7, 7, 1 << num_controls)
    circuit = uniformly_controlled_ry(angles)
    size = 1 << num_controls
    expected = np.zeros((2 * size, 2 * size))
    for i, angle in enumerate(angles):
        c, s = math.cos(angle / 2), math.sin(angle / 2)
        expected[np.ix_([i, i + size], [i, i + size])] = [[c, -s], [s, c]]
    assert circuit.to_matrix() == pytest.approx(expected, abs=1e-12)
    assert len(circuit) == (2 * size if num_controls else 1)


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 6])
def test_loaded_states_have_the_amplitudes_asked_for(num_qubits):
    rng = np.random.default_rng(num_qubits)
    size = 1 << num_qubits
    probabilities = rng.dirichlet(np.full(size, 0.3))
    probabilities[rng.integers(size)] = 0.0
    probabilities /= probabilities.sum()
    simulator = StatevectorSimulator()
    assert simulator.state_vector(load_probabilities(probabilities)) == pytest.approx(np.sqrt(probabilities), abs=1e-12)
    amplitudes = rng.normal(size=size)
    amplitudes /= np.linalg.norm(amplitudes)
    assert simulator.state_vector(load_amplitudes(amplitudes)) == pytest.approx(amplitudes, abs=1e-12)
    for point in (0, size - 1, size // 2):
        assert simulator.state_vector(load_amplitudes(-np.eye(size)[point])) == pytest.approx(-np.eye(size)[point])
    undone = load_probabilities(probabilities).extend(load_probabilities(probabilities).inverse())
    assert abs(simulator.state_vector(undone)[0]) == pytest.approx(1.0)


def test_equal_probabilities_take_one_gate_a_qubit():
    assert len(load_probabilities(np.full(64, 1 / 64))) == 6


def test_lookup_rotation_gives_each_value_as_a_probability():
    values = np.array([0.0, 1.0, 0.25, 0.7, 1e-9, 0.5, 0.999, 0.1])
    matrix = lookup_rotation(values).to_matrix()
    assert np.abs(matrix[np.arange(8) + 8, np.arange(8)]) ** 2 == pytest.approx(values, abs=1e-14)


def rotation_angles(circuit, size):
    """Half the angle that qubit `size` turns by for each value of the register; all other qubits must come back."""
    matrix = circuit.to_matrix()
    n = 1 << size
    cosines, sines = matrix[np.arange(n), np.arange(n)], matrix[np.arange(n) + n, np.arange(n)]
    assert np.hypot(np.abs(cosines), np.abs(sines)) == pytest.approx(1.0, abs=1e-9)
    return np.arctan2(sines.real, cosines.real)


@pytest.mark.parametrize("size", [1, 3])
def test_linear_rotation_turns_by_a_linear_function(size):
    found = rotation_angles(linear_rotation(size, 0.07, -0.2), size)
    assert found == pytest.approx(0.07 * np.arange(1 << size) - 0.2, abs=1e-12)


@pytest.mark.parametrize("comparator", ["ripple", "fourier"])
def test_piecewise_linear_rotation_turns_by_its_pieces(comparator):
    starts, slopes, offsets = [0, 2, 5, 7], [0.0, 0.1, -0.2, 0.05], [0.3, 0.1, 1.0, -0.4]
    found = rotation_angles(piecewise_linear_rotation(3, starts, slopes, offsets, comparator=comparator), 3)
    pieces = [max(k for k, start in enumerate(starts) if start <= i) for i in range(8)]
    assert found == pytest.approx([slopes[k] * i + offsets[k] for i, k in enumerate(pieces)], abs=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_probabilities([0.5, 0.6]), "probabilities must sum to 1 to 1e-08, got 1.1"),
        (lambda: load_probabilities([1.5, -0.5]), "probabilities must be at least 0, got -0.5"),
        (lambda: load_probabilities([1.0]), r"a row of 2\*\*n numbers, n from 1 to 20, got shape \(1,\)"),
        (lambda: load_probabilities([0.5, 0.25, 0.25]), r"a row of 2\*\*n numbers"),
        (lambda: load_probabilities("ab"), "probabilities must be an array of real numbers"),
        (lambda: load_amplitudes([1.0, 1.0]), "squares of amplitudes must sum to 1 to 1e-08, got 2.0"),
        (lambda: load_amplitudes([math.nan, 1.0]), "amplitudes must be finite, got nan"),
        (lambda: load_amplitudes([1e300, 1.0]), "squares of amplitudes must sum to 1 .*, got inf"),
        (lambda: lookup_rotation([0.5, 1.5]), "values are probabilities, from 0 to 1, got 1.5; scale the function"),
        (lambda: uniformly_controlled_ry([[0.0, 1.0]]), r"got shape \(1, 2\)"),
        (lambda: ripple_adder(0), "num_qubits must be an integer of at least 1, got 0"),
        (lambda: ripple_adder(2, carry=None), "carry must be True or False, got None"),
        (lambda: fourier_adder(2, "3"), "num_sum_qubits must be an integer of at least 1, got '3'"),
        (lambda: constant_adder(2, 0.5), "constant must be an integer, got 0.5"),
        (lambda: weighted_sum([]), "at least one, got none"),
        (lambda: weighted_sum([1.5]), "a weight must be an integer, got 1.5"),
        (lambda: weighted_sum([1 << 1000]), r"weights must sum to less than 2\*\*1000, got a sum of 1001 bits"),
        (lambda: ripple_comparator(3, None), "value must be an integer, got None"),
        (lambda: fourier_transform(2000), "num_qubits must be an integer of at most 1024, got 2000"),
        (lambda: linear_rotation(2, math.inf, 0.0), "slope must be a finite real number, got inf"),
        (lambda: linear_rotation(62, 1e300, 0.0), "an angle must be a finite real number, got inf"),
        (lambda: piecewise_linear_rotation(2, [1], [0.0], [0.0]), r"ascend from 0 and stay below 2\*\*2, got \[1\]"),
        (lambda: piecewise_linear_rotation(2, [0, 4], [0, 0], [0, 0]), "ascend from 0"),
        (lambda: piecewise_linear_rotation(2, [0, 2], [0.0], [0, 0]), "slopes and offsets must be 2 each"),
        (lambda: piecewise_linear_rotation(2, [0], [0.0], [0.0], comparator="x"), "comparator must be one of ripple"),
    ],
)
def test_what_is_no_such_argument_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_weighted_sum_feeds_a_comparator():
    """Blocks compose: three weighted bits, whose sum is compared with 4, and everything but the flag is undone."""
    weights = [2, 3, 1]
    total = weighted_sum(weights)
    width = total.num_qubits - 3
    circuit = Circuit(3 + width + 1 + width - 1)
    circuit.extend(total, range(3 + width))
    circuit.extend(ripple_comparator(width, 4), range(3, circuit.num_qubits))
    circuit.extend(total.inverse(), range(3 + width))
    found = images(circuit, 3)
    assert found.tolist() == [
        x + (sum(w for j, w in enumerate(weights) if x >> j & 1) >= 4) * (1 << 3 + width) for x in range(8)
    ]
