"""Texts that a reader may refuse but must survive: mutations of valid ones, and small ones that unroll to much."""

from collections.abc import Callable

import numpy as np

__all__ = ["hostile_text", "mutated"]

_HEAD_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[2];\n'
_HEAD_3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[2] c;\n'
_SCRAPS = [
    *"()[]{};,:@=!-+*/^%$#\"'\\\x00\n",
    *("/*", "*/", "//", "->", "==", "++", "**", "ctrl @ ", "inv @ ", "pow(0.5) @ ", "negctrl(2) @ ", "gate ", "if ("),
    *(
        "qreg q[2];",
        "include ",
        "OPENQASM 2.0;",
        "OPENQASM 3.0;",
        "for int i in [0:9] ",
        "else ",
        "let a = ",
        "measure ",
    ),
    *(
        "99999999999999999999999",
        "1e999",
        "0x",
        "1_0",
        "-1",
        "π",
        "θ",
        "²",
        "\ud800",
        "$0",
        "$9999999999",
        "pi",
        "true",
    ),
    *(
        "box ",
        "delay[10ns] ",
        "input float x;",
        "bit b = measure q[0];",
        "while (c[0]) {",
        "barrier ",
        "reset ",
        "@a b\n",
    ),
]


def mutated(rng: np.random.Generator, text: str) -> str:
    """A text with parts removed, doubled, exchanged or put in."""
    for _ in range(int(rng.integers(1, 5))):
        start, end = sorted(int(k) for k in rng.integers(0, len(text) + 1, 2))
        end = min(end, start + int(rng.integers(1, 20)))
        kind = int(rng.integers(4))
        if kind == 0:
            text = text[:start] + text[end:]
        elif kind == 1:
            text = text[:end] + text[start:end] * int(rng.integers(1, 4)) + text[end:]
        elif kind == 2:
            text = text[:start] + _SCRAPS[int(rng.integers(len(_SCRAPS)))] + text[start:]
        else:
            place = int(rng.integers(0, len(text) + 1))
            text = text[:place] + text[start:end] + text[place:]
    return text


def hostile_text(rng: np.random.Generator) -> str:
    """A text of at most some hundred kilobytes that takes very long for whoever believes it."""
    size = int(10 ** rng.uniform(0.5, 4))
    return _KINDS[int(rng.integers(len(_KINDS)))](rng, size)


def _tower(rng: np.random.Generator, size: int) -> str:
    """Definitions of definitions."""
    version = int(rng.integers(2, 4))
    modifiers = ["", "", "inv @ ", "pow(2) @ ", "pow(0.5) @ ", "pow(-3) @ "]
    modifier = "" if version == 2 else modifiers[int(rng.integers(len(modifiers)))]
    calls = int(rng.integers(1, 12))
    names = ["h", "sx", "t", "rx", "x"] if rng.random() < 0.3 else [f"g{k}" for k in range(min(size, 3000))]
    text = _HEAD_2 if version == 2 else _HEAD_3
    inner = "y"
    for name in names:
        text += f"gate {name} a {{ {f'{modifier}{inner} a; ' * calls}}}\n"
        inner = name
    return text + f"{inner} q[0];"


def _compared(rng: np.random.Generator, size: int) -> str:
    """Definitions under known names, each of which looks like the known gate only once it is unrolled."""
    names = ["rx", "ry", "rz", "p", "u1"]
    calls = int(rng.integers(1, 40))
    text = _HEAD_2
    for name, inner in zip(names[-2::-1], names[:0:-1], strict=True):
        text += f"gate {name}(t) a {{ {''.join(f'{inner}(t+{k}) a; ' for k in range(calls))}}}\n"
    return text + "".join(f"rx(0.{k}) q[0];" for k in range(min(size, 300)))


def _loops(rng: np.random.Generator, size: int) -> str:
    bodies = [
        "",
        "x q[0];",
        "if (c[0]) x q[0];",
        "c[0] = measure q[0];",
        "barrier q;",
        "pow(0.3) @ ccx q[0],q[1],q[2];",
    ]
    depth = int(rng.integers(1, 6))
    text = "".join(f"for int i{k} in [0:{10 ** int(rng.integers(1, 19))}] {{" for k in range(depth))
    return _HEAD_3 + text + bodies[int(rng.integers(len(bodies)))] + "}" * depth


