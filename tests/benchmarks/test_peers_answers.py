"""The plain reference against matrices and differences, and the simulators that are always here against it."""

from dataclasses import replace

import numpy as np
import pytest
from peers import plain, tasks, transpiled
from peers.circuits import CIRCUITS, ansatz, labs_cost, uccsd
from peers.convert import portable_circuit, portable_terms
from peers.fidelity import error_of, tolerance_of
from peers.portable import PauliTerms, PortableCircuit, Task, kind_of, load_task, save_task
from peers.rivals import Prepared, load_rival
from peers.rivals.base import Context, Rival, pauli_ladder
from peers.tasks import FULL, QUICK, Case, build_task, chosen_cases

from qtoolkit import Circuit, PauliSum
from qtoolkit.compiler import plans


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("num_qubits", [2, 5, 6])
def test_plain_states_are_those_of_the_circuits(name, num_qubits):
    if (num_qubits % 2 and name in ("hidden-shift", "uccsd")) or (num_qubits < 4 and name == "uccsd"):
        pytest.skip("this circuit has other sizes")
    circuit = CIRCUITS[name](num_qubits)
    state = plain.answer(Task("state", portable_circuit(circuit)))
    np.testing.assert_allclose(state, circuit.to_matrix()[:, 0], atol=1e-12)


@pytest.mark.parametrize("name", [name for name in transpiled.NAMES if not name.startswith(transpiled.MQT)])
def test_transpiled_circuits_are_the_same_up_to_a_phase(name):
    case = Case("once", name, 4, "double")
    task = build_task(case)
    if name.endswith(transpiled.TRANSPILED):
        assert {gate.name for gate in task.circuit.gates} <= {"rz", "rx", "x", "cx"}
    circuit = CIRCUITS[name.removesuffix(transpiled.TRANSPILED)](4)
    assert error_of(task, plain.answer(task), circuit.to_matrix()[:, 0]) < 1e-7


def test_a_circuit_of_mqt_bench_is_asked_once():
    pytest.importorskip("mqt.bench")
    task = build_task(Case("once", "mqt-qpeexact", 5, "double"))
    assert task.circuit.num_qubits == 5
    assert {gate.name for gate in task.circuit.gates} <= {"rz", "rx", "x", "cx"}


def test_what_runs_once_is_compiled_each_time():
    done = []
    prepared = Prepared(lambda: done.append("run"), lambda result: result, lambda: done.append("compile"))
    rival = Rival("Some", (), ("double",), {"state": lambda task, context: prepared})
    once = rival.answer("once")(None, None)
    assert once.compile is None
    once.run()
    once.run()
    assert done == ["compile", "run"] * 2
    assert Rival("Other", (), ("double",), {}).answer("once") is None


def test_our_own_once_knows_no_circuit_from_before():
    task = build_task(Case("once", "qft", 11, "double"))
    prepared = load_rival("qtoolkit").answer("once")(task, Context("double", 1, {}))
    for _ in range(3):
        state = prepared.run()
        assert len(plans) == 0
    assert error_of(task, prepared.read(state), plain.answer(task)) < 1e-12


@pytest.mark.parametrize("circuit", [ansatz(3, 1), uccsd(4)], ids=["ansatz", "uccsd"])
def test_plain_gradients_are_those_of_differences(circuit):
    terms = [("XZ", (0, 1), 0.7), ("Y", (2,), -0.4), ("ZZ", (1, 2), 0.3), ("", (), 0.2)]
    observable = portable_terms(PauliSum.from_sparse_list(terms, circuit.num_qubits))
    angles = np.random.default_rng(3).uniform(-1, 1, circuit.num_parameters)

    def value(at):
        return plain.answer(Task("expectation", portable_circuit(circuit.bind(at)), observable))[0]

    found = plain.answer(Task("gradient", portable_circuit(circuit, angles), observable))
    steps = 1e-5 * np.eye(len(angles))
    differences = [(value(angles + step) - value(angles - step)) / 2e-5 for step in steps]
    assert found[0] == pytest.approx(value(angles), abs=1e-12)
    np.testing.assert_allclose(found[1:], differences, atol=1e-8)


def test_the_low_autocorrelation_cost_is_its_definition():
    cost = labs_cost(5).diagonal()
    for index in range(32):
        s = [1 - 2 * (index >> k & 1) for k in range(5)]
        energy = sum(sum(s[i] * s[i + k] for i in range(5 - k)) ** 2 for k in range(1, 5))
        assert cost[index] == pytest.approx(energy)


def test_the_ladder_of_a_pauli_rotation_is_the_rotation():
    circuit = Circuit(4).h(range(4)).pauli_rotation("XYZ", 0.7, (3, 0, 2))
    *before, rotation = portable_circuit(circuit).gates
    ladder = PortableCircuit(4, (*before, *pauli_ladder(rotation)))
    np.testing.assert_allclose(
        plain.answer(Task("state", ladder)), plain.answer(Task("state", portable_circuit(circuit))), atol=1e-12
    )


def test_a_gate_without_portable_form_is_named():
    with pytest.raises(ValueError, match="iswap"):
        portable_circuit(Circuit(2).iswap(0, 1))


def test_tasks_survive_their_file(tmp_path, small_tasks):
    for task in small_tasks.values():
        save_task(task, tmp_path / "task")
        again = load_task(tmp_path / "task")
        assert (again.question, again.observable, again.extra) == (task.question, task.observable, task.extra)
        np.testing.assert_array_equal(plain.answer(again), plain.answer(task))


