import numpy as np
import pytest

import qtoolkit.circuit as qt
from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm import from_qasm, to_qasm

HEADER_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
HEADER_3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER_2 + "foo q[0];", "OpenQASM 2, line 5, column 1: 'foo' is not defined"),
        (HEADER_2 + "x q[2];", "OpenQASM 2, line 5, column 5: index 2 is out-of-range"),
        (HEADER_2 + "x q[0", "OpenQASM 2, line 5"),
        (HEADER_2 + 'include "mine.inc";', "OpenQASM 2, line 5, column 9: unable to find 'mine.inc'"),
        (HEADER_2 + "opaque box a; box q[0];", "OpenQASM 2, line 5, column 15: 'box' is opaque"),
        (HEADER_3 + "foo q[0];", "OpenQASM 3, line 5, column 1: gate 'foo' is not defined"),
        (HEADER_3 + "x q[0] y;", "OpenQASM 3, line 5, column 8: unexpected 'y'"),
        (HEADER_3 + "x q[0]; $;", "OpenQASM 3, line 5, column 9: token recognition error"),
        (HEADER_3 + "int i = 3;", "OpenQASM 3, line 5, column 1: declarations of type 'int' are not supported"),
        (HEADER_3 + "while (c[0]) { x q[0]; }", "OpenQASM 3, line 5, column 1: the number of rounds of a while loop"),
        (HEADER_3 + "input float a; rx(a*a) q[0];", "OpenQASM 3, line 5, column 16: angles are linear"),
        (HEADER_3 + "for int i in [1:9999999] { x q[0]; }", "line 5, column 1: the text unrolls to more than 1000000"),
        ("OPENQASM 4.0;", "OpenQASM versions are 2 and 3, got 4"),
        ("// nothing\n", "the text is empty"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text, message, capfd):
    with pytest.raises(ConversionError, match=message):
        from_qasm(text)
    assert capfd.readouterr() == ("", "")


def with_else(circuit: qt.Circuit) -> object:
    return circuit.if_(circuit.clbit_register("c") == 1, lambda body: body.x(0), lambda body: body.y(0))


def with_bit_condition(circuit: qt.Circuit) -> object:
    return circuit.if_(circuit.clbit(0) == 1, lambda body: body.x(0))


def with_nested(circuit: qt.Circuit) -> object:
    register = circuit.clbit_register("c")
    return circuit.if_(register == 1, lambda body: body.if_(register == 2, lambda inner: inner.x(0)))


def with_changing_condition(circuit: qt.Circuit) -> object:
    return circuit.if_(circuit.clbit_register("c") == 1, lambda body: body.measure(0, 1).x(0))


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (lambda circuit: circuit.rx(qt.Parameter("theta"), 0), "OpenQASM 2 has no free parameters, got theta"),
        (with_else, "'if' at position 0: OpenQASM 2 has no else; write it with version=3"),
        (with_bit_condition, "compare a whole register, got bits \\(0,\\); write it with version=3"),
        (with_nested, "OpenQASM 2 has no if inside an if; write it with version=3"),
        (with_changing_condition, "a measurement changes the bits asked; write it with version=3"),
    ],
)
def test_what_version_2_cannot_say_is_named(add, message):
    circuit = qt.Circuit(2, 2)
    add(circuit)
    with pytest.raises(ConversionError, match=message):
        to_qasm(circuit, 2)
    assert from_qasm(to_qasm(circuit, 3)).num_qubits == 2


def test_global_phase_without_qubits():
    with pytest.raises(ConversionError, match="writes a global phase on a qubit, and there is none"):
        to_qasm(qt.Circuit(0).gphase(0.3), 2)
    assert from_qasm(to_qasm(qt.Circuit(0).gphase(0.3), 3)) == qt.Circuit(0).gphase(0.3)


@pytest.mark.parametrize(
    "add",
    [
        lambda circuit: circuit.diagonal(np.ones(1 << 11)),
        lambda circuit: circuit.permutation(np.arange(1 << 11)[::-1]),
        lambda circuit: circuit.initialize(np.eye(1, 1 << 11)[0]),
    ],
)
def test_large_arrays_are_refused(add):
    circuit = qt.Circuit(11)
    add(circuit)
    for version in (2, 3):
        with pytest.raises(ConversionError, match="on 11 qubits would take too many gates: at most 10 qubits"):
            to_qasm(circuit, version)


def test_wrong_arguments():
    with pytest.raises(ConversionError, match="from_qasm takes the text as a string, got bytes"):
        from_qasm(b"OPENQASM 3.0;")
    with pytest.raises(ConversionError, match="to_qasm takes a Circuit, got str"):
        to_qasm("x")
    with pytest.raises(ConversionError, match="OpenQASM versions are 2 and 3, got 1"):
        to_qasm(qt.Circuit(1), 1)


def test_instructions_unknown_to_the_format_are_named():
    class Odd(qt.Instruction):
        name = "odd"
        num_qubits = 1

    class Sealed(qt.Gate):
        name = "sealed"
        num_qubits = 1
        params = (qt.Parameter("a"),)

        def matrix(self):
            return np.eye(2)

        def inverse(self):
            return self

    with pytest.raises(ConversionError, match="'odd' at position 1: OpenQASM 3 has no such instruction"):
        to_qasm(qt.Circuit(1).h(0).append(Odd(), (0,)))
    with pytest.raises(ConversionError, match="no such gate with the free parameter a; bind it"):
        to_qasm(qt.Circuit(1).append(Sealed(), (0,)))
