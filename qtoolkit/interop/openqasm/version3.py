"""OpenQASM 3 (Cross et al., ACM Trans. Quantum Comput. 3, 12 (2022)), with the gates of ``stdgates.inc``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from qtoolkit.circuit import ControlledGate, Gate, IfElse, ParityCondition, StandardGate
from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.dialect import Dialect, Scope, as_phase, formal_angles
from qtoolkit.interop.openqasm.names import Register

__all__ = ["OpenQasm3"]

_MAX_LINES = 100_000
_MAX_PARITY_BITS = 10


class OpenQasm3(Dialect):
    """Writes version 3: free parameters as inputs, controls as modifiers, branches as blocks."""

    version = 3
    preamble = 'OPENQASM 3.0;\ninclude "stdgates.inc";'
    controls_gates = True

    def input_declaration(self, name: str) -> str:
        """The declaration of a free parameter."""
        return f"input float[64] {name};"

    def declaration(self, register: Register, kind: str) -> str:
        """The declaration of a register."""
        return f"{kind}[{register.size}] {register.name};"

    def measurement(self, qubit: str, clbit: str) -> str:
        """The measurement of one qubit."""
        return f"{clbit} = measure {qubit};"

    def gate(self, gate: Gate, operands: Sequence[str], scope: Scope) -> str:
        """One gate statement."""
        return f"{self._called(gate, scope)} {', '.join(operands)}".rstrip() + ";"

    def _called(self, gate: Gate, scope: Scope) -> str:
        """Modifiers, name and angles."""
        if isinstance(gate, ControlledGate):
            return _modifiers(gate.num_controls, gate.ctrl_state) + self._called_under_control(gate.base, scope)
        if isinstance(gate, StandardGate):
            record = gate.record
            if record.qasm3 is not None:
                return self.call(record.qasm3, gate.params, scope)
            if gate.name == "sxdg":
                return "inv @ sx"
            if record.base is not None:
                base = StandardGate(record.base, gate.params)
                all_ones = (1 << record.num_controls) - 1
                return _modifiers(record.num_controls, all_ones) + self._called_under_control(base, scope)
        return self.call(*self.define_gate(gate), scope)

    def _called_under_control(self, base: Gate, scope: Scope) -> str:
        """The gate under controls, where a global phase counts.

        The specification's ``u3`` lacks the phase ``e^{i(φ+λ)/2}`` of the u here, which Qiskit's has; a definition
        by gates on whose phase all agree serves both.
        """
        if isinstance(base, StandardGate) and base.name == "u":
            theta, phi, lam = formal_angles(base)
            steps = (
                (StandardGate("p", (lam,)), (0,)),
                (StandardGate("ry", (theta,)), (0,)),
                (StandardGate("p", (phi,)), (0,)),
            )
            return self.call(self.define_steps("u", "u", 1, (theta, phi, lam), steps), base.params, scope)
        return self._called(as_phase(base), scope)

    def branch(self, branch: IfElse, scope: Scope) -> list[str]:
        """An if statement; bits that are no whole register are asked one inside another."""
        condition = branch.condition
        body = [line for op in branch.body.operations for line in self.statements(op, scope)]
        otherwise = None
        if branch.else_body is not None:
            otherwise = [line for op in branch.else_body.operations for line in self.statements(op, scope)]
        if isinstance(condition, ParityCondition):
            return self._by_parity(condition.clbits, condition.value, body, otherwise or [])
        register = self.register_of(condition.clbits)
        if register is not None and len(condition.clbits) > 1:
            return _block(f"{register.name} == {condition.value}", body, otherwise)
        for k, clbit in reversed(list(enumerate(condition.clbits))):
            negation = "" if condition.value >> k & 1 else "!"
            body = _block(f"{negation}{self._clbit(clbit)}", body, otherwise)
            if len(body) > _MAX_LINES:  # the else block stands behind every bit, and so do those inside of it
                raise ConversionError(f"a branch takes more than {_MAX_LINES} lines; ask for the bits of one register")
        return body

    def _by_parity(self, clbits: Sequence[int], value: int, body: Sequence[str], otherwise: Sequence[str]) -> list[str]:
        """Bits asked one inside another, which every reader takes: each doubles the lines."""
        if not clbits:
            return list(otherwise if value else body)
        if len(body) + len(otherwise) << len(clbits) > _MAX_LINES or len(clbits) > _MAX_PARITY_BITS:
            raise ConversionError(
                f"a condition on a parity of {len(clbits)} bits takes too many lines; write the parity of fewer"
            )
        odd = self._by_parity(clbits[1:], 1 - value, body, otherwise)
        even = self._by_parity(clbits[1:], value, body, otherwise)
        return _block(self._clbit(clbits[0]), odd, even)


def _block(test: str, body: Sequence[str], otherwise: Sequence[str] | None) -> list[str]:
    lines = [f"if ({test}) {{", *(f"  {line}" for line in body)]
    if otherwise is not None:
        lines += ["} else {", *(f"  {line}" for line in otherwise)]
    return [*lines, "}"]


def _modifiers(num_controls: int, ctrl_state: int) -> str:
    """One modifier for each run of equal controls, the first qubit's leftmost."""
    text = ""
    for on, run in itertools.groupby(ctrl_state >> k & 1 for k in range(num_controls)):
        count = len(list(run))
        text += ("ctrl" if on else "negctrl") + (f"({count}) @ " if count > 1 else " @ ")
    return text
