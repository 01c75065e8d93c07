"""What reads plain statements many at a time gives what the parser gives, and leaves what is wrong to it."""

import tracemalloc
import warnings

import numpy as np
import pytest
from fuzz.hostile import mutated
from fuzz.programs import random_program

from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError, QToolkitError
from qtoolkit.interop.openqasm import from_qasm
from qtoolkit.interop.openqasm.reading import angles, plain, plain_definitions, quick

HEAD = {
    2: 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[4];\nqreg r[3];\ncreg c[4];\n',
    3: 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nqubit[3] r;\nbit[4] c;\n'
    "qubit s;\nbit d;\ninput float t;\n",
}
ANGLES = {
    2: [
        "0.25",
        "-1e-3",
        "pi",
        "-pi/4",
        "2*pi/3",
        "pi*0.35",
        "pi*-.5",
        "3",
        "1/2",
        "sin(0.3)",
        "(1+2)*pi",
        "1_0",
        "2^-1",
    ],
    3: [
        "0.25",
        "-1e-3",
        "π",
        "-pi/4",
        "2*pi/3",
        "tau*0.35",
        "4/2",
        "3",
        "1/2",
        "sin(0.3)",
        "t",
        "2*t-1",
        "0x1F",
        "true",
    ],
}
WRONG_ANGLES = [
    "",
    "1e999",
    "nan",
    "inf",
    "1.5.2",
    "pi/0",
    "٣",
    "1e5_0",
    "1_0.5_",
    "x",
    "q",
    "0.1 // ,\n",
    '"0.1"',
    "1 2",
]
GATES = [
    ("h", 0, 1),
    ("cx", 0, 2),
    ("ccx", 0, 3),
    ("rz", 1, 1),
    ("u2", 2, 1),
    ("u3", 3, 1),
    ("crz", 1, 2),
    ("cu", 4, 2),
]
OWN = [
    "gate own(a) x, y { rz(a/2) x; cx x,y; u3(0.1,-pi/2,a) y; }",
    "gate own(pi) x, y { rz(pi) x; barrier y; cx y, x; }",
    "// a ; {\ngate nested a,b{own(0.3) a,b;own(-pi) b,a;}",
    "gate h a { U(pi/2, 0, pi) a; }",
    "gate rz(a) b { U(0, 0, a) b; }",
    "gate u2(a, b) c { U(a, b, 1) c; }",
    "gate u3(a, b) c, d { cx c, d; }",
    "gate barrier a { x a; }",
    "gate reset a { x a; }",
    "gate cx a, b { cx a, b; }",
    "opaque ccx a, b, c;",
    "qreg pi[2];",
    "qreg q[2];",
    "creg own[2];",
]


def outcome(text: str, limit: int | None = None) -> tuple[Circuit | str, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result: Circuit | str = from_qasm(text, max_operations=limit)
        except QToolkitError as error:
            result = str(error)
    return result, [str(warning.message) for warning in caught]


def assert_as_parsed(text: str) -> None:
    """Read as it is and by the parser alone."""
    found = outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick.QuickStatements, "add", lambda self, circuit, text, offset: offset)
        expected = outcome(text)
    assert found == expected
    if isinstance(found[0], Circuit):
        assert found[0].qubit_registers == expected[0].qubit_registers


