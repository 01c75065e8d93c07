import itertools

import numpy as np
import pytest
import stim

from qtoolkit.applications.qec import RotatedSurfaceCode
from qtoolkit.errors import InputError


def rank_mod_2(matrix):
    rows, rank = [int("".join(map(str, row)), 2) for row in matrix], 0
    while rows:
        pivot = rows.pop()
        if pivot:
            rank += 1
            low = pivot & -pivot
            rows = [row ^ pivot if row & low else row for row in rows]
    return rank


@pytest.mark.parametrize("distance", [3, 5, 9])
def test_stabilizers_are_independent_and_commute_with_one_pair_of_logicals(distance):
    code = RotatedSurfaceCode(distance)
    assert code.commutes()
    assert code.num_data_qubits == distance**2 == len(code.data_coordinates)
    for checks in (code.x_checks, code.z_checks):
        assert rank_mod_2(checks) == len(checks) == (distance**2 - 1) // 2
        assert set(checks.sum(axis=1)) == {2, 4}
    assert code.logical_x.sum() == code.logical_z.sum() == distance


def test_commutes_notices_a_logical_that_misses_a_qubit():
    code = RotatedSurfaceCode(3)
    broken = code.logical_x.copy()
    broken[np.flatnonzero(broken)[-1]] = 0
    object.__setattr__(code, "logical_x", broken)
    assert not code.commutes()


def test_lightest_undetected_flip_of_the_logical_has_weight_distance():
    code = RotatedSurfaceCode(3)
    errors = np.array(list(itertools.product((0, 1), repeat=9)))
    for checks, logical in ((code.z_checks, code.logical_z), (code.x_checks, code.logical_x)):
        undetected = ~np.any(errors @ checks.T % 2, axis=1)
        flips = (errors @ logical % 2).astype(bool)
        assert errors[undetected & flips].sum(axis=1).min() == 3
        assert errors[undetected & ~flips].sum(axis=1).tolist().count(0) == 1


@pytest.mark.parametrize("distance", [3, 5])
@pytest.mark.parametrize("basis", ["x", "z"])
def test_stim_measures_these_stabilizers_and_this_logical(distance, basis):
    code = RotatedSurfaceCode(distance)
    circuit = stim.Circuit.generated(f"surface_code:rotated_memory_{basis}", distance=distance, rounds=2)
    at = {tuple(position): qubit for qubit, position in circuit.get_final_qubit_coordinates().items()}
    data = [at[tuple(position)] for position in code.data_coordinates]

    def pauli(letter, support):
        string = stim.PauliString(circuit.num_qubits)
        for qubit in np.flatnonzero(support):
            string[data[qubit]] = letter
        return string

    flat = list(circuit.flattened())
    readout = next(k for k, step in enumerate(flat) if step.name in ("M", "MX"))
    simulator = stim.TableauSimulator(seed=5)
    for step in flat[:readout]:
        simulator.do(step)
    # After the rounds every stabilizer has a definite value: the outcome its own ancilla gave last.
    ancillas = next(step for step in reversed(flat[:readout]) if step.name == "MR").targets_copy()
    record = simulator.current_measurement_record()[-len(ancillas) :]
    outcome = {ancilla.value: value for ancilla, value in zip(ancillas, record, strict=True)}
    for letter, sites, checks in (("X", code.x_coordinates, code.x_checks), ("Z", code.z_coordinates, code.z_checks)):
        for site, support in zip(sites, checks, strict=True):
            sign = -1 if outcome[at[tuple(site)]] else 1
            assert simulator.peek_observable_expectation(pauli(letter, support)) == sign
    logical = code.logical_z if basis == "z" else code.logical_x
    assert simulator.peek_observable_expectation(pauli(basis.upper(), logical)) == 1

    measured = [target.value for target in flat[readout].targets_copy()]
    observable = next(step for step in flat if step.name == "OBSERVABLE_INCLUDE")
    included = {measured[target.value] for target in observable.targets_copy()}
    assert included == {data[qubit] for qubit in np.flatnonzero(logical)}


@pytest.mark.parametrize(
    ("distance", "message"), [(4, "odd, got 4: take 3 or 5"), (1, "at least 3, got 1"), (3.0, "integer, got 3.0")]
)
def test_bad_distance_is_refused(distance, message):
    with pytest.raises(InputError, match=message):
        RotatedSurfaceCode(distance)


def test_codes_compare_by_distance_and_cannot_be_changed():
    assert RotatedSurfaceCode(3) == RotatedSurfaceCode(3) != RotatedSurfaceCode(5)
    with pytest.raises(ValueError, match="read-only"):
        RotatedSurfaceCode(3).x_checks[0, 0] = 1
