"""A noise model: which channels a device adds to a circuit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Self

from qtoolkit._arguments import check_instance, items_of, shown
from qtoolkit.circuit import Circuit, KrausChannel, ReadoutError
from qtoolkit.errors import InputError
from qtoolkit.noise.insertion import Writer
from qtoolkit.noise.rules import (
    GateRule,
    IdleRule,
    ReadoutRule,
    Relaxation,
    checked_durations,
    gate_keys,
    places_of,
)

__all__ = ["NoiseModel"]


class NoiseModel:
    """Rules by which channels and readout errors are put into circuits.

    >>> from qtoolkit.noise import depolarizing
    >>> model = NoiseModel().add(depolarizing(0.001), gates=1).add(depolarizing(0.01, 2), gates="cx")
    >>> model.apply(Circuit(2).h(0).cx(0, 1)).count_ops()
    {'depolarizing': 2, 'h': 1, 'cx': 1}

    All rules that belong to an operation act, in the order in which they were added. Methods that add one return the
    model, so that calls chain. Bodies of conditions get noise too.

    Attributes:
        compiles: whether `apply` compiles a circuit before it adds noise, and so needs numbers for its parameters.
    """

    compiles: ClassVar[bool] = False

    def __init__(self) -> None:
        self._rules: list[GateRule] = []
        self._readouts: list[ReadoutRule] = []
        self._idles: list[IdleRule] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoiseModel) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"NoiseModel of {len(self.rules)} rules"

    def __str__(self) -> str:
        return "\n".join(map(str, self.rules)) or "no noise"

    @property
    def rules(self) -> tuple[GateRule | ReadoutRule | IdleRule, ...]:
        """The rules: of gates, of readout, of time."""
        return (*self._rules, *self._readouts, *self._idles)

    def add(
        self,
        channel: KrausChannel,
        gates: str | int | Iterable[str | int] | None = None,
        qubits: int | Iterable[int] | Iterable[tuple[int, ...]] | None = None,
        *,
        but: str | Iterable[str] = (),
    ) -> Self:
        """Let a channel follow gates.

        Args:
            channel: on as many qubits as the gate, in its order; or on one qubit, then it acts on each of the gate's.
            gates: names such as ``"cx"``, or numbers of qubits, for any gates on so many; by default all gates on as
                many as the channel. ``"measure"`` is for what comes before each measurement; ``"reset"`` and
                ``"initialize"`` for what follows them.
            qubits: integers: the channel acts where all of its qubits are among them. Tuples: it follows gates on just
                these operands, in this order. Everywhere by default.
            but: names of gates that the channel does not follow, of those that `gates` stands for.

        Raises:
            InputError: if the channel is none or does not fit the gates, or these or the qubits are none.
        """
        check_instance(channel, KrausChannel, "a channel must be a KrausChannel", InputError)
        self._rules.append(GateRule(channel, gate_keys(gates, channel), places_of(qubits), _names(but)))
        return self

    def add_reset(self, channel: KrausChannel, qubits: int | Iterable[int] | None = None) -> Self:
        """Let a channel on one qubit follow each reset, `Initialize` among them.

        Raises:
            InputError: as for `add`.
        """
        return self.add(channel, ("reset", "initialize"), qubits)

    def add_readout(self, error: ReadoutError, qubits: int | Iterable[int] | None = None) -> Self:
        """Let a readout error follow measurements.

        Args:
            error: on one bit, or correlated on several.
            qubits: of one bit: any of these, by default all. Of several bits: as many qubits, ``qubits[0]`` for the
                lowest bit. They must be measured together, with no other operation between.

        Raises:
            InputError: if the error is none, or does not fit the qubits.
        """
        check_instance(error, ReadoutError, "a readout error must be a ReadoutError", InputError)
        count = error.num_clbits
        if qubits is None:
            if count > 1:
                raise InputError(f"a readout error on {count} bits needs {count} qubits, got none")
            self._readouts.append(ReadoutRule(error, None))
            return self
        places = places_of(qubits)
        ordered = tuple(items_of(qubits, "qubits are integers")) if isinstance(qubits, Iterable) else (qubits,)
        if places is None or len(places) != len(ordered) or not all(isinstance(place, int) for place in places):
            raise InputError(f"a readout error is on distinct qubits, integers, got {shown(qubits)}")
        if count not in (1, len(ordered)):
            raise InputError(f"a readout error on {count} bits needs {count} qubits, got {len(ordered)}")
        self._readouts.append(ReadoutRule(error, tuple(int(qubit) for qubit in ordered)))
        return self

    def add_idle(
        self,
        channel: KrausChannel | Callable[[float], KrausChannel],
        qubits: int | Iterable[int] | None = None,
        durations: Mapping[str | int, float] | None = None,
    ) -> Self:
        """Let a channel act while qubits wait.

        Operations start as early as they can; barriers line up the qubits they stand on. A qubit waits from its first
        operation on; until the end of the circuit, unless it is measured last. In conditions, the shorter branch waits
        for the longer one, and so does what is not run.

        Args:
            channel: on one qubit; one for each layer of waiting, or, with `durations`, a function of the time.
            qubits: which ones; all by default.
            durations: of operations, by name (gates, ``"measure"``, ``"reset"``, ``"initialize"``) or number of qubits,
                in one unit of time; by default each takes a layer.

        Raises:
            InputError: if the channel is none or on several qubits, or durations or qubits are none.
        """
        times = checked_durations(durations)
        if times is None:
            check_instance(channel, KrausChannel, "without durations, a channel of a layer must be a KrausChannel")
        elif isinstance(channel, KrausChannel) or not callable(channel):
            raise InputError(f"with durations, a channel is a function of the time, got {shown(channel)}")
        if isinstance(channel, KrausChannel) and channel.num_qubits != 1:
            raise InputError(f"a waiting qubit's channel is on one qubit, got {channel.num_qubits}")
        self._idles.append(IdleRule(channel, times, _qubits(qubits), False))
        return self

    def add_relaxation(
        self,
        t1: float,
        t2: float,
        durations: Mapping[str | int, float],
        excited_population: float = 0.0,
        qubits: int | Iterable[int] | None = None,
    ) -> Self:
        """Let qubits relax all of the time: behind each operation for as long as it takes, and while they wait.

        Measurements relax before they find an outcome, for all of their time.

        Args:
            t1, t2: see `thermal_relaxation`.
            durations: as for `add_idle`, in the unit of these.
            excited_population: of ``|1⟩`` in equilibrium.
            qubits: which ones; all by default.

        Raises:
            InputError: if times are none, or T2 is above ``2 T1``.
        """
        relaxation = Relaxation(t1, t2, excited_population)
        relaxation(0.0)  # says what is wrong with the numbers
        times = checked_durations(check_instance(durations, Mapping, "durations must be a mapping"))
        self._idles.append(IdleRule(relaxation, times, _qubits(qubits), True))
        return self

    def apply(self, circuit: Circuit) -> Circuit:
        """The circuit with this noise; its parameters, registers and name stay.

        Channels and readout errors that it holds already stay where they are. Where no rule belongs to any operation, a
        warning says so; `uncovered` tells which operations have no noise.

        Raises:
            InputError: if it is no circuit, a channel does not fit a gate, an operation has no duration, a function of
                the time returns no channel on one qubit, or only some of the qubits of a correlated readout error are
                measured together.
        """
        check_instance(circuit, Circuit, "noise is added to a Circuit", remedy="add it before compiling")
        writer = Writer(self._rules, self._readouts, self._idles)
        result = writer.written(circuit)
        if self.rules and not self._idles and writer.met and writer.met == writer.quiet:
            rules = "; ".join(map(str, self.rules[:3])) + ("; …" if len(self.rules) > 3 else "")
            warnings.warn(
                f"no rule of the noise model belongs to an operation of this circuit, which has "
                f"{', '.join(sorted(writer.met))}: it stays without noise; the rules are: {rules}",
                UserWarning,
                stacklevel=2,
            )
        return result

    def uncovered(self, circuit: Circuit) -> dict[str, int]:
        """How many gates, measurements and resets of a circuit no rule of gates, readout or relaxation belongs to.

        >>> from qtoolkit.noise import depolarizing
        >>> NoiseModel().add(depolarizing(0.01, 2), gates="cx").uncovered(Circuit(2).h(0).cx(0, 1).measure_all())
        {'h': 1, 'measure': 2}

        Args:
            circuit: any; operations in branches count too.

        Returns:
            Numbers by name, the names in alphabetical order.

        Raises:
            InputError: as for `apply`; by models that compile circuits.
        """
        check_instance(circuit, Circuit, "noise is added to a Circuit")
        writer = Writer(self._rules, self._readouts, self._idles)
        writer.written(circuit)
        return dict(sorted(writer.quiet.items()))


def _names(given: str | Iterable[str]) -> frozenset[str]:
    rule = "gates that are left out are named, such as 'rz'"
    names = (given,) if isinstance(given, str) else items_of(given, rule)
    for name in names:
        check_instance(name, str, rule)
    return frozenset(names)


def _qubits(given: int | Iterable[int] | None) -> frozenset[int] | None:
    places = places_of(given)
    if places is None:
        return None
    qubits = frozenset(place for place in places if isinstance(place, int))
    if len(qubits) < len(places):
        raise InputError(f"qubits that wait are integers, got {shown(given)}")
    return qubits
