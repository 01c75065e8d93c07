"""Arguments that used to end in errors of Python, NumPy or the system, or in all the memory there is."""

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qtoolkit import (
    Circuit,
    FermionOperator,
    Parameter,
    ParameterVector,
    PauliString,
    PauliSum,
    Result,
    StatevectorSimulator,
    get_backend,
    to_qasm,
    to_qiskit,
)
from qtoolkit._arguments import shown
from qtoolkit.algorithms import VQE, Schedule, dicke_state, parameter_shift_gradient, qaoa_circuit
from qtoolkit.applications.qec._validation import root_entropy
from qtoolkit.backends import SamplingEstimator
from qtoolkit.circuit import ControlledGate, PauliRotationGate, StandardGate
from qtoolkit.errors import (
    CircuitError,
    InputError,
    InsufficientMemoryError,
    JobError,
    OperatorError,
    ParameterError,
    QToolkitError,
    QubitIndexError,
)
from qtoolkit.interop.qiskit import Backend, EstimatorV2, SamplerV2

BELL = Circuit(2).h(0).cx(0, 1).measure_all()
HUGE = 10**5000
SIMULATOR = StatevectorSimulator()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Circuit(1).compose(0), CircuitError, "extended by a Circuit, got 0"),
        (lambda: Circuit(1).extend(2), CircuitError, "extended by a Circuit, got 2"),
        (lambda: Circuit(1, 10**9), CircuitError, "num_clbits must be an integer of at most 1048576, got 1000000000"),
        (lambda: Circuit(10**30), CircuitError, "num_qubits must be an integer of at most 1048576, got 1000"),
        (lambda: Circuit(HUGE), CircuitError, r"num_qubits .* got 2\*\*16609 or more in magnitude"),
        (lambda: Circuit(1, 1).add_clbits(1 << 20, "b"), CircuitError, "size must be an integer of at most 1048575"),
        (lambda: Circuit(1, name=3), CircuitError, "a circuit's name must be a string, got 3"),
        (lambda: Circuit(1).x(0).power(10**9), CircuitError, "holds at most 10,000,000 operations, got 1000000000;"),
        (lambda: Circuit(1).x(0).power(1e300), CircuitError, "holds at most 10,000,000 operations, got 10000"),
        (lambda: Circuit(1).x(0).controlled(10**30), CircuitError, "num_controls must be an integer of at most 10485"),
        (lambda: StandardGate("x").controlled(10**30), CircuitError, "num_controls must be an integer of at most"),
        (lambda: ControlledGate("x", 1), CircuitError, "only gates can be controlled, got 'x'"),
        (lambda: PauliRotationGate("Z" * 64, 0.1).matrix(), InsufficientMemoryError, "a matrix on 64 qubits needs"),
        (lambda: Circuit(2).h(range(10**15)), QubitIndexError, "qubit indices of this circuit are 0 to 1, got 2"),
        (lambda: Circuit(1).h(HUGE), QubitIndexError, "got 2..16609 or more in magnitude"),
        (lambda: Circuit(1).rx(np.eye(3), 0), ParameterError, r"theta must be a real number .* got array"),
        (lambda: Circuit(1, 1).if_(0, 5), CircuitError, "a body that is no circuit must be a function, got 5"),
        (lambda: ParameterVector("v", 10**9), ParameterError, "length must be an integer of at most 1048576"),
        (lambda: Parameter("a").bind(None), ParameterError, "bound by a mapping from names to numbers, got None"),
        (lambda: PauliSum.from_list([5]), OperatorError, r"a term is a pair \(label, coefficient\), got 5"),
        (lambda: PauliSum.from_list(None), OperatorError, "the terms of a sum are a sequence of tuples, got None"),
        (lambda: PauliSum.from_list([("X", 10**400)]), OperatorError, "a coefficient must be finite, got 1000"),
        (lambda: PauliSum.from_sparse_list([("X", 0, 1.0)], 1), OperatorError, "the qubits of a term are a sequence"),
        (lambda: PauliSum.from_sparse_list([("X", 0)], 1), OperatorError, "a term is a triple"),
        (lambda: PauliSum.from_matrix([["a"]]), OperatorError, "the entries of a matrix must be numbers"),
        (lambda: PauliSum.from_matrix([[1], [1, 2]]), OperatorError, "the entries of a matrix must be numbers"),
        (lambda: PauliSum.from_diagonal(["a", 1]), OperatorError, "the entries of a diagonal must be numbers"),
        (lambda: PauliSum.from_diagonal([1, 10**400]), OperatorError, "the entries of a diagonal must be numbers"),
        (lambda: PauliSum.zero(1).ground_state(seed=0.5), InputError, "a seed is an integer, a numpy Generator or"),
        (lambda: PauliString("X").letter("a"), OperatorError, "qubit must be an integer, got 'a'"),
        (lambda: PauliString("X").tensor(None), OperatorError, "a factor must be a PauliString, got None"),
        (lambda: FermionOperator(True), OperatorError, "the terms of an operator are a mapping"),
        (lambda: FermionOperator.zero().allclose(None), OperatorError, "must be a FermionOperator, got None"),
        (lambda: Result.from_counts(None), InputError, "counts are a mapping from bitstrings to integers, got None"),
        (lambda: Result.from_memory([[1], [1, 2]]), InputError, "memory must be an array of numbers, got rows"),
        (lambda: get_backend("local").run(BELL, 20, seed=0.9), InputError, "a seed is an integer, .* got 0.9"),
        (lambda: get_backend("local").run(None, 20), InputError, "runs a Circuit or a sequence of them, got None"),
        (lambda: get_backend("local").run(BELL, 5).result(timeout="1"), InputError, "timeout must be .* got '1'"),
        (lambda: get_backend("local").run(BELL, 5).result(timeout=-1), InputError, "timeout must be .* got -1"),
        (lambda: get_backend("local").job(bytearray(2)), JobError, "local has no job bytearray"),
        (lambda: get_backend(HUGE), QToolkitError, "no backend is named 2..16609 or more in magnitude"),
        (lambda: Schedule(None, ()), InputError, "gammas must be a sequence of angles, got None"),
        (lambda: Schedule.ramp(10**9), InputError, "num_layers must be an integer of at most 1048576"),
        (lambda: qaoa_circuit(None, None, None, 1), InputError, "a QAOA cost must be a PauliSum, got None"),
        (lambda: Backend().run(None), InputError, "runs a QuantumCircuit or a sequence of them, got None"),
        (lambda: Backend(num_qubits="2"), InputError, "num_qubits must be an integer of at least 0, got '2'"),
        (lambda: Backend().run(QuantumCircuit(1), seed_simulator=0.9), InputError, "seed_simulator must be an integer"),
        (lambda: Backend().run(QuantumCircuit(1), shots=True), InputError, "shots must be an integer .* got True"),
        (lambda: SamplerV2(seed="x"), InputError, "a seed is an integer, a numpy Generator or None, got 'x'"),
        (lambda: SamplerV2(default_shots=0), InputError, "default_shots must be an integer of at least 1, got 0"),
        (lambda: EstimatorV2(default_precision=-1), InputError, "default_precision must be a number of at least 0"),
        (lambda: SIMULATOR.state_vector(Circuit(10**6)), QToolkitError, "1000000"),
        (lambda: dicke_state(10**4, 1), InputError, "written out for at most 62 qubits, got 10000"),
    ],
)  # fmt: skip
def test_the_error_is_ours(call, error, message) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, QToolkitError)
    assert len(str(caught.value).splitlines()) == 1


