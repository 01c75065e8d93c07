"""Every public callable of the toolkit with arguments that it takes, as Python text.

`CALLS` follows `__all__`: a new public function or method joins by itself, and a parameter of a new name must be
given an example in one of the files `examples_*`.
"""

from __future__ import annotations

import atexit
import importlib
import inspect
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, get_args, get_type_hints

import numpy as np
from fuzz.examples_algorithms import ALGORITHMS
from fuzz.examples_applications import APPLICATIONS
from fuzz.examples_chemistry import CHEMISTRY
from fuzz.examples_core import CORE
from fuzz.instances import INSTANCES

__all__ = ["Call", "calls", "namespace"]

MODULES = (
    "qtoolkit",
    "qtoolkit.circuit",
    "qtoolkit.circuit.library",
    "qtoolkit.operators",
    "qtoolkit.operators.mappings",
    "qtoolkit.noise",
    "qtoolkit.simulators",
    "qtoolkit.simulators.fermion",
    "qtoolkit.algorithms",
    "qtoolkit.algorithms.distributions",
    "qtoolkit.algorithms.measurement",
    "qtoolkit.algorithms.dynamics",
    "qtoolkit.algorithms.embedding",
    "qtoolkit.algorithms.krylov",
    "qtoolkit.algorithms.optimizers",
    "qtoolkit.algorithms.phase_estimation",
    "qtoolkit.algorithms.quadratic",
    "qtoolkit.backends",
    "qtoolkit.backends.money",
    "qtoolkit.primitives",
    "qtoolkit.interop.operators",
    "qtoolkit.applications.chemistry.sqd",
    "qtoolkit.applications.finance.pricing",
    "qtoolkit.applications.finance.risk",
    "qtoolkit.applications.finance.portfolio",
    "qtoolkit.applications.finance.backtest",
    "qtoolkit.applications.qec.codes",
    "qtoolkit.applications.qec.circuits",
    "qtoolkit.applications.qec.exact",
    "qtoolkit.applications.qec.experiments",
    "qtoolkit.applications.qec.adaptive",
    "qtoolkit.applications.chemistry.ansaetze",
    "qtoolkit.applications.chemistry.energies",
    "qtoolkit.applications.chemistry.excited",
    "qtoolkit.applications.chemistry.properties",
    "qtoolkit.applications.chemistry.point_charges",
    "qtoolkit.applications.chemistry.embedding",
    "qtoolkit.applications.chemistry",
    "qtoolkit.applications.chemistry.resources",
    "qtoolkit.applications.materials",
)

NO_CALLS = {
    *("Job", "Instruction", "GateRecord", "register_solver", "PortfolioOptions", "default_store"),
    *("scan", "dissociation_curve", "optimise_geometry", "forces", "compute_integrals"),
    *("interaction_energy", "fit_charges", "molecule_dmet", "localised_hamiltonian"),
    "MolecularIntegrals.to_fcidump",
    *(f"JobStore.{name}" for name in ("intend", "leaves", "accepted", "moved", "arrived", "keys_of")),
}
"""Bases of what others call, rows that only the toolkit writes, what all later calls would feel, types, and files; and
what runs Hartree–Fock, because PySCF ends the process where the attack's limit leaves it no memory."""

