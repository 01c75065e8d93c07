"""Algorithms ask what an estimator can do, never which one it is: whoever satisfies the protocols serves as ours do."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import qtoolkit
from qtoolkit import Circuit, PauliSum, SectorSimulator, StatevectorSimulator, primitives, simulators
from qtoolkit.algorithms import QAOA, VQE, RingXYMixer, Schedule
from qtoolkit.algorithms.objective import CircuitObjective
from qtoolkit.algorithms.optimizers import COBYLA
from qtoolkit.primitives import CompilingEstimator, DifferentiableEstimator, Estimator, ExactEstimator, SectorEstimator

SCHEDULE = Schedule((0.4, 0.8), (0.7, 0.3))
COST = PauliSum.from_list([("ZZII", 0.7), ("IZIZ", -0.4), ("IIIZ", 0.3)])


class Amplitudes:
    """The least that an exact simulator is; it reads a circuit as a matrix."""

    precision = "double"

    def expectation_value(self, circuit, observable, parameters=None):
        state = self._state(circuit, parameters)
        return float(np.real(state.conj() @ observable.to_matrix() @ state))

    def probabilities(self, circuit, *, parameters=None):
        return np.abs(self._state(circuit, parameters)) ** 2

    @staticmethod
    def _state(circuit, parameters):
        return circuit.bind({} if parameters is None else parameters).to_matrix()[:, 0]


class AmplitudesOfWeight(Amplitudes):
    """The same for one Hamming weight."""

    hamming_weight = 2

    def basis(self, num_qubits):
        patterns = np.arange(1 << num_qubits)
        return patterns[np.bitwise_count(patterns) == self.hamming_weight]

    def probabilities(self, circuit, *, parameters=None):
        return super().probabilities(circuit, parameters=parameters)[self.basis(circuit.num_qubits)]


class Prepared(Amplitudes):
    """One that takes circuits and diagonals in forms of its own."""

    def compile(self, circuit):
        return ("compiled", circuit)

    def diagonal(self, observable):
        return observable.diagonal()

    def expectation_value(self, circuit, observable, parameters=None):
        name, given = circuit
        assert name == "compiled"
        assert isinstance(observable, np.ndarray)
        return float(self.probabilities(given, parameters=parameters) @ observable)


def ansatz():
    circuit, theta = Circuit(4), qtoolkit.ParameterVector("θ", 4)
    for qubit in range(4):
        circuit.ry(theta[qubit], qubit)
    return circuit.cx(0, 1).cx(2, 3)


@pytest.mark.parametrize(
    ("estimator", "wanted"),
    [
        (StatevectorSimulator(), {DifferentiableEstimator, CompilingEstimator, ExactEstimator}),
        (SectorSimulator(2), {DifferentiableEstimator, CompilingEstimator, ExactEstimator, SectorEstimator}),
        (Amplitudes(), {ExactEstimator}),
        (AmplitudesOfWeight(), {ExactEstimator, SectorEstimator}),
        (Prepared(), {ExactEstimator, CompilingEstimator}),
    ],
    ids=lambda item: type(item).__name__,
)
def test_what_each_can_do(estimator, wanted):
    kinds = [getattr(primitives, name) for name in primitives.__all__ if name.endswith("Estimator")]
    assert {kind for kind in kinds if isinstance(estimator, kind)} == wanted | {Estimator}


@pytest.mark.parametrize("estimator", [Amplitudes(), Prepared()], ids=lambda item: type(item).__name__)
def test_vqe_on_a_simulator_of_somebody_else(estimator):
    start = np.random.default_rng(1).normal(size=4)
    found = VQE(ansatz(), COST, estimator=estimator)
    assert found.energy(start) == pytest.approx(VQE(ansatz(), COST).energy(start), abs=1e-12)
    assert CircuitObjective(ansatz(), COST, estimator).is_exact
    ours = VQE(ansatz(), COST, optimizer=COBYLA()).run(start)
    assert found.run(start).energy == pytest.approx(ours.energy, abs=1e-6)


@pytest.mark.parametrize("estimator", [Amplitudes(), AmplitudesOfWeight(), Prepared()], ids=lambda i: type(i).__name__)
@pytest.mark.parametrize("weight", [2, 1])
def test_qaoa_judges_by_the_amplitudes_of_somebody_else(estimator, weight):
    """Also where the bitstrings that count are others than those that the state has."""
    initial = Circuit(4).x([0, 2])
    settings = {"mixer": RingXYMixer(4), "hamming_weight": weight, "initial_state": initial}
    found = QAOA(COST, 2, estimator=estimator, sampler=StatevectorSimulator(), **settings).run(SCHEDULE, seed=1)
    ours = QAOA(COST, 2, **settings)
    assert found.evidence == "state vector"
    assert found.value == pytest.approx(ours.value(found.schedule), abs=1e-12)
    assert found.feasible_probability == pytest.approx(1.0 if weight == 2 else 0.0, abs=1e-9)


def test_a_weight_that_nobody_asked_for_counts_all_its_bitstrings():
    initial = Circuit(4).x([0, 2])
    given = QAOA(COST, 1, mixer=RingXYMixer(4), initial_state=initial, estimator=SectorSimulator(2)).run(seed=2)
    full = QAOA(COST, 1, mixer=RingXYMixer(4), initial_state=initial).run(given.schedule, seed=2)
    assert given.feasible_probability == pytest.approx(1.0)
    assert given.feasible_value == pytest.approx(full.feasible_value, abs=1e-3)


def test_diagonals_of_the_state_vector_simulator_are_those_of_the_sum():
    np.testing.assert_array_equal(StatevectorSimulator().diagonal(COST), COST.diagonal())
    with pytest.raises(qtoolkit.errors.OperatorError, match="PauliSum"):
        StatevectorSimulator().diagonal("ZZ")


def test_no_algorithm_asks_for_a_class_of_simulators():
    names = {name for name in simulators.__all__ if inspect.isclass(getattr(simulators, name)) and "Simulator" in name}
    assert {"StatevectorSimulator", "SectorSimulator"} <= names
    asked = []
    for folder in ("algorithms", "applications"):
        for path in sorted((Path(qtoolkit.__file__).parent / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "type", "issubclass"):
                    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & names
                    asked += [f"{path.name}:{node.lineno}: {', '.join(found)}"] * bool(found)
    assert asked == []
