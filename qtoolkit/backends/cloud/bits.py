"""Which of a provider's bits each classical bit is, and results made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.circuit import Circuit, ClassicalRegister
from qtoolkit.errors import ConversionError, JobError
from qtoolkit.primitives import Result

__all__ = ["BitMap", "Outcomes", "bits_of_shots"]


@dataclass(frozen=True)
class BitMap:
    """Where the classical bits of a circuit are in a provider's answer.

    Attributes:
        num_clbits: number of the circuit's classical bits.
        registers: the circuit's own registers.
        sources: for each classical bit, the provider's register (or key) and the index in it; None for a bit that
            nothing writes, which is 0.
    """

    num_clbits: int
    registers: tuple[ClassicalRegister, ...]
    sources: tuple[tuple[str, int] | None, ...]

    @classmethod
    def of(cls, circuit: Circuit, sources: Mapping[int, tuple[str, int]]) -> Self:
        """The map of a circuit.

        Args:
            circuit: has the classical bits.
            sources: the provider's register and index of each classical bit that is written.
        """
        bits = range(circuit.num_clbits)
        return cls(circuit.num_clbits, circuit.clbit_registers, tuple(sources.get(bit) for bit in bits))

    def blank(self, num_qubits: int) -> Circuit:
        """A circuit without operations that has the map's classical bits and registers."""
        circuit = Circuit(num_qubits)
        circuit.num_clbits = self.num_clbits
        for register in self.registers:
            circuit.name_clbits(register.name, register.clbits)
        return circuit

    def measure(self, circuit: Circuit, qubits: Mapping[int, int] | Sequence[int]) -> Circuit:
        """Measure qubits of a circuit that was read back into the bits that they are the sources of.

        Args:
            circuit: has the map's classical bits.
            qubits: the qubit of each index of the provider's only register.

        Raises:
            ConversionError: if a bit comes from an index that no qubit has.
        """
        for clbit, source in enumerate(self.sources):
            if source is not None:
                try:
                    circuit.measure(qubits[source[1]], clbit)
                except LookupError:
                    raise ConversionError(f"nothing is measured into bit {source[1]}, where bit {clbit} is") from None
        return circuit

    def measured_again(self, read: Circuit) -> Circuit:
        """A circuit that was read back, measured at its end into the provider's only register, with the map's bits.

        Raises:
            ConversionError: if a bit comes from an index that it does not measure.
        """
        body, measured = read.split_final_measurements()
        circuit = self.blank(body.num_qubits)
        for operation in body.operations:
            circuit.append(operation.gate, operation.qubits)
        return self.measure(circuit, {column: qubit for qubit, column in measured})

    def result(self, outcomes: Outcomes, shots: int, **evidence: Any) -> Result:
        """The provider's outcomes, by the circuit's classical bits.

        Args:
            outcomes: what the provider returned.
            shots: as many as were asked for.
            evidence: further attributes of the result.

        Raises:
            JobError: if the outcomes are of another number of shots, or lack a bit.
        """
        if outcomes.shots != shots:
            raise JobError(f"the provider returned {outcomes.shots} shots, {shots} were asked for; its answer is kept")
        rows = outcomes.num_rows
        memory = np.zeros((rows, self.num_clbits), dtype=np.uint8)
        for clbit, source in enumerate(self.sources):
            if source is not None:
                memory[:, clbit] = outcomes.column(*source)
        evidence = {**evidence, "registers": self.registers}
        evidence["metadata"] = {**outcomes.metadata, **evidence.get("metadata", {})}
        if outcomes.counts is None:
            return Result.from_memory(memory, **evidence)
        counts: Counter[str] = Counter()
        for row, count in zip(memory[:, ::-1], outcomes.counts.tolist(), strict=True):
            counts["".join("1" if bit else "0" for bit in row)] += count
        return Result.from_counts(counts, self.num_clbits, **evidence)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types; `from_json` reads it."""
        return {
            "num_clbits": self.num_clbits,
            "registers": [[register.name, list(register.clbits)] for register in self.registers],
            "sources": [None if source is None else list(source) for source in self.sources],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return cls(
            data["num_clbits"],
            tuple(ClassicalRegister(name, tuple(clbits)) for name, clbits in data["registers"]),
            tuple(None if source is None else (source[0], source[1]) for source in data["sources"]),
        )


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The bits that a provider returned for one circuit, by its own registers or keys.

    Attributes:
        bits: of each register, uint8 of shape ``(num_rows, width)``; column k is index k of the register.
        counts: how often each row came, int64 of shape ``(num_rows,)``; None where each row is a shot, in order.
        metadata: what else the provider says: times, versions, the device.
    """

    bits: Mapping[str, NDArray[np.uint8]]
    counts: NDArray[np.int64] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_integers(cls, register: str, width: int, counts: Mapping[int, int], **metadata: Any) -> Self:
        """Counts by integer; bit k of an integer is index k of the register.

        Raises:
            JobError: if an integer has more bits than the register, or a count is no integer of at least 0.
        """
        rows = np.zeros((len(counts), width), dtype=np.uint8)
        for row, value in enumerate(counts):
            if value < 0 or value >> width:
                raise JobError(f"an outcome of {width} bits lies between 0 and {(1 << width) - 1}, got {value}")
            rows[row] = np.frombuffer(format(value, f"0{width}b")[::-1].encode(), np.uint8)[:width] - ord("0")
        return cls({register: rows}, _counts(counts.values()), metadata)

    @classmethod
    def of_bitstrings(
        cls, register: str, counts: Mapping[str, int], *, first_is_left: bool, width: int | None = None, **metadata: Any
    ) -> Self:
        """Counts by bitstring.

        Args:
            register: the provider's.
            counts: by bitstrings of one length.
            first_is_left: whether index 0 of the register is the leftmost letter, and not the rightmost.
            width: how many letters there must be; as many as there are by default.
            metadata: what else the provider says.

        Raises:
            JobError: if bitstrings have another length or other letters, or a count is no integer of at least 0.
        """
        length = len(next(iter(counts), "")) if width is None else width
        for key in counts:
            if len(key) != length or set(key) - {"0", "1"}:
                raise JobError(f"the provider's bitstrings have {length} letters 0 or 1, got {key!r}")
        rows = np.array([[letter == "1" for letter in key] for key in counts], dtype=np.uint8)
        rows = rows.reshape(len(counts), length)
        return cls({register: rows if first_is_left else rows[:, ::-1]}, _counts(counts.values()), metadata)

    @property
    def num_rows(self) -> int:
        """Shots, or distinct outcomes."""
        if self.counts is not None:
            return len(self.counts)
        return len(next(iter(self.bits.values()))) if self.bits else 0

    @property
    def shots(self) -> int:
        """How many shots the outcomes are of."""
        # A sum of fixed width would come round to what was asked for.
        return self.num_rows if self.counts is None else sum(self.counts.tolist())

    def column(self, register: str, index: int) -> NDArray[np.uint8]:
        """One bit of each row.

        Raises:
            JobError: if the provider did not return it, or values that are neither 0 nor 1.
        """
        bits = self.bits.get(register)
        if bits is None or bits.ndim != 2 or len(bits) != self.num_rows or not 0 <= index < bits.shape[1]:
            known = ", ".join(f"{name} of {array.shape[-1]}" for name, array in self.bits.items()) or "none"
            raise JobError(f"the provider's answer lacks bit {index} of {register!r}; it has {known}")
        column = bits[:, index]
        if not ((column == 0) | (column == 1)).all():
            raise JobError(f"bits of a provider are 0 or 1, got others at index {index} of {register!r}")
        return column


