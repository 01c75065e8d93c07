"""An execution plan: programs of gates between the steps that need a measured bit or a random number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import ClassicalRegister, Decode, KrausChannel, Parameter, ParameterValues, ReadoutError
from qtoolkit.circuit.parameter import listed, resolve_values
from qtoolkit.circuit.tape import Tape
from qtoolkit.compiler.kept import Kept
from qtoolkit.compiler.program import Program
from qtoolkit.errors import CircuitError, ParameterError, UnboundParameterError

if TYPE_CHECKING:
    from qtoolkit.compiler.plan_report import PlanReport

__all__ = [
    "BranchStep",
    "ChannelStep",
    "ClassicalStep",
    "DecodeStep",
    "ExecutionPlan",
    "InitializeStep",
    "MeasureStep",
    "ReadoutErrorStep",
    "ResetStep",
    "Step",
    "UnitaryStep",
]


@dataclass(frozen=True, eq=False)
class UnitaryStep:
    """Gates to run without a break.

    Attributes:
        tape: the gates, on qubits of the plan.
        parameter_index: place of each parameter in the vector of values.
        kept: what simulators make of the tape once; not pickled.
    """

    tape: Tape
    parameter_index: Mapping[str, int]
    kept: Kept = field(default_factory=Kept, init=False, repr=False)

    @cached_property
    def program(self) -> Program:
        """The gates as arrays of numbers, written when first asked for."""
        from qtoolkit.compiler.examples import program_of  # what runs unplanned starts sooner without

        return program_of(self.tape, self.parameter_index)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"kept": Kept()}


@dataclass(frozen=True)
class MeasureStep:
    """Measure a qubit into a classical bit."""

    qubit: int
    clbit: int


@dataclass(frozen=True)
class ResetStep:
    """Put qubits into ``|0⟩``."""

    qubits: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class InitializeStep:
    """Put qubits, which a `ResetStep` has just cleared, into a state of shape ``(2**k,)``."""

    qubits: tuple[int, ...]
    state_vector: NDArray[np.complex128]


@dataclass(frozen=True)
class ChannelStep:
    """Let a channel of several operators act on qubits, the first of which is the lowest bit of their index."""

    channel: KrausChannel
    qubits: tuple[int, ...]

    @cached_property
    def mixture_weights(self) -> NDArray[np.float64] | None:
        """How probable each operator is, whatever the state; None unless all are multiples of unitaries."""
        if self.channel.mixture is None:
            return None
        squares = np.array([np.vdot(operator, operator).real for operator in self.channel.operators], np.float64)
        weights: NDArray[np.float64] = squares / squares.sum()
        return weights

    @cached_property
    def effects(self) -> NDArray[np.complex128]:
        """``K†K`` of each operator, shape ``(num_operators, 2**k, 2**k)``."""
        return np.array([operator.conj().T @ operator for operator in self.channel.operators])

    @cached_property
    def is_idle(self) -> tuple[bool, ...]:
        """Whether each operator is a multiple of the identity, which changes no state."""
        return tuple([np.array_equal(operator, operator[0, 0] * np.eye(len(operator)))
                      for operator in self.channel.operators])  # fmt: skip

    @cached_property
    def program(self) -> Program:
        """The operators as operations, one after another: number j is for whoever runs that one alone.

        Those of a mixture of unitaries are these.
        """
        from qtoolkit.compiler.encode import ProgramBuilder

        builder = ProgramBuilder({})
        for operator in self.channel.operators:
            size = np.linalg.norm(operator) / np.sqrt(len(operator)) if self.channel.mixture is not None else 1.0
            builder.add_operator(operator / size if size else operator, self.qubits)
        return builder.build()


@dataclass(frozen=True)
class ReadoutErrorStep:
    """Change classical bits at random."""

    error: ReadoutError
    clbits: tuple[int, ...]


@dataclass(frozen=True)
class DecodeStep:
    """Write classical bits from what a decoder makes of others."""

    decode: Decode
    clbits: tuple[int, ...]
    into: tuple[int, ...]


@dataclass(frozen=True)
class BranchStep:
    """Run one of two lists of steps by the value of classical bits, ``clbits[0]`` lowest, or by their parity."""

    clbits: tuple[int, ...]
    value: int
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...]
    is_parity: bool = False

    def holds(self, bits: NDArray[np.uint8]) -> bool:
        """Whether `then` runs where classical bit k is ``bits[k]``."""
        if self.is_parity:
            return sum([int(bits[c]) for c in self.clbits]) & 1 == self.value
        return sum([int(bits[c]) << k for k, c in enumerate(self.clbits)]) == self.value


ClassicalStep: TypeAlias = ReadoutErrorStep | DecodeStep
Step: TypeAlias = UnitaryStep | MeasureStep | ResetStep | InitializeStep | ChannelStep | ClassicalStep | BranchStep


_NO_VALUES = np.zeros(0)


@dataclass(frozen=True, eq=False)
class ExecutionPlan:
    """A compiled circuit; accepted by the simulator wherever a circuit is.

    Attributes:
        num_qubits, num_clbits: sizes of the circuit.
        parameters: free parameters; sequences of values follow this order.
        clbit_registers: the circuit's classical registers.
        steps: what to run before the final measurements.
        final_measurements: qubit and classical bit of the measurements that nothing follows, but `final_steps`.
        final_steps: what is done with the classical bits after those, in time order.
    """

    num_qubits: int
    num_clbits: int
    parameters: tuple[Parameter, ...]
    clbit_registers: tuple[ClassicalRegister, ...]
    steps: tuple[Step, ...]
    final_measurements: tuple[tuple[int, int], ...]
    final_steps: tuple[ClassicalStep, ...] = ()
    _names: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", tuple(p.name for p in self.parameters))

    @cached_property
    def active_qubits(self) -> tuple[int, ...]:
        """The circuit's qubits that `active` holds, in its order."""
        return tuple(range(self.num_qubits))

    @property
    def active(self) -> ExecutionPlan:
        """The plan of those qubits alone that may leave ``|0⟩``; this one, if they are all."""
        return self

    @property
    def is_unitary(self) -> bool:
        """Whether the steps are gates alone."""
        return all(isinstance(step, UnitaryStep) for step in self.steps)

    @property
    def has_operations(self) -> bool:
        """Whether there is anything to run before the final measurements."""
        program = self.only_program
        return program is None or program.num_operations > 0

    @cached_property
    def measures(self) -> bool:
        """Whether the circuit measures anything, at its end or before, in a branch too."""
        return bool(self.final_measurements) or _measure(self.steps)

    @cached_property
    def only_step(self) -> UnitaryStep | None:
        """The one stretch of gates, if that is all there is to run."""
        step = self.steps[0] if len(self.steps) == 1 else None
        return step if isinstance(step, UnitaryStep) else None

    @cached_property
    def only_program(self) -> Program | None:
        """Its program."""
        return None if self.only_step is None else self.only_step.program

    def unitary_program(self) -> Program:
        """The one program of a plan without mid-circuit steps.

        Raises:
            CircuitError: if the circuit measures, resets, initialises or branches before its end, or holds a channel.
        """
        if self.only_program is None:
            raise CircuitError(
                "this needs a circuit of gates (measurements only at its end), got mid-circuit measurement, reset, "
                "initialize, if_ or a channel; use run, or trajectory for one random run, or DensityMatrixSimulator"
            )
        return self.only_program

    def explain(self, precision: str = "double", num_threads: int | None = None, passes: bool = False) -> PlanReport:
        """Count what the plan does to a state that begins as ``|0…0⟩``, and predict its time.

        Print the report to read it.

        Args:
            precision: ``"double"`` or ``"single"``.
            num_threads: that the prediction is for; None for as many as there are cores.
            passes: whether to tell what each pass of the planner does.

        Raises:
            InputError: for another precision, or no thread.
        """
        from qtoolkit.compiler.explain import explain_plan

        return explain_plan(self, precision, num_threads, passes)

    def parameter_vector(self, values: ParameterValues | None) -> NDArray[np.float64]:
        """Parameter values in order, float64 of shape ``(num_parameters,)``.

        Raises:
            UnboundParameterError: if a parameter has no value.
            ParameterError: for an unknown name, a wrong count or a value that is not finite.
        """
        if not self._names and (values is None or (isinstance(values, np.ndarray) and values.shape == (0,))):
            return _NO_VALUES
        if isinstance(values, np.ndarray) and values.dtype.kind in "fiu" and values.shape == (len(self._names),):
            numbers = values.astype(np.float64)
            # A call of numpy takes as long as looking at dozens of numbers.
            if all(map(math.isfinite, numbers.tolist())) if numbers.size < 64 else np.isfinite(numbers).all():
                return numbers
        if isinstance(values, np.ndarray) and values.ndim != 1:
            raise ParameterError(
                f"one vector of {len(self._names)} parameter values is needed here, got shape {values.shape}"
            )
        resolved = {} if values is None else resolve_values(self.parameters, values)
        missing = [parameter for parameter in self.parameters if parameter.name not in resolved]
        if missing:
            raise UnboundParameterError(
                f"every parameter needs a value, got none for {listed(missing)}; pass parameters=… or bind the circuit"
            )
        return np.array([resolved[name] for name in self._names], dtype=np.float64)


def _measure(steps: tuple[Step, ...]) -> bool:
    return any(
        isinstance(step, MeasureStep)
        or (isinstance(step, BranchStep) and (_measure(step.then) or _measure(step.otherwise)))
        for step in steps
    )
