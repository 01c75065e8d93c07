"""The circuit: operations on qubits and classical bits, in time order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Self

from numpy.typing import ArrayLike

from qtoolkit import _needs
from qtoolkit._arguments import MOST_ITEMS, check_callable, check_instance, shown
from qtoolkit._memory import check_memory
from qtoolkit.circuit._checks import Indices, as_indices, check_count, check_indices, check_mapping
from qtoolkit.circuit.analysis import check_matrix_size, depth_of, split_final, split_tail, unitary_of
from qtoolkit.circuit.channel_methods import ChannelMethods
from qtoolkit.circuit.derived import controlled, inverted
from qtoolkit.circuit.gate import Instruction, UnitaryGate
from qtoolkit.circuit.gates import Matrix
from qtoolkit.circuit.methods import GateMethods
from qtoolkit.circuit.operation import Barrier, IfElse, Initialize, Measure, Operation, Reset, check_nesting, check_size
from qtoolkit.circuit.parameter import Parameter, ParameterValues, check_real, declared_names, listed, resolve_values
from qtoolkit.circuit.registers import (
    ClassicalCondition,
    ClassicalRegister,
    Clbit,
    QuantumRegister,
    check_new_name,
    condition_of,
    register_named,
)
from qtoolkit.circuit.tape import Tape
from qtoolkit.errors import CircuitError, UnboundParameterError

__all__ = ["Circuit"]


class Circuit(GateMethods, ChannelMethods):
    """A quantum circuit.

    Methods that add something change the circuit and return it, so that calls chain:

    >>> bell = Circuit(2).h(0).cx(0, 1)

    Qubit k is bit k of a state's index; bitstrings print the highest bit leftmost.

    Args:
        num_qubits: number of qubits.
        num_clbits: number of classical bits, in one register ``c``.
        name: shown by backends; no meaning otherwise.

    Raises:
        CircuitError: if a number is negative, above 1,048,576 or not an integer, or the name is no text.
    """

    def __init__(self, num_qubits: int, num_clbits: int = 0, name: str = "circuit") -> None:
        self.num_qubits = check_count(num_qubits, "num_qubits", most=MOST_ITEMS)
        self.num_clbits = 0
        self.name = check_instance(name, str, "a circuit's name must be a string", CircuitError)
        self._tape = Tape()
        self._clbit_registers: list[ClassicalRegister] = []
        self._qubit_registers: list[QuantumRegister] = []
        self.declared: tuple[str, ...] = ()
        self._level = 0
        if check_count(num_clbits, "num_clbits", most=MOST_ITEMS):
            self.add_clbits(num_clbits, "c")

    # A circuit holds data and grows, so == compares what it holds; the order of parameters is part of that.
    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Circuit)
            and (self.num_qubits, self.num_clbits) == (other.num_qubits, other.num_clbits)
            and self._tape == other._tape
            and self.parameters == other.parameters
        )

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._tape)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._tape)

    @property
    def operations(self) -> Tape:
        """The operations in time order."""
        return self._tape

    @property
    def version(self) -> tuple[Any, ...]:
        """Something else whenever the circuit has changed; last the names of its declared parameters."""
        return self._tape.version(), self.num_clbits, len(self._clbit_registers), self.declared

    @property
    def content(self) -> Hashable | None:
        """All that matters to who runs the circuit, as one key: circuits with equal ones give equal results.

        None for a circuit with gates of a class that is not ours: they may change, or be equal to others.
        """
        operations = self._tape.content()
        if operations is None:
            return None
        registers = tuple((register.name, register.clbits) for register in self._clbit_registers)
        return self.num_qubits, self.num_clbits, registers, self.declared, operations

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters; sequences of values follow this order.

        Declared ones come first, see `declare_parameters`; then others by their first appearance.
        """
        declared = {name: Parameter(name) for name in self.declared}
        return tuple((declared | self._tape.parameters()).values())

    @property
    def num_parameters(self) -> int:
        """Number of free parameters."""
        return len(self.parameters)

    def declare_parameters(self, parameters: Iterable[Parameter | str]) -> Self:
        """Fix the order of parameters, whether gates use them or not.

        >>> Circuit(1).declare_parameters(["a", "b"]).rx(Parameter("b"), 0).rz(Parameter("a"), 0)
        Circuit(1) with 2 operations, parameters (a, b)

        Declared parameters come before all others, after those declared before. They keep their order in whatever is
        made of the circuit. One that no gate uses takes a value too, without effect.

        Raises:
            ParameterError: if one is neither a parameter nor a name, or is declared already.
        """
        self.declared = declared_names(self.declared, parameters)
        return self

    def _declare_after(self, other: Circuit) -> None:
        """Fix the order of this circuit's parameters, and after them of an added circuit's, if that has a fixed one."""
        if other.declared:
            added = [parameter.name for parameter in other.parameters]
            if not set(added).issubset(self.declared):  # or extending in a loop would read all gates each time
                self.declared = tuple(dict.fromkeys([parameter.name for parameter in self.parameters] + added))

    @property
    def clbit_registers(self) -> tuple[ClassicalRegister, ...]:
        """The classical registers, in order of creation."""
        return tuple(self._clbit_registers)

    @property
    def qubit_registers(self) -> tuple[QuantumRegister, ...]:
        """The named groups of qubits, if any were given."""
        return tuple(self._qubit_registers)

    def add_clbits(self, size: int, name: str) -> ClassicalRegister:
        """Add `size` classical bits under a name, and return their register.

        Raises:
            CircuitError: if a register has this name already, or there would be more than 1,048,576 bits.
        """
        first = self.num_clbits
        added = check_count(size, "size", most=MOST_ITEMS - first)
        check_new_name(name, self._clbit_registers)
        self.num_clbits += added
        self._clbit_registers.append(ClassicalRegister(name, tuple(range(first, first + added))))
        return self._clbit_registers[-1]

    def name_clbits(self, name: str, clbits: Indices) -> ClassicalRegister:
        """Give existing classical bits a register; lowest bit first. A bit may belong to several.

        Raises:
            CircuitError: if a register has this name already, or a bit comes twice.
        """
        check_new_name(name, self._clbit_registers)
        register = ClassicalRegister(name, self._check_clbits(clbits))
        self._clbit_registers.append(register)
        return register

    def name_qubits(self, name: str, qubits: Indices) -> QuantumRegister:
        """Give qubits a name that survives conversion to other formats.

        Raises:
            CircuitError: if a register has this name already, or a qubit comes twice.
        """
        check_new_name(name, self._qubit_registers)
        register = QuantumRegister(name, self._check_qubits(qubits))
        self._qubit_registers.append(register)
        return register

    def clbit_register(self, name: str) -> ClassicalRegister:
        """The classical register with this name.

        Raises:
            CircuitError: if there is none; the message lists the names.
        """
        return register_named(name, self._clbit_registers)

    def clbit(self, index: int) -> Clbit:
        """One classical bit, for conditions such as ``circuit.clbit(0) == 1``."""
        return Clbit(self._check_clbits((index,))[0])

    def append(self, gate: Instruction, qubits: Indices, clbits: Indices = ()) -> Self:
        """Place an instruction on qubits and classical bits.

        Raises:
            QubitIndexError: if an index lies outside the circuit.
            CircuitError: if targets repeat or their number does not fit, or a branch goes elsewhere than its bodies.
        """
        if not isinstance(gate, Instruction):
            raise CircuitError(f"a circuit holds gates and other instructions, got {shown(gate)}; see StandardGate")
        placed = self._check_qubits(qubits)
        if len(placed) != gate.num_qubits:
            raise CircuitError(f"{gate.name} acts on {gate.num_qubits} qubits, got {len(placed)}: {placed}")
        bits = () if type(clbits) is tuple and not clbits else self._check_clbits(clbits)
        if len(bits) != gate.num_clbits:
            raise CircuitError(f"{gate.name} uses {gate.num_clbits} classical bits, got {len(bits)}: {bits}")
        if isinstance(gate, IfElse) and (placed, bits) != (gate.qubits, gate.clbits):
            raise CircuitError(
                f"a branch stands on the qubits {gate.qubits} and bits {gate.clbits} of its bodies, got {placed} and "
                f"{bits}; use extend to move it"
            )
        self._tape.append(Operation(gate, placed, bits))
        return self

    def _append_each(self, gate: Instruction, places: Iterable[tuple[Indices, Indices]]) -> Self:
        before = len(self._tape)
        try:
            for qubits, clbits in places:
                self.append(gate, qubits, clbits)
        except CircuitError:
            self._tape.cut(before)
            raise
        return self

    def measure(self, qubit: Indices, clbit: Indices) -> Self:
        """Measure qubits in the Z basis into classical bits, pair by pair."""
        if type(qubit) is type(clbit) is int and 0 <= qubit < self.num_qubits and 0 <= clbit < self.num_clbits:
            self._tape.append_measurements([(qubit, clbit)])
            return self
        qubits, clbits = as_indices(qubit), as_indices(clbit)
        if len(qubits) != len(clbits):
            raise CircuitError(f"measure takes one classical bit for each qubit, got {len(qubits)} and {len(clbits)}")
        return self._append_each(Measure(), [((q,), (c,)) for q, c in zip(qubits, clbits, strict=True)])

    def measure_all(self, register: str = "meas") -> Self:
        """Measure every qubit k into bit k of a new register."""
        self._tape.append_measurements(enumerate(self.add_clbits(self.num_qubits, register).clbits))
        return self

    def reset(self, qubit: Indices) -> Self:
        """Put qubits into ``|0⟩``."""
        return self._append_each(Reset(), [((q,), ()) for q in as_indices(qubit)])

    def barrier(self, *qubits: int) -> Self:
        """Keep compilers from moving gates across; all qubits by default."""
        placed = qubits or tuple(range(self.num_qubits))
        return self.append(Barrier(len(placed)), placed)

    def initialize(self, state_vector: ArrayLike, qubits: Indices | None = None) -> Self:
        """Reset qubits and put them into a state; ``qubits[0]`` is the lowest bit of its index."""
        gate = Initialize(state_vector)
        return self.append(gate, self._all_qubits(gate.num_qubits) if qubits is None else qubits)

    def if_(
        self,
        condition: ClassicalCondition | bool | int,
        body: Circuit | Callable[[Circuit], object],
        else_body: Circuit | Callable[[Circuit], object] | None = None,
    ) -> Self:
        """Run `body` only when a classical condition holds.

        Args:
            condition: ``circuit.clbit(i) == 1``, ``register == value``, ``parity(clbits) == 1``, or i for "bit i is 1".
            body: a circuit over the same qubits and classical bits (or the first of them), or a function
                that adds to an empty one: ``lambda body: body.x(1)``.
            else_body: likewise, for when it does not hold.

        Raises:
            CircuitError: if the condition is none, a body adds classical bits or is larger than this circuit, or
                conditions are nested more than 64 deep.
        """
        condition = condition_of(condition)
        self._check_clbits(condition.clbits)
        return self._append_branches(condition, *map(self._branch, (body,) if else_body is None else (body, else_body)))

    def _append_branches(self, condition: ClassicalCondition, *bodies: Circuit) -> Self:
        for body in bodies:
            self._declare_after(body)
            body.declared = ()  # one order holds for the whole circuit
        gate = IfElse(condition, *bodies)
        self._tape.append(Operation(gate, gate.qubits, gate.clbits))
        return self

    def _branch(self, body: Circuit | Callable[[Circuit], object]) -> Circuit:
        branch = self._empty_like()
        if isinstance(body, Circuit):
            return branch.extend(body)
        check_callable(body, "a body that is no circuit", CircuitError)
        branch._level = self._level + 1
        check_nesting(branch._level)
        returned = body(branch)
        if isinstance(returned, Circuit) and returned is not branch:
            raise CircuitError("a branch's function adds to the circuit it is given, got another one; use extend in it")
        if branch.num_clbits != self.num_clbits:
            raise CircuitError("a branch cannot add classical bits; add them to the circuit before")
        return branch

    def extend(self, other: Circuit, qubits: Indices | None = None, clbits: Indices | None = None) -> Self:
        """Add another circuit's operations to this one, in place. Names of its registers stay behind.

        Args:
            other: its qubit k goes to ``qubits[k]``, its classical bit k to ``clbits[k]``.
            qubits: by default the first ones.
            clbits: by default the first ones.

        Raises:
            CircuitError: if this circuit is too small or a mapping has the wrong length.
        """
        check_instance(other, Circuit, "a circuit is extended by a Circuit", CircuitError)
        if other is self:
            other = self.copy()
        qubit_map = check_mapping(other.num_qubits, self.num_qubits, qubits, "qubits", self._check_qubits)
        clbit_map = check_mapping(other.num_clbits, self.num_clbits, clbits, "classical bits", self._check_clbits)
        self._declare_after(other)
        identical = qubit_map == tuple(range(self.num_qubits)) and clbit_map == tuple(range(self.num_clbits))
        if identical:
            self._tape.extend(other._tape)
            return self
        others = [self._moved(operation, qubit_map, clbit_map) for operation in other._tape.others]
        self._tape.extend_moved(other._tape, others, qubit_map, clbit_map)
        return self

    def _moved(self, operation: Operation, qubit_map: Sequence[int], clbit_map: Sequence[int]) -> Operation:
        """An operation of a smaller circuit where it stands in this one."""
        gate = operation.gate
        if isinstance(gate, IfElse):
            bodies = (  # a branch is older than what its circuit grew later
                self._empty_like().extend(branch, qubit_map[: branch.num_qubits], clbit_map[: branch.num_clbits])
                for branch in gate.branches
            )
            gate = IfElse(gate.condition.moved(clbit_map), *bodies)
            return Operation(gate, gate.qubits, gate.clbits)
        qubits, clbits = operation.qubits, operation.clbits
        return Operation(gate, tuple(qubit_map[q] for q in qubits), tuple(clbit_map[c] for c in clbits))

    def compose(self, other: Circuit, qubits: Indices | None = None, clbits: Indices | None = None) -> Circuit:
        """This circuit followed by another, as a new circuit; see `extend` for the arguments."""
        return self.copy().extend(other, qubits, clbits)

    def copy(self) -> Circuit:
        """A circuit with the same operations; adding to one leaves the other as it is."""
        return self._with_tape(self._tape.copy())

    def _with_tape(self, tape: Tape) -> Circuit:
        result = self._empty_like()
        result._tape = tape
        result.declared = self.declared
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
        result = self._with_tape(self._tape.bound(by_name))
        result.declared = tuple(name for name in self.declared if name not in by_name)
        return result

    def inverse(self) -> Circuit:
        """The circuit that undoes this one; its parameters keep their order.

        Raises:
            CircuitError: if it measures, resets or initialises, or a channel loses information.
        """
        result = self._with_tape(Tape(inverted(self._tape)))
        result.declared = tuple(parameter.name for parameter in self.parameters)
        return result

    def controlled(self, num_controls: int = 1, ctrl_state: int | None = None) -> Circuit:
        """This circuit switched on by new qubits, which come first: qubit k becomes ``k + num_controls``.

        Args:
            num_controls: at least 1.
            ctrl_state: value of the controls that switches it on; all ones by default.

        Raises:
            CircuitError: if the circuit measures, resets or initialises, or holds a channel.
        """
        num_controls = check_count(num_controls, "num_controls", 1, MOST_ITEMS - self.num_qubits)
        result = Circuit(self.num_qubits + num_controls, name=f"controlled {self.name}")
        result.declared = self.declared
        result._tape = Tape(controlled(self._tape, num_controls, ctrl_state))
        return result

    def power(self, exponent: float) -> Circuit:
        """This circuit repeated, or a real power of its unitary.

        Args:
            exponent: an integer repeats the circuit (its inverse when negative), to at most 10,000,000 operations;
                another real number takes the principal power of the matrix, for at most 12 qubits.

        Raises:
            CircuitError: if it measures or resets where an inverse or a matrix is needed, or is too large for one, or
                there would be too many operations.
            ParameterError: if the exponent is no finite real number.
        """
        exponent = check_real(exponent, "exponent")
        if exponent.is_integer():
            step = self if exponent >= 0 else self.inverse()
            times = abs(int(exponent))
            check_size(times * len(step), "a repeated circuit holds", "run it piece by piece")
            result = self._with_tape(step._tape.repeated(times))
            result.declared = step.declared
            return result
        powered = UnitaryGate(self.to_matrix()).power(exponent)
        return self._empty_like().append(powered, range(self.num_qubits))

    def to_matrix(self) -> Matrix:
        """The unitary of the circuit, shape ``(2**num_qubits, 2**num_qubits)``, by plain NumPy.

        Raises:
            CircuitError: if it measures or resets, or has more than 12 qubits.
            UnboundParameterError: if parameters are free.
        """
        check_matrix_size(self.num_qubits)
        self.check_bound()
        total = self.num_qubits
        check_memory(_needs.circuit_matrix(total), f"the matrix of a circuit of {total} qubits", "simulate a state")
        return unitary_of(self._tape, total)

    def check_bound(self) -> None:
        """Raise if a parameter is free.

        Raises:
            UnboundParameterError: naming the free parameters.
        """
        if free := self.parameters:
            raise UnboundParameterError(
                f"every parameter needs a value, got none for {listed(free)}; pass parameters=… or bind them"
            )

    def split_final_measurements(self) -> tuple[Circuit, tuple[tuple[int, int], ...]]:
        """The circuit without its final measurements, and their qubits and classical bits in time order.

        A measurement is final when nothing but measurements, barriers and annotations follows on its qubit and its bit.
        """
        kept, final = split_final(self._tape)
        return self._with_tape(Tape(kept)), final

    def without_final_measurements(self) -> Circuit:
        """The circuit without its final measurements, and the readout errors and decoders that follow on their bits."""
        return self._with_tape(Tape(split_tail(self._tape)[0]))

    def depth(self) -> int:
        """Longest chain of operations that share qubits or bits; barriers only order, annotations do not even that."""
        return depth_of(self._tape)

    def count_ops(self) -> dict[str, int]:
        """Number of operations by name, the most frequent first."""
        return dict(Counter(operation.gate.name for operation in self._tape).most_common())

    def draw(self, width: int | None = None) -> str:
        """A text drawing, at most `width` columns wide (80 by default, at least 20).

        Raises:
            CircuitError: if the width is no integer of at least 0.
        """
        from qtoolkit.circuit.drawing import draw

        return draw(self, 80 if width is None else check_count(width, "width") or 80)

    def __str__(self) -> str:
        return self.draw()

    def __repr__(self) -> str:
        clbits = f", {self.num_clbits}" if self.num_clbits else ""
        parameters = f", parameters ({listed(free)})" if (free := self.parameters) else ""
        return f"Circuit({self.num_qubits}{clbits}) with {len(self)} operations{parameters}"

    def _all_qubits(self, count: int) -> tuple[int, ...]:
        if count != self.num_qubits:
            rule = f"without qubits=… a gate covers all {self.num_qubits} qubits"
            raise CircuitError(f"{rule}, got one on {count}; name its qubits")
        return tuple(range(count))

    def _check_qubits(self, qubits: Indices) -> tuple[int, ...]:
        return check_indices(qubits, self.num_qubits, "qubit")

    def _check_clbits(self, clbits: Indices) -> tuple[int, ...]:
        return check_indices(clbits, self.num_clbits, "classical bit")