RECORDS = {
    "Certificate",
    "GroundState",
    "AdaptResult",
    "AdaptStep",
    "PotentialCurve",
    "DissociationCurve",
    "ExcitedStates",
    "StateProperties",
    "Forces",
    "OptimisedGeometry",
    "GeometryStep",
    "InteractionEnergy",
    "PartSolution",
    "ChargeFit",
    "LocalisedHamiltonian",
    "MoleculeDMET",
    "DMETFragment",
    "VQEImpurityState",
    "Capabilities",
    "Verification",
    "CostEstimate",
    "Price",
    "PriceTable",
    "Result",
    "ClassicalRegister",
    "QuantumRegister",
    "Clbit",
    "BackendInfo",
    "CloudJob",
    "Reconciled",
    "Operation",
    "Trajectory",
    "Estimate",
    "Evaluation",
    "OptimizationResult",
    "QAOAResult",
    "VQEResult",
    "AmplitudeEstimate",
    "ShotEstimate",
    "Extrapolation",
    "MeasurementGroup",
    "MeasurementGroups",
    "EnergyEstimate",
    "TimeEvolution",
    "TrotterBound",
    "KrylovEnergies",
    "SampledDiagonalisation",
    "SampledIteration",
    "Moments",
    "ConstraintCheck",
    "PenalisedProblem",
    "Solution",
    "Run",
    "Bound",
    "Luck",
    "Enumeration",
    "RankedChoice",
    "MonteCarlo",
    "PriceResult",
    "RiskResult",
    "RiskStep",
    "Weighing",
    "PortfolioResult",
    "MultiPeriodResult",
    "LotsForm",
    "EfficientFrontier",
    "FrontierPoint",
    "Backtest",
    "BacktestRun",
    "DistanceResult",
    "Encoder",
    "CodeFamily",
    "Calibration",
    "Cost",
    "LogicalChannel",
    "LogicalRotations",
    "RecordDistribution",
    "RecordDecoder",
    "TwirlComparison",
    "Prediction",
    "LikelihoodRate",
    "DistillationOutput",
    "DistillationProtocol",
    "ExperimentResult",
    "ExperimentProgress",
    "BothBases",
    "SamplingReport",
    "DecodedCounts",
    "RecordedDecoder",
    "ThresholdCrossing",
    "ThresholdFit",
    "SuppressionFit",
    "Projection",
    "MemorySweep",
    "Correction",
    "ExperimentStore",
    "Amplitudes",
    "Impurity",
    "ImpurityState",
    "FragmentResult",
    "DMETResult",
    "LatticeMeanField",
    "SpectralFunction",
    "Quench",
    "DipoleIntegrals",
    "DoubleFactorisation",
    "QubitisationCost",
}
"""Fields without checks, which the toolkit fills in and users read, and a file that would be made wherever it is told;
their methods are called, but not they."""


EXAMPLES: dict[str, tuple[str, ...]] = {**APPLICATIONS, **CORE, **ALGORITHMS, **CHEMISTRY}
"""By parameter, what it may be given, nothing to leave it out; a name with its method or class in front counts more."""


@dataclass(frozen=True)
class Call:
    """A public callable.

    Attributes:
        name: ``"Circuit.h"``.
        receivers: texts of what it is called on, with the name of the method; for a function, the function itself.
        parameters: texts of values for each parameter, by name; ``*name`` for one that collects positional ones.
    """

    name: str
    receivers: tuple[str, ...]
    parameters: dict[str, tuple[str, ...]]

    def text(self, receiver: str, arguments: dict[str, str]) -> str:
        """The call as Python."""
        inner = [f"*[{value}]" if name[0] == "*" else f"{name}={value}" for name, value in arguments.items()]
        return f"{receiver}({', '.join(inner)})"


def calls() -> Iterator[Call]:
    """Every public callable."""
    done: set[Any] = set()
    names: set[str] = set()
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            item = getattr(module, name)
            if not callable(item) or inspect.isabstract(item) or getattr(item, "_is_protocol", False):
                continue
            if name in NO_CALLS or item in done:
                continue
            done.add(item)
            if name in names:
                name = f"{module.__name__.rpartition('.')[2]}.{name}"
            names.add(name)
            if inspect.isfunction(item):
                yield _call(name, (name,), item)
            elif inspect.isclass(item) and not issubclass(item, Enum):
                yield from _calls_of(name, item)
    from qtoolkit.backends.futures import FutureJob

    yield from _methods_of("FutureJob", FutureJob)


def _calls_of(name: str, kind: type[Any]) -> Iterator[Call]:
    if kind.__init__ is not object.__init__ and name not in RECORDS:
        yield _call(name, (name,), kind)
    yield from _methods_of(name, kind)


def _methods_of(name: str, kind: type[Any]) -> Iterator[Call]:
    for attribute in dir(kind):
        static = inspect.getattr_static(kind, attribute)
        on_class = isinstance(static, classmethod | staticmethod)
        function = getattr(kind, attribute)
        is_ours = str(getattr(function, "__module__", None)).startswith("qtoolkit")
        if f"{name}.{attribute}" in NO_CALLS:
            continue
        if attribute.startswith("_") or not (on_class or inspect.isfunction(static)) or not is_ours:
            continue
        receivers = (name,) if on_class else INSTANCES[name]
        yield _call(f"{name}.{attribute}", tuple(f"{text}.{attribute}" for text in receivers), function)


