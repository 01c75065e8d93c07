"""Small texts that ask for much, files that they ask for, and errors that are ours whatever they say."""

import contextlib
import os
from itertools import pairwise

import numpy as np
import pytest

from qtoolkit.circuit import Circuit, Condition
from qtoolkit.errors import CircuitError, ConversionError, InputError
from qtoolkit.interop.openqasm import from_qasm, to_qasm

HEADER_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[2];\n'
HEADER_3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[2] c;\n'


def chained(count: int, calls: int = 1, modifier: str = "", inner: str = "x") -> str:
    """Definitions of definitions."""
    names = [inner, *(f"g{k}" for k in range(count))]
    return "".join(f"gate {b} a {{ {f'{modifier}{a} a; ' * calls}}}\n" for a, b in pairwise(names))


UNROLL = {
    "loop": HEADER_3 + "for int i in [0:1000000000000] {}",
    "nested loops": HEADER_3 + "for int i in [0:99999] { for int j in [0:99999] { for int k in [0:99999] {} } }",
    "definitions": HEADER_2 + chained(12, 10) + "g11 q[0];",
    "powers": HEADER_3 + chained(3000, 1, "pow(2) @ ") + "g2999 q[0];",
    "roots": HEADER_3 + chained(25, 10, "pow(0.5) @ ") + "g24 q[0];",
    "power": HEADER_3 + "pow(1000000000) @ x q[0];",
    "loop in a definition": HEADER_3 + "gate g a { for int i in [0:999999999] { x a; } }",
    "qubits": "OPENQASM 3.0; qubit[999999999] q;",
    "bits": "OPENQASM 2.0; creg c[999999999];",
    "physical qubits": "OPENQASM 3.0; reset $99999999999999999999999;",
    "broadcast": 'OPENQASM 3.0; include "stdgates.inc"; qubit[9000] q;' + "h q;" * 500,
    "barriers": "OPENQASM 3.0; qubit[9000] q;" + "barrier q;" * 500,
    "aliases": "OPENQASM 3.0; qubit[9000] q;" + "".join(f"let a{k} = q;" for k in range(500)),
    "registers in branches": HEADER_2 + "".join(f"creg r{k}[1]; if(r{k}==1) x q[0];" for k in range(4000)),
    "large root": HEADER_3.replace("[3]", "[12]")
    + "pow(0.5) @ ctrl(11) @ x "
    + ",".join(f"q[{k}]" for k in range(12))
    + ";",
}


@pytest.mark.parametrize("name", UNROLL)
def test_what_unrolls_to_too_much_is_refused(name):
    with pytest.raises(
        ConversionError, match=r"line .* the text unrolls to more than 20000 operations .* max_operations"
    ):
        from_qasm(UNROLL[name], max_operations=20_000)


