"""Readout errors, annotations, parities and decoders as instructions of circuits."""

import pickle

import numpy as np
import pytest

from qtoolkit.circuit import (
    Circuit,
    Condition,
    Decode,
    Detector,
    Observable,
    Parity,
    ParityCondition,
    ReadoutError,
    parity,
)
from qtoolkit.circuit.analysis import split_tail
from qtoolkit.errors import CircuitError, QubitIndexError

ERROR = ReadoutError([[0.9, 0.1], [0.2, 0.8]])


def invert(bits):
    return ~bits


class Inverter:
    def decode_batch(self, bits):
        return ~bits

    def __eq__(self, other):
        return isinstance(other, Inverter)

    def __hash__(self):
        return 0


def experiment():
    circuit = Circuit(2, 4).h(0).measure(0, 0).detector(0, (1.5, 2)).reset(0)
    return circuit.cx(0, 1).measure([0, 1], [1, 2]).detector([0, 1]).detector([]).observable([2], 3)


def test_annotations_are_counted_and_listed():
    circuit = experiment()
    assert circuit.num_detectors == 3
    assert circuit.num_observables == 4
    assert [operation.clbits for operation in circuit.detectors] == [(0,), (0, 1), ()]
    assert circuit.detectors[0].gate.coordinates == (1.5, 2.0)
    assert [operation.gate for operation in circuit.observables] == [Observable(1, 3)]
    assert Circuit(1, 1).num_observables == Circuit(1, 1).num_detectors == 0
    assert circuit.power(2).num_detectors == 6


def test_annotations_change_neither_depth_nor_final_measurements():
    circuit = experiment()
    plain = Circuit(2, 4).h(0).measure(0, 0).reset(0).cx(0, 1).measure([0, 1], [1, 2])
    assert circuit.depth() == plain.depth()
    assert circuit.split_final_measurements()[1] == plain.split_final_measurements()[1] == ((0, 1), (1, 2))
    # Those on bits of final measurements go with them.
    assert [operation.clbits for operation in circuit.without_final_measurements().detectors] == [(0,), ()]


def test_annotations_are_copied_moved_and_pickled():
    circuit = experiment()
    moved = Circuit(3, 6).extend(circuit, [2, 0], [5, 4, 3, 2])
    assert [operation.clbits for operation in moved.detectors] == [(5,), (5, 4), ()]
    assert moved.detectors[0].gate == circuit.detectors[0].gate
    assert pickle.loads(pickle.dumps(circuit)) == circuit.copy() == circuit
    assert Detector(1, (1,)) != Detector(1)
    assert Observable(1, 1) != Observable(1)
    assert hash(Detector(1, (1,))) == hash(Detector(1, (1.0,)))
    joined = Circuit(2, 4).extend(circuit)
    assert joined.num_detectors == 3


def test_annotations_are_drawn():
    drawing = experiment().draw(200)
    assert "D(0)" in drawing
    assert "L3(2)" in drawing


@pytest.mark.parametrize(
    "call",
    [
        lambda circuit: circuit.detector([4]),
        lambda circuit: circuit.detector([0, 0]),
        lambda circuit: circuit.detector([0], (np.nan,)),
        lambda circuit: circuit.detector([0], range(17)),
        lambda circuit: circuit.observable([0], -1),
        lambda circuit: circuit.observable([0], 1 << 16),
        lambda circuit: circuit.if_(0, lambda body: body.x(0).detector([0])),
    ],
)
def test_wrong_annotations_are_refused(call):
    with pytest.raises(CircuitError):
        call(experiment())


def test_parities():
    circuit = Circuit(2, 3)
    assert (parity([0, 2]) == 1) == ParityCondition((0, 2), 1)
    assert (parity([circuit.clbit(1), 2]) == 0) == ParityCondition((1, 2), 0)
    assert (parity(circuit.clbit_register("c")) == np.int64(1)) == ParityCondition((0, 1, 2), 1)
    assert parity(1) == Parity((1,))
    assert hash(parity(1)) == hash(Parity((1,)))
    assert ParityCondition((0, 1), 1) != Condition((0, 1), 1)
    for bits in range(8):
        word = [bits >> k & 1 for k in range(3)]
        assert ParityCondition((0, 2), 1).holds(word) == (word[0] != word[2])
        assert Condition((0, 2), 1).holds(word) == (word[0] == 1 and word[2] == 0)
    assert str(ParityCondition((0, 2), 1)) == "c0⊕c2==1"
    with pytest.raises(CircuitError, match="a parity is 0 or 1, got 2"):
        parity([0]) == 2  # noqa: B015
    with pytest.raises(CircuitError, match="a parity is that of"):
        parity("ab")
    with pytest.raises(QubitIndexError):
        circuit.if_(parity([3]) == 1, lambda body: body.x(0))