def test_waiting_longer_than_the_system_can_is_waiting_as_long_as_it_takes() -> None:
    assert get_backend("local").run(BELL, 5, seed=1).result(timeout=1e300).shots == 5


@pytest.mark.parametrize("exponent", [10**9, -(10**9), 1e300])
def test_nothing_repeated_is_nothing(exponent: float) -> None:
    assert len(Circuit(2).power(exponent)) == 0


def test_a_power_repeats_the_operations_of_a_circuit() -> None:
    circuit = Circuit(2, 1).h(0).cx(0, 1)
    assert circuit.power(3) == Circuit(2, 1).h(0).cx(0, 1).h(0).cx(0, 1).h(0).cx(0, 1)
    assert circuit.power(-1) == circuit.inverse()
    assert len(circuit.power(4_000_000)) == 8_000_000


def nested(depth: int) -> Circuit:
    body = Circuit(1, 1).x(0)
    for _ in range(depth):
        body = Circuit(1, 1).if_(0, body)
    return body


def test_conditions_are_nested_so_deep_that_every_pass_can_follow() -> None:
    deepest = nested(64).measure(0, 0)
    assert deepest == deepest.copy()
    assert deepest.bind({}) == deepest
    assert len(to_qiskit(deepest).data) == 2
    assert to_qasm(deepest).count("if (") == 64
    assert StatevectorSimulator().run(deepest, 10, seed=1).counts == {"0": 10}


