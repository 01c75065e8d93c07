"""A memory that decodes, corrects and reads its logical qubit within one circuit."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from qtoolkit._checks import require_choice, require_integer
from qtoolkit.applications.qec.adaptive.records import recorded_decoder
from qtoolkit.applications.qec.circuits._builder import Builder, check_rounds
from qtoolkit.applications.qec.circuits._noise import Noise, check_noise, noisy
from qtoolkit.applications.qec.circuits.memory import any_code, product_letters, syndrome_schedule, values_of
from qtoolkit.applications.qec.codes import RotatedSurfaceCode, StabilizerCode
from qtoolkit.applications.qec.codes._binary import Bits, row_reduced
from qtoolkit.applications.qec.decoders import Decoder
from qtoolkit.circuit import Circuit, parity
from qtoolkit.errors import InputError

__all__ = ["corrected_memory_circuit"]

ProductBasis: TypeAlias = Literal["x", "z"]


def corrected_memory_circuit(
    code: StabilizerCode | RotatedSurfaceCode,
    rounds: int,
    basis: ProductBasis = "z",
    noise: Noise | None = None,
    decoder: Decoder | str = "matching",
) -> Circuit:
    """Store a logical state, decode what was recorded, correct by feedback, and measure the logical qubit: one circuit.

    After `rounds` noisy rounds a last one without noise tells the syndrome. A decoder called in the circuit takes all
    recorded bits and writes which logical operators were flipped, into the register ``decoded``. Feedback applies for
    each stabilizer at −1 an operator that anticommutes with it alone, and logical X (in basis x, Z) of each stored
    qubit that is said to be flipped. The data are in the code space then, whatever happened. They are read without
    noise: the last detectors, one for each stabilizer that the readout tells, are even always, and observable i is
    that of stored qubit i, odd where the correction failed. So it fails as often as a memory decoded afterwards.

    It runs on simulators that call decoders: `NearCliffordSimulator`, `StatevectorSimulator`,
    `DensityMatrixSimulator`. As an experiment it needs ``decoder=None``.

    Args:
        code: what stores.
        rounds: of noisy extraction, at least 1.
        basis: of the logical eigenstate that is stored.
        noise: of preparation and rounds, a preset or a model; none for an ideal circuit, which has nothing to decode.
        decoder: a name of `DECODERS`, or an object with ``compile(model)``; it is compiled for the rounds' detectors.

    Raises:
        InputError: if an argument is none of these, the code stores nothing, or no product state is an eigenstate of
            all logical operators of the basis.
        InsufficientMemoryError: if there is no memory for so many rounds.
        MissingExtraError: if Stim, or what the decoder needs, is not installed.
    """
    count = require_integer("rounds", rounds, minimum=1)
    require_choice("basis", basis, ("x", "z"))
    check_noise(noise)
    found = any_code(code)
    if found.num_logical == 0 or len(found.measured_operators) == 0:
        raise InputError(f"a corrected memory stores something and measures stabilizers, got {found!r}")
    check_rounds(len(found.measured_operators), count + 1)
    memory = _Memory(found, count, basis, noise)
    online = memory.extracted()
    inner = recorded_decoder(memory.watched(), decoder)
    into = online.add_clbits(found.num_logical, "decoded").clbits
    online.decode(inner, inner.clbits, into)
    memory.correct(online, into)
    memory.read(online, all_stabilizers=True)
    return online


class _Memory:
    """Rounds of extraction, and what may follow them."""

    def __init__(self, code: StabilizerCode, rounds: int, basis: str, noise: Noise | None) -> None:
        self._code = code
        self._basis = basis
        self._logicals = code.logical_x if basis == "x" else code.logical_z
        self._letters = product_letters(code, self._logicals, basis)
        builder = Builder(code.num_qubits, len(code.measured_operators), f"corrected memory {basis} of {code.name}")
        builder.prepare(self._letters)
        builder.reset_ancillas()
        before: list[tuple[int, ...] | None] = [() if self._is_read(row) else None for row in code.stabilizers]
        stop = 0
        schedule = syndrome_schedule(code)
        for round_ in range(rounds + 1):
            if round_ == rounds:
                stop = len(builder.circuit)
                builder.reset_ancillas()  # whose last reset was a noisy one
            clbits = builder.extract(code.measured_operators, schedule, f"round_{round_}")
            now = values_of(code, clbits)
            for check, (earlier, later) in enumerate(zip(before, now, strict=True)):
                if earlier is not None:
                    builder.detector([*later, *earlier], check, round_)
            before = list(now)
        self._syndrome = now
        self._circuit = noisy(builder.circuit, noise, 0, stop)

    def extracted(self) -> Circuit:
        """All rounds."""
        return self._circuit.copy()

    def watched(self) -> Circuit:
        """All rounds and a readout, whose observables are the logical operators as they are, not corrected."""
        circuit = self.extracted()
        self.read(circuit, all_stabilizers=False)
        return circuit

    def correct(self, circuit: Circuit, decoded: tuple[int, ...]) -> None:
        """Feedback by the last round's syndrome and by decoded flips."""
        code = self._code
        for row, error in zip(*_pure_errors(code), strict=True):
            _switched(circuit, self._syndrome[row], error)
        flips = code.logical_z if self._basis == "x" else code.logical_x
        for clbit, flip in zip(decoded, flips, strict=True):
            _switched(circuit, (clbit,), flip)

    def read(self, circuit: Circuit, all_stabilizers: bool) -> None:
        """Measure the data; detectors of stabilizers if wanted, and the observables."""
        size = self._code.num_qubits
        for qubit, letter in enumerate(self._letters):
            if letter == "Y":
                circuit.sdg(qubit)
            if letter in "XY":
                circuit.h(qubit)
        clbits = circuit.add_clbits(size, "data").clbits
        circuit.measure(list(range(size)), list(clbits))
        if all_stabilizers:
            for row in self._code.stabilizers:
                if self._is_read(row):
                    circuit.detector([clbits[q] for q in _support(row)])
        for index, row in enumerate(self._logicals):
            circuit.observable([clbits[q] for q in _support(row)], index)

    def _is_read(self, row: Bits) -> bool:
        size = len(self._letters)
        return all("IXZY"[row[q] + 2 * row[size + q]] == self._letters[q] for q in _support(row))


def _pure_errors(code: StabilizerCode) -> tuple[list[int], Bits]:
    """Independent rows of the stabilizers, and for each an operator that anticommutes with it alone.

    All of them commute with the logical operators, so that they leave these as they are.
    """
    rows = row_reduced(code.stabilizers.T)[1]
    operators = np.vstack([code.stabilizers[rows], code.logical_x, code.logical_z])
    size = code.num_qubits
    asked = np.hstack([operators[:, size:], operators[:, :size], np.eye(len(operators), dtype=np.uint8)])
    reduced, pivots = row_reduced(asked, range(2 * size))
    found = np.zeros((len(operators), 2 * size), np.uint8)
    found[:, pivots] = reduced[:, 2 * size :].T
    return rows, found[: len(rows)]


def _switched(circuit: Circuit, clbits: tuple[int, ...], operator: Bits) -> None:
    """A Pauli operator [x | z] if a parity is odd."""
    size = len(operator) // 2
    body = Circuit(circuit.num_qubits, circuit.num_clbits)
    for qubit in _support(operator):
        getattr(body, " xzy"[operator[qubit] + 2 * operator[size + qubit]])(qubit)
    circuit.if_(parity(clbits) == 1, body)


def _support(row: Bits) -> list[int]:
    size = len(row) // 2
    return [int(q) for q in np.flatnonzero(row[:size] | row[size:])]
