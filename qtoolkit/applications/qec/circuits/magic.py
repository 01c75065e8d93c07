"""Circuits that make magic states and discard what they see go wrong: 15-to-1 distillation, distance-3 cultivation."""

from __future__ import annotations

import itertools

from qtoolkit._arguments import check_flag, shown
from qtoolkit.applications.qec._validation import require_rate
from qtoolkit.applications.qec.circuits._noise import Noise, check_noise, noisy
from qtoolkit.applications.qec.codes import steane_code
from qtoolkit.applications.qec.codes.schedule import coloured_schedule
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.circuit import Circuit, KrausChannel
from qtoolkit.errors import InputError
from qtoolkit.noise import phase_flip

__all__ = ["cultivation_circuit", "distillation_circuit"]

_CHECKS = 4
"""X checks of the [[15, 1, 3]] code."""


def distillation_circuit(error: float | KrausChannel) -> Circuit:
    """15-to-1 distillation of T states on five qubits: its encoder's qubits are those that Z rotations are about.

    Qubits 0 to 3 are the X checks of the [[15, 1, 3]] Reed–Muller code before it is encoded, qubit 4 is what is stored.
    Column j of 1 to 15 is a T gate about the parity of qubit 4 and of the checks in the bits of j, followed by the
    error. Detectors 0 to 3 are the checks, which discard a shot; observable 0 is odd where the state that comes out,
    turned back by a T gate without error, is orthogonal to what it should be.

    As an experiment: ``ExperimentTask(distillation_circuit(0.01), None, heralds=range(4))``; `fifteen_to_one` has the
    exact figures.

    Source: Bravyi and Kitaev, Phys. Rev. A 71, 022316 (2005); Litinski, Quantum 3, 128 (2019), section 2, for the form.

    Args:
        error: of each T gate: the probability of a phase flip, or a channel on one qubit.

    Raises:
        InputError: if it is neither.
    """
    if isinstance(error, KrausChannel):
        if error.num_qubits != 1:
            raise InputError(f"the error of a T gate is a channel on one qubit, got {shown(error)}")
        channel = error
    else:
        channel = phase_flip(require_rate("error", error))
    circuit = Circuit(_CHECKS + 1, _CHECKS + 1, name="15-to-1 distillation")
    output = _CHECKS
    circuit.h(range(_CHECKS + 1))
    for column in range(1, 16):
        checks = [check for check in range(_CHECKS) if column >> check & 1]
        for check in checks:
            circuit.cx(check, output)
        circuit.t(output).channel(channel, output)
        for check in checks:
            circuit.cx(check, output)
    # Fifteen T gates on the stored qubit are T† up to a Clifford gate that is none here.
    circuit.t(output).h(range(_CHECKS + 1)).measure(range(_CHECKS + 1), range(_CHECKS + 1))
    for check in range(_CHECKS):
        circuit.detector([check])
    return circuit.observable([output])


def cultivation_circuit(noise: Noise | None = None, *, proxy: bool = False) -> Circuit:
    """Injection of a T state into the distance-3 colour code, and two checks of it: cultivation without its escape.

    An encoder of CX gates puts T†|+⟩ into Steane's code. All stabilizers are measured; then, twice, the transversal
    operator ⊗(T X T†), which is (X − Y)/√2 of the logical qubit and +1 for the state: between T† and T on all data, X
    of each is controlled by a qubit of a cat state, which is undone after, so that each of its qubits but the one that
    is read is a flag. Stabilizers are measured once more. What follows is without noise: the code is undone, its
    stabilizers are the last six detectors, and observable 0 is odd where the state is orthogonal to T†|+⟩.

    All detectors discard: ``ExperimentTask(circuit, None, heralds=range(circuit.num_detectors))``. No one or two faults
    of circuit-level noise go unseen and do harm with S in the place of T, and no single one does with T. The circuit
    follows the idea of the source and not its gates, which save qubits and time; its escape into a larger code is left
    out, and the stabilizers at the end discard too.

    Source: Gidney, Shutty and Jones, arXiv:2409.17595 (2024).

    Args:
        noise: of all but the end, a preset or a model.
        proxy: S in the place of T. The state is then a stabilizer state, and Stim samples the circuit and finds its
            error model and its smallest faults.

    Raises:
        InputError: if an argument is none of these.
    """
    check_noise(noise)
    stands_in = check_flag(proxy, "proxy")
    maker = _Cultivation("s" if stands_in else "t")
    maker.inject()
    maker.stabilizers()
    maker.check("first")
    maker.check("second")
    maker.stabilizers()
    stop = len(maker.circuit)
    maker.undo()
    return noisy(maker.circuit, noise, 0, stop)


