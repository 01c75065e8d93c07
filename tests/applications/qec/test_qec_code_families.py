"""Families of codes: parameters, exact rates of small ones, encoders, names."""

import numpy as np
import pytest
import stim
from scipy.optimize import brentq

from qtoolkit import Circuit, PauliSum, StatevectorSimulator, to_stim
from qtoolkit.applications.qec import (
    CODES,
    HoneycombCode,
    RotatedSurfaceCode,
    code_named,
    lattice_surgery_circuit,
    stability_patch,
)
from qtoolkit.applications.qec.codes import rotated_surface_code
from qtoolkit.errors import InputError, InsufficientMemoryError

SINGLE = [name for name in CODES if name not in {"honeycomb", "bivariate-bicycle"}]


def built(name, distance=3):
    return code_named(name, **({"distance": distance} if CODES[name].takes_distance else {}))


@pytest.mark.parametrize(
    ("name", "distance", "parameters"),
    [
        ("five-qubit", None, "[[5, 1, 3]]"),
        ("steane", None, "[[7, 1, 3]]"),
        ("shor", None, "[[9, 1, 3]]"),
        ("four-two-two", None, "[[4, 2, 2]]"),
        ("fifteen-one-three", None, "[[15, 1, 3]]"),
        ("repetition", 5, "[[5, 1, 1]]"),
        ("bacon-shor", 4, "[[16, 1, 4]]"),
        ("rotated-surface", 5, "[[25, 1, 5]]"),
        ("surface", 4, "[[25, 1, 4]]"),
        ("xzzx", 5, "[[25, 1, 5]]"),
        ("toric", 4, "[[32, 2, 4]]"),
        ("color-666", 7, "[[37, 1, 7]]"),
        ("color-488", 7, "[[31, 1, 7]]"),
        ("bivariate-bicycle-72", None, "[[72, 12, 6]]"),
        ("bivariate-bicycle-90", None, "[[90, 8, 10]]"),
        ("bivariate-bicycle-144", None, "[[144, 12, 12]]"),
    ],
)
def test_parameters(name, distance, parameters):
    assert built(name, distance).parameters == parameters


def classes(code, p):
    """Probability of each syndrome with each logical action under depolarising at p, shape (syndromes, actions)."""
    n = code.num_qubits
    independent = code.stabilizers
    checks = np.vstack([independent, code.logical_x, code.logical_z])
    actions = 4**code.num_logical
    chances = np.zeros(2 ** len(checks))
    chances[0] = 1.0
    index = np.arange(len(chances))
    weights = 2 ** np.arange(len(checks))[::-1]
    for qubit in range(n):
        mixed = (1 - p) * chances
        for x, z in ((1, 0), (0, 1), (1, 1)):
            flips = (x * checks[:, n + qubit] + z * checks[:, qubit]) % 2
            mixed += p / 3 * chances[index ^ int(flips @ weights)]
        chances = mixed
    return chances.reshape(-1, actions)


@pytest.mark.parametrize(
    ("name", "rate"), [("steane", 1.5782072e-3), ("shor", 1.2627035e-3), ("rotated-surface", 1.3000141e-3)]
)
def test_exact_maximum_likelihood_under_depolarising_noise(name, rate):
    assert 1 - classes(built(name), 0.01).max(axis=1).sum() == pytest.approx(rate, rel=5e-8)


def test_five_qubit_code_with_a_lookup_of_errors_on_one_qubit():
    """Every syndrome belongs to one error on at most one qubit, which is the likeliest where p is small."""
    code = code_named("five-qubit")

    def failure(p):
        return 1 - classes(code, p).max(axis=1).sum()

    assert failure(0.01) == pytest.approx(9.7795508e-4, rel=5e-8)
    assert brentq(lambda p: failure(p) - p, 0.05, 0.2) == pytest.approx(0.1376276, abs=5e-8)


@pytest.mark.parametrize("name", SINGLE)
def test_encoders_make_stabilizers_and_logical_operators(name):
    code = built(name)
    n = code.num_qubits
    encoder = code.encoder()
    assert len(set(encoder.inputs)) == code.num_logical
    steps = stim.Circuit()
    steps.append("I", range(n))
    tableau = (steps + to_stim(encoder.circuit)).to_tableau()
    simulator = stim.TableauSimulator()
    simulator.do(to_stim(encoder.circuit))

    def pauli(row):
        return stim.PauliString.from_numpy(xs=row[:n].astype(bool), zs=row[n:].astype(bool))

    assert all(simulator.peek_observable_expectation(pauli(row)) == 1 for row in code.stabilizers)
    for index, qubit in enumerate(encoder.inputs):
        assert tableau.x_output(qubit) == pauli(code.logical_x[index])
        assert tableau.z_output(qubit) == pauli(code.logical_z[index])


def test_an_encoded_state_has_the_expectation_values_of_its_input():
    code = code_named("five-qubit")
    encoder = code.encoder()
    circuit = Circuit(5).u(0.7, 0.3, -0.4, encoder.inputs[0]).extend(encoder.circuit)
    plain = Circuit(1).u(0.7, 0.3, -0.4, 0)
    simulator = StatevectorSimulator()
    (logical,) = code.logical_strings()
    for string, letter in zip(logical, "XZ", strict=True):
        stored = simulator.expectation_value(circuit, string.to_sum())
        assert stored == pytest.approx(
            simulator.expectation_value(plain, PauliSum.from_list([(letter, 1.0)])), abs=1e-12
        )
    for string in code.stabilizer_strings():
        assert simulator.expectation_value(circuit, string.to_sum()) == pytest.approx(1.0, abs=1e-12)


