"""The questions of the benchmark: which circuits, observables and sizes, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from peers import circuits, transpiled
from peers.convert import portable_circuit, portable_terms
from peers.portable import PauliTerms, Task
from qtoolkit import Circuit, PauliSum

__all__ = ["FULL", "PRECISIONS", "QUICK", "Case", "build_task", "chosen_cases"]

PRECISIONS = ("double", "single")
SHOTS, FEW_SHOTS = 1_000_000, 1000
MANY_CIRCUITS, SHORT = 10_000, 30
QAOA_LAYERS, RING_LAYERS = 6, 10


@dataclass(frozen=True, order=True)
class Case:
    """A question about one circuit of one size in one precision.

    Attributes:
        question: one of `peers.portable.QUESTIONS`, or ``startup``.
        circuit: a name that the question knows.
        num_qubits: size of the circuit.
        precision: ``double`` or ``single``.
    """

    question: str
    circuit: str
    num_qubits: int
    precision: str

    def __str__(self) -> str:
        return f"{self.question} {self.circuit} {self.num_qubits} {self.precision}"


def build_task(case: Case, files: Mapping[str, Circuit] | None = None) -> Task:
    """The task of a case; it does not depend on the precision.

    Args:
        case: what is asked.
        files: circuits that are asked once, by their names.

    Raises:
        KeyError: for a question or circuit without a name.
        ImportError: if a molecule is asked for and PySCF is missing.
    """
    if files and case.question == "once" and case.circuit in files:
        return Task("once", portable_circuit(files[case.circuit]))
    return _BUILDERS[case.question](case.circuit, case.num_qubits)


def _state(name: str, num_qubits: int) -> Task:
    """As for `_once`, with what each simulator can keep of it kept."""
    return Task("state", portable_circuit(transpiled.named(name, num_qubits)))


def _once(name: str, num_qubits: int) -> Task:
    """A circuit in its own gates, in those that transpilers leave, or one of MQT Bench."""
    return Task("once", portable_circuit(transpiled.named(name, num_qubits)))


def _startup(name: str, num_qubits: int) -> Task:
    return _state(name, num_qubits)


def _samples(name: str, num_qubits: int) -> Task:
    """Shots of a shallow ansatz: its simulation costs little beside them."""
    circuit = circuits.ansatz(num_qubits, layers=1)
    return Task("samples", portable_circuit(circuit.bind(_angles(circuit))), shots=SHOTS)


def _expectation(name: str, num_qubits: int) -> Task:
    if name == "ising":
        circuit = circuits.ansatz(num_qubits, layers=3)
        return Task("expectation", portable_circuit(circuit.bind(_angles(circuit))), _ising(num_qubits))
    if name in _QAOA_COSTS:
        cost, last_gamma = _QAOA_COSTS[name]
        # A schedule of the kind that does well: small phases that grow, mixing that fades.
        gammas, betas = np.linspace(0.01, last_gamma, QAOA_LAYERS), np.linspace(0.8, 0.2, QAOA_LAYERS)
        extra = {"gammas": tuple(gammas.tolist()), "betas": tuple(betas.tolist())}
        circuit = circuits.qaoa(cost(num_qubits), gammas, betas)
        return Task("expectation", portable_circuit(circuit), portable_terms(cost(num_qubits)), extra=extra)
    circuit = circuits.ansatz(num_qubits, layers=1)
    return Task("expectation", portable_circuit(circuit.bind(_angles(circuit))), _molecule(name)[1])


_QAOA_COSTS: dict[str, tuple[Callable[[int], PauliSum], float]] = {
    "labs": (circuits.labs_cost, 0.06),
    "portfolio": (circuits.portfolio_cost, 0.3),
}


def _gradient(name: str, num_qubits: int) -> Task:
    if name == "portfolio-ring":
        ones = num_qubits // 4
        circuit = circuits.portfolio_ring(num_qubits, ones, RING_LAYERS)
        angles = np.random.default_rng(num_qubits).uniform(0.05, 0.6, circuit.num_parameters).tolist()
        cost = portable_terms(circuits.portfolio_cost(num_qubits))
        return Task("gradient", portable_circuit(circuit, angles), cost, extra={"ones": ones, "layers": RING_LAYERS})
    if name == "ansatz":
        circuit = circuits.ansatz(num_qubits)
        return Task("gradient", portable_circuit(circuit, _angles(circuit)), _ising(num_qubits))
    molecule, observable = _molecule(_UCCSD_MOLECULES[num_qubits])
    circuit = circuits.uccsd(num_qubits, molecule)
    angles = np.random.default_rng(num_qubits).uniform(-0.2, 0.2, circuit.num_parameters)
    return Task("gradient", portable_circuit(circuit, angles.tolist()), observable)


def _angles(circuit: Circuit) -> list[float]:
    rng = np.random.default_rng([circuit.num_qubits, 31])
    return list(rng.uniform(-math.pi, math.pi, circuit.num_parameters))


def _ising(num_qubits: int) -> PauliTerms:
    terms: list[tuple[str, tuple[int, ...], float]] = [("X", (q,), 0.7) for q in range(num_qubits)]
    terms += [("ZZ", (q, q + 1), -1.0) for q in range(num_qubits - 1)]
    return portable_terms(PauliSum.from_sparse_list(terms, num_qubits))


_UCCSD_MOLECULES = {4: "h2", 12: "lih", 14: "h2o"}


@lru_cache
def _molecule(name: str) -> tuple[int, PauliTerms]:
    """Number of electrons and Hamiltonian in the STO-3G basis, by Jordan–Wigner."""
    from qtoolkit.applications.chemistry import Molecule, compute_integrals, diatomic, qubit_hamiltonian

    water = [("O", (0.0, 0.0, 0.1173)), ("H", (0.0, 0.7572, -0.4692)), ("H", (0.0, -0.7572, -0.4692))]
    molecules: dict[str, Callable[[], Molecule]] = {
        "h2": lambda: diatomic("H", "H", 0.735),
        "lih": lambda: diatomic("Li", "H", 1.6),
        "h2o": lambda: Molecule([(symbol, position) for symbol, position in water]),
        "n2": lambda: diatomic("N", "N", 1.1),
    }
    integrals = compute_integrals(molecules[name]())
    return sum(integrals.nelec), portable_terms(qubit_hamiltonian(integrals))


def _anew(question: str, build: Callable[[str, int], Task]) -> Callable[[str, int], Task]:
    """The task of which building the circuit is a part."""
    return lambda name, num_qubits: replace(build(name, num_qubits), question=question)


def _many(_name: str, num_qubits: int) -> Task:
    """Different circuits of two qubits up to so many, as short as those that tests and searches run."""
    rng = np.random.default_rng([num_qubits, 37])
    found = [portable_circuit(_short(int(rng.integers(2, num_qubits + 1)), rng)) for _ in range(MANY_CIRCUITS)]
    return Task("once-many", found[-1], extra={"circuits": tuple(found)})


def _short(num_qubits: int, rng: np.random.Generator) -> Circuit:
    circuit = Circuit(num_qubits)
    for kind, angle in zip(rng.integers(4, size=SHORT).tolist(), rng.uniform(-3, 3, SHORT).tolist(), strict=True):
        first, second = rng.permutation(num_qubits)[:2].tolist()
        if kind < 2:
            (circuit.ry if kind else circuit.rz)(angle, first)
        else:
            (circuit.cx if kind == 2 else circuit.cz)(first, second)
    return circuit


def _few_samples(name: str, num_qubits: int) -> Task:
    return replace(_samples(name, num_qubits), shots=FEW_SHOTS)


_BUILDERS: dict[str, Callable[[str, int], Task]] = {
    "startup": _startup,
    "state": _state,
    "once": _once,
    "expectation": _expectation,
    "gradient": _gradient,
    "samples": _samples,
    "once-expectation": _anew("once-expectation", _expectation),
    "once-gradient": _anew("once-gradient", _gradient),
    "once-samples": _anew("once-samples", _few_samples),
    "once-many": _many,
}

Suite = Sequence[tuple[str, tuple[str, ...], tuple[int, ...]]]

FULL: Suite = (
    ("startup", ("qft",), (10,)),
    ("expectation", ("ising",), (2, 4, 6, 8, 10, 12)),
    ("gradient", ("ansatz",), (4, 8, 12, 16, 20, 22)),
    ("gradient", ("uccsd",), (4, 12, 14)),
    ("expectation", ("lih",), (12,)),
    ("expectation", ("n2",), (20,)),
    ("expectation", ("labs",), (12, 20)),
    ("expectation", ("portfolio",), (24,)),
    ("gradient", ("portfolio-ring",), (12, 20)),
    ("samples", ("ansatz",), (24,)),
    ("state", tuple(name for name in circuits.CIRCUITS if name != "uccsd"), (4, 8, 12, 16, 20, 22, 24, 26)),
    ("state", ("uccsd",), (4, 8, 12, 16, 20)),
    ("state", transpiled.TRANSPILED_NAMES, (20, 22, 24, 26)),
    ("once", transpiled.NAMES, (2, 4, 8, 10, 12, 14, 16, 18, 20, 22, 24)),
    ("once-expectation", ("ising",), (2, 4, 8, 12, 16)),
    ("once-gradient", ("ansatz",), (4, 8, 12, 16)),
    ("once-samples", ("ansatz",), (4, 8, 12, 16)),
    ("once-many", ("short",), (6,)),
)
"""Question, circuits and sizes of the measuring run."""

QUICK: Suite = (
    ("startup", ("qft",), (10,)),
    ("expectation", ("ising",), (4, 8)),
    ("gradient", ("ansatz",), (8, 14)),
    ("expectation", ("lih",), (12,)),
    ("expectation", ("labs",), (12,)),
    ("samples", ("ansatz",), (16,)),
    ("state", ("qft", "quantum-volume", "ansatz", "qaoa-portfolio"), (10, 18)),
    ("once", ("qft", "qft-rzsx", "qaoa-portfolio-rzsx", "mqt-qpeexact"), (8, 16)),
    ("once-expectation", ("ising",), (8,)),
    ("once-gradient", ("ansatz",), (8, 14)),
    ("once-samples", ("ansatz",), (8,)),
)
"""A look at everything in minutes; too small for the goals that name sizes."""


def chosen_cases(
    suite: Suite,
    *,
    questions: Iterable[str] = (),
    names: Iterable[str] = (),
    sizes: Iterable[int] = (),
    precisions: Iterable[str] = PRECISIONS,
    files: Mapping[str, Circuit] | None = None,
) -> list[Case]:
    """Cases of a suite, and of circuits asked once, that pass every filter that is not empty, small ones first.

    Sizes given replace the suite's where the circuit can have any size.
    """
    wanted_questions, wanted_names, wanted_sizes = set(questions), set(names), tuple(sizes)
    kinds = [
        (question, name, num_qubits)
        for question, circuit_names, suite_sizes in suite
        for name in circuit_names
        for num_qubits in _sizes(question, name, suite_sizes, wanted_sizes)
    ]
    kinds += [
        ("once", name, circuit.num_qubits)
        for name, circuit in (files or {}).items()
        if not wanted_sizes or circuit.num_qubits in wanted_sizes
    ]
    return sorted(
        {
            Case(question, name, num_qubits, precision)
            for question, name, num_qubits in kinds
            if (not wanted_questions or question in wanted_questions) and (not wanted_names or name in wanted_names)
            for precision in precisions
        },
        key=lambda case: (case.num_qubits, _ORDER.index(case.question), case.circuit, case.precision),
    )


_ORDER = (
    "startup", "expectation", "gradient", "samples", "once-expectation", "once-gradient", "once-samples",
    "once-many", "once", "state",
)  # fmt: skip


def _sizes(question: str, name: str, usual: tuple[int, ...], wanted: tuple[int, ...]) -> Iterator[int]:
    fixed = name in ("lih", "n2", "portfolio-ring") or (question, name) == ("gradient", "uccsd")
    for size in wanted or usual:
        # Coupled cluster has two qubits an orbital, and with one orbital nothing to excite.
        possible = not fixed and (name != "uccsd" or (size >= 4 and size % 2 == 0))
        if size >= transpiled.LEAST_QUBITS.get(name, 2) and (size in usual or possible):
            yield size