def _repeated(rng: np.random.Generator, size: int) -> str:
    """One thing many times: what nests, what a lexer goes back over, what is quadratic."""
    pieces: list[tuple[str, str, str]] = [
        (_HEAD_3 + "rx(", "(", "1) q[0];"),
        (_HEAD_3 + "rx(", "-", "1) q[0];"),
        (_HEAD_3 + "rx(2", "**2", ") q[0];"),
        (_HEAD_2 + "rx(9", "^9", ") q[0];"),
        (_HEAD_3 + "rx(1", "*3", ") q[0];"),
        (_HEAD_3, "if (c[0]) {", "x q[0];"),
        (_HEAD_3 + "if (c[0]) x q[0];", " else if (c[1]) x q[1];", ""),
        (_HEAD_3 + "if (", "!", "c[0]) x q[0];"),
        (_HEAD_3, "for int i in {0} ", "x q[0];"),
        (_HEAD_3, "ctrl @ ", "x q[0],q[1];"),
        (_HEAD_3, "@a\n", "x q[0];"),
        (_HEAD_3, "box {", ""),
        ("", "/* OPENQASM ", ""),
        ("", "/* qreg */ ", ""),
        (_HEAD_2, '"', ""),
        (_HEAD_2, "/", ""),
        (_HEAD_2, ";", ""),
        (_HEAD_3 + "let a0 = q[0:1];", "let b = a0 ++ a0;", ""),
        (_HEAD_2 + "barrier q[0]", ",q[1]", ";"),
    ]
    head, piece, tail = pieces[int(rng.integers(len(pieces)))]
    return head + piece * size + tail


def _huge_numbers(rng: np.random.Generator, size: int) -> str:
    digits = str(rng.choice(["9", "1", "f"])) * size
    number = str(rng.choice(["", "0x", "-", "1e", "0."])) + digits
    forms = [
        f"OPENQASM {number};",
        f"OPENQASM 2.0; qreg q[{number}];",
        f"OPENQASM 3.0; qubit[{number}] q; bit[{number}] c;",
        _HEAD_2 + f"x q[{number}];",
        _HEAD_3 + f"x q[{number}];",
        _HEAD_2 + f"rx({number}) q[0];",
        _HEAD_3 + f"rx({number}) q[0];",
        _HEAD_2 + f"if(c=={number}) x q[0];",
        _HEAD_3 + f"if (c == {number}) x q[0];",
        _HEAD_3 + f"ctrl({number}) @ x q[0], q[1];",
        _HEAD_3 + f"pow({number}) @ x q[0];",
        _HEAD_3 + f"for int i in [0:{number}] {{}}",
        _HEAD_3 + f"for int i in [{number}:-1:0] {{ x q[0]; }}",
        f"OPENQASM 3.0; reset ${number};",
        _HEAD_2 + f"u0({number}) q[0];",
    ]
    return forms[int(rng.integers(len(forms)))]


def _wide(rng: np.random.Generator, size: int) -> str:
    """Many registers, or a few large ones that many statements use."""
    count = min(size, 8000)
    forms = [
        _HEAD_2 + "".join(f"qreg q{k}[1];" for k in range(count)),
        _HEAD_2 + "".join(f"creg c{k}[1];if(c{k}==1) x q[0];" for k in range(count)),
        'OPENQASM 3.0; include "stdgates.inc"; qubit[15000] q;' + "h q;" * count,
        "OPENQASM 3.0; qubit[15000] q;" + "barrier q;" * count,
        "OPENQASM 3.0; qubit[15000] q;" + "".join(f"let a{k} = q;" for k in range(count)),
        "OPENQASM 3.0; bit[15000] c; qubit q;" + "if (c == 1) reset q;" * count,
        "OPENQASM 3.0;" + "".join(f"input float a{k};" for k in range(count)),
        _HEAD_3 + "gate g " + ",".join(f"a{k}" for k in range(count)) + " {}",
    ]
    return forms[int(rng.integers(len(forms)))]


_KINDS: list[Callable[[np.random.Generator, int], str]] = [_tower, _compared, _loops, _repeated, _huge_numbers, _wide]
