"""No kernel reads or writes beyond the memory it is given, and none takes new memory for zeros."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from guard_pages import guarded_empty
from random_circuits import random_gate_circuit
from vector_widths import WIDTHS

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.compiler import plans
from qtoolkit.simulators import memory
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.small import first, once, ready


def parametrised_circuit(num_qubits):
    theta = ParameterVector("theta", 3 * num_qubits)
    circuit = random_gate_circuit(num_qubits, 12, seed=num_qubits, arrays=False)
    for k in range(num_qubits):
        circuit.rx(theta[3 * k], k)
        circuit.rz(theta[3 * k + 1] + 0.2, k)
        if k:
            circuit.cx(k - 1, k)
            circuit.rzz(2 * theta[3 * k + 2], k - 1, k)
    return circuit


def observables(num_qubits):
    rng = np.random.default_rng(num_qubits)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(6)]
    return [PauliSum.from_list([(label, 0.5) for label in labels]), rng.normal(size=1 << num_qubits)]


def results(num_qubits, precision, vector_bytes):
    """What comes of circuits of all kinds, in a thread of its own, which has no working memory yet."""
    simulator = StatevectorSimulator(precision)
    simulator._use(Engine(precision, None, vector_bytes))
    plain = Circuit(num_qubits)
    plain.h(0)
    fixed = [plain, *(random_gate_circuit(num_qubits, 30, seed, arrays=seed == 1) for seed in (0, 1))]
    fixed += [simulator.compile(circuit) for circuit in fixed]
    plans.forget()
    parametrised = parametrised_circuit(num_qubits)
    values = np.linspace(-2, 2, parametrised.num_parameters)

    def run():
        for circuit in fixed:
            yield simulator.state_vector(circuit)
            for observable in observables(num_qubits):
                yield simulator.expectation_value(circuit, observable)
        yield simulator.state_vector(parametrised, values)
        for observable in observables(num_qubits):
            yield simulator.expectation_value(parametrised, observable, values)
            value, gradient = simulator.gradient(parametrised, observable, values)
            yield value
            yield gradient
            yield simulator.gradient(parametrised.copy(), observable, values)[1]
        rows = np.linspace(values, -values, 9)
        yield simulator.state_vector(parametrised, rows)
        yield simulator.expectation_value(parametrised, observables(num_qubits)[0], rows)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: list(run())).result()


@pytest.mark.usefixtures("unplanned")
@pytest.mark.skipif(os.name != "posix", reason="pages are guarded by a function of POSIX")
@pytest.mark.parametrize("precision", ["double", "single"])
@WIDTHS
@pytest.mark.parametrize("num_qubits", [1, 2, 3, 4, 6, 9, 12])
def test_nothing_beyond_the_end(num_qubits, vector_bytes, precision, monkeypatch):
    expected = results(num_qubits, precision, vector_bytes)
    original = memory.aligned_empty
    users = [module for module in list(sys.modules.values()) if getattr(module, "aligned_empty", None) is original]
    assert {memory, ready} <= set(users)
    for module in users:
        monkeypatch.setattr(module, "aligned_empty", guarded_empty)
    for module, kept in ((ready, "_idle"), (once, "_kept"), (first, "_runners")):
        monkeypatch.setattr(module, kept, {})
    for found, value in zip(results(num_qubits, precision, vector_bytes), expected, strict=True):
        np.testing.assert_array_equal(found, value)
