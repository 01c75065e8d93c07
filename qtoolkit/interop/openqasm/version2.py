"""OpenQASM 2 (Cross, Bishop, Smolin and Gambetta, arXiv:1707.03429), with the gates of Qiskit's ``qelib1.inc``."""

from __future__ import annotations

from collections.abc import Sequence

from qtoolkit.circuit import Barrier, Circuit, Gate, IfElse, ParityCondition, StandardGate
from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.dialect import Dialect, Scope
from qtoolkit.interop.openqasm.names import Register

__all__ = ["OpenQasm2"]

_REMEDY = "write it with version=3"


class OpenQasm2(Dialect):
    """Writes version 2: no free parameters, and conditions on whole registers around single operations."""

    version = 2
    preamble = 'OPENQASM 2.0;\ninclude "qelib1.inc";'
    controls_gates = False

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit)
        free = circuit.parameters
        if free:
            names = ", ".join(parameter.name for parameter in free[:8]) + (", ..." if len(free) > 8 else "")
            raise ConversionError(f"OpenQASM 2 has no free parameters, got {names}; bind them or {_REMEDY}")

    def input_declaration(self, name: str) -> str:
        """Never needed: free parameters are refused."""
        raise ConversionError(f"OpenQASM 2 has no free parameters, got {name}; {_REMEDY}")

    def declaration(self, register: Register, kind: str) -> str:
        """The declaration of a register."""
        return f"{'qreg' if kind == 'qubit' else 'creg'} {register.name}[{register.size}];"

    def measurement(self, qubit: str, clbit: str) -> str:
        """The measurement of one qubit."""
        return f"measure {qubit} -> {clbit};"

    def gate(self, gate: Gate, operands: Sequence[str], scope: Scope) -> str:
        """One gate statement; a global phase goes on a qubit that is always there."""
        if isinstance(gate, StandardGate) and gate.name == "gphase":
            if not scope.anchor:
                raise ConversionError(f"OpenQASM 2 writes a global phase on a qubit, and there is none; {_REMEDY}")
            # P(γ) X P(γ) X is the identity times e^{iγ}
            body = ["  p(gamma) q0;", "  x q0;"] * 2
            name = self._defined.get("gphase") or self.define_text("gphase", "gphase", ["gamma"], ["q0"], body)
            return f"{self.call(name, gate.params, scope)} {scope.anchor};"
        if isinstance(gate, StandardGate) and gate.record.qasm2 is not None:
            called = self.call(gate.record.qasm2, gate.params, scope)
        else:
            called = self.call(*self.define_gate(gate), scope)
        return f"{called} {', '.join(operands)};"

    def branch(self, branch: IfElse, scope: Scope) -> list[str]:
        """One ``if`` in front of every statement of the body."""
        condition = branch.condition
        if isinstance(condition, ParityCondition):
            raise ConversionError(f"OpenQASM 2 has no parities, got one of bits {condition.clbits}; {_REMEDY}")
        register = self.register_of(condition.clbits)
        if register is None:
            raise ConversionError(
                f"conditions of OpenQASM 2 compare a whole register, got bits {condition.clbits}; {_REMEDY}"
            )
        if branch.else_body is not None:
            raise ConversionError(f"OpenQASM 2 has no else; {_REMEDY}")
        result: list[str] = []
        operations = [op for op in branch.body.operations if not isinstance(op.gate, Barrier)]
        for position, operation in enumerate(operations):
            if isinstance(operation.gate, IfElse):
                raise ConversionError(f"OpenQASM 2 has no if inside an if; {_REMEDY}")
            if set(operation.clbits) & set(condition.clbits) and position < len(operations) - 1:
                raise ConversionError(
                    f"OpenQASM 2 asks again before every operation, and a measurement changes the bits asked; {_REMEDY}"
                )
            prefix = f"if({register.name}=={condition.value}) "
            result += [prefix + statement for statement in self.statements(operation, scope)]
        return result