def test_pauli_terms_spell_their_letters():
    terms = PauliTerms(3, (0b011, 0), (0b110, 0), (0.5, 2.0))
    assert list(terms) == [(0.5, ((0, "X"), (1, "Y"), (2, "Z"))), (2.0, ())]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("name", ["qtoolkit", "qiskit", "cirq"])
def test_the_simulators_that_are_here_agree_with_numpy(name, precision, small_tasks):
    rival = load_rival(name)
    if precision not in rival.precisions:
        pytest.skip(f"{name} has no {precision} precision")
    for case, task in small_tasks.items():
        if task.question not in rival.questions:
            continue
        for settings in rival.candidates(task, 1):
            error = _error(rival.questions[task.question](task, Context(precision, 1, settings)), task)
            assert error <= tolerance_of(task, precision), (case, settings)


def _error(prepared: Prepared, task: Task) -> float:
    if prepared.compile is not None:
        prepared.compile()
    return error_of(task, prepared.read(prepared.run()), plain.answer(task))


def _state_task() -> tuple[Task, np.ndarray]:
    task = build_task(Case("state", "random-line", 5, "double"))
    return task, plain.answer(task)


def test_a_global_phase_is_no_error():
    task, state = _state_task()
    assert error_of(task, np.exp(0.8j) * state, state) < tolerance_of(task, "double")
    assert error_of(task, state.astype(np.complex64), state) < tolerance_of(task, "single")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.reshape((2,) * 5).transpose().ravel(),
        lambda state: state.conj(),
        lambda state: 1.001 * state,
        lambda state: np.roll(state, 1),
        lambda state: np.where(np.arange(32) == 3, np.nan, state),
        lambda state: state[:16],
        lambda state: 0 * state,
    ],
    ids=["reversed qubits", "conjugated", "not normalised", "shifted", "not a number", "too short", "zero"],
)
def test_a_wrong_state_is_found_out(spoil):
    task, state = _state_task()
    assert not error_of(task, spoil(state), state) <= tolerance_of(task, "single")


def test_wrong_values_and_shots_are_found_out(small_tasks):
    by_question = {task.question: task for task in small_tasks.values()}
    for question in ("expectation", "gradient"):
        task = by_question[question]
        right = plain.answer(task)
        wrong = right.copy()
        wrong[-1] += 0.01
        assert error_of(task, wrong, right) > tolerance_of(task, "single") > error_of(task, right, right)
        assert error_of(task, right[:0], right) == np.inf
    task = by_question["samples"]
    state = plain.answer(task)
    shots = np.random.default_rng(5).choice(16, 20_000, p=np.abs(state) ** 2)
    assert error_of(task, shots, state) < tolerance_of(task, "double") < error_of(task, shots ^ 5, state)
    assert error_of(task, shots + 16, state) == np.inf


def test_suites_hold_what_they_say_and_filters_filter():
    full = chosen_cases(FULL)
    assert len(full) == len(set(full)) > len(chosen_cases(QUICK))
    assert {case.num_qubits for case in full if case.question == "state"} == {4, 8, 12, 16, 20, 22, 24, 26}
    assert [case.num_qubits for case in full] == sorted(case.num_qubits for case in full)
    chosen = chosen_cases(FULL, questions=["state"], names=["qft", "ghz"], sizes=[5], precisions=["single"])
    assert chosen == [Case("state", "ghz", 5, "single"), Case("state", "qft", 5, "single")]
    assert not chosen_cases(FULL, names=["lih"], sizes=[5])
    assert [case.num_qubits for case in chosen_cases(FULL, names=["n2"], sizes=[12, 20])] == [20, 20]
    sizes = {case.num_qubits for case in chosen_cases(FULL, names=["uccsd"], questions=["state"], sizes=range(2, 9))}
    assert sizes == {4, 6, 8}


@pytest.mark.parametrize("question", ["once-expectation", "once-gradient", "once-samples"])
def test_what_is_built_anew_gives_the_same_answers(question):
    circuit = "ising" if question == "once-expectation" else "ansatz"
    task = build_task(Case(question, circuit, 4, "double"))
    kept = replace(task, question=kind_of(question))
    context = Context("double", 1, {})
    anew, before = load_rival("qtoolkit").answer(question)(task, context), None
    for _ in range(2):
        found = anew.read(anew.run())
        if question == "once-samples":
            assert found.shape == (1000,)
        else:
            assert error_of(task, found, plain.answer(kept)) < tolerance_of(task, "double")
        before = before if before is not None else found
        assert np.array_equal(found, before)


def test_many_circuits_are_built_and_run_one_after_another(monkeypatch):
    monkeypatch.setattr(tasks, "MANY_CIRCUITS", 20)
    task = build_task(Case("once-many", "short", 5, "double"))
    circuits = task.extra["circuits"]
    assert len(set(circuits)) == 20
    assert circuits[-1] == task.circuit
    expected = plain.answer(replace(task, question="state"))
    prepared = load_rival("qtoolkit").answer("once-many")(task, Context("double", 1, {}))
    assert error_of(task, prepared.read(prepared.run()), expected) < tolerance_of(task, "double")
    asked = []

    def state(task, context):
        asked.append(task.circuit)
        return Prepared(lambda: len(asked), lambda found: found)

    other = Rival("Other", (), ("double",), {"state": state}).answer("once-many")(task, None)
    assert other.read(other.run()) == 20
    assert tuple(asked) == circuits


def test_building_counts_where_it_is_asked_for():
    built = []

    def gradient(task, context):
        built.append(task)
        return Prepared(lambda: len(built), lambda found: found)

    answer = Rival("Other", (), ("double",), {"gradient": gradient}).answer("once-gradient")
    prepared = answer("task", None)
    assert [prepared.read(prepared.run()) for _ in range(3)] == [1, 2, 3]
