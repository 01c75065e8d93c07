"""Which entry of a calibration stands for a gate on qubits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtoolkit.backends.calibration.reading import SYMMETRIC

if TYPE_CHECKING:
    from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration

__all__ = ["Lookup"]


class Lookup:
    """Entries of a calibration by names and qubits.

    Entries on just these qubits go before those anywhere, those of the gate's name before those of any gate. A gate
    without any on its qubits has that of the best gate there, which the device does it with at least once.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._frames = calibration.frames
        self._named: dict[tuple[str, tuple[int, ...] | None], GateCalibration] = {}
        self._others: dict[tuple[int, tuple[int, ...] | None], GateCalibration] = {}
        self.names: dict[tuple[int, tuple[int, ...] | None], set[str]] = {}
        """Names of entries by their numbers of qubits, and qubits."""
        for gate in calibration.gates:
            key = gate.num_qubits, gate.qubits
            if gate.name is None:
                self._others[key] = gate
                continue
            self._named[gate.name, gate.qubits] = gate
            self.names.setdefault(key, set()).add(gate.name)
        for (name, qubits), gate in list(self._named.items()):
            if name in SYMMETRIC and qubits is not None and (name, qubits[::-1]) not in self._named:
                self._named[name, qubits[::-1]] = gate
                self.names.setdefault((gate.num_qubits, qubits[::-1]), set()).add(name)

    def own(self, name: str, qubits: tuple[int, ...]) -> GateCalibration | None:
        """The entry of a gate's name."""
        return self._named.get((name, qubits)) or self._named.get((name, None))

    def other(self, qubits: tuple[int, ...]) -> GateCalibration | None:
        """The entry of gates on qubits that have none of their own."""
        size = len(qubits)
        for key in ((size, qubits), (size, qubits[::-1]), (size, None)):
            if key in self._others:
                return self._others[key]
        places = {qubits, qubits[::-1]}
        there = [
            self._named[name, place]
            for place in sorted(places)
            for name in sorted(self.names.get((size, place), ()))
            if name not in self._frames
        ]
        there += [self._named[name, None] for name in sorted(self.names.get((size, None), ()))]
        known = [gate for gate in there if gate.error is not None and name_is_gate(gate) and not gate.is_dead]
        return min(known, key=lambda gate: gate.error or 0.0, default=None)

    def entry(self, name: str | None, qubits: tuple[int, ...]) -> GateCalibration | None:
        """The entry that stands for a gate, None where nothing is known of it, or it only changes frames."""
        found = None if name is None else self.own(name, qubits)
        if found is not None or name in self._frames:
            return found
        return self.other(qubits)


def name_is_gate(gate: GateCalibration) -> bool:
    """Whether an entry is of a gate, and not of a reset, which gates are not made of."""
    return gate.name != "reset"
