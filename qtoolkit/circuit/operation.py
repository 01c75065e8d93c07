"""Operations: an instruction on given qubits and classical bits, and the instructions that are no gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_instance, shown
from qtoolkit._memory import check_memory
from qtoolkit.circuit._checks import check_count, numeric_array
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.gate import Instruction, array_hash
from qtoolkit.circuit.registers import ClassicalCondition, Condition, ParityCondition
from qtoolkit.errors import CircuitError

if TYPE_CHECKING:
    from qtoolkit.circuit.circuit import Circuit
    from qtoolkit.circuit.parameter import ParameterExpression

__all__ = [
    "Barrier",
    "IfElse",
    "Initialize",
    "Measure",
    "Operation",
    "Reset",
    "check_nesting",
    "check_size",
    "everything_in",
]


MAX_NESTING = 64
"""Conditions inside each other: every pass over a circuit calls itself for a branch, and Python ends deep recursion."""

MAX_OPERATIONS = 10_000_000
"""Of what is short to write: repeated circuits and nested conditions. Listing and running more takes minutes."""


def check_nesting(depth: int) -> None:
    """Refuse conditions that are nested too deep.

    Raises:
        CircuitError: beyond 64.
    """
    if depth > MAX_NESTING:
        raise CircuitError(
            f"conditions are nested at most {MAX_NESTING} deep, got {depth}; "
            "compare a register with one value instead of bit by bit"
        )


def check_size(num_operations: int, what: str, remedy: str) -> None:
    """Refuse circuits that are short to write and too long to run.

    Raises:
        CircuitError: beyond 10,000,000 operations.
    """
    if num_operations > MAX_OPERATIONS:
        raise CircuitError(f"{what} at most {MAX_OPERATIONS:,} operations, got {shown(num_operations)}; {remedy}")


@dataclass(frozen=True, slots=True)
class Operation:
    """An instruction placed on qubits and classical bits of a circuit."""

    gate: Instruction
    qubits: tuple[int, ...]
    clbits: tuple[int, ...] = ()


class _Plain(Instruction):
    """An instruction that its class and its number of qubits say everything about."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.num_qubits == other.num_qubits

    def __hash__(self) -> int:
        return hash((type(self), self.num_qubits))


class Measure(_Plain):
    """Measure one qubit in the Z basis into one classical bit."""

    name = "measure"
    num_qubits = 1
    num_clbits = 1


class Reset(_Plain):
    """Put one qubit into ``|0⟩``."""

    name = "reset"
    num_qubits = 1


class Barrier(_Plain):
    """Keeps compilers from moving gates across; does nothing to the state."""

    name = "barrier"

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = check_count(num_qubits, "num_qubits")


class Initialize(Instruction):
    """Reset qubits and put them into a given state.

    Args:
        state_vector: shape ``(2**k,)``, norm 1 to 1e-8; k is at least 1.

    Raises:
        CircuitError: if the length is no power of two or the norm is not 1.
    """

    name = "initialize"

    def __init__(self, state_vector: ArrayLike) -> None:
        given = numeric_array(state_vector, "a state vector")
        check_memory(_needs.gate_of_state(given.size), f"a state of {given.size} amplitudes", "use fewer qubits")
        vector: NDArray[np.complex128] = given.astype(np.complex128)
        if vector.ndim != 1 or vector.size < 2 or vector.size & (vector.size - 1):
            raise CircuitError(
                f"a state vector must have a power of two of entries (at least 2), got shape {vector.shape}"
            )
        with np.errstate(all="ignore"):
            norm = float(np.linalg.norm(vector))
        if not abs(norm - 1.0) <= 1e-8:
            raise CircuitError(f"a state vector must have norm 1 to 1e-8, got {norm:.10g}; divide it by its norm")
        vector.setflags(write=False)
        self.state_vector = vector
        self.num_qubits = vector.size.bit_length() - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Initialize) and np.array_equal(self.state_vector, other.state_vector)

    def __hash__(self) -> int:
        return array_hash(self.state_vector)


class IfElse(Instruction):
    """Run `body` when the condition holds, else `else_body` if there is one.

    The bodies' qubits and classical bits are those of the circuit that holds them.

    Attributes:
        qubits: the qubits that the bodies use, ascending; where the instruction stands.
        clbits: the classical bits that the bodies and the condition use, ascending.
        nesting: how many conditions stand inside each other, this one included.

    Raises:
        CircuitError: if that is more than 64, the bodies with all that is inside hold more than 10,000,000
            operations or a detector or observable, or the condition or a body is of another kind.
    """

    name = "if"
    nesting: int
    _size: int

    def __init__(self, condition: ClassicalCondition, body: Circuit, else_body: Circuit | None = None) -> None:
        from qtoolkit.circuit.circuit import Circuit

        if not isinstance(condition, ParityCondition):
            check_instance(condition, Condition, "a branch needs a Condition or a ParityCondition", CircuitError)
        self.condition = condition
        self.body = check_instance(body, Circuit, "a branch's body must be a Circuit", CircuitError)
        if else_body is not None:
            check_instance(else_body, Circuit, "a branch's else_body must be a Circuit", CircuitError)
        self.else_body = else_body
        inner = [operation for branch in self.branches for operation in branch.operations]
        for operation in inner:
            if type(operation.gate) in ANNOTATIONS:
                raise CircuitError(
                    f"detectors and observables stand outside of conditions, got {operation.gate.name} in a branch; "
                    "place it after the branch"
                )
        self.nesting = 1 + max((op.gate.nesting for op in inner if isinstance(op.gate, IfElse)), default=0)
        check_nesting(self.nesting)
        # A body that stands in several places is short to write and long to run.
        self._size = 1 + sum(op.gate._size if isinstance(op.gate, IfElse) else 1 for op in inner)
        check_size(self._size, "nested conditions hold", "share fewer bodies")
        self.qubits = tuple(sorted({q for operation in inner for q in operation.qubits}))
        self.clbits = tuple(sorted({c for operation in inner for c in operation.clbits} | set(condition.clbits)))
        self.num_qubits = len(self.qubits)
        self.num_clbits = len(self.clbits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IfElse) and (self.condition, self.branches) == (other.condition, other.branches)

    def __hash__(self) -> int:
        return hash((self.condition, tuple(len(branch) for branch in self.branches)))

    @property
    def branches(self) -> tuple[Circuit, ...]:
        """The body, and the else body where there is one."""
        return (self.body,) if self.else_body is None else (self.body, self.else_body)

    @property
    def expressions(self) -> tuple[ParameterExpression, ...]:
        """The angles in the bodies that still hold free parameters."""
        return tuple(e for branch in self.branches for op in branch.operations for e in op.gate.expressions)

    def bind(self, values: Mapping[str, float]) -> IfElse:
        """The branch with parameters replaced by the values under their names."""
        if not self.expressions:
            return self
        bodies = [
            branch.bind({p.name: values[p.name] for p in branch.parameters if p.name in values})
            for branch in self.branches
        ]
        return IfElse(self.condition, *bodies)


def everything_in(operations: Iterable[Operation]) -> Iterator[Operation]:
    """The operations in time order, those of branches behind the one that holds them."""
    for operation in operations:
        yield operation
        if isinstance(operation.gate, IfElse):
            for branch in operation.gate.branches:
                yield from everything_in(branch.operations)
