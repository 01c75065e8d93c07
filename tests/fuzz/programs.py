"""Random OpenQASM programs, each with the circuit that it means."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from qtoolkit.circuit import STANDARD_GATES, Circuit, Condition, Parameter, StandardGate

__all__ = ["Program", "random_program"]

Apply = Callable[[Circuit], object]
Number = Callable[[dict], object]

_FUNCTIONS = {"sin": math.sin, "cos": math.cos}
_KNOWN = {
    2: [(r.qasm2, r.name) for r in STANDARD_GATES.values() if r.qasm2]
    + [("u1", "p"), ("u3", "u"), ("cu1", "cp"), ("U", "u"), ("CX", "cx")],
    3: [(r.qasm3, r.name) for r in STANDARD_GATES.values() if r.qasm3 and r.name != "gphase"]
    + [("u1", "p"), ("U", "u"), ("CX", "cx"), ("phase", "p"), ("cphase", "cp")],
}
_DEFINED_NAMES = ["mine", "g_2", "h", "x", "rz", "rzz", "swap", "sx", "p", "u", "cx", "iswap", "cu3", "ryy", "rzx"]


@dataclass
class Gate:
    """A gate that can be called: how many angles and qubits it takes, and what it does."""

    name: str
    num_angles: int
    num_qubits: int
    apply: Callable[[Circuit, list, list], object]
    defined: bool = False


@dataclass
class Program:
    """A text in pieces, and what each piece does to the circuit.

    Attributes:
        version: 2 or 3.
        head: header and declarations.
        pieces: statements with what they do; any of them can be left out.
        start: the empty circuit.
        inputs: parameters in the order of their declaration.
        for_qiskit: whether Qiskit is known to read it in the same sense.
    """

    version: int
    head: str
    pieces: list[tuple[str, Apply]]
    num_qubits: int
    num_clbits: int
    inputs: list[str] = field(default_factory=list)
    for_qiskit: bool = True

    def text(self) -> str:
        """The whole program."""
        return self.head + "\n".join(text for text, _ in self.pieces) + "\n"

    def circuit(self) -> Circuit:
        """What it means."""
        result = Circuit(self.num_qubits)
        result.num_clbits = self.num_clbits
        for _, apply in self.pieces:
            apply(result)
        return result


def random_program(rng: np.random.Generator) -> Program:
    """A program of version 2 or 3."""
    return _Writer(rng, int(rng.integers(2, 4))).program()


class _Writer:
    def __init__(self, rng: np.random.Generator, version: int) -> None:
        self.rng = rng
        self.version = version
        self.gates: dict[str, Gate] = {}
        self.names: dict[str, float | Parameter] = {}
        self.for_qiskit = True

    def program(self) -> Program:
        rng, version = self.rng, self.version
        included = version == 3 or rng.random() < 0.9
        for name, record_name in _KNOWN[version]:
            record = STANDARD_GATES[record_name]
            if included or name in ("U", "CX"):
                self.gates[name] = Gate(name, record.num_params, record.num_qubits, _standard(record_name))
        sizes = [int(rng.integers(1, 3)) for _ in range(int(rng.integers(1, 3)))]
        if version == 3:
            self.gates["gphase"] = Gate("gphase", 1, 0, _standard("gphase"))
        self.qubits = [f"r{k}[{i}]" for k, size in enumerate(sizes) for i in range(size)]
        self.registers = {f"r{k}": list(range(sum(sizes[:k]), sum(sizes[: k + 1]))) for k in range(len(sizes))}
        self.num_clbits = int(rng.integers(1, 3))
        inputs = [f"in{k}" for k in rng.permutation(3)[: rng.integers(0, 4)]] if version == 3 else []
        self.names = {name: Parameter(name) for name in inputs}
        head = f"OPENQASM {version}.0;{self.space()}\n"
        if included:
            head += f'include "{"qelib1" if version == 2 else "stdgates"}.inc";\n'
        head += "".join(f"input float[64] {name};\n" for name in inputs)
        for k, size in enumerate(sizes):
            head += f"qreg r{k}[{size}];\n" if version == 2 or rng.random() < 0.3 else f"qubit[{size}] r{k};\n"
        head += f"creg c[{self.num_clbits}];\n" if version == 2 else f"bit[{self.num_clbits}] c;\n"
        pieces = []
        for _ in range(int(rng.integers(1, 12))):
            pieces.append(self.definition() if rng.random() < 0.2 else self.statement(1))
        return Program(version, head, pieces, len(self.qubits), self.num_clbits, inputs, self.for_qiskit)

    def space(self) -> str:
        """White space or comments, often none."""
        spaces = ["", "", " ", "  ", "\n", "// a ; { comment\n", "\t"]
        return str(self.pick(spaces if self.version == 2 else [*spaces, '/* a } " // */']))

    def pick(self, items: list) -> object:
        """One of several."""
        return items[int(self.rng.integers(len(items)))]

    def number(self, names: list[str], depth: int = 0) -> tuple[str, Number]:
        """An expression and its value, linear in the names that may be parameters."""
        rng = self.rng
        kind = rng.integers(8) if depth < 3 else rng.integers(3)
        if kind == 0 and names:
            name = str(self.pick(names))
            return name, lambda env: env[name]
        if kind <= 1:
            return "pi", lambda env: math.pi
        if kind == 2:
            value = float(np.round(rng.uniform(0, 4), int(rng.integers(1, 17))))
            return repr(value), lambda env: value
        left, left_value = self.number(names, depth + 1)
        if kind == 3:
            return f"-{self.space()}({left})", lambda env: -left_value(env)
        if kind == 4:
            right, right_value = self.number(names, depth + 1)
            return f"({left}){self.space()}+{right}", lambda env: left_value(env) + right_value(env)
        if kind == 5:
            right, right_value = self.number(names, depth + 1)
            return f"{left}-({right})", lambda env: left_value(env) - right_value(env)
        if kind == 6:
            divisor = int(rng.integers(1, 9))
            return f"({left})/{divisor}", lambda env: left_value(env) / divisor
        factor, factor_value = self.number([], depth + 1)
        return f"({factor}){self.space()}*({left})", lambda env: factor_value(env) * left_value(env)

    def constant(self) -> tuple[str, float]:
        """An expression of numbers with functions and powers."""
        text, value = self.number([])
        number = float(value({}))
        kind = int(self.rng.integers(4))
        if kind == 0:
            name = str(self.pick(["sin", "cos"]))
            self.for_qiskit &= self.version == 2
            return f"{name}({text})", _FUNCTIONS[name](number)
        if kind == 1 and abs(number) < 10:  # lest it is an angle of which no fraction is left
            self.for_qiskit &= self.version == 2
            power = "^" if self.version == 2 else "**"
            return f"-2.0{power}({text}){power}1.0", -(2.0**number)
        return text, number

    def arguments(self, count: int, names: list[str]) -> tuple[str, list[Number]]:
        """Angles in brackets and their values."""
        texts, values = [], []
        for _ in range(count):
            if self.rng.random() < 0.1:
                number = int(self.rng.integers(0, 5))
                texts.append(str(number))
                values.append(lambda env, number=number: float(number))
            elif self.rng.random() < 0.2:
                text, number = self.constant()
                texts.append(text)
                values.append(lambda env, number=number: number)
            else:
                text, value = self.number(names)
                texts.append(text)
                values.append(value)
        return (f"({f',{self.space()}'.join(texts)})" if texts else ""), values

    def modifiers(self, room: int) -> tuple[str, int, list[tuple[str, int]]]:
        """Modifiers, the number of controls that they add, and what they are."""
        text, controls, applied = "", 0, []
        while self.version == 3 and self.rng.random() < 0.25:
            kind = str(self.pick(["inv", "pow", "ctrl", "negctrl"]))
            if kind in ("ctrl", "negctrl"):
                if controls == room:
                    continue
                controls += 1
                text += f"{kind}{self.pick(['', '(1)'])} @ "
                applied.append((kind, 1))
            elif kind == "pow":
                exponent = int(self.rng.integers(-2, 3))
                text += f"pow({exponent}) @ "
                applied.append((kind, exponent))
            else:
                text += "inv @ "
                applied.append((kind, 1))
        return text, controls, applied

    def call(self, qubits: list[str], names: list[str]) -> tuple[str, Callable[[Circuit, list, dict], object]]:
        """A statement that calls a gate on some of the qubits, and what it does on the qubits of a circuit."""
        gate = self.pick([g for g in self.gates.values() if g.num_qubits <= len(qubits)])
        prefix, controls, applied = self.modifiers(len(qubits) - gate.num_qubits)
        angles, values = self.arguments(gate.num_angles, names)
        places = self.rng.permutation(len(qubits))[: gate.num_qubits + controls].tolist()
        operands = f",{self.space()}".join(qubits[p] for p in places)

        def apply(circuit: Circuit, wires: list, env: dict) -> None:
            numbers = [value(env) for value in values]
            inner = Circuit(gate.num_qubits)
            gate.apply(inner, numbers, list(range(gate.num_qubits)))
            for kind, argument in reversed(applied):
                if kind == "inv":
                    inner = inner.inverse()
                elif kind == "pow":
                    inner = inner.power(argument)
                else:
                    inner = inner.controlled(1, int(kind == "ctrl"))
            circuit.extend(inner, [wires[p] for p in places])

        return f"{prefix}{gate.name}{angles}{self.space() or ' '}{operands};", apply

    def definition(self) -> tuple[str, Apply]:
        """A gate's definition; later calls mean it, whatever its name."""
        rng = self.rng
        name = str(self.pick([n for n in _DEFINED_NAMES if n not in self.gates or not self.gates[n].defined]))
        if name not in ("mine", "g_2"):
            self.for_qiskit = False  # Qiskit keeps its own meaning, or refuses it
        num_angles, num_qubits = int(rng.integers(0, 3)), int(rng.integers(1, min(3, len(self.qubits)) + 1))
        angles, qubits = [f"t{k}" for k in range(num_angles)], [f"a{k}" for k in range(num_qubits)]
        kept = self.gates.pop(name, None)
        steps = [self.call(qubits, angles) for _ in range(int(rng.integers(0, 4)))]
        if kept is not None and rng.random() < 0.5:
            self.gates[name] = kept
            return "", lambda circuit: None

        def apply(circuit: Circuit, numbers: list, wires: list) -> None:
            env = dict(zip(angles, numbers, strict=True))
            for _, step in steps:
                step(circuit, wires, env)

        self.gates[name] = Gate(name, num_angles, num_qubits, apply, defined=True)
        brackets = f"({','.join(angles)})" if angles else str(self.pick(["", "()"]))
        body = self.space().join(text for text, _ in steps)
        return f"gate {name}{brackets} {','.join(qubits)}{self.space()}{{{body}}}", lambda circuit: None

    def statement(self, depth: int) -> tuple[str, Apply]:
        """Any statement outside of definitions."""
        kind = int(self.rng.integers(10))
        if kind == 0:
            return self.measurement()
        if kind == 1:
            place = int(self.rng.integers(len(self.qubits)))
            return f"reset {self.qubits[place]};", lambda circuit: circuit.reset(place)
        if kind == 2:
            return self.broadcast()
        if kind == 3:
            return f"barrier {', '.join(self.registers)};", lambda circuit: None
        if kind == 4 and depth < 3:
            return self.branch(depth)
        if kind == 5 and self.version == 3 and depth < 3:
            return self.loop()
        text, apply = self.call(self.qubits, list(self.names))
        wires, names = list(range(len(self.qubits))), self.names
        return text, lambda circuit: apply(circuit, wires, names)

    def measurement(self) -> tuple[str, Apply]:
        place, clbit = int(self.rng.integers(len(self.qubits))), int(self.rng.integers(self.num_clbits))
        qubit = self.qubits[place]
        forms = [f"measure {qubit}{self.space()}->{self.space()}c[{clbit}];"]
        if self.version == 3:
            forms.append(f"c[{clbit}] = measure {qubit};")
        return str(self.pick(forms)), lambda circuit: circuit.measure(place, clbit)

    def broadcast(self) -> tuple[str, Apply]:
        name = str(self.pick(list(self.registers)))
        places = self.registers[name]
        gate = self.pick([g for g in self.gates.values() if g.num_qubits == 1])
        angles, values = self.arguments(gate.num_angles, [])

        def apply(circuit: Circuit) -> None:
            for place in places:
                gate.apply(circuit, [value({}) for value in values], [place])

        return f"{gate.name}{angles} {name};", apply

    def branch(self, depth: int) -> tuple[str, Apply]:
        value = int(self.rng.integers(0, 1 << self.num_clbits))
        if self.version == 2:
            while True:
                text, apply = self.statement(3)
                if not text.startswith("barrier"):
                    break

            def conditional(circuit: Circuit) -> None:
                circuit.if_(Condition(tuple(range(self.num_clbits)), value), apply)

            return f"if ( c=={self.space()}{value}){text}", conditional
        inner = [self.statement(depth + 1) for _ in range(int(self.rng.integers(1, 3)))]
        other = [self.statement(depth + 1) for _ in range(int(self.rng.integers(0, 2)))]
        clbit = int(self.rng.integers(self.num_clbits))
        forms = [
            (f"c == {value}", Condition(tuple(range(self.num_clbits)), value)),
            (f"c[{clbit}]", Condition((clbit,), 1)),
            (f"!c[{clbit}]", Condition((clbit,), 0)),
            (f"c[{clbit}] == true", Condition((clbit,), 1)),
            (f"c[{clbit}] != true", Condition((clbit,), 0)),
        ]
        test, condition = forms[int(self.rng.integers(len(forms)))]
        text = f"if ({test}) {{ {' '.join(t for t, _ in inner)} }}"
        if other:
            text += f" else {{ {' '.join(t for t, _ in other)} }}"

        def apply_branch(circuit: Circuit) -> None:
            def run(pieces: list) -> Callable[[Circuit], None]:
                return lambda body: [apply(body) for _, apply in pieces] and None

            circuit.if_(condition, run(inner), run(other) if other else None)

        return text, apply_branch

    def loop(self) -> tuple[str, Apply]:
        name = str(self.pick(list(self.registers)))
        places = self.registers[name]
        start, step = int(self.rng.integers(0, len(places))), int(self.pick([1, -1]))
        end = len(places) - 1 if step > 0 else 0
        factor = float(self.rng.integers(1, 5)) / 4
        header = str(self.pick([f"[{start}:{step}:{end}]", f"{{{start}, {end}}}"]))
        values = [start, end] if header[0] == "{" else list(range(start, end + step, step))

        def apply(circuit: Circuit) -> None:
            for i in values:
                circuit.append(StandardGate("rx", (factor * i + 0.1,)), (places[i],))

        self.for_qiskit = False  # its importer cannot index by a loop's variable
        return f"for uint i in {header} {{ rx({factor}*i + 0.1) {name}[i]; }}", apply


def _standard(record_name: str) -> Callable[[Circuit, list, list], object]:
    return lambda circuit, numbers, wires: circuit.append(StandardGate(record_name, tuple(numbers)), wires)