def test_branches_on_parities_are_moved():
    circuit = Circuit(2, 3).if_(parity([0, 2]) == 1, lambda body: body.x(1))
    moved = Circuit(3, 4).extend(circuit, [2, 1], [3, 2, 1])
    (operation,) = moved
    assert operation.gate.condition == ParityCondition((3, 1), 1)
    assert operation.clbits == (1, 3)
    assert circuit.content != Circuit(2, 3).if_(Condition((0, 2), 1), lambda body: body.x(1)).content
    assert pickle.loads(pickle.dumps(circuit)) == circuit


def test_readout_errors_check_their_confusion():
    assert ERROR.flips == (0.1, 0.2)
    assert ReadoutError(np.eye(4)).num_clbits == 2
    assert ReadoutError([[0.9, 0.1], [0.2, 0.8]]) == ERROR
    assert hash(ReadoutError([[0.9, 0.1], [0.2, 0.8]])) == hash(ERROR)
    assert pickle.loads(pickle.dumps(ERROR)) == ERROR
    with pytest.raises(CircuitError, match=r"got 0\.8 in row 1"):
        ReadoutError([[0.9, 0.1], [0.2, 0.6]])
    with pytest.raises(CircuitError, match="probabilities"):
        ReadoutError([[1.1, -0.1], [0, 1]])
    with pytest.raises(CircuitError, match="power of two"):
        ReadoutError(np.eye(3))
    with pytest.raises(CircuitError, match="on one bit"):
        ReadoutError(np.eye(4)).flips  # noqa: B018


def test_readout_errors_in_circuits():
    circuit = (
        Circuit(2, 3)
        .measure([0, 1], [0, 1])
        .readout_error(ERROR, [0, 1])
        .readout_error(ReadoutError(np.eye(4)), (2, 0))
    )
    assert [operation.clbits for operation in circuit][2:] == [(0,), (1,), (2, 0)]
    assert circuit.split_final_measurements()[1] == ()
    body, measured, tail = split_tail(circuit.operations)
    assert (body, measured, len(tail)) == ([], ((0, 0), (1, 1)), 3)
    with pytest.raises(CircuitError, match="a readout error must be"):
        circuit.readout_error(np.eye(2), 0)
    with pytest.raises(CircuitError, match="uses 2 classical bits, got 1"):
        circuit.readout_error(ReadoutError(np.eye(4)), 0)


def test_only_the_tail_is_taken_apart():
    circuit = Circuit(2, 2).measure(0, 0).readout_error(ERROR, 0).measure(1, 0)
    body, measured, tail = split_tail(circuit.operations)
    # The error comes before the second measurement of its bit, so it stays, and what it changes with it.
    assert [operation.gate.name for operation in body] == ["measure", "readout_error"]
    assert (measured, tail) == (((1, 0),), ())
    circuit = Circuit(2, 2).measure(0, 0).readout_error(ERROR, 0).if_(0, lambda body: body.x(1)).measure(1, 1)
    body, measured, tail = split_tail(circuit.operations)
    assert (len(body), measured, tail) == (3, ((1, 1),), ())


def test_decoders_are_checked():
    decode = Decode(invert, 2, 2)
    bits = np.array([[True, False], [False, False]])
    np.testing.assert_array_equal(decode(bits), ~bits)
    assert decode == Decode(invert, 2, 2)
    assert hash(decode) == hash(Decode(invert, 2, 2))
    assert decode != Decode(np.invert, 2, 2)
    np.testing.assert_array_equal(Decode(lambda b: b.astype(np.uint8), 2, 2)(bits), bits)
    for function, message in (
        (lambda b: b[:, 0], "shape \\(shots, num_out\\), here \\(2, 2\\), got shape \\(2,\\)"),
        (lambda b: b.tolist(), "must return an array"),
        (lambda b: b + 2, "0 and 1"),
        (lambda b: b.astype(float), "dtype float64"),
    ):
        with pytest.raises(CircuitError, match=message):
            Decode(function, 2, 2)(bits)


def test_a_decoder_gets_a_copy():
    def spoil(bits):
        bits[:] = True
        return bits

    bits = np.zeros((2, 1), bool)
    Decode(spoil, 1, 1)(bits)
    assert not bits.any()


def test_decoders_in_circuits():
    circuit = Circuit(1, 3).measure(0, 0).decode(Inverter(), [0, 1], 2).decode(invert, 0, 1)
    first, second = list(circuit)[1:]
    assert (first.clbits, first.gate.num_in, first.gate.num_out) == ((0, 1, 2), 2, 1)
    assert second.gate.function is invert
    assert circuit.content is None  # a decoder may change
    assert "decode(0,1→2)" in circuit.draw()
    back = pickle.loads(pickle.dumps(circuit))
    assert back.operations[2] == second
    assert back.operations[1].gate.function.__self__ == Inverter()
    with pytest.raises(CircuitError, match="distinct"):
        circuit.decode(invert, 0, 0)
    with pytest.raises(CircuitError, match="decode_batch or is a function"):
        circuit.decode(3, 0, 1)
