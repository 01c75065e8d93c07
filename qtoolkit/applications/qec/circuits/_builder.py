"""What all experiments are made of: preparation, rounds of extraction, readout, and what each leaves in the record.

Full barriers divide a circuit into layers, whose operations happen at the same time; a barrier on the register ``data``
alone begins a round. `NoisePreset` reads both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._memory import check_memory
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.applications.qec.codes._input import Schedule
from qtoolkit.circuit import Circuit

__all__ = ["Builder", "check_rounds", "odd_ones"]

_BYTES_PER_OPERATION = 100


class Builder:
    """A circuit of data qubits 0 … n − 1 and an ancilla for each measured operator after them.

    Args:
        num_data: data qubits n.
        num_ancillas: measured operators.
        name: of the circuit.
        check_points: coordinates of the operators, shape (r, 2), for detectors; None without any.
        num_partners: further qubits that no noise reaches, and one more ancilla for them if there are any.
    """

    def __init__(
        self,
        num_data: int,
        num_ancillas: int,
        name: str,
        check_points: NDArray[np.float64] | None = None,
        num_partners: int = 0,
    ) -> None:
        self.num_data = num_data
        self.num_ancillas = num_ancillas
        self.check_points = check_points
        noisy = num_data + num_ancillas
        self.partners = range(noisy, noisy + num_partners)
        self.circuit = Circuit(noisy + num_partners + bool(num_partners), name=name)
        if num_partners:
            self.circuit.name_qubits("ideal", range(noisy, self.circuit.num_qubits))
        self.circuit.name_qubits("data", range(num_data))
        if num_ancillas:
            self.circuit.name_qubits("ancilla", range(num_data, num_data + num_ancillas))

    def prepare(self, letters: Sequence[str], qubits: Sequence[int] | None = None) -> None:
        """Put data qubits into the +1 eigenstate of one letter each; begins and ends within one layer."""
        places = range(self.num_data) if qubits is None else qubits
        self.circuit.reset(list(places))
        for qubit, letter in zip(places, letters, strict=True):
            if letter in "XY":
                self.circuit.h(qubit)
            if letter == "Y":
                self.circuit.s(qubit)

    def reset_ancillas(self) -> None:
        """Put all ancillas into |0⟩, within the layer."""
        ancillas = list(range(self.num_data, self.num_data + self.num_ancillas))
        if ancillas:
            self.circuit.reset(ancillas)

    def read(self, letters: Sequence[str], register: str, qubits: Sequence[int] | None = None) -> dict[int, int]:
        """Measure data qubits in one letter each, within the layer; the classical bit of each."""
        places = range(self.num_data) if qubits is None else qubits
        for qubit, letter in zip(places, letters, strict=True):
            if letter == "Y":
                self.circuit.sdg(qubit)
            if letter in "XY":
                self.circuit.h(qubit)
        clbits = self.circuit.add_clbits(len(letters), register).clbits
        self.circuit.measure(list(places), list(clbits))
        return dict(zip(places, clbits, strict=True))

    def tick(self) -> None:
        """End a layer."""
        self.circuit.barrier()

    def extract(
        self, rows: Bits, schedule: Schedule, register: str, ancillas: Sequence[int] | None = None
    ) -> tuple[int, ...]:
        """One round: measure operators through their ancillas, which are reset; the classical bit of each operator.

        An operator of Z alone is collected on an ancilla in |0⟩; another is controlled by one in |+⟩.

        Args:
            rows: operators [x | z], shape (m, 2n).
            schedule: layers of pairs (operator, data qubit).
            register: of the classical bits.
            ancillas: of each operator, counted from the first ancilla; in order by default.
        """
        size = rows.shape[1] // 2
        places = [self.num_data + index for index in (range(len(rows)) if ancillas is None else ancillas)]
        letters = rows[:, :size] + 2 * rows[:, size:]
        turned = [place for place, row in zip(places, rows, strict=True) if row[:size].any()]
        plain = {row for row in range(len(rows)) if not rows[row, :size].any()}
        self.tick()
        self.circuit.barrier(*range(self.num_data))
        if turned:
            self.circuit.h(turned)
            self.tick()
        for layer in schedule:
            for row, qubit in layer:
                if row in plain:
                    self.circuit.cx(qubit, places[row])
                elif letters[row, qubit] == 1:
                    self.circuit.cx(places[row], qubit)
                elif letters[row, qubit] == 2:
                    self.circuit.cz(places[row], qubit)
                else:
                    self.circuit.cy(places[row], qubit)
            self.tick()
        if turned:
            self.circuit.h(turned)
            self.tick()
        clbits = self.circuit.add_clbits(len(rows), register).clbits
        self.circuit.measure(places, list(clbits))
        self.circuit.reset(places)
        return clbits

    def extract_ideally(self, operators: Sequence[Sequence[tuple[int, str]]], register: str) -> tuple[int, ...]:
        """Measure operators one after the other through the last qubit; the classical bit of each.

        Args:
            operators: pairs (qubit, letter) of each.
            register: of the classical bits.
        """
        ancilla = self.circuit.num_qubits - 1
        clbits = self.circuit.add_clbits(len(operators), register).clbits
        for operator, clbit in zip(operators, clbits, strict=True):
            self.circuit.reset(ancilla).h(ancilla)
            for qubit, letter in operator:
                place = {"X": self.circuit.cx, "Y": self.circuit.cy, "Z": self.circuit.cz}[letter]
                place(ancilla, qubit)
            self.circuit.h(ancilla).measure(ancilla, clbit)
        return clbits

    def detector(self, clbits: Sequence[int], check: int, time: float) -> None:
        """Declare a detector at a check; bits that come twice drop out."""
        place = () if self.check_points is None else tuple(self.check_points[check].tolist())
        self.circuit.detector(odd_ones(clbits), (*place, time))


def odd_ones(clbits: Sequence[int]) -> list[int]:
    """The bits that come an odd number of times, in order."""
    found: dict[int, int] = {}
    for clbit in clbits:
        found[clbit] = found.get(clbit, 0) + 1
    return [clbit for clbit, times in found.items() if times % 2]


def check_rounds(num_operators: int, rounds: int) -> None:
    """Refuse more rounds than there is memory for.

    Raises:
        InsufficientMemoryError: naming both.
    """
    check_memory(
        _BYTES_PER_OPERATION * 12 * num_operators * rounds,
        f"{shown(rounds)} rounds of {num_operators} operators",
        "take fewer rounds",
    )