class _Cultivation:
    """Data qubits 0 to 6, and seven more for cat states and syndromes."""

    def __init__(self, gate: str) -> None:
        self._code: StabilizerCode = steane_code()
        self._size = self._code.num_qubits
        self._forth, self._back = gate, f"{gate}dg"
        self._cat = range(self._size, 2 * self._size)
        self._encoder = self._code.encoder()
        self.circuit = Circuit(2 * self._size, name="cultivation")
        self.circuit.name_qubits("data", range(self._size))
        self.circuit.name_qubits("ancilla", self._cat)
        self._known: dict[int, int] = {}

    def inject(self) -> None:
        """The encoder, on a turned |+⟩."""
        (target,) = self._encoder.inputs
        self.circuit.reset(range(self._size)).h(target).barrier()
        getattr(self.circuit, self._back)(target)
        self.circuit.barrier()
        for operation in self._encoder.circuit:
            self.circuit.append(operation.gate, operation.qubits)
            self.circuit.barrier()

    def stabilizers(self) -> None:
        """Measure all of them, each with a flag; each is +1 and stays so."""
        size = self._size
        rows = self._code.stabilizers
        for plain in (False, True):
            chosen = [index for index, row in enumerate(rows) if bool(row[size:].any()) == plain]
            self._flagged(chosen, plain)

    def _flagged(self, chosen: list[int], plain: bool) -> None:
        """Checks of Z, or of X, at the same time: what spreads from an ancilla to two qubits shows in its flag."""
        circuit, rows = self.circuit, self._code.stabilizers[chosen]
        ancillas, flags = list(self._cat[: len(rows)]), list(self._cat[len(rows) : 2 * len(rows)])
        turned = flags if plain else ancillas
        circuit.reset([*ancillas, *flags]).h(turned).barrier()
        layers = coloured_schedule(rows)
        for number, layer in enumerate(layers):
            for row, qubit in layer:
                circuit.cx(*((qubit, ancillas[row]) if plain else (ancillas[row], qubit)))
            circuit.barrier()
            if number in (0, len(layers) - 2):
                for ancilla, flag in zip(ancillas, flags, strict=True):
                    circuit.cx(*((flag, ancilla) if plain else (ancilla, flag)))
                circuit.barrier()
        circuit.h(turned)
        clbits = circuit.add_clbits(2 * len(rows), f"{'z' if plain else 'x'}_{circuit.num_clbits}").clbits
        circuit.measure([*ancillas, *flags], list(clbits)).barrier()
        for row, clbit in zip(chosen, clbits, strict=False):
            circuit.detector([clbit, self._known[row]] if row in self._known else [clbit])
            self._known[row] = clbit
        for clbit in clbits[len(rows) :]:
            circuit.detector([clbit])

    def check(self, name: str) -> None:
        """Measure the transversal operator by a cat state; its sign and its flags are detectors."""
        circuit, cat, data = self.circuit, self._cat, range(self._size)
        links = list(itertools.pairwise(cat))
        circuit.reset(list(cat)).h(cat[0]).barrier()
        for pair in links:
            circuit.cx(*pair).barrier()
        getattr(circuit, self._back)(data)
        circuit.barrier()
        for control, target in zip(cat, data, strict=True):
            circuit.cx(control, target)
        circuit.barrier()
        getattr(circuit, self._forth)(data)
        circuit.barrier()
        for pair in reversed(links):
            circuit.cx(*pair).barrier()
        circuit.h(cat[0])
        clbits = circuit.add_clbits(self._size, name).clbits
        circuit.measure(list(cat), list(clbits)).barrier()
        for clbit in clbits:
            circuit.detector([clbit])

    def undo(self) -> None:
        """Take the state out of the code, and measure all of it."""
        (target,) = self._encoder.inputs
        circuit = self.circuit
        circuit.extend(self._encoder.circuit.inverse(), qubits=range(self._size))
        getattr(circuit, self._forth)(target)
        circuit.h(target)
        clbits = circuit.add_clbits(self._size, "end").clbits
        circuit.measure(list(range(self._size)), list(clbits))
        for qubit, clbit in enumerate(clbits):
            if qubit != target:
                circuit.detector([clbit])
        circuit.observable([clbits[target]])
