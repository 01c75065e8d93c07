"""What a quantum computer of IQM can do now: the operations that its calibration holds, and on which components."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qtoolkit.errors import BackendError

__all__ = ["Architecture", "read_architecture"]

Step = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Architecture:
    """A quantum computer by its dynamic quantum architecture.

    Attributes:
        calibration_set: id of the calibration that it describes.
        qubits: names of those that can be rotated and measured, in the order of their numbers.
        couplings: for each pair of them, the operations that make a CZ: one of its own, or one between the second and
            a resonator, into which the first is moved before, and out of which after.
        conditional: qubits that can be rotated under a condition.
        resettable: qubits that can be reset.
    """

    calibration_set: str
    qubits: tuple[str, ...]
    couplings: Mapping[tuple[str, str], tuple[Step, ...]]
    conditional: frozenset[str]
    resettable: frozenset[str]

    @property
    def connectivity(self) -> tuple[tuple[int, int], ...]:
        """Pairs of indices of qubits that a CZ can join."""
        places = {name: place for place, name in enumerate(self.qubits)}
        pairs = {(min(places[a], places[b]), max(places[a], places[b])) for a, b in self.couplings}
        return tuple(sorted(pairs))


def read_architecture(data: Any) -> Architecture:
    """Read what the server says.

    Raises:
        BackendError: if it is no architecture, or one without qubits.
    """
    try:
        gates = {str(name): _loci(gate) for name, gate in data["gates"].items()}
        resonators = {str(name) for name in data["computational_resonators"]}
        calibration_set = str(data["calibration_set_id"])
    except (TypeError, KeyError, AttributeError) as error:
        raise BackendError(f"IQM Server's answer is no quantum architecture: {type(error).__name__}: {error}") from None
    singles = {name: {locus[0] for locus in loci if len(locus) == 1} for name, loci in gates.items()}
    usable = singles.get("prx", set()) & singles.get("measure", set()) - resonators
    qubits = tuple(sorted(usable, key=_number))
    if not qubits:
        raise BackendError("the calibration has no qubit that can be rotated and measured; ask again later")
    return Architecture(
        calibration_set,
        qubits,
        _couplings(gates, usable, resonators),
        frozenset(singles.get("cc_prx", set()) & usable),
        frozenset(singles.get("reset", set()) & usable),
    )


def _loci(gate: Any) -> list[tuple[str, ...]]:
    found = [locus for implementation in gate["implementations"].values() for locus in implementation["loci"]]
    return [tuple(str(name) for name in locus) for locus in found]


def _couplings(
    gates: Mapping[str, Iterable[tuple[str, ...]]], qubits: set[str], resonators: set[str]
) -> dict[tuple[str, str], tuple[Step, ...]]:
    found: dict[tuple[str, str], tuple[Step, ...]] = {}
    moves = sorted(locus for locus in gates.get("move", ()) if len(locus) == 2 and locus[0] in qubits)
    joined = sorted(locus for locus in gates.get("cz", ()) if len(locus) == 2)
    for mover, resonator in moves:
        for locus in joined:
            if resonator in resonators and resonator in locus:
                (other,) = [name for name in locus if name != resonator]
                if other in qubits and other != mover:
                    move = ("move", (mover, resonator))
                    found.setdefault((mover, other), (move, ("cz", locus), move))
    for a, b in joined:
        if a in qubits and b in qubits:
            found[a, b] = found[b, a] = (("cz", (a, b)),)
    for (a, b), steps in list(found.items()):
        found.setdefault((b, a), steps)
    return found


def _number(name: str) -> tuple[str, int]:
    """QB2 comes before QB10."""
    letters, digits = re.fullmatch(r"(.*?)(\d*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    return letters, int(digits or 0)