def _call(name: str, receivers: tuple[str, ...], function: Any) -> Call:
    parameters = {}
    for star, word in _parameters(function):
        owner, _, method = name.rpartition(".")
        keys = (f"{name}.{word}", f"{method}.{word}", f"{owner}.{word}", word)
        found = next((EXAMPLES[key] for key in keys if key in EXAMPLES), None)
        if found is None:
            raise LookupError(f"{name} has the parameter {word}, of which EXAMPLES knows nothing")
        if found:
            parameters[star + word] = found
    return Call(name, receivers, parameters)


def _parameters(function: Any) -> Iterator[tuple[str, str]]:
    """A star or nothing, and the name of each parameter; those that a dictionary's type names among them."""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            if str(parameter.annotation).startswith("Unpack"):
                own = function.__init__ if inspect.isclass(function) else function
                (words,) = get_args(get_type_hints(own)[parameter.name])
                yield from (("", word) for word in get_type_hints(words))
        elif parameter.name != "self":
            yield "*" if parameter.kind is parameter.VAR_POSITIONAL else "", parameter.name


def namespace() -> dict[str, Any]:
    """What the texts of calls and arguments refer to."""
    import cirq
    import openfermion
    import qiskit
    import qiskit.quantum_info
    import stim

    known: dict[str, Any] = {"np": np, "cirq": cirq, "stim": stim, **_clouds()}
    modules = [importlib.import_module(name) for name in MODULES]
    for module in modules:
        for name in module.__all__:
            known.setdefault(name, getattr(module, name))
    for module in modules:
        known.setdefault(module.__name__.rpartition(".")[2], module)  # for a name that another module has too
    from qtoolkit.applications.finance import Moments, ReturnHistory

    circuit, sums = known["Circuit"], known["PauliSum"]
    a, b = known["Parameter"]("a"), known["Parameter"]("b")
    simulator = known["StatevectorSimulator"](num_threads=1)
    form = known["BinaryQuadratic"]([[1.0, -2.0, 0.5], [0.0, -1.0, 1.5], [0.0, 0.0, 0.5]])
    problem = known["QuadraticProblem"](form, known["Constraints"](form.names, cardinality=(1, 2)))
    finance = importlib.import_module("qtoolkit.applications.finance")
    moments = [0.1, 0.2, 0.3], [[0.04, 0.01, 0.0], [0.01, 0.09, 0.02], [0.0, 0.02, 0.16]]
    table = np.random.default_rng(0).normal(size=(8, 3)) * 0.01
    days = np.arange("2020-01-01", 8, dtype="datetime64[D]")
    known |= {
        "MOMENTS": Moments([0.01, 0.02], 0.04 * np.eye(2)),
        "HISTORY": ReturnHistory(["2020-01-01", "2020-01-02"], ["a", "b"], [[0.1, 0.0], [-0.2, 0.1]]),
        "Moments": finance.Moments,
        "PriceHistory": finance.PriceHistory,
        "PORTFOLIO": known["PortfolioProblem"](*moments, risk_aversion=2.0, cardinality=2),
        "RETURNS": finance.ReturnHistory(days, ["asset 0", "asset 1", "asset 2"], table),
        "BELL": circuit(3, name="bell").h(0).cx(0, 1).measure_all(),
        "ANSATZ": circuit(3).ry(a, 0).cx(0, 1).rx(b, 1).cx(1, 2),
        "WEIGHT_ONE": circuit(3, 3).x(0).xx_plus_yy(a, 0.0, 0, 1).xx_plus_yy(0.2, 0.0, 1, 2).measure(0, 0),
        "HEISENBERG": sums.from_list([("XXI", 1.0), ("IYY", 0.5), ("ZIZ", -0.25)]),
        "ISING": sums.from_list([("ZZI", 1.0), ("IIZ", 0.5)]),
        "FERMIONS": _program(),
        "ELECTRONS": known["ElectronicHamiltonian"](np.diag([-1.0, 0.5]), 0.1 * np.ones((2,) * 4)),
        "FORM": form,
        "PROBLEM": problem,
        "EVERY": known["enumerate_choices"](problem),
        "SIMULATOR": simulator,
        "THREAD": ThreadPoolExecutor(1),
        "SECTOR": known["SectorSimulator"](1, num_threads=1),
        "DENSITY": known["DensityMatrixSimulator"](num_threads=1),
        "NEAR_CLIFFORD": known["NearCliffordSimulator"](num_threads=1),
        "CHOOSING": known["AutomaticSimulator"](num_threads=1),
        "BACKEND": known["get_backend"]("local", num_threads=1),
        "QISKIT": qiskit.QuantumCircuit(2),
        "CIRQ": cirq.Circuit(cirq.H(cirq.LineQubit(0))),
        "QISKIT_SUM": qiskit.quantum_info.SparsePauliOp(["XX", "ZZ"]),
        "OPENFERMION": openfermion.FermionOperator("0^ 1", 0.5),
        "OPENFERMION_QUBITS": openfermion.QubitOperator("X0 Z2", 0.5),
        "CODE": (np.array([[0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1]]), None, None),
        "CIRQ_SUM": cirq.X(cirq.LineQubit(0)) + cirq.Z(cirq.LineQubit(1)),
        **_experiments(),
        **_molecules(),
    }
    return known


