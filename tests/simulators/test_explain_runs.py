"""What `explain` says of a circuit's runs is what they do."""

import math

import numpy as np
import planning_table
import pytest
from random_circuits import random_gate_circuit

from qtoolkit import Circuit, ParameterVector, StatevectorSimulator
from qtoolkit.compiler import plans
from qtoolkit.errors import InputError
from qtoolkit.simulators import ways
from qtoolkit.simulators.ways import GIVEN, LARGE, LONG, NEVER, PARAMETRISED, WHEN_IT_PAYS, WITHOUT_RECIPE

pytestmark = pytest.mark.usefixtures("unplanned")


def parametrised(num_qubits, layers):
    angles = ParameterVector("a", num_qubits * layers)
    circuit = Circuit(num_qubits)
    for layer in range(layers):
        for qubit in range(num_qubits):
            circuit.ry(angles[layer * num_qubits + qubit], qubit)
        circuit.cz(0, num_qubits - 1)
    return circuit


def long_one():
    return Circuit(16).x(0).power(1 << 15)


def many_matrices():
    circuit = Circuit(5)
    for k in range(80):
        circuit.unitary(np.eye(4)[[1, 2, 3, 0]], [k % 5, (k + 1) % 5])
    return circuit


CIRCUITS = {
    "small": (random_gate_circuit(5, 30, 1, arrays=False), NEVER),
    "nothing": (Circuit(12), NEVER),
    "few parameters": (parametrised(2, 1), PARAMETRISED),
    "parameters": (parametrised(9, 3), PARAMETRISED),
    "parameters, larger": (parametrised(13, 3), WHEN_IT_PAYS),
    "larger": (random_gate_circuit(13, 20, 2, arrays=False), WHEN_IT_PAYS),
    "sixteen": (random_gate_circuit(16, 100, 2, arrays=False), WHEN_IT_PAYS),
    "own gates": (Circuit(3).h(0).pauli_rotation("XYZ", 0.3).mcx([0, 1], 2).barrier(), NEVER),
    "many matrices": (many_matrices(), WHEN_IT_PAYS),
    "large": (Circuit(17).h(range(17)), LARGE),
    "matrix": (Circuit(9).unitary(np.eye(4)[[1, 2, 3, 0]], [0, 1]), NEVER),
    "large matrix": (Circuit(6).unitary(np.roll(np.eye(32), 1, axis=0), range(5)), WITHOUT_RECIPE),
    "long": (long_one(), LONG),
}


@pytest.mark.parametrize(("circuit", "way"), CIRCUITS.values(), ids=CIRCUITS)
def test_as_many_runs_go_without_a_plan_as_were_foretold(circuit, way):
    simulator = StatevectorSimulator()
    foretold = simulator.explain(circuit)
    assert foretold.way is way
    assert not foretold.is_planned
    assert foretold.num_runs == 0
    values = np.linspace(0, 1, circuit.num_parameters) if circuit.num_parameters else None
    most = 70
    runs = next((k for k in range(most) if _is_planned(simulator, circuit, values)), math.inf)
    if foretold.unplanned_runs < most - 1:
        assert runs == foretold.unplanned_runs
        assert simulator.explain(circuit).is_planned
    else:
        assert runs == math.inf


def _is_planned(simulator, circuit, values):
    """Whether the next run is; it is run."""
    simulator.state_vector(circuit, values)
    return plans.of(circuit).plan is not None


def test_measurements_in_the_middle_are_told():
    circuit = Circuit(2, 2).h(0).measure(0, 0).x(0).measure(0, 1)
    assert StatevectorSimulator().explain(circuit).way is WITHOUT_RECIPE


def test_a_plan_is_run_as_it_is():
    simulator = StatevectorSimulator("single", num_threads=1)
    circuit = random_gate_circuit(13, 20, 3, arrays=False)
    plan = simulator.compile(circuit)
    report = simulator.explain(plan)
    assert report.way is GIVEN
    assert report.is_planned
    assert str(report.plan) == str(plan.explain("single", 1))
    assert simulator.explain(circuit, passes=True).plan.planner_passes


def test_explaining_plans_nothing():
    simulator, circuit = StatevectorSimulator(), random_gate_circuit(13, 20, 4, arrays=False)
    simulator.state_vector(circuit)
    report = simulator.explain(circuit)
    assert plans.of(circuit).plan is None
    assert report.num_runs == plans.of(circuit).runs == 1


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_text_fits_and_says_why(name):
    circuit, way = CIRCUITS[name]
    text = str(StatevectorSimulator().explain(circuit))
    assert max(map(len, text.splitlines())) <= 80
    joined = " ".join(text.split())
    assert way.reason in joined
    for known in ways.THRESHOLDS:
        if known.name in way.thresholds:
            assert f"{known.name} = " in joined
            assert known.reason in joined


def test_what_is_no_circuit_is_refused():
    with pytest.raises(InputError, match="compile"):
        StatevectorSimulator().explain("h 0")


def test_every_constant_that_decides_has_its_reason():
    names = {name for name, value in vars(ways).items() if name.isupper() and isinstance(value, int | float)}
    assert names == {known.name for known in ways.THRESHOLDS}
    assert {name for way in ways.WAYS for name in way.thresholds} <= names


def test_the_documentation_has_these_tables():
    """Where it differs, `python tests/planning_table.py` writes it."""
    page = planning_table.PAGE.read_text("utf-8")
    assert planning_table.rewritten(page) == page
