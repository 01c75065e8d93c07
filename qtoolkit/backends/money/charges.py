"""The ways in which providers charge, as least and most of circuits and shots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from qtoolkit.backends.money.gate_counts import gate_counts
from qtoolkit.circuit import Circuit

__all__ = ["MODELS", "Charge", "Rates"]

Rates = Mapping[str, tuple[Decimal, Decimal]]
"""The figures of a price by their names: the least and the most of each, which are equal where it is known."""

_ENDLESS = 1000
"""Two to this power updates take longer than any limit of seconds."""

_HQC_BASE, _HQC_SCALE, _HQC_TWO, _HQC_SPAM = 5, 5000, 10, 5


@dataclass(frozen=True)
class Charge:
    """What is charged, before it is rounded.

    Attributes:
        least: where it depends on what nobody knows before.
        most: the amount, where it is known.
        how: it is made up.
        is_bound: whether no more can be charged by the price list.
    """

    least: Decimal
    most: Decimal
    how: str
    is_bound: bool = False


@dataclass(frozen=True)
class Model:
    """A way to charge.

    Attributes:
        charge: of circuits and shots, in a currency.
        words: a price of this model in words, with its figures and currency in braces.
        needed: figures that a price of this model must have.
        optional: those that it may have, with what counts where they are left out.
    """

    charge: Callable[[Sequence[Circuit], int, Rates, str], Charge]
    words: str
    needed: tuple[str, ...] = ()
    optional: Mapping[str, Decimal] | None = None


def _free(circuits: Sequence[Circuit], shots: int, rates: Rates, currency: str) -> Charge:
    return Charge(Decimal(0), Decimal(0), "free of charge", is_bound=True)


def _task_and_shot(circuits: Sequence[Circuit], shots: int, rates: Rates, currency: str) -> Charge:
    (_, per_task), (_, per_shot) = rates["per_task"], rates["per_shot"]
    count = len(circuits)
    amount = count * (per_task + shots * per_shot)
    how = f"{_number(count, 'task')} at {per_task} and {_number(count * shots, 'shot')} at {per_shot} {currency}"
    return Charge(amount, amount, how, is_bound=True)


def _time(circuits: Sequence[Circuit], shots: int, rates: Rates, currency: str) -> Charge:
    count = len(circuits)
    least, most = (
        rates["per_job_seconds"][end]
        + count * (rates["per_task_seconds"][end] + shots * rates["per_shot_seconds"][end])
        for end in (0, 1)
    )
    step, _ = rates["increment_seconds"]
    if step:
        least, most = (step * (seconds / step).to_integral_value(ROUND_CEILING) for seconds in (least, most))
    return _by_time(least, most, rates, currency)


def _simulation(circuits: Sequence[Circuit], shots: int, rates: Rates, currency: str) -> Charge:
    slow, fast = rates["updates_per_second"]
    (floor, _), (ceiling, _), (width, _) = rates["least_seconds"], rates["most_seconds"], rates["width"]
    least = most = Decimal(0)
    for circuit in circuits:
        updates = len(circuit.operations) * Decimal(2) ** min(int(width) * circuit.num_qubits, _ENDLESS)
        least += min(ceiling, max(floor, updates / fast))
        most += min(ceiling, max(floor, updates / slow))
    return _by_time(least, most, rates, currency)


def _by_time(least: Decimal, most: Decimal, rates: Rates, currency: str) -> Charge:
    (_, price), (seconds, _) = rates["price"], rates["per_seconds"]
    each = "a second" if seconds == 1 else "a minute" if seconds == 60 else f"for each {seconds} s"
    time = _plain(most) if least == most else f"{_plain(least)} to {_plain(most)}"
    return Charge(least * price / seconds, most * price / seconds, f"{time} s at {price} {currency} {each}")


def _gate_shots(circuits: Sequence[Circuit], shots: int, rates: Rates, currency: str) -> Charge:
    low_minimum, high_minimum = rates["minimum"]
    one_price, two_price = rates["per_one_qubit_gate"][1], rates["per_two_qubit_gate"][1]
    least = most = Decimal(0)
    ones = twos = 0
    for circuit in circuits:
        counts = gate_counts(circuit)
        amount = shots * (counts.one_qubit * one_price + counts.two_qubit * two_price)
        # The page calls them a minimum in its tables and adds them in its formula.
        least += max(low_minimum, amount)
        most += high_minimum + amount
        ones, twos = ones + counts.one_qubit, twos + counts.two_qubit
    how = (
        f"{_number(ones, 'gate')} on one qubit at {one_price} and {_number(twos, 'gate')} on two at {two_price} "
        f"{currency}, each for {_number(shots, 'shot')}, and a minimum of {low_minimum} or {high_minimum}; "
        "the device's compiler may count otherwise"
    )
    return Charge(least, most, how)


def _hqc(circuits: Sequence[Circuit], shots: int, rates: Rates, currency: str) -> Charge:
    amount = Decimal(0)
    weights = []
    for circuit in circuits:
        counts = gate_counts(circuit)
        weight = counts.one_qubit + _HQC_TWO * counts.two_qubit + _HQC_SPAM * counts.spam
        amount += _HQC_BASE + Decimal(shots * weight) / _HQC_SCALE
        weights.append(f"({counts.one_qubit} + 10 × {counts.two_qubit} + 5 × {counts.spam})")
    each = weights[0] if len(weights) == 1 else f"the weights of {len(weights)} circuits"
    how = f"5 + {shots} × {each} / 5000 {currency}; the device's compiler may count otherwise"
    return Charge(amount, amount, how)


MODELS: Mapping[str, Model] = {
    "free": Model(_free, "free"),
    "task and shot": Model(
        _task_and_shot, "{per_task} {currency} a task and {per_shot} a shot", ("per_task", "per_shot")
    ),
    "time": Model(
        _time,
        "{price} {currency} for each {per_seconds} s; a job takes {per_job_seconds} s, and a circuit "
        "{per_task_seconds} s and {per_shot_seconds} s a shot",
        ("price",),
        {
            "per_seconds": Decimal(1),
            "per_job_seconds": Decimal(0),
            "per_task_seconds": Decimal(0),
            "per_shot_seconds": Decimal(0),
            "increment_seconds": Decimal(0),
        },
    ),
    "simulation": Model(
        _simulation,
        "{price} {currency} for each {per_seconds} s, at least {least_seconds} s a circuit",
        ("price", "least_seconds", "most_seconds", "updates_per_second"),
        {"per_seconds": Decimal(1), "width": Decimal(1)},
    ),
    "gate-shots": Model(
        _gate_shots,
        "{per_one_qubit_gate} {currency} a shot for each gate on one qubit, {per_two_qubit_gate} on two, and a "
        "minimum of {minimum}",
        ("per_one_qubit_gate", "per_two_qubit_gate"),
        {"minimum": Decimal(0)},
    ),
    "HQC": Model(
        _hqc,
        "5 + shots × (gates on one qubit + 10 × those on two + 5 × preparations and measurements) / 5000 {currency}",
    ),
}
"""Every way to charge, by the name that `model` has in a file of prices; ``"unknown"`` is no way."""


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _plain(seconds: Decimal) -> str:
    """Seconds to three digits, without an exponent."""
    return f"{float(seconds):,.3g}" if seconds < 1000 else f"{int(seconds):,}"