REFUSED = {
    "controls": (HEADER_3 + "ctrl(1000000000) @ x q[0], q[1];", "'x' takes 1000000001 qubits here, got 2"),
    "comments": ("/* OPENQASM " * 8000, "a comment must be closed"),
    "comments behind the header": ("OPENQASM 2.0;" + "/* OPENQASM " * 8000, "a comment must be closed"),
    "string": (HEADER_3 + 'include "std;', "a string must be closed"),
    "blocks": (HEADER_3 + "if (c[0]) {" * 400 + "}" * 400, "blocks may nest 64 deep"),
    "else if": (HEADER_3 + "if (c[0]) x q[0];" + " else if (c[1]) x q[1];" * 400, "blocks may nest 64 deep"),
    "brackets": (HEADER_3 + "rx(" + "(" * 9999 + "1" + ")" * 9999 + ") q[0];", "brackets may nest 64 deep"),
    "negations": (HEADER_3 + "if (" + "!" * 9999 + "c[0]) x q[0];", "brackets may nest 64 deep"),
    "nested roots": (HEADER_3 + chained(3000, 1, "pow(0.5) @ ") + "g2999 q[0];", "roots may nest 30 deep"),
    "integer power": (HEADER_3 + "rx(9**99999999) q[0];", "integers have at most 64 bits"),
    "product": (HEADER_3 + "rx(" + "*".join(["9999999999"] * 9) + ") q[0];", "integers have 64 bits"),
    "real power": (HEADER_2 + "rx(9^9^9) q[0];", "cannot compute"),
    "register": ("OPENQASM 2.0; qreg q[99999999999999999999999];", "integer of at most 64 bits"),
    "index": (HEADER_2 + f"x q[{'9' * 9999}];", "integer of at most 64 bits"),
    "index in version 3": (HEADER_3 + f"x q[0x{'f' * 9999}];", "an index must be an integer"),
    "angle": (HEADER_3 + f"rx({'9' * 9999}) q[0];", "must be finite"),
    "range": (HEADER_3 + "for int i in [-9000000000000000000:9000000000000000000] {}", "at most 2\\*\\*62 values"),
    "step": (HEADER_3 + "for int i in [0:0:3] {}", "step of a range must not be 0"),
    "quotient": (HEADER_3 + "rx(1/0) q[0];", "cannot compute 1 / 0"),
    "logarithm": (HEADER_2 + "rx(ln(-1)) q[0];", "cannot compute ln"),
    "complex power": (HEADER_3 + "rx((-8.0)**0.3) q[0];", "numbers are real"),
    "doubled alias": (HEADER_3 + "let a = q ++ q;", "bits of an alias must be distinct"),
    "version": (f"OPENQASM {'9' * 5000}.0;", "OpenQASM versions are 2 and 3"),
    "digits": ("OPENQASM ²;", "OpenQASM versions are 2 and 3"),
    "no version": ("OPENQASM", "OpenQASM versions are 2 and 3, got none"),
    "surrogate": ("OPENQASM 3.0; qubit \ud800;", "needed a name"),
    "pragma": (HEADER_3 + "pragma x {;\n", "pragmas are not supported"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nests_or_counts_too_far_is_refused(name):
    text, message = REFUSED[name]
    with pytest.raises(ConversionError, match=message):
        from_qasm(text)


@pytest.mark.parametrize("piece", ["/* OPENQASM ", '"', "'", "@a\n", "/* */", "/", "a ", "$", "{", "x q[0], "])
def test_nothing_is_gone_over_again_and_again(piece):
    for head in ("", HEADER_2, HEADER_3):
        with contextlib.suppress(ConversionError):
            from_qasm(head + piece * 100_000)  # hours, by the square


def test_what_is_long_but_plain_is_read():
    assert len(from_qasm(HEADER_2 + chained(3000) + "g2999 q[0];")) == 1
    assert len(from_qasm(HEADER_3 + chained(3000, 1, "inv @ ") + "g2999 q[0];")) == 1
    assert len(from_qasm(HEADER_3 + "rx(" + "-" * 9999 + "1) q[0];")) == 1
    assert len(from_qasm(HEADER_3 + "rx(" + "+".join(["1"] * 9999) + ") q[0];")) == 1
    assert len(from_qasm(HEADER_3 + "if (c[0]) {" * 60 + "x q[0];" + "}" * 60)) == 1
    assert from_qasm("OPENQASM 2.0;" + "".join(f"qreg q{k}[1];" for k in range(3000))).num_qubits == 3000
    assert len(from_qasm(HEADER_3 + "for int i in [1:50] x q[0];", max_operations=300)) == 50


def test_a_large_file_may_unroll_to_its_length():
    text = HEADER_2 + "x q[0];" * 50
    assert len(from_qasm(text, max_operations=100)) == 50
    with pytest.raises(ConversionError, match="more than 30 operations"):
        from_qasm(text, max_operations=30)


@pytest.mark.parametrize(
    "options",
    [
        {"max_operations": 0},
        {"max_operations": 1.5},
        {"max_operations": -(1 << 20000)},
        {"max_operations": True},
        {"include_path": 3},
    ],
)
def test_options_are_checked(options):
    with pytest.raises(InputError, match="must be"):
        from_qasm(HEADER_2, **options)


@pytest.mark.parametrize("version", [2, 3])
def test_no_file_is_read_unless_a_folder_is_given(version, tmp_path):
    secret = tmp_path / "secret.inc"
    secret.write_text("hunter2 is the password")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mine.inc").write_text("gate mine a { U(0.1, 0.2, 0.3) a; }")
    (folder / "bad.inc").write_text("\n  hunter2 is the password")
    (folder / "loop.inc").write_text('include "loop.inc";')
    (folder / "raw.inc").write_bytes(b"\xff\xfe")
    (folder / "link.inc").symlink_to(secret)
    os.mkfifo(folder / "pipe.inc")
    head = f"OPENQASM {version}.0;\n"

    for file in (secret, "/etc/passwd", "../secret.inc", "mine.inc"):
        with pytest.raises(ConversionError, match=r"unable to find .*; give include_path") as caught:
            from_qasm(f'{head}include "{file}";')
        assert "hunter2" not in str(caught.value)
    for file in (secret, "/etc/passwd", "../secret.inc", "link.inc"):
        with pytest.raises(ConversionError, match="line 2, column 9: included files lie in"):
            from_qasm(f'{head}include "{file}";', include_path=folder)
    for file in ("pipe.inc", "none.inc", ".", "\0", "a" * 5000):
        with pytest.raises(ConversionError, match=r"unable to find|cannot read|included file is text"):
            from_qasm(f'{head}include "{file}";', include_path=folder)
    with pytest.raises(ConversionError, match="not include themselves"):
        from_qasm(f'{head}include "loop.inc";', include_path=folder)
    with pytest.raises(ConversionError, match="text in UTF-8"):
        from_qasm(f'{head}include "raw.inc";', include_path=folder)
    with pytest.raises(ConversionError, match=r"bad\.inc, line 2, column 14"):
        from_qasm(f'{head}include "bad.inc";', include_path=folder)
    qubit = "qreg q[1];" if version == 2 else "qubit[1] q;"
    circuit = from_qasm(f'{head}include "mine.inc";\n{qubit} mine q[0];', include_path=str(folder))
    assert circuit == Circuit(1).u(0.1, 0.2, 0.3, 0)


@pytest.mark.parametrize(
    "version",
    [1, "3", None, [2], {3}, float("nan"), 1 << 20000, np.array([2, 3])],
    ids=lambda value: type(value).__name__,
)
def test_odd_versions_of_the_writer(version):
    with pytest.raises(ConversionError, match="OpenQASM versions are 2 and 3"):
        to_qasm(Circuit(1), version)


def test_branches_that_nest_too_deep_are_refused_by_the_writer():
    def nested(depth: int) -> Circuit:
        body = Circuit(1, 1).x(0)
        for _ in range(depth):
            body = Circuit(1, 1).if_(0, body)
        return body

    assert from_qasm(to_qasm(nested(60))) == nested(60)
    with pytest.raises(CircuitError, match="conditions are nested at most 64 deep"):
        to_qasm(nested(400))


def test_branches_that_multiply_are_refused_by_the_writer():
    circuit = Circuit(1, 24).x(0)
    for _ in range(20):
        circuit = Circuit(1, 24).if_(Condition(tuple(range(0, 24, 2)), 5), Circuit(1, 24).y(0), circuit)
    with pytest.raises(ConversionError, match="a branch takes more than 100000 lines"):
        to_qasm(circuit)


def test_what_has_many_registers_or_bits_is_written():
    circuit = Circuit(3000)
    for k in range(0, 3000, 2):
        circuit.name_qubits(f"\N{GRINNING FACE}{k}", (k,))
    circuit.h(range(3000))
    back = from_qasm(to_qasm(circuit))
    assert back == circuit
    assert len({register.name for register in back.qubit_registers}) == 3000
    assert to_qasm(Circuit(10**6)).endswith("qubit[1000000] q;\n")


@pytest.mark.parametrize("modifier", ["inv", "pow(1)", "pow(-1)"])
def test_chains_of_modifiers_take_linear_time_and_count(modifier):
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; ' + f"{modifier} @ " * 50_000 + "s q;"
    assert from_qasm(text).operations[0].gate.name == "s"
    with pytest.raises(ConversionError, match="max_operations"):
        from_qasm(text, max_operations=20_000)