def _clouds() -> dict[str, Any]:
    """A cloud without a server, and a store of its jobs that ends with this process."""
    from toy_cloud import ToyInMemory

    from qtoolkit.backends import JobStore

    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = JobStore(f"{folder}/jobs.sqlite3")
    return {"STORE": store, "CLOUD": ToyInMemory(store), "datetime": datetime, "timedelta": timedelta}


def _program() -> Any:
    """An electron of each spin in two orbitals."""
    from qtoolkit.operators import Excitation
    from qtoolkit.simulators.fermion import ExcitationRotation, FermionProgram, LinearAngle

    pairs = (((0,), (1,)), ((0, 2), (1, 3)))
    rotations = [ExcitationRotation(Excitation(*pair), LinearAngle.parameter(k)) for k, pair in enumerate(pairs)]
    return FermionProgram(2, (1, 1), rotations)


def _molecules() -> dict[str, Any]:
    """Two electrons in two orbitals, a molecule of them, and their states."""
    from qtoolkit.applications.chemistry import MolecularIntegrals, adapt_vqe, diatomic, ground_state

    repulsion = np.einsum("pq,rs->pqrs", np.eye(2) + 0.1, np.eye(2) + 0.1)
    integrals = MolecularIntegrals(np.diag([-2.0, 1.0]), repulsion, 0.7, (1, 1), np.array([-1.0, 1.0]), -2.0)
    return {
        "INTEGRALS": integrals,
        "MOLECULE": diatomic("H", "H", 0.735),
        "GROUND": ground_state(diatomic("H", "H", 0.735)),
        "GROWN": adapt_vqe(integrals, max_operators=1),
    }


def _experiments() -> dict[str, Any]:
    """A task of error correction, and results that nothing was run for."""
    from qtoolkit.applications.qec import memory_circuit, noise_preset
    from qtoolkit.applications.qec.codes import repetition_code
    from qtoolkit.applications.qec.experiments import ExperimentResult, ExperimentTask, MemorySweep
    from qtoolkit.applications.qec.experiments.batch import BatchCounts

    text = "R 0\nX_ERROR(0.1) 0\nM 0\nDETECTOR rec[-1]\nOBSERVABLE_INCLUDE(0) rec[-1]"
    task = ExperimentTask(text, rounds=1, batch_shots=256)

    def counted(distance: int, rate: float, errors: int, basis: str = "z") -> ExperimentResult:
        labels = {"distance": distance, "physical_error_rate": rate, "basis": basis}
        return ExperimentResult(task.id, labels, 1, "matching", 10_000, 0, errors, (errors,), 0, None, 1, 256)

    curve = {d: [round(1_600 + 9_000 * (p - 0.1) * d**0.7) for p in (0.08, 0.09, 0.11, 0.12)] for d in (3, 5, 7)}
    return {
        "BatchCounts": BatchCounts,
        "TASK": task,
        "MEMORY": memory_circuit(repetition_code(3), 1, "z", noise_preset("circuit", 0.01)),
        "RESULT": counted(3, 0.01, 300),
        "PAIR": [counted(3, 0.01, 300, basis) for basis in "xz"],
        "SWEEP": MemorySweep((3, 5), (0.01,), ((counted(3, 0.01, 300),), (counted(5, 0.01, 100),)), 1),
        "THRESHOLD": [
            counted(d, p, errors)
            for d, counts in curve.items()
            for p, errors in zip((0.08, 0.09, 0.11, 0.12), counts, strict=True)
        ],
    }
