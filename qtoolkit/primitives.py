"""What algorithms are written against: a `Result`, and the protocols of what samples and estimates.

The local simulators satisfy them, and `qtoolkit.backends` makes samplers and estimators of
clouds, so that one line moves an algorithm from one to another.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _packed_bits
from qtoolkit._arguments import MOST_ITEMS, check_instance, check_integer, items_of, numbers_of, shown
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.circuit import Circuit, ClassicalRegister, ParameterValues
    from qtoolkit.operators import PauliSum

__all__ = [
    "Result",
    "Sampler",
    "StateSampler",
    "Estimator",
    "DifferentiableEstimator",
    "CompilingEstimator",
    "ExactEstimator",
    "SectorEstimator",
]


@dataclass(frozen=True)
class Result:
    """Measured bits of a circuit's shots.

    A result made of shots holds their bits packed; `counts` and `memory` are made when they are first read.

    Attributes:
        counts: how often each bitstring came, over all classical bits, highest bit leftmost; most frequent first.
        memory: bits per shot, dtype uint8, shape ``(shots, num_clbits)``, column k for classical bit k;
            None where a provider returns counts only.
        num_clbits: number of classical bits.
        registers: the circuit's classical registers.
        shots: number of shots.
        seed: the seed that reproduces the result, None where there is none.
        backend_name: where it ran.
        metadata: further evidence: precision, wall time in seconds, versions, provider's job id.
    """

    counts: Mapping[str, int]
    num_clbits: int
    shots: int
    memory: NDArray[np.uint8] | None = field(default_factory=lambda: None, repr=False, compare=False)
    registers: tuple[ClassicalRegister, ...] = field(default=(), repr=False)
    seed: int | None = None
    backend_name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_memory(cls, memory: ArrayLike, **evidence: Any) -> Result:
        """A result from bits per shot, shape ``(shots, num_clbits)``; the memory is copied.

        Args:
            memory: zeros and ones.
            evidence: further attributes of the result.

        Raises:
            InputError: if it has another shape or other values.
        """
        given = numbers_of(memory, "memory", kinds="biuf")
        if given.ndim != 2:
            raise InputError(f"memory has one row per shot and one column per classical bit, got shape {given.shape}")
        wrong = (given != 0) & (given != 1)
        if wrong.any():
            raise InputError(f"bits of a memory are 0 or 1, got {given[wrong][0]}")
        return cls.from_packed(_packed_bits.pack(given.astype(np.uint8, copy=False)), given.shape[1], **evidence)

    @classmethod
    def from_packed(cls, words: NDArray[np.uint64], num_clbits: int, **evidence: Any) -> Result:
        """A result from packed bits, which are not copied: hand them over and leave them alone.

        Args:
            words: uint64 of shape ``(shots, ceil(num_clbits / 64))``; classical bit c of a shot is bit ``c % 64`` of
                its word ``c // 64``, and bits beyond the last classical bit are 0.
            num_clbits: number of classical bits.
            evidence: further attributes of the result.

        Raises:
            InputError: if the words have another shape or dtype, or a bit too many is set.
        """
        num_clbits = check_integer(num_clbits, "num_clbits", 0, MOST_ITEMS)
        width = _packed_bits.num_words(num_clbits)
        check_instance(words, np.ndarray, "packed bits must be a numpy array")
        if words.dtype != np.uint64 or words.ndim != 2 or words.shape[1] != width:
            raise InputError(
                f"{num_clbits} bits are packed into uint64 of shape (shots, {width}), got {words.dtype} of shape "
                f"{words.shape}"
            )
        if num_clbits % 64 and words.size and int(words[:, -1].max()) >> num_clbits % 64:
            raise InputError(f"packed bits beyond classical bit {num_clbits - 1} must be 0, got one that is set")
        return cls._of_words(words, num_clbits, **evidence)

    @classmethod
    def _of_words(cls, words: NDArray[np.uint64], num_clbits: int, **evidence: Any) -> Result:
        """What `from_packed` returns, of bits that are known to be right."""
        result = cls({}, num_clbits, len(words), **evidence)
        held = result.__dict__
        del held["counts"], held["memory"]  # which are made when they are first read
        held["_words"] = words
        return result

    def __getattr__(self, name: str) -> Any:
        words = self.__dict__.get("_words")
        if words is None or name not in ("counts", "memory"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name == "counts":
            made: Any = _packed_bits.count(words, self.num_clbits)
        else:
            made = _packed_bits.unpack(words, self.num_clbits)
            made.setflags(write=False)
        self.__dict__[name] = made
        return made

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], num_clbits: int | None = None, **evidence: Any) -> Result:
        """A result from counts alone; spaces in the bitstrings, as some providers write them, are dropped.

        Args:
            counts: how often each bitstring came, its highest bit leftmost.
            num_clbits: length of the bitstrings; that of the longest by default.
            evidence: further attributes of the result.

        Raises:
            InputError: if bitstrings have another length, or other letters than 0 and 1, or a count is negative or no
                integer.
        """
        merged: Counter[str] = Counter()
        for key, count in check_instance(counts, Mapping, "counts are a mapping from bitstrings to integers").items():
            if not isinstance(key, str) or not isinstance(count, int | float | np.integer) or count % 1 != 0:
                raise InputError(f"counts are integers by bitstring, got {shown(count)} for {shown(key)}")
            merged[key.replace(" ", "")] += int(count)
        lengths = {len(key) for key in merged}
        width = max(lengths, default=0) if num_clbits is None else check_integer(num_clbits, "num_clbits", 0)
        for key, count in merged.items():
            if len(key) != width or set(key) - {"0", "1"}:
                raise InputError(
                    f"bitstrings here have {shown(width)} letters 0 or 1, got {shown(key)}; write out leading zeros"
                )
            if count < 0:
                raise InputError(f"counts must be at least 0, got {shown(count)} for {shown(key)}")
        ordered = dict(sorted(merged.items(), key=lambda item: (-item[1], item[0])))
        return cls(ordered, width, sum(ordered.values()), **evidence)

    @cached_property
    def bitstrings(self) -> tuple[str, ...]:
        """The bitstring of each shot in order.

        Raises:
            InputError: if the provider returned counts only.
        """
        words = self._packed()
        if words is None:
            raise InputError(
                f"{self.backend_name or 'this backend'} returns counts without the order of shots; use counts"
            )
        return tuple(_packed_bits.bitstrings(words, self.num_clbits))

    @property
    def probabilities(self) -> dict[str, float]:
        """Relative frequency of each bitstring."""
        return {key: count / self.shots for key, count in self.counts.items()} if self.shots else {}

    def register(self, name: str) -> Result:
        """The result of one classical register alone.

        Raises:
            InputError: if there is none of this name; the message lists them.
        """
        for register in self.registers:
            if isinstance(name, str) and register.name == name:
                return self.marginal(register.clbits)
        known = ", ".join(register.name for register in self.registers) or "none"
        raise InputError(f"the result's registers are {known}; got {shown(name)}")

    def marginal(self, clbits: Sequence[int]) -> Result:
        """The result of some classical bits alone; ``clbits[0]`` becomes bit 0.

        Raises:
            InputError: if an index lies outside the result.
        """
        clbits = items_of(clbits, "classical bits are a sequence of integers")
        outside = [c for c in clbits if not isinstance(c, int | np.integer) or not 0 <= c < self.num_clbits]
        if outside:
            raise InputError(f"classical bits of this result are 0 to {self.num_clbits - 1}, got {shown(outside[0])}")
        clbits = [int(c) for c in clbits]  # those without a sign would wrap round
        evidence: dict[str, Any] = {
            "seed": self.seed,
            "backend_name": self.backend_name,
            "metadata": self.metadata,
        }
        words = self._packed()
        if words is not None:
            chosen = np.zeros((self.shots, _packed_bits.num_words(len(clbits))), np.uint64)
            _packed_bits.select(words, clbits, chosen, range(len(clbits)))
            return Result.from_packed(chosen, len(clbits), **evidence)
        merged: Counter[str] = Counter()
        for key, count in self.counts.items():
            merged["".join(key[self.num_clbits - 1 - c] for c in reversed(clbits))] += count
        return Result.from_counts(merged, len(clbits), **evidence)

    def with_metadata(self, **entries: Any) -> Result:
        """The same result with further metadata."""
        changed = copy(self)
        changed.__dict__["metadata"] = {**self.metadata, **entries}
        return changed

    def _packed(self) -> NDArray[np.uint64] | None:
        """The bits of every shot, None where only counts are known."""
        if "_words" not in self.__dict__:
            if self.memory is None:
                return None
            self.__dict__["_words"] = _packed_bits.pack(self.memory)
        words: NDArray[np.uint64] = self.__dict__["_words"]
        return words


@runtime_checkable
class Sampler(Protocol):
    """Runs a circuit and returns measured bits."""

    def run(
        self,
        circuit: Circuit,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
    ) -> Result:
        """Measured bits of `shots` runs."""
        ...


@runtime_checkable
class StateSampler(Sampler, Protocol):
    """A sampler that holds amplitudes: it gives the state that a circuit prepares, and runs others from there."""

    def state_vector(self, circuit: Circuit, parameters: ParameterValues | None = None) -> NDArray[np.complexfloating]:
        """The amplitudes behind a circuit of gates, shape ``(2**num_qubits,)``."""
        ...

    def run(
        self,
        circuit: Circuit,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        initial_state: ArrayLike | None = None,
    ) -> Result:
        """Measured bits of `shots` runs that begin in a state."""
        ...


@runtime_checkable
class Estimator(Protocol):
    """Computes or estimates expectation values."""

    @overload
    def expectation_value(
        self, circuit: Circuit, observable: PauliSum, parameters: ParameterValues | None = None
    ) -> float: ...

    @overload
    def expectation_value(
        self, circuit: Circuit, observable: Sequence[PauliSum], parameters: ParameterValues | None = None
    ) -> NDArray[np.float64]: ...

    def expectation_value(
        self,
        circuit: Circuit,
        observable: PauliSum | Sequence[PauliSum],
        parameters: ParameterValues | None = None,
    ) -> float | NDArray[np.float64]:
        """``⟨ψ|observable|ψ⟩``, one number for each observable."""
        ...


def check_estimator(estimator: object) -> Estimator:
    """An estimator, which others have a method of the same name as.

    Raises:
        InputError: for anything that does not take a circuit, an observable and values.
    """
    found: Estimator = check_instance(estimator, Estimator, "estimator must be an Estimator")
    try:
        inspect.signature(found.expectation_value).bind(None, None, None)
    except TypeError as error:
        raise InputError(
            "estimator must be an Estimator, whose expectation_value takes a circuit, an observable and values; got "
            f"{shown(estimator)}"
        ) from error
    except ValueError:
        pass  # compiled code that tells nothing
    return found


@runtime_checkable
class DifferentiableEstimator(Estimator, Protocol):
    """An estimator that also differentiates."""

    def gradient(
        self, circuit: Circuit, observable: PauliSum, parameters: ParameterValues
    ) -> tuple[float, NDArray[np.float64]]:
        """The expectation value and its derivative by each parameter, in the order of ``circuit.parameters``."""
        ...


@runtime_checkable
class CompilingEstimator(Estimator, Protocol):
    """An estimator that prepares a circuit and a diagonal observable once, to take them many times.

    What `compile` and `diagonal` return is taken wherever the estimator takes a circuit and an observable.
    """

    def compile(self, circuit: Circuit) -> Any:
        """The circuit in the estimator's own form."""
        ...

    def diagonal(self, observable: PauliSum) -> NDArray[np.float64]:
        """An observable of I and Z alone by its values on the basis states."""
        ...


@runtime_checkable
class ExactEstimator(Estimator, Protocol):
    """An estimator whose values are free of noise, because it holds the amplitudes of all basis states."""

    @property
    def precision(self) -> str:
        """``"double"`` or ``"single"``, of the amplitudes."""
        ...

    def probabilities(self, circuit: Circuit, *, parameters: ParameterValues | None = None) -> NDArray[np.float64]:
        """Of every basis state, float64 of shape ``(2**num_qubits,)``; qubit k is bit k of the index."""
        ...


@runtime_checkable
class SectorEstimator(ExactEstimator, Protocol):
    """An exact estimator of one Hamming weight; probabilities are those of the states of `basis`, in its order."""

    @property
    def hamming_weight(self) -> int:
        """Number of ones in every basis state."""
        ...

    def basis(self, num_qubits: int) -> NDArray[np.int64]:
        """The basis states, int64 of shape ``(C(num_qubits, weight),)``; qubit k is bit k."""
        ...
