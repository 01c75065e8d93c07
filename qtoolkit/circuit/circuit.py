"""The circuit: operations on qubits and classical bits, in time order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit.circuit.gate import Gate, Instruction, UnitaryGate
from qtoolkit.circuit.gates import Matrix
from qtoolkit.circuit.methods import GateMethods
from qtoolkit.circuit.operation import Barrier, IfElse, Initialize, Measure, Operation, Reset
from qtoolkit.circuit.parameter import Parameter, ParameterValues, resolve_values
from qtoolkit.circuit.registers import ClassicalRegister, Clbit, Condition, QuantumRegister
from qtoolkit.errors import CircuitError, QubitIndexError, UnboundParameterError

__all__ = ["Circuit"]

MAX_MATRIX_QUBITS = 12


class Circuit(GateMethods):
    """A quantum circuit.

    Methods that add something change the circuit and return it, so that calls chain:

    >>> bell = Circuit(2).h(0).cx(0, 1)

    Qubit k is bit k of a state's index; bitstrings print the highest bit leftmost.

    Args:
        num_qubits: number of qubits.
        num_clbits: number of classical bits, in one register ``c``.
        name: shown by backends; no meaning otherwise.

    Raises:
        CircuitError: if a number is negative or not an integer.
    """

    def __init__(self, num_qubits: int, num_clbits: int = 0, name: str = "circuit") -> None:
        self.num_qubits = _count(num_qubits, "num_qubits")
        self.num_clbits = 0
        self.name = name
        self._operations: list[Operation] = []
        self._clbit_registers: list[ClassicalRegister] = []
        self._qubit_registers: list[QuantumRegister] = []
        if _count(num_clbits, "num_clbits"):
            self.add_clbits(num_clbits, "c")

    # A circuit holds data and grows; comparing the operations is what users expect of ==.
    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Circuit)
            and (self.num_qubits, self.num_clbits) == (other.num_qubits, other.num_clbits)
            and self._operations == other._operations
        )

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations)

    @property
    def operations(self) -> Sequence[Operation]:
        """The operations in time order."""
        return self._operations

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters, in order of first appearance; sequences of values follow this order."""
        seen: dict[str, None] = {}
        for operation in self._operations:
            for expression in operation.gate.expressions:
                for name in expression.terms:
                    seen.setdefault(name)
        return tuple(Parameter(name) for name in seen)

    @property
    def num_parameters(self) -> int:
        """Number of free parameters."""
        return len(self.parameters)

    @property
    def clbit_registers(self) -> tuple[ClassicalRegister, ...]:
        """The classical registers, in order of creation."""
        return tuple(self._clbit_registers)

    @property
    def qubit_registers(self) -> tuple[QuantumRegister, ...]:
        """The named groups of qubits, if any were given."""
        return tuple(self._qubit_registers)

    def add_clbits(self, size: int, name: str) -> ClassicalRegister:
        """Add `size` classical bits under a name, and return their register."""
        first = self.num_clbits
        self.num_clbits += _count(size, "size")
        return self.name_clbits(name, range(first, first + size))

    def name_clbits(self, name: str, clbits: Iterable[int]) -> ClassicalRegister:
        """Give existing classical bits a register; lowest bit first."""
        if any(register.name == name for register in self._clbit_registers):
            raise CircuitError(f"register names must be distinct, got {name!r} twice")
        register = ClassicalRegister(name, self._check_clbits(clbits))
        self._clbit_registers.append(register)
        return register

    def name_qubits(self, name: str, qubits: Iterable[int]) -> QuantumRegister:
        """Give qubits a name that survives conversion to other formats."""
        if any(register.name == name for register in self._qubit_registers):
            raise CircuitError(f"register names must be distinct, got {name!r} twice")
        register = QuantumRegister(name, self._check_qubits(qubits))
        self._qubit_registers.append(register)
        return register

    def clbit_register(self, name: str) -> ClassicalRegister:
        """The classical register with this name."""
        for register in self._clbit_registers:
            if register.name == name:
                return register
        known = ", ".join(register.name for register in self._clbit_registers) or "none"
        raise CircuitError(f"the circuit's classical registers are {known}; got {name!r}")

    def clbit(self, index: int) -> Clbit:
        """One classical bit, for conditions such as ``circuit.clbit(0) == 1``."""
        return Clbit(self._check_clbits((index,))[0])

    def append(self, gate: Instruction, qubits: Sequence[int], clbits: Sequence[int] = ()) -> Self:
        """Place an instruction on qubits and classical bits.

        Raises:
            QubitIndexError: if an index lies outside the circuit.
            CircuitError: if targets repeat or their number does not fit.
        """
        placed = self._check_qubits(qubits)
        if len(placed) != gate.num_qubits:
            raise CircuitError(f"{gate.name} acts on {gate.num_qubits} qubits, got {len(placed)}: {placed}")
        bits = self._check_clbits(clbits)
        if len(bits) != gate.num_clbits:
            raise CircuitError(f"{gate.name} uses {gate.num_clbits} classical bits, got {len(bits)}: {bits}")
        self._operations.append(Operation(gate, placed, bits))
        return self

    def measure(self, qubit: int | Sequence[int], clbit: int | Sequence[int]) -> Self:
        """Measure qubits in the Z basis into classical bits, pair by pair."""
        qubits = (qubit,) if isinstance(qubit, int) else tuple(qubit)
        clbits = (clbit,) if isinstance(clbit, int) else tuple(clbit)
        if len(qubits) != len(clbits):
            raise CircuitError(f"measure takes one classical bit for each qubit, got {len(qubits)} and {len(clbits)}")
        for q, c in zip(qubits, clbits, strict=True):
            self.append(Measure(), (q,), (c,))
        return self

    def measure_all(self, register: str = "meas") -> Self:
        """Measure every qubit k into bit k of a new register."""
        bits = self.add_clbits(self.num_qubits, register)
        return self.measure(range(self.num_qubits), bits.clbits)

    def reset(self, qubit: int | Iterable[int]) -> Self:
        """Put qubits into ``|0⟩``."""
        for q in (qubit,) if isinstance(qubit, int) else qubit:
            self.append(Reset(), (q,))
        return self

    def barrier(self, *qubits: int) -> Self:
        """Keep compilers from moving gates across; all qubits by default."""
        placed = qubits or tuple(range(self.num_qubits))
        return self.append(Barrier(len(placed)), placed)

    def initialize(self, state_vector: ArrayLike, qubits: int | Sequence[int] | None = None) -> Self:
        """Reset qubits and put them into a state; ``qubits[0]`` is the lowest bit of its index."""
        gate = Initialize(state_vector)
        if qubits is None:
            qubits = self._all_qubits(gate.num_qubits)
        return self.append(gate, (qubits,) if isinstance(qubits, int) else qubits)

    def if_(
        self,
        condition: Condition | bool | int,
        body: Circuit | Callable[[Circuit], object],
        else_body: Circuit | Callable[[Circuit], object] | None = None,
    ) -> Self:
        """Run `body` only when a classical condition holds.

        Args:
            condition: ``circuit.clbit(i) == 1``, ``register == value``, or an index for "bit i is 1".
            body: a circuit over the same qubits and classical bits (or the first of them), or a function
                that adds to an empty one: ``lambda body: body.x(1)``.
            else_body: likewise, for when it does not hold.
        """
        if isinstance(condition, int) and not isinstance(condition, bool):
            condition = Condition((condition,), 1)
        if not isinstance(condition, Condition):
            raise CircuitError(
                f"a condition is `register == value`, `clbit == value` or a bit's index, got {condition!r}"
            )
        self._check_clbits(condition.clbits)
        bodies = [self._branch(body)] + ([] if else_body is None else [self._branch(else_body)])
        self._operations.append(_conditional(condition, bodies))
        return self

    def _branch(self, body: Circuit | Callable[[Circuit], object]) -> Circuit:
        branch = Circuit(self.num_qubits)
        branch.num_clbits = self.num_clbits
        branch._clbit_registers = list(self._clbit_registers)
        if isinstance(body, Circuit):
            return branch.extend(body)
        body(branch)
        if branch.num_clbits != self.num_clbits:
            raise CircuitError("a branch cannot add classical bits; add them to the circuit before")
        return branch

    def extend(self, other: Circuit, qubits: Sequence[int] | None = None, clbits: Sequence[int] | None = None) -> Self:
        """Add another circuit's operations to this one, in place.

        Args:
            other: its qubit k goes to ``qubits[k]``, its classical bit k to ``clbits[k]``.
            qubits: by default the first ones.
            clbits: by default the first ones.

        Raises:
            CircuitError: if this circuit is too small or a mapping has the wrong length.
        """
        if other is self:
            other = self.copy()
        qubit_map = _mapping(other.num_qubits, self.num_qubits, qubits, "qubits", self._check_qubits)
        clbit_map = _mapping(other.num_clbits, self.num_clbits, clbits, "classical bits", self._check_clbits)
        identical = qubit_map == tuple(range(self.num_qubits)) and clbit_map == tuple(range(self.num_clbits))
        for operation in other._operations:
            self._operations.append(operation if identical else self._moved(operation, qubit_map, clbit_map))
        return self

    def _moved(self, operation: Operation, qubits: Sequence[int], clbits: Sequence[int]) -> Operation:
        if isinstance(operation.gate, IfElse):
            condition = Condition(
                tuple(clbits[c] for c in operation.gate.condition.clbits), operation.gate.condition.value
            )
            bodies = []
            for branch in operation.gate.branches:
                body = Circuit(self.num_qubits)
                body.num_clbits = self.num_clbits
                bodies.append(body.extend(branch, qubits, clbits))
            return _conditional(condition, bodies)
        return Operation(
            operation.gate, tuple(qubits[q] for q in operation.qubits), tuple(clbits[c] for c in operation.clbits)
        )

    def compose(
        self, other: Circuit, qubits: Sequence[int] | None = None, clbits: Sequence[int] | None = None
    ) -> Circuit:
        """This circuit followed by another, as a new circuit; see `extend` for the arguments."""
        return self.copy().extend(other, qubits, clbits)

    def copy(self) -> Circuit:
        """A circuit with the same operations; adding to one leaves the other as it is."""
        result = self._empty_like()
        result._operations = list(self._operations)
        return result

    def _empty_like(self) -> Circuit:
        result = Circuit(self.num_qubits, name=self.name)
        result.num_clbits = self.num_clbits
        result._clbit_registers = list(self._clbit_registers)
        result._qubit_registers = list(self._qubit_registers)
        return result

    def bind(self, values: ParameterValues) -> Circuit:
        """A new circuit with parameters replaced by numbers.

        Args:
            values: by parameter or name (others stay free), or one for each in order.

        Raises:
            ParameterError: for an unknown name, a wrong count or a value that is not finite.
        """
        by_name = resolve_values(self.parameters, values)
        result = self._empty_like()
        result._operations = [
            Operation(op.gate.bind(by_name), op.qubits, op.clbits) if op.gate.expressions else op
            for op in self._operations
        ]
        return result

    def inverse(self) -> Circuit:
        """The circuit that undoes this one.

        Raises:
            CircuitError: if it measures, resets or initialises.
        """
        result = self._empty_like()
        for operation in reversed(self._operations):
            gate = operation.gate
            if isinstance(gate, Gate):
                gate = gate.inverse()
            elif not isinstance(gate, Barrier):
                raise CircuitError(
                    f"only gates have an inverse, got {gate.name}; take the inverse of the part before it"
                )
            result._operations.append(Operation(gate, operation.qubits))
        return result

    def controlled(self, num_controls: int = 1, ctrl_state: int | None = None) -> Circuit:
        """This circuit switched on by new qubits, which come first: qubit k becomes ``k + num_controls``.

        Args:
            num_controls: at least 1.
            ctrl_state: value of the controls that switches it on; all ones by default.

        Raises:
            CircuitError: if the circuit measures, resets or initialises.
        """
        result = Circuit(self.num_qubits + num_controls, name=f"controlled {self.name}")
        controls = tuple(range(num_controls))
        for operation in self._operations:
            moved = tuple(q + num_controls for q in operation.qubits)
            if isinstance(operation.gate, Gate):
                result.append(operation.gate.controlled(num_controls, ctrl_state), (*controls, *moved))
            elif isinstance(operation.gate, Barrier):
                result.append(operation.gate, moved)
            else:
                raise CircuitError(
                    f"only gates can be controlled, got {operation.gate.name}; control the part before it"
                )
        return result

    def power(self, exponent: float) -> Circuit:
        """This circuit repeated, or a real power of its unitary.

        Args:
            exponent: an integer repeats the circuit (its inverse when negative); another real number takes the
                principal power of the matrix, for at most 12 qubits.
        """
        if float(exponent).is_integer():
            step = self if exponent >= 0 else self.inverse()
            result = self._empty_like()
            for _ in range(abs(int(exponent))):
                result.extend(step)
            return result
        powered = UnitaryGate(self.to_matrix()).power(exponent)
        return self._empty_like().append(powered, range(self.num_qubits))

    def to_matrix(self) -> Matrix:
        """The unitary of the circuit, shape ``(2**num_qubits, 2**num_qubits)``, by plain NumPy.

        Raises:
            CircuitError: if it measures or resets, or has more than 12 qubits.
            UnboundParameterError: if parameters are free.
        """
        if self.num_qubits > MAX_MATRIX_QUBITS:
            raise CircuitError(
                f"to_matrix takes at most {MAX_MATRIX_QUBITS} qubits, got {self.num_qubits}; simulate a state"
            )
        self.check_bound()
        total = self.num_qubits
        tensor = np.eye(1 << total, dtype=np.complex128).reshape((2,) * total + (1 << total,))
        for operation in self._operations:
            if isinstance(operation.gate, Barrier):
                continue
            if not isinstance(operation.gate, Gate):
                raise CircuitError(f"only gates have a matrix, got {operation.gate.name}; leave it out")
            k = len(operation.qubits)
            axes = [total - 1 - q for q in reversed(operation.qubits)]
            gate = operation.gate.matrix().reshape((2,) * (2 * k))
            tensor = np.moveaxis(np.tensordot(gate, tensor, axes=(list(range(k, 2 * k)), axes)), list(range(k)), axes)
        return np.ascontiguousarray(tensor.reshape(1 << total, 1 << total))

    def check_bound(self) -> None:
        """Raise if a parameter is free.

        Raises:
            UnboundParameterError: naming the free parameters.
        """
        free = self.parameters
        if free:
            names = ", ".join(p.name for p in free[:8]) + (", ..." if len(free) > 8 else "")
            raise UnboundParameterError(
                f"every parameter needs a value, got none for {names}; pass parameters=… or bind them"
            )

    def split_final_measurements(self) -> tuple[Circuit, tuple[tuple[int, int], ...]]:
        """The circuit without its final measurements, and their qubits and classical bits in time order.

        A measurement is final when nothing but measurements and barriers follows on its qubit and its bit.
        """
        busy_qubits: set[int] = set()
        busy_clbits: set[int] = set()
        kept: list[Operation] = []
        final: list[tuple[int, int]] = []
        for operation in reversed(self._operations):
            followed = bool(busy_qubits & set(operation.qubits) or busy_clbits & set(operation.clbits))
            if followed or not isinstance(operation.gate, Measure | Barrier):
                busy_qubits.update(operation.qubits)
                busy_clbits.update(operation.clbits)
                kept.append(operation)
            elif isinstance(operation.gate, Measure):
                final.append((operation.qubits[0], operation.clbits[0]))
        body = self._empty_like()
        body._operations = kept[::-1]
        return body, tuple(final[::-1])

    def without_final_measurements(self) -> Circuit:
        """The circuit without the measurements that nothing follows on their qubits."""
        return self.split_final_measurements()[0]

    def depth(self) -> int:
        """Longest chain of operations that share qubits or classical bits; barriers only order, and count nothing."""
        levels: dict[tuple[str, int], int] = {}
        deepest = 0
        for operation in self._operations:
            wires = [("q", q) for q in operation.qubits] + [("c", c) for c in operation.clbits]
            level = max((levels.get(wire, 0) for wire in wires), default=0)
            if wires and not isinstance(operation.gate, Barrier):
                level += 1
            for wire in wires:
                levels[wire] = level
            deepest = max(deepest, level)
        return deepest

    def count_ops(self) -> dict[str, int]:
        """Number of operations by name, the most frequent first."""
        return dict(Counter(operation.gate.name for operation in self._operations).most_common())

    def draw(self, width: int | None = None) -> str:
        """A text drawing, at most `width` columns wide (80 by default)."""
        from qtoolkit.circuit.drawing import draw

        return draw(self, width or 80)

    def __str__(self) -> str:
        return self.draw()

    def __repr__(self) -> str:
        clbits = f", {self.num_clbits}" if self.num_clbits else ""
        return f"Circuit({self.num_qubits}{clbits}) with {len(self)} operations"

    def _all_qubits(self, count: int) -> tuple[int, ...]:
        if count != self.num_qubits:
            raise CircuitError(
                f"without qubits=… a gate covers all {self.num_qubits} qubits, got one on {count}; name its qubits"
            )
        return tuple(range(count))

    def _check_qubits(self, qubits: Iterable[int]) -> tuple[int, ...]:
        return _check_indices(qubits, self.num_qubits, "qubit")

    def _check_clbits(self, clbits: Iterable[int]) -> tuple[int, ...]:
        return _check_indices(clbits, self.num_clbits, "classical bit")


