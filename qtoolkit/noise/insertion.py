"""Puts the channels of a noise model into a circuit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from qtoolkit._arguments import check_instance
from qtoolkit.circuit import (
    Barrier,
    Circuit,
    Gate,
    IfElse,
    Initialize,
    Instruction,
    KrausChannel,
    Measure,
    Operation,
    Reset,
)
from qtoolkit.circuit.tape import Tape
from qtoolkit.errors import InputError
from qtoolkit.noise.rules import GateRule, IdleRule, ReadoutRule

__all__ = ["Writer", "empty_like"]

ROUNDING = 1e-12
"""Of the time so far: what is shorter is no time."""


class Writer:
    """Writes noisy circuits by the rules of a model."""

    def __init__(self, rules: Sequence[GateRule], readouts: Sequence[ReadoutRule], idles: Sequence[IdleRule]) -> None:
        self._rules = rules
        self._readouts = readouts
        self._idles = idles
        self._by_kind: dict[tuple[str, int, bool], list[GateRule]] = {}
        self.met: Counter[str] = Counter()
        """Operations that could have noise, by name."""
        self.quiet: Counter[str] = Counter()
        """Those of them that no rule belongs to."""

    def written(self, circuit: Circuit) -> Circuit:
        """A circuit with noise."""
        result = empty_like(circuit)
        clocks = [_Clock(rule) for rule in self._idles]
        self._write(circuit, result, clocks)
        for clock in clocks:
            clock.finish(result.operations)
        return result

    def _write(self, circuit: Circuit, result: Circuit, clocks: Sequence[_Clock]) -> None:
        tape = result.operations
        measured: dict[int, int] = {}
        for operation in circuit.operations:
            gate, qubits = operation.gate, operation.qubits
            if isinstance(gate, Measure):
                if qubits[0] in measured or operation.clbits[0] in measured.values():
                    self._misread(measured, tape)
                measured[qubits[0]] = operation.clbits[0]
            elif measured:
                self._misread(measured, tape)
            if isinstance(gate, IfElse):
                self._branch(gate, result, clocks)
                continue
            timed = isinstance(gate, Measure | Reset | Initialize) or (isinstance(gate, Gate) and bool(qubits))
            if not timed:
                if isinstance(gate, Barrier):
                    for clock in clocks:
                        clock.line_up(qubits, tape)
                tape.append(operation)
                continue
            for clock in clocks:
                clock.start(gate, qubits, tape)
            followed = self._followed(gate, qubits)
            self.met[gate.name] += 1
            if not followed and not self._is_timed_or_misread(gate, qubits):
                self.quiet[gate.name] += 1
            if isinstance(gate, Measure):
                _append_all(tape, followed)
                tape.append(operation)
            else:
                tape.append(operation)
                _append_all(tape, followed)
            for clock in clocks:
                clock.end(gate, qubits, tape)
        self._misread(measured, tape)

    def _followed(self, gate: Instruction, qubits: tuple[int, ...]) -> list[Operation]:
        """The channels that belong to an operation."""
        kind = gate.name, gate.num_qubits, isinstance(gate, Gate)
        rules = self._by_kind.get(kind)
        if rules is None:
            rules = self._by_kind[kind] = [rule for rule in self._rules if rule.follows(*kind)]
        return [Operation(rule.channel, place) for rule in rules for place in rule.placed(gate.name, qubits)]

    def _is_timed_or_misread(self, gate: Instruction, qubits: tuple[int, ...]) -> bool:
        """Whether time acts during an operation, or a readout error behind it."""
        if any(rule.in_gates and (rule.qubits is None or rule.qubits.intersection(qubits)) for rule in self._idles):
            return True
        return isinstance(gate, Measure) and any(
            rule.qubits is None or qubits[0] in rule.qubits for rule in self._readouts
        )

    def _misread(self, measured: dict[int, int], tape: Tape) -> None:
        """Place the readout errors of measurements that stand together, and forget these."""
        for rule in self._readouts if measured else ():
            if rule.error.num_clbits == 1:
                clbits = [c for q, c in measured.items() if rule.qubits is None or q in rule.qubits]
                _append_all(tape, [Operation(rule.error, (), (clbit,)) for clbit in clbits])
                continue
            asked = rule.qubits or ()
            found = [qubit for qubit in asked if qubit in measured]
            if found and len(found) < len(asked):
                raise InputError(
                    f"the readout error of qubits {asked} needs them measured together, got {found} without the "
                    "others; measure all of them one after the other, or give errors on one bit"
                )
            if found:
                tape.append(Operation(rule.error, (), tuple(measured[qubit] for qubit in asked)))
        measured.clear()

    def _branch(self, gate: IfElse, result: Circuit, clocks: Sequence[_Clock]) -> None:
        for clock in clocks:
            clock.line_up(gate.qubits, result.operations, begin=True)
        bodies = list(gate.branches)
        if len(bodies) == 1 and clocks:
            bodies.append(empty_like(gate.body))  # what is not run takes its time
        written, inner = [], []
        for body in bodies:
            noisy, own = empty_like(body), [clock.inside(gate.qubits) for clock in clocks]
            self._write(body, noisy, own)
            written.append(noisy)
            inner.append(own)
        for number, clock in enumerate(clocks):
            longest = max(own[number].latest() for own in inner)
            for noisy, own in zip(written, inner, strict=True):
                own[number].finish(noisy.operations, longest, measured_too=True)
            clock.pass_over(gate.qubits, longest)
        if len(gate.branches) == 1 and len(written) == 2 and not len(written[1]):
            written.pop()
        result.if_(gate.condition, *written)


class _Clock:
    """When each qubit is free, by one rule; qubits that nothing has happened to have no time."""

    def __init__(self, rule: IdleRule) -> None:
        self._rule = rule
        self._free: dict[int, float] = {}
        self._measured: set[int] = set()
        self._channels: dict[str, list[KrausChannel]] = {}

    def inside(self, qubits: Iterable[int]) -> _Clock:
        """The clock of a body, in which these qubits are free at 0."""
        clock = _Clock(self._rule)
        clock._free = dict.fromkeys(qubits, 0.0)
        clock._channels = self._channels
        return clock

    def latest(self) -> float:
        """When all qubits are free."""
        return max(self._free.values(), default=0.0)

    def start(self, gate: Instruction, qubits: tuple[int, ...], tape: Tape) -> None:
        """Wait until all qubits of an operation are free, and let the time of a measurement pass."""
        self.line_up(qubits, tape, begin=True, forgets=isinstance(gate, Reset | Initialize))
        if isinstance(gate, Measure):
            self._pass(gate, qubits, tape)

    def end(self, gate: Instruction, qubits: tuple[int, ...], tape: Tape) -> None:
        """Let an operation's time pass."""
        if not isinstance(gate, Measure):
            self._pass(gate, qubits, tape)

    def _pass(self, gate: Instruction, qubits: tuple[int, ...], tape: Tape) -> None:
        time = self._rule.duration(gate.name, gate.num_qubits)
        for qubit in qubits:
            self._free[qubit] += time
            if self._rule.in_gates:
                self._wait(qubit, time, tape)
        if isinstance(gate, Measure):
            self._measured.update(qubits)
        else:
            self._measured.difference_update(qubits)

    def line_up(self, qubits: Iterable[int], tape: Tape, begin: bool = False, forgets: bool = False) -> None:
        """Let qubits wait for the last of them.

        Args:
            qubits: which ones.
            tape: where what waiting does is written.
            begin: whether those that nothing has happened to begin now.
            forgets: whether waiting makes no difference, because they are put into a state next.
        """
        known = [qubit for qubit in qubits if qubit in self._free]
        now = max([self._free[qubit] for qubit in known], default=0.0)
        for qubit in known:
            if not forgets:
                self._wait(qubit, now - self._free[qubit], tape)
            self._free[qubit] = now
        if begin:
            for qubit in qubits:
                self._free.setdefault(qubit, now)

    def pass_over(self, qubits: Iterable[int], time: float) -> None:
        """Let some time pass whose noise is written elsewhere."""
        for qubit in qubits:
            self._free[qubit] += time
        self._measured.difference_update(qubits)

    def finish(self, tape: Tape, time: float | None = None, measured_too: bool = False) -> None:
        """Let all qubits wait until some time, by default that when all are free; of measured ones nothing is left."""
        last = self.latest() if time is None else time
        for qubit, free in self._free.items():
            if measured_too or qubit not in self._measured:
                self._wait(qubit, last - free, tape)

    def _wait(self, qubit: int, time: float, tape: Tape) -> None:
        rule = self._rule
        # Sums of the same times in another order differ by rounding.
        if time <= ROUNDING * (self._free[qubit] + time) or (rule.qubits is not None and qubit not in rule.qubits):
            return
        key = f"{time:.12g}"
        channels = self._channels.get(key)
        if channels is None:
            channels = self._channels[key] = _channels(rule, time)
        _append_all(tape, [Operation(channel, (qubit,)) for channel in channels])


def _channels(rule: IdleRule, time: float) -> list[KrausChannel]:
    """What some time of waiting does."""
    if isinstance(rule.channel, KrausChannel):
        return [rule.channel] * round(time)
    what = "a function of the time must return a KrausChannel on one qubit"
    channel = check_instance(rule.channel(time), KrausChannel, what)
    if channel.num_qubits != 1:
        raise InputError(f"{what}, got one on {channel.num_qubits}")
    return [channel]


def _append_all(tape: Tape, operations: Iterable[Operation]) -> None:
    for operation in operations:
        tape.append(operation)


def empty_like(circuit: Circuit) -> Circuit:
    """A circuit with the same qubits, bits, registers and parameters, and no operations."""
    result = Circuit(circuit.num_qubits, name=circuit.name)
    result.num_clbits = circuit.num_clbits
    for register in circuit.clbit_registers:
        result.name_clbits(register.name, register.clbits)
    for group in circuit.qubit_registers:
        result.name_qubits(group.name, group.qubits)
    return result.declare_parameters(circuit.parameters)