def plain_program(rng: np.random.Generator, version: int, length: int) -> str:
    """Statements nearly all of which are plain, the same ones often."""

    def one_of(items: list) -> object:
        return items[int(rng.integers(len(items)))]

    bits = [f"{name}[{k}]" for name, size in (("q", 4), ("r", 3)) for k in range(size)] + ["s"] * (version == 3)
    clbits = [f"c[{k}]" for k in range(4)] + ["d"] * (version == 3)
    calls = [*GATES, ("own", 1, 2), ("nested", 0, 2)]
    pieces = []
    for _ in range(length):
        space = str(one_of(["", "", "", " ", "\n", "\t", "// a ; b\n", "// c\n // d\n", "/* ; */"]))
        kind = rng.random()
        if kind < 0.03:
            pieces.append(str(one_of(OWN)))
        elif kind < 0.05:
            odd = [
                f"if (c == 1) x {one_of(bits)};",
                "h q;",
                "measure q -> c;",
                ";",
                "x q[9];",
                "x q[0],;",
                "cx q[0],q[0];",
            ]
            pieces.append(str(one_of(odd)))
        elif kind < 0.09:
            pieces.append(f"if{space}(c{space}=={space}{rng.integers(20)}){space}u2(0,pi) {one_of(bits)};")
        elif kind < 0.14:
            pieces.append(f"measure{space or ' '}{one_of(bits)}{space}->{space}{one_of(clbits)};")
        elif kind < 0.16:
            pieces.append(f"{one_of(clbits)}{space}={space}measure {one_of(bits)};")
        elif kind < 0.2:
            pieces.append(f"reset {one_of(bits)}{space};")
        elif kind < 0.25:
            pieces.append(f"barrier {','.join(str(one_of([*bits, 'q', 'r'])) for _ in range(3))};")
        else:
            name, num_angles, num_qubits = one_of(calls)
            wrong = rng.random() < 0.002
            angles = f",{space}".join(
                str(one_of(WRONG_ANGLES if wrong else ANGLES[version])) for _ in range(num_angles)
            )
            places = rng.permutation(len(bits))
            operands = f"{space},".join(bits[k] for k in places[:num_qubits])
            called = f"{name}{f'({angles})' if angles else ''}{space or ' '}"
            pieces.append(f"{called}{operands};")
            if version == 3 or rng.random() < 0.005:
                controls = str(one_of(["ctrl@", "negctrl @ inv@", "inv @ctrl @ "]))
                pieces.append(f"{controls}{called}{bits[places[-1]]},{operands};")
                modifiers = str(one_of(["inv@", "inv @ inv @ ", "pow(2) @ ", "@note\n"]))
                pieces.append(f"{modifiers}{called}{operands};")
                pieces.append(f"gphase({one_of(ANGLES[version])}){space};")
    repeated = [pieces[k] for k in np.sort(rng.integers(0, length, length // 2))]
    return HEAD[version] + str(one_of(["\n", "", " "])).join(pieces + repeated) + "\n"


@pytest.mark.parametrize("version", [2, 3])
def test_plain_programs(version):
    rng = np.random.default_rng(version)
    read = 0
    for _ in range(150):
        text = (
            HEAD[version]
            + OWN[0]
            + OWN[2]
            + plain_program(rng, version, int(rng.integers(1, 40)))[len(HEAD[version]) :]
        )
        assert_as_parsed(text)
        read += isinstance(outcome(text)[0], Circuit)
        assert_as_parsed(mutated(rng, text))
    assert read > 20


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("angle", [*WRONG_ANGLES, *ANGLES[2], *ANGLES[3]])
def test_angles(angle, version):
    for call in ("rz(%s) q[1];", "u3(0.5, %s ,pi) q[1];", "gate f(a) b { rx(%s) b; } f(0.5) q[0]; f(0.5) q[1];"):
        assert_as_parsed(HEAD[version] + (call % angle) * 2)


@pytest.mark.parametrize("first", OWN)
@pytest.mark.parametrize("version", [2, 3])
def test_what_words_mean_from_a_declaration_on(first, version):
    calls = "h q[0]; rz(pi/2) q[1]; u2(pi,0.1) q[2]; u3(1,2,3) q[0]; cx q[0],q[1]; reset q[2]; barrier q[0]; "
    text = HEAD[version] + calls + first.removeprefix("// a ; {\n") + calls + "own(0.2) q[0],q[1]; nested q[1],q[2];"
    for end in (len(text), text.index("own(0.2)")):
        assert_as_parsed(text[:end])
    assert_as_parsed(HEAD[version] + first + calls + "u3(1,2) q[0],q[1];")


@pytest.mark.parametrize(
    "text",
    [
        "u2(0.3 // , 0.4\n) q[0];",
        "gate f a { u2(0.3 // , 0.4\n) a; } f q[0];",
        "gate f(pi) a { rz(pi) a; rx(2*pi) a; } f(0.25) q[0]; rz(pi) q[0];",
        "gate f a { h a; } gate h a { x a; } gate g a { h a; } f q[0]; g q[0];",
        "gate box a { x a; } box q[0];",
        "gate f a { x a; } gate opaque a { x a; } opaque q[0];",
        "gate f a { box a; }",
        "gate box a { x a; } gate f a { box a; } f q[0];",
        "gate barrier a { x a; } gate f a { barrier a; } f q[0]; f q[1];",
        "gate f(a, a) b { x b; } f(0, 1) q[0];",
        "gate f a, a { x a; }",
        "gate f a b { x a; }",
        "gate f() a { x a } f() q[0];",
        "gate f a { x a; ; y a; } f q[0];",
        "gate f a { x a; x b; }",
        "gate f a { x q[0]; }",
        "gate f(a) b { rx(c) b; }",
        "gate f(a) b { rx(a) b; } f(0) q[0]; f(pi) q[1]; f(0.5) q[0],q[1]; ",
        "gate f(a) b { rx(1/a) b; } f(2) q[0]; f(0) q[0];",
        "gate f(a) b { x b; rx(1e200*a) b; } f(2) q[0]; f(1e200) q[0];",
    ],
)
@pytest.mark.parametrize("version", [2, 3])
def test_texts(text, version):
    assert_as_parsed(HEAD[version] + text)


@pytest.mark.parametrize("seed", range(3))
def test_random_programs(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        program = random_program(rng)
        calls = [piece for piece, _ in program.pieces if not piece.startswith("gate")]
        text = program.text() + "".join(calls) * 2
        assert_as_parsed(text)
        assert_as_parsed(mutated(rng, text))


@pytest.mark.parametrize("version", [2, 3])
def test_what_is_kept_and_taken_at_a_time_changes_nothing(version, monkeypatch):
    rng = np.random.default_rng(5)
    texts = [HEAD[version] + OWN[0] + OWN[2] + plain_program(rng, version, 30)[len(HEAD[version]) :] for _ in range(40)]
    expected = [outcome(text) for text in texts]
    assert any(isinstance(result, Circuit) for result, _ in expected)
    monkeypatch.setattr(quick, "_FIRST_CHARACTERS", 3)
    monkeypatch.setattr(quick, "_MOST_CHARACTERS", 50)
    for module, names in (
        (quick, ("_MOST_ROWS", "_MOST_BYTES")),
        (plain, ("_MOST_KEPT", "_MOST_AT_ONCE")),
        (angles, ("_MOST_KEPT",)),
        (plain_definitions, ("_MOST_HEADS", "_MOST_STEPS")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 1)
    assert [outcome(text) for text in texts] == expected


@pytest.mark.parametrize("version", [2, 3])
def test_operations_are_counted_exactly(version):
    head = HEAD[version] + "gate own(a) x { rz(a) x; h x; }\n"
    lines = {"x q[0];": 1, "rz(0.5) q[1];": 1, "own(0.3) q[2];": 3, "measure q[0] -> c[1];": 1, "reset q[3];": 1}
    lines |= {"// a ; b\ncx q[0],q[1];": 1, "barrier q[0], r;": 1, "u2(0,pi) r[2];": 1}
    rng = np.random.default_rng(0)
    least = next(k for k in range(1, 100) if isinstance(outcome(head, k)[0], Circuit))
    # Behind a comment with a semicolon comes what the parser reads: it counts itself and its operands as well.
    by_parser = 2 + 2
    chosen = [str(line) for line in rng.choice(list(lines), 300)]
    costs = [by_parser if line.startswith("//") else lines[line] for line in chosen]
    text = head + "\n".join(chosen)
    total = least + sum(costs)
    assert len(from_qasm(text, max_operations=total)) == sum(2 if "own" in line else 1 for line in chosen)
    for limit in rng.integers(least, total, 40):
        failing = int(np.searchsorted(least + np.cumsum(costs), limit, side="right"))
        line = (head + "\n".join(chosen[: failing + 1])).count("\n") + 1
        with pytest.raises(ConversionError, match=rf"line {line}, column 1: the text unrolls to more than {limit} "):
            from_qasm(text, max_operations=int(limit))


@pytest.mark.parametrize("odd", ["h q;", "// a ; b\nx q[0];", "gate g%d a { x a; }", "/* */ x q[1];"])
def test_little_is_gone_over_twice(odd, monkeypatch):
    taken = []
    add = quick.QuickStatements._add
    monkeypatch.setattr(
        quick.QuickStatements, "_add", lambda *given: (taken.append(sum(map(len, given[2]))), add(*given))[1]
    )
    for plain_ones in (0, 3, 300):
        taken.clear()
        pieces = ["x q[0]; cx q[0],q[1];\n" * plain_ones + (odd % k if "%" in odd else odd) for k in range(200)]
        text = HEAD[2] + "\n".join(pieces)
        from_qasm(text)
        assert sum(taken) < 4 * len(text) + 2 * quick._FIRST_CHARACTERS * 201


def test_many_different_statements():
    text = HEAD[2] + "".join(f"rz({k / 7!r}) q[{k % 4}];" for k in range(1 << 17))
    circuit = from_qasm(text)
    assert len(circuit) == 1 << 17
    np.testing.assert_array_equal(circuit.operations.rows()[:, 2], np.arange(1 << 17) / 7)


@pytest.mark.slow
def test_a_million_gates_take_memory_in_proportion():
    rng = np.random.default_rng(0)
    angles, qubits = rng.uniform(-3, 3, 500_000).tolist(), rng.integers(0, 4, 500_000).tolist()
    text = HEAD[2] + "".join(f"rz({a!r}) q[{k}];\ncx q[{k}],r[0];\n" for a, k in zip(angles, qubits, strict=True))
    tracemalloc.start()
    try:
        circuit = from_qasm(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(circuit) == 1_000_000
    assert peak < 100_000_000
