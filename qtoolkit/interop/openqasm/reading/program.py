"""Statements run one after another: what they add up to is the circuit."""

from __future__ import annotations

import functools
from collections import ChainMap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from qtoolkit.circuit import Circuit, Condition, Parameter
from qtoolkit.errors import ConversionError, InputError
from qtoolkit.interop.openqasm.reading.bits import Bits, loop_values, selected
from qtoolkit.interop.openqasm.reading.budget import Budget, Place, ReadingError
from qtoolkit.interop.openqasm.reading.definitions import Definer
from qtoolkit.interop.openqasm.reading.expansion import Expander, applied_modifiers
from qtoolkit.interop.openqasm.reading.expressions import Evaluator, Name
from qtoolkit.interop.openqasm.reading.files import included_text
from qtoolkit.interop.openqasm.reading.gates import LIBRARY, OpaqueGate
from qtoolkit.interop.openqasm.reading.parser import Parser
from qtoolkit.interop.openqasm.reading.parser2 import Parser2
from qtoolkit.interop.openqasm.reading.parser3 import Parser3
from qtoolkit.interop.openqasm.reading.quick import QuickStatements
from qtoolkit.interop.openqasm.reading.statements import (
    Alias,
    BarrierStatement,
    Branch,
    Call,
    Declaration,
    Definition,
    Delay,
    Include,
    Input,
    Loop,
    Measurement,
    Opaque,
    Operand,
    ResetStatement,
    Statement,
    Test,
)
from qtoolkit.interop.openqasm.reading.tokens import Tokens, shown

__all__ = ["LocatedError", "read"]

_STANDARD_FILES = {2: "qelib1.inc", 3: "stdgates.inc"}
_PARSERS: dict[int, type[Parser]] = {2: Parser2, 3: Parser3}

_BRANCH = 8
"""Steps for a branch, which is a circuit of its own."""

_Piece = Callable[[Circuit], object]
"""Adds one operation, of those that a statement on registers stands for."""


class LocatedError(ConversionError):
    """An error whose message says already where it is."""


def read(text: str, version: int, max_operations: int, folder: Path | None) -> tuple[Circuit, list[str]]:
    """The circuit of a text, and the divisions of integers in it that left a remainder.

    Args:
        text: OpenQASM.
        version: 2 or 3.
        max_operations: how much it may unroll to.
        folder: where other files than the standard library may be included from.

    Raises:
        LocatedError: with the line and column where something is wrong.
    """
    program = _Program(version, Budget(max_operations), folder)
    program.run(text)
    return program.finished(), program.evaluator.truncated


