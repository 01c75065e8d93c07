"""What shots of a circuit take in the near-Clifford simulator, and why."""

from __future__ import annotations

from dataclasses import dataclass

from qtoolkit.simulators.near_clifford.program import FrameProgram
from qtoolkit.simulators.near_clifford.sampler import registers_for
from qtoolkit_kernels.vector.lanes import native_vector_bytes

__all__ = ["NearCliffordReport", "report_of"]


@dataclass(frozen=True)
class NearCliffordReport:
    """What shots of a circuit take; `str` makes a text of it.

    Attributes:
        wanted: what is sampled.
        active_qubits: qubits of the largest component, the k of 2^k amplitudes.
        most_active: qubits of all components at a time, at most.
        amplitudes: that are held for one shot at most.
        memory: bytes of amplitudes that each thread works on.
        cost: amplitudes that are written in one shot.
        order: whose order operations are in: ``"chosen"`` where that costs less than the circuit's.
        num_rotations: gates that are no Clifford gates, as Pauli rotations.
        num_pruned: rotations and channels that change nothing that is wanted, and were left out.
        num_mechanisms: places of Pauli noise that changes something.
        num_certain, num_coins, num_projected: measurements whose outcome the frame knows, those that are fair coins,
            and those that amplitudes decide.
        num_decoders: calls of decoders in between.
        random: detectors and observables, as D0 and L0, that are fair coins whatever the noise; a detector should be
            certain without noise. Some that depend on amplitudes may be missing.
    """

    wanted: str
    active_qubits: int
    most_active: int
    amplitudes: int
    memory: int
    cost: int
    order: str
    num_rotations: int
    num_pruned: int
    num_mechanisms: int
    num_certain: int
    num_coins: int
    num_projected: int
    num_decoders: int
    random: tuple[str, ...]

    @property
    def reason(self) -> str:
        """One sentence that says what the time goes to."""
        if self.active_qubits == 0:
            return "no amplitudes: everything wanted follows from a Clifford frame, coins and noise"
        size = f"2^{self.active_qubits} amplitudes"
        what = "rotations and channels"
        return f"{what} entangle up to {self.active_qubits} qubits at a time, so that a shot needs {size}"

    def __str__(self) -> str:
        lines = [
            ("method", "Clifford frame and dense components"),
            ("wanted", self.wanted),
            ("why", self.reason),
            (
                "rotations",
                f"{self.num_rotations}; {self.num_pruned} rotations and channels change nothing wanted: pruned",
            ),
            ("amplitudes", f"{self.amplitudes:,} held, {self.cost:,} written in a shot"),
            ("memory", f"{self.memory:,} bytes a thread"),
            (
                "measurements",
                f"{self.num_certain} certain, {self.num_coins} coins, {self.num_projected} by amplitudes",
            ),
            ("noise", f"{self.num_mechanisms} places"),
            ("order", f"{self.order} order of what commutes"),
        ]
        if self.num_decoders:
            lines.append(("decoders", f"{self.num_decoders} calls for each batch of shots"))
        if self.random:
            more = f" and {len(self.random) - 8} more" if len(self.random) > 8 else ""
            lines.append(("random", f"{', '.join(self.random[:8])}{more}: fair coins, not certain without noise"))
        return "\n".join(f"{name:<14}{text}" for name, text in lines)


def report_of(program: FrameProgram, num_detectors: int | None) -> NearCliffordReport:
    """The report on a program; None for one that finds classical bits."""
    random: list[str] = []
    if num_detectors is not None:
        random = [f"D{k}" if k < num_detectors else f"L{k - num_detectors}" for k in program.fair]
    width = native_vector_bytes() // 8
    return NearCliffordReport(
        wanted="classical bits" if num_detectors is None else "detectors and observables",
        active_qubits=program.peak,
        most_active=program.most_active,
        amplitudes=program.room,
        memory=16 * width * registers_for(program.room, width) * program.room,
        cost=program.cost,
        order=program.order,
        num_rotations=program.num_rotations,
        num_pruned=program.num_pruned,
        num_mechanisms=program.num_mechanisms,
        num_certain=program.measured["certain"],
        num_coins=program.measured["coins"],
        num_projected=program.measured["projected"],
        num_decoders=len(program.segments),
        random=tuple(random),
    )
