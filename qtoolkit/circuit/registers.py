"""Named groups of qubits and classical bits, and conditions on classical values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import MOST_ITEMS, check_instance, is_integer, items_of, shown
from qtoolkit.errors import CircuitError

__all__ = [
    "ClassicalRegister",
    "Clbit",
    "ClassicalCondition",
    "Condition",
    "Parity",
    "ParityCondition",
    "QuantumRegister",
    "check_new_name",
    "condition_of",
    "parity",
    "register_named",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """True when the classical bits `clbits` hold `value`; `clbits[0]` is its lowest bit.

    Raises:
        CircuitError: if the bits cannot hold the value.
    """

    clbits: tuple[int, ...]
    value: int

    def __post_init__(self) -> None:
        clbits = items_of(self.clbits, "a condition is on a tuple of classical bits, integers", CircuitError)
        if not all(is_integer(clbit) and abs(clbit) < MOST_ITEMS for clbit in clbits):
            raise CircuitError(f"a condition is on a tuple of classical bits, integers, got {shown(self.clbits)}")
        object.__setattr__(self, "clbits", tuple(map(int, clbits)))
        if not isinstance(self.value, int | np.integer) or not 0 <= self.value < 1 << len(clbits):
            highest = shown((1 << len(clbits)) - 1)
            raise CircuitError(f"{len(clbits)} classical bits compare with 0 to {highest}, got {shown(self.value)}")

    def __str__(self) -> str:
        bits = ",".join(f"c{i}" for i in self.clbits)
        return f"{bits}=={self.value}"

    def holds(self, bits: Sequence[int] | NDArray[np.uint8]) -> bool:
        """Whether it holds where classical bit k is ``bits[k]``.

        Raises:
            CircuitError: if there are too few, or they are no bits.
        """
        return sum(bit << k for k, bit in enumerate(_taken(bits, self.clbits))) == self.value

    def moved(self, clbits: Sequence[int]) -> Condition:
        """The same condition on other bits: bit k goes to ``clbits[k]``.

        Raises:
            CircuitError: if there are too few, or they are no bits.
        """
        return Condition(_taken(clbits, self.clbits), self.value)


@dataclass(frozen=True, slots=True)
class ParityCondition:
    """True when an odd number of the classical bits `clbits` are 1, or, with the value 0, an even number.

    Raises:
        CircuitError: if the value is neither 0 nor 1.
    """

    clbits: tuple[int, ...]
    value: int = 1

    def __post_init__(self) -> None:
        clbits = items_of(self.clbits, "a parity is that of a tuple of classical bits, integers", CircuitError)
        if not all(is_integer(clbit) and abs(clbit) < MOST_ITEMS for clbit in clbits):
            raise CircuitError(f"a parity is that of a tuple of classical bits, integers, got {shown(self.clbits)}")
        if not isinstance(self.value, int | np.integer) or self.value not in (0, 1):
            raise CircuitError(f"a parity is 0 or 1, got {shown(self.value)}")
        object.__setattr__(self, "clbits", tuple(map(int, clbits)))
        object.__setattr__(self, "value", int(self.value))

    def __str__(self) -> str:
        bits = "⊕".join(f"c{i}" for i in self.clbits)
        return f"{bits}=={self.value}"

    def holds(self, bits: Sequence[int] | NDArray[np.uint8]) -> bool:
        """Whether it holds where classical bit k is ``bits[k]``.

        Raises:
            CircuitError: if there are too few, or they are no bits.
        """
        return sum(_taken(bits, self.clbits)) & 1 == self.value

    def moved(self, clbits: Sequence[int]) -> ParityCondition:
        """The same condition on other bits: bit k goes to ``clbits[k]``.

        Raises:
            CircuitError: if there are too few, or they are no bits.
        """
        return ParityCondition(_taken(clbits, self.clbits), self.value)


def _taken(values: Sequence[int] | NDArray[np.uint8], clbits: tuple[int, ...]) -> tuple[int, ...]:
    """What belongs to some classical bits."""
    found: list[object] = []
    with suppress(TypeError, LookupError):
        found = [values[clbit] for clbit in clbits]
    numbers = tuple([int(value) for value in found if isinstance(value, int | np.integer | np.bool_)])
    if len(numbers) < len(clbits):
        rule = f"a condition on the classical bits {shown(clbits)} needs an integer for each"
        raise CircuitError(f"{rule}, got {shown(values)}")
    return numbers


ClassicalCondition: TypeAlias = Condition | ParityCondition
"""What `Circuit.if_` asks."""


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """The parity of some classical bits; ``parity == 1`` is a `ParityCondition`.

    Raises:
        CircuitError: if they are none.
    """

    clbits: tuple[int, ...]

    __array_ufunc__: ClassVar[None] = None
    """Leaves comparisons with NumPy's integers to this class."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "clbits", ParityCondition(self.clbits).clbits)

    @overload
    def __eq__(self, other: int) -> ParityCondition: ...  # type: ignore[overload-overlap]

    @overload
    def __eq__(self, other: object) -> bool: ...

    def __eq__(self, other: object) -> bool | ParityCondition:
        if isinstance(other, Parity):
            return self.clbits == other.clbits
        if isinstance(other, int | np.integer):
            return ParityCondition(self.clbits, int(other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash((Parity, self.clbits))


def parity(clbits: int | Clbit | ClassicalRegister | Iterable[int | Clbit]) -> Parity:
    """The parity of classical bits, for conditions such as ``circuit.if_(parity([0, 2]) == 1, ...)``.

    Args:
        clbits: indices or `Clbit`s, or a register.

    Raises:
        CircuitError: if they are none.
    """
    if isinstance(clbits, ClassicalRegister):
        return Parity(clbits.clbits)
    given: Iterable[int | Clbit] = (clbits,) if isinstance(clbits, Clbit) or is_integer(clbits) else clbits  # type: ignore[assignment]
    items = items_of(given, "a parity is that of classical bits: indices, or a register", CircuitError)
    return Parity(tuple(bit.index if isinstance(bit, Clbit) else bit for bit in items))


@dataclass(frozen=True, slots=True, eq=False)
class Clbit:
    """One classical bit of a circuit; ``clbit == 1`` is a `Condition`."""

    index: int

    __array_ufunc__: ClassVar[None] = None
    """Leaves comparisons with NumPy's integers to this class."""

    @overload
    def __eq__(self, other: int) -> Condition: ...  # type: ignore[overload-overlap]

    @overload
    def __eq__(self, other: object) -> bool: ...

    def __eq__(self, other: object) -> bool | Condition:
        if isinstance(other, Clbit):
            return self.index == other.index
        if isinstance(other, int | np.integer):
            return Condition((self.index,), int(other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash((Clbit, self.index))


@dataclass(frozen=True, slots=True, eq=False)
class ClassicalRegister:
    """A named group of classical bits; ``register == value`` is a `Condition`.

    Attributes:
        name: unique within the circuit.
        clbits: indices in the circuit, lowest bit of the value first.
    """

    name: str
    clbits: tuple[int, ...]

    __array_ufunc__: ClassVar[None] = None
    """Leaves comparisons with NumPy's integers to this class."""

    def __len__(self) -> int:
        return len(self.clbits)

    def __getitem__(self, index: int) -> Clbit:
        return Clbit(self.clbits[index])

    @overload
    def __eq__(self, other: int) -> Condition: ...  # type: ignore[overload-overlap]

    @overload
    def __eq__(self, other: object) -> bool: ...

    def __eq__(self, other: object) -> bool | Condition:
        if isinstance(other, ClassicalRegister):
            return self.name == other.name and self.clbits == other.clbits
        if isinstance(other, int | np.integer):
            return Condition(self.clbits, int(other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash((ClassicalRegister, self.name, self.clbits))


@dataclass(frozen=True, slots=True)
class QuantumRegister:
    """A named group of qubits, kept so that names survive a round trip through other formats."""

    name: str
    qubits: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.qubits)

    def __getitem__(self, index: int) -> int:
        return self.qubits[index]


def condition_of(given: ClassicalCondition | bool | int) -> ClassicalCondition:
    """A condition, or "this bit is 1" for a bit's index.

    Raises:
        CircuitError: if it is neither.
    """
    if is_integer(given):
        return Condition((int(given),), 1)
    if not isinstance(given, Condition | ParityCondition):
        raise CircuitError(
            f"a condition is `register == value`, `clbit == value`, `parity(clbits) == value` or a bit's index, got "
            f"{shown(given)}"
        )
    return given


def check_new_name(name: str, registers: Sequence[ClassicalRegister | QuantumRegister]) -> None:
    """Refuse a name that a register has already.

    Raises:
        CircuitError: if one has, or the name is no text.
    """
    check_instance(name, str, "a register's name must be a string", CircuitError)
    if any(register.name == name for register in registers):
        raise CircuitError(f"register names must be distinct, got {shown(name)} twice; choose another")


def register_named(name: str, registers: Sequence[ClassicalRegister]) -> ClassicalRegister:
    """The register with this name.

    Raises:
        CircuitError: if there is none; the message lists the names.
    """
    for register in registers:
        if isinstance(name, str) and register.name == name:
            return register
    known = ", ".join(register.name for register in registers) or "none"
    raise CircuitError(f"the circuit's classical registers are {known}; got {shown(name)}")