class _Program:
    def __init__(self, version: int, budget: Budget, folder: Path | None) -> None:
        self._version = version
        self._budget = budget
        self._folder = folder
        self._files: list[str] = []
        self.evaluator = Evaluator(version, budget)
        self._expander = Expander(self.evaluator, budget)
        self._definer = Definer(version, self.evaluator, self._expander, budget)
        self._circuit = Circuit(0)
        self._circuits = [self._circuit]
        self._names: ChainMap[str, Any] = ChainMap()
        self._physical: bool | None = None
        self._inputs: list[str] = []
        words = _PARSERS[version](Tokens("")).words
        self._quick = QuickStatements(version, self._names.maps[0], self._definer, words, self._expander, budget)
        self._run: dict[type[Statement], Callable[[Any], None]] = {
            Call: self._each_piece,
            Measurement: self._each_piece,
            ResetStatement: self._each_piece,
            BarrierStatement: self._barrier,
            Delay: self._delay,
            Branch: self._branch,
            Loop: self._loop,
            Declaration: self._declare,
            Alias: self._alias,
            Input: self._input,
            Include: self._include,
            Definition: self._define,
            Opaque: self._opaque,
        }

    def run(self, text: str, origin: str = "") -> None:
        """Run a text, the program or an included file."""
        tokens = Tokens(text, origin)
        parser = _PARSERS[self._version](tokens)
        place: Place | None = None
        try:
            parser.header()
            while True:
                offset = tokens.at_boundary
                if offset is not None:
                    tokens.jump(self._quick.add(self._circuit, text, offset))
                place = tokens.place()
                statement = parser.statement()
                if statement is None:
                    return
                self._execute(statement)
        except LocatedError:
            raise
        except InputError as error:
            known = error.place if isinstance(error, ReadingError) else None
            raise LocatedError(f", {tokens.located(known or place or (0, 0))}: {error}") from error

    def finished(self) -> Circuit:
        """The circuit, its parameters in the order of their declaration."""
        return self._circuit.declare_parameters(self._inputs)

    def _execute(self, statement: Statement) -> None:
        try:
            self._budget.spend()
            self._run[type(statement)](statement)
        except ReadingError as error:
            error.place = error.place or statement.place
            raise
        except LocatedError:
            raise
        except InputError as error:
            raise ReadingError(str(error), statement.place) from error

    def _block(self, statements: Sequence[Statement], names: dict[str, Any] | None = None) -> None:
        self._names = self._names.new_child(names)
        for statement in statements:
            self._execute(statement)
        self._names = self._names.parents

    def _bits(self, operand: Operand, *, quantum: bool) -> Bits:
        if operand.name[0] == "$":
            self._use_physical(operand)
        bits = selected(operand, self._names, self.evaluator, self._budget)
        if bits.quantum != quantum:
            wanted, got = ("qubits", "classical bits") if quantum else ("classical bits", "qubits")
            raise ReadingError(f"needed {wanted}, got {got} {shown(operand.name)}", operand.place)
        return bits

    def _use_physical(self, operand: Operand) -> None:
        if operand.name in self._names:
            return
        self._set_addressing(physical=True)
        index = int(operand.name[1:]) if len(operand.name) < 20 else 1 << 62
        first = self._circuit.num_qubits
        self._budget.spend(index + 1 - first)
        for number in range(first, index + 1):
            self._names.maps[-1][f"${number}"] = Bits(True, (number,), single=True)
        for circuit in self._circuits:
            circuit.num_qubits = index + 1

    def _set_addressing(self, *, physical: bool) -> None:
        if self._physical is not None and self._physical != physical:
            raise ConversionError("a text uses physical qubits or declares its own, got both")
        self._physical = physical

    def _each_piece(self, statement: Statement) -> None:
        for piece in self._pieces(statement):
            piece(self._circuit)

    def _pieces(self, statement: Statement) -> Iterator[_Piece]:
        """The operations that a call, a measurement or a reset of registers stands for, one after another."""
        if isinstance(statement, Call):
            yield from self._calls(statement)
        elif isinstance(statement, Measurement):
            source = self._bits(statement.source, quantum=True).indices
            target = self._bits(statement.target, quantum=False).indices
            if len(source) != len(target):
                raise ConversionError(f"cannot measure {len(source)} qubits into {len(target)} bits")
            for qubit, clbit in zip(source, target, strict=True):
                self._budget.spend()
                yield functools.partial(Circuit.measure, qubit=qubit, clbit=clbit)
        elif isinstance(statement, ResetStatement):
            for qubit in self._bits(statement.operand, quantum=True).indices:
                self._budget.spend()
                yield functools.partial(Circuit.reset, qubit=qubit)

    def _calls(self, call: Call) -> Iterator[_Piece]:
        target = self._definer.target(call)
        self._budget.spend(len(call.operands))
        angles = tuple([self.evaluator.value(code, self._names) for code in call.arguments])
        modifiers = applied_modifiers(call.modifiers, self.evaluator, self._names)
        operands = [self._bits(operand, quantum=True) for operand in call.operands]
        lengths = {len(bits.indices) for bits in operands if not bits.single} or {1}
        if len(lengths) > 1:
            raise ConversionError(f"registers in one statement have one length, got {sorted(lengths)}")
        for k in range(lengths.pop()):
            qubits = tuple([bits.indices[0 if bits.single else k] for bits in operands])
            yield functools.partial(
                self._expander.add, target=target, angles=angles, modifiers=modifiers, qubits=qubits
            )

    def _barrier(self, barrier: BarrierStatement) -> None:
        chosen: dict[int, None] = {}
        for operand in barrier.operands:
            chosen.update(dict.fromkeys(self._bits(operand, quantum=True).indices))
        qubits = tuple(chosen) if barrier.operands else tuple(range(self._circuit.num_qubits))
        self._budget.spend(len(qubits) // 16)
        if qubits:
            self._circuit.barrier(*qubits)

    def _delay(self, delay: Delay) -> None:
        for operand in delay.operands:
            self._bits(operand, quantum=True)

    def _branch(self, branch: Branch) -> None:
        bits, value, negated = self._tested(branch.test)
        self._budget.spend(_BRANCH + len(bits) // 8 + len(self._circuit.clbit_registers) // 8)
        # A value that the bits cannot hold never comes up.
        condition = Condition(tuple(bits), value) if 0 <= value < 1 << len(bits) else None
        if self._version == 2:
            for piece in self._pieces(branch.body[0]):
                if condition is None:
                    piece(self._branch_circuit())
                else:
                    self._circuit.if_(condition, piece)
            return
        bodies = [self._branch_body(branch.body), self._branch_body(branch.else_body or ())]
        then, otherwise = reversed(bodies) if negated else bodies
        if condition is None:
            self._circuit.extend(otherwise)
        elif negated or branch.else_body is not None:
            self._circuit.if_(condition, then, otherwise)
        else:
            self._circuit.if_(condition, then)

    def _branch_circuit(self) -> Circuit:
        body = Circuit(self._circuit.num_qubits)
        body.num_clbits = self._circuit.num_clbits
        return body

    def _branch_body(self, statements: Sequence[Statement]) -> Circuit:
        outer, self._circuit = self._circuit, self._branch_circuit()
        self._circuits.append(self._circuit)
        self._block(statements)
        body, self._circuit = self._circuits.pop(), outer
        return body

    def _tested(self, test: Test) -> tuple[Sequence[int], int, bool]:
        """The bits, the value they are compared with, and whether the answer is turned round."""
        bits: Bits | None = None
        number: float | None = None
        for side in (test.left, test.right):
            if isinstance(side, Operand) and (side.selectors or isinstance(self._names.get(side.name), Bits)):
                bits = self._bits(side, quantum=False)
            elif isinstance(side, Operand):
                number = self.evaluator.integer((Name(side.name),), self._names, "what bits are compared with")
            elif side is not None:
                number = self.evaluator.integer(side, self._names, "what bits are compared with")
        if bits is None or (number is None) != (test.right is None) or (number is None and not bits.single):
            raise ConversionError("a condition is 'bit', '!bit' or 'bits == integer'")
        return bits.indices, 1 if number is None else int(number), test.negated

    def _loop(self, loop: Loop) -> None:
        values = loop_values(loop.values, self._names, self.evaluator)
        self._budget.spend(len(values))
        for value in values:
            self._block(loop.body, None if loop.variable is None else {loop.variable: value})

    def _new_name(self, name: str) -> None:
        if name in self._names.maps[0]:
            raise ConversionError(f"{shown(name)} is already defined; choose another name")
        if self.evaluator.is_constant(name):
            self._quick.forget()

    def _new_gate(self, name: str) -> None:
        if name in self._definer.gates:
            self._quick.forget()

    def _check_global(self) -> None:
        if len(self._names.maps) > 1:
            raise ConversionError("only global declarations are supported; move it out of the block")

    def _declare(self, declaration: Declaration) -> None:
        self._check_global()
        self._new_name(declaration.name)
        circuit, name = self._circuit, declaration.name
        size = 1
        if declaration.size is not None:
            size = self.evaluator.integer(declaration.size, self._names, "a size")
        if size < 0:
            raise ConversionError(f"a size must be at least 0, got {size}")
        registers = len(circuit.qubit_registers if declaration.quantum else circuit.clbit_registers)
        self._budget.spend(size + registers // 64)  # a new name is compared with all others
        if declaration.quantum:
            self._set_addressing(physical=False)
            indices = range(circuit.num_qubits, circuit.num_qubits + size)
            circuit.num_qubits += size
            if declaration.size is not None:
                circuit.name_qubits(name, indices)
        else:
            indices = range(circuit.num_clbits, circuit.num_clbits + size)
            circuit.num_clbits += size
            if declaration.size is not None:
                circuit.name_clbits(name, indices)
        self._names[name] = Bits(declaration.quantum, indices, single=declaration.size is None)
        if declaration.measured is not None:
            target = Operand(name, declaration.place)
            self._each_piece(Measurement(declaration.place, declaration.measured, target))

    def _alias(self, alias: Alias) -> None:
        self._new_name(alias.name)
        bits = selected(alias.operand, self._names, self.evaluator, self._budget)
        self._budget.spend(len(bits.indices) + len(self._names) // 64)
        if len(set(bits.indices)) < len(bits.indices):
            raise ConversionError("the bits of an alias must be distinct, got one twice")
        if not bits.single and len(self._names.maps) == 1:
            name = self._circuit.name_qubits if bits.quantum else self._circuit.name_clbits
            name(alias.name, bits.indices)
        self._names[alias.name] = bits

    def _input(self, declared: Input) -> None:
        self._check_global()
        self._new_name(declared.name)
        self._names[declared.name] = Parameter(declared.name)
        self._inputs.append(declared.name)

    def _define(self, definition: Definition) -> None:
        self._new_gate(definition.name)
        self._definer.define(definition)

    def _opaque(self, opaque: Opaque) -> None:
        self._new_gate(opaque.name)
        self._definer.add(opaque.name, OpaqueGate(opaque.name))

    def _include(self, include: Include) -> None:
        self._check_global()
        if include.file == _STANDARD_FILES[self._version]:
            for name, gate in LIBRARY[self._version].items():
                self._definer.gates.setdefault(name, gate)  # what the text defines itself stays
            return
        text = included_text(include.file, self._folder, _STANDARD_FILES[self._version], self._files)
        self._budget.spend(len(text) // 8)
        self._files.append(include.file)
        self.run(text, include.file)
        self._files.pop()