def _count(value: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise CircuitError(f"{name} must be an integer of at least 0, got {value!r}")
    return int(value)


def _conditional(condition: Condition, bodies: Sequence[Circuit]) -> Operation:
    """A branch, placed on the qubits and classical bits that it uses."""
    inner = [operation for body in bodies for operation in body.operations]
    qubits = {q for operation in inner for q in operation.qubits}
    clbits = {c for operation in inner for c in operation.clbits} | set(condition.clbits)
    return Operation(IfElse(condition, *bodies), tuple(sorted(qubits)), tuple(sorted(clbits)))


def _check_indices(indices: Iterable[int], size: int, kind: str) -> tuple[int, ...]:
    checked = tuple(indices)
    for index in checked:
        if isinstance(index, bool) or not isinstance(index, int | np.integer):
            raise QubitIndexError(f"a {kind} is given by its index, an integer, got {index!r}")
        if not 0 <= index < size:
            limit = f"0 to {size - 1}" if size else f"none: the circuit has no {kind}s"
            raise QubitIndexError(f"{kind} indices of this circuit are {limit}, got {index}")
    if len(set(checked)) != len(checked):
        role = "target qubits" if kind == "qubit" else "classical bits"
        raise CircuitError(f"{role} must be distinct, got {checked}")
    return tuple(int(index) for index in checked)


def _mapping(
    needed: int,
    available: int,
    given: Sequence[int] | None,
    kind: str,
    check: Callable[[Iterable[int]], tuple[int, ...]],
) -> tuple[int, ...]:
    if given is None:
        if needed > available:
            raise CircuitError(f"the added circuit has {needed} {kind} and this one {available}; make this one larger")
        return tuple(range(needed))
    if len(given) != needed:
        raise CircuitError(f"the added circuit has {needed} {kind}, got a place for {len(given)}")
    return check(given)
