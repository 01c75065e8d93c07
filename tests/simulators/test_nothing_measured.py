"""A circuit that measures nothing has no bits to tell: every place refuses it, except where Qiskit's protocol rules."""

import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorSampler

from qtoolkit import Circuit, SectorSimulator, StatevectorSimulator, get_backend
from qtoolkit.errors import CircuitError
from qtoolkit.interop.qiskit import Backend, SamplerV2

MESSAGE = "a circuit must measure something to be run, got no measurement"


@pytest.mark.parametrize("circuit", [Circuit(2, 2).x(0), Circuit(2).x(0)], ids=repr)
@pytest.mark.parametrize("runner", [StatevectorSimulator(), SectorSimulator(1), get_backend("local")], ids=repr)
def test_a_circuit_that_measures_nothing_is_refused_everywhere(runner, circuit) -> None:
    with pytest.raises(CircuitError, match=MESSAGE):
        runner.run(circuit, 10)


def test_a_branch_without_a_measurement_is_none() -> None:
    with pytest.raises(CircuitError, match=MESSAGE):
        StatevectorSimulator().run(Circuit(2, 2).x(0).if_(0, Circuit(2).x(1)), 10)


@pytest.mark.parametrize(
    "circuit",
    [
        Circuit(1, 2).x(0).measure(0, 1),
        Circuit(1, 2).x(0).measure(0, 1).x(0),
        Circuit(1, 2).x(0).if_(0, Circuit(1), Circuit(1, 2).measure(0, 1)),
    ],
    ids=["end", "middle", "branch"],
)
def test_one_measurement_anywhere_is_enough_and_other_bits_are_zero(circuit) -> None:
    assert StatevectorSimulator().run(circuit, 10).counts == {"10": 10}


def test_qiskits_primitives_and_backends_read_zeros_from_bits_that_nothing_measures() -> None:
    theirs = QuantumCircuit(1, 2)
    theirs.x(0)
    expected = StatevectorSampler().run([theirs], shots=10).result()[0].data.c.get_counts()
    assert expected == {"00": 10}
    assert SamplerV2().run([theirs], shots=10).result()[0].data.c.get_counts() == expected
    assert Backend().run(theirs, shots=10).result().get_counts() == expected