def test_conditions_nested_deeper_are_refused() -> None:
    with pytest.raises(CircuitError, match="conditions are nested at most 64 deep, got 65"):
        nested(400)


def test_functions_that_nest_conditions_are_refused_before_python_ends_them() -> None:
    def deeper(body: Circuit) -> None:
        body.if_(0, deeper)

    with pytest.raises(CircuitError, match="conditions are nested at most 64 deep, got 65"):
        Circuit(1, 1).if_(0, deeper)


def test_bodies_that_share_bodies_are_counted() -> None:
    def doubled(times: int) -> Circuit:
        body = Circuit(1, 1).x(0)
        for _ in range(times):
            body = Circuit(1, 1).if_(0, body, body)
        return body

    with pytest.raises(CircuitError, match="nested conditions hold at most 10,000,000 operations, got 1"):
        doubled(40)


def test_values_are_shown_in_one_short_line() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError

    assert shown(7) == "7"
    assert shown(-HUGE) == "-2**16609 or more in magnitude"
    assert shown([HUGE]) == "a list"
    assert shown(Rude()) == "a Rude"
    assert shown("Z" * 10**6) == f"'{'Z' * 119}… (a str)"


def test_messages_are_one_line_of_readable_length() -> None:
    assert str(InputError("two\nlines")) == "two lines"
    assert str(InputError("\ud800")) == r"\ud800"
    long = str(InputError("a" * 1000 + "; the remedy"))
    assert len(long) < 510
    assert long.endswith("; the remedy")


def test_what_only_looks_like_an_estimator_is_refused():
    observable = PauliSum.from_list([("Z", 1.0)])
    circuit = Circuit(1).rx(Parameter("a"), 0)
    with pytest.raises(InputError, match="takes a circuit, an observable and values"):
        parameter_shift_gradient(circuit, observable, [0.1], estimator=observable)
    with pytest.raises(InputError, match="takes a circuit, an observable and values"):
        VQE(circuit, observable, estimator=observable)


def test_overlaps_take_one_vector_of_values():
    with pytest.raises(ParameterError):
        StatevectorSimulator().overlap(Circuit(1).h(0), Circuit(1), [[]])


def test_a_branch_needs_a_body():
    with pytest.raises(CircuitError, match="body"):
        Circuit(1, 1).if_(0, None)


@pytest.mark.parametrize("seed", [HUGE, -1, 0.5, True, "1"], ids=["huge", "negative", "half", "true", "text"])
def test_seeds_can_be_written_down(seed):
    circuit, observable = Circuit(1).ry(0.3, 0), PauliSum.from_list([("Z", 1.0)])
    qubit = QuantumCircuit(1, 1)
    qubit.measure(0, 0)
    for run in (
        lambda: SamplingEstimator(SIMULATOR, 10).estimate(circuit, observable, seed=seed),
        lambda: SIMULATOR.run(BELL, 10, seed=seed),
        lambda: Backend().run(qubit, seed_simulator=seed),
        lambda: root_entropy(seed),
    ):
        with pytest.raises(InputError, match="seed"):
            run()