def _counts(values: Sequence[int] | Any) -> NDArray[np.int64]:
    counts = list(values)
    for count in counts:
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 0 <= count < 1 << 63:
            raise JobError(f"counts of a provider are integers of at least 0, got {shown(count)}")
    return np.array(counts, dtype=np.int64)


def bits_of_shots(given: Any, what: str, width: int | None = None) -> NDArray[np.uint8]:
    """Bits as a service lists them, a row for each shot: numbers, true and false, or letters.

    Args:
        given: rows.
        what: they are, for the message.
        width: bits of each row; as many as there are by default.

    Returns:
        uint8, shape ``(shots, width)``.

    Raises:
        JobError: if they are of another shape, or neither 0 nor 1.
    """
    try:
        rows = np.asarray(given)
    except ValueError:  # rows of different lengths
        rows = np.empty(0, dtype=object)
    if width is not None and rows.size == 0 and isinstance(given, list) and not given:
        return np.zeros((0, width), dtype=np.uint8)
    shape = f"{what} must be bits of shape (shots, {'width' if width is None else width})"
    if rows.ndim != 2 or rows.dtype.kind not in "biuU" or (width is not None and rows.shape[1] != width):
        raise JobError(f"{shape}, got {rows.dtype} of shape {rows.shape}")
    ones, zeros = ("1", "0") if rows.dtype.kind == "U" else (1, 0)
    bits: NDArray[np.bool_] = rows == ones
    if not (bits | (rows == zeros)).all():
        raise JobError(f"{shape}, got values that are no bits")
    return bits.astype(np.uint8)
