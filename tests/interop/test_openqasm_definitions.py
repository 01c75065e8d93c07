"""A text's own definitions, the order of its parameters, and what else its words mean."""

import warnings

import numpy as np
import pytest
from qiskit_reference import circuit_outcomes

import qtoolkit.circuit as qt
from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm import from_qasm, to_qasm
from qtoolkit.simulators import StatevectorSimulator

INCLUDE = {2: 'OPENQASM 2.0;\ninclude "qelib1.inc";\n', 3: 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'}
QUBITS = {2: "qreg q[4];\n", 3: "qubit[4] q;\n"}


def test_a_definition_is_used_though_its_name_is_known():
    text = "OPENQASM 2.0; gate h a { U(pi,0,pi) a; } qreg q[1]; creg c[1]; h q[0]; measure q -> c;"
    counts = StatevectorSimulator().run(from_qasm(text), 50, seed=1).counts
    assert counts == {"1": 50}


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("included", [False, True])
@pytest.mark.parametrize(
    "name", ["h", "x", "rzz", "swap", "sx", "p", "u", "cx", "ccx", "cu3", "rccx", "u2", "delay", "ryy"]
)
def test_every_name_can_be_defined_anew(name, included, version):
    head = INCLUDE[version] if included else f"OPENQASM {version}.0;\n"
    definition = f"gate {name}(s, t) a, b {{ U(s, t, 0.1) b; U(t, 0, 0) a; }}\n"
    text = f"{head}{definition}{QUBITS[version]}{name}(0.2, 0.3) q[2], q[0];"
    expected = qt.Circuit(4).u(0.2, 0.3, 0.1, 0).u(0.3, 0, 0, 2)
    np.testing.assert_allclose(from_qasm(text).to_matrix(), expected.to_matrix(), atol=1e-12)


@pytest.mark.parametrize("version", [2, 3])
def test_a_definition_that_says_the_same_is_the_gate(version):
    definitions = """
    gate h a { U(pi/2, 0, pi) a; }
    gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; }
    gate ccx a, b, c {
      h c; cx b, c; tdg c; cx a, c; t c; cx b, c; tdg c; cx a, c; t b; t c; h c; cx a, b; t a; tdg b; cx a, b;
    }
    gate u1(t) a { U(0, 0, t) a; }
    gate p(t) a { U(0, 0, t) a; }
    """
    calls = "h q[1]; rzx(0.3) q[1], q[0]; p(0.7) q[2]; ccx q[3], q[1], q[0];"
    expected = qt.Circuit(4).h(1).rzx(0.3, 1, 0).p(0.7, 2).ccx(3, 1, 0)
    assert from_qasm(f"{INCLUDE[version]}{definitions}{QUBITS[version]}{calls}") == expected


def test_a_definition_that_says_nearly_the_same_is_not():
    for body in ("U(pi/2, 0, pi + 1e-10) a;", "U(pi/2, 0, pi) a; U(0, 0, 1e-9) a;", ""):
        circuit = from_qasm(f"OPENQASM 2.0; gate h a {{ {body} }} qreg q[1]; h q[0];")
        assert [op.gate.name for op in circuit] == ["u"] * body.count("U")


def test_a_definition_means_what_its_words_meant_where_it_stands():
    text = INCLUDE[2] + "gate f a { x a; } gate x a { z a; } qreg q[1]; f q[0]; x q[0]; y q[0];"
    assert from_qasm(text) == qt.Circuit(1).x(0).z(0).y(0)
    with pytest.raises(ConversionError, match="line 3, column 12: 'z' is not defined inside of its own definition"):
        from_qasm(INCLUDE[2] + "gate z a { z a; }")
    with pytest.raises(ConversionError, match="gate 'x' is already defined"):
        from_qasm(INCLUDE[2] + "gate x a {} gate x a {}")


@pytest.mark.parametrize("constant", ["tau", "euler", "π"])
def test_an_angle_may_have_the_name_of_a_constant(constant):
    text = f"{INCLUDE[3]}gate f({constant}) a {{ rx({constant}) a; }}\nqubit q; f(0.25) q; rx({constant}) q;"
    angles = [op.gate.params[0] for op in from_qasm(text)]
    assert angles[0] == 0.25
    assert angles[1] in (np.pi, 2 * np.pi, np.e)


@pytest.mark.parametrize("version", [2, 3])
def test_an_integer_is_an_angle_inside_of_a_definition(version):
    text = f"{INCLUDE[version]}gate f(t) a {{ rx(t/2) a; }} gate g(t) a {{ f(t) a; f(1) a; }}\n{QUBITS[version]}"
    assert from_qasm(text + "f(1) q[0]; g(3) q[0];") == qt.Circuit(4).rx(0.5, 0).rx(1.5, 0).rx(0.5, 0)


def test_a_parameter_may_have_the_name_of_a_constant():
    circuit = from_qasm(INCLUDE[3] + "qubit q; rx(tau/2) q; input float tau; rx(tau/2) q;")
    assert [op.gate.params[0] for op in circuit] == [np.pi, qt.Parameter("tau") / 2]


def test_parameters_keep_the_order_of_their_declaration():
    text = INCLUDE[3] + "input float b;\ninput angle[32] unused;\ninput float a;\nqubit q;\nrx(a) q;\nrz(b + a) q;"
    circuit = from_qasm(text)
    assert [p.name for p in circuit.parameters] == ["b", "unused", "a"]
    assert list(circuit.bind([1.0, 2.0, 3.0])) == list(qt.Circuit(1).rx(3.0, 0).rz(4.0, 0))
    assert [p.name for p in from_qasm(to_qasm(circuit)).parameters] == ["b", "unused", "a"]


@pytest.mark.parametrize(
    ("text", "gates", "warning"),
    [
        ("pow(1/2) @ x q;", 0, "1/2 is 0"),
        ("rx(1/2) q;", 1, "1/2 is 0"),
        ("for int i in [1:3] { rx(i/2) q; }", 3, "1/2 is 0"),
        ("gate f a { rx(3/2) a; }\nf q;", 1, "3/2 is 1"),
        ("rx(4/2) q;", 1, None),
        ("rx(1/2.0) q; pow(0.5) @ x q; rx(pi/2) q;", 3, None),
    ],
)
def test_integers_divided_with_a_remainder_are_told(text, gates, warning):
    text = f"{INCLUDE[3]}qubit q;\n{text}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        circuit = from_qasm(text)
    assert len(circuit) == gates
    assert [str(w.message).split(": ")[1].split(";")[0] for w in caught] == ([warning] if warning else [])
    assert all(w.filename == __file__ for w in caught)


@pytest.mark.parametrize(
    ("text", "build"),
    [
        (
            "ctrl @ ctrl @ ctrl @ x q[0], q[1], q[2], q[3];",
            lambda c: c.append(qt.StandardGate("x").controlled(3), range(4)),
        ),
        ("negctrl @ ctrl @ h q[2], q[0], q[1];", lambda c: c.append(qt.StandardGate("h").controlled(2, 2), (2, 0, 1))),
        ("ctrl @ gphase(0.3) q[1];", lambda c: c.p(0.3, 1)),
        ("pow(0.5) @ gphase(0.4); ctrl @ pow(0.5) @ gphase(0.6) q[1];", lambda c: c.gphase(0.2).p(0.3, 1)),
        ("inv @ pow(2) @ s q[0];", lambda c: c.sdg(0).sdg(0)),
        ("pow(-2) @ t q[0];", lambda c: c.tdg(0).tdg(0)),
        ("pow(0.5) @ inv @ s q[0];", lambda c: c.tdg(0)),
        ("pow(0.5) @ ctrl @ z q[1], q[3];", lambda c: c.cs(1, 3)),
        ("gate f(t) a, b { rx(t) a; cx a, b; } inv @ f(0.3) q[1], q[0];", lambda c: c.cx(1, 0).rx(-0.3, 1)),
        ("let a = q[1:2] ++ q[{0}]; cx a[0], a[2]; h a[-1];", lambda c: c.cx(1, 0).h(0)),
        ("for uint i in [3:-2:0] { x q[i]; }", lambda c: c.x(3).x(1)),
        (
            "cu(0.1, 0.2, 0.3, 0.4) q[0], q[1];",
            lambda c: c.append(qt.StandardGate("u", (0.1, 0.2, 0.3)).controlled(1), (0, 1)).p(0.4, 0),
        ),
        ('@note { ; " \nx q[0]; box { delay[10ns] q; y q[1]; }', lambda c: c.x(0).y(1)),
    ],
)
def test_words_of_version_3(text, build):
    expected = qt.Circuit(4)
    build(expected)
    np.testing.assert_allclose(from_qasm(INCLUDE[3] + QUBITS[3] + text).to_matrix(), expected.to_matrix(), atol=1e-12)


def test_conditions_of_version_3():
    text = f"""{INCLUDE[3]}qubit[2] q; bit[2] c; h q; c = measure q;
    if (c == 2) x q[0]; else y q[0];
    if (!(c[1] == true)) {{ h q[1]; }}
    if (c != "01") {{ z q[0]; }} else if (c[0]) {{ s q[1]; }}
    if (c == 7) {{ x q[1]; }} else {{ h q[0]; }}
    """
    c = qt.Circuit(2, 2).h(0).h(1).measure((0, 1), (0, 1))
    register = c.clbit_register("c")
    c.if_(register == 2, lambda b: b.x(0), lambda b: b.y(0)).if_(c.clbit(1) == 0, lambda b: b.h(1))
    c.if_(register == 1, lambda b: b.if_(b.clbit(0) == 1, lambda i: i.s(1)), lambda b: b.z(0)).h(0)
    ours, theirs = circuit_outcomes(c), circuit_outcomes(from_qasm(text))
    assert ours.keys() == theirs.keys()
    for clbits, density in ours.items():
        np.testing.assert_allclose(theirs[clbits], density, atol=1e-12)


def test_physical_qubits():
    assert from_qasm(INCLUDE[3] + "cx $3, $1;") == qt.Circuit(4).cx(3, 1)
    with pytest.raises(ConversionError, match="physical qubits or declares its own, got both"):
        from_qasm(INCLUDE[3] + "qubit q; x $0;")


@pytest.mark.parametrize(
    "text",
    [
        'OPENQASM 3.0; include "stdgates.inc"; gate g a { rx(0); }',
        'OPENQASM 3.0; include "stdgates.inc"; gate swap a, b { rx(0); rz(pi - pi) a; }',
        'OPENQASM 3.0; include "stdgates.inc"; gate g a, b { ctrl @ x a; } qubit[2] q; g q[0], q[1];',
        'OPENQASM 3.0; include "stdgates.inc"; gate g a, b { ctrl(3) @ x a, b; } qubit[2] q; g q[0], q[1];',
        'OPENQASM 3.0; include "stdgates.inc"; gate g a, b { pow(0.5) @ x a, b; } qubit[2] q; g q[0], q[1];',
        'OPENQASM 3.0; include "stdgates.inc"; gate f a { x a; } gate g a, b { f a, b; } qubit[2] q; g q[0], q[1];',
        "OPENQASM 2.0; gate g a, b { CX a; }",
        "OPENQASM 2.0; gate rzx(t) a, b { CX a; U(1, 2, 3) a; }",
        'OPENQASM 2.0; include "qelib1.inc"; gate g a, b { x a, b; }',
    ],
)
def test_steps_of_definitions_take_the_qubits_they_need(text):
    with pytest.raises(ConversionError, match=r"line 1, column .*takes \d qubits here, got"):
        from_qasm(text)
