"""Which qubits and couplers of a machine can be used, read off its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from qtoolkit.errors import BackendError

__all__ = ["Machine"]


@dataclass(frozen=True)
class Machine:
    """The largest part of a machine that hangs together.

    Attributes:
        places: numbers of its qubits, ascending.
        couplings: pairs of indices into `places`.
    """

    places: tuple[int, ...]
    couplings: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, configuration: Mapping[str, Any], name: str) -> Self:
        """Read a configuration as the service gives it.

        Raises:
            BackendError: if it has another shape, or leaves no qubits.
        """
        try:
            overview = configuration["overview"]
            off = _words(configuration.get("disabledQubits")) | _words(configuration.get("disabledCouplers"))
            qubits = {_number(qubit) for qubit in overview["qubits"] if qubit not in off}
            pairs = {
                (_number(first), _number(second))
                for coupler, (first, second) in overview["coupler_map"].items()
                if coupler not in off
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BackendError(
                f"the configuration of {name} is of another shape: {type(error).__name__}: {error}"
            ) from error
        neighbours: dict[int, set[int]] = {qubit: set() for qubit in qubits}
        for first, second in pairs:
            if first != second and {first, second} <= qubits:
                neighbours[first].add(second)
                neighbours[second].add(first)
        places = tuple(sorted(_largest(neighbours)))
        if not places:
            raise BackendError(f"{name} has no qubits now; ask again later")
        index = {place: k for k, place in enumerate(places)}
        couplings = sorted((index[a], index[b]) for a in places for b in neighbours[a] if a < b)
        return cls(places, tuple(couplings))


def _largest(neighbours: Mapping[int, set[int]]) -> set[int]:
    """The largest set of qubits that hang together, the first of several."""
    best: set[int] = set()
    left = set(neighbours)
    while left:
        found: set[int] = set()
        pending = [min(left)]
        while pending:
            qubit = pending.pop()
            if qubit not in found:
                found.add(qubit)
                pending += neighbours[qubit]
        left -= found
        best = max(best, found, key=len)
    return best


def _words(text: Any) -> set[str]:
    return {word.strip() for word in text.split(",")} if isinstance(text, str) else set(text or ())


def _number(name: str) -> int:
    return int(name.removeprefix("Q"))
