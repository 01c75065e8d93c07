"""Each rule of `Capabilities.check` refuses with a message of its own, and lets through what it should."""

from __future__ import annotations

import dataclasses

import pytest

from qtoolkit import Circuit, Parameter
from qtoolkit.backends import Capabilities
from qtoolkit.errors import BackendError, CircuitError, InputError, UnboundParameterError

LEAST = Capabilities(num_qubits=3, max_shots=100)
MOST = Capabilities(
    num_qubits=None, supports_mid_circuit_measurement=True, supports_conditionals=True, supports_reset=True
)


def measured_mid_way() -> Circuit:
    return Circuit(2, 2).h(0).measure(0, 0).x(0).measure([0, 1], [1, 0])


def conditional() -> Circuit:
    circuit = Circuit(2, 2).h(0).measure(0, 0)
    return circuit.if_(0, lambda body: body.x(1)).measure(1, 1)


def measured_in_branch() -> Circuit:
    circuit = Circuit(2, 2).h(0).measure(0, 0)
    return circuit.if_(0, lambda body: body.measure(1, 1))


def reset_in_branch() -> Circuit:
    circuit = Circuit(2, 2).h(0).measure(0, 0)
    return circuit.if_(0, lambda body: body.reset(1)).measure(1, 1)


def with_reset() -> Circuit:
    return Circuit(1).h(0).reset(0).measure_all()


def with_initialize_on_used_qubit() -> Circuit:
    return Circuit(2).h(1).initialize([0, 1], 1).measure_all()


def test_a_plain_circuit_passes() -> None:
    LEAST.check(Circuit(3).h(0).barrier().measure_all(), 100)


def test_measurements_in_a_row_are_not_mid_circuit() -> None:
    LEAST.check(Circuit(2, 3).h(0).measure([0, 1, 0], [0, 1, 2]), 1)


def test_initialize_on_fresh_qubits_is_no_reset() -> None:
    LEAST.check(Circuit(2).h(0).barrier().initialize([0, 1], 1).measure_all(), 1)


@pytest.mark.parametrize(
    "make",
    [
        measured_mid_way,
        conditional,
        measured_in_branch,
        reset_in_branch,
        with_reset,
        with_initialize_on_used_qubit,
    ],
)
def test_everything_passes_where_everything_is_supported(make) -> None:
    MOST.check(make(), 10**9)


@pytest.mark.parametrize("shots", [0, -1, 1.5, True, "many", None])
def test_shots_must_be_a_positive_integer(shots) -> None:
    with pytest.raises(InputError, match="shots must be an integer of at least 1"):
        LEAST.check(Circuit(1).measure_all(), shots)


def test_too_many_shots() -> None:
    with pytest.raises(BackendError, match=r"^this backend takes at most 100 shots, got 101; run several jobs"):
        LEAST.check(Circuit(1).measure_all(), 101)


def test_too_many_qubits() -> None:
    with pytest.raises(BackendError, match=r"^small has 3 qubits, got a circuit of 4; take a larger backend"):
        LEAST.check(Circuit(4).measure_all(), 1, "small")


def test_free_parameter() -> None:
    with pytest.raises(UnboundParameterError, match="theta"):
        LEAST.check(Circuit(1).rx(Parameter("theta"), 0).measure_all(), 1)


@pytest.mark.parametrize("circuit", [Circuit(1).h(0), Circuit(1, 1).h(0)])
def test_nothing_measured(circuit) -> None:
    with pytest.raises(CircuitError, match=r"add measure_all\(\)"):
        MOST.check(circuit, 1)


@pytest.mark.parametrize(
    ("support", "make", "message"),
    [
        ("supports_mid_circuit_measurement", measured_mid_way, "measures only at the end.*measurement of qubit 0"),
        ("supports_mid_circuit_measurement", measured_in_branch, "measures only at the end.*measurement of qubit"),
        ("supports_conditionals", conditional, "no operations under a condition, got if_"),
        ("supports_reset", with_reset, "cannot reset qubits, got reset on qubit 0"),
        ("supports_reset", reset_in_branch, "cannot reset qubits, got reset on qubit 1"),
        ("supports_reset", with_initialize_on_used_qubit, "cannot reset qubits, got initialize on qubit 1"),
    ],
)
def test_each_missing_feature_is_named(support, make, message) -> None:
    lacking = dataclasses.replace(MOST, **{support: False})
    with pytest.raises(BackendError, match=message) as caught:
        lacking.check(make(), 1)
    assert "run it on the backend local" in str(caught.value)