def test_rotated_surface_code_is_the_same_by_both_names():
    old, code = RotatedSurfaceCode(5), rotated_surface_code(5)
    assert old.code == code == code_named("rotated-surface", distance=5)
    assert np.array_equal(old.x_checks, code.x_checks)
    assert np.array_equal(old.z_checks, code.z_checks)
    assert np.array_equal(old.logical_x, code.logical_x[0, :25])
    assert np.array_equal(old.data_coordinates, code.coordinates)
    assert np.array_equal(np.vstack([old.x_coordinates, old.z_coordinates]), code.check_coordinates)


def test_xzzx_stabilizers_are_of_that_form():
    code = code_named("xzzx", distance=3)
    grid = {tuple(point): qubit for qubit, point in enumerate(code.coordinates.tolist())}
    for (x, y), string in zip(code.check_coordinates.tolist(), code.stabilizer_strings(), strict=True):
        corners = [(x - 1, y + 1), (x + 1, y + 1), (x - 1, y - 1), (x + 1, y - 1)]
        letters = [string.letter(grid[corner]) for corner in corners if corner in grid]
        assert len(letters) < 4 or "".join(letters) in {"XZZX", "ZXXZ"}
        assert set(letters) <= {"X", "Z"}


@pytest.mark.parametrize("name", ["color-666", "color-488"])
def test_faces_of_colour_codes_are_even_and_share_two_qubits_or_none(name):
    code = built(name, 7)
    shared = code.x_checks.astype(int) @ code.x_checks.T
    assert np.array_equal(code.x_checks, code.z_checks)
    assert set(shared[np.triu_indices(len(shared), 1)]) <= {0, 2}
    assert set(np.diag(shared)) == ({4, 6} if name == "color-666" else {4, 8})


def test_t_on_all_qubits_of_the_reed_muller_code_is_a_logical_t_dagger():
    code = code_named("fifteen-one-three")
    encoder = code.encoder()
    simulator = StatevectorSimulator()

    def encoded(angle):
        circuit = Circuit(15).h(encoder.inputs[0]).p(angle, encoder.inputs[0])
        return circuit.extend(encoder.circuit)

    ours = simulator.state_vector(encoded(0.0).t(range(15)))
    wanted = simulator.state_vector(encoded(-np.pi / 4))
    assert abs(np.vdot(ours, wanted)) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("columns", "rows"), [(3, 3), (3, 6), (6, 6), (9, 6)])
def test_honeycomb_pairs_and_hexagons(columns, rows):
    code = HoneycombCode(columns, rows)
    n = code.num_qubits
    assert n == 2 * columns * rows // 3
    assert np.bincount(code.edges.ravel()).tolist() == [3] * n
    for colour in range(3):
        assert np.bincount(code.edges[code.edge_colours == colour].ravel(), minlength=n).tolist() == [1] * n
        instantaneous = code.instantaneous_code(colour)
        assert instantaneous.num_logical == 2
        if min(columns, rows) > 3:
            assert instantaneous.find_distance().distance == 2 * min(columns, rows) // 3
    x, z = code.plaquettes[:, :n].astype(int), code.plaquettes[:, n:].astype(int)
    pairs_x, pairs_z = code.pairs[:, :n], code.pairs[:, n:]
    assert not ((x @ pairs_z.T + z @ pairs_x.T) % 2).any()
    assert code_named("honeycomb", distance=4) == HoneycombCode(6, 6)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("steine", {}, "no code is called 'steine'; there are repetition, five-qubit"),
        ("steane", {"distance": 3}, "steane takes no parameters, got distance"),
        ("toric", {}, "toric takes distance, got none"),
        ("rotated-surface", {"distance": 4}, "odd, got 4: take 3 or 5"),
        ("toric", {"distance": 1}, "at least 2, got 1"),
        ("honeycomb", {"distance": 3}, "even, got 3: take 4"),
        ("color-488", {"distance": "5"}, "integer"),
    ],
)
def test_unknown_names_and_parameters_are_refused(name, parameters, message):
    with pytest.raises(InputError, match=message):
        code_named(name, **parameters)


def test_names_are_in_kebab_case_and_described():
    for name, family in CODES.items():
        assert name == family.name == name.lower().replace(" ", "-")
        assert family.description


@pytest.mark.parametrize(
    "build",
    [
        lambda: code_named("rotated-surface", distance=10**6 + 1),
        lambda: code_named("surface", distance=10**6),
        lambda: code_named("toric", distance=10**6),
        lambda: code_named("repetition", distance=10**6),
        lambda: code_named("bacon-shor", distance=10**5),
        lambda: code_named("color-666", distance=10**6 + 1),
        lambda: code_named("color-488", distance=10**6 + 1),
        lambda: code_named("honeycomb", distance=10**5),
        lambda: code_named("bivariate-bicycle", l=10**6, m=10**6, a=[(0, 1)], b=[(1, 0)]),
        lambda: stability_patch(10**6),
        lambda: lattice_surgery_circuit(10**6 + 1, 1),
        lambda: code_named("bivariate-bicycle-144").find_distance(max_states=10**12),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_made(build):
    with pytest.raises(InsufficientMemoryError):
        build()
