"""When a circuit is planned: the thresholds, with their reasons, and the ways that circuits go."""

from __future__ import annotations

from typing import NamedTuple

from qtoolkit.simulators.small.quick import SMALL_QUBITS

__all__ = [
    "ALWAYS_QUBITS", "AMPLITUDE", "ARRAY", "ENTRY", "FEW_ENTRIES", "GIVEN", "GRADIENT_AMPLITUDE",
    "GRADIENT_PLANNING", "LARGE", "LEAST_QUBITS", "LONG", "MOST_QUBITS", "MOST_ROWS", "MOST_VISITS", "NEGLIGIBLE",
    "NEVER", "PARAMETRISED", "PLAN", "PLANNING", "PRODUCT", "THRESHOLDS", "WAYS", "WHEN_IT_PAYS", "WITHOUT_RECIPE",
    "Threshold", "Way",
]  # fmt: skip

ALWAYS_QUBITS, MOST_QUBITS, LEAST_QUBITS = 9, 16, 10
MOST_ROWS, MOST_VISITS = 1 << 17, 1 << 30
PLAN, PLANNING, ARRAY, ENTRY, AMPLITUDE, PRODUCT = 0.2e-3, 0.65e-6, 2.5e-6, 6e-9, 0.2e-9, 0.04e-9
FEW_ENTRIES, NEGLIGIBLE = 1 << 10, 15e-6
GRADIENT_PLANNING, GRADIENT_AMPLITUDE = 13e-6, 0.5e-9


class Threshold(NamedTuple):
    """What decides whether a circuit is planned.

    Attributes:
        name: of the constant.
        value, unit: what it is.
        reason: what it stands for, and why it is no other.
    """

    name: str
    value: float
    unit: str
    reason: str


THRESHOLDS = (
    Threshold("ALWAYS_QUBITS", ALWAYS_QUBITS, "qubits", "up to here no plan is faster by more than some microseconds"),
    Threshold("SMALL_QUBITS", SMALL_QUBITS, "qubits", "up to here a pass for each gate is as fast as sweeps of many"),
    Threshold("MOST_QUBITS", MOST_QUBITS, "qubits", "beyond, a pass over memory for each gate outlasts planning"),
    Threshold("MOST_ROWS", MOST_ROWS, "operations", "more in one call, a tenth of a second, could not be interrupted"),
    Threshold("MOST_VISITS", MOST_VISITS, "operations times amplitudes", "the same on more qubits"),
    Threshold("LEAST_QUBITS", LEAST_QUBITS, "qubits", "from here on it is amplitudes that take the time"),
    Threshold("PLAN", PLAN, "seconds", "any plan"),
    Threshold("PLANNING", PLANNING, "seconds", "each operation of a plan"),
    Threshold("ARRAY", ARRAY, "seconds", "what it takes longer to plan a gate given by an array"),
    Threshold("ENTRY", ENTRY, "seconds", "each number of such an array, without a plan"),
    Threshold("FEW_ENTRIES", FEW_ENTRIES, "numbers in arrays", "a plan saves writing them, six microseconds here"),
    Threshold("NEGLIGIBLE", NEGLIGIBLE, "seconds", "foretold; so little is not worth a look for a plan"),
    Threshold("AMPLITUDE", AMPLITUDE, "seconds", "an amplitude for each pass that changes it, without a plan"),
    Threshold("PRODUCT", PRODUCT, "seconds", "an amplitude for each column of a matrix, without a plan"),
    Threshold("GRADIENT_PLANNING", GRADIENT_PLANNING, "seconds", "each operation of the plan of a gradient"),
    Threshold("GRADIENT_AMPLITUDE", GRADIENT_AMPLITUDE, "seconds", "an amplitude for each operation of a gradient"),
)


class Way(NamedTuple):
    """How circuits of some kind run.

    Attributes:
        circuits: which.
        happens: what happens to them.
        reason: why.
        thresholds: names of those that decide.
    """

    circuits: str
    happens: str
    reason: str
    thresholds: tuple[str, ...] = ()


NEVER = Way(
    f"up to {ALWAYS_QUBITS} qubits without parameters, few matrices; few gates on up to {MOST_QUBITS}",
    "never planned",
    "all gates together take some microseconds",
    ("ALWAYS_QUBITS", "FEW_ENTRIES", "AMPLITUDE", "NEGLIGIBLE"),
)
PARAMETRISED = Way(
    f"up to {SMALL_QUBITS} qubits, with parameters, not mostly phases",
    "never planned; it runs from its tape, then by what is kept of that",
    "sweeps of many gates would take as long",
    ("SMALL_QUBITS",),
)
WHEN_IT_PAYS = Way(
    f"up to {MOST_QUBITS} qubits",
    "planned when its runs so far have taken as long as planning would",
    "no number of runs then takes more than twice the least",
    ("MOST_QUBITS", "PLAN", "PLANNING", "ARRAY", "ENTRY", "AMPLITUDE", "PRODUCT"),
)
LARGE = Way(
    f"{MOST_QUBITS + 1} qubits and more",
    "planned at once",
    "a pass over memory for each gate would take longer than planning",
    ("MOST_QUBITS",),
)
WITHOUT_RECIPE = Way(
    "measurements before the end, resets, branches, channels, matrices on five qubits; with parameters, any on two",
    "planned at once",
    "they have no recipe",
)
LONG = Way(
    f"more than {MOST_ROWS:,} operations, or 2^{MOST_VISITS.bit_length() - 1} operations times amplitudes",
    "planned at once",
    "the one call could not be interrupted",
    ("MOST_ROWS", "MOST_VISITS", "LEAST_QUBITS"),
)
GIVEN = Way("a plan from `compile`", "run by it", "it is made")

WAYS = (NEVER, PARAMETRISED, WHEN_IT_PAYS, LARGE, WITHOUT_RECIPE, LONG, GIVEN)
"""All of them, as the documentation shows them."""
